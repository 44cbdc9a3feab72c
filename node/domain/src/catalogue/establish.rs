//! Setting and withdrawing standards, and which of them hold where and when.
//!
//! A standard holds in the division that keeps it and in those below. What another node says of a division that isn't above is kept
//! like any news, and binds nobody here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::Digest;
use tongban_codes::item_code::BasicCode;
use tongban_codes::time::Date;

use super::code_list::CodeList;
use super::publish::Refused;
use super::standard::{Ceiling, Entry, LifeEvent, Policy, Standard, StandardBody, StandardKind, Topic};
use super::versions::{Versioned, count, until};
use super::{DAYS_MAX, ItemState, ceiling, line, quality, size};
use crate::naming::NAME_CHARS_MAX as DEPARTMENT_CHARS_MAX;
use crate::supervision;
use crate::{Actor, Event, Facts, Rejection, codes};

/// The code of the one policy that a division has.
pub const POLICY_CODE: &str = "catalogue";
/// The code of the policy that has the thresholds of supervision.
pub const SUPERVISION_CODE: &str = "supervision";

/// The longest name in a standard, in characters.
const NAME_CHARS_MAX: usize = 200;
/// The longest text in a standard, in characters.
const TEXT_CHARS_MAX: usize = 1000;
/// The longest code of a standard, in bytes.
const CODE_BYTES_MAX: usize = 128;
/// The most items of a life event, and the most names in a floor.
const PARTS_MAX: usize = 64;

/// A standard as an operator gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandardDraft {
    /// Its code; of a ceiling, a policy and an entry it follows from what they say when absent.
    #[serde(default)]
    pub code: Option<String>,
    /// What it says.
    pub body: StandardBody,
    /// First day in force; at once when absent.
    #[serde(default)]
    pub effective: Option<Date>,
    /// The department of the line that sets it.
    #[serde(default)]
    pub department: Option<String>,
}

/// What a setting of several standards did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StandardsReport {
    /// Codes that are now set.
    pub set: Vec<String>,
    /// How many said the same before.
    pub unchanged: u32,
    /// Why the others are not set, by code.
    pub refused: Vec<Refused>,
}

/// Sets standards of this node; a single one that is refused is the refusal.
pub(crate) fn establish(
    facts: &dyn Facts,
    actor: &Actor,
    drafts: &[StandardDraft],
    day: Date,
) -> Result<(StandardsReport, Vec<Event>), Rejection> {
    let mut report = StandardsReport::default();
    let mut events = Vec::new();
    let mut seen = BTreeSet::new();
    for draft in drafts {
        let code = code_of(draft);
        let set = if seen.insert((draft.body.kind(), code.clone())) {
            let known = own(facts, draft.body.kind(), &code);
            let from = draft.effective.unwrap_or(day).max(day);
            line::sets(facts, actor, &draft.body, draft.department.as_deref(), known.as_ref(), from)
                .and_then(|department| next(facts, &StandardDraft { department, ..draft.clone() }, code.clone(), day))
        } else {
            Err(invalid("code", &code, "an earlier one has the same code", "前面已有同一编码"))
        };
        match set {
            Ok(Some(standard)) => {
                report.set.push(code);
                events.push(Event::Standard(Box::new(standard)));
            }
            Ok(None) => report.unchanged += 1,
            Err(rejection) if drafts.len() == 1 => return Err(rejection),
            Err(rejection) => report.refused.push(Refused { item: code, rejection }),
        }
    }
    Ok((report, events))
}

/// Withdraws a standard of this node from a day on.
pub(crate) fn withdraw_standard(
    facts: &dyn Facts,
    actor: &Actor,
    kind: StandardKind,
    code: &str,
    from: Option<Date>,
    day: Date,
) -> Result<Event, Rejection> {
    if kind == StandardKind::Division {
        return Err(by_order(code));
    }
    let own = own(facts, kind, code).filter(|standard| standard.state == ItemState::Published);
    let Some(known) = own else { return Err(unknown(kind, code)) };
    let from = from.filter(|from| *from > day);
    line::sets(facts, actor, &known.body, None, Some(&known), from.unwrap_or(day))?;
    let in_force = from.and_then(|from| until(&known, day, from)).map(Box::new);
    Ok(Event::Standard(Box::new(Standard {
        version: known.version + 1,
        state: ItemState::Withdrawn,
        effective: from,
        in_force,
        ..known
    })))
}

