//! The line department (业务主管部门) sets the ceilings of its line, and nobody else's.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, date, row};
use tongban_domain::catalogue::{
    Ceiling, ItemAct, Policy, Selection, StandardBody, StandardDraft, StandardKind, StandardsReport,
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
