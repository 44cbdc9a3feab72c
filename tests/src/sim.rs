//! The simulator: real engines (writer, fold, applier) over a log and a state in memory, with seeded chance and a clock that stands.
//!
//! The writer has a thread of its own, so a run is deterministic in what it decides, not in when: whoever drives it decides by
//! [`Engine::commit`] which requests share an entry, and waits for quiet before it looks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tongban::engine::{
    Answer, AppliedState, Applier, Blobs, Handle, Keys, LeaderDesk, Outside, Refused, Request, Waits, WriterParts,
    start_writer,
};
use tongban::raft::memory::Commit;
use tongban::raft::{CommittedSink, MemoryLog, OrderedLog};
use tongban_codes::calendar::Calendar;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, Digest, Label, NodeId};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::{Actor, Command, Event, NodeFacts, Operator, Place, Places, Role};
use tongban_federation::{Envelope, Sealed, Unseal, UnsealError};
use tongban_seal::{Ed25519Signer, IndexKey, KeyId, NodeKey, PublicKey, Signer, batch};
use tongban_storage::{Backend, Family, MemoryBackend, StorageError};

use crate::within;

pub use tongban::engine::Outcome;

/// Every key and value of a state.
pub type Dump = BTreeMap<(Family, Vec<u8>), Vec<u8>>;

/// The staff of every engine: one operator a role.
#[must_use]
pub fn actor(role: Role) -> Actor {
    Actor { operator: role.name().to_owned(), roles: vec![role], window: Some("3".to_owned()) }
}

/// A Monday morning, at which the clocks stand.
///
/// # Panics
///
/// Never: the day exists.
#[must_use]
pub fn moment() -> Timestamp {
    Date::ymd(2026, 9, 14).expect("the day exists").start().add_seconds(9 * 3600)
}

/// Nothing is pulled here, so there are no blobs.
struct NoBlobs;

impl Blobs for NoBlobs {
    fn load(&self, digest: &Digest) -> Result<Vec<u8>, StorageError> {
        Err(StorageError::Damaged { path: "blobs".into(), detail: format!("{digest} was never stored") })
    }
}

/// The seal key of a simulated node.
fn signer(node: NodeId) -> Ed25519Signer {
    Ed25519Signer::from_seed(Digest::of(node.as_bytes()).as_bytes())
}

/// Opens what simulated nodes have sealed.
pub struct Unsealing;

impl Unseal for Unsealing {
    fn open(&self, node: &NodeId, content_type: &str, sealed: &Sealed) -> Result<Vec<u8>, UnsealError> {
        let signer = signer(*node);
        let lookup = |id: &KeyId| -> Option<PublicKey> { (signer.key_id() == *id).then(|| signer.public_key()) };
        let opened = batch::open(sealed.as_bytes(), content_type, &lookup).map_err(|_| UnsealError::Broken)?;
        Ok(opened.statement)
    }
}

/// An envelope under the seal of its origin, a simulated node.
///
/// # Panics
///
/// Never: the key is in memory.
#[must_use]
pub fn sealed(envelope: &Envelope) -> Sealed {
    seal(envelope.origin, tongban_seal::content_type::ENVELOPE, &envelope.to_bytes())
}

/// A statement under the seal of a simulated node.
///
/// # Panics
///
/// Never: the key is in memory.
#[must_use]
pub fn seal(node: NodeId, content_type: &str, bytes: &[u8]) -> Sealed {
    let statement = tongban_seal::Statement { content_type, bytes };
    let mut sealed = batch::seal(&signer(node), &[statement]).expect("the key is in memory");
    Sealed::new(sealed.pop().expect("one statement was sealed"))
}

/// The writer, the applier and the log of one run of an engine.
struct Run {
    handle: Handle,
    log: MemoryLog,
    applier: Arc<Applier>,
    writer: JoinHandle<()>,
}

/// One node's engine.
pub struct Engine {
    /// The node and its division.
    pub place: Place,
    /// Its state.
    pub state: Arc<MemoryBackend>,
    runtime: Runtime,
    run: Option<Run>,
    runs: u64,
    commit: Commit,
    places: BTreeMap<DivisionCode, Place>,
}

/// The node of a division.
///
/// # Panics
///
/// When it is no division code.
#[must_use]
pub fn place(division: &str) -> Place {
    let division: DivisionCode = division.parse().expect("a division code");
    let digest = Digest::of(division.to_string().as_bytes());
    let bytes = digest.as_bytes().first_chunk().expect("a digest has 32 bytes");
    Place { node: NodeId::from_bytes(*bytes), division }
}

impl Engine {
    /// An empty engine that commits by itself, or on command.
    ///
    /// # Panics
    ///
    /// When the machine gives no thread.
    #[must_use]
    pub fn new(division: &str, commit: Commit, others: &[Place]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let mut engine = Self {
            place: place(division),
            state: Arc::new(MemoryBackend::new()),
            runtime: runtime.expect("the machine gives a thread"),
            run: None,
            runs: 0,
            commit,
            places: others.iter().map(|place| (place.division, *place)).collect(),
        };
        engine.start(Vec::new());
        engine
    }

