//! The measurement of `scripts/bench --line`: hand-overs, catch-up after a partition and pulls over a clean and two worse lines.
//!
//! The nodes are real processes of the binary that `TONGBAN_BIN` names, or of the `tongban` beside this one; between them are relays
//! that delay, lose and reorder datagrams by chance from a fixed seed. Rows are printed as they are measured.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use clap::Parser as _;
use system_tests::{HOME, Quality, TwoHalls, seen, within};

/// Measures hand-overs, catch-up after a partition and pulls over a clean and two worse lines.
#[derive(Debug, clap::Parser)]
#[command(name = "tongban-line")]
struct Arguments {
    /// A tenth of the cases, a partition of ten seconds
    #[arg(long)]
    quick: bool,
}

/// Cases, records and the length of the partition of a measurement.
struct Plan {
    cases: usize,
    records: usize,
    cut: Duration,
}

const QUICK: Plan = Plan { cases: 400, records: 1_000, cut: Duration::from_secs(10) };
const FULL: Plan = Plan { cases: 5_000, records: 20_000, cut: Duration::from_secs(120) };

/// Seconds in which each of the flows must be over.
const PATIENCE_SECONDS: u64 = 600;

/// Of the chance of the lines.
const SEED: u64 = 20_261_122;

/// Name and quality of the lines.
const LINES: [(&str, Option<Quality>); 3] = [
    ("clean", None),
    ("20 to 80 ms", Some(Quality { lost: 0, overtaken: 0, ..Quality::BAD })),
    ("20 to 80 ms, 2 % lost, 5 % overtaken", Some(Quality::BAD)),
];

fn main() -> io::Result<()> {
    let plan = if Arguments::parse().quick { QUICK } else { FULL };
    writeln!(
        io::stdout(),
        "| line | hand-overs/s | catch-up after {:?} of partition: link up | hand-overs/s | records pulled/s |\n|---|---|---|---|---|",
        plan.cut
    )?;
    for (name, quality) in LINES {
        writeln!(io::stdout(), "| {name} {}", measured(&plan, quality))?;
    }
    Ok(())
}

/// Measures over one line; gives the cells of its row.
fn measured(plan: &Plan, quality: Option<Quality>) -> String {
    let halls = TwoHalls::new();
    let (cluster, home) = (&halls.cluster, halls.home());
    let cases = halls.collect(halls.neighbour(), "held", 2 * plan.cases);
    let origin = home.get("/v1/status")["node"].clone();
    cluster.lines(quality, SEED);
    let (first, second) = cases.split_at(plan.cases);
    let began = Instant::now();
    halls.offer("first", first);
    halls.discharged(PATIENCE_SECONDS, first);
    let clean = rate(plan.cases, began.elapsed());

    let end = Instant::now() + plan.cut;
    cluster.cut_until(HOME, end);
    halls.offer("second", second);
    let _own = halls.collect(home, "own", plan.records);
    let behind = TwoHalls::entries(halls.city(), &origin);
    let own = TwoHalls::entries(home, &origin);
    assert!(Instant::now() < end, "the partition is shorter than what is done in it");
    // Each waits for its own, so neither is timed by the other.
    let (mut up, mut handed, mut pulled) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            within(PATIENCE_SECONDS, "a link is up", || {
                let peers = home.get("/v1/sync/status");
                let rows = peers["peers"].as_array().cloned().unwrap_or_default();
                seen(rows.iter().any(|peer| peer["state"] == "up"), peers)
            });
            up = end.elapsed();
        });
        scope.spawn(|| {
            within(PATIENCE_SECONDS, "the city has pulled", || {
                let there = TwoHalls::entries(halls.city(), &origin);
                seen(there >= own, there)
            });
            pulled = end.elapsed();
        });
        halls.discharged(PATIENCE_SECONDS, second);
        handed = end.elapsed();
    });
    let flow = |count, time: Duration| rate(count, time.saturating_sub(up));
    let records = usize::try_from(own - behind).unwrap_or(0);
    format!(
        "| {clean:.0} | {:.1} s | {:.0} ({:.1} s) | {:.0} ({:.1} s) |",
        up.as_secs_f64(),
        flow(second.len(), handed),
        handed.as_secs_f64(),
        flow(records, pulled),
        pulled.as_secs_f64(),
    )
}

fn rate(count: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64().max(0.001)
}
