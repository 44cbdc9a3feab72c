//! Whether a whole province holds the same standards, asked of so many items as a province has.
//!
//! Every row comes in by the engine: the province imports and publishes base items, each node pulls and folds them from its superior, imports its
//! items and publishes them, so each has its journal and its checkpoint. Only time and the network are left out: slices go from node to
//! node in one go. Then the province examines every node, as `item drift` does for a subtree; items are edited behind their nodes' backs, and
//! each examination must find these and no others.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use tongban::engine::{Request, STANDARDS};
use tongban::exchange::drift::Difference;
use tongban::exchange::{PullStep, Pulling, answer_here};
use tongban_domain::catalogue::ImportRow;
use tongban_domain::{Command, Role};
use tongban_federation::wire::JournalSize;
use tongban_journal::Frontier;
use tongban_storage::keyspace::item::ITEM;
use tongban_storage::keyspace::{Bytes, meta};
use tongban_storage::{Backend as _, WriteBatch};

use super::compare::Compared;
use super::stock::{Sample, shares};
use super::{BYTES_PER_MILLI, LINK_MILLIS, Plan, World};
use crate::genesis::actor;
use crate::machine::EPOCH;

/// Rows of one import.
const ROWS_AT_ONCE: usize = 1_000;
/// Nodes that are asked at once (`exchange/drift.rs`).
const NODES_AT_ONCE: usize = 16;
/// How many items are edited between two examinations.
const EDITS: [usize; 4] = [1, 10, 100, 1_000];

/// All nodes examined once.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// Items that were edited since the round before.
    pub edited: usize,
    /// Items that were found to differ, those of earlier rounds too.
    pub found: usize,
    /// What each node cost.
    pub compared: Vec<Compared>,
    /// Wall seconds of all, one after the other: both sides' questions and answers, and what each had to read for them.
    pub seconds: f64,
    /// Virtual milliseconds, sixteen nodes at once, without what processors take.
    pub millis: i64,
}

/// What comparing a stock of items came to.
#[derive(Clone, Debug, Default)]
pub struct Stocked {
    /// The seed.
    pub seed: u64,
    /// Nodes.
    pub nodes: usize,
    /// Items in force, without the base items.
    pub items: usize,
    /// Base items of the province.
    pub base_items: usize,
    /// Items of each node, in order.
    pub of_nodes: Vec<usize>,
    /// Rows that the engine refused, and named.
    pub refused: usize,
    /// Wall seconds until all were in force.
    pub load_seconds: f64,
    /// The first examination of every node, the same again, and one after each lot of edits.
    pub rounds: Vec<Round>,
    /// Wall seconds.
    pub seconds: f64,
    /// The first thing that isn't as it should be.
    pub breach: Option<String>,
}

/// Spreads items over a province and compares it.
#[must_use]
pub fn drift(seed: u64, plan: &Plan, items: usize) -> Stocked {
    let started = Instant::now();
    let mut world = World::new(seed, plan);
    world.watched = false;
    for node in 0..world.machines.len() {
        world.start(node);
    }
    let mut stocked = Stocked { seed, nodes: world.machines.len(), ..Stocked::default() };
    world.stocks(items, &mut stocked);
    stocked.load_seconds = started.elapsed().as_secs_f64();
    let mut edited = BTreeSet::new();
    for edits in [0, 0].into_iter().chain(EDITS) {
        let before = edited.len();
        world.edit_items(edits, &mut edited);
        let mut round = world.examines_all(&edited);
        round.edited = edited.len() - before;
        stocked.rounds.push(round);
    }
    stocked.breach = world.verdict.breach.take();
    stocked.seconds = started.elapsed().as_secs_f64();
    stocked
}

impl World {
    /// Half a minute passes.
    fn waits(&mut self) {
        self.now += 30_000;
        self.clock.store(self.now, std::sync::atomic::Ordering::Relaxed);
    }

    fn stocks(&mut self, items: usize, stocked: &mut Stocked) {
        let sample = Sample::new(self.plan.base_items);
        let divisions: Vec<_> = self.machines.iter().map(|machine| machine.place.division).collect();
        let base_rows = sample.base_rows();
        stocked.base_items = base_rows.len();
        self.publishes(0, base_rows);
        for (node, share) in shares(&divisions, items).into_iter().enumerate() {
            if node > 0 {
                self.pulls_standards(node);
            }
            let mut left = sample.rows(divisions[node], share);
            while !left.is_empty() {
                let rest = left.split_off(left.len().min(ROWS_AT_ONCE));
                self.publishes(node, std::mem::replace(&mut left, rest));
            }
            self.waits();
            let _checkpoint = self.settle(node, Request::Tick);
            let in_force = self.in_force(node).len();
            stocked.refused += share - in_force;
            stocked.items += in_force;
            stocked.of_nodes.push(in_force);
            self.stocked.push(stocked.items);
            if self.verdict.breach.is_some() {
                break;
            }
        }
        stocked.of_nodes.sort_unstable();
    }

    /// Imports rows and publishes what came in; what the engine doesn't take it names, and it isn't counted.
    fn publishes(&mut self, node: usize, rows: Vec<ImportRow>) {
        for command in [Command::ImportItems(rows.into()), Command::PublishItems(None)] {
            let request = Request::Act { actor: actor(Role::Catalogue), command: Box::new(command), key: None };
            if let Err(refused) = self.settle(node, request) {
                self.verdict.breaks(format!("node {node} can't take its items: {refused:?}"));
            }
        }
    }

