//! Two holdings, a comparison between them, and answers that were bent on the way.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::limits;
use crate::wire::{Query, Target};
use crate::wire::{Request, Routed};

fn division(code: &str) -> DivisionCode {
    code.parse().unwrap()
}

fn base(number: u16, version: u32) -> Leaf {
    let text = format!("base {number} {version}");
    Leaf {
        name: ItemName { base: Some(format!("33010{number:04}000")), code: None },
        core: Digest::of(text.as_bytes()),
        version,
        withdrawn: false,
        effective: None,
        row: Some(Digest::of(format!("row {text}").as_bytes())),
        sealed: None,
        keeper: Some(division("330000")),
        reason: None,
    }
}

fn item(of: &Leaf, code: &str) -> Leaf {
    Leaf {
        name: ItemName { base: of.name.base.clone(), code: Some(code.to_owned()) },
        row: Some(Digest::of(code.as_bytes())),
        keeper: None,
        ..of.clone()
    }
}

fn terms(caught_up: bool) -> Terms {
    Terms { one: division("330000"), other: division("330106"), caught_up }
}

/// Answers as the node that holds `holding` does; `bend` may change the bytes.
fn answer(holding: &Holding, query: &Query) -> Vec<u8> {
    let at = Timestamp::from_millis(5);
    match query {
        Query::DriftRoot(_) => cbor::to_vec(&RootAnswer { root: holding.list.root(), at }),
        Query::DriftList(_) => {
            let (hashes, whole) = (holding.list.to_bytes(), holding.list.whole);
            cbor::to_vec(&ListAnswer { hashes, whole, at, standards: Vec::new() })
        }
        Query::DriftLeaves(wanted) => {
            cbor::to_vec(&LeavesAnswer::of(holding, Buckets::from_bits(wanted.buckets)).unwrap())
        }
        other => panic!("{other:?} was not expected"),
    }
}

/// Compares, and says what was asked.
fn compare(mine: &Holding, theirs: &Holding, known: Option<Known>) -> (Compared, Vec<Query>) {
    let mut comparing = Comparing::new(Arc::new(mine.list.clone()), known);
    let mut query = comparing.begin();
    let mut asked = Vec::new();
    loop {
        asked.push(query.clone());
        match comparing.answered(&answer(theirs, &query)).unwrap() {
            Step::Ask(next) => query = next,
            Step::Done(compared) => return (compared, asked),
        }
    }
}

#[test]
fn an_unchanged_check_is_one_question_of_some_bytes() {
    let mine = Holding::new((0..300).map(|number| base(number, 1)), true);
    let (compared, asked) = compare(&mine, &mine.clone(), None);
    assert!(compared.leaves.is_empty() && asked.len() == 1, "{asked:?}");
    let node = tongban_codes::ids::NodeId::from_bytes([1; 16]);
    let question = Request::Routed(Routed {
        asker: node,
        target: Target::Node(node),
        hops: limits::HOPS_MAX,
        query: asked[0].clone(),
    });
    // Each has four bytes of length before it; the answer stands under a seal of 119 bytes in a frame of 24.
    let bytes = 4 + question.to_bytes().len() + 4 + 24 + 119 + answer(&mine, &asked[0]).len();
    assert!(bytes <= 256, "{bytes}");
}

#[test]
fn only_buckets_that_differ_are_asked_for() {
    let mine = Holding::new((0..2000).map(|number| base(number, 1)), true);
    let theirs = Holding::new((0..2000).map(|number| base(number, if number == 7 { 2 } else { 1 })), true);
    let (compared, asked) = compare(&mine, &theirs, None);
    assert_eq!(asked.len(), 3);
    assert_eq!(compared.leaves.len(), 1);
    let known = Known { theirs: compared.list.unwrap(), mine: Arc::new(mine.list.clone()) };
    let (compared, asked) = compare(&mine, &theirs, Some(known.clone()));
    assert!(compared.list.is_none() && asked.len() == 1, "what was found last time stands");
    // Another release here: only its bucket, and the one that differed stays as it was judged.
    let newer = Holding::new((0..2000).map(|number| base(number, if number == 9 { 2 } else { 1 })), true);
    let (compared, _) = compare(&newer, &theirs, Some(known));
    assert_eq!(compared.leaves.keys().copied().collect::<Vec<_>>(), [bucket(&base(9, 1).name)]);
}

#[test]
fn large_holdings_come_in_several_answers() {
    let theirs = Holding::new((0..9_000).map(|number| base(number, 1)), true);
    let (compared, asked) = compare(&Holding::new([], true), &theirs, None);
    assert!(asked.len() > 3, "{}", asked.len());
    assert_eq!(compared.leaves.values().map(Vec::len).sum::<usize>(), 9_000);
    for query in &asked {
        assert!(answer(&theirs, query).len() < limits::PULL_BYTES_MAX);
    }
}

