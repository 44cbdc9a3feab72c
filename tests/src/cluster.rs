//! Nodes that run together in one temporary directory, each behind a relay.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;
use tongban_storage::{Backend as _, RocksBackend, RocksOptions, WriteBatch};

use crate::{Node, Quality, Relays, Tree, within};

/// Lines of each log that a failed test prints.
const LOG_LINES_MAX: usize = 60;

/// Nodes by name. When it is dropped, their processes are killed and their directories removed.
pub struct Cluster {
    nodes: BTreeMap<String, Node>,
    relays: Relays,
    root: TempDir,
}

impl Default for Cluster {
    fn default() -> Self {
        Self::new()
    }
}

impl Cluster {
    /// A cluster without nodes.
    ///
    /// # Panics
    ///
    /// When no temporary directory can be made.
    #[must_use]
    pub fn new() -> Self {
        // Short, because the path of a socket is.
        let root = tempfile::Builder::new().prefix("tb").tempdir_in("/tmp").expect("a temporary directory can be made");
        Self { nodes: BTreeMap::new(), relays: Relays::default(), root }
    }

    /// The five nodes of a tree, running and not joined.
    #[must_use]
    pub fn of(tree: Tree) -> Self {
        Self::configured(tree, &[])
    }

    /// As [`Cluster::of`], with changes to every node's configuration.
    #[must_use]
    pub fn configured(tree: Tree, changes: &[(&str, &str)]) -> Self {
        let mut cluster = Self::new();
        for (place, division, name) in tree.0 {
            cluster.init(place, division, name).configure(changes);
        }
        cluster.nodes.values().for_each(Node::spawn);
        cluster.nodes.values().for_each(Node::ready);
        cluster
    }

    /// The five nodes of a tree, joined from above, every link up and every node known to all.
    #[must_use]
    pub fn joined(tree: Tree) -> Self {
        Self::joined_with(tree, &[])
    }

    /// As [`Cluster::joined`], with changes to every node's configuration.
    #[must_use]
    pub fn joined_with(tree: Tree, changes: &[(&str, &str)]) -> Self {
        let cluster = Self::configured(tree, changes);
        for place in tree.places().skip(1) {
            cluster.join(Tree::superior(place), place);
        }
        for place in tree.places().skip(1) {
            cluster.linked(Tree::superior(place), place);
        }
        cluster
    }

    /// Makes a node's directory; it doesn't run yet.
    ///
    /// # Panics
    ///
    /// When `init` fails.
    pub fn init(&mut self, name: &str, division: &str, hall: &str) -> &Node {
        self.make(name, division, hall, false)
    }

    /// As [`Cluster::init`], a demo node, whose clock may be set.
    pub fn init_demo(&mut self, name: &str, division: &str, hall: &str) -> &Node {
        self.make(name, division, hall, true)
    }

    fn make(&mut self, name: &str, division: &str, hall: &str, demo: bool) -> &Node {
        let relays = &self.relays;
        let node = Node::init(self.root.path(), name, division, hall, demo, |listen| {
            relays.front(listen).expect("a port is free")
        });
        self.nodes.insert(name.to_owned(), node);
        self.node(name)
    }

    /// The node of a name.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn node(&self, name: &str) -> &Node {
        self.nodes.get(name).unwrap_or_else(|| panic!("no node {name}"))
    }

    /// All nodes.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    /// Where the nodes' directories lie.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Writes a file beside the nodes.
    ///
    /// # Panics
    ///
    /// When the disk refuses.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.root.path().join(name);
        std::fs::write(&path, bytes).expect("the directory can be written");
        path
    }

    /// A token of `superior` for the division of `inferior`.
    #[track_caller]
    #[must_use]
    pub fn invite(&self, superior: &str, inferior: &str) -> String {
        let division = &self.node(inferior).division;
        let answer = self.node(superior).ok(&["invite", "--division", division]);
        answer["token"].as_str().unwrap_or_default().to_owned()
    }

    /// Joins `inferior` under `superior`.
    #[track_caller]
    pub fn join(&self, superior: &str, inferior: &str) -> Value {
        let token = self.invite(superior, inferior);
        self.node(inferior).ok(&["join", &token])
    }

    /// Waits until the link between two nodes is up, as both see it.
    #[track_caller]
    pub fn linked(&self, one: &str, other: &str) {
        for (one, other) in [(one, other), (other, one)] {
            let id = self.node(other).get("/v1/status")["node"].clone();
            within(15, &format!("the link from {one} to {other} is up"), || {
                let peers = self.node(one).get("/v1/sync/status");
                let rows = peers["peers"].as_array().cloned().unwrap_or_default();
                let up = rows.iter().any(|peer| peer["node"] == id && peer["state"] == "up");
                crate::seen(up, peers).map(drop)
            });
        }
    }

    /// Cuts every link of a node.
    pub fn cut(&self, name: &str) {
        self.relays.cut(self.node(name).listen, None);
    }

    /// Cuts every link of a node, which heal by themselves at `end`.
    pub fn cut_until(&self, name: &str, end: Instant) {
        self.relays.cut(self.node(name).listen, Some(end));
    }

    /// Makes every line bad, with chance from a seed, or good again.
    pub fn lines(&self, quality: Option<Quality>, seed: u64) {
        self.relays.quality(quality, seed);
    }

    /// How many bytes the lines have carried.
    #[must_use]
    pub fn carried(&self) -> u64 {
        self.relays.carried()
    }

    /// How many datagrams the lines have lost.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.relays.lost()
    }

    /// Alters the store of a node behind its back, as who has the machine's key could: stops it, writes, and starts it again.
    ///
    /// # Panics
    ///
    /// When the store can't be opened or written.
    pub fn edit_store(&self, name: &str, change: impl FnOnce(&RocksBackend, &mut WriteBatch)) {
        let node = self.node(name);
        node.stop();
        let state = node.dir.join("data/state");
        let backend = RocksBackend::open(&state, RocksOptions::default()).expect("the state opens");
        let mut batch = WriteBatch::new();
        change(&backend, &mut batch);
        backend.write(batch).expect("the state can be written");
        backend.flush().expect("the state can be flushed");
        drop(backend);
        node.start();
    }

    /// Heals the links of a node.
    pub fn heal(&self, name: &str) {
        self.relays.heal(self.node(name).listen);
    }
}

impl Drop for Cluster {
    #[expect(clippy::print_stderr, reason = "a failed test shows what its nodes say")]
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for node in self.nodes.values() {
            let log = std::fs::read_to_string(node.log()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let from = lines.len().saturating_sub(LOG_LINES_MAX);
            eprintln!(
                "──── {} {} (the last {} of {} lines)",
                node.name,
                node.division,
                lines.len() - from,
                lines.len()
            );
            for line in &lines[from..] {
                eprintln!("{line}");
            }
        }
    }
}
