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
        topics: Vec::new(),
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

fn bundle(score: f32, items: &[&str]) -> Bundle {
    Bundle { score, items: items.iter().map(|code| (*code).to_owned()).collect(), topics: Vec::new() }
}

/// What is the same elsewhere, or twice at home, isn't what a bundle names.
#[test]
fn a_whole_code_in_a_bundle_is_that_item_and_no_other() {
    let of_one_card = |code| entry(code, "迁移审批", "区公安局");
    let neighbour = Entry { division: "511603".parse().unwrap(), ..of_one_card("B1") };
    let store = Counted::of([of_one_card("A1"), of_one_card("A2"), of_one_card("A3"), neighbour]);
    let bundles = [bundle(1.0, &["A3", "A1"])];
    let query = Query { bundles: &bundles, ..Query::new("养蜂", here()) };
    assert_eq!(codes(&store, &query), ["A3", "A1"]);
    let within = |code: &str| Query { within: Some(code.parse().unwrap()), ..query.clone() };
    assert_eq!(codes(&store, &within("511602")), ["A3", "A1"]);
    assert!(codes(&store, &within("511603")).is_empty());
    assert!(codes(&store, &Query { kind: Some(Kind::Base), ..query.clone() }).is_empty());
    assert!(codes(&store, &Query { item_type: Some("07"), ..query.clone() }).is_empty());
    // A short code stands for the card, wherever that is nearest.
    let there = ["A1-1", "B1-1"].map(|code| Entry { short_code: code[..2].to_owned(), ..of_one_card(code) });
    let [home, neighbour] = there;
    let neighbour = Entry { division: "511603".parse().unwrap(), short_code: "A1".to_owned(), ..neighbour };
    let store = Counted::of([home, neighbour]);
    let bundles = [bundle(1.0, &["A1"])];
    let query = Query { bundles: &bundles, ..Query::new("养蜂", here()) };
    assert_eq!(codes(&store, &query), ["A1-1"]);
    assert_eq!(codes(&store, &Query { within: Some("511603".parse().unwrap()), ..query }), ["B1-1"]);
}

#[test]
fn a_bundle_of_many_items_leaves_room_for_what_answers_by_itself() {
    let of_it: Vec<String> = (0..60).map(|number| format!("T{number:02}")).collect();
    let of_it: Vec<&str> = of_it.iter().map(String::as_str).collect();
    let named = of_it.iter().enumerate().map(|(at, code)| entry(code, &format!("迁移审批{at}"), "区公安局"));
    let others = ["残疾人证换领", "残疾人证新办", "残疾人证注销", "残疾人证补办", "残疾人证迁移"];
    let others = others.iter().enumerate().map(|(at, name)| entry(&format!("C{at}"), name, "区残联"));
    let coded = entry("511A0015500013", "养蜂证核发", "区农业农村局");
    let store = Counted::of(named.chain(others).chain([coded]));
    let (whole, some) = (bundle(1.2, &of_it), bundle(1.1, &["T07", "C4", "C3"]));
    let bundles = [whole, some];
    let query = Query { bundles: &bundles, ..Query::new("残疾人证换领", here()) };
    for (limit, others) in [(2, 1), (4, 2), (8, 4), (10, 5), (20, 5), (100, 5)] {
        let plain = codes(&store, &Query { bundles: &[], limit, ..query.clone() });
        let found = answer(&store, &Query { limit, ..query.clone() }).unwrap();
        let codes: Vec<&str> = found.hits.iter().map(|hit| hit.code.as_str()).collect();
        assert_eq!(codes.len(), limit.min(65), "{codes:?}");
        assert!(plain[..others].iter().all(|code| codes.contains(&code.as_str())), "{limit}: {plain:?} {codes:?}");
        let shown = codes.iter().filter(|code| code.starts_with('T')).count();
        assert_eq!(
            (found.shares[0], shown <= limit.div_ceil(2).max(limit.saturating_sub(5))),
            (Share { items: 60, shown }, true)
        );
        assert!(found.hits.is_sorted_by(|left, right| left.score >= right.score), "{:?}", found.hits);
    }
    // An item of two bundles is named by the first; what answers by itself is named, too.
    let found = answer(&store, &Query { limit: 100, ..query }).unwrap();
    let of = |code: &str| found.hits.iter().find(|hit| hit.code == code).and_then(|hit| hit.bundle);
    assert_eq!(["T07", "C4", "C3", "C0"].map(of), [Some(0), Some(1), Some(1), None]);
    assert_eq!(found.shares[1], Share { items: 3, shown: 3 });
    assert_eq!(
        answer(&store, &Query { bundles: &bundles, ..Query::new("511A0015500013", here()) }).unwrap().shares,
        [Share::default(); 2]
    );
}

