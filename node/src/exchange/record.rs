//! This node's own record: who it is, where it can be dialled, whom it serves; certified by its superior, or by itself as a root.

use std::sync::Arc;

use tongban_codes::ids::Label;
use tongban_federation::directory::{Certification, DatedKey, NodeRecord};
use tongban_federation::{Sealed, SignedRecord};
use tongban_storage::keyspace::{Bytes, hall};

use super::shared::Shared;
use crate::engine::trust::Certificate;
use crate::engine::{ExchangeEvent, Outside, Refused, Trust};

/// Makes a node's certification, sealed by this node.
///
/// # Errors
///
/// When the seal key can't be used.
pub(super) fn certify(
    shared: &Shared,
    node: tongban_codes::ids::NodeId,
    division: tongban_codes::division::DivisionCode,
    label: Label,
    seal_key: tongban_seal::PublicKey,
    exchange_key: Vec<u8>,
) -> Result<Sealed, Refused> {
    let me = shared.here().node;
    let at = shared.now();
    let certification = Certification {
        node,
        division,
        label,
        superior: (node != me).then_some(me),
        seal_keys: vec![DatedKey { key: seal_key, from: at, revoked: None }],
        exchange_key,
        // Grows with every certification, whoever makes it, as long as clocks are right within the time between two.
        serial: at.as_millis().max(1).unsigned_abs(),
        at,
        revoked: None,
    };
    certification
        .seal(&*shared.parts.keys.seal)
        .map_err(|error| Refused::problem("seal-unusable", error.to_string(), error.to_string()))
}

/// Publishes this node's record when what it would say has changed: to the state, and so to every peer.
///
/// # Errors
///
/// When the writer refuses.
pub async fn publish(shared: &Arc<Shared>) -> Result<bool, Refused> {
    let _one_at_a_time = shared.record_changes.lock().await;
    let node = shared.node();
    let trust = shared.trust();
    let certification = match &trust.certification {
        Some(Certificate(bytes)) => Sealed::new(bytes.clone()),
        None => {
            let key = shared.parts.keys.seal.public_key();
            let exchange = shared.parts.exchange_key.clone();
            let sealed = certify(shared, node.node, node.division, node.label, key, exchange)?;
            let kept = Certificate(sealed.as_bytes().to_vec());
            let _kept = change_trust(shared, |trust| trust.certification.replace(kept).is_none()).await?;
            sealed
        }
    };
    let authorities = hall::AUTHORITY.list(&*shared.parts.backend, &[], None, usize::MAX)?;
    let chain = shared.trust().chain;
    let transport_key = tongban_quic::certificate::public_key(&shared.parts.transport_key)
        .map(|spki| tongban_quic::certificate::key_hash(&spki))
        .map_err(|error| Refused::problem("transport-key", error.to_string(), error.to_string()))?;
    let known = shared.directory().node(&node.node).map(|entry| (entry.record.clone(), entry.certification.superior));
    let mut record = NodeRecord {
        node: node.node,
        name: node.name.clone(),
        addresses: shared.parts.addresses.clone(),
        transport_key,
        chain: chain.into_iter().map(|certificate| Sealed::new(certificate.0)).collect(),
        authorities: authorities.into_iter().map(|(id, _)| id).collect(),
        epoch: shared.epoch,
        version: 0,
        issued_at: shared.now(),
    };
    if let Some((known, superior)) = &known {
        (record.version, record.issued_at) = (known.version, known.issued_at);
        if record == *known && *superior == trust.superior {
            return Ok(false);
        }
        record.issued_at = shared.now();
    }
    record.version += 1;
    let sealed = record
        .seal(&*shared.parts.keys.seal)
        .map_err(|error| Refused::problem("seal-unusable", error.to_string(), error.to_string()))?;
    let certifier = trust.superior.unwrap_or(node.node);
    let signed = SignedRecord::Node { node: node.node, certifier, certification, record: sealed }.to_sealed();
    let merged = merge_alone(shared, vec![signed]).await?;
    Ok(merged.grown)
}

/// Changes trust: durable first, then valid. `change` tells whether it changed anything; changes follow each other.
///
/// # Errors
///
/// When the writer refuses; then nothing has changed.
pub(super) async fn change_trust(
    shared: &Arc<Shared>,
    change: impl FnOnce(&mut Trust) -> bool + Send,
) -> Result<bool, Refused> {
    change_trust_with(shared, change, Vec::new()).await
}

