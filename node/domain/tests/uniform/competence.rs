//! Each condition under which competence moves, and the refusal where it isn't kept.

use tongban_domain::catalogue::{Agreement, ItemAct, Mode, Selection};
use tongban_domain::{CodeAlias, Command};

use crate::hall::given::party;
use crate::hall::{at, collect, credit, date};
use crate::scene::{BASE, NUMBER, OUR_CODE, OURS, Scene, THEIRS, agreement, second, wider};

fn bring(hall: &mut crate::hall::Hall, item: &str, act: ItemAct) {
    let which = Selection::One(item.to_owned());
    let (name, roles) = ("目录员".to_owned(), vec![tongban_domain::Role::Catalogue]);
    let actor = tongban_domain::Actor { operator: name, roles, window: None };
    hall.give(&actor, &Command::BringItems { act, which, dry_run: false }).unwrap();
}

#[test]
fn competence_moves_by_agreement_and_item_or_not_at_all() {
    type Spoil = Box<dyn Fn(&mut Scene)>;
    let elsewhere = |change: fn(&mut Agreement)| -> Spoil {
        Box::new(move |scene| {
            let mut other = agreement("二号");
            change(&mut other);
            *scene = Scene::without();
            scene.agree(other);
        })
    };
    let edit = |change: fn(&mut tongban_domain::catalogue::ServiceItem)| -> Spoil {
        Box::new(move |scene| change(scene.stand.state.items.get_mut(OURS).unwrap()))
    };
    let foreign = |change: fn(&mut tongban_domain::catalogue::ServiceItem)| -> Spoil {
        Box::new(move |scene| {
            scene.stand.state.foreign.values_mut().for_each(|foreign| change(&mut foreign.item));
        })
    };
    let table: Vec<(&str, &str, Spoil)> = vec![
        // The published scope.
        ("scope-missing", "item", foreign(|item| item.modes.retain(|mode| *mode != Mode::Uniform))),
        ("scope-missing", "item", foreign(|item| item.covered.clear())),
        ("item-suspended", "item", foreign(|item| item.state = tongban_domain::catalogue::ItemState::Suspended)),
        // The agreement.
        ("agreement-missing", "item", Box::new(|scene| *scene = Scene::without())),
        ("agreement-missing", "item", elsewhere(|other| other.modes = vec![Mode::Collect])),
        ("agreement-missing", "item", elsewhere(|other| other.parties[1] = party("511622", "11511301452259996U"))),
        ("agreement-lapsed", "agreement", elsewhere(|other| other.from = date(2026, 9, 15))),
        ("agreement-lapsed", "agreement", elsewhere(|other| other.until = Some(date(2026, 9, 13)))),
        // This division's own item.
        ("uniform-item-missing", "item", foreign(|item| item.core.base_code = None)),
        ("uniform-item-missing", "item", edit(|item| item.core.base_code = Some("510116013002".into()))),
        ("uniform-item-missing", "item", edit(|item| item.state = tongban_domain::catalogue::ItemState::Withdrawn)),
        (
            "uniform-item-ambiguous",
            "by",
            Box::new(|scene| {
                *scene = Scene::without();
                scene.agree(wider("二号"));
                second(&mut scene.stand);
            }),
        ),
        // Its authority: neither another of the division, nor one of the divisions below a party's, nor by the division alone.
        (
            "uniform-not-party",
            "item",
            elsewhere(|other| other.parties[1] = party("511603", &credit("11511602MB0000001"))),
        ),
        ("uniform-not-party", "item", elsewhere(|other| other.parties[1] = party("511600", OUR_CODE))),
        ("item-suspended", "item", edit(|item| item.state = tongban_domain::catalogue::ItemState::Suspended)),
        ("item-not-yet-effective", "item", edit(|item| item.effective = Some(date(2026, 9, 15)))),
        ("uniform-core-differs", "item", edit(|item| item.core.name = "公共场所卫生许可（新）".into())),
        ("uniform-core-differs", "item", edit(|item| item.core.item_type = "07".into())),
        ("uniform-core-differs", "item", edit(|item| item.core.legal_basis = "公共场所卫生管理条例 第五条".into())),
    ];
    let mut whole = Scene::new();
    whole.taken();
    for (row, (code, field, spoil)) in table.into_iter().enumerate() {
        let mut scene = Scene::new();
        spoil(&mut scene);
        let refused = scene.refused();
        assert_eq!((refused.code, refused.field), (code, field), "row {row}: {refused}");
        assert!(!refused.remedy_en.is_empty() && !refused.remedy_zh.is_empty(), "row {row}");
        assert!(scene.stand.state.cases.is_empty(), "row {row}");
    }
    let named = Scene::new().stand.state.items[OURS].clone();
    assert_eq!(named.core.base_code.as_deref(), Some(BASE));
}

