//! Earlier cases of another system from a file: each once, whatever breaks off, shown as imported, and counted nowhere.

use std::fs;

use serde_json::{Value, json};
use system_tests::{Cluster, Item, Node, citizen, seen, within};

const CODE: &str = "330A0015500013";
const HEAD: &str = "办件编号,事项,申请人,证件号码,收件日期,受理日期,办结日期,办结结果,证照编号,备注,来源系统";

/// In GB18030: 案号,事由,当事人,身份证,日期, and a row.
const GB18030: &[u8] = b"\xb0\xb8\xba\xc5,\xca\xc2\xd3\xc9,\xb5\xb1\xca\xc2\xc8\xcb,\xc9\xed\xb7\xdd\xd6\xa4,\xc8\xd5\xc6\xda\nG-1,\xb9\xab\xb9\xb2\xb3\xa1\xcb\xf9\xce\xc0\xc9\xfa\xd0\xed\xbf\xc9,\xcd\xf5\xce\xe5,110101199003070011,2019.3.1\n";

/// A county under its city, with an item, staff and an administrator.
fn county() -> Cluster {
    let mut cluster = Cluster::new();
    cluster.init("city", "330100", "杭州市").start();
    cluster.init("county", "330106", "西湖区").start();
    cluster.join("city", "county");
    cluster.linked("city", "county");
    cluster.publish("county", &[Item::permit(CODE, "")]);
    cluster.node("county").staff();
    cluster
}

/// A row that the other system had decided.
fn decided(number: u32) -> String {
    let id = citizen(number);
    format!(
        "GA-2019-{number:06},公共场所卫生许可,测试{number},{id},2019/3/1,2019/3/4,2019/3/20,出证办结,证字第{number}号,,旧系统"
    )
}

/// A row that it hadn't.
fn open(number: u32) -> String {
    format!(
        "GA-2019-{number:06},{CODE},测试{number},{},2026-01-05,2026-01-06,,,,申请人要求加快,旧系统",
        citizen(number)
    )
}

fn write(cluster: &Cluster, name: &str, rows: &[String]) -> String {
    let path = cluster.root().join(name);
    fs::write(&path, format!("{HEAD}\n{}\n", rows.join("\n"))).expect("the disk has room");
    path.to_string_lossy().into_owned()
}

fn counts(report: &Value) -> [u64; 4] {
    ["added", "replaced", "known", "rejected"].map(|key| report[key].as_u64().unwrap_or(u64::MAX))
}

fn import(node: &Node, args: &[&str]) -> (i32, Value) {
    node.call(&[&["--yes", "case", "import"], args].concat())
}

fn batches(node: &Node) -> Vec<Value> {
    node.get("/v1/cases/import")["batches"].as_array().cloned().unwrap_or_default()
}

/// How many earlier cases a node has, by the pages of its list.
fn stands(node: &Node) -> usize {
    let (mut after, mut count) = (String::new(), 0);
    loop {
        let page = node.get(&format!("/v1/cases/earlier?limit=1000&after={after}"));
        count += page["cases"].as_array().map_or(0, Vec::len);
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => return count,
        }
    }
}

