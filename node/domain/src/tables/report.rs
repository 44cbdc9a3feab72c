//! What was sent, what goes out next, and what the other side said.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::ids::{CaseId, Digest};
use tongban_codes::time::Timestamp;

use super::row::Row;
use super::table::Table;

/// `cd_operation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
pub enum Operation {
    /// A new row.
    #[n(0)]
    #[serde(rename = "I")]
    Insert,
    /// A changed row.
    #[n(1)]
    #[serde(rename = "U")]
    Update,
    /// A row that holds no longer.
    #[n(2)]
    #[serde(rename = "D")]
    Delete,
}

impl Operation {
    /// The letter in the column.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Operation::Insert => "I",
            Operation::Update => "U",
            Operation::Delete => "D",
        }
    }

    /// The operation of a letter.
    #[must_use]
    pub fn of(letter: &str) -> Option<Self> {
        [Operation::Insert, Operation::Update, Operation::Delete].into_iter().find(|one| one.letter() == letter.trim())
    }
}

/// What the other side did with a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Nothing yet.
    #[n(0)]
    #[default]
    Waiting,
    /// It took it.
    #[n(1)]
    Accepted,
    /// It didn't, and said why.
    #[n(2)]
    Rejected,
    /// The row isn't there: it never arrived, or was lost before it was looked at.
    #[n(3)]
    Missing,
}

/// A row as it was sent last, and what was said to it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
pub struct ReportedRow {
    /// Code of the item, or id of the case.
    #[n(0)]
    pub item: String,
    /// `row_guid`.
    #[n(1)]
    pub guid: String,
    /// Name of the table in the standard.
    #[n(2)]
    pub table: String,
    /// `cd_operation`.
    #[n(3)]
    pub operation: Operation,
    /// `cd_batch`.
    #[n(4)]
    pub batch: String,
    /// `cd_time`.
    #[n(5)]
    pub at: Timestamp,
    /// SHA-256 over table and values; of a case's row under a key of the node.
    #[n(6)]
    pub digest: Digest,
    /// What was sent: a row whose item no longer has it must still be told to go. Of a case's row only what says of which case it is: what is
    /// in it is personal.
    #[n(7)]
    pub values: BTreeMap<String, String>,
    /// What was said.
    #[n(8)]
    pub answer: Answer,
    /// The other side's code of the rejection.
    #[n(9)]
    pub code: Option<String>,
    /// Its reason.
    #[n(10)]
    pub reason: Option<String>,
    /// When the answer was read.
    #[n(11)]
    pub answered: Option<Timestamp>,
}

/// A row on its way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Code of the item, or id of the case.
    pub item: String,
    /// Name of the table.
    pub table: String,
    /// `row_guid`.
    pub guid: String,
    /// Under which operation.
    pub operation: Operation,
    /// Values by column, without those of the sending.
    pub values: BTreeMap<String, String>,
}

impl Outgoing {
    /// SHA-256 over table and values.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&tongban_codes::cbor::to_vec(&(&self.table, &self.values)))
    }

    /// The row as sent in a batch.
    #[must_use]
    pub fn sent(self, batch: &str, at: Timestamp) -> ReportedRow {
        let digest = self.digest();
        self.sent_as(batch, at, digest)
    }

    /// The row as sent in a batch, known by a digest of another kind.
    #[must_use]
    pub fn sent_as(self, batch: &str, at: Timestamp, digest: Digest) -> ReportedRow {
        ReportedRow {
            digest,
            item: self.item,
            guid: self.guid,
            table: self.table,
            operation: self.operation,
            batch: batch.to_owned(),
            at,
            values: self.values,
            answer: Answer::Waiting,
            code: None,
            reason: None,
            answered: None,
        }
    }
}

/// What the rows of an item or a case come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What goes out.
    pub outgoing: Vec<Outgoing>,
    /// Rows that stand as they were sent.
    pub unchanged: usize,
}

