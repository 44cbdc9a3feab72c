//! Envelope bodies that are a word of the domain as it stands, a part of the bridge in [`super::translate`]. Each tells of one act about the case that
//! is the envelope's subject.
//!
//! | kind | word | from | to |
//! |---|---|---|---|
//! | 23 | [`JointWord`] | the hall that collected an application | another owner of one of its cases |
//! | 24 | [`Withdrawal`] | the hall that collected a case | its owner |
//! | 25 | [`UniformWord`] | the authority that decides in another's place | the one in charge; the case is the sender's |
//! | 26 | [`ResultsWord`] | the hall that collected an application | the owner of a later part's case |
//! | 27 | [`AmendedWord`] | the hall that collected an application | the owner of another case of it |

use tongban_codes::ids::CaseId;
use tongban_domain::application::{AmendedWord, ApplicationCommand, JointWord, ResultsWord};
use tongban_domain::case::Withdrawal;
use tongban_domain::uniform::{UniformCommand, UniformWord};
use tongban_domain::{Command, Origin};
use tongban_federation::Envelope;

use super::translate::Unreadable;

/// Envelope kind of a joint act.
pub(super) const KIND_JOINT: u16 = 23;
/// Envelope kind of a withdrawal.
pub(super) const KIND_WITHDRAWAL: u16 = 24;
/// Envelope kind of a report on a case that is decided in the receiver's place.
pub(super) const KIND_UNIFORM: u16 = 25;
/// Envelope kind of what earlier parts of an application came to.
pub(super) const KIND_RESULTS: u16 = 26;
/// Envelope kind of an entry that was put right in another case of an application.
pub(super) const KIND_AMENDED: u16 = 27;
/// Version of all of them.
const VERSION: u16 = 1;

/// A word that an envelope carries.
pub(super) trait Word: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()> {
    /// Its envelope kind.
    const KIND: u16;

    /// Whether it tells of the act of which the envelope says that it does.
    fn is_of(&self, envelope: &Envelope) -> bool;

    /// What it asks for.
    fn command(self, origin: Origin, case: CaseId) -> Command;
}

impl Word for JointWord {
    const KIND: u16 = KIND_JOINT;

    fn is_of(&self, envelope: &Envelope) -> bool {
        self.act == envelope.act_number
    }

    fn command(self, origin: Origin, case: CaseId) -> Command {
        Command::Application(ApplicationCommand::TakeJoint { origin, case, word: Box::new(self) })
    }
}

impl Word for Withdrawal {
    const KIND: u16 = KIND_WITHDRAWAL;

    fn is_of(&self, envelope: &Envelope) -> bool {
        let act = &self.act;
        let said = act.place.node == envelope.origin && act.number == envelope.act_number;
        said && act.case == envelope.subject.case()
    }

    fn command(self, origin: Origin, _: CaseId) -> Command {
        Command::TakeWithdrawal { origin, withdrawal: Box::new(self) }
    }
}

impl Word for UniformWord {
    const KIND: u16 = KIND_UNIFORM;

    fn is_of(&self, envelope: &Envelope) -> bool {
        self.act == envelope.act_number
    }

    fn command(self, origin: Origin, case: CaseId) -> Command {
        Command::Uniform(UniformCommand::Take { origin, case, word: Box::new(self) })
    }
}

impl Word for ResultsWord {
    const KIND: u16 = KIND_RESULTS;

    fn is_of(&self, envelope: &Envelope) -> bool {
        self.act == envelope.act_number
    }

    fn command(self, origin: Origin, case: CaseId) -> Command {
        Command::Application(ApplicationCommand::TakeResults { origin, case, word: Box::new(self) })
    }
}

impl Word for AmendedWord {
    const KIND: u16 = KIND_AMENDED;

    fn is_of(&self, envelope: &Envelope) -> bool {
        self.act == envelope.act_number
    }

    fn command(self, origin: Origin, case: CaseId) -> Command {
        Command::Application(ApplicationCommand::TakeAmended { origin, case, word: Box::new(self) })
    }
}

/// Kind, version and bytes of a word.
pub(super) fn outbound<W: Word>(word: &W) -> (u16, u16, Vec<u8>) {
    (W::KIND, VERSION, tongban_codes::cbor::to_vec(word))
}

/// What an envelope with such a word asks for.
pub(super) fn inbound<W: Word>(envelope: &Envelope, origin: Origin, bytes: &[u8]) -> Result<Command, Unreadable> {
    if envelope.version != VERSION {
        let (kind, version) = (envelope.kind, envelope.version);
        return Err(Unreadable::new("version-unknown", format!("kind {kind}, version {version}")));
    }
    let word: W = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
    if !word.is_of(envelope) {
        return Err(Unreadable::contradiction("what is told is of another act, or of another case"));
    }
    Ok(word.command(origin, envelope.subject.case()))
}
