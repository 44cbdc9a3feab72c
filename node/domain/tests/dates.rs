//! Versions that wait for their day, beside what is suspended, withdrawn, replaced or moved meanwhile.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{CARD, Hall, PERMIT, at, credit, date, row};
use tongban_codes::time::Date;
use tongban_domain::catalogue::{Collision, Import, ImportTerms, ItemAct, ItemState, Reorganisation, Selection};
use tongban_domain::{Command, Reply};

fn ticks(hall: &mut Hall) {
    for _ in 0..8 {
        if hall.act(&Command::Tick).unwrap().events.is_empty() {
            return;
        }
    }
    panic!("the clock never comes to rest");
}

fn on(hall: &mut Hall, year: i16, month: u8, day: u8) {
    hall.now = at(year, month, day, 8);
    ticks(hall);
}

fn bring(code: &str, act: ItemAct) -> Command {
    Command::BringItems { act, which: Selection::One(code.into()), dry_run: false }
}

/// The columns with others in their place, or beside them.
fn with<'a>(columns: &[(&'a str, &'a str)], others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let stays = |column: &&(&str, &str)| !others.iter().any(|(name, _)| *name == column.0);
    columns.iter().filter(stays).chain(others).copied().collect()
}

fn draft(hall: &mut Hall, columns: &[(&str, &str)], others: &[(&str, &str)]) {
    let report = hall.import(&[row(2, &with(columns, others))]);
    assert_eq!(report.rejected, 0, "{report:?}");
}

fn offer(hall: &mut Hall, columns: &[(&str, &str)], others: &[(&str, &str)]) {
    draft(hall, columns, others);
    let code = with(columns, others).iter().find(|(name, _)| *name == "local_item_code").unwrap().1.to_owned();
    hall.act(&bring(&code, ItemAct::Publish { difference: None })).unwrap();
}

const OLD: &str = PERMIT[3].1;
const BY: &str = CARD[3].1;

/// In force, and beside it versions that wait for March and September 2027, and a draft.
fn waits() -> Hall {
    let mut hall = hall::guangan();
    offer(&mut hall, &PERMIT, &[("effective", "2027-03-01"), ("promised_days", "4")]);
    offer(&mut hall, &PERMIT, &[("effective", "2027-09-01"), ("promised_days", "3")]);
    draft(&mut hall, &PERMIT, &[("effective", "2027-12-01"), ("promised_days", "2")]);
    assert_eq!((hall.state.waiting.len(), hall.state.drafts.len()), (2, 1));
    hall
}

#[test]
fn a_last_day_holds_for_what_begins_before_it() {
    let withdraw = bring(OLD, ItemAct::Withdraw { reason: None, from: Some(date(2027, 6, 1)) });
    let replace = Command::ReplaceItem { old: OLD.into(), by: BY.into(), from: date(2027, 6, 1), order: None };
    for (act, successor) in [(withdraw, None), (replace, Some(BY))] {
        let mut hall = waits();
        hall.act(&act).unwrap();
        assert_eq!(hall.state.waiting.keys().map(|(_, version)| *version).collect::<Vec<_>>(), [2]);
        assert_eq!(hall.state.drafts.len(), 1, "the draft stays");
        on(&mut hall, 2027, 3, 1);
        let item = hall.state.items[OLD].clone();
        assert_eq!((item.version, item.state, item.cancel), (2, ItemState::Published, Some(date(2027, 5, 31))));
        assert_eq!(item.successor.map(|successor| successor.code).as_deref(), successor);
        on(&mut hall, 2027, 6, 1);
        assert_eq!(hall.state.items[OLD].state, ItemState::Withdrawn);
        on(&mut hall, 2027, 9, 1);
        assert_eq!((hall.state.items[OLD].version, hall.state.items[OLD].state), (2, ItemState::Withdrawn));
    }
}

