//! What the authority in charge does first: accept or refuse; and what the clock does when it does nothing.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::time::{Date, Timestamp};

use super::custody::here;
use super::material::all_here;
use super::paper::{Handed, paper, reason};
use super::progress::{done, record};
use super::{ActKind, Case, Deadlines, Status};
use crate::catalogue::ReceiptRule;
use crate::change::{Change, Event};
use crate::pledge::pledged;
use crate::work::{self, LackingRequest};
use crate::{Actor, Facts, Rejection, codes, limit, pledge};

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

/// The authority that is competent, as a refusal names it (行政许可法 32(2)).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Competent {
    /// Its division.
    #[n(0)]
    pub division: DivisionCode,
    /// Its name.
    #[n(1)]
    pub authority: String,
}

/// The most lines of the correction notices of one case.
pub(super) const NOTICE_ITEMS_MAX: usize = 100;

/// Accepts (受理): draws the case number and starts the legal clock.
///
/// When the five days have run out and the clock of this node hasn't said so yet, the law has accepted the case already: then this
/// is the deemed acceptance, as of the day of receipt.
///
/// After a notice it is accepted when all that was asked for has been brought, or with the reason why what was brought is enough.
pub(crate) fn accept(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    enough: Option<&str>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Accept)?;
    if lapsed(&case, at) {
        return accept_deemed(facts, actor, case, at);
    }
    all_here(facts, &case)?;
    let note = case.complete(enough)?;
    let serial = number(facts, &mut case, at)?;
    start_clock(facts, &mut case, at.date());
    Ok(accepted(facts, actor, case, (ActKind::Accept, note), at, serial))
}

/// Accepts although something is lacking that the item lets follow, on the applicant's written promise (容缺受理).
pub(crate) fn accept_lacking(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    request: &LackingRequest<'_>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Accept)?;
    in_time(&case, ActKind::Accept, at)?;
    all_here(facts, &case)?;
    // What a notice asked for and is missing is what follows, or enough as it is, for a reason that is said.
    let note = case.complete_but(request.names, request.enough)?;
    let serial = number(facts, &mut case, at)?;
    start_clock(facts, &mut case, at.date());
    case.lacking = work::lacking(facts, &case, request, at)?;
    Ok(accepted(facts, actor, case, (ActKind::Accept, note), at, serial))
}

/// Deemed acceptance: five working days passed without an answer, so the case is accepted as of the day of receipt, or of the day on which all
/// that a notice asked for had been brought.
pub(crate) fn accept_deemed(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::AcceptDeemed)?;
    let serial = number(facts, &mut case, at)?;
    let received = case.complete_on().unwrap_or_else(|| at.date());
    start_clock(facts, &mut case, received);
    case.deemed = true;
    let day = case.accepted_on.map_or_else(String::new, |day| day.to_string());
    Ok(accepted(facts, actor, case, (ActKind::AcceptDeemed, Some(format!("视为受理，受理日 {day}"))), at, serial))
}

/// Tells whether the time for an answer has run out, whether or not a tick has recorded it.
fn lapsed(case: &Case, at: Timestamp) -> bool {
    case.deemed_at.is_some_and(|moment| moment <= at)
}

/// Refuses what may only be done before the case is accepted in law.
pub(super) fn in_time(case: &Case, act: ActKind, at: Timestamp) -> Result<(), Rejection> {
    if !lapsed(case, at) {
        return Ok(());
    }
    let received = case.complete_on().map_or_else(String::new, |day| day.to_string());
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
    // What a notice asked for and nobody noted as brought came with the acceptance at the latest.
    let complete_on = case.complete_on().filter(|_| case.status != Status::Notified).unwrap_or(day);
    case.status = Status::Accepted;
    case.accepted_on = Some(day);
    case.deemed_at = None;
    case.reason = None;
    let renewal = case.renewal.as_ref().and_then(|renewal| renewal.due(complete_on));
    let deadlines = Deadlines::compute(facts.calendar(), &case.item, day, &[], None);
    case.deadlines = Some(Deadlines { renewal, ..deadlines });
    case.renewal_at = case.renewal.as_ref().and_then(|renewal| renewal.deemed_at(complete_on));
    case.work = work::begin(facts, case, day);
}

