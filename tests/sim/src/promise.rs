//! The promises of `docs/architecture.md`, checked after every step from what is durable, what is spoken, and what the states hold.
//!
//! Nothing here knows how the product does it, nor what may be wrong with it: a witness reads each node's durable log, hears what leaves
//! it, and looks into its state.

mod hearing;
mod hostile;
mod limited;
mod looking;
mod rest;
mod touched;
mod uniform;
mod voices;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use tongban::engine::{ACTS, Blobs, ExchangeEvent, LogEntry};
use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::Event;
use tongban_domain::case::{Case, Custody};
use tongban_federation::{Envelope, Flow, Subject};
use tongban_journal::{Body, Entry, Slice};
use tongban_seal::{batch, content_type};

use crate::genesis::Scene;
use crate::machine::{EPOCH, Machine};
use hostile::Hostile;
use limited::Holding;
use touched::Touched;
use uniform::Uniform;

/// A hash of bytes that is the same in every process.
fn mark(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// What was done under a key: the reply, and the acts by case and number.
type Done = (Vec<u8>, Vec<(CaseId, u32)>);

/// What is known of one node from its durable log.
#[derive(Clone, Default)]
struct Witness {
    log: Vec<Arc<[u8]>>,
    stamp: Option<Timestamp>,
    /// Marks of all sealed bytes that may leave.
    sealed: BTreeSet<u64>,
    /// Envelopes that are stored for others.
    relayed: BTreeSet<(Flow, u64)>,
    /// Marks of the entries of each own journal.
    journals: [Vec<(u64, u64)>; 2],
    /// The last sequence of what came in, by origin and epoch, and what it was.
    arrived: BTreeMap<(NodeId, u32), u64>,
    taken: BTreeMap<Digest, Digest>,
    /// What it sends: subject and act of each envelope.
    acts: BTreeMap<Digest, (Subject, u32)>,
    /// The last act of each node on each subject that took effect here.
    effects: BTreeMap<(NodeId, Subject), u32>,
    /// The last sequence of what goes out.
    sent: BTreeMap<(NodeId, u32), u64>,
    /// What was done under each key: the reply, and the acts.
    keys: BTreeMap<Digest, Done>,
    forgotten: BTreeSet<Digest>,
    cases: BTreeMap<CaseId, Case>,
    /// Slices that were held against their origins' journals, which only grow: origin, journal, from where, and what.
    pieces: BTreeSet<(NodeId, u8, u64, Digest)>,
    /// What its log has changed since its state was looked at.
    touched: Touched,
}

/// Who sees to the promises.
pub(crate) struct Oracle {
    nodes: Vec<Witness>,
    numbers: BTreeMap<NodeId, usize>,
    /// The place of each node's superior; a root's own.
    superiors: Vec<usize>,
    /// Who keeps no promise, and what that touches.
    hostile: Hostile,
    /// The nodes that know a case.
    knowing: BTreeMap<CaseId, BTreeSet<usize>>,
    /// The newest order of a reclaim of each case: who is gone, who gets it, at which tenure.
    orders: BTreeMap<CaseId, (NodeId, NodeId, u32)>,
    /// Where each ticket was opened, and who handles it.
    tickets: BTreeMap<CaseId, (NodeId, NodeId)>,
    /// The case of each part of each application.
    parts: BTreeMap<(CaseId, String), CaseId>,
    /// What is decided in another's place.
    uniform: Uniform,
    /// Who holds a number of what is limited.
    holding: Holding,
    broken: Option<(&'static str, String)>,
}

impl Oracle {
    pub(crate) fn new(scene: &Scene) -> Self {
        let born = &scene.born;
        let mut oracle = Self {
            nodes: vec![Witness::default(); born.len()],
            numbers: born.iter().enumerate().map(|(number, born)| (born.place.node, number)).collect(),
            superiors: scene.superiors.clone(),
            hostile: Hostile::none(born.len()),
            knowing: BTreeMap::new(),
            orders: BTreeMap::new(),
            tickets: BTreeMap::new(),
            parts: BTreeMap::new(),
            uniform: Uniform::default(),
            holding: Holding::new(),
            broken: None,
        };
        for (number, born) in born.iter().enumerate() {
            for (index, entry) in born.log.iter().enumerate() {
                oracle.reads(number, index as u64 + 1, entry, &[]);
            }
        }
        oracle
    }

    pub(crate) fn breach(&mut self, promise: &'static str, text: String) {
        if self.broken.is_none() {
            self.broken = Some((promise, text));
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    pub(crate) fn broken(self) -> Option<(&'static str, String)> {
        self.broken
    }

    /// Up to which entry the log of a node has been read.
    pub(crate) fn read_upto(&self, node: usize) -> u64 {
        self.nodes[node].log.len() as u64
    }

    /// The cases that a node knows.
    pub(crate) fn cases(&self, node: usize) -> &BTreeMap<CaseId, Case> {
        &self.nodes[node].cases
    }

    /// How many cases were deemed renewed, by what their owners' nodes hold.
    pub(crate) fn deemed_renewed(&self) -> usize {
        let cases = self.nodes.iter().flat_map(|node| node.cases.values());
        let deemed = |case: &&Case| case.renewal.as_ref().is_some_and(|renewal| renewal.deemed);
        cases.filter(|case| case.custody == Custody::Owner).filter(deemed).count()
    }

    /// How many cases were deemed accepted, likewise.
    pub(crate) fn deemed_accepted(&self) -> usize {
        let cases = self.nodes.iter().flat_map(|node| node.cases.values());
        cases.filter(|case| case.custody == Custody::Owner && case.deemed).count()
    }

    /// How many envelopes were sealed.
    pub(crate) fn envelopes(&self) -> u64 {
        self.nodes.iter().flat_map(|node| node.sent.values()).sum()
    }

    /// The nodes that know a case.
    pub(crate) fn knows(&self, case: &CaseId) -> Vec<usize> {
        self.knowing.get(case).into_iter().flatten().copied().collect()
    }

    /// Which node owns a case.
    pub(crate) fn owner(&self, case: &CaseId) -> Option<usize> {
        let mut knowing = self.knowing.get(case)?.iter();
        knowing
            .find(|node| self.nodes[**node].cases.get(case).is_some_and(|row| row.custody == Custody::Owner))
            .copied()
    }

    /// Whether a node has let go of an idempotency key, which it may after seven days of its clock.
    pub(crate) fn forgot(&self, node: usize, key: &Digest) -> bool {
        self.nodes[node].forgotten.contains(key)
    }

    /// Reads an entry that is durable from now on.
    pub(crate) fn reads(&mut self, node: usize, index: u64, bytes: &Arc<[u8]>, machines: &[Machine]) {
        let entry = match LogEntry::of_log(bytes) {
            Ok(entry) => entry,
            Err(error) => return self.breach("2", format!("entry {index} of node {node}: {error}")),
        };
        let witness = &mut self.nodes[node];
        witness.log.push(Arc::clone(bytes));
        if witness.stamp.is_some_and(|stamp| stamp > entry.at) {
            let text =
                format!("the time of node {node} runs backward in entry {index}: {:?} > {}", witness.stamp, entry.at);
            return self.breach("8", text);
        }
        witness.stamp = Some(entry.at);
        witness.sealed.extend(entry.checkpoints.iter().map(|checkpoint| mark(&checkpoint.note)));
        for decision in &entry.decisions {
            let mut acts = Vec::new();
            for event in &decision.events {
                if let Event::Case(case, act) = event {
                    acts.push((act.case, act.number));
                    self.moves(node, case);
                }
                if let Event::Reclaim(id, row) = event
                    && let Some(order) = &row.order
                    && self.orders.get(id).is_none_or(|(_, _, tenure)| *tenure < order.tenure)
                {
                    self.orders.insert(*id, (order.lost.node, order.to.node, order.tenure));
                }
            }
            let witness = &mut self.nodes[node];
            if let Some((key, _)) = &decision.key
                && witness.keys.insert(*key, (decision.reply.clone(), acts)).is_some()
            {
                return self.breach("4", format!("node {node} did the same request twice, again in entry {index}"));
            }
            for record in &decision.journal {
                let place = usize::from(record.journal != ACTS);
                witness.touched.grows(place, witness.journals[place].len());
                witness.journals[place].push((mark(&record.entry), mark(&record.body)));
            }
            for outgoing in &decision.outbox {
                witness.sealed.insert(mark(&outgoing.sealed));
                if let Some(envelope) = batch::claimed_statement(&outgoing.sealed, content_type::ENVELOPE)
                    .and_then(|statement| Envelope::from_bytes(&statement).ok())
                {
                    witness.acts.insert(envelope.id().0, (envelope.subject, envelope.act_number));
                }
                let last = witness.sent.entry((outgoing.destination, outgoing.epoch)).or_default();
                *last += 1;
                if *last != outgoing.sequence {
                    let text = format!("node {node} sends sequence {} after {}", outgoing.sequence, *last - 1);
                    return self.breach("4", text);
                }
            }
            for event in &decision.exchange {
                self.answered_hostile(node, event, &decision.events);
                self.voices_hostile(node, event, &decision.events);
                self.refuses_report(node, event);
                self.exchanged(node, event, machines);
            }
            if !self.is_hostile(node) {
                for event in &decision.events {
                    self.keeps(event);
                    self.stands_in(node, event);
                }
                self.limits(node, &decision.events);
            }
        }
    }

    fn exchanged(&mut self, node: usize, event: &ExchangeEvent, machines: &[Machine]) {
        if let ExchangeEvent::Denied { origin, epoch, sequence, receipt, placed, .. } = event
            && (self.is_hostile_node(origin) || self.is_hostile(node))
        {
            let witness = &mut self.nodes[node];
            witness.sealed.insert(mark(receipt));
            if *placed {
                // What contradicts another place has taken its own.
                let last = witness.arrived.entry((*origin, *epoch)).or_default();
                *last = (*last).max(*sequence);
                witness.touched.hears((*origin, *epoch));
            }
            return;
        }
        let witness = &mut self.nodes[node];
        match event {
            ExchangeEvent::Arrived { origin, epoch, sequence, id, digest, receipt, quarantined, .. } => {
                witness.sealed.insert(mark(receipt));
                witness.touched.hears((*origin, *epoch));
                let last = witness.arrived.entry((*origin, *epoch)).or_default();
                let expected = *last + 1;
                *last = *sequence;
                if expected != *sequence {
                    let text = format!("node {node} took sequence {sequence} of {origin}, where {expected} is next");
                    return self.breach("4", text);
                }
                // A hostile node may say the same at two places of its line; it has one effect, and the same receipt.
                let again = witness.taken.insert(*id, *digest).is_some();
                if again && !self.is_hostile_node(origin) {
                    return self.breach("4", format!("node {node} took envelope {id} of {origin} twice"));
                }
                if quarantined.is_none() {
                    self.takes_effect(node, *origin, id);
                }
            }
            ExchangeEvent::Replayed { origin, id, receipt, .. } => {
                witness.sealed.insert(mark(receipt));
                self.takes_effect(node, *origin, id);
            }
            ExchangeEvent::Denied { origin, sequence, .. } => {
                let text = format!("node {node} denies envelope {sequence} of {origin}, which sent nothing wrong");
                self.breach("4", text);
            }
            ExchangeEvent::Relayed { destination, origin, epoch, sequence, sealed } => {
                witness.sealed.insert(mark(sealed));
                let flow = Flow { origin: *origin, epoch: *epoch, destination: *destination };
                witness.relayed.insert((flow, *sequence));
                let said =
                    |origin: &usize| self.is_hostile(*origin) || self.nodes[*origin].sealed.contains(&mark(sealed));
                if self.numbers.get(origin).is_some_and(|origin| !said(origin)) {
                    let text =
                        format!("node {node} keeps envelope {sequence} of {origin} otherwise than it was sealed");
                    self.breach("3", text);
                }
            }
            ExchangeEvent::Receipted { destination, receipt, .. }
            | ExchangeEvent::Concluded { destination, receipt: Some(receipt), .. } => {
                let said =
                    |other: &usize| self.is_hostile(*other) || self.nodes[*other].sealed.contains(&mark(receipt));
                if !self.numbers.get(destination).is_some_and(said) {
                    let text = format!("node {node} keeps a receipt that {destination} has not given");
                    self.breach("3", text);
                }
            }
            ExchangeEvent::Forgotten(keys) => {
                for (_, key) in keys {
                    witness.keys.remove(key);
                    witness.forgotten.insert(*key);
                }
            }
            ExchangeEvent::Slice { origin, journal, from, digest, .. } => {
                let Some(machine) = machines.get(node) else { return };
                let Ok(blob) = machine.disk.blobs.load(digest) else {
                    return self.breach("5", format!("node {node} names a slice that isn't there"));
                };
                self.nodes[node].touched.slices.push(*digest);
                self.nodes[node].pieces.insert((*origin, *journal, *from, *digest));
                self.sliced(node, (*origin, *journal, *from), &blob);
            }
            _ => {}
        }
    }

    /// What a node sent about one subject takes effect in the order of its acts (promise 4).
    fn takes_effect(&mut self, node: usize, origin: NodeId, id: &Digest) {
        let Some(from) = self.numbers.get(&origin).copied() else { return };
        if self.is_hostile(from) {
            return;
        }
        let Some((subject, act)) = self.nodes[from].acts.get(id).copied() else {
            return self.breach("3", format!("node {node} took an envelope that isn't in the log of node {from}"));
        };
        let last = self.nodes[node].effects.entry((origin, subject)).or_default();
        let before = std::mem::replace(last, act);
        if before >= act {
            self.breach("4", format!("act {act} of node {from} took effect at node {node} after its act {before}"));
        }
    }

    /// What was pulled is what the origin's journal says (promise 5).
    fn sliced(&mut self, node: usize, (origin, journal, from): (NodeId, u8, u64), blob: &[u8]) {
        let Ok(slice) = Slice::parse(blob) else {
            return self.breach("5", format!("node {node} keeps a slice that can't be read"));
        };
        let Some(origin) = self.numbers.get(&origin).copied() else { return };
        if self.is_hostile(origin) {
            return;
        }
        let own = &self.nodes[origin].journals[usize::from(journal != ACTS)];
        let own = own.get(usize::try_from(from).unwrap_or(usize::MAX)..).unwrap_or_default();
        // A body of standards may be withheld; then what is there in its place must be what the entry commits to.
        let withheld = |record: &tongban_journal::SliceEntry| {
            journal != ACTS
                && Entry::parse(record.entry.clone())
                    .is_ok_and(|entry| Body::parse(&record.body).is_ok_and(|body| body.verify(&entry).is_ok()))
        };
        let holds = own.len() >= slice.entries.len()
            && own.iter().zip(&slice.entries).all(|((entry, body), record)| {
                *entry == mark(&record.entry) && (*body == mark(&record.body) || withheld(record))
            });
        if !holds {
            self.breach("5", format!("what node {node} pulled of node {origin} from {from} on isn't in its journal"));
        }
    }

    /// A case after an act, as a node has it from now on (promise 1, 8).
    fn moves(&mut self, node: usize, case: &Case) {
        let (id, tenure) = (case.id, case.tenure);
        let before = self.nodes[node].cases.insert(id, case.clone());
        self.nodes[node].touched.cases.insert(id);
        if !self.concerns(node, case) {
            return;
        }
        self.knowing.entry(id).or_default().insert(node);
        if self.is_tainted(&id) {
            return;
        }
        if before.is_some_and(|before| before.tenure > tenure) {
            return self.breach("1", format!("the tenure of case {id} falls at node {node}, to {tenure}"));
        }
        let views: Vec<(usize, &Case)> = self.knowing[&id]
            .iter()
            .filter_map(|node| self.nodes[*node].cases.get(&id).map(|case| (*node, case)))
            .collect();
        // Whoever is gone by order, and hasn't heard of it, has nothing any more, whatever it believes; until the one who gets the case has
        // heard, it is on its way.
        let gone = |node: usize, case: &Case| {
            self.orders.get(&id).is_some_and(|(lost, _, tenure)| self.numbers[lost] == node && case.tenure < *tenure)
        };
        let ordered = self.orders.get(&id).is_some_and(|(_, to, tenure)| {
            views.iter().any(|(node, case)| self.numbers[to] == *node && case.tenure < *tenure)
        });
        let owners: Vec<(usize, u32)> = views
            .iter()
            .filter(|(node, case)| case.custody == Custody::Owner && !gone(*node, case))
            .map(|(node, case)| (*node, case.tenure))
            .collect();
        let held = ordered
            || views
                .iter()
                .any(|(node, case)| !matches!(case.custody, Custody::Elsewhere { .. }) && !gone(*node, case));
        let highest = views.iter().map(|(_, case)| case.tenure).max().unwrap_or(0);
        // Whoever knows of the owner's acts up to the same one shows the same clock.
        let mut clocks: BTreeMap<(u32, u32), BTreeSet<String>> = BTreeMap::new();
        for (_, case) in &views {
            let upto = if matches!(case.custody, Custody::Elsewhere { .. }) { case.heard } else { case.acts };
            if let Some(due) = &case.deadlines {
                let clock = format!("{due:?} {:?} {:?} {:?}", case.stops, case.extension, case.renewal);
                clocks.entry((case.tenure, upto)).or_default().insert(clock);
            }
        }
        if owners.len() > 1 {
            self.breach("1", format!("case {id} has owners {owners:?} (node, tenure)"));
        } else if !held {
            self.breach("1", format!("case {id} is lost: nobody owns or offers it"));
        } else if let Some((owner, tenure)) = owners.first()
            && *tenure < highest
            && !ordered
        {
            self.breach("1", format!("node {owner} owns case {id} under tenure {tenure}, another knows {highest}"));
        } else if let Some(clocks) = clocks.values().find(|clocks| clocks.len() > 1) {
            self.breach("8", format!("the nodes show different deadlines for case {id}: {clocks:?}"));
        }
    }

    /// The last sequence that a node has taken.
    pub(crate) fn taken_upto(&self, node: usize, origin: &NodeId) -> u64 {
        self.nodes[node].arrived.get(&(*origin, EPOCH)).copied().unwrap_or(0)
    }
}