/// Changes trust together with what else must be durable in the same entry.
///
/// # Errors
///
/// When the writer refuses; then nothing has changed.
pub(super) async fn change_trust_with(
    shared: &Arc<Shared>,
    change: impl FnOnce(&mut Trust) -> bool + Send,
    mut exchange: Vec<ExchangeEvent>,
) -> Result<bool, Refused> {
    let _one_at_a_time = shared.trust_changes.lock().await;
    let mut trust = shared.trust();
    if !change(&mut trust) {
        return Ok(false);
    }
    let bytes = tongban_codes::cbor::to_vec(&trust);
    exchange.push(ExchangeEvent::Trust(bytes));
    let _reply = shared.settle(move |_, _, _| Ok(Outside { exchange, ..Outside::default() })).await?;
    shared.set_trust(trust);
    Ok(true)
}

/// What a merge of records did.
#[derive(Debug, Default)]
pub struct Merged {
    /// Whether the directory has grown.
    pub grown: bool,
    /// Records that nothing known vouches for; they may be good when the chain has changed.
    pub unvouched: Vec<Sealed>,
}

/// Verifies records along the tree and makes the new ones durable.
///
/// # Errors
///
/// When the writer refuses; records that don't verify are logged and left out.
pub async fn merge(shared: &Arc<Shared>, records: Vec<Sealed>) -> Result<Merged, Refused> {
    let _one_at_a_time = shared.record_changes.lock().await;
    merge_alone(shared, records).await
}

/// The merge, for whoever holds the lock on changes of records: verified on a copy, made durable, then taken in.
async fn merge_alone(shared: &Arc<Shared>, records: Vec<Sealed>) -> Result<Merged, Refused> {
    let now = shared.now();
    let mut events = Vec::new();
    let mut unvouched = Vec::new();
    {
        let mut copy = (*shared.directory()).clone();
        let settled = copy.merge_all(records, now);
        for (sealed, outcome) in settled {
            use tongban_federation::directory::Merge;
            match outcome {
                Ok(Merge::New(_) | Merge::Newer(_)) => {
                    let Ok(signed) = tongban_codes::cbor::from_slice::<SignedRecord>(sealed.as_bytes()) else {
                        continue;
                    };
                    events.push(match signed {
                        SignedRecord::Node { node, .. } => ExchangeEvent::NodeRecord(node, sealed.into_bytes()),
                        SignedRecord::Authority { record, .. } => {
                            let Some(id) = authority_of(&record) else { continue };
                            ExchangeEvent::AuthorityRecord(id, sealed.into_bytes())
                        }
                    });
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(code = error.code(), %error, "a record was not taken");
                    unvouched.push(sealed);
                }
            }
        }
    }
    if events.is_empty() {
        return Ok(Merged { grown: false, unvouched });
    }
    let new: Vec<Sealed> = events
        .iter()
        .filter_map(|event| match event {
            ExchangeEvent::NodeRecord(_, bytes) | ExchangeEvent::AuthorityRecord(_, bytes) => {
                Some(Sealed::new(bytes.clone()))
            }
            _ => None,
        })
        .collect();
    let _reply = shared.settle(move |_, _, _| Ok(Outside { exchange: events, ..Outside::default() })).await?;
    let _settled = shared.change_directory(|directory| directory.merge_all(new, now));
    shared.places_changed();
    Ok(Merged { grown: true, unvouched })
}

/// Whose record the sealed bytes are; they have been verified when this is asked.
fn authority_of(record: &Sealed) -> Option<tongban_codes::ids::AuthorityId> {
    let payload = tongban_seal::cose::claimed_payload(record.as_bytes())?;
    minicbor::decode::<tongban_federation::AuthorityRecord>(&payload).ok().map(|record| record.authority)
}

/// Takes the records of own authorities, which the writer has sealed, into the directory.
///
/// # Errors
///
/// When the state can't be read or the writer refuses.
pub(super) async fn merge_own_authorities(shared: &Arc<Shared>) -> Result<bool, Refused> {
    let rows =
        tongban_storage::keyspace::directory::AUTHORITY_RECORD.list(&*shared.parts.backend, &[], None, usize::MAX)?;
    let unknown: Vec<Sealed> = {
        let directory = shared.directory();
        rows.into_iter()
            .filter(|(id, Bytes(bytes))| directory.authority(id).is_none_or(|entry| entry.sealed.as_bytes() != bytes))
            .map(|(_, Bytes(bytes))| Sealed::new(bytes))
            .collect()
    };
    if unknown.is_empty() {
        return Ok(false);
    }
    let merged = merge(shared, unknown).await?;
    Ok(publish(shared).await? || merged.grown)
}
