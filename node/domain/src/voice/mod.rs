//! What people say of the service: ratings (好差评) with the follow-up of bad ones, and tickets (咨询、投诉、办不成事).
//!
//! A grade is given by a person, once for each service occasion, and nothing ever gives one by default: no command but [`VoiceCommand::Rate`]
//! and a peer's word of one makes a rating, and a tick makes none.
//!
//! ```text
//!   follow-up of a grade 4 or 5                                ticket
//!
//!   open ──verify──▶ verified ──rectify──▶ rectified ──close   open ──assign──▶ assigned ──answer──▶ answered ──close, confirm──▶ closed
//!    │                │  │ └──explain──▶ explained ───close     │ ▲               │ hand on │           │                           │
//!    │                │  └──plan──▶ planned ──rectify──▶ …      │ └──came back    │         │◀──reopen──┴───────────reopen──────────┘
//!    └──appeal────────┴─▶ appealed ──uphold──▶ closed           └──send, give back┴▶ away, returned
//!                           └──dismiss──▶ as before
//! ```
//!
//! A rating belongs to the place whose service it rates: the hall of the visit, the authority of the matter. A ticket is handled by one node at
//! a time: the node where it was opened keeps it, or sends it to another, which answers or gives it back; both know all of it.

mod fit;
mod follow_up;
mod handling;
mod list;
mod open;
mod rate;
mod rating;
mod ticket;
mod travel;

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, NodeId};
use tongban_codes::time::{Date, Timestamp};

pub use follow_up::FollowUpAct;
pub use handling::TicketAct;
pub use list::{
    Channel, FollowUpKind, FollowUpOutcome, FollowUpState, Grade, Ground, INDICATORS_VERSION, Indicator, Rater,
    RatingDeed, Standing, TicketDeed, TicketKind, TicketOutcome, TicketState, indicators,
};
pub use open::OpenTicket;
pub(crate) use open::TICKET_NUMBERS;
pub(crate) use rate::RATING_NUMBERS;
pub use rate::{RateRequest, is_attended};
pub use rating::{Appeal, Call, FollowUp, Occasion, Rating, RatingEntry, Score};
pub use ticket::{Reply as TicketReply, Ticket, TicketEntry};
pub use travel::{Plea, RatingWord, TicketNews, TicketWord, Word};

use crate::actor::{Operator, Role};
use crate::change::{Change, Event};
use crate::command::Origin;
use crate::supervision::{self, About, Rule, Rules};
use crate::work::Door;
use crate::{Desk, Facts, Rejection};

/// What somebody said of the service.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Voice {
    /// A rating.
    #[n(0)]
    Rating(#[n(0)] Rating),
    /// A ticket.
    #[n(1)]
    Ticket(#[n(0)] Ticket),
}

/// A time that runs for whoever has to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The rule that watches it.
    pub rule: Rule,
    /// The day that isn't counted.
    pub start: Date,
    /// The last day in time.
    pub due: Date,
}

impl Voice {
    /// Its id, drawn by the node where it was said first.
    #[must_use]
    pub fn id(&self) -> CaseId {
        match self {
            Self::Rating(rating) => rating.id,
            Self::Ticket(ticket) => ticket.id,
        }
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> &str {
        match self {
            Self::Rating(rating) => &rating.number,
            Self::Ticket(ticket) => &ticket.number,
        }
    }

    /// The time that runs at the node that keeps this row, if one does.
    #[must_use]
    pub fn clock(&self) -> Option<Clock> {
        match self {
            Self::Rating(rating) => rating.clock(),
            Self::Ticket(ticket) => ticket.clock(),
        }
    }

    /// When it is to be looked at first: at the midnight after its last change, while a time runs.
    #[must_use]
    pub fn watch(&self) -> Option<Timestamp> {
        let since = match self {
            Self::Rating(rating) => rating.since,
            Self::Ticket(ticket) => ticket.since,
        };
        self.clock().map(|_| since.date().next_day().start())
    }

    /// Who is to do something about it, while a time runs.
    #[must_use]
    pub fn holder(&self) -> Option<&str> {
        self.clock()?;
        match self {
            Self::Rating(rating) => rating.follow_up.as_ref().and_then(|follow_up| follow_up.holder.as_deref()),
            Self::Ticket(ticket) => ticket.holder.as_deref(),
        }
    }

    /// Passes it on from a leaver: to his successor, or to whoever has the role where he may not do it.
    pub(crate) fn pass_to(&mut self, facts: &dyn Facts, successor: &Operator, by: &str, at: Timestamp) {
        match self {
            Self::Rating(rating) => {
                let fits = fit::follows_up(facts, rating, successor).is_ok();
                let holder = fits.then(|| successor.name.clone());
                rating.follow_up.as_mut().into_iter().for_each(|follow_up| follow_up.holder.clone_from(&holder));
                rating.done(RatingDeed::Assigned, at, by, holder);
            }
            Self::Ticket(ticket) => {
                let fits = fit::answers(facts, ticket, successor).is_ok();
                ticket.holder = fits.then(|| successor.name.clone());
                ticket.done(TicketDeed::HandOn, at, by, ticket.holder.clone());
            }
        }
    }

    /// What its cards are about.
    #[must_use]
    pub fn about(&self) -> About {
        match self {
            Self::Rating(rating) => rating.about(),
            Self::Ticket(ticket) => ticket.about(),
        }
    }
}

/// What is asked for about ratings and tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VoiceCommand {
    /// Rates a service.
    Rate(Box<RateRequest>),
    /// Follows up a bad grade.
    FollowUp {
        /// Number of the rating.
        rating: String,
        /// What is done.
        act: FollowUpAct,
    },
    /// Opens a ticket.
    Open(Box<OpenTicket>),
    /// Does something about a ticket.
    Ticket {
        /// Its number.
        ticket: String,
        /// What is done.
        act: TicketAct,
    },
    /// A node tells of a rating or a ticket.
    Take {
        /// Who.
        origin: Origin,
        /// Of which.
        id: CaseId,
        /// What.
        word: Box<Word>,
    },
    /// Another node didn't take what this one told.
    Refused {
        /// Who.
        origin: Origin,
        /// Which rating or ticket.
        id: CaseId,
        /// Number of the word.
        act: u32,
        /// Code and text.
        refusal: (String, String),
    },
}

