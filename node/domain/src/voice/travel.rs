//! Ratings and tickets between two nodes: the words that travel, and what becomes of them.
//!
//! A rating of a matter goes from the hall that collected it to the authority, once. A ticket goes from where it was opened to whoever handles
//! it, who tells each step back; what the applicant says where it was opened follows it. Words of one node about one ticket arrive in order,
//! and the count of reopenings tells news from before one apart from news after it.

use minicbor::{Decode, Encode};
use tongban_codes::ids::{CaseId, QueryCode};
use tongban_codes::time::{Date, Timestamp};

use super::list::{Channel, Grade, Rater, Standing, TicketDeed, TicketKind, TicketOutcome, TicketState};
use super::rating::{Rating, Score};
use super::ticket::{Reply as Answered, Ticket, Time};
use super::{Voice, handling, open, rate, remark, stored};
use crate::change::{Change, Reply};
use crate::command::Origin;
use crate::facts::Place;
use crate::supervision::text;
use crate::{Desk, Facts, Rejection, codes};

/// The longest name of a department, in characters.
const NAME_CHARS_MAX: usize = 100;

/// What one node tells another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// A rating of a matter that the other decided.
    Rating(Box<RatingWord>),
    /// A ticket that the other is to handle.
    Ticket(Box<TicketWord>),
    /// How a ticket stands.
    News(Box<TicketNews>),
    /// What the applicant says.
    Plea(Plea),
}

/// A rating on its way to the authority.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RatingWord {
    /// 评价编号.
    #[n(0)]
    pub number: String,
    /// The case.
    #[n(1)]
    pub case: CaseId,
    /// 满意度.
    #[n(2)]
    pub grade: Grade,
    /// 渠道.
    #[n(3)]
    pub channel: Channel,
    /// 文字评价.
    #[n(4)]
    pub comment: Option<String>,
    /// Grades of indicators.
    #[n(5)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    /// Version of the indicators.
    #[n(6)]
    pub indicators: u16,
    /// Who gave it in.
    #[n(7)]
    pub by: Rater,
    /// 评价时间.
    #[n(8)]
    pub at: Timestamp,
}

impl RatingWord {
    pub(super) fn of(rating: &Rating) -> Self {
        Self {
            number: rating.number.clone(),
            case: rating.case(),
            grade: rating.grade,
            channel: rating.channel,
            comment: rating.comment.clone(),
            scores: rating.scores.clone(),
            indicators: rating.indicators,
            by: rating.by,
            at: rating.at,
        }
    }
}

/// A ticket on its way to whoever handles it.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TicketWord {
    /// 工单编号.
    #[n(0)]
    pub number: String,
    /// The query code.
    #[n(1)]
    pub code: QueryCode,
    /// What it is.
    #[n(2)]
    pub kind: TicketKind,
    /// What is asked or complained of.
    #[n(3)]
    pub text: String,
    /// By which way.
    #[n(4)]
    pub channel: Channel,
    /// Name, when one was given.
    #[n(5)]
    pub name: Option<String>,
    /// Telephone.
    #[n(6)]
    pub contact: Option<String>,
    /// The case as it was named.
    #[n(7)]
    pub subject: Option<String>,
    /// The case, where the sender knows it.
    #[n(8)]
    pub case: Option<CaseId>,
    /// When it was opened.
    #[n(9)]
    pub opened_at: Timestamp,
    /// Number of this word: a later one sends it again.
    #[n(10)]
    pub dispatch: u32,
    /// How often it was opened again.
    #[n(11)]
    pub reopened: u8,
    /// Answers so far.
    #[n(12)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub answers: Vec<Answered>,
    /// The day from which its time runs, itself not counted; a node of a release before doesn't tell it.
    #[n(13)]
    pub from: Option<Date>,
    /// The last day for the answer; likewise.
    #[n(14)]
    pub due: Option<Date>,
}

impl std::fmt::Debug for TicketWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TicketWord").field("number", &self.number).finish_non_exhaustive()
    }
}