#[test]
fn of_several_own_items_the_caller_names_one() {
    let mut scene = Scene::without();
    scene.agree(wider(NUMBER));
    let other = second(&mut scene.stand);
    for (by, code) in [
        (None, "uniform-item-ambiguous"),
        (Some(OURS), "ok"),
        (Some(other.as_str()), "ok"),
        (Some("没有"), "item-unknown"),
    ] {
        let asked = scene.asked(Some(Mode::Uniform), by);
        assert_eq!(scene.stand.clone().code(&asked), code, "{by:?}");
    }
    let asked = scene.asked(Some(Mode::Uniform), Some(&other));
    scene.stand.act(&asked).unwrap();
    assert_eq!(scene.stand.state.cases.values().next().unwrap().item.code, other);
    // One that is suspended is none to choose, so that the other is taken by itself.
    bring(&mut scene.stand, &other, ItemAct::Suspend { reason: "修订".into() });
    let id = scene.taken();
    assert_eq!(scene.stand.case(id).item.code, OURS);
    // An item of another base code decides nothing in this one's place.
    scene.stand.state.items.get_mut(&other).unwrap().core.base_code = Some("510116013002".into());
    let asked = scene.asked(Some(Mode::Uniform), Some(&other));
    let refused = scene.stand.act(&asked).unwrap_err();
    assert_eq!((refused.code, refused.field), ("uniform-item-missing", "by"));
    // Nothing is named in another mode.
    let asked = scene.asked(Some(Mode::Collect), Some(OURS));
    let refused = scene.stand.act(&asked).unwrap_err();
    assert_eq!((refused.code, refused.field), ("invalid-field", "by"));
}

/// Competence moves to who signed, and to nobody beside or below him.
#[test]
fn who_signed_nothing_decides_nothing() {
    let mut scene = Scene::new();
    let other = second(&mut scene.stand);
    let asked = scene.asked(Some(Mode::Uniform), Some(&other));
    let refused = scene.stand.act(&asked).unwrap_err();
    assert_eq!((refused.code, refused.field), ("uniform-not-party", "item"), "{refused}");
    assert!(scene.stand.state.cases.is_empty());
    // Unnamed, the item of the party is the only one to choose, and no stranger's takes its place.
    let id = scene.taken();
    let case = scene.stand.case(id);
    assert_eq!((case.item.code.as_str(), case.instead_of.as_ref().unwrap().party.as_str()), (OURS, OUR_CODE));
    bring(&mut scene.stand, OURS, ItemAct::Suspend { reason: "修订".into() });
    assert_eq!(scene.refused().code, "item-suspended");
    // Of two agreements that name the division, the one counts that the authority signed.
    let mut scene = Scene::without();
    let mut others = agreement("一号");
    others.parties[1] = party("511603", &credit("11511602MB0000001"));
    scene.agree(others);
    scene.agree(agreement(NUMBER));
    let id = scene.taken();
    assert_eq!(scene.stand.case(id).instead_of.as_ref().unwrap().agreement, NUMBER);
}

/// Where a source's code is none, the one counts that it was mapped to, and is what the authority in charge compares.
#[test]
fn a_mapped_code_is_the_partys() {
    let mut scene = Scene::new();
    let item = scene.stand.state.items.get_mut(OURS).unwrap();
    item.department_code = "区卫健局旧码".into();
    let authority = item.authority;
    assert_eq!(scene.refused().code, "uniform-not-party");
    let alias = CodeAlias { text: "区卫健局旧码".into(), code: OUR_CODE.parse().unwrap() };
    scene.stand.state.authorities.get_mut(&authority).unwrap().aliases.push(alias);
    let id = scene.taken();
    let reported = scene.reported(&Command::Accept(id.to_string())).unwrap();
    assert_eq!(reported.1.department_code, OUR_CODE);
    scene.hear(&reported).unwrap();
}

