//! Orders to outside systems, which a case has, and which have something to be told.

use tongban_codes::ids::CaseId;
use tongban_domain::connector::Order;

use super::Keyspace;
use super::key::stem;
use crate::{Family, Read, StorageError, WriteBatch};

/// Orders by their numbers.
pub const ORDER: Keyspace<String, Order> = Keyspace::new(Family::Rows, 0x57);
/// Which orders a case has.
pub const OF_CASE: Keyspace<(CaseId, String), ()> = Keyspace::new(Family::Index, 0x58);
/// Of which orders the other side of a connector hasn't answered a word, and the word's number: the outbox, in the order of orders.
pub const WAITING: Keyspace<(String, String), u32> = Keyspace::new(Family::Queue, 0x59);

/// Stores an order, under what it is found, and whether something is to be told.
pub fn store(batch: &mut WriteBatch, order: &Order) {
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
