//! Hostile nodes: what they do with what passes through their hands, and when they act of themselves.
//!
//! Each runs the program, so that its links are open and its sequences right, and somebody sits in it: he writes into its state what he
//! likes and has it act on that, seals what he likes with its key, and changes, holds back, repeats and invents what it sends. He knows
//! what every node has, which no real one could.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tongban_codes::ids::{CaseId, NodeId};
use tongban_federation::Receipt;
use tongban_federation::wire::{Frame, Response, SignedBy};
use tongban_seal::{batch, content_type};

use super::Due;
use super::craft::{self, Seen};
use super::hours::{MINUTE, after};
use super::tally::Tally;
use crate::chance::Chance;
use crate::genesis::Scene;
use crate::network::Purpose;
use crate::queue::Event;
use crate::world::World;

/// What of others' frames is remembered.
const SEEN_MAX: usize = 256;
/// How many of a node's own envelopes it replaces by another's words: what waits for a receipt that can't come is sent again for ever.
const BORROWED_MAX: usize = 16;
/// How many it replaces by reports that it made up, beside those.
const REPORTED_MAX: usize = 16;
/// What those of [`BORROWED_MAX`] are called.
const BORROWED: &str = "words of another as its own";
/// How many receipts it never gives, likewise.
const WITHHELD_MAX: usize = 8;

