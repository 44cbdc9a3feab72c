//! 四同: the superior fixes name, code, type and basis, and ceilings; who claims completes, and changes nothing.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, credit, date, row};
use tongban_domain::catalogue::{ClaimTerms, ItemState, Mode};
use tongban_domain::{Command, Event, Reply};

const BASE: &str = "510116013001";

const COLUMNS: [(&str, &str); 7] = [
    ("department", "省卫生健康委"),
    ("name", "公共场所卫生许可"),
    ("item_type", "01"),
    ("base_code", BASE),
    ("legal_basis", "公共场所卫生管理条例 第四条"),
    ("statutory_days", "20"),
    ("promised_days", "10"),
];

/// Brings the published base items of a superior to a node below.
fn flow(from: &Hall, to: &mut Hall) {
    for base in from.state.bases.values().filter_map(|base| base.published()) {
        to.state.fold(&Event::BaseItem(base.clone()));
    }
}

fn province() -> Hall {
    let mut hall = Hall::new("510000", "四川省");
    let report = hall.import(&[row(2, &COLUMNS)]);
    assert_eq!((report.imported, report.flagged), (1, 0));
    hall
}

fn claim(terms: ClaimTerms) -> Command {
    Command::ClaimItem { base_code: BASE.into(), terms }
}

fn terms() -> ClaimTerms {
    ClaimTerms {
        department: Some("区卫健局".into()),
        department_code: Some("11511301008778490F".into()),
        modes: vec![Mode::Collect],
        covered: vec!["511603".parse().unwrap()],
        ..ClaimTerms::default()
    }
}

fn both() -> (Hall, Hall) {
    let mut province = province();
    assert_eq!(province.publish_all().published, [BASE]);
    let mut county = Hall::new("511602", "广安区");
    flow(&province, &mut county);
    (province, county)
}

#[test]
fn a_base_item_is_claimed_and_completed() {
    let (_, mut county) = both();
    let change = county.act(&claim(terms())).unwrap();
    let code = format!("11511301008778490F4{BASE}");
    assert_eq!(change.reply, Reply::Item { item: code.clone() });
    county.act(&Command::PublishItems(Some(code.clone()))).unwrap();
    let item = &county.state.items[&code];
    assert_eq!(item.core, county.state.bases[BASE].core);
    assert_eq!(item.statutory.unwrap().days, 20);
    assert_eq!(item.promised.unwrap().days, 10);
    // The number begins with the national implementation code.
    let division = county.division();
    let id = county.collect(&code, division);
    county.act(&Command::Accept(id.to_string())).unwrap();
    assert_eq!(county.case(id).case_no, Some(format!("{code}202609140001")));

    // Claimed under a local code, with its own shorter times: the ceiling is no longer than what the law gives.
    let local = "511A0015500001-511602000000-000-11511301008778490F-1-00";
    let shorter = ClaimTerms {
        statutory_days: Some(7),
        local_code: Some(local.into()),
        effective: Some(date(2026, 9, 1)),
        ..terms()
    };
    county.act(&claim(shorter)).unwrap();
    county.act(&Command::PublishItems(Some("511A0015500001".into()))).unwrap();
    assert_eq!(county.state.items[local].promised.unwrap().days, 7);
}

#[test]
fn claims_that_are_refused() {
    let (mut province, mut county) = both();
    for (code, field, change) in [
        ("ceiling-exceeded", "promised_days", ClaimTerms { promised_days: Some(11), ..terms() }),
        ("ceiling-exceeded", "statutory_days", ClaimTerms { statutory_days: Some(21), ..terms() }),
        (
            "ceiling-exceeded",
            "promised_days",
            ClaimTerms { promised_days: Some(8), statutory_days: Some(7), ..terms() },
        ),
        ("invalid-field", "promised_days", ClaimTerms { promised_days: Some(0), ..terms() }),
        ("invalid-field", "statutory_days", ClaimTerms { statutory_days: Some(9999), ..terms() }),
        ("invalid-field", "local_code", ClaimTerms { local_code: Some("编码".into()), ..terms() }),
        ("invalid-field", "local_code", ClaimTerms { local_code: Some(String::new()), ..terms() }),
        ("invalid-field", "department", ClaimTerms { department: Some(" ".into()), ..terms() }),
        ("division-unknown", "covered", ClaimTerms { covered: vec!["519999".parse().unwrap()], ..terms() }),
        ("invalid-identity", "department_code", ClaimTerms { department_code: Some("1".into()), ..terms() }),
        ("authority-unknown", "department", ClaimTerms { department_code: None, ..terms() }),
        ("authority-unknown", "department", ClaimTerms { department: None, ..terms() }),
    ] {
        let rejection = county.act(&claim(change)).unwrap_err();
        assert_eq!((rejection.code, rejection.field), (code, field));
        assert!(!rejection.remedy_en.is_empty());
    }
    assert!(county.state.drafts.is_empty() && county.state.authorities.is_empty());
    let unknown = Command::ClaimItem { base_code: "510116013002".into(), terms: terms() };
    assert_eq!(county.code(&unknown), "item-unknown");

    province.act(&Command::WithdrawItem(BASE.into())).unwrap();
    assert_eq!(province.code(&Command::WithdrawItem(BASE.into())), "item-state");
    county.act(&claim(terms())).unwrap();
    county.state.fold(&Event::BaseItem(province.state.bases[BASE].clone()));
    assert_eq!(county.code(&claim(terms())), "item-unknown");
    // What was claimed before can't be published any more.
    let refused = county.publish_all().refused;
    assert_eq!(refused[0].rejection.code, "item-blocked");
    // A draft is not for the halls below yet, and one who isn't its keeper doesn't withdraw it.
    let draft = self::province();
    let mut other = Hall::new("511602", "广安区");
    flow(&draft, &mut other);
    assert_eq!(other.code(&claim(terms())), "item-unknown");
    assert_eq!(county.code(&Command::WithdrawItem(BASE.into())), "item-unknown");
}

