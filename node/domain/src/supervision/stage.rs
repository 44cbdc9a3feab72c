//! When a rule's cards begin for a case: a pure function of its row, the thresholds and the calendar, and of what was paid for it.

use serde::Serialize;
use tongban_codes::calendar::Calendar;
use tongban_codes::ids::NodeId;
use tongban_codes::time::Date;

use super::card::Colour;
use super::rule::{Rule, RuleSetting, Rules};
use crate::Facts;
use crate::case::{Case, Custody, Status, free_from};
use crate::voice::Voice;

/// A card that is raised from a day on, unless the case changes before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Stage {
    /// By which rule.
    pub rule: Rule,
    /// Its colour.
    pub colour: Colour,
    /// The first day.
    pub from: Date,
    /// The last day in time.
    pub due: Date,
}

/// Whether nothing more is to be done in time on a case.
#[must_use]
pub fn is_over(status: Status) -> bool {
    matches!(
        status,
        Status::RefusedNotRequired
            | Status::RefusedNotCompetent
            | Status::Delivered
            | Status::Closed
            | Status::Withdrawn
            | Status::Returned
            | Status::Forwarded
    )
}

/// A time that runs: from the day that isn't counted to the last day, without the days that `counts` leaves out.
pub(super) struct Running<'a> {
    pub(super) calendar: &'a Calendar,
    pub(super) start: Date,
    pub(super) due: Date,
    pub(super) counts: &'a dyn Fn(Date) -> bool,
}

impl Running<'_> {
    /// The working days of the whole time.
    fn days(&self) -> u32 {
        let (mut day, mut count) = (self.start, 0);
        while day < self.due {
            day = day.next_day();
            count += u32::from((self.counts)(day) && self.calendar.is_working_day(day));
        }
        count
    }

    /// The first day on which at most `most` working days remain, after the one that isn't counted.
    fn remaining(&self, most: u32) -> Date {
        let (mut day, mut left) = (self.due, 0);
        while day > self.start.next_day() {
            left += u32::from((self.counts)(day) && self.calendar.is_working_day(day));
            if left > most {
                break;
            }
            day = day.previous_day();
        }
        day.max(self.start.next_day())
    }

    /// The stages of this time by the thresholds of a rule.
    pub(super) fn stages(&self, setting: &RuleSetting, stages: &mut Vec<Stage>) {
        let by_days = setting.yellow_days.map(u32::from);
        let by_percent = setting.yellow_percent.map(|percent| self.days() * u32::from(100 - percent.min(100)) / 100);
        let mut push = |colour, from| stages.push(Stage { rule: setting.rule, colour, from, due: self.due });
        if let Some(most) = by_days.max(by_percent) {
            push(Colour::Yellow, self.remaining(most));
        }
        let after = |days: u16| match days {
            0 => self.due.next_day(),
            days => self.calendar.add_working_days(self.due, u32::from(days)).date,
        };
        if let Some(days) = setting.red_after {
            push(Colour::Red, after(days));
        }
        if let Some(days) = setting.severe_after {
            push(Colour::Severe, after(days));
        }
    }
}

