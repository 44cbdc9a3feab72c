//! openraft's log over ours, with a view in memory of the newest entries.
//!
//! Vote, append, truncate and purge are one write and one sync each, atomic, and on disk when they are answered.

use std::{
    collections::VecDeque,
    fmt::Debug,
    io,
    ops::{Bound, RangeBounds},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{Stream, stream};
use openraft::{
    EntryPayload, LogState, OptionalSend, RaftLogReader,
    storage::{IOFlushed, RaftLogStorage},
};
use tongban_storage::{Log, LogBatch, StorageError};

use super::{
    RaftError,
    binding::{Binding, Entry, LogId, StoredMembership, Vote},
    record,
};

/// Bytes of proposals kept in memory so that committed entries are handed on without reading them again.
const TAIL_BYTES_MAX: usize = 8 << 20;
/// What is in the log.
pub(super) struct View {
    log: Log,
    tail: Mutex<Tail>,
}

#[derive(Default)]
struct Tail {
    /// The newest entries, without gaps; older ones are read from disk.
    entries: VecDeque<Entry>,
    bytes: usize,
    /// The index of the next entry.
    next: u64,
    purged: Option<LogId>,
    vote: Option<Vote>,
    committed: Option<LogId>,
    /// Whether `committed` isn't yet on its way to disk.
    committed_changed: bool,
}

impl Tail {
    /// The index of the oldest entry in memory.
    fn start(&self) -> u64 {
        self.next - self.entries.len() as u64
    }

    fn push(&mut self, entry: Entry) {
        self.bytes += weight(&entry);
        self.next = entry.log_id.index + 1;
        self.entries.push_back(entry);
    }

    fn pop_front(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.bytes -= weight(&entry);
        }
    }

    fn truncate(&mut self, next: u64) {
        while self.next > next {
            self.next -= 1;
            if let Some(entry) = self.entries.pop_back() {
                self.bytes -= weight(&entry);
            }
        }
    }

    fn purge(&mut self, upto: LogId) {
        while !self.entries.is_empty() && self.start() <= upto.index {
            self.pop_front();
        }
        self.next = self.next.max(upto.index + 1);
        self.purged = Some(upto);
    }
}

fn weight(entry: &Entry) -> usize {
    match &entry.payload {
        EntryPayload::Normal(proposal) => proposal.0.len(),
        EntryPayload::Blank | EntryPayload::Membership(_) => 0,
    }
}

impl View {
    /// Reads the positions and records of a log.
    pub(super) fn new(log: Log) -> Result<Self, RaftError> {
        let position = |tag, what| log.record(tag).map(|bytes| record::decode_position(what, &bytes)).transpose();
        let purged = position(record::PURGED, "purge point")?;
        if purged.map(|purged| purged.index) != log.purged_index() {
            return Err(RaftError::Record {
                what: "purge point",
                detail: format!("{purged:?} stands beside {:?}", log.purged_index()),
            });
        }
        let tail = Tail {
            next: log.last_index().or(log.purged_index()).map_or(0, |last| last + 1),
            purged,
            vote: log.record(record::VOTE).map(|bytes| record::decode_vote(&bytes)).transpose()?,
            committed: position(record::COMMITTED, "commit point")?,
            ..Tail::default()
        };
        Ok(Self { log, tail: Mutex::new(tail) })
    }

    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    pub(super) fn vote(&self) -> Option<Vote> {
        self.tail().vote
    }

    pub(super) fn purged(&self) -> Option<LogId> {
        self.tail().purged
    }

    /// The last entry's index, or the purge point if everything was let go; `None` if the log is new.
    pub(super) fn last_index(&self) -> Option<u64> {
        self.tail().next.checked_sub(1)
    }

    /// An entry, `None` if it is purged or not there yet.
    pub(super) fn entry(&self, index: u64) -> Result<Option<Entry>, RaftError> {
        {
            let tail = self.tail();
            if index >= tail.next {
                return Ok(None);
            }
            if let Some(at) = index.checked_sub(tail.start()) {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                return Ok(tail.entries.get(at).cloned());
            }
        }
        self.log.load(index)?.map(|bytes| record::decode_entry(index, &bytes)).transpose()
    }

    /// The term and index of an entry, or of the purge point.
    pub(super) fn log_id(&self, index: u64) -> Result<Option<LogId>, RaftError> {
        if let Some(purged) = self.purged().filter(|purged| purged.index == index) {
            return Ok(Some(purged));
        }
        Ok(self.entry(index)?.map(|entry| entry.log_id))
    }

    pub(super) fn membership(&self) -> Result<StoredMembership, RaftError> {
        self.log
            .record(record::MEMBERSHIP)
            .map_or_else(|| Ok(StoredMembership::default()), |bytes| record::decode_membership(&bytes))
    }