#[test]
fn rows_come_in_as_imported_and_count_nowhere() {
    let cluster = county();
    let (city, node) = (cluster.node("city"), cluster.node("county"));
    let figures = [city, node].map(|node| node.figures("month,measure"));

    // One wrong row keeps the file out; what is wrong comes back as a workbook, and nothing personal is said.
    let mut rows: Vec<String> = (0..20).map(decided).collect();
    let right = rows.clone();
    rows[7] = rows[7].replace(&citizen(7), "110101199003070012");
    let twice = rows[8].clone();
    rows[9] = twice;
    let faulty = write(&cluster, "faulty.csv", &rows);
    let errors = cluster.root().join("errors.xlsx").to_string_lossy().into_owned();
    let (exit, report) = import(node, &[&faulty, "--errors", &errors]);
    let found = report["rows"].as_array().expect("findings");
    let codes: Vec<(u64, &str)> =
        found.iter().map(|found| (found["row"].as_u64().unwrap_or(0), found["code"].as_str().unwrap_or(""))).collect();
    assert_eq!((exit, codes), (1, vec![(9, "invalid-identity"), (11, "earlier-repeated")]), "{report}");
    assert!(!report.to_string().contains("110101199003070012"), "{report}");
    assert!(fs::metadata(&errors).is_ok_and(|file| file.len() > 0));
    assert_eq!((stands(node), batches(node).len()), (0, 0));

    // A dry run says what would come, the import brings it, and the same file again brings nothing.
    let mut rows = right;
    rows.push(open(100));
    rows.push("LS-1,暂住证办理,旅客,,2018-01-02,,,,,,旧系统".to_owned());
    let file = write(&cluster, "old.csv", &rows);
    let (exit, report) = import(node, &[&file, "--dry-run"]);
    assert_eq!((exit, counts(&report)), (1, [21, 0, 0, 1]), "{report}");
    let (exit, report) = import(node, &[&file, "--dry-run", "--keep-invalid"]);
    assert_eq!((exit, counts(&report)), (0, [22, 0, 0, 0]), "{report}");
    assert_eq!(report["rows"][0]["code"], "item-unknown", "{report}");
    assert_eq!(stands(node), 0);
    let (exit, report) = import(node, &[&file, "--keep-invalid"]);
    assert_eq!((exit, counts(&report), report["again"].as_bool()), (0, [22, 0, 0, 0], Some(false)), "{report}");
    let (exit, report) = import(node, &[&file, "--keep-invalid"]);
    assert_eq!((exit, report["again"].as_bool()), (0, Some(true)), "{report}");
    assert_eq!((stands(node), batches(node).len()), (22, 1));

    // Shown by its old number, always as what it is; found by the applicant's number.
    let shown = node.ok(&["case", "show", "GA-2019-000003"]);
    assert_eq!(shown["notice"], "导入，未经本系统见证 · imported, not witnessed");
    assert_eq!((shown["result_code"].as_u64(), shown["source_system"].as_str()), (Some(0), Some("旧系统")));
    assert_eq!((shown["applicant"].as_str(), shown["id_checked"].as_bool()), (Some("测**"), Some(true)));
    assert_eq!(shown["file_digest"], batches(node)[0]["file"]);
    let text = node.text(&["case", "show", "GA-2019-000003"]);
    assert!(
        text.contains("导入，未经本系统见证") && shown["importer"].as_str().is_some_and(|name| text.contains(name)),
        "{text}"
    );
    let listed = node.ok(&["case", "list", "--imported", "--id", &citizen(3).to_lowercase()]);
    assert_eq!(listed["cases"].as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(listed["cases"][0]["old_number"], "GA-2019-000003");
    let listed = node.ok(&["case", "list", "--imported", "--open"]);
    let numbers: Vec<&str> =
        listed["cases"].as_array().expect("a list").iter().filter_map(|case| case["old_number"].as_str()).collect();
    assert_eq!(numbers, ["GA-2019-000100", "LS-1"]);
    assert_eq!(node.ok(&["case", "list"])["cases"], json!([]), "none of them is a case");
    node.refused(&["case", "accept", "GA-2019-000100"], "case-unknown");
    node.refused(&["licence", "show", "证字第3号"], "licence-unknown");

    // The superior has heard the entry, and counts what it counted.
    let size = |node: &Node, of: &Node| {
        let id = of.get("/v1/status")["node"].clone();
        let peers = node.get("/v1/sync/status");
        let rows = peers["peers"].as_array().cloned().unwrap_or_default();
        rows.iter().find(|peer| peer["node"] == id).map(ToString::to_string).unwrap_or_default()
    };
    node.ok(&["case", "take-up", "GA-2019-000100"]);
    within(30, "the city has heard of the collection, which came after the import", || {
        let now = city.figures("month,measure");
        seen(now != figures[0], format!("{now:?} {}", size(city, node)))
    });
    for (node, before) in [(city, &figures[0]), (node, &figures[1])] {
        let now: Vec<String> = node.figures("month,measure").into_iter().filter(|row| !before.contains(row)).collect();
        assert_eq!(now.len(), 1, "one collection, and nothing of twenty-two rows: {now:?}");
        let audit = node.ok(&["aggregate", "audit"]);
        assert_eq!(audit["equal"], true, "{audit}");
    }
}

#[test]
fn a_correction_an_undo_and_what_is_taken_up() {
    let cluster = county();
    let node = cluster.node("county");
    let rows = [decided(1), open(2)];
    let first = write(&cluster, "first.csv", &rows);
    let (exit, report) = import(node, &[&first]);
    assert_eq!((exit, counts(&report)), (0, [2, 0, 0, 0]), "{report}");
    let batch = report["batch"].as_str().expect("a batch").to_owned();

    let taken = node.ok(&["case", "take-up", "GA-2019-000002", "--as", "window"]);
    let case = taken["case"].as_str().expect("a case");
    let shown = node.ok(&["case", "show", case]);
    assert_eq!(shown["stated"]["number"], "GA-2019-000002");
    assert_eq!(shown["stated"]["accepted_on"], "2026-01-06");
    assert_eq!(shown["stated"]["computed_due"], "2026-02-03", "twenty working days after the stated acceptance");
    assert_eq!(shown["accepted_on"], Value::Null, "what this node hasn't witnessed it doesn't say");
    node.refused(&["case", "take-up", "GA-2019-000002"], "earlier-taken-up");
    node.refused(&["case", "take-up", "GA-2019-000001"], "earlier-decided");

    let second = write(&cluster, "second.csv", &[decided(1).replace("2019/3/20", "2019/3/21"), decided(3)]);
    let (exit, report) = import(node, &[&second]);
    assert_eq!((exit, report["rows"][0]["code"].as_str()), (1, Some("earlier-differs")), "{report}");
    let (exit, report) = import(node, &[&second, "--replace", "办结日期录入有误"]);
    assert_eq!((exit, counts(&report)), (0, [1, 1, 0, 0]), "{report}");
    let shown = node.ok(&["case", "show", "GA-2019-000001"]);
    assert_eq!(
        (&shown["decided_on"], &shown["versions"][0]["decided_on"]),
        (&json!("2019-03-21"), &json!("2019-03-20"))
    );
    assert_eq!(shown["replace_reason"], "办结日期录入有误");

    let second = report["batch"].as_str().expect("a batch");
    node.unconfirmed(&["case", "import", "--undo", second, "--reason", "误导入"]);
    node.ok(&["--yes", "case", "import", "--undo", second, "--reason", "误导入"]);
    assert_eq!(node.ok(&["case", "show", "GA-2019-000001"])["decided_on"], "2019-03-20");
    let shown = node.ok(&["case", "show", "GA-2019-000003"]);
    assert_eq!(
        (shown["earlier_standing"].as_str(), shown["batch_state"].as_str()),
        (Some("withdrawn"), Some("undone"))
    );
    assert_eq!(batches(node).len(), 2);
    // What two files say stands while one of them does.
    let of = |name: &str, rows: &[String]| {
        let (exit, report) = import(node, &[&write(&cluster, name, rows)]);
        assert_eq!(exit, 0, "{report}");
        report["batch"].as_str().expect("a batch").to_owned()
    };
    let third = of("third.csv", &[decided(4)]);
    let fourth = of("fourth.csv", &[decided(4), decided(5)]);
    for (undone, standing) in [(third, "standing"), (fourth, "withdrawn")] {
        node.ok(&["--yes", "case", "import", "--undo", &undone, "--reason", "误导入"]);
        assert_eq!(node.ok(&["case", "show", "GA-2019-000004"])["earlier_standing"], standing);
    }
    let (exit, refused) = node.call(&["--yes", "case", "import", "--undo", second, "--reason", "再次"]);
    assert_eq!((exit, refused["error"]["code"].as_str()), (1, Some("earlier-batch-state")), "{refused}");

    // All of it survives a restart.
    node.stop();
    node.start();
    assert_eq!(node.ok(&["case", "show", "GA-2019-000002"])["taken_up"]["case"].as_str(), Some(case));
    assert_eq!(batches(node).iter().filter(|known| known["batch"] == json!(batch)).count(), 1);
}

/// What was imported before the node joined a tree, and got its key of the search, is found by the applicant's number afterwards.
#[test]
fn who_was_imported_before_the_node_joined_is_found() {
    let mut cluster = Cluster::new();
    cluster.init("city", "330100", "杭州市").start();
    cluster.init("county", "330106", "西湖区").start();
    let node = cluster.node("county");
    let before = write(&cluster, "before.csv", &[decided(1)]);
    assert_eq!(import(node, &[&before]).0, 0);
    cluster.join("city", "county");
    cluster.linked("city", "county");
    let after = write(&cluster, "after.csv", &[decided(2)]);
    assert_eq!(import(node, &[&after]).0, 0);
    let found = || {
        let of = |number: u32| node.ok(&["case", "list", "--imported", "--id", &citizen(number)])["cases"].clone();
        [1, 2, 3].map(|number| of(number).as_array().map_or(0, Vec::len))
    };
    assert_eq!(found(), [1, 1, 0]);
    node.stop();
    node.start();
    assert_eq!(found(), [1, 1, 0]);
}

/// The node dies in the middle, again and again: the same file, run once more, brings each row once.
#[test]
fn a_file_that_broke_off_is_finished_by_itself() {
    const ROWS: u32 = 12_000;
    let cluster = county();
    let node = cluster.node("county");
    let rows: Vec<String> = (0..ROWS).map(decided).collect();
    let file = write(&cluster, "many.csv", &rows);
    let taken = || batches(node).first().and_then(|batch| batch["taken"].as_u64()).unwrap_or_default();
    for _ in 0..2 {
        let before = taken();
        let broken = std::thread::scope(|scope| {
            let running = scope.spawn(|| import(node, &[&file]));
            within(120, "further rows come in", || seen(taken() > before, before));
            node.kill();
            running.join().expect("it ends")
        });
        assert_eq!((broken.0, broken.1["error"]["code"].as_str()), (1, Some("import-broken-off")), "{}", broken.1);
        node.start();
    }
    assert!((1..u64::from(ROWS)).contains(&taken()), "it broke off: {}", taken());
    let (exit, report) = import(node, &[&file]);
    assert_eq!((exit, counts(&report)), (0, [u64::from(ROWS), 0, 0, 0]), "{report}");
    assert_eq!((stands(node), batches(node).len()), (ROWS as usize, 1));
    assert_eq!(batches(node)[0]["batch_state"], "finished");
    // The journal says it once.
    let audit = node.ok(&["aggregate", "audit"]);
    assert_eq!(audit["equal"], true, "{audit}");
    let (_, again) = import(node, &[&file]);
    assert_eq!(again["again"], true, "{again}");
}

#[test]
fn files_of_every_kind_and_many_faults() {
    let cluster = county();
    let node = cluster.node("county");
    // GB18030, as old systems export, under titles that a mapping explains.
    let file = cluster.file("gb.csv", GB18030).to_string_lossy().into_owned();
    node.refused(&["case", "import", &file], "head-unknown");
    let mapping = "[columns]\n\"案号\" = \"old_number\"\n\"事由\" = \"item\"\n\"当事人\" = \"applicant\"\n\"身份证\" = \"id_number\"\n\"日期\" = \"collected_on\"\n";
    let mapping = cluster.file("old.toml", mapping.as_bytes()).to_string_lossy().into_owned();
    let (exit, report) = import(node, &[&file, "--map", &mapping, "--save-map", "old", "--system", "区审批系统"]);
    assert_eq!((exit, counts(&report)), (0, [1, 0, 0, 0]), "{report}");
    let shown = node.ok(&["case", "show", "G-1"]);
    assert_eq!(
        (shown["collected_on"].as_str(), shown["source_system"].as_str()),
        (Some("2019-03-01"), Some("区审批系统"))
    );
    // The saved mapping reads the same file as the same.
    let (exit, report) = import(node, &[&file, "--map", "old", "--system", "区审批系统"]);
    assert_eq!((exit, report["again"].as_bool()), (0, Some(true)), "{report}");

    let json = r#"{"cases": [{"old_number": "J-1", "item": "公共场所卫生许可", "applicant": "赵六", "id_number": "110101199003070011", "source_system": "旧系统"}]}"#;
    let file = cluster.file("old.json", json.as_bytes()).to_string_lossy().into_owned();
    let (exit, report) = import(node, &[&file]);
    assert_eq!((exit, counts(&report)), (0, [1, 0, 0, 0]), "{report}");

    for (name, bytes, code) in [
        ("torn.csv", &b"\"a"[..], "csv-malformed"),
        ("torn.json", b"[{\"old_number\"", "json-malformed"),
        ("not.pdf", b"%PDF-1.7", "file-kind"),
        ("empty.csv", b"", "sheet-empty"),
        ("foreign.csv", b"a,b\n\xff\xff\xff,b\n", "csv-encoding"),
        ("torn.xlsx", b"PK\x03\x04xl/workbook.xml", "workbook-damaged"),
    ] {
        let file = cluster.file(name, bytes).to_string_lossy().into_owned();
        node.refused(&["case", "import", &file], code);
    }
    // A cell that no row of a person has, and one that is beyond every bound.
    let huge = "长".repeat(40_000);
    let file = write(&cluster, "huge.csv", &[decided(1).replace("旧系统", &huge)]);
    let (exit, report) = import(node, &[&file]);
    assert_eq!((exit, report["rejected"].as_u64()), (1, Some(1)), "{}", report["rows"][0]["code"]);
    assert_eq!(batches(node).len(), 2);
    // Whoever isn't an administrator brings nothing in, and sees nothing judged.
    let file = write(&cluster, "plain.csv", &[decided(1)]);
    node.refused(&["case", "import", &file, "--as", "window"], "role-missing");
    assert_eq!(stands(node), 2);
}
