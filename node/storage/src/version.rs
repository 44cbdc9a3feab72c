//! The version of what is stored, and the steps from one to the next.

use std::ops::{Bound, ControlFlow};

use crate::backend::{Backend, Family, StorageError, WriteBatch};

/// Where the version stands in [`Family::Meta`]; the prefix byte 0 of that family is reserved for it.
const KEY: &[u8] = b"\x00version";

/// The version of what a store holds: key bytes, value types and their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StorageVersion(pub u32);

impl StorageVersion {
    /// The version that this release writes.
    pub const CURRENT: Self = Self(2);
}

/// A step from one version to the next: gives the changes to make, which are written together with the new version.
struct Step {
    from: u32,
    changes: fn(&dyn Backend) -> Result<WriteBatch, StorageError>,
}

/// All steps, the oldest first.
const STEPS: &[Step] = &[Step { from: 1, changes: crate::keyspace::supervision::watch_all }];

/// Checks the version of a store and brings it to [`StorageVersion::CURRENT`]; gives the version that was found.
///
/// An empty store takes the current version. Each step is written and flushed at once with its version, so a crash between two
/// leaves a whole version. Nothing is changed when the store is newer than this release, or when a step is missing.
pub fn open_version(backend: &dyn Backend) -> Result<StorageVersion, StorageError> {
    open_with(backend, StorageVersion::CURRENT, STEPS)
}

fn open_with(backend: &dyn Backend, current: StorageVersion, steps: &[Step]) -> Result<StorageVersion, StorageError> {
    let Some(found) = load(backend)? else {
        if !is_empty(backend)? {
            return Err(StorageError::Migration {
                from: 0,
                detail: "the store holds data but names no version".to_owned(),
            });
        }
        let mut batch = WriteBatch::new();
        put(&mut batch, current);
        backend.write(batch)?;
        backend.flush()?;
        return Ok(current);
    };
    if found > current {
        return Err(StorageError::Newer { found: found.0, known: current.0 });
    }
    let path: Vec<&Step> = (found.0..current.0)
        .map(|from| {
            steps.iter().find(|step| step.from == from).ok_or_else(|| StorageError::Migration {
                from: found.0,
                detail: format!("this release has no step from version {from}"),
            })
        })
        .collect::<Result<_, _>>()?;
    for step in path {
        let mut batch = (step.changes)(backend)?;
        put(&mut batch, StorageVersion(step.from + 1));
        backend.write(batch)?;
        backend.flush()?;
    }
    Ok(found)
}

fn load(backend: &dyn Backend) -> Result<Option<StorageVersion>, StorageError> {
    let Some(bytes) = backend.load(Family::Meta, KEY)? else {
        return Ok(None);
    };
    let bytes = <[u8; 4]>::try_from(bytes.as_slice()).map_err(|_| StorageError::Migration {
        from: 0,
        detail: format!("the version has {} bytes, four were expected", bytes.len()),
    })?;
    Ok(Some(StorageVersion(u32::from_be_bytes(bytes))))
}

fn put(batch: &mut WriteBatch, version: StorageVersion) {
    batch.put(Family::Meta, KEY, version.0.to_be_bytes());
}

fn is_empty(backend: &dyn Backend) -> Result<bool, StorageError> {
    for family in Family::ALL {
        let mut empty = true;
        backend.scan(family, Bound::Unbounded, Bound::Unbounded, false, &mut |_, _| {
            empty = false;
            ControlFlow::Break(())
        })?;
        if !empty {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{backend::Read as _, memory::MemoryBackend};

    fn with_version(version: u32) -> MemoryBackend {
        let backend = MemoryBackend::new();
        let mut batch = WriteBatch::new();
        put(&mut batch, StorageVersion(version));
        backend.write(batch).unwrap();
        backend.flush().unwrap();
        backend
    }

    #[test]
    fn an_empty_store_takes_the_current_version_durably() {
        let backend = MemoryBackend::new();
        assert_eq!(open_version(&backend).unwrap(), StorageVersion::CURRENT);
        backend.crash(0);
        assert_eq!(load(&backend).unwrap(), Some(StorageVersion::CURRENT));
    }

    #[test]
    fn a_newer_store_is_refused_with_both_versions() {
        let backend = with_version(7);
        let error = open_version(&backend).unwrap_err();
        assert_eq!(error.code(), "storage-newer");
        let text = error.to_string();
        assert!(text.contains('7') && text.contains('2'), "{text}");
        assert_eq!(load(&backend).unwrap(), Some(StorageVersion(7)));
    }

    #[test]
    fn data_without_a_version_is_refused() {
        let backend = MemoryBackend::new();
        let mut batch = WriteBatch::new();
        batch.put(Family::Rows, *b"k", *b"v");
        backend.write(batch).unwrap();
        assert_eq!(open_version(&backend).unwrap_err().code(), "storage-migration");
    }

    #[test]
    fn steps_run_in_order_and_a_missing_one_changes_nothing() {
        fn mark(backend: &dyn Backend) -> Result<WriteBatch, StorageError> {
            let mut marks = backend.load(Family::Rows, b"marks")?.unwrap_or_default();
            marks.push(b'x');
            let mut batch = WriteBatch::new();
            batch.put(Family::Rows, *b"marks", marks);
            Ok(batch)
        }
        let steps = [Step { from: 2, changes: mark }, Step { from: 3, changes: mark }];
        let backend = with_version(2);
        assert_eq!(open_with(&backend, StorageVersion(4), &steps).unwrap(), StorageVersion(2));
        backend.crash(0);
        assert_eq!(load(&backend).unwrap(), Some(StorageVersion(4)));
        assert_eq!(backend.load(Family::Rows, b"marks").unwrap(), Some(b"xx".to_vec()));

        let backend = with_version(1);
        assert_eq!(open_with(&backend, StorageVersion(4), &steps).unwrap_err().code(), "storage-migration");
        assert_eq!(load(&backend).unwrap(), Some(StorageVersion(1)));
        assert_eq!(backend.load(Family::Rows, b"marks").unwrap(), None);
    }
}
