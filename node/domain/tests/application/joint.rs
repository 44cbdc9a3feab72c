//! One on-site check for all that share it: recorded in each case, at its own authority.

use tongban_domain::application::{ApplicationCommand, Joint, JointWord};
use tongban_domain::case::{Amended, AmendedField};
use tongban_domain::{Command, NoticeBody};

use super::hall::date;
use super::scene::{Scene, columns, part, request};

fn inspection(scene: &Scene) -> Command {
    let officers = vec!["审查员".to_owned(), "决定员".to_owned()];
    let act = Joint::Inspection { officers, finding: "场所符合要求".into() };
    let (application, joint) = (scene.application().number, "现场踏勘".to_owned());
    Command::Application(ApplicationCommand::Joint { application, joint, act })
}

fn acts(hall: &super::hall::Hall, scene: &Scene, part: &str) -> Vec<String> {
    let id = scene.case(part);
    let of = hall.state.acts.iter().chain(&hall.state.told).filter(|act| act.case == id);
    of.filter(|act| act.kind.name().starts_with("joint")).map(|act| act.note.clone().unwrap()).collect()
}

#[test]
fn what_one_authority_led_stands_in_the_cases_of_the_others() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    let led = inspection(&scene);
    // Nothing is accepted yet: the state says so.
    assert_eq!(scene.give(true, &led).unwrap_err().code, "case-state");
    scene.accept(true, "变更");
    scene.accept(false, "招牌");
    // The county of the branch leads; its word reaches the home county, whose case shares the check.
    let change = scene.give(false, &led).unwrap();
    assert_eq!(change.documents[0].content_type, "application/tongban-site-check+cbor");
    assert_eq!(acts(&scene.branch, &scene, "招牌"), ["现场踏勘：审查员、决定员：场所符合要求"]);
    let there = acts(&scene.home, &scene, "变更");
    assert_eq!(there, ["联合办理：现场踏勘：审查员、决定员：场所符合要求"]);
    let now = scene.standing();
    let counts: Vec<usize> = now.parts.iter().map(|part| part.joint_acts).collect();
    assert_eq!(counts, [1, 0, 1]);
    // Neither hall tells the other again what it was told.
    assert!(scene.notices.is_empty());
    assert_eq!(acts(&scene.branch, &scene, "变更").len(), 2, "what was passed on, and the owner's report of it");
}

#[test]
fn what_another_led_stands_in_the_cases_that_the_collecting_hall_decides_itself() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(true, "变更");
    scene.accept(false, "招牌");
    let led = inspection(&scene);
    scene.give(true, &led).unwrap();
    assert_eq!(acts(&scene.branch, &scene, "招牌"), ["联合办理：现场踏勘：审查员、决定员：场所符合要求"]);
    assert_eq!(acts(&scene.home, &scene, "变更"), ["现场踏勘：审查员、决定员：场所符合要求"]);
}

#[test]
fn a_check_led_where_the_licence_is_stands_in_the_collecting_hall_s_own_case() {
    let mut scene = Scene::new();
    let mut request = request();
    // Both of the branch's parts share it.
    request.plan.parts[0].after = vec![];
    request.plan.parts[0].results.clear();
    request.plan.parts[0].materials = Some(vec!["营业执照".into()]);
    request.plan.parts[0].joint = Some("现场踏勘".into());
    scene.collect(request).unwrap();
    scene.accept(false, "备案");
    scene.accept(false, "招牌");
    let led = inspection(&scene);
    scene.give(false, &led).unwrap();
    // One command, one finding, both cases; the third isn't accepted, and its authority records nothing.
    assert_eq!(acts(&scene.branch, &scene, "备案"), acts(&scene.branch, &scene, "招牌"));
    assert_eq!(acts(&scene.home, &scene, "变更"), Vec::<String>::new());
}

/// Who led it in two cases of its own reports it with each; the others hear of it once, whatever the step is called.
#[test]
fn one_check_in_two_cases_of_the_leader_is_told_once() {
    for step in ["现场踏勘", "联合办理", "转告"] {
        let mut scene = Scene::new();
        let before: Vec<String> = scene.home.state.items.keys().cloned().collect();
        let code = "511A0093000031-511602000000-000-115113016823646795-1-00";
        scene.home.offer_item(&columns(code, "511602000000", "农药仓储备案（演示）"));
        let code = scene.home.state.items.keys().find(|code| !before.contains(code)).unwrap().clone();
        scene.branch.act(&scene.home.foreign(&code)).unwrap();
        let mut request = request();
        request.plan.parts.push(part("仓储", "511A0093000031", "511602"));
        request
            .plan
            .parts
            .iter_mut()
            .filter(|part| part.part != "备案")
            .for_each(|part| part.joint = Some(step.into()));
        scene.collect(request).unwrap();
        for (at_home, part) in [(true, "变更"), (true, "仓储"), (false, "招牌")] {
            scene.accept(at_home, part);
        }
        let officers = vec!["审查员".to_owned(), "决定员".to_owned()];
        let act = Joint::Inspection { officers, finding: "场所符合要求".into() };
        let application = scene.application().number;
        let led = Command::Application(ApplicationCommand::Joint { application, joint: step.into(), act });
        scene.give(true, &led).unwrap();
        assert_eq!((acts(&scene.home, &scene, "变更").len(), acts(&scene.home, &scene, "仓储").len()), (1, 1));
        assert_eq!(acts(&scene.branch, &scene, "招牌"), [format!("联合办理：{step}：审查员、决定员：场所符合要求")]);
        let counts: Vec<usize> = scene.standing().parts.iter().map(|part| part.joint_acts).collect();
        assert_eq!(counts.iter().sum::<usize>(), 3, "{step}: {counts:?}");
    }
}

