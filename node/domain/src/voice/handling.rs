//! What is done with a ticket: by those who handle it, and by the applicant.

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::time::Timestamp;

use super::list::{TicketDeed, TicketOutcome};
use super::open::{contact, reply, send};
use super::ticket::{self, Ticket, Time};
use super::travel::{Plea, TicketNews, Word};
use super::{TicketState, Voice, fit, stored};
use crate::actor::Role;
use crate::catalogue::CodeList as _;
use crate::change::{Change, Notice, NoticeBody, Reply};
use crate::facts::Place;
use crate::supervision::text;
use crate::work::Door;
use crate::{Actor, Desk, Facts, Rejection, codes};

/// How often an applicant opens a ticket again.
pub(super) const REOPENED_MAX: u8 = 2;

/// Until how many days after the last word on it.
const REOPEN_DAYS: i32 = 30;

/// After so many entries a ticket isn't passed on any more: somebody answers it.
const ENTRIES_MAX: usize = 60;

/// Something done with a ticket; the API takes it as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum TicketAct {
    /// 分派.
    Assign {
        /// The department.
        department: String,
        /// Who of it answers; whoever has the role when absent.
        #[serde(default)]
        to: Option<String>,
    },
    /// 转办.
    HandOn {
        /// The department.
        department: String,
        /// Who of it.
        #[serde(default)]
        to: Option<String>,
        /// Why.
        reason: String,
    },
    /// 转送.
    Send {
        /// The division whose node goes on with it.
        division: DivisionCode,
        /// Why.
        reason: String,
    },
    /// 退回.
    GiveBack {
        /// Why.
        reason: String,
    },
    /// 答复.
    Answer {
        /// The answer.
        text: String,
    },
    /// 办结.
    Close {
        /// How.
        outcome: TicketOutcome,
    },
    /// 重新办理, by the applicant, proven by whoever makes this command.
    Reopen {
        /// Why.
        reason: String,
    },
    /// 确认解决, likewise.
    Confirm {},
}

impl TicketAct {
    /// What it is.
    #[must_use]
    pub fn deed(&self) -> TicketDeed {
        match self {
            Self::Assign { .. } => TicketDeed::Assign,
            Self::HandOn { .. } => TicketDeed::HandOn,
            Self::Send { .. } => TicketDeed::Send,
            Self::GiveBack { .. } => TicketDeed::GiveBack,
            Self::Answer { .. } => TicketDeed::Answer,
            Self::Close { .. } => TicketDeed::Close,
            Self::Reopen { .. } => TicketDeed::Reopen,
            Self::Confirm {} => TicketDeed::Confirm,
        }
    }

    /// Whether the applicant does it.
    #[must_use]
    pub fn is_applicants(&self) -> bool {
        matches!(self, Self::Reopen { .. } | Self::Confirm {})
    }

    pub(super) fn roles(&self) -> &'static [Role] {
        match self {
            Self::Assign { .. } | Self::Send { .. } | Self::GiveBack { .. } => &[Role::Window, Role::Supervisor],
            Self::HandOn { .. } | Self::Answer { .. } | Self::Close { .. } => fit::ANSWERS,
            Self::Reopen { .. } | Self::Confirm {} => &[],
        }
    }
}

fn named(facts: &dyn Facts, text: &str) -> Result<Ticket, Rejection> {
    match facts.voice_named(text.trim()) {
        Some(Voice::Ticket(ticket)) => Ok(ticket),
        _ => Err(Rejection::new(codes::TICKET_UNKNOWN, "no ticket of this number is here", "本节点没有该工单")
            .field("ticket", text)
            .remedy("list them: tongban ticket list", "查看：tongban ticket list")),
    }
}

fn elsewhere(ticket: &Ticket, at: Place) -> Rejection {
    Rejection::new(
        codes::TICKET_ELSEWHERE,
        format!("{} does this with the ticket", at.division),
        format!("该工单此环节由 {} 办理", at.division),
    )
    .field("ticket", &ticket.number)
    .remedy(format!("ask {} to do it", at.division), format!("请联系 {} 办理", at.division))
}

fn wrong_state(ticket: &Ticket, deed: TicketDeed) -> Rejection {
    Rejection::new(
        codes::TICKET_STATE,
        format!("a ticket that is {} allows no {}", ticket.state.name(), deed.name()),
        format!("工单处于“{}”，不能{}", ticket.state.zh(), deed.zh()),
    )
    .field("ticket", &ticket.number)
    .remedy("see it: tongban ticket show", "查看：tongban ticket show")
}

