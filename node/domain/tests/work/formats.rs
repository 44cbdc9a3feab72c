//! Stored forms: what is written now can be read, and what was written before these fields can be read too.

use tongban_codes::cbor;
use tongban_codes::time::Timestamp;
use tongban_domain::Operator;
use tongban_domain::catalogue::{Step, StepRole, StepRule};
use tongban_domain::work::{Delegation, HandOver, HandedCase, Lacking, Recusal, Signature, Work, WorkStep};

use crate::hall::date;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn work() -> Work {
    let step =
        WorkStep { name: "A".into(), role: StepRole::Reviewer, term: None, rule: StepRule::Countersign, signers: 2 };
    Work {
        steps: vec![step],
        at: 0,
        since: date(2026, 9, 14),
        due: Some(date(2026, 9, 16)),
        holder: Some("B".into()),
        signatures: vec![Signature { operator: "C".into(), agrees: true, stands_for: None }],
        reviewers: vec!["C".into()],
        published: true,
        instant: false,
    }
}

#[test]
fn the_bytes_are_frozen() {
    let recusal = Recusal { operator: "A".into(), by: "B".into(), at: Timestamp::from_millis(1), reason: "C".into() };
    let lacking = Lacking { name: "A".into(), until: date(2026, 9, 14), promise: "00".into() };
    let delegation = Delegation {
        principal: "A".into(),
        items: vec!["*".into()],
        from: date(2026, 9, 14),
        until: date(2026, 9, 16),
        approver: "C".into(),
        by: "D".into(),
    };
    let id: tongban_codes::ids::CaseId = "00112233445566778899aabbccddeeff".parse().unwrap();
    let list = HandOver {
        id,
        from: "A".into(),
        to: "B".into(),
        by: "C".into(),
        at: Timestamp::from_millis(1),
        items: Vec::new(),
        cases: vec![HandedCase { case: id, number: "1".into(), item: "I".into(), step: "S".into(), queued: true }],
        mandates: vec!["*".into()],
        principals: Vec::new(),
        more: false,
        demo: true,
        voices: Vec::new(),
    };
    let found = [
        cbor::to_vec(&work()),
        cbor::to_vec(&recusal),
        cbor::to_vec(&lacking),
        cbor::to_vec(&delegation),
        cbor::to_vec(&list),
    ];
    assert_eq!(found.map(|bytes| hex(&bytes)), [WORK, RECUSAL, LACKING, DELEGATION, HAND_OVER]);
    assert_eq!(cbor::from_slice::<Work>(&cbor::to_vec(&work())).unwrap(), work());
    assert_eq!(cbor::from_slice::<HandOver>(&cbor::to_vec(&list)).unwrap(), list);
}

const WORK: &str = "a90081a40061410100030104020100021950e6031950e80461420581a200614301f50681614307f508f4";
const RECUSAL: &str = "a40061410161420201036143";
const LACKING: &str = "a3006141011950e602623030";
const DELEGATION: &str = "a60061410181612a021950e6031950e8046143056144";
const HAND_OVER: &str = "ab005000112233445566778899aabbccddeeff016141026142036143040105800681a5005000112233445566778899aabbccddeeff01613102614903615304f50781612a088009f40af5";

/// A signature by another's right names both; as it was written before, it is one's own.
#[test]
fn a_signature_of_a_deputy_names_both() {
    let signature = Signature { operator: "C".into(), agrees: true, stands_for: Some("D".into()) };
    assert_eq!(hex(&cbor::to_vec(&signature)), "a300614301f5026144");
    assert_eq!(cbor::from_slice::<Signature>(&cbor::to_vec(&signature)).unwrap(), signature);
}

/// A step that is only described has the bytes that it had before steps named roles, so that guides keep their digests.
#[test]
fn a_described_step_and_an_operator_keep_their_bytes() {
    let step = Step { name: "A".into(), handler: Some("B".into()), ..Step::default() };
    assert_eq!(hex(&cbor::to_vec(&step)), "a2006141016142");
    // An operator as the releases before wrote him.
    let before = "a4006141018101048005f6";
    let bytes: Vec<u8> =
        (0..before.len()).step_by(2).map(|at| u8::from_str_radix(&before[at..at + 2], 16).unwrap()).collect();
    let operator: Operator = minicbor::decode(&bytes).unwrap();
    assert_eq!((operator.identity, operator.deputises.len(), operator.disabled), (None, 0, None));
}
