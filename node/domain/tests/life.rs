//! The life of an item: states and acts as a table, dates, review, differences, claims and successors.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, at, credit, date, row};
use tongban_codes::ids::Digest;
use tongban_codes::time::Date;
use tongban_domain::catalogue::{
    ClaimState, ClaimTerms, CoreField, DeclineReason, Difference, Guide, ItemAct, ItemState, LawfulReason, LifeReport,
    Lock, Policy, Reorganisation, ReorganisationReport, RequiredMaterial, Selection, Standard, StandardBody, UseLevel,
    claim_rates, claims, differences,
};
use tongban_domain::{Actor, Command, Event, Facts, Rejection, Reply, Role};

const BASE: &str = "510116013001";
const CREDIT: &str = "11511301008778490F";

fn base_columns(basis: &str) -> Vec<(&'static str, String)> {
    let columns = [
        ("department", "省卫生健康委"),
        ("name", "公共场所卫生许可"),
        ("item_type", "01"),
        ("base_code", BASE),
        ("statutory_days", "20"),
        ("promised_days", "10"),
    ];
    let mut columns: Vec<_> = columns.map(|(name, value)| (name, value.to_owned())).to_vec();
    columns.push(("legal_basis", basis.to_owned()));
    columns
}

fn release(province: &mut Hall, basis: &str, effective: &str) {
    let mut columns = base_columns(basis);
    columns.push(("effective", effective.to_owned()));
    let columns: Vec<(&str, &str)> = columns.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(province.import(&[row(2, &columns)]).rejected, 0);
    province.act(&Command::PublishItems(Some(BASE.into()))).unwrap();
}

const FIRST: &str = "公共场所卫生管理条例 第四条";
const SECOND: &str = "公共场所卫生管理条例（2026修订） 第五条";

/// Brings what a superior has published to a node below.
fn flow(from: &Hall, to: &mut Hall) {
    for base in from.state.bases.values().filter_map(|base| base.published()) {
        to.state.fold(&Event::BaseItem(base.clone()));
    }
    for (guide, _) in from.state.guides.values() {
        to.state.fold(&Event::Guide(Box::new(guide.clone())));
    }
}

/// Brings what a superior counts to it.
fn rise(from: &Hall, to: &mut Hall) {
    for item in from.state.items.keys() {
        to.act(&from.foreign(item)).unwrap();
    }
    for decline in from.state.declined.values() {
        to.state.fold(&Event::Declined(Box::new(decline.clone())));
    }
}

fn both() -> (Hall, Hall) {
    let mut province = Hall::new("510000", "四川省");
    release(&mut province, FIRST, "");
    let mut county = Hall::new("511602", "广安区");
    flow(&province, &mut county);
    (province, county)
}

fn terms() -> ClaimTerms {
    ClaimTerms {
        department: Some("区卫健局".into()), department_code: Some(CREDIT.into()), ..ClaimTerms::default()
    }
}

fn claim(terms: ClaimTerms) -> Command {
    Command::ClaimItem { base_code: BASE.into(), terms }
}

fn code() -> String {
    format!("{CREDIT}4{BASE}")
}

fn bring(act: ItemAct, which: Selection) -> Command {
    Command::BringItems { act, which, dry_run: false }
}

fn one(act: ItemAct) -> Command {
    bring(act, Selection::One(code()))
}

fn publish(difference: Option<Difference>) -> Command {
    one(ItemAct::Publish { difference })
}

fn life(hall: &mut Hall, command: &Command) -> LifeReport {
    match hall.act(command).unwrap().reply {
        Reply::Life(report) => report,
        other => panic!("{other:?}"),
    }
}

/// A county with its item published.
fn claimed() -> (Hall, Hall) {
    let (province, mut county) = both();
    county.act(&claim(terms())).unwrap();
    county.act(&publish(None)).unwrap();
    (province, county)
}

