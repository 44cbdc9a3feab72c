//! Departments that merge, codes that change, items that take another's place: nothing in the making is lost, and no chain of successors
//! ends in nothing.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{CARD, Hall, PERMIT, credit, date, row};
use tongban_codes::time::Date;
use tongban_domain::catalogue::{
    ItemAct, ItemState, Policy, Reorganisation, ReorganisationReport, Selection, ServiceItem, Standard, StandardBody,
};
use tongban_domain::{Command, Event, Reply};

fn with<'a>(columns: &[(&'a str, &'a str)], others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let stays = |column: &&(&str, &str)| !others.iter().any(|(name, _)| *name == column.0);
    columns.iter().filter(stays).chain(others).copied().collect()
}

/// The code of the permit at a department, which begins with the department's.
fn national(credit: &str) -> String {
    format!("{credit}4510116013001")
}

/// The permit of a department under that code.
fn permit_of<'a>(
    department: &'a str,
    credit: &'a str,
    code: &'a str,
    terms: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let own = [("department", department), ("department_code", credit), ("local_item_code", code)];
    with(&PERMIT, &[&own, terms].concat())
}

fn reorganise(hall: &mut Hall, old: &[&str], into: &str, code: &str, from: Date) -> ReorganisationReport {
    let old = old.iter().map(|old| (*old).to_owned()).collect();
    let plan = Reorganisation { old, into: into.into(), code: Some(code.into()), from, order: None };
    match hall.act(&Command::Reorganise { plan, dry_run: false }).unwrap().reply {
        Reply::Reorganised(report) => report,
        other => panic!("{other:?}"),
    }
}

fn promised(item: &ServiceItem) -> u16 {
    item.promised.unwrap().days
}

/// A draft that names the new department already isn't one of the old department's, and was taken away by what was published.
#[test]
fn a_draft_outlives_a_merger_whichever_department_it_names() {
    let new = credit("11511602MB0000001");
    for from in [date(2026, 9, 14), date(2027, 1, 1)] {
        for department in ["区行政审批局", "区数据局"] {
            let mut hall = hall::guangan();
            let changed =
                with(&PERMIT, &[("department", department), ("department_code", &new), ("promised_days", "2")]);
            assert_eq!(hall.import(&[row(2, &changed)]).rejected, 0);
            let code = PERMIT[3].1;
            let report = reorganise(&mut hall, &["区行政审批局"], "区数据局", &new, from);
            assert_eq!(report.refused, []);
            let draft = hall.state.drafts.get(code).unwrap_or_else(|| panic!("{department} from {from}"));
            assert_eq!((draft.department.as_str(), promised(draft)), ("区数据局", 2));
            hall.act(&Command::PublishItems(Some(code.into()))).unwrap();
            assert_eq!(promised(&hall.state.items[code]), 2);
        }
    }
}

/// An item and a draft of a new one under national codes, which begin with the department's.
#[test]
fn drafts_of_two_departments_that_meet_under_one_code_both_stay() {
    let (first, second, new) = (credit("11511602MB0000001"), credit("11511602MB0000002"), credit("11511602MB0000003"));
    let mut hall = Hall::new("511602", "广安区");
    for (department, credit, days) in [("甲局", &first, "4"), ("乙局", &second, "3")] {
        let code = national(credit);
        let permit = permit_of(department, credit, &code, &[("promised_days", days)]);
        assert_eq!(hall.import(&[row(2, &permit)]).rejected, 0);
    }
    let report = reorganise(&mut hall, &["甲局", "乙局"], "丙局", &new, date(2026, 9, 14));
    let refused: Vec<_> = report.refused.iter().map(|refused| (&*refused.item, refused.rejection.code)).collect();
    assert_eq!((report.drafts, refused), (vec![national(&new)], vec![(&*national(&second), "item-state")]));
    let days: Vec<(&str, u16)> =
        hall.state.drafts.values().map(|draft| (&*draft.department, promised(draft))).collect();
    assert_eq!(days, [("乙局", 3), ("丙局", 4)]);
}

