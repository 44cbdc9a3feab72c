//! Catalogue data that a superior keeps for everyone below and that travels as items do: ceilings, topics, life events, lists, policy,
//! and the cross-walk of codes of divisions.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::NodeId;
use tongban_codes::time::Date;

use super::ItemState;
use super::code_list::code_list;
use crate::supervision::RuleSetting;

code_list! {
    /// What a standard is.
    StandardKind: "标准类别" {
        /// 限高: a ceiling, with its floor, for a line or a base item.
        Ceiling = 0, "ceiling", "限高", [];
        /// 主题.
        Topic = 1, "topic", "主题", [];
        /// 一件事: a life event that bundles items.
        LifeEvent = 2, "life-event", "一件事", [];
        /// An entry of one of the nine lists (九类清单) or of the national permit list.
        Entry = 3, "entry", "清单条目", [];
        /// 目录管理要求: what publication requires.
        Policy = 4, "policy", "目录管理要求", [];
        /// 区划代码变更: a division's code from a day on.
        Division = 5, "division", "区划代码变更", [];
    }
}

/// A ceiling (限高) with its lawful floor (standards §0.10): below it only kinder is accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields, default)]
pub struct Ceiling {
    /// The base item that it is for.
    #[n(0)]
    pub base_code: Option<String>,
    /// The department of the line (条线) all of whose base items it is for, when no base item is named.
    #[n(1)]
    pub line: Option<String>,
    /// Most materials that may be required.
    #[n(2)]
    pub materials: Option<u16>,
    /// Longest promised time, in working days.
    #[n(3)]
    pub promised_days: Option<u16>,
    /// Most fees, in fen.
    #[n(4)]
    pub fee_fen: Option<u32>,
    /// Most steps.
    #[n(5)]
    pub steps: Option<u16>,
    /// Most visits.
    #[n(6)]
    pub visits: Option<u8>,
    /// Materials that a law asks for, by name: none may be dropped.
    #[n(7)]
    pub materials_floor: Vec<String>,
    /// Publicity that a law asks for, in working days.
    #[n(8)]
    pub publicity_floor: Option<u16>,
    /// Fees set by law, by name: none may be dropped or lowered on one's own (行政许可法 58).
    #[n(9)]
    pub fees_floor: Vec<String>,
    /// Until when items that exceed a lowered ceiling must be mended; after it they count as drift.
    #[n(10)]
    pub deadline: Option<Date>,
}

/// A topic under which people look for items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields, default)]
pub struct Topic {
    /// Name.
    #[n(0)]
    pub name: String,
    /// For natural persons, else for bodies.
    #[n(1)]
    pub for_persons: bool,
    /// Code of the topic above it.
    #[n(2)]
    pub above: Option<String>,
    /// Its place among its like.
    #[n(3)]
    pub order: u16,
}

/// A life event (一件事): items that are done together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields, default)]
pub struct LifeEvent {
    /// Name, e.g. 开办餐饮店.
    #[n(0)]
    pub name: String,
    /// For natural persons, else for bodies.
    #[n(1)]
    pub for_persons: bool,
    /// Its items, by base code or short code, in the order in which they are done.
    #[n(2)]
    pub items: Vec<String>,
    /// What an item waits for: pairs (later, earlier).
    #[n(3)]
    pub after: Vec<(String, String)>,
    /// What people ask to find their way.
    #[n(4)]
    pub guidance: Option<String>,
}

code_list! {
    /// The lists against which items are checked (九类清单, mission C6; and 许可清单, 能网办清单).
    ListKind: "清单" {
        /// 权力清单.
        Powers = 0, "powers", "权力清单", [];
        /// 责任清单.
        Duties = 1, "duties", "责任清单", [];
        /// 公共服务事项清单.
        Services = 2, "services", "公共服务事项清单", [];
        /// 行政审批中介服务清单.
        Intermediaries = 3, "intermediaries", "中介服务清单", [];
        /// 行政事业性收费清单.
        Fees = 4, "fees", "收费清单", [];
        /// 政府性基金清单.
        Funds = 5, "funds", "政府性基金清单", [];
        /// 市场准入负面清单.
        Negative = 6, "negative", "市场准入负面清单", [];
        /// 职业资格目录.
        Qualifications = 7, "qualifications", "职业资格清单", [];
        /// 证明事项清单.
        Certificates = 8, "certificates", "证明事项清单", [];
        /// 行政许可事项清单: a permit outside it is a red finding (mission C5).
        Permits = 9, "permits", "行政许可事项清单", [];
        /// 网上审批负面清单: what may ask for presence (mission C10).
        OnlineNegative = 10, "online-negative", "网上审批负面清单", [];
    }
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Which list.
    #[n(0)]
    pub list: ListKind,
    /// Name of the item, fee, service, qualification or document.
    #[n(1)]
    pub name: String,
    /// Base code, where the list has one.
    #[n(2)]
    #[serde(default)]
    pub base_code: Option<String>,
    /// The body in charge.
    #[n(3)]
    #[serde(default)]
    pub department: Option<String>,
    /// Its basis.
    #[n(4)]
    #[serde(default)]
    pub basis: Option<String>,
    /// What else the list says, e.g. the amount of a fee.
    #[n(5)]
    #[serde(default)]
    pub note: Option<String>,
    /// A sample made up for trying, marked 演示.
    #[n(6)]
    #[serde(default)]
    pub demo: bool,
}

