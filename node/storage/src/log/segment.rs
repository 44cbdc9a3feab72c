//! A segment: one file of the log, a header and then blocks.
//!
//! The header is `TONGLOG1`, format u32, number u64, salt u64, CRC-32C u32 of what precedes. A block is the mark `TLBK`, length
//! u32 of its frames, sequence u64, the segment's salt u64, CRC-32C u32 of the frames, CRC-32C u32 of what precedes, then the
//! frames. Integers are big-endian. A block is written at once and synced before the next one is begun, so a block that
//! doesn't stand can only be the last; where one stands behind it, the disk has failed.

use std::{
    fs::{self, File, OpenOptions},
    hash::{BuildHasher, Hasher, RandomState},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{batch::BLOCK_HEADER_BYTES, crc::crc32c};
use crate::backend::StorageError;

const SEGMENT_MARK: [u8; 8] = *b"TONGLOG1";
const SEGMENT_FORMAT: u32 = 1;
const BLOCK_MARK: [u8; 4] = *b"TLBK";

/// The bytes of a segment before its first block.
pub(super) const SEGMENT_HEADER_BYTES: usize = 32;

/// One file of the log.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) salt: u64,
}

/// What stands at an offset of a segment.
pub(super) enum Found {
    /// A block that ends before `end`.
    Block { sequence: u64, end: usize },
    /// Nothing was written here.
    End,
    /// Bytes that aren't a block.
    Torn,
}

impl Segment {
    /// The file's name, which sorts by number.
    pub(super) fn file_name(number: u64) -> String {
        format!("{number:020}.log")
    }

    /// The number in a file's name, `None` if it isn't a segment's.
    pub(super) fn number_of(name: &str) -> Option<u64> {
        let digits = name.strip_suffix(".log")?;
        (digits.len() == 20).then(|| digits.parse().ok())?
    }

    /// Makes a segment with its first block, synced, under a name that isn't read yet; [`Self::publish`] makes it count.
    pub(super) fn create(
        dir: &Path,
        number: u64,
        sequence: u64,
        first_block: &mut [u8],
        bytes: u64,
        sync: bool,
    ) -> Result<Self, StorageError> {
        let path = dir.join(format!("{}.new", Self::file_name(number)));
        let salt = RandomState::new().build_hasher().finish();
        let mut header = Vec::with_capacity(SEGMENT_HEADER_BYTES);
        header.extend(SEGMENT_MARK);
        header.extend(SEGMENT_FORMAT.to_be_bytes());
        header.extend(number.to_be_bytes());
        header.extend(salt.to_be_bytes());
        header.extend(crc32c(&header).to_be_bytes());
        seal_block(first_block, sequence, salt);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .map_err(|e| StorageError::io("creating", &path, e))?;
        let segment = Self { number, path, file, salt };
        segment.reserve(bytes)?;
        segment.write(0, &[&header, &*first_block].concat())?;
        if sync {
            segment.file.sync_all().map_err(|e| StorageError::io("syncing", &segment.path, e))?;
        }
        Ok(segment)
    }

    /// Gives the segment its name, durably.
    pub(super) fn publish(mut self, dir: &Path) -> Result<Self, StorageError> {
        let path = dir.join(Self::file_name(self.number));
        fs::rename(&self.path, &path).map_err(|e| StorageError::io("renaming", &self.path, e))?;
        self.path = path;
        sync_dir(dir)?;
        Ok(self)
    }

    /// Opens a segment and reads it whole.
    pub(super) fn open(path: PathBuf, number: u64) -> Result<(Self, Vec<u8>), StorageError> {
        let file =
            OpenOptions::new().read(true).write(true).open(&path).map_err(|e| StorageError::io("opening", &path, e))?;
        let bytes = fs::read(&path).map_err(|e| StorageError::io("reading", &path, e))?;
        let damaged =
            |detail: &str| StorageError::Damaged { path: path.clone(), detail: format!("{detail} at offset 0") };
        let header =
            bytes.first_chunk::<SEGMENT_HEADER_BYTES>().ok_or_else(|| damaged("the segment's header is incomplete"))?;
        let (content, crc) = header.split_at(SEGMENT_HEADER_BYTES - 4);
        if content[..8] != SEGMENT_MARK || crc != crc32c(content).to_be_bytes() {
            return Err(damaged("the segment's header fails its checksum"));
        }
        let format = word32(&content[8..]);
        if format > SEGMENT_FORMAT {
            return Err(StorageError::Newer { found: format, known: SEGMENT_FORMAT });
        }
        if word64(&content[12..]) != number {
            return Err(damaged("the segment's header has another number than its name"));
        }
        let salt = word64(&content[20..]);
        Ok((Self { number, path, file, salt }, bytes))
    }

