//! Fees that are paid before a result is handed out (缴费后出证), where the item says so, and what is waived of them (免缴).

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::time::{Date, Timestamp};

use super::custody::here;
use super::decision::mandate;
use super::paper::reason;
use super::{ActKind, Case};
use crate::catalogue::{Fee, FeeDue};
use crate::change::{Change, Event};
use crate::connector;
use crate::{Actor, Facts, Rejection, codes};

/// A fee that a case needn't pay before its result is handed out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Waiver {
    /// Which, by the guide's name.
    #[n(0)]
    pub fee: String,
    /// Why.
    #[n(1)]
    pub reason: String,
    /// By whom.
    #[n(2)]
    pub operator: String,
    /// When.
    #[n(3)]
    pub at: Timestamp,
}

/// The fees that the version of the item wants paid before the result is handed out.
fn barring(facts: &dyn Facts, case: &Case) -> Vec<Fee> {
    let mut fees = connector::fees(facts, case).unwrap_or_default();
    fees.retain(|fee| fee.due == Some(FeeDue::BeforeResult));
    fees
}

fn is_waived(case: &Case, fee: &str) -> bool {
    case.waivers.iter().any(|waiver| waiver.fee == fee)
}

/// Refuses to hand a result out while a fee that comes before it is neither paid nor waived.
pub(crate) fn settled(facts: &dyn Facts, case: &Case) -> Result<(), Rejection> {
    let mut barring = barring(facts, case);
    barring.retain(|fee| !is_waived(case, &fee.name));
    if barring.is_empty() {
        return Ok(());
    }
    let orders = facts.orders(&case.id);
    let pays = |order: &connector::Order, name: &str| {
        order.is_paid() && order.charge.as_ref().is_some_and(|charge| charge.fee == name)
    };
    let Some(open) = barring.iter().find(|fee| !orders.iter().any(|order| pays(order, &fee.name))) else {
        return Ok(());
    };
    let name = &open.name;
    Err(Rejection::new(
        codes::FEE_UNPAID,
        format!("the item wants {name} paid before the result is handed out, and no order for it is paid"),
        format!("该事项须在出证前缴纳“{name}”，尚未缴清"),
    )
    .field("fee", name)
    .remedy(
        "have it paid: tongban order place CASE --kind payment; or waive it: tongban case waive-fee",
        "缴费：tongban order place 办件 --kind payment；或免缴：tongban case waive-fee",
    ))
}

/// The day from which the result of a granted case may be handed out: the one of its decision, or that on which the last fee that comes before the result was
/// paid or waived; none while one is neither.
pub(crate) fn free_from(facts: &dyn Facts, case: &Case, decided: Date) -> Option<Date> {
    let barring = barring(facts, case);
    if barring.is_empty() {
        return Some(decided);
    }
    let orders = facts.orders(&case.id);
    let mut fell = barring.iter().map(|fee| {
        let waived = case.waivers.iter().filter(|waiver| waiver.fee == fee.name).map(|waiver| waiver.at.date());
        let charges = |order: &&connector::Order| order.charge.as_ref().is_some_and(|charge| charge.fee == fee.name);
        waived.chain(orders.iter().filter(charges).filter_map(connector::Order::paid_since)).min()
    });
    fell.try_fold(decided, |last: Date, fell| Some(last.max(fell?)))
}

/// Whether a fee is waived, so that nobody charges it.
pub(crate) fn not_waived(case: &Case, fee: &str) -> Result<(), Rejection> {
    let Some(waiver) = case.waivers.iter().find(|waiver| waiver.fee == fee) else { return Ok(()) };
    Err(Rejection::new(
        codes::FEE_UNLAWFUL,
        format!("the fee was waived for this case by {}", waiver.operator),
        format!("该办件的此项费用已由 {} 免缴", waiver.operator),
    )
    .field("fee", fee)
    .remedy("see the case: tongban case show", "查看办件：tongban case show"))
}

/// Waives a fee that comes before the result, for a reason, under a mandate in force.
pub(crate) fn waive(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    (fee, text): (&str, &str),
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::WaiveFee)?;
    let text = reason(text)?;
    let fee = fee.trim();
    if !barring(facts, &case).iter().any(|known| known.name == fee) {
        return Err(Rejection::new(
            codes::INVALID_FIELD,
            "the item has no such fee that comes before its result",
            "该事项没有须在出证前缴纳的此项费用",
        )
        .field("fee", fee)
        .remedy("see the fees of the item: tongban item show", "查看事项收费：tongban item show"));
    }
    if is_waived(&case, fee) {
        return Ok(Change::of(Vec::new(), Change::case(&case)));
    }
    let charges = |order: &&connector::Order| {
        order.state.charges() && order.charge.as_ref().is_some_and(|charge| charge.fee == fee)
    };
    if let Some(order) = facts.orders(&case.id).iter().find(charges) {
        return Err(Rejection::new(
            codes::CONNECTOR_ORDER_OPEN,
            format!("{} charges this fee already", order.number),
            format!("该费用已有委托单 {}", order.number),
        )
        .field("fee", fee)
        .remedy("cancel it first, or have it refunded: tongban order", "先撤销或退费：tongban order"));
    }
    let mandate = mandate(facts, actor, &case, at)?;
    case.waivers.push(Waiver { fee: fee.to_owned(), reason: text.clone(), operator: actor.operator.clone(), at });
    let mut act = case.act(ActKind::WaiveFee, actor, here(facts), at, Some(format!("{fee}：{text}")));
    act.mandate = Some(mandate.said);
    let reply = Change::case(&case);
    // The authority's own affair: the collecting hall charges nothing.
    Ok(Change::of(vec![Event::Case(Box::new(case), act)], reply))
}
