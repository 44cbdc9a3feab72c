//! Days and nights: machines that are switched on and off, what breaks meanwhile, and who is lost for good.

use tongban::exchange::Happened;
use tongban_seal::Signer as _;

use super::Due;
use super::hours::{DAY, HOUR, MINUTE, is_working_day};
use super::tally::Tally;
use crate::faults::Fault;
use crate::genesis::Scene;
use crate::machine::{key_hash, signer};
use crate::queue::Event;
use crate::world::World;

/// How long an orderly stop takes: the last words leave.
const STOP_MILLIS: i64 = 3_000;

impl World {
    /// A day begins.
    pub(super) fn morning(&mut self) {
        let now = self.queue.now();
        let start = super::hours::day(now).start().as_millis();
        let tomorrow = start + DAY;
        self.queue.put_at(tomorrow, Event::Month(Due::Morning));
        if now < start + 12 * HOUR {
            self.queue.put_at(start + 12 * HOUR, Event::Month(Due::Noon));
        }
        if is_working_day(now) {
            let small: Vec<usize> = (0..self.machines.len()).filter(|node| !self.is_server(*node)).collect();
            for node in small {
                let on = start + 8 * HOUR + self.chance.millis(0, 30 * MINUTE);
                let off = start + 17 * HOUR + self.chance.millis(20 * MINUTE, HOUR);
                self.queue.put_at(on, Event::Start(node));
                self.queue.put_at(off, Event::Month(Due::Evening(node)));
            }
        }
        self.brews(now, tomorrow);
    }

    fn is_server(&self, node: usize) -> bool {
        self.month.as_ref().is_some_and(|month| month.servers.contains(&node))
    }

    /// Draws what breaks on a day: most of it while halls are open.
    fn brews(&mut self, now: i64, tomorrow: i64) {
        let nodes = self.machines.len();
        let scale = nodes.div_ceil(10);
        for _ in 0..scale * 4 {
            let start = super::hours::day(now).start().as_millis();
            let at = if self.chance.one_in(5) {
                self.chance.millis(start, tomorrow - 1)
            } else {
                start + self.chance.millis(8 * HOUR, 18 * HOUR)
            };
            if at < now {
                continue;
            }
            let node = self.chance.below(nodes);
            let other = (node + 1 + self.chance.below(nodes - 1)) % nodes;
            let hours = self.chance.millis(10 * MINUTE, 6 * HOUR);
            let Self { chance, queue, scene, .. } = self;
            let mut strike = |at: i64, fault: Fault| queue.put_at(at, Event::Month(Due::Strike(fault)));
            match chance.below(16) {
                0..=3 => {
                    let dark = if chance.one_in(3) { hours } else { chance.millis(1_000, 10 * MINUTE) };
                    strike(at, Fault::Crash { node, dark });
                    if chance.one_in(4) {
                        strike(at + dark + chance.millis(0, 5_000), Fault::Crash { node, dark: 2_000 });
                    }
                }
                4 | 5 => {
                    strike(at, Fault::Cut { one: node, other });
                    strike(at + hours, Fault::Heal { one: node, other });
                }
                6 | 7 if scene.superiors[node] != node => {
                    // The line to the superior, over which most goes.
                    let above = scene.superiors[node];
                    strike(at, Fault::Cut { one: node, other: above });
                    strike(at + hours, Fault::Heal { one: node, other: above });
                }
                6..=9 => {
                    strike(at, Fault::Island { node });
                    strike(at + hours, Fault::Ashore { node });
                }
                10..=12 => strike(at, Fault::Snap),
                13 | 14 => strike(at, Fault::Deafen),
                _ => {
                    let by = chance.millis(1_000, 300_000) * if chance.one_in(2) { 1 } else { -1 };
                    strike(at, Fault::Step { node, by });
                    // Somebody puts it right.
                    strike(at + hours, Fault::Step { node, by: -by });
                }
            }
        }
    }

