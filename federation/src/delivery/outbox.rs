//! The sender's half: what is on the way to one destination over one link.

use std::collections::BTreeMap;

use tongban_codes::{
    ids::{Digest, NodeId},
    time::Timestamp,
};

use crate::{
    backoff::{Backoff, Jitter},
    envelope::{Envelope, EnvelopeId, Flow},
    limits,
    receipt::Receipt,
    sealed::Sealed,
};

/// An envelope out of the driver's storage, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its place in the flow.
    pub sequence: u64,
    /// Its id.
    pub id: EnvelopeId,
    /// Its digest.
    pub digest: Digest,
    /// The envelope under its origin's seal.
    pub sealed: Sealed,
}

impl Outgoing {
    /// An envelope with the bytes in which it was sealed.
    pub fn of(envelope: &Envelope, sealed: Sealed) -> Self {
        Self { sequence: envelope.sequence, id: envelope.id(), digest: envelope.digest(), sealed }
    }
}

/// What the outbox wants out of the driver's storage: unreceipted envelopes of its flow in order of sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Only sequences greater than this.
    pub after: u64,
    /// At most so many.
    pub limit: usize,
}

/// What a receipt means to an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Standing {
    /// It answers an envelope that is on the way.
    Expected {
        /// The envelope's sequence in this flow.
        sequence: u64,
    },
    /// It answers nothing that is on the way here; storage has to be asked.
    Unknown,
    /// It speaks of another act or content at this place: a fork of this node's own history, to be kept as evidence.
    Contradicts {
        /// The sequence of the envelope whose content differs.
        sequence: u64,
    },
}

#[derive(Clone, Debug)]
struct OnTheWay {
    id: EnvelopeId,
    digest: Digest,
    sealed: Sealed,
    backoff: Backoff,
    /// When to send it (again); `None` once a receipt waits to be recorded.
    due: Option<Timestamp>,
}

/// What is on the way in one flow over one link.
///
/// ```text
///            loaded             sent               receipt               recorded
///  storage ─────────▶ due now ────────▶ waiting ──────────▶ answered ───────────────▶ forgotten
///                        ▲                │ │ held by a relay: forgotten, offered again much later
///                        └────────────────┘ ▼
///                          resend time    storage
/// ```
///
/// Call [`wake`](Self::wake) when storage has something new, then [`poll_load`](Self::poll_load) and
/// [`poll_send`](Self::poll_send) until both are `None`; [`poll_timeout`](Self::poll_timeout) says when to come back.
#[derive(Clone, Debug)]
pub struct Outbox {
    flow: Flow,
    /// The last sequence asked out of storage.
    cursor: u64,
    /// Storage may hold more after the cursor.
    awake: bool,
    /// A load is under way.
    loading: bool,
    /// Something before what is being loaded was announced meanwhile: the cursor goes back there afterwards.
    earlier: Option<u64>,
    on_the_way: BTreeMap<u64, OnTheWay>,
    bytes: usize,
    reoffer: Backoff,
    reoffer_at: Option<Timestamp>,
}

impl Outbox {
    /// An outbox that has asked for nothing yet, and is awake.
    pub fn new(flow: Flow) -> Self {
        Self {
            flow,
            cursor: 0,
            awake: true,
            loading: false,
            earlier: None,
            on_the_way: BTreeMap::new(),
            bytes: 0,
            reoffer: Backoff::new(limits::REOFFER_SECONDS_MIN, limits::REOFFER_SECONDS_MAX),
            reoffer_at: None,
        }
    }

    /// Its line of sequences.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// The node whose envelopes it sends.
    pub fn origin(&self) -> &NodeId {
        &self.flow.origin
    }

    /// How many envelopes are unanswered.
    pub fn len(&self) -> usize {
        self.on_the_way.len()
    }

    /// Whether nothing is on the way.
    pub fn is_empty(&self) -> bool {
        self.on_the_way.is_empty()
    }

    /// The bytes of the unanswered envelopes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it can be dropped: nothing on the way, to load, or to be offered again.
    pub fn is_idle(&self) -> bool {
        self.on_the_way.is_empty() && !self.awake && !self.loading && self.reoffer_at.is_none()
    }

    /// Whether a relay holds some of it, which is offered again after long.
    pub fn is_held(&self) -> bool {
        self.reoffer_at.is_some()
    }

    /// Storage may hold something new from `sequence` on. At a relay that may lie before what was loaded already, for what
    /// it stores comes in any order.
    pub fn wake(&mut self, sequence: u64) {
        self.awake = true;
        let before = sequence.saturating_sub(1);
        if self.loading {
            self.earlier = Some(self.earlier.map_or(before, |earlier| earlier.min(before)));
        } else {
            self.cursor = self.cursor.min(before);
        }
        // Its receiver takes nothing later before it, so it must not wait for room behind later ones.
        if self.on_the_way.len() >= limits::WINDOW_ENVELOPES
            && let Some(last) = self.on_the_way.last_key_value().map(|(last, _)| *last).filter(|last| *last > sequence)
        {
            self.remove(last);
        }
    }

