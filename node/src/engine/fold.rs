//! Folding: from what was decided to what is stored. The same function forms the overlay and replays the log.

use std::collections::BTreeMap;

use minicbor::Decode;
#[cfg(feature = "deliberate-bugs")]
use tongban_codes::deliberate::{Bug, is_in};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::Event;
use tongban_domain::catalogue::{
    BaseItem, Decline, ForeignItem, Guide, LINES_MAX, ServiceItem, Standard, StandardBody,
};
use tongban_domain::voice::Voice;
use tongban_journal::{Body, Entry, Frontier, Header, StandardHeader, StandardKind, View as FieldView};
use tongban_storage::keyspace::delivery::{self, Outcome};
use tongban_storage::keyspace::figure::{SLICE, SliceRow};
use tongban_storage::keyspace::journal::{self, ENTRY, SUBTREE};
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::meta::{self, Pulled};
use tongban_storage::keyspace::{
    Bytes, Overlay, application, case, connector, directory, earlier, front, hall, item, limit, material, pledge,
    supervision, uniform, voice,
};
use tongban_storage::{Read, StorageError, WriteBatch};

use super::arrivals;
use super::entry::{Checkpointed, Decision, ExchangeEvent, LogEntry};
use super::figures::fold_act;
use super::membership::precedence;
use super::records::{ACTS, FIELD_STANDARD};
use super::tree::SUBTREE_LEVEL_MIN;
use crate::materials::{FileError, Staged};

/// Content-addressed files beside the log. An entry that names a digest is proposed only when the file is durable.
pub trait Blobs: Send + Sync {
    /// The file with this digest.
    ///
    /// # Errors
    ///
    /// When it is not there or is damaged: then the state can't be folded and the node stops.
    fn load(&self, digest: &Digest) -> Result<Vec<u8>, StorageError>;

    /// The file of a material that was given under an idempotency key, whole and durable, and isn't named by a case yet.
    ///
    /// # Errors
    ///
    /// When it is there and can't be read.
    fn staged(&self, _key: &Digest, _digest: &Digest) -> Result<Option<Staged>, FileError> {
        Ok(None)
    }
}

/// Reads through what the fold itself has written so far.
struct Folding<'a> {
    over: Overlay<'a>,
    blobs: &'a dyn Blobs,
    at: Timestamp,
    /// How many lines of the cross-walk are kept of whom, once that was asked.
    lines: Option<BTreeMap<DivisionCode, usize>>,
}

/// Folds a whole entry onto the state that `read` shows.
///
/// # Errors
///
/// When the state can't be read or a blob is missing.
pub fn fold(entry: &LogEntry, me: NodeId, read: &dyn Read, blobs: &dyn Blobs) -> Result<WriteBatch, StorageError> {
    let mut whole = WriteBatch::new();
    for decision in &entry.decisions {
        fold_decided(decision, entry.at, read, &mut whole, blobs)?;
    }
    fold_journals(&entry.decisions.iter(), me, read, &mut whole)?;
    for decision in &entry.decisions {
        fold_sealed(decision, read, &mut whole)?;
    }
    fold_tail(entry.at, &entry.checkpoints, &mut whole);
    Ok(whole)
}

/// The part of a decision that later decisions of the same batch see. What `batch` holds already is seen, too; after an error it holds a
/// part of the decision and must be thrown away.
pub(super) fn fold_decided(
    decision: &Decision,
    at: Timestamp,
    read: &dyn Read,
    batch: &mut WriteBatch,
    blobs: &dyn Blobs,
) -> Result<(), StorageError> {
    let mut folding = Folding { over: Overlay::new(read, batch), blobs, at, lines: None };
    for event in &decision.events {
        folding.event(event)?;
    }
    for event in &decision.exchange {
        folding.exchange(event)?;
    }
    let key = decision.key.as_ref();
    #[cfg(feature = "deliberate-bugs")]
    let key = key.filter(|_| !is_in(Bug::KeyForgotten));
    if let Some((key, request)) = key {
        let outcome = Outcome { request: *request, reply: decision.reply.clone(), at };
        delivery::IDEMPOTENCY.put(batch, key, &outcome);
    }
    Ok(())
}

