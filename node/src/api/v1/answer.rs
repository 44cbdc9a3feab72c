//! What is answered.

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, NodeId, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::{Act, Extension, Material, Stop};
use tongban_domain::catalogue::{ImportRow, Mode};
use tongban_domain::{Mandate, Role};

use super::{DivisionCodes, Problem};

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
        /// `superior`, `subordinate` or `other`.
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
        /// Day of the decision.
        decided_on: Option<Date>,
        /// Reason.
        reason: Option<String>,
        /// Licences.
        licences: Vec<String>,
        /// Materials.
        materials: Vec<Material>,
        /// Acts, both legs, by time.
        history: Vec<Act>,
        /// 演示.
        demo: bool,
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
        /// `valid` or `cancelled`.
        status: String,
        /// Issued on.
        issued_on: Date,
        /// Last day.
        valid_until: Date,
        /// Case.
        case: CaseId,
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
    /// Stable reason: `valid`, `cancelled`, `expired`, `tampered`, `unknown`, `unknown-authority`, `status-unknown`.
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
}
