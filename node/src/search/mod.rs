//! Search over what the node knows of items: an index beside the state, which is derived from it, follows it, and may be lost.
//!
//! The index is opened when it is asked or has to be changed, and closed when it has rested; a node that nobody searches holds nothing of
//! it in memory. At start it is compared with the state unless it says that it is up to date; what can't be opened is built anew.

mod entries;
mod follow;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tongban_codes::ids::NodeId;
use tongban_search::{Answer, Extent, Query};
use tongban_storage::{Backend, RocksBackend, RocksOptions, StorageError};

use crate::engine::AppliedState;

pub(crate) use follow::Follower;

/// Memory of the index at most while it is open; the cache of a small index stays as small as the index.
const OPTIONS: RocksOptions =
    RocksOptions { write_buffer_bytes: 8 << 20, block_cache_bytes: 32 << 20, open_files: 64, background_jobs: 1 };

/// How long an index that nobody uses stays open.
const REST: Duration = Duration::from_secs(30);

/// How far the index is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Since the node started the index has held everything that the state held at some moment.
    pub(crate) is_complete: bool,
    /// Something that changed has been taken up and isn't indexed yet.
    pub(crate) is_busy: bool,
    /// Nothing more will be indexed.
    pub(crate) is_ended: bool,
}

#[derive(Default)]
struct Held {
    open: Option<(Arc<RocksBackend>, Instant)>,
    /// Something in it could not be read: it is thrown away when nobody uses it.
    is_suspect: bool,
}

/// The index of a running node.
pub(crate) struct ItemSearch {
    path: PathBuf,
    me: NodeId,
    state: Arc<AppliedState>,
    held: Mutex<Held>,
    progress: watch::Sender<Progress>,
}

impl ItemSearch {
    /// The index that lies in a directory, made there when it is missing.
    pub(crate) fn new(path: PathBuf, me: NodeId, state: Arc<AppliedState>) -> Arc<Self> {
        let (progress, _) = watch::channel(Progress::default());
        Arc::new(Self { path, me, state, held: Mutex::default(), progress })
    }

    fn state(&self) -> &dyn Backend {
        &**self.state.backend()
    }

    /// Answers a question, with what the index holds. Reads the disk.
    ///
    /// # Errors
    ///
    /// When the index can't be opened or read.
    pub(crate) fn search(&self, query: &Query<'_>) -> Result<(Answer, Extent), StorageError> {
        let backend = self.open()?;
        let snapshot = backend.snapshot()?;
        let found = tongban_search::answer(&*snapshot, query);
        let found = found.and_then(|answer| Ok((answer, tongban_search::extent(&*snapshot)?)));
        if let Err(error) = &found {
            self.suspect(error);
        }
        found
    }

    /// How often standards have changed, as [`crate::engine::CatalogueChanges::standards`] says.
    pub(crate) fn standards(&self) -> u64 {
        self.state.catalogue().standards()
    }

    /// Waits until what is applied now is indexed too, at most so long; false when it isn't by then.
    pub(crate) async fn caught_up(&self, patience: Duration) -> bool {
        let mut progress = self.progress.subscribe();
        let indexed = async {
            loop {
                // Looked at first: whoever takes what waits has said before that he is busy.
                let is_waiting = self.state.catalogue().is_waiting();
                let seen = *progress.borrow_and_update();
                if seen.is_ended {
                    return false;
                }
                if seen.is_complete && !seen.is_busy && !is_waiting {
                    return true;
                }
                if progress.changed().await.is_err() {
                    return false;
                }
            }
        };
        tokio::time::timeout(patience, indexed).await.unwrap_or(false)
    }

    /// The open index; one that is damaged is thrown away, for nothing in it is the only copy.
    fn open(&self) -> Result<Arc<RocksBackend>, StorageError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_suspect && held.open.as_ref().is_none_or(|(backend, _)| Arc::strong_count(backend) == 1) {
            held.open = None;
            self.begin_anew()?;
            held.is_suspect = false;
        }
        if let Some((backend, used)) = &mut held.open {
            *used = Instant::now();
            return Ok(Arc::clone(backend));
        }
        let backend = match RocksBackend::open(&self.path, OPTIONS) {
            Ok(backend) => backend,
            Err(error) if is_damage(&error) => {
                tracing::warn!(%error, "the search index can't be opened and is built anew");
                self.begin_anew()?;
                RocksBackend::open(&self.path, OPTIONS)?
            }
            Err(error) => return Err(error),
        };
        let backend = Arc::new(backend);
        held.open = Some((Arc::clone(&backend), Instant::now()));
        Ok(backend)
    }

    /// Takes away the files; whoever follows compares an index without a mark.
    fn begin_anew(&self) -> Result<(), StorageError> {
        self.progress.send_modify(|progress| progress.is_complete = false);
        discard(&self.path)
    }

    /// Remembers a fault that says that the index is damaged.
    fn suspect(&self, error: &StorageError) {
        if is_damage(error) {
            self.held.lock().unwrap_or_else(PoisonError::into_inner).is_suspect = true;
            self.progress.send_modify(|progress| progress.is_complete = false);
        }
    }

    /// Closes an index that nobody has used for a while, or that nobody uses when `now`.
    fn close(&self, now: bool) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held
            .open
            .as_ref()
            .is_some_and(|(backend, used)| Arc::strong_count(backend) == 1 && (now || used.elapsed() >= REST))
        {
            held.open = None;
        }
    }
}

fn is_damage(error: &StorageError) -> bool {
    matches!(error, StorageError::Damaged { .. } | StorageError::Database { .. } | StorageError::Stopped { .. })
}

/// Takes away the files of an index.
fn discard(path: &Path) -> Result<(), StorageError> {
    match std::fs::remove_dir_all(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(StorageError::Io { action: "deleting", path: path.to_path_buf(), source })
        }
        _ => Ok(()),
    }
}
