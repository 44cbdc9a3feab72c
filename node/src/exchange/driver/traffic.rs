//! Envelopes and receipts: which flow goes over which link, in and out.

use std::collections::BTreeSet;
use std::sync::Arc;

use tongban_codes::ids::NodeId;
use tongban_federation::route::{Journey, Policy};
use tongban_federation::session::Input;
use tongban_federation::wire::SignedBy;
use tongban_federation::{Envelope, Flow, Hop, Outgoing, Receipt, Role, Sealed, limits, next_hop};
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::{Bytes, delivery};

use super::{Driver, Happened};
use crate::engine::{Answer, ExchangeEvent, Outside, Request};
use crate::exchange::shared::DirectoryUnseal;

impl Driver {
    /// Tells sessions which flows go over them; dials where that is the way.
    pub(super) fn announce(&mut self, only: Option<NodeId>) {
        for (flow, last) in self.flows() {
            self.announce_flow(flow, 1, last, only);
        }
    }

    /// Tells the session that leads to a flow's destination how far the flow goes, once for each link and each growth: what was told
    /// before is the session's business. `from` is the first sequence that is new when the flow was told of before.
    pub(super) fn announce_flow(&mut self, flow: Flow, from: u64, last: u64, only: Option<NodeId>) {
        let me = self.shared.here().node;
        let linked: BTreeSet<NodeId> =
            self.peers.iter().filter(|(_, peer)| peer.session.is_open()).map(|(node, _)| *node).collect();
        let came_from = (flow.origin != me).then_some(flow.origin);
        let journey = Journey { destination: flow.destination, came_from, hops: limits::HOPS_MAX };
        let mut ways = Vec::new();
        match next_hop(&self.shared.directory(), me, &journey, &linked, &self.policy()) {
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
                let indirect = next_hop(&self.shared.directory(), me, &journey, &linked, &Policy::default());
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
            let from = match known.announced.get(&flow) {
                Some(told) if from <= 1 && last <= *told => continue,
                Some(told) if from <= 1 => told + 1,
                Some(_) => from,
                None => 1,
            };
            if open {
                known.announced.entry(flow).and_modify(|told| *told = (*told).max(last)).or_insert(last);
            }
            self.feed(peer, Input::OutboxGrew { flow, from });
        }
    }

