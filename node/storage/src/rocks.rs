//! The backend on disk, over RocksDB.
//!
//! The state database keeps no log of its own: what was written since the last flush is written again from the node's log.
//! Therefore all families must always come to disk together. RocksDB does so whenever it flushes by itself (atomic flush
//! chooses all families), but its explicit flush takes one family alone. [`Backend::flush`] therefore asks for a checkpoint,
//! which begins with a flush of all families and reports its errors, and drops the checkpoint's hard links again.

use std::{
    fs,
    ops::Bound,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType,
    DBRawIterator, DBRecoveryMode, ErrorKind, LogLevel, Options, ReadOptions, checkpoint::Checkpoint,
};

use crate::backend::{Backend, Family, Read, Snapshot, StorageError, Visit, WriteBatch, encloses};

/// Where a flush keeps its hard links for a moment, beneath the directory.
const FLUSH_POINT: &str = "flush-point";

/// By level, from the newest.
const COMPRESSION: [DBCompressionType; 7] = {
    use DBCompressionType::{Lz4, None};
    [None, None, Lz4, Lz4, Lz4, Lz4, Lz4]
};

/// The part of a memtable's memory that its filter of keys takes.
const MEMTABLE_FILTER_RATIO: f64 = 0.02;

/// How much memory and how many files a store may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RocksOptions {
    /// Bytes of writes held in memory, over all families, before they are flushed.
    pub write_buffer_bytes: usize,
    /// Bytes of blocks, indexes and filters held in memory, over all families.
    pub block_cache_bytes: usize,
    /// Files open at once.
    pub open_files: u16,
    /// Threads that flush and compact.
    pub background_jobs: u8,
}

impl Default for RocksOptions {
    /// Fit for a township of 2 cores and 2 GB.
    fn default() -> Self {
        Self { write_buffer_bytes: 64 << 20, block_cache_bytes: 64 << 20, open_files: 512, background_jobs: 2 }
    }
}

/// A store on disk. One process at a time may have a directory open.
#[derive(Debug)]
pub struct RocksBackend {
    db: DB,
    path: PathBuf,
    /// The sequence number up to which everything is known to be durable.
    flushed: Mutex<u64>,
}

impl RocksBackend {
    /// Opens the store in a directory, or makes an empty one there if the directory is empty or missing.
    ///
    /// After a crash it stands at some batch at or after the last flush. A directory that has lost its `CURRENT` file is
    /// reported as damaged, never overwritten.
    pub fn open(path: &Path, options: RocksOptions) -> Result<Self, StorageError> {
        fs::create_dir_all(path).map_err(|e| StorageError::io("creating", path, e))?;
        refuse_headless(path)?;
        let db_options = database_options(options);
        let cache = Cache::new_lru_cache(options.block_cache_bytes).map_err(|e| from_rocks(path, e))?;
        let families =
            Family::ALL.map(|family| ColumnFamilyDescriptor::new(family.name(), family_options(options, &cache)));
        let db = DB::open_cf_descriptors(&db_options, path, families).map_err(|e| from_rocks(path, e))?;
        let flushed = Mutex::new(db.latest_sequence_number());
        Ok(Self { db, path: path.to_path_buf(), flushed })
    }

    /// Opens the store in a directory to be read: no lock is taken and no file of it is changed.
    pub(crate) fn open_to_read(path: &Path) -> Result<Self, StorageError> {
        refuse_headless(path)?;
        let options = RocksOptions::default();
        let cache = Cache::new_lru_cache(options.block_cache_bytes).map_err(|e| from_rocks(path, e))?;
        let families =
            Family::ALL.map(|family| ColumnFamilyDescriptor::new(family.name(), family_options(options, &cache)));
        let mut db_options = database_options(options);
        db_options.create_if_missing(false);
        db_options.create_missing_column_families(false);
        // All tables are opened at once, so that a lost one is found now.
        db_options.set_max_open_files(-1);
        let db =
            DB::open_cf_descriptors_read_only(&db_options, path, families, false).map_err(|e| from_rocks(path, e))?;
        let flushed = Mutex::new(db.latest_sequence_number());
        Ok(Self { db, path: path.to_path_buf(), flushed })
    }

    /// Writes a *store snapshot*: a copy of this moment, as hard links, which opens as a store of its own.
    ///
    /// The target must not exist and must lie on the same file system. What is copied is flushed first.
    pub fn store_snapshot(&self, target: &Path) -> Result<(), StorageError> {
        let mut flushed = self.flushed.lock().unwrap_or_else(PoisonError::into_inner);
        let sequence = self.db.latest_sequence_number();
        self.checkpoint(target)?;
        *flushed = sequence.max(*flushed);
        Ok(())
    }

    fn checkpoint(&self, target: &Path) -> Result<(), StorageError> {
        Checkpoint::new(&self.db)
            .and_then(|checkpoint| checkpoint.create_checkpoint(target))
            .map_err(|e| from_rocks(&self.path, e))
    }

