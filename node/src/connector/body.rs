//! The bodies of the contract (`docs/connectors.md`): what is said of an order, and what is told of it.

use serde::{Deserialize, Serialize};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::OutsideOutcome;
use tongban_domain::catalogue::CodeList as _;
use tongban_domain::connector::{
    ConnectorKind, Direction, Dossier, Order, OrderOutcome, Recipient, Report, Word, WordKind,
};

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
    #[serde(skip_serializing_if = "Option::is_none")]
    applicant: Option<Person<'a>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    dossier: Option<&'a Dossier>,
}

/// Who applies, for the system that decides.
#[derive(Debug, Serialize)]
struct Person<'a> {
    name: &'a str,
    identity: &'a str,
}

#[derive(Debug, Serialize)]
struct Party<'a> {
    name: &'a str,
    telephone: &'a str,
    address: &'a str,
}

/// What of an order is encrypted in its row, opened for whom it is for.
pub(super) enum Named {
    /// Where a courier goes.
    Recipient(Recipient),
    /// The applicant of a case that another system handles: name and number.
    Applicant(String, String),
}

impl Named {
    /// Reads the two fields of an order of a kind.
    pub(super) fn of(kind: ConnectorKind, (name, rest): (String, String)) -> Option<Self> {
        match kind {
            ConnectorKind::Handling => Some(Self::Applicant(name, rest)),
            _ => Recipient::of_fields((name, rest)).map(Self::Recipient),
        }
    }
}

