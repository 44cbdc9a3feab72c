//! A case is taken up by somebody who works on it, until it is closed.

use tongban_codes::ids::CaseId;
use tongban_domain::case::{Case, Status};
use tongban_domain::voice::VoiceCommand;
use tongban_domain::{Command, Role};

use super::Due;
use super::hours::{DAY, HOUR, MINUTE, after};
use super::people::{Awaited, VISITS_MAX};
use crate::client::{Told, next};
use crate::genesis::{PERMIT, Scene, item_of};
use crate::queue::Event;
use crate::world::World;

/// What a command is called.
pub(super) fn name(command: &Command) -> String {
    let first = |text: String| text.chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
    match command {
        Command::Voice(VoiceCommand::Ticket { act, .. }) => format!("Ticket-{}", first(format!("{act:?}"))),
        Command::Voice(VoiceCommand::Open(_)) => "Ticket-Open".to_owned(),
        Command::Voice(VoiceCommand::FollowUp { act, .. }) => format!("Rating-{}", first(format!("{act:?}"))),
        Command::Voice(voice) => first(format!("{voice:?}")),
        Command::Application(application) => format!("Application-{}", first(format!("{application:?}"))),
        Command::Agreement(agreement) => format!("Agreement-{}", first(format!("{agreement:?}"))),
        _ => first(format!("{command:?}")),
    }
}

impl World {
    /// A case will be taken up, in minutes or days; now and then so late that the law answers first.
    pub(super) fn expects_visit(&mut self, case: CaseId, left: u8) {
        let open = match self.chance.below(40) {
            0 => self.chance.millis(5 * 8 * HOUR, 8 * 8 * HOUR),
            1..=9 => self.chance.millis(8 * HOUR, 24 * HOUR),
            10..=24 => self.chance.millis(HOUR, 8 * HOUR),
            _ => self.chance.millis(5 * MINUTE, HOUR),
        };
        let at = after(self.queue.now(), open);
        self.queue.put_at(at, Event::Month(Due::Visit(case, left)));
    }

    pub(super) fn visits(&mut self, id: CaseId, left: u8) {
        let Some((node, case)) = self.at_hand(&id) else {
            // Its node is off, or it is on its way.
            let at = after(self.queue.now(), self.chance.millis(HOUR, DAY / 3));
            return self.queue.put_at(at, Event::Month(Due::Visit(id, left)));
        };
        if matches!(case.status, Status::Closed | Status::Withdrawn) {
            if let Some((role, command)) = self.few_act(&case) {
                self.month_acts(node, role, command);
                if left > 0 {
                    self.expects_visit(id, left - 1);
                }
            } else if self.chance.one_in(5) {
                self.rates(node, &case);
            }
            return;
        }
        if let Some(forwarded) = case.forwarded_to.as_ref().filter(|_| case.status == Status::Forwarded) {
            self.expects_visit(forwarded.case, VISITS_MAX);
        }
        let is_over = matches!(case.status, Status::Granted | Status::Denied | Status::Delivered);
        if is_over && self.chance.one_in(6) {
            self.rates(node, &case);
        } else {
            let (node, role, command) = self.takes_up(node, &case);
            self.month_acts(node, role, command);
        }
        if left > 0 {
            self.expects_visit(id, left - 1);
        }
    }

    /// Where a case can be worked on, and how it stands there: at its owner, or at the hall that collected.
    fn at_hand(&mut self, id: &CaseId) -> Option<(usize, Case)> {
        let runs = |node: &usize| self.machines[*node].run.is_some();
        let owner = self.oracle.owner(id);
        let any = self.oracle.knows(id);
        let collecting = any.iter().find_map(|node| self.oracle.cases(*node).get(id)).map(|case| case.collecting.node);
        let hall = self.machines.iter().position(|machine| Some(machine.place.node) == collecting);
        let node = owner.filter(runs).or(hall.filter(runs))?;
        let case = self.oracle.cases(node).get(id)?.clone();
        // What a notice asks for is as often brought to the hall that collected.
        match hall.filter(|hall| runs(hall) && *hall != node) {
            Some(hall) if case.status == Status::Notified && self.chance.one_in(2) => {
                let there = self.oracle.cases(hall).get(id)?.clone();
                Some((hall, there))
            }
            _ => Some((node, case)),
        }
    }

    /// Who does what with a case.
    fn takes_up(&mut self, node: usize, case: &Case) -> (usize, Role, Command) {
        let id = case.id.to_string();
        let above = Scene::above(&self.scene.superiors, node);
        let superior = above.iter().copied().find(|node| self.machines[*node].run.is_some());
        if let Some(superior) = superior.filter(|_| self.chance.one_in(25)) {
            self.awaits(Awaited::Order(node));
            let division = Some(self.machines[node].place.division);
            let order = Command::GiveOrder { about: id, division, text: "请说明办理情况".to_owned(), days: 5 };
            return (superior, Role::Supervisor, order);
        }
        if let Some((role, command)) = self.few_act(case) {
            return (node, role, command);
        }
        let division = self.machines[node].place.division;
        // What is decided in another's place goes to no superior, and somebody tries.
        let may_forward = case.item.code == item_of(PERMIT, division) || case.instead_of.is_some();
        let (role, command) = match case.status {
            Status::Accepted if self.chance.one_in(8) && may_forward => {
                let Some(to) = self.chance.pick(&above).copied() else { return self.goes_on(node, case) };
                let division = self.machines[to].place.division;
                let (item, opinion) = (item_of(PERMIT, division), "符合条件".to_owned());
                (Role::Decider, Command::Forward { case: id, division, item, opinion })
            }
            Status::Accepted if self.chance.one_in(10) => {
                let officers = [Role::Reviewer, Role::Decider].map(|role| role.name().to_owned()).into();
                (Role::Reviewer, Command::Check { case: id, officers, finding: "与申请一致".to_owned() })
            }
            Status::Collected | Status::Supplemented if self.chance.one_in(12) => {
                let what = "地址写错，已改正".to_owned();
                (Role::Window, Command::Correct { case: id, what, materials: Vec::new() })
            }
            Status::Notified if self.chance.one_in(4) => {
                (Role::Reviewer, Command::Return { case: id, reason: "逾期未补正".to_owned() })
            }
            _ => return self.goes_on(node, case),
        };
        (node, role, command)
    }

    fn goes_on(&mut self, node: usize, case: &Case) -> (usize, Role, Command) {
        let (role, command) = next(&mut self.chance, case);
        (node, role, command)
    }

    /// Who was ordered to answer does so.
    pub(super) fn answers_order(&mut self, node: usize, act: u32) {
        let Some(Told::Done(reply)) = self.clients.acts.get(act as usize).map(|act| act.told.clone()) else { return };
        let reply: serde_json::Value = serde_json::from_slice(&reply).unwrap_or_default();
        let Some(number) = reply["number"].as_str().map(str::to_owned) else { return };
        if self.machines[node].run.is_some() {
            let answer = Command::AnswerSupervision { number, text: "正在办理".to_owned() };
            self.month_acts(node, Role::Reviewer, answer);
        }
    }
}
