//! No fee is collected twice: what is entered beside the other side is asked back there, and money that came twice is shown.

use tongban_domain::connector::{
    Answer, ConnectorKind, Direction, OrderDeed, OrderOutcome, OrderState, Report, WordKind,
};

use crate::scene::{
    FEN, accepted, answer, cancel, code, courier, enter, order, payment, place, placed, report, standing, state, taken,
    tell,
};

fn paid_by(reference: &str) -> Report {
    Report { reference: Some(reference.to_owned()), ..report(OrderOutcome::Paid) }
}

fn back(fen: u64) -> Report {
    Report { fen: Some(fen), ..report(OrderOutcome::Refunded) }
}

#[test]
fn what_is_entered_is_asked_back_where_it_may_still_be_open() {
    use {OrderOutcome as O, OrderState as S};
    for from in [S::Placed, S::Taken, S::Declined, S::Cancelling] {
        for outcome in [O::Paid, O::Failed, O::Cancelled] {
            let name = format!("{from:?} {outcome:?}");
            let (mut hall, number) = standing(ConnectorKind::Payment, from).unwrap();
            let before = order(&hall, &number);
            enter(&mut hall, &number, outcome, None).unwrap();
            let row = order(&hall, &number);
            let word = row.waiting.expect(&name);
            assert_eq!((word.kind, word.number), (WordKind::Cancel, 2), "{name}");
            // A cancellation that waits already stays the word that it is.
            assert_eq!(before.waiting == row.waiting, from == S::Cancelling, "{name}");
            // Whatever is answered, what was entered stands.
            for reply in [taken(), Answer::Declined { status: 409, code: None }] {
                let mut hall = hall.clone();
                answer(&mut hall, &number, reply);
                let after = order(&hall, &number);
                assert_eq!((after.state, after.waiting), (row.state, None), "{name}");
            }
        }
    }
    // It came to nothing there, says somebody here; and then it was paid at the window.
    let (mut hall, number) = standing(ConnectorKind::Payment, S::Failed).unwrap();
    enter(&mut hall, &number, O::Paid, None).unwrap();
    assert_eq!(order(&hall, &number).waiting.map(|word| word.kind), Some(WordKind::Cancel));
    // A courier that nobody waits for any more is asked back, too; one who has been there isn't.
    let (hall, case) = accepted();
    for (outcome, waits) in [(O::Failed, true), (O::Cancelled, true), (O::PickedUp, false), (O::Delivered, false)] {
        let mut hall = hall.clone();
        let parcel = placed(&mut hall, case, courier(Direction::BetweenHalls));
        enter(&mut hall, &parcel, outcome, None).unwrap();
        assert_eq!(order(&hall, &parcel).waiting.is_some(), waits, "{outcome:?}");
    }
    // The other side said it itself: there is nothing to ask back.
    let (mut hall, number) = standing(ConnectorKind::Payment, S::Taken).unwrap();
    tell(&mut hall, &number, "m1", report(O::Paid)).unwrap();
    assert_eq!(order(&hall, &number).waiting, None);
}

#[test]
fn a_fee_that_was_paid_twice_is_disputed() {
    let (mut hall, number) = standing(ConnectorKind::Payment, OrderState::Taken).unwrap();
    enter(&mut hall, &number, OrderOutcome::Paid, None).unwrap();
    tell(&mut hall, &number, "m1", paid_by("R1")).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Disputed, "at the window, and at the platform");
    assert!(!state(&hall, &number).is_over(), "it is shown among the open ones");
    // One of both went back: the fee is paid once.
    tell(&mut hall, &number, "m2", back(FEN)).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Paid);
    tell(&mut hall, &number, "m3", paid_by("R1")).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Paid, "of this payment was told before");
    let case = order(&hall, &number).case;
    assert_eq!(code(place(&mut hall, case, payment())), "connector-order-open");
    tell(&mut hall, &number, "m4", back(FEN)).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Refunded);
    // And once more, after all was given back.
    tell(&mut hall, &number, "m5", paid_by("R2")).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Disputed);
    // Twice at the platform.
    let (mut hall, number) = standing(ConnectorKind::Payment, OrderState::Paid).unwrap();
    tell(&mut hall, &number, "m1", Report { reference: None, ..report(OrderOutcome::Paid) }).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Disputed, "it may be another one");
    enter(&mut hall, &number, OrderOutcome::Paid, None).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Paid, "somebody has looked");
    // Who sees that it is paid takes no money again.
    assert_eq!(code(enter(&mut hall, &number, OrderOutcome::Paid, None)), "connector-order-state");
}

