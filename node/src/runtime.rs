//! Composition: opens the node's directory, recovers, and runs writer, exchange and API until it is told to stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tongban_codes::calendar::Calendar;
use tongban_codes::time::Timestamp;
use tongban_domain::{Event, NodeFacts, Operator, Role};
use tongban_federation::limits;
use tongban_quic::{Endpoint, Identity as TransportIdentity, Limits as QuicLimits, QuicError, certificate};
use tongban_seal::Signer;
use tongban_storage::keyspace::meta::{self, NodeRow};
use tongban_storage::{Backend, RocksBackend, RocksOptions, StorageError, open_version};

use crate::ballast::Ballast;
use crate::config::{DirectoryError, NodeDirectory};
use crate::connector::Connectors;
use crate::engine::trust::{AnchorRow, Certificate, RootKey};
use crate::engine::{
    AppliedState, Applier, Blobs, ExchangeEvent, Keys, LeaderDesk, Outside, Refused, Request, Trust, WriterParts,
    start_writer,
};
use crate::exchange::{
    BlobStore, Change, Clock, Driver, Fetcher, FileBlobs, Knowledge, KnowledgeParts, Nudge, Shared, SharedParts,
    quarantine,
};
use crate::http::{self, App};
use crate::materials::MaterialFiles;
use crate::paper::{PAPER_NAME, Stationer};
use crate::raft::{CommittedSink, OrderedLog, RaftError, RaftNode, RaftOptions};
use crate::room::Room;
use crate::search::{Follower, ItemSearch};

/// Log entries between two flushes of the state, after which the log behind them is let go.
const COMPACT_ENTRIES: u64 = 50_000;

/// How often the log is weighed.
const WEIGH_EVERY: Duration = Duration::from_secs(30);

/// How a node is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// Milliseconds by which the clock of a demo node is moved.
    pub clock_offset_millis: i64,
}

/// Why a node can't run, or stopped by itself.
#[derive(Debug, Error)]
pub enum RunError {
    /// The directory.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The state.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The log.
    #[error(transparent)]
    Raft(#[from] RaftError),
    /// The transport.
    #[error(transparent)]
    Quic(#[from] QuicError),
    /// The machine.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The node could not set itself up.
    #[error("the node could not set itself up: {0}")]
    Setup(String),
    /// The clock is far behind the last act.
    #[error("the clock is {seconds} seconds behind the last act of this node; it refuses to stamp")]
    Clock {
        /// How far.
        seconds: i64,
    },
    /// A part stopped by itself.
    #[error("{0} stopped; see the log")]
    Stopped(&'static str),
}

impl RunError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Directory(error) => error.code(),
            Self::Storage(error) => error.code(),
            Self::Raft(error) => error.code(),
            Self::Quic(error) => error.code(),
            Self::Io { .. } => "io",
            Self::Setup(_) => "setup-failed",
            Self::Clock { .. } => "clock-behind",
            Self::Stopped(_) => "part-stopped",
        }
    }
}

fn setup(refused: Refused) -> RunError {
    match refused {
        Refused::Problem(problem) => RunError::Setup(format!("{}: {}", problem.code, problem.en)),
        Refused::Rejection(rejection) => RunError::Setup(rejection.to_string()),
        other => RunError::Setup(format!("{other:?}")),
    }
}

/// The clock of a node: the system's, moved on demo nodes.
#[must_use]
pub fn clock(offset_millis: i64) -> Clock {
    Arc::new(move || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        Timestamp::from_millis(i64::try_from(now).unwrap_or(i64::MAX)).add_millis(offset_millis)
    })
}

/// A clock that is this far behind the last stamp is wrong rather than late.
const BEHIND_SECONDS_MAX: i64 = 24 * 3600;

