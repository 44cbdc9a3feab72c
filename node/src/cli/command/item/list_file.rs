//! Files of list entries: CSV, or JSON.

use serde_json::Value;
use tongban_codes::time::Date;
use tongban_domain::catalogue::{CodeList as _, Entry, ListKind, StandardBody, StandardDraft};

use super::standard::{malformed, values};
use crate::cli::failure::{Failure, parse};
use crate::cli::sheet::encoding::decode;
use crate::cli::text::sheet::{COLUMN_MISSING, COLUMN_REPEATED, CSV_MALFORMED, SHEET_EMPTY};
use crate::cli::text::{COLUMN_UNKNOWN, INVALID_FIELD};
use crate::config::nearest;

/// Columns of a file of entries; `name` must be there, and `list` where none is given beside the file.
const COLUMNS: [&str; 9] = ["list", "code", "name", "base_code", "department", "basis", "note", "demo", "effective"];

/// Reads the entries of a file; `list` and `effective` stand in for what a row doesn't say.
pub(super) fn read(
    bytes: &[u8],
    list: Option<ListKind>,
    effective: Option<Date>,
) -> Result<Vec<StandardDraft>, Failure> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[' | b'{') => from_json(bytes, list, effective),
        _ => from_csv(bytes, list, effective),
    }
}

fn from_json(bytes: &[u8], list: Option<ListKind>, effective: Option<Date>) -> Result<Vec<StandardDraft>, Failure> {
    let mut drafts = Vec::new();
    for (path, mut value) in values(bytes)? {
        let (mut code, mut from) = (None, None);
        if let Some(fields) = value.as_object_mut() {
            let mut text = |name: &str| match fields.remove(name) {
                None | Some(Value::Null) => Ok(None),
                Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
                Some(_) => Err(malformed(&format!("{path}.{name}"), "no text")),
            };
            (code, from) = (text("code")?, text("effective")?);
            if let Some(list) = list {
                fields.entry("list").or_insert_with(|| list.name().into());
            }
        }
        let entry: Entry = serde_json::from_value(value).map_err(|error| malformed(&path, &error.to_string()))?;
        let effective = from.map(|day| parse("effective", &day)).transpose()?.or(effective);
        drafts.push(StandardDraft { code, body: StandardBody::Entry(entry), effective, department: None });
    }
    Ok(drafts)
}

/// Yes or no, as a cell says it.
fn yes(text: &str) -> Result<bool, Failure> {
    match text {
        "1" | "true" | "yes" | "是" | "演示" => Ok(true),
        "0" | "false" | "no" | "否" => Ok(false),
        _ => Err(Failure::of(&INVALID_FIELD, text, &["neither yes nor no", "应为 是 或 否"]).field("demo")),
    }
}

fn from_csv(bytes: &[u8], list: Option<ListKind>, effective: Option<Date>) -> Result<Vec<StandardDraft>, Failure> {
    let (text, _) = decode(bytes)?;
    let malformed = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line).to_string();
        let said = error.to_string();
        Failure::of(&CSV_MALFORMED, line.clone(), &[&line, &said, &said])
    };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let head = reader.headers().map_err(malformed)?.clone();
    columns(&head, list.is_some())?;
    let mut drafts = Vec::new();
    for record in reader.records() {
        let record = record.map_err(malformed)?;
        let cell = |column: &str| {
            let at = head.iter().position(|name| name == column)?;
            record.get(at).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        if record.iter().all(str::is_empty) {
            continue;
        }
        let named = match cell("list") {
            Some(name) => Some(
                name.parse::<ListKind>()
                    .map_err(|error| Failure::of(&INVALID_FIELD, name, &[&error, "没有该清单"]).field("list"))?,
            ),
            None => list,
        };
        let Some(list) = named else {
            return Err(column_missing("list"));
        };
        let demo = cell("demo").map(|text| yes(&text)).transpose()?.unwrap_or_default();
        let entry = Entry {
            list,
            name: cell("name").unwrap_or_default(),
            base_code: cell("base_code"),
            department: cell("department"),
            basis: cell("basis"),
            note: cell("note"),
            demo,
        };
        let effective = cell("effective").map(|day| parse("effective", &day)).transpose()?.or(effective);
        drafts.push(StandardDraft {
            code: cell("code"),
            body: StandardBody::Entry(entry),
            effective,
            department: None,
        });
    }
    if drafts.is_empty() { Err(Failure::of(&SHEET_EMPTY, "", &[])) } else { Ok(drafts) }
}

