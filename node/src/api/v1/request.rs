//! What may be asked.

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;
use tongban_domain::Role;
use tongban_domain::case::{Material, RefusalKind};
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
    /// Asks how far a case is, as its applicant.
    ProgressQuery {
        /// Query code.
        code: String,
        /// The last six characters of the applicant's citizen id or credit code.
        proof: String,
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
    /// 撤件.
    Withdraw {
        /// Reason.
        #[serde(default)]
        reason: Option<String>,
    },
}
