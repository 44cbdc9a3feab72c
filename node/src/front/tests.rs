#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;

use tongban_codes::time::Timestamp;
use tongban_domain::tables::{Answer, Column, Family, Kind, Operation, Outgoing, ReportedRow, Subject, Table};

use super::*;

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn row(operation: Operation) -> ReportedRow {
    let values =
        [("row_guid", "g-1"), ("order_num", "1"), ("question", "多久？'; DROP TABLE x; --"), ("answer", "a\\b")];
    let values = values.map(|(column, value)| (column.to_owned(), value.to_owned())).into();
    let (item, table, guid) = ("I".to_owned(), "up_task_general_questions".to_owned(), "g-1".to_owned());
    let at = "2026-11-22T09:05:06+08:00".parse::<Timestamp>().unwrap();
    Outgoing { item, table, guid, operation, values }.sent("511602000000-20261122-0001", at)
}

#[test]
fn the_example_shows_every_default() {
    let mapping = Mapping::load(&root().join("config-examples/front-database.toml")).unwrap();
    assert_eq!(mapping, Mapping::default());
}

#[test]
fn a_mapping_says_what_it_may_not() {
    for (text, word) in [
        ("name = 1", "invalid type"),
        ("nmae = \"x\"", "nmae"),
        ("dialect = \"oracle\"", "oracle"),
        ("[tables]\nup_task_other = \"x\"", "up_task_other"),
        ("[columns]\nno_such = \"x\"", "no_such"),
        ("[columns]\nrow_guid = \"x y\"", "x y"),
        ("[answers]\nstate = \"\"", "letters"),
        ("schema = \"a.b\"", "a.b"),
        ("[choices]\nworking_days = \"d\"", "number"),
        ("[choices.lengths]\n\"up_task_general_basic.x\" = 3", "up_task_general_basic.x"),
        ("[tables]\nup_task_general_basic = \"UP_TASK_GENERAL_EXTEND\"", "up_task_general_extend: one name"),
        ("[answers]\ntable = \"up_task_general_basic\"", "up_task_general_basic: one name"),
        ("[columns]\ntask_code = \"task_name\"", "task_name: one name"),
        ("[answers]\nreason = \"exchange_code\"", "exchange_code: one name"),
        ("[answers]\ntable = \"a\"\nstate = \"ROW_GUID\"", "ROW_GUID: one name"),
    ] {
        let error = Mapping::parse(text).unwrap_err();
        assert_eq!(error.code(), "front-mapping", "{text}");
        assert!(error.to_string().contains(word), "{text}: {error}");
        assert!(!error.problem().zh.is_empty() && !error.problem().remedy_zh.is_empty());
    }
}

