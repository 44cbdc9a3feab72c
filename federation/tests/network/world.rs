//! The network between the nodes, its faults, and what must hold.

use std::collections::BTreeMap;

use tongban_codes::{
    division::DivisionCode,
    ids::{Digest, NodeId},
    time::Timestamp,
};
use tongban_federation::{
    Body, Config, Envelope, FederationLevel, Flow, Input, Outgoing, Output, Progress, Receipt, Release, Role, Seen,
    Session, Subject, Verdict, VersionRange, wire::SignedBy,
};

use crate::{
    chance::Chance,
    node::{Node, Seals, Work, seal},
};

/// Faults stop after this many milliseconds.
const FAULTS_UNTIL: i64 = 90_000;
/// By then everything must be receipted: what relays hold is offered again after hours at most.
const PATIENCE: i64 = 48 * 3_600_000;

enum Event {
    Frame { connection: u64, from: NodeId, to: NodeId, bytes: Vec<u8> },
    Connect { dialer: NodeId, peer: NodeId },
    Send { from: NodeId, to: NodeId },
    Cut,
    Restart(NodeId),
    Restore(NodeId),
}

pub(crate) struct World {
    now: i64,
    chance: Chance,
    nodes: BTreeMap<NodeId, Node>,
    line: Vec<NodeId>,
    /// The live connection between two neighbours, smaller id first.
    connections: BTreeMap<(NodeId, NodeId), u64>,
    events: BTreeMap<(i64, u64), Event>,
    count: u64,
    trace: Vec<u8>,
}

fn division() -> DivisionCode {
    DivisionCode::from_number(511_602_000_000).unwrap()
}

fn pair(one: NodeId, other: NodeId) -> (NodeId, NodeId) {
    (one.min(other), one.max(other))
}

impl World {
    /// `count` nodes in a line; those in the middle relay.
    pub(crate) fn new(count: usize, seed: u64) -> Self {
        let line: Vec<NodeId> = (1..=count).map(|n| NodeId::from_bytes([u8::try_from(n).unwrap(); 16])).collect();
        let nodes = line.iter().map(|id| (*id, Node::new(*id))).collect();
        let chance = Chance::new(seed);
        let (connections, events) = Default::default();
        let mut world = Self { now: 0, chance, nodes, line, connections, events, count: 0, trace: Vec::new() };
        for id in world.line.clone() {
            world.start(id);
        }
        let (first, last) = (world.line[0], world.line[count - 1]);
        for _ in 0..30 {
            let at = i64::try_from(world.chance.below(60_000)).unwrap();
            let (from, to) = if world.chance.percent(70) { (first, last) } else { (last, first) };
            world.at(at, Event::Send { from, to });
        }
        for _ in 0..world.chance.below(6) {
            let at = i64::try_from(world.chance.below(FAULTS_UNTIL.unsigned_abs())).unwrap();
            let node = world.line[usize::try_from(world.chance.below(count as u64)).unwrap()];
            let event = match world.chance.below(8) {
                0..3 => Event::Cut,
                3..7 => Event::Restart(node),
                _ => Event::Restore(first),
            };
            world.at(at, event);
        }
        world
    }

    fn at(&mut self, at: i64, event: Event) {
        self.count += 1;
        self.events.insert((at, self.count), event);
    }

    fn clock(&self) -> Timestamp {
        Timestamp::from_millis(self.now)
    }

    fn faulty(&self) -> bool {
        self.now < FAULTS_UNTIL
    }

    fn neighbours(&self, id: NodeId) -> Vec<NodeId> {
        let place = self.line.iter().position(|node| *node == id).unwrap();
        let left = place.checked_sub(1).map(|left| self.line[left]);
        left.into_iter().chain(self.line.get(place + 1).copied()).collect()
    }

    fn next_hop(&self, from: NodeId, to: NodeId) -> NodeId {
        let place = self.line.iter().position(|node| *node == from).unwrap();
        if to > from { self.line[place + 1] } else { self.line[place - 1] }
    }

    fn start(&mut self, id: NodeId) {
        for peer in self.neighbours(id) {
            let config = Config {
                me: id,
                division: division(),
                epoch: self.nodes[&id].durable.epoch,
                release: Release { major: 0, minor: 1, patch: 0 },
                versions: VersionRange::SPOKEN,
                level: FederationLevel::FIRST,
                peer,
                peer_epoch: 0,
                role: if id > peer { Role::Dial } else { Role::Accept },
                // Those who accept can't dial, so the others stay.
                lasting: id > peer || self.chance.percent(80),
                seed: self.chance.next(),
            };
            let session = Session::new(config, self.clock());
            self.nodes.get_mut(&id).unwrap().sessions.insert(peer, session);
        }
    }

