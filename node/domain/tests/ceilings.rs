//! 限高: of several ceilings the strictest holds, no floor is undercut, and what is in force on the day on which a version begins judges.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, at, date, row};
use proptest::prelude::*;
use tongban_domain::catalogue::ceiling::{CeilingField, bounds, exceeded};
use tongban_domain::catalogue::{
    Ceiling, ClaimTerms, Fee, Guide, ItemAct, ItemState, RequiredMaterial, Selection, StandardBody, StandardDraft,
    StandardKind, Step,
};
use tongban_domain::{Command, Event, Facts, Rejection, Reply};

const BASE: &str = "510116013001";
const LINE: &str = "省卫生健康委";

const COLUMNS: [(&str, &str); 7] = [
    ("department", LINE),
    ("name", "公共场所卫生许可"),
    ("item_type", "01"),
    ("base_code", BASE),
    ("legal_basis", "《公共场所卫生管理条例》第四条"),
    ("statutory_days", "20"),
    ("promised_days", "15"),
];

fn province() -> Hall {
    let mut hall = Hall::new("510000", "四川省");
    hall.import(&[row(2, &COLUMNS)]);
    hall.publish_all();
    hall
}

/// What goes down: published base items, guides, standards.
fn flow(from: &Hall, to: &mut Hall) {
    for base in from.state.bases.values().filter_map(|base| base.published()) {
        to.state.fold(&Event::BaseItem(base.clone()));
    }
    for (guide, _) in from.state.guides.values() {
        to.state.fold(&Event::Guide(Box::new(guide.clone())));
    }
    for standard in from.state.standards.values() {
        to.state.fold(&Event::Standard(Box::new(standard.clone())));
    }
}

fn set(hall: &mut Hall, body: Ceiling) -> Result<(), Rejection> {
    set_from(hall, body, None)
}

fn set_from(hall: &mut Hall, body: Ceiling, effective: Option<tongban_codes::time::Date>) -> Result<(), Rejection> {
    let draft = StandardDraft { code: None, body: StandardBody::Ceiling(body), effective, department: None };
    hall.act(&Command::SetStandards(vec![draft])).map(|_| ())
}

fn on_base(change: impl FnOnce(&mut Ceiling)) -> Ceiling {
    let mut ceiling = Ceiling { base_code: Some(BASE.into()), ..Ceiling::default() };
    change(&mut ceiling);
    ceiling
}

fn on_line(change: impl FnOnce(&mut Ceiling)) -> Ceiling {
    let mut ceiling = Ceiling { line: Some(LINE.into()), ..Ceiling::default() };
    change(&mut ceiling);
    ceiling
}

fn claim(hall: &mut Hall, promised_days: Option<u16>) -> String {
    let terms = ClaimTerms {
        department: Some("区卫健局".into()),
        department_code: Some("11511301008778490F".into()),
        promised_days,
        ..ClaimTerms::default()
    };
    let change = hall.act(&Command::ClaimItem { base_code: BASE.into(), terms }).unwrap();
    match change.reply {
        Reply::Item { item } => item,
        other => panic!("{other:?}"),
    }
}

fn publish(hall: &mut Hall, code: &str) -> Result<(), Rejection> {
    hall.act(&Command::PublishItems(Some(code.to_owned()))).map(|_| ())
}

/// Gives the draft a guide.
fn guided(hall: &mut Hall, code: &str, guide: &Guide) {
    hall.state.fold(&Event::Guide(Box::new(guide.clone())));
    hall.state.drafts.get_mut(code).unwrap().guide = Some(guide.digest());
}

fn material(name: &str) -> RequiredMaterial {
    RequiredMaterial { name: name.into(), ..RequiredMaterial::default() }
}

fn guide() -> Guide {
    Guide {
        materials: ["申请表", "卫生检测报告", "平面图"].map(material).to_vec(),
        fees: vec![Fee { name: "检测费".into(), fen: Some(5000), ..Fee::default() }],
        charged: Some(true),
        steps: ["受理", "审核", "审批", "办结"].map(|name| Step { name: name.into(), ..Step::default() }).to_vec(),
        visits: Some(1),
        publicity_days: Some(5),
        ..Guide::default()
    }
}

