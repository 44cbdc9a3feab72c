//! What is taken makes a word to another node that no envelope holds: its origin hears so, and the line goes on.

use system_tests::sim::{Engine, moment};
use tongban::engine::{Outside, Request};
use tongban::exchange::quarantine::list;
use tongban_codes::ids::CaseId;
use tongban_domain::Event;
use tongban_domain::application::{JointKind, JointWord, PartOf};
use tongban_domain::case::{ActKind, Asked, Case, Correction, Status};
use tongban_federation::{Body, Envelope, Subject, receipt};
use tongban_storage::keyspace::case;
use tongban_storage::keyspace::delivery::HIGH_WATER;

use super::{
    carry_all, cases, deliver, folds_alike, home, outbox, put_aside, quarantine, receipt_of, receipted, replayed,
    township,
};

/// The code of what is too large.
const TOO_LARGE: &str = "notice-too-large";

/// Leaves a case at a node as a change makes it, in an entry of the log.
fn altered(engine: &Engine, id: CaseId, change: impl FnOnce(&mut Case)) {
    let mut row = case::CASE.load(&*engine.state, &id).expect("readable").expect("it is here");
    let act = case::history(&*engine.state, &id).expect("readable").pop().expect("it has a history");
    change(&mut row);
    let event = Event::Case(Box::new(row), act);
    let request = Request::Custom(Box::new(move |_, _, _| Ok(Outside { events: vec![event], ..Outside::default() })));
    engine.wait(engine.submit(request)).map(drop).expect("it is kept");
    engine.quiet();
}

/// A notice whose lines alone are larger than an envelope; every report of its case says them.
fn endless(case: &Case) -> Correction {
    let on = case.collected_at.date();
    let line = Asked { text: "长".repeat(4_000), on, new_reason: None, brought: None };
    Correction { asked: vec![line; 100], until: on.next_day(), complete_on: None, notices: 1 }
}

/// A case that a township has handed over, with both nodes.
fn handed_over() -> (Engine, Engine, CaseId) {
    let (from, to) = (township(1), home());
    carry_all(&from, &to);
    carry_all(&to, &from);
    let id = cases(&to)[0].id;
    (from, to, id)
}

#[test]
fn what_cannot_be_reported_is_refused_where_its_origin_settles_that() {
    let (from, to, id) = handed_over();
    altered(&to, id, |row| row.correction = Some(endless(row)));
    let withdraw = tongban_domain::Command::Withdraw { case: id.to_string(), reason: None };
    let _asked = from.done(tongban_domain::Role::Window, withdraw);
    from.quiet();
    let told = outbox(&from).pop().expect("it is told");
    let answer = deliver(&to, &told, from.place);
    let outcome = receipt_of(&to, &answer).outcome;
    let receipt::Outcome::Refused { code, text } = &outcome else { panic!("{outcome:?}") };
    assert_eq!(code, TOO_LARGE);
    assert!(!text.is_empty());
    // The line goes on, the word is said again, and nothing was done here.
    let high = HIGH_WATER.load(&*to.state, &(from.place.node, told.epoch)).expect("readable");
    assert_eq!(high, Some(told.sequence));
    assert_eq!(receipt_of(&to, &deliver(&to, &told, from.place)).outcome, outcome);
    assert_eq!(cases(&to)[0].status, Status::Collected);
    assert!(outbox(&to).is_empty() && quarantine(&to).is_empty());
    // Its origin keeps it no longer, and has the reason on record.
    receipted(&from, answer, to.place);
    assert!(outbox(&from).is_empty());
    let last = case::history(&*from.state, &id).expect("readable").into_iter().max_by_key(|act| {
        // Acts of the other leg have numbers of their own.
        if act.place == from.place { act.number } else { 0 }
    });
    let last = last.expect("it has a history");
    assert_eq!(last.kind, ActKind::RefuseWithdrawal);
    assert!(last.note.is_some_and(|note| note.starts_with(TOO_LARGE)));
    folds_alike(to);
    folds_alike(from);
}

