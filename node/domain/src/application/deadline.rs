//! The one deadline of an application: the critical path over the promised times of its items, each in its own working or natural days.

use tongban_codes::calendar::Calendar;
use tongban_codes::time::Date;

use super::list::PartState;
use super::row::{Application, Part};
use super::standing::Known;
use crate::case::{Deadline, Deadlines};

/// What the parts end with.
pub(super) struct Times {
    /// The last day of all that is still expected; none where one of them has no time.
    pub(super) due: Option<Deadline>,
    /// The parts that make it up, in order.
    pub(super) path: Vec<String>,
    /// Each part's own end.
    pub(super) each: Vec<Option<Deadline>>,
}

/// The end of an item's promised time, or of its statutory one where it promises none, from a day on that isn't counted.
fn term(calendar: &Calendar, part: &Part, from: Deadline) -> Option<Deadline> {
    let due = Deadlines::compute(calendar, &part.item, from.date, &[], None);
    let due = due.promised.or(due.statutory)?;
    Some(Deadline { date: due.date, provisional: due.provisional || from.provisional })
}

fn on(date: Date) -> Deadline {
    Deadline { date, provisional: false }
}

/// The latest end of the parts that one waits for, and which that is: the first day where it waits for none, nothing where one of them has no end.
fn start(
    application: &Application,
    part: &Part,
    each: &[Option<Deadline>],
    first: Date,
) -> Option<(Deadline, Option<usize>)> {
    let mut latest = (on(first), None);
    for earlier in &part.after {
        let place = application.parts.iter().position(|known| known.part == *earlier)?;
        let end = each.get(place).copied().flatten()?;
        // What isn't certain of a shorter one may yet make it the longest.
        let provisional = latest.0.provisional || end.provisional;
        if latest.1.is_none() || end.date > latest.0.date {
            latest = (end, Some(place));
        }
        latest.0.provisional = provisional;
    }
    Some(latest)
}

/// When the parts end, as their cases stand. What was accepted ends with its own deadline, which moves when its clock stands still.
pub(super) fn times(calendar: &Calendar, application: &Application, known: &[Known]) -> Times {
    let first = application.collected_at.date();
    let mut each: Vec<Option<Deadline>> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::new();
    for (part, known) in application.parts.iter().zip(known) {
        let begins = start(application, part, &each, first);
        let case = known.case.as_ref();
        let end = match known.state {
            PartState::Failed | PartState::NotBegun | PartState::Forwarded | PartState::Dropped => None,
            PartState::Granted | PartState::NotRequired => {
                known.came_to.as_ref().and_then(|came_to| came_to.on).map(on)
            }
            _ => match case {
                Some(case) => {
                    let accepted = case.deadlines.as_ref().and_then(|due| due.promised.or(due.statutory));
                    let from = case.received_on.unwrap_or_else(|| case.collected_at.date());
                    accepted.or_else(|| term(calendar, part, on(from)))
                }
                None => begins.and_then(|(from, _)| term(calendar, part, from)),
            },
        };
        each.push(end);
        before.push(begins.and_then(|(_, place)| place));
    }
    let mut ends = known.iter().zip(&each);
    let all_known = ends.all(|(known, end)| end.is_some() || known.state.is_over());
    let last = (0..each.len()).filter_map(|place| Some((place, each[place]?)));
    let last = last.reduce(|one, other| if other.1.date > one.1.date { other } else { one });
    let provisional = each.iter().flatten().any(|end| end.provisional);
    let (due, mut at) = match last {
        Some((place, due)) if all_known => (Some(Deadline { provisional, ..due }), Some(place)),
        _ => (None, None),
    };
    let mut path = Vec::new();
    while let Some(place) = at {
        path.insert(0, application.parts[place].part.clone());
        at = before[place];
    }
    Times { due, path, each }
}

/// What was promised at collecting. A holiday that is moved afterwards doesn't move it; what lay beyond the published calendar is as certain as the
/// calendar of today.
pub(super) fn promised(calendar: &Calendar, application: &Application) -> Option<Deadline> {
    application.promised.filter(|due| !due.provisional).or_else(|| planned(calendar, application))
}

/// The end of the critical path by the times of the items alone.
pub(super) fn planned(calendar: &Calendar, application: &Application) -> Option<Deadline> {
    let first = application.collected_at.date();
    let mut each: Vec<Option<Deadline>> = Vec::new();
    for part in &application.parts {
        let begins = start(application, part, &each, first);
        each.push(begins.and_then(|(from, _)| term(calendar, part, from)));
    }
    let all: Option<Vec<Deadline>> = each.into_iter().collect();
    all?.into_iter().reduce(|one, other| if other.date > one.date { other } else { one })
}
