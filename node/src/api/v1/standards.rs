//! What may be asked about standards, quality, lists, reports and guides.

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;
use tongban_domain::catalogue::{StandardDraft, StandardKind};

/// Sets standards of this node; at most 5,000 at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetStandards {
    /// What is to be set.
    pub standards: Vec<StandardDraft>,
}

/// Withdraws a standard of this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawStandard {
    /// What it is.
    pub kind: StandardKind,
    /// Its code.
    pub code: String,
    /// The first day without it; today when absent.
    #[serde(default)]
    pub from: Option<Date>,
}

/// Selects standards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandardQuery {
    /// What they are.
    pub kind: StandardKind,
    /// One code; all when absent.
    #[serde(default)]
    pub code: Option<String>,
    /// Of entries: one list, by its name.
    #[serde(default)]
    pub list: Option<String>,
}

/// A standard in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StandardView {
    /// What it is.
    pub kind: StandardKind,
    /// Its code.
    pub code: String,
    /// Division that keeps it.
    pub division: DivisionCode,
    /// That division's name.
    pub set_by: String,
    /// The department of the line that set it.
    pub department: Option<String>,
    /// Version.
    pub version: u32,
    /// `published` or `withdrawn`.
    pub state: &'static str,
    /// First day in force.
    pub effective: Option<Date>,
    /// Whether it holds here today.
    pub holds: bool,
    /// Version that holds until this one begins.
    pub until_then: Option<u32>,
    /// What it says.
    #[serde(flatten)]
    pub body: tongban_domain::catalogue::StandardBody,
}

/// Selects what is judged by a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExceededQuery {
    /// Items of subordinates that are known here, too.
    pub below: bool,
    /// The day; today when absent.
    pub day: Option<Date>,
}

/// Selects items whose quality is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QualityQuery {
    /// One item, by code or its first part; its draft where there is one.
    pub item: Option<String>,
    /// Items of one department.
    pub department: Option<String>,
    /// The overview alone.
    pub score: bool,
}

/// Selects the month of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonthQuery {
    /// As 2026-09.
    pub month: String,
}

/// How a guide is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuideQuery {
    /// `json`, `html` or `text`; `json` when absent.
    pub format: Option<String>,
    /// `zh` or `en`, the language of the headings; `zh` when absent.
    pub lang: Option<String>,
    /// In large print.
    pub large: bool,
    /// A published version; the one in force when absent.
    pub version: Option<u32>,
    /// Division of another node whose item was fetched.
    pub division: Option<DivisionCode>,
}
