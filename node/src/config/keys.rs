//! The node's private keys: one encrypted file each, under an unlock key that may lie elsewhere.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rand::TryRngCore as _;
use tongban_codes::ids::AuthorityId;
use tongban_seal::keystore::{self, NONCE_BYTES};
use tongban_seal::{Ed25519Signer, IndexKey, KeyKind, KeystoreError, NodeKey, UnlockKey};

use super::directory::DirectoryError;

/// Directory of the key files.
pub(crate) const KEYS_NAME: &str = "keys";
/// Name of the unlock key beside the keys that it unlocks.
const UNLOCK_NAME: &str = "unlock.key";
/// Names the file of the unlock key.
const UNLOCK_VARIABLE: &str = "TONGBAN_UNLOCK_FILE";
/// Where systemd lays credentials (`LoadCredential=tongban-unlock:…`).
const CREDENTIALS_VARIABLE: &str = "CREDENTIALS_DIRECTORY";
/// The credential's name.
const CREDENTIAL_NAME: &str = "tongban-unlock";

const FILES: [(&str, KeyKind); 5] = [
    ("transport.key", KeyKind::Transport),
    ("seal.key", KeyKind::Seal),
    ("exchange.key", KeyKind::Exchange),
    ("node-1.key", KeyKind::Node),
    ("index-1.key", KeyKind::Index),
];

/// The node's keys, opened.
#[derive(Debug)]
pub struct Keys {
    /// TLS (X.509) key of the node's links.
    pub transport: Ed25519Signer,
    /// Key of the node's seals.
    pub seal: Ed25519Signer,
    /// Key that bodies for this node's eyes alone will be encrypted to; its seed is 32 random bytes.
    pub exchange: Ed25519Signer,
    /// Wraps the keys of the cases.
    pub node: NodeKey,
    /// Searches personal fields.
    pub index: IndexKey,
}

/// Where the unlock key was chosen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnlockSource {
    /// `TONGBAN_UNLOCK_FILE`.
    Variable,
    /// `$CREDENTIALS_DIRECTORY/tongban-unlock`.
    Credential,
    /// `D/keys/unlock.key`.
    Directory,
}

/// The file of the unlock key: 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlockFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Why there.
    pub source: UnlockSource,
}

impl UnlockFile {
    /// The file that the environment names, else the one in the directory.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        Self::choose(
            directory,
            std::env::var_os(UNLOCK_VARIABLE).map(PathBuf::from),
            std::env::var_os(CREDENTIALS_VARIABLE).map(PathBuf::from),
        )
    }

    /// As [`Self::of`], with the environment as arguments.
    pub(crate) fn choose(directory: &Path, variable: Option<PathBuf>, credentials: Option<PathBuf>) -> Self {
        if let Some(path) = variable.filter(|path| !path.as_os_str().is_empty()) {
            return Self { path, source: UnlockSource::Variable };
        }
        if let Some(path) =
            credentials.map(|credentials| credentials.join(CREDENTIAL_NAME)).filter(|path| path.exists())
        {
            return Self { path, source: UnlockSource::Credential };
        }
        Self { path: directory.join(KEYS_NAME).join(UNLOCK_NAME), source: UnlockSource::Directory }
    }

    pub(crate) fn read(&self) -> Result<UnlockKey, DirectoryError> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(DirectoryError::UnlockMissing { path: self.path.clone() });
            }
            Err(source) => return Err(DirectoryError::Io { path: self.path.clone(), source }),
        };
        from_hex(text.trim())
            .map(UnlockKey::from_bytes)
            .ok_or_else(|| DirectoryError::UnlockMalformed { path: self.path.clone() })
    }

    /// Draws an unlock key and writes it, readable by its owner alone; an existing one is taken as it is.
    pub(crate) fn read_or_draw(&self) -> Result<UnlockKey, DirectoryError> {
        match self.read() {
            Err(DirectoryError::UnlockMissing { .. }) => {}
            other => return other,
        }
        let at = |source| DirectoryError::Io { path: self.path.clone(), source };
        let bytes: [u8; 32] = chance()?;
        let mut text = String::with_capacity(65);
        for byte in bytes {
            text.push_str(&format!("{byte:02x}"));
        }
        text.push('\n');
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path).map_err(at)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(at)?;
        Ok(UnlockKey::from_bytes(bytes))
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

