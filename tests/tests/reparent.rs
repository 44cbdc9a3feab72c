//! A city comes later: a county that stands under the province is moved under it, and keeps everything.

use serde_json::Value;
use system_tests::{CITY, Cluster, Collected, HOME, Item, NEIGHBOUR, Node, PROVINCE, TOWNSHIP, Tree, seen, within};
use tongban_codes::time::Timestamp;
use tongban_federation::invite::Invitation;

const TREE: Tree = Tree::ZHEJIANG;
/// An item of the county that stays, and one of the county that is moved.
const OF_HOME: &str = "330A0015500013";
const OF_NEIGHBOUR: &str = "330A0015500017";
/// Everything that figures are counted by.
const BY: &str = "origin,division,item,month,outcome,measure,type,mode";

fn id(cluster: &Cluster, place: &str) -> Value {
    cluster.node(place).get("/v1/status")["node"].clone()
}

fn superior(cluster: &Cluster, place: &str) -> Value {
    cluster.node(place).get("/v1/status")["superior"].clone()
}

/// The rows of `peer list` that a node shows of another.
fn shown(cluster: &Cluster, at: &str, of: &str) -> Vec<Value> {
    let of = id(cluster, of);
    let peers = cluster.node(at).ok(&["peer", "list"]);
    peers["peers"].as_array().into_iter().flatten().filter(|row| row["node"] == of).cloned().collect()
}

/// Figures of one origin as a node shows them.
fn figures(cluster: &Cluster, at: &str, of: &str) -> Vec<String> {
    let origin = id(cluster, of).to_string();
    cluster.node(at).figures(BY).into_iter().filter(|line| line.contains(&origin)).collect()
}

/// Origin, epoch and size of the journal of acts of `of` as `at` has it, once for each time that it is named.
fn checkpoints(cluster: &Cluster, at: &str, of: &str) -> Vec<(u64, u64, String)> {
    let origin = id(cluster, of);
    let report = cluster.node(at).ok(&["aggregate", "report"]);
    let named = report["as_of"].as_array().cloned().unwrap_or_default();
    let number = |row: &Value, field: &str| row[field].as_u64().unwrap_or_default();
    let of = named.iter().filter(|row| row["origin"] == origin);
    of.map(|row| (number(row, "epoch"), number(row, "size"), row["root"].as_str().unwrap_or_default().to_owned()))
        .collect()
}

/// Waits until those above count exactly what a node counts itself, on the very same tree.
fn counted(cluster: &Cluster, above: &[&str], places: &[&str]) {
    for place in places {
        for above in above {
            within(20, &format!("{above} has what {place} has"), || {
                let (own, pulled) = (checkpoints(cluster, place, place), checkpoints(cluster, above, place));
                seen(own == pulled && own.len() == 1, format!("{pulled:?}, not {own:?}"))?;
                let (own, found) = (figures(cluster, place, place), figures(cluster, above, place));
                seen(own == found, format!("{found:?}, not {own:?}"))
            });
        }
    }
    for place in above.iter().chain(places) {
        let audit = cluster.node(place).ok(&["aggregate", "audit"]);
        assert_eq!(audit["equal"], true, "{place}: {audit}");
    }
}

/// Acceptances of a division as the province counts them.
fn accepted(cluster: &Cluster, place: &str) -> i64 {
    let division = format!("{:0<12}", TREE.code(place));
    let report = cluster.node(PROVINCE).ok(&["aggregate", "report", "--by", "division"]);
    let rows = report["rows"].as_array().cloned().unwrap_or_default();
    rows.iter().filter(|row| row["division"] == division.as_str()).filter_map(|row| row["count"].as_i64()).sum()
}

fn found(cluster: &Cluster, places: &[&str], case: &str, owner: &str, tenure: u64) {
    let owner = id(cluster, owner);
    for place in places {
        within(20, &format!("{place} knows where {case} is"), || {
            let (_, found) = cluster.node(place).call(&["case", "whereis", case]);
            seen(found["node"] == owner && found["tenure"] == tenure && found["handover"].is_null(), found)
        });
    }
}

fn item(code: &str, place: &str) -> String {
    format!("{code}-{}000000-000-1-1-00", TREE.code(place))
}

