//! The error sheet: the rows with findings in their file's own layout, faulty cells marked, to be corrected and imported again.

use std::collections::{BTreeMap, BTreeSet};

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Note, Workbook, Worksheet, XlsxError};
use tongban_domain::catalogue::{Finding, ImportRow};

use super::acts::ActFile;
use super::earlier::EarlierFile;
use super::head::Head;
use super::kind::Kind;
use super::rows::{Entry, ItemFile, Record};
use super::table::{Row, Table, cut, fitting};
use super::{book, column};

/// The most rows of one sheet (Excel's own limit).
const ROWS_MAX: u32 = 1_048_576;
/// Widths in characters: of a usual column, and of what is added.
const WIDTH: f64 = 18.0;
const WIDTH_ADDED: f64 = 60.0;

/// The longest note, in units of UTF-16: that of a cell without what the library puts before it.
const NOTE_UNITS_MAX: usize = 32_000;

/// Formats of the sheet.
pub(super) struct Formats {
    /// Whether a text is cut to what a cell holds; else one that is longer is an error.
    cuts: bool,
    pub(super) head: Format,
    pub(super) text: Format,
    fault: Format,
    warning: Format,
    added: Format,
}

impl Formats {
    pub(super) fn new(cuts: bool) -> Self {
        // Everything is text, so that no code is taken for a number on its way back.
        let text = Format::new().set_num_format("@");
        Self {
            cuts,
            head: Format::new()
                .set_bold()
                .set_align(FormatAlign::Center)
                .set_border(FormatBorder::Thin)
                .set_text_wrap(),
            fault: text.clone().set_background_color(Color::RGB(0xFF_C7_CE)),
            warning: text.clone().set_background_color(Color::RGB(0xFF_EB_9C)),
            added: text.clone().set_text_wrap(),
            text,
        }
    }
}

impl Formats {
    fn text<'t>(&self, text: &'t str) -> &'t str {
        if self.cuts { fitting(text) } else { text }
    }
}

/// Findings by the row that they are about.
type ByRow<'f> = BTreeMap<u32, Vec<&'f Finding>>;

/// Writes the error sheet of a file: whole items, each with its lists. A text that no cell holds is cut; read again, its cell is found to be
/// full, and refused.
///
/// # Errors
/// What the library refuses, which is a row beyond Excel's limit.
pub(crate) fn write(file: &ItemFile, findings: &[Finding]) -> Result<Vec<u8>, XlsxError> {
    if file.kind == Kind::Json {
        return of_objects(file, findings);
    }
    let listed = |finding: &&Finding| {
        let list = finding.column.split_once('.').map_or(finding.column.as_str(), |(list, _)| list);
        file.lists.iter().position(|sheet| sheet.list() == list)
    };
    let mut main = ByRow::new();
    let mut of_lists: Vec<ByRow<'_>> = file.lists.iter().map(|_| ByRow::new()).collect();
    for finding in findings {
        let by_row = listed(&finding).map_or(&mut main, |index| &mut of_lists[index]);
        by_row.entry(finding.row).or_default().push(finding);
    }
    // Codes of items that an entry on another sheet is wrong in.
    let mut codes: BTreeSet<&str> = BTreeSet::new();
    for (sheet, by_row) in file.lists.iter().zip(&of_lists) {
        let wrong = |entries: &&Vec<Entry>| entries.iter().any(|entry| by_row.contains_key(&entry.row.row));
        codes.extend(sheet.by_code.iter().filter(|(_, entries)| wrong(entries)).map(|(code, _)| code.as_str()));
    }
    let mut workbook = Workbook::new();
    let formats = Formats::new(true);
    let mut written: BTreeSet<String> = codes.iter().map(|code| (*code).to_owned()).collect();
    let sheet = workbook.add_worksheet();
    let mut page = Page::new(sheet, &formats, file.table(), &file.head)?;
    for group in file.groups() {
        let of_item: Vec<&str> = page.codes(&group[0]);
        let concerned =
            group.iter().any(|row| main.contains_key(&row.number)) || of_item.iter().any(|code| codes.contains(code));
        if concerned {
            written.extend(of_item.iter().map(|code| (*code).to_owned()));
            for row in &group {
                page.row(row, main.get(&row.number).map_or(&[], Vec::as_slice))?;
            }
        }
    }
    page.finish()?;
    for (list, by_row) in file.lists.iter().zip(&of_lists) {
        let table = file.sheet(list.table);
        let mut page = Page::new(workbook.add_worksheet(), &formats, table, &list.head)?;
        for row in file.rows(list.table, &list.head) {
            let found = by_row.get(&row.number).map_or(&[][..], Vec::as_slice);
            if !found.is_empty() || page.codes(&row).iter().any(|code| written.contains(*code)) {
                page.row(&row, found)?;
            }
        }
        page.finish()?;
    }
    workbook.save_to_buffer()
}

