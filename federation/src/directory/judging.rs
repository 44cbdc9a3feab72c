//! How a record is judged, and what of it would change in the directory.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use tongban_codes::{
    cbor,
    ids::{AuthorityId, Digest, Label, NodeId},
    time::Timestamp,
};
use tongban_seal::{PublicKey, content_type};

use super::foreign::{By, Tally};
use super::opened::{Opened, open};
use super::{
    ANCHOR, AnchorEntry, AnchorRecord, AuthorityEntry, AuthorityRecord, Certification, DatedKey, Directory, Merge,
    NODE_CERTIFICATION, NodeEntry, NodeRecord, RecordError, RecordKey, Settled, SignedRecord, chain,
};
use crate::{limits, sealed::Sealed};

/// Records that have verified and aren't in the directory yet. Whoever must store them first [takes](Directory::take) them in afterwards,
/// without verifying them again.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The directory's stamp when they were judged.
    pub(super) upon: u64,
    pub(super) nodes: BTreeMap<NodeId, NodeEntry>,
    pub(super) authorities: BTreeMap<AuthorityId, AuthorityEntry>,
    pub(super) foreign: BTreeMap<NodeId, AnchorEntry>,
    /// What changes, in the order in which it was judged first.
    pub(super) order: Vec<RecordKey>,
}

impl Draft {
    /// What changes, and the record as the directory will have it; superiors before what they vouch for.
    pub fn records(&self) -> impl Iterator<Item = (RecordKey, &Sealed)> {
        self.order.iter().filter_map(|key| Some((*key, self.sealed(key)?)))
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    fn sealed(&self, key: &RecordKey) -> Option<&Sealed> {
        match key {
            RecordKey::Node(id) => self.nodes.get(id).map(|entry| &entry.sealed),
            RecordKey::Authority(id) => self.authorities.get(id).map(|entry| &entry.sealed),
            RecordKey::Anchor(id) => self.foreign.get(id).map(|entry| &entry.sealed),
        }
    }

    fn changes(&mut self, key: RecordKey) {
        if self.sealed(&key).is_none() {
            self.order.push(key);
        }
    }
}

/// What one record says of a node's certification, and another of the node itself; the node's seal must be one of the keys certified.
fn compose(
    opened: Option<&Opened>,
    word: &Sealed,
    own: &Sealed,
    certified: &Certification,
) -> Result<Sealed, RecordError> {
    let (word, own) = (cbor::from_slice(word.as_bytes())?, cbor::from_slice(own.as_bytes())?);
    match (word, own) {
        (SignedRecord::Node { node, certifier, certification, .. }, SignedRecord::Node { record, .. }) => {
            let keys: Vec<PublicKey> = certified.seal_keys.iter().map(|dated| dated.key.clone()).collect();
            let _verified: Arc<NodeRecord> = open(opened, &record, content_type::NODE_RECORD, &keys)?;
            Ok(SignedRecord::Node { node, certifier, certification, record }.to_sealed())
        }
        _ => Err(RecordError::Mismatch),
    }
}

/// A directory with what was judged so far on top; the directory itself stays as it is.
pub(super) struct Judging<'a> {
    known: &'a Directory,
    now: Timestamp,
    by: By,
    /// What there is of other trees, of which something came.
    tallies: BTreeMap<NodeId, Tally>,
    pub(super) draft: Draft,
}

impl<'a> Judging<'a> {
    pub(super) fn upon(known: &'a Directory, now: Timestamp) -> Self {
        let draft = Draft { upon: known.stamp, ..Draft::default() };
        Self { known, now, by: By::Above, tallies: BTreeMap::new(), draft }
    }

    /// Brought by somebody who may not bring all.
    pub(super) fn brought(self, by: By) -> Self {
        Self { by, ..self }
    }

    /// Whether a record of a tree may come by whoever brings it, and has room beside the others of its tree, in place of one of so many bytes.
    fn has_place(&mut self, root: NodeId, before: Option<usize>, bytes: usize) -> Result<(), RecordError> {
        if self.known.restoring {
            return Ok(());
        }
        let is_foreign = self.known.is_foreign(&root) || self.draft.foreign.contains_key(&root);
        let may_bring = match self.by {
            By::Above => true,
            By::Root(other) => other == root,
            By::Other => !is_foreign,
        };
        if !may_bring {
            return Err(RecordError::Detour(root));
        }
        if !is_foreign {
            return Ok(());
        }
        let known = self.known;
        self.tallies.entry(root).or_insert_with(|| known.tally(&root)).count(before, bytes)
    }