#[test]
fn a_code_that_changes_takes_what_waits_along() {
    let (first, second) = (credit("11511602MB0000001"), credit("11511602MB0000002"));
    let mut hall = Hall::new("511602", "广安区");
    let code = format!("{first}4510116013001");
    let columns = with(&PERMIT, &[("local_item_code", &code), ("department_code", &first)]);
    offer(&mut hall, &columns, &[]);
    offer(&mut hall, &columns, &[("effective", "2027-03-01"), ("promised_days", "4")]);
    offer(&mut hall, &columns, &[("effective", "2027-09-01"), ("promised_days", "3")]);
    let from: Date = date(2027, 6, 1);
    let plan =
        Reorganisation { old: Vec::new(), into: PERMIT[0].1.into(), code: Some(second.clone()), from, order: None };
    hall.act(&Command::Reorganise { plan, dry_run: false }).unwrap();
    let next = format!("{second}4510116013001");
    on(&mut hall, 2027, 3, 1);
    assert_eq!(hall.state.items[&code].successor.as_ref().unwrap().code, next);
    on(&mut hall, 2027, 6, 1);
    let promised = |hall: &Hall| hall.state.items[&next].promised.unwrap().days;
    assert_eq!((hall.state.items[&code].state, promised(&hall)), (ItemState::Withdrawn, 4));
    on(&mut hall, 2027, 9, 1);
    assert_eq!((hall.state.items[&code].state, promised(&hall)), (ItemState::Withdrawn, 3));
}

/// What is suspended is the item: whatever begins meanwhile, no case is taken until somebody resumes it.
#[test]
fn a_suspension_outlasts_what_begins() {
    let mut hall = waits();
    hall.act(&bring(OLD, ItemAct::Suspend { reason: "法律修改中".into() })).unwrap();
    on(&mut hall, 2027, 3, 1);
    let item = hall.state.items[OLD].clone();
    assert_eq!((item.version, item.state, item.editing.note.as_deref()), (2, ItemState::Suspended, Some("法律修改中")));
    assert_eq!((hall.state.waiting.len(), hall.state.drafts.len()), (1, 1));
    let division = hall.division();
    assert_eq!(hall.code(&hall::collect(OLD, division)), "item-suspended");
    // The draft was made beside version 1, and stays a draft of the next, whatever is said of version 2.
    let last_day = ItemAct::Withdraw { reason: None, from: Some(date(2028, 1, 1)) };
    let replace = Command::ReplaceItem { old: OLD.into(), by: BY.into(), from: date(2028, 2, 1), order: None };
    for said in [bring(OLD, ItemAct::Resume {}), bring(OLD, last_day), replace] {
        hall.act(&said).unwrap();
        assert_eq!(hall.state.drafts.get(OLD).map(|draft| draft.version), Some(1), "{said:?}");
    }
    on(&mut hall, 2027, 9, 1);
    assert_eq!((hall.state.items[OLD].version, hall.state.items[OLD].state), (3, ItemState::Published));
}

/// A suspension is of the day on which somebody suspended the item, whatever begins or is said of it meanwhile.
#[test]
fn a_suspension_keeps_its_day() {
    let mut hall = waits();
    hall.act(&bring(OLD, ItemAct::Suspend { reason: "法律修改中".into() })).unwrap();
    let suspended = (ItemState::Suspended, Some(hall.now));
    let stands = |hall: &Hall| (hall.state.items[OLD].state, hall.state.items[OLD].editing.at);
    assert_eq!(stands(&hall), suspended);
    on(&mut hall, 2027, 3, 1);
    assert_eq!((hall.state.items[OLD].version, stands(&hall)), (2, suspended));
    let last_day = ItemAct::Withdraw { reason: None, from: Some(date(2028, 1, 1)) };
    let replace = Command::ReplaceItem { old: OLD.into(), by: BY.into(), from: date(2027, 12, 1), order: None };
    for said in [bring(OLD, last_day), replace] {
        hall.act(&said).unwrap();
        assert_eq!(stands(&hall), suspended, "{said:?}");
    }
    on(&mut hall, 2027, 9, 1);
    assert_eq!((hall.state.items[OLD].version, stands(&hall)), (3, suspended));
    // What ends it is of its own day.
    on(&mut hall, 2027, 12, 1);
    assert_eq!(stands(&hall), (ItemState::Withdrawn, Some(hall.now)));
}

