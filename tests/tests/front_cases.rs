//! Reports of cases to a front database, which is a real PostgreSQL: only what changed, nothing twice whatever breaks off, and nobody's name kept.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use system_tests::{APPLICANT, Cluster, FrontDatabase, HOME, Node, binary};

const ITEM: &str = include_str!("../data/guesthouse-permit.json");
const CODE: &str = "511A0015500013";

const TABLES: [&str; 5] = ["accept", "process", "special_procedure", "material", "result"];

struct Stage {
    cluster: Cluster,
    front: FrontDatabase,
}

impl Stage {
    /// A county with an item and an empty front database.
    fn new() -> Self {
        let mut cluster = Cluster::new();
        cluster.init(HOME, "511602", "广安区").start();
        let stage = Self { cluster, front: FrontDatabase::start() };
        let file = stage.cluster.file("items.json", ITEM.as_bytes());
        stage.node().ok(&["item", "import", &file.to_string_lossy()]);
        stage.node().ok(&["item", "publish", CODE]);
        stage.node().staff();
        let output = Command::new(binary()).args(["case", "report", "--ddl"]).output().expect("the binary starts");
        let ddl = String::from_utf8(output.stdout).expect("SQL is UTF-8");
        assert!(ddl.contains("CREATE TABLE up_pro_accept") && !ddl.contains("up_task_"), "{ddl}");
        stage.front.run(&ddl);
        stage
    }

    fn node(&self) -> &Node {
        self.cluster.node(HOME)
    }

    fn accepted(&self) -> String {
        let case = self.node().collect(CODE, "511602").case;
        self.node().ok(&["case", "accept", &case]);
        case
    }

    fn report(&self, more: &[&str]) -> Value {
        let address = self.front.address();
        self.node().ok(&[&["case", "report", "--to", &address], more].concat())
    }

    /// A report of which the database refuses something.
    fn partly(&self) -> Value {
        let (exit, sent) = self.node().call(&["case", "report", "--to", &self.front.address()]);
        assert_eq!((exit, sent["refused"].as_u64().map(|count| count > 0)), (1, Some(true)), "{sent}");
        sent
    }

    fn reconcile(&self) -> (i32, Value) {
        let address = self.front.address();
        self.node().call(&["case", "reconcile", "--from", &address])
    }

    /// Operations there with how many rows have each.
    fn operations(&self) -> Vec<Vec<String>> {
        let union: Vec<String> = TABLES.iter().map(|t| format!("SELECT cd_operation FROM up_pro_{t}")).collect();
        let union = union.join(" UNION ALL ");
        self.front.run(&format!("SELECT cd_operation, count(*) FROM ({union}) AS rows GROUP BY 1 ORDER BY 1"))
    }

    /// Everything that lies there, as text.
    fn lies(&self) -> Vec<Vec<String>> {
        let of = |table: &&str| self.front.run(&format!("SELECT t::text FROM up_pro_{table} AS t ORDER BY row_guid"));
        TABLES.iter().flat_map(of).collect()
    }

    /// The other side takes everything that it hasn't looked at.
    fn take(&self) {
        for table in TABLES {
            self.front.run(&format!("UPDATE up_pro_{table} SET exchange_state = '1' WHERE exchange_state IS NULL"));
        }
    }
}

/// New, changed, withdrawn, written, and cases that were looked at.
fn counts_of(sent: &Value) -> [u64; 5] {
    ["inserted", "updated", "deleted", "written", "cases"].map(|name| sent[name].as_u64().unwrap_or(u64::MAX))
}

