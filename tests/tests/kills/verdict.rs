//! What must hold when all nodes are up and nothing moves any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use serde_json::Value;
use system_tests::socket;
use system_tests::{CITY, Cluster, HOME, Node, within};
use tongban::engine::Blobs as _;
use tongban::exchange::FileBlobs;
use tongban_domain::case::ActKind;
use tongban_journal::{Header, Slice};
use tongban_storage::keyspace::figure::SLICE;
use tongban_storage::keyspace::journal::ENTRY;
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::meta;
use tongban_storage::{RocksBackend, RocksOptions};

use crate::NODES;
use crate::ledger::{Book, Heard};

/// Seconds in which everything must have settled. Links are dialled again after some seconds, and more after many failures.
const SETTLE_SECONDS: u64 = 90;

/// Cases that every node is asked for.
const WHEREIS_CASES: usize = 40;

/// Acknowledged acts that are asked for again under their keys.
const REPEATED: usize = 60;

/// The number of the journal of acts.
const ACTS: u8 = 0;

/// What was looked at.
pub(crate) struct Verdict {
    cases: usize,
    acts: usize,
    unknown_done: usize,
    unknown: usize,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cases, acts, unknown_done, unknown } = self;
        write!(f, "{cases} cases with {acts} acts hold, {unknown_done} of {unknown} unknown acts among them")
    }
}

/// The cases of one node, by id.
type Cases = BTreeMap<String, Value>;

/// The acts of one node in a case, or the entries of its journal: case and kind, each as often as it is there.
type Deeds = BTreeMap<(String, String), usize>;

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn cases(node: &Node) -> Cases {
    let listed = node.get("/v1/cases?limit=1000");
    let rows = listed["cases"].as_array().cloned().unwrap_or_default();
    assert!(rows.len() < 1000, "a list has at most a thousand cases");
    let count = rows.len();
    let cases: Cases = rows.into_iter().map(|case| (text(&case, "case").to_owned(), case)).collect();
    assert_eq!(cases.len(), count, "{}: a case is listed twice", node.name);
    cases
}

fn history(case: &Value) -> &[Value] {
    case["history"].as_array().map_or(&[], Vec::as_slice)
}

fn done_at<'a>(act: &'a Value, division: &str) -> Option<&'a str> {
    (text(&act["place"], "division").trim_end_matches('0') == division.trim_end_matches('0')).then(|| text(act, "kind"))
}

fn division(place: &str) -> &'static str {
    NODES
        .into_iter()
        .find(|(known, ..)| *known == place)
        .map(|(_, division, _)| division)
        .expect("a place of the table")
}

/// Holds the book against the nodes; stops them.
pub(crate) fn hold(cluster: &Cluster, book: &Book, random: &mut StdRng) -> Verdict {
    settle(cluster);
    let all: BTreeMap<&str, Cases> = NODES.map(|(place, ..)| (place, cases(cluster.node(place)))).into();
    both_legs(&all);
    let (unknown_done, unknown) = entries(&all, book);
    whereis(cluster, &all, book, random);
    figures(cluster, &all);
    repeated(cluster, book, random);
    for node in cluster.nodes() {
        assert_eq!(node.ok(&["aggregate", "audit"])["equal"], true, "{}", node.name);
    }
    cluster.nodes().for_each(Node::stop);
    let acts = journals(cluster, &all);
    Verdict { cases: all[HOME].len(), acts, unknown_done, unknown }
}

/// Waits until nothing is on its way: no envelope without a receipt, no notice, no entry that the city hasn't pulled.
fn settle(cluster: &Cluster) {
    let get = |node: &Node, path: &str| match socket::get(&node.socket(), path) {
        Ok(answer) if answer.is_done() => Ok(answer.body),
        other => Err(format!("{} {path}: {other:?}", node.name)),
    };
    within(SETTLE_SECONDS, "nothing is on its way", || {
        let pulled = get(cluster.node(CITY), "/v1/aggregate/status")?;
        for (place, ..) in NODES {
            let node = cluster.node(place);
            let peers = get(node, "/v1/sync/status")?;
            let rows = peers["peers"].as_array().cloned().unwrap_or_default();
            if rows.iter().any(|peer| peer["behind"] != 0) {
                return Err(format!("{place}: {peers}"));
            }
            let id = get(node, "/v1/status")?["node"].clone();
            let size = |status: &Value| {
                let rows = status["origins"].as_array().cloned().unwrap_or_default();
                rows.iter().find(|row| row["origin"] == id && row["journal"] == "acts")?["size"].as_u64()
            };
            let (own, there) = (size(&get(node, "/v1/aggregate/status")?), size(&pulled));
            if own != there && own.unwrap_or(0) > 0 {
                return Err(format!("{place} has {own:?} entries, the city {there:?}"));
            }
        }
        Ok(())
    });
}

