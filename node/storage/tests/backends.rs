//! Both backends against a model: random batches, scans, snapshots, flushes, reopening and crashes.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::BTreeMap,
    fs,
    ops::{Bound, ControlFlow},
    path::Path,
};

use proptest::prelude::*;
use tongban_storage::{
    Backend, Family, MemoryBackend, Read, RocksBackend, RocksOptions, SharedValues, Snapshot, WriteBatch,
};

type Model = BTreeMap<(Family, Vec<u8>), Vec<u8>>;
type Rows = Vec<(Vec<u8>, Vec<u8>)>;
type Changes = Vec<(Family, Vec<u8>, Option<Vec<u8>>)>;

#[derive(Clone, Debug)]
enum Operation {
    Write(Changes),
    Scan(Family, Bound<Vec<u8>>, Bound<Vec<u8>>, bool, usize),
    /// Writes between taking a snapshot and reading it.
    Snapshot(Changes),
    Flush,
    Reopen,
    /// How much of what is unflushed the crash leaves, in percent; RocksDB decides by itself.
    Crash(usize),
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(0xFF)], 0..4)
}

fn family() -> impl Strategy<Value = Family> {
    prop::sample::select(Family::ALL.to_vec())
}

fn changes() -> impl Strategy<Value = Changes> {
    let value = prop::option::weighted(0.7, prop::collection::vec(any::<u8>(), 0..6));
    prop::collection::vec((family(), key(), value), 0..8)
}

fn bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![Just(Bound::Unbounded), key().prop_map(Bound::Included), key().prop_map(Bound::Excluded),]
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        8 => changes().prop_map(Operation::Write),
        8 => (family(), bound(), bound(), any::<bool>(), 0usize..40)
            .prop_map(|(f, from, to, reverse, most)| Operation::Scan(f, from, to, reverse, most)),
        2 => changes().prop_map(Operation::Snapshot),
        1 => Just(Operation::Flush),
        1 => Just(Operation::Reopen),
        1 => (0usize..=100).prop_map(Operation::Crash),
    ]
}

fn batch(changes: &Changes) -> WriteBatch {
    let mut batch = WriteBatch::new();
    for (family, key, value) in changes {
        match value {
            Some(value) => batch.put(*family, key.as_slice(), value.as_slice()),
            None => batch.delete(*family, key.as_slice()),
        }
    }
    batch
}

fn apply(model: &mut Model, changes: &Changes) {
    for (family, key, value) in changes {
        match value {
            Some(value) => model.insert((*family, key.clone()), value.clone()),
            None => model.remove(&(*family, key.clone())),
        };
    }
}

fn scan<R: Read + ?Sized>(
    reader: &R,
    family: Family,
    from: &Bound<Vec<u8>>,
    to: &Bound<Vec<u8>>,
    reverse: bool,
    most: usize,
) -> Rows {
    let mut rows = Vec::new();
    let (from, to) = (from.as_ref().map(Vec::as_slice), to.as_ref().map(Vec::as_slice));
    reader
        .scan(family, from, to, reverse, &mut |key, value| {
            if rows.len() == most {
                return ControlFlow::Break(());
            }
            rows.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        })
        .unwrap();
    rows
}

fn scan_model(
    model: &Model,
    wanted: Family,
    from: &Bound<Vec<u8>>,
    to: &Bound<Vec<u8>>,
    reverse: bool,
    most: usize,
) -> Rows {
    let after = |key: &Vec<u8>| match from {
        Bound::Unbounded => true,
        Bound::Included(from) => key >= from,
        Bound::Excluded(from) => key > from,
    };
    let before = |key: &Vec<u8>| match to {
        Bound::Unbounded => true,
        Bound::Included(to) => key <= to,
        Bound::Excluded(to) => key < to,
    };
    let mut rows: Rows = model
        .iter()
        .filter(|((family, key), _)| *family == wanted && after(key) && before(key))
        .map(|((_, key), value)| (key.clone(), value.clone()))
        .collect();
    if reverse {
        rows.reverse();
    }
    rows.truncate(most);
    rows
}

