//! The life of an item: states and acts as a table, dates, review, differences, claims and successors.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod claims;
mod days;
mod differing;
#[path = "../hall/mod.rs"]
mod hall;
mod scene;
mod successors;

use crate::hall::{Hall, row};
use crate::scene::{BASE, CREDIT, both, bring, claim, claimed, code, life, one, policy, publish, terms};
use tongban_domain::catalogue::{
    CoreField, Difference, ItemAct, ItemState, LawfulReason, LifeReport, Policy, Selection,
};
use tongban_domain::{Actor, Command, Event, Rejection, Reply, Role};

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
