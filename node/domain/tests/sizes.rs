//! What the catalogue publishes fits into the record that carries it; what is larger is refused before, with a remedy.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use std::collections::BTreeMap;

use hall::{CARD, Hall, PERMIT, row};
use tongban_codes::division::DivisionCode;
use tongban_domain::catalogue::{
    Ceiling, ClaimTerms, Guide, ImportRow, LifeEvent, ListRow, Policy, RequiredMaterial, StandardBody, StandardDraft,
};
use tongban_domain::{Command, Event, Rejection};

const BASE: &str = "510116013001";

fn with_materials(columns: &[(&str, &str)], count: u32, chars: usize) -> ImportRow {
    let mut row = row(2, columns);
    let name = |n: u32| format!("{n:04}{}", "料".repeat(chars));
    let entry = |n: u32| ListRow { row: 2 + n, values: BTreeMap::from([("name".to_owned(), name(n))]) };
    row.lists.insert("materials".to_owned(), (0..count).map(entry).collect());
    row
}

fn base() -> Vec<(&'static str, &'static str)> {
    vec![("department", "省卫生健康委"), ("name", "许可"), ("item_type", "01"), ("base_code", BASE)]
}

/// 500 materials with names of 900 characters are 1.3 MB: each is short enough, and together they are no record.
#[test]
fn a_guide_that_fits_no_record_is_not_imported() {
    for (division, columns, column) in [("511602", PERMIT.to_vec(), "local_item_code"), ("510000", base(), "base_code")]
    {
        let mut hall = Hall::new(division, "某地");
        let report = hall.import(&[with_materials(&columns, 500, 900)]);
        let found: Vec<(&str, &str)> =
            report.rows.iter().filter(|found| found.blocks).map(|found| (&*found.column, &*found.code)).collect();
        assert_eq!((report.rejected, found), (1, vec![(column, "too-large")]));
        assert!(hall.state.drafts.is_empty() && hall.state.bases.is_empty() && hall.state.guides.is_empty());
        assert_eq!(hall.import(&[with_materials(&columns, 500, 100)]).rejected, 0);
        assert_eq!(hall.publish_all().refused, []);
    }
}

/// What a node took in before there was a limit stays a draft.
#[test]
fn a_draft_with_a_guide_that_fits_no_record_is_not_published() {
    let material =
        |n: u32| RequiredMaterial { name: format!("{n}{}", "料".repeat(900)), ..RequiredMaterial::default() };
    let guide = Guide { materials: (0..500).map(material).collect(), ..Guide::default() };
    let mut hall = Hall::new("511602", "广安区");
    hall.import(&[row(2, &CARD)]);
    hall.state.fold(&Event::Guide(Box::new(guide.clone())));
    hall.state.drafts.get_mut(CARD[3].1).unwrap().guide = Some(guide.digest());
    let refused = hall.act(&Command::PublishItems(Some(CARD[3].1.into()))).unwrap_err();
    assert_eq!((refused.code, refused.field), ("too-large", "guide"));
    assert!(!refused.remedy_en.is_empty() && !refused.remedy_zh.is_empty());
}

fn set(hall: &mut Hall, body: StandardBody, code: &str) -> Result<StandardBody, Rejection> {
    let draft = StandardDraft { code: Some(code.into()), body, effective: None, department: None };
    let change = hall.act(&Command::SetStandards(vec![draft]))?;
    match &change.events[0] {
        Event::Standard(standard) => Ok(standard.body.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_standard_repeats_is_kept_once() {
    let mut hall = hall::guangan();
    let items: Vec<String> = [PERMIT[3].1, CARD[3].1].map(str::to_owned).to_vec();
    let pair = (items[0].clone(), items[1].clone());
    let event = LifeEvent { name: "开店".into(), items, after: vec![pair.clone(); 50_000], ..LifeEvent::default() };
    let StandardBody::LifeEvent(kept) = set(&mut hall, StandardBody::LifeEvent(event), "open").unwrap() else {
        panic!("a life event");
    };
    assert_eq!(kept.after, [pair]);
    let policy = Policy { rules_required: vec!["Q12".into(); 300_000], ..Policy::default() };
    let StandardBody::Policy(kept) = set(&mut hall, StandardBody::Policy(policy), "").unwrap() else {
        panic!("a policy");
    };
    assert_eq!(kept.rules_required, ["Q12"]);
    // The names of a floor are compared, so they stand without blanks.
    hall.import(&[row(2, &base())]);
    let ceiling = Ceiling {
        base_code: Some(BASE.into()),
        materials_floor: vec![" 身份证 ".into()],
        fees_floor: vec!["登记费　".into()],
        ..Ceiling::default()
    };
    let StandardBody::Ceiling(kept) = set(&mut hall, StandardBody::Ceiling(ceiling), "").unwrap() else {
        panic!("a ceiling");
    };
    assert_eq!((&*kept.materials_floor, &*kept.fees_floor), (&["身份证".into()][..], &["登记费".into()][..]));
}

#[test]
fn divisions_of_a_claim_are_kept_once() {
    let mut province = Hall::new("510000", "四川省");
    province.import(&[row(2, &base())]);
    province.publish_all();
    let mut county = Hall::new("511602", "广安区");
    county.state.fold(&Event::BaseItem(province.state.bases[BASE].clone()));
    let covered: DivisionCode = "511603".parse().unwrap();
    let terms = ClaimTerms {
        department: Some("区卫健局".into()),
        department_code: Some("11511301008778490F".into()),
        covered: vec![covered; 300_000],
        ..ClaimTerms::default()
    };
    county.act(&Command::ClaimItem { base_code: BASE.into(), terms }).unwrap();
    let drafts: Vec<&[DivisionCode]> = county.state.drafts.values().map(|draft| &*draft.covered).collect();
    assert_eq!(drafts, [[covered]]);
}

/// A department becomes an authority, and the line of one: its name is as long as an operator may write it.
#[test]
fn the_name_of_a_department_has_a_hundred_characters() {
    for (name, expected) in [("部".repeat(100), 0), ("部".repeat(101), 1)] {
        let mut county = Hall::new("511602", "广安区");
        let mut columns = CARD.to_vec();
        columns[0] = ("department", &name);
        let mut lines = base();
        lines[0] = ("department", &name);
        for (mut hall, columns) in [(&mut county, columns), (&mut Hall::new("510000", "四川省"), lines)]
            .map(|(hall, columns)| (hall.clone(), columns))
        {
            let report = hall.import(&[row(2, &columns)]);
            let codes: Vec<&str> = report.rows.iter().filter(|found| found.blocks).map(|found| &*found.code).collect();
            assert_eq!((report.rejected, codes), (expected, vec!["too-long"; expected as usize]));
        }
        let draft = StandardDraft {
            code: None,
            body: StandardBody::Ceiling(Ceiling {
                line: Some("b".repeat(name.chars().count())),
                materials: Some(3),
                ..Ceiling::default()
            }),
            effective: None,
            department: None,
        };
        let of_a_line = county.code(&Command::SetStandards(vec![draft.clone()]));
        let named = StandardDraft { department: Some(name.clone()), ..draft };
        let set = Command::SetStandards(vec![StandardDraft { effective: Some(hall::date(2027, 1, 1)), ..named }]);
        let expected = if expected == 0 { "ok" } else { "invalid-field" };
        assert_eq!((of_a_line, county.code(&set)), (expected, expected));
    }
}
