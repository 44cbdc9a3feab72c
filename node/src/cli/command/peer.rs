//! `tongban peer`: the nodes that this one knows.

use serde_json::Value;

use super::sync::{PEER_COLUMNS, with_cause};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 全部关联节点 / all peers
    List,
    /// 一个关联节点 / one peer
    Show {
        /// 区划代码或节点标识 / division or node id
        #[arg(value_name = "PEER")]
        peer: String,
    },
}

const FIELDS: [&str; 11] = [
    "node",
    "division",
    "name",
    "relation",
    "state",
    "behind",
    "since",
    "cause_text",
    "next_try",
    "command",
    "clock_seconds",
];

pub(crate) fn run(context: &Context, command: &Command) -> Result<Outcome, Failure> {
    let peer = match command {
        Command::List => None,
        Command::Show { peer } => Some(peer.as_str()),
    };
    let answer = context.client()?.get("/v1/sync/status", &[("peer", peer)])?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let peers = answer.value()?.get("peers").and_then(Value::as_array).cloned().unwrap_or_default();
    let peers = with_cause(peers, output.lang);
    match (peer, peers.as_slice()) {
        (Some(_), [one]) => output.fields(one, &FIELDS)?,
        _ => output.rows(&peers, &PEER_COLUMNS)?,
    }
    Ok(Outcome::Done)
}
