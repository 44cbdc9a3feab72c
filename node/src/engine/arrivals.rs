//! What deliveries leave in the state: inbox, high-water marks, quarantine, forks; sent envelopes with their receipts.

use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_federation::Envelope;
use tongban_seal::{batch, content_type};
use tongban_storage::StorageError;
use tongban_storage::keyspace::case::CASE;
use tongban_storage::keyspace::delivery::{
    ASIDE, Arrived, FORK, Fork, HIGH_WATER, INBOX, INBOX_BY_ID, OUTBOX, QUARANTINE, Quarantined, SENT, SENT_OF, Sent,
};
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::{Bytes, Overlay};

use super::entry::{ExchangeEvent, Unread};
use crate::exchange::translate::KIND_OFFER;

/// The envelope in sealed bytes that were checked when they came.
pub(crate) fn kept_envelope(sealed: &[u8]) -> Option<Envelope> {
    Envelope::from_bytes(&batch::claimed_statement(sealed, content_type::ENVELOPE)?).ok()
}

/// Folds what later decisions of the same batch must see and needs no seal. Events of other matters are passed over.
pub(super) fn fold_decided(event: &ExchangeEvent, at: Timestamp, over: &mut Overlay<'_>) -> Result<(), StorageError> {
    match event {
        ExchangeEvent::Arrived { epoch, sequence, quarantined: Some(sealed), why, .. } => {
            quarantine((*epoch, *sequence), sealed, why.as_ref(), at, over)
        }
        ExchangeEvent::Replayed { origin, subject, act, .. } => {
            QUARANTINE.delete(over.batch, &(*origin, *subject, *act));
            Ok(())
        }
        ExchangeEvent::Receipted { destination, epoch, sequence, receipt, aside } => {
            let key = (*destination, *epoch, *sequence);
            if let Some(Bytes(envelope)) = OUTBOX.load(over, &key)? {
                OUTBOX.delete(over.batch, &key);
                sent(over, key, &mut Sent { envelope, receipt: receipt.clone(), outcome: None })?;
                if let Some(aside) = aside {
                    ASIDE.put(over.batch, &key, aside);
                }
            }
            Ok(())
        }
        ExchangeEvent::Concluded { destination, epoch, sequence, receipt, outcome } => {
            let key = (*destination, *epoch, *sequence);
            let sent = match OUTBOX.load(over, &key)? {
                Some(Bytes(envelope)) => Some(Sent { envelope, receipt: Vec::new(), outcome: None }),
                None => SENT.load(over, &key)?,
            };
            if let Some(mut sent) = sent {
                if let Some(receipt) = receipt {
                    sent.receipt.clone_from(receipt);
                }
                sent.outcome.clone_from(outcome);
                OUTBOX.delete(over.batch, &key);
                ASIDE.delete(over.batch, &key);
                self::sent(over, key, &mut sent)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Keeps an envelope that has its receipt. One that offered a case is found by the case; of one that is forgotten by then, because the
/// owner's reports overtook the receipt, only the receipt is kept.
fn sent(over: &mut Overlay<'_>, key: (NodeId, u32, u64), sent: &mut Sent) -> Result<(), StorageError> {
    if let Some(envelope) = kept_envelope(&sent.envelope).filter(|envelope| envelope.kind == KIND_OFFER) {
        let case = envelope.subject.case();
        if CASE.load(over, &case)?.is_some_and(|row| row.personal.forgotten_at.is_some()) {
            sent.envelope.clear();
        } else {
            SENT_OF.put(over.batch, &(case, key.0, key.1, key.2), &());
        }
    }
    SENT.put(over.batch, &key, sent);
    Ok(())
}

/// Lets go of what offers of a case said; that they were sent, and what was answered, stays.
pub(super) fn redact(over: &mut Overlay<'_>, case: &CaseId) -> Result<(), StorageError> {
    for (place, ()) in SENT_OF.list(over, &stem(case), None, usize::MAX)? {
        let (_, destination, epoch, sequence) = place;
        let key = (destination, epoch, sequence);
        if let Some(mut sent) = SENT.load(over, &key)? {
            sent.envelope.clear();
            SENT.put(over.batch, &key, &sent);
        }
        SENT_OF.delete(over.batch, &place);
        // What became of it needs no word any more.
        ASIDE.delete(over.batch, &key);
    }
    Ok(())
}

fn quarantine(
    (epoch, sequence): (u32, u64),
    sealed: &[u8],
    why: Option<&Unread>,
    at: Timestamp,
    over: &mut Overlay<'_>,
) -> Result<(), StorageError> {
    let Some(envelope) = kept_envelope(sealed) else {
        return Err(StorageError::Damaged { path: "quarantine".into(), detail: "it holds no envelope".to_owned() });
    };
    let key = (envelope.origin, envelope.subject.case(), envelope.act_number);
    let known = QUARANTINE.load(over, &key)?;
    let row = Quarantined {
        epoch,
        sequence,
        kind: envelope.kind,
        version: envelope.version,
        code: why.map_or_else(|| "kind-unknown".to_owned(), |why| why.code.clone()),
        text: why.map_or_else(String::new, |why| why.text.clone()),
        at: known.map_or(at, |known| known.at),
        division: why.and_then(|why| why.division),
        sealed: sealed.to_vec(),
    };
    QUARANTINE.put(over.batch, &key, &row);
    Ok(())
}

/// Folds what holds a receipt. While a batch is being decided the receipts are empty, because they are sealed at its end.
pub(super) fn fold_sealed(event: &ExchangeEvent, over: &mut Overlay<'_>) -> Result<(), StorageError> {
    match event {
        ExchangeEvent::Arrived { origin, epoch, sequence, id, digest, receipt, .. } => {
            #[cfg(feature = "deliberate-bugs")]
            if tongban_codes::deliberate::is_in(tongban_codes::deliberate::Bug::InboxRecordDropped) {
                return Ok(());
            }
            let arrived = Arrived { id: *id, digest: *digest, receipt: receipt.clone() };
            INBOX_BY_ID.put(over.batch, id, &arrived);
            place((*origin, *epoch, *sequence), &arrived, over)
        }
        ExchangeEvent::Replayed { origin, epoch, sequence, id, digest, receipt, .. } => {
            let arrived = Arrived { id: *id, digest: *digest, receipt: receipt.clone() };
            INBOX_BY_ID.put(over.batch, id, &arrived);
            INBOX.put(over.batch, &(*origin, *epoch, *sequence), &arrived);
            Ok(())
        }
        ExchangeEvent::Denied { origin, epoch, sequence, id, digest, receipt, placed, fork } => {
            if let Some(fork) = fork {
                let row = Fork { id: *id, first: fork.first, sealed: fork.sealed.clone(), receipt: receipt.clone() };
                FORK.put(over.batch, &(*origin, *epoch, *sequence, fork_key(id, digest)), &row);
            }
            if *placed {
                // Not by its id: there the first act stands, and what was said of it.
                let arrived = Arrived { id: *id, digest: *digest, receipt: receipt.clone() };
                place((*origin, *epoch, *sequence), &arrived, over)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn place(key: (NodeId, u32, u64), arrived: &Arrived, over: &mut Overlay<'_>) -> Result<(), StorageError> {
    let (origin, epoch, sequence) = key;
    INBOX.put(over.batch, &key, arrived);
    let high = HIGH_WATER.load(over, &(origin, epoch))?.unwrap_or(0);
    HIGH_WATER.put(over.batch, &(origin, epoch), &high.max(sequence));
    Ok(())
}

/// Under what an envelope that contradicts another is kept at its place: which act it is, and what it says.
pub(super) fn fork_key(id: &Digest, digest: &Digest) -> Digest {
    Digest::of(&[id.as_bytes().as_slice(), digest.as_bytes()].concat())
}
