//! Orders to outside systems in the journal: number, kind, outcome and amount, without a name or an address; and why what one was told was let go of.

use minicbor::{Decode, Encode};
use tongban_domain::connector::{ConnectorKind, Order, OrderDeed, OrderOutcome, OrderState};
use tongban_journal::{ActHeader, ActKind};

use super::records::{beside, field};

/// What the journal says of an order, in the body of its entry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct OrderMark {
    /// 委托单号.
    #[n(0)]
    number: String,
    /// What it is.
    #[n(1)]
    kind: ConnectorKind,
    /// The connector.
    #[n(2)]
    connector: String,
    /// What was done.
    #[n(3)]
    deed: OrderDeed,
    /// The state after it.
    #[n(4)]
    state: OrderState,
    /// The outcome that was told or entered.
    #[n(5)]
    outcome: Option<OrderOutcome>,
    /// What is to be paid, in fen.
    #[n(6)]
    asked: Option<u64>,
    /// The money that the outcome names, in fen.
    #[n(7)]
    fen: Option<u64>,
    /// SHA-256 of the message that told it.
    #[cbor(n(8), with = "minicbor::bytes")]
    message: Option<Vec<u8>>,
}

/// What was done last.
pub(super) fn act(order: &Order) -> Option<ActKind> {
    Some(match order.last()?.deed {
        OrderDeed::Placed => ActKind::PlaceOrder,
        OrderDeed::Taken
        | OrderDeed::Declined
        | OrderDeed::CancelTaken
        | OrderDeed::CancelDeclined
        | OrderDeed::RefundTaken
        | OrderDeed::RefundDeclined => ActKind::AnswerOrder,
        OrderDeed::Told => ActKind::OrderOutcome,
        OrderDeed::Entered | OrderDeed::Recorded => ActKind::EnterOutcome,
        OrderDeed::Retried | OrderDeed::CancelAsked | OrderDeed::RefundAsked => ActKind::ChangeOrder,
    })
}

/// The header of that: the case as it stood when the order was placed.
pub(super) fn header(order: &Order, act: ActKind) -> ActHeader {
    let at = order.last().map_or(order.placed_at, |entry| entry.at);
    beside(order.about.clone(), at, act)
}

/// Who did it, and the numbers by which people find it.
pub(super) fn fields(order: &Order) -> Vec<(u16, Vec<u8>)> {
    let Some(last) = order.last() else { return Vec::new() };
    let mark = OrderMark {
        number: order.number.clone(),
        kind: order.kind,
        connector: order.connector.clone(),
        deed: last.deed,
        state: order.state,
        outcome: last.outcome,
        asked: order.charge.as_ref().map(|charge| charge.fen),
        fen: last.fen,
        message: last.message.as_ref().map(|message| message.digest.as_bytes().to_vec()),
    };
    let mut fields = vec![(field::OPERATOR, last.operator.clone().into_bytes())];
    // Why somebody overrules what another system decided stands where acts have their reasons. Other texts of orders may name a person.
    let why = last.text.iter().filter(|_| order.lets_go());
    fields.extend(why.map(|text| (field::NOTE, text.clone().into_bytes())));
    fields.push((field::CASE_NO, order.about.case_no.clone().into_bytes()));
    fields.extend(last.mandate.iter().map(|mandate| (field::MANDATE, mandate.clone().into_bytes())));
    fields.extend([
        (field::ITEM_NAME, order.about.item_name.clone().into_bytes()),
        (field::ORDER, tongban_codes::cbor::to_vec(&mark)),
    ]);
    fields
}

#[cfg(test)]
pub(crate) mod tests {
    use tongban_codes::ids::{AuthorityId, CaseId, Digest, NodeId};
    use tongban_codes::time::Timestamp;
    use tongban_domain::case::Personal;
    use tongban_domain::catalogue::{CodeList as _, Mode};
    use tongban_domain::connector::{Charge, Message, OrderEntry};
    use tongban_domain::supervision::About;

    use super::*;

