//! What the other side tells: once, late, wrong, forged in its numbers; and what is entered in its place.

use tongban_domain::catalogue::CodeList as _;
use tongban_domain::connector::{
    Answer, ConnectorKind, LOG_MAX, LOG_RESERVE, OrderCommand, OrderDeed, OrderOutcome, OrderState, Report,
};
use tongban_domain::{Command, Reply};

use crate::scene::{
    FEN, answer, cancel, code, enter, order, report, rows, standing, state, taken, tell, tell_by, window,
};

fn waiting_payment() -> (crate::hall::Hall, String) {
    standing(ConnectorKind::Payment, OrderState::Taken).unwrap()
}

#[test]
fn a_message_is_taken_once() {
    let (mut hall, number) = waiting_payment();
    let first = tell(&mut hall, &number, "m1", report(OrderOutcome::Paid)).unwrap();
    assert_eq!(rows(&first), 1);
    let before = order(&hall, &number);
    let again = tell(&mut hall, &number, "m1", report(OrderOutcome::Paid)).unwrap();
    assert_eq!((rows(&again), &again.reply), (0, &first.reply), "the same answer, and nothing changed");
    // The id with another body is no repeat.
    let other = tell_by(&mut hall, "pay", &number, ("m1", "another body"), report(OrderOutcome::Refunded));
    assert_eq!(code(other), "connector-message-reused");
    assert_eq!(order(&hall, &number), before);
    tell(&mut hall, &number, "m2", report(OrderOutcome::Refunded)).unwrap();
    // A repeat after what came later says where the order stands now.
    let late = tell(&mut hall, &number, "m1", report(OrderOutcome::Paid)).unwrap();
    assert!(matches!(late.reply, Reply::ConnectorOrder { state: OrderState::Refunded, .. }), "{:?}", late.reply);
}

#[test]
fn whose_it_isnt_tells_nothing() {
    let (mut hall, number) = waiting_payment();
    let before = order(&hall, &number);
    let told = tell_by(&mut hall, "post", &number, ("m1", "m1"), report(OrderOutcome::Paid));
    assert_eq!(code(told), "connector-order-other");
    let told = tell_by(&mut hall, "pay", "JF511602000000-20260914-99999", ("m1", "m1"), report(OrderOutcome::Paid));
    assert_eq!(code(told), "connector-order-unknown");
    let bad = Report { reference: Some("流水 1".to_owned()), ..report(OrderOutcome::Paid) };
    assert_eq!(code(tell(&mut hall, &number, "m1", bad)), "invalid-field");
    assert_eq!(order(&hall, &number), before);
}

#[test]
fn another_amount_is_no_payment_until_somebody_has_looked() {
    for fen in [Some(FEN - 1), Some(FEN + 1), None] {
        let (mut hall, number) = waiting_payment();
        tell(&mut hall, &number, "m1", Report { fen, ..report(OrderOutcome::Paid) }).unwrap();
        assert_eq!(state(&hall, &number), OrderState::Disputed, "{fen:?}");
        // A second message doesn't settle it.
        tell(&mut hall, &number, "m2", report(OrderOutcome::Paid)).unwrap();
        assert_eq!(state(&hall, &number), OrderState::Disputed);
        assert_eq!(code(enter(&mut hall, &number, OrderOutcome::Paid, Some(FEN - 1))), "connector-order-state");
        enter(&mut hall, &number, OrderOutcome::Paid, None).unwrap();
        let row = order(&hall, &number);
        let last = row.last().unwrap();
        assert_eq!((row.state, last.deed, last.fen), (OrderState::Paid, OrderDeed::Entered, Some(FEN)));
        assert_eq!((last.operator.as_str(), last.reference.as_deref()), ("窗口员", Some("POS-77")));
    }
}

#[test]
fn money_for_what_was_given_up_is_disputed() {
    let (mut hall, number) = waiting_payment();
    cancel(&mut hall, &number).unwrap();
    answer(&mut hall, &number, taken());
    tell(&mut hall, &number, "m1", report(OrderOutcome::Paid)).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Disputed);
    tell(&mut hall, &number, "m2", report(OrderOutcome::Refunded)).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Refunded);
}

#[test]
fn a_payment_that_crosses_its_cancellation_stands() {
    let (mut hall, number) = waiting_payment();
    cancel(&mut hall, &number).unwrap();
    let word = order(&hall, &number).waiting.unwrap();
    tell(&mut hall, &number, "m1", report(OrderOutcome::Paid)).unwrap();
    assert_eq!((state(&hall, &number), order(&hall, &number).waiting), (OrderState::Paid, None));
    // The answer to the cancellation, whichever it is, comes too late.
    let before = order(&hall, &number);
    let late = OrderCommand::Answered { order: number.clone(), word: word.number, answer: taken() };
    let change = hall.act(&Command::Order(late)).unwrap();
    assert_eq!((rows(&change), order(&hall, &number)), (0, before));
}

