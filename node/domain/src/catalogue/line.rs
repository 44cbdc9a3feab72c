//! The line department (业务主管部门): what it does by itself, for its own line.

use super::standard::{Ceiling, StandardBody};
use crate::{Actor, Facts, Rejection, Role, codes};

/// The refusal of what isn't of an operator's line.
pub(super) fn of_another(actor: &Actor, line: &str) -> Rejection {
    Rejection::new(
        codes::ROLE_MISSING,
        format!("{} acts for the line of “{line}”, and on its base items alone", actor.operator),
        format!("{} 只能办理条线“{line}”的基本目录事项", actor.operator),
    )
    .field("operator", &actor.operator)
    .remedy("act --as another operator, or: tongban operator line", "换经办人（--as），或：tongban operator line")
}

/// Refuses a standard that an operator may not set or withdraw: whoever keeps the catalogue sets everything, the line department ceilings for its
/// line and for the base items of its line that this node keeps. The department is whose word the standard is from then on; the line's is its own.
pub(super) fn sets(
    facts: &dyn Facts,
    actor: &Actor,
    body: &StandardBody,
    department: Option<&str>,
) -> Result<Option<String>, Rejection> {
    let department = department.map(str::to_owned);
    if actor.has(&[Role::Catalogue]) {
        return Ok(department);
    }
    let line = facts.operator(&actor.operator).and_then(|operator| operator.department);
    let own = line.as_ref().filter(|line| actor.has(&[Role::Line]) && is_of(facts, body, line));
    match own {
        Some(own) if department.as_ref().is_none_or(|department| department.trim() == own) => Ok(line),
        _ => Err(of_another(actor, &line.unwrap_or_default())),
    }
}

/// Tells whether it is a ceiling for a line, or for a base item that is released for it: a draft gives nobody a right.
fn is_of(facts: &dyn Facts, body: &StandardBody, line: &str) -> bool {
    let StandardBody::Ceiling(Ceiling { base_code, line: named, .. }) = body else { return false };
    match (base_code, named) {
        (Some(code), None) => facts
            .base_item(code)
            .filter(|base| base.node == facts.node().node)
            .and_then(|base| base.standing().map(|released| released.department == line))
            .unwrap_or(false),
        (None, Some(named)) => named.trim() == line,
        _ => false,
    }
}
