use tongban_seal::{Ed25519Signer, Signer, content_type};

use super::*;
use crate::sealed::UnsealError;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

/// The node of the tests with this number.
pub(crate) fn id(n: u8) -> NodeId {
    NodeId::from_bytes([n; 16])
}

pub(crate) fn signer(n: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(&[n; 32])
}

pub(crate) fn code(text: &str) -> DivisionCode {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(crate) fn certification(n: u8, division: &str, superior: Option<u8>) -> Certification {
    Certification {
        node: id(n),
        division: code(division),
        label: Label::new(code(division), n % 32).unwrap_or_else(|error| panic!("{error}")),
        superior: superior.map(id),
        seal_keys: vec![DatedKey { key: signer(n).public_key(), from: NOW, revoked: None }],
        exchange_key: vec![n],
        serial: 1,
        at: NOW,
        revoked: None,
        reason: None,
    }
}

pub(crate) fn record(n: u8) -> NodeRecord {
    NodeRecord {
        node: id(n),
        name: format!("节点{n}"),
        addresses: vec![format!("10.0.0.{n}:7400")],
        transport_key: Digest::of(&[n]),
        chain: vec![],
        authorities: vec![],
        epoch: 1,
        version: 1,
        issued_at: NOW,
    }
}

pub(crate) fn signed(certification: &Certification, record: &NodeRecord, certifier: u8, own: u8) -> Sealed {
    let signed = SignedRecord::Node {
        node: record.node,
        certifier: certification.superior.unwrap_or(certification.node),
        certification: certification.seal(&signer(certifier)).unwrap_or_else(|error| panic!("{error}")),
        record: record.seal(&signer(own)).unwrap_or_else(|error| panic!("{error}")),
    };
    signed.to_sealed()
}

fn node(n: u8, division: &str, superior: Option<u8>) -> Sealed {
    signed(&certification(n, division, superior), &record(n), superior.unwrap_or(n), n)
}

/// 四川省 1, 广安市 2, 广安区 3, 前锋区 4, 代市镇 5; and 重庆市 8.
pub(crate) fn tree() -> Directory {
    let mut directory = Directory::new();
    directory.add_anchor(id(1), signer(1).public_key());
    directory.add_anchor(id(8), signer(8).public_key());
    let records = vec![
        node(5, "511603104000", Some(4)),
        node(4, "511603", Some(2)),
        node(3, "511602", Some(2)),
        node(2, "511600", Some(1)),
        node(1, "510000", None),
        node(8, "500000", None),
    ];
    for (_, outcome) in directory.merge_all(records, NOW) {
        assert!(matches!(outcome, Ok(Merge::New(_))), "{outcome:?}");
    }
    directory
}

#[test]
fn records_in_any_order_make_a_tree() {
    let directory = tree();
    assert_eq!(directory.superiors(&id(5)), [id(4), id(2), id(1)]);
    assert_eq!(directory.by_division(code("511602")).len(), 1);
    assert_eq!(
        directory.serving(code("511603105000")).iter().map(|entry| entry.record.node).collect::<Vec<_>>(),
        [id(4)]
    );
    assert_eq!(directory.by_case_prefix([3; 6]).len(), 1);
    let label = certification(5, "511603104000", None).label;
    assert_eq!(directory.by_label(&label).map(|entry| entry.record.node), Some(id(5)));
    let (all, stamp) = directory.records_since(0);
    assert_eq!((all.len(), directory.records_since(stamp).0.len()), (6, 0));
    let (some, _) = directory.records_for(&id(4), 0);
    assert_eq!(some.len(), 4, "itself, its ancestors and its township; not its sister, not the other province");

    let mut other = Directory::new();
    other.add_anchor(id(1), signer(1).public_key());
    assert!(some.iter().all(|record| other.merge(record, NOW).is_ok()), "superiors come first");
    assert_ne!(other.digest(), directory.digest());
}

#[test]
fn what_is_not_taken() {
    let wrong = |certification: Certification, certifier, own| {
        let record = NodeRecord { node: certification.node, ..record(6) };
        tree().merge(&signed(&certification, &record, certifier, own), NOW).map_err(|error| error.code())
    };
    let county = || certification(6, "511622", Some(2));
    assert!(wrong(county(), 2, 6).is_ok());
    assert_eq!(wrong(county(), 3, 6), Err("seal-key-unknown"), "sealed by another than it names");
    assert_eq!(wrong(county(), 2, 5), Err("seal-key-unknown"), "the node's own seal is another's");
    assert_eq!(wrong(certification(6, "511622", Some(3)), 3, 6), Err("record-division"), "a neighbour certifies");
    assert_eq!(wrong(certification(6, "511602", Some(3)), 3, 6), Err("record-division"), "its own division");
    assert!(wrong(certification(6, "510000", Some(1)), 1, 6).is_ok(), "a root may have sisters");
    assert_eq!(wrong(certification(6, "511622", Some(9)), 9, 6), Err("signer-unknown"));
    assert_eq!(wrong(certification(6, "530000", None), 6, 6), Err("record-no-anchor"));
    assert_eq!(
        wrong(Certification { label: certification(3, "511602", None).label, ..county() }, 2, 6),
        Err("record-mismatch")
    );
    assert_eq!(tree().merge(&Sealed::new(vec![1]), NOW).map_err(|error| error.code()), Err("record-malformed"));
}

#[test]
fn an_ancestor_says_something_of_a_node_and_leaves_it_where_it_stands() {
    let by = |certifier: u8, certification: Certification| {
        let record = NodeRecord { node: certification.node, ..record(3) };
        let signed = SignedRecord::Node {
            node: certification.node,
            certifier: id(certifier),
            certification: certification.seal(&signer(certifier)).unwrap_or_else(|error| panic!("{error}")),
            record: record.seal(&signer(3)).unwrap_or_else(|error| panic!("{error}")),
        };
        signed.to_sealed()
    };
    let word = |superior| Certification { serial: 2, revoked: Some(NOW), ..certification(3, "511602", superior) };
    let mut directory = tree();
    let outcome = directory.merge(&by(1, word(Some(2))), NOW);
    assert_eq!(outcome, Ok(Merge::Newer(RecordKey::Node(id(3)))), "the province revokes a county of the city");
    assert_eq!((directory.superiors(&id(3)), directory.revoked(&id(3))), (vec![id(2), id(1)], Some(NOW)));
    let wrong =
        |certifier, superior| tree().merge(&by(certifier, word(superior)), NOW).map_err(|error| error.code()).map(drop);
    assert_eq!(wrong(8, Some(2)), Err("record-mismatch"), "another province");
    assert_eq!(wrong(4, Some(2)), Err("record-mismatch"), "a neighbour");
    assert_eq!(wrong(2, Some(4)), Err("record-division"), "the city puts it under its neighbour");
    assert_eq!(wrong(1, Some(9)), Err("signer-unknown"), "under a node that isn't known yet");
    assert_eq!(wrong(1, None), Err("record-mismatch"), "under nobody");
    assert_eq!(wrong(1, Some(3)), Err("record-division"), "under itself");
}

/// A city comes later and certifies a county that was the province's: it wins everywhere, in whatever order the words come.
#[test]
fn a_superior_that_came_later() {
    let before = node(3, "511602", Some(1));
    let moved = signed(
        &Certification { serial: 2, ..certification(3, "511602", Some(2)) },
        &NodeRecord { version: 2, ..record(3) },
        2,
        3,
    );
    let base = vec![node(1, "510000", None), node(2, "511600", Some(1))];
    for order in [[&before, &moved], [&moved, &before]] {
        let mut directory = Directory::new();
        directory.add_anchor(id(1), signer(1).public_key());
        let records = order.into_iter().cloned().chain(base.clone()).collect();
        for (_, outcome) in directory.merge_all(records, NOW) {
            assert!(outcome.is_ok(), "{outcome:?}");
        }
        assert_eq!(directory.superiors(&id(3)), [id(2), id(1)]);
        assert_eq!(directory.merge(&before, NOW), Ok(Merge::Older(RecordKey::Node(id(3)))));
        assert_eq!(directory.node(&id(3)).map(|entry| &entry.sealed), Some(&moved));
    }
}

#[test]
fn a_record_never_gives_way_to_an_older_one() {
    let mut directory = tree();
    let certified = certification(3, "511602", Some(2));
    let moved = NodeRecord { version: 2, addresses: vec!["10.9.9.9:7400".to_owned()], ..record(3) };
    let sealed = signed(&certified, &moved, 2, 3);
    assert_eq!(directory.merge(&sealed, NOW), Ok(Merge::Newer(RecordKey::Node(id(3)))));
    assert_eq!(directory.merge(&sealed, NOW), Ok(Merge::Known));
    assert_eq!(directory.merge(&node(3, "511602", Some(2)), NOW), Ok(Merge::Older(RecordKey::Node(id(3)))));
    let twice = NodeRecord { addresses: vec![], ..moved };
    assert_eq!(directory.merge(&signed(&certified, &twice, 2, 3), NOW), Err(RecordError::Contradiction));
    assert_eq!(directory.records_since(6).0, [sealed]);

    let revoked = Certification { serial: 2, revoked: Some(NOW), ..certification(4, "511603", Some(2)) };
    assert!(directory.merge(&signed(&revoked, &record(4), 2, 4), NOW).is_ok());
    let after = NodeRecord { version: 2, ..record(5) };
    let late = signed(&certification(5, "511603104000", Some(4)), &after, 4, 5);
    assert_eq!(directory.merge(&late, NOW), Err(RecordError::Revoked(id(4))));
    // A new superior takes the township over.
    let adopted = Certification { serial: 2, ..certification(5, "511603104000", Some(2)) };
    assert!(directory.merge(&signed(&adopted, &after, 2, 5), NOW).is_ok());
    assert_eq!(directory.superiors(&id(5)), [id(2), id(1)]);
}

#[test]
fn certification_and_record_have_a_floor_each() {
    let key = RecordKey::Node(id(3));
    let certified = |serial, revoked| Certification { serial, revoked, ..certification(3, "511602", Some(2)) };
    let said = |version| NodeRecord { version, name: format!("第{version}版"), ..record(3) };
    let sealed = |serial, revoked, version| signed(&certified(serial, revoked), &said(version), 2, 3);
    let mut one = tree();
    let mut other = tree();
    // The superior revokes on top of version 2 while the node says version 4; whichever comes first, both hold in the end.
    assert_eq!(one.merge(&sealed(1, None, 4), NOW), Ok(Merge::Newer(key)));
    assert_eq!(one.merge(&sealed(5, Some(NOW), 2), NOW), Ok(Merge::Newer(key)));
    assert_eq!(other.merge(&sealed(5, Some(NOW), 2), NOW), Ok(Merge::Newer(key)));
    assert_eq!(other.merge(&sealed(1, None, 4), NOW), Ok(Merge::Newer(key)));
    for directory in [&one, &other] {
        let entry = directory.node(&id(3)).unwrap_or_else(|| panic!("it is known"));
        assert_eq!((entry.certification.revoked, entry.record.version), (Some(NOW), 4));
    }
    assert_eq!(one.digest(), other.digest());
    // What was put together is a record like any other.
    let composed = one.node(&id(3)).map(|entry| entry.sealed.clone()).unwrap_or_else(|| panic!("it is known"));
    assert_eq!(tree().merge(&composed, NOW), Ok(Merge::Newer(key)));
    for older in [sealed(1, None, 4), sealed(4, None, 4), sealed(5, Some(NOW), 2), sealed(1, None, 1)] {
        assert_eq!(one.merge(&older, NOW).map_err(|error| error.code()), Ok(Merge::Older(key)));
    }
    assert_eq!(one.merge(&sealed(5, None, 4), NOW), Err(RecordError::Contradiction), "the same serial, not revoked");
    let rekeyed = NodeRecord { transport_key: Digest::of(b"another"), ..said(5) };
    assert_eq!(one.merge(&signed(&certified(1, None), &rekeyed, 2, 3), NOW), Err(RecordError::Revoked(id(3))));
    assert_eq!(one.merge(&sealed(6, None, 2), NOW), Ok(Merge::Newer(key)), "readmitted");
    assert_eq!(one.revoked(&id(3)), None);
}

#[test]
fn what_was_vouched_for_before_a_revocation_stays_known() {
    let mut directory = tree();
    let revoked = Certification { serial: 2, revoked: Some(NOW), ..certification(4, "511603", Some(2)) };
    assert!(directory.merge(&signed(&revoked, &record(4), 2, 4), NOW).is_ok());
    let (records, _) = directory.records_since(0);
    let fresh = || {
        let mut fresh = Directory::new();
        fresh.add_anchor(id(1), signer(1).public_key());
        fresh.add_anchor(id(8), signer(8).public_key());
        fresh
    };
    let mut again = fresh();
    assert!(again.restore(records.clone(), NOW).iter().all(|(_, outcome)| outcome.is_ok()));
    assert_eq!(again.digest(), directory.digest());
    let mut stranger = fresh();
    let refused = stranger.merge_all(records, NOW).into_iter().filter_map(|(_, outcome)| outcome.err());
    assert_eq!(refused.collect::<Vec<_>>(), [RecordError::Revoked(id(4))], "its township, to whom that is new");
}

#[test]
fn authorities_are_described_by_their_division() {
    let mut directory = tree();
    let authority = AuthorityId::from_bytes([7; 16]);
    let record = |version| AuthorityRecord {
        authority,
        name: "广安区行政审批局".to_owned(),
        division: code("511602"),
        credit_codes: vec![],
        departments: vec![],
        nodes: vec![id(3)],
        seal_keys: vec![],
        successor: None,
        version,
        issued_at: NOW,
    };
    let signed = |by: u8, version| {
        let record = record(version).seal(&signer(by)).unwrap_or_else(|error| panic!("{error}"));
        SignedRecord::Authority { signer: id(by), record }.to_sealed()
    };
    let key = RecordKey::Authority(authority);
    assert_eq!(directory.merge(&signed(3, 1), NOW), Ok(Merge::New(key)));
    assert_eq!(directory.merge(&signed(4, 2), NOW).map_err(|error| error.code()), Err("record-division"));
    assert_eq!(directory.merge(&signed(2, 3), NOW), Ok(Merge::Newer(key)), "an ancestor may");
    assert_eq!(directory.merge(&signed(3, 2), NOW), Ok(Merge::Older(key)));
    assert_eq!(directory.authority(&authority).map(|entry| entry.record.version), Some(3));
}

#[test]
fn batch_seals_open_with_the_keys_of_the_directory() {
    let directory = tree();
    let seal = |n: u8| {
        let statement = batch::Statement { content_type: content_type::ENVELOPE, bytes: b"statement" };
        batch::seal(&signer(n), &[statement]).unwrap_or_else(|error| panic!("{error}")).remove(0)
    };
    let open = |by: u8, kind, bytes| directory.open(&id(by), kind, &Sealed::new(bytes));
    assert_eq!(open(3, content_type::ENVELOPE, seal(3)), Ok(b"statement".to_vec()));
    assert!(matches!(open(3, content_type::RECEIPT, seal(3)), Err(UnsealError::Malformed(_))));
    assert!(matches!(open(3, content_type::ENVELOPE, seal(4)), Err(UnsealError::Key(_))));
    assert_eq!(open(9, content_type::ENVELOPE, seal(9)), Err(UnsealError::UnknownSigner(id(9))));
}

#[test]
fn what_was_judged_is_taken_later() {
    let (before, city) = (tree(), node(6, "511622", Some(2)));
    let township = node(7, "511622001000", Some(6));
    let renamed = signed(
        &certification(5, "511603104000", Some(4)),
        &NodeRecord { name: "代市".to_owned(), version: 2, ..record(5) },
        4,
        5,
    );
    let lot = || vec![township.clone(), renamed.clone(), city.clone(), city.clone(), node(9, "530000", None)];
    let mut at_once = before.clone();
    let outcomes = at_once.merge_all(lot(), NOW);
    let mut later = before.clone();
    let (draft, settled) = later.judge(lot(), NOW);
    assert_eq!(settled, outcomes);
    assert_eq!((later.digest(), later.len(), later.layout()), (before.digest(), before.len(), before.layout()));
    let keys: Vec<RecordKey> = draft.records().map(|(key, _)| key).collect();
    assert_eq!(keys, [5, 6, 7].map(|n| RecordKey::Node(id(n))), "the township behind its county");
    later.take(draft.clone(), NOW);
    assert_eq!((later.digest(), later.records_since(0)), (at_once.digest(), at_once.records_since(0)));

    // Meanwhile the county has been revoked: it certifies nobody any more, and what came first stands.
    let mut meanwhile = before;
    let revoked = Certification { serial: 2, revoked: Some(NOW), ..certification(6, "511622", Some(2)) };
    assert!(meanwhile.merge(&signed(&revoked, &record(6), 2, 6), NOW).is_ok());
    meanwhile.take(draft, NOW);
    assert_eq!(meanwhile.revoked(&id(6)), Some(NOW));
    assert!(meanwhile.node(&id(7)).is_none());
    assert_eq!(meanwhile.node(&id(5)).map(|entry| entry.record.version), Some(2));
}

#[test]
fn a_label_passes_from_one_node_to_another_in_one_lot() {
    let labelled = |n: u8, ordinal: u8, serial: u64| {
        let label = Label::new(code("511602"), ordinal).unwrap_or_else(|error| panic!("{error}"));
        let division = if n == 3 { "511602" } else { "511602001000" };
        let superior = if n == 3 { 2 } else { 3 };
        let certification = Certification { label, serial, ..certification(n, division, Some(superior)) };
        signed(&certification, &record(n), superior, n)
    };
    let mut directory = tree();
    assert!(directory.merge(&labelled(6, 9, 1), NOW).is_ok());
    assert_eq!(directory.merge(&labelled(3, 9, 2), NOW), Err(RecordError::Label(id(6))));
    // 3 is drafted first, then 6 gives up the label, then 3 has it.
    let lot = vec![labelled(3, 8, 2), labelled(6, 7, 2), labelled(3, 9, 3)];
    assert!(directory.merge_all(lot, NOW).iter().all(|(_, outcome)| outcome.is_ok()));
    let of = |ordinal| {
        let label = Label::new(code("511602"), ordinal).unwrap_or_else(|error| panic!("{error}"));
        directory.by_label(&label).map(|entry| entry.record.node)
    };
    assert_eq!([7, 8, 9].map(of), [Some(id(6)), None, Some(id(3))]);
}

#[test]
fn the_layout_is_which_nodes_stand_where() {
    let mut directory = tree();
    let layout = directory.layout();
    let word = |serial, revoked| Certification { serial, revoked, ..certification(3, "511602", Some(2)) };
    let own = |version| NodeRecord { version, ..record(3) };
    let mut merge = |word: &Certification, own: &NodeRecord| {
        let before = directory.digest();
        assert!(matches!(directory.merge(&signed(word, own, 2, 3), NOW), Ok(Merge::Newer(_))));
        assert_ne!(directory.digest(), before);
        directory.layout() - layout
    };
    assert_eq!(merge(&word(1, None), &own(2)), 0, "it says something else of itself");
    assert_eq!(merge(&word(2, None), &own(2)), 0, "certified anew");
    assert_eq!(merge(&word(3, Some(NOW)), &own(2)), 1, "revoked");
    assert_eq!(merge(&word(4, None), &own(2)), 2, "readmitted");
}

/// Directories in one process share what they have opened, not what they trust.
#[test]
fn sharing_what_was_opened_makes_nobody_trusted() {
    let opened = Arc::new(Opened::default());
    let directory = |key: u8| {
        let mut directory = Directory::new();
        directory.share(Arc::clone(&opened));
        directory.add_anchor(id(1), signer(key).public_key());
        directory
    };
    let lot = || vec![node(2, "511600", Some(1)), node(1, "510000", None)];
    let (mut one, mut same, mut other) = (directory(1), directory(1), directory(9));
    assert!(one.merge_all(lot(), NOW).iter().all(|(_, outcome)| outcome.is_ok()));
    assert!(same.merge_all(lot(), NOW).iter().all(|(_, outcome)| outcome.is_ok()));
    assert_eq!(same.digest(), one.digest());
    assert!(other.merge_all(lot(), NOW).iter().all(|(_, outcome)| outcome.is_err()) && other.is_empty());
    let record = |directory: &Directory| directory.node(&id(2)).map(|entry| Arc::clone(&entry.record));
    assert!(record(&one).zip(record(&same)).is_some_and(|(one, same)| Arc::ptr_eq(&one, &same)));
}
