//! Lines before quotas of limited number, and which numbers are taken.

use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;
use tongban_domain::case::{Case, Custody, Status};
use tongban_domain::limit::{Place, Turn, stands};

use super::key::stem;
use super::{Keyspace, Overlay};
use crate::{Family, Read, StorageError, WriteBatch};

/// Who stands before a quota, and who holds a number of it, in order of acceptance: quota, [`WAITS`] or [`HOLDS`], moment of acceptance,
/// serial, case.
pub const LINE: Keyspace<(String, u8, Timestamp, u32, CaseId), ()> = Keyspace::new(Family::Index, 0x68);
/// How many numbers of a quota are taken in a year, and under 0 in all years.
pub const TAKEN: Keyspace<(String, u16), u32> = Keyspace::new(Family::Rows, 0x69);

/// In [`LINE`]: accepted and not decided.
const WAITS: u8 = 0;
/// In [`LINE`]: granted, and its number not given back.
const HOLDS: u8 = 1;

fn key(turn: &Turn, kind: u8, case: CaseId) -> (String, u8, Timestamp, u32, CaseId) {
    (turn.quota.clone(), kind, turn.since, turn.serial, case)
}

/// The place of a case in line, by what its row says.
fn place(status: Status, custody: &Custody, turn: Option<&Turn>, case: CaseId) -> Option<(String, Place)> {
    let turn = turn.filter(|_| stands(status, custody))?;
    Some((turn.quota.clone(), turn.place(case)))
}

/// Keeps the line after an act: `known` is state, custody and turn of the case before it.
pub(super) fn store_place(batch: &mut WriteBatch, known: Option<(Status, &Custody, Option<&Turn>)>, case: &Case) {
    let before = known.and_then(|(status, custody, turn)| place(status, custody, turn, case.id));
    let now = place(case.status, &case.custody, case.turn.as_ref(), case.id);
    if before == now {
        return;
    }
    if let Some((quota, (since, serial, id))) = before {
        LINE.delete(batch, &(quota, WAITS, since, serial, id));
    }
    if let Some((quota, (since, serial, id))) = now {
        LINE.put(batch, &(quota, WAITS, since, serial, id), &());
    }
}

/// Notes that a case took a number, or gave it back.
///
/// # Errors
///
/// When the state can't be read.
pub fn store_number(over: &mut Overlay<'_>, case: CaseId, turn: &Turn, taken: bool) -> Result<(), StorageError> {
    let Some(year) = turn.year else { return Ok(()) };
    let key = key(turn, HOLDS, case);
    if LINE.holds(over, &key)? == taken {
        return Ok(());
    }
    if taken {
        LINE.put(over.batch, &key, &());
    } else {
        LINE.delete(over.batch, &key);
    }
    for of in std::collections::BTreeSet::from([0, year]) {
        let of = (turn.quota.clone(), of);
        let count = TAKEN.load(over, &of)?.unwrap_or(0);
        TAKEN.put(over.batch, &of, &if taken { count.saturating_add(1) } else { count.saturating_sub(1) });
    }
    Ok(())
}

/// The open cases that stand before a quota, in order of acceptance.
pub fn line(read: &dyn Read, quota: &str, limit: usize) -> Result<Vec<Place>, StorageError> {
    let found = LINE.list(read, &stem(&(quota.to_owned(), WAITS)), None, limit)?;
    Ok(found.into_iter().map(|((_, _, since, serial, case), ())| (since, serial, case)).collect())
}

/// Whether a granted case holds its number.
pub fn holds_number(read: &dyn Read, case: &CaseId, turn: &Turn) -> Result<bool, StorageError> {
    LINE.holds(read, &key(turn, HOLDS, *case))
}

/// When the last accepted one was accepted of those that hold a number of a quota.
pub fn last_numbered(read: &dyn Read, quota: &str) -> Result<Option<Timestamp>, StorageError> {
    Ok(LINE.last(read, &stem(&(quota.to_owned(), HOLDS)))?.map(|(_, _, since, _, _)| since))
}
