//! Files of materials: a case is accepted when what was handed in with it is here (行政许可法 32).
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{Hall, at, collect, guangan};
use tongban_codes::ids::{CaseId, Digest};
use tongban_codes::time::Timestamp;
use tongban_domain::case::{Bringing, HeldFile, Material, Status};
use tongban_domain::{Command, Event};

const PERMIT_CODE: &str = "511A0015500013";

fn digest() -> Digest {
    Digest::of(b"a report")
}

fn with_file(hall: &mut Hall, size: Option<u64>) -> CaseId {
    let mut command = collect(PERMIT_CODE, hall.division());
    let Command::Collect { materials, .. } = &mut command else { panic!("a collection") };
    materials.push(Material { name: "检测报告".into(), sha256: digest().to_string(), size });
    hall.act(&command).unwrap();
    *hall.state.cases.keys().next_back().unwrap()
}

fn arrive(hall: &mut Hall, case: CaseId) {
    let held = HeldFile { digest: digest(), file: [1; 16], size: 8, key: vec![2], since: Timestamp::from_millis(3) };
    hall.state.fold(&Event::File(case, Box::new(held)));
}

#[test]
fn nobody_accepts_what_is_still_on_its_way() {
    let mut hall = guangan();
    let case = with_file(&mut hall, Some(8));
    let before = hall.case(case).clone();
    let accept = Command::Accept(case.to_string());
    let refused = hall.act(&accept).unwrap_err();
    assert_eq!((refused.code, refused.field), ("materials-under-way", "case"));
    assert!(refused.zh.contains("检测报告") && refused.en.contains("检测报告"), "{refused:?}");
    assert!(refused.remedy_zh.contains("case notify"), "{refused:?}");
    assert_eq!(*hall.case(case), before);
    arrive(&mut hall, case);
    assert_eq!(hall.code(&accept), "ok");
}

#[test]
fn a_digest_alone_keeps_nobody_waiting() {
    let mut hall = guangan();
    let case = with_file(&mut hall, None);
    assert_eq!(hall.code(&Command::Accept(case.to_string())), "ok");
}

#[test]
fn a_file_that_never_comes_stops_no_law() {
    // The five days are over: the law accepts, and says so through whoever records it.
    let mut late = guangan();
    let case = with_file(&mut late, Some(8));
    late.now = at(2027, 3, 1, 9);
    assert_eq!(late.code(&Command::Accept(case.to_string())), "ok");
    assert!(late.case(case).deemed);
    // The applicant is asked for it, brings it, and the authority has what it asked for.
    let mut asked = guangan();
    let case = with_file(&mut asked, Some(8));
    let (items, new_reasons) = (vec!["检测报告".into()], Vec::new());
    let notify = Command::Notify { case: case.to_string(), items, new_reasons, within: None };
    assert_eq!(asked.code(&notify), "ok");
    let brings = vec![Bringing { item: "1".into(), materials: Vec::new() }];
    assert_eq!(asked.code(&Command::Supplement { case: case.to_string(), brings }), "ok");
    assert_eq!(asked.code(&Command::Accept(case.to_string())), "ok");
    assert_eq!(asked.case(case).status, Status::Accepted);
}

#[test]
fn an_empty_file_is_no_material() {
    let mut hall = guangan();
    let mut command = collect(PERMIT_CODE, hall.division());
    let Command::Collect { materials, .. } = &mut command else { panic!("a collection") };
    materials.push(Material { name: "检测报告".into(), sha256: digest().to_string(), size: Some(0) });
    assert_eq!(hall.code(&command), "invalid-field");
}

/// A material of an earlier release has neither length nor file, and reads as it lay; one with a file has a length beside it.
#[test]
fn bytes_of_earlier_releases_are_read() {
    let without = Material { name: "照片".into(), sha256: "ab".repeat(32), size: None };
    let with = Material { size: Some(300), ..without.clone() };
    let digits = "6162".repeat(32);
    let hex = |material: &Material| -> String {
        tongban_codes::cbor::to_vec(material).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    assert_eq!(hex(&without), format!("a20066e785a7e78987017840{digits}"));
    assert_eq!(hex(&with), format!("a30066e785a7e78987017840{digits}0219012c"));
    for material in [without, with] {
        let bytes = tongban_codes::cbor::to_vec(&material);
        assert_eq!(tongban_codes::cbor::from_slice::<Material>(&bytes).unwrap(), material);
    }
}
