//! What is answered.

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, NodeId, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::{
    Act, Competent, Correction, Extension, ForwardedFrom, ForwardedTo, Ledger, OutsideDecision, Print, PrintForm,
    Reclaim, Renewal, Stop, Waiver,
};
use tongban_domain::catalogue::{Accord, ImportRow, Mode};
use tongban_domain::limit::{Seen, Turn};
use tongban_domain::pledge::{Pledge, Standing as PledgeStanding};
use tongban_domain::uniform::{InsteadOf, ReportRefused};
use tongban_domain::work::{Delegation, Lacking, Recusal, WorkView};
use tongban_domain::{Mandate, Role};

use crate::exchange::StandsIn;

use super::{DivisionCodes, MaterialView, OrderBrief, PartOfView, Problem, StatedView};

macro_rules! answer {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }
    )*};
}

answer! {
    /// The node on one screen.
    Status {
        /// Can sign, can write, has recovered.
        ready: bool,
        /// Id.
        node: NodeId,
        /// Division.
        division: DivisionCode,
        /// Name.
        name: String,
        /// 演示.
        demo: bool,
        /// Release.
        release: String,
        /// Effective time.
        at: Timestamp,
        /// Node id of the superior.
        superior: Option<NodeId>,
        /// Address that peers dial.
        listen: String,
        /// Log entries committed.
        committed: u64,
        /// Log entries applied.
        applied: u64,
        /// Durable syncs of the log since start.
        log_syncs: u64,
        /// Log entries that were let go, from the first on; what they did is in the state, on disk.
        log_released: u64,
        /// Free bytes on the disk of the data directory.
        disk_free_bytes: u64,
        /// End of the transport certificate, which renews itself long before.
        certificate_until: Option<Timestamp>,
        /// Peers.
        peers: Vec<PeerView>,
        /// What is wrong, and what to do about it.
        findings: Vec<Problem>,
    }
    /// A peer.
    PeerView {
        /// Node.
        node: NodeId,
        /// Division.
        division: DivisionCode,
        /// Name.
        name: String,
        /// `superior`, `subordinate`, `foreign-root` (beside a root) or `other`.
        relation: String,
        /// `up`, `connecting`, `down`, `revoked`.
        state: String,
        /// Whether this node has or wants a link of its own to it; else it is reached through others.
        is_link: bool,
        /// Envelopes that wait for its receipt, and entries of its journals that this node hasn't pulled.
        behind: u64,
        /// Since when it is in that state.
        since: Timestamp,
        /// Cause of `sync why`, from a closed list.
        cause: String,
        /// The cause in English.
        cause_en: String,
        /// The cause in Chinese.
        cause_zh: String,
        /// When it is tried next.
        next_try: Option<Timestamp>,
        /// The command that helps.
        command: String,
        /// Seconds by which its clock was ahead of this node's when the link opened last.
        clock_seconds: Option<i64>,
    }
    /// Something of a case that hasn't arrived, or that nobody has decided yet.
    WaitingView {
        /// The case.
        case: CaseId,
        /// `out`: sent by this node; `in`: come here.
        direction: String,
        /// The other node.
        node: NodeId,
        /// Its division.
        division: Option<DivisionCode>,
        /// Its name.
        name: String,
        /// What kind of body it has: a name, or the number of an unknown kind.
        body: String,
        /// Which act of its origin on the case.
        act: u32,
        /// Since when it waits.
        since: Timestamp,
        /// For how long, in milliseconds.
        age_millis: i64,
        /// Why, from a closed list.
        cause: String,
        /// That in English.
        cause_en: String,
        /// That in Chinese.
        cause_zh: String,
        /// The code that says more, where there is one.
        code: String,
        /// When it is tried next.
        next_try: Option<Timestamp>,
        /// The command that helps.
        command: String,
    }
    /// An envelope that this node has put aside.
    QuarantineView {
        /// Its id: 64 hexadecimal digits.
        id: String,
        /// Who sent it.
        origin: NodeId,
        /// The division of that node.
        division: Option<DivisionCode>,
        /// Its name.
        name: String,
        /// What it is about, mostly a case.
        subject: CaseId,
        /// The collection number, when the case is known here.
        collection_no: Option<String>,
        /// Which act of its origin on that.
        act: u32,
        /// What kind of body it has: a name, or the number of an unknown kind.
        body: String,
        /// Version of the kind.
        version: u16,
        /// Why it waits now, a stable code; `ready` when a replay would decide it.
        code: String,
        /// That in English.
        text_en: String,
        /// That in Chinese.
        text_zh: String,
        /// What exactly; may be empty.
        detail: String,
        /// The code that its origin was told.
        said: String,
        /// When it came first.
        at: Timestamp,
        /// The epoch of the place under which it came last.
        epoch: u32,
        /// The sequence of that place.
        sequence: u64,
        /// How many of its line stand before it.
        behind: usize,
        /// Bytes of the sealed envelope.
        bytes: usize,
    }
    /// What a replay came to for one envelope.
    ReplayView {
        /// Its id.
        id: String,
        /// Who sent it.
        origin: NodeId,
        /// What it is about.
        subject: CaseId,
        /// Which act of its origin on that.
        act: u32,
        /// `applied`, `refused` (that is the last word too), or `waiting`: its line goes no further.
        outcome: String,
        /// Code of the refusal or of the wait; empty when it was applied.
        code: String,
        /// What exactly; may be empty.
        detail: String,
    }
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
    /// A licence in the register.
    LicenceView {
        /// Identifier.
        licence: String,
        /// Type.
        type_name: String,
        /// `valid`, `cancelled` or `renewed`.
        status: String,
        /// Issued on.
        issued_on: Date,
        /// First day, where it isn't the day of issue.
        valid_from: Option<Date>,
        /// Last day.
        valid_until: Date,
        /// Case.
        case: CaseId,
        /// The licence in whose place it stands.
        renews: Option<String>,
        /// The licence that stands in its place.
        renewed_by: Option<String>,
        /// Reason of its cancellation.
        reason: Option<String>,
        /// The sealed file, base64.
        file: String,
    }
    /// A token.
    Token {
        /// What the invited node's `join` takes.
        token: String,
        /// For which division.
        division: DivisionCode,
        /// Until when.
        expires: Timestamp,
    }
    /// A join.
    Joined {
        /// Superior's node.
        superior: NodeId,
        /// Superior's division.
        division: DivisionCode,
        /// Root of the tree.
        root: DivisionCode,
        /// Label of the query codes.
        label: String,
        /// The superior that the node had before it moved under this one.
        former_superior: Option<NodeId>,
    }
    /// Figures, each row with its dimensions and its count.
    Report {
        /// Rows.
        rows: Vec<serde_json::Value>,
        /// The codes that are counted, where one item was asked for: its own, and those of what came before and after it.
        items: Option<Vec<String>>,
        /// The division that was asked for, and those among the rows that had several codes: rows name the one that it has today.
        divisions: Vec<DivisionCodes>,
        /// The checkpoints that they are folded from.
        as_of: Vec<CheckpointView>,
        /// 演示.
        demo: bool,
    }
    /// A checkpoint.
    CheckpointView {
        /// Node.
        origin: NodeId,
        /// Division.
        division: DivisionCode,
        /// `acts` or `standards`.
        journal: String,
        /// Epoch.
        epoch: u32,
        /// Number of entries.
        size: u64,
        /// Root, hex.
        root: String,
        /// When it was last verified here.
        at: Timestamp,
    }
    /// What has been pulled.
    AggregateStatus {
        /// Verified checkpoints by origin.
        origins: Vec<CheckpointView>,
        /// Entries pulled by this call.
        pulled: u64,
    }
    /// Figures folded again from the slices and compared.
    Audit {
        /// Whether every figure equals the fold of its entries.
        equal: bool,
        /// Entries folded.
        entries: u64,
        /// Rows that differ.
        differences: Vec<String>,
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

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the licence holds today.
    pub valid: bool,
    /// Stable reason: `valid`, `cancelled`, `renewed`, `expired`, `tampered`, `unknown`, `unknown-authority`, `status-unknown`.
    pub reason: String,
    /// The reason in English.
    pub en: String,
    /// The reason in Chinese.
    pub zh: String,
    /// Identifier.
    pub licence: String,
    /// Type, where the seal holds.
    pub type_name: Option<String>,
    /// Issuing authority, where the seal holds.
    pub authority: Option<String>,
    /// Last day, where the seal holds.
    pub valid_until: Option<Date>,
    /// The licence that stands in its place, where it was renewed.
    pub renewed_by: Option<String>,
    /// As of when the register was asked.
    pub as_of: Option<Timestamp>,
    /// 演示.
    pub demo: bool,
}

/// An item in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemView {
    /// Code, or base code of a base item.
    pub code: String,
    /// Name.
    pub name: String,
    /// Type.
    pub item_type: String,
    /// Base code.
    pub base_code: Option<String>,
    /// Legal basis.
    pub legal_basis: String,
    /// `draft`, `published`, `withdrawn`.
    pub state: String,
    /// `item` or `base`.
    pub kind: String,
    /// Version.
    pub version: u32,
    /// Authority's name.
    pub department: String,
    /// Division.
    pub division: DivisionCode,
    /// Statutory working days.
    pub statutory_days: Option<u16>,
    /// Promised working days.
    pub promised_days: Option<u16>,
    /// Modes.
    pub modes: Vec<Mode>,
    /// Covered divisions.
    pub covered: Vec<DivisionCode>,
    /// First day in force.
    pub effective: Option<Date>,
    /// Findings of the import.
    pub findings: usize,
    /// Core hash, hex.
    pub core: String,
}

