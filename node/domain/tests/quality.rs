//! Quality: every rule has an item that keeps it and one that doesn't, and mending what it says raises the score.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hall::{Hall, credit, date, row};
use proptest::prelude::*;
use tongban_domain::catalogue::list::{Lists, conflicts};
use tongban_domain::catalogue::quality::{Assessment, Overview, RULES, Subject, assess, rule};
use tongban_domain::catalogue::{
    AuthorityKind, Basis, CaseKind, ClaimTerms, CodeList, Entry, Fee, Form, Guide, ImportRow, ListKind, Mode,
    Necessity, OnlineDepth, Policy, PowerSource, Question, RequiredMaterial, ResultDocument, ResultKind, Served,
    ServiceItem, ServicePlace, SpecialLink, StandardBody, StandardDraft, Step, Term, Unit, UseLevel,
};
use tongban_domain::{Command, Event, Facts};

const BASE: &str = "510116013001";
const NAME: &str = "公共场所卫生许可";
const OTHER: &str = "饮用水供水单位卫生许可";
const QUALIFICATION: &str = "医师执业资格认定";
const BLANK: &str = "公共场所 卫生许可";

const COLUMNS: [(&str, &str); 7] = [
    ("department", "省卫生健康委"),
    ("name", NAME),
    ("item_type", "01"),
    ("base_code", BASE),
    ("legal_basis", "《公共场所卫生管理条例》第四条；《行政许可法》第四十二条"),
    ("statutory_days", "20"),
    ("promised_days", "15"),
];

fn entry(list: ListKind, name: &str, base_code: Option<&str>) -> StandardDraft {
    let base_code = base_code.map(str::to_owned);
    let entry = Entry { list, name: name.into(), base_code, department: None, basis: None, note: None, demo: true };
    StandardDraft { code: None, body: StandardBody::Entry(entry), effective: None, department: None }
}

/// A county that knows a base item and a list of every kind, with a draft of which no rule finds anything.
fn county() -> (Hall, ServiceItem, Guide) {
    let mut province = Hall::new("510000", "四川省");
    province.import(&[row(2, &COLUMNS)]);
    province.publish_all();
    let mut lists = vec![
        entry(ListKind::Permits, NAME, Some(BASE)),
        entry(ListKind::Fees, "检测费", None),
        entry(ListKind::Intermediaries, "卫生检测", None),
        entry(ListKind::Qualifications, "教师资格", None),
        entry(ListKind::Certificates, "健康证明", None),
        entry(ListKind::OnlineNegative, "婚姻登记", None),
        entry(ListKind::Services, "社会保险参保登记", None),
    ];
    for name in [NAME, OTHER, QUALIFICATION, BLANK] {
        lists.push(entry(ListKind::Powers, name, None));
        lists.push(entry(ListKind::Duties, name, None));
    }
    let change = province.act(&Command::SetStandards(lists)).unwrap();
    assert_eq!(change.events.len(), 15);
    let mut county = Hall::new("511602", "广安区");
    for base in province.state.bases.values() {
        county.state.fold(&Event::BaseItem(base.clone()));
    }
    for standard in province.state.standards.values() {
        county.state.fold(&Event::Standard(Box::new(standard.clone())));
    }
    let terms = ClaimTerms {
        department: Some("区卫健局".into()),
        department_code: Some(credit("11511602MB0000001")),
        promised_days: Some(10),
        modes: vec![Mode::Collect],
        covered: vec!["511603".parse().unwrap()],
        ..ClaimTerms::default()
    };
    county.act(&Command::ClaimItem { base_code: BASE.into(), terms }).unwrap();
    let mut item = county.state.drafts.values().next().unwrap().clone();
    item.main_item = "未分类".into();
    (county, item, guide())
}

fn material(name: &str) -> RequiredMaterial {
    RequiredMaterial {
        name: name.into(),
        necessity: Some(Necessity::Required),
        source: Some(tongban_domain::catalogue::MaterialSource::Applicant),
        ..RequiredMaterial::default()
    }
}

fn step(name: &str) -> Step {
    Step { name: name.into(), ..Step::default() }
}

