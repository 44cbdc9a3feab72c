//! Files that commands read and write: read whole or refused, written whole or not at all.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{Error, ErrorKind, Read, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::Builder;

use super::Context;
use super::failure::Failure;
use super::text::{FILE_EXISTS, FILE_TOO_LARGE, FILE_UNREADABLE, FILE_UNWRITABLE};

/// Reads a file, or what is piped in where it is called `-`.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_or_piped(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    if path.as_os_str() == "-" { bounded(path, std::io::stdin().lock(), bytes_max) } else { read(path, bytes_max) }
}

/// Reads a file.
///
/// # Errors
/// `file-unreadable`; `file-too-large` of one beyond `bytes_max`, of which nothing is taken then.
pub(crate) fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    bounded(path, File::open(path).map_err(|error| unreadable(path, &error))?, bytes_max)
}

fn bounded(path: &Path, from: impl Read, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    from.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > bytes_max {
        return Err(Failure::of(&FILE_TOO_LARGE, path.display().to_string(), &[&(bytes_max >> 20).to_string()]));
    }
    Ok(bytes)
}

fn unreadable(path: &Path, error: &Error) -> Failure {
    Failure::of(&FILE_UNREADABLE, path.display().to_string(), &[&error.to_string()])
}

/// Asks before a file is replaced that exists.
///
/// # Errors
/// `file-exists`, without `--yes`.
pub(super) fn writable(context: &Context, path: &Path) -> Result<(), Failure> {
    if path.exists() && !context.yes {
        return Err(Failure::of(&FILE_EXISTS, path.display().to_string(), &[]));
    }
    Ok(())
}

/// A file that can't be written.
pub(crate) fn unwritable(path: &Path, reason: &str) -> Failure {
    Failure::of(&FILE_UNWRITABLE, path.display().to_string(), &[reason])
}

/// Writes a file whole or not at all: beside its place first, synced, then under its name. Missing folders are made, links are followed, and what
/// is no file (a device, a pipe) is written into. Nothing is replaced without `--yes`, whenever it came there.
///
/// # Errors
/// `file-unwritable`, `file-exists`; what stood under the name stands there still.
pub(super) fn write(context: &Context, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_as(context, path, bytes, None)
}

/// [`write`], of what nobody else may read (mode 0600).
///
/// # Errors
/// As [`write`].
pub(super) fn write_private(context: &Context, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_as(context, path, bytes, Some(0o600))
}

fn write_as(context: &Context, path: &Path, bytes: &[u8], mode: Option<u32>) -> Result<(), Failure> {
    written(path, bytes, context.yes, mode).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::of(&FILE_EXISTS, path.display().to_string(), &[]),
        _ => unwritable(path, &error.to_string()),
    })
}

/// `AlreadyExists` of what stands there, unless it may be replaced.
fn written(path: &Path, bytes: &[u8], replaces: bool, private: Option<u32>) -> Result<(), Error> {
    let held = match path.metadata() {
        Ok(_) if !replaces => return Err(ErrorKind::AlreadyExists.into()),
        Ok(held) if held.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        Ok(held) if !held.is_file() => return OpenOptions::new().write(true).open(path)?.write_all(bytes),
        Ok(held) => Some(private.map_or_else(|| held.permissions(), Permissions::from_mode)),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let path = if held.is_some() { path.canonicalize()? } else { path.to_owned() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let opened = File::open(folder);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    // What the user's mask leaves of it, as of every new file.
    let mode = Permissions::from_mode(private.unwrap_or(0o666));
    let mut beside = Builder::new().prefix(&name).suffix(".part").permissions(mode).tempfile_in(folder)?;
    if let Some(mode) = held {
        beside.as_file().set_permissions(mode)?;
    }
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    if replaces { beside.persist(&path) } else { beside.persist_noclobber(&path) }?;
    synced(opened)
}

/// Syncs a folder in which a file came under its name; one that may be written and not read can't be.
fn synced(folder: Result<File, Error>) -> Result<(), Error> {
    match folder {
        Ok(folder) => folder.sync_all(),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_file_is_read_whole_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        for (length, is_read) in [(0, true), (3, true), (4, false)] {
            std::fs::write(&path, vec![7; length]).unwrap();
            match read(&path, 3) {
                Ok(bytes) => assert_eq!((bytes.len(), true), (length, is_read)),
                Err(failure) => {
                    assert_eq!((failure.problem.code.as_str(), false), ("file-too-large", is_read));
                    // A licence can't be split.
                    assert!(!failure.problem.remedy_en.contains("split it"), "{failure:?}");
                }
            }
        }
        assert_eq!(read(&folder.path().join("none"), 3).unwrap_err().problem.code, "file-unreadable");
    }

    #[test]
    fn nothing_beside_a_file_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/out.sql");
        written(&path, b"one", false, None).unwrap();
        let strangers = ["out.sql.part", "out.new"].map(|name| path.with_file_name(name));
        for stranger in &strangers {
            std::fs::write(stranger, b"a stranger's").unwrap();
        }
        written(&path, b"two", true, None).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        for stranger in &strangers {
            assert_eq!(std::fs::read(stranger).unwrap(), b"a stranger's");
        }
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 3);
        // A folder in its place stays, and nothing is left beside it.
        let error = written(path.parent().unwrap(), b"x", true, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IsADirectory);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_came_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.sql");
        written(&path, b"one", false, None).unwrap();
        // Whoever asked earlier found nothing there.
        assert_eq!(written(&path, b"two", false, None).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        // Two at once: one of them is told.
        let path = folder.path().join("both.sql");
        let write = |bytes: &'static [u8]| {
            let path = &path;
            move || written(path, bytes, false, None).map(|()| bytes).map_err(|error| error.kind())
        };
        let done = std::thread::scope(|scope| {
            let threads = [b"one", b"two"].map(|bytes| scope.spawn(write(bytes)));
            threads.map(|thread| thread.join().unwrap())
        });
        let (won, told): (Vec<_>, Vec<_>) = done.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), told), (1, vec![Err(ErrorKind::AlreadyExists)]));
        assert_eq!(std::fs::read(&path).unwrap(), won[0].unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn links_are_followed_and_devices_written_into() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("there/real.json"), folder.path().join("link.json"));
        written(&real, b"one", false, None).unwrap();
        std::fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        written(&link, b"two", true, None).unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::read(&real).unwrap(), b"two");
        assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        // A device of this test's own: that of the system must outlive a fault.
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
        let reader = {
            let pipe = pipe.clone();
            std::thread::spawn(move || std::fs::read(pipe).unwrap())
        };
        written(&pipe, b"three", true, None).unwrap();
        assert!(!pipe.metadata().unwrap().is_file());
        assert_eq!(reader.join().unwrap(), b"three");
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_not_synced() {
        for (error, is_done) in [(ErrorKind::PermissionDenied, true), (ErrorKind::NotFound, false)] {
            assert_eq!(synced(Err(error.into())).is_ok(), is_done, "{error:?}");
        }
    }
}
