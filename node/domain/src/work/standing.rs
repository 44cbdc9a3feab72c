//! Where the work on a case stands.

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::calendar::Calendar;
use tongban_codes::time::{Date, Timestamp};

use super::plan::{WorkStep, plain};
use crate::case::{Case, Custody, Deadlines, Status, Stop};
use crate::catalogue::{StepRole, StepRule, Unit};

/// A signature at a step of several.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Signature {
    /// Whose.
    #[n(0)]
    pub operator: String,
    /// Whether he agrees.
    #[n(1)]
    pub agrees: bool,
    /// By whose right, when it isn't his own.
    #[n(2)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_for: Option<String>,
}

impl Signature {
    /// Whether it is a person's, by his own hand or by his right.
    fn is_of(&self, operator: &str) -> bool {
        self.operator == operator || self.stands_for.as_deref() == Some(operator)
    }
}

/// What the signatures at a step come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tally {
    /// More are needed.
    Open,
    /// The step is passed.
    Passed,
    /// It goes back.
    Failed,
}

/// The steps of a case, the one at which it stands, and who holds it there.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct Work {
    /// The steps, the decision last.
    #[n(0)]
    pub steps: Vec<WorkStep>,
    /// Place of the step at which it stands, from 0; the number of steps when it is decided.
    #[n(1)]
    pub at: u16,
    /// The day on which it came there.
    #[n(2)]
    pub since: Date,
    /// The last day of the step's own limit.
    #[n(3)]
    pub due: Option<Date>,
    /// Who holds it.
    #[n(4)]
    pub holder: Option<String>,
    /// The signatures at this step.
    #[n(5)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub signatures: Vec<Signature>,
    /// Who passed or signed a step of a reviewer, and by whose right, each once; a return doesn't undo that they have reviewed.
    #[n(6)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub reviewers: Vec<String>,
    /// Whether the item publishes the steps, so that none may be left out.
    #[n(7)]
    pub published: bool,
    /// 即办件: one person may review and decide.
    #[n(8)]
    pub instant: bool,
}

impl Work {
    pub(super) fn at_first(steps: Vec<WorkStep>, since: Date) -> Self {
        Self {
            steps,
            at: 0,
            since,
            due: None,
            holder: None,
            signatures: Vec::new(),
            reviewers: Vec::new(),
            published: false,
            instant: false,
        }
    }

    /// The work on an accepted case of an item without published steps.
    pub(super) fn unpublished(case: &Case, today: Date) -> Self {
        Self::at_first(plain(), case.accepted_on.unwrap_or(today))
    }

    /// The step at which the case stands; none when it is decided.
    #[must_use]
    pub fn step(&self) -> Option<&WorkStep> {
        self.steps.get(usize::from(self.at))
    }

    /// Whether it stands at the decision, or is decided.
    #[must_use]
    pub fn is_at_decision(&self) -> bool {
        usize::from(self.at) + 1 >= self.steps.len()
    }

    /// Whether an operator reviewed the case, so that another decides it.
    #[must_use]
    pub fn excludes(&self, operator: &str) -> bool {
        self.published && !self.instant && self.reviewers.iter().any(|reviewer| reviewer == operator)
    }

    /// Counts the limit of the step anew: day 0 isn't counted (民法典 201), nor is the time of special procedures.
    pub(crate) fn count(&mut self, calendar: &Calendar, stops: &[Stop]) {
        let counts = |day: Date| !stops.iter().any(|stop| stop.covers(day));
        let term = self.step().and_then(|step| step.term);
        self.due = term.map(|term| match term.unit {
            Unit::WorkingDays => calendar.add_counted_working_days(self.since, term.days.into(), counts).date,
            Unit::NaturalDays => calendar.add_counted_natural_days(self.since, term.days.into(), counts).date,
        });
    }

    /// Goes to a step: nobody holds it there, nobody has signed.
    pub(super) fn go(&mut self, at: u16, day: Date, calendar: &Calendar, stops: &[Stop]) {
        (self.at, self.since, self.holder) = (at, day, None);
        self.signatures.clear();
        self.count(calendar, stops);
    }

    /// Whether a person has signed this step, by his own hand or by his right.
    pub(super) fn has_signed(&self, operator: &str) -> bool {
        self.signatures.iter().any(|signature| signature.is_of(operator))
    }

