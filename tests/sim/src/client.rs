//! Whoever comes to the windows, and the log of what he was told.

use serde_json::Value;
use tongban::engine::{Answer, Key, Outcome, Refused, Request};
use tongban_codes::ids::{CaseId, Digest};
use tongban_domain::case::{Amended, AmendedField, Bringing, Case, Custody, RefusalKind, Status};
use tongban_domain::{Applicant, Command, Role};

use crate::chance::Chance;
use crate::genesis::{APPLICANT, LICENCE_TYPE, PERMIT, SERVICE, actor, licence_of, row};
use crate::machine::Whom;
use crate::queue::{Event, Queue};
use crate::world::World;

/// Milliseconds within which a node that runs answers a window, whatever its links do.
const ANSWER_MILLIS_MAX: i64 = 5_000;

/// What an act came to, as its client knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// He waits.
    Nothing,
    /// Done, with this reply.
    Done(Vec<u8>),
    /// Refused, with this code.
    Refused(String),
    /// It may be done or not.
    Unknown,
}

/// An act of a client.
pub(crate) struct Act {
    pub(crate) node: usize,
    pub(crate) role: Role,
    pub(crate) command: Command,
    pub(crate) key: Key,
    pub(crate) told: Told,
    /// When he last asked.
    pub(crate) asked: i64,
}

/// All clients.
#[derive(Default)]
pub(crate) struct Clients {
    pub(crate) acts: Vec<Act>,
    imported: u32,
}

impl Clients {
    pub(crate) fn new(chance: &mut Chance, queue: &mut Queue, span: i64) -> Self {
        for _ in 0..40 + chance.below(50) {
            queue.put(chance.millis(1000, span), Event::Client);
        }
        Self::default()
    }

    /// How many acts were acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        self.acts.iter().filter(|act| matches!(act.told, Told::Done(_))).count()
    }

    /// Whoever waited at this node doesn't know what came of it.
    pub(crate) fn crashed(&mut self, node: usize) {
        for act in self.acts.iter_mut().filter(|act| act.node == node && act.told == Told::Nothing) {
            act.told = Told::Unknown;
        }
    }

    /// Who waits for longer than a node may take.
    pub(crate) fn unserved(&self, now: i64) -> Option<&Act> {
        self.acts.iter().find(|act| act.told == Told::Nothing && now - act.asked > ANSWER_MILLIS_MAX)
    }
}

/// What an operator may do next with a case, and who.
pub(crate) fn next(chance: &mut Chance, case: &Case) -> (Role, Command) {
    let id = case.id.to_string();
    let reason = || Some("材料不实".to_owned());
    let withdraw = (Role::Window, Command::Withdraw { case: id.clone(), reason: None });
    let accept = (Role::Reviewer, Command::Accept(id.clone()));
    match case.status {
        Status::Collected if !matches!(case.custody, Custody::Owner) => match chance.below(3) {
            0 => withdraw,
            1 => (Role::Window, Command::Offer(id)),
            _ => accept,
        },
        Status::Collected => match chance.below(8) {
            0 => (
                Role::Reviewer,
                Command::Notify {
                    case: id, items: vec!["缺申请书".to_owned()], new_reasons: Vec::new(), within: None
                },
            ),
            1 => {
                let (kind, reason) = (RefusalKind::NotRequired, "依法不需要".to_owned());
                (Role::Reviewer, Command::Refuse { case: id, kind, reason, competent: None })
            }
            2 => withdraw,
            3 => (Role::Window, Command::Offer(id)),
            _ => accept,
        },
        Status::Notified | Status::Supplemented if chance.one_in(6) => withdraw,
        Status::Notified if chance.one_in(8) => {
            let reason = "报告可以共享取得".to_owned();
            (Role::Reviewer, Command::AcceptEnough { case: id, reason })
        }
        Status::Notified => {
            let missing =
                case.correction.as_ref().map_or(1, |correction| correction.missing().first().copied().unwrap_or(1));
            let brings = vec![Bringing { item: missing.to_string(), materials: Vec::new() }];
            (Role::Window, Command::Supplement { case: id, brings })
        }
        Status::Supplemented if chance.one_in(6) => {
            let (items, new_reasons) = (vec!["报告已过期".to_owned()], vec!["补正后才提交".to_owned()]);
            (Role::Reviewer, Command::Notify { case: id, items, new_reasons, within: None })
        }
        Status::Supplemented => accept,
        Status::Accepted if chance.one_in(8) => withdraw,
        Status::Accepted if chance.one_in(10) => {
            let (field, value, reason) =
                (AmendedField::ApplicantName, format!("张{}", chance.below(100)), "录入有误".to_owned());
            (Role::Window, Command::Amend { case: id, amended: Amended { field, value, reason } })
        }
        Status::Accepted if chance.one_in(6) => {
            (Role::Reviewer, Command::SuspendCase { case: id, procedure: "检测".to_owned(), days: 5 })
        }
        Status::Accepted if chance.one_in(8) => {
            let (approver, reason) = ("局长".to_owned(), "案情复杂".to_owned());
            (Role::Decider, Command::ExtendCase { case: id, days: 10, approver, reason })
        }
        Status::SpecialProcedure if chance.one_in(6) => withdraw,
        Status::SpecialProcedure => (Role::Reviewer, Command::ResumeCase { case: id, note: None }),
        Status::Accepted => {
            let grant = !chance.one_in(4);
            (Role::Decider, Command::Decide { case: id, grant, reason: if grant { None } else { reason() } })
        }
        Status::Granted if chance.one_in(2) => {
            let until = "2030-01-01".parse().expect("a day");
            (Role::Issuer, Command::IssueLicence { case: id, kind: LICENCE_TYPE.to_owned(), until })
        }
        Status::Granted | Status::Denied => (Role::Window, Command::Deliver { case: id, note: None }),
        _ => (Role::Window, Command::Close(id)),
    }
}

