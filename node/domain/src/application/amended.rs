//! 更正 in one case of an application, where other cases say the same: what was wrong in one is wrong in all, and the applicant says it once.
//!
//! The application's own entry is put right for what begins later. To the owners of the cases that have begun the collecting hall tells it,
//! with what stood there before: each holds that against its own case, puts it right until its decision, and reports that as any amendment.

use minicbor::{Decode, Encode};
use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

use super::latest::Latest;
use super::list::ToldKind;
use super::row::{Application, invalid};
use super::telling;
use super::untold::{Untold, keep};
use crate::case::{ActKind, Amended, AmendedField, Case, Custody, amend_alike, here};
use crate::change::{Change, Event, NoticeBody};
use crate::command::Origin;
use crate::{Actor, Desk, Facts, Rejection};

/// An entry that was put right in another case, on its way to the owner of a case that may say the same.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AmendedWord {
    /// Which entry.
    #[n(0)]
    pub field: AmendedField,
    /// What stood there.
    #[n(1)]
    pub before: String,
    /// What stands there now.
    #[n(2)]
    pub value: String,
    /// Why.
    #[n(3)]
    pub reason: String,
    /// Number of the act at the collecting hall by which it is told.
    #[n(4)]
    pub act: u32,
}

impl std::fmt::Debug for AmendedWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AmendedWord").field("field", &self.field).field("act", &self.act).finish_non_exhaustive()
    }
}

/// What a field of an opened pair says.
fn said((name, number): &(String, String), field: AmendedField) -> &str {
    match field {
        AmendedField::ApplicantName => name,
        AmendedField::ApplicantId => number,
    }
}

/// Puts the application's own entries right where a case of it was put right that said the same: parts that begin later are collected with them.
pub(super) fn follow(desk: &mut dyn Desk, application: &mut Application, events: &[Event]) -> bool {
    let mut changed = false;
    for event in events {
        let Event::Case(case, act) = event else { continue };
        let of = case.part_of.as_ref().is_some_and(|of| of.application == application.id);
        let last = case.amendments.last().filter(|_| of && act.kind == ActKind::Amend);
        let Some(before) = last.and_then(|last| last.before.open(desk, &case.id)) else { continue };
        let Some(after) = case.personal.open(desk, &case.id) else { continue };
        let Some(mut own) = application.personal.open(desk, &application.id) else { continue };
        let said = own.clone();
        if own.0 == before.0 {
            own.0.clone_from(&after.0);
        }
        if own.1 == before.1 {
            own.1.clone_from(&after.1);
        }
        if own == said {
            continue;
        }
        let Some(personal) = desk.encrypt_under(&application.id, &application.personal, &own.0, &own.1) else {
            continue;
        };
        application.personal = personal;
        application.holder = desk.index(&own.1);
        changed = true;
    }
    changed
}

/// The entries of a case that somebody put right, each with what stood there before and what it says now.
fn righted(desk: &dyn Desk, case: &Case) -> Vec<(String, Amended)> {
    let Some(now) = case.personal.open(desk, &case.id) else { return Vec::new() };
    // What was told is no word of its own: it would go round.
    let led = case.amendments.iter().filter(|amendment| amendment.by != Actor::system().operator);
    let one = |amendment: &crate::case::Amendment| {
        let before = amendment.before.open(desk, &case.id)?;
        let (field, reason) = (amendment.field, amendment.reason.clone());
        Some((said(&before, field).to_owned(), Amended { field, value: said(&now, field).to_owned(), reason }))
    };
    led.filter_map(one).collect()
}

