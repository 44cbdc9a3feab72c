//! What the journal says of a decision that another system made: its day there, by which it was in time, and enough to restore it.

use tongban_codes::ids::Label;
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::{Act, ActKind, Case, Custody, Deadline, Deadlines, Status};
use tongban_domain::{Event, NodeFacts, Place};
use tongban_journal::{ActHeader, Body, Entry, Header};

use super::golden_tests::{known, outside_decision};
use super::reclaim::{Leg, standing};
use crate::engine::record;

fn owner() -> Place {
    known().deciding
}

/// The entry of a decision that was done on a day, of a case whose promised day is the 17th.
fn decided(case: &Case, on: Date) -> (ActHeader, Entry, Body) {
    let place = owner();
    let label = Label::new(place.division, 0).unwrap();
    let here =
        NodeFacts { node: place.node, division: place.division, name: "广安区".to_owned(), label, demo: true };
    let at = on.start().add_seconds(3600);
    let act = Act {
        case: case.id,
        number: 1,
        kind: ActKind::Decide,
        at,
        place,
        operator: "决定员".to_owned(),
        window: None,
        tenure: 2,
        status: Status::Granted,
        note: None,
        mandate: None,
    };
    let event = Event::Case(Box::new(case.clone()), act);
    let written = record(&event, &here, at, &mut |bytes| bytes.fill(1)).unwrap();
    let (entry, body) = (Entry::parse(written.entry).unwrap(), Body::parse(&written.body).unwrap());
    let Ok(Header::Acts(header)) = entry.header() else { panic!("an act") };
    (header, entry, body)
}

#[test]
fn it_was_in_time_by_its_day_there_and_is_restored_whole() {
    let day = |day| Date::ymd(2026, 9, day).unwrap();
    let mut case = Case { custody: Custody::Owner, status: Status::Granted, ..*known() };
    case.deadlines = Some(Deadlines {
        statutory: None,
        promised: Some(Deadline { date: day(17), provisional: false }),
        calendar: "2016-2026.1".to_owned(),
        renewal: None,
    });
    case.decided_on = Some(day(16));
    // Decided here on the 18th it is late.
    assert_eq!(decided(&case, day(18)).0.in_time_promised, Some(false));
    case.outside = Some(outside_decision());
    let (header, entry, body) = decided(&case, day(18));
    assert_eq!((header.in_time_promised, header.decided_on), (Some(true), Some(day(16))));
    let mut leg = Leg::new(owner(), case.id, Timestamp::from_millis(i64::MAX));
    leg.read(&header, &body.verify(&entry).unwrap());
    let restored = standing(&known(), &leg.seen).unwrap();
    assert_eq!((restored.status, &restored.outside), (Status::Granted, &case.outside));
}
