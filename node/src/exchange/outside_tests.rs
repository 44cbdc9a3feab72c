//! What the journal says of a decision that another system made: its day there, by which it was in time, and enough to restore it.

use std::cell::RefCell;
use std::sync::Arc;

use tongban_codes::ids::{CaseId, Label};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::{Act, ActKind, Case, Custody, Deadline, Deadlines, OutsideOutcome, Status};
use tongban_domain::connector::{ConnectorKind, Order, OrderDeed, OrderEntry, OrderState};
use tongban_domain::supervision::About;
use tongban_domain::{DueKind, Event, NodeFacts, Place};
use tongban_journal::{ActHeader, Body, Entry, Header};
use tongban_storage::keyspace::head::Heads;
use tongban_storage::keyspace::{Overlay, case, connector};
use tongban_storage::{Backend, MemoryBackend, WriteBatch};

use super::MemoryBlobs;
use super::golden_tests::{act, known, outside_decision};
use super::reclaim::{Leg, standing};
use crate::engine::{AppliedState, record};

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
    let act = Act { case: case.id, at, ..act(ActKind::Decide, 1, place, 2, Status::Granted) };
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

/// A renewal of a licence that ends on this day.
fn renewing(id: CaseId, ends: Date) -> Case {
    let deadlines =
        Deadlines { statutory: None, promised: None, calendar: "2016-2026.1".to_owned(), renewal: Some(ends) };
    let (custody, status, renewal_at) = (Custody::Owner, Status::Accepted, Some(ends.next_day().start()));
    Case { id, custody, status, renewal_at, deadlines: Some(deadlines), ..*known() }
}

/// The order of a case that another system handles, which was told in this state that it was refused on a day.
fn handled(row: &Case, state: OrderState, day: Option<Date>, at: Timestamp) -> Order {
    let told = |decided_on| OrderEntry {
        decided: Some(OutsideOutcome {
            grant: false,
            number: "N1".to_owned(),
            decided_on,
            decider: "王局长".to_owned(),
            reason: Some("不符合法定条件".to_owned()),
            document_no: None,
            document: None,
            reason_code: None,
        }),
        ..OrderEntry::of(OrderDeed::Told, at, "system", state)
    };
    let (number, log) = ("YW511602000000-20260914-00001".to_owned(), day.map(told).into_iter().collect());
    Order { state, words: 1, log, ..Order::begun(number, About::of_case(row), (ConnectorKind::Handling, "sys"), at) }
}

/// An earlier release left in the queue what is held since. When the state is opened it is taken out, and nothing else is.
#[test]
fn what_an_earlier_release_left_in_the_queue_is_taken_out() {
    let (ends, at) = (Date::ymd(2026, 9, 30).unwrap(), Timestamp::from_millis(1_789_347_600_000));
    let (held, silent) = (renewing(known().id, ends), renewing(CaseId::from_bytes([7; 16]), ends));
    let state = Arc::new(MemoryBackend::new());
    let mut batch = WriteBatch::new();
    let mut over = Overlay::new(&*state, &mut batch);
    for row in [&held, &silent] {
        let act = Act { case: row.id, at, ..act(ActKind::Accept, 1, owner(), 2, row.status) };
        case::store(&mut over, row, &act).unwrap();
    }
    connector::store(&mut over, &handled(&held, OrderState::Refused, Some(ends), at)).unwrap();
    let key = |row: &Case| (ends.next_day().start(), 25, row.id);
    case::DUE.put(&mut batch, &key(&held), &());
    state.write(batch).unwrap();
    let due = || case::DUE.list(&*state, &[], None, 9).unwrap().into_iter().map(|(key, ())| key).collect::<Vec<_>>();
    assert_eq!(due().len(), 2);
    for _ in 0..2 {
        let opened = Arc::<MemoryBackend>::clone(&state) as Arc<dyn Backend>;
        AppliedState::open(opened, Arc::new(MemoryBlobs::default()), owner().node).unwrap();
        assert_eq!(due(), [key(&silent)]);
    }
}

/// A renewal that another system decided in time, as it was told, waits for a person, and not before all that is due later.
#[test]
fn a_renewal_that_was_decided_in_time_is_not_due() {
    let (ends, at) = (Date::ymd(2026, 9, 30).unwrap(), Timestamp::from_millis(1_789_347_600_000));
    let row = renewing(known().id, ends);
    let act = |row: &Case| Act { case: row.id, at, ..act(ActKind::Accept, 1, owner(), 2, row.status) };
    let (store, heads) = (MemoryBackend::new(), RefCell::new(Heads::default()));
    let write = |what: &dyn Fn(&mut Overlay<'_>)| {
        let mut batch = WriteBatch::new();
        what(&mut Overlay::new(&store, &mut batch));
        heads.borrow_mut().learn(&batch);
        store.write(batch).unwrap();
    };
    let due = || {
        let found = heads.borrow().due(&store, ends.next_day().next_day().start(), 64).unwrap();
        found.iter().filter(|due| matches!(due.kind, DueKind::DeemedRenewal(_))).count()
    };
    let order = |state: OrderState, day: Option<Date>| handled(&row, state, day, at);
    write(&|over| case::store(over, &row, &act(&row)).unwrap());
    assert_eq!(due(), 1);
    for (state, day, expected) in [
        (OrderState::Taken, None, 1),
        (OrderState::Refused, Some(ends.next_day()), 1),
        (OrderState::Refused, Some(ends), 0),
        (OrderState::Disputed, Some(ends), 0),
        // Let go of, it is told nothing any more.
        (OrderState::Cancelled, Some(ends), 1),
        (OrderState::Refused, Some(ends), 0),
    ] {
        write(&|over| connector::store(over, &order(state, day)).unwrap());
        assert_eq!(due(), expected, "{state:?} {day:?}");
    }
    // Further acts of the case leave that so, also where its time had gone and is there again; its decision ends it.
    for renewal_at in [row.renewal_at, None, row.renewal_at] {
        write(&|over| case::store(over, &Case { renewal_at, ..row.clone() }, &act(&row)).unwrap());
        assert_eq!(due(), 0);
    }
    let decided = Case { renewal_at: None, status: Status::Denied, ..row.clone() };
    write(&|over| case::store(over, &decided, &act(&row)).unwrap());
    assert_eq!(due(), 0);
    // However many wait for a person, what is due after them is found.
    for index in 0..80 {
        let held = Case { id: CaseId::from_bytes([index; 16]), ..row.clone() };
        let number = format!("YW511602000000-20260914-1{index:04}");
        write(&|over| {
            connector::store(
                over,
                &Order { number: number.clone(), case: held.id, ..order(OrderState::Refused, Some(ends)) },
            )
            .unwrap();
        });
        write(&|over| case::store(over, &held, &act(&held)).unwrap());
    }
    let later = Case { renewal_at: None, deemed_at: Some(ends.next_day().next_day().start()), ..row.clone() };
    write(&|over| case::store(over, &later, &act(&later)).unwrap());
    let found = heads.borrow().due(&store, ends.next_day().next_day().start(), 64).unwrap();
    assert_eq!(found.iter().map(|due| &due.kind).collect::<Vec<_>>(), [&DueKind::DeemedAcceptance(row.id)]);
}
