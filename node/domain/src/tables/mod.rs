//! The national exchange tables (`up_task_*`): what a node reports to the front database of the platform above, and what was said to it.
//!
//! Items become [`Row`]s by [`rows`], which gives either all rows of an item or what it lacks for them ([`Lack`]): half an item is never
//! reported. [`compare`] holds the rows against those that were sent before and says which go out, and under which [`Operation`];
//! [`answered`] takes in what the other side accepted and rejected. Everything here is text and names of the standard; what a front
//! database calls its tables and columns, and the way there, is the node's matter.
//!
//! Table and column names, widths and what may not be empty are those of ZWFW C 0109.2 as published implementations have them; its text isn't
//! public (standards §10).

mod batch;
mod report;
mod row;
mod table;
mod value;

pub use batch::{BATCHES_A_DAY_MAX, Batch};
pub use report::{Answer, Comparison, Operation, Outgoing, ReportedRow, Said, answered, compare};
pub use row::{Choices, Lack, Row, TableSource, rows};
pub use table::{COLUMNS_OF_SENDING, Column, Family, Kind, Part, Table};
