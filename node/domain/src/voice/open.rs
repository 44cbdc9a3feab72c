//! Opening a ticket, named or anonymous, and taking one of another node.

use tongban_codes::division::DivisionCode;
use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

use super::handling;
use super::list::{Channel, TicketDeed, TicketKind, TicketState};
use super::ticket::{Said, Ticket, Time};
use super::travel::{TicketWord, Word, answered};
use super::{Voice, is_drawn_by, is_numbered, remark, stored};
use crate::case::{Case, draw_query_code, person};
use crate::catalogue::CodeList;
use crate::change::{Change, Notice, NoticeBody, Reply};
use crate::facts::Place;
use crate::supervision::{Numbers, text};
use crate::{Actor, Applicant, Desk, Facts, Rejection, codes};

/// What numbers of tickets begin with.
pub(crate) const TICKET_NUMBERS: &str = "GD";

/// How long the word is that an anonymous applicant chooses, as the end of a number that proves a named one.
const WORD_CHARS: usize = 6;

/// The longest way to name a case, or to reach somebody, in characters.
const SHORT_CHARS_MAX: usize = 100;

/// A ticket as it is opened.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenTicket {
    /// What it is.
    pub kind: TicketKind,
    /// What is asked or complained of.
    pub text: String,
    /// By which way.
    pub channel: Channel,
    /// Name; none for an anonymous one.
    pub name: Option<String>,
    /// Citizen id or credit code, whose end is the proof.
    pub identity: Option<String>,
    /// Six letters or digits that the applicant chooses as the proof, in the place of a number.
    pub word: Option<String>,
    /// Telephone.
    pub contact: Option<String>,
    /// The case that it is about.
    pub case: Option<String>,
    /// The division that it is for; the one that decides the case, or this one, when absent.
    pub division: Option<DivisionCode>,
}

impl std::fmt::Debug for OpenTicket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenTicket").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Name and proof, in one form.
fn asker(request: &OpenTicket, at: Timestamp) -> Result<(String, String), Rejection> {
    let refuse = |en: &str, zh: &str| {
        Err(Rejection::new(codes::INVALID_FIELD, en, zh).field("word", "").remedy(
            "give --id with --name, or --word of six letters or digits",
            "填写 --name 和 --id，或六位字母数字 --word",
        ))
    };
    match (&request.identity, &request.word) {
        (Some(identity), None) => {
            let name = request.name.clone().unwrap_or_default();
            let Applicant { name, identity } = person(&Applicant { name, identity: identity.clone() }, at.date())?;
            Ok((name, identity))
        }
        (None, Some(word)) => {
            let word = word.trim();
            if word.len() != WORD_CHARS || !word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return refuse("the word has six letters or digits", "查询口令为六位字母或数字");
            }
            let name = remark("name", request.name.as_deref(), SHORT_CHARS_MAX)?;
            Ok((name.unwrap_or_default(), word.to_owned()))
        }
        _ => refuse(
            "who asks later is proven by the end of his number, or by a word that he chooses: one of the two",
            "查询凭证件号码后六位或自选口令，二者选一",
        ),
    }
}

/// Whose it is, and the case where it is known.
fn destination(facts: &dyn Facts, request: &OpenTicket, here: Place) -> Result<(Place, Option<Case>), Rejection> {
    let case = request.case.as_deref().and_then(|named| facts.case_named(named));
    let place = match (request.division, &request.case, &case) {
        (Some(division), ..) if division == here.division => here,
        (Some(division), ..) => facts.place(division).ok_or_else(|| {
            Rejection::new(
                codes::DIVISION_UNKNOWN,
                format!("no node of {division} is known here"),
                format!("未知 {division} 的节点"),
            )
            .field("division", division)
            .remedy("see who is known: tongban peer list", "查看：tongban peer list")
        })?,
        (None, _, Some(case)) => case.deciding,
        (None, Some(named), None) => {
            return Err(Rejection::new(
                codes::CASE_UNKNOWN,
                "no case of this number or code is known here",
                "本节点没有该办件",
            )
            .field("case", named)
            .remedy("name the division that handles it: --for", "指明办理地：--for"));
        }
        (None, None, None) => here,
    };
    Ok((place, case))
}

/// Opens a ticket: it stays here, or goes to the node that it is for.
pub(super) fn open(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    actor: &Actor,
    request: &OpenTicket,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let node = facts.node();
    let here = Place { node: node.node, division: node.division };
    let said = text("text", &request.text)?;
    let (name, proof) = asker(request, at)?;
    let contact = remark("contact", request.contact.as_deref(), SHORT_CHARS_MAX)?;
    let subject = remark("case", request.case.as_deref(), SHORT_CHARS_MAX)?;
    let (handler, case) = destination(facts, request, here)?;
    let mut random = [0; 10];
    desk.fill(&mut random);
    let id = CaseId::draw(&here.node, random);
    let code = draw_query_code(facts, desk, &[])?;
    let mut numbers = Numbers::new(facts, TICKET_NUMBERS, at, &[]);
    let said = Said {
        id,
        number: numbers.draw(),
        code,
        kind: request.kind,
        text: said,
        name: name.clone(),
        proof,
        contact: contact.clone(),
        subject,
        channel: request.channel,
        opened_at: at,
        origin: here,
    };
    let mut ticket = Ticket::new(facts, desk, said, case.as_ref(), at);
    let mut change = Change::of(numbers.drawn().into_iter().collect(), Reply::Known {});
    if handler.node != here.node {
        send(&mut ticket, handler, (&name, contact), &mut change);
    }
    ticket.done(TicketDeed::Open, at, &actor.operator, None);
    change.reply = reply(&ticket);
    stored(facts, &mut change, None, Voice::Ticket(ticket), at);
    Ok(change)
}

