//! Journals: which are offered to whom, which are wanted, and which are on their way.

use std::collections::{BTreeMap, BTreeSet};

use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;
use tongban_federation::limits;
use tongban_federation::session::Input;
use tongban_federation::wire::JournalSize;
use tongban_storage::keyspace::meta;

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
    not_before: Timestamp,
}

/// What is wanted, and what was offered.
#[derive(Default)]
pub(super) struct Pulls {
    wanted: BTreeMap<Journal, Wanted>,
    /// What waits of each peer, by the time from which on it may be pulled.
    due: BTreeMap<NodeId, BTreeSet<(Timestamp, Journal)>>,
    /// How many are on their way from each peer.
    running: BTreeMap<NodeId, usize>,
    /// The sizes that each linked peer was told.
    offered: BTreeMap<NodeId, BTreeMap<Journal, u64>>,
    /// How all stood when each of them was told last.
    told: BTreeMap<NodeId, Stands>,
    /// Something that was wanted went with a link. Others may have offered it meanwhile, and don't say so again.
    pub(super) forgotten: bool,
    /// Peers that offered what doesn't flow from them as far as the directory says: their record may come behind the offer.
    misplaced: BTreeSet<NodeId>,
}

/// What journals are offered by: the last entry that was applied, the last record that the directory took in, and the superior.
type Stands = (Option<u64>, u64, Option<NodeId>);

/// Before any moment.
const AT_ONCE: Timestamp = Timestamp::from_millis(0);

impl Pulls {
    /// A link is gone; what the peer has it says anew on the next one.
    pub(super) fn unlinked(&mut self, peer: &NodeId) {
        self.offered.remove(peer);
        self.told.remove(peer);
        self.misplaced.remove(peer);
        for (_, journal) in self.due.remove(peer).into_iter().flatten() {
            self.wanted.remove(&journal);
            self.forgotten = true;
        }
    }

    /// How many journals of a peer are wanted.
    fn of_peer(&self, peer: &NodeId) -> usize {
        self.due.get(peer).map_or(0, BTreeSet::len) + self.running.get(peer).copied().unwrap_or(0)
    }

    /// A peer has this much of a journal; `false` when it has named too many.
    fn want(&mut self, peer: NodeId, journal: &JournalSize) -> bool {
        let key = key(journal);
        if !self.wanted.contains_key(&key) && self.of_peer(&peer) >= limits::JOURNALS_PER_PEER_MAX {
            return false;
        }
        let new = Wanted { peer, size: 0, running: false, failures: 0, not_before: AT_ONCE };
        let wanted = self.wanted.entry(key).or_insert(new);
        wanted.size = wanted.size.max(journal.size);
        if !wanted.running {
            if let Some(due) = self.due.get_mut(&wanted.peer) {
                due.remove(&(wanted.not_before, key));
            }
            wanted.peer = peer;
            self.due.entry(peer).or_default().insert((wanted.not_before, key));
        }
        true
    }

    /// A pull is over, and its journal is wanted again from `again` on if that is a time.
    fn ended(&mut self, journal: Journal, again: Option<Timestamp>) {
        let Some(wanted) = self.wanted.get_mut(&journal) else { return };
        wanted.running = false;
        if let Some(running) = self.running.get_mut(&wanted.peer) {
            *running -= 1;
        }
        self.running.retain(|_, running| *running > 0);
        match again {
            Some(at) => {
                wanted.not_before = at;
                self.due.entry(wanted.peer).or_default().insert((at, journal));
            }
            None => {
                self.wanted.remove(&journal);
            }
        }
    }

    /// What waits after a failure may be pulled at once.
    fn hurry(&mut self) {
        for (journal, wanted) in self.wanted.iter_mut().filter(|(_, wanted)| wanted.not_before > AT_ONCE) {
            if let Some(due) = self.due.get_mut(&wanted.peer)
                && due.remove(&(wanted.not_before, *journal))
            {
                due.insert((AT_ONCE, *journal));
            }
            wanted.not_before = AT_ONCE;
        }
    }

