//! A few nodes in memory: real exchanges, real writers, and a queue between them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::oneshot;
use tongban_codes::calendar::Calendar;
use tongban_codes::ids::{Digest, Label, NodeId};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::{NodeFacts, Place};
use tongban_federation::directory::NodeRecord;
use tongban_federation::{Body, Envelope, Sealed, SignedRecord, Subject};
use tongban_seal::{Ed25519Signer, IndexKey, NodeKey, Signer, Statement, batch, content_type};
use tongban_storage::keyspace::{Bytes, delivery};
use tongban_storage::{Backend, MemoryBackend, WriteBatch};

use super::super::{Effect, Exchange, Happened, Proven, Trouble};
use crate::engine::trust::{AnchorRow, Certificate, RootKey};
use crate::engine::{Answer, AppliedState, Committed, Keys, LeaderDesk, Outcome, Request, Trust, Writer, WriterParts};
use crate::exchange::change::{Change, Changed, Changing, Kept};
use crate::exchange::pull::{PullStep, Pulling};
use crate::exchange::{Knowledge, KnowledgeParts, MemoryBlobs, answer_here, record, revoke};

pub(super) fn secret(what: &str) -> [u8; 32] {
    *Digest::of(what.as_bytes()).as_bytes()
}

pub(super) fn signer(node: NodeId) -> Ed25519Signer {
    Ed25519Signer::from_seed(&secret(&format!("seal {node}")))
}

pub(super) fn key_hash(node: NodeId) -> Digest {
    Digest::of(format!("transport {node}").as_bytes())
}

/// One node; its state outlives its runs.
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) state: Arc<MemoryBackend>,
    pub(super) knowledge: Arc<Knowledge>,
    pub(super) exchange: Exchange,
    writer: Writer,
    applied: Arc<AppliedState>,
    index: u64,
    deciding: Vec<(u64, oneshot::Receiver<Outcome>)>,
    /// While false the writer decides nothing for the exchange.
    pub(super) decides: bool,
}

fn knowledge(place: Place, state: &Arc<MemoryBackend>, clock: &Arc<AtomicI64>) -> Arc<Knowledge> {
    let keys = Keys::new(
        Arc::new(signer(place.node)),
        NodeKey::new(1, secret("node key")),
        IndexKey::new(1, [9; 32]),
        Box::new(|authority, _| Ok(Ed25519Signer::from_seed(Digest::of(authority.as_bytes()).as_bytes()))),
    );
    let clock = Arc::clone(clock);
    let parts = KnowledgeParts {
        backend: Arc::<MemoryBackend>::clone(state),
        blobs: Arc::new(MemoryBlobs::default()),
        keys: Arc::new(keys),
        transport_key_hash: key_hash(place.node),
        exchange_key: vec![7; 32],
        clock: Arc::new(move || Timestamp::from_millis(clock.load(Ordering::Relaxed))),
        addresses: vec![place.node.to_string()],
        direct: false,
    };
    Knowledge::load(parts, facts(place), 1).unwrap()
}

fn facts(place: Place) -> NodeFacts {
    let label = Label::new(place.division, 0).unwrap();
    NodeFacts { node: place.node, division: place.division, name: "模拟".to_owned(), label, demo: true }
}

impl Node {
    fn start(place: Place, state: Arc<MemoryBackend>, clock: &Arc<AtomicI64>, seed: u64) -> Self {
        let knowledge = knowledge(place, &state, clock);
        let backend: Arc<dyn Backend> = Arc::<MemoryBackend>::clone(&state);
        let applied = AppliedState::open(backend, Arc::new(MemoryBlobs::default()), place.node).unwrap();
        let mut writer = Writer::new(WriterParts {
            state: Arc::clone(&applied),
            blobs: Arc::new(MemoryBlobs::default()),
            desk: LeaderDesk::new(Arc::clone(&knowledge.parts.keys), secret(&format!("desk {seed}"))),
            clock: Arc::clone(&knowledge.parts.clock),
            calendar: Calendar::embedded(),
            node: facts(place),
            epoch: 1,
            session: seed,
        })
        .unwrap();
        writer.set_places(knowledge.places());
        let exchange = Exchange::new(Arc::clone(&knowledge), seed);
        let index = applied.opened_at();
        Self { place, state, knowledge, exchange, writer, applied, index, deciding: Vec::new(), decides: true }
    }

    /// Commits and applies what the writer has to decide.
    fn commit(&mut self) {
        while let Some(proposal) = self.writer.form() {
            self.index += 1;
            let number = proposal.number();
            self.applied.apply(self.index, &proposal.bytes()).unwrap();
            proposal.committed(self.index);
            self.writer.settled(number, Some(self.index));
        }
    }

