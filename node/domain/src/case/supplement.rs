//! What the applicant brings after a notice: at the deciding window, or at the hall that collected, from where it travels to the owner.

use minicbor::Encode;
#[cfg(feature = "deliberate-bugs")]
use tongban_codes::deliberate::{Bug, is_in};
use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

use super::collect::deemed_at;
use super::correction::numbers;
use super::custody::here;
use super::paper::paper;
use super::progress::{not_taken, record, told_act};
use super::review::NOTICE_ITEMS_MAX;
use super::submission::{MATERIALS_MAX, materials};
use super::{Act, ActKind, Brought, Case, Custody, Material, Status};
use crate::change::{Change, Document, Event, Notice, NoticeBody, Reply, Sealer};
use crate::command::Origin;
use crate::facts::Place;
use crate::{Actor, Facts, Rejection, codes};

/// What is brought against one line of a notice.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bringing {
    /// The line: its number, from 1, or its whole text.
    pub item: String,
    /// The materials; none where a mistake was put right without one.
    #[serde(default)]
    pub materials: Vec<Material>,
}

/// What the collecting hall took for the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supplement {
    /// The act by which it did.
    pub act: Act,
    /// What was brought: a line's place in the notice, from 0, and the materials.
    pub lines: Vec<(u16, Vec<Material>)>,
}

/// The receipt of the hall that took it: it holds materials of another node's case.
#[derive(Encode)]
#[cbor(map)]
struct Slip<'a> {
    #[n(0)]
    case: CaseId,
    #[n(1)]
    collection_no: &'a str,
    #[n(2)]
    item: &'a str,
    #[n(3)]
    at: Timestamp,
    #[n(4)]
    lines: &'a [String],
    #[n(5)]
    demo: bool,
}

type Lines = Vec<(usize, Vec<Material>)>;

/// The places of the lines that are brought, each once, with checked materials.
fn resolved(case: &Case, brings: &[Bringing]) -> Result<Lines, Rejection> {
    let refuse = |value: usize| {
        Rejection::new(
            codes::INVALID_FIELD,
            "a supplement names at least one line of the notice, each once",
            "补正须写明告知中的至少一项，每项一次",
        )
        .field("item", value)
        .remedy("give --item with the number of the line", "请用 --item 填写序号")
    };
    let mut lines = Lines::new();
    for (number, bringing) in brings.iter().enumerate() {
        let place = match &case.correction {
            Some(correction) => correction.line(&bringing.item)?,
            // A notice of an earlier release kept no list: what is brought goes on record as materials alone.
            None if bringing.materials.is_empty() || number >= NOTICE_ITEMS_MAX => return Err(refuse(number + 1)),
            None => number,
        };
        if lines.iter().any(|(known, _)| *known == place) {
            return Err(refuse(place + 1));
        }
        lines.push((place, materials(&bringing.materials)?));
    }
    if lines.is_empty() { Err(refuse(0)) } else { Ok(lines) }
}

fn room(case: &Case, lines: &Lines) -> Result<(), Rejection> {
    // What was brought stands beside its line too, and stays there when a better copy takes its place among the materials.
    let asked = case.correction.iter().flat_map(|correction| &correction.asked);
    let brought: usize = asked.filter_map(|line| line.brought.as_ref()).map(|brought| brought.materials.len()).sum();
    let new: usize = lines.iter().map(|(_, materials)| materials.len()).sum();
    let count = case.materials.len().max(brought) + new;
    if count <= MATERIALS_MAX {
        return Ok(());
    }
    Err(Rejection::new(codes::INVALID_FIELD, "a case has at most 200 materials", "一个办件最多 200 份材料")
        .field("materials", count)
        .remedy("bring several pages in one file", "请将多页合为一份"))
}

