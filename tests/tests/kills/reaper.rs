//! Who kills: when, whom, and for how long.

use std::fmt;
use std::time::{Duration, Instant};

use rand::{Rng as _, rngs::StdRng, seq::IndexedRandom as _};
use system_tests::{Cluster, Node};

use crate::NODES;
use crate::clients::Paces;

/// The longest wait for acts before a node is killed all the same: those that work may all wait for one that is off.
const WAIT_MAX: Duration = Duration::from_millis(900);

/// Acts after which a node is killed, at most.
const ACTS_MAX: usize = 40;

/// Microseconds after which a node is killed, at most, where time decides.
const MICROS_MAX: u64 = 400_000;

/// How often it doesn't matter whether a node works or recovers yet, in hundredths.
const RECOVERING_PERCENT: u32 = 20;

/// What the reaper did.
#[derive(Default)]
pub(crate) struct Deaths {
    kills: usize,
    /// Killed before they were ready again.
    recovering: usize,
    /// Killed while another was down.
    together: usize,
    by_place: [usize; NODES.len()],
}

impl fmt::Display for Deaths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, recovering, together, by_place } = self;
        write!(
            f,
            "{kills} kills ({by_place:?} by node, {recovering} while it recovered, {together} while another was down)"
        )
    }
}

/// When something is due: after so many acts, and at a moment in any case.
#[derive(Clone, Copy)]
struct Due {
    acts: usize,
    at: Instant,
}

impl Due {
    fn draw(random: &mut StdRng, paces: &Paces<'_>) -> Self {
        let now = Instant::now();
        if random.random_bool(0.5) {
            Self { acts: paces.acts() + random.random_range(1..=ACTS_MAX), at: now + WAIT_MAX }
        } else {
            // Short times are likelier, so that some fall into a recovery.
            let most = random.random_range(1..=MICROS_MAX);
            Self { acts: usize::MAX, at: now + Duration::from_micros(random.random_range(0..most)) }
        }
    }

    fn has_come(self, paces: &Paces<'_>) -> bool {
        paces.acts() >= self.acts || Instant::now() >= self.at
    }
}

/// Kills so many nodes; at the end all run.
///
/// # Panics
///
/// When a node ends by itself.
pub(crate) fn reap(cluster: &Cluster, kills: usize, random: &mut StdRng, paces: &Paces<'_>) -> Deaths {
    let nodes = NODES.map(|(place, ..)| cluster.node(place));
    let mut down: [Option<Due>; NODES.len()] = [None; NODES.len()];
    let mut deaths = Deaths::default();
    while deaths.kills < kills {
        let due = Due::draw(random, paces);
        while !due.has_come(paces) {
            raise(&nodes, &mut down, paces);
            let next = || down.iter().flatten().chain([&due]);
            let until = next().map(|due| due.at).min().unwrap_or(due.at);
            paces.wait(until, || next().any(|due| due.has_come(paces)));
        }
        let most = if random.random_bool(0.7) { 1 } else { random.random_range(2..=NODES.len()) };
        let up: Vec<usize> = (0..nodes.len()).filter(|node| down[*node].is_none()).collect();
        let working: Vec<usize> = up.iter().copied().filter(|node| nodes[*node].answers()).collect();
        let up = if random.random_range(0..100) < RECOVERING_PERCENT { up } else { working };
        let victims: Vec<usize> = up.choose_multiple(random, most.min(kills - deaths.kills)).copied().collect();
        for victim in victims {
            let node = nodes[victim];
            deaths.recovering += usize::from(!node.answers());
            deaths.together += usize::from(down.iter().any(Option::is_some));
            if let Some(status) = node.ended() {
                panic!("{} ended by itself: {status}", node.name);
            }
            node.kill();
            deaths.kills += 1;
            deaths.by_place[victim] += 1;
            paces.killed();
            if random.random_bool(0.6) {
                node.spawn();
            } else {
                down[victim] = Some(Due::draw(random, paces));
            }
        }
        raise(&nodes, &mut down, paces);
    }
    for (node, down) in nodes.iter().zip(&mut down) {
        if down.take().is_some() {
            node.spawn();
        }
    }
    nodes.iter().for_each(|node| node.ready());
    deaths
}

/// Starts those whose time has come.
fn raise(nodes: &[&Node], down: &mut [Option<Due>], paces: &Paces<'_>) {
    for (node, due) in nodes.iter().zip(down) {
        if due.is_some_and(|due| due.has_come(paces)) {
            node.spawn();
            *due = None;
        }
    }
}
