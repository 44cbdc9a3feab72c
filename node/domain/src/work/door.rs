//! The door that every act goes through: is he on duty, has he the role or stands in for one who has, may he touch this case.

use tongban_codes::ids::CaseId;
use tongban_codes::time::{Date, Timestamp};

use super::deputy::{Delegation, principals};
use crate::actor::Role;
use crate::case::{self, Case};
use crate::change::{Change, Event, NoticeBody};
use crate::command::Command;
use crate::connector::{ConnectorKind, OrderCommand};
use crate::{Actor, Facts, Operator, Rejection, codes};

/// Who acts, once he is let in.
pub(crate) struct Door {
    /// The operator, with the roles of whom he stands in for.
    pub(crate) actor: Actor,
    operator: Option<Operator>,
    /// Under which delegation he acts, when his own roles don't do.
    delegation: Option<Delegation>,
    /// For whom.
    principal: Option<Operator>,
}

impl Door {
    /// Lets an actor in who has the role that the command needs, by himself or for another.
    pub(crate) fn open(
        facts: &dyn Facts,
        actor: &Actor,
        command: &Command,
        authorised: Result<(), Rejection>,
        at: Timestamp,
    ) -> Result<Self, Rejection> {
        let operator = (*actor != Actor::system()).then(|| facts.operator(&actor.operator)).flatten();
        if let Some(since) = operator.as_ref().and_then(|operator| operator.disabled) {
            return Err(Rejection::new(
                codes::OPERATOR_DISABLED,
                format!("{} is disabled since {since}", actor.operator),
                format!("{} 已于 {since} 停用", actor.operator),
            )
            .field("operator", &actor.operator)
            .remedy(
                "act as another operator; or: tongban operator enable",
                "换经办人办理；或：tongban operator enable",
            ));
        }
        let mut door = Self { actor: actor.clone(), operator, delegation: None, principal: None };
        let Err(rejection) = authorised else { return Ok(door) };
        let Some(deputy) = &door.operator else { return Err(rejection) };
        let Some(case) = command.case(facts) else { return Err(rejection) };
        let all = principals(facts, deputy, command.roles(), &case, at);
        let is_free = |(_, principal): &(Delegation, Operator)| touches(principal, &case).is_ok();
        let carries = |(_, principal): &(Delegation, Operator)| carries(facts, command, principal, &case, at.date());
        let place = all.iter().position(|one| is_free(one) && carries(one)).or_else(|| all.iter().position(is_free));
        let Some((delegation, principal)) = all.into_iter().nth(place.unwrap_or(0)) else { return Err(rejection) };
        door.actor.roles.extend(principal.roles.iter().filter(|role| command.roles().contains(role)));
        door.delegation = Some(delegation);
        door.principal = Some(principal);
        Ok(door)
    }

    /// For whom he acts, where his own roles don't do.
    pub(crate) fn stands_for(&self) -> Option<&Operator> {
        self.principal.as_ref()
    }

    /// The case that a text names, when this actor may touch it.
    pub(crate) fn case(&self, facts: &dyn Facts, text: &str) -> Result<Case, Rejection> {
        let case = case::named(facts, text)?;
        self.touches(&case)?;
        Ok(case)
    }

    /// Refuses where the actor, or whom he stands in for, may not touch a case.
    pub(crate) fn touches(&self, case: &Case) -> Result<(), Rejection> {
        self.operator.iter().chain(self.principal.as_ref()).try_for_each(|person| touches(person, case))
    }

    /// Refuses where the actor may not touch the case that a licence came of.
    pub(crate) fn case_of_licence(&self, facts: &dyn Facts, licence: &str) -> Result<(), Rejection> {
        let case: Option<CaseId> = facts.licence(licence).map(|licence| licence.case);
        case.map_or(Ok(()), |case| self.case(facts, &case.to_string()).map(drop))
    }

    /// Writes into each act of a deputy for whom he did it.
    pub(crate) fn sign(&self, mut change: Change) -> Change {
        let Some(delegation) = &self.delegation else { return change };
        let said = delegation.said();
        let sign = |mandate: &mut Option<String>| match mandate {
            Some(known) if known.contains(&said) => {}
            Some(known) => *known = format!("{known}；{said}"),
            None => *mandate = Some(said.clone()),
        };
        for event in &mut change.events {
            match event {
                Event::Case(_, act) => sign(&mut act.mandate),
                Event::Order(order) => order.log.last_mut().into_iter().for_each(|entry| sign(&mut entry.mandate)),
                _ => {}
            }
        }
        for notice in &mut change.notices {
            match &mut notice.body {
                NoticeBody::Progress(progress) => sign(&mut progress.act.mandate),
                NoticeBody::Supplement(supplement) => sign(&mut supplement.act.mandate),
                NoticeBody::Withdrawal(withdrawal) => sign(&mut withdrawal.act.mandate),
                _ => {}
            }
        }
        change
    }
}

/// Whether what a principal may do carries the act itself: his mandate a decision, his role the step or the order; of several for whom a deputy stands
/// in such a one is taken first.
fn carries(facts: &dyn Facts, command: &Command, principal: &Operator, case: &Case, day: Date) -> bool {
    let work = case.work.as_ref();
    let decides = || {
        principal.mandate(&case.item.code, day).is_some() && !work.is_some_and(|work| work.excludes(&principal.name))
    };
    match command {
        Command::Decide { .. } | Command::EnterOutcome { .. } | Command::DenyForNumber(_) | Command::Forward { .. } => {
            decides()
        }
        Command::Order(entry @ OrderCommand::Enter { order, .. }) => match facts.order(order.trim()) {
            Some(order) if entry.lets_go_of(&order) => principal.roles.contains(&Role::Decider) && decides(),
            Some(order) if order.kind == ConnectorKind::Handling => true,
            _ => principal.roles.contains(&Role::Window),
        },
        Command::ExtendCase { .. } | Command::WaiveFee { .. } => principal.mandate(&case.item.code, day).is_some(),
        Command::ClaimCase(_) | Command::HandCaseOn { .. } | Command::ReturnCase { .. } | Command::DoStep { .. } => {
            let role = work.map_or(Some(Role::Reviewer), |work| Some(work.step()?.role.role()));
            role.is_some_and(|role| principal.roles.contains(&role))
                && !work.is_some_and(|work| work.has_signed(&principal.name))
                && !work.is_some_and(|work| work.is_at_decision() && work.excludes(&principal.name))
        }
        _ => true,
    }
}

/// Refuses whoever is recused from a case, or is its applicant.
pub(crate) fn touches(operator: &Operator, case: &Case) -> Result<(), Rejection> {
    if case.recused.iter().any(|recusal| recusal.operator == operator.name) {
        return Err(Rejection::new(
            codes::RECUSED,
            format!("{} is recused from this case", operator.name),
            format!("{} 已回避该办件", operator.name),
        )
        .field("case", case.id)
        .remedy("another operator acts: --as", "由其他经办人办理：--as"));
    }
    if operator.identity == Some(case.holder) {
        return Err(Rejection::new(
            codes::OWN_CASE,
            format!("{} is the applicant of this case", operator.name),
            format!("{} 是该办件的申请人，应当回避", operator.name),
        )
        .field("case", case.id)
        .remedy("another operator acts: --as", "由其他经办人办理：--as"));
    }
    Ok(())
}
