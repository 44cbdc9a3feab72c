//! What `order` asks and hears.

use serde::{Deserialize, Serialize};
use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;
use tongban_domain::case::OutsideOutcome;
use tongban_domain::connector::{ConnectorKind, Direction, OrderEntry, OrderOutcome, OrderState};

use super::request::request;

request! {
    /// Places an order with an outside system.
    PlaceOrder {
        /// Case, by any of its numbers.
        case: String,
        /// What is ordered.
        kind: ConnectorKind,
        /// The connector; the only one of the kind when absent.
        #[serde(default)]
        connector: Option<String>,
        /// Which fee of the item's guide.
        #[serde(default)]
        fee: Option<String>,
        /// How much, in fen.
        #[serde(default)]
        fen: Option<u64>,
        /// The law that allows it, where no guide says so.
        #[serde(default)]
        basis: Option<String>,
        /// Where a courier goes.
        #[serde(default)]
        direction: Option<Direction>,
        /// Who gets it, or gives it.
        #[serde(default)]
        recipient: Option<String>,
        /// His telephone.
        #[serde(default)]
        phone: Option<String>,
        /// His address.
        #[serde(default)]
        address: Option<String>,
    }
    /// Does something with an order.
    ActOnOrder {
        /// Its number.
        order: String,
        /// What is done.
        act: OrderAct,
    }
}

/// What an operator does with an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum OrderAct {
    /// Gives it up.
    Cancel {
        /// Why.
        reason: String,
    },
    /// Asks the platform to give back what was paid.
    Refund {
        /// Why.
        reason: String,
    },
    /// Sends it again.
    Retry {},
    /// Enters an outcome that came otherwise.
    Enter {
        /// What came of it.
        outcome: OrderOutcome,
        /// Money, in fen; the amount of the order when absent.
        #[serde(default)]
        fen: Option<u64>,
        /// Number of the slip.
        reference: String,
        /// Why by hand.
        reason: String,
    },
}

/// Which orders; all conditions hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectorOrdersQuery {
    /// Of this case.
    pub case: Option<String>,
    /// Of one kind.
    pub kind: Option<ConnectorKind>,
    /// Those that stand so.
    pub state: Option<OrderState>,
    /// Those that aren't over.
    pub open: bool,
    /// At most so many, 100 when absent.
    pub limit: Option<usize>,
}

/// Names an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectorOrderQuery {
    /// Its number.
    pub order: String,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConnectorOrderView {
    /// 委托单号.
    pub order_no: String,
    /// The case.
    pub case: CaseId,
    /// Its number when the order was placed.
    pub case_no: String,
    /// What it is.
    pub kind: ConnectorKind,
    /// In Chinese.
    pub kind_zh: &'static str,
    /// The connector that has it.
    pub connector: String,
    /// Where it stands.
    pub state: OrderState,
    /// In Chinese.
    pub state_zh: &'static str,
    /// What is to be paid for.
    pub fee: Option<String>,
    /// How much, in fen.
    pub fen: Option<u64>,
    /// The law that allows it.
    pub basis: Option<String>,
    /// Where the courier goes.
    pub direction: Option<Direction>,
    /// In Chinese.
    pub direction_zh: Option<&'static str>,
    /// Who gets it, masked; of a handling the applicant.
    pub recipient: Option<String>,
    /// The system that handles the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// What it decided, as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<OutsideOutcome>,
    /// Trade number or waybill.
    pub reference: Option<String>,
    /// Where the applicant pays or follows it.
    pub link: Option<String>,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// How a word that waits was tried since the node began.
    pub waiting: Option<OrderWaits>,
    /// What was done, in order.
    pub log: Vec<OrderEntryView>,
}

/// A word that the other side hasn't answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderWaits {
    /// Its id, the same at each try.
    pub message: String,
    /// Since when.
    pub since: Timestamp,
    /// How often it was tried in vain.
    pub tries: u32,
    /// When it is tried next.
    pub next: Option<Timestamp>,
    /// Why the last try came to nothing.
    pub problem: Option<String>,
    /// In Chinese.
    pub problem_zh: Option<String>,
}

/// A line of the log of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderEntryView {
    /// The line.
    #[serde(flatten)]
    pub entry: OrderEntry,
    /// What was done, in Chinese.
    pub deed_zh: &'static str,
    /// The state after it, in Chinese.
    pub state_zh: &'static str,
    /// The outcome, in Chinese.
    pub outcome_zh: Option<&'static str>,
}

/// An order as its case shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderBrief {
    /// 委托单号.
    pub order_no: String,
    /// What it is, in Chinese.
    pub order_kind: ConnectorKind,
    /// In Chinese.
    pub order_kind_zh: &'static str,
    /// Where it stands.
    pub order_state: OrderState,
    /// In Chinese.
    pub order_state_zh: &'static str,
    /// How much is to be paid, in fen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fen: Option<u64>,
    /// Trade number or waybill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Where the applicant pays or follows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}
