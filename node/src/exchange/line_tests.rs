//! The line before a limit of number, the numbers that are taken and the queue of pledges are what the case rows say, whatever came before.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tongban_codes::ids::{CaseId, Label, NodeId, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::{Act, ActKind, Case, Custody, Status};
use tongban_domain::catalogue::StepRole;
use tongban_domain::limit::{Place, Turn, stands};
use tongban_domain::pledge::{Pledge, position};
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::{Overlay, case, limit};
use tongban_storage::{Backend as _, MemoryBackend, WriteBatch};

use super::golden_tests::{act, known};

fn turn(quota: u8, since: i64) -> Turn {
    let quota = format!("Q{quota}");
    Turn { quota, since: Timestamp::from_millis(since), serial: 1, year: None, overtaken: false, seen: None }
}

fn pledge(day: u8) -> Pledge {
    Pledge {
        items: vec!["检测报告".to_owned()],
        commitment: "0".repeat(64),
        at: Timestamp::from_millis(1),
        by: "窗口员".to_owned(),
        consequences: "撤销许可".to_owned(),
        check_days: 5,
        role: StepRole::Reviewer,
        correct_days: 5,
        check_by: Date::ymd(2026, 9, day),
        findings: Vec::new(),
    }
}

/// A case as an act leaves it.
#[derive(Clone, Debug)]
struct Step {
    case: u8,
    status: Status,
    owned: bool,
    turn: Option<(u8, i64)>,
    pledge: Option<u8>,
    /// Whether it takes or gives back a number, of a year.
    number: Option<(bool, u16)>,
}

fn step() -> impl Strategy<Value = Step> {
    let number = prop::option::of((any::<bool>(), 1u16..3));
    let turn = prop::option::weighted(0.8, (0u8..2, 1i64..4));
    let of = (1u8..6, 0..Status::ALL.len(), any::<bool>(), turn, prop::option::of(1u8..5), number);
    of.prop_map(|(case, status, owned, turn, pledge, number)| Step {
        case,
        status: Status::ALL[status],
        owned,
        turn,
        pledge,
        number,
    })
}

fn row(step: &Step) -> Case {
    let label = Label::new("511603104".parse().unwrap(), 0).unwrap();
    let known = *known();
    let elsewhere = Custody::Elsewhere { owner: known.collecting, as_of: Timestamp::from_millis(1) };
    Case {
        id: CaseId::draw(&NodeId::from_bytes([1; 16]), [step.case; 10]),
        collection_no: format!("511603104000-20260914-{:05}", step.case),
        query_code: QueryCode::draw(label, u32::from(step.case)),
        case_no: None,
        status: step.status,
        custody: if step.owned { Custody::Owner } else { elsewhere },
        turn: step.turn.map(|(quota, since)| turn(quota, since)),
        pledge: step.pledge.map(pledge),
        ..known
    }
}

proptest! {
    #[test]
    fn line_numbers_and_queue_are_what_the_rows_say(steps in prop::collection::vec(step(), 1..40)) {
        let state = MemoryBackend::new();
        let mut rows: BTreeMap<CaseId, Case> = BTreeMap::new();
        let mut held: BTreeMap<(String, Place), u16> = BTreeMap::new();
        for step in &steps {
            let row = row(step);
            let act = Act { case: row.id, ..act(ActKind::Accept, 1, row.collecting, 2, row.status) };
            let mut batch = WriteBatch::new();
            let mut over = Overlay::new(&state, &mut batch);
            case::store(&mut over, &row, &act).unwrap();
            if let (Some((taken, year)), Some(turn)) = (step.number, &row.turn) {
                // Of one place one year at a time: what is given back is what was taken.
                let key = (turn.quota.clone(), turn.place(row.id));
                let year = held.get(&key).copied().unwrap_or(year);
                let turn = Turn { year: Some(year), ..turn.clone() };
                // Told twice, it counts once.
                for _ in 0..2 {
                    limit::store_number(&mut over, row.id, &turn, taken).unwrap();
                }
                let _known = if taken { held.insert(key, year) } else { held.remove(&key) };
            }
            state.write(batch).unwrap();
            rows.insert(row.id, row);
        }
        for quota in ["Q0", "Q1"] {
            let waits = rows.values().filter(|row| stands(row.status, &row.custody));
            let places = waits.filter_map(|row| Some((row.turn.as_ref()?, row.id)));
            let mut line: Vec<Place> =
                places.filter(|(turn, _)| turn.quota == quota).map(|(turn, id)| turn.place(id)).collect();
            line.sort_unstable();
            prop_assert_eq!(limit::line(&state, quota, usize::MAX).unwrap(), line.clone());
            prop_assert_eq!(limit::line(&state, quota, 1).unwrap(), line.into_iter().take(1).collect::<Vec<_>>());
            let of_quota = || held.iter().filter(|((known, _), _)| known == quota);
            let last = of_quota().map(|((_, (since, _, _)), _)| *since).max();
            prop_assert_eq!(limit::last_numbered(&state, quota).unwrap(), last);
            for year in 0..3 {
                let count = of_quota().filter(|(_, of)| year == 0 || **of == year).count();
                let count = u32::try_from(count).unwrap();
                let taken = limit::TAKEN.load(&state, &(quota.to_owned(), year)).unwrap().unwrap_or(0);
                prop_assert_eq!(taken, count);
            }
        }
        let mut due: Vec<(Timestamp, CaseId)> =
            rows.values().filter_map(|row| Some((position(&row.custody, row.pledge.as_ref())?, row.id))).collect();
        due.sort_unstable();
        let queue = case::WAITS.list(&state, &stem(&case::PLEDGES), None, usize::MAX).unwrap();
        prop_assert_eq!(queue.into_iter().map(|((_, at, id), ())| (at, id)).collect::<Vec<_>>(), due);
    }
}
