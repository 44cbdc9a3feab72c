//! What the authority in charge does first: accept, refuse, or give one complete notice; and what the clock does when it does nothing.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::time::{Date, Timestamp};

use super::custody::here;
use super::paper::{Handed, paper, reason};
use super::progress::{done, record};
use super::{ActKind, Case, Deadlines, Status};
use crate::change::{Change, Event};
use crate::{Actor, Facts, Rejection, codes};

/// The two lawful refusals of 行政许可法 32(1) and (2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// 不受理: the matter needs no permit.
    #[n(0)]
    NotRequired,
    /// 不予受理: another authority is competent, and the reason names it.
    #[n(1)]
    NotCompetent,
}

/// The most items of one correction notice.
const NOTICE_ITEMS_MAX: usize = 100;

/// Accepts (受理): draws the case number and starts the legal clock.
///
/// When the five days have run out and the clock of this node hasn't said so yet, the law has accepted the case already: then this
/// is the deemed acceptance, as of the day of receipt.
pub(crate) fn accept(facts: &dyn Facts, actor: &Actor, mut case: Case, at: Timestamp) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Accept)?;
    if lapsed(&case, at) {
        return accept_deemed(facts, actor, case, at);
    }
    let serial = number(facts, &mut case, at)?;
    start_clock(facts, &mut case, at.date());
    Ok(accepted(facts, actor, case, ActKind::Accept, at, serial))
}

/// Deemed acceptance: five working days passed without a complete notice, so the case is accepted as of the day of receipt.
pub(crate) fn accept_deemed(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::AcceptDeemed)?;
    let serial = number(facts, &mut case, at)?;
    let received = case.received_on.unwrap_or_else(|| at.date());
    start_clock(facts, &mut case, received);
    case.deemed = true;
    Ok(accepted(facts, actor, case, ActKind::AcceptDeemed, at, serial))
}

/// Tells whether the time for an answer has run out, whether or not a tick has recorded it.
fn lapsed(case: &Case, at: Timestamp) -> bool {
    case.deemed_at.is_some_and(|moment| moment <= at)
}

/// Refuses what may only be done before the case is accepted in law.
fn in_time(case: &Case, act: ActKind, at: Timestamp) -> Result<(), Rejection> {
    if !lapsed(case, at) {
        return Ok(());
    }
    let received = case.received_on.map_or_else(String::new, |day| day.to_string());
    Err(Rejection::new(
        codes::CASE_STATE,
        format!(
            "five working days have passed since {received}, so the case is deemed accepted (行政许可法 32(4)); no {} any more",
            act.name()
        ),
        format!(
            "自 {received} 收到已逾五个工作日，视为受理（行政许可法第三十二条第四项），不能再{}",
            act.zh()
        ),
    )
    .field("case", case.id)
    .remedy(
        "record the acceptance: tongban case accept",
        "登记受理：tongban case accept",
    ))
}

fn start_clock(facts: &dyn Facts, case: &mut Case, day: Date) {
    case.status = Status::Accepted;
    case.accepted_on = Some(day);
    case.deemed_at = None;
    case.reason = None;
    case.deadlines = Some(Deadlines::compute(facts.calendar(), &case.item, day, &[], None));
}

fn accepted(facts: &dyn Facts, actor: &Actor, mut case: Case, kind: ActKind, at: Timestamp, serial: Event) -> Change {
    let here = here(facts);
    let note = case
        .deemed
        .then(|| format!("视为受理，受理日 {}", case.accepted_on.map_or_else(String::new, |day| day.to_string())));
    let act = case.act(kind, actor, here, at, note);
    let document = paper(facts, &case, &actor.operator, at, "application/tongban-acceptance+cbor", &[], None);
    let mut change = Change::of(vec![serial], Change::case(&case));
    record(&mut change, here, &case, act);
    change.documents.push(document);
    change
}

/// Draws 办件编号: implementation code (or credit code), date, serial of the day.
fn number(facts: &dyn Facts, case: &mut Case, at: Timestamp) -> Result<Event, Rejection> {
    let unmapped = || {
        Rejection::new(
            codes::AUTHORITY_UNMAPPED,
            format!("{} has no valid credit code, so no number can be drawn", case.item.department),
            format!("{} 没有有效的统一社会信用代码，无法取号", case.item.department),
        )
        .field("case", case.id)
        .remedy("map its code: tongban authority add", "映射代码：tongban authority add")
    };
    let authority = facts.authority(&case.item.authority).ok_or_else(unmapped)?;
    let prefix = case.item.number_prefix(&authority).ok_or_else(unmapped)?;
    let day = at.date().compact();
    let scope = format!("case:{}:{day}", prefix.get(..18).unwrap_or(&prefix));
    let serial = facts.next_serial(&scope);
    case.case_no = Some(format!("{prefix}{day}{serial:04}"));
    Ok(Event::Serial(scope, serial))
}

/// Refuses to accept, for one of the two lawful reasons.
pub(crate) fn refuse(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    kind: RefusalKind,
    text: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Refuse)?;
    in_time(&case, ActKind::Refuse, at)?;
    let text = reason(text)?;
    case.status = match kind {
        RefusalKind::NotRequired => Status::RefusedNotRequired,
        RefusalKind::NotCompetent => Status::RefusedNotCompetent,
    };
    case.deemed_at = None;
    case.decided_on = Some(at.date());
    case.reason = Some(text.clone());
    let handed = Handed { content_type: "application/tongban-refusal+cbor", items: &[] };
    Ok(done(facts, actor, case, ActKind::Refuse, (at, Some(text)), Some(handed)))
}

/// Gives the one complete correction notice; a second one is refused, and the clock of deemed acceptance stops.
pub(crate) fn notify(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    items: &[String],
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Notify).map_err(|rejection| {
        if rejection.code == codes::CASE_STATE && case.status == Status::Notified {
            second_notice(&case)
        } else {
            rejection
        }
    })?;
    in_time(&case, ActKind::Notify, at)?;
    if items.is_empty() || items.len() > NOTICE_ITEMS_MAX {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "a notice names 1 to 100 things that are missing or wrong",
            "补正告知须列明 1 至 100 项",
        )
        .field("items", items.len())
        .remedy("name everything at once: --item … --item …", "一次性列明全部补正内容：--item … --item …"));
    }
    let items = items.iter().map(|item| reason(item)).collect::<Result<Vec<_>, _>>()?;
    case.status = Status::Notified;
    case.deemed_at = None;
    case.reason = Some(items.join("；"));
    let note = case.reason.clone();
    let handed = Handed { content_type: "application/tongban-correction-notice+cbor", items: &items };
    Ok(done(facts, actor, case, ActKind::Notify, (at, note), Some(handed)))
}

fn second_notice(case: &Case) -> Rejection {
    Rejection::new(
        codes::NOTICE_REPEATED,
        "a complete correction notice has been given; the law allows one (行政许可法 32(4))",
        "已一次性告知补正内容，不得再次告知（行政许可法第三十二条第四项）",
    )
    .field("case", case.id)
    .remedy("accept or refuse", "请受理或不予受理")
}
