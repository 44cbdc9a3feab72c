//! Reports to front databases in the national exchange tables.

use serde::{Deserialize, Serialize};
use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;
use tongban_domain::tables::{Choices, Lack, Looked, Outgoing, ReportedRow, Said};

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
    /// The batch that it is to be sent in: division (and of a second node of that a dot and its ordinal), day, serial.
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
    /// They are to be sent once more: refused of a front database that is closed.
    #[serde(default)]
    pub again: bool,
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
    /// Of cases: rows that the other side has taken, which aren't listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<u64>,
    /// How the names of this node's batches begin: with its division, and of a second node of that a dot and its ordinal.
    #[serde(default)]
    pub draws: String,
}

/// Closes a front database, or opens it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameFront {
    /// Its name.
    pub channel: String,
}

/// Front databases to which something was reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fronts {
    /// They, by name.
    pub fronts: Vec<FrontStanding>,
}

/// How the node stands with a front database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrontStanding {
    /// Its name.
    pub front: String,
    /// The last batch of items.
    pub item_batch: Option<String>,
    /// When it was sent.
    pub items_reported: Option<Timestamp>,
    /// The last batch of cases.
    pub case_batch: Option<String>,
    /// When it was sent.
    pub cases_reported: Option<Timestamp>,
    /// Rows of cases that the other side hasn't taken.
    pub untaken: u64,
    /// Since when nothing more is reported to it; absent while it is open.
    pub closed_since: Option<Timestamp>,
}

/// Begins to report cases to a front database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenCaseFront {
    /// Its name.
    pub channel: String,
}

/// Asks what is to be reported of cases, case by case. The answer holds personal data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanCases {
    /// Name of the front database: 1 to 40 letters, digits, dashes.
    pub channel: String,
    /// What it wants.
    #[serde(default)]
    pub choices: Choices,
    /// Go on after this case.
    #[serde(default)]
    pub after: Option<CaseId>,
    /// Cases in one answer, at most 200.
    #[serde(default)]
    pub limit: Option<usize>,
    /// Rows that were rejected go out again unchanged.
    #[serde(default)]
    pub again: bool,
}

/// What is to be reported of cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CasePlan {
    /// The batch that it is to be sent in: division (and of a second node of that a dot and its ordinal), day, serial, P.
    pub batch: String,
    /// When.
    pub at: Timestamp,
    /// Rows that go out, with their values: parents before children, deletions the other way round and with what names nobody alone.
    pub rows: Vec<ReportedRow>,
    /// Rows that stand as they were sent.
    pub unchanged: usize,
    /// Cases of which rows go out while others stand as they were sent.
    pub parts: usize,
    /// What cases lack that can't be reported, of at most 200 cases.
    pub lacks: Vec<Lack>,
    /// How many these are.
    pub lacking: usize,
    /// Cases in this answer that this node reports.
    pub cases: usize,
    /// The cases that were looked at, to be sent back once the rows lie there.
    pub looked: Vec<Looked>,
    /// How far the cases were looked at that were there before the first report.
    pub surveyed: Option<CaseId>,
    /// Whether to the end.
    pub is_surveyed: bool,
    /// Where to go on; absent at the end.
    pub next: Option<CaseId>,
    /// How often the front database was opened again; to be sent back.
    #[serde(default)]
    pub openings: Option<u32>,
}

/// Says what was sent of cases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordCases {
    /// The front database.
    pub channel: String,
    /// The batch and when it was made; absent where nothing was to be sent.
    #[serde(default)]
    pub sent: Option<(String, Timestamp)>,
    /// Rows as they lie there, at most 1,000, without the values that name somebody.
    #[serde(default)]
    pub rows: Vec<ReportedRow>,
    /// The cases that were looked at, at most 1,000, once all their rows are told.
    #[serde(default)]
    pub looked: Vec<Looked>,
    /// As the plan said, with all the cases of that plan in `looked`: it counts where none is left out that nobody has looked at.
    #[serde(default)]
    pub surveyed: Option<CaseId>,
    /// As the plan said.
    #[serde(default)]
    pub is_surveyed: bool,
    /// As the plan said; without it `surveyed` of a front database that was opened again is refused.
    #[serde(default)]
    pub openings: Option<u32>,
}

/// Asks for what was sent of cases after a batch. The answer holds personal data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentCases {
    /// The front database.
    pub channel: String,
    /// What it wants.
    #[serde(default)]
    pub choices: Choices,
    /// The batch; all when absent.
    #[serde(default)]
    pub since: Option<String>,
    /// Go on after this case.
    #[serde(default)]
    pub after: Option<CaseId>,
}

/// What was sent of cases, as they are now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentCasesPage {
    /// The rows with their values.
    pub rows: Vec<ReportedRow>,
    /// Cases of which rows were sent before the batch, too.
    pub parts: usize,
    /// Where to go on; absent at the end.
    pub next: Option<CaseId>,
}

/// Asks for rows of cases by their `row_guid`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownCaseRows {
    /// The front database.
    pub channel: String,
    /// At most 1,000.
    pub guids: Vec<String>,
}

/// Rows of cases that this node has sent, as they were sent last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownRows {
    /// They; what was never sent isn't among them.
    pub rows: Vec<ReportedRow>,
}

/// Asks for rows of cases that the other side hasn't taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UntakenQuery {
    /// The front database.
    pub channel: String,
    /// Go on after this case…
    #[serde(default)]
    pub after_case: Option<CaseId>,
    /// … and this row of it.
    #[serde(default)]
    pub after_guid: Option<String>,
    /// Rows in one answer.
    #[serde(default)]
    pub limit: Option<usize>,
}