#[test]
fn each_limit_refuses_and_names_who_set_it() {
    let mut county = Hall::new("511602", "广安区");
    let mut province = province();
    flow(&province, &mut county);
    let code = claim(&mut county, Some(10));
    guided(&mut county, &code, &guide());
    for (field, value, error, body) in [
        ("materials", "3", "ceiling-exceeded", on_base(|body| body.materials = Some(2))),
        ("promised_days", "10", "ceiling-exceeded", on_base(|body| body.promised_days = Some(9))),
        ("fee_fen", "5000", "ceiling-exceeded", on_line(|body| body.fee_fen = Some(4999))),
        ("steps", "4", "ceiling-exceeded", on_line(|body| body.steps = Some(3))),
        ("visits", "1", "ceiling-exceeded", on_line(|body| body.visits = Some(0))),
        (
            "materials_floor",
            "申请表、卫生检测报告、平面图",
            "floor-undercut",
            on_base(|body| body.materials_floor = vec!["身份证".into()]),
        ),
        ("publicity_floor", "5", "floor-undercut", on_base(|body| body.publicity_floor = Some(7))),
        ("fees_floor", "检测费", "floor-undercut", on_line(|body| body.fees_floor = vec!["登记费".into()])),
    ] {
        set(&mut province, body).unwrap();
        let mut below = county.clone();
        flow(&province, &mut below);
        let refused = publish(&mut below, &code).unwrap_err();
        assert_eq!((refused.code, refused.field, &*refused.value), (error, field, value));
        for text in [&refused.en, &refused.zh] {
            assert!(text.contains("四川省") && text.contains("510000000000"), "{text}");
        }
        assert!(refused.zh.contains("省级") && refused.en.contains("(province)"), "{refused:?}");
        assert!(!refused.remedy_en.is_empty() && !refused.remedy_zh.is_empty());
        for kind_code in [BASE, LINE] {
            let kind = StandardKind::Ceiling;
            let withdrawal = Command::WithdrawStandard { kind, code: kind_code.into(), from: None };
            let _known = province.act(&withdrawal);
        }
    }
    // All limits are withdrawn again: it may be published.
    flow(&province, &mut county);
    publish(&mut county, &code).unwrap();
}

#[test]
fn of_province_and_city_the_strictest_holds() {
    let mut province = province();
    let mut city = Hall::new("511600", "广安市");
    let mut county = Hall::new("511602", "广安区");
    set(&mut province, on_base(|body| (body.promised_days, body.visits) = (Some(8), Some(0)))).unwrap();
    flow(&province, &mut city);
    set(&mut city, on_line(|body| (body.promised_days, body.visits) = (Some(6), Some(1)))).unwrap();
    flow(&province, &mut county);
    flow(&city, &mut county);
    let code = claim(&mut county, None);
    let item = county.state.drafts[&code].clone();
    // Who promises nothing of its own promises the strictest ceiling.
    assert_eq!(item.promised.unwrap().days, 6);
    let found: Vec<_> = bounds(&county.state, &item, date(2026, 9, 14))
        .into_iter()
        .map(|bound| (bound.field, bound.limit, bound.set_by))
        .collect();
    assert_eq!(
        found,
        [(CeilingField::PromisedDays, 6, "广安市".to_owned()), (CeilingField::Visits, 0, "四川省".to_owned())]
    );
    publish(&mut county, &code).unwrap();
    // Another city's ceiling, and a subordinate's, bind nobody here.
    for (division, name) in [("510100", "成都市"), ("511602104", "花桥镇")] {
        let mut other = Hall::new(division, name);
        flow(&province, &mut other);
        set(&mut other, on_base(|body| body.promised_days = Some(1))).unwrap();
        flow(&other, &mut county);
        assert!(exceeded(&county.state, &item, None, date(2026, 9, 14)).is_empty(), "{name}");
    }
}

/// What was published before has until the deadline; a new version is held to the new ceiling at once.
#[test]
fn a_lowered_ceiling_gives_time_until_its_deadline() {
    let mut province = province();
    let mut county = Hall::new("511602", "广安区");
    flow(&province, &mut county);
    let code = claim(&mut county, Some(10));
    publish(&mut county, &code).unwrap();
    let deadline = Some(date(2026, 10, 31));
    set(&mut province, on_base(|body| (body.promised_days, body.deadline) = (Some(8), deadline))).unwrap();
    flow(&province, &mut county);
    let item = county.state.items[&code].clone();
    for (day, overdue) in [(date(2026, 9, 14), false), (date(2026, 10, 31), false), (date(2026, 11, 1), true)] {
        let found = exceeded(&county.state, &item, None, day);
        assert_eq!(found.len(), 1);
        let one = &found[0];
        assert_eq!((one.value.as_str(), one.limit.as_str(), one.overdue), ("10", "8", overdue), "{day}");
        assert_eq!(one.bound.deadline, deadline);
    }
    claim(&mut county, Some(9));
    assert_eq!(publish(&mut county, &code).unwrap_err().code, "ceiling-exceeded");
    claim(&mut county, Some(8));
    publish(&mut county, &code).unwrap();
    let item = &county.state.items[&code];
    assert!(exceeded(&county.state, item, None, date(2026, 11, 1)).is_empty());
}

