//! State, deadline, what comes next and the figures: all computed from the cases, whatever happens to them.

use tongban_domain::application::{ApplicationCommand, ApplicationState, PartState, Source};
use tongban_domain::case::{Bringing, Custody, Deadline};
use tongban_domain::{Command, Reply};

use super::hall::{at, date};
use super::scene::{FILING, Scene, request};

#[test]
fn a_part_begins_in_the_change_that_brings_the_grant() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(true, "变更");
    assert_eq!(scene.states(), [PartState::Running, PartState::Waiting, PartState::Running]);
    scene.decide(true, "变更", true);
    assert_eq!(scene.states(), [PartState::Granted, PartState::Running, PartState::Running]);
    // What the applicant wasn't asked for is referred to: the case that came to it.
    let filing = scene.branch.case(scene.case("备案")).clone();
    assert_eq!(filing.custody, Custody::Owner);
    let entries = filing.part_of.unwrap().entries;
    let licence = entries.iter().find(|entry| entry.name == "农药经营许可证").unwrap();
    let expected = Source::Part {
        part: "变更".into(),
        case: Some(scene.case("变更")),
        licences: Vec::new(),
        not_required_on: None,
    };
    assert_eq!(licence.source, expected);
    assert_eq!(filing.collection_no, "511603000000-20260914-00003");
    // Later words about the case that was granted begin nothing a second time.
    let case = scene.case("变更").to_string();
    scene.give(true, &Command::Deliver { case: case.clone(), note: None }).unwrap();
    scene.give(true, &Command::Close(case)).unwrap();
    assert_eq!(scene.branch.state.cases.len(), 3);
    assert_eq!(scene.states()[0], PartState::Granted, "a closed case is still granted");
}

#[test]
fn what_can_t_begin_waits_for_the_window() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.branch.act(&Command::WithdrawItem(FILING.into())).unwrap();
    scene.accept(true, "变更");
    scene.decide(true, "变更", true);
    assert_eq!(scene.states()[1], PartState::Ready);
    let number = scene.application().number;
    let next = scene.standing().next;
    assert!(next.iter().any(|step| step.who == "window" && step.what_zh.contains("application advance")), "{next:?}");
    let advance = Command::Application(ApplicationCommand::Advance { application: number });
    assert_eq!(scene.give(false, &advance).unwrap_err().code, "item-withdrawn");
    let item = scene.branch.state.items.values_mut().find(|item| item.code.starts_with(FILING)).unwrap();
    item.state = tongban_domain::catalogue::ItemState::Published;
    scene.give(false, &advance).unwrap();
    assert_eq!(scene.states()[1], PartState::Running);
    assert_eq!(scene.give(false, &advance).unwrap_err().code, "application-state");
}

#[test]
fn one_deadline_by_the_critical_path() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    let now = scene.standing();
    // Five working days for the change, and five more for the filing behind it: the 20th is a worked Sunday, and the holidays follow.
    assert_eq!(now.parts[0].due, Some(date(2026, 9, 20)));
    let both = now.due.unwrap();
    assert_eq!((now.promised, now.path.clone()), (Some(both), vec!["变更".to_owned(), "备案".to_owned()]));
    assert_eq!(now.parts[1].due, Some(both));
    assert!(both > date(2026, 9, 20));
    // Accepted a day later, its own clock says when; what hangs on it moves with it, and what was promised stays.
    scene.home.now = at(2026, 9, 15, 9);
    scene.branch.now = scene.home.now;
    scene.accept(true, "变更");
    let later = scene.standing();
    assert_eq!(later.parts[0].due, Some(date(2026, 9, 21)));
    assert!(later.due.unwrap() > both);
    assert_eq!(later.promised, Some(both));
    // Decided early, the whole comes earlier.
    scene.home.now = at(2026, 9, 16, 9);
    scene.branch.now = scene.home.now;
    scene.decide(true, "变更", true);
    assert!(scene.standing().due.unwrap() < both);
}

