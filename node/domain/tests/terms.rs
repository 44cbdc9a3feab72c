//! Terms of different units: which promise keeps which statutory time, in the catalogue and in each case.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, at, date, row};
use tongban_domain::catalogue::{ClaimTerms, Term, Unit};
use tongban_domain::{Command, Event};

const BASE: &str = "510116013001";
const CREDIT: &str = "11511301008778490F";

fn working(days: u16) -> Term {
    Term { days, unit: Unit::WorkingDays }
}

fn natural(days: u16) -> Term {
    Term { days, unit: Unit::NaturalDays }
}

/// A county below a province whose base item promises ten working days of twenty.
fn county() -> Hall {
    let mut province = Hall::new("510000", "四川省");
    let columns = [
        ("department", "省卫生健康委"),
        ("name", "公共场所卫生许可"),
        ("item_type", "01"),
        ("base_code", BASE),
        ("legal_basis", "《公共场所卫生管理条例》第四条"),
        ("statutory_days", "20"),
        ("promised_days", "10"),
    ];
    province.import(&[row(2, &columns)]);
    province.publish_all();
    let mut county = Hall::new("511602", "广安区");
    county.state.fold(&Event::BaseItem(province.state.bases[BASE].clone()));
    county
}

/// The draft of a claim with these terms.
fn claimed(statutory: Term, promised: Term) -> (Hall, String) {
    let mut county = county();
    let terms = ClaimTerms {
        department: Some("区卫健局".into()),
        department_code: Some(CREDIT.into()),
        ..ClaimTerms::default()
    };
    county.act(&Command::ClaimItem { base_code: BASE.into(), terms }).unwrap();
    let code = format!("{CREDIT}4{BASE}");
    let draft = county.state.drafts.get_mut(&code).unwrap();
    (draft.statutory, draft.promised) = (Some(statutory), Some(promised));
    (county, code)
}

/// A promise in working days keeps a limit in natural days when it does so from every day of the week on.
#[test]
fn a_promise_never_ends_after_a_limit_in_natural_days() {
    // Day 0 is a Monday; a term that ends on a weekend ends on the Monday after it.
    let ends = |from: u16, days: u16| (from + days..).find(|day| day % 7 < 5).unwrap();
    let holds = |from: u16, days: u16| (from + 1..=ends(from, days)).filter(|day| day % 7 < 5).count();
    for days in 1..=40 {
        let fewest = (0..7).map(|from| holds(from, days)).min().unwrap();
        for promised in 1..=40 {
            let exceeds = working(promised).exceeds(natural(days));
            assert_eq!(exceeds, usize::from(promised) > fewest, "{promised} in {days} natural days");
        }
    }
    let publish = |promised| {
        let (mut county, code) = claimed(natural(12), working(promised));
        county.act(&Command::PublishItems(Some(code))).map(|_| ())
    };
    publish(8).unwrap();
    let refused = publish(9).unwrap_err();
    assert_eq!((refused.code, refused.field), ("ceiling-exceeded", "promised_days"));
    assert!(refused.en.contains("12 natural days, in which 8 working days always fit"), "{}", refused.en);
}

/// The promise that a row leaves out is the superior's, within the row's own statutory time: no row is refused for what it doesn't say.
#[test]
fn a_promise_that_a_row_leaves_out_keeps_its_statutory_time() {
    for (statutory, unit, promised) in
        [("7", "自然日", 5), ("10", "自然日", 6), ("28", "自然日", 10), ("7", "工作日", 7)]
    {
        let mut county = county();
        let columns = [
            ("department", "区卫健局"),
            ("main_item", "公共场所卫生许可"),
            ("name", "公共场所卫生许可"),
            ("local_item_code", "511A0015500013-511602000000-000-11511301008778490F-1-00"),
            ("division", "511602000000"),
            ("item_type", "01"),
            ("department_code", CREDIT),
            ("base_code", BASE),
            ("statutory_days", statutory),
            ("statutory_unit", unit),
        ];
        let report = county.import(&[row(2, &columns)]);
        assert_eq!(report.rejected, 0, "{statutory} {unit}: {report:?}");
        let draft = county.state.drafts.values().next().unwrap();
        assert_eq!(draft.promised, Some(working(promised)), "{statutory} {unit}");
    }
}

/// Where a holiday lies between, what is promised in working days would end after what the law gives in natural days.
#[test]
fn no_case_is_promised_a_day_after_its_last_lawful_one() {
    let (mut county, code) = claimed(natural(7), working(5));
    county.act(&Command::PublishItems(Some(code.clone()))).unwrap();
    let division = county.division();
    for (now, promised, statutory) in [
        (at(2026, 9, 14, 9), date(2026, 9, 20), date(2026, 9, 21)),
        (at(2026, 9, 30, 9), date(2026, 10, 8), date(2026, 10, 8)),
    ] {
        county.now = now;
        let case = county.collect(&code, division);
        county.act(&Command::Accept(case.to_string())).unwrap();
        let due = county.case(case).deadlines.clone().unwrap();
        assert_eq!((due.promised.unwrap().date, due.statutory.unwrap().date), (promised, statutory));
    }
}