/// A case has one owner; collecting and deciding side show the same acts, numbered without a gap, and nothing else.
fn both_legs(all: &BTreeMap<&str, Cases>) {
    for (place, known) in all {
        for (id, case) in known {
            let home = all[HOME].get(id).unwrap_or_else(|| panic!("{place} knows {id}, the county doesn't: {case}"));
            let custody = if *place == HOME { "owner" } else { "elsewhere" };
            assert_eq!(text(case, "custody"), custody, "{place}: {case}");
            assert_eq!((&case["state"], &case["tenure"]), (&home["state"], &home["tenure"]), "{place}: {case}\n{home}");
            assert_eq!(case["licences"], home["licences"], "{place}: {case}");
            // That custody was taken is an act of both nodes.
            let legs = |case: &Value| -> BTreeSet<(String, String, u64)> {
                let acts = history(case).iter().filter(|act| text(act, "kind") != "discharge");
                let leg = |act: &Value| {
                    let place = text(&act["place"], "division").to_owned();
                    (place, text(act, "kind").to_owned(), act["number"].as_u64().unwrap_or(0))
                };
                acts.map(leg).collect()
            };
            assert_eq!(legs(case), legs(home), "{place}: {id}");
            let mut numbers: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
            for act in history(case) {
                numbers.entry(text(&act["place"], "division")).or_default().extend(act["number"].as_u64());
            }
            for (origin, mut numbers) in numbers {
                numbers.sort_unstable();
                let whole: Vec<u64> = (1..).take(numbers.len()).collect();
                let known = if *place == HOME || origin.starts_with(division(HOME)) { &whole } else { &numbers };
                assert_eq!(numbers, *known, "{place}: {origin} in {case}");
            }
            assert_eq!(whole(case), Ok(()), "{place}: {case}");
        }
    }
    for id in all[HOME].keys() {
        let collecting = text(&all[HOME][id], "collecting");
        let (place, ..) = NODES
            .into_iter()
            .find(|(_, code, _)| format!("{code:0<12}") == collecting)
            .unwrap_or_else(|| panic!("{id} was collected in {collecting}"));
        assert!(all[place].contains_key(id), "{id} is not where it was collected, at {place}");
    }
}

/// Whether a case stands as the law's order of acts makes it, with no act twice.
fn whole(case: &Value) -> Result<(), String> {
    let kinds: Vec<&str> =
        history(case).iter().map(|act| text(act, "kind")).filter(|kind| *kind != "discharge").collect();
    let begins: &[&str] = if kinds.contains(&"offer") { &["collect", "offer", "take-custody"] } else { &["collect"] };
    let order: Vec<&str> =
        begins.iter().chain(&["accept", "decide", "issue-licence", "deliver", "close"]).copied().collect();
    let is_prefix = kinds.len() <= order.len() && kinds == order[..kinds.len()];
    let state = match kinds.last().copied().unwrap_or_default() {
        "collect" | "take-custody" => "collected",
        "accept" => "accepted",
        "decide" | "issue-licence" => "granted",
        "deliver" => "delivered",
        "close" => "closed",
        _ => "",
    };
    let licences = case["licences"].as_array().map_or(0, Vec::len);
    let issued = kinds.iter().filter(|kind| **kind == "issue-licence").count();
    if is_prefix && text(case, "state") == state && licences == issued { Ok(()) } else { Err(format!("{kinds:?}")) }
}

