//! 四同 as an invariant (promise 7): what of an item must be its superior's, and the lawful reasons why it may not be.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::time::Date;

use super::code_list::{CodeList, code_list};
use super::{BaseItem, Core, Guide, ServiceItem, Unit};
use crate::{Facts, Rejection, codes};

code_list! {
    /// Why an item may lawfully differ from its superior's core (promise 7); the list is closed.
    LawfulReason: "差异理由" {
        /// 地方性法规或规章另有规定: a local regulation says otherwise.
        LocalRegulation = 0, "local-regulation", "地方性法规规章另有规定", [];
        /// 经批准的改革试点: an approved pilot.
        Pilot = 1, "pilot", "经批准的改革试点", [];
        /// 民族自治地方变通规定: a variation of an autonomous area.
        Autonomy = 2, "autonomy", "民族自治地方变通规定", [];
        /// 权限调整: the power was devolved, delegated or taken back by a published order.
        PowerMoved = 3, "power-moved", "权限依法调整", [];
        /// 法律依据已修改: the law was changed, and the superior hasn't released the change yet.
        LawChanged = 4, "law-changed", "法律依据已修改", [];
        /// 规范性更正: an obvious error of the superior's that was reported to it.
        Correction = 5, "correction", "上级文字错误已报请更正", [];
    }
}

code_list! {
    /// The fields of the core.
    CoreField: "核心要素" {
        /// 名称.
        Name = 0, "name", "名称", [];
        /// 编码.
        BaseCode = 1, "base_code", "编码", [];
        /// 类型.
        ItemType = 2, "item_type", "类型", [];
        /// 设定依据.
        LegalBasis = 3, "legal_basis", "设定依据", [];
    }
}

/// A lawful difference from the superior's core, which the superior sees.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The fields that differ.
    #[n(0)]
    pub fields: Vec<CoreField>,
    /// Why.
    #[n(1)]
    pub reason: LawfulReason,
    /// The document that allows it, with number and article.
    #[n(2)]
    pub document: String,
    /// What the superior locks beside the core and is different, too.
    #[n(3)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<Lock>,
}

code_list! {
    /// What a superior may lock beside the core: a claimed item has it as the base item's guide has it.
    Lock: "锁定要素" {
        /// 申请材料.
        Materials = 0, "materials", "申请材料", [];
        /// 收费.
        Fees = 1, "fees", "收费", [];
        /// 办理流程.
        Steps = 2, "steps", "办理流程", [];
        /// 受理条件.
        Conditions = 3, "conditions", "受理条件", [];
        /// 法定办结时限.
        Statutory = 4, "statutory", "法定办结时限", [];
        /// 承诺办结时限.
        Promised = 5, "promised", "承诺办结时限", [];
        /// 到办事现场次数.
        Visits = 6, "visits", "到办事现场次数", [];
        /// 服务对象.
        Served = 7, "served", "服务对象", [];
        /// 办件类型.
        CaseKind = 8, "case-kind", "办件类型", [];
        /// 审批结果.
        Result = 9, "result", "审批结果", [];
        /// 特殊环节.
        SpecialLinks = 10, "special-links", "特殊环节", [];
    }
}

/// How an item departs from the base item that binds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Departure {
    /// Fields of the core, with the item's value and the superior's.
    pub core: Vec<(CoreField, String, String)>,
    /// What the superior locks and the item has otherwise.
    pub locks: Vec<Lock>,
}

impl Departure {
    /// Tells whether there is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.core.is_empty() && self.locks.is_empty()
    }
}

/// The fields of a core that aren't the superior's. A handled item (办理项) has a name of its own (standards §0.15).
#[must_use]
pub fn core_departs(core: &Core, is_handled: bool, base: &Core) -> Vec<(CoreField, String, String)> {
    let code = |core: &Core| core.base_code.clone().unwrap_or_default();
    let pairs = [
        (CoreField::Name, core.name.clone(), base.name.clone()),
        (CoreField::BaseCode, code(core), code(base)),
        (CoreField::ItemType, core.item_type.clone(), base.item_type.clone()),
        (CoreField::LegalBasis, core.legal_basis.clone(), base.legal_basis.clone()),
    ];
    let binds = |field: CoreField| !(is_handled && field == CoreField::Name);
    pairs.into_iter().filter(|(field, here, there)| binds(*field) && here != there).collect()
}

