//! What the acts of a case say in the tables: the process (`up_pro_process`), and special procedures (`up_pro_special_procedure`).

use tongban_codes::time::Timestamp;

use super::row::Choices;
use super::value::{day, moment};
use crate::case::{Act, ActKind, Case, Status};
use crate::work::step_of;

/// 延长审批 among the kinds of special procedures (GB/T 39046 A.7).
const PROLONGED: &str = "1";
/// 除延长审批之外.
const OTHERWISE: &str = "2";

/// An act as a step of the process: from its beginning to its end.
pub(super) struct Step<'a> {
    act: &'a Act,
    /// When it was taken up; when it was done, where nobody did so before.
    begun: Timestamp,
}

/// The steps of a case: what was done with it, but for how it went from hall to hall.
pub(super) fn steps(acts: &[Act]) -> Vec<Step<'_>> {
    let mut claimed = None;
    let mut steps = Vec::new();
    for act in acts.iter().filter(|act| is_step(act.kind)) {
        let ends = matches!(act.kind, ActKind::PassStep | ActKind::ReturnStep | ActKind::SignStep | ActKind::Decide);
        let begun = claimed.filter(|at| ends && *at <= act.at).unwrap_or(act.at);
        if matches!(act.kind, ActKind::Claim | ActKind::HandOn) {
            claimed = Some(act.at);
        } else if ends {
            claimed = None;
        }
        steps.push(Step { act, begun });
    }
    steps
}

/// Whether an act is a step of the process. Offers, their answers and reclaims move a case between nodes of this federation, and a word that another
/// node didn't take, or is told again, moves nothing; of those the platform above knows nothing.
fn is_step(kind: ActKind) -> bool {
    !matches!(
        kind,
        ActKind::Offer
            | ActKind::TakeCustody
            | ActKind::RefuseCustody
            | ActKind::Discharge
            | ActKind::AskReclaim
            | ActKind::Reclaim
            | ActKind::RefuseReport
            | ActKind::ReportAgain
            | ActKind::RefuseWithdrawal
    )
}

impl Step<'_> {
    /// What it is known by: acts are numbered where they are done, and keep that wherever they are known.
    pub(super) fn key(&self) -> String {
        format!("{}-{}", self.act.place.node, self.act.number)
    }

    pub(super) fn value(&self, choices: &Choices, column: &str) -> Option<String> {
        let Self { act, begun } = self;
        match column {
            "process_name" => {
                let step = act.note.as_deref().and_then(step_of).filter(|_| is_move(act.kind));
                Some(step.unwrap_or(act.kind.zh()).to_owned())
            }
            "event_name" => Some(action(act, choices).to_owned()),
            "handle_user_name" => Some(act.operator.clone()),
            "handle_explain" => Some(explained(act)),
            "event_start_time" => Some(moment(*begun)),
            "event_end_time" => Some(moment(act.at)),
            "process_area_code" => Some(act.place.division.to_string()),
            _ => None,
        }
    }
}

/// Whether an act takes a case from one of its steps to another.
fn is_move(kind: ActKind) -> bool {
    matches!(kind, ActKind::PassStep | ActKind::ReturnStep)
}

/// 业务动作.
fn action<'c>(act: &Act, choices: &'c Choices) -> &'c str {
    match act.kind {
        ActKind::Accept | ActKind::AcceptDeemed | ActKind::PassStep | ActKind::DeemedRenewal => &choices.passed,
        ActKind::Decide if act.status == Status::Granted => &choices.passed,
        ActKind::Refuse | ActKind::Return | ActKind::ReturnStep | ActKind::RefuseSupplement => &choices.sent_back,
        _ => &choices.other_action,
    }
}

/// What is said with an act; what it is, where nothing is: the column takes no silence.
pub(super) fn explained(act: &Act) -> String {
    let said = act.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    said.map_or_else(
        || match act.kind {
            ActKind::Decide => act.status.zh().to_owned(),
            kind => kind.zh().to_owned(),
        },
        str::to_owned,
    )
}

/// A special procedure that is over, or the extension.
pub(super) struct Special<'a> {
    /// What it is known by.
    pub(super) key: String,
    begun: &'a Act,
    kind: &'static str,
    name: &'a str,
    basis: &'a str,
    end: String,
    ended: Option<&'a Act>,
    approver: &'a str,
}

/// The special procedures of a case. One that goes on has no end yet, which the table demands: its row comes with that.
pub(super) fn specials<'a>(case: &'a Case, acts: &'a [Act]) -> Vec<Special<'a>> {
    let mut found = Vec::new();
    let suspensions = acts.iter().enumerate().filter(|(_, act)| act.kind == ActKind::Suspend);
    for (number, (stop, (place, begun))) in case.stops.iter().zip(suspensions).enumerate() {
        // Resumed, or ended with the case: the first act that leaves the state.
        let ended = acts[place + 1..].iter().find(|act| act.status != Status::SpecialProcedure && is_step(act.kind));
        let (Some(until), Some(ended)) = (stop.until, ended) else { continue };
        let end = if ended.at.date() == until { moment(ended.at) } else { day(until) };
        found.push(Special {
            key: format!("stop-{}", number + 1),
            begun,
            kind: OTHERWISE,
            name: &stop.procedure,
            basis: &stop.basis,
            end,
            ended: Some(ended),
            approver: &ended.operator,
        });
    }
    let extended = acts.iter().rev().find(|act| act.kind == ActKind::Extend);
    if let (Some(extension), Some(begun)) = (&case.extension, extended) {
        // It lasts to the day on which the longer time is over.
        let last = case.deadlines.as_ref().and_then(|deadlines| deadlines.statutory).map(|deadline| deadline.date);
        found.push(Special {
            key: "extension".to_owned(),
            begun,
            kind: PROLONGED,
            name: "延长审批",
            basis: &extension.basis,
            end: last.map_or_else(|| moment(begun.at), day),
            ended: None,
            approver: &extension.approver,
        });
    }
    found
}

impl Special<'_> {
    pub(super) fn value(&self, column: &str) -> Option<String> {
        match column {
            "special_type" => Some(self.kind.to_owned()),
            "special_name" => Some(self.name.to_owned()),
            "special_reason" => Some(explained(self.begun)),
            "special_time" => Some(moment(self.begun.at)),
            "end_time" => Some(self.end.clone()),
            "result" => self.ended.map(explained),
            "special_explain" => Some(self.basis.to_owned()),
            "applyer_user_name" => Some(self.begun.operator.clone()),
            "handle_user_name" => Some(self.approver.to_owned()),
            "special_area_code" => Some(self.begun.place.division.to_string()),
            _ => None,
        }
    }
}
