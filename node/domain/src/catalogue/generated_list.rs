//! Lists that are made from published items (mission C6): each with the formula by which an item is on it.

use super::code_list::{CaseKind, OnlineDepth, code_list};
use super::{Guide, ServiceItem};

code_list! {
    /// A list made from published items and their guides.
    GeneratedList: "生成清单" {
        /// 不见面: no visit.
        NoMeeting = 0, "no-meeting", "不见面", [];
        /// 见一次面: one visit.
        OneMeeting = 1, "one-meeting", "见一次面", [];
        /// 最多跑一次: one visit at most.
        OnceAtMost = 2, "once-at-most", "最多跑一次", [];
        /// 即办: decided while the applicant waits.
        Instant = 3, "instant", "即办", [];
        /// 全程网办: decided and answered online, no visit.
        FullyOnline = 4, "fully-online", "全程网办", [];
        /// 跨域通办: windows of other divisions take applications.
        CrossRegion = 5, "cross-region", "跨域通办", [];
        /// 收费.
        Charged = 6, "charged", "收费", [];
        /// 中介服务.
        Intermediary = 7, "intermediary", "中介服务", [];
    }
}

impl GeneratedList {
    /// The formula, as the documents have it.
    #[must_use]
    pub fn formula(self) -> &'static str {
        match self {
            Self::NoMeeting => "visits = 0",
            Self::OneMeeting => "visits = 1",
            Self::OnceAtMost => "visits ≤ 1",
            Self::Instant => "case_kind = instant",
            Self::FullyOnline => "online_depth ∋ decision ∧ online_depth ∋ result ∧ visits = 0",
            Self::CrossRegion => "(modes ∋ online, collect, joint or uniform ∧ covered ≠ ∅) ∨ scopes ≠ ∅",
            Self::Charged => "charged",
            Self::Intermediary => "intermediary ≠ ∅",
        }
    }

    /// Tells whether an item is on the list; what only a guide says holds for none without one.
    #[must_use]
    pub fn has(self, item: &ServiceItem, guide: Option<&Guide>) -> bool {
        let by_guide = |holds: fn(&Guide) -> bool| guide.is_some_and(holds);
        match self {
            Self::NoMeeting => by_guide(|guide| guide.visits == Some(0)),
            Self::OneMeeting => by_guide(|guide| guide.visits == Some(1)),
            Self::OnceAtMost => by_guide(|guide| guide.visits.is_some_and(|visits| visits <= 1)),
            Self::Instant => by_guide(|guide| guide.case_kind == Some(CaseKind::Instant)),
            Self::FullyOnline => by_guide(|guide| is_fully_online(guide) && guide.visits == Some(0)),
            Self::CrossRegion => {
                let between = item.modes.iter().any(|mode| mode.is_between_regions());
                (between && !item.covered.is_empty()) || by_guide(|guide| !guide.scopes.is_empty())
            }
            Self::Charged => by_guide(|guide| guide.charged == Some(true)),
            Self::Intermediary => {
                by_guide(|guide| guide.intermediary.as_deref().is_some_and(|service| !service.trim().is_empty()))
            }
        }
    }
}

/// Handled online to the end: decided there, and the result told there (standards §7).
pub(crate) fn is_fully_online(guide: &Guide) -> bool {
    guide.online_depth.contains(&OnlineDepth::Decision) && guide.online_depth.contains(&OnlineDepth::Result)
}
