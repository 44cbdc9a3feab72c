//! Records and chains: what every peer should have of the directory, and what is taken from whom.

use tongban_codes::ids::{Digest, NodeId};
use tongban_federation::directory::By;
use tongban_federation::session::Input;
use tongban_federation::{Sealed, SignedRecord};

use super::{Exchange, Waiting};
use crate::engine::Trust;
use crate::engine::trust::Certificate;
use crate::exchange::change::Change;
use crate::exchange::{join, renew};

/// Bytes of records of the superior that wait for a chain that leads to them; it has the rest at the next hello.
const UNVOUCHED_BYTES_MAX: usize = 8 << 20;

impl Exchange {
    /// Offers each peer the records that it doesn't have from here yet.
    pub(super) fn offer_records(&mut self) {
        for peer in self.open_peers() {
            // Of a node whose own record hasn't come yet it isn't known what it should have.
            if self.knowledge.directory().node(&peer).is_none() {
                continue;
            }
            let stamp = self.peers.get(&peer).map_or(0, |known| known.records_stamp);
            let (records, next) = {
                let directory = self.knowledge.directory();
                if self.knowledge.is_superior(&peer) {
                    directory.own_records_since(stamp)
                } else if self.knowledge.is_subordinate(&peer) {
                    directory.records_since(stamp)
                } else if self.knowledge.is_foreign_root(&peer) {
                    directory.records_of_tree(&self.knowledge.here().node, stamp)
                } else {
                    directory.records_for(&peer, stamp)
                }
            };
            if let Some(known) = self.peers.get_mut(&peer) {
                known.records_stamp = next;
            }
            if !records.is_empty() {
                self.feed(peer, Input::RecordsChanged(records));
            }
        }
    }

    /// A peer has the same records as this node: only what comes from now on is offered.
    pub(super) fn has_all_records(&mut self, peer: NodeId) {
        let (_, stamp) = self.knowledge.directory().records_since(u64::MAX);
        if let Some(known) = self.peers.get_mut(&peer) {
            known.records_stamp = stamp;
        }
    }

    /// Offers a peer all the records that it should have, whatever it was offered before.
    pub(super) fn offer_all_records(&mut self, peer: NodeId) {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.records_stamp = 0;
        }
        self.offer_records();
    }

    pub(super) fn records_received(&mut self, peer: NodeId, records: Vec<Sealed>) {
        let trust = self.knowledge.trust();
        // Only the superior may bring a new root, and only the one whose certificate ends the own chain, once: its transport key was
        // pinned when that chain was taken.
        let root_hash = (trust.superior == Some(peer))
            .then(|| trust.chain.last().and_then(|last| tongban_quic::certificate::parse(&last.0).ok()))
            .flatten()
            .map(|root| (root.node, root.spki_sha256));
        if let Some((root_node, root_hash)) = root_hash
            && !trust.roots.iter().any(|known| known.node == root_node)
        {
            for sealed in &records {
                let Ok(signed) = tongban_codes::cbor::from_slice::<SignedRecord>(sealed.as_bytes()) else { continue };
                let Some(root) = join::root_key(&signed, root_hash).filter(|root| root.node == root_node) else {
                    continue;
                };
                self.knowledge.change_directory(|directory| directory.add_anchor(root.node, root.key.clone()));
                let change = move |trust: &mut Trust| {
                    let new = !trust.roots.contains(&root);
                    trust.roots.extend(new.then_some(root));
                    new
                };
                self.change(Waiting::Root, Change::Trust { change: Box::new(change), also: Vec::new() });
            }
        }
        let anchors = trust.anchors.len();
        let by = self.brings(peer);
        self.change(Waiting::Records { peer, anchors }, Change::Brought(by, records));
    }

    /// Which records a peer may bring: those of other trees go from root to root and down from there (0024), whoever else has them.
    pub(super) fn brings(&self, peer: NodeId) -> By {
        if self.knowledge.is_superior(&peer) {
            By::Above
        } else if self.knowledge.is_foreign_root(&peer) {
            By::Root(peer)
        } else {
            By::Other
        }
    }

    /// The digest by which a peer sees whether it has the same records: over the whole directory, between two roots over their two trees.
    pub(super) fn digest_for(&self, peer: &NodeId) -> Digest {
        let directory = self.knowledge.directory();
        if self.knowledge.is_foreign_root(peer) {
            directory.digest_between(&self.knowledge.here().node, peer)
        } else {
            directory.digest()
        }
    }

    /// Keeps records that nothing known vouched for: those of a new root come before the chain that leads to it is kept. `anchors` is
    /// how many there were when they were judged.
    pub(super) fn keep_unvouched(&mut self, peer: NodeId, anchors: usize, records: Vec<Sealed>) {
        for record in records {
            if !self.unvouched.contains(&record) {
                self.unvouched.push(record);
            }
        }
        let mut bytes: usize = self.unvouched.iter().map(Sealed::len).sum();
        while bytes > UNVOUCHED_BYTES_MAX {
            bytes -= self.unvouched.remove(0).len();
        }
        if anchors != self.knowledge.trust().anchors.len() {
            self.retry_unvouched(peer);
        }
    }

    /// Looks again at the records that nothing vouched for before the chain changed.
    pub(super) fn retry_unvouched(&mut self, peer: NodeId) {
        let records = std::mem::take(&mut self.unvouched);
        if !records.is_empty() {
            self.records_received(peer, records);
        }
    }

    /// Tells those below the chain when it isn't what they were told.
    pub(super) fn offer_chain(&mut self) {
        let chain = self.knowledge.trust().chain;
        for peer in self.open_peers() {
            if !self.knowledge.is_subordinate(&peer)
                || self.peers.get(&peer).is_none_or(|known| known.chain_told == chain)
            {
                continue;
            }
            if let Some(known) = self.peers.get_mut(&peer) {
                known.chain_told.clone_from(&chain);
            }
            let sealed = chain.iter().map(|certificate| Sealed::new(certificate.0.clone())).collect();
            self.feed(peer, Input::ChainChanged(sealed));
        }
    }

    /// The superior has a new chain, because it joined a tree itself: its key is the same, so the new root is trusted too.
    pub(super) fn chain_received(&mut self, peer: NodeId, chain: &[Sealed]) {
        let trust = self.knowledge.trust();
        let key_hash = self.peers.get(&peer).and_then(|known| known.link.as_ref()).map(|link| link.key_hash);
        let parsed: Result<Vec<_>, _> =
            chain.iter().map(|certificate| tongban_quic::certificate::parse(certificate.as_bytes())).collect();
        let (Some(key_hash), Ok(parsed), Some(own)) = (key_hash, parsed, trust.chain.first().cloned()) else { return };
        let Some(first) = parsed.first() else { return };
        if trust.superior != Some(peer) || first.spki_sha256 != key_hash {
            return;
        }
        let mut renewed = vec![own];
        renewed.extend(chain.iter().map(|certificate| Certificate(certificate.as_bytes().to_vec())));
        if renewed == trust.chain {
            return;
        }
        let anchor = match renew::holds(&self.knowledge, &renewed) {
            Ok(anchor) => anchor,
            Err(error) => {
                tracing::warn!(%peer, %error, "the superior's new chain does not hold");
                return;
            }
        };
        let change = move |trust: &mut Trust| {
            // Meanwhile another superior may have been joined.
            if trust.superior != Some(peer) || trust.chain.first() != renewed.first() {
                return false;
            }
            trust.add_anchor(anchor);
            trust.chain = renewed;
            true
        };
        self.change(Waiting::Chain, Change::Trust { change: Box::new(change), also: Vec::new() });
    }
}
