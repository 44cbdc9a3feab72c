//! A fee that the item wants paid before its result is handed out.

use tongban_codes::ids::CaseId;
use tongban_domain::case::{ActKind, DocumentChoice};
use tongban_domain::catalogue::{Fee, FeeDue, Guide};
use tongban_domain::connector::{Direction, Fare, OrderOutcome, OrderState, Report};
use tongban_domain::supervision::{Colour, Rule};
use tongban_domain::{Actor, Command, Reply, Role};

use crate::hall::{CARD, Hall, PERMIT, at, collect, date, guangan};
use crate::scene::{
    FEN, by_hand, cancel, code, courier, decision, enter, fee, guided, outside, place, placed, refund, report, state,
    tell,
};

const NAME: &str = "工本费";

/// A hall whose items want one fee paid before the result and another at any time, with a case that was granted.
fn granted(mut hall: Hall) -> (Hall, CaseId) {
    let first = Fee { due: Some(FeeDue::BeforeResult), ..fee(NAME, Some(1050), false) };
    guided(&mut hall, Guide { fees: vec![first, fee("检测费", Some(1), false)], ..Guide::default() });
    let case = hall.collect(CARD[3].1, hall.division());
    hall.act(&Command::Accept(case.to_string())).unwrap();
    (hall, case)
}

fn decided(hall: &mut Hall, case: CaseId, grant: bool) {
    let reason = (!grant).then(|| "不符合条件".into());
    hall.act(&Command::Decide { case: case.to_string(), grant, reason }).unwrap();
}

fn issue(case: CaseId) -> Command {
    Command::IssueLicence { case: case.to_string(), kind: "残疾人证".into(), until: date(2030, 9, 14) }
}

fn deliver(case: CaseId) -> Command {
    Command::Deliver { case: case.to_string(), note: None }
}

fn waive(case: CaseId, fee: &str) -> Command {
    Command::WaiveFee { case: case.to_string(), fee: fee.into(), reason: "低保对象".into() }
}

fn pay() -> Fare {
    Fare::Payment { fee: Some(NAME.into()), fen: None, basis: None }
}

#[test]
fn nothing_is_handed_out_before_it_is_paid() {
    let (mut hall, case) = granted(guangan());
    decided(&mut hall, case, true);
    assert_eq!((hall.code(&issue(case)), hall.code(&deliver(case))), ("fee-unpaid", "fee-unpaid"));
    let number = placed(&mut hall, case, pay());
    assert_eq!(hall.code(&issue(case)), "fee-unpaid", "it is ordered, and not paid");
    tell(&mut hall, &number, "m", report(OrderOutcome::Paid)).unwrap();
    assert_eq!(hall.code(&issue(case)), "ok");
    // Given back, it bars again; what is under way back, too.
    refund(&mut hall, &number).unwrap();
    assert_eq!(hall.code(&deliver(case)), "fee-unpaid");
    tell(&mut hall, &number, "b", report(OrderOutcome::Refunded)).unwrap();
    assert_eq!(hall.code(&deliver(case)), "fee-unpaid");
    assert_eq!(hall.code(&waive(case, NAME)), "ok");
    assert_eq!(hall.code(&deliver(case)), "ok");
}

/// Neither the post nor the printer hands out what the counter doesn't.
#[test]
fn no_other_way_out_is_open_before_it_is_paid() {
    let (mut hall, case) = granted(guangan());
    decided(&mut hall, case, true);
    let document = DocumentChoice { case: case.to_string(), kind: Some("decision".into()), act: None };
    let print = Command::PrintDocument { document, form: None, reason: None };
    assert_eq!(code(place(&mut hall, case, courier(Direction::ToApplicant))), "fee-unpaid");
    assert_eq!(hall.code(&print), "fee-unpaid");
    assert_eq!(code(place(&mut hall, case, courier(Direction::BetweenHalls))), "ok", "that is no result");
    let number = placed(&mut hall, case, pay());
    tell(&mut hall, &number, "m", report(OrderOutcome::Paid)).unwrap();
    assert_eq!(code(place(&mut hall, case, courier(Direction::ToApplicant))), "ok");
    assert_eq!(hall.code(&print), "ok");
    // What has the original may have a second sheet, whatever happened to the money.
    refund(&mut hall, &number).unwrap();
    assert_eq!(hall.code(&print), "ok");
    // A denial goes by post as over the counter.
    let (mut hall, case) = granted(guangan());
    decided(&mut hall, case, false);
    assert_eq!(code(place(&mut hall, case, courier(Direction::ToApplicant))), "ok");
}

