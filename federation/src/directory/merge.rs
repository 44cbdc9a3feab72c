//! How a record comes into the directory.

use std::cmp::Ordering;

use tongban_codes::{
    cbor::{self, CborError},
    division::DivisionCode,
    ids::NodeId,
    time::Timestamp,
};
use tongban_seal::{KeyId, PublicKey, SealError, content_type, cose};

use super::{
    AuthorityEntry, AuthorityRecord, Certification, DatedKey, Directory, NODE_CERTIFICATION, NodeEntry, NodeRecord,
    RecordKey, SignedRecord,
};
use crate::{limits, sealed::Sealed};

/// What became of a record that verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Merge {
    /// Its node or authority wasn't known.
    New(RecordKey),
    /// It replaces an older one.
    Newer(RecordKey),
    /// It is known, byte for byte or by its versions.
    Known,
    /// A newer one is known; the sender should have that.
    Older(RecordKey),
}

/// Why a record isn't taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RecordError {
    /// It isn't a record.
    #[error("the record is malformed: {0}")]
    Malformed(#[from] CborError),
    /// A seal doesn't hold.
    #[error("a seal of the record does not hold: {0}")]
    Seal(#[from] SealError),
    /// Its signer isn't known: merge that node's record first.
    #[error("no record of the signer {0} is known here")]
    UnknownSigner(NodeId),
    /// A root that nobody has said to trust.
    #[error("node {0} certifies itself and is not an anchor here")]
    NotAnAnchor(NodeId),
    /// Only an ancestor of a division can certify for it.
    #[error("a node of {signer} cannot certify for {division}")]
    Division {
        /// The division of the one who certified.
        signer: DivisionCode,
        /// The division for which it did.
        division: DivisionCode,
    },
    /// What is inside names another node or signer than the outside.
    #[error("the record names another node, signer or label than it should")]
    Mismatch,
    /// The signer has been revoked.
    #[error("node {0} has been revoked")]
    Revoked(NodeId),
    /// The label is another node's.
    #[error("the label is node {0}'s")]
    Label(NodeId),
    /// Two different records under the same versions: somebody has signed twice.
    #[error("another record with the same version is known; both should be kept as evidence")]
    Contradiction,
    /// Its superiors would form a ring.
    #[error("the node would be its own superior")]
    Ring,
    /// Longer or fuller than the protocol allows.
    #[error("the record passes a limit of the protocol")]
    Limit,
}

impl RecordError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "record-malformed",
            Self::Seal(error) => error.code(),
            Self::UnknownSigner(_) => "signer-unknown",
            Self::NotAnAnchor(_) => "record-no-anchor",
            Self::Division { .. } => "record-division",
            Self::Mismatch => "record-mismatch",
            Self::Revoked(_) => "record-signer-revoked",
            Self::Label(_) => "record-label",
            Self::Contradiction => "record-contradiction",
            Self::Ring => "record-ring",
            Self::Limit => "record-limit",
        }
    }
}

fn open<T: for<'x> minicbor::Decode<'x, ()>>(
    sealed: &Sealed,
    kind: &str,
    keys: &[PublicKey],
) -> Result<T, RecordError> {
    let lookup = |id: &KeyId| keys.iter().find(|key| key.key_id() == *id).cloned();
    let opened = cose::open(sealed.as_bytes(), &lookup, &[])?.expect(kind)?;
    Ok(cbor::from_slice(&opened.payload)?)
}

/// What one record says of a node's certification, and another of the node itself; the node's seal must be one of the keys certified.
fn compose(word: &Sealed, own: &Sealed, certified: &Certification) -> Result<Sealed, RecordError> {
    let (word, own) = (cbor::from_slice(word.as_bytes())?, cbor::from_slice(own.as_bytes())?);
    match (word, own) {
        (SignedRecord::Node { node, certifier, certification, .. }, SignedRecord::Node { record, .. }) => {
            let keys: Vec<PublicKey> = certified.seal_keys.iter().map(|dated| dated.key.clone()).collect();
            let _verified: NodeRecord = open(&record, content_type::NODE_RECORD, &keys)?;
            Ok(SignedRecord::Node { node, certifier, certification, record }.to_sealed())
        }
        _ => Err(RecordError::Mismatch),
    }
}

