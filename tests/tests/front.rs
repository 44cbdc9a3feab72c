//! Reports to a front database, which is a real PostgreSQL: nothing twice, whatever breaks off, and what it says comes back.

use std::process::Command;

use serde_json::Value;
use system_tests::{Cluster, FrontDatabase, HOME, NEIGHBOUR, Node, binary};

const FULL: &str = include_str!("../data/guesthouse-permit.json");
const CODE: &str = "511A0015500013";

/// Rows of the full item: itself, its extension, two materials, a question.
const ROWS: u64 = 5;

const TABLES: [&str; 5] = ["basic", "extend", "material", "fee_project", "questions"];

struct Stage {
    cluster: Cluster,
    front: FrontDatabase,
}

impl Stage {
    /// A county with a full item, and two that lack nearly everything; an empty front database.
    fn new() -> Self {
        let mut cluster = Cluster::new();
        cluster.init(HOME, "511602", "广安区").start();
        let stage = Self { cluster, front: FrontDatabase::start() };
        stage.import(FULL);
        let file = stage.cluster.file("permits.csv", system_tests::permits(2, "511602", "511603").0.as_bytes());
        stage.node().ok(&["item", "import", &file.to_string_lossy()]);
        stage.node().ok(&["item", "publish", "--all"]);
        stage.front.run(&stage.ddl());
        stage
    }

    fn node(&self) -> &Node {
        self.cluster.node(HOME)
    }

    fn import(&self, items: &str) {
        let file = self.cluster.file("items.json", items.as_bytes());
        let report = self.node().ok(&["item", "import", &file.to_string_lossy()]);
        assert_eq!((&report["imported"], &report["rejected"]), (&1.into(), &0.into()), "{report}");
    }

    /// A new version of the full item, in which a text is another.
    fn change(&self, from: &str, to: &str) {
        assert!(FULL.contains(from), "{from}");
        self.import(&FULL.replace(from, to));
        self.node().ok(&["item", "publish", CODE]);
    }

