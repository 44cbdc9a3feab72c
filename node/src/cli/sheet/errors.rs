//! The error sheet: the rows with findings in their file's own layout, faulty cells marked, to be corrected and imported again.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Note, Workbook, Worksheet, XlsxError};
use tongban_domain::catalogue::Finding;

use super::column;
use super::rows::ItemFile;
use super::table::Row;

/// The most rows of one sheet (Excel's own limit).
const ROWS_MAX: u32 = 1_048_576;
/// Widths in characters: of a usual column, and of what is added.
const WIDTH: f64 = 18.0;
const WIDTH_ADDED: f64 = 60.0;

/// Formats of the sheet.
struct Formats {
    head: Format,
    text: Format,
    fault: Format,
    warning: Format,
    added: Format,
}

impl Formats {
    fn new() -> Self {
        // Everything is text, so that no code is taken for a number on its way back.
        let text = Format::new().set_num_format("@");
        Self {
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

/// Writes the error sheet of a file.
///
/// # Errors
/// What the library refuses, which is a row beyond Excel's limit.
pub(crate) fn write(file: &ItemFile, findings: &[Finding]) -> Result<Vec<u8>, XlsxError> {
    let mut by_row: BTreeMap<u32, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        by_row.entry(finding.row).or_default().push(finding);
    }
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let name = &file.table().sheet;
    if !name.is_empty() {
        sheet.set_name(name)?;
    }
    let formats = Formats::new();
    let width = file.head.titles.len();
    let mut at = top(file, sheet, &formats)?;
    sheet.set_freeze_panes(at, 0)?;
    for row in file.table().rows_from(file.head.rows.1 + 1) {
        let Some(found) = by_row.get(&row.number).filter(|_| at < ROWS_MAX) else { continue };
        write_row(file, sheet, &formats, at, &row, found)?;
        at += 1;
    }
    for index in 0..width {
        sheet.set_column_width(place(index), WIDTH)?;
    }
    for index in [width, width + 1] {
        sheet.set_column_width(place(index), WIDTH_ADDED)?;
    }
    workbook.save_to_buffer()
}

/// Writes what stands above the rows, head included, and gives the first free row.
fn top(file: &ItemFile, sheet: &mut Worksheet, formats: &Formats) -> Result<u32, XlsxError> {
    let (head, width) = (&file.head, file.head.titles.len());
    let last = head.rows.1;
    if last == 0 {
        // The objects of a JSON file have names, no row of titles.
        for (index, title) in head.titles.iter().enumerate() {
            sheet.write_string_with_format(0, place(index), title, &formats.head)?;
        }
    }
    for row in file.table().rows_from(1).take_while(|row| row.number <= last) {
        let format = if row.number < head.rows.0 { &formats.text } else { &formats.head };
        for (index, cell) in row.cells.iter().enumerate().filter(|(_, cell)| !cell.filled && !cell.text.is_empty()) {
            sheet.write_string_with_format(row.number - 1, place(index), cell.text.as_ref(), format)?;
        }
    }
    for merge in file.table().merges.iter().filter(|merge| merge.rows.1 <= last) {
        let text =
            file.table().head(merge.rows).first().map_or_else(String::new, |row| row.text(merge.columns.0).to_owned());
        let ((first, last), (left, right)) = (merge.rows, merge.columns);
        if (first, left) != (last, right) {
            sheet.merge_range(first - 1, place(left), last - 1, place(right), &text, &formats.head)?;
        }
    }
    let row = last.saturating_sub(1);
    for (index, (zh, _)) in column::ADDED.iter().enumerate() {
        sheet.write_string_with_format(row, place(width + index), *zh, &formats.head)?;
    }
    Ok(last.max(1))
}

fn write_row(
    file: &ItemFile,
    sheet: &mut Worksheet,
    formats: &Formats,
    at: u32,
    row: &Row<'_>,
    found: &[&Finding],
) -> Result<(), XlsxError> {
    let head = &file.head;
    for index in 0..head.titles.len() {
        let of_cell: Vec<&&Finding> = match head.columns[index] {
            Some(column) => found.iter().filter(|finding| finding.column == column.name).collect(),
            None => Vec::new(),
        };
        let format = match of_cell.iter().any(|finding| finding.blocks) {
            _ if of_cell.is_empty() => &formats.text,
            true => &formats.fault,
            false => &formats.warning,
        };
        let text = row.cells.get(index).map_or("", |cell| cell.text.as_ref());
        if text.is_empty() {
            sheet.write_blank(at, place(index), format)?;
        } else {
            sheet.write_string_with_format(at, place(index), text, format)?;
        }
        if !of_cell.is_empty() {
            let lines: Vec<String> =
                of_cell.iter().map(|finding| format!("{}\n{}", finding.problem, finding.remedy)).collect();
            sheet.insert_note(at, place(index), &Note::new(lines.join("\n")).add_author_prefix(false))?;
        }
    }
    // A remedy may serve several cells.
    let mut remedies: Vec<&str> = Vec::new();
    let mut problems = Vec::new();
    for finding in found {
        let title = head.place(&finding.column).map_or(finding.column.as_str(), |place| head.titles[place].as_str());
        problems.push(if title.is_empty() {
            finding.problem.clone()
        } else {
            format!("{title}：{}", finding.problem)
        });
        if !remedies.contains(&finding.remedy.as_str()) {
            remedies.push(&finding.remedy);
        }
    }
    let width = head.titles.len();
    sheet.write_string_with_format(at, place(width), problems.join("\n"), &formats.added)?;
    sheet.write_string_with_format(at, place(width + 1), remedies.join("\n"), &formats.added)?;
    Ok(())
}

/// A column's number as the library counts; tables are narrower than its limit.
fn place(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}
