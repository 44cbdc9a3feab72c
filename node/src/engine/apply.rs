//! The applier: a thread behind a bounded queue that writes one batch an entry, in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tongban_codes::ids::NodeId;
use tongban_storage::keyspace::meta;
use tongban_storage::{Backend, StorageError, WriteBatch};

use super::entry::{decode, head};
use super::fold::{Blobs, fold};
use crate::raft::{CommittedSink, SinkClosed};

/// Entries that may wait to be applied; a writer that is further ahead waits with its callers.
const QUEUE_ENTRIES_MAX: usize = 8;

/// How far the state has been applied, for whoever reads.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Index of the last applied entry.
    watch: watch::Receiver<u64>,
}

impl Applied {
    /// The index now.
    #[must_use]
    pub fn index(&self) -> u64 {
        *self.watch.borrow()
    }

    /// Waits until `index` is applied; false when the applier has stopped before.
    pub async fn reached(&mut self, index: u64) -> bool {
        self.watch.wait_for(|applied| *applied >= index).await.is_ok()
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

/// The sink of the ordered log, with the applying thread behind it.
pub struct Applier {
    queue: mpsc::Sender<(u64, Arc<[u8]>)>,
    backend: Arc<dyn Backend>,
    opened_at: u64,
    given: AtomicU64,
    flushed: AtomicU64,
    applied: watch::Receiver<u64>,
    pub(super) folded: Arc<Folded>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Applier {
    /// Starts the thread on a state that was opened.
    ///
    /// # Errors
    ///
    /// When the state can't be read.
    pub fn start(backend: Arc<dyn Backend>, blobs: Arc<dyn Blobs>, me: NodeId) -> Result<Arc<Self>, StorageError> {
        let opened_at = meta::APPLIED.load(&*backend, &())?.unwrap_or(0);
        let (queue, mut entries) = mpsc::channel::<(u64, Arc<[u8]>)>(QUEUE_ENTRIES_MAX);
        let (tell, applied) = watch::channel(opened_at);
        let folded = Arc::new(Folded::default());
        let thread = std::thread::Builder::new().name("apply".to_owned()).spawn({
            let (backend, folded) = (Arc::clone(&backend), Arc::clone(&folded));
            move || {
                while let Some((index, entry)) = entries.blocking_recv() {
                    if let Err(error) = apply(&*backend, &*blobs, &folded, me, index, &entry) {
                        // What is committed must be applied. Going on without it would be another history.
                        tracing::error!(index, %error, "a committed entry can't be applied; the node stops");
                        return;
                    }
                    if tell.send(index).is_err() {
                        return;
                    }
                }
            }
        });
        let thread = thread.map_err(|error| StorageError::Damaged {
            path: "apply".into(),
            detail: format!("the thread can't be started: {error}"),
        })?;
        Ok(Arc::new(Self {
            queue,
            backend,
            opened_at,
            given: AtomicU64::new(opened_at),
            flushed: AtomicU64::new(opened_at),
            applied,
            folded,
            thread: Mutex::new(Some(thread)),
        }))
    }

    /// Follows what is applied.
    #[must_use]
    pub fn applied(&self) -> Applied {
        Applied { watch: self.applied.clone() }
    }

    /// Index of the last entry that the log has given: what recovery waits for.
    #[must_use]
    pub fn given(&self) -> u64 {
        self.given.load(Ordering::Acquire)
    }

    /// The state database.
    #[must_use]
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
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

fn apply(
    backend: &dyn Backend,
    blobs: &dyn Blobs,
    folded: &Folded,
    me: NodeId,
    index: u64,
    bytes: &[u8],
) -> Result<(), StorageError> {
    let ready = head(bytes).and_then(|head| folded.take(head));
    let mut batch = match ready {
        Some(batch) => Arc::unwrap_or_clone(batch),
        None => {
            let entry = decode(bytes).map_err(|error| StorageError::Damaged {
                path: "log".into(),
                detail: format!("entry {index}: {error}"),
            })?;
            fold(&entry, me, backend, blobs)?
        }
    };
    meta::APPLIED.put(&mut batch, &(), &index);
    backend.write(batch)
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
        self.opened_at
    }

    fn flushed(&self) -> u64 {
        self.flushed.load(Ordering::Acquire)
    }

    fn flush(&self) -> Result<u64, String> {
        let index = *self.applied.borrow();
        self.backend.flush().map_err(|error| error.to_string())?;
        self.flushed.fetch_max(index, Ordering::AcqRel);
        Ok(index)
    }
}
