//! Who signs: algorithms by name, public keys, and the interface behind which private keys stand.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use minicbor::{Decode, Decoder, Encode, Encoder};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tongban_codes::cbor;
use zeroize::Zeroizing;

/// The length of an Ed25519 public key and seed in bytes.
pub const ED25519_KEY_BYTES: usize = 32;

/// A signature algorithm that a key may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519 (RFC 8032), COSE algorithm −19 (RFC 9864).
    Ed25519,
    /// SM2 with SM3 (GB/T 32918, GB/T 32905), COSE private use −732918; named, not yet computed by this release.
    Sm2Sm3,
}

impl Algorithm {
    /// The COSE algorithm number.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Ed25519 => -19,
            Self::Sm2Sm3 => -732_918,
        }
    }

    /// The algorithm with this COSE number, if it is on the list.
    #[must_use]
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            -19 => Some(Self::Ed25519),
            -732_918 => Some(Self::Sm2Sm3),
            _ => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ed25519 => "Ed25519",
            Self::Sm2Sm3 => "SM2-SM3",
        })
    }
}

impl<C> Encode<C> for Algorithm {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.i64(self.number())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Algorithm {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        Self::from_number(d.i64()?)
            .ok_or_else(|| minicbor::decode::Error::message("the algorithm is not on the list").at(at))
    }
}

/// A key's short name: the first 8 bytes of the SHA-256 over the public key's CBOR; printed as 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct KeyId(#[cbor(n(0), with = "minicbor::bytes")] [u8; 8]);

impl KeyId {
    /// The id with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The id's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let number = u64::from_str_radix(text, 16).ok().filter(|_| hex).ok_or(KeyError::Id)?;
        Ok(Self(number.to_be_bytes()))
    }
}

/// Why a key was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The bytes aren't a key of this algorithm, or one of the few that any signature fits.
    #[error("the bytes are not a usable {0} public key")]
    Public(Algorithm),
    /// The text isn't 16 lower-case hex digits.
    #[error("a key id is 16 lower-case hex digits")]
    Id,
}

/// A public key with its algorithm; `{0: algorithm, 1: bytes}` in CBOR.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey {
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

impl PublicKey {
    /// A key from its raw bytes: 32 for Ed25519, 33 or 65 (SEC 1 point) for SM2.
    ///
    /// # Errors
    /// [`KeyError::Public`] for another length, and for Ed25519 for bytes that are no point or one of small order.
    pub fn new(algorithm: Algorithm, bytes: Vec<u8>) -> Result<Self, KeyError> {
        let usable = match algorithm {
            Algorithm::Ed25519 => VerifyingKey::try_from(bytes.as_slice()).is_ok_and(|key| !key.is_weak()),
            Algorithm::Sm2Sm3 => matches!((bytes.len(), bytes.first()), (33, Some(2 | 3)) | (65, Some(4))),
        };
        if usable { Ok(Self { algorithm, bytes }) } else { Err(KeyError::Public(algorithm)) }
    }

    /// The key's algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The key's short name.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        let hash: [u8; 32] = Sha256::digest(cbor::to_vec(self)).into();
        let [a, b, c, d, e, f, g, h, ..] = hash;
        KeyId([a, b, c, d, e, f, g, h])
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct PublicKeyWire {
    #[n(0)]
    algorithm: Algorithm,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    bytes: Vec<u8>,
}

impl<C> Encode<C> for PublicKey {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        PublicKeyWire { algorithm: self.algorithm, bytes: self.bytes.clone() }.encode(e, ctx)
    }
}

impl<'b, C> Decode<'b, C> for PublicKey {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let PublicKeyWire { algorithm, bytes } = PublicKeyWire::decode(d, ctx)?;
        Self::new(algorithm, bytes).map_err(|error| minicbor::decode::Error::message(error).at(at))
    }
}

/// A signature's raw bytes; the algorithm is the key's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

impl Signature {
    /// A signature from its raw bytes, unchecked until [`verify`].
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The raw bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The raw bytes, taken out.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Why a signer didn't sign.
#[derive(Debug, Error)]
pub enum SignError {
    /// The device that holds the key doesn't answer or refuses.
    #[error("the signer of key {key} is not available: {reason}")]
    Unavailable {
        /// The key.
        key: KeyId,
        /// What the device said.
        reason: String,
    },
}

/// Holds a private key and signs with it; an encrypted file now, a module behind PKCS#11 or SDF later.
pub trait Signer: Send + Sync {
    /// The key's algorithm.
    fn algorithm(&self) -> Algorithm {
        self.public_key().algorithm()
    }

    /// The key's short name.
    fn key_id(&self) -> KeyId {
        self.public_key().key_id()
    }

    /// The public half.
    fn public_key(&self) -> PublicKey;

    /// Signs the message.
    ///
    /// # Errors
    /// [`SignError`] when the key can't be used now.
    fn sign(&self, message: &[u8]) -> Result<Signature, SignError>;
}

/// An Ed25519 key in memory, wiped when dropped.
pub struct Ed25519Signer {
    key: SigningKey,
    public: PublicKey,
    id: KeyId,
}

impl Ed25519Signer {
    /// The signer whose RFC 8032 private key is this seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; ED25519_KEY_BYTES]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let public = PublicKey { algorithm: Algorithm::Ed25519, bytes: key.verifying_key().to_bytes().to_vec() };
        let id = public.key_id();
        Self { key, public, id }
    }

    /// The private key as PKCS#8 (RFC 8410 §7, version 1), for a TLS stack that uses the transport key.
    #[must_use]
    pub fn pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        // SEQUENCE { INTEGER 0, SEQUENCE { OID 1.3.101.112 }, OCTET STRING { OCTET STRING seed } }
        const HEAD: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let mut der = Zeroizing::new(Vec::with_capacity(HEAD.len() + ED25519_KEY_BYTES));
        der.extend_from_slice(&HEAD);
        der.extend_from_slice(self.key.as_bytes());
        der
    }
}

impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ed25519Signer({})", self.id)
    }
}

impl Signer for Ed25519Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }

    fn key_id(&self) -> KeyId {
        self.id
    }

    fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(Signature(self.key.sign(message).to_bytes().to_vec()))
    }
}

/// Why a signature was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The algorithm has a name here but this release doesn't compute it.
    #[error("this release can't verify {0} signatures")]
    UnsupportedAlgorithm(Algorithm),
    /// The signature isn't this key's over this message.
    #[error("the signature doesn't fit key and message")]
    Invalid,
}

/// Checks a signature strictly: no malleable forms, no keys of small order.
///
/// # Errors
/// [`VerifyError`].
pub fn verify(key: &PublicKey, message: &[u8], signature: &Signature) -> Result<(), VerifyError> {
    match key.algorithm {
        Algorithm::Ed25519 => {
            let key = VerifyingKey::try_from(key.bytes.as_slice()).map_err(|_| VerifyError::Invalid)?;
            let signature = ed25519_dalek::Signature::from_slice(&signature.0).map_err(|_| VerifyError::Invalid)?;
            key.verify_strict(message, &signature).map_err(|_| VerifyError::Invalid)
        }
        other @ Algorithm::Sm2Sm3 => Err(VerifyError::UnsupportedAlgorithm(other)),
    }
}
