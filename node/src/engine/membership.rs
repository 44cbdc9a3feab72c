//! Which of several nodes of one division speaks for it, by what their superiors have certified.

use std::cmp::{Ordering, Reverse};

use tongban_codes::ids::NodeId;
use tongban_federation::{Certification, SignedRecord};
use tongban_seal::cose::claimed_payload;
use tongban_storage::keyspace::{Bytes, directory};
use tongban_storage::{Read, StorageError};

/// How two nodes of one division stand to each other: `Greater` when the word of `one` stands over that of `other`.
///
/// One that is revoked gives way to one that isn't; else the one that came later stands, whose label has the higher ordinal; of two of which
/// nothing more is known the one with the lesser id. No clock and no order of arrival counts, so that every node that holds the same records
/// decides the same.
pub(super) fn precedence(read: &dyn Read, one: NodeId, other: NodeId) -> Result<Ordering, StorageError> {
    if one == other {
        return Ok(Ordering::Equal);
    }
    let rank = |node: NodeId| {
        let word = certification(read, node)?;
        let revoked = word.as_ref().is_some_and(|word| word.revoked.is_some());
        let ordinal = word.map(|word| word.label.ordinal());
        Ok::<_, StorageError>((Reverse(revoked), ordinal, Reverse(node)))
    };
    Ok(rank(one)?.cmp(&rank(other)?))
}

/// What was certified of a node; none when no record of it has come. It was verified before it was stored.
fn certification(read: &dyn Read, node: NodeId) -> Result<Option<Certification>, StorageError> {
    let Some(Bytes(bytes)) = directory::NODE.load(read, &node)? else { return Ok(None) };
    let Ok(SignedRecord::Node { certification, .. }) = minicbor::decode(&bytes) else { return Ok(None) };
    Ok(claimed_payload(certification.as_bytes()).and_then(|payload| minicbor::decode(&payload).ok()))
}
