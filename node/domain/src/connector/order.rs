//! The row of an order: what was asked of an outside system, what waits to be told to it, and what it said.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::ids::{CaseId, Digest};
use tongban_codes::time::{Date, Timestamp};

use super::handling::Dossier;
use super::list::{ConnectorKind, Direction, OrderDeed, OrderOutcome, OrderState};
use crate::case::{OutsideOutcome, Personal};
use crate::supervision::About;

/// The most lines of the log of an order with which what changes nothing is still noted; beyond that something is wrong at the other side.
pub const LOG_MAX: usize = 100;
/// How many lines more are kept for what leads somewhere: a payment must not be refused because it was announced too often.
pub const LOG_RESERVE: usize = 50;

/// The most decisions that are kept of an order which was told several: one that changes nothing is noted without its words from then on.
pub(super) const DECISIONS_MAX: usize = 8;

/// What is told to the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum WordKind {
    /// It is asked to take the order.
    #[n(0)]
    Place,
    /// It is asked to let it go.
    #[n(1)]
    Cancel,
    /// It is asked to give the money back.
    #[n(2)]
    Refund,
}

/// A word to the other side that it hasn't answered yet; it is said again, the same, until it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Word {
    /// Number within the order, from 1: with the order's it is the idempotency key.
    #[n(0)]
    pub number: u32,
    /// What is said.
    #[n(1)]
    pub kind: WordKind,
    /// Since when.
    #[n(2)]
    pub since: Timestamp,
}

/// What the other side answered to a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It took it.
    Taken {
        /// Its own number of the order, where it gave one.
        reference: Option<String>,
        /// Where the applicant pays or follows it.
        link: Option<String>,
    },
    /// It doesn't take it, and won't when it is asked again the same.
    Declined {
        /// HTTP status.
        status: u16,
        /// Its short code of the reason, 1 to 64 lower-case letters, digits and dashes; none of a courier, who knows a person.
        code: Option<String>,
    },
}

/// The message in which the other side told an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Message {
    /// Its id, the other side's idempotency key.
    #[n(0)]
    pub id: String,
    /// SHA-256 of its body.
    #[n(1)]
    pub digest: Digest,
}

/// A line of what was done with an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct OrderEntry {
    /// What.
    #[n(0)]
    pub deed: OrderDeed,
    /// When, at this node.
    #[n(1)]
    pub at: Timestamp,
    /// By whom: an operator, or `system` for the other side.
    #[n(2)]
    pub operator: String,
    /// The state after it.
    #[n(3)]
    pub state: OrderState,
    /// The outcome, where one was told or entered.
    #[n(4)]
    pub outcome: Option<OrderOutcome>,
    /// When that came about, by the other side's clock.
    #[n(5)]
    pub occurred_at: Option<Timestamp>,
    /// Money that it is about, in fen.
    #[n(6)]
    pub fen: Option<u64>,
    /// Trade number, waybill, number of a slip.
    #[n(7)]
    pub reference: Option<String>,
    /// In words.
    #[n(8)]
    pub text: Option<String>,
    /// The message that told it.
    #[n(9)]
    #[serde(skip)]
    pub message: Option<Message>,
    /// Under which mandate a decision was let go of, and for whom a deputy did it, since and until when he may.
    #[n(10)]
    pub mandate: Option<String>,
    /// What the other system decided, as it was told or entered.
    #[n(61)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided: Option<OutsideOutcome>,
}

impl OrderEntry {
    /// The line of a deed that says nothing more, and of the state that the order came to by it.
    #[must_use]
    pub fn of(deed: OrderDeed, at: Timestamp, operator: &str, state: OrderState) -> Self {
        Self {
            deed,
            at,
            operator: operator.to_owned(),
            state,
            outcome: None,
            occurred_at: None,
            fen: None,
            reference: None,
            text: None,
            message: None,
            mandate: None,
            decided: None,
        }
    }
}

/// Who gets a parcel, or gives one: encrypted in the row, and sent to the courier alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Name.
    pub name: String,
    /// Telephone.
    pub telephone: String,
    /// Address.
    pub address: String,
}

impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recipient { .. }")
    }
}

impl Recipient {
    /// The two fields under which it is encrypted: the name, and telephone and address as two lines.
    pub(super) fn fields(&self) -> (&str, String) {
        (&self.name, format!("{}\n{}", self.telephone, self.address))
    }

    /// Reads the two fields.
    #[must_use]
    pub fn of_fields((name, rest): (String, String)) -> Option<Self> {
        let (telephone, address) = rest.split_once('\n')?;
        Some(Self { name, telephone: telephone.to_owned(), address: address.to_owned() })
    }
}

/// A fee that is to be paid.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Charge {
    /// What it is for.
    #[n(0)]
    pub fee: String,
    /// How much, in fen.
    #[n(1)]
    pub fen: u64,
    /// The law that allows it (行政许可法 58).
    #[n(2)]
    pub basis: String,
}

/// An order to an outside system: a payment, a courier's way, or the handling of a case.
///
/// ```text
///   payment   placed ──took it──▶ taken ──▶ paid ──▶ refunded        courier   placed ──▶ taken ──▶ picked-up ──▶ delivered
///               │  ▲                 │  └──▶ failed                              (as left)              ├──▶ returned
///     doesn't   ▼  │ retry           │  another amount                                                  └──▶ lost ──▶ delivered
///     take it declined               └─────────▶ disputed
///
///   placed, taken, declined ──cancel──▶ cancelling ──took it──▶ cancelled
///
///   payment   paid ──refund──▶ refunding ──▶ refunded                handling  placed ──▶ taken ──▶ granted ──case outcome──▶ recorded
///               ▲                  │                                               (as left)   └──▶ refused ──case outcome──▶ recorded
///               └── didn't take it ┘                                               another decision than was told ──▶ disputed
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Order {
    /// 委托单号, drawn by this node: `JF…` of a payment, `KD…` of a courier, `YW…` of a handling.
    #[n(0)]
    pub number: String,
    /// The case.
    #[n(1)]
    pub case: CaseId,
    /// What figures and the other side are told of the case: as it stood when the order was placed.
    #[n(2)]
    pub about: About,
    /// What it is.
    #[n(3)]
    pub kind: ConnectorKind,
    /// The connector, by the name that the configuration gives it.
    #[n(4)]
    pub connector: String,
    /// Where it stands.
    #[n(5)]
    pub state: OrderState,
    /// What is to be paid.
    #[n(6)]
    pub charge: Option<Charge>,
    /// Where the courier goes.
    #[n(7)]
    pub direction: Option<Direction>,
    /// Who gets it, or gives it; of a handling the applicant's name and number: under a key of its own.
    #[n(8)]
    pub recipient: Option<Personal>,
    /// Trade number or waybill, as last told.
    #[n(9)]
    pub reference: Option<String>,
    /// Where the applicant pays or follows it.
    #[n(10)]
    pub link: Option<String>,
    /// Number of the last word.
    #[n(11)]
    pub words: u32,
    /// The word that the other side hasn't answered.
    #[n(12)]
    pub waiting: Option<Word>,
    /// What was done, in order; the last is what this row came of.
    #[n(13)]
    pub log: Vec<OrderEntry>,
    /// When it was placed.
    #[n(14)]
    pub placed_at: Timestamp,
    /// The state to which it goes back when the other side doesn't let it go.
    #[n(15)]
    pub before_cancel: Option<OrderState>,
    /// What another system is told of the case that it handles.
    #[n(61)]
    pub dossier: Option<Dossier>,
}

impl Order {
    /// An order of a case of which nothing is said yet.
    #[must_use]
    pub fn begun(number: String, about: About, (kind, connector): (ConnectorKind, &str), at: Timestamp) -> Self {
        Self {
            number,
            case: about.case,
            about,
            kind,
            connector: connector.to_owned(),
            state: OrderState::Placed,
            charge: None,
            direction: None,
            recipient: None,
            reference: None,
            link: None,
            words: 0,
            waiting: None,
            log: Vec::new(),
            placed_at: at,
            before_cancel: None,
            dossier: None,
        }
    }

