//! Envelopes and receipts: which flow goes over which link, in and out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tongban_codes::ids::NodeId;
use tongban_federation::route::{Journey, NoHop, Policy};
use tongban_federation::session::Input;
use tongban_federation::wire::SignedBy;
use tongban_federation::{
    Envelope, Flow, Hop, Outgoing, Receipt, Role, Sealed, Unseal, leads_through, limits, next_hop,
};
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::{Bytes, delivery, meta};

#[cfg(feature = "deliberate-bugs")]
use super::deliberate;
use super::{Exchange, Later, Waiting};
use crate::engine::{Answer, Committed, ExchangeEvent, Outside, Refused, Request};
use crate::exchange::knowledge::DirectoryUnseal;
use crate::exchange::translate;

/// Bytes of receipts that wait at a relay for a way back.
const UNPASSED_BYTES_MAX: usize = 8 << 20;

/// How many copies of a flow that lead back are let go of in one look.
const LET_GO_MAX: usize = 64;

/// A receipt of another node for another node.
pub(super) struct Unpassed {
    flow: Flow,
    sequence: u64,
    receiver: NodeId,
    /// The peer that brought it.
    bringer: NodeId,
    sealed: Sealed,
}

impl Unpassed {
    pub(super) fn new(receipt: &Receipt, bringer: NodeId, sealed: Sealed) -> Self {
        Self { flow: receipt.flow(), sequence: receipt.sequence, receiver: receipt.receiver, bringer, sealed }
    }
}

/// Receipts that wait for a way back, the oldest first.
#[derive(Default)]
pub(super) struct Waiters {
    receipts: VecDeque<Unpassed>,
    bytes: usize,
}

impl Waiters {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.receipts.len()
    }

    fn push(&mut self, receipt: Unpassed) {
        self.bytes += receipt.sealed.len();
        self.receipts.push_back(receipt);
        while self.bytes > UNPASSED_BYTES_MAX
            && let Some(oldest) = self.receipts.pop_front()
        {
            self.bytes -= oldest.sealed.len();
        }
    }
}

impl Exchange {
    /// Tells sessions which flows go over them; dials where that is the way.
    pub(super) fn announce(&mut self, only: Option<NodeId>) {
        for (flow, last) in self.flows() {
            self.announce_flow(flow, None, last, only);
        }
    }

    /// Tells sessions of the own flows that have grown since the last time, by their numbers alone: the outbox itself may be long.
    pub(super) fn announce_grown(&mut self) {
        let origin = self.knowledge.here().node;
        let epoch = self.knowledge.epoch;
        let sequences = meta::SEQUENCE.list(&*self.knowledge.parts.backend, &[], None, usize::MAX).unwrap_or_default();
        for (destination, last) in sequences {
            if self.grown.insert(destination, last) != Some(last) {
                self.announce_flow(Flow { origin, epoch, destination }, None, last, None);
            }
        }
    }

