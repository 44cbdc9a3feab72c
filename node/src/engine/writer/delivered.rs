//! Deliveries: what becomes of an envelope that came in, of a receipt for an own one, and of what was put aside.

use serde_json::json;
#[cfg(feature = "deliberate-bugs")]
use tongban_codes::deliberate::{Bug, is_in};
use tongban_codes::ids::{CaseId, NodeId};
use tongban_domain::{Actor, Place};
use tongban_federation::{Body, Envelope, EnvelopeId, Outcome, Receipt, Sealed, Verdict};
use tongban_seal::{batch, content_type};
use tongban_storage::keyspace::delivery::{ASIDE, Aside, FORK, HIGH_WATER, OUTBOX, QUARANTINE, SENT};
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::{Bytes, meta};

use super::decider::{Decided, Decider, Proto};
use super::request::{Answer, Refused};
use super::waits::Wait;
use crate::engine::arrivals::{fork_key, kept_envelope};
use crate::engine::entry::{Contradiction, ExchangeEvent, Unread};
use crate::exchange::translate::{self, Inbound, Unreadable};

/// Contradicting envelopes that are kept of one place; more are refused without a word, so that nobody fills the disk with them.
const FORKS_PER_PLACE_MAX: usize = 4;

impl Decider<'_> {
    /// Judges an envelope by what came before it, and takes it when it is its turn.
    pub(super) fn deliver(&mut self, sealed: &Sealed, envelope: &Envelope, place: Place) -> Result<Decided, Refused> {
        let verdict = self.receiver.judge(envelope, sealed, place, self.at, self.view)?;
        #[cfg(feature = "deliberate-bugs")]
        let verdict = match verdict {
            Verdict::Early if is_in(Bug::CursorAdvancedEarly) => Verdict::Deliver,
            verdict => verdict,
        };
        match verdict {
            Verdict::Deliver => self.take(sealed, envelope, place),
            Verdict::Duplicate { receipt } => self.said_before(envelope, receipt),
            Verdict::Resent { receipt } => self.resent(sealed, envelope, &receipt),
            Verdict::Pending => Ok(Decided::Known(Answer::Pending)),
            Verdict::Early => Ok(Decided::Known(Answer::Early)),
            Verdict::OutOfWindow | Verdict::StaleEpoch { .. } => Ok(Decided::Known(Answer::NotYet)),
            Verdict::Forgotten => {
                Ok(self.denied(envelope, translate::EXPIRED, "该序号早已处理，原信封已无记录", true, None))
            }
            Verdict::Fork { first, advance, .. } => self.forked(sealed, envelope, first, advance),
            Verdict::AlienDestination => Err(Refused::problem(
                "envelope-elsewhere",
                "the envelope is for another node",
                "该信封的目的节点并非本节点",
            )),
        }
    }

    /// The receipt of an envelope that was taken; while it isn't sealed, whoever brought it first will hear it.
    fn said_before(&self, envelope: &Envelope, receipt: Sealed) -> Result<Decided, Refused> {
        if receipt.is_empty() {
            return Ok(Decided::Known(Answer::Pending));
        }
        let high = HIGH_WATER.load(self.view, &(envelope.origin, envelope.epoch))?.unwrap_or(0);
        Ok(Decided::Known(Answer::Receipt(receipt, high)))
    }

    fn take(&mut self, sealed: &Sealed, envelope: &Envelope, place: Place) -> Result<Decided, Refused> {
        let done = match self.readable(envelope, place)? {
            Ok(inbound) => self.carry_out(inbound, envelope, sealed.as_bytes(), place)?,
            Err(unreadable) => Err(unreadable),
        };
        let (mut proto, outcome, unread) = match done {
            Ok((proto, outcome)) => (proto, outcome, None),
            Err(Unreadable { code, text }) => {
                tracing::warn!(origin = %envelope.origin, sequence = envelope.sequence, code, text, "an envelope is put aside");
                let unread = Unread { code: code.to_owned(), text, division: Some(place.division) };
                (Proto::default(), Outcome::Quarantined { code: code.to_owned() }, Some(unread))
            }
        };
        let quarantined = unread.is_some().then(|| sealed.as_bytes().to_vec());
        proto.decision.exchange.push(arrived(envelope, quarantined, unread));
        Ok(answered(proto, envelope, Receipt::of(envelope, outcome, self.at)))
    }

    /// What the envelope asks for; nothing as long as an earlier act on the same subject waits.
    fn readable(&self, envelope: &Envelope, place: Place) -> Result<Result<Inbound, Unreadable>, Refused> {
        if self.receiver.may_park {
            let line = stem(&(envelope.origin, envelope.subject.case()));
            let head = QUARANTINE.list(self.view, &line, None, 1)?.into_iter().next();
            // A late act from before the one that waits isn't behind it.
            if let Some(((.., act), _)) = head
                && act < envelope.act_number
            {
                return Ok(Err(Unreadable::new(translate::PARKED, format!("behind act {act}"))));
            }
        }
        Ok(translate::inbound(envelope, place))
    }

    /// Does what an envelope asks for. Where a node that must be told what follows can't be, since that is larger than an envelope, nothing is done and
    /// the origin hears so: as a refusal where its node settles one, else the envelope is put aside, for what it reports has happened.
    fn carry_out(
        &mut self,
        inbound: Inbound,
        envelope: &Envelope,
        sealed: &[u8],
        place: Place,
    ) -> Result<Result<(Proto, Outcome), Unreadable>, Refused> {
        match self.execute(inbound, sealed, place) {
            Err(Refused::Problem(problem)) if problem.code == translate::NOTICE_TOO_LARGE => {
                let (code, text) = (translate::NOTICE_TOO_LARGE, problem.zh);
                if !translate::settles_refusals(envelope.kind) {
                    return Ok(Err(Unreadable::new(code, text)));
                }
                Ok(Ok((Proto::default(), Outcome::Refused { code: code.to_owned(), text })))
            }
            other => other.map(Ok),
        }
    }

    fn execute(&mut self, inbound: Inbound, sealed: &[u8], place: Place) -> Result<(Proto, Outcome), Refused> {
        let command = match inbound {
            Inbound::Outcome(receipt) => return self.outcome(&receipt, sealed, place),
            Inbound::Command(command) => command,
        };
        match self.domain(&Actor::system(), &command) {
            Ok(change) => {
                let detail = translate::detail(&change.reply);
                Ok((self.proto(change)?, Outcome::Applied { detail }))
            }
            Err(Refused::Rejection(rejection)) => {
                let outcome = Outcome::Refused { code: rejection.code.to_owned(), text: rejection.zh.clone().into() };
                Ok((Proto::default(), outcome))
            }
            Err(other) => Err(other),
        }
    }

    /// An act that was taken under another place: its effect stands, the new place gets the same word.
    fn resent(&mut self, sealed: &Sealed, envelope: &Envelope, receipt: &Sealed) -> Result<Decided, Refused> {
        if receipt.is_empty() {
            return Ok(Decided::Known(Answer::Pending));
        }
        let before = batch::claimed_statement(receipt.as_bytes(), content_type::RECEIPT)
            .and_then(|statement| Receipt::from_bytes(&statement).ok())
            .ok_or_else(|| Refused::fault("a kept receipt can't be read"))?;
        // What still waits is answered at its newest place: of older ones the origin may know nothing.
        let key = (envelope.origin, envelope.subject.case(), envelope.act_number);
        let waits = QUARANTINE.load(self.view, &key)?;
        let quarantined = waits.is_some().then(|| sealed.as_bytes().to_vec());
        let unread = waits.map(|row| Unread { code: row.code, text: row.text, division: row.division });
        let mut proto = Proto::default();
        proto.decision.exchange.push(arrived(envelope, quarantined, unread));
        Ok(answered(proto, envelope, before.again(envelope)))
    }

    /// The origin contradicts itself: both are kept, and this one is refused.
    fn forked(
        &mut self,
        sealed: &Sealed,
        envelope: &Envelope,
        first: EnvelopeId,
        advance: bool,
    ) -> Result<Decided, Refused> {
        let place = (envelope.origin, envelope.epoch, envelope.sequence);
        if !advance {
            let kept = FORK.list(self.view, &stem(&place), None, FORKS_PER_PLACE_MAX)?;
            let key = fork_key(&envelope.id().0, &envelope.digest());
            if let Some((_, same)) = kept.iter().find(|((.., kept), _)| *kept == key) {
                return self.said_before(envelope, Sealed::new(same.receipt.clone()));
            }
            if kept.len() == FORKS_PER_PLACE_MAX {
                return Ok(Decided::Known(Answer::Fork));
            }
        }
        tracing::error!(
            code = translate::FORK, origin = %envelope.origin, epoch = envelope.epoch, sequence = envelope.sequence, %first,
            now = %envelope.id(), "a fork: the origin contradicts what it sent before"
        );
        let fork = Contradiction { first: first.0, sealed: sealed.as_bytes().to_vec() };
        let text = "与来源节点先前发送的内容矛盾，两份均已留存";
        Ok(self.denied(envelope, translate::FORK, text, advance, Some(fork)))
    }

    fn denied(
        &self,
        envelope: &Envelope,
        code: &str,
        text: &str,
        placed: bool,
        fork: Option<Contradiction>,
    ) -> Decided {
        let mut proto = Proto::default();
        proto.decision.exchange.push(ExchangeEvent::Denied {
            origin: envelope.origin,
            epoch: envelope.epoch,
            sequence: envelope.sequence,
            id: envelope.id().0,
            digest: envelope.digest(),
            receipt: Vec::new(),
            placed,
            fork,
        });
        let outcome = Outcome::Refused { code: code.to_owned(), text: text.to_owned() };
        answered(proto, envelope, Receipt::of(envelope, outcome, self.at))
    }

    /// Records what the destination says of an own envelope.
    pub(super) fn receipted(&mut self, sealed: &Sealed, receipt: &Receipt, place: Place) -> Result<Decided, Refused> {
        let key = (receipt.receiver, receipt.epoch, receipt.sequence);
        let waits = OUTBOX.load(self.view, &key)?;
        let first = waits.is_some();
        let undecided = translate::undecided(receipt);
        let outgoing = match waits {
            Some(Bytes(outgoing)) => outgoing,
            None if undecided.is_none() && ASIDE.holds(self.view, &key)? => match SENT.load(self.view, &key)? {
                Some(sent) => sent.envelope,
                None => return Ok(Decided::Known(Answer::Done)),
            },
            None => return Ok(Decided::Known(Answer::Done)),
        };
        let (mut proto, envelope) = self.settle(&outgoing, receipt, place)?;
        let (destination, epoch, sequence) = key;
        let receipt = sealed.as_bytes().to_vec();
        proto.decision.exchange.push(if first {
            let aside = undecided.map(|code| Aside {
                subject: envelope.subject.case(),
                act: envelope.act_number,
                kind: envelope.kind,
                version: envelope.version,
                code: code.to_owned(),
                at: self.at,
            });
            ExchangeEvent::Receipted { destination, epoch, sequence, receipt, aside }
        } else {
            ExchangeEvent::Concluded { destination, epoch, sequence, receipt: Some(receipt), outcome: None }
        });
        proto.answer = Some(Answer::Done);
        Ok(Decided::Change(Box::new(proto)))
    }

    /// Records the last word on an own envelope that was put aside; `sealed` is the envelope that brings it.
    fn outcome(&mut self, receipt: &Receipt, sealed: &[u8], place: Place) -> Result<(Proto, Outcome), Refused> {
        let applied = || Outcome::Applied { detail: Vec::new() };
        let key = (receipt.receiver, receipt.epoch, receipt.sequence);
        let outgoing = match OUTBOX.load(self.view, &key)? {
            Some(Bytes(outgoing)) => outgoing,
            None => match SENT.load(self.view, &key)? {
                Some(sent) => sent.envelope,
                None => return Ok((Proto::default(), mismatch())),
            },
        };
        let known = kept_envelope(&outgoing);
        if known.is_none_or(|known| known.id() != receipt.envelope || known.digest() != receipt.digest) {
            return Ok((Proto::default(), mismatch()));
        }
        let waits = OUTBOX.holds(self.view, &key)? || ASIDE.holds(self.view, &key)?;
        if !waits || translate::undecided(receipt).is_some() {
            return Ok((Proto::default(), applied()));
        }
        let (mut proto, _) = self.settle(&outgoing, receipt, place)?;
        let (destination, epoch, sequence) = key;
        let outcome = Some(sealed.to_vec());
        proto.decision.exchange.push(ExchangeEvent::Concluded { destination, epoch, sequence, receipt: None, outcome });
        Ok((proto, applied()))
    }

    /// What the destination's word on an own envelope changes here.
    fn settle(&mut self, outgoing: &[u8], receipt: &Receipt, place: Place) -> Result<(Proto, Envelope), Refused> {
        let signer = self.parts.desk.node_signer();
        let own = |id: &tongban_seal::KeyId| (*id == signer.key_id()).then(|| signer.public_key());
        let opened = batch::open(outgoing, content_type::ENVELOPE, &own).map_err(Refused::fault)?;
        let envelope = Envelope::from_bytes(&opened.statement).map_err(Refused::fault)?;
        if receipt.envelope != envelope.id() || receipt.digest != envelope.digest() {
            return Err(Refused::problem("receipt-mismatch", "the receipt is not for this envelope", "回执与信封不符"));
        }
        let proto = match translate::settled(&envelope, receipt, place) {
            None => Proto::default(),
            Some(command) => match self.domain(&Actor::system(), &command) {
                Ok(change) => self.proto(change)?,
                // The hand-over was settled otherwise; the receipt is kept all the same.
                Err(Refused::Rejection(rejection)) => {
                    tracing::warn!(code = rejection.code, "a receipt changed nothing");
                    Proto::default()
                }
                Err(other) => return Err(other),
            },
        };
        Ok((proto, envelope))
    }

    /// Decides the first of a line in quarantine, when this release understands it: `outcome` in the reply is `applied`, `refused`,
    /// `waiting` (with the code why) or `empty`.
    pub(super) fn replay(&mut self, origin: Place, subject: CaseId) -> Result<Decided, Refused> {
        let reply = |reply: serde_json::Value| serde_json::to_vec(&reply).map_err(Refused::fault);
        let head = QUARANTINE.list(self.view, &stem(&(origin.node, subject)), None, 1)?.into_iter().next();
        #[cfg(feature = "deliberate-bugs")]
        let head = if is_in(Bug::ParkedOutOfOrder) {
            QUARANTINE.list(self.view, &stem(&(origin.node, subject)), None, usize::MAX)?.into_iter().next_back()
        } else {
            head
        };
        let Some(((_, _, act), row)) = head else {
            return Ok(Decided::Known(Answer::Json(reply(json!({ "outcome": "empty" }))?)));
        };
        let envelope =
            kept_envelope(&row.sealed).ok_or_else(|| Refused::fault("a quarantined envelope can't be read"))?;
        let done = match translate::inbound(&envelope, origin) {
            Ok(inbound) => self.carry_out(inbound, &envelope, &row.sealed, origin)?,
            Err(unreadable) => Err(unreadable),
        };
        let (mut proto, outcome) = match done {
            Ok(done) => done,
            Err(Unreadable { code, text }) => {
                let wait = Wait { act, code: code.to_owned(), text: text.clone() };
                self.receiver.waits.set((origin.node, subject), Some(wait));
                let waiting = json!({ "outcome": "waiting", "act": act, "code": code, "text": text });
                return Ok(Decided::Known(Answer::Json(reply(waiting)?)));
            }
        };
        self.receiver.waits.set((origin.node, subject), None);
        let said = match &outcome {
            Outcome::Refused { code, text } => json!({ "outcome": "refused", "act": act, "code": code, "text": text }),
            _ => json!({ "outcome": "applied", "act": act }),
        };
        let receipt = Receipt::of(&envelope, outcome, self.at);
        let notice = self.outcome_notice(&proto, origin.node, &receipt)?;
        proto.envelopes.push(notice);
        proto.decision.exchange.push(ExchangeEvent::Replayed {
            origin: origin.node,
            subject,
            act,
            epoch: envelope.epoch,
            sequence: envelope.sequence,
            id: envelope.id().0,
            digest: envelope.digest(),
            receipt: Vec::new(),
        });
        proto.receipt = Some(receipt);
        proto.answer = Some(Answer::Json(reply(said)?));
        Ok(Decided::Change(Box::new(proto)))
    }

    /// The envelope that brings the origin the last word, behind what the same decision sends it.
    fn outcome_notice(&self, proto: &Proto, to: NodeId, receipt: &Receipt) -> Result<Envelope, Refused> {
        let sent =
            proto.envelopes.iter().filter(|envelope| envelope.destination == to).map(|envelope| envelope.sequence);
        let last = match sent.max() {
            Some(last) => last,
            None => meta::SEQUENCE.load(self.view, &to)?.unwrap_or(0),
        };
        let (kind, version, body) = translate::outcome(receipt);
        Ok(Envelope {
            origin: self.parts.node.node,
            epoch: self.parts.epoch,
            destination: to,
            sequence: last + 1,
            subject: translate::outcome_subject(&receipt.envelope),
            act_number: 1,
            kind,
            version,
            body: Body::Plain(body),
        })
    }
}

fn mismatch() -> Outcome {
    Outcome::Refused { code: "receipt-mismatch".to_owned(), text: "回执与信封不符".to_owned() }
}

fn arrived(envelope: &Envelope, quarantined: Option<Vec<u8>>, why: Option<Unread>) -> ExchangeEvent {
    ExchangeEvent::Arrived {
        origin: envelope.origin,
        epoch: envelope.epoch,
        sequence: envelope.sequence,
        id: envelope.id().0,
        digest: envelope.digest(),
        receipt: Vec::new(),
        quarantined,
        why,
    }
}

/// A decision that is answered with its receipt, once that is sealed.
fn answered(mut proto: Proto, envelope: &Envelope, receipt: Receipt) -> Decided {
    proto.receipt = Some(receipt);
    proto.answer = Some(Answer::Receipt(Sealed::new(Vec::new()), envelope.sequence));
    Decided::Change(Box::new(proto))
}
