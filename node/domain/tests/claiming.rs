//! Claims in bulk, and releases that are taken over beside what waits or is in the making.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, at, date, row};
use tongban_codes::time::Date;
use tongban_domain::catalogue::{
    ClaimState, ClaimTerms, ItemAct, ItemState, LifeReport, Selection, claim_rates, claims,
};
use tongban_domain::{Command, Event, Reply};

const BASES: [&str; 2] = ["510116013001", "510116013002"];
const CREDIT: &str = "11511301008778490F";

fn release(province: &mut Hall, basis: &str, effective: &str) {
    for (number, code) in BASES.into_iter().enumerate() {
        let name = format!("许可{number}");
        let columns = [
            ("department", "省卫生健康委"),
            ("name", name.as_str()),
            ("item_type", "01"),
            ("base_code", code),
            ("statutory_days", "20"),
            ("promised_days", "10"),
            ("legal_basis", basis),
            ("effective", effective),
        ];
        assert_eq!(province.import(&[row(2, &columns)]).rejected, 0);
    }
    province.publish_all();
}

fn flow(province: &Hall, county: &mut Hall) {
    for base in province.state.bases.values() {
        county.state.fold(&Event::BaseItem(base.clone()));
    }
}

fn both() -> (Hall, Hall) {
    let mut province = Hall::new("510000", "四川省");
    release(&mut province, "甲", "");
    let mut county = Hall::new("511602", "广安区");
    flow(&province, &mut county);
    (province, county)
}

fn terms(promised: u16, effective: Option<Date>) -> ClaimTerms {
    ClaimTerms {
        department: Some("区卫健局".into()),
        department_code: Some(CREDIT.into()),
        promised_days: Some(promised),
        effective,
        ..ClaimTerms::default()
    }
}

fn code() -> String {
    format!("{CREDIT}4{}", BASES[0])
}

fn claim(county: &mut Hall, promised: u16, effective: Option<Date>) {
    county.act(&Command::ClaimItem { base_code: BASES[0].into(), terms: terms(promised, effective) }).unwrap();
}

fn publish(county: &mut Hall) {
    let act = ItemAct::Publish { difference: None };
    county.act(&Command::BringItems { act, which: Selection::One(code()), dry_run: false }).unwrap();
}

