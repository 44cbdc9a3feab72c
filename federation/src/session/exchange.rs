//! What a session is told, and what it wants done.

use tongban_codes::{
    division::DivisionCode,
    ids::{Digest, NodeId},
};

use crate::{
    close::CloseCode,
    delivery::{Load, Outgoing, Standing},
    envelope::{Envelope, Flow},
    receipt::Receipt,
    sealed::Sealed,
    version::{FederationLevel, ProtocolVersion, Release, VersionRange},
    wire::{Hello, HighWater, JournalSize, SignedBy},
};

/// Which side begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// This node dials the peer, and dials again when the link breaks.
    Dial,
    /// The peer dials; this node waits.
    Accept,
}

/// What a session knows for its whole life.
#[derive(Clone, Debug)]
pub struct Config {
    /// This node.
    pub me: NodeId,
    /// This node's division.
    pub division: DivisionCode,
    /// The unbroken life of this node's data.
    pub epoch: u32,
    /// The program.
    pub release: Release,
    /// The protocol versions that it speaks.
    pub versions: VersionRange,
    /// The features in force here.
    pub level: FederationLevel,
    /// The node at the other end.
    pub peer: NodeId,
    /// The highest epoch of the peer that is known; 0 for none.
    pub peer_epoch: u32,
    /// Who dials.
    pub role: Role,
    /// Whether the link stays up without traffic, as those to superiors and subordinates do. The side that dials a node which
    /// can't dial back must say so, or that node has no way to send.
    pub lasting: bool,
    /// Chance for jitter; another for each session.
    pub seed: u64,
}

/// How far this node has come, for the hello of a new link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What has been taken from the peer, for each of its epochs; the newest epochs when there are many.
    pub high_waters: Vec<HighWater>,
    /// The journals that the peer may pull here.
    pub journals: Vec<JournalSize>,
    /// The digest of the directory as far as the peer may see it.
    pub directory: Option<Digest>,
}

/// What a session is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// A connection stands, and the transport has authenticated the peer.
    Connected {
        /// The node in its certificate.
        peer: NodeId,
        /// The division in its certificate.
        division: DivisionCode,
        /// What to say in the hello.
        progress: Progress,
    },
    /// A frame has come over the connection.
    Frame(Vec<u8>),
    /// The connection is gone, or dialling has failed.
    Disconnected,
    /// The time that [`Session::poll_timeout`](super::Session::poll_timeout) gave has come.
    Timeout,
    /// Storage holds envelopes of this flow that go over this link.
    OutboxGrew {
        /// Which flow.
        flow: Flow,
        /// The first sequence that may not have been loaded yet; 1 says "look at all".
        from: u64,
    },
    /// The answer to [`Output::LoadOutbox`].
    Outbound {
        /// Which flow.
        flow: Flow,
        /// The envelopes, in order of sequence.
        envelopes: Vec<Outgoing>,
        /// Whether there are further ones after these.
        more: bool,
    },
    /// What became of an envelope of this link is committed, or was long ago: send the receipt. Also for receipts of
    /// envelopes that came over another link, when this one leads to their origin.
    Committed {
        /// The envelope's flow.
        flow: Flow,
        /// Its sequence.
        sequence: u64,
        /// The receipt, with its signer.
        receipt: SignedBy,
    },
    /// A relayed envelope is durably stored here: say so.
    Stored {
        /// The envelope's flow.
        flow: Flow,
        /// Its sequence.
        sequence: u64,
    },
    /// An envelope of this link was dropped, or waits in the inbox's memory: say nothing.
    Dropped {
        /// The envelope's flow.
        flow: Flow,
        /// Its sequence.
        sequence: u64,
    },
    /// The receipt of an outgoing envelope is durably recorded (or, at a relay, passed on): stop sending it.
    ReceiptRecorded {
        /// The envelope's flow.
        flow: Flow,
        /// Its sequence.
        sequence: u64,
    },
    /// Signed records that the peer should have.
    RecordsChanged(Vec<Sealed>),
    /// Journals that the peer may pull have grown.
    JournalGrew(Vec<JournalSize>),
    /// This node has a new certificate chain (DER).
    ChainChanged(Vec<Sealed>),
    /// Close in good order: finish what has been handed over, then say good-bye.
    Drain(CloseCode),
    /// Close now and for ever.
    Shut(CloseCode),
}

/// What a session wants done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Dial the peer.
    Dial,
    /// Send a frame over the connection.
    Send(Vec<u8>),
    /// The peer has been greeted. Announce every flow that goes over this link with [`Input::OutboxGrew`].
    Opened {
        /// What is spoken.
        version: ProtocolVersion,
        /// What the peer said; its clock, level and release are worth a look.
        hello: Box<Hello>,
    },
    /// The peer lives in a newer epoch than was known: offer again whatever its high-water marks don't cover.
    PeerRestored {
        /// The new epoch.
        epoch: u32,
        /// What the peer still knows of this node's envelopes.
        high_waters: Vec<HighWater>,
    },
    /// An envelope for this node: to the [`Inbox`](crate::delivery::Inbox), then answer with `Committed` or `Dropped`.
    Deliver {
        /// The envelope, its seal checked.
        envelope: Box<Envelope>,
        /// As it came.
        sealed: Sealed,
    },
    /// An envelope for another node: store it durably, then answer with `Stored`; with `Committed` when its receipt is known
    /// already; with `Dropped` when there is no room or no route.
    Relay {
        /// The envelope, its seal checked.
        envelope: Box<Envelope>,
        /// As it came.
        sealed: Sealed,
    },
    /// A receipt for this node: record it durably, then answer with `ReceiptRecorded` on every session.
    RecordReceipt {
        /// The receipt, its seal checked.
        receipt: Box<Receipt>,
        /// As it came.
        sealed: Sealed,
        /// What it means to this link.
        standing: Standing,
    },
    /// A receipt for another node: pass it on and drop the envelope, then answer with `ReceiptRecorded`.
    RelayReceipt {
        /// The receipt, its seal checked.
        receipt: Box<Receipt>,
        /// As it came.
        sealed: Sealed,
    },
    /// Read unreceipted envelopes out of storage and answer with `Outbound`.
    LoadOutbox {
        /// Of which flow.
        flow: Flow,
        /// From where, and how many.
        load: Load,
    },
    /// The directories differ: answer with `RecordsChanged` and all that the peer should have.
    LoadRecords,
    /// Signed records for the directory, not checked yet.
    RecordsReceived(Vec<Sealed>),
    /// The peer has a new certificate chain (DER), not checked yet.
    ChainReceived(Vec<Sealed>),
    /// A journal that can be pulled from the peer has grown to this size.
    PullDue(JournalSize),
    /// Sealed bytes came from a node whose record isn't known: ask for it.
    WantRecord(NodeId),
    /// Sealed bytes were dropped because they can't be relied on. Worth a finding; the peer may be an innocent relay.
    Distrusted {
        /// Who is said to have sealed them.
        signer: NodeId,
        /// A stable code.
        code: &'static str,
        /// A sentence.
        text: String,
    },
    /// Close the connection and feed nothing more from it.
    Close {
        /// Why.
        code: CloseCode,
        /// A sentence.
        text: String,
        /// Whether the peer said so.
        by_peer: bool,
    },
}