/// What other cases of the application say of an entry of a case by now: of those that a change puts right; of all when the case has only now
/// arrived at its authority, or has come back from there; and when the case has only now said what it was told, of whoever said more since.
fn owed(desk: &dyn Desk, latest: &Latest<'_>, application: &Application, case: &Case) -> Vec<(String, Amended)> {
    let Some(own) = case.personal.open(desk, &case.id) else { return Vec::new() };
    let did = |id: &CaseId, kind| {
        let is = |event: &Event| matches!(event, Event::Case(case, act) if case.id == *id && act.kind == kind);
        latest.events.iter().any(is)
    };
    let moved = [ActKind::Discharge, ActKind::RefuseCustody, ActKind::Reclaim];
    let has_arrived = moved.into_iter().any(|kind| did(&case.id, kind));
    // What the case said before it was told otherwise, where that is what this change brings.
    let told = case.amendments.last().filter(|last| last.by == Actor::system().operator);
    let former = told.filter(|_| did(&case.id, ActKind::Amend)).and_then(|last| last.before.open(desk, &case.id));
    let mut owed: Vec<(String, Amended)> = Vec::new();
    for id in application.parts.iter().filter_map(|part| part.case).filter(|id| *id != case.id) {
        let has_news = has_arrived || did(&id, ActKind::Amend);
        if !has_news && former.is_none() {
            continue;
        }
        let led = latest.case(&id).map(|other| righted(desk, &other)).unwrap_or_default();
        for (before, amended) in &led {
            let field = amended.field;
            // Of others that it wasn't told of, a case that follows takes nothing: two of them could lead it round.
            let told_it = |(known, of): &(String, Amended)| {
                of.field == field && former.as_ref().is_some_and(|former| said(former, field) == known)
            };
            let is_wrong = said(&own, field) == before && said(&own, field) != amended.value;
            if is_wrong && (has_news || led.iter().any(told_it)) && !owed.iter().any(|(_, known)| known.field == field)
            {
                owed.push((before.clone(), amended.clone()));
            }
        }
    }
    owed
}

/// Puts right, or tells the owners to, what another case of the applications says right by now that a change has touched.
pub(super) fn tell(facts: &dyn Facts, desk: &mut dyn Desk, change: &mut Change, touched: &[CaseId], at: Timestamp) {
    let here = here(facts);
    for id in touched {
        let latest = Latest { facts, events: &change.events };
        let Some(application) = latest.application(id) else { continue };
        let mut told: Vec<(CaseId, String, Amended)> = Vec::new();
        for case in application.parts.iter().filter_map(|part| latest.case(&part.case?)) {
            if case.status.allows(ActKind::TellPart) && !matches!(case.custody, Custody::Offered { .. }) {
                let owed = owed(desk, &latest, &application, &case);
                told.extend(owed.into_iter().map(|(before, amended)| (case.id, before, amended)));
            }
        }
        let mut untold: Vec<Untold> = Vec::new();
        for (id, before, amended) in told {
            let Some(case) = (Latest { facts, events: &change.events }).case(&id) else { continue };
            if case.owner(here).node == here.node {
                if let Err(Rejection { code, zh, .. }) = amend_alike(facts, desk, case, (&amended, at), change) {
                    let (what, code, text) = (ToldKind::Amended, code.to_owned(), zh.into());
                    untold.push(Untold { what, case: id, act: None, code, text, at });
                }
                continue;
            }
            let note = format!("更正{}：{}", amended.field.zh(), amended.reason);
            let Amended { field, value, reason } = amended;
            telling::tell(change, case, (ActKind::TellPart, &note), (here, at), |act| {
                NoticeBody::Amended(Box::new(AmendedWord { field, before, value, reason, act }))
            });
        }
        if untold.is_empty() {
            continue;
        }
        let Some(mut application) = (Latest { facts, events: &change.events }).application(id) else { continue };
        for untold in untold {
            keep(&mut application, untold);
        }
        change.events.push(Event::Application(Box::new(application)));
    }
}

/// Puts an entry right as the hall tells that collected the application, where it says what was wrong. Said again, it changes nothing.
pub(super) fn take(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    origin: Origin,
    id: &CaseId,
    word: &AmendedWord,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let case = telling::heard(facts, origin, id)?;
    case.may(facts, ActKind::TellPart)?;
    let own = case.personal.open(desk, id);
    let own = own.as_ref().map(|own| said(own, word.field)).unwrap_or_default();
    if own == word.value {
        return Ok(Change::of(Vec::new(), Change::case(&case)));
    }
    if own != word.before {
        let (en, zh) = ("the case says something else than was put right", "办件原记载与所更正的内容不同");
        return Err(invalid("value", "***", en, zh));
    }
    let mut change = Change::of(Vec::new(), Change::case(&case));
    let amended = Amended { field: word.field, value: word.value.clone(), reason: word.reason.clone() };
    amend_alike(facts, desk, case, (&amended, at), &mut change)?;
    Ok(change)
}
