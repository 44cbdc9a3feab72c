//! Version 1 of the API: what requests and answers look like. Unknown fields are refused, so that a typing error is not an omission.
//!
//! | method and path | request | answer |
//! |---|---|---|
//! | GET `/v1/status` | | [`Status`] |
//! | POST `/v1/operators` | [`AddOperator`] | the operator |
//! | POST `/v1/operators/mandate` | [`GrantMandate`] | the operator |
//! | GET `/v1/operators`, `/v1/authorities` | | [`List`] |
//! | POST `/v1/authorities` | [`AddAuthority`] | the authority |
//! | POST `/v1/items/import` | [`ImportItems`] | the report |
//! | POST `/v1/items/publish` | [`PublishItems`] | `published`, `refused` |
//! | POST `/v1/items/claim` | [`ClaimItem`] | `item` |
//! | POST `/v1/items/withdraw` | [`ItemRef`] | `item` |
//! | GET `/v1/items` | [`ItemQuery`] | [`List`] of [`ItemView`] under `items` |
//! | POST `/v1/cases` | [`CollectCase`] | `case`, `collection_no`, `query_code` |
//! | POST `/v1/cases/act` | [`CaseAct`] | the case's number, state and deadlines |
//! | GET `/v1/cases`, `/v1/cases/show`, `/v1/cases/whereis`, `/v1/cases/progress` | [`CaseQuery`] | [`CaseView`], [`WhereisView`], [`ProgressView`] |
//! | POST `/v1/licences` | [`IssueLicence`] | `licence` |
//! | POST `/v1/licences/cancel` | [`CancelLicence`] | `licence` |
//! | GET `/v1/licences/show` | [`LicenceQuery`] | [`LicenceView`] |
//! | POST `/v1/licences/verify` | [`VerifyLicence`] | [`Verdict`] |
//! | POST `/v1/invites` | [`Invite`] | [`Token`] |
//! | POST `/v1/join` | [`Join`] | [`Joined`] |
//! | POST `/v1/peers/revoke` | [`RevokePeer`] | `node`, `revoked`, `reason` |
//! | POST `/v1/peers/readmit` | [`ReadmitPeer`] | `node`, `readmitted` |
//! | GET `/v1/aggregate/report` | [`ReportQuery`] | [`Report`] |
//! | POST `/v1/aggregate/pull` | | [`AggregateStatus`] |
//! | GET `/v1/aggregate/status`, `/v1/aggregate/audit` | | [`AggregateStatus`], [`Audit`] |
//! | GET `/v1/sync/status` | [`PeerQuery`] | [`List`] of [`PeerView`] under `peers` |
//! | GET `/v1/sync/why` | [`WhyQuery`] | the same, or a [`List`] of [`WaitingView`] under `waiting` for a case |
//! | GET `/v1/sync/quarantine` | [`QuarantineQuery`] | [`List`] of [`QuarantineView`] under `quarantine` |
//! | POST `/v1/sync/quarantine/replay` | [`Replay`] | [`List`] of [`ReplayView`] under `replayed` |
//! | GET `/v1/journal/checkpoint` | | [`CheckpointView`] |
//!
//! Headers: `idempotency-key` (1 to 128 visible ASCII characters; the same key with the same request gives the same answer for seven
//! days), `tongban-operator` (percent-encoded UTF-8; which of the operators of the caller's user id acts).
//! A refusal has status 4xx and the body [`ErrorBody`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, NodeId, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::{Act, Material, RefusalKind};
use tongban_domain::catalogue::{ClaimTerms, ImportRow, Mode};
use tongban_domain::{Mandate, Role};

/// A refusal or a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: Problem,
}

/// What went wrong, in words that the reader can act on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// Stable code, see `docs/errors/`.
    pub code: String,
    /// Field at fault, if one is.
    pub field: String,
    /// Its value.
    pub value: String,
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
    /// Remedy, English.
    pub remedy_en: String,
    /// Remedy, Chinese.
    pub remedy_zh: String,
}

/// A list under the name of its noun.
pub type List<T> = BTreeMap<String, Vec<T>>;

macro_rules! request {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }
    )*};
}