/// Both departments offered the same: one goes on, and what the other had waiting doesn't overwrite what waits there.
#[test]
fn what_waits_at_two_departments_that_merge_waits_once() {
    let (first, second, new) = (credit("11511602MB0000001"), credit("11511602MB0000002"), credit("11511602MB0000003"));
    let mut hall = Hall::new("511602", "广安区");
    for (department, credit, days) in [("甲局", &first, ["9", "8"]), ("乙局", &second, ["7", "6"])] {
        for (effective, days) in ["2026-09-01", "2027-09-01"].into_iter().zip(days) {
            hall.offer_item(&permit_of(
                department,
                credit,
                &national(credit),
                &[("promised_days", days), ("effective", effective)],
            ));
        }
    }
    let report = reorganise(&mut hall, &["甲局", "乙局"], "丙局", &new, date(2027, 1, 1));
    assert_eq!(report.refused, []);
    let next = national(&new);
    let later: Vec<u16> = hall.state.waiting.values().filter(|item| item.code == next).map(promised).collect();
    assert_eq!((promised(&hall.state.items[&next]), later), (9, vec![8]));
    assert_eq!(
        report.moved.iter().map(|moved| moved.version).collect::<Vec<_>>(),
        [1, 1],
        "the version that takes both"
    );
}

/// What a merger renames counts on under its first code, but a draft brought beside an item that stands goes on in that one's line, whose
/// numbers were granted already.
#[test]
fn a_draft_beside_an_item_that_stands_takes_its_line_over() {
    let (second, new) = (credit("11511602MB0000002"), credit("11511602MB0000003"));
    let (before, next) = (national(&second), national(&new));
    for stands in [true, false] {
        let mut hall = Hall::new("511602", "广安区");
        if stands {
            hall.offer_item(&permit_of("丙局", &new, &next, &[]));
        }
        hall.offer_item(&permit_of("乙局", &second, &before, &[]));
        let draft = permit_of("乙局", &second, &before, &[("promised_days", "2")]);
        assert_eq!(hall.import(&[row(2, &draft)]).rejected, 0);
        let report = reorganise(&mut hall, &["乙局"], "丙局", &new, date(2026, 9, 14));
        assert_eq!((report.refused, report.drafts), (vec![], vec![next.clone()]));
        hall.act(&Command::PublishItems(Some(next.clone()))).unwrap();
        let item = &hall.state.items[&next];
        assert_eq!((promised(item), item.counts_under.clone()), (2, (!stands).then(|| before.clone())));
    }
}

fn bring(code: &str, act: ItemAct) -> Command {
    Command::BringItems { act, which: Selection::One(code.into()), dry_run: false }
}

