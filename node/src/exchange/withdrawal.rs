//! Envelope body of a withdrawal, a part of the bridge in [`super::translate`]: from the hall that collected a case to its owner.

use tongban_domain::case::Withdrawal;
use tongban_domain::{Command, Origin};
use tongban_federation::{Envelope, Outcome, Receipt};

use super::translate::{UNDECIDED, Unreadable};

/// Envelope kind of a withdrawal.
pub(super) const KIND_WITHDRAWAL: u16 = 24;
/// Version of its body.
const VERSION: u16 = 1;

/// Kind, version and bytes of a withdrawal.
pub(super) fn outbound(withdrawal: &Withdrawal) -> (u16, u16, Vec<u8>) {
    (KIND_WITHDRAWAL, VERSION, tongban_codes::cbor::to_vec(withdrawal))
}

/// What an envelope of this kind asks for.
pub(super) fn inbound(envelope: &Envelope, origin: Origin, bytes: &[u8]) -> Result<Command, Unreadable> {
    if envelope.version != VERSION {
        let (kind, version) = (envelope.kind, envelope.version);
        return Err(Unreadable::new("version-unknown", format!("kind {kind}, version {version}")));
    }
    let withdrawal: Withdrawal = tongban_codes::cbor::from_slice(bytes).map_err(Unreadable::malformed)?;
    let act = &withdrawal.act;
    let said = act.place.node == envelope.origin && act.number == envelope.act_number;
    if act.case != envelope.subject.case() || !said {
        return Err(Unreadable::contradiction("the withdrawal is of another case, or of another act"));
    }
    Ok(Command::TakeWithdrawal { origin, withdrawal: Box::new(withdrawal) })
}

/// What a receipt says that refuses a withdrawal.
pub(super) fn settled(envelope: &Envelope, receipt: &Receipt) -> Option<Command> {
    let Outcome::Refused { code, text } = &receipt.outcome else { return None };
    let refusal = (code.clone(), text.clone());
    let (case, act) = (envelope.subject.case(), envelope.act_number);
    let undecided = UNDECIDED.contains(&code.as_str());
    (!undecided).then_some(Command::WithdrawalRefused { case, act, refusal })
}
