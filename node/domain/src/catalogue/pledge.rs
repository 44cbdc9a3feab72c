//! What an item says of pledges in the place of materials (告知承诺制).

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::code_list::StepRole;

/// The longest time for a check or for putting something right, in working days.
pub(crate) const PLEDGE_DAYS_MAX: u16 = 250;

/// How pledges are checked, and what follows when one is false.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct PledgeRule {
    /// In how many working days after the grant it is checked, 1 to 250.
    #[n(0)]
    pub check_days: u16,
    /// By whom; by reviewers when absent.
    #[n(1)]
    pub check_role: Option<StepRole>,
    /// In how many working days what is false is put right, 1 to 250.
    #[n(2)]
    pub correct_days: u16,
    /// What the applicant is told that follows when it is false.
    #[n(3)]
    pub consequences: String,
}