    fn root_of(&self, node: NodeId) -> NodeId {
        self.superiors(&node).last().copied().unwrap_or(node)
    }

    fn node(&self, id: &NodeId) -> Option<&NodeEntry> {
        self.draft.nodes.get(id).or_else(|| self.known.nodes.get(id))
    }

    fn authority(&self, id: &AuthorityId) -> Option<&AuthorityEntry> {
        self.draft.authorities.get(id).or_else(|| self.known.authorities.get(id))
    }

    /// Another tree's root, as far as a root above says to trust it; a withdrawn one only where what was taken before comes again.
    fn foreign(&self, root: &NodeId) -> Option<&AnchorEntry> {
        let entry = self.draft.foreign.get(root).or_else(|| self.known.foreign.get(root))?;
        let counts = self.known.restoring || (entry.record.withdrawn.is_none() && self.is_root(&entry.signer));
        counts.then_some(entry)
    }

    fn is_root(&self, node: &NodeId) -> bool {
        self.node(node).is_some_and(|entry| entry.certification.superior.is_none())
    }

    /// Whether a node is no longer part of the federation, by itself or with its tree.
    fn is_out(&self, node: &NodeId, entry: &NodeEntry) -> bool {
        entry.certification.revoked.is_some() || self.known.withdrawn(node).is_some()
    }

    fn superiors(&self, node: &NodeId) -> Vec<NodeId> {
        chain(node, |id| self.node(id).and_then(|entry| entry.certification.superior))
    }

    /// Whose label it is.
    fn labelled(&self, label: &Label) -> Option<NodeId> {
        let drafted = self.draft.nodes.iter().find(|(_, entry)| entry.certification.label == *label);
        let known = || {
            let known = self.known.by_label.get(label).filter(|node| !self.draft.nodes.contains_key(*node));
            // A tree that isn't trusted any more doesn't keep what it was called by.
            known.filter(|node| self.known.withdrawn(node).is_none())
        };
        drafted.map(|(node, _)| *node).or_else(|| known().copied())
    }

    fn opened(&self) -> Option<&Opened> {
        self.known.opened.as_deref()
    }

    /// Judges one record on top of what was judged before.
    pub(super) fn merge(&mut self, sealed: &Sealed) -> Result<Merge, RecordError> {
        if sealed.len() > limits::ENVELOPE_BYTES_MAX {
            return Err(RecordError::Limit);
        }
        let digest = Digest::of(sealed.as_bytes());
        if self.holds(&digest) {
            return Ok(Merge::Known);
        }
        match cbor::from_slice(sealed.as_bytes())? {
            SignedRecord::Node { node, certifier, certification, record } => {
                let (word, own) = self.verify_node(node, certifier, &certification, &record)?;
                self.merge_node(word, own, sealed)
            }
            SignedRecord::Authority { signer, record } => {
                let record = self.verify_authority(signer, &record)?;
                self.merge_authority(signer, record, sealed, digest)
            }
            SignedRecord::Anchor { signer, record } => {
                let record = self.verify_anchor(signer, &record)?;
                self.merge_anchor(signer, record, sealed, digest)
            }
        }
    }

    /// Whether this very record was verified and taken before. What was judged just now and came again is judged again.
    fn holds(&self, digest: &Digest) -> bool {
        self.known.by_digest.get(digest).is_some_and(|key| self.draft.sealed(key).is_none())
    }

    /// Judges records that came together in any order; each with its outcome, in the order in which they were settled.
    pub(super) fn merge_all(&mut self, records: Vec<Sealed>) -> Vec<Settled> {
        let mut settled = Vec::with_capacity(records.len());
        let mut left = records;
        loop {
            let before = left.len();
            let mut waiting = Vec::new();
            for record in left {
                match self.merge(&record) {
                    // A root may come before the word that makes it one.
                    Err(error @ (RecordError::UnknownSigner(_) | RecordError::NotAnAnchor(_))) => {
                        waiting.push((record, error));
                    }
                    outcome => settled.push((record, outcome)),
                }
            }
            if waiting.is_empty() || waiting.len() == before {
                settled.extend(waiting.into_iter().map(|(record, error)| (record, Err(error))));
                return settled;
            }
            left = waiting.into_iter().map(|(record, _)| record).collect();
        }
    }