#[test]
fn it_is_never_chosen_by_itself_nor_for_ones_own_people() {
    let mut scene = Scene::new();
    // With nothing said a case is collected for the authority in charge.
    let asked = scene.asked(None, None);
    scene.stand.act(&asked).unwrap();
    let case = scene.stand.state.cases.values().next().unwrap();
    assert_eq!((case.mode, case.deciding.division), (Mode::Collect, scene.charge.division()));
    for foreign in scene.stand.state.foreign.values_mut() {
        foreign.item.modes = vec![Mode::Uniform];
    }
    assert_eq!(scene.stand.code(&asked), "scope-missing", "published for nothing else");
    // Its own people's matter.
    let own = match collect(OURS, scene.stand.division()) {
        Command::Collect { item, division, applicant, materials, hold, renews, agent, by, .. } => Command::Collect {
            item,
            division,
            mode: Some(Mode::Uniform),
            applicant,
            materials,
            hold,
            renews,
            agent,
            by,
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(scene.stand.code(&own), "uniform-own");
}

#[test]
fn what_is_cached_serves_with_its_age() {
    let mut scene = Scene::new();
    let stated = scene.stand.now;
    scene.stand.now = at(2026, 9, 20, 9);
    let id = scene.taken();
    let instead = scene.stand.case(id).instead_of.clone().unwrap();
    assert_eq!((instead.as_of, instead.version, instead.agreement.as_str()), (stated, 1, NUMBER));
    assert_eq!((instead.place, instead.item.as_str()), (scene.charge.place(), THEIRS));
    assert_eq!(instead.department, "区行政审批局");
}

#[test]
fn a_case_in_anothers_place_goes_nowhere_else() {
    let mut scene = Scene::new();
    let id = scene.taken();
    let case = id.to_string();
    assert_eq!(scene.stand.code(&Command::Offer(case.clone())), "case-state");
    // Nor does a node take such a case over, whoever offers it.
    let asked = scene.asked(Some(Mode::Collect), None);
    let change = scene.stand.act(&asked).unwrap();
    let offered = change.notices.iter().find_map(|notice| match &notice.body {
        tongban_domain::NoticeBody::Offer(offer) => Some((**offer).clone()),
        _ => None,
    });
    let mut offer = Box::new(offered.unwrap());
    offer.mode = Mode::Uniform;
    let origin = scene.stand.origin();
    assert_eq!(scene.charge.code(&Command::TakeCustody { origin, offer: offer.clone() }), "scope-missing");
    assert!(scene.charge.state.cases.is_empty());
    offer.mode = Mode::Collect;
    // What was reported as decided there is nobody's to take, in whatever mode it comes.
    let reported = scene.reported(&Command::Accept(case.clone())).unwrap();
    let mut twice = offer.clone();
    twice.case = id;
    assert_eq!(scene.charge.clone().code(&Command::TakeCustody { origin, offer: twice.clone() }), "ok");
    scene.hear(&reported).unwrap();
    assert_eq!(scene.charge.code(&Command::TakeCustody { origin, offer: twice }), "case-state");
    assert!(scene.charge.state.cases.is_empty());
    assert_eq!(scene.charge.code(&Command::TakeCustody { origin, offer }), "ok");
    // The agreement gives the competence to this authority, not to the one above it.
    let cases = scene.stand.state.cases.len();
    let (division, item) = ("511600".parse().unwrap(), THEIRS.to_owned());
    let forward = Command::Forward { case, division, item, opinion: "拟同意".into() };
    assert_eq!(scene.stand.code(&forward), "forward-unlawful");
    assert_eq!(scene.stand.state.cases.len(), cases, "no second case arose");
    assert_eq!(scene.stand.case(id).forwarded_to, None);
}