/// Writes the rows of an act file that have findings.
///
/// # Errors
/// What the library refuses, which is a row beyond Excel's limit.
pub(crate) fn acts(file: &ActFile, findings: &[Finding]) -> Result<Vec<u8>, XlsxError> {
    let mut by_row = ByRow::new();
    for finding in findings {
        by_row.entry(finding.row).or_default().push(finding);
    }
    let mut workbook = Workbook::new();
    let formats = Formats::new(true);
    let mut page = Page::new(workbook.add_worksheet(), &formats, &file.table, &file.head)?;
    for row in file.rows() {
        if let Some(found) = by_row.get(&row.number) {
            page.row(&row, found)?;
        }
    }
    page.finish()?;
    workbook.save_to_buffer()
}

/// Writes the rows of a file of earlier cases that have findings.
///
/// # Errors
/// What the library refuses, which is a row beyond Excel's limit.
pub(crate) fn earlier(file: &EarlierFile, findings: &[Finding]) -> Result<Vec<u8>, XlsxError> {
    let mut by_row = ByRow::new();
    for finding in findings {
        by_row.entry(finding.row).or_default().push(finding);
    }
    let mut workbook = Workbook::new();
    let formats = Formats::new(true);
    let sheet = workbook.add_worksheet();
    let mut page = if file.kind == Kind::Json {
        Page::of_objects(sheet, &formats, &file.head)?
    } else {
        Page::new(sheet, &formats, &file.table, &file.head)?
    };
    for row in file.rows() {
        if let Some(found) = by_row.get(&row.number) {
            page.row(&row, found)?;
        }
    }
    page.finish()?;
    workbook.save_to_buffer()
}

/// The error sheet of a JSON file, which has no layout of its own: as an export is written, with what is wrong beside it.
fn of_objects(file: &ItemFile, findings: &[Finding]) -> Result<Vec<u8>, XlsxError> {
    let concerned = |record: &Record| findings.iter().any(|finding| finding.row == record.row.row);
    let rows: Vec<ImportRow> = file.records().filter(concerned).map(|record| record.row).collect();
    book::write(&rows, findings)
}

/// A sheet while it is written.
struct Page<'p> {
    sheet: &'p mut Worksheet,
    formats: &'p Formats,
    head: &'p Head,
    at: u32,
}

impl<'p> Page<'p> {
    /// Writes what stands above the rows, head included.
    fn new(sheet: &'p mut Worksheet, formats: &'p Formats, table: &Table, head: &'p Head) -> Result<Self, XlsxError> {
        if !table.sheet.is_empty() {
            sheet.set_name(&table.sheet)?;
        }
        let (width, last) = (head.titles.len(), head.rows.1);
        for row in table.rows_from(1).take_while(|row| row.number <= last) {
            let format = if row.number < head.rows.0 { &formats.text } else { &formats.head };
            for (index, cell) in row.cells.iter().enumerate().filter(|(_, cell)| !cell.filled && !cell.text.is_empty())
            {
                sheet.write_string_with_format(row.number - 1, place(index), fitting(&cell.text), format)?;
            }
        }
        for merge in table.merges.iter().filter(|merge| merge.rows.1 <= last) {
            let first = table.rows_from(merge.rows.0).next().filter(|row| row.number == merge.rows.0);
            let text = first.map_or_else(String::new, |row| row.text(merge.columns.0).to_owned());
            let ((first, last), (left, right)) = (merge.rows, merge.columns);
            if (first, left) != (last, right) {
                sheet.merge_range(first - 1, place(left), last - 1, place(right), fitting(&text), &formats.head)?;
            }
        }
        for (index, (zh, _)) in column::ADDED.iter().enumerate() {
            sheet.write_string_with_format(last.saturating_sub(1), place(width + index), *zh, &formats.head)?;
        }
        sheet.set_freeze_panes(last, 0)?;
        Ok(Self { sheet, formats, head, at: last })
    }

