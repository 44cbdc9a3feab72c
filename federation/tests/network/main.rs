//! Two and three nodes in virtual time, made of sessions and inboxes over tiny durable stores: under loss, repeats,
//! reordering, cut links, restarts and a restore, every envelope takes effect exactly once and in order per case, and when
//! the faults stop, all are receipted. The seed of a run that fails is printed; `TONGBAN_SEEDS=FROM..TO` runs others.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod chance;
mod node;
mod world;

use std::ops::Range;

use world::World;

fn seeds(usual: Range<u64>) -> Range<u64> {
    let asked = std::env::var("TONGBAN_SEEDS").ok();
    let range = asked
        .as_deref()
        .and_then(|text| text.split_once(".."))
        .map(|(from, to)| from.parse().unwrap()..to.parse().unwrap());
    range.unwrap_or(usual)
}

/// Prints the seed if the run that it is alive in panics.
struct Seed(u64, usize);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("failed: {} nodes, TONGBAN_SEEDS={}..{}", self.1, self.0, self.0 + 1);
        }
    }
}

fn run(nodes: usize, usual: Range<u64>) {
    for seed in seeds(usual) {
        let _seed = Seed(seed, nodes);
        World::new(nodes, seed).run();
    }
}

#[test]
fn two_nodes() {
    run(2, 0..700);
}

#[test]
fn three_nodes_with_a_relay() {
    run(3, 0..400);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in 0..5 {
        let once = World::new(3, seed).run();
        assert_eq!(once, World::new(3, seed).run(), "seed {seed}");
        assert_ne!(once, World::new(3, seed + 1).run(), "the seed matters");
    }
}
