//! A wrong entry that is put right in one case is right in all of its application that said the same.

use std::collections::VecDeque;

use tongban_codes::ids::CaseId;
use tongban_domain::application::{AmendedWord, Application, ApplicationCommand, NotTaken, ToldKind};
use tongban_domain::case::{ActKind, Amended, AmendedField, Amendment};
use tongban_domain::{Command, Desk as _, Notice, NoticeBody};

use super::hall::{CITIZEN, Hall, carry};
use super::scene::{Scene, request};

fn amend(case: CaseId, value: &str) -> Command {
    let (field, value, reason) = (AmendedField::ApplicantName, value.to_owned(), "录入有误".to_owned());
    Command::Amend { case: case.to_string(), amended: Amended { field, value, reason } }
}

fn name(hall: &Hall, id: CaseId) -> String {
    hall.desk.decrypt(&id, &hall.case(id).personal).unwrap().0
}

fn amendments(hall: &Hall, id: CaseId) -> usize {
    hall.state.acts.iter().filter(|act| act.case == id && act.kind == ActKind::Amend).count()
}

#[test]
fn what_is_put_right_in_one_case_is_right_in_the_others() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(true, "变更");
    let (licence, sign) = (scene.case("变更"), scene.case("招牌"));
    // Led at home; the case of the collecting hall follows, and what begins later is collected so.
    scene.give(true, &amend(licence, "张三丰")).unwrap();
    assert_eq!((name(&scene.home, licence), name(&scene.branch, sign)), ("张三丰".to_owned(), "张三丰".to_owned()));
    assert_eq!(amendments(&scene.branch, sign), 1);
    let act = scene.branch.state.acts.iter().rev().find(|act| act.kind == ActKind::Amend).unwrap();
    assert!(act.operator == "system" && act.note.as_ref().is_some_and(|note| note.contains("录入有误")), "{act:?}");
    // Led at the collecting hall; its owner elsewhere follows and reports it, and it doesn't go round.
    scene.give(false, &amend(sign, "张丰")).unwrap();
    for (hall, id) in [(&scene.home, licence), (&scene.branch, licence), (&scene.branch, sign)] {
        assert_eq!(name(hall, id), "张丰");
    }
    assert_eq!((amendments(&scene.home, licence), amendments(&scene.branch, sign)), (2, 2));
    scene.decide(true, "变更", true);
    assert_eq!(name(&scene.branch, scene.case("备案")), "张丰");
}

/// A second correction that is sent before the first has been confirmed isn't lost.
#[test]
fn two_corrections_on_their_way_arrive_both() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    let (licence, sign) = (scene.case("变更"), scene.case("招牌"));
    for is_reversed in [false, true] {
        let mut scene = scene.clone();
        let mut words = told(&mut scene, sign, &["张三丰", "张丰"], licence);
        assert_eq!(words.len(), 2);
        if is_reversed {
            words.reverse();
        }
        deliver(&mut scene, words);
        agree_on(&scene, "张丰", &[licence, sign]);
        // Of the two one was refused, and it has been settled.
        assert_eq!(not_taken(&scene, "变更"), []);
    }
}

/// The notices about a case that the collecting hall sends while a case of its own is put right again and again.
fn told(scene: &mut Scene, case: CaseId, names: &[&str], of: CaseId) -> Vec<Notice> {
    let sent = names.iter().flat_map(|name| scene.branch.act(&amend(case, name)).unwrap().notices);
    sent.filter(|notice| notice.case == of).collect()
}

/// Delivers what the collecting hall sent, in this order, and then what follows of it, until nothing does.
fn deliver(scene: &mut Scene, words: Vec<Notice>) {
    let mut waiting: VecDeque<_> = words.into_iter().map(|word| (false, word)).collect();
    for _ in 0..20 {
        let Some((from_home, notice)) = waiting.pop_front() else { return };
        waiting.extend(hand_over(scene, from_home, &notice).into_iter().map(|told| (!from_home, told)));
    }
    panic!("it goes round: {waiting:?}");
}

/// Delivers one notice; what follows of it.
fn hand_over(scene: &mut Scene, from_home: bool, notice: &Notice) -> Vec<Notice> {
    let Scene { home, branch, .. } = scene;
    if from_home { carry(notice, home, branch) } else { carry(notice, branch, home) }
}

