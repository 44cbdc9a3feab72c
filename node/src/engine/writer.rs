//! The writer: takes what waits, decides it on the overlay, seals it, proposes one entry, and answers at commit.

mod decider;
mod delivered;
mod handle;
mod hot;
mod receiver;
mod request;
mod sealing;

pub use handle::Handle;
pub use receiver::Early;
pub use request::{Answer, Custom, Key, Outside, Refused, Request};

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tongban_codes::calendar::Calendar;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;
use tongban_domain::{Document, NodeFacts, Place};
use tongban_federation::{Envelope, Receipt};
use tongban_seal::SignedNote;
use tongban_storage::keyspace::{Bytes, View, delivery, meta};
use tongban_storage::{StorageError, WriteBatch};

use decider::{Decided, Decider, Proto};
use handle::{Message, Reply};
use hot::Hot;
use receiver::Receiver;

use super::apply::{Applied, Applier};
use super::arrivals;
use super::committed::Committed;
use super::desk::LeaderDesk;
use super::entry::{Checkpointed, Decision, ExchangeEvent, LogEntry, encode};
use super::fold::{Blobs, fold_decided, fold_tail};
use super::records::{ACTS, STANDARDS};
use crate::raft::OrderedLog;

/// Entries in flight: while one commits, the next is decided; more than two gained nothing when measured (`docs/measurements.md`).
const IN_FLIGHT_MAX: usize = 2;

/// Requests in one entry.
const BATCH_REQUESTS_MAX: usize = 256;

/// Requests that may wait for the writer; whoever comes later waits for room.
const WAITING_MAX: usize = 4096;

/// What a writer works with.
pub struct WriterParts {
    /// The log.
    pub log: Arc<dyn OrderedLog>,
    /// The applier behind it.
    pub applier: Arc<Applier>,
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
    /// The runtime that carries proposals.
    pub runtime: tokio::runtime::Handle,
}

struct Layer {
    number: u64,
    index: Option<u64>,
    batch: Arc<WriteBatch>,
}

/// The one decider of a leader.
pub struct Writer {
    parts: WriterParts,
    receiver: mpsc::UnboundedReceiver<Message>,
    sender: mpsc::UnboundedSender<Message>,
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
    places: Arc<BTreeMap<DivisionCode, Place>>,
    stopping: bool,
    outbox: watch::Sender<u64>,
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
    /// Starts the writer's thread on a log whose recovery has been applied.
    ///
    /// # Errors
    ///
    /// When the state can't be read or the thread can't be started.
    pub fn start(
        parts: WriterParts,
    ) -> Result<(Handle, watch::Receiver<u64>, std::thread::JoinHandle<()>), StorageError> {
        let state = parts.applier.backend();
        let last_at = meta::EFFECTIVE.load(&**state, &())?.unwrap_or(Timestamp::from_millis(0));
        let mut checkpointed = [(Timestamp::from_millis(0), 0); 2];
        for (journal, known) in [ACTS, STANDARDS].into_iter().zip(&mut checkpointed) {
            if let Some(Bytes(note)) = meta::CHECKPOINT.load(&**state, &journal)? {
                let size = SignedNote::parse(&note).map(|note| note.claimed().size).unwrap_or(0);
                *known = (last_at, size);
            }
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        let (outbox, outbox_changed) = watch::channel(0);
        let applied = parts.applier.applied();
        let committed = Arc::new(AtomicU64::new(applied.index()));
        let room = Arc::new(Semaphore::new(WAITING_MAX));
        let inbox = Receiver::new(parts.node.node, &**state)?;
        let handle = Handle {
            sender: sender.clone(),
            room,
            committed: Arc::clone(&committed),
            applied: applied.clone(),
            early: inbox.view(),
        };
        let mut writer = Writer {
            hot: Hot::new(Arc::clone(parts.applier.backend())),
            parts,
            receiver,
            inbox,
            sender,
            committed,
            applied,
            waiting: VecDeque::new(),
            layers: VecDeque::new(),
            in_flight: 0,
            number: 0,
            last_at,
            checkpointed,
            places: Arc::default(),
            stopping: false,
            outbox,
        };
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| StorageError::Damaged { path: "writer".into(), detail: error.to_string() })?;
        Ok((handle, outbox_changed, thread))
    }

