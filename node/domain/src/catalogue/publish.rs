//! Publication of items: what is held against what, and what it means to be in force.

use serde::Serialize;
use tongban_codes::ids::Digest;
use tongban_codes::item_code::BasicCode;
use tongban_codes::time::{Date, Timestamp};

use super::cell::unit_name;
use super::difference::{lawful, stated};
use super::life::Acting;
use super::quality::Gate;
use super::versions::{Versioned, beyond, count, until};
use super::{BaseItem, Editing, ItemState, ServiceItem, Term, Unit, ceiling, size};
use crate::{Authority, Event, Facts, Rejection, codes};

/// What a publication of everything did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PublishReport {
    /// Codes that are now published.
    pub published: Vec<String>,
    /// Of these, what begins on a later day, and when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<(String, Date)>,
    /// Why the others are not, by code.
    pub refused: Vec<Refused>,
}

/// An item that could not be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The item's code.
    pub item: String,
    /// Why.
    pub rejection: Rejection,
}

pub(super) fn unknown(code: &str) -> Rejection {
    Rejection::new(codes::ITEM_UNKNOWN, "no item of this code is known here", "本节点没有该编码的事项")
        .field("item", code)
        .remedy("look it up: tongban item list", "查询：tongban item list")
}

/// The one item of this node that a code or its first part names.
pub(crate) fn named(facts: &dyn Facts, code: &str) -> Result<ServiceItem, Rejection> {
    if let Some(item) = facts.item(code).or_else(|| facts.item_draft(code)) {
        return Ok(item);
    }
    let mut found = facts.items_named(code);
    match found.len() {
        0 => Err(unknown(code)),
        1 => Ok(found.remove(0)),
        _ => Err(Rejection::new(codes::ITEM_AMBIGUOUS, "several items have this code", "有多个事项使用该编码")
            .field("item", code)
            .remedy("give the whole code", "请使用完整编码")),
    }
}

/// Refuses unless the item is published and in force on `day`.
pub(crate) fn in_force(item: &ServiceItem, day: Date) -> Result<(), Rejection> {
    let refuse = |code, en: &str, zh: &str| Rejection::new(code, en, zh).field("item", &item.code);
    match item.state {
        ItemState::Draft | ItemState::Submitted | ItemState::Reviewed => {
            return Err(refuse(codes::ITEM_NOT_PUBLISHED, "the item is not published", "事项尚未发布")
                .remedy("publish it: tongban item publish", "发布后再办理：tongban item publish"));
        }
        ItemState::Withdrawn => {
            return Err(refuse(codes::ITEM_WITHDRAWN, "the item has been withdrawn", "事项已取消")
                .remedy("choose an item in force: tongban item list", "选择在用事项：tongban item list"));
        }
        ItemState::Suspended => {
            return Err(refuse(
                codes::ITEM_SUSPENDED,
                "the item is suspended: no new case is taken",
                "事项已暂停，不再收件",
            )
            .remedy("see why and until when: tongban item show", "查看原因：tongban item show"));
        }
        ItemState::Published => {}
    }
    if let Some(last) = item.cancel
        && last < day
    {
        return Err(refuse(
            codes::ITEM_WITHDRAWN,
            &format!("the item ended on {last}"),
            &format!("事项已于 {last} 取消"),
        )
        .remedy("choose an item in force: tongban item list", "选择在用事项：tongban item list"));
    }
    match item.effective {
        Some(effective) if effective > day => Err(refuse(
            codes::ITEM_NOT_YET_EFFECTIVE,
            &format!("the item comes into force on {effective}"),
            &format!("事项自 {effective} 起生效"),
        )
        .remedy("collect from that day on", "请在生效后办理")),
        _ => Ok(()),
    }
}

/// A guide travels from the first publication that names it. One of a later release that was read here without the fields that only that one
/// knows is none of this node's to say: it is named by what it was whole.
pub(super) fn release_guide(facts: &dyn Facts, code: &str, guide: Option<&Digest>) -> Result<Option<Event>, Rejection> {
    let Some(digest) = guide.filter(|digest| !facts.guide_released(digest)) else { return Ok(None) };
    let Some(guide) = facts.guide(digest).filter(|guide| guide.digest() == *digest) else { return Ok(None) };
    size::fits("guide", code, &guide)?;
    Ok(Some(Event::GuideReleased(code.to_owned(), Box::new(guide))))
}

/// When and by whom something is published.
#[derive(Clone, Copy)]
pub(super) struct Publishing<'a> {
    operator: &'a str,
    at: Timestamp,
    /// The authority in charge, while the facts don't know it yet.
    authority: Option<&'a Authority>,
}

