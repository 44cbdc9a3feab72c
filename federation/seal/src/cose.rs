//! Seals: COSE_Sign1 (RFC 9052 §4.2) in one strict form.
//!
//! The four-element array stands untagged, since the context always says what it is. The protected header has exactly
//! algorithm (1), content type (3, text) and key id (4, 8 bytes); the unprotected header is empty, the payload is
//! embedded, all of it deterministic CBOR. So one seal has one spelling, and a changed byte anywhere is refused.

use coset::{CborSerializable as _, CoseSign1, CoseSign1Builder, Header, HeaderBuilder, RegisteredLabel, iana};
use coset::{RegisteredLabelWithPrivate as AlgorithmLabel, iana::EnumI64 as _};
use thiserror::Error;
use tongban_codes::cbor::{self, CborError};
use tongban_journal::ProofError;

use crate::signer::{Algorithm, KeyId, PublicKey, SignError, Signature, Signer, VerifyError, verify};

/// The most bytes of a sealed thing that are accepted: an envelope at its largest.
pub const SEAL_BYTES_MAX: usize = 4 << 20;
/// The most bytes of a content type.
pub const CONTENT_TYPE_BYTES_MAX: usize = 127;

/// Finds the public key with an id; `None` for a key that is unknown or not trusted for this use.
pub type KeyLookup<'a> = dyn Fn(&KeyId) -> Option<PublicKey> + 'a;

/// Why something sealed was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SealError {
    /// More than [`SEAL_BYTES_MAX`], or than a batch's bounds.
    #[error("a sealed statement of {bytes} bytes is larger than allowed")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Not of the strict form.
    #[error("the seal is malformed: {0}")]
    Malformed(String),
    /// The header lacks something, has something that isn't allowed, or has it in the wrong place.
    #[error("the seal's header may have algorithm, content type and key id, protected, and nothing else")]
    Header,
    /// The algorithm's number isn't on the list, or isn't the key's.
    #[error("the seal's algorithm is not allowed for this key")]
    Algorithm,
    /// The algorithm is on the list but this release doesn't compute it.
    #[error("this release can't verify {0} seals")]
    UnsupportedAlgorithm(Algorithm),
    /// Nobody knows the key, or it isn't trusted for this.
    #[error("key {0} is unknown or not trusted for this")]
    UnknownKey(KeyId),
    /// The signature doesn't fit.
    #[error("the seal doesn't fit what it stands on")]
    Signature,
    /// The statement isn't under the batch's sealed root.
    #[error("the statement is not in the sealed batch")]
    NotInBatch(#[from] ProofError),
    /// It is sealed, but as something else.
    #[error("sealed as {found}, not as {expected}")]
    ContentType {
        /// What the seal says.
        found: String,
        /// What was asked for.
        expected: String,
    },
}

impl SealError {
    /// The stable code for people and machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "seal-too-large",
            Self::Malformed(_) => "seal-malformed",
            Self::Header => "seal-header",
            Self::Algorithm => "seal-algorithm",
            Self::UnsupportedAlgorithm(_) => "seal-algorithm-unsupported",
            Self::UnknownKey(_) => "seal-key-unknown",
            Self::Signature => "seal-invalid",
            Self::NotInBatch(_) => "seal-not-in-batch",
            Self::ContentType { .. } => "seal-content-type",
        }
    }
}

impl From<CborError> for SealError {
    fn from(error: CborError) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// Something sealed whose seal holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What was sealed, as it was.
    pub payload: Vec<u8>,
    /// What it was sealed as.
    pub content_type: String,
    /// Who sealed it.
    pub key_id: KeyId,
}

impl Opened {
    /// Itself, if it was sealed as this content type; callers ask before they read the payload.
    ///
    /// # Errors
    /// [`SealError::ContentType`].
    pub fn expect(self, content_type: &str) -> Result<Self, SealError> {
        if self.content_type == content_type {
            return Ok(self);
        }
        Err(SealError::ContentType { found: self.content_type, expected: content_type.to_owned() })
    }
}

fn label(algorithm: Algorithm) -> coset::Algorithm {
    iana::Algorithm::from_i64(algorithm.number())
        .map_or_else(|| AlgorithmLabel::PrivateUse(algorithm.number()), AlgorithmLabel::Assigned)
}

