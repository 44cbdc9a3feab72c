//! What is counted.

use std::collections::BTreeMap;

/// Counts by name.
pub(super) type Counts = BTreeMap<&'static str, u64>;

/// What a month is counted by.
#[derive(Default)]
pub(super) struct Tally {
    /// Cases that were collected, by how.
    pub(super) cases: Counts,
    /// Acts that were done, by command.
    pub(super) acts: BTreeMap<String, u64>,
    /// Acts that were refused, by code.
    pub(super) refused: BTreeMap<String, u64>,
    pub(super) faults: Counts,
    pub(super) attacks: Counts,
    /// Questions of hostile nodes that were refused.
    pub(super) unanswered: u64,
    /// How often a whole state was looked at.
    pub(super) looks: u64,
}

impl Tally {
    pub(super) fn counts(counts: &mut Counts, what: &'static str) {
        *counts.entry(what).or_default() += 1;
    }
}
