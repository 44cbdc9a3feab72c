//! Promise 7, held against what the province has released: a base item is everywhere what was released, and a published item has the core of
//! the version that it was held to, or names the lawful reason why not.

use std::collections::{BTreeMap, BTreeSet};

use tongban::engine::{ExchangeEvent, LogEntry, STANDARDS};
use tongban_codes::cbor;
use tongban_codes::ids::Digest;
use tongban_domain::Event;
use tongban_domain::catalogue::{BaseItem, ServiceItem};
use tongban_journal::{Entry, Header, Slice, StandardKind};
use tongban_storage::keyspace::item::{BASE, ITEM};
use tongban_storage::keyspace::key::Key as _;

use super::Release;
use crate::machine::Machine;

/// Steps between two full checks.
const FULL_EVERY: u64 = 1_000;

/// A release and who has it.
struct Spread {
    at: i64,
    /// Versions by base code.
    versions: BTreeMap<String, u32>,
    /// Of each node.
    nodes: Vec<Reached>,
}

/// How a release came to a node.
#[derive(Clone, Copy)]
struct Reached {
    /// Whether it was on from the release on.
    on: bool,
    /// Whether besides all above it were, and each linked to the next.
    lined: bool,
    /// When it had all.
    at: Option<i64>,
}

/// The row of an item that was found to hold what it must.
#[derive(Clone)]
struct JudgedItem {
    row: Vec<u8>,
    code: String,
    version: u32,
}

pub(super) struct Verdict {
    pub(super) breach: Option<String>,
    pub(super) steps: u64,
    pub(super) full_checks: u64,
    /// The place of each node's superior.
    superiors: Vec<usize>,
    /// What was released: by base code and version, the digests of row and core.
    released: BTreeMap<(String, u32), (Digest, Digest)>,
    /// The last version of each base code.
    last: BTreeMap<String, u32>,
    /// What each node has published: the version of each item.
    items: Vec<BTreeMap<String, u32>>,
    /// Rows of base items that were found to be what was released, by key: such a row is true at every node and for ever.
    bases_judged: BTreeMap<Vec<u8>, Vec<Vec<u8>>>,
    /// The rows of each node's items as they were judged last, by key.
    items_judged: Vec<BTreeMap<Vec<u8>, JudgedItem>>,
    spreads: Vec<Spread>,
}

fn digest(base: &BaseItem) -> Digest {
    Digest::of(&cbor::to_vec(&BaseItem { in_force: None, ..base.clone() }))
}

impl Verdict {
    pub(super) fn new(superiors: &[usize]) -> Self {
        let nodes = superiors.len();
        Self {
            superiors: superiors.to_vec(),
            breach: None,
            steps: 0,
            full_checks: 0,
            released: BTreeMap::new(),
            last: BTreeMap::new(),
            items: vec![BTreeMap::new(); nodes],
            bases_judged: BTreeMap::new(),
            items_judged: vec![BTreeMap::new(); nodes],
            spreads: Vec::new(),
        }
    }

    pub(super) fn breaks(&mut self, text: String) {
        self.breach.get_or_insert(text);
    }

    pub(super) fn items(&self) -> usize {
        self.items.iter().map(BTreeMap::len).sum()
    }

    /// The province releases now; `linked` are the nodes that have a link to their superior.
    pub(super) fn releases_now(&mut self, at: i64, machines: &[Machine], linked: &BTreeSet<usize>) {
        let reached = |node: usize| Reached {
            on: machines[node].run.is_some(),
            lined: self.line(node).all(|above| above == 0 || linked.contains(&above)),
            at: None,
        };
        let nodes = (0..machines.len()).map(reached).collect();
        self.spreads.push(Spread { at, versions: BTreeMap::new(), nodes });
    }

    /// A node and all above it.
    fn line(&self, node: usize) -> impl Iterator<Item = usize> {
        let above = |node: &usize| (*node > 0).then(|| self.superiors[*node]);
        std::iter::successors(Some(node), above)
    }