/// The body of a word: the same bytes however often it is said. Of a cancellation the order's number is all there is to say, of a refund the amount, too.
pub(super) fn outgoing(order: &Order, word: &Word, named: Option<&Named>) -> Vec<u8> {
    let what = match word.kind {
        WordKind::Place => "placed",
        WordKind::Cancel => "cancelled",
        WordKind::Refund => "refund-asked",
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
        applicant: None,
        dossier: None,
    };
    if word.kind != WordKind::Cancel {
        data.amount_fen = order.charge.as_ref().map(|charge| charge.fen);
    }
    if word.kind == WordKind::Place {
        data.case_no = Some(&order.about.case_no);
        data.item_name = Some(&order.about.item_name);
        data.division = Some(order.about.deciding.to_string());
        if let Some(charge) = &order.charge {
            (data.fee, data.basis) = (Some(charge.fee.as_str()), Some(charge.basis.as_str()));
        }
        data.direction = order.direction;
        data.dossier = order.dossier.as_ref();
        match named {
            Some(Named::Recipient(one)) => {
                data.recipient = Some(Party { name: &one.name, telephone: &one.telephone, address: &one.address });
            }
            Some(Named::Applicant(name, identity)) => data.applicant = Some(Person { name, identity }),
            None => {}
        }
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
    #[serde(default)]
    number: Option<String>,
    #[serde(default)]
    decided_on: Option<Date>,
    #[serde(default)]
    decider: Option<String>,
    #[serde(default)]
    document_no: Option<String>,
    #[serde(default)]
    reason_code: Option<String>,
}

/// Why a message that can be read isn't one of the contract.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// A connector of this kind tells no such thing.
    Type,
    /// What is told has no such field.
    Field(&'static str),
    /// What is told needs this field.
    Missing(&'static str),
}

impl Told {
    /// The decision of another system, of which each part is told.
    fn decision(&self, grant: bool) -> Result<OutsideOutcome, Unfit> {
        let text = |field, text: &Option<String>| text.clone().ok_or(Unfit::Missing(field));
        Ok(OutsideOutcome {
            grant,
            number: text("number", &self.number)?,
            decided_on: self.decided_on.ok_or(Unfit::Missing("decided_on"))?,
            decider: text("decider", &self.decider)?,
            reason: self.reason.clone(),
            document_no: self.document_no.clone(),
            document: None,
            reason_code: self.reason_code.clone(),
        })
    }

    /// A field of a decision, in a message that tells none; an amount of money, of a system that handles cases.
    fn stray(&self, kind: ConnectorKind, decides: bool) -> Option<&'static str> {
        [
            ("number", !decides && self.number.is_some()),
            ("decided_on", !decides && self.decided_on.is_some()),
            ("decider", !decides && self.decider.is_some()),
            ("document_no", !decides && self.document_no.is_some()),
            ("reason_code", !decides && self.reason_code.is_some()),
            ("amount_fen", kind == ConnectorKind::Handling && self.amount_fen.is_some()),
        ]
        .into_iter()
        .find_map(|(field, is)| is.then_some(field))
    }
}

impl Incoming {
    /// The order and what is told of it.
    ///
    /// # Errors
    ///
    /// Where the type is no outcome that a connector tells, or the fields aren't those of the outcome.
    pub(super) fn report(self, kind: ConnectorKind) -> Result<(String, Report), Unfit> {
        let outcome = self.r#type.strip_prefix(kind.name()).and_then(|rest| rest.strip_prefix('.'));
        let outcome = OrderOutcome::ALL.iter().copied().find(|one| Some(one.name()) == outcome).ok_or(Unfit::Type)?;
        let decides =
            kind == ConnectorKind::Handling && matches!(outcome, OrderOutcome::Granted | OrderOutcome::Refused);
        let decided = decides.then(|| self.data.decision(outcome == OrderOutcome::Granted)).transpose()?;
        if let Some(field) = self.data.stray(kind, decides) {
            return Err(Unfit::Field(field));
        }
        let Told { order, amount_fen, reference, reason, .. } = self.data;
        // The reason of a decision is the decision's.
        let text = reason.filter(|_| !decides);
        let occurred_at = Some(self.timestamp);
        Ok((order, Report { outcome, occurred_at, fen: amount_fen, reference, text, decided }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tongban_domain::connector::OrderDeed;

    use super::*;
    use crate::engine::sample_order;

    fn said(order: &Order, kind: WordKind, named: Option<&Named>) -> Value {
        let word = Word { number: 1, kind, since: Timestamp::from_millis(0) };
        let bytes = outgoing(order, &word, named);
        assert_eq!(bytes, outgoing(order, &word, named), "it is the same however often it is said");
        serde_json::from_slice(&bytes).expect("it is JSON")
    }

    /// What another system is told of a case is all that the contract names, and nothing besides.
    #[test]
    fn a_handled_case_is_told_as_agreed() {
        let dossier = Dossier {
            system: "省卫生监督系统".to_owned(),
            collection_no: "511602000000-20261120-00007".to_owned(),
            item: "511A0015500013".to_owned(),
            base_code: None,
            department: "区行政审批局".to_owned(),
            mode: tongban_domain::catalogue::Mode::Online,
            accepted_on: Date::ymd(2026, 11, 23),
            statutory_due: None,
            promised_due: Date::ymd(2026, 11, 30),
            materials: Vec::new(),
            more_materials: None,
        };
        let kind = ConnectorKind::Handling;
        let order = Order { kind, charge: None, dossier: Some(dossier), ..sample_order(OrderDeed::Placed) };
        let fields = || ("张三".to_owned(), "11010519491231002X".to_owned());
        let named = Named::of(kind, fields()).expect("it is a person");
        let data = said(&order, WordKind::Place, Some(&named));
        assert_eq!(data["type"], "handling.order.placed");
        let mut known: Vec<&str> = data["data"].as_object().expect("an object").keys().map(String::as_str).collect();
        known.sort_unstable();
        let agreed = [
            "accepted_on",
            "applicant",
            "case_no",
            "collection_no",
            "department",
            "division",
            "item",
            "item_name",
            "materials",
            "mode",
            "order",
            "promised_due",
            "system",
        ];
        assert_eq!(known, agreed, "{data}");
        assert_eq!(data["data"]["applicant"], json!({ "name": "张三", "identity": "11010519491231002X" }));
        // A cancellation names the order, and nobody.
        assert_eq!(said(&order, WordKind::Cancel, Some(&named))["data"], json!({ "order": order.number }));
        // Of two lines a courier makes telephone and address; one is no recipient.
        assert!(Named::of(ConnectorKind::Courier, fields()).is_none());
    }

    #[test]
    fn a_refund_is_of_the_whole_amount() {
        let order = sample_order(OrderDeed::RefundAsked);
        let asked = said(&order, WordKind::Refund, None);
        assert_eq!(asked["type"], "payment.order.refund-asked");
        assert_eq!(asked["data"], json!({ "order": order.number, "amount_fen": 1050 }));
    }

    #[test]
    fn what_is_told_has_its_fields_and_no_others() {
        let heard = |kind: ConnectorKind, name: &str, more: Value| {
            let mut data = more;
            data["order"] = json!("YW1");
            let body = json!({ "type": name, "timestamp": "2026-11-23T16:05:00+08:00", "data": data });
            serde_json::from_value::<Incoming>(body).expect("it can be read").report(kind)
        };
        let (handling, payment) = (ConnectorKind::Handling, ConnectorKind::Payment);
        let whole = json!({ "number": "N1", "decided_on": "2026-11-23", "decider": "王局长", "reason": "不符" });
        let (order, report) = heard(handling, "handling.refused", whole.clone()).expect("it is whole");
        let decided = report.decided.expect("it is a decision");
        assert_eq!((order.as_str(), decided.grant, decided.reason.as_deref()), ("YW1", false, Some("不符")));
        assert_eq!(report.text, None, "the reason is the decision's");
        for missing in ["number", "decided_on", "decider"] {
            let mut less = whole.clone();
            less.as_object_mut().expect("an object").remove(missing);
            assert_eq!(heard(handling, "handling.granted", less), Err(Unfit::Missing(missing)));
        }
        for (kind, name, field) in [
            (handling, "handling.accepted", "number"),
            (handling, "handling.failed", "reason_code"),
            (payment, "payment.paid", "decider"),
            (payment, "payment.granted", "number"),
        ] {
            assert_eq!(heard(kind, name, json!({ field: "x" })), Err(Unfit::Field(field)), "{name}");
        }
        let mut priced = whole.clone();
        priced["amount_fen"] = json!(1);
        for (name, data) in [("handling.refused", priced), ("handling.failed", json!({ "amount_fen": 1 }))] {
            assert_eq!(heard(handling, name, data), Err(Unfit::Field("amount_fen")), "{name}");
        }
        for (kind, name) in [(payment, "handling.granted"), (handling, "handling"), (handling, "handling.eaten")] {
            assert_eq!(heard(kind, name, whole.clone()), Err(Unfit::Type), "{name}");
        }
    }
}