fn guide() -> Guide {
    let text = |text: &str| Some(text.to_owned());
    Guide {
        bases: vec![Basis {
            law: "公共场所卫生管理条例".into(), article: text("第四条"), ..Basis::default()
        }],
        power_source: Some(PowerSource::Own),
        levels: vec![UseLevel::County],
        authority_kind: Some(AuthorityKind::Statutory),
        case_kind: Some(CaseKind::Promised),
        forms: vec![Form::Window, Form::Online],
        served: vec![Served::Person, Served::Company],
        visits: Some(0),
        conditions: text("有固定的经营场所"),
        materials: vec![material("申请表"), material("健康证明")],
        charged: Some(false),
        steps: ["受理", "审核", "审批", "办结", "送达"].map(step).to_vec(),
        questions: vec![Question { question: "多久换证？".into(), answer: "四年。".into() }],
        places: vec![ServicePlace {
            address: "广安区".into(),
            hours: text("工作日 9:00–17:00"),
            ..ServicePlace::default()
        }],
        enquiry: text("0826-2345678"),
        complaint: text("0826-12345"),
        online: Some(true),
        online_depth: vec![OnlineDepth::Collection, OnlineDepth::Decision, OnlineDepth::Result],
        online_address: text("https://example.invalid/"),
        in_hall: Some(true),
        result: Some(ResultDocument {
            kind: ResultKind::Licence, name: "卫生许可证".into(), sample: text("样本")
        }),
        person_topics: vec!["P1".into()],
        corporate_topics: vec!["C1".into()],
        remedies: text("六十日内申请行政复议"),
        ..Guide::default()
    }
}

fn judged(hall: &Hall, item: &ServiceItem, guide: Option<&Guide>) -> Assessment {
    let day = date(2026, 9, 14);
    let authority = hall.state.authority(&item.authority);
    let lists = Lists::gather(&hall.state, item.division, day);
    assess(&Subject::gather(&hall.state, item, guide, authority.as_ref(), &lists, day))
}

fn failed(assessment: &Assessment) -> Vec<&'static str> {
    assessment.findings.iter().map(|finding| finding.rule).collect()
}

/// A way to break a rule: which, what else it breaks, which fields it touches, how.
struct Defect {
    rule: &'static str,
    also: &'static [&'static str],
    field: &'static str,
    apply: fn(&mut ServiceItem, &mut Guide),
}

const fn days(days: u16) -> Option<Term> {
    Some(Term { days, unit: Unit::WorkingDays })
}

fn fee(name: &str) -> Fee {
    Fee { name: name.into(), standard: "50元/次".into(), basis: "川价发〔2020〕1号".into(), ..Fee::default() }
}

macro_rules! defects {
    ($($rule:literal $also:expr, $field:literal: |$item:pat_param, $guide:pat_param| $body:expr;)*) => {
        const DEFECTS: &[Defect] = &[$(Defect {
            rule: $rule,
            also: &$also,
            field: $field,
            apply: {
                fn apply($item: &mut ServiceItem, $guide: &mut Guide) { $body; }
                apply
            },
        }),*];
    };
}

