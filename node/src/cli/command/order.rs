//! `tongban order`: payments, couriers and cases that outside systems take care of (缴费、寄递、业务办理).

use tongban_domain::catalogue::CodeList;
use tongban_domain::connector::{ConnectorKind, Direction, OrderOutcome, OrderState};

use super::supervise::values;
use crate::api::v1::{ActOnOrder, OrderAct, PlaceOrder};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::text::INVALID_FIELD;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 下单：缴费、寄递或业务办理 / place an order: a payment, a courier, or the handling of a case
    Place(PlaceArgs),
    /// 委托单，新的在前 / orders, the newest first
    List {
        /// 某办件的 / of a case
        #[arg(long, value_name = "CASE")]
        case: Option<String>,
        /// 类型 / of one kind
        #[arg(long, value_name = "K", value_parser = values::<ConnectorKind>())]
        kind: Option<ConnectorKind>,
        /// 状态，如 granted：准予待录入 / those that stand so, as granted: waits to be entered with the case
        #[arg(long, value_name = "S", value_parser = values::<OrderState>())]
        state: Option<OrderState>,
        /// 只看未完成的 / those that aren't over
        #[arg(long)]
        open: bool,
        /// 最多列出多少张 / at most so many, 100 when absent
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// 一张委托单及其记录 / an order and what was done
    Show {
        /// 委托单号 / number of the order
        #[arg(value_name = "ORDER")]
        order: String,
    },
    /// 录入结果：刷卡凭条、快递回执等 / enter an outcome: by a card reader's slip, a courier's receipt
    Enter {
        /// 委托单号 / number of the order
        #[arg(value_name = "ORDER")]
        order: String,
        /// 结果 / what came of it
        #[arg(long, value_name = "R", value_parser = values::<OrderOutcome>())]
        outcome: OrderOutcome,
        /// 凭条或回执上的单号 / number on the slip or receipt
        #[arg(long, value_name = "N")]
        reference: String,
        /// 为何由人工录入 / why by hand
        #[arg(long, value_name = "T")]
        reason: String,
        /// 金额（元），与委托单不同时填写 / yuan, where it isn't the amount of the order
        #[arg(long, value_name = "YUAN")]
        amount: Option<String>,
    },
    /// 撤销 / give up
    Cancel {
        /// 委托单号 / number of the order
        #[arg(value_name = "ORDER")]
        order: String,
        /// 理由 / why
        #[arg(long, value_name = "T")]
        reason: String,
    },
    /// 申请支付平台全额退费 / have the platform give back all that was paid
    Refund {
        /// 委托单号 / number of the order
        #[arg(value_name = "ORDER")]
        order: String,
        /// 理由 / why
        #[arg(long, value_name = "T")]
        reason: String,
    },
    /// 对方拒收后再次发送 / send again what the other side didn't take
    Retry {
        /// 委托单号 / number of the order
        #[arg(value_name = "ORDER")]
        order: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct PlaceArgs {
    /// 办件 / case
    #[arg(value_name = "CASE")]
    case: String,
    /// 类型 / kind
    #[arg(long, value_name = "K", value_parser = values::<ConnectorKind>())]
    kind: ConnectorKind,
    /// 对接系统名称，只有一个时可不填 / connector, where there are several of the kind
    #[arg(long, value_name = "NAME")]
    connector: Option<String>,
    /// 收费项目，指南中只有一项时可不填 / fee of the guide, where it has several
    #[arg(long, value_name = "N")]
    fee: Option<String>,
    /// 金额（元），指南有固定标准时可不填 / yuan, where the guide has no fixed amount
    #[arg(long, value_name = "YUAN")]
    amount: Option<String>,
    /// 收费依据，指南没有时填写 / the law that allows it, where no guide says so
    #[arg(long, value_name = "T")]
    basis: Option<String>,
    /// 寄递方向 / where the courier goes
    #[arg(long, value_name = "D", value_parser = values::<Direction>())]
    direction: Option<Direction>,
    /// 收件人或寄件人 / who gets it, or gives it
    #[arg(long, value_name = "N")]
    recipient: Option<String>,
    /// 其电话 / his telephone
    #[arg(long, value_name = "P")]
    phone: Option<String>,
    /// 其地址 / his address
    #[arg(long, value_name = "T")]
    address: Option<String>,
}

const COLUMNS: [&str; 9] =
    ["order_no", "kind", "case_no", "connector", "state", "fen", "reference", "placed_at", "waiting.problem"];
const FIELDS: [&str; 25] = [
    "order_no",
    "kind",
    "case",
    "case_no",
    "connector",
    "state",
    "fee",
    "fen",
    "basis",
    "direction",
    "recipient",
    "system",
    "decision.grant",
    "decision.number",
    "decision.decided_on",
    "decision.decider",
    "decision.document_no",
    "decision.reason",
    "reference",
    "link",
    "placed_at",
    "waiting.since",
    "waiting.tries",
    "waiting.next",
    "waiting.problem",
];
const DONE_FIELDS: [&str; 7] = ["order_no", "case", "kind", "state", "connector", "fen", "reference"];
const LOG_COLUMNS: [&str; 8] = ["at", "deed", "outcome", "state", "operator", "fen", "reference", "text"];

/// Yuan as people write them, at most two digits behind the point, in fen.
fn fen(text: &str) -> Option<u64> {
    let (yuan, part) = text.split_once('.').unwrap_or((text, "00"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(yuan) || !digits(part) || part.len() > 2 {
        return None;
    }
    let part: u64 = format!("{part:0<2}").parse().ok()?;
    yuan.parse::<u64>().ok()?.checked_mul(100)?.checked_add(part)
}

fn amount(text: Option<&str>) -> Result<Option<u64>, Failure> {
    let read = |text: &str| {
        let (en, zh) = ("it is an amount in yuan such as 10 or 10.50", "应为以元计的金额，如 10 或 10.50");
        fen(text.trim()).ok_or_else(|| Failure::of(&INVALID_FIELD, text, &[en, zh]).field("amount"))
    };
    text.map(read).transpose()
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let output = context.output;
    match command {
        Command::Place(args) => place(context, args),
        Command::List { case, kind, state, open, limit } => {
            let limit = limit.map(|limit| limit.to_string());
            let asked = [
                ("case", case.as_deref()),
                ("kind", kind.map(CodeList::name)),
                ("state", state.map(CodeList::name)),
                ("open", open.then_some("true")),
                ("limit", limit.as_deref()),
            ];
            output.list(&context.client()?.get("/v1/orders", &asked)?, "orders", &COLUMNS)
        }
        Command::Show { order } => {
            let answer = context.client()?.get("/v1/orders/show", &[("order", Some(order.as_str()))])?;
            output.logged(&answer, &FIELDS, &LOG_COLUMNS)
        }
        Command::Enter { order, outcome, reference, reason, amount: yuan } => {
            let fen = amount(yuan.as_deref())?;
            act(context, order, OrderAct::Enter { outcome, fen, reference, reason })
        }
        Command::Cancel { order, reason } => act(context, order, OrderAct::Cancel { reason }),
        Command::Refund { order, reason } => act(context, order, OrderAct::Refund { reason }),
        Command::Retry { order } => act(context, order, OrderAct::Retry {}),
    }
}

fn place(context: &Context, args: PlaceArgs) -> Result<Outcome, Failure> {
    let PlaceArgs { case, kind, connector, fee, amount: yuan, basis, direction, recipient, phone, address } = args;
    let fen = amount(yuan.as_deref())?;
    let order = PlaceOrder { case, kind, connector, fee, fen, basis, direction, recipient, phone, address };
    context.output.object(&context.client()?.post("/v1/orders", &order)?, &DONE_FIELDS)
}

fn act(context: &Context, order: String, act: OrderAct) -> Result<Outcome, Failure> {
    let answer = context.client()?.post("/v1/orders/act", &ActOnOrder { order, act })?;
    context.output.object(&answer, &DONE_FIELDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuan_are_read_exactly() {
        for (text, read) in [
            ("10", Some(1000)),
            ("10.5", Some(1050)),
            ("10.50", Some(1050)),
            ("0.01", Some(1)),
            ("0.07", Some(7)),
            ("00.10", Some(10)),
            ("", None),
            ("10.", None),
            (".5", None),
            ("10.505", None),
            ("-1", None),
            ("+1", None),
            ("1e3", None),
            ("1,000", None),
            ("１０", None),
            ("184467440737095517", None),
        ] {
            assert_eq!(fen(text), read, "{text}");
        }
    }
}
