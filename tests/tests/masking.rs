//! What the hall that collected a case still tells of people once the case is another's: nothing, by any answer, print or download; and what it
//! still has when the case has ended there: nothing but a masked name and six characters.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use system_tests::{
    CITY, Cluster, HOME, Item, Node, TOWNSHIP, Tree, citizen, drawn_again, paper, seen, socket, within,
};
use tongban_codes::ids::CaseId;
use tongban_storage::keyspace::delivery::{SENT, SENT_OF};
use tongban_storage::keyspace::material::HELD;

const TREE: Tree = Tree::HUBEI;
const CODE: &str = "420A0015500013-420106000000-000-1-1-00";
const SHORT: &str = "420A0015500013";
const NAME: &str = "诸葛孔明";
const MASKED: &str = "诸***";
const NUMBER: &str = "110101199003070011";
const AGENT: &str = "司马仲达";

/// What must not be told: name and number of the applicant and of his agent.
fn secrets() -> [String; 4] {
    [NAME.to_owned(), NUMBER.to_owned(), AGENT.to_owned(), citizen(7)]
}

fn cluster() -> Cluster {
    let cluster = Cluster::joined(TREE);
    cluster.publish(HOME, &[Item::permit(CODE, TREE.code(CITY))]);
    for place in [HOME, TOWNSHIP] {
        cluster.node(place).staff();
    }
    cluster
}

/// A case with a diagnosis, brought by an agent and held back at the township.
fn collect(cluster: &Cluster, content: &[u8]) -> String {
    let (diagnosis, power) = (cluster.file("diagnosis.pdf", content), cluster.file("power.pdf", b"power"));
    let (material, power) = (format!("诊断书={}", diagnosis.display()), power.to_string_lossy().into_owned());
    let agent = citizen(7);
    let words = [
        "case",
        "collect",
        "--item",
        SHORT,
        "--for",
        TREE.code(HOME),
        "--hold",
        "--name",
        NAME,
        "--id",
        NUMBER,
        "--material",
        &material,
        "--agent-name",
        AGENT,
        "--agent-id",
        &agent,
        "--power-of-attorney",
        &power,
    ];
    cluster.node(TOWNSHIP).eventually(20, &words)["case"].as_str().unwrap_or_default().to_owned()
}

fn shown(node: &Node, case: &str) -> Value {
    node.get(&format!("/v1/cases/show?case={case}"))
}

#[track_caller]
fn until(node: &Node, case: &str, awaited: &str, holds: impl Fn(&Value) -> bool) -> Value {
    within(40, &format!("{awaited} at {}", node.name), || {
        let now = shown(node, case);
        seen(holds(&now), now)
    })
}

fn download(cluster: &Cluster, node: &Node, case: &str) -> (i32, Value, Option<Vec<u8>>) {
    let out = cluster.root().join("download");
    let (exit, answer) = node.call(&["case", "material", case, "诊断书", "--file", &out.to_string_lossy()]);
    let bytes = fs::read(&out).ok();
    let _gone = fs::remove_file(&out);
    (exit, answer, bytes)
}

/// Everything that a node says of a case, by the API and by the command line in both of its forms, and on paper.
fn told(node: &Node, case: &str) -> Vec<(String, String)> {
    let code = shown(node, case)["query_code"].as_str().unwrap_or_default().to_owned();
    let mut all = Vec::new();
    let paths = ["cases", "cases/queue", "cases/reclaims", "status", "sync/status", "sync/quarantine", "applications"];
    let more = ["aggregate/status", "supervise/cards", "supervise/orders", "ratings", "tickets", "operators"];
    let of_case = ["show", "ledger", "prints", "whereis"].map(|view| format!("/v1/cases/{view}?case={case}"));
    let progress = format!("/v1/cases/progress?code={code}&proof={}", &NUMBER[12..]);
    let general = paths.into_iter().chain(more).map(|path| format!("/v1/{path}"));
    for path in general.chain(of_case).chain([progress]) {
        let answer = socket::get(&node.socket(), &path).expect("the node answers");
        all.push((path, answer.body.to_string()));
    }
    for words in [
        vec!["case", "show", case],
        vec!["case", "history", case],
        vec!["case", "list"],
        vec!["case", "prints", case],
        vec!["case", "whereis", case],
        vec!["case", "ledger", case],
        vec!["case", "progress", &code, "--proof", &NUMBER[12..]],
        vec!["sync", "why", case],
        vec!["sync", "quarantine", "list"],
        vec!["supervise", "cards"],
    ] {
        all.push((words.join(" "), node.text(&words)));
        all.push((words.join(" "), node.call(&words).1.to_string()));
    }
    all.push(("slip".to_owned(), paper(node, case, "collection-slip")));
    all
}

#[track_caller]
fn tells_nothing(node: &Node, case: &str) {
    for (from, text) in told(node, case) {
        for secret in secrets() {
            assert!(!text.contains(&secret), "{} tells {secret} by {from}: {text}", node.name);
        }
    }
}

fn stored(node: &Node) -> Vec<PathBuf> {
    fn all(folder: &std::path::Path) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
        paths.flat_map(|path| if path.is_dir() { all(&path) } else { vec![path] }).collect()
    }
    let mut files = all(&node.dir.join("data/materials"));
    files.retain(|path| path.extension().is_none());
    files
}

