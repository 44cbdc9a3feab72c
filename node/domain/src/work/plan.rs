//! The steps that the version of an item lays down for its cases.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::time::Date;

use super::standing::Work;
use crate::actor::Role;
use crate::case::Case;
use crate::catalogue::{CaseKind, Guide, Step, StepRole, StepRule, Term};
use crate::facts::Facts;

/// How many sign where the item doesn't say it.
const COUNTERSIGNERS: u8 = 2;
/// How many vote where the item doesn't say it.
const VOTERS: u8 = 3;
/// The most that sign or vote.
const SIGNERS_MAX: u8 = 50;

impl StepRole {
    /// The operator's role that it asks for.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            StepRole::Reviewer => Role::Reviewer,
            StepRole::Decider => Role::Decider,
        }
    }
}

/// A step as a case carries it from its acceptance on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct WorkStep {
    /// Its name, e.g. 审查.
    #[n(0)]
    pub name: String,
    /// By whom.
    #[n(1)]
    pub role: StepRole,
    /// Its own limit.
    #[n(2)]
    pub term: Option<Term>,
    /// Who has to agree.
    #[n(3)]
    pub rule: StepRule,
    /// How many sign or vote; 1 where it isn't signed by several.
    #[n(4)]
    pub signers: u8,
}

impl WorkStep {
    fn plain(name: &str, role: StepRole) -> Self {
        Self { name: name.to_owned(), role, term: None, rule: StepRule::Single, signers: 1 }
    }

    fn of(step: &Step) -> Option<Self> {
        let rule = step.rule.unwrap_or(StepRule::Single);
        let signers = match rule {
            StepRule::Single | StepRule::AnyOne => 1,
            StepRule::Countersign => step.signers.unwrap_or(COUNTERSIGNERS).clamp(2, SIGNERS_MAX),
            StepRule::Vote => step.signers.unwrap_or(VOTERS).clamp(2, SIGNERS_MAX),
        };
        Some(Self { name: step.name.clone(), role: step.role?, term: step.term, rule, signers })
    }
}

/// The steps between acceptance and decision that a guide lays down, the decision last; none where no step of it names a role.
///
/// The last step that one decider does is the decision itself; where the last is another, the decision follows it.
#[must_use]
pub fn planned(guide: &Guide) -> Option<Vec<WorkStep>> {
    let mut steps: Vec<WorkStep> = guide.steps.iter().filter_map(WorkStep::of).collect();
    let last = steps.last()?;
    if last.role != StepRole::Decider || last.rule != StepRule::Single {
        steps.push(WorkStep::plain("决定", StepRole::Decider));
    }
    Some(steps)
}

/// The two steps of an item that publishes none.
pub(super) fn plain() -> Vec<WorkStep> {
    vec![WorkStep::plain("审查", StepRole::Reviewer), WorkStep::plain("决定", StepRole::Decider)]
}

/// Where the work on a case begins that is accepted on `day`: the first step of the version it is bound to, when that publishes any.
pub(crate) fn begin(facts: &dyn Facts, case: &Case, day: Date) -> Option<Work> {
    let item = facts.item_version(&case.item.code, case.item.version)?;
    // The steps of what runs in another system are done there.
    if item.external.is_some() {
        return None;
    }
    let guide = facts.guide(&item.guide?)?;
    let mut work = Work::at_first(planned(&guide)?, day);
    work.published = true;
    work.instant = guide.case_kind == Some(CaseKind::Instant);
    work.count(facts.calendar(), &case.stops);
    Some(work)
}
