//! Renewal (行政许可法 50): asked for in time or late, decided or deemed granted, and what the register says of both licences.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, PERMIT, at, carry, collect, daishi, date, guangan, row};
use tongban_codes::calendar::Calendar;
use tongban_codes::ids::CaseId;
use tongban_codes::time::Date;
use tongban_domain::case::{ActKind, Status, ask_by, following_period};
use tongban_domain::catalogue::{ListRow, Term, Unit};
use tongban_domain::licence::{self, Licence};
use tongban_domain::{Command, NoticeBody, Reply};

const PERMIT_CODE: &str = "511A0015500013";
const TYPE: &str = "公共场所卫生许可证";

fn decide(id: CaseId, grant: bool) -> Command {
    let reason = (!grant).then(|| "不符合条件".to_owned());
    Command::Decide { case: id.to_string(), grant, reason }
}

fn issue(hall: &mut Hall, id: CaseId, kind: &str, until: Date) -> Result<String, &'static str> {
    let command = Command::IssueLicence { case: id.to_string(), kind: kind.to_owned(), until };
    match hall.act(&command).map_err(|refused| refused.code)?.reply {
        Reply::Licence { licence } => Ok(licence),
        other => panic!("{other:?}"),
    }
}

/// 广安区 with a licence of 张三 that ends on this day.
fn licensed(until: Date) -> (Hall, String) {
    let mut hall = guangan();
    let division = hall.division();
    let id = hall.collect(PERMIT_CODE, division);
    hall.act(&Command::Accept(id.to_string())).unwrap();
    hall.act(&decide(id, true)).unwrap();
    let licence = issue(&mut hall, id, TYPE, until).unwrap();
    (hall, licence)
}

fn renewing(hall: &Hall, licence: &str) -> Command {
    match collect(PERMIT_CODE, hall.division()) {
        Command::Collect { item, division, mode, applicant, materials, hold, agent, .. } => {
            let renews = Some(licence.to_owned());
            Command::Collect { item, division, mode, applicant, materials, hold, renews, agent, by: None }
        }
        other => panic!("{other:?}"),
    }
}

fn ask(hall: &mut Hall, licence: &str) -> CaseId {
    let command = renewing(hall, licence);
    match hall.act(&command).unwrap().reply {
        Reply::Collected(collected) => collected.case,
        other => panic!("{other:?}"),
    }
}

fn register<'h>(hall: &'h Hall, licence: &str) -> &'h Licence {
    &hall.state.licences[licence]
}

/// The last day of the licence stands beside both other deadlines, moved by no stop and no extension; when it is over, the law has decided.
#[test]
fn nobody_decides_before_the_licence_ends() {
    let ends = date(2026, 10, 14);
    let (mut hall, old) = licensed(ends);
    let id = ask(&mut hall, &old);
    let renewal = hall.case(id).renewal.clone().unwrap();
    assert_eq!((renewal.ends, renewal.ask_by), (Some(ends), Some(date(2026, 9, 14))));
    assert_eq!(renewal.standing(), "asked-in-time");
    hall.act(&Command::Accept(id.to_string())).unwrap();
    assert_eq!(hall.case(id).deadlines.as_ref().unwrap().renewal, Some(ends));
    hall.now = at(2026, 9, 21, 9);
    hall.act(&Command::SuspendCase { case: id.to_string(), procedure: "检测".into(), days: 30 }).unwrap();
    let (approver, reason) = ("局长".to_owned(), "案情复杂".to_owned());
    hall.now = at(2026, 9, 22, 9);
    hall.act(&Command::ResumeCase { case: id.to_string(), note: None }).unwrap();
    hall.act(&Command::ExtendCase { case: id.to_string(), days: 10, approver, reason }).unwrap();
    hall.act(&Command::SuspendCase { case: id.to_string(), procedure: "检测".into(), days: 30 }).unwrap();
    let due = hall.case(id).deadlines.clone().unwrap();
    assert_eq!(due.renewal, Some(ends));
    assert!(due.statutory.unwrap().date > ends);
    hall.now = ends.next_day().start().add_millis(-1);
    assert_eq!(hall.tick(), []);
    hall.now = ends.next_day().start();
    // Whoever is quicker than the clock can't undo what the law has done, and needs not do it.
    hall.act(&Command::ResumeCase { case: id.to_string(), note: None }).unwrap();
    for command in [decide(id, false), decide(id, true), Command::Withdraw { case: id.to_string(), reason: None }] {
        let refused = hall.act(&command).unwrap_err();
        assert_eq!(refused.code, "case-state");
        assert!(refused.en.contains("deemed granted"), "{}", refused.en);
    }
    let change = hall.act(&Command::Tick).unwrap();
    assert_eq!(change.reply, Reply::Tick { done: 1, more: false });
    assert_eq!(change.documents[0].content_type, "application/tongban-deemed-renewal+cbor");
    let case = hall.case(id).clone();
    assert_eq!((case.status, case.decided_on, case.renewal_at), (Status::Granted, Some(ends), None));
    assert_eq!(case.renewal.as_ref().unwrap().standing(), "deemed-renewed");
    let act = hall.state.acts.last().unwrap();
    assert_eq!((act.kind, act.operator.as_str()), (ActKind::DeemedRenewal, "system"));
    // A month of 2026-09-14 to 2026-10-14 goes on for a month; the identifier keeps its serial, the version is the next.
    let new = case.licences[0].clone();
    let (before, after) = (register(&hall, &old).clone(), register(&hall, &new).clone());
    assert_eq!((before.status, before.renewed_by.as_deref()), (licence::Status::Renewed, Some(new.as_str())));
    assert_eq!((after.status, after.renews.as_deref()), (licence::Status::Valid, Some(old.as_str())));
    assert_eq!((after.valid_from, after.valid_until), (Some(date(2026, 10, 15)), date(2026, 11, 14)));
    assert!(old.contains(".001.") && new.contains(".002."), "{old} {new}");
    // It is granted and issued: nothing more is issued or decided on it, and it is delivered and closed.
    assert_eq!(issue(&mut hall, id, TYPE, date(2031, 1, 1)), Err("licence-state"));
    assert_eq!(hall.tick(), []);
    hall.act(&Command::Deliver { case: id.to_string(), note: None }).unwrap();
    hall.act(&Command::Close(id.to_string())).unwrap();
    // The successor can be renewed in its turn, and ends a month later again.
    hall.now = at(2026, 10, 15, 9);
    let again = ask(&mut hall, &new);
    hall.act(&Command::Accept(again.to_string())).unwrap();
    hall.now = at(2026, 11, 15, 0);
    hall.act(&Command::Tick).unwrap();
    let third = hall.case(again).licences[0].clone();
    assert_eq!(register(&hall, &third).valid_until, date(2026, 12, 14));
}

