//! A township that was off for a month, by the clocks of demo nodes.

use serde_json::json;
use system_tests::{Cluster, Release, Released, seen, within};
use tongban_codes::time::Timestamp;

use crate::scene::{
    CITY, DISTRICT, PROVINCE, Running, TOWNS, claim, item_of, joined, published, release, same_everywhere, stands,
    superior,
};

/// Starts nodes again so many days after the first moment.
fn days_later(cluster: &Cluster, first: Timestamp, days: i64, places: &[&str]) {
    places.iter().for_each(|place| cluster.node(place).stop());
    for place in places {
        cluster.node(place).set_clock(&first.add_seconds(days * 86_400).to_string());
        cluster.node(place).spawn();
    }
    places.iter().for_each(|place| cluster.node(place).ready());
}

#[test]
fn a_township_that_was_off_for_a_month_catches_up_by_itself() {
    let town = TOWNS[0];
    let others = [PROVINCE, CITY, DISTRICT];
    let cluster = joined(&[PROVINCE, CITY, DISTRICT, town]);
    let mut standard = Release::new("51", 60);
    standard.items.retain(|item| item.reaches_townships);
    release(&cluster, &standard);
    stands(&cluster, town, &standard.items, "pending", 1);
    assert_eq!(claim(&cluster, town, &["--all"]), standard.items.len());
    for place in [DISTRICT, town] {
        cluster.node(place).staff();
    }
    let status = cluster.node(PROVINCE).get("/v1/status");
    let first: Timestamp = status["at"].as_str().and_then(|at| at.parse().ok()).unwrap_or_else(|| panic!("{status}"));
    let node = cluster.node(town);
    let item = item_of(node, &standard.items[0].base_code);
    let earlier = Running::accepted(&cluster, &item, DISTRICT, town);
    node.stop();

    // Meanwhile every item is released anew, some of them twice, and a window of the district collects for the township.
    days_later(&cluster, first, 10, &others);
    for place in [CITY, DISTRICT] {
        cluster.linked(superior(place), place);
    }
    let amend = |item: &Released, year: u32| {
        item.amended(&item.legal_basis.replace("（演示）", &format!("（{year}年修订，演示）")))
    };
    let meanwhile = Running::collected(&cluster, &item, DISTRICT, town);
    let once = Release { items: standard.items.iter().map(|item| amend(item, 2026)).collect() };
    release(&cluster, &once);
    days_later(&cluster, first, 20, &others);
    for place in [CITY, DISTRICT] {
        cluster.linked(superior(place), place);
    }
    let twice = Release { items: standard.items[..3].iter().map(|item| amend(item, 2027)).collect() };
    release(&cluster, &twice);
    let (_, report) = cluster.node(PROVINCE).call(&["item", "drift", "--subtree", "510000"]);
    assert_eq!((&report["complete"], &report["nodes"][3]["state"]), (&json!(false), &json!("unreached")), "{report}");
    days_later(&cluster, first, 31, &others);

    // It is switched on, and nothing else is done there.
    node.set_clock(&first.add_seconds(31 * 86_400).to_string());
    node.start();
    stands(&cluster, town, &once.items[3..], "outdated", 2);
    stands(&cluster, town, &twice.items, "outdated", 3);
    let changed = node.ok(&["item", "list", "--stage", "base"]);
    let basis = |code: &str| {
        let mut rows = changed["items"].as_array().into_iter().flatten();
        rows.find(|row| row["base_code"] == code).map(|row| row["legal_basis"].clone())
    };
    for item in twice.items.iter().chain(&once.items[3..]) {
        assert_eq!(basis(&item.base_code), Some(json!(item.legal_basis)), "{}", item.base_code);
    }
    meanwhile.accept(&cluster);
    earlier.is_of(&cluster, 1);
    meanwhile.is_of(&cluster, 1);
    let updated = node.ok(&["item", "claim", "--update", "--all-pending"]);
    assert_eq!(updated["done"].as_array().map(Vec::len), Some(standard.items.len()), "{updated}");
    published(node, standard.items.len());
    same_everywhere(&cluster);
    Running::accepted(&cluster, &item, town, town).is_of(&cluster, 2);
    for case in [earlier, meanwhile] {
        assert_eq!(node.ok(&["case", "decide", "--grant", &case.case])["state"], "granted");
        case.is_of(&cluster, 1);
    }
    within(20, "nothing waits for a receipt", || {
        let status = node.ok(&["sync", "status"]);
        let behind = status["peers"].as_array().into_iter().flatten().all(|peer| peer["behind"] == 0);
        seen(behind, status).map(drop)
    });
}