/// The refusal of a standard that this node doesn't keep.
pub(super) fn unknown(kind: StandardKind, code: &str) -> Rejection {
    Rejection::new(
        codes::STANDARD_UNKNOWN,
        format!("this node keeps no {} of this code", kind.name()),
        format!("本节点没有该编码的{}", kind.zh()),
    )
    .field("code", code)
    .remedy("list them; what a superior set only the superior withdraws", "先列出查看；上级设定的只能由上级撤销")
}

/// The cross-walk of divisions changes by an order alone, for items have moved with it.
pub(super) fn by_order(code: &str) -> Rejection {
    let (en, zh) = (
        "codes of divisions change by an order alone, and what has moved with them stays",
        "区划代码依文件变更，已换码的不撤回",
    );
    Rejection::new(codes::INVALID_FIELD, en, zh)
        .field("kind", code)
        .remedy("tongban division change", "tongban division change")
}

fn own(facts: &dyn Facts, kind: StandardKind, code: &str) -> Option<Standard> {
    let here = facts.node();
    facts.standards(kind, code).into_iter().find(|standard| standard.division == here.division)
}

impl Versioned for Standard {
    fn first_day(&self) -> Option<Date> {
        self.effective
    }

    fn before(&self) -> Option<&Self> {
        self.in_force.as_deref()
    }

    /// What is withdrawn from a later day on waits for it like any version.
    fn goes_on(&self, day: Date) -> bool {
        self.state == ItemState::Published || self.effective.is_some_and(|begins| begins > day)
    }

    fn behind(&self, before: Option<Self>) -> Self {
        Standard { in_force: before.map(Box::new), ..self.clone() }
    }
}

/// The version that a draft makes; none when nothing changes.
fn next(facts: &dyn Facts, draft: &StandardDraft, code: String, day: Date) -> Result<Option<Standard>, Rejection> {
    if let Some(department) = &draft.department {
        text("department", department, DEPARTMENT_CHARS_MAX)?;
    }
    let body = stored(&draft.body);
    match &body {
        StandardBody::Ceiling(body) => check_ceiling(facts, body, draft.effective.unwrap_or(day).max(day))?,
        StandardBody::Topic(body) => check_topic(facts, &code, body)?,
        StandardBody::LifeEvent(body) => check_life_event(facts, body)?,
        StandardBody::Entry(body) => check_entry(body)?,
        StandardBody::Policy(body) => check_policy(&code, body)?,
        StandardBody::Division(_) => return Err(by_order(&code)),
    }
    if code.is_empty() || code.len() > CODE_BYTES_MAX || code.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(invalid(
            "code",
            &code,
            "a code has 1 to 128 bytes without blanks",
            "编码为 1 至 128 字节，不含空格",
        ));
    }
    let kind = body.kind();
    let known = own(facts, kind, &code);
    let same = |known: &Standard| {
        known.state == ItemState::Published
            && known.body == body
            && known.effective == draft.effective
            && known.department == draft.department
    };
    if known.as_ref().is_some_and(same) {
        return Ok(None);
    }
    let later = draft.effective.filter(|from| *from > day);
    let before = match (&known, later) {
        (Some(known), Some(from)) => until(known, day, from),
        _ => None,
    };
    size::queue(&code, before.as_ref().map_or(0, count), later)?;
    let here = facts.node();
    let next = Standard {
        code,
        body,
        division: here.division,
        node: here.node,
        version: known.as_ref().map_or(0, |known| known.version) + 1,
        state: ItemState::Published,
        effective: draft.effective,
        department: draft.department.clone(),
        in_force: before.map(Box::new),
    };
    size::fits("body", &next.code, &next)?;
    Ok(Some(next))
}

/// What a draft says as it is kept: names without blanks around them, and nothing twice where that means the same.
fn stored(body: &StandardBody) -> StandardBody {
    let mut body = body.clone();
    let trim = |names: &mut Vec<String>| names.iter_mut().for_each(|name| *name = name.trim().to_owned());
    match &mut body {
        StandardBody::Ceiling(ceiling) => {
            trim(&mut ceiling.materials_floor);
            trim(&mut ceiling.fees_floor);
            ceiling.line = ceiling.line.as_deref().map(|line| line.trim().to_owned());
        }
        StandardBody::LifeEvent(event) => {
            let mut seen = BTreeSet::new();
            event.after.retain(|pair| seen.insert(pair.clone()));
        }
        StandardBody::Policy(policy) => {
            let mut seen = BTreeSet::new();
            policy.rules_required.retain(|rule| seen.insert(rule.clone()));
        }
        StandardBody::Topic(_) | StandardBody::Entry(_) | StandardBody::Division(_) => {}
    }
    body
}