    /// What stands at an offset of the segment's bytes.
    pub(super) fn find(&self, bytes: &[u8], at: usize) -> Found {
        let rest = &bytes[at..];
        let Some((length, sequence, crc)) = self.block_header(rest) else {
            return if rest.iter().all(|byte| *byte == 0) { Found::End } else { Found::Torn };
        };
        match rest.get(BLOCK_HEADER_BYTES..BLOCK_HEADER_BYTES + length) {
            Some(frames) if crc32c(frames) == crc => Found::Block { sequence, end: at + BLOCK_HEADER_BYTES + length },
            _ => Found::Torn,
        }
    }

    /// Where the header of a later block than `sequence` stands behind an offset.
    pub(super) fn find_later(&self, bytes: &[u8], at: usize, sequence: u64) -> Option<usize> {
        (at + 1..bytes.len()).find(|&at| {
            bytes[at..].starts_with(&BLOCK_MARK)
                && self.block_header(&bytes[at..]).is_some_and(|(_, found, _)| found > sequence)
        })
    }

    /// Length, sequence and checksum of the frames, if a header stands at the start of the bytes.
    fn block_header(&self, bytes: &[u8]) -> Option<(usize, u64, u32)> {
        let header = bytes.first_chunk::<BLOCK_HEADER_BYTES>()?;
        let (content, crc) = header.split_at(BLOCK_HEADER_BYTES - 4);
        if content[..4] != BLOCK_MARK || crc != crc32c(content).to_be_bytes() || word64(&content[16..]) != self.salt {
            return None;
        }
        let length = usize::try_from(word32(&content[4..])).ok()?;
        Some((length, word64(&content[8..]), word32(&content[24..])))
    }

    /// Fills in a block's header and writes the block.
    pub(super) fn write_block(&self, at: u64, sequence: u64, block: &mut [u8]) -> Result<(), StorageError> {
        seal_block(block, sequence, self.salt);
        self.write(at, block)
    }

    /// Waits until what was written is on disk.
    pub(super) fn sync(&self) -> Result<(), StorageError> {
        self.file.sync_data().map_err(|e| StorageError::io("syncing", &self.path, e))
    }

    /// Cuts the segment at an offset, durably.
    pub(super) fn cut(&self, at: u64) -> Result<(), StorageError> {
        self.file
            .set_len(at)
            .and_then(|()| self.file.sync_all())
            .map_err(|e| StorageError::io("cutting", &self.path, e))
    }

    /// Takes room on disk ahead, as zeros, so that a sync needn't write the file's length; where the file system can't, none.
    pub(super) fn reserve(&self, bytes: u64) -> Result<(), StorageError> {
        let flags = rustix::fs::FallocateFlags::empty();
        match rustix::fs::fallocate(&self.file, flags, 0, bytes) {
            Ok(()) => Ok(()),
            Err(e) => match io::Error::from(e) {
                e if e.kind() == io::ErrorKind::StorageFull || e.kind() == io::ErrorKind::QuotaExceeded => {
                    Err(StorageError::io("reserving room for", &self.path, e))
                }
                _ => Ok(()),
            },
        }
    }

    fn write(&self, at: u64, bytes: &[u8]) -> Result<(), StorageError> {
        self.file.write_all_at(bytes, at).map_err(|e| StorageError::io("writing", &self.path, e))
    }
}

/// Makes the names in a directory durable.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StorageError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|e| StorageError::io("syncing", dir, e))
}

fn seal_block(block: &mut [u8], sequence: u64, salt: u64) {
    let (header, frames) = block.split_at_mut(BLOCK_HEADER_BYTES);
    let length = u32::try_from(frames.len()).expect("the length of a block is checked before");
    header[..4].copy_from_slice(&BLOCK_MARK);
    header[4..8].copy_from_slice(&length.to_be_bytes());
    header[8..16].copy_from_slice(&sequence.to_be_bytes());
    header[16..24].copy_from_slice(&salt.to_be_bytes());
    header[24..28].copy_from_slice(&crc32c(frames).to_be_bytes());
    let crc = crc32c(&header[..28]);
    header[28..].copy_from_slice(&crc.to_be_bytes());
}

fn word32(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |word| u32::from_be_bytes(*word))
}

fn word64(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |word| u64::from_be_bytes(*word))
}