    /// The next journal of a peer that may be pulled now, if there is room.
    fn begin(&mut self, peer: NodeId, now: Timestamp) -> Option<JournalSize> {
        let of_peer = self.running.get(&peer).copied().unwrap_or(0);
        if of_peer >= limits::PULLS_PER_PEER_MAX || self.running.values().sum::<usize>() >= PULLS_MAX {
            return None;
        }
        let due = self.due.get_mut(&peer)?;
        let (at, journal) = *due.first().filter(|(at, _)| *at <= now)?;
        due.remove(&(at, journal));
        let wanted = self.wanted.get_mut(&journal)?;
        wanted.running = true;
        *self.running.entry(peer).or_default() += 1;
        let (origin, journal, epoch) = journal;
        Some(JournalSize { origin, journal, epoch, size: wanted.size })
    }
}

impl Exchange {
    fn stands(&self) -> Stands {
        let applied = meta::APPLIED.load(&*self.knowledge.parts.backend, &()).ok().flatten();
        let (_, record) = self.knowledge.directory().records_since(u64::MAX);
        (applied, record, self.knowledge.trust().superior)
    }

    /// Tells superiors and subordinates how far the journals have grown that they may pull. A node looks each second, and has thousands of
    /// journals: they are read only when something was applied, or somebody stands elsewhere, since a peer was told last.
    pub(super) fn offer_journals(&mut self) {
        // Before the journals are read: what is applied meanwhile is told the next time.
        let stands = self.stands();
        let mut peers = self.open_peers();
        peers.retain(|peer| self.pulls.told.insert(*peer, stands) != Some(stands));
        if peers.is_empty() {
            return;
        }
        let kept = pull::Kept::read(&self.knowledge);
        for peer in peers {
            let sizes = kept.offered(&self.knowledge, &peer).map(|(size, _)| *size);
            let told = self.pulls.offered.entry(peer).or_default();
            let grown: Vec<JournalSize> =
                sizes.filter(|size| told.insert(key(size), size.size) != Some(size.size)).collect();
            if !grown.is_empty() {
                self.feed(peer, Input::JournalGrew(grown));
            }
        }
    }

    /// The same of one journal that has grown.
    fn offer_journal(&mut self, journal: &JournalSize) {
        for peer in self.open_peers() {
            let Some(size) = pull::offered_of(&self.knowledge, &peer, journal) else { continue };
            let told = self.pulls.offered.entry(peer).or_default();
            if told.insert(key(&size), size.size) != Some(size.size) {
                self.feed(peer, Input::JournalGrew(vec![size]));
            }
        }
    }

    /// Asks every peer what it has; what failed before is tried again at once.
    pub(super) fn pull_all(&mut self) {
        self.pulls.hurry();
        for peer in self.open_peers() {
            self.list(peer);
        }
    }

    /// The directory has changed: asks those again whose offers it didn't account for. They don't say so again.
    pub(super) fn list_misplaced(&mut self) {
        for peer in std::mem::take(&mut self.pulls.misplaced) {
            self.list(peer);
        }
    }

    fn list(&mut self, peer: NodeId) {
        let open = self.peers.get(&peer).filter(|known| known.session.is_open());
        if let Some(link) = open.and_then(|known| known.link.as_ref()) {
            self.effects.push_back(Effect::List { peer, link: link.number });
        }
    }

    /// A peer has this much of a journal. Only what flows this way is pulled: acts from below, standards from above and below.
    pub(super) fn pull(&mut self, peer: NodeId, journal: JournalSize) {
        if !pull::flows_here(&self.knowledge, &peer, &journal) {
            self.pulls.misplaced.insert(peer);
            return;
        }
        if !self.pulls.want(peer, &journal) {
            tracing::warn!(%peer, code = "journals-limit", "a peer names more journals than the protocol allows");
        }
        self.pull_wanted();
    }

    /// Begins pulls as far as there is room and time.
    pub(super) fn pull_wanted(&mut self) {
        let now = self.knowledge.now();
        let due: Vec<NodeId> = self.pulls.due.keys().copied().collect();
        for peer in due {
            let Some(link) = self.peers.get(&peer).and_then(|known| known.link.as_ref()) else { continue };
            while let Some(journal) = self.pulls.begin(peer, now) {
                self.effects.push_back(Effect::Pull { peer, link: link.number, journal });
            }
        }
    }