#[test]
fn the_collecting_hall_tells_nothing_after_the_handover_and_keeps_nothing_after_the_end() {
    let cluster = cluster();
    let (home, town) = (cluster.node(HOME), cluster.node(TOWNSHIP));
    let contents = [0, 1].map(|number| format!("diagnosis {number} of {NAME} {NUMBER}").into_bytes());
    let [ended, open] = [0, 1].map(|number| collect(&cluster, &contents[number]));

    // Where it is it is shown, to those who may read it.
    for (case, content) in [(&ended, &contents[0]), (&open, &contents[1])] {
        assert!(paper(town, case, "collection-slip").contains(NAME));
        assert_eq!(download(&cluster, town, case).2.as_ref(), Some(content));
    }
    // What comes back is shown again.
    home.ok(&["item", "suspend", SHORT, "--reason", "设备检修"]);
    town.ok(&["case", "offer", &open]);
    until(town, &open, "the refused case", |now| {
        now["custody"] == "owner" && now["history"].to_string().contains("refuse-custody")
    });
    assert!(paper(town, &open, "collection-slip").contains(NAME));
    assert_eq!(download(&cluster, town, &open).2.as_ref(), Some(&contents[1]));
    home.ok(&["item", "resume", SHORT]);

    for case in [&ended, &open] {
        town.ok(&["case", "offer", case]);
        until(town, case, "the discharge", |now| now["custody"] == "elsewhere");
        until(home, case, "the file", |now| now["materials"][0]["file"] == "here");
        let sealed = shown(town, case);
        assert_eq!(
            (&sealed["applicant"], &sealed["materials"][0]["file"]),
            (&MASKED.into(), &"sealed".into()),
            "{sealed}"
        );
        assert_eq!(sealed["forgotten_at"], Value::Null);
        tells_nothing(town, case);
        assert!(paper(town, case, "collection-slip").contains(MASKED));
        // What was printed in full before is drawn masked now.
        let first = drawn_again(town, case, "collection-slip", 1, 1);
        assert!(first.contains(MASKED) && !first.contains(NAME), "{first}");
        let (exit, answer, bytes) = download(&cluster, town, case);
        assert_eq!(
            (exit, answer["error"]["code"].as_str(), bytes),
            (1, Some("material-handed-over"), None),
            "{answer}"
        );
        let digest = sealed["materials"][0]["sha256"].as_str().unwrap_or_default();
        let answer = socket::get(&town.socket(), &format!("/v1/cases/material?case={case}&material={digest}"));
        assert_eq!(answer.expect("the node answers").code(), "material-handed-over");
        // Who decides has all of it.
        assert!(download(&cluster, home, case).2.is_some());
        home.ok(&["case", "accept", case]);
        assert!(paper(home, case, "acceptance").contains(NAME));
    }

    // The end: what is left is a masked name, and six characters that prove who asks.
    home.ok(&["case", "decide", &ended, "--grant"]);
    home.ok(&["case", "deliver", &ended]);
    home.ok(&["case", "close", &ended]);
    let left = until(town, &ended, "the end", |now| now["state"] == "closed");
    assert!(left["forgotten_at"].is_string(), "{left}");
    assert_eq!((&left["applicant"], &left["agent"]["name"]), (&MASKED.into(), &"司***".into()), "{left}");
    assert_eq!(left["materials"][0]["file"], "elsewhere", "{left}");
    tells_nothing(town, &ended);
    let code = left["query_code"].as_str().unwrap_or_default().to_owned();
    town.refused(&["case", "progress", &code, "--proof", "000000"], "progress-unproven");
    assert_eq!(town.ok(&["case", "progress", &code, "--proof", &NUMBER[12..]])["state"], "closed");
    assert_eq!(home.ok(&["case", "progress", &code, "--proof", &NUMBER[12..]])["state"], "closed");
    assert!(paper(home, &ended, "acceptance").contains(NAME));
    assert!(download(&cluster, home, &ended).2.is_some());

    // Nor does its store have more of it: of the case that goes on it has all, sealed, for that may come back.
    let [ended_id, open_id] = [&ended, &open].map(|case| case.parse::<CaseId>().expect("an id"));
    cluster.edit_store(TOWNSHIP, |state, _| {
        let held: Vec<CaseId> =
            HELD.list(state, &[], None, 9).expect("readable").into_iter().map(|row| row.0.0).collect();
        assert_eq!(held, [open_id]);
        let of: Vec<CaseId> =
            SENT_OF.list(state, &[], None, 9).expect("readable").into_iter().map(|row| row.0.0).collect();
        assert!(!of.is_empty() && of.iter().all(|case| *case == open_id), "{of:?} but {ended_id}");
        let sent = SENT.list(state, &[], None, 99).expect("readable");
        let says = |bytes: &[u8]| bytes.windows(NAME.len()).any(|window| window == NAME.as_bytes());
        assert_eq!(sent.iter().filter(|(_, row)| row.envelope.is_empty()).count(), 1);
        assert!(sent.iter().all(|(_, row)| !row.receipt.is_empty()), "that it was sent, and answered, stays");
        assert_eq!(
            sent.iter().filter(|(_, row)| says(&row.envelope)).count(),
            2,
            "the offers of the case that goes on"
        );
    });
    // The file itself goes with the next sweep, and a restart tells no more than before.
    assert_eq!(stored(town).len(), 2);
    town.kill();
    let old = SystemTime::now() - Duration::from_secs(25 * 3600);
    for path in stored(town) {
        let opened = File::options().write(true).open(path).expect("it is there");
        opened.set_modified(old).expect("it is ours");
    }
    town.start();
    within(20, "the file of the case that has ended is gone", || {
        let left = stored(town);
        seen(left.len() == 1, format!("{left:?}")).map(drop)
    });
    for case in [&ended, &open] {
        tells_nothing(town, case);
    }
    assert_eq!(town.ok(&["aggregate", "audit"])["equal"], true);
}