impl VoiceCommand {
    /// Roles of which an operator must hold one; empty for what a proven applicant or the node itself does.
    #[must_use]
    pub fn roles(&self) -> &'static [Role] {
        match self {
            Self::Rate(request) => match request.by {
                Rater::Applicant => &[],
                Rater::Window => &[Role::Window],
            },
            Self::FollowUp { act: FollowUpAct::Judge { .. } | FollowUpAct::Assign { .. }, .. } => &[Role::Supervisor],
            Self::FollowUp { .. } => fit::SERVES,
            Self::Open(_) => &[Role::Window, Role::Supervisor],
            Self::Ticket { act, .. } => act.roles(),
            Self::Take { .. } | Self::Refused { .. } => &[],
        }
    }
}

/// Decides a command.
pub(crate) fn decide(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    door: &Door,
    command: &VoiceCommand,
    at: Timestamp,
) -> Result<Change, Rejection> {
    match command {
        VoiceCommand::Rate(request) => rate::rate(facts, desk, door, request, at),
        VoiceCommand::FollowUp { rating, act } => follow_up::act(facts, door, rating, act, at),
        VoiceCommand::Open(request) => open::open(facts, desk, &door.actor, request, at),
        VoiceCommand::Ticket { ticket, act } => handling::act(facts, desk, door, ticket, act, at),
        VoiceCommand::Take { origin, id, word } => travel::take(facts, desk, *origin, id, word, at),
        VoiceCommand::Refused { origin, id, act, refusal } => travel::refused(facts, *origin, id, *act, refusal, at),
    }
}

/// The longest number of a rating or a ticket of another node, in bytes.
const NUMBER_BYTES_MAX: usize = 64;

/// The last day of the time that a rule gives from a day on, by what holds here.
fn due(facts: &dyn Facts, rule: Rule, from: Date) -> Date {
    let limit = Rules::holding(facts, facts.node().division, from).of(rule).limit_days.unwrap_or(1);
    facts.calendar().add_working_days(from, u32::from(limit)).date
}

/// The event of a row, and of the cards that it closes: all that are open when its time has ended, or runs anew.
fn stored(facts: &dyn Facts, change: &mut Change, before: Option<Clock>, voice: Voice, at: Timestamp) {
    if before.is_some() && voice.clock() != before {
        let known = facts.cards(&voice.about().case);
        let closed = supervision::answered(&known, voice.number(), at);
        change.events.extend(closed.into_iter().map(|card| Event::Card(Box::new(card))));
    }
    change.events.push(Event::Voice(Box::new(voice)));
}

/// Whether a number is one that another node of this division may have drawn, never one that this node draws, and names nothing else here.
fn is_numbered(facts: &dyn Facts, number: &str, kind: &str, division: DivisionCode) -> bool {
    let rest = number.strip_prefix(&format!("{kind}{division}"));
    number.len() <= NUMBER_BYTES_MAX
        && number.bytes().all(|byte| byte.is_ascii_graphic())
        && rest.is_some_and(|rest| rest.starts_with(['-', '.']))
        && !number.starts_with(&format!("{kind}{}-", facts.node().hall()))
        && facts.voice_named(number).is_none()
}

/// Whether a node drew this id.
fn is_drawn_by(id: &CaseId, node: &NodeId) -> bool {
    id.node_prefix() == node.prefix()
}

/// A text that may be left out, of at most so many characters.
fn remark(field: &'static str, text: Option<&str>, most: usize) -> Result<Option<String>, Rejection> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > most) {
        return Err(Rejection::new(
            crate::codes::INVALID_FIELD,
            format!("a text of at most {most} characters"),
            format!("内容不超过 {most} 字"),
        )
        .field(field, "")
        .remedy("say it in fewer words", "请精简内容"));
    }
    Ok(text.map(str::to_owned))
}
