//! What `anchor` says and hears.

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Digest, NodeId};
use tongban_codes::time::Timestamp;

use super::request;

request! {
    /// Trusts another tree's root, as its file shows it.
    ImportAnchor {
        /// The file that the other root has exported, as text.
        anchor: String,
        /// The fingerprint that its administrator has told by another way, 64 hexadecimal digits, spaces and dashes apart; without it nothing is done.
        #[serde(default)]
        fingerprint: Option<String>,
    }
    /// Trusts another tree's root no more.
    WithdrawAnchor {
        /// Its division.
        division: DivisionCode,
        /// Why.
        reason: String,
    }
}

/// A root, as it is shown to another, or trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnchorView {
    /// Its node.
    pub root: NodeId,
    /// Its division.
    pub division: DivisionCode,
    /// Its name.
    pub name: String,
    /// What two administrators compare, in groups of eight.
    pub fingerprint: String,
    /// Since when it is trusted here; null of the own root.
    pub from: Option<Timestamp>,
    /// Since when it isn't any more.
    pub withdrawn: Option<Timestamp>,
    /// Why it isn't.
    pub reason: Option<String>,
    /// Nodes of its tree that are known here.
    pub nodes: usize,
    /// The file to hand over; of the own root alone.
    pub anchor: Option<String>,
}

/// A fingerprint as it is read out: eight groups of eight digits.
pub(crate) fn grouped(fingerprint: &Digest) -> String {
    let text = fingerprint.to_string();
    let groups: Vec<&str> = (0..text.len()).step_by(8).filter_map(|at| text.get(at..at + 8)).collect();
    groups.join(" ")
}
