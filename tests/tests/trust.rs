//! Certificates that ran out, nodes that are revoked, records that are older.

use serde_json::Value;
use system_tests::{CITY, Cluster, HOME, Item, NEIGHBOUR, PROVINCE, TOWNSHIP, Tree, seen, within};
use tongban_codes::time::Timestamp;

const TREE: Tree = Tree::HUBEI;
const SHORT: &str = "420A0015500013";

fn at(status: &Value, field: &str) -> Timestamp {
    status[field].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no {field} in {status}"))
}

/// Starts nodes again so many days after the first moment.
fn days_later(cluster: &Cluster, first: Timestamp, days: i64, places: &[&str]) {
    for place in places {
        cluster.node(place).stop();
    }
    for place in places {
        cluster.node(place).set_clock(&first.add_seconds(days * 86_400).to_string());
        cluster.node(place).spawn();
    }
    for place in places {
        cluster.node(place).ready();
    }
}

/// Waits until a node has a certificate that lasts for more than two months from this day on.
fn renewed(cluster: &Cluster, first: Timestamp, days: i64, place: &str) {
    within(40, &format!("{place} has renewed its certificate on day {days}"), || {
        let status = cluster.node(place).get("/v1/status");
        seen(at(&status, "certificate_until") > first.add_seconds((days + 60) * 86_400), status)
    });
}

#[test]
fn certificates_renew_themselves_after_months_without_a_link() {
    let mut cluster = Cluster::new();
    let places = [PROVINCE, CITY, HOME];
    for place in places {
        cluster.init_demo(place, TREE.code(place), place);
        cluster.node(place).start();
    }
    for place in [CITY, HOME] {
        cluster.join(Tree::superior(place), place);
        cluster.linked(Tree::superior(place), place);
    }
    cluster.publish(CITY, &[Item::permit(SHORT, TREE.code(CITY))]);
    for place in [CITY, HOME] {
        cluster.node(place).staff();
    }
    let first = at(&cluster.node(PROVINCE).get("/v1/status"), "at");
    let handed_over = || {
        let collected = cluster.node(HOME).collect(SHORT, TREE.code(CITY));
        cluster.node(CITY).owns(20, &collected.case);
    };
    handed_over();

    // The county is off for 200 days, which is beyond every grace; the others renew meanwhile.
    cluster.node(HOME).stop();
    for days in [80, 160] {
        days_later(&cluster, first, days, &[PROVINCE, CITY]);
        renewed(&cluster, first, days, CITY);
    }
    days_later(&cluster, first, 200, &places);
    renewed(&cluster, first, 200, HOME);
    cluster.linked(CITY, HOME);
    handed_over();

    // Its superior is off for 200 days.
    cluster.node(CITY).stop();
    days_later(&cluster, first, 300, &[PROVINCE, HOME]);
    let status = cluster.node(HOME).get("/v1/status");
    let findings: Vec<&str> =
        status["findings"].as_array().into_iter().flatten().filter_map(|found| found["code"].as_str()).collect();
    assert!(findings.contains(&"certificate-expired"), "{status}");
    days_later(&cluster, first, 400, &places);
    for place in [CITY, HOME] {
        renewed(&cluster, first, 400, place);
    }
    handed_over();

    // All are off, so long that the root renews its own too.
    days_later(&cluster, first, 1_300, &places);
    for place in [CITY, HOME] {
        renewed(&cluster, first, 1_300, place);
    }
    within(20, "the root has made its own certificate anew", || {
        let status = cluster.node(PROVINCE).get("/v1/status");
        seen(at(&status, "certificate_until") > first.add_seconds(4_900 * 86_400), status)
    });
    handed_over();
    assert_eq!(cluster.node(CITY).ok(&["aggregate", "audit"])["equal"], true);

    // A clock that is 200 days ahead is a finding on both sides, and no refusal.
    days_later(&cluster, first, 1_500, &[HOME]);
    cluster.linked(CITY, HOME);
    for place in [CITY, HOME] {
        let status = cluster.node(place).get("/v1/status");
        let findings = status["findings"].as_array().cloned().unwrap_or_default();
        assert!(findings.iter().any(|found| found["code"] == "clock-differs"), "{place}: {status}");
    }
    handed_over();
}