/// A ceiling that begins later doesn't judge before, and the one before it goes on until then.
#[test]
fn a_ceiling_begins_on_its_day() {
    let mut province = province();
    set(&mut province, on_base(|body| body.promised_days = Some(12))).unwrap();
    let later = Some(date(2026, 10, 1));
    set_from(&mut province, on_base(|body| body.promised_days = Some(5)), later).unwrap();
    let mut county = Hall::new("511602", "广安区");
    flow(&province, &mut county);
    let code = claim(&mut county, Some(13));
    assert_eq!(publish(&mut county, &code).unwrap_err().code, "ceiling-exceeded");
    claim(&mut county, Some(12));
    // A version is judged by the day on which it begins, tried or done, alone or with all.
    let mut early = county.clone();
    early.state.drafts.get_mut(&code).unwrap().effective = later;
    assert_eq!(publish(&mut early, &code).unwrap_err().code, "ceiling-exceeded");
    for dry_run in [true, false] {
        let act = ItemAct::Publish { difference: None };
        let change = early.act(&Command::BringItems { act, which: Selection::All, dry_run }).unwrap();
        let Reply::Life(report) = change.reply else { panic!("{:?}", change.reply) };
        assert_eq!((report.done.len(), report.refused[0].rejection.code), (0, "ceiling-exceeded"));
    }
    publish(&mut county, &code).unwrap();
    county.now = at(2026, 10, 1, 9);
    let item = county.state.items[&code].clone();
    assert_eq!(exceeded(&county.state, &item, None, county.now.date())[0].limit, "5");
    // Withdrawn as of a later day it holds until then.
    let from = Some(date(2026, 11, 1));
    province.now = county.now;
    province.act(&Command::WithdrawStandard { kind: StandardKind::Ceiling, code: BASE.into(), from }).unwrap();
    flow(&province, &mut county);
    assert_eq!(exceeded(&county.state, &item, None, date(2026, 10, 31)).len(), 1);
    assert_eq!(exceeded(&county.state, &item, None, date(2026, 11, 1)).len(), 0);
}

/// Several steps may be announced at once; each holds from its day, in whatever order they were set.
#[test]
fn announced_steps_follow_each_other() {
    let mut province = province();
    set(&mut province, on_base(|body| body.promised_days = Some(12))).unwrap();
    for (day, days) in [(date(2026, 10, 1), 10), (date(2026, 12, 1), 6), (date(2026, 11, 1), 8)] {
        set_from(&mut province, on_base(|body| body.promised_days = Some(days)), Some(day)).unwrap();
    }
    let limit = |province: &Hall, day| {
        let standard = province.state.standards(StandardKind::Ceiling, BASE).remove(0);
        match standard.holding(day).map(|holding| holding.body.clone()) {
            Some(StandardBody::Ceiling(body)) => body.promised_days,
            other => panic!("{other:?}"),
        }
    };
    // The last one set, as of November, takes the place of the one that was to begin in December.
    for (day, expected) in [
        (date(2026, 9, 30), Some(12)),
        (date(2026, 10, 31), Some(10)),
        (date(2026, 11, 30), Some(8)),
        (date(2026, 12, 1), Some(8)),
    ] {
        assert_eq!(limit(&province, day), expected, "{day}");
    }
    for month in 1..=12 {
        let day = Some(date(2027, month, 1));
        let done = set_from(&mut province, on_base(|body| body.promised_days = Some(u16::from(month))), day);
        let waiting = 2 + usize::from(month);
        match done {
            Ok(()) => assert!(waiting <= 8),
            Err(refused) => {
                assert!(waiting > 8, "{month}");
                assert_eq!((refused.code, refused.field), ("invalid-field", "effective"));
            }
        }
    }
}

