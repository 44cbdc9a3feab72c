//! What happens in a province: nodes go off and come back, the province releases, those below claim.

use tongban::engine::Request;
use tongban::exchange::Happened;
use tongban_codes::ids::Digest;
use tongban_domain::catalogue::{ClaimTerms, ImportRow, ItemState};
use tongban_domain::{Command, Role};
use tongban_storage::keyspace::item::{BASE, ITEM};

use super::{Event, RELEASE_MILLIS, TROUBLED_MILLIS, World};
use crate::genesis::actor;
use crate::network::End;

/// The base code of a number.
pub(super) fn base_code(number: usize) -> String {
    format!("3301{number:05}000")
}

fn base_row(number: usize, version: usize) -> ImportRow {
    let (code, name) = (base_code(number), format!("公共场所卫生许可 {number} 第 {version} 版"));
    let columns = [
        ("department", "卫健局"),
        ("main_item", "许可"),
        ("name", &name),
        ("local_item_code", ""),
        ("item_type", "01"),
        ("department_code", "11370800MB28559184"),
        ("base_code", &code),
        ("legal_basis", "公共场所卫生管理条例第四条"),
        ("statutory_days", "20"),
        ("promised_days", "10"),
    ];
    ImportRow {
        row: 2,
        values: columns.map(|(column, value)| (column.to_owned(), value.to_owned())).into(),
        ..ImportRow::default()
    }
}

impl World {
    pub(super) fn start(&mut self, node: usize) {
        if self.machines[node].run.is_some() {
            return;
        }
        let seed = self.chance.next();
        self.machines[node].known = Some(self.known[node].clone());
        if let Err(error) = self.machines[node].start(seed) {
            self.verdict.breaks(format!("2: node {node} doesn't start: {error}"));
            return;
        }
        let Some(run) = self.machines[node].run.as_ref().map(|run| run.number) else { return };
        let look = self.chance.millis(0, 500);
        self.put(look, Event::Look(node, run));
        let clerk = self.chance.millis(5_000, 60_000);
        self.put(clerk, Event::Clerk(node, run));
    }

    /// A node goes off without a word.
    pub(super) fn off(&mut self, node: usize) {
        let Some(run) = self.machines[node].run.take() else { return };
        // What it would read from its rows and verify at its next start.
        self.known[node] = (run.knowledge.trust(), run.knowledge.directory());
        self.verdict.was_off(node);
        let own = self.network.ends.iter().filter(|(_, end)| end.node == node);
        let own: Vec<(u64, u64)> = own.map(|(own, end)| (*own, end.far)).collect();
        for (own, far) in own {
            self.network.ends.remove(&own);
            let after = self.chance.millis(200, 15_000);
            if let Some(end) = self.network.ends.get(&far) {
                let gone = Event::Gone(far, end.node, end.run);
                self.put(after, gone);
            }
        }
    }

    /// Some come back and others go, so that a tenth is off; in the end all come back.
    pub(super) fn shift(&mut self) {
        let nodes = self.machines.len();
        let off: Vec<usize> = (1..nodes).filter(|node| self.machines[*node].run.is_none()).collect();
        if self.calm {
            for node in off {
                let after = self.chance.millis(0, 20_000);
                self.put(after, Event::Start(node));
            }
            return;
        }
        let back: Vec<usize> = off.iter().copied().filter(|_| self.chance.one_in(4)).collect();
        let mut free = (nodes / 10).saturating_sub(off.len() - back.len());
        for node in back {
            let after = self.chance.millis(0, 15_000);
            self.put(after, Event::Start(node));
        }
        while free > 0 {
            free -= 1;
            let node = 1 + self.chance.below(nodes - 1);
            let after = self.chance.millis(0, 15_000);
            self.put(after, Event::Off(node));
        }
        self.put(20_000, Event::Shift);
    }

