//! What another system tells against what it told, against what was entered, or too late.

use tongban_codes::ids::CaseId;
use tongban_codes::time::Date;
use tongban_domain::case::{OutsideOutcome, Status};
use tongban_domain::catalogue::External;
use tongban_domain::connector::{ConnectorKind, OrderCommand, OrderOutcome, OrderState, Report};
use tongban_domain::{Actor, Command, Reply, Role};

use crate::hall::{Hall, PERMIT, at, collect, date, guangan};
use crate::scene::{
    SYSTEM, accepted, by_hand, by_order, code, decision, enter, order, payment, placed, report, sent, state, tell,
    tell_as,
};

/// The most decisions that an order keeps.
const DECISIONS_MAX: usize = 8;

fn granted(number: &str) -> Report {
    Report { decided: Some(decision(true, number)), ..report(OrderOutcome::Granted) }
}

fn refused(outcome: OutsideOutcome) -> Report {
    Report { decided: Some(outcome), ..report(OrderOutcome::Refused) }
}

/// A refusal whose words are these.
fn worded(reason: &str, reason_code: Option<&str>) -> OutsideOutcome {
    OutsideOutcome { reason: Some(reason.into()), reason_code: reason_code.map(str::to_owned), ..decision(false, "N1") }
}

fn kept(hall: &Hall, number: &str) -> usize {
    order(hall, number).log.iter().filter(|line| line.decided.is_some()).count()
}

/// A denial has the ground that a person saw, and none that was put in its place afterwards.
#[test]
fn another_ground_is_another_decision() {
    for other in [worded("另一理由", Some("unmet")), worded("不符", Some("other"))] {
        let (mut hall, case, number) = sent();
        tell(&mut hall, &number, "r1", refused(worded("不符", Some("unmet")))).unwrap();
        tell(&mut hall, &number, "r2", refused(worded("不符", Some("unmet")))).unwrap();
        assert_eq!(state(&hall, &number), OrderState::Refused, "it is the same");
        tell(&mut hall, &number, "r3", refused(other)).unwrap();
        assert_eq!(state(&hall, &number), OrderState::Disputed);
        assert_eq!(hall.code(&by_order(case, &number)), "connector-order-state");
    }
    let (mut hall, case, number) = sent();
    tell(&mut hall, &number, "r1", refused(worded("不符", None))).unwrap();
    assert_eq!(hall.code(&by_hand(case, worded("另一理由", None))), "outcome-differs");
    assert_eq!(hall.code(&by_hand(case, worded("不符", None))), "ok");
}

/// A person who asked by telephone has words of his own; the system's, which come later, change nothing.
#[test]
fn what_was_entered_by_hand_keeps_its_words() {
    let (mut hall, case, number) = sent();
    hall.act(&by_hand(case, worded("电话告知的理由", None))).unwrap();
    tell(&mut hall, &number, "r", refused(worded("系统中的理由", Some("unmet")))).unwrap();
    let row = order(&hall, &number);
    assert_eq!(row.state, OrderState::Recorded);
    assert_eq!(row.decision().unwrap().reason.as_deref(), Some("电话告知的理由"));
    assert_eq!(hall.case(case).reason.as_deref(), Some("电话告知的理由"));
}

/// A row has an end: a system that repeats itself, or tells ever other things, doesn't fill it with words.
#[test]
fn what_changes_nothing_keeps_no_words() {
    let (mut hall, _, number) = sent();
    for index in 0..20 {
        tell(&mut hall, &number, &format!("g{index}"), granted("N1")).unwrap();
    }
    assert_eq!((state(&hall, &number), kept(&hall, &number)), (OrderState::Granted, 1));
    for index in 2..30 {
        tell(&mut hall, &number, &format!("n{index}"), granted(&format!("N{index}"))).unwrap();
    }
    assert_eq!((state(&hall, &number), kept(&hall, &number)), (OrderState::Disputed, DECISIONS_MAX));
}

