//! Making a new node's directory, all or nothing.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use tongban_codes::division::{self, DivisionCode};
use tongban_codes::ids::{Label, NodeId};

use super::directory::{CONFIG_NAME, DATA_NAME, DirectoryError, absolute};
use super::identity::{FORMAT, IDENTITY_NAME, Identity};
use super::keys::{KEYS_NAME, Keys, UnlockFile, UnlockSource, chance};
use super::settings::{Config, SOCKET_NAME, is_address};

/// The longest path of a socket that is used as it is; the system's limit is 107 bytes.
const SOCKET_PATH_BYTES_MAX: usize = 100;

/// The longest name of a hall, in characters.
const NAME_CHARS_MAX: usize = 100;

/// What a new node is made from.
#[derive(Clone, Debug)]
pub struct NewNode {
    /// Division that it serves; must be in the table of divisions.
    pub division: DivisionCode,
    /// Name of the hall.
    pub name: String,
    /// Address on which peers are heard.
    pub listen: SocketAddr,
    /// Addresses that they dial, where they differ.
    pub advertise: Vec<String>,
    /// 演示.
    pub demo: bool,
    /// First administrator.
    pub admin_uid: u32,
}

/// Makes a node's directory; when it fails, nothing is left behind.
///
/// A new directory is prepared beside its place and renamed. An existing empty one may be a mount point that can't be renamed over: there
/// the parts are moved in, `node.toml` last, and without it the directory isn't a node's.
///
/// # Errors
/// [`DirectoryError`].
pub fn create(directory: &Path, new: &NewNode) -> Result<Identity, DirectoryError> {
    create_with(directory, new, UnlockFile::of)
}

fn create_with(
    directory: &Path,
    new: &NewNode,
    unlock: impl FnOnce(&Path) -> UnlockFile,
) -> Result<Identity, DirectoryError> {
    check(new)?;
    let directory = absolute(directory)?;
    let exists = is_empty_directory(&directory)?;
    let node = NodeId::from_bytes(chance()?);
    let label = Label::new(new.division, 0)
        .map_err(|_| DirectoryError::DivisionUnknown { division: new.division.to_string() })?;
    let identity = Identity {
        format: FORMAT,
        node,
        division: new.division,
        name: new.name.trim().to_owned(),
        label,
        demo: new.demo,
        admin_uid: new.admin_uid,
    };
    let staged = staging_place(&directory, exists, &node)?;
    let made = fill(&staged, &directory, new, &identity, unlock)
        .and_then(|()| if exists { move_in(&staged, &directory) } else { rename_whole(&staged, &directory) });
    if let Err(error) = made {
        let _ = fs::remove_dir_all(&staged);
        return Err(error);
    }
    Ok(identity)
}

fn check(new: &NewNode) -> Result<(), DirectoryError> {
    if division::table().find(new.division).is_none() {
        return Err(DirectoryError::DivisionUnknown { division: new.division.to_string() });
    }
    let name = new.name.trim();
    if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(DirectoryError::Name { name: new.name.clone() });
    }
    match new.advertise.iter().find(|address| !is_address(address)) {
        Some(address) => Err(DirectoryError::Address { address: address.clone() }),
        None => Ok(()),
    }
}

/// Tells whether the directory exists; refuses one that isn't empty, and a file.
fn is_empty_directory(directory: &Path) -> Result<bool, DirectoryError> {
    match fs::read_dir(directory) {
        // A fresh file system holds an empty lost+found.
        Ok(entries) => {
            for entry in entries {
                let entry = entry.map_err(|source| io_at(directory, source))?;
                if entry.file_name() != "lost+found" {
                    return Err(DirectoryError::NotEmpty { path: directory.to_owned() });
                }
            }
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(DirectoryError::NotEmpty { path: directory.to_owned() })
        }
        Err(source) => Err(io_at(directory, source)),
    }
}

