//! Files of materials: which are here, under which names they lie, and which are still to be fetched.

use minicbor::{Decode, Encode};
use tongban_codes::ids::{CaseId, Digest};
use tongban_codes::time::Timestamp;
use tongban_domain::case::{Case, Custody, FileName, HeldFile, Status};

use super::case::CASE;
use super::key::stem;
use super::{Keyspace, Overlay};
use crate::{Family, Read, StorageError};

/// Files that are here, by case and digest.
pub const HELD: Keyspace<(CaseId, Digest), HeldFile> = Keyspace::new(Family::Rows, 0x52);
/// Which cases name a file of the store: what is in here is never swept.
pub const NAMED: Keyspace<(FileName, CaseId), ()> = Keyspace::new(Family::Index, 0x53);
/// Files that are not here and should be, by case and digest.
pub const WANTED: Keyspace<(CaseId, Digest), WantedFile> = Keyspace::new(Family::Queue, 0x55);

/// A file that is still to be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct WantedFile {
    /// Its length in plain bytes, as it was offered.
    #[n(0)]
    pub size: u64,
    /// Since when it is wanted.
    #[n(1)]
    pub since: Timestamp,
}

/// Whether the files of a case are still to be fetched: its owner wants them until it is over, nobody else does. Who has forwarded it goes on,
/// for the superior asks here.
#[must_use]
pub fn is_wanting(case: &Case) -> bool {
    let over = matches!(
        case.status,
        Status::RefusedNotRequired
            | Status::RefusedNotCompetent
            | Status::Closed
            | Status::Withdrawn
            | Status::Returned
    );
    !matches!(case.custody, Custody::Elsewhere { .. }) && (!over || case.forwarded_to.is_some())
}

/// Notes which files of a case are wanted, now that the case is as it is.
pub fn want(over: &mut Overlay<'_>, case: &Case, at: Timestamp) -> Result<(), StorageError> {
    for (digest, size) in case.materials.iter().filter_map(|material| material.file()) {
        let key = (case.id, digest);
        if !is_wanting(case) {
            WANTED.delete(over.batch, &key);
        } else if !HELD.holds(over, &key)? && !WANTED.holds(over, &key)? {
            WANTED.put(over.batch, &key, &WantedFile { size, since: at });
        }
    }
    Ok(())
}

/// Stores that a file is here.
pub fn store(over: &mut Overlay<'_>, case: &CaseId, file: &HeldFile) {
    let key = (*case, file.digest);
    HELD.put(over.batch, &key, file);
    NAMED.put(over.batch, &(file.file, *case), &());
    WANTED.delete(over.batch, &key);
}

/// Stores that a file is here no more, or damaged: it is fetched again where it is still to be had.
pub fn lose(over: &mut Overlay<'_>, case: &CaseId, digest: &Digest, at: Timestamp) -> Result<(), StorageError> {
    let key = (*case, *digest);
    let Some(held) = HELD.load(over, &key)? else { return Ok(()) };
    HELD.delete(over.batch, &key);
    NAMED.delete(over.batch, &(held.file, *case));
    if CASE.load(over, case)?.is_some_and(|row| is_wanting(&row)) {
        WANTED.put(over.batch, &key, &WantedFile { size: held.size, since: at });
    }
    Ok(())
}

/// Stores that a case is forgotten: it names no file any more, and wants none.
pub fn forget(over: &mut Overlay<'_>, case: &CaseId) -> Result<(), StorageError> {
    for ((of, digest), held) in HELD.list(over, &stem(case), None, usize::MAX)? {
        HELD.delete(over.batch, &(of, digest));
        NAMED.delete(over.batch, &(held.file, of));
    }
    for (place, _) in WANTED.list(over, &stem(case), None, usize::MAX)? {
        WANTED.delete(over.batch, &place);
    }
    Ok(())
}

/// Whether a case names a file of the store.
pub fn is_named(read: &dyn Read, file: &FileName) -> Result<bool, StorageError> {
    Ok(!NAMED.list(read, &stem(file), None, 1)?.is_empty())
}
