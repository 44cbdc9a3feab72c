//! Who may say that another tree is trusted, and what that tree may say then.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use tongban_codes::{ids::Digest, time::Timestamp};
use tongban_seal::Signer;

use super::tests::{certification, code, id, record, signed, signer};
use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn node(n: u8, division: &str, superior: Option<u8>) -> Sealed {
    signed(&certification(n, division, superior), &record(n), superior.unwrap_or(n), n)
}

/// 四川省 1, 广安市 2, 广安区 3: a tree that trusts nobody else.
fn home() -> Directory {
    let mut directory = Directory::new();
    directory.add_anchor(id(1), signer(1).public_key());
    let records = vec![node(1, "510000", None), node(2, "511600", Some(1)), node(3, "511602", Some(2))];
    assert!(directory.merge_all(records, NOW).iter().all(|(_, outcome)| outcome.is_ok()));
    directory
}

/// 重庆市 8, 渝北区 9.
fn theirs() -> Vec<Sealed> {
    vec![node(8, "500000", None), node(9, "500112", Some(8))]
}

fn word(root: u8, division: &str) -> AnchorRecord {
    AnchorRecord {
        root: id(root),
        division: code(division),
        name: "重庆市".to_owned(),
        transport_key: Digest::of(&[root]),
        seal_keys: vec![signer(root).public_key()],
        from: NOW,
        withdrawn: None,
        reason: None,
        operator: "admin".to_owned(),
        version: 1,
        issued_at: NOW,
    }
}

fn said(by: u8, word: &AnchorRecord) -> Sealed {
    word.sign(id(by), &signer(by)).unwrap()
}

fn codes(settled: &[Settled]) -> Vec<&'static str> {
    settled.iter().map(|(_, outcome)| outcome.as_ref().map_or_else(|error| error.code(), |_| "taken")).collect()
}

#[test]
fn a_tree_is_trusted_by_the_word_of_the_own_root() {
    let mut directory = home();
    assert_eq!(codes(&directory.merge_all(theirs(), NOW)), ["record-no-anchor", "signer-unknown"]);
    // In any order: the root comes before the word that makes it one.
    let mut records = theirs();
    records.push(said(1, &word(8, "500000")));
    assert_eq!(codes(&directory.merge_all(records, NOW)), ["taken"; 3]);
    assert_eq!(directory.superiors(&id(9)), [id(8)]);
    assert_eq!(directory.root_of(&id(9)), id(8));
    assert!(directory.foreign_root(&id(8)).is_some() && directory.foreign_root(&id(1)).is_none());
    // What each tree gives the other is its own alone.
    let of = |root| directory.records_of_tree(&id(root), 0).0.len();
    assert_eq!((of(1), of(8), of(9)), (3, 2, 0));
    let (_, stamp) = directory.records_since(0);
    assert_eq!(directory.records_of_tree(&id(1), stamp).0.len(), 0);
    // The word goes down with the records, and whoever restarts reads it again, in whatever order it is kept.
    let (mut all, _) = directory.records_since(0);
    for _ in 0..all.len() {
        all.rotate_left(1);
        let mut below = Directory::new();
        below.add_anchor(id(1), signer(1).public_key());
        assert!(codes(&below.restore(all.clone(), NOW)).iter().all(|code| *code == "taken"));
        assert_eq!(below.digest(), directory.digest());
    }
}

