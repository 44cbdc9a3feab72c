//! The ordered log on disk: an append-only sequence of blocks in segment files.
//!
//! Nothing that was written is ever changed in place. Entries, small records, truncation and purge are all frames in the same
//! sequence ([`LogBatch`]), so they are durable in the order in which they were given, and a batch is durable whole or not at
//! all: one write, one `fdatasync`. Each segment begins with what is still needed of the ones before it (records, purge point,
//! next index), so purging is the deletion of the oldest files.
//!
//! When a log is opened, a last block that doesn't stand is what a crash tore: it was never acknowledged and is cut. Anything
//! else that doesn't stand is damage: the log is refused with segment and offset, and nothing is changed.

mod batch;
mod crc;
mod index;
mod replay;
mod segment;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicU64, Ordering},
    },
};

pub use self::batch::LogBatch;
use self::{
    crc::crc32c,
    index::{Index, Place},
    replay::{replay, segment_numbers},
    segment::{SEGMENT_HEADER_BYTES, Segment, sync_dir},
};
use crate::backend::StorageError;

/// The most bytes that one batch may take: it must fit in the four bytes of its length with room to spare.
pub const BATCH_BYTES_MAX: usize = 1 << 30;

/// How a log is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// Whether a write waits for the disk. Without it a crash of the machine loses what was acknowledged and may leave a log
    /// that is refused; for tests and benchmarks only.
    pub sync: bool,
    /// Bytes of a segment, reserved on disk when it is begun; a larger batch makes a larger segment.
    pub segment_bytes: u64,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { sync: true, segment_bytes: 16 << 20 }
    }
}

/// The durable, ordered log of one replica. One process at a time may have a directory open.
///
/// Writes exclude each other and return when they are durable; reads go on beside them and see only what is durable. After a
/// write has failed it isn't known what the disk holds, and every later write is refused until the log is opened anew.
#[derive(Debug)]
pub struct Log {
    dir: PathBuf,
    options: LogOptions,
    lock: File,
    writer: Mutex<Writer>,
    shared: RwLock<Shared>,
    syncs: AtomicU64,
}

#[derive(Debug)]
struct Writer {
    segment: Arc<Segment>,
    offset: u64,
    sequence: u64,
    stopped: Option<String>,
}

#[derive(Debug, Default)]
struct Shared {
    index: Index,
    segments: BTreeMap<u64, Arc<Segment>>,
}

impl Log {
    /// Opens the log in a directory, or begins one there.
    pub fn open(dir: &Path, options: LogOptions) -> Result<Self, StorageError> {
        fs::create_dir_all(dir).map_err(|e| StorageError::io("creating", dir, e))?;
        if let Some(parent) = dir.parent().filter(|p| !p.as_os_str().is_empty()) {
            sync_dir(parent)?;
        }
        let lock = lock(dir)?;
        let numbers = segment_numbers(dir)?;
        let mut shared = Shared::default();
        let writer = if numbers.is_empty() {
            let mut block = LogBatch::new();
            block.begin_at(0);
            let segment = Segment::create(dir, 1, 1, &mut block.block, options.segment_bytes, options.sync)?;
            let segment = Arc::new(segment.publish(dir)?);
            shared.segments.insert(1, Arc::clone(&segment));
            Writer { segment, offset: (SEGMENT_HEADER_BYTES + block.bytes()) as u64, sequence: 2, stopped: None }
        } else {
            replay(dir, &numbers, &mut shared)?
        };
        if let Some((expected, found)) = shared.index.hole() {
            return Err(StorageError::Damaged {
                path: dir.to_path_buf(),
                detail: format!(
                    "the log begins at entry {found}, but {expected} should be there; segments are missing"
                ),
            });
        }
        // On a full disk there may still be room in what was reserved before.
        if let Err(error) = writer.segment.reserve(options.segment_bytes) {
            tracing::warn!(%error, "no room can be reserved for the log");
        }
        Ok(Self {
            dir: dir.to_path_buf(),
            options,
            lock,
            writer: Mutex::new(writer),
            shared: RwLock::new(shared),
            syncs: AtomicU64::new(0),
        })
    }

