//! Taking a pledge, at the authority or at the collecting hall.

use minicbor::{Decode, Encode};
use tongban_codes::ids::AuthorityId;
use tongban_codes::time::{Date, Timestamp};

use super::{PLEDGED_MAX, Pledge};
use crate::authority::is_or_became;
use crate::case::{ActKind, Case, Material, Status, deemed_at, here, materials, record};
use crate::catalogue::{Guide, PledgeRule, StepRole};
use crate::change::Change;
use crate::{Actor, Facts, Rejection, codes};

/// A pledge as it travels with an offer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PledgeWord {
    /// For which materials.
    #[n(0)]
    pub items: Vec<String>,
    /// Digest of the signed pledge, hex SHA-256.
    #[n(1)]
    pub commitment: String,
    /// When it was taken.
    #[n(2)]
    pub at: Timestamp,
    /// By which operator of the collecting hall.
    #[n(3)]
    pub by: String,
}

/// The guide by which a case is pledged: of the version to which it is bound, or of another node's item as it is known here.
fn guide(facts: &dyn Facts, case: &Case) -> Option<Guide> {
    let own = facts.item_version(&case.item.code, case.item.version).and_then(|item| item.guide);
    let foreign = || facts.foreign_item(case.deciding.division, &case.item.code).and_then(|known| known.item.guide);
    facts.guide(&own.or_else(foreign)?)
}

fn unlawful(name: &str) -> Rejection {
    Rejection::new(
        codes::PLEDGE_UNLAWFUL,
        format!("the item takes no pledge in the place of {name}"),
        format!("事项未将“{name}”列为可以承诺替代的材料"),
    )
    .field("material", name)
    .remedy(
        "ask for the material; or publish it with materials.pledge and the days of the check",
        "请收取该材料；或在办事指南中列明可承诺替代（materials.pledge）及核查期限",
    )
}

/// Whether a false pledge bars the applicant, at the authority in charge or at one that has been merged into it.
fn is_barred(facts: &dyn Facts, case: &Case, day: Date) -> bool {
    let own = case.item.authority;
    let bars = |id: &AuthorityId| facts.barred(id, &case.holder);
    bars(&own)
        || facts.authorities().iter().any(|known| bars(&known.id) && is_or_became(facts, known.id, own, Some(day)))
}

fn barred(case: &Case) -> Rejection {
    Rejection::new(
        codes::PLEDGE_BARRED,
        "an earlier pledge of the applicant at this authority was false; he brings the materials until his credit is repaired",
        "申请人曾在本机关作出不实承诺，信用修复前不适用告知承诺，应当提交材料",
    )
    .field("case", case.id)
    .remedy(
        "ask for the materials; a repair is entered at the earlier case: tongban case verify --outcome repaired",
        "请收取材料；信用修复在原办件登记：tongban case verify --outcome repaired",
    )
}

/// The names that the guide lets be pledged, each once.
fn lawful(guide: &Guide, names: &[String]) -> Result<Vec<String>, Rejection> {
    let mut found: Vec<String> = Vec::new();
    for name in names {
        let name = name.trim();
        let may = |material: &crate::catalogue::RequiredMaterial| {
            material.name.trim() == name && material.pledge == Some(true)
        };
        if !guide.materials.iter().any(may) {
            return Err(unlawful(name));
        }
        if found.iter().any(|known| known == name) {
            return Err(Rejection::new(codes::INVALID_FIELD, "it is named twice", "材料重复")
                .field("material", name)
                .remedy("name each once", "每份材料只填一次"));
        }
        found.push(name.to_owned());
    }
    Ok(found)
}

fn made(rule: &PledgeRule, items: Vec<String>, commitment: String, at: Timestamp, by: String) -> Pledge {
    Pledge {
        items,
        commitment,
        at,
        by,
        consequences: rule.consequences.clone(),
        check_days: rule.check_days,
        role: rule.check_role.unwrap_or(StepRole::Reviewer),
        correct_days: rule.correct_days,
        check_by: None,
        findings: Vec::new(),
    }
}

