//! Private keys at rest: one file per key, encrypted under the node's unlock key.
//!
//! Layout, 46 bytes of head and then the box:
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | `TBKF` |
//! | 4 | version, 1 |
//! | 5 | kind, see [`KeyKind`] |
//! | 6..22 | check: the first 16 bytes of HMAC-SHA-256(unlock key, `tongban key file`) |
//! | 22..46 | nonce |
//! | 46.. | XChaCha20-Poly1305 of the secret, the head as associated data |
//!
//! The check tells a wrong unlock key from a damaged file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;

/// The length of a nonce in bytes: long enough to be drawn at random.
pub const NONCE_BYTES: usize = 24;
/// The most bytes of a secret in a key file.
pub const SECRET_BYTES_MAX: usize = 4096;

const MAGIC: &[u8; 4] = b"TBKF";
const VERSION: u8 = 1;
const CHECK_BYTES: usize = 16;
const NONCE_AT: usize = 6 + CHECK_BYTES;
const HEAD_BYTES: usize = NONCE_AT + NONCE_BYTES;
const TAG_BYTES: usize = 16;

/// What a key file's key is for; the number in the file is never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// The node's TLS key.
    Transport,
    /// The node's seal key.
    Seal,
    /// The node's HPKE key.
    Exchange,
    /// An authority's seal key.
    AuthoritySeal,
    /// A version of the node key that wraps case keys.
    Node,
    /// A version of the province's index key.
    Index,
}

impl KeyKind {
    const ALL: [(Self, u8); 6] = [
        (Self::Transport, 1),
        (Self::Seal, 2),
        (Self::Exchange, 3),
        (Self::AuthoritySeal, 4),
        (Self::Node, 5),
        (Self::Index, 6),
    ];

    fn number(self) -> u8 {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or(0, |(_, number)| *number)
    }
}

/// The 32-byte key that unlocks a node's key files; wiped when dropped.
pub struct UnlockKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for UnlockKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UnlockKey(…)")
    }
}

impl UnlockKey {
    /// The unlock key with these bytes; the caller wipes its own copy.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    fn check(&self) -> [u8; CHECK_BYTES] {
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(&*self.0).expect("HMAC takes keys of any length");
        mac.update(b"tongban key file");
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut check = [0; CHECK_BYTES];
        check.copy_from_slice(&full[..CHECK_BYTES]);
        check
    }
}

/// Why a key file could not be written or opened.
#[derive(Debug, Error)]
pub enum KeystoreError {
    /// The file system refused; for a new file also when it exists already.
    #[error("the key file can't be read or written")]
    Io(#[from] io::Error),
    /// It doesn't begin as a key file does.
    #[error("not a key file")]
    NotAKeyFile,
    /// It has a version that this release doesn't read.
    #[error("key file version {0} is not known to this release")]
    Version(u8),
    /// It holds a key for another use.
    #[error("the file holds a key of kind {found}, not of kind {expected:?}")]
    Kind {
        /// The kind's number in the file.
        found: u8,
        /// What was asked for.
        expected: KeyKind,
    },
    /// It was encrypted under another unlock key.
    #[error("the unlock key is not the one that this file was locked with")]
    WrongUnlockKey,
    /// It is shorter than any key file, longer than any, or was changed.
    #[error("the key file is truncated or damaged")]
    Damaged,
}

impl KeystoreError {
    /// The stable code for people and machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "key-file-io",
            Self::NotAKeyFile => "key-file-unrecognised",
            Self::Version(_) => "key-file-version",
            Self::Kind { .. } => "key-file-kind",
            Self::WrongUnlockKey => "key-file-unlock",
            Self::Damaged => "key-file-damaged",
        }
    }
}

/// Encrypts a secret into the bytes of a key file; `nonce` is drawn anew for every file.
///
/// # Panics
/// When the secret is empty or longer than [`SECRET_BYTES_MAX`].
#[must_use]
pub fn lock(kind: KeyKind, secret: &[u8], unlock: &UnlockKey, nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
    assert!((1..=SECRET_BYTES_MAX).contains(&secret.len()), "a secret has 1 to {SECRET_BYTES_MAX} bytes");
    let mut file = Vec::with_capacity(HEAD_BYTES + secret.len() + TAG_BYTES);
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&[VERSION, kind.number()]);
    file.extend_from_slice(&unlock.check());
    file.extend_from_slice(&nonce);
    let sealed = XChaCha20Poly1305::new((&*unlock.0).into())
        .encrypt(&nonce.into(), Payload { msg: secret, aad: &file })
        .expect("a few kilobytes are far below the cipher's limit");
    file.extend_from_slice(&sealed);
    file
}

/// Decrypts the bytes of a key file.
///
/// # Errors
/// [`KeystoreError`], never [`KeystoreError::Io`].
pub fn unlock(file: &[u8], kind: KeyKind, unlock: &UnlockKey) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let rest = file.strip_prefix(MAGIC).ok_or(KeystoreError::NotAKeyFile)?;
    match rest.first() {
        Some(&VERSION) => {}
        Some(&other) => return Err(KeystoreError::Version(other)),
        None => return Err(KeystoreError::Damaged),
    }
    let (head, sealed) = file.split_at_checked(HEAD_BYTES).ok_or(KeystoreError::Damaged)?;
    if !(TAG_BYTES + 1..=TAG_BYTES + SECRET_BYTES_MAX).contains(&sealed.len()) {
        return Err(KeystoreError::Damaged);
    }
    if head[5] != kind.number() {
        return Err(KeystoreError::Kind { found: head[5], expected: kind });
    }
    if head[6..NONCE_AT] != unlock.check() {
        return Err(KeystoreError::WrongUnlockKey);
    }
    let nonce: [u8; NONCE_BYTES] = head[NONCE_AT..].try_into().map_err(|_| KeystoreError::Damaged)?;
    XChaCha20Poly1305::new((&*unlock.0).into())
        .decrypt(&nonce.into(), Payload { msg: sealed, aad: head })
        .map(Zeroizing::new)
        .map_err(|_| KeystoreError::Damaged)
}

/// Writes a new key file, readable by its owner alone, and syncs it and its directory.
///
/// An existing file is never replaced. A file that could not be written whole is removed again.
///
/// # Errors
/// [`KeystoreError::Io`], with [`io::ErrorKind::AlreadyExists`] where the path is taken.
pub fn write_new(
    path: &Path,
    kind: KeyKind,
    secret: &[u8],
    unlock: &UnlockKey,
    nonce: [u8; NONCE_BYTES],
) -> Result<(), KeystoreError> {
    let bytes = lock(kind, secret, unlock, nonce);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    if let Err(error) = file.write_all(&bytes).and_then(|()| file.sync_all()) {
        let _ = fs::remove_file(path);
        return Err(error.into());
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()?;
    Ok(())
}

/// Reads and decrypts a key file.
///
/// # Errors
/// [`KeystoreError`].
pub fn open(path: &Path, kind: KeyKind, key: &UnlockKey) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let limit = HEAD_BYTES + TAG_BYTES + SECRET_BYTES_MAX;
    let mut bytes = Vec::new();
    File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    unlock(&bytes, kind, key)
}
