//! Room on the disk, and who may still use it.
//!
//! Below the low-water mark a node takes nothing new: no act of its own, no envelope or journal of a peer, so that what it has taken can
//! still be applied and flushed. Reads, receipts and the node's own clock-work go on.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a look at the disk counts: shorter than any disk takes to fill from the mark on.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// The disk of a node's data.
#[derive(Debug)]
pub struct Room {
    directory: PathBuf,
    low_bytes: u64,
    seen: Mutex<Option<(Instant, u64)>>,
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

    /// Free bytes, as they were within the last second; 0 where the disk can't be asked.
    #[must_use]
    pub fn free_bytes(&self) -> u64 {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, free)) = *seen
            && at.elapsed() < FRESH_FOR
        {
            return free;
        }
        let free = crate::runtime::disk_free(&self.directory);
        *seen = Some((Instant::now(), free));
        free
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_decides() {
        let here = std::env::temp_dir();
        assert!(Room::new(here.clone(), 0).is_enough());
        assert!(!Room::new(here, u64::MAX).is_enough());
        assert!(!Room::new(PathBuf::from("/no/such/place"), 1).is_enough());
    }
}
