//! What `rate` and `ticket` ask and hear.

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::voice::{
    Appeal, Call, Channel, FollowUpOutcome, FollowUpState, Grade, Indicator, Rater, RatingEntry, Score, Standing,
    TicketEntry, TicketKind, TicketOutcome, TicketReply, TicketState,
};
pub use tongban_domain::voice::{FollowUpAct, TicketAct};

use super::request::request;

request! {
    /// Rates a visit or a matter.
    RateService {
        /// Case, by any of its numbers; with a proof, its query code.
        case: String,
        /// 1 非常满意 to 5 非常不满意; there is no default.
        grade: u8,
        /// By which way.
        channel: Channel,
        /// The end of the applicant's number, when the applicant rates himself.
        #[serde(default)]
        proof: Option<String>,
        /// In words.
        #[serde(default)]
        comment: Option<String>,
        /// Grades of indicators.
        #[serde(default)]
        indicators: Vec<IndicatorGrade>,
        /// The day of the visit that is rated; the last one when absent.
        #[serde(default)]
        visited_on: Option<Date>,
    }
    /// A grade of one indicator.
    IndicatorGrade {
        /// Which.
        indicator: Indicator,
        /// 1 to 5.
        grade: u8,
    }
    /// Follows a bad grade up.
    FollowUpRating {
        /// Number of the rating.
        rating: String,
        /// What is done.
        act: FollowUpAct,
    }
    /// Opens a ticket.
    OpenTicket {
        /// What it is.
        kind: TicketKind,
        /// What is asked or complained of.
        text: String,
        /// By which way.
        channel: Channel,
        /// Name.
        #[serde(default)]
        name: Option<String>,
        /// Citizen id or credit code, whose end is the proof.
        #[serde(default)]
        id: Option<String>,
        /// Six letters or digits of the applicant's choice as the proof.
        #[serde(default)]
        word: Option<String>,
        /// Telephone.
        #[serde(default)]
        contact: Option<String>,
        /// The case that it is about.
        #[serde(default)]
        case: Option<String>,
        /// The division that it is for.
        #[serde(default)]
        division: Option<DivisionCode>,
    }
    /// Does something with a ticket.
    ActOnTicket {
        /// Its number; for the applicant, its query code.
        ticket: String,
        /// The applicant's proof, for what he does himself.
        #[serde(default)]
        proof: Option<String>,
        /// What is done.
        act: TicketAct,
    }
}

/// Which ratings; all conditions hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RatingsQuery {
    /// Of this case.
    pub case: Option<String>,
    /// Bad ones whose follow-up isn't closed.
    pub open: bool,
    /// Bad ones.
    pub bad: bool,
    /// At most so many, 100 when absent.
    pub limit: Option<usize>,
}

/// Names a rating.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RatingQuery {
    /// Its number.
    pub rating: String,
}

/// Which tickets; all conditions hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TicketsQuery {
    /// Closed ones, and those that another node handles, too.
    pub all: bool,
    /// Of one kind.
    pub kind: Option<TicketKind>,
    /// Of departments whose name has this.
    pub department: Option<String>,
    /// Those whose last day is over without an answer.
    pub overdue: bool,
    /// At most so many, 100 when absent.
    pub limit: Option<usize>,
}

/// Names a ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TicketQuery {
    /// Its number, or its query code.
    pub ticket: String,
    /// The applicant's proof, for what he may see.
    pub proof: Option<String>,
}

/// Which figures of ratings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RatesQuery {
    /// Of one month, as 2026-09, in which ratings were given and matters accepted; of all when absent.
    pub month: Option<String>,
    /// Of one division.
    pub division: Option<DivisionCode>,
}

