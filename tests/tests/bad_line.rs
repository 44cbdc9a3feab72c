//! Nodes over a bad line: 20 to 80 ms each way, two datagrams lost in a hundred, others overtaken, and partitions.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use system_tests::{CITY, Cluster, HOME, NEIGHBOUR, Node, Quality, citizen, seen, within};

/// Place, division and name of each node; the second decides, the third collects for it.
const NODES: [(&str, &str, &str); 3] =
    [(CITY, "511600", "广安市"), (HOME, "511602", "广安区"), (NEIGHBOUR, "511603", "前锋区")];

/// Clients that work at once.
const CLIENTS: usize = 16;

fn found() -> (Cluster, Vec<String>) {
    let mut cluster = Cluster::new();
    for (place, division, name) in NODES {
        cluster.init(place, division, name);
    }
    cluster.nodes().for_each(Node::spawn);
    cluster.nodes().for_each(Node::ready);
    for place in [HOME, NEIGHBOUR] {
        cluster.join(CITY, place);
        cluster.linked(CITY, place);
    }
    let items = cluster.furnish(HOME, 4, NODES[0].1);
    for place in [HOME, NEIGHBOUR] {
        cluster.node(place).staff();
    }
    cluster.node(HOME).owns(20, &cluster.node(NEIGHBOUR).collect(&items[0], NODES[1].1).case);
    (cluster, items)
}

/// Does something so many times, by several clients at once.
fn all(count: usize, each: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    each(number);
                }
            });
        }
    });
}

/// Collects cases for a division, and holds those that are for another.
fn collect(node: &Node, item: &str, division: &str, mark: &str, count: usize) -> Vec<String> {
    let cases = std::sync::Mutex::new(vec![String::new(); count]);
    all(count, |number| {
        let body = json!({
            "item": item, "division": division, "name": format!("测试{number}"),
            "id": citizen(u32::try_from(number).unwrap_or(0)), "hold": node.name == NEIGHBOUR,
        });
        let answer = node.post("/v1/cases", &format!("{mark}-{number}"), &body).expect("the node answers");
        assert!(answer.is_done(), "{answer:?}");
        cases.lock().expect("no client panics here")[number] =
            answer.body["case"].as_str().unwrap_or_default().to_owned();
    });
    cases.into_inner().expect("no client panics here")
}

fn offer(node: &Node, mark: &str, cases: &[String]) {
    all(cases.len(), |number| {
        let body = json!({ "case": cases[number], "act": { "kind": "offer" } });
        let answer = node.post("/v1/cases/act", &format!("{mark}-{number}"), &body).expect("the node answers");
        assert!(answer.is_done(), "{answer:?}");
    });
}

/// Waits until every case is discharged, and nothing waits for a receipt.
fn discharged(node: &Node, seconds: u64, cases: &[String]) {
    within(seconds, "every envelope has its receipt", || {
        let peers = node.get("/v1/sync/status");
        let rows = peers["peers"].as_array().cloned().unwrap_or_default();
        let last = node.get(&format!("/v1/cases/show?case={}", cases.last().expect("there are cases")));
        let done = last["custody"] == "elsewhere" && rows.iter().all(|peer| peer["behind"] == 0);
        seen(done, peers)
    });
    for case in cases {
        let shown = node.get(&format!("/v1/cases/show?case={case}"));
        assert_eq!((&shown["custody"], &shown["tenure"]), (&"elsewhere".into(), &2.into()), "{shown}");
    }
}

/// Entries of a node's journal of acts that another has.
fn entries(at: &Node, origin: &Value) -> u64 {
    let rows = at.get("/v1/aggregate/status")["origins"].as_array().cloned().unwrap_or_default();
    let of = rows.iter().find(|row| row["origin"] == *origin && row["journal"] == "acts");
    of.and_then(|row| row["size"].as_u64()).unwrap_or(0)
}

