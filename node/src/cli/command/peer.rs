//! `tongban peer`: the nodes that this one knows.

use serde_json::Value;
use tongban_codes::time::Date;

use super::sync::{PEER_COLUMNS, with_cause};
use crate::api::v1::{ReadmitPeer, RevokePeer};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse};
use crate::cli::text::CONFIRM_REVOKE;

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
    /// 撤销下级节点：切断链路，其签章自该日起无效 / revoke a node below: its links are closed, its seals count no more from that day on
    Revoke {
        /// 区划代码或节点标识 / division or node id
        #[arg(value_name = "PEER")]
        peer: String,
        /// 起始日期，不晚于今天 / the first day, today at the latest
        #[arg(long, value_name = "DATE")]
        from: String,
        /// 理由 / why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// 恢复已撤销的节点，密钥不变 / take a revoked node in again, with the keys that it had
    Readmit {
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
        Command::Revoke { peer, from, reason } => {
            let from: Date = parse("from", from)?;
            context.output.confirm(context.yes, CONFIRM_REVOKE, &[peer, &from.to_string()])?;
            let request = RevokePeer { peer: peer.clone(), from, reason: reason.clone() };
            let answer = context.client()?.post("/v1/peers/revoke", &request)?;
            return context.output.object(&answer, &["node", "revoked", "reason"]);
        }
        Command::Readmit { peer } => {
            let answer = context.client()?.post("/v1/peers/readmit", &ReadmitPeer { peer: peer.clone() })?;
            return context.output.object(&answer, &["node", "readmitted"]);
        }
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
