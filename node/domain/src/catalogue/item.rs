//! Items: what a superior fixes for everyone below (基本目录), and what an authority offers (实施清单).

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::credit_code::CreditCode;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, Digest, NodeId};
use tongban_codes::item_code::{ImplementationCode, LocalItemCode};
use tongban_codes::time::{Date, Timestamp};

use super::agreement::Agreement;
use super::code_list::{Origin, Tier, UseLevel};
use super::difference::{Difference, Lock};
use super::import::Finding;
use super::{Mode, Term};
use crate::Authority;
use crate::facts::parse_credit;

/// State of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum ItemState {
    /// 草稿.
    #[n(0)]
    Draft,
    /// 已发布.
    #[n(1)]
    Published,
    /// 取消.
    #[n(2)]
    Withdrawn,
    /// 待审核: submitted for review, a draft that isn't edited any more.
    #[n(3)]
    Submitted,
    /// 审核通过: reviewed, to be published.
    #[n(4)]
    Reviewed,
    /// 暂停: published, and no new case is taken for it.
    #[n(5)]
    Suspended,
}

impl ItemState {
    /// Stable English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ItemState::Draft => "draft",
            ItemState::Published => "published",
            ItemState::Withdrawn => "withdrawn",
            ItemState::Submitted => "submitted",
            ItemState::Reviewed => "reviewed",
            ItemState::Suspended => "suspended",
        }
    }

    /// Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            ItemState::Draft => "草稿",
            ItemState::Published => "已发布",
            ItemState::Withdrawn => "已取消",
            ItemState::Submitted => "待审核",
            ItemState::Reviewed => "审核通过",
            ItemState::Suspended => "暂停",
        }
    }

    /// Tells whether it is a version still in the making, beside the one in force.
    #[must_use]
    pub fn is_draft(self) -> bool {
        matches!(self, ItemState::Draft | ItemState::Submitted | ItemState::Reviewed)
    }
}

/// The codes of an item in all generations, side by side; what cases and clerks call it by is [`ServiceItem::code`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields, default)]
pub struct Codes {
    /// National implementation code (ZWFW C 0109.1, GB/T 39554.1), 31 characters, or 33 for a handled item.
    #[n(0)]
    pub national: Option<String>,
    /// Code of the first generation (国办函〔2016〕108号, GB/T 39046), 10 or 24 characters.
    #[n(1)]
    pub first_generation: Option<String>,
    /// 地方基本编码.
    #[n(2)]
    pub local_base: Option<String>,
    /// 地方实施编码.
    #[n(3)]
    pub local: Option<String>,
    /// Base code of the national catalogue (`PP=00`) to which the item is mapped by hand: what is compared across provinces.
    #[n(4)]
    pub national_base: Option<String>,
}

impl Codes {
    /// Tells whether none is given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The system that an item runs in, when it isn't this node (runs in: here · external; mission F6).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// The system's name.
    #[n(0)]
    pub system: String,
    /// The connector that takes the outcome over; entered by hand when absent.
    #[n(1)]
    #[serde(default)]
    pub connector: Option<String>,
}

/// A later item in an item's place, after an order that changed departments, divisions or codes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Successor {
    /// Its code.
    #[n(0)]
    pub code: String,
    /// From when.
    #[n(1)]
    pub from: Date,
    /// The order that says so.
    #[n(2)]
    #[serde(default)]
    pub order: Option<String>,
}

/// Who brought a version where it stands, for separated duties and the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Editing {
    /// Who edited it last.
    #[n(0)]
    pub editor: Option<String>,
    /// Who reviewed it.
    #[n(1)]
    pub reviewer: Option<String>,
    /// What the reviewer said, or why it was suspended or withdrawn.
    #[n(2)]
    pub note: Option<String>,
    /// When it came into its present state; what is said of it without another one (a last day, a successor, an agreement) doesn't move it.
    #[n(3)]
    pub at: Option<Timestamp>,
}

impl Editing {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The four fields that are the same everywhere (三级四同), hashed as the core of an item.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Core {
    /// Name.
    #[n(0)]
    pub name: String,
    /// 12-digit base code; absent for an item that no superior keeps.
    #[n(1)]
    pub base_code: Option<String>,
    /// Item type, two digits of GB/T 39046.
    #[n(2)]
    pub item_type: String,
    /// Legal basis as cited.
    #[n(3)]
    pub legal_basis: String,
}

impl Core {
    /// SHA-256 over the deterministic CBOR of the four fields.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&tongban_codes::cbor::to_vec(self))
    }
}

