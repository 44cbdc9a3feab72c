//! One machine: a disk that outlives its runs, and the node that runs on it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::oneshot;
use tongban::engine::{AppliedState, Blobs, Keys, LeaderDesk, Outcome, Proposal, Trust, Writer, WriterParts};
use tongban::exchange::{
    BlobStore, Change, Changing, Clock, Exchange, Knowledge, KnowledgeParts, MemoryBlobs, Pulling,
};
use tongban_codes::calendar::Calendar;
use tongban_codes::ids::{CaseId, Digest, Label, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::{NodeFacts, Place};
use tongban_federation::Directory;
use tongban_federation::wire::JournalSize;
use tongban_seal::{Ed25519Signer, IndexKey, NodeKey};
use tongban_storage::{Backend, MemoryBackend, StorageError};

/// The epoch of every node: none is restored here.
pub(crate) const EPOCH: u32 = 1;

/// A log in memory: what was appended and not synced is lost with the power, or a part of it is.
#[derive(Clone, Default)]
pub(crate) struct Log {
    /// Index of the last entry that was let go.
    purged: u64,
    entries: VecDeque<Arc<[u8]>>,
    /// Index of the last entry that is synced.
    pub(crate) synced: u64,
}

impl Log {
    /// Index of the last entry.
    pub(crate) fn last(&self) -> u64 {
        self.purged + self.entries.len() as u64
    }

    pub(crate) fn append(&mut self, entry: Arc<[u8]>) -> u64 {
        self.entries.push_back(entry);
        self.last()
    }

    pub(crate) fn entry(&self, index: u64) -> Option<Arc<[u8]>> {
        let place = usize::try_from(index.checked_sub(self.purged + 1)?).ok()?;
        self.entries.get(place).cloned()
    }

    /// Lets go of everything up to an index.
    pub(crate) fn purge(&mut self, upto: u64) {
        while self.purged < upto.min(self.synced) && self.entries.pop_front().is_some() {
            self.purged += 1;
        }
    }

    /// The power goes; of what wasn't synced the first `keep` entries survive.
    pub(crate) fn crash(&mut self, keep: u64) {
        let left = (self.synced + keep).saturating_sub(self.purged);
        self.entries.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        self.synced = self.last();
    }

    pub(crate) fn unsynced(&self) -> u64 {
        self.last() - self.synced
    }
}

/// What survives a run.
pub(crate) struct Disk {
    pub(crate) state: Arc<MemoryBackend>,
    pub(crate) blobs: Arc<MemoryBlobs>,
    pub(crate) log: Log,
}

/// Who waits for an outcome of the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// The exchange.
    Exchange { ticket: u64, applied: bool },
    /// The change that is under way.
    Change,
    /// A pull.
    Pull(u64),
    /// A client, by the number of his act.
    Client(usize),
    /// Whoever replays what was put aside: the origin, and what it is about.
    Replay(NodeId, CaseId),
    /// Nobody.
    Nobody,
}

/// A pull that is under way.
pub(crate) struct Pull {
    pub(crate) pulling: Pulling,
    pub(crate) peer: NodeId,
    pub(crate) journal: JournalSize,
    pub(crate) link: u64,
}

/// A node from its start to its end.
pub(crate) struct Run {
    pub(crate) number: u64,
    pub(crate) knowledge: Arc<Knowledge>,
    pub(crate) exchange: Exchange,
    pub(crate) writer: Writer,
    pub(crate) applied: Arc<AppliedState>,
    /// Proposals in the log, by index.
    pub(crate) proposed: VecDeque<(u64, Proposal)>,
    /// Committed entries that are not applied yet: index, and whether envelopes are in it.
    pub(crate) committed: VecDeque<(u64, bool)>,
    pub(crate) waiting: Vec<(Whom, oneshot::Receiver<Outcome>)>,
    /// Outcomes that must be seen by a read first: the index, whom, and what.
    pub(crate) unseen: Vec<(u64, Whom, Outcome)>,
    pub(crate) changing: Option<(u64, Changing)>,
    pub(crate) changes: VecDeque<(u64, Change)>,
    pub(crate) pulls: Vec<(u64, Pull)>,
    pub(crate) forming: bool,
    pub(crate) syncing: bool,
    pub(crate) applying: bool,
    /// When the exchange's next timeout stands in the queue.
    pub(crate) timeout: Option<i64>,
}

/// One machine.
pub(crate) struct Machine {
    pub(crate) place: Place,
    pub(crate) direct: bool,
    /// Whether it runs a release that doesn't know reports of progress.
    pub(crate) old: bool,
    pub(crate) disk: Disk,
    /// What the node knows at its first start; later it reads and verifies its records.
    pub(crate) known: Option<(Trust, Arc<Directory>)>,
    pub(crate) run: Option<Run>,
    pub(crate) runs: u64,
    /// The one true clock.
    pub(crate) clock: Arc<AtomicI64>,
    /// Milliseconds by which this machine's clock differs from it.
    pub(crate) offset: Arc<AtomicI64>,
}

