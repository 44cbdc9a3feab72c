//! A node that is gone for good: its cases come back through the common superior, at whichever step of the hand-over it was lost, and go on
//! at another node of its division; its late return does no harm.

use serde_json::Value;
use system_tests::{APPLICANT, CITY, Cluster, HOME, Item, NEIGHBOUR, PROVINCE, TOWNSHIP, Tree, paper, seen, within};

const TREE: Tree = Tree::ZHEJIANG;
const ITEM: &str = "330A0015500013";
/// The node that goes on in the place of the one that is lost.
const NEXT: &str = "next";
/// By how much an order raises the tenure.
const JUMP: u64 = 1_000;

fn id(cluster: &Cluster, place: &str) -> String {
    cluster.node(place).get("/v1/status")["node"].as_str().unwrap_or_default().to_owned()
}

fn item() -> Item<'static> {
    Item::permit(ITEM, TREE.code(CITY))
}

/// Waits until a place shows a case so.
#[track_caller]
fn shows(cluster: &Cluster, place: &str, case: &str, custody: &str, state: &str, tenure: u64) -> Value {
    within(40, &format!("{place} shows {case} as {custody}, {state}, tenure {tenure}"), || {
        let (_, shown) = cluster.node(place).call(&["case", "show", case]);
        if shown["custody"] == custody && shown["state"] == state && shown["tenure"] == tenure {
            Ok(shown)
        } else {
            Err(shown.to_string())
        }
    })
}

/// Waits until all of these say that the owner is there.
#[track_caller]
fn found(cluster: &Cluster, places: &[&str], case: &str, owner: &str, tenure: u64) {
    let owner = id(cluster, owner);
    for place in places {
        within(40, &format!("{place} finds {case}"), || {
            let (_, answer) = cluster.node(place).call(&["case", "whereis", case]);
            seen(answer["node"] == owner.as_str() && answer["tenure"] == tenure, answer)
        });
    }
}

/// Kinds and force of the acts of a place in the history that another shows.
fn force(cluster: &Cluster, place: &str, case: &str, of: &str) -> Vec<(String, String)> {
    let of = id(cluster, of);
    let shown = cluster.node(place).ok(&["case", "history", case]);
    let acts = shown["history"].as_array().cloned().unwrap_or_default();
    let text = |act: &Value, field: &str| act[field].as_str().unwrap_or_default().to_owned();
    let of = acts.iter().filter(|act| act["place"]["node"] == of.as_str());
    of.map(|act| (text(act, "kind"), text(act, "force"))).collect()
}

