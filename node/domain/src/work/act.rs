//! What is done with a step: claimed, handed on, passed, signed, returned; and the decision as the last of them.

use tongban_codes::time::Timestamp;

use super::deputy::principals;
use super::door::{Door, touches};
use super::standing::{Signature, Tally, Work};
use crate::actor::{Operator, Role};
use crate::case::{ActKind, Case, here, reason, remark, said as given};
use crate::catalogue::StepRule;
use crate::change::{Change, Event, Reply};
use crate::staff::operator_named;
use crate::{Actor, Facts, Rejection, codes};

/// The work on a case, taken out of it; begun when nobody has worked on it yet.
fn taken(case: &mut Case, at: Timestamp) -> Work {
    case.work.take().unwrap_or_else(|| Work::unpublished(case, at.date()))
}

/// The act and the case after it. The authority's inner work is told to nobody else: the collecting node hears of what the law knows.
pub(super) fn worked(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    kind: ActKind,
    at: Timestamp,
    note: Option<String>,
) -> Change {
    let act = case.act(kind, actor, here(facts), at, note);
    let reply = standing(&case);
    Change::of(vec![Event::Case(Box::new(case), act)], reply)
}

fn standing(case: &Case) -> Reply {
    let (id, case_no) = (case.id, case.case_no.clone());
    Reply::Work { case: id, case_no, state: case.status, work: case.work.as_ref().map(Work::view) }
}

/// `第 1 步 审查`, as the acts name a step.
fn said(work: &Work) -> String {
    let name = work.step().map_or("办结", |step| &step.name);
    format!("第 {} 步 {name}", work.at + 1)
}

/// The name of the step that the note of an act begins with, where it was passed or sent back.
pub(crate) fn step_of(note: &str) -> Option<&str> {
    let (from, _) = note.split_once(" → ")?;
    let (_, name) = from.strip_prefix("第 ")?.split_once(" 步 ")?;
    Some(name)
}

/// `step 1, 审查`, likewise in English.
fn said_en(work: &Work) -> String {
    let name = work.step().map_or("closing", |step| &step.name);
    format!("step {}, {name}", work.at + 1)
}

fn held(case: &Case, holder: &str) -> Rejection {
    Rejection::new(codes::STEP_HELD, format!("{holder} holds the case"), format!("办件由 {holder} 办理中"))
        .field("case", case.id)
        .remedy("he hands it on: tongban case hand-on CASE --to NAME", "由其转办：tongban case hand-on 办件 --to 姓名")
}

fn shared(case: &Case, work: &Work) -> Rejection {
    Rejection::new(
        codes::STEP_SHARED,
        format!("{}: it is signed by several, nobody holds it", said_en(work)),
        format!("{}由多人签署，不由一人领取", said(work)),
    )
    .field("case", case.id)
    .remedy(
        "sign it: tongban case step CASE --pass --opinion T",
        "请签署：tongban case step 办件 --pass --opinion 意见",
    )
}

fn separated(operator: &str) -> Rejection {
    Rejection::new(
        codes::REVIEWER_DECIDES,
        format!("{operator} reviewed the case; another decides it, for the item isn't instant"),
        format!("{operator} 已审查该办件，非即办件应由他人决定"),
    )
    .field("operator", operator)
    .remedy("another decider decides: --as", "由其他决定人办理：--as")
}

/// Refuses whoever lacks the role of the step, or reviewed what he would decide; of a deputy, whose principal did.
fn fits(work: &Work, operator: &str, roles: &[Role], stands_for: Option<&Operator>) -> Result<(), Rejection> {
    let Some(step) = work.step() else { return Ok(()) };
    let role = step.role.role();
    if !roles.contains(&role) {
        return Err(Rejection::new(
            codes::ROLE_MISSING,
            format!("{}: {operator} lacks the role {}", said_en(work), role.name()),
            format!("{}：{operator} 没有“{}”角色", said(work), role.zh()),
        )
        .field("operator", operator)
        .remedy(
            format!("act --as another operator, or: tongban operator role {operator} --role {}", role.name()),
            format!("换经办人（--as），或授予角色：tongban operator role {operator} --role {}", role.name()),
        ));
    }
    if work.is_at_decision() {
        separate(work, operator, stands_for)?;
    }
    Ok(())
}

/// Refuses a decision by who reviewed, or by the right of one who did.
fn separate<'a>(
    work: &Work,
    operator: &'a str,
    lenders: impl IntoIterator<Item = &'a Operator>,
) -> Result<(), Rejection> {
    let mut people = std::iter::once(operator).chain(lenders.into_iter().map(|lender| lender.name.as_str()));
    people.find(|name| work.excludes(name)).map_or(Ok(()), |name| Err(separated(name)))
}

/// Whether who holds a case may still do its step: by his own role, or for one who lends it to him today.
pub(super) fn still_holds(facts: &dyn Facts, case: &Case, work: &Work, holder: &str, at: Timestamp) -> bool {
    let (Some(step), Some(operator)) = (work.step(), facts.operator(holder)) else { return false };
    let role = step.role.role();
    operator.roles.contains(&role) || !principals(facts, &operator, &[role], case, at).is_empty()
}