    /// Tells the session that leads to a flow's destination how far the flow goes, once for each link and each growth: what was told
    /// before is the session's business. `stored` is a sequence that has just come, maybe behind others that were told of before.
    pub(super) fn announce_flow(&mut self, flow: Flow, stored: Option<u64>, last: u64, only: Option<NodeId>) {
        let me = self.knowledge.here().node;
        let linked: BTreeSet<NodeId> = self.open_peers().into_iter().collect();
        let journey = self.journey(&flow);
        let hop = next_hop(&self.knowledge.directory(), me, &journey, &linked, &self.policy());
        if self.leads_back(&flow, &hop) {
            return self.let_go(&flow);
        }
        let mut ways = Vec::new();
        match hop {
            Hop::Direct(peer) | Hop::Via(peer) => ways.push(peer),
            Hop::Dial { node, .. } => {
                // An accepting session never dials; while no connection stands, not even one that is still greeting, this node may.
                let waits =
                    self.peers.get(&node).is_none_or(|known| known.role == Role::Accept && known.link.is_none());
                if waits {
                    self.open(node, Role::Dial, false);
                }
                ways.push(node);
                // While the direct way is being tried, the way through superiors is as good: whichever comes first counts.
                let indirect = next_hop(&self.knowledge.directory(), me, &journey, &linked, &Policy::default());
                if let Hop::Direct(peer) | Hop::Via(peer) = indirect
                    && self.peers.get(&node).is_some_and(|peer| peer.trouble.is_some())
                {
                    ways.push(peer);
                }
            }
            Hop::None(_) => {}
        }
        for peer in ways {
            if only.is_some_and(|only| only != peer) {
                continue;
            }
            let Some(known) = self.peers.get_mut(&peer) else { continue };
            let open = known.session.is_open();
            let from = match (known.announced.get(&flow), stored) {
                (None, _) => 1,
                (Some(_), Some(stored)) => stored,
                (Some(told), None) if last <= *told => continue,
                (Some(told), None) => told + 1,
            };
            if open {
                known.announced.entry(flow).and_modify(|told| *told = (*told).max(last)).or_insert(last);
            }
            self.feed(peer, Input::OutboxGrew { flow, from });
        }
    }

    /// The journey of a flow's envelopes from here.
    fn journey(&self, flow: &Flow) -> Journey {
        let came_from = (flow.origin != self.knowledge.here().node).then_some(flow.origin);
        Journey { destination: flow.destination, came_from, hops: limits::HOPS_MAX }
    }

    /// Whether what is of another's flow, whose next hop is this, would come to its origin again before its destination.
    ///
    /// On a way that its origin chose it never does, as long as both know the same directory: it was repeated by somebody, or sent while one of
    /// them hadn't heard of a change of the tree. A copy here would stay for ever, for its receipt doesn't come this way.
    fn leads_back(&self, flow: &Flow, hop: &Hop) -> bool {
        let me = self.knowledge.here().node;
        match hop {
            _ if flow.origin == me => false,
            Hop::Direct(node) | Hop::Dial { node, .. } if *node == flow.destination => false,
            Hop::None(NoHop::WayBack) => true,
            _ => leads_through(&self.knowledge.directory(), me, flow.destination, flow.origin),
        }
    }

    /// Lets go of copies that lead back to whose they are. What was said to be held here costs time only: the origin keeps its own until it has
    /// the receipt, and offers it again, by the way that is the right one then.
    fn let_go(&mut self, flow: &Flow) {
        let copies = self.rows(flow, 0, LET_GO_MAX);
        if !copies.is_empty() {
            tracing::info!(origin = %flow.origin, destination = %flow.destination, count = copies.len(), "copies that lead back are let go of");
        }
        for (sequence, _) in copies {
            self.forget_copy(*flow, sequence);
        }
    }

    /// Deletes the copy of an envelope of another node, if there is one.
    fn forget_copy(&mut self, flow: Flow, sequence: u64) {
        let Flow { origin, epoch, destination } = flow;
        let request = Request::Custom(Box::new(move |read, _, _| {
            let kept = delivery::RELAY.holds(read, &(destination, origin, epoch, sequence))?;
            let event = ExchangeEvent::RelayDone { destination, origin, epoch, sequence };
            Ok(Outside { exchange: kept.then_some(event).into_iter().collect(), ..Outside::default() })
        }));
        self.decide(Waiting::RelayDone { flow, sequence }, request, false);
    }

