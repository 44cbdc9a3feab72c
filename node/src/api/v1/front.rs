//! Reports to front databases in the national exchange tables.

use serde::{Deserialize, Serialize};
use tongban_codes::time::Timestamp;
use tongban_domain::tables::{Choices, Lack, Outgoing, ReportedRow, Said};

/// Asks what is to be reported, item by item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanReport {
    /// Name of the front database: 1 to 40 letters, digits, dashes.
    pub channel: String,
    /// What it wants.
    #[serde(default)]
    pub choices: Choices,
    /// Go on after this item code.
    #[serde(default)]
    pub after: Option<String>,
    /// Items in one answer.
    #[serde(default)]
    pub limit: Option<usize>,
    /// Rows that were rejected go out again unchanged.
    #[serde(default)]
    pub again: bool,
}

/// What is to be reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportPlan {
    /// The batch that it is to be sent in: division, day, serial.
    pub batch: String,
    /// When.
    pub at: Timestamp,
    /// Rows that go out, parents before children, deletions the other way round.
    pub rows: Vec<Outgoing>,
    /// Rows that stand as they were sent.
    pub unchanged: usize,
    /// Items of which rows go out while others stand as they were sent.
    #[serde(default)]
    pub parts: usize,
    /// Items that can't be reported: none of their rows goes out.
    pub lacks: Vec<Lack>,
    /// Items in this answer.
    pub items: usize,
    /// Where to go on; absent at the end.
    pub next: Option<String>,
}

/// Says what was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordReport {
    /// The front database.
    pub channel: String,
    /// The batch.
    pub batch: String,
    /// When.
    pub at: Timestamp,
    /// Rows as they lie there; at most 1,000.
    pub rows: Vec<ReportedRow>,
}

/// Says what the front database answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordAnswers {
    /// The front database.
    pub channel: String,
    /// The answers; at most 1,000.
    pub said: Vec<Said>,
}

/// Asks for rows as they were sent last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportedQuery {
    /// The front database.
    pub channel: String,
    /// Go on after this item…
    #[serde(default)]
    pub after_item: Option<String>,
    /// … and this row of it.
    #[serde(default)]
    pub after_guid: Option<String>,
    /// Rows in one answer.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// Rows as they were sent last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reported {
    /// The last batch that was sent.
    pub batch: Option<String>,
    /// When.
    pub reported: Option<Timestamp>,
    /// When its answers were read last.
    pub reconciled: Option<Timestamp>,
    /// The rows.
    pub rows: Vec<ReportedRow>,
    /// Whether there are more.
    pub more: bool,
}