/// A base item: what a superior fixes for everyone below.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct BaseItem {
    /// The core, with its base code.
    #[n(0)]
    pub core: Core,
    /// Division that keeps it.
    #[n(1)]
    pub division: DivisionCode,
    /// Longest statutory time below, in working days.
    #[n(2)]
    pub statutory_days: Option<u16>,
    /// Ceiling for promised time below, in working days.
    #[n(3)]
    pub promised_days: Option<u16>,
    /// First day in force.
    #[n(4)]
    pub effective: Option<Date>,
    /// Counts published versions, from 1; 0 while a draft.
    #[n(5)]
    pub version: u32,
    /// State.
    #[n(6)]
    pub state: ItemState,
    /// Node that keeps it.
    #[n(7)]
    pub node: NodeId,
    /// Department of the line, when named.
    #[n(8)]
    pub department: String,
    /// The version in force beside a draft of the next one.
    #[n(9)]
    pub in_force: Option<Box<BaseItem>>,
    /// Digest of the guide that it prescribes or proposes.
    #[n(10)]
    pub guide: Option<Digest>,
    /// What of the guide is the same everywhere below.
    #[n(11)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub locks: Vec<Lock>,
    /// Levels that must claim it; all when empty.
    #[n(12)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub levels: Vec<UseLevel>,
    /// Main item, sub-item or handled item.
    #[n(13)]
    pub tier: Option<Tier>,
    /// Base code of the item above it.
    #[n(14)]
    pub above: Option<String>,
    /// Last day in force.
    #[n(15)]
    pub cancel: Option<Date>,
    /// What comes in its place.
    #[n(16)]
    pub successor: Option<Successor>,
    /// Who edited and reviewed it.
    #[n(17)]
    #[cbor(default, skip_if = "Editing::is_empty")]
    pub editing: Editing,
}

/// An implementation item of this node's catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct ServiceItem {
    /// Code: local implementation code, or the national one of 31 or 33 characters.
    #[n(0)]
    pub code: String,
    /// The core.
    #[n(1)]
    pub core: Core,
    /// Main item (主项) as the source groups it.
    #[n(2)]
    pub main_item: String,
    /// The authority in charge.
    #[n(3)]
    pub authority: AuthorityId,
    /// Its department's name.
    #[n(4)]
    pub department: String,
    /// The department's code as the source has it, valid or not.
    #[n(5)]
    pub department_code: String,
    /// Division whose item it is.
    #[n(6)]
    pub division: DivisionCode,
    /// Statutory time.
    #[n(7)]
    pub statutory: Option<Term>,
    /// Promised time, never longer than the statutory.
    #[n(8)]
    pub promised: Option<Term>,
    /// Published modes of cross-region acceptance.
    #[n(9)]
    pub modes: Vec<Mode>,
    /// Divisions whose windows may collect; everything below them too.
    #[n(10)]
    pub covered: Vec<DivisionCode>,
    /// First day in force.
    #[n(11)]
    pub effective: Option<Date>,
    /// Counts published versions, from 1; 0 while it was never published.
    #[n(12)]
    pub version: u32,
    /// State.
    #[n(13)]
    pub state: ItemState,
    /// What import found.
    #[n(14)]
    pub findings: Vec<Finding>,
    /// Digest of its guide.
    #[n(15)]
    pub guide: Option<Digest>,
    /// Codes of all generations.
    #[n(16)]
    #[cbor(default, skip_if = "Codes::is_empty")]
    pub codes: Codes,
    /// Main item, sub-item or handled item.
    #[n(17)]
    pub tier: Option<Tier>,
    /// Of its own, or claimed.
    #[n(18)]
    pub origin: Option<Origin>,
    /// The other system that it runs in; here when absent.
    #[n(19)]
    pub external: Option<External>,
    /// Last day in force.
    #[n(20)]
    pub cancel: Option<Date>,
    /// Why it differs from its superior's core.
    #[n(21)]
    pub difference: Option<Difference>,
    /// Version of the base item that it was last held to.
    #[n(22)]
    pub base_version: Option<u32>,
    /// What comes in its place.
    #[n(23)]
    pub successor: Option<Successor>,
    /// Who edited and reviewed it.
    #[n(24)]
    #[cbor(default, skip_if = "Editing::is_empty")]
    pub editing: Editing,
    /// Agreements between authorities under which it is collected elsewhere; withdrawn ones stay. They belong to no version.
    #[n(58)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agreements: Vec<Agreement>,
    /// The code that it had first, where a reorganisation gave it another: its limit of number is counted on under that. It belongs to no version.
    #[n(59)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts_under: Option<String>,
}

