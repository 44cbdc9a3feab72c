//! What the cases that a node holds already cost: the same rounds at a county with few cases and with very many, all of them collected through
//! the engine, beside PostgreSQL with as many rows, and beside a county that stays at few: a machine whose pace changes within the hour changes it
//! for both.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Map, Value, json};
use system_tests::postgres::programs;
use tokio::time::MissedTickBehavior;

use crate::accept::{self, Round};
use crate::api::Connection;
use crate::hall::{self, Collecting, Counter, OPERATOR};
use crate::latency::{Acts, Latency, gather, micros_since};
use crate::node::{COUNTY_CACHE_MIB, Node};
use crate::postgres::Postgres;
use crate::report::summaries;
use crate::run::{COUNTY, TOWNSHIP};
use crate::usage::{Machine, at_rest, resident_kib};
use crate::{Arguments, exchange, report, say};

/// Cases at the county when its rounds begin.
const POPULATIONS: [usize; 2] = [10_000, 1_000_000];
const POPULATION_FULL: usize = 10_000_000;
const POPULATIONS_QUICK: [usize; 2] = [2_000, 20_000];

/// Clients, and how many cases they accept in a round.
const ROUNDS: [(usize, usize); 3] = [(1, 2_000), (16, 6_000), (64, 12_000)];
/// Clients, and how many cases they collect at the township for the county.
const ACROSS: [(usize, usize); 2] = [(1, 500), (16, 3_000)];

/// How long a hand-over may take, and how often the window looks; the resolution of what is timed across.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(1);

/// The most that the cost of a case may grow by from the smallest to the largest population.
const GROWTH_MAX: f64 = 4.0 / 3.0;

/// A county that holds few cases while the other's grow.
struct Few {
    node: Node,
    counter: Counter,
    own: Collecting,
}

impl Few {
    async fn start(binary: &Path, directory: &Path, cases: usize) -> anyhow::Result<Self> {
        let mut node = Node::create(binary, directory.join("few"), COUNTY, "127.0.0.1:0")?;
        node.give_memory()?;
        node.start().await?;
        let own =
            Collecting { items: Arc::new(hall::furnish(&node, COUNTY, TOWNSHIP)?), division: COUNTY, hold: false };
        let mut counter = Counter::new();
        counter.collect(&node, &own, cases, 64).await?;
        Ok(Self { node, counter, own })
    }

    /// One round as at the county.
    async fn round(&mut self, count: usize, clients: usize) -> anyhow::Result<Round> {
        let (cases, _) = self.counter.collect(&self.node, &self.own, count, 64).await?;
        at_rest(self.node.process()?).await?;
        accept::round(&self.node, "accept", &cases, clients).await
    }
}

/// Measures all populations, one after the other at the same county.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Value> {
    let mut populations = if arguments.quick { POPULATIONS_QUICK } else { POPULATIONS }.to_vec();
    if arguments.full {
        populations.push(POPULATION_FULL);
    }
    let rounds = if arguments.quick { 1 } else { 3 };
    let directory = tempfile::Builder::new().prefix("tongban-bench-").tempdir_in(&arguments.directory)?;
    // PostgreSQL's user must get through.
    std::fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;

    let port = std::net::UdpSocket::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let mut county = Node::create(&arguments.tongban, directory.path().join("county"), COUNTY, &port)?;
    county.give_memory()?;
    county.start().await?;
    let items = Arc::new(hall::furnish(&county, COUNTY, TOWNSHIP)?);
    let mut township = Node::create(&arguments.tongban, directory.path().join("township"), TOWNSHIP, "127.0.0.1:0")?;
    township.start().await?;
    let token = county.command(&["invite", "--division", TOWNSHIP])?;
    township.command(&["join", token["token"].as_str().context("no token")?])?;
    exchange::linked(&county).await?;
    hall::furnish(&township, TOWNSHIP, COUNTY)?;
    let cache = format!("{COUNTY_CACHE_MIB}MB");
    let buffers = ("shared_buffers", cache.as_str());
    let mut beside = match programs() {
        None => None,
        Some(programs) => Some(Postgres::start(&programs, &directory.path().join("postgres"), &[buffers]).await?.0),
    };

    let mut counter = Counter::new();
    let own = Collecting { items: Arc::clone(&items), division: COUNTY, hold: false };
    let (mut stored, mut loading) = (0, 0.0);
    let mut measured = Vec::new();
    let mut few = Few::start(&arguments.tongban, directory.path(), populations[0]).await?;
    for population in populations {
        say(&format!("{population} cases are stored"));
        let began = Instant::now();
        counter.collect(&county, &own, population.saturating_sub(stored), 64).await?;
        loading += began.elapsed().as_secs_f64();
        at_rest(county.process()?).await?;
        let mut point = json!({
            "cases": population,
            "load_seconds": loading,
            "disk_bytes": size(county.directory())?,
            "resident_kib": resident_kib(county.process()?),
        });
        if let Some(postgres) = &mut beside {
            let began = Instant::now();
            postgres.fill(population.saturating_sub(stored)).await?;
            point["postgres_load_seconds"] = json!(began.elapsed().as_secs_f64());
        }
        stored = population;

        let (mut ours, mut theirs, mut of_few): (Vec<Round>, Vec<Round>, Vec<Round>) = Default::default();
        for round in 1..=rounds {
            for (clients, count) in ROUNDS {
                say(&format!("  round {round}: case accept, {clients} clients"));
                let (cases, _) = counter.collect(&county, &own, count, 64).await?;
                stored += count;
                at_rest(county.process()?).await?;
                ours.push(accept::round(&county, "accept", &cases, clients).await?);
                if !measured.is_empty() {
                    of_few.push(few.round(count, clients).await?);
                }
                if let Some(postgres) = &mut beside {
                    let cases = postgres.fill(count).await?;
                    at_rest(postgres.process()?).await?;
                    theirs.push(postgres.round(&cases, clients).await?);
                }
            }
        }
        let (ours, theirs) = (summaries(&ours), summaries(&theirs));
        point["accept"] = json!(ours);
        if !of_few.is_empty() {
            point["accept_with_few"] = json!(summaries(&of_few));
        }
        if !theirs.is_empty() {
            point["postgres_accept"] = json!(theirs);
            point["ratio_to_postgres"] = json!(report::ratios(&ours, &theirs));
        }
        let mut across = Map::new();
        for (clients, count) in ACROSS {
            say(&format!("  collected elsewhere and handed over, {clients} clients"));
            let what = Collecting { items: Arc::clone(&items), division: COUNTY, hold: false };
            across
                .insert(clients.to_string(), json!(handed_over(&mut counter, &township, &what, count, clients).await?));
            stored += count;
        }
        point["collect_to_discharge"] = Value::Object(across);
        // The next population takes long: what was measured so far is there if it breaks off.
        say(&point.to_string());
        measured.push(point);
    }
    county.stop().await?;
    township.stop().await?;
    few.node.stop().await?;
    Ok(json!({
        "machine": Machine::here(directory.path().to_owned()),
        "quick": arguments.quick,
        "growth": growth(&measured)?,
        "populations": measured,
    }))
}

