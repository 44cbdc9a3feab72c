//! Which items changed, for whoever derives something from the catalogue.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;
use tongban_codes::division::DivisionCode;
use tongban_storage::keyspace::item;
use tongban_storage::keyspace::key::Key as _;
use tongban_storage::{Family, WriteBatch};

/// Codes that are remembered one by one; beyond, everything is taken as changed.
const CODES_MAX: usize = 20_000;

/// Codes of items and base items that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// These; with a division where the item is another node's.
    Codes(BTreeSet<(Option<DivisionCode>, String)>),
    /// More than were remembered.
    Everything,
}

impl Default for Changed {
    fn default() -> Self {
        Self::Codes(BTreeSet::new())
    }
}

impl Changed {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Codes(codes) if codes.is_empty())
    }

    /// Adds what changed beside.
    pub fn merge(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Codes(codes), Self::Codes(more)) => {
                codes.extend(more);
                if codes.len() > CODES_MAX {
                    *self = Self::Everything;
                }
            }
            (_, Self::Everything) => *self = Self::Everything,
            (Self::Everything, _) => {}
        }
    }
}

/// Remembers which items changed until somebody takes it.
#[derive(Debug, Default)]
pub struct CatalogueChanges {
    changed: Mutex<Changed>,
    bell: Notify,
    standards: AtomicU64,
}

impl CatalogueChanges {
    /// Notes what a batch that has been applied changed.
    pub(super) fn note(&self, batch: &WriteBatch) {
        if item::STANDARD.is_changed_by(batch) {
            self.standards.fetch_add(1, Ordering::Release);
        }
        let mut codes = BTreeSet::new();
        let (first, last) = item::PREFIXES;
        for (key, _) in batch.range(Family::Rows, Bound::Included(&[first]), Bound::Excluded(&[last + 1])) {
            if item::DRAFT.names(Family::Rows, key) {
                continue;
            }
            // Items of others are under division and code, all else under the code.
            codes.extend(if item::FOREIGN.names(Family::Rows, key) {
                <(DivisionCode, String)>::read(&mut &key[1..]).map(|(division, code)| (Some(division), code))
            } else {
                String::read(&mut &key[1..]).map(|code| (None, code))
            });
        }
        if codes.is_empty() {
            return;
        }
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).merge(Changed::Codes(codes));
        self.bell.notify_one();
    }

    /// What changed since it was taken last.
    #[must_use]
    pub fn take(&self) -> Changed {
        std::mem::take(&mut *self.changed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How often standards have changed since the state was opened: what was read of them behind this stands until it is another number.
    #[must_use]
    pub fn standards(&self) -> u64 {
        self.standards.load(Ordering::Acquire)
    }

    /// Whether something changed that nobody has taken.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.changed.lock().unwrap_or_else(PoisonError::into_inner).is_nothing()
    }

    /// Waits until something has changed.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_batch_that_changes_a_standard_is_counted_and_no_other() {
        let (changes, mut items, mut standards) = (CatalogueChanges::default(), WriteBatch::new(), WriteBatch::new());
        item::ITEM.delete(&mut items, &"A1".to_owned());
        item::GUIDE.delete(&mut items, &tongban_codes::ids::Digest::of(b"a guide"));
        item::VERSION.delete(&mut items, &("A1".to_owned(), 1));
        changes.note(&items);
        assert_eq!((changes.standards(), changes.is_waiting()), (0, true));
        item::STANDARD.delete(&mut standards, &(1, "T1".to_owned(), "511602".parse().unwrap()));
        changes.note(&standards);
        assert_eq!(changes.standards(), 1);
    }

    #[test]
    fn too_many_codes_are_everything() {
        let mut changed = Changed::default();
        assert!(changed.is_nothing());
        changed.merge(Changed::Codes((0..CODES_MAX).map(|code| (None, code.to_string())).collect()));
        assert!(matches!(changed, Changed::Codes(_)));
        changed.merge(Changed::Codes([(None, "more".to_owned())].into()));
        assert_eq!(changed, Changed::Everything);
        changed.merge(Changed::default());
        assert_eq!(changed, Changed::Everything);
    }
}
