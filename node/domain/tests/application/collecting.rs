//! Collecting once: all that is missing is said at once, nothing is asked that nobody needs, and what is given reaches each authority.

use std::collections::BTreeMap;

use tongban_domain::application::{PartState, Source};
use tongban_domain::case::Custody;
use tongban_domain::catalogue::{LifeEvent, Mode, StandardBody, StandardDraft};
use tongban_domain::{Command, Desk, Event, Rejection};

use super::hall::CITIZEN;
use super::scene::{BUSINESS_LICENCE, FILING, SIGN, Scene, material, part, replied, request};

fn refused(change: impl FnOnce(&mut tongban_domain::application::CollectApplication)) -> Rejection {
    let mut scene = Scene::new();
    let mut wrong = request();
    change(&mut wrong);
    let rejection = scene.collect(wrong).unwrap_err();
    assert!(scene.branch.state.applications.is_empty() && scene.branch.state.cases.is_empty(), "nothing is half done");
    assert!(scene.branch.state.serials.is_empty());
    assert!(!rejection.en.is_empty() && !rejection.zh.is_empty());
    assert!(!format!("{rejection:?}").contains(CITIZEN));
    rejection
}

#[test]
fn the_first_cases_are_drawn_with_the_application_and_the_rest_wait() {
    let mut scene = Scene::new();
    let change = scene.collect(request()).unwrap();
    let reply = replied(&change);
    assert_eq!(reply.application, "YJS511603000000-20260914-00001");
    // In one change: the application, and both cases that wait for nothing, with numbers of their own.
    let kinds: Vec<&str> = change
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Case(_, act) => Some(act.kind.name()),
            Event::Application(_) => Some("application"),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, ["collect", "offer", "collect", "application"]);
    let numbers: Vec<&str> = scene.branch.state.cases.values().map(|case| case.collection_no.as_str()).collect();
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["511603000000-20260914-00001", "511603000000-20260914-00002"]);
    let codes: std::collections::BTreeSet<_> =
        scene.branch.state.cases.values().map(|case| case.query_code).chain([reply.query_code]).collect();
    assert_eq!(codes.len(), 3);
    // The filing stands behind what it waits for, whatever the plan's order.
    let parts: Vec<(&str, PartState)> = reply.parts.iter().map(|part| (part.part.as_str(), part.state)).collect();
    assert_eq!(parts, [("变更", PartState::Running), ("备案", PartState::Waiting), ("招牌", PartState::Running)]);
    assert!(scene.application().part("备案").unwrap().case.is_none());
    // Where it is published, the mode is that of several authorities together.
    assert_eq!(scene.home.case(scene.case("变更")).mode, Mode::Joint);
}

#[test]
fn each_authority_gets_the_fields_of_its_item_and_no_others() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    let id = scene.case("变更");
    let there = scene.home.case(id).clone();
    assert_eq!(there.custody, Custody::Owner);
    let of = there.part_of.clone().unwrap();
    assert_eq!((of.number.as_str(), of.part.as_str()), ("YJS511603000000-20260914-00001", "变更"));
    let (form, _) = scene.home.desk.decrypt(&id, of.form.as_ref().unwrap()).unwrap();
    let values = tongban_domain::application::form_values(&form);
    let expected = [("分店地址", "代市镇正街 1 号"), ("经营者名称", "广安农资店（演示）")];
    let expected: BTreeMap<String, String> =
        expected.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!(values, expected);
    let names: Vec<&str> = there.materials.iter().map(|material| material.name.as_str()).collect();
    assert_eq!(names, ["申请表"], "the licence is looked up, not brought");
    let licence = of.entries.iter().find(|entry| entry.name == "营业执照").unwrap();
    assert_eq!(licence.source, Source::Licence { licence: BUSINESS_LICENCE.into() });
    assert_eq!(of.entries.len(), 4);
    assert!(of.entries.iter().filter(|entry| entry.source == Source::Applicant {}).count() == 3);
}

