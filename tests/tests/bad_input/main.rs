//! Bad input of every kind, over every verb of the command line and the API: refused with its code, in both languages, and nothing changed.
//!
//! The rows stand in tables by noun, each with a cause of its own. Three halls that run, one that doesn't and one that has joined nobody are
//! made once; each row is tried on them as it stands, and afterwards the nodes and their directories are as before. What is said is kept in
//! `docs/errors/bad-input.md`, which `TONGBAN_BLESS=1` writes and this test holds against what the product says today.

mod attempt;
mod coverage;
mod page;
mod row;
mod scene;
mod tables;
mod unchanged;

use std::collections::BTreeMap;
use std::time::Instant;

use attempt::Said;
use row::{Input, Row};
use scene::Scene;
use unchanged::Sight;

/// Fewer kinds of bad input than these are not enough to know the product by.
const KINDS_MIN: usize = 200;

fn rows() -> Vec<Row> {
    tables::all()
}

#[test]
fn every_bad_input_is_refused_and_changes_nothing() {
    let rows = rows();
    let scene = Scene::new();
    scene.settled();
    let begun = Instant::now();
    let mut sight = Sight::of(&scene);
    let (mut wrong, mut lines) = (Vec::new(), Vec::new());
    for row in &rows {
        let said = attempt::of(&scene, row);
        wrong.extend(faults(row, &said).map(|fault| format!("{}: {}: {fault}\n    {said:?}", row.verb, row.cause)));
        if let Err(change) = sight.still_holds(&scene) {
            wrong.push(format!("{}: {}: it changed {change}", row.verb, row.cause));
            sight = Sight::of(&scene);
        }
        lines.push(page::line(&scene, row, &said));
    }
    // What the indices don't tell is looked at once more as a whole.
    wrong.extend(sight.holds_wholly(&scene).err());
    eprintln!("{} kinds of bad input in {:.1} s", rows.len(), begun.elapsed().as_secs_f32());
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    page::holds(&lines);
}

/// What is not as promised of a refusal.
fn faults(row: &Row, said: &Said) -> impl Iterator<Item = String> {
    let mut faults = Vec::new();
    let expected = match (&row.input, row.exit) {
        (Input::Request { .. }, _) => said.ended >= 400 && said.ended != 500,
        (_, exit) => said.ended == exit,
    };
    if !expected {
        faults.push(format!("it ended with {} instead of {}", said.ended, row.exit));
    }
    if said.code != row.code {
        faults.push(format!("the code is {:?} instead of {:?}", said.code, row.code));
    }
    if said.en.is_empty() || !said.zh.chars().any(is_chinese) {
        faults.push("it isn't said in both languages".to_owned());
    }
    // A verdict on a code or a licence is an answer: it has no field but what was asked about, and no remedy but another input.
    if !said.verdict && (said.field.is_empty() || said.remedy_en.is_empty() || said.remedy_zh.is_empty()) {
        faults.push("field or remedy are missing".to_owned());
    }
    faults.into_iter()
}

fn is_chinese(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// What is wrong is seen: the checks on a row fail where a code, a language, a remedy or a field are not as they should be.
#[test]
fn the_checks_can_fail() {
    let row = row::row("case accept", "a case", scene::HOME, "case accept x", "case-unknown");
    let good = Said {
        ended: 1,
        code: "case-unknown".to_owned(),
        field: "case".to_owned(),
        en: "no such case".to_owned(),
        zh: "没有该办件".to_owned(),
        remedy_en: "look".to_owned(),
        remedy_zh: "查询".to_owned(),
        verdict: false,
    };
    assert_eq!(faults(&row, &good).count(), 0);
    for bad in [
        Said { ended: 0, ..good.clone() },
        Said { code: "case-state".to_owned(), ..good.clone() },
        Said { zh: "no such case".to_owned(), ..good.clone() },
        Said { remedy_zh: String::new(), ..good.clone() },
        Said { field: String::new(), ..good },
    ] {
        assert_eq!(faults(&row, &bad).count(), 1, "{bad:?}");
    }
}

#[test]
fn the_rows_are_many_and_each_has_a_cause_of_its_own() {
    let rows = rows();
    assert!(rows.len() >= KINDS_MIN, "{}", rows.len());
    let mut causes: BTreeMap<&str, usize> = BTreeMap::new();
    rows.iter().for_each(|row| *causes.entry(row.cause).or_default() += 1);
    let twice: Vec<&str> = causes.into_iter().filter(|(_, times)| *times > 1).map(|(cause, _)| cause).collect();
    assert!(twice.is_empty(), "causes of several rows: {twice:?}");
    assert!(rows.iter().all(|row| row.cause.is_ascii()), "causes are said in English");
}
