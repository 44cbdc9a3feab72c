//! Masking of an application: when all of its parts were granted elsewhere, have ended and are answered, the hall lets go of form and files.

use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

use super::latest::Latest;
use super::row::Application;
use crate::case::{Personal, Status};
use crate::change::{Change, Event};
use crate::{Desk, Facts};

/// Whether nobody applies for it anew: it was granted, or needs no permit.
fn is_done_with(status: Status) -> bool {
    matches!(status, Status::Granted | Status::RefusedNotRequired)
}

/// Whether nothing of what the application keeps of people is needed again. What failed may be applied for anew, with what was brought; a
/// part that this hall decides itself keeps it the authority's.
fn is_to_be_forgotten(latest: &Latest<'_>, application: &Application) -> bool {
    let over = |case: Option<CaseId>| {
        let case = case.and_then(|id| latest.case(&id));
        case.is_some_and(|case| {
            case.personal.forgotten_at.is_some()
                && latest.came_to(&case).is_some_and(|came_to| is_done_with(came_to.status))
        })
    };
    application.answer.is_some()
        && application.personal.forgotten_at.is_none()
        && application.parts.iter().all(|part| over(part.case))
}

/// Lets go of what an application that a change has touched keeps of people, when it is over; what was printed for it stays masked.
pub(super) fn forget(facts: &dyn Facts, desk: &mut dyn Desk, id: &CaseId, change: &mut Change, at: Timestamp) {
    let changed = change.events.iter().rev().find_map(|event| match event {
        Event::Application(application) if application.id == *id => Some((**application).clone()),
        _ => None,
    });
    let Some(mut application) = changed.or_else(|| facts.application(id)) else { return };
    if !is_to_be_forgotten(&Latest { facts, events: &change.events }, &application) {
        return;
    }
    application.personal = application.personal.forgotten(desk, id, at);
    application.form = Personal { forgotten_at: Some(at), ..desk.encrypt(id, "", "") };
    change.events.push(Event::Forgotten(*id));
    change.events.push(Event::Application(Box::new(application)));
}