    fn run(&self) -> &Run {
        self.run.as_ref().expect("the engine runs")
    }

    fn start(&mut self, committed: Vec<Arc<[u8]>>) {
        self.runs += 1;
        let node = self.place.node;
        let state: Arc<dyn Backend> = Arc::<MemoryBackend>::clone(&self.state);
        let state = AppliedState::open(state, Arc::new(NoBlobs), node).expect("memory can be read");
        let applier = Applier::start(Arc::clone(&state)).expect("the machine gives a thread");
        let sink: Arc<dyn CommittedSink> = Arc::<Applier>::clone(&applier);
        let log =
            self.runtime.block_on(MemoryLog::start(committed, sink, self.commit)).expect("the log is the state's");
        // Recovery comes before everything else.
        let mut applied = applier.applied();
        assert!(self.runtime.block_on(applied.reached(applier.given())), "the applier stopped");
        let secret = |what: &str| *Digest::of(format!("{what} {node}").as_bytes()).as_bytes();
        let keys = Keys::new(
            Arc::new(signer(node)),
            NodeKey::new(1, secret("node key")),
            IndexKey::new(1, [9; 32]),
            Box::new(|authority, _| Ok(Ed25519Signer::from_seed(Digest::of(authority.as_bytes()).as_bytes()))),
        );
        let session = secret(&format!("session {}", self.runs));
        let parts = WriterParts {
            state,
            blobs: Arc::new(NoBlobs),
            desk: LeaderDesk::new(Arc::new(keys), session),
            clock: Arc::new(moment),
            calendar: Calendar::embedded(),
            node: NodeFacts {
                node,
                division: self.place.division,
                name: "模拟".to_owned(),
                label: Label::new(self.place.division, 0).expect("a division has a label"),
                demo: true,
            },
            epoch: 1,
            session: u64::from_be_bytes(*session.first_chunk().expect("32 bytes")),
        };
        let log_of_writer = Arc::new(log.clone()) as Arc<dyn OrderedLog>;
        let (handle, _outbox, writer) =
            start_writer(parts, log_of_writer, self.runtime.handle().clone()).expect("the machine gives a thread");
        handle.places(Arc::new(Places::new(self.places.clone(), BTreeMap::new())));
        self.run = Some(Run { handle, log, applier, writer });
    }

    /// Submits a request behind those before it.
    ///
    /// # Panics
    ///
    /// When 4,096 wait already.
    #[must_use]
    pub fn submit(&self, request: Request) -> oneshot::Receiver<Outcome> {
        self.run().handle.submit_now(request).expect("there is room")
    }

    /// Submits an operator's command.
    #[must_use]
    pub fn give(&self, role: Role, command: Command) -> oneshot::Receiver<Outcome> {
        self.submit(Request::Act { actor: actor(role), command: Box::new(command), key: None })
    }

    /// Waits for an outcome.
    ///
    /// # Panics
    ///
    /// When none comes.
    pub fn wait(&self, outcome: oneshot::Receiver<Outcome>) -> Outcome {
        let timed = async { tokio::time::timeout(std::time::Duration::from_secs(20), outcome).await };
        self.runtime.block_on(timed).expect("an outcome comes in time").unwrap_or(Err(Refused::Unknown))
    }

    /// Submits a command that must be done, on an engine that commits by itself.
    ///
    /// # Panics
    ///
    /// When it is refused.
    pub fn done(&self, role: Role, command: Command) -> Answer {
        match self.wait(self.give(role, command)) {
            Ok(committed) => committed.into_inner(),
            Err(refused) => panic!("{refused:?}"),
        }
    }

    /// Gives the engine its staff; the decider has a mandate for everything.
    #[must_use]
    pub fn staff(&self) -> Vec<oneshot::Receiver<Outcome>> {
        let operators = Role::ALL.map(|role| Event::Operator(Operator::new(role.name().to_owned(), vec![role])));
        let operator = Role::Decider.name().to_owned();
        let mandate = Command::GrantMandate { operator, item: None, from: None, until: None };
        vec![
            self.submit(Request::Custom(Box::new(move |_, _, _| {
                Ok(Outside { events: operators.into(), ..Outside::default() })
            }))),
            self.give(Role::Admin, mandate),
        ]
    }

    /// The cases that the clock passes over.
    #[must_use]
    pub fn passed_over(&self) -> Vec<CaseId> {
        self.run().handle.passed_over()
    }

    /// What replays of lines in quarantine came to.
    #[must_use]
    pub fn waits(&self) -> Waits {
        self.run().handle.waits()
    }

