//! Decision, delivery, closing.

use tongban_codes::time::Timestamp;

use super::custody::here;
use super::paper::{denial, paper, reason, remark};
use super::progress::{done, record};
use super::{ActKind, Case, OutsideDecision, Status, fee, outside, renewal};
use crate::change::Change;
use crate::rights::has_one;
use crate::work::Door;
use crate::{Actor, Facts, Operator, Rejection, Role, codes, limit, pledge, work};

/// Refuses to let go of a decision that another system told whoever may not decide the case: who holds no mandate in force for its item, is no decider
/// and stands in for none, or reviewed it. Tells under which mandate he does it.
pub(crate) fn may_overrule(facts: &dyn Facts, door: &Door, case: &Case, at: Timestamp) -> Result<String, Rejection> {
    let actor = &door.actor;
    let mandate = mandate(facts, actor, case, at)?;
    if mandate.lender.is_none() {
        has_one(actor, &[Role::Decider])?;
    }
    let lenders: Vec<&Operator> = door.stands_for().into_iter().chain(&mandate.lender).collect();
    work::unreviewed(actor, case, &lenders)?;
    Ok(mandate.said)
}

/// A mandate in force under which somebody acts for the authority in charge.
pub(super) struct Mandated {
    /// As the act names it: item and grantor, and by which delegation.
    pub(super) said: String,
    /// Whose it is, when it isn't his own.
    pub(super) lender: Option<Operator>,
}

/// The mandate in force under which an operator acts for the authority in charge: his own, or one that is lent to him by who may touch the case.
pub(super) fn mandate(facts: &dyn Facts, actor: &Actor, case: &Case, at: Timestamp) -> Result<Mandated, Rejection> {
    let code = &case.item.code;
    let operator = facts.operator(&actor.operator);
    if let Some(mandate) = operator.as_ref().and_then(|operator| operator.mandate(code, at.date())) {
        return Ok(Mandated { said: format!("{} ({})", mandate.item, mandate.by), lender: None });
    }
    let lenders = operator.map(|deputy| work::principals(facts, &deputy, &[Role::Decider], case, at));
    let mut lenders = lenders.unwrap_or_default();
    // Who reviewed lends no decision: another comes first.
    lenders.sort_by_key(|(_, lender)| case.work.as_ref().is_some_and(|work| work.excludes(&lender.name)));
    let mut refused = None;
    for (delegation, lender) in lenders {
        let Some(mandate) = lender.mandate(code, at.date()) else { continue };
        let said = format!("{} ({})；{}", mandate.item, mandate.by, delegation.said());
        match work::touches(&lender, case) {
            Ok(()) => return Ok(Mandated { said, lender: Some(lender) }),
            Err(rejection) => drop(refused.get_or_insert(rejection)),
        }
    }
    Err(refused.unwrap_or_else(|| {
        Rejection::new(
            codes::MANDATE_MISSING,
            format!("{} holds no mandate in force for this item", actor.operator),
            format!("{} 没有该事项的有效授权", actor.operator),
        )
        .field("item", code)
        .remedy(
            format!("tongban operator mandate {} --item {code}", actor.operator),
            format!("授权：tongban operator mandate {} --item {code}", actor.operator),
        )
    }))
}

/// What is decided.
pub(super) struct Verdict<'a> {
    /// Grants, or denies.
    pub(super) grant: bool,
    /// The reason.
    pub(super) text: Option<&'a str>,
    /// The decision of another system that is entered.
    pub(super) outside: Option<OutsideDecision>,
}

/// Decides here, under a mandate in force.
pub(crate) fn decide_case(
    facts: &dyn Facts,
    door: &Door,
    case: Case,
    grant: bool,
    text: Option<&str>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Decide)?;
    outside::decided_here(facts, &case)?;
    decided(facts, door, case, Verdict { grant, text, outside: None }, at)
}

/// The decision of a case, made here or entered of another system: under a mandate in force, a denial with its reason and the remedies in the
/// document (行政许可法 38). It is of today, or of the day on which the other system decided.
pub(super) fn decided(
    facts: &dyn Facts,
    door: &Door,
    mut case: Case,
    verdict: Verdict<'_>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let actor = &door.actor;
    let Verdict { grant, text, outside } = verdict;
    let day = outside.as_ref().map_or_else(|| at.date(), |outside| outside.decided_on);
    case.may(facts, ActKind::Decide)?;
    if !outside.as_ref().is_some_and(|outside| renewal::is_before_end(&case, outside.decided_on)) {
        renewal::in_time(&case, ActKind::Decide, at)?;
    }
    let mandate = mandate(facts, actor, &case, at)?;
    let lenders: Vec<&Operator> = door.stands_for().into_iter().chain(&mandate.lender).collect();
    work::may_decide(facts, actor, &mut case, &lenders, grant, at)?;
    let number = if grant { limit::grant(facts, &mut case, day)? } else { None };
    let text = text.filter(|text| !text.trim().is_empty());
    case.reason = match text {
        Some(text) if grant => Some(reason(text)?),
        None if grant => None,
        text => Some(denial(text.unwrap_or_default())?),
    };
    case.status = if grant { Status::Granted } else { Status::Denied };
    case.decided_on = Some(day);
    case.outside = outside;
    case.renewal_at = None;
    if let Some(pledge) = case.pledge.as_mut().filter(|_| grant) {
        pledge.check_by = Some(pledge::due(facts, pledge, day));
    }
    let told = if grant { pledge::lines(&case) } else { Vec::new() };
    let here = here(facts);
    let mut act = case.act(ActKind::Decide, actor, here, at, case.reason.clone());
    act.mandate = Some(mandate.said);
    let document = paper(facts, &case, &actor.operator, at, "application/tongban-decision+cbor", &told, Some(grant));
    let mut change = Change::of(number.into_iter().collect(), Change::case(&case));
    record(&mut change, here, &case, act);
    change.documents.push(document);
    Ok(change)
}

/// Denies because the numbers of the item are used up: the reason names the limit and what it stands on.
pub(crate) fn deny_for_number(facts: &dyn Facts, door: &Door, case: Case, at: Timestamp) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Decide)?;
    let text = limit::used_up(facts, &case, at)?;
    decide_case(facts, door, case, false, Some(&text), at)
}

/// Delivers the decision and its result (行政许可法 44).
pub(crate) fn deliver(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    note: Option<&str>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Deliver)?;
    if case.status == Status::Granted {
        fee::settled(facts, &case)?;
    }
    let note = remark(note)?;
    case.status = Status::Delivered;
    Ok(done(facts, actor, case, ActKind::Deliver, (at, note), None))
}

/// Closes.
pub(crate) fn close(facts: &dyn Facts, actor: &Actor, mut case: Case, at: Timestamp) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Close)?;
    case.status = Status::Closed;
    Ok(done(facts, actor, case, ActKind::Close, (at, None), None))
}