    /// Codes of the items that a node has in force.
    fn in_force(&self, node: usize) -> Vec<String> {
        let mut codes = Vec::new();
        let read = ITEM.visit_keys(&*self.machines[node].disk.state, |code| codes.push(code));
        if read.is_err() { Vec::new() } else { codes }
    }

    /// A node pulls the province's standards from its superior and folds them.
    fn pulls_standards(&mut self, node: usize) {
        if let Err(text) = self.pulled(node) {
            self.verdict.breaks(format!("node {node} can't pull the standards: {text}"));
        }
    }

    fn pulled(&mut self, node: usize) -> Result<(), String> {
        let superior = self.superiors[node];
        let (origin, asker) = (self.machines[0].place.node, self.machines[node].place.node);
        let there = self.run(superior).map(|run| Arc::clone(&run.knowledge)).ok_or("its superior is off")?;
        let here = self.run(node).map(|run| Arc::clone(&run.knowledge)).ok_or("it is off")?;
        let size = match superior {
            0 => meta::FRONTIER
                .load(&*there.parts.backend, &STANDARDS)
                .ok()
                .flatten()
                .and_then(|Bytes(bytes)| minicbor::decode::<Frontier>(&bytes).ok())
                .map(|frontier| frontier.size()),
            _ => {
                meta::PULLED.load(&*there.parts.backend, &(origin, STANDARDS, EPOCH)).ok().flatten().map(|row| row.size)
            }
        };
        let size = size.ok_or("its superior has none")?;
        let mut pulling = Pulling::new(JournalSize { origin, journal: STANDARDS, epoch: EPOCH, size });
        let mut step = pulling.next(&here).map_err(|refused| format!("{refused:?}"))?;
        loop {
            step = match step {
                PullStep::Ask(question) => {
                    let answer = answer_here(&there, &asker, &question).ok_or("its superior doesn't answer")?;
                    pulling.answered(&here, &*here.parts.blobs, &answer)
                }
                PullStep::Decide(request) => {
                    self.settle(node, request).and_then(|committed| pulling.applied(&here, committed))
                }
                PullStep::Done(_) => return Ok(()),
            }
            .map_err(|refused| format!("{refused:?}"))?;
        }
    }

    /// Edits so many items anywhere, or all that are left, each another, behind their nodes' backs.
    fn edit_items(&mut self, count: usize, edited: &mut BTreeSet<(usize, String)>) {
        let (first, all) = (self.stocked[0], self.stocked.last().copied().unwrap_or_default());
        let until = (edited.len() + count).min(all - first);
        let mut touched = BTreeSet::new();
        while edited.len() < until && self.verdict.breach.is_none() {
            // Every item is as likely as any other; the province itself is the one that examines.
            let mut place = first + self.chance.below(all - first);
            let node = self.stocked.partition_point(|passed| *passed <= place);
            place -= node.checked_sub(1).map_or(0, |before| self.stocked[before]);
            let Some(code) = self.in_force(node).into_iter().nth(place) else { continue };
            let state = Arc::clone(&self.machines[node].disk.state);
            let Ok(Some(mut item)) = ITEM.load(&*state, &code) else { continue };
            if !edited.insert((node, code.clone())) {
                continue;
            }
            item.core.legal_basis.push_str("（改）");
            let mut batch = WriteBatch::new();
            ITEM.put(&mut batch, &code, &item);
            if state.write(batch).and_then(|()| state.flush()).is_err() {
                self.verdict.breaks(format!("the state of node {node} can't be written"));
            }
            touched.insert(node);
        }
        // What a node remembers of its rows goes with its run.
        for node in touched {
            self.off(node);
            self.start(node);
        }
    }

    /// The province examines every other node: what was edited is found, and nothing else.
    fn examines_all(&mut self, edited: &BTreeSet<(usize, String)>) -> Round {
        let (started, mut round) = (Instant::now(), Round::default());
        let mut ends = [0; NODES_AT_ONCE];
        for node in 1..self.machines.len() {
            let Some((compared, examination)) = self.compares_with(0, node) else { break };
            let named = |difference: &Difference| (node, difference.item.clone().unwrap_or_default());
            let edited_here = examination.differences.iter().filter(|difference| difference.kind == "store-edited");
            let found: BTreeSet<(usize, String)> = edited_here.map(named).collect();
            let expected: BTreeSet<_> =
                edited.range((node, String::new())..(node + 1, String::new())).cloned().collect();
            // An item whose core is another than its base item's is named for that, too.
            if found != expected || !examination.differences.iter().map(named).all(|one| expected.contains(&one)) {
                let text = format!("{} edited, {:?} found", expected.len(), examination.differences);
                self.verdict.breaks(format!("7: node {node}: {text}"));
                break;
            }
            round.found += found.len();
            let trips = i64::try_from(compared.questions).unwrap_or(i64::MAX) * 2 * LINK_MILLIS;
            let took = trips + i64::try_from(compared.bytes / BYTES_PER_MILLI).unwrap_or(i64::MAX);
            if let Some(end) = ends.iter_mut().min() {
                *end += took;
                round.millis = round.millis.max(*end);
            }
            round.compared.push(compared);
        }
        round.seconds = started.elapsed().as_secs_f64();
        round
    }
}