impl<'a> Publishing<'a> {
    pub(super) fn of(acting: Acting<'a>) -> Self {
        Self { operator: &acting.actor.operator, at: acting.at, authority: None }
    }

    pub(super) fn under(self, authority: &'a Authority) -> Self {
        Self { authority: Some(authority), ..self }
    }

    fn sign(&self, editing: &mut Editing) {
        editing.editor.get_or_insert_with(|| self.operator.to_owned());
        editing.at = Some(self.at);
    }
}

/// The next version of a base item, with what holds until it begins; and, released again behind it, those that wait for a day beyond its own:
/// the last of them stands for the base item. Beside a suspended one all are suspended until it is resumed, unless the new one begins at once.
pub(super) fn publish_base(
    mut base: BaseItem,
    publishing: Publishing<'_>,
) -> Result<(BaseItem, Vec<BaseItem>), Rejection> {
    let day = publishing.at.date();
    let code = base.core.base_code.clone().unwrap_or_default();
    in_order(&code, base.effective, base.cancel, day)?;
    let later = base.effective.filter(|begins| *begins > day);
    let known = base.in_force.take();
    let before = known.as_deref().zip(later).and_then(|(known, from)| until(known, day, from));
    let kept = known.as_deref().map(|known| beyond(known, later.unwrap_or(day))).unwrap_or_default();
    size::queue(&code, before.as_ref().map_or(0, count) + kept.len(), later)?;
    base.in_force = before.map(Box::new);
    base.state = ItemState::Published;
    let suspended = known.filter(|known| later.is_some() && known.state == ItemState::Suspended);
    if let Some(suspended) = &suspended {
        base.state = ItemState::Suspended;
        base.editing.note.clone_from(&suspended.editing.note);
    }
    base.version += 1;
    publishing.sign(&mut base.editing);
    size::fits("item", &code, &base)?;
    let mut behind: Vec<BaseItem> = Vec::new();
    for next in kept {
        let last = behind.last().unwrap_or(&base);
        let mut next = next.behind(Some(last.behind(last.in_force.as_deref().cloned())));
        next.version = last.version + 1;
        if let Some(suspended) = &suspended {
            next.state = ItemState::Suspended;
            next.editing.note.clone_from(&suspended.editing.note);
        }
        size::fits("item", &code, &next)?;
        behind.push(next);
    }
    Ok((base, behind))
}

/// Refuses a version that would end before it begins, or has ended.
fn in_order(code: &str, effective: Option<Date>, cancel: Option<Date>, day: Date) -> Result<(), Rejection> {
    match cancel {
        Some(last) if last < effective.map_or(day, |begins| begins.max(day)) => Err(Rejection::new(
            codes::INVALID_FIELD,
            format!("its last day, {last}, is before its first"),
            format!("取消日期 {last} 早于生效日期"),
        )
        .field("cancel", code)
        .remedy("correct the dates", "更正日期")),
        _ => Ok(()),
    }
}

/// The number of the version that is published next: versions that wait have theirs already.
fn next_version(facts: &dyn Facts, item: &ServiceItem) -> u32 {
    let in_force = facts.item(&item.code).map_or(0, |known| known.version);
    let waiting = facts.items_waiting(&item.code).iter().map(|waiting| waiting.version).max().unwrap_or(0);
    in_force.max(waiting).max(item.version) + 1
}

