//! What the directory says of an authority.

use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;
use tongban_domain::Authority;
use tongban_federation::directory::{DatedCode, DatedKey};
use tongban_federation::{AuthorityRecord, SignedRecord};
use tongban_seal::{Algorithm, PublicKey, Signer};

use crate::engine::ExchangeEvent;

/// The directory's record of an authority that this node serves, sealed.
pub(crate) fn authority_record(
    authority: &Authority,
    me: NodeId,
    at: Timestamp,
    signer: &dyn Signer,
) -> Option<ExchangeEvent> {
    let key = PublicKey::new(Algorithm::Ed25519, authority.seal_key.clone()?).ok()?;
    let record = AuthorityRecord {
        authority: authority.id,
        name: authority.name.clone(),
        division: authority.division,
        credit_codes: authority
            .codes
            .iter()
            .map(|dated| DatedCode { code: dated.code, from: dated.from, until: None })
            .collect(),
        departments: vec![authority.name.clone()],
        nodes: vec![me],
        seal_keys: vec![DatedKey { key, from: Timestamp::from_millis(0), revoked: None }],
        successor: None,
        version: u64::from(authority.version),
        issued_at: at,
    };
    let sealed = record.seal(signer).ok()?;
    let signed = SignedRecord::Authority { signer: me, record: sealed }.to_sealed();
    Some(ExchangeEvent::AuthorityRecord(authority.id, signed.into_bytes()))
}
