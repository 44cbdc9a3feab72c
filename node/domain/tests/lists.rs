//! Generated lists, the monthly report, life events and topics.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{CARD, Hall, PERMIT, date};
use proptest::prelude::*;
use tongban_domain::catalogue::list::Lists;
use tongban_domain::catalogue::report::{MonthlyReport, Rate, counts, monthly};
use tongban_domain::catalogue::{
    CaseKind, CodeList, Entry, GeneratedList, Guide, ItemState, LifeEvent, ListKind, Mode, OnlineDepth, Range, Scope,
    ServiceItem, StandardBody, StandardDraft, StandardKind, Topic, ordered,
};
use tongban_domain::{Command, Facts, Rejection};

fn item() -> ServiceItem {
    let mut hall = Hall::new("511602", "广安区");
    let code = hall.offer_item(&PERMIT);
    let mut item = hall.state.items[&code].clone();
    item.modes.clear();
    item
}

fn set(hall: &mut Hall, code: &str, body: StandardBody) -> Result<(), Rejection> {
    let code = (!code.is_empty()).then(|| code.to_owned());
    hall.act(&Command::SetStandards(vec![StandardDraft { code, body, effective: None, department: None }])).map(|_| ())
}

#[test]
fn each_list_by_its_formula() {
    let item = item();
    let on = |item: &ServiceItem, guide: &Guide| {
        let lists = GeneratedList::ALL.iter().filter(|list| list.has(item, Some(guide)));
        lists.map(|list| list.zh()).collect::<Vec<_>>()
    };
    let whole = vec![OnlineDepth::Decision, OnlineDepth::Result];
    let scope = || Scope { range: Range::BetweenCities, mode: Mode::Collect, covered: vec![], agreement: None };
    for (guide, expected) in [
        (Guide::default(), vec![]),
        (Guide { visits: Some(0), ..Guide::default() }, vec!["不见面", "最多跑一次"]),
        (Guide { visits: Some(1), ..Guide::default() }, vec!["见一次面", "最多跑一次"]),
        (Guide { visits: Some(2), ..Guide::default() }, vec![]),
        (Guide { case_kind: Some(CaseKind::Instant), ..Guide::default() }, vec!["即办"]),
        (
            Guide { visits: Some(0), online_depth: whole.clone(), ..Guide::default() },
            vec!["不见面", "最多跑一次", "全程网办"],
        ),
        (Guide { online_depth: whole.clone(), ..Guide::default() }, vec![]),
        (
            Guide { visits: Some(0), online_depth: whole[..1].to_vec(), ..Guide::default() },
            vec!["不见面", "最多跑一次"],
        ),
        (Guide { charged: Some(true), ..Guide::default() }, vec!["收费"]),
        (Guide { intermediary: Some("卫生检测".into()), ..Guide::default() }, vec!["中介服务"]),
        (Guide { intermediary: Some(" ".into()), ..Guide::default() }, vec![]),
        (Guide { scopes: vec![scope()], ..Guide::default() }, vec!["跨域通办"]),
    ] {
        assert_eq!(on(&item, &guide), expected, "{guide:?}");
    }
    let between = ServiceItem { modes: vec![Mode::Window, Mode::Collect], ..item };
    assert!(GeneratedList::CrossRegion.has(&between, None));
    let nowhere = ServiceItem { covered: vec![], ..between };
    assert!(!GeneratedList::CrossRegion.has(&nowhere, None));
    let page = include_str!("../../../docs/quality.md");
    for list in GeneratedList::ALL {
        let row = format!("| `{}` {} | {} |", list.name(), list.zh(), list.formula());
        assert!(page.contains(&row), "{row}");
    }
}

fn rate<'r>(rates: &'r [Rate], name: &str) -> &'r Rate {
    rates.iter().find(|rate| rate.name == name).unwrap()
}