    fn family(&self, family: Family) -> Result<&ColumnFamily, StorageError> {
        self.db.cf_handle(family.name()).ok_or_else(|| StorageError::Database {
            path: self.path.clone(),
            detail: format!("the family {} is missing", family.name()),
        })
    }

    fn visit(&self, mut iterator: DBRawIterator<'_>, reverse: bool, visit: &mut Visit<'_>) -> Result<(), StorageError> {
        if reverse {
            iterator.seek_to_last();
        } else {
            iterator.seek_to_first();
        }
        while let Some((key, value)) = iterator.item() {
            if visit(key, value).is_break() {
                return Ok(());
            }
            if reverse {
                iterator.prev();
            } else {
                iterator.next();
            }
        }
        iterator.status().map_err(|e| from_rocks(&self.path, e))
    }
}

impl Read for RocksBackend {
    fn load(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.db.get_cf(self.family(family)?, key).map_err(|e| from_rocks(&self.path, e))
    }

    fn look(&self, family: Family, key: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StorageError> {
        let found = self.db.get_pinned_cf(self.family(family)?, key).map_err(|e| from_rocks(&self.path, e))?;
        if let Some(value) = &found {
            see(value);
        }
        Ok(found.is_some())
    }

    fn scan(
        &self,
        family: Family,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), StorageError> {
        if !encloses(from, to) {
            return Ok(());
        }
        let iterator = self.db.raw_iterator_cf_opt(self.family(family)?, bounded(from, to));
        self.visit(iterator, reverse, visit)
    }
}

impl Backend for RocksBackend {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StorageError> {
        Ok(Box::new(RocksSnapshot { inner: self.db.snapshot(), backend: self }))
    }

    fn write_all(&self, batches: &[&WriteBatch]) -> Result<(), StorageError> {
        let mut changes = rocksdb::WriteBatch::default();
        for batch in batches {
            for family in Family::ALL {
                let mut rows = batch.range(family, Bound::Unbounded, Bound::Unbounded).peekable();
                if rows.peek().is_none() {
                    continue;
                }
                let handle = self.family(family)?;
                for (key, value) in rows {
                    match value {
                        Some(value) => changes.put_cf(handle, key, value),
                        None => changes.delete_cf(handle, key),
                    }
                }
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        self.db.write_without_wal(changes).map_err(|e| from_rocks(&self.path, e))
    }

    fn flush(&self) -> Result<(), StorageError> {
        let mut flushed = self.flushed.lock().unwrap_or_else(PoisonError::into_inner);
        let sequence = self.db.latest_sequence_number();
        if sequence <= *flushed {
            return Ok(());
        }
        let point = self.path.join(FLUSH_POINT);
        remove_links(&point)?;
        self.checkpoint(&point)?;
        *flushed = sequence;
        remove_links(&point)
    }
}

struct RocksSnapshot<'a> {
    inner: rocksdb::Snapshot<'a>,
    backend: &'a RocksBackend,
}

impl Snapshot for RocksSnapshot<'_> {}

impl Read for RocksSnapshot<'_> {
    fn load(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.inner.get_cf(self.backend.family(family)?, key).map_err(|e| from_rocks(&self.backend.path, e))
    }