    /// Every flow of which something waits here, own envelopes and those of others, with its last sequence.
    pub(super) fn flows(&self) -> Vec<(Flow, u64)> {
        let (me, epoch) = (self.knowledge.here().node, self.knowledge.epoch);
        let state = &*self.knowledge.parts.backend;
        let mut flows = Vec::new();
        let mut after: Option<NodeId> = None;
        loop {
            let key = after.map(|node| (node, u32::MAX, u64::MAX));
            let Ok(found) = delivery::OUTBOX.list(state, &[], key.as_ref(), 1) else { break };
            let Some(((destination, ..), _)) = found.first() else { break };
            let last = delivery::OUTBOX.last(state, &stem(&(*destination, epoch))).ok().flatten();
            if let Some((_, _, last)) = last {
                flows.push((Flow { origin: me, epoch, destination: *destination }, last));
            }
            after = Some(*destination);
        }
        let mut after = None;
        while let Ok(found) = delivery::RELAY.list(state, &[], after.as_ref(), 1) {
            let Some(((destination, origin, epoch, _), _)) = found.first() else { break };
            let last = delivery::RELAY.last(state, &stem(&(*destination, *origin, *epoch))).ok().flatten();
            if let Some((.., last)) = last {
                flows.push((Flow { origin: *origin, epoch: *epoch, destination: *destination }, last));
            }
            after = Some((*destination, *origin, *epoch, u64::MAX));
        }
        flows
    }

    /// The next envelopes of a flow, and whether there are further ones. Rows that can't be opened are passed over.
    pub(super) fn load(&self, flow: &Flow, after: u64, limit: usize) -> (Vec<Outgoing>, bool) {
        let directory = self.knowledge.directory();
        let current = DirectoryUnseal(&directory);
        // What this node has sealed itself is in order, even while it believes itself revoked: it may have been admitted again.
        let own = flow.origin == self.knowledge.here().node;
        let unseal: &dyn Unseal = if own { &*directory } else { &current };
        let mut outgoing = Vec::new();
        let mut after = after;
        loop {
            let rows = self.rows(flow, after, limit - outgoing.len() + 1);
            let found = rows.len();
            let wanted = limit - outgoing.len();
            for (sequence, Bytes(bytes)) in rows.into_iter().take(wanted) {
                after = sequence;
                let sealed = Sealed::new(bytes);
                match Envelope::open(&flow.origin, &sealed, unseal) {
                    Ok(envelope) => outgoing.push(Outgoing::of(&envelope, sealed)),
                    Err(error) => tracing::error!(%error, sequence, "a stored envelope can't be opened"),
                }
            }
            if found <= wanted {
                return (outgoing, false);
            }
            if outgoing.len() >= limit {
                return (outgoing, true);
            }
        }
    }

    /// Stored envelopes of a flow behind a sequence.
    fn rows(&self, flow: &Flow, after: u64, limit: usize) -> Vec<(u64, Bytes)> {
        let state = &*self.knowledge.parts.backend;
        if flow.origin == self.knowledge.here().node {
            let key = (flow.destination, flow.epoch, after);
            let found = delivery::OUTBOX.list(state, &stem(&(flow.destination, flow.epoch)), Some(&key), limit);
            found.unwrap_or_default().into_iter().map(|((.., sequence), row)| (sequence, row)).collect()
        } else {
            let key = (flow.destination, flow.origin, flow.epoch, after);
            let prefix = stem(&(flow.destination, flow.origin, flow.epoch));
            let found = delivery::RELAY.list(state, &prefix, Some(&key), limit);
            found.unwrap_or_default().into_iter().map(|((.., sequence), row)| (sequence, row)).collect()
        }
    }

    pub(super) fn deliver(&mut self, peer: NodeId, envelope: Envelope, sealed: Sealed) {
        let (flow, sequence) = (envelope.flow(), envelope.sequence);
        let Some(place) = self.knowledge.place_of(&envelope.origin) else {
            self.feed_later(peer, Input::Dropped { flow, sequence });
            return;
        };
        let request = Request::Deliver { sealed, envelope: Box::new(envelope), place };
        self.decide(Waiting::Delivery { peer, flow, sequence }, request, false);
    }

