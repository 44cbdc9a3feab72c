//! Where the entries of the log stand, and its small records.

use std::collections::{BTreeMap, VecDeque};

use super::batch::Change;

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: u64,
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) crc: u32,
}

/// What the blocks say, in sum.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The index of the first place, or of the next entry if there is none.
    first: u64,
    places: VecDeque<Place>,
    purged: Option<u64>,
    records: BTreeMap<u8, Vec<u8>>,
}

impl Index {
    /// The index that the next entry has.
    pub(super) fn next(&self) -> u64 {
        self.first + self.places.len() as u64
    }

    pub(super) fn first(&self) -> Option<u64> {
        (!self.places.is_empty()).then_some(self.first)
    }

    pub(super) fn last(&self) -> Option<u64> {
        (!self.places.is_empty()).then(|| self.next() - 1)
    }

    pub(super) fn purged(&self) -> Option<u64> {
        self.purged
    }

    pub(super) fn records(&self) -> &BTreeMap<u8, Vec<u8>> {
        &self.records
    }

    pub(super) fn place(&self, index: u64) -> Option<Place> {
        let at = usize::try_from(index.checked_sub(self.first)?).ok()?;
        self.places.get(at).copied()
    }

    /// The first segment that is still needed, `None` if only the one in writing is.
    pub(super) fn oldest_segment(&self) -> Option<u64> {
        self.places.front().map(|place| place.segment)
    }

    /// Whether entries are missing between what was purged and the first that is there; gives the two.
    pub(super) fn hole(&self) -> Option<(u64, u64)> {
        let expected = self.purged.map_or(0, |purged| purged + 1);
        (self.first > expected).then_some((expected, self.first))
    }

    /// Whether changes may follow what is there; the error is for the caller.
    pub(super) fn check(&self, changes: &[Change]) -> Result<(), String> {
        let mut next = self.next();
        let mut purged = self.purged;
        for change in changes {
            match *change {
                Change::Entry { index, .. } if index != next => {
                    return Err(format!("entry {index} was appended where {next} is next"));
                }
                Change::Entry { .. } => next += 1,
                Change::TruncateFrom(from) if from > next => {
                    return Err(format!("truncation from {from}, but {next} is next"));
                }
                Change::TruncateFrom(from) => {
                    next = from.max(purged.map_or(0, |purged| purged + 1));
                }
                Change::PurgeUpto(u64::MAX) => {
                    return Err("purge of every index there is".to_owned());
                }
                Change::PurgeUpto(upto) => {
                    next = next.max(upto + 1);
                    purged = purged.max(Some(upto));
                }
                Change::Record { .. } | Change::Next(_) => {}
            }
        }
        Ok(())
    }

    /// Takes a change in; `block` holds its bytes and begins at `offset` of a segment.
    ///
    /// The error says what doesn't fit, which on a read means damage.
    pub(super) fn apply(&mut self, change: &Change, segment: u64, offset: u64, block: &[u8]) -> Result<(), String> {
        match *change {
            Change::Entry { index, at, length, crc } => {
                if index != self.next() {
                    return Err(format!("entry {index} stands where {} is next", self.next()));
                }
                self.places.push_back(Place { segment, offset: offset + at as u64, length, crc });
            }
            Change::Record { tag, at, length } => {
                let bytes = usize::try_from(length)
                    .ok()
                    .and_then(|length| block.get(at..at + length))
                    .ok_or_else(|| format!("record {tag} is cut short"))?;
                self.records.insert(tag, bytes.to_vec());
            }
            Change::TruncateFrom(from) => self.truncate_from(from),
            Change::PurgeUpto(upto) => self.purge_upto(upto),
            Change::Next(next) => {
                return Err(format!("a segment's beginning, next {next}, stands within it"));
            }
        }
        Ok(())
    }

    /// The beginning of a segment; the first one that is read says where the log begins.
    pub(super) fn begin(&mut self, next: u64, is_first: bool) -> Result<(), String> {
        if is_first {
            self.first = next;
        }
        if self.next() == next {
            Ok(())
        } else {
            Err(format!("the segment begins before entry {next}, the one before it ends before {}", self.next()))
        }
    }

    fn truncate_from(&mut self, from: u64) {
        let from = from.max(self.purged.map_or(0, |purged| purged + 1));
        if from <= self.first {
            self.places.clear();
            self.first = from;
        } else if let Ok(keep) = usize::try_from(from - self.first) {
            self.places.truncate(keep);
        }
    }

    fn purge_upto(&mut self, upto: u64) {
        while self.first <= upto && self.places.pop_front().is_some() {
            self.first += 1;
        }
        if self.places.is_empty() {
            self.first = self.first.max(upto + 1);
        }
        self.purged = self.purged.max(Some(upto));
    }
}