/// What publication requires at the node and below it; of several the strictest holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// An item is published only after a reviewer other than its editor passed it.
    #[n(0)]
    pub review: bool,
    /// The least quality score (0 to 100) with which an item is published.
    #[n(1)]
    pub quality_min: Option<u8>,
    /// Rules whose finding refuses publication, by id.
    #[n(2)]
    pub rules_required: Vec<String>,
    /// Days in which a release is to be claimed or declined.
    #[n(3)]
    pub claim_days: Option<u16>,
    /// Thresholds of supervision; a policy that has some has nothing else.
    #[n(4)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub supervision: Vec<RuleSetting>,
}

/// A division's new code (撤县设区 and the like): one line of the cross-walk. The day is the standard's first in force.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct DivisionChange {
    /// The code that ends.
    #[n(0)]
    pub old: DivisionCode,
    /// The code that goes on.
    #[n(1)]
    pub new: DivisionCode,
    /// The division's name from then on, where that is new.
    #[n(2)]
    #[serde(default)]
    pub name: Option<String>,
    /// The order (文号).
    #[n(3)]
    pub order: String,
}

/// What a standard says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StandardBody {
    /// A ceiling.
    #[n(0)]
    Ceiling(#[n(0)] Ceiling),
    /// A topic.
    #[n(1)]
    Topic(#[n(0)] Topic),
    /// A life event.
    #[n(2)]
    LifeEvent(#[n(0)] LifeEvent),
    /// An entry of a list.
    #[n(3)]
    Entry(#[n(0)] Entry),
    /// A policy.
    #[n(4)]
    Policy(#[n(0)] Policy),
    /// A division's new code.
    #[n(5)]
    Division(#[n(0)] DivisionChange),
}

impl StandardBody {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> StandardKind {
        match self {
            Self::Ceiling(_) => StandardKind::Ceiling,
            Self::Topic(_) => StandardKind::Topic,
            Self::LifeEvent(_) => StandardKind::LifeEvent,
            Self::Entry(_) => StandardKind::Entry,
            Self::Policy(_) => StandardKind::Policy,
            Self::Division(_) => StandardKind::Division,
        }
    }
}

/// A standard of this node or of a superior.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Standard {
    /// Its code among those of its kind: the base code or line of a ceiling, a topic's code, a list's name and the entry's code, the
    /// code of a division that ends.
    #[n(0)]
    pub code: String,
    /// What it says.
    #[n(1)]
    pub body: StandardBody,
    /// Division that keeps it; it holds there and below.
    #[n(2)]
    pub division: DivisionCode,
    /// Node that keeps it.
    #[n(3)]
    pub node: NodeId,
    /// Counts published versions, from 1.
    #[n(4)]
    pub version: u32,
    /// Published, or withdrawn.
    #[n(5)]
    pub state: ItemState,
    /// First day in force.
    #[n(6)]
    pub effective: Option<Date>,
    /// The department of the line that set it.
    #[n(7)]
    pub department: Option<String>,
    /// The version in force until this one begins.
    #[n(8)]
    pub in_force: Option<Box<Standard>>,
}

impl Standard {
    /// What holds on a day: this version, or the one before while this one has not begun.
    #[must_use]
    pub fn holding(&self, day: Date) -> Option<&Standard> {
        if self.effective.is_some_and(|from| from > day) {
            return self.in_force.as_deref().and_then(|before| before.holding(day));
        }
        (self.state == ItemState::Published).then_some(self)
    }
}