    fn scan(
        &self,
        family: Family,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), StorageError> {
        if !encloses(from, to) {
            return Ok(());
        }
        let iterator = self.inner.raw_iterator_cf_opt(self.backend.family(family)?, bounded(from, to));
        self.backend.visit(iterator, reverse, visit)
    }
}

fn bounded(from: Bound<&[u8]>, to: Bound<&[u8]>) -> ReadOptions {
    // The next key in byte order is the key with a zero byte behind it.
    let after = |key: &[u8]| [key, &[0]].concat();
    let mut options = ReadOptions::default();
    match from {
        Bound::Unbounded => {}
        Bound::Included(key) => options.set_iterate_lower_bound(key),
        Bound::Excluded(key) => options.set_iterate_lower_bound(after(key)),
    }
    match to {
        Bound::Unbounded => {}
        Bound::Included(key) => options.set_iterate_upper_bound(after(key)),
        Bound::Excluded(key) => options.set_iterate_upper_bound(key),
    }
    options
}

fn database_options(options: RocksOptions) -> Options {
    let mut db = Options::default();
    db.create_if_missing(true);
    db.create_missing_column_families(true);
    db.set_atomic_flush(true);
    db.set_paranoid_checks(true);
    // There is no log to replay, only the empty file that RocksDB makes; a torn one must not keep a node from starting.
    db.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    db.set_db_write_buffer_size(options.write_buffer_bytes);
    db.set_max_open_files(i32::from(options.open_files));
    // One thread writes: the applier.
    db.set_allow_concurrent_memtable_write(false);
    db.set_max_background_jobs(i32::from(options.background_jobs.max(1)));
    db.set_bytes_per_sync(1 << 20);
    db.set_keep_log_file_num(4);
    db.set_max_log_file_size(1 << 20);
    db.set_log_level(LogLevel::Warn);
    db.set_stats_dump_period_sec(0);
    db.set_max_manifest_file_size(4 << 20);
    db
}

fn family_options(options: RocksOptions, cache: &Cache) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    table.set_block_size(8 << 10);
    table.set_bloom_filter(10.0, false);
    table.set_cache_index_and_filter_blocks(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    table.set_format_version(5);
    // Indexes and filters are cut into blocks: whole ones of a large file are larger than a shard of the cache, and would be read anew for each key.
    table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    table.set_partition_filters(true);
    table.set_metadata_block_size(4 << 10);
    let mut family = Options::default();
    // The budget over all families flushes first; this is only the bound for a single one.
    family.set_write_buffer_size(options.write_buffer_bytes);
    // What is flushed is soon written again; only what stays is worth the time of compressing it.
    family.set_compression_per_level(&COMPRESSION);
    // Many reads are of keys that aren't there, and of rows that are no longer in memory.
    family.set_memtable_whole_key_filtering(true);
    family.set_memtable_prefix_bloom_ratio(MEMTABLE_FILTER_RATIO);
    family.set_level_compaction_dynamic_level_bytes(true);
    family.set_block_based_table_factory(&table);
    family
}

/// RocksDB would begin an empty database in a directory without `CURRENT`, and clear away the old files as unknown.
fn refuse_headless(path: &Path) -> Result<(), StorageError> {
    if path.join("CURRENT").exists() {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(|e| StorageError::io("reading", path, e))? {
        let name = entry.map_err(|e| StorageError::io("reading", path, e))?.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("MANIFEST-") || name.ends_with(".sst") {
            return Err(StorageError::Damaged {
                path: path.to_path_buf(),
                detail: format!("the file CURRENT is missing, but {name} is there"),
            });
        }
    }
    Ok(())
}

/// Removes what a flush linked, also what one that crashed left behind.
fn remove_links(point: &Path) -> Result<(), StorageError> {
    match fs::remove_dir_all(point) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(StorageError::io("removing", point, e)),
        _ => Ok(()),
    }
}

fn from_rocks(path: &Path, error: rocksdb::Error) -> StorageError {
    let kind = error.kind();
    let path = path.to_path_buf();
    let detail = error.into_string();
    match kind {
        ErrorKind::IOError if detail.contains("lock ") && detail.contains("LOCK") => StorageError::Locked { path },
        ErrorKind::IOError if detail.contains("No space left") => StorageError::Full { path },
        ErrorKind::Corruption => StorageError::Damaged { path, detail },
        _ => StorageError::Database { path, detail },
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_second_opener_is_told_so() {
        let dir = tempfile::tempdir().unwrap();
        let _first = RocksBackend::open(dir.path(), RocksOptions::default()).unwrap();
        let error = RocksBackend::open(dir.path(), RocksOptions::default()).unwrap_err();
        assert_eq!(error.code(), "storage-locked", "{error}");
    }

    #[test]
    fn a_lost_or_damaged_file_is_reported_and_nothing_is_deleted() {
        let dir = tempfile::tempdir().unwrap();
        {
            let store = RocksBackend::open(dir.path(), RocksOptions::default()).unwrap();
            let mut batch = WriteBatch::new();
            batch.put(Family::Rows, *b"k", *b"v");
            store.write(batch).unwrap();
            store.flush().unwrap();
            assert!(!dir.path().join(FLUSH_POINT).exists());
        }
        let listing = || {
            let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let current = dir.path().join("CURRENT");
        let kept = fs::read(&current).unwrap();
        fs::remove_file(&current).unwrap();
        let before = listing();
        let error = RocksBackend::open(dir.path(), RocksOptions::default()).unwrap_err();
        assert_eq!(error.code(), "storage-damaged", "{error}");
        assert_eq!(listing(), before);

        fs::write(&current, kept).unwrap();
        let manifest = fs::read_dir(dir.path())
            .unwrap()
            .map(|e| e.unwrap().path())
            .find(|p| p.to_string_lossy().contains("MANIFEST-"))
            .unwrap();
        let mut bytes = fs::read(&manifest).unwrap();
        bytes[20] ^= 1;
        fs::write(&manifest, bytes).unwrap();
        let error = RocksBackend::open(dir.path(), RocksOptions::default()).unwrap_err();
        assert_eq!(error.code(), "storage-damaged", "{error}");
    }

    #[test]
    fn a_store_snapshot_opens_at_its_moment() {
        let dir = tempfile::tempdir().unwrap();
        let store = RocksBackend::open(&dir.path().join("a"), RocksOptions::default()).unwrap();
        let put = |value: u8| {
            let mut batch = WriteBatch::new();
            for family in Family::ALL {
                batch.put(family, *b"k", [value]);
            }
            store.write(batch).unwrap();
        };
        put(1);
        let target = dir.path().join("b");
        store.store_snapshot(&target).unwrap();
        put(2);
        let copy = RocksBackend::open(&target, RocksOptions::default()).unwrap();
        for family in Family::ALL {
            assert_eq!(copy.load(family, b"k").unwrap(), Some(vec![1]));
            assert_eq!(store.load(family, b"k").unwrap(), Some(vec![2]));
        }
    }
}
