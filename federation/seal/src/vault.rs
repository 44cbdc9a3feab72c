//! Personal fields at rest: a key per case, wrapped by a node key that rotates, and keyed hashes to search by.
//!
//! A field on disk is XChaCha20-Poly1305 under its case's key, bound to case and field number, so that it can't be
//! moved to another. Erasing a case destroys its wrapped key; once the node key has rotated, no backup brings it back.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use hmac::{Hmac, Mac as _};
use minicbor::{Decode, Encode};
use sha2::Sha256;
use thiserror::Error;
use tongban_codes::ids::CaseId;
use zeroize::Zeroizing;

use crate::keystore::NONCE_BYTES;

/// The first byte of a sealed field: how the rest is to be read.
const FIELD_VERSION: u8 = 1;

/// Why a field or key could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VaultError {
    /// The case key is wrapped under another version of the node key.
    #[error("the case key is wrapped under node key version {wrapped}, not {held}")]
    NodeKeyVersion {
        /// The version in the wrap.
        wrapped: u32,
        /// The version that was offered.
        held: u32,
    },
    /// The field is sealed in a way that a later release brought.
    #[error("fields of version {0} are not known to this release")]
    FieldVersion(u8),
    /// Too short, changed, of another case or field, or under another key.
    #[error("it doesn't open with this key for this case and field")]
    Sealed,
}

impl VaultError {
    /// The stable code for people and machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NodeKeyVersion { .. } => "vault-node-key-version",
            Self::FieldVersion(_) => "vault-field-version",
            Self::Sealed => "vault-sealed",
        }
    }
}

/// A version of the key that wraps a node's case keys; wiped when dropped.
#[derive(Clone)]
pub struct NodeKey {
    version: u32,
    key: Zeroizing<[u8; 32]>,
}

impl NodeKey {
    /// The node key of this version.
    #[must_use]
    pub fn new(version: u32, key: [u8; 32]) -> Self {
        Self { version, key: Zeroizing::new(key) }
    }

    /// Its version; a rotation takes the next.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.key
    }

    /// Wraps a case's key; `nonce` is drawn anew for every wrap.
    #[must_use]
    pub fn wrap(&self, case: &CaseId, key: &CaseKey, nonce: [u8; NONCE_BYTES]) -> WrappedKey {
        self.wrap_named(CASE_KEY, case.as_bytes(), &key.0, nonce)
    }

    /// Wraps a key that stands for what is named, of a kind.
    pub(crate) fn wrap_named(
        &self,
        kind: &[u8],
        name: &[u8; 16],
        key: &[u8; 32],
        nonce: [u8; NONCE_BYTES],
    ) -> WrappedKey {
        let sealed = XChaCha20Poly1305::new((&*self.key).into())
            .encrypt(&nonce.into(), Payload { msg: key, aad: &wrap_context(kind, self.version, name) })
            .expect("32 bytes are far below the cipher's limit");
        WrappedKey { version: self.version, nonce, sealed }
    }

    /// Unwraps a case's key.
    ///
    /// # Errors
    /// [`VaultError::NodeKeyVersion`] for a wrap of another version, [`VaultError::Sealed`].
    pub fn unwrap(&self, case: &CaseId, wrapped: &WrappedKey) -> Result<CaseKey, VaultError> {
        self.unwrap_named(CASE_KEY, case.as_bytes(), wrapped).map(CaseKey)
    }

    pub(crate) fn unwrap_named(
        &self,
        kind: &[u8],
        name: &[u8; 16],
        wrapped: &WrappedKey,
    ) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        if wrapped.version != self.version {
            return Err(VaultError::NodeKeyVersion { wrapped: wrapped.version, held: self.version });
        }
        let payload = Payload { msg: &wrapped.sealed, aad: &wrap_context(kind, self.version, name) };
        let key = XChaCha20Poly1305::new((&*self.key).into())
            .decrypt(&wrapped.nonce.into(), payload)
            .map(Zeroizing::new)
            .map_err(|_| VaultError::Sealed)?;
        key.as_slice().try_into().map(Zeroizing::new).map_err(|_| VaultError::Sealed)
    }
}