/// A rating.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RatingView {
    /// 评价编号.
    pub rating: String,
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub case_no: String,
    /// Item name.
    pub item_name: String,
    /// visit or matter.
    pub occasion: &'static str,
    /// In Chinese.
    pub occasion_zh: &'static str,
    /// The day of the visit.
    pub visited_on: Option<Date>,
    /// 满意度代码, 1 to 5.
    pub grade: u8,
    /// 满意度.
    pub grade_name: Grade,
    /// In Chinese.
    pub grade_name_zh: &'static str,
    /// 5 to 1.
    pub stars: u8,
    /// 渠道.
    pub channel: Channel,
    /// In Chinese.
    pub channel_zh: &'static str,
    /// Who gave it in.
    pub by: Rater,
    /// 文字评价.
    pub comment: Option<String>,
    /// Grades of indicators.
    pub indicators: Vec<Score>,
    /// Version of the indicators.
    pub indicators_version: u16,
    /// 评价时间.
    pub at: Timestamp,
    /// 评价次数.
    pub times: u16,
    /// Where it was given.
    pub entered: DivisionCode,
    /// Whose service it rates.
    pub rated: DivisionCode,
    /// 责任部门.
    pub department: String,
    /// Who did the service.
    pub operators: Vec<String>,
    /// Whether it counts here.
    pub standing: Standing,
    /// In Chinese.
    pub standing_zh: &'static str,
    /// Why the authority's node didn't take it.
    pub refused: Option<(String, String)>,
    /// Where its follow-up stands.
    pub follow_up: Option<FollowUpState>,
    /// In Chinese.
    pub follow_up_zh: Option<&'static str>,
    /// The last day of that.
    pub follow_up_due: Option<Date>,
    /// Whether that day is over and it isn't closed.
    pub overdue: bool,
    /// Who follows it up.
    pub holder: Option<String>,
    /// What came of it.
    pub outcome: Option<FollowUpOutcome>,
    /// In Chinese.
    pub outcome_zh: Option<&'static str>,
    /// The return call.
    pub call: Option<Call>,
    /// The appeal.
    pub appeal: Option<Appeal>,
    /// What was done, in order.
    pub log: Vec<RatingEntry>,
}

/// A ticket, for those who handle it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TicketView {
    /// 工单编号.
    pub ticket: String,
    /// Query code.
    pub query_code: QueryCode,
    /// What it is.
    pub kind: TicketKind,
    /// In Chinese.
    pub kind_zh: &'static str,
    /// Where it stands.
    pub state: TicketState,
    /// In Chinese.
    pub state_zh: &'static str,
    /// What is asked or complained of.
    pub text: String,
    /// Name with stars; absent for an anonymous one.
    pub applicant: Option<String>,
    /// Telephone; where it is handled or was opened.
    pub contact: Option<String>,
    /// The case as it was named.
    pub case: Option<String>,
    /// 渠道.
    pub channel: Channel,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Where it was opened.
    pub origin: DivisionCode,
    /// Who handles it.
    pub handler: DivisionCode,
    /// 承办部门.
    pub department: Option<String>,
    /// Who answers.
    pub holder: Option<String>,
    /// The last day for the answer.
    pub due: Date,
    /// Whether that day is over without an answer.
    pub overdue: bool,
    /// The answers.
    pub answers: Vec<TicketReply>,
    /// How it ended.
    pub outcome: Option<TicketOutcome>,
    /// In Chinese.
    pub outcome_zh: Option<&'static str>,
    /// How often it was opened again.
    pub reopened: u8,
    /// What was done, in order.
    pub log: Vec<TicketEntry>,
}

/// A ticket as its applicant sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TicketProgress {
    /// Query code.
    pub query_code: QueryCode,
    /// What it is.
    pub kind: TicketKind,
    /// In Chinese.
    pub kind_zh: &'static str,
    /// Where it stands.
    pub state: TicketState,
    /// In Chinese.
    pub state_zh: &'static str,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Who handles it.
    pub handler: DivisionCode,
    /// 承办部门.
    pub department: Option<String>,
    /// The last day for the answer.
    pub due: Date,
    /// The last answer.
    pub answer: Option<String>,
    /// When it was given.
    pub answered_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<TicketOutcome>,
    /// In Chinese.
    pub outcome_zh: Option<&'static str>,
}

/// An indicator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IndicatorView {
    /// Its stable name.
    pub indicator: Indicator,
    /// In Chinese.
    pub indicator_zh: &'static str,
    /// visit or matter.
    pub occasion: &'static str,
    /// In Chinese.
    pub occasion_zh: &'static str,
    /// Version of the indicators.
    pub indicators_version: u16,
}

/// The rates of a division (standards §7), each from figures that name their checkpoints in `/v1/aggregate/report`, and each of one set: 好评率 and
/// 差评整改率 of the ratings that were given in the month, 主动评价率 of the matters that were accepted in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RatesView {
    /// The division.
    pub division: String,
    /// Ratings of matters and of visits given in the month that count.
    pub ratings: i64,
    /// Of these, grades 1 to 3.
    pub good: i64,
    /// Of these, grades 4 and 5.
    pub bad: i64,
    /// Of these bad ones, those that have been put right since, at once or by a plan.
    pub rectified: i64,
    /// Matters accepted in the month that have been decided or otherwise ended since.
    pub decided: i64,
    /// Of these matters, those that were rated of the applicant's own accord, whenever.
    pub own: i64,
    /// 主动评价率, percent: own by decided.
    pub own_rate: Option<f64>,
    /// 好评率, percent: good by ratings.
    pub good_rate: Option<f64>,
    /// 差评整改率, percent: rectified by bad.
    pub rectified_rate: Option<f64>,
}
