//! What a superior knows of a lost node when it orders that a case of it is reclaimed: the fence, and what the node's journal shows.

use tongban_codes::calendar::Calendar;
use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;
use tongban_domain::case::{
    Act, ActKind, Asked, Brought, Case, Correction, Deadline, Deadlines, NOTICE_DAYS_DEFAULT, ReclaimRequest, Status,
};
use tongban_domain::{Place, Witness};
use tongban_journal::{ActHeader, Body, BodyView, Entry, Header, Outcome, Slice, View};
use tongban_storage::Read;
use tongban_storage::keyspace::figure::SLICE;
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::meta;

use super::knowledge::Knowledge;
use crate::engine::{ACTS, Refused, Step, act_field, act_of_journal};

/// What stands in place of a calendar's version where deadlines are read off a journal.
const OF_JOURNAL: &str = "journal";

/// An act of a journal, with what its header says of the case.
pub(super) struct Seen {
    pub(super) act: Act,
    header: ActHeader,
    case_no: Option<String>,
    /// What the entry says beside its header; entries of earlier releases say nothing.
    step: Option<Step>,
}

fn refused(code: &str, text: impl std::fmt::Display) -> Refused {
    Refused::problem(code, text.to_string(), text.to_string())
}

/// Gathers what is known of the node that is gone, for the order; reads all that was pulled of its journal.
///
/// # Errors
///
/// When the node isn't revoked, so that nothing fences it off, or what was pulled can't be read.
pub(crate) fn witness(
    knowledge: &Knowledge,
    request: &ReclaimRequest,
    successor: Option<Place>,
    as_told: bool,
) -> Result<Witness, Refused> {
    let lost = request.lost;
    let Some(fence) = knowledge.revoked(&lost.node) else {
        return Err(Refused::problem(
            "reclaim-not-revoked",
            format!(
                "{} is still part of the federation: revoke it first, so that nothing it does later counts",
                lost.node
            ),
            format!("{} 仍在联邦内：须先撤销该节点，使其此后所为不再有效", lost.node),
        )
        .about("node", lost.node));
    };
    if successor.is_some_and(|place| knowledge.revoked(&place.node).is_some()) {
        let refused = Refused::problem("node-revoked", "the successor has been revoked", "接续节点已被撤销");
        return Err(refused.about("to", "").remedy("name another: tongban peer list", "请另选节点：tongban peer list"));
    }
    let snapshot = knowledge.parts.backend.snapshot()?;
    let mut leg = Leg::new(lost, request.known.id, fence);
    journal(knowledge, &*snapshot, &mut leg)?;
    let seen = leg.seen;
    let pulled = meta::PULLED.list(&*snapshot, &stem(&(lost.node, ACTS)), None, usize::MAX)?;
    let entries = pulled.iter().map(|(_, row)| row.size).sum();
    let standing = standing(&request.known, &seen);
    let acts = seen.into_iter().map(|seen| seen.act).collect();
    Ok(Witness { request: (lost.node, request.at), fence, successor, acts, entries, standing, as_told })
}

/// Reads the acts of a node on a case, as far as its journal was pulled, in their order.
fn journal(knowledge: &Knowledge, read: &dyn Read, leg: &mut Leg) -> Result<(), Refused> {
    for (_, row) in SLICE.list(read, &stem(&(leg.of.node, ACTS)), None, usize::MAX)? {
        let slice =
            Slice::parse(&knowledge.parts.blobs.load(&row.digest)?).map_err(|error| refused(error.code(), error))?;
        for record in slice.entries {
            let entry = Entry::parse(record.entry.to_vec()).map_err(|error| refused("journal-damaged", error))?;
            let Ok(Header::Acts(header)) = entry.header() else { continue };
            let body = Body::parse(&record.body).map_err(|error| refused("journal-damaged", error))?;
            let view = body.verify(&entry).map_err(|error| refused("journal-damaged", error))?;
            leg.read(&header, &view);
        }
    }
    Ok(())
}

/// One node's leg of a case, as its journal shows it.
pub(super) struct Leg {
    of: Place,
    case: CaseId,
    /// What the node did from this moment on isn't in force, whenever it was pulled.
    fence: Timestamp,
    number: u32,
    status: Status,
    pub(super) seen: Vec<Seen>,
}