    fn settle(&mut self, request: Request) -> Committed<Answer> {
        let mut answer = self.writer.push(request);
        self.commit();
        answer.try_recv().unwrap().unwrap()
    }

    pub(super) fn change(&mut self, change: Change) -> Changed {
        let mut changing = Changing::new(change);
        while let Some(request) = changing.next(&self.knowledge).unwrap() {
            let committed = self.settle(request);
            if changing.committed(&self.knowledge, committed) == Kept::Records {
                self.writer.set_places(self.knowledge.places());
            }
        }
        changing.finish()
    }

    /// This node's word on another, which it takes for its subordinate.
    pub(super) fn certify(&self, other: Place) -> Certificate {
        let (label, key) = (facts(other).label, signer(other.node).public_key());
        let word = record::certify(&self.knowledge, other.node, other.division, label, key, vec![7; 32]);
        Certificate(word.unwrap().into_bytes())
    }

    /// The record of a node that it has certified.
    pub(super) fn newcomer(&self, other: Place) -> Sealed {
        let record = NodeRecord {
            node: other.node,
            name: "新节点".to_owned(),
            addresses: Vec::new(),
            transport_key: key_hash(other.node),
            chain: Vec::new(),
            authorities: Vec::new(),
            epoch: 1,
            version: 1,
            issued_at: self.knowledge.now(),
        };
        let certification = Sealed::new(self.certify(other).0);
        let record = record.seal(&signer(other.node)).unwrap();
        SignedRecord::Node { node: other.node, certifier: self.place.node, certification, record }.to_sealed()
    }

    /// Takes a superior by its word; nobody hears of it yet.
    pub(super) fn take_superior(&mut self, superior: NodeId, word: Certificate) {
        let change = move |trust: &mut Trust| {
            trust.certification = Some(word);
            trust.superior = Some(superior);
            true
        };
        self.change(Change::Trust { change: Box::new(change), also: Vec::new() });
    }

    /// This node's word that another is revoked as of now.
    pub(super) fn revoke(&self, other: NodeId) -> Sealed {
        let now = self.knowledge.now();
        revoke::certify_again(&self.knowledge, other, |word| {
            word.revoked = Some(now);
            word.seal_keys.iter_mut().for_each(|dated| dated.revoked = Some(now));
        })
        .unwrap()
    }

    /// This node's word that another is no longer revoked.
    pub(super) fn readmit(&self, other: NodeId) -> Sealed {
        revoke::certify_again(&self.knowledge, other, |word| {
            word.revoked = None;
            word.seal_keys.iter_mut().for_each(|dated| dated.revoked = None);
        })
        .unwrap()
    }

    /// Puts an envelope of no known kind into the outbox, as the writer would.
    pub(super) fn send(&self, to: NodeId, sequence: u64) {
        let envelope = Envelope {
            origin: self.place.node,
            epoch: 1,
            destination: to,
            sequence,
            subject: Subject::from_bytes([3; 16]),
            act_number: u32::try_from(sequence).unwrap(),
            kind: 999,
            version: 1,
            body: Body::Plain(vec![1, 2, 3]),
        };
        let statement = Statement { content_type: content_type::ENVELOPE, bytes: &envelope.to_bytes() };
        let sealed = batch::seal(&signer(self.place.node), &[statement]).unwrap().remove(0);
        self.put(to, sequence, sealed);
    }

    pub(super) fn put(&self, to: NodeId, sequence: u64, bytes: Vec<u8>) {
        let mut row = WriteBatch::new();
        delivery::OUTBOX.put(&mut row, &(to, 1, sequence), &Bytes(bytes));
        self.state.write(row).unwrap();
    }

    /// The sealed bytes of an own envelope.
    pub(super) fn outbox(&self, to: NodeId, sequence: u64) -> Vec<u8> {
        delivery::OUTBOX.load(&*self.state, &(to, 1, sequence)).unwrap().unwrap().0
    }

    /// Keeps a copy of an envelope of another node, as a relay does.
    pub(super) fn keep(&self, to: NodeId, from: NodeId, sequence: u64, bytes: Vec<u8>) {
        let mut row = WriteBatch::new();
        delivery::RELAY.put(&mut row, &(to, from, 1, sequence), &Bytes(bytes));
        self.state.write(row).unwrap();
    }

    pub(super) fn unreceipted(&self, to: NodeId) -> Vec<u64> {
        let rows = delivery::OUTBOX.list(&*self.state, &[], None, usize::MAX).unwrap();
        rows.into_iter().filter(|((node, ..), _)| *node == to).map(|((.., sequence), _)| sequence).collect()
    }