fn staging_place(directory: &Path, exists: bool, node: &NodeId) -> Result<PathBuf, DirectoryError> {
    let parent = if exists { directory } else { directory.parent().unwrap_or(Path::new("/")) };
    fs::create_dir_all(parent).map_err(|source| io_at(parent, source))?;
    let staged = parent.join(format!(".tongban-init-{node}"));
    make_directory(&staged, 0o755)?;
    Ok(staged)
}

fn fill(
    staged: &Path,
    directory: &Path,
    new: &NewNode,
    identity: &Identity,
    unlock: impl FnOnce(&Path) -> UnlockFile,
) -> Result<(), DirectoryError> {
    let keys = staged.join(KEYS_NAME);
    make_directory(&keys, 0o700)?;
    make_directory(&staged.join(DATA_NAME), 0o700)?;
    let unlock = unlock(staged);
    let key = match unlock.source {
        UnlockSource::Directory => unlock.read_or_draw()?,
        // What the administrator names, he has made: a missing one is his typing error.
        UnlockSource::Variable | UnlockSource::Credential => unlock.read()?,
    };
    Keys::draw(&keys, &key)?;
    let socket = socket_path(directory, &identity.node);
    write_synced(&staged.join(CONFIG_NAME), &Config::template(new.listen, &new.advertise, &socket))?;
    let text = identity
        .to_text()
        .map_err(|error| DirectoryError::Identity { path: staged.join(IDENTITY_NAME), reason: error.to_string() })?;
    write_synced(&staged.join(IDENTITY_NAME), &text)?;
    for path in [&keys, staged] {
        sync_directory(path)?;
    }
    Ok(())
}

/// The socket's path as the configuration names it: short enough for the system.
fn socket_path(directory: &Path, node: &NodeId) -> PathBuf {
    if directory.join(SOCKET_NAME).as_os_str().as_bytes().len() <= SOCKET_PATH_BYTES_MAX {
        return PathBuf::from(SOCKET_NAME);
    }
    let name = format!("tongban-{node}.sock");
    let temporary = std::env::temp_dir().join(&name);
    if temporary.as_os_str().as_bytes().len() <= SOCKET_PATH_BYTES_MAX {
        return temporary;
    }
    Path::new("/tmp").join(name)
}

fn rename_whole(staged: &Path, directory: &Path) -> Result<(), DirectoryError> {
    fs::rename(staged, directory).map_err(|source| match source.kind() {
        // Someone else made it in the meantime.
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotADirectory => {
            DirectoryError::NotEmpty { path: directory.to_owned() }
        }
        _ => io_at(directory, source),
    })?;
    sync_directory(directory.parent().unwrap_or(Path::new("/")))
}

fn move_in(staged: &Path, directory: &Path) -> Result<(), DirectoryError> {
    let parts = [KEYS_NAME, DATA_NAME, CONFIG_NAME, IDENTITY_NAME];
    for (moved, part) in parts.iter().enumerate() {
        // Before the last part, so that node.toml never stands without what it promises.
        let ready = if *part == IDENTITY_NAME { sync_directory(directory) } else { Ok(()) };
        let done = ready.and_then(|()| {
            fs::rename(staged.join(part), directory.join(part)).map_err(|source| io_at(&directory.join(part), source))
        });
        if let Err(error) = done {
            for part in &parts[..moved] {
                let _ = fs::rename(directory.join(part), staged.join(part));
            }
            return Err(error);
        }
    }
    let _ = fs::remove_dir(staged);
    sync_directory(directory)
}

fn make_directory(path: &Path, mode: u32) -> Result<(), DirectoryError> {
    DirBuilder::new().mode(mode).create(path).map_err(|source| io_at(path, source))
}

fn write_synced(path: &Path, text: &str) -> Result<(), DirectoryError> {
    let write = || {
        let mut file = File::create_new(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|source| io_at(path, source))
}

fn sync_directory(path: &Path) -> Result<(), DirectoryError> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(|source| io_at(path, source))
}

fn io_at(path: &Path, source: io::Error) -> DirectoryError {
    DirectoryError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
