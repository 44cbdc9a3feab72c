//! A node of the tests: what survives a restart, and what doesn't.

use std::collections::{BTreeMap, VecDeque};

use tongban_codes::{
    ids::{Digest, NodeId},
    time::Timestamp,
};
use tongban_federation::{
    Envelope, EnvelopeId, Flow, Inbox, InboxFacts, Outcome, Outgoing, Receipt, Sealed, Seen, Session, Subject, Unseal,
    UnsealError, delivery::Load, wire::SignedBy,
};

/// A seal of the tests: signer, kind and statement, then a digest over them.
pub(crate) fn seal(signer: &NodeId, content_type: &str, statement: &[u8]) -> Sealed {
    let mut bytes = statement.to_vec();
    bytes.extend_from_slice(proof(signer, content_type, statement).as_bytes());
    Sealed::new(bytes)
}

fn proof(signer: &NodeId, content_type: &str, statement: &[u8]) -> Digest {
    Digest::of(&[signer.as_bytes(), content_type.as_bytes(), statement].concat())
}

pub(crate) struct Seals;

impl Unseal for Seals {
    fn open(&self, signer: &NodeId, content_type: &str, sealed: &Sealed) -> Result<Vec<u8>, UnsealError> {
        let (statement, check) =
            sealed.as_bytes().split_at_checked(sealed.len().wrapping_sub(32)).ok_or(UnsealError::Broken)?;
        if proof(signer, content_type, statement).as_bytes() == check {
            Ok(statement.to_vec())
        } else {
            Err(UnsealError::Broken)
        }
    }
}

/// Kept over restarts.
#[derive(Default)]
pub(crate) struct Durable {
    pub(crate) epoch: u32,
    /// Sent envelopes by destination; the place in the list is the sequence less one.
    pub(crate) sent: BTreeMap<NodeId, Vec<(Envelope, Sealed)>>,
    /// Receipts of the present epoch's places.
    pub(crate) receipts: BTreeMap<EnvelopeId, Receipt>,
    pub(crate) high_waters: BTreeMap<(NodeId, u32), u64>,
    pub(crate) places: BTreeMap<(NodeId, u32, u64), Seen>,
    pub(crate) seen: BTreeMap<EnvelopeId, Seen>,
    pub(crate) effects: Vec<(NodeId, Subject, u32)>,
    pub(crate) relayed: BTreeMap<(Flow, u64), Outgoing>,
    pub(crate) relayed_receipts: BTreeMap<(Flow, u64), SignedBy>,
}

/// What a node has decided and not yet committed, in order.
pub(crate) enum Work {
    /// Take an envelope, with this receipt; the effect is new or a repeat.
    Take {
        envelope: Envelope,
        receipt: Sealed,
        new: bool,
    },
    Store {
        envelope: Envelope,
        sealed: Sealed,
        from: NodeId,
    },
    Record {
        receipt: Box<Receipt>,
    },
    PassOn {
        receipt: Box<Receipt>,
        sealed: Sealed,
    },
}

pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) durable: Durable,
    pub(crate) inbox: Inbox,
    pub(crate) sessions: BTreeMap<NodeId, Session>,
    pub(crate) decided: BTreeMap<EnvelopeId, Seen>,
    pub(crate) queue: VecDeque<(Timestamp, Work)>,
}

impl InboxFacts for Node {
    fn high_water(&self, origin: &NodeId, epoch: u32) -> u64 {
        self.durable.high_waters.get(&(*origin, epoch)).copied().unwrap_or(0)
    }

    fn newest_epoch(&self, origin: &NodeId) -> u32 {
        self.durable.high_waters.keys().filter(|key| key.0 == *origin).map(|key| key.1).max().unwrap_or(0)
    }

    fn seen(&self, id: &EnvelopeId) -> Option<Seen> {
        self.decided.get(id).or_else(|| self.durable.seen.get(id)).cloned()
    }

    fn at(&self, origin: &NodeId, epoch: u32, sequence: u64) -> Option<Seen> {
        self.durable.places.get(&(*origin, epoch, sequence)).cloned()
    }
}

impl Node {
    pub(crate) fn new(id: NodeId) -> Self {
        let durable = Durable { epoch: 1, ..Durable::default() };
        Self {
            id,
            durable,
            inbox: Inbox::new(id),
            sessions: BTreeMap::new(),
            decided: BTreeMap::new(),
            queue: VecDeque::new(),
        }
    }

    /// Loses all that is volatile.
    pub(crate) fn crash(&mut self) {
        self.inbox.forget();
        self.sessions.clear();
        self.decided.clear();
        self.queue.clear();
    }

    /// Begins a new epoch in which all is sent again, without memory of receipts.
    pub(crate) fn restore(&mut self) {
        self.durable.epoch += 1;
        self.durable.receipts.clear();
        for sent in self.durable.sent.values_mut() {
            for (envelope, sealed) in sent {
                envelope.epoch = self.durable.epoch;
                *sealed = seal(&self.id, tongban_seal::content_type::ENVELOPE, &envelope.to_bytes());
            }
        }
    }

    pub(crate) fn send(&mut self, mut envelope: Envelope) {
        let sent = self.durable.sent.entry(envelope.destination).or_default();
        envelope.sequence = sent.len() as u64 + 1;
        let sealed = seal(&self.id, tongban_seal::content_type::ENVELOPE, &envelope.to_bytes());
        sent.push((envelope, sealed));
    }

    /// Flows with something unreceipted, relayed ones included.
    pub(crate) fn flows(&self) -> Vec<Flow> {
        let own = self.durable.sent.values().flatten().map(|(envelope, _)| envelope);
        let own = own.filter(|envelope| !self.durable.receipts.contains_key(&envelope.id())).map(Envelope::flow);
        let mut flows: Vec<Flow> = own.chain(self.durable.relayed.keys().map(|(flow, _)| *flow)).collect();
        flows.sort();
        flows.dedup();
        flows
    }

    pub(crate) fn load(&self, flow: &Flow, load: Load) -> (Vec<Outgoing>, bool) {
        let mut all: Vec<Outgoing> = if flow.origin == self.id {
            let sent = self.durable.sent.get(&flow.destination).into_iter().flatten();
            let open = sent.filter(|(envelope, _)| {
                envelope.epoch == flow.epoch && !self.durable.receipts.contains_key(&envelope.id())
            });
            open.map(|(envelope, sealed)| Outgoing::of(envelope, sealed.clone())).collect()
        } else {
            self.durable.relayed.range((*flow, 0)..=(*flow, u64::MAX)).map(|(_, outgoing)| outgoing.clone()).collect()
        };
        all.retain(|outgoing| outgoing.sequence > load.after);
        let more = all.len() > load.limit;
        all.truncate(load.limit);
        (all, more)
    }

    /// The receipt that the node decides on.
    pub(crate) fn decide(&self, envelope: &Envelope, at: Timestamp) -> Sealed {
        let outcome = if envelope.act_number.is_multiple_of(5) {
            Outcome::Refused { code: "not-competent".to_owned(), text: String::new() }
        } else {
            Outcome::Applied { detail: vec![] }
        };
        seal(&self.id, tongban_seal::content_type::RECEIPT, &Receipt::of(envelope, outcome, at).to_bytes())
    }

    pub(crate) fn open_count(&self) -> usize {
        let sent = self.durable.sent.values().flatten();
        sent.filter(|(envelope, _)| !self.durable.receipts.contains_key(&envelope.id())).count()
    }
}
