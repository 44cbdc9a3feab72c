//! Rows that the writer reads again and again, in memory: serials, figures, frontiers, authorities, cases in hand.

use std::collections::HashMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use tongban_storage::keyspace::case;
use tongban_storage::{Backend, Family, Read, StorageError, Visit, WriteBatch};

/// Bytes of keys and values that are kept; a hall's hot rows take a few hundred KiB, the rest is the newest cases, some 40,000.
const BYTES_MAX: usize = 32 << 20;

/// The applied state as the writer reads it beneath its layers.
///
/// **Invariant.** What is kept equals the applied state for every key that no layer names. Only this writer's entries change the
/// state while it decides; a layer shadows what is kept, and when it is applied, [`Self::settle`] takes its words over before
/// the layer goes. A key that isn't there is not remembered: most such reads are of keys drawn at random.
pub(super) struct Hot {
    backend: Arc<dyn Backend>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    families: [HashMap<Vec<u8>, Vec<u8>>; Family::ALL.len()],
    bytes: usize,
}

impl Hot {
    pub(super) fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend, kept: Mutex::default() }
    }

    /// Takes over what an applied layer says of the keys that are kept.
    pub(super) fn settle(&self, layer: &WriteBatch) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = &mut *kept;
        if kept.bytes > BYTES_MAX {
            *kept = Kept::default();
        }
        for (family, key, value) in layer.iter() {
            let rows = &mut kept.families[family as usize];
            match value {
                Some(value) => {
                    if let Some(row) = rows.get_mut(key) {
                        row.clear();
                        row.extend_from_slice(value);
                    } else if case::CASE.names(family, key) {
                        // What was done with a case today is most often followed by the next act.
                        kept.bytes += key.len() + value.len();
                        rows.insert(key.to_vec(), value.to_vec());
                    }
                }
                None => drop(rows.remove(key)),
            }
        }
    }
}

impl Read for Hot {
    fn load(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(row) = kept.families[family as usize].get(key) {
            return Ok(Some(row.clone()));
        }
        let found = self.backend.load(family, key)?;
        if let Some(row) = &found {
            if kept.bytes > BYTES_MAX {
                *kept = Kept::default();
            }
            kept.bytes += key.len() + row.len();
            kept.families[family as usize].insert(key.to_vec(), row.clone());
        }
        Ok(found)
    }

    fn look(&self, family: Family, key: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StorageError> {
        {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(row) = kept.families[family as usize].get(key) {
                see(row);
                return Ok(true);
            }
        }
        let found = self.load(family, key)?;
        if let Some(value) = &found {
            see(value);
        }
        Ok(found.is_some())
    }

    fn scan(
        &self,
        family: Family,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), StorageError> {
        self.backend.scan(family, from, to, reverse, visit)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use tongban_storage::MemoryBackend;
    use tongban_storage::keyspace::View;

    use super::*;

    proptest! {
        /// Reading through what is kept is reading the state, whatever was read, layered, applied and settled before.
        #[test]
        fn what_is_kept_equals_the_state(
            batches in vec(vec((0_u8..8, proptest::option::of(0_u8..4)), 0..5), 1..12),
            reads in vec(vec(0_u8..8, 0..6), 12),
            unapplied in 0_usize..3,
            unsettled in 0_usize..3,
        ) {
            let (state, whole) = (Arc::new(MemoryBackend::new()), MemoryBackend::new());
            let hot = Hot::new(Arc::clone(&state) as Arc<dyn Backend>);
            let (mut waiting, mut applied): (Vec<WriteBatch>, Vec<WriteBatch>) = (Vec::new(), Vec::new());
            for (changes, keys) in batches.iter().zip(&reads) {
                let mut batch = WriteBatch::new();
                for (key, value) in changes {
                    match value {
                        Some(value) => batch.put(Family::Rows, [*key], [*value]),
                        None => batch.delete(Family::Rows, [*key]),
                    }
                }
                whole.write(batch.clone()).unwrap();
                waiting.push(batch);
                while waiting.len() > unapplied {
                    let layer = waiting.remove(0);
                    state.write(layer.clone()).unwrap();
                    applied.push(layer);
                }
                while applied.len() > unsettled {
                    hot.settle(&applied.remove(0));
                }
                let view = View::new(&hot, applied.iter().chain(&waiting).collect());
                for key in keys {
                    let (read, mut seen) = (view.load(Family::Rows, &[*key]).unwrap(), None);
                    view.look(Family::Rows, &[*key], &mut |value| seen = Some(value.to_vec())).unwrap();
                    prop_assert_eq!(&read, &seen);
                    prop_assert_eq!(read, whole.load(Family::Rows, &[*key]).unwrap());
                }
            }
        }
    }
}