fn everything<R: Read + ?Sized>(reader: &R) -> Model {
    Family::ALL
        .into_iter()
        .flat_map(|family| {
            scan(reader, family, &Bound::Unbounded, &Bound::Unbounded, false, usize::MAX)
                .into_iter()
                .map(move |(key, value)| ((family, key), value))
        })
        .collect()
}

/// How a backend comes back.
trait Store: Sized {
    type Backend: Backend;
    fn new() -> Self;
    fn backend(&self) -> &Self::Backend;
    fn reopen(self) -> Self;
    /// Stops without notice; `keep` batches of those since the last flush survive, if the store can be told so.
    fn crash(self, keep: usize) -> Self;
}

struct Memory(MemoryBackend);

impl Store for Memory {
    type Backend = MemoryBackend;
    fn new() -> Self {
        Self(MemoryBackend::new())
    }
    fn backend(&self) -> &MemoryBackend {
        &self.0
    }
    fn reopen(self) -> Self {
        self.0.flush().unwrap();
        self
    }
    fn crash(self, keep: usize) -> Self {
        self.0.crash(keep);
        self
    }
}

struct Rocks {
    backend: Option<RocksBackend>,
    dir: tempfile::TempDir,
}

const ROCKS: RocksOptions =
    RocksOptions { write_buffer_bytes: 1 << 20, block_cache_bytes: 1 << 20, open_files: 64, background_jobs: 1 };

impl Rocks {
    fn open(dir: tempfile::TempDir) -> Self {
        let backend = Some(RocksBackend::open(dir.path(), ROCKS).unwrap());
        Self { backend, dir }
    }
}

impl Store for Rocks {
    type Backend = RocksBackend;
    fn new() -> Self {
        Self::open(tempfile::tempdir().unwrap())
    }
    fn backend(&self) -> &RocksBackend {
        self.backend.as_ref().unwrap()
    }
    fn reopen(mut self) -> Self {
        self.backend = None;
        Self::open(self.dir)
    }
    fn crash(self, _keep: usize) -> Self {
        let copy = tempfile::tempdir().unwrap();
        copy_live(self.dir.path(), copy.path());
        Self::open(copy)
    }
}

/// Copies the files of a running store as they are at one moment: again, until none came, went or grew meanwhile.
fn copy_live(from: &Path, to: &Path) {
    let listing = || -> BTreeMap<_, _> {
        fs::read_dir(from)
            .unwrap()
            .filter_map(|file| {
                let file = file.unwrap();
                let about = file.metadata().ok()?;
                about.is_file().then(|| (file.file_name(), about.len()))
            })
            .collect()
    };
    loop {
        let before = listing();
        let copied =
            before.keys().filter(|name| *name != "LOCK").all(|name| fs::copy(from.join(name), to.join(name)).is_ok());
        if copied && listing() == before {
            return;
        }
        for file in fs::read_dir(to).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
    }
}

