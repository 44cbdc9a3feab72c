//! Trust with a later check (信任在先、办结核验): the applicant's written pledge (告知承诺) stands in the place of materials until it is checked.
//!
//! ```text
//!   pledge ──▶ … ──▶ grant ──▶ to check ──true──▶ over
//!                                │
//!                                └─false─▶ to put right ──put-right──▶ over        ┐ in both the applicant is barred
//!                                               └─ licence cancelled ─▶ over       ┘ until repaired, or annulled after an appeal
//! ```
//!
//! The item says for which materials a pledge does, in how many working days after the grant it is checked, by whom, and what follows when it is
//! false; the applicant is told all of that in writing before. A pledge that was false bars its applicant from pledging at this authority until his credit is
//! repaired (信用修复), or the finding is annulled by somebody else than who made it (国办发〔2020〕42号).

mod take;
mod verify;

pub use take::PledgeWord;
pub(crate) use take::{keep, lines, pledge, pledged, word_of};
pub(crate) use verify::{cancelled, due, rekey, verify};

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::time::{Date, Timestamp};

use crate::case::Custody;
use crate::catalogue::StepRole;

/// The most materials that a pledge stands for.
pub(crate) const PLEDGED_MAX: usize = 20;

/// A pledge in the place of materials.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Pledge {
    /// For which materials, as the guide calls them.
    #[n(0)]
    pub items: Vec<String>,
    /// Digest of the signed pledge, hex SHA-256.
    #[n(1)]
    pub commitment: String,
    /// When it was taken.
    #[n(2)]
    pub at: Timestamp,
    /// By which operator.
    #[n(3)]
    pub by: String,
    /// What he was told that follows when it is false.
    #[n(4)]
    pub consequences: String,
    /// In how many working days after the grant it is checked.
    #[n(5)]
    pub check_days: u16,
    /// By whom.
    #[n(6)]
    pub role: StepRole,
    /// In how many working days what is false is put right.
    #[n(7)]
    pub correct_days: u16,
    /// The last day of the check; none before a grant.
    #[n(8)]
    pub check_by: Option<Date>,
    /// What was found, in order.
    #[n(9)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// What a check found, or what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Finding {
    /// What.
    #[n(0)]
    pub outcome: Outcome,
    /// In words.
    #[n(1)]
    pub text: String,
    /// By whom.
    #[n(2)]
    pub by: String,
    /// When.
    #[n(3)]
    pub at: Timestamp,
    /// The last day to put right what is false.
    #[n(4)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correct_by: Option<Date>,
}

/// What came of a pledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// 属实.
    #[n(0)]
    True,
    /// 不实: to be put right, else the permit is revoked (行政许可法 69).
    #[n(1)]
    False,
    /// 已整改.
    #[n(2)]
    PutRight,
    /// 撤销不实认定: after an appeal, by another.
    #[n(3)]
    Annulled,
    /// 信用修复: he may pledge again.
    #[n(4)]
    Repaired,
    /// 证照已注销: what rested on it is gone.
    #[n(5)]
    Cancelled,
}

impl Outcome {
    /// Every outcome, in the order of their numbers.
    pub const ALL: [Outcome; 6] =
        [Outcome::True, Outcome::False, Outcome::PutRight, Outcome::Annulled, Outcome::Repaired, Outcome::Cancelled];

    /// Stable English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Outcome::True => "true",
            Outcome::False => "false",
            Outcome::PutRight => "put-right",
            Outcome::Annulled => "annulled",
            Outcome::Repaired => "repaired",
            Outcome::Cancelled => "cancelled",
        }
    }

    /// The outcome of an English or Chinese name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == text || outcome.zh() == text)
    }

    /// Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Outcome::True => "承诺属实",
            Outcome::False => "承诺不实",
            Outcome::PutRight => "已整改",
            Outcome::Annulled => "撤销不实认定",
            Outcome::Repaired => "信用修复",
            Outcome::Cancelled => "证照已注销",
        }
    }
}

/// Where a pledge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// 待决定: nothing rests on it yet.
    Undecided,
    /// 待核查.
    ToCheck,
    /// 待整改.
    ToPutRight,
    /// 已了结.
    Over,
}

impl Pledge {
    /// Where it stands, by what was found last.
    #[must_use]
    pub fn standing(&self) -> Standing {
        // What follows a finding leaves it; a repair of credit changes nothing of the case.
        let last = self.findings.iter().rev().find(|finding| finding.outcome != Outcome::Repaired);
        match (last.map(|finding| finding.outcome), self.check_by) {
            (Some(Outcome::False), _) => Standing::ToPutRight,
            (Some(_), _) => Standing::Over,
            (None, Some(_)) => Standing::ToCheck,
            (None, None) => Standing::Undecided,
        }
    }

    /// The last day of what is to be done about it.
    #[must_use]
    pub fn due(&self) -> Option<Date> {
        match self.standing() {
            Standing::ToCheck => self.check_by,
            Standing::ToPutRight => self.findings.iter().rev().find_map(|finding| finding.correct_by),
            Standing::Undecided | Standing::Over => None,
        }
    }

    /// The day from which that time runs.
    #[must_use]
    pub(crate) fn runs_from(&self, decided_on: Option<Date>) -> Option<Date> {
        match self.standing() {
            Standing::ToCheck => decided_on,
            Standing::ToPutRight => self.findings.last().map(|finding| finding.at.date()),
            Standing::Undecided | Standing::Over => None,
        }
    }

    /// Whether it was found false, and neither annulled nor repaired since.
    #[must_use]
    pub fn bars(&self) -> bool {
        let about =
            |finding: &&Finding| matches!(finding.outcome, Outcome::False | Outcome::Annulled | Outcome::Repaired);
        self.findings.iter().rev().find(about).is_some_and(|finding| finding.outcome == Outcome::False)
    }
}

/// When a pledge is to be dealt with, while this node has the case.
#[must_use]
pub fn position(custody: &Custody, pledge: Option<&Pledge>) -> Option<Timestamp> {
    let due = pledge.filter(|_| *custody == Custody::Owner)?.due()?;
    Some(due.next_day().start())
}
