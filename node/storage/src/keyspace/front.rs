//! What was reported to front databases, and what they said.

use minicbor::{Decode, Encode};
use tongban_codes::time::Timestamp;
use tongban_domain::tables::ReportedRow;

use super::Keyspace;
use crate::Family;

/// Rows as they were sent last, by front database, code of the item and `row_guid`.
pub const REPORTED: Keyspace<(String, String, String), ReportedRow> = Keyspace::new(Family::Rows, 0x1a);
/// Front databases by name.
pub const FRONT: Keyspace<String, FrontRow> = Keyspace::new(Family::Rows, 0x1b);

/// How this node stands with a front database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct FrontRow {
    /// The last batch that was sent.
    #[n(0)]
    pub batch: Option<String>,
    /// When.
    #[n(1)]
    pub reported: Option<Timestamp>,
    /// When its answers were read last.
    #[n(2)]
    pub reconciled: Option<Timestamp>,
}