/// Runs a node until a signal, or until a part of it can't go on.
///
/// # Errors
///
/// [`RunError`]; what was acknowledged before is durable.
pub async fn run(directory: NodeDirectory, options: RunOptions) -> Result<(), RunError> {
    let directory = Arc::new(directory);
    let _lock = directory.lock()?;
    let data = directory.data();
    std::fs::create_dir_all(&data)
        .map_err(|source| RunError::Io { what: "the data directory can't be made", source })?;
    let clock = clock(options.clock_offset_millis);
    let identity = &directory.identity;
    let mib = |mib: u32| mib as usize * (1 << 20);
    let rocks = RocksOptions {
        write_buffer_bytes: mib(directory.config.storage.write_buffer_mib),
        block_cache_bytes: mib(directory.config.storage.block_cache_mib),
        ..RocksOptions::default()
    };
    let backend: Arc<dyn Backend> = Arc::new(RocksBackend::open(&data.join("state"), rocks)?);
    open_version(&*backend)?;
    let files = MaterialFiles::open(data.join("materials"), directory.keys.node.clone());
    let files = Arc::new(files.map_err(|source| RunError::Io { what: "the materials can't be opened", source })?);
    let blobs = FileBlobs::open(data.join("blobs"));
    let blobs = blobs.map_err(|source| RunError::Io { what: "the blobs can't be opened", source })?;
    let blobs = Arc::new(blobs.with_materials(Arc::clone(&files)));
    let state = AppliedState::open(Arc::clone(&backend), Arc::clone(&blobs) as Arc<dyn Blobs>, identity.node)?;
    let applier = Applier::start(Arc::clone(&state))?;
    let sink: Arc<dyn CommittedSink> = Arc::<Applier>::clone(&applier);
    let raft = RaftNode::start(&data.join("log"), 1, sink, RaftOptions::default()).await?;
    // Nothing is read, answered or sent before the committed log is applied.
    let mut applied = applier.applied();
    if !applied.reached(applier.given()).await {
        return Err(RunError::Stopped("the applier"));
    }
    if let Some(last) = meta::EFFECTIVE.load(&*backend, &())? {
        let behind = last.millis_since(clock()) / 1000;
        if behind > BEHIND_SECONDS_MAX {
            return Err(RunError::Clock { seconds: behind });
        }
    }
    let row = meta::NODE.load(&*backend, &())?;
    let facts = NodeFacts {
        node: identity.node,
        division: identity.division,
        name: identity.name.clone(),
        label: row.as_ref().map_or(identity.label, |row| row.label),
        demo: identity.demo,
    };
    let epoch = row.as_ref().map_or(1, |row| row.epoch);
    let keys = Arc::new(keys(&directory, &*backend)?);
    let calendar = Calendar::embedded();
    let search = ItemSearch::new(data.join("search"), identity.node, Arc::clone(&state));
    let parts = WriterParts {
        state,
        blobs: Arc::clone(&blobs) as Arc<dyn Blobs>,
        desk: LeaderDesk::new(Arc::clone(&keys), rand::random()),
        clock: Arc::clone(&clock),
        calendar,
        node: facts.clone(),
        epoch,
        session: rand::random(),
    };
    let log = Arc::<RaftNode>::clone(&raft) as Arc<dyn OrderedLog>;
    let (handle, outbox, writer) = start_writer(parts, log, raft.runtime().clone())?;
    let transport_key = directory.keys.transport.pkcs8_der().to_vec();
    let made = certificate::self_signed(&transport_key, identity.node, identity.division, clock())
        .map_err(|error| RunError::Setup(error.to_string()))?;
    let quic_trust = tongban_quic::Trust::new(Arc::clone(&clock), []);
    quic_trust.admit_strangers(true);
    let transport = TransportIdentity::new(&transport_key, vec![made.clone()])?;
    let endpoint = Endpoint::bind(directory.config.listen, transport, quic_trust.clone(), transport_limits())?;
    let addresses = addresses(&directory, &endpoint)?;
    let spki = certificate::public_key(&transport_key).map_err(|error| RunError::Setup(error.to_string()))?;
    let knowledge = Knowledge::load(
        KnowledgeParts {
            backend: Arc::clone(&backend),
            blobs: Arc::clone(&blobs) as Arc<dyn BlobStore>,
            keys: Arc::clone(&keys),
            transport_key_hash: certificate::key_hash(&spki),
            exchange_key: directory.keys.exchange.public_key().bytes().to_vec(),
            clock: Arc::clone(&clock),
            addresses,
            direct: directory.config.federation.direct,
        },
        facts,
        epoch,
    )?;
    let keeper = Arc::clone(&directory);
    let shared = Shared::new(
        knowledge,
        SharedParts {
            handle: handle.clone(),
            transport_key,
            endpoint,
            quic_trust,
            keep_index_key: Box::new(move |_, key| keeper.keep_index_key(key).map_err(std::io::Error::other)),
            room: Arc::new(Room::new(data.clone(), u64::from(directory.config.limits.low_water_mib) << 20)),
        },
    );
    if row.is_none() {
        genesis(&shared, &directory, made).await?;
    }
    let _published = shared.change(Change::Publish).await.map_err(setup)?;

    let (stop, stopped) = watch::channel(false);
    let (nudge, nudges) = mpsc::channel(64);
    let mut driver = tokio::spawn(Driver::new(Arc::clone(&shared), nudges, outbox).run(stopped.clone()));
    // What an earlier release put aside and this one knows is decided now, without anybody's asking.
    let replaying = Arc::clone(&shared);
    let _replaying = tokio::spawn(async move {
        let (handle, state) = (replaying.handle.clone(), Arc::clone(&replaying.parts.backend));
        if let Err(refused) = quarantine::replay(&handle, &*state, None, |origin| replaying.place_of(origin)).await {
            tracing::error!(?refused, "the quarantine was not replayed");
        }
    });
    let following = tokio::spawn(Follower::new(Arc::clone(&search), Arc::clone(&clock)).run(stopped.clone()));
    let paper = Arc::new(Stationer::new(directory.path.join(PAPER_NAME)));
    let material_bytes_max = u64::from(directory.config.limits.material_mib) << 20;
    let fetching = Fetcher::new(Arc::clone(&shared), Arc::clone(&files), material_bytes_max);
    let fetching = tokio::spawn(fetching.run(stopped.clone()));
    let connectors = Connectors::new(&directory.config, &directory.path);
    let connecting = connectors.start(directory.config.connectors.listen, &shared, &stopped);
    let app = App::new(
        Arc::clone(&shared),
        Arc::clone(&raft),
        nudge.clone(),
        Arc::clone(&search),
        paper,
        material_bytes_max,
        connectors,
    );
    let socket = directory.socket();
    let ending = Ending::catch()?;
    let server = tokio::spawn(http::serve(app, socket.clone(), stopped.clone()));
    let sweeping = tokio::spawn(sweep_materials(Arc::clone(&shared), files, stopped.clone()));
    let care = Care {
        ballast: Ballast::take(&data, u64::from(directory.config.limits.low_water_mib) << 20, disk_free(&data)),
        log: data.join("log"),
        data,
        log_bytes_max: u64::from(directory.config.storage.log_mib) << 20,
        pull_every: Duration::from_secs(u64::from(directory.config.federation.pull_seconds)),
        nudge,
    };
    let ticking = tokio::spawn(tick(Arc::clone(&shared), Arc::clone(&raft), care, stopped));
    tracing::info!(node = %identity.node, division = %identity.division, name = identity.name, "the node is ready");
    announce_ready(&directory, &shared);

    let ended = wait_for_end(ending, server, ticking, &mut driver).await;
    let _told = stop.send(true);
    if !driver.is_finished() {
        let _drained = tokio::time::timeout(Duration::from_secs(5), driver).await;
    }
    // Whoever reads the state must have let go of it before it is closed.
    let _fetched = tokio::time::timeout(Duration::from_secs(5), fetching).await;
    connecting.end().await;
    sweeping.abort();
    handle.stop();
    let _followed = tokio::time::timeout(Duration::from_secs(10), following).await;
    let joined = tokio::task::spawn_blocking(move || writer.join());
    let _writer = tokio::time::timeout(Duration::from_secs(10), joined).await;
    if let Err(error) = raft.shutdown().await {
        tracing::error!(%error, "the log did not close in good order");
    }
    drop(raft);
    let _flushed = tokio::task::spawn_blocking(move || {
        if let Err(error) = applier.flush() {
            tracing::error!(error, "the state was not flushed; it is written again from the log at the next start");
        }
    })
    .await;
    let _marked = tokio::task::spawn_blocking(move || search.finish()).await;
    drop(shared);
    let _gone = std::fs::remove_file(&socket);
    close(backend).await;
    ended
}

