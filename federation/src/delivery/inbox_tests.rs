use std::collections::BTreeMap;

use super::*;
use crate::envelope::{Body, Subject};

const ME: NodeId = NodeId::from_bytes([9; 16]);
const ORIGIN: NodeId = NodeId::from_bytes([1; 16]);

#[derive(Default)]
struct Facts {
    high_waters: BTreeMap<u32, u64>,
    newest_epoch: u32,
    seen: BTreeMap<EnvelopeId, Seen>,
    at: BTreeMap<(u32, u64), Seen>,
}

impl InboxFacts for Facts {
    fn high_water(&self, _: &NodeId, epoch: u32) -> u64 {
        self.high_waters.get(&epoch).copied().unwrap_or(0)
    }

    fn newest_epoch(&self, _: &NodeId) -> u32 {
        self.newest_epoch
    }

    fn seen(&self, id: &EnvelopeId) -> Option<Seen> {
        self.seen.get(id).cloned()
    }

    fn at(&self, _: &NodeId, epoch: u32, sequence: u64) -> Option<Seen> {
        self.at.get(&(epoch, sequence)).cloned()
    }
}

impl Facts {
    fn commit(&mut self, envelope: &Envelope) {
        self.high_waters.insert(envelope.epoch, envelope.sequence);
        self.newest_epoch = self.newest_epoch.max(envelope.epoch);
        let seen = Seen { id: envelope.id(), digest: envelope.digest(), receipt: Sealed::new(vec![1]) };
        self.at.insert((envelope.epoch, envelope.sequence), seen.clone());
        self.seen.insert(envelope.id(), seen);
    }
}

/// The act `act` of `epoch` at `sequence`, saying `says`.
fn envelope(epoch: u32, sequence: u64, act: u32, says: u8) -> Envelope {
    Envelope {
        origin: ORIGIN,
        epoch,
        destination: ME,
        sequence,
        subject: Subject::from_bytes([5; 16]),
        act_number: act,
        kind: 1,
        version: 1,
        body: Body::Plain(vec![says]),
    }
}

fn judge(inbox: &mut Inbox, envelope: &Envelope, facts: &Facts) -> Verdict {
    inbox.handle(envelope, &Sealed::new(envelope.to_bytes()), facts)
}

/// Taken: 1 to 3 of epoch 2, as acts 1 to 3; the epoch in force is `newest`.
fn taken(newest: u32) -> Facts {
    let mut facts = Facts::default();
    (1..=3).for_each(|n| facts.commit(&envelope(2, u64::from(n), n, 0)));
    facts.newest_epoch = newest;
    facts
}

#[test]
fn every_verdict() {
    let receipt = Sealed::new(vec![1]);
    let first = envelope(2, 2, 2, 0);
    let fork = |advance| Verdict::Fork { first: first.id(), first_digest: Some(first.digest()), advance };
    let window = u64::try_from(limits::WINDOW_ENVELOPES).unwrap_or(0);
    for (what, newest, arrives, verdict) in [
        ("next", 2, envelope(2, 4, 4, 0), Verdict::Deliver),
        ("repeat", 2, envelope(2, 2, 2, 0), Verdict::Duplicate { receipt: receipt.clone() }),
        ("resent in a new epoch", 2, envelope(3, 1, 2, 0), Verdict::Resent { receipt }),
        ("same act, other content", 2, envelope(2, 2, 2, 7), fork(false)),
        ("the same, in a new epoch", 2, envelope(3, 1, 2, 7), fork(true)),
        (
            "same place, other act",
            2,
            envelope(2, 2, 9, 0),
            Verdict::Fork { first: first.id(), first_digest: None, advance: false },
        ),
        ("early", 2, envelope(2, 5, 5, 0), Verdict::Early),
        ("last of the window", 2, envelope(2, 3 + window, 5, 0), Verdict::Early),
        ("too far ahead", 2, envelope(2, 4 + window, 5, 0), Verdict::OutOfWindow),
        ("old epoch, next", 3, envelope(2, 4, 4, 0), Verdict::Deliver),
        ("old epoch, after a gap", 3, envelope(2, 5, 5, 0), Verdict::StaleEpoch { newest: 3 }),
        ("older epoch", 2, envelope(1, 1, 8, 0), Verdict::Deliver),
        ("for another", 2, Envelope { destination: ORIGIN, ..envelope(2, 4, 4, 0) }, Verdict::AlienDestination),
    ] {
        assert_eq!(judge(&mut Inbox::new(ME), &arrives, &taken(newest)), verdict, "{what}");
    }
    let mut forgotten = taken(2);
    forgotten.seen.clear();
    forgotten.at.clear();
    assert_eq!(judge(&mut Inbox::new(ME), &first, &forgotten), Verdict::Forgotten);
}

