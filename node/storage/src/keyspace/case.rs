//! Cases, their acts, documents, indexes and due times.

use minicbor::Decode;
use tongban_codes::ids::{CaseId, NodeId, QueryCode};
use tongban_codes::time::Timestamp;
use tongban_domain::case::{Act, Case, Custody, Deadlines, Print, ReclaimRow, Status};
use tongban_domain::catalogue::StepRole;
use tongban_domain::limit::Turn;
use tongban_domain::pledge::{self, Pledge};
use tongban_domain::work::{Lacking, Position, Work, position};
use tongban_domain::{Due, DueKind};

use super::application::APPLICATION;
use super::key::stem;
use super::meta::NODE;
use super::supervision::{MATTER, cards};
use super::voice::VOICE;
use super::{Bytes, Keyspace, Overlay};
use crate::{Family, Read, StorageError, WriteBatch};

/// Cases by id.
pub const CASE: Keyspace<CaseId, Case> = Keyspace::new(Family::Rows, 0x01);
/// Acts by case, node and number: both legs of a case stand beside each other.
pub const ACT: Keyspace<(CaseId, NodeId, u32), Act> = Keyspace::new(Family::Rows, 0x02);
/// Sealed documents by case, act and content type.
pub const DOCUMENT: Keyspace<(CaseId, u32, String), Bytes> = Keyspace::new(Family::Rows, 0x03);
/// Prints of documents by case, act, content type and number.
pub const PRINT: Keyspace<(CaseId, u32, String, u32), Print> = Keyspace::new(Family::Rows, 0x50);
/// Ids by collection number, case number or query code (13 characters) of a case, and by the number of a card, an order, a rating or a ticket.
pub const BY_TEXT: Keyspace<String, CaseId> = Keyspace::new(Family::Index, 0x20);
/// Cases by the keyed hash of the applicant's number.
pub const BY_HOLDER: Keyspace<([u8; 32], CaseId), ()> = Keyspace::new(Family::Index, 0x23);
/// Cases by time of collection, newest found by a reverse scan.
pub const BY_TIME: Keyspace<(Timestamp, CaseId), ()> = Keyspace::new(Family::Index, 0x21);
/// What falls due, by moment; the kind is [`DEEMED_ACCEPTANCE`] or [`DEEMED_RENEWAL`].
pub const DUE: Keyspace<(Timestamp, u8, CaseId), ()> = Keyspace::new(Family::Queue, 0x30);

/// Kind of [`DUE`]: deemed acceptance.
const DEEMED_ACCEPTANCE: u8 = 0;
/// Kind of [`DUE`]: deemed renewal.
pub(super) const DEEMED_RENEWAL: u8 = 25;
/// Reclaims of cases that are or were elsewhere: what is asked of this node, what was ordered.
pub const RECLAIM: Keyspace<CaseId, ReclaimRow> = Keyspace::new(Family::Rows, 0x54);
/// Cases that wait at a step and are claimed by nobody: role ([`role_number`]), when the step is over, case.
pub const WAITS: Keyspace<(u8, Timestamp, CaseId), ()> = Keyspace::new(Family::Queue, 0x38);
/// Cases that are claimed: by whom, when the step is over, case.
pub const HELD: Keyspace<(String, Timestamp, CaseId), ()> = Keyspace::new(Family::Index, 0x28);
/// Accepted cases to which a material is to follow: when the first of its days is over, case.
pub const LACKING: Keyspace<(Timestamp, CaseId), ()> = Keyspace::new(Family::Rows, 0x1f);

/// Cases here whose decision is that of another system: system, number there.
pub const OUTSIDE: Keyspace<(String, String), CaseId> = Keyspace::new(Family::Index, 0x80);

/// In the place of a role in the keys of [`WAITS`]: pledges that are to be checked or put right, until when.
pub const PLEDGES: u8 = 65;

/// The number of a role in the keys of [`WAITS`]; never reused.
#[must_use]
pub fn role_number(role: StepRole) -> u8 {
    match role {
        StepRole::Reviewer => 2,
        StepRole::Decider => 3,
    }
}

/// When a material should have come, while the case is open here.
fn follows(status: Status, custody: &Custody, lacking: &[Lacking]) -> Option<Timestamp> {
    let is_open = matches!(status, Status::Accepted | Status::SpecialProcedure) && *custody == Custody::Owner;
    lacking.iter().map(|lacking| lacking.until.next_day().start()).min().filter(|_| is_open)
}

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
    #[n(4)]
    status: Status,
    #[n(5)]
    custody: Custody,
    #[cbor(n(12), with = "minicbor::bytes")]
    holder: [u8; 32],
    #[n(16)]
    deadlines: Option<Deadlines>,
    #[n(17)]
    deemed_at: Option<Timestamp>,
    #[n(35)]
    renewal_at: Option<Timestamp>,
    #[n(43)]
    work: Option<Work>,
    #[n(45)]
    #[cbor(default)]
    lacking: Vec<Lacking>,
    #[n(56)]
    turn: Option<Turn>,
    #[n(57)]
    pledge: Option<Pledge>,
}