#[test]
fn hand_overs_settle_over_a_bad_line() {
    let (cluster, items) = found();
    let (home, neighbour) = (cluster.node(HOME), cluster.node(NEIGHBOUR));
    let cases = collect(neighbour, &items[0], NODES[1].1, "held", 200);
    cluster.lines(Some(Quality::BAD), 20_261_122);
    offer(neighbour, "first", &cases[..150]);
    // In the middle the county is cut off, for longer than a silence is borne.
    cluster.cut(HOME);
    offer(neighbour, "second", &cases[150..]);
    within(15, "the county's silence is noticed", || {
        let peers = home.get("/v1/sync/status");
        let rows = peers["peers"].as_array().cloned().unwrap_or_default();
        seen(rows.iter().all(|peer| peer["state"] != "up"), peers)
    });
    cluster.heal(HOME);
    discharged(neighbour, 90, &cases);
    let listed = home.get("/v1/cases?limit=1000")["cases"].as_array().cloned().unwrap_or_default();
    let owned: std::collections::BTreeSet<&str> = listed.iter().filter_map(|case| case["case"].as_str()).collect();
    assert!(cases.iter().all(|case| owned.contains(case.as_str())), "a case is lost");
    assert_eq!((listed.len(), owned.len()), (201, 201), "a case is there twice");
    for place in [HOME, NEIGHBOUR] {
        let origin = cluster.node(place).get("/v1/status")["node"].clone();
        within(60, "the city has pulled every entry", || {
            let (there, own) = (entries(cluster.node(CITY), &origin), entries(cluster.node(place), &origin));
            seen(there == own && own > 0, format!("{there} of {own}"))
        });
    }
    assert!(cluster.lost() > 10, "the line lost {} datagrams", cluster.lost());
    for node in cluster.nodes() {
        assert_eq!(node.ok(&["aggregate", "audit"])["equal"], true, "{}", node.name);
    }
}

/// Cases, records and seconds of partition of a measurement.
struct Plan {
    cases: usize,
    records: usize,
    cut: Duration,
}

const QUICK: Plan = Plan { cases: 400, records: 1_000, cut: Duration::from_secs(10) };
const FULL: Plan = Plan { cases: 5_000, records: 20_000, cut: Duration::from_secs(120) };

#[test]
#[ignore = "a measurement: scripts/bench --line"]
#[expect(clippy::print_stderr, reason = "the figures")]
fn figures_over_lines() {
    let plan = if std::env::var_os("TONGBAN_QUICK").is_some() { QUICK } else { FULL };
    eprintln!(
        "| line | hand-overs/s | catch-up after {:?} of partition: link up | hand-overs/s | records pulled/s |",
        plan.cut
    );
    eprintln!("|---|---|---|---|---|");
    let lines = [
        ("clean", None),
        ("20 to 80 ms", Some(Quality { lost: 0, overtaken: 0, ..Quality::BAD })),
        ("20 to 80 ms, 2 % lost, 5 % overtaken", Some(Quality::BAD)),
    ];
    for (name, quality) in lines {
        let (cluster, items) = found();
        let (home, neighbour) = (cluster.node(HOME), cluster.node(NEIGHBOUR));
        let cases = collect(neighbour, &items[0], NODES[1].1, "held", 2 * plan.cases);
        let origin = home.get("/v1/status")["node"].clone();
        cluster.lines(quality, 20_261_122);
        let (first, second) = cases.split_at(plan.cases);
        let began = Instant::now();
        offer(neighbour, "first", first);
        discharged(neighbour, 600, first);
        let clean = rate(plan.cases, began.elapsed());

        cluster.cut(HOME);
        let cut = Instant::now();
        offer(neighbour, "second", second);
        collect(home, &items[0], NODES[1].1, "own", plan.records);
        std::thread::sleep(plan.cut.saturating_sub(cut.elapsed()));
        let behind = entries(cluster.node(CITY), &origin);
        let own = entries(home, &origin);
        cluster.heal(HOME);
        let began = Instant::now();
        // Each waits for its own, so neither is timed by the other.
        let (mut up, mut handed, mut pulled) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                within(600, "a link is up", || {
                    let peers = home.get("/v1/sync/status");
                    let rows = peers["peers"].as_array().cloned().unwrap_or_default();
                    seen(rows.iter().any(|peer| peer["state"] == "up"), peers)
                });
                up = began.elapsed();
            });
            scope.spawn(|| {
                within(600, "the city has pulled", || {
                    let there = entries(cluster.node(CITY), &origin);
                    seen(there >= own, there)
                });
                pulled = began.elapsed();
            });
            discharged(neighbour, 600, second);
            handed = began.elapsed();
        });
        let flow = |count, time: Duration| rate(count, time.saturating_sub(up));
        let records = usize::try_from(own - behind).unwrap_or(0);
        eprintln!(
            "| {name} | {clean:.0} | {:.1} s | {:.0} ({:.1} s) | {:.0} ({:.1} s) |",
            up.as_secs_f64(),
            flow(second.len(), handed),
            handed.as_secs_f64(),
            flow(records, pulled),
            pulled.as_secs_f64(),
        );
    }
}

fn rate(count: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64().max(0.001)
}
