//! What the authority that stands in reports to the one in charge, and which acts it reports.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::{CaseId, Digest};
use tongban_codes::time::{Date, Timestamp};

use super::ReportRefused;
use crate::case::{Act, ActKind, Case, Status, here, masked_name, number_end};
use crate::catalogue::code_list::code_list;
use crate::change::{Change, Event, Notice, NoticeBody, Reply};
use crate::licence;
use crate::naming::kept_refusal;
use crate::{Actor, Desk, Facts, Rejection, codes};

/// The most licences of one case that a report names, the last ones.
pub(super) const LICENCES_MAX: usize = 8;

code_list! {
    /// How a case ended that an authority decided in another's place.
    UniformEnding: "无差别办理结果" {
        /// 准予.
        Granted = 0, "granted", "准予", [];
        /// 不予.
        Denied = 1, "denied", "不予", [];
        /// 不受理: no permit is needed.
        NotRequired = 2, "refused-not-required", "不受理", [];
        /// 不予受理: another authority is competent.
        NotCompetent = 3, "refused-not-competent", "不予受理", [];
        /// 退件: what a notice asked for wasn't brought in its time.
        NotSupplemented = 4, "not-supplemented", "退件", [];
        /// 撤件.
        Withdrawn = 5, "withdrawn", "撤件", [];
    }
}

impl UniformEnding {
    /// The ending that a state means, of the act that brought the case there.
    fn of(status: Status) -> Option<Self> {
        Some(match status {
            Status::Granted => Self::Granted,
            Status::Denied => Self::Denied,
            Status::RefusedNotRequired => Self::NotRequired,
            Status::RefusedNotCompetent => Self::NotCompetent,
            Status::Returned => Self::NotSupplemented,
            Status::Withdrawn => Self::Withdrawn,
            _ => return None,
        })
    }

    /// Whether the authority decided on the matter.
    #[must_use]
    pub fn is_decision(self) -> bool {
        matches!(self, Self::Granted | Self::Denied)
    }
}

/// A licence that came of the case, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct LicenceWord {
    /// 证照标识.
    #[n(0)]
    pub licence: String,
    /// How it stands at its issuer.
    #[n(1)]
    pub stands: licence::Status,
}

/// What the authority that stands in reports. Each word is whole: a later one takes the place of what was said before.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct UniformWord {
    /// Number of the act by which it is reported.
    #[n(0)]
    pub act: u32,
    /// When that was done.
    #[n(1)]
    pub at: Timestamp,
    /// The item of the authority in charge, whole code.
    #[n(2)]
    pub item: String,
    /// The version of it by which scope and agreement were judged.
    #[n(3)]
    pub version: u32,
    /// Number of the agreement.
    #[n(4)]
    pub agreement: String,
    /// Hash of the core (四同) under which it is handled.
    #[n(5)]
    pub core: Digest,
    /// The authority that decides.
    #[n(6)]
    pub department: String,
    /// Its unified social credit code, under which it is a party of the agreement.
    #[n(7)]
    pub department_code: String,
    /// Its own item, by which it decides.
    #[n(8)]
    pub by_item: String,
    /// The day of collection, on which the agreement has to be in force.
    #[n(9)]
    pub collected_on: Date,
    /// 办件编号 there, once it was accepted.
    #[n(10)]
    pub case_no: Option<String>,
    /// The day of acceptance.
    #[n(11)]
    pub accepted_on: Option<Date>,
    /// How it ended.
    #[n(12)]
    pub ending: Option<UniformEnding>,
    /// On which day.
    #[n(13)]
    pub ended_on: Option<Date>,
    /// Licences that came of it, the last eight of them.
    #[n(14)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub licences: Vec<LicenceWord>,
    /// The applicant's name, masked.
    #[n(15)]
    pub applicant: String,
    /// The last six characters of his number.
    #[n(16)]
    pub number_end: String,
}

/// Whether an act changes what the authority in charge is to know.
fn is_told(kind: ActKind) -> bool {
    matches!(
        kind,
        ActKind::Accept
            | ActKind::AcceptDeemed
            | ActKind::Decide
            | ActKind::DeemedRenewal
            | ActKind::Refuse
            | ActKind::Return
            | ActKind::Withdraw
            | ActKind::IssueLicence
            | ActKind::CancelLicence
            | ActKind::Amend
            | ActKind::ReportAgain
    )
}

/// Whether an act may end the case.
fn ends(kind: ActKind) -> bool {
    matches!(kind, ActKind::Decide | ActKind::DeemedRenewal | ActKind::Refuse | ActKind::Return | ActKind::Withdraw)
}

/// The act by which a case ended, with how; deciding nodes know their acts, the last may be of this very change.
fn ended(facts: &dyn Facts, act: &Act) -> Option<(UniformEnding, Date)> {
    let ending = |act: &Act| Some((UniformEnding::of(act.status).filter(|_| ends(act.kind))?, act.at.date()));
    ending(act).or_else(|| {
        let acts = facts.acts(&act.case);
        acts.iter().rev().find_map(ending)
    })
}

