//! The only bridge between the domain and the federation: notices to envelope bodies and back, and what the directory says of authorities.
//!
//! | kind | version | body |
//! |---|---|---|
//! | 1 | 1 | [`OfferBody`]: custody of a case is offered |
//! | 2 | 1 | [`ProgressBody`]: the owner reports an act to the collecting node |
//! | 16 | 1 | a [`Receipt`]: what became in the end of an envelope that was put aside |
//!
//! Kinds from 16 on are of the delivery itself.

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, Digest, NodeId, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::{Act, Deadlines, Extension, Material, Offer, Progress, Stop};
use tongban_domain::catalogue::Mode;
use tongban_domain::{Applicant, Authority, Command, NoticeBody, Origin, Place, Reply};
use tongban_federation::directory::{DatedCode, DatedKey};
use tongban_federation::{AuthorityRecord, Body, Envelope, EnvelopeId, Outcome, Receipt, SignedRecord, Subject};
use tongban_seal::{Algorithm, PublicKey, Signer};

use crate::engine::ExchangeEvent;

/// Envelope kind of an offer.
pub const KIND_OFFER: u16 = 1;
/// Envelope kind of a progress report.
pub const KIND_PROGRESS: u16 = 2;
/// Envelope kind of an outcome: the final word on an envelope that its receipt had called quarantined.
pub const KIND_OUTCOME: u16 = 16;
/// Version of all bodies.
const VERSION: u16 = 1;

/// What the subject of an outcome is drawn from, beside the id of the envelope that it is about.
const OUTCOME_DOMAIN: &str = "tongban/outcome/1";

/// Codes of refusals that decide nothing about what the envelope asks for: the origin contradicts itself, and the first act under the
/// same name may have been taken. A case that is offered stays offered.
pub(crate) const UNDECIDED: [&str; 2] = [FORK, EXPIRED];
/// The same act with another content, or another act at the same place.
pub(crate) const FORK: &str = "envelope-fork";
/// The place was taken so long ago that nothing else is known of it.
pub(crate) const EXPIRED: &str = "envelope-expired";
/// An earlier act of the same origin on the same subject is in quarantine.
pub(crate) const PARKED: &str = "parked";

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

    fn malformed(error: impl std::fmt::Display) -> Self {
        Self::new("body-malformed", error.to_string())
    }

    fn contradiction(text: &str) -> Self {
        Self::new("body-contradiction", text)
    }
}

/// What a code of the quarantine means, in English and Chinese.
pub(crate) fn quarantine_text(code: &str) -> (&'static str, &'static str) {
    match code {
        "ready" => ("this release understands it; a replay decides it", "此版本可以处理，重放即可办理"),
        PARKED => {
            ("an earlier act of its origin on the same subject is in quarantine", "同一来源、同一办件的前序信封已隔离")
        }
        "kind-unknown" => ("this release doesn't know the kind of envelope", "此版本不认识该信封种类"),
        "version-unknown" => ("this release doesn't know this version of the kind", "此版本不认识该信封种类的版本"),
        "body-encrypted" => ("the body is encrypted, which this release can't open", "正文加密，此版本不能打开"),
        "body-malformed" => ("the body can't be read", "正文无法读取"),
        "body-contradiction" => ("body and envelope contradict each other", "正文与信封矛盾"),
        _ => ("put aside", "已隔离"),
    }
}

/// What a kind of body is called; `None` for one that this release doesn't know.
pub(crate) fn body_name(kind: u16) -> Option<&'static str> {
    match kind {
        KIND_OFFER => Some("offer"),
        KIND_PROGRESS => Some("progress"),
        KIND_OUTCOME => Some("outcome"),
        _ => None,
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

/// Body of an offer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OfferBody {
    #[n(0)]
    case: CaseId,
    #[n(1)]
    tenure: u32,
    #[n(2)]
    collection_no: String,
    #[n(3)]
    query_code: QueryCode,
    #[n(4)]
    collecting: Place,
    #[n(5)]
    collected_at: Timestamp,
    #[n(6)]
    deciding: DivisionCode,
    #[n(7)]
    item: String,
    #[n(8)]
    item_version: u32,
    #[n(9)]
    mode: Mode,
    #[n(10)]
    applicant_name: String,
    #[n(11)]
    applicant_identity: String,
    #[n(12)]
    materials: Vec<Material>,
    #[n(13)]
    history: Vec<Act>,
}