/// Bytes from the system's random source.
pub(crate) fn chance<const N: usize>() -> Result<[u8; N], DirectoryError> {
    let mut bytes = [0; N];
    rand::rngs::OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| DirectoryError::Chance { reason: error.to_string() })?;
    Ok(bytes)
}

impl Keys {
    /// Draws every key of a new node and writes its file under `keys`.
    pub(crate) fn draw(keys: &Path, unlock: &UnlockKey) -> Result<(), DirectoryError> {
        for (name, kind) in FILES {
            draw_file(&keys.join(name), kind, unlock)?;
        }
        Ok(())
    }

    /// Opens the keys of a directory.
    pub(crate) fn open(directory: &Path, unlock: &UnlockKey) -> Result<Self, DirectoryError> {
        let keys = directory.join(KEYS_NAME);
        let seed = |at: usize| {
            let (name, kind) = FILES[at];
            open_file(&keys.join(name), kind, unlock)
        };
        Ok(Self {
            transport: Ed25519Signer::from_seed(&seed(0)?),
            seal: Ed25519Signer::from_seed(&seed(1)?),
            exchange: Ed25519Signer::from_seed(&seed(2)?),
            node: NodeKey::new(1, seed(3)?),
            index: IndexKey::new(1, seed(4)?),
        })
    }
}

/// Name of the index key of a tree that was joined.
const JOINED_INDEX_NAME: &str = "index-joined.key";

/// The index key of the tree that was joined, under the version that the state names.
pub(crate) fn joined_index(
    directory: &Path,
    version: u32,
    unlock: &UnlockKey,
) -> Result<Option<IndexKey>, DirectoryError> {
    let path = directory.join(KEYS_NAME).join(JOINED_INDEX_NAME);
    if !path.exists() {
        return Ok(None);
    }
    Ok(Some(IndexKey::new(version, open_file(&path, KeyKind::Index, unlock)?)))
}

/// Keeps the index key of a tree that is joined; an earlier one is replaced whole.
pub(crate) fn keep_joined_index(directory: &Path, key: &[u8], unlock: &UnlockKey) -> Result<(), DirectoryError> {
    let path = directory.join(KEYS_NAME).join(JOINED_INDEX_NAME);
    let draft = path.with_extension("draft");
    let io = |source| DirectoryError::Io { path: path.clone(), source };
    if draft.exists() {
        std::fs::remove_file(&draft).map_err(io)?;
    }
    let nonce: [u8; NONCE_BYTES] = chance()?;
    keystore::write_new(&draft, KeyKind::Index, key, unlock, nonce)
        .map_err(|source| DirectoryError::Key { path: draft.clone(), source })?;
    std::fs::rename(&draft, &path).map_err(io)
}

/// The seal key of an authority, drawn at its first use.
pub(crate) fn authority_signer(
    directory: &Path,
    authority: &AuthorityId,
    unlock: &UnlockKey,
) -> Result<Ed25519Signer, DirectoryError> {
    let path = directory.join(KEYS_NAME).join(format!("authority-{authority}.key"));
    if !path.exists() {
        match draw_file(&path, KeyKind::AuthoritySeal, unlock) {
            Err(DirectoryError::Key { source: KeystoreError::Io(error), .. })
                if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => other?,
        }
    }
    Ok(Ed25519Signer::from_seed(&open_file(&path, KeyKind::AuthoritySeal, unlock)?))
}

fn draw_file(path: &Path, kind: KeyKind, unlock: &UnlockKey) -> Result<(), DirectoryError> {
    let secret: [u8; 32] = chance()?;
    let nonce: [u8; NONCE_BYTES] = chance()?;
    keystore::write_new(path, kind, &secret, unlock, nonce)
        .map_err(|source| DirectoryError::Key { path: path.to_owned(), source })
}

fn open_file(path: &Path, kind: KeyKind, unlock: &UnlockKey) -> Result<[u8; 32], DirectoryError> {
    let failed = |source| DirectoryError::Key { path: path.to_owned(), source };
    let secret = keystore::open(path, kind, unlock).map_err(failed)?;
    secret.as_slice().try_into().map_err(|_| failed(KeystoreError::Damaged))
}
