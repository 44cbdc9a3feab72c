//! What must hold when all faults are over and everything has come to rest.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use tongban::engine::{ACTS, Blobs, STANDARDS, fold};
use tongban_codes::ids::{CaseId, NodeId};
use tongban_domain::case::{ActKind, Case, Custody};
use tongban_storage::keyspace::delivery::{ASIDE, OUTBOX, QUARANTINE, RELAY};
use tongban_storage::keyspace::figure::FIGURE;
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::{case, delivery, meta};
use tongban_storage::{Backend, Family, Read, WriteBatch};

use super::Oracle;
use super::limited::legs_differ;
use crate::client::{Clients, Told};
use crate::genesis::{Born, Scene};
use crate::machine::{EPOCH, Machine};
use crate::world::World;

fn rows(state: &dyn Read) -> BTreeMap<(Family, Vec<u8>), Vec<u8>> {
    let mut rows = BTreeMap::new();
    for family in Family::ALL {
        let mut visit = |key: &[u8], value: &[u8]| {
            rows.insert((family, key.to_vec()), value.to_vec());
            ControlFlow::Continue(())
        };
        if state.scan(family, Bound::Unbounded, Bound::Unbounded, false, &mut visit).is_err() {
            return BTreeMap::new();
        }
    }
    rows
}

impl World {
    /// What isn't at rest yet, if anything: of what sound nodes have with each other.
    pub(crate) fn unsettled(&self) -> Option<String> {
        let sound = |node: &NodeId| self.oracle.is_sound_node(node);
        for (number, machine) in self.machines.iter().enumerate().filter(|(number, _)| self.oracle.is_sound(*number)) {
            let Some(run) = machine.run.as_ref() else { return Some(format!("node {number} is dark")) };
            if !run.is_idle() {
                return Some(format!("node {number} has something on its way"));
            }
            let state = &*machine.disk.state;
            let outbox = OUTBOX.list(state, &[], None, usize::MAX).unwrap_or_default();
            let relay = RELAY.list(state, &[], None, usize::MAX).unwrap_or_default();
            let aside = ASIDE.list(state, &[], None, usize::MAX).unwrap_or_default();
            let quarantine = QUARANTINE.list(state, &[], None, usize::MAX).unwrap_or_default();
            let mut relayed = relay.iter().map(|((to, from, _, sequence), _)| (to, from, sequence));
            if let Some((to, from, sequence)) = relayed.find(|(to, from, _)| sound(to) && sound(from)) {
                let numbers = &self.oracle.numbers;
                return Some(format!(
                    "envelope {sequence} of node {} for node {} waits at node {number}",
                    numbers[from], numbers[to]
                ));
            }
            for (what, waiting) in [
                ("an envelope waits", outbox.iter().any(|((to, ..), _)| sound(to))),
                ("an envelope was put aside", aside.iter().any(|((to, ..), _)| sound(to))),
                ("something is quarantined", quarantine.iter().any(|((from, ..), _)| sound(from))),
            ] {
                if waiting {
                    return Some(format!("{what} at node {number}"));
                }
            }
        }
        (0..self.machines.len()).find_map(|node| self.unpulled(node))
    }

    /// What those above, or below, haven't pulled of a node's journals.
    fn unpulled(&self, node: usize) -> Option<String> {
        if !self.oracle.is_sound(node) {
            return None;
        }
        let origin = self.machines[node].place.node;
        let journals = &self.oracle.nodes[node].journals;
        for (journal, place) in [(ACTS, 0), (STANDARDS, 1)] {
            let own = journals[place].len() as u64;
            let above = |node: usize| Scene::above(&self.oracle.superiors, node);
            let (higher, sound) = (above(node), |other: &usize| self.oracle.is_sound(*other));
            let reaches =
                |other: &usize| higher.contains(other) || (journal == STANDARDS && above(*other).contains(&node));
            for other in (0..self.machines.len()).filter(sound).filter(reaches) {
                let pulled = meta::PULLED.load(&*self.machines[other].disk.state, &(origin, journal, EPOCH)).ok()?;
                let size = pulled.map_or(0, |pulled| pulled.size);
                if size != own {
                    return Some(format!(
                        "node {other} has {size} of {own} entries of journal {journal} of node {node}"
                    ));
                }
            }
        }
        None
    }
}

impl Oracle {
    /// Looks at all nodes together, at rest.
    pub(crate) fn looks_at_all(&mut self, machines: &[Machine], clients: &Clients) {
        self.one_owner_each();
        self.acknowledged(machines, clients);
        self.legs(machines);
        self.sums(machines);
        self.voices(machines);
        self.reports(machines);
        self.lines(machines);
    }

    /// Whether a case is only between nodes that come to rest.
    fn rests(&self, case: &CaseId) -> bool {
        !self.is_tainted(case) && self.knowing[case].iter().all(|node| self.is_sound(*node))
    }

    fn one_owner_each(&mut self) {
        let cases: Vec<_> = self.knowing.keys().copied().filter(|id| self.rests(id)).collect();
        for id in cases {
            let views = self.knowing[&id].iter().filter_map(|node| self.nodes[*node].cases.get(&id));
            let customs: Vec<&Custody> = views.map(|case| &case.custody).collect();
            let owners = customs.iter().filter(|custody| ***custody == Custody::Owner).count();
            if owners != 1 || customs.iter().any(|custody| matches!(custody, Custody::Offered { .. })) {
                return self.breach("1", format!("at rest case {id} has {owners} owners: {customs:?}"));
            }
        }
    }

