//! The one answer: when nothing more comes of any part, once, and plain about what failed.

use tongban_domain::application::{ANSWER_TYPE, ApplicationCommand, ApplicationState, PartState};
use tongban_domain::{Command, Sealer};

use super::scene::{Scene, columns, part, replied, request};

fn answer(scene: &mut Scene) -> Result<tongban_domain::Change, tongban_domain::Rejection> {
    let application = scene.application().number;
    scene.give(false, &Command::Application(ApplicationCommand::Answer { application, forwarded_open: false }))
}

#[test]
fn all_granted_and_in_time() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    let early = answer(&mut scene).unwrap_err();
    assert_eq!(early.code, "application-state");
    assert!(early.zh.contains("变更、备案、招牌"), "{early:?}");
    for (at_home, part) in [(true, "变更"), (false, "备案"), (false, "招牌")] {
        scene.accept(at_home, part);
        scene.decide(at_home, part, true);
    }
    assert_eq!(scene.standing().state, ApplicationState::Finished);
    let change = answer(&mut scene).unwrap();
    let document = &change.documents[0];
    assert_eq!((document.case, document.content_type), (scene.application().id, ANSWER_TYPE));
    assert_eq!(document.sealer, Sealer::Node);
    let lines = &replied(&change).answer;
    assert!(lines.iter().all(|line| line.result == PartState::Granted && line.remedies.is_none()));
    let kept = scene.application().answer.unwrap();
    assert_eq!(kept.in_time, Some(true));
    assert_eq!(scene.standing().state, ApplicationState::Answered);
    assert_eq!(answer(&mut scene).unwrap_err().code, "application-state");
}

/// Parts that another county decides: when all have ended there and are answered, form and files are nobody's here any more.
#[test]
fn what_was_granted_elsewhere_is_forgotten_when_it_is_answered_and_over() {
    for answered_first in [true, false] {
        let mut scene = Scene::new();
        let again = "511A0093000031-511602000000-000-115113016823646795-1-00";
        let again = scene.home.offer_item(&columns(again, "511602000000", "农药经营许可证补发（演示）"));
        let foreign = scene.home.foreign(&again);
        scene.branch.act(&foreign).unwrap();
        let mut request = request();
        request.plan.parts.retain(|part| part.part == "变更");
        request.plan.parts.push(part("补发", "511A0093000031", "511602"));
        request.fields.retain(|(name, _)| name != "负责人");
        scene.collect(request).unwrap();
        let before = scene.application();
        let open = |scene: &Scene| {
            let kept = scene.application();
            let form = kept.form.open(&scene.branch.desk, &kept.id);
            (kept.personal.open(&scene.branch.desk, &kept.id).is_some(), form.is_some())
        };
        let mut closing = Vec::new();
        for part in ["变更", "补发"] {
            scene.accept(true, part);
            scene.decide(true, part, true);
            let case = scene.case(part).to_string();
            closing.extend([Command::Deliver { case: case.clone(), note: None }, Command::Close(case)]);
        }
        if answered_first {
            answer(&mut scene).unwrap();
        }
        for command in &closing {
            assert_eq!(open(&scene), (true, true), "a case may come back");
            scene.give(true, command).unwrap();
        }
        if !answered_first {
            assert_eq!(open(&scene), (true, true), "the answer hasn't been given");
            answer(&mut scene).unwrap();
        }
        assert_eq!(open(&scene), (false, false), "answered first: {answered_first}");
        let after = scene.application();
        assert_eq!((&after.materials, after.holder, &after.given), (&before.materials, before.holder, &before.given));
        assert_eq!(scene.standing().state, ApplicationState::Answered);
    }
}

