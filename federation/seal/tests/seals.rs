//! Keys, seals, batches and notes: golden bytes, round trips, and every way of bending them.
//!
//! `TONGBAN_BLESS=1` writes the golden files anew; a change in them is a change of the format.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use proptest::prelude::*;
use tongban_codes::cbor;
use tongban_codes::ids::{Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_journal::{Checkpoint, JournalKind};
use tongban_seal::note::{NOTE_SIGNATURES_MAX, key_name, node_of};
use tongban_seal::{
    Algorithm, Ed25519Signer, KeyError, KeyId, NoteError, PublicKey, SealError, SignError, Signature, SignedNote,
    Signer, Statement, VerifyError, batch, content_type, cose, verify,
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
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

fn signer() -> Ed25519Signer {
    Ed25519Signer::from_seed(&[0x42; 32])
}

fn keys(id: &KeyId) -> Option<PublicKey> {
    Some(signer().public_key()).filter(|key| key.key_id() == *id)
}

/// Calls itself SM2 and signs whatever it likes.
struct FalseSm2;

impl Signer for FalseSm2 {
    fn public_key(&self) -> PublicKey {
        let mut point = vec![4; 65];
        point[1] = 7;
        PublicKey::new(Algorithm::Sm2Sm3, point).unwrap()
    }

    fn sign(&self, _: &[u8]) -> Result<Signature, SignError> {
        Ok(Signature::from_bytes(vec![1; 64]))
    }
}

#[test]
fn ed25519_as_in_rfc_8032() {
    let seed: [u8; 32] = unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").try_into().unwrap();
    let signer = Ed25519Signer::from_seed(&seed);
    assert_eq!(hex(signer.public_key().bytes()), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let signature = signer.sign(b"").unwrap();
    assert_eq!(
        hex(signature.as_bytes()),
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    );
    assert_eq!(verify(&signer.public_key(), b"", &signature), Ok(()));
    assert_eq!(verify(&signer.public_key(), b"x", &signature), Err(VerifyError::Invalid));
    assert!(!format!("{signer:?}").contains("9d61"));
}

#[test]
fn keys_are_named_and_checked() {
    let key = signer().public_key();
    golden("public-key.hex", &cbor::to_vec(&key));
    golden("key-id.hex", key.key_id().as_bytes());
    assert_eq!(cbor::from_slice::<PublicKey>(&cbor::to_vec(&key)).unwrap(), key);
    assert_eq!(key.key_id().to_string().parse::<KeyId>().unwrap(), key.key_id());
    assert_eq!(cbor::from_slice::<KeyId>(&cbor::to_vec(&key.key_id())).unwrap(), key.key_id());
    for text in ["", "0123", "0123456789ABCDEF", "+123456789abcdef", "0123456789abcdef0"] {
        assert_eq!(text.parse::<KeyId>(), Err(KeyError::Id), "{text}");
    }
    // The identity point, to which some signature fits every message; no point at all; too short.
    let mut identity = vec![0; 32];
    identity[0] = 1;
    for bytes in [identity, [vec![2], vec![0; 31]].concat(), vec![0x42; 31]] {
        assert_eq!(PublicKey::new(Algorithm::Ed25519, bytes), Err(KeyError::Public(Algorithm::Ed25519)));
    }
    assert!(PublicKey::new(Algorithm::Sm2Sm3, vec![4; 33]).is_err());
    assert!(PublicKey::new(Algorithm::Sm2Sm3, vec![2; 33]).is_ok());
    assert!(cbor::from_slice::<PublicKey>(&[0xa2, 0x00, 0x26, 0x01, 0x41, 0x00]).is_err());
    for algorithm in [Algorithm::Ed25519, Algorithm::Sm2Sm3] {
        assert_eq!(Algorithm::from_number(algorithm.number()), Some(algorithm));
    }
    assert_eq!(Algorithm::from_number(-8), None);
}

#[test]
fn a_tls_stack_takes_the_key() {
    let pair = rcgen::KeyPair::try_from(signer().pkcs8_der().as_slice()).unwrap();
    assert_eq!(pair.public_key_raw(), signer().public_key().bytes());
}

#[test]
fn a_seal_opens_as_it_was_and_every_bent_byte_is_refused() {
    let sealed = cose::seal(&signer(), content_type::RECEIPT, b"payload", b"aad").unwrap();
    golden("cose.hex", &sealed);
    let opened = cose::open(&sealed, &keys, b"aad").unwrap();
    assert_eq!(opened.payload, b"payload");
    assert_eq!((opened.content_type.as_str(), opened.key_id), (content_type::RECEIPT, signer().key_id()));
    assert!(opened.clone().expect(content_type::RECEIPT).is_ok());
    assert_eq!(opened.expect(content_type::LICENCE).unwrap_err().code(), "seal-content-type");
    assert_eq!(cose::open(&sealed, &keys, b"other"), Err(SealError::Signature));
    assert_eq!(cose::open(&sealed, &|_| None, b"aad"), Err(SealError::UnknownKey(signer().key_id())));
    let other = Ed25519Signer::from_seed(&[1; 32]).public_key();
    assert_eq!(cose::open(&sealed, &|_| Some(other.clone()), b"aad"), Err(SealError::Algorithm));
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut bent = sealed.clone();
            bent[at] ^= 1 << bit;
            assert!(cose::open(&bent, &keys, b"aad").is_err(), "byte {at}, bit {bit}");
        }
        assert!(cose::open(&sealed[..at], &keys, b"aad").is_err(), "first {at} bytes");
    }
    assert!(cose::open(&[sealed.as_slice(), &[0]].concat(), &keys, b"aad").is_err());
    assert!(cose::open(&[&[0xd2], sealed.as_slice()].concat(), &keys, b"aad").is_err(), "tagged");
    assert_eq!(cose::open(&vec![0; cose::SEAL_BYTES_MAX + 1], &keys, b"").unwrap_err().code(), "seal-too-large");
}

/// A COSE_Sign1 with this protected header, unprotected header and payload, signed as it stands.
fn crafted(protected: &[u8], unprotected: &[u8], payload: &[u8]) -> Vec<u8> {
    let bytes = |bytes: &[u8]| cbor::to_vec(&minicbor::bytes::ByteVec::from(bytes.to_vec()));
    let mut message = vec![0x84, 0x6a];
    message.extend(b"Signature1");
    message.extend([bytes(protected), vec![0x40], payload.to_vec()].concat());
    let signature = signer().sign(&message).unwrap();
    [&[0x84], bytes(protected).as_slice(), unprotected, payload, &bytes(signature.as_bytes())].concat()
}

#[test]
fn only_the_strict_form_opens_even_when_signed() {
    let kid = signer().key_id();
    let header = |algorithm: &[u8], more: &[u8]| {
        let count = 3 + u8::from(!more.is_empty());
        [&[0xa0 | count, 0x01], algorithm, &[0x03, 0x63], b"a/b", &[0x04, 0x48], kid.as_bytes(), more].concat()
    };
    let payload = [0x41, 0x07];
    let good = header(&[0x32], &[]);
    assert_eq!(cose::open(&crafted(&good, &[0xa0], &payload), &keys, b"").unwrap().payload, [7]);
    let table: [(&str, Vec<u8>, &str); 9] = [
        ("EdDSA, which isn't on the list", crafted(&header(&[0x27], &[]), &[0xa0], &payload), "seal-algorithm"),
        ("ES256", crafted(&header(&[0x26], &[]), &[0xa0], &payload), "seal-algorithm"),
        ("another private number", crafted(&header(&[0x3a, 0, 2, 0, 0], &[]), &[0xa0], &payload), "seal-algorithm"),
        (
            "SM2 over an Ed25519 key",
            crafted(&header(&[0x3a, 0, 0x0b, 0x2e, 0xf5], &[]), &[0xa0], &payload),
            "seal-algorithm",
        ),
        ("one more header", crafted(&header(&[0x32], &[0x05, 0x41, 0x00]), &[0xa0], &payload), "seal-header"),
        ("an unprotected header", crafted(&good, &[0xa1, 0x04, 0x41, 0x00], &payload), "seal-header"),
        ("no header", crafted(&[], &[0xa0], &payload), "seal-malformed"),
        ("a detached payload", crafted(&good, &[0xa0], &[0xf6]), "seal-malformed"),
        ("a long length", crafted(&good, &[0xa0], &[0x58, 0x01, 0x07]), "seal-malformed"),
    ];
    for (what, sealed, code) in table {
        assert_eq!(cose::open(&sealed, &keys, b"").unwrap_err().code(), code, "{what}");
    }
}

#[test]
fn sm2_has_a_name_and_no_implementation() {
    let key = FalseSm2.public_key();
    let sealed = cose::seal(&FalseSm2, content_type::LICENCE, b"x", b"").unwrap();
    assert_eq!(
        cose::open(&sealed, &|_| Some(key.clone()), b""),
        Err(SealError::UnsupportedAlgorithm(Algorithm::Sm2Sm3))
    );
}

fn batch_of(count: usize) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let statements: Vec<Vec<u8>> = (0..count).map(|n| format!("statement {n}").into_bytes()).collect();
    let given: Vec<_> =
        statements.iter().map(|bytes| Statement { content_type: content_type::RECEIPT, bytes }).collect();
    let sealed = batch::seal(&signer(), &given).unwrap();
    (statements, sealed)
}

