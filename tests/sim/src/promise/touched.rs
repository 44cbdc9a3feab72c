//! What a step has changed in a node, looked at when its state is up to date: the same as [`Oracle::looks_closely`], of these rows alone.

use std::collections::BTreeSet;

use tongban::engine::{ACTS, Blobs, STANDARDS};
use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_storage::keyspace::journal::ENTRY;
use tongban_storage::keyspace::{case, delivery, meta};

use super::{Oracle, mark};
use crate::machine::Machine;

/// What a node's log has changed since its state was looked at.
#[derive(Clone, Default)]
pub(super) struct Touched {
    pub(super) cases: BTreeSet<CaseId>,
    pub(super) slices: Vec<Digest>,
    origins: BTreeSet<(NodeId, u32)>,
    /// From which entry on each journal is new.
    journals: [Option<usize>; 2],
}

impl Touched {
    /// A journal gets an entry behind so many.
    pub(super) fn grows(&mut self, place: usize, size: usize) {
        self.journals[place].get_or_insert(size);
    }

    pub(super) fn hears(&mut self, origin: (NodeId, u32)) {
        self.origins.insert(origin);
    }
}

impl Oracle {
    /// Looks at what the entries since the last look have changed, once all of them are applied.
    pub(crate) fn looks_at_touched(&mut self, node: usize, machines: &[Machine]) {
        let machine = &machines[node];
        let state = &*machine.disk.state;
        if self.is_hostile(node) || meta::APPLIED.load(state, &()).ok().flatten() != Some(self.read_upto(node)) {
            return;
        }
        let touched = std::mem::take(&mut self.nodes[node].touched);
        let witness = &self.nodes[node];
        for id in touched.cases {
            if case::CASE.load(state, &id).ok().flatten().as_ref() != witness.cases.get(&id) {
                return self.breach("2", format!("case {id} in the state of node {node} isn't that of its log"));
            }
        }
        for (place, journal) in [ACTS, STANDARDS].into_iter().enumerate() {
            let Some(from) = touched.journals[place] else { continue };
            for (index, entry) in witness.journals[place].iter().enumerate().skip(from) {
                let row = ENTRY.load(state, &(journal, index as u64)).ok().flatten();
                if row.map(|row| (mark(&row.entry), mark(&row.body))) != Some(*entry) {
                    let text = format!("entry {index} of journal {journal} at node {node} isn't that of its log");
                    return self.breach("5", text);
                }
            }
        }
        for origin in touched.origins {
            let (kept, taken) =
                (delivery::HIGH_WATER.load(state, &origin).ok().flatten(), witness.arrived.get(&origin));
            if kept.as_ref() != taken {
                let text = format!("node {node} took {taken:?} of {}, and its state says {kept:?}", origin.0);
                return self.breach("4", text);
            }
        }
        for digest in touched.slices {
            if !machine.disk.blobs.load(&digest).is_ok_and(|blob| Digest::of(&blob) == digest) {
                return self.breach("5", format!("node {node} has lost a slice"));
            }
        }
    }
}