    fn verify_node(
        &self,
        node: NodeId,
        certifier: NodeId,
        certification: &Sealed,
        record: &Sealed,
    ) -> Result<(Arc<Certification>, Arc<NodeRecord>), RecordError> {
        let certifier_keys = self.certifying_keys(node, certifier)?;
        let certification: Arc<Certification> =
            open(self.opened(), certification, NODE_CERTIFICATION, &certifier_keys)?;
        if certification.node != node || !certification.division.is_within(certification.label.division()) {
            return Err(RecordError::Mismatch);
        }
        match certification.superior {
            None if certifier == node => {}
            Some(superior) if certifier != node => self.verify_superior(superior, certifier, &certification)?,
            _ => return Err(RecordError::Mismatch),
        }
        // Another tree's root is trusted for the division that was said, whatever it says of itself.
        if certifier == node
            && !self.known.anchors.contains_key(&node)
            && let Some(anchor) = self.foreign(&node)
            && anchor.record.division != certification.division
        {
            let (signer, division) = (anchor.record.division, certification.division);
            return Err(RecordError::Division { signer, division });
        }
        let own: Vec<PublicKey> = certification.seal_keys.iter().map(|dated| dated.key.clone()).collect();
        let record: Arc<NodeRecord> = open(self.opened(), record, content_type::NODE_RECORD, &own)?;
        if record.node != node {
            return Err(RecordError::Mismatch);
        }
        let full = record.addresses.len() > limits::ADDRESSES_MAX
            || record.authorities.len() > limits::AUTHORITIES_PER_NODE_MAX
            || record.chain.len() > limits::CHAIN_CERTIFICATES_MAX;
        let reason = certification.reason.as_ref().map_or(0, String::len);
        if full || record.name.len() > limits::TEXT_BYTES_MAX || reason > limits::TEXT_BYTES_MAX {
            Err(RecordError::Limit)
        } else {
            Ok((certification, record))
        }
    }

    /// The certifier is the superior that it names, or above that: then it says something of a node and leaves it where it stands.
    fn verify_superior(
        &self,
        superior: NodeId,
        certifier: NodeId,
        certification: &Certification,
    ) -> Result<(), RecordError> {
        let known = self.node(&superior).ok_or(RecordError::UnknownSigner(superior))?;
        let above = self.superiors(&superior);
        if superior != certifier && !above.contains(&certifier) {
            return Err(RecordError::Mismatch);
        }
        let (signer, division) = (known.certification.division, certification.division);
        // A root may have sisters in its own division; below it an ancestor is always of another division.
        let is_root = self.known.anchors.contains_key(&superior) || self.foreign(&superior).is_some();
        if !division.is_within(signer) || (division == signer && !is_root) {
            return Err(RecordError::Division { signer, division });
        }
        if superior == certification.node || above.contains(&certification.node) {
            return Err(RecordError::Ring);
        }
        Ok(())
    }

    fn certifying_keys(&self, node: NodeId, certifier: NodeId) -> Result<Vec<PublicKey>, RecordError> {
        let known = self.node(&certifier);
        let certified = known.into_iter().flat_map(|entry| &entry.certification.seal_keys);
        // A revoked key opens what it sealed in its time, but certifies nobody any more.
        let counts = |dated: &&DatedKey| self.known.restoring || dated.revoked.is_none();
        let valid = certified.filter(counts).map(|dated| dated.key.clone());
        if certifier == node {
            let anchored = match (self.known.anchors.get(&node), self.foreign(&node)) {
                (Some(keys), _) => keys,
                (None, Some(anchor)) => &anchor.record.seal_keys,
                (None, None) => return Err(RecordError::NotAnAnchor(node)),
            };
            return Ok(anchored.iter().cloned().chain(valid).collect());
        }
        match known {
            None => Err(RecordError::UnknownSigner(certifier)),
            Some(entry) if !self.known.restoring && self.is_out(&certifier, entry) => {
                Err(RecordError::Revoked(certifier))
            }
            Some(_) => Ok(valid.collect()),
        }
    }