/// The column of special procedures that is called `result` is no reason to refuse a front database of items whose answers stand under that name.
#[test]
fn a_column_of_answers_clashes_with_the_tables_of_its_subject_alone() {
    for (text, items, cases) in [
        ("", None, None),
        ("[answers]\nstate = \"result\"", None, Some("result of up_pro_special_procedure")),
        ("[answers]\nstate = \"RESULT\"", None, Some("result of up_pro_special_procedure")),
        ("[answers]\nstate = \"result\"\n[columns]\nresult = \"special_result\"", None, None),
        ("[answers]\ntable = \"answers\"\nstate = \"result\"", None, None),
        ("[answers]\nreason = \"by_law\"", Some("by_law of up_task_general_basic"), None),
        (
            "[columns]\ntask_version = \"exchange_state\"",
            Some("task_version of"),
            Some("task_version of up_pro_accept"),
        ),
    ] {
        let mapping = Mapping::parse(text).unwrap();
        for (subject, word) in [(Subject::Items, items), (Subject::Cases, cases)] {
            match (mapping.fits(subject), word) {
                (Ok(()), None) => {}
                (Err(error), Some(word)) => {
                    assert_eq!(error.code(), "front-mapping", "{text}");
                    assert!(error.to_string().contains(&format!("the column {word}")), "{text}: {error}");
                    assert!(error.problem().zh.contains("[columns]"), "{text}: {error:?}");
                }
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }
    // Where it stands beside them, the tables are made with it, and rows go out and are answered under it.
    let mapping = Mapping::parse("[answers]\nstate = \"result\"").unwrap();
    let table = Table::named("up_task_general_questions").unwrap();
    assert!(sql::tables(&mapping, Subject::Items).contains("    result VARCHAR(2),\n"));
    assert!(sql::upsert(&mapping, table, false).contains("kept.result IS NULL"));
}

#[test]
fn other_names_are_used_everywhere() {
    let text = "schema = \"ex\"\n[tables]\nup_task_general_questions = \"faq\"\n[columns]\ncd_batch = \"batch_no\"\n\
                [answers]\ntable = \"answers\"\nbatch = \"\"";
    let mapping = Mapping::parse(text).unwrap();
    let table = Table::named("up_task_general_questions").unwrap();
    assert_eq!(mapping.table(table), "ex.faq");
    let statement = sql::upsert(&mapping, table, true);
    assert!(statement.starts_with("INSERT INTO ex.faq AS kept (row_guid, "), "{statement}");
    assert!(statement.contains("batch_no = EXCLUDED.batch_no") && !statement.contains("cd_batch"), "{statement}");
    assert!(!statement.contains("exchange_state"), "the answers lie elsewhere: {statement}");
    assert!(statement.contains(" OR TRUE RETURNING "), "{statement}");
    let tables = sql::tables(&mapping, Subject::Items);
    assert!(
        tables.contains("CREATE TABLE ex.answers (\n    row_guid VARCHAR(50) NOT NULL,\n    exchange_state"),
        "{tables}"
    );
}

#[test]
fn moments_are_fourteen_digits_in_china() {
    assert_eq!(moment(Timestamp::from_millis(0)), "19700101080000");
    assert_eq!(value(&row(Operation::Update), "cd_time").unwrap(), "20261122090506");
    assert_eq!(value(&row(Operation::Update), "cd_operation").unwrap(), "U");
}

#[test]
fn texts_in_scripts_are_texts() {
    let rows = [row(Operation::Insert)];
    let script = sql::script(&Mapping::default(), &rows, false);
    let rejected = " OR kept.exchange_state IN ('2') ";
    assert!(!script.contains(rejected), "{script}");
    assert!(sql::script(&Mapping::default(), &rows, true).contains(rejected));
    assert!(script.contains("'多久？''; DROP TABLE x; --'::text") && script.contains("'a\\b'::text"), "{script}");
    assert!(script.contains("'1'::text::integer") || script.contains(" 1,"), "{script}");
    let dameng = Mapping { dialect: Dialect::Dameng, ..Mapping::default() };
    let script = sql::script(&dameng, &rows, false);
    assert!(
        script.starts_with("MERGE INTO up_task_general_questions kept USING (SELECT 'g-1' AS row_guid"),
        "{script}"
    );
    assert!(script.contains("TO_DATE('20261122090506', 'YYYYMMDDHH24MISS') AS cd_time"), "{script}");
    assert!(script.contains("1 AS order_num") && script.ends_with(";\nCOMMIT;\n"), "{script}");
}

#[test]
fn a_batch_of_files_is_whole_and_can_be_written_again() {
    let directory = tempfile::tempdir().unwrap();
    let mapping = Mapping::default();
    let batch = "511602000000-20261122-0001";
    for operation in [Operation::Insert, Operation::Delete] {
        let place =
            files::write(directory.path(), &mapping, Subject::Items, "511602000000", batch, &[row(operation)], true)
                .unwrap();
        let manifest: files::Manifest =
            serde_json::from_slice(&std::fs::read(place.join(files::MANIFEST)).unwrap()).unwrap();
        assert_eq!(manifest.files[0].operations, BTreeMap::from([(operation.letter().to_owned(), 1)]));
        let bytes = std::fs::read(place.join("up_task_general_questions.csv")).unwrap();
        assert_eq!(tongban_codes::ids::Digest::of(&bytes), manifest.files[0].sha256);
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let head = reader.headers().unwrap().clone();
        let record = reader.records().next().unwrap().unwrap();
        // What comes out of the file is what went in.
        for (column, text) in head.iter().zip(record.iter()) {
            assert_eq!(value(&row(operation), column).unwrap_or_default(), text, "{column}");
        }
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn answers_are_read_by_the_names_that_the_mapping_gives() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("answers.csv");
    let text = "[answers]\nguid = \"id\"\nstate = \"outcome\"\ncode = \"\"\nreason = \"msg\"\naccepted = [\"S\"]\nrejected = [\"F\"]";
    let mapping = Mapping::parse(text).unwrap();
    std::fs::write(&path, "\u{feff}id,outcome,msg\na,S,\nb,F,不合格\nc,,\n").unwrap();
    let read = |path: &Path| {
        let mut readings = Vec::new();
        files::readings(path, &mapping, |reading| readings.push(reading)).map(|()| readings)
    };
    let readings = read(&path).unwrap();
    let answers: Vec<_> = readings.iter().map(|one| (one.guid.as_str(), one.answer, one.reason.as_deref())).collect();
    let rejected = ("b", Answer::Rejected, Some("不合格"));
    assert_eq!(answers, [("a", Answer::Accepted, None), rejected, ("c", Answer::Waiting, None)]);
    std::fs::write(&path, "id,msg\na,\n").unwrap();
    assert_eq!(read(&path).unwrap_err().code(), "front-answers");
    std::fs::write(&path, "id,outcome\na\n").unwrap();
    assert!(matches!(read(&path), Err(FrontError::Answers { line: 2, .. })));
}

fn kind(column: &Column) -> String {
    match column.kind {
        Kind::Text(most) => format!("varchar({most})"),
        Kind::Code(exact) => format!("char({exact})"),
        Kind::Long => "text".to_owned(),
        Kind::Number => "integer".to_owned(),
        Kind::Moment => "timestamp".to_owned(),
    }
}

/// The manual names every column as it is.
#[test]
fn the_manual_lists_every_column() {
    let page = std::fs::read_to_string(root().join("docs/front-database.md")).unwrap();
    for table in Table::all() {
        for column in table.columns() {
            let mark = |table: Table| match table.column(column.name) {
                None => '-',
                Some(column) if table.requires(column) => 'N',
                Some(_) => 'n',
            };
            let marks: String = match table {
                Table::Item(_, part) => Family::ALL.iter().map(|family| mark(Table::Item(*family, part))).collect(),
                Table::Case(_) => mark(table).to_string(),
            };
            let line = format!("| `{}` | {} | {} | {marks} |", column.name, column.zh, kind(column));
            assert!(page.contains(&line), "{}: {line}", table.name());
        }
    }
}
