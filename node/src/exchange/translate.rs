//! The only bridge between the domain and the federation: notices to envelope bodies and back, and what the directory says of authorities.
//!
//! | kind | version | body |
//! |---|---|---|
//! | 1 | 1 | [`OfferBody`]: custody of a case is offered |
//! | 2 | 1 | [`ProgressBody`]: the owner reports an act to the collecting node |
//! | 3 | 1 | [`ReclaimRequest`]: the common superior is asked to give a case back whose other side is gone
//! | 4 | 1 | [`ReclaimOrder`]: it orders it
//! | 5 | 1 | [`DeclinedBody`]: it declines
//! | 6 | 1 | [`ReturnBody`]: acts of a node that was lost, of which nobody had heard
//! | 7 | 1 | [`SupplementBody`]: the collecting hall took what a correction notice had asked for |
//! | 8 | 1 | [`OrderBody`]: a superior orders an answer |
//! | 9 | 1 | [`OrderAnswerBody`]: the answer to an order |
//! | 20 | 1 | [`tongban_domain::voice::RatingWord`]: a rating of a matter that the other decided |
//! | 21 | 1 | [`tongban_domain::voice::TicketWord`]: a ticket that the other handles |
//! | 22 | 1 | [`tongban_domain::voice::TicketNews`] or [`tongban_domain::voice::Plea`]: news of a ticket |
//! | 23 | 1 | [`tongban_domain::application::JointWord`]: what another authority led for several cases of an application |
//! | 24 | 1 | [`tongban_domain::case::Withdrawal`]: the collecting hall took that the applicant withdraws |
//! | 25 | 1 | [`tongban_domain::uniform::UniformWord`]: how a case stands that is decided in the receiver's place |
//! | 26 | 1 | [`tongban_domain::application::ResultsWord`]: what earlier parts of an application came to after a later one had begun |
//! | 27 | 1 | [`tongban_domain::application::AmendedWord`]: an entry that was put right in another case of an application |
//! | 16 | 1 | a [`Receipt`]: what became in the end of an envelope that was put aside |
//!
//! Kinds 16 to 19 are of the delivery itself; 20 to 22 are in [`super::voice`], 23 to 27 in [`super::word`].

mod authority;
mod body;
mod settling;

use tongban_codes::ids::{Digest, NodeId};
use tongban_domain::application::{AmendedWord, JointWord, ResultsWord};
use tongban_domain::case::{Amended, Offer, Progress, ReclaimOrder, ReclaimRequest, Supplement, Withdrawal};
use tongban_domain::supervision::{Order, OrderAnswer};
use tongban_domain::uniform::UniformWord;
use tongban_domain::{Agent, Applicant, Command, NoticeBody, Origin, Place};
use tongban_federation::{Body, Envelope, EnvelopeId, Receipt, Subject};

pub(crate) use authority::authority_record;
pub use body::{
    AgentBody, DeclinedBody, OfferBody, OrderAnswerBody, OrderBody, ProgressBody, ReturnBody, SupplementBody,
};
use body::{AmendedBody, SupplementLine};
pub(crate) use settling::{EXPIRED, FORK, UNDECIDED, detail, settled, settles_refusals, undecided};

use super::voice::{self, KIND_RATING, KIND_TICKET, KIND_TICKET_NEWS};
use super::word::{self, KIND_AMENDED, KIND_JOINT, KIND_RESULTS, KIND_UNIFORM, KIND_WITHDRAWAL};

/// Envelope kind of an offer.
pub const KIND_OFFER: u16 = 1;
/// Envelope kind of a progress report.
pub const KIND_PROGRESS: u16 = 2;
/// Envelope kind of a request for a reclaim.
pub const KIND_RECLAIM_REQUEST: u16 = 3;
/// Envelope kind of an order of a reclaim.
pub const KIND_RECLAIM_ORDER: u16 = 4;
/// Envelope kind of the refusal of one.
pub const KIND_RECLAIM_DECLINED: u16 = 5;
/// Envelope kind of what a node tells that was lost and has returned.
pub const KIND_RECLAIM_RETURN: u16 = 6;
/// Envelope kind of a supplement: what the collecting hall took for the owner.
pub const KIND_SUPPLEMENT: u16 = 7;
/// Envelope kind of an order.
pub const KIND_ORDER: u16 = 8;
/// Envelope kind of the answer to an order.
pub const KIND_ORDER_ANSWER: u16 = 9;
/// Envelope kind of an outcome: the final word on an envelope that its receipt had called quarantined.
pub const KIND_OUTCOME: u16 = 16;
/// Version of all bodies.
const VERSION: u16 = 1;

