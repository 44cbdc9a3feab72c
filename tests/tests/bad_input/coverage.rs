//! Every verb of the command line has a row, or a reason why no input of it can be bad.

use std::collections::{BTreeMap, BTreeSet};

/// Verbs that have no row, each with the reason.
const WITHOUT: &[(&str, &str)] = &[];

/// The verbs of the command line: each command that has none below it.
fn verbs() -> BTreeSet<String> {
    fn below(command: &clap::Command, path: &str, verbs: &mut BTreeSet<String>) {
        let subs: Vec<_> = command.get_subcommands().filter(|sub| sub.get_name() != "help").collect();
        if subs.is_empty() {
            verbs.insert(path.to_owned());
        }
        for sub in subs {
            below(sub, format!("{path} {}", sub.get_name()).trim_start(), verbs);
        }
    }
    let mut verbs = BTreeSet::new();
    below(&tongban::cli::grammar(), "", &mut verbs);
    verbs
}

#[test]
fn every_verb_of_the_command_line_has_a_row() {
    let verbs = verbs();
    assert!(verbs.contains("case accept") && verbs.contains("item ceiling set"), "{verbs:?}");
    let rows = crate::rows();
    let tried: BTreeSet<&str> = rows.iter().map(|row| row.verb).collect();
    let excused: BTreeMap<&str, &str> = WITHOUT.iter().copied().collect();
    let missing: Vec<&String> =
        verbs.iter().filter(|verb| !tried.contains(verb.as_str()) && !excused.contains_key(verb.as_str())).collect();
    assert!(missing.is_empty(), "verbs without bad input, add rows to tests/tests/bad_input/tables: {missing:?}");
    // A row of a verb that is no more says so.
    let known = |verb: &str| verb == "tongban" || verb.contains(" /v1/") || verbs.contains(verb);
    let unknown: Vec<&str> = tried.into_iter().filter(|verb| !known(verb)).collect();
    assert!(unknown.is_empty(), "rows of verbs that there aren't: {unknown:?}");
    for (verb, reason) in WITHOUT {
        assert!(verbs.contains(*verb) && !reason.is_empty(), "{verb}");
    }
}
