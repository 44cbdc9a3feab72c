//! `tongban ticket`: enquiries, complaints, and what couldn't be got done (咨询、投诉、办不成事).

use tongban_codes::division::DivisionCode;
use tongban_domain::voice::{Channel, TicketKind, TicketOutcome};

use super::supervise::values;
use crate::api::v1::{ActOnTicket, OpenTicket, TicketAct};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse, parse_optional};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 登记工单；他地办件的工单转送该地 / open a ticket; one about another node's case goes there
    Open(OpenArgs),
    /// 工单，先到期在前 / tickets, those due first before the others
    List {
        /// 含已办结和由他地办理的 / closed ones, and those that another node handles, too
        #[arg(long)]
        all: bool,
        /// 类型 / of one kind
        #[arg(long, value_name = "K", value_parser = values::<TicketKind>())]
        kind: Option<TicketKind>,
        /// 承办部门名称含 / of departments whose name has this
        #[arg(long, value_name = "N")]
        department: Option<String>,
        /// 只看超期的 / those whose last day is over
        #[arg(long)]
        overdue: bool,
        /// 最多列出多少张 / at most so many, 100 when absent
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// 一张工单 / a ticket
    Show {
        /// 工单编号 / number of the ticket
        #[arg(value_name = "TICKET")]
        ticket: String,
    },
    /// 分派到部门 / assign to a department
    Assign {
        /// 工单编号 / number of the ticket
        #[arg(value_name = "TICKET")]
        ticket: String,
        /// 承办部门 / department
        #[arg(long, value_name = "N")]
        department: String,
        /// 承办人 / who of it answers
        #[arg(long, value_name = "OPERATOR")]
        to: Option<String>,
    },
    /// 转办到另一部门或人员 / hand on to another department or person
    HandOn {
        /// 工单编号 / number of the ticket
        #[arg(value_name = "TICKET")]
        ticket: String,
        /// 承办部门 / department
        #[arg(long, value_name = "N")]
        department: String,
        /// 承办人 / who of it answers
        #[arg(long, value_name = "OPERATOR")]
        to: Option<String>,
        /// 理由 / why
        #[arg(long, value_name = "T")]
        reason: String,
    },
    /// 转送另一区划的节点 / send to another division's node
    Send {
        /// 工单编号 / number of the ticket
        #[arg(value_name = "TICKET")]
        ticket: String,
        /// 区划 / division
        #[arg(long = "for", value_name = "C")]
        division: String,
        /// 理由 / why
        #[arg(long, value_name = "T")]
        reason: String,
    },
    /// 退回登记地 / give back to where it was opened
    GiveBack {
        /// 工单编号 / number of the ticket
        #[arg(value_name = "TICKET")]
        ticket: String,
        /// 理由 / why
        #[arg(long, value_name = "T")]
        reason: String,
    },
    /// 答复 / answer
    Answer {
        /// 工单编号 / number of the ticket
        #[arg(value_name = "TICKET")]
        ticket: String,
        /// 答复内容 / the answer
        #[arg(long, value_name = "T")]
        text: String,
    },
    /// 办结 / close
    Close {
        /// 工单编号 / number of the ticket
        #[arg(value_name = "TICKET")]
        ticket: String,
        /// 结果 / how
        #[arg(long, value_name = "R", value_parser = values::<TicketOutcome>())]
        outcome: TicketOutcome,
    },
    /// 申请人凭查询码查进度和答复 / how far it is and the answer, for the applicant
    Progress(Asked),
    /// 申请人认为未解决，重新办理 / the applicant opens it again
    Reopen {
        /// 查询码和凭证 / code and proof
        #[command(flatten)]
        asked: Asked,
        /// 理由 / why
        #[arg(long, value_name = "T")]
        reason: String,
    },
    /// 申请人确认已解决 / the applicant says that it is resolved
    Confirm(Asked),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Asked {
    /// 查询码 / query code
    #[arg(value_name = "CODE")]
    code: String,
    /// 证件号码后六位，或自选口令 / the last six of the number, or the word that was chosen
    #[arg(long, value_name = "P")]
    proof: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OpenArgs {
    /// 类型 / kind
    #[arg(long, value_name = "K", value_parser = values::<TicketKind>())]
    kind: TicketKind,
    /// 内容 / what is asked or complained of
    #[arg(long, value_name = "T")]
    text: String,
    /// 渠道 / by which way
    #[arg(long, value_name = "C", value_parser = values::<Channel>())]
    channel: Channel,
    /// 姓名，匿名则不填 / name; none for an anonymous one
    #[arg(long, value_name = "N")]
    name: Option<String>,
    /// 证件号码，查询凭其后六位 / citizen id or credit code, whose last six are the proof
    #[arg(long, value_name = "I", requires = "name", conflicts_with = "word", required_unless_present = "word")]
    id: Option<String>,
    /// 自选口令，六位字母或数字 / a word of six letters or digits as the proof
    #[arg(long, value_name = "W")]
    word: Option<String>,
    /// 联系电话 / telephone
    #[arg(long, value_name = "P")]
    phone: Option<String>,
    /// 所涉办件 / the case that it is about
    #[arg(long, value_name = "CASE")]
    case: Option<String>,
    /// 由哪个区划办理，缺省为办件的办理地，无办件则为本地 / the division that it is for
    #[arg(long = "for", value_name = "C")]
    division: Option<String>,
}

const COLUMNS: [&str; 9] = ["ticket", "kind", "state", "handler", "department", "holder", "due", "overdue", "text"];
const FIELDS: [&str; 18] = [
    "ticket",
    "query_code",
    "kind",
    "state",
    "text",
    "applicant",
    "contact",
    "case",
    "channel",
    "opened_at",
    "origin",
    "handler",
    "department",
    "holder",
    "due",
    "overdue",
    "outcome",
    "reopened",
];
const DONE_FIELDS: [&str; 9] =
    ["ticket", "query_code", "kind", "state", "handler", "department", "holder", "due", "outcome"];
const PROGRESS_FIELDS: [&str; 10] =
    ["query_code", "kind", "state", "opened_at", "handler", "department", "due", "answer", "answered_at", "outcome"];
const LOG_COLUMNS: [&str; 4] = ["at", "deed", "operator", "text"];

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let output = context.output;
    match command {
        Command::Open(args) => open(context, args),
        Command::List { all, kind, department, overdue, limit } => {
            let limit = limit.map(|limit| limit.to_string());
            let asked = [
                ("all", all.then_some("true")),
                ("kind", kind.map(tongban_domain::catalogue::CodeList::name)),
                ("department", department.as_deref()),
                ("overdue", overdue.then_some("true")),
                ("limit", limit.as_deref()),
            ];
            output.list(&context.client()?.get("/v1/tickets", &asked)?, "tickets", &COLUMNS)
        }
        Command::Show { ticket } => {
            let answer = context.client()?.get("/v1/tickets/show", &[("ticket", Some(ticket.as_str()))])?;
            output.logged(&answer, &FIELDS, &LOG_COLUMNS)
        }
        Command::Assign { ticket, department, to } => act(context, ticket, None, TicketAct::Assign { department, to }),
        Command::HandOn { ticket, department, to, reason } => {
            act(context, ticket, None, TicketAct::HandOn { department, to, reason })
        }
        Command::Send { ticket, division, reason } => {
            let division: DivisionCode = parse("division", &division)?;
            act(context, ticket, None, TicketAct::Send { division, reason })
        }
        Command::GiveBack { ticket, reason } => act(context, ticket, None, TicketAct::GiveBack { reason }),
        Command::Answer { ticket, text } => act(context, ticket, None, TicketAct::Answer { text }),
        Command::Close { ticket, outcome } => act(context, ticket, None, TicketAct::Close { outcome }),
        Command::Progress(Asked { code, proof }) => {
            let asked = [("ticket", Some(code.as_str())), ("proof", Some(proof.as_str()))];
            output.object(&context.client()?.get("/v1/tickets/progress", &asked)?, &PROGRESS_FIELDS)
        }
        Command::Reopen { asked: Asked { code, proof }, reason } => {
            act(context, code, Some(proof), TicketAct::Reopen { reason })
        }
        Command::Confirm(Asked { code, proof }) => act(context, code, Some(proof), TicketAct::Confirm {}),
    }
}

fn open(context: &Context, args: OpenArgs) -> Result<Outcome, Failure> {
    let OpenArgs { kind, text, channel, name, id, word, phone: contact, case, division } = args;
    let division: Option<DivisionCode> = parse_optional("division", division.as_deref())?;
    let ticket = OpenTicket { kind, text, channel, name, id, word, contact, case, division };
    context.output.object(&context.client()?.post("/v1/tickets", &ticket)?, &DONE_FIELDS)
}

fn act(context: &Context, ticket: String, proof: Option<String>, act: TicketAct) -> Result<Outcome, Failure> {
    let answer = context.client()?.post("/v1/tickets/act", &ActOnTicket { ticket, proof, act })?;
    context.output.object(&answer, &DONE_FIELDS)
}