    /// Refuses a node that another tree claims: one tree's word never moves what another one certifies. A root alone comes into a tree, with all
    /// below it, and into that of a root that is trusted by itself.
    fn stays_in_its_tree(&self, node: NodeId, certification: &Certification) -> Result<(), RecordError> {
        let Some(known) = self.node(&node) else { return Ok(()) };
        let after = certification.superior.map_or(node, |superior| self.root_of(superior));
        let before = self.root_of(node);
        let joins = known.certification.superior.is_none()
            && self.foreign(&node).is_none()
            && self.known.anchors.contains_key(&after);
        if before == after || joins { Ok(()) } else { Err(RecordError::Mismatch) }
    }

    fn merge_node(
        &mut self,
        mut certification: Arc<Certification>,
        mut record: Arc<NodeRecord>,
        sealed: &Sealed,
    ) -> Result<Merge, RecordError> {
        let mut sealed = sealed.clone();
        let node = record.node;
        let key = RecordKey::Node(node);
        if let Some(other) = self.labelled(&certification.label).filter(|other| *other != node) {
            return Err(RecordError::Label(other));
        }
        if !self.known.restoring {
            self.stays_in_its_tree(node, &certification)?;
        }
        let outcome = match self.node(&node) {
            None => Merge::New(key),
            Some(known) if known.sealed == sealed => return Ok(Merge::Known),
            Some(known) => {
                let word = certification.serial.cmp(&known.certification.serial);
                let own = record.version.cmp(&known.record.version);
                if (word == Ordering::Equal && certification != known.certification)
                    || (own == Ordering::Equal && record != known.record)
                {
                    return Err(RecordError::Contradiction);
                }
                match (word, own) {
                    (Ordering::Equal, Ordering::Equal) => return Ok(Merge::Known),
                    (Ordering::Less | Ordering::Equal, Ordering::Less | Ordering::Equal) => {
                        return Ok(Merge::Older(key));
                    }
                    // Each of the two has a floor of its own, and the newer of each counts: what a superior says of a node, that it
                    // has been revoked say, must not give way because the node has said something new, nor the other way round.
                    (Ordering::Greater, Ordering::Less) => {
                        record = Arc::clone(&known.record);
                        sealed = compose(self.opened(), &sealed, &known.sealed, &certification)?;
                    }
                    (Ordering::Less, Ordering::Greater) => {
                        certification = Arc::clone(&known.certification);
                        sealed = compose(self.opened(), &known.sealed, &sealed, &certification)?;
                    }
                    (Ordering::Greater | Ordering::Equal, Ordering::Greater | Ordering::Equal) => {}
                }
                // The key by which it is shut out stays the one that it had.
                if certification.revoked.is_some() && record.transport_key != known.record.transport_key {
                    return Err(RecordError::Revoked(node));
                }
                Merge::Newer(key)
            }
        };
        let root = certification.superior.map_or(node, |superior| self.root_of(superior));
        let before = self.node(&node).map(|known| known.sealed.len());
        self.has_place(root, before, sealed.len())?;
        let digest = Digest::of(sealed.as_bytes());
        let sealed = self.shared(&digest, &sealed);
        let merged_at = self.now;
        self.draft.changes(key);
        self.draft.nodes.insert(node, NodeEntry { certification, record, sealed, merged_at, digest, stamp: 0 });
        Ok(outcome)
    }

    /// Only a root that is trusted by itself, and is one still, says whom else its tree trusts; never of a division that meets its own.
    fn verify_anchor(&self, signer: NodeId, record: &Sealed) -> Result<Arc<AnchorRecord>, RecordError> {
        if !self.known.anchors.contains_key(&signer) {
            return Err(RecordError::NotAnAnchor(signer));
        }
        let keys = self.certifying_keys(signer, signer)?;
        let record: Arc<AnchorRecord> = open(self.opened(), record, ANCHOR, &keys)?;
        let root = self.node(&signer).ok_or(RecordError::UnknownSigner(signer))?;
        if root.certification.superior.is_some() && !self.known.restoring {
            return Err(RecordError::NotAnAnchor(signer));
        }
        let (above, division) = (root.certification.division, record.division);
        if division.is_within(above) || above.is_within(division) {
            return Err(RecordError::Division { signer: above, division });
        }
        if self.known.anchors.contains_key(&record.root) {
            return Err(RecordError::Mismatch);
        }
        if record.is_within_limits() { Ok(record) } else { Err(RecordError::Limit) }
    }

