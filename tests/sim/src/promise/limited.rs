//! Permits of limited number: no more are granted than there are, and whoever was accepted first is granted first (行政许可法 57). Pledges: whom a false
//! one bars, he pledges nothing more at that authority.

use std::collections::{BTreeMap, BTreeSet};

use tongban_codes::ids::CaseId;
use tongban_domain::Event;
use tongban_domain::case::{Act, ActKind, Case, Custody, Status};
use tongban_domain::limit::Turn;
use tongban_domain::pledge::{Outcome, Pledge};
use tongban_storage::keyspace::{limit, pledge};

use super::Oracle;
use crate::genesis::item_of;
use crate::genesis::limited::{GRANTS, LIMITED};
use crate::machine::Machine;

/// Which cases hold a number, by node and quota.
pub(super) type Holding = BTreeMap<(usize, String), BTreeSet<CaseId>>;

/// Whether a case waits in a line at the node that has it like this.
fn waits(case: &Case) -> bool {
    let is_open = matches!(case.status, Status::Accepted | Status::SpecialProcedure);
    is_open && case.custody == Custody::Owner && case.turn.is_some()
}

/// Whether a pledge was found false, and the finding stands.
fn is_false(pledge: &Pledge) -> bool {
    let of_credit = |outcome: &Outcome| matches!(outcome, Outcome::False | Outcome::Annulled | Outcome::Repaired);
    pledge.findings.iter().map(|finding| finding.outcome).rfind(of_credit) == Some(Outcome::False)
}

/// What the legs of a case tell otherwise of its place in line and its pledge, if anything.
pub(super) fn legs_differ(leg: &Case, whole: &Case) -> Option<String> {
    // How many stand before it is what the owner saw at its last act, and told.
    let turn = |case: &Case| case.turn.clone().map(|turn| Turn { seen: None, ..turn });
    let (turns, pledges) = ((turn(leg), turn(whole)), (&leg.pledge, &whole.pledge));
    let differ = turns.0 != turns.1 || pledges.0 != pledges.1;
    differ.then(|| format!("the legs of case {} differ in turn {turns:?} or pledge {pledges:?}", leg.id))
}

impl Oracle {
    /// What the events of one decision of an honest node say of numbers and pledges.
    pub(super) fn limits(&mut self, node: usize, events: &[Event]) {
        for event in events {
            match event {
                Event::Number(id, turn, true) => self.takes_number(node, *id, turn, events),
                Event::Number(id, turn, false) => self.gives_back(node, *id, turn, events),
                Event::Case(case, act) if self.numbers.get(&act.place.node) == Some(&node) => {
                    self.stands_by_law(node, case, act, events);
                }
                _ => {}
            }
        }
    }

    /// A grant takes a number: one is left, for him and for everyone who waits and was accepted before.
    fn takes_number(&mut self, node: usize, id: CaseId, turn: &Turn, events: &[Event]) {
        let key = (node, turn.quota.clone());
        // What comes back from a lost node with its number has it, whatever was granted here meanwhile.
        let is_grant =
            |event: &Event| matches!(event, Event::Case(case, act) if case.id == id && act.kind == ActKind::Decide);
        let held = self.holding.get(&key).map_or(0, BTreeSet::len);
        let own = turn.place(id);
        let is_before = |case: &&Case| {
            let place = case.turn.as_ref().filter(|other| other.quota == turn.quota).map(|other| other.place(case.id));
            waits(case) && place.is_some_and(|place| place < own)
        };
        let before = self.nodes[node].cases.values().filter(is_before).count();
        if held + before >= GRANTS && events.iter().any(is_grant) {
            let text =
                format!("node {node} grants case {id} one of {GRANTS}: {held} hold one, {before} were accepted before");
            return self.breach("law", text);
        }
        self.holding.entry(key).or_default().insert(id);
    }

    /// A number becomes free: one that the case held, because a licence of it or of what renews it was cancelled, or because it is another's now.
    fn gives_back(&mut self, node: usize, id: CaseId, turn: &Turn, events: &[Event]) {
        let held = self.holding.get_mut(&(node, turn.quota.clone())).is_some_and(|holding| holding.remove(&id));
        let is_cause = |event: &Event| match event {
            Event::Case(case, act) if act.kind == ActKind::CancelLicence => case.id == id || case.renewal.is_some(),
            Event::Case(case, act) => case.id == id && act.kind == ActKind::Discharge,
            _ => false,
        };
        if !held {
            self.breach("law", format!("node {node} takes a number back from case {id}, which holds none"));
        } else if !events.iter().any(is_cause) {
            let text = format!("node {node} takes its number back from case {id}, whose licence nobody has cancelled");
            self.breach("law", text);
        }
    }

