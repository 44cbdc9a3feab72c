//! `tongban item ceiling`: ceilings with their floors (限高).

use std::path::PathBuf;

use serde_json::{Value, json};
use tongban_domain::catalogue::{Ceiling, StandardBody, StandardKind};

use super::standard::{self, Terms, Withdrawal};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse_optional};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 设定限高 / set a ceiling for a base item or a line
    Set(Box<SetArgs>),
    /// 撤销限高 / withdraw a ceiling
    Withdraw(Withdrawal),
    /// 全部限高 / all ceilings
    List,
    /// 一项限高，按设定的区划逐一列出 / one ceiling, of each division that set it
    Show {
        /// 基本编码或条线部门 / base code, or department of the line
        #[arg(value_name = "CODE")]
        code: String,
    },
    /// 超过限高或低于下限的事项，及整改期限 / items that don't keep one, and until when they must
    Exceeded {
        /// 含已知的下级事项 / items of subordinates that are known here, too
        #[arg(long)]
        below: bool,
        /// 截至何日，缺省为今天 / as of a day, today when absent
        #[arg(long, value_name = "D")]
        day: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("which").required(true)))]
pub(crate) struct SetArgs {
    /// 基本编码 / base item
    #[arg(long, value_name = "BASE_CODE", group = "which")]
    base: Option<String>,
    /// 条线部门，其全部基本目录事项 / department of the line, all of whose base items it is for
    #[arg(long, value_name = "N", group = "which")]
    line: Option<String>,
    /// JSON 文件，一项或多项；- 表示标准输入 / JSON file with one or several, - for stdin
    #[arg(long, value_name = "FILE", group = "which")]
    file: Option<PathBuf>,
    /// 申请材料最多项数 / most materials
    #[arg(long, value_name = "N")]
    materials: Option<u16>,
    /// 承诺时限最长工作日 / longest promised time, working days
    #[arg(long, value_name = "DAYS")]
    promised_days: Option<u16>,
    /// 收费最高，分 / most fees, in fen
    #[arg(long, value_name = "FEN")]
    fee_fen: Option<u32>,
    /// 办理环节最多个数 / most steps
    #[arg(long, value_name = "N")]
    steps: Option<u16>,
    /// 到现场最多次数 / most visits
    #[arg(long, value_name = "N")]
    visits: Option<u8>,
    /// 法定材料，逗号分隔，不得取消 / materials that a law asks for, with commas between
    #[arg(long, value_name = "a,b", value_delimiter = ',')]
    materials_floor: Vec<String>,
    /// 法定公示工作日 / publicity that a law asks for, working days
    #[arg(long, value_name = "DAYS")]
    publicity_floor: Option<u16>,
    /// 法定收费项目，逗号分隔，不得取消或降低 / fees set by law, with commas between
    #[arg(long, value_name = "a,b", value_delimiter = ',')]
    fees_floor: Vec<String>,
    /// 已超过的事项的整改期限，逾期按差异处理 / until when what exceeds it must be mended; after it, it counts as drift
    #[arg(long, value_name = "D")]
    deadline: Option<String>,
    #[command(flatten)]
    terms: Terms,
}

const COLUMNS: [&str; 11] = [
    "code",
    "set_by",
    "state",
    "holds",
    "effective",
    "ceiling.materials",
    "ceiling.promised_days",
    "ceiling.fee_fen",
    "ceiling.steps",
    "ceiling.visits",
    "ceiling.deadline",
];
const FIELDS: [&str; 18] = [
    "code",
    "division",
    "set_by",
    "department",
    "version",
    "state",
    "effective",
    "holds",
    "until_then",
    "ceiling.materials",
    "ceiling.promised_days",
    "ceiling.fee_fen",
    "ceiling.steps",
    "ceiling.visits",
    "ceiling.materials_floor",
    "ceiling.publicity_floor",
    "ceiling.fees_floor",
    "ceiling.deadline",
];

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    const KIND: StandardKind = StandardKind::Ceiling;
    match command {
        Command::Set(args) => match &args.file {
            Some(file) => standard::set(context, &standard::from_json(file, KIND)?),
            None => {
                let terms = args.terms.draft(None, StandardBody::Ceiling(ceiling(&args)?))?;
                standard::set(context, &[terms])
            }
        },
        Command::Withdraw(args) => standard::withdraw(context, KIND, &args),
        Command::List => standard::list(context, KIND, None, &COLUMNS),
        Command::Show { code } => standard::show(context, KIND, &code, &FIELDS),
        Command::Exceeded { below, day } => exceeded(context, below, day.as_deref()),
    }
}

fn ceiling(args: &SetArgs) -> Result<Ceiling, Failure> {
    Ok(Ceiling {
        base_code: args.base.clone(),
        line: args.line.clone(),
        materials: args.materials,
        promised_days: args.promised_days,
        fee_fen: args.fee_fen,
        steps: args.steps,
        visits: args.visits,
        materials_floor: args.materials_floor.clone(),
        publicity_floor: args.publicity_floor,
        fees_floor: args.fees_floor.clone(),
        deadline: parse_optional("deadline", args.deadline.as_deref())?,
    })
}

fn exceeded(context: &Context, below: bool, day: Option<&str>) -> Result<Outcome, Failure> {
    let day: Option<tongban_codes::time::Date> = parse_optional("day", day)?;
    let day = day.map(|day| day.to_string());
    let query = [("below", below.then_some("true")), ("day", day.as_deref())];
    let answer = context.client()?.get("/v1/standards/exceeded", &query)?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let value = answer.value()?;
    let rows = value.get("exceeded").and_then(Value::as_array).cloned().unwrap_or_default();
    let rows: Vec<Value> = rows
        .iter()
        .map(|one| {
            let bound = |key: &str| one.pointer(&format!("/bound/{key}"));
            json!({
                "item": one.get("item"), "division": one.get("division"), "limited": bound("field"),
                "value": one.get("value"), "limit": one.get("limit"), "set_by": bound("set_by"),
                "mend_by": bound("deadline"), "overdue": one.get("overdue"),
            })
        })
        .collect();
    output.rows(&rows, &["item", "division", "limited", "value", "limit", "set_by", "mend_by", "overdue"])?;
    Ok(Outcome::Done)
}
