//! Which tokens and answers of superiors that came later are taken.

use std::sync::Arc;

use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Label, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::{NodeFacts, Place};
use tongban_federation::directory::{DatedKey, NodeRecord};
use tongban_quic::certificate::{Subject, VALID_DAYS, issue, key_hash, public_key, self_signed};
use tongban_seal::{Ed25519Signer, IndexKey, NodeKey, Signer};
use tongban_storage::MemoryBackend;

use super::*;
use crate::engine::Keys;
use crate::engine::trust::{AnchorRow, RootKey};
use crate::exchange::{KnowledgeParts, MemoryBlobs};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const PROVINCE: u8 = 1;
const COUNTY: u8 = 2;
const CITY: u8 = 3;
/// A node of the city's division in a tree of its own.
const ROGUE: u8 = 4;
const DIVISIONS: [&str; 4] = ["510000", "511602", "511600", "511600"];

fn place(number: u8) -> Place {
    let division = DIVISIONS[usize::from(number) - 1].parse().unwrap();
    Place { node: NodeId::from_bytes([number; 16]), division }
}

fn seal(number: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(&[number; 32])
}

fn transport(number: u8) -> Vec<u8> {
    Ed25519Signer::from_seed(&[100 + number; 32]).pkcs8_der().to_vec()
}

fn spki(number: u8) -> Vec<u8> {
    public_key(&transport(number)).unwrap()
}

/// A chain from the first of these up to the last, which certifies itself.
fn chain(numbers: &[u8]) -> Vec<Certificate> {
    let root = *numbers.last().unwrap();
    let mut made = vec![self_signed(&transport(root), place(root).node, place(root).division, NOW).unwrap()];
    let mut issuer = root;
    for number in numbers.iter().rev().skip(1) {
        let Place { node, division } = place(*number);
        let subject = Subject { spki: spki(*number), node, division };
        made = issue(&transport(issuer), &made, &subject, NOW, VALID_DAYS).unwrap();
        issuer = *number;
    }
    made.into_iter().map(Certificate).collect()
}

fn word(number: u8, superior: Option<u8>, serial: u64) -> Certification {
    Certification {
        node: place(number).node,
        division: place(number).division,
        label: Label::new(place(number).division, 0).unwrap(),
        superior: superior.map(|superior| place(superior).node),
        seal_keys: vec![DatedKey { key: seal(number).public_key(), from: NOW, revoked: None }],
        exchange_key: vec![7; 32],
        serial,
        at: NOW,
        revoked: None,
        reason: None,
    }
}

fn sealed(word: &Certification, by: u8) -> Sealed {
    word.seal(&seal(by)).unwrap()
}

fn record(word: &Certification, by: u8, number: u8) -> Sealed {
    let own = NodeRecord {
        node: place(number).node,
        name: number.to_string(),
        addresses: Vec::new(),
        transport_key: key_hash(&spki(number)),
        chain: Vec::new(),
        authorities: Vec::new(),
        epoch: 1,
        version: 1,
        issued_at: NOW,
    };
    let (node, certifier) = (place(number).node, place(by).node);
    let (certification, record) = (sealed(word, by), own.seal(&seal(number)).unwrap());
    SignedRecord::Node { node, certifier, certification, record }.to_sealed()
}