    pub(super) fn reviewed(&mut self, operator: &str) {
        let of_review = self.step().is_some_and(|step| step.role == StepRole::Reviewer);
        if of_review && !self.reviewers.iter().any(|known| known == operator) {
            self.reviewers.push(operator.to_owned());
        }
    }

    /// Takes a person off the case: what he holds goes back, his signature at this step doesn't count, nor one by his right.
    pub(super) fn without(&mut self, operator: &str) {
        self.holder = self.holder.take().filter(|holder| holder != operator);
        self.signatures.retain(|signature| !signature.is_of(operator));
    }

    pub(super) fn tally(&self) -> Tally {
        let Some(step) = self.step() else { return Tally::Open };
        let agree = self.signatures.iter().filter(|signature| signature.agrees).count();
        let refuse = self.signatures.len() - agree;
        let signers = usize::from(step.signers);
        let (passed, failed) = match step.rule {
            StepRule::Single | StepRule::AnyOne => (agree > 0, refuse > 0),
            StepRule::Countersign => (agree >= signers, refuse > 0),
            // Failed as soon as those left can't make more than half.
            StepRule::Vote => (agree * 2 > signers, refuse * 2 >= signers),
        };
        if failed {
            Tally::Failed
        } else if passed {
            Tally::Passed
        } else {
            Tally::Open
        }
    }

    /// Where it stands, for whoever asks.
    #[must_use]
    pub fn view(&self) -> WorkView {
        let step = self.step();
        WorkView {
            step: usize::from(self.at) + 1,
            steps: self.steps.len(),
            name: step.map(|step| step.name.clone()),
            role: step.map(|step| step.role),
            rule: step.map(|step| step.rule),
            signers: step.filter(|step| step.signers > 1).map(|step| step.signers),
            signatures: self.signatures.clone(),
            holder: self.holder.clone(),
            since: self.since,
            due: self.due,
        }
    }
}

/// Where the work on a case stands, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkView {
    /// Number of the step, from 1; one more than there are when it is decided.
    pub step: usize,
    /// How many steps there are, the decision included.
    pub steps: usize,
    /// Its name.
    pub name: Option<String>,
    /// By whom it is done.
    pub role: Option<StepRole>,
    /// Who has to agree.
    pub rule: Option<StepRule>,
    /// How many sign or vote, where several do.
    pub signers: Option<u8>,
    /// The signatures at it.
    pub signatures: Vec<Signature>,
    /// Who holds it.
    pub holder: Option<String>,
    /// Since when it is there.
    pub since: Date,
    /// The last day of the step's own limit.
    pub due: Option<Date>,
}

/// Where the work on an accepted case stands; of one on which nobody has worked yet, at the first of the two plain steps.
#[must_use]
pub fn shown(case: &Case, today: Date) -> WorkView {
    case.work.as_ref().map_or_else(|| Work::unpublished(case, today).view(), Work::view)
}

/// Where a case waits: for whom, until when, and with whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// For the holders of this role.
    pub role: StepRole,
    /// When the step's limit, else the promised time, else the statutory one is over; the end of time where there is none.
    pub due: Timestamp,
    /// With whom, once it is claimed.
    pub holder: Option<String>,
}

/// Where a case waits, by what its row says; none unless it is accepted, not decided, and this node owns it. While its clock stands still it waits
/// for nobody, but stays with whom it is.
#[must_use]
pub fn position(
    status: Status,
    custody: &Custody,
    deadlines: Option<&Deadlines>,
    work: Option<&Work>,
) -> Option<Position> {
    let holder = work.and_then(|work| work.holder.clone());
    let stays = status == Status::Accepted || (status == Status::SpecialProcedure && holder.is_some());
    if !stays || *custody != Custody::Owner {
        return None;
    }
    let promised = deadlines.and_then(|due| due.promised.or(due.statutory)).map(|due| due.date);
    let due = work.and_then(|work| work.due).or(promised);
    let due = due.map_or(Timestamp::from_millis(i64::MAX), |day| day.next_day().start());
    let role = match work {
        Some(work) => work.step()?.role,
        None => StepRole::Reviewer,
    };
    Some(Position { role, due, holder })
}
