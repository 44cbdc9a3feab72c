//! Ratings and tickets, and the ratings of a case.

use tongban_codes::ids::{CaseId, QueryCode};
use tongban_domain::voice::{Rating, Voice};

use super::case::{BY_TEXT, name_beside, query_key};
use super::key::stem;
use super::supervision::WATCH;
use super::{Keyspace, Overlay};
use crate::{Family, Read, StorageError};

/// Ratings and tickets by their ids.
pub const VOICE: Keyspace<CaseId, Voice> = Keyspace::new(Family::Rows, 0x5a);
/// Which ratings a case has.
pub const RATED: Keyspace<(CaseId, CaseId), ()> = Keyspace::new(Family::Rows, 0x5b);
/// Who is to do something about which.
pub const HELD: Keyspace<(String, CaseId), ()> = Keyspace::new(Family::Index, 0x5c);

/// Stores a rating or a ticket, under what it is found, and when it is looked at first.
///
/// The query code of a ticket finds it where it was given out alone: another node's word must never lead a code of this one astray.
///
/// # Errors
///
/// When the state can't be read.
pub fn store(over: &mut Overlay<'_>, voice: &Voice) -> Result<(), StorageError> {
    let id = voice.id();
    let before = VOICE.load(over, &id)?;
    let held = |voice: &Voice| voice.holder().map(str::to_owned);
    let (held_before, held_now) = (before.as_ref().and_then(held), held(voice));
    if let Some(operator) = held_before.filter(|operator| Some(operator) != held_now.as_ref()) {
        HELD.delete(over.batch, &(operator, id));
    }
    if let Some(operator) = held_now {
        HELD.put(over.batch, &(operator, id), &());
    }
    VOICE.put(over.batch, &id, voice);
    let drawn_by = match voice {
        Voice::Rating(rating) => rating.entered.node,
        Voice::Ticket(ticket) => ticket.origin.node,
    };
    name_beside(over, voice.number(), &id, &drawn_by)?;
    match voice {
        Voice::Rating(rating) => RATED.put(over.batch, &(rating.case(), id), &()),
        Voice::Ticket(ticket) if ticket.away || ticket.origin.node == ticket.handler.node => {
            BY_TEXT.put(over.batch, &query_key(&ticket.code), &id);
        }
        Voice::Ticket(_) => {}
    }
    if let Some(at) = voice.watch() {
        WATCH.put(over.batch, &(at, 2, id), &());
    }
    Ok(())
}

/// A rating or a ticket by its number.
pub fn named(read: &dyn Read, number: &str) -> Result<Option<Voice>, StorageError> {
    match BY_TEXT.load(read, &number.to_owned())? {
        Some(id) => VOICE.load(read, &id),
        None => Ok(None),
    }
}

/// A rating or a ticket by the query code that this node gave out.
pub fn coded(read: &dyn Read, code: &QueryCode) -> Result<Option<Voice>, StorageError> {
    named(read, &query_key(code))
}

/// What an operator is to do something about.
pub fn held(read: &dyn Read, operator: &str, limit: usize) -> Result<Vec<Voice>, StorageError> {
    let mut found = Vec::new();
    for ((_, id), ()) in HELD.list(read, &stem(&operator.to_owned()), None, limit)? {
        found.extend(VOICE.load(read, &id)?);
    }
    Ok(found)
}

/// The ratings of a case, in the order of their ids.
pub fn ratings(read: &dyn Read, case: &CaseId) -> Result<Vec<Rating>, StorageError> {
    let mut found = Vec::new();
    for ((_, id), ()) in RATED.list(read, &stem(case), None, usize::MAX)? {
        if let Some(Voice::Rating(rating)) = VOICE.load(read, &id)? {
            found.push(rating);
        }
    }
    Ok(found)
}
