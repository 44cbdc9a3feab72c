//! What a lawful difference excuses, who has to have seen it, and whose policies bind.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, row};
use tongban_domain::catalogue::{
    ClaimTerms, CoreField, Difference, ItemAct, ItemState, LawfulReason, Lock, Policy, Selection, Standard,
    StandardBody, claims,
};
use tongban_domain::{Command, Event};

const BASES: [&str; 2] = ["510116013001", "510116013002"];
const CREDIT: &str = "11511301008778490F";

fn province() -> Hall {
    let mut province = Hall::new("510000", "四川省");
    for (code, name) in BASES.into_iter().zip(["公共场所卫生许可", "饮用水卫生许可"]) {
        let columns = [
            ("department", "省卫生健康委"),
            ("name", name),
            ("item_type", "01"),
            ("base_code", code),
            ("legal_basis", "某条例 第四条"),
        ];
        province.import(&[row(2, &columns)]);
    }
    province.publish_all();
    province
}

fn county(province: &Hall) -> Hall {
    let mut county = Hall::new("511602", "广安区");
    for base in province.state.bases.values() {
        county.state.fold(&Event::BaseItem(base.clone()));
    }
    county
}

fn terms() -> ClaimTerms {
    ClaimTerms {
        department: Some("区卫健局".into()), department_code: Some(CREDIT.into()), ..ClaimTerms::default()
    }
}

fn claim(base: &str, terms: ClaimTerms) -> Command {
    Command::ClaimItem { base_code: base.into(), terms }
}

fn code() -> String {
    format!("{CREDIT}4{}", BASES[0])
}

fn bring(act: ItemAct) -> Command {
    Command::BringItems { act, which: Selection::One(code()), dry_run: false }
}

fn because(fields: &[CoreField], document: &str) -> Option<Difference> {
    let reason = LawfulReason::PowerMoved;
    Some(Difference { fields: fields.to_vec(), reason, document: document.into(), locks: Vec::new() })
}

/// Under another base code, or none, nobody would hold the rest to what it was.
#[test]
fn no_reason_excuses_another_base_code() {
    let province = province();
    for other in [Some(BASES[1].to_owned()), None] {
        let mut county = county(&province);
        county.act(&claim(BASES[0], terms())).unwrap();
        county.act(&bring(ItemAct::Publish { difference: None })).unwrap();
        county.act(&claim(BASES[0], terms())).unwrap();
        let draft = county.state.drafts.get_mut(&code()).unwrap();
        draft.core.base_code.clone_from(&other);
        draft.core.name = "饮用水卫生许可".into();
        assert_eq!(county.code(&bring(ItemAct::Publish { difference: None })), "core-locked");
        let difference = because(&[CoreField::BaseCode, CoreField::Name], "川府发〔2026〕1号");
        assert_eq!(county.code(&bring(ItemAct::Publish { difference: difference.clone() })), "invalid-field");
        // As a draft of before has it.
        county.state.drafts.get_mut(&code()).unwrap().difference.clone_from(&difference);
        assert_eq!(county.code(&bring(ItemAct::Publish { difference: None })), "invalid-field");
        let moved = ClaimTerms { local_code: Some(code()), difference, ..terms() };
        assert_eq!(county.code(&claim(BASES[1], moved)), "invalid-field");
        assert_eq!(county.state.items[&code()].core.base_code.as_deref(), Some(BASES[0]));
    }
}

#[test]
fn a_suspended_base_item_still_binds_the_base_code() {
    let province = province();
    let mut county = county(&province);
    county.act(&claim(BASES[0], terms())).unwrap();
    county.act(&bring(ItemAct::Publish { difference: None })).unwrap();
    county.act(&claim(BASES[0], terms())).unwrap();
    county.state.drafts.get_mut(&code()).unwrap().core.base_code = None;
    let mut base = province.state.bases[BASES[0]].clone();
    base.state = ItemState::Suspended;
    county.state.fold(&Event::BaseItem(base));
    assert_eq!(county.code(&bring(ItemAct::Publish { difference: None })), "core-locked");
}

#[test]
fn what_differs_is_named_once() {
    let mut county = county(&province());
    let many = Difference { locks: vec![Lock::Fees; 100_000], ..because(&[CoreField::Name; 5], "文").unwrap() };
    for difference in [many.clone(), Difference { fields: Vec::new(), ..many }] {
        let terms = ClaimTerms { difference: Some(difference), ..terms() };
        assert_eq!(county.code(&claim(BASES[0], terms)), "invalid-field");
    }
}

fn policy(division: &str, policy: Policy) -> Event {
    let place = Hall::new(division, "某地").place();
    Event::Standard(Box::new(Standard {
        code: "catalogue".into(),
        body: StandardBody::Policy(policy),
        division: place.division,
        node: place.node,
        version: 1,
        state: ItemState::Published,
        effective: None,
        department: None,
        in_force: None,
    }))
}

/// A difference that is named only when the item is published was seen by no reviewer.
#[test]
fn a_difference_is_reviewed_with_the_draft() {
    let mut county = county(&province());
    county.state.fold(&policy("510000", Policy { review: true, ..Policy::default() }));
    county.act(&claim(BASES[0], terms())).unwrap();
    county.state.drafts.get_mut(&code()).unwrap().core.legal_basis = "某地方条例 第二条".into();
    let pass = bring(ItemAct::Pass { note: None });
    let publish = |difference: Option<Difference>| bring(ItemAct::Publish { difference });
    let difference = because(&[CoreField::LegalBasis], "川人发〔2026〕1号");
    county.act(&bring(ItemAct::Submit { difference: None })).unwrap();
    county.act(&pass).unwrap();
    assert_eq!(county.code(&publish(None)), "core-locked");
    assert_eq!(county.code(&publish(difference.clone())), "review-required");
    county.act(&bring(ItemAct::Return { reason: "注明差异".into() })).unwrap();
    assert_eq!(county.code(&bring(ItemAct::Submit { difference: because(&[], "文") })), "invalid-field");
    county.act(&bring(ItemAct::Submit { difference: difference.clone() })).unwrap();
    county.act(&pass).unwrap();
    assert_eq!(county.code(&publish(because(&[CoreField::LegalBasis], "另一文件"))), "review-required");
    county.act(&publish(difference.clone())).unwrap();
    assert_eq!(county.state.items[&code()].difference, difference);
}

/// The policy of a division that isn't above is news, and binds nobody here.
#[test]
fn a_policy_of_elsewhere_binds_nobody_here() {
    let asks = Policy { review: true, claim_days: Some(1), ..Policy::default() };
    for (division, binds) in [("510100", false), ("511600", true)] {
        let mut county = county(&province());
        county.state.fold(&policy(division, asks.clone()));
        let views = claims(&county.state, county.now.date());
        assert_eq!(views[0].deadline.is_some(), binds, "{division}");
        county.act(&claim(BASES[0], terms())).unwrap();
        let published = county.code(&bring(ItemAct::Publish { difference: None }));
        assert_eq!(published, if binds { "review-required" } else { "ok" }, "{division}");
    }
}