/// Ten items of two departments, counted by hand.
#[test]
fn the_monthly_report_counts() {
    let first = item();
    let day = date(2026, 9, 30);
    let mut rows: Vec<(ServiceItem, Option<Guide>)> = Vec::new();
    let whole = vec![OnlineDepth::Collection, OnlineDepth::Decision, OnlineDepth::Result];
    for (i, visits) in [Some(0), Some(0), Some(1), Some(1), Some(1), Some(3), None, None].into_iter().enumerate() {
        let department = if i < 5 { "甲" } else { "乙" };
        let code = format!("C{i}");
        let item = ServiceItem { code, department: department.into(), ..first.clone() };
        let guide = Guide {
            visits,
            online: Some(i < 4),
            online_depth: if i < 2 { whole.clone() } else { vec![OnlineDepth::Acceptance] },
            case_kind: (i == 2).then_some(CaseKind::Instant),
            ..Guide::default()
        };
        rows.push((item, (i != 7).then_some(guide)));
    }
    // What doesn't count: ex officio, withdrawn, not begun, ended.
    let mut penalty = first.clone();
    penalty.core.item_type = "02".into();
    let withdrawn = ServiceItem { state: ItemState::Withdrawn, ..first.clone() };
    let later = ServiceItem { effective: Some(date(2026, 10, 1)), ..first.clone() };
    let ended = ServiceItem { cancel: Some(date(2026, 9, 29)), ..first };
    for item in [penalty, withdrawn, later, ended] {
        assert!(!counts(&item, day));
        rows.push((item, Some(Guide { visits: Some(9), ..Guide::default() })));
    }
    let report = |lists: &Lists| monthly(rows.iter().map(|(item, guide)| (item, guide.as_ref())), lists, day);
    let MonthlyReport { whole, departments, negative_list, .. } = report(&Lists::default());
    assert!(!negative_list);
    assert_eq!((whole.items, whole.without_guide, whole.department), (8, 1, None));
    for (name, numerator, denominator, per_mille, items) in [
        ("online", 4, 8, 500, vec!["C0", "C1", "C2", "C3"]),
        ("fully-online", 2, 8, 250, vec!["C0", "C1"]),
        ("no-visit", 2, 8, 250, vec!["C0", "C1"]),
        ("once-at-most", 5, 8, 625, vec!["C0", "C1", "C2", "C3", "C4"]),
        ("mean-visits", 6, 6, 1000, vec!["C2", "C3", "C4", "C5"]),
        ("instant", 1, 8, 125, vec!["C2"]),
        // 20 days by law, 5 promised.
        ("shortening", 120, 160, 750, vec!["C0", "C1", "C2", "C3", "C4", "C5", "C6", "C7"]),
    ] {
        let found = rate(&whole.rates, name);
        assert_eq!(
            (found.numerator, found.denominator, found.per_mille),
            (numerator, denominator, Some(per_mille)),
            "{name}"
        );
        assert_eq!(found.items, items, "{name}");
    }
    assert_eq!(whole.presence_unlisted, ["C2", "C3", "C4", "C5"]);
    let names: Vec<_> = departments.iter().map(|one| (one.department.clone().unwrap(), one.items)).collect();
    assert_eq!(names, [("乙".to_owned(), 3), ("甲".to_owned(), 5)]);
    for name in ["online", "no-visit", "instant", "mean-visits", "shortening"] {
        let sums = departments.iter().map(|one| rate(&one.rates, name).numerator).sum::<u64>();
        assert_eq!(sums, rate(&whole.rates, name).numerator, "departments add up: {name}");
    }
    // On the negative list presence may be asked for.
    let mut hall = Hall::new("511602", "广安区");
    let entry = Entry {
        list: ListKind::OnlineNegative,
        name: "公共场所卫生许可延续".into(),
        base_code: None,
        department: None,
        basis: None,
        note: None,
        demo: true,
    };
    set(&mut hall, "", StandardBody::Entry(entry)).unwrap();
    let listed = report(&Lists::gather(&hall.state, hall.division(), day));
    assert!(listed.negative_list && listed.whole.presence_unlisted.is_empty());
    let nothing = monthly([], &Lists::default(), day);
    assert!(nothing.whole.rates.iter().all(|rate| rate.per_mille.is_none()));
}

fn restaurant() -> LifeEvent {
    LifeEvent {
        name: "开办餐饮店".into(),
        items: ["511A0015500013", "511F82001003"].map(str::to_owned).to_vec(),
        after: vec![("511A0015500013".into(), "511F82001003".into())],
        ..LifeEvent::default()
    }
}

