//! What the other side answered and told, and what an operator enters in its place.

use tongban_codes::time::Timestamp;

use super::list::{ConnectorKind, OrderDeed, OrderOutcome, OrderState, Step};
use super::order::{Answer, DECISIONS_MAX, LOG_MAX, LOG_RESERVE, Message, Order, WordKind};
use super::{handling, named, out_of_state, reference, stored, touched};
use crate::actor::Role;
use crate::case::{OutsideOutcome, not_waived, reason};
use crate::change::{Change, Reply};
use crate::rights::has_one;
use crate::work::Door;
use crate::{Facts, Rejection, codes};

/// The longest words of the other side that are kept, in characters.
const TEXT_CHARS_MAX: usize = 200;
/// The longest link that is kept, in bytes.
const LINK_BYTES_MAX: usize = 400;

/// An outcome as it was told or entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What came about.
    pub outcome: OrderOutcome,
    /// When, by the clock of whoever tells it.
    pub occurred_at: Option<Timestamp>,
    /// Money, in fen.
    pub fen: Option<u64>,
    /// Trade number, waybill, number of a slip.
    pub reference: Option<String>,
    /// In words.
    pub text: Option<String>,
    /// What another system decided.
    pub decided: Option<OutsideOutcome>,
}

/// What the other side says in words, cut, on one line; nothing where it says nothing.
fn words(text: &str) -> Option<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect();
    Some(line).filter(|line| !line.is_empty())
}

/// The longest code of a reason that is kept, in bytes.
const CODE_BYTES_MAX: usize = 64;

/// Whether this is a code of a reason, and no words: these may hold anything that was sent there, a recipient's address included.
#[must_use]
pub fn is_reason_code(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=CODE_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain)
}

/// A link that a browser may be given; anything else is left out.
fn link(text: &str) -> Option<String> {
    let plain =
        text.starts_with("https://") && text.len() <= LINK_BYTES_MAX && text.bytes().all(|b| b.is_ascii_graphic());
    plain.then(|| text.to_owned())
}

/// The other side answered a word. An answer to a word that waits no more changes nothing.
pub(super) fn answered(
    facts: &dyn Facts,
    number: &str,
    word: u32,
    answer: &Answer,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let mut order = named(facts, number)?;
    let Some(waiting) = order.waiting.filter(|waiting| waiting.number == word) else {
        return Ok(Change::of(Vec::new(), Reply::Known {}));
    };
    order.waiting = None;
    match answer {
        Answer::Taken { reference: theirs, link: where_to } => {
            let deed = match waiting.kind {
                WordKind::Place => OrderDeed::Taken,
                WordKind::Cancel => OrderDeed::CancelTaken,
                WordKind::Refund => OrderDeed::RefundTaken,
            };
            match (waiting.kind, order.state) {
                (WordKind::Place, OrderState::Placed) => order.state = OrderState::Taken,
                (WordKind::Cancel, OrderState::Cancelling) => order.state = OrderState::Cancelled,
                // An outcome was quicker.
                _ => {}
            }
            let theirs = theirs.as_deref().and_then(|text| reference(text).ok());
            order.link = where_to.as_deref().and_then(link).or(order.link);
            // The number of a refund isn't that of the payment.
            if theirs.is_some() && waiting.kind != WordKind::Refund {
                order.reference.clone_from(&theirs);
            }
            order.done(deed, at, "system").reference = theirs;
        }
        Answer::Declined { status, code } => {
            let deed = match waiting.kind {
                WordKind::Place => OrderDeed::Declined,
                WordKind::Cancel => OrderDeed::CancelDeclined,
                WordKind::Refund => OrderDeed::RefundDeclined,
            };
            match (waiting.kind, order.state) {
                (WordKind::Place, OrderState::Placed) => order.state = OrderState::Declined,
                (WordKind::Cancel, OrderState::Cancelling) => {
                    // Nobody has said that an order is known there whose first word was never answered: it can be sent again.
                    order.state = match order.before_cancel {
                        Some(OrderState::Taken) => OrderState::Taken,
                        _ => OrderState::Declined,
                    };
                }
                (WordKind::Refund, OrderState::Refunding) => order.state = OrderState::Paid,
                _ => {}
            }
            // A courier was sent a name, a telephone and an address, and may send them back in whatever it says.
            let code = code.as_deref().filter(|code| order.kind == ConnectorKind::Payment && is_reason_code(code));
            let said = code.map_or_else(|| format!("HTTP {status}"), |code| format!("HTTP {status}: {code}"));
            order.done(deed, at, "system").text = Some(said);
        }
    }
    Ok(stored(Vec::new(), order))
}

/// Whether another order charges the same fee of the case.
fn is_replaced(facts: &dyn Facts, order: &Order) -> bool {
    let fee = |order: &Order| order.charge.as_ref().map(|charge| charge.fee.clone());
    let (others, mine) = (facts.orders(&order.case), fee(order));
    others.iter().any(|other| other.number != order.number && other.state.charges() && fee(other) == mine)
}

