//! Links: who is dialled, who may stay, which of two connections survives.

use std::collections::{BTreeMap, BTreeSet};

use tongban_codes::ids::NodeId;
use tongban_federation::session::Input;
use tongban_federation::wire::HighWater;
use tongban_federation::{CloseCode, Config, FederationLevel, Progress, Release, Role, Session, VersionRange, limits};
use tongban_storage::keyspace::delivery;
use tongban_storage::keyspace::key::stem;

use super::{Effect, Exchange, Linked, Peer, Proven, Trouble};
use crate::exchange::pull;

impl Exchange {
    /// Begins a session with a node, in place of an earlier one.
    pub(super) fn open(&mut self, node: NodeId, role: Role, lasting: bool) {
        let here = self.knowledge.here();
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let config = Config {
            me: here.node,
            division: here.division,
            epoch: self.knowledge.epoch,
            release: Release::of_this_build(),
            versions: VersionRange::SPOKEN,
            level: FederationLevel::FIRST,
            peer: node,
            peer_epoch: self.knowledge.directory().node(&node).map_or(0, |entry| entry.record.epoch),
            role,
            lasting,
            seed: self.seed,
        };
        let now = self.knowledge.now();
        let peer = Peer {
            session: Session::new(config, now),
            lasting,
            link: None,
            dialled_by_me: role == Role::Dial,
            role,
            dialling: None,
            announced: BTreeMap::new(),
            gave: BTreeSet::new(),
            records_stamp: 0,
            chain_told: Vec::new(),
            since: now,
            state: "down",
            trouble: None,
            ahead_millis: None,
        };
        self.peers.insert(node, peer);
    }

    pub(super) fn dial(&mut self, peer: NodeId) {
        let directory = self.knowledge.directory();
        let mut addresses = directory.node(&peer).map(|entry| entry.record.addresses.clone()).unwrap_or_default();
        let trust = self.knowledge.trust();
        if trust.superior == Some(peer) {
            addresses.extend(trust.superior_address);
        }
        addresses.dedup();
        self.attempts += 1;
        let attempt = self.attempts;
        if let Some(known) = self.peers.get_mut(&peer) {
            known.dialling = Some(attempt);
        }
        self.effects.push_back(Effect::Dial { peer, attempt, addresses });
    }

    pub(super) fn dialled(&mut self, peer: NodeId, attempt: u64, result: Result<(u64, Proven), Trouble>) {
        match result {
            Ok((link, proven)) => {
                self.unreachable.remove(&peer);
                let me = self.knowledge.here().node;
                let theirs_stands =
                    self.peers.get(&peer).is_some_and(|known| known.link.is_some() && !known.dialled_by_me);
                if theirs_stands && tongban_federation::session::survivor(me, peer) == me && self.is_genuine(&proven) {
                    // Both have dialled. The peer lets go of its own for this one; were this one closed here, none would be left.
                    self.unlink(peer);
                    self.feed(peer, Input::Disconnected);
                }
                self.connected(peer, link, &proven, true);
            }
            // Of an attempt that was given up before: another may stand by now.
            Err(_) if self.peers.get(&peer).is_none_or(|known| known.dialling != Some(attempt)) => {}
            Err(trouble) => {
                tracing::info!(%peer, code = trouble.code, error = trouble.text, "a node could not be dialled");
                self.unreachable.insert(peer, self.knowledge.now());
                if let Some(known) = self.peers.get_mut(&peer) {
                    known.trouble = Some(format!("{}: {}", trouble.code, trouble.text));
                    self.feed(peer, Input::Disconnected);
                }
                self.announce(None);
            }
        }
    }

