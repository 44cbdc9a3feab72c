//! Outbox, relays, inbox, receipts, and the window of idempotency keys.

use minicbor::{Decode, Encode};
use tongban_codes::ids::{Digest, NodeId};
use tongban_codes::time::Timestamp;

use super::{Bytes, Keyspace};
use crate::Family;

/// Sealed envelopes of this node that wait for a receipt, by destination, epoch and sequence.
pub const OUTBOX: Keyspace<(NodeId, u32, u64), Bytes> = Keyspace::new(Family::Queue, 0x31);
/// Sealed envelopes of others that wait to be passed on, by destination, origin, epoch and sequence.
pub const RELAY: Keyspace<(NodeId, NodeId, u32, u64), Bytes> = Keyspace::new(Family::Queue, 0x32);
/// Sealed envelopes with their receipt, kept for a receiver that is restored from a backup.
pub const SENT: Keyspace<(NodeId, u32, u64), Sent> = Keyspace::new(Family::Journal, 0x47);
/// Outcomes by idempotency key: actor and key, hashed.
pub const IDEMPOTENCY: Keyspace<Digest, Outcome> = Keyspace::new(Family::Queue, 0x33);
/// What came in: origin, epoch, sequence.
pub const INBOX: Keyspace<(NodeId, u32, u64), Arrived> = Keyspace::new(Family::Journal, 0x44);
/// The same by envelope id.
pub const INBOX_BY_ID: Keyspace<Digest, Arrived> = Keyspace::new(Family::Journal, 0x45);
/// The highest sequence that took effect without a gap, by origin and epoch.
pub const HIGH_WATER: Keyspace<(NodeId, u32), u64> = Keyspace::new(Family::Journal, 0x46);

/// Sealed envelopes that could not be understood, by origin, epoch and sequence; a later release replays them.
pub const QUARANTINE: Keyspace<(NodeId, u32, u64), Bytes> = Keyspace::new(Family::Queue, 0x35);

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
    /// The sealed envelope.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub envelope: Vec<u8>,
    /// The sealed receipt.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub receipt: Vec<u8>,
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