/// Puts a ticket into another node's hands.
pub(super) fn send(ticket: &mut Ticket, handler: Place, (name, contact): (&str, Option<String>), change: &mut Change) {
    ticket.told += 1;
    (ticket.handler, ticket.away, ticket.state) = (handler, true, TicketState::Open);
    (ticket.department, ticket.holder, ticket.dispatch) = (None, None, ticket.told);
    let word = Word::Ticket(Box::new(TicketWord {
        number: ticket.number.clone(),
        code: ticket.code,
        kind: ticket.kind,
        text: ticket.text.clone(),
        channel: ticket.channel,
        name: Some(name.to_owned()).filter(|name| !name.is_empty()),
        contact,
        subject: ticket.subject.clone(),
        case: ticket.case,
        opened_at: ticket.opened_at,
        dispatch: ticket.told,
        reopened: ticket.reopened,
        answers: ticket.answers.clone(),
        from: Some(ticket.from),
        due: Some(ticket.due),
    }));
    let body = NoticeBody::Voice(Box::new(word));
    change.notices.push(Notice { to: handler.node, case: ticket.id, act: ticket.told, body });
}

/// Name and telephone, to be told to whoever handles the ticket.
pub(super) fn contact(desk: &dyn Desk, ticket: &Ticket) -> (String, Option<String>) {
    let name = desk.decrypt(&ticket.id, &ticket.personal).map(|(name, _)| name).unwrap_or_default();
    let contact = ticket.contact.as_ref().and_then(|contact| desk.decrypt(&ticket.id, contact));
    (name, contact.map(|(contact, _)| contact))
}

pub(super) fn reply(ticket: &Ticket) -> Reply {
    Reply::Ticket {
        ticket: ticket.number.clone(),
        query_code: ticket.code,
        kind: ticket.kind,
        state: ticket.state,
        state_zh: ticket.state.zh(),
        handler: ticket.handler.division,
        department: ticket.department.clone(),
        holder: ticket.holder.clone(),
        due: ticket.due,
        outcome: ticket.outcome,
        outcome_zh: ticket.outcome.map(CodeList::zh),
    }
}

/// Takes a ticket that was opened elsewhere.
pub(super) fn take(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    origin: Place,
    id: &CaseId,
    word: &TicketWord,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let node = facts.node();
    let here = Place { node: node.node, division: node.division };
    let contradicts = |en: &str, zh: &str| Rejection::new(codes::INVALID_FIELD, en, zh).field("ticket", &word.number);
    let known = facts.voice(id);
    if let Some(Voice::Ticket(known)) = &known
        && known.origin.node == origin.node
        && word.dispatch <= known.dispatch
    {
        return Ok(Change::of(Vec::new(), Reply::Known {}));
    }
    let numbered = known.is_some() || is_numbered(facts, &word.number, TICKET_NUMBERS, origin.division);
    let others = !is_drawn_by(id, &origin.node) || facts.case(id).is_some();
    // It was answered before each time that it was opened again, and waits for an answer now.
    let bounded = word.answers.len() <= usize::from(word.reopened) && word.reopened <= handling::REOPENED_MAX;
    if !numbered || others || !bounded {
        return Err(contradicts("the ticket isn't of the node that sends it", "工单与来源节点不符"));
    }
    let time = Time { from: word.from, due: word.due };
    if !time.fits(word.opened_at, at) {
        return Err(contradicts("the time that is told of the ticket is none that a ticket has", "所报工单期限有误"));
    }
    let said = text("text", &word.text)?;
    let contact = remark("contact", word.contact.as_deref(), SHORT_CHARS_MAX)?;
    let name = remark("name", word.name.as_deref(), SHORT_CHARS_MAX)?;
    let subject = remark("case", word.subject.as_deref(), SHORT_CHARS_MAX)?;
    let answers = answered(&word.answers)?;
    let case = word.case.and_then(|case| facts.case(&case));
    let case = case.or_else(|| subject.as_deref().and_then(|named| facts.case_named(named)));
    let mut ticket = match known {
        None => {
            let said = Said {
                id: *id,
                number: word.number.clone(),
                code: word.code,
                kind: word.kind,
                text: said,
                name: name.unwrap_or_default(),
                // Only the node where it was opened proves who asks.
                proof: String::new(),
                contact,
                subject,
                channel: word.channel,
                opened_at: word.opened_at,
                origin,
            };
            Ticket::new(facts, desk, said, case.as_ref(), at)
        }
        Some(Voice::Ticket(known)) if known.origin.node == origin.node && known.state.allows(TicketDeed::Take) => known,
        Some(_) => return Err(contradicts("a ticket of this id is handled here", "该工单标识已在办理")),
    };
    ticket.begin(here, at);
    (ticket.dispatch, ticket.reopened) = (word.dispatch, word.reopened);
    ticket.go_on(facts, time, at);
    ticket.answers = answers;
    ticket.done(TicketDeed::Take, at, "system", None);
    let mut change = Change::of(Vec::new(), Reply::Known {});
    stored(facts, &mut change, None, Voice::Ticket(ticket), at);
    Ok(change)
}
