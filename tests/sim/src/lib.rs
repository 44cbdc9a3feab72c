//! A province in one process: real writers, states, exchanges, sessions and journals of twenty nodes, over a network, disks and clocks
//! that a seed decides, under virtual time and without a thread.
//!
//! ```text
//!   seed ──▶ chance ──▶ faults, delays, clients ──▶ queue ──▶ machine: writer ─▶ log ─▶ state, exchange ◀──▶ network
//!                                                                          │                  │
//!                                       oracle ◀── what is durable ────────┴── what leaves ───┘
//! ```
//!
//! The same seed gives the same run, byte for byte. While things break, and after they are whole again, the [promises](self) of
//! `docs/architecture.md` are checked after every step; then everything must come to rest.

mod chance;
mod client;
mod effects;
mod faults;
mod genesis;
mod lost;
mod machine;
pub mod month;
mod network;
mod pace;
mod promise;
pub mod province;
mod queue;
mod steps;
mod trace;
mod world;

use std::fmt;

/// How a seed is played.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct Plan {
    /// Keeps the whole trace, not only its end.
    pub trace: bool,
    /// A fault that is put into the product.
    #[cfg(feature = "deliberate-bugs")]
    pub bug: Option<tongban_codes::deliberate::Bug>,
}

impl Plan {
    /// The product as it is, with the whole trace.
    pub fn traced() -> Self {
        Self {
            trace: true,
            #[cfg(feature = "deliberate-bugs")]
            bug: None,
        }
    }
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The seed that shows it.
    pub seed: u64,
    /// Number of the promise, `law` where what the law orders wasn't kept, or `convergence`.
    pub promise: &'static str,
    /// What was seen.
    pub text: String,
    /// What happened last.
    pub trace: Vec<String>,
    /// What plays it again, before the seed.
    pub command: &'static str,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: promise {} is broken: {}", self.seed, self.promise, self.text)?;
        for line in &self.trace {
            writeln!(f, "  {line}")?;
        }
        write!(f, "replay it: {} --seed {} --trace", self.command, self.seed)
    }
}

/// What a seed came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// Which.
    pub seed: u64,
    /// How many events happened.
    pub steps: u64,
    /// How many acts were acknowledged.
    pub acts: usize,
    /// How many renewals were deemed granted, since nobody decided before the licence ended.
    pub deemed_renewals: usize,
    /// Milliseconds of virtual time.
    pub millis: i64,
    /// The first promise that was broken.
    pub breach: Option<Breach>,
    /// The trace, or its end.
    pub trace: Vec<String>,
}

/// Plays a seed until everything has come to rest or a promise is broken.
#[must_use]
pub fn play(seed: u64, plan: &Plan) -> Played {
    // The beginning is the same, whatever is wrong afterwards.
    genesis::small();
    #[cfg(feature = "deliberate-bugs")]
    tongban_codes::deliberate::choose(plan.bug);
    let played = world::World::new(seed, plan).play(seed);
    #[cfg(feature = "deliberate-bugs")]
    tongban_codes::deliberate::choose(None);
    played
}