/// Whether its fee was waived for the case, so that it is charged unlawfully (行政许可法 58).
fn is_waived(facts: &dyn Facts, order: &Order) -> bool {
    let (case, charge) = (facts.case(&order.case), order.charge.as_ref());
    case.zip(charge).is_some_and(|(case, charge)| not_waived(&case, &charge.fee).is_err())
}

/// Where money leads that was given back: what is left decides. A refund may come before its payment.
fn refund_leads(order: &Order, fen: Option<u64>) -> Step {
    let asked = order.asked().unwrap_or(0);
    let held = Some(order.held()).filter(|held| *held > 0).unwrap_or(asked);
    match fen.and_then(|fen| held.checked_sub(fen)) {
        Some(0) => Step::To(OrderState::Refunded),
        // What came twice went back once.
        Some(left) if left == asked && held > asked => Step::To(OrderState::Paid),
        _ => Step::To(OrderState::Disputed),
    }
}

/// Where an outcome leads, the amount and the other payments looked at.
fn leads(facts: &dyn Facts, order: &Order, report: &Report) -> Step {
    let step = order.state.step(order.kind, report.outcome);
    let by = report.reference.as_deref().map(str::trim);
    let again = || order.is_paid_otherwise(by);
    match (step, report.outcome) {
        // Another amount than was asked for isn't the payment; nor is one that another order was placed for meanwhile, or that was waived.
        (Step::To(OrderState::Paid), OrderOutcome::Paid)
            if report.fen != order.asked()
                || (order.state == OrderState::Failed && is_replaced(facts, order))
                || is_waived(facts, order) =>
        {
            Step::To(OrderState::Disputed)
        }
        // The fee was paid twice, or once more after it was given back.
        (Step::History, OrderOutcome::Paid)
            if matches!(order.state, OrderState::Paid | OrderState::Refunding | OrderState::Refunded) && again() =>
        {
            Step::To(OrderState::Disputed)
        }
        // The authority has paid out twice.
        (Step::History, OrderOutcome::Refunded)
            if order.state == OrderState::Refunded && order.is_refunded_otherwise(by) =>
        {
            Step::To(OrderState::Disputed)
        }
        // Nor does it end that dispute to hear of the same refund again.
        (Step::To(OrderState::Refunded), _)
            if order.state == OrderState::Disputed && order.held() == 0 && order.is_refunded_by(by) =>
        {
            Step::History
        }
        (Step::To(OrderState::Refunded), _) => refund_leads(order, report.fen),
        (step, _) => handling::leads(facts, order, report.decided.as_ref(), step),
    }
}

fn unfit(order: &Order, outcome: OrderOutcome) -> Rejection {
    use crate::catalogue::CodeList as _;
    Rejection::new(
        codes::CONNECTOR_OUTCOME_UNFIT,
        format!("no {} order is {}", order.kind.name(), outcome.name()),
        format!("{}委托单没有“{}”这一结果", order.kind.zh(), outcome.zh()),
    )
    .field("outcome", outcome.name())
    .remedy("use an outcome of its kind: docs/connectors.md", "使用该类委托单的结果，见 docs/connectors.md")
}

fn apply(order: &mut Order, step: Step) {
    if let Step::To(state) = step {
        order.state = state;
        // What has come about isn't asked for any more, nor can it be taken back.
        order.waiting = order.waiting.filter(|word| state == OrderState::Taken && word.kind == WordKind::Cancel);
    }
}

