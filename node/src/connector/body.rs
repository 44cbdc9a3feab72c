//! The bodies of the contract (`docs/connectors.md`): what is said of an order, and what is told of it.

use serde::{Deserialize, Serialize};
use tongban_codes::time::Timestamp;
use tongban_domain::catalogue::CodeList as _;
use tongban_domain::connector::{ConnectorKind, Direction, Order, OrderOutcome, Recipient, Report, Word, WordKind};

/// A word about an order.
#[derive(Debug, Serialize)]
struct Outgoing<'a> {
    r#type: String,
    timestamp: Timestamp,
    data: Placed<'a>,
}

#[derive(Debug, Serialize)]
struct Placed<'a> {
    order: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    case_no: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    division: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_fen: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    basis: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<Direction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<Party<'a>>,
}

#[derive(Debug, Serialize)]
struct Party<'a> {
    name: &'a str,
    telephone: &'a str,
    address: &'a str,
}

/// The body of a word: the same bytes however often it is said. Of a cancellation the order's number is all there is to say.
pub(super) fn outgoing(order: &Order, word: &Word, recipient: Option<&Recipient>) -> Vec<u8> {
    let what = match word.kind {
        WordKind::Place => "placed",
        WordKind::Cancel => "cancelled",
    };
    let mut data = Placed {
        order: &order.number,
        case_no: None,
        item_name: None,
        division: None,
        amount_fen: None,
        fee: None,
        basis: None,
        direction: None,
        recipient: None,
    };
    if word.kind == WordKind::Place {
        data.case_no = Some(&order.about.case_no);
        data.item_name = Some(&order.about.item_name);
        data.division = Some(order.about.deciding.to_string());
        if let Some(charge) = &order.charge {
            data.amount_fen = Some(charge.fen);
            (data.fee, data.basis) = (Some(charge.fee.as_str()), Some(charge.basis.as_str()));
        }
        data.direction = order.direction;
        data.recipient =
            recipient.map(|one| Party { name: &one.name, telephone: &one.telephone, address: &one.address });
    }
    let message = Outgoing { r#type: format!("{}.order.{what}", order.kind.name()), timestamp: word.since, data };
    serde_json::to_vec(&message).expect("texts and numbers are written")
}

/// What the other side may answer to a word; anything else in it is passed over.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Acknowledgement {
    /// Its own number of the order.
    #[serde(default)]
    pub(super) reference: Option<String>,
    /// Where the applicant pays or follows it.
    #[serde(default)]
    pub(super) link: Option<String>,
}

/// What the other side may say of why it declines a word.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    /// A short code.
    #[serde(default)]
    pub(super) code: Option<String>,
}

/// A message that tells an outcome.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Incoming {
    r#type: String,
    timestamp: Timestamp,
    data: Told,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    order: String,
    #[serde(default)]
    amount_fen: Option<u64>,
    #[serde(default)]
    reference: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

impl Incoming {
    /// The order and what is told of it; none where the type is no outcome of this kind of connector by its form.
    pub(super) fn report(self, kind: ConnectorKind) -> Option<(String, Report)> {
        let outcome = self.r#type.strip_prefix(kind.name())?.strip_prefix('.')?;
        let outcome = OrderOutcome::ALL.iter().copied().find(|one| one.name() == outcome)?;
        let Told { order, amount_fen, reference, reason } = self.data;
        let report = Report { outcome, occurred_at: Some(self.timestamp), fen: amount_fen, reference, text: reason };
        Some((order, report))
    }
}
