//! The main job by the commands of the contract, on five nodes of a province, joined in both orders.

use serde_json::Value;
use system_tests::{
    APPLICANT, CITY, Cluster, Collected, HOME, Item, NEIGHBOUR, PROVINCE, TOWNSHIP, Tree, TwoHalls, within,
};

/// Dimensions in which the figures of three levels are compared.
const BY: &str = "division,item,month,outcome";

/// The code of a permit in its own numbering.
fn code(tree: Tree) -> String {
    format!("{}A0015500013-{}000000-000-11330106002498812X-1-00", &tree.code(HOME)[..3], tree.code(HOME))
}

fn short(code: &str) -> &str {
    code.split('-').next().unwrap_or(code)
}

/// Asks every node where the case is until all name the county at tenure 2, within the five seconds of the promise.
fn found_from_everywhere(cluster: &Cluster, tree: Tree, collected: &Collected) {
    let home = cluster.node(HOME).get("/v1/status")["node"].clone();
    within(5, "all five nodes name the same owner", || {
        for place in tree.places() {
            for name in [&collected.case, &collected.query_code] {
                let (exit, found) = cluster.node(place).call(&["case", "whereis", name]);
                let owner = (&found["node"], &found["tenure"], &found["handover"]);
                if exit != 0 || owner != (&home, &Value::from(2), &Value::Null) {
                    return Err(format!("{place} {name}: {found}"));
                }
            }
        }
        Ok(())
    });
}

/// The acts of a case as one node shows them: where, and what.
fn history(cluster: &Cluster, place: &str, case: &str) -> Vec<(String, String)> {
    let shown = cluster.node(place).ok(&["case", "show", case]);
    let acts = shown["history"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    acts.iter().map(|act| (text(&act["place"]["division"]), text(&act["kind"]))).collect()
}

/// From collecting at the township to the closed case, with the licence verified elsewhere.
fn job(cluster: &Cluster, tree: Tree, item: &str) {
    let (township, home) = (cluster.node(TOWNSHIP), cluster.node(HOME));
    let collected = township.collect(item, tree.code(HOME));
    found_from_everywhere(cluster, tree, &collected);
    let case = collected.case.as_str();

    let accepted = home.ok(&["case", "accept", case]);
    assert_eq!(accepted["state"], "accepted", "{accepted}");
    assert!(accepted["statutory_due"].is_string() && accepted["promised_due"].is_string(), "{accepted}");
    let decided = home.ok(&["case", "decide", "--grant", case]);
    assert_eq!(decided["state"], "granted", "{decided}");
    let issued = home.ok(&["licence", "issue", case, "--type", "公共场所卫生许可证", "--until", "2035-01-01"]);
    let licence = issued["licence"].as_str().unwrap_or_default().to_owned();
    home.ok(&["case", "deliver", case]);
    home.ok(&["case", "close", case]);

    let full: Vec<(String, String)> = ["collect", "offer"]
        .map(|act| (TOWNSHIP, act))
        .into_iter()
        .chain(["take-custody", "accept", "decide", "issue-licence", "deliver", "close"].map(|act| (HOME, act)))
        .map(|(place, act)| (format!("{:0<12}", tree.code(place)), act.to_owned()))
        .collect();
    within(10, "the township shows both legs", || {
        let mut shown = history(cluster, TOWNSHIP, case);
        // That custody was taken is an act of both nodes.
        shown.retain(|(_, kind)| kind != "discharge");
        system_tests::seen(shown == full, format!("{shown:?}"))
    });
    let (code, proof) = (collected.query_code.as_str(), &APPLICANT.1[12..]);
    // Neither a stranger nor who only made a code up learns anything, and both hear the same.
    let province = cluster.node(PROVINCE);
    let stranger = province.refused(&["case", "progress", code, "--proof", "000000"], "progress-unproven");
    let own = cluster.node(HOME).refused(&["case", "progress", code, "--proof", "000000"], "progress-unproven");
    assert_eq!(stranger["en"], own["en"]);
    province.refused(&["case", "progress", code, "--proof", "0"], "invalid-field");
    let progress = province.ok(&["case", "progress", code, "--proof", proof]);
    assert_eq!(progress["state"], "closed", "{progress}");

    // The authority's record travels at its own pace.
    assert_eq!(township.eventually(10, &["licence", "verify", &licence])["valid"], true);
    let file = cluster.root().join("licence.cose");
    let file = file.to_string_lossy();
    home.ok(&["licence", "show", &licence, "--file", &file, "--yes"]);
    assert_eq!(cluster.node(PROVINCE).eventually(10, &["licence", "verify", &file])["valid"], true);
}

/// County, city and province count the same, and a fresh fold of the entries agrees.
fn counted(cluster: &Cluster, tree: Tree) {
    let division = format!("{:0<12}", tree.code(HOME));
    let of_home = |place: &str| -> Vec<String> {
        let mut lines = cluster.node(place).figures(BY);
        lines.retain(|line| line.contains(&division));
        lines
    };
    let expected = of_home(HOME);
    assert!(expected.iter().any(|line| line.contains("granted")), "{expected:?}");
    for place in [CITY, PROVINCE] {
        within(15, &format!("{place} counts what the county counts"), || {
            let found = of_home(place);
            system_tests::seen(found == expected, format!("{found:?}, not {expected:?}"))
        });
    }
    for place in tree.places() {
        let audit = cluster.node(place).ok(&["aggregate", "audit"]);
        assert_eq!(audit["equal"], true, "{place}: {audit}");
    }
    let report = cluster.node(PROVINCE).ok(&["aggregate", "report", "--by", "division"]);
    let named = report["as_of"].as_array().cloned().unwrap_or_default();
    assert!(named.iter().any(|checkpoint| checkpoint["division"] == division.as_str()), "{report}");
}

/// A base item goes down from the province; below it is claimed, and 四同 fields stay the superior's.
fn catalogue_is_law(cluster: &Cluster, tree: Tree) {
    let base = format!("{}0190001001", &tree.code(PROVINCE)[..2]);
    let row = Item { base_code: &base, promised_days: "10", modes: "", covered: "", ..Item::permit("", "") };
    cluster.publish(PROVINCE, &[row]);
    let mut claimed = Vec::new();
    for (place, credit) in [(CITY, "11370800MB28559184"), (HOME, "113301060024988123")] {
        let node = cluster.node(place);
        within(15, &format!("the base item has come to {place}"), || {
            let items = node.ok(&["item", "list", "--stage", "base"]);
            system_tests::seen(items.to_string().contains(&base), items)
        });
        let claim =
            ["item", "claim", &base, "--department", "行政审批局", "--department-code", credit, "--promised-days", "8"];
        let item = node.ok(&claim)["item"].as_str().unwrap_or_default().to_owned();
        node.ok(&["item", "publish", &item]);
        node.refused(
            &["item", "claim", &base, "--department", "行政审批局", "--promised-days", "11"],
            "ceiling-exceeded",
        );
        claimed.push(item);
    }
    let same = |wrong: Item<'_>| {
        let report = cluster.import(HOME, &[wrong]);
        assert_eq!((&report["imported"], &report["rejected"]), (&0.into(), &1.into()), "{report}");
        assert_eq!(report["rows"][0]["code"], "core-locked", "{report}");
    };
    let right = Item { base_code: &base, promised_days: "8", ..Item::permit(&claimed[1], "") };
    same(Item { name: "别的名称", ..right });
    same(Item { kind: "05", ..right });
    same(Item { base_code: "", name: "没有基本编码", ..right });
}

