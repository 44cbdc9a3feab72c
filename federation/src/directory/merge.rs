//! How a record comes into the directory.

use std::sync::OnceLock;

use tongban_codes::{
    cbor::CborError,
    division::DivisionCode,
    ids::{AuthorityId, Digest, NodeId},
    time::Timestamp,
};
use tongban_seal::SealError;

use super::judging::{Draft, Judging};
use super::{AnchorEntry, AuthorityEntry, By, Directory, NodeEntry, RecordKey};
use crate::sealed::Sealed;

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

/// A record with what became of it.
pub type Settled = (Sealed, Result<Merge, RecordError>);

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
    /// A record of another tree comes from that tree's root or from above, and from nobody else.
    #[error("a record of the tree of {0} was brought by somebody who may not bring it")]
    Detour(NodeId),
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
            Self::Detour(_) => "record-detour",
        }
    }
}

impl Directory {
    /// Verifies a record along the tree and takes it in if it is newer than what is known.
    ///
    /// # Errors
    /// [`RecordError`]; of these [`RecordError::UnknownSigner`] passes when the signer's record has come.
    pub fn merge(&mut self, sealed: &Sealed, now: Timestamp) -> Result<Merge, RecordError> {
        let mut judging = Judging::upon(self, now);
        let merged = judging.merge(sealed)?;
        let draft = judging.draft;
        self.put(draft);
        Ok(merged)
    }

    /// Merges records that were verified when they came and have been kept since: who has vouched for them may have been revoked
    /// meanwhile.
    pub fn restore(&mut self, records: Vec<Sealed>, now: Timestamp) -> Vec<Settled> {
        self.restoring = true;
        let settled = self.merge_all(records, now);
        self.restoring = false;
        settled
    }

    /// Merges records that came together in any order; each with its outcome, in the order in which they were settled.
    pub fn merge_all(&mut self, records: Vec<Sealed>, now: Timestamp) -> Vec<Settled> {
        let (draft, settled) = self.judge(records, now);
        self.put(draft);
        settled
    }

    /// Verifies records as [`Self::merge_all`] does, and leaves the directory as it is.
    pub fn judge(&self, records: Vec<Sealed>, now: Timestamp) -> (Draft, Vec<Settled>) {
        self.judge_by(By::Above, records, now)
    }

    /// As [`Self::judge`], of records that somebody has brought who may not bring all.
    pub fn judge_by(&self, by: By, records: Vec<Sealed>, now: Timestamp) -> (Draft, Vec<Settled>) {
        let mut judging = Judging::upon(self, now).brought(by);
        let settled = judging.merge_all(records);
        (judging.draft, settled)
    }

    /// Takes in what was judged; where the directory has changed since, all of it is judged again.
    pub fn take(&mut self, draft: Draft, now: Timestamp) {
        if draft.upon == self.stamp {
            self.put(draft);
        } else {
            let records = draft.records().map(|(_, sealed)| sealed.clone()).collect();
            let _settled = self.merge_all(records, now);
        }
    }

    fn put(&mut self, draft: Draft) {
        let Draft { mut nodes, mut authorities, mut foreign, order, .. } = draft;
        for key in order {
            match key {
                RecordKey::Node(id) => {
                    if let Some(entry) = nodes.remove(&id) {
                        self.put_node(id, entry);
                    }
                }
                RecordKey::Authority(id) => {
                    if let Some(entry) = authorities.remove(&id) {
                        self.put_authority(id, entry);
                    }
                }
                RecordKey::Anchor(id) => {
                    if let Some(entry) = foreign.remove(&id) {
                        self.put_anchor(id, entry);
                    }
                }
            }
            self.whole = OnceLock::new();
        }
    }

    fn stamped(&mut self, key: RecordKey, digest: Digest) -> u64 {
        self.stamp += 1;
        self.by_stamp.insert(self.stamp, key);
        self.by_digest.insert(digest, key);
        self.stamp
    }

    fn unstamped(&mut self, stamp: u64, digest: &Digest) {
        self.by_stamp.remove(&stamp);
        self.by_digest.remove(digest);
    }

    fn put_node(&mut self, id: NodeId, mut entry: NodeEntry) {
        let old = self.nodes.remove(&id);
        let stands = |entry: &NodeEntry| (entry.certification.division, entry.certification.revoked.is_some());
        if old.as_ref().map(stands) != Some(stands(&entry)) {
            self.layout += 1;
        }
        if let Some(old) = old {
            self.unstamped(old.stamp, &old.digest);
            // Another may have it by now.
            if self.by_label.get(&old.certification.label) == Some(&id) {
                self.by_label.remove(&old.certification.label);
            }
            self.by_division.remove(&(old.certification.division, id));
        }
        entry.stamp = self.stamped(RecordKey::Node(id), entry.digest);
        self.by_label.insert(entry.certification.label, id);
        self.by_division.insert((entry.certification.division, id));
        self.nodes.insert(id, entry);
    }

    fn put_anchor(&mut self, id: NodeId, mut entry: AnchorEntry) {
        // Whether a whole tree belongs to the federation may have changed.
        self.layout += 1;
        if let Some(old) = self.foreign.remove(&id) {
            self.unstamped(old.stamp, &old.digest);
        }
        entry.stamp = self.stamped(RecordKey::Anchor(id), entry.digest);
        self.foreign.insert(id, entry);
    }

    fn put_authority(&mut self, id: AuthorityId, mut entry: AuthorityEntry) {
        if let Some(old) = self.authorities.remove(&id) {
            self.unstamped(old.stamp, &old.digest);
            for dated in &old.record.credit_codes {
                self.by_credit_code.remove(&(dated.code, id));
            }
        }
        entry.stamp = self.stamped(RecordKey::Authority(id), entry.digest);
        for dated in &entry.record.credit_codes {
            self.by_credit_code.insert((dated.code, id));
        }
        self.authorities.insert(id, entry);
    }
}
