//! Tickets at one hall: answered in time by somebody else than who is complained of, opened again by the applicant.

use tongban_domain::voice::{OpenTicket, TicketAct, TicketKind, TicketOutcome, TicketState, VoiceCommand};
use tongban_domain::{Command, Role};

use crate::hall::{CITIZEN, at, date, guangan};
use crate::scene::{
    actor, answer, assign, code, complaint, decided, on, open_cards, opened, staffed, supervisor, ticket,
};

fn reopen() -> TicketAct {
    TicketAct::Reopen { reason: "问题没有解决".to_owned() }
}

#[test]
fn named_or_anonymous_each_with_one_proof() {
    let mut hall = staffed(guangan());
    let mut open = |request: OpenTicket| code(hall.act(&Command::Voice(VoiceCommand::Open(Box::new(request)))));
    let (name, identity) = (Some("张三".to_owned()), Some(CITIZEN.to_owned()));
    assert_eq!(open(complaint()), "ok");
    assert_eq!(open(OpenTicket { name: name.clone(), identity: identity.clone(), word: None, ..complaint() }), "ok");
    assert_eq!(open(OpenTicket { name: name.clone(), ..complaint() }), "ok", "a name with a word of his own");
    assert_eq!(open(OpenTicket { word: None, ..complaint() }), "invalid-field");
    assert_eq!(open(OpenTicket { name: name.clone(), identity: identity.clone(), ..complaint() }), "invalid-field");
    assert_eq!(open(OpenTicket { identity, word: None, ..complaint() }), "invalid-field", "a number without a name");
    let wrong = Some("110105194912310021".to_owned());
    assert_eq!(open(OpenTicket { name, identity: wrong, word: None, ..complaint() }), "invalid-identity");
    for word in ["12345", "1234567", "密码密码密码", "ab cd1"] {
        assert_eq!(open(OpenTicket { word: Some(word.to_owned()), ..complaint() }), "invalid-field", "{word}");
    }
    assert_eq!(open(OpenTicket { text: " ".to_owned(), ..complaint() }), "invalid-field");
    assert_eq!(open(OpenTicket { case: Some("没有".to_owned()), ..complaint() }), "case-unknown");
    assert_eq!(open(OpenTicket { division: "511603".parse().ok(), ..complaint() }), "division-unknown");
}

#[test]
fn an_unanswered_ticket_raises_cards_and_the_answer_ends_them() {
    let mut hall = staffed(guangan());
    let (number, _) = opened(&mut hall, complaint());
    assert_eq!(ticket(&hall, &number).due, date(2026, 9, 20));
    hall.run_to(at(2026, 9, 21, 9));
    assert_eq!(open_cards(&hall, &number), [("complaint", "red")]);
    let all = hall.state.cards.len();
    hall.run_to(at(2026, 9, 21, 18));
    assert_eq!(hall.state.cards.len(), all, "a card is raised once");
    on(&mut hall, &supervisor(), &number, assign("区残联")).unwrap();
    assert_eq!(open_cards(&hall, &number), [("complaint", "red")], "assigned isn't answered");
    on(&mut hall, &actor("李窗口", &[Role::Window]), &number, answer()).unwrap();
    assert_eq!(open_cards(&hall, &number), []);
    let answered = ticket(&hall, &number);
    assert!(!answered.answers[0].in_time);
    // Opened again, it has its time again.
    on(&mut hall, &actor("audit", &[]), &number, reopen()).unwrap();
    assert_eq!(ticket(&hall, &number).due, date(2026, 9, 29));
    hall.run_to(at(2026, 10, 9, 9));
    assert_eq!(open_cards(&hall, &number), [("complaint", "red")]);
    let (enquiry, _) = opened(&mut hall, OpenTicket { kind: TicketKind::Enquiry, ..complaint() });
    assert_eq!(ticket(&hall, &enquiry).due, date(2026, 10, 13), "an enquiry has three days: the 10th is worked");
}

#[test]
fn who_is_complained_of_neither_gets_nor_answers_it() {
    let mut hall = staffed(guangan());
    let case = decided(&mut hall);
    let about = |kind| OpenTicket { kind, case: Some(case.to_string()), ..complaint() };
    let (number, _) = opened(&mut hall, about(TicketKind::Complaint));
    let to = |to: &str| TicketAct::Assign { department: "区残联".to_owned(), to: Some(to.to_owned()) };
    assert_eq!(code(on(&mut hall, &supervisor(), &number, to("决定员"))), "ticket-self");
    assert_eq!(code(on(&mut hall, &supervisor(), &number, to("目录员"))), "role-missing");
    assert_eq!(code(on(&mut hall, &supervisor(), &number, assign("无此部门"))), "authority-unknown");
    on(&mut hall, &supervisor(), &number, to("李审查")).unwrap();
    assert_eq!(code(on(&mut hall, &actor("李窗口", &[Role::Window]), &number, answer())), "ticket-held");
    let decider = actor("决定员", &[Role::Decider, Role::Supervisor]);
    assert_eq!(code(on(&mut hall, &decider, &number, answer())), "ticket-self");
    on(&mut hall, &actor("李审查", &[Role::Reviewer]), &number, answer()).unwrap();
    // An enquiry is answered by who knows the case.
    let (number, _) = opened(&mut hall, about(TicketKind::Enquiry));
    on(&mut hall, &supervisor(), &number, to("决定员")).unwrap();
    on(&mut hall, &actor("决定员", &[Role::Decider]), &number, answer()).unwrap();
}

