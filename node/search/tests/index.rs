//! An index that was changed step by step answers like one that was made at once.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Digest, NodeId};
use tongban_search::{Entry, Kind, Query, Writer, each_entry, extent, places, search};
use tongban_storage::{MemoryBackend, StorageError};

const NAMES: [&str; 6] = [
    "残疾人证换领",
    "残疾人证新办",
    "公共场所卫生许可延续（县级）",
    "食品(含保健食品)经营许可核发",
    "个体工商户设立登记",
    "农药经营许可证变更",
];
const DIVISIONS: [u64; 4] = [511_602_000_000, 511_603_000_000, 511_603_104_000, 330_106_000_000];
const QUESTIONS: [&str; 7] = ["残疾证到期", "cjrz", "开饭店", "卫生许可", "A1-", "个体户", "农药经营许可政"];

fn division(at: usize) -> DivisionCode {
    DivisionCode::from_number(DIVISIONS[at]).expect("a division")
}

fn entry(code: usize, at: usize, name: usize, department: usize) -> Entry {
    Entry {
        kind: Kind::Item,
        code: format!("A{code}-{}", DIVISIONS[at]),
        short_code: format!("A{code}"),
        base_code: None,
        division: division(at),
        name: NAMES[name].to_owned(),
        main_item: String::new(),
        item_type: "01".to_owned(),
        department: ["区残联", "市市监局"][department].to_owned(),
        keywords: Vec::new(),
        topics: Vec::new(),
        core: Digest::of(NAMES[name].as_bytes()),
        origin: NodeId::from_bytes([7; 16]),
        as_of: None,
    }
}

/// Code, name with score, places and uses of a hit.
type Row = (String, String, usize, u32);

fn answers(store: &MemoryBackend) -> Result<Vec<Vec<Row>>, StorageError> {
    let mut all = Vec::new();
    for question in QUESTIONS {
        for within in [None, Some(division(1)), Some(division(2))] {
            let hits = search(store, &Query { within, limit: 50, ..Query::new(question, division(1)) })?;
            let mut rows: Vec<_> = hits
                .into_iter()
                .map(|hit| (hit.code, format!("{} {:.4}", hit.name, hit.score), hit.places, hit.uses))
                .collect();
            rows.sort();
            all.push(rows);
        }
    }
    Ok(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn step_by_step_is_at_once(
        steps in proptest::collection::vec((0usize..5, 0usize..4, proptest::option::of((0usize..6, 0usize..2)), any::<bool>()), 1..40),
    ) {
        let (store, fresh) = (MemoryBackend::new(), MemoryBackend::new());
        let mut model = BTreeMap::new();
        let mut writer = Writer::open(&store).expect("memory");
        for (mark, (code, at, put, commit)) in (0..).zip(steps) {
            match put {
                Some((name, department)) => {
                    let entry = entry(code, at, name, department);
                    let is_new = model.insert((code, at), entry.clone()) != Some(entry.clone());
                    prop_assert_eq!(writer.add(&entry).expect("memory"), is_new);
                }
                None => {
                    let gone = entry(code, at, 0, 0);
                    let was = model.remove(&(code, at)).is_some();
                    prop_assert_eq!(writer.remove(Kind::Item, &gone.code, gone.division).expect("memory"), was);
                }
            }
            if commit {
                writer.commit(mark).expect("memory");
                prop_assert_eq!(extent(&store).expect("memory").mark, Some(mark));
                writer = Writer::open(&store).expect("memory");
            }
        }
        let uses = || (0..4).map(|at| (division(at), "A1".to_owned(), 100 * u32::try_from(at).unwrap_or(0)));
        writer.set_uses(20_000, uses()).expect("memory");
        writer.commit(99).expect("memory");
        let mut at_once = Writer::open(&fresh).expect("memory");
        for entry in model.values() {
            at_once.add(entry).expect("memory");
        }
        at_once.set_uses(20_000, uses()).expect("memory");
        at_once.commit(99).expect("memory");
        let (grown, made) = (extent(&store).expect("memory"), extent(&fresh).expect("memory"));
        prop_assert_eq!((grown.entries, grown.cards), (made.entries, made.cards));
        prop_assert_eq!(grown.entries, model.len() as u64);
        let mut listed = 0;
        each_entry(&store, |_, _, _| listed += 1).expect("memory");
        prop_assert_eq!(listed, model.len());
        prop_assert_eq!(answers(&store).expect("memory"), answers(&fresh).expect("memory"));
    }
}

#[test]
fn the_nearest_place_is_shown_and_use_decides_between_equals() -> Result<(), StorageError> {
    let store = MemoryBackend::new();
    let mut writer = Writer::open(&store)?;
    for at in 0..4 {
        writer.add(&entry(1, at, 0, 0))?;
    }
    for code in [2, 3] {
        writer.add(&Entry { name: format!("养蜂证{code}号"), core: Digest::of(&[2]), ..entry(code, 1, 0, 0) })?;
    }
    writer.set_uses(20_000, [(division(1), "A3".to_owned(), 500)])?;
    writer.commit(7)?;
    let at = |here: usize| search(&store, &Query::new("残疾人证换领", division(here)));
    for here in 0..4 {
        let hits = at(here)?;
        assert_eq!((hits[0].division, hits[0].places), (division(here), 4));
    }
    let hits = search(&store, &Query::new("养蜂证", division(1)))?;
    assert_eq!(hits.iter().map(|hit| hit.uses).collect::<Vec<_>>(), [500, 0]);
    assert_eq!(places(&store, "A1-511603000000")?, [(Kind::Item, division(1))]);
    assert!(search(&store, &Query { kind: Some(Kind::Base), ..Query::new("养蜂证", division(1)) })?.is_empty());
    Ok(())
}

/// Filters narrow what is asked before anything is left out for being too much: what is asked for is found behind any number of others.
#[test]
fn what_is_asked_for_is_found_behind_many_others() -> Result<(), StorageError> {
    const MANY: usize = 450;
    let store = MemoryBackend::new();
    let mut writer = Writer::open(&store)?;
    for number in 0..MANY {
        let name = format!("养蜂证核发{number}号");
        let core = Digest::of(name.as_bytes());
        writer.add(&Entry { name, core, code: format!("A7000-{number:04}"), ..entry(7, 0, 0, 0) })?;
    }
    let rare = Entry {
        code: "A7000-9999".to_owned(),
        name: "本地区养蜂方面有关证件的办理核查".to_owned(),
        item_type: "20".to_owned(),
        department: "市农业农村局".to_owned(),
        core: Digest::of(b"rare"),
        ..entry(7, 0, 0, 0)
    };
    writer.add(&rare)?;
    let base =
        Entry { kind: Kind::Base, code: "A70009999".to_owned(), short_code: "A70009999".to_owned(), ..rare.clone() };
    writer.add(&Entry { item_type: "01".to_owned(), department: "区残联".to_owned(), ..base })?;
    writer.commit(1)?;
    for text in ["养蜂证核发", "A7000"] {
        let ask = Query { limit: 10, ..Query::new(text, division(0)) };
        let codes = |query: &Query<'_>| -> Result<Vec<String>, StorageError> {
            Ok(search(&store, query)?.into_iter().map(|hit| hit.code).collect())
        };
        assert_eq!(codes(&ask)?.len(), 10, "{text}");
        assert_eq!(codes(&Query { item_type: Some("20"), ..ask.clone() })?, ["A7000-9999"], "{text}");
        assert_eq!(codes(&Query { department: Some("农业农村局"), ..ask.clone() })?, ["A7000-9999"], "{text}");
        assert_eq!(codes(&Query { kind: Some(Kind::Base), ..ask.clone() })?, ["A70009999"], "{text}");
        assert!(codes(&Query { item_type: Some("99"), ..ask })?.is_empty(), "{text}");
    }
    // A card that is no longer in a catalogue isn't found in it.
    let mut writer = Writer::open(&store)?;
    writer.remove(Kind::Base, "A70009999", division(0))?;
    writer.commit(2)?;
    assert!(search(&store, &Query { kind: Some(Kind::Base), ..Query::new("养蜂", division(0)) })?.is_empty());
    Ok(())
}

