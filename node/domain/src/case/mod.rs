//! Cases (办件): their states, their acts, their clock and their custody.
//!
//! ```text
//!            collect                 accept / deemed            decide            deliver        close
//!   (none) ──────────▶ Collected ───────────────▶ Accepted ───────────▶ Decided ─────────▶ Delivered ─────▶ Closed
//!                        │   ▲ │                    ▲ │ │                  │  (close)                          ▲
//!                 notify │   │ │ refuse      resume │ │ │ withdraw         └───────────────────────────────────┘
//!                        ▼   │ ▼                    │ │ ▼
//!                     Notified ──▶ Refused          │ │ Withdrawn        accept, refuse, withdraw go on from Notified as well
//!                                                   │ ▼ suspend
//!                                             SpecialProcedure           withdraw goes on from there as well
//! ```
//!
//! Collecting (收件) is the window's act and starts no legal clock; accepting (受理) is the authority's and starts it (国办发〔2020〕35号:
//! 收受分离). Custody moves apart from the state: see [`Custody`].

mod act;
mod clock;
mod collect;
mod custody;
mod deadline;
mod decision;
mod paper;
mod progress;
mod review;
mod submission;

pub use act::{Act, ActKind, Audience};
pub use clock::{Extension, Stop};
pub(crate) use clock::{extend, resume, suspend};
pub use collect::Collected;
pub(crate) use collect::{CollectRequest, collect};
pub use custody::Offer;
pub(crate) use custody::{discharge, offer, offer_refused, take_custody};
pub use deadline::{Deadline, Deadlines};
pub(crate) use decision::{cancel_licence, close, decide_case, deliver, issue_licence, withdraw};
pub use progress::Progress;
pub(crate) use progress::mirror;
pub use review::RefusalKind;
pub(crate) use review::{accept, accept_deemed, notify, refuse};

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::credit_code::CreditCode;
use tongban_codes::ids::{AuthorityId, CaseId, QueryCode};
use tongban_codes::time::{Date, Timestamp};

use crate::catalogue::{Core, Mode, ServiceItem, Term, number_code, number_prefix};
use crate::facts::Place;
use crate::{Authority, Facts, Rejection, codes};

/// Where a case stands in law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// 已收件.
    #[n(0)]
    Collected,
    /// 补正: one complete correction notice has been given.
    #[n(1)]
    Notified,
    /// 已受理.
    #[n(2)]
    Accepted,
    /// 不受理: no permit is needed.
    #[n(3)]
    RefusedNotRequired,
    /// 不予受理: another authority is competent.
    #[n(4)]
    RefusedNotCompetent,
    /// 准予.
    #[n(5)]
    Granted,
    /// 不予.
    #[n(6)]
    Denied,
    /// 已送达.
    #[n(7)]
    Delivered,
    /// 办结.
    #[n(8)]
    Closed,
    /// 撤件.
    #[n(9)]
    Withdrawn,
    /// 特别程序: accepted, and the clock stands still (行政许可法 45).
    #[n(10)]
    SpecialProcedure,
}

impl Status {
    /// All states in the order of their numbers.
    pub const ALL: [Status; 11] = [
        Status::Collected,
        Status::Notified,
        Status::Accepted,
        Status::RefusedNotRequired,
        Status::RefusedNotCompetent,
        Status::Granted,
        Status::Denied,
        Status::Delivered,
        Status::Closed,
        Status::Withdrawn,
        Status::SpecialProcedure,
    ];

