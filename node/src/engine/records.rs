//! From domain events to journal entries: what is counted above, without a name.

use minicbor::{Decode, Encode};
use tongban_codes::ids::Digest;
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::{self, Act, Case, Extension, OutsideDecision, Status};
use tongban_domain::catalogue::{
    BaseItem, CodeList as _, Decline, Guide, ItemState, Mode, ServiceItem, Standard, StandardBody, authority_id,
};
use tongban_domain::earlier::{BatchStep, EarlierBatch};
use tongban_domain::supervision::{About, Card, CardState, Colour};
use tongban_domain::work::Lacking;
use tongban_domain::{Event, NodeFacts};
use tongban_journal::{
    self as header, ActHeader, Body, CardMark, Channel, Entry, Header, NodeEvent, NodeHeader, Outcome, SALT_BYTES,
    StandardHeader, StandardKind,
};

use super::entry::JournalRecord;

/// Number of the journal of acts, pulled upward.
pub const ACTS: u8 = 0;
/// Number of the journal of standards, taken downward.
pub const STANDARDS: u8 = 1;
/// Body field of a standard: the whole item, guide or standard, CBOR.
pub const FIELD_STANDARD: u16 = 1;

/// What the header of an act doesn't say of it: for a superior that restores the case from the journal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Step {
    /// Number of the act in its node's leg.
    #[n(0)]
    pub(crate) number: u32,
    /// What was done: several kinds share one number in headers.
    #[n(1)]
    pub(crate) kind: case::ActKind,
    /// The state after it.
    #[n(2)]
    pub(crate) status: Status,
    /// The last day that the last notice gave.
    #[n(3)]
    pub(crate) until: Option<Date>,
    /// What is to follow (容缺), where the act changed that.
    #[n(4)]
    pub(crate) lacking: Option<Vec<Lacking>>,
    /// By how much the time was extended, where the act did that.
    #[n(5)]
    pub(crate) extension: Option<Extension>,
    /// The decision of another system, where the act entered it.
    #[n(61)]
    pub(crate) outside: Option<OutsideDecision>,
}

/// Body fields of an act.
pub(crate) mod field {
    pub(crate) const OPERATOR: u16 = 1;
    pub(crate) const WINDOW: u16 = 2;
    pub(crate) const NOTE: u16 = 3;
    pub(crate) const CASE_NO: u16 = 4;
    pub(crate) const COLLECTION_NO: u16 = 5;
    pub(crate) const HOLDER: u16 = 6;
    pub(crate) const MANDATE: u16 = 7;
    pub(crate) const ITEM_NAME: u16 = 8;
    pub(crate) const STEP: u16 = 20;
    pub(crate) const EARLIER_BATCH: u16 = 24;
    pub(crate) const CARD_NO: u16 = 40;
    pub(crate) const ORDER: u16 = 22;
    pub(crate) const VOICE_NO: u16 = 60;
}

/// The journal record of an event, if it makes one: acts done here, items published or withdrawn here.
pub(crate) fn record(
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
        Event::Card(card) => {
            let act = card_act(card)?;
            (ACTS, Header::Acts(card_header(card, act)), card_fields(card))
        }
        Event::Voice(voice) => {
            let header = super::voices::header(voice)?;
            (ACTS, Header::Acts(header), super::voices::fields(voice))
        }
        Event::EarlierBatch(batch, step @ (BatchStep::Finished | BatchStep::Undone)) => {
            (ACTS, Header::Node(batch_header(batch, *step, here, at)), batch_fields(batch))
        }
        Event::Order(order) => {
            let act = super::orders::act(order)?;
            (ACTS, Header::Acts(super::orders::header(order, act)), super::orders::fields(order))
        }
        Event::HandledElsewhere(row, step) => {
            let header = super::elsewhere::header(row, *step, here.division, at)?;
            (ACTS, Header::Acts(header), super::elsewhere::fields(row))
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
        D::DeemedRenewal => J::DeemedRenewal,
        D::Supplement => J::Supplement,
        D::Return => J::Return,
        D::Check => J::Inspect,
        D::Correct => J::Correct,
        D::Forward => J::Forward,
        D::Amend => J::Amend,
        D::RefuseSupplement => J::RefuseSupplement,
        D::AskReclaim => J::AskReclaim,
        D::Reclaim => J::Reclaim,
        D::Claim => J::Claim,
        D::HandOn => J::HandOn,
        D::ReturnStep | D::PassStep | D::SignStep => J::Step,
        D::Recuse => J::Recuse,
        D::FollowUp => J::FollowUp,
        D::JointCheck => J::JointInspect,
        D::JointPublicity => J::JointPublicity,
        D::AskWithdrawal => J::AskWithdrawal,
        D::RefuseWithdrawal => J::RefuseWithdrawal,
        D::ForwardOutcome => J::ForwardOutcome,
        D::TellPart => J::TellPart,
        D::RefuseReport => J::RefuseReport,
        D::ReceivePaper => J::ReceivePaper,
        D::Pledge => J::Pledge,
        D::VerifyPledge => J::VerifyPledge,
        D::WaiveFee => J::WaiveFee,
        D::ReportAgain => J::ReportAgain,
    }
}

