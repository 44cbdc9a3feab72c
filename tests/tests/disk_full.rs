//! A disk that fills at each place where a node writes: what is refused, what goes on, and what is there when space has returned.
//!
//! The small disk is a tmpfs; where none can be mounted the tests say so and pass.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use system_tests::socket::{Answer, Silence};
use system_tests::{APPLICANT, CITY, Cluster, HOME, Item, Node, SmallDisk, citizen, seen, within};
use tongban_storage::{Log, LogOptions, StorageError};

const OPEN: &str = "330A0015500013";
const CITY_CODE: &str = "330100";

/// A city on a small disk with its mark at 16 MiB, and a county on the ordinary disk.
fn cluster(mib: u32) -> Option<(SmallDisk, Cluster)> {
    let mut cluster = Cluster::new();
    // The disk is dropped first.
    let disk = SmallDisk::mount(&cluster.root().join(CITY), mib)?;
    cluster.init(CITY, CITY_CODE, "杭州市").configure(&[("low_water_mib", "16")]);
    cluster.init(HOME, "330106", "西湖区");
    cluster.nodes().for_each(Node::spawn);
    cluster.nodes().for_each(Node::ready);
    cluster.join(CITY, HOME);
    cluster.linked(CITY, HOME);
    cluster.publish(CITY, &[Item::permit(OPEN, CITY_CODE)]);
    cluster.nodes().for_each(Node::staff);
    Some((disk, cluster))
}

/// A case for the city with so many materials, 350 bytes each.
fn body(number: u32, materials: usize) -> Value {
    let material = |n| json!({ "name": format!("{n:03}{}", "材".repeat(90)), "sha256": "ab".repeat(32) });
    json!({
        "item": OPEN, "division": CITY_CODE, "name": APPLICANT.0, "id": citizen(number),
        "materials": (0..materials).map(material).collect::<Vec<_>>(),
    })
}

fn collect(node: &Node, key: &str, number: u32, materials: usize) -> Answer {
    node.post("/v1/cases", key, &body(number, materials)).expect("the node answers")
}

fn case(answer: &Answer) -> String {
    assert!(answer.is_done(), "{answer:?}");
    answer.body["case"].as_str().unwrap_or_default().to_owned()
}

/// Waits until the node has seen that its disk is low, which it looks at once a second.
fn low(node: &Node) {
    within(10, "the node sees that its disk is low", || {
        let status = node.get("/v1/status");
        seen(status["findings"].to_string().contains("disk-low"), status)
    });
}

/// Everything that can be read.
fn reads(node: &Node) -> Value {
    let mut report = node.get("/v1/aggregate/report?by=measure,division");
    report["as_of"] = Value::Null;
    json!([
        node.get("/v1/cases?limit=1000"),
        node.get("/v1/items"),
        node.get("/v1/operators"),
        report,
        node.get("/v1/aggregate/audit"),
    ])
}

/// What a node may do while it is full: nothing that is new, and everything that is known.
fn refuses_and_reads(node: &Node, first: &str) {
    let before = reads(node);
    let refused = collect(node, "new", 7, 1);
    assert_eq!((refused.status, refused.code()), (507, "disk-low"), "{refused:?}");
    let act = json!({ "case": first, "act": { "kind": "accept" } });
    let refused = node.post("/v1/cases/act", "act", &act).expect("it answers");
    assert_eq!((refused.status, refused.code()), (507, "disk-low"), "{refused:?}");
    node.refused(&["operator", "add", "late", "--role", "window"], "disk-low");
    assert_eq!(reads(node), before, "a refused act changed something");
    assert_eq!(node.ok(&["case", "whereis", first])["division"], "330100000000");
    // What was answered before is answered again.
    assert_eq!(case(&collect(node, "first", 1, 1)), first);
}

#[test]
fn admission_refuses_reads_go_on_and_space_is_all_it_needs() {
    let Some((disk, cluster)) = cluster(96) else { return };
    let city = cluster.node(CITY);
    let first = case(&collect(city, "first", 1, 1));
    for left in [12 << 20, 0] {
        disk.fill(left);
        low(city);
        refuses_and_reads(city, &first);
        disk.empty();
        let act = format!("after-{left}");
        within(10, "it takes cases again", || {
            let answer = collect(city, &act, 8, 1);
            if answer.is_done() { Ok(()) } else { Err(format!("{answer:?}")) }
        });
    }
    assert!(city.ended().is_none(), "it never stopped");
    assert_eq!(city.ok(&["aggregate", "audit"])["equal"], true);
}