impl Leg {
    pub(super) fn new(of: Place, case: CaseId, fence: Timestamp) -> Self {
        Self { of, case, fence, number: 0, status: Status::Collected, seen: Vec::new() }
    }

    /// Reads the next entry of the journal.
    pub(super) fn read(&mut self, header: &ActHeader, view: &BodyView<'_>) {
        // Cards of supervision stand in the journal, and are no acts on the case.
        if header.case != self.case || header.card.is_some() {
            return;
        }
        let step = match view.field(act_field::STEP) {
            View::Open(bytes) => tongban_codes::cbor::from_slice::<Step>(bytes).ok(),
            _ => None,
        };
        let text = |number| match view.field(number) {
            View::Open(bytes) => String::from_utf8(bytes.to_vec()).ok(),
            _ => None,
        };
        let Some(kind) = step.as_ref().map(|step| step.kind).or_else(|| act_of_journal(header.act)) else { return };
        let note = text(act_field::NOTE);
        // Each act counts, whether or not it is in force, so that the numbers are those of the node itself.
        self.number = step.as_ref().map_or_else(|| self.number.saturating_add(1), |step| step.number);
        if header.at >= self.fence {
            return;
        }
        self.status =
            step.as_ref().map_or_else(|| after(kind, header.outcome, note.as_deref(), self.status), |step| step.status);
        let act = Act {
            case: self.case,
            number: self.number,
            kind,
            at: header.at,
            place: self.of,
            operator: text(act_field::OPERATOR).unwrap_or_default(),
            window: text(act_field::WINDOW),
            tenure: header.tenure,
            status: self.status,
            note,
            mandate: text(act_field::MANDATE),
        };
        self.seen.push(Seen { act, header: header.clone(), case_no: text(act_field::CASE_NO), step });
    }
}

/// The state after an act whose entry doesn't say it, by its kind, outcome and note.
fn after(kind: ActKind, outcome: Option<Outcome>, note: Option<&str>, before: Status) -> Status {
    match (kind, outcome) {
        (ActKind::Supplement, _) if note.is_some_and(|note| note.ends_with("已补齐")) => Status::Supplemented,
        (ActKind::TakeCustody | ActKind::Collect, _) => Status::Collected,
        (ActKind::Notify, _) => Status::Notified,
        (ActKind::Accept | ActKind::AcceptDeemed | ActKind::Resume | ActKind::Extend, _) => Status::Accepted,
        (ActKind::Suspend, _) => Status::SpecialProcedure,
        (ActKind::DeemedRenewal, _) => Status::Granted,
        (_, Some(Outcome::Granted)) if kind == ActKind::Decide => Status::Granted,
        (_, Some(Outcome::Denied)) if kind == ActKind::Decide => Status::Denied,
        (_, Some(Outcome::NotRequired)) => Status::RefusedNotRequired,
        (_, Some(Outcome::NotCompetent)) => Status::RefusedNotCompetent,
        (ActKind::Withdraw, _) => Status::Withdrawn,
        (ActKind::Return, _) => Status::Returned,
        (ActKind::Forward, _) => Status::Forwarded,
        (ActKind::Deliver, _) => Status::Delivered,
        (ActKind::Close, _) => Status::Closed,
        _ => before,
    }
}

