//! Permits of limited number, and pledges in the place of a report (数量限制, 告知承诺制): the numbers run out, licences that are cancelled free them, some
//! pledge falsely and are barred until their credit is repaired.

use tongban_domain::case::{Case, Material, Status};
use tongban_domain::pledge::{Outcome, Pledge, Standing};
use tongban_domain::{Applicant, Command, Role};

use super::Due;
use super::people::Awaited;
use crate::genesis::limited::{LIMITED, REPORT};
use crate::genesis::{APPLICANT, item_of};
use crate::world::World;

impl World {
    /// Somebody comes for a permit of limited number, to be had of one in six authorities, so that they run out there.
    pub(super) fn comes_for_few(&mut self) {
        let Some(node) = self.open_hall(Due::ComesForFew) else { return };
        let few: Vec<usize> = (0..self.machines.len()).step_by(6).collect();
        let Some(to) = self.chance.pick(&few).copied() else { return };
        let division = self.machines[to].place.division;
        let command = Command::Collect {
            item: item_of(LIMITED, division),
            division,
            mode: None,
            applicant: Applicant { name: "张三".to_owned(), identity: APPLICANT.to_owned() },
            materials: Vec::new(),
            hold: self.chance.one_in(4),
            renews: None,
            agent: None,
            by: None,
        };
        self.awaits(Awaited::Case("of limited number"));
        self.month_acts(node, Role::Window, command);
    }

    /// What somebody does with a case for its limit, its pledge or its licence alone, if anything.
    pub(super) fn few_act(&mut self, case: &Case) -> Option<(Role, Command)> {
        let id = || case.id.to_string();
        let is_limited = case.item.code == item_of(LIMITED, case.deciding.division);
        match case.status {
            Status::Collected | Status::Notified | Status::Supplemented | Status::Accepted
                if is_limited && case.pledge.is_none() && self.chance.one_in(2) =>
            {
                let commitment = Material { name: "承诺书".to_owned(), sha256: "cd".repeat(32), size: None };
                Some((Role::Reviewer, Command::Pledge { case: id(), materials: vec![REPORT.to_owned()], commitment }))
            }
            Status::Accepted if case.turn.is_some() && self.chance.one_in(6) => {
                Some((Role::Decider, Command::DenyForNumber(id())))
            }
            // In turn or not.
            Status::Accepted if case.turn.is_some() && self.chance.one_in(2) => {
                Some((Role::Decider, Command::Decide { case: id(), grant: true, reason: None }))
            }
            Status::Granted | Status::Delivered | Status::Closed => {
                let found = case.pledge.as_ref().and_then(|pledge| self.finds(pledge));
                let verify = found.map(|(role, outcome)| {
                    (role, Command::VerifyPledge { case: id(), outcome, finding: "现场核查".to_owned() })
                });
                verify.or_else(|| self.cancels(case))
            }
            _ => None,
        }
    }

    /// What is found of a pledge, and who finds it.
    fn finds(&mut self, pledge: &Pledge) -> Option<(Role, Outcome)> {
        match pledge.standing() {
            Standing::ToCheck if self.chance.one_in(3) => Some((Role::Reviewer, Outcome::False)),
            Standing::ToCheck => Some((Role::Reviewer, Outcome::True)),
            Standing::ToPutRight if self.chance.one_in(2) => Some((Role::Reviewer, Outcome::PutRight)),
            Standing::ToPutRight if self.chance.one_in(2) => Some((Role::Decider, Outcome::Annulled)),
            Standing::Over if pledge.bars() && self.chance.one_in(3) => Some((Role::Decider, Outcome::Repaired)),
            _ => None,
        }
    }

    /// The last licence of a case that is limited, or decided in another's place, is cancelled now and then.
    fn cancels(&mut self, case: &Case) -> Option<(Role, Command)> {
        let licence = case.licences.last().filter(|_| case.turn.is_some() || case.instead_of.is_some())?.clone();
        self.chance.one_in(5).then(|| (Role::Issuer, Command::CancelLicence { licence, reason: "歇业".to_owned() }))
    }
}
