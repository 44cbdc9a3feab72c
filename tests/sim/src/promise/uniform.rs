//! What is decided in another's place (异地受理、无差别办理): one owner from the first act to the last, and one row with the authority in charge, which
//! says what the owner's newest report says, or a refusal that both know; never both, and never a row to which nobody agreed.

use std::collections::BTreeMap;

use tongban::engine::ExchangeEvent;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::CaseId;
use tongban_codes::time::Date;
use tongban_domain::Event;
use tongban_domain::case::{ActKind, Case, Custody, Status};
use tongban_domain::catalogue::{Agreement, Mode};
use tongban_domain::uniform::{HandledElsewhere, ReportRefused, UniformEnding};
use tongban_federation::{Outcome, Receipt};
use tongban_seal::{batch, content_type};
use tongban_storage::Read;
use tongban_storage::keyspace::figure::FIGURE;
use tongban_storage::keyspace::hall::LICENCE;
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::{case, uniform};

use super::Oracle;
use crate::machine::Machine;

/// How a figure's key ends that counts cases of the mode.
const OF_THE_MODE: &str = "|4";
/// The most licences of a case that a report names.
const LICENCES_MAX: usize = 8;

/// What was agreed, and what was reported of cases that are decided in another's place.
#[derive(Default)]
pub(super) struct Uniform {
    /// Agreements by the node in charge, item and number, as its log has them.
    agreements: BTreeMap<(usize, String, String), Agreement>,
    /// The act of the report that is kept, by the node in charge and the case.
    kept: BTreeMap<(usize, CaseId), u32>,
    /// The report that was refused last, by its act and the code.
    refused: BTreeMap<(usize, CaseId), (u32, String)>,
}

/// An authority that decides, by its division and credit code.
type Decider<'a> = (DivisionCode, &'a str);

impl Uniform {
    /// Whether a node in charge had agreed, for an item and by the agreement of a number, that an authority decides what is collected on a day.
    fn is_agreed(&self, charge: usize, (item, number): (&str, &str), (division, code): Decider<'_>, day: Date) -> bool {
        let agreement = self.agreements.get(&(charge, item.to_owned(), number.to_owned()));
        agreement.is_some_and(|known| {
            let signed = known.parties.iter().any(|party| party.division == division && party.code == code);
            signed && known.modes.contains(&Mode::Uniform) && known.holds(day)
        })
    }
}

/// How a case ended, by the state to which the act has brought it.
fn ending(status: Status) -> Option<UniformEnding> {
    Some(match status {
        Status::Granted => UniformEnding::Granted,
        Status::Denied => UniformEnding::Denied,
        Status::RefusedNotRequired => UniformEnding::NotRequired,
        Status::RefusedNotCompetent => UniformEnding::NotCompetent,
        Status::Returned => UniformEnding::NotSupplemented,
        Status::Withdrawn => UniformEnding::Withdrawn,
        _ => return None,
    })
}

/// What a row says otherwise than the case, if anything.
fn difference(case: &Case, ended: Option<(UniformEnding, Date)>, row: &HandledElsewhere) -> Option<String> {
    let word = &row.word;
    let on = |(ending, day): (UniformEnding, Date)| if ending.is_decision() { case.decided_on } else { Some(day) };
    let should = (&case.case_no, case.accepted_on, ended.map(|(ending, _)| ending), ended.and_then(on));
    let is = (&word.case_no, word.accepted_on, word.ending, word.ended_on);
    let licences: Vec<String> = word.licences.iter().map(|known| known.licence.clone()).collect();
    let all = licences.len() == case.licences.len().min(LICENCES_MAX) && case.licences.ends_with(&licences);
    (is != should || !all).then(|| format!("the row says {is:?} {licences:?}, the case {should:?} {:?}", case.licences))
}

/// A licence that the row says to stand otherwise than its issuer has it.
fn other_licence(row: &HandledElsewhere, issuer: &dyn Read) -> Option<String> {
    let stands = |licence: &String| LICENCE.load(issuer, licence).ok().flatten().map(|licence| licence.status);
    let other = row.word.licences.iter().find(|known| stands(&known.licence) != Some(known.stands))?;
    Some(format!(
        "licence {} is {:?} there, and {:?} with its issuer",
        other.licence,
        other.stands,
        stands(&other.licence)
    ))
}

impl Oracle {
    /// How many cases of honest deciders are kept as decided in another's place, and of how many a report was refused. What hostile nodes make up
    /// is kept, too, where it was agreed that they decide.
    pub(crate) fn reported(&self) -> (usize, usize) {
        let is_honest = |case: &CaseId| self.hostile.collector(case).is_some_and(|node| !self.is_hostile_node(&node));
        let kept = self.uniform.kept.keys().filter(|(_, case)| is_honest(case)).count();
        (kept, self.uniform.refused.len())
    }

