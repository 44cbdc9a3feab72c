//! `kill -9` of any node at any moment of the main job: what was acknowledged is there exactly once, what is unknown whole or not at all,
//! what was refused left nothing.
//!
//! Four nodes of real binaries work on real permits while a reaper kills them, several at once, some while they recover. The clients keep
//! a [`ledger`]; when all nodes are up again and nothing moves any more, [`verdict`] holds it against cases, journals, both legs and the
//! figures of the superior.
//!
//! `TONGBAN_KILLS` sets how many (100), `TONGBAN_SEED` the seed, which is printed. The seed decides what is tried when; what a node was
//! doing at that moment is the machine's.

mod clients;
mod ledger;
mod reaper;
mod verdict;

use std::time::Instant;

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use system_tests::{CITY, Cluster, HOME, NEIGHBOUR, Node, TOWNSHIP};

/// Place, division and name of each node, from above; the county decides, the others collect for it.
const NODES: [(&str, &str, &str); 4] = [
    (CITY, "511600", "广安市"),
    (HOME, "511602", "广安区"),
    (NEIGHBOUR, "511603", "前锋区"),
    (TOWNSHIP, "511603001", "奎阁街道"),
];

/// Kills in `scripts/test`.
const KILLS: usize = 100;

/// Kills in one life of a cluster. A list of cases has at most a thousand, and the verdict looks at every case.
const KILLS_PER_CLUSTER: usize = 100;

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

#[test]
#[expect(clippy::print_stderr, reason = "the seed, and what was seen")]
fn what_is_acknowledged_is_there_once_whoever_is_killed() {
    let seed = setting("TONGBAN_SEED").unwrap_or_else(rand::random);
    let kills = setting("TONGBAN_KILLS").map_or(KILLS, |kills| usize::try_from(kills).expect("a number of kills"));
    eprintln!("kills: TONGBAN_SEED={seed} TONGBAN_KILLS={kills}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut left = kills;
    while left > 0 {
        let now = left.min(KILLS_PER_CLUSTER);
        let began = Instant::now();
        let season = random.random();
        let summary = life(now, StdRng::seed_from_u64(season));
        eprintln!("kills: {now} of {left} left; {summary}; {:.1} s", began.elapsed().as_secs_f64());
        left -= now;
    }
}

/// One cluster from its foundation to its verdict.
fn life(kills: usize, mut random: StdRng) -> String {
    let (cluster, items) = found();
    let ledger = ledger::Ledger::default();
    let deaths = clients::at_work(&cluster, &items, &ledger, &mut random, |random, paces| {
        reaper::reap(&cluster, kills, random, paces)
    });
    let book = ledger.close();
    let released: Vec<u64> =
        cluster.nodes().map(|node| node.get("/v1/status")["log_released"].as_u64().unwrap_or(0)).collect();
    assert!(kills < KILLS || released.iter().any(|entries| *entries > 0), "no node let go of log: {released:?}");
    let verdict = verdict::hold(&cluster, &book, &mut random);
    format!("{deaths}; {book}; {verdict}; log released {released:?}")
}

/// The four nodes, joined, linked and staffed, with permits of the county in force that every node of the city may collect.
fn found() -> (Cluster, Vec<String>) {
    let mut cluster = Cluster::new();
    for (place, division, name) in NODES {
        // With so little log, nodes are killed while they flush their state and let go of the log behind it.
        cluster.init(place, division, name).configure(&[("log_mib", "1")]);
    }
    cluster.nodes().for_each(Node::spawn);
    cluster.nodes().for_each(Node::ready);
    for (superior, inferior) in [(CITY, HOME), (CITY, NEIGHBOUR), (NEIGHBOUR, TOWNSHIP)] {
        cluster.join(superior, inferior);
        cluster.linked(superior, inferior);
    }
    let items = cluster.furnish(HOME, 12, NODES[0].1);
    cluster.node(HOME).staff();
    for place in [NEIGHBOUR, TOWNSHIP] {
        cluster.node(place).staff();
        // Who has collected an item once can collect it when the county is off.
        for item in &items {
            let _collected = cluster.node(place).collect(item, NODES[1].1);
        }
    }
    (cluster, items)
}