/// The code of a draft: the one given, or what follows from the body.
fn code_of(draft: &StandardDraft) -> String {
    let given = draft.code.as_deref().map(str::trim).filter(|code| !code.is_empty());
    match &draft.body {
        StandardBody::Ceiling(body) => {
            let of = body.base_code.as_deref().or(body.line.as_deref());
            of.map(str::trim).unwrap_or_default().to_owned()
        }
        StandardBody::Policy(body) if given == Some(SUPERVISION_CODE) || !body.supervision.is_empty() => {
            SUPERVISION_CODE.to_owned()
        }
        StandardBody::Policy(_) => POLICY_CODE.to_owned(),
        StandardBody::Entry(body) => {
            let list = body.list.name();
            let own = given.map(|code| code.strip_prefix(&format!("{list}/")).unwrap_or(code).to_owned());
            let own = own.or_else(|| body.base_code.clone()).unwrap_or_else(|| {
                let digest = Digest::of(body.name.trim().as_bytes()).to_string();
                digest.chars().take(12).collect()
            });
            format!("{list}/{own}")
        }
        StandardBody::Topic(_) | StandardBody::LifeEvent(_) => given.unwrap_or_default().to_owned(),
        StandardBody::Division(body) => body.old.to_string(),
    }
}

fn invalid(field: &'static str, value: &str, en: &str, zh: &str) -> Rejection {
    Rejection::new(codes::INVALID_FIELD, en, zh).field(field, value).remedy("correct the value", "请更正该值")
}

fn text(field: &'static str, text: &str, chars_max: usize) -> Result<(), Rejection> {
    let chars = text.trim().chars().count();
    if chars == 0 || chars > chars_max || text.chars().any(char::is_control) {
        let en = format!("it has 1 to {chars_max} characters and no line breaks");
        let zh = format!("应为 1 至 {chars_max} 个字，不含换行");
        return Err(invalid(field, text, &en, &zh));
    }
    Ok(())
}

fn base_code(field: &'static str, code: &str) -> Result<(), Rejection> {
    code.parse::<BasicCode>().map(|_| ()).map_err(|error| invalid(field, code, &error.to_string(), &error.zh()))
}

fn names(field: &'static str, names: &[String]) -> Result<(), Rejection> {
    for name in names {
        text(field, name, NAME_CHARS_MAX)?;
    }
    let distinct: BTreeSet<&str> = names.iter().map(|name| name.trim()).collect();
    if distinct.len() < names.len() || names.len() > PARTS_MAX {
        let value = names.join("、");
        return Err(invalid(field, &value, "each at most once, and at most 64", "不得重复，且不超过 64 个"));
    }
    Ok(())
}

fn check_ceiling(facts: &dyn Facts, body: &Ceiling, from: Date) -> Result<(), Rejection> {
    match (&body.base_code, &body.line) {
        (Some(code), None) => {
            base_code("base_code", code)?;
            if facts.base_item(code).is_none() {
                return Err(Rejection::new(
                    codes::ITEM_UNKNOWN,
                    "no base item of this code is known here",
                    "没有该基本编码的事项",
                )
                .field("base_code", code)
                .remedy("look it up: tongban item list --stage base", "查询：tongban item list --stage base"));
            }
        }
        (None, Some(line)) => text("line", line, DEPARTMENT_CHARS_MAX)?,
        _ => {
            return Err(invalid(
                "base_code",
                "",
                "name a base item or a line, not both",
                "须指明基本编码或条线部门之一",
            ));
        }
    }
    let empty = Ceiling { base_code: None, line: None, deadline: None, ..body.clone() } == Ceiling::default();
    if empty {
        return Err(invalid("ceiling", "", "it limits nothing", "没有任何限额"));
    }
    if let Some(days) = body.promised_days.filter(|days| !(1..=DAYS_MAX).contains(days)) {
        let (en, zh) = ("a term has 1 to 3650 working days", "时限为 1 至 3650 个工作日");
        return Err(invalid("promised_days", &days.to_string(), en, zh));
    }
    names("materials_floor", &body.materials_floor)?;
    names("fees_floor", &body.fees_floor)?;
    if let Some(deadline) = body.deadline.filter(|deadline| *deadline < from) {
        let (en, zh) = ("the deadline lies before the ceiling begins", "整改期限早于生效日期");
        return Err(invalid("deadline", &deadline.to_string(), en, zh));
    }
    above_floor(facts, body, from)
}

