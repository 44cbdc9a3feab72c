//! Files that commands read and write: read whole or refused, written whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Write as _};
use std::path::{Path, PathBuf};

use super::Context;
use super::failure::Failure;
use super::text::{FILE_EXISTS, FILE_TOO_LARGE, FILE_UNREADABLE, FILE_UNWRITABLE};

/// Names that are tried for a file while it is written; more are left behind only by as many broken-off commands.
const NAMES_BESIDE: usize = 100;

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

/// Writes a file whole or not at all: beside its place first, synced, then under its name. Missing folders are made.
///
/// # Errors
/// `file-unwritable`; what stood under the name stands there still.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    written(path, bytes).map_err(|error| unwritable(path, &error.to_string()))
}

fn written(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder)?;
    }
    let (mut file, beside) = beside(path)?;
    let done = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(&beside, path));
    if let Err(error) = done {
        // It is this command's own; that it can't be taken away says less than what went wrong before.
        let _ = std::fs::remove_file(&beside);
        return Err(error);
    }
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// A new file beside another; whatever lies there already is somebody else's.
fn beside(path: &Path) -> Result<(File, PathBuf), Error> {
    for number in 0..NAMES_BESIDE {
        let mut name = path.as_os_str().to_owned();
        name.push(if number == 0 { ".part".to_owned() } else { format!(".part{number}") });
        match OpenOptions::new().write(true).create_new(true).open(&name) {
            Ok(file) => return Ok((file, name.into())),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::new(ErrorKind::AlreadyExists, format!("{}.part: {NAMES_BESIDE} files lie there", path.display())))
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
                Err(failure) => assert_eq!((failure.problem.code.as_str(), false), ("file-too-large", is_read)),
            }
        }
        assert_eq!(read(&folder.path().join("none"), 3).unwrap_err().problem.code, "file-unreadable");
    }

    #[test]
    fn nothing_beside_a_file_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/out.sql");
        write(&path, b"one").unwrap();
        let strangers = ["out.sql.part", "out.new"].map(|name| path.with_file_name(name));
        for stranger in &strangers {
            std::fs::write(stranger, b"a stranger's").unwrap();
        }
        write(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        for stranger in &strangers {
            assert_eq!(std::fs::read(stranger).unwrap(), b"a stranger's");
        }
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 3);
        // A folder in its place: what was written beside it goes.
        assert_eq!(write(path.parent().unwrap(), b"x").unwrap_err().problem.code, "file-unwritable");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