const BASE: &str = "510116013001";

fn release(hall: &mut Hall, name: &str, effective: &str) {
    let columns = [
        ("department", "省卫生健康委"),
        ("name", name),
        ("item_type", "01"),
        ("base_code", BASE),
        ("legal_basis", "某条例"),
        ("effective", effective),
    ];
    assert_eq!(hall.import(&[row(2, &columns)]).rejected, 0);
    hall.act(&Command::PublishItems(Some(BASE.into()))).unwrap();
}

fn held(hall: &Hall, year: i16, month: u8, day: u8) -> Option<(u32, &str)> {
    let base = hall.state.bases[BASE].holding(date(year, month, day))?;
    Some((base.version, base.core.name.as_str()))
}

#[test]
fn releases_for_later_days_hold_one_after_the_other() {
    let mut hall = Hall::new("510000", "四川省");
    release(&mut hall, "一", "");
    release(&mut hall, "二", "2026-10-01");
    release(&mut hall, "三", "2026-12-01");
    let holds = |hall: &Hall| {
        [(2026, 9, 30), (2026, 10, 1), (2026, 11, 1), (2026, 12, 1)]
            .map(|(y, m, d)| held(hall, y, m, d).map(|(_, name)| name.to_owned()).unwrap_or_default())
    };
    assert_eq!(holds(&hall), ["一", "二", "二", "三"]);
    // What begins on another day than the new one goes on, whichever comes first.
    release(&mut hall, "四", "2026-11-01");
    assert_eq!(holds(&hall), ["一", "二", "四", "三"]);
    release(&mut hall, "五", "");
    assert_eq!(holds(&hall), ["五", "二", "四", "三"]);
    let numbers: Vec<u32> = hall.state.base_versions.keys().map(|(_, version)| *version).collect();
    assert_eq!(
        (hall.state.bases[BASE].version, numbers),
        (9, (1..=9).collect()),
        "each is released under a number of its own"
    );
    release(&mut hall, "六", "2026-12-01");
    assert_eq!(holds(&hall), ["五", "二", "四", "六"]);
    let mut hall = Hall::new("510000", "四川省");
    release(&mut hall, "一", "");
    for day in 1..=8 {
        release(&mut hall, &format!("后{day}"), &format!("2027-01-0{day}"));
    }
    let columns = [("name", "后九"), ("effective", "2027-01-09")];
    let all = [("department", "省卫生健康委"), ("item_type", "01"), ("base_code", BASE), columns[0], columns[1]];
    hall.import(&[row(2, &all)]);
    let refused = hall.act(&Command::PublishItems(Some(BASE.into()))).unwrap_err();
    assert_eq!((refused.code, refused.field), ("invalid-field", "effective"));
}

/// Where nothing is in force yet, the first to begin binds, and not the last.
#[test]
fn what_is_made_before_the_first_release_begins_is_bound_by_the_first() {
    let mut hall = Hall::new("510000", "四川省");
    release(&mut hall, "一", "2026-10-01");
    release(&mut hall, "二", "2026-12-01");
    let binding = |day: Date| hall.state.bases[BASE].binding(day).map(|base| base.core.name.as_str());
    let days = [date(2026, 9, 14), date(2026, 10, 1), date(2026, 12, 1)];
    assert_eq!(days.map(binding), [Some("一"), Some("一"), Some("二")]);
    assert_eq!(held(&hall, 2026, 9, 14), None);
}