fn cluster() -> Cluster {
    let cluster = Cluster::joined(TREE);
    cluster.publish(CITY, &[Item::permit(SHORT, TREE.code(CITY))]);
    for place in [CITY, HOME] {
        cluster.node(place).staff();
    }
    cluster
}

fn peer(cluster: &Cluster, at: &str, of: &str) -> Value {
    let id = cluster.node(of).get("/v1/status")["node"].clone();
    let peers = cluster.node(at).get("/v1/sync/status");
    peers["peers"].as_array().into_iter().flatten().find(|row| row["node"] == id).cloned().unwrap_or_default()
}

fn is_revoked(cluster: &Cluster, at: &str, of: &str) {
    within(20, &format!("{at} knows that {of} is revoked"), || {
        let row = peer(cluster, at, of);
        let revoked =
            row["cause"] == "revoked" && row["cause_en"].as_str().unwrap_or_default().contains("key was stolen");
        seen(revoked, row)
    });
}

#[test]
fn a_revoked_node_is_shut_out_everywhere_and_may_be_admitted_again() {
    let cluster = cluster();
    let [city, home] = [CITY, HOME].map(|place| cluster.node(place));
    let before = home.collect(SHORT, TREE.code(CITY));
    city.owns(20, &before.case);
    let today = at(&city.get("/v1/status"), "at").date();
    let (code, from) = (TREE.code(HOME), today.to_string());
    let revoke = ["peer", "revoke", code, "--from", &from, "--reason", "key was stolen"];
    let order = [&["--yes"], &revoke[..]].concat();
    home.refused(&[&["--yes", "peer", "revoke", TREE.code(CITY)], &revoke[3..]].concat(), "not-an-ancestor");
    let tomorrow = today.next_day().to_string();
    city.refused(&["--yes", "peer", "revoke", code, "--from", &tomorrow, "--reason", "later"], "invalid-field");
    city.unconfirmed(&revoke);
    city.ok(&order);
    for place in [CITY, PROVINCE, NEIGHBOUR, TOWNSHIP] {
        is_revoked(&cluster, place, HOME);
    }
    within(20, "the county knows it too", || {
        let status = home.get("/v1/status");
        let found = status["findings"].as_array().into_iter().flatten().any(|found| found["code"] == "node-revoked");
        seen(found, status)
    });
    // It serves on alone, nobody takes anything from it, and a restart changes nothing.
    let after = home.collect(SHORT, TREE.code(CITY));
    home.stop();
    city.stop();
    city.start();
    home.start();
    is_revoked(&cluster, CITY, HOME);
    within(20, "its connection is refused", || {
        let row = peer(&cluster, HOME, CITY);
        seen(row["state"] != "up" && row["cause_en"].as_str().unwrap_or_default().contains("revoked"), row)
    });
    let (_, shown) = city.call(&["case", "show", &after.case]);
    assert_eq!(shown["error"]["code"], "case-unknown", "{shown}");
    assert_eq!(home.ok(&["case", "show", &after.case])["custody"], "offered");
    // An invitation doesn't undo it: joining again would.
    let invitation = cluster.invite(CITY, HOME);
    let (exit, answer) = home.call(&["join", &invitation]);
    assert_ne!(exit, 0, "{answer}");
    is_revoked(&cluster, CITY, HOME);

    city.ok(&["peer", "readmit", code]);
    city.refused(&["peer", "readmit", code], "node-not-revoked");
    home.stop();
    home.start();
    cluster.linked(CITY, HOME);
    city.owns(40, &after.case);
    assert_eq!(city.ok(&["aggregate", "audit"])["equal"], true);
}