    /// The id of a word: the same at each attempt, so that the other side takes it once.
    #[must_use]
    pub fn word_id(&self, word: &Word) -> String {
        format!("{}.{}", self.number, word.number)
    }

    /// What was done last.
    #[must_use]
    pub fn last(&self) -> Option<&OrderEntry> {
        self.log.last()
    }

    /// What it charges, in fen.
    pub(super) fn asked(&self) -> Option<u64> {
        self.charge.as_ref().map(|charge| charge.fen)
    }

    /// The lines that say it was paid.
    fn payments(&self) -> impl Iterator<Item = &OrderEntry> {
        self.log.iter().filter(|entry| entry.outcome == Some(OrderOutcome::Paid))
    }

    /// Whether a payment is known, and not this one: money that came twice is found by its trade numbers alone.
    pub(super) fn is_paid_otherwise(&self, reference: Option<&str>) -> bool {
        let mut known = self.payments().map(|entry| entry.reference.as_deref()).peekable();
        known.peek().is_some() && !known.any(|known| known == reference)
    }

    /// Money that came and wasn't given back, in fen, each trade number once. What an operator enters of a dispute is what he found there to be.
    pub(super) fn held(&self) -> u64 {
        held(&self.log)
    }

    /// Whether a refund is known, and not this one: what went back twice is found by its numbers alone.
    pub(super) fn is_refunded_otherwise(&self, reference: Option<&str>) -> bool {
        self.refunds().all(|known| known != reference) && self.refunds().next().is_some()
    }

    /// Whether this refund is known.
    pub(super) fn is_refunded_by(&self, reference: Option<&str>) -> bool {
        self.refunds().any(|known| known == reference)
    }

    /// The numbers of the refunds that are known.
    fn refunds(&self) -> impl Iterator<Item = Option<&str>> {
        let refunds = self.log.iter().filter(|entry| entry.outcome == Some(OrderOutcome::Refunded));
        refunds.map(|entry| entry.reference.as_deref())
    }

    /// Whether the applicant has paid what it asks: also where more came than that, and nobody has looked at it yet.
    pub(crate) fn is_paid(&self) -> bool {
        match self.state {
            OrderState::Paid => true,
            OrderState::Disputed => self.asked().is_some_and(|asked| self.held() >= asked),
            _ => false,
        }
    }

    /// The day since which the applicant has paid what it asks; none while he hasn't.
    pub(crate) fn paid_since(&self) -> Option<Date> {
        let is_paid_by = |entries: &[OrderEntry]| match entries.last().map(|entry| entry.state) {
            Some(OrderState::Paid) => true,
            Some(OrderState::Disputed) => self.asked().is_some_and(|asked| held(entries) >= asked),
            _ => false,
        };
        let since = (1..=self.log.len()).rev().take_while(|count| is_paid_by(&self.log[..*count])).last()?;
        self.is_paid().then(|| self.log[since - 1].at.date())
    }

    /// When its case is looked at after what this row came of: at the next midnight where money came or goes back. A fee that comes before the result
    /// bars its delivery no longer, or again.
    #[must_use]
    pub fn watch(&self) -> Option<Timestamp> {
        let moves = matches!(
            self.state,
            OrderState::Paid | OrderState::Refunding | OrderState::Refunded | OrderState::Disputed
        );
        let last = self.last().filter(|_| self.kind == ConnectorKind::Payment && moves)?;
        Some(last.at.date().next_day().start())
    }

    /// What the other system decided, as it stands: of the line that led there. What was noted afterwards changed nothing, and what a person let go of
    /// stands no more.
    #[must_use]
    pub fn decision(&self) -> Option<&OutsideOutcome> {
        let led = |(at, entry): &(usize, &OrderEntry)| {
            matches!(entry.state, OrderState::Granted | OrderState::Refused | OrderState::Recorded)
                && at.checked_sub(1).is_none_or(|before| self.log[before].state != entry.state)
        };
        let stands = self.log.iter().enumerate().skip(self.let_go());
        stands.rev().filter(led).find_map(|(_, entry)| entry.decided.as_ref())
    }

