//! The plan of an application: which items of which authorities, what each waits for, and what each asks for. It is data, by a file or a
//! request, and may name a life event (一件事) of the catalogue, whose order then holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::time::Timestamp;

use super::row::{ASKED_MAX, Bundle, PARTS_MAX, Part, invalid, name};
use crate::case::{ItemPin, offered_item};
use crate::catalogue::{LifeEvent, Mode, Necessity, ServiceItem, StandardBody, StandardKind, holding, short_code};
use crate::facts::Place;
use crate::{Facts, Rejection, codes};

/// The plan of an application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Code of a life event of the catalogue; its order holds, and its name where none is given.
    #[serde(default)]
    pub event: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub name: Option<String>,
    /// Its parts, 2 to 20.
    pub parts: Vec<PlannedPart>,
    /// Whether every part is handled in the mode 多地联办, which each item must publish; else each goes by what its item publishes.
    #[serde(default)]
    pub jointly: bool,
}

/// A part of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedPart {
    /// What the plan calls it, unique there.
    pub part: String,
    /// Item code, or its first part.
    pub item: String,
    /// Division of the authority in charge.
    pub division: DivisionCode,
    /// The parts that must be granted before.
    #[serde(default)]
    pub after: Vec<String>,
    /// Fields of its form.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Materials that it asks for; those of its guide, where that is here and none are named.
    #[serde(default)]
    pub materials: Option<Vec<String>>,
    /// What an earlier part comes to, so that nobody is asked for it: name of the field or material, part.
    #[serde(default)]
    pub results: BTreeMap<String, String>,
    /// The on-site check or publicity that it shares with parts that name the same.
    #[serde(default)]
    pub joint: Option<String>,
}

/// A plan that holds: what it is for, its life event, and its parts, each after what it waits for.
pub(super) struct Checked {
    pub(super) event: String,
    pub(super) bundle: Option<Bundle>,
    pub(super) parts: Vec<Part>,
}

fn not_joint(part: &Part, item: &ServiceItem) -> Rejection {
    let (place, zh) = (part.deciding.division, Mode::Joint.zh());
    Rejection::new(
        codes::SCOPE_MISSING,
        format!("“{}”: the item of {place} is not published for the mode {}", part.part, Mode::Joint.name()),
        format!("“{}”：{place} 的该事项未公布“{zh}”模式", part.part),
    )
    .field("item", &item.code)
    .remedy(
        "the authority in charge publishes modes and covered divisions; collect this part by itself: tongban case collect",
        "由主管机关发布通办范围和模式；或单独收件：tongban case collect",
    )
}

fn event_of(facts: &dyn Facts, code: &str, at: Timestamp) -> Result<(Bundle, LifeEvent), Rejection> {
    let here = facts.node().division;
    let known = holding(facts, StandardKind::LifeEvent, code, here, at.date()).into_iter().next_back();
    match known.map(|standard| (standard.version, standard.division, standard.body)) {
        Some((version, division, StandardBody::LifeEvent(event))) => {
            Ok((Bundle { code: code.to_owned(), version, division }, event))
        }
        _ => {
            Err(Rejection::new(codes::STANDARD_UNKNOWN, "no life event of this code holds here", "没有该编码的一件事")
                .field("event", code)
                .remedy("list them: tongban item life-event list", "查看：tongban item life-event list"))
        }
    }
}

/// Whether a life event means an item by a code.
fn is_meant(code: &str, item: &ServiceItem) -> bool {
    item.code == code || item.short_code() == short_code(code) || item.core.base_code.as_deref() == Some(code)
}

/// Checks a plan on the facts: every part could be collected here and now, and none waits for itself.
pub(super) fn check(facts: &dyn Facts, plan: &Plan, at: Timestamp) -> Result<Checked, Rejection> {
    let event = plan.event.as_deref().map(|code| event_of(facts, code, at)).transpose()?;
    let named = plan.name.as_deref().or(event.as_ref().map(|(_, event)| event.name.as_str()));
    let title = name("name", named.unwrap_or_default())?;
    if !(2..=PARTS_MAX).contains(&plan.parts.len()) {
        return Err(invalid("parts", &plan.parts.len().to_string(), "2 to 20 parts", "一件事由 2 至 20 个事项组成")
            .remedy("a single item is collected by: tongban case collect", "单个事项请用：tongban case collect"));
    }
    let mut found: Vec<(Part, ServiceItem)> = Vec::new();
    for planned in &plan.parts {
        let (part, item) = part(facts, planned, at)?;
        // Its own hall collects for its authority in this mode, too, only where that has published it.
        if plan.jointly && !item.modes.contains(&Mode::Joint) {
            return Err(not_joint(&part, &item));
        }
        found.push((part, item));
    }
    let mut names = BTreeSet::new();
    let mut items = BTreeSet::new();
    for (part, item) in &found {
        if !names.insert(part.part.clone()) || !items.insert((part.deciding, item.code.clone())) {
            return Err(invalid("parts", &part.part, "each part, and each item of an authority, once", "事项不得重复")
                .remedy("give each part a name of its own", "每个事项名称唯一"));
        }
    }
    if let Some((_, event)) = &event {
        of_event(event, &mut found)?;
    }
    for (part, _) in &found {
        let unknown = |other: &&String| !names.contains(*other) || **other == part.part;
        if let Some(other) = part.after.iter().find(unknown) {
            return Err(invalid("after", other, "it is none of the other parts", "不在其他事项之列")
                .remedy("name a part of the plan", "填写方案中的事项"));
        }
    }
    let parts = ordered(found.into_iter().map(|(part, _)| part).collect())?;
    Ok(Checked { event: title, bundle: event.map(|(bundle, _)| bundle), parts })
}

