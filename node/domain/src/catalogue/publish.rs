//! Publication and withdrawal of items, and what it means to be in force.

use serde::Serialize;
use tongban_codes::ids::Digest;
use tongban_codes::time::Date;

use super::quality::Gate;
use super::{BaseItem, Core, ItemState, ServiceItem, Term, ceiling};
use crate::{Event, Facts, Rejection, codes};

/// What a publication of everything did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PublishReport {
    /// Codes that are now published.
    pub published: Vec<String>,
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

/// Publishes one item or base item on `day`; answers with its whole code.
pub(crate) fn publish(facts: &dyn Facts, code: &str, day: Date) -> Result<(String, Vec<Event>), Rejection> {
    if let Some(base) = facts.base_item(code)
        && base.node == facts.node().node
    {
        let base = publish_base(base, day)?;
        let mut events = Vec::new();
        release_guide(facts, code, base.guide.as_ref(), &mut events);
        events.push(Event::BaseItem(base));
        return Ok((code.to_owned(), events));
    }
    // A short code names the version in force, and the draft may stand beside it.
    let item = match facts.item_draft(code) {
        Some(draft) => draft,
        None => {
            let named = named(facts, code)?;
            facts.item_draft(&named.code).unwrap_or(named)
        }
    };
    let item = publish_item(facts, item, &Gate::new(facts, day), day)?;
    let code = item.code.clone();
    let mut events = Vec::new();
    release_guide(facts, &code, item.guide.as_ref(), &mut events);
    events.push(Event::Item(item));
    Ok((code, events))
}

/// A guide travels from the first publication that names it.
fn release_guide(facts: &dyn Facts, code: &str, guide: Option<&Digest>, events: &mut Vec<Event>) {
    if let Some(digest) = guide
        && !facts.guide_released(digest)
        && let Some(guide) = facts.guide(digest)
    {
        let released = |event: &Event| matches!(event, Event::GuideReleased(_, known) if known.digest() == *digest);
        if !events.iter().any(released) {
            events.push(Event::GuideReleased(code.to_owned(), Box::new(guide)));
        }
    }
}

/// Publishes every draft that can be, and says why the others can't.
pub(crate) fn publish_all(facts: &dyn Facts, day: Date) -> (PublishReport, Vec<Event>) {
    let mut report = PublishReport::default();
    let mut events = Vec::new();
    for code in facts.own_base_items() {
        if let Some(base) = facts.base_item(&code)
            && base.state == ItemState::Draft
        {
            match publish_base(base, day) {
                Ok(base) => {
                    release_guide(facts, &code, base.guide.as_ref(), &mut events);
                    report.published.push(code);
                    events.push(Event::BaseItem(base));
                }
                Err(rejection) => report.refused.push(Refused { item: code, rejection }),
            }
        }
    }
    let gate = Gate::new(facts, day);
    for code in facts.item_drafts() {
        let Some(item) = facts.item_draft(&code) else {
            continue;
        };
        match publish_item(facts, item, &gate, day) {
            Ok(item) => {
                release_guide(facts, &code, item.guide.as_ref(), &mut events);
                report.published.push(code);
                events.push(Event::Item(item));
            }
            Err(rejection) => report.refused.push(Refused { item: code, rejection }),
        }
    }
    (report, events)
}

/// Refuses a version that begins later while another is in force: it would end that one at once and leave a gap.
fn no_gap(code: &str, effective: Option<Date>, in_force: bool, day: Date) -> Result<(), Rejection> {
    match effective {
        Some(effective) if in_force && effective > day => Err(Rejection::new(
            codes::ITEM_NOT_YET_EFFECTIVE,
            format!("the new version comes into force on {effective} and would end the present one today"),
            format!("新版本自 {effective} 起生效，现在发布会使现行版本立即失效"),
        )
        .field("item", code)
        .remedy(
            format!("publish it on {effective}; until then the present version stays in force"),
            format!("请于 {effective} 发布，此前现行版本继续有效"),
        )),
        _ => Ok(()),
    }
}

fn publish_base(mut base: BaseItem, day: Date) -> Result<BaseItem, Rejection> {
    let code = base.core.base_code.clone().unwrap_or_default();
    if base.state != ItemState::Draft {
        return Err(Rejection::new(codes::ITEM_STATE, "the base item is no draft", "该基本目录不是草稿")
            .field("item", code)
            .remedy("import a new version first", "先导入新版本"));
    }
    no_gap(&code, base.effective, base.in_force.is_some(), day)?;
    base.state = ItemState::Published;
    base.version += 1;
    base.in_force = None;
    Ok(base)
}

