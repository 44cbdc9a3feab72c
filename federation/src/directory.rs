//! The directory: which nodes and authorities there are, where, under which keys.
//!
//! Records flow up and down the tree as their signers made them; a node keeps its ancestors and descendants and asks its
//! superior for others. Trust begins at *anchors*, the seal keys of the roots, and follows the tree: only an ancestor of a
//! division certifies for it, and whoever merges a record checks that. A record never gives way to an older one.

mod anchor;
mod foreign;
mod judging;
mod merge;
mod opened;
mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use tongban_codes::{
    credit_code::CreditCode,
    division::DivisionCode,
    ids::{AuthorityId, Digest, Label, NodeId},
    time::Timestamp,
};
use tongban_seal::{KeyId, PublicKey, SealError, batch};

use crate::sealed::{Sealed, Unseal, UnsealError};
pub use anchor::{ANCHOR, AnchorRecord, ShownRoot, fingerprint};
pub use foreign::By;
pub use judging::Draft;
pub use merge::{Merge, RecordError, Settled};
pub use opened::Opened;
pub use record::{AuthorityRecord, Certification, DatedCode, DatedKey, NODE_CERTIFICATION, NodeRecord, SignedRecord};

/// A node as the directory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeEntry {
    /// What its superior has certified.
    pub certification: Arc<Certification>,
    /// What it says of itself.
    pub record: Arc<NodeRecord>,
    /// The record as received.
    pub sealed: Sealed,
    /// When it was merged here.
    pub merged_at: Timestamp,
    /// Of the record as received.
    digest: Digest,
    stamp: u64,
}

/// An authority as the directory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityEntry {
    /// What its division's node says of it.
    pub record: Arc<AuthorityRecord>,
    /// The node that has sealed the record.
    pub signer: NodeId,
    /// The record as received.
    pub sealed: Sealed,
    /// When it was merged here.
    pub merged_at: Timestamp,
    /// Of the record as received.
    digest: Digest,
    stamp: u64,
}

/// Another tree's root, as a root above has said to trust it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorEntry {
    /// What the root above says of it.
    pub record: Arc<AnchorRecord>,
    /// The root that has sealed the record.
    pub signer: NodeId,
    /// The record as received.
    pub sealed: Sealed,
    /// When it was merged here.
    pub merged_at: Timestamp,
    /// Of the record as received.
    digest: Digest,
    stamp: u64,
}

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKey {
    /// A node.
    Node(NodeId),
    /// An authority.
    Authority(AuthorityId),
    /// Another tree's root, as an anchor.
    Anchor(NodeId),
}

/// Verified records, with look-ups.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    anchors: BTreeMap<NodeId, Vec<PublicKey>>,
    nodes: BTreeMap<NodeId, NodeEntry>,
    authorities: BTreeMap<AuthorityId, AuthorityEntry>,
    foreign: BTreeMap<NodeId, AnchorEntry>,
    by_label: BTreeMap<Label, NodeId>,
    by_division: BTreeSet<(DivisionCode, NodeId)>,
    by_credit_code: BTreeSet<(CreditCode, AuthorityId)>,
    by_stamp: BTreeMap<u64, RecordKey>,
    by_digest: BTreeMap<Digest, RecordKey>,
    stamp: u64,
    /// Grows when a node comes, moves, or is revoked or readmitted.
    layout: u64,
    /// The digest over all, once somebody has asked for it.
    whole: OnceLock<Digest>,
    /// What others in this process have opened.
    opened: Option<Arc<Opened>>,
    /// Whether what is merged was verified before, when it came.
    restoring: bool,
}

impl Directory {
    /// An empty directory that trusts nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Shares what is opened from now on with other directories in this process. Whatever they say, each record is judged here by its own
    /// signers' keys.
    pub fn share(&mut self, opened: Arc<Opened>) {
        self.opened = Some(opened);
    }

    /// Trusts `key` as a seal key of the root `node`, as an administrator or an invitation has said.
    pub fn add_anchor(&mut self, node: NodeId, key: PublicKey) {
        let keys = self.anchors.entry(node).or_default();
        if !keys.contains(&key) {
            keys.push(key);
        }
    }

