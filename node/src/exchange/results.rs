//! Envelope body of what earlier parts of an application came to, a part of the bridge in [`super::translate`]: from the hall that collected it
//! to the owner of a later part's case, whose subject it is.

use tongban_domain::application::{ApplicationCommand, ResultsWord};
use tongban_domain::{Command, Origin};
use tongban_federation::Envelope;

use super::translate::Unreadable;

/// Envelope kind of results.
pub(super) const KIND_RESULTS: u16 = 26;
/// Version of its body.
const VERSION: u16 = 1;

/// Kind, version and bytes of a word.
pub(super) fn outbound(word: &ResultsWord) -> (u16, u16, Vec<u8>) {
    (KIND_RESULTS, VERSION, tongban_codes::cbor::to_vec(word))
}

/// What an envelope of this kind asks for.
pub(super) fn inbound(envelope: &Envelope, origin: Origin, bytes: &[u8]) -> Result<Command, Unreadable> {
    if envelope.version != VERSION {
        let (kind, version) = (envelope.kind, envelope.version);
        return Err(Unreadable::new("version-unknown", format!("kind {kind}, version {version}")));
    }
    let word: ResultsWord = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
    if word.act != envelope.act_number {
        return Err(Unreadable::contradiction("the results were told by another act"));
    }
    let (case, word) = (envelope.subject.case(), Box::new(word));
    Ok(Command::Application(ApplicationCommand::TakeResults { origin, case, word }))
}