/// Where an item is shown is sought, not chosen from all places: the same comes out, as places come and go.
#[test]
fn the_nearest_place_is_the_nearest_of_all() -> Result<(), StorageError> {
    /// Here, above from near to far, below, then by how much of the number is the same, the smaller one first.
    fn distance(here: DivisionCode, there: DivisionCode) -> (u64, u64) {
        let mut above = std::iter::successors(Some(here), |one| one.superior());
        let far = match above.position(|one| one == there) {
            Some(steps) => steps as u64,
            None if there.is_within(here) => 10,
            None => 20 + here.number().abs_diff(there.number()),
        };
        (far, there.number())
    }
    let divisions: Vec<DivisionCode> = [
        "33",
        "3301",
        "330102",
        "330106",
        "330106002",
        "330106109",
        "330106109001",
        "330108",
        "3302",
        "330203",
        "44",
        "4419",
        "441900003",
        "4420",
        "110000",
        "110101",
    ]
    .iter()
    .map(|code| code.parse().unwrap_or_else(|_| panic!("{code}")))
    .collect();
    let store = MemoryBackend::new();
    // A plain generator, so that what fails fails again.
    let mut seed = 7_u32;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % below
    };
    let mut held = std::collections::BTreeSet::new();
    for round in 1..60 {
        let mut writer = Writer::open(&store)?;
        for _ in 0..4 {
            let division = divisions[draw(divisions.len())];
            let kind = if draw(4) == 0 { Kind::Base } else { Kind::Item };
            let code = format!("A{}", draw(2));
            if held.remove(&(division, kind, code.clone())) {
                assert!(writer.remove(kind, &code, division)?);
            } else {
                held.insert((division, kind, code.clone()));
                assert!(writer.add(&Entry {
                    kind,
                    code,
                    division,
                    short_code: "A".to_owned(),
                    ..entry(0, 0, 0, 0)
                })?);
            }
        }
        writer.commit(round)?;
        for here in &divisions {
            for within in [None, Some(divisions[draw(divisions.len())]), Some(*here)] {
                for kind in [None, Some(Kind::Item), Some(Kind::Base)] {
                    let asked = held.iter().filter(|(division, of, _)| {
                        within.is_none_or(|within| division.is_within(within)) && kind.is_none_or(|kind| kind == *of)
                    });
                    let asked: Vec<_> = asked.collect();
                    let nearest =
                        asked.iter().min_by_key(|(division, kind, code)| (distance(*here, *division), *kind, code));
                    let hits = search(&store, &Query { within, kind, ..Query::new(NAMES[0], *here) })?;
                    let hit = hits.first().map(|hit| (hit.division, hit.kind, hit.code.clone(), hit.places));
                    let expected = nearest.map(|(division, kind, code)| (*division, *kind, code.clone(), asked.len()));
                    assert_eq!(hit, expected, "round {round}, here {here}, within {within:?}, {kind:?}");
                }
            }
        }
    }
    Ok(())
}