/// How many times as much a case costs at each further population as at the county that stays at the first, by clients: processor time of the node,
/// and time of a client, of the same rounds in turns.
fn growth(measured: &[Value]) -> anyhow::Result<Value> {
    let mut points = Vec::new();
    for point in measured.iter().skip(1) {
        let by_clients = point["accept"].as_object().context("no rounds")?;
        let mut grown = Map::new();
        let mut within = true;
        for (clients, row) in by_clients {
            let few = &point["accept_with_few"][clients];
            let value = |row: &Value, name: &str| row[name].as_f64().context("a figure is missing");
            let processor = value(row, "server_us")? / value(few, "server_us")?;
            let time = value(few, "per_second")? / value(row, "per_second")?;
            within &= processor <= GROWTH_MAX;
            grown.insert(clients.clone(), json!({ "processor": processor, "time": time }));
        }
        points.push(json!({ "cases": point["cases"], "by_clients": grown, "processor_within_a_third": within }));
    }
    Ok(Value::Array(points))
}

/// Has so many cases collected at a window for another node's authority; what is timed goes from the window's request until its node is discharged.
async fn handed_over(
    counter: &mut Counter,
    window: &Node,
    what: &Collecting,
    count: usize,
    clients: usize,
) -> anyhow::Result<Latency> {
    let bodies: Arc<[Value]> = counter.bodies(what, count)?.into();
    let acts = Acts::new(count);
    let connections = Connection::several(&window.socket(), OPERATOR, clients).await?;
    let began = Instant::now();
    let clients = connections.into_iter().map(|mut connection| {
        let (acts, bodies) = (acts.clone(), Arc::clone(&bodies));
        tokio::spawn(async move {
            let mut micros = Vec::new();
            while let Some(number) = acts.take() {
                let body = &bodies[number];
                let key = format!("across-{}", body["id"].as_str().context("no applicant")?);
                let sent = Instant::now();
                let answer = connection.post("/v1/cases", &key, body.to_string().into()).await?;
                let answer: Value = serde_json::from_slice(&answer)?;
                let case = answer["case"].as_str().context("the answer names no case")?;
                let target = format!("/v1/cases/show?case={case}");
                let discharged = async {
                    let mut looks = tokio::time::interval(LOOK);
                    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                    loop {
                        looks.tick().await;
                        if connection.get(&target).await?["custody"] == "elsewhere" {
                            return anyhow::Ok(());
                        }
                    }
                };
                tokio::time::timeout(PATIENCE, discharged).await.context("a case is never discharged")??;
                micros.push(micros_since(sent));
            }
            Ok(micros)
        })
    });
    let latency = gather(began, clients.collect()).await?;
    ensure!(latency.acts == count, "not every case was handed over");
    Ok(latency)
}

fn size(directory: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        // A file may be compacted away between the two looks.
        let Ok(metadata) = entry.metadata() else { continue };
        bytes += if metadata.is_dir() { size(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}
