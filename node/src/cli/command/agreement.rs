//! `tongban agreement`: what authorities have agreed on collecting for each other.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde_json::Value;
use tongban_codes::time::Date;
use tongban_domain::catalogue::{Agreement, CodeList as _, Mode, Party, ReceiptRule};

use super::{item, material};
use crate::api::v1::{AddAgreement, WithdrawAgreement};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse, parse_optional};
use crate::cli::text::agreement::{AGREEMENT_WITHDRAW, HANDLED_MORE, PARTY_INVALID};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 录入协议，写入所列事项并随事项下发 / add an agreement to items; it travels with them
    Add(Box<AddArgs>),
    /// 协议列表 / the agreements of this node's items
    List,
    /// 协议详情 / one agreement
    Show {
        /// 协议编号 / its number
        #[arg(value_name = "NUMBER")]
        number: String,
    },
    /// 其他机关依协议无差别办理的办件 / cases that other authorities decide under our agreements, in our place
    Cases(CasesArgs),
    /// 本节点代行办理而主管机关未接收告知的办件 / our cases in another's place whose report the authority in charge didn't take
    Refused,
    /// 终止协议；已据此收件的依旧有效 / withdraw an agreement as of a day; what was collected under it stands
    Withdraw {
        /// 协议编号 / its number
        #[arg(value_name = "NUMBER")]
        number: String,
        /// 终止之日，默认明天 / the first day without it, tomorrow when absent
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        /// 理由 / reason
        #[arg(long, value_name = "T")]
        reason: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct CasesArgs {
    /// 协议编号 / number of the agreement
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// 事项编码或其第一段 / item code, or its first part
    #[arg(long, value_name = "CODE")]
    item: Option<String>,
    /// 收件起日 / first day of collection
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// 收件止日 / last day of collection
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// 从该办件之后继续 / go on after this case
    #[arg(long, value_name = "CASE")]
    after: Option<String>,
    /// 最多多少件，默认 100 / at most so many, 100 when absent
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct AddArgs {
    /// 协议编号 / its number
    #[arg(value_name = "NUMBER")]
    number: String,
    /// 签约机关，含主管机关，可重复 / a party, the authority in charge among them, may be repeated
    #[arg(long = "party", value_name = "DIVISION/CODE/NAME", required = true)]
    parties: Vec<String>,
    /// 事项，可重复 / an item, may be repeated
    #[arg(long = "item", value_name = "CODE", required = true)]
    items: Vec<String>,
    /// 办理方式，可重复 / a mode, may be repeated
    #[arg(long = "mode", value_name = "M", value_parser = item::modes(), required = true)]
    modes: Vec<Mode>,
    /// 何为收到：electronic 电子材料移交到达，paper 纸质材料送达 / what counts as receipt
    #[arg(long, value_name = "R", value_parser = receipts(), default_value = "electronic")]
    receipt: ReceiptRule,
    /// 生效日期 / first day in force
    #[arg(long, value_name = "DATE")]
    from: String,
    /// 最后一日，无固定期限的不填 / last day in force, where it has one
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// 公布日期 / the day on which it was made public
    #[arg(long, value_name = "DATE")]
    published: String,
    /// 协议文本，只登记摘要 / its text; only the digest is sent
    #[arg(long, value_name = "FILE|sha256:HEX")]
    text: String,
    /// 文本出处 / where its text is found
    #[arg(long, value_name = "T")]
    reference: Option<String>,
}

fn receipts() -> impl TypedValueParser<Value = ReceiptRule> {
    let values = ReceiptRule::ALL.iter().map(|rule| PossibleValue::new(rule.name()).alias(rule.zh()).help(rule.zh()));
    PossibleValuesParser::new(values).try_map(|text| text.parse::<ReceiptRule>())
}

const FIELDS: [&str; 18] = [
    "agreement",
    "agreement_state",
    "parties",
    "modes",
    "receipt",
    "from",
    "until",
    "published_on",
    "text",
    "reference",
    "withdrawn.from",
    "withdrawn.reason",
    "items",
    "handled.cases",
    "handled.accepted",
    "handled.granted",
    "handled.denied",
    "handled.ended",
];
const COLUMNS: [&str; 7] = ["agreement", "agreement_state", "modes", "receipt", "from", "until", "items"];

const HANDLED_COLUMNS: [&str; 13] = [
    "case",
    "case_no",
    "agreement",
    "item_name",
    "handled_at",
    "handled_by",
    "applicant",
    "number_end",
    "collected_on",
    "accepted_on",
    "result",
    "ended_on",
    "licences",
];
const REFUSED_COLUMNS: [&str; 8] = [
    "case",
    "case_no",
    "state",
    "instead_of.place.division",
    "instead_of.agreement",
    "report_refused.code",
    "report_refused.text",
    "report_refused.at",
];

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Add(args) => add(context, *args),
        Command::List => {
            let answer = context.client()?.get("/v1/agreements", &[])?;
            context.output.list(&answer, "agreements", &COLUMNS)
        }
        Command::Show { number } => {
            let answer = context.client()?.get("/v1/agreements/show", &[("agreement", Some(&number))])?;
            context.output.object(&answer, &FIELDS)
        }
        Command::Cases(args) => cases(context, &args),
        Command::Refused => {
            let answer = context.client()?.get("/v1/agreements/refused", &[])?;
            context.output.list(&answer, "cases", &REFUSED_COLUMNS)
        }
        Command::Withdraw { number, from, reason } => {
            let from = from.map(|from| parse("from", &from)).transpose()?;
            let client = context.client()?;
            context.output.confirm(context.yes, AGREEMENT_WITHDRAW, &[&number])?;
            let answer = client.post("/v1/agreements/withdraw", &WithdrawAgreement { number, from, reason })?;
            context.output.object(&answer, &FIELDS)
        }
    }
}

