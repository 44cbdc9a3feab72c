//! What somebody makes who has a hostile node's keys and its memory.

use tongban::engine::{Outside, Request};
use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::Event as DomainEvent;
use tongban_domain::case::{Act, ActKind, Case, Custody, Status};
use tongban_domain::{Command, Role};
use tongban_federation::directory::DatedKey;
use tongban_federation::wire::{
    Frame, Hello, JournalSize, Nudge, PACKED_DEFLATE, Pull, Records, Request as Question, SignedBy,
};
use tongban_federation::{Body, Envelope, Outcome, Receipt, Sealed, SignedRecord, Subject};
use tongban_seal::{Signer as _, Statement, batch, content_type};
use tongban_storage::keyspace::case;
use tongban_storage::keyspace::delivery::OUTBOX;

use super::weather::below;
use crate::chance::Chance;
use crate::client::next;
use crate::genesis::actor;
use crate::machine::{EPOCH, Whom, key_hash, signer};
use crate::world::World;

/// A frame of an honest node.
pub(super) struct Seen {
    pub(super) frame: Vec<u8>,
    /// The envelope in it.
    envelope: Option<Envelope>,
}

impl Seen {
    /// What is worth remembering: what is sealed.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let envelope = match Frame::from_bytes(bytes).ok()? {
            Frame::Envelope(by) => Some(envelope(&by)?),
            Frame::Receipt(_) | Frame::Records(_) | Frame::Nudge(_) => None,
            _ => return None,
        };
        Some(Self { frame: bytes.to_vec(), envelope })
    }
}

/// The envelope under a seal.
pub(super) fn envelope(by: &SignedBy) -> Option<Envelope> {
    let statement = batch::claimed_statement(by.sealed.as_bytes(), content_type::ENVELOPE)?;
    Envelope::from_bytes(&statement).ok()
}

/// A statement under a node's seal, said to be of `signer`.
pub(super) fn sealed(by: NodeId, signed_by: NodeId, content_type: &'static str, bytes: &[u8]) -> SignedBy {
    let statement = Statement { content_type, bytes };
    let mut sealed = batch::seal(&signer(by), &[statement]).expect("the key can be used");
    SignedBy { signer: signed_by, sealed: Sealed::new(sealed.remove(0)) }
}

/// Bytes with one of them changed.
pub(super) fn flipped(chance: &mut Chance, mut bytes: Vec<u8>) -> Vec<u8> {
    let place = chance.below(bytes.len().max(1));
    if let Some(byte) = bytes.get_mut(place) {
        *byte ^= 1 << chance.below(8);
    }
    bytes
}

/// What somebody else has sealed, changed.
pub(super) fn altered(chance: &mut Chance, by: &SignedBy) -> SignedBy {
    let bytes = flipped(chance, by.sealed.as_bytes().to_vec());
    SignedBy { signer: by.signer, sealed: Sealed::new(bytes) }
}

/// A receipt of a node's own that says the opposite, in time and well sealed.
pub(super) fn otherwise(me: &NodeId, mut receipt: Receipt) -> Vec<u8> {
    receipt.outcome = match receipt.outcome {
        Outcome::Applied { .. } => Outcome::Refused { code: "case-state".to_owned(), text: "不予接收".to_owned() },
        _ => Outcome::Applied { detail: Vec::new() },
    };
    Frame::Receipt(sealed(*me, *me, content_type::RECEIPT, &receipt.to_bytes())).to_bytes()
}

/// A hello that claims to have more than it has.
pub(super) fn boasting(mut hello: Hello, peer: NodeId) -> Vec<u8> {
    for high in hello.high_waters.iter_mut().filter(|high| high.origin == peer) {
        high.sequence += 7;
    }
    for size in &mut hello.journals {
        size.size += 1_000;
    }
    hello.directory = Some(Digest::of(b"another directory"));
    Frame::Hello(hello).to_bytes()
}

