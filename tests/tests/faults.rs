//! Links cut, nodes killed, nodes off, no direct links: nothing is lost, and it comes right by itself.

use serde_json::Value;
use system_tests::{CITY, Cluster, HOME, Item, NEIGHBOUR, PROVINCE, TOWNSHIP, Tree, within};

const TREE: Tree = Tree::HUBEI;
const CODE: &str = "420A0015500013-420106000000-000-1-1-00";
const SHORT: &str = "420A0015500013";
/// An item of the township.
const OF_TOWNSHIP: &str = "420A0015500017";

/// Cases that are collected for a node while it is off.
const CASES_WHILE_OFF: u32 = 1_000;

fn cluster(changes: &[(&str, &str)]) -> Cluster {
    let cluster = Cluster::joined_with(TREE, changes);
    cluster.publish(HOME, &[Item::permit(CODE, TREE.code(CITY))]);
    cluster.node(HOME).staff();
    for place in [TOWNSHIP, NEIGHBOUR] {
        cluster.node(place).ok(&["operator", "add", "window", "--role", "window"]);
    }
    cluster
}

fn whereis(cluster: &Cluster, place: &str, case: &str) -> Value {
    cluster.node(place).ok(&["case", "whereis", case])
}

fn division(place: &str) -> String {
    format!("{:0<12}", TREE.code(place))
}

#[test]
fn a_link_cut_in_the_middle_of_a_handover_and_a_killed_decider() {
    let cluster = cluster(&[]);
    let (township, home) = (cluster.node(TOWNSHIP), cluster.node(HOME));
    let before = township.collect(SHORT, TREE.code(HOME));
    home.owns(10, &before.case);

    cluster.cut(HOME);
    let open = township.collect(SHORT, TREE.code(HOME));
    let shown = township.ok(&["case", "show", &open.case]);
    assert_eq!((&shown["custody"], &shown["tenure"]), (&"offered".into(), &1.into()), "{shown}");
    township.refused(&["case", "withdraw", &open.case], "case-offered");
    // The origin names itself and the open hand-over, and so does who asks it.
    for place in [TOWNSHIP, NEIGHBOUR, CITY, PROVINCE] {
        let found = whereis(&cluster, place, &open.case);
        let (owner, tenure) = (&found["division"], &found["tenure"]);
        assert_eq!((owner, tenure), (&division(TOWNSHIP).into(), &1.into()), "{place}: {found}");
        assert_eq!(found["handover"], division(HOME), "{place}: {found}");
        assert!(found["as_of"].is_string(), "{place}: {found}");
    }
    // Of an older case they know what they knew, with its time.
    let found = whereis(&cluster, PROVINCE, &before.case);
    assert!(found["tenure"].as_u64() <= Some(2) && found["as_of"].is_string(), "{found}");
    // The county that is cut off serves on.
    home.ok(&["case", "accept", &before.case]);
    let (exit, unknown) = home.call(&["case", "whereis", &open.case]);
    assert_eq!((exit, unknown["error"]["code"].as_str()), (1, Some("case-unknown")), "{unknown}");

    cluster.heal(HOME);
    home.owns(40, &open.case);
    for place in TREE.places() {
        within(15, &format!("{place} names the county at tenure 2"), || {
            let found = whereis(&cluster, place, &open.case);
            system_tests::seen(found["division"] == division(HOME) && found["tenure"] == 2, found)
        });
    }

    home.ok(&["case", "accept", &open.case]);
    home.ok(&["case", "decide", "--grant", &open.case]);
    let issue = ["licence", "issue", &open.case, "--type", "公共场所卫生许可证", "--until", "2035-01-01"];
    let licence = home.ok(&issue)["licence"].as_str().unwrap_or_default().to_owned();
    home.kill();
    home.start();
    let shown = home.ok(&["case", "show", &open.case]);
    assert_eq!((&shown["state"], &shown["licences"][0]), (&"granted".into(), &licence.as_str().into()), "{shown}");
    assert_eq!(home.ok(&["case", "show", &before.case])["state"], "accepted");
    assert_eq!(home.ok(&["licence", "verify", &licence])["valid"], true);
    assert_eq!(home.ok(&["aggregate", "audit"])["equal"], true);
    for (case, state) in [(&open.case, "granted"), (&before.case, "accepted")] {
        within(40, "the township hears of the acts", || {
            let shown = township.ok(&["case", "show", case]);
            system_tests::seen(shown["state"] == state, shown)
        });
    }
}