/// Refuses where another holds a case; not where he did as a deputy whose time is over.
fn not_with_another(
    facts: &dyn Facts,
    case: &Case,
    work: &Work,
    operator: &str,
    at: Timestamp,
) -> Result<(), Rejection> {
    let other = work.holder.as_ref().filter(|holder| *holder != operator);
    match other.filter(|holder| still_holds(facts, case, work, holder, at)) {
        Some(holder) => Err(held(case, holder)),
        None => Ok(()),
    }
}

/// Refuses where a step of one person is with another, or the actor doesn't fit it.
fn at_hand(facts: &dyn Facts, case: &Case, work: &Work, door: &Door, at: Timestamp) -> Result<(), Rejection> {
    not_with_another(facts, case, work, &door.actor.operator, at)?;
    fits(work, &door.actor.operator, &door.actor.roles, door.stands_for())
}

/// Takes a case that waits at a step (领取); of two who want it, the first has it.
pub(crate) fn claim(facts: &dyn Facts, door: &Door, mut case: Case, at: Timestamp) -> Result<Change, Rejection> {
    let actor = &door.actor;
    case.may(facts, ActKind::Claim)?;
    let mut work = taken(&mut case, at);
    if work.step().is_some_and(|step| step.rule != StepRule::Single) {
        return Err(shared(&case, &work));
    }
    at_hand(facts, &case, &work, door, at)?;
    if work.holder.as_ref() == Some(&actor.operator) {
        case.work = Some(work);
        return Ok(Change::of(Vec::new(), standing(&case)));
    }
    work.holder = Some(actor.operator.clone());
    let note = said(&work);
    case.work = Some(work);
    Ok(worked(facts, actor, case, ActKind::Claim, at, Some(note)))
}

/// Whether a case may be put into somebody's hands at the step where it stands.
pub(super) fn may_take(case: &Case, work: &Work, operator: &Operator) -> Result<(), Rejection> {
    if operator.disabled.is_some() {
        return Err(Rejection::new(
            codes::OPERATOR_DISABLED,
            format!("{} is disabled", operator.name),
            format!("{} 已停用", operator.name),
        )
        .field("to", &operator.name)
        .remedy("name another operator", "请另选经办人"));
    }
    touches(operator, case)?;
    fits(work, &operator.name, &operator.roles, None)
}

/// Hands a case on to another who fits the step (转办): the holder does, whoever fits an unclaimed step, or an administrator.
pub(crate) fn hand_on(
    facts: &dyn Facts,
    door: &Door,
    mut case: Case,
    to: &str,
    note: Option<&str>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let actor = &door.actor;
    case.may(facts, ActKind::HandOn)?;
    let note = remark(note)?;
    let mut work = taken(&mut case, at);
    if work.step().is_some_and(|step| step.rule != StepRule::Single) {
        return Err(shared(&case, &work));
    }
    if !actor.has(&[Role::Admin]) {
        at_hand(facts, &case, &work, door, at)?;
    }
    let to = operator_named(facts, to)?;
    may_take(&case, &work, &to)?;
    if work.holder.as_ref() == Some(&to.name) {
        case.work = Some(work);
        return Ok(Change::of(Vec::new(), standing(&case)));
    }
    let said = format!("{} → {}", said(&work), to.name);
    work.holder = Some(to.name);
    case.work = Some(work);
    let note = note.map_or_else(|| said.clone(), |note| format!("{said}：{note}"));
    Ok(worked(facts, actor, case, ActKind::HandOn, at, Some(note)))
}

/// Sends a case back to an earlier step (退回), with a reason; it waits there for whoever fits. What several sign goes back by what they sign.
pub(crate) fn return_to(
    facts: &dyn Facts,
    door: &Door,
    mut case: Case,
    to_step: u16,
    text: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let actor = &door.actor;
    case.may(facts, ActKind::ReturnStep)?;
    let text = reason(text)?;
    let mut work = taken(&mut case, at);
    if work.step().is_some_and(|step| step.rule != StepRule::Single) {
        return Err(shared(&case, &work));
    }
    at_hand(facts, &case, &work, door, at)?;
    if to_step == 0 || to_step > work.at {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            format!("the case stands at step {}; it is sent back to an earlier one", work.at + 1),
            format!("办件在第 {} 步，只能退回更早的环节", work.at + 1),
        )
        .field("to_step", to_step)
        .remedy("see the steps: tongban case show", "查看环节：tongban case show"));
    }
    let from = said(&work);
    work.go(to_step - 1, at.date(), facts.calendar(), &case.stops);
    let note = format!("{from} → {}：{text}", said(&work));
    case.work = Some(work);
    Ok(worked(facts, actor, case, ActKind::ReturnStep, at, Some(note)))
}

