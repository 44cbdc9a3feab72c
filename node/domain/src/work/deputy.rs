//! Standing in for another (AB岗): for a time, for items, with an approver; and who is on duty at all.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::citizen_id::CitizenId;
use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};

use super::act::still_holds;
use crate::actor::{MANDATE_ALL, Operator, Role};
use crate::case::{ActKind, Case, here};
use crate::catalogue::{self, short_code};
use crate::change::{Change, Event, Reply};
use crate::naming::name;
use crate::staff::operator_named;
use crate::{Actor, Desk, Facts, Rejection, codes};

/// The most delegations that one deputy holds at a time.
const DELEGATIONS_MAX: usize = 50;

/// The longest time for which a delegation is given, in days.
const DELEGATION_DAYS_MAX: i32 = 366;

/// Cases that one tick gives back.
const GIVEN_MAX: usize = 32;

/// The right to act in another's roles on cases of some items for a time.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Delegation {
    /// For whom.
    #[n(0)]
    pub principal: String,
    /// Item codes, or [`MANDATE_ALL`] alone.
    #[n(1)]
    pub items: Vec<String>,
    /// First day.
    #[n(2)]
    pub from: Date,
    /// Last day.
    #[n(3)]
    pub until: Date,
    /// Who approved it.
    #[n(4)]
    pub approver: String,
    /// The administrator who entered it.
    #[n(5)]
    pub by: String,
}

impl Delegation {
    /// Tells whether it covers an item on a day.
    #[must_use]
    pub fn covers(&self, item: &str, day: Date) -> bool {
        let named = |known: &String| known == MANDATE_ALL || known == item || known == short_code(item);
        self.items.iter().any(named) && self.from <= day && day <= self.until
    }

    /// As an act names it.
    pub(crate) fn said(&self) -> String {
        format!("代 {}（{} 至 {}，{} 批准）", self.principal, self.from, self.until, self.approver)
    }
}

/// For whom a deputy may act on a case in one of these roles, and by which delegations, in the order in which they were given. Nobody hands on
/// what was delegated to him.
pub(crate) fn principals(
    facts: &dyn Facts,
    deputy: &Operator,
    roles: &[Role],
    case: &Case,
    at: Timestamp,
) -> Vec<(Delegation, Operator)> {
    let day = at.date();
    let of_cases = [Role::Window, Role::Reviewer, Role::Decider, Role::Issuer];
    let fits = |principal: &Operator| {
        principal.disabled.is_none()
            && roles.iter().any(|role| of_cases.contains(role) && principal.roles.contains(role))
    };
    let in_force = deputy.deputises.iter().filter(|delegation| delegation.covers(&case.item.code, day));
    let with = |delegation: &Delegation| Some((delegation.clone(), facts.operator(&delegation.principal)?));
    in_force.filter_map(with).filter(|(_, principal)| fits(principal)).collect()
}

/// Whether anybody in service may decide on an item on a day; who stands in for a decider does it by that one's mandate.
#[must_use]
pub fn is_on_duty(operators: &[Operator], item: &str, day: Date) -> bool {
    let decides = |operator: &Operator| {
        operator.disabled.is_none() && operator.roles.contains(&Role::Decider) && operator.mandate(item, day).is_some()
    };
    operators.iter().any(decides)
}

/// Lets one operator stand in for another.
pub(crate) fn delegate(
    facts: &dyn Facts,
    by: &str,
    (principal, deputy): (&str, &str),
    items: &[String],
    (from, until): (Option<Date>, Date),
    approver: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let today = at.date();
    let principal = operator_named(facts, principal)?;
    let mut deputy = operator_named(facts, deputy)?;
    let from = from.unwrap_or(today);
    let approver = name("approver", approver)?;
    let refuse = |field: &'static str, value: String, en: &str, zh: &str| {
        Err(Rejection::new(codes::INVALID_FIELD, en, zh).field(field, value).remedy(
            "tongban operator delegate --from A --to B --until DATE --approver C",
            "tongban operator delegate --from A --to B --until 日期 --approver 批准人",
        ))
    };
    if principal.name == deputy.name {
        return refuse("to", deputy.name, "nobody stands in for himself", "不能由本人代理本人");
    }
    if approver == deputy.name {
        return refuse("approver", approver, "nobody approves that he stands in", "代理人不能自行批准");
    }
    for operator in [&principal, &deputy] {
        if operator.disabled.is_some() {
            return refuse("operator", operator.name.clone(), "the operator is disabled", "该经办人已停用");
        }
    }
    if until < from.max(today) || until.days_since_epoch() - from.days_since_epoch() > DELEGATION_DAYS_MAX {
        return refuse(
            "until",
            until.to_string(),
            "a delegation ends by itself, today at the earliest and 366 days after it began at the latest",
            "代理须有止日，不早于今日，最长 366 日",
        );
    }
    let mut codes = Vec::new();
    for item in items {
        codes.push(catalogue::named(facts, item)?.code);
    }
    if codes.is_empty() {
        codes.push(MANDATE_ALL.to_owned());
    }
    // What has ended goes with what he holds by it, see `let_go`.
    if facts.held(&deputy.name, 1).is_empty() {
        deputy.deputises.retain(|known| known.until >= today);
    }
    if deputy.deputises.iter().filter(|known| known.until >= today).count() >= DELEGATIONS_MAX {
        return refuse("to", deputy.name, "he stands in for others fifty times already", "该经办人已有 50 项代理");
    }
    deputy.deputises.push(Delegation {
        principal: principal.name,
        items: codes,
        from,
        until,
        approver,
        by: by.to_owned(),
    });
    Ok(Change::of(vec![Event::Operator(deputy.clone())], Reply::Operator(deputy)))
}