#[test]
fn a_batch_seals_each_statement_alone() {
    for count in [0, 1, 2, 3, 7, 8, 33] {
        let (statements, sealed) = batch_of(count);
        assert_eq!(sealed.len(), count);
        for (statement, sealed) in statements.iter().zip(&sealed) {
            let opened = batch::open(sealed, content_type::RECEIPT, &keys).unwrap();
            assert_eq!((&opened.statement, opened.key_id), (statement, signer().key_id()));
            assert_eq!(batch::open(sealed, content_type::ENVELOPE, &keys).unwrap_err().code(), "seal-content-type");
            assert_eq!(batch::open(sealed, content_type::RECEIPT, &|_| None).unwrap_err().code(), "seal-key-unknown");
        }
    }
}

#[test]
fn every_bent_byte_of_a_sealed_statement_is_refused() {
    let (_, sealed) = batch_of(5);
    golden("sealed-statement.hex", &sealed[3]);
    let open = |bytes: &[u8]| batch::open(bytes, content_type::RECEIPT, &keys);
    for at in 0..sealed[3].len() {
        for bit in 0..8 {
            let mut bent = sealed[3].clone();
            bent[at] ^= 1 << bit;
            assert!(open(&bent).is_err(), "byte {at}, bit {bit}");
        }
        assert!(open(&sealed[3][..at]).is_err(), "first {at} bytes");
    }
    assert!(open(&[sealed[3].as_slice(), &[0]].concat()).is_err());
    // A seventh element, well formed and under no signature.
    let mut longer = sealed[3].clone();
    assert_eq!(longer[0], 0x86);
    longer[0] = 0x87;
    longer.push(0);
    assert_eq!(open(&longer).unwrap_err().code(), "seal-malformed");
    // A bare seal is no statement, nor is a batch's root a receipt.
    let bare = cose::seal(&signer(), content_type::RECEIPT, b"x", b"").unwrap();
    assert!(open(&bare).is_err());
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: NodeId::from_bytes([0x51; 16]),
        journal: JournalKind::Acts,
        epoch: 1,
        size: 42,
        root: Digest::of(b"root"),
    }
}