#[test]
fn a_fee_set_by_law_is_neither_dropped_nor_lowered() {
    let mut province = province();
    let lawful =
        Guide { fees: vec![Fee { name: "登记费".into(), fen: Some(8000), ..Fee::default() }], ..Guide::default() };
    province.state.fold(&Event::Guide(Box::new(lawful.clone())));
    province.state.bases.get_mut(BASE).unwrap().guide = Some(lawful.digest());
    set(&mut province, on_base(|body| body.fees_floor = vec!["登记费".into()])).unwrap();
    let mut county = Hall::new("511602", "广安区");
    flow(&province, &mut county);
    for (fen, expected) in [(Some(7999), Some("floor-undercut")), (Some(8000), None), (None, None)] {
        let mut hall = county.clone();
        let code = claim(&mut hall, None);
        let mut guide = guide();
        guide.fees[0] = Fee { name: "登记费".into(), fen, ..Fee::default() };
        guided(&mut hall, &code, &guide);
        assert_eq!(publish(&mut hall, &code).err().map(|refused| refused.code), expected, "{fen:?}");
    }
}

#[test]
fn ceilings_that_are_refused() {
    let mut province = province();
    set(&mut province, on_base(|body| body.materials_floor = vec!["身份证".into(), "申请表".into()])).unwrap();
    let mut city = Hall::new("511600", "广安市");
    flow(&province, &mut city);
    for (code, field, body) in [
        ("invalid-field", "base_code", Ceiling { materials: Some(1), ..Ceiling::default() }),
        ("invalid-field", "base_code", on_base(|body| (body.line, body.visits) = (Some(LINE.into()), Some(1)))),
        ("invalid-field", "base_code", Ceiling { base_code: Some("51".into()), visits: Some(1), ..Ceiling::default() }),
        (
            "item-unknown",
            "base_code",
            Ceiling { base_code: Some("510116013009".into()), visits: Some(1), ..Ceiling::default() },
        ),
        ("invalid-field", "ceiling", on_base(|_| {})),
        ("invalid-field", "line", Ceiling { line: Some(" ".into()), visits: Some(1), ..Ceiling::default() }),
        ("invalid-field", "promised_days", on_base(|body| body.promised_days = Some(0))),
        ("invalid-field", "promised_days", on_base(|body| body.promised_days = Some(9999))),
        ("invalid-field", "materials_floor", on_base(|body| body.materials_floor = vec![String::new()])),
        ("invalid-field", "fees_floor", on_base(|body| body.fees_floor = vec!["费".into(), "费".into()])),
        (
            "invalid-field",
            "deadline",
            on_base(|body| (body.visits, body.deadline) = (Some(1), Some(date(2026, 9, 13)))),
        ),
        ("ceiling-below-floor", "materials", on_base(|body| body.materials = Some(1))),
        (
            "ceiling-below-floor",
            "fee_fen",
            on_base(|body| (body.fee_fen, body.fees_floor) = (Some(0), vec!["登记费".into()])),
        ),
    ] {
        let refused = set(&mut city, body.clone()).unwrap_err();
        assert_eq!((refused.code, refused.field), (code, field), "{body:?}");
        assert!(!refused.remedy_en.is_empty() && !refused.remedy_zh.is_empty());
    }
    set(&mut city, on_base(|body| body.materials = Some(2))).unwrap();
    // The same again changes nothing; another is the next version; only its keeper withdraws it.
    let change = city
        .act(&Command::SetStandards(vec![StandardDraft {
            code: None,
            body: StandardBody::Ceiling(on_base(|body| body.materials = Some(2))),
            effective: None,
            department: None,
        }]))
        .unwrap();
    assert_eq!(change.events, []);
    set(&mut city, on_base(|body| body.materials = Some(3))).unwrap();
    let kind = StandardKind::Ceiling;
    let versions: Vec<u32> = city.state.standards(kind, BASE).iter().map(|standard| standard.version).collect();
    assert_eq!(versions, [1, 2], "the province's and the city's");
    let withdrawal = Command::WithdrawStandard { kind, code: BASE.into(), from: None };
    city.act(&withdrawal).unwrap();
    assert_eq!(city.code(&withdrawal), "standard-unknown");
    assert_eq!(city.state.standards(kind, BASE)[1].state, ItemState::Withdrawn);
}

