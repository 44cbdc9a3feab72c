//! Envelope body of an entry that was put right in one case of an application, a part of the bridge in [`super::translate`]: from the hall that
//! collected it to the owner of another case, whose subject it is.

use tongban_domain::application::{AmendedWord, ApplicationCommand};
use tongban_domain::{Command, Origin};
use tongban_federation::Envelope;

use super::translate::Unreadable;

/// Envelope kind of an entry put right.
pub(super) const KIND_AMENDED: u16 = 27;
/// Version of its body.
const VERSION: u16 = 1;

/// Kind, version and bytes of a word.
pub(super) fn outbound(word: &AmendedWord) -> (u16, u16, Vec<u8>) {
    (KIND_AMENDED, VERSION, tongban_codes::cbor::to_vec(word))
}

/// What an envelope of this kind asks for.
pub(super) fn inbound(envelope: &Envelope, origin: Origin, bytes: &[u8]) -> Result<Command, Unreadable> {
    if envelope.version != VERSION {
        let (kind, version) = (envelope.kind, envelope.version);
        return Err(Unreadable::new("version-unknown", format!("kind {kind}, version {version}")));
    }
    let word: AmendedWord = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
    if word.act != envelope.act_number {
        return Err(Unreadable::contradiction("what was put right was told by another act"));
    }
    let (case, word) = (envelope.subject.case(), Box::new(word));
    Ok(Command::Application(ApplicationCommand::TakeAmended { origin, case, word }))
}
