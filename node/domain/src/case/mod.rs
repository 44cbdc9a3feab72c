//! Cases (办件): their states, their acts, their clock and their custody.
//!
//! ```text
//!            collect                 accept / deemed            decide            deliver        close
//!   (none) ──────────▶ Collected ───────────────▶ Accepted ───────────▶ Decided ─────────▶ Delivered ─────▶ Closed
//!                        │     │                    ▲ │ │ │                │  (close)                          ▲
//!                 notify │     │ refuse      resume │ │ │ │ withdraw       └───────────────────────────────────┤
//!                        ▼     ▼                    │ │ │ ▼                                                    │
//!                     Notified │ Refused            │ │ │ Withdrawn    Refused, Returned and Forwarded are closed too
//!   all was brought │ ▲  │ │   ▼                    │ │ │ forward (43)
//!    (supplement)   │ │  │ └▶ Returned   suspend    │ │ └──────▶ Forwarded
//!                   ▼ │  ▼    (time over)           │ ▼
//!                Supplemented ───▶ Accepted   SpecialProcedure
//! ```
//!
//! Accept, refuse and withdraw go on from Notified and Supplemented as they do from Collected; withdraw from SpecialProcedure as well. From
//! Notified it is accepted when all was brought, or when the officer says why what was brought is enough. Supplemented begins the five days of
//! deemed acceptance anew, and goes back to Notified for what couldn't be known at the first notice. Acts that leave the state as it is: an
//! on-site check of what is accepted, a mistake put right on the spot before that, a wrong entry amended at any time.
//!
//! Collecting (收件) is the window's act and starts no legal clock; accepting (受理) is the authority's and starts it (国办发〔2020〕35号:
//! 收受分离). Custody moves apart from the state: see [`Custody`].

mod act;
mod agent;
mod amendment;
mod came_to;
mod clock;
mod collect;
mod correction;
mod custody;
mod deadline;
mod decision;
mod fee;
mod forward;
mod forwarded;
mod inspection;
mod issue;
mod ledger;
mod masking;
mod material;
pub mod national;
mod outside;
mod paper;
mod print;
mod progress;
mod receipt;
mod reclaim;
mod reclaiming;
mod renewal;
mod review;
mod submission;
mod supplement;
mod withdrawal;

pub use act::{Act, ActKind, Audience};
pub use agent::Agency;
pub use amendment::{Amended, AmendedField, Amendment};
pub(crate) use amendment::{amend, amend_alike};
pub use came_to::CameTo;
pub use clock::{Extension, Stop};
pub(crate) use clock::{extend, resume, suspend};
pub use collect::Collected;
pub(crate) use collect::{ACCEPTANCE_DAYS, CollectRequest, collect, deemed_at, draw_query_code, offered_item};
pub use correction::{Asked, Brought, Correction, NOTICE_DAYS_DEFAULT};
pub(crate) use correction::{NoticeRequest, notify, send_back};
pub use custody::Offer;
pub(crate) use custody::{discharge, here, offer, offer_refused, take_custody};
pub use deadline::{Deadline, Deadlines};
pub(crate) use decision::{close, decide_case, deliver, deny_for_number, may_overrule};
pub use fee::Waiver;
pub(crate) use fee::{free_from, not_waived, settled, waive};
pub(crate) use forward::{ForwardRequest, forward};
pub use forward::{ForwardedFrom, ForwardedTo};
pub(crate) use forwarded::after as after_forwarding;
pub(crate) use inspection::{check, check_officers, correct, sealed_check};
pub(crate) use issue::{cancel_licence, issue_licence};
pub use ledger::{Holder, Ledger, Share, Span, ledger};
pub use masking::{NUMBER_CHARS_KEPT, masked_name, masked_number, number_end};
pub use material::{FileName, HeldFile, Material};
pub use outside::{OutcomeSource, OutsideDecision, OutsideOutcome};
pub(crate) use outside::{handled_in, outcome};
pub(crate) use paper::{reason, remark, said};
pub(crate) use print::print;
pub use print::{DocumentChoice, Print, PrintForm, chosen_document, document_kind, is_handed_out, usual_form};
pub use progress::Progress;
pub(crate) use progress::{mirror, record};
pub(crate) use receipt::receive_paper;
pub use reclaim::{Force, Reclaim, ReclaimOrder, ReclaimRequest, ReclaimRow, TENURE_JUMP, Taken};
pub(crate) use reclaiming::{
    ask_reclaim, decline_reclaim, declined, keep_request, keep_return, order_reclaim, take_order,
};
pub(crate) use renewal::deem_renewed;
pub use renewal::{Renewal, ask_by, following_period};
pub use review::{Competent, RefusalKind};
pub(crate) use review::{accept, accept_deemed, accept_lacking, refuse};
pub(crate) use submission::{applicant as person, materials};
pub use supplement::{Bringing, Supplement};
pub(crate) use supplement::{supplement, supplement_refused, take_supplement};
pub use withdrawal::Withdrawal;
pub(crate) use withdrawal::{take_withdrawal, withdraw, withdrawal_refused};

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::credit_code::CreditCode;
use tongban_codes::ids::{AuthorityId, CaseId, QueryCode};
use tongban_codes::time::{Date, Timestamp};