#[test]
fn what_is_missing_is_said_at_once_and_what_nobody_needs_is_not_taken() {
    let missing = refused(|request| {
        request.fields.remove(0);
        request.materials.clear();
        request.licences.clear();
    });
    assert_eq!((missing.code, &*missing.value), ("form-incomplete", "经营者名称、申请表、营业执照"));
    let unasked = refused(|request| request.fields.push(("婚姻状况".into(), "已婚".into())));
    assert_eq!((unasked.code, &*unasked.value), ("invalid-field", "婚姻状况"));
    let result = refused(|request| request.materials.push(material("农药经营许可证")));
    assert_eq!((result.code, &*result.value), ("invalid-field", "农药经营许可证"), "an earlier part comes to it");
    let twice = refused(|request| request.fields.push(("负责人".into(), "王五".into())));
    assert_eq!((twice.code, &*twice.value), ("invalid-field", "负责人"));
    let both = refused(|request| request.licences.push(("申请表".into(), BUSINESS_LICENCE.into())));
    assert_eq!(&*both.value, "申请表");
    let no_licence = refused(|request| request.licences[0].1 = "1.2.156".into());
    assert_eq!((no_licence.code, no_licence.field), ("invalid-field", "licences"));
    let empty = refused(|request| request.fields[0].1 = "  ".into());
    assert_eq!((empty.code, &*empty.value), ("invalid-field", "经营者名称"));
    assert_eq!(refused(|request| request.applicant.identity = "123".into()).code, "invalid-identity");
}

/// A part that begins later must fit into an offer, too: nobody could shorten it when its turn comes.
#[test]
fn a_form_is_no_larger_than_what_travels() {
    let large = refused(|request| {
        let names: Vec<String> = (0..100).map(|number| format!("表单项{number}")).collect();
        request.fields.extend(names.iter().map(|name| (name.clone(), "长".repeat(1000))));
        request.plan.parts[0].fields.extend(names);
    });
    assert_eq!((large.code, large.field, &*large.value), ("invalid-field", "fields", "备案"));
    assert_eq!(refused(|request| request.plan.parts[1].fields = vec!["甲".into(); 201]).field, "fields");
    let twice = refused(|request| drop(request.plan.parts[0].results.insert(" 农药经营许可证".into(), "招牌".into())));
    assert_eq!(twice.field, "results");
}

#[test]
fn plans_that_hold_nothing() {
    assert_eq!(refused(|request| request.plan.parts.truncate(1)).field, "parts");
    assert_eq!(refused(|request| request.plan.name = None).field, "name");
    assert_eq!(refused(|request| request.plan.parts[1].part = "备案".into()).code, "invalid-field");
    assert_eq!(refused(|request| request.plan.parts[1].after = vec!["备案".into()]).field, "after");
    assert_eq!(refused(|request| request.plan.parts[1].after = vec!["无".into()]).field, "after");
    assert_eq!(refused(|request| request.plan.parts[1].after = vec!["变更".into()]).field, "after");
    assert_eq!(refused(|request| request.plan.parts[1].item = "511A0000000000".into()).code, "outside-catalogue");
    assert_eq!(refused(|request| request.plan.parts[0].item = "511A0000000000".into()).code, "item-unknown");
    let result = refused(|request| drop(request.plan.parts[0].results.insert("身份证".into(), "变更".into())));
    assert_eq!(result.field, "results");
    assert_eq!(refused(|request| request.plan.event = Some("branch".into())).code, "standard-unknown");
}

#[test]
fn a_life_event_of_the_catalogue_gives_name_and_order() {
    let mut scene = Scene::new();
    // The county of the branch keeps it for its own items; the home county's is not known there by a base code.
    let items = vec![FILING.to_owned(), SIGN.to_owned()];
    let after = vec![(FILING.to_owned(), SIGN.to_owned())];
    let body = LifeEvent { name: "开办农药店".into(), items, after, ..LifeEvent::default() };
    let draft = StandardDraft {
        code: Some("branch".into()),
        body: StandardBody::LifeEvent(body),
        effective: None,
        department: None,
    };
    scene.branch.act(&Command::SetStandards(vec![draft])).unwrap();
    let mut ordered = request();
    ordered.plan.event = Some("branch".into());
    // An item that the life event doesn't have.
    let other = scene.collect(ordered.clone()).unwrap_err();
    assert_eq!((other.code, other.field), ("invalid-field", "item"));
    ordered.plan.name = None;
    ordered.plan.parts = vec![part("备案", FILING, "511603"), part("招牌", SIGN, "511603")];
    ordered.fields.clear();
    ordered.materials.clear();
    ordered.licences.clear();
    let change = scene.collect(ordered).unwrap();
    let application = scene.application();
    assert_eq!(replied(&change).event, "开办农药店");
    assert_eq!(application.bundle.unwrap().version, 1);
    assert_eq!(scene.states(), [PartState::Running, PartState::Waiting], "the filing comes after the sign");
    assert_eq!(application.parts[1].after, ["招牌"]);
}

