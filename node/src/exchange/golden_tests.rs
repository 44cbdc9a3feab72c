//! Bodies of envelopes are frozen: the bytes of each kind and version are pinned by a file.

mod cases;
mod words;

use std::path::PathBuf;

use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::application::{ApplicationCommand, ToldKind};
use tongban_domain::uniform::UniformCommand;
use tongban_domain::voice::VoiceCommand;
use tongban_domain::{Command, NoticeBody, Place};
use tongban_federation::{Body, Envelope, Outcome, Receipt, Subject};

use super::ask::MaterialAnswer;
use super::translate::{self, Inbound, inbound, outbound};

pub(super) use cases::{act, known, outside_decision};
use cases::{
    agreed, case, corrected, deemed_renewal, extended, forwarded, handed_back, offer, offered_part, offered_pledge,
    offered_renewal, outside, place, pledged, progress, reclaims, supplement, went_on, withdrawal,
};
use words::{amended_alike, joint, late, order, order_answer, results, uniform, voices};

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
fn parts_of_materials_and_offers_of_files_are_what_they_were() {
    let digest = Digest::of(b"material");
    let answer = MaterialAnswer { digest, from: 524_288, size: 524_291, bytes: vec![1, 2, 3] };
    let bytes = tongban_codes::cbor::to_vec(&answer);
    assert_eq!(pinned("answer-material.hex", &bytes), bytes);
    assert_eq!(tongban_codes::cbor::from_slice::<MaterialAnswer>(&bytes).unwrap(), answer);
    let NoticeBody::Offer(mut offer) = offer() else { panic!("an offer") };
    offer.materials[0].size = Some(524_291);
    let (_, _, bytes) = outbound(&NoticeBody::Offer(offer));
    assert_eq!(pinned("offer-file.1.hex", &bytes), bytes);
}