#[test]
fn a_note_is_verified_by_its_origin_s_key() {
    let note = SignedNote::sign(&checkpoint(), &signer()).unwrap();
    let bytes = note.to_bytes();
    golden("note.hex", &bytes);
    let key = signer().public_key();
    let other = Ed25519Signer::from_seed(&[1; 32]).public_key();
    let parsed = SignedNote::parse(&bytes).unwrap();
    assert_eq!(parsed, note);
    assert_eq!(parsed.verify(&[other.clone(), FalseSm2.public_key(), key.clone()]).unwrap(), checkpoint());
    assert!(matches!(parsed.verify(&[other]), Err(NoteError::NoSignature(_))));
    assert!(matches!(SignedNote::sign(&checkpoint(), &FalseSm2), Err(NoteError::Algorithm(_))));
    assert_eq!(node_of(&key_name(&checkpoint().origin)), Some(checkpoint().origin));
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut bent = bytes.clone();
            bent[at] ^= 1 << bit;
            assert!(
                SignedNote::parse(&bent).and_then(|note| note.verify(std::slice::from_ref(&key))).is_err(),
                "byte {at}, bit {bit}"
            );
        }
        let cut = SignedNote::parse(&bytes[..at]);
        assert!(cut.and_then(|note| note.verify(std::slice::from_ref(&key))).is_err(), "first {at} bytes");
    }
}

