//! The statements: tables, rows that are put in or changed, and the script for databases that aren't reached by a connection.

use std::fmt::Write as _;

use tongban_domain::tables::{Column, Kind, Operation, ReportedRow, Subject, Table};

use super::mapping::{DateForm, Dialect, Mapping};
use super::value;

/// Columns whose difference alone changes nothing: they say how a row was sent.
const OF_SENDING: [&str; 3] = ["cd_operation", "cd_batch", "cd_time"];

/// The statements that make the tables of a subject, as this node expects them.
#[must_use]
pub fn tables(mapping: &Mapping, subject: Subject) -> String {
    let mut text = String::new();
    for table in Table::of(subject) {
        let mut lines: Vec<String> = table
            .columns()
            .map(|column| {
                let needed = if table.requires(column) { " NOT NULL" } else { "" };
                format!("    {} {}{needed}", mapping.column(column.name), kind(mapping, table, column))
            })
            .collect();
        if mapping.answers_in_rows() {
            lines.extend(answer_columns(mapping));
        }
        lines.push(format!("    PRIMARY KEY ({})", mapping.column("row_guid")));
        let _ = write!(text, "CREATE TABLE {} (\n{}\n);\n", mapping.table(table), lines.join(",\n"));
    }
    if !mapping.answers_in_rows() {
        let answers = &mapping.answers;
        let mut lines = vec![format!("    {} VARCHAR(50) NOT NULL", answers.guid)];
        if !answers.batch.is_empty() {
            lines.push(format!("    {} VARCHAR(32)", answers.batch));
        }
        lines.extend(answer_columns(mapping));
        lines.push(format!("    PRIMARY KEY ({})", answers.guid));
        let _ = write!(text, "CREATE TABLE {} (\n{}\n);\n", mapping.within_schema(&answers.table), lines.join(",\n"));
    }
    text
}

fn answer_columns(mapping: &Mapping) -> Vec<String> {
    let answers = &mapping.answers;
    let columns = [(&answers.state, "VARCHAR(2)"), (&answers.code, "VARCHAR(50)"), (&answers.reason, "VARCHAR(1000)")];
    columns.into_iter().filter(|(name, _)| !name.is_empty()).map(|(name, kind)| format!("    {name} {kind}")).collect()
}

fn kind(mapping: &Mapping, table: Table, column: &Column) -> String {
    let own = mapping.choices.lengths.get(&format!("{}.{}", table.name(), column.name)).copied();
    // Oracle counts bytes unless it is told otherwise.
    let unit = if mapping.dialect == Dialect::Dameng { " CHAR" } else { "" };
    match (column.kind, own) {
        (Kind::Code(count), _) => format!("CHAR({count})"),
        (Kind::Text(_) | Kind::Long, Some(count)) | (Kind::Text(count), None) => {
            format!("VARCHAR({count}{unit})")
        }
        (Kind::Long, None) if mapping.dialect == Dialect::Dameng => "CLOB".to_owned(),
        (Kind::Long, None) => "TEXT".to_owned(),
        (Kind::Number, _) => "INTEGER".to_owned(),
        (Kind::Moment, _) if mapping.dates == DateForm::Text => "VARCHAR(14)".to_owned(),
        (Kind::Moment, _) => "TIMESTAMP(0)".to_owned(),
    }
}

/// The statement that puts a row of a table in or changes it, with one parameter of text a column, in order; it answers with operation and
/// batch of the row where it did something, and with nothing where the row stands there already. `again` writes a rejected row over though it
/// is the same.
#[must_use]
pub fn upsert(mapping: &Mapping, table: Table, again: bool) -> String {
    let places = table.columns().enumerate().map(|(at, column)| cast(mapping, column, &format!("${}::text", at + 1)));
    upsert_of(mapping, table, &places.collect::<Vec<_>>(), again)
}

fn upsert_of(mapping: &Mapping, table: Table, places: &[String], again: bool) -> String {
    let name = |column: &'static str| mapping.column(column).to_owned();
    let columns: Vec<String> = table.columns().map(|column| name(column.name)).collect();
    let (operation, batch, guid) = (name("cd_operation"), name("cd_batch"), name("row_guid"));
    let answers = &mapping.answers;
    let mut set: Vec<String> = Vec::new();
    let mut differs: Vec<String> = Vec::new();
    for column in table.columns().filter(|column| column.name != "row_guid") {
        let there = mapping.column(column.name);
        if column.name == "cd_operation" && mapping.answers_in_rows() {
            // A new row that changes before it was looked at is still a new row there.
            let state = &answers.state;
            set.push(format!(
                "{there} = CASE WHEN EXCLUDED.{there} = 'U' AND kept.{there} = 'I' AND kept.{state} IS NULL THEN 'I' ELSE EXCLUDED.{there} END"
            ));
        } else {
            set.push(format!("{there} = EXCLUDED.{there}"));
        }
        if !OF_SENDING.contains(&column.name) {
            differs.push(format!("kept.{there} IS DISTINCT FROM EXCLUDED.{there}"));
        }
    }
    differs.push(format!("(kept.{operation} = 'D') IS DISTINCT FROM (EXCLUDED.{operation} = 'D')"));
    if mapping.answers_in_rows() {
        for column in [&answers.state, &answers.code, &answers.reason] {
            if !column.is_empty() {
                set.push(format!("{column} = NULL"));
            }
        }
        if again && !answers.rejected.is_empty() {
            let rejected: Vec<String> = answers.rejected.iter().map(|value| literal(value)).collect();
            differs.push(format!("kept.{} IN ({})", answers.state, rejected.join(", ")));
        }
    } else if again {
        differs.push("TRUE".to_owned());
    }
    format!(
        "INSERT INTO {} AS kept ({}) VALUES ({}) ON CONFLICT ({guid}) DO UPDATE SET {} WHERE {} RETURNING kept.{operation}, kept.{batch}",
        mapping.table(table),
        columns.join(", "),
        places.join(", "),
        set.join(", "),
        differs.join(" OR "),
    )
}

