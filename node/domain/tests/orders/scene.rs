//! A hall with an accepted case, and what is done about its orders.

use tongban_codes::ids::{CaseId, Digest};
use tongban_domain::case::{OutcomeSource, OutsideOutcome};
use tongban_domain::catalogue::{External, Fee, Guide};
use tongban_domain::connector::{
    Answer, ConnectorKind, Direction, Fare, Order, OrderCommand, OrderOutcome, OrderState, PlaceOrder, Recipient,
    Report,
};
use tongban_domain::{Actor, Change, Command, Event, Facts as _, Rejection, Reply, Role};

use crate::hall::given::outside_outcome;
use crate::hall::{CARD, Hall, guangan};

pub(crate) const FEN: u64 = 1050;

/// A fee as a guide publishes it.
pub(crate) fn fee(name: &str, fen: Option<u32>, reducible: bool) -> Fee {
    Fee {
        name: name.into(), basis: "《某条例》第五条".into(), fen, reducible: Some(reducible), ..Fee::default()
    }
}

/// Gives each item of a hall this guide.
pub(crate) fn guided(hall: &mut Hall, guide: Guide) {
    let digest = guide.digest();
    for item in hall.state.items.values_mut().chain(hall.state.versions.values_mut()) {
        item.guide = Some(digest);
    }
    hall.state.guides.insert(digest, (guide, true));
}

/// A hall whose items publish one fee, without a fixed amount.
pub(crate) fn charging() -> Hall {
    let mut hall = guangan();
    guided(&mut hall, Guide { fees: vec![fee("工本费", None, false)], ..Guide::default() });
    hall
}

/// A hall with an accepted case of an item that publishes one fee, without a fixed amount.
pub(crate) fn accepted() -> (Hall, CaseId) {
    let mut hall = charging();
    let case = hall.collect(CARD[3].1, hall.division());
    hall.act(&Command::Accept(case.to_string())).unwrap();
    (hall, case)
}

/// The system that handles the items of [`outside`].
pub(crate) const SYSTEM: &str = "省残疾人服务系统";

/// A hall whose items run in another system, which takes cases by this connector, or is told them by hand.
pub(crate) fn outside(connector: Option<&str>) -> Hall {
    let mut hall = guangan();
    let external = External { system: SYSTEM.into(), connector: connector.map(str::to_owned) };
    for item in hall.state.items.values_mut().chain(hall.state.versions.values_mut()) {
        item.external = Some(external.clone());
    }
    hall
}

/// A case of such an item, accepted.
pub(crate) fn accepted_outside(hall: &mut Hall) -> CaseId {
    let case = hall.collect(CARD[3].1, hall.division());
    hall.act(&Command::Accept(case.to_string())).unwrap();
    case
}

/// A hall that sends its cases by the connector `sys`, with one that was accepted, and its order.
pub(crate) fn sent() -> (Hall, CaseId, String) {
    let mut hall = outside(Some("sys"));
    let case = accepted_outside(&mut hall);
    let number = hall.state.orders.keys().next().unwrap().clone();
    (hall, case, number)
}

/// What the other system decided.
pub(crate) fn decision(grant: bool, number: &str) -> OutsideOutcome {
    let reason_code = (!grant).then(|| "conditions-unmet".into());
    OutsideOutcome { reason_code, ..outside_outcome(grant, number) }
}

/// The outcome of a case, entered by hand.
pub(crate) fn by_hand(case: CaseId, outcome: OutsideOutcome) -> Command {
    Command::EnterOutcome { case: case.to_string(), source: OutcomeSource::Entered(Box::new(outcome)) }
}

/// The outcome of a case, as an order was told it.
pub(crate) fn by_order(case: CaseId, order: &str) -> Command {
    Command::EnterOutcome { case: case.to_string(), source: OutcomeSource::Order(order.to_owned()) }
}

pub(crate) fn refund(hall: &mut Hall, number: &str) -> Result<Change, Rejection> {
    let (order, reason) = (number.to_owned(), "多收".to_owned());
    hall.act(&Command::Order(OrderCommand::Refund { order, reason }))
}

pub(crate) fn payment() -> Fare {
    Fare::Payment { fee: None, fen: Some(FEN), basis: None }
}

pub(crate) fn courier(direction: Direction) -> Fare {
    let recipient = Recipient {
        name: "张三".to_owned(),
        telephone: "13800000000".to_owned(),
        address: "代市镇正街 1 号".to_owned(),
    };
    Fare::Courier { direction, recipient }
}

pub(crate) fn place(hall: &mut Hall, case: CaseId, fare: Fare) -> Result<Change, Rejection> {
    let connector = match &fare {
        Fare::Payment { .. } => "pay",
        Fare::Courier { .. } => "post",
        Fare::Handling => "sys",
    };
    let request = PlaceOrder { case: case.to_string(), connector: connector.to_owned(), fare };
    hall.act(&Command::Order(OrderCommand::Place(Box::new(request))))
}