fn number(label: &coset::Algorithm) -> Option<Algorithm> {
    match label {
        AlgorithmLabel::Assigned(algorithm) => Algorithm::from_number(algorithm.to_i64()),
        AlgorithmLabel::PrivateUse(number) => Algorithm::from_number(*number),
        AlgorithmLabel::Text(_) => None,
    }
}

fn header(algorithm: Algorithm, content_type: &str, key_id: &KeyId) -> Header {
    HeaderBuilder::new()
        .algorithm_label(label(algorithm))
        .content_type(content_type.to_owned())
        .key_id(key_id.as_bytes().to_vec())
        .build()
}

/// Seals a payload; `external_aad` is signed along and not carried.
///
/// `content_type` is a `type/subtype` of at most [`CONTENT_TYPE_BYTES_MAX`] bytes, from [`crate::content_type`].
///
/// # Errors
/// [`SignError`] when the key can't be used now.
pub fn seal(
    signer: &dyn Signer,
    content_type: &str,
    payload: impl Into<Vec<u8>>,
    external_aad: &[u8],
) -> Result<Vec<u8>, SignError> {
    debug_assert!(content_type.len() <= CONTENT_TYPE_BYTES_MAX && content_type.contains('/'));
    let sealed = CoseSign1Builder::new()
        .protected(header(signer.algorithm(), content_type, &signer.key_id()))
        .payload(payload.into())
        .try_create_signature(external_aad, |message| signer.sign(message).map(Signature::into_bytes))?
        .build()
        .to_vec();
    Ok(sealed.expect("a header of three entries and byte strings always encode"))
}

/// Opens a seal: strict form, algorithm on the list and the key's own, signature valid.
///
/// What it was sealed *as* is for the caller to ask: [`Opened::expect`].
///
/// # Errors
/// [`SealError`].
pub fn open(bytes: &[u8], keys: &KeyLookup<'_>, external_aad: &[u8]) -> Result<Opened, SealError> {
    if bytes.len() > SEAL_BYTES_MAX {
        return Err(SealError::TooLarge { bytes: bytes.len() });
    }
    cbor::validate(bytes)?;
    let mut sealed = CoseSign1::from_slice(bytes).map_err(|error| SealError::Malformed(error.to_string()))?;
    let protected = &sealed.protected.header;
    cbor::validate(sealed.protected.original_data.as_deref().ok_or(SealError::Header)?)?;
    let (Some(algorithm), Some(RegisteredLabel::Text(content_type))) = (&protected.alg, &protected.content_type) else {
        return Err(SealError::Header);
    };
    let algorithm = number(algorithm).ok_or(SealError::Algorithm)?;
    let key_id = protected.key_id.as_slice().try_into().map(KeyId::from_bytes).map_err(|_| SealError::Header)?;
    let lean = *protected == header(algorithm, content_type, &key_id) && sealed.unprotected.is_empty();
    if !lean || content_type.len() > CONTENT_TYPE_BYTES_MAX {
        return Err(SealError::Header);
    }
    let key = keys(&key_id).ok_or(SealError::UnknownKey(key_id))?;
    if key.algorithm() != algorithm || key.key_id() != key_id {
        return Err(SealError::Algorithm);
    }
    let content_type = content_type.clone();
    if sealed.payload.is_none() {
        return Err(SealError::Malformed("the payload is not embedded".to_owned()));
    }
    sealed
        .verify_signature(external_aad, |signature, message| {
            verify(&key, message, &Signature::from_bytes(signature.to_vec()))
        })
        .map_err(|error| match error {
            VerifyError::UnsupportedAlgorithm(algorithm) => SealError::UnsupportedAlgorithm(algorithm),
            VerifyError::Invalid => SealError::Signature,
        })?;
    Ok(Opened { payload: sealed.payload.take().unwrap_or_default(), content_type, key_id })
}

/// What a seal is said to stand on, **not verified**: for finding out whose key would have to verify it.
///
/// `None` when the bytes aren't of the strict form.
#[must_use]
pub fn claimed_payload(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() > SEAL_BYTES_MAX {
        return None;
    }
    cbor::validate(bytes).ok()?;
    CoseSign1::from_slice(bytes).ok()?.payload
}