fn policy(policy: Policy) -> Event {
    let node = Hall::new("510000", "四川省").place();
    Event::Standard(Box::new(Standard {
        code: "catalogue".into(),
        body: StandardBody::Policy(policy),
        division: node.division,
        node: node.node,
        version: 1,
        state: ItemState::Published,
        effective: None,
        department: None,
        in_force: None,
    }))
}

fn acts() -> [ItemAct; 7] {
    [
        ItemAct::Submit { difference: None },
        ItemAct::Pass { note: None },
        ItemAct::Return { reason: "材料不全".into() },
        ItemAct::Publish { difference: None },
        ItemAct::Suspend { reason: "法律修改中".into() },
        ItemAct::Resume {},
        ItemAct::Withdraw { reason: None, from: None },
    ]
}

/// What comes of an act, by state: draft, submitted, reviewed, published, suspended, withdrawn.
#[rustfmt::skip]
const TABLE: [(&str, [&str; 6]); 7] = [
    ("submit",   ["submitted",  "item-state",      "item-state", "item-state", "item-state", "item-state"]),
    ("pass",     ["item-state", "reviewed",        "item-state", "item-state", "item-state", "item-state"]),
    ("return",   ["item-state", "draft",           "draft",      "item-state", "item-state", "item-state"]),
    ("publish",  ["published",  "item-state",      "published",  "item-state", "item-state", "item-state"]),
    ("suspend",  ["item-state", "item-state",      "item-state", "suspended",  "item-state", "item-state"]),
    ("resume",   ["item-state", "item-state",      "item-state", "item-state", "published",  "item-state"]),
    ("withdraw", ["item-state", "item-state",      "item-state", "withdrawn",  "withdrawn",  "item-state"]),
];

const STATES: [ItemState; 6] = [
    ItemState::Draft,
    ItemState::Submitted,
    ItemState::Reviewed,
    ItemState::Published,
    ItemState::Suspended,
    ItemState::Withdrawn,
];

fn outcome(done: Result<LifeReport, Rejection>) -> &'static str {
    done.map_or_else(|rejection| rejection.code, |report| report.done[0].state.name())
}

#[test]
fn every_act_in_every_state() {
    for (act, (name, expected)) in acts().into_iter().zip(TABLE) {
        assert_eq!(act.name(), name);
        for (state, expected) in STATES.into_iter().zip(expected) {
            let (mut province, mut county) = claimed();
            // As an item, alone in that state.
            let mut item = county.state.items.remove(&code()).unwrap();
            item.state = state;
            county.state.fold(&Event::Item(item));
            let act = |hall: &mut Hall, code: &str| {
                let command = bring(act.clone(), Selection::One(code.to_owned()));
                hall.act(&command).map(|change| match change.reply {
                    Reply::Life(report) => report,
                    other => panic!("{other:?}"),
                })
            };
            assert_eq!(outcome(act(&mut county, &code())), expected, "{name} an item that is {}", state.name());
            // As a base item.
            let mut base = province.state.bases[BASE].clone();
            base.state = state;
            province.state.fold(&Event::BaseItem(base));
            assert_eq!(outcome(act(&mut province, BASE)), expected, "{name} a base item that is {}", state.name());
        }
    }
}