    pub(super) fn taken(&self, from: NodeId) -> u64 {
        delivery::HIGH_WATER.load(&*self.state, &(from, 1)).unwrap().unwrap_or(0)
    }

    pub(super) fn relaying(&self) -> usize {
        delivery::RELAY.list(&*self.state, &[], None, usize::MAX).unwrap().len()
    }
}

/// Nodes and the network between them.
pub(super) struct World {
    pub(super) nodes: Vec<Node>,
    clock: Arc<AtomicI64>,
    queue: VecDeque<(usize, Happened)>,
    /// The other end of each link.
    links: BTreeMap<u64, (usize, u64)>,
    numbers: u64,
    cut: BTreeSet<(usize, usize)>,
    /// What went over links, in order: from, to, length.
    pub(super) trace: Vec<(usize, usize, usize)>,
    /// Who was asked by which node for a list of journals.
    pub(super) listed: Vec<(usize, NodeId)>,
}

pub(super) fn place(number: u8, division: &str) -> Place {
    Place { node: NodeId::from_bytes([number; 16]), division: division.parse().unwrap() }
}

impl World {
    /// A city and two of its counties, which know the city's record and send it theirs.
    pub(super) fn new(seed: u64) -> Self {
        Self::of(seed, [place(1, "511600"), place(2, "511602"), place(3, "511603")])
    }

    /// A root and two nodes right under it, which know its record and send it theirs.
    pub(super) fn of(seed: u64, places: [Place; 3]) -> Self {
        let start = Date::ymd(2026, 9, 14).unwrap().start().add_seconds(9 * 3600);
        let clock = Arc::new(AtomicI64::new(start.as_millis()));
        let mut nodes: Vec<Node> = places
            .into_iter()
            .zip(seed..)
            .map(|(place, seed)| Node::start(place, Arc::new(MemoryBackend::new()), &clock, seed))
            .collect();
        let root = RootKey { node: places[0].node, key: signer(places[0].node).public_key() };
        let anchor = AnchorRow { key_hash: key_hash(places[0].node), division: places[0].division };
        let trust = Trust { anchors: vec![anchor], roots: vec![root.clone()], ..Trust::default() };
        for node in &nodes {
            node.knowledge.adopt_own_root(root.clone(), trust.clone());
        }
        nodes[0].change(Change::Publish);
        let city = nodes[0].knowledge.directory().node(&places[0].node).unwrap().sealed.clone();
        for number in 1..nodes.len() {
            let certification = nodes[0].certify(nodes[number].place);
            nodes[number].take_superior(places[0].node, certification);
            nodes[number].change(Change::Records(vec![city.clone()]));
            nodes[number].change(Change::Publish);
        }
        let (queue, links, cut, trace, listed) = Default::default();
        Self { nodes, clock, queue, links, numbers: 0, cut, trace, listed }
    }

    /// Nothing goes between two nodes any more, or again.
    pub(super) fn cut(&mut self, one: usize, other: usize, cut: bool) {
        let pair = (one.min(other), one.max(other));
        if !cut {
            self.cut.remove(&pair);
            return;
        }
        self.cut.insert(pair);
        let broken: Vec<(u64, usize)> = self
            .links
            .iter()
            .filter_map(|(link, (far, other))| Some((*link, self.links.get(other)?.0, *far)))
            .filter(|(_, near, far)| (*near, *far) == pair)
            .map(|(link, near, _)| (link, near))
            .collect();
        for (link, near) in broken {
            self.hang_up(link);
            let trouble = Trouble { code: "connection-lost", text: "cut".to_owned() };
            self.queue.push_back((near, Happened::Closed { link, trouble }));
        }
    }

    /// The end that a node holds of its link to another.
    pub(super) fn link(&self, number: usize, other: usize) -> u64 {
        let near = |far: &u64| self.links.get(far).is_some_and(|(near, _)| *near == number);
        self.links.iter().find(|(_, (to, far))| *to == other && near(far)).map(|(link, _)| *link).unwrap()
    }

    /// Starts a node again from its state.
    pub(super) fn restart(&mut self, number: usize, seed: u64) {
        self.queue.retain(|(node, _)| *node != number);
        let own: Vec<u64> = self.links.values().filter(|(node, _)| *node == number).map(|(_, link)| *link).collect();
        for link in own {
            self.hang_up(link);
        }
        let node = &self.nodes[number];
        let (place, state) = (node.place, Arc::clone(&node.state));
        self.nodes[number] = Node::start(place, state, &self.clock, seed);
    }

