//! Orders to outside systems (缴费、寄递、业务办理): what a hall asks of a payment platform, a courier or a system that handles cases, and what comes of
//! it.
//!
//! An order is committed before anything is sent, and a word that the other side hasn't answered stays in the row until it has: so it is said
//! at least once, under one id, whatever breaks off. What the other side tells comes signed, is taken once, and never leads back. An
//! operator enters what came otherwise, as a slip of a card reader or of a courier.

mod handling;
mod list;
mod order;
mod place;
mod refund;
mod report;

use tongban_codes::ids::Digest;
use tongban_codes::time::Timestamp;

pub use handling::Dossier;
pub(crate) use handling::{after, is_decided_by, settle, told_outcome};
pub use list::{ConnectorKind, Direction, OrderDeed, OrderOutcome, OrderState, Step};
pub use order::{Answer, Charge, LOG_MAX, LOG_RESERVE, Message, Order, OrderEntry, Recipient, Word, WordKind};
pub(crate) use place::fees;
pub use place::{Fare, PlaceOrder};
pub use report::{Report, is_reason_code};

use crate::actor::Role;
use crate::case::Case;
use crate::change::{Change, Event, Reply};
use crate::work::Door;
use crate::{Desk, Facts, Rejection, codes};

/// What is asked for about orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderCommand {
    /// Places one.
    Place(Box<PlaceOrder>),
    /// Gives one up.
    Cancel {
        /// Its number.
        order: String,
        /// Why.
        reason: String,
    },
    /// Sends one again that the other side didn't take.
    Retry {
        /// Its number.
        order: String,
    },
    /// Asks a payment platform to give back what was paid (退费).
    Refund {
        /// Its number.
        order: String,
        /// Why.
        reason: String,
    },
    /// Enters an outcome that came otherwise than by the connector.
    Enter {
        /// Its number.
        order: String,
        /// What came of it.
        outcome: OrderOutcome,
        /// Money, in fen; the amount of the order when absent.
        fen: Option<u64>,
        /// Number of the slip or receipt.
        reference: String,
        /// Why it is entered by hand.
        reason: String,
    },
    /// The other side answered a word: of the node itself.
    Answered {
        /// Its number.
        order: String,
        /// Number of the word.
        word: u32,
        /// What.
        answer: Answer,
    },
    /// The other side told an outcome in a message whose signature holds: of the node itself.
    Told {
        /// What kind of connector the configuration says it is.
        kind: ConnectorKind,
        /// The connector by whose secret it was signed.
        connector: String,
        /// Number of the order.
        order: String,
        /// Which message.
        id: String,
        /// SHA-256 of its body.
        digest: Digest,
        /// What it says.
        report: Box<Report>,
    },
}

impl OrderCommand {
    /// Roles of which an operator must hold one; empty for what the node itself does.
    #[must_use]
    pub fn roles(&self) -> &'static [Role] {
        match self {
            Self::Place(_) | Self::Cancel { .. } | Self::Refund { .. } => &[Role::Window],
            Self::Enter { .. } => &[Role::Window, Role::Decider],
            Self::Retry { .. } => &[Role::Window, Role::Admin],
            Self::Answered { .. } | Self::Told { .. } => &[],
        }
    }

    /// The case that an act of an operator is on: the one that it names, or that of its order.
    pub(crate) fn case(&self, facts: &dyn Facts) -> Option<Case> {
        match self {
            Self::Place(request) => facts.case_named(&request.case),
            Self::Cancel { order, .. }
            | Self::Retry { order }
            | Self::Refund { order, .. }
            | Self::Enter { order, .. } => facts.case(&facts.order(order.trim())?.case),
            Self::Answered { .. } | Self::Told { .. } => None,
        }
    }

    /// Whether it lets go of what another system decided, as a row of its order stands: that is for who may decide the case.
    #[must_use]
    pub fn lets_go_of(&self, order: &Order) -> bool {
        matches!(self, Self::Enter { outcome: OrderOutcome::Cancelled, .. }) && order.is_told()
    }
}

/// Decides a command.
pub(crate) fn decide(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    door: &Door,
    command: &OrderCommand,
    at: Timestamp,
) -> Result<Change, Rejection> {
    match command {
        OrderCommand::Place(request) => place::place(facts, desk, door, request, at),
        OrderCommand::Cancel { order, reason } => place::cancel(facts, door, order, reason, at),
        OrderCommand::Refund { order, reason } => refund::refund(facts, door, order, reason, at),
        OrderCommand::Retry { order } => place::retry(facts, door, order, at),
        OrderCommand::Enter { order, outcome, fen, reference, reason } => {
            let report = Report {
                outcome: *outcome,
                occurred_at: None,
                fen: *fen,
                reference: Some(reference.clone()),
                text: Some(reason.clone()),
                decided: None,
            };
            report::enter(facts, door, order, report, at)
        }
        OrderCommand::Answered { order, word, answer } => report::answered(facts, order, *word, answer, at),
        OrderCommand::Told { kind, connector, order, id, digest, report } => {
            let message = Message { id: id.clone(), digest: *digest };
            report::told(facts, (*kind, connector), order, message, report, at)
        }
    }
}

/// The order of a number, or a rejection that says so.
fn named(facts: &dyn Facts, number: &str) -> Result<Order, Rejection> {
    facts.order(number.trim()).ok_or_else(|| {
        Rejection::new(codes::CONNECTOR_ORDER_UNKNOWN, "no order of this number was placed here", "本节点没有该委托单")
            .field("order", number)
            .remedy("list them: tongban order list", "查看：tongban order list")
    })
}

/// As [`named`], for an operator who may touch its case.
fn touched(facts: &dyn Facts, door: &Door, number: &str) -> Result<Order, Rejection> {
    let order = named(facts, number)?;
    if let Some(case) = facts.case(&order.case) {
        door.touches(&case)?;
    }
    Ok(order)
}

fn out_of_state(order: &Order, en: &str, zh: &str) -> Rejection {
    use crate::catalogue::CodeList as _;
    Rejection::new(
        codes::CONNECTOR_ORDER_STATE,
        format!("{en} isn't possible while the order is {}", order.state.name()),
        format!("委托单处于“{}”，不能{zh}", order.state.zh()),
    )
    .field("order", &order.number)
    .remedy("see what was done: tongban order show", "查看：tongban order show")
}

/// The event of a row and the answer to whoever asked.
fn stored(mut events: Vec<Event>, order: Order) -> Change {
    let reply = Reply::ConnectorOrder {
        order_no: order.number.clone(),
        case: order.case,
        kind: order.kind,
        kind_zh: crate::catalogue::CodeList::zh(order.kind),
        state: order.state,
        state_zh: crate::catalogue::CodeList::zh(order.state),
        connector: order.connector.clone(),
        fen: order.charge.as_ref().map(|charge| charge.fen),
        reference: order.reference.clone(),
    };
    events.push(Event::Order(Box::new(order)));
    Change::of(events, reply)
}

/// Fewest and most bytes of a number of the other side.
const REFERENCE_BYTES_MAX: usize = 64;

/// Trade number, waybill, number of a slip: 1 to 64 visible ASCII characters.
fn reference(text: &str) -> Result<String, Rejection> {
    let text = text.trim();
    if (1..=REFERENCE_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err(Rejection::new(
        codes::INVALID_FIELD,
        "a reference has 1 to 64 visible ASCII characters",
        "单号为 1 至 64 个可见 ASCII 字符",
    )
    .field("reference", text)
    .remedy("give --reference as on the slip", "按凭条填写 --reference"))
}