fn check<S: Store>(operations: &[Operation]) {
    let mut store = S::new();
    // The state after each batch since the last flush; the first is the flushed one.
    let mut states = vec![Model::new()];
    for operation in operations {
        let mut model = states.last().unwrap().clone();
        match operation {
            Operation::Write(changes) => {
                store.backend().write(batch(changes)).unwrap();
                apply(&mut model, changes);
                states.push(model);
            }
            Operation::Scan(family, from, to, reverse, most) => {
                assert_eq!(
                    scan(store.backend(), *family, from, to, *reverse, *most),
                    scan_model(&model, *family, from, to, *reverse, *most)
                );
            }
            Operation::Snapshot(changes) => {
                let backend = store.backend();
                let snapshot: Box<dyn Snapshot + '_> = backend.snapshot().unwrap();
                backend.write(batch(changes)).unwrap();
                backend.flush().unwrap();
                assert_eq!(everything(snapshot.as_ref()), model);
                for (family, key, _) in changes {
                    assert_eq!(snapshot.load(*family, key).unwrap().as_ref(), model.get(&(*family, key.clone())));
                }
                apply(&mut model, changes);
                for (family, key, _) in changes {
                    assert_eq!(backend.load(*family, key).unwrap().as_ref(), model.get(&(*family, key.clone())));
                }
                states = vec![model];
            }
            Operation::Flush => {
                store.backend().flush().unwrap();
                states = vec![model];
            }
            Operation::Reopen => {
                store = store.reopen();
                assert_eq!(everything(store.backend()), model);
                states = vec![model];
            }
            Operation::Crash(percent) => {
                let keep = (states.len() - 1) * percent / 100;
                store = store.crash(keep);
                let found = everything(store.backend());
                // Everything flushed is there, and behind it whole batches without a gap.
                assert!(states.contains(&found), "a state that never was: {found:?}");
                states = vec![found];
            }
        }
    }
    assert_eq!(&everything(store.backend()), states.last().unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn memory_agrees_with_the_model(operations in prop::collection::vec(operation(), 1..60)) {
        check::<Memory>(&operations);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn rocks_agrees_with_the_model(operations in prop::collection::vec(operation(), 1..60)) {
        check::<Rocks>(&operations);
    }

    #[test]
    fn a_batch_says_the_last_word(first in changes(), second in changes()) {
        let (mut merged, mut model) = (batch(&first), BTreeMap::new());
        merged.merge_from(batch(&second));
        for (family, key, value) in first.iter().chain(&second) {
            model.insert((*family, key.clone()), value.clone());
        }
        let said: Vec<_> = merged.iter().map(|(f, k, v)| ((f, k.to_vec()), v.map(<[u8]>::to_vec))).collect();
        prop_assert_eq!(said, model.clone().into_iter().collect::<Vec<_>>());
        prop_assert_eq!(merged.len(), model.len());
        for ((family, key), value) in &model {
            prop_assert_eq!(merged.find(*family, key), Some(value.as_deref()));
        }
        for family in Family::ALL {
            let ranged: Vec<_> = merged
                .range(family, Bound::Unbounded, Bound::Unbounded)
                .map(|(key, _)| key.to_vec())
                .collect();
            let expected: Vec<_> = model.keys().filter(|(f, _)| *f == family).map(|(_, k)| k.clone()).collect();
            prop_assert_eq!(ranged, expected);
        }
    }
}

#[test]
fn memory_keeps_as_many_batches_as_it_is_told() {
    let store = MemoryBackend::new();
    for value in 0..5u8 {
        let mut batch = WriteBatch::new();
        batch.put(Family::Meta, *b"k", [value]);
        store.write(batch).unwrap();
        if value == 1 {
            store.flush().unwrap();
        }
    }
    assert_eq!(store.unflushed(), 3);
    store.crash(2);
    assert_eq!(store.load(Family::Meta, b"k").unwrap(), Some(vec![3]));
    store.crash(0);
    assert_eq!(store.load(Family::Meta, b"k").unwrap(), Some(vec![3]));
}

#[test]
fn stores_that_share_their_values_stay_two() {
    let shared = std::sync::Arc::new(SharedValues::default());
    let stores = [(); 2].map(|()| MemoryBackend::sharing(std::sync::Arc::clone(&shared)));
    let put = |value: u8| {
        let mut batch = WriteBatch::new();
        batch.put(Family::Rows, *b"k", [value; 1000]);
        batch
    };
    let value = |store: &MemoryBackend| store.load(Family::Rows, b"k").unwrap().map(|value| value[0]);
    for store in &stores {
        store.write(put(1)).unwrap();
        store.flush().unwrap();
    }
    // Two batches that name a key are one write: what undoes it goes back before both.
    stores[0].write_all(&[&put(2), &put(3)]).unwrap();
    assert_eq!(stores.each_ref().map(value), [Some(3), Some(1)]);
    stores[0].crash(0);
    assert_eq!(stores.each_ref().map(value), [Some(1), Some(1)]);
    assert!(std::ptr::eq(&*shared.keep(&[1; 1000]), &*shared.keep(&[1; 1000])), "in memory once");
}
