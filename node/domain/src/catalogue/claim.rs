//! Claim (认领): an inferior takes over a base item and completes it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tongban_codes::credit_code::CreditCode;
use tongban_codes::division::{DivisionCode, Level};
use tongban_codes::time::{Date, Timestamp};

use super::claimed::no_longer_declined;
use super::difference::{CoreField, Difference, stated};
use super::life::Acting;
use super::publish::{same_binding, unknown, within_statutory};
use super::{
    BaseItem, Crosswalk, DAYS_MAX, Editing, ItemState, Mode, Origin, PERMIT_DAYS, ServiceItem, TYPE_PERMIT, Term, Tier,
    Unit, authority_id, ceiling, size,
};
use crate::authority::DatedCode;
use crate::{Authority, Event, Facts, Rejection, codes};

/// What an inferior adds when it claims a base item (认领).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimTerms {
    /// The authority in charge, by name; may be left out where the node has one.
    pub department: Option<String>,
    /// Its credit code, when the authority is new.
    pub department_code: Option<String>,
    /// Statutory working days.
    pub statutory_days: Option<u16>,
    /// Promised working days.
    pub promised_days: Option<u16>,
    /// Published modes.
    pub modes: Vec<Mode>,
    /// Divisions whose windows may collect.
    pub covered: Vec<DivisionCode>,
    /// First day in force.
    pub effective: Option<Date>,
    /// A local code to keep beside the national one; when given it is the item's code.
    pub local_code: Option<String>,
    /// For a handled item (办理项): its number below the sub-item, 1 to 99.
    pub handled: Option<u8>,
    /// A name of its own: of a handled item, or where the name lawfully differs.
    pub name: Option<String>,
    /// A legal basis of its own, where that lawfully differs.
    pub legal_basis: Option<String>,
    /// The base code of the national catalogue (`PP=00`) that it is the same as.
    pub national_base: Option<String>,
    /// What of the core lawfully differs, and why.
    pub difference: Option<Difference>,
}

/// Claims a base item: makes the draft of an implementation item with the superior's core.
pub(crate) fn claim(
    facts: &dyn Facts,
    base_code: &str,
    terms: &ClaimTerms,
    acting: Acting<'_>,
) -> Result<Vec<Event>, Rejection> {
    let (node, at) = (facts.node(), acting.at);
    let from = terms.effective.map_or(at.date(), |begins| begins.max(at.date()));
    let base = facts
        .base_item(base_code)
        .and_then(|base| base.binding(from).cloned())
        .ok_or_else(|| unknown(base_code).field("base_code", base_code))?;
    if let Some(difference) = &terms.difference {
        stated(difference)?;
    }
    let mut events = Vec::new();
    known_divisions(facts, &terms.covered)?;
    let mut authority = claiming_authority(facts, terms, at, &mut events)?;
    let credit = match &terms.department_code {
        Some(text) => credit(text)?,
        None => authority.code(at.date()).copied().ok_or_else(|| {
            Rejection::new(
                codes::AUTHORITY_UNMAPPED,
                "the authority has no credit code",
                "实施主体没有统一社会信用代码",
            )
            .field("department", &authority.name)
            .remedy("give --department-code", "请提供 --department-code")
        })?,
    };
    if !authority.codes.iter().any(|dated| dated.code == credit) {
        authority.codes.push(DatedCode { code: credit, from: at.date() });
        events = vec![Event::Authority(authority.clone())];
    }
    let statutory = term("statutory_days", terms.statutory_days)?
        .or(base.statutory_days.map(working_days))
        .or_else(|| (base.core.item_type == TYPE_PERMIT).then(|| working_days(PERMIT_DAYS)));
    // Without a promise of its own the claimer promises the ceiling, or its own statutory time where that is shorter.
    let ceiling = ceiling::promised_days(facts, &base, from);
    let proposed = ceiling.map(|days| statutory.map_or(days, |longest| days.min(longest.days)));
    let promised = term("promised_days", terms.promised_days)?.or(proposed.map(working_days));
    within_statutory(promised, statutory, &base)?;
    promisable(promised, base.promised_days)?;
    let code = match &terms.local_code {
        Some(code) => local_code(code)?,
        None => {
            let number = terms.handled.map(|number| format!("{number:02}")).unwrap_or_default();
            format!("{credit}{}{base_code}{number}", level_digit(node.division.level()))
        }
    };
    let tier = handled(terms, &base)?;
    under_review(facts, &code)?;
    one_base(facts, &code, base_code)?;
    let mut core = base.core.clone();
    if let Some(name) = &terms.name {
        core.name.clone_from(name);
    }
    if let Some(basis) = &terms.legal_basis {
        let lawful = terms.difference.as_ref().is_some_and(|why| why.fields.contains(&CoreField::LegalBasis));
        if (*basis != core.legal_basis && !lawful) || basis.chars().count() > 1000 {
            return Err(Rejection::new(
                codes::INVALID_FIELD,
                "the legal basis is the superior's, unless it is said why it lawfully differs",
                "设定依据须与上级一致；依法不同的须注明理由",
            )
            .field("legal_basis", basis)
            .remedy(
                "give --differs legal_basis --reason R --document D",
                "请提供 --differs legal_basis --reason 理由 --document 文件",
            ));
        }
        core.legal_basis.clone_from(basis);
    }
    let known = facts.item(&code);
    let mut codes = known.as_ref().map(|known| known.codes.clone()).unwrap_or_default();
    codes.national_base = terms.national_base.clone().or(codes.national_base);
    let main_item = known.as_ref().map(|known| known.main_item.clone());
    // What begins later: no implementation begins before its base item does.
    let effective = terms.effective.max(base.effective);
    // A last day that was set, and a successor, hold for a version that begins before; after it the item is offered anew.
    let ends = known.as_ref().filter(|known| {
        let in_force = matches!(known.state, ItemState::Published | ItemState::Suspended);
        in_force && known.cancel.is_some_and(|last| last >= effective.map_or(from, |begins| begins.max(from)))
    });
    let cancel = ends.and_then(|known| known.cancel).into_iter().chain(base.cancel).min();
    let successor = ends.and_then(|known| known.successor.clone());
    let item = ServiceItem {
        code,
        main_item: main_item.unwrap_or_else(|| base.core.name.clone()),
        core,
        authority: authority.id,
        department: authority.name.clone(),
        department_code: credit.to_string(),
        division: node.division,
        statutory,
        promised,
        modes: terms.modes.clone(),
        covered: distinct(&terms.covered),
        effective,
        version: known.as_ref().map_or(0, |known| known.version),
        state: ItemState::Draft,
        findings: Vec::new(),
        guide: known.as_ref().and_then(|known| known.guide).or(base.guide),
        codes,
        tier,
        origin: Some(Origin::Claimed),
        agreements: known.as_ref().map(|known| known.agreements.clone()).unwrap_or_default(),
        counts_under: known.as_ref().and_then(|known| known.counts_under.clone()),
        external: known.and_then(|known| known.external),
        cancel,
        difference: terms.difference.clone(),
        base_version: Some(base.version),
        successor,
        editing: Editing { editor: Some(acting.actor.operator.clone()), at: Some(at), ..Editing::default() },
    };
    same_binding(facts, &item)?;
    size::fits("item", &item.code, &item)?;
    events.push(Event::Item(item));
    events.extend(no_longer_declined(facts, base_code, acting));
    Ok(events)
}