#[test]
fn the_applicant_opens_it_again_twice_within_thirty_days() {
    let mut hall = staffed(guangan());
    let (number, _) = opened(&mut hall, complaint());
    let window = actor("李窗口", &[Role::Window]);
    let close = TicketAct::Close { outcome: TicketOutcome::Explained };
    on(&mut hall, &supervisor(), &number, assign("区残联")).unwrap();
    for round in 0..3 {
        on(&mut hall, &window, &number, answer()).unwrap();
        on(&mut hall, &window, &number, close.clone()).unwrap();
        let expected = if round < 2 { "ok" } else { "reopen-limit" };
        assert_eq!(code(on(&mut hall, &actor("", &[]), &number, reopen())), expected);
    }
    assert_eq!((ticket(&hall, &number).state, ticket(&hall, &number).answers.len()), (TicketState::Closed, 3));
    let (number, _) = opened(&mut hall, complaint());
    on(&mut hall, &supervisor(), &number, assign("区残联")).unwrap();
    on(&mut hall, &window, &number, answer()).unwrap();
    let answered = hall.now;
    hall.now = answered.add_days(31);
    assert_eq!(code(on(&mut hall, &actor("", &[]), &number, reopen())), "reopen-limit");
    hall.now = answered.add_days(30);
    on(&mut hall, &actor("", &[]), &number, TicketAct::Confirm {}).unwrap();
    assert_eq!(ticket(&hall, &number).outcome, Some(TicketOutcome::Resolved));
}

#[test]
fn it_is_not_passed_on_for_ever() {
    let mut hall = staffed(guangan());
    let (number, _) = opened(&mut hall, complaint());
    on(&mut hall, &supervisor(), &number, assign("区残联")).unwrap();
    let on_to =
        TicketAct::HandOn { department: "区行政审批局".to_owned(), to: None, reason: "职责不符".to_owned() };
    let passed = (0..100).take_while(|_| on(&mut hall, &supervisor(), &number, on_to.clone()).is_ok()).count();
    assert_eq!(passed, 58);
    assert_eq!(code(on(&mut hall, &supervisor(), &number, on_to)), "ticket-limit");
    on(&mut hall, &supervisor(), &number, answer()).unwrap();
}

#[test]
fn who_is_complained_of_does_nothing_with_the_complaint() {
    let mut hall = staffed(guangan());
    let case = decided(&mut hall);
    let (number, _) = opened(&mut hall, OpenTicket { case: Some(case.to_string()), ..complaint() });
    let himself = actor("窗口员", &[Role::Window, Role::Supervisor]);
    let hand_on =
        || TicketAct::HandOn {
            department: "区行政审批局".to_owned(), to: None, reason: "推给他人".to_owned()
        };
    let send = || TicketAct::Send { division: "511603".parse().unwrap(), reason: "推给他地".to_owned() };
    assert_eq!(code(on(&mut hall, &himself, &number, assign("区残联"))), "ticket-self");
    assert_eq!(code(on(&mut hall, &himself, &number, send())), "ticket-self");
    on(&mut hall, &supervisor(), &number, assign("区残联")).unwrap();
    for act in [hand_on(), send(), answer()] {
        assert_eq!(code(on(&mut hall, &himself, &number, act.clone())), "ticket-self", "{act:?}");
    }
    let window = actor("李窗口", &[Role::Window]);
    on(&mut hall, &window, &number, answer()).unwrap();
    let close = TicketAct::Close { outcome: TicketOutcome::Explained };
    assert_eq!(code(on(&mut hall, &himself, &number, close)), "ticket-self");
    // Nor does he say for the applicant that it is resolved, and who answered doesn't either.
    for who in [&himself, &window] {
        assert_eq!(code(on(&mut hall, who, &number, TicketAct::Confirm {})), "ticket-self", "{who:?}");
    }
    on(&mut hall, &actor("李审查", &[Role::Reviewer]), &number, TicketAct::Confirm {}).unwrap();
}

#[test]
fn who_was_named_to_answer_and_left_blocks_nobody() {
    let mut hall = staffed(guangan());
    let (number, _) = opened(&mut hall, complaint());
    let to = TicketAct::Assign { department: "区残联".to_owned(), to: Some("李审查".to_owned()) };
    on(&mut hall, &supervisor(), &number, to).unwrap();
    let window = actor("李窗口", &[Role::Window]);
    assert_eq!(code(on(&mut hall, &window, &number, answer())), "ticket-held");
    hall.act(&Command::DisableOperator("李审查".to_owned())).unwrap();
    on(&mut hall, &window, &number, answer()).unwrap();
}
