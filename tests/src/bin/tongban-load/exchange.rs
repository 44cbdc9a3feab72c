//! Two nodes: cases handed over, notices that waited for a node that was off, journals pulled.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde::Serialize;
use serde_json::Value;
use system_tests::waiting::until;

use crate::accept::{self, Round};
use crate::api::Connection;
use crate::latency::rate;
use crate::node::Node;
use crate::say;
use crate::usage::{PerAct, Usage};

/// How long one of these may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// How often a node is asked whether it is done; the resolution of what is timed by it.
const LOOK: Duration = Duration::from_millis(5);

/// Something that flowed from node to node.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Flow {
    /// Cases, envelopes or records.
    pub(crate) count: usize,
    pub(crate) seconds: f64,
    pub(crate) per_second: f64,
    /// What the sending node used for each.
    pub(crate) sender: PerAct,
    /// What the receiving node used for each.
    pub(crate) receiver: PerAct,
}

/// Measures what happens until `done` gives the number of what has flowed.
async fn flow<F: Future<Output = anyhow::Result<usize>>>(
    sender: &Node,
    receiver: &Node,
    done: impl FnOnce() -> F,
) -> anyhow::Result<Flow> {
    let (sender, receiver) = (sender.process()?, receiver.process()?);
    let before = (Usage::of(sender), Usage::of(receiver));
    let began = Instant::now();
    let count = done().await?;
    let seconds = began.elapsed().as_secs_f64();
    Ok(Flow {
        count,
        seconds,
        per_second: rate(count, seconds),
        sender: Usage::of(sender).per_act(&before.0, count),
        receiver: Usage::of(receiver).per_act(&before.1, count),
    })
}

/// Offers held cases and waits until the last is discharged: an entry at the origin, an envelope, an entry at the destination, a
/// receipt, an entry at the origin.
pub(crate) async fn hand_over(from: &Node, to: &Node, cases: &[String]) -> anyhow::Result<(Flow, Round)> {
    let mut offered = None;
    let flow = flow(from, to, || async {
        offered = Some(accept::round(from, "offer", cases, 64).await?);
        let mut connection = Connection::open(&from.socket(), "clerk").await?;
        let last = cases.last().context("no cases")?;
        until(LOOK, PATIENCE, "the cases are discharged", async || {
            let case = connection.get(&format!("/v1/cases/show?case={last}")).await?;
            let done = case["custody"] == "elsewhere" && waiting(&mut connection).await? == 0;
            Ok(done.then_some(()))
        })
        .await?;
        for case in cases.iter().step_by(cases.len().div_ceil(50)) {
            let case = connection.get(&format!("/v1/cases/show?case={case}")).await?;
            ensure!(case["custody"] == "elsewhere", "a case was not discharged: {case}");
        }
        Ok(cases.len())
    })
    .await?;
    Ok((flow, offered.context("nothing was offered")?))
}

/// Envelopes of a node that wait for a receipt.
async fn waiting(connection: &mut Connection) -> anyhow::Result<u64> {
    let status = connection.get("/v1/sync/status").await?;
    let peers = status["peers"].as_array().context("sync status names no peers")?;
    Ok(peers.iter().filter_map(|peer| peer["behind"].as_u64()).sum())
}

/// Waits until a node has a link.
pub(crate) async fn linked(node: &Node) -> anyhow::Result<()> {
    let mut connection = Connection::open(&node.socket(), "clerk").await?;
    until(LOOK, PATIENCE, "a link is up", async || {
        let status = connection.get("/v1/sync/status").await?;
        let up = status["peers"].as_array().is_some_and(|peers| peers.iter().any(|peer| peer["state"] == "up"));
        Ok(up.then_some(()))
    })
    .await
}

/// Starts `to` and waits until the envelopes that waited for it at `from` have their receipts.
pub(crate) async fn catch_up(from: &Node, to: &mut Node, count: usize) -> anyhow::Result<Flow> {
    let mut connection = Connection::open(&from.socket(), "clerk").await?;
    let before = waiting(&mut connection).await?;
    let watch = async {
        let mut clock = Clock::new(before);
        until(LOOK, PATIENCE, "every envelope has its receipt", async || {
            let now = waiting(&mut connection).await?;
            clock.look(now);
            Ok((now == 0).then_some(()))
        })
        .await?;
        Ok((clock.began, count))
    };
    reached(from.process()?, to, watch, Way::ToStarted).await
}

