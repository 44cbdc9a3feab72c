#![expect(clippy::unwrap_used, reason = "a test may panic")]

use tongban_codes::ids::Digest;
use tongban_domain::tables::Operation;

use super::*;
use crate::{Backend as _, MemoryBackend, WriteBatch};

const FRONT_NAME: &str = "national";

fn write(state: &MemoryBackend, change: impl FnOnce(&mut Overlay<'_>)) {
    let mut rows = WriteBatch::new();
    change(&mut Overlay::new(state, &mut rows));
    state.write(rows).unwrap();
}

fn id(number: u8) -> CaseId {
    CaseId::from_bytes([number; 16])
}

fn row(case: CaseId, guid: &str, answer: Answer) -> ReportedRow {
    ReportedRow {
        item: case.to_string(),
        guid: guid.to_owned(),
        table: "up_pro_accept".to_owned(),
        operation: Operation::Insert,
        batch: "511602000000-20260914-0001-P".to_owned(),
        at: Timestamp::from_millis(0),
        digest: Digest::of(guid.as_bytes()),
        values: BTreeMap::new(),
        answer,
        code: None,
        reason: None,
        answered: None,
    }
}

/// A node that reports cases, and has gone through those from before.
fn reporting() -> MemoryBackend {
    let state = MemoryBackend::new();
    let report = CaseReport { is_surveyed: true, ..CaseReport::default() };
    write(&state, |over| reported(over, FRONT_NAME, &report).unwrap());
    state
}

fn touched(state: &MemoryBackend, case: CaseId) {
    write(state, |over| touch(over, case).unwrap());
}

fn looked(state: &MemoryBackend, cases: &[DueCase], done: bool) {
    let looked = cases.iter().map(|due| Looked { case: due.case, mark: due.mark, done }).collect();
    let report = CaseReport { looked, ..CaseReport::default() };
    write(state, |over| reported(over, FRONT_NAME, &report).unwrap());
}

fn all_due(state: &MemoryBackend) -> Vec<DueCase> {
    due(state, FRONT_NAME, None, 100).unwrap().cases
}

#[test]
fn a_node_that_reports_no_cases_marks_none() {
    let state = MemoryBackend::new();
    let mut rows = WriteBatch::new();
    touch(&mut Overlay::new(&state, &mut rows), id(1)).unwrap();
    assert!(!CASE_FRONT.is_changed_by(&rows) && !CASE_SENT.is_changed_by(&rows));
}

#[test]
fn what_is_touched_while_it_is_sent_stays_due() {
    let state = reporting();
    touched(&state, id(1));
    touched(&state, id(2));
    let planned = all_due(&state);
    assert_eq!(planned.iter().map(|due| due.case).collect::<Vec<_>>(), [id(1), id(2)]);
    touched(&state, id(2));
    looked(&state, &planned, true);
    let left = all_due(&state);
    assert_eq!(left.iter().map(|due| due.case).collect::<Vec<_>>(), [id(2)]);
    looked(&state, &left, true);
    assert!(all_due(&state).is_empty());
    // Marks never come again: who planned long ago unmarks nothing that was touched since.
    touched(&state, id(2));
    looked(&state, &planned, true);
    looked(&state, &left, true);
    assert_eq!(all_due(&state).len(), 1);
}

#[test]
fn what_lacks_something_stays_due_though_nothing_had_marked_it() {
    let state = reporting();
    looked(&state, &[DueCase { case: id(3), mark: None }], false);
    let due = all_due(&state);
    assert_eq!(due.iter().map(|due| due.case).collect::<Vec<_>>(), [id(3)]);
    looked(&state, &due, false);
    assert_eq!(all_due(&state), due, "looked at once more, it isn't touched");
}

#[test]
fn a_page_after_the_other_goes_through_all() {
    let state = reporting();
    (1..=7).for_each(|number| touched(&state, id(number)));
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = due(&state, FRONT_NAME, after, 3).unwrap();
        after = page.cases.last().map(|due| due.case);
        seen.extend(page.cases.iter().map(|due| due.case));
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, (1..=7).map(id).collect::<Vec<_>>());
}