#[test]
fn a_township_that_was_off_catches_up() {
    let cluster = cluster(&[]);
    let township = cluster.node(TOWNSHIP);
    let code = format!("{OF_TOWNSHIP}-420111002000-000-1-1-00");
    cluster.publish(TOWNSHIP, &[Item { kind: "05", ..Item::permit(&code, TREE.code(CITY)) }]);
    cluster.node(HOME).ok(&["operator", "add", "window", "--role", "window"]);
    // Who has collected once has the item.
    let first = [HOME, NEIGHBOUR].map(|place| cluster.node(place).collect(OF_TOWNSHIP, TREE.code(TOWNSHIP)).case);
    for case in &first {
        township.owns(15, case);
    }

    township.stop();
    let base = "420190001001";
    let row = Item { base_code: base, modes: "", covered: "", ..Item::permit("", "") };
    cluster.publish(PROVINCE, &[row]);
    let count = CASES_WHILE_OFF;
    let mut cases: Vec<String> = first.into();
    std::thread::scope(|scope| {
        // Several windows at once: the first that doesn't reach the township waits a moment before it uses the item that it kept.
        let windows: Vec<_> = [HOME, NEIGHBOUR]
            .into_iter()
            .flat_map(|place| (0..8).map(move |window| (place, window)))
            .map(|(place, window)| {
                let node = cluster.node(place);
                let (from, to) = (window * count / 16, (window + 1) * count / 16);
                scope.spawn(move || node.collect_many(OF_TOWNSHIP, TREE.code(TOWNSHIP), from..to))
            })
            .collect();
        for window in windows {
            cases.extend(window.join().expect("every case is collected"));
        }
    });
    let collected = u32::try_from(cases.len()).expect("they are few");
    assert_eq!(collected, 2 + 2 * (count / 2), "what is collected at two nodes while the township is off");

    township.start();
    let listed = |place: &str, custody: &str| -> Vec<String> {
        let listed = cluster.node(place).ok(&["case", "list", "--limit", "1000"]);
        let rows = listed["cases"].as_array().cloned().unwrap_or_default();
        let held = rows.iter().filter(|case| case["custody"] == custody);
        held.filter_map(|case| case["case"].as_str().map(str::to_owned)).collect()
    };
    let mut discharged = within(60, "every case was handed over", || {
        let both = [listed(HOME, "elsewhere"), listed(NEIGHBOUR, "elsewhere")].concat();
        if both.len() == cases.len() { Ok(both) } else { Err(format!("{} of {}", both.len(), cases.len())) }
    });
    cases.sort();
    discharged.sort();
    assert_eq!(discharged, cases);
    // A list has at most a thousand.
    let owned = listed(TOWNSHIP, "owner");
    assert_eq!(owned.len(), cases.len().min(1_000));
    assert!(owned.iter().all(|case| cases.binary_search(case).is_ok()));
    within(20, "the base item has come down", || {
        let items = township.ok(&["item", "list", "--stage", "base"]);
        system_tests::seen(items.to_string().contains(base), items)
    });
    for place in [HOME, NEIGHBOUR] {
        within(20, &format!("nothing waits at {place}"), || {
            let peers = cluster.node(place).ok(&["sync", "status"]);
            let rows = peers["peers"].as_array().cloned().unwrap_or_default();
            system_tests::seen(rows.iter().all(|peer| peer["behind"] == 0), peers)
        });
    }
    assert_eq!(township.ok(&["aggregate", "audit"])["equal"], true);
}

#[test]
fn without_direct_links_superiors_relay() {
    let cluster = cluster(&[("direct", "false")]);
    let (township, home) = (cluster.node(TOWNSHIP), cluster.node(HOME));
    // County, city, county; then township, county, city, county.
    for place in [NEIGHBOUR, TOWNSHIP] {
        let collected = cluster.node(place).collect(SHORT, TREE.code(HOME));
        home.owns(20, &collected.case);
        home.ok(&["case", "accept", &collected.case]);
        within(20, &format!("{place} hears of the acceptance"), || {
            let shown = cluster.node(place).ok(&["case", "show", &collected.case]);
            system_tests::seen(shown["state"] == "accepted", shown)
        });
    }

    home.stop();
    let waiting = township.collect(SHORT, TREE.code(HOME));
    within(20, "the envelope has come as far as the city", || {
        let peers = cluster.node(CITY).ok(&["sync", "status"]);
        let rows = peers["peers"].as_array().cloned().unwrap_or_default();
        let waits = rows.iter().any(|peer| peer["division"] == division(HOME) && peer["behind"] == 1);
        system_tests::seen(waits, peers)
    });
    cluster.node(CITY).kill();
    cluster.node(CITY).start();
    home.start();
    home.owns(40, &waiting.case);
    within(20, "the township is discharged", || {
        let shown = township.ok(&["case", "show", &waiting.case]);
        system_tests::seen(shown["custody"] == "elsewhere" && shown["tenure"] == 2, shown)
    });
    // No link ever stood between those that are neither superior nor subordinate.
    let linked = |place: &str| -> Vec<String> {
        let peers = cluster.node(place).ok(&["sync", "status"]);
        let rows = peers["peers"].as_array().cloned().unwrap_or_default();
        let up = rows.iter().filter(|peer| peer["state"] == "up");
        up.filter_map(|peer| peer["division"].as_str().map(str::to_owned)).collect()
    };
    for (place, superior) in [(TOWNSHIP, NEIGHBOUR), (HOME, CITY)] {
        cluster.linked(place, superior);
        let up = linked(place);
        assert!(up.iter().all(|peer| *peer == division(superior)), "{place}: {up:?}");
    }
}
