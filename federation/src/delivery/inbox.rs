//! The receiver's half: which envelope is taken, when, and what is said of the others.

use std::collections::{BTreeMap, BTreeSet};

use tongban_codes::ids::{Digest, NodeId};

use crate::{
    envelope::{Envelope, EnvelopeId},
    limits,
    sealed::Sealed,
};

/// What the driver's storage (and what it has decided and not yet applied) knows of earlier envelopes.
pub trait InboxFacts {
    /// The last sequence before the first gap that has been taken from `origin` in `epoch`; 0 for none. Kept for ever.
    fn high_water(&self, origin: &NodeId, epoch: u32) -> u64;
    /// The highest epoch of `origin` from which anything was taken or a hello was accepted; 0 for none.
    fn newest_epoch(&self, origin: &NodeId) -> u32;
    /// What was said of this act before, at any of its places.
    fn seen(&self, id: &EnvelopeId) -> Option<Seen>;
    /// Which act had this place, as long as that is remembered.
    fn at(&self, origin: &NodeId, epoch: u32, sequence: u64) -> Option<Seen>;
}

/// An act that was taken before, at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its id.
    pub id: EnvelopeId,
    /// What it said.
    pub digest: Digest,
    /// The receipt that it got there, sealed. Receipts name the place, so an act that was sent again after a restore has one
    /// for each of its places.
    pub receipt: Sealed,
}

/// What is to be done with an envelope that has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It is next in its line: decide on it, commit it together with the high-water mark `sequence`, then send the receipt.
    Deliver,
    /// It was taken before, at this place: send this receipt again.
    Duplicate {
        /// What was said of it then.
        receipt: Sealed,
    },
    /// It was taken before, at another place, and is sent again after a restore: it has no effect, and stands next in its line.
    /// Commit the high-water mark with [the same receipt for the new place](crate::receipt::Receipt::again), then send that.
    Resent {
        /// What was said of it at the other place.
        receipt: Sealed,
    },
    /// It was handed over before and isn't committed yet: nothing to do, its receipt will come.
    Pending,
    /// Some before it are missing: it is kept in memory and comes out of [`Inbox::poll`] in its turn. Not acknowledged; a sender
    /// that offers it again is answered as if it had not.
    Early,
    /// Too far ahead, or no memory left for early ones: dropped, not acknowledged; the sender offers it again.
    OutOfWindow,
    /// Its place was taken so long ago that nothing else is remembered; refuse it as expired.
    Forgotten,
    /// The origin has two histories: another content under the same id, or another act at the same place. Keep both,
    /// refuse this one.
    Fork {
        /// The act that was there first.
        first: EnvelopeId,
        /// What the first one said, when the ids are the same.
        first_digest: Option<Digest>,
        /// It is next in its line: commit the high-water mark with the refusal.
        advance: bool,
    },
    /// The origin lives in a newer epoch, and what came before this one is missing. Not acknowledged: it is taken once its
    /// predecessors have come, or under the new epoch.
    StaleEpoch {
        /// The epoch in which the origin lives now.
        newest: u32,
    },
    /// It is for another node: relay it.
    AlienDestination,
}

/// What an early envelope costs beside its sealed bytes: the opened one, and its places in the maps.
const EARLY_OVERHEAD_BYTES: usize = 512;

#[derive(Clone, Debug, Default)]
struct Line {
    /// Handed over up to here, perhaps not committed.
    delivered: u64,
    early: BTreeMap<u64, (Envelope, Sealed)>,
    early_bytes: usize,
}

impl Line {
    /// Takes an early one out, and says what it weighed.
    fn take(&mut self, sequence: u64) -> Option<(Envelope, Sealed, usize)> {
        let (envelope, sealed) = self.early.remove(&sequence)?;
        let weight = sealed.len() + EARLY_OVERHEAD_BYTES;
        self.early_bytes -= weight;
        Some((envelope, sealed, weight))
    }

    /// Lets go of early ones that lie behind the line, and says what they weighed.
    fn drop_passed(&mut self) -> usize {
        let mut weight = 0;
        while let Some(sequence) = self.early.first_key_value().map(|(at, _)| *at).filter(|at| *at <= self.delivered) {
            weight += self.take(sequence).map_or(0, |(.., weight)| weight);
        }
        weight
    }
}

/// Puts the envelopes of all links in order, one line per (origin, epoch).
///
/// One for the whole node, on its leader. [`handle`](Self::handle) judges what arrives; after each `Deliver`, `Resent` or
/// `Fork` call [`poll`](Self::poll) until it is `None`, for early ones whose turn has come, and hand them in again. Let it
/// [forget](Self::forget) everything when a commit failed or the leader changed. How it learns what came of what it handed over
/// depends on the facts: where they show only what is committed, tell it [that](Self::committed); where they show what is
/// decided, tell it after each decision [where the line stands](Self::stands_at).
///
/// Invariant: in each line `Deliver` is said of 1, 2, 3, … in this order, each once between two calls of `forget`, save one whose
/// decision failed, of which it is said again.
#[derive(Clone, Debug)]
pub struct Inbox {
    me: NodeId,
    lines: BTreeMap<(NodeId, u32), Line>,
    ready: BTreeSet<(NodeId, u32)>,
    early_bytes: usize,
}

impl Inbox {
    /// The inbox of the node `me`, with nothing in memory.
    pub fn new(me: NodeId) -> Self {
        Self { me, lines: BTreeMap::new(), ready: BTreeSet::new(), early_bytes: 0 }
    }