#[test]
fn joined_from_above() {
    let tree = Tree::ZHEJIANG;
    let cluster = Cluster::joined(tree);
    let code = code(tree);
    cluster.publish(HOME, &[Item::permit(&code, tree.code(CITY))]);
    cluster.node(TOWNSHIP).ok(&["operator", "add", "window", "--role", "window"]);
    cluster.node(HOME).staff();
    job(&cluster, tree, short(&code));
    counted(&cluster, tree);
    catalogue_is_law(&cluster, tree);
}

#[test]
fn joined_from_below() {
    let tree = Tree::HUBEI;
    let cluster = Cluster::of(tree);
    let code = code(tree);
    cluster.publish(HOME, &[Item::permit(&code, tree.code(CITY))]);
    cluster.node(TOWNSHIP).ok(&["operator", "add", "window", "--role", "window"]);
    cluster.node(HOME).staff();
    for place in [TOWNSHIP, NEIGHBOUR, HOME, CITY] {
        cluster.join(Tree::superior(place), place);
    }
    for place in [TOWNSHIP, NEIGHBOUR, HOME, CITY] {
        cluster.linked(Tree::superior(place), place);
    }
    job(&cluster, tree, short(&code));
    counted(&cluster, tree);
    catalogue_is_law(&cluster, tree);
}

/// While cases come in, every report stands on the checkpoint that it names: no case more, and none less.
#[test]
fn a_report_stands_on_the_checkpoint_that_it_names() {
    let halls = TwoHalls::new();
    let home = halls.home();
    let counted = || {
        let report = home.ok(&["aggregate", "report", "--by", "measure,origin"]);
        let own = home.get("/v1/status")["node"].clone();
        let rows = report["rows"].as_array().cloned().unwrap_or_default();
        let collected = rows.iter().filter(|row| row["measure"] == "collected" && row["origin"] == own);
        let collected: i64 = collected.filter_map(|row| row["count"].as_i64()).sum();
        let views = report["as_of"].as_array().cloned().unwrap_or_default();
        let size = views.iter().find(|view| view["origin"] == own).and_then(|view| view["size"].as_i64());
        (collected, size.unwrap_or_default())
    };
    let (before, size) = counted();
    std::thread::scope(|threads| {
        let collecting = threads.spawn(|| halls.collect(home, "report", 150));
        while !collecting.is_finished() {
            let (now, upto) = counted();
            assert_eq!(now - before, upto - size, "a case that is collected is one entry");
        }
    });
    assert_eq!(counted(), (before + 150, size + 150));
}