    /// An own act: who is accepted stands in line, from that moment unless he was deemed to be; who is granted takes a number; and nobody pledges
    /// whom a false pledge bars.
    fn stands_by_law(&mut self, node: usize, case: &Case, act: &Act, events: &[Event]) {
        // A renewal goes on with the number of what it renews.
        let is_limited = case.item.code == item_of(LIMITED, case.deciding.division) && case.renewal.is_none();
        let takes = |event: &Event| matches!(event, Event::Number(id, _, true) if *id == case.id);
        match act.kind {
            ActKind::Accept | ActKind::AcceptDeemed if is_limited && case.turn.is_none() => {
                let text = format!("case {} is accepted by node {node} and stands in no line", case.id);
                self.breach("law", text);
            }
            ActKind::Decide if case.status == Status::Granted && case.turn.is_some() && !events.iter().any(takes) => {
                self.breach("law", format!("node {node} grants case {}, which takes no number", case.id));
            }
            ActKind::Accept if case.turn.as_ref().is_some_and(|turn| turn.since != act.at) => {
                let text =
                    format!("case {} accepted at {} by node {node} stands in line as {:?}", case.id, act.at, case.turn);
                self.breach("law", text);
            }
            ActKind::Pledge if case.deciding.node == act.place.node => {
                let is_bar = |other: &&Case| {
                    let same = (other.item.authority, other.holder) == (case.item.authority, case.holder);
                    same && other.custody == Custody::Owner && other.pledge.as_ref().is_some_and(is_false)
                };
                let bar = self.nodes[node].cases.values().find(is_bar).map(|other| other.id);
                if let Some(bar) = bar {
                    let text =
                        format!("node {node} takes a pledge for case {}, and that of case {bar} was false", case.id);
                    self.breach("law", text);
                }
            }
            _ => {}
        }
    }

    /// At rest the rows of lines, numbers and bars are what the cases say (promise 2).
    pub(super) fn lines(&mut self, machines: &[Machine]) {
        for node in (0..machines.len()).filter(|node| self.is_sound(*node)).collect::<Vec<_>>() {
            if let Some(wrong) = self.line_wrong(node, &machines[node]) {
                return self.breach("2", format!("at node {node} {wrong}"));
            }
        }
    }

    fn line_wrong(&self, node: usize, machine: &Machine) -> Option<String> {
        let state = &*machine.disk.state;
        let mut waiting: BTreeMap<String, BTreeSet<CaseId>> = BTreeMap::new();
        for case in self.nodes[node].cases.values() {
            let Some(turn) = &case.turn else { continue };
            let line = waiting.entry(turn.quota.clone()).or_default();
            if waits(case) {
                line.insert(case.id);
            }
        }
        for (quota, waiting) in waiting {
            let line = limit::line(state, &quota, usize::MAX).unwrap_or_default();
            let line: BTreeSet<CaseId> = line.into_iter().map(|(_, _, id)| id).collect();
            let taken = limit::TAKEN.load(state, &(quota.clone(), 0)).ok().flatten().unwrap_or(0);
            let held = self.holding.get(&(node, quota.clone())).map_or(0, BTreeSet::len);
            if line != waiting || usize::try_from(taken) != Ok(held) {
                return Some(format!("{line:?} wait for {quota} and {taken} have it, of {waiting:?} and {held}"));
            }
        }
        let cases = &self.nodes[node].cases;
        let rows = pledge::BARRED.list(state, &[], None, usize::MAX).unwrap_or_default();
        let lasting = rows.iter().find(|((authority, holder, id), ())| {
            let known = cases.get(id).filter(|case| case.pledge.as_ref().is_some_and(is_false));
            known.is_none_or(|case| (case.item.authority, case.holder) != (*authority, *holder))
        });
        if let Some(((_, _, id), ())) = lasting {
            return Some(format!("somebody is barred by the pledge of case {id}, of which no such finding stands"));
        }
        let own = cases.values().filter(|case| case.custody == Custody::Owner);
        let mut barring = own.filter(|case| case.pledge.as_ref().is_some_and(is_false));
        let unbarred = barring.find(|case| {
            let key = (case.item.authority, case.holder, case.id);
            !pledge::BARRED.holds(state, &key).unwrap_or(false)
        });
        unbarred.map(|case| format!("the pledge of case {} is false and bars nobody", case.id))
    }
}
