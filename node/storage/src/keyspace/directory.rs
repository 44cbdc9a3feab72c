//! Records of nodes and authorities as received, and invitations.

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, Digest, Label, NodeId};
use tongban_codes::time::Timestamp;

use super::{Bytes, Keyspace};
use crate::Family;

/// Sealed node records.
pub const NODE: Keyspace<NodeId, Bytes> = Keyspace::new(Family::Rows, 0x0c);
/// Sealed authority records.
pub const AUTHORITY_RECORD: Keyspace<AuthorityId, Bytes> = Keyspace::new(Family::Rows, 0x0d);
/// Sealed records on other trees' roots.
pub const ANCHOR: Keyspace<NodeId, Bytes> = Keyspace::new(Family::Rows, 0x56);
/// Invitations by the hash of their secret.
pub const INVITE: Keyspace<Digest, Invite> = Keyspace::new(Family::Rows, 0x0e);

/// An invitation that this node gave.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Invite {
    /// For which division.
    #[n(0)]
    pub division: DivisionCode,
    /// Until when.
    #[n(1)]
    pub expires: Timestamp,
    /// Who used it, and when.
    #[n(2)]
    pub used: Option<(NodeId, Timestamp)>,
    /// Which operator gave it.
    #[n(3)]
    pub by: String,
    /// The label that the node which used it was promised.
    #[n(4)]
    pub label: Option<Label>,
}