fn held(facts: &dyn Facts, actor: &Actor, ticket: &Ticket) -> Result<(), Rejection> {
    match fit::named_for(facts, ticket) {
        Some(holder) if *holder != actor.operator && !actor.has(&[Role::Supervisor]) => Err(Rejection::new(
            codes::TICKET_HELD,
            format!("{holder} answers this ticket"),
            format!("该工单由 {holder} 办理"),
        )
        .field("operator", &actor.operator)
        .remedy(
            "act --as him; or a supervisor hands it on: tongban ticket hand-on",
            "由其办理（--as）；或由监察人员转办：tongban ticket hand-on",
        )),
        _ => Ok(()),
    }
}

/// Gives a ticket to a department of this hall, and to one of it when one is named.
fn assign(facts: &dyn Facts, ticket: &mut Ticket, department: &str, to: Option<&str>) -> Result<(), Rejection> {
    let name = department.trim();
    let authority = facts.authorities().into_iter().find(|authority| authority.name == name).ok_or_else(|| {
        Rejection::new(codes::AUTHORITY_UNKNOWN, "no such department at this hall", "本大厅没有该部门")
            .field("department", name)
            .remedy("list them: tongban authority list", "查看：tongban authority list")
    })?;
    let holder = to.map(|to| crate::staff::operator_named(facts, to)).transpose()?;
    if let Some(operator) = &holder {
        fit::answers(facts, ticket, operator)?;
    }
    ticket.state = TicketState::Assigned;
    ticket.about.authority = authority.id;
    ticket.department = Some(authority.name);
    ticket.holder = holder.map(|operator| operator.name);
    Ok(())
}

fn passed_on_often(ticket: &Ticket) -> Result<(), Rejection> {
    if ticket.log.len() < ENTRIES_MAX {
        return Ok(());
    }
    Err(Rejection::new(
        codes::TICKET_LIMIT,
        "the ticket has been passed on often enough; whoever has it answers",
        "该工单转办次数过多，由现承办部门答复",
    )
    .field("ticket", &ticket.number)
    .remedy("answer it: tongban ticket answer", "答复：tongban ticket answer"))
}

/// Opens a ticket again at the node that handles it.
///
/// Its time runs anew, from today where the applicant says it, from when he said it where another node tells.
pub(super) fn reopen(facts: &dyn Facts, ticket: &mut Ticket, reason: String, told: Option<Time>, at: Timestamp) {
    ticket.state = if ticket.department.is_some() { TicketState::Assigned } else { TicketState::Open };
    ticket.reopened += 1;
    (ticket.former, ticket.outcome) = (ticket.outcome, None);
    match told {
        Some(time) => ticket.go_on(facts, time, at),
        None => ticket.run(facts, at),
    }
    ticket.done(TicketDeed::Reopen, at, "applicant", Some(reason));
}

/// The applicant says that it is resolved.
pub(super) fn confirm(ticket: &mut Ticket, at: Timestamp) {
    (ticket.state, ticket.outcome) = (TicketState::Closed, Some(TicketOutcome::Resolved));
    ticket.done(TicketDeed::Confirm, at, "applicant", None);
}

fn may_reopen(ticket: &Ticket, at: Timestamp) -> Result<(), Rejection> {
    let last = ticket.since.date().add_days(REOPEN_DAYS);
    if ticket.reopened < REOPENED_MAX && at.date() <= last {
        return Ok(());
    }
    Err(Rejection::new(
        codes::REOPEN_LIMIT,
        format!("a ticket is opened again at most {REOPENED_MAX} times, within {REOPEN_DAYS} days"),
        format!("工单最多重新办理 {REOPENED_MAX} 次，且须在 {REOPEN_DAYS} 日内提出"),
    )
    .field("ticket", &ticket.number)
    .remedy("open a new one: tongban ticket open", "另行登记：tongban ticket open"))
}

/// Tells the other node of a ticket.
pub(super) fn tell(ticket: &mut Ticket, to: Place, word: impl FnOnce(&Ticket) -> Word, change: &mut Change) {
    ticket.told += 1;
    let body = NoticeBody::Voice(Box::new(word(ticket)));
    change.notices.push(Notice { to: to.node, case: ticket.id, act: ticket.told, body });
}

/// Tells the node where a ticket was opened how it stands.
pub(super) fn report(ticket: &mut Ticket, here: Place, note: Option<String>, change: &mut Change) {
    let origin = ticket.origin;
    if origin.node != here.node {
        tell(ticket, origin, |ticket| Word::News(Box::new(TicketNews::of(ticket, note))), change);
    }
}

