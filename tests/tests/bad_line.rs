//! Nodes over a bad line: 20 to 80 ms each way, two datagrams lost in a hundred, others overtaken, and partitions.

use std::collections::BTreeSet;

use system_tests::{HOME, Quality, TwoHalls, seen, within};

#[test]
fn hand_overs_settle_over_a_bad_line() {
    let halls = TwoHalls::new();
    let (cluster, home) = (&halls.cluster, halls.home());
    let cases = halls.collect(halls.neighbour(), "held", 200);
    cluster.lines(Some(Quality::BAD), 20_261_122);
    halls.offer("first", &cases[..150]);
    // In the middle the county is cut off, for longer than a silence is borne.
    cluster.cut(HOME);
    halls.offer("second", &cases[150..]);
    within(15, "the county's silence is noticed", || {
        let peers = home.get("/v1/sync/status");
        let rows = peers["peers"].as_array().cloned().unwrap_or_default();
        seen(rows.iter().all(|peer| peer["state"] != "up"), peers)
    });
    cluster.heal(HOME);
    halls.discharged(90, &cases);
    let listed = home.get("/v1/cases?limit=1000")["cases"].as_array().cloned().unwrap_or_default();
    let owned: BTreeSet<&str> = listed.iter().filter_map(|case| case["case"].as_str()).collect();
    assert!(cases.iter().all(|case| owned.contains(case.as_str())), "a case is lost");
    assert_eq!((listed.len(), owned.len()), (201, 201), "a case is there twice");
    for node in [home, halls.neighbour()] {
        let origin = node.get("/v1/status")["node"].clone();
        within(60, "the city has pulled every entry", || {
            let (there, own) = (TwoHalls::entries(halls.city(), &origin), TwoHalls::entries(node, &origin));
            seen(there == own && own > 0, format!("{there} of {own}"))
        });
    }
    assert!(cluster.lost() > 10, "the line lost {} datagrams", cluster.lost());
    for node in cluster.nodes() {
        assert_eq!(node.ok(&["aggregate", "audit"])["equal"], true, "{}", node.name);
    }
}
