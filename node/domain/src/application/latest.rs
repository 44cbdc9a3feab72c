//! The cases of an application as a change on its way will leave them.

use tongban_codes::ids::CaseId;

use super::row::Application;
use crate::Facts;
use crate::case::{Act, CameTo, Case, Status};
use crate::change::Event;

/// Facts, and over them what a change holds already.
pub(super) struct Latest<'a> {
    pub(super) facts: &'a dyn Facts,
    pub(super) events: &'a [Event],
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

    /// An application that was collected here.
    pub(super) fn application(&self, id: &CaseId) -> Option<Application> {
        let changed = self.events.iter().rev().find_map(|event| match event {
            Event::Application(application) if application.id == *id => Some((**application).clone()),
            _ => None,
        });
        changed.or_else(|| self.facts.application(id))
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

    /// What a case came to; none while it is open, and [`Status::Forwarded`] while a superior goes on with it.
    pub(super) fn came_to(&self, case: &Case) -> Option<CameTo> {
        // The history is read where it says more than the row.
        let is_over = case.status.result_code().is_some() || matches!(case.status, Status::Delivered | Status::Closed);
        if !is_over {
            return None;
        }
        CameTo::of(case, &self.acts(&case.id))
    }

    /// The licences that came of a case, of the superior's where that went on with it.
    pub(super) fn licences(&self, case: &Case) -> Vec<String> {
        let went_on = case.forwarded_to.as_ref().and_then(|to| to.outcome.as_ref());
        went_on.map_or_else(|| case.licences.clone(), |outcome| outcome.licences.clone())
    }
}