defects! {
    "Q01" [], "basis": |item, guide| { item.core.legal_basis.clear(); guide.bases.clear() };
    "Q02" [], "basis": |item, guide| { item.core.legal_basis = "公共场所卫生管理条例 第四条".into(); guide.bases.clear() };
    "Q03" [], "name": |item, _| { item.core.name = OTHER.into(); item.core.base_code = Some("510116013009".into()) };
    "Q04" [], "code": |item, _| item.department_code = "1151130108778239R".into();
    "Q05" [], "delegation": |_, guide| guide.authority_kind = Some(AuthorityKind::Delegated);
    "Q06" [], "time": |item, _| item.statutory = days(5);
    "Q07" [], "time": |item, _| { item.promised = None; item.statutory = days(10) };
    "Q08" [], "time": |item, _| item.statutory = None;
    "Q09" [], "time": |item, _| item.statutory = days(30);
    "Q10" [], "name": |item, _| item.core.name = BLANK.into();
    "Q11" [], "name": |item, _| item.core.base_code = None;
    "Q12" [], "time": |item, _| item.promised = days(18);
    "Q13" [], "covered": |item, _| item.covered.clear();
    "Q21" [], "time": |_, guide| guide.case_kind = Some(CaseKind::Instant);
    "Q21" [], "time": |_, guide| guide.promised_explain = Some("材料齐全的当场办结".into());
    "Q22" [], "result": |_, guide| guide.result.as_mut().unwrap().name = "关于准予的批复".into();
    "Q22" [], "result": |_, guide| guide.result.as_mut().unwrap().kind = ResultKind::Other;
    "Q23" [], "visits": |_, guide| guide.visits_reason = Some("需核对原件".into());
    "Q23" ["Q63"], "visits": |_, guide| { guide.visits = Some(1); guide.online_depth.truncate(1) };
    "Q24" [], "visits": |_, guide| guide.online = Some(false);
    "Q25" ["Q63"], "visits": |_, guide| { guide.visits = Some(2); guide.visits_reason = Some("需核对原件".into()) };
    "Q26" [], "fees": |_, guide| { guide.charged = Some(true); guide.pays_online = Some(true) };
    "Q26" [], "fees": |_, guide| guide.fees = vec![fee("检测费")];
    "Q26" [], "fees": |_, guide| guide.pays_online = Some(true);
    "Q27" [], "telephones": |_, guide| guide.complaint.clone_from(&guide.enquiry);
    "Q27" [], "telephones": |_, guide| guide.enquiry = Some("2345678".into());
    "Q28" [], "topics": |_, guide| guide.person_topics.clear();
    "Q28" [], "topics": |_, guide| guide.served = vec![Served::Person];
    "Q29" [], "questions": |_, guide| guide.questions.clear();
    "Q30" [], "steps": |_, guide| { guide.steps.pop(); };
    "Q31" [], "result": |_, guide| guide.result.as_mut().unwrap().sample = None;
    "Q40" [], "conditions": |_, guide| guide.conditions = Some(" ".into());
    "Q41" [], "m1": |_, guide| guide.materials.push(RequiredMaterial { source: None, ..material("平面图") });
    "Q42" [], "m2": |_, guide| guide.materials.push(RequiredMaterial { necessity: Some(Necessity::Conditional), ..material("委托书") });
    "Q43" [], "m3": |_, guide| guide.materials.push(material("法律法规规定的其他材料"));
    "Q44" [], "m4": |_, guide| guide.materials.push(material("申请表"));
    "Q45" [], "basis": |_, guide| guide.bases.push(Basis { law: "传染病防治法".into(), ..Basis::default() });
    "Q46" [], "links": |_, guide| guide.special_links.push(SpecialLink { name: "补正".into(), stops_clock: Some(true), ..SpecialLink::default() });
    "Q47" [], "address": |_, guide| guide.online_address = None;
    "Q48" [], "remedies": |_, guide| guide.remedies = None;
    "Q60" [], "name": |item, _| item.core.name = "理发".into();
    "Q61" [], "fees": |_, guide| { guide.charged = Some(true); guide.pays_online = Some(true); guide.fees = vec![fee("工本费")] };
    "Q62" [], "intermediary": |_, guide| guide.intermediary = Some("卫生检测、环境评估".into());
    "Q63" [], "visits": |_, guide| { guide.visits = Some(1); guide.visits_reason = Some("需核对原件".into()); guide.online_depth.truncate(1) };
    "Q64" [], "name": |item, _| item.core.name = QUALIFICATION.into();
    "Q65" [], "m5": |_, guide| guide.materials.push(material("无犯罪记录证明"));
}

#[test]
fn weights_add_up_and_ids_are_unique() {
    assert_eq!(RULES.iter().map(|rule| u32::from(rule.weight)).sum::<u32>(), 100);
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert!(ids.is_sorted() && ids.iter().collect::<BTreeSet<_>>().len() == ids.len());
    for rule in RULES {
        assert!(rule.weight > 0 && rule.fault.0.is_ascii() != rule.fault.0.contains(['《', '…', '许']), "{}", rule.id);
        assert!(!rule.fault.1.is_empty() && !rule.remedy.0.is_empty() && !rule.remedy.1.is_empty(), "{}", rule.id);
    }
    assert!(rule("Q99").is_none());
}

/// Each rule passes on the good item and fails on the broken one, and nothing else is found.
#[test]
fn every_rule_has_an_item_that_keeps_it_and_one_that_does_not() {
    let (hall, good, guide) = county();
    let whole = judged(&hall, &good, Some(&guide));
    assert_eq!((failed(&whole), whole.score, whole.accurate), (vec![], 100, true));
    for defect in DEFECTS {
        let (mut item, mut guide) = (good.clone(), guide.clone());
        (defect.apply)(&mut item, &mut guide);
        let found = judged(&hall, &item, Some(&guide));
        let expected: BTreeSet<&str> = [defect.rule].into_iter().chain(defect.also.iter().copied()).collect();
        assert_eq!(failed(&found).into_iter().collect::<BTreeSet<_>>(), expected);
        let weights: u16 = expected.iter().map(|id| rule(id).unwrap().weight).sum();
        assert_eq!(found.score, 100 - weights);
        let accuracy = expected.iter().any(|id| rule(id).unwrap().accuracy);
        assert_eq!(found.accurate, !accuracy, "{}", defect.rule);
    }
    let tried: BTreeSet<&str> = DEFECTS.iter().map(|defect| defect.rule).chain(["Q20"]).collect();
    let all: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(tried, all, "every rule is tried");
}