    /// Judges an envelope whose seal has been checked.
    pub fn handle(&mut self, envelope: &Envelope, sealed: &Sealed, facts: &dyn InboxFacts) -> Verdict {
        if envelope.destination != self.me {
            return Verdict::AlienDestination;
        }
        let key = (envelope.origin, envelope.epoch);
        let high_water = facts.high_water(&envelope.origin, envelope.epoch);
        let delivered = self.lines.get(&key).map_or(0, |line| line.delivered).max(high_water);
        if envelope.sequence <= high_water {
            return Self::judge_taken(envelope, facts);
        }
        if envelope.sequence <= delivered {
            return Verdict::Pending;
        }
        if envelope.sequence > delivered + 1 {
            let newest = facts.newest_epoch(&envelope.origin);
            return if envelope.epoch < newest {
                Verdict::StaleEpoch { newest }
            } else {
                self.hold(key, delivered, envelope, sealed)
            };
        }
        let verdict = Self::judge_next(envelope, facts);
        let line = self.lines.entry(key).or_default();
        line.delivered = envelope.sequence;
        self.early_bytes -= line.drop_passed();
        if line.early.contains_key(&(line.delivered + 1)) {
            self.ready.insert(key);
        }
        verdict
    }

    /// An early envelope whose turn has come: [`handle`](Self::handle) it.
    pub fn poll(&mut self) -> Option<(Envelope, Sealed)> {
        while let Some(key) = self.ready.pop_first() {
            let next = self.lines.get_mut(&key).and_then(|line| line.take(line.delivered + 1));
            if let Some((envelope, sealed, weight)) = next {
                self.early_bytes -= weight;
                return Some((envelope, sealed));
            }
        }
        None
    }

    /// The high-water mark of a line is committed.
    pub fn committed(&mut self, origin: &NodeId, epoch: u32, high_water: u64) {
        let key = (*origin, epoch);
        let Some(line) = self.lines.get_mut(&key) else { return };
        line.delivered = line.delivered.max(high_water);
        self.settle(key, high_water);
    }

    /// The facts show what is decided, and the high-water mark of a line there is this, whatever was handed over: a decision that
    /// failed is taken up again when its envelope comes again.
    pub fn stands_at(&mut self, origin: &NodeId, epoch: u32, high_water: u64) {
        let key = (*origin, epoch);
        let Some(line) = self.lines.get_mut(&key) else { return };
        line.delivered = high_water;
        self.ready.remove(&key);
        self.settle(key, high_water);
    }

    fn settle(&mut self, key: (NodeId, u32), high_water: u64) {
        let Some(line) = self.lines.get_mut(&key) else { return };
        self.early_bytes -= line.drop_passed();
        if line.early.is_empty() && line.delivered <= high_water {
            self.lines.remove(&key);
        } else if line.early.contains_key(&(line.delivered + 1)) {
            self.ready.insert(key);
        }
    }

    /// What was handed over and isn't committed never will be: start again from the facts.
    pub fn forget(&mut self) {
        self.lines.clear();
        self.ready.clear();
        self.early_bytes = 0;
    }

    /// The early envelopes in memory, by origin, epoch and sequence.
    pub fn early(&self) -> impl Iterator<Item = &Envelope> {
        self.lines.values().flat_map(|line| line.early.values()).map(|(envelope, _)| envelope)
    }

    fn judge_taken(envelope: &Envelope, facts: &dyn InboxFacts) -> Verdict {
        let (id, digest) = (envelope.id(), envelope.digest());
        match facts.at(&envelope.origin, envelope.epoch, envelope.sequence) {
            Some(first) if first.id != id => Verdict::Fork { first: first.id, first_digest: None, advance: false },
            Some(first) if first.digest != digest => {
                Verdict::Fork { first: id, first_digest: Some(first.digest), advance: false }
            }
            Some(first) => Verdict::Duplicate { receipt: first.receipt },
            None => Verdict::Forgotten,
        }
    }

    fn judge_next(envelope: &Envelope, facts: &dyn InboxFacts) -> Verdict {
        let id = envelope.id();
        match facts.seen(&id) {
            None => Verdict::Deliver,
            Some(seen) if seen.digest == envelope.digest() => Verdict::Resent { receipt: seen.receipt },
            Some(seen) => Verdict::Fork { first: id, first_digest: Some(seen.digest), advance: true },
        }
    }

    fn hold(&mut self, key: (NodeId, u32), delivered: u64, envelope: &Envelope, sealed: &Sealed) -> Verdict {
        let window = u64::try_from(limits::WINDOW_ENVELOPES).unwrap_or(u64::MAX);
        if envelope.sequence - delivered > window {
            return Verdict::OutOfWindow;
        }
        if self.lines.get(&key).is_some_and(|line| line.early.contains_key(&envelope.sequence)) {
            return Verdict::Early;
        }
        let weight = sealed.len() + EARLY_OVERHEAD_BYTES;
        // An origin that names many epochs has no more room for it.
        let of_origin: usize = self.lines.range((key.0, 0)..=(key.0, u32::MAX)).map(|(_, line)| line.early_bytes).sum();
        if of_origin + weight > limits::EARLY_BYTES_MAX || self.early_bytes + weight > limits::EARLY_BYTES_TOTAL_MAX {
            return Verdict::OutOfWindow;
        }
        let line = self.lines.entry(key).or_default();
        line.delivered = delivered;
        line.early_bytes += weight;
        self.early_bytes += weight;
        line.early.insert(envelope.sequence, (envelope.clone(), sealed.clone()));
        Verdict::Early
    }
}

#[cfg(test)]
#[path = "inbox_tests.rs"]
mod tests;