/// What the application itself says.
fn applied(scene: &Scene) -> String {
    let application = scene.application();
    scene.branch.desk.decrypt(&application.id, &application.personal).unwrap().0
}

/// Both halls say the same of all cases, and so does the application.
fn agree_on(scene: &Scene, wanted: &str, cases: &[CaseId]) {
    for case in cases {
        let known = [&scene.home, &scene.branch].into_iter().filter(|hall| hall.state.cases.contains_key(case));
        for hall in known {
            assert_eq!(name(hall, *case), wanted);
        }
    }
    assert_eq!(applied(scene), wanted);
}

/// What an owner reports that was told to it turns back nothing that was put right since: neither the application nor what begins meanwhile.
#[test]
fn an_echo_that_comes_late_turns_nothing_back() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(true, "变更");
    let (licence, sign) = (scene.case("变更"), scene.case("招牌"));
    // Put right wrongly, and right again before the first word has arrived: of the second nothing is to be told yet.
    let words = told(&mut scene, sign, &["张三丰", "张三"], licence);
    assert_eq!(words.len(), 1);
    let echo = hand_over(&mut scene, false, &words[0]);
    assert_eq!((name(&scene.home, licence), echo.len()), ("张三丰".to_owned(), 1));
    let back = hand_over(&mut scene, true, &echo[0]);
    assert_eq!((applied(&scene), back.len()), ("张三".to_owned(), 1));
    let mut quick = scene.clone();
    deliver(&mut scene, back);
    agree_on(&scene, "张三", &[licence, sign]);
    // The authority decides before it hears of it: what begins then is collected with what is right.
    quick.decide(true, "变更", true);
    assert_eq!(name(&quick.branch, quick.case("备案")), "张三");
}

/// A report that comes a second time is no news: it turns back nothing that was put right since.
#[test]
fn a_report_that_is_repeated_puts_nothing_right() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(true, "变更");
    let (licence, sign) = (scene.case("变更"), scene.case("招牌"));
    let report = scene.home.act(&amend(licence, "张三丰")).unwrap().notices;
    assert_eq!(report.len(), 1);
    assert!(hand_over(&mut scene, true, &report[0]).is_empty());
    assert_eq!((name(&scene.branch, sign), applied(&scene)), ("张三丰".to_owned(), "张三丰".to_owned()));
    let words = told(&mut scene, sign, &["张三"], licence);
    assert!(hand_over(&mut scene, true, &report[0]).is_empty());
    assert_eq!((name(&scene.branch, sign), applied(&scene)), ("张三".to_owned(), "张三".to_owned()));
    deliver(&mut scene, words);
    agree_on(&scene, "张三", &[licence, sign]);
}

/// The second correction is made in a case that was told of the first: who hears of the first late hears of the second, once.
#[test]
fn a_second_correction_in_another_case_is_not_lost() {
    let mut scene = Scene::new();
    let mut request = request();
    request.plan.parts[0].after.clear();
    request.plan.parts[0].results.clear();
    request.plan.parts[0].materials = Some(vec!["营业执照".into()]);
    scene.collect(request).unwrap();
    let (licence, sign, filing) = (scene.case("变更"), scene.case("招牌"), scene.case("备案"));
    let words = told(&mut scene, sign, &["张三丰"], licence);
    assert_eq!((words.len(), name(&scene.branch, filing)), (1, "张三丰".to_owned()));
    assert_eq!(
        told(&mut scene, filing, &["张丰"], licence).len(),
        0,
        "by its last report it says what was wrong first"
    );
    deliver(&mut scene, words);
    agree_on(&scene, "张丰", &[licence, sign, filing]);
    assert_eq!(amendments(&scene.home, licence), 2);
    assert_eq!(not_taken(&scene, "变更"), []);
}

/// A word that comes again is one, also when nothing may be told any more.
#[test]
fn a_word_that_comes_again_after_the_decision_is_a_repeat() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(true, "变更");
    let (licence, sign) = (scene.case("变更"), scene.case("招牌"));
    let words = told(&mut scene, sign, &["张三丰"], licence);
    let NoticeBody::Amended(word) = words[0].body.clone() else { panic!("{words:?}") };
    let origin = scene.branch.origin();
    let take = |word| Command::Application(ApplicationCommand::TakeAmended { origin, case: licence, word });
    deliver(&mut scene, words);
    scene.decide(true, "变更", true);
    assert!(scene.home.act(&take(word.clone())).unwrap().events.is_empty());
    let other = Box::new(AmendedWord { before: "张三丰".into(), value: "张丰".into(), ..*word });
    assert_eq!(scene.home.code(&take(other)), "case-state");
}

