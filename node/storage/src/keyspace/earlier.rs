//! Earlier cases of another system, and the batches in which they came.

use std::collections::BTreeMap;

use tongban_domain::earlier::{EarlierBatch, EarlierCase, EarlierVersion};

use super::{Keyspace, Overlay};
use crate::{Family, Read, StorageError};

/// Earlier cases by the number that the other system had drawn.
pub const EARLIER: Keyspace<String, EarlierCase> = Keyspace::new(Family::Rows, 0x6b);
/// Batches by their numbers.
pub const BATCH: Keyspace<String, EarlierBatch> = Keyspace::new(Family::Rows, 0x6d);
/// Earlier cases by the keyed hash of the applicant's number, as any of their versions has it.
pub const BY_HOLDER: Keyspace<([u8; 32], String), ()> = Keyspace::new(Family::Index, 0x6d);

/// Stores an earlier case, and under whom it is found. A number that was put right leads to it as well as the wrong one did: whoever looks by one asks
/// the version that stands whose it is.
pub fn store(over: &mut Overlay<'_>, earlier: &EarlierCase) {
    for holder in earlier.versions.iter().filter_map(|version| version.holder) {
        BY_HOLDER.put(over.batch, &(holder, earlier.number.clone()), &());
    }
    EARLIER.put(over.batch, &earlier.number, earlier);
}

/// Tells of earlier cases which version stands; each batch is looked up once.
pub struct Standing<'r> {
    read: &'r dyn Read,
    batches: BTreeMap<String, Option<EarlierBatch>>,
}

impl<'r> Standing<'r> {
    /// Over a state.
    #[must_use]
    pub fn new(read: &'r dyn Read) -> Self {
        Self { read, batches: BTreeMap::new() }
    }

    /// A batch.
    ///
    /// # Errors
    ///
    /// When the state can't be read.
    pub fn batch(&mut self, number: &str) -> Result<Option<&EarlierBatch>, StorageError> {
        if !self.batches.contains_key(number) {
            let batch = BATCH.load(self.read, &number.to_owned())?;
            self.batches.insert(number.to_owned(), batch);
        }
        Ok(self.batches.get(number).and_then(Option::as_ref))
    }

    /// The version of an earlier case that stands.
    ///
    /// # Errors
    ///
    /// When the state can't be read.
    pub fn of<'e>(&mut self, earlier: &'e EarlierCase) -> Result<Option<&'e EarlierVersion>, StorageError> {
        for version in &earlier.versions {
            for batch in version.batches() {
                self.batch(batch)?;
            }
        }
        let is_undone = |batch: &str| {
            let batch = self.batches.get(batch).and_then(Option::as_ref);
            batch.is_some_and(|batch| batch.undone.is_some())
        };
        Ok(earlier.standing(is_undone))
    }
}
