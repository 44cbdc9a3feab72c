//! Renewal (延续, 行政许可法 50): asked for in time and not decided by the end of the licence's last day, it is deemed granted.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::calendar::Calendar;
use tongban_codes::licence_id::LicenceId;
use tongban_codes::time::{Date, Timestamp};

use super::clock::{BASIS_CHARS_MAX, is_permit, links};
use super::custody::here;
use super::issue::{Issue, issued};
use super::paper::paper;
use super::progress::record;
use super::{ActKind, Case, Status, fee};
use crate::catalogue::{Term, Unit};
use crate::change::{Change, Event};
use crate::licence::{self, Licence};
use crate::{Actor, Applicant, Desk, Facts, Rejection, authority, codes, connector, limit};

const ASK_BASIS: &str = "行政许可法第五十条第一款";
const DEEMED_BASIS: &str = "行政许可法第五十条第二款";

/// What an item's special link is called that says how long before the end of a licence its renewal is asked for.
const RENEWAL: &str = "延续";

/// Natural days before the end of a permit by which its renewal is asked for, where nothing else is laid down (行政许可法 50(1)).
const ASK_DAYS: u16 = 30;

/// How a case stands to the licence that it renews.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Renewal {
    /// The licence, 证照标识.
    #[n(0)]
    pub licence: String,
    /// When it was asked for: the day on which a window took the application.
    #[n(1)]
    pub asked_on: Date,
    /// The licence's last day by the authority's register; none until the authority's node has the case.
    #[n(2)]
    pub ends: Option<Date>,
    /// The last day on which it is asked for in time; none where neither the law nor the item knows one.
    #[n(3)]
    pub ask_by: Option<Date>,
    /// What says so.
    #[n(4)]
    pub basis: Option<String>,
    /// Whether it was deemed granted, since nobody decided.
    #[n(5)]
    pub deemed: bool,
}

impl Renewal {
    /// What a window elsewhere knows: which licence, and when it was asked for.
    pub(super) fn asked(licence: String, asked_on: Date) -> Self {
        Self { licence, asked_on, ends: None, ask_by: None, basis: None, deemed: false }
    }

    /// Whether it was asked for in time.
    #[must_use]
    pub fn in_time(&self) -> bool {
        self.ask_by.is_some_and(|last| self.asked_on <= last)
    }

    /// How it stands, as a stable word: `asked` while the authority's node has said nothing, `asked-in-time`, `asked-late`, `no-second-deadline` where
    /// neither the law nor the item knows one, `deemed-renewed`.
    #[must_use]
    pub fn standing(&self) -> &'static str {
        match (self.deemed, self.ends, self.ask_by) {
            (true, ..) => "deemed-renewed",
            (_, None, _) => "asked",
            (_, _, None) => "no-second-deadline",
            _ if self.in_time() => "asked-in-time",
            _ => "asked-late",
        }
    }

    /// When the renewal is deemed granted if nothing is decided: at the end of the second deadline.
    #[must_use]
    pub fn deemed_at(&self, complete_on: Date) -> Option<Timestamp> {
        self.due(complete_on).map(|day| day.next_day().start())
    }

    /// The second deadline: the licence's last day, where the renewal was asked for in time and all that is needed lay there on `complete_on`, before
    /// it had passed.
    #[must_use]
    pub fn due(&self, complete_on: Date) -> Option<Date> {
        self.ends.filter(|ends| self.in_time() && complete_on <= *ends)
    }
}

/// The last day on which to ask for the renewal of what ends with the day `ends`: so many days lie after it, the last one included. It doesn't roll: a
/// day off before a deadline takes nothing from who may ask earlier.
#[must_use]
pub fn ask_by(calendar: &Calendar, ends: Date, term: Term) -> Date {
    match term.unit {
        Unit::NaturalDays => ends.add_days(-i32::from(term.days)),
        Unit::WorkingDays => {
            let (mut day, mut left) = (ends, term.days);
            while left > 0 {
                left -= u16::from(calendar.is_working_day(day));
                day = day.previous_day();
            }
            day
        }
    }
}

/// The last day of the period that follows the one from `from` to `until`, as long as it was: of so many whole months again so many, else of as
/// many days.
#[must_use]
pub fn following_period(from: Date, until: Date) -> Date {
    let next = until.next_day();
    let months = |day: Date| i32::from(day.year()) * 12 + i32::from(day.month().month());
    let whole = u32::try_from(months(next) - months(from)).unwrap_or(0);
    if whole > 0 && from.add_months(whole) == next {
        return next.add_months(whole).previous_day();
    }
    let whole = u32::try_from(months(until) - months(from)).unwrap_or(0);
    if whole > 0 && from.add_months(whole) == until {
        return until.add_months(whole);
    }
    until.add_days(next.days_since(from).max(1))
}

/// A licence as an applicant names it.
pub(super) fn named(text: &str) -> Result<String, Rejection> {
    let id = text.trim().parse::<LicenceId>().map_err(|error| {
        Rejection::new(codes::INVALID_FIELD, error.to_string(), format!("证照标识有误：{}", error.zh()))
            .field("renews", text)
            .remedy("copy the identifier whole from the licence", "请按证照完整填写证照标识")
    })?;
    Ok(id.to_string())
}