/// Does something with a ticket.
pub(super) fn act(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    door: &Door,
    number: &str,
    act: &TicketAct,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let node = facts.node();
    let here = Place { node: node.node, division: node.division };
    let actor = &door.actor;
    let mut ticket = named(facts, number)?;
    if let Some(case) = ticket.case.filter(|case| !act.is_applicants() && facts.case(case).is_some()) {
        door.case(facts, &case.to_string())?;
    }
    let before = Voice::Ticket(ticket.clone()).clock();
    let deed = act.deed();
    let is_origin = ticket.is_from(&here.node);
    // The applicant speaks where the ticket was opened, all others where it is handled; it is sent on by the former and given back by others.
    if act.is_applicants() && !is_origin {
        return Err(elsewhere(&ticket, ticket.origin));
    }
    if !act.is_applicants() && ticket.away {
        return Err(elsewhere(&ticket, ticket.handler));
    }
    if (deed == TicketDeed::Send && !is_origin) || (deed == TicketDeed::GiveBack && is_origin) {
        return Err(elsewhere(&ticket, ticket.origin));
    }
    if !ticket.state.allows(deed) {
        return Err(wrong_state(&ticket, deed));
    }
    let mut change = Change::of(Vec::new(), Reply::Known {});
    let who = actor.operator.as_str();
    if !act.is_applicants() {
        fit::not_complained_of(facts, &ticket, who)?;
    }
    match act {
        TicketAct::Assign { department, to } => {
            assign(facts, &mut ticket, department, to.as_deref())?;
            let to = ticket.department.clone();
            ticket.done(deed, at, who, to);
            report(&mut ticket, here, None, &mut change);
        }
        TicketAct::HandOn { department, to, reason } => {
            passed_on_often(&ticket)?;
            held(facts, actor, &ticket)?;
            let reason = text("reason", reason)?;
            assign(facts, &mut ticket, department, to.as_deref())?;
            ticket.done(deed, at, who, Some(reason));
            report(&mut ticket, here, None, &mut change);
        }
        TicketAct::Send { division, reason } => {
            passed_on_often(&ticket)?;
            let reason = text("reason", reason)?;
            let to = facts.place(*division).filter(|place| place.node != here.node).ok_or_else(|| {
                Rejection::new(
                    codes::DIVISION_UNKNOWN,
                    format!("no other node of {division} is known here"),
                    format!("未知 {division} 的其他节点"),
                )
                .field("division", division)
                .remedy("see who is known: tongban peer list", "查看：tongban peer list")
            })?;
            let (name, contact) = contact(desk, &ticket);
            send(&mut ticket, to, (&name, contact), &mut change);
            ticket.done(deed, at, who, Some(reason));
        }
        TicketAct::GiveBack { reason } => {
            let reason = text("reason", reason)?;
            ticket.state = TicketState::Returned;
            ticket.done(deed, at, who, Some(reason.clone()));
            report(&mut ticket, here, Some(reason), &mut change);
        }
        TicketAct::Answer { text: said } => {
            held(facts, actor, &ticket)?;
            let said = text("text", said)?;
            let in_time = at.date() <= ticket.due;
            ticket.answers.push(ticket::Reply { text: said, operator: who.to_owned(), at, in_time });
            ticket.state = TicketState::Answered;
            ticket.done(deed, at, who, None);
            report(&mut ticket, here, None, &mut change);
        }
        TicketAct::Close { outcome } => {
            held(facts, actor, &ticket)?;
            (ticket.state, ticket.outcome) = (TicketState::Closed, Some(*outcome));
            ticket.done(deed, at, who, None);
            report(&mut ticket, here, None, &mut change);
        }
        TicketAct::Reopen { reason } => {
            may_reopen(&ticket, at)?;
            let reason = text("reason", reason)?;
            reopen(facts, &mut ticket, reason.clone(), None, at);
            if ticket.away {
                let (handler, number) = (ticket.handler, ticket.reopened);
                let (from, due) = (Some(ticket.from), Some(ticket.due));
                tell(&mut ticket, handler, |_| Word::Plea(Plea::Reopen { number, reason, from, due }), &mut change);
            }
        }
        TicketAct::Confirm {} => {
            fit::confirms(facts, &ticket, who)?;
            confirm(&mut ticket, at);
            if ticket.away {
                let handler = ticket.handler;
                tell(&mut ticket, handler, |_| Word::Plea(Plea::Confirm {}), &mut change);
            }
        }
    }
    change.reply = reply(&ticket);
    stored(facts, &mut change, before, Voice::Ticket(ticket), at);
    Ok(change)
}