#[test]
fn a_base_item_that_is_suspended_stays_beside_its_draft_and_behind_its_next_version() {
    let mut hall = Hall::new("510000", "四川省");
    release(&mut hall, "一", "");
    hall.act(&bring(BASE, ItemAct::Suspend { reason: "依据修订".into() })).unwrap();
    let columns = [
        ("department", "省卫生健康委"),
        ("name", "二"),
        ("item_type", "01"),
        ("base_code", BASE),
        ("legal_basis", "某条例"),
        ("effective", "2026-10-01"),
    ];
    hall.import(&[row(2, &columns)]);
    let draft = &hall.state.bases[BASE];
    let beside = draft.in_force.as_deref().map(|beside| (beside.version, beside.state));
    assert_eq!((draft.state, beside), (ItemState::Draft, Some((1, ItemState::Suspended))));
    let terms = ImportTerms { on_collision: Collision::Overwrite, ..ImportTerms::default() };
    let rows = vec![row(2, &with(&columns, &[("name", "三")]))];
    let Reply::Imported(report) = hall.act(&Command::ImportItems(Import { rows, terms })).unwrap().reply else {
        panic!("an import");
    };
    assert_eq!(report.rows[0].code, "item-in-force");
    // It can be resumed beside the draft, and suspended again.
    for (act, days) in [(ItemAct::Resume {}, Some((1, "一"))), (ItemAct::Suspend { reason: "再次".into() }, None)] {
        hall.act(&bring(BASE, act)).unwrap();
        assert_eq!(held(&hall, 2026, 9, 14), days);
    }
    // Published for a later day it stays suspended, on that day too.
    hall.act(&Command::PublishItems(Some(BASE.into()))).unwrap();
    assert_eq!(hall.state.bases[BASE].state, ItemState::Suspended);
    assert_eq!((held(&hall, 2026, 9, 30), held(&hall, 2026, 10, 1)), (None, None));
    hall.act(&bring(BASE, ItemAct::Resume {})).unwrap();
    assert_eq!((held(&hall, 2026, 9, 30), held(&hall, 2026, 10, 1)), (Some((1, "一")), Some((2, "二"))));
}

/// A release that waits doesn't keep what holds before it: both end, and what would begin after the last day never does.
#[test]
fn a_base_item_ends_before_a_release_that_waits_begins() {
    let withdraw = |month, day| bring(BASE, ItemAct::Withdraw { reason: None, from: Some(date(2026, month, day)) });
    let mut hall = Hall::new("510000", "四川省");
    release(&mut hall, "一", "");
    release(&mut hall, "二", "2026-12-01");
    hall.act(&withdraw(10, 1)).unwrap();
    let holds = |hall: &Hall| {
        [(9, 30), (10, 1), (11, 30), (12, 1), (12, 31)]
            .map(|(month, day)| held(hall, 2026, month, day).map(|held| held.0))
    };
    assert_eq!(holds(&hall), [Some(1), None, None, None, None]);
    assert_eq!(hall.state.bases[BASE].binding(date(2026, 10, 1)), None, "nobody is bound by what never begins");
    // An order that is put off: both hold again until then.
    let Reply::Life(report) = hall.act(&withdraw(12, 15)).unwrap().reply else { panic!("a withdrawal") };
    let done = &report.done[0];
    assert_eq!((done.waits_until, done.last_day), (Some(date(2026, 12, 1)), Some(date(2026, 12, 14))));
    assert_eq!(holds(&hall), [Some(1), Some(1), Some(1), Some(2), None]);
    let Reply::Life(report) = hall.act(&withdraw(11, 1)).unwrap().reply else { panic!("a withdrawal") };
    assert_eq!(report.done[0].waits_until, None);
    on(&mut hall, 2026, 11, 1);
    assert_eq!(hall.state.bases[BASE].state, ItemState::Withdrawn);
    // What begins on the last day or later can't end before it.
    let mut hall = Hall::new("510000", "四川省");
    release(&mut hall, "一", "2026-12-01");
    assert_eq!(hall.code(&withdraw(12, 1)), "item-state");
}