/// A body in which one node stands where another stood.
fn in_the_name_of(body: &[u8], was: NodeId, is: NodeId) -> Vec<u8> {
    let mut bytes = body.to_vec();
    let (was, is) = (was.as_bytes(), is.as_bytes());
    let mut at = 0;
    while at + was.len() <= bytes.len() {
        if bytes[at..].starts_with(was) {
            bytes[at..at + was.len()].copy_from_slice(is);
            at += was.len();
        } else {
            at += 1;
        }
    }
    bytes
}

type Thrown = Option<(&'static str, Vec<u8>)>;

impl World {
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.queue.now())
    }

    /// An envelope of an honest node that was seen, if any.
    fn seen_envelope(&mut self) -> Option<Envelope> {
        let Self { chance, month, oracle, .. } = self;
        let seen = &month.as_ref()?.hostile.seen;
        let envelopes: Vec<&Envelope> = seen.iter().filter_map(|seen| seen.envelope.as_ref()).collect();
        let envelope = (*chance.pick(&envelopes)?).clone();
        // What an honest node passes on may be of a hostile one.
        let honest = !oracle.is_hostile_node(&envelope.origin);
        (honest && !oracle.is_tainted(&envelope.subject.case())).then_some(envelope)
    }

    /// A case of honest nodes alone, as its owner has it.
    pub(super) fn case_of_others(&mut self) -> Option<Case> {
        let honest: Vec<usize> = (0..self.machines.len()).filter(|node| !self.oracle.is_hostile(*node)).collect();
        let node = self.chance.pick(&honest).copied()?;
        let cases: Vec<CaseId> = self.oracle.cases(node).keys().copied().collect();
        let id = self.chance.pick(&cases).copied().filter(|id| !self.oracle.is_tainted(id))?;
        let owner = self.oracle.owner(&id).unwrap_or(node);
        self.oracle.cases(owner).get(&id).cloned()
    }

    /// Another's words under the own seal, in the place of an envelope of the own.
    pub(super) fn borrowed_words(&mut self, node: usize, own: &Envelope) -> Option<Vec<u8>> {
        let seen = self.seen_envelope().filter(|seen| seen.origin != own.destination)?;
        let Body::Plain(body) = &seen.body else { return None };
        let me = self.machines[node].place.node;
        // Half of them as they were, half with this node in the place of who said it.
        let body = if self.chance.one_in(2) { body.clone() } else { in_the_name_of(body, seen.origin, me) };
        let borrowed = Envelope {
            origin: me,
            epoch: own.epoch,
            destination: own.destination,
            sequence: own.sequence,
            body: Body::Plain(body),
            ..seen
        };
        self.oracle.borrows(borrowed.id().0, borrowed.subject);
        let by = sealed(me, me, content_type::ENVELOPE, &borrowed.to_bytes());
        Some(Frame::Envelope(by).to_bytes())
    }

    /// An envelope in the name of an honest node.
    pub(super) fn forged_envelope(&mut self, node: usize, far: usize) -> Thrown {
        let seen = self.seen_envelope()?;
        let (me, to) = (self.machines[node].place.node, self.machines[far].place.node);
        if seen.origin == to {
            return None;
        }
        let taken = self.oracle.taken_upto(far, &seen.origin);
        let subject = match self.case_of_others() {
            Some(case) if self.chance.one_in(2) => Subject::from(case.id),
            _ => seen.subject,
        };
        let forged =
            Envelope { destination: to, sequence: taken + 1, subject, act_number: seen.act_number + 1, ..seen };
        let (signed_by, what) = match self.chance.below(3) {
            0 => (me, "envelope in another's name, sealed as its own"),
            _ => (forged.origin, "envelope in another's name"),
        };
        let by = sealed(me, signed_by, content_type::ENVELOPE, &forged.to_bytes());
        Some((what, Frame::Envelope(by).to_bytes()))
    }

    /// A receipt for what an honest node waits for another's receipt of.
    pub(super) fn forged_receipt(&mut self, node: usize, far: usize) -> Thrown {
        let me = self.machines[node].place.node;
        let rows = OUTBOX.list(&*self.machines[far].disk.state, &[], None, 64).unwrap_or_default();
        let (_, row) = self.chance.pick(&rows).cloned()?;
        let statement = batch::claimed_statement(&row.0, content_type::ENVELOPE)?;
        let waits = Envelope::from_bytes(&statement).ok().filter(|waits| waits.destination != me)?;
        let outcome = if self.chance.one_in(2) {
            Outcome::Applied { detail: Vec::new() }
        } else {
            Outcome::Refused { code: "case-state".to_owned(), text: "不予接收".to_owned() }
        };
        let mut receipt = Receipt::of(&waits, outcome, self.now());
        let (signed_by, what) = match self.chance.below(3) {
            0 => (me, "receipt in another's name, sealed as its own"),
            1 => {
                receipt.receiver = me;
                (me, "receipt for what went to another")
            }
            _ => (receipt.receiver, "receipt in another's name"),
        };
        let by = sealed(me, signed_by, content_type::RECEIPT, &receipt.to_bytes());
        Some((what, Frame::Receipt(by).to_bytes()))
    }

    /// A record about an honest node that isn't below.
    pub(super) fn forged_record(&mut self, node: usize) -> Thrown {
        let me = self.machines[node].place.node;
        let lower = below(self.scene, node);
        let others: Vec<usize> =
            (0..self.machines.len()).filter(|other| self.oracle.is_sound(*other) && !lower.contains(other)).collect();
        let victim = self.machines[self.chance.pick(&others).copied()?].place.node;
        let run = self.machines[node].run.as_ref()?;
        let directory = run.knowledge.directory();
        let entry = directory.node(&victim)?;
        let (mut word, mut own) = ((*entry.certification).clone(), (*entry.record).clone());
        let kept: SignedRecord = tongban_codes::cbor::from_slice(entry.sealed.as_bytes()).ok()?;
        let SignedRecord::Node { certifier, certification, record, .. } = kept else { return None };
        (word.serial, word.at) = (word.serial + 1, Timestamp::from_millis(self.queue.now()));
        (own.version, own.issued_at) = (own.version + 1, word.at);
        let seal = signer(me);
        let (what, certifier, certification, record) = match self.chance.below(4) {
            0 => {
                word.seal_keys = vec![DatedKey { key: seal.public_key(), from: word.at, revoked: None }];
                ("another's key certified as this one", me, word.seal(&seal).ok()?, own.seal(&seal).ok()?)
            }
            1 => {
                word.revoked = Some(word.at);
                ("another revoked", me, word.seal(&seal).ok()?, record)
            }
            2 => {
                word.revoked = Some(word.at);
                ("another revoked in its superior's name", certifier, word.seal(&seal).ok()?, record)
            }
            _ => {
                own.transport_key = key_hash(me);
                ("record in another's name", certifier, certification, own.seal(&seal).ok()?)
            }
        };
        let record = SignedRecord::Node { node: victim, certifier, certification, record }.to_sealed();
        Some((what, Frame::Records(Records { records: vec![record] }).to_bytes()))
    }

    /// Journals that nobody has.
    pub(super) fn false_sizes(&mut self, node: usize) -> Thrown {
        let all: Vec<NodeId> = self.machines.iter().map(|machine| machine.place.node).collect();
        let origin =
            if self.chance.one_in(3) { self.machines[node].place.node } else { self.chance.pick(&all).copied()? };
        let journal = u8::try_from(self.chance.below(3)).unwrap_or(0);
        let size = JournalSize { origin, journal, epoch: EPOCH, size: 10_000 + self.chance.below(1 << 40) as u64 };
        Some(("false numbers of entries", Frame::Nudge(Nudge { journals: vec![size] }).to_bytes()))
    }

    /// What is no frame.
    pub(super) fn garbage(&mut self) -> Thrown {
        let length = 1 + self.chance.below(200);
        let bytes = (0..length).map(|_| u8::try_from(self.chance.below(256)).unwrap_or(0)).collect();
        Some(("bytes that are no frame", bytes))
    }

    /// A question for the acts of a node that isn't below.
    pub(super) fn prying_question(&mut self, node: usize) -> Option<Vec<u8>> {
        let mut lower = below(self.scene, node);
        lower.push(node);
        let others: Vec<usize> = (0..self.machines.len()).filter(|other| !lower.contains(other)).collect();
        let origin = self.machines[self.chance.pick(&others).copied()?].place.node;
        let pull = Pull {
            origin,
            journal: tongban::engine::ACTS,
            epoch: EPOCH,
            from: 0,
            bytes_max: 1 << 20,
            packing: Some(PACKED_DEFLATE),
        };
        Some(Question::Pull(pull).to_bytes())
    }

    /// Writes into the state of a hostile node that it has a case of others.
    pub(super) fn usurps(&mut self, node: usize) {
        let place = self.machines[node].place;
        let Some(mut row) = self.case_of_others() else { return };
        if matches!(row.status, Status::Closed | Status::Withdrawn) {
            return;
        }
        let id = row.id;
        row.tenure += u32::try_from(self.chance.below(4)).unwrap_or(0);
        row.deciding = place;
        if self.chance.one_in(4) {
            row.collecting = place;
        }
        self.writes(node, row, ActKind::TakeCustody);
        if let Some(hostile) = self.hostile() {
            hostile.usurped.insert((node, id));
        }
        self.attacks("another's case taken by its own hand");
    }

    /// Writes a case of which the node is the owner into its state, by an act that nobody did.
    fn writes(&mut self, node: usize, mut row: Case, kind: ActKind) {
        row.custody = Custody::Owner;
        row.acts += 1;
        let act = Act {
            case: row.id,
            number: row.acts,
            kind,
            at: self.now(),
            place: self.machines[node].place,
            operator: "系统".to_owned(),
            window: None,
            tenure: row.tenure,
            status: row.status,
            note: None,
            mandate: None,
        };
        let event = DomainEvent::Case(Box::new(row), act);
        let request =
            Request::Custom(Box::new(move |_, _, _| Ok(Outside { events: vec![event], ..Outside::default() })));
        self.ask(node, request, Whom::Nobody);
    }

    fn does(&mut self, node: usize, role: Role, command: Command) {
        let request = Request::Act { actor: actor(role), command: Box::new(command), key: None };
        self.ask(node, request, Whom::Nobody);
    }

    /// Goes on with a case that isn't its own, as its owner would, or hands it to somebody.
    pub(super) fn acts_on_usurped(&mut self, node: usize) {
        let Some(hostile) = self.hostile() else { return };
        let usurped: Vec<CaseId> = hostile.usurped.iter().filter(|(of, _)| *of == node).map(|(_, id)| *id).collect();
        let Some(id) = self.chance.pick(&usurped).copied() else { return self.usurps(node) };
        let state = &*self.machines[node].disk.state;
        let Some(row) = case::CASE.load(state, &id).ok().flatten() else { return };
        if self.chance.one_in(4) {
            self.offers_to_anybody(node, row);
            return self.attacks("another's case offered");
        }
        let (role, command) = next(&mut self.chance, &row);
        self.does(node, role, command);
        self.attacks("another's case decided upon");
    }

    /// Offers a case that was collected here and offered before to somebody else.
    pub(super) fn offers_again(&mut self, node: usize) {
        let here = self.machines[node].place;
        let cases = self.oracle.cases(node).values();
        let given = cases.filter(|case| case.collecting == here && !matches!(case.custody, Custody::Owner));
        let given: Vec<CaseId> = given.map(|case| case.id).collect();
        let Some(id) = self.chance.pick(&given).copied() else { return };
        let Some(mut row) = self.oracle.cases(node).get(&id).cloned() else { return };
        // As it was when it was offered first.
        (row.status, row.tenure, row.heard) = (Status::Collected, 1, 0);
        self.offers_to_anybody(node, row);
        self.attacks("own case offered twice");
    }

    fn offers_to_anybody(&mut self, node: usize, mut row: Case) {
        let honest: Vec<usize> = (0..self.machines.len()).filter(|other| !self.oracle.is_hostile(*other)).collect();
        let Some(to) = self.chance.pick(&honest).copied() else { return };
        let id = row.id.to_string();
        row.status = Status::Collected;
        row.deciding = self.machines[to].place;
        row.item.code = crate::genesis::item_of(crate::genesis::PERMIT, row.deciding.division);
        self.writes(node, row, ActKind::Collect);
        self.does(node, Role::Window, Command::Offer(id));
    }
}
