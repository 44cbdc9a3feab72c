//! The envelope: one act of one node, on its way to another.
//!
//! Who sends it again, under which sequence, in which epoch and over which relays says nothing about what it is. So its
//! [id](Envelope::id) is drawn from origin, subject and act number, and its [digest](Envelope::digest) covers subject,
//! kind, version and body alone: a resend after a restore is the same envelope, and the same id with another digest is a
//! fork of the origin's history.

use std::fmt;

use minicbor::{Decode, Encode};
use tongban_codes::{
    cbor::{self, CborError},
    ids::{CaseId, Digest, NodeId},
};
use tongban_seal::content_type;

use crate::sealed::{Sealed, Unseal, UnsealError};

const ID_DOMAIN: &str = "tongban/envelope-id/1";
const DIGEST_DOMAIN: &str = "tongban/envelope-digest/1";

/// What an envelope is about, mostly a case; acts on one subject keep their order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Subject(#[cbor(n(0), with = "minicbor::bytes")] [u8; 16]);

impl Subject {
    /// A subject that isn't a case: a licence, an item, an order.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The sixteen bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The subject read as a case, for kinds of envelope that concern cases.
    pub fn case(&self) -> CaseId {
        CaseId::from_bytes(self.0)
    }
}

impl From<CaseId> for Subject {
    fn from(case: CaseId) -> Self {
        Self(*case.as_bytes())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({self})")
    }
}

/// Names an act of a node for ever: SHA-256 over origin, subject and act number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct EnvelopeId(#[n(0)] pub Digest);

impl fmt::Display for EnvelopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One line of sequences: those that one epoch of an origin gives to one destination.
///
/// Sequences begin at 1 and have no gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(map)]
pub struct Flow {
    /// The node whose act it is.
    #[n(0)]
    pub origin: NodeId,
    /// The unbroken life of the origin's data in which it was sent.
    #[n(1)]
    pub epoch: u32,
    /// The node that it is for.
    #[n(2)]
    pub destination: NodeId,
}

/// What an envelope carries.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Body {
    /// Readable by every relay on the way.
    #[n(0)]
    Plain(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// Readable by the destination alone (RFC 9180, to its exchange key).
    #[n(1)]
    Hpke {
        /// The key that the sender has encapsulated to the destination's exchange key.
        #[cbor(n(0), with = "minicbor::bytes")]
        encapsulated: Vec<u8>,
        /// The body under that key.
        #[cbor(n(1), with = "minicbor::bytes")]
        ciphertext: Vec<u8>,
    },
}

/// One act of one node for another; sealed by its origin before it leaves.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Envelope {
    /// The node whose act it is.
    #[n(0)]
    pub origin: NodeId,
    /// The unbroken life of the origin's data in which it was sent.
    #[n(1)]
    pub epoch: u32,
    /// The node that it is for.
    #[n(2)]
    pub destination: NodeId,
    /// Its place in the [flow](Flow), from 1, without gaps.
    #[n(3)]
    pub sequence: u64,
    /// What it is about.
    #[n(4)]
    pub subject: Subject,
    /// Counts the origin's acts on the subject, from 1.
    #[n(5)]
    pub act_number: u32,
    /// What kind of notice the body is; given out by the node's exchange module.
    #[n(6)]
    pub kind: u16,
    /// The version of that kind.
    #[n(7)]
    pub version: u16,
    /// The notice.
    #[n(8)]
    pub body: Body,
}

impl Envelope {
    /// The bytes that the origin seals.
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_vec(self)
    }

    /// Reads the bytes that a seal covered.
    ///
    /// # Errors
    /// [`StatementError::Malformed`] when they aren't an envelope in the deterministic profile; [`StatementError::Sequence`] when
    /// sequence, epoch or act number is 0.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StatementError> {
        let envelope: Self = cbor::from_slice(bytes)?;
        if envelope.sequence == 0 || envelope.epoch == 0 || envelope.act_number == 0 {
            return Err(StatementError::Sequence);
        }
        Ok(envelope)
    }

    /// Opens a sealed envelope, and checks that the one who sealed it is its origin.
    ///
    /// # Errors
    /// What [`Unseal::open`] and [`Envelope::from_bytes`] say, and [`StatementError::Signer`].
    pub fn open(signer: &NodeId, sealed: &Sealed, unseal: &dyn Unseal) -> Result<Self, StatementError> {
        let envelope = Self::from_bytes(&unseal.open(signer, content_type::ENVELOPE, sealed)?)?;
        if envelope.origin == *signer {
            Ok(envelope)
        } else {
            Err(StatementError::Signer { signer: *signer, named: envelope.origin })
        }
    }

    /// What the act is called, whoever sends it, however often, in whichever epoch.
    pub fn id(&self) -> EnvelopeId {
        EnvelopeId::of(&self.origin, &self.subject, self.act_number)
    }

    /// What the act says; two digests under one [id](Envelope::id) are a fork.
    pub fn digest(&self) -> Digest {
        Digest::of(&cbor::to_vec(&(DIGEST_DOMAIN, self.subject, self.kind, self.version, &self.body)))
    }

    /// The line of sequences that the envelope stands in.
    pub fn flow(&self) -> Flow {
        Flow { origin: self.origin, epoch: self.epoch, destination: self.destination }
    }
}

impl EnvelopeId {
    /// The id of an act, known before the envelope is made.
    pub fn of(origin: &NodeId, subject: &Subject, act_number: u32) -> Self {
        Self(Digest::of(&cbor::to_vec(&(ID_DOMAIN, origin, subject, act_number))))
    }
}

/// Why a sealed envelope or receipt isn't taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StatementError {
    /// The seal can't be relied on.
    #[error(transparent)]
    Seal(#[from] UnsealError),
    /// The statement inside isn't well formed.
    #[error("the sealed statement is malformed: {0}")]
    Malformed(#[from] CborError),
    /// Sequences, epochs and act numbers begin at 1.
    #[error("sequence, epoch and act number begin at 1")]
    Sequence,
    /// It was sealed by another node than the one that it names.
    #[error("the statement names {named} and was sealed by {signer}")]
    Signer {
        /// Who sealed it.
        signer: NodeId,
        /// Who should have.
        named: NodeId,
    },
}

impl StatementError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Seal(error) => error.code(),
            Self::Malformed(_) => "statement-malformed",
            Self::Sequence => "statement-sequence",
            Self::Signer { .. } => "statement-signer",
        }
    }
}