    /// What an event of an honest node says of agreements, of an own case in another's place, or of another's in its place.
    pub(super) fn stands_in(&mut self, node: usize, event: &Event) {
        match event {
            Event::Item(item) => {
                for known in &item.agreements {
                    let key = (node, item.code.clone(), known.number.clone());
                    self.uniform.agreements.insert(key, known.clone());
                }
            }
            Event::Case(case, _) if case.instead_of.is_some() => self.stays(node, case),
            Event::HandledElsewhere(row, _) => self.is_told(node, row),
            _ => {}
        }
    }

    /// What is decided in another's place is owned by who collected it, from the first act to the last.
    fn stays(&mut self, node: usize, case: &Case) {
        let collecting = self.numbers.get(&case.collecting.node) == Some(&node);
        if !collecting || case.deciding != case.collecting || case.custody != Custody::Owner || case.tenure != 1 {
            let text = format!(
                "case {} that is decided in another's place is at node {node} as {:?}, tenure {}",
                case.id, case.custody, case.tenure
            );
            self.breach("1", text);
        }
    }

    /// A node in charge keeps a report: of whoever has the case, by what it has agreed to, and of no earlier act than it knows of.
    fn is_told(&mut self, node: usize, row: &HandledElsewhere) {
        let (case, word, decider) = (row.case, &row.word, row.place);
        // Of a case of which nobody has seen a row, whoever could draw its number.
        let drawn = case.node_prefix() == decider.node.prefix();
        if !self.hostile.collector(&case).map_or(drawn, |collector| collector == decider.node) {
            let text = format!("node {node} keeps that {} decides case {case}, which isn't its", decider.division);
            return self.breach("1", text);
        }
        let by = (word.item.as_str(), word.agreement.as_str());
        if !self.uniform.is_agreed(node, by, (decider.division, word.department_code.as_str()), word.collected_on) {
            let text = format!(
                "node {node} keeps that {} decides case {case} of {} by {}, to which it has not agreed",
                decider.division, word.collected_on, word.agreement
            );
            return self.breach("1", text);
        }
        if let Some(from) = self.numbers.get(&decider.node).copied().filter(|from| !self.is_hostile(*from)) {
            let there = self.nodes[from].cases.get(&case);
            let place = there.and_then(|there| there.instead_of.as_ref()).map(|instead| instead.place.node);
            let is_here = place.is_some_and(|place| self.numbers.get(&place) == Some(&node));
            if !is_here || there.is_none_or(|there| there.acts < word.act) {
                let text = format!("node {node} keeps act {} of case {case}, which node {from} never did", word.act);
                return self.breach("3", text);
            }
        }
        let before = self.uniform.kept.insert((node, case), word.act);
        if let Some(before) = before.filter(|before| *before > word.act) {
            self.breach("4", format!("node {node} keeps act {} of case {case} after its act {before}", word.act));
        }
    }

    /// Remembers that an honest node refused the report of another.
    pub(super) fn refuses_report(&mut self, node: usize, event: &ExchangeEvent) {
        let (ExchangeEvent::Arrived { origin, id, receipt, .. } | ExchangeEvent::Replayed { origin, id, receipt, .. }) =
            event
        else {
            return;
        };
        let Some(from) = self.numbers.get(origin).copied().filter(|from| !self.is_hostile(*from)) else { return };
        let Some((subject, act)) = self.nodes[from].acts.get(id).copied() else { return };
        let case = subject.case();
        if self.nodes[from].cases.get(&case).is_none_or(|case| case.instead_of.is_none()) {
            return;
        }
        let receipt = batch::claimed_statement(receipt, content_type::RECEIPT)
            .and_then(|statement| Receipt::from_bytes(&statement).ok());
        if let Some(Outcome::Refused { code, .. }) = receipt.map(|receipt| receipt.outcome) {
            self.uniform.refused.insert((node, case), (act, code));
        }
    }

    /// At rest each report is kept or was refused, with reason, and each such case counts as accepted with its owner alone (promises 2 and 6).
    pub(super) fn reports(&mut self, machines: &[Machine]) {
        for node in (0..machines.len()).filter(|node| self.is_sound(*node)).collect::<Vec<_>>() {
            let mut own = self.nodes[node].cases.values().filter(|case| !self.is_tainted(&case.id));
            let wrong = own.find_map(|case| self.report_wrong(node, case, machines));
            if let Some(wrong) = wrong.or_else(|| self.row_wrong(node, machines)) {
                return self.breach("2", wrong);
            }
            if let Some(wrong) = self.count_wrong(node, machines) {
                return self.breach("6", wrong);
            }
        }
    }

