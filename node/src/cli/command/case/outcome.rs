//! `tongban case outcome` and `tongban case waive-fee`: what another system decided, and a fee that bars the result no more.

use super::Case;
use crate::api::v1::ActRequest;
use crate::cli::command::material;
use crate::cli::failure::{Failure, parse};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 录入业务系统作出的决定（系统外办结） / enter what another system decided, for an item that runs there
    Outcome(OutcomeArgs),
    /// 免缴须在出证前缴纳的费用 / waive a fee that the item wants paid before its result
    WaiveFee {
        #[command(flatten)]
        case: Case,
        /// 收费项目 / fee, by the guide's name
        #[arg(long, value_name = "N")]
        fee: String,
        /// 理由 / reason
        #[arg(long, value_name = "T")]
        reason: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct OutcomeArgs {
    #[command(flatten)]
    case: Case,
    /// 按委托单收到的结果录入 / as this order was told it
    #[arg(
        long,
        value_name = "ORDER",
        conflicts_with_all = ["number", "decided_on", "decider", "reason", "document_no", "document"]
    )]
    order: Option<String>,
    /// 准予 granted，不予 refused / what was decided
    #[arg(
        long,
        value_enum,
        conflicts_with = "order",
        required_unless_present = "order",
        requires_all = ["number", "decided_on", "decider"]
    )]
    result: Option<OutcomeResult>,
    /// 业务系统中的业务编号 / number under which the other system has it
    #[arg(long, value_name = "N", requires = "result")]
    number: Option<String>,
    /// 业务系统作出决定的日期 / day of the decision there
    #[arg(long, value_name = "DATE", requires = "result")]
    decided_on: Option<String>,
    /// 业务系统中作出决定的人 / who decided there
    #[arg(long, value_name = "N", requires = "result")]
    decider: Option<String>,
    /// 理由，不予的必填 / reason, required of a refusal
    #[arg(long, value_name = "T", requires = "result")]
    reason: Option<String>,
    /// 决定文号 / number of the document
    #[arg(long, value_name = "N", requires = "result")]
    document_no: Option<String>,
    /// 决定书，只登记摘要 / the document; only its digest is kept
    #[arg(long, value_name = "FILE|sha256:HEX", requires = "result")]
    document: Option<String>,
    /// 委托单收到的结果有误：说明理由，推翻后录入 / an order was told another outcome wrongly: why this one is entered in its place
    #[arg(long, value_name = "REASON", requires = "result", conflicts_with = "order")]
    overrule: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OutcomeResult {
    /// 准予
    Granted,
    /// 不予
    Refused,
}

/// The case and the act that a command asks for.
pub(super) fn request(command: Command) -> Result<(Case, ActRequest), Failure> {
    match command {
        Command::Outcome(args) => entered(args),
        Command::WaiveFee { case, fee, reason } => Ok((case, ActRequest::WaiveFee { fee, reason })),
    }
}

/// What another system decided: as an order was told it, or as it is entered.
fn entered(args: OutcomeArgs) -> Result<(Case, ActRequest), Failure> {
    let OutcomeArgs { case, order, result, number, decided_on, decider, reason, document_no, document, overrule } =
        args;
    if let Some(order) = order {
        return Ok((case, ActRequest::OutcomeOfOrder { order }));
    }
    let request = ActRequest::Outcome {
        grant: result == Some(OutcomeResult::Granted),
        number: number.unwrap_or_default(),
        decided_on: parse("decided_on", &decided_on.unwrap_or_default())?,
        decider: decider.unwrap_or_default(),
        reason,
        document_no,
        document: document.map(|document| material::sha256(&document, "document")).transpose()?,
        overrule,
    };
    Ok((case, request))
}