/// What the subject of an outcome is drawn from, beside the id of the envelope that it is about.
const OUTCOME_DOMAIN: &str = "tongban/outcome/1";

/// An earlier act of the same origin on the same subject is in quarantine.
pub(crate) const PARKED: &str = "parked";

/// What another node must be told of it is larger than an envelope.
pub(crate) const NOTICE_TOO_LARGE: &str = "notice-too-large";

/// What an envelope asks for.
pub(crate) enum Inbound {
    /// A command to the domain.
    Command(Box<Command>),
    /// To record what became of an own envelope.
    Outcome(Box<Receipt>),
}

/// Why an envelope can't be taken now: a stable code, and what exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// The code of the quarantine.
    pub(crate) code: &'static str,
    /// What exactly; may be empty.
    pub(crate) text: String,
}

impl Unreadable {
    pub(crate) fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    pub(crate) fn malformed(error: impl std::fmt::Display) -> Self {
        Self::new("body-malformed", error.to_string())
    }

    pub(crate) fn contradiction(text: &str) -> Self {
        Self::new("body-contradiction", text)
    }
}

/// What a code of the quarantine means, in English and Chinese.
pub(crate) fn quarantine_text(code: &str) -> (&'static str, &'static str) {
    match code {
        "ready" => (
            "this release understands it; a replay decides it, or says what it waits for",
            "此版本可以处理，重放即办理，或说明在等什么",
        ),
        PARKED => {
            ("an earlier act of its origin on the same subject is in quarantine", "同一来源、同一办件的前序信封已隔离")
        }
        "kind-unknown" => ("this release doesn't know the kind of envelope", "此版本不认识该信封种类"),
        "version-unknown" => ("this release doesn't know this version of the kind", "此版本不认识该信封种类的版本"),
        "body-encrypted" => ("the body is encrypted, which this release can't open", "正文加密，此版本不能打开"),
        "body-malformed" => ("the body can't be read", "正文无法读取"),
        "body-contradiction" => ("body and envelope contradict each other", "正文与信封矛盾"),
        NOTICE_TOO_LARGE => (
            "what another node must be told of it is larger than an envelope; replay it when there is less to tell",
            "须告知其他节点的内容超过信封上限；内容减少后重放",
        ),
        _ => ("put aside", "已隔离"),
    }
}

/// What a kind of body is called; `None` for one that this release doesn't know.
pub(crate) fn body_name(kind: u16) -> Option<&'static str> {
    match kind {
        KIND_OFFER => Some("offer"),
        KIND_PROGRESS => Some("progress"),
        KIND_RECLAIM_REQUEST => Some("reclaim-request"),
        KIND_RECLAIM_ORDER => Some("reclaim-order"),
        KIND_RECLAIM_DECLINED => Some("reclaim-declined"),
        KIND_RECLAIM_RETURN => Some("reclaim-return"),
        KIND_SUPPLEMENT => Some("supplement"),
        KIND_ORDER => Some("order"),
        KIND_ORDER_ANSWER => Some("order-answer"),
        KIND_JOINT => Some("joint"),
        KIND_WITHDRAWAL => Some("withdrawal"),
        KIND_RESULTS => Some("results"),
        KIND_UNIFORM => Some("uniform"),
        KIND_AMENDED => Some("amended"),
        KIND_OUTCOME => Some("outcome"),
        _ => voice::body_name(kind),
    }
}

/// The subject of the outcome of an envelope: one of its own, so that it neither waits for the case nor parks it.
pub(crate) fn outcome_subject(about: &EnvelopeId) -> Subject {
    let digest = Digest::of(&tongban_codes::cbor::to_vec(&(OUTCOME_DOMAIN, about)));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(digest.as_bytes().first_chunk::<16>().expect("a digest has 32 bytes"));
    Subject::from_bytes(bytes)
}

/// Kind, version and bytes of an outcome.
pub(crate) fn outcome(receipt: &Receipt) -> (u16, u16, Vec<u8>) {
    (KIND_OUTCOME, VERSION, receipt.to_bytes())
}