/// A correction that is urgent takes back nothing that was published for later.
#[test]
fn what_waits_for_a_later_day_follows_what_is_published_before_it() {
    let mut hall = waits();
    let promises = |hall: &Hall| {
        let waiting = hall.state.waiting.values();
        waiting.map(|item| (item.version, item.promised.unwrap().days)).collect::<Vec<_>>()
    };
    draft(&mut hall, &PERMIT, &[("promised_days", "1")]);
    let Reply::Life(report) = hall.act(&bring(OLD, ItemAct::Publish { difference: None })).unwrap().reply else {
        panic!("a publication");
    };
    let done = &report.done[0];
    assert_eq!((done.version, &*done.followed_by), (4, &[(5, date(2027, 3, 1)), (6, date(2027, 9, 1))][..]));
    assert_eq!((hall.state.items[OLD].promised.unwrap().days, promises(&hall)), (1, vec![(5, 4), (6, 3)]));
    // Between the two: the sooner one stays as it is.
    offer(&mut hall, &PERMIT, &[("effective", "2027-06-01"), ("promised_days", "2")]);
    assert_eq!(promises(&hall), [(5, 4), (7, 2), (8, 3)]);
    // For the same day: it takes the other's place.
    offer(&mut hall, &PERMIT, &[("effective", "2027-06-01"), ("promised_days", "5")]);
    assert_eq!(promises(&hall), [(5, 4), (9, 5), (10, 3)]);
    for (month, days) in [(3, 4), (6, 5), (9, 3)] {
        on(&mut hall, 2027, month, 1);
        assert_eq!(hall.state.items[OLD].promised.unwrap().days, days);
    }
    assert_eq!(hall.state.waiting.len(), 0);
}

#[test]
fn a_release_that_waits_is_taken_back() {
    let mut hall = Hall::new("510000", "四川省");
    release(&mut hall, "一", "");
    release(&mut hall, "二", "2026-10-01");
    release(&mut hall, "三", "2026-12-01");
    let take_back = |version| Command::TakeBackItem { item: BASE.into(), version };
    let holds = |hall: &Hall| {
        [(9, 30), (10, 1), (12, 1)]
            .map(|(month, day)| held(hall, 2026, month, day).map(|(_, name)| name.to_owned()).unwrap())
    };
    assert_eq!((hall.code(&take_back(1)), hall.code(&take_back(4))), ("item-unknown", "item-unknown"));
    hall.act(&take_back(2)).unwrap();
    assert_eq!((hall.state.bases[BASE].version, holds(&hall)), (3, ["一", "一", "三"].map(str::to_owned)));
    // Where the last goes, what stands is released again, beside a draft and while it is suspended alike.
    hall.act(&bring(BASE, ItemAct::Suspend { reason: "依据修订".into() })).unwrap();
    let columns = [("department", "省卫生健康委"), ("name", "四"), ("item_type", "01"), ("base_code", BASE)];
    assert_eq!(hall.import(&[row(2, &columns)]).rejected, 0);
    hall.act(&take_back(3)).unwrap();
    let row = &hall.state.bases[BASE];
    let beside = row.in_force.as_deref().map(|beside| (beside.version, beside.state, beside.editing.note.as_deref()));
    assert_eq!(
        (row.state, row.version, beside),
        (ItemState::Draft, 4, Some((4, ItemState::Suspended, Some("依据修订"))))
    );
    hall.act(&bring(BASE, ItemAct::Resume {})).unwrap();
    assert_eq!(holds(&hall), ["一"; 3].map(str::to_owned));
    hall.act(&Command::PublishItems(Some(BASE.into()))).unwrap();
    assert_eq!((hall.state.bases[BASE].version, holds(&hall)), (5, ["四"; 3].map(str::to_owned)));
    // With nothing before it a release is withdrawn instead.
    let mut hall = Hall::new("510000", "四川省");
    release(&mut hall, "一", "2026-10-01");
    assert_eq!(hall.code(&take_back(1)), "item-state");
    hall.act(&bring(BASE, ItemAct::Withdraw { reason: None, from: None })).unwrap();
}