#[test]
fn what_a_policy_asks_for_is_reviewed_by_another() {
    let (province, mut county) = both();
    county.act(&claim(terms())).unwrap();
    county.state.fold(&policy(Policy { review: true, ..Policy::default() }));
    assert_eq!(county.code(&publish(None)), "review-required");
    county.act(&one(ItemAct::Submit { difference: None })).unwrap();
    assert_eq!(county.code(&publish(None)), "review-required");
    // What is submitted isn't changed, neither by a claim nor by a file.
    assert_eq!(county.code(&claim(terms())), "item-state");
    let code = code();
    let changed = [
        ("department", "区卫健局"),
        ("main_item", "公共场所卫生许可"),
        ("name", "公共场所卫生许可"),
        ("local_item_code", code.as_str()),
        ("division", "511602000000"),
        ("item_type", "01"),
        ("department_code", CREDIT),
        ("base_code", BASE),
        ("promised_days", "3"),
    ];
    let report = county.import(&[row(2, &changed)]);
    assert_eq!((report.rejected, report.rows[0].code.as_str()), (1, "draft-under-review"));
    // Nobody reviews what he edited, and a keeper of the catalogue doesn't review.
    let both_roles = vec![Role::Catalogue, Role::CatalogueReview];
    let editor = Actor { operator: "目录员".into(), roles: both_roles, window: None };
    let pass = one(ItemAct::Pass { note: None });
    assert_eq!(county.give(&editor, &pass).unwrap_err().code, "review-self");
    let keeper = Actor { roles: vec![Role::Catalogue], ..editor };
    assert_eq!(county.give(&keeper, &pass).unwrap_err().code, "role-missing");
    county.act(&one(ItemAct::Return { reason: "补充依据".into() })).unwrap();
    assert_eq!(county.state.drafts[&code].editing.note.as_deref(), Some("补充依据"));
    assert_eq!(county.import(&[row(2, &changed)]).rejected, 0);
    county.act(&one(ItemAct::Submit { difference: None })).unwrap();
    county.act(&pass).unwrap();
    county.act(&publish(None)).unwrap();
    let editing = &county.state.items[&code].editing;
    assert_eq!((editing.editor.as_deref(), editing.reviewer.as_deref()), (Some("目录员"), Some("目录审核员")));
    drop(province);
}

/// A difference is edited by whoever states it: stated in another's draft, it could be passed by the one who wrote it.
#[test]
fn only_the_editor_says_in_what_his_draft_differs() {
    let (_, mut county) = both();
    county.act(&claim(terms())).unwrap();
    county.state.fold(&policy(Policy { review: true, ..Policy::default() }));
    let because = |document: &str| Difference {
        fields: vec![CoreField::LegalBasis],
        reason: LawfulReason::LocalRegulation,
        document: document.into(),
        locks: Vec::new(),
    };
    let submit = |document: &str| one(ItemAct::Submit { difference: Some(because(document)) });
    let roles = vec![Role::Catalogue, Role::CatalogueReview];
    let other = Actor { operator: "目录审核员".into(), roles, window: None };
    let refused = county.give(&other, &submit("川人发〔2026〕1号")).unwrap_err();
    assert_eq!((refused.code, county.state.drafts[&code()].state), ("not-editor", ItemState::Draft));
    // The editor states it, and another may submit just that and pass it.
    county.act(&submit("川人发〔2026〕1号")).unwrap();
    county.act(&one(ItemAct::Return { reason: "再核".into() })).unwrap();
    assert_eq!(county.give(&other, &submit("川人发〔2026〕2号")).unwrap_err().code, "not-editor");
    county.give(&other, &submit("川人发〔2026〕1号")).unwrap();
    county.give(&other, &one(ItemAct::Pass { note: None })).unwrap();
    assert_eq!(county.state.drafts[&code()].difference, Some(because("川人发〔2026〕1号")));
}

#[test]
fn the_line_department_acts_on_its_line() {
    let (mut province, _) = both();
    let root = Actor { operator: "root".into(), roles: vec![Role::Admin], window: None };
    let add = Command::AddOperator { name: "卫健条线".into(), roles: vec![Role::Line], window: None, uid: None };
    province.give(&root, &add).unwrap();
    let line = Actor { operator: "卫健条线".into(), roles: vec![Role::Line], window: None };
    let suspend = bring(ItemAct::Suspend { reason: "依据修订".into() }, Selection::One(BASE.into()));
    assert_eq!(province.give(&line, &suspend).unwrap_err().code, "role-missing");
    for (department, expected) in [("省公安厅", Some("role-missing")), ("省卫生健康委", None)] {
        let assign = Command::AssignLine { operator: "卫健条线".into(), department: Some(department.into()) };
        province.give(&root, &assign).unwrap();
        assert_eq!(province.give(&line, &suspend).err().map(|rejection| rejection.code), expected, "{department}");
    }
    assert_eq!(province.state.bases[BASE].published(), None);
    let withdraw = bring(ItemAct::Withdraw { reason: None, from: None }, Selection::One(BASE.into()));
    assert_eq!(province.give(&line, &withdraw).unwrap_err().code, "role-missing");
}