/// How often what no case names is swept.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

async fn sweep_materials(shared: Arc<Shared>, files: Arc<MaterialFiles>, mut stopped: watch::Receiver<bool>) {
    let mut interval = tokio::time::interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            _ = interval.tick() => {}
            _ = stopped.wait_for(|stop| *stop) => return,
        }
        let (shared, files) = (Arc::clone(&shared), Arc::clone(&files));
        let swept = tokio::task::spawn_blocking(move || crate::exchange::sweep(&shared.knowledge, &files)).await;
        match swept {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(count)) => tracing::info!(count, "files of materials that no case names were removed"),
            Ok(Err(error)) => tracing::error!(%error, "the files of materials could not be swept"),
        }
    }
}

/// How long the last reader of the state may take at the end.
const CLOSE_TIME: Duration = Duration::from_secs(5);

/// Closes the state before the process ends: a database that is still open then has threads of its own, which the end would tear down.
async fn close(backend: Arc<dyn Backend>) {
    let begun = Instant::now();
    while Arc::strong_count(&backend) > 1 && begun.elapsed() < CLOSE_TIME {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    if Arc::strong_count(&backend) > 1 {
        tracing::warn!("the state is still being read; the process ends all the same");
    }
    let _closed = tokio::task::spawn_blocking(move || drop(backend)).await;
}

/// Seconds of silence after which a link counts as broken.
const IDLE_SECONDS: u64 = 5;

/// What a peer may make the transport of a node spend: the protocol's limits, and those that are the transport's own.
#[must_use]
pub fn transport_limits() -> QuicLimits {
    QuicLimits {
        frame_bytes_max: limits::FRAME_BYTES_MAX,
        request_bytes_max: limits::REQUEST_BYTES_MAX,
        response_bytes_max: limits::RESPONSE_BYTES_MAX,
        requests_max: limits::STREAMS_PER_PEER_MAX,
        ..QuicLimits::default()
    }
    .with_idle_timeout(Duration::from_secs(IDLE_SECONDS))
}

fn announce_ready(directory: &NodeDirectory, shared: &Shared) {
    use std::io::Write;
    let listen = shared.endpoint.local_address().unwrap_or(directory.config.listen);
    let demo = if directory.identity.demo { " (演示 demo)" } else { "" };
    // A closed standard error is no reason to stop.
    let _written = writeln!(
        std::io::stderr(),
        "tongban: {} {} 已就绪 ready on {listen}{demo}",
        directory.identity.division,
        directory.identity.name
    );
}

fn keys(directory: &Arc<NodeDirectory>, backend: &dyn Backend) -> Result<Keys, RunError> {
    let trust: Option<Trust> = match meta::TRUST.load(backend, &())? {
        Some(bytes) => minicbor::decode(&bytes.0).ok(),
        None => None,
    };
    let version = trust.map_or(0, |trust| trust.index_version);
    let index = match version {
        0 => None,
        version => directory.joined_index_key(version)?,
    };
    let own = || tongban_seal::IndexKey::new(directory.keys.index.version(), *directory.keys.index.secret());
    let former = index.is_some().then(own);
    let index = index.unwrap_or_else(own);
    let seal = directory.clone();
    let source = Arc::clone(directory);
    let keys = Keys::new(
        Arc::new(DirectorySigner(seal)),
        directory.keys.node.clone(),
        index,
        Box::new(move |authority, _| source.authority_signer(authority).map_err(|error| error.to_string())),
    );
    Ok(match former {
        Some(former) => keys.with_former(former),
        None => keys,
    })
}

/// The node's seal key where it lies in the opened directory.
struct DirectorySigner(Arc<NodeDirectory>);

impl Signer for DirectorySigner {
    fn algorithm(&self) -> tongban_seal::Algorithm {
        self.0.keys.seal.algorithm()
    }
    fn key_id(&self) -> tongban_seal::KeyId {
        self.0.keys.seal.key_id()
    }
    fn public_key(&self) -> tongban_seal::PublicKey {
        self.0.keys.seal.public_key()
    }
    fn sign(&self, message: &[u8]) -> Result<tongban_seal::Signature, tongban_seal::SignError> {
        self.0.keys.seal.sign(message)
    }
}

fn addresses(directory: &NodeDirectory, endpoint: &Endpoint) -> Result<Vec<String>, RunError> {
    if !directory.config.advertise.is_empty() {
        return Ok(directory.config.advertise.clone());
    }
    let local = endpoint.local_address()?;
    // A wildcard can't be dialled; behind a NAT nothing can.
    Ok(if local.ip().is_unspecified() { Vec::new() } else { vec![local.to_string()] })
}

/// The first entry of a node's life: its row, its own trust, its first administrator.
async fn genesis(shared: &Arc<Shared>, directory: &NodeDirectory, certificate: Vec<u8>) -> Result<(), RunError> {
    let identity = &directory.identity;
    let root = RootKey { node: identity.node, key: shared.parts.keys.seal.public_key() };
    let trust = Trust {
        chain: vec![Certificate(certificate)],
        anchors: vec![AnchorRow { key_hash: shared.parts.transport_key_hash, division: identity.division }],
        roots: vec![root.clone()],
        ..Trust::default()
    };
    let row = NodeRow {
        node: identity.node,
        division: identity.division,
        name: identity.name.clone(),
        label: identity.label,
        demo: identity.demo,
        epoch: 1,
        calendar: Calendar::embedded().version().to_owned(),
        divisions: tongban_codes::division::table().version().to_owned(),
    };
    let admin = Operator {
        uid: Some(identity.admin_uid),
        ..Operator::new("admin".to_owned(), vec![Role::Catalogue, Role::Admin, Role::Audit])
    };
    let trust_bytes = tongban_codes::cbor::to_vec(&trust);
    let _made = shared
        .settle(move |_, _, _| {
            Ok(Outside {
                events: vec![Event::Operator(admin)],
                exchange: vec![ExchangeEvent::Node(row), ExchangeEvent::Trust(trust_bytes)],
                ..Outside::default()
            })
        })
        .await
        .map_err(setup)?;
    shared.begin_as_root(root, trust);
    Ok(())
}

/// Ticks the writer once a second, and lets go of the log behind a flushed state.
/// What is looked after every second beside the clock.
struct Care {
    ballast: Ballast,
    data: PathBuf,
    log: PathBuf,
    log_bytes_max: u64,
    pull_every: Duration,
    nudge: mpsc::Sender<Nudge>,
}

async fn tick(shared: Arc<Shared>, raft: Arc<RaftNode>, mut care: Care, mut stopped: watch::Receiver<bool>) {
    let mut interval = tokio::time::interval(Duration::from_secs(1));
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut compacted = raft.last_index();
    let mut pulled = Instant::now();
    // A node that was killed again and again has much to let go of at its start.
    let mut weighed: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = interval.tick() => {}
            _ = stopped.wait_for(|stop| *stop) => return,
        }
        care.ballast.watch(disk_free(&care.data));
        if pulled.elapsed() >= care.pull_every {
            pulled = Instant::now();
            // A driver that is so busy needs no reminder.
            let _nudged = care.nudge.try_send(Nudge::Pull);
        }
        loop {
            match shared.handle.submit(Request::Tick).await {
                Ok(committed) => {
                    let more = match committed.into_inner() {
                        crate::engine::Answer::Json(reply) => serde_json::from_slice::<serde_json::Value>(&reply)
                            .ok()
                            .and_then(|reply| reply.get("more").and_then(serde_json::Value::as_bool))
                            .unwrap_or(false),
                        _ => false,
                    };
                    if !more {
                        break;
                    }
                }
                Err(Refused::Stopped | Refused::Unknown) => return,
                Err(refused) => {
                    tracing::error!(?refused, "a tick failed");
                    break;
                }
            }
        }
        let mut heavy = false;
        if weighed.is_none_or(|weighed| weighed.elapsed() >= WEIGH_EVERY) {
            weighed = Some(Instant::now());
            heavy = tongban_storage::examine::bytes_of(&care.log).is_ok_and(|bytes| bytes > care.log_bytes_max);
        }
        if raft.last_index() >= compacted + COMPACT_ENTRIES || heavy && raft.last_index() > compacted {
            compacted = raft.last_index();
            let raft = Arc::clone(&raft);
            tokio::spawn(async move {
                if let Err(error) = raft.compact().await {
                    tracing::error!(%error, "the log could not be compacted");
                }
            });
        }
    }
}