    fn ddl(&self) -> String {
        let output = Command::new(binary()).args(["item", "report", "--ddl"]).output().expect("the binary starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("SQL is UTF-8")
    }

    fn report(&self, more: &[&str]) -> Value {
        let address = self.front.address();
        self.node().ok(&[&["item", "report", "--to", &address], more].concat())
    }

    fn reconcile(&self) -> (i32, Value) {
        let address = self.front.address();
        self.node().call(&["item", "reconcile", "--from", &address])
    }

    /// Rows there, and how many of them have a guid of their own.
    fn counts(&self) -> (u64, u64) {
        let union: Vec<String> = TABLES.iter().map(|t| format!("SELECT row_guid FROM up_task_general_{t}")).collect();
        let union = union.join(" UNION ALL ");
        let text = self.front.run(&format!("SELECT count(*), count(DISTINCT row_guid) FROM ({union}) AS rows"));
        let number = |at: usize| text[0][at].parse().expect("a count is a number");
        (number(0), number(1))
    }

    /// Everything that lies there, as text.
    fn lies(&self) -> Vec<Vec<String>> {
        TABLES
            .iter()
            .flat_map(|table| {
                self.front.run(&format!("SELECT t::text FROM up_task_general_{table} AS t ORDER BY row_guid"))
            })
            .collect()
    }

    fn operations(&self) -> Vec<Vec<String>> {
        let union: Vec<String> =
            TABLES.iter().map(|t| format!("SELECT cd_operation FROM up_task_general_{t}")).collect();
        let union = union.join(" UNION ALL ");
        self.front.run(&format!("SELECT cd_operation, count(*) FROM ({union}) AS rows GROUP BY 1 ORDER BY 1"))
    }

    /// The other side takes everything that it hasn't looked at.
    fn take(&self) {
        for table in TABLES {
            self.front
                .run(&format!("UPDATE up_task_general_{table} SET exchange_state = '1' WHERE exchange_state IS NULL"));
        }
    }
}

fn counts_of(sent: &Value) -> [u64; 4] {
    ["inserted", "updated", "deleted", "written"].map(|name| sent[name].as_u64().unwrap_or(u64::MAX))
}

#[test]
fn a_report_that_is_repeated_makes_no_double_row() {
    let stage = Stage::new();
    let sent = stage.report(&[]);
    assert_eq!(counts_of(&sent), [ROWS, 0, 0, ROWS], "{sent}");
    // What lacks a field isn't there at all, and each field is named.
    assert_eq!(sent["lacking"], 2, "{sent}");
    let lacks = sent["lacks"].as_array().cloned().unwrap_or_default();
    assert!(lacks.iter().any(|lack| lack["column"] == "accept_condition" && lack["remedy_zh"] != ""), "{sent}");
    assert_eq!(stage.counts(), (ROWS, ROWS));
    let row = stage.front.run(
        "SELECT task_code, catalog_code, server_type, project_type, promise_day, to_char(plan_effective_date, 'YYYYMMDDHH24MISS'), \
         use_level, data_source, cd_operation FROM up_task_general_basic",
    );
    let expected =
        ["11370800MB285591844000123013001", "000123013001", "1^2", "2", "5", "20260914000000", "4", "51", "I"];
    assert_eq!(row, [expected.map(str::to_owned)]);
    let before = stage.lies();
    let sent = stage.report(&[]);
    assert_eq!(counts_of(&sent), [0, 0, 0, 0], "{sent}");
    assert_eq!(stage.lies(), before);

    // One field is another: one row is changed.
    stage.take();
    stage.change("\"visits\": \"0\"", "\"visits\": \"1\", \"visits_reason\": \"现场核验\"");
    let dry = stage.node().ok(&["item", "report", "--dry-run"]);
    assert_eq!(counts_of(&dry), [0, 2, 0, 0], "{dry}");
    let sent = stage.report(&[]);
    assert_eq!(counts_of(&sent), [0, 2, 0, 2], "the number in one table, its reason in the other: {sent}");
    assert_eq!(stage.operations(), [["I", "3"], ["U", "2"]]);
    let unseen = "SELECT count(*) FROM up_task_general_basic WHERE exchange_state IS NULL AND cd_operation = 'U'";
    assert_eq!(stage.front.value(unseen), "1", "a changed row is to be looked at again");

    // Withdrawn: every row is told to go, and stays one row.
    stage.take();
    stage.node().ok(&["item", "withdraw", CODE, "--yes"]);
    let sent = stage.report(&[]);
    assert_eq!(counts_of(&sent), [0, 0, ROWS, ROWS], "{sent}");
    assert_eq!(stage.counts(), (ROWS, ROWS));
    assert_eq!(stage.operations(), [["D", "5"]]);
    assert_eq!(stage.front.value("SELECT task_state FROM up_task_general_basic"), "3");
    assert_eq!(counts_of(&stage.report(&[])), [0, 0, 0, 0]);
}

/// The front database has the batch, and the node never hears of it.
#[test]
fn a_node_killed_between_commit_and_record_sends_nothing_twice() {
    let stage = Stage::new();
    stage.front.kill_between_commit_and_record(stage.node(), &["item", "report"], "up_task_general_basic");
    assert_eq!(stage.counts(), (ROWS, ROWS), "it was committed there");
    let before = stage.lies();
    stage.node().start();
    let sent = stage.report(&[]);
    assert_eq!(counts_of(&sent), [ROWS, 0, 0, 0], "the node thinks that it is new, and finds it there: {sent}");
    assert_eq!(stage.lies(), before);
    assert_eq!(counts_of(&stage.report(&[])), [0, 0, 0, 0]);

    // A row that is refused keeps back its item: nothing of it is there, nothing is remembered.
    stage.change("\"visits\": \"0\"", "\"visits\": \"1\", \"visits_reason\": \"现场核验\"");
    stage.front.run("ALTER TABLE up_task_general_extend ADD CONSTRAINT short CHECK (length(limit_scene_explain) < 2)");
    let (exit, sent) = stage.node().call(&["item", "report", "--to", &stage.front.address()]);
    assert_eq!((exit, &sent["refused"]), (1, &1.into()), "{sent}");
    let lacks = sent["lacks"].as_array().cloned().unwrap_or_default();
    let refused = lacks.iter().filter(|lack| lack["code"] == "front-row-refused");
    let of_item = refused.map(|lack| lack["item"].as_str().is_some_and(|item| item.starts_with(CODE)));
    assert_eq!(of_item.collect::<Vec<_>>(), [true], "{sent}");
    assert_eq!(stage.lies(), before, "all of an item, or nothing");
    stage.front.run("ALTER TABLE up_task_general_extend DROP CONSTRAINT short");
    // Nobody has looked at the new rows: changed, they are new ones there still.
    assert_eq!(counts_of(&stage.report(&[]))[3], 2);
    assert_eq!(stage.operations(), [["I", "5"]]);
}

#[test]
fn what_the_other_side_says_is_reconciled() {
    let stage = Stage::new();
    stage.report(&[]);
    let (exit, said) = stage.reconcile();
    assert_eq!((exit, &said["waiting"], &said["accepted"]), (0, &ROWS.into(), &0.into()), "{said}");
    stage.front.run(
        "UPDATE up_task_general_basic SET exchange_state = '1';
         UPDATE up_task_general_questions SET exchange_state = '1';
         UPDATE up_task_general_extend SET exchange_state = '2', exchange_code = 'E07', exchange_error = '是否网办 与 is_express 不符';
         UPDATE up_task_general_material SET exchange_state = '1' WHERE order_num = 1;
         DELETE FROM up_task_general_material WHERE order_num = 2;
         INSERT INTO up_task_general_questions (row_guid, task_guid, task_code, order_num, question, answer, data_source, cd_operation, cd_batch, cd_time)
         SELECT 'somebody-else', task_guid, task_code, 9, 'q', 'a', '51', 'I', cd_batch, cd_time FROM up_task_general_questions",
    );
    let (exit, said) = stage.reconcile();
    assert_eq!((exit, &said["accepted"], &said["new"]), (1, &3.into(), &4.into()), "{said}");
    let rejected = &said["rejected"][0];
    assert_eq!((&rejected["code"], &rejected["table"]), (&"E07".into(), &"up_task_general_extend".into()), "{said}");
    assert!(rejected["remedy_zh"].as_str().unwrap_or_default().contains("is_express"), "{said}");
    assert_eq!(said["missing"][0]["name"], "卫生检测报告", "{said}");
    assert_eq!(said["unknown"], serde_json::json!(["somebody-else"]), "{said}");
    // Read again it is the same, and remembered over a restart.
    stage.node().kill();
    stage.node().start();
    let (_, again) = stage.reconcile();
    assert_eq!((&again["rejected"], &again["new"]), (&said["rejected"], &0.into()), "{again}");

    // What was lost goes out by itself. What was rejected doesn't unless it changes, or that is wanted, and is a new row still.
    assert_eq!(counts_of(&stage.report(&[])), [1, 0, 0, 1]);
    assert_eq!(counts_of(&stage.report(&[])), [0, 0, 0, 0]);
    assert_eq!(counts_of(&stage.report(&["--again"])), [1, 0, 0, 1]);
    assert_eq!(stage.front.run("SELECT cd_operation, exchange_state FROM up_task_general_extend"), [["I", "-"]]);
    stage.front.run("UPDATE up_task_general_extend SET exchange_state = '1'");
    let (_, said) = stage.reconcile();
    assert_eq!((&said["accepted"], &said["rejected"]), (&4.into(), &serde_json::json!([])), "{said}");
    assert_eq!((&said["waiting"], &said["missing"]), (&1.into(), &serde_json::json!([])), "{said}");
}

/// Without a connection: files out, a file of answers back.
#[test]
fn files_carry_the_same_rows() {
    let stage = Stage::new();
    let out = stage.cluster.root().join("out");
    let place = out.to_string_lossy().into_owned();
    let sent = stage.node().ok(&["item", "report", "--to-files", &place]);
    let batch = sent["batch"].as_str().unwrap_or_default().to_owned();
    let read = |name: &str| std::fs::read_to_string(out.join(&batch).join(name)).expect("the file was written");
    let manifest: Value = serde_json::from_str(&read("manifest.json")).expect("the manifest is JSON");
    assert_eq!(manifest["files"].as_array().map(Vec::len), Some(4), "{manifest}");
    for file in manifest["files"].as_array().into_iter().flatten() {
        let text = read(file["name"].as_str().unwrap_or_default());
        assert_eq!(file["sha256"], tongban_codes::ids::Digest::of(text.as_bytes()).to_string(), "{manifest}");
        assert_eq!(file["rows"].as_u64(), Some(text.matches("\r\n").count() as u64 - 1), "{manifest}");
    }
    assert_eq!(counts_of(&stage.node().ok(&["item", "report", "--to-files", &place])), [0, 0, 0, 0]);
    let again = stage.node().ok(&["item", "report", "--to-files", &place, "--since", "0"]);
    assert_eq!(again["rows"], ROWS, "{again}");

    let basic = read("up_task_general_basic.csv");
    let guid = basic.lines().nth(1).and_then(|line| line.split(',').next()).unwrap_or_default();
    let answers = format!(
        "row_guid,exchange_state,exchange_code,exchange_error\n{guid},2,E01,事项名称与目录不一致\nnobody,1,,\n"
    );
    let answers = stage.cluster.file("answers.csv", answers.as_bytes());
    let (exit, said) = stage.node().call(&["item", "reconcile", "--from", &answers.to_string_lossy()]);
    assert_eq!((exit, said["rejected"][0]["row_guid"].as_str()), (1, Some(guid)), "{said}");
    assert_eq!(said["rejected"][0]["remedy_en"].as_str().map(|text| text.contains("task_name")), Some(true), "{said}");
    assert_eq!((&said["waiting"], &said["unknown"]), (&(ROWS - 1).into(), &serde_json::json!(["nobody"])), "{said}");

    // For a database that speaks like Oracle.
    let mapping = stage.cluster.file("dameng.toml", b"name = \"dameng\"\ndialect = \"dameng\"\n");
    let script = stage.cluster.root().join("batch.sql");
    let arguments = ["--mapping", &mapping.to_string_lossy(), "--to-sql", &script.to_string_lossy()].map(str::to_owned);
    let arguments: Vec<&str> = ["item", "report"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    stage.node().ok(&arguments);
    let script = std::fs::read_to_string(script).expect("the script was written");
    assert_eq!(script.matches("MERGE INTO ").count() as u64, ROWS, "{script}");
    let refused = ["item", "report", "--mapping", &mapping.to_string_lossy(), "--to", "postgres://nobody@localhost/x"];
    stage.node().ok(&["item", "withdraw", CODE, "--yes"]);
    stage.node().refused(&refused, "front-dialect");
}

/// What one county reported as files comes in at another, and is reported there alike.
#[test]
fn tables_come_in_again() {
    let mut stage = Stage::new();
    let out = stage.cluster.root().join("out");
    let place = out.to_string_lossy().into_owned();
    let batch = stage.node().ok(&["item", "report", "--to-files", &place])["batch"].clone();
    let tables = out.join(batch.as_str().unwrap_or_default());
    let items = stage.node().ok(&["item", "from-tables", &tables.to_string_lossy()]);
    assert_eq!(items.as_array().map(Vec::len), Some(1), "{items}");
    // A batch of changes is no item, and all that was sent is one again.
    stage.change("\"visits\": \"0\"", "\"visits\": \"1\", \"visits_reason\": \"现场核验\"");
    let changes = stage.node().ok(&["item", "report", "--to-files", &place])["batch"].clone();
    let of = |batch: &str| out.join(batch).to_string_lossy().into_owned();
    stage.node().refused(&["item", "from-tables", &of(changes.as_str().unwrap_or_default())], "front-tables");
    for (since, count) in [(batch.as_str().unwrap_or_default(), None), ("0", Some(1))] {
        stage.node().ok(&["item", "report", "--to-files", &place, "--since", since]);
        let arguments = ["item", "from-tables", &of(&format!("since-{since}"))];
        match count {
            Some(count) => assert_eq!(stage.node().ok(&arguments).as_array().map(Vec::len), Some(count)),
            None => drop(stage.node().refused(&arguments, "front-tables")),
        }
    }
    let file = stage.cluster.file("back.json", items.to_string().as_bytes());
    stage.cluster.init(NEIGHBOUR, "511603", "前锋区").start();
    let other = stage.cluster.node(NEIGHBOUR);
    let report = other.ok(&["item", "import", "--codes", "national", &file.to_string_lossy()]);
    assert_eq!((&report["imported"], &report["rejected"]), (&1.into(), &0.into()), "{report}");
    assert_eq!(report["source"]["unknown_columns"], serde_json::json!([]), "{report}");
    other.ok(&["item", "publish", "--all"]);
    let there = stage.cluster.root().join("there");
    let sent = other.ok(&["item", "report", "--to-files", &there.to_string_lossy()]);
    assert_eq!(counts_of(&sent)[0], ROWS, "{sent}");
    // Places are one text in the tables, so that name and address of one can't be told apart again.
    let own = ["row_guid", "task_guid", "cd_batch", "cd_time", "transact_addr"];
    for table in TABLES {
        let read = |root: &std::path::Path, batch: &Value| {
            let path = root.join(batch.as_str().unwrap_or_default()).join(format!("up_task_general_{table}.csv"));
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
            let head = lines.next().unwrap_or_default();
            let kept: Vec<usize> = (0..head.len()).filter(|at| !own.contains(&head[*at].as_str())).collect();
            lines.map(|line| kept.iter().map(|at| line.get(*at).cloned()).collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        assert_eq!(read(&there, &sent["batch"]), read(&out, &batch), "{table}");
    }
}

/// The script for PostgreSQL does what the connection does, and twice what once.
#[test]
fn a_script_does_what_a_connection_does() {
    let stage = Stage::new();
    let path = stage.cluster.root().join("batch.sql");
    let place = path.to_string_lossy();
    stage.node().ok(&["item", "report", "--to-sql", &place]);
    let read = || std::fs::read_to_string(&path).expect("the script was written");
    let script = read();
    // Its rows count as sent: until it has been run it is their only copy.
    stage.change("\"visits\": \"0\"", "\"visits\": \"1\", \"visits_reason\": \"现场核验\"");
    stage.node().refused(&["item", "report", "--to-sql", &place], "file-exists");
    assert_eq!(read(), script);
    let second = stage.cluster.root().join("second.sql");
    let second = second.to_string_lossy();
    for since in ["20260914", "511603000000-20260914-0001", "511602000000-20260931-0001", "../x"] {
        stage.node().refused(&["item", "report", "--to-sql", &second, "--since", since], "invalid-field");
    }
    let again = stage.node().ok(&["--yes", "item", "report", "--to-sql", &place, "--since", "0"]);
    let lines = |script: &str| {
        let mut lines: Vec<String> = script.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!((&again["rows"], lines(&read())), (&ROWS.into(), lines(&script)), "{again}");
    assert!(read().find("_basic") < read().find("_questions"), "parents before children");
    stage.front.run(&script);
    let once = stage.lies();
    assert_eq!(stage.counts(), (ROWS, ROWS));
    stage.front.run(&script);
    assert_eq!(stage.lies(), once);
    let (exit, said) = stage.reconcile();
    assert_eq!((exit, &said["waiting"]), (0, &ROWS.into()), "{said}");
}

/// A table of answers about everybody's rows: the own ones are taken, those of others aren't.
#[test]
fn answers_in_a_table_of_their_own_are_taken() {
    let stage = Stage::new();
    for batch in ["batch = \"cd_batch\"\n", "batch = \"\"\n"] {
        let mapping = format!("name = \"apart{}\"\n[answers]\ntable = \"answers\"\n{batch}", batch.len());
        let mapping = stage.cluster.file("apart.toml", mapping.as_bytes());
        let mapping = mapping.to_string_lossy();
        let address = stage.front.address();
        let sent = stage.node().ok(&["item", "report", "--to", &address, "--mapping", &mapping]);
        assert_eq!(counts_of(&sent)[0], ROWS, "{sent}");
        let has_batch = batch.contains("cd_batch");
        let column = if has_batch { "cd_batch VARCHAR(32), " } else { "" };
        stage.front.run(&format!(
            "DROP TABLE IF EXISTS answers; CREATE TABLE answers (row_guid VARCHAR(50), {column}exchange_state VARCHAR(2), \
             exchange_code VARCHAR(50), exchange_error VARCHAR(1000))"
        ));
        let column = if has_batch { "'511603000000-20261122-0001', " } else { "" };
        // More than are held in memory at once.
        stage.front.run(&format!(
            "INSERT INTO answers SELECT 'other-' || n, {column}'1', NULL, NULL FROM generate_series(1, 12000) AS n"
        ));
        // A batch that isn't said may be a blank as well as nothing.
        let tables = [("basic", "cd_batch"), ("extend", "NULL"), ("material", "''"), ("questions", "'  '")];
        for (table, column) in tables {
            let column = if has_batch { format!("{column}, ") } else { String::new() };
            let from = format!("FROM up_task_general_{table}");
            stage.front.run(&format!("INSERT INTO answers SELECT row_guid, {column}'1', NULL, NULL {from}"));
        }
        let (exit, said) = stage.node().call(&["item", "reconcile", "--from", &address, "--mapping", &mapping]);
        assert_eq!((exit, &said["accepted"], &said["waiting"]), (0, &ROWS.into(), &0.into()), "{said}");
        assert_eq!(said["unknown"], serde_json::json!([]), "{said}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let stage = Stage::new();
    let address = stage.front.address();
    let with = address.replacen("postgres@", "postgres:secret@", 1);
    let problem = stage.node().refused(&["item", "report", "--to", &with], "front-address");
    assert!(!problem.to_string().contains("secret"), "{problem}");
    stage.node().refused(&["item", "report", "--to", "mysql://x"], "front-address");
    let nowhere = "postgres://postgres@%2Ftmp%2Fnowhere/postgres";
    stage.node().refused(&["item", "report", "--to", nowhere], "front-unreachable");
    let mapping = stage.cluster.file("bad.toml", b"[columns]\ncd_batch = \"a; DROP TABLE x\"\n");
    let mapping = mapping.to_string_lossy();
    stage.node().refused(&["item", "report", "--dry-run", "--mapping", &mapping], "front-mapping");
    let other =
        stage.cluster.file("other.toml", b"name = \"other\"\n[tables]\nup_task_general_basic = \"elsewhere\"\n");
    let other = other.to_string_lossy();
    let problem = stage.node().refused(&["item", "report", "--to", &address, "--mapping", &other], "front-refused");
    assert!(problem["remedy_en"].as_str().unwrap_or_default().contains("--ddl"), "{problem}");
    // A batch of a day to come would stand behind every later one.
    let row = serde_json::json!({ "channel": "national", "batch": "511602000000-99991231-0001", "at": "2026-11-22T09:00:00+08:00", "rows": [] });
    let answer = stage.node().post("/v1/front/record", "k-1", &row).expect("the node answers");
    assert_eq!((answer.code(), answer.body["error"]["field"].as_str()), ("invalid-field", Some("batch")), "{answer:?}");
    // Whoever only sits at a window reports nothing.
    stage.node().ok(&["operator", "add", "window", "--role", "window"]);
    stage.node().refused(&["--as", "window", "item", "report", "--to", &address], "role-missing");
}
