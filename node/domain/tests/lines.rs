//! The line department (业务主管部门) sets the ceilings of its line, and nobody else's.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, date, row};
use tongban_codes::time::Date;
use tongban_domain::catalogue::{
    Ceiling, ItemAct, ItemState, Policy, Selection, StandardBody, StandardDraft, StandardKind, StandardsReport,
};
use tongban_domain::{Actor, Change, Command, Event, Facts, Rejection, Reply, Role};

const HEALTH: (&str, &str) = ("510116013001", "省卫生健康委");
const HOUSING: (&str, &str) = ("510117112001", "省住房城乡建设厅");

/// A province with a base item of each department, and 卫健员, who acts for the line of one of them.
fn province() -> (Hall, Actor) {
    let mut hall = Hall::new("510000", "四川省");
    for (code, department) in [HEALTH, HOUSING] {
        let columns = [("department", department), ("name", code), ("item_type", "01"), ("base_code", code)];
        hall.import(&[row(2, &columns)]);
    }
    hall.publish_all();
    let (name, roles) = ("卫健员".to_owned(), vec![Role::Line]);
    hall.act(&Command::AddOperator { name: name.clone(), roles: roles.clone(), window: None, uid: None }).unwrap();
    hall.act(&Command::AssignLine { operator: name.clone(), department: Some(HEALTH.1.into()) }).unwrap();
    (hall, Actor { operator: name, roles, window: None })
}

fn on_base(code: &str, days: u16) -> StandardBody {
    let (base_code, promised_days) = (Some(code.to_owned()), Some(days));
    StandardBody::Ceiling(Ceiling { base_code, promised_days, ..Ceiling::default() })
}

fn on_line(line: &str) -> StandardBody {
    StandardBody::Ceiling(Ceiling { line: Some(line.to_owned()), materials: Some(6), ..Ceiling::default() })
}

fn draft(body: StandardBody, department: Option<&str>) -> StandardDraft {
    StandardDraft { code: None, body, effective: None, department: department.map(str::to_owned) }
}

fn set(hall: &mut Hall, actor: &Actor, body: StandardBody, department: Option<&str>) -> Result<Change, Rejection> {
    hall.give(actor, &Command::SetStandards(vec![draft(body, department)]))
}

fn from(body: StandardBody, effective: Option<Date>) -> Command {
    Command::SetStandards(vec![StandardDraft { effective, ..draft(body, None) }])
}

/// The day on which the base item of [`passes`] is the other line's.
fn change() -> Date {
    date(2027, 1, 1)
}

/// Whose line acts.
fn of_line(hall: &mut Hall, actor: &Actor, department: &str) {
    let assign = Command::AssignLine { operator: actor.operator.clone(), department: Some(department.into()) };
    hall.act(&assign).unwrap();
}

fn bring(act: ItemAct) -> Command {
    Command::BringItems { act, which: Selection::One(HEALTH.0.into()), dry_run: false }
}

/// The base item of the one department passes to the other on the first of January 2027.
fn passes() -> (Hall, Actor) {
    let (mut hall, actor) = province();
    let (code, department) = (HEALTH.0, HOUSING.1);
    let columns = [("department", department), ("name", code), ("item_type", "01"), ("base_code", code)];
    let later = [("effective", "2027-01-01")];
    hall.import(&[row(2, &[&columns[..], &later].concat())]);
    hall.act(&bring(ItemAct::Publish { difference: None })).unwrap();
    let base = &hall.state.bases[code];
    let holding = |day| base.holding(day).map(|base| base.department.as_str());
    assert_eq!((holding(date(2026, 12, 31)), holding(change())), (Some(HEALTH.1), Some(department)));
    (hall, actor)
}

fn withdraw(hall: &mut Hall, actor: &Actor, kind: StandardKind, code: &str) -> &'static str {
    let command = Command::WithdrawStandard { kind, code: code.into(), from: None };
    hall.give(actor, &command).map_or_else(|refused| refused.code, |_| "ok")
}

