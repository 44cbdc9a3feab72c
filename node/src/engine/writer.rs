//! The writer: takes what waits, decides it on the overlay, seals it, proposes one entry, and answers at commit.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use tokio::sync::{Semaphore, OwnedSemaphorePermit, mpsc, oneshot, watch};
use tongban_codes::calendar::Calendar;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::Digest;
use tongban_codes::time::Timestamp;
use tongban_domain::{Actor, Change, Command, Document, Event, Facts, NodeFacts, Place, Rejection, Sealer, decide};
use tongban_federation::{Body, Envelope, Outcome, Receipt, Sealed, Subject};
use tongban_journal::{Checkpoint, JournalKind};
use tongban_seal::{SignedNote, Statement, batch, content_type};
use tongban_storage::keyspace::{Bytes, View, delivery, meta};
use tongban_storage::{Read, StateFacts, StorageError, WriteBatch};

use super::apply::{Applied, Applier};
use super::committed::Committed;
use super::desk::LeaderDesk;
use super::entry::{Checkpointed, Decision, ExchangeEvent, LogEntry, Outgoing, SealedDocument, encode};
use super::fold::{Blobs, fold_decided, fold_sealed, fold_tail, frontier};
use super::records::{ACTS, STANDARDS, record};
use crate::api::v1::Problem;
use crate::exchange::translate;
use crate::raft::OrderedLog;

/// Entries in flight: while one commits, the next is decided; more than two gained nothing when measured (`docs/measurements.md`).
const IN_FLIGHT_MAX: usize = 2;

/// Requests in one entry.
const BATCH_REQUESTS_MAX: usize = 256;

/// Requests that may wait for the writer; whoever comes later waits for room.
const WAITING_MAX: usize = 4096;

/// Milliseconds between two sealed checkpoints of a journal.
const CHECKPOINT_MILLIS: i64 = 1_000;

/// Days for which an idempotency key is kept (design §5).
const KEY_DAYS: i64 = 7;

/// Old idempotency keys dropped in one tick.
const FORGET_MAX: usize = 512;

/// An idempotency key with what it was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Hash of actor and key.
    pub key: Digest,
    /// Hash of the request.
    pub request: Digest,
}

/// What a custom request decided.
#[derive(Debug, Default)]
pub struct Outside {
    /// Domain events.
    pub events: Vec<Event>,
    /// Exchange events.
    pub exchange: Vec<ExchangeEvent>,
    /// The reply.
    pub reply: Value,
}

/// Decides on the state by itself, for what is not a matter of the domain: joining, records, slices.
pub type Custom = Box<dyn FnOnce(&dyn Read, Timestamp, &mut LeaderDesk) -> Result<Outside, Refused> + Send>;

/// What the writer is asked for.
pub enum Request {
    /// An operator's command.
    Act {
        /// Who.
        actor: Actor,
        /// What.
        command: Box<Command>,
        /// Idempotency key.
        key: Option<Key>,
    },
    /// An envelope for this node came in.
    Deliver {
        /// As received.
        sealed: Sealed,
        /// Opened.
        envelope: Box<Envelope>,
        /// The origin and its division.
        place: Place,
    },
    /// A verified receipt for an envelope of this node came in.
    Receipted {
        /// As received.
        sealed: Sealed,
        /// Opened.
        receipt: Box<Receipt>,
        /// The receiver and its division.
        place: Place,
    },
    /// Something of the exchange.
    Custom(Custom),
    /// The clock.
    Tick,
}

/// What the writer answers, once it is committed.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// JSON of the reply.
    Json(Vec<u8>),
    /// The sealed receipt of a delivered envelope and the inbox's high water after it.
    Receipt(Sealed, u64),
    /// The envelope can't be taken yet: one before it is missing.
    NotYet,
    /// The same id came with another digest: a fork of the origin's history.
    Fork,
    /// Done.
    Done,
}

/// Why nothing was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Lawful refusal.
    Rejection(Box<Rejection>),
    /// Another refusal with a code.
    Problem(Box<Problem>),
    /// The outcome is not known: the entry may be committed, now or later, or not.
    Unknown,
    /// The node stops.
    Stopped,
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self::Rejection(Box::new(rejection))
    }
}

