//! Looking at cases when something may have begun: at midnight, when cards are raised. Acts close cards at once; deemed acceptance, which nobody did, and
//! the entry of what another system decided before raise their own.
//!
//! ```text
//!   act ──▶ a look at the next midnight ──▶ the day on which the next stage begins ──▶ … ──▶ over: no look more
//!    └────▶ cards that the act ends are closed with it
//! ```

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};
use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_codes::time::{Date, Timestamp};

use super::about::About;
use super::card::{CARD_NUMBERS, Card, Numbers, gone, next_day, raise_beside, reconcile, stages_beside};
use super::order::Matter;
use super::rule::{Rule, Rules};
use super::stage::{Stage, is_over, stages, voice_stages};
use crate::Facts;
use crate::case::{ActKind, Case, Custody};
use crate::change::{Change, Event};
use crate::voice::Voice;

/// Cases that one tick looks at: what is accepted meanwhile waits no longer than for these.
pub const LOOKS_MAX: usize = 32;

/// An open case with nothing to come is looked at again after so many days.
const AGAIN_DAYS: i32 = 365;

/// The calendar in force when looks began; with it and the standing thresholds nothing has to be looked at again.
const FIRST_CALENDAR: &str = "2016-2026.1";

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Watched {
    /// A case.
    #[n(0)]
    Case(#[n(0)] CaseId),
    /// An order.
    #[n(1)]
    Matter(#[n(0)] CaseId),
    /// A rating or a ticket.
    #[n(2)]
    Voice(#[n(0)] CaseId),
}

/// A look that was taken: when it was due, at what, and when the next is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Look {
    /// The moment for which it was kept.
    #[n(0)]
    pub at: Timestamp,
    /// At what.
    #[n(1)]
    pub of: Watched,
    /// The next, when there is one.
    #[n(2)]
    pub next: Option<Timestamp>,
}

/// How far everything open has been looked at again because thresholds or the calendar are others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Sweep {
    /// The thresholds and the calendar, [`Rules::print`].
    #[n(0)]
    pub rules: Digest,
    /// The last look that was taken; none before the first.
    #[n(1)]
    pub after: Option<(Timestamp, Watched)>,
    /// Whether all of it is done.
    #[n(2)]
    pub done: bool,
}

/// Looks that were taken in one tick.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Looked {
    /// The looks.
    #[n(0)]
    pub looks: Vec<Look>,
    /// How far the sweep came, when one goes on.
    #[n(1)]
    pub sweep: Option<Sweep>,
}

/// When a case is to be looked at after an act on it at this node: at the next midnight, or never when nothing is to be done here.
#[must_use]
pub fn watch(case: &Case, at: Timestamp) -> Option<Timestamp> {
    let is_here = !matches!(case.custody, Custody::Elsewhere { .. });
    let is_to_check = case.pledge.as_ref().is_some_and(|pledge| pledge.due().is_some());
    (is_here && (!is_over(case.status) || is_to_check)).then(|| at.date().next_day().start())
}

struct Looking<'a> {
    facts: &'a dyn Facts,
    rules: Rules,
    here: NodeId,
    at: Timestamp,
    day: Date,
    numbers: Numbers,
    cards: Vec<Card>,
}

impl<'a> Looking<'a> {
    fn new(facts: &'a dyn Facts, at: Timestamp, drawn: &[Event]) -> Self {
        let (node, day) = (facts.node(), at.date());
        Self {
            facts,
            rules: Rules::holding(facts, node.division, day),
            here: node.node,
            at,
            day,
            numbers: Numbers::new(facts, CARD_NUMBERS, at, drawn),
            cards: Vec::new(),
        }
    }

    /// Looks at a case; the next moment to look. Whether its outcome was entered late is found `at_entry`, by the time that is set then.
    fn case(&mut self, case: &Case, at_entry: bool) -> Option<Timestamp> {
        let mut stages = stages(self.facts, &self.rules, self.here, case);
        let known = self.facts.cards(&case.id);
        let is_known = |rule: Rule| known.iter().any(|card| card.rule == rule);
        stages.retain(|stage| stage.rule != Rule::LateEntry || at_entry || is_known(stage.rule));
        let about = About::of_case(case);
        self.cards.extend(reconcile(&stages, &known, &about, (self.day, self.at), &mut self.numbers));
        watch(case, self.at)?;
        let next = next_day(&stages, self.day).unwrap_or_else(|| self.day.add_days(AGAIN_DAYS));
        Some(next.start())
    }

    /// Closes what an act has settled.
    fn acted(&mut self, case: &Case) {
        let stages = stages(self.facts, &self.rules, self.here, case);
        self.cards.extend(gone(&stages, &self.facts.cards(&case.id), (self.day, self.at)));
    }

    /// The cards of what hangs on a case, or on none, under its number.
    fn beside(&mut self, about: &About, number: &str, stages: &[Stage]) {
        let known = self.facts.cards(&about.case);
        let beside = (number, &mut self.numbers);
        self.cards.extend(raise_beside(stages, &known, about, (self.day, self.at), beside));
    }

