//! Successors: one item takes another's place as of a day, by an order.

use std::collections::BTreeSet;

use tongban_codes::time::Date;

use super::date::end_waiting;
use super::life::{Acting, note};
use super::publish::{named, not_merged, unknown};
use super::release::sooner;
use super::reorganise::{Moved, unknown_authority};
use super::{BaseItem, ItemState, ServiceItem, Successor};
use crate::{Event, Facts, Mandate, Operator, Rejection, codes};

/// An item with its successor: it ends on the day before, or at once when that is past.
pub(super) fn ended(
    mut item: ServiceItem,
    by: &str,
    from: Date,
    order: Option<String>,
    acting: Acting<'_>,
) -> ServiceItem {
    let before = item.successor.replace(Successor { code: by.to_owned(), from, order });
    if from > acting.at.date() {
        item.cancel = Some(sooner(item.cancel, before.map(|before| before.from.previous_day()), from));
    } else {
        item.state = ItemState::Withdrawn;
        item.editing.at = Some(acting.at);
    }
    item
}

/// Replaces an item by another as of a day: the old one ends the day before and names the new one, mandates are carried over. Both are
/// items of this node, the new one is published without a gap by an authority that goes on, and it doesn't lead back to the old one.
pub(crate) fn replace(
    facts: &dyn Facts,
    acting: Acting<'_>,
    old: &str,
    by: &str,
    from: Date,
    order: Option<&str>,
) -> Result<(Moved, Vec<Event>), Rejection> {
    let order = order.map(|order| note("order", order)).transpose()?;
    let day = acting.at.date();
    if facts.base_item(old).is_some_and(|base| base.node == facts.node().node) {
        return replace_base(facts, acting, old, by, from, order);
    }
    let item = named(facts, old)?;
    if facts.base_item(by).is_some() {
        return Err(unlike(by));
    }
    let next = named(facts, by)?;
    let first = from.max(day);
    leads_on(&item.code, &next.code, |code| facts.item(code).and_then(|item| item.successor))?;
    let taking = takes(facts, &next.code, first).ok_or_else(|| no_gap(by, from))?;
    let authority = facts.authority(&taking.authority).ok_or_else(|| unknown_authority(&taking.department))?;
    not_merged(&authority, &next.code, first)?;
    if !matches!(item.state, ItemState::Published | ItemState::Suspended) {
        return Err(Rejection::new(codes::ITEM_STATE, "the item is not in force", "该事项不在用")
            .field("item", old)
            .remedy("see its state: tongban item show", "查看状态：tongban item show"));
    }
    let end = |item: ServiceItem| ended(item, &next.code, from, order.clone(), acting);
    let mut events = vec![Event::Item(end(item.clone()))];
    if from > day {
        events.extend(end_waiting(facts, &item.code, from, end));
    }
    for mut operator in facts.operators() {
        if carry_mandates(&mut operator, from, |code| (code == item.code).then(|| next.code.clone())) {
            events.push(Event::Operator(operator));
        }
    }
    Ok((Moved { item: item.code, successor: Some(next.code), version: taking.version }, events))
}

/// The version of an item that takes cases on a day: the last to begin by then, unless the item is suspended or ends before.
pub(super) fn takes(facts: &dyn Facts, code: &str, day: Date) -> Option<ServiceItem> {
    let item = facts.item(code);
    if item.as_ref().is_some_and(|item| item.state == ItemState::Suspended) {
        return None;
    }
    let begun = |version: &ServiceItem| version.effective.is_none_or(|first| first <= day);
    let waiting = facts.items_waiting(code).into_iter().rev().find(begun);
    let version = waiting.or(item.filter(|item| item.state == ItemState::Published && begun(item)))?;
    version.cancel.is_none_or(|last| day <= last).then_some(version)
}