/// Each act of the book: acknowledged once, unknown at most once, refused never. Gives how many of the unknown ones were done.
fn entries(all: &BTreeMap<&str, Cases>, book: &Book) -> (usize, usize) {
    // The key of a collecting travels as a material.
    let mut by_key: BTreeMap<&str, &str> = BTreeMap::new();
    for (id, case) in &all[HOME] {
        if let Some(key) = case["materials"][0]["name"].as_str() {
            assert_eq!(by_key.insert(key, id), None, "{key} was collected twice: {case}");
        }
    }
    let (mut unknown_done, mut unknown) = (0, 0);
    let mut claims: BTreeMap<(&str, &str, &str), Vec<&Heard>> = BTreeMap::new();
    for (key, entry) in book.entries() {
        if entry.kind != "collect" {
            let case = entry.case.as_deref().expect("an act names its case");
            claims.entry((entry.place, case, entry.kind)).or_default().push(&entry.heard);
            continue;
        }
        let found = by_key.get(key).copied();
        match &entry.heard {
            Heard::Acknowledged(answer) => assert_eq!(answer["case"].as_str(), found, "{key} was acknowledged"),
            Heard::Refused(code) => panic!("{key}: a collecting was refused: {code}"),
            Heard::Unknown => {
                unknown += 1;
                unknown_done += usize::from(found.is_some());
            }
        }
    }
    for ((place, id, kind), heard) in claims {
        let case = all[place].get(id).unwrap_or_else(|| panic!("{id} is not at {place}"));
        let times =
            history(case).iter().filter_map(|act| done_at(act, division(place))).filter(|done| *done == kind).count();
        let acknowledged = heard.iter().filter(|heard| matches!(heard, Heard::Acknowledged(_))).count();
        let open = heard.iter().filter(|heard| ***heard == Heard::Unknown).count();
        assert!(acknowledged <= 1, "{kind} of {id} was acknowledged under {acknowledged} keys");
        assert!(
            (acknowledged..=1.min(acknowledged + open)).contains(&times),
            "{kind} of {id} at {place} is there {times} times: {heard:?}\n{case}"
        );
        if acknowledged == 0 && open > 0 {
            unknown += 1;
            unknown_done += times;
        }
        for heard in heard {
            if let (Heard::Acknowledged(answer), "issue-licence") = (heard, kind) {
                assert_eq!(case["licences"], serde_json::json!([answer["licence"]]), "{id}");
            }
        }
    }
    // Whatever is there was asked for.
    for (id, case) in &all[HOME] {
        for act in history(case).iter().filter_map(|act| done_at(act, division(HOME))) {
            let asked = book.entries().any(|(_, entry)| {
                entry.kind == act && entry.case.as_ref() == Some(id) && !matches!(entry.heard, Heard::Refused(_))
            });
            assert!(asked || matches!(act, "collect" | "take-custody"), "nobody asked for {act} of {id}");
        }
    }
    (unknown_done, unknown)
}

/// Every node names the county, at the tenure that it has.
fn whereis(cluster: &Cluster, all: &BTreeMap<&str, Cases>, book: &Book, random: &mut StdRng) {
    let home = cluster.node(HOME).get("/v1/status")["node"].clone();
    let mut ids: Vec<&str> = all[HOME].keys().map(String::as_str).collect();
    ids.shuffle(random);
    // First those that a kill has hit.
    let hit: BTreeSet<&str> = book
        .entries()
        .filter(|(_, entry)| entry.attempts > 1 || entry.heard == Heard::Unknown)
        .filter_map(|(_, entry)| entry.case.as_deref())
        .collect();
    ids.sort_by_key(|id| !hit.contains(id));
    for id in ids.into_iter().take(WHEREIS_CASES) {
        for (place, ..) in NODES {
            let found = cluster.node(place).get(&format!("/v1/cases/whereis?case={id}"));
            let named = (&found["node"], &found["tenure"], &found["handover"]);
            assert_eq!(named, (&home, &all[HOME][id]["tenure"], &Value::Null), "{place}: {found}");
        }
    }
}