impl World {
    /// Somebody does something at a window of a node that runs.
    pub(crate) fn client(&mut self) {
        self.impatient();
        if self.chance.one_in(6) && self.again() {
            return;
        }
        if self.chance.one_in(8) && self.reclaims() {
            return;
        }
        let running: Vec<usize> = (0..self.machines.len()).filter(|node| self.machines[*node].run.is_some()).collect();
        let Some(node) = self.chance.pick(&running).copied() else { return };
        let cases: Vec<CaseId> = self.oracle.cases(node).keys().copied().collect();
        let (node, role, command) = if self.chance.one_in(14) {
            let (role, command) = self.housekeeping();
            (node, role, command)
        } else if cases.is_empty() || self.chance.one_in(3) {
            (node, Role::Window, self.collect(node))
        } else {
            let Some(case) = self.chance.pick(&cases).and_then(|case| self.oracle.cases(node).get(case)).cloned()
            else {
                return;
            };
            // Most go to where the case is.
            let owner = self.oracle.owner(&case.id).filter(|owner| self.machines[*owner].run.is_some());
            let node = if self.chance.one_in(6) { node } else { owner.unwrap_or(node) };
            // What a notice asks for is as often brought to the hall that collected.
            let hall = self.machines.iter().position(|machine| machine.place.node == case.collecting.node);
            let hall = hall.filter(|hall| case.status == Status::Notified && self.machines[*hall].run.is_some());
            let node = hall.filter(|_| self.chance.one_in(2)).unwrap_or(node);
            let case = self.oracle.cases(node).get(&case.id).cloned().unwrap_or(case);
            let (role, command) = next(&mut self.chance, &case);
            (node, role, command)
        };
        self.acts(node, role, command);
    }

    /// Somebody does this at a window, for the first time.
    pub(crate) fn acts(&mut self, node: usize, role: Role, command: Command) {
        let number = self.clients.acts.len();
        let digest = |what: &str| Digest::of(format!("{what} {number}").as_bytes());
        let key = Key { key: digest("key"), request: digest("request") };
        let asked = self.queue.now();
        self.clients.acts.push(Act { node, role, command, key, told: Told::Nothing, asked });
        self.submit(number);
    }

