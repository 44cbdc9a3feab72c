//! Sweeping what no case names: once an hour, what is older than a day.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

use tongban_seal::FileName;
use tongban_storage::StorageError;

use super::{DRAFT_HOURS, MaterialFiles, removed};

/// How many drafts one sweep looks at, and how many whole files, but for the last folder's; the next one goes on behind them.
const SWEPT_MAX: usize = 10_000;

/// Folders of whole files.
const FOLDERS: u16 = 256;

/// What a sweep may not touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A case names the file: only the node's own wrap of its key goes.
    Named,
    /// It is still to be fetched.
    Wanted,
    /// Nothing names it.
    No,
}

/// How far the sweeps have come.
#[derive(Debug, Default)]
pub(super) struct Swept {
    /// The last draft that was looked at.
    draft: Option<String>,
    /// The next folder of whole files.
    folder: u16,
}

fn file_of(name: &str) -> Option<FileName> {
    let hex = name.get(..32)?;
    let mut file = [0; 16];
    for (at, byte) in file.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(file)
}

/// The first names of a folder behind one, at most so many; none of a folder that isn't there.
fn names(folder: &Path, after: Option<&str>, max: usize) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        if after.is_some_and(|after| *name <= *after) {
            continue;
        }
        names.insert(name);
        if names.len() > max {
            names.pop_last();
        }
    }
    Ok(names)
}

fn is_old(path: &Path, now: SystemTime) -> bool {
    let changed = path.metadata().and_then(|metadata| metadata.modified());
    let age = changed.map(|changed| now.duration_since(changed).unwrap_or_default());
    age.is_ok_and(|age| age > Duration::from_secs(DRAFT_HOURS * 3600))
}

impl MaterialFiles {
    /// Removes what is older than a day and is named by nothing, as `kept` says; gives how many files went.
    ///
    /// # Errors
    ///
    /// When a folder or the state can't be read; what was removed before stays removed.
    pub fn sweep(
        &self,
        now: SystemTime,
        mut kept: impl FnMut(&FileName) -> Result<Kept, StorageError>,
    ) -> io::Result<usize> {
        let mut at = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(self.sweep_drafts(&mut at, now, &mut kept)? + self.sweep_whole(&mut at, now, &mut kept)?)
    }

    fn sweep_drafts(
        &self,
        at: &mut Swept,
        now: SystemTime,
        kept: &mut impl FnMut(&FileName) -> Result<Kept, StorageError>,
    ) -> io::Result<usize> {
        let mut swept = 0;
        let names = names(&self.drafts(), at.draft.as_deref(), SWEPT_MAX)?;
        at.draft = if names.len() == SWEPT_MAX { names.last().cloned() } else { None };
        for name in names {
            let path = self.drafts().join(&name);
            let _judged = self.judged();
            let Some(file) = file_of(&name).filter(|_| is_old(&path, now)) else { continue };
            match kept(&file).map_err(io::Error::other)? {
                Kept::Wanted => {}
                // A part of a file that is here whole was left over by a second one at once.
                Kept::Named => removed(&path)?,
                Kept::No => {
                    // What else lies beside an old key belongs to it; beside a new one it was left over by an earlier attempt. The key goes
                    // last: as long as it is here, the file is a draft.
                    if path == self.key_path(&file) {
                        self.discard(&file)?;
                    }
                    removed(&path)?;
                    swept += 1;
                }
            }
        }
        Ok(swept)
    }

    /// Whole files without a key, which came after their case had left.
    fn sweep_whole(
        &self,
        at: &mut Swept,
        now: SystemTime,
        kept: &mut impl FnMut(&FileName) -> Result<Kept, StorageError>,
    ) -> io::Result<usize> {
        let (mut swept, mut looked_at) = (0, 0);
        for _ in 0..FOLDERS {
            if looked_at >= SWEPT_MAX {
                break;
            }
            let folder = self.folder.join(format!("{:02x}", at.folder));
            for name in names(&folder, None, usize::MAX)? {
                looked_at += 1;
                let path = folder.join(&name);
                let _judged = self.judged();
                let Some(file) = file_of(&name).filter(|_| is_old(&path, now)) else { continue };
                // With a key it is a draft, and goes with that.
                if !self.key_path(&file).exists() && kept(&file).map_err(io::Error::other)? == Kept::No {
                    removed(&path)?;
                    swept += 1;
                }
            }
            at.folder = (at.folder + 1) % FOLDERS;
        }
        Ok(swept)
    }
}