    /// The roots that are trusted.
    pub fn anchors(&self) -> impl Iterator<Item = &NodeId> {
        self.anchors.keys()
    }

    /// A node by its id.
    pub fn node(&self, id: &NodeId) -> Option<&NodeEntry> {
        self.nodes.get(id)
    }

    /// All nodes, by id.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeEntry> {
        self.nodes.values()
    }

    /// The nodes of exactly this division, by id.
    pub fn by_division(&self, division: DivisionCode) -> Vec<&NodeEntry> {
        let (first, last) = (NodeId::from_bytes([0; 16]), NodeId::from_bytes([u8::MAX; 16]));
        let nodes = self.by_division.range((division, first)..=(division, last));
        nodes.filter_map(|(_, id)| self.nodes.get(id)).collect()
    }

    /// The nodes of this division or of its nearest ancestor that has any.
    pub fn serving(&self, division: DivisionCode) -> Vec<&NodeEntry> {
        let mut at = Some(division);
        while let Some(code) = at {
            let nodes = self.by_division(code);
            if !nodes.is_empty() {
                return nodes;
            }
            at = code.superior();
        }
        Vec::new()
    }

    /// The node with this label.
    pub fn by_label(&self, label: &Label) -> Option<&NodeEntry> {
        self.by_label.get(label).and_then(|id| self.nodes.get(id))
    }

    /// The nodes whose id begins like this; a case id begins with the id of the node that drew it.
    pub fn by_case_prefix(&self, prefix: [u8; 6]) -> Vec<&NodeEntry> {
        let bound = |fill: u8| {
            let mut bytes = [fill; 16];
            bytes[..6].copy_from_slice(&prefix);
            NodeId::from_bytes(bytes)
        };
        self.nodes.range(bound(0)..=bound(u8::MAX)).map(|(_, entry)| entry).collect()
    }

    /// An authority by its id.
    pub fn authority(&self, id: &AuthorityId) -> Option<&AuthorityEntry> {
        self.authorities.get(id)
    }

    /// All authorities, by id.
    pub fn authorities(&self) -> impl Iterator<Item = &AuthorityEntry> {
        self.authorities.values()
    }

    /// The authorities that have or had this credit code; real files have codes shared by two departments.
    pub fn authority_by_credit_code(&self, code: &CreditCode) -> Vec<&AuthorityEntry> {
        let (first, last) = (AuthorityId::from_bytes([0; 16]), AuthorityId::from_bytes([u8::MAX; 16]));
        let authorities = self.by_credit_code.range((*code, first)..=(*code, last));
        authorities.filter_map(|(_, id)| self.authorities.get(id)).collect()
    }

    /// The superiors of a node, nearest first, as far as they are known.
    pub fn superiors(&self, node: &NodeId) -> Vec<NodeId> {
        chain(node, |id| self.nodes.get(id).and_then(|entry| entry.certification.superior))
    }

    /// Since when a node is no longer part of the federation; `None` when it is, or isn't known.
    pub fn revoked(&self, node: &NodeId) -> Option<Timestamp> {
        self.nodes.get(node)?.certification.revoked.or_else(|| self.withdrawn(node))
    }

    /// Since when the tree of a node isn't trusted any more, or, where whoever trusted it is no root any more, was trusted; `None` for nodes of
    /// the own tree, and of trees that are trusted.
    pub fn withdrawn(&self, node: &NodeId) -> Option<Timestamp> {
        if self.foreign.values().all(|entry| self.counts(entry)) {
            return None;
        }
        let entry = self.foreign.get(&self.root_of(node)).filter(|entry| !self.counts(entry))?;
        Some(entry.record.withdrawn.unwrap_or(entry.record.from))
    }

    /// Whether a root that still is one says so, and hasn't taken it back.
    fn counts(&self, entry: &AnchorEntry) -> bool {
        self.is_root(&entry.signer) && entry.record.withdrawn.is_none()
    }

    /// The root of a node's tree, as far as its superiors are known.
    pub fn root_of(&self, node: &NodeId) -> NodeId {
        self.superiors(node).last().copied().unwrap_or(*node)
    }

    /// Other trees' roots, by id, withdrawn ones included; those alone whose signer is still a root.
    pub fn foreign_roots(&self) -> impl Iterator<Item = &AnchorEntry> {
        self.foreign.values().filter(|entry| self.is_root(&entry.signer))
    }

    /// Another tree's root, if a root above says to trust it.
    pub fn foreign_root(&self, root: &NodeId) -> Option<&AnchorEntry> {
        self.foreign.get(root).filter(|entry| self.counts(entry))
    }

    /// What another tree should have of this one, whose root is `root`, of what was merged after `stamp`: its nodes and their authorities,
    /// superiors first.
    pub fn records_of_tree(&self, root: &NodeId, stamp: u64) -> (Vec<Sealed>, u64) {
        if stamp >= self.stamp {
            return (Vec::new(), self.stamp);
        }
        let mut nodes: Vec<(usize, &NodeEntry)> = Vec::new();
        for entry in self.nodes.values().filter(|entry| entry.stamp > stamp) {
            let above = self.superiors(&entry.record.node);
            if above.last().unwrap_or(&entry.record.node) == root {
                nodes.push((above.len(), entry));
            }
        }
        nodes.sort_by_key(|(depth, entry)| (*depth, entry.record.node));
        let authorities =
            self.authorities.values().filter(|entry| entry.stamp > stamp && self.root_of(&entry.signer) == *root);
        let sealed = nodes.into_iter().map(|(_, entry)| &entry.sealed).chain(authorities.map(|entry| &entry.sealed));
        (sealed.cloned().collect(), self.stamp)
    }

    fn is_root(&self, node: &NodeId) -> bool {
        self.nodes.get(node).is_some_and(|entry| entry.certification.superior.is_none())
    }

    /// The seal keys of a node, old ones included; revoked ones too, with their dates.
    pub fn seal_keys(&self, node: &NodeId) -> &[DatedKey] {
        self.nodes.get(node).map_or(&[], |entry| &entry.certification.seal_keys)
    }

    /// Whether a record is of a tree that isn't trusted any more: kept, and told to nobody, who couldn't take it.
    fn is_withdrawn(&self, key: &RecordKey) -> bool {
        match key {
            RecordKey::Node(id) => self.withdrawn(id).is_some(),
            RecordKey::Authority(id) => {
                self.authorities.get(id).is_some_and(|entry| self.withdrawn(&entry.signer).is_some())
            }
            RecordKey::Anchor(_) => false,
        }
    }

    /// Records merged after `stamp` in the order of merging, and the stamp to ask with next time; none of trees that aren't trusted any more.
    pub fn records_since(&self, stamp: u64) -> (Vec<Sealed>, u64) {
        let keys = self.by_stamp.range(stamp.saturating_add(1)..).map(|(_, key)| key);
        let records = keys.filter(|key| !self.is_withdrawn(key)).filter_map(|key| self.sealed(key)).cloned();
        (records.collect(), self.stamp)
    }

    /// As [`Self::records_since`], without those of other trees: who is above has them from its own root.
    pub fn own_records_since(&self, stamp: u64) -> (Vec<Sealed>, u64) {
        let keys = self.by_stamp.range(stamp.saturating_add(1)..).map(|(_, key)| key);
        let is_own = |key: &&RecordKey| match key {
            RecordKey::Node(id) => !self.is_foreign(&self.root_of(id)),
            RecordKey::Authority(id) => {
                self.authorities.get(id).is_some_and(|entry| !self.is_foreign(&self.root_of(&entry.signer)))
            }
            RecordKey::Anchor(_) => true,
        };
        (keys.filter(is_own).filter_map(|key| self.sealed(key)).cloned().collect(), self.stamp)
    }

    /// What a peer should have, of what was merged after `stamp`: itself, its ancestors, its descendants, and their
    /// authorities; superiors before subordinates, so that each can be verified as it comes.
    pub fn records_for(&self, peer: &NodeId, stamp: u64) -> (Vec<Sealed>, u64) {
        if stamp >= self.stamp {
            return (Vec::new(), self.stamp);
        }
        let ancestors = self.superiors(peer);
        let concerned = |node: &NodeId| node == peer || ancestors.contains(node) || self.superiors(node).contains(peer);
        let mut nodes: Vec<_> =
            self.nodes.values().filter(|entry| entry.stamp > stamp && concerned(&entry.record.node)).collect();
        nodes.sort_by_key(|entry| (self.superiors(&entry.record.node).len(), entry.record.node));
        let authorities = self.authorities.values().filter(|entry| entry.stamp > stamp && concerned(&entry.signer));
        let sealed = nodes.into_iter().map(|entry| &entry.sealed).chain(authorities.map(|entry| &entry.sealed));
        (sealed.cloned().collect(), self.stamp)
    }

    /// A digest over all records that are told, as received; two directories with the same digest need no gossip.
    pub fn digest(&self) -> Digest {
        *self.whole.get_or_init(|| {
            let told = |key: RecordKey| !self.is_withdrawn(&key);
            let nodes = self.nodes.iter().filter(|(id, _)| told(RecordKey::Node(**id)));
            let nodes = nodes.map(|(_, entry)| &entry.digest);
            let authorities = self.authorities.iter().filter(|(id, _)| told(RecordKey::Authority(**id)));
            let authorities = authorities.map(|(_, entry)| &entry.digest);
            let foreign = self.foreign.values().map(|entry| &entry.digest);
            let all: Vec<u8> = nodes.chain(authorities).chain(foreign).flat_map(|digest| *digest.as_bytes()).collect();
            Digest::of(&all)
        })
    }

    /// A number that grows with every change of which nodes there are, in which divisions, and which of them are revoked.
    pub fn layout(&self) -> u64 {
        self.layout
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.nodes.len() + self.authorities.len() + self.foreign.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn sealed(&self, key: &RecordKey) -> Option<&Sealed> {
        match key {
            RecordKey::Node(id) => self.nodes.get(id).map(|entry| &entry.sealed),
            RecordKey::Authority(id) => self.authorities.get(id).map(|entry| &entry.sealed),
            RecordKey::Anchor(id) => self.foreign.get(id).map(|entry| &entry.sealed),
        }
    }
}

