//! Cases that another system handles: sent at acceptance, told of, entered by a person.

use tongban_codes::ids::CaseId;
use tongban_domain::case::{OutsideOutcome, Status};
use tongban_domain::connector::{ConnectorKind, Fare, Order, OrderDeed, OrderOutcome, OrderState, Report, WordKind};
use tongban_domain::{Command, Event};

use crate::hall::{CARD, CITIZEN, PERMIT, at, date};
use crate::scene::{
    SYSTEM, accepted_outside, answer, by_hand, by_order, cancel, code, decision, declined, enter, order, outside,
    place, placed, report, retry, sent, standing, state, taken, tell,
};

fn granted(number: &str) -> Report {
    Report { decided: Some(decision(true, number)), ..report(OrderOutcome::Granted) }
}

fn refused(number: &str) -> Report {
    Report { decided: Some(decision(false, number)), ..report(OrderOutcome::Refused) }
}

fn withdraw(case: CaseId) -> Command {
    Command::Withdraw { case: case.to_string(), reason: None }
}

#[test]
fn a_case_is_sent_in_the_change_that_accepts_it() {
    let mut hall = outside(Some("sys"));
    let case = hall.collect(CARD[3].1, hall.division());
    assert!(hall.state.orders.is_empty(), "nobody has accepted it");
    let change = hall.act(&Command::Accept(case.to_string())).unwrap();
    let placed: Vec<&Order> = change
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Order(order) => Some(&**order),
            _ => None,
        })
        .collect();
    let [order] = placed[..] else { panic!("{placed:?}") };
    assert_eq!((order.kind, order.connector.as_str(), order.case), (ConnectorKind::Handling, "sys", case));
    assert!(order.number.starts_with("YW511602000000-20260914-"), "{}", order.number);
    assert_eq!(order.waiting.unwrap().kind, WordKind::Place);
    let dossier = order.dossier.as_ref().unwrap();
    let row = hall.case(case);
    assert_eq!((dossier.system.as_str(), &dossier.item), (SYSTEM, &row.item.code));
    assert_eq!((dossier.accepted_on, &dossier.collection_no), (row.accepted_on, &row.collection_no));
    assert_eq!(dossier.promised_due, row.deadlines.as_ref().unwrap().promised.map(|due| due.date));
    // Name and number are sealed, and under a key of their own.
    let sealed = order.recipient.as_ref().unwrap();
    assert_eq!((&*sealed.identity, sealed.wrapped_key == row.personal.wrapped_key), (CITIZEN.as_bytes(), false));
    assert_eq!(order.last().unwrap().operator, "system");
}

/// What the law accepts is sent as what a person accepts.
#[test]
fn what_is_deemed_accepted_is_sent_too() {
    let mut hall = outside(Some("sys"));
    let case = hall.collect(PERMIT[3].1, hall.division());
    hall.now = at(2026, 9, 28, 9);
    hall.tick();
    assert_eq!(hall.case(case).status, Status::Accepted);
    let orders: Vec<CaseId> = hall.state.orders.values().map(|order| order.case).collect();
    assert_eq!(orders, [case]);
}

/// Who applies is told to the system of his item: to no other that happens to be connected.
#[test]
fn a_case_is_sent_by_the_connector_of_its_item_alone() {
    for (named, said) in [(None, SYSTEM), (Some("other"), "other")] {
        let mut hall = outside(named);
        let case = accepted_outside(&mut hall);
        let before = hall.state.orders.len();
        for number in hall.state.orders.keys().cloned().collect::<Vec<_>>() {
            tell(&mut hall, &number, "f", report(OrderOutcome::Failed)).unwrap();
        }
        let refusal = place(&mut hall, case, Fare::Handling).unwrap_err();
        assert_eq!((refusal.code, refusal.field, &*refusal.value), ("invalid-field", "connector", "sys"));
        assert!(refusal.zh.contains(said) && refusal.en.contains(said), "{refusal:?}");
        assert_eq!(hall.state.orders.len(), before);
        assert_eq!(hall.code(&by_hand(case, decision(true, "N1"))), "ok", "it is entered by hand");
    }
}