#[test]
fn life_events_and_topics_are_checked() {
    let mut hall = Hall::new("511602", "广安区");
    hall.offer_item(&PERMIT);
    hall.offer_item(&CARD);
    let event = |change: fn(&mut LifeEvent)| {
        let mut event = restaurant();
        change(&mut event);
        StandardBody::LifeEvent(event)
    };
    set(&mut hall, "restaurant", event(|_| {})).unwrap();
    let known = hall.state.standards(StandardKind::LifeEvent, "restaurant");
    let StandardBody::LifeEvent(body) = &known[0].body else { panic!("{known:?}") };
    let order = ordered(body).unwrap();
    assert_eq!(order[0], ("511F82001003".to_owned(), vec![]));
    assert_eq!(order[1], ("511A0015500013".to_owned(), vec!["511F82001003".to_owned()]));
    set(&mut hall, "T1", StandardBody::Topic(Topic { name: "卫生".into(), ..Topic::default() })).unwrap();
    let below = |above: &str| {
        StandardBody::Topic(Topic { name: "许可".into(), above: Some(above.into()), ..Topic::default() })
    };
    set(&mut hall, "T2", below("T1")).unwrap();
    for (code, field, name, body) in [
        ("invalid-field", "code", "", event(|_| {})),
        ("invalid-field", "code", "a b", event(|_| {})),
        ("invalid-field", "name", "e", event(|event| event.name.clear())),
        ("invalid-field", "items", "e", event(|event| event.items.clear())),
        ("invalid-field", "items", "e", event(|event| event.items.push("511F82001003".into()))),
        ("item-unknown", "items", "e", event(|event| event.items.push("没有".into()))),
        ("invalid-field", "after", "e", event(|event| event.after.push(("没有".into(), "511F82001003".into())))),
        (
            "invalid-field",
            "after",
            "e",
            event(|event| event.after.push(("511F82001003".into(), "511A0015500013".into()))),
        ),
        ("invalid-field", "guidance", "e", event(|event| event.guidance = Some(String::new()))),
        ("invalid-field", "name", "t", StandardBody::Topic(Topic::default())),
        ("invalid-field", "above", "t", below("没有")),
        ("invalid-field", "above", "T1", below("T2")),
        ("invalid-field", "above", "T1", below("T1")),
    ] {
        let refused = set(&mut hall, name, body).unwrap_err();
        assert_eq!((refused.code, refused.field), (code, field), "{refused:?}");
        assert!(!refused.remedy_en.is_empty() && !refused.remedy_zh.is_empty());
    }
}

/// A file of entries goes in row by row: the bad ones are named, the good ones are in, and the same again changes nothing.
#[test]
fn entries_go_in_row_by_row() {
    let mut hall = Hall::new("511602", "广安区");
    let entry = |name: &str, base_code: Option<&str>| {
        let base_code = base_code.map(str::to_owned);
        let (department, basis, note) = (None, None, None);
        let entry =
            Entry { list: ListKind::Permits, name: name.into(), base_code, department, basis, note, demo: true };
        StandardDraft { code: None, body: StandardBody::Entry(entry), effective: None, department: None }
    };
    let rows = vec![
        entry("甲", None),
        entry("", None),
        entry("乙", Some("510116013001")),
        entry("丙", Some("51011601300")),
        entry("甲", None),
    ];
    let change = hall.act(&Command::SetStandards(rows.clone())).unwrap();
    let tongban_domain::Reply::Standards(report) = change.reply else { panic!("{change:?}") };
    assert_eq!(report.set.len(), 2);
    assert!(report.set.contains(&"permits/510116013001".to_owned()), "{:?}", report.set);
    let refused: Vec<_> = report.refused.iter().map(|one| (one.rejection.code, one.rejection.field)).collect();
    assert_eq!(
        refused,
        [("invalid-field", "name"), ("invalid-field", "base_code"), ("invalid-field", "code")],
        "{:?}",
        report.refused
    );
    let again = hall.act(&Command::SetStandards(vec![rows[0].clone(), rows[2].clone()])).unwrap();
    assert_eq!(again.events, []);
}

proptest! {
    /// Whatever waits for whatever: an order keeps every wait, names each item once, and is refused only where there is none.
    #[test]
    fn an_order_keeps_every_wait(n in 1_usize..9, pairs in prop::collection::vec((0_usize..9, 0_usize..9), 0..14)) {
        let items: Vec<String> = (0..n).map(|i| format!("I{i}")).collect();
        let after: Vec<(String, String)> =
            pairs.iter().map(|(a, b)| (format!("I{}", a % n), format!("I{}", b % n))).collect();
        let event = LifeEvent { items, after: after.clone(), ..LifeEvent::default() };
        match ordered(&event) {
            Ok(order) => {
                let place = |code: &String| order.iter().position(|(item, _)| item == code).unwrap();
                prop_assert_eq!(order.len(), n);
                for (later, earlier) in &after {
                    prop_assert!(place(earlier) < place(later));
                }
            }
            Err(_) => {
                // Something waits for itself: following the waits from it leads back.
                let mut reach: Vec<Vec<bool>> = vec![vec![false; n]; n];
                for (a, b) in &pairs { reach[a % n][b % n] = true; }
                for k in 0..n { for i in 0..n { for j in 0..n {
                    reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
                } } }
                prop_assert!((0..n).any(|i| reach[i][i]));
            }
        }
    }
}
