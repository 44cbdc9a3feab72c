//! What is written at once, and its bytes.
//!
//! A frame is a kind byte and its content, integers in big-endian order:
//!
//! | kind | content |
//! |---|---|
//! | 1 entry | index u64, length u32, CRC-32C of the bytes u32, the bytes |
//! | 2 record | tag u8, length u32, the bytes |
//! | 3 truncate | index u64 of the first entry that falls |
//! | 4 purge | index u64 of the last entry that goes |
//! | 5 next | index u64 of the next entry; only at the beginning of a segment |
//!
//! Kinds once used stay reserved.

use super::crc::crc32c;

/// The bytes of a block before its frames.
pub(super) const BLOCK_HEADER_BYTES: usize = 32;

const ENTRY: u8 = 1;
const RECORD: u8 = 2;
const TRUNCATE: u8 = 3;
const PURGE: u8 = 4;
const NEXT: u8 = 5;

/// Changes of the log that become durable together, in their order.
#[derive(Debug)]
pub struct LogBatch {
    /// Room for the block's header, then the frames.
    pub(super) block: Vec<u8>,
    pub(super) changes: Vec<Change>,
}

/// What a frame changes; `at` counts from the start of the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Entry { index: u64, at: usize, length: u32, crc: u32 },
    Record { tag: u8, at: usize, length: u32 },
    TruncateFrom(u64),
    PurgeUpto(u64),
    Next(u64),
}

impl Default for LogBatch {
    fn default() -> Self {
        Self { block: vec![0; BLOCK_HEADER_BYTES], changes: Vec::new() }
    }
}

impl LogBatch {
    /// A batch that changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry; its index must be the one after the last.
    ///
    /// # Panics
    ///
    /// If the entry has 4 GiB or more; whoever admits entries bounds them far below.
    pub fn append(&mut self, index: u64, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).expect("entries are bounded when admitted");
        let crc = crc32c(bytes);
        self.block.push(ENTRY);
        self.block.extend(index.to_be_bytes());
        self.block.extend(length.to_be_bytes());
        self.block.extend(crc.to_be_bytes());
        let at = self.block.len();
        self.block.extend(bytes);
        self.changes.push(Change::Entry { index, at, length, crc });
    }

    /// Sets a small record, which survives truncation and purge; the last one with a tag stands.
    ///
    /// # Panics
    ///
    /// If the record has 4 GiB or more; records are a few dozen bytes.
    pub fn save_record(&mut self, tag: u8, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).expect("records are small");
        self.block.push(RECORD);
        self.block.push(tag);
        self.block.extend(length.to_be_bytes());
        let at = self.block.len();
        self.block.extend(bytes);
        self.changes.push(Change::Record { tag, at, length });
    }

    /// Drops all entries behind `index`; `None` drops all that are not purged.
    pub fn truncate_after(&mut self, index: Option<u64>) {
        let from = index.map_or(0, |index| index.saturating_add(1));
        self.block.push(TRUNCATE);
        self.block.extend(from.to_be_bytes());
        self.changes.push(Change::TruncateFrom(from));
    }

    /// Lets go of all entries up to and including `index`; the next entry is never before the one after it.
    pub fn purge_upto(&mut self, index: u64) {
        self.block.push(PURGE);
        self.block.extend(index.to_be_bytes());
        self.changes.push(Change::PurgeUpto(index));
    }

    pub(super) fn begin_at(&mut self, next: u64) {
        self.block.push(NEXT);
        self.block.extend(next.to_be_bytes());
        self.changes.push(Change::Next(next));
    }

    /// Bytes that the batch takes on disk.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.block.len()
    }

    /// Whether the batch changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// Reads the frames of a block whose checksum is right; the error says what is wrong and where in the block.
pub(super) fn parse_frames(block: &[u8]) -> Result<Vec<Change>, String> {
    let mut changes = Vec::new();
    let mut reader = Reader { bytes: block, at: BLOCK_HEADER_BYTES };
    while reader.at < block.len() {
        let start = reader.at;
        let change = reader.frame().ok_or_else(|| format!("no known frame begins at byte {start} of the block"))?;
        changes.push(change);
    }
    Ok(changes)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn frame(&mut self) -> Option<Change> {
        let [kind] = self.take()?;
        match kind {
            ENTRY => {
                let index = u64::from_be_bytes(self.take()?);
                let length = u32::from_be_bytes(self.take()?);
                let crc = u32::from_be_bytes(self.take()?);
                let at = self.skip(length)?;
                Some(Change::Entry { index, at, length, crc })
            }
            RECORD => {
                let [tag] = self.take()?;
                let length = u32::from_be_bytes(self.take()?);
                let at = self.skip(length)?;
                Some(Change::Record { tag, at, length })
            }
            TRUNCATE => Some(Change::TruncateFrom(u64::from_be_bytes(self.take()?))),
            PURGE => Some(Change::PurgeUpto(u64::from_be_bytes(self.take()?))),
            NEXT => Some(Change::Next(u64::from_be_bytes(self.take()?))),
            _ => None,
        }
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = *self.bytes.get(self.at..)?.first_chunk::<N>()?;
        self.at += N;
        Some(taken)
    }

    /// Steps over a number of bytes and gives where they begin.
    fn skip(&mut self, length: u32) -> Option<usize> {
        let at = self.at;
        let end = at.checked_add(usize::try_from(length).ok()?)?;
        if end > self.bytes.len() {
            return None;
        }
        self.at = end;
        Some(at)
    }
}
