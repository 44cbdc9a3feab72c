//! Figures folded from verified entries, case locations from the same, and the slices they came from.

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_codes::time::Timestamp;

use super::{Keyspace, Overlay};
use crate::{Family, StorageError};

/// Counts by dimensions: origin, deciding division, and the rest as text (`measure|item|month|outcome`).
pub const FIGURE: Keyspace<(NodeId, DivisionCode, String), i64> = Keyspace::new(Family::Rows, 0x0f);
/// Where a case is, as entries of subordinates tell.
pub const LOCATION: Keyspace<CaseId, Location> = Keyspace::new(Family::Rows, 0x10);
/// Pulled slices: origin, journal (0 acts, 1 standards), epoch, first index.
pub const SLICE: Keyspace<(NodeId, u8, u32, u64), SliceRow> = Keyspace::new(Family::Rows, 0x11);

/// Where a case is, by the entry of the highest tenure seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Location {
    /// Owner's division.
    #[n(0)]
    pub division: DivisionCode,
    /// Owner's node, as the entry's origin.
    #[n(1)]
    pub node: NodeId,
    /// Tenure.
    #[n(2)]
    pub tenure: u32,
    /// Time of the entry.
    #[n(3)]
    pub as_of: Timestamp,
    /// Whether the case was offered and no answer has been seen.
    #[n(4)]
    pub offered: bool,
}

/// A verified slice, kept as a content-addressed file beside the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SliceRow {
    /// SHA-256 of the file.
    #[n(0)]
    pub digest: Digest,
    /// Number of entries.
    #[n(1)]
    pub count: u64,
}

/// Adds to a figure.
pub fn add(over: &mut Overlay<'_>, key: &(NodeId, DivisionCode, String), by: i64) -> Result<(), StorageError> {
    let now = FIGURE.load(over, key)?.unwrap_or(0) + by;
    if now == 0 {
        FIGURE.delete(over.batch, key);
    } else {
        FIGURE.put(over.batch, key, &now);
    }
    Ok(())
}