/// To hold the entries of all cases against each other they are decrypted: where nothing was put right, none are.
#[test]
fn what_puts_nothing_right_decrypts_nothing() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    let (licence, sign) = (scene.case("变更"), scene.case("招牌"));
    scene.give(true, &amend(licence, "张三丰")).unwrap();
    let opened = scene.branch.desk.opened.get();
    scene.branch.act(&Command::Accept(sign.to_string())).unwrap();
    assert_eq!(scene.branch.desk.opened.get(), opened);
}

#[test]
fn what_says_something_else_or_is_decided_stays() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(true, "变更");
    scene.accept(false, "招牌");
    let (licence, sign) = (scene.case("变更"), scene.case("招牌"));
    scene.decide(false, "招牌", true);
    scene.give(true, &amend(licence, "张三丰")).unwrap();
    assert_eq!(name(&scene.branch, sign), "张三", "after the decision it takes a mandate");
    // A case that had another name from its own window on isn't touched.
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    let (licence, sign) = (scene.case("变更"), scene.case("招牌"));
    let other = scene.branch.case(sign).clone();
    let personal = scene.branch.desk.encrypt_under(&sign, &other.personal, "李四", CITIZEN).unwrap();
    scene.branch.state.cases.get_mut(&sign).unwrap().personal = personal;
    scene.give(true, &amend(licence, "张三丰")).unwrap();
    assert_eq!((name(&scene.branch, sign), amendments(&scene.branch, sign)), ("李四".to_owned(), 0));
}

/// What was put right while an offer was on its way is told when it has arrived.
#[test]
fn what_is_on_its_way_is_put_right_when_it_has_arrived() {
    let mut scene = Scene::new();
    let change = scene.branch.act(&Command::Application(ApplicationCommand::Collect(Box::new(request())))).unwrap();
    let (licence, sign) = (scene.case("变更"), scene.case("招牌"));
    let amended = scene.branch.act(&amend(sign, "张三丰")).unwrap();
    assert!(amended.notices.is_empty(), "{:?}", amended.notices);
    let NoticeBody::Offer(offer) = change.notices[0].body.clone() else { panic!("{:?}", change.notices) };
    let origin = scene.branch.origin();
    let taken = scene.home.act(&Command::TakeCustody { origin, offer }).unwrap().notices;
    for told in carry(&taken[0], &mut scene.home, &mut scene.branch) {
        for report in carry(&told, &mut scene.branch, &mut scene.home) {
            carry(&report, &mut scene.home, &mut scene.branch);
        }
    }
    for hall in [&scene.home, &scene.branch] {
        assert_eq!(name(hall, licence), "张三丰");
    }
}

#[test]
fn an_entry_is_put_right_for_the_collecting_hall_alone_and_where_it_says_what_was_wrong() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    let (licence, sign) = (scene.case("变更"), scene.case("招牌"));
    let change = scene.branch.act(&amend(sign, "张三丰")).unwrap();
    let told = change.notices.iter().find(|notice| notice.case == licence).unwrap();
    let NoticeBody::Amended(word) = &told.body else { panic!("{told:?}") };
    assert!(!format!("{word:?}").contains("张三"), "{word:?}");
    let take = |hall: &mut Hall, origin, bend: &dyn Fn(&mut AmendedWord)| {
        let mut word = word.clone();
        bend(&mut word);
        let change = hall.act(&Command::Application(ApplicationCommand::TakeAmended { origin, case: licence, word }));
        change.map_or_else(|refused| refused.code, |change| if change.events.is_empty() { "known" } else { "ok" })
    };
    let (branch, mut home) = (scene.branch.origin(), scene.home.clone());
    let (own, stranger) = (home.origin(), Hall::new("511604", "岳池县").origin());
    assert_eq!(take(&mut home, own, &|_| ()), "not-owner");
    assert_eq!(take(&mut home, stranger, &|_| ()), "not-owner");
    assert_eq!(take(&mut home, branch, &|word| word.before = "李四".into()), "invalid-field");
    assert_eq!(take(&mut home, branch, &|word| word.value = String::new()), "invalid-field");
    assert_eq!(take(&mut home, branch, &|word| word.reason = "长".repeat(5_000)), "invalid-field");
    assert_eq!(take(&mut home, branch, &|_| ()), "ok");
    assert_eq!(take(&mut home, branch, &|_| ()), "known");
}

