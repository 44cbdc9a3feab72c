//! What a card, a rating or a ticket is about, with what figures are counted by.

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, CaseId};

use super::card::Card;
use crate::case::Case;
use crate::catalogue::Mode;

/// What a card is about: a case, or what hangs on one or on none.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct About {
    /// The case; the ticket itself, for a ticket.
    #[n(0)]
    pub case: CaseId,
    /// 办件编号 or, before acceptance, 收件编号; the number of a ticket.
    #[n(1)]
    pub case_no: String,
    /// Item code; `-` where there is no item.
    #[n(2)]
    pub item: String,
    /// Item name.
    #[n(3)]
    pub item_name: String,
    /// 基本编码.
    #[n(4)]
    pub base_code: Option<String>,
    /// 事项类型.
    #[n(5)]
    pub item_type: String,
    /// Version of the item.
    #[n(6)]
    pub item_version: u32,
    /// Mode.
    #[n(7)]
    pub mode: Mode,
    /// The owner's tenure.
    #[n(8)]
    pub tenure: u32,
    /// The authority in charge.
    #[n(9)]
    pub authority: AuthorityId,
    /// 责任部门.
    #[n(10)]
    pub department: String,
    /// The collecting division.
    #[n(11)]
    pub collecting: DivisionCode,
    /// The deciding division.
    #[n(12)]
    pub deciding: DivisionCode,
    /// The division that answers, where neither of the two does by the rule.
    #[n(13)]
    pub division: Option<DivisionCode>,
}

impl About {
    /// A case as it stands.
    #[must_use]
    pub fn of_case(case: &Case) -> Self {
        Self {
            case: case.id,
            case_no: case.case_no.clone().unwrap_or_else(|| case.collection_no.clone()),
            item: case.item.code.clone(),
            item_name: case.item.core.name.clone(),
            base_code: case.item.core.base_code.clone(),
            item_type: case.item.core.item_type.clone(),
            item_version: case.item.version,
            mode: case.mode,
            tenure: case.tenure,
            authority: case.item.authority,
            department: case.item.department.clone(),
            collecting: case.collecting.division,
            deciding: case.deciding.division,
            division: None,
        }
    }
}

impl Card {
    /// What it is about.
    #[must_use]
    pub fn about(&self) -> About {
        About {
            case: self.case,
            case_no: self.case_no.clone(),
            item: self.item.clone(),
            item_name: self.item_name.clone(),
            base_code: self.base_code.clone(),
            item_type: self.item_type.clone(),
            item_version: self.item_version,
            mode: self.mode,
            tenure: self.tenure,
            authority: self.authority,
            department: self.department.clone(),
            collecting: self.collecting,
            deciding: self.deciding,
            division: self.answers,
        }
    }
}
