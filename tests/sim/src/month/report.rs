//! What a month came to.

use std::collections::BTreeMap;
use std::fmt;

use super::Month;
use crate::Breach;
use crate::genesis;
use crate::world::World;

/// What hostile nodes tried, and what they were answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attacked {
    /// How many nodes are hostile.
    pub nodes: usize,
    /// How often each kind was tried.
    pub tried: BTreeMap<&'static str, u64>,
    /// Codes of the receipts of what they sealed themselves about cases that aren't theirs.
    pub answered: BTreeMap<String, u64>,
    /// Questions for what isn't theirs to hear that were refused.
    pub unanswered: u64,
    /// Cases in which they had a lawful part, which the promises leave out.
    pub own_cases: usize,
    /// How many of those two honest nodes believe to own, each by an offer of its own.
    pub doubled: usize,
}

/// What a month came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// Which.
    pub seed: u64,
    /// How many nodes.
    pub nodes: usize,
    /// Virtual days, those until everything had come to rest among them.
    pub days: i64,
    /// Milliseconds from the last fault until everything had come to rest.
    pub rest_millis: i64,
    /// How many events happened.
    pub steps: u64,
    /// Cases that were collected, by how.
    pub cases: BTreeMap<&'static str, u64>,
    /// Acts that were done, by command.
    pub acts: BTreeMap<String, u64>,
    /// Acts that were lawfully refused, by code.
    pub refused: BTreeMap<String, u64>,
    /// Envelopes that nodes sealed.
    pub envelopes: u64,
    /// What broke.
    pub faults: BTreeMap<&'static str, u64>,
    /// What hostile nodes did.
    pub attacked: Attacked,
    /// Deemed acceptances and deemed renewals.
    pub deemed: (usize, usize),
    /// Cases of honest deciders that are kept as decided in another's place by the authority in charge, and those of which it refused a report.
    pub reported: (usize, usize),
    /// How often the whole state of a node was looked at.
    pub looks: u64,
    /// The first promise that was broken.
    pub breach: Option<Breach>,
    /// The trace, or its end.
    pub trace: Vec<String>,
}

impl Played {
    /// Cases that were collected.
    #[must_use]
    pub fn collected(&self) -> u64 {
        self.cases.values().sum()
    }

    /// Acts that were done.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.acts.values().sum()
    }
}

fn listed<K: fmt::Display>(f: &mut fmt::Formatter<'_>, what: &str, counts: &BTreeMap<K, u64>) -> fmt::Result {
    let all: u64 = counts.values().sum();
    write!(f, "{what} {all}:")?;
    for (name, count) in counts {
        write!(f, " {name} {count}")?;
    }
    writeln!(f)
}

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}: {} nodes, {} hostile; {} virtual days, at rest {} s after the last fault; {} events, {} envelopes, {} looks at whole states",
            self.seed,
            self.nodes,
            self.attacked.nodes,
            self.days,
            self.rest_millis / 1000,
            self.steps,
            self.envelopes,
            self.looks
        )?;
        listed(f, "cases", &self.cases)?;
        listed(f, "acts done", &self.acts)?;
        listed(f, "acts refused", &self.refused)?;
        writeln!(f, "deemed acceptances {}, deemed renewals {}", self.deemed.0, self.deemed.1)?;
        writeln!(f, "decided in another's place: reports kept {}, refused {}", self.reported.0, self.reported.1)?;
        listed(f, "faults", &self.faults)?;
        listed(f, "attacks", &self.attacked.tried)?;
        listed(f, "receipts to hostile words", &self.attacked.answered)?;
        write!(
            f,
            "questions refused {}, cases with a hostile part {}, of those with two owners {}",
            self.attacked.unanswered, self.attacked.own_cases, self.attacked.doubled
        )
    }
}

impl World {
    /// What it came to.
    pub(super) fn reported(mut self, seed: u64) -> Played {
        let Month { plan, hostile, tally, .. } = *self.month.take().expect("it is a month");
        let now = self.queue.now();
        let calm = genesis::beginning() + plan.days * super::DAY;
        let (own_cases, doubled) = self.oracle.tainted();
        let attacked = Attacked {
            nodes: hostile.nodes.len(),
            tried: tally.attacks,
            answered: self.oracle.answers_to_hostile().clone(),
            unanswered: tally.unanswered,
            own_cases,
            doubled,
        };
        let deemed = (self.oracle.deemed_accepted(), self.oracle.deemed_renewed());
        let (reported, envelopes) = (self.oracle.reported(), self.oracle.envelopes());
        let trace = self.trace.finish();
        let breach = self.oracle.broken().map(|(promise, text)| Breach {
            seed,
            promise,
            text,
            trace: trace.clone(),
            command: if plan.whole { "scripts/bench --sim 1 --month" } else { "scripts/bench --sim 1 --month --short" },
        });
        Played {
            seed,
            nodes: self.machines.len(),
            days: (now - genesis::beginning()) / super::DAY,
            rest_millis: (now - calm).max(0),
            steps: self.steps,
            cases: tally.cases,
            acts: tally.acts,
            refused: tally.refused,
            envelopes,
            faults: tally.faults,
            attacked,
            deemed,
            reported,
            looks: tally.looks,
            breach,
            trace,
        }
    }
}
