//! `tongban case`: from collecting to closing.

mod batch;
mod earlier;
mod outcome;
mod print;
mod view;
mod work;

use std::path::PathBuf;

use serde_json::Value;
use tongban_domain::case::{AmendedField, Bringing, Competent, Material, RefusalKind};
use tongban_domain::catalogue::Mode;
use tongban_domain::tables::Subject;

use super::{front, item, material};
use crate::api::v1::{ActRequest, AgentRequest, CaseAct, CollectCase, DeclineReclaim, OrderReclaim};
use crate::cli::Context;
use crate::cli::client::Answer;
use crate::cli::failure::{Failure, Outcome, parse};
use crate::cli::text::{COMPETENT_INVALID, SUPPLEMENT_UNPAIRED};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 收件 / collect a case
    Collect(CollectArgs),
    /// 移交 / offer a held case to the authority in charge
    Offer(Case),
    /// 受理；可容缺受理 / accept, with materials to follow where the item allows it
    Accept {
        #[command(flatten)]
        case: Case,
        /// 补正未齐而已符合要求的理由 / why what was brought is enough, when a notice had asked for more
        #[arg(long, value_name = "T")]
        enough: Option<String>,
        #[command(flatten)]
        lacking: work::LackingArgs,
    },
    #[command(flatten)]
    Work(work::Command),
    /// 不受理、不予受理 / refuse
    Refuse {
        #[command(flatten)]
        case: Case,
        /// 不受理 not-required，不予受理 not-competent / which of the two
        #[arg(long, value_enum)]
        kind: Refusal,
        /// 理由 / reason
        #[arg(long, value_name = "T")]
        reason: String,
        /// 有权办理的机关，不予受理时必填 / who is competent, required with not-competent
        #[arg(long, value_name = "DIVISION/AUTHORITY")]
        competent: Option<String>,
    },
    /// 一次性告知补正 / give the one complete correction notice
    Notify {
        #[command(flatten)]
        case: Case,
        /// 需补正的内容，可重复 / what is missing or wrong, may be repeated
        #[arg(long = "item", value_name = "T", required = true)]
        items: Vec<String>,
        /// 补正期限（日），默认 30 / days that it gives, 30 when absent
        #[arg(long, value_name = "N")]
        within: Option<u16>,
        /// 再次告知时，逐项说明首次无法发现的理由 / on a further notice, why each couldn't be known the first time
        #[arg(long = "new-reason", value_name = "T")]
        new_reasons: Vec<String>,
    },
    /// 补正 / take what a notice asked for
    Supplement {
        #[command(flatten)]
        case: Case,
        /// 补正事项的序号或原文，可重复 / line of the notice, by number or text, may be repeated
        #[arg(long = "item", value_name = "LINE", required = true)]
        items: Vec<String>,
        /// 材料；事项有多项的，与 --item 依次对应 / material; with several items, one for each in their order
        #[arg(long = "material", value_name = "NAME=FILE|NAME=sha256:HEX")]
        materials: Vec<String>,
    },
    /// 退件，补正期限届满而未补齐 / return a case of which not everything was brought in time
    Return {
        #[command(flatten)]
        case: Case,
        /// 理由 / reason
        #[arg(long, value_name = "T")]
        reason: String,
    },
    /// 现场核查 / record an on-site check
    Check {
        #[command(flatten)]
        case: Case,
        /// 核查人员，两名以上，以逗号分隔 / officers, two at least, with commas between
        #[arg(long, value_name = "A,B", value_delimiter = ',', required = true)]
        officers: Vec<String>,
        /// 核查情况 / what they found
        #[arg(long, value_name = "T")]
        finding: String,
    },
    /// 当场更正 / record a mistake that was put right on the spot
    Correct {
        #[command(flatten)]
        case: Case,
        /// 更正内容 / what was wrong, and what is right
        #[arg(long, value_name = "T")]
        what: String,
        /// 更正后的材料，同名替换 / material in the place of that of the same name
        #[arg(long = "material", value_name = "NAME=FILE|NAME=sha256:HEX")]
        materials: Vec<String>,
    },
    /// 转报上级机关 / forward to the superior authority with a preliminary opinion
    Forward {
        #[command(flatten)]
        case: Case,
        /// 上级机关所在行政区划 / division of the superior authority
        #[arg(long = "to", value_name = "DIVISION")]
        division: String,
        /// 上级机关的事项 / its item
        #[arg(long, value_name = "CODE")]
        item: String,
        /// 初步审查意见 / preliminary opinion
        #[arg(long, value_name = "T")]
        opinion: String,
    },
    /// 更正录入有误的内容，前后版本均留存 / put a wrong entry right, both versions are kept
    Amend {
        #[command(flatten)]
        case: Case,
        /// 内容 / which entry
        #[arg(long, value_enum)]
        field: Field,
        /// 正确内容 / what it should be
        #[arg(long, value_name = "T")]
        value: String,
        /// 理由 / reason
        #[arg(long, value_name = "T")]
        reason: String,
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
        /// 名额已用完，理由由系统写明 / because no number is left; the reason says so
        #[arg(long, requires = "deny", conflicts_with = "reason")]
        no_number: bool,
    },
    #[command(flatten)]
    Outside(outcome::Command),
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
    /// 纸质签收，协议约定以纸质材料送达为收到的 / sign for the paper file, where the agreement says that it counts as receipt
    ReceivePaper(Case),
    /// 重新告知主管机关未接收的办理情况（异地受理、无差别办理） / report again what the authority in charge hadn't taken
    ReportAgain(Case),
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
    /// 批量办理 / acts on many cases, from a file
    Batch(batch::Args),
    /// 导入历史办件：导入，未经本系统见证 / import another system's earlier cases: imported, not witnessed
    Import(earlier::Args),
    /// 承接原系统未办结的办件 / take up what another system hadn't decided: collect a case that names it
    TakeUp(earlier::TakeUpArgs),
    /// 用时台账 / whose time was used
    Ledger(Case),
    /// 打印文书 / print a document as PDF; the second and later prints say so
    Print(print::Args),
    /// 打印记录 / the documents of a case that were sealed here, and their prints
    Prints(Case),
    /// 收回：对方节点已失联且不再恢复 / reclaim a case whose other side is gone for good
    #[command(group(clap::ArgGroup::new("decision")))]
    Reclaim {
        #[command(flatten)]
        case: Case,
        /// 申请或不予收回的理由 / reason of the request, or of declining it
        #[arg(long, value_name = "T", required_unless_present = "order")]
        reason: Option<String>,
        /// 共同上级：决定收回，须先撤销失联节点 / at the common superior: order it; the lost node is revoked before
        #[arg(long, group = "decision", conflicts_with = "reason")]
        order: bool,
        /// 主管机关由该节点接续办理 / the node at which the authority in charge goes on
        #[arg(long, value_name = "NODE", requires = "order", conflicts_with = "reason")]
        to: Option<String>,
        /// 失联节点台账未见的状态，以申请节点所述为准 / take the asking node's word where the lost node's journal is silent
        #[arg(long, requires = "order", conflicts_with = "reason")]
        as_told: bool,
        /// 共同上级：不予收回 / at the common superior: decline it
        #[arg(long, group = "decision")]
        decline: bool,
    },
    /// 向本节点申请的收回 / reclaims that are asked of this node
    Reclaims,
    /// 办件详情；历史办件按原编号 / a case with both legs of its history; an earlier one by its old number
    Show(Case),
    /// 取出材料文件 / get the file of a material
    Material {
        #[command(flatten)]
        case: Case,
        /// 材料名称或摘要 / name or SHA-256 of the material
        #[arg(value_name = "NAME")]
        material: String,
        /// 保存到的文件，- 为标准输出 / file to write, - for stdout
        #[arg(long, value_name = "FILE|-")]
        file: PathBuf,
    },
    /// 按国家数据表上报前置库；其中有申请人姓名和证件号码 / report to a front database in the national exchange tables; applicants' names and numbers go with it
    Report(front::report::Args),
    /// 与前置库对账：接收、退回及原因、未到达 / reconcile with a front database: what it took, sent back and why, what never arrived
    Reconcile(front::reconcile::Args),
    /// 办件列表 / cases, newest first
    List {
        /// 最多列出多少件 / at most so many, 100 when absent
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        #[command(flatten)]
        imported: earlier::ListArgs,
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
    /// 材料，可重复；填写文件时随办件保存并移交，填写摘要时只登记摘要 / material, may be repeated: a file goes with the case, of a digest the digest alone
    #[arg(long = "material", value_name = "NAME=FILE|NAME=sha256:HEX")]
    materials: Vec<String>,
    /// 暂留本窗口，不立即移交 / keep it at this window for now
    #[arg(long)]
    hold: bool,
    /// 申请延续的证照标识 / identifier of the licence that is to be renewed
    #[arg(long, value_name = "LICENCE")]
    renews: Option<String>,
    /// 代理人姓名 / agent's name
    #[arg(long, value_name = "N", requires_all = ["agent_id", "power_of_attorney"])]
    agent_name: Option<String>,
    /// 代理人公民身份号码或统一社会信用代码 / agent's citizen id or credit code
    #[arg(long, value_name = "ID", requires = "agent_name")]
    agent_id: Option<String>,
    /// 授权委托书 / power of attorney; only its digest is sent
    #[arg(long, value_name = "FILE|sha256:HEX", requires = "agent_name")]
    power_of_attorney: Option<String>,
    /// 授权范围 / what the agent may do; the whole matter when absent
    #[arg(long, value_name = "T", requires = "agent_name")]
    agent_scope: Option<String>,
    /// 授权委托书有效期至 / last day of the power of attorney
    #[arg(long, value_name = "DATE", requires = "agent_name")]
    agent_until: Option<String>,
    /// 无差别办理所依的本地事项，同一基本编码有多项时填写 / with --mode uniform the own item by which it is decided, where several could be
    #[arg(long, value_name = "CODE")]
    by: Option<String>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Refusal {
    /// 不受理：依法不需要许可
    NotRequired,
    /// 不予受理：不属于本机关职权
    NotCompetent,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Field {
    /// 申请人名称
    ApplicantName,
    /// 申请人证件号码
    ApplicantId,
}

const RECLAIM_FIELDS: [&str; 3] = ["case", "to", "tenure"];
const RECLAIM_COLUMNS: [&str; 8] =
    ["request", "collection_no", "item_name", "state", "asker", "lost", "revoked", "reason"];
const LIST_COLUMNS: [&str; 7] =
    ["collection_no", "case_no", "state", "custody", "item_name", "statutory_due", "promised_due"];
const DONE_FIELDS: [&str; 8] =
    ["case", "case_no", "collection_no", "query_code", "state", "statutory_due", "promised_due", "renewal_due"];

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let act = |case: Case, act: ActRequest| {
        let answer = context.client()?.post("/v1/cases/act", &CaseAct { case: case.case, act })?;
        context.output.object(&answer, &DONE_FIELDS)
    };
    match command {
        Command::Collect(args) => collect(context, args),
        Command::Offer(case) => act(case, ActRequest::Offer {}),
        Command::Accept { case, enough, lacking } => {
            match work::accept_lacking(context, &case, &lacking, enough.as_ref())? {
                Some(answer) => context.output.object(&answer, &DONE_FIELDS),
                None => act(case, ActRequest::Accept { enough }),
            }
        }
        Command::Work(command) => work::run(context, command),
        Command::Refuse { case, kind, reason, competent } => {
            let refusal = match kind {
                Refusal::NotRequired => RefusalKind::NotRequired,
                Refusal::NotCompetent => RefusalKind::NotCompetent,
            };
            let competent = competent.as_deref().map(competent_authority).transpose()?;
            act(case, ActRequest::Refuse { refusal, reason, competent })
        }
        Command::Notify { case, items, within, new_reasons } => {
            act(case, ActRequest::Notify { items, new_reasons, within })
        }
        Command::Supplement { case, items, materials } => {
            act(case, ActRequest::Supplement { brings: brings(items, &materials)? })
        }
        Command::Return { case, reason } => act(case, ActRequest::Return { reason }),
        Command::Check { case, officers, finding } => act(case, ActRequest::Check { officers, finding }),
        Command::Correct { case, what, materials } => {
            let materials = materials.iter().map(|text| material::digest(text)).collect::<Result<_, _>>()?;
            act(case, ActRequest::Correct { what, materials })
        }
        Command::Forward { case, division, item, opinion } => {
            let division = parse("division", &division)?;
            act(case, ActRequest::Forward { division, item, opinion })
        }
        Command::Amend { case, field, value, reason } => {
            let field = match field {
                Field::ApplicantName => AmendedField::ApplicantName,
                Field::ApplicantId => AmendedField::ApplicantId,
            };
            act(case, ActRequest::Amend { field, value, reason })
        }
        Command::Decide { case, no_number: true, .. } => act(case, ActRequest::DenyForNumber {}),
        Command::Decide { case, grant, deny: _, reason, no_number: false } => {
            act(case, ActRequest::Decide { grant, reason })
        }
        Command::Outside(command) => {
            let (case, request) = outcome::request(command)?;
            act(case, request)
        }
        Command::Suspend { case, procedure, days } => act(case, ActRequest::Suspend { procedure, days }),
        Command::Resume { case, note } => act(case, ActRequest::Resume { note }),
        Command::Extend { case, days, approver, reason } => act(case, ActRequest::Extend { days, approver, reason }),
        Command::Deliver { case, note } => act(case, ActRequest::Deliver { note }),
        Command::ReceivePaper(case) => act(case, ActRequest::ReceivePaper {}),
        Command::ReportAgain(case) => act(case, ActRequest::ReportAgain {}),
        Command::Close(case) => act(case, ActRequest::Close {}),
        Command::Withdraw { case, reason } => act(case, ActRequest::Withdraw { reason }),
        Command::Batch(args) => batch::run(context, &args),
        Command::Ledger(case) => view::ledger(context, &case),
        Command::Print(args) => print::print(context, args),
        Command::Prints(case) => print::prints(context, &case),
        Command::Reclaim { case, reason, order: true, to, as_told, .. } => {
            debug_assert!(reason.is_none(), "an order has the reason of the request");
            let request = OrderReclaim { case: case.case, to, as_told };
            let answer = context.client()?.post("/v1/cases/reclaims/order", &request)?;
            context.output.object(&answer, &RECLAIM_FIELDS)
        }
        Command::Reclaim { case, reason, decline: true, .. } => {
            let request = DeclineReclaim { case: case.case, reason: reason.unwrap_or_default() };
            let answer = context.client()?.post("/v1/cases/reclaims/decline", &request)?;
            context.output.object(&answer, &RECLAIM_FIELDS)
        }
        Command::Reclaim { case, reason, .. } => act(case, ActRequest::Reclaim { reason: reason.unwrap_or_default() }),
        Command::Reclaims => {
            let answer = context.client()?.get("/v1/cases/reclaims", &[])?;
            context.output.list(&answer, "reclaims", &RECLAIM_COLUMNS)
        }
        Command::Show(case) => view::show(context, &case),
        Command::Material { case, material, file } => material::fetch(context, &case.case, &material, &file),
        Command::Report(args) => front::report::run(context, &args, Subject::Cases),
        Command::Reconcile(args) => front::reconcile::run(context, &args, Subject::Cases),
        Command::Import(args) => earlier::import(context, &args),
        Command::TakeUp(args) => earlier::take_up(context, args),
        Command::List { limit, imported } if imported.imported => earlier::list(context, limit, &imported),
        Command::List { limit, imported } => {
            imported.needs_imported()?;
            let limit = limit.map(|limit| limit.to_string());
            let answer = context.client()?.get("/v1/cases", &[("limit", limit.as_deref())])?;
            context.output.list(&answer, "cases", &LIST_COLUMNS)
        }
        Command::Whereis(case) => {
            let answer = ask(context, "/v1/cases/whereis", &case.case)?;
            context.output.object(&answer, &["authority", "division", "node", "tenure", "handover", "as_of", "source"])
        }
        Command::History(case) => view::history(context, &case),
        Command::Progress { code, proof } => {
            let query = [("code", Some(code.as_str())), ("proof", Some(proof.as_str()))];
            let answer = context.client()?.get("/v1/cases/progress", &query)?;
            let fields = [
                "query_code",
                "state",
                "item_name",
                "department",
                "division",
                "instead_of.division",
                "instead_of.department",
                "instead_of.agreement",
                "statutory_due",
                "promised_due",
                "stop.procedure",
                "stop.from",
                "stop.announced",
                "extended_days",
                "renewal",
                "renewal_due",
                "to_bring",
                "bring_by",
                "competent.authority",
                "competent.division",
                "forwarded",
                "turn.ahead",
                "turn.left",
                "orders_unknown",
                "as_of",
                "demo",
            ];
            let done = context.output.object(&answer, &fields)?;
            if !context.output.is_json() {
                view::orders(context.output, &answer.value()?)?;
            }
            Ok(done)
        }
    }
}

fn ask(context: &Context, path: &str, case: &str) -> Result<Answer, Failure> {
    context.client()?.get(path, &[("case", Some(case))])
}

/// Reads `DIVISION/AUTHORITY`.
fn competent_authority(text: &str) -> Result<Competent, Failure> {
    let (division, authority) =
        text.split_once('/').ok_or_else(|| Failure::of(&COMPETENT_INVALID, text, &[]).field("competent"))?;
    Ok(Competent { division: parse("competent", division)?, authority: authority.trim().to_owned() })
}

/// What is brought, by line: all materials to the one line, or one to each in their order.
fn brings(items: Vec<String>, materials: &[String]) -> Result<Vec<Bringing>, Failure> {
    let read = materials.iter().map(|text| material::digest(text)).collect::<Result<Vec<Material>, Failure>>()?;
    match items.len() {
        1 => Ok(items.into_iter().map(|item| Bringing { item, materials: read.clone() }).collect()),
        _ if read.is_empty() => Ok(items.into_iter().map(|item| Bringing { item, materials: Vec::new() }).collect()),
        count if count == read.len() => {
            let pairs = items.into_iter().zip(read);
            Ok(pairs.map(|(item, material)| Bringing { item, materials: vec![material] }).collect())
        }
        _ => Err(Failure::of(&SUPPLEMENT_UNPAIRED, materials.len().to_string(), &[])),
    }
}

fn collect(context: &Context, args: CollectArgs) -> Result<Outcome, Failure> {
    let division = parse("division", &args.division)?;
    let given: Result<Vec<_>, Failure> = args.materials.iter().map(|text| material::read(text)).collect();
    let given = given?;
    let client = context.client()?;
    let agent = match (args.agent_name, args.agent_id, args.power_of_attorney) {
        (Some(name), Some(id), Some(power)) => Some(AgentRequest {
            name,
            id,
            power_of_attorney: material::sha256(&power, "power_of_attorney")?,
            scope: args.agent_scope,
            until: args.agent_until.map(|until| parse("agent_until", &until)).transpose()?,
        }),
        _ => None,
    };
    let request = CollectCase {
        item: args.item,
        division,
        mode: args.mode,
        name: args.name,
        id: args.id,
        materials: material::send(&client, given)?,
        hold: args.hold,
        renews: args.renews,
        agent,
        by: args.by,
    };
    let answer = client.post("/v1/cases", &request)?;
    context.output.object(&answer, &["case", "collection_no", "query_code"])
}

fn list(case: &Value, name: &str) -> Vec<Value> {
    case.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
}
