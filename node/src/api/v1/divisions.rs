//! What may be asked about codes of divisions.

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;

use super::request;

request! {
    /// Gives this node's division, or one below it, another code.
    ChangeDivision {
        /// The code that ends.
        old: DivisionCode,
        /// The code that goes on.
        new: DivisionCode,
        /// The division's name from then on, where that is new.
        #[serde(default)]
        name: Option<String>,
        /// The first day.
        from: Date,
        /// The order (文号).
        order: String,
        /// Decides everything and writes nothing.
        #[serde(default)]
        dry_run: bool,
    }
}

/// A line of the cross-walk of codes of divisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DivisionChangeView {
    /// The code that ends.
    pub old: DivisionCode,
    /// Name of the division under it, as the table of divisions has it.
    pub old_name: String,
    /// The code that goes on.
    pub new: DivisionCode,
    /// The division's name from then on, where that is new.
    pub name: Option<String>,
    /// The first day.
    pub from: Date,
    /// The order (文号).
    pub order: String,
    /// Division that says so.
    pub division: DivisionCode,
    /// That division's name.
    pub set_by: String,
    /// Whether the day has come.
    pub holds: bool,
    /// Whether it counts: a higher division's word stands over a lower one's.
    pub counts: bool,
}

/// The codes of one division.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DivisionCodes {
    /// The code that it has today.
    pub division: DivisionCode,
    /// All codes that it had and will have, in their order.
    pub codes: Vec<DivisionCode>,
}