fn ticks(hall: &mut Hall) {
    for _ in 0..8 {
        if hall.act(&Command::Tick).unwrap().events.is_empty() {
            return;
        }
    }
    panic!("the clock never comes to rest");
}

/// A changed legal basis reaches the county before its day: neither a gap nor two in force, and each case stays on its version.
#[test]
fn a_release_with_a_later_day_takes_the_place_of_the_one_before_on_that_day() {
    let (mut province, mut county) = claimed();
    let division = county.division();
    let before = county.collect(&code(), division);
    release(&mut province, SECOND, "2026-10-01");
    flow(&province, &mut county);
    let views = claims(&county.state, date(2026, 9, 14));
    assert_eq!((views[0].state, views[0].begins), (ClaimState::Outdated, Some(date(2026, 10, 1))));
    // Until that day the old version is what an item is held to.
    let dry = Command::UpdateClaims { base_code: None, dry_run: true };
    assert_eq!(life(&mut county, &dry).done.len(), 1);
    assert!(county.state.drafts.is_empty());
    county.act(&Command::UpdateClaims { base_code: None, dry_run: false }).unwrap();
    let draft = &county.state.drafts[&code()];
    assert_eq!((draft.core.legal_basis.as_str(), draft.effective), (SECOND, Some(date(2026, 10, 1))));
    let report = life(&mut county, &publish(None));
    assert_eq!(report.done[0].waits_until, Some(date(2026, 10, 1)));
    assert_eq!(county.state.items[&code()].core.legal_basis, FIRST);
    assert_eq!(claims(&county.state, date(2026, 9, 14))[0].state, ClaimState::Claimed);
    county.now = at(2026, 9, 30, 23);
    ticks(&mut county);
    let last = county.collect(&code(), division);
    county.now = at(2026, 10, 1, 0);
    ticks(&mut county);
    let first = county.collect(&code(), division);
    assert_eq!(county.state.waiting.len(), 0);
    let pinned = |id| (county.case(id).item.version, county.case(id).item.core.legal_basis.as_str());
    assert_eq!((pinned(before), pinned(last), pinned(first)), ((1, FIRST), (1, FIRST), (2, SECOND)));
}

#[test]
fn a_last_day_ends_an_item_and_what_waits_begins() {
    let (_, mut county) = claimed();
    let division = county.division();
    county.act(&one(ItemAct::Withdraw { reason: Some("机构改革".into()), from: Some(date(2026, 9, 20)) })).unwrap();
    assert_eq!(county.state.items[&code()].state, ItemState::Published);
    // Beside it a version waits that begins ten days after the end, and a draft is in the making.
    county.act(&claim(ClaimTerms { effective: Some(date(2026, 9, 30)), ..terms() })).unwrap();
    county.state.drafts.get_mut(&code()).unwrap().cancel = None;
    county.act(&publish(None)).unwrap();
    county.act(&claim(terms())).unwrap();
    county.now = at(2026, 9, 19, 23);
    ticks(&mut county);
    county.collect(&code(), division);
    county.now = at(2026, 9, 20, 0);
    ticks(&mut county);
    assert_eq!(county.state.items[&code()].state, ItemState::Withdrawn);
    assert_eq!(county.code(&hall::collect(&code(), division)), "item-withdrawn");
    assert_eq!((county.state.waiting.len(), county.state.drafts.len()), (1, 1));
    county.now = at(2026, 9, 30, 0);
    ticks(&mut county);
    assert_eq!((county.state.items[&code()].version, county.state.drafts.len()), (2, 1));
    county.collect(&code(), division);

    // A version that waits can be taken back.
    county.act(&claim(ClaimTerms { effective: Some(date(2026, 12, 1)), ..terms() })).unwrap();
    county.act(&publish(None)).unwrap();
    county.act(&Command::TakeBackItem { item: code(), version: 3 }).unwrap();
    assert!(county.state.waiting.is_empty());
    assert_eq!(county.code(&Command::TakeBackItem { item: code(), version: 3 }), "item-unknown");
}