/// When the renewal is to be asked for, and what says so: the item, or for a permit the law.
fn asking(facts: &dyn Facts, case: &Case) -> Option<(Term, String)> {
    let of_item = links(facts, case).into_iter().filter(|link| link.name.trim() == RENEWAL).find_map(|link| {
        let basis = link.basis.filter(|basis| !basis.trim().is_empty())?;
        Some((link.term?, basis.trim().chars().take(BASIS_CHARS_MAX).collect()))
    });
    let of_law = || (Term { days: ASK_DAYS, unit: Unit::NaturalDays }, ASK_BASIS.to_owned());
    of_item.or_else(|| is_permit(case).then(of_law))
}

/// Whether the applicant holds the licence: by the case that it came of, whose fields are open here; by the index where they were erased.
pub(super) fn is_holder(
    facts: &dyn Facts,
    desk: &dyn Desk,
    licence: &Licence,
    case: &Case,
    applicant: &Applicant,
) -> bool {
    let of_case = facts.case(&licence.case).and_then(|from| from.personal.open(desk, &from.id));
    match of_case {
        Some((_, identity)) => identity == applicant.identity,
        None => licence.holder == case.holder,
    }
}

/// What is to be renewed isn't the authority's, or not the applicant's.
pub(super) fn not_holder(id: &str) -> Rejection {
    Rejection::new(
        codes::RENEWAL_MISMATCH,
        "the licence was issued by another authority, or to another holder",
        "该证照由其他机关颁发，或持证主体不是申请人",
    )
    .field("renews", id)
    .remedy("the holder asks the authority that issued it", "请由持证人向颁发机构申请")
}

/// Begins the renewal of a licence of this node's register.
pub(super) fn begin(
    facts: &dyn Facts,
    desk: &dyn Desk,
    case: &mut Case,
    id: &str,
    applicant: &Applicant,
    change: &mut Change,
) -> Result<(), Rejection> {
    let id = named(id)?;
    let mut licence = facts.licence(&id).ok_or_else(|| {
        Rejection::new(codes::LICENCE_UNKNOWN, "no licence of this identifier was issued here", "本节点没有颁发该证照")
            .field("renews", &id)
            .remedy(
                "compare the identifier with the licence, and --for with its authority",
                "请核对证照标识以及 --for 所填的颁发机构",
            )
    })?;
    if licence.status != licence::Status::Valid {
        return Err(stands_no_more(&licence).field("renews", &id));
    }
    if !authority::is_or_became(facts, licence.authority, case.item.authority, None)
        || !is_holder(facts, desk, &licence, case, applicant)
    {
        return Err(not_holder(&id));
    }
    let asked_on = case.collected_at.date();
    if licence.valid_until < asked_on {
        return Err(Rejection::new(
            codes::RENEWAL_ENDED,
            format!("the licence ended on {}; what has ended can't be renewed (行政许可法 50)", licence.valid_until),
            format!("该证照有效期已于 {} 届满，不能延续（行政许可法第五十条）", licence.valid_until),
        )
        .field("renews", &id)
        .remedy("apply anew, without --renews", "请重新申请，不填 --renews"));
    }
    if let Some(other) = pending(facts, &licence).filter(|other| *other != case.id) {
        return Err(under_way(&licence, other).field("renews", &id));
    }
    let ends = licence.valid_until;
    let asking = asking(facts, case);
    let last = asking.as_ref().map(|(term, _)| ask_by(facts.calendar(), ends, *term));
    let basis = asking.map(|(_, basis)| basis);
    case.renewal = Some(Renewal { licence: id, asked_on, ends: Some(ends), ask_by: last, basis, deemed: false });
    licence.renewal = Some(case.id);
    change.events.push(Event::Licence(licence));
    Ok(())
}

/// Why a licence that was cancelled or renewed can't be taken.
pub(super) fn stands_no_more(licence: &Licence) -> Rejection {
    let (en, zh) = match &licence.renewed_by {
        Some(successor) => (
            format!("the licence has been renewed; {successor} stands in its place"),
            format!("该证照已延续，现行证照为 {successor}"),
        ),
        None => ("the licence has been cancelled".to_owned(), "该证照已注销".to_owned()),
    };
    Rejection::new(codes::LICENCE_STATE, en, zh)
        .field("licence", &licence.id)
        .remedy("see when and why: tongban licence show", "查看时间和理由：tongban licence show")
}

/// The case that renews a licence and hasn't come to nothing.
pub(super) fn pending(facts: &dyn Facts, licence: &Licence) -> Option<tongban_codes::ids::CaseId> {
    let case = facts.case(&licence.renewal?)?;
    let came_to_nothing = matches!(
        case.status,
        Status::RefusedNotRequired
            | Status::RefusedNotCompetent
            | Status::Denied
            | Status::Closed
            | Status::Withdrawn
            | Status::Returned
            | Status::Forwarded
    );
    (!came_to_nothing).then_some(case.id)
}

