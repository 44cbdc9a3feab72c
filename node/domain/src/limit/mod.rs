//! Permits of limited number (有数量限制的行政许可): of several who qualify, whoever was accepted first is granted first (行政许可法 57).
//!
//! ```text
//!   accept / deemed ──▶ a place in the line of the quota ──▶ grant: takes a number ──▶ licence cancelled (注销): the number is free
//!                              │
//!                              └── denied, withdrawn, forwarded: leaves the line
//! ```
//!
//! With *n* numbers left, the first *n* open cases of the line may be granted in any order among themselves, and nobody behind them: so
//! whoever is granted leaves a number to everyone who was accepted before him. Where another provision of a law or regulation has another
//! order (tender, auction, examination, lot) the item says so, and only the number binds.
//!
//! - The line is ordered by the moment of acceptance. What is deemed accepted was accepted when it was received: it stands where it would have
//!   stood if the authority had answered at once, and where a number went to a later one meanwhile, the case says that it was overtaken.
//! - A case stands in line when the version of the item to which it is bound has a limit. How many numbers there are is what the version in
//!   force says on the day of the decision; when that has no limit any more, none binds.
//! - A number of a year belongs to the year of the grant. What waits at the turn of the year keeps its place. Each grant counts for its year and for all
//!   years, so that a limit that is changed from the one to the other begins with what was granted.
//! - A renewal takes no number: its holder has one. The number becomes free when the last licence of the case, or of its renewals, is cancelled.
//! - Mergers and changes of codes change none of this: item, shared quota, line and numbers go on under their first names.
//! - The line is of the node that owns the case. What it took over from a lost node after an acceptance stands by the moment of that.

mod grant;
mod line;
mod renewal;

pub(crate) use grant::{grant, granted, may_issue, used_up};
pub(crate) use line::{after, enter, resume};
pub use line::{quota_of, seen, stands};
pub(crate) use renewal::{freed, others_stand};

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

/// A place in the line of a quota: what comes first is served first.
pub type Place = (Timestamp, u32, CaseId);

/// Where a case of limited number stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Turn {
    /// The quota: the item's code, the first that it had, or the authority that began it and the name that several of its items share.
    #[n(0)]
    pub quota: String,
    /// The moment of acceptance.
    #[n(1)]
    pub since: Timestamp,
    /// The order in which the node noted those of one moment.
    #[n(2)]
    pub serial: u32,
    /// The year of the grant, which took a number; none before that.
    #[n(3)]
    pub year: Option<u16>,
    /// Whether the last numbers went to others that were accepted after it, before it was known that it was deemed accepted.
    #[n(4)]
    pub overtaken: bool,
    /// How the owner saw it at its last act, where another node owns it.
    #[n(5)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
}

impl Turn {
    /// Its place in the line.
    #[must_use]
    pub fn place(&self, case: CaseId) -> Place {
        (self.since, self.serial, case)
    }
}

/// How a case stands in its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Seen {
    /// How many open cases were accepted before it.
    #[n(0)]
    pub ahead: u32,
    /// How many numbers are left.
    #[n(1)]
    pub left: u32,
}
