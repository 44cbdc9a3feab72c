//! Earlier cases (历史办件): what another system handled before this node came, kept as imported and never as witnessed.
//!
//! An earlier case is no [`Case`](crate::case::Case): it has no custody, no clock, no acts and no figure, and no promise is made about it. It is
//! what a file said, under the number that the other system had drawn, with who brought it in, when, and of which file. Rows come in batches,
//! one for a file; a batch is begun, filled in parts, finished with one entry of the journal, and may be undone as a whole, whereupon its rows
//! stay and no longer stand. A row that is imported anew with another content is a further version beside the one before.
//!
//! What was still open there may be taken up ([`EarlierCommand::TakeUp`]): an ordinary case is collected that names it. The law's clock of that
//! case begins with the acceptance that this node witnesses; what the other system had stated stands beside it as stated (decision 0028).

mod batch;
mod check;
mod list;
mod row;
mod take_up;

use serde::Serialize;
use tongban_codes::ids::Digest;
use tongban_codes::time::Timestamp;

pub use check::{EARLIER_COLUMNS, EARLIER_NUMBER_CHARS_MAX};
pub use list::{ApplicantKind, IdKind};
pub use row::{BatchStep, EarlierBatch, EarlierCase, EarlierVersion, TakenUp, Undone, holder_text};
pub use take_up::Stated;

use crate::actor::Role;
use crate::catalogue::{Finding, ImportRow};
use crate::change::Change;
use crate::work::Door;
use crate::{Desk, Facts, Rejection};

/// The most rows of one request.
pub const EARLIER_ROWS_MAX: usize = 2_000;

/// Which file a batch is made of, and on what terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRequest {
    /// SHA-256 of the file.
    pub file: Digest,
    /// SHA-256 of the rows as they were read of it: another mapping reads other rows.
    pub content: Digest,
    /// The sheet; empty where the file has but one.
    pub sheet: String,
    /// How many rows it has.
    pub rows: u32,
    /// Keeps numbers of identities that don't hold as texts.
    pub keep_invalid: bool,
    /// Why rows that stand with another content are replaced; they are refused when absent.
    pub replace: Option<String>,
}

/// What is asked of earlier cases.
#[derive(Clone, PartialEq, Eq)]
pub enum EarlierCommand {
    /// Judges rows and writes nothing.
    Check {
        /// The rows.
        rows: Vec<ImportRow>,
        /// Keeps numbers of identities that don't hold as texts.
        keep_invalid: bool,
        /// Whether rows that stand with another content would be replaced.
        replace: bool,
    },
    /// Begins a batch, or finds the one of the same file that is there.
    Begin(BatchRequest),
    /// Brings rows of a batch, all or none.
    Rows {
        /// Its number.
        batch: String,
        /// How many rows of the file came before.
        from: u32,
        /// The rows.
        rows: Vec<ImportRow>,
    },
    /// Undoes a batch: its rows stay, and no longer stand.
    Undo {
        /// Its number.
        batch: String,
        /// Why.
        reason: String,
    },
    /// Takes up what was open in the other system: collects a case that names it.
    TakeUp(TakeUpRequest),
}

/// What is taken up, and what the old row lacks for it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TakeUpRequest {
    /// The number that the other system had drawn.
    pub number: String,
    /// The item, where the row names none of this division.
    pub item: Option<String>,
    /// The applicant's name, where the row's doesn't do.
    pub name: Option<String>,
    /// His citizen id or credit code, where the row's doesn't hold.
    pub identity: Option<String>,
    /// What was brought.
    pub materials: Vec<crate::case::Material>,
}

impl std::fmt::Debug for EarlierCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Rows name people.
        f.write_str(match self {
            Self::Check { .. } => "EarlierCommand::Check",
            Self::Begin(_) => "EarlierCommand::Begin",
            Self::Rows { .. } => "EarlierCommand::Rows",
            Self::Undo { .. } => "EarlierCommand::Undo",
            Self::TakeUp(_) => "EarlierCommand::TakeUp",
        })
    }
}

impl std::fmt::Debug for TakeUpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TakeUpRequest").field("number", &self.number).finish_non_exhaustive()
    }
}

impl EarlierCommand {
    /// Roles of which an operator must hold one.
    #[must_use]
    pub fn roles(&self) -> &'static [Role] {
        match self {
            Self::TakeUp(_) => &[Role::Window],
            Self::Check { .. } | Self::Begin(_) | Self::Rows { .. } | Self::Undo { .. } => &[Role::Admin],
        }
    }
}

/// What came of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RowsReport {
    /// The batch; none where they were only judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// How many rows of the batch are in by now.
    pub taken: u32,
    /// Rows that came in, or would.
    pub added: u32,
    /// Rows that stood already with the same content.
    pub known: u32,
    /// Rows that came in beside an earlier version, or would.
    pub replaced: u32,
    /// What is wrong with rows; where one of these blocks, nothing came in.
    pub rows: Vec<Finding>,
}

/// The answer to whoever asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum EarlierReply {
    /// What came of rows.
    Rows(RowsReport),
    /// A batch as it stands.
    Batch(Box<BatchView>),
}

/// A batch as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchView {
    /// Its number.
    pub batch: String,
    /// SHA-256 of the file.
    pub file: Digest,
    /// The sheet.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sheet: String,
    /// `open`, `finished` or `undone`.
    pub batch_state: &'static str,
    /// In Chinese.
    pub batch_state_zh: &'static str,
    /// Rows of the file.
    pub row_count: u32,
    /// Rows that are in.
    pub taken: u32,
    /// Of these, new ones.
    pub added: u32,
    /// Of these, ones that stood already.
    pub known: u32,
    /// Of these, further versions.
    pub replaced: u32,
    /// Rows that were taken up since.
    pub taken_up: u32,
    /// Whether numbers that don't hold were kept as texts.
    pub keep_invalid: bool,
    /// Why rows were replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replace: Option<String>,
    /// Who brought it in.
    pub importer: String,
    /// When it was begun.
    pub begun_at: Timestamp,
    /// When it was finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// SHA-256 chain over its rows as they are kept.
    pub rows_digest: Digest,
    /// Who undid it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone: Option<Undone>,
}

pub(crate) fn decide(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    door: &Door,
    command: &EarlierCommand,
    at: Timestamp,
) -> Result<Change, Rejection> {
    match command {
        EarlierCommand::Check { rows, keep_invalid, replace } => {
            Ok(batch::judge(facts, desk, rows, (*keep_invalid, *replace), at))
        }
        EarlierCommand::Begin(request) => batch::begin(facts, desk, &door.actor, request, at),
        EarlierCommand::Rows { batch, from, rows } => batch::bring(facts, desk, &door.actor, batch, (*from, rows), at),
        EarlierCommand::Undo { batch, reason } => batch::undo(facts, &door.actor, batch, reason, at),
        EarlierCommand::TakeUp(request) => take_up::take_up(facts, desk, door, request, at),
    }
}