    /// Begins again after a new link: forgets what was on the way and loads from the first unreceipted envelope.
    pub fn restart(&mut self) {
        self.rewind(0);
        self.reoffer.reset();
        self.reoffer_at = None;
    }

    /// Begins again after `sequence`.
    pub fn rewind(&mut self, sequence: u64) {
        self.cursor = sequence;
        self.awake = true;
        self.loading = false;
        self.earlier = None;
        self.on_the_way.clear();
        self.bytes = 0;
    }

    /// What to ask of storage, when `room` more envelopes may go on the way over the whole link.
    pub fn poll_load(&mut self, room: usize) -> Option<Load> {
        let limit = limits::WINDOW_ENVELOPES.saturating_sub(self.on_the_way.len()).min(room);
        if !self.awake || self.loading || limit == 0 {
            return None;
        }
        self.awake = false;
        self.loading = true;
        Some(Load { after: self.cursor, limit })
    }

    /// Whether it would load if only the link had room.
    pub fn wants_room(&self) -> bool {
        self.awake && !self.loading && self.on_the_way.len() < limits::WINDOW_ENVELOPES
    }

    /// Storage's answer; `more` when it holds further ones after these.
    pub fn loaded(&mut self, envelopes: Vec<Outgoing>, more: bool, now: Timestamp) {
        if !self.loading {
            // The answer to a question from before a restart; the question is asked again.
            return;
        }
        self.loading = false;
        self.awake |= more;
        for Outgoing { sequence, id, digest, sealed } in envelopes {
            self.cursor = self.cursor.max(sequence);
            if self.on_the_way.contains_key(&sequence) {
                continue;
            }
            self.bytes += sealed.len();
            let backoff = Backoff::new(limits::RESEND_SECONDS_MIN, limits::RESEND_SECONDS_MAX);
            self.on_the_way.insert(sequence, OnTheWay { id, digest, sealed, backoff, due: Some(now) });
        }
        if let Some(earlier) = self.earlier.take() {
            self.cursor = self.cursor.min(earlier);
        }
    }

    /// The next envelope that is due, which counts as sent from then on.
    pub fn poll_send(&mut self, now: Timestamp, jitter: &mut Jitter) -> Option<(u64, Sealed)> {
        let (sequence, envelope) =
            self.on_the_way.iter_mut().find(|(_, envelope)| envelope.due.is_some_and(|due| due <= now))?;
        envelope.due = Some(envelope.backoff.next(now, jitter));
        Some((*sequence, envelope.sealed.clone()))
    }

    /// A relay holds the envelope: its place in the window is free, and it is offered again only after a long while.
    pub fn held(&mut self, sequence: u64, now: Timestamp, jitter: &mut Jitter) {
        if self.remove(sequence) && self.reoffer_at.is_none() {
            self.reoffer_at = Some(self.reoffer.next(now, jitter));
        }
    }

    /// Holds a receipt against what is on the way. A receipt that fits stops the resending; the envelope is forgotten when
    /// the driver has [recorded](Self::recorded) it.
    pub fn receipt(&mut self, receipt: &Receipt) -> Standing {
        // A receipt answers one place. What an earlier epoch's place got says what became of the act, and yet the new line
        // has no gaps only if the envelope is taken there too.
        if receipt.flow() != self.flow {
            return Standing::Unknown;
        }
        match self.on_the_way.get_mut(&receipt.sequence) {
            None => Standing::Unknown,
            Some(envelope) if envelope.id == receipt.envelope && envelope.digest == receipt.digest => {
                envelope.due = None;
                Standing::Expected { sequence: receipt.sequence }
            }
            Some(_) => Standing::Contradicts { sequence: receipt.sequence },
        }
    }

    /// The driver has durably recorded the receipt of this sequence.
    pub fn recorded(&mut self, sequence: u64) {
        if self.remove(sequence) {
            self.reoffer.reset();
        }
    }