/// An order that failed isn't settled with the case: what is told of it afterwards is held against what was entered.
#[test]
fn a_late_decision_is_held_against_the_one_that_was_entered() {
    for (said, expected) in [
        (refused(decision(false, "N1")), OrderState::Recorded),
        (refused(decision(false, "N2")), OrderState::Disputed),
        (granted("N1"), OrderState::Disputed),
    ] {
        let (mut hall, case, number) = sent();
        tell(&mut hall, &number, "f", report(OrderOutcome::Failed)).unwrap();
        hall.act(&by_hand(case, decision(false, "N1"))).unwrap();
        assert_eq!(state(&hall, &number), OrderState::Failed);
        tell(&mut hall, &number, "late", said).unwrap();
        assert_eq!((state(&hall, &number), hall.case(case).status), (expected, Status::Denied));
        if expected == OrderState::Disputed {
            // A window lets go of it, so that the applicant's name is let go of, too.
            assert_eq!(code(enter(&mut hall, &number, OrderOutcome::Cancelled, None)), "ok");
            assert!(state(&hall, &number).is_over());
        }
    }
    // Nobody waits for it any more, and nothing was decided.
    let (mut hall, case, number) = sent();
    tell(&mut hall, &number, "f", report(OrderOutcome::Failed)).unwrap();
    hall.act(&Command::Withdraw { case: case.to_string(), reason: None }).unwrap();
    tell(&mut hall, &number, "late", granted("N1")).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Disputed);
    assert_eq!(code(enter(&mut hall, &number, OrderOutcome::Cancelled, None)), "ok");
}

/// An item may name a connector that the configuration has for a bank: it says nothing of cases.
#[test]
fn a_connector_of_another_kind_tells_nothing() {
    let (mut hall, _, number) = sent();
    let before = order(&hall, &number);
    for outcome in [OrderOutcome::Accepted, OrderOutcome::Failed, OrderOutcome::Cancelled] {
        let told = tell_as(&mut hall, (ConnectorKind::Payment, "sys"), &number, ("m", "m"), report(outcome));
        assert_eq!(code(told), "connector-outcome-unfit", "{outcome:?}");
        assert_eq!(order(&hall, &number), before);
    }
}

/// A renewal whose licence ends on this day, sent to another system, with its order.
pub(crate) fn renewing(ends: Date) -> (Hall, CaseId, String) {
    let mut hall = guangan();
    let first = hall.collect(PERMIT[3].1, hall.division());
    hall.act(&Command::Accept(first.to_string())).unwrap();
    hall.act(&Command::Decide { case: first.to_string(), grant: true, reason: None }).unwrap();
    let issue =
        Command::IssueLicence { case: first.to_string(), kind: "公共场所卫生许可证".into(), until: ends };
    let Reply::Licence { licence } = hall.act(&issue).unwrap().reply else { panic!("a licence") };
    let external = External { system: SYSTEM.into(), connector: Some("sys".into()) };
    for item in hall.state.items.values_mut().chain(hall.state.versions.values_mut()) {
        item.external = Some(external.clone());
    }
    let asks = match collect(PERMIT[3].1, hall.division()) {
        Command::Collect { item, division, mode, applicant, materials, hold, agent, .. } => {
            let renews = Some(licence);
            Command::Collect { item, division, mode, applicant, materials, hold, renews, agent, by: None }
        }
        other => panic!("{other:?}"),
    };
    let Reply::Collected(collected) = hall.act(&asks).unwrap().reply else { panic!("it is collected") };
    hall.act(&Command::Accept(collected.case.to_string())).unwrap();
    let number = hall.state.orders.keys().next().unwrap().clone();
    (hall, collected.case, number)
}