proptest! {
    /// Ceilings, claims and publications in any order: an item is published if and only if its promise keeps what is in force at that
    /// moment, and what was in force when it was claimed doesn't matter.
    #[test]
    fn publication_is_judged_by_what_is_in_force(
        steps in prop::collection::vec((0_u8..4, 1_u16..16, 0_i32..3), 1..12),
    ) {
        let mut province = province();
        let mut county = Hall::new("511602", "广安区");
        flow(&province, &mut county);
        let code = claim(&mut county, Some(10));
        for (step, days, ahead) in steps {
            match step {
                0 => {
                    let from = (ahead > 0).then(|| province.now.date().add_days(ahead));
                    let body = on_base(|body| body.promised_days = Some(days));
                    set_from(&mut province, body, from).unwrap();
                    flow(&province, &mut county);
                }
                1 => {
                    province.now = province.now.add_days(1);
                    county.now = province.now;
                }
                2 => { claim(&mut county, Some(days.min(15))); }
                _ => {
                    let Some(draft) = county.state.drafts.get(&code).cloned() else { continue };
                    let day = county.now.date();
                    let standard = county.state.standards(StandardKind::Ceiling, BASE).into_iter().next();
                    let ceiling = standard.as_ref().and_then(|standard| standard.holding(day)).map(|standard| {
                        match &standard.body {
                            StandardBody::Ceiling(body) => body.promised_days.unwrap(),
                            other => panic!("{other:?}"),
                        }
                    });
                    let kept = draft.promised.unwrap().days <= ceiling.unwrap_or(15).min(15);
                    let published = publish(&mut county, &code);
                    prop_assert_eq!(published.is_ok(), kept, "{:?} under {:?}", draft.promised, ceiling);
                }
            }
        }
    }
}

/// Seven natural days hold five working days, and of the days that are left each may be one.
#[test]
fn natural_days_are_held_to_working_days_at_the_most_that_they_hold() {
    use tongban_domain::catalogue::{Term, Unit};
    for (days, most) in [(1, 1), (3, 3), (5, 5), (6, 5), (7, 5), (8, 6), (12, 10), (13, 10), (14, 10), (15, 11)] {
        assert_eq!(Term { days, unit: Unit::NaturalDays }.working_days(), most, "{days} natural days");
        assert_eq!(Term { days, unit: Unit::WorkingDays }.working_days(), days);
    }
    // Of different units neither number says which is longer.
    let (natural, working) =
        (|days| Term { days, unit: Unit::NaturalDays }, |days| Term { days, unit: Unit::WorkingDays });
    assert!(working(15).exceeds(natural(15)) && !working(15).exceeds(natural(21)));
    assert!(natural(22).exceeds(working(15)) && !natural(21).exceeds(working(15)));
    let mut province = province();
    set(&mut province, on_base(|body| body.promised_days = Some(10))).unwrap();
    let mut county = Hall::new("511602", "广安区");
    flow(&province, &mut county);
    let code = claim(&mut county, Some(10));
    for (days, expected) in [(14, true), (15, false), (19, false)] {
        let promised = Some(Term { days, unit: Unit::NaturalDays });
        county.state.drafts.get_mut(&code).unwrap().promised = promised;
        let published = publish(&mut county.clone(), &code).map_err(|refused| (refused.code, refused.field));
        assert_eq!(published, if expected { Ok(()) } else { Err(("ceiling-exceeded", "promised_days")) }, "{days}");
    }
    // The base item's own limit is one of the ceilings, and counts as they do.
    let natural = Some(Term { days: 20, unit: Unit::NaturalDays });
    let mut county = Hall::new("511602", "广安区");
    flow(&self::province(), &mut county);
    let code = claim(&mut county, Some(10));
    county.state.drafts.get_mut(&code).unwrap().promised = natural;
    publish(&mut county, &code).unwrap();
}

/// A superior of an earlier release sent names with blanks around them.
#[test]
fn names_of_a_floor_are_the_same_with_blanks_around_them() {
    let mut province = province();
    let floors = on_base(|body| {
        body.materials_floor = vec!["平面图".into()];
        body.fees_floor = vec!["检测费".into()];
    });
    set(&mut province, floors).unwrap();
    for standard in province.state.standards.values_mut() {
        let StandardBody::Ceiling(body) = &mut standard.body else { continue };
        body.materials_floor = vec![" 平面图 ".into()];
        body.fees_floor = vec!["检测费 ".into()];
    }
    let mut county = Hall::new("511602", "广安区");
    flow(&province, &mut county);
    let code = claim(&mut county, Some(10));
    guided(&mut county, &code, &guide());
    publish(&mut county, &code).unwrap();
}