    pub(super) fn strikes(&mut self, fault: Fault) {
        let what = match fault {
            Fault::Crash { node, dark } => {
                if self.machines[node].run.is_none() {
                    return;
                }
                if dark >= 10 * MINUTE { "power lost for hours" } else { "power lost" }
            }
            Fault::Cut { one, other } if self.scene.superiors[one] == other => "line to the superior cut",
            Fault::Cut { .. } => "two nodes parted",
            Fault::Island { .. } => "all lines of a node cut",
            Fault::Snap => "link broken",
            Fault::Deafen => "link deaf at one end",
            Fault::Step { .. } => "clock moved",
            Fault::Heal { .. } | Fault::Ashore { .. } => return self.fault(fault),
        };
        self.counts_fault(what);
        self.fault(fault);
    }

    fn counts_fault(&mut self, what: &'static str) {
        if let Some(month) = self.month.as_mut() {
            Tally::counts(&mut month.tally.faults, what);
        }
    }

    /// The machine of a small hall is switched off: its node says good-bye, and then the power goes.
    pub(super) fn evening(&mut self, node: usize) {
        if self.machines[node].run.is_none() {
            return;
        }
        self.note(format_args!("{node} closes"));
        self.tell(node, Happened::Stop);
        self.queue.put(STOP_MILLIS, Event::Month(Due::Off(node)));
    }

    /// Draws who is lost for good, and when it is found after all: honest, with nobody below it.
    pub(super) fn expects_losses(&mut self, calm: i64) {
        let superiors = &self.scene.superiors;
        let leaf = |node: &usize| !superiors.iter().enumerate().any(|(below, above)| *above == *node && below != *node);
        let may: Vec<usize> =
            (0..self.machines.len()).filter(|node| self.oracle.is_sound(*node)).filter(leaf).collect();
        let now = self.queue.now();
        let days = (calm - now) / DAY;
        for _ in 0..1 + days / 15 {
            let Some(node) = self.chance.pick(&may).copied() else { return };
            let lost = now + self.chance.millis(days / 4, days / 3) * DAY + 3 * HOUR;
            let found = lost + self.chance.millis(days / 4, days / 2) * DAY;
            self.queue.put_at(lost, Event::Month(Due::Lost(node)));
            self.queue.put_at(found, Event::Month(Due::Found(node)));
        }
    }

    /// A node is lost for good.
    pub(super) fn loses(&mut self, node: usize) {
        self.note(format_args!("{node} is lost"));
        self.counts_fault("node lost for days");
        self.crash(node);
        if let Some(month) = self.month.as_mut() {
            month.lost.insert(node);
        }
    }

    pub(super) fn found(&mut self, node: usize) {
        if let Some(month) = self.month.as_mut() {
            month.lost.remove(&node);
        }
        self.queue.put(0, Event::Start(node));
    }

    /// Looks at everything that runs.
    pub(super) fn noon(&mut self) {
        for node in 0..self.machines.len() {
            if self.machines[node].run.is_some() && !self.oracle.is_hostile(node) {
                self.oracle.looks_closely(node, &self.machines);
                self.knows_the_others(node);
                if let Some(month) = self.month.as_mut() {
                    month.tally.looks += 1;
                }
            }
        }
    }

    /// An honest node knows the keys of every sound one, and takes none of them for revoked, whatever hostile ones say.
    fn knows_the_others(&mut self, node: usize) {
        let Some(run) = self.machines[node].run.as_ref() else { return };
        let directory = run.knowledge.directory();
        let sound = (0..self.machines.len()).filter(|other| self.oracle.is_sound(*other));
        for other in sound {
            let it = self.machines[other].place.node;
            let own = signer(it).public_key();
            let right = directory.node(&it).is_some_and(|entry| {
                let word = &entry.certification;
                let keys = word.seal_keys.iter().all(|dated| dated.key == own && dated.revoked.is_none());
                let above = self.scene.superiors[other];
                let superior = (above != other).then(|| self.machines[above].place.node);
                keys && word.revoked.is_none()
                    && word.superior == superior
                    && entry.record.transport_key == key_hash(it)
            });
            if !right {
                let text = format!("node {node} believes something of node {other} that nobody said who may");
                return self.oracle.breach("5", text);
            }
        }
    }
}

/// The nodes below one.
pub(super) fn below(scene: &Scene, node: usize) -> Vec<usize> {
    (0..scene.born.len()).filter(|other| Scene::above(&scene.superiors, *other).contains(&node)).collect()
}
