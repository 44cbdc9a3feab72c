//! One request, decided on the facts: load, decide, and what goes into the log.

use std::collections::BTreeMap;

use tongban_codes::division::DivisionCode;
use tongban_codes::time::Timestamp;
use tongban_domain::{Actor, Change, Command, Document, Event, Facts, Place, decide};
use tongban_federation::{Body, Envelope, Receipt, Subject, limits};
use tongban_storage::StateFacts;
use tongban_storage::keyspace::{View, delivery, meta};

use super::WriterParts;
use super::receiver::Receiver;
use super::request::{Answer, Key, Refused, Request};
use super::window::KeyWindow;
use crate::engine::entry::{Decision, ExchangeEvent};
use crate::engine::records::record;
use crate::exchange::translate;

/// Days for which an idempotency key is kept (design §5).
const KEY_DAYS: i64 = 7;

/// Bytes of an envelope before its seal: a frame's limit less what a seal and a frame add.
const ENVELOPE_BYTES_MAX: usize = limits::ENVELOPE_BYTES_MAX - (8 << 10);

/// What one request came to.
pub(super) enum Decided {
    /// Something to commit.
    Change(Box<Proto>),
    /// Nothing to commit: the answer stands on what is committed already.
    Known(Answer),
}

#[derive(Default)]
pub(super) struct Proto {
    pub(super) decision: Decision,
    pub(super) documents: Vec<Document>,
    pub(super) envelopes: Vec<Envelope>,
    pub(super) receipt: Option<Receipt>,
    pub(super) answer: Option<Answer>,
}

/// Decides one request on a view.
pub(super) struct Decider<'a> {
    pub(super) parts: &'a mut WriterParts,
    pub(super) places: &'a BTreeMap<DivisionCode, Place>,
    pub(super) view: &'a View<'a>,
    pub(super) at: Timestamp,
    pub(super) receiver: &'a mut Receiver,
    pub(super) window: &'a mut KeyWindow,
}

impl Decider<'_> {
    pub(super) fn request(&mut self, request: Request) -> Result<Decided, Refused> {
        match request {
            Request::Act { actor, command, key } => self.act(&actor, &command, key),
            Request::Deliver { sealed, envelope, place } => self.deliver(&sealed, &envelope, place),
            Request::Receipted { sealed, receipt, place } => self.receipted(&sealed, &receipt, place),
            Request::Replay { origin, subject } => self.replay(origin, subject),
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

    pub(super) fn domain(&mut self, actor: &Actor, command: &Command) -> Result<Change, Refused> {
        let facts = StateFacts::new(self.view, &self.parts.node, self.parts.calendar, self.places);
        let decided = decide(&facts as &dyn Facts, &mut self.parts.desk, actor, command, self.at);
        match facts.fault() {
            Some(error) => Err(error.into()),
            None => decided.map_err(Refused::from),
        }
    }

    fn act(&mut self, actor: &Actor, command: &Command, key: Option<Key>) -> Result<Decided, Refused> {
        if let Some(key) = key
            && self.window.may_know(&key.key)
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
        // What changed nothing is kept under its key too: asked again, it would perhaps change something.
        if proto.decision.events.is_empty() && key.is_none() {
            return Ok(Decided::Known(Answer::Json(proto.decision.reply)));
        }
        proto.decision.key = key.map(|key| (key.key, key.request));
        Ok(Decided::Change(Box::new(proto)))
    }

    /// A change as it goes into the log: events with their journal records, notices as numbered envelopes.
    pub(super) fn proto(&mut self, change: Change) -> Result<Proto, Refused> {
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
        if proto.envelopes.iter().any(|envelope| envelope.to_bytes().len() > ENVELOPE_BYTES_MAX) {
            return Err(Refused::problem(
                "notice-too-large",
                "what the other node must be told is larger than an envelope may be",
                "须通知对方的内容超过信封上限",
            ));
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
            proto.decision.journal.extend(record(event, &self.parts.node, self.at, &mut fill));
            if let Event::Authority(authority) = event
                && let Some(event) = translate::authority_record(authority, me, self.at, &*desk.node_signer())
            {
                proto.decision.exchange.push(event);
            }
        }
        proto.decision.events.extend(events);
    }

    fn tick(&mut self) -> Result<Decided, Refused> {
        let change = self.domain(&Actor::system(), &Command::Tick)?;
        let mut proto = self.proto(change)?;
        let before = self.at.add_days(-KEY_DAYS);
        let old = self.window.expired(self.view, before)?;
        if !old.is_empty() {
            proto.decision.exchange.push(ExchangeEvent::Forgotten(old));
        }
        if proto.decision.events.is_empty() && proto.decision.exchange.is_empty() {
            return Ok(Decided::Known(Answer::Json(proto.decision.reply)));
        }
        Ok(Decided::Change(Box::new(proto)))
    }
}
