//! Recusal (回避): by oneself, or ordered.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::time::Timestamp;

use super::act::worked;
use crate::actor::Role;
use crate::case::{ActKind, Case, reason};
use crate::change::Change;
use crate::staff::operator_named;
use crate::{Actor, Facts, Rejection, codes};

/// The most operators who are recused from one case.
const RECUSALS_MAX: usize = 20;

/// An operator who doesn't act on a case any more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Recusal {
    /// Who.
    #[n(0)]
    pub operator: String,
    /// Who said so: himself, or who ordered it.
    #[n(1)]
    pub by: String,
    /// When.
    #[n(2)]
    pub at: Timestamp,
    /// Why.
    #[n(3)]
    pub reason: String,
}

/// Takes an operator off a case: what he holds waits again, his signature at the present step doesn't count, and he acts on it no more.
pub(crate) fn recuse(
    facts: &dyn Facts,
    actor: &Actor,
    mut case: Case,
    operator: Option<&str>,
    text: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    case.may(facts, ActKind::Recuse)?;
    let text = reason(text)?;
    let operator = match operator {
        Some(operator) => operator_named(facts, operator)?.name,
        None => actor.operator.clone(),
    };
    if operator != actor.operator && !actor.has(&[Role::Decider, Role::Admin]) {
        return Err(Rejection::new(
            codes::ROLE_MISSING,
            "that another is recused is ordered by a decider or an administrator",
            "责令他人回避，应由决定人或管理员作出",
        )
        .field("operator", &actor.operator)
        .remedy("act --as a decider", "由决定人办理：--as"));
    }
    if case.recused.iter().any(|known| known.operator == operator) || case.recused.len() >= RECUSALS_MAX {
        return Err(Rejection::new(
            codes::RECUSED,
            format!("{operator} is recused from this case already, or twenty others are"),
            format!("{operator} 已回避该办件，或回避人数已达上限"),
        )
        .field("operator", operator)
        .remedy("see: tongban case show", "查看：tongban case show"));
    }
    let note = format!("{operator}：{text}");
    if let Some(work) = &mut case.work {
        work.without(&operator);
    }
    case.recused.push(Recusal { operator, by: actor.operator.clone(), at, reason: text });
    Ok(worked(facts, actor, case, ActKind::Recuse, at, Some(note)))
}
