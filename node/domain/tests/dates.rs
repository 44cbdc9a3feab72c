//! Versions that wait for their day, beside what is suspended, withdrawn, replaced or moved meanwhile.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{CARD, Hall, PERMIT, at, credit, date, row};
use tongban_codes::time::Date;
use tongban_domain::Command;
use tongban_domain::catalogue::{ItemAct, ItemState, Reorganisation, Selection};

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