/// The province, its two counties, and a township of the second. No node dials another than its superior.
fn without_city() -> Cluster {
    let mut cluster = Cluster::new();
    for (place, code, name) in TREE.0.into_iter().filter(|(place, ..)| *place != CITY) {
        cluster.init(place, code, name).configure(&[("direct", "false")]);
    }
    cluster.nodes().for_each(Node::spawn);
    cluster.nodes().for_each(Node::ready);
    for (above, below) in [(PROVINCE, HOME), (PROVINCE, NEIGHBOUR), (NEIGHBOUR, TOWNSHIP)] {
        cluster.join(above, below);
        cluster.linked(above, below);
    }
    for (place, code) in [(HOME, OF_HOME), (NEIGHBOUR, OF_NEIGHBOUR)] {
        cluster.publish(place, &[Item::permit(&item(code, place), TREE.code(CITY))]);
        cluster.node(place).staff();
    }
    cluster.node(TOWNSHIP).ok(&["operator", "add", "window", "--role", "window"]);
    cluster
}

fn add_city(cluster: &mut Cluster) {
    cluster.init(CITY, TREE.code(CITY), "杭州市").configure(&[("direct", "false")]);
    cluster.node(CITY).start();
    cluster.join(PROVINCE, CITY);
    cluster.linked(PROVINCE, CITY);
}

/// Moves a node under the city, as soon as the city has heard of it from the province.
fn moved(cluster: &Cluster, place: &str) -> Value {
    let token = cluster.invite(CITY, place);
    let joined = cluster.node(place).eventually(20, &["join", &token]);
    assert_eq!(joined["superior"], id(cluster, CITY), "{joined}");
    assert_eq!(joined["former_superior"], id(cluster, PROVINCE), "{joined}");
    joined
}

/// A node stands under the city, as all see it, and its link to the province is over.
fn stands_under_city(cluster: &Cluster, place: &str) {
    stands(cluster, place, false);
}

fn stands(cluster: &Cluster, place: &str, dialled_from_above: bool) {
    cluster.linked(CITY, place);
    let (city, node) = (id(cluster, CITY), id(cluster, place));
    assert_eq!(superior(cluster, place), city);
    within(20, "the link to the former superior is over", || {
        let rows = [shown(cluster, place, PROVINCE), shown(cluster, PROVINCE, place)].concat();
        // The province may have dialled a node that it couldn't reach before it heard of the move: such a link ends when it is idle.
        seen(rows.iter().all(|row| row["state"] == "up" && dialled_from_above), format!("{rows:?}"))
    });
    let relation = |at: &str, of: &str| shown(cluster, at, of).first().map(|row| row["relation"].clone());
    assert_eq!(relation(place, CITY), Some("superior".into()));
    within(20, "the city has its record", || {
        let found = relation(CITY, place);
        seen(found == Some("subordinate".into()), format!("{found:?}"))
    });
    for at in [place, PROVINCE, CITY] {
        within(20, &format!("{at} finds nothing wrong"), || {
            let status = cluster.node(at).get("/v1/status");
            let down = status["findings"].as_array().into_iter().flatten().any(|found| found["code"] == "peer-down");
            seen(!down, status)
        });
    }
    let why = cluster.node(place).ok(&["sync", "why", city.as_str().unwrap_or_default()]);
    assert_eq!(why["peers"][0]["state"], "up", "{why}");
    assert_eq!(cluster.node(place).get("/v1/status")["node"], node);
}

fn prefix(collected: &Collected) -> &str {
    &collected.query_code[..7]
}