/// What goes on under a code that stands already takes cases there from the day on, or the merger would leave a gap.
#[test]
fn a_merger_onto_a_code_that_takes_no_cases_is_refused() {
    let (first, new) = (credit("11511602MB0000001"), credit("11511602MB0000003"));
    let (old, next) = (national(&first), national(&new));
    let from = date(2027, 1, 1);
    let suspend =
        |hall: &mut Hall| drop(hall.act(&bring(&national(&new), ItemAct::Suspend { reason: "停".into() })).unwrap());
    let withdraw = |hall: &mut Hall, from: Date| {
        drop(hall.act(&bring(&national(&new), ItemAct::Withdraw { reason: None, from: Some(from) })).unwrap());
    };
    type Before<'a> = &'a dyn Fn(&mut Hall);
    let cases: [(&str, &str, Before<'_>, bool); 5] = [
        ("it goes on", "", &|_| (), true),
        ("suspended", "", &suspend, false),
        ("ends before", "", &|hall| withdraw(hall, date(2026, 12, 1)), false),
        ("ends after the first day", "", &|hall| withdraw(hall, date(2027, 1, 2)), true),
        ("begins after", "2027-01-02", &|_| (), false),
    ];
    for (name, effective, before, goes_on) in cases {
        let mut hall = Hall::new("511602", "广安区");
        hall.offer_item(&permit_of("甲局", &first, &old, &[]));
        hall.offer_item(&permit_of("丙局", &new, &next, &[("effective", effective), ("promised_days", "4")]));
        before(&mut hall);
        let report = reorganise(&mut hall, &["甲局"], "丙局", &new, from);
        let refused: Vec<_> = report.refused.iter().map(|refused| (&*refused.item, refused.rejection.code)).collect();
        let item = &hall.state.items[&old];
        if goes_on {
            assert_eq!(
                (refused, report.moved[0].version, item.cancel),
                (vec![], 1, Some(date(2026, 12, 31))),
                "{name}"
            );
        } else {
            assert_eq!((refused, item.cancel), (vec![(&*old, "item-not-published")], None), "{name}");
            assert_eq!((hall.state.drafts.len(), item.successor.is_none()), (0, true), "{name}");
        }
    }
}

/// Two items that can't be published as they are leave the draft of the first, and none is written over another.
#[test]
fn what_is_refused_at_two_departments_that_merge_is_drafted_once() {
    let (first, second, new) = (credit("11511602MB0000001"), credit("11511602MB0000002"), credit("11511602MB0000003"));
    let mut hall = Hall::new("511602", "广安区");
    for (department, credit, days) in [("甲局", &first, "4"), ("乙局", &second, "3")] {
        hall.offer_item(&permit_of(department, credit, &national(credit), &[("promised_days", days)]));
    }
    let place = hall.place();
    hall.state.fold(&Event::Standard(Box::new(Standard {
        code: "catalogue".into(),
        body: StandardBody::Policy(Policy { quality_min: Some(100), ..Policy::default() }),
        division: place.division,
        node: place.node,
        version: 1,
        state: ItemState::Published,
        effective: None,
        department: None,
        in_force: None,
    })));
    let report = reorganise(&mut hall, &["甲局", "乙局"], "丙局", &new, date(2026, 9, 14));
    assert_eq!((report.moved.len(), report.refused.len()), (0, 2));
    let drafts: Vec<_> = hall.state.drafts.iter().map(|(code, draft)| (code.clone(), promised(draft))).collect();
    assert_eq!(drafts, [(national(&new), 4)]);
}

fn replace(old: &str, by: &str, from: Date) -> Command {
    Command::ReplaceItem { old: old.into(), by: by.into(), from, order: None }
}

#[test]
fn a_successor_is_another_item_that_goes_on() {
    let (old, by) = (PERMIT[3].1, CARD[3].1);
    let from = date(2027, 1, 1);
    let fresh = || {
        let mut hall = hall::guangan();
        let base =
            [("department", "区卫健局"), ("name", "基本事项"), ("item_type", "01"), ("base_code", "510116013001")];
        let other = with(&base, &[("base_code", "510116013002"), ("name", "另一基本事项")]);
        hall.import(&[row(2, &base), row(3, &other)]);
        hall.publish_all();
        hall
    };
    let withdraw = |from| bring(by, ItemAct::Withdraw { reason: None, from: Some(from) });
    let merge = |hall: &mut Hall| {
        let new = credit("11511602MB0000001");
        let mut authority = hall.state.authorities.values().find(|known| known.name == CARD[0].1).unwrap().clone();
        reorganise(hall, &[CARD[0].1], "区民政局", &new, date(2026, 12, 1));
        authority.successor = hall.state.authorities[&authority.id].successor.clone();
        // The item itself stands as it did: only its department has gone.
        let mut item = hall.state.items[by].clone();
        (item.authority, item.cancel, item.successor) = (authority.id, None, None);
        hall.state.items.insert(by.into(), item);
        hall.state.waiting.clear();
    };
    type Before<'a> = &'a dyn Fn(&mut Hall);
    let cases: [(&str, Before<'_>, Command, &str); 11] = [
        ("it goes on", &|_| (), replace(old, by, from), "ok"),
        ("itself", &|_| (), replace(old, old, from), "invalid-field"),
        ("nothing", &|_| (), replace(old, "没有", from), "item-unknown"),
        ("a base item", &|_| (), replace(old, "510116013001", from), "invalid-field"),
        ("an item for a base item", &|_| (), replace("510116013001", by, from), "invalid-field"),
        ("a base item for itself", &|_| (), replace("510116013001", "510116013001", from), "invalid-field"),
        (
            "suspended",
            &|hall| {
                hall.act(&bring(by, ItemAct::Suspend { reason: "停".into() })).unwrap();
            },
            replace(old, by, from),
            "item-not-published",
        ),
        (
            "suspended, whatever waits",
            &|hall| {
                hall.offer_item(&with(&CARD, &[("effective", "2026-12-01")]));
                hall.act(&bring(by, ItemAct::Suspend { reason: "停".into() })).unwrap();
            },
            replace(old, by, from),
            "item-not-published",
        ),
        (
            "ends before",
            &|hall| drop(hall.act(&withdraw(date(2026, 12, 1))).unwrap()),
            replace(old, by, from),
            "item-not-published",
        ),
        (
            "leads back",
            &|hall| drop(hall.act(&replace(by, old, date(2027, 6, 1))).unwrap()),
            replace(old, by, from),
            "invalid-field",
        ),
        ("its department has gone", &merge, replace(old, by, from), "authority-merged"),
    ];
    for (name, before, command, expected) in cases {
        let mut hall = fresh();
        before(&mut hall);
        assert_eq!(hall.code(&command), expected, "{name}");
    }
    // Of base items alike.
    let mut hall = fresh();
    hall.act(&replace("510116013001", "510116013002", date(2027, 6, 1))).unwrap();
    assert_eq!(hall.code(&replace("510116013002", "510116013001", from)), "invalid-field");
    // A link that is suspended meanwhile, or has a draft beside it, leads on all the same.
    let mut hall = fresh();
    let third = [("department", "区卫健局"), ("name", "第三"), ("item_type", "01"), ("base_code", "510116013003")];
    hall.import(&[row(2, &third)]);
    hall.publish_all();
    hall.act(&replace("510116013001", "510116013002", date(2027, 6, 1))).unwrap();
    hall.act(&replace("510116013002", "510116013003", date(2027, 7, 1))).unwrap();
    hall.act(&bring("510116013002", ItemAct::Suspend { reason: "停".into() })).unwrap();
    assert_eq!(hall.code(&replace("510116013003", "510116013001", from)), "invalid-field");
    let changed = [("department", "区卫健局"), ("name", "改"), ("item_type", "01"), ("base_code", "510116013002")];
    hall.import(&[row(2, &changed)]);
    assert_eq!(hall.state.bases["510116013002"].state, ItemState::Draft);
    hall.state.bases.get_mut("510116013002").unwrap().successor = None;
    assert_eq!(hall.code(&replace("510116013003", "510116013001", from)), "invalid-field");
}

/// An order that is changed before its day leaves no gap.
#[test]
fn a_successor_that_was_planned_can_be_put_off() {
    let (old, by) = (PERMIT[3].1, CARD[3].1);
    let mut hall = hall::guangan();
    hall.act(&replace(old, by, date(2027, 1, 1))).unwrap();
    hall.act(&replace(old, by, date(2027, 6, 1))).unwrap();
    let item = &hall.state.items[old];
    assert_eq!((item.cancel, item.successor.as_ref().unwrap().from), (Some(date(2027, 5, 31)), date(2027, 6, 1)));
    assert_eq!(item.state, ItemState::Published);
}

/// A suspension isn't lifted by an order about departments, whenever it comes.
#[test]
fn an_item_that_is_suspended_before_its_code_changes_is_suspended_under_the_new_one() {
    let (first, new) = (credit("11511602MB0000001"), credit("11511602MB0000003"));
    let (old, next) = (national(&first), national(&new));
    let fresh = || {
        let mut hall = Hall::new("511602", "广安区");
        hall.offer_item(&permit_of("甲局", &first, &old, &[]));
        assert_eq!(reorganise(&mut hall, &["甲局"], "丙局", &new, date(2027, 1, 1)).refused, []);
        hall
    };
    let suspend = ItemAct::Suspend { reason: "法律修改中".into() };
    let all = Command::BringItems { act: suspend.clone(), which: Selection::All, dry_run: false };
    for said in [bring(&old, suspend), all] {
        let mut hall = fresh();
        let Reply::Life(report) = hall.act(&said).unwrap().reply else { panic!("{said:?}") };
        let done: Vec<_> = report.done.iter().map(|done| (&*done.item, done.state)).collect();
        assert_eq!(done, [(&*old, ItemState::Suspended), (&*next, ItemState::Suspended)]);
        let mut resumed = hall.clone();
        hall.now = date(2027, 1, 1).start();
        hall.act(&Command::Tick).unwrap();
        let division = hall.division();
        assert_eq!(hall.state.items[&old].state, ItemState::Withdrawn);
        assert_eq!(hall.code(&hall::collect(&next, division)), "item-suspended");
        resumed.act(&bring(&old, ItemAct::Resume {})).unwrap();
        assert_eq!(resumed.state.items[&next].state, ItemState::Published);
        // Once it has begun it is an item by itself.
        resumed.now = date(2027, 1, 1).start();
        resumed.collect(&next, division);
    }
    // What merely takes another's place isn't the same item.
    let mut hall = hall::guangan();
    hall.offer_item(&permit_of("丙局", &new, &next, &[("effective", "2027-01-01")]));
    hall.act(&replace(PERMIT[3].1, &next, date(2027, 1, 1))).unwrap();
    hall.act(&bring(PERMIT[3].1, ItemAct::Suspend { reason: "停".into() })).unwrap();
    assert_eq!(hall.state.items[&next].state, ItemState::Published);
}
