use tongban_codes::ids::Digest;
use tongban_domain::Place;
use tongban_federation::{Body, Envelope, Sealed, Subject};
use tongban_seal::{Ed25519Signer, Statement, batch, content_type};
use tongban_storage::keyspace::delivery::{Aside, QUARANTINE, Quarantined};
use tongban_storage::{Backend, MemoryBackend, WriteBatch};

use super::*;
use crate::exchange::translate;

const ME: NodeId = NodeId::from_bytes([1; 16]);
const PEER: NodeId = NodeId::from_bytes([2; 16]);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn case_of(number: u8) -> CaseId {
    CaseId::draw(&ME, [number; 10])
}

fn sealed(origin: NodeId, subject: CaseId, act: u32, kind: u16) -> Vec<u8> {
    let envelope = Envelope {
        origin,
        epoch: 1,
        destination: if origin == ME { PEER } else { ME },
        sequence: u64::from(act),
        subject: Subject::from(subject),
        act_number: act,
        kind,
        version: 1,
        body: Body::Plain(vec![0xf6]),
    };
    let signer = Ed25519Signer::from_seed(Digest::of(origin.as_bytes()).as_bytes());
    let bytes = envelope.to_bytes();
    let statement = Statement { content_type: content_type::ENVELOPE, bytes: &bytes };
    Sealed::new(batch::seal(&signer, &[statement]).unwrap().remove(0)).into_bytes()
}

/// A state in which one case waits in every way, and another one too.
fn state() -> MemoryBackend {
    let state = MemoryBackend::new();
    let mut rows = WriteBatch::new();
    for (number, act) in [(7, 1), (8, 2)] {
        let bytes = Bytes(sealed(ME, case_of(number), act, translate::KIND_OFFER));
        OUTBOX.put(&mut rows, &(PEER, 1, u64::from(act)), &bytes);
    }
    for (sequence, code) in [(3, "kind-unknown"), (4, "envelope-fork")] {
        let aside = Aside {
            subject: case_of(7),
            act: 3,
            kind: translate::KIND_PROGRESS,
            version: 1,
            code: code.to_owned(),
            at: at(3),
        };
        ASIDE.put(&mut rows, &(PEER, 1, sequence), &aside);
    }
    for (act, kind) in [(1, 99), (2, translate::KIND_PROGRESS)] {
        let row = Quarantined {
            epoch: 1,
            sequence: u64::from(act),
            kind,
            version: 1,
            code: "kind-unknown".to_owned(),
            text: String::new(),
            at: at(4),
            division: "511602".parse().ok(),
            sealed: sealed(PEER, case_of(7), act, kind),
        };
        QUARANTINE.put(&mut rows, &(PEER, case_of(7), act), &row);
    }
    state.write(rows).unwrap();
    state
}

fn causes(links: &Links, number: u8) -> Vec<(bool, String, &'static str, String, i64)> {
    let place = Place { node: PEER, division: "511602".parse().unwrap() };
    let early =
        Early { place, epoch: 1, sequence: 9, subject: case_of(7), act: 9, kind: translate::KIND_PROGRESS, at: at(8) };
    let state = state();
    let sources = Sources {
        state: &state,
        directory: &Directory::new(),
        links,
        me: ME,
        dial_any: true,
        early: vec![early],
        waits: Waits::new(),
        now: at(60),
    };
    let found = of_case(&sources, case_of(number)).unwrap();
    let row = |waiting: Waiting| {
        let age = waiting.cause.age_millis(at(60)) / 1000;
        (waiting.is_own, waiting.body, waiting.cause.reason.name(), waiting.code, age)
    };
    found.into_iter().map(row).collect()
}

#[test]
fn everything_of_a_case_that_waits_is_named() {
    let row = |own, body: &str, cause, code: &str, age| (own, body.to_owned(), cause, code.to_owned(), age);
    assert_eq!(
        causes(&Links::default(), 7),
        [
            row(true, "offer", "no-route", "", 0),
            row(true, "progress", "quarantined", "kind-unknown", 57),
            row(true, "progress", "refused", "envelope-fork", 57),
            row(false, "99", "quarantined-here", "kind-unknown", 56),
            row(false, "progress", "waiting-for-earlier", "parked", 56),
            row(false, "progress", "waiting-for-earlier", "", 52),
        ]
    );
    assert_eq!(causes(&Links::default(), 9), []);
}

#[test]
fn an_own_envelope_waits_for_what_its_way_waits_for() {
    let cause = |reason, next_try| Cause { reason, since: at(5), next_try };
    for (is_up, said, shown, age) in [
        (true, cause(Reason::CaughtUp, None), "waiting-for-receipt", 0),
        (true, cause(Reason::WaitingForReceipt, Some(at(70))), "waiting-for-receipt", 55),
        (true, cause(Reason::SignerUnknown, None), "signer-unknown", 55),
        (false, cause(Reason::Backoff { until: at(70) }, Some(at(70))), "no-route", 0),
    ] {
        let mut links = Links::default();
        links.add(PEER, is_up, said);
        let found = causes(&links, 8);
        assert_eq!(found.iter().map(|row| (row.2, row.4)).collect::<Vec<_>>(), [(shown, age)]);
    }
}
