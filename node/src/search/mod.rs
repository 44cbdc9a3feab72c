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
use tongban_search::{Extent, Hit, Query};
use tongban_storage::{Backend, RocksBackend, RocksOptions, StorageError};

use crate::engine::AppliedState;

pub(crate) use follow::Follower;

/// Memory of the index while it is open: a township's machine may hold hundreds of nodes.
const OPTIONS: RocksOptions =
    RocksOptions { write_buffer_bytes: 8 << 20, block_cache_bytes: 8 << 20, open_files: 64, background_jobs: 1 };

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

struct Opened {
    backend: Arc<RocksBackend>,
    used: Instant,
}

/// The index of a running node.
pub(crate) struct ItemSearch {
    path: PathBuf,
    me: NodeId,
    state: Arc<AppliedState>,
    opened: Mutex<Option<Opened>>,
    progress: watch::Sender<Progress>,
}

impl ItemSearch {
    /// The index that lies in a directory, made there when it is missing.
    pub(crate) fn new(path: PathBuf, me: NodeId, state: Arc<AppliedState>) -> Arc<Self> {
        let (progress, _) = watch::channel(Progress::default());
        Arc::new(Self { path, me, state, opened: Mutex::new(None), progress })
    }

    fn state(&self) -> &dyn Backend {
        &**self.state.backend()
    }

    /// Answers a question, with what the index holds. Reads the disk.
    ///
    /// # Errors
    ///
    /// When the index can't be opened or read.
    pub(crate) fn search(&self, query: &Query<'_>) -> Result<(Vec<Hit>, Extent), StorageError> {
        let backend = self.open()?;
        let snapshot = backend.snapshot()?;
        Ok((tongban_search::search(&*snapshot, query)?, tongban_search::extent(&*snapshot)?))
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
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &mut *opened {
            open.used = Instant::now();
            return Ok(Arc::clone(&open.backend));
        }
        let backend = match RocksBackend::open(&self.path, OPTIONS) {
            Ok(backend) => backend,
            Err(error @ (StorageError::Damaged { .. } | StorageError::Database { .. })) => {
                tracing::warn!(%error, "the search index can't be opened and is built anew");
                discard(&self.path)?;
                // Whoever follows compares an index without a mark.
                self.progress.send_modify(|progress| progress.is_complete = false);
                RocksBackend::open(&self.path, OPTIONS)?
            }
            Err(error) => return Err(error),
        };
        let backend = Arc::new(backend);
        *opened = Some(Opened { backend: Arc::clone(&backend), used: Instant::now() });
        Ok(backend)
    }

    /// Closes an index that nobody has used for a while, or that nobody uses when `now`.
    fn close(&self, now: bool) {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if opened
            .as_ref()
            .is_some_and(|open| Arc::strong_count(&open.backend) == 1 && (now || open.used.elapsed() >= REST))
        {
            *opened = None;
        }
    }
}

/// Takes away the files of an index.
fn discard(path: &Path) -> Result<(), StorageError> {
    std::fs::remove_dir_all(path).map_err(|source| StorageError::Io {
        action: "deleting",
        path: path.to_path_buf(),
        source,
    })
}
