//! Two acts inside the clock: an on-site check by two officers, and a mistake put right on the spot.

use tongban_codes::time::Timestamp;

use super::paper::{Handed, paper, said};
use super::progress::done;
use super::submission::{MATERIALS_MAX, materials};
use super::{ActKind, Case, Material};
use crate::change::{Change, Document};
use crate::work::touches;
use crate::{Actor, Facts, Rejection, Role, codes};

/// Officers of one check: the law asks for two at least.
const OFFICERS: std::ops::RangeInclusive<usize> = 2..=10;

/// The officers of a check by their names, each once: at least two of this hall, reviewers or deciders, who may touch the case.
pub(crate) fn check_officers(facts: &dyn Facts, case: &Case, officers: &[String]) -> Result<Vec<String>, Rejection> {
    let refuse = |name: &str, en: &str, zh: &str| {
        Rejection::new(codes::CHECK_OFFICERS, en, zh)
            .field("officers", name)
            .remedy("--officers A,B: reviewers or deciders of this hall", "--officers 甲,乙：本大厅的审查或决定人员")
    };
    let mut named: Vec<String> = Vec::new();
    for name in officers.iter().map(|name| name.trim()) {
        let officer = facts.operator(name).ok_or_else(|| {
            refuse(
                name,
                "the authority's officers check, and this is no operator here",
                "现场核查由本机关工作人员进行，没有该经办人",
            )
        })?;
        if !officer.roles.iter().any(|role| matches!(role, Role::Reviewer | Role::Decider)) {
            let (en, zh) = ("who checks on the site is a reviewer or decider", "现场核查人员须为审查或决定人员");
            return Err(refuse(name, en, zh));
        }
        if let Some(since) = officer.disabled {
            let en = format!("{name} is disabled since {since}");
            return Err(refuse(name, &en, &format!("{name} 已于 {since} 停用")));
        }
        touches(&officer, case)?;
        if !named.contains(&officer.name) {
            named.push(officer.name);
        }
    }
    if !OFFICERS.contains(&named.len()) {
        let (en, zh) = (
            "two to ten different officers check on the site (行政许可法 34)",
            "现场核查须指派两名以上工作人员（行政许可法第三十四条），至多十名",
        );
        return Err(refuse(&named.join(","), en, zh));
    }
    Ok(named)
}

/// The authority's record of an on-site check: its officers, and last what they found.
pub(crate) fn sealed_check(
    facts: &dyn Facts,
    case: &Case,
    operator: &str,
    at: Timestamp,
    listed: &[String],
) -> Document {
    paper(facts, case, operator, at, "application/tongban-site-check+cbor", listed, None)
}

/// Records an on-site check (现场核查) and what it found. It runs inside the clock: no deadline moves (行政许可法 34).
pub(crate) fn check(
    facts: &dyn Facts,
    actor: &Actor,
    case: Case,
    officers: &[String],
    finding: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Check)?;
    let mut named = check_officers(facts, &case, officers)?;
    let finding = said("finding", finding)?;
    let note = format!("{}：{finding}", named.join("、"));
    named.push(finding);
    let handed = Handed { content_type: "application/tongban-site-check+cbor", items: &named };
    Ok(done(facts, actor, case, ActKind::Check, (at, Some(note)), Some(handed)))
}

/// Records that the applicant put a mistake right at the window (当场更正, 行政许可法 32(3)): it needs no notice. A material of the same name
/// takes the place of the one before.
pub(crate) fn correct(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    (what, brought): (&str, &[Material]),
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Correct)?;
    let what = said("what", what)?;
    let brought = materials(brought)?;
    case.materials.retain(|known| !brought.iter().any(|new| new.name == known.name));
    case.materials.extend(brought);
    if case.materials.len() > MATERIALS_MAX {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "a case has at most 200 materials",
            "一个办件最多 200 份材料",
        )
        .field("materials", case.materials.len())
        .remedy("bring several pages in one file", "请将多页合为一份"));
    }
    Ok(done(facts, actor, case, ActKind::Correct, (at, Some(what)), None))
}
