//! JSON: a list of objects, one for an item, with the same names as the columns.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::column::{self, Column};
use super::head::Head;
use super::mapping::Mapping;
use super::table::{CELLS_MAX, Cells, Flaw, Kept, Table};
use crate::cli::failure::Failure;
use crate::cli::text::sheet::{JSON_MALFORMED, SHEET_EMPTY};

/// The largest file, in bytes: it is held in memory whole.
const FILE_BYTES_MAX: usize = 256 << 20;

/// Reads a file into a table whose rows are the objects, numbered from 1, and its head, which is no row.
pub(super) fn read(bytes: &[u8], mapping: &Mapping) -> Result<(Table, Head), Failure> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(malformed("$", "more than 256 MiB"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| malformed(&format!("line {} column {}", error.line(), error.column()), &error.to_string()))?;
    let (objects, path) = match value {
        Value::Array(objects) => (objects, "$"),
        // As `item list --output json` writes it.
        Value::Object(mut fields) => match fields.remove("items") {
            Some(Value::Array(objects)) => (objects, "$.items"),
            _ => return Err(malformed("$.items", "no list")),
        },
        _ => return Err(malformed("$", "no list")),
    };
    if objects.is_empty() {
        return Err(Failure::of(&SHEET_EMPTY, "", &[]));
    }
    let mut items: Vec<Map<String, Value>> = Vec::with_capacity(objects.len());
    for (index, object) in objects.into_iter().enumerate() {
        match object {
            Value::Object(fields) => items.push(fields),
            _ => return Err(malformed(&format!("{path}[{index}]"), "no object")),
        }
    }
    let head = head(&items, mapping).checked()?;
    let mut rows = BTreeMap::new();
    let mut left = CELLS_MAX;
    for (number, item) in (1..).zip(&items) {
        left = left.checked_sub(head.titles.len()).ok_or_else(|| malformed(path, "more than 20 million values"))?;
        rows.insert(number, head.titles.iter().map(|title| kept(item.get(title))).collect());
    }
    Ok((Table::of("", Cells::Grid(rows)), head))
}

fn malformed(path: &str, reason: &str) -> Failure {
    Failure::of(&JSON_MALFORMED, path, &[path, reason])
}

/// The names that any object has, in the order of the known columns, unknown ones at the end.
fn head(items: &[Map<String, Value>], mapping: &Mapping) -> Head {
    let mut names: BTreeMap<&str, Option<&'static Column>> = BTreeMap::new();
    for name in items.iter().flat_map(Map::keys) {
        names
            .entry(name)
            .or_insert_with(|| mapping.column(name).unwrap_or_else(|| column::of_title(std::slice::from_ref(name))));
    }
    let mut ordered: Vec<(&str, Option<&'static Column>)> = names.into_iter().collect();
    ordered.sort_by_key(|(_, column)| {
        column
            .map_or(usize::MAX, |column| column::COLUMNS.iter().position(|known| known == column).unwrap_or(usize::MAX))
    });
    let mut head = Head::default();
    for (name, column) in ordered {
        if column.is_none() && mapping.column(name).is_none() && !column::is_remark(name) {
            head.unknown.push(name.to_owned());
        }
        head.titles.push(name.to_owned());
        head.columns.push(column);
    }
    head
}

fn kept(value: Option<&Value>) -> Kept {
    let flawed = |value: &Value| Kept { text: value.to_string().into(), flaw: Some(Flaw::Shape) };
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(yes)) => if *yes { "1" } else { "0" }.to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        // Words of a list, which have no `^` in them.
        Some(value @ Value::Array(words)) => match words.iter().map(Value::as_str).collect::<Option<Vec<&str>>>() {
            Some(words) => words.join("^"),
            None => return flawed(value),
        },
        Some(value @ Value::Object(_)) => return flawed(value),
    };
    Kept { text: text.into(), flaw: None }
}