/// A case whose owner can't report anything of it, and a joint check that reaches the owner from another part of the application.
fn checked_elsewhere() -> (Engine, Engine, CaseId, Envelope) {
    let (from, to, id) = handed_over();
    altered(&to, id, |row| {
        row.correction = Some(endless(row));
        row.status = Status::Accepted;
        row.part_of = Some(PartOf {
            application: id,
            number: "YJS330110009000-20260914-00001".to_owned(),
            event: "开办分店".to_owned(),
            part: "变更".to_owned(),
            joint: Some("踏勘".to_owned()),
            form: None,
            entries: Vec::new(),
        });
    });
    let (joint, kind, note) = ("踏勘".to_owned(), JointKind::Inspection, "场所与图纸一致".to_owned());
    let word = JointWord { joint, kind, note, act: 9, of: id, late: None };
    let told = Envelope {
        origin: from.place.node,
        epoch: 1,
        destination: to.place.node,
        sequence: 2,
        subject: Subject::from(id),
        act_number: 9,
        kind: 23,
        version: 1,
        body: Body::Plain(tongban_codes::cbor::to_vec(&word)),
    };
    (from, to, id, told)
}

/// Why the first envelope in quarantine waits, as it is shown.
fn why(engine: &Engine) -> Option<String> {
    list(&*engine.state, &engine.waits(), 9).expect("readable").remove(0).code
}

#[test]
fn what_cannot_be_reported_of_what_has_happened_is_put_aside_until_it_can() {
    let (from, to, id, told) = checked_elsewhere();
    let aside = receipt::Outcome::Quarantined { code: TOO_LARGE.to_owned() };
    assert_eq!(receipt_of(&to, &deliver(&to, &told, from.place)).outcome, aside);
    assert_eq!(quarantine(&to), [(9, TOO_LARGE.to_owned())]);
    assert!(outbox(&to).is_empty(), "nothing is told of it");
    // Shown so, for that it can be read says nothing about what there is to tell.
    assert_eq!(why(&to).as_deref(), Some(TOO_LARGE));
    assert_eq!(replayed(&to, from.place, id), "waiting");
    altered(&to, id, |row| row.correction = None);
    assert_eq!(replayed(&to, from.place, id), "applied");
    assert!(quarantine(&to).is_empty());
    let acts = case::history(&*to.state, &id).expect("readable");
    assert_eq!(acts.iter().filter(|act| act.kind == ActKind::JointCheck).count(), 1);
    folds_alike(to);
}

/// Of what is due a case that can't be reported stays as it is, and keeps nothing else waiting; it is done once there is less to tell.
#[test]
fn the_clock_passes_over_what_cannot_be_reported() {
    let (from, to) = (township(2), home());
    carry_all(&from, &to);
    carry_all(&to, &from);
    let ids: Vec<CaseId> = cases(&to).into_iter().map(|row| row.id).collect();
    let (large, other) = (ids[0], ids[1]);
    altered(&to, large, |row| {
        row.correction = Some(endless(row));
        row.deemed_at = Some(moment().add_seconds(-3600));
    });
    altered(&to, other, |row| row.deemed_at = Some(moment()));
    let status = |id: &CaseId| case::CASE.load(&*to.state, id).expect("readable").expect("it is here").status;
    // One case is due after the other; the second tick finds nothing more.
    for _ in 0..2 {
        to.wait(to.submit(Request::Tick)).map(drop).expect("it does what can be done");
        to.quiet();
        assert_eq!((status(&large), status(&other)), (Status::Collected, Status::Accepted));
        assert_eq!((outbox(&to).len(), to.passed_over()), (1, vec![large]));
    }
    altered(&to, large, |row| row.correction = None);
    to.wait(to.submit(Request::Tick)).map(drop).expect("it is done");
    to.quiet();
    assert_eq!((status(&large), outbox(&to).len(), to.passed_over()), (Status::Accepted, 2, Vec::new()));
    folds_alike(to);
}

/// Put aside for another reason, it is shown with the one that a replay found: nobody replays for ever what is called ready.
#[test]
fn what_a_replay_waits_for_is_shown() {
    let (from, to, id, told) = checked_elsewhere();
    let _aside = put_aside(&to, &told, from.place);
    assert_eq!(why(&to), None, "it can be read by now");
    assert_eq!(replayed(&to, from.place, id), "waiting");
    assert_eq!(quarantine(&to), [(9, "kind-unknown".to_owned())], "a replay that decides nothing writes nothing");
    assert_eq!(why(&to).as_deref(), Some(TOO_LARGE));
    altered(&to, id, |row| row.correction = None);
    assert_eq!(replayed(&to, from.place, id), "applied");
    assert!(quarantine(&to).is_empty() && to.waits().is_empty());
    folds_alike(to);
}
