//! The backend: ordered bytes in a handful of families, read at one moment, written in atomic batches.

use std::{
    collections::{BTreeMap, btree_map},
    io,
    ops::{Bound, ControlFlow},
    path::{Path, PathBuf},
};

/// A kind of key; each is kept apart on disk, because kinds differ in size, heat and lifetime.
///
/// The order of the variants is the order in which a [`WriteBatch`] is iterated. Names and places once used stay used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Few and small: versions, cursors, applied index, installed tables.
    Meta,
    /// Rows of the state: cases, items, licences, authorities.
    Rows,
    /// Keys that lead to rows.
    Index,
    /// Journal entries and what is pulled of others'.
    Journal,
    /// What waits for a peer, a timer or a window of idempotency, and is deleted when done.
    Queue,
}

impl Family {
    /// All families, in order.
    pub const ALL: [Self; 5] = [Self::Meta, Self::Rows, Self::Index, Self::Journal, Self::Queue];

    /// The name on disk.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Rows => "rows",
            Self::Index => "index",
            Self::Journal => "journal",
            Self::Queue => "queue",
        }
    }

    pub(crate) const fn place(self) -> usize {
        self as usize
    }
}

/// What a scan calls with each key and value.
pub type Visit<'v> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'v;

/// Reads: what a backend and a snapshot of it have in common.
pub trait Read: Send + Sync {
    /// The value of one key, `None` if there is none.
    fn load(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError>;

    /// Shows the value of one key where it lies, without a copy; false if there is none. `see` must not read or write the store.
    fn look(&self, family: Family, key: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StorageError> {
        let found = self.load(family, key)?;
        if let Some(value) = &found {
            see(value);
        }
        Ok(found.is_some())
    }

    /// Visits the keys between two bounds in byte order, or in the opposite order if `reverse`.
    ///
    /// `from` is always the lower bound and `to` the upper, whichever the direction; bounds that enclose nothing visit
    /// nothing. What is visited is the state of one moment, even while others write. The visitor ends the scan with
    /// [`ControlFlow::Break`].
    fn scan(
        &self,
        family: Family,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), StorageError>;
}

/// Reads that all see the same moment.
pub trait Snapshot: Read {}

/// A store of ordered bytes.
pub trait Backend: Read + 'static {
    /// A view of this moment, which later writes don't change. A long-lived one keeps what is deleted meanwhile on disk.
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StorageError>;

    /// Writes a batch: visible at once and whole, across all families, but **not durable** before [`Self::flush`].
    ///
    /// After a crash the store stands at some batch at or after the last flush, never within one and never with a gap.
    fn write(&self, batch: WriteBatch) -> Result<(), StorageError> {
        self.write_all(&[&batch])
    }

    /// Writes several batches as one; where two name a key, the later one stands.
    fn write_all(&self, batches: &[&WriteBatch]) -> Result<(), StorageError>;

    /// Makes everything that was written before the call durable.
    fn flush(&self) -> Result<(), StorageError>;
}

/// Puts and deletions that take effect together, sorted by family and key; the last word on a key stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteBatch {
    families: [BTreeMap<Vec<u8>, Option<Vec<u8>>>; Family::ALL.len()],
}

impl WriteBatch {
    /// A batch that changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key.
    pub fn put(&mut self, family: Family, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.families[family.place()].insert(key.into(), Some(value.into()));
    }

    /// Deletes a key; one that isn't there is no error.
    pub fn delete(&mut self, family: Family, key: impl Into<Vec<u8>>) {
        self.families[family.place()].insert(key.into(), None);
    }

    /// Lays another batch on top of this one: where both name a key, `later` stands.
    pub fn merge_from(&mut self, later: Self) {
        for (mine, theirs) in self.families.iter_mut().zip(later.families) {
            if mine.is_empty() {
                *mine = theirs;
            } else {
                mine.extend(theirs);
            }
        }
    }

    /// What the batch says about a key: `None` nothing, `Some(None)` deleted, `Some(Some(value))` set.
    #[must_use]
    pub fn find(&self, family: Family, key: &[u8]) -> Option<Option<&[u8]>> {
        self.families[family.place()].get(key).map(Option::as_deref)
    }

    /// What the batch says about the keys of a family between two bounds, in byte order.
    ///
    /// Bounds that enclose nothing give nothing.
    pub fn range<'a>(
        &'a self,
        family: Family,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
    ) -> impl DoubleEndedIterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a> {
        let range: btree_map::Range<'a, Vec<u8>, Option<Vec<u8>>> = if encloses(from, to) {
            self.families[family.place()].range::<[u8], _>((from, to))
        } else {
            btree_map::Range::default()
        };
        range.map(|(key, value)| (key.as_slice(), value.as_deref()))
    }

    /// Everything the batch says, sorted by family and key.
    pub fn iter(&self) -> impl Iterator<Item = (Family, &[u8], Option<&[u8]>)> {
        Family::ALL.into_iter().zip(&self.families).flat_map(|(family, changes)| {
            changes.iter().map(move |(key, value)| (family, key.as_slice(), value.as_deref()))
        })
    }

    /// How many keys the batch names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.families.iter().map(BTreeMap::len).sum()
    }

    /// Whether the batch changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.families.iter().all(BTreeMap::is_empty)
    }
}