#[test]
fn peers_keep_what_there_is_no_room_for() {
    let Some((disk, cluster)) = cluster(192) else { return };
    let (city, home) = (cluster.node(CITY), cluster.node(HOME));
    let first = case(&collect(city, "first", 1, 1));
    city.owns(20, &home.collect(OPEN, CITY_CODE).case);
    disk.fill(0);
    low(city);
    // As much as a memtable holds, which would be flushed.
    let cases: Vec<String> =
        (0..60).map(|number| case(&collect(home, &format!("full-{number}"), 10 + number, 200))).collect();
    refuses_and_reads(city, &first);
    let known = city.get("/v1/cases?limit=1000").to_string();
    assert!(cases.iter().all(|case| !known.contains(case)), "a full node took an envelope");
    assert!(city.ended().is_none(), "a full node ended");

    disk.empty();
    let last = cases.last().expect("there are cases");
    city.owns(60, last);
    for case in &cases {
        within(30, "the county is discharged", || {
            let shown = home.get(&format!("/v1/cases/show?case={case}"));
            seen(shown["custody"] == "elsewhere", shown["custody"].clone())
        });
        assert_eq!(city.get(&format!("/v1/cases/show?case={case}"))["custody"], "owner");
    }
    // The city pulls what the county has done meanwhile.
    let collected = |node: &Node| {
        let rows = node.get("/v1/aggregate/report?by=measure,origin")["rows"].clone();
        let rows = rows.as_array().cloned().unwrap_or_default();
        let of = |row: &&Value| row["measure"] == "collected";
        rows.iter().filter(of).filter_map(|row| row["count"].as_u64()).sum::<u64>()
    };
    within(60, "the city counts what the county collected", || seen(collected(city) == 62, collected(city)));
    assert_eq!(city.ok(&["aggregate", "audit"])["equal"], true);
    assert!(city.ended().is_none(), "it never stopped");
}

#[test]
fn killed_while_full_it_starts_when_there_is_room() {
    let Some((disk, cluster)) = cluster(96) else { return };
    let (city, home) = (cluster.node(CITY), cluster.node(HOME));
    let cases: Vec<String> = (0..20).map(|number| case(&collect(city, &format!("k{number}"), number, 50))).collect();
    city.owns(20, &home.collect(OPEN, CITY_CODE).case);
    disk.fill(0);
    city.kill();
    let late = case(&collect(home, "late", 99, 1));
    // Whether it comes up on a full disk is the database's matter; it must not make anything worse.
    city.spawn();
    let came_up = within(20, "it comes up or ends", || {
        if city.ended().is_some() { Ok(false) } else { seen(city.answers(), "neither").map(|_| true) }
    });
    if came_up {
        refuses_and_reads_only(city, &cases);
    }
    city.kill();
    disk.empty();
    city.start();
    for (number, case) in (0..).zip(&cases) {
        let again = collect(city, &format!("k{number}"), number, 50);
        assert_eq!(self::case(&again), *case, "an acknowledged case");
    }
    city.owns(60, &late);
    assert_eq!(city.ok(&["aggregate", "audit"])["equal"], true);
}

fn refuses_and_reads_only(node: &Node, cases: &[String]) {
    let listed = node.get("/v1/cases?limit=1000").to_string();
    assert!(cases.iter().all(|case| listed.contains(case)), "a case is missing on the full disk");
    let refused = collect(node, "new", 7, 1);
    assert_eq!((refused.status, refused.code()), (507, "disk-low"), "{refused:?}");
}

#[test]
fn a_log_that_cannot_be_appended_stops_the_node_and_loses_nothing() {
    // The log alone lies on the small disk, where it has room for one segment: admission can't foresee it.
    let mut cluster = Cluster::new();
    let Some(disk) = SmallDisk::mount(&cluster.root().join("log"), 24) else { return };
    cluster.init(CITY, CITY_CODE, "杭州市");
    let city = cluster.node(CITY);
    std::os::unix::fs::symlink(cluster.root().join("log"), city.dir.join("data/log")).expect("a link can be made");
    city.start();
    cluster.publish(CITY, &[Item::permit(OPEN, CITY_CODE)]);
    city.staff();
    let (mut cases, mut unknown) = (BTreeMap::new(), Vec::new());
    for number in 0..500 {
        let key = format!("k{number}");
        match city.post("/v1/cases", &key, &body(number, 200)) {
            Ok(answer) if answer.is_done() => drop(cases.insert(key, case(&answer))),
            Ok(answer) => {
                assert!(matches!(answer.code(), "outcome-unknown" | "node-stopping"), "{answer:?}");
                unknown.push((key, number));
            }
            Err(Silence::Broken(_)) => unknown.push((key, number)),
            Err(Silence::Absent(_)) => break,
        }
    }
    assert!(!unknown.is_empty() && cases.len() > 20, "{} acknowledged, {} unknown", cases.len(), unknown.len());
    let ended = within(20, "the node ends by itself", || city.ended().ok_or_else(|| "it runs".to_owned()));
    assert!(!ended.success(), "{ended}");
    let log = std::fs::read_to_string(city.log()).unwrap_or_default();
    assert!(log.contains("the log can't be written") && log.contains("no space is left"), "{log}");
    city.kill();

    disk.grow(128);
    city.start();
    for (key, number) in unknown {
        cases.insert(key.clone(), case(&collect(city, &key, number, 200)));
    }
    let there = city.get("/v1/cases?limit=1000")["cases"].as_array().cloned().unwrap_or_default();
    let there: BTreeSet<&str> = there.iter().filter_map(|case| case["case"].as_str()).collect();
    let expected: BTreeSet<&str> = cases.values().map(String::as_str).collect();
    assert_eq!((there.len(), &there), (cases.len(), &expected), "each key has one case, and no case is without a key");
    assert_eq!(city.ok(&["aggregate", "audit"])["equal"], true);
}

