//! The head of a table: which rows name the columns, and what each column means.

use std::collections::BTreeMap;

use super::column::{self, Column, Subject};
use super::mapping::Mapping;
use super::table::{COLUMNS_MAX, Row, Table};
use crate::cli::failure::Failure;
use crate::cli::text::sheet::{COLUMN_REPEATED, SHEET_UNKNOWN, SHEETS_NONE};

/// Rows at the top of a sheet among which the head is looked for; titles and remarks stand above it.
const SEARCH_ROWS: usize = 40;
/// The most rows that a head has.
const HEAD_ROWS_MAX: u32 = 3;
/// Columns that must be known before rows count as a head.
const KNOWN_MIN: usize = 2;

/// The head of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// First and last row.
    pub(crate) rows: (u32, u32),
    /// The title of each column, parts of a head of several rows joined by `/`.
    pub(crate) titles: Vec<String>,
    /// What each column means; `None` for a column that is passed over.
    pub(crate) columns: Vec<Option<&'static Column>>,
    /// Titles of columns that nobody knows.
    pub(crate) unknown: Vec<String>,
}

impl Head {
    /// Finds the head of a table of a subject, if it has one.
    ///
    /// # Errors
    /// `column-repeated`
    pub(crate) fn find(table: &Table, mapping: &Mapping, subject: Subject) -> Result<Option<Self>, Failure> {
        if let Some(rows) = mapping.head {
            let head = Self::at(table, rows, mapping, subject);
            return head.checked().map(Some);
        }
        let numbers: Vec<u32> = table.rows_from(1).take(SEARCH_ROWS).map(|row| row.number).collect();
        let mut best: Option<(usize, Self)> = None;
        for height in 1..=HEAD_ROWS_MAX {
            for first in &numbers {
                let head = Self::at(table, (*first, first + height - 1), mapping, subject);
                let known = head.known();
                // Of heads that say the same the shortest counts, and of these the first.
                if known >= KNOWN_MIN && best.as_ref().is_none_or(|(most, _)| known > *most) {
                    best = Some((known, head));
                }
            }
        }
        best.map(|(_, head)| head.checked()).transpose()
    }

    /// The head that stands in these rows, whatever it says.
    fn at(table: &Table, rows: (u32, u32), mapping: &Mapping, subject: Subject) -> Self {
        let parts = table.head(rows);
        let width = parts.iter().map(|row| row.cells.len()).max().unwrap_or_default().min(COLUMNS_MAX);
        let mut head = Self { rows, ..Self::default() };
        for index in 0..width {
            let parts = title_parts(&parts, index);
            let title = parts.join("/");
            let column = match mapping.column(&title) {
                Some(column) => column,
                None => match column::of_title(&parts, subject) {
                    Some(column) => Some(column),
                    None => {
                        if !title.is_empty() && !column::is_remark(&title) {
                            head.unknown.push(title.clone());
                        }
                        None
                    }
                },
            };
            head.titles.push(title);
            head.columns.push(column);
        }
        head
    }

    /// How many different columns are known.
    fn known(&self) -> usize {
        let names: std::collections::BTreeSet<&str> = self.columns.iter().flatten().map(|column| column.name).collect();
        names.len()
    }

    /// Holds it to naming each column once.
    ///
    /// # Errors
    /// `column-repeated`
    pub(super) fn checked(self) -> Result<Self, Failure> {
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for (column, title) in self.columns.iter().zip(&self.titles) {
            let Some(column) = column else { continue };
            if let Some(first) = seen.insert(column.name, title) {
                return Err(Failure::of(&COLUMN_REPEATED, column.name, &[column.name, first, title]));
            }
        }
        Ok(self)
    }

    /// Tells whether a column of this name is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.columns.iter().flatten().any(|column| column.name == name)
    }

    /// The place of a column, from 0.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.is_some_and(|column| column.name == name))
    }
}

/// The parts of a column's title from top to bottom, without blanks and repetitions.
fn title_parts(rows: &[Row<'_>], column: usize) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for row in rows {
        let text: String = row.text(column).split_whitespace().collect();
        if !text.is_empty() && parts.last() != Some(&text) {
            parts.push(text);
        }
    }
    parts
}
/// The sheet that is named, else the first that people see in which a head is found; none where there is no head.
///
/// # Errors
/// `sheets-none`, `sheet-unknown`, and what the search refuses
pub(super) fn chosen(
    tables: Vec<Table>,
    sheet: Option<&str>,
    find: impl Fn(&Table) -> Result<Option<Head>, Failure>,
) -> Result<Option<(Table, Head)>, Failure> {
    if let Some(wanted) = sheet {
        let names: Vec<String> = tables.iter().map(|table| table.sheet.clone()).collect();
        let Some(table) = tables.into_iter().find(|table| table.sheet == wanted) else {
            if names.iter().all(String::is_empty) {
                return Err(Failure::of(&SHEETS_NONE, wanted, &[wanted]));
            }
            return Err(Failure::of(&SHEET_UNKNOWN, wanted, &[wanted, &names.join(", ")]));
        };
        return Ok(find(&table)?.map(|head| (table, head)));
    }
    for table in tables.into_iter().filter(|table| table.visible) {
        if let Some(head) = find(&table)? {
            return Ok(Some((table, head)));
        }
    }
    Ok(None)
}
