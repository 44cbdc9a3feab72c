//! Acts on implementation items.

use std::collections::BTreeSet;

use tongban_codes::item_code::ItemCode;
use tongban_codes::time::Date;

use super::base::take_back_base;
use super::{Acting, Brought, ItemAct, not_own, not_the_editor, said, unfit, unreviewed_difference};
use crate::catalogue::date::end_waiting;
use crate::catalogue::difference::stated;
use crate::catalogue::publish::{Publishing, named, publish_behind, publish_item, release_guide, unknown};
use crate::catalogue::quality::Gate;
use crate::catalogue::{Editing, ServiceItem};
use crate::{Event, Facts, Rejection};

/// Does an act to an item, and suspends or resumes with it what goes on under its new code and has not begun.
pub(super) fn bring_item(
    facts: &dyn Facts,
    acting: Acting<'_>,
    gate: &Gate<'_>,
    act: &ItemAct,
    item: ServiceItem,
) -> Result<Vec<(Brought, Vec<Event>)>, Rejection> {
    let mut goes_on = Vec::new();
    if matches!(act, ItemAct::Suspend { .. } | ItemAct::Resume {}) {
        let mut codes = BTreeSet::from([item.code.clone()]);
        let mut next = under_new_code(facts, &item, acting.at.date());
        while let Some(renamed) = next.filter(|renamed| codes.insert(renamed.code.clone())) {
            next = under_new_code(facts, &renamed, acting.at.date());
            goes_on.push(renamed);
        }
    }
    let mut done = vec![bring_version(facts, acting, gate, act, item)?];
    for renamed in goes_on.into_iter().filter(|renamed| act.leads(renamed.state, false).is_some()) {
        done.push(bring_version(facts, acting, gate, act, renamed)?);
    }
    Ok(done)
}

/// The same item under the new code of its authority or its division, as which it goes on from a later day.
fn under_new_code(facts: &dyn Facts, item: &ServiceItem, day: Date) -> Option<ServiceItem> {
    let successor = item.successor.as_ref().filter(|successor| successor.from > day)?;
    let next = facts.item(&successor.code)?;
    let same = own_part(&item.code).is_some_and(|part| own_part(&next.code) == Some(part));
    (same && next.effective >= Some(successor.from)).then_some(next)
}

/// What of an item's code stays when the authority or the division that it names gets another one.
fn own_part(code: &str) -> Option<String> {
    let without = |from: usize, to: usize| Some(format!("{}{}", code.get(..from)?, code.get(to..)?));
    match code.parse::<ItemCode>().ok()? {
        ItemCode::Implementation(_) => without(0, 18),
        ItemCode::Local(local) => without(local.base().len() + 1, local.base().len() + 13),
        ItemCode::Permit(_) => without(11, 17),
        _ => None,
    }
}

fn bring_version(
    facts: &dyn Facts,
    acting: Acting<'_>,
    gate: &Gate<'_>,
    act: &ItemAct,
    mut item: ServiceItem,
) -> Result<(Brought, Vec<Event>), Rejection> {
    let day = acting.at.date();
    let review = act.is_of_draft() && gate.asks_for_review();
    let Some(state) = act.leads(item.state, review) else {
        return Err(unfit(act, &item.code, item.state, review));
    };
    let said = said(act)?;
    match act {
        ItemAct::Publish { difference } => {
            if difference.is_some() && *difference != item.difference {
                if review {
                    return Err(unreviewed_difference(&item.code));
                }
                item.difference.clone_from(difference);
            }
            let (item, waits) = publish_item(facts, item, gate, Publishing::of(acting))?;
            let behind = publish_behind(facts, &item, gate, Publishing::of(acting))?;
            let mut brought = brought(&item, waits);
            brought.followed_by = behind.iter().filter_map(|next| Some((next.version, next.effective?))).collect();
            let mut events = Vec::from_iter(release_guide(facts, &item.code, item.guide.as_ref())?);
            events.push(if waits { Event::Waiting(item) } else { Event::Item(item) });
            events.extend(behind.into_iter().map(Event::Waiting));
            return Ok((brought, events));
        }
        ItemAct::Pass { .. } => {
            not_own(&item.editing, acting.actor, &item.code)?;
            item.editing.reviewer = Some(acting.actor.operator.clone());
        }
        ItemAct::Submit { difference } => {
            let operator = &acting.actor.operator;
            let editor = item.editing.editor.get_or_insert_with(|| operator.clone());
            if let Some(difference) = difference
                && item.difference.as_ref() != Some(difference)
            {
                stated(difference)?;
                if editor != operator {
                    return Err(not_the_editor(&item.code, editor));
                }
                item.difference = Some(difference.clone());
            }
        }
        ItemAct::Withdraw { from: Some(from), .. } if *from > day => {
            let last = from.previous_day();
            if item.effective.is_some_and(|begins| last < begins) {
                return Err(unfit(act, &item.code, item.state, review));
            }
            // Until then it stays in the state in which it is.
            let ended = |item: ServiceItem, last: Date| ServiceItem {
                cancel: Some(last),
                editing: Editing { at: item.editing.at, ..acting.editing(&item.editing, said.as_deref()) },
                ..item
            };
            let item = ended(item, last);
            let waiting = end_waiting(facts, &item.code, *from, |waiting| {
                let sooner = waiting.cancel.map_or(last, |cancel| cancel.min(last));
                ended(waiting, sooner)
            });
            return Ok((brought(&item, false), std::iter::once(Event::Item(item)).chain(waiting).collect()));
        }
        _ => {}
    }
    item.editing = acting.editing(&item.editing, said.as_deref());
    item.state = state;
    Ok((brought(&item, false), vec![Event::Item(item)]))
}

pub(in crate::catalogue) fn brought(item: &ServiceItem, waits: bool) -> Brought {
    Brought {
        item: item.code.clone(),
        name: item.core.name.clone(),
        state: item.state,
        version: item.version,
        waits_until: item.effective.filter(|_| waits),
        last_day: item.cancel,
        followed_by: Vec::new(),
    }
}

/// Takes back a published version that waits for its day.
pub(crate) fn take_back(
    facts: &dyn Facts,
    code: &str,
    version: u32,
    day: Date,
) -> Result<(Brought, Vec<Event>), Rejection> {
    if let Some(row) = facts.base_item(code).filter(|row| row.node == facts.node().node) {
        return take_back_base(&row, version, day);
    }
    let item = named(facts, code).or_else(|rejection| facts.items_waiting(code).into_iter().next().ok_or(rejection))?;
    let waiting = facts.items_waiting(&item.code).into_iter().find(|waiting| waiting.version == version);
    let waiting = waiting.ok_or_else(|| unknown(code).field("version", version))?;
    Ok((brought(&waiting, true), vec![Event::TakenBack(waiting.code.clone(), version)]))
}
