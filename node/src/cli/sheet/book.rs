//! Items as files in the layout of our own: a workbook with a sheet for each list, CSV with a line for each entry, JSON with lists.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Workbook, XlsxError};
use serde_json::{Map, Value};
use tongban_domain::catalogue::{Finding, ImportRow, ListRow};

use super::column::{self, COLUMNS, Column, LISTS, List};
use super::errors::{Formats, place, write_row};

/// Columns that are there whenever a row has them, filled in or not.
const ALWAYS: [&str; 7] =
    ["department", "name", "local_item_code", "division", "item_type", "department_code", "base_code"];
const WIDTH: f64 = 18.0;

/// Columns of the items themselves that any row fills in.
fn own(rows: &[ImportRow]) -> Vec<&'static Column> {
    let filled = |name: &str| rows.iter().any(|row| row.values.get(name).is_some_and(|text| !text.is_empty()));
    let named = |name: &str| ALWAYS.contains(&name) && rows.iter().any(|row| row.values.contains_key(name));
    let own = COLUMNS.iter().filter(|column| column.within().is_none());
    own.filter(|column| named(column.name) || filled(column.name)).collect()
}

/// Lists that any row fills in, each with those of its columns that any entry fills in.
fn filled_lists(rows: &[ImportRow]) -> Vec<(&'static List, Vec<&'static Column>)> {
    let entries =
        |list: &str| rows.iter().filter_map(move |row| row.lists.get(list)).flatten().collect::<Vec<&ListRow>>();
    let mut lists = Vec::new();
    for list in LISTS {
        let entries = entries(list.name);
        let of_list = COLUMNS.iter().filter(|column| column.within().is_some_and(|(name, _)| name == list.name));
        let filled = |column: &&Column| entries.iter().any(|entry| !text_of(entry, column).is_empty());
        let columns: Vec<&Column> = of_list.filter(filled).collect();
        if !columns.is_empty() {
            lists.push((list, columns));
        }
    }
    lists
}

fn text_of<'e>(entry: &'e ListRow, column: &Column) -> &'e str {
    column.within().and_then(|(_, name)| entry.values.get(name)).map_or("", String::as_str)
}

fn text<'r>(row: &'r ImportRow, column: &Column) -> &'r str {
    row.values.get(column.name).map_or("", String::as_str)
}

/// The column that a list's entries name their item by.
fn key(row: &ImportRow) -> (&'static str, &str) {
    let code = |name: &'static str| (name, row.values.get(name).map_or("", String::as_str));
    let local = code("local_item_code");
    if local.1.is_empty() { code("base_code") } else { local }
}

/// Writes a workbook; what is wrong with a row stands beside it and in notes.
///
/// # Errors
/// What the library refuses, which is a row beyond Excel's limit.
pub(crate) fn write(rows: &[ImportRow], findings: &[Finding]) -> Result<Vec<u8>, XlsxError> {
    let mut by_row: BTreeMap<u32, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        by_row.entry(finding.row).or_default().push(finding);
    }
    let formats = Formats::new(!findings.is_empty());
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("事项")?;
    let columns = own(rows);
    let mut titles: Vec<&str> = columns.iter().map(|column| column.zh).collect();
    if !findings.is_empty() {
        titles.extend(column::ADDED.iter().map(|(zh, _)| *zh));
    }
    for (index, title) in titles.iter().enumerate() {
        sheet.write_string_with_format(0, place(index), *title, &formats.head)?;
        sheet.set_column_width(place(index), WIDTH)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (at, row) in (1..).zip(rows) {
        let cells: Vec<(&str, &str, &str)> =
            columns.iter().map(|column| (column.name, column.zh, text(row, column))).collect();
        write_row(sheet, &formats, at, &cells, by_row.get(&row.row).map_or(&[], Vec::as_slice))?;
    }
    for (list, columns) in filled_lists(rows) {
        let sheet = workbook.add_worksheet().set_name(list.zh)?;
        let keys = ["local_item_code", "base_code"].into_iter().filter_map(column::named);
        let keys: Vec<&Column> = keys.filter(|column| rows.iter().any(|row| key(row).0 == column.name)).collect();
        for (index, column) in keys.iter().chain(&columns).enumerate() {
            sheet.write_string_with_format(0, place(index), column.zh, &formats.head)?;
            sheet.set_column_width(place(index), WIDTH)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        let entries =
            rows.iter().flat_map(|row| row.lists.get(list.name).into_iter().flatten().map(move |entry| (row, entry)));
        for (at, (row, entry)) in (1..).zip(entries) {
            let (name, code) = key(row);
            let of_key =
                keys.iter().map(|column| (column.name, column.zh, if column.name == name { code } else { "" }));
            let of_entry = columns.iter().map(|column| (column.name, column.zh, text_of(entry, column)));
            let cells: Vec<(&str, &str, &str)> = of_key.chain(of_entry).collect();
            write_row(sheet, &formats, at, &cells, &[])?;
        }
    }
    workbook.save_to_buffer()
}

/// Writes CSV (RFC 4180) in UTF-8 with its mark, so that spreadsheets read it: an item on its first line, entries of lists also below.
///
/// # Errors
/// None but of memory.
pub(crate) fn csv(rows: &[ImportRow]) -> Result<Vec<u8>, csv::Error> {
    let (own, lists) = (own(rows), filled_lists(rows));
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(b"\xef\xbb\xbf".to_vec());
    let of_lists: Vec<&Column> = lists.iter().flat_map(|(_, columns)| columns).copied().collect();
    writer.write_record(own.iter().chain(&of_lists).map(|column| column.zh))?;
    for row in rows {
        let entries = |list: &List| row.lists.get(list.name).map_or(&[][..], Vec::as_slice);
        let height = lists.iter().map(|(list, _)| entries(list).len()).max().unwrap_or_default().max(1);
        for line in 0..height {
            let own = own.iter().map(|column| if line == 0 { text(row, column) } else { "" });
            let listed = lists.iter().flat_map(|(list, columns)| {
                let entry = entries(list).get(line);
                columns.iter().map(move |column| entry.map_or("", |entry| text_of(entry, column)))
            });
            writer.write_record(own.chain(listed))?;
        }
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// Writes a list of objects, with lists inside; what isn't filled in is left out.
pub(crate) fn json(rows: &[ImportRow]) -> Vec<u8> {
    let filled = |values: &BTreeMap<String, String>| {
        let filled = values.iter().filter(|(_, text)| !text.is_empty());
        filled.map(|(name, text)| (name.clone(), Value::String(text.clone()))).collect::<Map<String, Value>>()
    };
    let objects = rows.iter().map(|row| {
        let mut object = filled(&row.values);
        for (list, entries) in row.lists.iter().filter(|(_, entries)| !entries.is_empty()) {
            let entries = entries.iter().map(|entry| Value::Object(filled(&entry.values)));
            object.insert(list.clone(), Value::Array(entries.collect()));
        }
        Value::Object(object)
    });
    let mut text = serde_json::to_vec_pretty(&Value::Array(objects.collect())).unwrap_or_default();
    text.push(b'\n');
    text
}