use crate::application::PartOf;
use crate::catalogue::{Accord, Core, Mode, ServiceItem, Term, number_code, number_prefix};
use crate::earlier::Stated;
use crate::facts::Place;
use crate::limit::Turn;
use crate::pledge::Pledge;
use crate::uniform::{InsteadOf, ReportRefused};
use crate::work::{Lacking, Recusal, Work};
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
    /// 退件: what a notice asked for was not brought in its time.
    #[n(11)]
    Returned,
    /// 转报: a superior authority goes on with it (行政许可法 43).
    #[n(12)]
    Forwarded,
    /// 已补正: all that a notice asked for was brought, and the authority has five days again.
    #[n(13)]
    Supplemented,
}

impl Status {
    /// All states in the order of their numbers.
    pub const ALL: [Status; 14] = [
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
        Status::Returned,
        Status::Forwarded,
        Status::Supplemented,
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
            Status::Returned => "returned",
            Status::Forwarded => "forwarded",
            Status::Supplemented => "supplemented",
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
            Status::Returned => "退件",
            Status::Forwarded => "转报办结",
            Status::Supplemented => "已补正",
        }
    }

    /// Tells whether an act may be done in this state; `docs/case-life.md` has the table with the article of each row.
    #[must_use]
    pub fn allows(self, act: ActKind) -> bool {
        use ActKind as A;
        let unanswered = matches!(self, Status::Collected | Status::Notified | Status::Supplemented);
        match act {
            A::Offer | A::TakeCustody | A::RefuseCustody | A::Discharge => self == Status::Collected,
            A::Accept | A::Refuse | A::Correct | A::ReceivePaper => unanswered,
            A::AcceptDeemed | A::Notify => matches!(self, Status::Collected | Status::Supplemented),
            A::Supplement | A::Return => self == Status::Notified,
            A::Decide | A::Suspend | A::Extend | A::Check | A::Forward | A::JointCheck | A::JointPublicity => {
                self == Status::Accepted
            }
            A::Resume => self == Status::SpecialProcedure,
            A::DeemedRenewal => matches!(self, Status::Accepted | Status::SpecialProcedure),
            A::IssueLicence => matches!(self, Status::Granted | Status::Delivered),
            A::Deliver => matches!(self, Status::Granted | Status::Denied),
            A::Close => matches!(
                self,
                Status::Delivered
                    | Status::RefusedNotRequired
                    | Status::RefusedNotCompetent
                    | Status::Denied
                    | Status::Returned
                    | Status::Forwarded
            ),
            A::ForwardOutcome => matches!(self, Status::Forwarded | Status::Closed),
            A::TellPart => unanswered || matches!(self, Status::Accepted | Status::SpecialProcedure),
            A::Withdraw | A::AskWithdrawal => unanswered || matches!(self, Status::Accepted | Status::SpecialProcedure),
            A::CancelLicence => {
                matches!(self, Status::Granted | Status::Delivered | Status::Closed)
            }
            A::Claim | A::ReturnStep | A::PassStep | A::SignStep => self == Status::Accepted,
            // What stands still stays with somebody, and he may leave.
            A::HandOn => matches!(self, Status::Accepted | Status::SpecialProcedure),
            A::Recuse => unanswered || matches!(self, Status::Accepted | Status::SpecialProcedure | Status::Granted),
            A::FollowUp => matches!(self, Status::Accepted | Status::SpecialProcedure),
            A::Pledge => unanswered || matches!(self, Status::Accepted | Status::SpecialProcedure),
            A::VerifyPledge => matches!(self, Status::Granted | Status::Delivered | Status::Closed),
            A::WaiveFee => {
                unanswered
                    || matches!(self, Status::Accepted | Status::SpecialProcedure | Status::Granted | Status::Delivered)
            }
            // Nothing is reported before the acceptance or the end, and no such case is forwarded.
            A::ReportAgain => !unanswered && self != Status::Forwarded,
            A::Amend => true,
            // The first draws a case that had no state, the second goes on record whatever the case has come to.
            A::Collect | A::RefuseSupplement | A::RefuseWithdrawal | A::RefuseReport | A::AskReclaim | A::Reclaim => {
                false
            }
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
    /// When this node let go of both: since then the name is a masked one, and of the number the last six characters are left.
    #[n(3)]
    pub forgotten_at: Option<Timestamp>,
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
    /// The materials brought, with their digests; the files of those that were given as files lie beside the log, see [`HeldFile`].
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
    /// What correction notices asked for, and what was brought.
    #[n(27)]
    pub correction: Option<Correction>,
    /// Who is competent, when this authority isn't.
    #[n(28)]
    pub competent: Option<Competent>,
    /// The superior's case in which it goes on.
    #[n(29)]
    pub forwarded_to: Option<ForwardedTo>,
    /// The lower authority's case from which it came.
    #[n(30)]
    pub forwarded_from: Option<ForwardedFrom>,
    /// Entries that were put right, in order, each with what stood there before.
    #[n(31)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub amendments: Vec<Amendment>,
    /// The licence that it renews, when it is a renewal.
    #[n(34)]
    pub renewal: Option<Renewal>,
    /// When deemed renewal comes, while it may.
    #[n(35)]
    pub renewal_at: Option<Timestamp>,
    /// Who acts for the applicant, under a power of attorney.
    #[n(36)]
    pub agent: Option<Agency>,
    /// Reclaims that were asked for, in order; those that were ordered stay.
    #[n(40)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub reclaims: Vec<Reclaim>,
    /// How many acts this node has done since the offer that is open, none of which changed the case.
    #[n(41)]
    #[cbor(default, skip_if = "is_none")]
    pub after_offer: u32,
    /// The steps that it goes through until the decision, and where it stands; none where the item publishes no steps and nobody has worked
    /// on it yet. Known at the deciding node alone.
    #[n(43)]
    pub work: Option<Work>,
    /// Who doesn't act on it any more.
    #[n(44)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub recused: Vec<Recusal>,
    /// Materials that are to follow its acceptance.
    #[n(45)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub lacking: Vec<Lacking>,
    /// When it came back to the node that collected it, by a refusal of its offer or by a reclaim; from then on that node is to hand it on.
    #[n(48)]
    pub back_since: Option<Timestamp>,
    /// The application that it is a part of (一件事).
    #[n(55)]
    pub part_of: Option<PartOf>,
    /// What an import stated of the earlier case that it goes on with (承接).
    #[n(58)]
    pub stated: Option<Stated>,
    /// The agreement between the authorities under which it was collected, and what counts as receipt by it; none by published scope alone.
    #[n(59)]
    pub agreement: Option<Accord>,
    /// In whose place this authority decides it (异地受理、无差别办理).
    #[n(60)]
    pub instead_of: Option<InsteadOf>,
    /// That the authority in charge didn't take what was reported last of such a case.
    #[n(61)]
    pub report_refused: Option<ReportRefused>,
    /// Where it stands before a limit of number.
    #[n(56)]
    pub turn: Option<Turn>,
    /// The applicant's pledge in the place of materials.
    #[n(57)]
    pub pledge: Option<Pledge>,
    /// The decision of another system that was entered as its decision (系统外办结).
    #[n(64)]
    pub outside: Option<OutsideDecision>,
    /// Fees that it needn't pay before its result is handed out.
    #[n(65)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub waivers: Vec<Waiver>,
}

/// Whether there is nothing to count.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the encoder asks by reference")]
fn is_none(count: &u32) -> bool {
    *count == 0
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
        let handed_back = act == ActKind::Offer
            && self.reclaimed().is_some()
            && !matches!(self.status, Status::Closed | Status::Withdrawn);
        if !handed_back {
            self.in_state(act)?;
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

    /// Refuses unless the state allows the act, whoever owns the case.
    pub(crate) fn in_state(&self, act: ActKind) -> Result<(), Rejection> {
        if self.status.allows(act) {
            return Ok(());
        }
        Err(Rejection::new(
            codes::CASE_STATE,
            format!("{} isn't possible while the case is {}", act.name(), self.status.name()),
            format!("办件处于“{}”，不能{}", self.status.zh(), act.zh()),
        )
        .field("case", self.id)
        .remedy("see its history: tongban case show", "查看办件：tongban case show"))
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