#[test]
fn nobody_else_says_so_and_it_goes_one_step() {
    let mut directory = home();
    let mut judged = |by: u8, word: AnchorRecord| codes(&directory.merge_all(vec![said(by, &word)], NOW))[0];
    assert_eq!(judged(2, word(8, "500000")), "record-no-anchor", "a city");
    assert_eq!(judged(8, word(8, "500000")), "record-no-anchor", "that root itself");
    assert_eq!(judged(1, word(8, "511600")), "record-division", "a division of the own tree");
    assert_eq!(judged(1, word(1, "500000")), "record-mismatch", "the own root");
    assert_eq!(judged(1, AnchorRecord { seal_keys: vec![], ..word(8, "500000") }), "record-limit");
    assert_eq!(judged(1, AnchorRecord { name: "长".repeat(400), ..word(8, "500000") }), "record-limit");
    let forged = SignedRecord::Anchor {
        signer: id(1),
        record: match tongban_codes::cbor::from_slice(said(2, &word(8, "500000")).as_bytes()).unwrap() {
            SignedRecord::Anchor { record, .. } => record,
            _ => unreachable!(),
        },
    };
    assert_eq!(codes(&directory.merge_all(vec![forged.to_sealed()], NOW)), ["seal-key-unknown"]);
    assert!(directory.foreign_roots().next().is_none());

    let _taken = directory.merge_all([theirs(), vec![said(1, &word(8, "500000"))]].concat(), NOW);
    // Whom the other tree trusts is nothing to this one.
    let third = vec![said(8, &word(7, "530000")), node(7, "530000", None)];
    assert_eq!(codes(&directory.merge_all(third, NOW)), ["record-no-anchor"; 2]);
    // It speaks for what is below it alone, whatever it says of itself.
    let mut elsewhere = certification(8, "511602", None);
    elsewhere.serial = 2;
    let elsewhere = signed(&elsewhere, &NodeRecord { version: 2, ..record(8) }, 8, 8);
    assert_eq!(codes(&directory.merge_all(vec![elsewhere, node(6, "511622", Some(8))], NOW)), ["record-division"; 2]);
    // Nor does it take what another tree certifies into its own, whatever serial it gives: a county of this tree, its root, or one by one.
    for taken in [3, 1] {
        let mut claimed = certification(taken, "500113", Some(8));
        (claimed.serial, claimed.seal_keys) = (u64::MAX, certification(8, "500000", None).seal_keys);
        let claimed = signed(&claimed, &NodeRecord { version: u64::MAX, ..record(taken) }, 8, 8);
        assert_eq!(codes(&directory.merge_all(vec![claimed], NOW)), ["record-mismatch"], "{taken}");
    }
    let mut claimed = certification(9, "511622", Some(2));
    (claimed.serial, claimed.seal_keys) = (u64::MAX, certification(2, "511600", None).seal_keys);
    let claimed = signed(&claimed, &NodeRecord { version: u64::MAX, ..record(9) }, 2, 2);
    assert_eq!(codes(&directory.merge_all(vec![claimed], NOW)), ["record-mismatch"], "nor this tree one of the other");
    // A root that has joined a tree itself is none any more.
    let mut joined = Directory::new();
    joined.add_anchor(id(2), signer(2).public_key());
    joined.add_anchor(id(1), signer(1).public_key());
    let _taken = joined.merge_all(vec![node(1, "510000", None), node(2, "511600", Some(1))], NOW);
    assert_eq!(codes(&joined.merge_all(vec![said(2, &word(8, "500000"))], NOW)), ["record-no-anchor"]);
    // And whom it trusted while it was one is out, until its new root says so.
    let mut joins = Directory::new();
    joins.add_anchor(id(2), signer(2).public_key());
    joins.add_anchor(id(1), signer(1).public_key());
    let city = vec![node(2, "511600", None), said(2, &word(8, "500000"))];
    assert_eq!(codes(&joins.merge_all([city, theirs()].concat(), NOW)), ["taken"; 4]);
    assert_eq!(joins.revoked(&id(9)), None);
    let mut below = certification(2, "511600", Some(1));
    below.serial = 2;
    let below = signed(&below, &NodeRecord { version: 2, ..record(2) }, 1, 2);
    assert_eq!(codes(&joins.merge_all(vec![node(1, "510000", None), below], NOW)), ["taken"; 2]);
    assert!(joins.revoked(&id(9)).is_some() && joins.foreign_root(&id(8)).is_none());
    assert_eq!(codes(&joins.merge_all(vec![said(1, &word(8, "500000"))], NOW)), ["taken"]);
    assert_eq!(joins.revoked(&id(9)), None);
}

