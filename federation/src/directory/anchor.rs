//! Anchors between trees: what one root says of another, so that its whole tree may take that one for a root.
//!
//! ```text
//!   root B shows itself ── file, fingerprint by telephone ──▶ root A seals an anchor record ── directory ──▶ every node below A
//! ```
//!
//! The word goes one way and one step: B trusts A only by a record of its own, and whom B trusts is nothing to A. A tree that is trusted
//! speaks for its own division and what lies below it, never for another.

use std::sync::Arc;

use minicbor::{Decode, Encode};
use tongban_codes::{
    cbor,
    division::DivisionCode,
    ids::{Digest, NodeId},
    time::Timestamp,
};
use tongban_seal::{PublicKey, SignError, Signer, content_type};

use super::opened::open;
use super::{Certification, NODE_CERTIFICATION, NodeRecord, RecordError, SignedRecord};
use crate::{limits, sealed::Sealed};

/// The content type of a root's word on another root.
pub const ANCHOR: &str = "application/tongban-anchor+cbor";

/// What a root says of another tree's root.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AnchorRecord {
    /// The other root.
    #[n(0)]
    pub root: NodeId,
    /// Its division: it and what lies below is all that its tree may speak for.
    #[n(1)]
    pub division: DivisionCode,
    /// Its name, like 重庆市.
    #[n(2)]
    pub name: String,
    /// SHA-256 of its transport key's SPKI.
    #[n(3)]
    pub transport_key: Digest,
    /// Its seal keys.
    #[n(4)]
    pub seal_keys: Vec<PublicKey>,
    /// Since when it is trusted.
    #[n(5)]
    pub from: Timestamp,
    /// Since when it isn't any more.
    #[n(6)]
    pub withdrawn: Option<Timestamp>,
    /// Why it isn't, in the administrator's words.
    #[n(7)]
    pub reason: Option<String>,
    /// Who said so at the signing root.
    #[n(8)]
    pub operator: String,
    /// Grows with each record on this root.
    #[n(9)]
    pub version: u64,
    /// When it was made.
    #[n(10)]
    pub issued_at: Timestamp,
}

impl AnchorRecord {
    /// The record as it travels.
    ///
    /// # Errors
    /// [`SignError`] when the key can't be used.
    pub fn sign(&self, signer: NodeId, key: &dyn Signer) -> Result<Sealed, SignError> {
        let record = tongban_seal::cose::seal(key, ANCHOR, cbor::to_vec(self), &[]).map(Sealed::new)?;
        Ok(SignedRecord::Anchor { signer, record }.to_sealed())
    }

    /// See [`fingerprint`].
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        fingerprint(self.root, self.division, &self.transport_key, &self.seal_keys)
    }

    /// Whether the texts and lists are as long as the protocol allows.
    pub(super) fn is_within_limits(&self) -> bool {
        let texts = [&self.name, &self.operator].into_iter().chain(&self.reason);
        let texts = texts.map(String::len).max().unwrap_or(0) <= limits::TEXT_BYTES_MAX;
        texts && (1..=limits::ANCHOR_KEYS_MAX).contains(&self.seal_keys.len())
    }
}

/// What two administrators compare by another way than the file came: SHA-256 of `["tongban/anchor/1", root, division, transport key, seal
/// keys]`. It changes with the keys alone.
#[must_use]
pub fn fingerprint(root: NodeId, division: DivisionCode, transport_key: &Digest, seal_keys: &[PublicKey]) -> Digest {
    Digest::of(&cbor::to_vec(&("tongban/anchor/1", root, division, transport_key, seal_keys)))
}

/// A root as it shows itself: nothing but its own keys vouches for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownRoot {
    /// What it certifies of itself.
    pub certification: Arc<Certification>,
    /// What it says of itself.
    pub record: Arc<NodeRecord>,
}

impl ShownRoot {
    /// Reads a root's own record, whose seals must hold under the keys that it names itself.
    ///
    /// # Errors
    /// [`RecordError`] when it isn't the record of a root, is revoked, or a seal doesn't hold.
    pub fn read(sealed: &Sealed) -> Result<Self, RecordError> {
        if sealed.len() > limits::ENVELOPE_BYTES_MAX {
            return Err(RecordError::Limit);
        }
        let SignedRecord::Node { node, certifier, certification, record } = cbor::from_slice(sealed.as_bytes())? else {
            return Err(RecordError::Mismatch);
        };
        let claimed = tongban_seal::cose::claimed_payload(certification.as_bytes()).ok_or(RecordError::Mismatch)?;
        let claimed: Certification = cbor::from_slice(&claimed)?;
        let keys: Vec<PublicKey> = claimed.seal_keys.iter().map(|dated| dated.key.clone()).collect();
        let certification: Arc<Certification> = open(None, &certification, NODE_CERTIFICATION, &keys)?;
        let record: Arc<NodeRecord> = open(None, &record, content_type::NODE_RECORD, &keys)?;
        let is_root = certifier == node && certification.superior.is_none() && certification.revoked.is_none();
        if !is_root || certification.node != node || record.node != node {
            return Err(RecordError::Mismatch);
        }
        Ok(Self { certification, record })
    }

    /// Its seal keys in force.
    #[must_use]
    pub fn seal_keys(&self) -> Vec<PublicKey> {
        let valid = self.certification.seal_keys.iter().filter(|dated| dated.revoked.is_none());
        valid.map(|dated| dated.key.clone()).collect()
    }

    /// See [`fingerprint`].
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        let Certification { node, division, .. } = *self.certification;
        fingerprint(node, division, &self.record.transport_key, &self.seal_keys())
    }
}