    /// Every flow of which something waits here, own envelopes and those of others, with its last sequence.
    pub(super) fn flows(&self) -> Vec<(Flow, u64)> {
        let (me, epoch) = (self.shared.here().node, self.shared.epoch);
        let state = &*self.shared.parts.backend;
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

    pub(super) fn load(&self, flow: &Flow, after: u64, limit: usize) -> (Vec<Outgoing>, bool) {
        let state = &*self.shared.parts.backend;
        let me = self.shared.here().node;
        let own = flow.origin == me;
        let rows: Vec<Bytes> = if own {
            let key = (flow.destination, flow.epoch, after);
            let found = delivery::OUTBOX.list(state, &stem(&(flow.destination, flow.epoch)), Some(&key), limit + 1);
            found.unwrap_or_default().into_iter().map(|(_, row)| row).collect()
        } else {
            let key = (flow.destination, flow.origin, flow.epoch, after);
            let prefix = stem(&(flow.destination, flow.origin, flow.epoch));
            let found = delivery::RELAY.list(state, &prefix, Some(&key), limit + 1);
            found.unwrap_or_default().into_iter().map(|(_, row)| row).collect()
        };
        let more = rows.len() > limit;
        let directory = self.shared.directory();
        let unseal = DirectoryUnseal(&directory);
        let outgoing = rows
            .into_iter()
            .take(limit)
            .filter_map(|Bytes(bytes)| {
                let sealed = Sealed::new(bytes);
                match Envelope::open(&flow.origin, &sealed, &unseal) {
                    Ok(envelope) => Some(Outgoing::of(&envelope, sealed)),
                    Err(error) => {
                        tracing::error!(%error, "a stored envelope can't be opened");
                        None
                    }
                }
            })
            .collect();
        (outgoing, more)
    }

    pub(super) fn deliver(&mut self, peer: NodeId, envelope: Envelope, sealed: Sealed) {
        let (flow, sequence) = (envelope.flow(), envelope.sequence);
        let Some(place) = self.shared.place_of(&envelope.origin) else {
            self.feed_later(peer, Input::Dropped { flow, sequence });
            return;
        };
        let me = self.shared.here().node;
        let request = Request::Deliver { sealed, envelope: Box::new(envelope), place };
        let Some(answer) = self.shared.parts.handle.submit_now(request) else {
            self.feed_later(peer, Input::Dropped { flow, sequence });
            return;
        };
        let events = self.events.clone();
        tokio::spawn(async move {
            let input = match answer.await {
                Ok(Ok(committed)) => match committed.into_inner() {
                    Answer::Receipt(sealed, _) => {
                        Input::Committed { flow, sequence, receipt: SignedBy { signer: me, sealed } }
                    }
                    Answer::Fork => {
                        tracing::error!(origin = %flow.origin, sequence, "a fork: the same act with another content");
                        Input::Dropped { flow, sequence }
                    }
                    _ => Input::Dropped { flow, sequence },
                },
                _ => Input::Dropped { flow, sequence },
            };
            let _sent = events.send(Happened::Settled { peer, input });
        });
    }

    pub(super) fn feed_later(&self, peer: NodeId, input: Input) {
        let _sent = self.events.send(Happened::Settled { peer, input });
    }

    pub(super) fn relay(&self, peer: NodeId, envelope: &Envelope, sealed: Sealed) {
        let (flow, sequence) = (envelope.flow(), envelope.sequence);
        let known = self.shared.directory().node(&flow.destination).is_some();
        if !known {
            self.feed_later(peer, Input::Dropped { flow, sequence });
            return;
        }
        let event = ExchangeEvent::Relayed {
            destination: flow.destination,
            origin: flow.origin,
            epoch: flow.epoch,
            sequence,
            sealed: sealed.into_bytes(),
        };
        let (shared, events) = (Arc::clone(&self.shared), self.events.clone());
        tokio::spawn(async move {
            let key = (flow.destination, flow.origin, flow.epoch, sequence);
            let kept = shared
                .settle(move |read, _, _| {
                    // The sender may offer what is kept already.
                    let new = !delivery::RELAY.holds(read, &key)?;
                    let exchange = if new { vec![event] } else { Vec::new() };
                    Ok(Outside { exchange, ..Outside::default() })
                })
                .await;
            let fresh = kept.is_ok() && shared.parts.handle.fresh().await;
            let input = if fresh { Input::Stored { flow, sequence } } else { Input::Dropped { flow, sequence } };
            let _sent = events.send(Happened::Settled { peer, input });
            if fresh {
                let _sent = events.send(Happened::RelayKept { flow, sequence });
            }
        });
    }

    pub(super) fn record_receipt(&self, peer: NodeId, receipt: Receipt, sealed: Sealed) {
        let flow = receipt.flow();
        let sequence = receipt.sequence;
        let events = self.events.clone();
        let Some(place) = self.shared.place_of(&receipt.receiver) else {
            let _sent = events.send(Happened::ReceiptFailed { peer });
            return;
        };
        let request = Request::Receipted { sealed, receipt: Box::new(receipt), place };
        let handle = self.shared.parts.handle.clone();
        let peers: Vec<NodeId> = self.peers.keys().copied().collect();
        tokio::spawn(async move {
            match handle.submit(request).await {
                Ok(_committed) => {
                    for peer in peers {
                        let _sent =
                            events.send(Happened::Settled { peer, input: Input::ReceiptRecorded { flow, sequence } });
                    }
                }
                Err(refused) => {
                    // The session waits for it to be recorded: it must hear it again, on a new connection.
                    tracing::warn!(?refused, "a receipt was not recorded");
                    let _sent = events.send(Happened::ReceiptFailed { peer });
                }
            }
        });
    }

    /// Passes a receipt on towards the origin, and lets go of the envelope. A receipt that is lost here is made good by the origin's
    /// next offer, which the destination answers again.
    pub(super) fn relay_receipt(&mut self, receipt: &Receipt, sealed: Sealed) {
        let flow = receipt.flow();
        let sequence = receipt.sequence;
        let me = self.shared.here().node;
        let linked: BTreeSet<NodeId> =
            self.peers.iter().filter(|(_, peer)| peer.session.is_open()).map(|(node, _)| *node).collect();
        let hops = limits::HOPS_MAX;
        let journey = Journey { destination: flow.origin, came_from: Some(receipt.receiver), hops };
        let hop = next_hop(&self.shared.directory(), me, &journey, &linked, &Policy::default());
        let (Hop::Direct(peer) | Hop::Via(peer)) = hop else {
            // No way back now: the envelope stays, is offered again, and answered again.
            return;
        };
        let passed_on = SignedBy { signer: receipt.receiver, sealed };
        self.feed_later(peer, Input::Committed { flow, sequence, receipt: passed_on });
        let event = ExchangeEvent::RelayDone {
            destination: flow.destination,
            origin: flow.origin,
            epoch: flow.epoch,
            sequence,
        };
        let (shared, events) = (Arc::clone(&self.shared), self.events.clone());
        let peers: Vec<NodeId> = self.peers.keys().copied().collect();
        tokio::spawn(async move {
            let key = (flow.destination, flow.origin, flow.epoch, sequence);
            let done = shared.settle(move |read, _, _| {
                let exchange = if delivery::RELAY.holds(read, &key)? { vec![event] } else { Vec::new() };
                Ok(Outside { exchange, ..Outside::default() })
            });
            if done.await.is_ok() {
                for peer in peers {
                    let _sent =
                        events.send(Happened::Settled { peer, input: Input::ReceiptRecorded { flow, sequence } });
                }
            }
        });
    }
}