/// The journals' part of an entry: no decision of the same entry reads it.
pub(super) fn fold_journals<'d>(
    decisions: &(impl Iterator<Item = &'d Decision> + Clone),
    me: NodeId,
    read: &dyn Read,
    batch: &mut WriteBatch,
) -> Result<(), StorageError> {
    let mut over = Overlay::new(read, batch);
    for number in [ACTS, super::records::STANDARDS] {
        let records = decisions.clone().flat_map(|decision| &decision.journal);
        let mut records = records.filter(|record| record.journal == number).peekable();
        if records.peek().is_none() {
            continue;
        }
        let mut frontier = frontier(&over, number)?;
        for record in records {
            let entry = Entry::parse(record.entry.clone()).map_err(|error| damaged("journal entry", error))?;
            let row = journal::Entry { entry: record.entry.clone(), body: record.body.clone() };
            let place = frontier.size();
            #[cfg(feature = "deliberate-bugs")]
            let place = if is_in(Bug::JournalRewritten) { place.saturating_sub(1) } else { place };
            ENTRY.put(over.batch, &(number, place), &row);
            for node in frontier.append(entry.leaf()) {
                if node.level >= SUBTREE_LEVEL_MIN {
                    SUBTREE.put(over.batch, &(number, node.level, node.index), &node.hash);
                }
            }
            if let Ok(Header::Acts(header)) = entry.header() {
                fold_act(&mut over, me, &header)?;
            }
        }
        meta::FRONTIER.put(over.batch, &number, &Bytes(tongban_codes::cbor::to_vec(&frontier)));
    }
    Ok(())
}

/// The part that is sealed when the batch is formed.
pub(super) fn fold_sealed(decision: &Decision, read: &dyn Read, batch: &mut WriteBatch) -> Result<(), StorageError> {
    for document in &decision.documents {
        let key = (document.case, document.act, document.content_type.clone());
        case::DOCUMENT.put(batch, &key, &Bytes(document.sealed.clone()));
    }
    for outgoing in &decision.outbox {
        let key = (outgoing.destination, outgoing.epoch, outgoing.sequence);
        delivery::OUTBOX.put(batch, &key, &Bytes(outgoing.sealed.clone()));
        meta::SEQUENCE.put(batch, &outgoing.destination, &outgoing.sequence);
    }
    for event in &decision.exchange {
        arrivals::fold_sealed(event, &mut Overlay::new(read, batch))?;
    }
    Ok(())
}

/// What belongs to the entry as a whole.
pub(super) fn fold_tail(at: Timestamp, checkpoints: &[Checkpointed], batch: &mut WriteBatch) {
    meta::EFFECTIVE.put(batch, &(), &at);
    for checkpoint in checkpoints {
        meta::CHECKPOINT.put(batch, &checkpoint.journal, &Bytes(checkpoint.note.clone()));
    }
}

/// The frontier of an own journal.
pub(super) fn frontier(read: &dyn Read, journal: u8) -> Result<Frontier, StorageError> {
    Ok(match meta::FRONTIER.load(read, &journal)? {
        None => Frontier::new(),
        Some(Bytes(bytes)) => decoded(&bytes, "frontier")?,
    })
}

fn decoded<T: for<'b> Decode<'b, ()>>(bytes: &[u8], what: &str) -> Result<T, StorageError> {
    minicbor::decode(bytes).map_err(|error| damaged(what, error))
}

/// What a peer's entry says, if this release can read it.
fn readable<T: for<'b> Decode<'b, ()>>(bytes: &[u8], origin: NodeId) -> Option<T> {
    let read = minicbor::decode(bytes);
    if let Err(error) = &read {
        tracing::warn!(%origin, %error, code = "standard-unreadable", "a standard can't be read and is passed over");
    }
    read.ok()
}

fn damaged(what: &str, detail: impl std::fmt::Display) -> StorageError {
    StorageError::Damaged { path: what.into(), detail: detail.to_string() }
}

