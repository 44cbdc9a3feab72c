//! Whether anything has changed, at any node or in any directory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Value, json};
use system_tests::Node;

use crate::Scene;

/// Kinds of standards that a node keeps.
const STANDARDS: [&str; 6] = ["ceiling", "topic", "life-event", "entry", "policy", "division"];

/// What may not change by a refusal.
pub(crate) struct Sight {
    /// How far each node's log is applied: whoever changes something writes to it first.
    applied: Vec<Value>,
    states: Vec<Value>,
    files: BTreeMap<PathBuf, (u64, Option<SystemTime>)>,
}

impl Sight {
    pub(crate) fn of(scene: &Scene) -> Self {
        Self { applied: applied(scene), states: states(scene), files: files(scene) }
    }

    /// Looks whether everything is as it was; what a node writes of its own accord (a peer's checkpoint, a record) may have moved its log,
    /// so that then the whole state is compared.
    pub(crate) fn still_holds(&mut self, scene: &Scene) -> Result<(), String> {
        let files = files(scene);
        if let Some(path) = differing(&self.files, &files) {
            return Err(format!("the file {}", path.display()));
        }
        let applied = applied(scene);
        if applied == self.applied {
            return Ok(());
        }
        self.applied = applied;
        self.holds_wholly(scene)
    }

    /// The whole state, whatever the logs say.
    pub(crate) fn holds_wholly(&self, scene: &Scene) -> Result<(), String> {
        let states = states(scene);
        let changed = self.states.iter().zip(&states).find(|(before, after)| before != after);
        changed.map_or(Ok(()), |(before, after)| Err(format!("a state: {}", difference(before, after))))
    }
}

fn applied(scene: &Scene) -> Vec<Value> {
    scene.nodes().map(|node| node.get("/v1/status")["applied"].clone()).collect()
}

fn states(scene: &Scene) -> Vec<Value> {
    scene.nodes().map(state).collect()
}

/// Cases, items with drafts, standards, staff, figures and journals of a node.
fn state(node: &Node) -> Value {
    let mut report = node.get("/v1/aggregate/report?by=division,measure,outcome,origin");
    let mut checkpoints = node.get("/v1/journal/checkpoint");
    // Of a checkpoint counts what it holds, not when it was looked at.
    for all in [&mut report["as_of"], &mut checkpoints["checkpoints"]] {
        all.as_array_mut().into_iter().flatten().for_each(|one| one["at"] = Value::Null);
    }
    json!({
        "cases": node.get("/v1/cases?limit=1000"),
        "items": node.get("/v1/items"),
        "drafts": node.get("/v1/items/rows?stage=draft"),
        "standards": STANDARDS.map(|kind| node.get(&format!("/v1/standards?kind={kind}"))),
        "divisions": node.get("/v1/divisions"),
        "claims": node.get("/v1/items/claims"),
        "operators": node.get("/v1/operators"),
        "authorities": node.get("/v1/authorities"),
        "quarantine": node.get("/v1/sync/quarantine"),
        "figures": report,
        "journals": checkpoints,
    })
}

fn difference(before: &Value, after: &Value) -> String {
    let keys = before.as_object().into_iter().flatten().filter(|(key, value)| after[key.as_str()] != **value);
    keys.map(|(key, value)| format!("{key}: {value} → {}", after[key.as_str()])).collect::<Vec<_>>().join("; ")
}

/// Every file but those in which a node that runs writes of its own accord, and those that the row brought.
fn files(scene: &Scene) -> BTreeMap<PathBuf, (u64, Option<SystemTime>)> {
    let mut found = BTreeMap::new();
    walk(scene.root(), Some(&scene.place()), &mut found);
    found
}

fn walk(directory: &Path, brought: Option<&Path>, found: &mut BTreeMap<PathBuf, (u64, Option<SystemTime>)>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(metadata) = entry.metadata() else { continue };
        if path.file_name().is_some_and(|name| name == "data") {
            // Of what a node writes by itself the files of materials alone: nothing of a refused one stays behind but its key, which another
            // that comes at once may be using, and which is swept.
            walk(&path.join("materials"), None, found);
            continue;
        }
        if path.extension().is_some_and(|end| end == "log" || end == "key" && brought.is_none())
            || Some(path.as_path()) == brought
        {
            continue;
        }
        // A draft that came and went has touched its folder.
        let is_of_node = metadata.is_dir() && path.components().any(|part| part.as_os_str() == "data");
        let modified = metadata.modified().ok().filter(|_| !is_of_node);
        found.insert(path.clone(), (if metadata.is_dir() { 0 } else { metadata.len() }, modified));
        if metadata.is_dir() {
            walk(&path, brought, found);
        }
    }
}

fn differing<T: PartialEq>(before: &BTreeMap<PathBuf, T>, after: &BTreeMap<PathBuf, T>) -> Option<PathBuf> {
    let lost = before.keys().find(|path| !after.contains_key(*path));
    let other = after.iter().find(|(path, seen)| before.get(*path) != Some(seen)).map(|(path, _)| path);
    // The root itself is touched by what the rows bring.
    lost.or(other).cloned()
}

#[test]
fn a_change_is_seen() {
    let path = |name: &str| PathBuf::from(name);
    let before = BTreeMap::from([(path("a"), 1), (path("b"), 2)]);
    assert_eq!(differing(&before, &before), None);
    let mut after = before.clone();
    after.insert(path("b"), 3);
    assert_eq!(differing(&before, &after), Some(path("b")));
    after.remove(&path("b"));
    assert_eq!(differing(&before, &after), Some(path("b")));
    assert_eq!(differing(&after, &before), Some(path("b")));
    assert_eq!(difference(&json!({"a": 1, "b": 2}), &json!({"a": 1, "b": 3})), "b: 2 → 3");
}
