//! Reading a log again when it is opened.

use std::{fs, path::Path, sync::Arc};

use super::{
    Shared, Writer,
    batch::{Change, parse_frames},
    index::Index,
    segment::{Found, SEGMENT_HEADER_BYTES, Segment},
};
use crate::backend::StorageError;

/// The numbers of the segments in a directory, in order and without gaps.
pub(super) fn segment_numbers(dir: &Path) -> Result<Vec<u64>, StorageError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| StorageError::io("reading", dir, e))? {
        let entry = entry.map_err(|e| StorageError::io("reading", dir, e))?;
        numbers.extend(Segment::number_of(&entry.file_name().to_string_lossy()));
    }
    numbers.sort_unstable();
    for pair in numbers.windows(2) {
        if pair[1] != pair[0] + 1 {
            return Err(StorageError::Damaged {
                path: dir.to_path_buf(),
                detail: format!("segment {} is missing", Segment::file_name(pair[0] + 1)),
            });
        }
    }
    Ok(numbers)
}

/// Reads all segments, cuts what a crash tore off the last one, and gives where writing goes on.
pub(super) fn replay(dir: &Path, numbers: &[u64], shared: &mut Shared) -> Result<Writer, StorageError> {
    let mut writer = None;
    let mut sequence = None;
    for (number, is_first) in numbers.iter().zip(std::iter::once(true).chain(std::iter::repeat(false))) {
        let is_last = Some(number) == numbers.last();
        let (segment, bytes) = Segment::open(dir.join(Segment::file_name(*number)), *number)?;
        let end = replay_segment(&segment, &bytes, is_first, is_last, &mut sequence, &mut shared.index)?;
        if is_last && bytes[end..].iter().any(|byte| *byte != 0) {
            tracing::warn!(
                path = %segment.path.display(),
                offset = end,
                "the last block of the log was torn by a crash and is cut; it was never acknowledged"
            );
            segment.cut(end as u64)?;
        }
        let segment = Arc::new(segment);
        shared.segments.insert(*number, Arc::clone(&segment));
        writer = sequence.map(|sequence| Writer { segment, offset: end as u64, sequence, stopped: None });
    }
    writer
        .ok_or_else(|| StorageError::Damaged { path: dir.to_path_buf(), detail: "no segment holds a block".to_owned() })
}

/// Reads the blocks of a segment; `sequence` is the one that the next block must have. Gives where the last block ends.
fn replay_segment(
    segment: &Segment,
    bytes: &[u8],
    is_first: bool,
    is_last: bool,
    sequence: &mut Option<u64>,
    index: &mut Index,
) -> Result<usize, StorageError> {
    let mut at = SEGMENT_HEADER_BYTES;
    let damaged = |at: usize, detail: &str| StorageError::Damaged {
        path: segment.path.clone(),
        detail: format!("{detail} at offset {at}"),
    };
    loop {
        let begins = at == SEGMENT_HEADER_BYTES;
        match segment.find(bytes, at) {
            Found::Block { sequence: found, end } => {
                if sequence.is_some_and(|expected| found != expected) {
                    return Err(damaged(at, "a block is out of sequence"));
                }
                replay_block(segment, &bytes[at..end], at, begins, is_first, index)
                    .map_err(|detail| damaged(at, &detail))?;
                *sequence = Some(found + 1);
                at = end;
            }
            Found::End if at == bytes.len() && !begins => return Ok(at),
            // A segment gets its name when its first block is on disk, and an older one ends with its last block.
            _ if begins || !is_last => return Err(damaged(at, "a block fails its checksum")),
            Found::End | Found::Torn => {
                let expected = sequence.unwrap_or_default();
                if let Some(later) = segment.find_later(bytes, at, expected) {
                    let detail = format!("a block fails its checksum, with a later one at offset {later},");
                    return Err(damaged(at, &detail));
                }
                return Ok(at);
            }
        }
    }
}

fn replay_block(
    segment: &Segment,
    block: &[u8],
    at: usize,
    begins: bool,
    is_first: bool,
    index: &mut Index,
) -> Result<(), String> {
    let changes = parse_frames(block)?;
    let mut changes = changes.as_slice();
    if begins {
        let [Change::Next(next), rest @ ..] = changes else {
            return Err("the segment doesn't say at which entry it begins".to_owned());
        };
        index.begin(*next, is_first)?;
        changes = rest;
    }
    for change in changes {
        index.apply(change, segment.number, at as u64, block)?;
    }
    Ok(())
}