#[test]
fn what_is_given_back_is_what_came() {
    for (fen, expected) in [
        (Some(FEN), OrderState::Refunded),
        (Some(FEN - 1), OrderState::Disputed),
        (Some(FEN + 1), OrderState::Disputed),
        (Some(0), OrderState::Disputed),
        (None, OrderState::Disputed),
    ] {
        for from in [OrderState::Taken, OrderState::Paid] {
            let (mut hall, number) = standing(ConnectorKind::Payment, from).unwrap();
            tell(&mut hall, &number, "m1", Report { fen, ..report(OrderOutcome::Refunded) }).unwrap();
            assert_eq!(state(&hall, &number), expected, "{fen:?} {from:?}");
        }
    }
    // In two parts.
    let (mut hall, number) = standing(ConnectorKind::Payment, OrderState::Paid).unwrap();
    tell(&mut hall, &number, "m1", back(50)).unwrap();
    tell(&mut hall, &number, "m2", back(FEN - 50)).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Refunded);
    // Another amount came; by what an operator enters without an amount, all of it went back.
    let (mut hall, number) = standing(ConnectorKind::Payment, OrderState::Disputed).unwrap();
    enter(&mut hall, &number, OrderOutcome::Refunded, None).unwrap();
    let row = order(&hall, &number);
    let last = row.last().unwrap();
    assert_eq!((row.state, last.deed, last.fen), (OrderState::Refunded, OrderDeed::Entered, Some(FEN - 1)));
}

#[test]
fn late_money_beside_another_order_of_the_fee_is_disputed() {
    for (replaced, expected) in [(false, OrderState::Paid), (true, OrderState::Disputed)] {
        let (mut hall, first) = standing(ConnectorKind::Payment, OrderState::Failed).unwrap();
        let case = order(&hall, &first).case;
        let second = placed(&mut hall, case, payment());
        if !replaced {
            cancel(&mut hall, &second).unwrap();
            answer(&mut hall, &second, taken());
        }
        tell(&mut hall, &first, "late", report(OrderOutcome::Paid)).unwrap();
        assert_eq!(state(&hall, &first), expected);
        if replaced {
            // The other one is paid as any.
            tell(&mut hall, &second, "m1", paid_by("R2")).unwrap();
            assert_eq!(state(&hall, &second), OrderState::Paid);
            assert_eq!(state(&hall, &first), OrderState::Disputed);
        }
    }
}

#[test]
fn what_a_courier_says_of_why_he_declines_isnt_kept() {
    let echo = || Answer::Declined { status: 400, code: Some("13800000000".to_owned()) };
    let (mut hall, parcel) = standing(ConnectorKind::Courier, OrderState::Placed).unwrap();
    answer(&mut hall, &parcel, echo());
    assert_eq!(order(&hall, &parcel).last().unwrap().text.as_deref(), Some("HTTP 400"));
    for (code, said) in [("expired-2", "HTTP 400: expired-2"), ("代市镇正街 1 号", "HTTP 400"), ("", "HTTP 400")]
    {
        let (mut hall, number) = standing(ConnectorKind::Payment, OrderState::Placed).unwrap();
        answer(&mut hall, &number, Answer::Declined { status: 400, code: Some(code.to_owned()) });
        assert_eq!(order(&hall, &number).last().unwrap().text.as_deref(), Some(said));
    }
}