/// Who has paid twice has paid; who has paid too little hasn't.
#[test]
fn a_dispute_over_too_much_bars_nobody() {
    let paid = |fen: u64, reference: &str| Report {
        fen: Some(fen),
        reference: Some(reference.into()),
        ..report(OrderOutcome::Paid)
    };
    for (payments, expected) in [
        (vec![paid(FEN, "R1"), paid(FEN, "R2")], "ok"),
        (vec![paid(FEN + 1, "R1")], "ok"),
        (vec![paid(FEN - 1, "R1")], "fee-unpaid"),
    ] {
        let (mut hall, case) = granted(guangan());
        decided(&mut hall, case, true);
        let number = placed(&mut hall, case, pay());
        for (index, said) in payments.into_iter().enumerate() {
            tell(&mut hall, &number, &format!("m{index}"), said).unwrap();
        }
        assert_eq!(state(&hall, &number), OrderState::Disputed);
        assert_eq!(hall.code(&deliver(case)), expected);
    }
}

/// Money for a fee that was waived is charged unlawfully, and goes back.
#[test]
fn money_after_a_waiver_is_a_dispute() {
    let (mut hall, case) = granted(guangan());
    let number = placed(&mut hall, case, pay());
    tell(&mut hall, &number, "f", report(OrderOutcome::Failed)).unwrap();
    hall.act(&waive(case, NAME)).unwrap();
    tell(&mut hall, &number, "late", report(OrderOutcome::Paid)).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Disputed);
    assert_eq!(code(enter(&mut hall, &number, OrderOutcome::Paid, None)), "connector-order-state");
    tell(&mut hall, &number, "b", report(OrderOutcome::Refunded)).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Refunded);
}

/// A denial is nothing that is paid for.
#[test]
fn a_denial_is_delivered_without_a_fee() {
    let (mut hall, case) = granted(guangan());
    decided(&mut hall, case, false);
    assert_eq!(hall.code(&deliver(case)), "ok");
}

#[test]
fn a_fee_without_a_time_bars_nothing() {
    let mut hall = guangan();
    guided(&mut hall, Guide { fees: vec![fee(NAME, Some(1050), false)], ..Guide::default() });
    let case = hall.collect(CARD[3].1, hall.division());
    hall.act(&Command::Accept(case.to_string())).unwrap();
    decided(&mut hall, case, true);
    assert_eq!((hall.code(&issue(case)), hall.code(&deliver(case))), ("ok", "ok"));
    assert_eq!(hall.code(&waive(case, NAME)), "invalid-field", "there is nothing to waive");
}

#[test]
fn a_waiver_has_a_reason_a_mandate_and_a_place_in_the_history() {
    let (mut hall, case) = granted(guangan());
    for (command, expected) in [
        (waive(case, "检测费"), "invalid-field"),
        (waive(case, "茶水费"), "invalid-field"),
        (Command::WaiveFee { case: case.to_string(), fee: NAME.into(), reason: " ".into() }, "invalid-field"),
    ] {
        assert_eq!(hall.code(&command), expected, "{command:?}");
    }
    let window = Actor { operator: "窗口员".into(), roles: vec![Role::Window], window: None };
    assert_eq!(code(hall.give(&window, &waive(case, NAME))), "role-missing");
    let other = Actor { operator: "审查员".into(), roles: vec![Role::Decider], window: None };
    assert_eq!(code(hall.give(&other, &waive(case, NAME))), "mandate-missing");
    // While it is charged it isn't waived, nor charged once it is.
    let number = placed(&mut hall, case, pay());
    assert_eq!(hall.code(&waive(case, NAME)), "connector-order-open");
    cancel(&mut hall, &number).unwrap();
    tell(&mut hall, &number, "c", report(OrderOutcome::Cancelled)).unwrap();
    let change = hall.act(&waive(case, NAME)).unwrap();
    assert!(change.notices.is_empty(), "it is the authority's own affair");
    assert_eq!(code(place(&mut hall, case, pay())), "fee-unlawful");
    let act = hall.state.acts.last().unwrap();
    assert_eq!((act.kind, act.note.as_deref()), (ActKind::WaiveFee, Some("工本费：低保对象")));
    assert!(act.mandate.is_some());
    let waiver = &hall.case(case).waivers[0];
    assert_eq!((waiver.fee.as_str(), waiver.operator.as_str()), (NAME, "决定员"));
    // Once more is no second one.
    assert_eq!(hall.act(&waive(case, NAME)).unwrap().events, Vec::new());
    decided(&mut hall, case, true);
    assert_eq!(hall.code(&issue(case)), "ok");
}

fn to(hall: &mut Hall, month: u8, day: u8) {
    hall.run_to(at(2026, month, day, 9));
}

/// The colours of the cards that say that a case isn't delivered in time.
fn undelivered(hall: &Hall) -> Vec<Colour> {
    let cards = hall.state.cards.values().filter(|card| card.rule == Rule::Delivery && card.is_open());
    cards.map(|card| card.colour).collect()
}