#[test]
fn an_outcome_before_the_answer_stands() {
    for outcome in [OrderOutcome::Accepted, OrderOutcome::Paid] {
        let (mut hall, number) = standing(ConnectorKind::Payment, OrderState::Placed).unwrap();
        tell(&mut hall, &number, "m1", report(outcome)).unwrap();
        // It has spoken of the order, so it has it: nothing is sent any more.
        assert_eq!(order(&hall, &number).waiting, None, "{outcome:?}");
        let before = state(&hall, &number);
        let late = OrderCommand::Answered { order: number.clone(), word: 1, answer: taken() };
        hall.act(&Command::Order(late)).unwrap();
        assert_eq!(state(&hall, &number), before);
    }
}

#[test]
fn what_the_other_side_says_is_bounded() {
    let (mut hall, number) = standing(ConnectorKind::Payment, OrderState::Placed).unwrap();
    let link = |text: &str| Answer::Taken { reference: Some("有空格 的".to_owned()), link: Some(text.to_owned()) };
    for bad in [
        "javascript:alert(1)",
        "http://pay.example/",
        "https://pay.example/ 1",
        &format!("https://{}", "a".repeat(400)),
    ] {
        let mut hall = hall.clone();
        answer(&mut hall, &number, link(bad));
        let row = order(&hall, &number);
        assert_eq!((row.state, row.link, row.reference), (OrderState::Taken, None, None), "{bad}");
    }
    let long = Report { text: Some(format!("第一行\n{}", "长".repeat(500))), ..report(OrderOutcome::Accepted) };
    tell(&mut hall, &number, "m0", long).unwrap();
    let said = order(&hall, &number).last().unwrap().text.clone().unwrap();
    assert_eq!((said.chars().count(), said.contains('\n')), (200, false));
}

#[test]
fn who_told_too_much_can_still_say_that_it_was_paid() {
    let (mut hall, number) = waiting_payment();
    for index in order(&hall, &number).log.len()..LOG_MAX {
        tell(&mut hall, &number, &format!("m{index}"), report(OrderOutcome::Accepted)).unwrap();
    }
    assert_eq!(code(tell(&mut hall, &number, "more", report(OrderOutcome::Accepted))), "connector-order-full");
    tell(&mut hall, &number, "paid", report(OrderOutcome::Paid)).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Paid);
    // What leads somewhere is bounded, too: it is paid, and given back in part, again and again.
    let back = Report { fen: Some(1), ..report(OrderOutcome::Refunded) };
    for index in order(&hall, &number).log.len()..LOG_MAX + LOG_RESERVE {
        tell(&mut hall, &number, &format!("s{index}"), back.clone()).unwrap();
    }
    assert_eq!(code(tell(&mut hall, &number, "last", back)), "connector-order-full");
    // An operator still can.
    enter(&mut hall, &number, OrderOutcome::Paid, None).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Paid);
}

#[test]
fn what_is_entered_has_to_lead_somewhere() {
    for (kind, from) in [(ConnectorKind::Payment, OrderState::Paid), (ConnectorKind::Courier, OrderState::Delivered)] {
        for outcome in OrderOutcome::ALL {
            let (mut hall, number) = standing(kind, from).unwrap();
            let expected = match from.step(kind, *outcome) {
                tongban_domain::connector::Step::To(_) => "ok",
                tongban_domain::connector::Step::History => "connector-order-state",
                tongban_domain::connector::Step::Unfit => "connector-outcome-unfit",
            };
            let before = order(&hall, &number);
            let code = code(enter(&mut hall, &number, *outcome, None));
            assert_eq!(code, expected, "{kind:?} {outcome:?}");
            assert_eq!(order(&hall, &number) == before, code != "ok", "{kind:?} {outcome:?}");
        }
    }
    let (mut hall, number) = waiting_payment();
    for (reference, reason) in [("", "凭条"), ("P 1", "凭条"), ("P1", " ")] {
        let (reference, reason) = (reference.to_owned(), reason.to_owned());
        let command =
            OrderCommand::Enter { order: number.clone(), outcome: OrderOutcome::Paid, fen: None, reference, reason };
        assert_eq!(code(hall.give(&window(), &Command::Order(command))), "invalid-field");
    }
}

#[test]
fn a_row_reads_back() {
    for kind in ConnectorKind::ALL {
        let (mut hall, number) = standing(*kind, OrderState::Taken).unwrap();
        tell(&mut hall, &number, "m1", report(OrderOutcome::Failed)).unwrap();
        let row = order(&hall, &number);
        let bytes = tongban_codes::cbor::to_vec(&row);
        assert_eq!(minicbor::decode::<tongban_domain::connector::Order>(&bytes).unwrap(), row);
    }
}