/// The signals that end a node in good order.
struct Ending {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Ending {
    /// Catches them from now on: before anybody is answered, so that whoever has seen the node ready may end it at once.
    fn catch() -> Result<Self, RunError> {
        use tokio::signal::unix::{SignalKind, signal};
        let catch = |kind| signal(kind).map_err(|source| RunError::Io { what: "signals can't be handled", source });
        Ok(Self { terminate: catch(SignalKind::terminate())?, interrupt: catch(SignalKind::interrupt())? })
    }
}

async fn wait_for_end(
    mut ending: Ending,
    server: tokio::task::JoinHandle<Result<(), RunError>>,
    ticking: tokio::task::JoinHandle<()>,
    driver: &mut tokio::task::JoinHandle<()>,
) -> Result<(), RunError> {
    tokio::select! {
        _ = ending.terminate.recv() => Ok(()),
        _ = ending.interrupt.recv() => Ok(()),
        served = server => served.unwrap_or(Err(RunError::Stopped("the API"))),
        _ = ticking => Err(RunError::Stopped("the writer")),
        _ = driver => Err(RunError::Stopped("the exchange")),
    }
}

/// Sends a nudge that may be lost.
pub(crate) fn nudge(sender: &mpsc::Sender<Nudge>, nudge: Nudge) {
    let _sent = sender.try_send(nudge);
}

/// Free bytes on the disk of a directory.
pub(crate) fn disk_free(path: &Path) -> u64 {
    rustix::fs::statvfs(path).map_or(0, |stat| stat.f_bavail.saturating_mul(stat.f_frsize))
}
