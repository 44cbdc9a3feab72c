//! This node's own journals: entries with their bodies, and the hashes of complete subtrees.

use minicbor::{Decode, Encode};
use tongban_codes::ids::Digest;

use super::Keyspace;
use crate::Family;

/// Entries by journal (0 acts, 1 standards) and index.
pub const ENTRY: Keyspace<(u8, u64), Entry> = Keyspace::new(Family::Journal, 0x40);
/// Hashes of complete subtrees by journal, level and index.
pub const SUBTREE: Keyspace<(u8, u8, u64), Digest> = Keyspace::new(Family::Journal, 0x41);

/// An entry and its body as they were hashed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Entry {
    /// Header and commitment.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub entry: Vec<u8>,
    /// Fields with their salts.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub body: Vec<u8>,
}
