//! 更正 in one case of an application, where other cases say the same: what was wrong in one is wrong in all, and the applicant says it once.
//!
//! The application's own entry is put right for what begins later. To the owners of the cases that have begun the collecting hall tells it,
//! with what stood there before: each holds that against its own case, puts it right until its decision, and reports that as any amendment.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};
use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

use super::latest::Latest;
use super::list::ToldKind;
use super::row::{Application, invalid};
use super::telling;
use super::untold::{Untold, keep};
use crate::case::{ActKind, Amended, AmendedField, Amendment, Case, Custody, amend_alike, here};
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

/// The acts by which a case comes to its authority, or back from there: it may have missed what was put right on its way.
const ARRIVALS: [ActKind; 3] = [ActKind::Discharge, ActKind::RefuseCustody, ActKind::Reclaim];

/// Whether somebody put an entry right here, or at the owner; not the word of another case that was followed.
fn is_led(amendment: &Amendment) -> bool {
    amendment.by != Actor::system().operator
}

/// The entries that a change puts right, each with its case as it is then. A report that comes again, or after a later one, puts nothing right.
fn news<'a>(latest: &'a Latest<'_>) -> impl Iterator<Item = (&'a Case, &'a Amendment)> {
    latest.events.iter().filter_map(|event| {
        let Event::Case(case, act) = event else { return None };
        let is = |known: &Amendment| (known.tenure, known.act) == (act.tenure, act.number);
        let last = case.amendments.last().filter(|last| act.kind == ActKind::Amend && is(last))?;
        let is_known = latest.facts.case(&case.id).is_some_and(|before| before.amendments.iter().any(is));
        (!is_known).then_some((&**case, last))
    })
}

/// Puts the application's own entries right where a case of it was put right that said the same: parts that begin later are collected with them.
///
/// What a case reports that was told to it is followed already, and the entry may have been put right again since.
pub(super) fn follow(desk: &mut dyn Desk, application: &mut Application, latest: &Latest<'_>) -> bool {
    let mut changed = false;
    for (case, amendment) in news(latest).filter(|(_, amendment)| is_led(amendment)) {
        if case.part_of.as_ref().is_none_or(|of| of.application != application.id) {
            continue;
        }
        let Some(before) = amendment.before.open(desk, &case.id) else { continue };
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
    let led = case.amendments.iter().filter(|amendment| is_led(amendment));
    let one = |amendment: &Amendment| {
        let before = amendment.before.open(desk, &case.id)?;
        let (field, reason) = (amendment.field, amendment.reason.clone());
        Some((said(&before, field).to_owned(), Amended { field, value: said(&now, field).to_owned(), reason }))
    };
    led.filter_map(one).collect()
}

/// An entry of which a case says by now what it was told, as this change brings.
struct Followed<'a> {
    case: &'a Case,
    field: AmendedField,
    /// What the case said before.
    former: String,
    /// What it says.
    own: String,
    /// What the application says.
    applied: Option<String>,
}

impl<'a> Followed<'a> {
    fn of(desk: &dyn Desk, latest: &Latest<'_>, application: &Application, case: &'a Case) -> Option<Self> {
        let (_, told) = news(latest).find(|(known, amendment)| known.id == case.id && !is_led(amendment))?;
        let field = told.field;
        let former = said(&told.before.open(desk, &case.id)?, field).to_owned();
        let own = said(&case.personal.open(desk, &case.id)?, field).to_owned();
        let applied = application.personal.open(desk, &application.id).map(|pair| said(&pair, field).to_owned());
        Some(Self { case, field, former, own, applied })
    }

    /// Whether it goes on to what another case says right, with all that this one says right: a correction that was made while the first was on its
    /// way, and would have been refused. What the application says by now is the last word. Besides, it goes on only where it was told so far by
    /// that same case, and back to nothing that it has said before: two of them could lead it round.
    fn goes_on(&self, desk: &dyn Desk, amended: &Amended, led: &[(String, Amended)]) -> bool {
        if amended.field != self.field {
            return false;
        }
        if let Some(applied) = &self.applied {
            if *applied == amended.value {
                return true;
            }
            if *applied == self.own {
                return false;
            }
        }
        let told_it = |(known, of): &(String, Amended)| of.field == self.field && *known == self.former;
        let has_said = |known: &Amendment| {
            let before = known.before.open(desk, &self.case.id);
            before.is_some_and(|before| said(&before, self.field) == amended.value)
        };
        led.iter().any(told_it) && !self.case.amendments.iter().any(has_said)
    }
}