    /// An order as it may stand.
    pub(crate) fn order(deed: OrderDeed) -> Order {
        let division: tongban_codes::division::DivisionCode = "511602".parse().expect("a division");
        let case = CaseId::draw(&NodeId::from_bytes([1; 16]), [1; 10]);
        let about = About {
            case,
            case_no: "511602000000-20261123-00001".to_owned(),
            item: "511A0015500013".to_owned(),
            item_name: "公共场所卫生许可".to_owned(),
            base_code: None,
            item_type: "01".to_owned(),
            item_version: 1,
            mode: Mode::Window,
            tenure: 1,
            authority: AuthorityId::from_bytes([1; 16]),
            department: String::new(),
            collecting: division,
            deciding: division,
            division: None,
        };
        let at = Timestamp::from_millis(7);
        let entry = OrderEntry {
            outcome: Some(OrderOutcome::Paid),
            fen: Some(1050),
            reference: Some("T1".to_owned()),
            text: Some("李四代缴".to_owned()),
            message: Some(Message { id: "m1".to_owned(), digest: Digest::of(b"m1") }),
            ..OrderEntry::of(deed, at, "window", OrderState::Paid)
        };
        let number = "JF511602000000-20261123-00001".to_owned();
        Order {
            state: OrderState::Paid,
            charge: Some(Charge { fee: "工本费".to_owned(), fen: 1050, basis: "某条例".to_owned() }),
            recipient: Some(Personal {
                wrapped_key: vec![1],
                name: b"sealed".to_vec(),
                identity: b"sealed".to_vec(),
                forgotten_at: None,
            }),
            reference: Some("T1".to_owned()),
            words: 1,
            log: vec![entry],
            ..Order::begun(number, about, (ConnectorKind::Payment, "pay"), Timestamp::from_millis(1))
        }
    }

    #[test]
    fn each_deed_is_an_act_that_says_number_and_outcome_and_no_more() {
        let numbers: Vec<u8> =
            OrderDeed::ALL.iter().filter_map(|deed| act(&order(*deed))).map(ActKind::number).collect();
        assert_eq!(numbers, [80, 81, 81, 84, 84, 81, 81, 82, 83, 84, 81, 81, 83]);
        let order = order(OrderDeed::Told);
        let header = header(&order, ActKind::OrderOutcome);
        assert_eq!((header.at, header.case), (Timestamp::from_millis(7), order.case));
        let fields = fields(&order);
        let known: Vec<u16> = fields.iter().map(|(number, _)| *number).collect();
        assert_eq!(known, [field::OPERATOR, field::CASE_NO, field::ITEM_NAME, field::ORDER]);
        let mark: OrderMark = minicbor::decode(&fields[3].1).expect("a mark reads back");
        assert_eq!((mark.number, mark.asked, mark.fen), (order.number, Some(1050), Some(1050)));
        assert_eq!(mark.message.as_deref(), Some(&Digest::of(b"m1").as_bytes()[..]));
        let said: Vec<u8> = fields.into_iter().flat_map(|(_, value)| value).collect();
        for hidden in ["李四代缴", "sealed", "T1"] {
            assert!(!said.windows(hidden.len()).any(|part| part == hidden.as_bytes()), "{hidden}");
        }
    }

    #[test]
    fn a_deputys_says_for_whom_in_the_field_of_any_act() {
        let mut order = order(OrderDeed::Placed);
        assert!(fields(&order).iter().all(|(number, _)| *number != field::MANDATE));
        order.log[0].mandate = Some("代 科长".to_owned());
        assert!(fields(&order).contains(&(field::MANDATE, "代 科长".as_bytes().to_vec())));
    }

    /// Whoever reads the journal sees why what another system decided didn't stand; of no other entry does it say the words.
    #[test]
    fn what_was_let_go_of_says_why() {
        let mut order = order(OrderDeed::Told);
        order.kind = ConnectorKind::Handling;
        let line = |deed, outcome, state| OrderEntry {
            outcome: Some(outcome),
            text: Some("对方误告知".to_owned()),
            ..OrderEntry::of(deed, Timestamp::from_millis(7), "decider", state)
        };
        let told = line(OrderDeed::Told, OrderOutcome::Refused, OrderState::Refused);
        let let_go = line(OrderDeed::Entered, OrderOutcome::Cancelled, OrderState::Cancelled);
        let noted = |order: &Order| fields(order).into_iter().find(|(number, _)| *number == field::NOTE);
        order.log = vec![told, let_go.clone()];
        assert_eq!(noted(&order), Some((field::NOTE, "对方误告知".as_bytes().to_vec())));
        let numbers: Vec<u16> = fields(&order).into_iter().map(|(number, _)| number).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
        order.log = vec![line(OrderDeed::Placed, OrderOutcome::Accepted, OrderState::Placed), let_go];
        assert_eq!(noted(&order), None);
    }

    #[test]
    fn an_order_counts_in_no_figure() {
        let order = order(OrderDeed::Told);
        assert!(super::super::voices::counts(&header(&order, ActKind::OrderOutcome)).is_empty());
    }
}