    /// Offers again what relays have held for long; call when [`poll_timeout`](Self::poll_timeout) has passed.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        if self.reoffer_at.is_some_and(|at| at <= now) {
            self.reoffer_at = None;
            self.rewind(0);
        }
    }

    /// When something is due next.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.on_the_way.values().filter_map(|envelope| envelope.due).chain(self.reoffer_at).min()
    }

    fn remove(&mut self, sequence: u64) -> bool {
        let removed = self.on_the_way.remove(&sequence);
        if let Some(envelope) = &removed {
            self.bytes -= envelope.sealed.len();
        }
        removed.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        envelope::{Body, Subject},
        receipt::Outcome,
    };

    fn envelope(sequence: u64) -> Envelope {
        Envelope {
            origin: NodeId::from_bytes([1; 16]),
            epoch: 1,
            destination: NodeId::from_bytes([2; 16]),
            sequence,
            subject: Subject::from_bytes([3; 16]),
            act_number: u32::try_from(sequence).unwrap_or(1),
            kind: 1,
            version: 1,
            body: Body::Plain(vec![0; 10]),
        }
    }

    fn outgoing(sequence: u64) -> Outgoing {
        let envelope = envelope(sequence);
        Outgoing::of(&envelope, Sealed::new(envelope.to_bytes()))
    }

    fn receipt(sequence: u64) -> Receipt {
        Receipt::of(&envelope(sequence), Outcome::Applied { detail: vec![] }, Timestamp::from_millis(0))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn filled(count: u64) -> (Outbox, Jitter) {
        let mut outbox = Outbox::new(envelope(1).flow());
        assert_eq!(outbox.poll_load(10), Some(Load { after: 0, limit: 10 }));
        outbox.loaded((1..=count).map(outgoing).collect(), false, at(0));
        (outbox, Jitter::new(1))
    }

    #[test]
    fn sends_in_order_then_again_until_recorded() {
        let (mut outbox, mut jitter) = filled(3);
        let sent: Vec<u64> = std::iter::from_fn(|| outbox.poll_send(at(0), &mut jitter)).map(|sent| sent.0).collect();
        assert_eq!(sent, [1, 2, 3]);
        assert!(outbox.poll_timeout() > Some(at(0)));
        assert_eq!(outbox.receipt(&receipt(2)), Standing::Expected { sequence: 2 });
        let again: Vec<u64> = std::iter::from_fn(|| outbox.poll_send(at(60), &mut jitter)).map(|sent| sent.0).collect();
        assert_eq!(again, [1, 3], "an answered one waits for the record, not for the wire");
        assert_eq!(outbox.len(), 3);
        (1..=3).for_each(|sequence| outbox.recorded(sequence));
        assert!(outbox.is_idle());
        assert_eq!((outbox.bytes(), outbox.poll_timeout()), (0, None));
    }

    #[test]
    fn a_receipt_for_other_content_is_evidence() {
        let (mut outbox, _) = filled(1);
        let mut other = receipt(1);
        other.digest = Digest::of(b"other");
        assert_eq!(outbox.receipt(&other), Standing::Contradicts { sequence: 1 });
        assert_eq!(outbox.receipt(&receipt(9)), Standing::Unknown);
    }

    #[test]
    fn a_receipt_from_before_a_restore_does_not_stop_the_resending() {
        let (mut outbox, _) = filled(2);
        let old = Receipt { epoch: 7, ..receipt(2) };
        assert_eq!(outbox.receipt(&old), Standing::Unknown);
        let again = old.again(&envelope(2));
        assert_eq!(outbox.receipt(&again), Standing::Expected { sequence: 2 });
    }

    #[test]
    fn what_a_relay_holds_is_offered_again_after_long() {
        let (mut outbox, mut jitter) = filled(1);
        outbox.held(1, at(0), &mut jitter);
        assert!(outbox.is_empty() && !outbox.is_idle());
        let when = outbox.poll_timeout();
        assert!(when >= Some(at(limits::REOFFER_SECONDS_MIN / 2)), "{when:?}");
        outbox.handle_timeout(at(limits::REOFFER_SECONDS_MIN));
        assert_eq!(outbox.poll_load(10), Some(Load { after: 0, limit: 10 }));
    }

    #[test]
    fn what_a_relay_stores_late_is_not_passed_over() {
        let mut outbox = Outbox::new(envelope(1).flow());
        assert!(outbox.poll_load(9999).is_some());
        outbox.wake(3);
        let last = u64::try_from(limits::WINDOW_ENVELOPES).unwrap_or(0) + 3;
        outbox.loaded((4..=last).map(outgoing).collect(), false, at(0));
        assert_eq!(outbox.poll_load(9999), None, "the window is full");
        outbox.wake(3);
        assert_eq!(outbox.poll_load(9999), Some(Load { after: 2, limit: 1 }));
        outbox.loaded(vec![outgoing(3)], true, at(0));
        assert_eq!(outbox.poll_send(at(0), &mut Jitter::new(1)).map(|sent| sent.0), Some(3));
        assert_eq!((outbox.len(), outbox.on_the_way.contains_key(&last)), (limits::WINDOW_ENVELOPES, false));
    }

    #[test]
    fn the_window_and_the_room_of_the_link_bound_a_load() {
        let mut outbox = Outbox::new(envelope(1).flow());
        assert_eq!(outbox.poll_load(0), None);
        assert_eq!(outbox.poll_load(9999).map(|load| load.limit), Some(limits::WINDOW_ENVELOPES));
        assert_eq!(outbox.poll_load(9999), None, "one load at a time");
        outbox.restart();
        assert!(outbox.poll_load(5).is_some());
        outbox.restart();
        outbox.loaded(vec![outgoing(1)], false, at(0));
        assert!(outbox.is_empty(), "an answer from before the restart is dropped");
        assert!(outbox.poll_load(5).is_some());
    }
}