    pub(super) fn relay(&mut self, peer: NodeId, envelope: &Envelope, sealed: Sealed) {
        let (flow, sequence) = (envelope.flow(), envelope.sequence);
        let linked: BTreeSet<NodeId> = self.open_peers().into_iter().collect();
        let me = self.knowledge.here().node;
        let hop = next_hop(&self.knowledge.directory(), me, &self.journey(&flow), &linked, &self.policy());
        if self.knowledge.directory().node(&flow.destination).is_none() || self.leads_back(&flow, &hop) {
            self.feed_later(peer, Input::Dropped { flow, sequence });
            return;
        }
        if let Some(known) = self.peers.get_mut(&peer)
            && known.gave.len() < limits::FLOWS_MAX
        {
            known.gave.insert(flow);
        }
        #[cfg(feature = "deliberate-bugs")]
        let sealed = deliberate::encoded_anew(&self.knowledge, envelope).unwrap_or(sealed);
        let Flow { origin, epoch, destination } = flow;
        let event = ExchangeEvent::Relayed { destination, origin, epoch, sequence, sealed: sealed.into_bytes() };
        let request = Request::Custom(Box::new(move |read, _, _| {
            // The sender may offer what is kept already.
            let new = !delivery::RELAY.holds(read, &(destination, origin, epoch, sequence))?;
            #[cfg(feature = "deliberate-bugs")]
            let new = new && !deliberate::is_unkept();
            let exchange = if new { vec![event] } else { Vec::new() };
            Ok(Outside { exchange, ..Outside::default() })
        }));
        self.decide(Waiting::Relay { peer, flow, sequence }, request, true);
    }

    pub(super) fn record_receipt(&mut self, peer: NodeId, receipt: Receipt, sealed: Sealed) {
        let (flow, sequence) = (receipt.flow(), receipt.sequence);
        let Some(place) = self.knowledge.place_of(&receipt.receiver) else {
            self.later.push_back(Later::Unlink(peer));
            return;
        };
        let request = Request::Receipted { sealed, receipt: Box::new(receipt), place };
        self.decide(Waiting::Receipt { peer, flow, sequence }, request, false);
    }

    /// Lets go of the copy of an envelope that has been received, and passes its receipt on. One for which there is no way back now waits in
    /// memory, if a copy was held for it: were it lost, the next offer would be answered again.
    pub(super) fn relay_receipt(&mut self, receipt: Unpassed) {
        let (flow, sequence) = (receipt.flow, receipt.sequence);
        let Flow { origin, epoch, destination } = flow;
        let state = &*self.knowledge.parts.backend;
        // A copy is applied before it is passed on, so what is receipted is there, unless an earlier receipt came.
        let is_held = delivery::RELAY.holds(state, &(destination, origin, epoch, sequence)).unwrap_or(false);
        let linked = self.open_peers().into_iter().collect();
        let ways = self.ways_back(&receipt, is_held, &linked, &mut BTreeMap::new());
        if ways.is_empty() && is_held {
            self.unpassed.push(receipt);
        } else {
            self.pass_receipt(&receipt, ways);
        }
        self.forget_copy(flow, sequence);
    }

    /// Every linked peer that gave envelopes of the flow, for each of them keeps its own copy until it hears of the receipt; where there is none,
    /// or no copy was held here, the next hop to the origin, which is worked out once for each origin. Never who brought it.
    ///
    /// Each copy is let go of once, so a receipt is passed to givers once. Were one for which nothing is held passed to them, too, three relays
    /// that gave each other envelopes of a flow would pass it around for ever.
    fn ways_back(
        &self,
        receipt: &Unpassed,
        is_held: bool,
        linked: &BTreeSet<NodeId>,
        hops: &mut BTreeMap<(NodeId, NodeId), Option<NodeId>>,
    ) -> Vec<NodeId> {
        let Unpassed { flow, receiver, bringer, .. } = receipt;
        let gave = |peer: &&NodeId| is_held && self.peers.get(peer).is_some_and(|known| known.gave.contains(flow));
        let givers: Vec<NodeId> = linked.iter().filter(gave).copied().filter(|peer| peer != bringer).collect();
        if !givers.is_empty() {
            return givers;
        }
        let hop = hops.entry((flow.origin, *receiver)).or_insert_with(|| {
            let journey = Journey { destination: flow.origin, came_from: Some(*receiver), hops: limits::HOPS_MAX };
            let me = self.knowledge.here().node;
            match next_hop(&self.knowledge.directory(), me, &journey, linked, &Policy::default()) {
                Hop::Direct(peer) | Hop::Via(peer) => Some(peer),
                Hop::Dial { .. } | Hop::None(_) => None,
            }
        });
        hop.filter(|peer| peer != bringer).into_iter().collect()
    }