    /// Stores the membership that was applied last, durably.
    pub(super) fn save_membership(&self, stored: &StoredMembership) -> Result<(), StorageError> {
        self.log.save_record(record::MEMBERSHIP, &record::encode_membership(stored))
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn io_entry(&self, index: u64) -> Result<Entry, io::Error> {
        self.entry(index)
            .map_err(io::Error::other)?
            .ok_or_else(|| io::Error::other(format!("entry {index} isn't in the log")))
    }

    /// The part of a range that is in the log.
    fn clamp(&self, range: &impl RangeBounds<u64>) -> std::ops::Range<u64> {
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(start) => start.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(end) => end.saturating_add(1),
            Bound::Excluded(end) => *end,
            Bound::Unbounded => u64::MAX,
        };
        let tail = self.tail();
        start.max(tail.purged.map_or(0, |purged| purged.index + 1))..end.min(tail.next)
    }
}

/// Reads the log, beside whoever writes it.
pub(super) struct LogReader(Arc<View>);

impl RaftLogReader<Binding> for LogReader {
    async fn try_get_log_entries<R: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: R,
    ) -> Result<Vec<Entry>, io::Error> {
        self.0.clamp(&range).map(|index| self.0.io_entry(index)).collect()
    }

    /// One entry after the other, so that a long replay isn't held in memory.
    async fn entries_stream<R>(&mut self, range: R) -> impl Stream<Item = Result<Entry, io::Error>> + OptionalSend
    where
        R: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        let view = Arc::clone(&self.0);
        stream::iter(self.0.clamp(&range).map(move |index| view.io_entry(index)))
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, io::Error> {
        Ok(self.0.vote())
    }
}

/// openraft's side of the log.
///
/// Writes wait for the disk where they are called: on the thread of the replica, which has nothing else to do, because the engine has at
/// most two entries in flight. Another thread would only be woken and wake in turn (`docs/measurements.md`).
pub(super) struct LogStore {
    view: Arc<View>,
}

impl LogStore {
    pub(super) fn new(view: Arc<View>) -> Self {
        Self { view }
    }

    /// One write and one sync, atomic. After a failed one the log refuses all later ones.
    fn write(&self, add: impl FnOnce(&mut LogBatch)) -> Result<(), io::Error> {
        let mut batch = LogBatch::new();
        add(&mut batch);
        {
            let mut tail = self.view.tail();
            if std::mem::take(&mut tail.committed_changed)
                && let Some(committed) = tail.committed
            {
                batch.save_record(record::COMMITTED, &record::encode_position(&committed));
            }
        }
        self.view.log.write(batch).map_err(|error| {
            tracing::error!(%error, "the log can't be written");
            io::Error::other(error)
        })
    }
}

impl RaftLogStorage<Binding> for LogStore {
    type LogReader = LogReader;

    async fn get_log_state(&mut self) -> Result<LogState<Binding>, io::Error> {
        let last_purged_log_id = self.view.purged();
        let last_log_id = match self.view.last_index() {
            None => None,
            Some(last) => self.view.log_id(last).map_err(io::Error::other)?,
        };
        Ok(LogState { last_purged_log_id, last_log_id })
    }

    async fn get_log_reader(&mut self) -> LogReader {
        LogReader(Arc::clone(&self.view))
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), io::Error> {
        self.write(|batch| batch.save_record(record::VOTE, &record::encode_vote(vote)))?;
        self.view.tail().vote = Some(*vote);
        Ok(())
    }

    /// Kept in memory and written with the next entries: it only shortens recovery, which is not over before the blank entry
    /// of a new term is applied, and so never rests on it.
    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), io::Error> {
        let mut tail = self.view.tail();
        tail.committed_changed |= tail.committed != committed;
        tail.committed = committed;
        Ok(())
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, io::Error> {
        Ok(self.view.tail().committed)
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<Binding>) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries: Vec<Entry> = entries.into_iter().collect();
        let written = self.write(|batch| {
            for entry in &entries {
                batch.append(entry.log_id.index, &record::encode_entry(entry));
            }
        });
        if written.is_ok() {
            let mut tail = self.view.tail();
            for entry in entries {
                tail.push(entry);
            }
            drop(tail);
            evict(&self.view);
        }
        // openraft stops the replica when it hears of an error here.
        callback.io_completed(written);
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> Result<(), io::Error> {
        let last = last.map(|last| last.index);
        self.write(|batch| batch.truncate_after(last))?;
        self.view.tail().truncate(last.map_or(0, |last| last + 1));
        Ok(())
    }

    async fn purge(&mut self, upto: LogId) -> Result<(), io::Error> {
        self.write(|batch| {
            batch.save_record(record::PURGED, &record::encode_position(&upto));
            batch.purge_upto(upto.index);
        })?;
        self.view.tail().purge(upto);
        Ok(())
    }
}

/// Lets go of the oldest entries in memory that can be read from disk.
fn evict(view: &View) {
    let durable = view.log.last_index().map_or(0, |last| last + 1);
    let mut tail = view.tail();
    while tail.bytes > TAIL_BYTES_MAX && tail.start() < durable {
        tail.pop_front();
    }
}
