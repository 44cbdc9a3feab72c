//! Progress: what the owner tells the collecting node after each act, and what that node keeps of it.

use tongban_codes::time::{Date, Timestamp};

use super::custody::{here, settle};
use super::paper::{Handed, paper};
use super::{Act, ActKind, Case, Custody, Deadlines, Extension, Stop};
use crate::change::{Change, Event, Notice, NoticeBody, Reply};
use crate::command::Origin;
use crate::facts::Place;
use crate::{Actor, Facts, Rejection, codes};

/// What the owner tells the collecting node after each act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The act.
    pub act: Act,
    /// 办件编号, once drawn.
    pub case_no: Option<String>,
    /// Day of receipt at the authority.
    pub received_on: Option<Date>,
    /// Day of acceptance.
    pub accepted_on: Option<Date>,
    /// Day of the decision.
    pub decided_on: Option<Date>,
    /// Deadlines as the decider computed them.
    pub deadlines: Option<Deadlines>,
    /// Whether it was deemed accepted.
    pub deemed: bool,
    /// Licences that came of it.
    pub licences: Vec<String>,
    /// What stopped the clock.
    pub stops: Vec<Stop>,
    /// By how much the statutory time was extended.
    pub extension: Option<Extension>,
}

impl Progress {
    fn of(case: &Case, act: Act) -> Self {
        Self {
            act,
            case_no: case.case_no.clone(),
            received_on: case.received_on,
            accepted_on: case.accepted_on,
            decided_on: case.decided_on,
            deadlines: case.deadlines.clone(),
            deemed: case.deemed,
            licences: case.licences.clone(),
            stops: case.stops.clone(),
            extension: case.extension.clone(),
        }
    }
}

/// Appends an act to a change: the case after it, and the word to the collecting node when that is another.
pub(super) fn record(change: &mut Change, here: Place, case: &Case, act: Act) {
    if case.collecting.node != here.node {
        change.notices.push(Notice {
            to: case.collecting.node,
            case: case.id,
            act: act.number,
            body: NoticeBody::Progress(Box::new(Progress::of(case, act.clone()))),
        });
    }
    change.events.push(Event::Case(Box::new(case.clone()), act));
}

/// Does an act: the case after it, the word to the collecting node, and what the authority hands out with it.
pub(super) fn done(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    kind: ActKind,
    (at, note): (Timestamp, Option<String>),
    handed: Option<Handed<'_>>,
) -> Change {
    let here = here(facts);
    let act = case.act(kind, actor, here, at, note);
    let document =
        handed.map(|handed| paper(facts, &case, &actor.operator, at, handed.content_type, handed.items, None));
    let mut change = Change::of(Vec::new(), Change::case(&case));
    record(&mut change, here, &case, act);
    change.documents.extend(document);
    change
}

/// Keeps the owner's word about a case that was collected here.
///
/// A word that comes again, or after a later one of the same tenure, is kept in the history and doesn't turn the case back.
pub(crate) fn mirror(
    facts: &dyn Facts,
    origin: Origin,
    progress: &Progress,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let act = &progress.act;
    let mut case = facts.case(&act.case).ok_or_else(|| {
        Rejection::new(codes::CASE_UNKNOWN, "the report is about a case that is not known here", "报告所指办件不存在")
            .field("case", act.case)
    })?;
    let elsewhere = matches!(case.custody, Custody::Elsewhere { .. });
    if act.tenure < case.tenure || (act.tenure == case.tenure && !elsewhere) {
        return Err(Rejection::new(
            codes::STALE_TENURE,
            format!("the report is of tenure {}, the case is at {}", act.tenure, case.tenure),
            format!("报告为第 {} 任，办件已为第 {} 任", act.tenure, case.tenure),
        )
        .field("case", case.id));
    }
    // Who may speak at a higher tenure: whom the case was offered to, or who holds it by now; and only of what it did itself.
    let expected = match &case.custody {
        Custody::Offered { to, .. } => to.node,
        Custody::Elsewhere { owner, .. } => owner.node,
        Custody::Owner => here(facts).node,
    };
    if expected != origin.place.node || act.place.node != origin.place.node || origin.place.node == here(facts).node {
        return Err(Rejection::new(
            codes::NOT_OWNER,
            "the report does not come from the owner",
            "报告并非来自经办节点",
        )
        .field("case", case.id));
    }
    let mut change = Change::of(Vec::new(), Reply::Known {});
    if elsewhere && act.tenure == case.tenure && act.number <= case.heard {
        change.events.push(Event::Case(Box::new(case), act.clone()));
        return Ok(change);
    }
    if !elsewhere {
        // The owner's first word came before its receipt: it discharges just as well.
        settle(&mut change, facts, &mut case, origin, act.tenure, at);
    }
    case.custody = Custody::Elsewhere { owner: origin.place, as_of: act.at };
    case.tenure = act.tenure;
    case.heard = act.number;
    case.status = act.status;
    case.case_no.clone_from(&progress.case_no);
    case.received_on = progress.received_on;
    case.accepted_on = progress.accepted_on;
    case.decided_on = progress.decided_on;
    case.deadlines.clone_from(&progress.deadlines);
    case.deemed_at = None;
    case.deemed = progress.deemed;
    case.licences.clone_from(&progress.licences);
    case.stops.clone_from(&progress.stops);
    case.extension.clone_from(&progress.extension);
    match act.kind {
        ActKind::Refuse | ActKind::Notify | ActKind::Decide | ActKind::Withdraw => {
            case.reason.clone_from(&act.note);
        }
        ActKind::Accept | ActKind::AcceptDeemed => case.reason = None,
        // The note of another act is a courier's number, a licence, a division: no reason.
        _ => {}
    }
    change.reply = Change::case(&case);
    change.events.push(Event::Case(Box::new(case), act.clone()));
    Ok(change)
}