impl Folding<'_> {
    fn event(&mut self, event: &Event) -> Result<(), StorageError> {
        match event {
            Event::Case(row, act) => {
                case::store(&mut self.over, row, act)?;
                uniform::mark(self.over.batch, row);
                front::touch(&mut self.over, row.id)?;
                material::want(&mut self.over, row, self.at)?;
            }
            Event::Item(row) => item::store(&mut self.over, row)?,
            Event::Waiting(row) => item::store_waiting(&mut self.over, row)?,
            Event::TakenBack(code, version) => item::take_back(&mut self.over, code, *version)?,
            Event::Declined(row) => item::store_declined(&mut self.over, row)?,
            Event::BaseItem(row) => item::store_own_base(&mut self.over, row)?,
            Event::Guide(guide) => {
                let digest = guide.digest();
                if !item::GUIDE.holds(&self.over, &digest)? {
                    let row = item::GuideRow { guide: (**guide).clone(), released: false };
                    item::GUIDE.put(self.over.batch, &digest, &row);
                }
            }
            Event::GuideReleased(_, guide) => {
                let row = item::GuideRow { guide: (**guide).clone(), released: true };
                item::GUIDE.put(self.over.batch, &guide.digest(), &row);
            }
            Event::Standard(row) => item::store_standard(self.over.batch, row),
            Event::ForeignItem(row) => item::store_foreign(&mut self.over, row)?,
            Event::Authority(row) => hall::AUTHORITY.put(self.over.batch, &row.id, row),
            Event::Operator(row) => hall::OPERATOR.put(self.over.batch, &row.name, row),
            Event::Licence(row) => hall::LICENCE.put(self.over.batch, &row.id, row),
            Event::File(case, file) => material::store(&mut self.over, case, file),
            Event::FileLost(case, digest) => material::lose(&mut self.over, case, digest, self.at)?,
            Event::Forgotten(case) => {
                material::forget(&mut self.over, case)?;
                arrivals::redact(&mut self.over, case)?;
                connector::forget(&mut self.over, case)?;
            }
            Event::Act(act) => {
                case::ACT.put(self.over.batch, &(act.case, act.place.node, act.number), act);
                front::touch(&mut self.over, act.case)?;
            }
            Event::Printed(row) => {
                let key = (row.case, row.act, row.content_type.clone(), row.number);
                case::PRINT.put(self.over.batch, &key, row);
            }
            Event::Reclaim(id, row) => case::RECLAIM.put(self.over.batch, id, row),
            Event::Card(row) => supervision::store_card(self.over.batch, row),
            Event::Looked(looked) => supervision::store_looked(&mut self.over, looked),
            Event::Matter(row) => supervision::store_matter(&mut self.over, row)?,
            Event::Voice(row) => {
                voice::store(&mut self.over, row)?;
                if let Voice::Rating(rating) = row.as_ref() {
                    front::touch(&mut self.over, rating.case())?;
                }
            }
            Event::HandledElsewhere(row, _) => uniform::store(&mut self.over, row)?,
            Event::Order(row) => connector::store(&mut self.over, row)?,
            Event::Application(row) => application::store(&mut self.over, row)?,
            Event::EarlierBatch(row, _) => earlier::BATCH.put(self.over.batch, &row.number, row),
            Event::Earlier(row) => earlier::store(&mut self.over, row),
            Event::Number(case, turn, taken) => limit::store_number(&mut self.over, *case, turn, *taken)?,
            Event::Barred(authority, holder, case, true) => {
                pledge::BARRED.put(self.over.batch, &(*authority, *holder, *case), &());
            }
            Event::Barred(authority, holder, case, false) => {
                pledge::BARRED.delete(self.over.batch, &(*authority, *holder, *case));
            }
            Event::HandedOver(list) => hall::HAND_OVER.put(self.over.batch, &list.id, list),
            Event::Serial(scope, last) => hall::SERIAL.put(self.over.batch, scope, last),
        }
        Ok(())
    }

    fn exchange(&mut self, event: &ExchangeEvent) -> Result<(), StorageError> {
        match event {
            ExchangeEvent::Arrived { .. }
            | ExchangeEvent::Receipted { .. }
            | ExchangeEvent::Replayed { .. }
            | ExchangeEvent::Concluded { .. }
            | ExchangeEvent::Denied { .. } => arrivals::fold_decided(event, self.at, &mut self.over)?,
            ExchangeEvent::Relayed { destination, origin, epoch, sequence, sealed } => {
                delivery::RELAY.put(
                    self.over.batch,
                    &(*destination, *origin, *epoch, *sequence),
                    &Bytes(sealed.clone()),
                );
            }
            ExchangeEvent::RelayDone { destination, origin, epoch, sequence } => {
                delivery::RELAY.delete(self.over.batch, &(*destination, *origin, *epoch, *sequence));
            }
            ExchangeEvent::NodeRecord(node, record) => {
                directory::NODE.put(self.over.batch, node, &Bytes(record.clone()));
            }
            ExchangeEvent::AuthorityRecord(authority, record) => {
                directory::AUTHORITY_RECORD.put(self.over.batch, authority, &Bytes(record.clone()));
            }
            ExchangeEvent::AnchorRecord(root, record) => {
                directory::ANCHOR.put(self.over.batch, root, &Bytes(record.clone()));
            }
            ExchangeEvent::Invited(secret, invite) => directory::INVITE.put(self.over.batch, secret, invite),
            ExchangeEvent::Trust(trust) => meta::TRUST.put(self.over.batch, &(), &Bytes(trust.clone())),
            ExchangeEvent::Node(row) => meta::NODE.put(self.over.batch, &(), row),
            ExchangeEvent::Forgotten(keys) => {
                for (_, key) in keys {
                    delivery::IDEMPOTENCY.delete(self.over.batch, key);
                }
            }
            ExchangeEvent::Reported { channel, front: stands, rows } => {
                front::FRONT.put(self.over.batch, channel, stands);
                for row in rows {
                    let key = (channel.clone(), row.item.clone(), row.guid.clone());
                    front::REPORTED.put(self.over.batch, &key, row);
                }
            }
            ExchangeEvent::CasesReported { channel, report } => front::reported(&mut self.over, channel, report)?,
            ExchangeEvent::CasesAnswered { channel, rows } => {
                front::answered(&mut self.over, channel, rows, self.at)?;
            }
            ExchangeEvent::FrontClosed { channel } => front::close(&mut self.over, channel, self.at)?,
            ExchangeEvent::FrontOpened { channel } => front::open(&mut self.over, channel)?,
            ExchangeEvent::Slice { origin, journal, epoch, from, count, digest, frontier, checkpoint, division } => {
                SLICE.put(
                    self.over.batch,
                    &(*origin, *journal, *epoch, *from),
                    &SliceRow { digest: *digest, count: *count },
                );
                let pulled = Pulled {
                    frontier: frontier.clone(),
                    checkpoint: checkpoint.clone(),
                    size: from + count,
                    at: self.at,
                };
                meta::PULLED.put(self.over.batch, &(*origin, *journal, *epoch), &pulled);
                if *count > 0 {
                    self.slice(*origin, *division, &self.blobs.load(digest)?)?;
                }
            }
        }
        Ok(())
    }

    /// Folds the entries of a verified slice; kinds of a later release are kept in the blob and passed over.
    fn slice(&mut self, origin: NodeId, certified: Option<DivisionCode>, blob: &[u8]) -> Result<(), StorageError> {
        let slice = tongban_journal::Slice::parse(blob).map_err(|error| damaged("slice", error))?;
        for record in &slice.entries {
            let entry = Entry::parse(record.entry.to_vec()).map_err(|error| damaged("slice entry", error))?;
            match entry.header() {
                Ok(Header::Acts(header)) => {
                    fold_act(&mut self.over, origin, &header)?;
                }
                Ok(Header::Standards(header)) => {
                    let speaks_for = |division: DivisionCode| certified.is_none_or(|certified| certified == division);
                    self.standard(origin, &speaks_for, &header, &entry, &record.body)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// From above everything holds here; from below only what a superior counts: items and what was declined, and new codes of divisions, by
    /// which it finds what it counts. What a node says of a division that isn't its own, or what can't be read, is passed over: it stays in the blob, and no peer can stop this node by it.
    fn standard(
        &mut self,
        origin: NodeId,
        speaks_for: &dyn Fn(DivisionCode) -> bool,
        header: &StandardHeader,
        entry: &Entry,
        body: &[u8],
    ) -> Result<(), StorageError> {
        let (kind, division) = (header.kind, header.division);
        let body = Body::parse(body).map_err(|error| damaged("slice body", error))?;
        let view = body.verify(entry).map_err(|error| damaged("slice body", error))?;
        let FieldView::Open(bytes) = view.field(FIELD_STANDARD) else { return Ok(()) };
        match kind {
            StandardKind::BaseItem => {
                let Some(base) = readable::<BaseItem>(bytes, origin) else { return Ok(()) };
                let code = base.core.base_code.clone().unwrap_or_default();
                // A superior's word stands over what an inferior of it says.
                let newer = match item::BASE.load(&self.over, &code)? {
                    None => true,
                    Some(known) if known.division == base.division => {
                        self.stands_over((base.node, base.version), (known.node, known.version))?
                    }
                    Some(known) => known.division.is_within(base.division),
                };
                if newer && base.node == origin && speaks_for(base.division) && self.is_above(base.division)? {
                    item::store_base(&mut self.over, &base)?;
                }
            }
            StandardKind::Item => {
                if let Some(row) = readable::<ServiceItem>(bytes, origin).filter(|row| speaks_for(row.division)) {
                    item::store_foreign(&mut self.over, &ForeignItem { node: origin, as_of: self.at, item: row })?;
                }
            }
            StandardKind::Decline => {
                let decline = readable::<Decline>(bytes, origin);
                if let Some(decline) = decline.filter(|said| said.node == origin && speaks_for(said.division)) {
                    item::store_declined(&mut self.over, &decline)?;
                }
            }
            StandardKind::Guide => {
                let Some(guide) = readable::<Guide>(bytes, origin) else { return Ok(()) };
                // The name is that of the bytes that were sealed: a later release may know more fields than this one.
                let digest = Digest::of(bytes);
                if digest == header.core && self.is_above(division)? && !item::GUIDE.holds(&self.over, &digest)? {
                    item::GUIDE.put(self.over.batch, &digest, &item::GuideRow { guide, released: false });
                }
            }
            StandardKind::Ceiling
            | StandardKind::Policy
            | StandardKind::Topic
            | StandardKind::LifeEvent
            | StandardKind::Entry
            | StandardKind::Division => {
                let standard = readable::<Standard>(bytes, origin);
                if let Some(standard) = standard.filter(|said| said.node == origin && speaks_for(said.division))
                    && (self.is_above(standard.division)? || matches!(standard.body, StandardBody::Division(_)))
                    && self.replaces(&standard)?
                    && self.has_room(&standard)?
                {
                    item::store_standard(self.over.batch, &standard);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether a line of the cross-walk is one that its code names, and its keeper hasn't said too many; of other standards, always.
    fn has_room(&mut self, standard: &Standard) -> Result<bool, StorageError> {
        let StandardBody::Division(change) = &standard.body else { return Ok(true) };
        if standard.code != change.old.to_string() {
            return Ok(false);
        }
        let number = item::standard_number(standard.body.kind());
        if item::STANDARD.holds(&self.over, &(number, standard.code.clone(), standard.division))? {
            return Ok(true);
        }
        let mut lines = match self.lines.take() {
            Some(lines) => lines,
            None => {
                let mut lines = BTreeMap::new();
                item::STANDARD.visit(&self.over, &stem(&number), None, false, |(_, _, keeper), _| {
                    *lines.entry(keeper).or_default() += 1;
                    std::ops::ControlFlow::Continue(())
                })?;
                lines
            }
        };
        let said = lines.entry(standard.division).or_default();
        let has_room = *said < LINES_MAX;
        *said += usize::from(has_room);
        self.lines = Some(lines);
        Ok(has_room)
    }

    /// Whether a standard from above takes the place of what is held.
    fn replaces(&self, standard: &Standard) -> Result<bool, StorageError> {
        let key = (item::standard_number(standard.body.kind()), standard.code.clone(), standard.division);
        match item::STANDARD.load(&self.over, &key)? {
            Some(known) => self.stands_over((standard.node, standard.version), (known.node, known.version)),
            None => Ok(true),
        }
    }

    /// Whether a version that a node said takes the place of one that a node of the same division said: never of what this node keeps itself,
    /// nor of a later one; of two nodes that keep the same, what the one says that speaks for the division, whichever is heard last.
    fn stands_over(&self, said: (NodeId, u32), known: (NodeId, u32)) -> Result<bool, StorageError> {
        if meta::NODE.load(&self.over, &())?.is_some_and(|here| here.node == known.0) {
            return Ok(false);
        }
        Ok(match precedence(&self.over, said.0, known.0)? {
            std::cmp::Ordering::Equal => known.1 <= said.1,
            other => other.is_gt(),
        })
    }

    /// Whether a division is above this node's, or its own.
    fn is_above(&self, division: DivisionCode) -> Result<bool, StorageError> {
        Ok(meta::NODE.load(&self.over, &())?.is_none_or(|here| here.division.is_within(division)))
    }
}