    pub(super) fn pulled(&mut self, peer: NodeId, journal: JournalSize, result: Result<u64, Refused>) {
        let now = self.knowledge.now();
        let linked = self.peers.get(&peer).is_some_and(|peer| peer.link.is_some());
        if let Some(wanted) = self.pulls.wanted.get_mut(&key(&journal)) {
            let again = match &result {
                Ok(_) => {
                    wanted.failures = 0;
                    (wanted.size > journal.size).then_some(AT_ONCE)
                }
                Err(_) => {
                    let wait = AGAIN_SECONDS_MIN.saturating_mul(1 << wanted.failures.min(16));
                    wanted.failures += 1;
                    linked.then(|| now.add_seconds(wait.min(AGAIN_SECONDS_MAX)))
                }
            };
            self.pulls.forgotten |= again.is_none() && result.is_err();
            self.pulls.ended(key(&journal), again);
        }
        match result {
            Ok(0) => {}
            Ok(count) => {
                tracing::debug!(%peer, origin = %journal.origin, count, "a journal was pulled");
                self.offer_journal(&journal);
            }
            Err(refused) => {
                tracing::warn!(%peer, origin = %journal.origin, ?refused, "a journal could not be pulled");
            }
        }
        self.pull_wanted();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const FIRST: NodeId = NodeId::from_bytes([1; 16]);
    const SECOND: NodeId = NodeId::from_bytes([2; 16]);

    fn journal(origin: NodeId, epoch: usize, size: u64) -> JournalSize {
        JournalSize { origin, journal: 0, epoch: u32::try_from(epoch).unwrap(), size }
    }

    fn begun(pulls: &mut Pulls, peer: NodeId, now: Timestamp) -> Vec<JournalSize> {
        std::iter::from_fn(|| pulls.begin(peer, now)).collect()
    }

    #[test]
    fn a_peer_that_names_journals_without_end_leaves_room_for_the_others() {
        let (mut pulls, now) = (Pulls::default(), Timestamp::from_millis(1));
        for epoch in 0..limits::JOURNALS_PER_PEER_MAX {
            assert!(pulls.want(FIRST, &journal(FIRST, epoch, 1)));
        }
        assert!(!pulls.want(FIRST, &journal(FIRST, limits::JOURNALS_PER_PEER_MAX, 1)), "one too many");
        assert!(pulls.want(FIRST, &journal(FIRST, 0, 2)), "one that is known");
        assert!(pulls.want(SECOND, &journal(SECOND, 0, 1)));
        assert_eq!(begun(&mut pulls, FIRST, now).len(), limits::PULLS_PER_PEER_MAX);
        assert_eq!(begun(&mut pulls, SECOND, now), [journal(SECOND, 0, 1)]);
        pulls.unlinked(&FIRST);
        assert!(pulls.forgotten);
        assert_eq!(pulls.wanted.len(), limits::PULLS_PER_PEER_MAX + 1, "what is on its way stays until it ends");
    }

    #[test]
    fn what_failed_waits_and_what_grew_goes_on() {
        let (mut pulls, now, later) = (Pulls::default(), Timestamp::from_millis(1), Timestamp::from_millis(5_000));
        assert!(pulls.want(FIRST, &journal(FIRST, 1, 3)));
        let pulled = begun(&mut pulls, FIRST, now);
        assert_eq!(pulled, [journal(FIRST, 1, 3)]);
        assert!(pulls.want(SECOND, &journal(FIRST, 1, 4)), "another has more of it meanwhile");
        assert_eq!(begun(&mut pulls, SECOND, now), [], "it is on its way");
        pulls.ended(key(&pulled[0]), Some(later));
        assert_eq!((begun(&mut pulls, FIRST, now), begun(&mut pulls, SECOND, later)), (vec![], vec![]));
        assert!(pulls.want(SECOND, &journal(FIRST, 1, 4)), "said again, it goes over to the other");
        assert_eq!((begun(&mut pulls, FIRST, later), begun(&mut pulls, SECOND, now)), (vec![], vec![]), "it waits");
        pulls.hurry();
        assert_eq!(begun(&mut pulls, SECOND, now), [journal(FIRST, 1, 4)]);
        pulls.ended((FIRST, 0, 1), None);
        assert!(pulls.wanted.is_empty() && pulls.running.is_empty());
    }
}