#[test]
fn what_is_under_a_topic_is_found_as_it_is_indexed_now() {
    let of = |code: &str, topics: &[&str]| Entry {
        topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        ..entry(code, &format!("迁移审批{code}"), "区公安局")
    };
    let base = Some("510116013001".to_owned());
    let many = (0..150).map(|number| of(&format!("A{number:04}"), &["T1"]));
    let more = (0..1_100).map(|number| of(&format!("M{number:04}"), &["T3"]));
    let neighbour = Entry { division: "511603".parse().unwrap(), ..of("N1", &["T2"]) };
    let often = Entry { base_code: base.clone(), ..of("Z1", &["T1", "T2"]) };
    let store = Counted::of(many.chain(more).chain([often.clone(), neighbour, of("Z2", &["T10"])]));
    let mut writer = Writer::open(&store.store).unwrap();
    writer.set_uses(1, base.map(|base| (here(), base, 5))).unwrap();
    writer.commit(1).unwrap();
    let ask = |topics: &[&str], within: Option<&str>, limit: usize| {
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        let bundles = [Bundle { score: 1.0, items: Vec::new(), topics }];
        let within = within.map(|code| code.parse().unwrap());
        let found = answer(&store, &Query { bundles: &bundles, within, limit, ..Query::new("养蜂", here()) }).unwrap();
        let codes: Vec<String> = found.hits.into_iter().map(|hit| hit.code).collect();
        (codes, found.shares[0])
    };
    // What is used most comes first, then by code; what is left out is said.
    let (codes, share) = ask(&["T1"], None, 3);
    assert_eq!((codes, share), (["Z1", "A0000", "A0001"].map(str::to_owned).to_vec(), Share { items: 151, shown: 3 }));
    assert_eq!(ask(&["T1"], None, 100).1, Share { items: 151, shown: 100 });
    assert_eq!(ask(&["T3", "T1"], None, 5).1, Share { items: 1_000, shown: 5 });
    assert_eq!(ask(&["T1", "T2"], None, 5).1, Share { items: 152, shown: 5 });
    assert_eq!(ask(&["T2"], None, 5).0, ["Z1", "N1"]);
    assert_eq!(ask(&["T2"], Some("511603"), 5).0, ["N1"]);
    assert_eq!(ask(&["T2"], Some("511602"), 5).0, ["Z1"]);
    // Another guide, another name, and gone.
    let mut writer = Writer::open(&store.store).unwrap();
    writer.add(&Entry { topics: vec!["T4".to_owned()], ..often.clone() }).unwrap();
    writer.commit(2).unwrap();
    assert_eq!((ask(&["T2"], None, 5).0, ask(&["T4"], None, 5).0), (vec!["N1".to_owned()], vec!["Z1".to_owned()]));
    let mut writer = Writer::open(&store.store).unwrap();
    let renamed =
        Entry { name: "落户审批".to_owned(), core: Digest::of(b"renamed"), topics: vec!["T4".to_owned()], ..often };
    writer.add(&renamed).unwrap();
    writer.commit(3).unwrap();
    let bundles = [Bundle { score: 1.0, items: Vec::new(), topics: vec!["T4".to_owned()] }];
    let hits = search(&store, &Query { bundles: &bundles, ..Query::new("无关", here()) }).unwrap();
    assert_eq!(hits.iter().map(|hit| hit.name.as_str()).collect::<Vec<_>>(), ["落户审批"]);
    let mut writer = Writer::open(&store.store).unwrap();
    writer.remove(Kind::Item, "Z1", here()).unwrap();
    writer.commit(4).unwrap();
    assert_eq!(ask(&["T4"], None, 5), (Vec::new(), Share::default()));
    assert_eq!(store.store.load(Family::Index, &layout::by_topic("T4", here(), Kind::Item, "Z1")).unwrap(), None);
}