/// Nobody is late to hand out what he mayn't: the ten working days begin when the bar falls, and begin anew when it fell once more.
#[test]
fn the_time_to_deliver_begins_with_the_fall_of_the_bar() {
    let (mut hall, case) = granted(guangan());
    decided(&mut hall, case, true);
    let number = placed(&mut hall, case, pay());
    to(&mut hall, 10, 12);
    assert_eq!(undelivered(&hall), [], "four weeks after the decision, and nobody has paid");
    tell(&mut hall, &number, "m", report(OrderOutcome::Paid)).unwrap();
    // The tenth working day after Monday 2026-10-12 is Monday the 26th.
    for (day, colours) in
        [(22, vec![]), (23, vec![Colour::Yellow]), (26, vec![Colour::Yellow]), (27, vec![Colour::Red])]
    {
        to(&mut hall, 10, day);
        assert_eq!(undelivered(&hall), colours, "{day}");
    }
    // Given back, it bars again; waived, it falls a second time.
    refund(&mut hall, &number).unwrap();
    to(&mut hall, 10, 28);
    assert_eq!(undelivered(&hall), []);
    tell(&mut hall, &number, "b", report(OrderOutcome::Refunded)).unwrap();
    hall.act(&waive(case, NAME)).unwrap();
    // Ten working days after Wednesday the 28th is Wednesday 2026-11-11.
    to(&mut hall, 11, 9);
    assert_eq!(undelivered(&hall), []);
    to(&mut hall, 11, 12);
    assert_eq!(undelivered(&hall), [Colour::Red]);
    hall.act(&deliver(case)).unwrap();
    assert_eq!(undelivered(&hall), []);
}

/// A fee that was paid before the decision delays nothing, nor does one that never comes before a denial; money that came twice counts once.
#[test]
fn what_bars_nothing_delays_nothing() {
    for (grant, pays) in [(true, true), (false, false)] {
        let (mut hall, case) = granted(guangan());
        if pays {
            let number = placed(&mut hall, case, pay());
            tell(&mut hall, &number, "m", report(OrderOutcome::Paid)).unwrap();
        }
        to(&mut hall, 10, 12);
        decided(&mut hall, case, grant);
        to(&mut hall, 10, 22);
        assert_eq!(undelivered(&hall), [], "{grant}");
        to(&mut hall, 10, 27);
        assert_eq!(undelivered(&hall), [Colour::Red], "{grant}");
    }
    let (mut hall, case) = granted(guangan());
    decided(&mut hall, case, true);
    let number = placed(&mut hall, case, pay());
    to(&mut hall, 10, 12);
    tell(&mut hall, &number, "m", report(OrderOutcome::Paid)).unwrap();
    to(&mut hall, 10, 20);
    let again = Report { reference: Some("R2".into()), ..report(OrderOutcome::Paid) };
    tell(&mut hall, &number, "again", again).unwrap();
    assert_eq!(state(&hall, &number), OrderState::Disputed);
    to(&mut hall, 10, 27);
    assert_eq!(undelivered(&hall), [Colour::Red], "it was paid on the 12th");
}

/// The document of a renewal that was deemed granted is handed out no sooner than that of a grant.
#[test]
fn a_deemed_renewal_is_barred_alike() {
    let mut hall = guangan();
    let first = hall.collect(PERMIT[3].1, hall.division());
    hall.act(&Command::Accept(first.to_string())).unwrap();
    decided(&mut hall, first, true);
    let (ends, kind) = (date(2026, 10, 14), "公共场所卫生许可证".to_owned());
    hall.act(&Command::IssueLicence { case: first.to_string(), kind, until: ends }).unwrap();
    let renews = hall.case(first).licences.first().cloned();
    let before = Fee { due: Some(FeeDue::BeforeResult), ..fee(NAME, Some(1050), false) };
    guided(&mut hall, Guide { fees: vec![before], ..Guide::default() });
    let Command::Collect { item, division, mode, applicant, materials, hold, agent, .. } =
        collect(PERMIT[3].1, hall.division())
    else {
        panic!("that is how one collects")
    };
    let asked = Command::Collect { item, division, mode, applicant, materials, hold, renews, agent, by: None };
    let Reply::Collected(collected) = hall.act(&asked).unwrap().reply else { panic!("it was collected") };
    let case = collected.case;
    hall.act(&Command::Accept(case.to_string())).unwrap();
    hall.now = ends.next_day().start();
    hall.ticks();
    assert!(hall.case(case).renewal.as_ref().is_some_and(|renewal| renewal.deemed));
    let document = DocumentChoice { case: case.to_string(), kind: Some("deemed-renewal".into()), act: None };
    let print = Command::PrintDocument { document, form: None, reason: None };
    assert_eq!(hall.code(&print), "fee-unpaid");
    hall.act(&waive(case, NAME)).unwrap();
    assert_eq!(hall.code(&print), "ok");
}

/// The bar holds as well where another system granted.
#[test]
fn what_another_system_granted_is_barred_alike() {
    let (mut hall, case) = granted(outside(None));
    hall.act(&by_hand(case, decision(true, "N1"))).unwrap();
    assert_eq!(hall.code(&issue(case)), "fee-unpaid");
    let number = placed(&mut hall, case, pay());
    assert_eq!(crate::scene::order(&hall, &number).charge.unwrap().fen, FEN);
    tell(&mut hall, &number, "m", report(OrderOutcome::Paid)).unwrap();
    assert_eq!(hall.code(&issue(case)), "ok");
}