#[test]
fn a_base_item_ends_after_its_last_day() {
    let (mut province, mut county) = both();
    let from = Some(date(2026, 9, 20));
    province.act(&bring(ItemAct::Withdraw { reason: None, from }, Selection::One(BASE.into()))).unwrap();
    flow(&province, &mut county);
    let holds = |hall: &Hall, day: Date| hall.state.bases[BASE].holding(day).is_some();
    assert!(holds(&county, date(2026, 9, 19)) && !holds(&county, date(2026, 9, 20)));
    province.now = at(2026, 9, 20, 1);
    ticks(&mut province);
    assert_eq!(province.state.bases[BASE].state, ItemState::Withdrawn);
}

#[test]
fn a_difference_needs_a_lawful_reason_that_the_superior_sees() {
    let (mut province, mut county) = both();
    county.act(&claim(terms())).unwrap();
    county.state.drafts.get_mut(&code()).unwrap().core.legal_basis = "四川省公共场所条例 第二条".into();
    let refused = county.act(&publish(None)).unwrap_err();
    assert_eq!((refused.code, refused.field), ("core-locked", "legal_basis"));
    let because = |fields: Vec<CoreField>, document: &str| {
        let reason = LawfulReason::LocalRegulation;
        Some(Difference { fields, reason, document: document.into(), locks: Vec::new() })
    };
    let wrong = county.act(&publish(because(vec![CoreField::Name], "川人发〔2026〕1号"))).unwrap_err();
    assert_eq!((wrong.code, wrong.field), ("core-locked", "legal_basis"));
    assert_eq!(county.code(&publish(because(vec![CoreField::LegalBasis], " "))), "invalid-field");
    assert_eq!(county.code(&publish(because(Vec::new(), "川人发〔2026〕1号"))), "invalid-field");
    county.act(&publish(because(vec![CoreField::LegalBasis, CoreField::Name], "川人发〔2026〕1号"))).unwrap();
    let difference = county.state.items[&code()].difference.clone().unwrap();
    assert_eq!(difference.fields, [CoreField::LegalBasis], "only what really differs is kept");
    rise(&county, &mut province);
    let seen = differences(&province.state);
    assert_eq!((seen.len(), seen[0].division, &seen[0].difference), (1, county.division(), &difference));
}

/// A base item has no superior's: a difference that is stated of one isn't dropped unseen.
#[test]
fn a_base_item_differs_from_nobody() {
    let (mut province, _) = both();
    let mut columns = base_columns(SECOND);
    columns.push(("effective", String::new()));
    let columns: Vec<(&str, &str)> = columns.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(province.import(&[row(2, &columns)]).rejected, 0);
    let difference = Some(Difference {
        fields: vec![CoreField::LegalBasis],
        reason: LawfulReason::LocalRegulation,
        document: "川人发〔2026〕1号".into(),
        locks: Vec::new(),
    });
    for act in [ItemAct::Submit { difference: difference.clone() }, ItemAct::Publish { difference }] {
        let refused = province.act(&bring(act.clone(), Selection::One(BASE.into()))).unwrap_err();
        assert_eq!((refused.code, refused.field), ("invalid-field", "difference"));
        let report = life(&mut province, &bring(act.clone(), Selection::These(vec![BASE.into()])));
        assert_eq!((report.done.len(), report.refused.len()), (0, 1));
        // Of all it is said of those that have a superior's.
        let report = life(&mut province, &bring(act, Selection::All));
        assert_eq!((report.done.len(), report.refused.len()), (0, 0));
    }
}