    /// How many entries wait for their commit.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.run().log.waiting()
    }

    /// Commits the oldest entries that wait.
    pub fn commit(&self, count: usize) -> usize {
        self.runtime.block_on(self.run().log.commit(count))
    }

    /// Waits until all that is committed is applied.
    ///
    /// # Panics
    ///
    /// When the applier has stopped.
    pub fn quiet(&self) {
        let run = self.run();
        let mut applied = run.applier.applied();
        assert!(self.runtime.block_on(applied.reached(run.applier.given())), "the applier stopped");
    }

    /// The machine stops and starts again: what was only proposed is lost, and of the state's batches since its last flush `keep` survive.
    pub fn crash(&mut self, keep: usize) {
        let committed = self.stop();
        self.state.crash(keep);
        self.start(committed);
    }

    /// Stops the run and gives what the log holds.
    ///
    /// # Panics
    ///
    /// When a thread of the engine panicked.
    pub fn stop(&mut self) -> Vec<Arc<[u8]>> {
        let Run { handle, log, applier, writer } = self.run.take().expect("the engine runs");
        handle.stop();
        log.interrupt(None);
        writer.join().expect("the writer doesn't panic");
        let committed = log.committed();
        drop(log);
        applier.finish();
        committed
    }

    /// Another engine that has folded the same log: the same node, as a copy of it would be. It commits by itself.
    #[must_use]
    pub fn twin(&self) -> Self {
        let mut twin = Self::new(&self.place.division.to_string(), Commit::AtOnce, &[]);
        twin.places.clone_from(&self.places);
        let _empty = twin.stop();
        twin.start(self.run().log.committed());
        twin.quiet();
        twin
    }

    /// Everything in the state.
    ///
    /// # Panics
    ///
    /// Never: memory can be read.
    #[must_use]
    pub fn dump(&self) -> Dump {
        dump(&*self.state)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if self.run.is_some() && !std::thread::panicking() {
            let _committed = self.stop();
        }
    }
}

/// Everything in a state.
///
/// # Panics
///
/// When it can't be read.
#[must_use]
pub fn dump(state: &dyn Backend) -> Dump {
    use std::ops::{Bound, ControlFlow};
    let mut all = Dump::new();
    for family in Family::ALL {
        let mut visit = |key: &[u8], value: &[u8]| {
            all.insert((family, key.to_vec()), value.to_vec());
            ControlFlow::Continue(())
        };
        state.scan(family, Bound::Unbounded, Bound::Unbounded, false, &mut visit).expect("the state can be read");
    }
    all
}

/// A new engine that has folded a log from its beginning.
#[must_use]
pub fn replay(division: &str, committed: Vec<Arc<[u8]>>) -> Dump {
    let mut engine = Engine::new(division, Commit::OnCommand, &[]);
    let _empty = engine.stop();
    engine.start(committed);
    engine.quiet();
    engine.dump()
}

/// Runs commands so that each of `sizes` says how many of them share an entry; commands behind the last size go one by one.
///
/// Refused commands are in no entry. Gives the outcomes in order.
///
/// # Panics
///
/// When the writer doesn't take up what it was given.
pub fn in_batches(engine: &Engine, commands: Vec<(Role, Command)>, sizes: &[usize]) -> Vec<Outcome> {
    // While two entries are in flight nothing is decided, so that what is submitted meanwhile is decided together.
    let outcomes: Mutex<Vec<(usize, oneshot::Receiver<Outcome>)>> = Mutex::default();
    let ready: Mutex<BTreeMap<usize, Outcome>> = Mutex::default();
    let collect = || {
        let mut ready = ready.lock().expect("one thread");
        outcomes.lock().expect("one thread").retain_mut(|(number, outcome)| match outcome.try_recv() {
            Ok(outcome) => {
                ready.insert(*number, outcome);
                false
            }
            Err(oneshot::error::TryRecvError::Empty) => true,
            Err(oneshot::error::TryRecvError::Closed) => panic!("command {number} was dropped"),
        });
        outcomes.lock().expect("one thread").len()
    };
    let filler = |number: usize| {
        let name = format!("占位{number}");
        engine.give(Role::Admin, Command::AddOperator { name, roles: vec![Role::Audit], window: None, uid: None })
    };
    let fillers: Vec<_> = (0..2)
        .map(|number| {
            let outcome = filler(number);
            within(10, "a filler is in flight", || crate::seen(engine.waiting() == number + 1, engine.waiting()));
            outcome
        })
        .collect();
    let mut commands = commands.into_iter().enumerate().peekable();
    let mut sizes = sizes.iter().copied().chain(std::iter::repeat(1));
    while commands.peek().is_some() {
        let size = sizes.next().unwrap_or(1).max(1);
        for (number, (role, command)) in commands.by_ref().take(size) {
            outcomes.lock().expect("one thread").push((number, engine.give(role, command)));
        }
        engine.commit(1);
        // An entry has formed, or all were refused. Then one entry is in flight and the next batch may be cut in two: also a batching.
        within(10, "the batch is decided", || crate::seen(engine.waiting() == 2 || collect() == 0, engine.waiting()));
    }
    within(20, "everything is answered", || {
        engine.commit(usize::MAX);
        crate::seen(collect() == 0 && engine.waiting() == 0, engine.waiting())
    });
    for filler in fillers {
        let _done = engine.wait(filler);
    }
    engine.quiet();
    ready.into_inner().expect("one thread").into_values().collect()
}
