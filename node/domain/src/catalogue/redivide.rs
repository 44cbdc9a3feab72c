//! A division gets another code as of a day and by an order (撤县设区 and the like).
//!
//! The line of the cross-walk is a standard of whoever says it: the division itself, whose items then move on with it, or one above, which says
//! it to everyone below. The node's place in the directory keeps the code that it is certified for.

use serde::Serialize;
use tongban_codes::division::{self, DivisionCode};
use tongban_codes::time::Date;

use super::crosswalk::{Crosswalk, LINES_MAX};
use super::establish::{by_order, unknown as unknown_standard};
use super::life::{Acting, note};
use super::reorganise::{ReorganisationReport, move_division};
use super::standard::{DivisionChange, Standard, StandardBody, StandardKind};
use super::{ItemState, size};
use crate::naming::name;
use crate::{Event, Facts, Rejection, codes};

/// An order that gives a division another code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DivisionPlan {
    /// The code that ends.
    pub old: DivisionCode,
    /// The code that goes on.
    pub new: DivisionCode,
    /// The division's name from then on, where that is new.
    pub name: Option<String>,
    /// The first day.
    pub from: Date,
    /// The order (文号).
    pub order: String,
}

/// What a change of a division's code did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DivisionReport {
    /// The code that ends.
    pub old: DivisionCode,
    /// The code that goes on.
    pub new: DivisionCode,
    /// The first day.
    pub from: Date,
    /// Tells whether it is this node's division; of one below the line of the cross-walk is kept alone, and its own node moves its items.
    pub own: bool,
    /// What moved.
    #[serde(flatten)]
    pub moves: ReorganisationReport,
}

/// Gives this node's division, or one below it, another code.
pub(crate) fn redivide(
    facts: &dyn Facts,
    acting: Acting<'_>,
    plan: &DivisionPlan,
    dry_run: bool,
) -> Result<(DivisionReport, Vec<Event>), Rejection> {
    let here = facts.node();
    let lines = Crosswalk::lines(facts);
    let walk = Crosswalk::of(lines.clone());
    let order = note("order", &plan.order)?;
    let name = plan.name.as_deref().map(|text| name("name", text)).transpose()?;
    let own = walk.first(plan.old) == here.division;
    known(facts, &walk, plan)?;
    if !walk.speaks(here.division, plan.old) {
        return Err(Rejection::new(
            codes::DIVISION_RULE,
            format!("{} is neither this node's division nor below it", plan.old),
            format!("{} 不是本节点的区划，也不在其下", plan.old),
        )
        .field("old", plan.old)
        .remedy("let its own node or one above it say so", "由该区划或其上级的节点办理"));
    }
    uncontradicted(&walk, plan, here.division, own)?;
    if walk.after(plan.old).is_none_or(|(new, _)| new != plan.new) {
        let of_others = |standard: &&Standard| {
            let own = standard.division == here.division && standard.code == plan.old.to_string();
            standard.division.level() <= here.division.level() && !own
        };
        fitting(&walk, plan)?;
        taken(facts, &walk, &Crosswalk::of(lines.iter().filter(of_others).cloned()), plan)?;
    }
    in_order(&walk, plan)?;
    if own {
        step_by_step(facts, &walk, plan)?;
    }
    let code = plan.old.to_string();
    let before = kept(facts, plan.old).map_or(0, |standard| standard.version);
    let ours = lines.iter().filter(|line| line.division == here.division).count();
    if before == 0 && ours >= LINES_MAX {
        return Err(full());
    }
    let change = DivisionChange { old: plan.old, new: plan.new, name, order: order.clone() };
    let standard = Standard {
        code: code.clone(),
        body: StandardBody::Division(change),
        division: here.division,
        node: here.node,
        version: before + 1,
        state: ItemState::Published,
        effective: Some(plan.from),
        department: None,
        in_force: None,
    };
    size::fits("body", &code, &standard)?;
    let others = lines.iter().filter(|line| line.division != standard.division || line.code != standard.code);
    let next = Crosswalk::of(others.chain([&standard]).cloned());
    if next.after(plan.old) != Some((plan.new, plan.from)) || next.first(plan.old) != walk.first(plan.old) {
        return Err(changed(plan, walk.after(plan.old)));
    }
    let mut events = vec![Event::Standard(Box::new(standard))];
    let mut moves = ReorganisationReport { dry_run, ..ReorganisationReport::default() };
    if own {
        let (report, moved) =
            move_division(facts, acting, (written(&lines, &next, plan, here.division), plan.new), plan.from, order);
        moves = ReorganisationReport { dry_run, ..report };
        events.extend(moved);
    }
    if dry_run {
        events.clear();
    }
    let report = DivisionReport { old: plan.old, new: plan.new, from: plan.from, own, moves };
    Ok((report, events))
}

