//! Plays seeds and says how many in a minute.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use clap::Parser;
use simulator::{Plan, play};

/// Plays seeds of the simulator.
#[derive(Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(default_value_t = 100)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; as many as there are processors when absent.
    #[arg(long)]
    threads: Option<usize>,
    /// Prints the whole trace.
    #[arg(long)]
    trace: bool,
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
    let end = arguments.seed + arguments.seeds;
    let plan = if arguments.trace { Plan::traced() } else { Plan::default() };
    #[cfg(feature = "deliberate-bugs")]
    if let Some(bug) = &arguments.bug {
        return hunt(bug, arguments.seed..end);
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
    let count = arguments.seeds;
    let rate = count as f64 * 60.0 / seconds;
    println!(
        "{count} seeds, {broken} broken; {steps} events, {acts} acknowledged acts; {seconds:.1} s, {rate:.0} seeds a minute"
    );
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Plays each bug until it is found.
#[cfg(feature = "deliberate-bugs")]
#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn hunt(named: &str, seeds: std::ops::Range<u64>) -> ExitCode {
    let mut missed = false;
    for bug in tongban_codes::deliberate::Bug::ALL.into_iter().filter(|bug| bug.name().contains(named)) {
        let plan = Plan { bug: Some(bug), ..Plan::default() };
        let found = seeds.clone().find_map(|seed| play(seed, &plan).breach);
        match found {
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
