//! The whole life of a case that one authority decides in another's place.

use tongban_domain::case::{ActKind, Custody, Status};
use tongban_domain::catalogue::Mode;
use tongban_domain::licence;
use tongban_domain::uniform::{HandledStep, UniformCommand, UniformEnding};
use tongban_domain::voice::is_attended;
use tongban_domain::{Command, Event};

use crate::hall::{at, carry, date};
use crate::scene::{NUMBER, OURS, Scene, THEIRS, word};

#[test]
fn it_is_the_case_of_who_stands_in_from_the_first_day() {
    let mut scene = Scene::new();
    let id = scene.taken();
    let here = scene.stand.place();
    let case = scene.stand.case(id).clone();
    assert_eq!((case.custody, case.tenure, case.collecting, case.deciding), (Custody::Owner, 1, here, here));
    assert_eq!((case.mode, case.item.code.as_str(), case.agreement), (Mode::Uniform, OURS, None));
    assert_eq!(case.received_on, Some(date(2026, 9, 14)));
    assert_eq!(case.deemed_at, Some(date(2026, 9, 21).start()), "its own five working days run");
    assert!(is_attended(case.mode, ActKind::Collect), "he was at the window, and may rate the visit");
    let first = &scene.stand.state.acts.last().unwrap();
    assert!(first.note.as_ref().is_some_and(|note| note.contains(NUMBER)), "{:?}", first.note);

    let change = scene.stand.act(&Command::Accept(id.to_string())).unwrap();
    let accepted = word(&change).unwrap();
    let number = scene.stand.case(id).case_no.clone().unwrap();
    assert!(number.starts_with("11511301452259996U20260914"), "drawn by who decides: {number}");
    assert_eq!(accepted.1.case_no.as_deref(), Some(number.as_str()));
    assert_eq!((accepted.1.item.as_str(), accepted.1.by_item.as_str(), accepted.1.act), (THEIRS, OURS, 2));
    assert_eq!((accepted.1.applicant.as_str(), accepted.1.number_end.as_str()), ("张*", "31002X"), "no more of him");
    scene.hear(&accepted).unwrap();
    let row = &scene.charge.state.elsewhere[&id];
    assert_eq!((row.place, row.word.agreement.as_str(), row.item.code.as_str()), (here, NUMBER, THEIRS));

    // What it decides says by what right.
    let change = scene.stand.act(&Command::Decide { case: id.to_string(), grant: true, reason: None }).unwrap();
    let paper = change.documents.iter().find(|document| document.content_type == "application/tongban-decision+cbor");
    let said = String::from_utf8_lossy(&paper.unwrap().payload).into_owned();
    assert!(said.contains(NUMBER) && said.contains("异地受理、无差别办理"), "{said}");
    scene.hear(&word(&change).unwrap()).unwrap();
    let row = &scene.charge.state.elsewhere[&id];
    assert_eq!((row.word.ending, row.word.ended_on), (Some(UniformEnding::Granted), Some(date(2026, 9, 14))));
    let steps: Vec<HandledStep> = scene.charge.state.steps.iter().map(|(_, step)| *step).collect();
    assert_eq!(steps, [HandledStep::Accepted, HandledStep::Ended]);
    assert!(scene.charge.state.cases.is_empty(), "it is no case of the authority in charge");
}

/// What ends a case.
type Ends = fn(String) -> Vec<Command>;

#[test]
fn each_end_is_reported_and_nothing_before_it_is_anything() {
    let ends: [(UniformEnding, Ends); 5] = [
        (UniformEnding::Withdrawn, |case| vec![Command::Withdraw { case, reason: None }]),
        (UniformEnding::Withdrawn, |case| {
            vec![Command::Accept(case.clone()), Command::Withdraw { case, reason: None }]
        }),
        (UniformEnding::Denied, |case| {
            vec![Command::Accept(case.clone()), Command::Decide { case, grant: false, reason: Some("不符合".into()) }]
        }),
        (UniformEnding::NotRequired, |case| {
            let kind = tongban_domain::case::RefusalKind::NotRequired;
            vec![Command::Refuse { case, kind, reason: "无需许可".into(), competent: None }]
        }),
        (UniformEnding::NotSupplemented, |case| {
            let (items, new_reasons) = (vec!["检测报告".to_owned()], Vec::new());
            vec![
                Command::Notify { case: case.clone(), items, new_reasons, within: Some(1) },
                Command::Return { case, reason: "未补正".into() },
            ]
        }),
    ];
    for (ending, commands) in ends {
        let mut scene = Scene::new();
        let id = scene.taken();
        let mut last = None;
        for command in commands(id.to_string()) {
            if matches!(command, Command::Return { .. }) {
                scene.stand.now = at(2026, 9, 20, 9);
                scene.charge.now = scene.stand.now;
            }
            if let Some(word) = scene.reported(&command) {
                scene.hear(&word).unwrap();
                last = Some(word);
            }
        }
        let (_, word) = last.unwrap();
        assert_eq!(word.ending, Some(ending));
        assert_eq!(scene.kept(id), word, "{ending:?}");
        let ended = scene.charge.state.steps.iter().filter(|(_, step)| *step == HandledStep::Ended).count();
        assert_eq!(ended, 1, "{ending:?}");
    }
}