    /// The province releases: all base items at first, then a tenth of them anew.
    pub(super) fn release(&mut self) {
        self.released += 1;
        let version = self.released;
        let items = self.plan.base_items;
        let changed: Vec<usize> = match version {
            1 => (0..items).collect(),
            _ => (0..items.div_ceil(10)).map(|_| self.chance.below(items)).collect(),
        };
        let rows: Vec<ImportRow> = changed.iter().map(|number| base_row(*number, version)).collect();
        let ends = &self.network.ends;
        let superior = |end: &End| ends.get(&end.far).is_some_and(|far| far.node == self.superiors[end.node]);
        let linked = ends.values().filter(|end| superior(end)).map(|end| end.node).collect();
        self.verdict.releases_now(self.now, &self.machines, &linked);
        for command in [Command::ImportItems(rows.into()), Command::PublishItems(None)] {
            let request = Request::Act { actor: actor(Role::Catalogue), command: Box::new(command), key: None };
            if let Err(refused) = self.settle(0, request) {
                self.verdict.breaks(format!("the province can't release: {refused:?}"));
            }
        }
        self.sealed(0);
        if version < self.plan.releases {
            self.put(RELEASE_MILLIS, Event::Release);
        } else {
            self.put(TROUBLED_MILLIS, Event::Settled);
        }
    }

    /// A journal grew: what isn't under a checkpoint yet is with the next tick.
    fn sealed(&mut self, node: usize) {
        if let Some(run) = self.machines[node].run.as_ref().map(|run| run.number) {
            self.put(1_100, Event::Tick(node, run));
            self.tell(node, Happened::Look);
        }
    }

    /// The base items that a node carries out.
    pub(super) fn claimed_by(&self, node: usize) -> Vec<String> {
        let digest = Digest::of(self.machines[node].place.node.to_string().as_bytes());
        let items = self.plan.base_items;
        let number = |turn: usize| digest.as_bytes().get(turn).map_or(turn, |byte| usize::from(*byte) % items);
        let mut codes: Vec<String> = (0..self.plan.claims).map(|turn| base_code(number(turn))).collect();
        codes.sort();
        codes.dedup();
        codes
    }

    /// What a node has to claim: base items that have come and aren't carried out in their version.
    pub(super) fn to_claim(&self, node: usize) -> Vec<String> {
        if node == 0 {
            return Vec::new();
        }
        let state = &*self.machines[node].disk.state;
        let mut items = std::collections::BTreeMap::new();
        for (_, item) in ITEM.list(state, &[], None, usize::MAX).unwrap_or_default() {
            items.insert(item.core.base_code.clone().unwrap_or_default(), item.core.digest());
        }
        let mut codes = self.claimed_by(node);
        codes.retain(|code| {
            let base = BASE.load(state, code).ok().flatten();
            base.is_some_and(|base| base.state == ItemState::Published && items.get(code) != Some(&base.core.digest()))
        });
        codes
    }

    /// A clerk of the catalogue claims what has come.
    pub(super) fn clerk(&mut self, node: usize) {
        let mut claimed = false;
        for base_code in self.to_claim(node) {
            let terms = ClaimTerms {
                department: Some("卫健局".to_owned()),
                department_code: Some("11370800MB28559184".to_owned()),
                promised_days: Some(5),
                ..ClaimTerms::default()
            };
            for command in [Command::ClaimItem { base_code: base_code.clone(), terms }, Command::PublishItems(None)] {
                let request = Request::Act { actor: actor(Role::Catalogue), command: Box::new(command), key: None };
                if let Err(refused) = self.settle(node, request) {
                    self.verdict.breaks(format!("node {node} can't claim {base_code}: {refused:?}"));
                }
            }
            claimed = true;
        }
        if claimed {
            self.sealed(node);
        }
    }

    /// Why it isn't at rest, if it isn't.
    pub(super) fn unsettled(&self) -> Option<String> {
        for node in 0..self.machines.len() {
            if self.machines[node].run.is_none() {
                return Some(format!("node {node} is off"));
            }
            if let Some(code) = self.verdict.lacks(node, &self.machines) {
                return Some(format!("node {node} lacks the last version of {code}"));
            }
            if let Some(code) = self.to_claim(node).first() {
                return Some(format!("node {node} hasn't claimed {code}"));
            }
        }
        None
    }

    pub(super) fn settled(&mut self) {
        if !self.calm {
            self.calm = true;
            self.shift();
        } else if self.unsettled().is_none() {
            self.verdict.checks_all(&self.machines);
            self.done = true;
            return;
        }
        self.put(20_000, Event::Settled);
    }
}
