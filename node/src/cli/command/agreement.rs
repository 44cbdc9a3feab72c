//! `tongban agreement`: what authorities have agreed on collecting for each other.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use tongban_domain::catalogue::{Agreement, CodeList as _, Mode, Party, ReceiptRule};

use super::{item, material};
use crate::api::v1::{AddAgreement, WithdrawAgreement};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse};
use crate::cli::text::agreement::{AGREEMENT_WITHDRAW, PARTY_INVALID};

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

const FIELDS: [&str; 13] = [
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
];
const COLUMNS: [&str; 7] = ["agreement", "agreement_state", "modes", "receipt", "from", "until", "items"];

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
        Command::Withdraw { number, from, reason } => {
            let from = from.map(|from| parse("from", &from)).transpose()?;
            let client = context.client()?;
            context.output.confirm(context.yes, AGREEMENT_WITHDRAW, &[&number])?;
            let answer = client.post("/v1/agreements/withdraw", &WithdrawAgreement { number, from, reason })?;
            context.output.object(&answer, &FIELDS)
        }
    }
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
