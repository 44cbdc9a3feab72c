//! What the writer remembers of envelopes that came before their turn; lost with the writer, and offered again then.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tongban_codes::ids::{CaseId, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::Place;
use tongban_federation::{Envelope, EnvelopeId, Inbox, InboxFacts, Sealed, Seen, Verdict};
use tongban_storage::keyspace::delivery::{Arrived, HIGH_WATER, INBOX, INBOX_BY_ID, QUARANTINE};
use tongban_storage::keyspace::key::stem;
use tongban_storage::{Read, StorageError};

use super::waits::WaitsView;

/// An envelope that came before its turn and waits in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Early {
    /// Its origin and the division of that.
    pub place: Place,
    /// The epoch of the origin.
    pub epoch: u32,
    /// Its sequence; one before it is missing.
    pub sequence: u64,
    /// What it is about.
    pub subject: CaseId,
    /// Which act of its origin on that.
    pub act: u32,
    /// Kind of its body.
    pub kind: u16,
    /// Since when it waits.
    pub at: Timestamp,
}

type Known = BTreeMap<(NodeId, u32, u64), Early>;

/// Early envelopes as the rest of the node sees them.
#[derive(Clone, Debug, Default)]
pub(super) struct EarlyView(Arc<Mutex<Known>>);

impl EarlyView {
    pub(super) fn list(&self) -> Vec<Early> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().copied().collect()
    }

    fn change(&self, change: impl FnOnce(&mut Known)) -> usize {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut known);
        known.len()
    }
}

/// Puts deliveries in order.
pub(super) struct Receiver {
    inbox: Inbox,
    early: EarlyView,
    /// How many early ones are known, so that nothing is locked while there are none.
    waiting: usize,
    /// Whether anything may lie in quarantine: while not, no line is looked for.
    pub(super) may_park: bool,
    /// What lines wait for that were replayed.
    pub(super) waits: WaitsView,
}

impl Receiver {
    pub(super) fn new(me: NodeId, state: &dyn Read) -> Result<Self, StorageError> {
        let may_park = !QUARANTINE.list(state, &[], None, 1)?.is_empty();
        Ok(Self {
            inbox: Inbox::new(me),
            early: EarlyView::default(),
            waiting: 0,
            may_park,
            waits: WaitsView::default(),
        })
    }

    pub(super) fn view(&self) -> EarlyView {
        self.early.clone()
    }

    /// Judges an envelope on the facts; an early one is kept.
    pub(super) fn judge(
        &mut self,
        envelope: &Envelope,
        sealed: &Sealed,
        place: Place,
        at: Timestamp,
        read: &dyn Read,
    ) -> Result<Verdict, StorageError> {
        let facts = Facts { read, fault: RefCell::default() };
        let verdict = self.inbox.handle(envelope, sealed, &facts);
        if let Some(error) = facts.fault.into_inner() {
            return Err(error);
        }
        if verdict == Verdict::Early {
            let (epoch, sequence, subject) = (envelope.epoch, envelope.sequence, envelope.subject.case());
            let (act, kind) = (envelope.act_number, envelope.kind);
            let early = Early { place, epoch, sequence, subject, act, kind, at };
            self.waiting = self.early.change(|known| {
                let _kept = known.entry((envelope.origin, epoch, sequence)).or_insert(early);
            });
        }
        Ok(verdict)
    }

    /// After a decision: where the line stands by the facts. Gives the early envelope whose turn it is then.
    pub(super) fn decided(&mut self, origin: NodeId, epoch: u32, high_water: u64) -> Option<(Envelope, Sealed, Place)> {
        self.inbox.stands_at(&origin, epoch, high_water);
        if self.waiting == 0 {
            return None;
        }
        let next = self.inbox.poll();
        let mut place = None;
        self.waiting = self.early.change(|known| {
            if let Some((envelope, _)) = &next {
                place = known.get(&(origin, epoch, envelope.sequence)).map(|early| early.place);
            }
            let through = next.as_ref().map_or(high_water, |(envelope, _)| envelope.sequence);
            known.retain(|key, _| (key.0, key.1) != (origin, epoch) || key.2 > through);
        });
        next.zip(place).map(|((envelope, sealed), place)| (envelope, sealed, place))
    }

    /// What was decided won't be committed.
    pub(super) fn forget(&mut self) {
        self.inbox.forget();
        self.waiting = self.early.change(BTreeMap::clear);
        self.waits.forget();
    }
}

/// What is known of earlier envelopes, applied and decided.
struct Facts<'a> {
    read: &'a dyn Read,
    fault: RefCell<Option<StorageError>>,
}

impl Facts<'_> {
    /// The value, or nothing and a fault, which makes the whole judgement void.
    fn or_fault<T>(&self, result: Result<T, StorageError>) -> Option<T> {
        result.map_err(|error| *self.fault.borrow_mut() = Some(error)).ok()
    }
}

fn seen(Arrived { id, digest, receipt }: Arrived) -> Seen {
    Seen { id: EnvelopeId(id), digest, receipt: Sealed::new(receipt) }
}

impl InboxFacts for Facts<'_> {
    fn high_water(&self, origin: &NodeId, epoch: u32) -> u64 {
        self.or_fault(HIGH_WATER.load(self.read, &(*origin, epoch))).flatten().unwrap_or(0)
    }

    fn newest_epoch(&self, origin: &NodeId) -> u32 {
        self.or_fault(HIGH_WATER.last(self.read, &stem(origin))).flatten().map_or(0, |(_, epoch)| epoch)
    }

    fn seen(&self, id: &EnvelopeId) -> Option<Seen> {
        self.or_fault(INBOX_BY_ID.load(self.read, &id.0)).flatten().map(seen)
    }

    fn at(&self, origin: &NodeId, epoch: u32, sequence: u64) -> Option<Seen> {
        self.or_fault(INBOX.load(self.read, &(*origin, epoch, sequence))).flatten().map(seen)
    }
}
