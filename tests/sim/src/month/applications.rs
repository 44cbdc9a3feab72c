//! Life events (一件事): one application, several items of several authorities, some of which wait for others.

use std::collections::{BTreeMap, BTreeSet};

use tongban_codes::ids::CaseId;
use tongban_domain::application::{
    Application, ApplicationCommand, CollectApplication, Joint, Plan as Planned, PlannedPart,
};
use tongban_domain::{Applicant, Command, Role};
use tongban_storage::keyspace::application;

use super::Due;
use super::hours::{HOUR, after};
use super::people::{Awaited, VISITS_MAX};
use crate::genesis::{APPLICANT, PERMIT, SERVICE, item_of};
use crate::queue::Event;
use crate::world::World;

/// How often an application is seen to at most.
pub(super) const APPLICATION_VISITS_MAX: u8 = 40;

/// The on-site check that parts share.
const INSPECTION: &str = "现场踏勘";

/// An application that was collected.
pub(super) struct Collected {
    node: usize,
    number: String,
    /// Cases of its parts that somebody works on.
    taken_up: BTreeSet<CaseId>,
}

impl Collected {
    pub(super) fn new(node: usize, number: String) -> Self {
        Self { node, number, taken_up: BTreeSet::new() }
    }
}

impl World {
    /// Somebody applies for a life event at a hall.
    pub(super) fn applies(&mut self) {
        let Some(node) = self.open_hall(Due::Applies) else { return };
        let [(first, _), (second, _), (third, _)] = [0; 3].map(|_| self.competent(node));
        let part = |part: &str, item: &str, at: usize| {
            let division = self.machines[at].place.division;
            PlannedPart {
                part: part.to_owned(),
                item: item_of(item, division),
                division,
                after: Vec::new(),
                fields: vec!["经营者名称".to_owned()],
                materials: Some(Vec::new()),
                results: BTreeMap::new(),
                joint: None,
            }
        };
        let mut permit = part("许可", PERMIT, first);
        permit.joint = Some(INSPECTION.to_owned());
        // The filing takes the licence that came of the permit, and so waits for it.
        let mut filing = part("备案", SERVICE, second);
        filing.materials = Some(vec!["许可证".to_owned()]);
        filing.results = BTreeMap::from([("许可证".to_owned(), "许可".to_owned())]);
        let mut parts = vec![filing, permit];
        if third != first {
            let mut sign = part("招牌", PERMIT, third);
            sign.joint = Some(INSPECTION.to_owned());
            parts.push(sign);
        }
        if third != second {
            let mut last = part("验收", SERVICE, third);
            last.after = vec!["备案".to_owned()];
            parts.push(last);
        }
        let request = CollectApplication {
            plan: Planned { event: None, name: Some("开办门店".to_owned()), parts, jointly: false },
            applicant: Applicant { name: "张三".to_owned(), identity: APPLICANT.to_owned() },
            fields: vec![("经营者名称".to_owned(), "某某商店".to_owned())],
            materials: Vec::new(),
            licences: Vec::new(),
        };
        self.awaits(Awaited::Application);
        self.month_acts(node, Role::Window, Command::Application(ApplicationCommand::Collect(Box::new(request))));
    }

    /// An application will be seen to.
    pub(super) fn expects_application(&mut self, which: usize, left: u8) {
        let at = after(self.queue.now(), self.chance.millis(HOUR, 8 * HOUR));
        self.queue.put_at(at, Event::Month(Due::Application(which, left)));
    }

    /// Somebody sees to an application: works on the cases that its parts have by now, and does what concerns the whole.
    pub(super) fn sees_to(&mut self, which: usize, left: u8) {
        let Some((node, row)) = self.application_at_hand(which) else { return self.expects_application(which, left) };
        let Some(month) = self.month.as_mut() else { return };
        let cases = row.parts.iter().filter_map(|part| part.case);
        let new: Vec<CaseId> = cases.filter(|case| month.people.applications[which].taken_up.insert(*case)).collect();
        for case in new {
            self.expects_visit(case, VISITS_MAX);
        }
        if row.answer.is_some() {
            return;
        }
        let application = row.number.clone();
        match self.chance.below(16) {
            0..=5 => {
                self.applies_act(node, Role::Window, ApplicationCommand::Answer { application, forwarded_open: false });
            }
            6 => self.applies_act(node, Role::Window, ApplicationCommand::Advance { application }),
            7 => {
                // All that is open, or what was asked for last.
                let last = row.parts.last().map(|part| part.part.clone());
                let parts = last.filter(|_| !self.chance.one_in(3)).into_iter().collect();
                self.applies_act(node, Role::Window, ApplicationCommand::Withdraw { application, parts, reason: None });
            }
            8..=10 => self.inspects(&row),
            _ => {}
        }
        if left > 0 {
            self.expects_application(which, left - 1);
        }
    }

    fn applies_act(&mut self, node: usize, role: Role, command: ApplicationCommand) {
        self.month_acts(node, role, Command::Application(command));
    }

    /// One of the authorities that share the on-site check leads it.
    fn inspects(&mut self, row: &Application) {
        let cases = row.parts.iter().filter(|part| part.joint.is_some()).filter_map(|part| part.case);
        let leading: Vec<usize> = cases.filter_map(|case| self.oracle.owner(&case)).collect();
        let Some(node) = self.chance.pick(&leading).copied().filter(|node| self.machines[*node].run.is_some()) else {
            return;
        };
        let officers = [Role::Reviewer, Role::Decider].map(|role| role.name().to_owned()).into();
        let (application, joint) = (row.number.clone(), INSPECTION.to_owned());
        let act = Joint::Inspection { officers, finding: "符合要求".to_owned() };
        self.applies_act(node, Role::Reviewer, ApplicationCommand::Joint { application, joint, act });
    }

    /// An application where it was collected, if that node runs.
    fn application_at_hand(&self, which: usize) -> Option<(usize, Application)> {
        let known = self.month.as_ref()?.people.applications.get(which)?;
        let machine = &self.machines[known.node];
        machine.run.as_ref()?;
        let row = application::named(&*machine.disk.state, &known.number).ok().flatten()?;
        Some((known.node, row))
    }
}