/// What other cases of the application say of an entry of a case by now: of those that a change puts right; of all when the case has only now
/// arrived at its authority, or has come back from there; and when the case has only now said what it was told, of whoever said more since.
fn owed(desk: &dyn Desk, latest: &Latest<'_>, application: &Application, case: &Case) -> Vec<(String, Amended)> {
    let Some(own) = case.personal.open(desk, &case.id) else { return Vec::new() };
    let arrives =
        |event: &Event| matches!(event, Event::Case(known, act) if known.id == case.id && ARRIVALS.contains(&act.kind));
    let has_arrived = latest.events.iter().any(arrives);
    let followed = Followed::of(desk, latest, application, case);
    let mut owed: Vec<(String, Amended)> = Vec::new();
    for id in application.parts.iter().filter_map(|part| part.case).filter(|id| *id != case.id) {
        let has_news = has_arrived || news(latest).any(|(known, amendment)| known.id == id && is_led(amendment));
        if !has_news && followed.is_none() {
            continue;
        }
        let led = latest.case(&id).map(|other| righted(desk, &other)).unwrap_or_default();
        for (before, amended) in &led {
            let field = amended.field;
            let is_wrong = said(&own, field) == before && said(&own, field) != amended.value;
            let is_owed = has_news || followed.as_ref().is_some_and(|followed| followed.goes_on(desk, amended, &led));
            if is_wrong && is_owed && !owed.iter().any(|(_, known)| known.field == field) {
                owed.push((before.clone(), amended.clone()));
            }
        }
    }
    owed
}

/// Whether a case says by now all that the application does: what its owner didn't take of corrections is settled then.
pub(super) fn agrees(desk: &dyn Desk, application: &Application, case: &Case) -> bool {
    let own = case.personal.open(desk, &case.id);
    own.is_some() && own == application.personal.open(desk, &application.id)
}

/// Puts right, or tells the owners to, what another case of the applications says right by now that a change has touched.
pub(super) fn tell(facts: &dyn Facts, desk: &mut dyn Desk, change: &mut Change, touched: &[CaseId], at: Timestamp) {
    let tells = |event: &Event| matches!(event, Event::Case(_, act) if act.kind == ActKind::Amend || ARRIVALS.contains(&act.kind));
    // Nothing else puts an entry right, and to hold the entries of all cases against each other they are decrypted.
    if !change.events.iter().any(tells) {
        return;
    }
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
        let latest = Latest { facts, events: &change.events };
        let Some(mut application) = latest.application(id) else { continue };
        let mut has_changed = settle(desk, &latest, &mut application);
        for untold in untold {
            has_changed |= keep(&mut application, untold);
        }
        if has_changed {
            change.events.push(Event::Application(Box::new(application)));
        }
    }
}

/// Drops what the owners of cases hadn't taken of corrections and say by now; tells whether there was any.
fn settle(desk: &dyn Desk, latest: &Latest<'_>, application: &mut Application) -> bool {
    let refused = application.parts.iter().flat_map(|part| &part.untold);
    let cases: BTreeSet<CaseId> =
        refused.filter(|untold| untold.what == ToldKind::Amended).map(|untold| untold.case).collect();
    let agreed = |id: &CaseId| latest.case(id).is_some_and(|case| agrees(desk, application, &case));
    let settled: Vec<CaseId> = cases.into_iter().filter(agreed).collect();
    for part in &mut application.parts {
        part.untold.retain(|untold| untold.what != ToldKind::Amended || !settled.contains(&untold.case));
    }
    !settled.is_empty()
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
    let own = case.personal.open(desk, id);
    let own = own.as_ref().map(|own| said(own, word.field));
    if own == Some(word.value.as_str()) {
        return Ok(Change::of(Vec::new(), Change::case(&case)));
    }
    telling::room(facts, id)?;
    case.may(facts, ActKind::TellPart)?;
    if own != Some(word.before.as_str()) {
        let (en, zh) = ("the case says something else than was put right", "办件原记载与所更正的内容不同");
        return Err(invalid("value", "***", en, zh));
    }
    let mut change = Change::of(Vec::new(), Change::case(&case));
    let amended = Amended { field: word.field, value: word.value.clone(), reason: word.reason.clone() };
    amend_alike(facts, desk, case, (&amended, at), &mut change)?;
    Ok(change)
}
