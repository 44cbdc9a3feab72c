//! The deterministic profile: what is refused, and that `to_vec` writes what `from_slice` takes.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use tongban_codes::cbor::{DEPTH_MAX, from_slice, to_vec, validate};
use tongban_codes::{CborError, Date, Digest, Month, NodeId, Timestamp};

fn hex(s: &str) -> Vec<u8> {
    let digits: String = s.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap()).collect()
}

fn rule(s: &str) -> &'static str {
    match validate(&hex(s)) {
        Err(CborError::NotDeterministic { rule, .. }) => rule,
        other => panic!("{s}: {other:?}"),
    }
}

#[test]
fn what_is_not_deterministic() {
    for (bytes, word) in [
        ("1817", "shortest"),
        ("1900ff", "shortest"),
        ("1a0000ffff", "shortest"),
        ("1b00000000ffffffff", "shortest"),
        ("3817", "shortest"),
        ("5801 00", "shortest"),
        ("9800", "shortest"),
        ("b800", "shortest"),
        ("d80000", "shortest"),
        ("5f 4100 ff", "indefinite"),
        ("7f 6161 ff", "indefinite"),
        ("9f ff", "indefinite"),
        ("bf ff", "indefinite"),
        ("a2 01 00 00 00", "sorted"),
        ("a2 6161 00 01 00", "sorted"),
        ("a2 20 00 01 00", "sorted"),
        ("a2 626161 00 6162 00", "sorted"),
        ("a2 01 00 01 00", "twice"),
        ("81 a2 01 00 01 00", "twice"),
        ("f93c00", "floating"),
        ("fb3ff0000000000000", "floating"),
        ("f7", "simple"),
        ("e0", "simple"),
        ("f8ff", "simple"),
        ("ff", "break"),
    ] {
        assert!(rule(bytes).contains(word), "{bytes}: {}", rule(bytes));
    }
}

#[test]
fn what_is_malformed() {
    for bytes in ["", "18", "41", "61ff", "82 01", "a1 01", "1c", "fc", "c0", "1f", "df00"] {
        assert!(matches!(validate(&hex(bytes)), Err(CborError::Malformed(_))), "{bytes}");
    }
    assert_eq!(validate(&hex("0000")), Err(CborError::Trailing { extra: 1 }));
    assert_eq!(from_slice::<u8>(&hex("000102")), Err(CborError::Trailing { extra: 2 }));
    assert!(matches!(from_slice::<u8>(&hex("6161")), Err(CborError::Malformed(_))));
}

#[test]
fn bombs() {
    // Lengths up to 2^64 − 1 with nothing behind them.
    for major in [0x5b, 0x7b, 0x9b, 0xbb] {
        for length in ["ffffffffffffffff", "7fffffffffffffff", "0000000100000000"] {
            let mut bytes = vec![major];
            bytes.extend(hex(length));
            assert!(matches!(validate(&bytes), Err(CborError::Malformed(_))));
            assert!(from_slice::<Vec<u64>>(&bytes).is_err());
        }
    }
    let nested = |n: usize, open: &[u8]| [open.repeat(n), vec![0x00]].concat();
    for open in [&[0x81][..], &[0xa1, 0x00], &[0xc1]] {
        assert_eq!(validate(&nested(DEPTH_MAX, open)), Ok(()));
        assert!(matches!(validate(&nested(DEPTH_MAX + 1, open)), Err(CborError::NotDeterministic { .. })));
        assert!(validate(&nested(1_000_000, open)).is_err());
    }
}

#[test]
fn what_is_accepted() {
    for bytes in [
        "00",
        "17",
        "1818",
        "190100",
        "1a00010000",
        "1b0000000100000000",
        "20",
        "3818",
        "40",
        "60",
        "80",
        "a0",
        "f4",
        "f5",
        "f6",
        "d28440a0f640",
        "a3 00 00 01 00 20 00",
        "a2 6162 00 626161 00",
    ] {
        assert_eq!(validate(&hex(bytes)), Ok(()), "{bytes}");
    }
}

#[test]
fn keys_are_sorted_whatever_order_the_type_has() {
    let map: BTreeMap<String, Vec<BTreeMap<String, u8>>> = ["aa", "b", "ccc"]
        .map(|k| (k.into(), vec![[("zz".into(), 1), ("y".into(), 2)].into(), BTreeMap::new()]))
        .into();
    let bytes = to_vec(&map);
    assert_eq!(validate(&bytes), Ok(()));
    assert_eq!(&bytes[..3], [0xa3, 0x61, b'b']);
    assert_eq!(from_slice::<BTreeMap<String, Vec<BTreeMap<String, u8>>>>(&bytes), Ok(map));
}

#[test]
fn golden_bytes_of_the_foundation_types() {
    let node = NodeId::from_bytes(*b"0123456789abcdef");
    assert_eq!(to_vec(&node), hex("50 30313233343536373839616263646566"));
    let time: Timestamp = "2026-09-14T09:30:00+08:00".parse().unwrap();
    assert_eq!(to_vec(&time), hex("1b 000001a09d890dc0"));
    assert_eq!(to_vec(&Date::from_days(-1).unwrap()), hex("20"));
    assert_eq!(to_vec(&"2026-09".parse::<Month>().unwrap()), hex("1a 00031771"));
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(Digest::of(b"").to_string(), empty);
    assert!(from_slice::<NodeId>(&hex("4100")).is_err());
    assert!(from_slice::<Month>(&hex("00")).is_err());
    assert!(from_slice::<Date>(&hex("1a7fffffff")).is_err());
    assert!(from_slice::<Timestamp>(&hex("1b7fffffffffffffff")).is_err());
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = validate(&bytes);
        let _ = from_slice::<BTreeMap<u64, Vec<String>>>(&bytes);
    }

    #[test]
    fn what_is_written_is_taken(map in proptest::collection::btree_map(".{0,30}", any::<i64>(), 0..40)) {
        let bytes = to_vec(&map);
        prop_assert_eq!(from_slice::<BTreeMap<String, i64>>(&bytes), Ok(map));
    }

    #[test]
    fn one_value_has_one_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
        if let Ok(value) = from_slice::<Vec<u32>>(&bytes) {
            prop_assert_eq!(to_vec(&value), bytes);
        }
    }
}