impl Directory {
    /// Verifies a record along the tree and takes it in if it is newer than what is known.
    ///
    /// # Errors
    /// [`RecordError`]; of these [`RecordError::UnknownSigner`] passes when the signer's record has come.
    pub fn merge(&mut self, sealed: &Sealed, now: Timestamp) -> Result<Merge, RecordError> {
        if sealed.len() > limits::ENVELOPE_BYTES_MAX {
            return Err(RecordError::Limit);
        }
        if self.holds(sealed) {
            return Ok(Merge::Known);
        }
        match cbor::from_slice(sealed.as_bytes())? {
            SignedRecord::Node { node, certifier, certification, record } => {
                let (word, own) = self.verify_node(node, certifier, &certification, &record)?;
                self.merge_node(word, own, sealed, now)
            }
            SignedRecord::Authority { signer, record } => {
                let record = self.verify_authority(signer, &record)?;
                self.merge_authority(signer, record, sealed, now)
            }
        }
    }

    /// Whether this very record was verified and taken before.
    fn holds(&self, sealed: &Sealed) -> bool {
        match cbor::from_slice(sealed.as_bytes()) {
            Ok(SignedRecord::Node { node, .. }) => self.nodes.get(&node).is_some_and(|known| known.sealed == *sealed),
            Ok(SignedRecord::Authority { record, .. }) => cose::claimed_payload(record.as_bytes())
                .and_then(|payload| cbor::from_slice::<AuthorityRecord>(&payload).ok())
                .and_then(|record| self.authorities.get(&record.authority))
                .is_some_and(|known| known.sealed == *sealed),
            Err(_) => false,
        }
    }

    /// Merges records that were verified when they came and have been kept since: who has vouched for them may have been revoked
    /// meanwhile.
    pub fn restore(&mut self, records: Vec<Sealed>, now: Timestamp) -> Vec<(Sealed, Result<Merge, RecordError>)> {
        self.restoring = true;
        let settled = self.merge_all(records, now);
        self.restoring = false;
        settled
    }

    /// Merges records that came together in any order; each with its outcome, in the order in which they were settled.
    pub fn merge_all(&mut self, records: Vec<Sealed>, now: Timestamp) -> Vec<(Sealed, Result<Merge, RecordError>)> {
        let mut settled = Vec::with_capacity(records.len());
        let mut left = records;
        loop {
            let before = left.len();
            let mut waiting = Vec::new();
            for record in left {
                match self.merge(&record, now) {
                    Err(RecordError::UnknownSigner(node)) => waiting.push((record, node)),
                    outcome => settled.push((record, outcome)),
                }
            }
            if waiting.is_empty() || waiting.len() == before {
                settled
                    .extend(waiting.into_iter().map(|(record, node)| (record, Err(RecordError::UnknownSigner(node)))));
                return settled;
            }
            left = waiting.into_iter().map(|(record, _)| record).collect();
        }
    }

