//! Outbox, relays, inbox, receipts, and the window of idempotency keys.

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_codes::time::Timestamp;

use super::{Bytes, Keyspace};
use crate::Family;

/// Sealed envelopes of this node that wait for a receipt, by destination, epoch and sequence.
pub const OUTBOX: Keyspace<(NodeId, u32, u64), Bytes> = Keyspace::new(Family::Queue, 0x31);
/// Sealed envelopes of others that wait to be passed on, by destination, origin, epoch and sequence.
pub const RELAY: Keyspace<(NodeId, NodeId, u32, u64), Bytes> = Keyspace::new(Family::Queue, 0x32);
/// Sealed envelopes with their receipt, kept for a receiver that is restored from a backup.
pub const SENT: Keyspace<(NodeId, u32, u64), Sent> = Keyspace::new(Family::Journal, 0x47);
/// Which of them offered a case, and so say in the clear who applies: case, destination, epoch, sequence.
pub const SENT_OF: Keyspace<(CaseId, NodeId, u32, u64), ()> = Keyspace::new(Family::Index, 0x6e);
/// Outcomes by idempotency key: actor and key, hashed.
pub const IDEMPOTENCY: Keyspace<Digest, Outcome> = Keyspace::new(Family::Queue, 0x33);
/// What came in: origin, epoch, sequence.
pub const INBOX: Keyspace<(NodeId, u32, u64), Arrived> = Keyspace::new(Family::Journal, 0x44);
/// The same by envelope id.
pub const INBOX_BY_ID: Keyspace<Digest, Arrived> = Keyspace::new(Family::Journal, 0x45);
/// The highest sequence that took effect without a gap, by origin and epoch.
pub const HIGH_WATER: Keyspace<(NodeId, u32), u64> = Keyspace::new(Family::Journal, 0x46);

/// Envelopes that were put aside, by origin, subject and act number: so an origin's acts on a subject lie in their order, wherever they
/// were sent from. The first of a line is why it waits. (Prefix 35 was a table of the same by place; it is reserved.)
pub const QUARANTINE: Keyspace<(NodeId, CaseId, u32), Quarantined> = Keyspace::new(Family::Queue, 0x3a);
/// Own envelopes of which their destination has said that nobody has decided yet: by destination, epoch and sequence.
pub const ASIDE: Keyspace<(NodeId, u32, u64), Aside> = Keyspace::new(Family::Queue, 0x3b);
/// Envelopes that contradict an earlier one, by origin, epoch, sequence, and the hash of id and digest; evidence, and never executed.
pub const FORK: Keyspace<(NodeId, u32, u64, Digest), Fork> = Keyspace::new(Family::Journal, 0x4a);

/// An envelope that was put aside until a release understands it, or those before it are through.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Quarantined {
    /// Epoch of the place under which it came last.
    #[n(0)]
    pub epoch: u32,
    /// Sequence of that place.
    #[n(1)]
    pub sequence: u64,
    /// Kind of the body.
    #[n(2)]
    pub kind: u16,
    /// Version of the kind.
    #[n(3)]
    pub version: u16,
    /// Why, a stable code.
    #[n(4)]
    pub code: String,
    /// What exactly, for whoever looks into it; may be empty.
    #[n(5)]
    pub text: String,
    /// When it came first.
    #[n(6)]
    pub at: Timestamp,
    /// The division of its origin then.
    #[n(7)]
    pub division: Option<DivisionCode>,
    /// The sealed envelope, as received.
    #[cbor(n(8), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
}

/// An own envelope of which nobody has decided at its destination.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Aside {
    /// What it is about.
    #[n(0)]
    pub subject: CaseId,
    /// Which act of this node on that.
    #[n(1)]
    pub act: u32,
    /// Kind of the body.
    #[n(2)]
    pub kind: u16,
    /// Version of the kind.
    #[n(3)]
    pub version: u16,
    /// Why, in the words of the destination: a stable code.
    #[n(4)]
    pub code: String,
    /// When its receipt came.
    #[n(5)]
    pub at: Timestamp,
}

/// An envelope that contradicts an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Fork {
    /// Its id.
    #[n(0)]
    pub id: Digest,
    /// The id of the one that was there first.
    #[n(1)]
    pub first: Digest,
    /// The sealed envelope, as received.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
    /// The sealed receipt that refuses it, and says when.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub receipt: Vec<u8>,
}

/// An envelope that took effect, and the receipt that says so.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Arrived {
    /// Envelope id.
    #[n(0)]
    pub id: Digest,
    /// Its digest.
    #[n(1)]
    pub digest: Digest,
    /// The sealed receipt.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub receipt: Vec<u8>,
}

/// A sent envelope and the receipt that ended its wait.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Sent {
    /// The sealed envelope; empty when it offered a case that is forgotten.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub envelope: Vec<u8>,
    /// The sealed receipt; empty when the outcome came before it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub receipt: Vec<u8>,
    /// The destination's sealed envelope that says what became in the end of an envelope that it had put aside.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub outcome: Option<Vec<u8>>,
}

/// What a request with an idempotency key came to.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Outcome {
    /// Digest of the request, so that the key can't be used for another.
    #[n(0)]
    pub request: Digest,
    /// The reply, JSON.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub reply: Vec<u8>,
    /// When.
    #[n(2)]
    pub at: Timestamp,
}
