//! A disk that is small enough to be filled.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A tmpfs at a directory of its own; unmounted when it is dropped.
pub struct SmallDisk {
    path: PathBuf,
}

/// What is written at once to fill a disk.
const FILL_BYTES: usize = 64 << 10;

impl SmallDisk {
    /// Mounts a disk of so many MiB at `path`, which is made; `None`, with a word, where this user may not mount.
    ///
    /// The word goes to the file that `TONGBAN_SKIPPED` names as well, because a passed test's output is not shown.
    ///
    /// # Panics
    ///
    /// When the directory can't be made.
    #[must_use]
    #[expect(clippy::print_stderr, reason = "whoever runs the tests must know what wasn't tested")]
    pub fn mount(path: &Path, mib: u32) -> Option<Self> {
        fs::create_dir_all(path).expect("the directory can be made");
        let done =
            Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"]).arg(path).output();
        match done {
            Ok(output) if output.status.success() => Some(Self { path: path.to_owned() }),
            other => {
                let why = match other {
                    Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
                    Err(error) => error.to_string(),
                };
                let test = std::thread::current().name().unwrap_or("a test").to_owned();
                let word = format!("SKIPPED: {test} needs a disk of its own, and none can be mounted: {why}");
                eprintln!("{word}");
                if let Some(list) = std::env::var_os("TONGBAN_SKIPPED") {
                    let file = File::options().create(true).append(true).open(list);
                    let _written = file.and_then(|mut file| writeln!(file, "{word}"));
                }
                None
            }
        }
    }

    /// Free bytes.
    ///
    /// # Panics
    ///
    /// When the disk is gone.
    #[must_use]
    pub fn free(&self) -> u64 {
        let stat = rustix::fs::statvfs(&self.path).expect("the disk is mounted");
        stat.f_bavail * stat.f_frsize
    }

    /// Fills the disk until at most `left` bytes are free.
    ///
    /// # Panics
    ///
    /// When the disk refuses for another reason than being full.
    pub fn fill(&self, left: u64) {
        let mut file =
            File::options().create(true).append(true).open(self.filler()).expect("a full disk still opens files");
        while self.free() > left {
            let bytes = usize::try_from(self.free() - left).unwrap_or(FILL_BYTES).min(FILL_BYTES);
            match file.write(&vec![0x5a; bytes]) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::StorageFull => return,
                Err(error) => panic!("the disk can't be filled: {error}"),
            }
        }
    }

    /// Makes the disk larger.
    ///
    /// # Panics
    ///
    /// When it can't be mounted anew.
    pub fn grow(&self, mib: u32) {
        let size = format!("remount,size={mib}m");
        let done = Command::new("mount").args(["-o", &size]).arg(&self.path).status();
        assert!(done.is_ok_and(|status| status.success()), "{} can't be made larger", self.path.display());
    }

    /// Gives back what was filled.
    ///
    /// # Panics
    ///
    /// When the file can't be removed.
    pub fn empty(&self) {
        fs::remove_file(self.filler()).expect("the disk was filled");
    }

    fn filler(&self) -> PathBuf {
        self.path.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, because a node may still have it open.
        let _done = Command::new("umount").arg("-l").arg(&self.path).output();
    }
}
