//! What stops the legal clock and what lengthens it: special procedures (行政许可法 45) and the extension (行政许可法 42).

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::time::{Date, Timestamp};

use super::custody::here;
use super::decision::mandate;
use super::paper::{Handed, paper, reason, remark};
use super::progress::{done, record};
use super::{ActKind, Case, Deadlines, Status};
use crate::catalogue::{Mode, PROCEDURES, SpecialLink, TYPE_PERMIT, Unit};
use crate::change::Change;
use crate::{Actor, Facts, Rejection, codes};

const PROCEDURES_BASIS: &str = "行政许可法第四十五条";
const EXTENSION_BASIS: &str = "行政许可法第四十二条";

/// What an item's special link is called that gives the extension another length than the permit law.
const EXTENSION: &str = "延期";

/// Working days by which a permit may be extended (行政许可法 42(1)).
const EXTENSION_DAYS: u16 = 10;
/// Where several authorities decide jointly (行政许可法 42(2)).
const EXTENSION_JOINT_DAYS: u16 = 15;

/// The most procedures that may stop the clock of one case: each report to the collecting node carries them all.
pub(super) const STOPS_MAX: usize = 20;

/// How much of a basis a stop repeats, in characters.
pub(super) const BASIS_CHARS_MAX: usize = 300;

/// The longest time that may be announced for a special procedure, in working days.
const PROCEDURE_DAYS_MAX: u16 = 730;

/// Days that aren't counted: those after the first, up to and including the last. The authority has used the day on which the procedure
/// began; what is left of its time begins to run on the day after the end (民法典 201).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Stop {
    /// The procedure, e.g. 听证.
    #[n(0)]
    pub procedure: String,
    /// Why its time isn't counted.
    #[n(1)]
    pub basis: String,
    /// The working days that the applicant was told it takes.
    #[n(2)]
    pub announced: u16,
    /// The day on which it began.
    #[n(3)]
    pub from: Date,
    /// The day on which it ended; none while it goes on.
    #[n(4)]
    pub until: Option<Date>,
}

impl Stop {
    /// Whether a day isn't counted. A procedure that goes on takes no days yet: the deadline moves when it ends.
    #[must_use]
    pub fn covers(&self, day: Date) -> bool {
        self.from < day && self.until.is_some_and(|until| day <= until)
    }
}

/// The one extension of the statutory time.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Extension {
    /// Working days, counted on from the end of the time.
    #[n(0)]
    pub days: u16,
    /// Who approved it: the head of the authority, or of the government where several decide jointly.
    #[n(1)]
    pub approver: String,
    /// On which day it was told.
    #[n(2)]
    pub on: Date,
    /// What allows it.
    #[n(3)]
    pub basis: String,
}

/// The special links of the version of the item that a case is bound to.
pub(super) fn links(facts: &dyn Facts, case: &Case) -> Vec<SpecialLink> {
    let item = facts.item_version(&case.item.code, case.item.version);
    let guide = item.and_then(|item| facts.guide(&item.guide?));
    guide.map(|guide| guide.special_links).unwrap_or_default()
}

pub(super) fn is_permit(case: &Case) -> bool {
    case.item.core.item_type == TYPE_PERMIT
}

/// What allows a procedure to stop the clock: the item, with a basis; or, for a permit, the law.
fn basis(facts: &dyn Facts, case: &Case, procedure: &str) -> Result<String, Rejection> {
    let links = links(facts, case);
    let of_item =
        links.iter().filter(|link| link.name.trim() == procedure).find_map(|link| link.stops_by(is_permit(case)));
    let of_law = (is_permit(case) && PROCEDURES.contains(&procedure)).then_some(PROCEDURES_BASIS);
    let runs_inside = links.iter().any(|link| link.holds_inside(procedure));
    let basis = of_item.or(of_law).filter(|_| !runs_inside && !procedure.is_empty());
    basis.map(|basis| basis.chars().take(BASIS_CHARS_MAX).collect()).ok_or_else(|| {
        Rejection::new(
            codes::STOP_UNLAWFUL,
            format!(
                "{procedure} doesn't stop the clock: a permit's stands still for the procedures of 行政许可法 45 alone, and anything else only where \
                 the item lists it as a special link that stops the clock, with its basis"
            ),
            format!(
                "“{procedure}”不能中止计时：行政许可仅限行政许可法第四十五条所列程序，其余须由事项的特殊环节列明、注明依据且不计入时限"
            ),
        )
        .field("procedure", procedure)
        .remedy(
            format!("one of {}; or complete the item's special links", PROCEDURES.join(", ")),
            format!("可选：{}；或完善事项的特殊环节", PROCEDURES.join("、")),
        )
    })
}

