//! The legal clock: when it starts, when the law acts by itself, and what a running case keeps.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, PERMIT, applicant, at, collect, credit, date, guangan};
use tongban_codes::ids::CaseId;
use tongban_domain::case::{ActKind, RefusalKind, Status};
use tongban_domain::{Command, Event, Reply};

#[test]
fn nobody_answers_for_five_working_days() {
    let mut hall = guangan();
    let division = hall.division();
    let id = hall.collect("511A0015500013", division);
    let moment = hall.case(id).deemed_at.unwrap();
    // Monday to Friday, and the worked Sunday: the five days end on the 20th.
    assert_eq!(moment, date(2026, 9, 21).start());
    hall.now = moment.add_millis(-1);
    assert_eq!(hall.tick(), []);
    hall.now = moment;
    assert_eq!(hall.tick().len(), 2, "the serial and the case");
    let case = hall.case(id);
    assert!(case.deemed && case.status == Status::Accepted);
    assert_eq!(case.accepted_on, Some(date(2026, 9, 14)));
    // The same clock as if it had been accepted on the day of receipt.
    let due = case.deadlines.clone().unwrap();
    assert_eq!(due.promised.unwrap().date, date(2026, 9, 20));
    assert_eq!(due.statutory.unwrap().date, date(2026, 10, 16));
    assert_eq!(hall.tick(), []);
}

/// A node that was off while the five days ran out can't undo by an act what the law has done.
#[test]
fn an_answer_that_comes_too_late() {
    let mut hall = guangan();
    let division = hall.division();
    let id = hall.collect("511A0015500013", division);
    let case = id.to_string();
    hall.now = at(2026, 9, 25, 9);
    let notify =
        Command::Notify {
            case: case.clone(), items: vec!["检测报告".into()], new_reasons: Vec::new(), within: None
        };
    let (kind, reason) = (RefusalKind::NotRequired, "无需许可".to_owned());
    let refuse = Command::Refuse { case: case.clone(), kind, reason, competent: None };
    for command in [notify, refuse] {
        let refused = hall.act(&command).unwrap_err();
        assert_eq!(refused.code, "case-state");
        assert!(refused.en.contains("deemed accepted"), "{}", refused.en);
    }
    hall.act(&Command::Accept(case)).unwrap();
    let accepted = hall.case(id);
    assert!(accepted.deemed);
    assert_eq!(accepted.accepted_on, Some(date(2026, 9, 14)));
    let act = hall.state.acts.last().unwrap();
    assert_eq!((act.kind, act.operator.as_str()), (ActKind::AcceptDeemed, "审查员"));
}

#[test]
fn a_notice_stops_deemed_acceptance_and_comes_once() {
    let mut hall = guangan();
    let division = hall.division();
    let id = hall.collect("511A0015500013", division);
    let notify = |items: &[&str]| Command::Notify {
        case: id.to_string(),
        items: items.iter().map(|item| (*item).to_owned()).collect(),
        new_reasons: Vec::new(),
        within: None,
    };
    assert_eq!(hall.code(&notify(&[])), "invalid-field");
    assert_eq!(hall.code(&notify(&["检测报告", " "])), "invalid-field");
    assert_eq!(hall.code(&notify(&["页"; 101])), "invalid-field");
    hall.act(&notify(&["检测报告", "健康证明"])).unwrap();
    assert_eq!(hall.case(id).reason.as_deref(), Some("检测报告；健康证明"));
    assert_eq!(hall.code(&notify(&["又一份"])), "notice-repeated");
    hall.now = at(2026, 11, 2, 9);
    assert_eq!(hall.tick(), []);
    // Nothing comes; one of the two is enough, says the officer.
    assert_eq!(hall.code(&Command::Accept(id.to_string())), "supplement-missing");
    let enough = |reason: &str| Command::AcceptEnough { case: id.to_string(), reason: reason.to_owned() };
    assert_eq!(hall.code(&enough(" ")), "invalid-field");
    hall.act(&enough("检测报告可以共享取得")).unwrap();
    assert_eq!(hall.case(id).accepted_on, Some(date(2026, 11, 2)));
    assert_eq!(hall.case(id).reason, None);
}

/// A case keeps its version of the item: times, authority and number, whatever becomes of the item.
#[test]
fn a_running_case_is_pinned() {
    let mut hall = guangan();
    let division = hall.division();
    let id = hall.collect("511A0015500013", division);
    let later = hall.collect("511A0015500013", division);
    let mut columns = PERMIT;
    columns[9].1 = "10";
    let other = credit("11511602MB0000001");
    columns[6].1 = &other;
    hall.offer_item(&columns);
    hall.act(&Command::Accept(id.to_string())).unwrap();
    let case = hall.case(id);
    assert_eq!(case.item.version, 1);
    assert_eq!(case.deadlines.clone().unwrap().promised.unwrap().date, date(2026, 9, 20));
    assert!(case.case_no.clone().unwrap().starts_with("115113016823646795"));
    hall.act(&Command::WithdrawItem("511A0015500013".into())).unwrap();
    let Err(refused) = hall.act(&collect("511A0015500013", division)) else { panic!("collected") };
    assert_eq!(refused.code, "item-withdrawn");
    hall.act(&Command::Accept(later.to_string())).unwrap();
    assert_eq!(hall.case(later).case_no.as_deref(), Some("115113016823646795202609140002"));
    hall.act(&Command::Decide { case: id.to_string(), grant: true, reason: None }).unwrap();
    let (case, kind, until) = (id.to_string(), "卫生许可证".to_owned(), date(2030, 9, 16));
    hall.act(&Command::IssueLicence { case, kind, until }).unwrap();
}

/// A national implementation code begins the number, and a term beyond the calendar is provisional.
#[test]
fn national_numbers_and_provisional_days() {
    let mut hall = Hall::new("511602", "广安区");
    let national = "1151130168236467954510116013001";
    let mut columns = PERMIT;
    columns[3].1 = national;
    hall.offer_item(&columns);
    hall.now = at(2026, 12, 7, 9);
    let division = hall.division();
    let id = hall.collect(national, division);
    hall.act(&Command::Accept(id.to_string())).unwrap();
    let case = hall.case(id);
    assert_eq!(case.case_no, Some(format!("{national}202612070001")));
    let due = case.deadlines.clone().unwrap();
    assert!(due.statutory.unwrap().provisional && !due.promised.unwrap().provisional);
    assert_eq!(case.personal.name, applicant().name.as_bytes());
}

#[test]
fn a_tick_does_one_case_at_a_time() {
    let mut hall = guangan();
    let division = hall.division();
    let ids: Vec<CaseId> = (0..3).map(|_| hall.collect("511A0015500013", division)).collect();
    hall.now = at(2026, 9, 21, 9);
    for more in [true, true, false] {
        let change = hall.act(&Command::Tick).unwrap();
        assert_eq!(change.events.iter().filter(|event| matches!(event, Event::Case(..))).count(), 1);
        assert!(matches!(change.reply, Reply::Tick { more: told, .. } if told == more));
    }
    let numbers: std::collections::BTreeSet<_> = ids.iter().map(|id| hall.case(*id).case_no.clone()).collect();
    assert_eq!(numbers.len(), 3);
}