#[test]
fn a_failed_part_keeps_back_what_hangs_on_it_and_nothing_else() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(true, "变更");
    scene.decide(true, "变更", false);
    let now = scene.standing();
    assert_eq!(scene.states(), [PartState::Failed, PartState::NotBegun, PartState::Running]);
    assert_eq!(now.parts[0].reason.as_deref(), Some("经营场所不符合要求"));
    assert_eq!(now.parts[1].because.as_deref(), Some("变更"));
    assert_eq!(now.state, ApplicationState::Running);
    assert_eq!(now.path, ["招牌"], "what isn't begun has no time");
    scene.accept(false, "招牌");
    scene.decide(false, "招牌", true);
    assert_eq!(scene.standing().state, ApplicationState::Finished);
}

#[test]
fn what_the_applicant_is_asked_for_again_is_counted_and_said() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    let figure = scene.standing().parts[1].figure;
    assert_eq!((figure.fields, figure.materials), (3, 2));
    // Two fields were given for the change, the manager is new, the business licence is looked up, the other licence is what the change comes to.
    assert_eq!((figure.first, figure.reused, figure.from_parts, figure.from_licences), (1, 2, 1, 1));
    let total = scene.standing().total;
    assert_eq!((total.required, total.given, total.asked_again), (10, 4, 0));
    let case = scene.case("变更").to_string();
    let items = vec!["申请表缺少签名".to_owned(), "场所平面图".to_owned()];
    scene.give(true, &Command::Notify { case: case.clone(), items, new_reasons: Vec::new(), within: None }).unwrap();
    let now = scene.standing();
    assert_eq!(now.parts[0].state, PartState::AtApplicant);
    let step = now.next.iter().find(|step| step.who == "applicant").unwrap();
    assert!(step.what_zh.contains("申请表缺少签名；场所平面图"), "{step:?}");
    assert!(step.until.is_some());
    // The form had been given; the plan of the place had not.
    assert_eq!((now.parts[0].figure.asked_again, now.total.asked_again, now.total.given), (1, 1, 5));
    let brings = ["1", "2"].map(|item| Bringing { item: item.into(), materials: Vec::new() });
    scene.give(true, &Command::Supplement { case, brings: brings.to_vec() }).unwrap();
    assert_eq!(scene.states()[0], PartState::Running);
    assert!(scene.standing().next.is_empty());
}

#[test]
fn who_is_the_applicant_does_nothing_with_it() {
    let mut scene = Scene::new();
    let identity = tongban_domain::Identity(super::hall::CITIZEN.into());
    let register = Command::RegisterIdentity { operator: "窗口员".into(), identity: Some(identity) };
    scene.branch.act(&register).unwrap();
    assert_eq!(scene.collect(request()).unwrap_err().code, "own-case");
    let register = Command::RegisterIdentity { operator: "窗口员".into(), identity: None };
    scene.branch.act(&register).unwrap();
    let change = scene.collect(request()).unwrap();
    assert!(matches!(change.reply, Reply::Application(_)));
    let unknown =
        Command::Application(ApplicationCommand::Answer { application: "YJS1".into(), forwarded_open: false });
    assert_eq!(scene.give(false, &unknown).unwrap_err().code, "application-unknown");
}

/// A holiday that is moved later doesn't move what was told; what lay beyond the published calendar is computed anew.
#[test]
fn what_was_promised_stays() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    let told = scene.standing().promised.unwrap();
    assert_eq!(scene.application().promised.unwrap().date, told);
    let mut stored = |date, provisional| {
        let application = scene.branch.state.applications.values_mut().next().unwrap();
        application.promised = Some(Deadline { date, provisional });
        scene.standing().promised
    };
    assert_eq!(stored(date(2026, 10, 30), false), Some(date(2026, 10, 30)));
    assert_eq!(stored(date(2026, 10, 30), true), Some(told));
}
