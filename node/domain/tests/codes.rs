//! Every rejection code that is declared is used, and none is used that isn't declared.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use tongban_domain::codes;

/// Codes that the node itself refuses with, before or beside the domain: who calls, invitations, records of peers.
const OF_THE_NODE: [&str; 5] = ["invite-unknown", "invite-used", "invite-expired", "invite-division", "peer-unknown"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Names after `codes::` in the sources.
fn used(folder: &Path) -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(folder, &mut files);
    let mut names = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        for part in text.split("codes::").skip(1) {
            let name = part.split(|c: char| !c.is_ascii_uppercase() && c != '_').next().unwrap();
            if name.len() > 1 && name != "ALL" {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

#[test]
fn codes_are_declared_and_used() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let declared = fs::read_to_string(source.join("rejection.rs")).unwrap();
    let declared: BTreeMap<String, String> = declared
        .lines()
        .filter_map(|line| line.trim().strip_suffix("\";")?.split_once(" = \""))
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    let texts: BTreeSet<&str> = declared.values().map(String::as_str).collect();
    assert_eq!(texts, codes::ALL.iter().copied().collect());
    assert_eq!(texts.len(), codes::ALL.len(), "a code is declared twice");
    let used = used(&source);
    for name in &used {
        assert!(declared.contains_key(name), "codes::{name} is not declared");
    }
    for (name, text) in &declared {
        assert_eq!(name.to_lowercase().replace('_', "-"), *text);
        let of_the_node = OF_THE_NODE.contains(&text.as_str());
        assert_ne!(used.contains(name), of_the_node, "{name} is declared for nothing");
    }
}
