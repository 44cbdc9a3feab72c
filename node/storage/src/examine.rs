//! What can still be read of a node's databases when they don't open: found out on a copy, so that nothing is made worse.

use std::fs;
use std::path::Path;

use rocksdb::{DB, Options};

use crate::backend::{Family, Read as _, StorageError};
use crate::keyspace::{case, meta};
use crate::log::{Log, LogOptions};
use crate::rocks::{RocksBackend, RocksOptions};

/// How the state, or a copy of it, came open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// As it lies there.
    AsItIs,
    /// A copy of it, once RocksDB had rebuilt what its files still say. Some rows may be missing, and nobody knows which.
    Repaired,
    /// Not even then.
    Not(String),
}

/// How far what lies on disk reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateReach {
    /// How it came open.
    pub opening: Opening,
    /// Index of the last log entry that it says it holds.
    pub applied: Option<u64>,
    /// Cases that can be read; only counted in a copy.
    pub cases: u64,
    /// Families of which a part can't be read, with why.
    pub unreadable: Vec<(Family, String)>,
}

/// How far a log reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogReach {
    /// The first entry that is there; `None` when there is none.
    pub first: Option<u64>,
    /// The last one.
    pub last: Option<u64>,
}

/// Opens a state for reading only, and changes nothing. The caller holds the lock of the node's directory.
///
/// # Errors
///
/// Why it doesn't open; then [`examine_state`] tells more.
pub fn probe_state(directory: &Path) -> Result<StateReach, StorageError> {
    let state = RocksBackend::open_to_read(directory)?;
    let applied = meta::APPLIED.load(&state, &())?;
    Ok(StateReach { opening: Opening::AsItIs, applied, cases: 0, unreadable: Vec::new() })
}

/// Copies a state that doesn't open to `copy`, which must not exist, repairs the copy, and tells what it still holds.
///
/// # Errors
///
/// When the copy can't be made. That the copy doesn't open either is an answer, no error.
pub fn examine_state(directory: &Path, copy: &Path) -> Result<StateReach, StorageError> {
    copy_files(directory, copy)?;
    let not = |error: &dyn std::fmt::Display| StateReach {
        opening: Opening::Not(error.to_string()),
        applied: None,
        cases: 0,
        unreadable: Vec::new(),
    };
    if let Err(error) = DB::repair(&Options::default(), copy) {
        return Ok(not(&error));
    }
    let state = match RocksBackend::open(copy, RocksOptions::default()) {
        Ok(state) => state,
        Err(error) => return Ok(not(&error)),
    };
    let applied = meta::APPLIED.load(&state, &()).ok().flatten();
    let mut cases = 0;
    // What can't be read is in the list of families below.
    let _counted = case::CASE.visit_keys(&state, |_| cases += 1);
    let mut unreadable = Vec::new();
    for family in Family::ALL {
        let all = std::ops::Bound::Unbounded;
        let read = state.scan(family, all, all, false, &mut |_, _| std::ops::ControlFlow::Continue(()));
        if let Err(error) = read {
            unreadable.push((family, error.to_string()));
        }
    }
    Ok(StateReach { opening: Opening::Repaired, applied, cases, unreadable })
}

/// Copies a log to `copy`, which must not exist, and opens the copy: opening a log clears away its torn end.
///
/// # Errors
///
/// Why it doesn't open, or can't be copied.
pub fn examine_log(directory: &Path, copy: &Path) -> Result<LogReach, StorageError> {
    copy_files(directory, copy)?;
    let log = Log::open(copy, LogOptions::default())?;
    let reach = LogReach { first: log.first_index(), last: log.last_index() };
    log.close()?;
    Ok(reach)
}

/// Bytes of the files in a directory.
///
/// # Errors
///
/// When it can't be read.
pub fn bytes_of(directory: &Path) -> Result<u64, StorageError> {
    let mut bytes = 0;
    for file in fs::read_dir(directory).map_err(|e| StorageError::io("reading", directory, e))? {
        let file = file.and_then(|file| file.metadata()).map_err(|e| StorageError::io("reading", directory, e))?;
        bytes += file.len();
    }
    Ok(bytes)
}

