//! A division gets another code as of a day and by an order (撤县设区 and the like).
//!
//! The line of the cross-walk is a standard of whoever says it: the division itself, whose items then move on with it, or one above, which says
//! it to everyone below. The node's place in the directory keeps the code that it is certified for.

use serde::Serialize;
use tongban_codes::division::{self, DivisionCode};
use tongban_codes::time::Date;

use super::crosswalk::Crosswalk;
use super::life::{Acting, note};
use super::reorganise::{ReorganisationReport, move_division};
use super::standard::{DivisionChange, Standard, StandardBody, StandardKind};
use super::{ItemState, size};
use crate::decide::name;
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
    let walk = Crosswalk::gather(facts);
    let order = note("order", &plan.order)?;
    let name = plan.name.as_deref().map(|text| name("name", text)).transpose()?;
    let own = walk.same(plan.old, here.division);
    known(facts, &walk, plan)?;
    if !own && !walk.codes(plan.old).iter().any(|code| code.is_within(here.division)) {
        return Err(Rejection::new(
            codes::DIVISION_RULE,
            format!("{} is neither this node's division nor below it", plan.old),
            format!("{} 不是本节点的区划，也不在其下", plan.old),
        )
        .field("old", plan.old)
        .remedy("let its own node or one above it say so", "由该区划或其上级的节点办理"));
    }
    if !stated(facts, &walk, plan)? {
        fitting(&walk, plan)?;
        taken(facts, &walk, plan)?;
    }
    let code = plan.old.to_string();
    let change = DivisionChange { old: plan.old, new: plan.new, name, order: order.clone() };
    let standard = Standard {
        code: code.clone(),
        body: StandardBody::Division(change),
        division: here.division,
        node: here.node,
        version: 1,
        state: ItemState::Published,
        effective: Some(plan.from),
        department: None,
        in_force: None,
    };
    size::fits("body", &code, &standard)?;
    let mut events = vec![Event::Standard(Box::new(standard))];
    let mut moves = ReorganisationReport { dry_run, ..ReorganisationReport::default() };
    if own {
        let (report, moved) = move_division(facts, acting, (walk.codes(plan.old), plan.new), plan.from, order);
        moves = ReorganisationReport { dry_run, ..report };
        events.extend(moved);
    }
    if dry_run {
        events.clear();
    }
    let report = DivisionReport { old: plan.old, new: plan.new, from: plan.from, own, moves };
    Ok((report, events))
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
    let above = plan.new.superior().is_none_or(|above| table.find(above).is_some());
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
    if let Some(since) = walk.since(plan.old).filter(|since| *since > plan.from) {
        let (en, zh) = ("the code that ends begins later itself", "被变更的代码自身生效更晚");
        return Err(unfit("from", format!("{} < {since}", plan.from), en, zh));
    }
    Ok(())
}

/// A code that is another division's isn't free: what joins two divisions is more than a change of code.
fn taken(facts: &dyn Facts, walk: &Crosswalk, plan: &DivisionPlan) -> Result<(), Rejection> {
    let table = division::table();
    let listed = |code: DivisionCode| table.find(code).is_some();
    let both_listed = listed(plan.new) && walk.codes(plan.old).into_iter().any(listed);
    if facts.place(plan.new).is_none() && walk.codes(plan.new).len() == 1 && !both_listed {
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

/// Tells whether another has said it. A change is said once by whoever says it, and all say the same.
fn stated(facts: &dyn Facts, walk: &Crosswalk, plan: &DivisionPlan) -> Result<bool, Rejection> {
    let here = facts.node();
    let said = facts.standards(StandardKind::Division, &plan.old.to_string());
    let by_us = said.iter().any(|standard| standard.division == here.division);
    match walk.after(plan.old) {
        None if !by_us => Ok(false),
        Some(known) if !by_us && known == (plan.new, plan.from) => Ok(true),
        known => {
            let (new, from) = known.unwrap_or((plan.new, plan.from));
            Err(Rejection::new(
                codes::DIVISION_CHANGED,
                format!("{} is {new} as of {from} already", plan.old),
                format!("{} 已自 {from} 起变更为 {new}", plan.old),
            )
            .field("old", plan.old)
            .remedy("see: tongban division list", "查看：tongban division list"))
        }
    }
}