    pub(super) fn accepted(&mut self, link: u64, proven: &Proven) {
        let peer = proven.node;
        if !self.is_genuine(proven) {
            self.refuse(link, peer);
            return;
        }
        if !self.has_room_for(peer) {
            tracing::warn!(%peer, code = "links-limit", "a connection is refused: too many nodes without a record");
            self.effects.push_back(Effect::Close { link, reason: "too many nodes without a record" });
            return;
        }
        let here = self.knowledge.here();
        let table = tongban_codes::division::table();
        let lasting = table.is_within(proven.division, here.division)
            || table.is_within(here.division, proven.division)
            || self.knowledge.is_foreign_root(&peer);
        if let Some(known) = self.peers.get(&peer) {
            let mine_stands = known.link.is_some() && known.dialled_by_me;
            if mine_stands && tongban_federation::session::survivor(here.node, peer) == here.node {
                self.effects.push_back(Effect::Close { link, reason: "the other connection survives" });
                return;
            }
            self.unlink(peer);
            if self.knowledge.trust().superior == Some(peer) {
                // This node goes on dialling its superior when this connection ends.
                self.feed(peer, Input::Disconnected);
            } else {
                self.open(peer, Role::Accept, lasting);
            }
        } else {
            self.open(peer, Role::Accept, lasting);
        }
        self.connected(peer, link, proven, false);
    }

    /// Whether the key that the connection proved is the node's, as the directory has it. The id in a certificate is only what its issuer
    /// wrote there.
    fn is_genuine(&self, proven: &Proven) -> bool {
        match self.knowledge.directory().node(&proven.node) {
            Some(entry) => {
                self.knowledge.revoked(&proven.node).is_none()
                    && entry.record.transport_key == proven.key_hash
                    && entry.certification.division == proven.division
            }
            // Before its record has come nobody is taken for the superior but the holder of the key that was joined.
            None => {
                let trust = self.knowledge.trust();
                trust.superior != Some(proven.node)
                    || trust.anchors.iter().any(|anchor| anchor.key_hash == proven.key_hash)
            }
        }
    }

    /// Whether a node may be linked, as far as its record isn't known: its superior may certify as many ids as it likes.
    fn has_room_for(&mut self, peer: NodeId) -> bool {
        let directory = self.knowledge.directory();
        let superior = self.knowledge.trust().superior;
        let unrecorded = |node: &NodeId| directory.node(node).is_none() && superior != Some(*node);
        if !unrecorded(&peer) {
            return true;
        }
        // Those that have come and gone are forgotten.
        self.peers.retain(|node, known| known.link.is_some() || known.role == Role::Dial || !unrecorded(node));
        let others =
            self.peers.iter().filter(|(node, known)| known.link.is_some() && **node != peer && unrecorded(node));
        others.count() < limits::UNRECORDED_PEERS_MAX
    }

    fn refuse(&mut self, link: u64, peer: NodeId) {
        let revoked = self.knowledge.revoked(&peer).is_some();
        let reason = if revoked { "this node has been revoked" } else { "not the key of this node" };
        let code = if revoked { "node-revoked" } else { "node-id-taken" };
        tracing::warn!(%peer, code, reason, "a connection is refused");
        self.effects.push_back(Effect::Close { link, reason });
    }

    fn connected(&mut self, peer: NodeId, link: u64, proven: &Proven, by_me: bool) {
        if !self.is_genuine(proven) {
            self.refuse(link, peer);
            self.feed(peer, Input::Disconnected);
            return;
        }
        let progress = self.progress(&peer);
        let known = match self.peers.get_mut(&peer) {
            Some(known) if known.link.is_none() => known,
            known => {
                let reason = if known.is_some() { "a connection stands already" } else { "not wanted any more" };
                self.effects.push_back(Effect::Close { link, reason });
                return;
            }
        };
        known.link = Some(Linked { number: link, key_hash: proven.key_hash });
        known.dialled_by_me = by_me;
        known.dialling = None;
        known.announced.clear();
        known.gave.clear();
        known.chain_told.clear();
        known.trouble = None;
        self.links.insert(link, peer);
        self.effects.push_back(Effect::Use { link, peer });
        self.feed(peer, Input::Connected { peer, division: proven.division, progress });
    }

    pub(super) fn closed(&mut self, link: u64, trouble: &Trouble) {
        let Some(peer) = self.links.get(&link).copied() else { return };
        tracing::info!(%peer, code = trouble.code, "a link closed");
        if let Some(known) = self.peers.get_mut(&peer) {
            known.trouble = Some(format!("{}: {}", trouble.code, trouble.text));
        }
        self.unlink(peer);
        self.feed(peer, Input::Disconnected);
        self.announce(None);
    }

