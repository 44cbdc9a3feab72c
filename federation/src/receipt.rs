//! The receipt: what became of an envelope at its destination.
//!
//! A receipt is business, not transport. It says that the envelope was durably applied, lawfully refused, or quarantined;
//! never that it merely arrived. It is sealed by the receiver and kept by both.

use minicbor::{Decode, Encode};
use tongban_codes::{
    cbor,
    ids::{Digest, NodeId},
    time::Timestamp,
};
use tongban_seal::content_type;

use crate::{
    envelope::{Envelope, EnvelopeId, Flow, StatementError},
    sealed::{Sealed, Unseal},
};

/// What became of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Outcome {
    /// Its effect stands in the receiver's log.
    #[n(0)]
    Applied {
        /// What the kind of envelope wants to tell its origin; empty for most.
        #[cbor(n(0), with = "minicbor::bytes")]
        detail: Vec<u8>,
    },
    /// The receiver has lawfully refused it, and that refusal stands in its log.
    #[n(1)]
    Refused {
        /// A stable kebab-case code.
        #[n(0)]
        code: String,
        /// A sentence for the person who asks why.
        #[n(1)]
        text: String,
    },
    /// The receiver has put it aside, with later ones of its case, until it can understand it or somebody decides.
    #[n(2)]
    Quarantined {
        /// A stable kebab-case code.
        #[n(0)]
        code: String,
    },
}

/// The checkpoint that will cover the receipt, so that a third node can witness it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CheckpointRef {
    /// The receiver's journal: see `tongban-journal` for the numbers.
    #[n(0)]
    pub journal: u8,
    /// The epoch of that journal.
    #[n(1)]
    pub epoch: u32,
    /// The size from which on a checkpoint covers the receipt's entry.
    #[n(2)]
    pub size: u64,
}

/// What became of an envelope, said by its receiver after it was committed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Receipt {
    /// The node that speaks.
    #[n(0)]
    pub receiver: NodeId,
    /// The envelope's origin, for whom the receipt is.
    #[n(1)]
    pub origin: NodeId,
    /// The epoch of the envelope that is answered.
    #[n(2)]
    pub epoch: u32,
    /// The sequence of the envelope that is answered.
    #[n(3)]
    pub sequence: u64,
    /// Which act it is about.
    #[n(4)]
    pub envelope: EnvelopeId,
    /// What that act said.
    #[n(5)]
    pub digest: Digest,
    /// What became of it.
    #[n(6)]
    pub outcome: Outcome,
    /// When that was decided, by the receiver's clock.
    #[n(7)]
    pub at: Timestamp,
    /// Where a witness can find it, once journalled.
    #[n(8)]
    pub checkpoint: Option<CheckpointRef>,
}

impl Receipt {
    /// The receipt of `envelope` by its destination.
    pub fn of(envelope: &Envelope, outcome: Outcome, at: Timestamp) -> Self {
        Self {
            receiver: envelope.destination,
            origin: envelope.origin,
            epoch: envelope.epoch,
            sequence: envelope.sequence,
            envelope: envelope.id(),
            digest: envelope.digest(),
            outcome,
            at,
            checkpoint: None,
        }
    }

    /// What was said of the act before, said of `envelope`: the same act, sent again after a restore. The receipt names its
    /// place, so that each line of sequences is answered without gaps.
    #[must_use]
    pub fn again(&self, envelope: &Envelope) -> Self {
        Self { epoch: envelope.epoch, sequence: envelope.sequence, ..self.clone() }
    }

    /// The bytes that the receiver seals.
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_vec(self)
    }

    /// Reads the bytes that a seal covered.
    ///
    /// # Errors
    /// [`StatementError::Malformed`] when they aren't a receipt in the deterministic profile; [`StatementError::Sequence`] when
    /// sequence or epoch is 0.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StatementError> {
        let receipt: Self = cbor::from_slice(bytes)?;
        if receipt.sequence == 0 || receipt.epoch == 0 {
            return Err(StatementError::Sequence);
        }
        Ok(receipt)
    }

    /// Opens a sealed receipt, and checks that the one who sealed it is the receiver.
    ///
    /// # Errors
    /// What [`Unseal::open`] and [`Receipt::from_bytes`] say, and [`StatementError::Signer`].
    pub fn open(signer: &NodeId, sealed: &Sealed, unseal: &dyn Unseal) -> Result<Self, StatementError> {
        let receipt = Self::from_bytes(&unseal.open(signer, content_type::RECEIPT, sealed)?)?;
        if receipt.receiver == *signer {
            Ok(receipt)
        } else {
            Err(StatementError::Signer { signer: *signer, named: receipt.receiver })
        }
    }

    /// The line of sequences in which the answered envelope stands.
    pub fn flow(&self) -> Flow {
        Flow { origin: self.origin, epoch: self.epoch, destination: self.receiver }
    }
}
