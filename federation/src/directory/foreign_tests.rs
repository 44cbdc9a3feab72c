//! What another tree may bring, over which way, how much of it; and who speaks for a credit code that two trees name.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use tongban_codes::time::Timestamp;
use tongban_seal::Signer;

use super::tests::{certification, code, id, record, signed, signer};
use super::*;
use crate::limits;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);
const CODE: &str = "115113016823646795";

fn node(n: u8, division: &str, superior: Option<u8>) -> Sealed {
    signed(&certification(n, division, superior), &record(n), superior.unwrap_or(n), n)
}

fn word(version: u64, withdrawn: Option<Timestamp>) -> Sealed {
    let word = AnchorRecord {
        root: id(8),
        division: code("500000"),
        name: "重庆市".to_owned(),
        transport_key: Digest::of(&[8]),
        seal_keys: vec![signer(8).public_key()],
        from: NOW,
        withdrawn,
        reason: None,
        operator: "admin".to_owned(),
        version,
        issued_at: NOW,
    };
    word.sign(id(1), &signer(1)).unwrap()
}

fn own() -> Vec<Sealed> {
    vec![node(1, "510000", None), node(2, "511600", Some(1)), node(3, "511602", Some(2))]
}

fn theirs() -> Vec<Sealed> {
    vec![node(8, "500000", None), node(9, "500112", Some(8))]
}

/// 四川省 1, 广安市 2, 广安区 3, which trusts 重庆市 8 and knows nothing of it yet.
fn home() -> Directory {
    let mut directory = Directory::new();
    directory.add_anchor(id(1), signer(1).public_key());
    let settled = directory.merge_all([own(), vec![word(1, None)]].concat(), NOW);
    assert!(settled.iter().all(|(_, outcome)| outcome.is_ok()));
    directory
}

fn authority(n: u8, version: u64, by: u8, division: &str, key: u8) -> Sealed {
    let record = AuthorityRecord {
        authority: AuthorityId::from_bytes([n; 16]),
        name: "行政审批局".to_owned(),
        division: code(division),
        credit_codes: vec![DatedCode { code: CODE.parse().unwrap(), from: NOW.date(), until: None }],
        departments: Vec::new(),
        nodes: vec![id(by)],
        seal_keys: vec![DatedKey { key: signer(key).public_key(), from: NOW, revoked: None }],
        successor: None,
        version,
        issued_at: NOW,
    };
    SignedRecord::Authority { signer: id(by), record: record.seal(&signer(by)).unwrap() }.to_sealed()
}

fn judged(directory: &Directory, by: By, records: Vec<Sealed>) -> Vec<&'static str> {
    let (_, settled) = directory.judge_by(by, records, NOW);
    settled.iter().map(|(_, outcome)| outcome.as_ref().map_or_else(|error| error.code(), |_| "taken")).collect()
}

#[test]
fn records_of_another_tree_come_from_its_root_or_from_above() {
    let directory = home();
    let lot = || [theirs(), vec![authority(20, 1, 9, "500112", 50)]].concat();
    assert_eq!(judged(&directory, By::Above, lot()), ["taken"; 3]);
    assert_eq!(judged(&directory, By::Root(id(8)), lot()), ["taken"; 3]);
    let detour = ["record-detour", "signer-unknown", "signer-unknown"];
    assert_eq!(judged(&directory, By::Other, lot()), detour, "a county of that tree, or one of this");
    assert_eq!(judged(&directory, By::Root(id(7)), lot()), detour, "a third root");
    // Of this tree anybody brings what is new, but the other root.
    let county = || vec![node(4, "511603", Some(2))];
    assert_eq!(judged(&directory, By::Other, county()), ["taken"]);
    assert_eq!(judged(&directory, By::Root(id(8)), county()), ["record-detour"]);

    let mut knows = home();
    assert!(knows.merge_all(lot(), NOW).iter().all(|(_, outcome)| outcome.is_ok()));
    let newer = || {
        let own = NodeRecord { version: 2, ..record(9) };
        vec![signed(&certification(9, "500112", Some(8)), &own, 8, 9), authority(20, 2, 9, "500112", 50)]
    };
    assert_eq!(judged(&knows, By::Other, newer()), ["record-detour"; 2], "newer ones neither");
    assert_eq!(judged(&knows, By::Root(id(8)), newer()), ["taken"; 2]);
    assert_eq!(judged(&knows, By::Other, lot()), ["taken"; 3], "what is known is no news");
    // Whoever is above isn't told of other trees from below.
    assert_eq!((knows.records_since(0).0.len(), knows.own_records_since(0).0.len()), (7, 4));
}

