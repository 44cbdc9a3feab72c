//! `tongban sync`: what waits on which link, and why.

use serde_json::Value;

use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::text::Lang;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 各关联节点的同步情况 / how far each peer is
    Status,
    /// 为何未同步、何时再试、可做什么 / why it waits, when it is tried next, and what helps
    Why {
        /// 区划代码或节点标识，缺省为全部 / division or node id, all when absent
        #[arg(value_name = "PEER")]
        peer: Option<String>,
    },
}

/// Columns of a list of peers.
pub(super) const PEER_COLUMNS: [&str; 7] = ["division", "name", "relation", "state", "behind", "since", "cause_text"];
const WHY_COLUMNS: [&str; 8] = ["division", "name", "state", "behind", "since", "cause_text", "next_try", "command"];

pub(crate) fn run(context: &Context, command: &Command) -> Result<Outcome, Failure> {
    let (path, peer, columns) = match command {
        Command::Status => ("/v1/sync/status", None, &PEER_COLUMNS[..]),
        Command::Why { peer } => ("/v1/sync/why", peer.as_deref(), &WHY_COLUMNS[..]),
    };
    let answer = context.client()?.get(path, &[("peer", peer)])?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
    } else {
        let peers = answer.value()?.get("peers").and_then(Value::as_array).cloned().unwrap_or_default();
        output.rows(&with_cause(peers, output.lang), columns)?;
    }
    Ok(Outcome::Done)
}

/// Adds each peer's cause in the chosen language.
pub(super) fn with_cause(mut peers: Vec<Value>, lang: Lang) -> Vec<Value> {
    for peer in &mut peers {
        let cause = peer.get(lang.of("cause_en", "cause_zh")).cloned().unwrap_or_default();
        if let Some(fields) = peer.as_object_mut() {
            fields.insert("cause_text".to_owned(), cause);
        }
    }
    peers
}
