//! The deadlines of accepted cases, held against a program in another language that was written from the law alone and shares nothing with
//! tongban but the calendar.

#[path = "../../node/domain/tests/hall/mod.rs"]
mod hall;

use std::io::{BufRead as _, BufReader};
use std::process::{self, Stdio};

use hall::Hall;
use serde::Deserialize;
use tongban_codes::calendar::Calendar;
use tongban_codes::ids::AuthorityId;
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::case::{Deadline, Deadlines, Extension, ItemPin, Renewal, Status, Stop, ask_by, following_period};
use tongban_domain::catalogue::{Core, Term, Unit};
use tongban_domain::{Command, Reply};

const ORACLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/oracle/deadlines.py");
const CALENDAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../federation/codes/data/working-day-exceptions.csv");
/// The item of the halls.
const PERMIT: &str = "511A0015500013";
const CASES: usize = 100_000;
/// Of these so many renewals are played through two halls, act by act.
const PLAYED: usize = 400;

/// A line of the oracle.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    accepted: Date,
    statutory: Option<OracleTerm>,
    promised: Option<OracleTerm>,
    stops: Vec<(Date, Date)>,
    extension: Option<u16>,
    renewal: Option<OracleRenewal>,
    expected: Both,
}

/// The licence that a case renews.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OracleRenewal {
    from: Date,
    ends: Date,
    asked: Date,
    complete: Date,
    lead: OracleTerm,
    decided: Option<Date>,
    expected: RenewalDays,
}

/// The last day to ask, the second deadline, the first day on which it is deemed renewed, and the end of the period that follows.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct RenewalDays {
    ask_by: Date,
    due: Option<Date>,
    deemed: Option<Date>,
    next_end: Date,
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