/// A renewal of the licence goes on.
pub(super) fn under_way(licence: &Licence, case: tongban_codes::ids::CaseId) -> Rejection {
    Rejection::new(
        codes::RENEWAL_PENDING,
        format!("case {case} renews the licence and isn't over"),
        format!("办件 {case} 正在办理该证照的延续"),
    )
    .field("licence", &licence.id)
    .remedy("decide or withdraw that case first", "请先决定或撤回该办件")
}

/// Whether a decision of this day kept the licence's last day: what was decided in time isn't deemed granted for want of a decision (行政许可法 50(2)),
/// however late it is entered.
pub(super) fn is_before_end(case: &Case, day: Date) -> bool {
    case.renewal.as_ref().and_then(|renewal| renewal.ends).is_some_and(|ends| day <= ends)
}

/// Refuses what may only be done before the renewal is granted in law.
pub(super) fn in_time(case: &Case, act: ActKind, at: Timestamp) -> Result<(), Rejection> {
    if case.renewal_at.is_none_or(|moment| at < moment) {
        return Ok(());
    }
    let ends = case.renewal.as_ref().and_then(|renewal| renewal.ends).map_or_else(String::new, |day| day.to_string());
    Err(Rejection::new(
        codes::CASE_STATE,
        format!(
            "the licence ended on {ends} and nothing was decided, so its renewal is deemed granted (行政许可法 50(2)); no {} any more",
            act.name()
        ),
        format!("证照有效期已于 {ends} 届满而未作决定，视为准予延续（行政许可法第五十条第二款），不能再{}", act.zh()),
    )
    .field("case", case.id)
    .remedy(
        "the node records the renewal by itself, unless another system told a decision in time: then that is entered, or overruled by a decider with the right one of that time: tongban case outcome CASE --order NO, or --overrule REASON",
        "节点自动登记延续；业务系统在期限内已告知决定的，应录入该决定，有误的由决定人员按期限内的实际决定推翻后录入：tongban case outcome 办件 --order 委托单，或 --overrule 理由",
    ))
}

/// Deemed renewal: the licence's last day is over and nobody decided, neither here nor, as far as an order was told, in another system. The licence is issued anew for a period as long as the one before; where that can't
/// be done by itself, the grant stands and the licence is issued by hand.
pub(crate) fn deem_renewed(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    actor: &Actor,
    mut case: Case,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::DeemedRenewal)?;
    let nothing_due = || {
        Rejection::new(codes::CASE_STATE, "no renewal of the case is due", "该办件没有到期的延续")
            .field("case", case.id)
    };
    let due = case.deadlines.as_ref().and_then(|due| due.renewal).ok_or_else(nothing_due)?;
    if connector::is_decided_by(facts, &case, due) {
        return Err(nothing_due());
    }
    let renewal = case.renewal.as_mut().filter(|_| case.renewal_at.is_some_and(|moment| moment <= at));
    let Some(renewal) = renewal else { return Err(nothing_due()) };
    renewal.deemed = true;
    let old = renewal.licence.clone();
    case.renewal_at = None;
    case.status = Status::Granted;
    case.decided_on = Some(due);
    case.reason = None;
    case.end_stop(due);
    if let Some(pledge) = &mut case.pledge {
        pledge.check_by = Some(crate::pledge::due(facts, pledge, at.date()));
    }
    let number = limit::granted(facts, &mut case, due);
    let mut change = Change::of(number.into_iter().collect(), Change::case(&case));
    let mut told = vec![old.clone(), due.to_string(), DEEMED_BASIS.to_owned()];
    let successor = facts.licence(&old).filter(|licence| licence.status == licence::Status::Valid);
    // What bars a result that somebody decided bars this one, too: it is issued by hand once the fee is paid.
    let successor = successor.filter(|_| fee::settled(facts, &case).is_ok()).and_then(|old| {
        let until = following_period(old.valid_from.unwrap_or(old.issued_on), old.valid_until);
        let kind = old.type_name.clone();
        let from = Some(old.valid_until.next_day());
        let basis = Some(format!("{DEEMED_BASIS}，视为准予延续"));
        let issue = Issue { kind: &kind, until, from, predecessor: Some(old), basis };
        let mut with = case.clone();
        let (id, events) = issued(facts, desk, &mut with, issue, at).ok()?;
        Some((with, id, until, events))
    });
    let note = match successor {
        Some((with, id, until, events)) => {
            case = with;
            change.events.extend(events);
            told.extend([id.clone(), until.to_string()]);
            format!("视为准予延续：{old} 有效期至 {due}，续为 {id}，有效期至 {until}")
        }
        None => format!("视为准予延续：{old} 有效期至 {due}，证照待补发"),
    };
    let here = here(facts);
    let act = case.act(ActKind::DeemedRenewal, actor, here, at, Some(note));
    let content_type = "application/tongban-deemed-renewal+cbor";
    let document = paper(facts, &case, &actor.operator, at, content_type, &told, Some(true));
    record(&mut change, here, &case, act);
    change.documents.push(document);
    Ok(change)
}