/// The case as the last of its acts left it. What a special procedure stopped isn't in headers: such a case goes on as accepted.
pub(super) fn standing(known: &Case, seen: &[Seen]) -> Option<Box<Case>> {
    let last = seen.last()?;
    let mut case = known.clone();
    let deadline = |date| Some(Deadline { date, provisional: false });
    let (statutory, promised) = (last.header.statutory_due, last.header.promised_due);
    case.status = if last.act.status == Status::SpecialProcedure { Status::Accepted } else { last.act.status };
    case.stops = known.stops.iter().filter(|stop| stop.until.is_some()).cloned().collect();
    case.case_no.clone_from(&last.case_no);
    let taken = seen.iter().rev().find(|seen| matches!(seen.act.kind, ActKind::TakeCustody | ActKind::Collect));
    case.received_on = taken.or(seen.first()).map(|taken| taken.act.at.date());
    case.correction = correction(known, seen, case.status);
    case.accepted_on = last.header.accepted_on;
    case.decided_on = last.header.decided_on;
    // An entry of an earlier release says neither: then it is as the asker knows it.
    let steps = || seen.iter().rev().filter_map(|seen| seen.step.as_ref());
    if let Some(lacking) = steps().find_map(|step| step.lacking.clone()) {
        case.lacking = lacking;
    }
    if let Some(extension) = steps().find_map(|step| step.extension.clone()) {
        case.extension = Some(extension);
    }
    if let Some(outside) = steps().find_map(|step| step.outside.clone()) {
        case.outside = Some(outside);
    }
    case.deemed = seen.iter().any(|seen| seen.act.kind == ActKind::AcceptDeemed);
    case.licences = seen.iter().filter_map(|seen| seen.header.licence.clone()).collect();
    let complete_on = case.correction.as_ref().and_then(|correction| correction.complete_on).or(case.received_on);
    let renewal = known.deadlines.as_ref().and_then(|due| due.renewal);
    let renewal = renewal.or_else(|| known.renewal.as_ref()?.due(complete_on?)).filter(|_| case.accepted_on.is_some());
    let is_due = statutory.is_some() || promised.is_some() || renewal.is_some();
    case.deadlines = is_due.then(|| Deadlines {
        statutory: statutory.and_then(deadline),
        promised: promised.and_then(deadline),
        calendar: OF_JOURNAL.to_owned(),
        renewal,
    });
    let reasoned = [ActKind::Refuse, ActKind::Notify, ActKind::Decide, ActKind::Withdraw];
    let last_word = seen.iter().rev().find(|seen| reasoned.contains(&seen.act.kind));
    case.reason = last_word.and_then(|seen| seen.act.note.clone());
    Some(Box::new(case))
}

/// What the notices asked for and what was brought: as the asker knows it, or where the journal shows more notices, by their notes.
fn correction(known: &Case, seen: &[Seen], status: Status) -> Option<Correction> {
    let notices: Vec<&Seen> = seen.iter().filter(|seen| seen.act.kind == ActKind::Notify).collect();
    let count = u8::try_from(notices.len()).unwrap_or(u8::MAX);
    let mut correction = match &known.correction {
        Some(correction) if correction.notices >= count => correction.clone(),
        _ => asked(&notices, count)?,
    };
    for seen in seen.iter().filter(|seen| seen.act.kind == ActKind::Supplement) {
        let (on, place, act) = (seen.act.at.date(), seen.act.place, seen.act.number);
        for number in brought(seen.act.note.as_deref().unwrap_or_default()) {
            if let Some(line) = number.checked_sub(1).and_then(|line| correction.asked.get_mut(line)) {
                line.brought.get_or_insert(Brought { on, place, act, materials: Vec::new() });
            }
        }
    }
    let days = correction.asked.iter().filter_map(|line| line.brought.as_ref()).map(|brought| brought.on);
    correction.complete_on = days.max().filter(|_| status != Status::Notified && correction.missing().is_empty());
    Some(correction)
}

/// The lines of notices, as their notes join them.
fn asked(notices: &[&Seen], count: u8) -> Option<Correction> {
    let last = notices.last()?;
    let lines = notices.iter().flat_map(|notice| {
        let (on, note) = (notice.act.at.date(), notice.act.note.as_deref().unwrap_or_default());
        note.split('；').filter(|text| !text.is_empty()).map(move |text| {
            let (text, new_reason, brought) = (text.to_owned(), None, None);
            Asked { text, on, new_reason, brought }
        })
    });
    let asked: Vec<Asked> = lines.collect();
    let by_default =
        || Calendar::embedded().add_natural_days(last.act.at.date(), NOTICE_DAYS_DEFAULT.into(), true).date;
    let until = last.step.as_ref().and_then(|step| step.until).unwrap_or_else(by_default);
    (!asked.is_empty()).then_some(Correction { asked, until, complete_on: None, notices: count })
}

/// The lines that a note says were brought: `补正第 1、2 项，…`.
fn brought(note: &str) -> Vec<usize> {
    let lines = note.split_once("补正第 ").and_then(|(_, rest)| rest.split_once(" 项")).map(|(lines, _)| lines);
    lines.into_iter().flat_map(|lines| lines.split('、')).filter_map(|line| line.parse().ok()).collect()
}
