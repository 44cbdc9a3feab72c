//! Records of the directory: this node's own, those that it certifies, and what becomes of others' when they are judged.

use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Label, NodeId};
use tongban_codes::time::Timestamp;
use tongban_federation::directory::{By, Certification, DatedKey, Draft, Merge, NodeRecord, RecordKey};
use tongban_federation::{Sealed, SignedRecord};
use tongban_seal::PublicKey;
use tongban_storage::keyspace::{Bytes, directory, hall};

use super::knowledge::Knowledge;
use crate::engine::trust::Certificate;
use crate::engine::{ExchangeEvent, Refused};

fn unusable(error: impl std::fmt::Display) -> Refused {
    Refused::problem("seal-unusable", error.to_string(), error.to_string())
}

/// Makes a node's certification, sealed by this node.
///
/// # Errors
///
/// When the seal key can't be used.
pub fn certify(
    knowledge: &Knowledge,
    node: NodeId,
    division: DivisionCode,
    label: Label,
    seal_key: PublicKey,
    exchange_key: Vec<u8>,
) -> Result<Sealed, Refused> {
    let me = knowledge.here().node;
    let at = knowledge.now();
    let mut seal_keys = knowledge.directory().seal_keys(&node).to_vec();
    if seal_keys.iter().all(|dated| dated.key != seal_key) {
        seal_keys.push(DatedKey { key: seal_key, from: at, revoked: None });
    }
    let certification = Certification {
        node,
        division,
        label,
        superior: (node != me).then_some(me),
        seal_keys,
        exchange_key,
        serial: next_serial(knowledge, &node),
        at,
        revoked: None,
        reason: None,
    };
    certification.seal(&*knowledge.parts.keys.seal).map_err(unusable)
}

/// The serial of a node's next certification: grows with every one that is known here, and with the clock, so that one that is not known
/// yet doesn't stand in its way for long.
pub(super) fn next_serial(knowledge: &Knowledge, node: &NodeId) -> u64 {
    let known = knowledge.directory().node(node).map_or(0, |entry| entry.certification.serial);
    knowledge.now().as_millis().max(1).unsigned_abs().max(known + 1)
}

/// A root's certification of itself.
pub(super) fn certify_self(knowledge: &Knowledge) -> Result<Sealed, Refused> {
    let node = knowledge.node();
    let key = knowledge.parts.keys.seal.public_key();
    certify(knowledge, node.node, node.division, node.label, key, knowledge.parts.exchange_key.clone())
}

/// This node's record, who it is, where it can be dialled and whom it serves, when what it would say has changed; certified by its
/// superior, or by itself as a root.
pub(super) fn own_record(knowledge: &Knowledge, certification: &Certificate) -> Result<Option<Sealed>, Refused> {
    let node = knowledge.node();
    let trust = knowledge.trust();
    let authorities = hall::AUTHORITY.list(&*knowledge.parts.backend, &[], None, usize::MAX)?;
    let mut record = NodeRecord {
        node: node.node,
        name: node.name,
        addresses: knowledge.parts.addresses.clone(),
        transport_key: knowledge.parts.transport_key_hash,
        chain: trust.chain.into_iter().map(|certificate| Sealed::new(certificate.0)).collect(),
        authorities: authorities.into_iter().map(|(id, _)| id).collect(),
        epoch: knowledge.epoch,
        version: 0,
        issued_at: knowledge.now(),
    };
    if let Some(known) = knowledge.directory().node(&node.node) {
        (record.version, record.issued_at) = (known.record.version, known.record.issued_at);
        if record == *known.record && known.certification.superior == trust.superior {
            return Ok(None);
        }
        record.issued_at = knowledge.now();
    }
    record.version += 1;
    let sealed = record.seal(&*knowledge.parts.keys.seal).map_err(unusable)?;
    let certifier = trust.superior.unwrap_or(node.node);
    let certification = Sealed::new(certification.0.clone());
    // Where the directory has a newer certification, it takes that one with this record.
    Ok(Some(SignedRecord::Node { node: node.node, certifier, certification, record: sealed }.to_sealed()))
}

/// Records that were verified along the tree.
pub(super) struct Verified {
    /// New ones, as they go into the log.
    pub(super) events: Vec<ExchangeEvent>,
    /// The same, as the directory takes them in.
    pub(super) draft: Draft,
    /// Those that nothing known vouches for.
    pub(super) unvouched: Vec<Sealed>,
    /// Codes of those that were not taken, older ones among them.
    pub(super) refused: Vec<&'static str>,
}

/// Verifies records by the directory, which stays as it is; those that don't verify are logged and set aside.
pub(super) fn verify(knowledge: &Knowledge, by: By, records: Vec<Sealed>, now: Timestamp) -> Verified {
    let (draft, settled) = knowledge.directory().judge_by(by, records, now);
    let (mut unvouched, mut refused) = (Vec::new(), Vec::new());
    for (sealed, outcome) in settled {
        match outcome {
            Ok(Merge::New(_) | Merge::Newer(_) | Merge::Known) => {}
            Ok(Merge::Older(_)) => {
                tracing::debug!(code = "record-older", "a record that is older than what is known was not taken");
                refused.push("record-older");
            }
            Err(error) => {
                tracing::warn!(code = error.code(), %error, "a record was not taken");
                refused.push(error.code());
                unvouched.push(sealed);
            }
        }
    }
    // As the directory will have it: it may have put what came together with what it knew.
    let event = |(key, sealed): (RecordKey, &Sealed)| match key {
        RecordKey::Node(id) => ExchangeEvent::NodeRecord(id, sealed.as_bytes().to_vec()),
        RecordKey::Authority(id) => ExchangeEvent::AuthorityRecord(id, sealed.as_bytes().to_vec()),
        RecordKey::Anchor(id) => ExchangeEvent::AnchorRecord(id, sealed.as_bytes().to_vec()),
    };
    let events = draft.records().map(event).collect();
    Verified { events, draft, unvouched, refused }
}

/// The records of own authorities, which the writer has sealed, that the directory doesn't have yet. Those of others come in with the directory.
pub(super) fn unknown_authorities(knowledge: &Knowledge) -> Result<Vec<Sealed>, Refused> {
    let state = &*knowledge.parts.backend;
    let mut own = Vec::new();
    hall::AUTHORITY.visit_keys(state, |id| own.push(id))?;
    let known = knowledge.directory();
    let mut unknown = Vec::new();
    for id in own {
        if let Some(Bytes(bytes)) = directory::AUTHORITY_RECORD.load(state, &id)?
            && known.authority(&id).is_none_or(|entry| entry.sealed.as_bytes() != bytes)
        {
            unknown.push(Sealed::new(bytes));
        }
    }
    Ok(unknown)
}