/// The city counts, of each origin, what the acts of the cases make.
fn figures(cluster: &Cluster, all: &BTreeMap<&str, Cases>) {
    let mut expected: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    for (place, ..) in NODES {
        let origin = text(&cluster.node(place).get("/v1/status"), "node").to_owned();
        let mut count = |measure: &str, outcome: &str| {
            *expected.entry((origin.clone(), measure.to_owned(), outcome.to_owned())).or_default() += 1;
        };
        for case in all[place].values() {
            let kinds: Vec<&str> = history(case).iter().filter_map(|act| done_at(act, division(place))).collect();
            for kind in &kinds {
                match *kind {
                    "collect" => count("collected", "all"),
                    "accept" if kinds.contains(&"decide") => count("accepted", "granted"),
                    "accept" => count("accepted", "pending"),
                    "issue-licence" => count("licences", "issued"),
                    _ => {}
                }
            }
        }
    }
    let report = cluster.node(CITY).get("/v1/aggregate/report?by=origin,measure,outcome");
    let rows = report["rows"].as_array().cloned().unwrap_or_default();
    let found: BTreeMap<_, _> = rows
        .iter()
        .map(|row| {
            let key = ["origin", "measure", "outcome"].map(|name| text(row, name).to_owned());
            (key.into(), row["count"].as_u64().unwrap_or(0))
        })
        .collect();
    assert_eq!(found, expected, "the figures of the city");
}

/// The same key gives the same answer.
fn repeated(cluster: &Cluster, book: &Book, random: &mut StdRng) {
    let mut done: Vec<_> = book.entries().filter(|(_, entry)| matches!(entry.heard, Heard::Acknowledged(_))).collect();
    done.shuffle(random);
    done.sort_by_key(|(_, entry)| entry.attempts == 1);
    for (key, entry) in done.into_iter().take(REPEATED) {
        let answer = cluster.node(entry.place).post(entry.path, key, &entry.body).expect("the node answers");
        assert_eq!(Heard::Acknowledged(answer.body), entry.heard, "{key} {}", entry.kind);
    }
}

/// Each act is one entry of its node's journal, and of what the city has pulled of it. Gives the number of acts.
fn journals(cluster: &Cluster, all: &BTreeMap<&str, Cases>) -> usize {
    let open = |place: &str| {
        let options = RocksOptions::default();
        RocksBackend::open(&cluster.node(place).dir.join("data/state"), options).expect("a stopped node's state opens")
    };
    let mut acts = 0;
    let mut pulled: BTreeMap<String, Deeds> = BTreeMap::new();
    let city = open(CITY);
    let blobs = FileBlobs::open(cluster.node(CITY).dir.join("data/blobs")).expect("the folder is there");
    for ((origin, journal, ..), row) in SLICE.list(&city, &[], None, usize::MAX).expect("the state can be read") {
        if journal == ACTS {
            let slice = Slice::parse(&blobs.load(&row.digest).expect("a kept slice")).expect("a verified slice");
            let deeds = pulled.entry(origin.to_string()).or_default();
            slice.entries.into_iter().for_each(|entry| add(deeds, entry.entry));
        }
    }
    drop(city);
    for (place, ..) in NODES {
        let state = open(place);
        let node = meta::NODE.load(&state, &()).expect("the state can be read").expect("a node has a row").node;
        let mut deeds = Deeds::new();
        for (_, row) in ENTRY.list(&state, &stem(&ACTS), None, usize::MAX).expect("the state can be read") {
            add(&mut deeds, row.entry);
        }
        let mut expected = Deeds::new();
        for (id, case) in &all[place] {
            for kind in history(case).iter().filter_map(|act| done_at(act, division(place))) {
                *expected.entry((id.clone(), kind.to_owned())).or_default() += 1;
            }
        }
        assert!(expected.values().all(|times| *times == 1), "{place}: an act is in a history twice");
        assert_eq!(deeds, expected, "{place}: journal and histories");
        if place != CITY {
            assert_eq!(pulled.remove(&node.to_string()).unwrap_or_default(), expected, "{place}: what the city pulled");
        }
        acts += deeds.len();
    }
    assert_eq!(pulled, BTreeMap::new(), "the city has journals of nobody");
    acts
}

fn add(deeds: &mut Deeds, entry: Vec<u8>) {
    let entry = tongban_journal::Entry::parse(entry).expect("an entry of a journal");
    let Header::Acts(header) = entry.header().expect("a header") else { panic!("an entry of another journal") };
    if header.card.is_some() {
        return;
    }
    let same = |kind: &&ActKind| format!("{kind:?}") == format!("{:?}", header.act);
    let kind = ActKind::ALL.iter().find(same).expect("the journal has the kinds of the domain");
    *deeds.entry((header.case.to_string(), kind.name().to_owned())).or_default() += 1;
}
