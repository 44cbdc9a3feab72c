//! Folding: from what was decided to what is stored. The same function forms the overlay and replays the log.

use minicbor::Decode;
use tongban_codes::ids::{Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::Event;
use tongban_domain::catalogue::{BaseItem, ForeignItem, ServiceItem};
use tongban_journal::{Body, Entry, Frontier, Header, StandardKind, View as FieldView};
use tongban_storage::keyspace::delivery::{self, Outcome};
use tongban_storage::keyspace::figure::{SLICE, SliceRow};
use tongban_storage::keyspace::journal::{self, ENTRY, SUBTREE};
use tongban_storage::keyspace::meta::{self, Pulled};
use tongban_storage::keyspace::{Bytes, case, directory, hall, item};
use tongban_storage::{Read, StorageError, WriteBatch};

use super::arrivals;
use super::entry::{Checkpointed, Decision, ExchangeEvent, JournalRecord, LogEntry};
use super::figures::fold_act;
use super::records::{ACTS, FIELD_STANDARD};

/// Content-addressed files beside the log. An entry that names a digest is proposed only when the file is durable.
pub trait Blobs: Send + Sync {
    /// The file with this digest.
    ///
    /// # Errors
    ///
    /// When it is not there or is damaged: then the state can't be folded and the node stops.
    fn load(&self, digest: &Digest) -> Result<Vec<u8>, StorageError>;
}

/// Reads through what the fold itself has written so far.
struct Folding<'a> {
    read: &'a dyn Read,
    batch: &'a mut WriteBatch,
    blobs: &'a dyn Blobs,
    me: NodeId,
    at: Timestamp,
}

/// Folds a whole entry onto the state that `read` shows.
///
/// # Errors
///
/// When the state can't be read or a blob is missing.
pub fn fold(entry: &LogEntry, me: NodeId, read: &dyn Read, blobs: &dyn Blobs) -> Result<WriteBatch, StorageError> {
    let mut whole = WriteBatch::new();
    for decision in &entry.decisions {
        let mut part = WriteBatch::new();
        fold_decided(decision, me, entry.at, &layered(read, &whole), &mut part, blobs)?;
        whole.merge_from(part);
    }
    for decision in &entry.decisions {
        let mut part = WriteBatch::new();
        fold_sealed(decision, entry.at, &layered(read, &whole), &mut part)?;
        whole.merge_from(part);
    }
    fold_tail(entry.at, &entry.checkpoints, &mut whole);
    Ok(whole)
}

fn layered<'a>(read: &'a dyn Read, batch: &'a WriteBatch) -> tongban_storage::keyspace::View<'a> {
    tongban_storage::keyspace::View::new(read, vec![batch])
}

/// The part of a decision that later decisions of the same batch see.
pub(super) fn fold_decided(
    decision: &Decision,
    me: NodeId,
    at: Timestamp,
    read: &dyn Read,
    batch: &mut WriteBatch,
    blobs: &dyn Blobs,
) -> Result<(), StorageError> {
    let mut folding = Folding { read, batch, blobs, me, at };
    for event in &decision.events {
        folding.event(event)?;
    }
    folding.journal(&decision.journal)?;
    for event in &decision.exchange {
        folding.exchange(event)?;
    }
    Ok(())
}

