//! One request, decided on the facts: load, decide, and what goes into the log.

use std::collections::{BTreeMap, BTreeSet};

use tongban_codes::ids::{CaseId, Digest};
use tongban_codes::time::Timestamp;
use tongban_domain::application::Application;
use tongban_domain::case::{ActKind, Case, HeldFile, Material};
use tongban_domain::{Actor, Change, Command, Document, Event, Facts, Places, decide};
use tongban_federation::{Body, Envelope, Receipt, Subject, limits};
use tongban_storage::StateFacts;
use tongban_storage::keyspace::head::Heads;
use tongban_storage::keyspace::{View, application, case, delivery, material, meta};

use super::WriterParts;
use super::passed_over::{PassedOver, deemed};
use super::receiver::Receiver;
use super::request::{Answer, Key, Refused, Request};
use super::window::KeyWindow;
use crate::api::v1::Problem;
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

fn not_sent(name: &str) -> Refused {
    Refused::Problem(Box::new(Problem {
        code: "material-not-sent".to_owned(),
        field: "materials".to_owned(),
        value: name.to_owned(),
        en: "the file of this material was not sent under the idempotency key of the request".to_owned(),
        zh: "未以本次请求的幂等键提交该材料的文件".to_owned(),
        remedy_en: "send it first: PUT /v1/materials with the same idempotency-key; or give the digest alone"
            .to_owned(),
        remedy_zh: "先以同一幂等键提交文件：PUT /v1/materials；或只填写摘要".to_owned(),
    }))
}

/// Whether a case names a file.
fn names(case: &Case, digest: &Digest) -> bool {
    case.materials.iter().filter_map(Material::file).any(|(named, _)| named == *digest)
}

