//! 异地受理、无差别办理: who comes to an authority that decides in another's place, and the agreements by which it may, which end and are made anew.

use tongban::engine::Request;
use tongban_codes::time::Timestamp;
use tongban_domain::catalogue::{AgreementCommand, ForeignItem, Mode, ServiceItem};
use tongban_domain::{Actor, Applicant, Command, Place, Role};
use tongban_storage::keyspace::item;

use super::Due;
use super::hours::day;
use super::people::Awaited;
use crate::genesis::alike::{SAME, agreement};
use crate::genesis::{APPLICANT, item_of};
use crate::machine::Whom;
use crate::world::World;

impl World {
    /// Somebody comes to a hall whose authority is to decide in the place of the one in charge.
    pub(super) fn stands_in(&mut self) {
        let Some(node) = self.open_hall(Due::StandsIn) else { return };
        let Some(charge) = self.in_charge(node) else { return };
        self.fetches(node, charge);
        let (here, division) = (self.machines[node].place.division, self.machines[charge].place.division);
        let command = Command::Collect {
            item: item_of(SAME, division),
            division,
            mode: Some(Mode::Uniform),
            applicant: Applicant { name: "张三".to_owned(), identity: APPLICANT.to_owned() },
            materials: Vec::new(),
            hold: false,
            renews: None,
            agent: None,
            by: self.chance.one_in(4).then(|| item_of(SAME, here)),
        };
        self.awaits(Awaited::Case("in another's place"));
        self.month_acts(node, Role::Window, command);
    }

    /// Who is in charge of the matter: mostly an authority that has agreed with the hall's, be the agreement over or not; now and then any.
    fn in_charge(&mut self, node: usize) -> Option<usize> {
        let here = self.machines[node].place.division;
        let agreed = |other: &usize| {
            let item = self.same_item(*other).filter(|_| *other != node);
            let mut parties = item.iter().flat_map(|item| &item.agreements).flat_map(|known| &known.parties);
            parties.any(|party| party.division == here)
        };
        let all = 0..self.machines.len();
        let agreed: Vec<usize> = all.clone().filter(agreed).collect();
        let among: Vec<usize> = if self.chance.one_in(8) { all.collect() } else { agreed };
        self.chance.pick(&among).copied()
    }

    /// The permit of a node that is the same everywhere, as its state has it.
    pub(super) fn same_item(&self, node: usize) -> Option<ServiceItem> {
        let machine = &self.machines[node];
        item::ITEM.load(&*machine.disk.state, &item_of(SAME, machine.place.division)).ok().flatten()
    }

    /// A hall looks up the item of the authority in charge before it collects; what it had before serves where that one can't be reached.
    fn fetches(&mut self, node: usize, charge: usize) {
        let answers = self.machines[charge].run.is_some() && self.network.goes(node, charge);
        if node == charge || !answers || self.chance.one_in(2) {
            return;
        }
        let Some(item) = self.same_item(charge) else { return };
        let as_of = Timestamp::from_millis(self.queue.now());
        let foreign = ForeignItem { item, node: self.machines[charge].place.node, as_of };
        let command = Box::new(Command::KeepForeignItem(Box::new(foreign)));
        self.ask(node, Request::Act { actor: Actor::system(), command, key: None }, Whom::Nobody);
    }

    /// An authority withdraws an agreement as of tomorrow or some days later, or makes another one.
    pub(super) fn agrees(&mut self) {
        let running: Vec<usize> = (0..self.machines.len()).filter(|node| self.machines[*node].run.is_some()).collect();
        let Some(node) = self.chance.pick(&running).copied() else { return };
        let Some(item) = self.same_item(node) else { return };
        let today = day(self.queue.now());
        let mut known = item.agreements.iter().filter(|known| known.holds(today) && known.withdrawn.is_none());
        let command = match known.next_back().map(|known| known.number.clone()) {
            Some(number) if !self.chance.one_in(3) => {
                let from = self.chance.one_in(3).then(|| today.add_days(2));
                AgreementCommand::Withdraw { number, from, reason: "不再续签".to_owned() }
            }
            _ => {
                let all: Vec<Place> = self.machines.iter().map(|machine| machine.place).collect();
                let last = (node + 1 + self.chance.below(all.len() - 1)) % all.len();
                let mut others = vec![all[last]];
                for (other, place) in all.iter().enumerate() {
                    if other != node && other != last && self.chance.one_in(3) {
                        others.push(*place);
                    }
                }
                let agreement = Box::new(agreement(all[node], item.agreements.len(), &others, today));
                AgreementCommand::Add { agreement, items: vec![item.code.clone()] }
            }
        };
        self.month_acts(node, Role::Catalogue, Command::Agreement(command));
    }
}