    /// Stable English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Collected => "collected",
            Status::Notified => "notified",
            Status::Accepted => "accepted",
            Status::RefusedNotRequired => "refused-not-required",
            Status::RefusedNotCompetent => "refused-not-competent",
            Status::Granted => "granted",
            Status::Denied => "denied",
            Status::Delivered => "delivered",
            Status::Closed => "closed",
            Status::Withdrawn => "withdrawn",
            Status::SpecialProcedure => "special-procedure",
        }
    }

    /// Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Status::Collected => "已收件",
            Status::Notified => "待补正",
            Status::Accepted => "已受理",
            Status::RefusedNotRequired => "不受理",
            Status::RefusedNotCompetent => "不予受理",
            Status::Granted => "准予",
            Status::Denied => "不予",
            Status::Delivered => "已送达",
            Status::Closed => "办结",
            Status::Withdrawn => "撤件",
            Status::SpecialProcedure => "特别程序",
        }
    }

    /// Tells whether an act may be done in this state; the table is the law of the case.
    ///
    /// | act | states | article |
    /// |---|---|---|
    /// | offer | Collected | 国办发〔2020〕35号 (收受分离) |
    /// | accept | Collected, Notified | 行政许可法 32 |
    /// | deemed | Collected | 行政许可法 32(4): a notice in time stops it |
    /// | refuse | Collected, Notified | 行政许可法 32(1), (2) |
    /// | notify | Collected | 行政许可法 32(4), one complete notice |
    /// | decide | Accepted | 行政许可法 38 |
    /// | issue | Granted, Delivered | 行政许可法 39, 44 |
    /// | deliver | Granted, Denied | 行政许可法 44 |
    /// | close | Delivered, Refused…, Denied | |
    /// | cancel a licence | Granted, Delivered, Closed | 行政许可法 70 |
    /// | suspend | Accepted | 行政许可法 45 |
    /// | resume | SpecialProcedure | 行政许可法 45 |
    /// | extend | Accepted | 行政许可法 42, once, before the time ends |
    /// | withdraw | Collected, Notified, Accepted, SpecialProcedure | |
    #[must_use]
    pub fn allows(self, act: ActKind) -> bool {
        use ActKind as A;
        match act {
            A::Offer | A::TakeCustody | A::RefuseCustody | A::Discharge | A::Notify => self == Status::Collected,
            A::Accept | A::Refuse => matches!(self, Status::Collected | Status::Notified),
            A::AcceptDeemed => self == Status::Collected,
            A::Decide | A::Suspend | A::Extend => self == Status::Accepted,
            A::Resume => self == Status::SpecialProcedure,
            A::IssueLicence => matches!(self, Status::Granted | Status::Delivered),
            A::Deliver => matches!(self, Status::Granted | Status::Denied),
            A::Close => matches!(
                self,
                Status::Delivered | Status::RefusedNotRequired | Status::RefusedNotCompetent | Status::Denied
            ),
            A::Withdraw => {
                matches!(self, Status::Collected | Status::Notified | Status::Accepted | Status::SpecialProcedure)
            }
            A::CancelLicence => {
                matches!(self, Status::Granted | Status::Delivered | Status::Closed)
            }
            A::Collect => false,
        }
    }
}

/// Who holds the case, as this node knows it.
///
/// ```text
///   Owner(n) ── offer ──▶ Offered(n → B) ── B's acceptance ──▶ Elsewhere(B, n+1)
///      ▲                       │
///      └──── B's refusal ──────┘            while Offered every act is frozen, and only B's sealed answer ends it
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Custody {
    /// This node owns the case.
    #[n(0)]
    Owner,
    /// This node has offered it and waits for the answer.
    #[n(1)]
    Offered {
        /// To whom.
        #[n(0)]
        to: Place,
        /// Since when.
        #[n(1)]
        since: Timestamp,
    },
    /// Another node owns it.
    #[n(2)]
    Elsewhere {
        /// Who.
        #[n(0)]
        owner: Place,
        /// As of when that is known.
        #[n(1)]
        as_of: Timestamp,
    },
}

/// The applicant's fields, encrypted under a key of the case that is wrapped by the node's key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Personal {
    /// The wrapped key.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub wrapped_key: Vec<u8>,
    /// Encrypted name.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub name: Vec<u8>,
    /// Encrypted identity number.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub identity: Vec<u8>,
}

/// The version of the item that a case was collected under; later changes of the item don't touch it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct ItemPin {
    /// The item's code.
    #[n(0)]
    pub code: String,
    /// Its core.
    #[n(1)]
    pub core: Core,
    /// Its version.
    #[n(2)]
    pub version: u32,
    /// The authority in charge.
    #[n(3)]
    pub authority: AuthorityId,
    /// Its name.
    #[n(4)]
    pub department: String,
    /// Statutory time.
    #[n(5)]
    pub statutory: Option<Term>,
    /// Promised time.
    #[n(6)]
    pub promised: Option<Term>,
    /// The department's code as the source had it, valid or not.
    #[n(7)]
    pub department_code: String,
}

impl ItemPin {
    pub(crate) fn of(item: &ServiceItem) -> Self {
        Self {
            code: item.code.clone(),
            core: item.core.clone(),
            version: item.version,
            authority: item.authority,
            department: item.department.clone(),
            statutory: item.statutory,
            promised: item.promised,
            department_code: item.department_code.clone(),
        }
    }

    /// The credit code under which the case's numbers are drawn, as [`ServiceItem::number_code`].
    #[must_use]
    pub fn number_code(&self, authority: &Authority) -> Option<CreditCode> {
        number_code(&self.department_code, authority)
    }

    /// What the case's number begins with, as [`ServiceItem::number_prefix`].
    #[must_use]
    pub fn number_prefix(&self, authority: &Authority) -> Option<String> {
        number_prefix(&self.code, &self.department_code, authority)
    }
}

