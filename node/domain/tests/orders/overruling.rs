//! What another system told wrongly: overruled by the right outcome in one entry, or let go of; by whoever may decide the case.

use tongban_codes::ids::CaseId;
use tongban_codes::time::Date;
use tongban_domain::case::{OutcomeSource, OutsideOutcome, Status};
use tongban_domain::connector::{OrderCommand, OrderDeed, OrderEntry, OrderOutcome, OrderState, Report};
use tongban_domain::work::Work;
use tongban_domain::{Actor, Change, Command, Rejection, Role};

use crate::contradiction::renewing;
use crate::hall::{Hall, at, date};
use crate::scene::{
    FEN, accepted, accepted_outside, by_hand, by_order, code, decision, order, outside, payment, placed, report, rows,
    sent, state, tell,
};

const WHY: &str = "对方误告知，已书面核实";

fn overruling(case: CaseId, outcome: OutsideOutcome, why: &str) -> Command {
    let source = OutcomeSource::Overruling(Box::new(outcome), why.to_owned());
    Command::EnterOutcome { case: case.to_string(), source }
}

fn told(grant: bool, number: &str, decided_on: Date) -> Report {
    let outcome = if grant { OrderOutcome::Granted } else { OrderOutcome::Refused };
    Report { decided: Some(OutsideOutcome { decided_on, ..decision(grant, number) }), ..report(outcome) }
}

fn actor(name: &str, role: Role) -> Actor {
    Actor { operator: name.into(), roles: vec![role], window: None }
}

fn decider() -> Actor {
    actor("决定员", Role::Decider)
}

fn reviewer() -> Actor {
    actor("审查员", Role::Reviewer)
}

/// Enters by hand that an order is over.
fn let_go(hall: &mut Hall, actor: &Actor, number: &str) -> Result<Change, Rejection> {
    let (order, reference, reason) = (number.to_owned(), "HD-1".to_owned(), WHY.to_owned());
    let entry = OrderCommand::Enter { order, outcome: OrderOutcome::Cancelled, fen: None, reference, reason };
    hall.give(actor, &Command::Order(entry))
}

/// Lets 审查员 stand in for another, for all items.
fn deputise(hall: &mut Hall, principal: &str) {
    let (principal, deputy, approver) = (principal.to_owned(), "审查员".to_owned(), "王局长".to_owned());
    let (items, until) = (Vec::new(), date(2026, 12, 31));
    hall.act(&Command::Delegate { principal, deputy, items, from: None, until, approver }).unwrap();
}

fn last(hall: &Hall, number: &str) -> OrderEntry {
    order(hall, number).last().unwrap().clone()
}

/// The right outcome stands in the place of what was told wrongly in one entry: the clock finds nothing between the two to deem decided by silence.
#[test]
fn the_right_outcome_overrules_what_was_told_wrongly() {
    let ends = date(2026, 10, 14);
    let (mut hall, case, number) = renewing(ends);
    hall.now = at(2026, 10, 14, 9);
    tell(&mut hall, &number, "r", told(false, "N1", ends)).unwrap();
    hall.now = at(2026, 10, 20, 9);
    hall.ticks();
    assert_eq!(hall.case(case).status, Status::Accepted, "it is held");
    let right = OutsideOutcome { decided_on: ends, ..decision(true, "N2") };
    let refusal = hall.act(&by_hand(case, right.clone())).unwrap_err();
    assert_eq!(refusal.code, "outcome-differs");
    assert!(refusal.remedy_en.contains("--overrule") && refusal.remedy_zh.contains("--overrule"), "{refusal:?}");
    // Both or neither: where the outcome isn't taken, the order stands as it did.
    let before = order(&hall, &number);
    let (late, long) = (OutsideOutcome { decided_on: date(2026, 10, 15), ..right.clone() }, "长".repeat(2001));
    for (outcome, why, expected) in [
        (&right, " ", "invalid-field"),
        (&right, long.as_str(), "invalid-field"),
        (&late, WHY, "case-state"),
        (&OutsideOutcome { decided_on: date(2026, 9, 13), ..right.clone() }, WHY, "invalid-field"),
    ] {
        assert_eq!(hall.code(&overruling(case, outcome.clone(), why)), expected);
        assert_eq!((order(&hall, &number), hall.case(case).status), (before.clone(), Status::Accepted));
    }
    let change = hall.act(&overruling(case, right, &format!(" {WHY} "))).unwrap();
    assert_eq!(rows(&change), 1);
    let row = hall.case(case);
    assert_eq!((row.status, row.decided_on, row.licences.len()), (Status::Granted, Some(ends), 0));
    let outside = row.outside.as_ref().unwrap();
    assert_eq!((outside.number.as_str(), &outside.order), ("N2", &None), "it is entered by hand");
    let line = last(&hall, &number);
    assert_eq!(
        (line.deed, line.outcome, line.state),
        (OrderDeed::Entered, Some(OrderOutcome::Cancelled), OrderState::Cancelled)
    );
    assert_eq!((line.text.as_deref(), line.operator.as_str()), (Some(WHY), "决定员"));
    assert_eq!(line.mandate, hall.state.acts.last().unwrap().mandate);
    assert!(line.mandate.is_some() && order(&hall, &number).lets_go());
    hall.ticks();
    assert_eq!(hall.case(case).renewal.as_ref().map(|renewal| renewal.deemed), Some(false));
}

