//! Operators: who works here, in which roles and by which mandates.

use crate::actor::{Mandate, Operator, Role};
use crate::change::{Change, Event, Reply};
use crate::naming::name;
use crate::{Facts, Rejection, codes};

/// The operator of a name, or a rejection that says so.
pub(crate) fn operator_named(facts: &dyn Facts, text: &str) -> Result<Operator, Rejection> {
    facts.operator(text).ok_or_else(|| unknown_operator(text))
}

fn unknown_operator(text: &str) -> Rejection {
    Rejection::new(codes::OPERATOR_UNKNOWN, "no such operator", "没有该经办人")
        .field("operator", text)
        .remedy("add it: tongban operator add", "添加：tongban operator add")
}

/// Adds an operator, or a role to one.
pub(crate) fn add_operator(
    facts: &dyn Facts,
    text: &str,
    roles: &[Role],
    window: Option<&String>,
    uid: Option<u32>,
) -> Result<Change, Rejection> {
    let text = name("name", text)?;
    if roles.is_empty() {
        return Err(Rejection::new(codes::INVALID_FIELD, "an operator has at least one role", "经办人至少有一个角色")
            .field("role", "")
            .remedy("give --role", "请提供 --role"));
    }
    let mut operator = facts.operator(&text).unwrap_or_else(|| Operator::new(text, Vec::new()));
    for role in roles {
        if !operator.roles.contains(role) {
            operator.roles.push(*role);
        }
    }
    operator.roles.sort_unstable();
    operator.window = match window {
        Some(window) => Some(name("window", window)?),
        None => operator.window,
    };
    operator.uid = uid.or(operator.uid);
    Ok(Change::of(vec![Event::Operator(operator.clone())], Reply::Operator(operator)))
}

/// Gives a mandate, which takes the place of one for the same item.
pub(crate) fn grant_mandate(facts: &dyn Facts, text: &str, mandate: Mandate) -> Result<Change, Rejection> {
    let mut operator = facts.operator(text).ok_or_else(|| unknown_operator(text))?;
    if mandate.until.is_some_and(|until| until < mandate.from) {
        return Err(Rejection::new(codes::INVALID_FIELD, "the mandate ends before it begins", "授权止日早于起日")
            .field("until", mandate.until.map_or_else(String::new, |until| until.to_string()))
            .remedy("give a later --until", "请填写更晚的 --until"));
    }
    operator.mandates.retain(|known| known.item != mandate.item);
    operator.mandates.push(mandate);
    Ok(Change::of(vec![Event::Operator(operator.clone())], Reply::Operator(operator)))
}

/// Says for the items of which department an operator keeps the catalogue; for no one's where none is given.
pub(crate) fn assign_line(facts: &dyn Facts, text: &str, department: Option<&str>) -> Result<Change, Rejection> {
    let mut operator = facts.operator(text).ok_or_else(|| unknown_operator(text))?;
    operator.department = department.map(|department| name("department", department)).transpose()?;
    Ok(Change::of(vec![Event::Operator(operator.clone())], Reply::Operator(operator)))
}
