//! Once, and not lost: idempotency keys, and acknowledged acts under SIGKILL.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use system_tests::socket::{Answer, Silence};
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

fn collect() -> Value {
    let (name, id) = APPLICANT;
    json!({ "item": CODE, "division": DIVISION, "name": name, "id": id })
}

fn cases(node: &Node) -> Vec<String> {
    let listed = node.get("/v1/cases?limit=10000");
    let rows = listed["cases"].as_array().cloned().unwrap_or_default();
    rows.iter().filter_map(|case| case["case"].as_str().map(str::to_owned)).collect()
}

#[test]
fn a_key_is_used_once() {
    let cluster = hall();
    let node = cluster.node("hall");
    let first = node.post("/v1/cases", "k-1", &collect()).expect("it answers");
    assert!(first.is_done(), "{first:?}");
    let again = node.post("/v1/cases", "k-1", &collect()).expect("it answers");
    assert_eq!(first, again);
    let mut other = collect();
    other["name"] = "李四".into();
    let reused = node.post("/v1/cases", "k-1", &other).expect("it answers");
    assert_eq!((reused.is_done(), reused.code()), (false, "idempotency-key-reused"), "{reused:?}");
    // An act on a case: repeated under its key it is done, under another it is refused by the state.
    let act = json!({ "case": first.body["case"], "act": { "kind": "accept" } });
    let accepted = node.post("/v1/cases/act", "k-2", &act).expect("it answers");
    assert_eq!(accepted, node.post("/v1/cases/act", "k-2", &act).expect("it answers"));
    assert_eq!(node.post("/v1/cases/act", "k-3", &act).expect("it answers").code(), "case-state");

    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let same = || scope.spawn(|| node.post("/v1/cases", "k-4", &collect()).expect("it answers"));
        let asked: Vec<_> = (0..16).map(|_| same()).collect();
        asked.into_iter().map(|one| one.join().expect("it answers")).collect()
    });
    assert!(answers.iter().all(|answer| answer.is_done() && *answer == answers[0]), "{answers:?}");
    assert_eq!(cases(node).len(), 2);

    // The answer stands after a restart.
    node.kill();
    node.start();
    assert_eq!(first, node.post("/v1/cases", "k-1", &collect()).expect("it answers"));
    assert_eq!(cases(node).len(), 2);
}

/// Rounds of the client that is killed its node under.
const ROUNDS: u32 = 20;
/// Windows that collect at the same time.
const WINDOWS: u32 = 4;

#[derive(Default)]
struct Book {
    /// Keys with the case that was acknowledged.
    acknowledged: Vec<(String, String)>,
    /// Keys of which it isn't known.
    unknown: Vec<String>,
}

#[test]
fn what_was_acknowledged_survives_sigkill() {
    let cluster = hall();
    let node = cluster.node("hall");
    let book = Mutex::new(Book::default());
    let mut random = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    for round in 0..ROUNDS {
        let acknowledged_before_kill = (1..40_u32).new_tree(&mut random).expect("a range has values").current();
        let (over, done) = (AtomicBool::new(false), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for window in 0..WINDOWS {
                let (over, done, book) = (&over, &done, &book);
                scope.spawn(move || {
                    for number in 0.. {
                        let key = format!("r{round}-w{window}-{number}");
                        let answer = node.post("/v1/cases", &key, &collect());
                        let mut book = book.lock().expect("no window panics with the book open");
                        match answer {
                            Ok(answer) if answer.is_done() => {
                                let case = answer.body["case"].as_str().expect("it names the case").to_owned();
                                book.acknowledged.push((key, case));
                                done.fetch_add(1, Ordering::Release);
                            }
                            Ok(answer) if matches!(answer.code(), "outcome-unknown" | "node-stopping") => {
                                book.unknown.push(key);
                            }
                            Ok(answer) => panic!("{answer:?}"),
                            Err(Silence::Broken(_)) => book.unknown.push(key),
                            // Nobody listened, so nothing was done.
                            Err(Silence::Absent(_)) => {}
                        }
                        if over.load(Ordering::Acquire) {
                            return;
                        }
                    }
                });
            }
            within(20, "the windows work", || {
                let done = done.load(Ordering::Acquire);
                if done >= acknowledged_before_kill { Ok(()) } else { Err(format!("{done} acknowledged")) }
            });
            node.kill();
            over.store(true, Ordering::Release);
        });
        node.start();
        check(node, &book.lock().expect("every window has ended"));
    }

    // What was unknown is asked again with its key: done then or now, once.
    let Book { mut acknowledged, unknown } = book.into_inner().expect("every window has ended");
    assert!(!unknown.is_empty(), "no kill ever hit an open request");
    for key in unknown {
        let answer = node.post("/v1/cases", &key, &collect()).expect("it answers");
        assert!(answer.is_done(), "{key}: {answer:?}");
        acknowledged.push((key, answer.body["case"].as_str().expect("it names the case").to_owned()));
    }
    let distinct: BTreeSet<&String> = acknowledged.iter().map(|(_, case)| case).collect();
    assert_eq!(distinct.len(), acknowledged.len(), "every key has a case of its own");
    assert_eq!(cases(node).into_iter().collect::<BTreeSet<_>>(), distinct.into_iter().cloned().collect());
    for (key, case) in acknowledged.iter().take(50) {
        let answer = node.post("/v1/cases", key, &collect()).expect("it answers");
        assert_eq!(answer.body["case"], case.as_str(), "{key}");
    }
}

/// Every acknowledged case is there once; every case that is there is whole: row, act, journal entry and figure.
fn check(node: &Node, book: &Book) {
    let there = cases(node);
    let distinct: BTreeSet<&String> = there.iter().collect();
    assert_eq!(distinct.len(), there.len(), "a case is listed twice");
    for (key, case) in &book.acknowledged {
        assert!(distinct.contains(case), "{key}: {case} was acknowledged and is gone");
    }
    let most = book.acknowledged.len() + book.unknown.len();
    assert!(there.len() <= most, "{} cases, of which at most {most} were asked for", there.len());
    let audit = node.ok(&["aggregate", "audit"]);
    assert_eq!((&audit["equal"], audit["entries"].as_u64()), (&true.into(), Some(there.len() as u64)), "{audit}");
    let report = node.ok(&["aggregate", "report", "--by", "measure"]);
    let rows = report["rows"].as_array().cloned().unwrap_or_default();
    let collected = rows.iter().find(|row| row["measure"] == "collected").and_then(|row| row["count"].as_u64());
    assert_eq!(collected, Some(there.len() as u64), "{report}");
}
