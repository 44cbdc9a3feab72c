//! Bodies of envelopes are frozen: the bytes of each kind and version are pinned by a file.

use std::path::PathBuf;

use tongban_codes::ids::{CaseId, Label, NodeId, QueryCode};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::{Act, ActKind, Deadline, Deadlines, Extension, Material, Offer, Progress, Status, Stop};
use tongban_domain::catalogue::Mode;
use tongban_domain::{Applicant, Command, NoticeBody, Place};
use tongban_federation::{Body, Envelope, Outcome, Receipt, Subject};

use super::translate::{self, Inbound, inbound, outbound};

fn place(number: u8, division: &str) -> Place {
    Place { node: NodeId::from_bytes([number; 16]), division: division.parse().unwrap() }
}

fn case() -> CaseId {
    CaseId::draw(&NodeId::from_bytes([1; 16]), [7; 10])
}

fn act(kind: ActKind, number: u32, place: Place, tenure: u32, status: Status) -> Act {
    Act {
        case: case(),
        number,
        kind,
        at: Timestamp::from_millis(1_789_347_600_000 + i64::from(number)),
        place,
        operator: "演示窗口".to_owned(),
        window: Some("3".to_owned()),
        tenure,
        status,
        note: Some("演示".to_owned()),
        mandate: None,
    }
}

fn offer() -> NoticeBody {
    let town = place(1, "511603104000");
    NoticeBody::Offer(Box::new(Offer {
        case: case(),
        tenure: 1,
        collection_no: "511603104000-20260914-00001".to_owned(),
        query_code: QueryCode::draw(Label::new(town.division, 0).unwrap(), 4711),
        collecting: town,
        collected_at: Timestamp::from_millis(1_789_347_600_001),
        deciding: "511602".parse().unwrap(),
        item: "511A0015500013-511602000000-000-115113016823646795-1-00".to_owned(),
        item_version: 1,
        mode: Mode::Online,
        applicant: Applicant { name: "张三（演示）".to_owned(), identity: "110101199003070011".to_owned() },
        materials: vec![Material { name: "申请表".to_owned(), sha256: "ab".repeat(32) }],
        history: vec![
            act(ActKind::Collect, 1, town, 1, Status::Collected),
            act(ActKind::Offer, 2, town, 1, Status::Collected),
        ],
    }))
}

fn progress() -> NoticeBody {
    let day = |day| Date::ymd(2026, 9, day).unwrap();
    let due = |day| Some(Deadline { date: day, provisional: false });
    NoticeBody::Progress(Box::new(Progress {
        act: act(ActKind::Accept, 2, place(2, "511602"), 2, Status::Accepted),
        case_no: Some("115113016823646795202609140001".to_owned()),
        received_on: Some(day(14)),
        accepted_on: Some(day(14)),
        decided_on: None,
        deadlines: Some(Deadlines {
            statutory: due(Date::ymd(2026, 10, 16).unwrap()),
            promised: due(day(20)),
            calendar: "2016-2026.1".to_owned(),
        }),
        deemed: false,
        licences: Vec::new(),
        stops: Vec::new(),
        extension: None,
    }))
}

/// The clock was stopped and runs again, and the time was extended.
fn extended() -> NoticeBody {
    let NoticeBody::Progress(mut progress) = progress() else { unreachable!("it is progress") };
    let day = |day| Date::ymd(2026, 9, day).unwrap();
    progress.act = act(ActKind::Extend, 5, place(2, "511602"), 2, Status::Accepted);
    progress.stops = vec![Stop {
        procedure: "检测".to_owned(),
        basis: "行政许可法第四十五条".to_owned(),
        announced: 3,
        from: day(15),
        until: Some(day(18)),
    }];
    progress.extension = Some(Extension {
        days: 10,
        approver: "局长（演示）".to_owned(),
        on: day(21),
        basis: "行政许可法第四十二条".to_owned(),
    });
    NoticeBody::Progress(progress)
}