fn columns(head: &csv::StringRecord, has_list: bool) -> Result<(), Failure> {
    for (at, column) in head.iter().enumerate() {
        if !COLUMNS.contains(&column) {
            let near = nearest(column, COLUMNS);
            let hint = |before: &str| near.map(|near| format!("{before}{near}")).unwrap_or_default();
            return Err(Failure::of(&COLUMN_UNKNOWN, column, &[column, &hint(" to "), &hint("为 ")]));
        }
        if head.iter().take(at).any(|earlier| earlier == column) {
            return Err(Failure::of(&COLUMN_REPEATED, column, &[column, column, column]));
        }
    }
    let missing = |column: &str| !head.iter().any(|known| known == column);
    let needed = ["name"].into_iter().chain((!has_list).then_some("list"));
    match needed.into_iter().find(|column| missing(column)) {
        Some(column) => Err(column_missing(column)),
        None => Ok(()),
    }
}

fn column_missing(column: &str) -> Failure {
    let known = COLUMNS.join(", ");
    Failure::of(&COLUMN_MISSING, column, &[column, column, &format!("; columns: {known}"), &format!("；列名：{known}")])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn entries(text: &str, list: Option<ListKind>) -> Vec<Entry> {
        let drafts = read(text.as_bytes(), list, None).unwrap();
        let entries = drafts.into_iter().map(|draft| match draft.body {
            StandardBody::Entry(entry) => entry,
            other => panic!("{other:?}"),
        });
        entries.collect()
    }

    #[test]
    fn a_file_says_the_same_in_both_forms() {
        let csv = "list,name,base_code,demo\n行政许可事项清单,公共场所卫生许可,510116013001,演示\n";
        let json = r#"[{"list":"permits","name":"公共场所卫生许可","base_code":"510116013001","demo":true}]"#;
        assert_eq!(entries(csv, None), entries(json, None));
        let short = r#"{"name":"公共场所卫生许可","base_code":"510116013001","demo":true}"#;
        assert_eq!(entries(short, Some(ListKind::Permits)), entries(json, None));
    }

    /// The sample of the manual has an entry of every list.
    #[test]
    fn the_sample_is_read() {
        let sample = include_str!("../../../../../tests/data/lists-demo.csv");
        let entries = entries(sample, None);
        assert!(entries.iter().all(|entry| entry.demo));
        for list in ListKind::all() {
            assert!(entries.iter().any(|entry| entry.list == *list), "{list:?}");
        }
    }

    #[test]
    fn faults_name_what_is_wrong() {
        for (text, code, value) in [
            ("", "column-missing", "name"),
            ("name\n", "column-missing", "list"),
            ("list,name\n", "sheet-empty", ""),
            ("list,nam\npermits,a\n", "column-unknown", "nam"),
            ("list,name,name\npermits,a,b\n", "column-repeated", "name"),
            ("list,name\nnothing,a\n", "invalid-field", "nothing"),
            ("list,name,effective\npermits,a,yesterday\n", "invalid-field", "yesterday"),
            ("list,name\npermits\n", "csv-malformed", "2"),
            ("list,name,demo\npermits,a,perhaps\n", "invalid-field", "perhaps"),
            ("[{]", "json-malformed", "line 1 column 3"),
            (r#"[{"list":"permits"}]"#, "json-malformed", "$[0]"),
            (r#"[{"list":"permits","name":"a","code":7}]"#, "json-malformed", "$[0].code"),
            (r#"[{"list":"permits","name":"a","effective":20260914}]"#, "json-malformed", "$[0].effective"),
            (r#"[{"list":"permits","name":"a","demo":"是"}]"#, "json-malformed", "$[0]"),
            (r#"{"list":"permits","name":"a","effective":"yesterday"}"#, "invalid-field", "yesterday"),
            ("[7]", "json-malformed", "$[0]"),
            ("[]", "sheet-empty", ""),
        ] {
            let problem = read(text.as_bytes(), None, None).unwrap_err().problem;
            assert_eq!((problem.code.as_str(), problem.value.as_str()), (code, value), "{text}");
        }
    }
}