#[test]
fn the_line_sets_ceilings_of_its_line_and_its_base_items() {
    let (mut hall, actor) = province();
    for body in [on_base(HEALTH.0, 8), on_line(HEALTH.1)] {
        set(&mut hall, &actor, body, None).unwrap();
    }
    let set_by: Vec<_> = hall.state.standards.values().map(|standard| standard.department.as_deref()).collect();
    assert_eq!(set_by, [Some(HEALTH.1); 2]);
    // It may say its own name, and give a day on which it begins.
    let later = StandardDraft { effective: Some(date(2027, 1, 1)), ..draft(on_base(HEALTH.0, 5), Some(HEALTH.1)) };
    hall.give(&actor, &Command::SetStandards(vec![later])).unwrap();
    let standard = &hall.state.standards(StandardKind::Ceiling, HEALTH.0)[0];
    assert_eq!(standard.holding(date(2026, 12, 31)).map(|holding| &holding.body), Some(&on_base(HEALTH.0, 8)));
    for code in [HEALTH.0, HEALTH.1] {
        assert_eq!(withdraw(&mut hall, &actor, StandardKind::Ceiling, code), "ok");
    }
}

#[test]
fn it_sets_nothing_of_another_line_and_nothing_but_ceilings() {
    let (mut hall, actor) = province();
    // What the catalogue keeps for the other line.
    for body in [on_base(HOUSING.0, 8), on_line(HOUSING.1), StandardBody::Policy(Policy::default())] {
        hall.act(&Command::SetStandards(vec![draft(body, None)])).unwrap();
    }
    let before = hall.state.standards.clone();
    let both = Ceiling { line: Some(HEALTH.1.into()), base_code: Some(HOUSING.0.into()), ..Ceiling::default() };
    for (body, department) in [
        (on_base(HOUSING.0, 5), None),
        (on_base(HOUSING.0, 5), Some(HEALTH.1)),
        (on_line(HOUSING.1), None),
        (on_base(HEALTH.0, 5), Some(HOUSING.1)),
        (on_base("510199999001", 5), None),
        (StandardBody::Ceiling(both), None),
        (StandardBody::Ceiling(Ceiling::default()), None),
        (StandardBody::Policy(Policy { review: true, ..Policy::default() }), None),
    ] {
        let refused = set(&mut hall, &actor, body.clone(), department).unwrap_err();
        assert_eq!(refused.code, "role-missing", "{body:?}");
    }
    for (kind, code) in
        [(StandardKind::Ceiling, HOUSING.0), (StandardKind::Ceiling, HOUSING.1), (StandardKind::Policy, "catalogue")]
    {
        assert_eq!(withdraw(&mut hall, &actor, kind, code), "role-missing");
    }
    // Of several at once its own are set.
    let several = vec![draft(on_base(HOUSING.0, 5), None), draft(on_base(HEALTH.0, 5), None)];
    let Reply::Standards(StandardsReport { set, refused, .. }) =
        hall.give(&actor, &Command::SetStandards(several)).unwrap().reply
    else {
        panic!("no report")
    };
    assert_eq!((set, refused.len(), refused[0].rejection.code), (vec![HEALTH.0.to_owned()], 1, "role-missing"));
    hall.state.standards.retain(|(_, code, _), _| code != HEALTH.0);
    assert_eq!(hall.state.standards, before);
}

/// A base item that another keeps, or that is a draft alone, gives the line no right; neither does the role without a line.
#[test]
fn its_right_comes_from_what_this_node_has_released() {
    let (mut hall, actor) = province();
    let mut above = hall.state.bases[HEALTH.0].clone();
    above.node = Hall::new("510100", "成都市").place().node;
    let own = hall.state.bases.insert(HEALTH.0.into(), above).unwrap();
    assert_eq!(set(&mut hall, &actor, on_base(HEALTH.0, 5), None).unwrap_err().code, "role-missing");
    hall.state.fold(&Event::BaseItem(own));
    let renamed = [("department", HEALTH.1), ("name", "改名"), ("item_type", "01"), ("base_code", HOUSING.0)];
    hall.import(&[row(2, &renamed)]);
    assert!(hall.state.base_item(HOUSING.0).unwrap().state.is_draft());
    assert_eq!(set(&mut hall, &actor, on_base(HOUSING.0, 5), None).unwrap_err().code, "role-missing");
    let act = ItemAct::Publish { difference: None };
    hall.act(&Command::BringItems { act, which: Selection::One(HOUSING.0.into()), dry_run: false }).unwrap();
    set(&mut hall, &actor, on_base(HOUSING.0, 5), None).unwrap();
    hall.act(&Command::AssignLine { operator: actor.operator.clone(), department: None }).unwrap();
    assert_eq!(set(&mut hall, &actor, on_base(HEALTH.0, 5), None).unwrap_err().code, "role-missing");
}

