//! The national exchange tables (`up_task_*` of items, `up_pro_*` of cases): what a node reports to the front database of the platform above,
//! and what was said to it.
//!
//! Items become [`Row`]s by [`rows`], cases by [`case_rows`], which give either all rows or what is lacking for them ([`Lack`]): half an item or
//! case is never reported. [`compare`] holds the rows against those that were sent before and says which go out, and under which [`Operation`];
//! [`answered`] takes in what the other side accepted and rejected. Everything here is text and names of the standard; what a front
//! database calls its tables and columns, and the way there, is the node's matter.
//!
//! Table and column names, widths and what may not be empty are those of ZWFW C 0109.2 as published implementations have them; its text isn't
//! public (standards §10).

mod act_row;
mod batch;
mod case_row;
mod case_table;
mod report;
mod row;
mod table;
mod value;

pub use batch::{BATCHES_A_DAY_MAX, Batch};
pub use case_row::{CaseSource, KEPT, case_rows, is_reported};
pub use report::{Answer, Comparison, Looked, Operation, Outgoing, ReportedRow, Said, answered, compare, compare_by};
pub use row::{Choices, Lack, Row, TableSource, rows};
pub use table::{COLUMNS_OF_SENDING, CasePart, Column, Family, Kind, Part, Subject, Table};
pub use value::moment;