#[test]
fn what_is_locked_beside_the_core_is_held_too() {
    let (mut province, mut county) = both();
    let material = |name: &str| RequiredMaterial { name: name.to_owned(), ..RequiredMaterial::default() };
    let guide =
        Guide {
            materials: vec![material("申请表")], conditions: Some("有固定场所".into()), ..Guide::default()
        };
    let mut base = province.state.bases[BASE].clone();
    (base.guide, base.locks) = (Some(guide.digest()), vec![Lock::Materials, Lock::Promised]);
    province.state.fold(&Event::Guide(Box::new(guide.clone())));
    province.state.fold(&Event::BaseItem(base));
    flow(&province, &mut county);
    county.act(&claim(terms())).unwrap();
    let own = |materials: &[&str], conditions: &str| Guide {
        materials: materials.iter().map(|name| material(name)).collect(),
        conditions: Some(conditions.into()),
        ..Guide::default()
    };
    for (guide, days, expected) in [
        (own(&["申请表", "身份证"], "有固定场所"), 10, ("core-locked", "materials")),
        (own(&["申请表"], "本地另有条件"), 9, ("core-locked", "promised")),
        (own(&["申请表"], "本地另有条件"), 10, ("ok", "")),
    ] {
        county.state.fold(&Event::Guide(Box::new(guide.clone())));
        let draft = county.state.drafts.get_mut(&code()).unwrap();
        draft.guide = Some(guide.digest());
        draft.promised.as_mut().unwrap().days = days;
        let refused = county.act(&publish(None)).err().map(|rejection| (rejection.code, rejection.field));
        assert_eq!(refused.unwrap_or(("ok", "")), expected);
    }
    // A new version locks other materials: they are taken over, what is local stays.
    let newer = Guide { materials: vec![material("申请表（2026版）")], ..guide };
    let mut base = province.state.bases[BASE].clone();
    (base.guide, base.version) = (Some(newer.digest()), 2);
    county.state.fold(&Event::Guide(Box::new(newer)));
    county.state.fold(&Event::BaseItem(base));
    county.act(&Command::UpdateClaims { base_code: Some(BASE.into()), dry_run: false }).unwrap();
    county.act(&publish(None)).unwrap();
    let item = &county.state.items[&code()];
    let guide = county.state.guide(&item.guide.unwrap()).unwrap();
    assert_eq!(
        (guide.materials[0].name.as_str(), guide.conditions.as_deref()),
        ("申请表（2026版）", Some("本地另有条件"))
    );
    assert_eq!(item.base_version, Some(2));
}

/// A guide of a later release is named by all that it says, and this one knows less: it isn't said again under another name.
#[test]
fn a_guide_that_was_read_in_part_is_not_released_anew() {
    let (province, _) = both();
    let guide = Guide { conditions: Some("有固定场所".into()), ..Guide::default() };
    let whole = Digest::of(b"with fields of a later release");
    for (digest, released) in [(whole, 0), (guide.digest(), 1)] {
        let mut county = Hall::new("511602", "广安区");
        flow(&province, &mut county);
        county.state.guides.insert(digest, (guide.clone(), false));
        county.act(&claim(terms())).unwrap();
        county.state.drafts.get_mut(&code()).unwrap().guide = Some(digest);
        let events = county.act(&publish(None)).unwrap().events;
        assert_eq!(events.iter().filter(|event| matches!(event, Event::GuideReleased(..))).count(), released);
        assert_eq!(county.state.items[&code()].guide, Some(digest));
    }
}

