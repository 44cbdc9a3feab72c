//! Room on the disk, and who may still use it.
//!
//! Below the low-water mark a node takes nothing new: no act of its own, no envelope or journal of a peer, so that what it has taken can
//! still be applied and flushed. Reads, receipts and the node's own clock-work go on.
//!
//! Files of materials have a mark of their own, twice as high, and each has its room reserved before its first byte comes: however many are
//! given or handed over at once, files alone never bring the disk to the low-water mark.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a look at the disk counts: shorter than any disk takes to fill from the mark on.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// The disk of a node's data.
#[derive(Debug)]
pub struct Room {
    directory: PathBuf,
    low_bytes: u64,
    seen: Mutex<Seen>,
}

/// What is known of the disk.
#[derive(Debug, Default)]
struct Seen {
    at: Option<Instant>,
    free: u64,
    /// What is reserved for files and not written yet.
    reserved: u64,
}

/// Room for a file, as long as it is held: for what isn't written of it yet.
#[derive(Debug)]
pub struct Reserved {
    room: Arc<Room>,
    bytes: u64,
}

impl Reserved {
    /// So many bytes of the file are on the disk now.
    pub fn written(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        let mut seen = self.room.seen();
        seen.reserved -= bytes;
        // Until the disk is asked again they are neither reserved nor free.
        seen.free = seen.free.saturating_sub(bytes);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.room.seen().reserved -= self.bytes;
    }
}

impl Room {
    /// The disk on which `directory` lies, with its low-water mark in bytes.
    #[must_use]
    pub fn new(directory: PathBuf, low_bytes: u64) -> Self {
        Self { directory, low_bytes, seen: Mutex::default() }
    }

    /// The directory whose disk it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The low-water mark in bytes.
    #[must_use]
    pub fn low_bytes(&self) -> u64 {
        self.low_bytes
    }

    /// The mark in bytes above which files of materials stay.
    #[must_use]
    pub fn files_low_bytes(&self) -> u64 {
        self.low_bytes.saturating_mul(2)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, seen: &mut Seen) -> u64 {
        if seen.at.is_none_or(|at| at.elapsed() >= FRESH_FOR) {
            seen.free = crate::runtime::disk_free(&self.directory);
            seen.at = Some(Instant::now());
        }
        seen.free
    }

    /// Free bytes, as they were within the last second; 0 where the disk can't be asked.
    #[must_use]
    pub fn free_bytes(&self) -> u64 {
        self.look(&mut self.seen())
    }

    /// Whether the disk was so full that the ballast was given up, and it isn't back yet.
    #[must_use]
    pub fn is_without_ballast(&self) -> bool {
        !self.is_enough() && crate::ballast::Ballast::is_gone(&self.directory)
    }

    /// Whether something new may be taken.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.free_bytes() >= self.low_bytes
    }

    /// Whether a file of a material may go on being written.
    #[must_use]
    pub fn has_room_for_files(&self) -> bool {
        self.free_bytes() >= self.files_low_bytes()
    }

    /// Keeps room for so many bytes of a file, beside what is kept for others; none where there isn't so much above the mark of files.
    #[must_use]
    pub fn reserve(self: &Arc<Self>, bytes: u64) -> Option<Reserved> {
        let mut seen = self.seen();
        let left = self.look(&mut seen).saturating_sub(self.files_low_bytes()).saturating_sub(seen.reserved);
        if left < bytes {
            return None;
        }
        seen.reserved += bytes;
        Some(Reserved { room: Arc::clone(self), bytes })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_mark_decides() {
        let here = std::env::temp_dir();
        assert!(Room::new(here.clone(), 0).is_enough());
        assert!(!Room::new(here, u64::MAX).is_enough());
        assert!(!Room::new(PathBuf::from("/no/such/place"), 1).is_enough());
    }

    /// A disk with so many bytes free, as it was seen just now.
    fn room(low: u64, free: u64) -> Arc<Room> {
        let room = Room::new(PathBuf::from("/no/such/place"), low);
        *room.seen() = Seen { at: Some(Instant::now() + Duration::from_secs(3600)), free, reserved: 0 };
        Arc::new(room)
    }

    #[test]
    fn files_that_come_at_once_share_the_room_above_their_mark() {
        let room = room(100, 1_000);
        assert!(room.reserve(801).is_none(), "the mark of files is 200");
        let mut first = room.reserve(500).unwrap();
        assert!(room.reserve(301).is_none(), "though the bytes are free still");
        let second = room.reserve(300).unwrap();
        first.written(400);
        assert_eq!(room.free_bytes(), 600);
        assert!(room.reserve(1).is_none(), "what is written is no longer reserved, nor free");
        drop(second);
        assert!(room.reserve(301).is_none());
        let third = room.reserve(300).unwrap();
        first.written(100);
        drop((first, third));
        assert_eq!((room.free_bytes(), room.seen().reserved), (500, 0));
        assert!(room.is_enough() && room.has_room_for_files());
    }

    #[test]
    fn below_their_mark_no_file_comes_and_windows_stay_open() {
        let room = room(100, 150);
        assert!(room.reserve(1).is_none() && !room.has_room_for_files() && room.is_enough());
    }
}
