//! Item files, act files and files of earlier cases: bytes become a table, a table with a head becomes rows, and rows go to the node.
//!
//! Nothing here asks the node or reads a disk. What a whole file is wrong in is a [`Failure`]; what a row is wrong in is a
//! finding of that row, and the others come in.

pub(crate) mod acts;
pub(crate) mod book;
pub(crate) mod column;
pub(crate) mod earlier;
pub(crate) mod encoding;
pub(crate) mod errors;
pub(crate) mod head;
mod hidden;
mod json;
pub(crate) mod kind;
pub(crate) mod mapping;
pub(crate) mod rows;
pub(crate) mod table;
pub(crate) mod template;
mod text;
mod workbook;

#[cfg(test)]
mod tests;
