//! 转报结果: what came of a case that this node forwarded.
//!
//! ```text
//!   collecting hall ◀── report ── lower authority ◀── report ── superior ◀── report ── its superior, when it forwards as well
//!                               case F0, forwarded    case F1: F0 goes on in it
//! ```
//!
//! The lower authority collected the superior's case and hears what it comes to. In that entry it records it in its own case, as an act that travels
//! to the hall that collected that one, as any other. So each hall hears it of the node that it handed its case to, and of no stranger.

use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;

use super::custody::here;
use super::progress::record;
use super::{Act, ActKind, CameTo, Case, Status};
use crate::change::{Change, Event};
use crate::{Actor, Facts};

/// A case and its acts, as a change on its way will leave them.
fn latest(facts: &dyn Facts, change: &Change, id: &CaseId) -> Option<Case> {
    let changed = change.events.iter().rev().find_map(|event| match event {
        Event::Case(case, _) if case.id == *id => Some((**case).clone()),
        _ => None,
    });
    changed.or_else(|| facts.case(id))
}

fn acts(facts: &dyn Facts, change: &Change, id: &CaseId) -> Vec<Act> {
    let mut acts = facts.acts(id);
    acts.extend(change.events.iter().filter_map(|event| match event {
        Event::Case(case, act) if case.id == *id => Some(act.clone()),
        _ => None,
    }));
    acts
}

/// Records in the cases that this node forwarded what the superiors' cases came to, when a change brings that.
pub(crate) fn after(facts: &dyn Facts, change: &mut Change, at: Timestamp) {
    let here = here(facts);
    let mut went_on: Vec<(CaseId, CaseId)> = Vec::new();
    for event in &change.events {
        if let Event::Case(case, _) = event
            && case.collecting.node == here.node
            && let Some(from) = &case.forwarded_from
            && !went_on.contains(&(from.case, case.id))
        {
            went_on.push((from.case, case.id));
        }
    }
    for (from, next) in went_on {
        let Some(case) = latest(facts, change, &next) else { continue };
        let known = CameTo::of(&case, &acts(facts, change, &next));
        let Some(outcome) = known.filter(|outcome| outcome.status != Status::Forwarded) else { continue };
        let Some(mut case) = latest(facts, change, &from) else { continue };
        let may = case.may(facts, ActKind::ForwardOutcome).is_ok();
        let Some(to) = case.forwarded_to.as_mut().filter(|to| may && to.case == next) else { continue };
        if to.outcome.as_ref() == Some(&outcome) {
            continue;
        }
        let note = said(&outcome);
        to.outcome = Some(outcome);
        let act = case.act(ActKind::ForwardOutcome, &Actor::system(), here, at, Some(note));
        record(change, here, &case, act);
    }
}

/// The longest reason, and the most licences, that the note of the act repeats; the row has all of it.
const REASON_CHARS_MAX: usize = 2_000;
const LICENCES_NOTED_MAX: usize = 20;

fn said(outcome: &CameTo) -> String {
    let mut text = format!("{} 办理结果：{}", outcome.division, outcome.status.zh());
    if let Some(reason) = &outcome.reason {
        text.push_str("；理由：");
        text.extend(reason.chars().take(REASON_CHARS_MAX));
    }
    let licences: Vec<&str> = outcome.licences.iter().take(LICENCES_NOTED_MAX).map(String::as_str).collect();
    if !licences.is_empty() {
        text.push_str(&format!("；证照 {}", licences.join("、")));
    }
    text
}
