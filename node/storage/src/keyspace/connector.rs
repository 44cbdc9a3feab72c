//! Orders to outside systems, which a case has, and which have something to be told.

use tongban_codes::ids::CaseId;
use tongban_codes::time::Date;
use tongban_domain::case::Case;
use tongban_domain::connector::{ConnectorKind, Order};

use super::case::{CASE, DEEMED_RENEWAL, DUE};
use super::key::stem;
use super::{Keyspace, Overlay};
use crate::{Backend, Family, Read, StorageError, WriteBatch};

/// Orders by their numbers.
pub const ORDER: Keyspace<String, Order> = Keyspace::new(Family::Rows, 0x57);
/// Which orders a case has.
pub const OF_CASE: Keyspace<(CaseId, String), ()> = Keyspace::new(Family::Index, 0x58);
/// Of which orders the other side of a connector hasn't answered a word, and the word's number: the outbox, in the order of orders.
pub const WAITING: Keyspace<(String, String), u32> = Keyspace::new(Family::Queue, 0x59);

/// Stores an order, under what it is found, when its case is looked at next, and whether something is to be told; of one that is over without its
/// recipient, once the case is forgotten here.
///
/// # Errors
///
/// When the state can't be read.
pub fn store(over: &mut Overlay<'_>, order: &Order) -> Result<(), StorageError> {
    super::supervision::store_order_watch(over.batch, order);
    let case = CASE.load(over, &order.case)?;
    if order.recipient.is_some()
        && order.state.is_over()
        && case.as_ref().is_some_and(|case| case.personal.forgotten_at.is_some())
    {
        put(over.batch, &Order { recipient: None, ..order.clone() });
    } else {
        put(over.batch, order);
    }
    match case {
        Some(case) if order.kind == ConnectorKind::Handling => hold_renewal(over, &case),
        _ => Ok(()),
    }
}

/// Takes a renewal that another system decided in time, as one of its orders was told, out of the queue of what is deemed granted, where it would stand
/// before all that is due later until somebody enters the decision; and puts it back when it is told otherwise.
pub(super) fn hold_renewal(over: &mut Overlay<'_>, case: &Case) -> Result<(), StorageError> {
    let Some(at) = case.renewal_at.filter(|_| ends(case).is_some()) else { return Ok(()) };
    let key = (at, DEEMED_RENEWAL, case.id);
    if is_held(over, case)? {
        DUE.delete(over.batch, &key);
    } else {
        DUE.put(over.batch, &key, &());
    }
    Ok(())
}

/// The last day of the licence that a case renews.
fn ends(case: &Case) -> Option<Date> {
    case.deadlines.as_ref().and_then(|deadlines| deadlines.renewal)
}

/// Whether an order of a case was told in time what another system decided on its renewal.
fn is_held(read: &dyn Read, case: &Case) -> Result<bool, StorageError> {
    let Some(ends) = ends(case) else { return Ok(false) };
    Ok(orders(read, &case.id)?.iter().any(|order| order.is_decided_by(ends)))
}

/// Takes the renewals that are held out of the queue where an earlier release, which knew no better, left them: when the state is opened. Whoever decides
/// finds the same with them and without them, after fewer that can't be done. Tells how many there were.
///
/// # Errors
///
/// When the state can't be read or written.
pub fn hold_renewals(backend: &dyn Backend) -> Result<usize, StorageError> {
    let mut due = Vec::new();
    // All that is due is kept by the day, a million cases among it: the renewals alone are remembered.
    DUE.visit_keys(backend, |key| due.extend(Some(key).filter(|(_, kind, _)| *kind == DEEMED_RENEWAL)))?;
    let (mut batch, mut held) = (WriteBatch::new(), 0);
    for key in due {
        let Some(case) = CASE.load(backend, &key.2)? else { continue };
        if is_held(backend, &case)? {
            DUE.delete(&mut batch, &key);
            held += 1;
        }
    }
    if held > 0 {
        backend.write(batch)?;
    }
    Ok(held)
}

/// Lets go of the recipients of the orders of a case that is forgotten; of one that isn't over when it is.
///
/// # Errors
///
/// When the state can't be read.
pub fn forget(over: &mut Overlay<'_>, case: &CaseId) -> Result<(), StorageError> {
    for order in orders(over, case)? {
        if order.recipient.is_some() && order.state.is_over() {
            put(over.batch, &Order { recipient: None, ..order });
        }
    }
    Ok(())
}

fn put(batch: &mut WriteBatch, order: &Order) {
    ORDER.put(batch, &order.number, order);
    OF_CASE.put(batch, &(order.case, order.number.clone()), &());
    let place = (order.connector.clone(), order.number.clone());
    if let Some(word) = &order.waiting {
        WAITING.put(batch, &place, &word.number);
    } else {
        WAITING.delete(batch, &place);
    }
}

/// The orders of a case, by number.
pub fn orders(read: &dyn Read, case: &CaseId) -> Result<Vec<Order>, StorageError> {
    let mut found = Vec::new();
    for ((_, number), ()) in OF_CASE.list(read, &stem(case), None, usize::MAX)? {
        found.extend(ORDER.load(read, &number)?);
    }
    Ok(found)
}