/// A handled item stands below a sub-item, and it alone has a name of its own (standards §0.15).
fn handled(terms: &ClaimTerms, base: &BaseItem) -> Result<Option<Tier>, Rejection> {
    let refuse = |field, value: &str, en: &str, zh: &str| {
        Err(Rejection::new(codes::INVALID_FIELD, en, zh)
            .field(field, value)
            .remedy("give --handled N and --name NAME for a handled item", "办理项请提供 --handled 序号和 --name 名称"))
    };
    let lawful = terms.difference.as_ref().is_some_and(|why| why.fields.contains(&CoreField::Name));
    match (terms.handled, &terms.name) {
        (Some(number), _) if !(1..=99).contains(&number) => {
            refuse("handled", &number.to_string(), "a handled item has a number from 1 to 99", "办理项序号为 1 至 99")
        }
        (None, Some(name)) if *name != base.core.name && !lawful => {
            refuse("name", name, "only a handled item has a name of its own", "只有办理项可以另有名称")
        }
        (_, Some(name)) if name.trim().is_empty() || name.chars().count() > 1000 => {
            refuse("name", name, "a name has 1 to 1,000 characters", "名称为 1 至 1000 个字")
        }
        (Some(_), _) => Ok(Some(Tier::Handled)),
        (None, _) => Ok(base.tier),
    }
}

/// Refuses a promise that is longer than the superior's; other ceilings may change until the item is published, and judge it then.
fn promisable(promised: Option<Term>, ceiling: Option<u16>) -> Result<(), Rejection> {
    match (promised, ceiling) {
        (Some(promised), Some(limit)) if promised.working_days() > limit => Err(Rejection::new(
            codes::CEILING_EXCEEDED,
            format!("the superior's ceiling is {limit} working days"),
            format!("上级限高 {limit} 个工作日"),
        )
        .field("promised_days", promised.days)
        .remedy("shorten it", "缩短时限")),
        _ => Ok(()),
    }
}