fn cases(context: &Context, args: &CasesArgs) -> Result<Outcome, Failure> {
    let from: Option<Date> = parse_optional("from", args.from.as_deref())?;
    let to: Option<Date> = parse_optional("to", args.to.as_deref())?;
    let (from, to) = (from.map(|day| day.to_string()), to.map(|day| day.to_string()));
    let limit = args.limit.map(|limit| limit.to_string());
    let asked = [
        ("number", args.number.as_deref()),
        ("item", args.item.as_deref()),
        ("from", from.as_deref()),
        ("to", to.as_deref()),
        ("after", args.after.as_deref()),
        ("limit", limit.as_deref()),
    ];
    let output = context.output;
    let answer = context.client()?.get("/v1/agreements/cases", &asked)?;
    let done = output.list(&answer, "cases", &HANDLED_COLUMNS)?;
    if !output.is_json()
        && let Some(next) = answer.value()?.get("next").and_then(Value::as_str)
    {
        output.say(&HANDLED_MORE.with(output.lang, &[next]));
    }
    Ok(done)
}

/// Reads `DIVISION/CODE/NAME`.
fn party(text: &str) -> Result<Party, Failure> {
    let mut parts = text.splitn(3, '/').map(str::trim);
    let (Some(division), Some(code), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Failure::of(&PARTY_INVALID, text, &[]));
    };
    Ok(Party { code: code.to_owned(), name: name.to_owned(), division: parse("party", division)? })
}

fn add(context: &Context, args: AddArgs) -> Result<Outcome, Failure> {
    let agreement = Agreement {
        number: args.number,
        parties: args.parties.iter().map(|text| party(text)).collect::<Result<_, _>>()?,
        modes: args.modes,
        receipt: args.receipt,
        from: parse("from", &args.from)?,
        until: args.until.map(|until| parse("until", &until)).transpose()?,
        published_on: parse("published", &args.published)?,
        text: material::sha256(&args.text, "text")?,
        reference: args.reference,
        withdrawn: None,
    };
    let answer = context.client()?.post("/v1/agreements", &AddAgreement { agreement, items: args.items })?;
    context.output.object(&answer, &FIELDS)
}