    /// Only the clock goes on.
    pub(super) fn advance(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.load(Ordering::Relaxed))
    }

    /// Runs for some seconds of the clock; every node looks once a second.
    pub(super) fn run(&mut self, seconds: i64) {
        for _ in 0..seconds {
            for number in 0..self.nodes.len() {
                self.queue.push_back((number, Happened::Look));
                self.queue.push_back((number, Happened::Timeout));
            }
            self.drain();
            let until = self.now().add_seconds(1);
            while let Some(due) = self.nodes.iter().filter_map(|node| node.exchange.poll_timeout()).min() {
                if due > until {
                    break;
                }
                self.clock.fetch_max(due.as_millis(), Ordering::Relaxed);
                for number in 0..self.nodes.len() {
                    self.queue.push_back((number, Happened::Timeout));
                }
                self.drain();
            }
            self.clock.fetch_max(until.as_millis(), Ordering::Relaxed);
        }
    }

    /// Lets all happen that can happen without time.
    pub(super) fn drain(&mut self) {
        loop {
            for number in 0..self.nodes.len() {
                self.decide(number);
            }
            let Some((number, happened)) = self.queue.pop_front() else { return };
            self.nodes[number].exchange.handle(happened);
            while let Some(effect) = self.nodes[number].exchange.poll_effect() {
                self.perform(number, effect);
            }
        }
    }

    fn decide(&mut self, number: usize) {
        let node = &mut self.nodes[number];
        if !node.decides || node.deciding.is_empty() {
            return;
        }
        node.commit();
        for (ticket, mut answer) in std::mem::take(&mut node.deciding) {
            let outcome = answer.try_recv().unwrap();
            self.queue.push_back((number, Happened::Decided { ticket, outcome }));
        }
    }

    fn hang_up(&mut self, link: u64) {
        let Some((other, far)) = self.links.remove(&link) else { return };
        self.links.remove(&far);
        let trouble = Trouble { code: "connection-lost", text: "closed".to_owned() };
        self.queue.push_back((other, Happened::Closed { link: far, trouble }));
    }

    pub(super) fn proven(&self, number: usize) -> Proven {
        let place = self.nodes[number].place;
        Proven { node: place.node, division: place.division, key_hash: key_hash(place.node) }
    }

    fn perform(&mut self, number: usize, effect: Effect) {
        match effect {
            Effect::Dial { peer, attempt, .. } => {
                let other = self.nodes.iter().position(|node| node.place.node == peer).unwrap();
                let result = if self.cut.contains(&(number.min(other), number.max(other))) {
                    Err(Trouble { code: "dial-failed", text: "cut".to_owned() })
                } else {
                    let (near, far) = (self.numbers + 1, self.numbers + 2);
                    self.numbers = far;
                    self.links.extend([(near, (other, far)), (far, (number, near))]);
                    let proven = self.proven(number);
                    self.queue.push_back((other, Happened::Accepted { link: far, proven }));
                    Ok((near, self.proven(other)))
                };
                self.queue.push_back((number, Happened::Dialled { peer, attempt, result }));
            }
            Effect::Use { .. } => {}
            Effect::Transmit { link, frame } => {
                if let Some((other, far)) = self.links.get(&link).copied() {
                    self.trace.push((number, other, frame.len()));
                    self.queue.push_back((other, Happened::Frame { link: far, bytes: frame }));
                }
            }
            Effect::Close { link, .. } | Effect::Finish { link } => self.hang_up(link),
            Effect::Decide { ticket, request, .. } => {
                let node = &mut self.nodes[number];
                let answer = node.writer.push(request);
                node.deciding.push((ticket, answer));
            }
            Effect::Change { ticket, change } => {
                let outcome = Ok(self.nodes[number].change(change));
                self.queue.push_back((number, Happened::Changed { ticket, outcome }));
            }
            Effect::List { peer, .. } => self.listed.push((number, peer)),
            Effect::Pull { peer, journal, .. } => {
                let me = self.nodes[number].place.node;
                let other = self.nodes.iter().position(|node| node.place.node == peer).unwrap();
                let mut pulling = Pulling::new(journal);
                let mut step = pulling.next(&self.nodes[number].knowledge);
                let result = loop {
                    step = match step {
                        Err(refused) => break Err(refused),
                        Ok(PullStep::Done(count)) => break Ok(count),
                        Ok(PullStep::Ask(request)) => {
                            let answer = answer_here(&self.nodes[other].knowledge, &me, &request).unwrap();
                            let knowledge = &self.nodes[number].knowledge;
                            pulling.answered(knowledge, &*knowledge.parts.blobs, &answer)
                        }
                        Ok(PullStep::Decide(request)) => {
                            let committed = self.nodes[number].settle(request);
                            pulling.applied(&self.nodes[number].knowledge, committed)
                        }
                    };
                };
                self.queue.push_back((number, Happened::Pulled { peer, journal, result }));
            }
        }
    }
}
