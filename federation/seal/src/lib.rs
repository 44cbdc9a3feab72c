//! Keys, COSE seals, signed notes, batch seals and field encryption behind one signer interface.
//!
//! What is signed is bytes: they are kept and forwarded as they came, read strictly, never encoded again. Every
//! signature names its algorithm, its key and what it is about (a content type); what isn't on the list is refused.
//! Randomness comes in as an argument, so that whoever decides also says which chance was drawn.
//!
//! ```
//! use tongban_seal::{Ed25519Signer, KeyId, Signer, content_type, cose};
//!
//! let signer = Ed25519Signer::from_seed(&[7; 32]);
//! let sealed = cose::seal(&signer, content_type::RECEIPT, b"applied", b"")?;
//! let keys = |id: &KeyId| (*id == signer.key_id()).then(|| signer.public_key());
//! let opened = cose::open(&sealed, &keys, b"")?.expect(content_type::RECEIPT)?;
//! assert_eq!(opened.payload, b"applied");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod batch;
pub mod content_type;
pub mod cose;
pub mod file;
pub mod keystore;
pub mod note;
pub mod signer;
pub mod vault;

pub use batch::{OpenedStatement, Statement};
pub use cose::{KeyLookup, Opened, SealError};
pub use file::{FileKey, FileName};
pub use keystore::{KeyKind, KeystoreError, UnlockKey};
pub use note::{NoteError, SignedNote};
pub use signer::{
    Algorithm, Ed25519Signer, KeyError, KeyId, PublicKey, SignError, Signature, Signer, VerifyError, verify,
};
pub use vault::{CaseKey, IndexKey, NodeKey, VaultError, WrappedKey};