/// It is no way around what an order was told: where nothing else was told, nothing is overruled, and nothing is entered.
#[test]
fn where_nothing_else_was_told_nothing_is_overruled() {
    let today = date(2026, 9, 14);
    for said in [vec![], vec!["N1"], vec!["N1", "N2"]] {
        let (mut hall, case, number) = sent();
        for one in &said {
            tell(&mut hall, &number, one, told(true, one, today)).unwrap();
        }
        let before = order(&hall, &number);
        let refusal = hall.act(&overruling(case, decision(true, "N1"), WHY)).unwrap_err();
        assert_eq!((refusal.code, refusal.field), ("outcome-agrees", "case"), "{said:?}");
        assert_eq!((order(&hall, &number), hall.case(case).status), (before, Status::Accepted));
        assert_eq!(hall.code(&by_hand(case, decision(true, "N1"))), "ok", "{said:?}");
    }
    let mut hall = outside(None);
    let case = accepted_outside(&mut hall);
    assert_eq!(hall.code(&overruling(case, decision(true, "N1"), WHY)), "outcome-agrees");
}

/// It goes through the door of the decision.
#[test]
fn who_may_decide_overrules() {
    let (mut hall, case, number) = sent();
    tell(&mut hall, &number, "r", told(false, "N1", date(2026, 9, 14))).unwrap();
    let overrule = overruling(case, decision(true, "N1"), WHY);
    for (who, expected) in [
        (actor("窗口员", Role::Window), "role-missing"),
        (reviewer(), "role-missing"),
        (actor("审查员", Role::Decider), "mandate-missing"),
    ] {
        assert_eq!(code(hall.give(&who, &overrule)), expected);
    }
    deputise(&mut hall, "决定员");
    assert_eq!(code(hall.give(&reviewer(), &overrule)), "ok");
    let mandate = last(&hall, &number).mandate.unwrap();
    assert_eq!(mandate.matches("代 决定员").count(), 1, "{mandate}");
}

/// A system that repeats what a decider overruled changes nothing; one that puts itself right agrees with the case.
#[test]
fn what_was_overruled_is_no_news() {
    let today = date(2026, 9, 14);
    for (again, expected) in [
        (told(false, "N1", today), OrderState::Cancelled),
        (told(true, "N2", today), OrderState::Recorded),
        (told(true, "N3", today), OrderState::Disputed),
    ] {
        let (mut hall, case, number) = sent();
        tell(&mut hall, &number, "r", told(false, "N1", today)).unwrap();
        hall.act(&overruling(case, decision(true, "N2"), WHY)).unwrap();
        tell(&mut hall, &number, "again", again).unwrap();
        assert_eq!((state(&hall, &number), hall.case(case).status), (expected, Status::Granted));
    }
}

/// What was let go of is no news when it is told again, and doesn't stand against what is told afterwards.
#[test]
fn what_was_let_go_of_is_looked_at_no_more() {
    let ends = date(2026, 10, 14);
    let (mut hall, case, number) = renewing(ends);
    hall.now = at(2026, 10, 14, 9);
    tell(&mut hall, &number, "r1", told(false, "N1", ends)).unwrap();
    assert_eq!(code(let_go(&mut hall, &decider(), &number)), "ok");
    assert_eq!(order(&hall, &number).decision(), None);
    tell(&mut hall, &number, "r2", told(false, "N1", ends)).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Cancelled, "it was looked into");
    let deemed = |mut hall: Hall| {
        hall.now = at(2026, 10, 16, 9);
        hall.ticks();
        hall.case(case).renewal.as_ref().unwrap().deemed
    };
    assert!(deemed(hall.clone()), "it is silence");
    // Another one, in time, is a decision like a first one.
    let mut other = hall.clone();
    tell(&mut other, &number, "g", told(true, "N2", ends)).unwrap();
    assert_eq!(state(&other, &number), OrderState::Granted);
    assert!(!deemed(other.clone()));
    assert_eq!(other.code(&by_order(case, &number)), "ok");
    // And too late it holds nothing, though what was let go of was in time.
    hall.now = at(2026, 10, 15, 9);
    tell(&mut hall, &number, "g", told(true, "N2", date(2026, 10, 15))).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Granted);
    assert!(deemed(hall.clone()));
    // What contradicts the new one is a dispute, also where it is the old one.
    hall.now = at(2026, 10, 15, 10);
    tell(&mut hall, &number, "r3", told(false, "N1", ends)).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Disputed);
    assert!(!deemed(hall), "somebody has to look into it again");
}

