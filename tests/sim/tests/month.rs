//! Weeks of twelve nodes of two provinces, some of them hostile: every promise after every step, and rest in the end.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use simulator::month::{Plan, Played, play};

/// The most weeks that are played until everything has happened, and in which a bug is looked for: those of seeds 1 to this.
const WEEKS: usize = 6;

/// Matters between two nodes that aren't cases, those of several nodes, and what is of limited number or pledged.
const ACTS: [&str; 16] = [
    "Ticket-Open",
    "Ticket-Assign",
    "Ticket-Answer",
    "Ticket-GiveBack",
    "Ticket-Send",
    "Ticket-Reopen",
    "Ticket-Confirm",
    "Rate",
    "Rating-Verify",
    "Application-Collect",
    "Application-Answer",
    "Agreement-Add",
    "Agreement-Withdraw",
    "CancelLicence",
    "Pledge",
    "VerifyPledge",
];

/// What is refused: where nothing was agreed or not any more, who was accepted later or comes when no number is left, and who pledged falsely.
const CODES: [&str; 5] = ["agreement-missing", "agreement-lapsed", "out-of-turn", "numbers-used-up", "pledge-barred"];

/// The week of a seed with the product as it is, played once for all who ask.
fn week(seed: usize) -> &'static Played {
    static PLAYED: [OnceLock<Played>; WEEKS] = [const { OnceLock::new() }; WEEKS];
    PLAYED[seed - 1].get_or_init(|| play(seed as u64, &Plan::week()))
}

fn sum<K: Ord + Clone>(all: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    for (name, count) in more {
        *all.entry(name.clone()).or_default() += count;
    }
}

/// Adds what happened in a week to what happened in others.
fn add(all: &mut Played, more: &Played) {
    sum(&mut all.cases, &more.cases);
    sum(&mut all.acts, &more.acts);
    sum(&mut all.refused, &more.refused);
    sum(&mut all.faults, &more.faults);
    sum(&mut all.attacked.tried, &more.attacked.tried);
    sum(&mut all.attacked.answered, &more.attacked.answered);
    all.attacked.unanswered += more.attacked.unanswered;
    all.reported.0 += more.reported.0;
    all.reported.1 += more.reported.1;
    all.looks += more.looks;
}

/// What must have happened in so many weeks and hasn't, so that they don't say enough.
fn missing(all: &Played, weeks: u64) -> Vec<String> {
    let attacks = all.attacked.tried.values().sum();
    let answered = all.attacked.answered.values().sum();
    let mut missing = Vec::new();
    for (what, count, least) in [
        ("cases collected", all.collected(), 150 * weeks),
        ("acts done", all.done(), 600 * weeks),
        ("kinds of fault", all.faults.len() as u64, 8),
        ("attacks", attacks, 200 * weeks),
        ("kinds of attack", all.attacked.tried.len() as u64, 20),
        ("answers to hostile words", answered, 1),
        ("refused questions of hostile nodes", all.attacked.unanswered, 1),
        ("looks at whole states", all.looks, 30 * weeks),
        // What is decided in another's place: kept, and refused where the agreement had ended.
        ("reports kept", all.reported.0 as u64, 10),
        ("reports refused", all.reported.1 as u64, 1),
    ] {
        if count < least {
            missing.push(format!("{count} {what}, of at least {least}"));
        }
    }
    let acts = ACTS.iter().filter(|act| !all.acts.contains_key(**act));
    missing.extend(acts.map(|act| format!("nobody did {act}")));
    let codes = CODES.iter().filter(|code| !all.refused.contains_key(**code));
    missing.extend(codes.map(|code| format!("nothing was refused as {code}")));
    for attack in ["report on another's case", "words of another as its own"] {
        if !all.attacked.tried.contains_key(attack) {
            missing.push(format!("no {attack}"));
        }
    }
    missing
}

/// Plays on until everything has happened, so that no seed needs to be a lucky one.
#[test]
fn weeks_hold_every_promise() {
    let mut all: Option<Played> = None;
    let mut lacks = Vec::new();
    for seed in 1..=WEEKS {
        let week = week(seed);
        if let Some(breach) = &week.breach {
            panic!("{breach}");
        }
        assert_eq!(week.attacked.nodes, 2, "{week}");
        assert!(!week.attacked.answered.contains_key("applied"), "{week}");
        match &mut all {
            Some(all) => add(all, week),
            None => all = Some(week.clone()),
        }
        lacks = all.as_ref().map(|all| missing(all, seed as u64)).unwrap_or_default();
        if lacks.is_empty() {
            return;
        }
    }
    panic!("in {WEEKS} weeks: {}", lacks.join("; "));
}

#[test]
fn a_week_replays_byte_for_byte() {
    let plan = Plan { days: 2, cases: 60, trace: true, ..Plan::week() };
    let (first, second) = (play(7, &plan), play(7, &plan));
    assert!(first.trace.len() > 1_000);
    assert_eq!(first, second);
    assert_ne!(first.trace, play(8, &plan).trace);
}

/// That the week bites, too.
#[cfg(feature = "deliberate-bugs")]
mod bites {
    use super::{Plan, WEEKS, play, week};
    use tongban_codes::deliberate::Bug;

    /// Whether a bug is found by the promise that it breaks, in a week that breaks none without it.
    fn is_found(bug: Bug, promise: &str) {
        let plan = Plan { bug: Some(bug), ..Plan::week() };
        let breaks = |seed: &usize| play(*seed as u64, &plan).breach.is_some_and(|breach| breach.promise == promise);
        let Some(seed) = (1..=WEEKS).find(breaks) else {
            panic!("{} breaks no promise {promise} in {WEEKS} weeks", bug.name())
        };
        if let Some(breach) = &week(seed).breach {
            panic!("without {}: {breach}", bug.name());
        }
    }

    #[test]
    fn an_owner_that_lets_go_too_early_is_found() {
        is_found(Bug::OwnerDischargedEarly, "1");
    }

    #[test]
    fn a_receipt_before_its_effect_is_found() {
        is_found(Bug::ReceiptBeforeApply, "3");
    }

    #[test]
    fn a_journal_that_is_rewritten_is_found() {
        is_found(Bug::JournalRewritten, "5");
    }

    #[test]
    fn a_case_taken_at_its_former_tenure_is_found() {
        is_found(Bug::TakenAtSameTenure, "1");
    }

    /// Which hostile nodes alone show: none of the promises knows of it.
    #[test]
    fn a_report_of_anyone_is_found() {
        is_found(Bug::ReportOfAnyone, "1");
    }

    #[test]
    fn a_report_to_which_nobody_agreed_is_found() {
        is_found(Bug::AgreementUnread, "1");
    }

    #[test]
    fn a_permit_that_is_granted_out_of_turn_is_found() {
        is_found(Bug::OutOfTurn, "law");
    }

    #[test]
    fn news_of_a_ticket_that_nobody_hears_is_found() {
        is_found(Bug::NewsUnheard, "2");
    }
}