#[test]
fn a_lost_nodes_cases_go_on_elsewhere_and_its_return_does_no_harm() {
    let mut cluster = Cluster::joined(TREE);
    cluster.publish(HOME, &[item()]);
    for place in [HOME, NEIGHBOUR] {
        cluster.node(place).staff();
    }
    let [city, home, town] = [CITY, HOME, NEIGHBOUR].map(|place| cluster.node(place));
    let collect = || town.collect(ITEM, TREE.code(HOME)).case;
    // Lost after it had taken the case, accepted it, decided it; and one of which it has not heard.
    let [taken, accepted, decided] = [collect(), collect(), collect()];
    for case in [&taken, &accepted, &decided] {
        home.owns(20, case);
    }
    for case in [&accepted, &decided] {
        home.ok(&["case", "accept", case]);
    }
    home.ok(&["case", "decide", &decided, "--grant"]);
    shows(&cluster, NEIGHBOUR, &taken, "elsewhere", "collected", 2);
    shows(&cluster, NEIGHBOUR, &accepted, "elsewhere", "accepted", 2);
    shows(&cluster, NEIGHBOUR, &decided, "elsewhere", "granted", 2);
    let journal = home.get("/v1/aggregate/status")["origins"].clone();
    let own =
        journal.as_array().into_iter().flatten().find(|row| row["journal"] == "acts").cloned().unwrap_or_default();
    within(20, "the city has all of its journal", || {
        let status = city.get("/v1/aggregate/status");
        let rows = status["origins"].as_array().cloned().unwrap_or_default();
        let same =
            |row: &Value| row["origin"] == own["origin"] && row["journal"] == "acts" && row["size"] == own["size"];
        seen(rows.iter().any(same), status)
    });
    home.kill();
    // What was handed over is sealed at the hall that collected it.
    let slip = paper(town, &taken, "collection-slip");
    assert!(slip.contains("张*") && !slip.contains(APPLICANT.0), "{slip}");
    let offered = collect();
    shows(&cluster, NEIGHBOUR, &offered, "offered", "collected", 1);

    // Nobody orders what nobody asks for, nor against a node that is still part of the federation.
    city.refused(&["case", "reclaim", &taken, "--order"], "reclaim-unasked");
    let all = [&offered, &taken, &accepted, &decided];
    for case in all {
        town.ok(&["case", "reclaim", case, "--reason", "机房失火"]);
    }
    within(20, "the city has heard", || {
        let rows = city.ok(&["case", "reclaims"]);
        seen(rows["reclaims"].as_array().is_some_and(|rows| rows.len() == all.len()), rows)
    });
    city.refused(&["case", "reclaim", &taken, "--order"], "reclaim-not-revoked");
    let (lost, today) = (
        own["origin"].as_str().unwrap_or_default().to_owned(),
        city.get("/v1/status")["at"].as_str().unwrap_or_default()[..10].to_owned(),
    );
    city.ok(&["--yes", "peer", "revoke", &lost, "--from", &today, "--reason", "机房失火"]);
    within(20, "the reason is named", || {
        let why = town.ok(&["sync", "why", &offered]);
        seen(why["waiting"].as_array().is_some_and(|rows| rows.iter().any(|row| row["cause"] == "revoked")), why)
    });
    // What the authority had accepted goes on at another node of its division alone.
    city.refused(&["case", "reclaim", &accepted, "--order"], "reclaim-no-successor");
    cluster.init(NEXT, TREE.code(HOME), "西湖区");
    cluster.node(NEXT).start();
    cluster.join(CITY, NEXT);
    cluster.linked(CITY, NEXT);
    cluster.publish(NEXT, &[item()]);
    cluster.node(NEXT).staff();
    let [city, home, town, next] = [CITY, HOME, NEIGHBOUR, NEXT].map(|place| cluster.node(place));
    let successor = id(&cluster, NEXT);
    for case in [&offered, &taken] {
        city.ok(&["case", "reclaim", case, "--order"]);
    }
    for case in [&accepted, &decided] {
        // It is revoked as of this morning, so what it did today is in force only where somebody has seen the papers.
        let order = ["case", "reclaim", case, "--order", "--to", &successor];
        city.refused(&order, "reclaim-unwitnessed");
        city.ok(&[&order[..], &["--as-told"]].concat());
    }
    city.refused(&["case", "reclaim", &taken, "--order"], "reclaim-unasked");
    shows(&cluster, NEIGHBOUR, &offered, "owner", "collected", 1 + JUMP);
    shows(&cluster, NEIGHBOUR, &taken, "owner", "collected", 2 + JUMP);
    let back = shows(&cluster, NEIGHBOUR, &accepted, "owner", "accepted", 2 + JUMP);
    shows(&cluster, NEIGHBOUR, &decided, "owner", "granted", 2 + JUMP);
    town.refused(&["case", "accept", &taken], "not-competent");
    // What has come back is shown again, and is whole.
    for case in [&taken, &accepted, &decided] {
        assert!(paper(town, case, "collection-slip").contains(APPLICANT.0));
    }
    found(&cluster, &[CITY, PROVINCE, TOWNSHIP, NEXT], &accepted, NEIGHBOUR, 2 + JUMP);

    // They go on; numbers and deadlines stay.
    for case in all {
        within(20, "the neighbour knows who serves the division now", || match town.call(&["case", "offer", case]) {
            (0, _) => Ok(()),
            (_, other) => Err(other.to_string()),
        });
        next.owns(30, case);
    }
    let on = next.ok(&["case", "show", &accepted]);
    for field in ["case_no", "state", "accepted_on", "statutory_due", "promised_due"] {
        assert_eq!(on[field], back[field], "{field}");
    }
    next.ok(&["case", "accept", &taken]);
    assert!(paper(next, &taken, "acceptance").contains(APPLICANT.0));
    next.ok(&["case", "decide", &accepted, "--grant"]);
    next.ok(&["case", "deliver", &decided]);
    shows(&cluster, NEIGHBOUR, &accepted, "elsewhere", "granted", 3 + JUMP);

    // It returns, and believes that it owns what it had: what it does alone is done in vain.
    home.start();
    assert_eq!(home.ok(&["case", "show", &taken])["custody"], "owner");
    home.ok(&["case", "accept", &taken]);
    home.ok(&["case", "decide", &accepted, "--deny", "--reason", "材料不实"]);
    found(&cluster, &[CITY, NEIGHBOUR, NEXT, PROVINCE], &taken, NEXT, 3 + JUMP);
    city.ok(&["peer", "readmit", &lost]);
    home.stop();
    home.start();
    cluster.linked(CITY, HOME);
    shows(&cluster, HOME, &taken, "elsewhere", "collected", 2 + JUMP);
    shows(&cluster, HOME, &accepted, "elsewhere", "accepted", 2 + JUMP);
    shows(&cluster, HOME, &decided, "elsewhere", "granted", 2 + JUMP);
    home.refused(&["case", "close", &decided], "not-owner");
    // The old offer has come. Where the order was quicker nobody took it; else it was taken, and let go when the order came.
    within(30, "the old offer is answered", || {
        let why = town.ok(&["sync", "why", &offered]);
        seen(why["waiting"].as_array().is_some_and(Vec::is_empty), why)
    });
    within(30, "the old offer has no effect", || match home.call(&["case", "show", &offered]) {
        (1, refused) => seen(refused["error"]["code"] == "case-unknown", refused),
        (_, shown) => seen(shown["custody"] == "elsewhere", shown),
    });
    for case in all {
        found(
            &cluster,
            &[CITY, HOME, NEIGHBOUR, NEXT, PROVINCE, TOWNSHIP],
            case,
            NEXT,
            if *case == offered { 2 } else { 3 } + JUMP,
        );
        let places = [HOME, NEIGHBOUR, NEXT];
        let owners: Vec<&str> = places
            .into_iter()
            .filter(|place| cluster.node(place).call(&["case", "show", case]).1["custody"] == "owner")
            .collect();
        assert_eq!(owners, [NEXT], "{case}");
    }
    // Both histories show what it did, and that it isn't in force.
    let void = ("decide".to_owned(), "void".to_owned());
    for place in [HOME, NEIGHBOUR] {
        within(30, &format!("{place} shows what was done in vain"), || {
            let acts = force(&cluster, place, &accepted, HOME);
            seen(
                acts.contains(&void) && acts.contains(&("accept".to_owned(), String::new())),
                Value::from(format!("{acts:?}")),
            )
        });
    }
    assert_eq!(next.ok(&["case", "show", &accepted])["state"], "granted");
    for place in [CITY, HOME, NEIGHBOUR, NEXT] {
        assert_eq!(cluster.node(place).ok(&["aggregate", "audit"])["equal"], true, "{place}");
    }
}