/// Stops the clock for a special procedure, and tells the applicant how long it takes (行政许可法 45).
pub(crate) fn suspend(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    procedure: &str,
    days: u16,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Suspend)?;
    let procedure = procedure.trim().to_owned();
    let basis = basis(facts, &case, &procedure)?;
    if !(1..=PROCEDURE_DAYS_MAX).contains(&days) {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "the applicant is told how long the procedure takes: 1 to 730 working days (行政许可法 45)",
            "须书面告知所需时间：1 至 730 个工作日（行政许可法第四十五条）",
        )
        .field("days", days)
        .remedy("give --days", "请填写 --days"));
    }
    if case.stops.len() >= STOPS_MAX {
        return Err(Rejection::new(
            codes::STOP_LIMIT,
            format!("the clock of this case has been stopped {STOPS_MAX} times, no more is possible"),
            format!("该办件已中止计时 {STOPS_MAX} 次，不能再中止"),
        )
        .field("case", case.id)
        .remedy("decide: tongban case decide", "请作出决定：tongban case decide"));
    }
    let told = [procedure.clone(), basis.clone(), format!("{days} 个工作日")];
    let note = format!("{procedure}，预计 {days} 个工作日（{basis}）");
    case.stops.push(Stop { procedure, basis, announced: days, from: at.date(), until: None });
    case.status = Status::SpecialProcedure;
    let handed = Handed { content_type: "application/tongban-suspension+cbor", items: &told };
    Ok(done(facts, actor, case, ActKind::Suspend, (at, Some(note)), Some(handed)))
}

/// Lets the clock run again: the deadlines move by what the procedure took.
pub(crate) fn resume(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    note: Option<&str>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Resume)?;
    let note = remark(note)?;
    let before = case.clone();
    case.end_stop(at.date());
    case.status = Status::Accepted;
    case.deadlines = recomputed(facts, &before, &case);
    if let Some(work) = &mut case.work {
        work.count(facts.calendar(), &case.stops);
    }
    Ok(done(facts, actor, case, ActKind::Resume, (at, note), None))
}

/// The most days by which a case may be extended, and what allows it.
fn allowed(facts: &dyn Facts, case: &Case) -> Result<(u16, String), Rejection> {
    let of_item = links(facts, case).into_iter().filter(|link| link.name.trim() == EXTENSION).find_map(|link| {
        let term = link.term.filter(|term| term.unit == Unit::WorkingDays)?;
        let basis = link.basis.filter(|basis| !basis.trim().is_empty())?;
        Some((term.days, basis.trim().chars().take(BASIS_CHARS_MAX).collect()))
    });
    let joint = if case.mode == Mode::Joint { EXTENSION_JOINT_DAYS } else { EXTENSION_DAYS };
    let of_law = || is_permit(case).then(|| (joint, EXTENSION_BASIS.to_owned()));
    of_item.or_else(of_law).filter(|_| statutory(case).is_some()).ok_or_else(|| {
        Rejection::new(
            codes::EXTENSION_UNLAWFUL,
            "nothing allows an extension: a permit has one by 行政许可法 42, another item only by a special link 延期 with its working days and \
             its basis; and without a statutory time there is nothing to extend",
            "没有延期依据：行政许可依行政许可法第四十二条，其他事项须由特殊环节“延期”列明工作日数和依据；没有法定时限的无需延期",
        )
        .field("case", case.id)
        .remedy("decide in time, or complete the item's special links", "请按期办结，或完善事项的特殊环节")
    })
}

