//! Bytes under a seal, kept as received, and the one question that the protocol asks about them.

use std::fmt;
use std::sync::Arc;

use minicbor::{Decode, Decoder, Encode, Encoder};
use tongban_codes::ids::{Digest, NodeId};

/// Signed bytes as they came: stored and forwarded whole, never re-encoded.
///
/// A clone shares them. What is inside (a batch seal with its inclusion proof, a signed record) is known to `tongban-seal`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sealed(Arc<Vec<u8>>);

impl Sealed {
    /// Takes bytes that were sealed elsewhere.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Arc::new(bytes))
    }

    /// The bytes as received.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as received, without a copy where nobody shares them.
    pub fn into_bytes(self) -> Vec<u8> {
        Arc::unwrap_or_clone(self.0)
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<u8>> for Sealed {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl<C> Encode<C> for Sealed {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Sealed {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Ok(Self::new(d.bytes()?.to_vec()))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = Digest::of(&self.0).to_string();
        write!(f, "Sealed({} bytes, {})", self.0.len(), digest.get(..12).unwrap_or(&digest))
    }
}

/// Opens what other nodes have sealed.
///
/// The driver implements it over its directory and `tongban-seal`; tests implement it in a few lines. It must be a pure
/// function of the directory at the moment of the call.
pub trait Unseal {
    /// Checks that `sealed` stands under a seal of `signer`, as a statement of this
    /// [content type](tongban_seal::content_type), and returns the statement inside.
    ///
    /// # Errors
    /// [`UnsealError`], which tells a forged seal from a signer that isn't known yet.
    fn open(&self, signer: &NodeId, content_type: &str, sealed: &Sealed) -> Result<Vec<u8>, UnsealError>;
}

/// Why sealed bytes can't be relied on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// The directory has no record of the signer yet: fetch it, then let the sender try again.
    #[error("no node record of {0} is known here")]
    UnknownSigner(NodeId),
    /// The seal's key isn't one of the signer's.
    #[error("the seal was made with a key that is not the signer's: {0}")]
    Key(String),
    /// The seal's key has been revoked.
    #[error("the seal was made with a key of {0} that has been revoked")]
    Revoked(NodeId),
    /// The seal doesn't match the statement.
    #[error("the seal does not match what it seals")]
    Broken,
    /// The bytes aren't a sealed statement at all.
    #[error("these bytes are no sealed statement: {0}")]
    Malformed(String),
}

impl UnsealError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownSigner(_) => "signer-unknown",
            Self::Key(_) => "seal-key-unknown",
            Self::Revoked(_) => "seal-key-revoked",
            Self::Broken => "seal-broken",
            Self::Malformed(_) => "seal-malformed",
        }
    }
}