/// Compares an item and its guide with the base item that binds it and the guide that this prescribes.
#[must_use]
pub fn departs(item: &ServiceItem, guide: &Guide, base: &BaseItem, prescribed: Option<&Guide>) -> Departure {
    let core = core_departs(&item.core, item.is_handled(), &base.core);
    let locks = base.locks.iter().copied().filter(|lock| !has(*lock, item, guide, base, prescribed)).collect();
    Departure { core, locks }
}

fn has(lock: Lock, item: &ServiceItem, guide: &Guide, base: &BaseItem, prescribed: Option<&Guide>) -> bool {
    let days = |term: Option<super::Term>, fixed: Option<u16>| {
        fixed.is_none_or(|fixed| term.is_some_and(|term| term.days == fixed && term.unit == Unit::WorkingDays))
    };
    match lock {
        Lock::Statutory => return days(item.statutory, base.statutory_days),
        Lock::Promised => return days(item.promised, base.promised_days),
        _ => {}
    }
    let Some(fixed) = prescribed else { return true };
    match lock {
        Lock::Materials => guide.materials == fixed.materials,
        Lock::Fees => (guide.charged, &guide.fees) == (fixed.charged, &fixed.fees),
        Lock::Steps => (&guide.flow, &guide.steps) == (&fixed.flow, &fixed.steps),
        Lock::Conditions => guide.conditions == fixed.conditions,
        Lock::Visits => (guide.visits, &guide.visits_reason) == (fixed.visits, &fixed.visits_reason),
        Lock::Served => guide.served == fixed.served,
        Lock::CaseKind => guide.case_kind == fixed.case_kind,
        Lock::Result => guide.result == fixed.result,
        Lock::SpecialLinks => guide.special_links == fixed.special_links,
        Lock::Statutory | Lock::Promised => true,
    }
}

/// Takes over what a base item locks, from the guide that it prescribes.
pub(super) fn take_locked(guide: &mut Guide, locks: &[Lock], prescribed: &Guide) {
    for lock in locks {
        match lock {
            Lock::Materials => guide.materials.clone_from(&prescribed.materials),
            Lock::Fees => {
                guide.charged = prescribed.charged;
                guide.fees.clone_from(&prescribed.fees);
            }
            Lock::Steps => {
                guide.flow.clone_from(&prescribed.flow);
                guide.steps.clone_from(&prescribed.steps);
            }
            Lock::Conditions => guide.conditions.clone_from(&prescribed.conditions),
            Lock::Visits => {
                guide.visits = prescribed.visits;
                guide.visits_reason.clone_from(&prescribed.visits_reason);
            }
            Lock::Served => guide.served.clone_from(&prescribed.served),
            Lock::CaseKind => guide.case_kind = prescribed.case_kind,
            Lock::Result => guide.result.clone_from(&prescribed.result),
            Lock::SpecialLinks => guide.special_links.clone_from(&prescribed.special_links),
            Lock::Statutory | Lock::Promised => {}
        }
    }
}

/// Tells whether a lock is about the guide, and not about a term of the item.
fn is_of_guide(lock: Lock) -> bool {
    !matches!(lock, Lock::Statutory | Lock::Promised)
}

