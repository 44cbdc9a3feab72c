//! The writer: takes what waits, decides it on the overlay, seals it, proposes one entry, and answers at commit.

mod decider;
#[cfg(feature = "deliberate-bugs")]
mod deliberate;
mod delivered;
mod handle;
mod hot;
mod passed_over;
mod proposal;
mod receiver;
mod request;
mod sealing;
mod thread;
mod waits;
mod window;

pub use handle::{Handle, Outcome};
pub use proposal::Proposal;
pub use receiver::Early;
pub use request::{Answer, Custom, Key, Outside, Refused, Request};
pub use thread::start;
pub use waits::{Wait, Waits};

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tongban_codes::calendar::Calendar;
use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;
use tongban_domain::{Document, NodeFacts, Places};
use tongban_federation::{Envelope, Receipt};
use tongban_seal::SignedNote;
use tongban_storage::keyspace::head::Heads;
use tongban_storage::keyspace::{Bytes, Overlay, View, delivery, meta};
use tongban_storage::{StorageError, WriteBatch};

use decider::{Decided, Decider, Proto};
use handle::Reply;
use hot::Hot;
use passed_over::PassedOver;
use receiver::Receiver;
use window::KeyWindow;

use super::apply::{Applied, AppliedState};
use super::arrivals;
use super::committed::Committed;
use super::desk::LeaderDesk;
use super::entry::{Checkpointed, Decision, ExchangeEvent, LogEntry, encode};
use super::fold::{Blobs, fold_decided, fold_journals, fold_tail};
use super::records::{ACTS, STANDARDS};

/// Entries in flight: while one commits, the next is decided; more than two gained nothing when measured (`docs/measurements.md`).
const IN_FLIGHT_MAX: usize = 2;

/// Requests in one entry.
const BATCH_REQUESTS_MAX: usize = 256;

/// What a writer works with.
pub struct WriterParts {
    /// The state to which the log's entries are applied.
    pub state: Arc<AppliedState>,
    /// Blobs.
    pub blobs: Arc<dyn Blobs>,
    /// The desk.
    pub desk: LeaderDesk,
    /// The clock.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// The calendar in force.
    pub calendar: &'static Calendar,
    /// The node.
    pub node: NodeFacts,
    /// Its epoch.
    pub epoch: u32,
    /// Distinguishes this run's entries from those of earlier ones.
    pub session: u64,
}

struct Layer {
    number: u64,
    index: Option<u64>,
    batch: Arc<WriteBatch>,
}

/// The one decider of a leader: a state machine without a thread, a clock's tick or a disk of its own.
///
/// Whoever drives it pushes requests, lets it [form](Self::form) a proposal while one [may be formed](Self::may_form), puts that
/// into the log in this order, and says what became of it: first [`Proposal::committed`] or [`Proposal::lost`] to the callers, then
/// [`Self::settled`]. In a node that is the thread of [`start`]; in the simulator a queue of events.
pub struct Writer {
    parts: WriterParts,
    committed: Arc<AtomicU64>,
    applied: Applied,
    waiting: VecDeque<(Request, Reply, Option<OwnedSemaphorePermit>)>,
    hot: Hot,
    inbox: Receiver,
    layers: VecDeque<Layer>,
    in_flight: usize,
    number: u64,
    last_at: Timestamp,
    checkpointed: [(Timestamp, u64); 2],
    places: Arc<Places>,
    window: KeyWindow,
    heads: Heads,
    passed_over: PassedOver,
    stopped: bool,
}

/// A decision before it is sealed.
struct Draft {
    decision: Decision,
    documents: Vec<Document>,
    envelopes: Vec<Envelope>,
    receipt: Option<Receipt>,
    answer: Result<Answer, Refused>,
    reply: Reply,
    permit: Option<OwnedSemaphorePermit>,
}

impl Draft {
    /// Nothing to store, but an answer that may be spoken only when the entries before it are committed.
    fn empty(answer: Result<Answer, Refused>, reply: Reply, permit: Option<OwnedSemaphorePermit>) -> Self {
        let (documents, envelopes) = (Vec::new(), Vec::new());
        Self { decision: Decision::default(), documents, envelopes, receipt: None, answer, reply, permit }
    }
}

impl Writer {
    /// A writer on a log whose recovery has been applied.
    ///
    /// # Errors
    ///
    /// When the state can't be read.
    pub fn new(parts: WriterParts) -> Result<Self, StorageError> {
        let state = parts.state.backend();
        let last_at = meta::EFFECTIVE.load(&**state, &())?.unwrap_or(Timestamp::from_millis(0));
        let mut checkpointed = [(Timestamp::from_millis(0), 0); 2];
        for (journal, known) in [ACTS, STANDARDS].into_iter().zip(&mut checkpointed) {
            if let Some(Bytes(note)) = meta::CHECKPOINT.load(&**state, &journal)? {
                let size = SignedNote::parse(&note).map(|note| note.claimed().size).unwrap_or(0);
                *known = (last_at, size);
            }
        }
        let applied = parts.state.applied();
        let window = KeyWindow::load(&**state)?;
        Ok(Self {
            hot: Hot::new(Arc::clone(state)),
            inbox: Receiver::new(parts.node.node, &**state)?,
            committed: Arc::new(AtomicU64::new(applied.index())),
            applied,
            parts,
            waiting: VecDeque::new(),
            layers: VecDeque::new(),
            in_flight: 0,
            number: 0,
            last_at,
            checkpointed,
            places: Arc::default(),
            window,
            heads: Heads::default(),
            passed_over: PassedOver::default(),
            stopped: false,
        })
    }

