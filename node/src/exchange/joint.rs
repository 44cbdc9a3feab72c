//! Envelope body of a joint act, a part of the bridge in [`super::translate`]: from the hall that collected an application to another owner of
//! one of its cases, whose subject it is.

use tongban_domain::application::{ApplicationCommand, JointWord};
use tongban_domain::{Command, Origin};
use tongban_federation::Envelope;

use super::translate::Unreadable;

/// Envelope kind of a joint act.
pub(super) const KIND_JOINT: u16 = 23;
/// Version of its body.
const VERSION: u16 = 1;

/// Kind, version and bytes of a word.
pub(super) fn outbound(word: &JointWord) -> (u16, u16, Vec<u8>) {
    (KIND_JOINT, VERSION, tongban_codes::cbor::to_vec(word))
}

/// What an envelope of this kind asks for.
pub(super) fn inbound(envelope: &Envelope, origin: Origin, bytes: &[u8]) -> Result<Command, Unreadable> {
    if envelope.version != VERSION {
        let (kind, version) = (envelope.kind, envelope.version);
        return Err(Unreadable::new("version-unknown", format!("kind {kind}, version {version}")));
    }
    let word: JointWord = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
    if word.act != envelope.act_number {
        return Err(Unreadable::contradiction("the joint act was told by another act"));
    }
    let (case, word) = (envelope.subject.case(), Box::new(word));
    Ok(Command::Application(ApplicationCommand::TakeJoint { origin, case, word }))
}
