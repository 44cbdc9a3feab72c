//! What acceptances wait while supervision looks at all open cases: a county whose cases all get their yellow card at one midnight.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use system_tests::waiting::until;

use crate::accept;
use crate::api::Connection;
use crate::hall::{self, Collecting, Counter};
use crate::node::Node;
use crate::report::summaries;
use crate::run::{COUNTY, TOWNSHIP};
use crate::usage::{Machine, at_rest};
use crate::{Arguments, say};

const OPEN_CASES: usize = 1_000_000;
const OPEN_CASES_QUICK: usize = 10_000;

/// Clients that accept, and how many open cases there are for one that they accept in a round: seconds, with many ticks of the node in them.
const CLIENTS: usize = 16;
const OPEN_FOR_ONE: usize = 33;

/// Accepted on this Monday, the promised days of the items end at another time than any other act here.
const COLLECTED: &str = "2026-09-14T09:00:00+08:00";
/// How long before midnight the node starts.
const BEFORE: Duration = Duration::from_secs(4);

/// How long all cards may take, and how often they are counted.
const PATIENCE: Duration = Duration::from_secs(3_600);
const LOOK: Duration = Duration::from_millis(500);

/// Loads open cases, accepts on a quiet day, and again over the midnight on which each of them gets a card.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Value> {
    let count = arguments.open_cases.unwrap_or(if arguments.quick { OPEN_CASES_QUICK } else { OPEN_CASES });
    let directory = tempfile::Builder::new().prefix("tongban-bench-").tempdir_in(&arguments.directory)?;
    let mut county = Node::create(&arguments.tongban, directory.path().join("county"), COUNTY, "127.0.0.1:0")?;
    county.give_memory()?;
    county.set_clock(COLLECTED);
    county.start().await?;
    let items = Arc::new(hall::furnish(&county, COUNTY, TOWNSHIP)?);
    let own = Collecting { items, division: COUNTY, hold: false };
    let mut counter = Counter::new();
    say(&format!("{count} cases are collected and accepted"));
    let began = Instant::now();
    let (open, _) = counter.collect(&county, &own, count, 64).await?;
    accept::round(&county, "accept", &open, 64).await?;
    let load_seconds = began.elapsed().as_secs_f64();
    let yellow = yellow(&county, &open[0]).await?;

    say("acceptances on a quiet day");
    // Each start is the last of its kind, so that both rounds find the caches alike.
    restart(&mut county, &format!("{}T12:00:00+08:00", yellow.previous_day())).await?;
    let (cases, _) = counter.collect(&county, &own, count.div_ceil(OPEN_FOR_ONE), 64).await?;
    let (night, _) = counter.collect(&county, &own, count.div_ceil(OPEN_FOR_ONE), 64).await?;
    at_rest(county.process()?).await?;
    let quiet = accept::round(&county, "accept", &cases, CLIENTS).await?;
    let before = cards(&county).await?;

    say("acceptances while every case gets its card");
    let seconds = BEFORE.as_secs();
    restart(&mut county, &format!("{}T23:59:{:02}+08:00", yellow.previous_day(), 60 - seconds)).await?;
    let midnight = until(LOOK, PATIENCE, "the clock strikes midnight", async || {
        let status = Connection::open(&county.socket(), "admin").await?.get("/v1/status").await?;
        let at = status["at"].as_str().unwrap_or_default();
        Ok(at.starts_with(&yellow.to_string()).then_some(()))
    });
    midnight.await?;
    let began = Instant::now();
    let round = accept::round(&county, "accept", &night, CLIENTS).await?;
    let raised = until(LOOK, PATIENCE, "every card is raised", async || {
        let raised = cards(&county).await? - before;
        Ok((raised >= count).then_some(raised))
    });
    let raised = raised.await?;
    let card_seconds = began.elapsed().as_secs_f64();
    let audit = county.command(&["aggregate", "audit"])?;
    ensure!(audit["equal"] == true, "the figures don't equal the entries: {audit}");
    county.stop().await?;
    let ratio = round.latency.p99_ms / quiet.latency.p99_ms.max(0.001);
    Ok(json!({
        "machine": Machine::here(directory.path().to_owned()),
        "open_cases": count,
        "load_seconds": load_seconds,
        "cards_raised": raised,
        "seconds_until_all_cards_are_counted": card_seconds,
        "quiet": summaries(&[quiet]),
        "midnight": summaries(&[round]),
        "p99_ratio": ratio,
    }))
}

async fn restart(county: &mut Node, clock: &str) -> anyhow::Result<()> {
    county.stop().await?;
    county.set_clock(clock);
    county.start().await?;
    Ok(())
}

/// The day on which the cases get their yellow card: two working days before, or so, they are due.
async fn yellow(county: &Node, case: &str) -> anyhow::Result<tongban_codes::time::Date> {
    let shown = Connection::open(&county.socket(), "admin").await?.get(&format!("/v1/cases/show?case={case}")).await?;
    let due: tongban_codes::time::Date = shown["promised_due"].as_str().context("no promise")?.parse()?;
    let accepted: tongban_codes::time::Date = shown["accepted_on"].as_str().context("not accepted")?.parse()?;
    let calendar = tongban_codes::calendar::Calendar::embedded();
    let most = (calendar.working_days_between(accepted, due) / 5).max(1);
    let mut day = due;
    while calendar.working_days_between(day.previous_day(), due) <= most {
        day = day.previous_day();
    }
    Ok(day)
}

/// How many cards there are.
async fn cards(county: &Node) -> anyhow::Result<usize> {
    let answer = Connection::open(&county.socket(), "admin").await?.get("/v1/supervise/cards?all=true&limit=1").await?;
    Ok(usize::try_from(answer["count"].as_u64().context("no count")?)?)
}