impl UniformWord {
    /// What is to be said of a case after an act; none where there is nothing to say yet.
    fn of(facts: &dyn Facts, desk: &dyn Desk, case: &Case, act: &Act, events: &[Event]) -> Option<Self> {
        let instead = case.instead_of.as_ref()?;
        let ended = ended(facts, act);
        if case.accepted_on.is_none() && ended.is_none() {
            return None;
        }
        let stands = |id: &String| {
            let changed = events.iter().rev().find_map(|event| match event {
                Event::Licence(licence) if licence.id == *id => Some(licence.status),
                _ => None,
            });
            changed.or_else(|| facts.licence(id).map(|licence| licence.status)).unwrap_or(licence::Status::Valid)
        };
        // Erased since, they are said no more; the receiver keeps what it has of the applicant.
        let (name, number) = case.personal.open(desk, &case.id).unwrap_or_default();
        // Each that is issued takes the place of one before it, so that the last are those that stand.
        let beyond = case.licences.len().saturating_sub(LICENCES_MAX);
        let licences = case.licences.iter().skip(beyond);
        Some(Self {
            act: act.number,
            at: act.at,
            item: instead.item.clone(),
            version: instead.version,
            agreement: instead.agreement.clone(),
            core: case.item.core.digest(),
            department: case.item.department.clone(),
            department_code: instead.party.clone(),
            by_item: case.item.code.clone(),
            collected_on: case.collected_at.date(),
            case_no: case.case_no.clone(),
            accepted_on: case.accepted_on,
            ending: ended.map(|(ending, _)| ending),
            ended_on: match ended {
                // A renewal that was deemed granted is of the day on which the licence ended.
                Some((ending, _)) if ending.is_decision() => case.decided_on,
                Some((_, day)) => Some(day),
                None => None,
            },
            licences: licences.map(|id| LicenceWord { licence: id.clone(), stands: stands(id) }).collect(),
            applicant: masked_name(&name),
            number_end: number_end(&number),
        })
    }
}

/// Reports the acts of a change on cases that are decided in another's place; a later report takes the place of one that was refused.
pub(crate) fn after(facts: &dyn Facts, desk: &dyn Desk, change: &mut Change) {
    let here = here(facts).node;
    let mut told = Vec::new();
    for (place, event) in change.events.iter().enumerate() {
        let Event::Case(case, act) = event else { continue };
        let Some(instead) = case.instead_of.as_ref().filter(|_| act.place.node == here && is_told(act.kind)) else {
            continue;
        };
        if let Some(word) = UniformWord::of(facts, desk, case, act, &change.events) {
            let body = NoticeBody::Uniform(Box::new(word));
            told.push((place, Notice { to: instead.place.node, case: case.id, act: act.number, body }));
        }
    }
    for (place, notice) in told {
        // What the change goes on to do with the case was made of it as it stood before.
        for event in change.events.iter_mut().skip(place) {
            if let Event::Case(case, _) = event
                && case.id == notice.case
            {
                case.report_refused = None;
            }
        }
        change.notices.push(notice);
    }
}

/// Reports again what the authority in charge hadn't taken (重新告知), once what stood against it is put right: a word of its own, of the case as it
/// stands now, which [`after`] makes of the act.
///
/// # Errors
///
/// What [`Case::may`] says; `report-not-refused` where nothing was refused, or the report that went out since isn't answered yet.
pub(crate) fn report_again(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::ReportAgain)?;
    let Some(refused) = &case.report_refused else {
        return Err(Rejection::new(
            codes::REPORT_NOT_REFUSED,
            "no report of this case stands refused: it was taken, isn't answered yet, or there is none to make",
            "该办件没有未收的告知：已收、尚未答复，或无须告知",
        )
        .field("case", case.id)
        .remedy(
            "see what was refused: tongban agreement refused; what waits: tongban sync status",
            "查看未收的告知：tongban agreement refused；待发送的：tongban sync status",
        ));
    };
    let note = format!("原告知未收：{}", refused.code);
    let act = case.act(ActKind::ReportAgain, actor, here(facts), at, Some(note));
    let reply = Change::case(&case);
    Ok(Change::of(vec![Event::Case(Box::new(case), act)], reply))
}

/// Records that the authority in charge didn't take a report, and why; of a report that isn't the last one, the history alone says it.
///
/// # Errors
///
/// `stale-tenure` where this node reported nothing by that act.
pub(super) fn refused(
    facts: &dyn Facts,
    id: &CaseId,
    number: u32,
    refusal: &(String, String),
    at: Timestamp,
) -> Result<Change, Rejection> {
    let here = here(facts);
    let acts = facts.acts(id);
    let own = |act: &&Act| act.place.node == here.node && is_told(act.kind);
    let is_reported = acts.iter().filter(own).any(|act| act.number == number);
    let case = facts.case(id).filter(|case| case.instead_of.is_some() && is_reported);
    let mut case = case.ok_or_else(|| {
        let (en, zh) = ("the answer fits no report of this hall", "答复与本厅的告知不符");
        Rejection::new(codes::STALE_TENURE, en, zh).field("case", id)
    })?;
    let (code, text) = kept_refusal(refusal);
    let note = format!("{code}: {text}");
    let is_last = acts.iter().filter(own).all(|act| act.number <= number);
    if is_last {
        case.report_refused = Some(ReportRefused { act: number, code, text, at });
    }
    let act = case.act(ActKind::RefuseReport, &Actor::system(), here, at, Some(note));
    let reply = Reply::Known {};
    Ok(Change::of(vec![Event::Case(Box::new(case), act)], reply))
}
