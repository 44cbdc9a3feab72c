//! The empty item file: every column with a note, codes as text, and lists to choose from.

use rust_xlsxwriter::{DataValidation, Format, FormatAlign, FormatBorder, Note, Workbook, Worksheet, XlsxError};

use super::column::{COLUMNS, Column, Holds};

/// Rows for which lists to choose from are set.
const ROWS: u32 = 10_000;

/// Formats of a head, and of what stands below it: everything is text, so that no code is taken for a number.
fn formats() -> (Format, Format) {
    let head = Format::new().set_bold().set_align(FormatAlign::Center).set_border(FormatBorder::Thin);
    (head, Format::new().set_num_format("@"))
}

/// Writes the columns of an empty file onto a sheet, each with a note, and a list to choose from where there is one.
///
/// # Errors
/// What the library refuses; nothing here is beyond its limits.
pub(super) fn columns(sheet: &mut Worksheet, columns: &[Column]) -> Result<(), XlsxError> {
    let (head, text) = formats();
    sheet.set_freeze_panes(1, 0)?;
    for (index, column) in (0..).zip(columns) {
        sheet.set_column_format(index, &text)?;
        sheet.set_column_width(index, 20)?;
        sheet.write_string_with_format(0, index, column.zh, &head)?;
        let note = format!("{}\n{}\n例 e.g. {}", column.name, column.en, column.example);
        sheet.insert_note(0, index, &Note::new(note).add_author_prefix(false))?;
        if matches!(column.holds, Holds::One(_) | Holds::YesNo) {
            let names: Vec<&str> = column.holds.words().iter().map(|(_, zh)| *zh).collect();
            let validation = DataValidation::new().allow_list_strings(&names)?;
            sheet.add_data_validation(1, index, ROWS, index, &validation)?;
        }
    }
    Ok(())
}

/// Writes the template.
///
/// # Errors
/// What the library refuses; nothing here is beyond its limits.
pub(crate) fn write() -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let (head, text) = formats();
    columns(workbook.add_worksheet().set_name("事项")?, COLUMNS)?;
    let meaning = workbook.add_worksheet().set_name("说明")?;
    for (index, title) in (0..).zip(["列 column", "名称 name", "含义 meaning", "可用值 values", "例 example"])
    {
        meaning.write_string_with_format(0, index, title, &head)?;
        meaning.set_column_width(index, 36)?;
    }
    for (row, column) in (1..).zip(COLUMNS) {
        let values: Vec<String> = column.holds.words().iter().map(|(stored, zh)| format!("{stored} {zh}")).collect();
        let values = values.join("；");
        for (index, value) in (0..).zip([column.zh, column.name, column.en, values.as_str(), column.example]) {
            meaning.write_string_with_format(row, index, value, &text)?;
        }
    }
    workbook.save_to_buffer()
}
