//! Offices that merge, codes that change, and items in the place of others.

use crate::hall::{CARD, Hall, PERMIT, at, collect, credit, date, guangan, row};
use crate::scene::{BASE, CREDIT, claim, claimed, code, publish, terms, ticks};
use tongban_codes::time::Date;
use tongban_domain::catalogue::{ItemState, Reorganisation, ReorganisationReport};
use tongban_domain::{Command, Reply};

fn reorganise(hall: &mut Hall, plan: Reorganisation, dry_run: bool) -> ReorganisationReport {
    match hall.act(&Command::Reorganise { plan, dry_run }).unwrap().reply {
        Reply::Reorganised(report) => report,
        other => panic!("{other:?}"),
    }
}

#[test]
fn offices_merge_and_running_cases_stay() {
    let (_, mut county) = claimed();
    let local = "511A0015500001-511602000000-000-11511301008778490F-1-00";
    county.offer_item(&[
        ("department", "区卫健局"),
        ("main_item", "其他"),
        ("name", "其他事项"),
        ("local_item_code", local),
        ("division", "511602000000"),
        ("item_type", "07"),
        ("department_code", CREDIT),
    ]);
    let division = county.division();
    let running = county.collect(&code(), division);
    county
        .act(&Command::GrantMandate { operator: "决定员".into(), item: Some(code()), from: None, until: None })
        .unwrap();
    let new_credit = credit("11511602MB0000001");
    let plan = Reorganisation {
        old: vec!["区卫健局".into()],
        into: "区卫生健康和医保局".into(),
        code: Some(new_credit.clone()),
        from: date(2026, 10, 1),
        order: Some("广安区委编〔2026〕7号".into()),
    };
    let tried = reorganise(&mut county, plan.clone(), true);
    assert_eq!((tried.moved.len(), county.state.waiting.len()), (2, 0));
    let report = reorganise(&mut county, plan.clone(), false);
    assert_eq!(report.refused, []);
    let successor = format!("{new_credit}4{BASE}");
    assert_eq!(report.moved[0].successor.as_ref(), Some(&successor));
    assert_eq!((report.moved[1].item.as_str(), &report.moved[1].successor), (local, &None));
    assert_eq!(report.operators, ["决定员"]);
    // Until that day the old one serves, and not the new one.
    county.collect(&code(), division);
    assert_eq!(county.code(&collect(&successor, division)), "item-not-yet-effective");
    county.now = at(2026, 10, 1, 8);
    ticks(&mut county);
    assert_eq!(county.code(&collect(&code(), division)), "item-withdrawn");
    assert_eq!(county.state.items[&code()].successor.as_ref().unwrap().code, successor);
    let first = county.collect(&successor, division);
    county.act(&Command::Accept(first.to_string())).unwrap();
    assert!(county.case(first).case_no.as_ref().unwrap().starts_with(&successor));
    assert_eq!(county.state.items[local].department, "区卫生健康和医保局");
    assert_eq!(county.state.items[local].version, 2);
    // What began before goes on as it began, with the old number.
    let case = county.case(running);
    assert_eq!((case.item.department.as_str(), case.item.version), ("区卫健局", 1));
    assert!(case.case_no.as_ref().unwrap().starts_with(&code()));
    // The old office publishes nothing more, and isn't merged into.
    county.act(&claim(terms())).unwrap();
    assert_eq!(county.code(&publish(None)), "authority-merged");
    let back = Reorganisation { old: vec![plan.into.clone()], into: "区卫健局".into(), code: None, ..plan };
    assert_eq!(county.code(&Command::Reorganise { plan: back, dry_run: false }), "authority-merged");
}

#[test]
fn a_credit_code_changes_with_its_items() {
    let (_, mut county) = claimed();
    let new_credit = credit("11511602MB0000001");
    let plan = Reorganisation {
        old: Vec::new(),
        into: "区卫健局".into(),
        code: Some(new_credit.clone()),
        from: date(2026, 9, 14),
        order: None,
    };
    let report = reorganise(&mut county, plan.clone(), false);
    assert_eq!(report.moved[0].successor, Some(format!("{new_credit}4{BASE}")));
    assert_eq!(county.state.items[&code()].state, ItemState::Withdrawn);
    assert_eq!(reorganise(&mut county, plan, false).moved, [], "once more changes nothing");
}

#[test]
fn an_item_is_replaced_without_a_gap() {
    let mut hall = guangan();
    let (old, by) = (PERMIT[3].1, CARD[3].1);
    let replace = |by: &str, from: Date| Command::ReplaceItem { old: old.into(), by: by.into(), from, order: None };
    assert_eq!(hall.code(&replace("没有", date(2026, 10, 1))), "item-unknown");
    assert_eq!(hall.code(&replace(old, date(2026, 10, 1))), "invalid-field");
    let later = [CARD.as_slice(), &[("effective", "2026-11-01")]].concat();
    let mut later = row(2, &later);
    later.values.insert("local_item_code".into(), "511F82001004-511602000000-000-11511301452259996U-1-00".into());
    hall.import(std::slice::from_ref(&later));
    hall.publish_all();
    assert_eq!(hall.code(&replace("511F82001004", date(2026, 10, 1))), "item-not-published");
    hall.act(&replace(by, date(2026, 10, 1))).unwrap();
    hall.now = at(2026, 10, 1, 1);
    ticks(&mut hall);
    assert_eq!(hall.state.items[old].successor.as_ref().unwrap().code, by);
    assert_eq!(hall.state.items[old].state, ItemState::Withdrawn);
}