/// A check that was led before another case was accepted stands in that one, too, when it is: once, whoever decides it.
#[test]
fn what_was_led_before_reaches_what_is_accepted_afterwards() {
    let said = ["联合办理：现场踏勘：审查员、决定员：场所符合要求"];
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(false, "招牌");
    let led = inspection(&scene);
    scene.give(false, &led).unwrap();
    assert_eq!(acts(&scene.home, &scene, "变更"), Vec::<String>::new());
    let mut own = scene.branch.state.acts.iter().filter(|act| act.case == scene.case("变更"));
    assert!(own.all(|act| !act.kind.name().starts_with("joint")), "nobody is told what he can't record");
    scene.accept(true, "变更");
    assert_eq!(acts(&scene.home, &scene, "变更"), said);
    // A clock that stood still runs again: it has the check.
    let case = scene.case("变更").to_string();
    scene.give(true, &Command::SuspendCase { case: case.clone(), procedure: "检测".into(), days: 5 }).unwrap();
    scene.give(true, &Command::ResumeCase { case, note: None }).unwrap();
    assert_eq!(acts(&scene.home, &scene, "变更"), said);
    assert_eq!(scene.standing().parts[0].joint_acts, 1);

    // Led at home; the case of the collecting hall itself is accepted afterwards.
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(true, "变更");
    let led = inspection(&scene);
    scene.give(true, &led).unwrap();
    assert_eq!(acts(&scene.branch, &scene, "招牌"), Vec::<String>::new());
    scene.accept(false, "招牌");
    assert_eq!(acts(&scene.branch, &scene, "招牌"), said);
}

/// What is led while another case's clock stands still reaches it when that runs again; said twice, it stands there once.
#[test]
fn what_was_led_while_the_clock_stood_still_is_told_when_it_runs() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(true, "变更");
    scene.accept(false, "招牌");
    let case = scene.case("变更").to_string();
    scene.give(true, &Command::SuspendCase { case: case.clone(), procedure: "检测".into(), days: 5 }).unwrap();
    let led = inspection(&scene);
    scene.give(false, &led).unwrap();
    assert_eq!(acts(&scene.home, &scene, "变更"), Vec::<String>::new());
    let resumed = scene.home.act(&Command::ResumeCase { case, note: None }).unwrap();
    let told = super::hall::carry(&resumed.notices[0], &mut scene.home, &mut scene.branch);
    let notice = told.iter().find(|notice| matches!(notice.body, NoticeBody::Joint(_))).unwrap();
    for _ in 0..2 {
        super::hall::carry(notice, &mut scene.branch, &mut scene.home);
    }
    assert_eq!(acts(&scene.home, &scene, "变更").len(), 1);
}

#[test]
fn a_publicity_has_its_days_and_a_check_its_officers() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(false, "招牌");
    let number = scene.application().number;
    let asked = |joint: &str, act: Joint| {
        Command::Application(ApplicationCommand::Joint { application: number.clone(), joint: joint.into(), act })
    };
    let publicity = |days| Joint::Publicity { published: "区政府网站".into(), from: date(2026, 9, 15), days };
    assert_eq!(scene.give(false, &asked("现场踏勘", publicity(0))).unwrap_err().field, "days");
    assert_eq!(scene.give(false, &asked("听证", publicity(5))).unwrap_err().code, "joint-unknown");
    let alone = Joint::Inspection { officers: vec!["审查员".into()], finding: "可".into() };
    assert_eq!(scene.give(false, &asked("现场踏勘", alone)).unwrap_err().code, "check-officers");
    scene.give(false, &asked("现场踏勘", publicity(5))).unwrap();
    let said = acts(&scene.branch, &scene, "招牌");
    assert_eq!(said, ["现场踏勘：区政府网站，2026-09-15 至 2026-09-21（5 个工作日）"]);
}

/// However much the collecting hall tells, of whatever kind: a case takes so much. What it has already is a repeat as before.
#[test]
fn a_case_is_told_so_much_and_no_more() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(true, "变更");
    scene.accept(false, "招牌");
    let led = inspection(&scene);
    let (case, origin) = (scene.case("变更"), scene.branch.origin());
    let joint = scene.branch.act(&led).unwrap().notices.into_iter().find_map(|notice| match notice.body {
        NoticeBody::Joint(word) => Some(word),
        _ => None,
    });
    let joint = joint.unwrap();
    let (field, value, reason) = (AmendedField::ApplicantName, "张三丰".to_owned(), "录入有误".to_owned());
    let amend = Command::Amend { case: scene.case("招牌").to_string(), amended: Amended { field, value, reason } };
    let amended = scene.branch.act(&amend).unwrap().notices.into_iter().find_map(|notice| match notice.body {
        NoticeBody::Amended(word) => Some(word),
        _ => None,
    });
    let told = |word| Command::Application(ApplicationCommand::TakeJoint { origin, case, word });
    for _ in 0..200 {
        scene.home.act(&told(joint.clone())).unwrap();
    }
    let refused = scene.home.act(&told(joint.clone())).unwrap_err();
    assert_eq!((refused.code, refused.field), ("invalid-field", "case"));
    let word = amended.unwrap();
    let amended = Command::Application(ApplicationCommand::TakeAmended { origin, case, word });
    assert_eq!(scene.home.code(&amended), "invalid-field");
    let again = Box::new(JointWord { late: Some(true), ..*joint });
    assert!(scene.home.act(&told(again)).unwrap().events.is_empty());
    assert_eq!(acts(&scene.home, &scene, "变更").len(), 200);
}
