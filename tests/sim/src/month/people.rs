//! Who comes to the halls with a new matter, and what comes of asking.

use std::collections::BTreeMap;

use serde_json::Value;
use tongban_codes::ids::CaseId;
use tongban_domain::catalogue::Mode;
use tongban_domain::{Agent, Applicant, Command, Role};

use super::applications::{APPLICATION_VISITS_MAX, Collected};
use super::hours::{DAY, HOUR, MINUTE, after, open_between};
use super::ratings::FOLLOW_UPS_MAX;
use super::tally::Tally;
use super::tickets::TICKET_VISITS_MAX;
use super::{Due, visits};
use crate::client::Told;
use crate::genesis::{APPLICANT, PERMIT, SERVICE, Scene, item_of, licence_of, row};
use crate::queue::Event;
use crate::world::World;

/// How often a case is taken up at most.
pub(super) const VISITS_MAX: u8 = 40;

/// Who acts for an applicant.
const AGENT: &str = "110101199003070011";

/// What something that somebody does begins, once it is done.
#[derive(Clone, Copy)]
pub(super) enum Awaited {
    /// A case, collected like this.
    Case(&'static str),
    /// An order, and who answers it.
    Order(usize),
    /// A ticket.
    Ticket,
    /// A rating.
    Rating,
    /// An application.
    Application,
}

/// What people wait for.
#[derive(Default)]
pub(super) struct People {
    /// By the act.
    awaited: BTreeMap<usize, Awaited>,
    /// Where tickets were opened, and their numbers.
    pub(super) tickets: Vec<(usize, String)>,
    /// Where ratings were given, and their numbers.
    pub(super) ratings: Vec<(usize, String)>,
    pub(super) applications: Vec<Collected>,
    imported: u32,
}

impl World {
    /// Draws when somebody comes with a new matter, when one is given up, and when the catalogue is worked on.
    pub(super) fn expects_people(&mut self, calm: i64) {
        let Some(month) = self.month.as_ref() else { return };
        let (cases, now) = (month.plan.cases, self.queue.now());
        let span = open_between(now, calm);
        let Self { chance, queue, .. } = self;
        let mut draw = |count: i64, due: Due| {
            for _ in 0..count {
                queue.put_at(after(now, chance.millis(0, span - 1)), Event::Month(due));
            }
        };
        // The last come a few hours before the end.
        let cases = i64::try_from(cases).unwrap_or(i64::MAX);
        draw(cases, Due::Arrive);
        draw(cases / 5, Due::StandsIn);
        draw(cases / 4, Due::ComesForFew);
        draw(3 * (calm - now) / DAY, Due::Agrees);
        draw(cases / 8, Due::Opens);
        draw(cases / 16, Due::Applies);
        draw(span / (40 * MINUTE), Due::GivenUp);
        draw(2 * (calm - now) / DAY, Due::Housekeeping);
    }

    pub(super) fn arrives(&mut self) {
        let Some(node) = self.open_hall(Due::Arrive) else { return };
        let (to, how) = self.competent(node);
        let (agent, renews, hold) = (self.chance.one_in(8), self.chance.one_in(6), self.chance.one_in(20));
        let division = self.machines[to].place.division;
        let item = if renews || !self.chance.one_in(4) { PERMIT } else { SERVICE };
        let mode = (to != node && self.chance.one_in(3))
            .then(|| if self.chance.one_in(2) { Mode::Online } else { Mode::Collect });
        let agent = agent.then(|| {
            Box::new(Agent {
                name: "李四".to_owned(),
                identity: AGENT.to_owned(),
                power: "ab".repeat(32),
                scope: None,
                until: None,
            })
        });
        let how = if renews {
            "renewal"
        } else if agent.is_some() {
            "by an agent"
        } else {
            how
        };
        let command = Command::Collect {
            item: item_of(item, division),
            division,
            mode,
            applicant: Applicant { name: "张三".to_owned(), identity: APPLICANT.to_owned() },
            materials: Vec::new(),
            hold,
            renews: renews.then(|| licence_of(division)),
            agent,
            by: None,
        };
        self.awaits(Awaited::Case(how));
        self.month_acts(node, Role::Window, command);
    }

    /// A hall to which somebody comes; where it is closed, he comes again later.
    pub(super) fn open_hall(&mut self, due: Due) -> Option<usize> {
        let node = self.chance.below(self.machines.len());
        if self.machines[node].run.is_some() {
            return Some(node);
        }
        let again = after(self.queue.now(), self.chance.millis(10 * MINUTE, 3 * HOUR));
        self.queue.put_at(again, Event::Month(due));
        None
    }

    /// What the next act begins.
    pub(super) fn awaits(&mut self, what: Awaited) {
        let number = self.clients.acts.len();
        if let Some(month) = self.month.as_mut() {
            month.people.awaited.insert(number, what);
        }
    }

