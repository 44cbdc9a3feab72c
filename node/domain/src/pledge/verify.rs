//! The check of a pledge, and what follows.

use tongban_codes::time::{Date, Timestamp};

use super::{Finding, Outcome, Pledge, Standing};
use crate::case::{ActKind, Case, here, record, said};
use crate::change::{Change, Event};
use crate::{Actor, Facts, Rejection, Role, codes};

/// The most findings of one pledge.
const FINDINGS_MAX: usize = 50;

/// The last day of the check after a grant on a day.
pub(crate) fn due(facts: &dyn Facts, pledge: &Pledge, day: Date) -> Date {
    facts.calendar().add_working_days(day, u32::from(pledge.check_days)).date
}

fn state(case: &Case, en: &str, zh: &str) -> Rejection {
    Rejection::new(codes::PLEDGE_STATE, en, zh)
        .field("case", case.id)
        .remedy("see it: tongban case show", "查看：tongban case show")
}

/// Refuses who isn't of the role that the item names for the check; what lifts a finding is for a decider.
fn may(actor: &Actor, case: &Case, pledge: &Pledge, outcome: Outcome) -> Result<(), Rejection> {
    let lifts = matches!(outcome, Outcome::Annulled | Outcome::Repaired);
    let role = if lifts { Role::Decider } else { pledge.role.role() };
    if !actor.has(&[role]) {
        return Err(Rejection::new(
            codes::ROLE_MISSING,
            format!("{} lacks the role {}", actor.operator, role.name()),
            format!("{} 没有“{}”角色", actor.operator, role.zh()),
        )
        .field("operator", &actor.operator)
        .remedy("act --as another operator", "换经办人办理（--as）"));
    }
    let found = pledge.findings.iter().rev().find(|finding| finding.outcome == Outcome::False);
    if outcome == Outcome::Annulled && found.is_some_and(|finding| finding.by == actor.operator) {
        return Err(Rejection::new(
            codes::FINDING_SELF,
            format!("{} made the finding; another decides about it", actor.operator),
            format!("{} 为认定人，应由他人复核", actor.operator),
        )
        .field("case", case.id)
        .remedy("another decider acts: --as", "由其他决定人员办理：--as"));
    }
    Ok(())
}

/// Refuses what doesn't follow from where the pledge stands.
fn follows(case: &Case, pledge: &Pledge, outcome: Outcome) -> Result<(), Rejection> {
    let standing = pledge.standing();
    match outcome {
        Outcome::True | Outcome::False if standing != Standing::ToCheck => {
            Err(state(case, "nothing of it is to be checked now", "目前没有待核查的承诺"))
        }
        Outcome::PutRight if standing != Standing::ToPutRight => {
            Err(state(case, "nothing of it is to be put right", "目前没有待整改的承诺"))
        }
        // Who is to put something right hasn't repaired his credit.
        Outcome::Repaired if standing != Standing::Over => {
            Err(state(case, "what is false is put right first", "须先完成整改"))
        }
        Outcome::Annulled | Outcome::Repaired if !pledge.bars() => {
            Err(state(case, "no finding stands against it", "没有有效的不实认定"))
        }
        // It comes of the licence's cancelling and of nothing else.
        Outcome::Cancelled => {
            Err(state(case, "cancel the licence: tongban licence cancel", "请办理注销：tongban licence cancel"))
        }
        _ => Ok(()),
    }
}

/// Records what a check found, or what came of it (承诺核查).
pub(crate) fn verify(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    (outcome, text): (Outcome, &str),
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::VerifyPledge)?;
    let Some(mut pledge) = case.pledge.take() else {
        return Err(state(&case, "no pledge was taken", "该办件没有承诺"));
    };
    follows(&case, &pledge, outcome)?;
    may(actor, &case, &pledge, outcome)?;
    if pledge.findings.len() >= FINDINGS_MAX {
        return Err(state(&case, "no more can be recorded of it", "记录已达上限"));
    }
    let text = said("finding", text)?;
    let correct_by = (outcome == Outcome::False)
        .then(|| facts.calendar().add_working_days(at.date(), u32::from(pledge.correct_days)).date);
    let mut note = format!("{}：{text}", outcome.zh());
    if let Some(day) = correct_by {
        note = format!("{note}；限 {day} 前整改，逾期不改的依法撤销许可（行政许可法第六十九条）");
    }
    let barred = pledge.bars();
    pledge.findings.push(Finding { outcome, text, by: actor.operator.clone(), at, correct_by });
    let bars = pledge.bars();
    case.pledge = Some(pledge);
    let here = here(facts);
    let act = case.act(ActKind::VerifyPledge, actor, here, at, Some(note));
    let mut change = Change::of(Vec::new(), Change::case(&case));
    if barred != bars {
        change.events.push(Event::Barred(case.item.authority, case.holder, case.id, bars));
    }
    record(&mut change, here, &case, act);
    Ok(change)
}

/// Notes on the pledge that the licence which rested on it is gone; a finding against the applicant stays.
pub(crate) fn cancelled(case: &mut Case, actor: &Actor, text: &str, at: Timestamp) {
    let Some(pledge) = &mut case.pledge else { return };
    if matches!(pledge.standing(), Standing::ToCheck | Standing::ToPutRight) {
        let (text, by) = (text.to_owned(), actor.operator.clone());
        pledge.findings.push(Finding { outcome: Outcome::Cancelled, text, by, at, correct_by: None });
    }
}

/// Moves what stands against an applicant to his right number, when a wrong one was put right.
pub(crate) fn rekey(before: &Case, after: &Case) -> Vec<Event> {
    if before.holder == after.holder || !after.pledge.as_ref().is_some_and(Pledge::bars) {
        return Vec::new();
    }
    let of = |holder, bars| Event::Barred(after.item.authority, holder, after.id, bars);
    vec![of(before.holder, false), of(after.holder, true)]
}
