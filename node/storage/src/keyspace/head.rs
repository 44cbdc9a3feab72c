//! Queues by moment that whoever decides searches from their head, once a second and oftener.

use std::cell::RefCell;
use std::ops::ControlFlow;

use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;
use tongban_domain::Due;
use tongban_domain::supervision::Watched;

use super::key::Key;
use super::{Keyspace, case, item, supervision};
use crate::{Read, StorageError, WriteBatch};

/// Where the searches of a node's queues begin, kept by whoever decides from one decision to the next.
///
/// What is taken from a queue leaves deleted keys behind, and a search from the first key steps over all of them: in the weeks after a million
/// cases were accepted, and on the midnight on which each of them gets its card, that takes a tenth of a second each time. So a search begins at
/// the head of its queue. This holds because every key that is put is [told](Self::learn); where a decision isn't written after all, the
/// heads are [forgotten](Self::forget).
#[derive(Debug, Default)]
pub struct Heads {
    due: Head,
    items: Head,
    watch: Head,
}

impl Heads {
    /// What is due of cases by a moment, earliest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the state can't be read.
    pub fn due(&self, read: &dyn Read, until: Timestamp, limit: usize) -> Result<Vec<Due>, StorageError> {
        let mut found = Vec::new();
        self.due.visit(&case::DUE, read, |(at, kind, id)| {
            if at > until || found.len() == limit {
                return ControlFlow::Break(());
            }
            found.push(case::due_of(at, kind, id));
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// What is due of items by a moment, earliest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the state can't be read.
    pub fn items_due(&self, read: &dyn Read, until: Timestamp, limit: usize) -> Result<Vec<Due>, StorageError> {
        let mut found = Vec::new();
        self.items.visit(&item::DUE, read, |(at, kind, code, version)| {
            if at > until || found.len() == limit {
                return ControlFlow::Break(());
            }
            found.push(item::due_of(at, kind, code, version));
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// The looks of supervision that are due by a moment, earliest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the state can't be read.
    pub fn looks(
        &self,
        read: &dyn Read,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, Watched)>, StorageError> {
        let mut found = Vec::new();
        self.watch.visit(&supervision::WATCH, read, |(at, kind, id): (Timestamp, u8, CaseId)| {
            if at > until || found.len() == limit {
                return ControlFlow::Break(());
            }
            found.push((at, supervision::watched_of(kind, id)));
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// Takes in what is written: what it puts before a head is the new one.
    pub fn learn(&mut self, batch: &WriteBatch) {
        self.due.learn(&case::DUE, batch);
        self.items.learn(&item::DUE, batch);
        self.watch.learn(&supervision::WATCH, batch);
    }

    /// The next searches begin at the first keys: something that was found and decided isn't written after all.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// The least key that a queue may have, in the state and in what is decided and not applied yet; none where that isn't known.
#[derive(Debug, Default)]
struct Head(RefCell<Option<Vec<u8>>>);

impl Head {
    fn visit<K: Key, V>(
        &self,
        queue: &Keyspace<K, V>,
        read: &dyn Read,
        mut each: impl FnMut(K) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        let from = self.0.borrow().clone();
        let mut first = None;
        queue.visit_from(read, from.as_deref(), |bytes, key| {
            first.get_or_insert_with(|| bytes.to_vec());
            each(key)
        })?;
        *self.0.borrow_mut() = first.or_else(|| queue.end());
        Ok(())
    }

    fn learn<K: Key, V>(&mut self, queue: &Keyspace<K, V>, batch: &WriteBatch) {
        let Some(head) = self.0.get_mut() else { return };
        if let Some(put) = queue.first_put_before(batch, head) {
            put.clone_into(head);
        }
    }
}
