//! A part that failed is applied for anew within its application: with what was given, and the failure stays visible.

use tongban_domain::application::{ApplicationCommand, ApplicationState, PartState};
use tongban_domain::case::{Bringing, Status};
use tongban_domain::{Change, Command, Rejection};

use super::scene::{Scene, replied, request};

fn again(scene: &mut Scene, parts: &[&str]) -> Result<Change, Rejection> {
    let application = scene.application().number;
    let parts = parts.iter().map(|part| (*part).to_owned()).collect();
    scene.give(false, &Command::Application(ApplicationCommand::Again { application, parts }))
}

fn answer(scene: &mut Scene) -> Result<Change, Rejection> {
    let application = scene.application().number;
    scene.give(false, &Command::Application(ApplicationCommand::Answer { application, forwarded_open: false }))
}

#[test]
fn what_failed_is_applied_for_anew_with_what_was_given() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    assert_eq!(again(&mut scene, &["变更"]).unwrap_err().code, "application-state", "it runs");
    // He was asked for something a second time, and was denied.
    let failed = scene.case("变更");
    let (case, items) = (failed.to_string(), vec!["申请表缺少签名".to_owned()]);
    scene.give(true, &Command::Notify { case: case.clone(), items, new_reasons: Vec::new(), within: None }).unwrap();
    let brings = vec![Bringing { item: "1".into(), materials: Vec::new() }];
    scene.give(true, &Command::Supplement { case, brings }).unwrap();
    scene.accept(true, "变更");
    scene.decide(true, "变更", false);
    assert_eq!(scene.states()[..2], [PartState::Failed, PartState::NotBegun]);
    assert_eq!(again(&mut scene, &["备案"]).unwrap_err().code, "application-state", "it hasn't failed itself");
    assert_eq!(again(&mut scene, &["没有"]).unwrap_err().code, "invalid-field");
    assert_eq!(again(&mut scene, &[]).unwrap_err().code, "invalid-field");
    let before = scene.application();
    again(&mut scene, &["变更"]).unwrap();
    assert_eq!(scene.states()[..2], [PartState::Running, PartState::Waiting]);
    let next = scene.case("变更");
    assert_ne!(next, failed);
    let (old, new) = (scene.home.case(failed).clone(), scene.home.case(next).clone());
    assert_eq!((old.status, new.status), (Status::Denied, Status::Collected));
    assert_eq!(old.materials, new.materials);
    let form = |id, case: &tongban_domain::case::Case| {
        use tongban_domain::Desk as _;
        let of = case.part_of.clone().unwrap();
        (scene.home.desk.decrypt(&id, &of.form.unwrap()).unwrap(), of.entries)
    };
    assert_eq!(form(failed, &old), form(next, &new), "nothing was asked for again");
    let after = scene.application();
    assert_eq!((&after.given, &after.form, after.query_code), (&before.given, &before.form, before.query_code));
    // The failure stands there, and what he was asked for again still counts.
    let part = scene.standing().parts[0].clone();
    assert_eq!(part.earlier.len(), 1);
    assert_eq!((part.earlier[0].case, part.earlier[0].status), (Some(failed), Some(Status::Denied)));
    assert_eq!(part.earlier[0].reason.as_deref(), Some("经营场所不符合要求"));
    assert_eq!(scene.standing().total.asked_again, 1);
    // A late word about the failed case begins nothing; the grant of the new one does.
    scene.give(true, &Command::Close(failed.to_string())).unwrap();
    assert_eq!(scene.states()[1], PartState::Waiting);
    scene.accept(true, "变更");
    scene.decide(true, "变更", true);
    assert_eq!(scene.states()[..2], [PartState::Granted, PartState::Running]);
    for part in ["备案", "招牌"] {
        scene.accept(false, part);
        scene.decide(false, part, true);
    }
    let change = answer(&mut scene).unwrap();
    let line = &replied(&change).answer[0];
    assert_eq!((line.result, line.earlier.len()), (PartState::Granted, 1));
    assert!(line.zh().contains("此前：2026-09-14 不予（经营场所不符合要求）"), "{}", line.zh());
    assert!(line.en().contains("before that: denied on 2026-09-14"), "{}", line.en());
}

#[test]
fn after_the_answer_it_is_an_addition_with_an_answer_of_its_own() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(true, "变更");
    scene.decide(true, "变更", false);
    scene.accept(false, "招牌");
    scene.decide(false, "招牌", true);
    let first = answer(&mut scene).unwrap();
    // The filing alone waits for what wasn't granted; both together can be had.
    assert_eq!(again(&mut scene, &["备案"]).unwrap_err().code, "application-state");
    assert_eq!(scene.application().former.len(), 0, "what was refused changed nothing");
    again(&mut scene, &["变更"]).unwrap();
    assert_eq!(scene.standing().state, ApplicationState::Running);
    assert_eq!(scene.states(), [PartState::Running, PartState::Waiting, PartState::Granted]);
    let told = scene.application().last_answer().unwrap().lines.clone();
    assert_eq!(told, replied(&first).answer, "what was answered stands");
    scene.accept(true, "变更");
    scene.decide(true, "变更", true);
    scene.accept(false, "备案");
    scene.decide(false, "备案", true);
    let second = answer(&mut scene).unwrap();
    let acts = [&first, &second].map(|change| change.documents[0].act);
    assert_eq!(acts, [1, 2], "each answer is a document of its own");
    assert_eq!(scene.application().answer_act(), 2);
    let acts = [0, 1, 2, 3].map(|place| scene.application().nth_answer_act(place));
    assert_eq!(acts, [None, Some(1), Some(2), None]);
    assert!(replied(&second).answer.iter().all(|line| line.result == PartState::Granted));
    assert_eq!(scene.application().former.len(), 1);
    assert_eq!(again(&mut scene, &["变更"]).unwrap_err().code, "application-state", "it was granted");
}

#[test]
fn what_was_taken_out_may_be_put_in_again_and_not_without_end() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    let application = scene.application().number;
    let drop = |parts: &[&str]| {
        let parts = parts.iter().map(|part| (*part).to_owned()).collect();
        let reason = Some("先不办".to_owned());
        Command::Application(ApplicationCommand::Withdraw { application: application.clone(), parts, reason })
    };
    scene.give(false, &drop(&["备案"])).unwrap();
    again(&mut scene, &["备案"]).unwrap();
    assert_eq!(scene.states()[1], PartState::Waiting);
    assert_eq!(scene.standing().parts[1].earlier[0].reason.as_deref(), Some("先不办"));
    let shown = serde_json::to_value(&scene.standing().parts[1].earlier[0]).unwrap();
    assert_eq!((shown["status"].as_str(), shown["status_zh"].as_str()), (Some("dropped"), Some("申请人撤回")));
    for _ in 0..4 {
        scene.give(false, &drop(&["招牌"])).unwrap();
        again(&mut scene, &["招牌"]).unwrap();
    }
    scene.give(false, &drop(&["招牌"])).unwrap();
    let refused = again(&mut scene, &["招牌"]).unwrap_err();
    assert!(refused.zh.contains("至多申请 5 次"), "{refused:?}");
}

/// The collection of a further case is refused as that of the first: nothing is half done.
#[test]
fn what_can_t_be_collected_any_more_is_not_applied_for() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(false, "招牌");
    scene.decide(false, "招牌", false);
    scene.branch.act(&Command::WithdrawItem(super::scene::SIGN.into())).unwrap();
    let before = scene.application();
    assert_eq!(again(&mut scene, &["招牌"]).unwrap_err().code, "item-withdrawn");
    assert_eq!(scene.application(), before);
}