fn update(county: &mut Hall) -> LifeReport {
    match county.act(&Command::UpdateClaims { base_code: Some(BASES[0].into()), dry_run: false }).unwrap().reply {
        Reply::Life(report) => report,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_local_code_is_that_of_one_item() {
    let (_, mut county) = both();
    let local = ClaimTerms { local_code: Some("511A0015500013".into()), ..terms(5, None) };
    let all = |which: Selection| Command::ClaimItems { which, terms: local.clone(), dry_run: false };
    for which in [Selection::All, Selection::These(BASES.map(str::to_owned).to_vec())] {
        let refused = county.act(&all(which)).unwrap_err();
        assert_eq!((refused.code, refused.field), ("invalid-field", "local_code"));
    }
    // One that is named twice is one.
    county.act(&all(Selection::These(vec![BASES[0].into(), BASES[0].into()]))).unwrap();
    // One after the other they don't overwrite each other either.
    let second = Command::ClaimItem { base_code: BASES[1].into(), terms: local.clone() };
    assert_eq!(county.code(&second), "item-state");
    let drafts: Vec<_> = county.state.drafts.values().map(|draft| draft.core.base_code.as_deref()).collect();
    assert_eq!(drafts, [Some(BASES[0])]);
}

#[test]
fn a_release_that_waits_here_already_is_taken_over_once() {
    let (mut province, mut county) = both();
    claim(&mut county, 9, None);
    publish(&mut county);
    release(&mut province, "乙", "2026-10-01");
    flow(&province, &mut county);
    assert_eq!(update(&mut county).done.len(), 1);
    county.state.drafts.get_mut(&code()).unwrap().promised.as_mut().unwrap().days = 3;
    publish(&mut county);
    let report = update(&mut county);
    assert_eq!((report.done.len(), report.refused.len(), county.state.drafts.len()), (0, 0, 0));
    // A later release begins with what waits, not with what is in force.
    release(&mut province, "丙", "2026-11-01");
    flow(&province, &mut county);
    assert_eq!(update(&mut county).done.len(), 1);
    let draft = &county.state.drafts[&code()];
    assert_eq!((draft.promised.unwrap().days, draft.effective), (3, Some(date(2026, 11, 1))));
    publish(&mut county);
    assert_eq!(county.state.waiting.len(), 2);
}

/// The superior releases for October and for November before the county does anything: it takes both over, the sooner first.
#[test]
fn releases_that_follow_one_another_are_taken_over_one_by_one() {
    let (mut province, mut county) = both();
    claim(&mut county, 9, None);
    publish(&mut county);
    release(&mut province, "乙", "2026-10-01");
    release(&mut province, "丙", "2026-11-01");
    flow(&province, &mut county);
    let state = |county: &Hall| {
        claims(&county.state, county.now.date()).into_iter().find(|view| view.base_code == BASES[0]).unwrap().state
    };
    for (basis, begins) in [("乙", date(2026, 10, 1)), ("丙", date(2026, 11, 1))] {
        assert_eq!(state(&county), ClaimState::Outdated, "{basis} is to be taken over");
        // Asked twice, the draft is the same.
        for _ in 0..2 {
            assert_eq!(update(&mut county).done.len(), 1);
            let draft = &county.state.drafts[&code()];
            assert_eq!((draft.core.legal_basis.as_str(), draft.effective), (basis, Some(begins)));
        }
        publish(&mut county);
    }
    assert_eq!(state(&county), ClaimState::Claimed);
    assert_eq!((update(&mut county).done.len(), county.state.drafts.len()), (0, 0));
    for (day, basis) in [(date(2026, 10, 1), "乙"), (date(2026, 11, 1), "丙")] {
        county.now = day.start();
        county.act(&Command::Tick).unwrap();
        assert_eq!(county.state.items[&code()].core.legal_basis, basis);
    }
}

/// A draft for a day of its own takes what binds on that day.
#[test]
fn a_draft_for_a_later_day_takes_the_release_of_that_day() {
    let (mut province, mut county) = both();
    claim(&mut county, 9, None);
    publish(&mut county);
    claim(&mut county, 3, Some(date(2026, 12, 1)));
    release(&mut province, "乙", "2026-10-01");
    release(&mut province, "丙", "2026-11-01");
    flow(&province, &mut county);
    assert_eq!(update(&mut county).done.len(), 1);
    let draft = &county.state.drafts[&code()];
    assert_eq!((draft.core.legal_basis.as_str(), draft.effective), ("丙", Some(date(2026, 12, 1))));
    publish(&mut county);
}

#[test]
fn a_draft_keeps_its_later_day_and_what_waits_for_one_is_not_passed_over() {
    let (mut province, mut county) = both();
    claim(&mut county, 9, None);
    publish(&mut county);
    claim(&mut county, 3, Some(date(2027, 1, 1)));
    let drafted = county.clone();
    publish(&mut county);
    release(&mut province, "乙", "2026-10-01");
    for mut county in [county, drafted] {
        flow(&province, &mut county);
        let report = update(&mut county);
        if county.state.waiting.is_empty() {
            let draft = &county.state.drafts[&code()];
            let taken = (draft.core.legal_basis.as_str(), draft.effective, draft.promised.unwrap().days);
            assert_eq!(taken, ("乙", Some(date(2027, 1, 1)), 3));
        } else {
            let refused: Vec<_> = report.refused.iter().map(|refused| refused.rejection.code).collect();
            assert_eq!((refused, county.state.drafts.len()), (vec!["item-state"], 0));
        }
    }
}

/// A claim is no way to undo a last day that was set.
#[test]
fn a_last_day_stands_when_the_item_is_claimed_again() {
    let (_, mut county) = both();
    claim(&mut county, 9, None);
    publish(&mut county);
    let act = ItemAct::Withdraw { reason: None, from: Some(date(2026, 12, 1)) };
    county.act(&Command::BringItems { act, which: Selection::One(code()), dry_run: false }).unwrap();
    claim(&mut county, 5, None);
    publish(&mut county);
    assert_eq!(county.state.items[&code()].cancel, Some(date(2026, 11, 30)));
    // What begins after it is offered anew.
    claim(&mut county, 4, Some(date(2027, 2, 1)));
    publish(&mut county);
    county.now = at(2027, 2, 1, 8);
    for _ in 0..4 {
        county.act(&Command::Tick).unwrap();
    }
    let item = &county.state.items[&code()];
    assert_eq!((item.state, item.cancel, item.promised.unwrap().days), (ItemState::Published, None, 4));
}

/// What was taken back before it began is for nobody to take over, neither at the hall nor in the count of its superior.
#[test]
fn a_release_that_never_begins_is_taken_over_by_nobody() {
    let (mut province, mut county) = both();
    claim(&mut county, 9, None);
    publish(&mut county);
    release(&mut province, "乙", "2026-12-01");
    let act = ItemAct::Withdraw { reason: None, from: Some(date(2026, 10, 1)) };
    province.act(&Command::BringItems { act, which: Selection::One(BASES[0].into()), dry_run: false }).unwrap();
    flow(&province, &mut county);
    let day = county.now.date();
    let view = |code: &str| claims(&county.state, day).into_iter().find(|view| view.base_code == code).unwrap();
    assert_eq!((view(BASES[0]).state, view(BASES[0]).begins), (ClaimState::Claimed, None));
    assert_eq!(view(BASES[1]).begins, Some(date(2026, 12, 1)));
    assert_eq!(update(&mut county).done.len(), 0);
    province.act(&county.foreign(&code())).unwrap();
    assert_eq!(claim_rates(&province.state, &[county.division()], day)[0].outdated, 0);
}

/// What waits was lawful when it was published; what follows an urgent change is held to what binds on its day once more.
#[test]
fn a_version_that_waits_follows_no_release_that_it_departs_from() {
    let (mut province, mut county) = both();
    claim(&mut county, 9, None);
    publish(&mut county);
    claim(&mut county, 3, Some(date(2027, 1, 1)));
    publish(&mut county);
    release(&mut province, "乙", "");
    flow(&province, &mut county);
    claim(&mut county, 5, None);
    let act = || Command::BringItems {
        act: ItemAct::Publish { difference: None },
        which: Selection::One(code()),
        dry_run: false,
    };
    let refused = county.act(&act()).unwrap_err();
    assert_eq!(
        (refused.code, refused.en.contains("version 2 waits for 2027-01-01")),
        ("item-state", true),
        "{}",
        refused.en
    );
    county.act(&Command::TakeBackItem { item: code(), version: 2 }).unwrap();
    county.act(&act()).unwrap();
    assert_eq!(county.state.items[&code()].core.legal_basis, "乙");
}