/// 多地联办 by hand: no plan of the catalogue, and every item must be published for the mode.
#[test]
fn jointly_every_part_is_of_the_joint_mode() {
    let mut scene = Scene::new();
    let mut jointly = request();
    jointly.plan.jointly = true;
    for part in &mut jointly.plan.parts {
        (part.after, part.results) = (Vec::new(), BTreeMap::new());
    }
    jointly.materials.push(material("农药经营许可证"));
    scene.collect(jointly.clone()).unwrap();
    assert_eq!(scene.states(), [PartState::Running; 3], "nothing waits: each authority decides its own part");
    for part in ["备案", "变更", "招牌"] {
        assert_eq!(scene.branch.case(scene.case(part)).mode, Mode::Joint, "{part}");
    }
    assert_eq!(scene.home.case(scene.case("变更")).mode, Mode::Joint);
    assert_eq!(scene.application().bundle, None);
    // Without it an item goes by what it publishes; with it one that isn't published for the mode is refused, whosever it is.
    for (own, item) in [(true, SIGN), (false, super::scene::LICENCE)] {
        let mut scene = Scene::new();
        let hall = if own { &mut scene.branch } else { &mut scene.home };
        let items = hall.state.items.values_mut().filter(|known| known.code.starts_with(item));
        items.for_each(|known| known.modes.retain(|mode| *mode != Mode::Joint));
        let code = scene.home.state.items.keys().next().unwrap().clone();
        scene.branch.act(&scene.home.foreign(&code)).unwrap();
        let refused = scene.collect(jointly.clone()).unwrap_err();
        assert_eq!((refused.code, refused.field), ("scope-missing", "item"), "{refused:?}");
        assert!(refused.zh.contains("多地联办"), "{refused:?}");
        assert!(scene.branch.state.applications.is_empty() && scene.branch.state.cases.is_empty());
        let mut apart = jointly.clone();
        apart.plan.jointly = false;
        scene.collect(apart).unwrap();
    }
}

#[test]
fn an_offer_says_only_what_a_hall_may_say_of_its_application() {
    let mut scene = Scene::new();
    let command = Command::Application(tongban_domain::application::ApplicationCommand::Collect(Box::new(request())));
    let change = scene.branch.act(&command).unwrap();
    let notice = change.notices[0].clone();
    let tongban_domain::NoticeBody::Offer(offer) = &notice.body else { panic!("an offer") };
    let bent = |bend: &dyn Fn(&mut tongban_domain::application::PartWord)| {
        let mut offer = offer.clone();
        bend(offer.part_of.as_mut().unwrap());
        let mut home = scene.home.clone();
        let origin = scene.branch.origin();
        home.act(&Command::TakeCustody { origin, offer }).map_or_else(|refused| refused.code, |_| "ok")
    };
    assert_eq!(bent(&|_| ()), "ok");
    assert_eq!(bent(&|word| word.application = tongban_codes::ids::CaseId::from_bytes([9; 16])), "invalid-field");
    assert_eq!(bent(&|word| word.number = "一".repeat(20)), "invalid-field");
    assert_eq!(bent(&|word| word.number = "YJS511604000000-20260914-00001".into()), "invalid-field");
    // Nor does a case take the number under which an application is found here.
    let mut home = scene.home.clone();
    let known = scene.branch.state.applications.values().next().unwrap().clone();
    home.state.applications.insert(known.id, known.clone());
    let mut hiding = offer.clone();
    hiding.collection_no = known.number;
    let origin = scene.branch.origin();
    assert_eq!(home.act(&Command::TakeCustody { origin, offer: hiding }).unwrap_err().field, "collection_no");
    assert_eq!(bent(&|word| word.part = String::new()), "invalid-field");
    assert_eq!(bent(&|word| word.values[0].1 = "长".repeat(1001)), "invalid-field");
    assert_eq!(bent(&|word| word.values = vec![("a".into(), "b".into()); 201]), "invalid-field");
    let large = vec![("a".to_owned(), "长".repeat(1000)); 100];
    assert_eq!(bent(&|word| word.values.clone_from(&large)), "invalid-field");
    let long = Source::Licence { licence: "1".repeat(201) };
    assert_eq!(bent(&|word| word.entries[0].source = long.clone()), "invalid-field");
}