/// A ceiling below the floor could be obeyed by nobody (standards §0.10).
fn above_floor(facts: &dyn Facts, body: &Ceiling, from: Date) -> Result<(), Rejection> {
    let mut floor_materials: BTreeSet<String> = body.materials_floor.iter().cloned().collect();
    let mut floor_fees: BTreeSet<String> = body.fees_floor.iter().cloned().collect();
    let here = facts.node().division;
    for bound in ceiling::of(facts, body.base_code.as_deref(), body.line.as_deref(), here, from) {
        if bound.division == here {
            continue;
        }
        match bound.field {
            ceiling::CeilingField::MaterialsFloor => floor_materials.extend(bound.names),
            ceiling::CeilingField::FeesFloor => floor_fees.extend(bound.names),
            _ => {}
        }
    }
    let below = |field: &'static str, value: u64, en: String, zh: String| {
        Err(Rejection::new(codes::CEILING_BELOW_FLOOR, en, zh)
            .field(field, value)
            .remedy("raise the ceiling; what a law asks for isn't dropped", "提高限额；法定要求不得取消"))
    };
    if let Some(materials) = body.materials
        && usize::from(materials) < floor_materials.len()
    {
        let (floor, list) = (floor_materials.len(), join(&floor_materials));
        return below(
            "materials",
            u64::from(materials),
            format!("{floor} materials are asked for by law: {list}"),
            format!("法定材料有 {floor} 项：{list}"),
        );
    }
    if body.fee_fen == Some(0) && !floor_fees.is_empty() {
        let list = join(&floor_fees);
        return below("fee_fen", 0, format!("fees are set by law: {list}"), format!("有法定收费：{list}"));
    }
    Ok(())
}

fn join(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join("、")
}

fn check_topic(facts: &dyn Facts, code: &str, body: &Topic) -> Result<(), Rejection> {
    text("name", &body.name, NAME_CHARS_MAX)?;
    let here = facts.node().division;
    let mut above = body.above.clone();
    // No tree of topics is deeper than the number of topics that it may have.
    for _ in 0..PARTS_MAX {
        let Some(next) = above.take() else { return Ok(()) };
        if next == code {
            return Err(invalid("above", &next, "a topic stands above itself", "主题的上级是它自己"));
        }
        let known = facts.standards(StandardKind::Topic, &next);
        let known = known.iter().rev().find(|standard| binds(standard, here) && standard.state == ItemState::Published);
        match known.map(|standard| &standard.body) {
            Some(StandardBody::Topic(topic)) => above.clone_from(&topic.above),
            _ => return Err(invalid("above", &next, "no topic of this code is known here", "没有该编码的主题")),
        }
    }
    Err(invalid("above", code, "topics stand above each other in a circle", "主题的上下级成环"))
}

fn check_life_event(facts: &dyn Facts, body: &LifeEvent) -> Result<(), Rejection> {
    text("name", &body.name, NAME_CHARS_MAX)?;
    names("items", &body.items)?;
    if body.items.is_empty() {
        return Err(invalid("items", "", "it bundles no items", "没有事项"));
    }
    for code in &body.items {
        if facts.base_item(code).is_none() && facts.items_named(code).is_empty() {
            return Err(super::publish::unknown(code).field("items", code));
        }
    }
    if let Some(guidance) = &body.guidance {
        text("guidance", guidance, TEXT_CHARS_MAX)?;
    }
    ordered(body).map(|_| ())
}

