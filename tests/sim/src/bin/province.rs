//! Plays the standards of a whole province and says what it took; `scripts/bench --province`.

use std::process::ExitCode;

use clap::Parser;
use serde_json::{Value, json};
use simulator::province::{Compared, Plan, Played, Round, Size, Stocked, drift, play};

/// Base items of a province over which items are spread.
const STOCK_BASE_ITEMS: usize = 900;

/// Plays the standards of a province.
#[derive(Parser)]
struct Arguments {
    /// The seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Twenty nodes instead of 1,489.
    #[arg(long)]
    small: bool,
    /// So many cities, counties and townships instead: `3,20,126`.
    #[arg(long, value_delimiter = ',', num_args = 1.., conflicts_with = "small")]
    nodes: Vec<usize>,
    /// Base items in the first release.
    #[arg(long)]
    base_items: Option<usize>,
    /// Releases.
    #[arg(long)]
    releases: Option<usize>,
    /// Spreads so many items over the nodes instead, without network and time, and compares them all with the province.
    #[arg(long, conflicts_with = "releases")]
    items: Option<usize>,
}

/// The value below which this share of sorted values lies.
fn quantile<T: Copy + Default>(sorted: &[T], share: f64) -> T {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place among some thousand values")]
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or_default()
}

fn spread(values: &[i64]) -> Value {
    json!({
        "nodes": values.len(),
        "p50": quantile(values, 0.5),
        "p99": quantile(values, 0.99),
        "last": values.last(),
    })
}

fn cost(compared: &[Compared]) -> Value {
    let mut bytes: Vec<usize> = compared.iter().map(|one| one.bytes).collect();
    bytes.sort_unstable();
    json!({
        "checks": compared.len(),
        "bytes_p50": quantile(&bytes, 0.5),
        "bytes_max": bytes.last(),
        "list_bytes_max": compared.iter().map(|one| one.list_bytes).max(),
        "questions_max": compared.iter().map(|one| one.questions).max(),
    })
}

fn tenths(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}

fn round(round: &Round) -> Value {
    let mut cost = cost(&round.compared);
    let of_edited = round.compared.iter().filter(|compared| compared.questions > 1);
    cost["edited"] = json!(round.edited);
    cost["found"] = json!(round.found);
    cost["bytes"] = json!(round.compared.iter().map(|one| one.bytes).sum::<usize>());
    cost["changed_checks"] = json!(of_edited.clone().count());
    cost["changed_bytes"] = json!(of_edited.map(|one| one.bytes).sum::<usize>());
    cost["wall_seconds"] = json!(tenths(round.seconds));
    cost["virtual_millis"] = json!(round.millis);
    cost
}

fn stock(stocked: &Stocked) -> Value {
    json!({
        "seed": stocked.seed,
        "nodes": stocked.nodes,
        "items": stocked.items,
        "base_items": stocked.base_items,
        "refused": stocked.refused,
        "items_of_a_node": {
            "least": stocked.of_nodes.first(),
            "p50": quantile(&stocked.of_nodes, 0.5),
            "p99": quantile(&stocked.of_nodes, 0.99),
            "most": stocked.of_nodes.last(),
        },
        "load_seconds": tenths(stocked.load_seconds),
        "examinations": stocked.rounds.iter().map(round).collect::<Vec<_>>(),
        "wall_seconds": tenths(stocked.seconds),
        "processor_seconds": processor_seconds(),
        "memory_mib": memory_mib(),
        "breach": stocked.breach,
    })
}

/// Processor seconds of this process so far.
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanoseconds: u64 = text.split_whitespace().next()?.parse().ok()?;
    Some(tenths(std::time::Duration::from_nanos(nanoseconds).as_secs_f64()))
}

/// The most memory that the process has had, in MiB.
fn memory_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? / 1024)
}

fn report(played: &Played) -> Value {
    let releases: Vec<Value> = played
        .releases
        .iter()
        .map(|release| {
            // A round trip takes 50 ms.
            let trips = release.millis.last().map(|millis| millis / 50);
            json!({
                "millis": spread(&release.millis),
                "round_trips_to_last": trips,
                "behind_one_off_millis": spread(&release.behind_millis),
                "late_millis": spread(&release.late_millis),
            })
        })
        .collect();
    json!({
        "seed": played.seed,
        "nodes": played.nodes,
        "events": played.events,
        "steps": played.steps,
        "full_checks": played.full_checks,
        "items": played.items,
        "virtual_seconds": played.millis / 1000,
        "slice_bytes": played.slice_bytes,
        "releases": releases,
        "drift": {
            "first": cost(&played.costs.first),
            "unchanged": cost(&played.costs.unchanged),
            "edited": cost(&played.costs.edited),
        },
        "wall_seconds": tenths(played.seconds),
        "processor_seconds": processor_seconds(),
        "memory_mib": memory_mib(),
        "breach": played.breach,
    })
}

#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut plan = if arguments.small { Plan::small() } else { Plan::whole() };
    if let [cities, counties, townships] = *arguments.nodes {
        plan.size = Size { cities, counties, townships };
    }
    plan.base_items = arguments.base_items.unwrap_or(plan.base_items);
    plan.releases = arguments.releases.unwrap_or(plan.releases);
    if let Some(items) = arguments.items {
        plan.base_items = arguments.base_items.unwrap_or(STOCK_BASE_ITEMS);
        let stocked = drift(arguments.seed, &plan, items);
        println!("{:#}", stock(&stocked));
        return if stocked.breach.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let played = play(arguments.seed, &plan);
    println!("{:#}", report(&played));
    if played.breach.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