fn statutory(case: &Case) -> Option<Date> {
    case.deadlines.as_ref().and_then(|due| due.statutory).map(|due| due.date)
}

/// Extends the statutory time, once, before it is over, under a mandate in force (行政许可法 42). The promised time stays what was promised.
pub(crate) fn extend(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    days: u16,
    approver: &str,
    text: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Extend)?;
    let mandate = mandate(facts, actor, &case, at)?;
    if let Some(extension) = &case.extension {
        return Err(Rejection::new(
            codes::EXTENSION_REPEATED,
            format!("it was extended by {} working days on {}; the law allows one", extension.days, extension.on),
            format!("已于 {} 延期 {} 个工作日，只能延期一次", extension.on, extension.days),
        )
        .field("case", case.id)
        .remedy("decide in time", "请按期办结"));
    }
    let (most, basis) = allowed(facts, &case)?;
    if let Some(due) = statutory(&case).filter(|due| *due < at.date()) {
        return Err(Rejection::new(
            codes::EXTENSION_LATE,
            format!("the time was over on {due}; it is extended before it ends, or not at all (行政许可法 42)"),
            format!("法定时限已于 {due} 届满，延期须在届满前批准（行政许可法第四十二条）"),
        )
        .field("case", case.id)
        .remedy("decide: tongban case decide", "请尽快决定：tongban case decide"));
    }
    if !(1..=most).contains(&days) {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            format!("an extension is of 1 to {most} working days ({basis})"),
            format!("延期为 1 至 {most} 个工作日（{basis}）"),
        )
        .field("days", days)
        .remedy("give fewer days", "请减少天数"));
    }
    let approver = approver.trim();
    if approver.is_empty() || approver.chars().count() > 100 || approver.chars().any(char::is_control) {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "who approved the extension is named in 1 to 100 characters (行政许可法 42)",
            "须填写批准延期的负责人，1 至 100 字（行政许可法第四十二条）",
        )
        .field("approver", approver)
        .remedy("give --approver", "请填写 --approver"));
    }
    let text = reason(text)?;
    let told = [format!("{days} 个工作日"), basis.clone(), approver.to_owned(), text.clone()];
    let note = format!("延长 {days} 个工作日，{approver}批准（{basis}）：{text}");
    let before = case.clone();
    case.extension = Some(Extension { days, approver: approver.to_owned(), on: at.date(), basis });
    let promised = before.deadlines.as_ref().and_then(|due| due.promised);
    case.deadlines = recomputed(facts, &before, &case).map(|due| Deadlines { promised, ..due });
    let here = here(facts);
    let mut act = case.act(ActKind::Extend, actor, here, at, Some(note));
    act.mandate = Some(mandate.said);
    let document = paper(facts, &case, &actor.operator, at, "application/tongban-extension+cbor", &told, None);
    let mut change = Change::of(Vec::new(), Change::case(&case));
    record(&mut change, here, &case, act);
    change.documents.push(document);
    Ok(change)
}

/// The deadlines with all stops and the extension, by the calendar of today. What an earlier calendar gave beyond that, it has given.
fn recomputed(facts: &dyn Facts, before: &Case, after: &Case) -> Option<Deadlines> {
    let calendar = facts.calendar();
    let compute = |case: &Case| {
        let accepted = case.accepted_on?;
        Some(Deadlines::compute(calendar, &case.item, accepted, &case.stops, case.extension.as_ref()))
    };
    let given = before.deadlines.as_ref()?;
    Some(compute(after)?.keep(calendar, given, &compute(before)?, &after.stops))
}

impl Case {
    /// Ends the procedure that goes on, if one does.
    pub(super) fn end_stop(&mut self, day: Date) {
        if let Some(stop) = self.stops.last_mut() {
            stop.until.get_or_insert(day);
        }
    }
}
