//! Seven nodes in two provinces that exchange anchors: everything between them goes along the trees and over the link between the roots.

use serde_json::Value;

use crate::{Cluster, Item, Node, seen, within};

/// Place, division, name and superior of each node; 前锋区 was cut out of 广安区, and 代市镇 with it.
pub const NODES: [(&str, &str, &str, Option<&str>); 7] = [
    ("sichuan", "510000", "四川省", None),
    ("guangan", "511600", "广安市", Some("sichuan")),
    ("home", "511602", "广安区", Some("guangan")),
    ("daishi", "511603104", "代市镇", Some("guangan")),
    ("chongqing", "500000", "重庆市", None),
    ("yubei", "500112", "渝北区", Some("chongqing")),
    ("huixing", "500112004", "回兴街道", Some("yubei")),
];

/// The places of the two roots.
pub const ROOTS: [&str; 2] = ["sichuan", "chongqing"];

/// Who decides, its division, who collects for it beyond the border, and what.
pub const CROSSINGS: [(&str, &str, &str, &str); 2] =
    [("home", "511602", "huixing", "511A0015500013"), ("yubei", "500112", "daishi", "500A0015500013")];

/// The seven nodes, each joined under its superior, with an item in each province that the other may collect; neither province trusts the other.
///
/// # Panics
///
/// When a node doesn't do what it is told.
#[must_use]
pub fn founded() -> Cluster {
    let mut cluster = Cluster::new();
    for (place, division, name, _) in NODES {
        // Everything goes along the trees and over the link between their roots.
        cluster.init(place, division, name).configure(&[("direct", "false")]);
    }
    cluster.nodes().for_each(Node::spawn);
    cluster.nodes().for_each(Node::ready);
    for (place, .., superior) in NODES {
        if let Some(superior) = superior {
            cluster.join(superior, place);
            cluster.linked(superior, place);
        }
    }
    for (decider, division, _, item) in CROSSINGS {
        let covered = if division.starts_with("51") { "500000^510000" } else { "510000^500000" };
        let item = Item { modes: "window^online^collect^joint", ..Item::permit(item, covered) };
        cluster.publish(decider, &[item]);
    }
    for place in ["home", "daishi", "yubei", "huixing"] {
        cluster.node(place).staff();
    }
    cluster
}

/// The anchor of a root as a file, and its fingerprint.
#[must_use]
pub fn exported(cluster: &Cluster, root: &str) -> (String, String) {
    let file = cluster.root().join(format!("{root}.anchor")).to_string_lossy().into_owned();
    let shown = cluster.node(root).ok(&["--yes", "anchor", "export", "--to", &file]);
    (file, shown["fingerprint"].as_str().unwrap_or_default().to_owned())
}

/// Takes an exported anchor in at a root.
pub fn import(cluster: &Cluster, at: &str, (file, fingerprint): &(String, String)) -> Value {
    cluster.node(at).ok(&["anchor", "import", file, "--fingerprint", fingerprint])
}

/// Waits until every node knows both trees.
pub fn both_known(cluster: &Cluster) {
    cluster.linked(ROOTS[0], ROOTS[1]);
    for (place, ..) in NODES {
        within(30, &format!("{place} knows both trees"), || {
            let listed = cluster.node(place).ok(&["anchor", "list"]);
            let trusted = listed["anchors"].as_array().cloned().unwrap_or_default();
            let nodes: u64 = trusted.iter().filter_map(|row| row["nodes"].as_u64()).sum();
            seen(trusted.len() == 1 && nodes >= 3, listed)
        });
    }
}
