//! Workbooks: `.xlsx` cell by cell, `.xls` whole.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, DataRef, ExcelDateTime, Reader as _, SheetType, SheetVisible, Xls, XlsError, Xlsx, XlsxError};

use super::hidden;
use super::table::{CELLS_MAX, COLUMNS_MAX, Cells, Flaw, Kept, Merge, Table, is_full, is_shortened};
use crate::cli::failure::Failure;
use crate::cli::text::sheet::{WORKBOOK_DAMAGED, WORKBOOK_ENCRYPTED, WORKBOOK_TOO_LARGE};

/// The largest workbook, in bytes as it lies on the disk.
const FILE_BYTES_MAX: usize = 256 << 20;
/// The most bytes that its parts may unpack to; Excel's largest sheets unpack to half of it.
const UNPACKED_BYTES_MAX: u64 = 2 << 30;
/// The largest whole number whose digits a spreadsheet keeps.
const NUMBER_MAX: f64 = 1e15;

/// Reads the sheets of an `.xlsx` file.
pub(super) fn xlsx(bytes: &[u8]) -> Result<Vec<Table>, Failure> {
    bounded(bytes)?;
    unpacked(bytes, UNPACKED_BYTES_MAX)?;
    let tables = guarded(|| sheets_of_xlsx(bytes))?;
    tables.map_err(|error| match error {
        Unread::Failure(failure) => failure,
        Unread::Library(XlsxError::Password) => Failure::of(&WORKBOOK_ENCRYPTED, "", &[]),
        Unread::Library(error) => damaged(&error.to_string()),
    })
}

/// Reads the sheets of an `.xls` file.
pub(super) fn xls(bytes: &[u8]) -> Result<Vec<Table>, Failure> {
    bounded(bytes)?;
    // An encrypted .xlsx is a compound file with this stream, its name in UTF-16.
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    if bytes.windows(name.len()).any(|window| window == name) {
        return Err(Failure::of(&WORKBOOK_ENCRYPTED, "", &[]));
    }
    let tables = guarded(|| sheets_of_xls(bytes))?;
    tables.map_err(|error| match error {
        Unread::Failure(failure) => failure,
        Unread::Library(XlsError::Password) => Failure::of(&WORKBOOK_ENCRYPTED, "", &[]),
        Unread::Library(error) => damaged(&error.to_string()),
    })
}

/// Why a workbook wasn't read.
enum Unread<E> {
    Failure(Failure),
    Library(E),
}

fn too_large(en: &str, zh: &str) -> Failure {
    Failure::of(&WORKBOOK_TOO_LARGE, "", &[en, zh])
}

fn damaged(reason: &str) -> Failure {
    Failure::of(&WORKBOOK_DAMAGED, "", &[reason])
}

fn bounded(bytes: &[u8]) -> Result<(), Failure> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(too_large("it has more than 256 MiB", "文件超过 256 MiB"));
    }
    Ok(())
}

/// The library panics on some damaged workbooks; a person is told what is wrong all the same.
fn guarded<T>(read: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(read)).map_err(|_| damaged("its parts contradict each other"))
}

/// Unpacks every part once and keeps nothing: sizes that an archive states may lie.
pub(super) fn unpacked(bytes: &[u8], bytes_max: u64) -> Result<(), Failure> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error.to_string()))?;
    let mut left = bytes_max;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| damaged(&error.to_string()))?;
        let size = std::io::copy(&mut part.take(left + 1), &mut std::io::sink());
        let size = size.map_err(|error| damaged(&error.to_string()))?;
        left = left.checked_sub(size).ok_or_else(|| too_large("it unpacks to more than 2 GiB", "解压后超过 2 GiB"))?;
    }
    Ok(())
}

/// The rows of a sheet while its cells come in.
#[derive(Default)]
struct Grid {
    rows: BTreeMap<u32, Vec<Kept>>,
}

impl Grid {
    /// Takes a cell; row and column from 0.
    fn put(&mut self, at: (u32, u32), kept: Kept, left: &mut usize) -> Result<(), Failure> {
        if kept.text.trim().is_empty() && kept.flaw.is_none() {
            return Ok(());
        }
        let column = usize::try_from(at.1).unwrap_or(usize::MAX);
        if column >= COLUMNS_MAX {
            return Err(too_large("a row has more than 512 columns", "列数超过 512"));
        }
        let row = self.rows.entry(at.0 + 1).or_default();
        if row.len() <= column {
            let grown = column + 1 - row.len();
            *left = left
                .checked_sub(grown)
                .ok_or_else(|| too_large("it has more than 20 million cells", "单元格超过两千万个"))?;
            row.resize_with(column + 1, Kept::default);
        }
        row[column] = kept;
        Ok(())
    }
}

