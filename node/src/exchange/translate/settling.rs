//! What the receipt of an envelope settles at the node that sent it.

use tongban_domain::application::{ApplicationCommand, ToldKind};
use tongban_domain::uniform::UniformCommand;
use tongban_domain::voice::VoiceCommand;
use tongban_domain::{Command, Origin, Place, Reply};
use tongban_federation::{Body, Envelope, Outcome, Receipt};

use super::super::voice::{KIND_RATING, KIND_TICKET};
use super::super::word::{KIND_AMENDED, KIND_RESULTS, KIND_UNIFORM, KIND_WITHDRAWAL};
use super::{KIND_OFFER, KIND_ORDER, KIND_RECLAIM_REQUEST, KIND_SUPPLEMENT, OfferBody};

/// Codes of refusals that decide nothing about what the envelope asks for: the origin contradicts itself, and the first act under the
/// same name may have been taken. A case that is offered stays offered.
pub(crate) const UNDECIDED: [&str; 2] = [FORK, EXPIRED];
/// The same act with another content, or another act at the same place.
pub(crate) const FORK: &str = "envelope-fork";
/// The place was taken so long ago that nothing else is known of it.
pub(crate) const EXPIRED: &str = "envelope-expired";

/// What an applied receipt tells beyond that: the tenure that the case now has.
pub(crate) fn detail(reply: &Reply) -> Vec<u8> {
    match reply {
        Reply::Case { tenure, .. } => tongban_codes::cbor::to_vec(tenure),
        _ => Vec::new(),
    }
}

/// The command that a receipt asks for, if it settles something.
pub(crate) fn settled(envelope: &Envelope, receipt: &Receipt, place: Place) -> Option<Command> {
    let (origin, case, act) = (Origin { place }, envelope.subject.case(), envelope.act_number);
    match envelope.kind {
        KIND_OFFER => offer_settled(envelope, receipt, origin),
        KIND_RECLAIM_REQUEST => {
            let (code, text) = refused(receipt)?;
            Some(Command::ReclaimDeclined { origin, case, reason: format!("{code}: {text}") })
        }
        KIND_SUPPLEMENT => Some(Command::SupplementRefused { case, act, refusal: refused(receipt)? }),
        KIND_WITHDRAWAL => Some(Command::WithdrawalRefused { case, act, refusal: refused(receipt)? }),
        KIND_UNIFORM => Some(Command::Uniform(UniformCommand::Refused { case, act, refusal: refused(receipt)? })),
        KIND_RESULTS | KIND_AMENDED => {
            let what = if envelope.kind == KIND_RESULTS { ToldKind::Results } else { ToldKind::Amended };
            let refusal = refused(receipt)?;
            Some(Command::Application(ApplicationCommand::WordRefused { case, act, what, refusal }))
        }
        KIND_ORDER => Some(Command::SettleOrder { origin, order: case, refusal: refused(receipt)? }),
        KIND_RATING | KIND_TICKET => {
            let (id, refusal) = (case, refused(receipt)?);
            Some(Command::Voice(VoiceCommand::Refused { origin, id, act, refusal }))
        }
        _ => None,
    }
}

/// Whether the node that sent an envelope of a kind does something about its refusal, as [`settled`] says: gives the case back, or records it.
pub(crate) fn settles_refusals(kind: u16) -> bool {
    matches!(
        kind,
        KIND_OFFER
            | KIND_RECLAIM_REQUEST
            | KIND_SUPPLEMENT
            | KIND_WITHDRAWAL
            | KIND_UNIFORM
            | KIND_RESULTS
            | KIND_AMENDED
            | KIND_ORDER
            | KIND_RATING
            | KIND_TICKET
    )
}

/// Code and text of a refusal, where that is the last word.
fn refused(receipt: &Receipt) -> Option<(String, String)> {
    match &receipt.outcome {
        Outcome::Refused { code, text } if !UNDECIDED.contains(&code.as_str()) => Some((code.clone(), text.clone())),
        _ => None,
    }
}

fn offer_settled(envelope: &Envelope, receipt: &Receipt, origin: Origin) -> Option<Command> {
    let Body::Plain(bytes) = &envelope.body else { return None };
    let body: OfferBody = tongban_codes::cbor::from_slice(bytes).ok()?;
    let refusal = match &receipt.outcome {
        Outcome::Applied { .. } => None,
        // Put aside, nobody has decided about it: the case stays offered until the outcome says more.
        _ => Some(refused(receipt)?),
    };
    Some(Command::SettleOffer { origin, case: body.case, tenure: body.tenure, act: envelope.act_number, refusal })
}

/// Why a receipt leaves an envelope of this node undecided; `None` when it decides about it.
pub(crate) fn undecided(receipt: &Receipt) -> Option<&str> {
    match &receipt.outcome {
        Outcome::Quarantined { code } => Some(code),
        Outcome::Refused { code, .. } if UNDECIDED.contains(&code.as_str()) => Some(code),
        _ => None,
    }
}
