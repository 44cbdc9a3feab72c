//! A relay's faults, on purpose: see [`tongban_codes::deliberate`].

use tongban_codes::deliberate::{Bug, is_in};
use tongban_federation::{Envelope, Sealed};
use tongban_seal::{Statement, batch, content_type};

use crate::exchange::knowledge::Knowledge;

/// The envelope under this node's seal, when the fault is in.
pub(super) fn encoded_anew(knowledge: &Knowledge, envelope: &Envelope) -> Option<Sealed> {
    if !is_in(Bug::EnvelopeReencoded) {
        return None;
    }
    let statement = Statement { content_type: content_type::ENVELOPE, bytes: &envelope.to_bytes() };
    batch::seal(&*knowledge.parts.keys.seal, &[statement]).ok()?.pop().map(Sealed::new)
}

/// Whether a relay keeps nothing of what it says that it keeps.
pub(super) fn is_unkept() -> bool {
    is_in(Bug::RelayUnkept)
}