    fn report_wrong(&self, node: usize, case: &Case, machines: &[Machine]) -> Option<String> {
        let place = case.instead_of.as_ref()?.place;
        if self.knows(&case.id) != [node] {
            return Some(format!("nodes {:?} have case {}, which node {node} decides", self.knows(&case.id), case.id));
        }
        let charge = self.numbers.get(&place.node).copied().filter(|charge| self.is_sound(*charge))?;
        let state = &*machines[node].disk.state;
        let acts = case::history(state, &case.id).unwrap_or_default();
        let ended = acts.iter().find_map(|act| Some((ending(act.status)?, act.at.date())));
        let is_told = case.accepted_on.is_some() || ended.is_some();
        let row = uniform::HANDLED.load(&*machines[charge].disk.state, &case.id).ok().flatten();
        let what = match (row, &case.report_refused) {
            (None, None) if !is_told => return None,
            (Some(_), _) | (_, Some(_)) if !is_told => "it was reported before there was anything to say".to_owned(),
            (Some(row), None) => difference(case, ended, &row).or_else(|| other_licence(&row, state))?,
            (None, Some(refused)) => {
                let on_record = acts.iter().any(|act| act.kind == ActKind::RefuseReport);
                self.refusal_wrong(charge, case, refused, on_record)?
            }
            (Some(_), Some(refused)) => format!("it is kept, and its owner knows of a refusal: {}", refused.code),
            (None, None) => "it was reported, and is neither kept nor refused".to_owned(),
        };
        Some(format!("case {}, decided by node {node} in the place of node {charge}: {what}", case.id))
    }

    /// What is wrong with a refusal, if anything: both know of the same one, and the node in charge had agreed to nothing of the kind.
    fn refusal_wrong(&self, charge: usize, case: &Case, refused: &ReportRefused, on_record: bool) -> Option<String> {
        let (said, instead) = (self.uniform.refused.get(&(charge, case.id)), case.instead_of.as_ref()?);
        if !on_record || said.is_none_or(|(act, code)| (*act, code) != (refused.act, &refused.code)) {
            return Some(format!(
                "its owner has {} of act {} on record, and {said:?} was said",
                refused.code, refused.act
            ));
        }
        let by = (instead.item.as_str(), instead.agreement.as_str());
        let decider = (case.collecting.division, instead.party.as_str());
        let agreed = self.uniform.is_agreed(charge, by, decider, case.collected_at.date());
        agreed.then(|| format!("it was refused as {}, and it had been agreed", refused.code))
    }

    /// A row of a case that its decider doesn't have.
    fn row_wrong(&self, node: usize, machines: &[Machine]) -> Option<String> {
        let rows = uniform::HANDLED.list(&*machines[node].disk.state, &[], None, usize::MAX).unwrap_or_default();
        rows.into_iter().find_map(|(id, row)| {
            let from = self.numbers.get(&row.place.node).copied().filter(|from| self.is_sound(*from))?;
            let instead = self.nodes[from].cases.get(&id).and_then(|case| case.instead_of.as_ref());
            let has = instead.is_some_and(|instead| instead.place == machines[node].place);
            (!has)
                .then(|| format!("node {node} keeps that node {from} decides case {id} in its place, which it doesn't"))
        })
    }

    /// Figures: accepted with the owner alone, and beside that once as handled elsewhere with the node in charge.
    fn count_wrong(&self, node: usize, machines: &[Machine]) -> Option<String> {
        let (state, origin) = (&*machines[node].disk.state, machines[node].place.node);
        let figures = FIGURE.list(state, &stem(&origin), None, usize::MAX).unwrap_or_default();
        let sum = |measure: &str| -> i64 {
            let is_of = |key: &str| key.ends_with(OF_THE_MODE) && key.split('|').next() == Some(measure);
            figures.iter().filter(|((_, _, key), _)| is_of(key)).map(|(_, count)| *count).sum()
        };
        let rows = uniform::HANDLED.list(state, &[], None, usize::MAX).unwrap_or_default();
        let own = self.nodes[node].cases.values().filter(|case| case.instead_of.is_some());
        let should = [
            own.filter(|case| case.accepted_on.is_some()).count(),
            rows.iter().filter(|(_, row)| row.word.accepted_on.is_some()).count(),
            rows.iter().filter(|(_, row)| row.word.ending.is_some()).count(),
        ];
        let should = should.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        let ended = sum("elsewhere-decided") + sum("elsewhere-ended");
        let is = [sum("accepted"), sum("elsewhere-accepted"), ended];
        (is != should).then(|| {
            format!("node {node} counts {is:?} cases of the mode as accepted, accepted elsewhere and ended there, and has {should:?}")
        })
    }
}
