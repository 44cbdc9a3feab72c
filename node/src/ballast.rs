//! The ballast: a file that takes up disk until the disk is nearly full, so that what was admitted can still be applied then.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::FallocateFlags;

/// The file's name in the data directory.
const NAME: &str = "ballast";

/// Which part of the low-water mark the ballast takes. Below the mark nothing new is admitted; when less than this is left, the file goes.
const PART: u64 = 8;

/// Room in reserve on the disk of a node's data.
#[derive(Debug)]
pub(crate) struct Ballast {
    path: PathBuf,
    low_water: u64,
    held: bool,
}

impl Ballast {
    /// Takes up the room, if there is enough. `low_water` is the bytes of free disk below which nothing new is admitted.
    pub(crate) fn take(data: &Path, low_water: u64, free: u64) -> Self {
        let path = data.join(NAME);
        let held = fs::metadata(&path).is_ok_and(|file| file.len() == low_water / PART);
        let mut ballast = Self { path, low_water, held };
        ballast.watch(free);
        ballast
    }

    /// Whether a node's ballast was given up and isn't back yet.
    pub(crate) fn is_gone(data: &Path) -> bool {
        !data.join(NAME).exists()
    }

    fn bytes(&self) -> u64 {
        self.low_water / PART
    }

    /// Gives the room up when less than it is left, and takes it again when there is plenty.
    pub(crate) fn watch(&mut self, free: u64) {
        if self.held && free < self.bytes() {
            match fs::remove_file(&self.path) {
                Ok(()) => tracing::error!(
                    free_mib = free >> 20,
                    freed_mib = self.bytes() >> 20,
                    "the disk is nearly full; the ballast was given up so that what was admitted can be applied"
                ),
                Err(error) => tracing::error!(%error, "the ballast can't be given up"),
            }
            self.held = false;
        } else if !self.held && free > self.low_water + self.bytes() {
            match fill(&self.path, self.bytes()) {
                Ok(()) => self.held = true,
                Err(error) => {
                    tracing::warn!(%error, "no ballast can be taken");
                    // A part of it would be none.
                    let _gone = fs::remove_file(&self.path);
                }
            }
        }
    }
}

fn fill(path: &Path, bytes: u64) -> io::Result<()> {
    let file = File::create(path)?;
    rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn it_goes_when_the_disk_is_nearly_full_and_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let mib = 1 << 20;
        let size = || fs::metadata(dir.path().join(NAME)).map_or(0, |file| file.len());
        let mut ballast = Ballast::take(dir.path(), 8 * mib, 20 * mib);
        assert_eq!((size(), Ballast::is_gone(dir.path())), (mib, false));
        // Below the mark admission stops, and the room is kept for what was admitted.
        ballast.watch(2 * mib);
        assert_eq!(size(), mib);
        ballast.watch(mib - 1);
        assert!(Ballast::is_gone(dir.path()));
        // Its own room must not bring it back.
        ballast.watch(2 * mib);
        ballast.watch(9 * mib);
        assert!(Ballast::is_gone(dir.path()));
        ballast.watch(9 * mib + 1);
        assert_eq!(size(), mib);
        drop(ballast);
        // A restart on a fuller disk keeps it, another mark makes it anew.
        let _kept = Ballast::take(dir.path(), 8 * mib, 3 * mib);
        assert_eq!(size(), mib);
        let _other = Ballast::take(dir.path(), 16 * mib, 40 * mib);
        assert_eq!(size(), 2 * mib);
    }
}
