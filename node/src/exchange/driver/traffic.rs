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
        let me = self.shared.here().node;
        let flows = self.flows();
        if flows.is_empty() {
            return;
        }
        let linked: BTreeSet<NodeId> =
            self.peers.iter().filter(|(_, peer)| peer.session.is_open()).map(|(node, _)| *node).collect();
        let policy = self.policy();
        for flow in flows {
            let came_from = (flow.origin != me).then_some(flow.origin);
            let hops = u8::try_from(limits::HOPS_MAX).unwrap_or(8);
            let journey = Journey { destination: flow.destination, came_from, hops };
            let hop = next_hop(&self.shared.directory(), me, &journey, &linked, &policy);
            match hop {
                Hop::Direct(peer) | Hop::Via(peer) if only.is_none_or(|only| only == peer) => {
                    self.feed(peer, Input::OutboxGrew { flow, from: 1 });
                }
                Hop::Dial { node, .. } => {
                    if !self.peers.contains_key(&node) {
                        self.open(node, Role::Dial, false);
                    }
                    self.feed(node, Input::OutboxGrew { flow, from: 1 });
                    // While the direct way is being tried, the way through superiors is as good: whichever comes first counts.
                    let indirect = next_hop(&self.shared.directory(), me, &journey, &linked, &Policy::default());
                    if let Hop::Direct(peer) | Hop::Via(peer) = indirect
                        && self.peers.get(&node).is_some_and(|peer| peer.trouble.is_some())
                    {
                        self.feed(peer, Input::OutboxGrew { flow, from: 1 });
                    }
                }
                _ => {}
            }
        }
    }

    /// Every flow of which something waits here: own envelopes, and those of others.
    pub(super) fn flows(&self) -> Vec<Flow> {
        let (me, epoch) = (self.shared.here().node, self.shared.epoch);
        let state = &*self.shared.parts.backend;
        let mut flows = Vec::new();
        let mut after: Option<NodeId> = None;
        loop {
            let key = after.map(|node| (node, u32::MAX, u64::MAX));
            let Ok(found) = delivery::OUTBOX.list(state, &[], key.as_ref(), 1) else { break };
            let Some(((destination, ..), _)) = found.first() else { break };
            flows.push(Flow { origin: me, epoch, destination: *destination });
            after = Some(*destination);
        }
        let mut after = None;
        loop {
            let Ok(found) = delivery::RELAY.list(state, &[], after.as_ref(), 1) else { break };
            let Some(((destination, origin, epoch, _), _)) = found.first() else { break };
            flows.push(Flow { origin: *origin, epoch: *epoch, destination: *destination });
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
            let kept = shared.settle(move |_, _, _| Ok(Outside { exchange: vec![event], ..Outside::default() })).await;
            let fresh = kept.is_ok() && shared.parts.handle.fresh().await;
            let input = if fresh { Input::Stored { flow, sequence } } else { Input::Dropped { flow, sequence } };
            let _sent = events.send(Happened::Settled { peer, input });
            let _sent = events.send(Happened::RecordsKept(true));
        });
    }

    pub(super) fn record_receipt(&self, receipt: Receipt, sealed: Sealed) {
        let flow = receipt.flow();
        let sequence = receipt.sequence;
        let Some(place) = self.shared.place_of(&receipt.receiver) else { return };
        let request = Request::Receipted { sealed, receipt: Box::new(receipt), place };
        let Some(answer) = self.shared.parts.handle.submit_now(request) else { return };
        let events = self.events.clone();
        let peers: Vec<NodeId> = self.peers.keys().copied().collect();
        tokio::spawn(async move {
            match answer.await {
                Ok(Ok(_committed)) => {
                    for peer in peers {
                        let _sent = events.send(Happened::Settled { peer, input: Input::ReceiptRecorded { flow, sequence } });
                    }
                }
                Ok(Err(refused)) => tracing::warn!(?refused, "a receipt was not recorded"),
                Err(_) => {}
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
        let hops = u8::try_from(limits::HOPS_MAX).unwrap_or(8);
        let journey = Journey { destination: flow.origin, came_from: Some(receipt.receiver), hops };
        let hop = next_hop(&self.shared.directory(), me, &journey, &linked, &Policy::default());
        if let Hop::Direct(peer) | Hop::Via(peer) = hop {
            let receipt = SignedBy { signer: receipt.receiver, sealed };
            self.feed_later(peer, Input::Committed { flow, sequence, receipt });
        }
        let event =
            ExchangeEvent::RelayDone { destination: flow.destination, origin: flow.origin, epoch: flow.epoch, sequence };
        let (shared, events) = (Arc::clone(&self.shared), self.events.clone());
        let peers: Vec<NodeId> = self.peers.keys().copied().collect();
        tokio::spawn(async move {
            if shared.settle(move |_, _, _| Ok(Outside { exchange: vec![event], ..Outside::default() })).await.is_ok() {
                for peer in peers {
                    let _sent = events.send(Happened::Settled { peer, input: Input::ReceiptRecorded { flow, sequence } });
                }
            }
        });
    }
}
