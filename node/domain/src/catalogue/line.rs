//! The line department (业务主管部门): what it does by itself, for its own line.

use tongban_codes::time::Date;

use super::standard::{Ceiling, Standard, StandardBody};
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

/// Refuses a change of a standard from a day on that an operator may not make: whoever keeps the catalogue sets everything, the line department
/// ceilings for its line and for base items that this node keeps and that are of its line on that day. What waits to begin on a later day goes with
/// the change, and so is of its line or its own word, too. The department is whose word the standard is from then on; the line's is its own.
pub(super) fn sets(
    facts: &dyn Facts,
    actor: &Actor,
    body: &StandardBody,
    department: Option<&str>,
    known: Option<&Standard>,
    from: Date,
) -> Result<Option<String>, Rejection> {
    let department = department.map(str::to_owned);
    if actor.has(&[Role::Catalogue]) {
        return Ok(department);
    }
    let line = facts.operator(&actor.operator).and_then(|operator| operator.department);
    let may = |line: &String| {
        actor.has(&[Role::Line])
            && is_of(facts, body, line, from)
            && replaced(known, from)
                .all(|(waiting, begins)| waiting.department.as_ref() == Some(line) || is_of(facts, body, line, begins))
    };
    match line.as_ref().filter(|line| may(line)) {
        Some(own) if department.as_ref().is_none_or(|department| department.trim() == own) => Ok(line),
        _ => Err(of_another(actor, &line.unwrap_or_default())),
    }
}

/// The versions that a change from a day on replaces before they have begun, each with the day on which it would begin.
fn replaced(known: Option<&Standard>, from: Date) -> impl Iterator<Item = (&Standard, Date)> {
    std::iter::successors(known, |version| version.in_force.as_deref())
        .filter_map(move |version| version.effective.filter(|begins| *begins > from).map(|begins| (version, begins)))
}

/// Tells whether it is a ceiling for a line, or for a base item that is released for it on a day: a draft gives nobody a right.
fn is_of(facts: &dyn Facts, body: &StandardBody, line: &str, day: Date) -> bool {
    let StandardBody::Ceiling(Ceiling { base_code, line: named, .. }) = body else { return false };
    match (base_code, named) {
        (Some(code), None) => facts
            .base_item(code)
            .filter(|base| base.node == facts.node().node)
            .is_some_and(|base| base.answering(day).is_some_and(|released| released.department == line)),
        (None, Some(named)) => named.trim() == line,
        _ => false,
    }
}