/// Each line with the names and digests of what was brought, for the receipt.
fn told(case: &Case, lines: &Lines) -> Vec<String> {
    let line = |(place, materials): &(usize, Vec<Material>)| {
        let text = case.correction.as_ref().and_then(|correction| correction.asked.get(*place));
        let materials = materials.iter().map(|one| format!("{} sha256:{}", one.name, one.sha256));
        let brought: Vec<String> = materials.collect();
        format!("{}. {}：{}", place + 1, text.map_or("", |asked| &asked.text), brought.join("；"))
    };
    lines.iter().map(line).collect()
}

/// Takes what the applicant brings (补正): here when this node decides, else for the owner, to whom it travels.
pub(crate) fn supplement(
    facts: &dyn Facts,
    actor: &Actor,
    case: Case,
    brings: &[Bringing],
    at: Timestamp,
) -> Result<Change, Rejection> {
    let here = here(facts);
    if let Custody::Elsewhere { owner, .. } = case.custody
        && case.collecting.node == here.node
    {
        return bring(facts, actor, case, owner, brings, at);
    }
    case.may(facts, ActKind::Supplement)?;
    let lines = resolved(&case, brings)?;
    let mut change = Change::of(Vec::new(), Reply::Known {});
    let act = (here, case.acts + 1);
    received(facts, actor, case, (lines, act, None), at, &mut change)?;
    Ok(change)
}

/// Takes it at the collecting hall: nothing changes in the case, whose owner hears of it.
fn bring(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    owner: Place,
    brings: &[Bringing],
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.in_state(ActKind::Supplement)?;
    let lines = resolved(&case, brings)?;
    room(&case, &lines)?;
    let texts = told(&case, &lines);
    case.materials.extend(lines.iter().flat_map(|(_, materials)| materials.iter().cloned()));
    let note = format!("代收补正第 {} 项", numbers(lines.iter().map(|(place, _)| place + 1)));
    let act = case.act(ActKind::Supplement, actor, here(facts), at, Some(note));
    let slip = Slip {
        case: case.id,
        collection_no: &case.collection_no,
        item: &case.item.code,
        at,
        lines: &texts,
        demo: facts.node().demo,
    };
    let document = Document {
        case: case.id,
        act: act.number,
        sealer: Sealer::Node,
        content_type: "application/tongban-supplement+cbor",
        payload: tongban_codes::cbor::to_vec(&slip),
    };
    let place = |place: usize| u16::try_from(place).unwrap_or(u16::MAX);
    let lines = lines.into_iter().map(|(line, materials)| (place(line), materials)).collect();
    let mut change = Change::of(Vec::new(), Change::case(&case));
    change.notices.push(Notice {
        to: owner.node,
        case: case.id,
        act: act.number,
        body: NoticeBody::Supplement(Box::new(Supplement { act: act.clone(), lines })),
    });
    change.documents.push(document);
    change.events.push(Event::Case(Box::new(case), act));
    Ok(change)
}