#[test]
fn bodies_are_what_they_were_and_read_back() {
    let others = [
        ("offer.1.hex", offer(), place(1, "511603104000")),
        ("offer-reclaimed.1.hex", handed_back(), place(1, "511603104000")),
        ("progress.1.hex", progress(), place(2, "511602")),
        ("progress-extended.1.hex", extended(), place(2, "511602")),
        ("offer-renewal.1.hex", offered_renewal(), place(1, "511603104000")),
        ("progress-renewal.1.hex", deemed_renewal(), place(2, "511602")),
        ("progress-corrected.1.hex", corrected(), place(2, "511602")),
        ("offer-forwarded.1.hex", forwarded(), place(1, "511603104000")),
        ("supplement.1.hex", supplement(), place(1, "511603104000")),
        ("order.1.hex", order(), place(3, "511600")),
        ("order-answer.1.hex", order_answer(), place(2, "511602")),
        ("offer-part.1.hex", offered_part(), place(1, "511603104000")),
        ("joint.1.hex", joint(), place(1, "511603104000")),
        ("joint-late.1.hex", late(), place(1, "511603104000")),
        ("amended.1.hex", amended_alike(), place(1, "511603104000")),
        ("results.1.hex", results(), place(1, "511603104000")),
        ("progress-forwarded.1.hex", went_on(), place(2, "511602")),
        ("withdrawal.1.hex", withdrawal(), place(1, "511603104000")),
        ("offer-pledge.1.hex", offered_pledge(), place(1, "511603104000")),
        ("progress-pledge.1.hex", pledged(), place(2, "511602")),
        ("progress-outside.1.hex", outside(), place(2, "511602")),
        ("uniform.1.hex", uniform(), place(1, "511603104000")),
        ("offer-agreement.1.hex", agreed(), place(1, "511603104000")),
    ];
    for (name, notice, sender) in others.into_iter().chain(reclaims()).chain(voices()) {
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
            (Command::KeepReclaimRequest { request, .. }, NoticeBody::ReclaimRequest(sent)) => {
                assert_eq!(request, sent);
            }
            (Command::TakeReclaimOrder { order, .. }, NoticeBody::ReclaimOrder(sent)) => assert_eq!(order, sent),
            (Command::ReclaimDeclined { reason, .. }, NoticeBody::ReclaimDeclined(sent)) => assert_eq!(reason, sent),
            (Command::KeepReclaimReturn { acts, .. }, NoticeBody::ReclaimReturn(sent)) => assert_eq!(acts, sent),
            (Command::TakeSupplement { supplement, .. }, NoticeBody::Supplement(sent)) => assert_eq!(supplement, sent),
            (Command::TakeWithdrawal { withdrawal, .. }, NoticeBody::Withdrawal(sent)) => assert_eq!(withdrawal, sent),
            (Command::Uniform(UniformCommand::Take { word, .. }), NoticeBody::Uniform(sent)) => assert_eq!(word, sent),
            (Command::TakeOrder { order, .. }, NoticeBody::Order(sent)) => assert_eq!(order, sent),
            (Command::TakeOrderAnswer { answer, .. }, NoticeBody::OrderAnswer(sent)) => assert_eq!(answer, sent),
            (Command::Voice(VoiceCommand::Take { word, .. }), NoticeBody::Voice(sent)) => assert_eq!(word, sent),
            (Command::Application(ApplicationCommand::TakeJoint { word, .. }), NoticeBody::Joint(sent)) => {
                assert_eq!(word, sent);
            }
            (Command::Application(ApplicationCommand::TakeResults { word, .. }), NoticeBody::Results(sent)) => {
                assert_eq!(word, sent);
            }
            (Command::Application(ApplicationCommand::TakeAmended { word, .. }), NoticeBody::Amended(sent)) => {
                assert_eq!(word, sent);
            }
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

/// A word of one node to another, by the fifth act of the case.
fn told(teller: Place, owner: Place, (kind, version): (u16, u16), body: Vec<u8>) -> Envelope {
    Envelope {
        origin: teller.node,
        epoch: 1,
        destination: owner.node,
        sequence: 7,
        subject: Subject::from(case()),
        act_number: 5,
        kind,
        version,
        body: Body::Plain(body),
    }
}

/// What the owner of a case didn't take of an application's other cases is settled; what was taken, or isn't decided, settles nothing.
#[test]
fn a_refused_word_to_another_case_is_settled() {
    let (teller, owner) = (place(1, "511603104000"), place(2, "511602"));
    for (notice, kind_told) in [(results(), ToldKind::Results), (amended_alike(), ToldKind::Amended)] {
        let (kind, version, bytes) = outbound(&notice);
        let envelope = told(teller, owner, (kind, version), bytes);
        let settled = |outcome| {
            let receipt = Receipt::of(&envelope, outcome, Timestamp::from_millis(1_789_347_600_000));
            translate::settled(&envelope, &receipt, owner)
        };
        let refused = |code: &str| Outcome::Refused { code: code.to_owned(), text: "不能".to_owned() };
        let Some(Command::Application(ApplicationCommand::WordRefused { case: of, act, what, refusal })) =
            settled(refused("case-state"))
        else {
            panic!("{kind} settles nothing")
        };
        assert_eq!((of, act, what), (case(), 5, kind_told));
        assert_eq!(refusal, ("case-state".to_owned(), "不能".to_owned()));
        assert!(translate::settles_refusals(kind), "{kind}");
        assert!(
            settled(refused(translate::FORK)).is_none() && settled(Outcome::Applied { detail: Vec::new() }).is_none()
        );
    }
}

/// A kind on one list alone would have its refusal said to a node that does nothing about it, or put aside what could be settled.
#[test]
fn every_kind_settles_a_refusal_or_is_said_not_to() {
    let (teller, owner) = (place(1, "511603104000"), place(2, "511602"));
    // Of the kinds that settle something an offer alone is read for that.
    let (_, version, bytes) = outbound(&offer());
    let mut settling = Vec::new();
    for kind in 0..=u16::from(u8::MAX) {
        let envelope = told(teller, owner, (kind, version), bytes.clone());
        let outcome = Outcome::Refused { code: "case-state".to_owned(), text: "不能".to_owned() };
        let receipt = Receipt::of(&envelope, outcome, Timestamp::from_millis(1_789_347_600_000));
        let is_settled = translate::settled(&envelope, &receipt, owner).is_some();
        assert_eq!(translate::settles_refusals(kind), is_settled, "{kind}");
        settling.extend(is_settled.then_some(kind));
    }
    assert!(settling.contains(&translate::KIND_OFFER) && settling.len() > 5, "{settling:?}");
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
    // A reclaim of another case than the envelope is about.
    for (_, notice, sender) in reclaims().into_iter().take(2) {
        let (kind, version, bytes) = outbound(&notice);
        let mut forged = envelope(kind, version, other, plain(&bytes));
        forged.origin = sender.node;
        assert_eq!(inbound(&forged, sender).err().unwrap().code, "body-contradiction");
    }
    // Another node's offer under its own name, for a case that it did not collect.
    let foreign = place(4, "511603");
    let mut forged = envelope(kind, version, subject, plain(&bytes));
    forged.origin = foreign.node;
    assert_eq!(inbound(&forged, foreign).err().unwrap().code, "body-contradiction");
}