/// Ends what was delegated, before its day: from now on the deputy acts no more for the other. What he holds by it alone waits again.
pub(crate) fn end_delegation(
    facts: &dyn Facts,
    (principal, deputy): (&str, &str),
    at: Timestamp,
) -> Result<Change, Rejection> {
    let today = at.date();
    let principal = operator_named(facts, principal)?.name;
    let mut deputy = operator_named(facts, deputy)?;
    let goes_on = |known: &Delegation| known.principal == principal && known.until >= today;
    if !deputy.deputises.iter().any(goes_on) {
        return Err(Rejection::new(
            codes::DELEGATION_UNKNOWN,
            format!("{} doesn't stand in for {principal}", deputy.name),
            format!("{} 没有代理 {principal}", deputy.name),
        )
        .field("to", &deputy.name)
        .remedy("see for whom he does: tongban operator list", "查看：tongban operator list"));
    }
    // One that has begun stays until what he holds by it is given back.
    deputy.deputises.retain(|known| !goes_on(known) || known.from <= today);
    for known in deputy.deputises.iter_mut().filter(|known| goes_on(known)) {
        known.until = today.previous_day();
    }
    Ok(Change::of(vec![Event::Operator(deputy.clone())], Reply::Operator(deputy)))
}

/// Gives back what deputies hold whose time is over and who may no longer do the step, a batch of it; when nothing of it is left with one, what
/// ended is taken from his row. Tells how many cases were given back, and whether there are more.
pub(crate) fn let_go(facts: &dyn Facts, change: &mut Change, at: Timestamp) -> (usize, bool) {
    let today = at.date();
    let touched: BTreeSet<CaseId> = change
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Case(case, _) => Some(case.id),
            _ => None,
        })
        .collect();
    let mut given = 0;
    for mut deputy in facts.operators() {
        if deputy.deputises.iter().all(|delegation| delegation.until >= today) {
            continue;
        }
        for id in facts.held(&deputy.name, usize::MAX) {
            let Some(mut case) = facts.case(&id).filter(|case| case.may(facts, ActKind::HandOn).is_ok()) else {
                continue;
            };
            let Some(mut work) = case.work.take() else { continue };
            if still_holds(facts, &case, &work, &deputy.name, at) {
                continue;
            }
            if given == GIVEN_MAX || touched.contains(&id) {
                return (given, true);
            }
            work.holder = None;
            let step = work.step().map(|step| step.name.clone()).unwrap_or_default();
            let note = format!("第 {} 步 {step} → 待领：{} 的代理已结束", work.at + 1, deputy.name);
            case.work = Some(work);
            let act = case.act(ActKind::HandOn, &Actor::system(), here(facts), at, Some(note));
            change.events.push(Event::Case(Box::new(case), act));
            given += 1;
        }
        deputy.deputises.retain(|delegation| delegation.until >= today);
        change.events.push(Event::Operator(deputy));
    }
    (given, false)
}

/// Registers who an operator is, so that he touches no case of his own; of the number only the keyed index value is kept.
pub(crate) fn register_identity(
    facts: &dyn Facts,
    desk: &dyn Desk,
    text: &str,
    identity: Option<&str>,
) -> Result<Change, Rejection> {
    let mut operator = operator_named(facts, text)?;
    operator.identity = match identity {
        None => None,
        Some(identity) => {
            let citizen = identity.trim().parse::<CitizenId>().map_err(|fault| {
                Rejection::new(codes::INVALID_IDENTITY, fault.to_string(), format!("证件号码有误：{}", fault.zh()))
                    .field("id", "***")
                    .remedy("check it against the card: tongban code check", "核对证件：tongban code check")
            })?;
            Some(desk.index(&citizen.to_string()))
        }
    };
    Ok(Change::of(vec![Event::Operator(operator.clone())], Reply::Operator(operator)))
}