/// Decides one request on a view.
pub(super) struct Decider<'a> {
    pub(super) parts: &'a mut WriterParts,
    pub(super) places: &'a Places,
    pub(super) view: &'a View<'a>,
    pub(super) at: Timestamp,
    pub(super) receiver: &'a mut Receiver,
    pub(super) window: &'a mut KeyWindow,
    pub(super) heads: &'a Heads,
    pub(super) passed_over: &'a PassedOver,
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
        self.domain_but(&BTreeSet::new(), actor, command)
    }

    /// As [`Self::domain`], on facts in which nothing of these cases is due.
    fn domain_but(&mut self, passed: &BTreeSet<CaseId>, actor: &Actor, command: &Command) -> Result<Change, Refused> {
        let facts = StateFacts::new(self.view, &self.parts.node, self.parts.calendar, self.places);
        let facts = facts.searching_from(self.heads).passing_over(passed);
        let decided = decide(&facts as &dyn Facts, &mut self.parts.desk, actor, command, self.at);
        let mut change = match facts.fault() {
            Some(error) => return Err(error.into()),
            None => decided.map_err(Refused::from)?,
        };
        self.inherit(&mut change)?;
        Ok(change)
    }

    /// Binds to a case that is begun later the files with which its application was collected: what was brought once isn't asked for again.
    fn inherit(&mut self, change: &mut Change) -> Result<(), Refused> {
        let mut bound = Vec::new();
        for event in &change.events {
            let Event::Case(case, act) = event else { continue };
            let Some(of) = case.part_of.as_ref().filter(|_| act.kind == ActKind::Collect) else { continue };
            let Some(whole) = application::APPLICATION.load(self.view, &of.application)? else { continue };
            for (digest, _) in case.materials.iter().filter_map(Material::file) {
                let Some(held) = material::HELD.load(self.view, &(whole.id, digest))? else { continue };
                if let Some(key) = self.parts.desk.reseal_part(&whole, case, &held.key) {
                    bound.push(Event::File(case.id, Box::new(HeldFile { key, since: self.at, ..held })));
                }
            }
        }
        change.events.extend(bound);
        Ok(())
    }

    /// Binds to an application the files that were given with it, for the parts that begin later.
    fn given(
        &mut self,
        whole: &Application,
        key: Option<Key>,
        bound: &mut BTreeMap<(CaseId, Digest), HeldFile>,
    ) -> Result<(), Refused> {
        if application::APPLICATION.holds(self.view, &whole.id)? {
            return Ok(());
        }
        for material in &whole.materials {
            let Some((digest, size)) = material.file() else { continue };
            let staged = key.map(|key| self.parts.blobs.staged(&key.key, &digest)).transpose();
            let staged = staged.map_err(Refused::fault)?.flatten();
            let staged = staged.filter(|staged| staged.size == size).ok_or_else(|| not_sent(&material.name))?;
            let key = self.parts.desk.seal_file_key(&whole.id, &whole.personal, &staged.key);
            let key = key.ok_or_else(|| Refused::fault("the key of the application is gone"))?;
            bound.insert((whole.id, digest), HeldFile { digest, file: staged.file, size, key, since: self.at });
        }
        Ok(())
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
                )
                .about("idempotency-key", "")
                .remedy("choose another key for another request", "另一请求请使用另一幂等键"))
            };
        }
        let mut change = self.domain(actor, command)?;
        self.files(&mut change, key)?;
        let mut proto = self.proto(change)?;
        // What changed nothing is kept under its key too: asked again, it would perhaps change something.
        if proto.decision.events.is_empty() && key.is_none() {
            return Ok(Decided::Known(Answer::Json(proto.decision.reply)));
        }
        proto.decision.key = key.map(|key| (key.key, key.request));
        Ok(Decided::Change(Box::new(proto)))
    }

    /// Binds the files that were given for a request to the case that names them from now on. Each is whole and durable by now.
    fn files(&mut self, change: &mut Change, key: Option<Key>) -> Result<(), Refused> {
        let mut bound = BTreeMap::new();
        let inherited = |event: &Event| match event {
            Event::File(case, file) => Some((*case, file.digest)),
            _ => None,
        };
        let inherited: BTreeSet<(CaseId, Digest)> = change.events.iter().filter_map(inherited).collect();
        for event in &change.events {
            if let Event::Application(whole) = event {
                self.given(whole, key, &mut bound)?;
            }
            let Event::Case(case, _) = event else { continue };
            if case.materials.iter().all(|material| material.file().is_none()) {
                continue;
            }
            let known = case::CASE.load(self.view, &case.id)?;
            let before = case.forwarded_from.as_ref().map(|from| case::CASE.load(self.view, &from.case)).transpose()?;
            let before = before.flatten();
            for material in &case.materials {
                let Some((digest, size)) = material.file() else { continue };
                let place = (case.id, digest);
                // What the case named before was given with it, or is fetched, or isn't wanted any more.
                if bound.contains_key(&place)
                    || inherited.contains(&place)
                    || known.as_ref().is_some_and(|known| names(known, &digest))
                    || material::HELD.holds(self.view, &place)?
                {
                    continue;
                }
                if let Some(before) = before.as_ref().filter(|before| names(before, &digest)) {
                    // What was brought for the case that goes on in this one isn't asked for again; where it isn't here yet, whoever goes on
                    // is given it as a file of that case.
                    if let Some(held) = material::HELD.load(self.view, &(before.id, digest))?
                        && let Some(key) = self.parts.desk.reseal_file_key(before, case, &held.key)
                    {
                        bound.insert(place, HeldFile { key, since: self.at, ..held });
                    }
                    continue;
                }
                let staged = key.map(|key| self.parts.blobs.staged(&key.key, &digest)).transpose();
                let staged = staged.map_err(Refused::fault)?.flatten();
                let Some(staged) = staged.filter(|staged| staged.size == size) else {
                    return Err(not_sent(&material.name));
                };
                let key = self.parts.desk.seal_file_key(&case.id, &case.personal, &staged.key);
                let key = key.ok_or_else(|| Refused::fault("the key of the case is gone"))?;
                bound.insert(place, HeldFile { digest, file: staged.file, size, key, since: self.at });
            }
        }
        change.events.extend(bound.into_iter().map(|((case, _), file)| Event::File(case, Box::new(file))));
        Ok(())
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
        let is_large = |envelope: &Envelope| envelope.to_bytes().len() > ENVELOPE_BYTES_MAX;
        if let Some((_, notice)) = proto.envelopes.iter().zip(&change.notices).find(|(envelope, _)| is_large(envelope))
        {
            return Err(Refused::problem(
                translate::NOTICE_TOO_LARGE,
                "what the other node must be told is larger than an envelope may be",
                "须通知对方的内容超过信封上限",
            )
            .about("case", notice.case)
            .remedy("bring fewer materials, or shorten the texts", "请减少材料或缩短说明"));
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

    /// Does what is due. A case of which so much follows that no envelope could tell it to another node stays as it is, and the rest is done: the
    /// next tick would find it first again, and nothing would ever be done any more.
    fn due(&mut self) -> Result<Proto, Refused> {
        let mut passed = self.passed_over.still(self.view)?;
        loop {
            let change = self.domain_but(&passed, &Actor::system(), &Command::Tick)?;
            let deemed = deemed(&change);
            let done = self.proto(change);
            let is_large =
                matches!(&done, Err(Refused::Problem(problem)) if problem.code == translate::NOTICE_TOO_LARGE);
            let Some(id) = deemed.filter(|id| is_large && passed.insert(*id)) else { return done };
            tracing::error!(case = %id, code = translate::NOTICE_TOO_LARGE, "the clock passes a case over");
            self.passed_over.add(self.view, id)?;
        }
    }

    fn tick(&mut self) -> Result<Decided, Refused> {
        let mut proto = self.due()?;
        let before = self.at.add_days(-KEY_DAYS);
        let old = self.window.expired(self.view, self.at, before)?;
        if !old.is_empty() {
            proto.decision.exchange.push(ExchangeEvent::Forgotten(old));
        }
        if proto.decision.events.is_empty() && proto.decision.exchange.is_empty() {
            return Ok(Decided::Known(Answer::Json(proto.decision.reply)));
        }
        Ok(Decided::Change(Box::new(proto)))
    }
}
