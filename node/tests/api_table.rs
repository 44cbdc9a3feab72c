//! The table at the head of the API names every path of the router with its methods, and none that there isn't.
//!
//! The sources are read as text: each route stands in them as a literal.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const TABLE: &str = include_str!("../src/api/v1.rs");

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// What stands in a call's brackets, from behind the opening one.
fn within(text: &str) -> &str {
    let mut depth = 1;
    let end = text.find(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    });
    &text[..end.unwrap()]
}

/// Whether a text calls a function of this name.
fn calls(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(&format!("{name}(")).any(|(at, _)| !text[..at].ends_with(is_word))
}

/// The routes of a source: method and path.
fn routes(source: &str) -> BTreeSet<(String, String)> {
    let calls_of = |route: &str| {
        let route = within(route);
        let (path, handlers) = route.trim_start().strip_prefix('"').and_then(|route| route.split_once('"')).unwrap();
        let methods: Vec<&str> = METHODS.into_iter().filter(|method| calls(handlers, method)).collect();
        assert!(!methods.is_empty(), "{route}");
        methods.into_iter().map(|method| (method.to_uppercase(), path.to_owned())).collect::<Vec<_>>()
    };
    source.split(".route(").skip(1).flat_map(calls_of).collect()
}

/// What the table says.
fn described() -> BTreeSet<(String, String)> {
    let mut described = BTreeSet::new();
    for line in TABLE.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let (first, _) = line.split_once(" |").unwrap();
        // Paths stand between backquotes, methods outside of them.
        let paths = first.split('`').skip(1).step_by(2);
        let outside: Vec<&str> = first.split('`').step_by(2).collect();
        let words: BTreeSet<&str> = outside.iter().flat_map(|text| text.split([' ', ',', ';'])).collect();
        for path in paths {
            let methods = METHODS.iter().map(|method| method.to_uppercase());
            described.extend(methods.filter(|method| words.contains(method.as_str())).map(|m| (m, path.to_owned())));
        }
    }
    described
}

#[test]
fn the_table_names_every_route() {
    let mut folders: Vec<PathBuf> = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http")];
    let mut routed = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                routed.extend(routes(&fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(routed.len() > 100, "{routed:?}");
    let described = described();
    let missing: Vec<_> = routed.difference(&described).collect();
    let gone: Vec<_> = described.difference(&routed).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not in the table: {missing:?}; no route: {gone:?}");
}