    fn pass_receipt(&mut self, receipt: &Unpassed, ways: Vec<NodeId>) {
        let Unpassed { flow, sequence, receiver, sealed, .. } = receipt;
        for peer in ways {
            let receipt = SignedBy { signer: *receiver, sealed: sealed.clone() };
            self.feed_later(peer, Input::Committed { flow: *flow, sequence: *sequence, receipt });
        }
    }

    /// Tries again to pass on what found no way back before.
    pub(super) fn pass_receipts(&mut self) {
        let (linked, mut hops) = (self.open_peers().into_iter().collect(), BTreeMap::new());
        for receipt in std::mem::take(&mut self.unpassed).receipts {
            // Only what a copy was held for waits.
            let ways = self.ways_back(&receipt, true, &linked, &mut hops);
            if ways.is_empty() {
                self.unpassed.push(receipt);
            } else {
                self.pass_receipt(&receipt, ways);
            }
        }
    }

    /// The writer has decided, and what it decided is committed; or it did not.
    pub(super) fn decided(&mut self, waiting: Waiting, outcome: Result<Committed<Answer>, Refused>) {
        match waiting {
            Waiting::Delivery { peer, flow, sequence } => {
                let receipt = outcome.ok().and_then(|committed| self.receipt(&flow, sequence, committed));
                self.feed(peer, receipt.unwrap_or(Input::Dropped { flow, sequence }));
            }
            Waiting::Relay { peer, flow, sequence } => match outcome {
                Ok(committed) => {
                    self.feed(peer, stored(flow, sequence, committed));
                    self.announce_flow(flow, Some(sequence), sequence, None);
                }
                Err(_) => self.feed(peer, Input::Dropped { flow, sequence }),
            },
            Waiting::Receipt { peer, flow, sequence } => match outcome {
                Ok(committed) => self.recorded(flow, sequence, committed),
                Err(refused) => {
                    // The session waits for it to be recorded: it must hear it again, on a new connection.
                    tracing::warn!(?refused, "a receipt was not recorded");
                    self.later.push_back(Later::Unlink(peer));
                }
            },
            Waiting::RelayDone { flow, sequence } => {
                if let Ok(committed) = outcome {
                    self.recorded(flow, sequence, committed);
                }
            }
            _ => {}
        }
    }

    /// The receipt that may leave now that the effect is committed.
    fn receipt(&self, flow: &Flow, sequence: u64, committed: Committed<Answer>) -> Option<Input> {
        match committed.into_inner() {
            Answer::Receipt(sealed, _) => {
                let receipt = SignedBy { signer: self.knowledge.here().node, sealed };
                Some(Input::Committed { flow: *flow, sequence, receipt })
            }
            Answer::Fork => {
                let code = translate::FORK;
                tracing::error!(origin = %flow.origin, sequence, code, "a fork: the same act with another content");
                None
            }
            _ => None,
        }
    }

    /// No session sends an envelope again whose receipt is durable here.
    fn recorded(&mut self, flow: Flow, sequence: u64, committed: Committed<Answer>) {
        let _spoken = committed.into_inner();
        for peer in self.peers.keys().copied().collect::<Vec<_>>() {
            self.feed(peer, Input::ReceiptRecorded { flow, sequence });
        }
    }
}

/// That an envelope is stored may be said now that it is committed and applied.
fn stored(flow: Flow, sequence: u64, committed: Committed<Answer>) -> Input {
    let _spoken = committed.into_inner();
    Input::Stored { flow, sequence }
}