fn copy_files(from: &Path, to: &Path) -> Result<(), StorageError> {
    fs::create_dir_all(to).map_err(|e| StorageError::io("creating", to, e))?;
    for file in fs::read_dir(from).map_err(|e| StorageError::io("reading", from, e))? {
        let file = file.map_err(|e| StorageError::io("reading", from, e))?;
        if file.file_type().is_ok_and(|kind| kind.is_file()) && file.file_name() != "LOCK" {
            fs::copy(file.path(), to.join(file.file_name()))
                .map_err(|e| StorageError::io("copying", &file.path(), e))?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{Backend as _, WriteBatch};

    fn filled(directory: &Path) {
        let state = RocksBackend::open(directory, RocksOptions::default()).unwrap();
        for index in 1..=50_u64 {
            let mut batch = WriteBatch::new();
            meta::APPLIED.put(&mut batch, &(), &index);
            batch.put(Family::Rows, [&[0x01][..], &[u8::try_from(index).unwrap(); 16]].concat(), [0x80; 600]);
            state.write(batch).unwrap();
            if index % 10 == 0 {
                state.flush().unwrap();
            }
        }
    }

    fn files(directory: &Path, ending: &str) -> Vec<std::path::PathBuf> {
        let mut found: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| path.to_string_lossy().contains(ending))
            .collect();
        found.sort();
        found
    }

    #[test]
    fn a_sound_state_is_only_read() {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path());
        let before = files(dir.path(), ".sst");
        let reach = probe_state(dir.path()).unwrap();
        assert_eq!((reach.opening, reach.applied), (Opening::AsItIs, Some(50)));
        assert_eq!(files(dir.path(), ".sst"), before);
    }

    #[test]
    fn of_a_damaged_state_a_copy_tells_what_it_reaches_and_the_state_stays_as_it_is() {
        for damage in ["MANIFEST-", "CURRENT"] {
            let dir = tempfile::tempdir().unwrap();
            let state = dir.path().join("state");
            filled(&state);
            let hurt = files(&state, damage).pop().unwrap();
            if damage == "CURRENT" {
                fs::remove_file(&hurt).unwrap();
            } else {
                let mut bytes = fs::read(&hurt).unwrap();
                bytes[20] ^= 1;
                fs::write(&hurt, bytes).unwrap();
            }
            let before: Vec<_> = files(&state, "").iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
            probe_state(&state).unwrap_err();
            let reach = examine_state(&state, &dir.path().join("copy")).unwrap();
            assert_eq!(reach.opening, Opening::Repaired, "{damage}");
            assert_eq!((reach.applied, reach.cases), (Some(50), 50), "{damage}");
            assert_eq!(reach.unreadable, []);
            for (path, bytes) in before {
                assert_eq!(fs::read(&path).unwrap(), bytes, "{}", path.display());
            }
        }
    }

    #[test]
    fn a_lost_table_shows_as_fewer_cases() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        filled(&state);
        let table = files(&state, ".sst").into_iter().find(|path| fs::metadata(path).unwrap().len() > 5_000).unwrap();
        fs::remove_file(table).unwrap();
        probe_state(&state).unwrap_err();
        let reach = examine_state(&state, &dir.path().join("copy")).unwrap();
        assert!(reach.cases < 50, "{reach:?}");
    }

    #[test]
    fn a_log_tells_its_entries_and_keeps_its_torn_end() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("log");
        let log = Log::open(&place, LogOptions::default()).unwrap();
        log.append(0, &[[1; 10], [2; 10], [3; 10]]).unwrap();
        log.close().unwrap();
        drop(log);
        let reach = examine_log(&place, &dir.path().join("copy")).unwrap();
        assert_eq!(reach, LogReach { first: Some(0), last: Some(2) });
    }
}