/// How a ticket stands with whoever handles it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TicketNews {
    /// Its state there.
    #[n(0)]
    pub state: TicketState,
    /// 承办部门.
    #[n(1)]
    pub department: Option<String>,
    /// The last day for the answer.
    #[n(2)]
    pub due: Date,
    /// The answers.
    #[n(3)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub answers: Vec<Answered>,
    /// How it ended.
    #[n(4)]
    pub outcome: Option<TicketOutcome>,
    /// How often it was opened again, as far as is known there.
    #[n(5)]
    pub reopened: u8,
    /// Why it was given back.
    #[n(6)]
    pub note: Option<String>,
}

impl TicketNews {
    pub(super) fn of(ticket: &Ticket, note: Option<String>) -> Self {
        Self {
            state: ticket.state,
            department: ticket.department.clone(),
            due: ticket.due,
            answers: ticket.answers.clone(),
            outcome: ticket.outcome,
            reopened: ticket.reopened,
            note,
        }
    }
}

/// What the applicant says where the ticket was opened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub enum Plea {
    /// Not resolved: it is opened again.
    #[n(0)]
    Reopen {
        /// The how manieth time.
        #[n(0)]
        number: u8,
        /// Why.
        #[n(1)]
        reason: String,
        /// The day on which he said it, from which its time runs anew; a node of a release before doesn't tell it.
        #[n(2)]
        from: Option<Date>,
        /// The last day of that; likewise.
        #[n(3)]
        due: Option<Date>,
    },
    /// Resolved.
    #[n(1)]
    Confirm {},
}

fn not_owner(id: &CaseId) -> Rejection {
    Rejection::new(codes::NOT_OWNER, "the word isn't of the node that this is with", "该消息并非来自相关节点")
        .field("id", id)
}

/// Answers as another node tells them, each as long as one that is given here may be.
pub(super) fn answered(answers: &[Answered]) -> Result<Vec<Answered>, Rejection> {
    let bounded = |answer: &Answered| {
        Ok(Answered {
            text: text("text", &answer.text)?,
            operator: crate::naming::name("operator", &answer.operator)?,
            ..answer.clone()
        })
    };
    answers.iter().map(bounded).collect()
}

/// Refuses news of a ticket that stands as none can: an outcome while it is open, none when it is closed, answers that nobody could have given.
fn stands(id: &CaseId, news: &TicketNews) -> Result<(), Rejection> {
    use TicketState as S;
    let (count, reopened) = (news.answers.len(), usize::from(news.reopened));
    let is_closed = news.state == S::Closed;
    let is_told = match news.state {
        S::Open | S::Returned => count <= reopened,
        S::Assigned => count <= reopened && news.department.is_some(),
        S::Answered | S::Closed => (1..=reopened + 1).contains(&count),
    };
    if is_told && is_closed == news.outcome.is_some() && news.reopened <= handling::REOPENED_MAX {
        return Ok(());
    }
    let (en, zh) = (
        "no ticket stands like this: state, outcome and answers contradict each other",
        "工单状态、结果与答复相互矛盾",
    );
    Err(Rejection::new(codes::INVALID_FIELD, en, zh).field("ticket", id))
}

/// Takes a word of another node.
pub(super) fn take(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    origin: Origin,
    id: &CaseId,
    word: &Word,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let from = origin.place;
    match word {
        Word::Rating(word) => rate::take(facts, from, id, word, at),
        Word::Ticket(word) => open::take(facts, desk, from, id, word, at),
        Word::News(news) => take_news(facts, from, id, news, at),
        Word::Plea(plea) => take_plea(facts, from, id, plea, at),
    }
}

fn ticket(facts: &dyn Facts, id: &CaseId) -> Result<Ticket, Rejection> {
    match facts.voice(id) {
        Some(Voice::Ticket(ticket)) => Ok(ticket),
        _ => Err(not_owner(id)),
    }
}

fn known() -> Change {
    Change::of(Vec::new(), Reply::Known {})
}