/// Holds the rows that an item has now against those that were sent before.
///
/// `rows` is empty of an item that was withdrawn: then everything that was sent of it goes out once more as [`Operation::Delete`]. A row that
/// was rejected goes out again when it changed, or when `again` says so, one that never arrived always; until the other side has taken it
/// once, it stays an insert.
#[must_use]
pub fn compare(item: &str, rows: Vec<Row>, known: &BTreeMap<String, ReportedRow>, again: bool) -> Comparison {
    compare_by(item, rows, known, again, Row::digest)
}

/// [`compare`], where what was sent is known by a digest of another kind.
#[must_use]
pub fn compare_by(
    item: &str,
    rows: Vec<Row>,
    known: &BTreeMap<String, ReportedRow>,
    again: bool,
    digest: impl Fn(&Row) -> Digest,
) -> Comparison {
    let mut comparison = Comparison::default();
    let mut gone: BTreeMap<&str, &ReportedRow> = known.iter().map(|(guid, row)| (guid.as_str(), row)).collect();
    for row in rows {
        let operation = match gone.remove(row.guid.as_str()) {
            None => Operation::Insert,
            Some(sent) if sent.operation == Operation::Delete => Operation::Insert,
            Some(sent) => {
                if sent.digest == digest(&row) && !is_due(sent, again) {
                    comparison.unchanged += 1;
                    continue;
                }
                let is_new = sent.operation == Operation::Insert && was_not_taken(sent);
                if is_new { Operation::Insert } else { Operation::Update }
            }
        };
        let Row { table, guid, values } = row;
        comparison.outgoing.push(Outgoing { item: item.to_owned(), table: table.name(), guid, operation, values });
    }
    // Children first: who deletes by parents finds none without one.
    let mut deletions = Vec::new();
    for sent in gone.into_values() {
        let done = match sent.operation {
            Operation::Delete => !is_due(sent, again),
            // What was never taken needn't be taken back.
            Operation::Insert => was_not_taken(sent),
            Operation::Update => false,
        };
        if done {
            comparison.unchanged += 1;
            continue;
        }
        let mut values = sent.values.clone();
        if let Some(state) = values.get_mut("task_state") {
            "3".clone_into(state);
        }
        let (table, guid) = (sent.table.clone(), sent.guid.clone());
        deletions.push(Outgoing { item: item.to_owned(), table, guid, operation: Operation::Delete, values });
    }
    deletions.sort_by_key(|row| std::cmp::Reverse(Table::named(&row.table)));
    comparison.outgoing.extend(deletions);
    comparison
}

fn was_not_taken(sent: &ReportedRow) -> bool {
    matches!(sent.answer, Answer::Rejected | Answer::Missing)
}

/// Whether a row goes out again as it is.
fn is_due(sent: &ReportedRow, again: bool) -> bool {
    sent.answer == Answer::Missing || again && sent.answer == Answer::Rejected
}

/// A case that was looked at for a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Looked {
    /// Which.
    #[n(0)]
    pub case: CaseId,
    /// Which touch of it had been the last; none of a case that was never touched since this front database is reported to.
    #[n(1)]
    pub mark: Option<u64>,
    /// Whether all that it has to say went out; if not, it is looked at again.
    #[n(2)]
    pub done: bool,
}

/// What the other side said of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// `row_guid`.
    pub guid: String,
    /// Code of the item, or id of the case, that it is of.
    pub item: String,
    /// The batch that it is said of; of a row that has been sent again since, it says nothing.
    pub batch: String,
    /// What.
    pub answer: Answer,
    /// Its code of the rejection.
    #[serde(default)]
    pub code: Option<String>,
    /// Its reason.
    #[serde(default)]
    pub reason: Option<String>,
}

/// The row with what was said of it; none when that changes nothing.
#[must_use]
pub fn answered(row: &ReportedRow, said: &Said, at: Timestamp) -> Option<ReportedRow> {
    let same = (row.answer, &row.code, &row.reason) == (said.answer, &said.code, &said.reason);
    if row.batch != said.batch || said.answer == Answer::Waiting || same {
        return None;
    }
    let (code, reason) = (said.code.clone(), said.reason.clone());
    Some(ReportedRow { answer: said.answer, code, reason, answered: Some(at), ..row.clone() })
}