/// Fills a log's disk until it can't append, and finds every entry that was acknowledged.
fn filled(disk: &SmallDisk, directory: &Path, segment_bytes: u64) -> (Log, u64) {
    let options = LogOptions { segment_bytes, ..LogOptions::default() };
    let log = Log::open(directory, options).expect("an empty disk has room");
    disk.fill(3 * segment_bytes);
    let entry = vec![0x5a; 100 << 10];
    let mut next = 0;
    let error = loop {
        match log.append(next, &[&entry]) {
            Ok(()) => next += 1,
            Err(error) => break error,
        }
        assert!(next < 1_000, "the disk never fills");
    };
    assert!(matches!(&error, StorageError::Full { .. }), "{error}");
    assert!(
        matches!(log.append(next, &[&entry]), Err(StorageError::Stopped { .. })),
        "it is not known what the disk holds"
    );
    (log, next)
}

#[test]
fn a_log_keeps_what_it_acknowledged_when_its_disk_fills() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let Some(disk) = SmallDisk::mount(place.path(), 32) else { return };
    for segment_bytes in [1 << 20, 4 << 20] {
        let directory = place.path().join(segment_bytes.to_string());
        let (log, acknowledged) = filled(&disk, &directory, segment_bytes);
        assert!(acknowledged > 0);
        log.close().expect("it lets go");
        drop(log);
        let options = LogOptions { segment_bytes, ..LogOptions::default() };
        // On the full disk it can be read, and with room it goes on behind the last entry.
        let log = Log::open(&directory, options).expect("a full disk can be read");
        assert_eq!(log.last_index(), Some(acknowledged - 1));
        drop(log);
        disk.empty();
        let log = Log::open(&directory, options).expect("there is room");
        assert_eq!(log.range(0..u64::MAX).expect("all can be read").len() as u64, acknowledged);
        log.append(acknowledged, &[b"next"]).expect("there is room");
        drop(log);
        std::fs::remove_dir_all(&directory).expect("it can be removed");
    }
}

#[test]
fn keys_and_trust_on_a_full_disk() {
    let mut cluster = Cluster::new();
    let Some(disk) = SmallDisk::mount(&cluster.root().join(CITY), 96) else { return };
    cluster.init(HOME, "330000", "浙江省").start();
    let dir = cluster.root().join(CITY);
    disk.fill(0);
    let init = ["init", "--division", CITY_CODE, "--name", "杭州市", "--listen", "127.0.0.1:0"];
    let before = names(&dir);
    let output = std::process::Command::new(system_tests::binary())
        .arg("--dir")
        .arg(&dir)
        .args(["--output", "json"])
        .args(init)
        .output()
        .expect("the binary can be started");
    let problem: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    assert_eq!(output.status.code(), Some(1), "{problem}");
    assert_eq!(names(&dir), before, "a failed init left something behind");
    disk.empty();

    cluster.init(CITY, CITY_CODE, "杭州市").configure(&[("low_water_mib", "16")]);
    let city = cluster.node(CITY);
    city.start();
    let token = cluster.invite(HOME, CITY);
    disk.fill(0);
    let (exit, problem) = city.call(&["join", &token]);
    assert_eq!(exit, 1, "{problem}");
    disk.empty();
    assert_eq!(city.get("/v1/status")["superior"], Value::Null, "half a join");
    // The token is the same node's still.
    city.ok(&["join", &token]);
    cluster.linked(HOME, CITY);
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("it can be listed");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("it can be listed").file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name != "filler");
    names.sort();
    names
}