/// The next version of an item, and whether it waits for its day beside the one in force. Core, locks and ceilings are those of the day on
/// which it begins; the quality is what policy asks for today.
pub(super) fn publish_item(
    facts: &dyn Facts,
    mut item: ServiceItem,
    gate: &Gate<'_>,
    publishing: Publishing<'_>,
) -> Result<(ServiceItem, bool), Rejection> {
    let day = publishing.at.date();
    let Some(authority) = publishing.authority.cloned().or_else(|| facts.authority(&item.authority)) else {
        return Err(Rejection::new(
            codes::AUTHORITY_UNKNOWN,
            "the item's authority is unknown",
            "事项的实施主体不存在",
        )
        .field("item", &item.code)
        .remedy("add it: tongban authority add", "添加：tongban authority add"));
    };
    if item.number_code(&authority).is_none() {
        return Err(Rejection::new(
            codes::AUTHORITY_UNMAPPED,
            format!("{} has no valid credit code for this item, so no number could be drawn", item.department),
            format!("{} 的代码无效，无法取号", item.department),
        )
        .field("department_code", &item.department_code)
        .remedy(
            format!("tongban authority add {} --code CODE --maps {}", item.department, item.department_code),
            format!("映射：tongban authority add {} --code 正确代码 --maps {}", item.department, item.department_code),
        ));
    }
    in_order(&item.code, item.effective, item.cancel, day)?;
    let from = item.effective.map_or(day, |begins| begins.max(day));
    not_merged(&authority, &item.code, from)?;
    if let Some(difference) = &item.difference {
        stated(difference)?;
    }
    same_binding(facts, &item)?;
    mapped(&item)?;
    if let Some(code) = &item.core.base_code {
        let base = facts.base_item(code);
        let base = base.as_ref().and_then(|base| base.binding(from)).ok_or_else(|| {
            Rejection::new(codes::ITEM_BLOCKED, "no superior has published this base item", "上级尚未发布该基本目录")
                .field("base_code", code)
                .remedy(
                    "wait until the superior's catalogue has arrived (tongban sync status)",
                    "等待上级目录下发（tongban sync status）",
                )
        })?;
        item.difference = lawful(facts, &item, base, from)?;
        item.base_version = Some(base.version);
        within_statutory(item.promised, item.statutory, base)?;
        ceiling::hold(facts, &item, from)?;
    } else {
        item.difference = None;
    }
    consistent(facts, &item)?;
    gate.hold(&item, &authority)?;
    // Findings that were mapped since the import no longer block.
    item.findings.retain(|finding| !finding.blocks);
    item.version = next_version(facts, &item);
    item.state = ItemState::Published;
    // What was agreed meanwhile holds for every version, and so does the code under which it is counted: a draft that a merger brings beside an
    // item that stands goes on in that one's line.
    if let Some(known) = facts.item(&item.code) {
        item.agreements = known.agreements;
        item.counts_under = match known.state {
            ItemState::Withdrawn => item.counts_under.or(known.counts_under),
            _ => known.counts_under,
        };
    }
    publishing.sign(&mut item.editing);
    size::fits("item", &item.code, &item)?;
    // Beside a version in force a later one waits: neither a gap nor two in force.
    let in_force = facts.item(&item.code).is_some_and(|known| known.state != ItemState::Withdrawn);
    let waits = in_force && from > day;
    Ok((item, waits))
}

/// What waits for a day beyond that of a version, published again behind it: each is held to what binds on its own day, as it was before.
pub(super) fn publish_behind(
    facts: &dyn Facts,
    item: &ServiceItem,
    gate: &Gate<'_>,
    publishing: Publishing<'_>,
) -> Result<Vec<ServiceItem>, Rejection> {
    let day = publishing.at.date();
    let from = item.effective.map_or(day, |begins| begins.max(day));
    let mut waiting = facts.items_waiting(&item.code);
    waiting.retain(|waiting| waiting.effective > Some(from));
    let again = |(waiting, version): (ServiceItem, u32)| {
        let editing = waiting.editing.clone();
        let (again, _) =
            publish_item(facts, waiting.clone(), gate, publishing).map_err(|why| passed(&waiting, &why))?;
        Ok(ServiceItem { version, editing, ..again })
    };
    waiting.into_iter().zip(item.version + 1..).map(again).collect()
}

/// The refusal of a version after which one that waits would not be lawful any more.
fn passed(waiting: &ServiceItem, why: &Rejection) -> Rejection {
    let version = waiting.version;
    let begins = waiting.effective.map(|begins| begins.to_string()).unwrap_or_default();
    Rejection::new(
        codes::ITEM_STATE,
        format!("version {version} waits for {begins} and can't follow it: {}", why.en),
        format!("第 {version} 版将于 {begins} 生效，不能接在其后：{}", why.zh),
    )
    .field("item", &waiting.code)
    .remedy(
        format!("take that one back first: tongban item withdraw {} --version {version}", waiting.code),
        format!("先撤回该版本：tongban item withdraw {} --version {version}", waiting.code),
    )
}

/// A department that has been merged into another publishes nothing more.
pub(super) fn not_merged(authority: &Authority, code: &str, from: Date) -> Result<(), Rejection> {
    match &authority.successor {
        Some(successor) if successor.from <= from => Err(Rejection::new(
            codes::AUTHORITY_MERGED,
            format!("{} was merged into {} as of {}", authority.name, successor.name, successor.from),
            format!("{} 自 {} 起已并入 {}", authority.name, successor.from, successor.name),
        )
        .field("item", code)
        .remedy("name the new department in the item", "在事项中改用新部门")),
        _ => Ok(()),
    }
}