/// Gives the opinion of a step: passes it or sends it back; a step of several is signed, and goes on when its rule is fulfilled.
pub(crate) fn step(
    facts: &dyn Facts,
    door: &Door,
    mut case: Case,
    pass: bool,
    opinion: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let actor = &door.actor;
    case.may(facts, ActKind::PassStep)?;
    let opinion = given("opinion", opinion)?;
    let mut work = taken(&mut case, at);
    at_hand(facts, &case, &work, door, at)?;
    if pass && work.is_at_decision() {
        return Err(Rejection::new(
            codes::STEP_DECISION,
            "the case stands at its decision, which isn't passed but decided",
            "办件已到决定环节，应作出决定",
        )
        .field("case", case.id)
        .remedy("tongban case decide CASE --grant|--deny", "tongban case decide 办件 --grant|--deny"));
    }
    let stands_for = door.stands_for().map(|principal| &principal.name);
    let mut people = [Some(&actor.operator), stands_for].into_iter().flatten();
    if let Some(name) = people.find(|name| work.has_signed(name)) {
        return Err(Rejection::new(
            codes::STEP_SIGNED,
            format!("{name} has signed this step, or another did for him; nobody's right counts twice"),
            format!("{name} 已签署本环节（或由他人代签），不能重复签署"),
        )
        .field("case", case.id)
        .remedy("others sign", "由其他人签署"));
    }
    let is_single = work.step().is_some_and(|step| step.rule == StepRule::Single);
    if !pass && is_single && work.at == 0 {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "the case stands at its first step; there is none to send it back to",
            "办件在第一个环节，没有可退回的环节",
        )
        .field("step", 1)
        .remedy("pass it with your opinion; the decision may deny", "请注明意见并通过，由决定环节作出不予决定"));
    }
    let from = said(&work);
    work.reviewed(&actor.operator);
    if let Some(name) = stands_for {
        work.reviewed(name);
    }
    let (operator, stands_for) = (actor.operator.clone(), stands_for.cloned());
    work.signatures.push(Signature { operator, agrees: pass, stands_for });
    let (kind, note) = match work.tally() {
        Tally::Open => {
            let word = if pass { "同意" } else { "不同意" };
            (ActKind::SignStep, format!("{from} {word}：{opinion}"))
        }
        Tally::Passed => {
            let next = work.at + 1;
            work.go(next, at.date(), facts.calendar(), &case.stops);
            (ActKind::PassStep, format!("{from} → {}：{opinion}", said(&work)))
        }
        Tally::Failed => {
            let back = work.at.saturating_sub(1);
            work.go(back, at.date(), facts.calendar(), &case.stops);
            (ActKind::ReturnStep, format!("{from} → {}：{opinion}", said(&work)))
        }
    };
    case.work = Some(work);
    Ok(worked(facts, actor, case, kind, at, Some(note)))
}

/// Refuses what only who may decide a case does to who reviewed it, or does it by the right of one who did.
pub(crate) fn unreviewed(actor: &Actor, case: &Case, lenders: &[&Operator]) -> Result<(), Rejection> {
    let Some(work) = &case.work else { return Ok(()) };
    separate(work, &actor.operator, lenders.iter().copied())
}

/// Refuses a decision before the steps that the item publishes are passed, by who reviewed or by his right, while another holds it, and a grant
/// while a material is lacking; else the work is done. `lenders` are those by whose role or mandate the actor decides.
pub(crate) fn may_decide(
    facts: &dyn Facts,
    actor: &Actor,
    case: &mut Case,
    lenders: &[&Operator],
    grant: bool,
    at: Timestamp,
) -> Result<(), Rejection> {
    if let Some(lacking) = case.lacking.first().filter(|_| grant) {
        return Err(Rejection::new(
            codes::MATERIAL_LACKING,
            format!(
                "{} is to follow until {}; the case is neither granted nor forwarded before it has come",
                lacking.name, lacking.until
            ),
            format!("容缺材料“{}”应于 {} 前补交，补交前不能准予或转报", lacking.name, lacking.until),
        )
        .field("case", case.id)
        .remedy(
            "enter it: tongban case follow-up CASE --material NAME=FILE",
            "登记补交：tongban case follow-up 办件 --material 名称=文件",
        ));
    }
    let Some(work) = &case.work else { return Ok(()) };
    let is_at_decision = work.is_at_decision();
    if work.published && !is_at_decision {
        return Err(Rejection::new(
            codes::STEPS_OPEN,
            format!("{}: it isn't passed yet; there are {}", said_en(work), work.steps.len()),
            format!("{}（共 {} 步）尚未通过", said(work), work.steps.len()),
        )
        .field("case", case.id)
        .remedy(
            "pass it: tongban case step CASE --pass --opinion T",
            "办理环节：tongban case step 办件 --pass --opinion 意见",
        ));
    }
    if is_at_decision {
        not_with_another(facts, case, work, &actor.operator, at)?;
    }
    // Who stands in for another can do no more than he.
    separate(work, &actor.operator, lenders.iter().copied())?;
    if let Some(work) = &mut case.work {
        work.at = u16::try_from(work.steps.len()).unwrap_or(u16::MAX);
        (work.holder, work.due) = (None, None);
        work.signatures.clear();
    }
    Ok(())
}