/// A node that was off on the day records it when it runs again, as of the day.
#[test]
fn a_node_that_was_off_dates_back() {
    let ends = date(2026, 11, 30);
    let (mut hall, old) = licensed(ends);
    let id = ask(&mut hall, &old);
    hall.now = at(2026, 12, 24, 9);
    // Both are due: the acceptance that nobody spoke, then the renewal that nobody decided.
    hall.act(&Command::Tick).unwrap();
    assert!(hall.case(id).deemed && hall.case(id).status == Status::Accepted);
    hall.act(&Command::Tick).unwrap();
    assert_eq!((hall.case(id).status, hall.case(id).decided_on), (Status::Granted, Some(ends)));
}

#[test]
fn who_asks_late_has_no_second_deadline() {
    let (mut hall, old) = licensed(date(2026, 10, 13));
    let id = ask(&mut hall, &old);
    assert_eq!(hall.case(id).renewal.as_ref().unwrap().standing(), "asked-late");
    hall.act(&Command::Accept(id.to_string())).unwrap();
    assert_eq!(hall.case(id).deadlines.as_ref().unwrap().renewal, None);
    hall.now = at(2026, 10, 14, 9);
    assert_eq!(hall.tick(), []);
    hall.act(&decide(id, false)).unwrap();
    assert_eq!(register(&hall, &old).status, licence::Status::Valid);
}

/// What a notice asked for and came after the end was never complete while the licence held.
#[test]
fn what_was_completed_after_the_end_is_not_deemed() {
    let (mut hall, old) = licensed(date(2026, 10, 14));
    let id = ask(&mut hall, &old);
    hall.act(&Command::Notify {
        case: id.to_string(),
        items: vec!["检测报告".into()],
        new_reasons: Vec::new(),
        within: None,
    })
    .unwrap();
    hall.now = at(2026, 10, 15, 9);
    assert_eq!(hall.tick(), []);
    hall.act(&Command::AcceptEnough { case: id.to_string(), reason: "可以共享取得".into() }).unwrap();
    assert_eq!(hall.case(id).deadlines.as_ref().unwrap().renewal, None);
    assert_eq!(hall.tick(), []);
}

