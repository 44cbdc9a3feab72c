//! What may be asked.

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;
use tongban_domain::Role;
use tongban_domain::case::{AmendedField, Bringing, Competent, Material, PrintForm, RefusalKind};
use tongban_domain::catalogue::{ClaimTerms, ImportRow, ImportTerms, Mode};

macro_rules! request {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }
    )*};
}

pub(super) use request;

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
        /// Whether it must be an operator already, so that a mistyped name makes no second one.
        #[serde(default)]
        known: bool,
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
        /// Dry run, collision mode, and whose numbers of code lists the rows use.
        #[serde(default)]
        terms: ImportTerms,
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
        /// Identifier of the licence that is to be renewed.
        #[serde(default)]
        renews: Option<String>,
        /// Who acts for the applicant.
        #[serde(default)]
        agent: Option<AgentRequest>,
        /// In the mode `uniform` the own item by which it is decided, where several have the base code.
        #[serde(default)]
        by: Option<String>,
    }
    /// Who acts for the applicant, under a power of attorney (行政许可法 29).
    AgentRequest {
        /// Name.
        name: String,
        /// Citizen id or credit code.
        id: String,
        /// SHA-256 of the power of attorney.
        power_of_attorney: String,
        /// What he may do; the whole matter when absent.
        #[serde(default)]
        scope: Option<String>,
        /// The last day of the power of attorney.
        #[serde(default)]
        until: Option<Date>,
    }
    /// Names a case, and for some acts more.
    CaseAct {
        /// Id, collection number, case number or query code.
        case: String,
        /// What to do.
        act: ActRequest,
    }
    /// Orders a reclaim that was asked for.
    OrderReclaim {
        /// Id, collection number or query code of the case.
        case: String,
        /// The node at which the authority in charge goes on: its id, or the division where one node serves it.
        #[serde(default)]
        to: Option<String>,
        /// Whether the asking node's word is taken where the lost node's journal is silent.
        #[serde(default)]
        as_told: bool,
    }
    /// Declines it.
    DeclineReclaim {
        /// Id, collection number or query code of the case.
        case: String,
        /// Why.
        reason: String,
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
    /// Asks how far a case is, as its applicant.
    ProgressQuery {
        /// Query code.
        code: String,
        /// The last six characters of the applicant's citizen id or credit code.
        proof: String,
    }
    /// Counts a print of a document of a case.
    PrintDocument {
        /// Id, collection number, case number or query code.
        case: String,
        /// Kind of the document, as `acceptance`; any when absent.
        #[serde(default)]
        document: Option<String>,
        /// Number of the act that made it; the last that fits when absent.
        #[serde(default)]
        act: Option<u32>,
        /// On what; the roll of the slip printer for a collection slip, A4 else, when absent.
        #[serde(default)]
        form: Option<PrintForm>,
        /// Why it is printed again.
        #[serde(default)]
        reason: Option<String>,
    }
    /// Names a print, and says how far the printer is off.
    PrintQuery {
        /// The case, as in [`PrintDocument`].
        case: String,
        /// Kind of the document.
        document: String,
        /// Number of the act that made it.
        act: u32,
        /// Which print, from 1.
        number: u32,
        /// Millimetres to the right, -50 to 50.
        #[serde(default)]
        offset_x: f32,
        /// Millimetres down, -50 to 50.
        #[serde(default)]
        offset_y: f32,
        /// `json`, or `pdf` for the bytes alone.
        #[serde(default)]
        format: Option<String>,
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
        /// Of one item alone, by its whole code, short code or base code, with those before and after it; of all when absent.
        #[serde(default)]
        item: Option<String>,
        /// Of one division alone, by any of its codes; of all when absent.
        #[serde(default)]
        division: Option<DivisionCode>,
        /// Cards of supervision instead of cases: `cards` were raised, `cards-open` are open.
        #[serde(default)]
        cards: bool,
        /// Ratings, follow-ups and tickets instead of cases.
        #[serde(default)]
        voice: bool,
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
    Accept {
        /// Why what was brought is enough, when a notice had asked for more.
        #[serde(default)]
        enough: Option<String>,
    },
    /// 不受理、不予受理.
    Refuse {
        /// Which of the two.
        refusal: RefusalKind,
        /// Reason.
        reason: String,
        /// Who is competent, when this authority isn't.
        #[serde(default)]
        competent: Option<Competent>,
    },
    /// 一次性告知补正.
    Notify {
        /// Everything that is missing or wrong.
        items: Vec<String>,
        /// On a further notice: why each of these couldn't be known the first time.
        #[serde(default)]
        new_reasons: Vec<String>,
        /// Days that it gives; 30 when absent.
        #[serde(default)]
        within: Option<u16>,
    },
    /// 补正.
    Supplement {
        /// What is brought, by line of the notice.
        brings: Vec<Bringing>,
    },
    /// 退件.
    Return {
        /// Reason.
        reason: String,
    },
    /// 现场核查.
    Check {
        /// The officers, two at least.
        officers: Vec<String>,
        /// What they found.
        finding: String,
    },
    /// 当场更正.
    Correct {
        /// What was wrong, and what is right.
        what: String,
        /// Materials that take the place of those of the same name.
        #[serde(default)]
        materials: Vec<Material>,
    },
    /// 转报.
    Forward {
        /// Division of the superior authority.
        division: DivisionCode,
        /// Its item.
        item: String,
        /// The preliminary opinion.
        opinion: String,
    },
    /// 更正.
    Amend {
        /// Which entry.
        field: AmendedField,
        /// What it should be.
        value: String,
        /// Why.
        reason: String,
    },
    /// 决定.
    Decide {
        /// Grants or denies.
        grant: bool,
        /// Reason.
        #[serde(default)]
        reason: Option<String>,
    },
    /// 不予, because no number is left.
    DenyForNumber {},
    /// 系统外办结: what another system decided, as it is entered by hand.
    Outcome {
        /// Granted, or refused.
        grant: bool,
        /// The number under which that system has the matter.
        number: String,
        /// The day of the decision there.
        decided_on: Date,
        /// Who decided there.
        decider: String,
        /// Reason; a refusal has one.
        #[serde(default)]
        reason: Option<String>,
        /// Number of the document.
        #[serde(default)]
        document_no: Option<String>,
        /// SHA-256 of the document.
        #[serde(default)]
        document: Option<String>,
        /// Why it stands in the place of what an order was told otherwise, 1 to 2,000 characters; that is let go of with it. Refused
        /// (`outcome-agrees`) where no order was; without it, what an order was told otherwise is refused (`outcome-differs`).
        #[serde(default)]
        overrule: Option<String>,
    },
    /// 系统外办结, as an order was told it.
    OutcomeOfOrder {
        /// Number of the order.
        order: String,
    },
    /// 免缴: a fee that comes before the result needn't be paid.
    WaiveFee {
        /// Which, by the guide's name.
        fee: String,
        /// Why.
        reason: String,
    },
    /// 特别程序.
    Suspend {
        /// One of 行政许可法 45, or a special link of the item.
        procedure: String,
        /// The working days that it takes, as told to the applicant.
        days: u16,
    },
    /// 恢复计时.
    Resume {
        /// What came of the procedure.
        #[serde(default)]
        note: Option<String>,
    },
    /// 延期.
    Extend {
        /// Working days.
        days: u16,
        /// Who approved it.
        approver: String,
        /// Reason.
        reason: String,
    },
    /// 送达.
    Deliver {
        /// How.
        #[serde(default)]
        note: Option<String>,
    },
    /// 办结.
    Close {},
    /// 纸质签收: the paper file came, which counts as receipt by the agreement.
    ReceivePaper {},
    /// 重新告知: what the authority in charge hadn't taken of a case that is decided in its place.
    ReportAgain {},
    /// 申请收回: the other side is gone for good.
    Reclaim {
        /// Why.
        reason: String,
    },
    /// 撤件.
    Withdraw {
        /// Reason.
        #[serde(default)]
        reason: Option<String>,
    },
}