/// What tongban says of a renewal.
fn renewed(line: &OracleRenewal) -> RenewalDays {
    let last = ask_by(Calendar::embedded(), line.ends, term(line.lead));
    let renewal = Renewal {
        licence: String::new(),
        asked_on: line.asked,
        ends: Some(line.ends),
        ask_by: Some(last),
        basis: None,
        deemed: false,
    };
    let silent = |moment: &Timestamp| line.decided.is_none_or(|day| day.start() >= *moment);
    RenewalDays {
        ask_by: last,
        due: renewal.due(line.complete),
        deemed: renewal.deemed_at(line.complete).filter(silent).map(Timestamp::date),
        next_end: following_period(line.from, line.ends),
    }
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
    let tried = process::Command::new("python3").args([ORACLE, CALENDAR, "--self-test"]).output();
    let tried = tried.expect("python3 is there: scripts/setup");
    assert!(tried.status.success(), "{}", String::from_utf8_lossy(&tried.stderr));
    let seed = std::env::var("TONGBAN_SEED").unwrap_or_else(|_| "1".to_owned());
    let mut oracle = process::Command::new("python3")
        .args([ORACLE, CALENDAR, "--seed", &seed, "--cases", &CASES.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there: scripts/setup");
    let lines = BufReader::new(oracle.stdout.take().expect("it is piped")).lines();
    let (mut cases, mut stopped, mut extended, mut provisional) = (0, 0, 0, 0);
    let (mut in_time, mut late, mut deemed, mut played) = (0, 0, 0, 0);
    let halls = Halls::new();
    for text in lines {
        let text = text.expect("the oracle goes on");
        let line: Line = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(computed(&line), line.expected, "seed {seed}: {text}");
        if let Some(renewal) = &line.renewal {
            let found = renewed(renewal);
            assert_eq!(found, renewal.expected, "seed {seed}: {text}");
            in_time += usize::from(found.due.is_some());
            late += usize::from(renewal.asked > found.ask_by);
            deemed += usize::from(found.deemed.is_some());
            if played < PLAYED && Halls::may_play(&line, renewal) {
                halls.play(&line, renewal, &text);
                played += 1;
            }
        }
        cases += 1;
        stopped += usize::from(!line.stops.is_empty());
        extended += usize::from(line.extension.is_some());
        provisional += usize::from(line.expected.statutory.is_some_and(|due| due.provisional));
    }
    assert!(oracle.wait().expect("it ends").success());
    assert_eq!(cases, CASES);
    // Every part of the rule was tried often.
    for part in [stopped, extended, provisional, in_time, late, deemed] {
        assert!(
            part > CASES / 20,
            "{stopped} stopped, {extended} extended, {provisional} provisional, {in_time} renewed in time, {late} late, {deemed} deemed"
        );
    }
    assert_eq!(played, PLAYED);
}

/// An authority's hall with a licence, and a town that collects for it.
struct Halls {
    home: Hall,
    town: Hall,
    licence: String,
}

impl Halls {
    fn new() -> Self {
        let mut home = hall::guangan();
        let division = home.division();
        let id = home.collect(PERMIT, division);
        let case = id.to_string();
        for command in
            [Command::Accept(case.clone()), Command::Decide { case: case.clone(), grant: true, reason: None }]
        {
            home.act(&command).expect("it is lawful");
        }
        let until = hall::date(2030, 9, 13);
        let issue = Command::IssueLicence { case, kind: "公共场所卫生许可证".to_owned(), until };
        let Reply::Licence { licence } = home.act(&issue).expect("it is lawful").reply else { panic!("no licence") };
        let town = hall::daishi(&home);
        Self { home, town, licence }
    }

    /// What begins after the halls were set up, under the term that their item has, and is asked for while the licence holds.
    fn may_play(line: &Line, renewal: &OracleRenewal) -> bool {
        let lead = renewal.lead;
        renewal.asked >= hall::date(2026, 9, 15)
            && renewal.asked <= renewal.ends
            && lead.days == 30
            && matches!(lead.unit, OracleUnit::Natural)
            && renewal.complete <= line.accepted
    }

    /// Plays a line through both halls: asked for in the town, taken over when it was complete, accepted, stopped, extended and decided on its days.
    /// Both show the same deadlines after each act, and on the day that the oracle names, no sooner, it is deemed renewed.
    fn play(&self, line: &Line, renewal: &OracleRenewal, text: &str) {
        let (mut home, mut town) = (self.home.clone(), self.town.clone());
        let row = home.state.licences.get_mut(&self.licence).expect("it was issued");
        (row.issued_on, row.valid_until) = (renewal.from, renewal.ends);
        let noon = |day: Date| day.start().add_seconds(12 * 3600);
        town.now = noon(renewal.asked);
        let mut collect = hall::collect(PERMIT, home.division());
        if let Command::Collect { renews, .. } = &mut collect {
            *renews = Some(self.licence.clone());
        }
        let change = town.act(&collect).unwrap_or_else(|refused| panic!("{refused}: {text}"));
        let Reply::Collected(collected) = &change.reply else { panic!("nothing collected") };
        let id = collected.case;
        let case = id.to_string();
        home.now = noon(renewal.complete);
        for notice in hall::carry(&change.notices[0], &mut town, &mut home) {
            hall::carry(&notice, &mut home, &mut town);
        }
        let deemed = renewal.expected.deemed;
        let mut days = vec![(line.accepted, Command::Accept(case.clone()))];
        for (from, until) in &line.stops {
            days.push((*from, Command::SuspendCase { case: case.clone(), procedure: "检测".to_owned(), days: 5 }));
            days.push((*until, Command::ResumeCase { case: case.clone(), note: None }));
        }
        if let Some(extended) = line.extension {
            let (approver, reason) = ("局长".to_owned(), "案情复杂".to_owned());
            days.push((
                line.accepted,
                Command::ExtendCase { case: case.clone(), days: extended.min(10), approver, reason },
            ));
        }
        if let Some(decided) = renewal.decided {
            days.push((decided, Command::Decide { case, grant: false, reason: Some("不符合条件".to_owned()) }));
        }
        // What a procedure keeps from being decided on its day isn't decided at all. The clock looks before each act, and on every day about the end.
        days.extend(
            (-2..=2).map(|by| (renewal.ends.add_days(by), Command::Tick)).filter(|(day, _)| *day >= line.accepted),
        );
        days.sort_by_key(|(day, _)| *day);
        for (day, command) in days {
            home.now = home.now.max(noon(day));
            for command in [Command::Tick, command] {
                let notices = home.act(&command).map(|change| change.notices).unwrap_or_default();
                for notice in notices {
                    hall::carry(&notice, &mut home, &mut town);
                }
                let clock = |hall: &Hall| {
                    let case = hall.case(id).clone();
                    (
                        case.status,
                        case.deadlines,
                        case.stops,
                        case.extension,
                        case.renewal,
                        case.licences,
                        case.decided_on,
                    )
                };
                assert_eq!(clock(&home), clock(&town), "{text}");
                let here = home.case(id);
                let due = here.deadlines.as_ref().and_then(|due| due.renewal);
                assert!(here.accepted_on.is_none() || due == renewal.expected.due, "{text}");
                let is_deemed = here.renewal.as_ref().is_some_and(|renewal| renewal.deemed);
                assert!(!is_deemed || due.is_some_and(|day| home.now >= day.next_day().start()), "too early: {text}");
            }
        }
        // A decision that no procedure kept from being taken was taken; else nobody decided.
        let here = home.case(id);
        let is_deemed = here.renewal.as_ref().is_some_and(|renewal| renewal.deemed);
        let decided = here.status == Status::Denied;
        assert_eq!(is_deemed, renewal.expected.due.is_some() && !decided, "{text}");
        assert!(!decided || deemed.is_none() || here.decided_on < deemed, "{text}");
        if is_deemed {
            assert_eq!(here.decided_on, Some(renewal.ends), "{text}");
            let successor = &home.state.licences[&here.licences[0]];
            assert_eq!(successor.valid_from, Some(renewal.ends.next_day()), "{text}");
            assert_eq!(successor.valid_until, renewal.expected.next_end, "{text}");
        }
    }
}