/// The act that a journal calls so; `None` for what this release doesn't do, and for what is no act on a case.
pub(crate) fn act_of_journal(kind: header::ActKind) -> Option<case::ActKind> {
    if kind == header::ActKind::NotifyAgain {
        return Some(case::ActKind::Notify);
    }
    case::ActKind::ALL.into_iter().find(|known| act_kind(*known) == kind)
}

fn outcome(status: Status) -> Option<Outcome> {
    match status {
        Status::Granted => Some(Outcome::Granted),
        Status::Denied => Some(Outcome::Denied),
        Status::RefusedNotRequired => Some(Outcome::NotRequired),
        Status::RefusedNotCompetent => Some(Outcome::NotCompetent),
        Status::Withdrawn => Some(Outcome::Withdrawn),
        Status::Returned => Some(Outcome::NotSupplemented),
        Status::Forwarded => Some(Outcome::Forwarded),
        _ => None,
    }
}

fn mode(mode: Mode) -> header::Mode {
    match mode {
        Mode::Window => header::Mode::Local,
        Mode::Online => header::Mode::Online,
        Mode::Collect => header::Mode::OnBehalf,
        Mode::Joint => header::Mode::Joint,
        Mode::Uniform => header::Mode::Undifferentiated,
    }
}

/// A notice after the first: supervision looks whether it could have been given with that one.
fn is_repeated_notice(case: &Case, act: &Act) -> bool {
    act.kind == case::ActKind::Notify && case.correction.as_ref().is_some_and(|correction| correction.notices > 1)
}

fn act_header(case: &Case, act: &Act) -> ActHeader {
    let deadlines = case.deadlines.as_ref();
    let (statutory, promised) = (deadlines.and_then(|due| due.statutory), deadlines.and_then(|due| due.promised));
    // A renewal that was deemed granted was decided by nobody: it is of the day on which the licence ended, and never in the time that the law gives.
    let deemed = act.kind == case::ActKind::DeemedRenewal;
    let decided = match act.kind {
        // What another system decided is of the day on which it did.
        case::ActKind::Decide => {
            Some(case.outside.as_ref().map_or_else(|| act.at.date(), |outside| outside.decided_on))
        }
        case::ActKind::DeemedRenewal => case.decided_on,
        _ => None,
    };
    let issued = match act.kind {
        case::ActKind::IssueLicence => act.note.clone(),
        case::ActKind::DeemedRenewal => case.licences.last().cloned(),
        _ => None,
    };
    // The lower authority's part has a time of its own (行政许可法 43).
    let forwarding = case.forwarded_to.as_ref().filter(|_| act.kind == case::ActKind::Forward);
    let forwarded = forwarding.map(|to| to.in_time);
    let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    ActHeader {
        act: if is_repeated_notice(case, act) { header::ActKind::NotifyAgain } else { act_kind(act.kind) },
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
        in_time_statutory: forwarded.or_else(|| decided.zip(statutory).map(|(day, due)| !deemed && day <= due.date)),
        in_time_promised: decided.zip(promised).map(|(day, due)| day <= due.date),
        visits: 1,
        materials_asked: count(case.materials.len()),
        materials_reused: 0,
        collected_on: Some(case.collected_at.date()),
        accepted_on: case.accepted_on,
        decided_on: case.decided_on,
        statutory_due: statutory.map(|due| due.date),
        promised_due: promised.map(|due| due.date),
        licence: issued,
        grade: None,
        card: None,
        voice: None,
    }
}

/// Whether a card was raised, came back or was closed; an answer counts nowhere.
fn card_act(card: &Card) -> Option<header::ActKind> {
    match card.state {
        CardState::Open if card.times == 1 => Some(header::ActKind::Supervise),
        CardState::Open => Some(header::ActKind::ReopenCard),
        CardState::Closed => Some(header::ActKind::ClearCard),
        CardState::Answered => None,
    }
}