/// Kind, version and bytes of a notice.
pub(crate) fn outbound(notice: &NoticeBody) -> (u16, u16, Vec<u8>) {
    match notice {
        NoticeBody::Offer(offer) => {
            let offer = (**offer).clone();
            let body = OfferBody {
                case: offer.case,
                tenure: offer.tenure,
                collection_no: offer.collection_no,
                query_code: offer.query_code,
                collecting: offer.collecting,
                collected_at: offer.collected_at,
                deciding: offer.deciding,
                item: offer.item,
                item_version: offer.item_version,
                mode: offer.mode,
                applicant_name: offer.applicant.name,
                applicant_identity: offer.applicant.identity,
                materials: offer.materials,
                history: offer.history,
                renews: offer.renews,
                agent: offer.agent.map(|Agent { name, identity, power, scope, until }| AgentBody {
                    name,
                    identity,
                    power,
                    scope,
                    until,
                }),
                standing: offer.standing,
                forwarded_from: offer.forwarded_from,
                part_of: offer.part_of,
                agreement: offer.agreement,
                pledge: offer.pledge,
            };
            (KIND_OFFER, VERSION, tongban_codes::cbor::to_vec(&body))
        }
        NoticeBody::Progress(progress) => {
            let progress = (**progress).clone();
            let body = ProgressBody {
                act: progress.act,
                case_no: progress.case_no,
                received_on: progress.received_on,
                accepted_on: progress.accepted_on,
                decided_on: progress.decided_on,
                deadlines: progress.deadlines,
                deemed: progress.deemed,
                licences: progress.licences,
                stops: progress.stops,
                extension: progress.extension,
                renewal: progress.renewal,
                correction: progress.correction,
                competent: progress.competent,
                forwarded_to: progress.forwarded_to,
                amended: progress.amended.map(|amended| AmendedBody {
                    field: amended.field,
                    value: amended.value,
                    reason: amended.reason,
                }),
                lacking: progress.lacking,
                turn: progress.turn,
                pledge: progress.pledge,
                outside: progress.outside,
            };
            (KIND_PROGRESS, VERSION, tongban_codes::cbor::to_vec(&body))
        }
        NoticeBody::ReclaimRequest(request) => (KIND_RECLAIM_REQUEST, VERSION, tongban_codes::cbor::to_vec(&**request)),
        NoticeBody::ReclaimOrder(order) => (KIND_RECLAIM_ORDER, VERSION, tongban_codes::cbor::to_vec(&**order)),
        NoticeBody::ReclaimDeclined(reason) => {
            let body = DeclinedBody { reason: reason.clone() };
            (KIND_RECLAIM_DECLINED, VERSION, tongban_codes::cbor::to_vec(&body))
        }
        NoticeBody::ReclaimReturn(acts) => {
            let body = ReturnBody { acts: acts.clone() };
            (KIND_RECLAIM_RETURN, VERSION, tongban_codes::cbor::to_vec(&body))
        }
        NoticeBody::Supplement(supplement) => {
            let Supplement { act, lines } = (**supplement).clone();
            let lines = lines.into_iter().map(|(line, materials)| SupplementLine { line, materials }).collect();
            (KIND_SUPPLEMENT, VERSION, tongban_codes::cbor::to_vec(&SupplementBody { act, lines }))
        }
        NoticeBody::Order(order) => {
            let order = (**order).clone();
            let body = OrderBody {
                order: order.id,
                number: order.number,
                text: order.text,
                from: order.from,
                to: order.to,
                operator: order.operator,
                at: order.at,
                answer_by: order.answer_by,
                about: order.about,
            };
            (KIND_ORDER, VERSION, tongban_codes::cbor::to_vec(&body))
        }
        NoticeBody::OrderAnswer(answer) => {
            let answer = (**answer).clone();
            let body = OrderAnswerBody {
                order: answer.order,
                answer: answer.answer,
                case_no: answer.case_no,
                item_type: answer.item_type,
                department: answer.department,
                rule: answer.rule,
                colour: answer.colour,
            };
            (KIND_ORDER_ANSWER, VERSION, tongban_codes::cbor::to_vec(&body))
        }
        NoticeBody::Voice(word) => voice::outbound(word),
        NoticeBody::Joint(word) => word::outbound(&**word),
        NoticeBody::Results(word) => word::outbound(&**word),
        NoticeBody::Amended(word) => word::outbound(&**word),
        NoticeBody::Withdrawal(withdrawal) => word::outbound(&**withdrawal),
        NoticeBody::Uniform(word) => word::outbound(&**word),
    }
}

