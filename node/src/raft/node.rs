//! A replica: openraft over the log on disk, as a group of one.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use openraft::{
    Config, Raft, ServerState, SnapshotPolicy,
    async_runtime::watch::WatchReceiver,
    impls::{EmptyNode, ProgressResponder},
    raft::ClientWriteResult,
};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc, oneshot};
use tongban_storage::{Log, LogOptions};

use super::{
    CommittedSink, OrderedLog, ProposeError, RaftError,
    binding::{Binding, Proposal},
    log_store::{LogStore, View},
    network::NoPeers,
    state_machine::StateMachine,
};

/// Milliseconds between the signs of life of a leader.
const HEARTBEAT_MILLISECONDS: u64 = 1_000;
/// Milliseconds without a sign of life before a replica stands for election: far more than ten times an append on a slow disk.
/// A group of one doesn't wait for it.
const ELECTION_MILLISECONDS_MIN: u64 = 5_000;
/// The upper end of the same.
const ELECTION_MILLISECONDS_MAX: u64 = 10_000;

/// How a replica runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct RaftOptions {
    /// How its log is kept.
    pub log: LogOptions,
}

/// A proposal on its way to openraft.
struct Proposed {
    proposal: Proposal,
    responder: ProgressResponder<Binding, ClientWriteResult<Binding>>,
    /// Why openraft never got it; given before the responder is dropped.
    refusal: oneshot::Sender<ProposeError>,
}

impl Proposed {
    fn refuse(self, error: ProposeError) {
        // Nobody may be waiting any more.
        let _ = self.refusal.send(error);
    }
}

/// A replica of a node's ordered log.
///
/// While it runs it alone may have its directory open; [`Self::shutdown`] lets go of it.
pub struct RaftNode {
    raft: Raft<Binding, StateMachine>,
    view: Arc<View>,
    sink: Arc<dyn CommittedSink>,
    proposals: mpsc::UnboundedSender<Proposed>,
    compacting: Mutex<()>,
    thread: ReplicaThread,
}

/// The thread on which openraft's tasks run and the log is written: whatever happens to an entry between its proposal and its commit
/// happens there, one after the other.
struct ReplicaThread {
    handle: Handle,
    /// Dropped, it ends the thread.
    _running: oneshot::Sender<()>,
}

impl ReplicaThread {
    fn start() -> Result<Self, RaftError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(stopped)?;
        let handle = runtime.handle().clone();
        let (running, ended) = oneshot::channel::<()>();
        std::thread::Builder::new()
            .name("raft".to_owned())
            .spawn(move || {
                // The sender says nothing; it only goes.
                let _gone = runtime.block_on(ended);
            })
            .map_err(stopped)?;
        Ok(Self { handle, _running: running })
    }
}

impl RaftNode {
    /// Opens the log in a directory, or founds a group of one there, and returns when the replica leads.
    ///
    /// Then every committed entry behind [`CommittedSink::applied`] has been given to the sink, and so has everything that the
    /// log held when it was opened; the blank entry of the new term is behind them. Whoever drains the sink must run already,
    /// because its queue is bounded.
    pub async fn start(
        dir: &Path,
        replica: u64,
        sink: Arc<dyn CommittedSink>,
        options: RaftOptions,
    ) -> Result<Arc<Self>, RaftError> {
        let path = dir.to_path_buf();
        let view = blocking(move || View::new(Log::open(&path, options.log)?)).await??;
        let view = Arc::new(view);
        let thread = ReplicaThread::start()?;
        let handle = thread.handle.clone();
        let started = handle.spawn(Self::run(Arc::clone(&view), replica, sink, thread)).await.map_err(stopped)?;
        if started.is_err()
            && let Err(error) = view.log().close()
        {
            tracing::warn!(%error, "the log's directory can't be let go");
        }
        started
    }

    async fn run(
        view: Arc<View>,
        replica: u64,
        sink: Arc<dyn CommittedSink>,
        thread: ReplicaThread,
    ) -> Result<Arc<Self>, RaftError> {
        let is_new = check_positions(&view, replica, sink.applied())?;
        let state_machine = StateMachine::new(Arc::clone(&view), Arc::clone(&sink))?;
        let log_store = LogStore::new(Arc::clone(&view));
        let raft = Raft::new(replica, config()?, NoPeers, log_store, state_machine).await.map_err(stopped)?;
        if is_new {
            raft.initialize(BTreeMap::from([(replica, EmptyNode {})])).await.map_err(stopped)?;
        } else {
            raft.trigger().elect(false).await.map_err(stopped)?;
        }
        // Its own blank entry is applied: so is all that the log holds before it.
        raft.wait(None)
            .metrics(
                |metrics| {
                    metrics.state == ServerState::Leader
                        && metrics.last_applied.is_some_and(|applied| applied.leader_id.term == metrics.current_term)
                },
                "the replica leads and has applied its blank entry",
            )
            .await
            .map_err(stopped)?;
        let (proposals, waiting) = mpsc::unbounded_channel();
        tokio::spawn(submit(raft.clone(), waiting));
        Ok(Arc::new(Self { raft, view, sink, proposals, compacting: Mutex::new(()), thread }))
    }

