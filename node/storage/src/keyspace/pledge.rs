//! Whom a false pledge bars.

use tongban_codes::ids::{AuthorityId, CaseId};

use super::Keyspace;
use super::key::stem;
use crate::{Family, Read, StorageError};

/// False pledges that stand against an applicant: authority, keyed hash of his number, case.
pub const BARRED: Keyspace<(AuthorityId, [u8; 32], CaseId), ()> = Keyspace::new(Family::Index, 0x6a);

/// Whether one stands against him.
pub fn barred(read: &dyn Read, authority: &AuthorityId, holder: &[u8; 32]) -> Result<bool, StorageError> {
    Ok(!BARRED.list(read, &stem(&(*authority, *holder)), None, 1)?.is_empty())
}
