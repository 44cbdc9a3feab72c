//! What `agreement` asks.

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::catalogue::{Agreement, AgreementView};
use tongban_domain::uniform::{HandledCount, InsteadOf, LicenceWord, ReportRefused};

use super::request::request;

request! {
    /// Adds an agreement between authorities to items of this node.
    AddAgreement {
        /// The agreement.
        agreement: Agreement,
        /// The items, by code.
        items: Vec<String>,
    }
    /// Withdraws an agreement as of a day.
    WithdrawAgreement {
        /// Its number.
        number: String,
        /// The first day without it, tomorrow when absent.
        #[serde(default)]
        from: Option<Date>,
        /// Why.
        reason: String,
    }
    /// Which agreement; all when absent.
    AgreementQuery {
        /// Its number.
        #[serde(default)]
        agreement: Option<String>,
    }
    /// Which cases that other authorities handle in the place of this node's; the last collected first.
    HandledQuery {
        /// Number of the agreement.
        #[serde(default)]
        number: Option<String>,
        /// Item code, or its first part.
        #[serde(default)]
        item: Option<String>,
        /// First day of collection.
        #[serde(default)]
        from: Option<Date>,
        /// Last day of collection.
        #[serde(default)]
        to: Option<Date>,
        /// Case after which to go on.
        #[serde(default)]
        after: Option<String>,
        /// At most so many, 100 when absent, 1,000 at most.
        #[serde(default)]
        limit: Option<usize>,
    }
}

/// An agreement with the items in which it stands, and what was handled elsewhere under it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgreementShown {
    /// The agreement.
    #[serde(flatten)]
    pub agreement: AgreementView,
    /// How many cases other authorities handled under it (异地受理、无差别办理), as far as they reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handled: Option<HandledCount>,
}

/// Cases that other authorities handle in the place of this node's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HandledPage {
    /// The cases, the last collected first.
    pub cases: Vec<HandledView>,
    /// The case after which to go on, where there may be more.
    pub next: Option<CaseId>,
}

/// A case that another authority handles in the place of this node's, as it was reported last.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HandledView {
    /// The case there.
    pub case: CaseId,
    /// 办件编号 there, once it was accepted.
    pub case_no: Option<String>,
    /// Number of the agreement.
    pub agreement: String,
    /// This node's item.
    pub item: String,
    /// Its name.
    pub item_name: String,
    /// The division whose authority decides.
    pub handled_at: DivisionCode,
    /// That authority.
    pub handled_by: String,
    /// Its own item.
    pub by_item: String,
    /// The applicant's name, masked.
    pub applicant: String,
    /// The last six characters of his number.
    pub number_end: String,
    /// Day of collection.
    pub collected_on: Date,
    /// Day of acceptance.
    pub accepted_on: Option<Date>,
    /// How it ended: `granted`, `denied`, `refused-not-required`, `refused-not-competent`, `not-supplemented`, `withdrawn`.
    pub result: Option<&'static str>,
    /// In Chinese.
    pub result_zh: Option<&'static str>,
    /// On which day.
    pub ended_on: Option<Date>,
    /// Licences that came of it, and how each stands there.
    pub licences: Vec<LicenceWord>,
    /// When this node heard of it first.
    pub heard_at: Timestamp,
}

/// A case of this node's that it decides in another's place, of which that one didn't take the last report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportRefusedView {
    /// The case.
    pub case: CaseId,
    /// 办件编号.
    pub case_no: Option<String>,
    /// State.
    pub state: &'static str,
    /// In Chinese.
    pub state_zh: &'static str,
    /// In whose place it is decided.
    pub instead_of: Option<InsteadOf>,
    /// What was said.
    pub report_refused: Option<ReportRefused>,
}
