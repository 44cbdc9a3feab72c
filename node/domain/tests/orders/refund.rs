//! Refunds that are asked for here.

use tongban_domain::Command;
use tongban_domain::connector::{Answer, OrderCommand, OrderDeed, OrderOutcome, OrderState, WordKind};

use crate::scene::{
    accepted, answer, code, courier, declined, enter, order, payment, placed, refund, report, standing, state, taken,
    tell, window,
};
use tongban_domain::connector::{ConnectorKind, Direction, Report};

/// An order that the platform says is paid.
fn paid() -> (crate::hall::Hall, String) {
    standing(ConnectorKind::Payment, OrderState::Paid).unwrap()
}

#[test]
fn what_was_paid_is_given_back_once() {
    let (mut hall, number) = paid();
    let change = refund(&mut hall, &number).unwrap();
    assert!(change.notices.is_empty());
    let asked = order(&hall, &number);
    let word = asked.waiting.unwrap();
    assert_eq!((asked.state, word.kind, word.number), (OrderState::Refunding, WordKind::Refund, 2));
    assert!(asked.state.charges() && !asked.state.is_over(), "until the money is back it is charged");
    // Nobody asks twice, nor charges the fee a second time.
    assert_eq!(code(refund(&mut hall, &number)), "connector-order-state");
    let theirs = Answer::Taken { reference: Some("TK-1".into()), link: None };
    answer(&mut hall, &number, theirs);
    let taken = order(&hall, &number);
    assert_eq!((taken.state, taken.waiting), (OrderState::Refunding, None));
    assert_eq!(taken.reference.as_deref(), Some("R1"), "the number of a refund isn't that of the payment");
    assert_eq!(taken.last().unwrap().deed, OrderDeed::RefundTaken);
    assert_eq!(code(refund(&mut hall, &number)), "connector-order-state", "it is under way there");
    tell(&mut hall, &number, "back", report(OrderOutcome::Refunded)).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Refunded);
    assert_eq!(code(refund(&mut hall, &number)), "connector-order-state");
}

/// A refund that isn't taken, or comes to nothing, leaves a paid order, which may be asked for anew under another number.
#[test]
fn a_refund_that_fails_leaves_it_paid() {
    let (mut hall, number) = paid();
    refund(&mut hall, &number).unwrap();
    answer(&mut hall, &number, declined());
    assert_eq!(state(&hall, &number), OrderState::Paid);
    assert_eq!(order(&hall, &number).last().unwrap().deed, OrderDeed::RefundDeclined);
    refund(&mut hall, &number).unwrap();
    assert_eq!(order(&hall, &number).waiting.unwrap().number, 3);
    answer(&mut hall, &number, taken());
    tell(&mut hall, &number, "not", report(OrderOutcome::RefundFailed)).unwrap();
    let failed = order(&hall, &number);
    assert_eq!((failed.state, failed.waiting), (OrderState::Paid, None));
    assert_eq!(code(refund(&mut hall, &number)), "ok");
}

/// The word goes out no more once the money is back, or back in part.
#[test]
fn what_came_back_is_not_asked_for_any_more() {
    for (fen, expected) in [(crate::scene::FEN, OrderState::Refunded), (crate::scene::FEN - 1, OrderState::Disputed)] {
        let (mut hall, number) = paid();
        refund(&mut hall, &number).unwrap();
        let said = Report { fen: Some(fen), ..report(OrderOutcome::Refunded) };
        tell(&mut hall, &number, "back", said).unwrap();
        let row = order(&hall, &number);
        assert_eq!((row.state, row.waiting), (expected, None), "{fen}");
    }
}

/// A window pays back in cash what the platform gives back, too: somebody has to get one of both back.
#[test]
fn what_went_back_twice_is_a_dispute() {
    let (mut hall, number) = paid();
    refund(&mut hall, &number).unwrap();
    answer(&mut hall, &number, taken());
    enter(&mut hall, &number, OrderOutcome::Refunded, None).unwrap();
    tell(&mut hall, &number, "back", report(OrderOutcome::Refunded)).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Disputed);
    tell(&mut hall, &number, "again", report(OrderOutcome::Refunded)).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Disputed, "a repeat ends nothing");
    // Who has got it back enters that, with its slip.
    let (order, reference) = (number.clone(), "HK-1".to_owned());
    let (outcome, reason) = (OrderOutcome::Refunded, "重复退费已追回".to_owned());
    let entry = OrderCommand::Enter { order, outcome, fen: None, reference, reason };
    assert_eq!(code(hall.give(&window(), &Command::Order(entry))), "ok");
    assert_eq!(state(&hall, &number), OrderState::Refunded);
    // The same refund under another message is one.
    let (mut hall, number) = paid();
    tell(&mut hall, &number, "back", report(OrderOutcome::Refunded)).unwrap();
    tell(&mut hall, &number, "again", report(OrderOutcome::Refunded)).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Refunded);
}

#[test]
fn only_what_the_platform_has_is_asked_back() {
    for wanted in [
        OrderState::Placed,
        OrderState::Taken,
        OrderState::Declined,
        OrderState::Cancelling,
        OrderState::Cancelled,
        OrderState::Failed,
        OrderState::Disputed,
        OrderState::Refunded,
    ] {
        let (mut hall, number) = standing(ConnectorKind::Payment, wanted).unwrap();
        assert_eq!(code(refund(&mut hall, &number)), "connector-order-state", "{wanted:?}");
        assert_eq!(state(&hall, &number), wanted);
    }
    let (mut hall, case) = accepted();
    let parcel = placed(&mut hall, case, courier(Direction::BetweenHalls));
    tell(&mut hall, &parcel, "m", report(OrderOutcome::Delivered)).unwrap();
    assert_eq!(code(refund(&mut hall, &parcel)), "connector-order-state");
    // Paid over the counter: the platform has nothing to give back.
    let number = placed(&mut hall, case, payment());
    answer(&mut hall, &number, taken());
    enter(&mut hall, &number, OrderOutcome::Paid, None).unwrap();
    assert_eq!(code(refund(&mut hall, &number)), "connector-order-state");
    answer(&mut hall, &number, taken());
    assert_eq!(order(&hall, &number).waiting, None);
    assert_eq!(code(refund(&mut hall, &number)), "connector-order-state", "it was entered by hand");
}
