//! Plays seeds and says how many in a minute.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use clap::Parser;
use simulator::{Plan, month, play};

/// Plays seeds of the simulator.
#[derive(Parser)]
struct Arguments {
    /// How many seeds; 100 when absent, with --month one.
    seeds: Option<u64>,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; as many as there are processors when absent.
    #[arg(long)]
    threads: Option<usize>,
    /// Prints the whole trace.
    #[arg(long)]
    trace: bool,
    /// Plays forty nodes for a month, with hostile ones among them, and says what happened.
    #[arg(long)]
    month: bool,
    /// With --month: twelve nodes for a week.
    #[arg(long, requires = "month")]
    short: bool,
    /// With --month: how many days.
    #[arg(long, requires = "month")]
    days: Option<i64>,
    /// With --month: how many cases.
    #[arg(long, requires = "month")]
    cases: Option<usize>,
    /// Puts in the deliberate bugs whose names hold this, one after another, each until it is found.
    #[cfg(feature = "deliberate-bugs")]
    #[arg(long)]
    bug: Option<String>,
}

#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let threads = arguments.threads.or_else(|| std::thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
    let (next, steps, acts, broken) =
        (AtomicU64::new(arguments.seed), AtomicU64::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    if arguments.month {
        return months(&arguments);
    }
    let count = arguments.seeds.unwrap_or(100);
    let end = arguments.seed + count;
    let plan = if arguments.trace { Plan::traced() } else { Plan::default() };
    #[cfg(feature = "deliberate-bugs")]
    if let Some(bug) = &arguments.bug {
        return hunt(bug, arguments.seed..end, |seed, bug| play(seed, &Plan { bug: Some(bug), ..plan }).breach);
    }
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let played = play(seed, &plan);
                    steps.fetch_add(played.steps, Ordering::Relaxed);
                    acts.fetch_add(played.acts, Ordering::Relaxed);
                    match played.breach {
                        Some(breach) => {
                            broken.fetch_add(1, Ordering::Relaxed);
                            println!("{breach}");
                        }
                        None if plan.trace => played.trace.iter().for_each(|line| println!("{line}")),
                        None => {}
                    }
                }
            });
        }
    });
    let seconds = started.elapsed().as_secs_f64();
    let (steps, acts, broken) = (steps.into_inner(), acts.into_inner(), broken.into_inner());
    let rate = count as f64 * 60.0 / seconds;
    println!(
        "{count} seeds, {broken} broken; {steps} events, {acts} acknowledged acts; {seconds:.1} s, {rate:.0} seeds a minute"
    );
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Plays months, one after another.
#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn months(arguments: &Arguments) -> ExitCode {
    let whole = if arguments.short { month::Plan::week() } else { month::Plan::month() };
    let plan = month::Plan {
        days: arguments.days.unwrap_or(whole.days).max(1),
        cases: arguments.cases.unwrap_or(whole.cases),
        trace: arguments.trace,
        ..whole
    };
    let seeds = arguments.seed..arguments.seed + arguments.seeds.unwrap_or(1);
    #[cfg(feature = "deliberate-bugs")]
    if let Some(bug) = &arguments.bug {
        let found = |seed, bug| month::play(seed, &month::Plan { bug: Some(bug), ..plan }).breach;
        return hunt(bug, seeds, found);
    }
    let mut broken = false;
    for seed in seeds {
        let started = Instant::now();
        let played = month::play(seed, &plan);
        if plan.trace {
            played.trace.iter().for_each(|line| println!("{line}"));
        }
        let seconds = started.elapsed().as_secs_f64();
        println!("{played}\n{seconds:.1} s, {:.0} events a second", played.steps as f64 / seconds);
        if let Some(breach) = &played.breach {
            broken = true;
            println!("{breach}");
        }
    }
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Plays each bug until it is found.
#[cfg(feature = "deliberate-bugs")]
#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn hunt(
    named: &str,
    seeds: std::ops::Range<u64>,
    found: impl Fn(u64, tongban_codes::deliberate::Bug) -> Option<simulator::Breach>,
) -> ExitCode {
    let mut missed = false;
    for bug in tongban_codes::deliberate::Bug::ALL.into_iter().filter(|bug| bug.name().contains(named)) {
        match seeds.clone().find_map(|seed| found(seed, bug)) {
            Some(breach) => {
                println!("{}: seed {}, promise {}: {}", bug.name(), breach.seed, breach.promise, breach.text);
            }
            None => {
                missed = true;
                println!("{}: not found", bug.name());
            }
        }
    }
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