/// A case as one node knows it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Case {
    /// Id, drawn by the collecting node.
    #[n(0)]
    pub id: CaseId,
    /// 收件编号 of the collecting hall.
    #[n(1)]
    pub collection_no: String,
    /// The applicant's short code.
    #[n(2)]
    pub query_code: QueryCode,
    /// 办件编号, drawn by the deciding authority's node at acceptance.
    #[n(3)]
    pub case_no: Option<String>,
    /// State in law.
    #[n(4)]
    pub status: Status,
    /// Who holds it.
    #[n(5)]
    pub custody: Custody,
    /// Counts owners, from 1.
    #[n(6)]
    pub tenure: u32,
    /// The collecting place.
    #[n(7)]
    pub collecting: Place,
    /// The division of the authority in charge.
    #[n(8)]
    pub deciding: Place,
    /// The item, pinned.
    #[n(9)]
    pub item: ItemPin,
    /// How it came.
    #[n(10)]
    pub mode: Mode,
    /// The applicant's fields.
    #[n(11)]
    pub personal: Personal,
    /// Keyed index value of the applicant's identity number.
    #[cbor(n(12), with = "minicbor::bytes")]
    pub holder: [u8; 32],
    /// When it was collected.
    #[n(13)]
    pub collected_at: Timestamp,
    /// The day of receipt at the authority in charge, from which deemed acceptance counts.
    #[n(14)]
    pub received_on: Option<Date>,
    /// The day of acceptance.
    #[n(15)]
    pub accepted_on: Option<Date>,
    /// Statutory and promised deadline.
    #[n(16)]
    pub deadlines: Option<Deadlines>,
    /// When deemed acceptance comes, while it may.
    #[n(17)]
    pub deemed_at: Option<Timestamp>,
    /// The day of the decision.
    #[n(18)]
    pub decided_on: Option<Date>,
    /// The reason of the last refusal, denial, notice or withdrawal.
    #[n(19)]
    pub reason: Option<String>,
    /// Licences that came of it.
    #[n(20)]
    pub licences: Vec<String>,
    /// Number of acts so far; the next act takes this number plus one.
    #[n(21)]
    pub acts: u32,
    /// Digests of the materials brought, hex SHA-256; the files stay with the hall.
    #[n(22)]
    pub materials: Vec<Material>,
    /// Whether the case was deemed accepted rather than accepted by an act.
    #[n(23)]
    pub deemed: bool,
    /// Number of the owner's last act that was heard of, while another node owns the case; 0 when none was.
    #[n(24)]
    pub heard: u32,
    /// Special procedures that stopped the clock, in order; the last may still go on.
    #[n(25)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub stops: Vec<Stop>,
    /// By how much the statutory time was extended.
    #[n(26)]
    pub extension: Option<Extension>,
}

/// A material that the applicant brought: its name and digest.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, serde::Deserialize)]
#[cbor(map)]
pub struct Material {
    /// Name, as the guide calls it.
    #[n(0)]
    pub name: String,
    /// SHA-256, 64 hexadecimal digits.
    #[n(1)]
    pub sha256: String,
}

impl Case {
    /// Refuses unless this node owns the case and its state allows the act.
    pub(crate) fn may(&self, facts: &dyn Facts, act: ActKind) -> Result<(), Rejection> {
        match &self.custody {
            Custody::Owner => {}
            Custody::Offered { to, since } => {
                return Err(Rejection::new(
                    codes::CASE_OFFERED,
                    format!("the case was offered to {} on {since}; nothing may be done until it answers", to.division),
                    format!("办件已于 {since} 移交 {}，对方答复前不得办理", to.division),
                )
                .field("case", self.id)
                .remedy("see why it waits: tongban sync why", "查看原因：tongban sync why"));
            }
            Custody::Elsewhere { owner, as_of } => {
                return Err(Rejection::new(
                    codes::NOT_OWNER,
                    format!("{} owns the case (tenure {}, as of {as_of})", owner.division, self.tenure),
                    format!("办件由 {} 经办（第 {} 任，截至 {as_of}）", owner.division, self.tenure),
                )
                .field("case", self.id)
                .remedy("do it at that node", "请在该节点办理"));
            }
        }
        if !self.status.allows(act) {
            return Err(Rejection::new(
                codes::CASE_STATE,
                format!("a case that is {} allows no {}", self.status.name(), act.name()),
                format!("办件处于“{}”，不能{}", self.status.zh(), act.zh()),
            )
            .field("case", self.id)
            .remedy("see its history: tongban case show", "查看办件：tongban case show"));
        }
        if act.needs_competence() && self.deciding.node != facts.node().node {
            return Err(Rejection::new(
                codes::NOT_COMPETENT,
                format!("{} of {} is in charge, not this node", self.item.department, self.deciding.division),
                format!("该事项由 {} 的 {} 办理，本节点无权", self.deciding.division, self.item.department),
            )
            .field("case", self.id)
            .remedy("hand the case over: tongban case offer", "移交办件：tongban case offer"));
        }
        Ok(())
    }

    /// Where the owner is, as far as this node knows.
    #[must_use]
    pub fn owner(&self, here: Place) -> Place {
        match &self.custody {
            Custody::Owner | Custody::Offered { .. } => here,
            Custody::Elsewhere { owner, .. } => *owner,
        }
    }
}

/// The case that a text names, or a rejection that says so.
pub(crate) fn named(facts: &dyn Facts, text: &str) -> Result<Case, Rejection> {
    facts.case_named(text).ok_or_else(|| {
        Rejection::new(codes::CASE_UNKNOWN, "no case of this number or code is known here", "本节点没有该办件")
            .field("case", text)
            .remedy("ask the federation: tongban case whereis", "查询：tongban case whereis")
    })
}