#[test]
fn deemed_acceptance_is_reported_as_well() {
    let mut scene = Scene::new();
    let id = scene.taken();
    scene.stand.now = at(2026, 9, 23, 1);
    scene.charge.now = scene.stand.now;
    let change = scene.stand.act(&Command::Tick).unwrap();
    let reported = word(&change).unwrap();
    assert_eq!((reported.0, reported.1.accepted_on), (id, Some(date(2026, 9, 14))));
    scene.hear(&reported).unwrap();
    assert_eq!(scene.charge.state.elsewhere[&id].word.accepted_on, Some(date(2026, 9, 14)));
}

#[test]
fn licences_and_what_was_put_right_follow() {
    let mut scene = Scene::new();
    let (id, words) = scene.whole_life();
    for word in &words {
        scene.hear(word).unwrap();
    }
    let row = &scene.charge.state.elsewhere[&id];
    assert_eq!(scene.kept(id).applicant, "李*");
    assert_eq!(row.word.licences.len(), 1);
    assert_eq!(row.word.licences[0].stands, licence::Status::Cancelled);
    let steps: Vec<HandledStep> = scene.charge.state.steps.iter().map(|(_, step)| *step).collect();
    assert_eq!(
        steps,
        [HandledStep::Accepted, HandledStep::Told, HandledStep::Ended, HandledStep::Told, HandledStep::Told]
    );
}

#[test]
fn an_agreement_that_ends_touches_nothing_that_was_collected_before() {
    let mut scene = Scene::new();
    let id = scene.taken();
    scene.withdraw_agreement();
    for hall in [&mut scene.charge, &mut scene.stand] {
        hall.now = at(2026, 9, 16, 9);
    }
    // The publication as well.
    let item = scene.charge.state.items.get_mut(THEIRS).unwrap();
    item.modes.retain(|mode| *mode != Mode::Uniform);
    item.version += 1;
    assert_eq!(scene.refused().code, "agreement-lapsed");
    let accepted = scene.reported(&Command::Accept(id.to_string())).unwrap();
    scene.hear(&accepted).unwrap();
    let granted = scene.reported(&Command::Decide { case: id.to_string(), grant: true, reason: None }).unwrap();
    scene.hear(&granted).unwrap();
    assert_eq!(scene.charge.state.elsewhere[&id].word.ending, Some(UniformEnding::Granted));
}

#[test]
fn a_report_that_is_refused_is_on_record_until_a_later_one_goes_out() {
    let mut scene = Scene::new();
    let id = scene.taken();
    let change = scene.stand.act(&Command::Accept(id.to_string())).unwrap();
    // The authority in charge knows of no such agreement.
    let agreements = std::mem::take(&mut scene.charge.state.items.get_mut(THEIRS).unwrap().agreements);
    let Scene { charge, stand } = &mut scene;
    carry(&change.notices[0], stand, charge);
    assert!(charge.state.elsewhere.is_empty(), "nothing of it is kept");
    let case = stand.case(id);
    let refused = case.report_refused.clone().unwrap();
    assert_eq!((refused.act, refused.code.as_str()), (2, "agreement-missing"));
    assert_eq!((case.status, stand.state.acts.last().unwrap().kind), (Status::Accepted, ActKind::RefuseReport));
    // It is put right there, and the next word says all.
    charge.state.items.get_mut(THEIRS).unwrap().agreements = agreements;
    let change = stand.act(&Command::Decide { case: id.to_string(), grant: true, reason: None }).unwrap();
    assert_eq!(stand.case(id).report_refused, None);
    carry(&change.notices[0], stand, charge);
    let steps: Vec<HandledStep> = charge.state.steps.iter().map(|(_, step)| *step).collect();
    assert_eq!(steps, [HandledStep::Accepted, HandledStep::Ended], "each counts once");
    // An answer to an earlier word comes late: the history has it, and nothing stands refused.
    let refusal = ("agreement-missing".to_owned(), "late".to_owned());
    stand.act(&Command::Uniform(UniformCommand::Refused { case: id, act: 2, refusal: refusal.clone() })).unwrap();
    assert_eq!(stand.case(id).report_refused, None);
    for act in [1, 3, 99] {
        // What was collected, and what was refused, were no reports.
        let command = Command::Uniform(UniformCommand::Refused { case: id, act, refusal: refusal.clone() });
        assert_eq!(stand.code(&command), "stale-tenure", "{act}");
    }
    assert_eq!(scene.acts(id).iter().filter(|kind| **kind == ActKind::RefuseReport).count(), 2);
}