#[test]
fn a_county_moves_under_a_city_that_came_later_and_keeps_everything() {
    let mut cluster = without_city();
    let (home_code, neighbour_code) = (TREE.code(HOME), TREE.code(NEIGHBOUR));
    let old = {
        let [home, neighbour, township] = [HOME, NEIGHBOUR, TOWNSHIP].map(|place| cluster.node(place));
        let up = township.collect(OF_HOME, home_code);
        home.owns(20, &up.case);
        home.ok(&["case", "accept", &up.case]);
        let down = home.collect(OF_NEIGHBOUR, neighbour_code);
        neighbour.owns(20, &down.case);
        // The item is kept for the time when its hall can't be asked.
        home.owns(20, &neighbour.collect(OF_HOME, home_code).case);
        let own = neighbour.collect(OF_NEIGHBOUR, neighbour_code);
        neighbour.ok(&["case", "accept", &own.case]);
        [up, down, own]
    };
    let [up, down, own] = &old;
    counted(&cluster, &[PROVINCE], &[HOME, NEIGHBOUR, TOWNSHIP]);
    let before = [HOME, NEIGHBOUR].map(|place| accepted(&cluster, place));
    assert_eq!(before, [1, 1]);
    let ids = [HOME, NEIGHBOUR, TOWNSHIP].map(|place| id(&cluster, place));
    let (epoch, size, root) = checkpoints(&cluster, PROVINCE, NEIGHBOUR).remove(0);

    // A hand-over and a progress that are under way while the county moves.
    cluster.cut(HOME);
    let open = cluster.node(NEIGHBOUR).collect(OF_HOME, home_code);
    assert_eq!(cluster.node(NEIGHBOUR).ok(&["case", "show", &open.case])["custody"], "offered");
    cluster.node(NEIGHBOUR).ok(&["case", "accept", &down.case]);
    cluster.node(HOME).ok(&["case", "decide", "--grant", &up.case]);

    add_city(&mut cluster);
    moved(&cluster, NEIGHBOUR);
    stands_under_city(&cluster, NEIGHBOUR);
    cluster.heal(HOME);
    let [home, neighbour, township] = [HOME, NEIGHBOUR, TOWNSHIP].map(|place| cluster.node(place));

    // What was under way arrives, once.
    home.owns(60, &open.case);
    within(40, "the county is discharged", || {
        let shown = neighbour.ok(&["case", "show", &open.case]);
        seen(shown["custody"] == "elsewhere", shown)
    });
    for (place, case, state) in [(HOME, down, "accepted"), (TOWNSHIP, up, "granted")] {
        within(60, &format!("{place} hears of the act"), || {
            let shown = cluster.node(place).ok(&["case", "show", &case.case]);
            seen(shown["state"] == state, shown)
        });
    }

    // New cases flow both ways through the city.
    let new = township.collect(OF_HOME, home_code);
    home.owns(20, &new.case);
    let back = home.collect(OF_NEIGHBOUR, neighbour_code);
    neighbour.owns(20, &back.case);
    home.ok(&["case", "accept", &new.case]);
    neighbour.ok(&["case", "accept", &back.case]);
    assert_eq!(prefix(&new), prefix(up), "the township's label is kept");
    assert_eq!(prefix(&open), prefix(own), "the county's label is kept");
    let all = [PROVINCE, CITY, HOME, NEIGHBOUR, TOWNSHIP];
    for (case, owner, tenure) in [(up, HOME, 2), (down, NEIGHBOUR, 2), (own, NEIGHBOUR, 1)] {
        found(&cluster, &all, &case.case, owner, tenure);
    }
    for (case, owner) in [(&open, HOME), (&new, HOME), (&back, NEIGHBOUR)] {
        found(&cluster, &all, &case.case, owner, 2);
    }

    // Above, everything is counted once, and the journals went on where they were.
    counted(&cluster, &[PROVINCE, CITY], &[NEIGHBOUR, TOWNSHIP]);
    counted(&cluster, &[PROVINCE], &[HOME]);
    let after = [HOME, NEIGHBOUR].map(|place| accepted(&cluster, place));
    assert_eq!(after, [before[0] + 1, before[1] + 2], "before and the new acts");
    let (later_epoch, later, new_root) = checkpoints(&cluster, PROVINCE, NEIGHBOUR).remove(0);
    assert!(later_epoch == epoch && later > size && new_root != root, "{later} entries, {size} before");
    assert_eq!([HOME, NEIGHBOUR, TOWNSHIP].map(|place| id(&cluster, place)), ids);
    for place in all {
        let log = std::fs::read_to_string(cluster.node(place).log()).unwrap_or_default();
        for wrong in ["slice-inconsistent", "slice-other", "frontier-damaged", "envelope-fork", "seal-key-unknown"] {
            assert!(!log.contains(wrong), "{wrong} in the log of {place}");
        }
    }

    // The second county follows, and is killed before it can dial its new superior.
    moved(&cluster, HOME);
    home.kill();
    home.start();
    stands(&cluster, HOME, true);
    let last = township.collect(OF_HOME, home_code);
    home.owns(20, &last.case);
    counted(&cluster, &[PROVINCE, CITY], &[HOME, NEIGHBOUR, TOWNSHIP]);

    // All of them again from what they have stored.
    for place in all {
        cluster.node(place).stop();
    }
    for place in all {
        cluster.node(place).spawn();
    }
    for place in all {
        cluster.node(place).ready();
    }
    for place in [HOME, NEIGHBOUR] {
        stands_under_city(&cluster, place);
    }
    counted(&cluster, &[PROVINCE, CITY], &[HOME, NEIGHBOUR, TOWNSHIP]);
}

/// A token that says of its issuer what isn't so.
fn bent(token: &str, change: impl FnOnce(&mut Invitation)) -> String {
    let mut invitation: Invitation = token.parse().expect("a token");
    change(&mut invitation);
    invitation.to_string()
}

