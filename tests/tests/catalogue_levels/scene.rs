//! The divisions of the scene, and what is done with their nodes again and again.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use system_tests::{Cluster, Node, Release, Released, seen, within};
use tongban_codes::credit_code::CreditCode;
use tongban_codes::division::Level;

pub(crate) const PROVINCE: &str = "sichuan";
pub(crate) const CITY: &str = "guangan";
pub(crate) const CAPITAL: &str = "chengdu";
/// The district of the real items.
pub(crate) const DISTRICT: &str = "guanganqu";
pub(crate) const NEIGHBOUR: &str = "qianfeng";
pub(crate) const OTHER: &str = "wuhou";
pub(crate) const TOWNS: [&str; 4] = ["huaqiao", "nonghui", "daishi", "jiangxi"];

/// Place, division, name and superior, from above.
pub(crate) const NODES: [(&str, &str, &str, &str); 10] = [
    (PROVINCE, "510000", "四川省", ""),
    (CITY, "511600", "广安市", PROVINCE),
    (CAPITAL, "510100", "成都市", PROVINCE),
    (DISTRICT, "511602", "广安区", CITY),
    (NEIGHBOUR, "511603", "前锋区", CITY),
    (OTHER, "510107", "武侯区", CAPITAL),
    (TOWNS[0], "511602107", "花桥镇", DISTRICT),
    (TOWNS[1], "511602001", "浓洄街道", DISTRICT),
    (TOWNS[2], "511603104", "代市镇", NEIGHBOUR),
    (TOWNS[3], "510107001", "浆洗街街道", OTHER),
];

pub(crate) fn level(place: &str) -> Level {
    match place {
        PROVINCE => Level::Province,
        CITY | CAPITAL => Level::City,
        DISTRICT | NEIGHBOUR | OTHER => Level::County,
        _ => Level::Township,
    }
}

pub(crate) fn superior(place: &str) -> &'static str {
    NODES.iter().find(|(known, ..)| *known == place).map(|(.., superior)| *superior).expect("a place of the scene")
}

/// A credit code of a division's own.
pub(crate) fn credit(place: &str) -> String {
    let (serial, (_, division, ..)) = (1..).zip(NODES).find(|(_, node)| node.0 == place).expect("a place of the scene");
    CreditCode::from_body(&format!("11{}MB{serial:07}", &division[..6])).expect("the body is right").to_string()
}

/// The nodes of places, joined from above.
pub(crate) fn joined(places: &[&str]) -> Cluster {
    let mut cluster = Cluster::new();
    let nodes = || NODES.iter().filter(|(place, ..)| places.contains(place));
    for (place, division, hall, _) in nodes() {
        cluster.init_demo(place, division, hall);
    }
    cluster.nodes().for_each(Node::spawn);
    cluster.nodes().for_each(Node::ready);
    for (place, .., superior) in nodes().skip(1) {
        cluster.join(superior, place);
    }
    for (place, .., superior) in nodes().skip(1) {
        cluster.linked(superior, place);
    }
    cluster
}

/// The province releases what a file says.
pub(crate) fn release(cluster: &Cluster, release: &Release) {
    let province = cluster.node(PROVINCE);
    let file = cluster.file("release.csv", &release.file());
    let report = province.ok(&["item", "import", &file.to_string_lossy()]);
    assert_eq!((&report["imported"], &report["rejected"]), (&json!(release.items.len()), &json!(0)), "{report}");
    published(province, release.items.len());
}

/// Publishes all drafts of a node, none of which may be refused.
pub(crate) fn published(node: &Node, count: usize) {
    let report = node.ok(&["item", "publish", "--all"]);
    let done = report["published"].as_array().map_or(0, Vec::len);
    assert_eq!((done, &report["refused"]), (count, &json!([])), "{}", node.name);
}

/// Waits until a node has every base item that its level claims, in a state and a version.
pub(crate) fn stands(cluster: &Cluster, place: &str, items: &[Released], state: &str, version: u32) {
    let wanted: BTreeSet<&str> =
        items.iter().filter(|item| item.concerns(level(place))).map(|item| item.base_code.as_str()).collect();
    within(30, &format!("{} base items are {state} in version {version} at {place}", wanted.len()), || {
        let claims = cluster.node(place).ok(&["item", "claims"]);
        let fitting = |row: &&Value| row["state"] == state && row["version"] == version;
        let rows = claims["claims"].as_array().into_iter().flatten().filter(fitting);
        let found: BTreeSet<&str> = rows.filter_map(|row| row["base_code"].as_str()).collect();
        let missing: Vec<&&str> = wanted.difference(&found).collect();
        seen(missing.is_empty(), format!("{} missing: {missing:?}", missing.len())).map(drop)
    });
}