const LOCAL: [(&str, &str); 9] = [
    ("department", "区卫健局"),
    ("main_item", "公共场所卫生许可"),
    ("name", "公共场所卫生许可"),
    ("local_item_code", "511A0015500001-511602000000-000-11511301008778490F-1-00"),
    ("division", "511602000000"),
    ("item_type", "01"),
    ("department_code", "11511301008778490F"),
    ("base_code", BASE),
    ("legal_basis", ""),
];

fn rejected(county: &mut Hall, column: &str, value: &str) -> (String, String) {
    let mut columns: Vec<(&str, &str)> = LOCAL.to_vec();
    match columns.iter_mut().find(|(name, _)| *name == column) {
        Some(cell) => cell.1 = value,
        None => columns.push((column, value)),
    }
    let report = county.import(&[row(2, &columns)]);
    assert_eq!(report.rejected, 1, "{column} {value}");
    (report.rows[0].code.clone(), report.rows[0].column.clone())
}

#[test]
fn an_import_keeps_the_core_and_the_ceilings() {
    let (_, mut county) = both();
    for (column, value, code) in [
        ("name", "公共场所卫生许可（县级）", "core-locked"),
        ("item_type", "07", "core-locked"),
        ("legal_basis", "另一部法律 第一条", "core-locked"),
        ("promised_days", "11", "ceiling-exceeded"),
        ("statutory_days", "21", "ceiling-exceeded"),
    ] {
        assert_eq!(rejected(&mut county, column, value), (code.into(), column.into()));
    }
    let code = county.offer_item(&LOCAL);
    let item = &county.state.items[&code];
    assert_eq!(item.core.legal_basis, COLUMNS[4].1, "what the row leaves out is the superior's");
    assert_eq!((item.statutory.unwrap().days, item.promised.unwrap().days), (20, 10));

    // The code is one of the four: the item doesn't leave its base item to change the other three.
    assert_eq!(rejected(&mut county, "base_code", "510116013002"), ("core-locked".into(), "base_code".into()));
    let mut unbound = LOCAL;
    (unbound[7].1, unbound[2].1) = ("", "改了的名称");
    let report = county.import(&[row(2, &unbound)]);
    assert_eq!(
        (report.rejected, report.rows[0].code.as_str(), report.rows[0].column.as_str()),
        (1, "core-locked", "name")
    );
    // Once it is withdrawn, it may.
    county.act(&Command::WithdrawItem(code)).unwrap();
    assert_eq!(county.import(&[row(2, &unbound)]).rejected, 0);
}

/// Neither by a claim nor by a draft made while the superior's item was withdrawn does an item leave its base item.
#[test]
fn an_item_does_not_leave_its_base_item() {
    const OTHER: &str = "510116013002";
    let mut province = province();
    let mut columns = COLUMNS;
    (columns[1].1, columns[3].1) = ("另一事项", OTHER);
    province.import(&[row(2, &columns)]);
    province.publish_all();
    let mut county = Hall::new("511602", "广安区");
    flow(&province, &mut county);
    county.offer_item(&LOCAL);
    let terms = ClaimTerms { local_code: Some(LOCAL[3].1.into()), ..terms() };
    let other = Command::ClaimItem { base_code: OTHER.into(), terms };
    let refused = county.act(&other).unwrap_err();
    assert_eq!((refused.code, refused.field), ("core-locked", "base_code"));

    let published = county.state.bases[BASE].clone();
    let mut withdrawn = published.clone();
    withdrawn.state = ItemState::Withdrawn;
    county.state.fold(&Event::BaseItem(withdrawn));
    county.act(&other).unwrap();
    county.state.fold(&Event::BaseItem(published));
    let refused = county.publish_all().refused.remove(0).rejection;
    assert_eq!((refused.code, refused.field), ("core-locked", "base_code"));
    county.act(&Command::WithdrawItem(LOCAL[3].1.into())).unwrap();
    county.act(&other).unwrap();
    assert_eq!(county.publish_all().published, [LOCAL[3].1]);
}

