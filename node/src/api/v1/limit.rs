//! What `item limit` asks and hears.

use serde::{Deserialize, Serialize};
use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::catalogue::{LimitOrder, LimitPeriod};

/// Whose limit of number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitQuery {
    /// Item code, or its first part.
    pub item: String,
}

/// A limit of number: how many are taken, and who stands in line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LimitView {
    /// The item.
    pub item: String,
    /// Its name.
    pub item_name: String,
    /// The quota that it shares with other items of its authority, by name.
    pub shared_quota: Option<String>,
    /// How many may be granted.
    pub grants: u32,
    /// In which period.
    pub period: LimitPeriod,
    /// The year whose numbers are given out today; none where they aren't of a year.
    pub year: Option<u16>,
    /// What it stands on.
    pub limit_basis: String,
    /// Who comes first.
    pub grant_order: LimitOrder,
    /// By which law, where it isn't the order of acceptance.
    pub order_basis: Option<String>,
    /// How many numbers are taken.
    pub used: u32,
    /// How many are left.
    pub left: u32,
    /// Who stands in line, in order of acceptance; at most 1,000.
    pub line: Vec<InLineView>,
    /// As of.
    pub as_of: Timestamp,
}

/// A place in line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InLineView {
    /// From 1.
    pub place: usize,
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub case_no: Option<String>,
    /// Its item: several may share a quota.
    pub item: String,
    /// State.
    pub state: String,
    /// Day of acceptance.
    pub accepted_on: Option<Date>,
    /// The moment by which it stands there.
    pub accepted_at: Timestamp,
    /// Whether it may be granted now: a number is left for it and for everyone before it.
    pub in_turn: bool,
    /// Whether the last numbers went to later ones, before it was known that it was deemed accepted.
    pub overtaken: bool,
}
