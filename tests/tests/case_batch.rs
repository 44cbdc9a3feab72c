//! Acts from a file: every row once, however often the file is run and whatever breaks off.

use std::fs;

use serde_json::{Value, json};
use system_tests::{APPLICANT, Cluster, Item, Node, within};

const DIVISION: &str = "330106";
const CODE: &str = "330A0015500013";

fn hall() -> Cluster {
    let mut cluster = Cluster::new();
    cluster.init("hall", DIVISION, "西湖区").start();
    cluster.publish("hall", &[Item::permit(CODE, "")]);
    cluster.node("hall").staff();
    cluster
}

/// Collects cases and gives their numbers.
fn collected(node: &Node, count: usize) -> Vec<String> {
    let (name, id) = APPLICANT;
    let body = json!({ "item": CODE, "division": DIVISION, "name": name, "id": id });
    let collect = |number| {
        let answer = node.post("/v1/cases", &format!("collect-{number}"), &body).expect("it answers");
        answer.body["collection_no"].as_str().expect("a collected case has a number").to_owned()
    };
    (0..count).map(collect).collect()
}

fn write(cluster: &Cluster, name: &str, head: &str, rows: &[String]) -> String {
    let path = cluster.root().join(name);
    fs::write(&path, format!("{head}\n{}\n", rows.join("\n"))).expect("the disk has room");
    path.to_string_lossy().into_owned()
}

fn state(node: &Node, case: &str) -> String {
    node.get(&format!("/v1/cases/show?case={case}"))["state"].as_str().unwrap_or_default().to_owned()
}

fn acts(node: &Node, case: &str, kind: &str) -> usize {
    let shown = node.get(&format!("/v1/cases/show?case={case}"));
    shown["history"].as_array().expect("a history").iter().filter(|act| act["kind"] == kind).count()
}

/// What came of a file: exit code, then acts done, refused, not tried, and (row, code) of the findings.
fn came(node: &Node, args: &[&str]) -> (i32, [u64; 3], Vec<(u64, String)>) {
    let (exit, report) = node.call(args);
    let number = |key: &str| report[key].as_u64().unwrap_or(u64::MAX);
    let found = |finding: &Value| {
        (finding["row"].as_u64().unwrap_or_default(), finding["code"].as_str().unwrap_or_default().to_owned())
    };
    let findings = report["rows"].as_array().map(|rows| rows.iter().map(found).collect()).unwrap_or_default();
    (exit, [number("done"), number("refused"), number("untried")], findings)
}

#[test]
fn rows_that_are_refused_come_back_and_the_others_are_done() {
    let cluster = hall();
    let node = cluster.node("hall");
    let cases = collected(node, 4);
    let errors = cluster.root().join("undone.xlsx").to_string_lossy().into_owned();

    // A row that can't be read keeps the whole file from being sent.
    let rows = [format!("{},受理", cases[0]), format!("{},通过", cases[1])];
    let faulty = write(&cluster, "faulty.csv", "收件编号,操作", &rows);
    let (exit, counts, findings) = came(node, &["--yes", "case", "batch", &faulty]);
    assert_eq!((exit, counts, findings), (1, [0, 1, 1], vec![(3, "act-unknown".to_owned())]));
    assert_eq!(state(node, &cases[0]), "collected");

    // A case that isn't known is found by the dry run, which does nothing.
    let mut rows: Vec<String> = cases.iter().map(|case| format!("{case},受理,,")).collect();
    rows.insert(1, "330106-没有,受理,,".to_owned());
    rows.push(format!("{},办结,,", cases[2]));
    rows.push(format!("{},准予,,", cases[2]));
    rows.push(format!("{},补正告知,缺身份证复印件^缺签字,15", cases[3]));
    let file = write(&cluster, "acts.csv", "收件编号,操作,补正内容,补正期限", &rows);
    let (exit, counts, findings) = came(node, &["case", "batch", &file, "--dry-run"]);
    assert_eq!((exit, counts, findings), (1, [0, 1, 0], vec![(3, "case-unknown".to_owned())]));
    assert_eq!(state(node, &cases[0]), "collected");
    node.unconfirmed(&["case", "batch", &file]);

    // What the node refuses comes back with its code, and later rows of that case aren't tried.
    let (exit, counts, findings) = came(node, &["--yes", "case", "batch", &file, "--errors", &errors]);
    let codes: Vec<(u64, &str)> = findings.iter().map(|(row, code)| (*row, code.as_str())).collect();
    assert_eq!((exit, counts), (1, [4, 3, 1]), "{codes:?}");
    assert_eq!(codes, [(3, "case-unknown"), (7, "case-state"), (8, "act-not-tried"), (9, "case-state")]);
    assert_eq!(state(node, &cases[2]), "accepted");
    assert!(cases.iter().all(|case| acts(node, case, "accept") == 1));

    // The same file again does nothing twice, and says the same.
    let again = came(node, &["--yes", "case", "batch", &file]);
    assert_eq!(again, (exit, counts, findings.clone()));
    assert!(cases.iter().all(|case| acts(node, case, "accept") == 1));

    // What wasn't done is in the workbook, and nothing else.
    let (_, counts, left) = came(node, &["--yes", "case", "batch", &errors]);
    assert_eq!((counts[0], left.len()), (0, findings.len()), "{left:?}");
}

/// The node dies in the middle: the same file, run again, finishes it.
#[test]
fn a_file_that_broke_off_is_finished_by_itself() {
    const CASES: usize = 150;
    let cluster = hall();
    let node = cluster.node("hall");
    let cases = collected(node, CASES);
    let rows: Vec<String> = cases.iter().map(|case| format!("{case},受理")).collect();
    let file = write(&cluster, "accept.csv", "收件编号,操作", &rows);
    let done = || cases.iter().filter(|case| state(node, case) == "accepted").count();
    let first = std::thread::scope(|scope| {
        let running = scope.spawn(|| node.call(&["--yes", "case", "batch", &file]));
        within(30, "some rows are done", || (done() > 5).then_some(()).ok_or_else(|| "none yet".to_owned()));
        node.kill();
        running.join().expect("it ends")
    });
    assert_eq!((first.0, first.1["error"]["code"].as_str()), (1, Some("batch-broken-off")), "{first:?}");
    node.start();
    assert!(done() < CASES, "it broke off");
    let (exit, counts, findings) = came(node, &["--yes", "case", "batch", &file]);
    assert_eq!((exit, counts, findings), (0, [CASES as u64, 0, 0], Vec::new()));
    assert!(cases.iter().all(|case| acts(node, case, "accept") == 1), "each once");
}
