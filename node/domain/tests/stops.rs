//! What stops the clock and what lengthens it: special procedures and the extension, by the law and by the item.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use std::collections::BTreeMap;

use hall::{CARD, Hall, PERMIT, at, carry, collect, daishi, date, guangan, row};
use tongban_codes::calendar::Calendar;
use tongban_codes::ids::CaseId;
use tongban_codes::time::Date;
use tongban_domain::case::Status;
use tongban_domain::catalogue::{ListRow, Mode, PROCEDURES};
use tongban_domain::{Command, NoticeBody};

const PERMIT_CODE: &str = "511A0015500013";
const CARD_CODE: &str = "511F82001003";

fn accepted(hall: &mut Hall, item: &str) -> CaseId {
    let division = hall.division();
    let id = hall.collect(item, division);
    hall.act(&Command::Accept(id.to_string())).unwrap();
    id
}

fn suspend(id: CaseId, procedure: &str, days: u16) -> Command {
    Command::SuspendCase { case: id.to_string(), procedure: procedure.to_owned(), days }
}

fn resume(id: CaseId) -> Command {
    Command::ResumeCase { case: id.to_string(), note: None }
}

fn extend(id: CaseId, days: u16) -> Command {
    Command::ExtendCase { case: id.to_string(), days, approver: "局长".into(), reason: "案情复杂".into() }
}

/// Statutory and promised last day.
fn due(hall: &Hall, id: CaseId) -> (Option<Date>, Option<Date>) {
    let due = hall.case(id).deadlines.clone().unwrap();
    (due.statutory.map(|due| due.date), due.promised.map(|due| due.date))
}

