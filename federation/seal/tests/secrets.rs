//! Key files and personal fields: golden bytes, round trips, and what doesn't open.
//!
//! `TONGBAN_BLESS=1` writes the golden files anew; a change in them is a change of the format.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tongban_codes::cbor;
use tongban_codes::ids::CaseId;
use tongban_seal::keystore::{self, SECRET_BYTES_MAX};
use tongban_seal::{CaseKey, IndexKey, KeyKind, KeystoreError, NodeKey, UnlockKey, VaultError, WrappedKey};

/// Compares with a golden file: hex, 64 characters a line.
fn golden(name: &str, bytes: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let text = hex.as_bytes().chunks(64).map(|line| format!("{}\n", str::from_utf8(line).unwrap())).collect::<String>();
    if std::env::var_os("TONGBAN_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "{name}");
}

fn unlock_key() -> UnlockKey {
    UnlockKey::from_bytes([5; 32])
}

#[test]
fn a_key_file_opens_with_its_unlock_key_alone() {
    let file = keystore::lock(KeyKind::Seal, &[0x42; 32], &unlock_key(), [9; 24]);
    golden("key-file.hex", &file);
    let open = |file: &[u8]| keystore::unlock(file, KeyKind::Seal, &unlock_key());
    assert_eq!(*open(&file).unwrap(), [0x42; 32]);
    let wrong = keystore::unlock(&file, KeyKind::Seal, &UnlockKey::from_bytes([6; 32]));
    assert!(matches!(wrong, Err(KeystoreError::WrongUnlockKey)));
    let kind = keystore::unlock(&file, KeyKind::Transport, &unlock_key());
    assert!(matches!(kind, Err(KeystoreError::Kind { found: 2, expected: KeyKind::Transport })));
    for at in 0..file.len() {
        let mut bent = file.clone();
        bent[at] ^= 1;
        let code = open(&bent).unwrap_err().code();
        let expected = match at {
            0..4 => "key-file-unrecognised",
            4 => "key-file-version",
            5 => "key-file-kind",
            6..22 => "key-file-unlock",
            _ => "key-file-damaged",
        };
        assert_eq!(code, expected, "byte {at}");
        let code = open(&file[..at]).unwrap_err().code();
        assert_eq!(code, if at < 4 { "key-file-unrecognised" } else { "key-file-damaged" }, "first {at} bytes");
    }
    assert_eq!(open(&[file.as_slice(), &[0]].concat()).unwrap_err().code(), "key-file-damaged");
    assert_eq!(open(&[file.as_slice(), &[0; SECRET_BYTES_MAX]].concat()).unwrap_err().code(), "key-file-damaged");
}

#[test]
fn a_key_file_is_written_once_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("seal.key");
    let write = || keystore::write_new(&path, KeyKind::Exchange, b"secret", &unlock_key(), [9; 24]);
    write().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(**keystore::open(&path, KeyKind::Exchange, &unlock_key()).unwrap(), *b"secret");
    let before = fs::read(&path).unwrap();
    assert!(matches!(write(), Err(KeystoreError::Io(error)) if error.kind() == std::io::ErrorKind::AlreadyExists));
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::write(&path, vec![b'x'; 1 << 20]).unwrap();
    assert_eq!(keystore::open(&path, KeyKind::Exchange, &unlock_key()).unwrap_err().code(), "key-file-unrecognised");
    let missing = keystore::open(&directory.path().join("none"), KeyKind::Seal, &unlock_key());
    assert_eq!(missing.unwrap_err().code(), "key-file-io");
}

fn case(n: u8) -> CaseId {
    CaseId::from_bytes([n; 16])
}

#[test]
fn a_case_key_unwraps_for_its_case_and_version() {
    let node = NodeKey::new(3, [1; 32]);
    let key = CaseKey::from_bytes([2; 32]);
    let wrapped = node.wrap(&case(1), &key, [8; 24]);
    let bytes = cbor::to_vec(&wrapped);
    golden("wrapped-key.hex", &bytes);
    assert_eq!(wrapped.node_key_version(), 3);
    let wrapped: WrappedKey = cbor::from_slice(&bytes).unwrap();
    let sealed = key.seal_field(&case(1), 7, b"x", [8; 24]);
    let again = node.unwrap(&case(1), &wrapped).unwrap();
    assert_eq!(**again.open_field(&case(1), 7, &sealed).unwrap(), *b"x");
    assert_eq!(node.unwrap(&case(2), &wrapped).unwrap_err(), VaultError::Sealed);
    assert_eq!(NodeKey::new(3, [9; 32]).unwrap(&case(1), &wrapped).unwrap_err(), VaultError::Sealed);
    assert_eq!(
        NodeKey::new(4, [1; 32]).unwrap(&case(1), &wrapped).unwrap_err(),
        VaultError::NodeKeyVersion { wrapped: 3, held: 4 }
    );
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        let opened = cbor::from_slice::<WrappedKey>(&bent).ok().and_then(|bent| node.unwrap(&case(1), &bent).ok());
        assert!(opened.is_none(), "byte {at}");
    }
    assert_eq!(format!("{node:?} {key:?}"), "NodeKey(…) CaseKey(…)");
}

#[test]
fn a_field_opens_for_its_case_and_number() {
    let key = CaseKey::from_bytes([2; 32]);
    let name = "欧阳修".as_bytes();
    let sealed = key.seal_field(&case(1), 7, name, [8; 24]);
    golden("sealed-field.hex", &sealed);
    assert_eq!(key.open_field(&case(1), 7, &sealed).unwrap().as_slice(), name);
    assert!(key.open_field(&case(2), 7, &sealed).is_err());
    assert!(key.open_field(&case(1), 8, &sealed).is_err());
    assert!(CaseKey::from_bytes([3; 32]).open_field(&case(1), 7, &sealed).is_err());
    for at in 0..sealed.len() {
        let mut bent = sealed.clone();
        bent[at] ^= 1;
        let expected = if at == 0 { VaultError::FieldVersion(0) } else { VaultError::Sealed };
        assert_eq!(key.open_field(&case(1), 7, &bent).unwrap_err(), expected, "byte {at}");
        assert_eq!(key.open_field(&case(1), 7, &sealed[..at]).unwrap_err(), VaultError::Sealed, "first {at} bytes");
    }
    assert!(key.open_field(&case(1), 7, &[sealed.as_slice(), &[0]].concat()).is_err());
    assert!(key.open_field(&case(1), 7, &key.seal_field(&case(1), 7, b"", [8; 24])).unwrap().is_empty());
}

#[test]
fn the_index_knows_equal_values_of_one_kind() {
    let index = IndexKey::new(1, [4; 32]);
    let hash = index.hmac("citizen-id", "51160219900101123X");
    golden("index-hmac.hex", &hash);
    assert_eq!(index.hmac("citizen-id", " 51160219900101123x\n"), hash);
    assert_ne!(index.hmac("phone", "51160219900101123X"), hash);
    assert_ne!(IndexKey::new(1, [5; 32]).hmac("citizen-id", "51160219900101123X"), hash);
    assert_ne!(index.hmac("ab", "c"), index.hmac("a", "bc"));
    assert_eq!(index.version(), 1);
}