fn publish_item(
    facts: &dyn Facts,
    mut item: ServiceItem,
    gate: &Gate<'_>,
    day: Date,
) -> Result<ServiceItem, Rejection> {
    if item.state != ItemState::Draft {
        return Err(Rejection::new(codes::ITEM_STATE, "the item is no draft", "该事项不是草稿")
            .field("item", &item.code)
            .remedy("import or claim a new version first", "先导入或认领新版本"));
    }
    let Some(authority) = facts.authority(&item.authority) else {
        return Err(Rejection::new(
            codes::AUTHORITY_UNKNOWN,
            "the item's authority is unknown",
            "事项的实施主体不存在",
        )
        .field("item", &item.code));
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
    same_binding(facts, &item)?;
    if let Some(code) = &item.core.base_code {
        let base = facts.base_item(code);
        let base = base.as_ref().and_then(BaseItem::published).ok_or_else(|| {
            Rejection::new(codes::ITEM_BLOCKED, "no superior has published this base item", "上级尚未发布该基本目录")
                .field("base_code", code)
                .remedy(
                    "wait until the superior's catalogue has arrived (tongban sync status)",
                    "等待上级目录下发（tongban sync status）",
                )
        })?;
        same_core(&item.core, base)?;
        within_ceiling(item.promised, item.statutory, base)?;
        ceiling::hold(facts, &item, day)?;
    }
    gate.hold(&item)?;
    let in_force = facts.item(&item.code).is_some_and(|known| known.state == ItemState::Published);
    no_gap(&item.code, item.effective, in_force, day)?;
    // Findings that were mapped since the import no longer block.
    item.findings.retain(|finding| !finding.blocks);
    item.state = ItemState::Published;
    item.version += 1;
    Ok(item)
}

/// The base code that the version in force of an item is bound to, while the superior keeps it published.
pub(super) fn binding(facts: &dyn Facts, code: &str) -> Option<String> {
    facts
        .item(code)
        .filter(|known| known.state == ItemState::Published)
        .and_then(|known| known.core.base_code)
        .filter(|base| facts.base_item(base).is_some_and(|base| base.published().is_some()))
}

/// The base code is one of the four that are the same: no new version leaves its base item.
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

fn same_core(core: &Core, base: &BaseItem) -> Result<(), Rejection> {
    for (field, here, there) in [
        ("name", &core.name, &base.core.name),
        ("item_type", &core.item_type, &base.core.item_type),
        ("legal_basis", &core.legal_basis, &base.core.legal_basis),
    ] {
        if here != there {
            return Err(Rejection::new(
                codes::CORE_LOCKED,
                format!("the superior's is “{there}”"),
                format!("与上级不一致，上级为“{there}”"),
            )
            .field(field, here)
            .remedy(
                "name, code, type and legal basis are the superior's; take them over",
                "名称、编码、类型、依据须与上级一致",
            ));
        }
    }
    Ok(())
}

pub(super) fn within_ceiling(
    promised: Option<Term>,
    statutory: Option<Term>,
    base: &BaseItem,
) -> Result<(), Rejection> {
    let exceeded = |field, days: u16, limit: u16, whose_en: &str, whose_zh: &str| {
        Rejection::new(
            codes::CEILING_EXCEEDED,
            format!("{whose_en} is {limit} working days"),
            format!("{whose_zh} {limit} 个工作日"),
        )
        .field(field, days)
        .remedy("shorten it", "缩短时限")
    };
    // Who promises nothing may take the statutory time, and the ceiling holds for that as well.
    if let (Some(promised), Some(ceiling)) = (promised.or(statutory), base.promised_days)
        && promised.days > ceiling
    {
        return Err(exceeded("promised_days", promised.days, ceiling, "the superior's ceiling", "上级限高"));
    }
    if let (Some(statutory), Some(longest)) = (statutory, base.statutory_days)
        && statutory.days > longest
    {
        return Err(exceeded(
            "statutory_days",
            statutory.days,
            longest,
            "the superior's statutory time",
            "上级法定时限",
        ));
    }
    if let (Some(promised), Some(statutory)) = (promised, statutory)
        && promised.days > statutory.days
    {
        return Err(exceeded("promised_days", promised.days, statutory.days, "the statutory time", "法定时限"));
    }
    Ok(())
}

/// Withdraws an item or a base item, and a draft beside it; running cases keep their version. Answers with the whole code.
pub(crate) fn withdraw(facts: &dyn Facts, code: &str) -> Result<(String, Event), Rejection> {
    let refuse = |en: &str, zh: &str| {
        Rejection::new(codes::ITEM_STATE, en, zh)
            .field("item", code)
            .remedy("see its state: tongban item show", "查看状态：tongban item show")
    };
    if let Some(base) = facts.base_item(code)
        && base.node == facts.node().node
    {
        let Some(published) = base.published() else {
            return Err(refuse("the base item is not published", "该基本目录未发布"));
        };
        let mut base = published.clone();
        base.state = ItemState::Withdrawn;
        return Ok((code.to_owned(), Event::BaseItem(base)));
    }
    let mut item = named(facts, code)?;
    if item.state != ItemState::Published {
        return Err(refuse("the item is not published", "该事项未发布"));
    }
    item.state = ItemState::Withdrawn;
    Ok((item.code.clone(), Event::Item(item)))
}
