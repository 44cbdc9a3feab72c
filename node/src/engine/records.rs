//! From domain events to journal entries: what is counted above, without a name.

use tongban_codes::ids::Digest;
use tongban_codes::time::Timestamp;
use tongban_domain::case::{self, Act, Case, Status};
use tongban_domain::catalogue::{
    BaseItem, Decline, Guide, ItemState, Mode, ServiceItem, Standard, StandardBody, authority_id,
};
use tongban_domain::{Event, NodeFacts};
use tongban_journal::{
    self as header, ActHeader, Body, Channel, Entry, Header, Outcome, SALT_BYTES, StandardHeader, StandardKind,
};

use super::entry::JournalRecord;

/// Number of the journal of acts, pulled upward.
pub const ACTS: u8 = 0;
/// Number of the journal of standards, taken downward.
pub const STANDARDS: u8 = 1;
/// Body field of a standard: the whole item, guide or standard, CBOR.
pub const FIELD_STANDARD: u16 = 1;

/// Body fields of an act.
mod field {
    pub(super) const OPERATOR: u16 = 1;
    pub(super) const WINDOW: u16 = 2;
    pub(super) const NOTE: u16 = 3;
    pub(super) const CASE_NO: u16 = 4;
    pub(super) const COLLECTION_NO: u16 = 5;
    pub(super) const HOLDER: u16 = 6;
    pub(super) const MANDATE: u16 = 7;
    pub(super) const ITEM_NAME: u16 = 8;
}

/// The journal record of an event, if it makes one: acts done here, items published or withdrawn here.
pub(super) fn record(
    event: &Event,
    here: &NodeFacts,
    at: Timestamp,
    fill: &mut dyn FnMut(&mut [u8]),
) -> Option<JournalRecord> {
    let me = here.node;
    let (journal, header, fields) = match event {
        Event::Case(case, act) if act.place.node == me => {
            (ACTS, Header::Acts(act_header(case, act)), act_fields(case, act))
        }
        Event::Item(item) if !item.state.is_draft() => (
            STANDARDS,
            Header::Standards(item_header(item, at)),
            vec![(FIELD_STANDARD, tongban_codes::cbor::to_vec(item))],
        ),
        Event::BaseItem(base) if !base.state.is_draft() && base.node == me => (
            STANDARDS,
            Header::Standards(base_header(base, at)),
            vec![(FIELD_STANDARD, tongban_codes::cbor::to_vec(base))],
        ),
        Event::GuideReleased(code, guide) => (
            STANDARDS,
            Header::Standards(guide_header(code, guide, here, at)),
            vec![(FIELD_STANDARD, tongban_codes::cbor::to_vec(&**guide))],
        ),
        Event::Declined(decline) if decline.node == me => (
            STANDARDS,
            Header::Standards(decline_header(decline, at)),
            vec![(FIELD_STANDARD, tongban_codes::cbor::to_vec(&**decline))],
        ),
        Event::Standard(standard) if standard.node == me => (
            STANDARDS,
            Header::Standards(standard_header(standard, at)),
            vec![(FIELD_STANDARD, tongban_codes::cbor::to_vec(&**standard))],
        ),
        _ => return None,
    };
    let salted = fields.into_iter().map(|(number, value)| {
        let mut salt = [0; SALT_BYTES];
        fill(&mut salt);
        (number, salt, value)
    });
    let body = Body::open(salted).expect("fields are few, small and numbered once");
    let entry = Entry::new(&header, body.commitment());
    Some(JournalRecord { journal, entry: entry.bytes().to_vec(), body: body.to_bytes() })
}

fn act_kind(kind: case::ActKind) -> header::ActKind {
    use case::ActKind as D;
    use header::ActKind as J;
    match kind {
        D::Collect => J::Collect,
        D::Offer => J::Offer,
        D::TakeCustody => J::TakeCustody,
        D::RefuseCustody => J::RefuseCustody,
        D::Discharge => J::Discharge,
        D::Accept => J::Accept,
        D::AcceptDeemed => J::AcceptDeemed,
        D::Refuse => J::Refuse,
        D::Notify => J::Notify,
        D::Decide => J::Decide,
        D::Deliver => J::Deliver,
        D::Close => J::Close,
        D::Withdraw => J::Withdraw,
        D::IssueLicence => J::IssueLicence,
        D::CancelLicence => J::CancelLicence,
        D::Suspend => J::Suspend,
        D::Resume => J::Resume,
        D::Extend => J::Extend,
    }
}

fn outcome(status: Status) -> Option<Outcome> {
    match status {
        Status::Granted => Some(Outcome::Granted),
        Status::Denied => Some(Outcome::Denied),
        Status::RefusedNotRequired => Some(Outcome::NotRequired),
        Status::RefusedNotCompetent => Some(Outcome::NotCompetent),
        Status::Withdrawn => Some(Outcome::Withdrawn),
        _ => None,
    }
}

fn mode(mode: Mode) -> header::Mode {
    match mode {
        Mode::Window => header::Mode::Local,
        Mode::Online => header::Mode::Online,
        Mode::Collect => header::Mode::OnBehalf,
        Mode::Joint => header::Mode::Joint,
    }
}

