//! Placing an order, giving one up, sending one again.

use tongban_codes::time::Timestamp;

use super::list::{ConnectorKind, Direction, OrderDeed, OrderState};
use super::order::{Charge, Order, Recipient, WordKind};
use super::{handling, out_of_state, stored, touched};
use crate::case::{self, Case, Custody, Status, here, reason, said};
use crate::catalogue::{Fee, Guide};
use crate::change::Change;
use crate::supervision::{About, Numbers};
use crate::work::Door;
use crate::{Desk, Facts, Rejection, codes};

/// What numbers of payments and of couriers begin with.
const PAYMENT_NUMBERS: &str = "JF";
const COURIER_NUMBERS: &str = "KD";

/// The largest amount, in fen: 100 million yuan.
const FEN_MAX: u64 = 10_000_000_000;
/// The most open courier orders of a case, so that nobody sends a car twenty times by mistake.
const COURIERS_MAX: usize = 8;
const NAME_CHARS_MAX: usize = 100;
const TELEPHONE_CHARS_MAX: usize = 32;
const ADDRESS_CHARS_MAX: usize = 200;

/// What is ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fare {
    /// A payment.
    Payment {
        /// Which fee of the item's guide; the only one when absent.
        fee: Option<String>,
        /// How much, in fen; the fixed amount of the guide when absent.
        fen: Option<u64>,
        /// The law that allows it, where no guide says so.
        basis: Option<String>,
    },
    /// A courier.
    Courier {
        /// Where he goes.
        direction: Direction,
        /// Who gets it, or gives it.
        recipient: Recipient,
    },
    /// The handling of the case by the system that its item names.
    Handling,
}

/// An order as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    /// Case, by any of its numbers.
    pub case: String,
    /// The connector, one of the configuration's.
    pub connector: String,
    /// What.
    pub fare: Fare,
}

fn invalid(field: &'static str, value: &str, en: &str, zh: &str) -> Rejection {
    Rejection::new(codes::INVALID_FIELD, en, zh).field(field, value)
}

/// Whether a case is over, so that nothing more is charged for it.
fn is_over(case: &Case) -> bool {
    !matches!(
        case.status,
        Status::Collected
            | Status::Notified
            | Status::Supplemented
            | Status::Accepted
            | Status::SpecialProcedure
            | Status::Granted
    )
}

/// The fees that the item as the case binds it publishes; none where this node hasn't its guide.
///
/// Where no guide is published, or it says that nothing is charged, that is known, and there are none (行政许可法 58).
pub(crate) fn fees(facts: &dyn Facts, case: &Case) -> Option<Vec<Fee>> {
    let own = facts.item_version(&case.item.code, case.item.version);
    let own = own.filter(|item| item.authority == case.item.authority);
    let is_own = own.is_some();
    let item = own.or_else(|| {
        let foreign = facts.foreign_item(case.deciding.division, &case.item.code)?.item;
        (foreign.version == case.item.version).then_some(foreign)
    })?;
    match item.guide.map(|digest| facts.guide(&digest)) {
        Some(Some(Guide { charged: Some(false), .. })) | None => Some(Vec::new()),
        Some(Some(guide)) => Some(guide.fees),
        Some(None) => is_own.then(Vec::new),
    }
}

fn unlawful(en: String, zh: String, fee: &str) -> Rejection {
    Rejection::new(codes::FEE_UNLAWFUL, en, zh).field("fee", fee).remedy(
        "charge what the guide of the item publishes: tongban item show",
        "按事项公布的项目和标准收费：tongban item show",
    )
}

/// The fee of the guide that is meant.
fn published(fees: &[Fee], name: Option<&str>) -> Result<Fee, Rejection> {
    let all = || fees.iter().map(|fee| fee.name.as_str()).collect::<Vec<_>>().join("、");
    match (name.map(str::trim), fees) {
        (_, []) => Err(unlawful(
            "the item publishes no fee, so none is charged (行政许可法 58, 59)".to_owned(),
            "该事项未公布收费，不得收费（行政许可法第五十八条、第五十九条）".to_owned(),
            name.unwrap_or_default(),
        )),
        (Some(name), fees) => fees.iter().find(|fee| fee.name == name).cloned().ok_or_else(|| {
            unlawful(
                format!("the item publishes no such fee; its fees are {}", all()),
                format!("该事项没有此收费项目；公布的有：{}", all()),
                name,
            )
        }),
        (None, [fee]) => Ok(fee.clone()),
        (None, _) => Err(invalid(
            "fee",
            "",
            &format!("the item publishes several fees: {}", all()),
            &format!("该事项有多个收费项目：{}", all()),
        )
        .remedy("name one: --fee", "指明一项：--fee")),
    }
}

