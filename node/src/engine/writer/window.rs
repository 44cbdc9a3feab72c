//! The window of idempotency, in memory: which keys may be known, so that a new one costs no read.

use std::collections::HashSet;
use std::ops::ControlFlow;

use tongban_codes::ids::Digest;
use tongban_codes::time::Timestamp;
use tongban_storage::keyspace::delivery::IDEMPOTENCY;
use tongban_storage::{Read, StorageError};

use crate::engine::entry::{Decision, ExchangeEvent};

/// Keys that one look examines for their age: a window of a million is gone through in about ten minutes of ticks.
const EXAMINED_MAX: usize = 2048;

/// The first sixteen bytes of every kept key. Keys are hashes, so no two share them; eight would not do, because a key that is forgotten
/// must not hide another.
pub(super) struct KeyWindow {
    known: HashSet<u128>,
    /// Up to where keys have been examined for their age.
    examined: Option<Digest>,
    /// When they were last.
    examined_at: Option<Timestamp>,
}

fn short(key: &Digest) -> u128 {
    key.as_bytes().first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes))
}

impl KeyWindow {
    pub(super) fn load(state: &dyn Read) -> Result<Self, StorageError> {
        let mut known = HashSet::new();
        IDEMPOTENCY.visit_keys(state, |key| {
            known.insert(short(&key));
        })?;
        Ok(Self { known, examined: None, examined_at: None })
    }

    /// Whether the key may have been used: if not, it wasn't.
    pub(super) fn may_know(&self, key: &Digest) -> bool {
        self.known.contains(&short(key))
    }

    /// Takes over what was decided.
    pub(super) fn take(&mut self, decision: &Decision) {
        if let Some((key, _)) = &decision.key {
            self.known.insert(short(key));
        }
        for event in &decision.exchange {
            if let ExchangeEvent::Forgotten(keys) = event {
                for (_, key) in keys {
                    self.known.remove(&short(key));
                }
            }
        }
    }

    /// Some of the keys whose outcome is older than `before`, when there are any where it was not looked last; none when that was less than a second
    /// ago, for ticks may follow each other at once.
    pub(super) fn expired(
        &mut self,
        read: &dyn Read,
        at: Timestamp,
        before: Timestamp,
    ) -> Result<Vec<(Timestamp, Digest)>, StorageError> {
        if self.known.is_empty() || self.examined_at.is_some_and(|last| at >= last && at < last.add_seconds(1)) {
            return Ok(Vec::new());
        }
        self.examined_at = Some(at);
        let (mut old, mut examined, mut last) = (Vec::new(), 0, None);
        IDEMPOTENCY.visit(read, &[], self.examined.as_ref(), false, |key, outcome| {
            examined += 1;
            last = Some(key);
            if outcome.at < before {
                old.push((outcome.at, key));
            }
            if examined < EXAMINED_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        // At the end it begins anew.
        self.examined = last.filter(|_| examined == EXAMINED_MAX);
        Ok(old)
    }
}
