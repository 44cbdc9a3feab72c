//! Where an item differs from what its superior fixes, and may.

use crate::hall::{Hall, row};
use crate::scene::{BASE, SECOND, base_columns, both, bring, claim, code, flow, life, publish, rise, terms};
use tongban_codes::ids::Digest;
use tongban_domain::catalogue::{
    ClaimTerms, CoreField, Difference, Guide, ItemAct, LawfulReason, Lock, RequiredMaterial, Selection, differences,
};
use tongban_domain::{Command, Event, Facts};

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