    /// Appends entries whose first has the index after the last; returns when they are durable.
    pub fn append(&self, first: u64, entries: &[impl AsRef<[u8]>]) -> Result<(), StorageError> {
        let mut batch = LogBatch::new();
        for (index, entry) in (first..).zip(entries) {
            batch.append(index, entry.as_ref());
        }
        self.write(batch)
    }

    /// Drops all entries behind `index`, durably; `None` drops all that are not purged.
    pub fn truncate_after(&self, index: Option<u64>) -> Result<(), StorageError> {
        let mut batch = LogBatch::new();
        batch.truncate_after(index);
        self.write(batch)
    }

    /// Lets go of all entries up to and including `index`, durably; files that hold nothing else are deleted.
    pub fn purge_upto(&self, index: u64) -> Result<(), StorageError> {
        let mut batch = LogBatch::new();
        batch.purge_upto(index);
        self.write(batch)
    }

    /// Sets a small record, durably; it survives truncation and purge.
    pub fn save_record(&self, tag: u8, bytes: &[u8]) -> Result<(), StorageError> {
        let mut batch = LogBatch::new();
        batch.save_record(tag, bytes);
        self.write(batch)
    }

    /// Writes a batch: one write and one sync, durable whole when this returns.
    pub fn write(&self, mut batch: LogBatch) -> Result<(), StorageError> {
        if batch.is_empty() {
            return Ok(());
        }
        if batch.bytes() > BATCH_BYTES_MAX {
            return Err(StorageError::Refused(format!(
                "a batch of {} bytes, {BATCH_BYTES_MAX} are allowed",
                batch.bytes()
            )));
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(detail) = &writer.stopped {
            return Err(StorageError::Stopped { path: self.dir.clone(), detail: detail.clone() });
        }
        self.read().index.check(&batch.changes).map_err(StorageError::Refused)?;
        let written = self.write_block(&mut writer, &mut batch);
        if let Err(error) = &written {
            writer.stopped = Some(error.to_string());
        }
        written?;
        self.delete_unneeded(&writer);
        Ok(())
    }

    fn write_block(&self, writer: &mut MutexGuard<'_, Writer>, batch: &mut LogBatch) -> Result<(), StorageError> {
        let length = batch.bytes() as u64;
        let used = writer.offset > SEGMENT_HEADER_BYTES as u64;
        if used && writer.offset + length > self.options.segment_bytes {
            self.roll(writer, length)?;
        }
        let offset = writer.offset;
        writer.segment.write_block(offset, writer.sequence, &mut batch.block)?;
        if self.options.sync {
            writer.segment.sync()?;
            self.syncs.fetch_add(1, Ordering::Relaxed);
        }
        writer.offset += length;
        writer.sequence += 1;
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        for change in &batch.changes {
            shared.index.apply(change, writer.segment.number, offset, &batch.block).map_err(StorageError::Refused)?;
        }
        Ok(())
    }

    /// Ends the segment in writing and begins the next one, with all that must outlive the older ones.
    fn roll(&self, writer: &mut MutexGuard<'_, Writer>, length: u64) -> Result<(), StorageError> {
        let mut carry = LogBatch::new();
        {
            let shared = self.read();
            carry.begin_at(shared.index.next());
            if let Some(purged) = shared.index.purged() {
                carry.purge_upto(purged);
            }
            for (tag, bytes) in shared.index.records() {
                carry.save_record(*tag, bytes);
            }
        }
        let head = (SEGMENT_HEADER_BYTES + carry.bytes()) as u64;
        let segment = Segment::create(
            &self.dir,
            writer.segment.number + 1,
            writer.sequence,
            &mut carry.block,
            self.options.segment_bytes.max(head + length),
            self.options.sync,
        )?;
        // The older one must end where its last block ends before there is a newer one.
        writer.segment.cut(writer.offset)?;
        let segment = Arc::new(segment.publish(&self.dir)?);
        self.shared
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .segments
            .insert(segment.number, Arc::clone(&segment));
        writer.segment = segment;
        writer.offset = head;
        writer.sequence += 1;
        Ok(())
    }

    /// Deletes the oldest segments as long as nothing in them is needed; one that can't be deleted is tried again later.
    fn delete_unneeded(&self, writer: &Writer) {
        let unneeded = {
            let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
            let oldest = shared.index.oldest_segment().unwrap_or(writer.segment.number);
            let needed = shared.segments.split_off(&oldest);
            std::mem::replace(&mut shared.segments, needed)
        };
        let mut unneeded = unneeded.into_iter();
        while let Some((number, segment)) = unneeded.next() {
            if let Err(error) = fs::remove_file(&segment.path) {
                tracing::warn!(%error, path = %segment.path.display(), "an old log segment can't be deleted");
                let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
                shared.segments.insert(number, segment);
                shared.segments.extend(unneeded);
                return;
            }
        }
    }

    /// The bytes of an entry, `None` if it is purged or not there yet.
    pub fn load(&self, index: u64) -> Result<Option<Vec<u8>>, StorageError> {
        let Some((place, segment)) = self.find(index)? else {
            return Ok(None);
        };
        read_entry(&segment, place, index).map(Some)
    }

    /// The entries of a range that are there, with their indexes, in order.
    pub fn range(&self, range: Range<u64>) -> Result<Vec<(u64, Vec<u8>)>, StorageError> {
        let (first, next) = {
            let shared = self.read();
            (shared.index.first(), shared.index.next())
        };
        let Some(first) = first else {
            return Ok(Vec::new());
        };
        (range.start.max(first)..range.end.min(next))
            .filter_map(|index| self.load(index).transpose().map(|bytes| bytes.map(|bytes| (index, bytes))))
            .collect()
    }

    /// The index of the first entry that is there.
    pub fn first_index(&self) -> Option<u64> {
        self.read().index.first()
    }

    /// The index of the last entry that is there; after a purge of everything `None`, see [`Self::purged_index`].
    pub fn last_index(&self) -> Option<u64> {
        self.read().index.last()
    }

    /// Up to which index entries were let go.
    pub fn purged_index(&self) -> Option<u64> {
        self.read().index.purged()
    }

    /// A small record.
    pub fn record(&self, tag: u8) -> Option<Vec<u8>> {
        self.read().index.records().get(&tag).cloned()
    }

    /// Lets go of the directory, so that it may be opened again; every later write is refused.
    pub fn close(&self) -> Result<(), StorageError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.stopped.get_or_insert_with(|| "the log was closed".to_owned());
        self.lock.unlock().map_err(|e| StorageError::io("unlocking", &self.dir, e))
    }

