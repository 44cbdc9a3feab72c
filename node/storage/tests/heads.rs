//! Searches for what is due begin at the head of their queue, however much was taken from it before, and overlook nothing.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Mutex;

use proptest::prelude::*;
use tongban_codes::ids::{CaseId, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::supervision::Watched;
use tongban_domain::{Due, DueKind};
use tongban_storage::keyspace::case::DUE;
use tongban_storage::keyspace::head::Heads;
use tongban_storage::keyspace::item;
use tongban_storage::keyspace::supervision::WATCH;
use tongban_storage::{Backend as _, Family, MemoryBackend, Read, StorageError, Visit, WriteBatch};

const BEGINS: i64 = 1_789_400_000_000;

fn at(millis: u8) -> Timestamp {
    Timestamp::from_millis(BEGINS + i64::from(millis))
}

fn case(number: u8) -> CaseId {
    CaseId::draw(&NodeId::from_bytes([1; 16]), [number; 10])
}

/// A store that remembers where scans began.
#[derive(Default)]
struct Watching {
    store: MemoryBackend,
    began: Mutex<Vec<Vec<u8>>>,
}

impl Watching {
    fn write(&self, heads: &mut Heads, batch: WriteBatch) {
        heads.learn(&batch);
        self.store.write(batch).unwrap();
    }

    fn began(&self) -> Vec<u8> {
        self.began.lock().unwrap().last().unwrap().clone()
    }
}

impl Read for Watching {
    fn load(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.store.load(family, key)
    }

    fn scan(
        &self,
        family: Family,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), StorageError> {
        let (Bound::Included(low) | Bound::Excluded(low)) = from else { panic!("a scan of everything") };
        self.began.lock().unwrap().push(low.to_vec());
        self.store.scan(family, from, to, reverse, visit)
    }
}

/// The key of a version of an item that begins at a moment.
fn begins(when: u8, number: u8) -> (Timestamp, u8, String, u32) {
    (at(when), 0, format!("item-{number:03}"), 1)
}

fn batch(put: impl IntoIterator<Item = (u8, u8)>, deleted: impl IntoIterator<Item = (u8, u8)>) -> WriteBatch {
    let mut batch = WriteBatch::new();
    for (when, number) in deleted {
        let key = (at(when), 0, case(number));
        WATCH.delete(&mut batch, &key);
        DUE.delete(&mut batch, &key);
        item::DUE.delete(&mut batch, &begins(when, number));
    }
    for (when, number) in put {
        let key = (at(when), 0, case(number));
        WATCH.put(&mut batch, &key, &());
        DUE.put(&mut batch, &key, &());
        item::DUE.put(&mut batch, &begins(when, number), &());
    }
    batch
}

#[test]
fn a_search_steps_over_nothing_that_was_taken() {
    let (store, mut heads) = (Watching::default(), Heads::default());
    store.write(&mut heads, batch((0..100).map(|number| (0, number)), []));
    let mut taken: BTreeMap<CaseId, usize> = BTreeMap::new();
    loop {
        let found = heads.looks(&store, at(0), 10).unwrap();
        let Some((first, Watched::Case(id))) = found.first().copied() else { break };
        let mut done = WriteBatch::new();
        for (when, of) in found {
            let Watched::Case(id) = of else { panic!("{of:?}") };
            *taken.entry(id).or_default() += 1;
            // One waits for the next tick: it stays, and is found again.
            if id != case(3) || taken[&id] == 2 {
                WATCH.delete(&mut done, &(when, 0, id));
            }
        }
        store.write(&mut heads, done);
        heads.looks(&store, at(0), 10).unwrap();
        assert_eq!(store.began(), WATCH.key(&(first, 0, id)), "it begins where the last one found something");
    }
    assert_eq!(taken.len(), 100);

    // Nothing is left: a search begins behind all keys, until something is put.
    heads.looks(&store, at(0), 10).unwrap();
    assert!(store.began() > WATCH.key(&(at(u8::MAX), u8::MAX, case(u8::MAX))));
    store.write(&mut heads, batch([(9, 1), (5, 2), (7, 3)], [(1, 1)]));
    heads.looks(&store, at(0), 10).unwrap();
    assert_eq!(store.began(), WATCH.key(&(at(5), 0, case(2))));
    assert_eq!(heads.looks(&store, at(5), 10).unwrap(), [(at(5), Watched::Case(case(2)))]);
}

#[test]
fn a_search_for_what_is_due_of_items_begins_where_the_queue_does() {
    let (store, mut heads) = (Watching::default(), Heads::default());
    store.write(&mut heads, batch([(0, 1), (0, 2), (4, 3)], []));
    assert_eq!(heads.items_due(&store, at(0), 10).unwrap().len(), 2);
    store.write(&mut heads, batch([], [(0, 1), (0, 2)]));
    heads.items_due(&store, at(0), 10).unwrap();
    assert_eq!(store.began(), item::DUE.key(&begins(0, 1)), "what was the first is looked for once more");
    heads.items_due(&store, at(0), 10).unwrap();
    assert_eq!(store.began(), item::DUE.key(&begins(4, 3)), "and nothing that was taken is stepped over after that");
    // A last day is brought forward.
    store.write(&mut heads, batch([(2, 3)], [(4, 3)]));
    heads.items_due(&store, at(0), 10).unwrap();
    assert_eq!(store.began(), item::DUE.key(&begins(2, 3)));
}

#[test]
fn what_was_found_and_not_written_is_found_again() {
    let (store, mut heads) = (Watching::default(), Heads::default());
    store.write(&mut heads, batch([(1, 1), (2, 2)], []));
    // Found beneath what was decided and then given up.
    heads.learn(&batch([], [(1, 1)]));
    let given_up = MemoryBackend::default();
    given_up.write(batch([(2, 2)], [])).unwrap();
    assert_eq!(heads.looks(&given_up, at(9), 10).unwrap().len(), 1);
    heads.forget();
    assert_eq!(heads.looks(&store, at(9), 10).unwrap().len(), 2);
}

/// What happens to the queues in one step.
#[derive(Clone, Debug)]
struct Step {
    put: Vec<(u8, u8)>,
    until: u8,
    limit: usize,
    /// Whether what was found is taken, and whether that is written.
    takes: Option<bool>,
}

fn step() -> impl Strategy<Value = Step> {
    let put = prop::collection::vec((0_u8..40, 0_u8..3), 0..6);
    (put, 0_u8..45, 1_usize..5, prop::option::of(prop::bool::weighted(0.7)))
        .prop_map(|(put, until, limit, takes)| Step { put, until, limit, takes })
}

proptest! {
    /// The queues against a set that is searched whole; what is decided and then given up is found again.
    #[test]
    fn nothing_is_overlooked(steps in prop::collection::vec(step(), 1..40)) {
        let (store, mut heads) = (Watching::default(), Heads::default());
        let mut model = BTreeSet::new();
        for Step { put, until, limit, takes } in steps {
            model.extend(put.iter().copied());
            store.write(&mut heads, batch(put, []));
            let expected: Vec<(u8, u8)> = model.iter().copied().filter(|(when, _)| *when <= until).take(limit).collect();
            let named: Vec<_> = expected.iter().map(|(when, number)| (at(*when), case(*number))).collect();
            let looks = heads.looks(&store, at(until), limit).unwrap();
            prop_assert_eq!(looks, named.iter().map(|(at, id)| (*at, Watched::Case(*id))).collect::<Vec<_>>());
            let due = heads.due(&store, at(until), limit).unwrap();
            prop_assert_eq!(due, named.iter().map(|(at, id)| Due { at: *at, kind: DueKind::DeemedAcceptance(*id) }).collect::<Vec<_>>());
            let items = heads.items_due(&store, at(until), limit).unwrap();
            let begin = |&(when, number): &(u8, u8)| {
                let (at, _, code, version) = begins(when, number);
                Due { at, kind: DueKind::ItemBegins(code, version) }
            };
            prop_assert_eq!(items, expected.iter().map(begin).collect::<Vec<_>>());
            let taken = batch([], expected.iter().copied());
            match takes {
                Some(true) => {
                    model.retain(|key| !expected.contains(key));
                    store.write(&mut heads, taken);
                }
                // A writer searches beneath what it has decided, and lets go of that.
                Some(false) => {
                    heads.learn(&taken);
                    let beneath = MemoryBackend::default();
                    beneath.write(batch(model.iter().copied().filter(|key| !expected.contains(key)), [])).unwrap();
                    heads.looks(&beneath, at(until), limit).unwrap();
                    heads.due(&beneath, at(until), limit).unwrap();
                    heads.items_due(&beneath, at(until), limit).unwrap();
                    heads.forget();
                }
                None => {}
            }
        }
    }
}
