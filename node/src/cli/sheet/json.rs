//! JSON: a list of objects, one for an item, with the same names as the columns.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use tongban_domain::catalogue::ListRow;

use super::column::{self, Column, List, Subject};
use super::head::Head;
use super::mapping::Mapping;
use super::rows::{self, Entry, NESTED_ROWS, Nested};
use super::table::{CELLS_MAX, Cells, Flaw, Kept, Table, is_shortened};
use crate::cli::failure::{Failure, malformed_json};
use crate::cli::text::JSON_MALFORMED;
use crate::cli::text::sheet::SHEET_EMPTY;

/// The largest file, in bytes: it is held in memory whole.
const FILE_BYTES_MAX: usize = 256 << 20;

/// Reads a file into a table whose rows are the objects, numbered from 1, and its head, which is no row.
pub(super) fn read(bytes: &[u8], mapping: &Mapping, subject: Subject) -> Result<(Table, Head, Nested), Failure> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(malformed("$", "more than 256 MiB"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value: Value = serde_json::from_slice(bytes).map_err(|error| malformed_json(&error))?;
    let (objects, path) = match value {
        Value::Array(objects) => (objects, "$"),
        // As `item list --output json` writes it.
        Value::Object(mut fields) => {
            let (noun, path) =
                if matches!(subject, Subject::Earlier) { ("cases", "$.cases") } else { ("items", "$.items") };
            match fields.remove(noun) {
                Some(Value::Array(objects)) => (objects, path),
                _ => return Err(malformed(path, "no list")),
            }
        }
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
    let mut nested = Nested::new();
    let mut unknown = BTreeSet::new();
    let mut next_row = NESTED_ROWS;
    let with_lists = if matches!(subject, Subject::Earlier) { &mut [][..] } else { &mut items[..] };
    for (number, item) in (1..).zip(with_lists) {
        let lists = lists(item, mapping, &mut next_row, &mut unknown);
        if !lists.is_empty() {
            nested.insert(number, lists);
        }
    }
    let mut head = head(&items, mapping, subject).checked()?;
    head.unknown.extend(unknown);
    let mut rows = BTreeMap::new();
    let mut left = CELLS_MAX;
    for (number, item) in (1..).zip(&items) {
        left = left.checked_sub(head.titles.len()).ok_or_else(|| malformed(path, "more than 20 million values"))?;
        rows.insert(number, head.titles.iter().map(|title| kept(item.get(title))).collect());
    }
    Ok((Table::of("", Cells::Grid(rows)), head, nested))
}

/// Takes the lists out of an object.
fn lists(
    item: &mut Map<String, Value>,
    mapping: &Mapping,
    next_row: &mut u32,
    unknown: &mut BTreeSet<String>,
) -> BTreeMap<&'static str, Vec<Entry>> {
    let mut lists = BTreeMap::new();
    let names: Vec<String> = item.keys().cloned().collect();
    for name in names {
        let Some(list) = List::titled(&name) else { continue };
        let Some(Value::Array(objects)) = item.get(&name) else { continue };
        let objects: Option<Vec<&Map<String, Value>>> = objects.iter().map(Value::as_object).collect();
        let Some(objects) = objects else { continue };
        let mut entries = Vec::new();
        for (index, object) in objects.into_iter().enumerate() {
            let mut entry =
                Entry { row: ListRow { row: *next_row, ..ListRow::default() }, index: Some(index), ..Entry::default() };
            *next_row = next_row.saturating_add(1);
            for (name, value) in object {
                let column = column::of_title(std::slice::from_ref(name), Subject::List(list));
                let within = column.and_then(Column::within).filter(|(of, _)| *of == list.name);
                let (Some(column), Some((_, within))) = (column, within) else {
                    unknown.insert(format!("{}.{name}", list.name));
                    continue;
                };
                let kept = kept(Some(value));
                if let Some(flaw) = kept.flaw {
                    entry.flaws.push((within.to_owned(), kept.text.to_string(), flaw));
                }
                entry.row.values.insert(within.to_owned(), rows::value(mapping, column, kept.text.trim()));
            }
            entries.push(entry);
        }
        item.remove(&name);
        lists.insert(list.name, entries);
    }
    lists
}

fn malformed(path: &str, reason: &str) -> Failure {
    Failure::of(&JSON_MALFORMED, path, &[path, reason])
}

/// The names that any object has, in the order of the known columns, unknown ones at the end.
fn head(items: &[Map<String, Value>], mapping: &Mapping, subject: Subject) -> Head {
    let mut names: BTreeMap<&str, Option<&'static Column>> = BTreeMap::new();
    for name in items.iter().flat_map(Map::keys) {
        names.entry(name).or_insert_with(|| {
            mapping.column(name).unwrap_or_else(|| column::of_title(std::slice::from_ref(name), subject))
        });
    }
    let mut ordered: Vec<(&str, Option<&'static Column>)> = names.into_iter().collect();
    ordered.sort_by_key(|(_, column)| {
        column.and_then(|column| subject.columns().iter().position(|known| known == column)).unwrap_or(usize::MAX)
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
        None => return Kept { text: Box::default(), flaw: Some(Flaw::Absent) },
        Some(Value::Null) => String::new(),
        Some(Value::String(text)) if is_shortened(text) => {
            return Kept { text: text.as_str().into(), flaw: Some(Flaw::DigitsLost) };
        }
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