/// 重新告知: what nothing else would tell, since the case is over, is told again once it would be taken.
#[test]
fn what_was_refused_is_reported_again_by_hand() {
    let mut scene = Scene::new();
    let id = scene.taken();
    let again = Command::ReportAgain(id.to_string());
    assert_eq!(scene.stand.code(&again), "case-state", "nothing was told yet");
    let accepted = scene.reported(&Command::Accept(id.to_string())).unwrap();
    assert_eq!(scene.stand.code(&again), "report-not-refused", "it isn't answered yet");
    scene.hear(&accepted).unwrap();
    assert_eq!(scene.stand.code(&again), "report-not-refused", "it was taken");
    // The authority in charge refuses the last word, and nothing follows the end.
    let ended = scene.reported(&Command::Withdraw { case: id.to_string(), reason: None }).unwrap();
    let before = scene.charge.now;
    scene.charge.now = at(2026, 9, 1, 9);
    let refused = scene.hear(&ended).unwrap_err();
    assert_eq!(refused.code, "invalid-field", "by its clock the days are to come");
    let refusal = (refused.code.to_owned(), refused.zh.to_string());
    let act = ended.1.act;
    scene.stand.act(&Command::Uniform(UniformCommand::Refused { case: id, act, refusal: refusal.clone() })).unwrap();
    assert_eq!(scene.stand.case(id).status, Status::Withdrawn);
    // Too early: it is refused once more, and stands refused under its own number.
    let told = scene.reported(&again).unwrap();
    assert_eq!((told.1.act, told.1.ending, told.1.ended_on), (act + 2, ended.1.ending, ended.1.ended_on));
    assert_eq!(scene.stand.case(id).report_refused, None);
    assert_eq!(scene.stand.code(&again), "report-not-refused", "it isn't answered yet");
    assert_eq!(scene.hear(&told).unwrap_err().code, "invalid-field");
    scene.stand.act(&Command::Uniform(UniformCommand::Refused { case: id, act: told.1.act, refusal })).unwrap();
    assert_eq!(scene.stand.case(id).report_refused.as_ref().map(|refused| refused.act), Some(told.1.act));
    // It is put right there: the row is that of the case, each end counts once, and both halls have it on record.
    scene.charge.now = before;
    let told = scene.reported(&again).unwrap();
    scene.hear(&told).unwrap();
    assert_eq!(scene.kept(id), told.1);
    let steps: Vec<HandledStep> = scene.charge.state.steps.iter().map(|(_, step)| *step).collect();
    assert_eq!(steps, [HandledStep::Accepted, HandledStep::Ended]);
    assert_eq!(scene.stand.case(id).report_refused, None);
    let last = scene.stand.state.acts.last().unwrap();
    assert_eq!((last.kind, last.status), (ActKind::ReportAgain, Status::Withdrawn));
    assert_eq!(last.note.as_deref(), Some("原告知未收：invalid-field"));
    // A repeat of the first refusal, or of the word, changes nothing.
    scene.hear(&ended).unwrap();
    assert_eq!(scene.kept(id), told.1);
}

/// No case of this node's own people, nor one that another owns, is reported to anybody.
#[test]
fn what_is_decided_in_nobodys_place_is_reported_to_nobody() {
    let mut scene = Scene::new();
    let division = scene.stand.division();
    let own = scene.stand.collect(OURS, division);
    scene.stand.act(&Command::Accept(own.to_string())).unwrap();
    assert_eq!(scene.stand.code(&Command::ReportAgain(own.to_string())), "report-not-refused");
}

