//! The applier: a thread behind a bounded queue that writes one batch an entry, in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tongban_codes::ids::NodeId;
use tongban_storage::keyspace::{connector, meta};
use tongban_storage::{Backend, StorageError, WriteBatch};

use super::catalogue_changes::CatalogueChanges;
use super::entry::{decode, head};
use super::fold::{Blobs, fold};
use crate::raft::{CommittedSink, SinkClosed};

/// Entries that may wait to be applied; a writer that is further ahead waits with its callers.
const QUEUE_ENTRIES_MAX: usize = 8;

/// How far the state has been applied, for whoever reads.
#[derive(Clone, Debug)]
pub struct Applied {
    watch: watch::Receiver<Progress>,
}

#[derive(Clone, Copy, Debug)]
struct Progress {
    /// Index of the last applied entry.
    index: u64,
    /// Nothing more will be applied.
    ended: bool,
}

impl Applied {
    /// The index now.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.watch.borrow().index
    }

    /// Waits until `index` is applied; false when the applier has ended before.
    pub async fn reached(&mut self, index: u64) -> bool {
        let reached = self.watch.wait_for(|progress| progress.ended || progress.index >= index).await;
        reached.is_ok_and(|progress| progress.index >= index)
    }
}

/// What the writer has folded already, by session and number of the entry.
#[derive(Debug, Default)]
pub(super) struct Folded(Mutex<BTreeMap<(u64, u64), Arc<WriteBatch>>>);

impl Folded {
    pub(super) fn insert(&self, session: u64, number: u64, batch: Arc<WriteBatch>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((session, number), batch);
    }

    fn take(&self, head: (u64, u64)) -> Option<Arc<WriteBatch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&head)
    }

    pub(super) fn forget(&self, head: (u64, u64)) {
        self.take(head);
    }
}

/// The state to which committed entries are applied, one batch an entry, with what the writer has folded ahead.
pub struct AppliedState {
    backend: Arc<dyn Backend>,
    blobs: Arc<dyn Blobs>,
    me: NodeId,
    opened_at: u64,
    tell: watch::Sender<Progress>,
    catalogue: CatalogueChanges,
    pub(super) folded: Folded,
}

impl AppliedState {
    /// A state that was opened, with what an earlier release left undone in its queues done.
    ///
    /// # Errors
    ///
    /// When it can't be read or written.
    pub fn open(backend: Arc<dyn Backend>, blobs: Arc<dyn Blobs>, me: NodeId) -> Result<Arc<Self>, StorageError> {
        let held = connector::hold_renewals(&*backend)?;
        if held > 0 {
            tracing::info!(held, "renewals that another system decided are taken out of what is due");
        }
        let opened_at = meta::APPLIED.load(&*backend, &())?.unwrap_or(0);
        let (tell, _) = watch::channel(Progress { index: opened_at, ended: false });
        let catalogue = CatalogueChanges::default();
        Ok(Arc::new(Self { backend, blobs, me, opened_at, tell, catalogue, folded: Folded::default() }))
    }

    /// Applies a committed entry behind all that were applied before.
    ///
    /// # Errors
    ///
    /// When the entry, the state or a blob can't be read, or the state can't be written. Then nothing of the entry is applied, and nothing
    /// after it may be.
    pub fn apply(&self, index: u64, entry: &[u8]) -> Result<(), StorageError> {
        let ready = head(entry).and_then(|head| self.folded.take(head));
        let batch = match ready {
            Some(batch) => batch,
            None => {
                let entry = decode(entry).map_err(|error| StorageError::Damaged {
                    path: "log".into(),
                    detail: format!("entry {index}: {error}"),
                })?;
                Arc::new(fold(&entry, self.me, &*self.backend, &*self.blobs)?)
            }
        };
        let mut position = WriteBatch::new();
        meta::APPLIED.put(&mut position, &(), &index);
        self.backend.write_all(&[&batch, &position])?;
        self.catalogue.note(&batch);
        self.tell.send_replace(Progress { index, ended: false });
        Ok(())
    }