/// A county right under its province.
fn county() -> (Arc<Knowledge>, Trust) {
    let root = RootKey { node: place(PROVINCE).node, key: seal(PROVINCE).public_key() };
    let trust = Trust {
        chain: chain(&[COUNTY, PROVINCE]),
        anchors: vec![AnchorRow { key_hash: key_hash(&spki(PROVINCE)), division: place(PROVINCE).division }],
        roots: vec![root.clone()],
        superior: Some(place(PROVINCE).node),
        ..Trust::default()
    };
    let keys = Keys::new(
        Arc::new(seal(COUNTY)),
        NodeKey::new(1, [1; 32]),
        IndexKey::new(1, [9; 32]),
        Box::new(|_, _| Err("no authority".to_owned())),
    );
    let parts = KnowledgeParts {
        backend: Arc::new(MemoryBackend::new()),
        blobs: Arc::new(MemoryBlobs::default()),
        keys: Arc::new(keys),
        transport_key_hash: key_hash(&spki(COUNTY)),
        exchange_key: vec![7; 32],
        clock: Arc::new(|| NOW),
        addresses: Vec::new(),
        direct: false,
    };
    let here = place(COUNTY);
    let label = Label::new(here.division, 0).unwrap();
    let facts = NodeFacts { node: here.node, division: here.division, name: "县".to_owned(), label, demo: true };
    let mut directory = Directory::new();
    directory.add_anchor(root.node, root.key);
    let records = vec![
        record(&word(PROVINCE, None, 1), PROVINCE, PROVINCE),
        record(&word(COUNTY, Some(PROVINCE), 5), PROVINCE, COUNTY),
    ];
    assert!(directory.merge_all(records, NOW).iter().all(|(_, outcome)| outcome.is_ok()));
    (Knowledge::of(parts, facts, 1, trust.clone(), Arc::new(directory)), trust)
}

fn token(number: u8, issuer_division: &str) -> Invitation {
    Invitation {
        address: "127.0.0.1:1".to_owned(),
        issuer_key: key_hash(&spki(number)),
        issuer_division: issuer_division.parse::<DivisionCode>().unwrap(),
        division: place(COUNTY).division,
        secret: [0; 16],
        expires: NOW,
    }
}

fn code<T>(outcome: Result<T, Refused>) -> Result<T, String> {
    outcome.map_err(|refused| match refused {
        Refused::Problem(problem) => problem.code,
        other => format!("{other:?}"),
    })
}

#[test]
fn tokens() {
    let (knowledge, trust) = county();
    let of = |number, division| code(of(&knowledge, &trust, &token(number, division)));
    assert_eq!(of(PROVINCE, "510000"), Ok(Succession::Again));
    assert_eq!(of(CITY, "511600"), Ok(Succession::Between));
    assert_eq!(of(ROGUE, "510000"), Ok(Succession::Instead), "the answer must show that the present one is revoked");
    assert_eq!(of(CITY, "510100"), Err("already-joined".to_owned()), "a sister city");
    assert_eq!(of(CITY, "511602"), Err("already-joined".to_owned()), "the own division");
    assert_eq!(of(CITY, "511602001"), Err("already-joined".to_owned()), "from below");
    let root = Trust::default();
    assert_eq!(code(super::of(&knowledge, &root, &token(ROGUE, "511600"))), Ok(Succession::First));
}

