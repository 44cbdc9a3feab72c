//! Looks that are due are found once each, however many were taken before them, and what is put behind the search is found as well.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use tongban_codes::ids::{CaseId, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::supervision::Watched;
use tongban_storage::keyspace::supervision::{LookCursor, WATCH};
use tongban_storage::{Backend as _, MemoryBackend, WriteBatch};

const DUE: Timestamp = Timestamp::from_millis(1_789_400_000_000);

fn case(number: u8) -> CaseId {
    CaseId::draw(&NodeId::from_bytes([1; 16]), [number; 10])
}

fn put(store: &MemoryBackend, numbers: impl Iterator<Item = u8>) {
    let mut batch = WriteBatch::new();
    numbers.for_each(|number| WATCH.put(&mut batch, &(DUE, 0, case(number)), &()));
    store.write(batch).unwrap();
}

#[test]
fn all_that_is_due_is_found_and_what_waits_is_found_again() {
    let (store, cursor) = (MemoryBackend::default(), LookCursor::default());
    put(&store, 0..100);
    let mut taken: BTreeMap<CaseId, usize> = BTreeMap::new();
    let mut searches = 0;
    loop {
        let found = cursor.due(&store, DUE, 10).unwrap();
        if found.is_empty() {
            break;
        }
        searches += 1;
        let mut batch = WriteBatch::new();
        for (at, of) in found {
            let Watched::Case(id) = of else { panic!("{of:?}") };
            let times = taken.entry(id).or_default();
            *times += 1;
            // One waits for the next tick, behind where the search goes on.
            if id == case(3) && *times == 1 {
                continue;
            }
            WATCH.delete(&mut batch, &(at, 0, id));
        }
        store.write(batch).unwrap();
    }
    assert_eq!(taken.len(), 100);
    assert!(taken.iter().all(|(id, times)| *times == if *id == case(3) { 2 } else { 1 }), "{taken:?}");
    assert!(searches <= 12, "each search brings as many as it may: {searches}");
    // What is put behind it later is found after some searches.
    put(&store, 7..8);
    let found = (0..100).map(|_| cursor.due(&store, DUE, 10).unwrap()).find(|found| !found.is_empty());
    assert_eq!(found, Some(vec![(DUE, Watched::Case(case(7)))]));
}
