//! What a grant takes, and when it is refused.

use tongban_codes::time::{Date, Timestamp};

use super::Place;
use super::line::{left, limit_of, year_of};
use crate::case::Case;
use crate::catalogue::{LimitPeriod, NumberLimit};
use crate::change::Event;
use crate::{Facts, Rejection, codes};

/// The most earlier cases that a refusal names.
const NAMED_MAX: usize = 5;

/// The limit in words, Chinese and English.
fn said(limit: &NumberLimit) -> (String, String) {
    let (zh, en) = match limit.period {
        Some(LimitPeriod::Year) => ("每年", " a year"),
        _ => ("共", ""),
    };
    let name = limit.quota.as_deref().map_or_else(String::new, |name| format!("“{name}”"));
    let NumberLimit { grants, basis, .. } = limit;
    (format!("数量限制{name}{zh} {grants} 件（{basis}）"), format!("{name}{grants}{en} ({basis})"))
}

/// What a grant takes: a number, when the case's item has a limit. Refused while those who were accepted before need all that are left, and when
/// none is left.
pub(crate) fn grant(facts: &dyn Facts, case: &mut Case, day: Date) -> Result<Option<Event>, Rejection> {
    let Some(limit) = limit_of(facts, case) else { return Ok(None) };
    let Some(turn) = &case.turn else { return Ok(None) };
    let left = left(facts, &turn.quota, &limit, day);
    let (zh, en) = said(&limit);
    if left == 0 {
        return Err(Rejection::new(
            codes::NUMBERS_USED_UP,
            format!("the limit of number is used up: {en}"),
            format!("{zh}，已全部准予"),
        )
        .field("case", case.id)
        .remedy(
            "deny it for that: tongban case decide CASE --deny --no-number; or wait for a number: tongban item limit",
            "以无名额为由不予：tongban case decide 办件 --deny --no-number；或等候名额：tongban item limit",
        ));
    }
    let in_order = limit.is_by_acceptance();
    #[cfg(feature = "deliberate-bugs")]
    let in_order = in_order && !tongban_codes::deliberate::is_in(tongban_codes::deliberate::Bug::OutOfTurn);
    if in_order {
        let first = facts.line(&turn.quota, usize::try_from(left).unwrap_or(usize::MAX));
        let own = turn.place(case.id);
        if !first.contains(&own) {
            return Err(out_of_turn(facts, case, &first, left));
        }
    }
    Ok(taken(case, day))
}

/// What a grant takes that nobody here decides: the law's own, since nobody decided in time (行政许可法 50(2)), or that of a node which is lost. It is a
/// number, however many are left and whoever stands before it; what is left is counted with it, so that those who wait get no more than there are.
pub(crate) fn granted(facts: &dyn Facts, case: &mut Case, day: Date) -> Option<Event> {
    limit_of(facts, case)?;
    taken(case, day)
}

/// A number is the case's, of the year of the day on which it was granted.
fn taken(case: &mut Case, day: Date) -> Option<Event> {
    let turn = case.turn.as_mut()?;
    turn.year = Some(year_of(day));
    Some(Event::Number(case.id, Box::new(turn.clone()), true))
}

fn out_of_turn(facts: &dyn Facts, case: &Case, first: &[Place], left: u32) -> Rejection {
    let number = |(_, _, id): &Place| {
        let earlier = facts.case(id);
        earlier.and_then(|earlier| earlier.case_no).unwrap_or_else(|| id.to_string())
    };
    let mut named: Vec<String> = first.iter().take(NAMED_MAX).map(number).collect();
    if first.len() > NAMED_MAX {
        named.push("…".to_owned());
    }
    Rejection::new(
        codes::OUT_OF_TURN,
        format!("numbers left: {left}; accepted before it: {} (行政许可法 57)", named.join(", ")),
        format!("余 {left} 个名额，先受理而未决定的：{}（行政许可法第五十七条）", named.join("、")),
    )
    .field("case", case.id)
    .remedy("decide the earlier ones first: tongban item limit", "先决定先受理的办件：tongban item limit")
}

/// The reason of a denial because no number is left; refused while one is, or where the item has no limit.
pub(crate) fn used_up(facts: &dyn Facts, case: &Case, at: Timestamp) -> Result<String, Rejection> {
    let limited = case.turn.as_ref().zip(limit_of(facts, case));
    let Some((turn, limit)) = limited else {
        return Err(Rejection::new(
            codes::ITEM_UNLIMITED,
            "the case stands before no limit of number",
            "该办件不受数量限制",
        )
        .field("case", case.id)
        .remedy("give the reason: --deny --reason", "填写其他理由：--deny --reason"));
    };
    let left = left(facts, &turn.quota, &limit, at.date());
    let (zh, en) = said(&limit);
    if left > 0 {
        return Err(Rejection::new(
            codes::NUMBERS_LEFT,
            format!("numbers left: {left} of {en}"),
            format!("{zh}，尚余 {left} 个"),
        )
        .field("case", case.id)
        .remedy("see who stands before it: tongban item limit", "查看先后顺序：tongban item limit"));
    }
    let order = match &limit.order_basis {
        Some(basis) if !limit.is_by_acceptance() => format!("按{basis}确定"),
        _ => "按受理先后顺序（行政许可法第五十七条）".to_owned(),
    };
    Ok(format!("{zh}，已全部准予；{order}，本申请无名额"))
}

/// Refuses a licence on a case whose number was given back.
pub(crate) fn may_issue(facts: &dyn Facts, case: &Case) -> Result<(), Rejection> {
    let Some(turn) = case.turn.as_ref().filter(|turn| turn.year.is_some()) else { return Ok(()) };
    if facts.holds_number(&case.id, turn) {
        return Ok(());
    }
    Err(Rejection::new(
        codes::NUMBER_FREED,
        "its licence was cancelled, and its number is free for others",
        "原证照已注销，名额已释放",
    )
    .field("case", case.id)
    .remedy("apply anew: tongban case collect", "重新申请：tongban case collect"))
}