/// Silence is deemed a grant, and a decision is no silence (行政许可法 50(2)): what was told in time keeps the licence from being issued by itself.
#[test]
fn what_was_decided_in_time_is_not_deemed_granted() {
    let ends = date(2026, 10, 14);
    let on = |day: Date| OutsideOutcome { decided_on: day, ..decision(false, "N1") };
    for (told, expected) in
        [(None, Status::Granted), (Some(ends), Status::Accepted), (Some(date(2026, 10, 15)), Status::Granted)]
    {
        let (mut hall, case, number) = renewing(ends);
        hall.now = told.map_or_else(|| at(2026, 10, 14, 9), |day| day.start().add_seconds(9 * 3600));
        if let Some(day) = told {
            tell(&mut hall, &number, "r", refused(on(day))).unwrap();
        }
        hall.now = at(2026, 10, 16, 9);
        hall.act(&Command::Tick).unwrap();
        let row = hall.case(case).clone();
        assert_eq!((row.status, row.licences.is_empty()), (expected, expected == Status::Accepted), "{told:?}");
        if expected == Status::Accepted {
            assert_eq!(hall.code(&by_order(case, &number)), "ok");
            assert_eq!((hall.case(case).status, hall.case(case).decided_on), (Status::Denied, Some(ends)));
        }
    }
    // Also one that contradicts itself: a person looks into it.
    let (mut hall, case, number) = renewing(ends);
    hall.now = at(2026, 10, 14, 9);
    tell(&mut hall, &number, "r", refused(on(ends))).unwrap();
    tell(&mut hall, &number, "g", granted("N2")).unwrap();
    hall.now = at(2026, 10, 16, 9);
    hall.act(&Command::Tick).unwrap();
    assert_eq!(hall.case(case).status, Status::Accepted);
    assert_eq!(hall.code(&by_hand(case, on(date(2026, 10, 15)))), "case-state", "it came too late");
    assert_eq!(hall.code(&by_hand(case, on(ends))), "ok");
}

/// What was told wrongly is let go of by whoever may decide the case, for a reason; then the law does what it does without a decision.
#[test]
fn a_decider_lets_go_of_what_was_told_wrongly() {
    let ends = date(2026, 10, 14);
    let (mut hall, case, number) = renewing(ends);
    hall.now = at(2026, 10, 14, 9);
    tell(&mut hall, &number, "r", refused(OutsideOutcome { decided_on: ends, ..decision(false, "N1") })).unwrap();
    let right = OutsideOutcome { decided_on: ends, ..decision(true, "N2") };
    assert_eq!(hall.code(&by_hand(case, right.clone())), "outcome-differs");
    let actor = |name: &str, roles: &[Role]| Actor { operator: name.into(), roles: roles.to_vec(), window: None };
    let release = |hall: &mut Hall, actor: &Actor| {
        let (order, reference, reason) = (number.clone(), "HD-1".to_owned(), "对方误告知，已书面核实".to_owned());
        let enter = OrderCommand::Enter { order, outcome: OrderOutcome::Cancelled, fen: None, reference, reason };
        code(hall.give(actor, &Command::Order(enter)))
    };
    let mandated = actor("决定员", &[Role::Decider]);
    assert_eq!(release(&mut hall, &actor("窗口员", &[Role::Window])), "mandate-missing");
    let mut paid = accepted();
    let number_of_fee = placed(&mut paid.0, paid.1, payment());
    let (reference, reason) = ("POS-1".to_owned(), "刷卡".to_owned());
    let entry = OrderCommand::Enter { order: number_of_fee, outcome: OrderOutcome::Paid, fen: None, reference, reason };
    assert_eq!(code(paid.0.give(&mandated, &Command::Order(entry))), "role-missing", "money is the window's");
    let mut other = hall.clone();
    assert_eq!(release(&mut hall, &mandated), "ok");
    assert_eq!(hall.code(&by_hand(case, right)), "ok");
    // Or nothing is entered: silence it was, then.
    assert_eq!(release(&mut other, &mandated), "ok");
    other.now = at(2026, 10, 16, 9);
    other.act(&Command::Tick).unwrap();
    assert_eq!(other.case(case).renewal.as_ref().map(|renewal| renewal.deemed), Some(true));
}

/// The paper of the last day may be brought the day after, until the node has recorded what the law did.
#[test]
fn what_was_decided_in_time_is_entered_until_it_is_deemed() {
    let ends = date(2026, 10, 14);
    let outcome = || OutsideOutcome { decided_on: ends, ..decision(false, "N1") };
    for deemed in [false, true] {
        let (mut hall, case, _) = renewing(ends);
        hall.now = at(2026, 10, 15, 9);
        if deemed {
            hall.act(&Command::Tick).unwrap();
        }
        assert_eq!(hall.code(&by_hand(case, outcome())), if deemed { "case-state" } else { "ok" });
    }
}
