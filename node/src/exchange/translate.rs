//! The only bridge between the domain and the federation: notices to envelope bodies and back, and what the directory says of authorities.
//!
//! | kind | version | body |
//! |---|---|---|
//! | 1 | 1 | [`OfferBody`]: custody of a case is offered |
//! | 2 | 1 | [`ProgressBody`]: the owner reports an act to the collecting node |

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, NodeId, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::{Act, Deadlines, Material, Offer, Progress};
use tongban_domain::catalogue::Mode;
use tongban_domain::{Applicant, Authority, Command, NoticeBody, Origin, Place, Reply};
use tongban_federation::directory::{DatedCode, DatedKey};
use tongban_federation::{AuthorityRecord, Body, Envelope, Outcome, Receipt, SignedRecord};
use tongban_seal::{Algorithm, PublicKey, Signer};

use crate::engine::ExchangeEvent;

/// Envelope kind of an offer.
pub const KIND_OFFER: u16 = 1;
/// Envelope kind of a progress report.
pub const KIND_PROGRESS: u16 = 2;
/// Version of both bodies.
const VERSION: u16 = 1;

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
            };
            (KIND_PROGRESS, VERSION, tongban_codes::cbor::to_vec(&body))
        }
    }
}

/// The command that an envelope asks for, or the code under which it is quarantined.
pub(crate) fn inbound(envelope: &Envelope, place: Place) -> Result<Command, &'static str> {
    let Body::Plain(bytes) = &envelope.body else { return Err("body-encrypted") };
    let origin = Origin { place };
    match (envelope.kind, envelope.version) {
        (KIND_OFFER, VERSION) => {
            let body: OfferBody = tongban_codes::cbor::from_slice(bytes).map_err(|_| "body-malformed")?;
            if body.case != envelope.subject.case() || body.collecting.node != body_origin(&body, envelope) {
                return Err("body-contradiction");
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
            Ok(Command::TakeCustody { origin, offer: Box::new(offer) })
        }
        (KIND_PROGRESS, VERSION) => {
            let body: ProgressBody = tongban_codes::cbor::from_slice(bytes).map_err(|_| "body-malformed")?;
            if body.act.case != envelope.subject.case() || body.act.place.node != envelope.origin {
                return Err("body-contradiction");
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
            };
            Ok(Command::Mirror { origin, progress: Box::new(progress) })
        }
        (KIND_OFFER | KIND_PROGRESS, _) => Err("version-unknown"),
        _ => Err("kind-unknown"),
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
        Outcome::Refused { code, text } => Some((code.clone(), text.clone())),
        // Nobody has decided about it: the case stays offered until a replay does.
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
