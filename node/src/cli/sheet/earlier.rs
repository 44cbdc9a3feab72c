//! A file of earlier cases: each row is what another system had of one case.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Workbook, XlsxError};
use tongban_codes::ids::Digest;
use tongban_domain::catalogue::{Finding, ImportRow};

use super::column::{EARLIER_COLUMNS, Subject};
use super::encoding::Encoding;
use super::head::{Head, chosen};
use super::kind::Kind;
use super::mapping::Mapping;
use super::rows::{finding, value};
use super::table::{Cell, Flaw, Row, Table};
use super::template::columns;
use super::{json, text, workbook};
use crate::cli::failure::Failure;
use crate::cli::text::earlier::{EARLIER_COLUMN_MISSING, EARLIER_HEAD_UNKNOWN, EARLIER_MAPPING};
use crate::cli::text::sheet::SHEET_EMPTY;

/// Columns without which no row says anything.
const NEEDED: [&str; 3] = ["old_number", "item", "applicant"];
/// Columns whose cells a finding never repeats.
const PERSONAL: [&str; 3] = ["applicant", "id_number", "note"];

/// A file that was read.
#[derive(Debug)]
pub(crate) struct EarlierFile {
    pub(crate) kind: Kind,
    pub(crate) encoding: Option<Encoding>,
    pub(super) table: Table,
    pub(crate) head: Head,
    pub(crate) mapping: Mapping,
    /// What every row is of where it says nothing itself.
    system: Option<String>,
    skips_hidden: bool,
}

impl EarlierFile {
    /// Reads a workbook, a text file or JSON; `system` is the source of rows that name none.
    ///
    /// # Errors
    /// Codes of [`crate::cli::text::sheet`] and [`crate::cli::text::earlier`].
    pub(crate) fn read(
        bytes: &[u8],
        mapping: Mapping,
        sheet: Option<&str>,
        skips_hidden: bool,
        system: Option<String>,
    ) -> Result<Self, Failure> {
        let kind = Kind::of(bytes)?;
        let mut encoding = None;
        let tables = match kind {
            Kind::Xlsx => workbook::xlsx(bytes)?,
            Kind::Xls => workbook::xls(bytes)?,
            Kind::Json => {
                let (table, head, _) = json::read(bytes, &mapping, Subject::Earlier)?;
                return Self { kind, encoding, table, head, mapping, system, skips_hidden }.checked();
            }
            Kind::Text => {
                let (table, found) = text::read(bytes)?;
                encoding = Some(found);
                vec![table]
            }
        };
        let sheet = sheet.or(mapping.sheet.as_deref().filter(|_| tables.len() > 1));
        let (table, head) = choose(tables, &mapping, sheet)?;
        Self { kind, encoding, table, head, mapping, system, skips_hidden }.checked()
    }

    /// Holds the head to what is needed, the mapping to columns of such a file, and the file to having rows.
    fn checked(self) -> Result<Self, Failure> {
        let names = self.mapping.columns.values().filter(|name| !name.is_empty());
        let mut names = names.chain(self.mapping.constants.keys()).chain(self.mapping.values.keys());
        if let Some(name) = names.find(|name| EARLIER_COLUMNS.iter().all(|column| column.name != *name)) {
            return Err(Failure::of(&EARLIER_MAPPING, name.as_str(), &[name]));
        }
        let has = |name: &str| self.head.has(name) || self.mapping.constants.contains_key(name);
        if let Some(missing) = NEEDED.into_iter().find(|name| !has(name)) {
            let zh = EARLIER_COLUMNS.iter().find(|column| column.name == missing).map_or(missing, |column| column.zh);
            return Err(Failure::of(&EARLIER_COLUMN_MISSING, missing, &[missing, zh]));
        }
        if self.rows().next().is_none() {
            return Err(Failure::of(&SHEET_EMPTY, "", &[]));
        }
        Ok(self)
    }

