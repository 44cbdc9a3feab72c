//! Two provinces that exchange anchors: seven nodes of two trees, every mode across the border in both directions, a root that is dark or
//! killed on the way, and trust that is taken back and given again.

use std::collections::BTreeSet;

use serde_json::Value;
use system_tests::two_provinces::{CROSSINGS, NODES, ROOTS, both_known, exported, founded, import};
use system_tests::{APPLICANT, Cluster, Node, seen, within};

fn collect(cluster: &Cluster, at: &str, item: &str, division: &str, mode: &str) -> Value {
    let (name, id) = APPLICANT;
    let words = ["case", "collect", "--item", item, "--for", division, "--mode", mode, "--name", name, "--id", id];
    cluster.node(at).eventually(30, &words)
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

/// Number, kind and place of the acts that a node shows.
fn acts(node: &Node, case: &str) -> BTreeSet<String> {
    let shown = node.ok(&["case", "history", case]);
    let rows = shown["history"].as_array().cloned().unwrap_or_default();
    rows.iter().map(|act| format!("{} {} {} {}", act["place"]["node"], act["number"], act["kind"], act["at"])).collect()
}

/// Waits until both legs show the same state and deadlines, and the collecting one all that the owner has in its history, beside its discharge.
#[track_caller]
fn agree(cluster: &Cluster, owner: &str, collecting: &str, case: &str, state: &str) {
    let [one, other] = [owner, collecting].map(|place| cluster.node(place));
    within(30, &format!("both legs show {case} as {state}"), || {
        let [mine, theirs] = [one, other].map(|node| node.ok(&["case", "show", case]));
        let same = ["state", "case_no", "statutory_due", "promised_due", "accepted_on"];
        let agreed = mine["state"] == state
            && same.iter().all(|field| mine[field] == theirs[field])
            && acts(one, case).is_subset(&acts(other, case));
        seen(agreed, format!("{mine}\n{theirs}"))
    });
}

fn decided(cluster: &Cluster, decider: &str, case: &str) {
    let node = cluster.node(decider);
    node.owns(40, case);
    node.ok(&["case", "accept", case]);
    node.ok(&["case", "decide", case, "--grant"]);
}

#[test]
fn halls_of_two_provinces_work_for_each_other() {
    let cluster = founded();
    let [sichuan, chongqing] = ROOTS.map(|root| cluster.node(root));

    // Before: the other province is nobody.
    let (_, division, collecting, item) = CROSSINGS[0];
    let (name, id) = APPLICANT;
    let words = ["case", "collect", "--item", item, "--for", division, "--name", name, "--id", id];
    let (exit, _) = cluster.node(collecting).call(&words);
    assert_eq!(exit, 1, "nobody knows the other province");

    // What an administrator may get wrong.
    let [south, north] = ROOTS.map(|root| exported(&cluster, root));
    let refused = |at: &str, words: &[&str], code: &str| {
        cluster.node(at).refused(words, code);
    };
    refused("guangan", &["anchor", "export", "--to", "/dev/null", "--yes"], "anchor-not-root");
    refused("guangan", &["anchor", "import", &north.0, "--fingerprint", &north.1], "anchor-not-root");
    let told = sichuan.refused(&["anchor", "import", &north.0], "anchor-unconfirmed");
    assert!(told["zh"].as_str().is_some_and(|zh| zh.contains(&north.1) && zh.contains("重庆市")), "{told}");
    refused("sichuan", &["anchor", "import", &north.0, "--fingerprint", &south.1], "anchor-fingerprint");
    refused("sichuan", &["anchor", "import", &south.0, "--fingerprint", &south.1], "anchor-division");
    let whole = std::fs::read_to_string(&north.0).unwrap_or_default();
    for (what, bytes) in [
        ("empty", String::new()),
        ("cut", whole.chars().take(whole.len() / 2).collect()),
        ("bent", whole.replacen('A', "B", 3)),
        ("other", "-----BEGIN TONGBAN ANCHOR-----\n\n-----END TONGBAN ANCHOR-----".to_owned()),
    ] {
        let file = cluster.file(what, bytes.as_bytes()).to_string_lossy().into_owned();
        refused("sichuan", &["anchor", "import", &file, "--fingerprint", &north.1], "anchor-malformed");
    }
    assert_eq!(sichuan.ok(&["anchor", "list"])["anchors"], Value::Array(Vec::new()));
    refused("sichuan", &["--yes", "anchor", "withdraw", "500000", "--reason", "误设"], "anchor-unknown");

    // Each trusts the other by its own word.
    import(&cluster, "sichuan", &north);
    assert_eq!(import(&cluster, "sichuan", &north)["withdrawn"], Value::Null, "said again it changes nothing");
    import(&cluster, "chongqing", &south);
    both_known(&cluster);

    // Every mode, both ways; histories and deadlines are the same at both legs.
    let mut carried = Vec::new();
    for (decider, division, collecting, item) in CROSSINGS {
        let local = text(&collect(&cluster, decider, item, division, "window"), "case");
        cluster.node(decider).ok(&["case", "accept", &local]);
        for mode in ["online", "collect", "joint"] {
            let slip = collect(&cluster, collecting, item, division, mode);
            let case = text(&slip, "case");
            decided(&cluster, decider, &case);
            agree(&cluster, decider, collecting, &case, "granted");
            carried.push((decider, collecting, case, text(&slip, "query_code")));
        }
    }
    for (decider, _, case, code) in &carried {
        let owner = cluster.node(decider).get("/v1/status")["node"].clone();
        for (place, ..) in NODES {
            let found = cluster.node(place).eventually(20, &["case", "whereis", case]);
            assert_eq!(found["node"], owner, "{place}: {found}");
        }
        let proof = &APPLICANT.1[APPLICANT.1.len() - 6..];
        for place in ["guangan", "chongqing"] {
            assert_eq!(cluster.node(place).ok(&["case", "progress", code, "--proof", proof])["state"], "granted");
        }
    }

    // Figures and journals stay in their own province.
    for root in ROOTS {
        let status = cluster.node(root).get("/v1/aggregate/status");
        let origins = status["origins"].as_array().cloned().unwrap_or_default();
        let own = NODES.iter().filter(|(.., superior)| superior.is_some()).count();
        let prefix = if root == "sichuan" { "51" } else { "50" };
        for origin in &origins {
            assert!(text(origin, "division").starts_with(prefix), "{root} has {origin}");
        }
        assert!(!origins.is_empty() && origins.len() <= 2 * own, "{status}");
    }

    // A root is dark while a case is handed over, then killed in the middle: it comes all the same, once.
    let (decider, division, collecting, item) = CROSSINGS[0];
    cluster.cut("chongqing");
    let dark = text(&collect(&cluster, collecting, item, division, "collect"), "case");
    assert_eq!(cluster.node(collecting).ok(&["case", "show", &dark])["custody"], "offered");
    cluster.heal("chongqing");
    decided(&cluster, decider, &dark);
    agree(&cluster, decider, collecting, &dark, "granted");
    let killed = text(&collect(&cluster, collecting, item, division, "collect"), "case");
    sichuan.kill();
    sichuan.start();
    decided(&cluster, decider, &killed);
    agree(&cluster, decider, collecting, &killed, "granted");
    assert_eq!(sichuan.ok(&["anchor", "list"])["anchors"].as_array().map(Vec::len), Some(1), "it is kept");

    // Trust is taken back: the link ends, and nothing of that tree counts at any node of this one.
    cluster.linked("sichuan", "chongqing");
    sichuan.unconfirmed(&["anchor", "withdraw", "500000", "--reason", "协议到期"]);
    sichuan.ok(&["--yes", "anchor", "withdraw", "500000", "--reason", "协议到期"]);
    within(30, "the link is shut on both sides", || {
        let [mine, theirs] = [sichuan, chongqing].map(|node| node.get("/v1/sync/status"));
        let peers = |status: &Value| status["peers"].as_array().cloned().unwrap_or_default();
        let shut = peers(&mine).iter().any(|peer| peer["division"] == "500000000000" && peer["state"] == "revoked")
            && peers(&theirs).iter().all(|peer| peer["division"] != "510000000000" || peer["state"] != "up");
        seen(shut, format!("{mine}\n{theirs}"))
    });
    within(20, "home has heard", || {
        let listed = cluster.node("home").ok(&["anchor", "list"]);
        seen(listed["anchors"][0]["withdrawn"].is_string(), listed)
    });
    let waiting = text(&collect(&cluster, collecting, item, division, "collect"), "case");
    let why = cluster.node(collecting).ok(&["sync", "why", &waiting]);
    assert!(why["waiting"].as_array().is_some_and(|rows| !rows.is_empty()), "{why}");
    assert_eq!(cluster.node(decider).call(&["case", "show", &waiting]).0, 1);

    // And given again: what waited comes.
    import(&cluster, "sichuan", &north);
    cluster.linked("sichuan", "chongqing");
    decided(&cluster, decider, &waiting);
    agree(&cluster, decider, collecting, &waiting, "granted");
}
