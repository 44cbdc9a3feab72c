//! The row of a rating with its follow-up.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};

use super::Clock;
use super::list::{Channel, FollowUpOutcome, FollowUpState, Grade, Ground, Indicator, Rater, RatingDeed, Standing};
use crate::facts::Place;
use crate::supervision::{About, Rule};

/// What is rated, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum Occasion {
    /// 一事: the matter as a whole, by its authority.
    #[n(0)]
    Matter,
    /// 一次: the visit of a day, at the hall that keeps the rating.
    #[n(1)]
    Visit(#[n(0)] Date),
}

/// A grade of one indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Score {
    /// Which.
    #[n(0)]
    pub indicator: Indicator,
    /// Its grade.
    #[n(1)]
    pub grade: Grade,
}

/// A line of what was done with a rating.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct RatingEntry {
    /// What.
    #[n(0)]
    pub deed: RatingDeed,
    /// When.
    #[n(1)]
    pub at: Timestamp,
    /// By whom.
    #[n(2)]
    pub operator: String,
    /// In words.
    #[n(3)]
    pub text: Option<String>,
}

/// The call that told the applicant the outcome (回访反馈).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Call {
    /// Whether he was reached.
    #[n(0)]
    pub reached: bool,
    /// Whether he is content now, when he said so.
    #[n(1)]
    pub content: Option<bool>,
    /// What was said.
    #[n(2)]
    pub text: String,
    /// When.
    #[n(3)]
    pub at: Timestamp,
    /// Who called.
    #[n(4)]
    pub operator: String,
}

/// The follow-up of a bad grade (回访核实、整改、反馈).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct FollowUp {
    /// Where it stands.
    #[n(0)]
    pub state: FollowUpState,
    /// The day that isn't counted.
    #[n(1)]
    pub from: Date,
    /// The last day; of the plan, once there is one.
    #[n(2)]
    pub due: Date,
    /// Who was appointed (专人), by a supervisor or by beginning with it; whoever serves and wasn't rated may do it while nobody fit is.
    #[n(3)]
    pub holder: Option<String>,
    /// What came of it.
    #[n(4)]
    pub outcome: Option<FollowUpOutcome>,
    /// The return call.
    #[n(5)]
    pub call: Option<Call>,
    /// Whether it was closed by its last day.
    #[n(6)]
    pub in_time: Option<bool>,
}

/// An appeal against a grade (申诉复核).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Appeal {
    /// Why.
    #[n(0)]
    pub ground: Ground,
    /// Who appealed.
    #[n(1)]
    pub by: String,
    /// Where the follow-up stood.
    #[n(2)]
    pub before: FollowUpState,
    /// Who decided about it.
    #[n(3)]
    pub judge: Option<String>,
    /// Whether it was upheld.
    #[n(4)]
    pub upheld: Option<bool>,
}

/// A rating, as the node keeps it whose service it rates, and as the node that sent it there keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Rating {
    /// Drawn by the node where it was given.
    #[n(0)]
    pub id: CaseId,
    /// 评价编号.
    #[n(1)]
    pub number: String,
    /// What it is about, with what figures are counted by.
    #[n(2)]
    pub about: About,
    /// Which occasion.
    #[n(3)]
    pub occasion: Occasion,
    /// 满意度.
    #[n(4)]
    pub grade: Grade,
    /// 渠道.
    #[n(5)]
    pub channel: Channel,
    /// 文字评价.
    #[n(6)]
    pub comment: Option<String>,
    /// Grades of indicators.
    #[n(7)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    /// Version of the indicators.
    #[n(8)]
    pub indicators: u16,
    /// Who gave it in.
    #[n(9)]
    pub by: Rater,
    /// 评价时间.
    #[n(10)]
    pub at: Timestamp,
    /// Where it was given.
    #[n(11)]
    pub entered: Place,
    /// Whose service it rates.
    #[n(12)]
    pub rated: Place,
    /// Who did the service there, as this node knows it.
    #[n(13)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub operators: Vec<String>,
    /// 评价次数: the how manieth of its case at this node.
    #[n(14)]
    pub times: u16,
    /// Whether it counts here.
    #[n(15)]
    pub standing: Standing,
    /// Why the other node didn't take it: code and text.
    #[n(16)]
    pub refused: Option<(String, String)>,
    /// Its follow-up.
    #[n(17)]
    pub follow_up: Option<FollowUp>,
    /// The appeal.
    #[n(18)]
    pub appeal: Option<Appeal>,
    /// What was done, in order; the last is what this row came of.
    #[n(19)]
    pub log: Vec<RatingEntry>,
    /// When it came to stand as it does.
    #[n(20)]
    pub since: Timestamp,
    /// When the matter that it rates was accepted; none of a visit, of a matter that never was, and in a row of a release before.
    #[n(21)]
    pub accepted_on: Option<Date>,
}

impl Rating {
    /// The case that it is about.
    #[must_use]
    pub fn case(&self) -> CaseId {
        self.about.case
    }

    /// What was done last.
    #[must_use]
    pub fn last(&self) -> Option<RatingDeed> {
        self.log.last().map(|entry| entry.deed)
    }

    pub(super) fn clock(&self) -> Option<Clock> {
        let follow_up = self.follow_up.as_ref().filter(|follow_up| follow_up.state != FollowUpState::Closed)?;
        (self.standing == Standing::Counted).then_some(Clock {
            rule: Rule::FollowUp,
            start: follow_up.from,
            due: follow_up.due,
        })
    }

    pub(super) fn about(&self) -> About {
        About { division: Some(self.rated.division), ..self.about.clone() }
    }

    pub(super) fn done(&mut self, deed: RatingDeed, at: Timestamp, operator: &str, text: Option<String>) {
        self.log.push(RatingEntry { deed, at, operator: operator.to_owned(), text });
        self.since = at;
    }
}