/// What this node has said about a code.
fn kept(facts: &dyn Facts, old: DivisionCode) -> Option<Standard> {
    let here = facts.node().division;
    let said = facts.standards(StandardKind::Division, &old.to_string());
    said.into_iter().find(|standard| standard.division == here)
}

/// Takes back what this node has said about a division below it, whose own node says what counts then. Of its own division the items have moved
/// with it: that stays, and another order changes it again.
pub(crate) fn withdraw_division(facts: &dyn Facts, old: DivisionCode) -> Result<Event, Rejection> {
    let code = old.to_string();
    let known = kept(facts, old).filter(|standard| standard.state == ItemState::Published);
    let Some(known) = known else { return Err(unknown_standard(StandardKind::Division, &code)) };
    if Crosswalk::gather(facts).same(old, facts.node().division) {
        return Err(by_order(&code));
    }
    let withdrawn = Standard { version: known.version + 1, state: ItemState::Withdrawn, ..known };
    Ok(Event::Standard(Box::new(withdrawn)))
}

fn unknown(field: &'static str, code: DivisionCode, en: String, zh: String) -> Rejection {
    Rejection::new(codes::DIVISION_UNKNOWN, en, zh)
        .field(field, code)
        .remedy("check it: tongban code check", "核对：tongban code check")
}

/// The old code is one that is or was a division's; of the new one, which no table may have yet, the division above is known.
fn known(facts: &dyn Facts, walk: &Crosswalk, plan: &DivisionPlan) -> Result<(), Rejection> {
    let table = division::table();
    let of_a_chain = walk.codes(plan.old).len() > 1;
    if table.find(plan.old).is_none() && facts.place(plan.old).is_none() && !of_a_chain {
        let (en, zh) = (format!("there is no division {}", plan.old), format!("没有区划 {}", plan.old));
        return Err(unknown("old", plan.old, en, zh));
    }
    let exists = |code| table.find(code).is_some() || facts.place(code).is_some() || walk.codes(code).len() > 1;
    let above = plan.new.superior().is_none_or(exists);
    if !above || (plan.new.superior().is_none() && table.find(plan.new).is_none()) {
        let en = format!("no division is known in which {} would lie", plan.new);
        let zh = format!("{} 没有已知的上级区划", plan.new);
        return Err(unknown("new", plan.new, en, zh));
    }
    Ok(())
}

fn unfit(field: &'static str, value: impl ToString, en: &str, zh: &str) -> Rejection {
    Rejection::new(codes::INVALID_FIELD, en, zh)
        .field(field, value)
        .remedy("see the codes that are known: tongban division list", "查看已知代码：tongban division list")
}

fn fitting(walk: &Crosswalk, plan: &DivisionPlan) -> Result<(), Rejection> {
    if walk.codes(plan.old).contains(&plan.new) {
        let (en, zh) = ("the new code is one that the division has or had", "新代码是该区划现有或曾用的代码");
        return Err(unfit("new", plan.new, en, zh));
    }
    if plan.old.level() != plan.new.level() || plan.old.province() != plan.new.province() {
        let (en, zh) = ("a division keeps its level and its province", "区划的层级和所属省份不变");
        return Err(unfit("new", plan.new, en, zh));
    }
    Ok(())
}

/// A code doesn't end before it begins.
fn in_order(walk: &Crosswalk, plan: &DivisionPlan) -> Result<(), Rejection> {
    if let Some(since) = walk.since(plan.old).filter(|since| *since > plan.from) {
        let (en, zh) = ("the code that ends begins later itself", "被变更的代码自身生效更晚");
        return Err(unfit("from", format!("{} < {since}", plan.from), en, zh));
    }
    Ok(())
}

