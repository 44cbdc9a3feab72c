//! Front databases that are closed: nothing more is reported to them, and nothing is marked for them. What they were told stays, and so does
//! their last batch: opened again, they go on behind it.

use tongban_codes::time::Timestamp;

use super::{CASE_FRONT, CaseFront, CaseFronts, FRONT};
use crate::keyspace::Overlay;
use crate::{Read, StorageError};

/// How this node stands with a front database as far as cases go, open or closed; none where none was ever reported to it.
///
/// # Errors
///
/// When the state can't be read.
pub fn stands(read: &dyn Read, channel: &str) -> Result<Option<CaseFront>, StorageError> {
    let fronts = CASE_FRONT.load(read, &())?.unwrap_or_default();
    match fronts.fronts.get(channel) {
        Some(front) => Ok(Some(front.clone())),
        None => Ok(FRONT.load(read, &channel.to_owned())?.and_then(|front| front.cases)),
    }
}

/// Closes a front database: it takes no place among those to which cases are reported any more.
///
/// # Errors
///
/// When the state can't be read.
pub fn close(over: &mut Overlay<'_>, channel: &str, at: Timestamp) -> Result<(), StorageError> {
    let name = channel.to_owned();
    let mut row = FRONT.load(over, &name)?.unwrap_or_default();
    let mut fronts = CASE_FRONT.load(over, &())?.unwrap_or_default();
    if let Some(front) = fronts.fronts.remove(channel) {
        row.cases = Some(front);
        put(over, &fronts);
    }
    row.closed = Some(at);
    FRONT.put(over.batch, &name, &row);
    Ok(())
}

/// Opens a front database again. What changed while it was closed was marked for nobody: all cases are gone through once more.
///
/// # Errors
///
/// When the state can't be read.
pub fn open(over: &mut Overlay<'_>, channel: &str) -> Result<(), StorageError> {
    let name = channel.to_owned();
    let Some(mut row) = FRONT.load(over, &name)? else { return Ok(()) };
    if let Some(front) = row.cases.take() {
        let openings = Some(front.openings.unwrap_or_default() + 1);
        let mut fronts = CASE_FRONT.load(over, &())?.unwrap_or_default();
        fronts.fronts.insert(name.clone(), CaseFront { surveyed: None, is_surveyed: false, openings, ..front });
        put(over, &fronts);
    }
    row.closed = None;
    FRONT.put(over.batch, &name, &row);
    Ok(())
}

/// Changes how this node stands with a front database as far as cases go, wherever that lies: what is told of a closed one is what was sent before.
pub(super) fn change(
    over: &mut Overlay<'_>,
    channel: &str,
    change: impl FnOnce(&mut CaseFront, &mut Overlay<'_>) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let name = channel.to_owned();
    if let Some(mut row) = FRONT.load(over, &name)?.filter(|row| row.closed.is_some()) {
        change(row.cases.get_or_insert_default(), over)?;
        FRONT.put(over.batch, &name, &row);
        return Ok(());
    }
    let mut fronts = CASE_FRONT.load(over, &())?.unwrap_or_default();
    change(fronts.fronts.entry(name).or_default(), over)?;
    put(over, &fronts);
    Ok(())
}

/// Nothing lies there while there is none: of a node that reports no cases each act looks at an empty place.
fn put(over: &mut Overlay<'_>, fronts: &CaseFronts) {
    if fronts.fronts.is_empty() {
        CASE_FRONT.delete(over.batch, &());
    } else {
        CASE_FRONT.put(over.batch, &(), fronts);
    }
}