fn act_header(case: &Case, act: &Act) -> ActHeader {
    let deadlines = case.deadlines.as_ref();
    let (statutory, promised) = (deadlines.and_then(|due| due.statutory), deadlines.and_then(|due| due.promised));
    let decided = (act.kind == case::ActKind::Decide).then(|| act.at.date());
    let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    ActHeader {
        act: act_kind(act.kind),
        at: act.at,
        case: case.id,
        tenure: act.tenure,
        collecting_division: case.collecting.division,
        deciding_division: case.deciding.division,
        authority: case.item.authority,
        item: case.item.code.clone(),
        base_code: case.item.core.base_code.clone(),
        item_version: case.item.version,
        item_type: case.item.core.item_type.parse().unwrap_or(0),
        mode: mode(case.mode),
        channel: Channel::Window,
        outcome: outcome(act.status),
        in_time_statutory: decided.zip(statutory).map(|(day, due)| day <= due.date),
        in_time_promised: decided.zip(promised).map(|(day, due)| day <= due.date),
        visits: 1,
        materials_asked: count(case.materials.len()),
        materials_reused: 0,
        collected_on: Some(case.collected_at.date()),
        accepted_on: case.accepted_on,
        decided_on: case.decided_on,
        statutory_due: statutory.map(|due| due.date),
        promised_due: promised.map(|due| due.date),
        licence: (act.kind == case::ActKind::IssueLicence).then(|| act.note.clone()).flatten(),
        grade: None,
    }
}

fn act_fields(case: &Case, act: &Act) -> Vec<(u16, Vec<u8>)> {
    let mut fields = vec![(field::OPERATOR, act.operator.clone().into_bytes())];
    let mut add = |number, text: Option<&String>| {
        if let Some(text) = text {
            fields.push((number, text.clone().into_bytes()));
        }
    };
    add(field::WINDOW, act.window.as_ref());
    add(field::NOTE, act.note.as_ref());
    add(field::CASE_NO, case.case_no.as_ref());
    add(field::COLLECTION_NO, Some(&case.collection_no));
    fields.push((field::HOLDER, case.holder.to_vec()));
    if let Some(mandate) = &act.mandate {
        fields.push((field::MANDATE, mandate.clone().into_bytes()));
    }
    fields.push((field::ITEM_NAME, case.item.core.name.clone().into_bytes()));
    fields
}

fn item_header(item: &ServiceItem, at: Timestamp) -> StandardHeader {
    StandardHeader {
        kind: StandardKind::Item,
        at,
        base_code: item.core.base_code.clone(),
        code: item.code.clone(),
        version: item.version,
        core: item.core.digest(),
        effective_from: item.effective,
        withdrawn: item.state == ItemState::Withdrawn,
        division: item.division,
        authority: item.authority,
    }
}

fn base_header(base: &BaseItem, at: Timestamp) -> StandardHeader {
    StandardHeader {
        kind: StandardKind::BaseItem,
        at,
        base_code: base.core.base_code.clone(),
        code: base.core.base_code.clone().unwrap_or_default(),
        version: base.version,
        core: base.core.digest(),
        effective_from: base.effective,
        withdrawn: base.state == ItemState::Withdrawn,
        division: base.division,
        authority: authority_id(&base.node, base.division, &base.department),
    }
}

/// A guide is named by its digest, and by the code with which it was published first.
fn guide_header(code: &str, guide: &Guide, here: &NodeFacts, at: Timestamp) -> StandardHeader {
    StandardHeader {
        kind: StandardKind::Guide,
        at,
        base_code: None,
        code: code.to_owned(),
        version: 0,
        core: guide.digest(),
        effective_from: None,
        withdrawn: false,
        division: here.division,
        authority: authority_id(&here.node, here.division, ""),
    }
}

fn decline_header(decline: &Decline, at: Timestamp) -> StandardHeader {
    StandardHeader {
        kind: StandardKind::Decline,
        at,
        base_code: Some(decline.base_code.clone()),
        code: decline.base_code.clone(),
        version: decline.version,
        core: Digest::of(&tongban_codes::cbor::to_vec(decline)),
        effective_from: None,
        withdrawn: decline.is_over,
        division: decline.division,
        authority: authority_id(&decline.node, decline.division, ""),
    }
}

fn standard_header(standard: &Standard, at: Timestamp) -> StandardHeader {
    let (kind, base_code) = match &standard.body {
        StandardBody::Ceiling(ceiling) => (StandardKind::Ceiling, ceiling.base_code.clone()),
        StandardBody::Topic(_) => (StandardKind::Topic, None),
        StandardBody::LifeEvent(_) => (StandardKind::LifeEvent, None),
        StandardBody::Entry(entry) => (StandardKind::Entry, entry.base_code.clone()),
        StandardBody::Policy(_) => (StandardKind::Policy, None),
        StandardBody::Division(_) => (StandardKind::Division, None),
    };
    StandardHeader {
        kind,
        at,
        base_code,
        code: standard.code.clone(),
        version: standard.version,
        core: Digest::of(&tongban_codes::cbor::to_vec(&standard.body)),
        effective_from: standard.effective,
        withdrawn: standard.state == ItemState::Withdrawn,
        division: standard.division,
        authority: authority_id(&standard.node, standard.division, standard.department.as_deref().unwrap_or("")),
    }
}
