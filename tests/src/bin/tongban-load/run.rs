//! The order of a run. What is compared is measured in turns, so that a machine that slows down slows both.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use system_tests::postgres::programs;

use crate::accept::{self, Round};
use crate::exchange::{self, Flow};
use crate::hall::{self, Collecting, Counter};
use crate::node::Node;
use crate::postgres::Postgres;
use crate::report::{Report, Starts};
use crate::usage::{Machine, at_rest, resident_kib};
use crate::{Arguments, disk, echo, say, sizes};

/// Decides.
pub(crate) const COUNTY: &str = "511602";
/// A window of it that is a node of its own.
pub(crate) const TOWNSHIP: &str = "511602001";

/// How much is measured. Counts are cases by number of clients.
struct Plan {
    rounds: usize,
    local: [(usize, usize); 3],
    handed_over: [(usize, usize); 3],
    records: usize,
    /// Cases in the state when starts are timed.
    population: usize,
    syncs: usize,
    echo_seconds: u64,
}

const FULL: Plan = Plan {
    rounds: 3,
    local: [(1, 6_000), (16, 15_000), (64, 25_000)],
    handed_over: [(1, 2_000), (16, 5_000), (64, 10_000)],
    records: 50_000,
    population: 100_000,
    syncs: 10_000,
    echo_seconds: 5,
};

const QUICK: Plan = Plan {
    rounds: 1,
    local: [(1, 2_000), (16, 6_000), (64, 12_000)],
    handed_over: [(1, 500), (16, 1_500), (64, 3_000)],
    records: 10_000,
    population: 20_000,
    syncs: 2_000,
    echo_seconds: 2,
};

/// Measures everything.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let began = Instant::now();
    let plan = if arguments.quick { QUICK } else { FULL };
    let directory = tempfile::Builder::new().prefix("tongban-bench-").tempdir_in(&arguments.directory)?;
    // PostgreSQL's user must get through.
    std::fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let mut report = Report::new(Machine::here(directory.path().to_owned()), arguments.quick);
    report.binary_bytes = std::fs::metadata(&arguments.tongban).context("no such tongban")?.len();
    report.stripped_bytes = stripped(&arguments.tongban, directory.path());
    let mut stage = |name: &str| say(&format!("{:7.1} s  {name}", began.elapsed().as_secs_f64()));

    stage("a bare fdatasync");
    report.fdatasync = Some(disk::probe(directory.path(), plan.syncs)?);

    stage("an idle node");
    // The township finds the county again after a restart, so the county keeps its port.
    let port = std::net::UdpSocket::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let binary = &arguments.tongban;
    let mut county = Node::create(binary, directory.path().join("county"), COUNTY, &port)?;
    county.start().await?;
    at_rest(county.process()?).await?;
    report.idle_kib = resident_kib(county.process()?);
    let items = Arc::new(hall::furnish(&county, COUNTY, TOWNSHIP)?);
    let own = Collecting { items: Arc::clone(&items), division: COUNTY, hold: false };
    let mut counter = Counter::new();

    if !arguments.only_accept.is_empty() {
        for clients in &arguments.only_accept {
            let count = plan.local.iter().find(|(known, _)| known >= clients).map_or(10_000, |(_, count)| *count);
            let (cases, _) = counter.collect(&county, &own, count, 64).await?;
            stage(&format!("case accept by {clients} clients begins now"));
            report.local.push(accept::round(&county, "accept", &cases, *clients).await?);
        }
        return Ok(report);
    }

    let mut beside = match programs() {
        None => {
            report.postgres = Err("PostgreSQL 15 is not installed; nothing was compared with it".to_owned());
            None
        }
        Some(programs) => {
            stage("PostgreSQL starts");
            let (postgres, version) = Postgres::start(&programs, &directory.path().join("postgres"), &[]).await?;
            report.postgres = Ok(version);
            Some(postgres)
        }
    };

    for round in 1..=plan.rounds {
        for (clients, count) in plan.local {
            stage(&format!("round {round}: case accept of {count} local cases, {clients} clients"));
            let (cases, collected) = counter.collect(&county, &own, count, 64).await?;
            report.collect.push(collected);
            at_rest(county.process()?).await?;
            report.local.push(accept::round(&county, "accept", &cases, clients).await?);
            if let Some(postgres) = &mut beside {
                report.beside.push(compared(postgres, count, clients).await?);
            }
        }
    }

    stage("a township joins");
    let mut township = Node::create(binary, directory.path().join("township"), TOWNSHIP, "127.0.0.1:0")?;
    township.start().await?;
    let token = county.command(&["invite", "--division", TOWNSHIP])?;
    township.command(&["join", token["token"].as_str().context("no token")?])?;
    exchange::linked(&county).await?;
    let own_items = Arc::new(hall::furnish(&township, TOWNSHIP, COUNTY)?);

    let handed_over =
        handed_over(&plan, &mut counter, &items, &mut county, &mut township, &mut report, &mut stage).await?;
    for ((clients, count), cases) in plan.handed_over.into_iter().zip(handed_over) {
        stage(&format!("case accept of {count} handed-over cases, {clients} clients; the township is off"));
        report.handed_over.push(accept::round(&county, "accept", &cases, clients).await?);
        if let Some(postgres) = &mut beside {
            report.beside.push(compared(postgres, count, clients).await?);
        }
    }
    drop(beside);

    stage("the township comes back; its notices reach it");
    let notices = plan.handed_over.iter().map(|(_, count)| count).sum();
    report.catch_up = Some(exchange::catch_up(&county, &mut township, notices).await?);

    report.pull = Some(pulled(&plan, &mut counter, &own_items, &mut county, &mut township, &mut stage).await?);
    report.starts = Some(starts(&plan, &mut counter, &own, &mut county, &mut stage).await?);
    county.stop().await?;
    township.stop().await?;

    stage("rows are weighed");
    report.decider_sizes = sizes::weigh(county.directory())?;
    report.collector_sizes = sizes::weigh(township.directory())?;
    let (offer, receipt) = (report.collector_sizes.envelope, report.collector_sizes.receipt);
    ensure!(offer > 0 && receipt > 0, "no envelope was kept");
    stage("a bare quinn echo");
    report.echo = Some(echo::echo(offer, receipt, plan.echo_seconds).await?);
    report.seconds = began.elapsed().as_secs_f64();
    stage("done");
    Ok(report)
}