    /// Which authority decides the matter of somebody who comes to a hall, and what such a matter is called.
    pub(super) fn competent(&mut self, node: usize) -> (usize, &'static str) {
        let superiors = &self.scene.superiors;
        let above = Scene::above(superiors, node);
        let root = |node: usize| Scene::above(superiors, node).last().copied().unwrap_or(node);
        let all = 0..self.machines.len();
        let within = |other: &usize| *other != node && root(*other) == root(node);
        match self.chance.below(10) {
            0..=3 => (node, "local"),
            4 | 5 if !above.is_empty() => (self.chance.pick(&above).copied().unwrap_or(node), "for a superior"),
            6 | 7 => {
                let others: Vec<usize> = all.filter(within).filter(|other| !above.contains(other)).collect();
                (self.chance.pick(&others).copied().unwrap_or(node), "for another hall")
            }
            8 => {
                let others: Vec<usize> = all.filter(|other| root(*other) != root(node)).collect();
                (self.chance.pick(&others).copied().unwrap_or(node), "for another province")
            }
            _ => {
                let beside: Vec<usize> =
                    all.filter(|other| *other != node && superiors[*other] == superiors[node]).collect();
                match self.chance.pick(&beside).copied() {
                    Some(other) => (other, "for a neighbour"),
                    None => (node, "local"),
                }
            }
        }
    }

    /// Does something at a window; one in ten asks again with the same key.
    pub(super) fn month_acts(&mut self, node: usize, role: Role, command: Command) {
        let number = self.clients.acts.len();
        self.impatient();
        self.acts(node, role, command);
        if self.chance.one_in(10) {
            let again = self.chance.millis(100, 30 * MINUTE);
            self.queue.put(again, Event::Month(Due::Again(number)));
        }
    }

    pub(super) fn asks_again(&mut self, number: usize) {
        let act = &self.clients.acts[number];
        if self.machines[act.node].run.is_some() && act.told != Told::Nothing {
            self.clients.acts[number].asked = self.queue.now();
            self.submit(number);
        }
    }

    /// What an act came to that isn't only said again.
    pub(crate) fn month_hears(&mut self, number: usize, told: &Told) {
        let Some(month) = self.month.as_mut() else { return };
        let act = &self.clients.acts[number];
        if matches!(act.told, Told::Done(_) | Told::Refused(_)) {
            return;
        }
        let reply = match told {
            Told::Done(reply) => {
                *month.tally.acts.entry(visits::name(&act.command)).or_default() += 1;
                serde_json::from_slice::<Value>(reply).unwrap_or_default()
            }
            Told::Refused(code) => {
                *month.tally.refused.entry(code.clone()).or_default() += 1;
                return;
            }
            Told::Nothing | Told::Unknown => return,
        };
        let node = act.node;
        let Some(awaited) = month.people.awaited.remove(&number) else { return };
        let named = |what: &str| reply[what].as_str().map(str::to_owned);
        match awaited {
            Awaited::Order(to) => {
                let due = Event::Month(Due::Answer(to, u32::try_from(number).unwrap_or(u32::MAX)));
                let at = after(self.queue.now(), self.chance.millis(HOUR, 16 * HOUR));
                self.queue.put_at(at, due);
            }
            Awaited::Case(how) => {
                Tally::counts(&mut month.tally.cases, how);
                if let Some(case) = named("case").and_then(|id| id.parse::<CaseId>().ok()) {
                    self.expects_visit(case, VISITS_MAX);
                }
            }
            Awaited::Ticket => {
                let Some(ticket) = named("ticket") else { return };
                month.people.tickets.push((node, ticket));
                let which = month.people.tickets.len() - 1;
                self.expects_ticket(which, TICKET_VISITS_MAX);
            }
            Awaited::Rating => {
                let Some(rating) = named("rating") else { return };
                month.people.ratings.push((node, rating));
                let which = month.people.ratings.len() - 1;
                self.expects_follow_up(which, FOLLOW_UPS_MAX);
            }
            Awaited::Application => {
                let Some(application) = named("application") else { return };
                month.people.applications.push(Collected::new(node, application));
                let which = month.people.applications.len() - 1;
                self.expects_application(which, APPLICATION_VISITS_MAX);
            }
        }
    }

    /// Something new in the catalogue of a hall, which is published.
    pub(super) fn keeps_house(&mut self) {
        let running: Vec<usize> = (0..self.machines.len()).filter(|node| self.machines[*node].run.is_some()).collect();
        let Some(node) = self.chance.pick(&running).copied() else { return };
        let Some(month) = self.month.as_mut() else { return };
        month.people.imported += 1;
        let number = 600 + month.people.imported;
        let division = self.machines[node].place.division;
        let code = item_of(&format!("330A00155{number:05}"), division);
        let covered = format!("{}0000", &division.to_string()[..2]);
        let import = Command::ImportItems(vec![row(2, &code, "01", &covered)].into());
        self.month_acts(node, Role::Catalogue, import);
        self.month_acts(node, Role::Catalogue, Command::PublishItems(Some(code)));
    }

    /// Somebody believes that a node is gone, at any of those that run.
    pub(super) fn gives_up(&mut self) {
        self.reclaims();
    }
}
