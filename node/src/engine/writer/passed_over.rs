//! Cases that a tick passes over, since what would follow of them is larger than an envelope: everything else that is due is done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tongban_codes::ids::{CaseId, Digest};
use tongban_domain::case::ActKind;
use tongban_domain::{Change, Event};
use tongban_storage::keyspace::case::CASE;
use tongban_storage::{Read, StorageError};

/// The cases that are passed over, each with the digest of the row of which too much would follow: one that has changed since is tried again.
///
/// Known to this run of the node alone: whoever decides after it finds them anew.
#[derive(Clone, Debug, Default)]
pub(super) struct PassedOver(Arc<Mutex<BTreeMap<CaseId, Digest>>>);

/// The case that a tick has found to be accepted or renewed in law: it does so with one at a time.
pub(super) fn deemed(change: &Change) -> Option<CaseId> {
    change.events.iter().find_map(|event| match event {
        Event::Case(case, act) if matches!(act.kind, ActKind::AcceptDeemed | ActKind::DeemedRenewal) => Some(case.id),
        _ => None,
    })
}

fn print(read: &dyn Read, id: &CaseId) -> Result<Option<Digest>, StorageError> {
    let row = CASE.load(read, id)?;
    Ok(row.map(|row| Digest::of(&tongban_codes::cbor::to_vec(&row))))
}

impl PassedOver {
    fn known(&self) -> MutexGuard<'_, BTreeMap<CaseId, Digest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes a case over from now on, as it stands.
    pub(super) fn add(&self, read: &dyn Read, id: CaseId) -> Result<(), StorageError> {
        if let Some(print) = print(read, &id)? {
            self.known().insert(id, print);
        }
        Ok(())
    }

    /// Those that stand as they did; the others are forgotten.
    pub(super) fn still(&self, read: &dyn Read) -> Result<BTreeSet<CaseId>, StorageError> {
        let mut still = BTreeMap::new();
        for (id, before) in &*self.known() {
            if print(read, id)?.as_ref() == Some(before) {
                still.insert(*id, *before);
            }
        }
        let found = still.keys().copied().collect();
        *self.known() = still;
        Ok(found)
    }

    /// All of them, as the last tick left them.
    pub(super) fn list(&self) -> Vec<CaseId> {
        self.known().keys().copied().collect()
    }
}
