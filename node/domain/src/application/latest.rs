//! The cases of an application as a change on its way will leave them.

use tongban_codes::ids::CaseId;

use crate::Facts;
use crate::case::{Act, Case, Status, national};
use crate::change::Event;

/// Facts, and over them what a change holds already.
pub(super) struct Latest<'a> {
    pub(super) facts: &'a dyn Facts,
    pub(super) events: &'a [Event],
}

/// How a case ended, for those that wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Granted,
    Failed,
    /// A superior authority goes on with it, in a case of its own.
    Forwarded,
}

impl Latest<'_> {
    /// A case.
    pub(super) fn case(&self, id: &CaseId) -> Option<Case> {
        let changed = self.events.iter().rev().find_map(|event| match event {
            Event::Case(case, _) if case.id == *id => Some((**case).clone()),
            _ => None,
        });
        changed.or_else(|| self.facts.case(id))
    }

    /// The acts of a case that are known here, of both legs.
    pub(super) fn acts(&self, id: &CaseId) -> Vec<Act> {
        let mut acts = self.facts.acts(id);
        acts.extend(self.events.iter().filter_map(|event| match event {
            Event::Case(case, act) if case.id == *id => Some(act.clone()),
            _ => None,
        }));
        acts
    }

    /// How a case ended; none while it is open.
    pub(super) fn ended(&self, case: &Case) -> Option<Ended> {
        match case.status {
            Status::Granted => Some(Ended::Granted),
            Status::Forwarded => Some(Ended::Forwarded),
            Status::Denied
            | Status::RefusedNotRequired
            | Status::RefusedNotCompetent
            | Status::Withdrawn
            | Status::Returned => Some(Ended::Failed),
            // What was delivered or closed may be either.
            Status::Delivered | Status::Closed => match national::result_code(&self.acts(&case.id)) {
                Some(0) => Some(Ended::Granted),
                Some(4) => Some(Ended::Forwarded),
                None => None,
                Some(_) => Some(Ended::Failed),
            },
            _ => None,
        }
    }
}