pub(crate) fn secret(what: &str) -> [u8; 32] {
    *Digest::of(what.as_bytes()).as_bytes()
}

pub(crate) fn signer(node: NodeId) -> Ed25519Signer {
    Ed25519Signer::from_seed(&secret(&format!("seal {node}")))
}

pub(crate) fn key_hash(node: NodeId) -> Digest {
    Digest::of(format!("transport {node}").as_bytes())
}

pub(crate) fn facts(place: Place) -> Option<NodeFacts> {
    let label = Label::new(place.division, 0).ok()?;
    Some(NodeFacts { node: place.node, division: place.division, name: "模拟".to_owned(), label, demo: true })
}

impl Machine {
    fn knowledge(&mut self, node: NodeFacts) -> Result<Arc<Knowledge>, StorageError> {
        let keys = Keys::new(
            Arc::new(signer(self.place.node)),
            NodeKey::new(1, secret("node key")),
            IndexKey::new(1, [9; 32]),
            Box::new(|authority, _| Ok(Ed25519Signer::from_seed(Digest::of(authority.as_bytes()).as_bytes()))),
        );
        let (clock, offset) = (Arc::clone(&self.clock), Arc::clone(&self.offset));
        let clock: Clock =
            Arc::new(move || Timestamp::from_millis(clock.load(Ordering::Relaxed) + offset.load(Ordering::Relaxed)));
        let parts = KnowledgeParts {
            backend: Arc::<MemoryBackend>::clone(&self.disk.state),
            blobs: Arc::<MemoryBlobs>::clone(&self.disk.blobs) as Arc<dyn BlobStore>,
            keys: Arc::new(keys),
            transport_key_hash: key_hash(self.place.node),
            exchange_key: vec![7; 32],
            clock,
            addresses: vec![self.place.node.to_string()],
            direct: self.direct,
        };
        match self.known.take() {
            Some((trust, directory)) => Ok(Knowledge::of(parts, node, EPOCH, trust, directory)),
            None => Knowledge::load(parts, node, EPOCH),
        }
    }

    /// Starts the node: what the log holds behind the state is applied before anything else. `seed` is the run's chance.
    ///
    /// # Errors
    ///
    /// When the node refuses to start.
    pub(crate) fn start(&mut self, seed: u64) -> Result<(), StorageError> {
        self.runs += 1;
        let damaged = |detail: String| StorageError::Damaged { path: "simulated".into(), detail };
        let node = facts(self.place).ok_or_else(|| damaged("no label".to_owned()))?;
        let backend: Arc<dyn Backend> = Arc::<MemoryBackend>::clone(&self.disk.state);
        let blobs: Arc<dyn Blobs> = Arc::<MemoryBlobs>::clone(&self.disk.blobs);
        let applied = AppliedState::open(backend, Arc::clone(&blobs), self.place.node)?;
        for index in applied.opened_at() + 1..=self.disk.log.last() {
            let entry = self.disk.log.entry(index);
            let entry =
                entry.ok_or_else(|| damaged(format!("entry {index} was let go before the state was flushed")))?;
            applied.apply(index, &entry)?;
        }
        let knowledge = self.knowledge(node.clone())?;
        let mut writer = Writer::new(WriterParts {
            state: Arc::clone(&applied),
            blobs,
            desk: LeaderDesk::new(
                Arc::clone(&knowledge.parts.keys),
                secret(&format!("desk {} {seed}", self.place.node)),
            ),
            clock: Arc::clone(&knowledge.parts.clock),
            calendar: Calendar::embedded(),
            node,
            epoch: EPOCH,
            session: seed,
        })?;
        writer.set_places(knowledge.places());
        let exchange = Exchange::new(Arc::clone(&knowledge), seed);
        self.run = Some(Run {
            number: self.runs,
            knowledge,
            exchange,
            writer,
            applied,
            proposed: VecDeque::new(),
            committed: VecDeque::new(),
            waiting: Vec::new(),
            unseen: Vec::new(),
            changing: None,
            changes: VecDeque::new(),
            pulls: Vec::new(),
            forming: false,
            syncing: false,
            applying: false,
            timeout: None,
        });
        Ok(())
    }
}

impl Run {
    /// Whether nothing is on its way through writer, log and state.
    pub(crate) fn is_idle(&self) -> bool {
        self.proposed.is_empty() && self.committed.is_empty() && self.waiting.is_empty() && self.unseen.is_empty()
    }

    /// The outcomes that have come.
    pub(crate) fn outcomes(&mut self) -> Vec<(Whom, Outcome)> {
        let mut ready = Vec::new();
        let mut open = Vec::with_capacity(self.waiting.len());
        for (whom, mut outcome) in std::mem::take(&mut self.waiting) {
            match outcome.try_recv() {
                Ok(outcome) => ready.push((whom, outcome)),
                Err(oneshot::error::TryRecvError::Empty) => open.push((whom, outcome)),
                Err(oneshot::error::TryRecvError::Closed) => {
                    ready.push((whom, Err(tongban::engine::Refused::Unknown)));
                }
            }
        }
        self.waiting = open;
        ready
    }
}
