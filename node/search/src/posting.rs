//! Lists of cards by term, in chunks of which each is one value: small to change, quick to read.

use std::ops::ControlFlow;

use tongban_storage::{Family, Read, StorageError};

use crate::layout;

/// Cards in a chunk at most: their numbers differ in the last ten bits.
const CHUNK_BITS: u32 = 10;
/// Bytes of one card in a chunk: the last bits of its number, and marks.
const STEP: usize = 3;

/// Where in a card a term stands: one bit each.
pub(crate) const IN_NAME: u8 = 1;
pub(crate) const IN_KEYWORDS: u8 = 2;
pub(crate) const IN_MAIN_ITEM: u8 = 4;
pub(crate) const IN_DEPARTMENT: u8 = 8;

/// The chunk of a card.
pub(crate) fn chunk_of(card: u32) -> u32 {
    card >> CHUNK_BITS
}

fn low(card: u32) -> [u8; 2] {
    // Ten bits.
    u16::try_from(card & ((1 << CHUNK_BITS) - 1)).unwrap_or(u16::MAX).to_be_bytes()
}

/// A chunk in its bytes, ordered by card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunk(pub(crate) Vec<u8>);

impl Chunk {
    fn find(&self, card: u32) -> Result<usize, usize> {
        let wanted = low(card);
        let (steps, _) = self.0.as_chunks::<STEP>();
        // Cards are mostly added in their order.
        if steps.last().is_none_or(|last| last[..2] < wanted[..]) {
            return Err(steps.len());
        }
        steps.binary_search_by(|step| step[..2].cmp(&wanted[..]))
    }

    /// Adds a card, or marks to it; false when that was there.
    pub(crate) fn add(&mut self, card: u32, marks: u8) -> bool {
        match self.find(card) {
            Ok(at) => {
                let held = &mut self.0[at * STEP + 2];
                let grown = *held | marks;
                std::mem::replace(held, grown) != grown
            }
            Err(at) => {
                let [high, low] = low(card);
                self.0.splice(at * STEP..at * STEP, [high, low, marks]);
                true
            }
        }
    }

    /// Takes a card away; false when it wasn't there.
    pub(crate) fn remove(&mut self, card: u32) -> bool {
        match self.find(card) {
            Ok(at) => {
                self.0.drain(at * STEP..(at + 1) * STEP);
                true
            }
            Err(_) => false,
        }
    }
}

/// A card in a list, and where in it the term stands.
pub(crate) type Posted = (u32, u8);

/// Cards of a term, with marks, in order. What follows the first `most` may be missing.
pub(crate) fn read(read: &dyn Read, field: u8, term: &str, most: usize) -> Result<Vec<Posted>, StorageError> {
    under(read, &layout::postings(field, term), most)
}

/// Cards of all terms that begin so, with the marks of all of them, in order, each once.
pub(crate) fn read_beginning(read: &dyn Read, field: u8, term: &str) -> Result<Vec<Posted>, StorageError> {
    let mut found = under(read, &layout::postings_from(field, term), usize::MAX)?;
    found.sort_unstable();
    found.dedup_by(|(card, marks), (kept, kept_marks)| {
        *kept_marks |= if card == kept { *marks } else { 0 };
        card == kept
    });
    Ok(found)
}

fn under(read: &dyn Read, from: &[u8], most: usize) -> Result<Vec<Posted>, StorageError> {
    let mut found = Vec::new();
    crate::index::under(read, Family::Index, from, &mut |key, value| {
        let chunk = layout::last_number(key).unwrap_or_default() << CHUNK_BITS;
        let (steps, _) = value.as_chunks::<STEP>();
        found.extend(steps.iter().map(|step| (chunk | u32::from(u16::from_be_bytes([step[0], step[1]])), step[2])));
        if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A chunk is a map from card to marks.
        #[test]
        fn a_chunk_is_a_map(changes in proptest::collection::vec((0u32..40, proptest::option::of(1u8..16)), 0..80)) {
            let (mut chunk, mut map) = (Chunk::default(), BTreeMap::<u32, u8>::new());
            for (card, change) in changes {
                match change {
                    Some(marks) => {
                        let before = map.get(&card).copied();
                        *map.entry(card).or_default() |= marks;
                        prop_assert_eq!(chunk.add(card, marks), before != map.get(&card).copied());
                    }
                    None => prop_assert_eq!(chunk.remove(card), map.remove(&card).is_some()),
                }
            }
            let (steps, _) = chunk.0.as_chunks::<STEP>();
            let read: BTreeMap<u32, u8> =
                steps.iter().map(|step| (u32::from(u16::from_be_bytes([step[0], step[1]])), step[2])).collect();
            prop_assert_eq!(read, map);
        }
    }
}