    fn merge_anchor(
        &mut self,
        signer: NodeId,
        record: Arc<AnchorRecord>,
        sealed: &Sealed,
        digest: Digest,
    ) -> Result<Merge, RecordError> {
        let key = RecordKey::Anchor(record.root);
        let known = self.draft.foreign.get(&record.root).or_else(|| self.known.foreign.get(&record.root));
        let outcome = match known {
            None => Merge::New(key),
            // The tree has another root by now.
            Some(known) if known.signer != signer && !self.is_root(&known.signer) => Merge::Newer(key),
            Some(known) => match record.version.cmp(&known.record.version) {
                Ordering::Less => return Ok(Merge::Older(key)),
                Ordering::Equal if known.record == record => return Ok(Merge::Known),
                Ordering::Equal => return Err(RecordError::Contradiction),
                Ordering::Greater => Merge::Newer(key),
            },
        };
        let (merged_at, sealed) = (self.now, self.shared(&digest, sealed));
        self.draft.changes(key);
        let root = record.root;
        self.draft.foreign.insert(root, AnchorEntry { record, signer, sealed, merged_at, digest, stamp: 0 });
        Ok(outcome)
    }

    fn verify_authority(&self, signer: NodeId, record: &Sealed) -> Result<Arc<AuthorityRecord>, RecordError> {
        let entry = self.node(&signer).ok_or(RecordError::UnknownSigner(signer))?;
        if !self.known.restoring && self.is_out(&signer, entry) {
            return Err(RecordError::Revoked(signer));
        }
        let keys: Vec<PublicKey> = entry
            .certification
            .seal_keys
            .iter()
            .filter(|dated| self.known.restoring || dated.revoked.is_none())
            .map(|dated| dated.key.clone())
            .collect();
        let record: Arc<AuthorityRecord> = open(self.opened(), record, content_type::AUTHORITY_RECORD, &keys)?;
        let above = entry.certification.division;
        if !record.division.is_within(above) {
            return Err(RecordError::Division { signer: above, division: record.division });
        }
        if record.name.len() > limits::TEXT_BYTES_MAX { Err(RecordError::Limit) } else { Ok(record) }
    }

    fn merge_authority(
        &mut self,
        signer: NodeId,
        record: Arc<AuthorityRecord>,
        sealed: &Sealed,
        digest: Digest,
    ) -> Result<Merge, RecordError> {
        let id = record.authority;
        let key = RecordKey::Authority(id);
        let outcome = match self.authority(&id) {
            None => Merge::New(key),
            Some(known) if known.sealed == *sealed => return Ok(Merge::Known),
            Some(known) if record.version < known.record.version => return Ok(Merge::Older(key)),
            Some(known) if record.version == known.record.version => {
                return if known.record == record { Ok(Merge::Known) } else { Err(RecordError::Contradiction) };
            }
            // An authority stays where it is, or moves by the word of somebody above both places.
            Some(known) => match self.node(&signer) {
                Some(entry) if known.record.division.is_within(entry.certification.division) => Merge::Newer(key),
                _ => return Err(RecordError::Mismatch),
            },
        };
        let before = self.authority(&id).map(|known| known.sealed.len());
        self.has_place(self.root_of(signer), before, sealed.len())?;
        let (merged_at, sealed) = (self.now, self.shared(&digest, sealed));
        self.draft.changes(key);
        let entry = AuthorityEntry { record, signer, sealed, merged_at, digest, stamp: 0 };
        self.draft.authorities.insert(id, entry);
        Ok(outcome)
    }

    fn shared(&self, digest: &Digest, sealed: &Sealed) -> Sealed {
        self.opened().map_or_else(|| sealed.clone(), |opened| opened.shared(digest, sealed))
    }
}
