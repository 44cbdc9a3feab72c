//! Who a command is about or comes from: the applicant and who acts for him, the peer that tells, the journal that bears witness.

use tongban_codes::ids::NodeId;
use tongban_codes::time::{Date, Timestamp};

use crate::case::{Act, Case};
use crate::facts::Place;

/// The applicant as he gave his name and number at the window or online.
#[derive(Clone, PartialEq, Eq)]
pub struct Applicant {
    /// Name, at most 100 characters.
    pub name: String,
    /// Citizen id or unified social credit code.
    pub identity: String,
}

impl std::fmt::Debug for Applicant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Applicant { .. }")
    }
}

/// An identity number on its way to its index value; it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity(pub String);

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// Who acts for the applicant, under a power of attorney (行政许可法 29).
#[derive(Clone, PartialEq, Eq)]
pub struct Agent {
    /// Name, at most 100 characters.
    pub name: String,
    /// Citizen id or unified social credit code.
    pub identity: String,
    /// SHA-256 of the power of attorney, 64 hexadecimal digits.
    pub power: String,
    /// What he may do, at most 200 characters; the whole matter when absent.
    pub scope: Option<String>,
    /// The last day of the power of attorney; none where it names none.
    pub until: Option<Date>,
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Agent { .. }")
    }
}

/// Where a message of a peer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The sending node and its division, as the directory certifies them.
    pub place: Place,
}

/// What the superior has of a lost node when it orders a reclaim, as its exchange found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The request for which this was gathered: which node is lost, and when it was asked.
    pub request: (NodeId, Timestamp),
    /// The moment as of which the node is revoked.
    pub fence: Timestamp,
    /// Where the authority in charge goes on.
    pub successor: Option<Place>,
    /// The acts of the node on the case that its journal shows, in their order.
    pub acts: Vec<Act>,
    /// How many entries of that journal are known.
    pub entries: u64,
    /// The case as the last of these acts left it.
    pub standing: Option<Box<Case>>,
    /// Whether the word of the asking node is taken where the journal is silent.
    pub as_told: bool,
}

impl Witness {
    /// The number of the last act that the journal shows; 0 where it shows none.
    #[must_use]
    pub fn last(&self) -> u32 {
        self.acts.iter().map(|act| act.number).max().unwrap_or(0)
    }
}