#[test]
fn a_renewal_that_is_decided() {
    let ends = date(2026, 10, 31);
    let (mut hall, old) = licensed(ends);
    let id = ask(&mut hall, &old);
    // One renewal at a time, and nothing is cancelled under it.
    let command = renewing(&hall, &old);
    assert_eq!(hall.code(&command), "renewal-pending");
    let cancel = Command::CancelLicence { licence: old.clone(), reason: "歇业".into() };
    assert_eq!(hall.code(&cancel), "renewal-pending");
    hall.act(&Command::Accept(id.to_string())).unwrap();
    hall.now = at(2026, 10, 20, 9);
    hall.act(&decide(id, true)).unwrap();
    assert_eq!(hall.case(id).renewal_at, None);
    assert_eq!(issue(&mut hall, id, "另一种证", date(2030, 10, 31)), Err("invalid-field"));
    assert_eq!(issue(&mut hall, id, TYPE, ends), Err("invalid-field"));
    let new = issue(&mut hall, id, TYPE, date(2030, 10, 31)).unwrap();
    assert_eq!(register(&hall, &old).status, licence::Status::Renewed);
    assert_eq!(register(&hall, &new).renews, Some(old.clone()));
    assert_eq!(hall.code(&cancel), "licence-state");
    assert_eq!(hall.code(&command), "licence-state");
    hall.now = at(2026, 11, 1, 9);
    assert_eq!(hall.tick(), []);
}

#[test]
fn what_was_denied_is_asked_for_again() {
    let (mut hall, old) = licensed(date(2026, 10, 31));
    let id = ask(&mut hall, &old);
    hall.act(&Command::Accept(id.to_string())).unwrap();
    hall.act(&decide(id, false)).unwrap();
    let second = ask(&mut hall, &old);
    hall.act(&Command::Withdraw { case: second.to_string(), reason: None }).unwrap();
    hall.act(&Command::CancelLicence { licence: old, reason: "歇业".into() }).unwrap();
    hall.now = at(2026, 11, 1, 9);
    assert_eq!(hall.tick(), []);
}

#[test]
fn what_can_not_be_renewed() {
    let (mut hall, old) = licensed(date(2026, 10, 31));
    for (licence, code) in [
        ("nothing", "invalid-field"),
        ("1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U", "licence-unknown"),
    ] {
        let command = renewing(&hall, licence);
        assert_eq!(hall.code(&command), code, "{licence}");
    }
    // Another holder.
    let mut command = renewing(&hall, &old);
    if let Command::Collect { applicant, .. } = &mut command {
        applicant.identity = "110101199003070011".into();
    }
    assert_eq!(hall.code(&command), "renewal-mismatch");
    // Another authority's matter.
    let mut command = renewing(&hall, &old);
    if let Command::Collect { item, .. } = &mut command {
        *item = "511F82001003".into();
    }
    assert_eq!(hall.code(&command), "renewal-mismatch");
    // What was cancelled, and what has ended.
    let mut cancelled = hall.clone();
    cancelled.act(&Command::CancelLicence { licence: old.clone(), reason: "歇业".into() }).unwrap();
    let command = renewing(&hall, &old);
    assert_eq!(cancelled.code(&command), "licence-state");
    hall.now = at(2026, 11, 1, 9);
    assert_eq!(hall.code(&command), "renewal-ended");
    hall.now = at(2026, 10, 31, 9);
    assert_eq!(hall.code(&command), "ok", "on its last day it can be asked for, late");
}

/// An item may lay down another term, with its basis.
#[test]
fn an_item_says_when_to_ask() {
    for (term, basis, standing) in [("10自然日", "条例第六条", "asked-in-time"), ("10自然日", "", "asked-late")]
    {
        let (mut hall, old) = licensed(date(2026, 9, 30));
        let mut item = row(2, &PERMIT);
        let link = [("name", "延续"), ("term", term), ("basis", basis)];
        let values = link.iter().filter(|(_, value)| !value.is_empty());
        let values = values.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        item.lists = [("special_links".to_owned(), vec![ListRow { row: 2, values }])].into();
        let report = hall.import(std::slice::from_ref(&item));
        assert_eq!(report.rejected, 0, "{report:?}");
        hall.act(&Command::PublishItems(Some(PERMIT[3].1.to_owned()))).unwrap();
        let id = ask(&mut hall, &old);
        assert_eq!(hall.case(id).renewal.as_ref().unwrap().standing(), standing, "{basis}");
    }
}