impl Refused {
    /// A refusal with a code and texts.
    #[must_use]
    pub fn problem(code: &str, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self::Problem(Box::new(Problem { code: code.to_owned(), en: en.into(), zh: zh.into(), ..Problem::default() }))
    }

    fn fault(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a decision failed");
        Self::problem("internal-fault", format!("the node could not decide: {error}"), format!("节点内部错误：{error}"))
    }
}

impl From<StorageError> for Refused {
    fn from(error: StorageError) -> Self {
        Self::fault(error)
    }
}

type Reply = oneshot::Sender<Result<Committed<Answer>, Refused>>;

enum Message {
    Request(Request, Reply, OwnedSemaphorePermit),
    Settled { number: u64, index: Option<u64> },
    Places(Arc<BTreeMap<DivisionCode, Place>>),
    Stop,
}

/// Reaches the writer.
#[derive(Clone)]
pub struct Handle {
    sender: mpsc::UnboundedSender<Message>,
    room: Arc<Semaphore>,
    committed: Arc<AtomicU64>,
    applied: Applied,
}

impl Handle {
    /// Submits a request; the answer comes when it is committed.
    ///
    /// # Errors
    ///
    /// [`Refused`]; after [`Refused::Unknown`] the same request with the same key tells.
    pub async fn submit(&self, request: Request) -> Result<Committed<Answer>, Refused> {
        let permit = Arc::clone(&self.room).acquire_owned().await.map_err(|_| Refused::Stopped)?;
        let (reply, answer) = oneshot::channel();
        self.sender.send(Message::Request(request, reply, permit)).map_err(|_| Refused::Stopped)?;
        answer.await.map_err(|_| Refused::Unknown)?
    }

    /// Submits at once, in the order of the calls; `None` when there is no room, and the caller tries again later.
    pub fn submit_now(&self, request: Request) -> Option<oneshot::Receiver<Result<Committed<Answer>, Refused>>> {
        let permit = Arc::clone(&self.room).try_acquire_owned().ok()?;
        let (reply, answer) = oneshot::channel();
        self.sender.send(Message::Request(request, reply, permit)).ok()?;
        Some(answer)
    }

    /// Waits until everything that is committed now is applied, so that a read sees it.
    pub async fn fresh(&self) -> bool {
        let mut applied = self.applied.clone();
        applied.reached(self.committed.load(Ordering::Acquire)).await
    }

    /// Index of the last entry that this writer saw committed.
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// Index of the last applied entry.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.applied.index()
    }

    /// Tells the writer which node serves which division.
    pub fn places(&self, places: Arc<BTreeMap<DivisionCode, Place>>) {
        // A writer that has stopped needs no places.
        let _sent = self.sender.send(Message::Places(places));
    }

    /// Asks the writer to stop after what it has in hand.
    pub fn stop(&self) {
        let _sent = self.sender.send(Message::Stop);
    }
}

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
    waiting: VecDeque<(Request, Reply, OwnedSemaphorePermit)>,
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
    answer: Answer,
    reply: Reply,
    permit: OwnedSemaphorePermit,
}

/// What one request came to.
enum Decided {
    /// Something to commit.
    Change(Box<Proto>),
    /// Nothing to commit: the answer stands on what is committed already.
    Known(Answer),
}

#[derive(Default)]
struct Proto {
    decision: Decision,
    documents: Vec<Document>,
    envelopes: Vec<Envelope>,
    receipt: Option<Receipt>,
    answer: Option<Answer>,
}

impl Writer {
    /// Starts the writer's thread on a log whose recovery has been applied.
    ///
    /// # Errors
    ///
    /// When the state can't be read or the thread can't be started.
    pub fn start(parts: WriterParts) -> Result<(Handle, watch::Receiver<u64>, std::thread::JoinHandle<()>), StorageError> {
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
        let handle = Handle { sender: sender.clone(), room, committed: Arc::clone(&committed), applied: applied.clone() };
        let mut writer = Writer {
            parts,
            receiver,
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
            Message::Request(request, reply, permit) => self.waiting.push_back((request, reply, permit)),
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
            self.layers.pop_front();
        }
    }

