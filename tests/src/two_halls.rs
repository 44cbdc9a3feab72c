//! A city and two of its halls, of which one collects for the other: what a line between them is tried and measured with.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::{CITY, Cluster, HOME, NEIGHBOUR, Node, citizen, seen, within};

/// Place, division and name of each node; the second decides, the third collects for it.
const NODES: [(&str, &str, &str); 3] =
    [(CITY, "511600", "广安市"), (HOME, "511602", "广安区"), (NEIGHBOUR, "511603", "前锋区")];

/// Clients that work at once.
const CLIENTS: usize = 16;

/// The nodes, joined and staffed, with an item that one hall decides and both may collect for.
pub struct TwoHalls {
    /// The nodes, whose lines can be made bad and cut.
    pub cluster: Cluster,
    item: String,
}

impl Default for TwoHalls {
    fn default() -> Self {
        Self::new()
    }
}

impl TwoHalls {
    /// Makes and joins the nodes, and hands the first case over.
    ///
    /// # Panics
    ///
    /// When a node doesn't do what it is told.
    #[must_use]
    pub fn new() -> Self {
        let mut cluster = Cluster::new();
        for (place, division, name) in NODES {
            cluster.init(place, division, name);
        }
        cluster.nodes().for_each(Node::spawn);
        cluster.nodes().for_each(Node::ready);
        for place in [HOME, NEIGHBOUR] {
            cluster.join(CITY, place);
            cluster.linked(CITY, place);
        }
        let item = cluster.furnish(HOME, 1, NODES[0].1).swap_remove(0);
        for place in [HOME, NEIGHBOUR] {
            cluster.node(place).staff();
        }
        cluster.node(HOME).owns(20, &cluster.node(NEIGHBOUR).collect(&item, NODES[1].1).case);
        Self { cluster, item }
    }

    /// The item that the one decides and the other may collect for.
    #[must_use]
    pub fn item(&self) -> &str {
        &self.item
    }

    /// The division of the hall that decides.
    #[must_use]
    pub fn division(&self) -> &'static str {
        NODES[1].1
    }

    /// The city, which pulls.
    #[must_use]
    pub fn city(&self) -> &Node {
        self.cluster.node(CITY)
    }

    /// The hall that decides.
    #[must_use]
    pub fn home(&self) -> &Node {
        self.cluster.node(HOME)
    }

    /// The hall that collects for it.
    #[must_use]
    pub fn neighbour(&self) -> &Node {
        self.cluster.node(NEIGHBOUR)
    }

    /// Collects cases at a hall by several clients at once, and holds those that are for the other; `mark` begins their keys.
    ///
    /// # Panics
    ///
    /// When one isn't collected.
    #[must_use]
    pub fn collect(&self, node: &Node, mark: &str, count: usize) -> Vec<String> {
        let cases = Mutex::new(vec![String::new(); count]);
        all(count, |number| {
            let body = json!({
                "item": self.item, "division": NODES[1].1, "name": format!("测试{number}"),
                "id": citizen(u32::try_from(number).unwrap_or(0)), "hold": node.name == NEIGHBOUR,
            });
            let answer = node.post("/v1/cases", &format!("{mark}-{number}"), &body).expect("the node answers");
            assert!(answer.is_done(), "{answer:?}");
            cases.lock().expect("no client panics here")[number] =
                answer.body["case"].as_str().unwrap_or_default().to_owned();
        });
        cases.into_inner().expect("no client panics here")
    }

    /// Offers held cases to the hall that decides, by several clients at once.
    ///
    /// # Panics
    ///
    /// When one isn't offered.
    pub fn offer(&self, mark: &str, cases: &[String]) {
        all(cases.len(), |number| {
            let body = json!({ "case": cases[number], "act": { "kind": "offer" } });
            let answer = self.neighbour().post("/v1/cases/act", &format!("{mark}-{number}"), &body);
            let answer = answer.expect("the node answers");
            assert!(answer.is_done(), "{answer:?}");
        });
    }

    /// Waits until every case is discharged, and nothing waits for a receipt.
    ///
    /// # Panics
    ///
    /// When that isn't so in time, or there are no cases.
    pub fn discharged(&self, seconds: u64, cases: &[String]) {
        let node = self.neighbour();
        let shown = |case: &String| node.get(&format!("/v1/cases/show?case={case}"));
        within(seconds, "every envelope has its receipt", || {
            let peers = node.get("/v1/sync/status");
            let rows = peers["peers"].as_array().cloned().unwrap_or_default();
            let last = shown(cases.last().expect("there are cases"));
            let done = last["custody"] == "elsewhere" && rows.iter().all(|peer| peer["behind"] == 0);
            seen(done, peers)
        });
        for case in cases {
            let case = shown(case);
            assert_eq!((&case["custody"], &case["tenure"]), (&"elsewhere".into(), &2.into()), "{case}");
        }
    }

    /// Entries of the journal of acts of `origin` that a node has.
    #[must_use]
    pub fn entries(at: &Node, origin: &Value) -> u64 {
        let rows = at.get("/v1/aggregate/status")["origins"].as_array().cloned().unwrap_or_default();
        let of = rows.iter().find(|row| row["origin"] == *origin && row["journal"] == "acts");
        of.and_then(|row| row["size"].as_u64()).unwrap_or(0)
    }
}

/// Does something so many times, by several clients at once.
fn all(count: usize, each: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    each(number);
                }
            });
        }
    });
}