/// What is charged, by the guide where there is one, else as it is entered with its basis.
fn charge(
    facts: &dyn Facts,
    case: &Case,
    (fee, fen, basis): (Option<&str>, Option<u64>, Option<&str>),
) -> Result<Charge, Rejection> {
    let Some(fees) = fees(facts, case) else {
        let (Some(fen), Some(basis)) = (fen, basis) else {
            return Err(invalid(
                "fen",
                "",
                "the guide of the item isn't here: the amount and the law that allows it are needed",
                "本节点没有该事项的指南，须填写金额和收费依据",
            )
            .remedy("give --amount and --basis", "请填写 --amount 和 --basis"));
        };
        let fee = fee.map_or_else(|| case.item.core.name.clone(), str::to_owned);
        return Ok(Charge { fee: said("fee", &fee)?, fen: within(fen)?, basis: said("basis", basis)? });
    };
    let fee = published(&fees, fee)?;
    let fixed = fee.fen.map(u64::from);
    let fen = match (fen, fixed) {
        (None, Some(fixed)) => fixed,
        (Some(fen), Some(fixed)) if fen == fixed || (fen < fixed && fee.reducible == Some(true)) => fen,
        (Some(_), Some(fixed)) => {
            return Err(unlawful(
                format!("the published amount is {fixed} fen"),
                format!("公布的标准为 {fixed} 分"),
                &fee.name,
            ));
        }
        (Some(fen), None) => fen,
        (None, None) => {
            return Err(invalid(
                "fen",
                "",
                "the guide gives no fixed amount of this fee",
                "指南没有该项收费的固定金额",
            )
            .remedy("give --amount", "请填写 --amount"));
        }
    };
    Ok(Charge { fen: within(fen)?, fee: fee.name, basis: fee.basis })
}

fn within(fen: u64) -> Result<u64, Rejection> {
    if (1..=FEN_MAX).contains(&fen) {
        return Ok(fen);
    }
    let (en, zh) = ("an amount is 1 fen to 100 million yuan", "金额为 1 分至 1 亿元");
    Err(invalid("fen", &fen.to_string(), en, zh).remedy("correct --amount", "请更正 --amount"))
}

fn line(field: &'static str, text: &str, most: usize) -> Result<String, Rejection> {
    let text = text.trim();
    if !text.is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    // What is wrong with an address isn't repeated: it is a person's.
    Err(invalid(
        field,
        "",
        &format!("one line of 1 to {most} characters is required"),
        &format!("须填写一行，1 至 {most} 字"),
    )
    .remedy(format!("give --{field}"), format!("请填写 --{field}")))
}

fn recipient(given: &Recipient) -> Result<Recipient, Rejection> {
    Ok(Recipient {
        name: line("recipient", &given.name, NAME_CHARS_MAX)?,
        telephone: line("phone", &given.telephone, TELEPHONE_CHARS_MAX)?,
        address: line("address", &given.address, ADDRESS_CHARS_MAX)?,
    })
}

fn case_state(case: &Case, en: &str, zh: &str) -> Rejection {
    Rejection::new(
        codes::CASE_STATE,
        format!("{en} isn't possible while the case is {}", case.status.name()),
        format!("办件处于“{}”，不能{zh}", case.status.zh()),
    )
    .field("case", case.id)
    .remedy("see its history: tongban case show", "查看办件：tongban case show")
}

/// Only the owner charges, and only while the case goes on.
fn is_ours(facts: &dyn Facts, case: &Case) -> Result<(), Rejection> {
    if case.custody != Custody::Owner {
        let owner = case.owner(here(facts)).division;
        return Err(Rejection::new(
            codes::NOT_OWNER,
            format!("only the owner of a case charges for it: {owner}"),
            format!("收费由经办节点下单：{owner}"),
        )
        .field("case", case.id)
        .remedy("do it at that node", "请在该节点办理"));
    }
    if is_over(case) {
        return Err(case_state(case, "charging", "收费"));
    }
    Ok(())
}

/// Each fee is charged by one order.
fn may_charge(facts: &dyn Facts, case: &Case, asked: &Charge) -> Result<(), Rejection> {
    let open =
        |order: &&Order| order.state.charges() && order.charge.as_ref().is_some_and(|charge| charge.fee == asked.fee);
    match facts.orders(&case.id).iter().find(open) {
        None => Ok(()),
        Some(known) => Err(Rejection::new(
            codes::CONNECTOR_ORDER_OPEN,
            format!("{} charges this fee already", known.number),
            format!("该费用已有委托单 {}", known.number),
        )
        .field("fee", &asked.fee)
        .remedy("see it, or cancel it first: tongban order show", "查看，或先撤销：tongban order show")),
    }
}