/// The item with special links of its guide, published anew.
fn linked(hall: &mut Hall, columns: &[(&str, &str)], links: &[[(&str, &str); 4]]) {
    let mut item = row(2, columns);
    let entry = |(number, link): (u32, &[(&str, &str); 4])| ListRow {
        row: number,
        values: link.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    item.lists = BTreeMap::from([("special_links".to_owned(), (2..).zip(links).map(entry).collect())]);
    let report = hall.import(std::slice::from_ref(&item));
    assert_eq!(report.rejected, 0, "{report:?}");
    hall.act(&Command::PublishItems(Some(item.values["local_item_code"].clone()))).unwrap();
}

#[test]
fn a_permit_stands_still_for_the_procedures_of_the_law() {
    let mut hall = guangan();
    let id = accepted(&mut hall, PERMIT_CODE);
    // Accepted on Monday, 2026-09-14; the Sunday after is worked.
    assert_eq!(due(&hall, id), (Some(date(2026, 10, 16)), Some(date(2026, 9, 20))));
    hall.now = at(2026, 9, 16, 15);
    hall.act(&suspend(id, " 检测 ", 5)).unwrap();
    let case = hall.case(id);
    assert_eq!((case.status, case.stops[0].announced), (Status::SpecialProcedure, 5));
    assert_eq!((&*case.stops[0].basis, &*case.stops[0].procedure), ("行政许可法第四十五条", "检测"));
    // Nothing is decided meanwhile, and it stands still once at a time.
    for command in [
        Command::Decide { case: id.to_string(), grant: true, reason: None },
        suspend(id, "听证", 3),
        extend(id, 5),
        Command::Accept(id.to_string()),
    ] {
        assert_eq!(hall.code(&command), "case-state", "{command:?}");
    }
    // It ends on Wednesday a week later: seven working days later, with that Sunday.
    hall.now = at(2026, 9, 23, 9);
    hall.act(&resume(id)).unwrap();
    let calendar = Calendar::embedded();
    assert_eq!(calendar.working_days_between(date(2026, 9, 16), date(2026, 9, 23)), 6);
    let (statutory, promised) = due(&hall, id);
    assert_eq!(statutory, Some(calendar.add_working_days(date(2026, 10, 16), 6).date));
    // Two of the five promised days had gone.
    assert_eq!(promised, Some(calendar.add_working_days(date(2026, 9, 23), 3).date));
    assert_eq!(hall.code(&resume(id)), "case-state");
    // What begins and ends on one day takes nothing.
    hall.act(&suspend(id, "专家评审", 1)).unwrap();
    hall.act(&resume(id)).unwrap();
    assert_eq!(due(&hall, id), (statutory, promised));
    hall.act(&Command::Decide { case: id.to_string(), grant: true, reason: None }).unwrap();
    assert_eq!(hall.code(&suspend(id, "检测", 5)), "case-state");
}

#[test]
fn each_procedure_of_the_law_and_no_other() {
    let mut hall = guangan();
    let id = accepted(&mut hall, PERMIT_CODE);
    for procedure in PROCEDURES {
        let mut hall = hall.clone();
        hall.act(&suspend(id, procedure, 1)).unwrap();
    }
    // An on-site check is inside the clock (34); a correction belongs before acceptance (32).
    for procedure in ["现场勘验", "补正", "公示", "", "testing"] {
        assert_eq!(hall.code(&suspend(id, procedure, 1)), "stop-unlawful", "{procedure}");
    }
    for days in [0, 731, u16::MAX] {
        assert_eq!(hall.code(&suspend(id, "听证", days)), "invalid-field", "{days}");
    }
    // The permit law isn't that of other items.
    let card = accepted(&mut hall, CARD_CODE);
    assert_eq!(hall.code(&suspend(card, "听证", 1)), "stop-unlawful");
    assert_eq!(hall.code(&extend(card, 1)), "extension-unlawful");
    let window = hall.division();
    let held = hall.collect(PERMIT_CODE, window);
    assert_eq!(hall.code(&suspend(held, "听证", 1)), "case-state");
    assert_eq!(hall.code(&extend(held, 1)), "case-state");
}

#[test]
fn an_item_says_what_stops_its_clock_with_a_basis() {
    let mut hall = guangan();
    let old = accepted(&mut hall, PERMIT_CODE);
    let stops = |name, basis, stops| [("name", name), ("basis", basis), ("stops_clock", stops), ("term", "")];
    linked(
        &mut hall,
        &PERMIT,
        &[
            stops("公示", "条例第九条", "是"),
            stops("检验检疫", "条例第十条", "否"),
            stops("补正", "", "是"),
            stops("技术评审", "", "是"),
        ],
    );
    linked(
        &mut hall,
        &CARD,
        &[
            stops("评残", "残疾人证管理办法", "是"),
            [("name", "延期"), ("basis", "办法第八条"), ("stops_clock", "否"), ("term", "5")],
        ],
    );
    let new = accepted(&mut hall, PERMIT_CODE);
    for (id, procedure, expected) in [
        (new, "公示", "ok"),
        // The item promises that it runs inside the time.
        (new, "检验", "stop-unlawful"),
        (new, "检疫", "stop-unlawful"),
        (new, "补正", "stop-unlawful"),
        (new, "技术评审", "ok"),
        (old, "技术评审", "stop-unlawful"),
        (new, "检测", "ok"),
        // A case keeps the version that it began with.
        (old, "公示", "stop-unlawful"),
        (old, "检验", "ok"),
    ] {
        assert_eq!(hall.clone().code(&suspend(id, procedure, 3)), expected, "{procedure}");
    }
    let card = accepted(&mut hall, CARD_CODE);
    hall.act(&suspend(card, "评残", 10)).unwrap();
    assert_eq!(hall.case(card).stops[0].basis, "残疾人证管理办法");
    // It has no statutory time that could be extended.
    hall.act(&resume(card)).unwrap();
    assert_eq!(hall.code(&extend(card, 5)), "extension-unlawful");
}

#[test]
fn the_statutory_time_is_extended_once_before_it_ends() {
    let mut hall = guangan();
    let id = accepted(&mut hall, PERMIT_CODE);
    let other = accepted(&mut hall, PERMIT_CODE);
    let (statutory, promised) = due(&hall, id);
    for (days, approver, reason, expected) in [
        (0, "局长", "复杂", "invalid-field"),
        (11, "局长", "复杂", "invalid-field"),
        (10, " ", "复杂", "invalid-field"),
        (10, "局长", "", "invalid-field"),
    ] {
        let (case, approver, reason) = (id.to_string(), approver.to_owned(), reason.to_owned());
        let command = Command::ExtendCase { case, days, approver, reason };
        assert_eq!(hall.code(&command), expected, "{command:?}");
    }
    // On the last day it may still be extended.
    hall.now = at(2026, 10, 16, 17);
    let change = hall.act(&extend(id, 10)).unwrap();
    assert_eq!(change.documents[0].content_type, "application/tongban-extension+cbor");
    let later = Calendar::embedded().add_working_days(statutory.unwrap(), 10).date;
    assert_eq!(due(&hall, id), (Some(later), promised));
    assert_eq!(hall.code(&extend(id, 1)), "extension-repeated");
    // A stop after it moves the extended end.
    hall.act(&suspend(id, "听证", 5)).unwrap();
    hall.now = at(2026, 10, 19, 9);
    hall.act(&resume(id)).unwrap();
    assert_eq!(due(&hall, id).0, Some(Calendar::embedded().add_working_days(later, 1).date));
    assert_eq!(hall.code(&extend(other, 5)), "extension-late");
}

#[test]
fn where_several_decide_jointly_it_is_fifteen_days() {
    let mut hall = guangan();
    let id = accepted(&mut hall, PERMIT_CODE);
    hall.state.cases.get_mut(&id).unwrap().mode = Mode::Joint;
    assert_eq!(hall.code(&extend(id, 16)), "invalid-field");
    hall.act(&extend(id, 15)).unwrap();
}

#[test]
fn a_stop_after_the_end_changes_nothing() {
    let mut hall = guangan();
    let id = accepted(&mut hall, PERMIT_CODE);
    let before = due(&hall, id);
    hall.now = at(2026, 10, 16, 9);
    hall.act(&suspend(id, "听证", 5)).unwrap();
    hall.now = at(2026, 10, 26, 9);
    hall.act(&resume(id)).unwrap();
    assert_eq!(due(&hall, id), before);
}

/// What the calendar of today gives beyond that of the acceptance is kept, through stops and the extension.
#[test]
fn a_calendar_that_comes_later_makes_nothing_late() {
    let mut hall = guangan();
    let id = accepted(&mut hall, PERMIT_CODE);
    // 2026-10-16 by today's calendar; the one before had two working days more.
    let deadlines = hall.state.cases.get_mut(&id).unwrap().deadlines.as_mut().unwrap();
    deadlines.calendar = "2016-2025.1".to_owned();
    deadlines.statutory.as_mut().unwrap().date = date(2026, 10, 20);
    let statutory = |hall: &Hall| due(hall, id).0.unwrap();
    for _ in 0..2 {
        hall.act(&suspend(id, "检测", 1)).unwrap();
        hall.act(&resume(id)).unwrap();
        assert_eq!(statutory(&hall), date(2026, 10, 20));
    }
    assert_eq!(hall.case(id).deadlines.as_ref().unwrap().calendar, Calendar::embedded().version());
    let mut extended = hall.clone();
    extended.act(&extend(id, 1)).unwrap();
    assert_eq!(statutory(&extended), date(2026, 10, 21));
    hall.act(&suspend(id, "检测", 3)).unwrap();
    hall.now = at(2026, 9, 17, 9);
    hall.act(&resume(id)).unwrap();
    assert_eq!(statutory(&hall), date(2026, 10, 23));
}

#[test]
fn a_withdrawal_ends_the_procedure_and_twenty_are_enough() {
    let mut hall = guangan();
    let id = accepted(&mut hall, PERMIT_CODE);
    for _ in 0..20 {
        hall.act(&suspend(id, "检测", 1)).unwrap();
        hall.act(&Command::ResumeCase { case: id.to_string(), note: Some(" ".into()) }).unwrap();
    }
    assert_eq!(hall.code(&suspend(id, "检测", 1)), "stop-limit");
    let other = accepted(&mut hall, PERMIT_CODE);
    hall.act(&suspend(other, "检测", 1)).unwrap();
    let long = Command::ResumeCase { case: other.to_string(), note: Some("长".repeat(2_001)) };
    assert_eq!(hall.act(&long).unwrap_err().field, "note");
    hall.now = at(2026, 9, 16, 9);
    hall.act(&Command::Withdraw { case: other.to_string(), reason: None }).unwrap();
    assert_eq!(hall.case(other).stops[0].until, Some(date(2026, 9, 16)));
}

#[test]
fn an_extension_is_under_a_mandate() {
    let mut hall = guangan();
    let id = accepted(&mut hall, PERMIT_CODE);
    let mandates: Vec<_> = hall.state.operators.values_mut().map(|one| std::mem::take(&mut one.mandates)).collect();
    assert_eq!(hall.code(&extend(id, 5)), "mandate-missing");
    for (operator, mandates) in hall.state.operators.values_mut().zip(mandates) {
        operator.mandates = mandates;
    }
    hall.act(&extend(id, 5)).unwrap();
    assert!(hall.state.acts.last().unwrap().mandate.is_some());
}

/// The collecting window knows what the deciding authority has computed (promise 8).
#[test]
fn both_halls_say_the_same() {
    let mut guangan = guangan();
    let mut daishi = daishi(&guangan);
    let change = daishi.act(&collect(PERMIT_CODE, guangan.division())).unwrap();
    let id = *daishi.state.cases.keys().next().unwrap();
    for notice in change.notices {
        for answer in carry(&notice, &mut daishi, &mut guangan) {
            carry(&answer, &mut guangan, &mut daishi);
        }
    }
    let day = |day| at(2026, 9, day, 10);
    let accept = Command::Accept(id.to_string());
    for (now, command) in
        [(day(14), accept), (day(15), suspend(id, "鉴定", 5)), (day(22), resume(id)), (day(23), extend(id, 10))]
    {
        (guangan.now, daishi.now) = (now, now);
        let change = guangan.act(&command).unwrap();
        let [notice] = &change.notices[..] else { panic!("{:?}", change.notices) };
        assert!(matches!(notice.body, NoticeBody::Progress(_)));
        carry(notice, &mut guangan, &mut daishi);
        let (here, there) = (daishi.case(id), guangan.case(id));
        assert_eq!((here.status, &here.deadlines, &here.stops), (there.status, &there.deadlines, &there.stops));
        assert_eq!(here.extension, there.extension);
    }
    assert_eq!(daishi.code(&resume(id)), "not-owner");
}
