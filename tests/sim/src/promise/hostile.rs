//! Who keeps no promise. What is a hostile node's own is left out of the promises; what isn't, its word must not move.

use std::collections::{BTreeMap, BTreeSet};

use tongban::engine::ExchangeEvent;
use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_domain::Event;
use tongban_domain::case::{Case, Custody};
use tongban_federation::{Outcome, Receipt, Subject};
use tongban_seal::{batch, content_type};

use super::Oracle;

/// What honest nodes answered to envelopes of hostile nodes about cases that aren't theirs: by the code of the receipt.
pub(super) type Answered = BTreeMap<String, u64>;

/// Who is hostile, and what that touches.
pub(super) struct Hostile {
    nodes: Vec<bool>,
    /// Honest nodes with honest superiors alone: what a hostile superior withholds from those below it, nobody can give them.
    sound: Vec<bool>,
    /// Who collected each case, by the first row that was seen of it.
    collected: BTreeMap<CaseId, NodeId>,
    /// Cases that a hostile node collected, or that an honest one has offered to it.
    tainted: BTreeSet<CaseId>,
    /// Envelopes that a hostile node sealed past its log: what each is about.
    borrowed: BTreeMap<Digest, Subject>,
    answered: Answered,
}

impl Hostile {
    pub(super) fn none(nodes: usize) -> Self {
        Self {
            nodes: vec![false; nodes],
            sound: vec![true; nodes],
            collected: BTreeMap::new(),
            tainted: BTreeSet::new(),
            borrowed: BTreeMap::new(),
            answered: Answered::new(),
        }
    }
}

impl Hostile {
    /// Whether a row of the case was seen.
    pub(super) fn is_collected(&self, case: &CaseId) -> bool {
        self.collected.contains_key(case)
    }

    /// Who collected a case, where a row of it was seen.
    pub(super) fn collector(&self, case: &CaseId) -> Option<NodeId> {
        self.collected.get(case).copied()
    }
}

impl Oracle {
    /// From now on these nodes keep no promise.
    pub(crate) fn distrusts(&mut self, hostile: &BTreeSet<usize>) {
        for node in 0..self.nodes.len() {
            let above = crate::genesis::Scene::above(&self.superiors, node);
            self.hostile.nodes[node] = hostile.contains(&node);
            self.hostile.sound[node] = !hostile.contains(&node) && above.iter().all(|node| !hostile.contains(node));
        }
    }

    pub(crate) fn is_hostile(&self, node: usize) -> bool {
        self.hostile.nodes[node]
    }

    pub(crate) fn is_hostile_node(&self, node: &NodeId) -> bool {
        self.numbers.get(node).is_some_and(|node| self.is_hostile(*node))
    }

    /// Whether a node is honest, and no hostile one above it.
    pub(crate) fn is_sound(&self, node: usize) -> bool {
        self.hostile.sound[node]
    }

    pub(super) fn is_sound_node(&self, node: &NodeId) -> bool {
        self.numbers.get(node).is_some_and(|node| self.is_sound(*node))
    }

    /// Whether a hostile node has, or had, a lawful part in a case.
    pub(crate) fn is_tainted(&self, case: &CaseId) -> bool {
        self.hostile.tainted.contains(case)
    }

    /// A hostile node has sealed an envelope about this that its log doesn't hold.
    pub(crate) fn borrows(&mut self, id: Digest, subject: Subject) {
        self.hostile.borrowed.insert(id, subject);
    }

    pub(crate) fn answers_to_hostile(&self) -> &BTreeMap<String, u64> {
        &self.hostile.answered
    }

    /// How many cases are tainted, and how many of them have more than one honest owner: what a node does with its own cases, nobody prevents.
    pub(crate) fn tainted(&self) -> (usize, usize) {
        let owners = |id: &CaseId| {
            let honest = (0..self.nodes.len()).filter(|node| !self.is_hostile(*node));
            honest
                .filter(|node| self.nodes[*node].cases.get(id).is_some_and(|case| case.custody == Custody::Owner))
                .count()
        };
        let doubled = self.hostile.tainted.iter().filter(|id| owners(id) > 1).count();
        (self.hostile.tainted.len(), doubled)
    }

    /// Whether a row of a case is looked at: not what a hostile node writes about a case in which it has no part. Taints the case that it
    /// collected, or that is offered to it.
    pub(super) fn concerns(&mut self, node: usize, case: &Case) -> bool {
        let (id, collecting) = (case.id, case.collecting.node);
        let known = self.hostile.collected.get(&id).copied();
        // Also where it has a part by now, of a row that it made up before.
        let made_up = known.is_some_and(|known| known != collecting || !self.is_tainted(&id));
        if self.is_hostile(node) && made_up {
            return false;
        }
        if let Some(known) = known.filter(|known| *known != collecting) {
            self.breach("1", format!("case {id} was collected by {known}, node {node} says by {collecting}"));
            return true;
        }
        self.hostile.collected.insert(id, collecting);
        let given = matches!(&case.custody, Custody::Offered { to, .. } if self.is_hostile_node(&to.node));
        if self.is_hostile_node(&collecting) || given {
            self.hostile.tainted.insert(id);
        }
        let taken = matches!(&case.custody, Custody::Elsewhere { owner, .. } if self.is_hostile_node(&owner.node));
        if taken && !self.is_tainted(&id) {
            self.breach("1", format!("node {node} believes that a hostile node has case {id}, which nobody gave it"));
        }
        true
    }

    /// What an honest node says to a hostile one about a case that isn't that one's: never that it did what it was told.
    pub(super) fn answered_hostile(&mut self, node: usize, event: &ExchangeEvent, events: &[Event]) {
        let (origin, id, receipt) = match event {
            ExchangeEvent::Arrived { origin, id, receipt, .. }
            | ExchangeEvent::Replayed { origin, id, receipt, .. }
            | ExchangeEvent::Denied { origin, id, receipt, .. } => (origin, id, receipt),
            _ => return,
        };
        let Some(from) = self.numbers.get(origin).copied() else { return };
        if !self.is_hostile(from) || self.is_hostile(node) {
            return;
        }
        let sealed = self.nodes[from].acts.get(id).map(|(subject, _)| *subject);
        let Some(subject) = self.hostile.borrowed.get(id).copied().or(sealed) else {
            return self.breach("3", format!("node {node} took an envelope that node {from} has never sealed"));
        };
        let case = subject.case();
        if self.is_tainted(&case) || !self.hostile.collected.contains_key(&case) {
            return;
        }
        let receipt = batch::claimed_statement(receipt, content_type::RECEIPT)
            .and_then(|statement| Receipt::from_bytes(&statement).ok());
        let code = match receipt.map(|receipt| receipt.outcome) {
            Some(Outcome::Refused { code, .. } | Outcome::Quarantined { code }) => code,
            Some(Outcome::Applied { .. }) => "applied".to_owned(),
            None => "unreadable".to_owned(),
        };
        let moved = events.iter().any(|event| match event {
            Event::Case(row, _) => row.id == case,
            Event::HandledElsewhere(row, _) => row.case == case,
            _ => false,
        });
        if code == "applied" || moved {
            let text = format!("node {node} did what node {from} said of case {case}, which isn't its");
            self.breach("1", text);
        }
        *self.hostile.answered.entry(code).or_default() += 1;
    }
}