#[test]
fn a_handled_item_has_a_name_of_its_own() {
    let (_, mut county) = both();
    let renamed = ClaimTerms { name: Some("公共场所卫生许可新办".into()), ..terms() };
    assert_eq!(county.code(&claim(renamed.clone())), "invalid-field");
    let handled = ClaimTerms { handled: Some(1), ..renamed };
    county.act(&claim(handled)).unwrap();
    let code = format!("{}01", code());
    county.act(&bring(ItemAct::Publish { difference: None }, Selection::One(code.clone()))).unwrap();
    assert_eq!(county.state.items[&code].core.name, "公共场所卫生许可新办");
    assert_eq!(county.state.items[&code].difference, None);
    // Its national mapping names the national catalogue, and keeps the type.
    for (national, expected) in
        [("510116013001", "invalid-field"), ("000716013001", "invalid-field"), ("000116013001", "ok")]
    {
        county.act(&claim(ClaimTerms { national_base: Some(national.into()), ..terms() })).unwrap();
        assert_eq!(county.code(&publish(None)), expected, "{national}");
    }
}

#[test]
fn claims_are_counted_at_the_superior() {
    let mut province = Hall::new("510000", "四川省");
    for (number, code) in ["510116013001", "510116013002", "510116013003", "510116013004"].into_iter().enumerate() {
        let name = format!("事项{number}");
        let columns = [
            ("department", "省卫生健康委"),
            ("name", name.as_str()),
            ("item_type", "01"),
            ("base_code", code),
            ("legal_basis", "某条例"),
        ];
        province.import(&[row(2, &columns)]);
    }
    province.publish_all();
    // The last is the cities' alone.
    let mut cities = province.state.bases["510116013004"].clone();
    cities.levels = vec![UseLevel::City];
    province.state.fold(&Event::BaseItem(cities));
    province.state.fold(&policy(Policy { claim_days: Some(5), ..Policy::default() }));
    let mut county = Hall::new("511602", "广安区");
    flow(&province, &mut county);
    county.state.fold(&policy(Policy { claim_days: Some(5), ..Policy::default() }));
    let pending = |hall: &Hall| {
        let views = claims(&hall.state, hall.now.date());
        views.iter().map(|view| view.state).collect::<Vec<_>>()
    };
    assert_eq!(pending(&county), [ClaimState::Pending; 3]);
    let all = Command::ClaimItems { which: Selection::All, terms: terms(), dry_run: true };
    assert_eq!((life(&mut county, &all).done.len(), county.state.drafts.len()), (3, 0));
    let decline = |code: &str| Command::DeclineItem {
        base_code: code.into(),
        reason: DeclineReason::NoObject,
        note: "本区无此类场所".into(),
    };
    county.act(&decline("510116013003")).unwrap();
    let all = Command::ClaimItems { which: Selection::All, terms: terms(), dry_run: false };
    assert_eq!(life(&mut county, &all).done.len(), 2);
    county.act(&bring(ItemAct::Publish { difference: None }, Selection::One(code()))).unwrap();
    assert_eq!(pending(&county), [ClaimState::Claimed, ClaimState::Drafted, ClaimState::Declined]);
    assert_eq!(county.code(&decline(BASE)), "item-state");
    rise(&county, &mut province);
    let other = "511603".parse().unwrap();
    let at_the_province = |province: &Hall, day: Date| {
        let rates = claim_rates(&province.state, &[county.division(), other], day);
        rates
            .into_iter()
            .map(|rate| [rate.should, rate.claimed, rate.declined, rate.pending, rate.overdue, rate.rate])
            .collect::<Vec<_>>()
    };
    let day = province.now.date();
    assert_eq!(at_the_province(&province, day), [[3, 1, 1, 1, 0, 3333], [3, 0, 0, 3, 0, 0]]);
    assert_eq!(at_the_province(&province, date(2026, 10, 15))[0][4], 1, "five working days are over");
    let open = &claim_rates(&province.state, &[county.division()], day)[0].open;
    assert_eq!((open[1].state, open[1].reason), (ClaimState::Declined, Some(DeclineReason::NoObject)));

    // Claimed after all; and a new version makes what is claimed outdated.
    county.act(&Command::ClaimItem { base_code: "510116013003".into(), terms: terms() }).unwrap();
    county.publish_all();
    rise(&county, &mut province);
    let mut newer = province.state.bases[BASE].clone();
    newer.version = 2;
    province.state.fold(&Event::BaseItem(newer));
    let rate = &claim_rates(&province.state, &[county.division()], day)[0];
    assert_eq!((rate.claimed, rate.outdated, rate.declined, rate.rate), (3, 1, 0, 10_000));
}

