//! The limit of number that an item publishes (数量限制).

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tongban_codes::time::Date;

use super::code_list::{LimitOrder, LimitPeriod};

/// How many permits there are (数量限制), and who comes first when more qualify (行政许可法 57).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct NumberLimit {
    /// How many may be granted in a period.
    #[n(0)]
    pub grants: u32,
    /// In which period; the total when absent.
    #[n(1)]
    pub period: Option<LimitPeriod>,
    /// The name of a quota that several items of the authority share; the item's own when absent.
    #[n(2)]
    #[serde(default)]
    pub quota: Option<String>,
    /// Where it is published, or the law that sets it.
    #[n(3)]
    pub basis: String,
    /// Who comes first; by acceptance when absent.
    #[n(4)]
    pub order: Option<LimitOrder>,
    /// The law or regulation that says otherwise, where it isn't the order of acceptance.
    #[n(5)]
    #[serde(default)]
    pub order_basis: Option<String>,
}

impl NumberLimit {
    /// Whether the order of acceptance binds.
    #[must_use]
    pub fn is_by_acceptance(&self) -> bool {
        self.order != Some(LimitOrder::Other)
    }

    /// The name of the quota that it shares with other items of the authority.
    #[must_use]
    pub fn shared(&self) -> Option<&str> {
        self.quota.as_deref().map(str::trim)
    }

    /// The year whose grants count on a day; 0 where those of all years do.
    #[must_use]
    pub fn year(&self, day: Date) -> u16 {
        match self.period {
            Some(LimitPeriod::Year) => u16::try_from(day.year()).unwrap_or(0),
            _ => 0,
        }
    }
}
