//! What a case came to: the result that stands behind its delivery and its closing, and behind a superior that went on with it (转报).

use minicbor::{Decode, Encode};
use serde::Serialize;
use tongban_codes::division::DivisionCode;
use tongban_codes::time::Date;

use super::progress::{CASE_NO_CHARS_MAX, LICENCE_CHARS_MAX, LICENCES_MAX, TEXT_CHARS_MAX};
use super::{Act, Case, Status};

/// What a case came to.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(map)]
pub struct CameTo {
    /// The state that is its result: one with a number of 办结结果.
    #[n(0)]
    pub status: Status,
    /// The day of it.
    #[n(1)]
    pub on: Option<Date>,
    /// Number of the case that came to it.
    #[n(2)]
    pub case_no: Option<String>,
    /// Why, where it isn't what was applied for.
    #[n(3)]
    pub reason: Option<String>,
    /// Licences that came of it.
    #[n(4)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub licences: Vec<String>,
    /// Division of the authority that came to it.
    #[n(5)]
    pub division: DivisionCode,
}

/// The state that is the result of a case, behind which it may have been delivered or closed.
fn result(case: &Case, acts: &[Act]) -> Option<Status> {
    let is_result = |status: &Status| status.result_code().is_some();
    match case.status {
        Status::Delivered | Status::Closed => acts.iter().rev().map(|act| act.status).find(is_result),
        status => Some(status).filter(is_result),
    }
}

/// The day on which a case came to its result.
fn ended_on(case: &Case, acts: &[Act]) -> Option<Date> {
    // An amendment afterwards is of the same state, and isn't the result.
    let is_result = |act: &&Act| act.status.result_code().is_some();
    let ended = acts.iter().rev().skip_while(|act| !is_result(act)).take_while(is_result);
    case.decided_on.or(ended.last().map(|act| act.at.date()))
}

impl CameTo {
    /// What a case came to, as its row and its known acts say; none while it is open. What a superior goes on with came to what that
    /// one came to, and is [`Status::Forwarded`] as long as that isn't known.
    #[must_use]
    pub fn of(case: &Case, acts: &[Act]) -> Option<Self> {
        let status = result(case, acts)?;
        let went_on = case.forwarded_to.as_ref().filter(|_| status == Status::Forwarded);
        if let Some(outcome) = went_on.and_then(|to| to.outcome.clone()) {
            return Some(outcome);
        }
        Some(Self {
            status,
            on: ended_on(case, acts),
            case_no: case.case_no.clone(),
            reason: case.reason.clone().filter(|_| status != Status::Granted),
            licences: case.licences.clone(),
            division: went_on.map_or(case.deciding.division, |to| to.division),
        })
    }

    /// Whether it is one that a node says of a case that a superior went on with: a result, and no more of it than such a case has.
    pub(super) fn is_said(&self) -> bool {
        let result = self.status.result_code().is_some() && self.status != Status::Forwarded;
        let short = self.reason.as_ref().is_none_or(|reason| reason.chars().count() <= TEXT_CHARS_MAX)
            && self.case_no.as_ref().is_none_or(|number| number.len() <= CASE_NO_CHARS_MAX);
        let licences = self.licences.len() <= LICENCES_MAX
            && self.licences.iter().all(|licence| licence.len() <= LICENCE_CHARS_MAX);
        result && short && licences
    }
}