fn sheets_of_xlsx(bytes: &[u8]) -> Result<Vec<Table>, Unread<XlsxError>> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(Unread::Library)?;
    let sheets = workbook.sheets_metadata().to_vec();
    let mut left = CELLS_MAX;
    let mut tables = Vec::new();
    for sheet in sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet) {
        let mut grid = Grid::default();
        let mut cells = workbook.worksheet_cells_reader(&sheet.name).map_err(Unread::Library)?;
        while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(Unread::Library)? {
            let mut kept = kept(&cell.value);
            if cell.formula.is_some() && kept.text.is_empty() && kept.flaw.is_none() && cell.value == DataRef::Empty {
                kept.flaw = Some(Flaw::FormulaEmpty);
            }
            grid.put(cell.pos, kept, &mut left).map_err(Unread::Failure)?;
        }
        drop(cells);
        let merges = workbook.merge_cells_by_sheet_name(&sheet.name).map_err(Unread::Library)?;
        let mut table = Table::of(&sheet.name, Cells::Grid(grid.rows));
        table.visible = sheet.visible == SheetVisible::Visible;
        table.merges = merges.iter().filter_map(merge).collect();
        tables.push(table);
    }
    for (table, hidden) in tables.iter_mut().zip(hidden::rows(bytes, &sheets)) {
        table.hidden = hidden;
    }
    Ok(tables)
}

fn sheets_of_xls(bytes: &[u8]) -> Result<Vec<Table>, Unread<XlsError>> {
    let mut workbook: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(Unread::Library)?;
    let sheets = workbook.sheets_metadata().to_vec();
    let mut left = CELLS_MAX;
    let mut tables = Vec::new();
    for sheet in sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet) {
        let range = workbook.worksheet_range(&sheet.name).map_err(Unread::Library)?;
        let start = range.start().unwrap_or_default();
        let mut grid = Grid::default();
        for (row, column, value) in range.used_cells() {
            let far = |from: u32, by: usize| from.saturating_add(u32::try_from(by).unwrap_or(u32::MAX));
            let at = (far(start.0, row), far(start.1, column));
            grid.put(at, kept(&borrowed(value)), &mut left).map_err(Unread::Failure)?;
        }
        let merges = workbook.merge_cells_by_sheet_name(&sheet.name).map_err(Unread::Library)?;
        let mut table = Table::of(&sheet.name, Cells::Grid(grid.rows));
        table.visible = sheet.visible == SheetVisible::Visible;
        table.merges = merges.iter().filter_map(merge).collect();
        tables.push(table);
    }
    Ok(tables)
}

fn merge(dimensions: &calamine::Dimensions) -> Option<Merge> {
    let column = |column: u32| usize::try_from(column).ok();
    let ((first, left), (last, right)) = (dimensions.start, dimensions.end);
    Some(Merge { rows: (first.checked_add(1)?, last.checked_add(1)?), columns: (column(left)?, column(right)?) })
}

fn borrowed(value: &Data) -> DataRef<'_> {
    match value {
        Data::Int(number) => DataRef::Int(*number),
        Data::Float(number) => DataRef::Float(*number),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(yes) => DataRef::Bool(*yes),
        Data::DateTime(time) => DataRef::DateTime(*time),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// A cell as text: whole numbers without a fraction, days as 2026-09-14, yes and no as 1 and 0.
fn kept(value: &DataRef<'_>) -> Kept {
    let (text, flaw): (Cow<'_, str>, _) = match value {
        DataRef::Empty => return Kept::default(),
        DataRef::String(text) => (Cow::Borrowed(text), is_shortened(text).then_some(Flaw::DigitsLost)),
        DataRef::SharedString(text) => (Cow::Borrowed(text), is_shortened(text).then_some(Flaw::DigitsLost)),
        DataRef::Bool(yes) => (Cow::Borrowed(if *yes { "1" } else { "0" }), None),
        DataRef::Int(number) => (Cow::Owned(number.to_string()), None),
        DataRef::Float(number) if number.abs() >= NUMBER_MAX => (format!("{number:E}").into(), Some(Flaw::DigitsLost)),
        DataRef::Float(number) => (Cow::Owned(number.to_string()), None),
        DataRef::DateTime(time) => (Cow::Owned(date(time)), None),
        DataRef::DateTimeIso(text) => (text.strip_suffix("T00:00:00").unwrap_or(text).into(), None),
        DataRef::DurationIso(text) => (text.as_str().into(), None),
        DataRef::Error(error) => (Cow::Owned(error.to_string()), Some(Flaw::ErrorValue)),
    };
    let flaw = flaw.or(is_full(&text).then_some(Flaw::TooLong));
    Kept { text: text.into(), flaw }
}

fn date(time: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    if time.is_duration() {
        return time.as_f64().to_string();
    }
    let clock = format!("{hour:02}:{minute:02}:{second:02}");
    match (time.as_f64() < 1.0, (hour, minute, second)) {
        (true, _) => clock,
        (false, (0, 0, 0)) => format!("{year:04}-{month:02}-{day:02}"),
        (false, _) => format!("{year:04}-{month:02}-{day:02} {clock}"),
    }
}