/// Follows the word of whoever handles a ticket.
fn take_news(
    facts: &dyn Facts,
    from: Place,
    id: &CaseId,
    news: &TicketNews,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let node = facts.node();
    let here = Place { node: node.node, division: node.division };
    let mut ticket = ticket(facts, id)?;
    if !ticket.is_from(&here.node) {
        return Err(not_owner(id));
    }
    if !ticket.away {
        // It came back, and goes on here.
        return Ok(known());
    }
    if ticket.handler.node != from.node {
        return Err(not_owner(id));
    }
    stands(id, news)?;
    #[cfg(feature = "deliberate-bugs")]
    if tongban_codes::deliberate::is_in(tongban_codes::deliberate::Bug::NewsUnheard) {
        return Ok(known());
    }
    let answers = answered(&news.answers)?;
    if news.state == TicketState::Returned {
        let note = remark("note", news.note.as_deref(), NAME_CHARS_MAX * 20)?;
        return Ok(came_back(facts, ticket, here, note, at));
    }
    if news.reopened < ticket.reopened {
        // It was said before the applicant's word arrived there, of which more will be heard.
        return Ok(known());
    }
    ticket.department = remark("department", news.department.as_deref(), NAME_CHARS_MAX)?;
    (ticket.state, ticket.outcome) = (news.state, news.outcome);
    // No longer than the time would be that began now, where it may be tomorrow.
    ticket.due = news.due.min(super::due(facts, ticket.rule(), at.date().next_day()));
    ticket.answers = answers;
    ticket.done(TicketDeed::News, at, "system", Some(crate::catalogue::CodeList::name(news.state).to_owned()));
    let mut change = known();
    stored(facts, &mut change, None, Voice::Ticket(ticket), at);
    Ok(change)
}

/// Goes on here with a ticket that the other node gave back, or didn't take.
fn came_back(facts: &dyn Facts, mut ticket: Ticket, here: Place, note: Option<String>, at: Timestamp) -> Change {
    ticket.begin(here, at);
    ticket.done(TicketDeed::CameBack, at, "system", note);
    let mut change = known();
    stored(facts, &mut change, None, Voice::Ticket(ticket), at);
    change
}

/// Hears what the applicant said where the ticket was opened.
fn take_plea(facts: &dyn Facts, from: Place, id: &CaseId, plea: &Plea, at: Timestamp) -> Result<Change, Rejection> {
    let node = facts.node();
    let here = Place { node: node.node, division: node.division };
    let mut ticket = ticket(facts, id)?;
    if !ticket.is_from(&from.node) || ticket.away || ticket.is_from(&here.node) {
        return Err(not_owner(id));
    }
    let before = Voice::Ticket(ticket.clone()).clock();
    match plea {
        Plea::Reopen { number, reason, from, due } => {
            if *number <= ticket.reopened {
                return Ok(known());
            }
            let next = *number == ticket.reopened + 1 && *number <= handling::REOPENED_MAX;
            if !next || !ticket.state.allows(TicketDeed::Reopen) {
                return Err(Rejection::new(
                    codes::TICKET_STATE,
                    "the ticket can't be opened again here",
                    "该工单不能重新办理",
                )
                .field("ticket", id));
            }
            let reason = text("reason", reason)?;
            handling::reopen(facts, &mut ticket, reason, Some(Time { from: *from, due: *due }), at);
        }
        Plea::Confirm {} if ticket.state.allows(TicketDeed::Confirm) => handling::confirm(&mut ticket, at),
        Plea::Confirm {} => return Ok(known()),
    }
    let mut change = known();
    handling::report(&mut ticket, here, None, &mut change);
    stored(facts, &mut change, before, Voice::Ticket(ticket), at);
    Ok(change)
}

/// Keeps that another node didn't take a rating or a ticket.
pub(super) fn refused(
    facts: &dyn Facts,
    origin: Origin,
    id: &CaseId,
    act: u32,
    refusal: &(String, String),
    at: Timestamp,
) -> Result<Change, Rejection> {
    let node = facts.node();
    let here = Place { node: node.node, division: node.division };
    match facts.voice(id) {
        Some(Voice::Rating(rating)) if rating.rated.node == origin.place.node && rating.standing == Standing::Sent => {
            Ok(rate::refused(rating, refusal, at))
        }
        Some(Voice::Ticket(ticket))
            if ticket.away && ticket.handler.node == origin.place.node && ticket.dispatch == act =>
        {
            let note = format!("{}: {}", refusal.0, refusal.1);
            Ok(came_back(facts, ticket, here, Some(note), at))
        }
        Some(_) => Ok(known()),
        None => Err(not_owner(id)),
    }
}
