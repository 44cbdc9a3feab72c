//! What is bound to a base item, and what declines it: enough to count claims (认领率) and to show differences.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::division::{DivisionCode, Level};
use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;

use super::code_list::code_list;
use super::{BaseItem, Difference, ItemState, ServiceItem, UseLevel};

/// What is known of an item that is bound to a base item, here or at another node: enough to count claims and show differences.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Bound {
    /// Version of the item.
    #[n(0)]
    pub version: u32,
    /// Version of the base item to which it was held.
    #[n(1)]
    pub base_version: Option<u32>,
    /// State.
    #[n(2)]
    pub state: ItemState,
    /// Its lawful difference.
    #[n(3)]
    pub difference: Option<Difference>,
    /// Its name, which may differ.
    #[n(4)]
    pub name: String,
}

impl Bound {
    /// What is kept of an item, when it is bound.
    #[must_use]
    pub fn of(item: &ServiceItem) -> Option<(String, Self)> {
        let base_code = item.core.base_code.clone()?;
        let bound = Self {
            version: item.version,
            base_version: item.base_version,
            state: item.state,
            difference: item.difference.clone(),
            name: item.core.name.clone(),
        };
        Some((base_code, bound))
    }
}

code_list! {
    /// Why a base item is not claimed (不认领); the list is closed.
    DeclineReason: "不认领理由" {
        /// 本级无此职权: this level doesn't hold the power.
        NoPower = 0, "no-power", "本级无此职权", [];
        /// 本地无此业务对象: there is nobody and nothing here that it could be about.
        NoObject = 1, "no-object", "本地无此业务对象", [];
        /// 已并入其他事项: another item here covers it.
        Merged = 2, "merged", "已并入其他事项", [];
        /// 由上级直接行使: the superior exercises it for this division.
        ExercisedAbove = 3, "exercised-above", "由上级直接行使", [];
        /// 由下级行使: it was devolved to the level below.
        ExercisedBelow = 4, "exercised-below", "已下放由下级行使", [];
        /// 由派驻机构行使: a body stationed here by a vertical system exercises it outside this hall.
        Vertical = 5, "vertical", "由垂直管理机构行使", [];
        /// 依据已失效: its legal basis is no longer in force.
        BasisEnded = 6, "basis-ended", "设定依据已失效", [];
    }
}

/// A base item that a division doesn't claim, with its reason; the superior sees it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
pub struct Decline {
    /// The base item.
    #[n(0)]
    pub base_code: String,
    /// Its version when it was declined.
    #[n(1)]
    pub base_version: u32,
    /// Who declines.
    #[n(2)]
    pub division: DivisionCode,
    /// Its node.
    #[n(3)]
    pub node: NodeId,
    /// Why.
    #[n(4)]
    pub reason: DeclineReason,
    /// In words, with the document where there is one.
    #[n(5)]
    pub note: String,
    /// Who said so.
    #[n(6)]
    pub operator: String,
    /// When.
    #[n(7)]
    pub at: Timestamp,
    /// Taken back, because the item was claimed after all.
    #[n(8)]
    pub is_over: bool,
    /// Counts the words of this division on this base item, from 1.
    #[n(9)]
    pub version: u32,
}

/// Tells whether a level is to claim a base item: every level where it names none.
#[must_use]
pub fn concerns(base: &BaseItem, level: Level) -> bool {
    let level = match level {
        Level::Province => UseLevel::Province,
        Level::City => UseLevel::City,
        Level::County => UseLevel::County,
        Level::Township => UseLevel::Township,
        Level::Village => UseLevel::Village,
    };
    base.levels.is_empty() || base.levels.contains(&level) || base.levels.contains(&UseLevel::Graded)
}