#[test]
fn a_delegated_code_is_found_and_named() {
    let (hall, mut item, mut guide) = county();
    item.code = "511A0015500013-511602000000-000-11511301008778183N-2-00".into();
    assert_eq!(failed(&judged(&hall, &item, Some(&guide))), ["Q05"]);
    guide.entrusted_by = Some("市卫生健康委".into());
    assert_eq!(failed(&judged(&hall, &item, Some(&guide))), Vec::<&str>::new());
}

#[test]
fn without_a_guide_its_rules_wait() {
    let (hall, item, guide) = county();
    let bare = judged(&hall, &item, None);
    assert_eq!(failed(&bare), ["Q20"]);
    assert!(!bare.accurate && bare.unjudged.len() == 24, "{:?}", bare.unjudged);
    let empty = judged(&hall, &item, Some(&Guide::default()));
    assert!(failed(&empty).contains(&"Q20") && empty.unjudged.is_empty());
    assert!(bare.score < empty.score && empty.score < judged(&hall, &item, Some(&guide)).score);
}

/// A list of which no entry is known judges nothing.
#[test]
fn an_unknown_list_judges_nothing() {
    let (mut hall, mut item, mut guide) = county();
    item.core.name = "理发".into();
    item.core.base_code = None;
    guide.intermediary = Some("看风水".into());
    let found = |hall: &Hall| {
        let lists = Lists::gather(&hall.state, item.division, date(2026, 9, 14));
        let found = conflicts(&item, Some(&guide), &lists);
        found.into_iter().map(|one| (one.list.name(), one.value)).collect::<Vec<_>>()
    };
    let item_name = || "理发".to_owned();
    assert_eq!(
        found(&hall),
        [
            ("permits", item_name()),
            ("powers", item_name()),
            ("duties", item_name()),
            ("intermediaries", "看风水".to_owned())
        ]
    );
    hall.state.standards.clear();
    assert_eq!(found(&hall), []);
}

#[test]
fn publication_requires_what_policy_says() {
    let (mut hall, item, guide) = county();
    let code = item.code.clone();
    let set = |hall: &mut Hall, policy: Policy| {
        let body = StandardBody::Policy(policy);
        let draft = StandardDraft { code: None, body, effective: None, department: None };
        hall.act(&Command::SetStandards(vec![draft])).map(|_| ())
    };
    hall.state.fold(&Event::Item(item));
    let publish = Command::PublishItems(Some(code.clone()));
    for (policy, expected) in [
        (Policy { quality_min: Some(90), ..Policy::default() }, ("quality-low", "quality")),
        (Policy { rules_required: vec!["Q20".into()], ..Policy::default() }, ("quality-rule", "guide")),
        (Policy { rules_required: vec!["Q27".into()], ..Policy::default() }, ("quality-rule", "guide")),
    ] {
        let mut hall = hall.clone();
        set(&mut hall, policy).unwrap();
        let refused = hall.act(&publish).unwrap_err();
        assert_eq!((refused.code, refused.field), expected);
        assert!(!refused.remedy_en.is_empty() && !refused.remedy_zh.is_empty());
    }
    let strict = Policy { quality_min: Some(100), rules_required: vec!["Q20".into()], ..Policy::default() };
    set(&mut hall, strict).unwrap();
    hall.state.fold(&Event::Guide(Box::new(guide.clone())));
    hall.state.drafts.get_mut(&code).unwrap().guide = Some(guide.digest());
    hall.act(&publish).unwrap();
    for (field, policy) in [
        ("quality_min", Policy { quality_min: Some(101), ..Policy::default() }),
        ("claim_days", Policy { claim_days: Some(0), ..Policy::default() }),
        ("rules_required", Policy { rules_required: vec!["Q99".into()], ..Policy::default() }),
    ] {
        let refused = set(&mut hall, policy).unwrap_err();
        assert_eq!((refused.code, refused.field), ("invalid-field", field));
    }
}

