//! Keyspaces: a prefix byte, a key, a value, one file each; and [`View`], which reads through what is decided and not applied yet.
//!
//! | prefix | family | keyspace | key | value |
//! |---|---|---|---|---|
//! | 01 | rows | [`case::CASE`] | case | case |
//! | 02 | rows | [`case::ACT`] | case, node, number | act |
//! | 03 | rows | [`case::DOCUMENT`] | case, act, content type | sealed document |
//! | 04 05 06 07 | rows | [`item`] | code | item in force, draft, base item, other node's item |
//! | 08 09 0a 0b | rows | [`hall`] | id, name, identifier, scope | authority, operator, licence, serial |
//! | 0c 0d 0e | rows | [`directory`] | node, authority, secret's hash | records, invitation |
//! | 0f 10 11 | rows | [`figure`] | dimensions, case, slice | count, location, blob |
//! | 12 | rows | [`item::GUIDE`] | digest | guide |
//! | 13 | rows | [`item::STANDARD`] | kind, code, division | standard |
//! | 14 15 | rows | [`item`] | code, version | published version of an item, of a base item |
//! | 18 19 | rows | [`item`] | code, version; base code, division | version that waits, what was declined |
//! | 1a 1b | rows | [`front`] | front database, item, `row_guid` | row as reported last; how the node stands with it |
//! | 1c 1d | rows | [`supervision`] | case, rule, colour, order; id | card, order |
//! | 1e | rows | [`hall::HAND_OVER`] | list | what an operator handed over |
//! | 1f | rows | [`case::LACKING`] | moment, case | |
//! | 20–23 | index | [`case`], [`item`] | text, short code, holder | |
//! | 26 27 | index | [`item`] | base code, division, code; successor, code | what is bound, what has a successor |
//! | 28 | index | [`case::HELD`] | operator, moment, case | |
//! | 30 | queue | [`case::DUE`] | moment, kind, case | |
//! | 36 | queue | [`item::DUE`] | moment, kind, code, version | |
//! | 37 | queue | [`supervision::WATCH`] | moment, kind, id | |
//! | 31–34, 3a, 3b | queue | [`delivery`] | outbox, relay, idempotency, quarantine, put aside elsewhere | |
//! | 38 | queue | [`case::WAITS`] | role, moment, case | |
//! | 40–41 | journal | [`journal`] | journal, index | entry, subtree hash |
//! | 44–47, 4a | journal | [`delivery`] | inbox, receipts, sent, forks | |
//! | 50 | rows | [`case::PRINT`] | case, act, content type, number | print |
//! | 52 53 55 | rows, index, queue | [`material`] | case, digest; file, case; case, digest | file that is here; who names it; file that is wanted |
//! | 57 58 59 | rows, index, queue | [`connector`] | number; case, number; connector, number | order; which orders a case has; what waits to be told |
//! | 5a 5b 5c | rows, rows, index | [`voice`] | id; case, id; operator, id | rating or ticket; which ratings a case has; who has to do |
//! | 5d 5e 5f | rows, rows, index | [`front`] | ; front database, `row_guid`; front database, kind, case, `row_guid` | how the node stands with whom reports of cases go to; row of a case as reported last; what is due, sent, not taken |
//! | 54 | rows | [`case::RECLAIM`] | case | what is asked for, what was ordered |
//! | 68 69 | index, rows | [`limit`] | quota, kind, moment, serial, case; quota, year | who stands in line, who holds a number; how many are taken |
//! | 6a | index | [`pledge`] | authority, holder, case | whom a false pledge bars |
//! | 74 75 | rows, index | [`application`] | id; number, case | application; which cases are parts of it |
//! | 76 77 78 79 | rows, index, index, rows | [`uniform`] | case; day, case; case; agreement | case that another authority decides in this one's place; in order of collection; own case whose report was refused; how many an agreement has |
//! | 6b 6d 6d | rows, rows, index | [`earlier`] | number; batch; holder, number | earlier case; batch in which it came; whose it is |
//! | 60–67 6c | meta | [`meta`], [`supervision::SWEEP`] | | |
//!
//! A prefix once used stays reserved.