    fn collect(&mut self, node: usize) -> Command {
        let to = if self.chance.one_in(3) { node } else { self.chance.below(self.machines.len()) };
        let item = if self.chance.one_in(4) { SERVICE } else { PERMIT };
        let division = self.machines[to].place.division;
        let renews = (item == PERMIT && self.chance.one_in(3)).then(|| licence_of(division));
        Command::Collect {
            item: item.to_owned(),
            division,
            mode: None,
            applicant: Applicant { name: "张三".to_owned(), identity: APPLICANT.to_owned() },
            materials: Vec::new(),
            hold: self.chance.one_in(5),
            renews,
            agent: None,
            by: None,
        }
    }

    /// Something of the catalogue.
    fn housekeeping(&mut self) -> (Role, Command) {
        self.clients.imported += 1;
        let number = self.clients.imported;
        match self.chance.below(4) {
            0 => (Role::Catalogue, Command::WithdrawItem(PERMIT.to_owned())),
            1 => (Role::Catalogue, Command::PublishItems(None)),
            _ => {
                let code = format!("330A00155{:05}", 600 + number);
                (Role::Catalogue, Command::ImportItems(vec![row(2, &code, "01", "330000")].into()))
            }
        }
    }

    /// Somebody asks again with the same key; false when nobody does.
    fn again(&mut self) -> bool {
        let runs = |node: usize| self.machines[node].run.is_some();
        let acts = self.clients.acts.iter().enumerate();
        let may: Vec<usize> = acts
            .filter(|(_, act)| runs(act.node) && matches!(act.told, Told::Done(_) | Told::Unknown))
            .map(|(number, _)| number)
            .collect();
        let Some(number) = self.chance.pick(&may).copied() else { return false };
        self.clients.acts[number].asked = self.queue.now();
        self.submit(number);
        true
    }

    pub(crate) fn submit(&mut self, number: usize) {
        let act = &self.clients.acts[number];
        let (node, role, command, key) = (act.node, act.role, act.command.clone(), act.key);
        self.note(format_args!("{number} at {node}: {}", named(&command)));
        let request = Request::Act { actor: actor(role), command: Box::new(command), key: Some(key) };
        self.ask(node, request, Whom::Client(number));
    }

    /// A client hears what came of his act.
    pub(crate) fn served(&mut self, number: usize, outcome: Outcome) {
        let act = &self.clients.acts[number];
        let (node, key) = (act.node, act.key.key);
        let told = match outcome {
            Ok(committed) => match committed.into_inner() {
                Answer::Json(reply) => Told::Done(reply),
                other => {
                    self.oracle.breach("2", format!("act {number} was answered with {other:?}"));
                    return;
                }
            },
            Err(Refused::Rejection(rejection)) => Told::Refused(rejection.code.to_owned()),
            Err(Refused::Problem(problem)) => Told::Refused(problem.code.clone()),
            Err(Refused::Unknown | Refused::Stopped) => Told::Unknown,
        };
        let short = match &told {
            Told::Done(_) => "done".to_owned(),
            other => format!("{other:?}"),
        };
        self.note(format_args!("{number} at {node}: {short}"));
        if let Told::Refused(code) = &told
            && code == "internal-fault"
        {
            self.oracle.breach("9", format!("act {number} at {node} met a fault of the node"));
        }
        if let Told::Done(reply) = &told {
            let named_case =
                serde_json::from_slice::<Value>(reply).ok().is_some_and(|reply| reply.get("case").is_some());
            self.oracle.hears_reply(node, &key, reply, named_case);
        }
        self.month_hears(number, &told);
        let before = &self.clients.acts[number].told;
        match (before, &told) {
            (Told::Done(first), Told::Done(second)) if first == second => {}
            (Told::Done(_), _) if self.oracle.forgot(node, &key) => {}
            (Told::Done(_), Told::Unknown) => {}
            (Told::Done(_), other) => {
                let text = format!("act {number} at {node} was done, and now it is {other:?}");
                self.oracle.breach("4", text);
            }
            _ => self.clients.acts[number].told = told,
        }
    }

    /// Every node that runs has answered in time (promise 9).
    pub(crate) fn impatient(&mut self) {
        if let Some(act) = self.clients.unserved(self.queue.now()) {
            let text = format!("node {} left a window without an answer: {}", act.node, named(&act.command));
            self.oracle.breach("9", text);
        }
    }
}

/// A command without what is personal.
pub(crate) fn named(command: &Command) -> String {
    let text = format!("{command:?}");
    text.chars().take(90).collect()
}
