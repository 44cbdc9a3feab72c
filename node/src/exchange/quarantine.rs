//! What was put aside at this node: shown, and decided anew in the order of each line.
//!
//! A *line* is what one origin has sent about one subject. Its first envelope is why it waits; those behind it are parked, however well
//! this release understands them.

use std::collections::BTreeMap;

use tongban_codes::ids::{CaseId, NodeId};
use tongban_domain::Place;
use tongban_federation::{EnvelopeId, Subject};
use tongban_storage::keyspace::delivery::{QUARANTINE, Quarantined};
use tongban_storage::{Backend, Read, StorageError};

use super::translate::{self, Unreadable};
use crate::engine::{Answer, Handle, Refused, Request, Wait, Waits, kept_envelope};

/// An envelope that was put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: EnvelopeId,
    /// Who sent it.
    pub origin: NodeId,
    /// What it is about.
    pub subject: CaseId,
    /// Which act of its origin on that.
    pub act: u32,
    /// How many of its line stand before it.
    pub behind: usize,
    /// Why it waits now, a stable code; `None` when a replay would decide it.
    pub code: Option<String>,
    /// What exactly; may be empty.
    pub text: String,
    /// The row.
    pub row: Quarantined,
}

/// What a replay came to for one envelope, or why it went no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The envelope.
    pub id: EnvelopeId,
    /// Who sent it.
    pub origin: NodeId,
    /// What it is about.
    pub subject: CaseId,
    /// Which act of its origin on that.
    pub act: u32,
    /// `applied`, `refused` or `waiting`.
    pub outcome: String,
    /// Code of the refusal, or why it waits on; empty when it was applied.
    pub code: String,
    /// A sentence; may be empty.
    pub text: String,
}

/// What lies in quarantine, line by line, at most `limit` envelopes; `waits` says what replays of lines came to.
///
/// # Errors
///
/// When the state can't be read.
pub fn list(read: &dyn Read, waits: &Waits, limit: usize) -> Result<Vec<Kept>, StorageError> {
    let rows = QUARANTINE.list(read, &[], None, limit)?;
    let mut before: BTreeMap<(NodeId, CaseId), usize> = BTreeMap::new();
    let kept = rows.into_iter().map(|((origin, subject, act), row)| {
        let place = before.entry((origin, subject)).or_default();
        let behind = *place;
        *place += 1;
        let wait = waits.get(&(origin, subject)).filter(|wait| wait.act == act);
        let (code, text) = reason(origin, behind, &row, wait);
        let id = EnvelopeId::of(&origin, &Subject::from(subject), act);
        Kept { id, origin, subject, act, behind, code, text, row }
    });
    Ok(kept.collect())
}

/// Why an envelope waits now: of the first of a line what this release says of it, which may be another thing than what was said when it
/// came. Where it can be read, a replay has said what it waits for, or says it.
fn reason(origin: NodeId, behind: usize, row: &Quarantined, wait: Option<&Wait>) -> (Option<String>, String) {
    if behind > 0 {
        return (Some(translate::PARKED.to_owned()), row.text.clone());
    }
    // The division matters to what is decided, not to whether it can be read.
    let place = row.division.map(|division| Place { node: origin, division });
    match (kept_envelope(&row.sealed), place) {
        (Some(envelope), Some(place)) => match (translate::inbound(&envelope, place), wait) {
            (Err(Unreadable { code, text }), _) => (Some(code.to_owned()), text),
            (Ok(_), Some(wait)) => (Some(wait.code.clone()), wait.text.clone()),
            // Whether there is less to tell by now, the replay itself says.
            (Ok(_), None) if row.code == translate::NOTICE_TOO_LARGE => (Some(row.code.clone()), row.text.clone()),
            (Ok(_), None) => (None, String::new()),
        },
        _ => (Some(row.code.clone()), row.text.clone()),
    }
}

/// Decides line after line in order, each as far as this release understands it; one line, or all of them. `place` says where an origin
/// stands now. Each decision is committed before the next is made.
///
/// # Errors
///
/// When the state can't be read or the writer refuses.
pub async fn replay(
    handle: &Handle,
    state: &dyn Backend,
    only: Option<(NodeId, CaseId)>,
    place: impl Fn(&NodeId) -> Option<Place> + Sync,
) -> Result<Vec<Replayed>, Refused> {
    if !handle.fresh().await {
        return Err(Refused::Stopped);
    }
    let mut done = Vec::new();
    let mut after = None;
    loop {
        let next = match only {
            Some((origin, subject)) => {
                let line = tongban_storage::keyspace::key::stem(&(origin, subject));
                QUARANTINE.list(state, &line, after.as_ref(), 1)?
            }
            None => QUARANTINE.list(state, &[], after.as_ref(), 1)?,
        };
        let Some(((origin, subject, _), row)) = next.into_iter().next() else { return Ok(done) };
        after = Some((origin, subject, u32::MAX));
        let known = place(&origin).or_else(|| row.division.map(|division| Place { node: origin, division }));
        match known {
            Some(origin) => replay_line(handle, origin, subject, &mut done).await?,
            None => tracing::warn!(%origin, "an origin in quarantine isn't known"),
        }
    }
}

async fn replay_line(handle: &Handle, origin: Place, subject: CaseId, done: &mut Vec<Replayed>) -> Result<(), Refused> {
    loop {
        let Answer::Json(reply) = handle.submit(Request::Replay { origin, subject }).await?.into_inner() else {
            return Ok(());
        };
        let reply: serde_json::Value = serde_json::from_slice(&reply).unwrap_or_default();
        let text = |name: &str| reply.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let act = reply.get("act").and_then(serde_json::Value::as_u64).and_then(|act| u32::try_from(act).ok());
        let Some(act) = act else { return Ok(()) };
        let id = EnvelopeId::of(&origin.node, &Subject::from(subject), act);
        let outcome = text("outcome");
        let waits = outcome == "waiting";
        tracing::info!(origin = %origin.node, %subject, act, outcome, code = text("code"), "replayed from quarantine");
        let (code, text) = (text("code"), text("text"));
        done.push(Replayed { id, origin: origin.node, subject, act, outcome, code, text });
        if waits {
            return Ok(());
        }
    }
}