/// Holds the parts to the life event: none that it doesn't have, and its order.
fn of_event(event: &LifeEvent, found: &mut [(Part, ServiceItem)]) -> Result<(), Rejection> {
    for (_, item) in found.iter() {
        if !event.items.iter().any(|code| is_meant(code, item)) {
            return Err(invalid("item", &item.code, "the life event has no such item", "该一件事不含此事项")
                .remedy("see it: tongban item life-event show", "查看：tongban item life-event show"));
        }
    }
    for (later, earlier) in &event.after {
        let before = found.iter().filter(|(_, item)| is_meant(earlier, item));
        let before: Vec<String> = before.map(|(part, _)| part.part.clone()).collect();
        for (part, _) in found.iter_mut().filter(|(_, item)| is_meant(later, item)) {
            let new = before.iter().filter(|earlier| !part.after.contains(earlier)).cloned().collect::<Vec<_>>();
            part.after.extend(new);
        }
    }
    Ok(())
}

fn each(field: &'static str, texts: &[String]) -> Result<Vec<String>, Rejection> {
    if texts.len() > ASKED_MAX {
        return Err(invalid(field, &texts.len().to_string(), "at most 200 of them", "不超过 200 项"));
    }
    let mut names: Vec<String> = Vec::new();
    for text in texts {
        let text = name(field, text)?;
        if !names.contains(&text) {
            names.push(text);
        }
    }
    Ok(names)
}

fn part(facts: &dyn Facts, planned: &PlannedPart, at: Timestamp) -> Result<(Part, ServiceItem), Rejection> {
    let part = name("part", &planned.part)?;
    let (item, decider) = offered_item(facts, planned.division, &planned.item, at)?;
    let guide = item.guide.and_then(|digest| facts.guide(&digest));
    let materials = match (&planned.materials, guide) {
        (Some(materials), _) => each("materials", materials)?,
        (None, Some(guide)) => {
            let asked = guide.materials.iter();
            let asked = asked.filter(|material| material.necessity != Some(Necessity::Conditional));
            each("materials", &asked.map(|material| material.name.clone()).collect::<Vec<_>>())?
        }
        (None, None) => Vec::new(),
    };
    let fields = each("fields", &planned.fields)?;
    let mut after = each("after", &planned.after)?;
    let mut results: Vec<(String, String)> = Vec::new();
    for (of, earlier) in &planned.results {
        let (of, earlier) = (name("results", of)?, name("results", earlier)?);
        if !fields.contains(&of) && !materials.contains(&of) {
            return Err(invalid("results", &of, "the part asks for nothing of this name", "该事项没有此项填报内容")
                .remedy("name a field or a material of the part", "填写该事项的表单项或材料"));
        }
        if results.iter().any(|(known, _)| *known == of) {
            return Err(invalid("results", &of, "it comes of one part", "同一内容只能来自一个事项")
                .remedy("name it once", "只列一次"));
        }
        if !after.contains(&earlier) {
            after.push(earlier.clone());
        }
        results.push((of, earlier));
    }
    let joint = planned.joint.as_deref().map(|joint| name("joint", joint)).transpose()?;
    let deciding = Place { node: decider, division: planned.division };
    let part = Part {
        part,
        item: ItemPin::of(&item),
        deciding,
        after,
        fields,
        materials,
        results,
        joint,
        case: None,
        dropped: None,
        earlier: Vec::new(),
        untold: Vec::new(),
    };
    Ok((part, item))
}

/// The parts in an order in which each comes after what it waits for; as they stand where nothing says otherwise.
fn ordered(mut left: Vec<Part>) -> Result<Vec<Part>, Rejection> {
    let mut order: Vec<Part> = Vec::new();
    while !left.is_empty() {
        let is_free = |part: &Part| part.after.iter().all(|earlier| order.iter().any(|done| done.part == *earlier));
        let Some(free) = left.iter().position(is_free) else {
            return Err(invalid("after", &left[0].part, "the parts wait for each other", "事项互相等待")
                .remedy("take one of the dependencies away", "去掉其中一项先后关系"));
        };
        order.push(left.remove(free));
    }
    Ok(order)
}