/// What travels in the place of an envelope: what it is called, and the frame.
type Instead = (&'static str, Vec<u8>);

/// Who is hostile, and what they have in mind.
pub(super) struct Hostile {
    pub(super) nodes: BTreeSet<usize>,
    /// Frames of honest nodes.
    pub(super) seen: VecDeque<Seen>,
    /// Answers of hostile nodes, to be given again.
    answers: VecDeque<Vec<u8>>,
    /// Own envelopes of hostile nodes that travel as something else: by node, destination and sequence.
    borrowed: BTreeMap<(usize, NodeId, u64), Option<Instead>>,
    /// Receipts that are never given: by node, origin and sequence.
    withheld: BTreeSet<(usize, NodeId, u64)>,
    /// Cases of others that a hostile node pretends to have.
    pub(super) usurped: BTreeSet<(usize, CaseId)>,
}

impl Hostile {
    pub(super) fn new(nodes: BTreeSet<usize>) -> Self {
        Self {
            nodes,
            seen: VecDeque::new(),
            answers: VecDeque::new(),
            borrowed: BTreeMap::new(),
            withheld: BTreeSet::new(),
            usurped: BTreeSet::new(),
        }
    }
}

/// One in ten nodes: of each tree a node with nobody below it, and one that others are below; never a root or who is right below one.
pub(super) fn chosen(chance: &mut Chance, scene: &Scene) -> BTreeSet<usize> {
    let nodes = 0..scene.born.len();
    let depth = |node: &usize| Scene::above(&scene.superiors, *node).len();
    let has_below = |node: &usize| !super::weather::below(scene, *node).is_empty();
    let (over, leaves): (Vec<usize>, Vec<usize>) = nodes.filter(|node| depth(node) >= 2).partition(has_below);
    let mut hostile = BTreeSet::new();
    hostile.extend(chance.pick(&over).copied());
    while hostile.len() < scene.born.len().div_ceil(10) {
        let Some(leaf) = chance.pick(&leaves).copied() else { break };
        hostile.insert(leaf);
    }
    hostile
}

impl World {
    pub(super) fn hostile(&mut self) -> Option<&mut Hostile> {
        self.month.as_mut().map(|month| &mut month.hostile)
    }

    pub(super) fn attacks(&mut self, what: &'static str) {
        if let Some(month) = self.month.as_mut() {
            Tally::counts(&mut month.tally.attacks, what);
        }
        self.note(format_args!("hostile: {what}"));
    }

    /// Draws when hostile nodes act of themselves.
    pub(super) fn expects_mischief(&mut self) {
        let nodes: Vec<usize> =
            self.hostile().map(|hostile| hostile.nodes.iter().copied().collect()).unwrap_or_default();
        for node in nodes {
            self.expects_mischief_of(node);
        }
    }

    fn expects_mischief_of(&mut self, node: usize) {
        let at = after(self.queue.now(), self.chance.millis(MINUTE, 12 * MINUTE));
        self.queue.put_at(at, Event::Month(Due::Mischief(node)));
    }

    /// A hostile node does something.
    pub(super) fn mischief(&mut self, node: usize) {
        self.expects_mischief_of(node);
        if self.machines[node].run.is_none() {
            return;
        }
        match self.chance.below(14) {
            0 => self.usurps(node),
            1..=3 => self.acts_on_usurped(node),
            4 => self.offers_again(node),
            _ => {
                let ends = self.network.ends.iter().filter(|(_, end)| end.node == node);
                let honest = |far: &u64| self.network.ends.get(far).filter(|far| !self.oracle.is_hostile(far.node));
                let ends: Vec<(u64, usize)> =
                    ends.filter_map(|(own, end)| honest(&end.far).map(|far| (*own, far.node))).collect();
                let Some((link, far)) = self.chance.pick(&ends).copied() else { return };
                self.throws(node, link, far);
            }
        }
    }

    /// A hostile node sends, asks or invents something over a link.
    fn throws(&mut self, node: usize, link: u64, far: usize) {
        let thrown = match self.chance.below(9) {
            0 | 1 => self.forged_envelope(node, far),
            2 | 3 => self.forged_receipt(node, far),
            4 => self.seen_frame().map(|frame| ("frame of another repeated", frame)),
            5 => self.forged_record(node),
            6 => self.false_sizes(node),
            7 => self.garbage(),
            _ => {
                if let Some(question) = self.prying_question(node) {
                    self.attacks("question for a journal of others");
                    self.question(node, link, Purpose::Prying, question);
                }
                None
            }
        };
        if let Some((what, frame)) = thrown {
            self.attacks(what);
            self.send(link, frame);
        }
    }

    fn seen_frame(&mut self) -> Option<Vec<u8>> {
        let Self { chance, month, .. } = self;
        let seen = &month.as_ref()?.hostile.seen;
        let place = chance.below(seen.len().max(1));
        seen.get(place).map(|seen| seen.frame.clone())
    }

    /// Takes down what an honest node sends.
    pub(crate) fn takes_down(&mut self, frame: &[u8]) {
        let Some(hostile) = self.hostile() else { return };
        let Some(seen) = Seen::of(frame) else { return };
        hostile.seen.push_back(seen);
        if hostile.seen.len() > SEEN_MAX {
            hostile.seen.pop_front();
        }
    }

    /// The program of a hostile node sends a frame: what really leaves.
    pub(crate) fn transmits_hostile(&mut self, node: usize, link: u64, bytes: Vec<u8>) {
        let far = self.network.ends.get(&link).and_then(|end| self.network.ends.get(&end.far)).map(|far| far.node);
        let Some(far) = far.filter(|far| !self.oracle.is_hostile(*far)) else { return self.send(link, bytes) };
        let me = self.machines[node].place.node;
        let leaves = match Frame::from_bytes(&bytes) {
            Ok(Frame::Receipt(by)) if by.signer == me => self.own_receipt(node, &by, bytes),
            Ok(Frame::Envelope(by)) if by.signer == me => self.own_envelope(node, &by, bytes),
            Ok(Frame::Envelope(by)) => self.passed_on(&by, Frame::Envelope, bytes),
            Ok(Frame::Receipt(by)) => self.passed_on(&by, Frame::Receipt, bytes),
            Ok(Frame::Hello(hello)) if self.chance.one_in(4) => {
                self.attacks("false numbers in a hello");
                let peer = self.machines[far].place.node;
                Some(craft::boasting(hello, peer))
            }
            _ => Some(bytes),
        };
        if let Some(bytes) = leaves {
            self.send(link, bytes);
        }
    }

    /// A receipt of its own: given, held back for a while or for ever, or saying something else.
    fn own_receipt(&mut self, node: usize, by: &SignedBy, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let receipt = batch::claimed_statement(by.sealed.as_bytes(), content_type::RECEIPT)
            .and_then(|statement| Receipt::from_bytes(&statement).ok());
        let Some(receipt) = receipt else { return Some(bytes) };
        let key = (node, receipt.origin, receipt.sequence);
        let draw = self.chance.below(12);
        let hostile = self.hostile()?;
        let many = hostile.withheld.iter().filter(|(of, ..)| *of == node).count();
        if hostile.withheld.contains(&key) || (draw == 0 && many < WITHHELD_MAX) {
            if hostile.withheld.insert(key) {
                self.attacks("receipt held back for ever");
            }
            return None;
        }
        match draw {
            1 | 2 => {
                self.attacks("receipt held back");
                None
            }
            3 => {
                self.attacks("receipt that says otherwise");
                Some(craft::otherwise(&self.machines[node].place.node, receipt))
            }
            _ => Some(bytes),
        }
    }

    /// An envelope of its own: as it is, or in its place another's words as its own, or a report that it made up.
    fn own_envelope(&mut self, node: usize, by: &SignedBy, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let Some(own) = craft::envelope(by) else { return Some(bytes) };
        let key = (node, own.destination, own.sequence);
        let known = self.hostile()?.borrowed.get(&key).cloned();
        if let Some(known) = known {
            return Some(known.map_or(bytes, |(_, frame)| frame));
        }
        let replaced = self.hostile()?.borrowed.iter().filter(|((of, ..), _)| *of == node);
        let kinds = replaced.filter_map(|(_, instead)| instead.as_ref().map(|(what, _)| *what));
        let (borrowed, reported): (Vec<_>, Vec<_>) = kinds.partition(|what| *what == BORROWED);
        // Each kind has its own share and its own end, so that neither takes the other's place.
        let borrows = borrowed.len() < BORROWED_MAX && self.chance.one_in(4);
        let words = if borrows { self.borrowed_words(node, &own) } else { None };
        let instead = match words {
            Some(frame) => Some((BORROWED, frame)),
            None if reported.len() < REPORTED_MAX && self.chance.one_in(4) => self.false_report(node, &own),
            None => None,
        };
        if let Some((what, _)) = &instead {
            self.attacks(what);
        }
        self.hostile()?.borrowed.insert(key, instead.clone());
        Some(instead.map_or(bytes, |(_, frame)| frame))
    }

    /// What honest nodes send through it: passed on, lost, or changed.
    fn passed_on(&mut self, by: &SignedBy, kind: fn(SignedBy) -> Frame, bytes: Vec<u8>) -> Option<Vec<u8>> {
        match self.chance.below(8) {
            0 => {
                self.attacks("passed on changed");
                Some(kind(craft::altered(&mut self.chance, by)).to_bytes())
            }
            1 => {
                self.attacks("not passed on");
                None
            }
            _ => Some(bytes),
        }
    }

    /// Whether somebody keeps from the program of a hostile node what came: receipts for words that it doesn't know of.
    pub(crate) fn overhears(&mut self, node: usize, bytes: &[u8]) -> bool {
        if self.month.is_none() || !self.oracle.is_hostile(node) {
            return false;
        }
        let Ok(frame) = Frame::from_bytes(bytes) else { return false };
        let Frame::Receipt(by) = &frame else { return false };
        let receipt = batch::claimed_statement(by.sealed.as_bytes(), content_type::RECEIPT)
            .and_then(|statement| Receipt::from_bytes(&statement).ok());
        let Some(receipt) = receipt else { return false };
        let key = (node, receipt.receiver, receipt.sequence);
        let mine = receipt.origin == self.machines[node].place.node;
        mine && self.hostile().is_some_and(|hostile| hostile.borrowed.get(&key).is_some_and(Option::is_some))
    }

    /// What a hostile node answers to a question; `None` when it lets whoever asked wait.
    pub(crate) fn answers_hostile(
        &mut self,
        from: usize,
        purpose: Purpose,
        answer: Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let answer = answer?;
        if self.oracle.is_hostile(from) || matches!(purpose, Purpose::Prying) {
            return Some(answer);
        }
        let draw = self.chance.below(10);
        let hostile = self.hostile()?;
        let earlier = hostile.answers.front().cloned();
        hostile.answers.push_back(answer.clone());
        if hostile.answers.len() > 16 {
            hostile.answers.pop_front();
        }
        match (draw, earlier) {
            (0, _) => {
                self.attacks("answer held back");
                None
            }
            (1, _) => {
                self.attacks("answer changed");
                Some(craft::flipped(&mut self.chance, answer))
            }
            (2, Some(earlier)) => {
                self.attacks("answer to another question");
                Some(earlier)
            }
            _ => Some(answer),
        }
    }

    /// What came of a question for what isn't a hostile node's to hear.
    pub(crate) fn pried(&mut self, from: usize, to: usize, answer: Option<&[u8]>) {
        match answer.map(Response::from_bytes) {
            Some(Ok(Response::Slice(_))) => {
                let text = format!("node {to} gave node {from} a journal that isn't its to pull");
                self.oracle.breach("5", text);
            }
            Some(_) => {
                if let Some(month) = self.month.as_mut() {
                    month.tally.unanswered += 1;
                }
            }
            None => {}
        }
    }
}