#[test]
fn a_withdrawn_tree_is_out_and_may_come_back() {
    let mut directory = home();
    let _taken = directory.merge_all([theirs(), vec![said(1, &word(8, "500000"))]].concat(), NOW);
    let layout = directory.layout();
    let later = Timestamp::from_millis(2_000_000);
    let withdrawn = AnchorRecord { withdrawn: Some(later), version: 2, ..word(8, "500000") };
    assert_eq!(codes(&directory.merge_all(vec![said(1, &withdrawn)], later)), ["taken"]);
    assert_ne!(directory.layout(), layout);
    assert_eq!(
        (directory.revoked(&id(9)), directory.revoked(&id(8)), directory.revoked(&id(3))),
        (Some(later), Some(later), None)
    );
    assert_eq!(codes(&directory.merge_all(vec![node(10, "500113", Some(8))], later)), ["record-signer-revoked"]);
    let mut again = certification(8, "500000", None);
    again.serial = 3;
    let again = signed(&again, &record(8), 8, 8);
    assert_eq!(codes(&directory.merge_all(vec![again.clone()], later)), ["record-no-anchor"]);
    // The older word doesn't come back by itself, nor another of the same version.
    let old = directory.merge(&said(1, &word(8, "500000")), later);
    assert!(matches!(old, Ok(Merge::Older(_))), "{old:?}");
    let other = AnchorRecord { name: "另".to_owned(), ..withdrawn };
    assert_eq!(codes(&directory.merge_all(vec![said(1, &other)], later)), ["record-contradiction"]);
    // It is told to nobody any more, so that whoever comes now has the same as those who knew it.
    let mut newcomer = Directory::new();
    newcomer.add_anchor(id(1), signer(1).public_key());
    let told = directory.records_since(0).0;
    assert!(codes(&newcomer.merge_all(told, later)).iter().all(|code| *code == "taken"));
    assert_eq!(newcomer.digest(), directory.digest());
    // Nor does it keep its labels: the province has another root, which is called as the lost one was.
    let mut rebuilt = certification(18, "500000", None);
    rebuilt.label = certification(8, "500000", None).label;
    let rebuilt = signed(&rebuilt, &record(18), 18, 18);
    let mut other_root = directory.clone();
    assert_eq!(codes(&other_root.merge_all(vec![said(1, &word(18, "500000")), rebuilt], later)), ["taken"; 2]);
    assert_eq!(other_root.by_label(&certification(8, "500000", None).label).unwrap().record.node, id(18));
    let back = AnchorRecord { version: 3, ..word(8, "500000") };
    assert_eq!(codes(&directory.merge_all(vec![said(1, &back), again], later)), ["taken"; 2]);
    assert_eq!(directory.revoked(&id(9)), None);
}

#[test]
fn what_a_root_shows_holds_by_its_own_keys() {
    let shown = ShownRoot::read(&node(8, "500000", None)).unwrap();
    assert_eq!(shown.fingerprint(), word(8, "500000").fingerprint());
    let mut rewritten = certification(8, "500000", None);
    rewritten.serial = 9;
    let again = ShownRoot::read(&signed(&rewritten, &NodeRecord { version: 7, ..record(8) }, 8, 8)).unwrap();
    assert_eq!(again.fingerprint(), shown.fingerprint(), "it changes with the keys alone");
    let other = fingerprint(id(8), code("500000"), &Digest::of(&[9]), &[signer(8).public_key()]);
    assert_ne!(other, shown.fingerprint());
    for (what, sealed) in [
        ("a node below", node(9, "500112", Some(8))),
        ("certified by another", signed(&certification(8, "500000", None), &record(8), 9, 8)),
        ("its record under another seal", signed(&certification(8, "500000", None), &record(8), 8, 9)),
        ("another node's record", signed(&certification(8, "500000", None), &record(9), 8, 8)),
        (
            "revoked",
            signed(&Certification { revoked: Some(NOW), ..certification(8, "500000", None) }, &record(8), 8, 8),
        ),
        ("nothing", Sealed::new(Vec::new())),
        ("an anchor", said(1, &word(8, "500000"))),
    ] {
        assert!(ShownRoot::read(&sealed).is_err(), "{what}");
    }
}