/// Gives an operator the mandates for what takes the place of items from a day on, beside those for cases that began before. Tells whether
/// there were any.
pub(super) fn carry_mandates(operator: &mut Operator, from: Date, successor: impl Fn(&str) -> Option<String>) -> bool {
    let held = operator.mandates.len();
    for mandate in operator.mandates.clone() {
        if let Some(item) = successor(&mandate.item)
            && !operator.mandates.iter().any(|known| known.item == item)
        {
            operator.mandates.push(Mandate { item, from: mandate.from.max(from), ..mandate });
        }
    }
    operator.mandates.len() > held
}

fn replace_base(
    facts: &dyn Facts,
    acting: Acting<'_>,
    old: &str,
    by: &str,
    from: Date,
    order: Option<String>,
) -> Result<(Moved, Vec<Event>), Rejection> {
    let day = acting.at.date();
    let row = facts.base_item(old).ok_or_else(|| unknown(old))?;
    if facts.base_item(by).is_none() && named(facts, by).is_ok() {
        return Err(unlike(by));
    }
    leads_on(old, by, |code| facts.base_item(code)?.into_released().successor)?;
    let here = facts.node().division;
    let binds = |base: &BaseItem| base.division == here || here.is_within(base.division);
    let next = facts.base_item(by).filter(binds).and_then(|base| base.holding(from.max(day)).cloned());
    let Some(next) = next else { return Err(no_gap(by, from)) };
    let Some(mut base) = row.published().cloned() else {
        return Err(Rejection::new(codes::ITEM_STATE, "the base item is not published", "该基本目录未发布")
            .field("item", old)
            .remedy("see its state: tongban item show", "查看状态：tongban item show"));
    };
    let successor = Successor { code: by.to_owned(), from, order };
    if from > day {
        base.end_before(from, Some(&successor));
    } else {
        base.successor = Some(successor);
        base.state = ItemState::Withdrawn;
    }
    base.editing.at = Some(acting.at);
    let mut events = vec![Event::BaseItem(base.clone())];
    if row.state.is_draft() && base.state == ItemState::Published {
        let mut draft = row;
        draft.in_force = Some(Box::new(base));
        events.push(Event::BaseItem(draft));
    }
    Ok((Moved { item: old.to_owned(), successor: Some(by.to_owned()), version: next.version }, events))
}

/// Refuses a successor that is the item itself, or leads back to it by its own successors.
fn leads_on(old: &str, by: &str, successor: impl Fn(&str) -> Option<Successor>) -> Result<(), Rejection> {
    let mut seen = BTreeSet::from([by.to_owned()]);
    let mut next = by.to_owned();
    while next != old {
        match successor(&next).map(|successor| successor.code) {
            Some(code) if seen.insert(code.clone()) => next = code,
            _ => return Ok(()),
        }
    }
    Err(Rejection::new(
        codes::INVALID_FIELD,
        "an item doesn't take its own place, nor that of one which takes its place",
        "事项不能由自己或以它为后继的事项替代",
    )
    .field("by", by)
    .remedy("name another, or see their successors: tongban item show", "另选事项，或查看后继：tongban item show"))
}

fn unlike(by: &str) -> Rejection {
    Rejection::new(
        codes::INVALID_FIELD,
        "a base item takes the place of base items, an implementation item that of implementation items",
        "基本目录事项只能由基本目录事项替代，实施清单事项只能由实施清单事项替代",
    )
    .field("by", by)
    .remedy("name an item of the same kind: tongban item list", "另选同类事项：tongban item list")
}

pub(super) fn no_gap(by: &str, from: Date) -> Rejection {
    Rejection::new(
        codes::ITEM_NOT_PUBLISHED,
        format!("{by} takes no cases on {from}, so there would be a gap"),
        format!("{by} 在 {from} 未发布、已暂停、尚未生效或已取消，会出现空档"),
    )
    .field("by", by)
    .remedy(
        "have it published, resumed or prolonged for that day first: tongban item show",
        "先使其在该日有效（发布、恢复或延长）：tongban item show",
    )
}
