//! What an [`Exchange`](super::Exchange) is told, and what it wants done.

use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Digest, NodeId};
use tongban_federation::wire::JournalSize;

use crate::engine::{Answer, Committed, Refused, Request};
use crate::exchange::change::{Change, Changed};

/// Who is at the other end of a connection, as the transport has proved it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The node in its certificate.
    pub node: NodeId,
    /// The division in its certificate.
    pub division: DivisionCode,
    /// Hash of the key that it holds.
    pub key_hash: Digest,
}

/// Why a connection failed or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// A stable code.
    pub code: &'static str,
    /// A sentence.
    pub text: String,
}

/// What has happened. Links are numbered by whoever holds them, each with a number of its own in the life of an exchange.
pub enum Happened {
    /// A known node has connected.
    Accepted {
        /// The new link.
        link: u64,
        /// Who.
        proven: Proven,
    },
    /// What became of [`Effect::Dial`].
    Dialled {
        /// Who was dialled.
        peer: NodeId,
        /// Of which effect.
        attempt: u64,
        /// The new link and who is there.
        result: Result<(u64, Proven), Trouble>,
    },
    /// A frame came.
    Frame {
        /// Over which link.
        link: u64,
        /// The frame.
        bytes: Vec<u8>,
    },
    /// A link broke.
    Closed {
        /// Which.
        link: u64,
        /// Why.
        trouble: Trouble,
    },
    /// What became of [`Effect::Decide`].
    Decided {
        /// Of which effect.
        ticket: u64,
        /// What is committed, and applied where that was to be awaited.
        outcome: Result<Committed<Answer>, Refused>,
    },
    /// What became of [`Effect::Change`].
    Changed {
        /// Of which effect.
        ticket: u64,
        /// What has changed.
        outcome: Result<Changed, Refused>,
    },
    /// What became of [`Effect::List`], if an answer came.
    Listed {
        /// Who was asked.
        peer: NodeId,
        /// The journals that it offers.
        journals: Vec<JournalSize>,
    },
    /// What became of [`Effect::Pull`].
    Pulled {
        /// From whom.
        peer: NodeId,
        /// What was wanted.
        journal: JournalSize,
        /// How many entries are new here, applied.
        result: Result<u64, Refused>,
    },
    /// Envelopes to be sent have been applied.
    OutboxGrew,
    /// Time to look for what a lost word should have told; also when directory, trust or journals may have changed from outside.
    Look,
    /// Everything that superiors and subordinates have is to be pulled.
    PullAll,
    /// The time that [`Exchange::poll_timeout`](super::Exchange::poll_timeout) gave may have come.
    Timeout,
    /// The node stops: says good-bye on every link.
    Stop,
}

/// What is to be done, in this order.
pub enum Effect {
    /// Dial a node at one of these addresses, and come back with [`Happened::Dialled`].
    Dial {
        /// Who must be there.
        peer: NodeId,
        /// To be given back.
        attempt: u64,
        /// Addresses, `host:port`; none may be known.
        addresses: Vec<String>,
    },
    /// A link is in use: read its frames and answer its requests.
    Use {
        /// Which.
        link: u64,
        /// Who is there.
        peer: NodeId,
    },
    /// Send a frame; frames of one link keep their order. A link that takes them too slowly is closed.
    Transmit {
        /// Over which link.
        link: u64,
        /// The frame.
        frame: Vec<u8>,
    },
    /// Close a link at once.
    Close {
        /// Which.
        link: u64,
        /// Words for the peer.
        reason: &'static str,
    },
    /// Close a link when what was given to it has been sent.
    Finish {
        /// Which.
        link: u64,
    },
    /// Have the writer decide, envelopes in the order of these effects, and come back with [`Happened::Decided`].
    Decide {
        /// To be given back.
        ticket: u64,
        /// What.
        request: Request,
        /// Whether to come back only when what is committed is applied too, so that a read sees it.
        await_applied: bool,
    },
    /// Make a change of records or trust, as [`Changing`](crate::exchange::Changing) says, one at a time, and come back with
    /// [`Happened::Changed`].
    Change {
        /// To be given back.
        ticket: u64,
        /// What.
        change: Change,
    },
    /// Ask which journals a peer offers, and come back with [`Happened::Listed`].
    List {
        /// Whom.
        peer: NodeId,
        /// Over which link.
        link: u64,
    },
    /// Pull a journal, as [`Pulling`](crate::exchange::Pulling) says, and come back with [`Happened::Pulled`].
    Pull {
        /// From whom.
        peer: NodeId,
        /// Over which link.
        link: u64,
        /// What, and how much of it.
        journal: JournalSize,
    },
}