    /// Ends the sessions of nodes that have been revoked; they hear why.
    pub(super) fn shut_out(&mut self) {
        let directory = self.knowledge.directory();
        let revoked: Vec<NodeId> =
            self.peers.keys().filter(|peer| directory.revoked(peer).is_some()).copied().collect();
        for peer in revoked {
            tracing::warn!(%peer, "a peer has been revoked");
            self.feed(peer, Input::Shut(CloseCode::Revoked));
            self.unlink(peer);
            self.peers.remove(&peer);
        }
    }

    /// Dials the superior, or as a root the other trees' roots, and goes on for as long as they are that.
    pub(super) fn attend_above(&mut self) {
        // Also one that connected before it was dialled, or that was dialled for the sake of an envelope before it became the superior:
        // those sessions end with their link.
        let unattended = |known: &Peer| known.link.is_none() && (known.role == Role::Accept || !known.lasting);
        let wanted = match self.knowledge.trust().superior {
            Some(superior) => vec![superior],
            None => self.foreign_roots(),
        };
        for node in wanted {
            if self.peers.get(&node).is_none_or(unattended) {
                self.open(node, Role::Dial, true);
            }
        }
    }

    /// The other trees' roots that a root dials: those that can be.
    fn foreign_roots(&self) -> Vec<NodeId> {
        let directory = self.knowledge.directory();
        let trusted = directory.foreign_roots().filter(|entry| entry.record.withdrawn.is_none());
        let roots = trusted.map(|entry| entry.record.root);
        roots.filter(|root| directory.node(root).is_some_and(|entry| !entry.record.addresses.is_empty())).collect()
    }

    /// Ends the session of a former superior once the new one's link stands, and forgets peers that stand elsewhere in the tree by now.
    pub(super) fn leave_former(&mut self) {
        let superior = self.knowledge.trust().superior;
        let stands = superior.and_then(|superior| self.peers.get(&superior)).is_some_and(|peer| peer.session.is_open());
        // Only a superior is dialled to last.
        let former = |peer: &NodeId, known: &Peer| known.role == Role::Dial && known.lasting && Some(*peer) != superior;
        let left: Vec<NodeId> =
            self.peers.iter().filter(|(peer, known)| stands && former(peer, known)).map(|(peer, _)| *peer).collect();
        for peer in left {
            tracing::info!(%peer, "the link to a former superior is ended");
            self.feed(peer, Input::Shut(CloseCode::Idle));
            self.unlink(peer);
            self.peers.remove(&peer);
        }
        let gone = |peer: &NodeId, known: &Peer| {
            known.role == Role::Accept && known.lasting && known.link.is_none() && !self.knowledge.is_neighbour(peer)
        };
        let gone: Vec<NodeId> =
            self.peers.iter().filter(|(peer, known)| gone(peer, known)).map(|(peer, _)| *peer).collect();
        for peer in gone {
            self.peers.remove(&peer);
        }
    }

    /// Closes the link of a peer, if there is one, at once.
    pub(super) fn unlink(&mut self, peer: NodeId) {
        if let Some(link) = self.take_link(peer) {
            self.effects.push_back(Effect::Close { link, reason: "closed" });
        }
    }

    /// Closes the link of a peer after the last word.
    pub(super) fn finish(&mut self, peer: NodeId) {
        if let Some(link) = self.take_link(peer) {
            self.effects.push_back(Effect::Finish { link });
        }
    }

    fn take_link(&mut self, peer: NodeId) -> Option<u64> {
        self.pulls.unlinked(&peer);
        let link = self.peers.get_mut(&peer)?.link.take()?.number;
        self.links.remove(&link);
        Some(link)
    }

    fn progress(&self, peer: &NodeId) -> Progress {
        let mut high_waters: Vec<HighWater> = delivery::HIGH_WATER
            .list(&*self.knowledge.parts.backend, &stem(peer), None, limits::HIGH_WATERS_MAX)
            .unwrap_or_default()
            .into_iter()
            .map(|((origin, epoch), sequence)| HighWater { origin, epoch, sequence })
            .collect();
        high_waters.reverse();
        let kept = pull::Kept::read(&self.knowledge);
        let journals = kept.offered(&self.knowledge, peer).map(|(size, _)| *size).collect();
        Progress { high_waters, journals, directory: Some(self.digest_for(peer)) }
    }
}