#[test]
fn answers_that_do_not_fit_each_other_are_not_taken() {
    let mine = Holding::new([], true);
    let theirs = Holding::new((0..600).map(|number| base(number, 1)), true);
    let other = Holding::new((0..600).map(|number| base(number, 2)), true);
    type Lie<'a> = (&'a str, Box<dyn Fn(&Query) -> Vec<u8> + 'a>);
    let lies: [Lie<'_>; 5] = [
        (
            "drift-list-mismatch",
            Box::new(|query| match query {
                Query::DriftRoot(_) => answer(&other, query),
                _ => answer(&theirs, query),
            }),
        ),
        (
            "drift-bucket-mismatch",
            Box::new(|query| match query {
                Query::DriftLeaves(_) => answer(&other, query),
                _ => answer(&theirs, query),
            }),
        ),
        (
            "drift-bucket-mismatch",
            Box::new(|query| match query {
                Query::DriftLeaves(_) => cbor::to_vec(&LeavesAnswer { leaves: Vec::new(), next: None }),
                _ => answer(&theirs, query),
            }),
        ),
        (
            "drift-malformed",
            Box::new(|query| match query {
                Query::DriftLeaves(_) => cbor::to_vec(&LeavesAnswer { leaves: Vec::new(), next: Some(0) }),
                _ => answer(&theirs, query),
            }),
        ),
        (
            "drift-malformed",
            Box::new(|query| match query {
                Query::DriftList(_) => {
                    let hashes = vec![0; 31];
                    cbor::to_vec(&ListAnswer {
                        hashes,
                        whole: true,
                        at: Timestamp::from_millis(1),
                        standards: Vec::new(),
                    })
                }
                _ => answer(&theirs, query),
            }),
        ),
    ];
    for (code, lie) in lies {
        let mut comparing = Comparing::new(Arc::new(mine.list.clone()), None);
        let mut query = comparing.begin();
        let error = loop {
            match comparing.answered(&lie(&query)) {
                Ok(Step::Ask(next)) => query = next,
                Ok(Step::Done(_)) => panic!("{code}: the lie was believed"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.code(), code);
    }
    let leaf = base(1, 1);
    let whole = WholeItem { name: leaf.name.clone(), row: Some(b"other".to_vec()), sealed: None, sealed_at: None };
    assert_eq!(whole.check(&leaf).unwrap_err().code(), "drift-item-mismatch");
    let row = b"row base 1 1".to_vec();
    assert_eq!(WholeItem { row: Some(row), ..whole }.check(&leaf), Ok(()));
}

#[test]
fn a_publication_between_two_questions_begins_anew() {
    let mine = Holding::new([], true);
    let states = [
        Holding::new((0..600).map(|number| base(number, 1)), true),
        Holding::new((0..600).map(|number| base(number, 2)), true),
    ];
    let mut comparing = Comparing::new(Arc::new(mine.list), None);
    let mut query = comparing.begin();
    for asked in 0.. {
        match comparing.answered(&answer(&states[usize::from(asked > 1)], &query)).unwrap() {
            Step::Ask(next) => query = next,
            Step::Done(compared) => {
                assert!(compared.leaves.values().flatten().all(|leaf| leaf.version == 2));
                break;
            }
        }
    }
}

#[test]
fn every_difference_has_its_kind_and_duty() {
    let above = base(1, 2);
    let sealed = |digest: Option<Digest>| Some(SealedOtherwise { digest });
    let withdrawn = Leaf { withdrawn: true, ..above.clone() };
    let other = Leaf { row: Some(Digest::of(b"edited")), ..above.clone() };
    let edited = Leaf { sealed: sealed(above.row), ..other.clone() };
    let (old, claimed) = (base(1, 1), item(&above, "31"));
    let renamed = Leaf { core: Digest::of(b"renamed"), ..claimed.clone() };
    let excused = Leaf { reason: Some("local-regulation".to_owned()), ..renamed.clone() };
    let foreign = Leaf { keeper: Some(division("330106")), ..base(9, 1) };
    let gone = |of: &Leaf| Leaf { row: None, sealed: sealed(of.row), ..of.clone() };
    let nothing: &[Leaf] = &[];
    type Row<'a> = (&'a str, Vec<Leaf>, Vec<Leaf>, bool, Vec<(Kind, Duty)>);
    let one = |leaf: &Leaf| vec![leaf.clone()];
    let two = |left: &Leaf, right: &Leaf| vec![left.clone(), right.clone()];
    let rows: Vec<Row<'_>> = vec![
        ("the same", one(&above), two(&above, &claimed), true, vec![]),
        ("not there yet", one(&above), nothing.into(), false, vec![(Kind::Behind, Duty::Wait)]),
        ("lost", one(&above), nothing.into(), true, vec![(Kind::Missing, Duty::InferiorMend)]),
        (
            "lost, and the journal knows it",
            one(&above),
            one(&gone(&above)),
            true,
            vec![(Kind::Missing, Duty::InferiorMend)],
        ),
        ("an old version", one(&above), one(&old), false, vec![(Kind::Behind, Duty::Wait)]),
        (
            "an old version that should be gone",
            one(&above),
            one(&old),
            true,
            vec![(Kind::StoreEdited, Duty::InferiorMend)],
        ),
        ("a newer version", one(&old), one(&above), true, vec![(Kind::Behind, Duty::SuperiorCatchUp)]),
        (
            "edited, and the journal knows it",
            one(&above),
            one(&edited),
            true,
            vec![(Kind::StoreEdited, Duty::InferiorMend)],
        ),
        ("edited, and nobody knows it", one(&above), one(&other), true, vec![(Kind::StoreEdited, Duty::InferiorMend)]),
        ("edited above", one(&edited), one(&above), true, vec![(Kind::StoreEdited, Duty::SuperiorMend)]),
        ("unknown above", nothing.into(), one(&above), true, vec![(Kind::Extra, Duty::SuperiorCatchUp)]),
        (
            "never sealed",
            nothing.into(),
            one(&Leaf { sealed: sealed(None), ..claimed.clone() }),
            true,
            vec![(Kind::Extra, Duty::InferiorMend), (Kind::WithdrawnAbove, Duty::InferiorWithdraw)],
        ),
        ("the inferior's own", nothing.into(), two(&foreign, &item(&foreign, "31")), true, vec![]),
        (
            "not the inferior's own",
            nothing.into(),
            two(&foreign, &Leaf { core: above.core, ..item(&foreign, "31") }),
            true,
            vec![(Kind::CoreDiffers, Duty::InferiorClaim)],
        ),
        ("renamed", one(&above), two(&above, &renamed), true, vec![(Kind::CoreDiffers, Duty::InferiorClaim)]),
        (
            "of the version before",
            one(&above),
            two(&old, &item(&old, "31")),
            false,
            vec![(Kind::Behind, Duty::Wait), (Kind::Behind, Duty::Wait)],
        ),
        ("excused", one(&above), two(&above, &excused), true, vec![(Kind::Exempt, Duty::None)]),
        (
            "withdrawn above",
            one(&withdrawn),
            two(&withdrawn, &claimed),
            true,
            vec![(Kind::WithdrawnAbove, Duty::InferiorWithdraw)],
        ),
        (
            "withdrawn, too",
            one(&withdrawn),
            two(&withdrawn, &Leaf { withdrawn: true, ..claimed.clone() }),
            true,
            vec![],
        ),
    ];
    for (what, above, below, caught_up, expected) in rows {
        let found = judge(&above, &below, &terms(caught_up));
        let found: Vec<(Kind, Duty)> = found.into_iter().map(|finding| (finding.kind, finding.duty)).collect();
        assert_eq!(found, expected, "{what}");
    }
}

