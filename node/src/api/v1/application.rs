//! What `application` asks and hears.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::application::{
    Answer, AnswerLine, ApplicationStanding, ApplicationState, Bundle, Entry, NextStep, PartState, Plan,
};
use tongban_domain::case::Material;

use super::request::request;

request! {
    /// Collects an application for a life event.
    CollectApplication {
        /// Which items of which authorities, what each waits for and asks for.
        plan: Plan,
        /// Applicant's name.
        name: String,
        /// Citizen id or credit code.
        id: String,
        /// The shared form.
        #[serde(default)]
        fields: Vec<FieldValue>,
        /// Materials.
        #[serde(default)]
        materials: Vec<Material>,
        /// Fields and materials that a licence says, which nobody is asked for.
        #[serde(default)]
        licences: Vec<FromLicence>,
    }
    /// A field of the shared form.
    FieldValue {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    }
    /// A field or material that a licence says.
    FromLicence {
        /// Its name.
        name: String,
        /// Identifier of the licence.
        licence: String,
    }
    /// Does something with an application.
    ActOnApplication {
        /// Its number, id or query code; at the authority of a part, its number.
        application: String,
        /// What is done.
        act: ApplicationRequest,
    }
    /// Which applications.
    ApplicationsQuery {
        /// Those that were answered, too.
        #[serde(default)]
        all: bool,
        /// At most so many.
        #[serde(default)]
        limit: Option<usize>,
    }
    /// Which application.
    ApplicationQuery {
        /// Its number, id or query code.
        application: String,
        /// For the applicant, the end of his number.
        #[serde(default)]
        proof: Option<String>,
        /// For a print, which of the answers that were given, from 1; the last one when absent.
        #[serde(default)]
        answer: Option<u32>,
    }
}

/// What is done with an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ApplicationRequest {
    /// Begins the parts that could be begun and weren't.
    Advance {},
    /// 综合答复.
    Answer {
        /// Also while it isn't known what came of parts with which a superior goes on.
        #[serde(default)]
        forwarded_open: bool,
    },
    /// 撤回: all that isn't over, or the parts that are named.
    Withdraw {
        /// Names of parts.
        #[serde(default)]
        parts: Vec<String>,
        /// The applicant's reason.
        #[serde(default)]
        reason: Option<String>,
    },
    /// 重新申请: parts that failed or were taken out.
    Again {
        /// Names of parts.
        parts: Vec<String>,
    },
    /// 联合踏勘.
    Inspect {
        /// The joint step, as the parts name it.
        joint: String,
        /// The officers, two at least.
        officers: Vec<String>,
        /// What they found.
        finding: String,
    },
    /// 统一公示.
    Publicise {
        /// The joint step, as the parts name it.
        joint: String,
        /// Where it is published.
        published: String,
        /// First day; today when absent.
        #[serde(default)]
        from: Option<Date>,
        /// Working days.
        days: u16,
    },
}

/// An application in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApplicationRow {
    /// Its number.
    pub application: String,
    /// What it is for.
    pub event: String,
    /// Applicant, masked.
    pub applicant: String,
    /// When it was collected.
    pub collected_at: Timestamp,
    /// Where it stands.
    pub state: ApplicationState,
    /// In Chinese.
    pub state_zh: &'static str,
    /// The one deadline.
    pub due: Option<Date>,
    /// Whether that is over.
    pub overdue: bool,
    /// How many parts it has.
    pub part_count: usize,
    /// How many of them are over.
    pub parts_over: usize,
}

/// An application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApplicationView {
    /// Its number.
    pub application: String,
    /// Its id.
    pub id: CaseId,
    /// The applicant's code.
    pub query_code: QueryCode,
    /// What it is for.
    pub event: String,
    /// The life event of the catalogue.
    pub bundle: Option<Bundle>,
    /// Applicant, masked.
    pub applicant: String,
    /// When it was collected.
    pub collected_at: Timestamp,
    /// Where.
    pub collecting: DivisionCode,
    /// By whom.
    pub operator: String,
    /// Where it stands, its parts, and what comes next.
    #[serde(flatten)]
    pub standing: ApplicationStanding,
    /// What was given once, and where it came from.
    pub given: Vec<Entry>,
    /// 综合答复 that was given last.
    pub joint_answer: Option<Answer>,
    /// Answers that were given before parts were applied for anew.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub former_answers: Vec<Answer>,
    /// Whether it is a demonstration.
    pub demo: bool,
}

/// How far an application is, for its applicant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApplicationProgress {
    /// The code.
    pub query_code: QueryCode,
    /// What it is for.
    pub event: String,
    /// Where it stands.
    pub state: ApplicationState,
    /// In Chinese.
    pub state_zh: &'static str,
    /// The one deadline.
    pub due: Option<Date>,
    /// The parts.
    pub parts: Vec<PartProgress>,
    /// What he is to bring.
    pub next: Vec<NextStep>,
    /// 综合答复, a line for each part.
    pub joint_answer: Vec<AnswerLine>,
    /// Whether it is a demonstration.
    pub demo: bool,
}

/// How far a part is, for its applicant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartProgress {
    /// The item.
    pub item_name: String,
    /// The department that decides.
    pub department: String,
    /// Its division.
    pub division: DivisionCode,
    /// Where it stands.
    pub state: PartState,
    /// In Chinese.
    pub state_zh: &'static str,
    /// The last day that is promised.
    pub due: Option<Date>,
    /// The part whose failure keeps it from being begun.
    pub because: Option<String>,
    /// The superior's division, where one went on with it.
    pub forwarded_to: Option<DivisionCode>,
}

/// The one answer on paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerPrint {
    /// Number of the application.
    pub application: String,
    /// How many pages.
    pub pages: usize,
    /// Signs that no font has.
    pub missing: Vec<String>,
    /// The PDF, in base64.
    pub pdf: String,
}

/// The application that a case is a part of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartOfView {
    /// Its number.
    pub application: String,
    /// What it is for.
    pub event: String,
    /// What it calls this part.
    pub part: String,
    /// The on-site check or publicity that it shares.
    pub joint: Option<String>,
    /// Values of the form, at the node that owns the case.
    pub form: BTreeMap<String, String>,
    /// What the part asks for, and where each came from.
    pub entries: Vec<Entry>,
}