    /// Writes a head of its own: the objects of a JSON file have none.
    fn of_objects(sheet: &'p mut Worksheet, formats: &'p Formats, head: &'p Head) -> Result<Self, XlsxError> {
        let added = column::ADDED.iter().map(|(zh, _)| *zh);
        for (index, title) in head.titles.iter().map(String::as_str).chain(added).enumerate() {
            sheet.write_string_with_format(0, place(index), fitting(title), &formats.head)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        Ok(Self { sheet, formats, head, at: 1 })
    }

    /// The codes of the item that a row is about.
    fn codes<'r>(&self, row: &'r Row<'_>) -> Vec<&'r str> {
        let places = ["local_item_code", "base_code"].into_iter().filter_map(|name| self.head.place(name));
        places.map(|place| row.text(place)).filter(|code| !code.is_empty()).collect()
    }

    fn row(&mut self, row: &Row<'_>, found: &[&Finding]) -> Result<(), XlsxError> {
        if self.at >= ROWS_MAX {
            return Ok(());
        }
        let cells = self.head.columns.iter().zip(&self.head.titles).enumerate().map(|(index, (column, title))| {
            let cell = row.cells.get(index);
            // A merged entry of a list would be one more when it is read again.
            let repeated =
                cell.is_some_and(|cell| cell.filled) && column.is_some_and(|column| column.within().is_some());
            let text = cell.filter(|_| !repeated).map_or("", |cell| cell.text.as_ref());
            (column.map_or("", |column| column.name), title.as_str(), text)
        });
        let cells: Vec<(&str, &str, &str)> = cells.collect();
        write_row(self.sheet, self.formats, self.at, &cells, found)?;
        self.at += 1;
        Ok(())
    }

    fn finish(self) -> Result<(), XlsxError> {
        let width = self.head.titles.len();
        for index in 0..width + 2 {
            self.sheet.set_column_width(place(index), if index < width { WIDTH } else { WIDTH_ADDED })?;
        }
        Ok(())
    }
}

/// Writes a row of cells, each with its column's name and title, marks those with findings, and says beside them what is wrong.
pub(super) fn write_row(
    sheet: &mut Worksheet,
    formats: &Formats,
    at: u32,
    cells: &[(&str, &str, &str)],
    found: &[&Finding],
) -> Result<(), XlsxError> {
    for (index, (column, _, text)) in cells.iter().enumerate() {
        let of_cell: Vec<&&Finding> =
            found.iter().filter(|finding| !column.is_empty() && finding.column == *column).collect();
        let format = match of_cell.iter().any(|finding| finding.blocks) {
            _ if of_cell.is_empty() => &formats.text,
            true => &formats.fault,
            false => &formats.warning,
        };
        if text.is_empty() {
            sheet.write_blank(at, place(index), format)?;
        } else {
            sheet.write_string_with_format(at, place(index), formats.text(text), format)?;
        }
        if !of_cell.is_empty() {
            let lines: Vec<String> =
                of_cell.iter().map(|finding| format!("{}\n{}", finding.problem, finding.remedy)).collect();
            sheet.insert_note(
                at,
                place(index),
                &Note::new(cut(&lines.join("\n"), NOTE_UNITS_MAX)).add_author_prefix(false),
            )?;
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    // A remedy may serve several cells.
    let mut remedies: Vec<&str> = Vec::new();
    let mut problems = Vec::new();
    for finding in found {
        let titled = cells.iter().find(|(column, ..)| !column.is_empty() && *column == finding.column);
        let title = titled.map_or(finding.column.as_str(), |(_, title, _)| title);
        let title = if title.is_empty() { String::new() } else { format!("{title}：") };
        problems.push(format!("{title}{}", finding.problem));
        if !remedies.contains(&finding.remedy.as_str()) {
            remedies.push(&finding.remedy);
        }
    }
    for (index, text) in [problems.join("\n"), remedies.join("\n")].iter().enumerate() {
        sheet.write_string_with_format(at, place(cells.len() + index), fitting(text), &formats.added)?;
    }
    Ok(())
}

/// A column's number as the library counts; tables are narrower than its limit.
pub(super) fn place(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}
