//! What is answered about a case.

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, NodeId, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::{
    Act, Competent, Correction, Extension, ForwardedFrom, ForwardedTo, Ledger, OutsideDecision, Reclaim, Renewal, Stop,
    Waiver,
};
use tongban_domain::catalogue::Accord;
use tongban_domain::limit::{Seen, Turn};
use tongban_domain::pledge::{Pledge, Standing as PledgeStanding};
use tongban_domain::uniform::{InsteadOf, ReportRefused};
use tongban_domain::work::{Lacking, Recusal, WorkView};

use crate::exchange::StandsIn;

use super::{MaterialView, OrderBrief, PartOfView, StatedView};

use super::answer::answer;

answer! {
    /// An act in the history of a case.
    ActView {
        /// The act.
        #[serde(flatten)]
        act: Act,
        /// `late` or `void`: done by a node that was lost, and not in force; absent where it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        force: Option<String>,
    }
    /// A reclaim that is asked of this node, or was.
    ReclaimView {
        /// The case.
        case: CaseId,
        /// 收件编号.
        collection_no: String,
        /// Item.
        item_name: String,
        /// State, as the asking node knows it.
        state: String,
        /// Who asks.
        asker: DivisionCode,
        /// Who is gone.
        lost: DivisionCode,
        /// Its node.
        lost_node: NodeId,
        /// As of when it is revoked; a reclaim can't be ordered before.
        revoked: Option<Timestamp>,
        /// Why.
        reason: String,
        /// Since when.
        asked_at: Timestamp,
        /// `open`, `ordered` or `turned-down`.
        request: String,
        /// The tenure that was ordered.
        tenure: Option<u32>,
    }
    /// A case with both legs of its history.
    CaseView {
        /// Id.
        case: CaseId,
        /// 办件编号.
        case_no: Option<String>,
        /// 收件编号.
        collection_no: String,
        /// Query code.
        query_code: QueryCode,
        /// State.
        state: String,
        /// State in Chinese.
        state_zh: String,
        /// Who holds it: `owner`, `offered`, `elsewhere`.
        custody: String,
        /// Tenure.
        tenure: u32,
        /// Owner's division.
        owner: DivisionCode,
        /// Collecting division.
        collecting: DivisionCode,
        /// Deciding division.
        deciding: DivisionCode,
        /// Item code.
        item: String,
        /// Item name.
        item_name: String,
        /// Item version.
        item_version: u32,
        /// Mode.
        mode: String,
        /// Applicant's name, masked.
        applicant: String,
        /// When this node let go of the applicant's name, number and materials: the case came to its end elsewhere.
        #[serde(skip_serializing_if = "Option::is_none")]
        forgotten_at: Option<Timestamp>,
        /// When it was collected.
        collected_at: Timestamp,
        /// Day of receipt at the authority.
        received_on: Option<Date>,
        /// Day of acceptance.
        accepted_on: Option<Date>,
        /// Whether acceptance was deemed.
        deemed: bool,
        /// Last lawful day.
        statutory_due: Option<Date>,
        /// Last promised day.
        promised_due: Option<Date>,
        /// Whether one of them lies beyond the published calendar.
        provisional: bool,
        /// Calendar version of the deadlines.
        calendar: Option<String>,
        /// Special procedures that stopped the clock; one without a last day goes on.
        stops: Vec<Stop>,
        /// By how much the statutory time was extended.
        extension: Option<Extension>,
        /// The licence that it renews.
        renewal: Option<Renewal>,
        /// How that stands: `asked`, `asked-in-time`, `asked-late`, `no-second-deadline`, `deemed-renewed`.
        renewal_standing: Option<String>,
        /// The last day of the licence: by its end the renewal is decided, or deemed granted.
        renewal_due: Option<Date>,
        /// Who acts for the applicant.
        agent: Option<AgentView>,
        /// What correction notices asked for, and what was brought.
        correction: Option<Correction>,
        /// Who is competent, when this authority isn't.
        competent: Option<Competent>,
        /// The superior's case in which it goes on.
        forwarded_to: Option<ForwardedTo>,
        /// The lower authority's case from which it came.
        forwarded_from: Option<ForwardedFrom>,
        /// The application that it is a part of.
        part_of: Option<PartOfView>,
        /// What an import stated of the earlier case that it goes on with.
        stated: Option<StatedView>,
        /// The agreement between the authorities under which it was collected, and what counts as receipt by it.
        agreement: Option<Accord>,
        /// In whose place this authority decides it (异地受理、无差别办理): place, item, authority and agreement.
        #[serde(skip_serializing_if = "Option::is_none")]
        instead_of: Option<InsteadOf>,
        /// That the authority in charge didn't take the last report of such a case.
        #[serde(skip_serializing_if = "Option::is_none")]
        report_refused: Option<ReportRefused>,
        /// Orders to outside systems that this node placed for it.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        orders: Vec<OrderBrief>,
        /// The decision of another system that was entered as its decision.
        #[serde(skip_serializing_if = "Option::is_none")]
        outside: Option<OutsideView>,
        /// Fees that it needn't pay before its result is handed out.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        waivers: Vec<Waiver>,
        /// Entries that were put right, both versions masked.
        amendments: Vec<AmendmentView>,
        /// Number of the state in the national list (工程审批数据标准), where it has one.
        state_code: Option<u8>,
        /// Number of the result in the national list (办结结果), once there is one.
        result_code: Option<u8>,
        /// Where the work on it stands, once it has steps.
        #[serde(skip_serializing_if = "Option::is_none")]
        work: Option<WorkView>,
        /// Who doesn't act on it any more.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        recused: Vec<Recusal>,
        /// What is to follow its acceptance.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        lacking: Vec<Lacking>,
        /// Where it stands before a limit of number.
        #[serde(skip_serializing_if = "Option::is_none")]
        turn: Option<Turn>,
        /// The applicant's pledge in the place of materials.
        #[serde(skip_serializing_if = "Option::is_none")]
        pledge: Option<Pledge>,
        /// Where it stands.
        #[serde(skip_serializing_if = "Option::is_none")]
        pledge_standing: Option<PledgeStanding>,
        /// Day of the decision.
        decided_on: Option<Date>,
        /// Reason.
        reason: Option<String>,
        /// Licences.
        licences: Vec<String>,
        /// Materials.
        materials: Vec<MaterialView>,
        /// Reclaims that were asked for, and what came of them.
        reclaims: Vec<Reclaim>,
        /// Acts, both legs, by time.
        history: Vec<ActView>,
        /// 演示.
        demo: bool,
    }
    /// The decision of another system.
    OutsideView {
        /// What it decided.
        #[serde(flatten)]
        outside: OutsideDecision,
        /// By how many days it was entered after it was made.
        days_late: i32,
    }
    /// Who acts for the applicant.
    AgentView {
        /// Name, masked.
        name: String,
        /// SHA-256 of the power of attorney.
        power_of_attorney: String,
        /// What he may do; the whole matter when absent.
        scope: Option<String>,
        /// The last day of the power of attorney.
        until: Option<Date>,
    }
    /// An entry of a case that was put right.
    AmendmentView {
        /// Which: `applicant-name`, `applicant-id`.
        field: String,
        /// What stood there, masked.
        was: String,
        /// What stands there since, masked.
        becomes: String,
        /// When.
        at: Timestamp,
        /// By whom.
        operator: String,
        /// Why.
        reason: String,
    }
    /// Whose time a case has used, up to now.
    LedgerView {
        /// The case.
        case: CaseId,
        /// The spans, and what each side used.
        ledger: Ledger,
    }
    /// What the holder of a query code learns: no names, no numbers.
    ProgressView {
        /// Query code.
        query_code: QueryCode,
        /// State.
        state: String,
        /// State in Chinese.
        state_zh: String,
        /// Item.
        item_name: String,
        /// Authority in charge.
        department: String,
        /// Its division.
        division: DivisionCode,
        /// Last lawful day.
        statutory_due: Option<Date>,
        /// Last promised day.
        promised_due: Option<Date>,
        /// The procedure for which the clock stands still: until it ends, the last days aren't final.
        stop: Option<Stop>,
        /// By how many working days the statutory time was extended.
        extended_days: Option<u16>,
        /// The last day of the licence by which its renewal is decided, or deemed granted.
        renewal_due: Option<Date>,
        /// How a renewal stands, as in [`CaseView`].
        renewal: Option<String>,
        /// What a correction notice asked for and was not brought yet.
        to_bring: Vec<String>,
        /// The last day that the notice gave.
        bring_by: Option<Date>,
        /// Who is competent, when this authority isn't.
        competent: Option<Competent>,
        /// The code to go on asking with, when a superior authority goes on with it.
        forwarded: Option<QueryCode>,
        /// What is to be paid or is on its way, of orders of the hall that gave out the code and of the authority in charge.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        orders: Vec<OrderBrief>,
        /// The divisions of those of them that weren't reached, whose orders are unknown.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        orders_unknown: Vec<DivisionCode>,
        /// How many were accepted before it, and how many numbers are left, where the item has a limit of number.
        turn: Option<Seen>,
        /// In whose place it is decided: division, authority, agreement.
        #[serde(skip_serializing_if = "Option::is_none")]
        instead_of: Option<StandsIn>,
        /// As of.
        as_of: Timestamp,
        /// 演示.
        demo: bool,
    }
}

/// Where a case is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhereisView {
    /// Name of the authority in charge or of the holding division.
    pub authority: String,
    /// Owner's division.
    pub division: DivisionCode,
    /// Owner's node.
    pub node: NodeId,
    /// Tenure.
    pub tenure: u32,
    /// An open hand-over: to which division, if there is one.
    pub handover: Option<DivisionCode>,
    /// As of when that is known.
    pub as_of: Timestamp,
    /// The case.
    pub case: CaseId,
    /// Node that says so.
    pub source: NodeId,
}
