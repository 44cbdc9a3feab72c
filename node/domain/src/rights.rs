//! Who may give a command.

use crate::actor::{Actor, Role};
use crate::case::Case;
use crate::command::Command;
use crate::{Facts, Rejection, codes};

impl Command {
    /// Roles of which an operator must hold one to give this command; empty for what only the node itself does.
    #[must_use]
    pub fn roles(&self) -> &'static [Role] {
        match self {
            Command::AddOperator { .. } | Command::GrantMandate { .. } | Command::AddAuthority { .. } => &[Role::Admin],
            Command::ImportItems(_)
            | Command::ClaimItem { .. }
            | Command::ClaimItems { .. }
            | Command::UpdateClaims { .. }
            | Command::DeclineItem { .. }
            | Command::ReplaceItem { .. }
            | Command::TakeBackItem { .. }
            | Command::Agreement(_)
            | Command::WithdrawItem(_) => &[Role::Catalogue],
            Command::PublishItems(_) | Command::SetStandards(_) | Command::WithdrawStandard { .. } => {
                &[Role::Catalogue, Role::Line]
            }
            Command::BringItems { act, .. } => act.roles(),
            Command::Reorganise { .. }
            | Command::ChangeDivision { .. }
            | Command::WithdrawDivision(_)
            | Command::AssignLine { .. }
            | Command::OrderReclaim { .. }
            | Command::DeclineReclaim { .. } => &[Role::Admin],
            Command::AskReclaim { .. } => &[Role::Window, Role::Admin],
            Command::ReportAgain(_) => &[Role::Window, Role::Decider],
            Command::Collect { .. }
            | Command::Offer(_)
            | Command::Deliver { .. }
            | Command::Close(_)
            | Command::Withdraw { .. } => &[Role::Window],
            Command::Accept(_)
            | Command::AcceptEnough { .. }
            | Command::Refuse { .. }
            | Command::Notify { .. }
            | Command::Supplement { .. }
            | Command::Return { .. }
            | Command::ReceivePaper(_)
            | Command::Correct { .. } => &[Role::Window, Role::Reviewer],
            Command::SuspendCase { .. } | Command::ResumeCase { .. } | Command::Check { .. } => {
                &[Role::Reviewer, Role::Decider]
            }
            Command::Amend { .. } => &[Role::Window, Role::Reviewer, Role::Decider],
            Command::Decide { .. }
            | Command::DenyForNumber(_)
            | Command::EnterOutcome { .. }
            | Command::WaiveFee { .. }
            | Command::ExtendCase { .. }
            | Command::Forward { .. } => &[Role::Decider],
            Command::PrintDocument { .. } => &[Role::Window, Role::Reviewer, Role::Decider, Role::Issuer],
            Command::ClaimCase(_) | Command::ReturnCase { .. } | Command::DoStep { .. } => {
                &[Role::Reviewer, Role::Decider]
            }
            Command::HandCaseOn { .. } => &[Role::Reviewer, Role::Decider, Role::Admin],
            Command::Recuse { .. } => &[Role::Window, Role::Reviewer, Role::Decider, Role::Issuer, Role::Admin],
            Command::AcceptLacking { .. } | Command::FollowUp { .. } | Command::Pledge { .. } => {
                &[Role::Window, Role::Reviewer]
            }
            Command::VerifyPledge { .. } => &[Role::Reviewer, Role::Decider],
            Command::Delegate { .. }
            | Command::EndDelegation { .. }
            | Command::HandOver { .. }
            | Command::DisableOperator(_)
            | Command::EnableOperator(_)
            | Command::RegisterIdentity { .. } => &[Role::Admin],
            Command::IssueLicence { .. } | Command::CancelLicence { .. } => &[Role::Issuer],
            Command::SetRule { .. } | Command::CloseCard { .. } | Command::GiveOrder { .. } => &[Role::Supervisor],
            Command::Voice(command) => command.roles(),
            Command::Application(command) => command.roles(),
            Command::Earlier(command) => command.roles(),
            Command::Order(command) => command.roles(),
            Command::AnswerSupervision { .. } => &[Role::Window, Role::Reviewer, Role::Decider, Role::Supervisor],
            Command::TakeOrder { .. }
            | Command::TakeOrderAnswer { .. }
            | Command::SettleOrder { .. }
            | Command::Tick
            | Command::KeepForeignItem(_)
            | Command::TakeCustody { .. }
            | Command::SettleOffer { .. }
            | Command::KeepReclaimRequest { .. }
            | Command::TakeReclaimOrder { .. }
            | Command::ReclaimDeclined { .. }
            | Command::KeepReclaimReturn { .. }
            | Command::TakeSupplement { .. }
            | Command::SupplementRefused { .. }
            | Command::TakeWithdrawal { .. }
            | Command::WithdrawalRefused { .. }
            | Command::Uniform(_)
            | Command::Mirror { .. } => &[],
        }
    }

    /// The case that an act of an operator is on, as it names it or by an order of it: one that a deputy may do for whom he stands in.
    pub(crate) fn case(&self, facts: &dyn Facts) -> Option<Case> {
        match self {
            Command::Order(command) => command.case(facts),
            _ => self.of_case().and_then(|text| facts.case_named(text)),
        }
    }

    /// The case that an act of an operator names.
    fn of_case(&self) -> Option<&str> {
        match self {
            Command::Offer(case)
            | Command::Accept(case)
            | Command::Close(case)
            | Command::ClaimCase(case)
            | Command::ReceivePaper(case)
            | Command::ReportAgain(case)
            | Command::DenyForNumber(case) => Some(case),
            Command::Refuse { case, .. }
            | Command::Notify { case, .. }
            | Command::Decide { case, .. }
            | Command::EnterOutcome { case, .. }
            | Command::WaiveFee { case, .. }
            | Command::SuspendCase { case, .. }
            | Command::ResumeCase { case, .. }
            | Command::ExtendCase { case, .. }
            | Command::Deliver { case, .. }
            | Command::Withdraw { case, .. }
            | Command::IssueLicence { case, .. }
            | Command::HandCaseOn { case, .. }
            | Command::ReturnCase { case, .. }
            | Command::DoStep { case, .. }
            | Command::AcceptLacking { case, .. }
            | Command::FollowUp { case, .. }
            | Command::Pledge { case, .. }
            | Command::VerifyPledge { case, .. }
            | Command::AcceptEnough { case, .. }
            | Command::Supplement { case, .. }
            | Command::Return { case, .. }
            | Command::Correct { case, .. }
            | Command::Check { case, .. }
            | Command::Amend { case, .. }
            | Command::Recuse { case, .. }
            | Command::Forward { case, .. } => Some(case),
            _ => None,
        }
    }
}

/// Refuses an actor who has none of some roles; of none, nobody.
pub(crate) fn has_one(actor: &Actor, needed: &[Role]) -> Result<(), Rejection> {
    if needed.is_empty() || actor.has(needed) {
        return Ok(());
    }
    let (en, zh) = (
        needed.iter().map(|role| role.name()).collect::<Vec<_>>().join(" or "),
        needed.iter().map(|role| role.zh()).collect::<Vec<_>>().join("或"),
    );
    Err(Rejection::new(
        codes::ROLE_MISSING,
        format!("{} lacks the role {en}", actor.operator),
        format!("{} 没有“{zh}”角色", actor.operator),
    )
    .field("operator", &actor.operator)
    .remedy(
        format!("act --as another operator, or: tongban operator role {} --role {}", actor.operator, needed[0].name()),
        format!("换经办人（--as），或授予角色：tongban operator role {} --role {}", actor.operator, needed[0].name()),
    ))
}
