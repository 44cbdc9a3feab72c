//! What `supervise` asks and hears.

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::supervision::{Answer, Colour, Ending, Rule, RuleSetting, Stage};

use super::request::request;

request! {
    /// Sets the thresholds of a rule; without any it is as the superiors have it.
    SetRule {
        /// Which, and what.
        setting: RuleSetting,
        /// First day, at once when absent.
        #[serde(default)]
        effective: Option<Date>,
    }
    /// Answers a card or an order, or closes a card.
    SuperviseText {
        /// Its number.
        number: String,
        /// What is said.
        text: String,
    }
    /// Orders an answer.
    GiveOrder {
        /// A case or a card.
        about: String,
        /// The division that answers; this one when absent.
        #[serde(default)]
        division: Option<DivisionCode>,
        /// What is asked for.
        text: String,
        /// Working days for the answer.
        answer_within: u16,
    }
}

/// Which cards; all conditions hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CardsQuery {
    /// Closed ones, too.
    pub all: bool,
    /// Of one colour.
    pub colour: Option<Colour>,
    /// Of one rule.
    pub rule: Option<Rule>,
    /// Of departments whose name has this.
    pub department: Option<String>,
    /// With cause from this day on.
    pub since: Option<Date>,
    /// Of this case.
    pub case: Option<String>,
    /// At most so many, 100 when absent.
    pub limit: Option<usize>,
    /// Behind the card of this number, as the list before ended.
    pub after: Option<String>,
}

/// Names a card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CardQuery {
    /// Its number.
    pub card: String,
}

/// Which orders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrdersQuery {
    /// Answered ones, too.
    pub all: bool,
    /// At most so many, 100 when absent.
    pub limit: Option<usize>,
    /// Behind the order of this number, as the list before ended.
    pub after: Option<String>,
}

/// A rule with the thresholds in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleView {
    /// Its stable name.
    pub rule: Rule,
    /// Its Chinese name.
    pub rule_zh: &'static str,
    /// What it stands on.
    pub basis: &'static str,
    /// Yellow begins when so many working days remain.
    pub yellow_days: Option<u16>,
    /// Yellow begins when so much of the time is used.
    pub yellow_percent: Option<u8>,
    /// Red begins so many working days after the last day; 0 is the next day.
    pub red_after: Option<u16>,
    /// Severe red likewise.
    pub severe_after: Option<u16>,
    /// The time itself, where the rule has it.
    pub limit_days: Option<u16>,
    /// Whether somebody has set it.
    pub set: bool,
    /// What is to be done, in English.
    pub remedy_en: &'static str,
    /// What is to be done, in Chinese.
    pub remedy_zh: &'static str,
}

/// A card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CardView {
    /// 监察编号.
    pub number: String,
    /// Rule.
    pub rule: Rule,
    /// Colour.
    pub colour: Colour,
    /// open, answered, closed.
    pub stands: &'static str,
    /// The day from which there is cause.
    pub cause_on: Date,
    /// The last day in time.
    pub due: Date,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When it came to stand there.
    pub since: Timestamp,
    /// Why it was closed.
    pub ending: Option<Ending>,
    /// How often it was raised.
    pub times: u16,
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub case_no: String,
    /// Item code.
    pub item: String,
    /// Item name.
    pub item_name: String,
    /// Who answers for it.
    pub department: String,
    /// The division that answers for it.
    pub division: DivisionCode,
    /// The order that wasn't answered.
    pub order: Option<String>,
    /// What who is responsible said.
    pub answer: Option<Answer>,
    /// What the supervisor said who closed it.
    pub closing: Option<Answer>,
    /// Earlier answers, and what was said when it was closed before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Answer>,
}

/// Orders, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Orders {
    /// The orders.
    pub orders: Vec<OrderView>,
    /// How many there are in all.
    pub count: usize,
    /// After which the next page goes on; none when this is the last.
    pub next: Option<String>,
}

/// Cards, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cards {
    /// The cards.
    pub cards: Vec<CardView>,
    /// How many there are in all.
    pub count: usize,
    /// After which the next page goes on; none when this is the last.
    pub next: Option<String>,
}

/// A card with what explains it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CardExplained {
    /// The card.
    #[serde(flatten)]
    pub card: CardView,
    /// Its rule, as it is now.
    pub thresholds: RuleView,
    /// State of the case.
    pub state: &'static str,
    /// Day of collection.
    pub collected_at: Timestamp,
    /// Day of acceptance.
    pub accepted_on: Option<Date>,
    /// Promised deadline.
    pub promised_due: Option<Date>,
    /// Statutory deadline.
    pub statutory_due: Option<Date>,
    /// The calendar with which they were computed.
    pub calendar: Option<String>,
    /// Day of decision.
    pub decided_on: Option<Date>,
    /// When cards of the case begin, in the past and to come, as long as nothing is done.
    pub stages: Vec<Stage>,
}

/// An order with the fields of GB/T 39046 table 11.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderView {
    /// 监察编号.
    pub number: String,
    /// waiting, answered, refused.
    pub stands: &'static str,
    /// Whether the day for the answer is over without one.
    pub overdue: bool,
    /// Who orders.
    pub from: DivisionCode,
    /// Who answers.
    pub to: DivisionCode,
    /// The case or card as it was named.
    pub about: String,
    /// 办件编号.
    pub case_no: Option<String>,
    /// 事项类型.
    pub item_type: Option<String>,
    /// 责任部门.
    pub department: Option<String>,
    /// 监察规则.
    pub rule: Option<Rule>,
    /// 预警类型.
    pub colour: Option<Colour>,
    /// 督办内容.
    pub text: String,
    /// The supervisor.
    pub operator: String,
    /// 督办发出时间.
    pub at: Timestamp,
    /// The last day for the answer.
    pub answer_by: Date,
    /// 结果描述.
    pub answer: Option<Answer>,
    /// Why the other node didn't take it: code and text.
    pub refused: Option<(String, String)>,
    /// 状态产生时间.
    pub since: Timestamp,
}