fn accepted(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    (kind, note): (ActKind, Option<String>),
    at: Timestamp,
    serial: Event,
) -> Change {
    let here = here(facts);
    let turn = limit::enter(facts, &mut case, kind, at);
    let follows: Vec<String> =
        case.lacking.iter().map(|lacking| format!("容缺：{}，{} 前补交", lacking.name, lacking.until)).collect();
    let follows: Vec<String> = follows.into_iter().chain(pledge::lines(&case)).collect();
    let said: Vec<String> = note.into_iter().chain(follows.iter().cloned()).collect();
    let note = (!said.is_empty()).then(|| said.join("；"));
    let act = case.act(kind, actor, here, at, note);
    let document = paper(facts, &case, &actor.operator, at, "application/tongban-acceptance+cbor", &follows, None);
    let mut change = Change::of(turn.into_iter().chain([serial]).collect(), Change::case(&case));
    record(&mut change, here, &case, act);
    change.documents.push(document);
    change
}

/// A serial of the day as the numbers of cases and licences end with it. A second node of the division draws its own serials under the same codes, so
/// its ordinal stands before them; with three digits more than the first node's, and no longer than the standards allow (GB/T 39046: an..50).
pub(super) fn numbered(facts: &dyn Facts, serial: u32) -> String {
    match facts.node().label.ordinal() {
        0 => format!("{serial:04}"),
        ordinal => format!("{ordinal:02}{serial:05}"),
    }
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
    case.case_no = Some(format!("{prefix}{day}{}", numbered(facts, serial)));
    Ok(Event::Serial(scope, serial))
}

/// Refuses to accept, for one of the two lawful reasons; when another authority is competent, the applicant is told which.
pub(crate) fn refuse(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    (kind, competent): (RefusalKind, Option<&Competent>),
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
    case.competent = who_is(&case, kind, competent)?;
    case.deemed_at = None;
    case.decided_on = Some(at.date());
    case.reason = Some(text.clone());
    let path =
        |code: DivisionCode| tongban_codes::division::table().path_name(code).unwrap_or_else(|| code.to_string());
    let told: Vec<String> =
        case.competent.iter().map(|who| format!("{}（{}）", who.authority, path(who.division))).collect();
    let handed = Handed { content_type: "application/tongban-refusal+cbor", items: &told };
    Ok(done(facts, actor, case, ActKind::Refuse, (at, Some(text)), Some(handed)))
}

/// The competent authority that a refusal must name, and no other refusal may.
fn who_is(case: &Case, kind: RefusalKind, named: Option<&Competent>) -> Result<Option<Competent>, Rejection> {
    let refuse = |value: String, en: &str, zh: &str| {
        Rejection::new(codes::COMPETENT_MISSING, en, zh)
            .field("competent", value)
            .remedy("--competent DIVISION/AUTHORITY", "填写 --competent 区划/机关")
    };
    let named = match (kind, named) {
        (RefusalKind::NotRequired, None) => return Ok(None),
        (RefusalKind::NotRequired, Some(who)) => {
            let (en, zh) = ("what needs no permit has no competent authority", "无需许可的事项没有主管机关可告知");
            return Err(refuse(who.authority.clone(), en, zh));
        }
        (RefusalKind::NotCompetent, None) => {
            let (en, zh) = (
                "the applicant is told which authority is competent (行政许可法 32(2))",
                "不属于本机关职权的，应当告知申请人向哪个机关申请（行政许可法第三十二条第二项）",
            );
            return Err(refuse(String::new(), en, zh));
        }
        (RefusalKind::NotCompetent, Some(named)) => named,
    };
    if tongban_codes::division::table().find(named.division).is_none() {
        return Err(refuse(named.division.to_string(), "no such division", "没有该行政区划"));
    }
    let authority = crate::naming::name("competent", &named.authority)?;
    if named.division == case.deciding.division && authority == case.item.department {
        let (en, zh) = ("that is the authority which refuses", "所填即本机关");
        return Err(refuse(authority, en, zh));
    }
    Ok(Some(Competent { division: named.division, authority }))
}

impl Case {
    /// The numbers of lines of the notice, from 1, for which nothing was brought and nothing pledged.
    pub(crate) fn unbrought(&self) -> Vec<usize> {
        let Some(correction) = &self.correction else { return Vec::new() };
        let is_pledged = |line: &usize| correction.asked.get(line - 1).is_some_and(|asked| pledged(self, &asked.text));
        correction.missing().into_iter().filter(|line| !is_pledged(line)).collect()
    }

    /// The day on which the authority in charge had all that it needs for an answer.
    pub(crate) fn complete_on(&self) -> Option<Date> {
        let complete = self.correction.as_ref().and_then(|correction| correction.complete_on);
        let by_paper = self.agreement.as_ref().is_some_and(|accord| accord.receipt == ReceiptRule::Paper);
        // Where the paper counts, nothing is whole before it has come.
        if by_paper {
            self.received_on.map(|day| complete.map_or(day, |complete| complete.max(day)))
        } else {
            complete.or(self.received_on)
        }
    }
}
