//! What the states hold: cases and journals as the log has them, figures as the entries say.

use tongban::engine::{ACTS, Blobs, STANDARDS};
use tongban::exchange::audit;
use tongban_codes::ids::Digest;
use tongban_storage::keyspace::figure::SLICE;
use tongban_storage::keyspace::journal::ENTRY;
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::{case, delivery, meta};

use super::{Oracle, mark};
use crate::machine::Machine;

impl Oracle {
    /// Looks into the state of a node, which holds everything that is durable when all that is committed is applied.
    pub(crate) fn looks_closely(&mut self, node: usize, machines: &[Machine]) {
        let machine = &machines[node];
        let Some(run) = machine.run.as_ref() else { return };
        let state = &*machine.disk.state;
        if self.is_hostile(node) {
            return;
        }
        if meta::APPLIED.load(state, &()).ok().flatten() != Some(self.read_upto(node)) {
            return;
        }
        let witness = &self.nodes[node];
        let rows = case::CASE.list(state, &[], None, usize::MAX).unwrap_or_default();
        if rows.len() != witness.cases.len() || !rows.iter().all(|(id, row)| witness.cases.get(id) == Some(row)) {
            return self.breach("2", format!("the cases in the state of node {node} aren't those of its log"));
        }
        for (place, journal) in [ACTS, STANDARDS].into_iter().enumerate() {
            let rows = ENTRY.list(state, &stem(&journal), None, usize::MAX).unwrap_or_default();
            let marks = rows.iter().map(|(_, row)| (mark(&row.entry), mark(&row.body)));
            if !marks.eq(witness.journals[place].iter().copied()) {
                return self
                    .breach("5", format!("journal {journal} in the state of node {node} isn't that of its log"));
            }
        }
        for ((origin, epoch), sequence) in &witness.arrived {
            let kept = delivery::HIGH_WATER.load(state, &(*origin, *epoch)).ok().flatten();
            if kept != Some(*sequence) {
                let text = format!("node {node} took {sequence} of {origin}, and its state says {kept:?}");
                return self.breach("4", text);
            }
        }
        for ((origin, journal, _, from), row) in SLICE.list(state, &[], None, usize::MAX).unwrap_or_default() {
            let blob = machine.disk.blobs.load(&row.digest);
            match (blob, self.numbers.contains_key(&origin)) {
                (Ok(blob), true) if Digest::of(&blob) == row.digest => {
                    // The same bytes were judged when they came, and a journal only grows.
                    if !self.nodes[node].pieces.contains(&(origin, journal, from, row.digest)) {
                        self.sliced(node, (origin, journal, from), &blob);
                    }
                }
                _ => return self.breach("5", format!("node {node} has lost a slice of {origin}")),
            }
        }
        match audit(&run.knowledge) {
            Ok((_, differences)) if differences.is_empty() => {}
            Ok((_, differences)) => {
                self.breach("6", format!("the figures of node {node} aren't the fold of its entries: {differences:?}"));
            }
            Err(refused) => self.breach("6", format!("the figures of node {node} can't be audited: {refused:?}")),
        }
    }
}
