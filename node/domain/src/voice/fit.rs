//! Who is fit to follow up a bad grade, to decide about an appeal and to handle a ticket: in service, of the right office, and without a part in it.
//!
//! 国办发〔2019〕51号 makes the unit that did the service answer for a bad grade and appoint somebody who calls back (安排专人回访核实): he who was
//! rated isn't that person. It is looked at whenever something is done, not once: who was fit when he was appointed may have left since.

use super::list::{RatingDeed, TicketKind};
use super::rating::Rating;
use super::ticket::Ticket;
use crate::actor::{Operator, Role};
use crate::work::touches;
use crate::{Actor, Facts, Rejection, codes};

/// Who follows a bad grade up: those who serve.
pub(super) const SERVES: &[Role] = &[Role::Window, Role::Reviewer, Role::Decider];

/// Who answers a ticket.
pub(super) const ANSWERS: &[Role] = &[Role::Window, Role::Reviewer, Role::Decider, Role::Supervisor];

/// Refuses who is out of service here, or has none of the roles.
fn in_service(operator: &Operator, roles: &[Role]) -> Result<(), Rejection> {
    if operator.disabled.is_none() && operator.roles.iter().any(|role| roles.contains(role)) {
        return Ok(());
    }
    let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    let names_zh: Vec<&str> = roles.iter().map(|role| role.zh()).collect();
    let (name, names, names_zh) = (&operator.name, names.join(", "), names_zh.join("、"));
    Err(Rejection::new(
        codes::ROLE_MISSING,
        format!("{name} is out of service, or has none of the roles {names}"),
        format!("{name} 已停用，或没有以下角色：{names_zh}"),
    )
    .field("to", name)
    .remedy("name another: tongban operator list", "另选经办人：tongban operator list"))
}

/// Refuses who was rated: another of the unit verifies, puts right and tells the applicant.
pub(super) fn not_rated(rating: &Rating, operator: &str) -> Result<(), Rejection> {
    if !rating.operators.iter().any(|rated| rated == operator) {
        return Ok(());
    }
    Err(Rejection::new(
        codes::FOLLOW_UP_SELF,
        format!("{operator} was rated: another of the unit follows it up; he may appeal"),
        format!("{operator} 是被评价人，由本单位其他人员回访整改；被评价人可以申诉"),
    )
    .field("operator", operator)
    .remedy(
        "another acts: --as; or a supervisor appoints one: tongban rate assign",
        "由其他人员办理：--as；或由监察人员指派：tongban rate assign",
    ))
}

/// Refuses who can't follow a rating up: out of service, of another office, rated himself, recused from its case or the applicant of it.
pub(super) fn follows_up(facts: &dyn Facts, rating: &Rating, operator: &Operator) -> Result<(), Rejection> {
    in_service(operator, SERVES)?;
    not_rated(rating, &operator.name)?;
    facts.case(&rating.case()).map_or(Ok(()), |case| touches(operator, &case))
}

/// Who was appointed to follow a rating up, as long as he is fit to; else whoever is may do it.
pub(super) fn appointed<'r>(facts: &dyn Facts, rating: &'r Rating) -> Option<&'r str> {
    let holder = rating.follow_up.as_ref()?.holder.as_deref()?;
    facts.operator(holder).is_some_and(|operator| follows_up(facts, rating, &operator).is_ok()).then_some(holder)
}

/// Whether somebody did something in a follow-up, as its log has it.
fn took_part(rating: &Rating, operator: &str) -> bool {
    use RatingDeed as D;
    rating.log.iter().any(|entry| {
        let part =
            matches!(entry.deed, D::Verified | D::Rectified | D::Planned | D::Explained | D::Closed | D::Appealed);
        part && entry.operator == operator
    })
}

/// Refuses who would decide about an appeal in which he has a part: rated, appellant, appointed to follow it up, or once at work on that.
pub(super) fn judges(actor: &Actor, rating: &Rating) -> Result<(), Rejection> {
    let name = actor.operator.as_str();
    let holder = rating.follow_up.as_ref().and_then(|follow_up| follow_up.holder.as_deref());
    let rated = rating.operators.iter().any(|rated| rated == name);
    let appellant = rating.appeal.as_ref().is_some_and(|appeal| appeal.by == name);
    if !rated && !appellant && holder != Some(name) && !took_part(rating, name) {
        return Ok(());
    }
    Err(Rejection::new(
        codes::APPEAL_SELF,
        format!("{name} was rated, appealed or had a part in the follow-up: another decides"),
        format!("{name} 是被评价人、申诉人，或参与过回访整改，须由他人复核"),
    )
    .field("operator", name)
    .remedy("another supervisor decides: --as", "由其他监察人员复核：--as"))
}

/// Refuses whoever is complained of, as far as the case tells: he neither answers the complaint nor passes it on, gives it back or closes it.
pub(super) fn not_complained_of(facts: &dyn Facts, ticket: &Ticket, operator: &str) -> Result<(), Rejection> {
    let acts = ticket.case.map(|case| facts.acts(&case)).unwrap_or_default();
    let acted = acts.iter().any(|act| act.operator == operator && act.place.node == ticket.handler.node);
    if ticket.kind != TicketKind::Complaint || !acted {
        return Ok(());
    }
    Err(Rejection::new(
        codes::TICKET_SELF,
        format!("{operator} acted on the case that the complaint is about, and has no part in it"),
        format!("{operator} 经办过被投诉的办件，应当回避"),
    )
    .field("operator", operator)
    .remedy("another acts: --as", "由其他人员办理：--as"))
}

/// Refuses who can't answer a ticket: out of service, without a role that answers, or complained of.
pub(super) fn answers(facts: &dyn Facts, ticket: &Ticket, operator: &Operator) -> Result<(), Rejection> {
    in_service(operator, ANSWERS)?;
    not_complained_of(facts, ticket, &operator.name)
}

/// Who is named to answer a ticket, as long as he is fit to; else whoever is may do it.
pub(super) fn named_for<'t>(facts: &dyn Facts, ticket: &'t Ticket) -> Option<&'t str> {
    let holder = ticket.holder.as_deref()?;
    facts.operator(holder).is_some_and(|operator| answers(facts, ticket, &operator).is_ok()).then_some(holder)
}

/// Refuses who would say for the applicant that a ticket is resolved, having answered it or being complained of himself.
pub(super) fn confirms(facts: &dyn Facts, ticket: &Ticket, operator: &str) -> Result<(), Rejection> {
    if ticket.away {
        return Ok(());
    }
    not_complained_of(facts, ticket, operator)?;
    if !ticket.answers.iter().any(|answer| answer.operator == operator) {
        return Ok(());
    }
    Err(Rejection::new(
        codes::TICKET_SELF,
        format!("{operator} answered the ticket and doesn't confirm it for the applicant"),
        format!("{operator} 答复过该工单，不得代申请人确认"),
    )
    .field("operator", operator)
    .remedy("the applicant's own access, or another, gives it in: --as", "由申请人渠道或其他人员录入：--as"))
}