/// The superiors of a node, nearest first, as long as one is known and it is no ring.
fn chain(node: &NodeId, superior: impl Fn(&NodeId) -> Option<NodeId>) -> Vec<NodeId> {
    let mut chain = Vec::new();
    let mut at = *node;
    while let Some(above) = superior(&at) {
        if above == *node || chain.contains(&above) {
            break;
        }
        chain.push(above);
        at = above;
    }
    chain
}

/// Opens batch seals with the seal keys that the directory knows, old and revoked ones included: whether a seal was made
/// before its key was revoked is judged by the checkpoint that holds it, not by the clock of the one who reads.
impl Unseal for Directory {
    fn open(&self, signer: &NodeId, content_type: &str, sealed: &Sealed) -> Result<Vec<u8>, UnsealError> {
        let entry = self.nodes.get(signer).ok_or(UnsealError::UnknownSigner(*signer))?;
        let keys = |id: &KeyId| {
            entry.certification.seal_keys.iter().map(|dated| &dated.key).find(|key| key.key_id() == *id).cloned()
        };
        match batch::open(sealed.as_bytes(), content_type, &keys) {
            Ok(opened) => Ok(opened.statement),
            Err(SealError::UnknownKey(key)) => Err(UnsealError::Key(key.to_string())),
            Err(SealError::Signature) => Err(UnsealError::Broken),
            Err(error) => Err(UnsealError::Malformed(error.to_string())),
        }
    }
}

#[cfg(test)]
#[path = "directory/tests.rs"]
pub(crate) mod tests;

#[cfg(test)]
#[path = "directory/anchor_tests.rs"]
mod anchor_tests;

#[cfg(test)]
#[path = "directory/foreign_tests.rs"]
mod foreign_tests;