/// Holds an item to the base item that binds it on the day it begins: what departs without a lawful reason is refused. Answers with the
/// lawful difference as it stands: of what was claimed, what really departs.
pub(super) fn lawful(
    facts: &dyn Facts,
    item: &ServiceItem,
    base: &BaseItem,
    from: Date,
) -> Result<Option<Difference>, Rejection> {
    let prescribed = match base.guide.filter(|_| base.locks.iter().any(|lock| is_of_guide(*lock))) {
        None => None,
        // Equal digests are equal guides; their bodies needn't be here.
        same if same == item.guide => None,
        Some(digest) => Some(facts.guide(&digest).ok_or_else(|| {
            Rejection::new(
                codes::ITEM_BLOCKED,
                "the guide that the superior prescribes has not come yet",
                "上级规定的办事指南尚未下发到本节点",
            )
            .field("item", &item.code)
            .remedy("wait until it has arrived: tongban sync status", "等待下发：tongban sync status")
        })?),
    };
    let guide = item.guide.and_then(|digest| facts.guide(&digest)).unwrap_or_default();
    let departure = departs(item, &guide, base, prescribed.as_ref());
    let claimed = item.difference.as_ref();
    let excused = |field: CoreField| claimed.is_some_and(|claimed| claimed.fields.contains(&field));
    if let Some((field, here, there)) = departure.core.iter().find(|(field, ..)| !excused(*field)) {
        return Err(locked(CodeList::name(*field), here, there, base, from));
    }
    let excused = |lock: Lock| claimed.is_some_and(|claimed| claimed.locks.contains(&lock));
    if let Some(lock) = departure.locks.iter().copied().find(|lock| !excused(*lock)) {
        let here = CodeList::zh(lock);
        return Err(locked(CodeList::name(lock), here, "上级规定 / as the superior prescribes", base, from));
    }
    Ok(claimed.filter(|_| !departure.is_none()).map(|claimed| Difference {
        fields: departure.core.iter().map(|(field, ..)| *field).collect(),
        locks: departure.locks.clone(),
        ..claimed.clone()
    }))
}

fn locked(field: &'static str, here: &str, there: &str, base: &BaseItem, from: Date) -> Rejection {
    let begins = base.effective.filter(|begins| *begins >= from);
    let (since_en, since_zh) =
        begins.map_or_else(Default::default, |begins| (format!(" from {begins}"), format!("自 {begins} 起的")));
    Rejection::new(
        codes::CORE_LOCKED,
        format!("the superior's{since_en} is “{there}”"),
        format!("与上级不一致，上级{since_zh}为“{there}”"),
    )
    .field(field, here)
    .remedy(
        "take over what is the superior's, or name the lawful reason: tongban item publish --differs FIELD --reason R --document D",
        "名称、编码、类型、依据及锁定要素须与上级一致；依法不同的，注明理由：tongban item publish --differs 要素 --reason 理由 --document 文件",
    )
}

/// The longest text of a document that allows a difference, in characters.
const DOCUMENT_CHARS_MAX: usize = 1000;

/// Checks that a difference names what differs and the document that allows it.
pub(super) fn stated(difference: &Difference) -> Result<(), Rejection> {
    let (fields, locks) = (&difference.fields, &difference.locks);
    if fields.len() > CoreField::ALL.len() || locks.len() > Lock::ALL.len() {
        return Err(Rejection::new(codes::INVALID_FIELD, "what differs is named more than once", "不同的要素有重复")
            .field("differs", "")
            .remedy("name each once", "每项只写一次"));
    }
    if fields.contains(&CoreField::BaseCode) {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "the base code never differs: it says of which base item this is one",
            "基本编码不得不同：事项由它对应上级目录",
        )
        .field("differs", CoreField::BaseCode.name())
        .remedy(
            "keep the base code; or withdraw the item and claim the other base item",
            "保留基本编码；或取消该事项，另行认领",
        ));
    }
    if fields.is_empty() && locks.is_empty() {
        return Err(Rejection::new(codes::INVALID_FIELD, "it isn't said what differs", "未注明哪些要素不同")
            .field("differs", "")
            .remedy(
                "give --differs name, item_type or legal_basis",
                "请提供 --differs name、item_type 或 legal_basis",
            ));
    }
    let document = difference.document.trim();
    if document.is_empty() || document.chars().count() > DOCUMENT_CHARS_MAX {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "the document that allows the difference isn't named, or with more than 1,000 characters",
            "未注明允许不同的文件，或超过 1000 字",
        )
        .field("document", document)
        .remedy("give its number and article: --document", "注明文号和条款：--document"));
    }
    Ok(())
}