    /// How many times a write waited for the disk since the log was opened.
    pub fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    fn find(&self, index: u64) -> Result<Option<(Place, Arc<Segment>)>, StorageError> {
        let shared = self.read();
        let Some(place) = shared.index.place(index) else {
            return Ok(None);
        };
        let segment = shared.segments.get(&place.segment).ok_or_else(|| StorageError::Damaged {
            path: self.dir.clone(),
            detail: format!("segment {} of entry {index} is gone", place.segment),
        })?;
        Ok(Some((place, Arc::clone(segment))))
    }

    fn read(&self) -> RwLockReadGuard<'_, Shared> {
        self.shared.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_entry(segment: &Segment, place: Place, index: u64) -> Result<Vec<u8>, StorageError> {
    let damaged = |detail: &str| StorageError::Damaged {
        path: segment.path.clone(),
        detail: format!("entry {index} at offset {} {detail}", place.offset),
    };
    let length = usize::try_from(place.length).map_err(|_| damaged("is too long"))?;
    let mut bytes = vec![0; length];
    segment.file.read_exact_at(&mut bytes, place.offset).map_err(|e| StorageError::io("reading", &segment.path, e))?;
    if crc32c(&bytes) == place.crc { Ok(bytes) } else { Err(damaged("fails its checksum")) }
}

fn lock(dir: &Path) -> Result<File, StorageError> {
    let path = dir.join("LOCK");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|e| StorageError::io("opening", &path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::Locked { path: dir.to_path_buf() }),
        Err(TryLockError::Error(e)) => Err(StorageError::io("locking", &path, e)),
    }
}