    fn verify_node(
        &self,
        node: NodeId,
        certifier: NodeId,
        certification: &Sealed,
        record: &Sealed,
    ) -> Result<(Certification, NodeRecord), RecordError> {
        let certifier_keys = self.certifying_keys(node, certifier)?;
        let certification: Certification = open(certification, NODE_CERTIFICATION, &certifier_keys)?;
        if certification.node != node || !certification.division.is_within(certification.label.division()) {
            return Err(RecordError::Mismatch);
        }
        match certification.superior {
            None if certifier == node => {}
            Some(superior) if certifier != node => self.verify_superior(superior, certifier, &certification)?,
            _ => return Err(RecordError::Mismatch),
        }
        let own: Vec<PublicKey> = certification.seal_keys.iter().map(|dated| dated.key.clone()).collect();
        let record: NodeRecord = open(record, content_type::NODE_RECORD, &own)?;
        if record.node != node {
            return Err(RecordError::Mismatch);
        }
        let full = record.addresses.len() > limits::ADDRESSES_MAX
            || record.authorities.len() > limits::AUTHORITIES_PER_NODE_MAX
            || record.chain.len() > limits::CHAIN_CERTIFICATES_MAX;
        let reason = certification.reason.as_ref().map_or(0, String::len);
        if full || record.name.len() > limits::TEXT_BYTES_MAX || reason > limits::TEXT_BYTES_MAX {
            Err(RecordError::Limit)
        } else {
            Ok((certification, record))
        }
    }

    /// The certifier is the superior that it names, or above that: then it says something of a node and leaves it where it stands.
    fn verify_superior(
        &self,
        superior: NodeId,
        certifier: NodeId,
        certification: &Certification,
    ) -> Result<(), RecordError> {
        let known = self.nodes.get(&superior).ok_or(RecordError::UnknownSigner(superior))?;
        let above = self.superiors(&superior);
        if superior != certifier && !above.contains(&certifier) {
            return Err(RecordError::Mismatch);
        }
        let (signer, division) = (known.certification.division, certification.division);
        // A root may have sisters in its own division; below it an ancestor is always of another division.
        let is_root = self.anchors.contains_key(&superior);
        if !division.is_within(signer) || (division == signer && !is_root) {
            return Err(RecordError::Division { signer, division });
        }
        if superior == certification.node || above.contains(&certification.node) {
            return Err(RecordError::Ring);
        }
        Ok(())
    }

    fn certifying_keys(&self, node: NodeId, certifier: NodeId) -> Result<Vec<PublicKey>, RecordError> {
        let known = self.nodes.get(&certifier);
        let certified = known.into_iter().flat_map(|entry| &entry.certification.seal_keys);
        // A revoked key opens what it sealed in its time, but certifies nobody any more.
        let counts = |dated: &&DatedKey| self.restoring || dated.revoked.is_none();
        let valid = certified.filter(counts).map(|dated| dated.key.clone());
        if certifier == node {
            let anchored = self.anchors.get(&node).ok_or(RecordError::NotAnAnchor(node))?;
            return Ok(anchored.iter().cloned().chain(valid).collect());
        }
        match known {
            None => Err(RecordError::UnknownSigner(certifier)),
            Some(entry) if !self.restoring && entry.certification.revoked.is_some() => {
                Err(RecordError::Revoked(certifier))
            }
            Some(_) => Ok(valid.collect()),
        }
    }

