//! The monthly report on online handling (网上审批月度通报, mission C10), by the formulas of standards §7.
//!
//! Counted are items that are applied for (依申请) and in force on the last day of the month, of one division. A rate is in thousandths,
//! rounded down, and names the items behind it.

use std::collections::BTreeMap;

use serde::Serialize;
use tongban_codes::time::Date;

use super::code_list::{CaseKind, OnlineDepth};
use super::generated_list::is_fully_online;
use super::list::{Lists, asks_for_presence};
use super::standard::ListKind;
use super::{Guide, ItemState, ServiceItem, Unit};

/// Types of items that are applied for; 02, 03, 04 and 06 are done ex officio (standards §1.3).
pub const APPLIED_FOR: [&str; 7] = ["01", "05", "07", "08", "09", "10", "20"];

/// A figure with what it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rate {
    /// Stable English name.
    pub name: &'static str,
    /// Chinese name.
    pub zh: &'static str,
    /// The formula.
    pub formula: &'static str,
    /// Above the line.
    pub numerator: u64,
    /// Below the line.
    pub denominator: u64,
    /// Thousandths, rounded down; none where the denominator is 0.
    pub per_mille: Option<u64>,
    /// Codes of the items that count above the line.
    pub items: Vec<String>,
}

/// The figures of a department, or of the division as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// The department; none for the whole.
    pub department: Option<String>,
    /// Items counted.
    pub items: u64,
    /// Of them without a guide: they count below each line and above none.
    pub without_guide: u64,
    /// The rates.
    pub rates: Vec<Rate>,
    /// Items that ask for presence though on no negative list, in order.
    pub presence_unlisted: Vec<String>,
}

/// A monthly report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MonthlyReport {
    /// The day whose catalogue is counted.
    pub day: Date,
    /// Whether a negative list is known; without one every item that asks for presence is on none.
    pub negative_list: bool,
    /// The division as a whole.
    pub whole: Figures,
    /// Each department, by name.
    pub departments: Vec<Figures>,
}

/// Sums of one department.
#[derive(Default)]
struct Sums {
    items: u64,
    without_guide: u64,
    online: Vec<String>,
    fully_online: Vec<String>,
    no_visit: Vec<String>,
    once_at_most: Vec<String>,
    instant: Vec<String>,
    visiting: Vec<String>,
    visits: u64,
    visits_of: u64,
    shortened: Vec<String>,
    statutory: u64,
    saved: u64,
    presence_unlisted: Vec<String>,
}

/// Tells whether an item counts on a day: applied for, published, begun and not ended.
#[must_use]
pub fn counts(item: &ServiceItem, day: Date) -> bool {
    item.state == ItemState::Published
        && APPLIED_FOR.contains(&item.core.item_type.as_str())
        && item.effective.is_none_or(|from| from <= day)
        && item.cancel.is_none_or(|last| last >= day)
}

/// Makes the report of a day from the items of a division, each with its guide.
#[must_use]
pub fn monthly<'a>(
    items: impl IntoIterator<Item = (&'a ServiceItem, Option<&'a Guide>)>,
    lists: &Lists,
    day: Date,
) -> MonthlyReport {
    let mut whole = Sums::default();
    let mut departments: BTreeMap<&str, Sums> = BTreeMap::new();
    for (item, guide) in items {
        if counts(item, day) {
            whole.add(item, guide, lists);
            departments.entry(&item.department).or_default().add(item, guide, lists);
        }
    }
    MonthlyReport {
        day,
        negative_list: lists.knows(ListKind::OnlineNegative),
        whole: whole.figures(None),
        departments: departments.into_iter().map(|(name, sums)| sums.figures(Some(name.to_owned()))).collect(),
    }
}

impl Sums {
    fn add(&mut self, item: &ServiceItem, guide: Option<&Guide>, lists: &Lists) {
        self.items += 1;
        let code = || item.code.clone();
        if let (Some(statutory), Some(promised)) = (item.statutory, item.promised)
            && (statutory.unit, promised.unit) == (Unit::WorkingDays, Unit::WorkingDays)
            && statutory.days > 0
        {
            self.statutory += u64::from(statutory.days);
            let saved = statutory.days.saturating_sub(promised.days);
            self.saved += u64::from(saved);
            if saved > 0 {
                self.shortened.push(code());
            }
        }
        let Some(guide) = guide else {
            self.without_guide += 1;
            return;
        };
        // 互联网收件 and whatever goes further, 咨询 and 其他 aside.
        let deep = |depth: &OnlineDepth| (OnlineDepth::Collection..=OnlineDepth::Licence).contains(depth);
        if guide.online == Some(true) && guide.online_depth.iter().any(deep) {
            self.online.push(code());
        }
        if is_fully_online(guide) && guide.visits == Some(0) {
            self.fully_online.push(code());
        }
        if let Some(visits) = guide.visits {
            self.visits += u64::from(visits);
            self.visits_of += 1;
            match visits {
                0 => self.no_visit.push(code()),
                _ => self.visiting.push(code()),
            }
            if visits <= 1 {
                self.once_at_most.push(code());
            }
        }
        if guide.case_kind == Some(CaseKind::Instant) {
            self.instant.push(code());
        }
        if asks_for_presence(guide) && !lists.has_item(ListKind::OnlineNegative, item) {
            self.presence_unlisted.push(code());
        }
    }

    fn figures(self, department: Option<String>) -> Figures {
        let all = self.items;
        let share = |name, zh, formula, items: Vec<String>| {
            let numerator = items.len() as u64;
            rate(name, zh, formula, numerator, all, items)
        };
        let rates = vec![
            share("online", "网上可办率", "online ∧ online_depth ∋ collection or further ÷ items", self.online),
            share(
                "fully-online",
                "全程网办率",
                "online_depth ∋ decision, result ∧ visits = 0 ÷ items",
                self.fully_online,
            ),
            share("no-visit", "零跑动率", "visits = 0 ÷ items", self.no_visit),
            share("once-at-most", "最多跑一次率", "visits ≤ 1 ÷ items", self.once_at_most),
            rate(
                "mean-visits",
                "平均跑动次数",
                "Σ visits ÷ items that state them",
                self.visits,
                self.visits_of,
                self.visiting,
            ),
            share("instant", "即办件占比", "case_kind = instant ÷ items", self.instant),
            rate(
                "shortening",
                "时限压缩率",
                "(Σ statutory − Σ promised) ÷ Σ statutory, working days, items that have both",
                self.saved,
                self.statutory,
                self.shortened,
            ),
        ];
        Figures {
            department,
            items: all,
            without_guide: self.without_guide,
            rates,
            presence_unlisted: self.presence_unlisted,
        }
    }
}

fn rate(
    name: &'static str,
    zh: &'static str,
    formula: &'static str,
    numerator: u64,
    denominator: u64,
    items: Vec<String>,
) -> Rate {
    let per_mille = (numerator * 1000).checked_div(denominator);
    Rate { name, zh, formula, numerator, denominator, per_mille, items }
}