pub mod application;
pub mod case;
pub mod connector;
pub mod delivery;
pub mod directory;
pub mod earlier;
pub mod figure;
pub mod front;
pub mod hall;
pub mod head;
pub mod item;
pub mod journal;
pub mod key;
pub mod limit;
pub mod lineage;
pub mod material;
pub mod meta;
pub mod pledge;
pub mod supervision;
pub mod uniform;
mod view;
pub mod voice;

pub use view::{Overlay, View};

use std::marker::PhantomData;
use std::ops::{Bound, ControlFlow};
use std::path::PathBuf;

use minicbor::{Decode, Encode};

use crate::{Family, Read, StorageError, WriteBatch};
use key::Key;

/// A typed range of keys under one prefix byte.
pub struct Keyspace<K, V> {
    family: Family,
    prefix: u8,
    types: PhantomData<fn(K) -> V>,
}

impl<K: Key, V> Keyspace<K, V> {
    const fn new(family: Family, prefix: u8) -> Self {
        Self { family, prefix, types: PhantomData }
    }

    /// The same rows, of whose values only a part is read.
    const fn reading<W>(&self) -> Keyspace<K, W> {
        Keyspace::new(self.family, self.prefix)
    }

    /// The bytes of a key.
    #[must_use]
    pub fn key(&self, key: &K) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(40);
        bytes.push(self.prefix);
        key.write(&mut bytes);
        bytes
    }

    fn damaged(&self, key: &[u8], detail: impl std::fmt::Display) -> StorageError {
        StorageError::Damaged {
            path: PathBuf::from(format!("keyspace {:02x}", self.prefix)),
            detail: format!("key {}: {detail}", hex(key)),
        }
    }

    /// Whether the bytes are a key of this keyspace.
    #[must_use]
    pub fn names(&self, family: Family, key: &[u8]) -> bool {
        family == self.family && key.first() == Some(&self.prefix)
    }

    /// Whether a batch puts or deletes a key of this keyspace.
    #[must_use]
    pub fn is_changed_by(&self, batch: &WriteBatch) -> bool {
        let end = self.prefix.checked_add(1).map(|next| [next]);
        let to = end.as_ref().map_or(Bound::Unbounded, |end| Bound::Excluded(&end[..]));
        batch.range(self.family, Bound::Included(&[self.prefix]), to).next().is_some()
    }

    /// The least key, as bytes, that a batch puts before another.
    fn first_put_before<'b>(&self, batch: &'b WriteBatch, before: &[u8]) -> Option<&'b [u8]> {
        let range = batch.range(self.family, Bound::Included(&[self.prefix]), Bound::Excluded(before));
        range.filter(|(_, value)| value.is_some()).map(|(key, _)| key).next()
    }

    /// The least bytes that are greater than every key of this keyspace.
    fn end(&self) -> Option<Vec<u8>> {
        successor(&[self.prefix])
    }

    /// Deletes a key.
    pub fn delete(&self, batch: &mut WriteBatch, key: &K) {
        batch.delete(self.family, self.key(key));
    }

    /// Whether the key is there.
    pub fn holds(&self, read: &dyn Read, key: &K) -> Result<bool, StorageError> {
        read.look(self.family, &self.key(key), &mut |_| {})
    }

    /// Visits the bytes of all keys and values in order, as they lie.
    pub fn visit_bytes(&self, read: &dyn Read, mut each: impl FnMut(&[u8], &[u8])) -> Result<(), StorageError> {
        let from = [self.prefix];
        let to = successor(&from);
        let high = to.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        read.scan(self.family, Bound::Included(&from), high, false, &mut |key, value| {
            each(key, value);
            ControlFlow::Continue(())
        })
    }

    /// Visits all keys in order, without their values.
    pub fn visit_keys(&self, read: &dyn Read, mut each: impl FnMut(K)) -> Result<(), StorageError> {
        self.visit_from(read, None, |_, key| {
            each(key);
            ControlFlow::Continue(())
        })
    }

    /// Visits keys in order, without their values, from the first that isn't less than `from`; `each` gets their bytes as well.
    fn visit_from(
        &self,
        read: &dyn Read,
        from: Option<&[u8]>,
        mut each: impl FnMut(&[u8], K) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        let first = [self.prefix];
        let to = self.end();
        let mut fault = None;
        let high = to.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let low = Bound::Included(from.unwrap_or(&first));
        read.scan(self.family, low, high, false, &mut |bytes, _| match K::read(&mut &bytes[1..]) {
            Some(key) => each(bytes, key),
            None => {
                fault = Some(self.damaged(bytes, "no key of this keyspace"));
                ControlFlow::Break(())
            }
        })?;
        fault.map_or(Ok(()), Err)
    }
}