    /// What was acknowledged is in the case and its journal, at both legs; what wasn't is whole or not at all (promise 2).
    fn acknowledged(&mut self, machines: &[Machine], clients: &Clients) {
        for (number, act) in clients.acts.iter().enumerate() {
            let witness = &self.nodes[act.node];
            let key = &act.key.key;
            let Some((reply, acts)) = witness.keys.get(key) else {
                if act.told == Told::Nothing {
                    return self.breach("9", format!("act {number} at node {} was never answered", act.node));
                }
                continue;
            };
            if matches!(act.told, Told::Refused(_)) {
                return self.breach("2", format!("act {number} at node {} was refused and is done", act.node));
            }
            let state = &*machines[act.node].disk.state;
            let kept = delivery::IDEMPOTENCY.load(state, key).ok().flatten();
            if kept.is_none_or(|kept| kept.reply != *reply) {
                return self.breach("2", format!("the outcome of act {number} at node {} isn't kept", act.node));
            }
            let here = machines[act.node].place.node;
            for (id, done) in acts {
                let stands = case::ACT.holds(state, &(*id, here, *done)).unwrap_or(false);
                if !stands {
                    return self.breach("2", format!("act {number} isn't in the history of case {id}"));
                }
            }
        }
    }

    /// Both legs of a case show the same state, deadlines and numbers, and the owner's acts stand at both (promises 2 and 8).
    fn legs(&mut self, machines: &[Machine]) {
        for (id, knowing) in &self.knowing {
            if !self.rests(id) {
                continue;
            }
            let Some(owner) = self.owner(id) else { continue };
            let Some(whole) = self.nodes[owner].cases.get(id) else { continue };
            let collecting = self.numbers.get(&whole.collecting.node).copied();
            let Some(other) = collecting.filter(|other| *other != owner && knowing.contains(other)) else { continue };
            let Some(leg) = self.nodes[other].cases.get(id) else { continue };
            let clock = |case: &Case| {
                (case.deadlines.clone(), case.stops.clone(), case.extension.clone(), case.renewal.clone())
            };
            if clock(leg) != clock(whole) {
                return self.breach("8", format!("the legs of case {id} show different deadlines"));
            }
            if leg.correction != whole.correction {
                return self.breach("2", format!("the legs of case {id} differ in what a notice asked for"));
            }
            let same = (leg.status, &leg.case_no, &leg.licences, leg.tenure, leg.accepted_on, leg.decided_on)
                == (whole.status, &whole.case_no, &whole.licences, whole.tenure, whole.accepted_on, whole.decided_on);
            if !same {
                let text = format!("the legs of case {id} differ: {} and {}", leg.status.name(), whole.status.name());
                return self.breach("2", text);
            }
            if let Some(differ) = legs_differ(leg, whole) {
                return self.breach("2", differ);
            }
            let acts = |node: usize| -> BTreeMap<u32, ActKind> {
                let rows = case::history(&*machines[node].disk.state, id).unwrap_or_default();
                let owner = machines[owner].place.node;
                rows.into_iter().filter(|act| act.place.node == owner).map(|act| (act.number, act.kind)).collect()
            };
            let (own, told) = (acts(owner), acts(other));
            if own != told {
                let untold: Vec<_> = own.iter().filter(|act| told.get(act.0) != Some(act.1)).collect();
                return self
                    .breach("2", format!("acts of the owner {owner} on case {id} aren't at {other}: {untold:?}"));
            }
            // What the collecting hall took for the owner is on record there, or was refused.
            let taken = |node: usize, kind: ActKind| {
                let rows = case::history(&*machines[node].disk.state, id).unwrap_or_default();
                let here = machines[other].place.node;
                rows.iter().filter(|act| act.place.node == here && act.kind == kind).count()
            };
            let (known, refused) = (taken(owner, ActKind::Supplement), taken(other, ActKind::RefuseSupplement));
            if taken(other, ActKind::Supplement) != known + refused {
                return self.breach(
                    "2",
                    format!("of what was taken for case {id} its owner knows {known}, refused {refused}"),
                );
            }
        }
    }

    /// The figures of a node are the same at every level above it (promise 6).
    fn sums(&mut self, machines: &[Machine]) {
        for node in (0..machines.len()).filter(|node| self.is_sound(*node)).collect::<Vec<_>>() {
            let origin = machines[node].place.node;
            let figures = |at: usize| FIGURE.list(&*machines[at].disk.state, &stem(&origin), None, usize::MAX).ok();
            let own = figures(node);
            for superior in Scene::above(&self.superiors, node) {
                if figures(superior) != own {
                    return self.breach("6", format!("node {superior} has other figures of node {node} than it has"));
                }
            }
        }
    }

    /// The state of a node is the fold of its log from the beginning, byte for byte (promise 2).
    pub(crate) fn replays(&mut self, node: usize, born: &Born, machines: &[Machine]) {
        let state = born.state();
        let me = machines[node].place.node;
        let blobs: &dyn Blobs = &*machines[node].disk.blobs;
        for (index, bytes) in self.nodes[node].log.iter().enumerate().skip(born.log.len()) {
            let entry = tongban::engine::LogEntry::of_log(bytes).ok();
            let Some(mut batch) = entry.and_then(|entry| fold(&entry, me, &state, blobs).ok()) else {
                return self.breach("2", format!("entry {} of node {node} can't be folded", index + 1));
            };
            let mut position = WriteBatch::new();
            meta::APPLIED.put(&mut position, &(), &(index as u64 + 1));
            batch.merge_from(position);
            if state.write(batch).is_err() {
                return self.breach("2", format!("entry {} of node {node} can't be written", index + 1));
            }
        }
        let kept: Arc<dyn Backend> = Arc::<tongban_storage::MemoryBackend>::clone(&machines[node].disk.state);
        if rows(&state) != rows(&*kept) {
            self.breach("2", format!("the state of node {node} isn't the fold of its log"));
        }
    }
}