/// Records at the owner what was brought, where, by which act; when nothing is missing any more its five days begin again.
fn received(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    (lines, (place, act), from): (Lines, (Place, u32), Option<Place>),
    at: Timestamp,
    change: &mut Change,
) -> Result<(), Rejection> {
    room(&case, &lines)?;
    let here = here(facts);
    let texts = told(&case, &lines);
    let brought = numbers(lines.iter().map(|(place, _)| place + 1));
    let mut missing = Vec::new();
    case.materials.extend(lines.iter().flat_map(|(_, materials)| materials.iter().cloned()));
    let is_listed = case.correction.is_some();
    if let Some(correction) = &mut case.correction {
        for (line, materials) in lines {
            if let Some(asked) = correction.asked.get_mut(line) {
                // A better copy of what was brought before stands beside it.
                let earlier = asked.brought.take().map(|earlier| earlier.materials).unwrap_or_default();
                let materials = earlier.into_iter().chain(materials).collect();
                asked.brought = Some(Brought { on: at.date(), place, act, materials });
            }
        }
    }
    if case.correction.is_some() {
        missing = case.unbrought();
    }
    if let Some(correction) = &mut case.correction {
        correction.complete_on = missing.is_empty().then(|| at.date());
    }
    // Where no list says what is missing the authority's officers do: they accept, or return it.
    if is_listed && missing.is_empty() {
        case.status = Status::Supplemented;
        case.deemed_at = deemed_at(facts, &case);
    }
    let where_from = from.map(|from| format!("{}代收，", from.division)).unwrap_or_default();
    let rest = if !is_listed {
        "告知未列事项，是否齐全由经办机关认定".to_owned()
    } else if missing.is_empty() {
        "已补齐".to_owned()
    } else {
        format!("第 {} 项未补", numbers(missing))
    };
    let note = format!("{where_from}补正第 {brought} 项，{rest}");
    let act = case.act(ActKind::Supplement, actor, here, at, Some(note));
    let content_type = "application/tongban-supplement+cbor";
    change.documents.push(paper(facts, &case, &actor.operator, at, content_type, &texts, None));
    change.reply = Change::case(&case);
    record(change, here, &case, act);
    Ok(())
}

/// Takes over what the collecting hall took; the five days begin with its arrival here. Said again, it changes nothing.
pub(crate) fn take_supplement(
    facts: &dyn Facts,
    origin: Origin,
    supplement: &Supplement,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let told = &supplement.act;
    let case = facts.case(&told.case).ok_or_else(|| {
        Rejection::new(codes::CASE_UNKNOWN, "the supplement is for a case that is not known here", "补正所指办件不存在")
            .field("case", told.case)
    })?;
    let from = origin.place.node;
    if case.collecting.node != from || told.place.node != from || from == here(facts).node {
        return Err(Rejection::new(
            codes::NOT_OWNER,
            "the supplement does not come from the hall that collected the case",
            "补正并非来自收件大厅",
        )
        .field("case", case.id));
    }
    let asked = case.correction.iter().flat_map(|correction| &correction.asked);
    let mut brought = asked.filter_map(|asked| asked.brought.as_ref());
    let is_told = |act: &Act| act.kind == ActKind::Supplement && (act.place.node, act.number) == (from, told.number);
    if brought.any(|brought| (brought.place.node, brought.act) == (from, told.number))
        || facts.acts(&told.case).iter().any(is_told)
    {
        return Ok(Change::of(Vec::new(), Change::case(&case)));
    }
    told_act(facts, told)?;
    if told.tenure != case.tenure {
        return Err(Rejection::new(
            codes::STALE_TENURE,
            format!("the supplement is of tenure {}, the case is at {}", told.tenure, case.tenure),
            format!("补正为第 {} 任，办件已为第 {} 任", told.tenure, case.tenure),
        )
        .field("case", case.id));
    }
    case.may(facts, ActKind::Supplement)?;
    #[cfg(feature = "deliberate-bugs")]
    if is_in(Bug::SupplementForgotten) {
        return Ok(Change::of(Vec::new(), Change::case(&case)));
    }
    let brings = supplement
        .lines
        .iter()
        .map(|(line, materials)| Bringing { item: (usize::from(*line) + 1).to_string(), materials: materials.clone() });
    let lines = resolved(&case, &brings.collect::<Vec<_>>())?;
    let mut change = Change::of(vec![Event::Act(told.clone())], Reply::Known {});
    let act = (origin.place, told.number);
    received(facts, &Actor::system(), case, (lines, act, Some(origin.place)), at, &mut change)?;
    Ok(change)
}

/// Records at the collecting hall that the owner didn't take what was brought, and why.
pub(crate) fn supplement_refused(
    facts: &dyn Facts,
    case: &CaseId,
    act: u32,
    refusal: &(String, String),
    at: Timestamp,
) -> Result<Change, Rejection> {
    not_taken(facts, case, (act, ActKind::Supplement, ActKind::RefuseSupplement), refusal, at)
}
