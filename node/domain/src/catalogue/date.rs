//! What the calendar does to items: versions that waited come into force on their day, and what has a last day ends after it.
//!
//! Base items need no clock to begin: every node reads from their rows which version holds ([`super::BaseItem::holding`]).

use tongban_codes::time::{Date, Timestamp};

use super::{ItemState, ServiceItem};
use crate::{Event, Facts};

/// Puts a version that waited in force. What is suspended is suspended until somebody resumes it, whatever version begins meanwhile: the
/// state is the item's, not the version's (standards §2, 事项状态).
///
/// A version of a higher number that was published meanwhile stands over it; then it is taken back.
pub(crate) fn begin(facts: &dyn Facts, code: &str, version: u32, at: Timestamp) -> Vec<Event> {
    let Some(mut item) = facts.items_waiting(code).into_iter().find(|waiting| waiting.version == version) else {
        return Vec::new();
    };
    let known = facts.item(code);
    if known.as_ref().is_some_and(|known| known.version >= version) {
        return vec![Event::TakenBack(code.to_owned(), version)];
    }
    item.editing.at = Some(at);
    if let Some(suspended) = known.filter(|known| known.state == ItemState::Suspended) {
        item.state = ItemState::Suspended;
        // It counts from the day on which it was suspended.
        (item.editing.note, item.editing.at) = (suspended.editing.note, suspended.editing.at);
    }
    vec![Event::Item(item)]
}

/// Says to the versions that wait beside an item, which ends before a day, that they do too: what would begin on that day or later is taken
/// back, and what begins before ends as `ended` says. A draft stays.
pub(super) fn end_waiting(
    facts: &dyn Facts,
    code: &str,
    from: Date,
    ended: impl Fn(ServiceItem) -> ServiceItem,
) -> Vec<Event> {
    let waiting = facts.items_waiting(code);
    // What waits takes the place of a draft, so this one is written again.
    let draft = facts.item_draft(code).filter(|_| !waiting.is_empty());
    let said = |item: ServiceItem| match item.effective {
        Some(begins) if begins < from => Event::Waiting(ended(item)),
        _ => Event::TakenBack(item.code, item.version),
    };
    waiting.into_iter().map(said).chain(draft.map(Event::Item)).collect()
}

/// Ends an item after its last day. What waits beside it, and a draft, stay.
pub(crate) fn end(facts: &dyn Facts, code: &str, at: Timestamp) -> Vec<Event> {
    let Some(mut item) = facts.item(code).filter(|item| item.state != ItemState::Withdrawn) else {
        return Vec::new();
    };
    if item.cancel.is_none_or(|last| last >= at.date()) {
        return Vec::new();
    }
    item.state = ItemState::Withdrawn;
    item.editing.at = Some(at);
    let mut events = vec![Event::Item(item)];
    events.extend(facts.items_waiting(code).into_iter().map(Event::Waiting));
    events.extend(facts.item_draft(code).map(Event::Item));
    events
}

/// Ends a base item of this node after its last day; a draft of its next version stays.
pub(crate) fn end_base(facts: &dyn Facts, code: &str, at: Timestamp) -> Vec<Event> {
    let Some(row) = facts.base_item(code).filter(|row| row.node == facts.node().node) else {
        return Vec::new();
    };
    let Some(mut base) = row.published().cloned() else { return Vec::new() };
    if base.cancel.is_none_or(|last| last >= at.date()) {
        return Vec::new();
    }
    base.state = ItemState::Withdrawn;
    base.in_force = None;
    base.editing.at = Some(at);
    let draft = row.state.is_draft().then(|| {
        let mut draft = row.clone();
        draft.in_force = Some(Box::new(base.clone()));
        Event::BaseItem(draft)
    });
    let mut events = vec![Event::BaseItem(base)];
    events.extend(draft);
    events
}