/// `docs/quality.md` has the rules as they are.
#[test]
fn the_table_of_the_documents_is_the_rules() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/quality.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut rows = Vec::new();
    for rule in RULES {
        let mark = if rule.accuracy { "§2.4" } else { "" };
        let (severity, weight, field) =
            (format!("{} {}", rule.severity.zh(), rule.severity.name()), rule.weight, rule.looks_at);
        let ((en, zh), (do_en, do_zh)) = (rule.fault, rule.remedy);
        rows.push(format!(
            "| {} | {severity} | {weight} | {mark} | `{field}` | {zh}<br>{en} | {do_zh}<br>{do_en} |",
            rule.id
        ));
    }
    let found: Vec<&str> = page.lines().filter(|line| line.starts_with("| Q")).collect();
    assert_eq!(found, rows, "write these rows into docs/quality.md:\n{}", rows.join("\n"));
}

fn list() -> Vec<ImportRow> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/items-511602.csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    let head = reader.headers().unwrap().clone();
    let rows = reader.records().zip(2..).map(|(record, number)| {
        let record = record.unwrap();
        let columns: Vec<(&str, &str)> = head.iter().zip(record.iter()).collect();
        row(number, &columns)
    });
    rows.collect()
}

/// The real list: it has names, codes and types and no guide, so that no rule that looks into a guide can find anything.
#[test]
fn the_real_list() {
    let mut hall = Hall::new("511602", "广安区");
    assert_eq!(hall.import(&list()).imported, 1135);
    let mut whole = Overview::default();
    for item in hall.state.drafts.values() {
        let one = judged(&hall, item, None);
        assert_eq!(one.unjudged.len(), 24);
        whole.add(&one);
    }
    let expected = BTreeMap::from([
        // No row has a legal basis.
        ("Q01", 1135),
        // The 154 codes that are no credit codes.
        ("Q04", 154),
        // The 22 with -2-.
        ("Q05", 22),
        // Nothing is promised.
        ("Q07", 1135),
        // Permits have the 20 days of 行政许可法 42, the other 599 nothing.
        ("Q08", 599),
        // Half-width brackets and commas, blanks.
        ("Q10", 47),
        ("Q11", 1135),
        ("Q20", 1135),
    ]);
    assert_eq!(whole.by_rule, expected);
    assert_eq!((whole.items, whole.accurate, whole.accuracy_per_mille), (1135, 0, 0));
    assert_eq!(whole.by_severity, BTreeMap::from([("info", 1182), ("red", 1289), ("yellow", 2891)]));
    assert_eq!(whole.score_tenths, 341);
}

proptest! {
    /// Of any set of defects that touch different fields, mending any one adds exactly what its rules weigh.
    #[test]
    fn mending_raises_the_score(chosen in prop::collection::btree_set(0..DEFECTS.len(), 1..20), at in any::<prop::sample::Index>()) {
        let (hall, good, guide) = county();
        let mut fields = BTreeSet::new();
        let chosen: Vec<&Defect> = chosen.into_iter().map(|i| &DEFECTS[i]).filter(|defect| fields.insert(defect.field)).collect();
        let broken = |skip: Option<usize>| {
            let (mut item, mut guide) = (good.clone(), guide.clone());
            for (_, defect) in chosen.iter().enumerate().filter(|(i, _)| Some(*i) != skip) {
                (defect.apply)(&mut item, &mut guide);
            }
            judged(&hall, &item, Some(&guide))
        };
        let mended = at.index(chosen.len());
        let (before, after) = (broken(None), broken(Some(mended)));
        let id = chosen[mended].rule;
        // One defect may hide another: without a base item no ceiling holds, and what isn't online needs no address.
        prop_assume!(failed(&before).contains(&id));
        prop_assert!(!failed(&after).contains(&id));
        let revealed = failed(&after).iter().any(|rule| !failed(&before).contains(rule));
        prop_assert!(revealed || after.score > before.score, "{} {} → {}", id, before.score, after.score);
    }

    /// However bad, a guide is better than none.
    #[test]
    fn a_guide_is_better_than_none(chosen in prop::collection::btree_set(0..DEFECTS.len(), 0..DEFECTS.len())) {
        let (hall, good, guide) = county();
        let (mut item, mut guide) = (good, guide);
        for defect in chosen.into_iter().map(|i| &DEFECTS[i]) {
            (defect.apply)(&mut item, &mut guide);
        }
        guide.authority_kind = Some(AuthorityKind::Statutory);
        prop_assert!(judged(&hall, &item, Some(&guide)).score > judged(&hall, &item, None).score);
    }
}