    pub(super) fn was_off(&mut self, node: usize) {
        let below: Vec<usize> =
            (node..self.superiors.len()).filter(|one| self.line(*one).any(|above| above == node)).collect();
        for spread in &mut self.spreads {
            for one in &below {
                if let Some(reached) = spread.nodes.get_mut(*one).filter(|reached| reached.at.is_none()) {
                    reached.lined = false;
                    reached.on &= *one != node;
                }
            }
        }
    }

    pub(super) fn releases(&self) -> Vec<Release> {
        let of = |spread: &Spread| {
            let millis = |wanted: (bool, bool)| {
                let nodes = spread.nodes.iter().skip(1).filter(|reached| (reached.on, reached.lined) == wanted);
                let mut millis: Vec<i64> = nodes.filter_map(|reached| Some(reached.at? - spread.at)).collect();
                millis.sort_unstable();
                millis
            };
            Release {
                millis: millis((true, true)),
                behind_millis: millis((true, false)),
                late_millis: millis((false, false)),
            }
        };
        self.spreads.iter().map(of).collect()
    }

    /// A node has committed an entry.
    pub(super) fn step(&mut self, node: usize, entry: &[u8], now: i64, machines: &[Machine]) {
        self.steps += 1;
        let Ok(entry) = LogEntry::of_log(entry) else {
            self.breaks(format!("2: an entry of node {node} can't be read"));
            return;
        };
        for decision in &entry.decisions {
            for event in &decision.events {
                match event {
                    Event::BaseItem(base) if node == 0 && !base.state.is_draft() => self.released(base),
                    Event::Item(item) if !item.state.is_draft() => self.item(node, item),
                    _ => {}
                }
            }
            for event in &decision.exchange {
                if let ExchangeEvent::Slice { journal: STANDARDS, digest, .. } = event {
                    self.slice(node, digest, now, machines);
                }
            }
        }
        if self.steps.is_multiple_of(FULL_EVERY) {
            self.checks_all(machines);
        }
    }

    fn released(&mut self, base: &BaseItem) {
        let code = base.core.base_code.clone().unwrap_or_default();
        let content = (digest(base), base.core.digest());
        let before = self.released.insert((code.clone(), base.version), content);
        if before.is_some_and(|before| before != content) {
            self.breaks(format!(
                "3: version {} of {code} was released twice, with another content each time",
                base.version
            ));
        }
        self.last.insert(code.clone(), base.version);
        if let Some(spread) = self.spreads.last_mut() {
            spread.versions.insert(code, base.version);
        }
    }

    /// The base items of a slice are what was released.
    fn slice(&mut self, node: usize, digest: &Digest, now: i64, machines: &[Machine]) {
        let machine = &machines[node];
        let bytes = tongban::engine::Blobs::load(&*machine.disk.blobs, digest).unwrap_or_default();
        let Ok(slice) = Slice::parse(&bytes) else {
            self.breaks(format!("5: a slice that node {node} has taken can't be read"));
            return;
        };
        for record in slice.entries {
            if let Ok(Ok(Header::Standards(header))) = Entry::parse(record.entry).map(|entry| entry.header())
                && header.kind == StandardKind::BaseItem
            {
                self.base(node, &header.code, machine);
            }
        }
        let has = |spread: &Spread| {
            let newer = |(code, version): (&String, &u32)| {
                BASE.load(&*machine.disk.state, code).ok().flatten().is_some_and(|base| base.version >= *version)
            };
            spread.versions.iter().all(newer)
        };
        for spread in &mut self.spreads {
            if spread.nodes[node].at.is_none() && has(spread) {
                spread.nodes[node].at = Some(now);
            }
        }
    }

    fn base(&mut self, node: usize, code: &String, machine: &Machine) {
        match BASE.load(&*machine.disk.state, code) {
            Ok(Some(base)) => self.base_row(node, code, &base),
            other => self.breaks(format!("7: node {node} has no base item {code}: {other:?}")),
        }
    }

