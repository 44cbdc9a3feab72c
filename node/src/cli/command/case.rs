//! `tongban case`: from collecting to closing.

use serde_json::{Value, json};
use tongban_domain::case::{Material, RefusalKind};
use tongban_domain::catalogue::Mode;

use super::{item, material};
use crate::api::v1::{ActRequest, CaseAct, CollectCase};
use crate::cli::Context;
use crate::cli::client::Answer;
use crate::cli::failure::{Failure, Outcome, parse};
use crate::cli::text::{HISTORY, STOPS};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 收件 / collect a case
    Collect(CollectArgs),
    /// 移交 / offer a held case to the authority in charge
    Offer(Case),
    /// 受理 / accept
    Accept(Case),
    /// 不受理、不予受理 / refuse
    Refuse {
        #[command(flatten)]
        case: Case,
        /// 不受理 not-required，不予受理 not-competent / which of the two
        #[arg(long, value_enum)]
        kind: Refusal,
        /// 理由 / reason; for not-competent, who is
        #[arg(long, value_name = "T")]
        reason: String,
    },
    /// 一次性告知补正 / give the one complete correction notice
    Notify {
        #[command(flatten)]
        case: Case,
        /// 需补正的内容，可重复 / what is missing or wrong, may be repeated
        #[arg(long = "item", value_name = "T", required = true)]
        items: Vec<String>,
    },
    /// 决定 / decide
    #[command(group(clap::ArgGroup::new("decision").required(true)))]
    Decide {
        #[command(flatten)]
        case: Case,
        /// 准予 / grant
        #[arg(long, group = "decision")]
        grant: bool,
        /// 不予 / deny
        #[arg(long, group = "decision")]
        deny: bool,
        /// 理由 / reason
        #[arg(long, value_name = "T")]
        reason: Option<String>,
    },
    /// 特别程序，中止计时 / stop the clock for a special procedure
    Suspend {
        #[command(flatten)]
        case: Case,
        /// 听证、招标、拍卖、检验、检测、检疫、鉴定、专家评审，或事项列明的特殊环节 / one of 行政许可法 45, or a special link of the item
        #[arg(long, value_name = "T")]
        procedure: String,
        /// 告知申请人的所需工作日 / working days that it takes, as told to the applicant
        #[arg(long, value_name = "N")]
        days: u16,
    },
    /// 特别程序结束，恢复计时 / let the clock run again
    Resume {
        #[command(flatten)]
        case: Case,
        /// 结果 / what came of it
        #[arg(long, value_name = "T")]
        note: Option<String>,
    },
    /// 延期 / extend the statutory time, once
    Extend {
        #[command(flatten)]
        case: Case,
        /// 工作日 / working days
        #[arg(long, value_name = "N")]
        days: u16,
        /// 批准延期的负责人 / who approved it
        #[arg(long, value_name = "N")]
        approver: String,
        /// 告知申请人的理由 / reason, of which the applicant is told
        #[arg(long, value_name = "T")]
        reason: String,
    },
    /// 送达 / deliver
    Deliver {
        #[command(flatten)]
        case: Case,
        /// 送达方式 / how
        #[arg(long, value_name = "T")]
        note: Option<String>,
    },
    /// 办结 / close
    Close(Case),
    /// 撤件 / withdraw at the applicant's wish
    Withdraw {
        #[command(flatten)]
        case: Case,
        /// 理由 / reason
        #[arg(long, value_name = "T")]
        reason: Option<String>,
    },
    /// 办件详情 / a case with both legs of its history
    Show(Case),
    /// 办件列表 / cases, newest first
    List {
        /// 最多列出多少件 / at most so many, 100 when absent
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// 办件现在哪里 / who holds a case
    Whereis(Case),
    /// 办理过程 / the acts on a case
    History(Case),
    /// 办理进度 / how far it is, for the holder of the query code
    Progress {
        /// 查询码 / query code
        #[arg(value_name = "QUERY_CODE")]
        code: String,
        /// 申请人证件号码后六位 / the last six characters of the applicant's citizen id or credit code
        #[arg(long, value_name = "CHARACTERS")]
        proof: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Case {
    /// 办件标识、收件编号、办件编号或查询码 / id, collection number, case number or query code
    #[arg(value_name = "CASE")]
    case: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CollectArgs {
    /// 事项编码或其第一段 / item code, or its first part
    #[arg(long, value_name = "CODE")]
    item: String,
    /// 办理机关所在行政区划 / division of the authority in charge
    #[arg(long = "for", value_name = "DIVISION")]
    division: String,
    /// 申请人名称 / applicant's name
    #[arg(long, value_name = "N")]
    name: String,
    /// 公民身份号码或统一社会信用代码 / citizen id or credit code
    #[arg(long, value_name = "ID")]
    id: String,
    /// 办理方式 / mode
    #[arg(long, value_name = "M", value_parser = item::modes())]
    mode: Option<Mode>,
    /// 材料，可重复 / material, may be repeated; only its digest is sent
    #[arg(long = "material", value_name = "NAME=FILE|NAME=sha256:HEX")]
    materials: Vec<String>,
    /// 暂留本窗口，不立即移交 / keep it at this window for now
    #[arg(long)]
    hold: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Refusal {
    /// 不受理：依法不需要许可
    NotRequired,
    /// 不予受理：不属于本机关职权
    NotCompetent,
}

const FIELDS: [&str; 27] = [
    "case",
    "case_no",
    "collection_no",
    "query_code",
    "state",
    "custody",
    "tenure",
    "owner",
    "collecting",
    "deciding",
    "item",
    "item_name",
    "mode",
    "applicant",
    "collected_at",
    "received_on",
    "accepted_on",
    "statutory_due",
    "promised_due",
    "provisional",
    "calendar",
    "extension.days",
    "extension.approver",
    "decided_on",
    "reason",
    "licences",
    "demo",
];
const ACT_COLUMNS: [&str; 7] = ["at", "kind", "place.division", "operator", "window", "status", "note"];
const STOP_COLUMNS: [&str; 5] = ["procedure", "from", "until", "announced", "basis"];
const LIST_COLUMNS: [&str; 7] =
    ["collection_no", "case_no", "state", "custody", "item_name", "statutory_due", "promised_due"];
const DONE_FIELDS: [&str; 7] =
    ["case", "case_no", "collection_no", "query_code", "state", "statutory_due", "promised_due"];

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let act = |case: Case, act: ActRequest| {
        let answer = context.client()?.post("/v1/cases/act", &CaseAct { case: case.case, act })?;
        context.output.object(&answer, &DONE_FIELDS)
    };
    match command {
        Command::Collect(args) => collect(context, args),
        Command::Offer(case) => act(case, ActRequest::Offer {}),
        Command::Accept(case) => act(case, ActRequest::Accept {}),
        Command::Refuse { case, kind, reason } => {
            let refusal = match kind {
                Refusal::NotRequired => RefusalKind::NotRequired,
                Refusal::NotCompetent => RefusalKind::NotCompetent,
            };
            act(case, ActRequest::Refuse { refusal, reason })
        }
        Command::Notify { case, items } => act(case, ActRequest::Notify { items }),
        Command::Decide { case, grant, deny: _, reason } => act(case, ActRequest::Decide { grant, reason }),
        Command::Suspend { case, procedure, days } => act(case, ActRequest::Suspend { procedure, days }),
        Command::Resume { case, note } => act(case, ActRequest::Resume { note }),
        Command::Extend { case, days, approver, reason } => act(case, ActRequest::Extend { days, approver, reason }),
        Command::Deliver { case, note } => act(case, ActRequest::Deliver { note }),
        Command::Close(case) => act(case, ActRequest::Close {}),
        Command::Withdraw { case, reason } => act(case, ActRequest::Withdraw { reason }),
        Command::Show(case) => show(context, &case),
        Command::List { limit } => {
            let limit = limit.map(|limit| limit.to_string());
            let answer = context.client()?.get("/v1/cases", &[("limit", limit.as_deref())])?;
            context.output.list(&answer, "cases", &LIST_COLUMNS)
        }
        Command::Whereis(case) => {
            let answer = ask(context, "/v1/cases/whereis", &case.case)?;
            context.output.object(&answer, &["authority", "division", "node", "tenure", "handover", "as_of", "source"])
        }
        Command::History(case) => history(context, &case),
        Command::Progress { code, proof } => {
            let query = [("code", Some(code.as_str())), ("proof", Some(proof.as_str()))];
            let answer = context.client()?.get("/v1/cases/progress", &query)?;
            let fields = [
                "query_code",
                "state",
                "item_name",
                "department",
                "division",
                "statutory_due",
                "promised_due",
                "stop.procedure",
                "stop.from",
                "stop.announced",
                "extended_days",
                "as_of",
                "demo",
            ];
            context.output.object(&answer, &fields)
        }
    }
}

fn ask(context: &Context, path: &str, case: &str) -> Result<Answer, Failure> {
    context.client()?.get(path, &[("case", Some(case))])
}

fn collect(context: &Context, args: CollectArgs) -> Result<Outcome, Failure> {
    let division = parse("division", &args.division)?;
    let materials: Result<Vec<Material>, Failure> = args.materials.iter().map(|text| material::read(text)).collect();
    let request = CollectCase {
        item: args.item,
        division,
        mode: args.mode,
        name: args.name,
        id: args.id,
        materials: materials?,
        hold: args.hold,
    };
    let answer = context.client()?.post("/v1/cases", &request)?;
    context.output.object(&answer, &["case", "collection_no", "query_code"])
}

fn show(context: &Context, case: &Case) -> Result<Outcome, Failure> {
    let answer = ask(context, "/v1/cases/show", &case.case)?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let case = answer.value()?;
    output.fields(&case, &FIELDS)?;
    let stops = list(&case, "stops");
    if !stops.is_empty() {
        output.line(&format!("\n{}", STOPS.of(output.lang)))?;
        output.rows(&stops, &STOP_COLUMNS)?;
    }
    output.line(&format!("\n{}", HISTORY.of(output.lang)))?;
    output.rows(&list(&case, "history"), &ACT_COLUMNS)?;
    Ok(Outcome::Done)
}

fn history(context: &Context, case: &Case) -> Result<Outcome, Failure> {
    let case = ask(context, "/v1/cases/show", &case.case)?.value()?;
    let history = json!({ "case": case.get("case"), "history": list(&case, "history") });
    context.output.list(&Answer::of(&history), "history", &ACT_COLUMNS)
}

fn list(case: &Value, name: &str) -> Vec<Value> {
    case.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
}
