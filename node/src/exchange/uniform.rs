//! Envelope body of a report on a case that is decided in the receiver's place, a part of the bridge in [`super::translate`]: from the authority that
//! stands in to the one in charge. Its subject is the case at the sender.

use tongban_domain::uniform::{UniformCommand, UniformWord};
use tongban_domain::{Command, Origin};
use tongban_federation::{Envelope, Outcome, Receipt};

use super::translate::{UNDECIDED, Unreadable};

/// Envelope kind of a report.
pub(super) const KIND_UNIFORM: u16 = 25;
/// Version of its body.
const VERSION: u16 = 1;

/// Kind, version and bytes of a report.
pub(super) fn outbound(word: &UniformWord) -> (u16, u16, Vec<u8>) {
    (KIND_UNIFORM, VERSION, tongban_codes::cbor::to_vec(word))
}

/// What an envelope of this kind asks for.
pub(super) fn inbound(envelope: &Envelope, origin: Origin, bytes: &[u8]) -> Result<Command, Unreadable> {
    if envelope.version != VERSION {
        let (kind, version) = (envelope.kind, envelope.version);
        return Err(Unreadable::new("version-unknown", format!("kind {kind}, version {version}")));
    }
    let word: UniformWord = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
    if word.act != envelope.act_number {
        return Err(Unreadable::contradiction("the report is of another act"));
    }
    let (case, word) = (envelope.subject.case(), Box::new(word));
    Ok(Command::Uniform(UniformCommand::Take { origin, case, word }))
}

/// What a receipt says that refuses a report.
pub(super) fn settled(envelope: &Envelope, receipt: &Receipt) -> Option<Command> {
    let Outcome::Refused { code, text } = &receipt.outcome else { return None };
    let refusal = (code.clone(), text.clone());
    let (case, act) = (envelope.subject.case(), envelope.act_number);
    let undecided = UNDECIDED.contains(&code.as_str());
    (!undecided).then_some(Command::Uniform(UniformCommand::Refused { case, act, refusal }))
}