request! {
    /// Adds an operator, or gives one further roles.
    AddOperator {
        /// Name.
        name: String,
        /// Roles.
        roles: Vec<Role>,
        /// Window.
        #[serde(default)]
        window: Option<String>,
        /// User id on the node's machine; the caller's own when absent.
        #[serde(default)]
        uid: Option<u32>,
    }
    /// Gives a decision mandate.
    GrantMandate {
        /// Operator.
        operator: String,
        /// Item code; all items when absent.
        #[serde(default)]
        item: Option<String>,
        /// First day.
        #[serde(default)]
        from: Option<Date>,
        /// Last day.
        #[serde(default)]
        until: Option<Date>,
    }
    /// Adds an authority, a credit code of it, or the mapping of a malformed code.
    AddAuthority {
        /// Name.
        name: String,
        /// Valid credit code.
        #[serde(default)]
        code: Option<String>,
        /// The malformed code that it stands for.
        #[serde(default)]
        maps: Option<String>,
    }
    /// Rows of an import file; at most 5,000 at once.
    ImportItems {
        /// Rows with their numbers in the file.
        rows: Vec<ImportRow>,
    }
    /// Publishes.
    PublishItems {
        /// One item, or every draft when absent.
        #[serde(default)]
        item: Option<String>,
    }
    /// Claims a base item.
    ClaimItem {
        /// Base code.
        base_code: String,
        /// What the claimer adds.
        #[serde(default)]
        terms: ClaimTerms,
    }
    /// Names an item.
    ItemRef {
        /// Code.
        item: String,
    }
    /// Selects items.
    ItemQuery {
        /// `base`, `draft`, `in-force`; all when absent.
        #[serde(default)]
        stage: Option<String>,
        /// Division of another node whose items were fetched.
        #[serde(default)]
        division: Option<DivisionCode>,
        /// Code after which to go on.
        #[serde(default)]
        after: Option<String>,
        /// At most so many, 1,000 when absent.
        #[serde(default)]
        limit: Option<usize>,
    }
    /// Collects.
    CollectCase {
        /// Item code or its first part.
        item: String,
        /// Division of the authority in charge.
        division: DivisionCode,
        /// Mode.
        #[serde(default)]
        mode: Option<Mode>,
        /// Applicant's name.
        name: String,
        /// Citizen id or credit code.
        id: String,
        /// Materials brought.
        #[serde(default)]
        materials: Vec<Material>,
        /// Keep at this window for now.
        #[serde(default)]
        hold: bool,
    }
    /// Names a case, and for some acts more.
    CaseAct {
        /// Id, collection number, case number or query code.
        case: String,
        /// What to do.
        act: ActRequest,
    }
    /// Names a case.
    CaseQuery {
        /// Id, collection number, case number or query code; lists when absent.
        #[serde(default)]
        case: Option<String>,
        /// Of a list: at most so many, newest first, 100 when absent.
        #[serde(default)]
        limit: Option<usize>,
    }
    /// Issues a licence.
    IssueLicence {
        /// Case.
        case: String,
        /// Type: 21 characters of GB/T 36904, or the name of a type of the authority's own.
        #[serde(rename = "type")]
        kind: String,
        /// Last day of validity.
        until: Date,
    }
    /// Cancels a licence.
    CancelLicence {
        /// Identifier.
        licence: String,
        /// Reason.
        reason: String,
    }
    /// Names a licence.
    LicenceQuery {
        /// Identifier.
        licence: String,
    }
    /// Verifies a licence by identifier or by its sealed file.
    VerifyLicence {
        /// Identifier.
        #[serde(default)]
        id: Option<String>,
        /// The sealed file, base64.
        #[serde(default)]
        file: Option<String>,
    }
    /// Invites a node.
    Invite {
        /// Its division.
        division: DivisionCode,
        /// Seconds for which the token works; 24 hours when absent.
        #[serde(default)]
        expires_seconds: Option<u64>,
    }
    /// Joins with a token.
    Join {
        /// The token.
        token: String,
    }
    /// Revokes a node below this one.
    RevokePeer {
        /// Node id, or the division where one node serves it.
        peer: String,
        /// The first day on which its seals don't count.
        from: Date,
        /// Why.
        reason: String,
    }
    /// Takes a revoked node in again.
    ReadmitPeer {
        /// Node id, or the division where one node serves it.
        peer: String,
    }
    /// Figures.
    ReportQuery {
        /// Dimensions with commas between: division, item, month, outcome, measure, type, mode, origin.
        #[serde(default)]
        by: Option<String>,
    }
    /// Names an envelope in quarantine.
    QuarantineQuery {
        /// Its id, or at least six digits that it begins with; all when absent.
        #[serde(default)]
        id: Option<String>,
    }
    /// Has what is in quarantine decided anew, each line in its order as far as this release understands it.
    Replay {
        /// An envelope of the line that is meant, as in [`QuarantineQuery`]; all lines when absent.
        #[serde(default)]
        id: Option<String>,
    }
    /// Names what is asked about.
    WhyQuery {
        /// Division or node id of a peer, or any number of a case; all peers when absent.
        #[serde(default)]
        peer: Option<String>,
    }
    /// Names a peer.
    PeerQuery {
        /// Division or node id; all peers when absent.
        #[serde(default)]
        peer: Option<String>,
    }
}

/// The acts on a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, tag = "kind")]
pub enum ActRequest {
    /// 移交.
    Offer {},
    /// 受理.
    Accept {},
    /// 不受理、不予受理.
    Refuse {
        /// Which of the two.
        refusal: RefusalKind,
        /// Reason.
        reason: String,
    },
    /// 一次性告知补正.
    Notify {
        /// Everything that is missing or wrong.
        items: Vec<String>,
    },
    /// 决定.
    Decide {
        /// Grants or denies.
        grant: bool,
        /// Reason.
        #[serde(default)]
        reason: Option<String>,
    },
    /// 送达.
    Deliver {
        /// How.
        #[serde(default)]
        note: Option<String>,
    },
    /// 办结.
    Close {},
    /// 撤件.
    Withdraw {
        /// Reason.
        #[serde(default)]
        reason: Option<String>,
    },
}

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
    }
    /// Figures, each row with its dimensions and its count.
    Report {
        /// Rows.
        rows: Vec<serde_json::Value>,
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
}