/// Reads the pinned bytes; `TONGBAN_BLESS=1` writes a file that is missing, never one that is there.
fn pinned(name: &str, bytes: &[u8]) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/exchange/golden").join(name);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if !path.exists() && std::env::var_os("TONGBAN_BLESS").is_some() {
        std::fs::write(&path, format!("{hex}\n")).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let digits = text.trim().as_bytes();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn bodies_are_what_they_were_and_read_back() {
    for (name, notice, sender) in [
        ("offer.1.hex", offer(), place(1, "511603104000")),
        ("progress.1.hex", progress(), place(2, "511602")),
        ("progress-extended.1.hex", extended(), place(2, "511602")),
    ] {
        let (kind, version, bytes) = outbound(&notice);
        assert_eq!(pinned(name, &bytes), bytes, "{name} has other bytes: a body once shipped never changes");
        let envelope = Envelope {
            origin: sender.node,
            epoch: 1,
            destination: NodeId::from_bytes([9; 16]),
            sequence: 1,
            subject: Subject::from(case()),
            act_number: 2,
            kind,
            version,
            body: Body::Plain(bytes),
        };
        let Ok(Inbound::Command(command)) = inbound(&envelope, sender) else { panic!("{name} is no command") };
        match (*command, notice) {
            (Command::TakeCustody { offer, .. }, NoticeBody::Offer(sent)) => assert_eq!(offer, sent),
            (Command::Mirror { progress, .. }, NoticeBody::Progress(sent)) => assert_eq!(progress, sent),
            (other, _) => panic!("{name} read back as {other:?}"),
        }
    }
}

#[test]
fn an_outcome_is_what_it_was_and_reads_back() {
    let (offerer, receiver) = (place(1, "511603104000"), place(2, "511602"));
    let (kind, version, bytes) = outbound(&offer());
    let about = Envelope {
        origin: offerer.node,
        epoch: 1,
        destination: receiver.node,
        sequence: 7,
        subject: Subject::from(case()),
        act_number: 2,
        kind,
        version,
        body: Body::Plain(bytes),
    };
    let outcome = Outcome::Applied { detail: vec![2] };
    let receipt = Receipt::of(&about, outcome, Timestamp::from_millis(1_789_347_600_000));
    let (kind, version, bytes) = translate::outcome(&receipt);
    assert_eq!(pinned("outcome.1.hex", &bytes), bytes, "a body once shipped never changes");
    let envelope = Envelope {
        origin: receiver.node,
        epoch: 1,
        destination: offerer.node,
        sequence: 1,
        subject: translate::outcome_subject(&receipt.envelope),
        act_number: 1,
        kind,
        version,
        body: Body::Plain(bytes),
    };
    let Ok(Inbound::Outcome(read)) = inbound(&envelope, receiver) else { panic!("an outcome is read as one") };
    assert_eq!(*read, receipt);
    // Of another node's envelope, by another than its destination, or under another subject: of no effect.
    let third = NodeId::from_bytes([9; 16]);
    for forged in [
        Envelope { origin: third, ..envelope.clone() },
        Envelope { destination: third, ..envelope.clone() },
        Envelope { subject: Subject::from(case()), ..envelope },
    ] {
        assert_eq!(inbound(&forged, receiver).err().unwrap().code, "body-contradiction");
    }
}

#[test]
fn what_is_not_understood_is_quarantined_with_its_reason() {
    let (kind, version, bytes) = outbound(&offer());
    let sender = place(1, "511603104000");
    let envelope = |kind, version, subject, body| Envelope {
        origin: sender.node,
        epoch: 1,
        destination: NodeId::from_bytes([9; 16]),
        sequence: 1,
        subject,
        act_number: 2,
        kind,
        version,
        body,
    };
    let subject = Subject::from(case());
    let other = Subject::from(CaseId::from_bytes([3; 16]));
    let plain = |bytes: &[u8]| Body::Plain(bytes.to_vec());
    for (envelope, code) in [
        (envelope(99, version, subject, plain(&bytes)), "kind-unknown"),
        (envelope(kind, 99, subject, plain(&bytes)), "version-unknown"),
        (envelope(kind, version, other, plain(&bytes)), "body-contradiction"),
        (envelope(kind, version, subject, plain(&bytes[1..])), "body-malformed"),
        (envelope(kind, version, subject, plain(&[&bytes[..], &[0]].concat())), "body-malformed"),
        (envelope(kind, version, subject, Body::Hpke { encapsulated: vec![1], ciphertext: vec![2] }), "body-encrypted"),
    ] {
        assert_eq!(inbound(&envelope, sender).err().unwrap().code, code);
    }
    // Another node's offer under its own name, for a case that it did not collect.
    let foreign = place(4, "511603");
    let mut forged = envelope(kind, version, subject, plain(&bytes));
    forged.origin = foreign.node;
    assert_eq!(inbound(&forged, foreign).err().unwrap().code, "body-contradiction");
}