/// The part that is sealed when the batch is formed.
pub(super) fn fold_sealed(
    decision: &Decision,
    at: Timestamp,
    read: &dyn Read,
    batch: &mut WriteBatch,
) -> Result<(), StorageError> {
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
        arrivals::fold_sealed(event, at, read, batch)?;
    }
    if let Some((key, request)) = &decision.key {
        let outcome = Outcome { request: *request, reply: decision.reply.clone(), at };
        delivery::IDEMPOTENCY.put(batch, key, &outcome);
        delivery::IDEMPOTENCY_BY_TIME.put(batch, &(at, *key), &());
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

fn damaged(what: &str, detail: impl std::fmt::Display) -> StorageError {
    StorageError::Damaged { path: what.into(), detail: detail.to_string() }
}

impl Folding<'_> {
    fn event(&mut self, event: &Event) -> Result<(), StorageError> {
        match event {
            Event::Case(row, act) => {
                // Two acts of one decision on one case: the index keys of the first are seen by the second.
                let mut part = WriteBatch::new();
                case::store(&layered(self.read, self.batch), &mut part, row, act)?;
                self.batch.merge_from(part);
            }
            Event::Item(row) => item::store(self.batch, row),
            Event::BaseItem(row) => {
                let code = row.core.base_code.clone().unwrap_or_default();
                item::BASE.put(self.batch, &code, row);
            }
            Event::ForeignItem(row) => item::FOREIGN.put(self.batch, &(row.item.division, row.item.code.clone()), row),
            Event::Authority(row) => hall::AUTHORITY.put(self.batch, &row.id, row),
            Event::Operator(row) => hall::OPERATOR.put(self.batch, &row.name, row),
            Event::Licence(row) => hall::LICENCE.put(self.batch, &row.id, row),
            Event::Act(act) => case::ACT.put(self.batch, &(act.case, act.place.node, act.number), act),
            Event::Serial(scope, last) => hall::SERIAL.put(self.batch, scope, last),
        }
        Ok(())
    }

    fn journal(&mut self, records: &[JournalRecord]) -> Result<(), StorageError> {
        for number in [ACTS, super::records::STANDARDS] {
            let mut records = records.iter().filter(|record| record.journal == number).peekable();
            if records.peek().is_none() {
                continue;
            }
            let mut frontier = frontier(self.read, number)?;
            for record in records {
                let entry = Entry::parse(record.entry.clone()).map_err(|error| damaged("journal entry", error))?;
                let row = journal::Entry { entry: record.entry.clone(), body: record.body.clone() };
                ENTRY.put(self.batch, &(number, frontier.size()), &row);
                for node in frontier.append(entry.leaf()) {
                    SUBTREE.put(self.batch, &(number, node.level, node.index), &node.hash);
                }
                if let Ok(Header::Acts(header)) = entry.header() {
                    let mut part = WriteBatch::new();
                    fold_act(&layered(self.read, self.batch), &mut part, self.me, &header)?;
                    self.batch.merge_from(part);
                }
            }
            meta::FRONTIER.put(self.batch, &number, &Bytes(tongban_codes::cbor::to_vec(&frontier)));
        }
        Ok(())
    }

    fn exchange(&mut self, event: &ExchangeEvent) -> Result<(), StorageError> {
        match event {
            ExchangeEvent::Arrived { .. }
            | ExchangeEvent::Receipted { .. }
            | ExchangeEvent::Replayed { .. }
            | ExchangeEvent::Concluded { .. }
            | ExchangeEvent::Denied { .. } => {
                let mut part = WriteBatch::new();
                arrivals::fold_decided(event, self.at, &layered(self.read, self.batch), &mut part)?;
                self.batch.merge_from(part);
            }
            ExchangeEvent::Relayed { destination, origin, epoch, sequence, sealed } => {
                delivery::RELAY.put(self.batch, &(*destination, *origin, *epoch, *sequence), &Bytes(sealed.clone()));
            }
            ExchangeEvent::RelayDone { destination, origin, epoch, sequence } => {
                delivery::RELAY.delete(self.batch, &(*destination, *origin, *epoch, *sequence));
            }
            ExchangeEvent::NodeRecord(node, record) => directory::NODE.put(self.batch, node, &Bytes(record.clone())),
            ExchangeEvent::AuthorityRecord(authority, record) => {
                directory::AUTHORITY_RECORD.put(self.batch, authority, &Bytes(record.clone()));
            }
            ExchangeEvent::Invited(secret, invite) => directory::INVITE.put(self.batch, secret, invite),
            ExchangeEvent::Trust(trust) => meta::TRUST.put(self.batch, &(), &Bytes(trust.clone())),
            ExchangeEvent::Node(row) => meta::NODE.put(self.batch, &(), row),
            ExchangeEvent::Forgotten(keys) => {
                for (at, key) in keys {
                    delivery::IDEMPOTENCY.delete(self.batch, key);
                    delivery::IDEMPOTENCY_BY_TIME.delete(self.batch, &(*at, *key));
                }
            }
            ExchangeEvent::Slice { origin, journal, epoch, from, count, digest, frontier, checkpoint } => {
                SLICE.put(
                    self.batch,
                    &(*origin, *journal, *epoch, *from),
                    &SliceRow { digest: *digest, count: *count },
                );
                let pulled = Pulled {
                    frontier: frontier.clone(),
                    checkpoint: checkpoint.clone(),
                    size: from + count,
                    at: self.at,
                };
                meta::PULLED.put(self.batch, &(*origin, *journal, *epoch), &pulled);
                if *count > 0 {
                    self.slice(*origin, &self.blobs.load(digest)?)?;
                }
            }
        }
        Ok(())
    }

    /// Folds the entries of a verified slice; kinds of a later release are kept in the blob and passed over.
    fn slice(&mut self, origin: NodeId, blob: &[u8]) -> Result<(), StorageError> {
        let slice = tongban_journal::Slice::parse(blob).map_err(|error| damaged("slice", error))?;
        for record in &slice.entries {
            let entry = Entry::parse(record.entry.to_vec()).map_err(|error| damaged("slice entry", error))?;
            match entry.header() {
                Ok(Header::Acts(header)) => {
                    let mut part = WriteBatch::new();
                    fold_act(&layered(self.read, self.batch), &mut part, origin, &header)?;
                    self.batch.merge_from(part);
                }
                Ok(Header::Standards(header)) => self.standard(origin, header.kind, &entry, &record.body)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn standard(&mut self, origin: NodeId, kind: StandardKind, entry: &Entry, body: &[u8]) -> Result<(), StorageError> {
        let body = Body::parse(body).map_err(|error| damaged("slice body", error))?;
        let view = body.verify(entry).map_err(|error| damaged("slice body", error))?;
        let FieldView::Open(bytes) = view.field(FIELD_STANDARD) else { return Ok(()) };
        match kind {
            StandardKind::BaseItem => {
                let base: BaseItem = decoded(bytes, "base item")?;
                let code = base.core.base_code.clone().unwrap_or_default();
                // A superior's word stands over what an inferior of it says, and a newer version over an older one.
                let known = item::BASE.load(&layered(self.read, self.batch), &code)?;
                let newer = known.is_none_or(|known| {
                    if known.division == base.division {
                        known.version <= base.version
                    } else {
                        known.division.is_within(base.division)
                    }
                });
                if newer && base.node == origin {
                    item::BASE.put(self.batch, &code, &base);
                }
            }
            StandardKind::Item => {
                let row: ServiceItem = decoded(bytes, "item")?;
                let foreign = ForeignItem { node: origin, as_of: self.at, item: row };
                item::FOREIGN.put(self.batch, &(foreign.item.division, foreign.item.code.clone()), &foreign);
            }
            _ => {}
        }
        Ok(())
    }
}
