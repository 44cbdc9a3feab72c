//! Cases, their acts, documents, indexes and due times.

use std::ops::ControlFlow;

use minicbor::Decode;
use tongban_codes::ids::{CaseId, NodeId, QueryCode};
use tongban_codes::time::Timestamp;
use tongban_domain::case::{Act, Case};
use tongban_domain::{Due, DueKind};

use super::key::stem;
use super::{Bytes, Keyspace, Overlay};
use crate::{Family, Read, StorageError};

/// Cases by id.
pub const CASE: Keyspace<CaseId, Case> = Keyspace::new(Family::Rows, 0x01);
/// Acts by case, node and number: both legs of a case stand beside each other.
pub const ACT: Keyspace<(CaseId, NodeId, u32), Act> = Keyspace::new(Family::Rows, 0x02);
/// Sealed documents by case, act and content type.
pub const DOCUMENT: Keyspace<(CaseId, u32, String), Bytes> = Keyspace::new(Family::Rows, 0x03);
/// Case ids by collection number, case number or query code (13 characters).
pub const BY_TEXT: Keyspace<String, CaseId> = Keyspace::new(Family::Index, 0x20);
/// Cases by the keyed hash of the applicant's number.
pub const BY_HOLDER: Keyspace<([u8; 32], CaseId), ()> = Keyspace::new(Family::Index, 0x23);
/// Cases by time of collection, newest found by a reverse scan.
pub const BY_TIME: Keyspace<(Timestamp, CaseId), ()> = Keyspace::new(Family::Index, 0x21);
/// What falls due, by moment.
pub const DUE: Keyspace<(Timestamp, u8, CaseId), ()> = Keyspace::new(Family::Queue, 0x30);

/// The form in which a query code is indexed.
#[must_use]
pub fn query_key(code: &QueryCode) -> String {
    code.to_string().replace('-', "")
}

/// The fields of a case under which it is indexed and which an act may change.
#[derive(Decode)]
#[cbor(map)]
struct Indexed {
    #[n(3)]
    case_no: Option<String>,
    #[n(17)]
    deemed_at: Option<Timestamp>,
}

/// The stored row of a case, of which only the indexed fields are decoded.
const INDEXED: Keyspace<CaseId, Indexed> = CASE.reading();

/// Stores a case after an act, with the index keys that changed.
pub fn store(over: &mut Overlay<'_>, case: &Case, act: &Act) -> Result<(), StorageError> {
    let before = INDEXED.load(over, &case.id)?;
    let known = before.as_ref();
    let batch = &mut *over.batch;
    if known.is_none() {
        BY_TEXT.put(batch, &case.collection_no, &case.id);
        BY_TEXT.put(batch, &query_key(&case.query_code), &case.id);
        BY_HOLDER.put(batch, &(case.holder, case.id), &());
        BY_TIME.put(batch, &(case.collected_at, case.id), &());
    }
    if let Some(number) = &case.case_no
        && known.and_then(|known| known.case_no.as_ref()) != Some(number)
    {
        BY_TEXT.put(batch, number, &case.id);
    }
    let due_before = known.and_then(|known| known.deemed_at);
    if due_before != case.deemed_at {
        if let Some(at) = due_before {
            DUE.delete(batch, &(at, 0, case.id));
        }
        if let Some(at) = case.deemed_at {
            DUE.put(batch, &(at, 0, case.id), &());
        }
    }
    CASE.put(batch, &case.id, case);
    ACT.put(batch, &(case.id, act.place.node, act.number), act);
    Ok(())
}

/// The case that a text names: id, collection number, case number or query code.
pub fn named(read: &dyn Read, text: &str) -> Result<Option<Case>, StorageError> {
    let text = text.trim();
    if let Ok(id) = text.parse::<CaseId>() {
        return CASE.load(read, &id);
    }
    let key = text.parse::<QueryCode>().map_or_else(|_| text.to_owned(), |code| query_key(&code));
    match BY_TEXT.load(read, &key)? {
        Some(id) => CASE.load(read, &id),
        None => Ok(None),
    }
}

/// The acts of a case that this node knows, both legs, by time.
pub fn history(read: &dyn Read, case: &CaseId) -> Result<Vec<Act>, StorageError> {
    let mut acts: Vec<Act> = ACT.list(read, &stem(case), None, usize::MAX)?.into_iter().map(|(_, act)| act).collect();
    // By tenure first, so that clocks which differ can't show a case as taken before it was offered.
    acts.sort_by_key(|act| (act.tenure, act.at, act.number));
    Ok(acts)
}

/// What is due by a moment, earliest first.
pub fn due(read: &dyn Read, until: Timestamp, limit: usize) -> Result<Vec<Due>, StorageError> {
    let mut found = Vec::new();
    DUE.visit(read, &[], None, false, |(at, _, case), ()| {
        if at > until || found.len() == limit {
            return ControlFlow::Break(());
        }
        found.push(Due { at, kind: DueKind::DeemedAcceptance(case) });
        ControlFlow::Continue(())
    })?;
    Ok(found)
}