/// A code that is another division's isn't free: what joins two divisions is more than a change of code. `others` is what is said by all that
/// this node doesn't overrule.
fn taken(facts: &dyn Facts, walk: &Crosswalk, others: &Crosswalk, plan: &DivisionPlan) -> Result<(), Rejection> {
    let table = division::table();
    let listed = |code: DivisionCode| table.find(code).is_some();
    let both_listed = listed(plan.new) && walk.codes(plan.old).into_iter().any(listed);
    if facts.place(plan.new).is_none() && others.codes(plan.new).len() == 1 && !both_listed {
        return Ok(());
    }
    Err(Rejection::new(
        codes::DIVISION_TAKEN,
        format!("{} is the code of another division", plan.new),
        format!("{} 是另一区划的代码", plan.new),
    )
    .field("new", plan.new)
    .remedy("divisions that merge aren't a change of code: check the order", "区划合并不是代码变更，请核对文件"))
}

fn changed(plan: &DivisionPlan, known: Option<(DivisionCode, Date)>) -> Rejection {
    let (new, from) = known.unwrap_or((plan.new, plan.from));
    let (en, zh) = match known {
        Some(_) => {
            (format!("{} is {new} as of {from} already", plan.old), format!("{} 已自 {from} 起变更为 {new}", plan.old))
        }
        None => (
            format!("others say something else about {} or {}, so that it would not count", plan.old, plan.new),
            format!("关于 {} 或 {} 另有登记，本次登记不会生效", plan.old, plan.new),
        ),
    };
    Rejection::new(codes::DIVISION_CHANGED, en, zh).field("old", plan.old).remedy(
        "see: tongban division list; what came later is changed first",
        "查看：tongban division list；先更正其后的变更",
    )
}

/// Refuses what contradicts a division that isn't lower than this one. What this one has said itself it may correct, as long as nothing came
/// after it; the day of its own change stays, for items have moved by it.
fn uncontradicted(walk: &Crosswalk, plan: &DivisionPlan, here: DivisionCode, own: bool) -> Result<(), Rejection> {
    let (Some(known), Some(keeper)) = (walk.after(plan.old), walk.keeper(plan.old)) else { return Ok(()) };
    let ours = keeper == here;
    let higher = !ours && keeper.level() <= here.level();
    let stays = ours && (walk.after(known.0).is_some() || (own && known.0 == plan.new));
    if known != (plan.new, plan.from) && (higher || stays) {
        return Err(changed(plan, Some(known)));
    }
    Ok(())
}

/// Of this node's own division each step is made here before the next, for its items take it.
fn step_by_step(facts: &dyn Facts, walk: &Crosswalk, plan: &DivisionPlan) -> Result<(), Rejection> {
    let codes = walk.until(plan.old);
    let made = |old: DivisionCode, new: DivisionCode| {
        kept(facts, old).is_some_and(|standard| {
            standard.state == ItemState::Published
                && matches!(standard.body, StandardBody::Division(change) if change.new == new)
        })
    };
    match codes.windows(2).find(|step| !made(step[0], step[1])) {
        Some(step) => Err(Rejection::new(
            codes::DIVISION_CHANGED,
            format!("the step before, from {} to {}, isn't made here yet", step[0], step[1]),
            format!("本节点尚未办理前一变更：{} 至 {}", step[0], step[1]),
        )
        .field("old", plan.old)
        .remedy(
            format!("tongban division change {} --to {}", step[0], step[1]),
            format!("tongban division change {} --to {}", step[0], step[1]),
        )),
        None => Ok(()),
    }
}

/// The codes that items of this division may stand under: those that it had until it gets the new one, and those that it wrongly said it had.
fn written(lines: &[Standard], next: &Crosswalk, plan: &DivisionPlan, here: DivisionCode) -> Vec<DivisionCode> {
    let (mut found, chain) = (next.until(plan.old), next.codes(plan.old));
    loop {
        let wrong = lines.iter().filter(|line| line.division == here).find_map(|line| match &line.body {
            StandardBody::Division(change) => {
                (found.contains(&change.old) && !found.contains(&change.new) && !chain.contains(&change.new))
                    .then_some(change.new)
            }
            _ => None,
        });
        match wrong {
            Some(code) => found.push(code),
            None => return found,
        }
    }
}

fn full() -> Rejection {
    Rejection::new(
        codes::TOO_LARGE,
        format!("this node has said {LINES_MAX} changes of codes; others take no more from it"),
        format!("本节点登记的代码变更已达 {LINES_MAX} 条上限"),
    )
    .field("old", LINES_MAX)
    .remedy("let the divisions themselves say theirs", "由各区划自行登记")
}
