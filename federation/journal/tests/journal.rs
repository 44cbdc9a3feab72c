//! Headers, entries, bodies, checkpoints and slices: golden bytes, round trips and what is refused.
//!
//! `TONGBAN_BLESS=1` writes the golden files anew; a change in them is a change of the format.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use proptest::prelude::*;
use tongban_codes::cbor;
use tongban_codes::ids::{AuthorityId, CaseId, Digest, NodeId};
use tongban_codes::time::{Date, Timestamp};
use tongban_journal::merkle::{MemoryTree, consistency_proof, leaf_hash, root_of};
use tongban_journal::{
    ActHeader, ActKind, BODY_FIELDS_MAX, Body, BodyError, BodyMismatch, Channel, Checkpoint, CheckpointError,
    ENTRY_BYTES_MAX, Entry, EntryError, EpochHeader, EpochReason, Field, Frontier, Header, HeaderError, JournalKind,
    Mode, NodeEvent, NodeHeader, Outcome, ProofError, SLICE_ENTRIES_MAX, Slice, SliceBuilder, SliceError,
    StandardHeader, StandardKind, View, VoiceKind, VoiceMark, VoiceOutcome, verify,
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares with a golden file: hex, 64 characters a line.
fn golden(name: &str, bytes: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let text =
        hex(bytes).as_bytes().chunks(64).map(|line| format!("{}\n", str::from_utf8(line).unwrap())).collect::<String>();
    if std::env::var_os("TONGBAN_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{name}");
}

fn origin() -> NodeId {
    NodeId::from_bytes([0x51; 16])
}

fn act() -> ActHeader {
    ActHeader {
        act: ActKind::Decide,
        at: Timestamp::from_millis(1_789_000_000_123),
        case: CaseId::draw(&origin(), [9; 10]),
        tenure: 2,
        collecting_division: "511603".parse().unwrap(),
        deciding_division: "511602".parse().unwrap(),
        authority: AuthorityId::from_bytes([0xa0; 16]),
        item: "11511602008923456X4000118001000".to_owned(),
        base_code: Some("000118001000".to_owned()),
        item_version: 7,
        item_type: 1,
        mode: Mode::OnBehalf,
        channel: Channel::Window,
        outcome: Some(Outcome::Granted),
        in_time_statutory: Some(true),
        in_time_promised: Some(false),
        visits: 1,
        materials_asked: 6,
        materials_reused: 2,
        collected_on: Date::ymd(2026, 9, 1),
        accepted_on: Date::ymd(2026, 9, 2),
        decided_on: Date::ymd(2026, 9, 9),
        statutory_due: Date::ymd(2026, 9, 30),
        promised_due: Date::ymd(2026, 9, 8),
        licence: None,
        grade: None,
        card: None,
        voice: None,
    }
}

fn rating() -> ActHeader {
    let mark = VoiceMark {
        kind: VoiceKind::Matter,
        division: "511602".parse().unwrap(),
        on: Date::ymd(2026, 9, 10).unwrap(),
        channel: 2,
        outcome: Some(VoiceOutcome::RectifiedByPlan),
        in_time: Some(true),
    };
    ActHeader { act: ActKind::CloseFollowUp, grade: Some(5), voice: Some(mark), ..act() }
}

fn headers() -> [(&'static str, Header); 5] {
    let at = Timestamp::from_millis(1_789_000_000_123);
    let standard = StandardHeader {
        kind: StandardKind::Item,
        at,
        base_code: Some("000118001000".to_owned()),
        code: "11511602008923456X4000118001000".to_owned(),
        version: 3,
        core: Digest::of(b"core"),
        effective_from: Date::ymd(2026, 10, 1),
        withdrawn: false,
        division: "511602".parse().unwrap(),
        authority: AuthorityId::from_bytes([0xa0; 16]),
    };
    let epoch =
        EpochHeader { at, reason: EpochReason::Restore, old_epoch: 1, old_size: 900, old_root: Digest::of(b"old") };
    let node = NodeHeader { case: Some(act().case), entry: Some(41), ..NodeHeader::new(NodeEvent::Erased, at) };
    [
        ("header-acts.hex", Header::Acts(act())),
        ("header-standards.hex", Header::Standards(standard)),
        ("header-epoch.hex", Header::Epoch(epoch)),
        ("header-node.hex", Header::Node(node)),
        ("header-rating.hex", Header::Acts(rating())),
    ]
}

fn body() -> Body {
    Body::open([(3, [3; 16], b"reason".to_vec()), (1, [1; 16], "张三".as_bytes().to_vec()), (700, [7; 16], Vec::new())])
        .unwrap()
}

fn entry() -> Entry {
    Entry::new(&Header::Acts(act()), body().commitment())
}

#[test]
fn headers_round_trip_and_keep_their_bytes() {
    for (name, header) in headers() {
        golden(name, &header.to_bytes());
        assert_eq!(Header::parse(&header.to_bytes()).unwrap(), header);
        assert_eq!(header.at(), Timestamp::from_millis(1_789_000_000_123));
    }
}

#[test]
fn a_header_of_a_later_release_is_named_and_its_fields_are_passed_over() {
    assert!(matches!(Header::parse(&[0x82, 0x18, 0x63, 0xa0]), Err(HeaderError::UnknownKind { kind: 99 })));
    assert!(matches!(Header::parse(&[0x83, 0x00, 0xa0, 0x00]), Err(HeaderError::Cbor(_))));
    // An epoch header with one field more.
    let mut bytes = headers()[2].1.to_bytes();
    bytes[2] += 1;
    bytes.extend([0x18, 0x63, 0x00]);
    assert_eq!(Header::parse(&bytes).unwrap(), headers()[2].1);
    let entry_of_it = {
        let mut wire = vec![0xa2, 0x00, 0x58, u8::try_from(bytes.len()).unwrap()];
        wire.extend(&bytes);
        wire.push(0x01);
        wire.extend(cbor::to_vec(&Digest::of(b"c")));
        wire
    };
    let entry = Entry::parse(entry_of_it.clone()).unwrap();
    assert_eq!((entry.bytes(), entry.leaf()), (entry_of_it.as_slice(), leaf_hash(&entry_of_it)));
    assert_eq!(entry.header().unwrap(), headers()[2].1);
    let later = ActKind::from(250);
    assert_eq!((later, later.number()), (ActKind::Unknown(250), 250));
}

#[test]
fn numbers_are_stable() {
    let numbers = |all: &[u8]| all.to_vec();
    assert_eq!(
        ActKind::ALL.iter().map(|kind| kind.number()).collect::<Vec<_>>(),
        (1..=24)
            .chain([29, 31, 32])
            .chain(34..=53)
            .chain(60..=66)
            .chain(70..=77)
            .chain(80..=86)
            .chain(90..=92)
            .collect::<Vec<_>>()
    );
    assert!(ActKind::ALL.iter().all(|kind| ActKind::from(kind.number()) == *kind));
    assert_eq!(Mode::ALL.iter().map(|mode| mode.number()).collect::<Vec<_>>(), numbers(&[0, 1, 2, 3, 4]));
    assert_eq!(Channel::ALL.iter().map(|channel| channel.number()).collect::<Vec<_>>(), numbers(&[1, 2, 3, 4, 9]));
    assert_eq!(VoiceKind::ALL.iter().map(|kind| kind.number()).collect::<Vec<_>>(), numbers(&[1, 2, 3, 4, 5]));
    assert_eq!(VoiceOutcome::ALL.iter().map(|outcome| outcome.number()).collect::<Vec<_>>(), numbers(&[1, 2, 3, 4]));
    assert_eq!(
        NodeEvent::ALL.iter().map(|event| event.number()).collect::<Vec<_>>(),
        (1..=10).chain(90..=91).collect::<Vec<_>>()
    );
    assert_eq!(Outcome::ALL.iter().map(|outcome| outcome.number()).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
}

#[test]
fn an_epoch_names_the_tree_before() {
    let Header::Epoch(epoch) = headers()[2].1.clone() else { unreachable!("the table's third header") };
    let old =
        Checkpoint { origin: origin(), journal: JournalKind::Acts, epoch: 1, size: 900, root: Digest::of(b"old") };
    assert!(epoch.follows(&old));
    assert!(!epoch.follows(&Checkpoint { size: 901, ..old }));
}

#[test]
fn entries_keep_their_bytes() {
    let entry = entry();
    golden("entry.hex", entry.bytes());
    golden("entry-leaf.hex", entry.leaf().as_bytes());
    let read = Entry::parse(entry.bytes().to_vec()).unwrap();
    assert_eq!(read, entry);
    assert_eq!(read.header().unwrap(), Header::Acts(act()));
    assert!(matches!(Entry::parse(vec![0; ENTRY_BYTES_MAX + 1]), Err(EntryError::TooLarge { .. })));
    for end in 0..entry.bytes().len() {
        assert!(Entry::parse(entry.bytes()[..end].to_vec()).is_err());
    }
    assert!(Entry::parse([entry.bytes(), &[0]].concat()).is_err());
    // A header that isn't deterministic: a map with its keys out of order.
    let mut wire = vec![0xa2, 0x00, 0x47, 0x82, 0x02, 0xa2, 0x01, 0x00, 0x00, 0x00, 0x01];
    wire.extend(cbor::to_vec(&Digest::of(b"c")));
    assert!(matches!(Entry::parse(wire), Err(EntryError::Cbor(_))));
}

#[test]
fn a_body_verifies_with_any_fields_withheld() {
    let (body, entry) = (body(), entry());
    golden("body.hex", &body.to_bytes());
    golden("body-redacted.hex", &body.redacted(|number| number == 3).to_bytes());
    for kept in 0..8_u16 {
        let number_kept = |number| {
            kept & match number {
                1 => 1,
                3 => 2,
                _ => 4,
            } != 0
        };
        let redacted = Body::parse(&body.redacted(number_kept).to_bytes()).unwrap();
        let view = redacted.verify(&entry).unwrap();
        for number in [1, 3, 700] {
            assert_eq!(matches!(view.field(number), View::Open(_)), number_kept(number));
            assert_eq!(view.field(number) == View::Withheld, !number_kept(number));
        }
        assert_eq!(view.field(2), View::Absent);
    }
    assert_eq!(body.verify(&entry).unwrap().field(1), View::Open("张三".as_bytes()));
}

#[test]
fn a_changed_body_is_refused() {
    let entry = entry();
    let bytes = body().to_bytes();
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        assert!(!Body::parse(&bent).is_ok_and(|body| body.verify(&entry).is_ok()), "byte {at}");
    }
    assert_eq!(Body::default().verify(&entry).unwrap_err(), BodyMismatch);
    assert_eq!(Body::default().commitment(), root_of(&[]));
}

#[test]
fn a_body_s_fields_are_in_order_and_bounded() {
    let field = |number| (number, [0; 16], Vec::new());
    assert!(matches!(Body::open([field(1), field(1)]), Err(BodyError::Order { number: 1 })));
    let many = u16::try_from(BODY_FIELDS_MAX).unwrap() + 1;
    assert!(matches!(Body::open((0..many).map(field)), Err(BodyError::TooMany { .. })));
    assert!(matches!(Body::open([(1, [0; 16], vec![0; 1 << 20])]), Err(BodyError::TooLarge { .. })));
    let swapped = vec![
        Field::Open { number: 2, salt: [0; 16], value: Vec::new() },
        Field::Withheld { number: 1, leaf: Digest::of(b"") },
    ];
    assert!(matches!(Body::parse(&cbor::to_vec(&swapped)), Err(BodyError::Order { number: 1 })));
    assert!(Body::parse(&[0x81, 0x81, 0x00]).is_err());
}

#[test]
fn a_checkpoint_has_one_text() {
    let checkpoint =
        Checkpoint { origin: origin(), journal: JournalKind::Standards, epoch: 3, size: 20852, root: Digest::of(b"r") };
    let text = checkpoint.to_string();
    golden("checkpoint.hex", text.as_bytes());
    assert!(text.starts_with("tongban/51515151515151515151515151515151/standards/3\n20852\n"));
    assert_eq!(Checkpoint::parse(&text).unwrap(), checkpoint);
    assert_eq!(cbor::from_slice::<Checkpoint>(&cbor::to_vec(&checkpoint)).unwrap(), checkpoint);
    let table = [
        (text.replace("tongban", "other"), CheckpointError::Origin),
        (text.replace("standards", "things"), CheckpointError::Origin),
        (text.replace("/3\n", "/x\n"), CheckpointError::Origin),
        (text.replace("/3\n", "/03\n"), CheckpointError::Form),
        (text.replace("/3\n", "/3/\n"), CheckpointError::Form),
        (text.replace("20852", "+20852"), CheckpointError::Form),
        (text.replace("20852", "020852"), CheckpointError::Form),
        (text.replace("20852", "-1"), CheckpointError::Size),
        (text.replace("20852", "18446744073709551615"), CheckpointError::Size),
        (text.replace("=\n", "\n"), CheckpointError::Root),
        (format!("{text}more\n"), CheckpointError::Form),
        (text.replace('\n', "\r\n"), CheckpointError::Origin),
        (text.trim_end().to_owned(), CheckpointError::Form),
        (String::new(), CheckpointError::Form),
    ];
    for (bent, error) in table {
        assert_eq!(Checkpoint::parse(&bent), Err(error), "{bent:?}");
    }
}

/// A journal of `count` entries with bodies.
fn journal(count: u32) -> (Vec<(Entry, Body)>, MemoryTree) {
    let entries: Vec<_> = (0..count)
        .map(|tenure| {
            let body = Body::open([(1, [1; 16], tenure.to_be_bytes().to_vec())]).unwrap();
            (Entry::new(&Header::Acts(ActHeader { tenure, ..act() }), body.commitment()), body)
        })
        .collect();
    let tree = MemoryTree::from_leaves(entries.iter().map(|(entry, _)| entry.leaf()));
    (entries, tree)
}

fn checkpoint(tree: &MemoryTree) -> Checkpoint {
    Checkpoint { origin: origin(), journal: JournalKind::Acts, epoch: 1, size: tree.size(), root: tree.root() }
}

fn frontier(entries: &[(Entry, Body)]) -> Frontier {
    let mut frontier = Frontier::new();
    entries.iter().for_each(|(entry, _)| drop(frontier.append(entry.leaf())));
    frontier
}

fn slice(entries: &[(Entry, Body)], tree: &MemoryTree, from: usize, to: usize) -> Slice {
    let checkpoint = checkpoint(tree);
    let mut builder = SliceBuilder::new(&checkpoint, b"note".to_vec(), from as u64, vec![b"record".to_vec()]);
    for (entry, body) in &entries[from..to] {
        assert!(builder.push(entry.bytes().to_vec(), body.to_bytes()));
    }
    let proof = consistency_proof(tree, builder.end(), tree.size()).unwrap();
    builder.finish(proof)
}

#[test]
fn slices_extend_step_by_step() {
    let (entries, tree) = journal(21);
    golden("slice.hex", &slice(&entries, &tree, 3, 5).to_bytes());
    let checkpoint = checkpoint(&tree);
    for from in 0..=21 {
        for to in from..=21 {
            let slice = slice(&entries, &tree, from, to);
            assert_eq!(Slice::parse(&slice.to_bytes()).unwrap(), slice);
            let extension = verify(&slice, &frontier(&entries[..from]), &checkpoint).unwrap();
            assert_eq!(extension.frontier, frontier(&entries[..to]));
            assert_eq!(extension.entries, entries[from..to]);
            for node in extension.nodes {
                assert_eq!(tongban_journal::NodeSource::node(&tree, node.level, node.index), Some(node.hash));
            }
        }
    }
}

#[test]
fn a_slice_that_does_not_extend_is_named() {
    let (entries, tree) = journal(8);
    let checkpoint = checkpoint(&tree);
    let held = frontier(&entries[..3]);
    let refused = |slice: &Slice, checkpoint: &Checkpoint| verify(slice, &held, checkpoint).unwrap_err();
    let good = slice(&entries, &tree, 3, 8);
    verify(&good, &held, &checkpoint).unwrap();

    let error = refused(&slice(&entries, &tree, 4, 8), &checkpoint);
    assert!(matches!(error, SliceError::Gap { held: 3, from: 4 }), "{error}");
    let error = refused(&slice(&entries, &tree, 2, 8), &checkpoint);
    assert!(matches!(error, SliceError::Repeated { held: 3, from: 2 }), "{error}");
    let error = refused(&good, &Checkpoint { size: 2, ..checkpoint });
    assert!(matches!(error, SliceError::Shrunk { held: 3, size: 2 }), "{error}");
    let error = refused(&good, &Checkpoint { size: 3, ..checkpoint });
    assert!(matches!(error, SliceError::Fork { size: 3, .. }), "{error}");
    let error = refused(&good, &Checkpoint { size: 7, ..checkpoint });
    assert!(matches!(error, SliceError::BeyondCheckpoint { end: 8, size: 7 }), "{error}");
    let error = refused(&good, &Checkpoint { epoch: 2, ..checkpoint });
    assert!(matches!(error, SliceError::WrongJournal), "{error}");
    let error = refused(&good, &Checkpoint { root: Digest::of(b"other"), ..checkpoint });
    assert!(matches!(error, SliceError::RootMismatch { size: 8, .. }), "{error}");

    let mut bent = slice(&entries, &tree, 3, 6);
    bent.consistency.pop();
    let error = refused(&bent, &checkpoint);
    assert!(matches!(error, SliceError::Inconsistent { size: 6, proof: ProofError::Length }), "{error}");
    let mut bent = good.clone();
    bent.consistency.push(tree.root());
    assert_eq!(refused(&bent, &checkpoint).code(), "slice-inconsistent");
    let mut bent = good.clone();
    bent.entries.swap(0, 1);
    assert_eq!(refused(&bent, &checkpoint).code(), "slice-root-mismatch");
    let mut bent = good.clone();
    bent.entries[1].body = Body::default().to_bytes();
    assert!(matches!(refused(&bent, &checkpoint), SliceError::BodyMismatch { index: 4 }));
    bent.entries[1].body = vec![0xff];
    assert!(matches!(refused(&bent, &checkpoint), SliceError::Body { index: 4, .. }));
    bent.entries[1].entry = vec![0xff];
    assert!(matches!(refused(&bent, &checkpoint), SliceError::Entry { index: 4, .. }));
    let mut bent = good.clone();
    bent.entries = vec![bent.entries[0].clone(); SLICE_ENTRIES_MAX + 1];
    assert_eq!(refused(&bent, &checkpoint).code(), "slice-too-large");
    let mut bent = good;
    bent.from = u64::MAX;
    assert_eq!(refused(&bent, &checkpoint).code(), "slice-gap");
}

#[test]
fn a_builder_stops_at_the_bounds_and_what_it_built_parses() {
    let (entries, tree) = journal(1);
    let checkpoint = checkpoint(&tree);
    let mut builder = SliceBuilder::new(&checkpoint, Vec::new(), 0, Vec::new());
    let body = Body::open([(1, [0; 16], vec![0; 900_000])]).unwrap().to_bytes();
    let count = (0..).take_while(|_| builder.push(entries[0].0.bytes().to_vec(), body.clone())).count();
    assert_eq!(count, 9);
    Slice::parse(&builder.finish(vec![tree.root(); 124]).to_bytes()).unwrap();
    let mut builder = SliceBuilder::new(&checkpoint, Vec::new(), 0, Vec::new());
    let count = (0..).take_while(|_| builder.push(vec![0xa0], vec![0x80])).count();
    assert_eq!(count, SLICE_ENTRIES_MAX);
    Slice::parse(&builder.finish(Vec::new()).to_bytes()).unwrap();
}

proptest! {
    #[test]
    fn bodies_round_trip_and_redactions_verify(
        fields in prop::collection::btree_map(any::<u16>(), (any::<[u8; 16]>(), prop::collection::vec(any::<u8>(), 0..40)), 0..20),
        mask in any::<u64>(),
    ) {
        let body = Body::open(fields.iter().map(|(number, (salt, value))| (*number, *salt, value.clone()))).unwrap();
        prop_assert_eq!(&Body::parse(&body.to_bytes()).unwrap(), &body);
        let redacted = body.redacted(|number| mask >> (number % 64) & 1 == 1);
        prop_assert_eq!(redacted.commitment(), body.commitment());
        prop_assert_eq!(&Body::parse(&redacted.to_bytes()).unwrap(), &redacted);
        prop_assert_eq!(redacted.redacted(|_| true), redacted);
    }

    #[test]
    fn bytes_from_outside_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Entry::parse(bytes.clone());
        let _ = Body::parse(&bytes);
        let _ = Header::parse(&bytes);
        let _ = Slice::parse(&bytes);
        let _ = Checkpoint::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_bent_slice_is_never_taken_as_it_stands(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let (entries, tree) = journal(5);
        let (checkpoint, held) = (checkpoint(&tree), frontier(&entries[..2]));
        let good = slice(&entries, &tree, 2, 4);
        let mut bytes = good.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(extension) = Slice::parse(&bytes).and_then(|bent| verify(&bent, &held, &checkpoint)) {
            // Only what is no part of the tree may differ: note and records have seals of their own, and a withheld
            // number is the sender's word.
            let whole = verify(&good, &held, &checkpoint).unwrap();
            prop_assert_eq!(extension, whole);
        }
    }
}