#[test]
fn witnesses_and_strangers_are_kept() {
    let (node, witness) = (NodeId::from_bytes([0x77; 16]), Ed25519Signer::from_seed(&[7; 32]));
    let at = Timestamp::from_seconds(1_789_000_000);
    let (ours, theirs) = ([signer().public_key()], [witness.public_key()]);
    let mut note = SignedNote::sign(&checkpoint(), &signer()).unwrap();
    note.witness(&node, &witness, at).unwrap();
    let mut bytes = note.to_bytes();
    golden("note-witnessed.hex", &bytes);
    bytes.extend("— example.org/witness AAAAAAECAwQ=\n".as_bytes());
    let parsed = SignedNote::parse(&bytes).unwrap();
    assert_eq!(parsed.to_bytes(), bytes);
    assert_eq!(parsed.names().count(), 3);
    assert_eq!(*parsed.claimed(), checkpoint());
    assert_eq!(parsed.verify(&ours).unwrap(), checkpoint());
    assert_eq!(parsed.witnessed_by(&node, &theirs).unwrap(), at);
    // A witness's line is no origin's, nor the other way round; another node didn't witness.
    assert!(matches!(parsed.witnessed_by(&checkpoint().origin, &ours), Err(NoteError::NoSignature(_))));
    assert!(matches!(parsed.verify(&theirs), Err(NoteError::NoSignature(_))));
    assert!(matches!(parsed.witnessed_by(&NodeId::from_bytes([1; 16]), &theirs), Err(NoteError::NoSignature(_))));
    // The same lines under another checkpoint.
    let text = String::from_utf8(bytes).unwrap().replacen("\n42\n", "\n43\n", 1);
    let moved = SignedNote::parse(text.as_bytes()).unwrap();
    assert!(matches!(moved.verify(&ours), Err(NoteError::Signature(_))));
    assert!(matches!(moved.witnessed_by(&node, &theirs), Err(NoteError::Signature(_))));
}

#[test]
fn notes_are_bounded_and_strictly_written() {
    let (node, signer) = (NodeId::from_bytes([0x77; 16]), signer());
    let mut note = SignedNote::sign(&checkpoint(), &signer).unwrap();
    let good = String::from_utf8(note.to_bytes()).unwrap();
    for _ in 1..NOTE_SIGNATURES_MAX {
        note.witness(&node, &signer, Timestamp::from_seconds(1)).unwrap();
    }
    assert!(matches!(note.witness(&node, &signer, Timestamp::from_seconds(1)), Err(NoteError::TooLarge)));
    assert_eq!(SignedNote::parse(&note.to_bytes()).unwrap(), note);
    assert!(
        SignedNote::sign(&checkpoint(), &signer).unwrap().witness(&node, &signer, Timestamp::from_seconds(-1)).is_err()
    );
    let table = [
        (good.replace("— ", "- "), "note-malformed"),
        (good.replace("— tongban/", "— tongban+"), "note-malformed"),
        (good.replace("\n\n", "\n"), "note-malformed"),
        (good.trim_end().to_owned(), "note-malformed"),
        (format!("{good}\n"), "note-malformed"),
        (format!("{good}— name AAAA\n"), "note-malformed"),
        (format!("{good}— name AAAAAAECAwR=\n"), "note-malformed"),
        (good.replace("acts", "ac\tts"), "note-malformed"),
        (good.replace("acts", "facts"), "note-not-a-checkpoint"),
        ("x".repeat(20_000), "note-too-large"),
    ];
    for (bent, code) in table {
        assert_eq!(SignedNote::parse(bent.as_bytes()).unwrap_err().code(), code, "{bent:?}");
    }
    assert_eq!(SignedNote::parse(&[0xff]).unwrap_err().code(), "note-malformed");
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens(payload in prop::collection::vec(any::<u8>(), 0..300), aad in prop::collection::vec(any::<u8>(), 0..40)) {
        let sealed = cose::seal(&signer(), content_type::ENVELOPE, payload.clone(), &aad).unwrap();
        prop_assert_eq!(cose::open(&sealed, &keys, &aad).unwrap().payload, payload);
    }

    #[test]
    fn bytes_from_outside_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(cose::open(&bytes, &keys, b"").is_err());
        prop_assert!(batch::open(&bytes, content_type::RECEIPT, &keys).is_err());
        prop_assert!(SignedNote::parse(&bytes).is_err());
    }
}