async fn compared(postgres: &mut Postgres, count: usize, clients: usize) -> anyhow::Result<Round> {
    let cases = postgres.fill(count).await?;
    at_rest(postgres.process()?).await?;
    postgres.round(&cases, clients).await
}

/// Collects at the township for the county and hands over; then the township is switched off. Gives the cases by round.
async fn handed_over(
    plan: &Plan,
    counter: &mut Counter,
    items: &Arc<Vec<String>>,
    county: &mut Node,
    township: &mut Node,
    report: &mut Report,
    stage: &mut impl FnMut(&str),
) -> anyhow::Result<Vec<Vec<String>>> {
    let count: usize = plan.handed_over.iter().map(|(_, count)| count).sum();
    stage(&format!("{count} cases are collected elsewhere"));
    let elsewhere = Collecting { items: Arc::clone(items), division: COUNTY, hold: true };
    let (cases, collected) = counter.collect(township, &elsewhere, count, 16).await?;
    report.collect_elsewhere = Some(collected);
    at_rest(township.process()?).await?;
    stage(&format!("{count} cases are handed over"));
    let (flow, offers) = exchange::hand_over(township, county, &cases).await?;
    report.hand_over = Some(flow);
    report.offers = Some(offers);
    township.stop().await?;
    let mut rest = cases.as_slice();
    let mut split = Vec::new();
    for (_, count) in plan.handed_over {
        let (first, more) = rest.split_at(count);
        split.push(first.to_vec());
        rest = more;
    }
    Ok(split)
}

/// The township works while the county is off; then the county pulls its journal.
async fn pulled(
    plan: &Plan,
    counter: &mut Counter,
    items: &Arc<Vec<String>>,
    county: &mut Node,
    township: &mut Node,
    stage: &mut impl FnMut(&str),
) -> anyhow::Result<Flow> {
    stage(&format!("{} records are pulled", plan.records));
    county.stop().await?;
    let own = Collecting { items: Arc::clone(items), division: TOWNSHIP, hold: false };
    let before = exchange::sealed_acts(township).await?;
    counter.collect(township, &own, plan.records, 64).await?;
    // Each collection is an act; a checkpoint is sealed at most once a second.
    let (origin, sealed) = exchange::sealed(township, before + u64::try_from(plan.records)?).await?;
    township.stop().await?;
    county.start().await?;
    exchange::pull(township, county, &origin, sealed).await
}

async fn starts(
    plan: &Plan,
    counter: &mut Counter,
    own: &Collecting,
    county: &mut Node,
    stage: &mut impl FnMut(&str),
) -> anyhow::Result<Starts> {
    let there = plan.rounds * plan.local.iter().map(|(_, count)| count).sum::<usize>();
    if there < plan.population {
        counter.collect(county, own, plan.population - there, 64).await?;
    }
    let cases = there.max(plan.population);
    stage(&format!("starts with {cases} cases"));
    county.stop().await?;
    let clean = county.start().await?;
    at_rest(county.process()?).await?;
    let resident_kib = resident_kib(county.process()?);
    // What recovery has to apply again.
    let since_flush = 5_000;
    counter.collect(county, own, since_flush, 64).await?;
    county.kill().await?;
    let killed = county.start().await?;
    Ok(Starts {
        cases,
        clean_seconds: clean.as_secs_f64(),
        killed_seconds: killed.as_secs_f64(),
        applied_again: since_flush,
        resident_kib,
    })
}

/// The size that a package ships, when `strip` is there to tell.
fn stripped(binary: &Path, directory: &Path) -> Option<u64> {
    let target = directory.join("stripped");
    let done = std::process::Command::new("strip").arg("-o").arg(&target).arg(binary).status().ok()?;
    let bytes = std::fs::metadata(&target).ok()?.len();
    std::fs::remove_file(&target).ok()?;
    done.success().then_some(bytes)
}
