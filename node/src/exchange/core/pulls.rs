//! Journals: which are offered to whom, which are wanted, and which are on their way.

use std::collections::BTreeMap;

use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;
use tongban_federation::session::Input;
use tongban_federation::wire::JournalSize;

use super::{Effect, Exchange};
use crate::engine::Refused;
use crate::exchange::pull;

/// Journals that are pulled at once; a peer answers so many requests in a burst, and each answer is verified in memory.
const PULLS_MAX: usize = 32;

/// Seconds until a pull that failed is tried again; doubled with each failure.
const AGAIN_SECONDS_MIN: i64 = 5;

/// The longest of these.
const AGAIN_SECONDS_MAX: i64 = 300;

/// Origin, journal and epoch.
type Journal = (NodeId, u8, u32);

fn key(journal: &JournalSize) -> Journal {
    (journal.origin, journal.journal, journal.epoch)
}

/// A journal that a peer has more of.
struct Wanted {
    peer: NodeId,
    size: u64,
    running: bool,
    failures: u32,
    not_before: Option<Timestamp>,
}

/// What is wanted, and what was offered.
#[derive(Default)]
pub(super) struct Pulls {
    wanted: BTreeMap<Journal, Wanted>,
    /// The sizes that each linked peer was told.
    offered: BTreeMap<NodeId, BTreeMap<Journal, u64>>,
    /// Something that was wanted went with a link. Others may have offered it meanwhile, and don't say so again.
    pub(super) forgotten: bool,
}

impl Pulls {
    /// A link is gone; what the peer has it says anew on the next one.
    pub(super) fn unlinked(&mut self, peer: &NodeId) {
        self.offered.remove(peer);
        let before = self.wanted.len();
        self.wanted.retain(|_, wanted| wanted.running || wanted.peer != *peer);
        self.forgotten |= self.wanted.len() < before;
    }
}

impl Exchange {
    /// Tells superiors and subordinates how far the journals have grown that they may pull.
    pub(super) fn offer_journals(&mut self) {
        for peer in self.open_peers() {
            let sizes = pull::offered(&self.knowledge, &peer).into_iter().map(|(size, _)| size);
            let told = self.pulls.offered.entry(peer).or_default();
            let grown: Vec<JournalSize> =
                sizes.filter(|size| told.insert(key(size), size.size) != Some(size.size)).collect();
            if !grown.is_empty() {
                self.feed(peer, Input::JournalGrew(grown));
            }
        }
    }

    /// Asks every peer what it has; what failed before is tried again at once.
    pub(super) fn pull_all(&mut self) {
        for wanted in self.pulls.wanted.values_mut() {
            wanted.not_before = None;
        }
        for (peer, known) in &self.peers {
            if let Some(link) = known.link.as_ref().filter(|_| known.session.is_open()) {
                self.effects.push_back(Effect::List { peer: *peer, link: link.number });
            }
        }
    }

    /// A peer has this much of a journal. Only what flows this way is pulled: acts from below, standards from above and below.
    pub(super) fn pull(&mut self, peer: NodeId, journal: JournalSize) {
        if !pull::flows_here(&self.knowledge, &peer, &journal) {
            return;
        }
        let wanted = self.pulls.wanted.entry(key(&journal)).or_insert(Wanted {
            peer,
            size: 0,
            running: false,
            failures: 0,
            not_before: None,
        });
        wanted.size = wanted.size.max(journal.size);
        if !wanted.running {
            wanted.peer = peer;
        }
        self.pull_wanted();
    }

    /// Begins pulls as far as there is room and time.
    pub(super) fn pull_wanted(&mut self) {
        let now = self.knowledge.now();
        let mut room = PULLS_MAX.saturating_sub(self.pulls.wanted.values().filter(|wanted| wanted.running).count());
        for ((origin, journal, epoch), wanted) in &mut self.pulls.wanted {
            if room == 0 {
                return;
            }
            if wanted.running || wanted.not_before.is_some_and(|at| now < at) {
                continue;
            }
            let Some(link) = self.peers.get(&wanted.peer).and_then(|peer| peer.link.as_ref()) else { continue };
            (wanted.running, room) = (true, room - 1);
            let journal = JournalSize { origin: *origin, journal: *journal, epoch: *epoch, size: wanted.size };
            self.effects.push_back(Effect::Pull { peer: wanted.peer, link: link.number, journal });
        }
    }

    pub(super) fn pulled(&mut self, peer: NodeId, journal: JournalSize, result: Result<u64, Refused>) {
        let now = self.knowledge.now();
        let linked = self.peers.get(&peer).is_some_and(|peer| peer.link.is_some());
        if let Some(wanted) = self.pulls.wanted.get_mut(&key(&journal)) {
            wanted.running = false;
            let done = match &result {
                Ok(_) => {
                    (wanted.failures, wanted.not_before) = (0, None);
                    wanted.size <= journal.size
                }
                Err(_) => {
                    let wait = AGAIN_SECONDS_MIN.saturating_mul(1 << wanted.failures.min(16));
                    wanted.failures += 1;
                    wanted.not_before = Some(now.add_seconds(wait.min(AGAIN_SECONDS_MAX)));
                    !linked
                }
            };
            if done {
                self.pulls.wanted.remove(&key(&journal));
                self.pulls.forgotten |= result.is_err();
            }
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
        self.pull_wanted();
    }
}
