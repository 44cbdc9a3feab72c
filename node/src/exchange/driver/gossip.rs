//! Records, chains and journals: what every peer should have of the directory, and what is pulled from whom.

use std::sync::Arc;

use tongban_codes::ids::NodeId;
use tongban_federation::session::Input;
use tongban_federation::wire::JournalSize;
use tongban_federation::{Sealed, SignedRecord};
use tongban_quic::Link;

use super::{Driver, Happened};
use crate::engine::trust::{AnchorRow, Certificate};
use crate::engine::{ACTS, Refused, STANDARDS, Trust};
use crate::exchange::shared::Shared;
use crate::exchange::{join, pull, record};

/// Bytes of records of the superior that wait for a chain that leads to them; it has the rest at the next hello.
const UNVOUCHED_BYTES_MAX: usize = 8 << 20;

impl Driver {
    /// Offers each peer the records that it doesn't have from here yet.
    pub(super) fn offer_records(&mut self) {
        for peer in self.open_peers() {
            // Of a node whose own record hasn't come yet it isn't known what it should have.
            if self.shared.directory().node(&peer).is_none() {
                continue;
            }
            let stamp = self.peers.get(&peer).map_or(0, |known| known.records_stamp);
            let (records, next) = {
                let directory = self.shared.directory();
                if self.shared.is_subordinate(&peer) || self.shared.is_superior(&peer) {
                    directory.records_since(stamp)
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

    pub(super) fn records_received(&self, peer: NodeId, records: Vec<Sealed>) {
        let trust = self.shared.trust();
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
                self.shared.change_directory(|directory| directory.add_anchor(root.node, root.key.clone()));
                let shared = Arc::clone(&self.shared);
                tokio::spawn(async move {
                    let change = |trust: &mut Trust| {
                        let new = !trust.roots.contains(&root);
                        trust.roots.extend(new.then_some(root));
                        new
                    };
                    if let Err(error) = record::change_trust(&shared, change).await {
                        tracing::warn!(?error, "a new root could not be kept");
                    }
                });
            }
        }
        let (shared, events, anchors) = (Arc::clone(&self.shared), self.events.clone(), trust.anchors.len());
        let from_superior = trust.superior == Some(peer);
        tokio::spawn(async move {
            match record::merge(&shared, records).await {
                Ok(merged) => {
                    let _sent = events.send(Happened::RecordsKept(merged.grown));
                    if from_superior {
                        let _sent = events.send(Happened::Unvouched { peer, anchors, records: merged.unvouched });
                    }
                }
                Err(error) => tracing::warn!(?error, "records could not be kept"),
            }
        });
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
        if anchors != self.shared.trust().anchors.len() {
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
        let chain = self.shared.trust().chain;
        for peer in self.open_peers() {
            if !self.shared.is_subordinate(&peer) || self.peers.get(&peer).is_none_or(|known| known.chain_told == chain)
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
    pub(super) fn chain_received(&self, peer: NodeId, chain: &[Sealed]) {
        let trust = self.shared.trust();
        let key_hash =
            self.peers.get(&peer).and_then(|known| known.link.as_ref()).map(|(_, _, link)| link.peer().key_hash);
        let parsed: Result<Vec<_>, _> =
            chain.iter().map(|certificate| tongban_quic::certificate::parse(certificate.as_bytes())).collect();
        let (Some(key_hash), Ok(parsed), Some(own)) = (key_hash, parsed, trust.chain.first().cloned()) else { return };
        let (Some(first), Some(root)) = (parsed.first(), parsed.last()) else { return };
        if trust.superior != Some(peer) || first.spki_sha256 != key_hash {
            return;
        }
        let mut renewed = vec![own];
        renewed.extend(chain.iter().map(|certificate| Certificate(certificate.as_bytes().to_vec())));
        if renewed == trust.chain {
            return;
        }
        // The chain must hold by itself up to its root, by signatures and divisions.
        let anchor = tongban_quic::Anchor { key_hash: root.spki_sha256, division: root.division };
        let judge = tongban_quic::Trust::new(Arc::clone(&self.shared.parts.clock), [anchor]);
        let certificates: Vec<&[u8]> = renewed.iter().map(|certificate| certificate.0.as_slice()).collect();
        if let Err(error) = tongban_quic::Verifier::listening(judge, root.division).judge(&certificates) {
            tracing::warn!(%peer, %error, "the superior's new chain does not hold");
            return;
        }
        let anchor = AnchorRow { key_hash: root.spki_sha256, division: root.division };
        let (shared, events) = (Arc::clone(&self.shared), self.events.clone());
        tokio::spawn(async move {
            let change = |trust: &mut Trust| {
                // Meanwhile another superior may have been joined.
                if trust.superior != Some(peer) || trust.chain.first() != renewed.first() {
                    return false;
                }
                if !trust.anchors.iter().any(|known| known.key_hash == anchor.key_hash) {
                    trust.anchors.push(anchor);
                }
                trust.chain = renewed;
                true
            };
            match record::change_trust(&shared, change).await {
                Ok(true) => drop(events.send(Happened::TrustKept)),
                Ok(false) => {}
                Err(error) => tracing::warn!(?error, "a new chain could not be kept"),
            }
        });
    }

    pub(super) fn publish(&self) {
        let (shared, events) = (Arc::clone(&self.shared), self.events.clone());
        tokio::spawn(async move {
            if let Ok(true) = record::publish(&shared).await {
                let _sent = events.send(Happened::RecordsKept(true));
            }
        });
    }

    /// Tells superiors and subordinates how far the journals have grown that they may pull.
    pub(super) fn offer_journals(&mut self) {
        for peer in self.open_peers() {
            let sizes: Vec<JournalSize> =
                pull::offered(&self.shared, &peer).into_iter().map(|(size, _)| size).collect();
            let told = self.offered.entry(peer).or_default();
            let grown: Vec<JournalSize> = sizes
                .into_iter()
                .filter(|size| told.insert((size.origin, size.journal, size.epoch), size.size) != Some(size.size))
                .collect();
            if !grown.is_empty() {
                self.feed(peer, Input::JournalGrew(grown));
            }
        }
    }

    pub(super) fn pull_all(&mut self) {
        for peer in self.open_peers() {
            let Some(link) = self.shared.link(&peer) else { continue };
            let (shared, events) = (Arc::clone(&self.shared), self.events.clone());
            tokio::spawn(async move {
                let request = tongban_federation::wire::Request::Journals(tongban_federation::wire::Journals {});
                let Ok(answer) = link.open_request(&request.to_bytes()).await else { return };
                let Ok(tongban_federation::wire::Response::JournalList(list)) =
                    tongban_federation::wire::Response::from_bytes(&answer)
                else {
                    return;
                };
                for listed in list.journals {
                    let result = pull_allowed(&shared, &link, listed.size).await;
                    let _sent = events.send(Happened::Pulled { peer, journal: listed.size, result });
                }
            });
        }
    }

    pub(super) fn pull(&mut self, peer: NodeId, journal: JournalSize) {
        let Some(link) = self.shared.link(&peer) else { return };
        let key = (journal.origin, journal.journal, journal.epoch);
        let wanted = self.pulling.entry(key).or_default();
        let busy = *wanted > 0;
        *wanted = (*wanted).max(journal.size);
        if busy {
            return;
        }
        let (shared, events) = (Arc::clone(&self.shared), self.events.clone());
        tokio::spawn(async move {
            let result = pull_allowed(&shared, &link, journal).await;
            let _sent = events.send(Happened::Pulled { peer, journal, result });
        });
    }

    pub(super) fn pulled(&mut self, peer: NodeId, journal: JournalSize, result: Result<u64, Refused>) {
        let wanted = self.pulling.remove(&(journal.origin, journal.journal, journal.epoch)).unwrap_or(0);
        if result.is_ok() && wanted > journal.size {
            self.pull(peer, JournalSize { size: wanted, ..journal });
        }
        match result {
            Ok(0) => {}
            Ok(count) => {
                tracing::debug!(%peer, origin = %journal.origin, count, "a journal was pulled");
                self.offer_journals();
            }
            Err(refused) => {
                tracing::warn!(%peer, origin = %journal.origin, ?refused, "a journal could not be pulled");
            }
        }
    }
}

/// Pulls only what flows this way: acts from below, standards from above.
async fn pull_allowed(shared: &Arc<Shared>, link: &Link, journal: JournalSize) -> Result<u64, Refused> {
    let peer = link.peer().node;
    let from_below = journal.journal == ACTS && shared.is_subordinate(&peer) && shared.is_subordinate(&journal.origin);
    let from_above = journal.journal == STANDARDS && shared.is_superior(&peer) && shared.is_superior(&journal.origin);
    if from_below || from_above { pull::pull(shared, link, journal).await } else { Ok(0) }
}