/// A case's key as it lies on disk.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct WrappedKey {
    #[n(0)]
    version: u32,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    nonce: [u8; NONCE_BYTES],
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    sealed: Vec<u8>,
}

impl WrappedKey {
    /// The version of the node key that opens it.
    #[must_use]
    pub const fn node_key_version(&self) -> u32 {
        self.version
    }
}

/// What the wrap of a case's key is bound to beside the case.
const CASE_KEY: &[u8] = b"tongban case key 1";

fn wrap_context(kind: &[u8], version: u32, name: &[u8; 16]) -> Vec<u8> {
    [kind, &version.to_be_bytes(), name].concat()
}

fn field_context(case: &CaseId, field: u16) -> Vec<u8> {
    [b"tongban field 1".as_slice(), case.as_bytes(), &field.to_be_bytes()].concat()
}

/// The key of one case's personal fields; wiped when dropped.
pub struct CaseKey(Zeroizing<[u8; 32]>);

impl CaseKey {
    /// The key with these random bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Seals a field's plaintext as `version ‖ nonce ‖ box`; `nonce` is drawn anew for every write.
    #[must_use]
    pub fn seal_field(&self, case: &CaseId, field: u16, plaintext: &[u8], nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
        let sealed = XChaCha20Poly1305::new((&*self.0).into())
            .encrypt(&nonce.into(), Payload { msg: plaintext, aad: &field_context(case, field) })
            .expect("a field is far below the cipher's limit");
        [[FIELD_VERSION].as_slice(), &nonce, &sealed].concat()
    }

    /// Opens a sealed field of this case and number.
    ///
    /// # Errors
    /// [`VaultError::FieldVersion`], [`VaultError::Sealed`].
    pub fn open_field(&self, case: &CaseId, field: u16, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (version, rest) = sealed.split_first().ok_or(VaultError::Sealed)?;
        if *version != FIELD_VERSION {
            return Err(VaultError::FieldVersion(*version));
        }
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::Sealed)?;
        XChaCha20Poly1305::new((&*self.0).into())
            .decrypt(&(*nonce).into(), Payload { msg: sealed, aad: &field_context(case, field) })
            .map(Zeroizing::new)
            .map_err(|_| VaultError::Sealed)
    }
}

/// A version of the province's key for search; wiped when dropped.
///
/// What it makes is still personal data: whoever holds the key can try all citizens.
pub struct IndexKey {
    version: u32,
    key: Zeroizing<[u8; 32]>,
}

impl IndexKey {
    /// The index key of this version.
    #[must_use]
    pub fn new(version: u32, key: [u8; 32]) -> Self {
        Self { version, key: Zeroizing::new(key) }
    }

    /// Its version, stored beside each hash.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The key itself, for handing it to a node that joins over an authenticated link.
    #[must_use]
    pub fn secret(&self) -> &[u8; 32] {
        &self.key
    }

    /// HMAC-SHA-256 over the kind and the value without outer blanks, in upper case.
    ///
    /// `kind` keeps name spaces apart (`citizen-id`, `phone`), so that equal texts of two kinds don't meet.
    #[must_use]
    pub fn hmac(&self, kind: &str, value: &str) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(&*self.key).expect("HMAC takes keys of any length");
        mac.update(b"tongban index 1");
        mac.update(&(kind.len() as u64).to_be_bytes());
        mac.update(kind.as_bytes());
        mac.update(Zeroizing::new(value.trim().to_uppercase()).as_bytes());
        mac.finalize().into_bytes().into()
    }
}

macro_rules! secret_debug {
    ($($name:ident),+) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        })+
    };
}

secret_debug!(NodeKey, CaseKey, IndexKey);
