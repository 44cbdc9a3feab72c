//! The catalogue: base items (基本目录), implementation items (实施清单), their core and their ceilings.

mod claim;
mod column;
mod import;
mod publish;
mod row;

pub use claim::ClaimTerms;
pub(crate) use claim::claim;
pub(crate) use import::import;
pub use import::{COLUMNS, COLUMNS_OPTIONAL, Finding, ImportReport, ImportRow};
pub use publish::{PublishReport, Refused};
pub(crate) use publish::{in_force, named, publish, publish_all, withdraw};

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::credit_code::CreditCode;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, Digest, NodeId};
use tongban_codes::item_code::{ImplementationCode, LocalItemCode};
use tongban_codes::time::{Date, Timestamp};

use crate::Authority;
use crate::facts::parse_credit;

/// Item type 01, an administrative permit, to which the permit law applies.
pub const TYPE_PERMIT: &str = "01";

/// Statutory working days of a permit for which no law says otherwise (行政许可法 42).
pub const PERMIT_DAYS: u16 = 20;

/// The longest term that an item may have, in days: ten years.
pub(crate) const DAYS_MAX: u16 = 3650;

/// Unit of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Working days (工作日), the permit law's unit (82).
    #[n(0)]
    WorkingDays,
    /// Natural days; a term that ends on a holiday rolls (民法典 203).
    #[n(1)]
    NaturalDays,
}

/// A length of time in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
pub struct Term {
    /// Number of days, day 0 not counted.
    #[n(0)]
    pub days: u16,
    /// Their unit.
    #[n(1)]
    pub unit: Unit,
}

/// How a case may reach the authority in charge (国办发〔2020〕35号).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// 本地窗口: a window of the deciding division.
    #[n(0)]
    Window,
    /// 全程网办.
    #[n(1)]
    Online,
    /// 异地代收代办.
    #[n(2)]
    Collect,
    /// 多地联办.
    #[n(3)]
    Joint,
}

impl Mode {
    /// All modes in the order of their numbers.
    pub const ALL: [Mode; 4] = [Mode::Window, Mode::Online, Mode::Collect, Mode::Joint];

    /// Stable English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mode::Window => "window",
            Mode::Online => "online",
            Mode::Collect => "collect",
            Mode::Joint => "joint",
        }
    }

    /// Tells whether the mode joins regions, so that a window elsewhere needs a published scope for it.
    #[must_use]
    pub fn is_between_regions(self) -> bool {
        self != Mode::Window
    }

    /// Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Mode::Window => "本地窗口",
            Mode::Online => "全程网办",
            Mode::Collect => "异地代收代办",
            Mode::Joint => "多地联办",
        }
    }
}

impl std::str::FromStr for Mode {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Mode::ALL
            .into_iter()
            .find(|mode| mode.name() == text || mode.zh() == text)
            .ok_or_else(|| format!("{text} is no mode; modes are window, online, collect, joint"))
    }
}

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
}

impl BaseItem {
    /// The published version: this one, or the one in force while this is the draft of the next.
    #[must_use]
    pub fn published(&self) -> Option<&BaseItem> {
        match self.state {
            ItemState::Published => Some(self),
            ItemState::Draft => self.in_force.as_deref(),
            ItemState::Withdrawn => None,
        }
    }
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

    /// Tells whether a window of `division` may collect for this item.
    #[must_use]
    pub fn covers(&self, division: DivisionCode) -> bool {
        self.division == division
            || self.covered.iter().any(|region| division == *region || division.is_within(*region))
    }
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