/// Body of a progress report.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ProgressBody {
    #[n(0)]
    act: Act,
    #[n(1)]
    case_no: Option<String>,
    #[n(2)]
    received_on: Option<Date>,
    #[n(3)]
    accepted_on: Option<Date>,
    #[n(4)]
    decided_on: Option<Date>,
    #[n(5)]
    deadlines: Option<Deadlines>,
    #[n(6)]
    deemed: bool,
    #[n(7)]
    licences: Vec<String>,
    #[n(8)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    stops: Vec<Stop>,
    #[n(9)]
    extension: Option<Extension>,
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
            };
            (KIND_PROGRESS, VERSION, tongban_codes::cbor::to_vec(&body))
        }
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
            };
            Ok(Inbound::Command(Box::new(Command::Mirror { origin, progress: Box::new(progress) })))
        }
        (KIND_OUTCOME, VERSION) => {
            let receipt = Receipt::from_bytes(bytes).map_err(Unreadable::malformed)?;
            let said = receipt.receiver == envelope.origin && receipt.origin == envelope.destination;
            if !said || outcome_subject(&receipt.envelope) != envelope.subject {
                return Err(Unreadable::contradiction("the outcome is of another node's envelope"));
            }
            Ok(Inbound::Outcome(Box::new(receipt)))
        }
        (KIND_OFFER | KIND_PROGRESS | KIND_OUTCOME, version) => {
            Err(Unreadable::new("version-unknown", format!("kind {}, version {version}", envelope.kind)))
        }
        (kind, version) => Err(Unreadable::new("kind-unknown", format!("kind {kind}, version {version}"))),
    }
}

/// At tenure 1 the offerer is the node that collected; later owners pass on what another collected.
fn body_origin(body: &OfferBody, envelope: &Envelope) -> NodeId {
    if body.tenure == 1 { envelope.origin } else { body.collecting.node }
}

/// What an applied receipt tells beyond that: the tenure that the case now has.
pub(crate) fn detail(reply: &Reply) -> Vec<u8> {
    match reply {
        Reply::Case { tenure, .. } => tongban_codes::cbor::to_vec(tenure),
        _ => Vec::new(),
    }
}

/// The command that a receipt asks for, if it settles something.
pub(crate) fn settled(envelope: &Envelope, receipt: &Receipt, place: Place) -> Option<Command> {
    if envelope.kind != KIND_OFFER {
        return None;
    }
    let Body::Plain(bytes) = &envelope.body else { return None };
    let body: OfferBody = tongban_codes::cbor::from_slice(bytes).ok()?;
    let refusal = match &receipt.outcome {
        Outcome::Applied { .. } => None,
        Outcome::Refused { code, .. } if UNDECIDED.contains(&code.as_str()) => return None,
        Outcome::Refused { code, text } => Some((code.clone(), text.clone())),
        // Nobody has decided about it: the case stays offered until the outcome says more.
        Outcome::Quarantined { .. } => return None,
    };
    Some(Command::SettleOffer {
        origin: Origin { place },
        case: body.case,
        tenure: body.tenure,
        act: envelope.act_number,
        refusal,
    })
}

/// Why a receipt leaves an envelope of this node undecided; `None` when it decides about it.
pub(crate) fn undecided(receipt: &Receipt) -> Option<&str> {
    match &receipt.outcome {
        Outcome::Quarantined { code } => Some(code),
        Outcome::Refused { code, .. } if UNDECIDED.contains(&code.as_str()) => Some(code),
        _ => None,
    }
}

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
