//! What is answered.

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, NodeId};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::{Print, PrintForm};
use tongban_domain::catalogue::{ImportRow, Mode};

use tongban_domain::work::Delegation;
use tongban_domain::{Mandate, Role};

use super::{DivisionCodes, Problem};

macro_rules! answer {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }
    )*};
}
pub(super) use answer;

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
