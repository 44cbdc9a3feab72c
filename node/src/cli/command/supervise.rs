//! `tongban supervise`: rules, cards and orders of supervision (电子监察).

use serde_json::Value;
use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;
use tongban_domain::catalogue::CodeList;
use tongban_domain::supervision::{Colour, Rule, RuleSetting};

use crate::api::v1::{GiveOrder, SetRule, SuperviseText};
use crate::cli::Context;
use crate::cli::client::Answer;
use crate::cli::failure::{Failure, Outcome, parse_optional};
use crate::cli::text::{MORE_CARDS, STAGES};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 监察规则及阈值 / rules with the thresholds in force
    Rules,
    /// 设定规则阈值；不给任何阈值则从上级 / set thresholds of a rule; without any it is as the superiors have it
    Set {
        /// 规则 / rule
        #[arg(value_name = "RULE", value_parser = values::<Rule>())]
        rule: Rule,
        /// 剩余几个工作日起黄牌，0 为最后一日 / yellow when so many working days remain, 0 is the last day
        #[arg(long, value_name = "N")]
        yellow_days: Option<u16>,
        /// 时限用去百分之几起黄牌 / yellow when so much of the time is used
        #[arg(long, value_name = "PERCENT")]
        yellow_percent: Option<u8>,
        /// 逾期几个工作日起红牌，0 为次日 / red so many working days after the last day, 0 is the next day
        #[arg(long, value_name = "N")]
        red_after: Option<u16>,
        /// 逾期几个工作日起严重红牌 / severe red so many working days after the last day
        #[arg(long, value_name = "N")]
        severe_after: Option<u16>,
        /// 规则自身的时限，工作日 / the time itself, in working days, where the rule has it
        #[arg(long, value_name = "N")]
        limit_days: Option<u16>,
        /// 生效日期，缺省为即时 / first day in force, at once when absent
        #[arg(long, value_name = "D")]
        effective: Option<String>,
    },
    /// 监察牌，最新在前 / cards, the newest first
    Cards(CardsArgs),
    /// 一张牌的规则、日期和办件 / a card: which rule, which dates, which case
    Show {
        /// 监察编号 / number of the card
        #[arg(value_name = "CARD")]
        card: String,
    },
    /// 督办 / order an answer
    Order {
        /// 办件或监察编号 / a case or a card
        #[arg(value_name = "CASE|CARD")]
        about: String,
        /// 向下级区划督办 / the division below that answers
        #[arg(long, value_name = "DIVISION")]
        division: Option<String>,
        /// 督办内容 / what is asked for
        #[arg(long, value_name = "T")]
        text: String,
        /// 答复期限，工作日 / working days for the answer
        #[arg(long, value_name = "DAYS")]
        answer_within: u16,
    },
    /// 答复监察牌或督办 / answer a card or an order
    Answer(Text),
    /// 关闭监察牌 / close a card
    Close(Text),
    /// 督办单 / orders given and taken
    Orders {
        /// 含已答复 / answered ones, too
        #[arg(long)]
        all: bool,
        /// 最多列出多少件 / at most so many, 100 when absent
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        /// 接上一页 / behind this order, as the page before ended
        #[arg(long, value_name = "ORDER")]
        after: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Text {
    /// 编号 / number
    #[arg(value_name = "NUMBER")]
    number: String,
    /// 内容 / what is said
    #[arg(long, value_name = "T")]
    text: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CardsArgs {
    /// 只看未关闭的，缺省如此 / those that aren't closed, as without it
    #[arg(long, conflicts_with = "all")]
    open: bool,
    /// 含已关闭 / closed ones, too
    #[arg(long)]
    all: bool,
    /// 颜色 / colour
    #[arg(long, value_name = "C", value_parser = values::<Colour>())]
    colour: Option<Colour>,
    /// 规则 / rule
    #[arg(long, value_name = "R", value_parser = values::<Rule>())]
    rule: Option<Rule>,
    /// 部门名称含 / of departments whose name has this
    #[arg(long, value_name = "N")]
    department: Option<String>,
    /// 事由自何日起 / with cause from this day on
    #[arg(long, value_name = "D")]
    since: Option<String>,
    /// 一个办件 / of one case
    #[arg(long, value_name = "CASE")]
    case: Option<String>,
    /// 最多列出多少张 / at most so many, 100 when absent
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// 接上一页 / behind this card, as the page before ended
    #[arg(long, value_name = "CARD")]
    after: Option<String>,
}

/// Takes the English and the Chinese names of a list.
pub(super) fn values<T: CodeList + Send + Sync>() -> impl clap::builder::TypedValueParser<Value = T> {
    use clap::builder::TypedValueParser as _;
    let names = T::ALL.iter().map(|value| clap::builder::PossibleValue::new(value.name()).alias(value.zh()));
    clap::builder::PossibleValuesParser::new(names)
        .map(|text| T::named(&text).expect("the parser lets names through alone"))
}

const RULE_COLUMNS: [&str; 8] =
    ["rule", "rule_zh", "yellow_days", "yellow_percent", "red_after", "severe_after", "limit_days", "basis"];
const CARD_COLUMNS: [&str; 8] = ["number", "rule", "colour", "stands", "cause_on", "due", "case_no", "department"];
const CARD_FIELDS: [&str; 25] = [
    "number",
    "rule",
    "colour",
    "stands",
    "cause_on",
    "due",
    "raised_at",
    "times",
    "ending",
    "case",
    "case_no",
    "item_name",
    "department",
    "division",
    "order",
    "answer",
    "closing",
    "earlier",
    "thresholds.basis",
    "state",
    "accepted_on",
    "promised_due",
    "statutory_due",
    "calendar",
    "decided_on",
];
const STAGE_COLUMNS: [&str; 4] = ["rule", "colour", "from", "due"];
const ORDER_COLUMNS: [&str; 9] =
    ["number", "stands", "overdue", "from", "to", "case_no", "answer_by", "text", "answer.text"];
const DONE_FIELDS: [&str; 8] = ["number", "rule", "colour", "about", "answer_by", "standard", "answer", "closing"];

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let output = context.output;
    match command {
        Command::Rules => output.list(&context.client()?.get("/v1/supervise/rules", &[])?, "rules", &RULE_COLUMNS),
        Command::Set { rule, yellow_days, yellow_percent, red_after, severe_after, limit_days, effective } => {
            let effective = parse_optional("effective", effective.as_deref())?;
            let setting = RuleSetting { rule, yellow_days, yellow_percent, red_after, severe_after, limit_days };
            let answer = context.client()?.post("/v1/supervise/rules", &SetRule { setting, effective })?;
            output.object(&answer, &DONE_FIELDS)
        }
        Command::Cards(args) => cards(context, &args),
        Command::Show { card } => show(context, &card),
        Command::Order { about, division, text, answer_within } => {
            let division: Option<DivisionCode> = parse_optional("division", division.as_deref())?;
            let order = GiveOrder { about, division, text, answer_within };
            output.object(&context.client()?.post("/v1/supervise/orders", &order)?, &DONE_FIELDS)
        }
        Command::Answer(said) => say(context, "/v1/supervise/answer", said),
        Command::Close(said) => say(context, "/v1/supervise/close", said),
        Command::Orders { all, limit, after } => {
            let limit = limit.map(|limit| limit.to_string());
            let asked = [("all", all.then_some("true")), ("limit", limit.as_deref()), ("after", after.as_deref())];
            let answer = context.client()?.get("/v1/supervise/orders", &asked)?;
            output.list(&answer, "orders", &ORDER_COLUMNS)?;
            more(context, &answer)
        }
    }
}

fn say(context: &Context, path: &str, said: Text) -> Result<Outcome, Failure> {
    let Text { number, text } = said;
    context.output.object(&context.client()?.post(path, &SuperviseText { number, text })?, &DONE_FIELDS)
}

fn cards(context: &Context, args: &CardsArgs) -> Result<Outcome, Failure> {
    let since: Option<Date> = parse_optional("since", args.since.as_deref())?;
    let (since, limit) = (since.map(|day| day.to_string()), args.limit.map(|limit| limit.to_string()));
    let asked = [
        ("all", args.all.then_some("true")),
        ("colour", args.colour.map(CodeList::name)),
        ("rule", args.rule.map(CodeList::name)),
        ("department", args.department.as_deref()),
        ("since", since.as_deref()),
        ("case", args.case.as_deref()),
        ("limit", limit.as_deref()),
        ("after", args.after.as_deref()),
    ];
    let answer = context.client()?.get("/v1/supervise/cards", &asked)?;
    context.output.list(&answer, "cards", &CARD_COLUMNS)?;
    more(context, &answer)
}

/// Says how a list goes on.
fn more(context: &Context, answer: &Answer) -> Result<Outcome, Failure> {
    let output = context.output;
    if !output.is_json() {
        let answer = answer.value()?;
        if let Some(next) = answer.get("next").and_then(Value::as_str) {
            let count = answer.get("count").map(Value::to_string).unwrap_or_default();
            output.say(&MORE_CARDS.with(output.lang, &[&count, next]));
        }
    }
    Ok(Outcome::Done)
}

fn show(context: &Context, card: &str) -> Result<Outcome, Failure> {
    let answer = context.client()?.get("/v1/supervise/card", &[("card", Some(card))])?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let explained = answer.value()?;
    output.fields(&explained, &CARD_FIELDS)?;
    output.line(&format!("\n{}", STAGES.of(output.lang)))?;
    let stages = explained.get("stages").and_then(Value::as_array).cloned().unwrap_or_default();
    output.rows(&stages, &STAGE_COLUMNS)?;
    Ok(Outcome::Done)
}