#[test]
fn what_is_not_taken_is_counted_and_found() {
    let state = reporting();
    let report = CaseReport {
        sent: Some(("511602000000-20260914-0002-P".to_owned(), Timestamp::from_millis(1))),
        rows: ["a", "b", "c"].map(|guid| row(id(1), guid, Answer::Waiting)).to_vec(),
        ..CaseReport::default()
    };
    // Told twice, they are there once.
    for _ in 0..2 {
        write(&state, |over| reported(over, FRONT_NAME, &report).unwrap());
    }
    let front = |state: &MemoryBackend| CASE_FRONT.load(state, &()).unwrap().unwrap().fronts[FRONT_NAME].clone();
    assert_eq!((front(&state).rows, front(&state).untaken), (3, 3));
    let untaken = |state: &MemoryBackend| {
        let found = CASE_SENT.list(state, &stem(&(FRONT_NAME.to_owned(), UNTAKEN)), None, usize::MAX).unwrap();
        found.into_iter().map(|((_, _, _, guid), _)| guid).collect::<Vec<_>>()
    };
    assert_eq!(untaken(&state), ["a", "b", "c"]);
    let answers = [row(id(1), "a", Answer::Accepted), row(id(1), "b", Answer::Rejected)];
    write(&state, |over| answered(over, FRONT_NAME, &answers, Timestamp::from_millis(9)).unwrap());
    assert_eq!(untaken(&state), ["b", "c"]);
    assert_eq!((front(&state).rows, front(&state).untaken), (3, 2));
    assert_eq!(front(&state).reconciled, Some(Timestamp::from_millis(9)));
    assert_eq!(all_due(&state).len(), 1, "what was rejected is looked at again");
    // Taken once and sent back: it counts among the others again.
    write(&state, |over| {
        answered(over, FRONT_NAME, &[row(id(1), "a", Answer::Rejected)], Timestamp::from_millis(9)).unwrap();
    });
    assert_eq!((front(&state).untaken, untaken(&state).len()), (3, 3));
    // An earlier batch that is told late isn't the last.
    let late = CaseReport {
        sent: Some(("511602000000-20260914-0001-P".to_owned(), Timestamp::from_millis(0))),
        ..CaseReport::default()
    };
    write(&state, |over| reported(over, FRONT_NAME, &late).unwrap());
    assert_eq!(front(&state).batch.as_deref(), Some("511602000000-20260914-0002-P"));
    assert_eq!(sent(&state, FRONT_NAME, id(1)).unwrap().len(), 3);
    // Of a node that was given another ordinal, or whose division another code, the next one is the last, though as a text it comes before.
    for next in ["511602000000.1-20260914-0003-P", "511602000000-20260914-0004-P", "511601000000-20260914-0001-P"] {
        let report = CaseReport { sent: Some((next.to_owned(), Timestamp::from_millis(2))), ..CaseReport::default() };
        write(&state, |over| reported(over, FRONT_NAME, &report).unwrap());
        assert_eq!(front(&state).batch.as_deref(), Some(next));
    }
}

#[test]
fn a_closed_front_database_is_marked_for_nothing_and_goes_on_where_it_was() {
    let state = reporting();
    touched(&state, id(1));
    let sent = CaseReport {
        sent: Some(("511602000000-20260914-0003-P".to_owned(), Timestamp::from_millis(1))),
        rows: vec![row(id(1), "a", Answer::Waiting)],
        ..CaseReport::default()
    };
    write(&state, |over| reported(over, FRONT_NAME, &sent).unwrap());
    let planned = all_due(&state);
    write(&state, |over| close(over, FRONT_NAME, Timestamp::from_millis(5)).unwrap());
    // Its place is free, and an act costs a look at an empty one.
    assert_eq!(CASE_FRONT.load(&state, &()).unwrap(), None);
    touched(&state, id(2));
    assert_eq!(FRONT.load(&state, &FRONT_NAME.to_owned()).unwrap().unwrap().closed, Some(Timestamp::from_millis(5)));
    // What was on its way when it was closed is told of it, and its answers are, and neither opens it.
    let late = CaseReport {
        sent: Some(("511602000000-20260914-0004-P".to_owned(), Timestamp::from_millis(2))),
        rows: vec![row(id(1), "b", Answer::Waiting)],
        ..CaseReport::default()
    };
    write(&state, |over| reported(over, FRONT_NAME, &late).unwrap());
    let answers = [row(id(1), "a", Answer::Accepted)];
    write(&state, |over| answered(over, FRONT_NAME, &answers, Timestamp::from_millis(9)).unwrap());
    assert_eq!(CASE_FRONT.load(&state, &()).unwrap(), None);
    let closed = stands(&state, FRONT_NAME).unwrap().unwrap();
    assert_eq!((closed.batch.as_deref(), closed.rows), (Some("511602000000-20260914-0004-P"), 2));
    assert_eq!((closed.untaken, closed.reconciled), (1, Some(Timestamp::from_millis(9))));
    // Opened again, it goes on behind its last batch, and all cases are gone through: nobody marked what changed meanwhile.
    write(&state, |over| open(over, FRONT_NAME).unwrap());
    assert_eq!(FRONT.load(&state, &FRONT_NAME.to_owned()).unwrap().unwrap(), FrontRow::default());
    let opened = stands(&state, FRONT_NAME).unwrap().unwrap();
    assert_eq!(opened, CaseFront { surveyed: None, is_surveyed: false, openings: Some(1), ..closed });
    assert_eq!(super::sent(&state, FRONT_NAME, id(1)).unwrap().len(), 2);
    assert_eq!(all_due(&state), planned, "what was due stays due");
    touched(&state, id(3));
    assert_eq!(all_due(&state).len(), planned.len() + 1);
}