/// Claims base items of the superior by a selection; gives how many.
pub(crate) fn claim(cluster: &Cluster, place: &str, which: &[&str]) -> usize {
    let node = cluster.node(place);
    let credit = credit(place);
    let covered = cluster.node(superior(place)).division.as_str();
    let modes = ["--modes", "window,collect", "--covered", covered];
    let terms = [&["--department", "政务服务局", "--department-code", &credit], &modes[..]].concat();
    let report = node.ok(&[&["item", "claim"], which, &terms].concat());
    assert_eq!(report["refused"], json!([]), "{place}");
    let count = report["done"].as_array().map_or(0, Vec::len);
    published(node, count);
    count
}

/// Waits until the province counts, of each subordinate: what it is to claim, what it has claimed and declined, and its rate in hundredths
/// of a per cent.
pub(crate) fn counted(cluster: &Cluster, wanted: &[(&str, usize, usize, usize, usize)]) {
    let mut wanted: Vec<Value> = wanted
        .iter()
        .map(|(place, should, claimed, declined, rate)| {
            json!([format!("{:0<12}", cluster.node(place).division), should, claimed, declined, rate])
        })
        .collect();
    wanted.sort_by_key(Value::to_string);
    within(30, "the province counts who has claimed", || {
        let report = cluster.node(PROVINCE).ok(&["item", "claims", "--subordinates"]);
        let rows = report["rates"].as_array().into_iter().flatten();
        let of = |row: &Value| json!([row["division"], row["should"], row["claimed"], row["declined"], row["rate"]]);
        let found: Vec<Value> = rows.map(of).collect();
        seen(found == wanted, json!(found)).map(drop)
    });
}

/// The item of a base code at a node.
pub(crate) fn item_of(node: &Node, base_code: &str) -> String {
    let claims = node.ok(&["item", "claims"]);
    let mut rows = claims["claims"].as_array().into_iter().flatten();
    let row = rows.find(|row| row["base_code"] == base_code).unwrap_or_else(|| panic!("{}: {base_code}", node.name));
    row["items"][0][0].as_str().unwrap_or_else(|| panic!("{row}")).to_owned()
}

/// A case that is running: where it was collected and who decides it.
pub(crate) struct Running {
    pub(crate) case: String,
    pub(crate) collected: &'static str,
    pub(crate) decides: &'static str,
}

impl Running {
    /// Collects at one node for the other.
    pub(crate) fn collected(cluster: &Cluster, item: &str, collected: &'static str, decides: &'static str) -> Self {
        let short = item.split('-').next().unwrap_or(item);
        let case = cluster.node(collected).collect(short, &cluster.node(decides).division).case;
        Self { case, collected, decides }
    }

    /// Collects at one node and accepts at the other.
    pub(crate) fn accepted(cluster: &Cluster, item: &str, collected: &'static str, decides: &'static str) -> Self {
        let running = Self::collected(cluster, item, collected, decides);
        running.accept(cluster);
        running
    }

    /// Accepts it as soon as it has come to the node that decides.
    pub(crate) fn accept(&self, cluster: &Cluster) {
        cluster.node(self.decides).owns(30, &self.case);
        let accepted = cluster.node(self.decides).ok(&["case", "accept", &self.case]);
        assert_eq!(accepted["state"], "accepted", "{accepted}");
    }

    /// Both nodes show the version of the item that it is bound to.
    pub(crate) fn is_of(&self, cluster: &Cluster, version: u32) {
        for place in [self.collected, self.decides] {
            let shown = cluster.node(place).ok(&["case", "show", &self.case]);
            assert_eq!(shown["item_version"], version, "{place}: {shown}");
        }
    }
}

/// Compares everything below the province; gives the state of each node that differs or didn't answer, and the report.
pub(crate) fn drift(cluster: &Cluster) -> (Vec<(String, String)>, Value) {
    let (_, report) = cluster.node(PROVINCE).call(&["item", "drift", "--subtree", "510000"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let nodes = report["nodes"].as_array().cloned().unwrap_or_default();
    assert_eq!(nodes.len(), cluster.nodes().count(), "{report}");
    let others = nodes.iter().filter(|node| node["state"] != "same");
    (others.map(|node| (text(&node["division"]), text(&node["state"]))).collect(), report)
}

/// Waits until no node differs from what is above it.
pub(crate) fn same_everywhere(cluster: &Cluster) {
    within(30, "all hold the same", || {
        let (others, report) = drift(cluster);
        seen(others.is_empty() && report["differs"] == false && report["complete"] == true, report).map(drop)
    });
}
