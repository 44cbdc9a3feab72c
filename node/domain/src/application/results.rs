//! What an earlier part comes to after a later one has begun is told to the owner of that one, in whose case it is referred to.
//!
//! A part begins with the grant of what it waits for, and the licence is often made after that. Whenever something becomes of a case of the
//! application, the hall that collected it holds what each begun case was told against what is so now, and tells what is new: once, since
//! its own row of the case has it from then on. What is on its way to its authority is told when it has arrived.

use minicbor::{Decode, Encode};
use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

use super::collect::source;
use super::latest::Latest;
use super::row::{ASKED_MAX, Application, Entry, LICENCES_TOLD_MAX, PART_BYTES_MAX, Part, PartOf, Source, invalid};
use super::telling;
use crate::case::{ActKind, Case, Custody, here, record};
use crate::change::{Change, NoticeBody};
use crate::command::Origin;
use crate::{Actor, Facts, Rejection};

/// The longest note of such an act, in characters.
const NOTE_CHARS_MAX: usize = 4_000;

/// What earlier parts came to, on its way to the owner of a later one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ResultsWord {
    /// What the later part asks for and an earlier one comes to, where that is another than was told before.
    #[n(0)]
    pub entries: Vec<Entry>,
    /// Number of the act at the collecting hall by which it is told.
    #[n(1)]
    pub act: u32,
}

/// What a case refers to of earlier parts, and is another by now.
fn news(latest: &Latest<'_>, application: &Application, part: &Part, of: &PartOf) -> Vec<Entry> {
    let results = part.asks().filter(|(_, name)| part.result_of(name).is_some());
    let now = results.filter_map(|entry| source(latest, application, part, entry));
    let is_new = |now: &Entry| of.entries.iter().any(|known| same_entry(known, now) && known.source != now.source);
    now.filter(is_new).collect()
}

fn same_entry(one: &Entry, other: &Entry) -> bool {
    (one.entry, &one.name) == (other.entry, &other.name)
}

/// Puts what is new in the place of what was told before.
fn refer(case: &mut Case, entries: &[Entry]) {
    let Some(of) = &mut case.part_of else { return };
    for new in entries {
        if let Some(known) = of.entries.iter_mut().find(|known| same_entry(known, new)) {
            known.source = new.source.clone();
        }
    }
}

/// What the act says: each earlier part once, with its licences.
fn noted(entries: &[Entry]) -> String {
    let mut said: Vec<String> = Vec::new();
    for entry in entries {
        let Source::Part { part, licences, not_required_on, .. } = &entry.source else { continue };
        let licences: Vec<&str> = licences.iter().take(LICENCES_TOLD_MAX).map(String::as_str).collect();
        let text = match not_required_on {
            Some(day) => format!("“{part}”：{day} 告知依法不需要许可"),
            None if licences.is_empty() => format!("“{part}”：尚未颁发证照"),
            None => format!("“{part}”：证照 {}", licences.join("、")),
        };
        if !said.contains(&text) {
            said.push(text);
        }
    }
    said.join("；").chars().take(NOTE_CHARS_MAX).collect()
}

/// Tells the owners of begun cases what earlier parts came to meanwhile, for the applications that a change has touched.
pub(super) fn tell(facts: &dyn Facts, change: &mut Change, touched: &[CaseId], at: Timestamp) {
    let here = here(facts);
    for id in touched {
        let latest = Latest { facts, events: &change.events };
        let Some(application) = latest.application(id) else { continue };
        let mut told: Vec<(Case, Vec<Entry>)> = Vec::new();
        for part in &application.parts {
            let Some(case) = part.case.and_then(|id| latest.case(&id)) else { continue };
            let Some(of) = case.part_of.as_ref().filter(|_| case.status.allows(ActKind::TellPart)) else { continue };
            let news = news(&latest, &application, part, of);
            if !news.is_empty() && !matches!(case.custody, Custody::Offered { .. }) {
                told.push((case, news));
            }
        }
        for (mut case, entries) in told {
            refer(&mut case, &entries);
            let note = noted(&entries);
            if case.owner(here).node == here.node {
                let act = case.act(ActKind::TellPart, &Actor::system(), here, at, Some(note));
                record(change, here, &case, act);
                continue;
            }
            telling::tell(change, case, (ActKind::TellPart, &note), (here, at), |act| {
                NoticeBody::Results(Box::new(ResultsWord { entries, act }))
            });
        }
    }
}

/// Refers to what earlier parts came to, as the hall tells that collected the application. Said again, it changes nothing.
pub(super) fn take(
    facts: &dyn Facts,
    origin: Origin,
    id: &CaseId,
    word: &ResultsWord,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let (mut case, here) = (telling::heard(facts, origin, id)?, here(facts));
    let known = case.part_of.as_ref().map(|of| of.entries.as_slice()).unwrap_or_default();
    // A part that the case doesn't refer to under that name comes to nothing for it.
    let refers = |new: &Entry| match &new.source {
        Source::Part { part: now, .. } => known
            .iter()
            .any(|known| same_entry(known, new) && matches!(&known.source, Source::Part { part, .. } if part == now)),
        _ => false,
    };
    let small = word.entries.len() <= 2 * ASKED_MAX && tongban_codes::cbor::to_vec(word).len() <= PART_BYTES_MAX;
    let mut is_said = small && !word.entries.is_empty();
    for entry in word.entries.iter().take(2 * ASKED_MAX) {
        is_said &= entry.is_said()? && refers(entry);
    }
    if !is_said {
        return Err(invalid(
            "entries",
            "***",
            "the case refers to no such result of an earlier part, or the word says more than a hall tells",
            "办件未引用该前序结果，或告知内容超出范围",
        ));
    }
    if word.entries.iter().all(|entry| known.contains(entry)) {
        return Ok(Change::of(Vec::new(), Change::case(&case)));
    }
    telling::room(facts, id)?;
    case.may(facts, ActKind::TellPart)?;
    refer(&mut case, &word.entries);
    let act = case.act(ActKind::TellPart, &Actor::system(), here, at, Some(noted(&word.entries)));
    let mut change = Change::of(Vec::new(), Change::case(&case));
    record(&mut change, here, &case, act);
    Ok(change)
}
