//! `tongban rate`: ratings (好差评), and the follow-up of bad ones to the end.

use tongban_codes::time::Date;
use tongban_domain::catalogue::CodeList as _;
use tongban_domain::voice::{Channel, Grade, Ground, Indicator};

use super::supervise::values;
use crate::api::v1::{FollowUpAct, FollowUpRating, IndicatorGrade, RateService};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse_optional};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 评价：申请人凭查询码和 --proof，或窗口代录设备、电话评价；一次一评、一事一评 / rate: the applicant by query code and --proof, or the window from a device or a call; once per visit, once per matter
    Give(GiveArgs),
    /// 评价，最新在前 / ratings, the newest first
    List {
        /// 一个办件 / of one case
        #[arg(long, value_name = "CASE")]
        case: Option<String>,
        /// 只看未办结的差评 / bad ones whose follow-up isn't closed
        #[arg(long)]
        open: bool,
        /// 只看差评 / bad ones
        #[arg(long)]
        bad: bool,
        /// 最多列出多少条 / at most so many, 100 when absent
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// 一条评价及其整改 / a rating and its follow-up
    Show {
        /// 评价编号 / number of the rating
        #[arg(value_name = "RATING")]
        rating: String,
    },
    /// 回访核实 / verify with the applicant
    Verify(Text),
    /// 整改：立行立改，或按限期完成 / put right, at once or by the plan
    Rectify(Text),
    /// 列入台账，限期整改 / plan to put right by a day
    Plan {
        /// 评价编号 / number of the rating
        #[arg(value_name = "RATING")]
        rating: String,
        /// 整改内容 / what will be put right
        #[arg(long, value_name = "T")]
        text: String,
        /// 限期 / the last day
        #[arg(long, value_name = "D")]
        until: String,
    },
    /// 诉求无法律依据，解释说明 / explain that there is no basis in law
    Explain(Text),
    /// 反馈办结：回访告知结果 / close: a return call told the outcome
    Close {
        /// 评价编号 / number of the rating
        #[arg(value_name = "RATING")]
        rating: String,
        /// 回访内容 / what was said in the call
        #[arg(long, value_name = "T")]
        call: String,
        /// 未能联系上 / the applicant wasn't reached
        #[arg(long)]
        unreached: bool,
        /// 现在满意 / he is content now
        #[arg(long, conflicts_with_all = ["unreached", "discontent"])]
        content: bool,
        /// 仍不满意 / he still isn't
        #[arg(long, conflicts_with = "unreached")]
        discontent: bool,
    },
    /// 申诉：误评或恶意差评 / appeal: given by mistake, or out of malice
    Appeal {
        /// 评价编号 / number of the rating
        #[arg(value_name = "RATING")]
        rating: String,
        /// 申诉理由 / why
        #[arg(long, value_name = "G", value_parser = values::<Ground>())]
        ground: Ground,
        /// 说明 / in words
        #[arg(long, value_name = "T")]
        text: String,
    },
    /// 申诉复核，由他人决定 / decide about an appeal, by another than who was rated
    #[command(group = clap::ArgGroup::new("verdict").args(["uphold", "dismiss"]).required(true))]
    Judge {
        /// 评价编号 / number of the rating
        #[arg(value_name = "RATING")]
        rating: String,
        /// 成立，该评价不予计入 / uphold it: the grade doesn't count
        #[arg(long)]
        uphold: bool,
        /// 不成立 / dismiss it
        #[arg(long)]
        dismiss: bool,
        /// 理由 / why
        #[arg(long, value_name = "T")]
        text: String,
    },
    /// 指派、改派整改人，不得是被评价人 / appoint who follows it up, never who was rated
    Assign {
        /// 评价编号 / number of the rating
        #[arg(value_name = "RATING")]
        rating: String,
        /// 经办人 / operator
        #[arg(long, value_name = "OPERATOR")]
        to: String,
        /// 理由 / why
        #[arg(long, value_name = "T")]
        text: String,
    },
    /// 评价指标及版本 / the indicators and their version
    Indicators,
    /// 主动评价率（按受理月份的办结件）、好评率和差评整改率（按评价月份） / rates of own ratings, by matters accepted in the month; of good ones and of bad ones put right, by ratings given in it
    Rates {
        /// 月份 / month
        #[arg(long, value_name = "YYYY-MM")]
        month: Option<String>,
        /// 区划 / division
        #[arg(long, value_name = "C")]
        division: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct GiveArgs {
    /// 办件，或查询码 / case, or its query code
    #[arg(value_name = "CASE|CODE")]
    case: String,
    /// 满意度：1 非常满意 至 5 非常不满意，无默认值 / 1 very satisfied to 5 very dissatisfied; there is no default
    #[arg(long, value_name = "N", value_parser = grade)]
    grade: Grade,
    /// 渠道 / by which way
    #[arg(long, value_name = "C", value_parser = values::<Channel>())]
    channel: Channel,
    /// 申请人证件号码后六位 / the last six of the applicant's number
    #[arg(long, value_name = "P")]
    proof: Option<String>,
    /// 文字评价 / in words
    #[arg(long, value_name = "T")]
    comment: Option<String>,
    /// 指标评分，指标=1..5 / grade of an indicator, NAME=1..5
    #[arg(long = "indicator", value_name = "NAME=N", value_parser = indicator)]
    indicators: Vec<(Indicator, Grade)>,
    /// 现场评价的到访日期，缺省为最近一次 / the day of the visit, the last one when absent
    #[arg(long, value_name = "D")]
    visited_on: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Text {
    /// 评价编号 / number of the rating
    #[arg(value_name = "RATING")]
    rating: String,
    /// 内容 / in words
    #[arg(long, value_name = "T")]
    text: String,
}

fn grade(text: &str) -> Result<Grade, String> {
    let numbered = text.parse().ok().and_then(Grade::of_code);
    numbered.or_else(|| Grade::named(text)).ok_or_else(|| "1 / 2 / 3 / 4 / 5".to_owned())
}

fn indicator(text: &str) -> Result<(Indicator, Grade), String> {
    let (name, number) = text.split_once('=').ok_or_else(|| "NAME=1..5".to_owned())?;
    Ok((name.parse()?, grade(number)?))
}

const COLUMNS: [&str; 9] =
    ["rating", "at", "occasion", "grade", "standing", "follow_up", "follow_up_due", "overdue", "holder"];
const FIELDS: [&str; 26] = [
    "rating",
    "case",
    "case_no",
    "item_name",
    "occasion",
    "visited_on",
    "grade",
    "grade_name",
    "stars",
    "channel",
    "comment",
    "at",
    "times",
    "entered",
    "rated",
    "department",
    "operators",
    "standing",
    "follow_up",
    "follow_up_due",
    "overdue",
    "holder",
    "outcome",
    "call.text",
    "call.content",
    "appeal.ground",
];
const DONE_FIELDS: [&str; 9] =
    ["rating", "grade", "rated", "visited_on", "standing", "follow_up", "follow_up_due", "holder", "outcome"];
const LOG_COLUMNS: [&str; 4] = ["at", "deed", "operator", "text"];
const RATES_COLUMNS: [&str; 10] =
    ["division", "ratings", "good", "bad", "rectified", "decided", "own", "own_rate", "good_rate", "rectified_rate"];

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let output = context.output;
    match command {
        Command::Give(args) => give(context, args),
        Command::List { case, open, bad, limit } => {
            let limit = limit.map(|limit| limit.to_string());
            let asked = [
                ("case", case.as_deref()),
                ("open", open.then_some("true")),
                ("bad", bad.then_some("true")),
                ("limit", limit.as_deref()),
            ];
            output.list(&context.client()?.get("/v1/ratings", &asked)?, "ratings", &COLUMNS)
        }
        Command::Show { rating } => show(context, &rating),
        Command::Verify(Text { rating, text }) => act(context, rating, FollowUpAct::Verify { finding: text }),
        Command::Rectify(Text { rating, text }) => act(context, rating, FollowUpAct::Rectify { text }),
        Command::Plan { rating, text, until } => {
            let until: Date = crate::cli::failure::parse("until", &until)?;
            act(context, rating, FollowUpAct::Plan { text, until })
        }
        Command::Explain(Text { rating, text }) => act(context, rating, FollowUpAct::Explain { text }),
        Command::Close { rating, call, unreached, content, discontent } => {
            let content = (content || discontent).then_some(content);
            act(context, rating, FollowUpAct::Close { reached: !unreached, content, said: call })
        }
        Command::Appeal { rating, ground, text } => act(context, rating, FollowUpAct::Appeal { ground, text }),
        Command::Judge { rating, uphold, dismiss: _, text } => {
            act(context, rating, FollowUpAct::Judge { uphold, text })
        }
        Command::Assign { rating, to, text } => act(context, rating, FollowUpAct::Assign { to, text }),
        Command::Indicators => {
            let columns = ["indicator", "indicator_zh", "occasion", "indicators_version"];
            output.list(&context.client()?.get("/v1/ratings/indicators", &[])?, "indicators", &columns)
        }
        Command::Rates { month, division } => {
            let asked = [("month", month.as_deref()), ("division", division.as_deref())];
            output.list(&context.client()?.get("/v1/ratings/rates", &asked)?, "rates", &RATES_COLUMNS)
        }
    }
}

fn give(context: &Context, args: GiveArgs) -> Result<Outcome, Failure> {
    let GiveArgs { case, grade, channel, proof, comment, indicators, visited_on } = args;
    let visited_on: Option<Date> = parse_optional("visited_on", visited_on.as_deref())?;
    let score = |(indicator, grade): (Indicator, Grade)| IndicatorGrade { indicator, grade: grade.code() };
    let indicators = indicators.into_iter().map(score).collect();
    let rating = RateService { case, grade: grade.code(), channel, proof, comment, indicators, visited_on };
    context.output.object(&context.client()?.post("/v1/ratings", &rating)?, &DONE_FIELDS)
}

fn act(context: &Context, rating: String, act: FollowUpAct) -> Result<Outcome, Failure> {
    let answer = context.client()?.post("/v1/ratings/act", &FollowUpRating { rating, act })?;
    context.output.object(&answer, &DONE_FIELDS)
}

fn show(context: &Context, rating: &str) -> Result<Outcome, Failure> {
    let answer = context.client()?.get("/v1/ratings/show", &[("rating", Some(rating))])?;
    context.output.logged(&answer, &FIELDS, &LOG_COLUMNS)
}