#[test]
fn a_window_sends_again_what_failed() {
    let (mut hall, case, number) = sent();
    assert_eq!(code(place(&mut hall, case, Fare::Handling)), "connector-order-open");
    tell(&mut hall, &number, "f", report(OrderOutcome::Failed)).unwrap();
    assert_eq!(code(place(&mut hall, case, Fare::Handling)), "ok");
    // Not before acceptance, and not of an item that runs here.
    let early = hall.collect(CARD[3].1, hall.division());
    assert_eq!(code(place(&mut hall, early, Fare::Handling)), "case-state");
    let mut here = crate::hall::guangan();
    let case = accepted_outside(&mut here);
    assert_eq!(code(place(&mut here, case, Fare::Handling)), "not-decided-outside");
}

#[test]
fn what_is_told_waits_for_a_person_who_answers_for_it() {
    let (mut hall, case, number) = sent();
    answer(&mut hall, &number, taken());
    assert_eq!(hall.code(&by_order(case, &number)), "connector-order-state", "nothing is told yet");
    tell(&mut hall, &number, "g", granted("N1")).unwrap();
    assert_eq!((state(&hall, &number), hall.case(case).status), (OrderState::Granted, Status::Accepted));
    assert!(!OrderState::Granted.is_over(), "somebody has to enter it");
    let change = hall.act(&by_order(case, &number)).unwrap();
    let row = hall.case(case);
    let outside = row.outside.as_ref().unwrap();
    assert_eq!((row.status, outside.order.as_ref(), outside.number.as_str()), (Status::Granted, Some(&number), "N1"));
    assert_eq!((outside.decider.as_str(), outside.document_no.as_deref()), ("王局长", Some("川残联函〔2026〕7号")));
    assert_eq!(change.documents.len(), 1);
    let ended = order(&hall, &number);
    assert_eq!((ended.state, ended.last().unwrap().deed), (OrderState::Recorded, OrderDeed::Recorded));
    assert_eq!(ended.last().unwrap().operator, "决定员");
    assert_eq!(hall.code(&by_order(case, &number)), "case-state", "it is decided once");
}

#[test]
fn a_refusal_brings_its_reason() {
    let (mut hall, case, number) = sent();
    tell(&mut hall, &number, "r", refused("N1")).unwrap();
    hall.act(&by_order(case, &number)).unwrap();
    let row = hall.case(case);
    assert_eq!((row.status, row.reason.as_deref()), (Status::Denied, Some("不符合法定条件")));
    let told = order(&hall, &number).decision().cloned().unwrap();
    assert_eq!(told.reason_code.as_deref(), Some("conditions-unmet"));
}

/// A decision that isn't whole, or that no day allows, is refused: the other side corrects it.
#[test]
fn half_a_decision_is_none() {
    let (mut hall, _, number) = sent();
    let before = order(&hall, &number);
    let bent = |bend: &dyn Fn(&mut OutsideOutcome)| {
        let mut outcome = decision(false, "N1");
        bend(&mut outcome);
        Report { decided: Some(outcome), ..report(OrderOutcome::Refused) }
    };
    for (name, said) in [
        ("nothing", Report { decided: None, ..report(OrderOutcome::Refused) }),
        ("no number", bent(&|outcome| outcome.number = " ".into())),
        ("a long number", bent(&|outcome| outcome.number = "1".repeat(101))),
        ("two lines", bent(&|outcome| outcome.decider = "王\n局长".into())),
        ("no reason", bent(&|outcome| outcome.reason = None)),
        ("a wordy code", bent(&|outcome| outcome.reason_code = Some("不符".into()))),
        ("before the acceptance", bent(&|outcome| outcome.decided_on = date(2026, 9, 13))),
        ("tomorrow", bent(&|outcome| outcome.decided_on = date(2026, 9, 15))),
    ] {
        assert_eq!(code(tell(&mut hall, &number, name, said)), "invalid-field", "{name}");
        assert_eq!(order(&hall, &number), before, "{name}");
    }
}