    /// Makes everything that is applied durable; gives the index up to which the log may be let go.
    ///
    /// # Errors
    ///
    /// When the state can't be written: then nothing of the log may be let go.
    pub fn flush(&self) -> Result<u64, StorageError> {
        let index = self.applied().index();
        #[cfg(feature = "deliberate-bugs")]
        if tongban_codes::deliberate::is_in(tongban_codes::deliberate::Bug::PurgePastFlush) {
            return Ok(index);
        }
        self.backend.flush()?;
        Ok(index)
    }

    /// Follows what is applied.
    #[must_use]
    pub fn applied(&self) -> Applied {
        Applied { watch: self.tell.subscribe() }
    }

    /// Nothing more will be applied: whoever waits for it must not wait for ever.
    fn end(&self) {
        self.tell.send_modify(|progress| progress.ended = true);
    }

    /// The index of the last entry in the state when it was opened; 0 for none.
    #[must_use]
    pub fn opened_at(&self) -> u64 {
        self.opened_at
    }

    /// Which items changed since the state was opened, until somebody takes it.
    #[must_use]
    pub fn catalogue(&self) -> &CatalogueChanges {
        &self.catalogue
    }

    /// The state database.
    #[must_use]
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }
}

/// The sink of the ordered log, with the applying thread behind it.
pub struct Applier {
    queue: mpsc::Sender<(u64, Arc<[u8]>)>,
    state: Arc<AppliedState>,
    given: AtomicU64,
    flushed: AtomicU64,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Applier {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When it can't be started.
    pub fn start(state: Arc<AppliedState>) -> Result<Arc<Self>, StorageError> {
        let (queue, mut entries) = mpsc::channel::<(u64, Arc<[u8]>)>(QUEUE_ENTRIES_MAX);
        let opened_at = state.opened_at();
        let thread = std::thread::Builder::new().name("apply".to_owned()).spawn({
            let state = Arc::clone(&state);
            move || {
                while let Some((index, entry)) = entries.blocking_recv() {
                    if let Err(error) = state.apply(index, &entry) {
                        // What is committed must be applied. Going on without it would be another history.
                        tracing::error!(index, %error, "a committed entry can't be applied; the node stops");
                        break;
                    }
                }
                state.end();
            }
        });
        let thread = thread.map_err(|error| StorageError::Damaged {
            path: "apply".into(),
            detail: format!("the thread can't be started: {error}"),
        })?;
        Ok(Arc::new(Self {
            queue,
            state,
            given: AtomicU64::new(opened_at),
            flushed: AtomicU64::new(opened_at),
            thread: Mutex::new(Some(thread)),
        }))
    }

    /// Follows what is applied.
    #[must_use]
    pub fn applied(&self) -> Applied {
        self.state.applied()
    }

    /// Index of the last entry that the log has given: what recovery waits for.
    #[must_use]
    pub fn given(&self) -> u64 {
        self.given.load(Ordering::Acquire)
    }

    /// Waits for the thread after the log has stopped and every other holder of the sink is gone.
    pub fn finish(self: Arc<Self>) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(self);
        if let Some(thread) = thread {
            // A panic there has been logged by the hook.
            let _joined = thread.join();
        }
    }
}

impl CommittedSink for Applier {
    fn committed(&self, index: u64, entry: Arc<[u8]>) -> BoxFuture<'_, Result<(), SinkClosed>> {
        Box::pin(async move {
            self.queue.send((index, entry)).await.map_err(|_| SinkClosed)?;
            self.given.fetch_max(index, Ordering::AcqRel);
            Ok(())
        })
    }

    fn applied(&self) -> u64 {
        self.state.opened_at()
    }

    fn flushed(&self) -> u64 {
        self.flushed.load(Ordering::Acquire)
    }

    fn flush(&self) -> Result<u64, String> {
        let index = self.state.flush().map_err(|error| error.to_string())?;
        self.flushed.fetch_max(index, Ordering::AcqRel);
        Ok(index)
    }
}
