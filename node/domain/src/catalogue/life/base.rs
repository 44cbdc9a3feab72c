//! Acts on base items; the version in force stands within the draft of the next.

use tongban_codes::time::Date;

use super::{Acting, Brought, ItemAct, about, may, not_own, of_nobody, said, unfit};
use crate::catalogue::establish::policy;
use crate::catalogue::publish::{Publishing, publish_base, release_guide, unknown};
use crate::catalogue::versions::Versioned;
use crate::catalogue::{BaseItem, ItemState};
use crate::{Event, Facts, Rejection};

fn brought_base(base: &BaseItem, day: Date) -> Brought {
    Brought {
        item: base.core.base_code.clone().unwrap_or_default(),
        name: base.core.name.clone(),
        state: base.state,
        version: base.version,
        waits_until: base
            .effective
            .filter(|from| base.state == ItemState::Published && base.ever_holds() && *from > day),
        last_day: base.cancel,
        followed_by: Vec::new(),
    }
}

pub(super) fn bring_base(
    facts: &dyn Facts,
    acting: Acting<'_>,
    act: &ItemAct,
    code: &str,
    row: BaseItem,
) -> Result<(Brought, Vec<Event>), Rejection> {
    let day = acting.at.date();
    let review = act.is_of_draft() && policy(facts, facts.node().division, day).review;
    let beside = (!act.is_of_draft() && row.state.is_draft()).then(|| row.clone());
    let state_of_row = row.state;
    let Some(mut base) = about(act, row) else {
        return Err(unfit(act, code, state_of_row, review));
    };
    // What is in force is stopped and goes on at once, whoever answers for it once a release that waits has begun.
    let answering = if act.is_of_draft() { None } else { base.answering(day) };
    may(facts, acting.actor, act, Some(answering.unwrap_or(&base)))?;
    let Some(state) = act.leads(base.state, review) else {
        return Err(unfit(act, code, base.state, review));
    };
    if act.difference().is_some() {
        return Err(of_nobody(code));
    }
    let said = said(act)?;
    match act {
        ItemAct::Publish { .. } => {
            let (base, kept) = publish_base(base, Publishing::of(acting))?;
            let mut events = Vec::from_iter(release_guide(facts, code, base.guide.as_ref())?);
            let mut brought = brought_base(&base, day);
            brought.followed_by = kept.iter().filter_map(|kept| Some((kept.version, kept.effective?))).collect();
            events.extend(std::iter::once(base).chain(kept).map(Event::BaseItem));
            return Ok((brought, events));
        }
        ItemAct::Pass { .. } => {
            not_own(&base.editing, acting.actor, code)?;
            base.editing.reviewer = Some(acting.actor.operator.clone());
        }
        ItemAct::Submit { .. } if base.editing.editor.is_none() => {
            base.editing.editor = Some(acting.actor.operator.clone());
        }
        ItemAct::Withdraw { from: Some(from), .. } if *from > day => {
            if !base.begins_before(*from) {
                return Err(unfit(act, code, base.state, review));
            }
            base.end_before(*from, None);
        }
        _ => base.state = state,
    }
    if act.is_of_draft() {
        base.state = state;
    }
    base.editing = acting.editing(&base.editing, said.as_deref());
    let brought = brought_base(&base, day);
    let mut events = vec![Event::BaseItem(base.clone())];
    // A draft stays beside what was suspended; what is withdrawn takes it along.
    if let Some(mut draft) = beside
        && base.state != ItemState::Withdrawn
    {
        draft.in_force = Some(Box::new(base));
        events.push(Event::BaseItem(draft));
    }
    Ok((brought, events))
}

/// Takes back a release that waits for its day. The number of a base item only grows, or nobody below would hear of it: where the last release
/// goes, the one before it is released again.
pub(super) fn take_back_base(row: &BaseItem, version: u32, day: Date) -> Result<(Brought, Vec<Event>), Rejection> {
    let code = row.core.base_code.clone().unwrap_or_default();
    let standing = row.standing();
    let mut releases: Vec<BaseItem> =
        std::iter::successors(standing, |release| release.before()).map(|release| release.behind(None)).collect();
    let waits = |release: &BaseItem| release.version == version && release.effective > Some(day);
    let (Some(standing), Some(place)) = (standing, releases.iter().position(waits)) else {
        return Err(unknown(&code).field("version", version));
    };
    let taken = releases.remove(place);
    let Some(mut last) = releases.into_iter().rev().reduce(|before, next| next.behind(Some(before))) else {
        return Err(unfit(&ItemAct::Withdraw { reason: None, from: Some(day) }, &code, taken.state, false));
    };
    last.version = standing.version + u32::from(place == 0);
    last.state = standing.state;
    if last.state == ItemState::Suspended {
        last.editing.note.clone_from(&standing.editing.note);
    }
    let mut events = vec![Event::BaseItem(last.clone())];
    if row.state.is_draft() {
        let version = last.version;
        events.push(Event::BaseItem(BaseItem { version, in_force: Some(Box::new(last)), ..row.clone() }));
    }
    Ok((brought_base(&taken, day), events))
}
