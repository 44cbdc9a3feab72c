//! Operators, their roles and mandates.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::time::{Date, Timestamp};

use crate::catalogue::short_code;
use crate::work::Delegation;

/// What an operator may do at a hall; separated duties are separate roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// 窗口: collects, offers, delivers, closes, takes withdrawals.
    #[n(1)]
    Window,
    /// 审查: accepts, refuses, notifies.
    #[n(2)]
    Reviewer,
    /// 决定: decides, within a mandate.
    #[n(3)]
    Decider,
    /// 制证: issues and cancels licences.
    #[n(4)]
    Issuer,
    /// 目录: imports, completes and publishes items.
    #[n(5)]
    Catalogue,
    /// 管理: operators, authorities, invitations.
    #[n(6)]
    Admin,
    /// 审计: reads figures and journals, changes nothing.
    #[n(7)]
    Audit,
    /// 目录审核: reviews what others have edited and submitted.
    #[n(8)]
    CatalogueReview,
    /// 业务主管部门: reviews, publishes and suspends the base items of its line, and sets its ceilings.
    #[n(9)]
    Line,
    /// 监察: sets the rules of supervision, closes cards, gives orders.
    #[n(14)]
    Supervisor,
}

impl Role {
    /// Every role, in the order of their numbers.
    pub const ALL: [Role; 10] = [
        Role::Window,
        Role::Reviewer,
        Role::Decider,
        Role::Issuer,
        Role::Catalogue,
        Role::Admin,
        Role::Audit,
        Role::CatalogueReview,
        Role::Line,
        Role::Supervisor,
    ];

    /// The stable English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Window => "window",
            Role::Reviewer => "reviewer",
            Role::Decider => "decider",
            Role::Issuer => "issuer",
            Role::Catalogue => "catalogue",
            Role::Admin => "admin",
            Role::Audit => "audit",
            Role::CatalogueReview => "catalogue-review",
            Role::Line => "line",
            Role::Supervisor => "supervisor",
        }
    }

    /// The Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Role::Window => "窗口",
            Role::Reviewer => "审查",
            Role::Decider => "决定",
            Role::Issuer => "制证",
            Role::Catalogue => "目录",
            Role::Admin => "管理",
            Role::Audit => "审计",
            Role::CatalogueReview => "目录审核",
            Role::Line => "业务主管部门",
            Role::Supervisor => "监察",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Role::ALL.into_iter().find(|role| role.name() == text || role.zh() == text).ok_or_else(|| {
            let roles = Role::ALL.map(Role::name).join(", ");
            format!("{text} is no role; roles are {roles}")
        })
    }
}

/// The item code of a mandate over all items.
pub const MANDATE_ALL: &str = "*";

/// The right to decide on an item for a term (首席代表授权; mission K13).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Mandate {
    /// Item code, or [`MANDATE_ALL`].
    #[n(0)]
    pub item: String,
    /// First day in force.
    #[n(1)]
    pub from: Date,
    /// Last day in force, for ever when absent.
    #[n(2)]
    pub until: Option<Date>,
    /// The operator who granted it.
    #[n(3)]
    pub by: String,
}

impl Mandate {
    /// Tells whether the mandate covers `item` on `day`.
    #[must_use]
    pub fn covers(&self, item: &str, day: Date) -> bool {
        (self.item == MANDATE_ALL || self.item == item)
            && self.from <= day
            && self.until.is_none_or(|until| day <= until)
    }
}

/// A person who acts at this node.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Operator {
    /// Unique name at this node, as the log of acts shows it.
    #[n(0)]
    pub name: String,
    /// Roles held.
    #[n(1)]
    pub roles: Vec<Role>,
    /// Window at which the operator sits, when any.
    #[n(2)]
    pub window: Option<String>,
    /// Numeric user id on the node's machine that may act as this operator through the socket.
    #[n(3)]
    pub uid: Option<u32>,
    /// Decision mandates.
    #[n(4)]
    pub mandates: Vec<Mandate>,
    /// The department whose line he acts for, with the role [`Role::Line`].
    #[n(5)]
    pub department: Option<String>,
    /// Keyed index value of his own identity number, by which he touches no case of his own.
    #[cbor(n(6), with = "minicbor::bytes")]
    #[serde(skip)]
    pub identity: Option<[u8; 32]>,
    /// For whom he stands in.
    #[n(7)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deputises: Vec<Delegation>,
    /// Since when he is out of service.
    #[n(8)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<Timestamp>,
}

impl Operator {
    /// An operator in service who has these roles and nothing else.
    #[must_use]
    pub fn new(name: String, roles: Vec<Role>) -> Self {
        Self {
            name,
            roles,
            window: None,
            uid: None,
            mandates: Vec::new(),
            department: None,
            identity: None,
            deputises: Vec::new(),
            disabled: None,
        }
    }

    /// The mandate of his that covers an item, by its whole code or the first part of it, on a day.
    pub(crate) fn mandate(&self, item: &str, day: Date) -> Option<&Mandate> {
        self.mandates.iter().find(|mandate| mandate.covers(item, day) || mandate.covers(short_code(item), day))
    }
}

/// Who acts: an operator with the roles in force, or the node itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Operator name; `system` for ticks and messages of peers.
    pub operator: String,
    /// Roles held at this moment.
    pub roles: Vec<Role>,
    /// Window, when any.
    pub window: Option<String>,
}

impl Actor {
    /// The node itself: ticks, and effects of what peers sent.
    #[must_use]
    pub fn system() -> Self {
        Self { operator: "system".to_owned(), roles: Vec::new(), window: None }
    }

    /// Tells whether the actor holds one of the roles.
    #[must_use]
    pub fn has(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.roles.contains(role))
    }
}
