//! Refunds that are asked for here (退费): the whole of what a platform was paid, while nothing else is under way.

use tongban_codes::time::Timestamp;

use super::list::{ConnectorKind, OrderDeed, OrderOutcome, OrderState};
use super::order::{Order, WordKind};
use super::{out_of_state, stored, touched};
use crate::case::reason;
use crate::change::Change;
use crate::work::Door;
use crate::{Facts, Rejection, codes};

/// Whether the other side has said itself that it was paid: what a window entered isn't in the platform's hands.
fn is_told_paid(order: &Order) -> bool {
    order.log.iter().any(|entry| entry.deed == OrderDeed::Told && entry.outcome == Some(OrderOutcome::Paid))
}

/// Asks the platform to give back what was paid. It stays paid here until the platform says that the money went back; one that declines, or tells
/// that it came to nothing, may be asked anew.
pub(super) fn refund(
    facts: &dyn Facts,
    door: &Door,
    number: &str,
    why: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let why = reason(why)?;
    let mut order = touched(facts, door, number)?;
    let is_whole = order.asked() == Some(order.held());
    if order.kind != ConnectorKind::Payment || order.state != OrderState::Paid || order.waiting.is_some() || !is_whole {
        return Err(out_of_state(&order, "asking for a refund", "申请退费"));
    }
    if !is_told_paid(&order) {
        return Err(Rejection::new(
            codes::CONNECTOR_ORDER_STATE,
            "the payment was entered by hand: the platform doesn't have the money",
            "该笔缴费为人工录入，款项不在支付平台",
        )
        .field("order", &order.number)
        .remedy(
            "give it back as it came, and enter it: tongban order enter --outcome refunded",
            "按原渠道退费后录入：tongban order enter --outcome refunded",
        ));
    }
    order.state = OrderState::Refunding;
    order.say(WordKind::Refund, at);
    order.done(OrderDeed::RefundAsked, at, &door.actor.operator).text = Some(why);
    Ok(stored(Vec::new(), order))
}
