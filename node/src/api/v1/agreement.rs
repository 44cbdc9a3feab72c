//! What `agreement` asks.

use serde::{Deserialize, Serialize};
use tongban_codes::time::Date;
use tongban_domain::catalogue::Agreement;

use super::request::request;

request! {
    /// Adds an agreement between authorities to items of this node.
    AddAgreement {
        /// The agreement.
        agreement: Agreement,
        /// The items, by code.
        items: Vec<String>,
    }
    /// Withdraws an agreement as of a day.
    WithdrawAgreement {
        /// Its number.
        number: String,
        /// The first day without it, tomorrow when absent.
        #[serde(default)]
        from: Option<Date>,
        /// Why.
        reason: String,
    }
    /// Which agreement; all when absent.
    AgreementQuery {
        /// Its number.
        #[serde(default)]
        agreement: Option<String>,
    }
}
