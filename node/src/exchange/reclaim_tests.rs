//! A lost node's leg is read off its journal as that node has it: number by number, in the state in which each act left the case.

use tongban_codes::ids::{Label, NodeId};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::{Act, ActKind, Asked, Case, Correction, Custody, Extension, Renewal, Status};
use tongban_domain::work::Lacking;
use tongban_domain::{Event, NodeFacts, Place};
use tongban_journal::{Body, Entry, Header};

use super::golden_tests::{act, known};
use super::reclaim::{Leg, standing};
use crate::engine::{act_field, record};

const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// What one act made of the case: kind, state, note.
type Done = (ActKind, Status, Option<&'static str>);

const TOLD_TWICE: [Done; 7] = [
    (ActKind::TakeCustody, Status::Collected, Some("511603104000")),
    (ActKind::Notify, Status::Notified, Some("检测报告；健康证明")),
    (ActKind::Supplement, Status::Notified, Some("补正第 2 项，第 1 项未补")),
    (ActKind::Supplement, Status::Supplemented, Some("511603104000代收，补正第 1 项，已补齐")),
    (ActKind::Notify, Status::Notified, Some("报告已过期")),
    (ActKind::Supplement, Status::Supplemented, Some("补正第 3 项，已补齐")),
    (ActKind::Accept, Status::Accepted, None),
];

fn lost() -> Place {
    Place { node: NodeId::from_bytes([2; 16]), division: "511602".parse().unwrap() }
}

fn day(number: usize) -> Date {
    Date::ymd(2026, 9, 14 + u8::try_from(number).unwrap()).unwrap()
}

/// The journal of the lost node about a case on which it did this, an act a day; as this release writes it, or as the one before did.
fn journal(done: &[Done], is_old: bool) -> Vec<(Entry, Body)> {
    let place = lost();
    let label = Label::new(place.division, 0).unwrap();
    let here =
        NodeFacts { node: place.node, division: place.division, name: "广安区".to_owned(), label, demo: true };
    let mut case = Case { custody: Custody::Owner, accepted_on: None, case_no: None, ..*known() };
    let mut notices = 0;
    let entries = (1..).zip(done).map(|(number, (kind, status, note))| {
        let at = day(usize::try_from(number).unwrap()).start().add_seconds(3600);
        notices += u8::from(*kind == ActKind::Notify);
        let correction = Correction { asked: Vec::new(), until: day(15), complete_on: None, notices };
        case.correction = (notices > 0).then_some(correction);
        case.status = *status;
        if *kind == ActKind::Accept {
            case.accepted_on = Some(at.date());
        }
        let note = note.map(str::to_owned);
        let act = Act { case: case.id, at, note, ..act(*kind, number, place, 2, *status) };
        let event = Event::Case(Box::new(case.clone()), act);
        let written = record(&event, &here, at, &mut |bytes| bytes.fill(1)).unwrap();
        let (entry, body) = (Entry::parse(written.entry).unwrap(), Body::parse(&written.body).unwrap());
        if !is_old {
            return (entry, body);
        }
        let view = body.verify(&entry).unwrap();
        let fields = [act_field::OPERATOR, act_field::NOTE].into_iter().filter_map(|number| match view.field(number) {
            tongban_journal::View::Open(bytes) => Some((number, [1; tongban_journal::SALT_BYTES], bytes.to_vec())),
            _ => None,
        });
        let body = Body::open(fields).unwrap();
        (Entry::new(&entry.header().unwrap(), body.commitment()), body)
    });
    entries.collect()
}

fn leg(done: &[Done], is_old: bool, fence: Timestamp) -> Leg {
    let mut leg = Leg::new(lost(), known().id, fence);
    for (entry, body) in journal(done, is_old) {
        let Ok(Header::Acts(header)) = entry.header() else { panic!("an act") };
        leg.read(&header, &body.verify(&entry).unwrap());
    }
    leg
}

/// The asker, which has heard of nothing but that the case was taken.
fn unheard() -> Case {
    Case { status: Status::Collected, heard: 1, accepted_on: None, case_no: None, ..*known() }
}

#[test]
fn every_act_has_its_own_number_kind_and_state() {
    for is_old in [false, true] {
        let leg = leg(&TOLD_TWICE, is_old, NEVER);
        let read: Vec<_> = leg.seen.iter().map(|seen| (seen.act.number, seen.act.kind, seen.act.status)).collect();
        let done: Vec<_> = (1..).zip(TOLD_TWICE).map(|(number, (kind, status, _))| (number, kind, status)).collect();
        assert_eq!(read, done);
        let standing = standing(&unheard(), &leg.seen).unwrap();
        assert_eq!((standing.status, standing.accepted_on), (Status::Accepted, Some(day(7))));
    }
}

#[test]
fn a_notice_that_nobody_heard_has_its_lines() {
    for is_old in [false, true] {
        let leg = leg(&TOLD_TWICE[..3], is_old, NEVER);
        let standing = standing(&unheard(), &leg.seen).unwrap();
        let correction = standing.correction.unwrap();
        let texts: Vec<&str> = correction.asked.iter().map(|line| line.text.as_str()).collect();
        assert_eq!((standing.status, texts), (Status::Notified, vec!["检测报告", "健康证明"]));
        assert_eq!((correction.missing(), correction.complete_on, correction.notices), (vec![1], None, 1));
        // What the notice gave; or what one gives by default: thirty days, and on to the first that is worked.
        assert_eq!(correction.until, if is_old { Date::ymd(2026, 10, 16).unwrap() } else { day(15) });
    }
    let leg = leg(&TOLD_TWICE[..4], false, NEVER);
    let standing = standing(&unheard(), &leg.seen).unwrap();
    assert_eq!((standing.status, standing.received_on), (Status::Supplemented, Some(day(1))));
    assert_eq!(standing.correction.unwrap().complete_on, Some(day(4)));
}

#[test]
fn what_a_notice_asked_for_stays_as_the_asker_knows_it() {
    let line = |text: &str| Asked { text: text.to_owned(), on: day(2), new_reason: None, brought: None };
    let asked = vec![line("检测报告；原件"), line("健康证明")];
    let correction = Some(Correction { asked, until: day(15), complete_on: None, notices: 1 });
    let asker = Case { status: Status::Notified, heard: 2, correction, ..unheard() };
    let standing = standing(&asker, &leg(&TOLD_TWICE[..4], false, NEVER).seen).unwrap();
    let correction = standing.correction.unwrap();
    assert_eq!(correction.asked[0].text, "检测报告；原件");
    assert_eq!((correction.missing(), correction.complete_on), (vec![], Some(day(4))));
}

#[test]
fn steps_keep_their_kinds() {
    let done = [
        (ActKind::Accept, Status::Accepted, None),
        (ActKind::PassStep, Status::Accepted, Some("第 1 步 审查 → 第 2 步 会签：同意")),
        (ActKind::SignStep, Status::Accepted, Some("第 2 步 会签 同意：同意")),
        (ActKind::ReturnStep, Status::Accepted, Some("第 2 步 会签 → 第 1 步 审查：请复核")),
    ];
    let leg = leg(&done, false, NEVER);
    let kinds: Vec<ActKind> = leg.seen.iter().map(|seen| seen.act.kind).collect();
    assert_eq!(kinds, done.map(|(kind, ..)| kind));
}

/// A node may be revoked as of a day that is past when its journal was pulled.
#[test]
fn what_came_after_the_fence_is_not_read() {
    let leg = leg(&TOLD_TWICE, false, day(7).start());
    assert_eq!(leg.seen.len(), 6);
    assert_eq!(standing(&unheard(), &leg.seen).unwrap().status, Status::Supplemented);
}

/// The second deadline of a renewal stands though nobody heard of the acceptance, and though the item has no other.
#[test]
fn a_renewal_keeps_its_second_deadline() {
    let (ends, ask_by) = (Some(day(16)), Some(day(16)));
    let (licence, asked_on) = ("1.2.156.3005.2".to_owned(), day(0));
    let renewal = Some(Renewal { licence, asked_on, ends, ask_by, basis: None, deemed: false });
    let asker = Case { renewal, ..unheard() };
    let leg = leg(&[TOLD_TWICE[0], TOLD_TWICE[6]], false, NEVER);
    let standing = standing(&asker, &leg.seen).unwrap();
    assert_eq!(standing.deadlines.unwrap().renewal, ends);
}

/// What is to follow, and that the time was extended, is told by the entry that changed it, whatever the asker has heard.
#[test]
fn what_follows_is_read_where_it_changed() {
    let place = lost();
    let label = Label::new(place.division, 0).unwrap();
    let here =
        NodeFacts { node: place.node, division: place.division, name: "广安区".to_owned(), label, demo: true };
    let report = Lacking { name: "检测报告".to_owned(), until: day(5), promise: "0".repeat(64) };
    let basis = "行政许可法第四十二条".to_owned();
    let extension = Extension { days: 10, approver: "局长".to_owned(), on: day(2), basis };
    let (accepted, extended) = (vec![report], Some(extension));
    let legs = [
        (ActKind::Accept, accepted.clone(), None),
        (ActKind::Extend, accepted.clone(), extended.clone()),
        (ActKind::FollowUp, Vec::new(), extended.clone()),
    ];
    let read = |count: usize| {
        let mut leg = Leg::new(lost(), known().id, NEVER);
        for (number, (kind, lacking, extension)) in (1..).zip(&legs[..count]) {
            let at = day(1).start();
            let (lacking, extension) = (lacking.clone(), extension.clone());
            let status = Status::Accepted;
            let case = Case { custody: Custody::Owner, status, lacking, extension, ..*known() };
            let (operator, window, note, mandate) = ("审查员".to_owned(), None, None, None);
            let (case_id, kind) = (case.id, *kind);
            let act =
                Act { case: case_id, number, kind, at, place, operator, window, tenure: 2, status, note, mandate };
            let event = Event::Case(Box::new(case), act);
            let written = record(&event, &here, at, &mut |bytes| bytes.fill(1)).unwrap();
            let (entry, body) = (Entry::parse(written.entry).unwrap(), Body::parse(&written.body).unwrap());
            let Ok(Header::Acts(header)) = entry.header() else { panic!("an act") };
            leg.read(&header, &body.verify(&entry).unwrap());
        }
        let standing = standing(&unheard(), &leg.seen).unwrap();
        (standing.lacking, standing.extension)
    };
    assert_eq!(read(1), (accepted.clone(), None));
    assert_eq!(read(2), (accepted, extended.clone()));
    assert_eq!(read(3), (Vec::new(), extended));
}