    fn base_row(&mut self, node: usize, code: &str, base: &BaseItem) {
        let Some(base) = (if base.state.is_draft() { base.in_force.as_deref() } else { Some(base) }) else { return };
        let released = self.released.get(&(code.to_owned(), base.version)).map(|(row, _)| *row);
        if released != Some(digest(base)) {
            self.breaks(format!("7: the base item {code} of node {node} isn't version {} as released", base.version));
        }
    }

    fn item(&mut self, node: usize, item: &ServiceItem) {
        let Some(code) = &item.core.base_code else { return };
        let version = item.base_version.unwrap_or(0);
        let core = self.released.get(&(code.clone(), version)).map(|(_, core)| *core);
        if core != Some(item.core.digest()) && item.difference.is_none() {
            self.breaks(format!("7: item {} of node {node} hasn't the core of {code}, version {version}", item.code));
        }
        self.items[node].insert(item.code.clone(), item.version);
    }

    /// Promise 7 in full: every row of every node. Rows that are byte for byte what was judged before aren't read again.
    pub(super) fn checks_all(&mut self, machines: &[Machine]) {
        self.full_checks += 1;
        for (node, machine) in machines.iter().enumerate() {
            let state = &*machine.disk.state;
            let mut new = Vec::new();
            let read = BASE.visit_bytes(state, |key, row| {
                let judged = self.bases_judged.get(key).is_some_and(|rows| rows.iter().rev().any(|known| known == row));
                if !judged {
                    new.push((key.to_vec(), row.to_vec()));
                }
            });
            for (key, row) in new {
                self.judges_base(node, key, row);
            }
            let mut new = Vec::new();
            let read = read.and_then(|()| {
                ITEM.visit_bytes(state, |key, row| {
                    let published = &self.items[node];
                    let stands =
                        |known: &JudgedItem| known.row == row && published.get(&known.code) == Some(&known.version);
                    if !self.items_judged[node].get(key).is_some_and(stands) {
                        new.push((key.to_vec(), row.to_vec()));
                    }
                })
            });
            for (key, row) in new {
                self.judges_item(node, key, row);
            }
            if let Err(error) = read {
                self.breaks(format!("2: the rows of node {node} can't be read: {error}"));
            }
        }
    }

    fn judges_base(&mut self, node: usize, key: Vec<u8>, row: Vec<u8>) {
        let Ok(base) = minicbor::decode::<BaseItem>(&row) else {
            return self.breaks(format!("7: node {node} has a base item that can't be read"));
        };
        let code = String::read(&mut key.get(1..).unwrap_or_default()).unwrap_or_default();
        self.base_row(node, &code, &base);
        if self.breach.is_none() {
            self.bases_judged.entry(key).or_default().push(row);
        }
    }

    fn judges_item(&mut self, node: usize, key: Vec<u8>, row: Vec<u8>) {
        let Ok(item) = minicbor::decode::<ServiceItem>(&row) else {
            return self.breaks(format!("7: node {node} has an item that can't be read"));
        };
        let code = String::read(&mut key.get(1..).unwrap_or_default()).unwrap_or_default();
        if self.items[node].get(&code) != Some(&item.version) {
            self.breaks(format!("7: node {node} holds item {code} as nobody published it"));
        }
        self.item(node, &item);
        self.items_judged[node].insert(key, JudgedItem { row, code, version: item.version });
    }

    /// A base code of which a node lacks the last version.
    pub(super) fn lacks(&self, node: usize, machines: &[Machine]) -> Option<String> {
        let state = &*machines[node].disk.state;
        let lacks = |(code, version): &(&String, &u32)| {
            BASE.load(state, code).ok().flatten().is_none_or(|base| base.version != **version)
        };
        self.last.iter().find(lacks).map(|(code, _)| code.clone())
    }
}