fn cast(mapping: &Mapping, column: &Column, place: &str) -> String {
    match column.kind {
        Kind::Number => format!("{place}::integer"),
        Kind::Moment if mapping.dates == DateForm::Timestamp => {
            format!("to_timestamp({place}, 'YYYYMMDDHH24MISS')::timestamp")
        }
        _ => place.to_owned(),
    }
}

/// A script of rows for a database that this node doesn't reach, one transaction; run twice it leaves what one run left. `again` as in
/// [`upsert`].
#[must_use]
pub fn script(mapping: &Mapping, rows: &[ReportedRow], again: bool) -> String {
    let mut text = String::new();
    if mapping.dialect != Dialect::Dameng {
        text.push_str("BEGIN;\nSET LOCAL TIME ZONE 'UTC';\n");
    }
    for row in rows {
        let Some(table) = Table::named(&row.table) else { continue };
        if is_taken_back(table, row) {
            let place =
                |column: &str| table.column(column).map_or_else(String::new, |column| written(mapping, column, row));
            let _ = writeln!(text, "{};", taking_back(mapping, table, place));
            continue;
        }
        let values: Vec<String> = table.columns().map(|column| written(mapping, column, row)).collect();
        let statement = match mapping.dialect {
            Dialect::Postgres | Dialect::Kingbase => upsert_of(mapping, table, &values, again),
            Dialect::Dameng => merge(mapping, table, &values),
        };
        let _ = writeln!(text, "{statement};");
    }
    text.push_str("COMMIT;\n");
    text
}

/// Whether a row is taken back by what says so alone: of a case's row nothing else is kept.
#[must_use]
pub fn is_taken_back(table: Table, row: &ReportedRow) -> bool {
    matches!(table, Table::Case(_)) && row.operation == Operation::Delete
}

/// The statement that takes back a row of a table, with `row_guid`, `cd_operation`, `cd_batch` and `cd_time` as parameters of text, in this
/// order; it answers as [`upsert`].
#[must_use]
pub fn take_back(mapping: &Mapping, table: Table) -> String {
    let place = |wanted: &str| {
        let at = TAKEN_BACK.iter().position(|column| *column == wanted).map_or(0, |at| at + 1);
        table.column(wanted).map_or_else(String::new, |column| cast(mapping, column, &format!("${at}::text")))
    };
    let [operation, batch] = ["cd_operation", "cd_batch"].map(|column| mapping.column(column));
    format!("{} RETURNING {operation}, {batch}", taking_back(mapping, table, place))
}

/// The parameters of [`take_back`].
pub const TAKEN_BACK: [&str; 4] = ["row_guid", "cd_operation", "cd_batch", "cd_time"];

fn taking_back(mapping: &Mapping, table: Table, place: impl Fn(&str) -> String) -> String {
    let mut set: Vec<String> =
        OF_SENDING.iter().map(|column| format!("{} = {}", mapping.column(column), place(column))).collect();
    if mapping.answers_in_rows() {
        let answers = &mapping.answers;
        let named = [&answers.state, &answers.code, &answers.reason].into_iter().filter(|name| !name.is_empty());
        set.extend(named.map(|name| format!("{name} = NULL")));
    }
    format!(
        "UPDATE {} SET {} WHERE {} = {} AND {} <> 'D'",
        mapping.table(table),
        set.join(", "),
        mapping.column("row_guid"),
        place("row_guid"),
        mapping.column("cd_operation"),
    )
}

/// MERGE as Oracle has it. Long texts can't be compared there, so that a row is always written over, with what it was.
fn merge(mapping: &Mapping, table: Table, values: &[String]) -> String {
    let columns: Vec<&str> = table.columns().map(|column| mapping.column(column.name)).collect();
    let guid = mapping.column("row_guid");
    let given: Vec<String> = columns.iter().zip(values).map(|(column, value)| format!("{value} AS {column}")).collect();
    let mut set: Vec<String> = columns
        .iter()
        .filter(|column| **column != guid)
        .map(|column| format!("kept.{column} = sent.{column}"))
        .collect();
    if mapping.answers_in_rows() {
        let answers = &mapping.answers;
        let named = [&answers.state, &answers.code, &answers.reason].into_iter().filter(|name| !name.is_empty());
        set.extend(named.map(|name| format!("kept.{name} = NULL")));
    }
    let sent: Vec<String> = columns.iter().map(|column| format!("sent.{column}")).collect();
    format!(
        "MERGE INTO {} kept USING (SELECT {} FROM DUAL) sent ON (kept.{guid} = sent.{guid}) WHEN MATCHED THEN UPDATE SET {} WHEN NOT MATCHED THEN INSERT ({}) VALUES ({})",
        mapping.table(table),
        given.join(", "),
        set.join(", "),
        columns.join(", "),
        sent.join(", "),
    )
}

fn written(mapping: &Mapping, column: &Column, row: &ReportedRow) -> String {
    let Some(value) = value(row, column.name) else { return "NULL".to_owned() };
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    match (column.kind, mapping.dialect) {
        (Kind::Number, _) if is_number => value,
        (Kind::Moment, Dialect::Dameng) if mapping.dates == DateForm::Timestamp => {
            format!("TO_DATE({}, 'YYYYMMDDHH24MISS')", literal(&value))
        }
        (_, Dialect::Dameng) => literal(&value),
        _ => cast(mapping, column, &format!("{}::text", literal(&value))),
    }
}

/// A text between quotes; standard strings know no other escape.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\0', "").replace('\'', "''"))
}