#[test]
fn early_ones_come_out_in_their_turn_once() {
    let mut inbox = Inbox::new(ME);
    let mut facts = Facts::default();
    let all: Vec<Envelope> = (1..=6).map(|n| envelope(1, u64::from(n), n, 0)).collect();
    for late in [5, 3, 2, 3, 4] {
        assert_eq!(judge(&mut inbox, &all[late], &facts), Verdict::Early);
    }
    assert_eq!(inbox.early().count(), 4);
    assert_eq!(judge(&mut inbox, &all[0], &facts), Verdict::Deliver);
    assert_eq!(inbox.poll(), None);
    assert_eq!(judge(&mut inbox, &all[1], &facts), Verdict::Deliver);
    let mut out = Vec::new();
    while let Some((envelope, _)) = inbox.poll() {
        out.push((envelope.sequence, judge(&mut inbox, &envelope, &facts)));
    }
    assert_eq!(out, [3, 4, 5, 6].map(|sequence| (sequence, Verdict::Deliver)));
    assert_eq!(judge(&mut inbox, &all[3], &facts), Verdict::Pending, "handed over, not committed");
    all.iter().for_each(|envelope| facts.commit(envelope));
    inbox.committed(&ORIGIN, 1, 6);
    assert!(inbox.lines.is_empty());
    assert!(matches!(judge(&mut inbox, &all[3], &facts), Verdict::Duplicate { .. }));
}

#[test]
fn a_commit_that_failed_is_forgotten() {
    let mut inbox = Inbox::new(ME);
    let facts = Facts::default();
    assert_eq!(judge(&mut inbox, &envelope(1, 1, 1, 0), &facts), Verdict::Deliver);
    assert_eq!(judge(&mut inbox, &envelope(1, 1, 1, 0), &facts), Verdict::Pending);
    inbox.forget();
    assert_eq!(judge(&mut inbox, &envelope(1, 1, 1, 0), &facts), Verdict::Deliver);
}

#[test]
fn where_facts_show_what_is_decided_a_failed_decision_is_taken_up_again() {
    let mut inbox = Inbox::new(ME);
    let mut facts = Facts::default();
    let all: Vec<Envelope> = (1..=3).map(|n| envelope(1, u64::from(n), n, 0)).collect();
    assert_eq!(judge(&mut inbox, &all[2], &facts), Verdict::Early);
    assert_eq!(judge(&mut inbox, &all[1], &facts), Verdict::Early);
    assert_eq!(judge(&mut inbox, &all[0], &facts), Verdict::Deliver);
    inbox.stands_at(&ORIGIN, 1, 0);
    assert_eq!(inbox.poll(), None, "the first was not decided");
    assert_eq!(judge(&mut inbox, &all[0], &facts), Verdict::Deliver);
    facts.commit(&all[0]);
    for next in [1, 2] {
        inbox.stands_at(&ORIGIN, 1, next);
        let (envelope, _) = inbox.poll().expect("its turn has come");
        assert_eq!((envelope.sequence, judge(&mut inbox, &envelope, &facts)), (next + 1, Verdict::Deliver));
        facts.commit(&envelope);
    }
    inbox.stands_at(&ORIGIN, 1, 3);
    assert!(inbox.lines.is_empty() && inbox.ready.is_empty() && inbox.early_bytes == 0);
}

#[test]
fn early_ones_are_bounded_in_bytes() {
    let mut inbox = Inbox::new(ME);
    let facts = Facts::default();
    let big = Sealed::new(vec![0; limits::ENVELOPE_BYTES_MAX]);
    let mut held = |origin: u8, epoch: u32| {
        let origin = NodeId::from_bytes([origin; 16]);
        let verdicts: Vec<_> =
            (2..20).map(|n| inbox.handle(&Envelope { origin, ..envelope(epoch, n, 1, 0) }, &big, &facts)).collect();
        assert_eq!(verdicts.last(), Some(&Verdict::OutOfWindow));
        verdicts.iter().filter(|verdict| **verdict == Verdict::Early).count()
    };
    let each = limits::EARLY_BYTES_MAX / limits::ENVELOPE_BYTES_MAX;
    assert_eq!(held(1, 1), each);
    assert_eq!(held(1, 2), 0, "another epoch is no other origin");
    let all = limits::EARLY_BYTES_TOTAL_MAX / limits::ENVELOPE_BYTES_MAX;
    assert_eq!((2..10).map(|origin| held(origin, 1)).sum::<usize>(), all - each);
    inbox.forget();
    assert_eq!(inbox.early().count(), 0);
}
