//! Parts that have begun: what an earlier one comes to afterwards is told to them, once; what needs no permit bars nobody.

use std::collections::BTreeMap;

use tongban_domain::application::{
    ApplicationCommand, ApplicationState, CollectApplication, Entry, PartState, ResultsWord, Source,
};
use tongban_domain::case::{ActKind, RefusalKind};
use tongban_domain::{Command, NoticeBody};

use super::hall::{Hall, carry, date};
use super::scene::{Scene, replied, request};

/// The sign is decided where it is collected, and the licence at home takes what comes of it.
fn the_other_way_round() -> CollectApplication {
    let mut request = request();
    request.plan.parts.retain(|part| part.part != "备案");
    for part in &mut request.plan.parts {
        part.joint = None;
        if part.part == "变更" {
            part.materials.as_mut().unwrap().push("招牌批准书".into());
            part.results = BTreeMap::from([("招牌批准书".to_owned(), "招牌".to_owned())]);
        }
    }
    request.fields.retain(|(name, _)| name != "负责人");
    request
}

fn source(hall: &Hall, scene: &Scene, part: &str, name: &str) -> Source {
    let of = hall.case(scene.case(part)).part_of.clone().unwrap();
    of.entries.into_iter().find(|entry| entry.name == name).unwrap().source
}

fn told(hall: &Hall, scene: &Scene, part: &str) -> usize {
    let id = scene.case(part);
    let own = hall.state.acts.iter().filter(|act| act.place == hall.place());
    own.filter(|act| act.case == id && act.kind == ActKind::TellPart).count()
}

fn issue(scene: &mut Scene, part: &str) -> String {
    let case = scene.case(part);
    let (kind, until) = ("户外招牌设置证".to_owned(), date(2031, 9, 13));
    scene.give(false, &Command::IssueLicence { case: case.to_string(), kind, until }).unwrap();
    scene.branch.case(case).licences.last().unwrap().clone()
}

#[test]
fn a_licence_that_is_issued_later_reaches_the_next_authority_once() {
    let mut scene = Scene::new();
    scene.collect(the_other_way_round()).unwrap();
    scene.accept(false, "招牌");
    scene.decide(false, "招牌", true);
    assert_eq!(scene.states(), [PartState::Granted, PartState::Running]);
    let sign = scene.case("招牌");
    let with =
        |licences: Vec<String>| Source::Part {
            part: "招牌".into(), case: Some(sign), licences, not_required_on: None
        };
    assert_eq!(source(&scene.home, &scene, "变更", "招牌批准书"), with(Vec::new()));
    let first = issue(&mut scene, "招牌");
    for hall in [&scene.home, &scene.branch] {
        assert_eq!(source(hall, &scene, "变更", "招牌批准书"), with(vec![first.clone()]));
        assert_eq!(told(hall, &scene, "变更"), 1, "each hall has an act of its own");
    }
    let act = scene.home.state.acts.iter().rev().find(|act| act.kind == ActKind::TellPart).unwrap();
    assert!(act.note.as_ref().is_some_and(|note| note.contains(&first)), "{act:?}");
    // Nothing is told again for what isn't new, and a second licence is.
    scene.accept(true, "变更");
    let case = sign.to_string();
    scene.give(false, &Command::Deliver { case, note: None }).unwrap();
    assert_eq!(told(&scene.home, &scene, "变更"), 1);
    let second = issue(&mut scene, "招牌");
    assert_eq!(source(&scene.home, &scene, "变更", "招牌批准书"), with(vec![first, second]));
    assert_eq!(told(&scene.home, &scene, "变更"), 2);
    // What is over hears no more.
    scene.decide(true, "变更", true);
    issue(&mut scene, "招牌");
    assert_eq!((told(&scene.home, &scene, "变更"), told(&scene.branch, &scene, "变更")), (2, 2));
}

/// While the offer is on its way nothing is told; when its authority has the case, it is.
#[test]
fn what_is_on_its_way_is_told_when_it_has_arrived() {
    let mut scene = Scene::new();
    scene.collect(the_other_way_round()).unwrap();
    scene.accept(false, "招牌");
    let sign = scene.case("招牌").to_string();
    let decide = Command::Decide { case: sign.clone(), grant: true, reason: None };
    let offered = scene.branch.act(&decide).unwrap().notices;
    let (kind, until) = ("户外招牌设置证".to_owned(), date(2031, 9, 13));
    let issued = scene.branch.act(&Command::IssueLicence { case: sign, kind, until }).unwrap();
    assert!(issued.notices.is_empty(), "{:?}", issued.notices);
    let NoticeBody::Offer(offer) = offered[0].body.clone() else { panic!("{offered:?}") };
    let origin = scene.branch.origin();
    let taken = scene.home.act(&Command::TakeCustody { origin, offer }).unwrap().notices;
    // The owner's first word discharges the hall, which tells what is new in the same change.
    for told in carry(&taken[0], &mut scene.home, &mut scene.branch) {
        carry(&told, &mut scene.branch, &mut scene.home);
    }
    assert_eq!(told(&scene.home, &scene, "变更"), 1);
    let Source::Part { licences, .. } = source(&scene.home, &scene, "变更", "招牌批准书") else {
        panic!("a part")
    };
    assert_eq!(licences.len(), 1);
}

