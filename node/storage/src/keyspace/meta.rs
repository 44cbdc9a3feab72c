//! Small things of which there is one, or one per peer.

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Label, NodeId};
use tongban_codes::time::Timestamp;

use super::{Bytes, Keyspace};
use crate::Family;

/// The node itself.
pub const NODE: Keyspace<(), NodeRow> = Keyspace::new(Family::Meta, 0x60);
/// Index of the last log entry applied.
pub const APPLIED: Keyspace<(), u64> = Keyspace::new(Family::Meta, 0x61);
/// The last effective time.
pub const EFFECTIVE: Keyspace<(), Timestamp> = Keyspace::new(Family::Meta, 0x62);
/// Frontier of an own journal.
pub const FRONTIER: Keyspace<u8, Bytes> = Keyspace::new(Family::Meta, 0x63);
/// The last sealed checkpoint of an own journal.
pub const CHECKPOINT: Keyspace<u8, Bytes> = Keyspace::new(Family::Meta, 0x64);
/// The last sequence used towards a destination.
pub const SEQUENCE: Keyspace<NodeId, u64> = Keyspace::new(Family::Meta, 0x65);
/// What has been pulled of another's journal: origin, journal, epoch.
pub const PULLED: Keyspace<(NodeId, u8, u32), Pulled> = Keyspace::new(Family::Meta, 0x66);
/// Trust: certificate chain, anchors, index key, superior.
pub const TRUST: Keyspace<(), Bytes> = Keyspace::new(Family::Meta, 0x67);

/// The node as its own state has it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct NodeRow {
    /// Id, drawn once.
    #[n(0)]
    pub node: NodeId,
    /// Division.
    #[n(1)]
    pub division: DivisionCode,
    /// Name.
    #[n(2)]
    pub name: String,
    /// Label of its query codes.
    #[n(3)]
    pub label: Label,
    /// 演示.
    #[n(4)]
    pub demo: bool,
    /// Epoch: one unbroken life of the data.
    #[n(5)]
    pub epoch: u32,
    /// Version of the calendar in force.
    #[n(6)]
    pub calendar: String,
    /// Version of the division table in force.
    #[n(7)]
    pub divisions: String,
}

/// How far another's journal has been pulled and verified.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Pulled {
    /// The frontier.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub frontier: Vec<u8>,
    /// The checkpoint that it was last compared with (signed note).
    #[cbor(n(1), with = "minicbor::bytes")]
    pub checkpoint: Vec<u8>,
    /// Number of entries.
    #[n(2)]
    pub size: u64,
    /// When.
    #[n(3)]
    pub at: Timestamp,
}
