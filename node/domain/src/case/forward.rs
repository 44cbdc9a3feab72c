//! 转报: where the law lets a lower authority review first, its opinion and the case go on to the superior one (行政许可法 43).

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, QueryCode};
use tongban_codes::time::{Date, Timestamp};

use super::collect::{CollectRequest, collect};
use super::custody::here;
use super::decision::mandate;
use super::paper::{paper, said};
use super::progress::record;
use super::{ActKind, CameTo, Case, Status};
use crate::change::{Change, Reply};
use crate::work::{self, Door};
use crate::{Applicant, Desk, Facts, Operator, Rejection, codes, uniform};

/// Working days from acceptance within which the lower authority passes its opinion on (行政许可法 43).
const OPINION_DAYS: u32 = 20;

/// Where a case went on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct ForwardedTo {
    /// Division of the superior authority.
    #[n(0)]
    pub division: DivisionCode,
    /// Its item.
    #[n(1)]
    pub item: String,
    /// The case there.
    #[n(2)]
    pub case: CaseId,
    /// The code by which the applicant asks how far that is.
    #[n(3)]
    pub query_code: QueryCode,
    /// The day on which it went.
    #[n(4)]
    pub on: Date,
    /// Whether that was within the time of 行政许可法 43.
    #[n(5)]
    pub in_time: bool,
    /// What it came to there; none while that isn't known.
    #[n(65)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<CameTo>,
}

/// Where a case came from.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct ForwardedFrom {
    /// The case there.
    #[n(0)]
    pub case: CaseId,
    /// Its number.
    #[n(1)]
    pub case_no: Option<String>,
    /// Division of the lower authority.
    #[n(2)]
    pub division: DivisionCode,
    /// Its preliminary opinion.
    #[n(3)]
    pub opinion: String,
}

/// Where to forward, and with what opinion.
pub(crate) struct ForwardRequest<'a> {
    pub(crate) division: DivisionCode,
    pub(crate) item: &'a str,
    pub(crate) opinion: &'a str,
}

/// Ends this leg with the preliminary opinion, and collects a case for the superior's item, which is offered to its node: what the applicant
/// brought isn't asked of him again (行政许可法 43). It is the decision of this leg: the steps are passed before it, and nothing is lacking.
pub(crate) fn forward(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    door: &Door,
    mut case: Case,
    request: &ForwardRequest<'_>,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let actor = &door.actor;
    case.may(facts, ActKind::Forward)?;
    if let Some(renewal) = &case.renewal {
        return Err(Rejection::new(
            codes::FORWARD_UNLAWFUL,
            "a renewal is decided by the authority that issued the licence (行政许可法 50)",
            "延续由作出原许可决定的机关决定（行政许可法第五十条）",
        )
        .field("renews", &renewal.licence)
        .remedy("decide: tongban case decide", "请作出决定：tongban case decide"));
    }
    uniform::stays(facts, &case, codes::FORWARD_UNLAWFUL)?;
    let mandate = mandate(facts, actor, &case, at)?;
    let lenders: Vec<&Operator> = door.stands_for().into_iter().chain(&mandate.lender).collect();
    work::may_decide(facts, actor, &mut case, &lenders, true, at)?;
    let here = here(facts);
    let (division, item) = (request.division, request.item);
    if division == here.division || !here.division.is_within(division) {
        return Err(Rejection::new(
            codes::FORWARD_UNLAWFUL,
            format!(
                "{division} is not above {}: a lower authority forwards to a superior one (行政许可法 43)",
                here.division
            ),
            format!(
                "{division} 不是 {} 的上级；转报是下级机关审查后报上级机关决定（行政许可法第四十三条）",
                here.division
            ),
        )
        .field("division", division)
        .remedy("decide, or name a division above", "请作出决定，或填写上级区划"));
    }
    let opinion = said("opinion", request.opinion)?;
    let Some((name, identity)) = case.personal.open(desk, &case.id) else {
        return Err(Rejection::new(codes::CASE_STATE, "the applicant's fields were erased", "申请人信息已删除")
            .field("case", case.id)
            .remedy("what is left of the case: tongban case show", "查看办件现存内容：tongban case show"));
    };
    // Who acts for him goes on acting; a power of attorney that is over by now doesn't go with the case.
    let agent = case.agent.as_ref().and_then(|agency| agency.open(desk, &case.id));
    let agent = agent.filter(|agent| agent.until.is_none_or(|until| at.date() <= until));
    let (case_no, from) = (case.case_no.clone(), here.division);
    let collecting = CollectRequest {
        item,
        division,
        mode: None,
        applicant: &Applicant { name, identity },
        materials: &case.materials,
        hold: false,
        renews: None,
        agent: agent.as_ref(),
        forwarded_from: Some(ForwardedFrom { case: case.id, case_no, division: from, opinion: opinion.clone() }),
        part_of: None,
        stated: None,
        by: None,
        beside: &[],
    };
    let mut change = collect(facts, desk, actor, &collecting, at)?;
    let Reply::Collected(collected) = &change.reply else {
        return Err(Rejection::new(codes::CASE_STATE, "nothing was collected", "没有收件").field("case", case.id));
    };
    let counts = |day: Date| !case.stops.iter().any(|stop| stop.covers(day));
    let due = case.accepted_on.map(|day| facts.calendar().add_counted_working_days(day, OPINION_DAYS, counts).date);
    case.forwarded_to = Some(ForwardedTo {
        division,
        item: item.to_owned(),
        case: collected.case,
        query_code: collected.query_code,
        on: at.date(),
        in_time: due.is_none_or(|due| at.date() <= due),
        outcome: None,
    });
    case.status = Status::Forwarded;
    let told = [format!("报 {division} {item}"), opinion.clone()];
    let mut act = case.act(ActKind::Forward, actor, here, at, Some(format!("报 {division} {item}：{opinion}")));
    act.mandate = Some(mandate.said);
    let content_type = "application/tongban-preliminary-opinion+cbor";
    change.documents.push(paper(facts, &case, &actor.operator, at, content_type, &told, None));
    change.reply = Change::case(&case);
    record(&mut change, here, &case, act);
    Ok(change)
}