fn card_header(card: &Card, act: header::ActKind) -> ActHeader {
    let colour = match card.colour {
        Colour::Yellow => header::Colour::Yellow,
        Colour::Red => header::Colour::Red,
        Colour::Severe => header::Colour::Severe,
    };
    let mark = CardMark { colour, rule: card.rule.name().to_owned(), on: card.on, division: card.division() };
    ActHeader { card: Some(mark), ..beside(card.about(), card.since, act) }
}

/// The header of what is done beside a case: about a card, a rating, a ticket or an order to an outside system.
pub(super) fn beside(about: About, at: Timestamp, act: header::ActKind) -> ActHeader {
    ActHeader {
        act,
        at,
        case: about.case,
        tenure: about.tenure,
        collecting_division: about.collecting,
        deciding_division: about.deciding,
        authority: about.authority,
        item: about.item,
        base_code: about.base_code,
        item_version: about.item_version,
        item_type: about.item_type.parse().unwrap_or(0),
        mode: mode(about.mode),
        channel: Channel::Window,
        outcome: None,
        in_time_statutory: None,
        in_time_promised: None,
        visits: 0,
        materials_asked: 0,
        materials_reused: 0,
        collected_on: None,
        accepted_on: None,
        decided_on: None,
        statutory_due: None,
        promised_due: None,
        licence: None,
        grade: None,
        card: None,
        voice: None,
    }
}

fn card_fields(card: &Card) -> Vec<(u16, Vec<u8>)> {
    let mut fields = vec![(field::CASE_NO, card.case_no.clone().into_bytes())];
    if let Some(closing) = &card.closing {
        fields.push((field::OPERATOR, closing.operator.clone().into_bytes()));
        fields.push((field::NOTE, closing.text.clone().into_bytes()));
    }
    fields.push((field::ITEM_NAME, card.item_name.clone().into_bytes()));
    fields.push((field::CARD_NO, card.number.clone().into_bytes()));
    fields.sort_by_key(|(number, _)| *number);
    fields
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
    let until = case.correction.as_ref().map(|correction| correction.until);
    let follows =
        act.kind == case::ActKind::FollowUp || (act.kind == case::ActKind::Accept && !case.lacking.is_empty());
    let step = Step {
        number: act.number,
        kind: act.kind,
        status: act.status,
        until,
        lacking: follows.then(|| case.lacking.clone()),
        extension: case.extension.clone().filter(|_| act.kind == case::ActKind::Extend),
        outside: case.outside.clone().filter(|_| act.kind == case::ActKind::Decide),
    };
    fields.push((field::STEP, tongban_codes::cbor::to_vec(&step)));
    fields
}

/// What a journal says of a batch of earlier cases: that it came in or was undone, how many rows, and digests. No figure is folded of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct BatchWord {
    /// Its number.
    #[n(0)]
    pub(crate) number: String,
    /// Rows of the file that came in.
    #[n(1)]
    pub(crate) rows: u32,
    /// Of these, new ones.
    #[n(2)]
    pub(crate) added: u32,
    /// Of these, further versions of what stood.
    #[n(3)]
    pub(crate) replaced: u32,
    /// SHA-256 chain over the rows as they are kept.
    #[n(4)]
    pub(crate) digest: Digest,
}

fn batch_header(batch: &EarlierBatch, step: BatchStep, here: &NodeFacts, at: Timestamp) -> NodeHeader {
    let event = match step {
        BatchStep::Undone => NodeEvent::EarlierUndone,
        _ => NodeEvent::EarlierImported,
    };
    NodeHeader {
        division: Some(here.division),
        case: Some(batch.id),
        document: Some(Digest::from_bytes(batch.mark)),
        ..NodeHeader::new(event, at)
    }
}

fn batch_fields(batch: &EarlierBatch) -> Vec<(u16, Vec<u8>)> {
    let (number, digest) = (batch.number.clone(), batch.digest);
    let word = BatchWord { number, rows: batch.taken, added: batch.added, replaced: batch.replaced, digest };
    let operator = batch.undone.as_ref().map_or(&batch.by, |undone| &undone.by);
    vec![(field::OPERATOR, operator.clone().into_bytes()), (field::EARLIER_BATCH, tongban_codes::cbor::to_vec(&word))]
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
