//! Files at rest: a key per file, wrapped by the node key while nothing names the file and by its case's key from then on.
//!
//! A file is a sequence of chunks of [`CHUNK_BYTES`], the last one shorter: `nonce ‖ box` of XChaCha20-Poly1305, bound to the file and to its
//! place in it, so that no chunk can be moved, within the file or to another. Each has a nonce of its own: a chunk may be written again, as
//! after a torn end. Where a file ends is said beside it, by whatever names it.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use tongban_codes::ids::CaseId;
use zeroize::Zeroizing;

use crate::keystore::NONCE_BYTES;
use crate::vault::{CaseKey, NodeKey, VaultError, WrappedKey};

/// Plain bytes of a chunk, but for a file's last.
pub const CHUNK_BYTES: usize = 64 << 10;

/// Bytes that a chunk takes beyond its plain ones: nonce and tag.
pub const CHUNK_OVERHEAD: usize = NONCE_BYTES + 16;

/// The number among a case's encrypted fields under which it seals the keys of its files.
const FIELD_FILE_KEY: u16 = 3;

/// The name of a file in a node's store.
pub type FileName = [u8; 16];

/// The key of one file; wiped when dropped.
pub struct FileKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileKey(…)")
    }
}

fn chunk_context(file: &FileName, index: u64) -> Vec<u8> {
    [b"tongban file 1".as_slice(), file, &index.to_be_bytes()].concat()
}

impl FileKey {
    /// The key with these random bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Seals the chunk at a place of a file; `nonce` is drawn anew for every write.
    #[must_use]
    pub fn seal_chunk(&self, file: &FileName, index: u64, plain: &[u8], nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
        let sealed = XChaCha20Poly1305::new((&*self.0).into())
            .encrypt(&nonce.into(), Payload { msg: plain, aad: &chunk_context(file, index) })
            .expect("a chunk is far below the cipher's limit");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens the chunk at a place of a file.
    ///
    /// # Errors
    /// [`VaultError::Sealed`].
    pub fn open_chunk(&self, file: &FileName, index: u64, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::Sealed)?;
        XChaCha20Poly1305::new((&*self.0).into())
            .decrypt(&(*nonce).into(), Payload { msg: sealed, aad: &chunk_context(file, index) })
            .map_err(|_| VaultError::Sealed)
    }
}

impl NodeKey {
    /// The name of a file that has this content and belongs to this owner; nobody tells content or owner from it without the key.
    #[must_use]
    pub fn file_name(&self, owner: &[u8; 32], content: &[u8; 32]) -> FileName {
        let mut mac =
            <Hmac<Sha256> as hmac::Mac>::new_from_slice(self.secret()).expect("HMAC takes keys of any length");
        mac.update(b"tongban file name 1");
        mac.update(owner);
        mac.update(content);
        let mut name = [0; 16];
        name.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        name
    }

    /// Wraps a file's key while no case names the file; `nonce` is drawn anew for every wrap.
    #[must_use]
    pub fn wrap_file(&self, file: &FileName, key: &FileKey, nonce: [u8; NONCE_BYTES]) -> WrappedKey {
        self.wrap_named(b"tongban file key 1", file, &key.0, nonce)
    }

    /// Unwraps a file's key.
    ///
    /// # Errors
    /// As [`NodeKey::unwrap`].
    pub fn unwrap_file(&self, file: &FileName, wrapped: &WrappedKey) -> Result<FileKey, VaultError> {
        self.unwrap_named(b"tongban file key 1", file, wrapped).map(FileKey)
    }
}

impl CaseKey {
    /// Seals the key of a file that the case names; `nonce` is drawn anew for every write.
    #[must_use]
    pub fn seal_file_key(&self, case: &CaseId, key: &FileKey, nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
        self.seal_field(case, FIELD_FILE_KEY, key.0.as_slice(), nonce)
    }

    /// Opens the key of a file that the case names.
    ///
    /// # Errors
    /// As [`CaseKey::open_field`].
    pub fn open_file_key(&self, case: &CaseId, sealed: &[u8]) -> Result<FileKey, VaultError> {
        let key = self.open_field(case, FIELD_FILE_KEY, sealed)?;
        key.as_slice().try_into().map(FileKey::from_bytes).map_err(|_| VaultError::Sealed)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const FILE: FileName = [7; 16];

    #[test]
    fn a_chunk_opens_only_in_its_place_of_its_file() {
        let key = FileKey::from_bytes([1; 32]);
        let sealed = key.seal_chunk(&FILE, 3, b"plain", [2; NONCE_BYTES]);
        assert_eq!(sealed.len(), b"plain".len() + CHUNK_OVERHEAD);
        assert_eq!(key.open_chunk(&FILE, 3, &sealed).unwrap(), b"plain");
        assert_eq!(key.open_chunk(&FILE, 4, &sealed), Err(VaultError::Sealed));
        assert_eq!(key.open_chunk(&[8; 16], 3, &sealed), Err(VaultError::Sealed));
        assert_eq!(FileKey::from_bytes([9; 32]).open_chunk(&FILE, 3, &sealed), Err(VaultError::Sealed));
        for place in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[place] ^= 1;
            assert_eq!(key.open_chunk(&FILE, 3, &bent), Err(VaultError::Sealed), "{place}");
        }
        assert_eq!(key.open_chunk(&FILE, 3, &sealed[..20]), Err(VaultError::Sealed));
    }

    #[test]
    fn the_key_of_a_file_goes_from_the_node_to_its_case() {
        let (node, case) = (NodeKey::new(1, [3; 32]), CaseId::from_bytes([4; 16]));
        let key = FileKey::from_bytes([5; 32]);
        let wrapped = node.wrap_file(&FILE, &key, [6; NONCE_BYTES]);
        assert_eq!(*node.unwrap_file(&FILE, &wrapped).unwrap().0, [5; 32]);
        assert!(node.unwrap_file(&[8; 16], &wrapped).is_err(), "of another file");
        // A case's own key, wrapped under the same bytes, is another thing.
        assert!(node.unwrap(&CaseId::from_bytes(FILE), &wrapped).is_err());
        let of_case = CaseKey::from_bytes([7; 32]);
        let sealed = of_case.seal_file_key(&case, &key, [8; NONCE_BYTES]);
        assert_eq!(*of_case.open_file_key(&case, &sealed).unwrap().0, [5; 32]);
        assert!(of_case.open_file_key(&CaseId::from_bytes([9; 16]), &sealed).is_err(), "of another case");
        assert!(CaseKey::from_bytes([1; 32]).open_file_key(&case, &sealed).is_err());
    }

    #[test]
    fn the_name_of_a_file_says_nothing_without_the_key() {
        let name = NodeKey::new(1, [3; 32]).file_name(&[1; 32], &[2; 32]);
        assert_eq!(name, NodeKey::new(2, [3; 32]).file_name(&[1; 32], &[2; 32]), "the version alone changes nothing");
        for other in [
            NodeKey::new(1, [4; 32]).file_name(&[1; 32], &[2; 32]),
            NodeKey::new(1, [3; 32]).file_name(&[2; 32], &[2; 32]),
            NodeKey::new(1, [3; 32]).file_name(&[1; 32], &[1; 32]),
        ] {
            assert_ne!(name, other);
        }
    }
}
