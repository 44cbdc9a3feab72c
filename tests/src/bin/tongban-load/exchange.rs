//! Two nodes: cases handed over, notices that waited for a node that was off, journals pulled.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde::Serialize;
use serde_json::Value;

use crate::accept::{self, Round};
use crate::api::Connection;
use crate::latency::rate;
use crate::node::Node;
use crate::usage::{PerAct, Usage};

/// How long one of these may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// How often a node is asked whether it is done.
const LOOK_MILLIS: u64 = 20;

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
    let count = tokio::time::timeout(PATIENCE, done()).await.context("the nodes did not finish")??;
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
        loop {
            let case = connection.get(&format!("/v1/cases/show?case={last}")).await?;
            if case["custody"] == "elsewhere" && waiting(&mut connection).await? == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(LOOK_MILLIS)).await;
        }
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
    let began = Instant::now();
    let mut connection = Connection::open(&node.socket(), "clerk").await?;
    loop {
        let status = connection.get("/v1/sync/status").await?;
        if status["peers"].as_array().is_some_and(|peers| peers.iter().any(|peer| peer["state"] == "up")) {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            bail!("no link came up: {status}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until the envelopes that waited at `from` have their receipts, from the moment that the link is up.
pub(crate) async fn catch_up(from: &Node, to: &Node, count: usize) -> anyhow::Result<Flow> {
    linked(to).await?;
    flow(from, to, || async {
        let mut connection = Connection::open(&from.socket(), "clerk").await?;
        let mut quiet = 0;
        // The count is taken once a look; one zero may be older than the link.
        while quiet < 3 {
            quiet = if waiting(&mut connection).await? == 0 { quiet + 1 } else { 0 };
            tokio::time::sleep(Duration::from_millis(LOOK_MILLIS)).await;
        }
        Ok(count)
    })
    .await
}

/// Waits until `to` has pulled the journal of acts of `from` as far as it is sealed, from the moment that the link is up.
pub(crate) async fn pull(from: &Node, to: &Node) -> anyhow::Result<Flow> {
    linked(to).await?;
    let origin = from.status().await?["node"].clone();
    let mut below = Connection::open(&from.socket(), "clerk").await?;
    let checkpoints = below.get("/v1/journal/checkpoint").await?;
    let target = size(&checkpoints["checkpoints"], &origin).context("no checkpoint is sealed")?;
    let mut above = Connection::open(&to.socket(), "clerk").await?;
    let before = size(&above.get("/v1/aggregate/status").await?["origins"], &origin).unwrap_or(0);
    flow(from, to, || async {
        while size(&above.get("/v1/aggregate/status").await?["origins"], &origin).unwrap_or(0) < target {
            tokio::time::sleep(Duration::from_millis(LOOK_MILLIS)).await;
        }
        Ok(usize::try_from(target.saturating_sub(before))?)
    })
    .await
}

fn size(checkpoints: &Value, origin: &Value) -> Option<u64> {
    let mine = |checkpoint: &&Value| checkpoint["origin"] == *origin && checkpoint["journal"] == "acts";
    checkpoints.as_array()?.iter().find(mine)?["size"].as_u64()
}
