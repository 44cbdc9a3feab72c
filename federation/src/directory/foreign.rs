//! Other trees in the directory: by whom their records may be brought, how much they may bring, and who speaks for a credit code.

use std::collections::BTreeMap;

use tongban_codes::{
    credit_code::CreditCode,
    ids::{Digest, NodeId},
};
use tongban_seal::{KeyId, PublicKey};

use super::{AuthorityEntry, Directory, RecordError};
use crate::limits;

/// Who brings records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// This node itself, or one above it: of every tree that its root trusts.
    Above,
    /// Another tree's root, over the link between the two roots: of its own tree alone.
    Root(NodeId),
    /// Anybody else: of the own tree alone.
    Other,
}

/// How many records of a tree there are, and how many bytes they have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    records: usize,
    bytes: usize,
}

impl Tally {
    /// Counts a record in place of another of so many bytes.
    pub(super) fn count(&mut self, before: Option<usize>, bytes: usize) -> Result<(), RecordError> {
        let records = self.records + usize::from(before.is_none());
        let bytes = (self.bytes + bytes).saturating_sub(before.unwrap_or(0));
        let grows = records > self.records || bytes > self.bytes;
        if grows && (records > limits::FOREIGN_RECORDS_MAX || bytes > limits::FOREIGN_RECORDS_BYTES_MAX) {
            return Err(RecordError::Limit);
        }
        *self = Self { records, bytes };
        Ok(())
    }
}

impl Directory {
    /// Whether a root is another tree's, trusted or not any more.
    pub(super) fn is_foreign(&self, root: &NodeId) -> bool {
        self.foreign.contains_key(root)
    }

    /// What there is of a tree.
    pub(super) fn tally(&self, root: &NodeId) -> Tally {
        let mut roots: BTreeMap<&NodeId, NodeId> = BTreeMap::new();
        let mut is_of = |node| *roots.entry(node).or_insert_with(|| self.root_of(node)) == *root;
        let nodes = self.nodes.iter().filter(|(id, _)| is_of(*id)).map(|(_, entry)| entry.sealed.len());
        let (mut records, mut bytes) = nodes.fold((0, 0), |(records, bytes), length| (records + 1, bytes + length));
        for entry in self.authorities.values() {
            if is_of(&entry.signer) {
                (records, bytes) = (records + 1, bytes + entry.sealed.len());
            }
        }
        Tally { records, bytes }
    }

    /// A digest over the records of two trees, as received, whichever of their roots asks: where both have the same, neither has anything to
    /// tell the other.
    pub fn digest_between(&self, one: &NodeId, other: &NodeId) -> Digest {
        let mut trees = [one, other];
        trees.sort_unstable();
        let mut all = b"tongban/trees/1".to_vec();
        let mut roots: BTreeMap<&NodeId, NodeId> = BTreeMap::new();
        let mut is_of = |node, tree: &NodeId| *roots.entry(node).or_insert_with(|| self.root_of(node)) == *tree;
        for tree in trees {
            all.extend(tree.as_bytes());
            let nodes = self.nodes.iter().filter(|(id, _)| is_of(*id, tree));
            nodes.for_each(|(_, entry)| all.extend(entry.digest.as_bytes()));
            let authorities = self.authorities.values().filter(|entry| is_of(&entry.signer, tree));
            authorities.for_each(|entry| all.extend(entry.digest.as_bytes()));
        }
        Digest::of(&all)
    }

    /// Whether an authority counts, and is one of the own tree: what a tree says that isn't trusted any more doesn't count.
    fn standing(&self, entry: &AuthorityEntry) -> Option<bool> {
        let root = self.root_of(&entry.signer);
        match self.foreign.get(&root) {
            None => Some(true),
            Some(anchor) => self.counts(anchor).then_some(false),
        }
    }

    /// The authorities that speak for a credit code: those of the own tree that have or had it; where there is none, those of other trees
    /// that are trusted.
    pub fn bearers(&self, code: &CreditCode) -> Vec<&AuthorityEntry> {
        let all = self.authority_by_credit_code(code);
        let of = |own| {
            let all = all.iter().copied();
            all.filter(move |entry| self.standing(entry) == Some(own)).collect::<Vec<_>>()
        };
        let own = of(true);
        if own.is_empty() { of(false) } else { own }
    }

    /// The authority that has a seal key in force, and the key: of the own tree where one names it, else of another that is trusted.
    pub fn sealing(&self, id: &KeyId) -> Option<(&AuthorityEntry, &PublicKey)> {
        let mut foreign = None;
        for entry in self.authorities.values() {
            let keys = &entry.record.seal_keys;
            let Some(dated) = keys.iter().find(|dated| dated.revoked.is_none() && dated.key.key_id() == *id) else {
                continue;
            };
            match self.standing(entry) {
                Some(true) => return Some((entry, &dated.key)),
                Some(false) => foreign = foreign.or(Some((entry, &dated.key))),
                None => {}
            }
        }
        foreign
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_has_so_many_records_and_no_more() {
        let mut tally = Tally::default();
        for number in 0..limits::FOREIGN_RECORDS_MAX {
            assert_eq!(tally.count(None, 1), Ok(()), "{number}");
        }
        let full = tally;
        assert_eq!(tally.count(None, 1), Err(RecordError::Limit));
        assert_eq!(tally, full, "what is refused isn't counted");
        assert_eq!(tally.count(Some(1), 9), Ok(()), "a newer one takes the place of the older");
        let mut tally = Tally::default();
        assert_eq!(tally.count(None, limits::FOREIGN_RECORDS_BYTES_MAX), Ok(()));
        assert_eq!(tally.count(None, 1), Err(RecordError::Limit));
        assert_eq!(tally.count(Some(1), 2), Err(RecordError::Limit));
        assert_eq!(tally.count(Some(2), 1), Ok(()));
        assert_eq!(tally.count(None, 1), Ok(()), "in the room that it left");
    }
}
