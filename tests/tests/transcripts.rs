//! The manual is a test: every transcript is played, and so are the ten lines of the README.

use std::path::Path;

use system_tests::{FrontDatabase, free_port, play, play_block, play_with};

fn docs(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/transcripts").join(name)
}

#[test]
fn a_branch_is_opened() {
    play(&docs("a-branch-is-opened.md"));
}

#[test]
fn a_case_in_one_hall() {
    play(&docs("a-case-in-one-hall.md"));
}

#[test]
fn a_case_goes_red() {
    play(&docs("a-case-goes-red.md"));
}

#[test]
fn a_case_is_reclaimed() {
    play(&docs("a-case-is-reclaimed.md"));
}

#[test]
fn materials_travel() {
    play(&docs("materials-travel.md"));
}

#[test]
fn a_case_is_supplemented() {
    play(&docs("a-case-is-supplemented.md"));
}

#[test]
fn a_ceiling_is_lowered() {
    play(&docs("a-ceiling-is-lowered.md"));
}

#[test]
fn a_clock_that_stands_still() {
    play(&docs("a-clock-that-stands-still.md"));
}

#[test]
fn a_division_gets_another_code() {
    play(&docs("a-division-gets-another-code.md"));
}

#[test]
fn a_drift_is_found_and_mended() {
    play_with(&docs("a-drift-is-found-and-mended.md"), &[("EDIT", env!("CARGO_BIN_EXE_tongban-edit-store"))]);
}

#[test]
fn a_licence_ends_before_the_decision() {
    play(&docs("a-licence-ends-before-the-decision.md"));
}

#[test]
fn a_line_before_a_limit() {
    play(&docs("a-line-before-a-limit.md"));
}

#[test]
fn a_service_is_rated() {
    play(&docs("a-service-is-rated.md"));
}

#[test]
fn decided_in_anothers_place() {
    play(&docs("decided-in-anothers-place.md"));
}

#[test]
fn first_federation() {
    play(&docs("first-federation.md"));
}

#[test]
fn a_county_claims_a_release() {
    play(&docs("a-county-claims-a-release.md"));
}

#[test]
fn work_in_steps() {
    play(&docs("work-in-steps.md"));
}

#[test]
fn front_database() {
    play_with_front("front-database.md");
}

#[test]
fn cases_are_reported() {
    play_with_front("cases-are-reported.md");
}

/// Plays a transcript with an empty front database and an item that has all its fields.
fn play_with_front(name: &str) {
    let front = FrontDatabase::start();
    let item = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/guesthouse-permit.json");
    let variables = [("FRONT", front.address()), ("ITEM", item.to_string_lossy().into_owned())];
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    play_with(&docs(name), &variables);
}

#[test]
fn readme() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let ports = ["7611", "7612", "7613"].map(|port| (format!(":{port}"), format!(":{}", free_port())));
    let mut replacements = vec![("/tmp/tongban", "federation"), ("PATH=$PWD/target/debug:$PATH; ", "")];
    replacements.extend(ports.iter().map(|(what, with)| (what.as_str(), with.as_str())));
    let printed = play_block(&path, "bash", &replacements);
    let owner = printed.lines().filter(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some("division") && words.next() == Some("511602000000")
    });
    assert_eq!(owner.count(), 3, "three nodes name the owner\n{printed}");
    let counted = printed.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.first() == Some(&"511602000000") && words.contains(&"granted") && words.last() == Some(&"1")
    });
    assert!(counted, "the city counts one granted case\n{printed}");
}

/// A transcript that nobody plays is no test.
#[test]
fn every_transcript_is_played() {
    let mut names: Vec<String> = std::fs::read_dir(docs(""))
        .expect("the transcripts are there")
        .map(|entry| entry.expect("the folder can be read").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let wanted = [
        "a-branch-is-opened.md",
        "a-case-goes-red.md",
        "a-case-in-one-hall.md",
        "a-case-is-reclaimed.md",
        "a-case-is-supplemented.md",
        "a-ceiling-is-lowered.md",
        "a-clock-that-stands-still.md",
        "a-county-claims-a-release.md",
        "a-division-gets-another-code.md",
        "a-drift-is-found-and-mended.md",
        "a-licence-ends-before-the-decision.md",
        "a-line-before-a-limit.md",
        "a-service-is-rated.md",
        "cases-are-reported.md",
        "decided-in-anothers-place.md",
        "first-federation.md",
        "front-database.md",
        "materials-travel.md",
        "work-in-steps.md",
    ];
    assert_eq!(names, wanted);
}
