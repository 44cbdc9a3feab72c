//! Accepting with a material to follow (容缺受理): what the item allows to follow, the applicant's promise, the day, and its arrival.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::time::{Date, Timestamp};

use crate::case::{ActKind, Case, Material, here, materials, record};
use crate::catalogue::Necessity;
use crate::change::Change;
use crate::{Actor, Facts, Rejection, codes, pledge};

/// The most materials that follow.
pub(crate) const LACKING_MAX: usize = 20;

/// The longest time for which a material may follow where no law limits the case, in days.
const FOLLOW_DAYS_MAX: i64 = 366;

/// A material that is to follow.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Lacking {
    /// Its name, as the guide calls it.
    #[n(0)]
    pub name: String,
    /// The last day on which it may come.
    #[n(1)]
    pub until: Date,
    /// Digest of the applicant's written promise, hex SHA-256.
    #[n(2)]
    pub promise: String,
}

/// What is asked to follow.
pub(crate) struct LackingRequest<'a> {
    pub(crate) names: &'a [String],
    pub(crate) until: Date,
    pub(crate) promise: &'a Material,
    pub(crate) enough: Option<&'a str>,
}

fn invalid(field: &'static str, value: impl ToString, en: &str, zh: &str) -> Rejection {
    Rejection::new(codes::INVALID_FIELD, en, zh).field(field, value).remedy(
        "tongban case accept CASE --lacking NAME --until DATE --promise FILE",
        "tongban case accept 办件 --lacking 名称 --until 日期 --promise 文件",
    )
}

/// What follows, when the version of the item to which the case is bound allows each of it, and the day lies within the lawful time.
pub(crate) fn lacking(
    facts: &dyn Facts,
    case: &Case,
    request: &LackingRequest<'_>,
    at: Timestamp,
) -> Result<Vec<Lacking>, Rejection> {
    if request.names.is_empty() || request.names.len() > LACKING_MAX {
        return Err(invalid("lacking", request.names.len(), "1 to 20 materials may follow", "容缺材料为 1 至 20 份"));
    }
    let item = facts.item_version(&case.item.code, case.item.version);
    let guide = item.and_then(|item| facts.guide(&item.guide?)).unwrap_or_default();
    let promise = materials(std::slice::from_ref(request.promise))?;
    let promise = promise.first().map(|promise| promise.sha256.clone()).unwrap_or_default();
    let statutory = case.deadlines.as_ref().and_then(|due| due.statutory).map(|due| due.date);
    let last = statutory.unwrap_or_else(|| at.add_days(FOLLOW_DAYS_MAX).date());
    if request.until < at.date() || request.until > last {
        return Err(invalid(
            "until",
            request.until,
            &format!("what is lacking follows from today on, and until {last} at the latest"),
            &format!("补交期限不早于今日，不晚于 {last}"),
        ));
    }
    let mut found: Vec<Lacking> = Vec::new();
    for name in request.names {
        let name = name.trim();
        let may_follow = guide
            .materials
            .iter()
            .any(|material| material.name.trim() == name && material.necessity == Some(Necessity::MayFollow));
        if !may_follow {
            return Err(Rejection::new(
                codes::LACKING_UNLAWFUL,
                format!("the item doesn't let {name} follow"),
                format!("事项未将“{name}”列为可容缺材料"),
            )
            .field("lacking", name)
            .remedy(
                "give one correction notice: tongban case notify; or publish the material as 容缺后补",
                "一次性告知补正：tongban case notify；或在办事指南中将该材料列为容缺后补",
            ));
        }
        if found.iter().any(|known| known.name == name)
            || case.materials.iter().any(|brought| brought.name == name)
            || pledge::pledged(case, name)
        {
            return Err(invalid(
                "lacking",
                name,
                "it is named twice, was brought, or was pledged",
                "材料重复、已收取或已承诺",
            ));
        }
        found.push(Lacking { name: name.to_owned(), until: request.until, promise: promise.clone() });
    }
    Ok(found)
}

/// Enters a material that was to follow (补交容缺材料); after its day as well, for what came late has come.
pub(crate) fn follow_up(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    brought: &[Material],
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::FollowUp)?;
    let brought = materials(brought)?;
    if brought.is_empty() {
        return Err(invalid("materials", 0, "name what has come", "请填写补交的材料"));
    }
    let mut names = Vec::new();
    for material in brought {
        let Some(place) = case.lacking.iter().position(|lacking| lacking.name == material.name) else {
            return Err(Rejection::new(
                codes::MATERIAL_NOT_LACKING,
                format!("{} is not among what was to follow", material.name),
                format!("“{}”不在容缺材料之列", material.name),
            )
            .field("material", material.name)
            .remedy("see what is lacking: tongban case show", "查看容缺材料：tongban case show"));
        };
        let late = if case.lacking.remove(place).until < at.date() { "（逾期）" } else { "" };
        names.push(format!("{}{late}", material.name));
        case.materials.push(material);
    }
    let here = here(facts);
    let act = case.act(ActKind::FollowUp, actor, here, at, Some(names.join("；")));
    let mut change = Change::of(Vec::new(), Change::case(&case));
    record(&mut change, here, &case, act);
    Ok(change)
}