/// A survey that was under way when the front database was opened again goes on where it was, and what changed before that would never go out.
#[test]
fn how_far_a_survey_came_counts_where_it_left_out_nothing() {
    let state = MemoryBackend::new();
    let cases: Keyspace<CaseId, ()> = CASE.reading();
    write(&state, |over| {
        (1..=7).for_each(|number| cases.put(over.batch, &id(number), &()));
        reported(over, FRONT_NAME, &CaseReport::default()).unwrap();
    });
    let page = |after, limit| {
        let DuePage { cases, surveyed, is_surveyed, .. } = due(&state, FRONT_NAME, after, limit).unwrap();
        let looked = cases.iter().map(|due| Looked { case: due.case, mark: due.mark, done: true }).collect();
        CaseReport { looked, surveyed, is_surveyed, ..CaseReport::default() }
    };
    let counts = |report: &CaseReport| goes_on(&state, FRONT_NAME, report).unwrap();
    // Pages that are planned together, as for a script, are told one after the other.
    let (first, second, rest) = (page(None, 3), page(Some(id(3)), 3), page(Some(id(6)), 3));
    assert!(counts(&first) && !counts(&second) && !counts(&rest));
    write(&state, |over| reported(over, FRONT_NAME, &first).unwrap());
    assert!(counts(&first) && counts(&second) && !counts(&rest));
    write(&state, |over| reported(over, FRONT_NAME, &second).unwrap());
    assert!(counts(&rest) && rest.is_surveyed);
    // Opened again, all cases are gone through from the first one on.
    write(&state, |over| close(over, FRONT_NAME, Timestamp::from_millis(5)).unwrap());
    write(&state, |over| open(over, FRONT_NAME).unwrap());
    let on = page(Some(id(6)), 3);
    assert!(on.is_surveyed && !counts(&on) && !counts(&second) && counts(&page(None, 3)));
    // What is due is looked at anyway: a case that came while the last page was on its way.
    let all = page(None, 100);
    write(&state, |over| cases.put(over.batch, &id(8), &()));
    assert!(all.is_surveyed && !counts(&all));
    touched(&state, id(8));
    assert!(counts(&all));
}

/// What is written in the log and the state keeps its numbers.
#[test]
fn numbers_of_what_is_kept_stay() {
    let report = CaseReport {
        sent: Some(("b".to_owned(), Timestamp::from_millis(1))),
        rows: Vec::new(),
        looked: vec![Looked { case: id(7), mark: Some(2), done: true }],
        surveyed: Some(id(8)),
        is_surveyed: true,
    };
    let mut expected = minicbor::Encoder::new(Vec::new());
    expected.map(5).unwrap().u8(0).unwrap().encode(&report.sent).unwrap().u8(1).unwrap().encode(&report.rows).unwrap();
    expected.u8(2).unwrap().array(1).unwrap().map(3).unwrap();
    expected.u8(0).unwrap().encode(id(7)).unwrap().u8(1).unwrap().u8(2).unwrap().u8(2).unwrap().bool(true).unwrap();
    expected.u8(3).unwrap().encode(report.surveyed).unwrap().u8(4).unwrap().bool(true).unwrap();
    assert_eq!(tongban_codes::cbor::to_vec(&report), *expected.writer());
    assert_eq!(minicbor::decode::<CaseReport>(expected.writer()).unwrap(), report);
    // Rows of before say nothing of closing.
    let before: FrontRow = minicbor::decode(&[0xa1, 0, 0x61, b'b']).unwrap();
    assert_eq!(before, FrontRow { batch: Some("b".to_owned()), ..FrontRow::default() });
    let closed = FrontRow { closed: Some(Timestamp::from_millis(1)), cases: Some(CaseFront::default()), ..before };
    let mut expected = minicbor::Encoder::new(Vec::new());
    expected.map(3).unwrap().u8(0).unwrap().str("b").unwrap().u8(3).unwrap().encode(closed.closed).unwrap();
    expected.u8(4).unwrap().encode(&closed.cases).unwrap();
    assert_eq!(tongban_codes::cbor::to_vec(&closed), *expected.writer());
    let keys = [
        CASE_FRONT.key(&()),
        CASE_ROW.key(&("n".to_owned(), "g".to_owned())),
        CASE_SENT.key(&("n".to_owned(), UNTAKEN, id(1), String::new())),
    ];
    assert_eq!(keys.map(|key| key[0]), [0x5d, 0x5e, 0x5f]);
    assert_eq!((DUE, SENT, UNTAKEN), (0, 1, 2));
}