/// A peer's words are kept to a length, and without what can't be seen.
#[test]
fn of_a_refusal_so_much_is_kept() {
    let mut scene = Scene::new();
    let id = scene.taken();
    scene.stand.act(&Command::Accept(id.to_string())).unwrap();
    let refusal = (format!("\u{1b}{}", "c".repeat(9_000)), "\u{202e}长".repeat(9_000));
    scene.stand.act(&Command::Uniform(UniformCommand::Refused { case: id, act: 2, refusal })).unwrap();
    let kept = scene.stand.case(id).report_refused.clone().unwrap();
    assert_eq!((kept.code, kept.text), ("c".repeat(60), "长".repeat(500)));
    let note = scene.stand.state.acts.last().unwrap().note.clone().unwrap();
    assert_eq!(note, format!("{}: {}", "c".repeat(60), "长".repeat(500)));
}

/// 行政许可法 50: asked for in time, all brought on the licence's last day, accepted after it: the law has granted it as of a day before its acceptance.
#[test]
fn a_renewal_that_was_deemed_granted_before_its_acceptance_is_reported() {
    let mut scene = Scene::new();
    let first = scene.taken().to_string();
    let ends = date(2026, 10, 14);
    for command in [
        Command::Accept(first.clone()),
        Command::Decide { case: first.clone(), grant: true, reason: None },
        Command::IssueLicence { case: first.clone(), kind: "公共场所卫生许可证".into(), until: ends },
    ] {
        scene.stand.act(&command).unwrap();
    }
    let licence = scene.stand.case(first.parse().unwrap()).licences[0].clone();
    let asked = match scene.asked(Some(Mode::Uniform), None) {
        Command::Collect { item, division, mode, applicant, materials, hold, agent, by, .. } => {
            let renews = Some(licence);
            Command::Collect { item, division, mode, applicant, materials, hold, renews, agent, by }
        }
        other => panic!("{other:?}"),
    };
    let id = match scene.stand.act(&asked).unwrap().reply {
        tongban_domain::Reply::Collected(collected) => collected.case,
        other => panic!("{other:?}"),
    };
    let (items, new_reasons) = (vec!["检测报告".to_owned()], Vec::new());
    let notify = Command::Notify { case: id.to_string(), items, new_reasons, within: Some(60) };
    scene.stand.act(&notify).unwrap();
    scene.stand.now = at(2026, 10, 14, 16);
    let brings = vec![tongban_domain::case::Bringing { item: "1".into(), materials: Vec::new() }];
    scene.stand.act(&Command::Supplement { case: id.to_string(), brings }).unwrap();
    // Accepted within its days, when the licence had ended and the clock had not been looked at yet.
    scene.stand.now = at(2026, 10, 15, 9);
    scene.charge.now = scene.stand.now;
    let accepted = scene.reported(&Command::Accept(id.to_string())).unwrap();
    scene.hear(&accepted).unwrap();
    let change = scene.stand.act(&Command::Tick).unwrap();
    let words: Vec<_> = change
        .notices
        .iter()
        .filter_map(|notice| match &notice.body {
            tongban_domain::NoticeBody::Uniform(word) => Some((notice.case, (**word).clone())),
            _ => None,
        })
        .collect();
    assert!(!words.is_empty());
    for word in &words {
        scene.hear(word).unwrap();
    }
    let kept = &scene.charge.state.elsewhere[&id].word;
    assert_eq!((kept.accepted_on, kept.ended_on), (Some(date(2026, 10, 15)), Some(ends)));
    assert_eq!((kept.ending, kept.licences.len()), (Some(UniformEnding::Granted), 1));
    // No other end is of a day before the acceptance.
    let mut denied = kept.clone();
    denied.act += 1;
    (denied.ending, denied.licences) = (Some(UniformEnding::Denied), Vec::new());
    scene.charge.state.elsewhere.remove(&id);
    assert_eq!(scene.hear(&(id, denied)).unwrap_err().code, "invalid-field");
}

#[test]
fn acts_that_are_nothing_to_the_authority_in_charge_say_nothing() {
    let mut scene = Scene::new();
    let id = scene.taken();
    let (field, value, reason) =
        (tongban_domain::case::AmendedField::ApplicantName, "李四".to_owned(), "录入有误".to_owned());
    let amended = tongban_domain::case::Amended { field, value, reason };
    let change = scene.stand.act(&Command::Amend { case: id.to_string(), amended }).unwrap();
    assert!(change.notices.is_empty(), "before it is accepted");
    assert!(change.events.iter().all(|event| !matches!(event, Event::HandledElsewhere(..))));
}