impl<K: Key, V: Encode<()>> Keyspace<K, V> {
    /// Sets a key.
    pub fn put(&self, batch: &mut WriteBatch, key: &K, value: &V) {
        batch.put(self.family, self.key(key), tongban_codes::cbor::to_row(value));
    }
}

impl<K: Key, V: for<'b> Decode<'b, ()>> Keyspace<K, V> {
    /// The value of a key.
    pub fn load(&self, read: &dyn Read, key: &K) -> Result<Option<V>, StorageError> {
        let bytes = self.key(key);
        let mut found = Ok(None);
        read.look(self.family, &bytes, &mut |value| found = minicbor::decode(value).map(Some))?;
        found.map_err(|error| self.damaged(&bytes, error))
    }

    /// Visits keys that begin with `stem` (written by the caller in key form), from `after` on when given, in order or reverse.
    pub fn visit(
        &self,
        read: &dyn Read,
        stem: &[u8],
        after: Option<&K>,
        reverse: bool,
        mut each: impl FnMut(K, V) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        let mut from = vec![self.prefix];
        from.extend_from_slice(stem);
        let to = successor(&from);
        let after = after.map(|key| self.key(key));
        let (mut low, mut high) =
            (Bound::Included(from.as_slice()), to.as_deref().map_or(Bound::Unbounded, Bound::Excluded));
        if let Some(after) = &after {
            if reverse {
                high = Bound::Excluded(after);
            } else {
                low = Bound::Excluded(after);
            }
        }
        let mut fault = None;
        read.scan(self.family, low, high, reverse, &mut |bytes, value| {
            let Some(key) = K::read(&mut &bytes[1..]) else {
                fault = Some(self.damaged(bytes, "no key of this keyspace"));
                return ControlFlow::Break(());
            };
            match minicbor::decode(value) {
                Ok(value) => each(key, value),
                Err(error) => {
                    fault = Some(self.damaged(bytes, error));
                    ControlFlow::Break(())
                }
            }
        })?;
        fault.map_or(Ok(()), Err)
    }

    /// The last key under `stem`.
    pub fn last(&self, read: &dyn Read, stem: &[u8]) -> Result<Option<K>, StorageError> {
        let mut found = None;
        self.visit(read, stem, None, true, |key, _| {
            found = Some(key);
            ControlFlow::Break(())
        })?;
        Ok(found)
    }

    /// Every key and value under `stem`, at most `limit`.
    pub fn list(
        &self,
        read: &dyn Read,
        stem: &[u8],
        after: Option<&K>,
        limit: usize,
    ) -> Result<Vec<(K, V)>, StorageError> {
        let mut found = Vec::new();
        if limit == 0 {
            return Ok(found);
        }
        self.visit(read, stem, after, false, |key, value| {
            found.push((key, value));
            if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(found)
    }
}

/// Bytes that are stored as they are, never decoded.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Bytes(#[cbor(n(0), with = "minicbor::bytes")] pub Vec<u8>);

/// The least key that is greater than every key with this prefix.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut next = prefix.to_vec();
    while let Some(last) = next.pop() {
        if last < 0xff {
            next.push(last + 1);
            return Some(next);
        }
    }
    None
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
