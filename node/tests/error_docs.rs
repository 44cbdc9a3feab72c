//! `docs/errors/README.md` names every stable code, and none that doesn't exist.
//!
//! The sources are read as text: every code stands in them as a literal, in one of the few places where codes are given.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders of sources, from the root of the workspace.
const SOURCES: [&str; 8] = [
    "node/src",
    "node/domain/src",
    "node/storage/src",
    "federation/src",
    "federation/codes/src",
    "federation/journal/src",
    "federation/seal/src",
    "federation/quic/src",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The texts of all sources that aren't tests, nor the demonstration.
fn sources() -> Vec<String> {
    let mut folders: Vec<PathBuf> = SOURCES.iter().map(|folder| root().join(folder)).collect();
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "tests" && name != "demo" {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                let text = fs::read_to_string(path).unwrap();
                // Tests within a file stand at its end, in a module of their own.
                let end = text.find("mod tests {").unwrap_or(text.len());
                texts.push(text[..end].to_owned());
            }
        }
    }
    texts
}

fn is_code(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('-').all(word)
}

/// The code at the start of a text, in quotes, after blanks.
fn literal(text: &str) -> Option<&str> {
    let quoted = text.trim_start().strip_prefix('"')?;
    quoted.split_once('"').map(|(code, _)| code).filter(|code| is_code(code))
}

/// Codes that stand as literals right behind a marker.
fn behind<'t>(text: &'t str, marker: &str) -> Vec<&'t str> {
    text.split(marker).skip(1).filter_map(literal).collect()
}

/// Codes in the second place of a call.
fn second<'t>(text: &'t str, marker: &str) -> Vec<&'t str> {
    let after_comma = |call: &'t str| call.split_once(',').and_then(|(_, rest)| literal(rest));
    text.split(marker).skip(1).filter_map(after_comma).collect()
}

fn given(text: &str) -> BTreeSet<&str> {
    let mut codes = BTreeSet::new();
    // The functions that give an error its code.
    for function in text.split("fn code(").skip(1).filter(|function| function.contains("&'static str {")) {
        let body = function.split("\n    }").next().unwrap();
        codes.extend(behind(body, "=> "));
    }
    // The tables of the command line.
    for table in text.split("\nfaults! {").skip(1) {
        let table = table.split("\n}").next().unwrap();
        codes.extend(table.lines().filter_map(|line| literal(line.split_once(" = ")?.1)));
    }
    for marker in ["problem(", "refused(", "finding(", "code: ", "map_err(|_| ", "UNREACHED: &str = "] {
        codes.extend(behind(text, marker));
    }
    for marker in [".reject(", ".note("] {
        codes.extend(second(text, marker));
    }
    codes
}

/// Words in backticks that have the form of a code.
fn documented(page: &str) -> BTreeSet<&str> {
    page.split('`').skip(1).step_by(2).filter(|word| is_code(word)).collect()
}

#[test]
fn every_code_is_documented_and_exists() {
    let page = fs::read_to_string(root().join("docs/errors/README.md")).unwrap();
    let page: String = page.split("```").step_by(2).collect();
    let documented = documented(&page);
    let sources = sources();
    let mut codes: BTreeSet<&str> = sources.iter().flat_map(|text| given(text)).collect();
    codes.extend(tongban_domain::codes::ALL);
    assert!(codes.len() > 250, "only {} codes were found: the sources have changed their form", codes.len());
    let missing: Vec<_> = codes.difference(&documented).collect();
    assert!(missing.is_empty(), "not in docs/errors/README.md: {missing:?}");
    let unknown: Vec<_> =
        documented.iter().filter(|code| !sources.iter().any(|text| text.contains(&format!("\"{code}\"")))).collect();
    assert!(unknown.is_empty(), "documented, and nowhere in the sources: {unknown:?}");
    for cause in ["caught-up", "signer-unknown", "held-by-relay"] {
        assert!(documented.contains(cause), "{cause}");
    }
}