    /// Decides a batch and proposes it.
    fn form(&mut self) {
        let at = (self.parts.clock)().max(self.last_at);
        let mut whole = WriteBatch::new();
        let mut drafts: Vec<Draft> = Vec::new();
        for _ in 0..BATCH_REQUESTS_MAX {
            let Some((request, reply, permit)) = self.waiting.pop_front() else { break };
            match self.decide(request, at, &mut whole, drafts.len()) {
                Ok(Decided::Change(proto)) => {
                    let Proto { decision, documents, envelopes, receipt, answer } = *proto;
                    let answer = answer.unwrap_or_else(|| Answer::Json(decision.reply.clone()));
                    drafts.push(Draft { decision, documents, envelopes, receipt, answer, reply, permit });
                }
                // It stands on what earlier entries of this writer hold, which may still be in flight: it is answered with the
                // newest of them, so it rides along as an empty decision.
                Ok(Decided::Known(answer)) => {
                    if self.layers.iter().all(|layer| layer.index.is_some()) && drafts.is_empty() {
                        let _heard = reply.send(Ok(Committed::new(answer, self.committed.load(Ordering::Acquire))));
                    } else {
                        let decision = Decision::default();
                        drafts.push(Draft {
                            decision,
                            documents: Vec::new(),
                            envelopes: Vec::new(),
                            receipt: None,
                            answer,
                            reply,
                            permit,
                        });
                    }
                }
                Err(refused) => {
                    let _heard = reply.send(Err(refused));
                }
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
            for draft in drafts {
                let _heard = draft.reply.send(Err(refused.clone()));
            }
            return;
        }
        fold_tail(at, &checkpoints, &mut whole);
        self.last_at = at;
        self.propose(at, drafts, checkpoints, whole);
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
                        let _heard = reply.send(Ok(Committed::new(answer, index)));
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

    fn decide(&mut self, request: Request, at: Timestamp, whole: &mut WriteBatch, _place: usize) -> Result<Decided, Refused> {
        let backend = Arc::clone(self.parts.applier.backend());
        let mut layers: Vec<&WriteBatch> = self.layers.iter().map(|layer| &*layer.batch).collect();
        layers.push(whole);
        let view = View::new(&*backend, layers);
        let mut decider = Decider { parts: &mut self.parts, places: &self.places, view: &view, at };
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
        if let Some(receipt) = &proto.receipt {
            delivery::HIGH_WATER.put(&mut part, &(receipt.origin, receipt.epoch), &receipt.sequence);
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

    /// Seals what the drafts say: the node's statements under one seal, each authority's documents under one of its own.
    fn seal(&mut self, drafts: &mut [Draft], at: Timestamp, whole: &mut WriteBatch) -> Result<(), Refused> {
        let mut statements: Vec<(&str, Vec<u8>)> = Vec::new();
        let mut by_authority: BTreeMap<_, Vec<(usize, usize)>> = BTreeMap::new();
        for (number, draft) in drafts.iter().enumerate() {
            for envelope in &draft.envelopes {
                statements.push((content_type::ENVELOPE, envelope.to_bytes()));
            }
            if let Some(receipt) = &draft.receipt {
                statements.push((content_type::RECEIPT, receipt.to_bytes()));
            }
            for (place, document) in draft.documents.iter().enumerate() {
                match document.sealer {
                    Sealer::Node => statements.push((document.content_type, document.payload.clone())),
                    Sealer::Authority(authority) => by_authority.entry(authority).or_default().push((number, place)),
                }
            }
        }
        let borrowed: Vec<Statement<'_>> =
            statements.iter().map(|(content_type, bytes)| Statement { content_type, bytes }).collect();
        let signer = self.parts.desk.node_signer();
        let mut sealed = batch::seal(&*signer, &borrowed).map_err(Refused::fault)?.into_iter();
        let mut next = || sealed.next().ok_or_else(|| Refused::fault("a statement was not sealed"));
        for draft in drafts.iter_mut() {
            for envelope in &draft.envelopes {
                draft.decision.outbox.push(Outgoing {
                    destination: envelope.destination,
                    epoch: envelope.epoch,
                    sequence: envelope.sequence,
                    sealed: next()?,
                });
            }
            if draft.receipt.is_some() {
                let bytes = next()?;
                for event in &mut draft.decision.exchange {
                    if let ExchangeEvent::Arrived { receipt, .. } = event {
                        receipt.clone_from(&bytes);
                    }
                }
                if let Answer::Receipt(sealed, _) = &mut draft.answer {
                    *sealed = Sealed::new(bytes);
                }
            }
            for document in &draft.documents {
                if document.sealer == Sealer::Node {
                    draft.decision.documents.push(sealed_document(document, next()?));
                }
            }
        }
        for (authority, places) in by_authority {
            let documents: Vec<&Document> =
                places.iter().map(|(number, place)| &drafts[*number].documents[*place]).collect();
            let sealed = self.parts.desk.seal_documents(&authority, &documents);
            let Some(sealed) = sealed else {
                return Err(Refused::fault(self.parts.desk.fault().unwrap_or_default()));
            };
            for ((number, place), bytes) in places.into_iter().zip(sealed) {
                let document = sealed_document(&drafts[number].documents[place], bytes);
                drafts[number].decision.documents.push(document);
            }
        }
        let backend = Arc::clone(self.parts.applier.backend());
        for draft in drafts.iter() {
            let mut layers: Vec<&WriteBatch> = self.layers.iter().map(|layer| &*layer.batch).collect();
            layers.push(whole);
            let mut part = WriteBatch::new();
            fold_sealed(&draft.decision, at, &View::new(&*backend, layers), &mut part)?;
            whole.merge_from(part);
        }
        Ok(())
    }

    /// Seals a checkpoint of each journal that has grown, at most one a second.
    fn checkpoints(&mut self, at: Timestamp, whole: &WriteBatch) -> Result<Vec<Checkpointed>, StorageError> {
        let mut sealed = Vec::new();
        let backend = Arc::clone(self.parts.applier.backend());
        for (place, journal) in [ACTS, STANDARDS].into_iter().enumerate() {
            let (last, size) = self.checkpointed[place];
            if at.millis_since(last) < CHECKPOINT_MILLIS {
                continue;
            }
            let mut layers: Vec<&WriteBatch> = self.layers.iter().map(|layer| &*layer.batch).collect();
            layers.push(whole);
            let frontier = frontier(&View::new(&*backend, layers), journal)?;
            if frontier.size() == size {
                continue;
            }
            let checkpoint = Checkpoint {
                origin: self.parts.node.node,
                journal: if journal == ACTS { JournalKind::Acts } else { JournalKind::Standards },
                epoch: self.parts.epoch,
                size: frontier.size(),
                root: frontier.root(),
            };
            let signer = self.parts.desk.node_signer();
            let note = SignedNote::sign(&checkpoint, &*signer)
                .map_err(|error| StorageError::Damaged { path: "checkpoint".into(), detail: error.to_string() })?;
            self.checkpointed[place] = (at, frontier.size());
            sealed.push(Checkpointed { journal, note: note.to_bytes() });
        }
        Ok(sealed)
    }
}

fn sealed_document(document: &Document, sealed: Vec<u8>) -> SealedDocument {
    SealedDocument { case: document.case, act: document.act, content_type: document.content_type.to_owned(), sealed }
}

/// Decides one request on a view.
struct Decider<'a> {
    parts: &'a mut WriterParts,
    places: &'a BTreeMap<DivisionCode, Place>,
    view: &'a View<'a>,
    at: Timestamp,
}

impl Decider<'_> {
    fn request(&mut self, request: Request) -> Result<Decided, Refused> {
        match request {
            Request::Act { actor, command, key } => self.act(&actor, &command, key),
            Request::Deliver { sealed, envelope, place } => self.deliver(&sealed, &envelope, place),
            Request::Receipted { sealed, receipt, place } => self.receipted(&sealed, &receipt, place),
            Request::Tick => self.tick(),
            Request::Custom(custom) => {
                let outside = custom(self.view, self.at, &mut self.parts.desk)?;
                let reply = serde_json::to_vec(&outside.reply).map_err(Refused::fault)?;
                if outside.events.is_empty() && outside.exchange.is_empty() {
                    return Ok(Decided::Known(Answer::Json(reply)));
                }
                let mut proto = Proto::default();
                self.events(&mut proto, outside.events);
                proto.decision.exchange.extend(outside.exchange);
                proto.decision.reply = reply;
                Ok(Decided::Change(Box::new(proto)))
            }
        }
    }

    fn domain(&mut self, actor: &Actor, command: &Command) -> Result<Change, Refused> {
        let facts = StateFacts::new(self.view, &self.parts.node, self.parts.calendar, self.places);
        let decided = decide(&facts as &dyn Facts, &mut self.parts.desk, actor, command, self.at);
        match facts.fault() {
            Some(error) => Err(error.into()),
            None => decided.map_err(Refused::from),
        }
    }

    fn act(&mut self, actor: &Actor, command: &Command, key: Option<Key>) -> Result<Decided, Refused> {
        if let Some(key) = key
            && let Some(known) = delivery::IDEMPOTENCY.load(self.view, &key.key)?
        {
            return if known.request == key.request {
                Ok(Decided::Known(Answer::Json(known.reply)))
            } else {
                Err(Refused::problem(
                    "idempotency-key-reused",
                    "this idempotency key was used for another request",
                    "该幂等键已用于另一请求",
                ))
            };
        }
        let change = self.domain(actor, command)?;
        let mut proto = self.proto(change)?;
        if proto.decision.events.is_empty() {
            return Ok(Decided::Known(Answer::Json(proto.decision.reply)));
        }
        proto.decision.key = key.map(|key| (key.key, key.request));
        Ok(Decided::Change(Box::new(proto)))
    }

    /// A change as it goes into the log: events with their journal records, notices as numbered envelopes.
    fn proto(&mut self, change: Change) -> Result<Proto, Refused> {
        let mut proto = Proto::default();
        proto.decision.reply = serde_json::to_vec(&change.reply).map_err(Refused::fault)?;
        let mut sequences: BTreeMap<_, u64> = BTreeMap::new();
        for notice in &change.notices {
            let last = match sequences.get(&notice.to) {
                Some(last) => *last,
                None => meta::SEQUENCE.load(self.view, &notice.to)?.unwrap_or(0),
            };
            sequences.insert(notice.to, last + 1);
            let (kind, version, body) = translate::outbound(&notice.body);
            proto.envelopes.push(Envelope {
                origin: self.parts.node.node,
                epoch: self.parts.epoch,
                destination: notice.to,
                sequence: last + 1,
                subject: Subject::from(notice.case),
                act_number: notice.act,
                kind,
                version,
                body: Body::Plain(body),
            });
        }
        self.events(&mut proto, change.events);
        proto.documents = change.documents;
        Ok(proto)
    }

    fn events(&mut self, proto: &mut Proto, events: Vec<Event>) {
        let me = self.parts.node.node;
        let desk = &mut self.parts.desk;
        for event in &events {
            let mut fill = |bytes: &mut [u8]| tongban_domain::Desk::fill(desk, bytes);
            proto.decision.journal.extend(record(event, me, self.at, &mut fill));
            if let Event::Authority(authority) = event
                && let Some(event) = translate::authority_record(authority, me, self.at, &*desk.node_signer())
            {
                proto.decision.exchange.push(event);
            }
        }
        proto.decision.events.extend(events);
    }

    fn deliver(&mut self, sealed: &Sealed, envelope: &Envelope, place: Place) -> Result<Decided, Refused> {
        let (id, digest) = (envelope.id().0, envelope.digest());
        let flow = (envelope.origin, envelope.epoch);
        let high = delivery::HIGH_WATER.load(self.view, &flow)?.unwrap_or(0);
        if let Some(known) = delivery::INBOX_BY_ID.load(self.view, &id)? {
            return Ok(Decided::Known(if known.digest == digest {
                Answer::Receipt(Sealed::new(known.receipt), high)
            } else {
                Answer::Fork
            }));
        }
        if envelope.sequence != high + 1 {
            return Ok(Decided::Known(Answer::NotYet));
        }
        let mut quarantined = None;
        let (mut proto, outcome) = match translate::inbound(envelope, place) {
            Err(code) => {
                quarantined = Some(sealed.as_bytes().to_vec());
                (Proto::default(), Outcome::Quarantined { code: code.to_owned() })
            }
            Ok(command) => match self.domain(&Actor::system(), &command) {
                Ok(change) => {
                    let detail = change.reply.clone();
                    let proto = self.proto(change)?;
                    (proto, Outcome::Applied { detail: translate::detail(&detail) })
                }
                Err(Refused::Rejection(rejection)) => {
                    let outcome = Outcome::Refused { code: rejection.code.to_owned(), text: rejection.zh.clone().into() };
                    (Proto::default(), outcome)
                }
                Err(other) => return Err(other),
            },
        };
        proto.decision.exchange.push(ExchangeEvent::Arrived {
            origin: envelope.origin,
            epoch: envelope.epoch,
            sequence: envelope.sequence,
            id,
            digest,
            receipt: Vec::new(),
            quarantined,
        });
        proto.receipt = Some(Receipt::of(envelope, outcome, self.at));
        proto.answer = Some(Answer::Receipt(Sealed::new(Vec::new()), envelope.sequence));
        Ok(Decided::Change(Box::new(proto)))
    }

    fn receipted(&mut self, sealed: &Sealed, receipt: &Receipt, place: Place) -> Result<Decided, Refused> {
        let key = (receipt.receiver, receipt.epoch, receipt.sequence);
        let Some(Bytes(outgoing)) = delivery::OUTBOX.load(self.view, &key)? else {
            return Ok(Decided::Known(Answer::Done));
        };
        let signer = self.parts.desk.node_signer();
        let own = |id: &tongban_seal::KeyId| (*id == signer.key_id()).then(|| signer.public_key());
        let opened = batch::open(&outgoing, content_type::ENVELOPE, &own).map_err(Refused::fault)?;
        let envelope = Envelope::from_bytes(&opened.statement).map_err(Refused::fault)?;
        if receipt.envelope != envelope.id() || receipt.digest != envelope.digest() {
            return Err(Refused::problem("receipt-mismatch", "the receipt is not for this envelope", "回执与信封不符"));
        }
        let mut proto = match translate::settled(&envelope, receipt, place) {
            None => Proto::default(),
            Some(command) => match self.domain(&Actor::system(), &command) {
                Ok(change) => self.proto(change)?,
                // The hand-over was settled otherwise; the receipt is kept all the same.
                Err(Refused::Rejection(rejection)) => {
                    tracing::warn!(code = rejection.code, "a receipt changed nothing");
                    Proto::default()
                }
                Err(other) => return Err(other),
            },
        };
        proto.decision.exchange.push(ExchangeEvent::Receipted {
            destination: receipt.receiver,
            epoch: receipt.epoch,
            sequence: receipt.sequence,
            receipt: sealed.as_bytes().to_vec(),
        });
        proto.answer = Some(Answer::Done);
        Ok(Decided::Change(Box::new(proto)))
    }

    fn tick(&mut self) -> Result<Decided, Refused> {
        let change = self.domain(&Actor::system(), &Command::Tick)?;
        let mut proto = self.proto(change)?;
        let before = self.at.add_days(-KEY_DAYS);
        let mut old = Vec::new();
        delivery::IDEMPOTENCY_BY_TIME.visit(self.view, &[], None, false, |(at, key), ()| {
            if at >= before || old.len() == FORGET_MAX {
                return std::ops::ControlFlow::Break(());
            }
            old.push((at, key));
            std::ops::ControlFlow::Continue(())
        })?;
        if !old.is_empty() {
            proto.decision.exchange.push(ExchangeEvent::Forgotten(old));
        }
        if proto.decision.events.is_empty() && proto.decision.exchange.is_empty() {
            return Ok(Decided::Known(Answer::Json(proto.decision.reply)));
        }
        Ok(Decided::Change(Box::new(proto)))
    }
}