    fn merge_node(
        &mut self,
        mut certification: Certification,
        mut record: NodeRecord,
        sealed: &Sealed,
        now: Timestamp,
    ) -> Result<Merge, RecordError> {
        let mut sealed = sealed.clone();
        let node = record.node;
        let key = RecordKey::Node(node);
        if let Some(other) = self.by_label.get(&certification.label).filter(|other| **other != node) {
            return Err(RecordError::Label(*other));
        }
        let outcome = match self.nodes.get(&node) {
            None => Merge::New(key),
            Some(known) if known.sealed == sealed => return Ok(Merge::Known),
            Some(known) => {
                let word = certification.serial.cmp(&known.certification.serial);
                let own = record.version.cmp(&known.record.version);
                if (word == Ordering::Equal && certification != known.certification)
                    || (own == Ordering::Equal && record != known.record)
                {
                    return Err(RecordError::Contradiction);
                }
                match (word, own) {
                    (Ordering::Equal, Ordering::Equal) => return Ok(Merge::Known),
                    (Ordering::Less | Ordering::Equal, Ordering::Less | Ordering::Equal) => {
                        return Ok(Merge::Older(key));
                    }
                    // Each of the two has a floor of its own, and the newer of each counts: what a superior says of a node, that it
                    // has been revoked say, must not give way because the node has said something new, nor the other way round.
                    (Ordering::Greater, Ordering::Less) => {
                        record = known.record.clone();
                        sealed = compose(&sealed, &known.sealed, &certification)?;
                    }
                    (Ordering::Less, Ordering::Greater) => {
                        certification = known.certification.clone();
                        sealed = compose(&known.sealed, &sealed, &certification)?;
                    }
                    (Ordering::Greater | Ordering::Equal, Ordering::Greater | Ordering::Equal) => {}
                }
                // The key by which it is shut out stays the one that it had.
                if certification.revoked.is_some() && record.transport_key != known.record.transport_key {
                    return Err(RecordError::Revoked(node));
                }
                Merge::Newer(key)
            }
        };
        if let Some(old) = self.nodes.remove(&node) {
            self.by_label.remove(&old.certification.label);
            self.by_stamp.remove(&old.stamp);
            if let Some(nodes) = self.by_division.get_mut(&old.certification.division) {
                nodes.remove(&node);
            }
        }
        self.stamp += 1;
        self.by_stamp.insert(self.stamp, key);
        self.by_label.insert(certification.label, node);
        self.by_division.entry(certification.division).or_default().insert(node);
        self.nodes.insert(node, NodeEntry { certification, record, sealed, merged_at: now, stamp: self.stamp });
        Ok(outcome)
    }

    fn verify_authority(&self, signer: NodeId, record: &Sealed) -> Result<AuthorityRecord, RecordError> {
        let entry = self.nodes.get(&signer).ok_or(RecordError::UnknownSigner(signer))?;
        if !self.restoring && entry.certification.revoked.is_some() {
            return Err(RecordError::Revoked(signer));
        }
        let keys: Vec<PublicKey> = entry
            .certification
            .seal_keys
            .iter()
            .filter(|dated| self.restoring || dated.revoked.is_none())
            .map(|dated| dated.key.clone())
            .collect();
        let record: AuthorityRecord = open(record, content_type::AUTHORITY_RECORD, &keys)?;
        let above = entry.certification.division;
        if !record.division.is_within(above) {
            return Err(RecordError::Division { signer: above, division: record.division });
        }
        if record.name.len() > limits::TEXT_BYTES_MAX { Err(RecordError::Limit) } else { Ok(record) }
    }

    fn merge_authority(
        &mut self,
        signer: NodeId,
        record: AuthorityRecord,
        sealed: &Sealed,
        now: Timestamp,
    ) -> Result<Merge, RecordError> {
        let id = record.authority;
        let key = RecordKey::Authority(id);
        let outcome = match self.authorities.get(&id) {
            None => Merge::New(key),
            Some(known) if known.sealed == *sealed => return Ok(Merge::Known),
            Some(known) if record.version < known.record.version => return Ok(Merge::Older(key)),
            Some(known) if record.version == known.record.version => {
                return if known.record == record { Ok(Merge::Known) } else { Err(RecordError::Contradiction) };
            }
            // An authority stays where it is, or moves by the word of somebody above both places.
            Some(known) => match self.nodes.get(&signer) {
                Some(entry) if known.record.division.is_within(entry.certification.division) => Merge::Newer(key),
                _ => return Err(RecordError::Mismatch),
            },
        };
        if let Some(old) = self.authorities.remove(&id) {
            self.by_stamp.remove(&old.stamp);
            for dated in &old.record.credit_codes {
                if let Some(ids) = self.by_credit_code.get_mut(&dated.code) {
                    ids.remove(&id);
                }
            }
        }
        self.stamp += 1;
        self.by_stamp.insert(self.stamp, key);
        for dated in &record.credit_codes {
            self.by_credit_code.entry(dated.code).or_default().insert(id);
        }
        self.authorities
            .insert(id, AuthorityEntry { record, signer, sealed: sealed.clone(), merged_at: now, stamp: self.stamp });
        Ok(outcome)
    }
}