/// The window elsewhere names the licence; the authority's node judges it, and both show the same clock and the same end.
#[test]
fn a_renewal_that_is_asked_for_elsewhere() {
    let ends = date(2026, 10, 31);
    let (mut home, old) = licensed(ends);
    let mut town = daishi(&home);
    let command = match renewing(&home, &old) {
        Command::Collect { item, applicant, materials, renews, agent, .. } => {
            let (division, mode, hold) = (home.division(), None, false);
            Command::Collect { item, division, mode, applicant, materials, hold, renews, agent, by: None }
        }
        other => panic!("{other:?}"),
    };
    let change = town.act(&command).unwrap();
    let Reply::Collected(collected) = change.reply else { panic!() };
    let id = collected.case;
    assert_eq!(town.case(id).renewal.as_ref().unwrap().standing(), "asked");
    let same = |home: &Hall, town: &Hall| {
        let clock = |hall: &Hall| {
            let case = hall.case(id).clone();
            (case.status, case.deadlines, case.renewal, case.licences, case.decided_on)
        };
        assert_eq!(clock(home), clock(town));
    };
    // A week on the way doesn't make it late: it was asked for at the window.
    home.now = at(2026, 10, 8, 9);
    for notice in carry(&change.notices[0], &mut town, &mut home) {
        carry(&notice, &mut home, &mut town);
    }
    same(&home, &town);
    assert_eq!(home.case(id).renewal.as_ref().unwrap().standing(), "asked-in-time");
    for notice in home.act(&Command::Accept(id.to_string())).unwrap().notices {
        carry(&notice, &mut home, &mut town);
    }
    same(&home, &town);
    assert_eq!(town.case(id).deadlines.as_ref().unwrap().renewal, Some(ends));
    // The town's own clock does nothing about it.
    (home.now, town.now) = (at(2026, 11, 1, 0), at(2026, 11, 3, 0));
    assert_eq!(town.tick(), []);
    for notice in home.act(&Command::Tick).unwrap().notices {
        carry(&notice, &mut home, &mut town);
    }
    same(&home, &town);
    assert_eq!(town.case(id).renewal.as_ref().unwrap().standing(), "deemed-renewed");
    assert_eq!(town.case(id).licences.len(), 1);
}

/// What the authority's register doesn't hold goes back to the window, which keeps the case.
#[test]
fn a_hand_over_that_names_no_licence_of_the_authority() {
    let mut home = guangan();
    let mut town = daishi(&home);
    let command = renewing(&home, "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U");
    let change = town.act(&command).unwrap();
    let NoticeBody::Offer(offer) = &change.notices[0].body else { panic!() };
    assert!(offer.renews.is_some());
    carry(&change.notices[0], &mut town, &mut home);
    let act = town.state.acts.last().unwrap();
    assert_eq!(act.kind, ActKind::RefuseCustody);
    assert!(act.note.as_ref().unwrap().starts_with("licence-unknown"), "{act:?}");
    assert!(home.state.cases.is_empty());
}

#[test]
fn periods_that_follow() {
    for (from, until, next) in [
        ("2022-09-15", "2026-09-14", "2030-09-14"),
        ("2022-09-14", "2026-09-14", "2030-09-14"),
        ("2022-11-01", "2026-10-31", "2030-10-31"),
        ("2025-03-01", "2026-02-28", "2027-02-28"),
        ("2024-03-01", "2025-02-28", "2026-02-28"),
        ("2026-01-01", "2026-01-31", "2026-02-28"),
        ("2026-01-31", "2026-02-28", "2026-03-28"),
        ("2026-01-01", "2026-01-10", "2026-01-20"),
        ("2026-01-05", "2026-01-05", "2026-01-06"),
        ("2024-02-29", "2025-02-28", "2026-02-28"),
    ] {
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert_eq!(following_period(day(from), day(until)), day(next), "{from} {until}");
    }
}

#[test]
fn days_to_ask_by() {
    let calendar = Calendar::embedded();
    for (ends, days, unit, last) in [
        (date(2026, 10, 31), 30, Unit::NaturalDays, date(2026, 10, 1)),
        (date(2026, 3, 30), 30, Unit::NaturalDays, date(2026, 2, 28)),
        (date(2026, 3, 30), 0, Unit::NaturalDays, date(2026, 3, 30)),
        // Monday, with one working day after what is left: Friday before, whose weekend then lies between.
        (date(2026, 3, 30), 1, Unit::WorkingDays, date(2026, 3, 29)),
        (date(2026, 3, 30), 2, Unit::WorkingDays, date(2026, 3, 26)),
    ] {
        let term = Term { days, unit };
        assert_eq!(ask_by(calendar, ends, term), last);
        let lies_after = match unit {
            Unit::NaturalDays => u32::try_from(ends.days_since(last)).unwrap(),
            Unit::WorkingDays => calendar.working_days_between(last, ends),
        };
        assert_eq!(lies_after, u32::from(days));
    }
}

/// A correction of the applicant's number is checked as the application was: who doesn't hold the licence doesn't renew it.
#[test]
fn an_amendment_gives_a_renewal_to_no_other() {
    use tongban_domain::case::{Amended, AmendedField};
    let (mut hall, old) = licensed(date(2026, 12, 31));
    let id = ask(&mut hall, &old);
    let (value, reason) = ("110101199003071997".to_owned(), "录入有误".to_owned());
    let amended = Amended { field: AmendedField::ApplicantId, value, reason };
    assert_eq!(hall.code(&Command::Amend { case: id.to_string(), amended }), "renewal-mismatch");
}