/// Whether a text stands anywhere in the files below a directory.
fn holds(directory: &Path, text: &str) -> bool {
    let Ok(entries) = std::fs::read_dir(directory) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[test]
fn a_case_is_reported_as_it_goes_on() {
    let stage = Stage::new();
    // From before the first report: accepted, and collected alone.
    let case = stage.accepted();
    stage.node().collect(CODE, "511602");
    let dry = stage.node().ok(&["case", "report", "--dry-run"]);
    assert_eq!(counts_of(&dry), [3, 0, 0, 0, 1], "{dry}");
    let sent = stage.report(&[]);
    assert_eq!(counts_of(&sent), [3, 0, 0, 3, 1], "acceptance, and the acts of collecting and accepting: {sent}");
    assert!(sent["batch"].as_str().unwrap_or_default().ends_with("-0001-P"), "{sent}");
    let row = stage.front.run(
        "SELECT applyer_name, applyer_page_type, applyer_page_code, task_name, task_code, org_code, accept_area_code, data_source, cd_operation \
         FROM up_pro_accept",
    );
    let expected = [
        APPLICANT.0,
        "111",
        APPLICANT.1,
        "公共场所卫生许可延续（县级）",
        "11370800MB285591844000123013001",
        "11370800MB28559184",
        "511602000000",
        "51",
        "I",
    ];
    assert_eq!(row, [expected.map(str::to_owned)]);
    // Nothing changed: no case is looked at, let alone sent.
    let before = stage.lies();
    assert_eq!(counts_of(&stage.report(&[])), [0, 0, 0, 0, 0]);
    assert_eq!(stage.lies(), before);
    // It goes on: the acts are new rows, and what stands stays.
    stage.take();
    stage.node().ok(&["case", "suspend", &case, "--procedure", "检测", "--days", "5"]);
    assert_eq!(counts_of(&stage.report(&[])), [1, 0, 0, 1, 1], "a procedure that goes on has no row of its own");
    stage.node().ok(&["case", "resume", &case, "--note", "检测合格"]);
    stage.node().ok(&["case", "decide", "--grant", &case]);
    let sent = stage.report(&[]);
    assert_eq!(counts_of(&sent), [4, 0, 0, 4, 1], "two acts, the procedure, the result: {sent}");
    let result = "SELECT result_type, is_delivery_results FROM up_pro_result";
    assert_eq!(stage.front.run(result), [["0", "0"]]);
    stage.take();
    // Delivered: one act more, and the result says so.
    stage.node().ok(&["case", "deliver", &case]);
    assert_eq!(counts_of(&stage.report(&[])), [1, 1, 0, 2, 1]);
    assert_eq!(stage.front.run(result), [["0", "1"]]);
    assert_eq!(stage.operations(), [["I", "8"], ["U", "1"]]);
    // Who applied went there, and nowhere else: neither the log nor the state of the node says it.
    stage.node().kill();
    assert!(!holds(&stage.node().dir.join("data"), APPLICANT.1), "a number lies in the clear");
}

#[test]
fn who_applied_is_for_the_administrator_alone() {
    let stage = Stage::new();
    stage.accepted();
    stage.node().ok(&["operator", "add", "目录员", "--role", "catalogue"]);
    let out = stage.cluster.root().join("out");
    let place = out.to_string_lossy().into_owned();
    stage.node().refused(&["--as", "目录员", "case", "report", "--dry-run"], "role-missing");
    stage.node().refused(&["--as", "目录员", "case", "report", "--to-files", &place], "role-missing");
    assert!(!out.exists(), "nothing was written");
    let sent = stage.node().ok(&["case", "report", "--to-files", &place]);
    let batch = out.join(sent["batch"].as_str().unwrap_or_default());
    let mode = |path: &Path| std::fs::metadata(path).expect("it was written").permissions().mode() & 0o777;
    assert_eq!(
        (mode(&batch), mode(&batch.join("up_pro_accept.csv")), mode(&batch.join("manifest.json"))),
        (0o700, 0o600, 0o600)
    );
    let script = stage.cluster.root().join("again.sql");
    let arguments = ["case", "report", "--since", "0", "--to-sql", &script.to_string_lossy()].map(str::to_owned);
    let again = stage.node().ok(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(again["rows"], 3, "{again}");
    let text = std::fs::read_to_string(&script).expect("the script was written");
    assert!(text.contains(APPLICANT.1), "what isn't kept is made anew");
    assert_eq!(mode(&script), 0o600);
    stage.front.run(&text);
    assert_eq!(stage.operations(), [["I", "3"]]);
    // They are no items.
    stage.node().refused(&["item", "from-tables", &batch.to_string_lossy()], "front-tables");
}

/// The front database has the batch, and the node never hears of it.
#[test]
fn a_node_killed_between_commit_and_record_sends_nothing_twice() {
    let stage = Stage::new();
    stage.accepted();
    stage.front.kill_between_commit_and_record(stage.node(), &["case", "report"], "up_pro_accept");
    assert_eq!(stage.operations(), [["I", "3"]], "it was committed there");
    let before = stage.lies();
    stage.node().start();
    let sent = stage.report(&[]);
    assert_eq!(counts_of(&sent), [3, 0, 0, 0, 1], "the node thinks that it is new, and finds it there: {sent}");
    assert_eq!(stage.lies(), before);
    assert_eq!(counts_of(&stage.report(&[])), [0, 0, 0, 0, 0]);
}

/// A row that the other side refuses keeps back its case, all of it, and no other; the case stays due.
#[test]
fn a_refused_row_keeps_back_its_own_case_alone() {
    let stage = Stage::new();
    let case = stage.accepted();
    stage.report(&[]);
    let before = stage.lies();
    stage.node().ok(&["case", "decide", "--grant", &case]);
    stage.front.run("ALTER TABLE up_pro_result ADD CONSTRAINT not_zero CHECK (result_type <> '0')");
    let sent = stage.partly();
    assert_eq!(counts_of(&sent), [0, 0, 0, 0, 1], "none of its rows went out: {sent}");
    let number = stage.node().ok(&["case", "show", &case])["case_no"].clone();
    let lack = &sent["lacks"][0];
    assert_eq!((&lack["code"], &lack["item"]), (&"front-row-refused".into(), &number), "{sent}");
    assert_eq!((&lack["table"], &lack["column"]), (&"up_pro_result".into(), &"not_zero".into()), "{sent}");
    assert!(!sent.to_string().contains(APPLICANT.0), "{sent}");
    assert_eq!((sent["written"].as_u64(), sent["lacking"].as_u64()), (Some(0), Some(1)), "{sent}");
    assert_eq!(stage.lies(), before, "all of a case, or nothing");
    stage.accepted();
    let sent = stage.partly();
    assert_eq!((counts_of(&sent), &sent["lacking"]), ([3, 0, 0, 3, 2], &1.into()), "another goes out: {sent}");
    stage.front.run("ALTER TABLE up_pro_result DROP CONSTRAINT not_zero");
    assert_eq!(counts_of(&stage.report(&[])), [2, 0, 0, 2, 1]);
    // A text that is too long: the database doesn't say which, the report names those that may be.
    stage.front.run("DELETE FROM up_pro_accept; ALTER TABLE up_pro_accept ALTER COLUMN task_name TYPE varchar(13)");
    stage.accepted();
    let sent = stage.partly();
    let columns = sent["lacks"][0]["column"].as_str().unwrap_or_default();
    assert!(columns.split(", ").any(|column| column == "task_name") && !columns.contains("applyer_name"), "{sent}");
    // What the whole database refuses isn't a case's fault.
    stage.front.run("ALTER TABLE up_pro_accept ALTER COLUMN task_name TYPE varchar(200); DROP TABLE up_pro_process");
    stage.accepted();
    stage.node().refused(&["case", "report", "--to", &stage.front.address()], "front-refused");
}

#[test]
fn what_the_other_side_says_of_cases_is_reconciled() {
    let stage = Stage::new();
    let address = stage.front.address();
    stage.node().refused(&["case", "reconcile", "--from", &address], "front-unreported");
    let case = stage.accepted();
    stage.report(&[]);
    let (exit, said) = stage.reconcile();
    assert_eq!((exit, &said["waiting"], &said["accepted"]), (0, &3.into(), &0.into()), "{said}");
    stage.front.run(
        "UPDATE up_pro_accept SET exchange_state = '2', exchange_code = 'E11', exchange_error = 'org_code 无效';
         UPDATE up_pro_process SET exchange_state = '1' WHERE process_name = '收件';
         DELETE FROM up_pro_process WHERE process_name = '受理';
         INSERT INTO up_pro_process SELECT 'somebody-else', project_no, process_name, event_name, handle_user_name, handle_explain, event_start_time,
             event_end_time, process_area_code, data_source, cd_operation, cd_batch, cd_time FROM up_pro_process",
    );
    let (exit, said) = stage.reconcile();
    assert_eq!((exit, &said["accepted"], &said["new"]), (1, &1.into(), &2.into()), "{said}");
    let rejected = &said["rejected"][0];
    let number = stage.node().ok(&["case", "show", &case])["case_no"].clone();
    assert_eq!((&rejected["code"], &rejected["case_no"]), (&"E11".into(), &number), "{said}");
    assert!(rejected["remedy_zh"].as_str().unwrap_or_default().contains("org_code"), "{said}");
    assert_eq!(said["missing"].as_array().map(Vec::len), Some(1), "{said}");
    assert_eq!(said["unknown"], serde_json::json!(["somebody-else"]), "{said}");
    // Read again it is the same, and remembered over a restart.
    stage.node().kill();
    stage.node().start();
    let (_, again) = stage.reconcile();
    assert_eq!((&again["rejected"], &again["new"]), (&said["rejected"], &0.into()), "{again}");
    // What was lost goes out by itself; what was rejected is looked at each time, and goes out when that is wanted.
    assert_eq!(counts_of(&stage.report(&[])), [1, 0, 0, 1, 1]);
    assert_eq!(counts_of(&stage.report(&[])), [0, 0, 0, 0, 1]);
    assert_eq!(counts_of(&stage.report(&["--again"])), [1, 0, 0, 1, 1]);
    stage.front.run("DELETE FROM up_pro_process WHERE row_guid = 'somebody-else'");
    stage.take();
    let (exit, said) = stage.reconcile();
    assert_eq!((exit, &said["accepted"], &said["waiting"]), (0, &3.into(), &0.into()), "{said}");
    assert_eq!(counts_of(&stage.report(&[]))[4], 0, "nothing is due any more");
    // Taken once and sent back later: it is found though nothing asks for it any more.
    stage.front.run("UPDATE up_pro_accept SET exchange_state = '2', exchange_code = 'E12'");
    let (exit, said) = stage.reconcile();
    assert_eq!((exit, &said["rejected"][0]["code"]), (1, &"E12".into()), "{said}");
    // By a file of answers.
    let guid = stage.front.value("SELECT row_guid FROM up_pro_accept");
    let answers = format!("row_guid,exchange_state,exchange_code,exchange_error\n{guid},1,,\nnobody,1,,\n");
    let answers = stage.cluster.file("answers.csv", answers.as_bytes());
    let (exit, said) = stage.node().call(&["case", "reconcile", "--from", &answers.to_string_lossy()]);
    assert_eq!((exit, &said["accepted"], &said["unknown"]), (1, &3.into(), &serde_json::json!(["nobody"])), "{said}");
}

/// A front database that is given up frees its place, keeps what it was told, and goes on where it was when it is opened again.
#[test]
fn a_front_database_is_closed_and_opened_again() {
    let stage = Stage::new();
    let node = stage.node();
    let case = stage.accepted();
    stage.report(&[]);
    for number in 2..=8 {
        let body = serde_json::json!({ "channel": format!("front-{number}") });
        let answer = node.post("/v1/front/cases/open", &format!("open-{number}"), &body).expect("the node answers");
        assert_eq!(answer.body["opened"], true, "{answer:?}");
    }
    let ninth = stage.cluster.file("ninth.toml", b"name = \"ninth\"\n");
    let (ninth, out) = (ninth.to_string_lossy().into_owned(), stage.cluster.root().join("out"));
    let to_ninth = ["case", "report", "--to-files", &out.to_string_lossy(), "--mapping", &ninth].map(str::to_owned);
    let to_ninth: Vec<&str> = to_ninth.iter().map(String::as_str).collect();
    let told = node.refused(&to_ninth, "front-limit");
    assert!(told["remedy_en"].as_str().unwrap_or_default().contains("front close"), "{told}");
    node.refused(&["front", "close", "nobody"], "front-unreported");
    node.ok(&["front", "close", "national"]);
    // Nothing goes there any more, of whatever; what it says of what it was told is heard.
    let address = stage.front.address();
    let before = stage.lies();
    node.refused(&["case", "report", "--to", &address], "front-closed");
    node.refused(&["case", "report", "--dry-run"], "front-closed");
    node.refused(&["item", "report", "--dry-run"], "front-closed");
    let again = stage.cluster.root().join("again.sql").to_string_lossy().into_owned();
    for subject in ["case", "item"] {
        node.refused(&[subject, "report", "--since", "0", "--to-sql", &again], "front-closed");
    }
    assert!(!Path::new(&again).exists(), "nothing was written");
    assert_eq!(stage.lies(), before);
    stage.take();
    let (exit, said) = stage.reconcile();
    assert_eq!((exit, &said["accepted"]), (0, &3.into()), "{said}");
    assert_eq!(counts_of(&node.ok(&to_ninth)), [3, 0, 0, 3, 1], "its place is free");
    node.ok(&["case", "decide", "--grant", &case]);
    node.refused(&["front", "open", "national"], "front-limit");
    node.ok(&["front", "close", "front-8"]);
    // It is as it was over a restart, and what changed meanwhile goes out under the next number.
    node.kill();
    node.start();
    let listed = node.ok(&["front", "list"]);
    let national = |listed: &Value| {
        let fronts = listed["fronts"].as_array().cloned().unwrap_or_default();
        fronts.into_iter().find(|front| front["front"] == "national").unwrap_or_default()
    };
    let closed = national(&listed);
    assert!(closed["closed_since"].is_string() && closed["untaken"] == 0, "{listed}");
    let batch = closed["case_batch"].clone();
    assert!(batch.as_str().is_some_and(|batch| batch.ends_with("-0001-P")), "{listed}");
    node.ok(&["front", "open", "national"]);
    assert_eq!(national(&node.ok(&["front", "list"]))["closed_since"], Value::Null);
    // How far all cases were gone through: an older command doesn't say after which opening, and what left out a case doesn't count.
    let surveyed = |openings: &Value| {
        let body =
            serde_json::json!({ "channel": "national", "looked": [], "is_surveyed": true, "openings": openings });
        node.post("/v1/front/cases/record", &format!("surveyed-{openings}"), &body).expect("the node answers")
    };
    assert_eq!(surveyed(&Value::Null).code(), "front-reopened");
    assert_eq!(surveyed(&1.into()).body["recorded"], 0);
    let sent = stage.report(&[]);
    assert_eq!(counts_of(&sent), [2, 0, 0, 2, 1], "what changed while it was closed, and nothing else: {sent}");
    // The number after it, of this day.
    assert!(sent["batch"].is_string() && sent["batch"] != batch, "{sent}");
    assert_eq!(counts_of(&stage.report(&[])), [0, 0, 0, 0, 0]);
}

/// More cases than one batch holds, cut off in the middle: what was sent stands, and the next report goes on with the rest.
#[test]
fn many_cases_go_out_in_batches_that_are_taken_up_again() {
    let stage = Stage::new();
    let cases = stage.node().collect_many(CODE, "511602", 0..230);
    for case in &cases {
        stage.node().ok(&["case", "accept", case]);
    }
    // The second batch is refused by a row that the first doesn't hold.
    stage.front.run(
        "CREATE FUNCTION few() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN
             IF (SELECT count(*) FROM up_pro_accept) >= 210 THEN RAISE EXCEPTION ''full''; END IF; RETURN NEW; END';
         CREATE TRIGGER few BEFORE INSERT ON up_pro_accept FOR EACH ROW EXECUTE FUNCTION few()",
    );
    let address = stage.front.address();
    stage.node().refused(&["case", "report", "--to", &address], "front-refused");
    assert_eq!(stage.front.value("SELECT count(*) FROM up_pro_accept"), "200", "the first batch stands");
    stage.front.run("DROP TRIGGER few ON up_pro_accept");
    let sent = stage.report(&[]);
    assert_eq!(counts_of(&sent), [90, 0, 0, 90, 30], "the rest, and nothing but the rest: {sent}");
    assert_eq!(stage.front.value("SELECT count(DISTINCT cd_batch) FROM up_pro_accept"), "2");
}
