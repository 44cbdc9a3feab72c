//! The way to a front database (前置库): rows of the national exchange tables as PostgreSQL, files or SQL, and its answers back.
//!
//! ```text
//!   node: plan ──▶ rows ──▶ Database::send, files::write, sql::script ──▶ node: record
//!   node: answers ◀── Reading ◀── Database::readings, files::readings
//!   item import ◀── back::items ◀── tables of somebody else's
//! ```
//!
//! Nothing here decides or remembers; that is the node's. Tables and columns have the names of the standard until a [`Mapping`] gives them
//! others.

pub mod back;
mod database;
mod error;
pub mod files;
mod mapping;
pub mod sql;

pub use database::{Database, RefusedRow, UNTAKEN_AT_ONCE, Written};
pub use error::FrontError;
pub use mapping::{AnswerColumns, DateForm, Dialect, Mapping};

pub use tongban_domain::tables::moment;
use tongban_domain::tables::{Answer, ReportedRow};

/// What is read about one row at the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// `row_guid`.
    pub guid: String,
    /// The batch that it is about, where that is said.
    pub batch: Option<String>,
    /// What was said.
    pub answer: Answer,
    /// Its code of a rejection.
    pub code: Option<String>,
    /// Its reason.
    pub reason: Option<String>,
}

/// The value of a column of a row as it is sent.
#[must_use]
pub fn value(row: &ReportedRow, column: &str) -> Option<String> {
    match column {
        "cd_operation" => Some(row.operation.letter().to_owned()),
        "cd_batch" => Some(row.batch.clone()),
        "cd_time" => Some(moment(row.at)),
        column => row.values.get(column).cloned(),
    }
}

#[cfg(test)]
mod tests;