    fn run(&mut self) {
        loop {
            while self.waiting.is_empty() || self.in_flight == IN_FLIGHT_MAX {
                if self.stopping && self.in_flight == 0 {
                    return;
                }
                match self.receiver.blocking_recv() {
                    Some(message) => self.take(message),
                    None => return,
                }
            }
            while let Ok(message) = self.receiver.try_recv() {
                self.take(message);
            }
            if self.stopping {
                self.waiting.clear();
                continue;
            }
            if self.in_flight < IN_FLIGHT_MAX && !self.waiting.is_empty() {
                self.form();
            }
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Request(request, reply, permit) => self.waiting.push_back((request, reply, Some(permit))),
            Message::Places(places) => self.places = places,
            Message::Stop => self.stopping = true,
            Message::Settled { number, index } => {
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
                            self.parts.applier.folded.forget((self.parts.session, layer.number));
                        }
                        self.stopping = true;
                    }
                }
            }
        }
        let applied = self.applied.index();
        while self.layers.front().is_some_and(|layer| layer.index.is_some_and(|index| index <= applied)) {
            if let Some(layer) = self.layers.pop_front() {
                self.hot.settle(&layer.batch);
            }
        }
    }

    /// Decides a batch and proposes it.
    fn form(&mut self) {
        let at = (self.parts.clock)().max(self.last_at);
        let mut whole = WriteBatch::new();
        let mut drafts: Vec<Draft> = Vec::new();
        for _ in 0..BATCH_REQUESTS_MAX {
            let Some((request, reply, permit)) = self.waiting.pop_front() else { break };
            let line = request.line();
            match self.decide(request, at, &mut whole, drafts.len()) {
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
        let checkpoints = match self.checkpoints(at, &whole) {
            Ok(checkpoints) => checkpoints,
            Err(error) => {
                tracing::error!(%error, "a checkpoint can't be sealed");
                Vec::new()
            }
        };
        if drafts.is_empty() && checkpoints.is_empty() {
            return;
        }
        if let Err(refused) = self.seal(&mut drafts, at, &mut whole) {
            self.inbox.forget();
            for draft in drafts {
                let _heard = draft.reply.send(Err(refused.clone()));
            }
            return;
        }
        fold_tail(at, &checkpoints, &mut whole);
        self.last_at = at;
        self.propose(at, drafts, checkpoints, whole);
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

    fn propose(&mut self, at: Timestamp, drafts: Vec<Draft>, checkpoints: Vec<Checkpointed>, whole: WriteBatch) {
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
        self.parts.applier.folded.insert(self.parts.session, number, Arc::clone(&batch));
        self.layers.push_back(Layer { number, index: None, batch });
        self.in_flight += 1;
        let proposal = self.parts.log.propose(bytes);
        let (sender, committed) = (self.sender.clone(), Arc::clone(&self.committed));
        let (outbox, mut applied) = (self.outbox.clone(), self.applied.clone());
        self.parts.runtime.spawn(async move {
            match proposal.await {
                Ok(index) => {
                    committed.fetch_max(index, Ordering::AcqRel);
                    for (answer, reply, permit) in answers {
                        let _heard = reply.send(answer.map(|answer| Committed::new(answer, index)));
                        drop(permit);
                    }
                    let _sent = sender.send(Message::Settled { number, index: Some(index) });
                    if sends && applied.reached(index).await {
                        outbox.send_modify(|seen| *seen = (*seen).max(index));
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the log did not take an entry");
                    for (_, reply, _) in answers {
                        let _heard = reply.send(Err(Refused::Unknown));
                    }
                    let _sent = sender.send(Message::Settled { number, index: None });
                }
            }
        });
    }

    fn decide(
        &mut self,
        request: Request,
        at: Timestamp,
        whole: &mut WriteBatch,
        _place: usize,
    ) -> Result<Decided, Refused> {
        let mut layers: Vec<&WriteBatch> = self.layers.iter().map(|layer| &*layer.batch).collect();
        layers.push(whole);
        let view = View::new(&self.hot, layers);
        let mut decider =
            Decider { parts: &mut self.parts, places: &self.places, view: &view, at, receiver: &mut self.inbox };
        let decided = decider.request(request)?;
        if let Some(fault) = decider.parts.desk.fault() {
            return Err(Refused::fault(fault));
        }
        let Decided::Change(proto) = decided else { return Ok(decided) };
        let mut part = WriteBatch::new();
        let me = self.parts.node.node;
        fold_decided(&proto.decision, me, at, &view, &mut part, &*self.parts.blobs)?;
        // Sequences and inbox marks are decided facts too, though their bytes are sealed later.
        for envelope in &proto.envelopes {
            meta::SEQUENCE.put(&mut part, &envelope.destination, &envelope.sequence);
        }
        for event in &proto.decision.exchange {
            arrivals::fold_sealed(event, at, &view, &mut part)?;
            self.inbox.may_park |= matches!(event, ExchangeEvent::Arrived { quarantined: Some(_), .. });
        }
        if let Some((key, request)) = &proto.decision.key {
            let outcome = delivery::Outcome { request: *request, reply: proto.decision.reply.clone(), at };
            delivery::IDEMPOTENCY.put(&mut part, key, &outcome);
        }
        for event in &proto.decision.exchange {
            if let ExchangeEvent::Node(row) = event {
                self.parts.node.label = row.label;
                self.parts.node.name.clone_from(&row.name);
            }
        }
        drop(view);
        whole.merge_from(part);
        Ok(Decided::Change(proto))
    }
}
