//! The lists against which items are checked (九类清单, mission C6; the permit list C5; the online-negative list C10), and their conflicts.
//!
//! An item is held to a list only where the node knows one: a list of which no entry has come judges nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;

use super::code_list::CodeList;
use super::establish::holding;
use super::standard::{ListKind, StandardBody, StandardKind};
use super::{Guide, ServiceItem, TYPE_PERMIT};
use crate::Facts;

/// The names and base codes of one list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Names {
    names: BTreeSet<String>,
    base_codes: BTreeSet<String>,
}

/// The lists that hold in a division on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists(BTreeMap<ListKind, Names>);

impl Lists {
    /// Gathers the entries in force; those of superiors and of the division itself together make up a list.
    #[must_use]
    pub fn gather(facts: &dyn Facts, division: DivisionCode, day: Date) -> Self {
        let mut lists: BTreeMap<ListKind, Names> = BTreeMap::new();
        for code in facts.standard_codes(StandardKind::Entry) {
            for standard in holding(facts, StandardKind::Entry, &code, division, day) {
                let StandardBody::Entry(entry) = standard.body else { continue };
                let list = lists.entry(entry.list).or_default();
                list.names.insert(plain(&entry.name).to_owned());
                list.base_codes.extend(entry.base_code);
            }
        }
        Self(lists)
    }

    /// Tells whether any entry of a list is known.
    #[must_use]
    pub fn knows(&self, list: ListKind) -> bool {
        self.0.contains_key(&list)
    }

    /// Tells whether a list has a name.
    #[must_use]
    pub fn has(&self, list: ListKind, name: &str) -> bool {
        self.0.get(&list).is_some_and(|known| known.names.contains(plain(name)))
    }

    /// Tells whether a list has an item: by base code, by name, or by the main item that it belongs to.
    #[must_use]
    pub fn has_item(&self, list: ListKind, item: &ServiceItem) -> bool {
        let Some(known) = self.0.get(&list) else { return false };
        let coded = item.core.base_code.iter().chain(&item.codes.national_base);
        coded.into_iter().any(|code| known.base_codes.contains(code))
            || known.names.contains(plain(&item.core.name))
            || known.names.contains(plain(&item.main_item))
    }
}

/// A name without the level in brackets at its end, by which a hall tells its items apart: 公共场所卫生许可（县级）.
fn plain(name: &str) -> &str {
    const LEVELS: [&str; 8] = ["国家级", "省级", "市级", "县级", "区级", "镇级", "乡级", "村级"];
    let mut name = name.trim();
    while let Some((before, level)) = name.strip_suffix('）').and_then(|rest| rest.rsplit_once('（'))
        && level.split(['/', '、']).all(|part| LEVELS.contains(&part))
    {
        name = before.trim_end();
    }
    name
}

/// An item that a list speaks against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// Code of the item.
    pub item: String,
    /// The list.
    pub list: ListKind,
    /// What of the item isn't on it: the item's own name, a fee, a service, a material.
    pub value: String,
    /// What is wrong, in English.
    pub en: &'static str,
    /// What is wrong, in Chinese.
    pub zh: &'static str,
}

/// Types of items that a power list has (GB/T 39046: 01 to 10).
const POWERS: [&str; 10] = ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10"];
/// The type of public services.
const TYPE_SERVICE: &str = "20";

/// What the lists have against an item; what only the guide says is judged where there is one.
#[must_use]
pub fn conflicts(item: &ServiceItem, guide: Option<&Guide>, lists: &Lists) -> Vec<Conflict> {
    let mut found = Vec::new();
    let mut against = |list: ListKind, value: &str, en: &'static str, zh: &'static str| {
        found.push(Conflict { item: item.code.clone(), list, value: value.to_owned(), en, zh });
    };
    let item_type = item.core.item_type.as_str();
    let name = item.core.name.as_str();
    let missing = |list: ListKind| lists.knows(list) && !lists.has_item(list, item);
    if item_type == TYPE_PERMIT && missing(ListKind::Permits) {
        against(ListKind::Permits, name, "the permit isn't on the list of permits", "许可不在行政许可事项清单内");
    }
    if POWERS.contains(&item_type) && missing(ListKind::Powers) {
        against(ListKind::Powers, name, "the item isn't on the list of powers", "事项不在权力清单内");
    }
    if POWERS.contains(&item_type) && missing(ListKind::Duties) {
        against(ListKind::Duties, name, "the item isn't on the list of duties", "事项不在责任清单内");
    }
    if item_type == TYPE_SERVICE && missing(ListKind::Services) {
        against(
            ListKind::Services,
            name,
            "the service isn't on the list of public services",
            "事项不在公共服务事项清单内",
        );
    }
    if is_qualification(name) && missing(ListKind::Qualifications) {
        against(ListKind::Qualifications, name, "the qualification isn't in the catalogue", "职业资格不在目录内");
    }
    let Some(guide) = guide else { return found };
    if lists.knows(ListKind::Fees) {
        let listed = |name: &str| lists.has(ListKind::Fees, name) || lists.has(ListKind::Funds, name);
        for fee in guide.fees.iter().filter(|fee| !listed(&fee.name)) {
            against(ListKind::Fees, &fee.name, "the fee isn't on the list of fees", "收费不在收费清单内");
        }
    }
    if let Some(service) = &guide.intermediary
        && lists.knows(ListKind::Intermediaries)
    {
        for service in service.split(['、', ';', '；', '^']).map(str::trim).filter(|service| !service.is_empty()) {
            if !lists.has(ListKind::Intermediaries, service) {
                let (en, zh) = ("the service isn't on the list of intermediary services", "中介服务不在清单内");
                against(ListKind::Intermediaries, service, en, zh);
            }
        }
    }
    if lists.knows(ListKind::Certificates) {
        let proofs = guide.materials.iter().filter(|material| material.name.trim().ends_with("证明"));
        for material in proofs.filter(|material| !lists.has(ListKind::Certificates, &material.name)) {
            let (en, zh) = ("the proof isn't on the list of proofs that may be asked for", "证明不在证明事项清单内");
            against(ListKind::Certificates, &material.name, en, zh);
        }
    }
    if asks_for_presence(guide) && missing(ListKind::OnlineNegative) {
        let (en, zh) = ("it asks for presence and is on no negative list", "要求到现场，但不在网上审批负面清单内");
        against(ListKind::OnlineNegative, name, en, zh);
    }
    found
}

/// Tells whether applicants must come.
#[must_use]
pub fn asks_for_presence(guide: &Guide) -> bool {
    guide.visits.is_some_and(|visits| visits > 0)
}

/// Items by which a professional qualification is given.
fn is_qualification(name: &str) -> bool {
    ["职业资格", "执业资格", "从业资格"].iter().any(|word| name.contains(word))
}

impl ListKind {
    /// Every list, in order.
    #[must_use]
    pub fn all() -> &'static [ListKind] {
        <ListKind as CodeList>::ALL
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn levels_at_the_end_of_a_name_are_no_part_of_it() {
        for (name, expected) in [
            ("公共场所卫生许可延续（县级）", "公共场所卫生许可延续"),
            ("企业投资项目备案（技术改造）（市级/县级）", "企业投资项目备案（技术改造）"),
            ("农药经营许可证变更（其他农药）", "农药经营许可证变更（其他农药）"),
            (" 残疾人证换领 ", "残疾人证换领"),
            ("（县级）", ""),
        ] {
            assert_eq!(plain(name), expected);
        }
    }
}