/// The mapping to the national catalogue, by which items are compared across provinces, names one of its codes and keeps the type.
fn mapped(item: &ServiceItem) -> Result<(), Rejection> {
    let Some(national) = &item.codes.national_base else { return Ok(()) };
    let type_of = |code: &BasicCode| code.as_str()[2..4].to_owned();
    match national.parse::<BasicCode>() {
        Ok(code) if code.is_national() && type_of(&code) == item.core.item_type => Ok(()),
        _ => Err(Rejection::new(
            codes::INVALID_FIELD,
            "a national base code has 12 digits, begins with 00 and has the item's type",
            "国家基本编码为 12 位，以 00 开头，且事项类型一致",
        )
        .field("national_base", national)
        .remedy("look it up in the national catalogue", "核对国家基本目录")),
    }
}

/// The bases that the guide names are those that the core cites.
fn consistent(facts: &dyn Facts, item: &ServiceItem) -> Result<(), Rejection> {
    let Some(guide) = item.guide.and_then(|digest| facts.guide(&digest)) else { return Ok(()) };
    let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace() && !"《》".contains(*c)).collect::<String>();
    let cited = plain(&item.core.legal_basis);
    match guide.bases.iter().find(|basis| !cited.contains(&plain(&basis.law))) {
        Some(basis) => Err(Rejection::new(
            codes::BASIS_INCONSISTENT,
            format!("the guide names “{}”, which the legal basis doesn't cite", basis.law),
            format!("办事指南所列“{}”不在设定依据中", basis.law),
        )
        .field("legal_basis", &item.core.legal_basis)
        .remedy("make the guide's bases and the legal basis the same", "使办事指南的依据与设定依据一致")),
        None => Ok(()),
    }
}

/// The base code that the version in force of an item is bound to, until the superior withdraws it.
pub(super) fn binding(facts: &dyn Facts, code: &str) -> Option<String> {
    facts
        .item(code)
        .filter(|known| matches!(known.state, ItemState::Published | ItemState::Suspended))
        .and_then(|known| known.core.base_code)
        .filter(|base| facts.base_item(base).is_some_and(|base| base.standing().is_some()))
}

/// The base code is one of the four that are the same: no new version leaves its base item, for whatever reason. Under another one nobody
/// would hold the other three to what they were, nor see that they differ.
pub(super) fn same_binding(facts: &dyn Facts, item: &ServiceItem) -> Result<(), Rejection> {
    match binding(facts, &item.code) {
        Some(bound) if item.core.base_code.as_ref() != Some(&bound) => Err(Rejection::new(
            codes::CORE_LOCKED,
            format!("the version in force is bound to the base item {bound}"),
            format!("现行版本对应基本编码 {bound}"),
        )
        .field("base_code", item.core.base_code.as_deref().unwrap_or(""))
        .remedy(
            "keep the base code, or withdraw the item first: tongban item withdraw",
            "保留基本编码，或先取消该事项：tongban item withdraw",
        )),
        _ => Ok(()),
    }
}

/// Refuses times that are longer than the statutory ones; how long may be promised at most, the ceilings say ([`ceiling::hold`]).
pub(super) fn within_statutory(
    promised: Option<Term>,
    statutory: Option<Term>,
    base: &BaseItem,
) -> Result<(), Rejection> {
    let exceeded = |field, days: u16, limit: Term, whose_en: &str, whose_zh: &str| {
        let (unit, kept) = match limit.unit {
            Unit::WorkingDays => ("working days", limit.days),
            Unit::NaturalDays => ("natural days", limit.working_days_within()),
        };
        let (limit, unit_zh) = (limit.days, unit_name(limit.unit));
        let (kept_en, kept_zh) = match kept == limit {
            true => (String::new(), String::new()),
            false => (
                format!(", in which {kept} working days always fit"),
                format!("，任何时候起算都容得下 {kept} 个工作日"),
            ),
        };
        Rejection::new(
            codes::CEILING_EXCEEDED,
            format!("{whose_en} is {limit} {unit}{kept_en}"),
            format!("{whose_zh} {limit} 个{unit_zh}{kept_zh}"),
        )
        .field(field, days)
        .remedy("shorten it", "缩短时限")
    };
    if let (Some(statutory), Some(longest)) = (statutory, base.statutory_days)
        && statutory.working_days() > longest
    {
        return Err(exceeded(
            "statutory_days",
            statutory.days,
            Term { days: longest, unit: Unit::WorkingDays },
            "the superior's statutory time",
            "上级法定时限",
        ));
    }
    if let (Some(promised), Some(statutory)) = (promised, statutory)
        && promised.exceeds(statutory)
    {
        return Err(exceeded("promised_days", promised.days, statutory, "the statutory time", "法定时限"));
    }
    Ok(())
}