/// Takes the applicant's signed pledge in the place of materials, also of what was to follow (告知承诺).
pub(crate) fn pledge(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    (names, commitment): (&[String], &Material),
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Pledge)?;
    // A hall that has the case back takes none: the authority that goes on stands by what the lost node had.
    if case.deciding.node != here(facts).node && case.status != Status::Collected {
        let en = format!("{} of {} is in charge, not this node", case.item.department, case.deciding.division);
        let zh = format!("该事项由 {} 的 {} 办理，本节点无权", case.deciding.division, case.item.department);
        return Err(Rejection::new(codes::NOT_COMPETENT, en, zh)
            .field("case", case.id)
            .remedy("hand the case over first: tongban case offer", "请先移交办件：tongban case offer"));
    }
    if names.is_empty() || names.len() > PLEDGED_MAX {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "1 to 20 materials may be pledged",
            "可承诺的材料为 1 至 20 份",
        )
        .field("material", names.len())
        .remedy("name them: --material NAME", "填写：--material 名称"));
    }
    if case.pledge.is_some() {
        return Err(Rejection::new(codes::PLEDGE_STATE, "a pledge was taken already", "已作出承诺")
            .field("case", case.id)
            .remedy("see it: tongban case show", "查看：tongban case show"));
    }
    let rule = guide(facts, &case).and_then(|guide| Some((guide.pledge.clone()?, guide)));
    let Some((rule, guide)) = rule else { return Err(unlawful(&names[0])) };
    let items = lawful(&guide, names)?;
    if let Some(brought) = items.iter().find(|name| case.materials.iter().any(|material| material.name == **name)) {
        return Err(Rejection::new(codes::INVALID_FIELD, "it was brought", "该材料已收取")
            .field("material", brought)
            .remedy("name what wasn't", "请填写未提交的材料"));
    }
    if is_barred(facts, &case, at.date()) {
        return Err(barred(&case));
    }
    let read = materials(std::slice::from_ref(commitment))?;
    let digest = read.into_iter().next().map(|one| one.sha256).unwrap_or_default();
    case.lacking.retain(|lacking| !items.contains(&lacking.name));
    let made = made(&rule, items, digest, at, actor.operator.clone());
    let note = told(&made);
    case.pledge = Some(made);
    // What was pledged needn't be brought: when nothing else is missing, the five days begin again.
    if case.status == Status::Notified && case.unbrought().is_empty() {
        if let Some(correction) = &mut case.correction {
            correction.complete_on = Some(at.date());
            case.status = Status::Supplemented;
        }
        case.deemed_at = deemed_at(facts, &case);
    }
    let here = here(facts);
    let act = case.act(ActKind::Pledge, actor, here, at, Some(note));
    let mut change = Change::of(Vec::new(), Change::case(&case));
    record(&mut change, here, &case, act);
    Ok(change)
}

/// What the applicant is told, as acts and documents say it.
pub(crate) fn told(pledge: &Pledge) -> String {
    format!(
        "告知承诺：{}由承诺替代；准予后 {} 个工作日内核查；承诺不实的后果：{}",
        pledge.items.join("、"),
        pledge.check_days,
        pledge.consequences
    )
}

/// The lines that documents of a case have of its pledge.
pub(crate) fn lines(case: &Case) -> Vec<String> {
    case.pledge.iter().map(told).collect()
}

/// Whether a line of a notice is pledged.
pub(crate) fn pledged(case: &Case, line: &str) -> bool {
    case.pledge.as_ref().is_some_and(|pledge| pledge.items.iter().any(|name| name == line.trim()))
}

/// The pledge as it goes with an offer.
pub(crate) fn word_of(case: &Case) -> Option<PledgeWord> {
    let Pledge { items, commitment, at, by, .. } = case.pledge.clone()?;
    Some(PledgeWord { items, commitment, at, by })
}

/// Keeps the pledge that a collecting hall took, as far as this authority's own guide allows it; what isn't kept is to be brought.
pub(crate) fn keep(
    facts: &dyn Facts,
    case: &Case,
    word: &PledgeWord,
    at: Timestamp,
) -> Result<Option<Pledge>, Rejection> {
    let shaped = !word.items.is_empty()
        && word.items.len() <= PLEDGED_MAX
        && word.commitment.len() == 64
        && word.commitment.bytes().all(|byte| byte.is_ascii_hexdigit())
        && word.by.chars().count() <= crate::naming::NAME_CHARS_MAX;
    if !shaped {
        return Err(
            Rejection::new(codes::INVALID_FIELD, "the pledge is malformed", "承诺记载有误").field("pledge", "***")
        );
    }
    let Some(guide) = guide(facts, case) else { return Ok(None) };
    let Some(rule) = &guide.pledge else { return Ok(None) };
    let Ok(items) = lawful(&guide, &word.items) else { return Ok(None) };
    if is_barred(facts, case, at.date()) {
        return Ok(None);
    }
    Ok(Some(made(rule, items, word.commitment.clone(), word.at, word.by.clone())))
}