/// A city between the two counts what the province keeps as well as its own.
#[test]
fn a_city_counts_the_claims_of_everything_that_binds_those_below() {
    let (mut province, mut city) = (Hall::new("510000", "四川省"), Hall::new("511600", "广安市"));
    for (is_provincial, code) in [(true, BASE), (true, "510116013003"), (false, "510716013002")] {
        let hall = if is_provincial { &mut province } else { &mut city };
        let columns = [
            ("department", "卫生健康委"),
            ("name", code),
            ("item_type", "01"),
            ("base_code", code),
            ("legal_basis", "某条例"),
        ];
        hall.import(&[row(2, &columns)]);
        hall.publish_all();
    }
    let mut own = province.state.bases["510116013003"].clone();
    own.levels = vec![UseLevel::City];
    province.state.fold(&Event::BaseItem(own));
    flow(&province, &mut city);
    let mut county = Hall::new("511602", "广安区");
    flow(&city, &mut county);
    let rate = |city: &Hall| {
        let rate = claim_rates(&city.state, &["511602".parse().unwrap()], city.now.date()).remove(0);
        let open: Vec<_> = rate.open.into_iter().map(|open| (open.base_code, open.keeper.to_string())).collect();
        ([rate.should, rate.claimed, rate.rate], open)
    };
    let open = [(BASE, "510000000000"), ("510716013002", "511600000000")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(rate(&city), ([2, 0, 0], open.to_vec()));
    county.act(&claim(terms())).unwrap();
    county.publish_all();
    rise(&county, &mut city);
    assert_eq!(rate(&city), ([2, 1, 5000], open[1..].to_vec()));
    // The province knows nothing of what the city keeps.
    rise(&county, &mut province);
    assert_eq!(rate(&province), ([1, 1, 10_000], Vec::new()));
}

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
    assert_eq!(county.code(&hall::collect(&successor, division)), "item-not-yet-effective");
    county.now = at(2026, 10, 1, 8);
    ticks(&mut county);
    assert_eq!(county.code(&hall::collect(&code(), division)), "item-withdrawn");
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
    let mut hall = hall::guangan();
    let (old, by) = (hall::PERMIT[3].1, hall::CARD[3].1);
    let replace = |by: &str, from: Date| Command::ReplaceItem { old: old.into(), by: by.into(), from, order: None };
    assert_eq!(hall.code(&replace("没有", date(2026, 10, 1))), "item-unknown");
    assert_eq!(hall.code(&replace(old, date(2026, 10, 1))), "invalid-field");
    let later = [hall::CARD.as_slice(), &[("effective", "2026-11-01")]].concat();
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

#[test]
fn bulk_acts_judge_each_and_dry_runs_write_nothing() {
    let mut hall = hall::guangan();
    let before = hall.state.items.clone();
    let act = ItemAct::Suspend { reason: "系统切换".into() };
    let dry = Command::BringItems { act: act.clone(), which: Selection::All, dry_run: true };
    let report = life(&mut hall, &dry);
    assert_eq!((report.done.len(), report.dry_run), (2, true));
    assert_eq!(hall.state.items, before);
    let some = Selection::These(vec![hall::CARD[3].1.into(), "没有".into(), "511F82001003".into()]);
    let report = life(&mut hall, &bring(act, some));
    assert_eq!((report.done.len(), report.refused.len()), (1, 1), "one named twice is one");
    let division = hall.division();
    assert_eq!(hall.code(&hall::collect(hall::CARD[3].1, division)), "item-suspended");
    let resume = bring(ItemAct::Resume {}, Selection::Department("区残联".into()));
    assert_eq!(life(&mut hall, &resume).done.len(), 1);
    hall.collect(hall::CARD[3].1, division);
}