/// A draft of one base item isn't overwritten by the claim of another under the same code.
fn one_base(facts: &dyn Facts, code: &str, base_code: &str) -> Result<(), Rejection> {
    let draft = facts.item_draft(code).and_then(|draft| draft.core.base_code);
    match draft.filter(|other| other != base_code) {
        Some(other) => Err(Rejection::new(
            codes::ITEM_STATE,
            format!("a draft of the base item {other} has this code"),
            format!("该编码已用于基本编码 {other} 的草稿"),
        )
        .field("local_code", code)
        .remedy("give another --local-code, or leave it out", "另给 --local-code，或不提供")),
        None => Ok(()),
    }
}

/// What was submitted isn't changed before it is returned.
pub(super) fn under_review(facts: &dyn Facts, code: &str) -> Result<(), Rejection> {
    match facts.item_draft(code) {
        Some(draft) if draft.state != ItemState::Draft => Err(Rejection::new(
            codes::ITEM_STATE,
            "its draft has been submitted and can't be changed",
            "草稿已提交审核，不能修改",
        )
        .field("item", code)
        .remedy("have it returned first: tongban item review --return", "先退回：tongban item review --return")),
        _ => Ok(()),
    }
}

pub(super) fn working_days(days: u16) -> Term {
    Term { days, unit: Unit::WorkingDays }
}

fn term(field: &'static str, days: Option<u16>) -> Result<Option<Term>, Rejection> {
    match days {
        Some(days) if !(1..=DAYS_MAX).contains(&days) => Err(Rejection::new(
            codes::INVALID_FIELD,
            format!("a term has 1 to {DAYS_MAX} working days"),
            format!("时限为 1 至 {DAYS_MAX} 个工作日"),
        )
        .field(field, days)
        .remedy("give working days", "填写工作日数")),
        days => Ok(days.map(working_days)),
    }
}

fn local_code(code: &str) -> Result<String, Rejection> {
    if code.is_empty() || code.len() > 128 || !code.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "an item code has 1 to 128 characters of ASCII without blanks",
            "编码为 1 至 128 个 ASCII 字符，不含空格",
        )
        .field("local_code", code)
        .remedy("look the code up", "核对编码"));
    }
    Ok(code.to_owned())
}

/// Values in their order, each once.
fn distinct(covered: &[DivisionCode]) -> Vec<DivisionCode> {
    let mut seen = BTreeSet::new();
    covered.iter().copied().filter(|code| seen.insert(*code)).collect()
}

fn known_divisions(facts: &dyn Facts, covered: &[DivisionCode]) -> Result<(), Rejection> {
    let table = tongban_codes::division::table();
    let walk = std::cell::OnceCell::new();
    let changed = |code: &DivisionCode| walk.get_or_init(|| Crosswalk::gather(facts)).codes(*code).len() > 1;
    match covered.iter().find(|code| table.find(**code).is_none() && !changed(code)) {
        Some(unknown) => Err(Rejection::new(codes::DIVISION_UNKNOWN, "no such division", "没有该行政区划")
            .field("covered", unknown)
            .remedy("look it up: tongban code check", "核对：tongban code check")),
        None => Ok(()),
    }
}

fn credit(text: &str) -> Result<CreditCode, Rejection> {
    text.parse::<CreditCode>().map_err(|error| {
        Rejection::new(codes::INVALID_IDENTITY, error.to_string(), error.zh())
            .field("department_code", text)
            .remedy("check it: tongban code check", "核对：tongban code check")
    })
}

fn claiming_authority(
    facts: &dyn Facts,
    terms: &ClaimTerms,
    at: Timestamp,
    events: &mut Vec<Event>,
) -> Result<Authority, Rejection> {
    let node = facts.node();
    let mut known = facts.authorities();
    let Some(name) = &terms.department else {
        return match known.len() {
            1 => Ok(known.remove(0)),
            n => Err(Rejection::new(
                codes::AUTHORITY_UNKNOWN,
                format!("this node has {n} authorities; name the one in charge"),
                format!("本节点有 {n} 个实施主体，请指明"),
            )
            .field("department", "")
            .remedy("give --department NAME", "请提供 --department")),
        };
    };
    if let Some(authority) = known.into_iter().find(|authority| authority.name == *name) {
        return Ok(authority);
    }
    let name = crate::naming::name("department", name)?;
    let Some(text) = &terms.department_code else {
        return Err(Rejection::new(codes::AUTHORITY_UNKNOWN, "no such authority at this node", "本节点没有该实施主体")
            .field("department", name)
            .remedy("give --department-code too, or: tongban authority add", "请同时提供 --department-code"));
    };
    let mut authority = Authority::new(authority_id(&node.node, node.division, &name), name, node.division);
    authority.codes.push(DatedCode { code: credit(text)?, from: at.date() });
    events.push(Event::Authority(authority.clone()));
    Ok(authority)
}

/// The level digit of an implementation code (GB/T 39046 A.2).
fn level_digit(level: Level) -> u8 {
    match level {
        Level::Province => 2,
        Level::City => 3,
        Level::County => 4,
        Level::Township => 5,
        Level::Village => 6,
    }
}
