//! Applications for life events, and which cases are parts of which.

use tongban_codes::ids::{CaseId, QueryCode};
use tongban_domain::application::Application;
use tongban_domain::case::Case;

use super::case::{BY_TEXT, query_key};
use super::key::stem;
use super::{Keyspace, Overlay};
use crate::{Family, Read, StorageError, WriteBatch};

/// Applications by their ids, at the hall that collected them.
pub const APPLICATION: Keyspace<CaseId, Application> = Keyspace::new(Family::Rows, 0x74);
/// Which cases this node knows of the application of a number, wherever that was collected.
pub const PART: Keyspace<(String, CaseId), ()> = Keyspace::new(Family::Index, 0x75);

/// Stores an application, and under what it is found.
///
/// # Errors
///
/// When the state can't be read.
pub fn store(over: &mut Overlay<'_>, application: &Application) -> Result<(), StorageError> {
    if !APPLICATION.holds(over, &application.id)? {
        BY_TEXT.put(over.batch, &application.number, &application.id);
        BY_TEXT.put(over.batch, &query_key(&application.query_code), &application.id);
    }
    APPLICATION.put(over.batch, &application.id, application);
    Ok(())
}

/// Notes of which application a case is a part.
pub(super) fn store_part(batch: &mut WriteBatch, case: &Case) {
    if let Some(of) = &case.part_of {
        PART.put(batch, &(of.number.clone(), case.id), &());
    }
}

/// An application by its number, id or query code.
pub fn named(read: &dyn Read, text: &str) -> Result<Option<Application>, StorageError> {
    let text = text.trim();
    if let Ok(id) = text.parse::<CaseId>() {
        return APPLICATION.load(read, &id);
    }
    let key = text.parse::<QueryCode>().map_or_else(|_| text.to_owned(), |code| query_key(&code));
    match BY_TEXT.load(read, &key)? {
        Some(id) => APPLICATION.load(read, &id),
        None => Ok(None),
    }
}

/// The cases that this node knows of the application of a number, in the order of their ids.
pub fn parts(read: &dyn Read, number: &str) -> Result<Vec<CaseId>, StorageError> {
    let found = PART.list(read, &stem(&number.to_owned()), None, usize::MAX)?;
    Ok(found.into_iter().map(|((_, case), ())| case).collect())
}