/// Of a case that went to the system anew, what the order before it is told contradicts that.
#[test]
fn what_is_told_beside_another_order_is_a_dispute() {
    let today = date(2026, 9, 14);
    let (mut hall, case, first) = sent();
    tell(&mut hall, &first, "r", told(false, "N1", today)).unwrap();
    let_go(&mut hall, &decider(), &first).unwrap();
    let second = placed(&mut hall, case, tongban_domain::connector::Fare::Handling);
    tell(&mut hall, &first, "g", told(true, "N2", today)).unwrap();
    assert_eq!((state(&hall, &first), state(&hall, &second)), (OrderState::Disputed, OrderState::Placed));
}

#[test]
fn a_deputy_lets_go_for_whom_he_stands_in() {
    let (mut hall, _, number) = sent();
    tell(&mut hall, &number, "g", told(true, "N1", date(2026, 9, 14))).unwrap();
    let mut other = hall.clone();
    assert_eq!(code(let_go(&mut other, &decider(), &number)), "ok");
    let own = last(&other, &number).mandate.unwrap();
    assert!(own.contains("(root)") && !own.contains("代 "), "{own}");
    assert_eq!(code(let_go(&mut hall, &reviewer(), &number)), "role-missing");
    deputise(&mut hall, "决定员");
    assert_eq!(code(let_go(&mut hall, &reviewer(), &number)), "ok");
    let line = last(&hall, &number);
    let lent = line.mandate.unwrap();
    assert_eq!(line.operator, "审查员");
    assert!(lent.starts_with(&own) && lent.matches("代 决定员").count() == 1, "{lent}");
}

/// A mandate alone doesn't make a decider: who lets go of a decision may decide.
#[test]
fn who_lets_go_of_a_decision_is_a_decider() {
    let (mut hall, _, number) = sent();
    tell(&mut hall, &number, "g", told(true, "N1", date(2026, 9, 14))).unwrap();
    let window = actor("窗口员", Role::Window);
    assert_eq!(code(let_go(&mut hall, &window, &number)), "mandate-missing");
    let grant = Command::GrantMandate { operator: "窗口员".into(), item: None, from: None, until: None };
    hall.act(&grant).unwrap();
    assert_eq!(code(let_go(&mut hall, &window, &number)), "role-missing");
}

/// Whoever is recused from the case, or reviewed it, lets go of nothing that was decided, nor does anybody for him.
#[test]
fn who_is_recused_or_reviewed_lets_go_of_nothing() {
    let (mut hall, case, number) = sent();
    tell(&mut hall, &number, "g", told(true, "N1", date(2026, 9, 14))).unwrap();
    deputise(&mut hall, "决定员");
    let mut reviewed = hall.clone();
    let (case_text, operator) = (case.to_string(), Some("决定员".to_owned()));
    hall.act(&Command::Recuse { case: case_text, operator, reason: "亲属".into() }).unwrap();
    reviewed.state.cases.get_mut(&case).unwrap().work = Some(Work {
        steps: Vec::new(),
        at: 0,
        since: date(2026, 9, 14),
        due: None,
        holder: None,
        signatures: Vec::new(),
        reviewers: vec!["决定员".into()],
        published: true,
        instant: false,
    });
    for (mut hall, expected) in [(hall, "recused"), (reviewed, "reviewer-decides")] {
        for who in [decider(), reviewer()] {
            assert_eq!(code(let_go(&mut hall, &who, &number)), expected, "{}", who.operator);
        }
        assert_eq!(state(&hall, &number), OrderState::Granted);
    }
}

/// Orders of a case are its deputies' as acts on it are; of two for whom one stands in, whose role the outcome wants.
#[test]
fn a_deputy_of_a_window_does_what_it_does() {
    let (mut hall, case) = accepted();
    let number = placed(&mut hall, case, payment());
    deputise(&mut hall, "决定员");
    let (order, reference, reason) = (number.clone(), "POS-77".to_owned(), "刷卡凭条".to_owned());
    let entry = OrderCommand::Enter { order, outcome: OrderOutcome::Paid, fen: Some(FEN), reference, reason };
    let paid = Command::Order(entry);
    assert_eq!(code(hall.give(&reviewer(), &paid)), "role-missing", "a decider has to do with no money");
    deputise(&mut hall, "窗口员");
    let mut given_up = hall.clone();
    assert_eq!(code(hall.give(&reviewer(), &paid)), "ok");
    assert!(last(&hall, &number).mandate.is_some_and(|mandate| mandate.contains("代 窗口员")));
    let (order, reason) = (number.clone(), "申请人不办了".to_owned());
    assert_eq!(code(given_up.give(&reviewer(), &Command::Order(OrderCommand::Cancel { order, reason }))), "ok");
    assert!(last(&given_up, &number).mandate.is_some_and(|mandate| mandate.contains("代 窗口员")));
}