/// Items as rows of an import file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemRows {
    /// The rows.
    pub rows: Vec<ItemRow>,
    /// Code after which more follow.
    pub next: Option<String>,
}

/// An item as a row of an import file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemRow {
    /// Its code, or its base code.
    pub code: String,
    /// The row.
    pub row: ImportRow,
}

/// An operator in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OperatorView {
    /// Name.
    pub name: String,
    /// Roles.
    pub roles: Vec<Role>,
    /// Window.
    pub window: Option<String>,
    /// Mandates.
    pub mandates: Vec<Mandate>,
    /// The department whose line he acts for.
    pub department: Option<String>,
    /// For whom he stands in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deputises: Vec<Delegation>,
    /// Since when he is out of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<Timestamp>,
}

/// A print with its PDF.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintView {
    /// Kind of the document, as `acceptance`.
    pub document: String,
    /// The print as it was counted.
    pub print: Print,
    /// Number of pages.
    pub pages: usize,
    /// Signs that no font has, each with its code point; `〓` stands in their place.
    pub missing: Vec<String>,
    /// PDF/A-2u, base64.
    pub pdf: String,
}

/// A document that can be printed here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentView {
    /// Kind, as `acceptance`.
    pub document_kind: String,
    /// Number of the act that made it.
    pub act_number: u32,
    /// Content type.
    pub content_type: String,
    /// How often it was printed.
    pub print_number: u32,
}

/// A print in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrintRow {
    /// Kind of the document.
    pub document_kind: String,
    /// Number of the act that made it.
    pub act_number: u32,
    /// Counts the prints of this document, from 1.
    pub print_number: u32,
    /// On what.
    pub paper_form: PrintForm,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub operator: String,
    /// At which window.
    pub window: Option<String>,
    /// Why it was printed again.
    pub reason: Option<String>,
}

/// What can be printed of a case here, and what was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrintList {
    /// The case.
    pub case: CaseId,
    /// Documents that were sealed here, by act.
    pub documents: Vec<DocumentView>,
    /// Their prints.
    pub prints: Vec<PrintRow>,
}