proptest! {
    /// Exactly the items in which two holdings differ are found, whatever was known before.
    #[test]
    fn exactly_what_differs_is_found(
        mine in vec((0u16..400, 1u32..4), 0..60),
        before in vec((0u16..400, 1u32..4), 0..60),
        now in vec((0u16..400, 1u32..4), 0..60),
    ) {
        let held = |items: &[(u16, u32)]| {
            let items: BTreeMap<u16, u32> = items.iter().copied().collect();
            (Holding::new(items.iter().map(|(number, version)| base(*number, *version)), true), items)
        };
        let ((mine, expected), (before, _), (now, theirs)) = (held(&mine), held(&before), held(&now));
        let mut findings: BTreeMap<u8, BTreeSet<ItemName>> = BTreeMap::new();
        let mut known: Option<Known> = None;
        for holding in [&before, &now, &now] {
            let (compared, _) = compare(&mine, holding, known.clone());
            if let Some(list) = &compared.list {
                findings.retain(|bucket, _| list.hash(*bucket) != mine.list.hash(*bucket));
            }
            for (bucket, leaves) in &compared.leaves {
                let found = judge(mine.bucket(*bucket), leaves, &terms(false));
                findings.insert(*bucket, found.into_iter().map(|finding| finding.name).collect());
            }
            if let Some(list) = compared.list {
                known = Some(Known { theirs: list, mine: Arc::new(mine.list.clone()) });
            }
        }
        let found: BTreeSet<ItemName> = findings.into_values().flatten().collect();
        let differs = |number: &u16| expected.get(number) != theirs.get(number);
        let numbers: BTreeSet<u16> = expected.keys().chain(theirs.keys()).copied().filter(differs).collect();
        let differing: BTreeSet<ItemName> = numbers.into_iter().map(|number| base(number, 1).name).collect();
        prop_assert_eq!(found, differing);
    }
}