    /// Takes a request behind those that wait; the answer comes when its proposal is committed.
    pub fn push(&mut self, request: Request) -> oneshot::Receiver<Outcome> {
        let (reply, answer) = oneshot::channel();
        self.waiting.push_back((request, reply, None));
        answer
    }

    /// Which node serves which division, from now on.
    pub fn set_places(&mut self, places: Arc<Places>) {
        self.places = places;
    }

    /// Whether something waits and there is room for another proposal in flight.
    #[must_use]
    pub fn may_form(&self) -> bool {
        !self.stopped && self.in_flight < IN_FLIGHT_MAX && !self.waiting.is_empty()
    }

    /// Whether nothing is on its way through the log.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.in_flight == 0
    }

    /// Whether this writer decides nothing more, because an entry of it may not be in the log.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Index of the last entry that this writer saw committed.
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// Decides nothing more; whoever waits hears that the outcome isn't known.
    pub fn stop(&mut self) {
        self.stopped = true;
        self.waiting.clear();
    }

    /// What became of a proposal: the index at which it was committed, or `None` when that isn't known.
    pub fn settled(&mut self, number: u64, index: Option<u64>) {
        self.in_flight -= 1;
        match index {
            Some(index) => {
                for layer in &mut self.layers {
                    if layer.number == number {
                        layer.index = Some(index);
                    }
                }
            }
            None => {
                // What stands on an entry that may not be there must not be spoken. The log is closed or the office is
                // lost: this writer decides nothing more.
                for layer in self.layers.drain(..) {
                    self.parts.state.folded.forget((self.parts.session, layer.number));
                }
                self.stop();
            }
        }
    }

    /// Lets go of the layers that are in the state by now.
    fn let_go(&mut self) {
        let applied = self.applied.index();
        while self.layers.front().is_some_and(|layer| layer.index.is_some_and(|index| index <= applied)) {
            if let Some(layer) = self.layers.pop_front() {
                self.hot.settle(&layer.batch);
            }
        }
    }

    /// Decides what waits, at most 256 requests, as one log entry. `None` when all of it was answered at once, or when
    /// none [may be formed](Self::may_form).
    pub fn form(&mut self) -> Option<Proposal> {
        if !self.may_form() {
            return None;
        }
        self.let_go();
        let at = (self.parts.clock)().max(self.last_at);
        #[cfg(feature = "deliberate-bugs")]
        let at = if tongban_codes::deliberate::is_in(tongban_codes::deliberate::Bug::TimeBackward) {
            (self.parts.clock)()
        } else {
            at
        };
        let mut whole = WriteBatch::new();
        let mut drafts: Vec<Draft> = Vec::new();
        for _ in 0..BATCH_REQUESTS_MAX {
            let Some((request, reply, permit)) = self.waiting.pop_front() else { break };
            let line = request.line();
            match self.decide(request, at, &mut whole) {
                Ok(Decided::Change(proto)) => {
                    let Proto { decision, documents, envelopes, receipt, answer } = *proto;
                    let answer = answer.unwrap_or_else(|| Answer::Json(decision.reply.clone()));
                    let answer = Ok(answer);
                    drafts.push(Draft { decision, documents, envelopes, receipt, answer, reply, permit });
                }
                // It stands on what earlier entries of this writer hold, which may still be in flight: it is answered with the
                // newest of them, so it rides along as an empty decision.
                Ok(Decided::Known(answer)) => {
                    if self.layers.iter().all(|layer| layer.index.is_some()) && drafts.is_empty() {
                        let _heard = reply.send(Ok(Committed::new(answer, self.committed.load(Ordering::Acquire))));
                    } else {
                        drafts.push(Draft::empty(Ok(answer), reply, permit));
                    }
                }
                // A refusal speaks of the same facts and waits for them likewise.
                Err(refused) => {
                    if self.layers.iter().all(|layer| layer.index.is_some()) && drafts.is_empty() {
                        let _heard = reply.send(Err(refused));
                    } else {
                        drafts.push(Draft::empty(Err(refused), reply, permit));
                    }
                }
            }
            if let Some((origin, epoch)) = line {
                self.take_next_of(origin, epoch, &whole);
            }
        }
        if let Err(error) = self.fold_journals(&drafts, &mut whole) {
            self.refuse(drafts, &error.into());
            return None;
        }
        let checkpoints = match self.checkpoints(at, &whole) {
            Ok(checkpoints) => checkpoints,
            Err(error) => {
                tracing::error!(%error, "a checkpoint can't be sealed");
                Vec::new()
            }
        };
        if drafts.is_empty() && checkpoints.is_empty() {
            return None;
        }
        if let Err(refused) = self.seal(&mut drafts, &mut whole) {
            self.refuse(drafts, &refused);
            return None;
        }
        fold_tail(at, &checkpoints, &mut whole);
        self.last_at = at;
        Some(self.proposal(at, drafts, checkpoints, whole))
    }

    /// Takes up the early envelope, if one waits, whose turn has come with what was just decided of its line.
    fn take_next_of(&mut self, origin: NodeId, epoch: u32, whole: &WriteBatch) {
        let mut layers: Vec<&WriteBatch> = self.layers.iter().map(|layer| &*layer.batch).collect();
        layers.push(whole);
        // A state that can't be read fails the next decision by itself.
        let Ok(high) = delivery::HIGH_WATER.load(&View::new(&self.hot, layers), &(origin, epoch)) else { return };
        if let Some((envelope, sealed, place)) = self.inbox.decided(origin, epoch, high.unwrap_or(0)) {
            // Whoever brought it has been told that it was early, and will ask again.
            let (reply, _nobody) = oneshot::channel();
            let request = Request::Deliver { sealed, envelope: Box::new(envelope), place };
            self.waiting.push_front((request, reply, None));
        }
    }

    /// Nothing of a batch stands.
    fn refuse(&mut self, drafts: Vec<Draft>, refused: &Refused) {
        self.inbox.forget();
        self.heads.forget();
        for draft in drafts {
            let _heard = draft.reply.send(Err(refused.clone()));
        }
    }

    fn fold_journals(&self, drafts: &[Draft], whole: &mut WriteBatch) -> Result<(), StorageError> {
        let layers = self.layers.iter().map(|layer| &*layer.batch).collect();
        let decisions = drafts.iter().map(|draft| &draft.decision);
        fold_journals(&decisions, self.parts.node.node, &View::new(&self.hot, layers), whole)
    }

    fn proposal(
        &mut self,
        at: Timestamp,
        drafts: Vec<Draft>,
        checkpoints: Vec<Checkpointed>,
        whole: WriteBatch,
    ) -> Proposal {
        self.number += 1;
        let number = self.number;
        let mut answers = Vec::with_capacity(drafts.len());
        let mut decisions = Vec::with_capacity(drafts.len());
        let mut sends = false;
        for draft in drafts {
            sends |= !draft.decision.outbox.is_empty();
            decisions.push(draft.decision);
            answers.push((draft.answer, draft.reply, draft.permit));
        }
        let entry = LogEntry { at, decisions, checkpoints };
        let bytes: Arc<[u8]> = encode(self.parts.session, number, &entry).into();
        let batch = Arc::new(whole);
        self.parts.state.folded.insert(self.parts.session, number, Arc::clone(&batch));
        self.layers.push_back(Layer { number, index: None, batch });
        self.in_flight += 1;
        #[cfg(feature = "deliberate-bugs")]
        let answers = deliberate::spoken_early(answers, self.committed() + self.in_flight as u64);
        Proposal { number, bytes, sends, answers, committed: Arc::clone(&self.committed) }
    }

    fn decide(&mut self, request: Request, at: Timestamp, whole: &mut WriteBatch) -> Result<Decided, Refused> {
        let mut layers: Vec<&WriteBatch> = self.layers.iter().map(|layer| &*layer.batch).collect();
        #[cfg(feature = "deliberate-bugs")]
        if tongban_codes::deliberate::is_in(tongban_codes::deliberate::Bug::OverlayOff) {
            layers.clear();
        }
        layers.push(whole);
        let view = View::new(&self.hot, layers);
        let (window, receiver) = (&mut self.window, &mut self.inbox);
        let (parts, places, heads) = (&mut self.parts, &self.places, &self.heads);
        let passed_over = &self.passed_over;
        let mut decider = Decider { parts, places, view: &view, at, window, heads, passed_over, receiver };
        let decided = decider.request(request)?;
        if let Some(fault) = decider.parts.desk.fault() {
            return Err(Refused::fault(fault));
        }
        let Decided::Change(proto) = decided else { return Ok(decided) };
        let mut part = WriteBatch::new();
        fold_decided(&proto.decision, at, &view, &mut part, &*self.parts.blobs)?;
        // Sequences and inbox marks are decided facts too, though their bytes are sealed later.
        for envelope in &proto.envelopes {
            meta::SEQUENCE.put(&mut part, &envelope.destination, &envelope.sequence);
        }
        for event in &proto.decision.exchange {
            arrivals::fold_sealed(event, &mut Overlay::new(&view, &mut part))?;
            self.inbox.may_park |= matches!(event, ExchangeEvent::Arrived { quarantined: Some(_), .. });
        }
        for event in &proto.decision.exchange {
            if let ExchangeEvent::Node(row) = event {
                self.parts.node.label = row.label;
                self.parts.node.name.clone_from(&row.name);
            }
        }
        drop(view);
        self.window.take(&proto.decision);
        self.heads.learn(&part);
        whole.merge_from(part);
        Ok(Decided::Change(proto))
    }
}
