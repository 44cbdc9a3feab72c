//! Whoever believes that a node is gone: the hall that asks for a case back, and the superior that orders it.
//!
//! Nobody is revoked here, and the node that is given up may be only dark, cut off, or not even that: the tenure alone has to hold.

use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;
use tongban_domain::case::Status;
use tongban_domain::{Command, Role, Witness};
use tongban_storage::keyspace::case::RECLAIM;

use crate::world::World;

impl World {
    /// Somebody asks for a case back, or orders what was asked for; false when there is nothing of either.
    pub(crate) fn reclaims(&mut self) -> bool {
        let orders = self.asked_for();
        if let Some((node, case)) = self.chance.pick(&orders).copied() {
            let state = &*self.machines[node].disk.state;
            let row = RECLAIM.load(state, &case).ok().flatten().unwrap_or_default();
            let Some(request) = row.open() else { return false };
            let witness = Box::new(Witness {
                request: (request.lost.node, request.at),
                fence: Timestamp::from_millis(self.queue.now()),
                successor: None,
                acts: Vec::new(),
                entries: 0,
                standing: None,
                as_told: true,
            });
            self.acts(node, Role::Admin, Command::OrderReclaim { case, witness });
            return true;
        }
        let cases = self.given_up();
        let Some((node, case)) = self.chance.pick(&cases).copied() else { return false };
        let command = Command::AskReclaim { case: case.to_string(), reason: "失联".to_owned() };
        self.acts(node, Role::Window, command);
        true
    }

    /// What is asked of the nodes that run.
    fn asked_for(&self) -> Vec<(usize, CaseId)> {
        let running = (0..self.machines.len()).filter(|node| self.machines[*node].run.is_some());
        let open = running.flat_map(|node| {
            let rows = RECLAIM.list(&*self.machines[node].disk.state, &[], None, usize::MAX).unwrap_or_default();
            rows.into_iter().filter(|(_, row)| row.open().is_some()).map(move |(case, _)| (node, case))
        });
        open.collect()
    }

    /// The cases whose other side doesn't run, at the nodes that run and collected them; now and then of one that does.
    fn given_up(&mut self) -> Vec<(usize, CaseId)> {
        let hasty = self.chance.one_in(4);
        let mut given_up = Vec::new();
        for node in (0..self.machines.len()).filter(|node| self.machines[*node].run.is_some()) {
            let here = self.machines[node].place;
            for case in self.oracle.cases(node).values() {
                let over = matches!(case.status, Status::Closed | Status::Withdrawn) || case.reclaim_asked().is_some();
                let Some(other) = case.away().filter(|_| case.collecting == here && !over) else { continue };
                let runs = self.machines.iter().any(|machine| machine.place == other && machine.run.is_some());
                if hasty || !runs {
                    given_up.push((node, case.id));
                }
            }
        }
        given_up
    }
}
