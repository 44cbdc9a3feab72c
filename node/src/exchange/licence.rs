//! Whose seal a licence bears, and who is asked how it stands.
//!
//! A credit code is one authority's in the whole country, whichever tree it belongs to. Where an authority of the own tree has it, another tree's
//! word on it counts for nothing.

use std::cell::RefCell;

use tongban_codes::ids::{AuthorityId, NodeId};
use tongban_codes::licence_id::LicenceId;
use tongban_domain::Authority;
use tongban_domain::licence::{CONTENT_TYPE, Statement};
use tongban_federation::Directory;
use tongban_seal::{Algorithm, KeyId, PublicKey, cose};
use tongban_storage::keyspace::hall;

use super::knowledge::Knowledge;

/// Who has sealed a licence.
enum Sealer {
    /// An authority of this node.
    Own(AuthorityId, Box<Authority>),
    /// One of the directory.
    Known(AuthorityId),
}

/// What the seal of a licence says, if an authority that counts here made it; else why it doesn't hold, as the closed list of reasons names it.
pub(crate) fn opened(knowledge: &Knowledge, sealed: &[u8]) -> Result<Statement, &'static str> {
    let directory = knowledge.directory();
    // An own authority is known before the directory has its record. A state that can't be read shows in `status` by itself.
    let own = hall::AUTHORITY.list(&*knowledge.parts.backend, &[], None, usize::MAX).unwrap_or_default();
    let sealer = RefCell::new(None);
    let lookup = |id: &KeyId| -> Option<PublicKey> {
        let here = own.iter().find_map(|(authority, row)| {
            let key = PublicKey::new(Algorithm::Ed25519, row.seal_key.clone()?).ok()?;
            (key.key_id() == *id).then(|| (Sealer::Own(*authority, Box::new(row.clone())), key))
        });
        let found = here.or_else(|| {
            let (entry, key) = directory.sealing(id)?;
            Some((Sealer::Known(entry.record.authority), key.clone()))
        });
        let (by, key) = found?;
        *sealer.borrow_mut() = Some(by);
        Some(key)
    };
    match cose::open(sealed, &lookup, &[]).and_then(|opened| opened.expect(CONTENT_TYPE)) {
        Ok(opened) => {
            let statement: Statement = tongban_codes::cbor::from_slice(&opened.payload).map_err(|_| "tampered")?;
            // A seal says who sealed; the statement must be of the same authority, and of what that one may speak for.
            let holds = sealer.into_inner().is_some_and(|by| speaks(&directory, &by, &statement));
            if holds { Ok(statement) } else { Err("tampered") }
        }
        Err(tongban_seal::SealError::UnknownKey(_)) => Err("unknown-authority"),
        Err(_) => Err("tampered"),
    }
}

/// Whether a statement names its sealer, a credit code that is the sealer's, and a division of its tree.
fn speaks(directory: &Directory, by: &Sealer, statement: &Statement) -> bool {
    let code = statement.id.parse::<LicenceId>().ok().and_then(|id| id.issuer_credit_code().ok());
    let Some(code) = code else { return false };
    match by {
        Sealer::Own(id, row) => *id == statement.authority && row.codes.iter().any(|dated| dated.code == code),
        Sealer::Known(id) => {
            let root = directory.authority(id).and_then(|entry| directory.node(&directory.root_of(&entry.signer)));
            let division = root.map(|root| root.certification.division);
            *id == statement.authority
                && division.is_some_and(|division| statement.division.is_within(division))
                && directory.bearers(&code).iter().any(|entry| entry.record.authority == *id)
        }
    }
}

/// The nodes that serve the authority that an identifier or a statement names, in the order in which they are asked.
pub(crate) fn issuers(knowledge: &Knowledge, id: &str, statement: Option<&Statement>) -> Vec<NodeId> {
    let directory = knowledge.directory();
    let code = id.parse::<LicenceId>().ok().and_then(|id| id.issuer_credit_code().ok());
    let mut entries = code.map(|code| directory.bearers(&code)).unwrap_or_default();
    // Of several that share the code, the one that has sealed.
    entries.sort_by_key(|entry| statement.is_none_or(|statement| entry.record.authority != statement.authority));
    let mut nodes: Vec<NodeId> = Vec::new();
    for node in entries.iter().flat_map(|entry| &entry.record.nodes) {
        if !nodes.contains(node) {
            nodes.push(*node);
        }
    }
    nodes
}