fn not_taken(scene: &Scene, part: &str) -> Vec<NotTaken> {
    scene.standing().parts.into_iter().find(|standing| standing.part == part).unwrap().not_taken
}

/// What its authority doesn't take nobody tells it again: the window that told it sees it with the part.
#[test]
fn what_its_authority_did_not_take_stands_with_the_part() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    let (licence, sign) = (scene.case("变更"), scene.case("招牌"));
    // At home the case has come to say something else, of which the collecting hall hasn't heard.
    let other = scene.home.case(licence).clone();
    let personal = scene.home.desk.encrypt_under(&licence, &other.personal, "李四", CITIZEN).unwrap();
    scene.home.state.cases.get_mut(&licence).unwrap().personal = personal;
    assert!(not_taken(&scene, "变更").is_empty());
    scene.give(false, &amend(sign, "张三丰")).unwrap();
    assert_eq!(name(&scene.home, licence), "李四");
    let kept = not_taken(&scene, "变更");
    let [one] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!((one.told, one.case, one.reason_code.as_str()), (ToldKind::Amended, licence, "invalid-field"));
    assert!(one.reason.contains("原记载") && !one.reason.contains("张三"), "{one:?}");
    assert!(not_taken(&scene, "招牌").is_empty() && not_taken(&scene, "备案").is_empty());
    let row = scene.application();
    assert_eq!(tongban_codes::cbor::from_slice::<Application>(&tongban_codes::cbor::to_vec(&row)).unwrap(), row);
    // By an act that told nothing, nothing was refused; of a peer's refusals so many are kept.
    let act = one.act.unwrap();
    let refused = |case, act| {
        let (what, refusal) = (ToldKind::Results, ("case-state".to_owned(), "\u{202e}办件已办结".to_owned()));
        Command::Application(ApplicationCommand::WordRefused { case, act, what, refusal })
    };
    for (case, act) in [(licence, act + 1), (licence, 0), (sign, act), (CaseId::from_bytes([7; 16]), act)] {
        assert_eq!(scene.branch.code(&refused(case, act)), "stale-tenure");
    }
    // A refusal of the same word is kept once.
    for _ in 0..30 {
        scene.branch.act(&refused(licence, act)).unwrap();
    }
    let kept = not_taken(&scene, "变更");
    assert_eq!((kept.len(), kept[1].reason.as_str()), (2, "办件已办结"));
    for other in "甲乙丙丁戊己庚辛壬癸".chars() {
        scene.give(false, &amend(sign, &format!("张三{other}"))).unwrap();
        let act = not_taken(&scene, "变更").last().unwrap().act.unwrap();
        scene.branch.act(&refused(licence, act)).unwrap();
    }
    let kept = not_taken(&scene, "变更");
    assert_eq!((kept.len(), kept.iter().any(|kept| kept.act == Some(act))), (20, false));
}

/// The same of a case that the collecting hall decides itself.
#[test]
fn what_this_hall_could_not_put_right_itself_stands_with_the_part_as_well() {
    let mut scene = Scene::new();
    scene.collect(request()).unwrap();
    scene.accept(true, "变更");
    let (licence, sign) = (scene.case("变更"), scene.case("招牌"));
    let case = scene.branch.state.cases.get_mut(&sign).unwrap();
    let amendment = Amendment {
        act: 1,
        field: AmendedField::ApplicantId,
        at: case.collected_at,
        by: "窗口员".into(),
        reason: "录入有误".into(),
        before: case.personal.clone(),
        tenure: 1,
    };
    case.amendments = vec![amendment; 20];
    scene.give(true, &amend(licence, "张三丰")).unwrap();
    assert_eq!(name(&scene.branch, sign), "张三", "it has been put right too often");
    let kept = not_taken(&scene, "招牌");
    let [one] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!((one.told, one.act, one.reason_code.as_str()), (ToldKind::Amended, None, "amend-late"));
    // What the application says by now is kept with it.
    assert_eq!(applied(&scene), "张三丰");
    // For the same reason it is on record once.
    scene.give(true, &amend(licence, "张丰")).unwrap();
    assert_eq!((not_taken(&scene, "招牌").len(), applied(&scene)), (1, "张丰".to_owned()));
}