    /// Name of the sheet; empty where a file has but one.
    pub(crate) fn sheet(&self) -> &str {
        &self.table.sheet
    }

    /// The rows below the head that are read.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let below = self.table.rows_from(self.head.rows.1 + 1);
        below.filter(|row| !(self.skips_hidden && self.table.hidden.contains(&row.number)))
    }

    /// How many hidden rows it has, whether they are skipped or not.
    pub(crate) fn hidden(&self) -> usize {
        self.table.hidden.range(self.head.rows.1 + 1..).count()
    }

    /// What goes to the node, row by row, and what is wrong with the cells themselves.
    pub(crate) fn records(&self) -> impl Iterator<Item = (ImportRow, Vec<Finding>)> {
        self.rows().map(|row| self.record(&row))
    }

    fn record(&self, row: &Row<'_>) -> (ImportRow, Vec<Finding>) {
        let (mut values, mut found) = (BTreeMap::new(), Vec::new());
        for (index, column) in self.head.columns.iter().enumerate() {
            let Some(column) = column else { continue };
            let none = Cell::default();
            let cell = row.cells.get(index).unwrap_or(&none);
            match cell.flaw {
                Some(Flaw::Absent) => continue,
                Some(flaw) => {
                    let text = if PERSONAL.contains(&column.name) { "***" } else { &*cell.text };
                    found.push(finding(row.number, column.name, text, flaw));
                }
                None => {}
            }
            let value = value(&self.mapping, column, cell.text.trim());
            if !value.is_empty() {
                values.insert(column.name.to_owned(), value);
            }
        }
        for (name, constant) in &self.mapping.constants {
            values.entry(name.clone()).or_insert_with(|| constant.clone());
        }
        if let Some(system) = &self.system {
            values.entry("source_system".to_owned()).or_insert_with(|| system.clone());
        }
        if self.kind == Kind::Text && row.cells.len() != self.head.columns.len() {
            let beyond = row.cells.get(self.head.columns.len()..).unwrap_or_default();
            if row.cells.len() < self.head.columns.len() || beyond.iter().any(|cell| !cell.text.trim().is_empty()) {
                let fields = format!("{} / {}", row.cells.len(), self.head.columns.len());
                found.push(finding(row.number, "", &fields, Flaw::FieldsDiffer));
            }
        }
        (ImportRow::new(row.number, values), found)
    }

    /// The digest of what the rows say as they were read, by which the same reading of the same file is known again; and how many they are.
    pub(crate) fn content(&self) -> (Digest, u32) {
        let (mut chain, mut count) = (Digest::of(b"earlier"), 0);
        for (row, _) in self.records() {
            let mut bytes = chain.as_bytes().to_vec();
            for (name, value) in &row.values {
                for text in [name, value] {
                    bytes.extend((text.len() as u64).to_be_bytes());
                    bytes.extend(text.as_bytes());
                }
            }
            chain = Digest::of(&bytes);
            count += 1;
        }
        (chain, count)
    }
}

/// The sheet that is named, else the first that people see with a head of such columns.
fn choose(tables: Vec<Table>, mapping: &Mapping, sheet: Option<&str>) -> Result<(Table, Head), Failure> {
    let unknown = || Failure::of(&EARLIER_HEAD_UNKNOWN, "", &[]);
    let find = |table: &Table| Head::find(table, mapping, Subject::Earlier);
    if tables.iter().all(|table| table.rows_from(1).next().is_none()) {
        return Err(Failure::of(&SHEET_EMPTY, "", &[]));
    }
    chosen(tables, sheet, find)?.ok_or_else(unknown)
}

/// Writes the empty file: every column with a note, text throughout, and values to choose from.
///
/// # Errors
/// What the library refuses; nothing here is beyond its limits.
pub(crate) fn template() -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    columns(workbook.add_worksheet().set_name("历史办件")?, EARLIER_COLUMNS)?;
    workbook.save_to_buffer()
}

#[cfg(test)]
#[path = "earlier_tests.rs"]
mod tests;