    /// Each decision that the other system has told, in order.
    pub(super) fn told_decisions(&self) -> impl Iterator<Item = &OutsideOutcome> {
        told_in(&self.log)
    }

    /// Whether what was told stands in it, so that it ends by entering that, or by letting go of it.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.kind == ConnectorKind::Handling && is_told(self.state)
    }

    /// Whether its last line is the one by which a person let go of what was told.
    #[must_use]
    pub fn lets_go(&self) -> bool {
        self.let_go() > 0 && self.let_go() == self.log.len()
    }

    /// How many of its lines there are up to the last by which a person let go of what was told, that one included; 0 where nobody has.
    fn let_go(&self) -> usize {
        let lets_go = |lines: &[OrderEntry]| match lines {
            [before, line] => {
                line.deed == OrderDeed::Entered
                    && line.outcome == Some(OrderOutcome::Cancelled)
                    && is_told(before.state)
            }
            _ => false,
        };
        self.log.windows(2).rposition(lets_go).map_or(0, |place| place + 2)
    }

    /// Whether a person let go of what was told, and nothing that leads anywhere was told since.
    pub(super) fn is_let_go(&self) -> bool {
        self.state == OrderState::Cancelled && self.let_go() > 0
    }

    /// Whether a person let go of this decision.
    pub(super) fn has_let_go_of(&self, told: &OutsideOutcome) -> bool {
        told_in(&self.log[..self.let_go()]).any(|known| known == told)
    }

    /// Whether the other system told, of a case that waits for it, that it decided by this day: nothing is deemed decided by silence that wasn't silence.
    /// What a person let go of says nothing.
    #[must_use]
    pub fn is_decided_by(&self, day: Date) -> bool {
        is_told(self.state) && told_in(&self.log[self.let_go()..]).any(|told| told.decided_on <= day)
    }

    /// The line in which a message was taken.
    #[must_use]
    pub fn told_by(&self, message: &str) -> Option<&OrderEntry> {
        self.log.iter().find(|entry| entry.message.as_ref().is_some_and(|known| known.id == message))
    }

    pub(super) fn done(&mut self, deed: OrderDeed, at: Timestamp, operator: &str) -> &mut OrderEntry {
        self.log.push(OrderEntry::of(deed, at, operator, self.state));
        let last = self.log.len() - 1;
        &mut self.log[last]
    }

    /// Has a word said. The order itself is always the first one, so that it is the same however often it is sent.
    pub(super) fn say(&mut self, kind: WordKind, at: Timestamp) {
        let (number, since) = match kind {
            WordKind::Place => (1, self.placed_at),
            WordKind::Cancel | WordKind::Refund => (self.words + 1, at),
        };
        self.words = self.words.max(number);
        self.waiting = Some(Word { number, kind, since });
    }
}

/// Whether a decision that was told waits in this state for a person.
fn is_told(state: OrderState) -> bool {
    matches!(state, OrderState::Granted | OrderState::Refused | OrderState::Disputed)
}

/// Each decision that the other system told in these lines, in order.
fn told_in(lines: &[OrderEntry]) -> impl Iterator<Item = &OutsideOutcome> {
    lines.iter().filter(|line| line.deed == OrderDeed::Told).filter_map(|line| line.decided.as_ref())
}

/// Money that came by these lines of a log and wasn't given back, in fen.
fn held(log: &[OrderEntry]) -> u64 {
    let (mut held, mut known, mut state) = (0_u64, Vec::new(), OrderState::Placed);
    for entry in log {
        let fen = entry.fen.unwrap_or(0);
        match entry.outcome {
            Some(OrderOutcome::Paid) if entry.deed == OrderDeed::Entered && state == OrderState::Disputed => {
                held = fen;
            }
            Some(OrderOutcome::Paid) if !known.contains(&entry.reference) => held = held.saturating_add(fen),
            Some(OrderOutcome::Refunded) => held = held.saturating_sub(fen),
            _ => {}
        }
        if entry.outcome == Some(OrderOutcome::Paid) {
            known.push(entry.reference.clone());
        }
        state = entry.state;
    }
    held
}