#[test]
fn answers() {
    let (knowledge, trust) = county();
    let of_city = record(&word(CITY, Some(PROVINCE), 1), PROVINCE, CITY);
    let judged = |succession, superior: u8, chain: &[Certificate], records: &[Sealed], certification: &Sealed| {
        let answer = Answer { superior: place(superior).node, chain, records, certification };
        code(judge(&knowledge, &trust, succession, &answer))
    };
    let between = |chain: &[Certificate], word: &Certification, by: u8| {
        judged(Succession::Between, CITY, chain, std::slice::from_ref(&of_city), &sealed(word, by))
    };
    let good = chain(&[COUNTY, CITY, PROVINCE]);
    let next = || word(COUNTY, Some(CITY), 6);
    assert_eq!(between(&good, &next(), CITY), Ok(()));

    let refused = |code: &str| Err(code.to_owned());
    // Another tree; the present superior's certificate put behind one that it hasn't issued; a false root put on top of it.
    let foreign = chain(&[COUNTY, ROGUE]);
    assert_eq!(between(&foreign, &next(), CITY), refused("superior-not-between"));
    let forged = [foreign, chain(&[PROVINCE])].concat();
    assert_eq!(between(&forged, &next(), CITY), refused("superior-not-between"));
    assert_eq!(
        between(&chain(&[COUNTY, PROVINCE]), &next(), CITY),
        refused("superior-not-between"),
        "above, not between"
    );
    let mut bent = good.clone();
    let last = bent[0].0.len() - 1;
    bent[0].0[last] ^= 1;
    assert_eq!(between(&bent, &next(), CITY), refused("superior-not-between"), "a bit changed");
    assert_eq!(between(&good[..2], &next(), CITY), refused("superior-not-between"), "cut short");

    // The word: sealed by another, of a superior that nobody vouches for, or of one that doesn't know this node yet.
    assert_eq!(between(&good, &next(), ROGUE), refused("superior-not-between"));
    let unknown = judged(Succession::Between, CITY, &good, &[], &sealed(&next(), CITY));
    assert_eq!(unknown, refused("superior-not-between"));
    let behind = [
        Certification { serial: 5, ..next() },
        Certification { label: Label::new(place(COUNTY).division, 1).unwrap(), ..next() },
        Certification {
            seal_keys: vec![DatedKey { key: seal(COUNTY).public_key(), from: NOW.add_seconds(1), revoked: None }],
            ..next()
        },
    ];
    for word in behind {
        assert_eq!(between(&good, &word, CITY), refused("superior-behind"), "{word:?}");
    }

    // In place of a superior only when it has been revoked.
    let (knowledge, trust) = under_city();
    let instead = |records: &[Sealed]| {
        let certification = sealed(&word(COUNTY, Some(PROVINCE), 9), PROVINCE);
        let chain = chain(&[COUNTY, PROVINCE]);
        let answer = Answer { superior: place(PROVINCE).node, chain: &chain, records, certification: &certification };
        code(judge(&knowledge, &trust, Succession::Instead, &answer))
    };
    assert_eq!(instead(&[]), refused("already-joined"));
    let revoked = Certification { revoked: Some(NOW), ..word(CITY, Some(PROVINCE), 2) };
    let revoked = record(&revoked, PROVINCE, CITY);
    assert_eq!(instead(std::slice::from_ref(&revoked)), Ok(()));
    let (chain, certification) = (chain(&[COUNTY, ROGUE]), sealed(&word(COUNTY, Some(ROGUE), 9), ROGUE));
    let (superior, records) = (place(ROGUE).node, std::slice::from_ref(&revoked));
    let foreign = Answer { superior, chain: &chain, records, certification: &certification };
    let judged = code(judge(&knowledge, &trust, Succession::Instead, &foreign));
    assert_eq!(judged, refused("superior-not-between"), "another tree");
}

/// The county after its move.
fn under_city() -> (Arc<Knowledge>, Trust) {
    let (knowledge, mut trust) = county();
    trust.chain = chain(&[COUNTY, CITY, PROVINCE]);
    trust.superior = Some(place(CITY).node);
    trust.certification = Some(Certificate(sealed(&word(COUNTY, Some(CITY), 6), CITY).into_bytes()));
    knowledge.set_trust(trust.clone());
    assert!(!is_unpublished(&knowledge), "the city's record has to come first");
    let records = vec![record(&word(CITY, Some(PROVINCE), 1), PROVINCE, CITY)];
    let merged = knowledge.change_directory(|directory| directory.merge_all(records, NOW));
    assert!(merged.iter().all(|(_, outcome)| outcome.is_ok()));
    assert!(is_unpublished(&knowledge), "it stopped before it said so");
    let records = vec![record(&word(COUNTY, Some(CITY), 6), CITY, COUNTY)];
    let merged = knowledge.change_directory(|directory| directory.merge_all(records, NOW));
    assert!(merged.iter().all(|(_, outcome)| outcome.is_ok()), "{merged:?}");
    assert!(!is_unpublished(&knowledge));
    (knowledge, trust)
}
