//! Wire types of protocol version 1. Frozen once shipped: numbers are never reused, fields never change their meaning.
//!
//! A frame, request or response is a CBOR array `[kind, body]` whose body is a map with integer keys.

mod requests;

use minicbor::{Decode, Encode};
use tongban_codes::{
    division::DivisionCode,
    ids::{Digest, NodeId},
    time::Timestamp,
};

use crate::{
    envelope::Flow,
    sealed::Sealed,
    version::{FederationLevel, ProtocolVersion, Release, VersionRange},
};
pub use requests::*;

/// One message on a link's long stream.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Frame {
    /// The first frame of either side.
    #[n(0)]
    Hello(#[n(0)] Hello),
    /// The peer's hello is accepted.
    #[n(1)]
    HelloAck(#[n(0)] HelloAck),
    /// The peer's hello is not accepted; the link closes.
    #[n(2)]
    Refuse(#[n(0)] Refusal),
    /// A sealed envelope, for the peer or for a node beyond it.
    #[n(3)]
    Envelope(#[n(0)] SignedBy),
    /// The sender of this frame has durably stored an envelope that is for another node.
    #[n(4)]
    Held(#[n(0)] Held),
    /// A sealed receipt, for the peer or for a node beyond it.
    #[n(5)]
    Receipt(#[n(0)] SignedBy),
    /// Signed records of the directory.
    #[n(6)]
    Records(#[n(0)] Records),
    /// There is something to pull.
    #[n(7)]
    Nudge(#[n(0)] Nudge),
    /// The sender's new certificate chain.
    #[n(8)]
    Chain(#[n(0)] Chain),
    /// Is anybody there?
    #[n(9)]
    Ping(#[n(0)] Echo),
    /// Yes.
    #[n(10)]
    Pong(#[n(0)] Echo),
    /// The sender closes the link.
    #[n(11)]
    Bye(#[n(0)] Bye),
}

/// Who is there, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Hello {
    /// The protocol versions that the sender speaks.
    #[n(0)]
    pub versions: VersionRange,
    /// The program that the sender runs.
    #[n(1)]
    pub release: Release,
    /// The sender; must be whom the transport has authenticated.
    #[n(2)]
    pub node: NodeId,
    /// The sender's division; likewise.
    #[n(3)]
    pub division: DivisionCode,
    /// The unbroken life of the sender's data.
    #[n(4)]
    pub epoch: u32,
    /// The features in force at the sender.
    #[n(5)]
    pub level: FederationLevel,
    /// The sender's clock, so that a wrong one is found.
    #[n(6)]
    pub at: Timestamp,
    /// What the sender has taken from the peer, for each epoch of the peer.
    #[n(7)]
    pub high_waters: Vec<HighWater>,
    /// Journals that the sender can serve to the peer.
    #[n(8)]
    pub journals: Vec<JournalSize>,
    /// Digest of the sender's directory; when it is the receiver's too, no records are exchanged.
    #[n(9)]
    pub directory: Option<Digest>,
}

/// All sequences up to and with this one have been taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct HighWater {
    /// The node whose envelopes they were.
    #[n(0)]
    pub origin: NodeId,
    /// Its epoch.
    #[n(1)]
    pub epoch: u32,
    /// The last sequence before the first gap.
    #[n(2)]
    pub sequence: u64,
}

/// The hello is accepted, and this version is spoken from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct HelloAck {
    /// The newest version that both speak.
    #[n(0)]
    pub version: ProtocolVersion,
}

/// A no, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Refusal {
    /// A stable kebab-case code.
    #[n(0)]
    pub code: String,
    /// A sentence for the operator.
    #[n(1)]
    pub text: String,
}

/// A sealed statement, with the node that is said to have sealed it (the seal proves it).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SignedBy {
    /// The node that has sealed it.
    #[n(0)]
    pub signer: NodeId,
    /// The statement under its seal.
    #[n(1)]
    pub sealed: Sealed,
}

/// A relay has durably stored an envelope and answers for its transport from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Held {
    /// The envelope's line of sequences.
    #[n(0)]
    pub flow: Flow,
    /// Its place there.
    #[n(1)]
    pub sequence: u64,
}

/// Signed records, each as its signer made it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Records {
    /// Node and authority records in any order.
    #[n(0)]
    pub records: Vec<Sealed>,
}

/// Journals have grown.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Nudge {
    /// Their sizes now.
    #[n(0)]
    pub journals: Vec<JournalSize>,
}

/// How much of a journal there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct JournalSize {
    /// The node that keeps the journal.
    #[n(0)]
    pub origin: NodeId,
    /// Which of its journals.
    #[n(1)]
    pub journal: u8,
    /// In which epoch.
    #[n(2)]
    pub epoch: u32,
    /// How many entries it has.
    #[n(3)]
    pub size: u64,
}

/// The sender's certificates, from its own to the root's.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Chain {
    /// X.509, DER.
    #[n(0)]
    pub certificates: Vec<Sealed>,
}

/// A number to be sent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Echo {
    /// The number.
    #[n(0)]
    pub number: u64,
}

/// The last frame of a link.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Bye {
    /// A number of [`crate::close::CloseCode`].
    #[n(0)]
    pub code: u16,
    /// A sentence for the operator.
    #[n(1)]
    pub text: String,
}