/// A courier goes for the halls of a case, the result once there is one.
fn may_send(facts: &dyn Facts, case: &Case, direction: Direction) -> Result<(), Rejection> {
    let node = facts.node().node;
    if ![case.collecting.node, case.deciding.node].contains(&node) && case.custody != Custody::Owner {
        return Err(Rejection::new(
            codes::NOT_OWNER,
            "a courier is ordered where the case was collected or is decided",
            "寄递由收件地或办理地下单",
        )
        .field("case", case.id)
        .remedy("do it at that node", "请在该节点办理"));
    }
    let fits = match direction {
        Direction::ToApplicant => !matches!(
            case.status,
            Status::Collected | Status::Supplemented | Status::Accepted | Status::SpecialProcedure | Status::Withdrawn
        ),
        Direction::FromApplicant => !is_over(case),
        Direction::BetweenHalls => !matches!(case.status, Status::Closed | Status::Withdrawn),
    };
    if !fits {
        return Err(case_state(case, "this courier", "这样寄递"));
    }
    // What isn't handed over the counter before a fee is paid doesn't go by post. Only the owner knows what was paid.
    if direction == Direction::ToApplicant && case.status == Status::Granted && case.custody == Custody::Owner {
        case::settled(facts, case)?;
    }
    let open =
        facts.orders(&case.id).iter().filter(|order| order.direction.is_some() && !order.state.is_over()).count();
    if open >= COURIERS_MAX {
        return Err(Rejection::new(
            codes::CONNECTOR_ORDER_OPEN,
            format!("{COURIERS_MAX} couriers are ordered for this case already"),
            format!("该办件已有 {COURIERS_MAX} 个未完成的寄递单"),
        )
        .field("case", case.id)
        .remedy("see them: tongban order list --case", "查看：tongban order list --case"));
    }
    Ok(())
}

/// Places an order: it is committed, and sent afterwards.
pub(super) fn place(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    door: &Door,
    request: &PlaceOrder,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let case = door.case(facts, &request.case)?;
    let (kind, numbers) = match &request.fare {
        Fare::Payment { .. } => (ConnectorKind::Payment, PAYMENT_NUMBERS),
        Fare::Courier { .. } => (ConnectorKind::Courier, COURIER_NUMBERS),
        Fare::Handling => {
            let by = (request.connector.as_str(), door.actor.operator.as_str());
            let (drawn, order) = handling::order(facts, desk, &case, by, &[], at)?;
            return Ok(stored(drawn.into_iter().collect(), order));
        }
    };
    let (mut charged, mut direction, mut sealed) = (None, None, None);
    match &request.fare {
        Fare::Payment { fee, fen, basis } => {
            is_ours(facts, &case)?;
            let charge = charge(facts, &case, (fee.as_deref(), *fen, basis.as_deref()))?;
            case::not_waived(&case, &charge.fee)?;
            may_charge(facts, &case, &charge)?;
            charged = Some(charge);
        }
        Fare::Courier { direction: way, recipient: given } => {
            let given = recipient(given)?;
            may_send(facts, &case, *way)?;
            let (name, rest) = given.fields();
            // Under a key of its own: that of the case is let go of when the case has ended elsewhere.
            (direction, sealed) = (Some(*way), Some(desk.encrypt(&case.id, name, &rest)));
        }
        Fare::Handling => {}
    }
    let mut numbers = Numbers::new(facts, numbers, at, &[]);
    let mut order = Order::begun(numbers.draw(), About::of_case(&case), (kind, &request.connector), at);
    (order.charge, order.direction, order.recipient) = (charged, direction, sealed);
    order.say(WordKind::Place, at);
    order.done(OrderDeed::Placed, at, &door.actor.operator);
    Ok(stored(numbers.drawn().into_iter().collect(), order))
}

/// Gives an order up: it is asked back there, and is over when the other side says so. Also one that was declined: an answer to an earlier try may
/// have been lost.
pub(super) fn cancel(
    facts: &dyn Facts,
    door: &Door,
    number: &str,
    why: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let why = reason(why)?;
    let mut order = touched(facts, door, number)?;
    if !order.state.may_cancel() {
        return Err(out_of_state(&order, "cancelling", "撤销"));
    }
    order.before_cancel = Some(order.state);
    order.state = OrderState::Cancelling;
    // What wasn't answered yet may have arrived all the same: the cancellation says enough.
    order.say(WordKind::Cancel, at);
    order.done(OrderDeed::CancelAsked, at, &door.actor.operator).text = Some(why);
    Ok(stored(Vec::new(), order))
}

/// Sends an order again that the other side didn't take: the same word, under the same id. A fee only while it may still be charged, a case only
/// while it waits for its decision.
pub(super) fn retry(facts: &dyn Facts, door: &Door, number: &str, at: Timestamp) -> Result<Change, Rejection> {
    let mut order = touched(facts, door, number)?;
    if order.state != OrderState::Declined {
        return Err(out_of_state(&order, "sending it again", "再次发送"));
    }
    let case = |order: &Order| case::named(facts, &order.case.to_string());
    match order.kind {
        ConnectorKind::Payment => is_ours(facts, &case(&order)?)?,
        ConnectorKind::Handling => drop(handling::may_handle(facts, &case(&order)?)?),
        ConnectorKind::Courier => {}
    }
    order.state = OrderState::Placed;
    order.say(WordKind::Place, at);
    order.done(OrderDeed::Retried, at, &door.actor.operator);
    Ok(stored(Vec::new(), order))
}