#[test]
fn a_hostile_tree_fills_no_disk() {
    let mut directory = home();
    assert!(directory.merge_all(theirs(), NOW).iter().all(|(_, outcome)| outcome.is_ok()));
    let long = 1_000_000;
    let fit = limits::FOREIGN_RECORDS_BYTES_MAX / long;
    let fat = |number: usize| {
        let n = u8::try_from(100 + number).unwrap();
        let division = ["500113", "500114", "500115"][number / 32];
        let own = NodeRecord { chain: vec![Sealed::new(vec![0; long])], ..record(n) };
        signed(&certification(n, division, Some(8)), &own, 8, n)
    };
    // In several frames, as they come.
    let (mut taken, mut refused) = (0, 0);
    for frame in (0..fit + 3).collect::<Vec<_>>().chunks(20) {
        let (draft, settled) = directory.judge_by(By::Root(id(8)), frame.iter().map(|n| fat(*n)).collect(), NOW);
        directory.take(draft, NOW);
        for (_, outcome) in settled {
            match outcome {
                Ok(_) => taken += 1,
                Err(error) => {
                    assert_eq!(error, RecordError::Limit);
                    refused += 1;
                }
            }
        }
    }
    assert!((fit - 1..=fit).contains(&taken) && refused >= 3, "{taken} taken, {refused} refused");
    assert_eq!(
        judged(&directory, By::Root(id(8)), vec![authority(20, 1, 9, "500112", 50)]),
        ["taken"],
        "there is room for little"
    );
    // The own tree isn't measured by what another one brings.
    assert_eq!(judged(&directory, By::Other, vec![node(4, "511603", Some(2))]), ["taken"]);
    // What was taken once is read again.
    let mut again = Directory::new();
    again.add_anchor(id(1), signer(1).public_key());
    assert!(again.restore(directory.records_since(0).0, NOW).iter().all(|(_, outcome)| outcome.is_ok()));
}

#[test]
fn two_roots_that_have_the_same_of_both_trees_see_it_at_once() {
    let (mut one, mut other) = (home(), Directory::new());
    other.add_anchor(id(8), signer(8).public_key());
    let word = AnchorRecord {
        root: id(1),
        division: code("510000"),
        name: "四川省".to_owned(),
        transport_key: Digest::of(&[1]),
        seal_keys: vec![signer(1).public_key()],
        from: NOW,
        withdrawn: None,
        reason: None,
        operator: "admin".to_owned(),
        version: 1,
        issued_at: NOW,
    };
    let word = word.sign(id(8), &signer(8)).unwrap();
    assert!(other.merge_all([theirs(), vec![word], own()].concat(), NOW).iter().all(|(_, outcome)| outcome.is_ok()));
    let between = |directory: &Directory| directory.digest_between(&id(1), &id(8));
    assert_ne!(between(&one), between(&other));
    assert!(one.merge_all(theirs(), NOW).iter().all(|(_, outcome)| outcome.is_ok()));
    assert_ne!(one.digest(), other.digest(), "each has its own word on the other");
    assert_eq!(between(&one), between(&other));
    assert_eq!(between(&one), one.digest_between(&id(8), &id(1)), "whichever asks");
    let _taken = one.merge(&authority(20, 1, 3, "511602", 50), NOW);
    assert_ne!(between(&one), between(&other));
}

#[test]
fn an_authority_of_the_own_tree_speaks_for_its_credit_code() {
    let mut directory = home();
    let credit = CODE.parse().unwrap();
    let of = |directory: &Directory| {
        let bearers = directory.bearers(&credit);
        let bearers = bearers.iter().map(|entry| entry.record.authority.as_bytes()[0]).collect::<Vec<_>>();
        let key = signer(50).public_key().key_id();
        (bearers, directory.sealing(&key).map(|(entry, _)| entry.record.authority.as_bytes()[0]))
    };
    assert_eq!(of(&directory), (vec![], None));
    // It names the key of this tree's authority as its own, under an id that comes before that one's.
    let lot = [theirs(), vec![authority(20, 1, 9, "500112", 50)]].concat();
    assert!(directory.merge_all(lot, NOW).iter().all(|(_, outcome)| outcome.is_ok()));
    assert_eq!(of(&directory), (vec![20], Some(20)), "nobody here has the code");
    let _taken = directory.merge(&authority(30, 1, 3, "511602", 50), NOW);
    assert_eq!(of(&directory), (vec![30], Some(30)));
    let _taken = directory.merge(&authority(31, 1, 2, "511600", 51), NOW);
    assert_eq!(of(&directory).0, [30, 31], "two departments share one");
    // And what a tree says that isn't trusted any more counts for nothing.
    let mut alone = home();
    assert!(
        alone
            .merge_all([theirs(), vec![authority(20, 1, 9, "500112", 50)]].concat(), NOW)
            .iter()
            .all(|(_, o)| o.is_ok())
    );
    assert!(alone.merge(&word(2, Some(NOW)), NOW).is_ok());
    assert_eq!(of(&alone), (vec![], None));
}
