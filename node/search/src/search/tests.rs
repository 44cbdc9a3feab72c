#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::atomic::{AtomicUsize, Ordering};

use tongban_storage::{MemoryBackend, Visit};

use super::*;
use crate::{Entry, Writer};

/// A store that counts how often a card is looked at.
struct Counted {
    store: MemoryBackend,
    cards: AtomicUsize,
}

impl Counted {
    fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let store = MemoryBackend::new();
        let mut writer = Writer::open(&store).unwrap();
        for entry in entries {
            writer.add(&entry).unwrap();
        }
        writer.commit(1).unwrap();
        Self { store, cards: AtomicUsize::new(0) }
    }

    fn cards(&self) -> usize {
        self.cards.swap(0, Ordering::Relaxed)
    }
}

impl Read for Counted {
    fn load(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        let is_card = family == Family::Rows && key.first() == layout::card(0).first();
        self.cards.fetch_add(usize::from(is_card), Ordering::Relaxed);
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
        self.store.scan(family, from, to, reverse, visit)
    }
}

fn here() -> DivisionCode {
    "511602".parse().unwrap()
}

fn entry(code: &str, name: &str, department: &str) -> Entry {
    Entry {
        kind: Kind::Item,
        code: code.to_owned(),
        short_code: code.to_owned(),
        base_code: None,
        division: here(),
        name: name.to_owned(),
        main_item: String::new(),
        item_type: "01".to_owned(),
        department: department.to_owned(),
        keywords: Vec::new(),
        core: Digest::of(name.as_bytes()),
        origin: NodeId::from_bytes([7; 16]),
        as_of: None,
    }
}

fn codes(read: &dyn Read, query: &Query<'_>) -> Vec<String> {
    search(read, query).unwrap().into_iter().map(|hit| hit.code).collect()
}

#[test]
fn a_whole_code_comes_before_what_it_is_the_base_of() {
    let base = "510116013001";
    let items = (0..12).map(|number| {
        let item = entry(&format!("511A{number:04}"), &format!("公共场所卫生许可{number}"), "区卫健局");
        Entry { base_code: Some(base.to_owned()), ..item }
    });
    let own = Entry { kind: Kind::Base, ..entry(base, "公共场所卫生许可（目录）", "区卫健局") };
    let store = Counted::of(items.chain([own]));
    for limit in [1, 5, 50] {
        let hits = search(&store, &Query { limit, ..Query::new(base, here()) }).unwrap();
        assert_eq!((hits[0].code.as_str(), hits[0].kind, hits.len()), (base, Kind::Base, limit.min(13)));
        assert!(hits.is_sorted_by(|left, right| left.score >= right.score), "{hits:?}");
    }
}

#[test]
fn a_card_that_is_left_out_is_looked_at_once_for_all_its_places() {
    let places = (0..500).map(|number| entry(&format!("A7000-{number:04}"), "养蜂证核发", "区残联"));
    let store = Counted::of(places.map(|place| Entry { short_code: "A".to_owned(), ..place }));
    let query = Query { department: Some("农业农村局"), ..Query::new("A7000", here()) };
    assert!(codes(&store, &query).is_empty());
    let looked_at = store.cards();
    assert!(looked_at < 10, "{looked_at}");
}

#[test]
fn an_item_without_a_department_is_of_none() {
    let store = Counted::of([entry("A1", "养蜂证核发", ""), entry("A2", "养蜂证核发变更", "区残联")]);
    let ask = Query { department: Some("广安区残联"), ..Query::new("养蜂证核发", here()) };
    assert_eq!(codes(&store, &ask), ["A2"]);
    assert!(codes(&store, &Query { department: Some("农业农村局"), ..ask }).is_empty());
}

#[test]
fn a_question_about_a_department_has_an_end() {
    let store = Counted::of([]);
    let query = Query { department: Some("残联"), ..Query::new("养蜂证", here()) };
    let question = Question::read(query.text);
    let search = Search {
        read: &store,
        query: &query,
        question: &question,
        department: query.department.map(str::to_owned),
        hits: Vec::new(),
    };
    let rough = (0..100_000).map(|number| (1.0, number)).collect();
    search.scored(rough, &Scale::of(&question, &[1.0])).unwrap();
    assert_eq!(store.cards(), CARDS_LOOKED_AT);
}