/// What an envelope asks for, or why it is quarantined.
pub(crate) fn inbound(envelope: &Envelope, place: Place) -> Result<Inbound, Unreadable> {
    let Body::Plain(bytes) = &envelope.body else { return Err(Unreadable::new("body-encrypted", "")) };
    let origin = Origin { place };
    #[cfg(feature = "deliberate-bugs")]
    if envelope.kind == KIND_PROGRESS && tongban_codes::deliberate::is_of_old() {
        return Err(Unreadable::new("kind-unknown", format!("kind {}, version {}", envelope.kind, envelope.version)));
    }
    match (envelope.kind, envelope.version) {
        (KIND_OFFER, VERSION) => {
            let body: OfferBody = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
            if body.case != envelope.subject.case() || body.collecting.node != body_origin(&body, envelope) {
                return Err(Unreadable::contradiction(
                    "the offer is of another case, or of a case that another node collected",
                ));
            }
            let offer = Offer {
                case: body.case,
                tenure: body.tenure,
                collection_no: body.collection_no,
                query_code: body.query_code,
                collecting: body.collecting,
                collected_at: body.collected_at,
                deciding: body.deciding,
                item: body.item,
                item_version: body.item_version,
                mode: body.mode,
                applicant: Applicant { name: body.applicant_name, identity: body.applicant_identity },
                materials: body.materials,
                history: body.history,
                renews: body.renews,
                agent: body.agent.map(|AgentBody { name, identity, power, scope, until }| Agent {
                    name,
                    identity,
                    power,
                    scope,
                    until,
                }),
                standing: body.standing,
                forwarded_from: body.forwarded_from,
                part_of: body.part_of,
                agreement: body.agreement,
                pledge: body.pledge,
            };
            Ok(Inbound::Command(Box::new(Command::TakeCustody { origin, offer: Box::new(offer) })))
        }
        (KIND_PROGRESS, VERSION) => {
            let body: ProgressBody = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
            if body.act.case != envelope.subject.case() || body.act.place.node != envelope.origin {
                return Err(Unreadable::contradiction("the report is of another case, or of another node's act"));
            }
            let progress = Progress {
                act: body.act,
                case_no: body.case_no,
                received_on: body.received_on,
                accepted_on: body.accepted_on,
                decided_on: body.decided_on,
                deadlines: body.deadlines,
                deemed: body.deemed,
                licences: body.licences,
                stops: body.stops,
                extension: body.extension,
                renewal: body.renewal,
                correction: body.correction,
                competent: body.competent,
                forwarded_to: body.forwarded_to,
                amended: body.amended.map(|amended| Amended {
                    field: amended.field,
                    value: amended.value,
                    reason: amended.reason,
                }),
                lacking: body.lacking,
                turn: body.turn,
                pledge: body.pledge,
                outside: body.outside,
            };
            Ok(Inbound::Command(Box::new(Command::Mirror { origin, progress: Box::new(progress) })))
        }
        (KIND_RECLAIM_REQUEST | KIND_RECLAIM_ORDER | KIND_RECLAIM_DECLINED | KIND_RECLAIM_RETURN, VERSION) => {
            let command = reclaiming(envelope, origin, bytes)?;
            Ok(Inbound::Command(Box::new(command)))
        }
        (KIND_SUPPLEMENT, VERSION) => {
            let body: SupplementBody = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
            let said = body.act.place.node == envelope.origin && body.act.number == envelope.act_number;
            if body.act.case != envelope.subject.case() || !said {
                return Err(Unreadable::contradiction("the supplement is of another case, or of another act"));
            }
            let lines = body.lines.into_iter().map(|one| (one.line, one.materials)).collect();
            let supplement = Box::new(Supplement { act: body.act, lines });
            Ok(Inbound::Command(Box::new(Command::TakeSupplement { origin, supplement })))
        }
        (KIND_ORDER, VERSION) => {
            let body: OrderBody = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
            if body.order != envelope.subject.case() || body.from.node != envelope.origin {
                return Err(Unreadable::contradiction("the order is of another subject, or of another node"));
            }
            let order = Order {
                id: body.order,
                number: body.number,
                text: body.text,
                from: body.from,
                to: body.to,
                operator: body.operator,
                at: body.at,
                answer_by: body.answer_by,
                about: body.about,
                case: None,
                case_no: None,
                item_type: None,
                department: None,
                rule: None,
                colour: None,
                answer: None,
                refused: None,
                since: body.at,
            };
            Ok(Inbound::Command(Box::new(Command::TakeOrder { origin, order: Box::new(order) })))
        }
        (KIND_ORDER_ANSWER, VERSION) => {
            let body: OrderAnswerBody = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
            if body.order != envelope.subject.case() {
                return Err(Unreadable::contradiction("the answer is of another subject"));
            }
            let answer = OrderAnswer {
                order: body.order,
                answer: body.answer,
                case_no: body.case_no,
                item_type: body.item_type,
                department: body.department,
                rule: body.rule,
                colour: body.colour,
            };
            Ok(Inbound::Command(Box::new(Command::TakeOrderAnswer { origin, answer: Box::new(answer) })))
        }
        (KIND_JOINT, _) => told::<JointWord>(envelope, origin, bytes),
        (KIND_WITHDRAWAL, _) => told::<Withdrawal>(envelope, origin, bytes),
        (KIND_UNIFORM, _) => told::<UniformWord>(envelope, origin, bytes),
        (KIND_RESULTS, _) => told::<ResultsWord>(envelope, origin, bytes),
        (KIND_AMENDED, _) => told::<AmendedWord>(envelope, origin, bytes),
        (KIND_RATING | KIND_TICKET | KIND_TICKET_NEWS, _) => {
            Ok(Inbound::Command(Box::new(voice::inbound(envelope, origin, bytes)?)))
        }
        (KIND_OUTCOME, VERSION) => {
            let receipt = Receipt::from_bytes(bytes).map_err(Unreadable::malformed)?;
            let said = receipt.receiver == envelope.origin && receipt.origin == envelope.destination;
            if !said || outcome_subject(&receipt.envelope) != envelope.subject {
                return Err(Unreadable::contradiction("the outcome is of another node's envelope"));
            }
            Ok(Inbound::Outcome(Box::new(receipt)))
        }
        (
            KIND_OFFER
            | KIND_PROGRESS
            | KIND_RECLAIM_REQUEST
            | KIND_RECLAIM_ORDER
            | KIND_RECLAIM_DECLINED
            | KIND_RECLAIM_RETURN
            | KIND_SUPPLEMENT
            | KIND_ORDER
            | KIND_ORDER_ANSWER
            | KIND_OUTCOME,
            version,
        ) => Err(Unreadable::new("version-unknown", format!("kind {}, version {version}", envelope.kind))),
        (kind, version) => Err(Unreadable::new("kind-unknown", format!("kind {kind}, version {version}"))),
    }
}