#[test]
fn only_a_superior_between_is_taken() {
    let mut cluster = without_city();
    add_city(&mut cluster);
    // A city's division in a tree of its own, and a sister city.
    cluster.init("rogue", TREE.code(CITY), "杭州市").start();
    cluster.init("sister", "330200", "宁波市").start();
    cluster.join(PROVINCE, "sister");
    let home = cluster.node(HOME);
    let before = home.get("/v1/status");
    let under = |place: &str| {
        let status = home.get("/v1/status");
        assert_eq!(status["superior"], id(&cluster, place), "{status}");
        assert_eq!(status["node"], before["node"]);
    };
    let of_rogue = cluster.invite("rogue", HOME);
    home.refused(&["join", &of_rogue], "superior-not-between");
    cluster.node("sister").refused(&["invite", "--division", TREE.code(HOME)], "division-rule");
    let of_sister = bent(&of_rogue, |token| token.issuer_division = "330200".parse().expect("a division"));
    home.refused(&["join", &of_sister], "already-joined");
    let of_itself = bent(&of_rogue, |token| token.issuer_division = token.division);
    home.refused(&["join", &of_itself], "already-joined");
    under(PROVINCE);
    // The present superior's own token changes nothing.
    let again = cluster.join(PROVINCE, HOME);
    assert_eq!(again["superior"], id(&cluster, PROVINCE), "{again}");
    assert_eq!(again["former_superior"], Value::Null, "{again}");
    under(PROVINCE);
    cluster.linked(PROVINCE, HOME);

    let token = cluster.invite(CITY, HOME);
    let joined = home.eventually(20, &["join", &token]);
    under(CITY);
    // The same token again, before and after the link stands, and a new one.
    for round in 0..3 {
        let token = if round < 2 { token.clone() } else { cluster.invite(CITY, HOME) };
        let again = home.ok(&["join", &token]);
        assert_eq!((&again["superior"], &again["label"]), (&joined["superior"], &joined["label"]), "{again}");
        assert_eq!(again["former_superior"], Value::Null, "{again}");
        stands_under_city(&cluster, HOME);
    }
    // Not up again while the city is there.
    let of_province = cluster.invite(PROVINCE, HOME);
    home.refused(&["join", &of_province], "already-joined");
    under(CITY);

    // The province revokes the county over the city's head, and the city admits it again: it stands where it stood.
    let today = cluster.node(PROVINCE).get("/v1/status")["at"].as_str().unwrap_or_default()[..10].to_owned();
    let revoke = ["--yes", "peer", "revoke", TREE.code(HOME), "--from", &today, "--reason", "by mistake"];
    cluster.node(PROVINCE).ok(&revoke);
    let revoked = |at: &str| shown(&cluster, at, HOME).first().is_some_and(|row| row["state"] == "revoked");
    within(20, "the city hears of it", || seen(revoked(CITY), "not yet"));
    cluster.node(CITY).ok(&["peer", "readmit", TREE.code(HOME)]);
    within(20, "the province hears of it", || seen(!revoked(PROVINCE), "not yet"));
    home.stop();
    home.start();
    stands_under_city(&cluster, HOME);

    // When the city is given up, its county goes up again, though it has heard nothing of that.
    cluster.node(CITY).stop();
    let revoke = ["--yes", "peer", "revoke", TREE.code(CITY), "--from", &today, "--reason", "given up"];
    cluster.node(PROVINCE).ok(&revoke);
    let again = cluster.join(PROVINCE, HOME);
    assert_eq!(again["former_superior"], joined["superior"], "{again}");
    assert_eq!(again["label"], joined["label"], "{again}");
    under(PROVINCE);
    cluster.linked(PROVINCE, HOME);
}

fn at(status: &Value, field: &str) -> Timestamp {
    status[field].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no {field} in {status}"))
}

#[test]
fn certificates_are_renewed_by_the_new_superior() {
    let mut cluster = Cluster::new();
    let places = [PROVINCE, CITY, HOME];
    for place in places {
        cluster.init_demo(place, TREE.code(place), place);
        cluster.node(place).start();
    }
    for place in [HOME, CITY] {
        cluster.join(PROVINCE, place);
        cluster.linked(PROVINCE, place);
    }
    moved(&cluster, HOME);
    stands_under_city(&cluster, HOME);
    let first = at(&cluster.node(HOME).get("/v1/status"), "at");
    for place in places {
        cluster.node(place).stop();
    }
    for place in places {
        cluster.node(place).set_clock(&first.add_seconds(40 * 86_400).to_string());
        cluster.node(place).spawn();
    }
    for place in places {
        cluster.node(place).ready();
    }
    within(40, "the county has renewed its certificate", || {
        let status = cluster.node(HOME).get("/v1/status");
        seen(at(&status, "certificate_until") > first.add_seconds(120 * 86_400), status)
    });
    stands_under_city(&cluster, HOME);
}
