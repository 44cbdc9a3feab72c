//! The deadlines of accepted cases, held against a program in another language that was written from the law alone and shares nothing with
//! tongban but the calendar.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde::Deserialize;
use tongban_codes::calendar::Calendar;
use tongban_codes::ids::AuthorityId;
use tongban_codes::time::Date;
use tongban_domain::case::{Deadline, Deadlines, Extension, ItemPin, Stop};
use tongban_domain::catalogue::{Core, Term, Unit};

const ORACLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/oracle/deadlines.py");
const CALENDAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../federation/codes/data/working-day-exceptions.csv");
const CASES: usize = 100_000;

/// A line of the oracle.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    accepted: Date,
    statutory: Option<OracleTerm>,
    promised: Option<OracleTerm>,
    stops: Vec<(Date, Date)>,
    extension: Option<u16>,
    expected: Both,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct OracleTerm {
    days: u16,
    unit: OracleUnit,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OracleUnit {
    Working,
    Natural,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Both {
    statutory: Option<Day>,
    promised: Option<Day>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Day {
    date: Date,
    provisional: bool,
}

fn term(term: OracleTerm) -> Term {
    let unit = match term.unit {
        OracleUnit::Working => Unit::WorkingDays,
        OracleUnit::Natural => Unit::NaturalDays,
    };
    Term { days: term.days, unit }
}

/// What tongban says of it.
fn computed(line: &Line) -> Both {
    let core = Core { name: "演示".into(), base_code: None, item_type: "01".into(), legal_basis: String::new() };
    let item = ItemPin {
        code: "511A0015500013-511602000000-000-115113016823646795-1-00".into(),
        core,
        version: 1,
        authority: AuthorityId::from_bytes([1; 16]),
        department: "区行政审批局".into(),
        statutory: line.statutory.map(term),
        promised: line.promised.map(term),
        department_code: "115113016823646795".into(),
    };
    let stop = |(from, until): &(Date, Date)| Stop {
        procedure: "检测".into(),
        basis: "行政许可法第四十五条".into(),
        announced: 1,
        from: *from,
        until: Some(*until),
    };
    let stops: Vec<Stop> = line.stops.iter().map(stop).collect();
    let extension = line.extension.map(|days| Extension {
        days,
        approver: "局长".into(),
        on: line.accepted,
        basis: "行政许可法第四十二条".into(),
    });
    let due =
        |item: &ItemPin| Deadlines::compute(Calendar::embedded(), item, line.accepted, &stops, extension.as_ref());
    let day = |due: Deadline| Day { date: due.date, provisional: due.provisional };
    // On its own a promise may be longer than what the law gives; beside it, it ends with it at the latest.
    let (both, alone) = (due(&item), due(&ItemPin { statutory: None, ..item.clone() }));
    if let (Some(promised), Some(_), None) = (alone.promised, both.statutory, line.extension) {
        assert_eq!(
            both.promised.map(|due| due.date),
            both.statutory.map(|due| due.date.min(promised.date)),
            "{line:?}"
        );
    }
    Both { statutory: both.statutory.map(day), promised: alone.promised.map(day) }
}

#[test]
fn a_hundred_thousand_cases_of_ten_years_fall_due_as_the_law_says() {
    let tried = Command::new("python3").args([ORACLE, CALENDAR, "--self-test"]).output();
    let tried = tried.expect("python3 is there: scripts/setup");
    assert!(tried.status.success(), "{}", String::from_utf8_lossy(&tried.stderr));
    let seed = std::env::var("TONGBAN_SEED").unwrap_or_else(|_| "1".to_owned());
    let mut oracle = Command::new("python3")
        .args([ORACLE, CALENDAR, "--seed", &seed, "--cases", &CASES.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there: scripts/setup");
    let lines = BufReader::new(oracle.stdout.take().expect("it is piped")).lines();
    let (mut cases, mut stopped, mut extended, mut provisional) = (0, 0, 0, 0);
    for text in lines {
        let text = text.expect("the oracle goes on");
        let line: Line = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(computed(&line), line.expected, "seed {seed}: {text}");
        cases += 1;
        stopped += usize::from(!line.stops.is_empty());
        extended += usize::from(line.extension.is_some());
        provisional += usize::from(line.expected.statutory.is_some_and(|due| due.provisional));
    }
    assert!(oracle.wait().expect("it ends").success());
    assert_eq!(cases, CASES);
    // Every part of the rule was tried often.
    for part in [stopped, extended, provisional] {
        assert!(part > CASES / 20, "{stopped} stopped, {extended} extended, {provisional} provisional");
    }
}