/// Places an order and gives its number.
pub(crate) fn placed(hall: &mut Hall, case: CaseId, fare: Fare) -> String {
    match place(hall, case, fare).unwrap().reply {
        Reply::ConnectorOrder { order_no, .. } => order_no,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn order(hall: &Hall, number: &str) -> Order {
    hall.state.order(number).unwrap()
}

pub(crate) fn state(hall: &Hall, number: &str) -> OrderState {
    order(hall, number).state
}

pub(crate) fn answer(hall: &mut Hall, number: &str, answer: Answer) -> Change {
    let word = order(hall, number).waiting.map_or(1, |word| word.number);
    let order = number.to_owned();
    hall.act(&Command::Order(OrderCommand::Answered { order, word, answer })).unwrap()
}

pub(crate) fn taken() -> Answer {
    Answer::Taken { reference: Some("T20260914-1".to_owned()), link: Some("https://pay.example/T1".to_owned()) }
}

pub(crate) fn declined() -> Answer {
    Answer::Declined { status: 410, code: Some("gone-for-good".to_owned()) }
}

pub(crate) fn report(outcome: OrderOutcome) -> Report {
    let fen = matches!(outcome, OrderOutcome::Paid | OrderOutcome::Refunded).then_some(FEN);
    let decided = match outcome {
        OrderOutcome::Granted => Some(decision(true, "N1")),
        OrderOutcome::Refused => Some(decision(false, "N1")),
        _ => None,
    };
    Report { outcome, occurred_at: None, fen, reference: Some("R1".to_owned()), text: None, decided }
}

/// The other side tells an outcome in a message of this id.
pub(crate) fn tell(hall: &mut Hall, number: &str, id: &str, report: Report) -> Result<Change, Rejection> {
    let connector = order(hall, number).connector;
    tell_by(hall, &connector, number, (id, id), report)
}

pub(crate) fn tell_by(
    hall: &mut Hall,
    connector: &str,
    number: &str,
    (id, body): (&str, &str),
    report: Report,
) -> Result<Change, Rejection> {
    let kind = hall.state.order(number).map_or(ConnectorKind::Payment, |order| order.kind);
    tell_as(hall, (kind, connector), number, (id, body), report)
}

/// As [`tell_by`], by a connector that the configuration says is of this kind.
pub(crate) fn tell_as(
    hall: &mut Hall,
    (kind, connector): (ConnectorKind, &str),
    number: &str,
    (id, body): (&str, &str),
    report: Report,
) -> Result<Change, Rejection> {
    hall.act(&Command::Order(OrderCommand::Told {
        kind,
        connector: connector.to_owned(),
        order: number.to_owned(),
        id: id.to_owned(),
        digest: Digest::of(body.as_bytes()),
        report: Box::new(report),
    }))
}

pub(crate) fn cancel(hall: &mut Hall, number: &str) -> Result<Change, Rejection> {
    let (order, reason) = (number.to_owned(), "申请人不办了".to_owned());
    hall.act(&Command::Order(OrderCommand::Cancel { order, reason }))
}

pub(crate) fn retry(hall: &mut Hall, number: &str) -> Result<Change, Rejection> {
    hall.act(&Command::Order(OrderCommand::Retry { order: number.to_owned() }))
}

/// Who sits at a window.
pub(crate) fn window() -> Actor {
    Actor { operator: "窗口员".into(), roles: vec![Role::Window], window: Some("3".into()) }
}

pub(crate) fn enter(
    hall: &mut Hall,
    number: &str,
    outcome: OrderOutcome,
    fen: Option<u64>,
) -> Result<Change, Rejection> {
    let (order, reference, reason) = (number.to_owned(), "POS-77".to_owned(), "刷卡凭条".to_owned());
    hall.give(&window(), &Command::Order(OrderCommand::Enter { order, outcome, fen, reference, reason }))
}

pub(crate) fn code(result: Result<Change, Rejection>) -> &'static str {
    result.map_or_else(|rejection| rejection.code, |_| "ok")
}

/// How many events of orders a change has.
pub(crate) fn rows(change: &Change) -> usize {
    change.events.iter().filter(|event| matches!(event, Event::Order(_))).count()
}

/// An order of a kind that stands so.
pub(crate) fn standing(kind: ConnectorKind, wanted: OrderState) -> Option<(Hall, String)> {
    use OrderOutcome as O;
    use OrderState as S;
    let (mut hall, case, number) = match kind {
        ConnectorKind::Handling => sent(),
        ConnectorKind::Payment | ConnectorKind::Courier => {
            let (mut hall, case) = accepted();
            let fare = if kind == ConnectorKind::Payment { payment() } else { courier(Direction::BetweenHalls) };
            let number = placed(&mut hall, case, fare);
            (hall, case, number)
        }
    };
    let told = |outcome: O| (vec![outcome], FEN);
    let (outcomes, fen) = match wanted {
        S::Placed => (Vec::new(), FEN),
        S::Taken => {
            answer(&mut hall, &number, taken());
            (Vec::new(), FEN)
        }
        S::Declined => {
            answer(&mut hall, &number, declined());
            (Vec::new(), FEN)
        }
        S::Cancelling => {
            cancel(&mut hall, &number).unwrap();
            (Vec::new(), FEN)
        }
        S::Cancelled => told(O::Cancelled),
        S::Failed => told(O::Failed),
        S::Disputed if kind == ConnectorKind::Handling => (vec![O::Granted, O::Refused], FEN),
        S::Disputed => (vec![O::Paid], FEN - 1),
        S::Paid | S::Refunding => told(O::Paid),
        S::Granted | S::Recorded => told(O::Granted),
        S::Refused => told(O::Refused),
        S::Refunded => told(O::Refunded),
        S::PickedUp => told(O::PickedUp),
        S::Delivered => told(O::Delivered),
        S::Returned => told(O::Returned),
        S::Lost => told(O::Lost),
    };
    for (index, outcome) in outcomes.into_iter().enumerate() {
        let fen = Some(fen).filter(|_| matches!(outcome, O::Paid | O::Refunded));
        tell(&mut hall, &number, &format!("before-{index}"), Report { fen, ..report(outcome) }).ok()?;
    }
    match wanted {
        S::Refunding => drop(refund(&mut hall, &number).unwrap()),
        S::Recorded => drop(hall.act(&by_order(case, &number)).unwrap()),
        _ => {}
    }
    assert_eq!(state(&hall, &number), wanted);
    Some((hall, number))
}