    /// Where the outcome of a proposal is known first; whoever waits for one there is not woken in another thread.
    #[must_use]
    pub fn runtime(&self) -> &Handle {
        &self.thread.handle
    }

    /// How many times the log waited for the disk since the start.
    #[must_use]
    pub fn log_syncs(&self) -> u64 {
        self.view.log().syncs()
    }

    /// The index of the last entry that is known to be committed.
    #[must_use]
    pub fn committed_index(&self) -> u64 {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched();
        metrics.local_committed.map_or(0, |committed| committed.index)
    }

    /// The index of the last entry in the log.
    #[must_use]
    pub fn last_index(&self) -> u64 {
        self.view.last_index().unwrap_or(0)
    }

    /// The index up to which the log was let go, 0 if nothing was.
    #[must_use]
    pub fn purged_index(&self) -> u64 {
        self.view.purged().map_or(0, |purged| purged.index)
    }

    /// Flushes the state and lets go of the log behind it; gives the index up to which it was let go.
    pub async fn compact(&self) -> Result<u64, RaftError> {
        let _one_at_a_time = self.compacting.lock().await;
        let sink = Arc::clone(&self.sink);
        let flushed = blocking(move || sink.flush()).await?.map_err(RaftError::Flush)?;
        if flushed <= self.purged_index() {
            return Ok(self.purged_index());
        }
        self.raft.trigger().snapshot().await.map_err(stopped)?;
        self.raft
            .wait(None)
            .metrics(
                |metrics| metrics.purged.is_some_and(|purged| purged.index >= flushed),
                "the log is purged behind the flushed state",
            )
            .await
            .map_err(stopped)?;
        Ok(self.purged_index())
    }

    /// Stops the replica and lets go of its directory; proposals in flight end as unknown.
    pub async fn shutdown(&self) -> Result<(), RaftError> {
        self.raft.shutdown().await.map_err(stopped)?;
        let view = Arc::clone(&self.view);
        blocking(move || view.log().close()).await??;
        Ok(())
    }
}

impl OrderedLog for RaftNode {
    fn propose(&self, entry: Arc<[u8]>) -> BoxFuture<'static, Result<u64, ProposeError>> {
        let (responder, outcome) = ProgressResponder::complete_only();
        let (refusal, mut refused) = oneshot::channel();
        let sent = self.proposals.send(Proposed { proposal: Proposal(entry), responder, refusal });
        let closed = sent.is_err();
        async move {
            match outcome.await {
                Ok(Ok(response)) => Ok(response.log_id.index),
                Ok(Err(error)) => Err(ProposeError::Unknown(error.to_string())),
                Err(_) if closed => Err(ProposeError::Closed),
                Err(_) => {
                    Err(refused.try_recv().unwrap_or_else(|_| ProposeError::Unknown("the replica stopped".to_owned())))
                }
            }
        }
        .boxed()
    }
}

/// Hands proposals to openraft in their order.
async fn submit(raft: Raft<Binding, StateMachine>, mut waiting: mpsc::UnboundedReceiver<Proposed>) {
    while let Some(proposed) = waiting.recv().await {
        if raft.is_leader() {
            let Proposed { proposal, responder, refusal: _ } = proposed;
            if raft.client_write_ff(proposal, Some(responder)).await.is_ok() {
                continue;
            }
            break;
        }
        let runs = raft.metrics().borrow_watched().running_state.is_ok();
        proposed.refuse(if runs { ProposeError::NotLeader } else { ProposeError::Closed });
    }
    waiting.close();
    while let Some(proposed) = waiting.recv().await {
        proposed.refuse(ProposeError::Closed);
    }
}

/// Compares what log and state say of each other before anything is changed; gives whether the log is new.
fn check_positions(view: &View, replica: u64, applied: u64) -> Result<bool, RaftError> {
    let last = view.last_index();
    if applied > last.unwrap_or(0) {
        return Err(RaftError::LogLost { applied, last: last.unwrap_or(0) });
    }
    if let Some(purged) = view.purged().filter(|purged| purged.index > applied) {
        return Err(RaftError::StateLost { purged: purged.index, applied });
    }
    if let Some(vote) = view.vote()
        && vote.leader_id.voted_for != replica
    {
        return Err(RaftError::OtherReplica { found: vote.leader_id.voted_for, expected: replica });
    }
    Ok(last.is_none() && view.vote().is_none())
}

fn config() -> Result<Arc<Config>, RaftError> {
    Config {
        cluster_name: "tongban".to_owned(),
        heartbeat_interval: HEARTBEAT_MILLISECONDS,
        election_timeout_min: ELECTION_MILLISECONDS_MIN,
        election_timeout_max: ELECTION_MILLISECONDS_MAX,
        // Snapshots are reported when the state has been flushed, and the log goes up to there.
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: 0,
        purge_batch_size: 1,
        // A leader that starts again takes a new term, whose blank entry ends its recovery.
        enable_leader_restore: Some(false),
        ..Config::default()
    }
    .validate()
    .map(Arc::new)
    .map_err(stopped)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, RaftError> {
    tokio::task::spawn_blocking(work).await.map_err(stopped)
}

fn stopped(error: impl std::fmt::Display) -> RaftError {
    RaftError::Stopped(error.to_string())
}