impl Indexed {
    fn position(&self) -> Option<Position> {
        position(self.status, &self.custody, self.deadlines.as_ref(), self.work.as_ref())
    }

    fn follows(&self) -> Option<Timestamp> {
        follows(self.status, &self.custody, &self.lacking)
    }
}

/// The stored row of a case, of which only the indexed fields are decoded.
const INDEXED: Keyspace<CaseId, Indexed> = CASE.reading();

/// Stores where a case waits, or with whom it is.
pub(super) fn store_position(batch: &mut WriteBatch, case: &Case) {
    let place = position(case.status, &case.custody, case.deadlines.as_ref(), case.work.as_ref());
    match place {
        Some(Position { holder: Some(holder), due, .. }) => HELD.put(batch, &(holder, due, case.id), &()),
        Some(Position { role, due, holder: None }) => WAITS.put(batch, &(role_number(role), due, case.id), &()),
        None => {}
    }
}

fn is_elsewhere(custody: &Custody) -> bool {
    matches!(custody, Custody::Elsewhere { .. })
}

/// Lets a case be found by a text, unless that names something else: a number that another node tells of never hides a case that stands here, and
/// one that is drawn here takes its place back from what another node told before. What names a card, an order, a rating or a ticket names no case.
fn name(over: &mut Overlay<'_>, text: &String, case: &Case) -> Result<(), StorageError> {
    if let Some(other) = BY_TEXT.load(over, text)? {
        if is_beside(over, text, &other)? {
            return Ok(());
        }
        if other != case.id
            && let Some(other) = INDEXED.load(over, &other)?
            && (is_elsewhere(&case.custody) || !is_elsewhere(&other.custody))
        {
            return Ok(());
        }
    }
    BY_TEXT.put(&mut *over.batch, text, &case.id);
    Ok(())
}

/// Whether what a text leads to is no case: an application, an order, a rating or a ticket, or a card of the case.
fn is_beside(read: &dyn Read, text: &str, id: &CaseId) -> Result<bool, StorageError> {
    Ok(APPLICATION.holds(read, id)?
        || VOICE.holds(read, id)?
        || MATTER.holds(read, id)?
        || cards(read, id)?.iter().any(|card| card.number == *text))
}

/// Lets an order, a rating or a ticket be found by its number: one that this node drew takes the place of whatever another node told, and one
/// that another node drew takes the place of nothing.
pub(super) fn name_beside(
    over: &mut Overlay<'_>,
    text: &str,
    id: &CaseId,
    drawn_by: &NodeId,
) -> Result<(), StorageError> {
    let text = text.to_owned();
    let is_own = NODE.load(over, &())?.is_none_or(|here| here.node == *drawn_by);
    if is_own || BY_TEXT.load(over, &text)?.is_none() {
        BY_TEXT.put(over.batch, &text, id);
    }
    Ok(())
}