#[test]
fn a_draft_is_held_to_the_base_item_of_the_day_it_is_published() {
    let mut province = province();
    let mut county = Hall::new("511602", "广安区");
    let mut columns = LOCAL.to_vec();
    columns[2].1 = "别的名称";
    columns[8].1 = COLUMNS[4].1;
    columns.push(("promised_days", "15"));
    assert_eq!(county.import(&[row(2, &columns)]).rejected, 0, "nothing of the superior has come yet");
    assert_eq!(county.publish_all().refused[0].rejection.code, "item-blocked");
    province.publish_all();
    flow(&province, &mut county);
    let rejection = county.publish_all().refused.remove(0).rejection;
    assert_eq!((rejection.code, rejection.field), ("core-locked", "name"));
    assert!(rejection.en.contains(COLUMNS[1].1));
    county.state.drafts.values_mut().for_each(|item| item.core.name = COLUMNS[1].1.into());
    let rejection = county.publish_all().refused.remove(0).rejection;
    assert_eq!((rejection.code, rejection.field), ("ceiling-exceeded", "promised_days"));
    // Promising nothing doesn't lift the ceiling.
    county.state.drafts.values_mut().for_each(|item| item.promised = None);
    assert_eq!(county.publish_all().refused[0].rejection.code, "ceiling-exceeded");
}

#[test]
fn a_changed_base_item_is_a_draft_beside_the_one_in_force() {
    let (mut province, mut county) = both();
    let unchanged = province.act(&Command::ImportItems(vec![row(2, &COLUMNS)].into())).unwrap();
    assert_eq!(unchanged.events, []);
    let mut columns = COLUMNS;
    columns[6].1 = "8";
    province.import(&[row(2, &columns)]);
    let base = &province.state.bases[BASE];
    assert_eq!(base.state, ItemState::Draft);
    assert_eq!(base.published().unwrap().promised_days, Some(10));
    assert_eq!(province.act(&Command::ImportItems(vec![row(2, &columns)].into())).unwrap().events, []);
    // The province's own halls claim what is in force.
    let own = ClaimTerms {
        department: Some("省卫生健康委".into()),
        department_code: Some(credit("11510000MB0000001")),
        ..ClaimTerms::default()
    };
    province.act(&claim(own)).unwrap();
    // Taken back, and changed again.
    province.import(&[row(2, &COLUMNS)]);
    assert_eq!(province.state.bases[BASE].state, ItemState::Published);
    province.import(&[row(2, &columns)]);
    let mut later = columns.to_vec();
    later.push(("effective", "2026-10-01"));
    province.import(&[row(2, &later)]);
    // Released with a later day, it holds from then on, and the one before until then.
    province.act(&Command::PublishItems(Some(BASE.into()))).unwrap();
    let base = &province.state.bases[BASE];
    let holding = |day| base.holding(day).unwrap().promised_days;
    assert_eq!((holding(date(2026, 9, 30)), holding(date(2026, 10, 1))), (Some(10), Some(8)));
    province.import(&[row(2, &columns)]);
    province.act(&Command::PublishItems(Some(BASE.into()))).unwrap();
    let base = &province.state.bases[BASE];
    // What waits for October follows it under the next number.
    let at_once = base.in_force.as_deref().map(|base| (base.version, base.in_force.is_none()));
    assert_eq!((base.version, base.promised_days, at_once), (4, Some(8), Some((3, true))));
    assert_eq!(base.holding(date(2026, 9, 14)).unwrap().version, 3);
    assert_eq!(province.code(&Command::PublishItems(Some(BASE.into()))), "item-state");
    flow(&province, &mut county);
    let too_long = ClaimTerms { promised_days: Some(9), ..terms() };
    assert_eq!(county.code(&claim(too_long)), "ceiling-exceeded");
    // No county overwrites what its superior keeps.
    assert_eq!(county.import(&[row(2, &COLUMNS)]).rows[0].code, "core-locked");
    // Withdrawn with a draft beside it, the version in force is what ends.
    columns[6].1 = "6";
    province.import(&[row(2, &columns)]);
    province.act(&Command::WithdrawItem(BASE.into())).unwrap();
    let base = &province.state.bases[BASE];
    assert_eq!((base.state, base.version, base.promised_days), (ItemState::Withdrawn, 4, Some(8)));
    province.import(&[row(2, &columns)]);
    province.act(&Command::PublishItems(Some(BASE.into()))).unwrap();
    assert_eq!(province.state.bases[BASE].version, 5);
}

/// A foreign item that comes late doesn't replace a later statement of its node.
#[test]
fn the_latest_statement_of_an_item_stays() {
    let home = hall::guangan();
    let mut town = hall::daishi(&home);
    let code = hall::PERMIT[3].1;
    let mut earlier = home.clone();
    earlier.now = hall::at(2026, 9, 13, 9);
    assert_eq!(town.act(&earlier.foreign(code)).unwrap().events, []);
    assert_eq!(town.act(&home.foreign(code)).unwrap().events.len(), 1);
}