/// The cards of a case at the node `here`, in the past and to come, by rule and colour, as long as nothing is done to it.
///
/// Deadlines are those that the case keeps, never computed anew, so that a moved holiday makes no past act late.
#[must_use]
pub fn stages(facts: &dyn Facts, rules: &Rules, here: NodeId, case: &Case) -> Vec<Stage> {
    let calendar = facts.calendar();
    let every = |_: Date| true;
    let plus = |from: Date, days: u32| calendar.add_working_days(from, days).date;
    // From a setting that this release knows to have a time.
    let limit = |rule: Rule| u32::from(rules.of(rule).limit_days.unwrap_or(1));
    let mut stages: Vec<Stage> = second_notice(here, case).into_iter().collect();
    stages.extend(late_entry(here, case, |from| plus(from, limit(Rule::LateEntry))));
    let mut run = |rule: Rule, start: Date, due: Date, counts: &dyn Fn(Date) -> bool| {
        Running { calendar, start, due, counts }.stages(&rules.of(rule), &mut stages);
    };
    // What was done at a lost node had its card there.
    if case.deemed
        && !case.taken_over(here).is_some_and(|taken| taken.deemed)
        && case.deciding.node == here
        && let Some(received) = case.accepted_on
    {
        let answer_by = plus(received, crate::case::ACCEPTANCE_DAYS);
        run(Rule::Deemed, received, answer_by, &every);
        if case.turn.as_ref().is_some_and(|turn| turn.overtaken) {
            run(Rule::Overtaken, received, answer_by, &every);
        }
    }
    if case.custody == Custody::Owner
        && case.deciding.node == here
        && let Some(pledge) = &case.pledge
        && let (Some(from), Some(due)) = (pledge.runs_from(case.decided_on), pledge.due())
    {
        run(Rule::Pledge, from, due, &every);
    }
    if is_over(case.status) {
        return stages;
    }
    let is_elsewhere = case.collecting.node == here && case.deciding.node != here;
    match &case.custody {
        Custody::Offered { since, .. } => {
            run(Rule::Unanswered, since.date(), plus(since.date(), limit(Rule::Unanswered)), &every);
        }
        Custody::Owner if is_elsewhere && case.accepted_on.is_none() => {
            // What came back is to be handed on from the day on which it did.
            let since = case.back_since.map_or(case.collected_at, |back| back.max(case.collected_at)).date();
            run(Rule::Handover, since, plus(since, limit(Rule::Handover)), &every);
        }
        Custody::Owner => {
            if let (Some(received), Some(moment)) = (case.complete_on(), case.deemed_at) {
                run(Rule::Acceptance, received, moment.date().previous_day(), &every);
            }
            let stop = case.stops.last().filter(|stop| stop.until.is_none());
            if let Some(stop) = stop {
                run(Rule::Stop, stop.from, plus(stop.from, u32::from(stop.announced)), &every);
            }
            if let (Some(accepted), Some(deadlines), None) = (case.accepted_on, &case.deadlines, case.decided_on) {
                let counts = |day: Date| !case.stops.iter().any(|stop| stop.covers(day));
                // A time that was over before the clock stopped stays over.
                let goes_on = |due: Date| stop.is_none_or(|stop| due < stop.from);
                if let Some(promised) = deadlines.promised.filter(|due| goes_on(due.date)) {
                    run(Rule::Promise, accepted, promised.date, &counts);
                }
                if let Some(statutory) = deadlines.statutory.filter(|due| goes_on(due.date)) {
                    run(Rule::Statutory, accepted, statutory.date, &counts);
                }
            }
            // Nobody is late to hand out what a fee keeps from being handed out, or what nobody here knew of.
            let known = case.decided_on.map(|decided| known_from(case, decided));
            let deliverable = match case.status {
                Status::Granted => known.and_then(|known| free_from(facts, case, known)),
                Status::Denied => known,
                _ => None,
            };
            if let Some(from) = deliverable {
                run(Rule::Delivery, from, plus(from, limit(Rule::Delivery)), &every);
            }
        }
        _ => {}
    }
    stages
}

/// The cards of a rating or a ticket that waits, in the past and to come, as long as nothing is done.
#[must_use]
pub fn voice_stages(calendar: &Calendar, rules: &Rules, voice: &Voice) -> Vec<Stage> {
    voice.clock().map_or_else(Vec::new, |clock| {
        super::card::stages_beside(calendar, &rules.of(clock.rule), clock.start, clock.due)
    })
}

/// The day since which a decision is known here: the one on which it was made, or, of another system's, on which it was entered.
fn known_from(case: &Case, decided: Date) -> Date {
    case.outside.as_ref().map_or(decided, |outside| outside.entered_on.max(decided))
}

/// What another system had decided, and nobody entered in the time after it: it was late, whatever is done afterwards. It is found when it is
/// entered and never later: neither a shorter time nor a moved holiday makes late what was entered before.
fn late_entry(here: NodeId, case: &Case, due: impl Fn(Date) -> Date) -> Option<Stage> {
    let outside = case.outside.as_ref().filter(|_| case.custody == Custody::Owner && case.deciding.node == here)?;
    // What was entered at a lost node had its card there.
    let is_anothers = case.taken_over(here).is_some_and(|taken| outside.entered_on <= taken.at.date());
    let due = due(outside.decided_on);
    (!is_anothers && outside.entered_on > due).then_some(Stage {
        rule: Rule::LateEntry,
        colour: Colour::Yellow,
        from: outside.entered_on,
        due,
    })
}

/// A further notice: whether what it asks for could have been asked for at the first is for a supervisor to judge (行政许可法 32(4)).
fn second_notice(here: NodeId, case: &Case) -> Option<Stage> {
    let before = case.taken_over(here).map_or(0, |taken| taken.notices);
    let correction = case.correction.as_ref().filter(|correction| correction.notices > before.max(1))?;
    let days = correction.asked.iter().map(|asked| asked.on);
    let (first, last) = (days.clone().min()?, days.max()?);
    (case.deciding.node == here).then_some(Stage {
        rule: Rule::SecondNotice,
        colour: Colour::Yellow,
        from: last,
        due: first,
    })
}