fn told<W: word::Word>(envelope: &Envelope, origin: Origin, bytes: &[u8]) -> Result<Inbound, Unreadable> {
    Ok(Inbound::Command(Box::new(word::inbound::<W>(envelope, origin, bytes)?)))
}

/// What an envelope about a reclaim asks for.
fn reclaiming(envelope: &Envelope, origin: Origin, bytes: &[u8]) -> Result<Command, Unreadable> {
    let case = envelope.subject.case();
    let other = || Unreadable::contradiction("the reclaim is of another case");
    Ok(match envelope.kind {
        KIND_RECLAIM_REQUEST => {
            let request: ReclaimRequest = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
            if request.known.id != case {
                return Err(other());
            }
            Command::KeepReclaimRequest { origin, request: Box::new(request) }
        }
        KIND_RECLAIM_ORDER => {
            let order: ReclaimOrder = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
            if order.case != case || order.standing.id != case {
                return Err(other());
            }
            Command::TakeReclaimOrder { origin, order: Box::new(order) }
        }
        KIND_RECLAIM_DECLINED => {
            let body: DeclinedBody = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
            Command::ReclaimDeclined { origin, case, reason: body.reason }
        }
        _ => {
            let body: ReturnBody = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
            Command::KeepReclaimReturn { origin, case, acts: body.acts }
        }
    })
}

/// At tenure 1 the offerer is the node that collected; later owners pass on what another collected.
fn body_origin(body: &OfferBody, envelope: &Envelope) -> NodeId {
    if body.tenure == 1 { envelope.origin } else { body.collecting.node }
}