    /// Looks at an order; the next moment to look.
    fn matter(&mut self, matter: &Matter) -> Option<Timestamp> {
        let Matter::Order(order) = matter;
        if order.to.node != self.here || order.answer.is_some() {
            return None;
        }
        let case = self.facts.case(&order.case?)?;
        let setting = self.rules.of(Rule::Order);
        let stages = stages_beside(self.facts.calendar(), &setting, order.at.date(), order.answer_by);
        self.beside(&About::of_case(&case), &order.number, &stages);
        next_day(&stages, self.day).map(Date::start)
    }

    /// Looks at a rating or a ticket; the next moment to look.
    fn voice(&mut self, voice: &Voice) -> Option<Timestamp> {
        voice.clock()?;
        let stages = voice_stages(self.facts.calendar(), &self.rules, voice);
        self.beside(&voice.about(), voice.number(), &stages);
        let next = next_day(&stages, self.day).unwrap_or_else(|| self.day.add_days(AGAIN_DAYS));
        Some(next.start())
    }

    fn watched(&mut self, of: Watched) -> Option<Timestamp> {
        match of {
            Watched::Case(id) => self.facts.case(&id).and_then(|case| self.case(&case, false)),
            Watched::Matter(id) => self.facts.matter(&id).and_then(|matter| self.matter(&matter)),
            Watched::Voice(id) => self.facts.voice(&id).and_then(|voice| self.voice(&voice)),
        }
    }

    fn into_events(self, events: &mut Vec<Event>) {
        events.extend(self.cards.into_iter().map(|card| Event::Card(Box::new(card))));
        events.extend(self.numbers.drawn());
    }
}

/// The looks that are due, at most [`LOOKS_MAX`], and of a sweep the next ones whenever they are due. Tells how many were taken, and
/// whether there may be more.
///
/// What this very change has touched waits for the next tick, which sees it as it then is.
pub(crate) fn look(facts: &dyn Facts, change: &mut Change, at: Timestamp) -> (usize, bool) {
    let mut looking = Looking::new(facts, at, &change.events);
    let print = looking.rules.print(facts.calendar());
    let known = facts.sweep();
    let swept = known.map_or_else(|| Rules::default().printed(FIRST_CALENDAR), |sweep| sweep.rules);
    let mut sweep = match known {
        Some(sweep) if swept == print => Some(sweep).filter(|sweep| !sweep.done),
        _ if swept == print => None,
        _ => Some(Sweep { rules: print, after: None, done: false }),
    };
    let found = match &sweep {
        Some(sweep) => facts.looks_after(sweep.after, LOOKS_MAX),
        None => facts.looks_due(at, LOOKS_MAX),
    };
    let mut more = found.len() == LOOKS_MAX;
    let touched: BTreeSet<CaseId> = touched(&change.events);
    let mut seen = BTreeSet::new();
    let mut looks = Vec::new();
    for (due, of) in found {
        let id = match of {
            Watched::Case(id) => id,
            Watched::Matter(id) => facts.matter(&id).and_then(|Matter::Order(order)| order.case).unwrap_or(id),
            Watched::Voice(id) => facts.voice(&id).map_or(id, |voice| voice.about().case),
        };
        // Of one case one look a tick: the next is judged on the cards that came of it.
        let waits = touched.contains(&id) || !seen.insert(id);
        if waits && sweep.is_some() {
            // A sweep goes on behind its last look and never comes back: it stops before one that waits.
            more = true;
            break;
        }
        if !waits {
            let next = looking.watched(of);
            looks.push(Look { at: due, of, next });
        } else if !touched.contains(&id) {
            looks.push(Look { at: due, of, next: Some(due) });
        }
    }
    if let Some(sweep) = &mut sweep {
        sweep.after = looks.last().map(|look| (look.at, look.of)).or(sweep.after);
        sweep.done = !more;
    }
    let done = looks.len();
    looking.into_events(&mut change.events);
    if !looks.is_empty() || sweep.is_some() {
        change.events.push(Event::Looked(Box::new(Looked { looks, sweep })));
    }
    (done, more && (done > 0 || !touched.is_empty()))
}

fn touched(events: &[Event]) -> BTreeSet<CaseId> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Case(case, _) => Some(case.id),
            _ => None,
        })
        .collect()
}

/// What acts change at once: cards whose cause is gone are closed; deemed acceptance and a late entry raise their own, after which nobody may look again.
pub(crate) fn after(facts: &dyn Facts, change: &mut Change, at: Timestamp) {
    let here = facts.node().node;
    let mut acted: Vec<(&Case, bool)> = Vec::new();
    for event in &change.events {
        let Event::Case(case, act) = event else { continue };
        if act.place.node == here && act.kind != ActKind::Collect {
            acted.retain(|(known, _)| known.id != case.id);
            let was_before = case.outside.as_ref().is_some_and(|outside| outside.days_late() > 0);
            acted.push((case, act.kind == ActKind::AcceptDeemed || (act.kind == ActKind::Decide && was_before)));
        }
    }
    acted.retain(|(case, raises)| *raises || facts.cards(&case.id).iter().any(Card::is_open));
    if acted.is_empty() {
        return;
    }
    let mut looking = Looking::new(facts, at, &change.events);
    for (case, raises) in acted {
        if raises {
            looking.case(case, case.outside.is_some());
        } else {
            looking.acted(case);
        }
    }
    let mut events = Vec::new();
    looking.into_events(&mut events);
    change.events.extend(events);
}
