//! What may be asked about the life of items.

use serde::{Deserialize, Serialize};
use tongban_codes::time::Date;
use tongban_domain::catalogue::{ClaimTerms, DeclineReason, ItemAct, Selection};

use super::request;

request! {
    /// Brings items through their life.
    BringItems {
        /// What to do.
        act: ItemAct,
        /// To which.
        which: Selection,
        /// Decides everything and writes nothing.
        #[serde(default)]
        dry_run: bool,
    }
    /// Takes back a published version that waits for its day.
    TakeBackItem {
        /// Code.
        item: String,
        /// Number of the version.
        version: u32,
    }
    /// Claims base items with the same terms.
    ClaimItems {
        /// Which, by base code; `all` means what is neither claimed nor declined.
        which: Selection,
        /// What the claimer adds.
        #[serde(default)]
        terms: ClaimTerms,
        /// Decides everything and writes nothing.
        #[serde(default)]
        dry_run: bool,
    }
    /// Takes the present version of base items over into drafts of what is bound to an earlier one.
    UpdateClaims {
        /// Base code; all that are outdated when absent.
        #[serde(default)]
        base_code: Option<String>,
        /// Decides everything and writes nothing.
        #[serde(default)]
        dry_run: bool,
    }
    /// Declines a base item of a superior.
    DeclineItem {
        /// Base code.
        base_code: String,
        /// Why, from the closed list.
        reason: DeclineReason,
        /// In words.
        note: String,
    }
    /// Selects claims.
    ClaimsQuery {
        /// Only those that are still to be claimed, published or brought up to date.
        #[serde(default)]
        pending: bool,
    }
    /// Replaces an item by another.
    ReplaceItem {
        /// The code that ends.
        item: String,
        /// The code that goes on.
        by: String,
        /// The first day of the new one.
        from: Date,
        /// The order (文号).
        #[serde(default)]
        order: Option<String>,
    }
    /// Merges authorities, or changes the credit code of one.
    Reorganise {
        /// Names of the authorities that end; none where only a code changes.
        #[serde(default)]
        old: Vec<String>,
        /// Name of the authority that goes on.
        into: String,
        /// Its credit code from that day, when that is new.
        #[serde(default)]
        code: Option<String>,
        /// The first day.
        from: Date,
        /// The order (文号).
        #[serde(default)]
        order: Option<String>,
        /// Decides everything and writes nothing.
        #[serde(default)]
        dry_run: bool,
    }
    /// Says for which department's line an operator acts.
    AssignLine {
        /// Operator.
        operator: String,
        /// Department; none takes it away.
        #[serde(default)]
        department: Option<String>,
    }
    /// Names a version of an item.
    VersionQuery {
        /// Code.
        item: String,
        /// Number, or `draft`; the one in force when absent.
        #[serde(default)]
        version: Option<String>,
    }
    /// Names two versions of an item.
    DiffQuery {
        /// Code.
        item: String,
        /// Number; the one before when absent.
        #[serde(default)]
        from: Option<String>,
        /// Number, or `draft`; the draft when absent, or the last one where there is no draft.
        #[serde(default)]
        to: Option<String>,
    }
}
