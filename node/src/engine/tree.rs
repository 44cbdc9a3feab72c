//! The hash tree of an own journal, for proofs.

use tongban_codes::ids::Digest;
use tongban_journal::merkle::{NodeSource, leaf_hash, root_of};
use tongban_storage::Read;
use tongban_storage::keyspace::journal::{ENTRY, SUBTREE};

/// Subtrees of fewer leaves than two to this power aren't stored, but hashed again from their entries when a proof needs them: an act writes
/// one row less for each level.
pub(super) const SUBTREE_LEVEL_MIN: u8 = 5;

/// The complete subtrees of an own journal.
pub struct OwnTree<'a> {
    read: &'a dyn Read,
    journal: u8,
}

impl<'a> OwnTree<'a> {
    /// The tree of journal `journal` as `read` shows it.
    #[must_use]
    pub fn new(read: &'a dyn Read, journal: u8) -> Self {
        Self { read, journal }
    }
}

impl NodeSource for OwnTree<'_> {
    fn node(&self, level: u8, index: u64) -> Option<Digest> {
        // Earlier releases stored every level.
        if let Some(hash) = SUBTREE.load(self.read, &(self.journal, level, index)).ok()? {
            return Some(hash);
        }
        if level >= SUBTREE_LEVEL_MIN {
            return None;
        }
        let first = index << level;
        let leaves: Option<Vec<Digest>> = (first..first + (1 << level))
            .map(|index| Some(leaf_hash(&ENTRY.load(self.read, &(self.journal, index)).ok()??.entry)))
            .collect();
        Some(root_of(&leaves?))
    }
}
