//! A backend in memory that crashes as a disk does, for tests and the simulator.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Bound,
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crate::backend::{Backend, Family, Read, Snapshot, StorageError, Visit, WriteBatch, encloses};

/// From how many bytes on a value is shared.
const SHARED_BYTES_MIN: usize = 128;

/// Values that many stores of one process hold alike, each in memory once.
#[derive(Debug, Default)]
pub struct SharedValues(Mutex<Shared>);

#[derive(Debug, Default)]
struct Shared {
    values: HashSet<Arc<[u8]>>,
    /// From how many on those are let go that no store holds any more.
    full: usize,
}

impl SharedValues {
    /// The value as others hold it.
    #[must_use]
    pub fn keep(&self, value: &[u8]) -> Arc<[u8]> {
        if value.len() < SHARED_BYTES_MIN {
            return Arc::from(value);
        }
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shared.values.get(value) {
            return Arc::clone(known);
        }
        if shared.values.len() >= shared.full {
            shared.values.retain(|value| Arc::strong_count(value) > 1);
            shared.full = (shared.values.len() * 2).max(1024);
        }
        let value: Arc<[u8]> = Arc::from(value);
        shared.values.insert(Arc::clone(&value));
        value
    }
}

type Rows = BTreeMap<Vec<u8>, Arc<[u8]>>;
/// A key of a family, and what it was before.
type Before = (Family, Vec<u8>, Option<Arc<[u8]>>);
/// Shared with the snapshots; a family is copied only if it is written while a snapshot of it lives.
type Families = [Arc<Rows>; Family::ALL.len()];

/// A store in memory: writes are visible at once and durable when flushed; [`Self::crash`] takes back the rest.
#[derive(Debug, Default)]
pub struct MemoryBackend {
    state: RwLock<State>,
    shared: Option<Arc<SharedValues>>,
}

#[derive(Debug, Default)]
struct State {
    families: Families,
    /// For each batch since the last flush, what undoes it, from the last change to the first.
    undo: Vec<Vec<Before>>,
}

impl MemoryBackend {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store that shares its values with others.
    #[must_use]
    pub fn sharing(shared: Arc<SharedValues>) -> Self {
        Self { shared: Some(shared), ..Self::default() }
    }

    /// How many batches were written since the last flush.
    #[must_use]
    pub fn unflushed(&self) -> usize {
        self.read().undo.len()
    }

    /// A store with the same content, all of it durable; rows are shared until one of the two writes them.
    #[must_use]
    pub fn copy(&self) -> Self {
        let state = State { families: self.read().families.clone(), undo: Vec::new() };
        Self { state: RwLock::new(state), shared: self.shared.clone() }
    }

    /// The machine stops and starts again: of the batches since the last flush the first `keep` survive, whole.
    ///
    /// What survives is durable. A simulator draws `keep` between 0 and [`Self::unflushed`] from its seed.
    pub fn crash(&self, keep: usize) {
        let mut state = self.write_state();
        while state.undo.len() > keep {
            let Some(undo) = state.undo.pop() else { break };
            for (family, key, before) in undo.into_iter().rev() {
                set(&mut state.families, family, key, before);
            }
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
        Ok(self.read().families[family.place()].get(key).map(|value| value.to_vec()))
    }

    fn look(&self, family: Family, key: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StorageError> {
        let found = self.read().families[family.place()].get(key).cloned();
        Ok(found.inspect(|value| see(value)).is_some())
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
        let mut state = self.write_state();
        let mut undo = Vec::new();
        for (family, key, value) in batches.iter().flat_map(|batch| batch.iter()) {
            let value = value.map(|value| match &self.shared {
                Some(shared) => shared.keep(value),
                None => Arc::from(value),
            });
            let before = set(&mut state.families, family, key.to_vec(), value);
            undo.push((family, key.to_vec(), before));
        }
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
        Ok(self.families[family.place()].get(key).map(|value| value.to_vec()))
    }

    fn look(&self, family: Family, key: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StorageError> {
        Ok(self.families[family.place()].get(key).inspect(|value| see(value)).is_some())
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

fn set(families: &mut Families, family: Family, key: Vec<u8>, value: Option<Arc<[u8]>>) -> Option<Arc<[u8]>> {
    let rows = Arc::make_mut(&mut families[family.place()]);
    match value {
        Some(value) => rows.insert(key, value),
        None => rows.remove(&key),
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
