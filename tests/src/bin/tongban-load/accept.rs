//! Rounds of one act on cases that wait for it.

use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::Connection;
use crate::hall::OPERATOR;
use crate::latency::{Acts, Latency, gather, micros_since, rate};
use crate::node::Node;
use crate::usage::{PerAct, Usage};

/// A round of acts, seen by the clients and by the kernel.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Round {
    pub(crate) clients: usize,
    #[serde(flatten)]
    pub(crate) latency: Latency,
    /// Durable syncs of the log, or of PostgreSQL's, for each act.
    pub(crate) syncs_per_act: f64,
    /// What the server used for each act.
    pub(crate) server: PerAct,
    /// What the load generator used for each act.
    pub(crate) load: PerAct,
}

impl Round {
    /// A round of which the clients saw `latency`.
    pub(crate) fn new(clients: usize, latency: Latency, syncs: u64, server: PerAct, load: PerAct) -> Self {
        let syncs = usize::try_from(syncs).unwrap_or(usize::MAX);
        #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
        let syncs_per_act = rate(syncs, latency.acts as f64);
        Self { clients, latency, syncs_per_act, server, load }
    }
}

/// Does an act (`accept`, `offer`) on each case, by so many clients.
pub(crate) async fn round(node: &Node, act: &'static str, cases: &[String], clients: usize) -> anyhow::Result<Round> {
    let connections = Connection::several(&node.socket(), OPERATOR, clients).await?;
    let cases: Arc<[String]> = cases.into();
    let process = node.process()?;
    let acts = Acts::new(cases.len());
    let syncs = node.log_syncs().await?;
    let (server, load) = (Usage::of(process), Usage::of(std::process::id()));
    let began = Instant::now();
    let tasks = connections.into_iter().map(|mut connection| {
        let (acts, cases) = (acts.clone(), Arc::clone(&cases));
        tokio::spawn(async move {
            let mut micros = Vec::new();
            while let Some(number) = acts.take() {
                let case = &cases[number];
                let body = json!({ "case": case, "act": { "kind": act } });
                let sent = Instant::now();
                let answer =
                    connection.post("/v1/cases/act", &format!("{act}-{case}"), body.to_string().into()).await?;
                micros.push(micros_since(sent));
                let answer: Value = serde_json::from_slice(&answer)?;
                ensure!(answer["case"] == case.as_str(), "the answer is for another case: {answer}");
            }
            Ok(micros)
        })
    });
    let latency = gather(began, tasks.collect()).await?;
    let acts = latency.acts;
    let server = Usage::of(process).per_act(&server, acts);
    let mut load = Usage::of(std::process::id()).per_act(&load, acts);
    load.threads_us.clear();
    Ok(Round::new(clients, latency, node.log_syncs().await? - syncs, server, load))
}