/// Whether a key may lie between two bounds.
pub(crate) fn encloses(from: Bound<&[u8]>, to: Bound<&[u8]>) -> bool {
    match (from, to) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => true,
        (Bound::Included(a), Bound::Included(b)) => a <= b,
        (Bound::Included(a) | Bound::Excluded(a), Bound::Included(b) | Bound::Excluded(b)) => a < b,
    }
}

/// Why a store can't be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Another process holds the directory.
    #[error("another process has the store in {} open", .path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// What is on disk isn't what was written.
    #[error("the store in {} is damaged: {detail}", .path.display())]
    Damaged {
        /// The directory or file.
        path: PathBuf,
        /// What was found, with segment and offset where they are known.
        detail: String,
    },
    /// A newer release wrote the store.
    #[error("the store has storage version {found}, this release knows up to {known}")]
    Newer {
        /// The version in the store.
        found: u32,
        /// The newest version that this release knows.
        known: u32,
    },
    /// An older store can't be brought to the current version.
    #[error("the store can't be migrated from storage version {from}: {detail}")]
    Migration {
        /// The version in the store.
        from: u32,
        /// Which step is missing or what it found.
        detail: String,
    },
    /// The disk has no room left.
    #[error("no space is left for the store in {}", .path.display())]
    Full {
        /// The directory or file.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{action} {} failed: {source}", .path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The directory or file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// An earlier write failed; since then it isn't known what is on disk, and nothing more is written.
    #[error("the store in {} stopped after an earlier write failed: {detail}", .path.display())]
    Stopped {
        /// The directory.
        path: PathBuf,
        /// What failed then.
        detail: String,
    },
    /// The caller asked for something that the store must refuse.
    #[error("refused: {0}")]
    Refused(String),
    /// The database below reported something else.
    #[error("the database in {} reported: {detail}", .path.display())]
    Database {
        /// The directory.
        path: PathBuf,
        /// Its words.
        detail: String,
    },
}

impl StorageError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "storage-locked",
            Self::Damaged { .. } => "storage-damaged",
            Self::Newer { .. } => "storage-newer",
            Self::Migration { .. } => "storage-migration",
            Self::Full { .. } => "storage-full",
            Self::Io { .. } => "storage-io",
            Self::Stopped { .. } => "storage-stopped",
            Self::Refused(_) => "storage-refused",
            Self::Database { .. } => "storage-database",
        }
    }

    /// What to do about it, in English.
    #[must_use]
    pub const fn hint_en(&self) -> &'static str {
        match self {
            Self::Locked { .. } => {
                "Stop the other process, or name another directory with --dir. Only one node may run on a directory."
            }
            Self::Damaged { .. } => {
                "Nothing was deleted. Keep the directory, check the disk, and restore the newest backup into a new directory."
            }
            Self::Newer { .. } => "Start the release that wrote this store, or a newer one. Nothing was changed.",
            Self::Migration { .. } => "Upgrade through the releases in between. Nothing was deleted.",
            Self::Full { .. } => {
                "Make room on this disk, then start the node again. Nothing that was acknowledged is lost."
            }
            Self::Io { .. } => "Check the disk, the permissions of the directory and the system's log.",
            Self::Stopped { .. } => "Find the first error in the log, remove its cause, and start the node again.",
            Self::Refused(_) => "This is a fault of the program; please report it with the log.",
            Self::Database { .. } => {
                "Check the disk and the system's log; if it stays, report it with the file LOG in this directory."
            }
        }
    }

    /// What to do about it, in Chinese.
    #[must_use]
    pub const fn hint_zh(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "请停止另一个进程，或用 --dir 指定其他目录；一个目录只能运行一个节点。",
            Self::Damaged { .. } => "未删除任何内容。请保留该目录，检查磁盘，并将最新备份恢复到新目录。",
            Self::Newer { .. } => "请使用写入该存储的版本或更新的版本启动；未作任何改动。",
            Self::Migration { .. } => "请逐个版本升级；未删除任何内容。",
            Self::Full { .. } => "请清理磁盘空间后重新启动节点；已确认的办理不会丢失。",
            Self::Io { .. } => "请检查磁盘、目录权限和系统日志。",
            Self::Stopped { .. } => "请在日志中找到第一个错误，排除原因后重新启动节点。",
            Self::Refused(_) => "这是程序错误，请连同日志一并反馈。",
            Self::Database { .. } => "请检查磁盘和系统日志；如仍出现，请连同该目录下的 LOG 文件一并反馈。",
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path },
            _ => Self::Io { action, path, source },
        }
    }
}
