//! The load generator of `scripts/bench`: a process of its own that speaks the API of real nodes over their sockets.
//!
//! It measures tongban beside what bounds it on the same machine in the same run: PostgreSQL 15 with one statement an act,
//! a bare quinn echo, a bare fdatasync. Figures of one run may be compared with each other; those of two machines may not.

mod accept;
mod api;
mod disk;
mod echo;
mod exchange;
mod hall;
mod import;
mod latency;
mod midnight;
mod node;
mod postgres;
mod report;
mod run;
mod sizes;
mod stored;
mod usage;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;

/// Measures tongban beside PostgreSQL, a bare quinn echo and a bare fdatasync.
#[derive(Debug, clap::Parser)]
#[command(name = "tongban-load")]
struct Arguments {
    /// The tongban to measure, a release build
    #[arg(long, value_name = "FILE")]
    tongban: PathBuf,
    /// Directory in which a new one is made for all data; it decides which disk is measured
    #[arg(long, value_name = "DIR", default_value_os_t = std::env::temp_dir())]
    directory: PathBuf,
    /// A tenth of the cases, one round
    #[arg(long)]
    quick: bool,
    /// One JSON object on stdout instead of tables
    #[arg(long)]
    json: bool,
    /// Only `case accept` of local cases at these client counts, without anything beside it: for a profiler
    #[arg(long, value_name = "CLIENTS", value_delimiter = ',')]
    only_accept: Vec<usize>,
    /// Only the import of 1.7 million rows, beside `COPY` of PostgreSQL; prints JSON
    #[arg(long)]
    import: bool,
    /// Only `case accept` and hand-overs at a county that holds 10,000 and a million cases; prints JSON
    #[arg(long)]
    stored: bool,
    /// Only what acceptances wait while all cards of so many open cases are raised at midnight; prints JSON
    #[arg(long)]
    midnight: bool,
    /// With `--midnight`: how many open cases; a million when absent, with `--quick` 10,000
    #[arg(long, requires = "midnight", value_name = "N")]
    open_cases: Option<usize>,
    /// With `--stored`: at ten million as well, which takes some 30 GB of disk
    #[arg(long)]
    full: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let outcome = runtime.block_on(async {
        // What is dropped when this future is stops its processes.
        tokio::select! {
            outcome = measured(&arguments) => outcome,
            outcome = stopped() => outcome,
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    say(&format!("tongban-load: {error:#}"));
    ExitCode::FAILURE
}

async fn measured(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.import {
        return report::print_json(&import::run(arguments).await?);
    }
    if arguments.midnight {
        return report::print_json(&midnight::run(arguments).await?);
    }
    if arguments.stored {
        return report::print_json(&stored::run(arguments).await?);
    }
    run::run(arguments).await?.print(arguments.json)
}

async fn stopped() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    anyhow::bail!("stopped by a signal")
}

/// Talk goes to stderr; a closed one is no reason to stop.
fn say(text: &str) {
    use std::io::Write as _;
    let _written = writeln!(std::io::stderr(), "{text}");
}