/// A release that has not begun gives its department the days from then on, and takes none from the one before.
#[test]
fn each_line_sets_what_begins_on_its_days() {
    let (mut hall, actor) = passes();
    let earlier = date(2026, 12, 1);
    hall.give(&actor, &from(on_base(HEALTH.0, 8), None)).unwrap();
    for (line, effective, expected) in [
        (HOUSING.1, None, Some("role-missing")),
        (HOUSING.1, Some(earlier), Some("role-missing")),
        (HEALTH.1, Some(change()), Some("role-missing")),
        (HEALTH.1, Some(earlier), None),
        (HOUSING.1, Some(change()), None),
        // What the other line has said for its own days is not replaced either, nor what the keeper of the catalogue has.
        (HEALTH.1, None, Some("role-missing")),
        (HEALTH.1, Some(earlier), Some("role-missing")),
    ] {
        of_line(&mut hall, &actor, line);
        let done = hall.give(&actor, &from(on_base(HEALTH.0, 5), effective));
        assert_eq!(done.err().map(|refused| refused.code), expected, "{line} {effective:?}");
    }
    let days = |day| match hall.state.standards(StandardKind::Ceiling, HEALTH.0)[0].holding(day).map(|held| &held.body)
    {
        Some(StandardBody::Ceiling(ceiling)) => ceiling.promised_days,
        _ => None,
    };
    assert_eq!([date(2026, 11, 30), earlier, change()].map(days), [Some(8), Some(5), Some(5)]);
}

#[test]
fn each_line_withdraws_what_holds_on_its_days() {
    let (mut hall, actor) = passes();
    hall.give(&actor, &from(on_base(HEALTH.0, 8), None)).unwrap();
    let withdraw = |from| Command::WithdrawStandard { kind: StandardKind::Ceiling, code: HEALTH.0.into(), from };
    for (line, from, expected) in [
        (HOUSING.1, None, Some("role-missing")),
        (HEALTH.1, Some(change()), Some("role-missing")),
        (HOUSING.1, Some(change()), None),
    ] {
        of_line(&mut hall, &actor, line);
        let done = hall.give(&actor, &withdraw(from));
        assert_eq!(done.err().map(|refused| refused.code), expected, "{line} {from:?}");
    }
}

/// To stop takes effect at once, so it is for whose item it is today.
#[test]
fn the_line_of_today_stops_an_item_whose_next_release_is_of_another() {
    let (mut hall, actor) = passes();
    let (suspend, resume) = (ItemAct::Suspend { reason: "依据修订".into() }, ItemAct::Resume {});
    for (line, act, expected) in [
        (HOUSING.1, &suspend, Some("role-missing")),
        (HEALTH.1, &suspend, None),
        (HOUSING.1, &resume, Some("role-missing")),
        (HEALTH.1, &resume, None),
    ] {
        of_line(&mut hall, &actor, line);
        let done = hall.give(&actor, &bring(act.clone()));
        assert_eq!(done.err().map(|refused| refused.code), expected, "{line} {act:?}");
    }
    hall.now = hall::at(2027, 1, 1, 8);
    hall.give(&actor, &bring(suspend.clone())).unwrap_err();
    of_line(&mut hall, &actor, HOUSING.1);
    hall.give(&actor, &bring(suspend)).unwrap();
    assert_eq!(hall.state.bases[HEALTH.0].state, ItemState::Suspended);
    // Suspended it is still of its line.
    hall.give(&actor, &from(on_base(HEALTH.0, 5), None)).unwrap();
}