/// Starts `from` and waits until `to` has pulled its journal of acts up to `target`.
pub(crate) async fn pull(from: &mut Node, to: &Node, origin: &Value, target: u64) -> anyhow::Result<Flow> {
    let mut connection = Connection::open(&to.socket(), "clerk").await?;
    let before = size(&connection.get("/v1/aggregate/status").await?["origins"], origin).unwrap_or(0);
    let watch = async {
        let mut clock = Clock::new(before);
        until(LOOK, PATIENCE, "the journal is pulled", async || {
            let now = size(&connection.get("/v1/aggregate/status").await?["origins"], origin).unwrap_or(0);
            clock.look(now);
            Ok((now >= target).then_some(()))
        })
        .await?;
        Ok((clock.began, usize::try_from(target.saturating_sub(before))?))
    };
    reached(to.process()?, from, watch, Way::FromStarted).await
}

/// When something began to change: the moment of the last look that saw it as it was, so that nothing that flowed goes untimed.
struct Clock {
    before: u64,
    began: Instant,
}

impl Clock {
    fn new(before: u64) -> Self {
        Self { before, began: Instant::now() }
    }

    fn look(&mut self, now: u64) {
        if now == self.before {
            self.began = Instant::now();
        }
    }
}

/// How many acts of a node are sealed in its journal.
pub(crate) async fn sealed_acts(node: &Node) -> anyhow::Result<u64> {
    let origin = node.status().await?["node"].clone();
    let checkpoints = Connection::open(&node.socket(), "clerk").await?.get("/v1/journal/checkpoint").await?;
    Ok(size(&checkpoints["checkpoints"], &origin).unwrap_or(0))
}

/// Waits until at least so many acts of a node are sealed; gives who it is, and how many.
pub(crate) async fn sealed(node: &Node, least: u64) -> anyhow::Result<(Value, u64)> {
    let sealed = until(LOOK, PATIENCE, "the acts are sealed", async || {
        let sealed = sealed_acts(node).await?;
        Ok((sealed >= least).then_some(sealed))
    })
    .await?;
    Ok((node.status().await?["node"].clone(), sealed))
}

enum Way {
    ToStarted,
    FromStarted,
}

/// Starts a node while the other is watched, which gives when it saw the first change and how much has flowed. The clock starts when the
/// node is ready, or at the first change where that is seen earlier: the link is opened meanwhile. What the started node used counts from
/// its start.
async fn reached(
    running: u32,
    started: &mut Node,
    watch: impl Future<Output = anyhow::Result<(Instant, usize)>>,
    way: Way,
) -> anyhow::Result<Flow> {
    let before = Usage::of(running);
    let watch = async {
        let (began, count) = watch.await?;
        anyhow::Ok((began, Instant::now(), count))
    };
    let start = async {
        let took = started.start().await?;
        anyhow::Ok((took, Instant::now()))
    };
    let ((took, ready), (began, ended, count)) = tokio::try_join!(start, watch)?;
    let seconds = ended.duration_since(began.min(ready)).as_secs_f64();
    say(&format!("           the started node was ready after {:.2} s", took.as_secs_f64()));
    let running = Usage::of(running).per_act(&before, count);
    let started = Usage::of(started.process()?).per_act(&Usage::default(), count);
    let (sender, receiver) = match way {
        Way::ToStarted => (running, started),
        Way::FromStarted => (started, running),
    };
    Ok(Flow { count, seconds, per_second: rate(count, seconds), sender, receiver })
}

fn size(checkpoints: &Value, origin: &Value) -> Option<u64> {
    let mine = |checkpoint: &&Value| checkpoint["origin"] == *origin && checkpoint["journal"] == "acts";
    checkpoints.as_array()?.iter().find(mine)?["size"].as_u64()
}