#[test]
fn a_repeat_is_noted_and_another_decision_is_a_dispute() {
    let (mut hall, case, number) = sent();
    tell(&mut hall, &number, "g1", granted("N1")).unwrap();
    tell(&mut hall, &number, "g1", granted("N1")).unwrap();
    tell(&mut hall, &number, "g2", granted("N1")).unwrap();
    let row = order(&hall, &number);
    assert_eq!((row.state, row.log.len()), (OrderState::Granted, 3), "once by its id, and noted under another");
    tell(&mut hall, &number, "g3", granted("N2")).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Disputed, "another number is another decision");
    assert_eq!(hall.code(&by_order(case, &number)), "connector-order-state");
    assert_eq!(hall.case(case).status, Status::Accepted);
    // Who has looked into the other system enters what stands there.
    hall.act(&by_hand(case, decision(false, "N2"))).unwrap();
    assert_eq!((hall.case(case).status, state(&hall, &number)), (Status::Denied, OrderState::Recorded));
}

/// What contradicts a decision that was entered doesn't turn the case; a window lets the dispute end as the case stands, and not otherwise.
#[test]
fn what_comes_after_the_entry_changes_no_decision() {
    let (mut hall, case, number) = sent();
    tell(&mut hall, &number, "g", granted("N1")).unwrap();
    hall.act(&by_order(case, &number)).unwrap();
    tell(&mut hall, &number, "same", granted("N1")).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Recorded);
    tell(&mut hall, &number, "r", refused("N1")).unwrap();
    assert_eq!((state(&hall, &number), hall.case(case).status), (OrderState::Disputed, Status::Granted));
    assert_eq!(code(enter(&mut hall, &number, OrderOutcome::Refused, None)), "connector-order-state");
    assert_eq!(code(enter(&mut hall, &number, OrderOutcome::Granted, None)), "ok");
    assert_eq!(state(&hall, &number), OrderState::Recorded);
}

#[test]
fn what_is_entered_by_hand_is_what_the_order_was_told() {
    let (mut hall, case, number) = sent();
    tell(&mut hall, &number, "g", granted("N1")).unwrap();
    for other in [decision(false, "N1"), decision(true, "N2")] {
        assert_eq!(hall.code(&by_hand(case, other)), "outcome-differs");
    }
    assert_eq!(hall.code(&by_hand(case, decision(true, "N1"))), "ok");
    assert_eq!(state(&hall, &number), OrderState::Recorded);
}

/// A system that says nothing is asked by telephone: what is entered ends the order, which isn't sent any more.
#[test]
fn what_is_entered_ends_an_order_that_was_told_nothing() {
    for wanted in [OrderState::Placed, OrderState::Taken, OrderState::Declined, OrderState::Cancelling] {
        let (mut hall, number) = standing(ConnectorKind::Handling, wanted).unwrap();
        let case = order(&hall, &number).case;
        hall.act(&by_hand(case, decision(true, "N1"))).unwrap();
        let row = order(&hall, &number);
        assert_eq!((row.state, row.waiting), (OrderState::Recorded, None), "{wanted:?}");
        assert_eq!(row.decision().map(|told| told.number.as_str()), Some("N1"));
    }
}

#[test]
fn an_order_speaks_for_its_own_case_alone() {
    let (mut hall, _, number) = sent();
    tell(&mut hall, &number, "g", granted("N1")).unwrap();
    let other = accepted_outside(&mut hall);
    assert_eq!(hall.code(&by_order(other, &number)), "invalid-field");
    assert_eq!(hall.code(&by_order(other, "YW511602000000-20260914-00099")), "connector-order-unknown");
    let parcel = standing(ConnectorKind::Courier, OrderState::Placed).unwrap().1;
    assert_eq!(hall.code(&by_order(other, &parcel)), "connector-order-unknown");
}