#[test]
fn a_failed_part_is_said_with_its_reason_its_remedies_and_what_hung_on_it() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(true, "变更");
    scene.decide(true, "变更", false);
    let case = scene.case("招牌").to_string();
    scene.give(false, &Command::Withdraw { case, reason: Some("不办了".into()) }).unwrap();
    // The denied case is closed before the answer, which still says what it came to.
    scene.give(true, &Command::Close(scene.case("变更").to_string())).unwrap();
    let change = answer(&mut scene).unwrap();
    let lines = replied(&change).answer.clone();
    let said: Vec<(PartState, Option<&str>)> =
        lines.iter().map(|line| (line.result, line.came_to.as_deref())).collect();
    assert_eq!(
        said,
        [(PartState::Failed, Some("不予")), (PartState::NotBegun, None), (PartState::Failed, Some("撤件"))]
    );
    assert_eq!(lines[0].reason.as_deref(), Some("经营场所不符合要求"));
    assert!(lines[0].remedies.as_ref().unwrap().contains("行政复议"));
    assert_eq!(lines[1].because.as_deref(), Some("变更"));
    assert!(lines[1].remedies.as_ref().unwrap().contains("变更"));
    assert!(!lines[2].remedies.as_ref().unwrap().contains("行政复议"), "who withdrew isn't aggrieved");
    // Every text of it stands there in both languages.
    for line in &lines {
        let english = [line.came_to_en.as_ref(), line.remedies_en.as_ref()];
        assert_eq!(english.map(|text| text.is_some()), [line.came_to.is_some(), line.remedies.is_some()], "{line:?}");
        assert!(english.into_iter().flatten().all(|text| !text.contains("行政")), "{line:?}");
    }
    let told = lines[0].en();
    assert!(told.contains("failed; denied") && told.contains("administrative review"), "{told}");
    // An answer of an earlier release was given in Chinese alone, and says the same in English.
    let kept = scene.application().answer.unwrap();
    let mut old = kept.clone();
    for line in &mut old.lines {
        (line.came_to_en, line.remedies_en) = (None, None);
    }
    assert_eq!(old.translated(), kept);
    let told = lines[0].zh();
    assert!(told.contains("未通过；不予") && told.contains("理由：经营场所不符合要求"), "{told}");
}

fn withdraw(scene: &mut Scene, parts: &[&str]) -> Result<tongban_domain::Change, tongban_domain::Rejection> {
    let application = scene.application().number;
    let parts = parts.iter().map(|part| (*part).to_owned()).collect();
    let reason = Some("不开分店了".to_owned());
    scene.give(false, &Command::Application(ApplicationCommand::Withdraw { application, parts, reason }))
}

#[test]
fn a_part_that_is_not_begun_is_taken_out_and_the_others_go_on() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    withdraw(&mut scene, &["备案"]).unwrap();
    assert_eq!(scene.states(), [PartState::Running, PartState::Dropped, PartState::Running]);
    for (at_home, part) in [(true, "变更"), (false, "招牌")] {
        scene.accept(at_home, part);
        scene.decide(at_home, part, true);
    }
    assert_eq!(scene.application().part("备案").unwrap().case, None, "the grant that it waited for begins it no more");
    assert_eq!(withdraw(&mut scene, &["变更"]).unwrap_err().code, "application-state");
    assert_eq!(withdraw(&mut scene, &["没有"]).unwrap_err().code, "invalid-field");
    assert_eq!(withdraw(&mut scene, &[]).unwrap_err().code, "application-state", "every part is over");
    let change = answer(&mut scene).unwrap();
    let line = &replied(&change).answer[1];
    assert_eq!((line.result, line.reason.as_deref()), (PartState::Dropped, Some("不开分店了")));
    assert!(line.zh().contains("申请人撤回"), "{}", line.zh());
    assert_eq!(withdraw(&mut scene, &["备案"]).unwrap_err().code, "application-state", "it was answered");
}

/// The whole: what is begun here ends here, what is begun elsewhere is asked of its owner, what isn't begun is dropped.
#[test]
fn all_of_it_is_withdrawn() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(true, "变更");
    withdraw(&mut scene, &[]).unwrap();
    assert_eq!(scene.states(), [PartState::Failed, PartState::Dropped, PartState::Failed]);
    let case = scene.case("变更");
    assert_eq!(scene.home.case(case).status, tongban_domain::case::Status::Withdrawn);
    let change = answer(&mut scene).unwrap();
    let said: Vec<Option<&str>> = replied(&change).answer.iter().map(|line| line.came_to.as_deref()).collect();
    assert_eq!(said, [Some("撤件"), None, Some("撤件")]);
}