/// Stores a case after an act, with the index keys that changed.
pub fn store(over: &mut Overlay<'_>, case: &Case, act: &Act) -> Result<(), StorageError> {
    let before = INDEXED.load(over, &case.id)?;
    let known = before.as_ref();
    // What another node told of it may have stood back behind another case's; what it is called here counts from when it is here.
    let comes = known.is_none_or(|known| is_elsewhere(&known.custody) && !is_elsewhere(&case.custody));
    if comes {
        name(over, &case.collection_no, case)?;
        name(over, &query_key(&case.query_code), case)?;
    }
    if let Some(number) = &case.case_no
        && (comes || known.and_then(|known| known.case_no.as_ref()) != Some(number))
    {
        name(over, number, case)?;
    }
    let batch = &mut *over.batch;
    if known.is_none() {
        super::application::store_part(batch, case);
        BY_HOLDER.put(batch, &(case.holder, case.id), &());
        BY_TIME.put(batch, &(case.collected_at, case.id), &());
    }
    // A wrong number that was put right is found by the right one alone.
    if let Some(known) = known.filter(|known| known.holder != case.holder) {
        BY_HOLDER.delete(batch, &(known.holder, case.id));
        BY_HOLDER.put(batch, &(case.holder, case.id), &());
    }
    for (kind, before, now) in [
        (DEEMED_ACCEPTANCE, known.and_then(|known| known.deemed_at), case.deemed_at),
        (DEEMED_RENEWAL, known.and_then(|known| known.renewal_at), case.renewal_at),
    ] {
        if before != now {
            if let Some(at) = before {
                DUE.delete(batch, &(at, kind, case.id));
            }
            if let Some(at) = now {
                DUE.put(batch, &(at, kind, case.id), &());
            }
        }
    }
    super::supervision::store_watch(batch, case, act);
    let waited = known.and_then(Indexed::position);
    let waits = position(case.status, &case.custody, case.deadlines.as_ref(), case.work.as_ref());
    if waited != waits {
        if let Some(place) = waited {
            match place.holder {
                Some(holder) => HELD.delete(batch, &(holder, place.due, case.id)),
                None => WAITS.delete(batch, &(role_number(place.role), place.due, case.id)),
            }
        }
        store_position(batch, case);
    }
    let followed = known.and_then(Indexed::follows);
    let follows = follows(case.status, &case.custody, &case.lacking);
    if followed != follows {
        if let Some(until) = followed {
            LACKING.delete(batch, &(until, case.id));
        }
        if let Some(until) = follows {
            LACKING.put(batch, &(until, case.id), &());
        }
    }
    let was_due = known.and_then(|known| pledge::position(&known.custody, known.pledge.as_ref()));
    let due = pledge::position(&case.custody, case.pledge.as_ref());
    if was_due != due {
        if let Some(until) = was_due {
            WAITS.delete(batch, &(PLEDGES, until, case.id));
        }
        if let Some(until) = due {
            WAITS.put(batch, &(PLEDGES, until, case.id), &());
        }
    }
    let stood = known.map(|known| (known.status, &known.custody, known.turn.as_ref()));
    super::limit::store_place(batch, stood, case);
    // What another node tells of its cases takes no number from those here.
    if let Some(outside) = case.outside.as_ref().filter(|_| case.custody == Custody::Owner) {
        OUTSIDE.put(batch, &(outside.system.clone(), outside.number.clone()), &case.id);
    }
    CASE.put(batch, &case.id, case);
    ACT.put(batch, &(case.id, act.place.node, act.number), act);
    if known.and_then(|known| known.renewal_at) != case.renewal_at {
        super::connector::hold_renewal(over, case)?;
    }
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

/// Cases that an operator holds, those due first before the others.
pub fn held(read: &dyn Read, operator: &str, limit: usize) -> Result<Vec<CaseId>, StorageError> {
    let held = HELD.list(read, &stem(&operator.to_owned()), None, limit)?;
    Ok(held.into_iter().map(|((_, _, case), ())| case).collect())
}

/// The acts of a case that this node knows, both legs, by time.
pub fn history(read: &dyn Read, case: &CaseId) -> Result<Vec<Act>, StorageError> {
    let mut acts: Vec<Act> = ACT.list(read, &stem(case), None, usize::MAX)?.into_iter().map(|(_, act)| act).collect();
    // By tenure first, so that clocks which differ can't show a case as taken before it was offered.
    acts.sort_by_key(|act| (act.tenure, act.at, act.number));
    Ok(acts)
}

/// The documents of a case that were sealed here: act and content type, by act.
pub fn documents(read: &dyn Read, case: &CaseId) -> Result<Vec<(u32, String)>, StorageError> {
    let found = DOCUMENT.list(read, &stem(case), None, usize::MAX)?;
    Ok(found.into_iter().map(|((_, act, content_type), _)| (act, content_type)).collect())
}

/// How often a document was printed.
pub fn printed(read: &dyn Read, case: &CaseId, act: u32, content_type: &str) -> Result<u32, StorageError> {
    let last = PRINT.last(read, &stem(&(*case, act, content_type.to_owned())))?;
    Ok(last.map_or(0, |(_, _, _, number)| number))
}

/// The prints of all documents of a case, by document and number.
pub fn prints(read: &dyn Read, case: &CaseId) -> Result<Vec<Print>, StorageError> {
    let found = PRINT.list(read, &stem(case), None, usize::MAX)?;
    Ok(found.into_iter().map(|(_, print)| print).collect())
}

/// What a key of [`DUE`] with this number means.
pub(super) fn due_of(at: Timestamp, kind: u8, case: CaseId) -> Due {
    let kind = match kind {
        DEEMED_RENEWAL => DueKind::DeemedRenewal(case),
        _ => DueKind::DeemedAcceptance(case),
    };
    Due { at, kind }
}