#[test]
fn results_are_those_of_the_collecting_hall_and_of_what_the_case_refers_to() {
    let mut scene = Scene::new();
    scene.collect(the_other_way_round()).unwrap();
    scene.accept(false, "招牌");
    scene.decide(false, "招牌", true);
    let (id, sign) = (scene.case("变更"), scene.case("招牌").to_string());
    let (kind, until) = ("户外招牌设置证".to_owned(), date(2031, 9, 13));
    let change = scene.branch.act(&Command::IssueLicence { case: sign, kind, until }).unwrap();
    let NoticeBody::Results(word) = &change.notices[0].body else { panic!("{:?}", change.notices) };
    let take = |hall: &mut Hall, origin, bend: &dyn Fn(&mut ResultsWord)| {
        let mut word = word.clone();
        bend(&mut word);
        let change = hall.act(&Command::Application(ApplicationCommand::TakeResults { origin, case: id, word }));
        change.map_or_else(|refused| refused.code, |change| if change.events.is_empty() { "known" } else { "ok" })
    };
    let branch = scene.branch.origin();
    let licences = |entry: &mut Entry, all: Vec<String>| {
        if let Source::Part { licences, .. } = &mut entry.source {
            *licences = all;
        }
    };
    let mut home = scene.home.clone();
    for (origin, bend, code) in [
        (home.origin(), &(|_: &mut ResultsWord| ()) as &dyn Fn(&mut ResultsWord), "not-owner"),
        (Hall::new("511604", "岳池县").origin(), &|_: &mut ResultsWord| (), "not-owner"),
        (branch, &|word: &mut ResultsWord| word.entries.clear(), "invalid-field"),
        (branch, &|word: &mut ResultsWord| word.entries[0].name = "营业执照".into(), "invalid-field"),
        (branch, &|word: &mut ResultsWord| word.entries[0].source = Source::Applicant {}, "invalid-field"),
        (branch, &|word: &mut ResultsWord| licences(&mut word.entries[0], vec!["1".repeat(201)]), "invalid-field"),
        (branch, &|word: &mut ResultsWord| licences(&mut word.entries[0], vec!["1".into(); 1_001]), "invalid-field"),
        (branch, &|_: &mut ResultsWord| (), "ok"),
        (branch, &|_: &mut ResultsWord| (), "known"),
    ] {
        assert_eq!(take(&mut home, origin, bend), code);
    }
}

/// 行政许可法 32(1): what needs no permit didn't fail, and what waits for it goes on.
#[test]
fn what_the_law_asks_no_permit_for_bars_nobody() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    let case = scene.case("变更").to_string();
    let (kind, reason) = (RefusalKind::NotRequired, "分店经营无须变更许可".to_owned());
    scene.give(true, &Command::Refuse { case: case.clone(), kind, reason, competent: None }).unwrap();
    assert_eq!(scene.states(), [PartState::NotRequired, PartState::Running, PartState::Running]);
    let Source::Part { licences, not_required_on, .. } = source(&scene.branch, &scene, "备案", "农药经营许可证")
    else {
        panic!("a part")
    };
    assert_eq!((licences.len(), not_required_on), (0, Some(date(2026, 9, 14))), "the filing is told why none comes");
    for part in ["备案", "招牌"] {
        scene.accept(false, part);
        scene.decide(false, part, true);
    }
    // Closed, it is still what it was.
    scene.give(true, &Command::Close(case)).unwrap();
    assert_eq!(scene.standing().state, ApplicationState::Finished);
    let application = scene.application().number;
    let answer = ApplicationCommand::Answer { application, forwarded_open: false };
    let change = scene.give(false, &Command::Application(answer)).unwrap();
    let line = &replied(&change).answer[0];
    assert_eq!((line.result, line.reason.as_deref()), (PartState::NotRequired, Some("分店经营无须变更许可")));
    assert!(line.zh().contains("依法不需要许可；不受理") && !line.zh().contains("未通过"), "{}", line.zh());
    assert!(line.en().contains("not required") && line.en().contains("no permit"), "{}", line.en());
}

/// Another authority is competent: that is a failure, and what waits isn't begun.
#[test]
fn what_another_authority_is_competent_for_has_failed() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    let (case, kind) = (scene.case("变更").to_string(), RefusalKind::NotCompetent);
    let authority = "市农业农村局（演示）".to_owned();
    let competent = Some(tongban_domain::case::Competent { division: "511600".parse().unwrap(), authority });
    scene.give(true, &Command::Refuse { case, kind, reason: "属市级事项".into(), competent }).unwrap();
    assert_eq!(scene.states(), [PartState::Failed, PartState::NotBegun, PartState::Running]);
}