    /// Runs until all is receipted and quiet; returns a digest of all that was sent.
    pub(crate) fn run(mut self) -> Digest {
        loop {
            let timeout =
                self.nodes.values().flat_map(|node| node.sessions.values().filter_map(Session::poll_timeout)).min();
            let commit = self.nodes.values().filter_map(|node| node.queue.front().map(|work| work.0)).min();
            let event = self.events.keys().next().map(|key| key.0);
            let next = [timeout.map(Timestamp::as_millis), commit.map(Timestamp::as_millis), event]
                .into_iter()
                .flatten()
                .min();
            self.now = self.now.max(next.expect("something always comes"));
            assert!(
                self.now < PATIENCE && self.count < 200_000,
                "not done after {} ms and {} events:{}",
                self.now,
                self.count,
                self.standing()
            );
            self.step();
            if !self.faulty() && self.nodes.values().all(|node| node.open_count() == 0 && node.queue.is_empty()) {
                break;
            }
        }
        self.check();
        Digest::of(&self.trace)
    }

    fn step(&mut self) {
        let now = self.clock();
        if let Some(key) = self.events.keys().next().copied().filter(|key| key.0 <= self.now) {
            let event = self.events.remove(&key).unwrap();
            return self.happen(event);
        }
        for id in self.line.clone() {
            let node = self.nodes.get_mut(&id).unwrap();
            if node.queue.front().is_some_and(|work| work.0 <= now) {
                let (_, work) = node.queue.pop_front().unwrap();
                return self.commit(id, work);
            }
            let due = node
                .sessions
                .iter()
                .find(|(_, session)| session.poll_timeout().is_some_and(|at| at <= now))
                .map(|due| *due.0);
            if let Some(peer) = due {
                return self.feed(id, peer, Input::Timeout);
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Frame { connection, from, to, bytes } => {
                if self.connections.get(&pair(from, to)) == Some(&connection) {
                    self.feed(to, from, Input::Frame(bytes));
                }
            }
            Event::Connect { dialer, peer } => {
                self.disconnect(dialer, peer);
                self.count += 1;
                self.connections.insert(pair(dialer, peer), self.count);
                for (me, other) in [(dialer, peer), (peer, dialer)] {
                    self.feed(
                        me,
                        other,
                        Input::Connected { peer: other, division: division(), progress: Progress::default() },
                    );
                }
            }
            Event::Send { from, to } => {
                let case = u8::try_from(self.chance.below(4)).unwrap();
                let node = self.nodes.get_mut(&from).unwrap();
                let subject = Subject::from_bytes([case; 16]);
                let sent = node.durable.sent.entry(to).or_default();
                let act_number =
                    1 + u32::try_from(sent.iter().filter(|(sent, _)| sent.subject == subject).count()).unwrap();
                let (epoch, body) = (node.durable.epoch, Body::Plain(vec![case; 8]));
                node.send(Envelope {
                    origin: from,
                    epoch,
                    destination: to,
                    sequence: 1,
                    subject,
                    act_number,
                    kind: 1,
                    version: 1,
                    body,
                });
                let last = node.durable.sent[&to].len() as u64;
                let flow = Flow { origin: from, epoch, destination: to };
                self.feed(from, self.next_hop(from, to), Input::OutboxGrew { flow, from: last });
            }
            Event::Cut => {
                let link = self.chance.below(self.line.len() as u64 - 1);
                let (one, other) =
                    (self.line[usize::try_from(link).unwrap()], self.line[usize::try_from(link).unwrap() + 1]);
                self.disconnect(one, other);
            }
            Event::Restart(id) => self.restart(id),
            Event::Restore(id) => {
                self.nodes.get_mut(&id).unwrap().restore();
                self.restart(id);
            }
        }
    }

    fn restart(&mut self, id: NodeId) {
        self.nodes.get_mut(&id).unwrap().crash();
        self.start(id);
        for peer in self.neighbours(id) {
            if self.connections.remove(&pair(id, peer)).is_some() {
                self.feed(peer, id, Input::Disconnected);
            }
        }
    }

    fn disconnect(&mut self, one: NodeId, other: NodeId) {
        if self.connections.remove(&pair(one, other)).is_some() {
            self.feed(one, other, Input::Disconnected);
            self.feed(other, one, Input::Disconnected);
        }
    }

    fn feed(&mut self, id: NodeId, peer: NodeId, input: Input) {
        let now = self.clock();
        let Some(session) = self.nodes.get_mut(&id).and_then(|node| node.sessions.get_mut(&peer)) else { return };
        session.handle(input, now, &Seals);
        while let Some(output) =
            self.nodes.get_mut(&id).and_then(|node| node.sessions.get_mut(&peer)).and_then(Session::poll_output)
        {
            self.perform(id, peer, output);
        }
    }

    fn perform(&mut self, id: NodeId, peer: NodeId, output: Output) {
        match output {
            Output::Dial => {
                let delay = if self.faulty() { self.chance.below(2000) } else { 50 };
                if !self.faulty() || self.chance.percent(80) {
                    self.at(self.now + i64::try_from(delay).unwrap(), Event::Connect { dialer: id, peer });
                }
            }
            Output::Send(bytes) => self.transmit(id, peer, &bytes),
            Output::Opened { .. } => {
                for flow in self.nodes[&id].flows() {
                    if self.next_hop(id, flow.destination) == peer {
                        self.feed(id, peer, Input::OutboxGrew { flow, from: 1 });
                    }
                }
            }
            Output::Close { .. } => {
                if self.connections.remove(&pair(id, peer)).is_some() {
                    self.feed(peer, id, Input::Disconnected);
                }
            }
            Output::LoadOutbox { flow, load } => {
                let (envelopes, more) = self.nodes[&id].load(&flow, load);
                self.feed(id, peer, Input::Outbound { flow, envelopes, more });
            }
            Output::Deliver { envelope, sealed } => {
                let mut inbox =
                    std::mem::replace(&mut self.nodes.get_mut(&id).unwrap().inbox, tongban_federation::Inbox::new(id));
                let verdict = inbox.handle(&envelope, &sealed, &self.nodes[&id]);
                self.judged(id, &envelope, verdict);
                while let Some((envelope, sealed)) = inbox.poll() {
                    let verdict = inbox.handle(&envelope, &sealed, &self.nodes[&id]);
                    self.judged(id, &envelope, verdict);
                }
                self.nodes.get_mut(&id).unwrap().inbox = inbox;
                // The receipt finds its own way; the place is free again.
                self.feed(id, peer, Input::Dropped { flow: envelope.flow(), sequence: envelope.sequence });
            }
            Output::Relay { envelope, sealed } => {
                let key = (envelope.flow(), envelope.sequence);
                match self.nodes[&id].durable.relayed_receipts.get(&key).cloned() {
                    Some(receipt) => self.feed(id, peer, Input::Committed { flow: key.0, sequence: key.1, receipt }),
                    None => self.decide(id, Work::Store { envelope: *envelope, sealed, from: peer }),
                }
            }
            Output::RecordReceipt { receipt, .. } => self.decide(id, Work::Record { receipt }),
            Output::RelayReceipt { receipt, sealed } => self.decide(id, Work::PassOn { receipt, sealed }),
            Output::LoadRecords | Output::PeerRestored { .. } => {}
            other => panic!("nodes of one mind never see {other:?}"),
        }
    }

    fn transmit(&mut self, from: NodeId, to: NodeId, bytes: &[u8]) {
        self.trace.extend_from_slice(Digest::of(bytes).as_bytes());
        let Some(connection) = self.connections.get(&pair(from, to)).copied() else { return };
        let (lost, copies) =
            (self.faulty() && self.chance.percent(8), if self.faulty() && self.chance.percent(8) { 2 } else { 1 });
        for _ in 0..if lost { 0 } else { copies } {
            // Once the faults are over, the transport keeps the order, as QUIC does.
            let delay = if self.faulty() { self.chance.below(300) } else { 20 };
            self.at(
                self.now + i64::try_from(delay).unwrap(),
                Event::Frame { connection, from, to, bytes: bytes.to_vec() },
            );
        }
    }

    fn decide(&mut self, id: NodeId, work: Work) {
        let delay = i64::try_from(self.chance.below(30)).unwrap();
        let node = self.nodes.get_mut(&id).unwrap();
        let earliest = node.queue.back().map_or(self.now, |last| last.0.as_millis());
        node.queue.push_back((Timestamp::from_millis(earliest.max(self.now + delay)), work));
    }

    fn judged(&mut self, id: NodeId, envelope: &Envelope, verdict: Verdict) {
        let now = self.clock();
        match verdict {
            Verdict::Deliver => {
                let node = self.nodes.get_mut(&id).unwrap();
                let receipt = node.decide(envelope, now);
                node.decided.insert(
                    envelope.id(),
                    Seen { id: envelope.id(), digest: envelope.digest(), receipt: receipt.clone() },
                );
                self.decide(id, Work::Take { envelope: envelope.clone(), receipt, new: true });
            }
            Verdict::Resent { receipt } => {
                let before = Receipt::open(&id, &receipt, &Seals).unwrap();
                let receipt = seal(&id, tongban_seal::content_type::RECEIPT, &before.again(envelope).to_bytes());
                self.decide(id, Work::Take { envelope: envelope.clone(), receipt, new: false });
            }
            Verdict::Duplicate { receipt } => self.answer(id, envelope, receipt),
            Verdict::Pending | Verdict::Early | Verdict::OutOfWindow | Verdict::StaleEpoch { .. } => {}
            other => panic!("no node forks or forgets here: {other:?}"),
        }
    }

    fn answer(&mut self, id: NodeId, envelope: &Envelope, sealed: tongban_federation::Sealed) {
        let receipt = SignedBy { signer: id, sealed };
        let towards = self.next_hop(id, envelope.origin);
        self.feed(id, towards, Input::Committed { flow: envelope.flow(), sequence: envelope.sequence, receipt });
    }

    fn commit(&mut self, id: NodeId, work: Work) {
        let node = self.nodes.get_mut(&id).unwrap();
        match work {
            Work::Take { envelope, receipt, new } => {
                let line = (envelope.origin, envelope.epoch);
                let high_water = node.durable.high_waters.entry(line).or_default();
                assert_eq!(*high_water + 1, envelope.sequence, "high-water marks have no gaps");
                *high_water = envelope.sequence;
                let seen = Seen { id: envelope.id(), digest: envelope.digest(), receipt: receipt.clone() };
                node.durable.places.insert((line.0, line.1, envelope.sequence), seen.clone());
                if new {
                    assert!(node.durable.seen.insert(envelope.id(), seen).is_none(), "an effect twice");
                    node.durable.effects.push((envelope.origin, envelope.subject, envelope.act_number));
                }
                node.inbox.committed(&line.0, line.1, envelope.sequence);
                self.answer(id, &envelope, receipt);
            }
            Work::Store { envelope, sealed, from } => {
                let (flow, sequence) = (envelope.flow(), envelope.sequence);
                if !node.durable.relayed_receipts.contains_key(&(flow, sequence)) {
                    node.durable.relayed.insert((flow, sequence), Outgoing::of(&envelope, sealed));
                }
                self.feed(id, from, Input::Stored { flow, sequence });
                self.feed(id, self.next_hop(id, flow.destination), Input::OutboxGrew { flow, from: sequence });
            }
            Work::Record { receipt } => {
                // A receipt of an epoch that is over answers a place that is over.
                if receipt.epoch == node.durable.epoch {
                    let (flow, sequence) = (receipt.flow(), receipt.sequence);
                    node.durable.receipts.insert(receipt.envelope, *receipt);
                    for peer in self.neighbours(id) {
                        self.feed(id, peer, Input::ReceiptRecorded { flow, sequence });
                    }
                }
            }
            Work::PassOn { receipt, sealed } => self.pass_on(id, &receipt, sealed),
        }
    }

    fn pass_on(&mut self, id: NodeId, receipt: &Receipt, sealed: tongban_federation::Sealed) {
        let node = self.nodes.get_mut(&id).unwrap();
        let signed = SignedBy { signer: receipt.receiver, sealed };
        let (flow, sequence) = (receipt.flow(), receipt.sequence);
        node.durable.relayed.remove(&(flow, sequence));
        node.durable.relayed_receipts.insert((flow, sequence), signed.clone());
        for peer in self.neighbours(id) {
            self.feed(id, peer, Input::ReceiptRecorded { flow, sequence });
        }
        let towards = self.next_hop(id, receipt.origin);
        self.feed(id, towards, Input::Committed { flow, sequence, receipt: signed });
    }

    /// How far each node has come, for the message of a run that hangs.
    fn standing(&self) -> String {
        let mut text = String::new();
        for node in self.nodes.values() {
            let unit = node.durable.relayed.keys().map(|key| key.1);
            text += &format!(
                "\n{}: {} unreceipted, relays {:?}, high water {:?}",
                node.id,
                node.open_count(),
                unit.collect::<Vec<_>>(),
                node.durable.high_waters.values()
            );
            for session in node.sessions.values() {
                text += &format!("\n  to {}: {:?}, {:?}", session.peer(), session.state(), session.cause());
            }
        }
        text
    }

    fn check(&self) {
        for node in self.nodes.values() {
            for (destination, sent) in &node.durable.sent {
                let effects = &self.nodes[destination].durable.effects;
                for (envelope, _) in sent {
                    let times = effects
                        .iter()
                        .filter(|effect| **effect == (node.id, envelope.subject, envelope.act_number))
                        .count();
                    assert_eq!(times, 1, "effects of sequence {}", envelope.sequence);
                    assert_eq!(node.durable.receipts[&envelope.id()].digest, envelope.digest());
                }
            }
            let mut last: BTreeMap<(NodeId, Subject), u32> = BTreeMap::new();
            for (origin, subject, act) in &node.durable.effects {
                let before = last.insert((*origin, *subject), *act);
                assert_eq!(before.unwrap_or(0) + 1, *act, "acts on one case in order");
            }
        }
    }
}
