//! A backend in memory that crashes as a disk does, for tests and the simulator.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crate::backend::{Backend, Family, Read, Snapshot, StorageError, Visit, WriteBatch, encloses};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;
/// Shared with the snapshots; a family is copied only if it is written while a snapshot of it lives.
type Families = [Arc<Rows>; Family::ALL.len()];

/// A store in memory: writes are visible at once and durable when flushed; [`Self::crash`] takes back the rest.
#[derive(Debug, Default)]
pub struct MemoryBackend {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    families: Families,
    /// For each batch since the last flush, what undoes it.
    undo: Vec<WriteBatch>,
}

impl MemoryBackend {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many batches were written since the last flush.
    #[must_use]
    pub fn unflushed(&self) -> usize {
        self.read().undo.len()
    }

    /// A store with the same content, all of it durable; rows are shared until one of the two writes them.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { state: RwLock::new(State { families: self.read().families.clone(), undo: Vec::new() }) }
    }

    /// The machine stops and starts again: of the batches since the last flush the first `keep` survive, whole.
    ///
    /// What survives is durable. A simulator draws `keep` between 0 and [`Self::unflushed`] from its seed.
    pub fn crash(&self, keep: usize) {
        let mut state = self.write_state();
        while state.undo.len() > keep {
            let Some(undo) = state.undo.pop() else { break };
            apply(&mut state.families, undo);
        }
        state.undo.clear();
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_state(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for MemoryBackend {
    fn load(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.read().families[family.place()].get(key).cloned())
    }

    fn scan(
        &self,
        family: Family,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), StorageError> {
        // Without the lock, so that a visitor may load and write.
        let rows = Arc::clone(&self.read().families[family.place()]);
        scan_rows(&rows, from, to, reverse, visit);
        Ok(())
    }
}

impl Backend for MemoryBackend {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StorageError> {
        Ok(Box::new(MemorySnapshot { families: self.read().families.clone() }))
    }

    fn write_all(&self, batches: &[&WriteBatch]) -> Result<(), StorageError> {
        let mut batch = WriteBatch::new();
        for later in batches {
            batch.merge_from((*later).clone());
        }
        let mut state = self.write_state();
        let mut undo = WriteBatch::new();
        for (family, key, _) in batch.iter() {
            match state.families[family.place()].get(key) {
                Some(before) => undo.put(family, key, before.as_slice()),
                None => undo.delete(family, key),
            }
        }
        apply(&mut state.families, batch);
        state.undo.push(undo);
        Ok(())
    }

    fn flush(&self) -> Result<(), StorageError> {
        self.write_state().undo.clear();
        Ok(())
    }
}

struct MemorySnapshot {
    families: Families,
}

impl Snapshot for MemorySnapshot {}

impl Read for MemorySnapshot {
    fn load(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.families[family.place()].get(key).cloned())
    }

    fn scan(
        &self,
        family: Family,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), StorageError> {
        scan_rows(&self.families[family.place()], from, to, reverse, visit);
        Ok(())
    }
}

fn apply(families: &mut Families, batch: WriteBatch) {
    for (rows, changes) in families.iter_mut().zip(batch.into_families()) {
        if changes.is_empty() {
            continue;
        }
        let rows = Arc::make_mut(rows);
        for (key, value) in changes {
            match value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
    }
}

fn scan_rows(rows: &Rows, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool, visit: &mut Visit<'_>) {
    if !encloses(from, to) {
        return;
    }
    let mut range = rows.range::<[u8], _>((from, to));
    while let Some((key, value)) = if reverse { range.next_back() } else { range.next() } {
        if visit(key, value).is_break() {
            break;
        }
    }
}