/// The other side told an outcome: taken once, whoever repeats it.
pub(super) fn told(
    facts: &dyn Facts,
    (kind, connector): (ConnectorKind, &str),
    number: &str,
    message: Message,
    report: &Report,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let mut order = named(facts, number)?;
    if order.connector != connector {
        return Err(Rejection::new(
            codes::CONNECTOR_ORDER_OTHER,
            "the order was given to another connector",
            "该委托单属于另一对接系统",
        )
        .field("order", number)
        .remedy("tell of it by the connector that has it", "请由承接该委托单的系统告知"));
    }
    if let Some(known) = order.told_by(&message.id) {
        if known.message.as_ref().is_some_and(|known| known.digest == message.digest) {
            return Ok(Change::of(Vec::new(), known_reply(&order)));
        }
        return Err(Rejection::new(
            codes::CONNECTOR_MESSAGE_REUSED,
            "this message id was used for another message",
            "该消息编号已用于另一消息",
        )
        .field("webhook-id", &message.id)
        .remedy("give each message an id of its own", "每条消息使用各自的编号"));
    }
    // An item may name a connector of another kind than the configuration has under that name.
    if order.kind != kind || order.state.step(order.kind, report.outcome) == Step::Unfit {
        return Err(unfit(&order, report.outcome));
    }
    let decided = handling::told(facts, &order, (report.outcome, report.decided.as_ref()), at.date())?;
    let report = &Report { decided, ..report.clone() };
    let step = leads(facts, &order, report);
    // What leads somewhere has room when what doesn't has none any more.
    let most = if step == Step::History { LOG_MAX } else { LOG_MAX + LOG_RESERVE };
    if order.log.len() >= most {
        return Err(Rejection::new(
            codes::CONNECTOR_ORDER_FULL,
            format!("more than {most} things were done with this order"),
            format!("该委托单的记录已超过 {most} 条"),
        )
        .field("order", number)
        .remedy("tell no more of it", "请停止告知"));
    }
    let theirs = report.reference.as_deref().map(reference).transpose()?;
    // A decision that was told before, and changes nothing, is noted without its words.
    let is_news = |told: &&OutsideOutcome| {
        step != Step::History
            || (order.told_decisions().count() < DECISIONS_MAX && !order.told_decisions().any(|known| known == *told))
    };
    let kept = report.decided.as_ref().filter(is_news).cloned();
    apply(&mut order, step);
    if order.state == OrderState::Cancelling && report.outcome == OrderOutcome::Accepted {
        // It has it after all; should it not let go of it, it has it still.
        order.before_cancel = Some(OrderState::Taken);
    }
    if step != Step::History && theirs.is_some() {
        order.reference.clone_from(&theirs);
    }
    let entry = order.done(OrderDeed::Told, at, "system");
    entry.outcome = Some(report.outcome);
    entry.occurred_at = report.occurred_at;
    entry.fen = report.fen;
    entry.reference = theirs;
    entry.text = report.text.as_deref().and_then(words);
    entry.message = Some(message);
    entry.decided = kept;
    Ok(stored(Vec::new(), order))
}

fn known_reply(order: &Order) -> Reply {
    stored(Vec::new(), order.clone()).reply
}

/// Whether an outcome that was entered ends an order which the other side may still carry out, so that it has to be told.
fn ends_there(before: OrderState, outcome: OrderOutcome) -> bool {
    use {OrderOutcome as O, OrderState as S};
    matches!(outcome, O::Paid | O::Failed | O::Cancelled | O::Refunded)
        && matches!(before, S::Placed | S::Taken | S::Declined | S::Cancelling | S::Failed)
}

/// An operator enters an outcome; unlike a late message it has to lead somewhere. He settles what is disputed, too.
pub(super) fn enter(
    facts: &dyn Facts,
    door: &Door,
    number: &str,
    report: Report,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let why = reason(report.text.as_deref().unwrap_or_default())?;
    let slip = reference(report.reference.as_deref().unwrap_or_default())?;
    let mut order = touched(facts, door, number)?;
    // A decider has to do with the handling of cases alone.
    if order.kind != ConnectorKind::Handling {
        has_one(&door.actor, &[Role::Window])?;
    }
    let (asked, outcome) = (order.asked(), report.outcome);
    let fen = match (order.kind, report.outcome) {
        (ConnectorKind::Payment, OrderOutcome::Paid) => report.fen.or(asked),
        (ConnectorKind::Payment, OrderOutcome::Refunded) => {
            report.fen.or(Some(order.held()).filter(|held| *held > 0)).or(asked)
        }
        _ => None,
    };
    let step = match (order.state, report.outcome) {
        (OrderState::Disputed, OrderOutcome::Paid) if fen == asked && !is_waived(facts, &order) => {
            Step::To(OrderState::Paid)
        }
        // Who sees that it is paid doesn't take money again.
        (OrderState::Paid | OrderState::Refunding | OrderState::Refunded, OrderOutcome::Paid) => Step::History,
        _ => leads(facts, &order, &Report { fen, ..report }),
    };
    let (step, mandate) = match order.kind {
        ConnectorKind::Handling => handling::entered(facts, door, &order, (outcome, step), at)?,
        _ => (step, None),
    };
    let (before, waited) = (order.state, order.waiting);
    match step {
        Step::Unfit => return Err(unfit(&order, report.outcome)),
        Step::History => return Err(out_of_state(&order, "this outcome", "录入该结果")),
        Step::To(_) => apply(&mut order, step),
    }
    if ends_there(before, report.outcome) {
        // It came about elsewhere: were it still open at the other side, the fee would be collected twice there.
        match waited.filter(|word| word.kind == WordKind::Cancel) {
            Some(word) => order.waiting = Some(word),
            None => order.say(WordKind::Cancel, at),
        }
    }
    order.reference = Some(slip.clone());
    let entry = order.done(OrderDeed::Entered, at, &door.actor.operator);
    (entry.outcome, entry.fen) = (Some(report.outcome), fen);
    (entry.reference, entry.text, entry.mandate) = (Some(slip), Some(why), mandate);
    Ok(stored(Vec::new(), order))
}