/// The items of a life event in an order in which each comes after what it waits for; as they stand where nothing says otherwise.
///
/// # Errors
///
/// When a pair names an item that isn't among them, or they wait for each other.
pub fn ordered(body: &LifeEvent) -> Result<Vec<(String, Vec<String>)>, Rejection> {
    let mut waits: BTreeMap<&str, Vec<String>> = body.items.iter().map(|code| (code.as_str(), Vec::new())).collect();
    for (later, earlier) in &body.after {
        for code in [later, earlier] {
            if !waits.contains_key(code.as_str()) {
                return Err(invalid("after", code, "it is none of the items", "不在事项之列"));
            }
        }
        if let Some(waits) = waits.get_mut(later.as_str())
            && !waits.contains(earlier)
        {
            waits.push(earlier.clone());
        }
    }
    let mut order: Vec<(String, Vec<String>)> = Vec::new();
    let mut left: Vec<&String> = body.items.iter().collect();
    while !left.is_empty() {
        let free = left
            .iter()
            .position(|code| waits[code.as_str()].iter().all(|earlier| order.iter().any(|(done, _)| done == earlier)));
        let Some(free) = free else {
            return Err(invalid("after", left[0], "the items wait for each other", "事项互相等待"));
        };
        let code = left.remove(free);
        order.push((code.clone(), waits.remove(code.as_str()).unwrap_or_default()));
    }
    Ok(order)
}

fn check_entry(body: &Entry) -> Result<(), Rejection> {
    text("name", &body.name, NAME_CHARS_MAX)?;
    if let Some(code) = &body.base_code {
        base_code("base_code", code)?;
    }
    for (field, value) in [("department", &body.department), ("basis", &body.basis), ("note", &body.note)] {
        if let Some(value) = value {
            text(field, value, TEXT_CHARS_MAX)?;
        }
    }
    Ok(())
}

/// Sets the thresholds of supervision; none when they are as before.
pub(crate) fn set_supervision(facts: &dyn Facts, draft: &StandardDraft, day: Date) -> Result<Option<Event>, Rejection> {
    let set = next(facts, draft, code_of(draft), day)?;
    Ok(set.map(|standard| Event::Standard(Box::new(standard))))
}

fn check_policy(code: &str, body: &Policy) -> Result<(), Rejection> {
    if code == SUPERVISION_CODE {
        let alone = Policy { supervision: body.supervision.clone(), ..Policy::default() };
        if *body != alone {
            let (en, zh) = ("thresholds of supervision stand alone", "监察规则须单独设定");
            return Err(invalid("supervision", code, en, zh));
        }
        return supervision::check(&body.supervision);
    }
    if let Some(score) = body.quality_min.filter(|score| *score > 100) {
        return Err(invalid("quality_min", &score.to_string(), "a score is 0 to 100", "分值为 0 至 100"));
    }
    if let Some(days) = body.claim_days.filter(|days| !(1..=365).contains(days)) {
        return Err(invalid("claim_days", &days.to_string(), "it is 1 to 365 days", "应为 1 至 365 天"));
    }
    for id in &body.rules_required {
        if quality::rule(id).is_none() {
            return Err(invalid("rules_required", id, "there is no such rule", "没有该规则"));
        }
    }
    Ok(())
}

/// Tells whether a standard binds a division: it is kept there or above.
fn binds(standard: &Standard, division: DivisionCode) -> bool {
    standard.division == division || division.is_within(standard.division)
}

/// The standards of a kind and code that hold in a division on a day, the highest division first.
#[must_use]
pub fn holding(facts: &dyn Facts, kind: StandardKind, code: &str, division: DivisionCode, day: Date) -> Vec<Standard> {
    let known = facts.standards(kind, code);
    let holding = known.iter().filter(|standard| binds(standard, division));
    holding.filter_map(|standard| standard.holding(day)).map(|standard| standard.behind(None)).collect()
}

/// What publication requires in a division on a day: of several policies the strictest.
#[must_use]
pub fn policy(facts: &dyn Facts, division: DivisionCode, day: Date) -> Policy {
    let mut whole = Policy::default();
    for standard in holding(facts, StandardKind::Policy, POLICY_CODE, division, day) {
        let StandardBody::Policy(policy) = standard.body else { continue };
        whole.review |= policy.review;
        whole.quality_min = whole.quality_min.max(policy.quality_min);
        whole.rules_required.extend(policy.rules_required);
        whole.claim_days = match (whole.claim_days, policy.claim_days) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
    whole.rules_required.sort();
    whole.rules_required.dedup();
    whole
}