#[test]
fn a_decision_isnt_entered_over_the_order() {
    let (mut hall, _, number) = sent();
    answer(&mut hall, &number, taken());
    for outcome in [OrderOutcome::Granted, OrderOutcome::Refused] {
        let refusal = enter(&mut hall, &number, outcome, None).unwrap_err();
        assert_eq!(refusal.code, "connector-order-state");
        assert!(refusal.remedy_en.contains("case outcome"), "{}", refusal.remedy_en);
    }
    assert_eq!(code(enter(&mut hall, &number, OrderOutcome::Paid, None)), "connector-outcome-unfit");
    assert_eq!(code(enter(&mut hall, &number, OrderOutcome::Failed, None)), "ok");
}

/// Who withdraws needs no decision: the other system is asked to let go, in the same change; what it decided before that is let go of by hand.
#[test]
fn a_case_that_is_withdrawn_is_asked_back() {
    for (answered, wanted) in [(None, OrderState::Placed), (Some(taken()), OrderState::Taken)] {
        let (mut hall, case, number) = sent();
        answered.into_iter().for_each(|said| drop(answer(&mut hall, &number, said)));
        assert_eq!(state(&hall, &number), wanted);
        hall.act(&withdraw(case)).unwrap();
        let row = order(&hall, &number);
        assert_eq!((row.state, row.waiting.unwrap().kind), (OrderState::Cancelling, WordKind::Cancel));
        answer(&mut hall, &number, taken());
        assert_eq!(state(&hall, &number), OrderState::Cancelled);
    }
    let (mut hall, case, number) = sent();
    tell(&mut hall, &number, "g", granted("N1")).unwrap();
    assert_eq!(code(enter(&mut hall, &number, OrderOutcome::Cancelled, None)), "mandate-missing", "it waits");
    hall.act(&withdraw(case)).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Granted);
    assert_eq!(code(enter(&mut hall, &number, OrderOutcome::Cancelled, None)), "ok");
    assert_eq!(state(&hall, &number), OrderState::Cancelled);
}

#[test]
fn a_declined_case_is_sent_again_while_it_waits_for_its_decision() {
    let (mut hall, case, number) = sent();
    answer(&mut hall, &number, declined());
    // Who was sent a person says nothing that is kept.
    assert_eq!(order(&hall, &number).last().unwrap().text.as_deref(), Some("HTTP 410"));
    assert_eq!(code(retry(&mut hall, &number)), "ok");
    answer(&mut hall, &number, declined());
    hall.act(&by_hand(case, decision(true, "N1"))).unwrap();
    assert_eq!(code(retry(&mut hall, &number)), "connector-order-state");
    let (mut hall, case, number) = sent();
    answer(&mut hall, &number, declined());
    hall.act(&withdraw(case)).unwrap();
    answer(&mut hall, &number, declined());
    assert_eq!(state(&hall, &number), OrderState::Declined);
    assert_eq!(code(retry(&mut hall, &number)), "case-state");
}

/// A late decision of an order that failed is one, unless the case was sent anew meanwhile.
#[test]
fn a_late_decision_beside_another_order_is_a_dispute() {
    let (mut hall, case, first) = sent();
    tell(&mut hall, &first, "f", report(OrderOutcome::Failed)).unwrap();
    let second = placed(&mut hall, case, Fare::Handling);
    tell(&mut hall, &first, "g", granted("N1")).unwrap();
    assert_eq!((state(&hall, &first), state(&hall, &second)), (OrderState::Disputed, OrderState::Placed));
    hall.act(&by_hand(case, decision(true, "N1"))).unwrap();
    assert_eq!((state(&hall, &first), state(&hall, &second)), (OrderState::Recorded, OrderState::Recorded));
}

#[test]
fn a_window_gives_an_order_up_and_the_case_goes_to_another() {
    let (mut hall, case, number) = sent();
    cancel(&mut hall, &number).unwrap();
    assert_eq!(code(place(&mut hall, case, Fare::Handling)), "connector-order-open", "it may be there still");
    answer(&mut hall, &number, taken());
    assert_eq!(code(place(&mut hall, case, Fare::Handling)), "ok");
}