impl ServiceItem {
    /// The part of the code before the first dash: what clerks call the item by.
    #[must_use]
    pub fn short_code(&self) -> &str {
        short_code(&self.code)
    }

    /// The credit code under which numbers of this item are drawn: the department's own when it is valid, else the one that
    /// it has been mapped to.
    #[must_use]
    pub fn number_code(&self, authority: &Authority) -> Option<CreditCode> {
        number_code(&self.department_code, authority)
    }

    /// What a case number begins with: the national implementation code (31) where there is one, else the credit code (18).
    #[must_use]
    pub fn number_prefix(&self, authority: &Authority) -> Option<String> {
        number_prefix(&self.code, &self.department_code, authority)
    }

    /// Tells whether it is a handled item (办理项): bound by its sub-item's core, with a name of its own (standards §0.15).
    #[must_use]
    pub fn is_handled(&self) -> bool {
        self.tier == Some(Tier::Handled)
            || [Some(&self.code), self.codes.national.as_ref()].into_iter().flatten().any(|code| is_handled_code(code))
    }

    /// Tells whether a window of `division` may collect for this item.
    #[must_use]
    pub fn covers(&self, division: DivisionCode) -> bool {
        self.division == division
            || self.covered.iter().any(|region| division == *region || division.is_within(*region))
    }
}

/// Whether a code is a national one of 33 characters.
pub(super) fn is_handled_code(code: &str) -> bool {
    code.len() == 33 && code.parse::<ImplementationCode>().is_ok()
}

pub(crate) fn number_code(department_code: &str, authority: &Authority) -> Option<CreditCode> {
    parse_credit(department_code).or_else(|| authority.mapped(department_code).copied())
}

pub(crate) fn number_prefix(code: &str, department_code: &str, authority: &Authority) -> Option<String> {
    let credit = number_code(department_code, authority)?;
    let national = code.parse::<ImplementationCode>().ok().filter(|national| national.authority() == credit);
    Some(match national {
        Some(national) => national.implementation().to_string(),
        None => credit.to_string(),
    })
}

/// What clerks call an item by: the base code inside a local code, else the whole code.
///
/// `511A0015500013-511602000000-000-…-1-00` is `511A0015500013`, and `G-000007-001-511602000000-000-…-1-00` is `G-000007-001`.
#[must_use]
pub fn short_code(code: &str) -> &str {
    let base = code.parse::<LocalItemCode>().map_or(code.len(), |local| local.base().len());
    &code[..base]
}

/// Of items that one short code names, those that can be meant: where one has taken another's place under it, or is to, the one that goes on
/// until then, or from then on.
#[must_use]
pub fn going_on(found: Vec<ServiceItem>) -> Vec<ServiceItem> {
    let place = |code: &str| found.iter().position(|item| item.code == code);
    let mut left = vec![true; found.len()];
    for (at, item) in found.iter().enumerate() {
        if let Some(next) = item.successor.as_ref().and_then(|successor| place(&successor.code)) {
            left[if item.state == ItemState::Withdrawn { at } else { next }] = false;
        }
    }
    found.into_iter().zip(left).filter(|(_, left)| *left).map(|(item, _)| item).collect()
}

/// An item of another node, as it was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct ForeignItem {
    /// The item.
    #[n(0)]
    pub item: ServiceItem,
    /// The node that keeps and decides it.
    #[n(1)]
    pub node: NodeId,
    /// When its node stated it.
    #[n(2)]
    pub as_of: Timestamp,
}

/// The id of the authority of that name in that division, as this node draws it: the same name gives the same id again.
#[must_use]
pub fn authority_id(node: &NodeId, division: DivisionCode, name: &str) -> AuthorityId {
    let digest = Digest::of(&tongban_codes::cbor::to_vec(&("tongban authority", node, division, name)));
    let mut id = [0; 16];
    id.copy_from_slice(&digest.as_bytes()[..16]);
    AuthorityId::from_bytes(id)
}
