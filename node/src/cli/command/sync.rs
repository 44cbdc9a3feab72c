//! `tongban sync`: what waits on which link, and why.

use serde_json::Value;

use crate::api::v1::Replay;
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::text::{Lang, NOTHING_WAITS};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 各关联节点的同步情况 / how far each peer is
    Status,
    /// 为何未同步、何时再试、可做什么 / why it waits, when it is tried next, and what helps
    Why {
        /// 区划代码、节点标识或办件的任一编号，缺省为全部节点 / division, node id or any number of a case, all peers when absent
        #[arg(value_name = "PEER|CASE")]
        peer: Option<String>,
    },
    /// 已隔离的信封 / envelopes that were put aside
    #[command(subcommand)]
    Quarantine(Quarantine),
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Quarantine {
    /// 全部已隔离的信封及原因 / all that were put aside, and why
    List,
    /// 一个信封 / one envelope
    Show {
        /// 信封标识，或其前六位以上 / its id, or six digits or more that it begins with
        #[arg(value_name = "ID")]
        id: String,
    },
    /// 按顺序重新办理同一办件的已隔离信封 / decide a line anew, in its order
    Replay {
        /// 该行中任一信封的标识 / the id of an envelope of the line
        #[arg(value_name = "ID", required_unless_present = "all")]
        id: Option<String>,
        /// 全部 / all lines
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
}

/// Columns of a list of peers.
pub(super) const PEER_COLUMNS: [&str; 7] = ["division", "name", "relation", "state", "behind", "since", "cause_text"];
const WHY_COLUMNS: [&str; 8] = ["division", "name", "state", "behind", "since", "cause_text", "next_try", "command"];

const WAITING_COLUMNS: [&str; 9] =
    ["direction", "division", "name", "body", "since", "cause_text", "reason_code", "next_try", "command"];
const QUARANTINE_COLUMNS: [&str; 9] =
    ["id", "division", "name", "subject", "body", "version", "cause_text", "at", "behind_line"];
const QUARANTINE_FIELDS: [&str; 17] = [
    "id",
    "origin",
    "division",
    "name",
    "subject",
    "collection_no",
    "act_number",
    "body",
    "version",
    "cause_text",
    "detail",
    "said",
    "at",
    "epoch",
    "sequence",
    "behind_line",
    "bytes",
];
const REPLAY_COLUMNS: [&str; 7] = ["id", "origin", "subject", "act_number", "outcome", "reason_code", "detail"];

pub(crate) fn run(context: &Context, command: &Command) -> Result<Outcome, Failure> {
    let (path, peer, columns) = match command {
        Command::Status => ("/v1/sync/status", None, &PEER_COLUMNS[..]),
        Command::Why { peer } => ("/v1/sync/why", peer.as_deref(), &WHY_COLUMNS[..]),
        Command::Quarantine(command) => return quarantine(context, command),
    };
    let answer = context.client()?.get(path, &[("peer", peer)])?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
    } else {
        let answer = answer.value()?;
        let rows = |noun: &str| answer.get(noun).and_then(Value::as_array).cloned();
        match rows("waiting") {
            Some(waiting) if waiting.is_empty() => output.say(NOTHING_WAITS.of(output.lang)),
            Some(waiting) => output.rows(&with_cause(waiting, output.lang), &WAITING_COLUMNS)?,
            None => output.rows(&with_cause(rows("peers").unwrap_or_default(), output.lang), columns)?,
        }
    }
    Ok(Outcome::Done)
}

fn quarantine(context: &Context, command: &Quarantine) -> Result<Outcome, Failure> {
    let output = context.output;
    let (answer, noun) = match command {
        Quarantine::Replay { id, .. } => {
            let replay = Replay { id: id.clone() };
            (context.client()?.post("/v1/sync/quarantine/replay", &replay)?, "replayed")
        }
        Quarantine::List => (context.client()?.get("/v1/sync/quarantine", &[])?, "quarantine"),
        Quarantine::Show { id } => {
            (context.client()?.get("/v1/sync/quarantine", &[("id", Some(id.as_str()))])?, "quarantine")
        }
    };
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let mut rows = answer.value()?.get(noun).and_then(Value::as_array).cloned().unwrap_or_default();
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        let cause = row.get(output.lang.of("text_en", "text_zh")).cloned().unwrap_or_default();
        row.insert("cause_text".to_owned(), cause);
        // Words that stand for other things elsewhere.
        for (name, shown) in [("behind", "behind_line"), ("act", "act_number"), ("code", "reason_code")] {
            if let Some(value) = row.get(name).cloned() {
                row.insert(shown.to_owned(), value);
            }
        }
        if !matches!(command, Quarantine::Show { .. }) {
            shorten(row);
        }
    }
    match (command, rows.as_slice()) {
        (Quarantine::Show { .. }, [one]) => output.fields(one, &QUARANTINE_FIELDS)?,
        (Quarantine::Replay { .. }, _) => output.rows(&rows, &REPLAY_COLUMNS)?,
        _ => output.rows(&rows, &QUARANTINE_COLUMNS)?,
    }
    Ok(Outcome::Done)
}

/// The first digits of an id name it in a table; the whole is in `show` and in JSON.
fn shorten(row: &mut serde_json::Map<String, Value>) {
    if let Some(Value::String(id)) = row.get_mut("id") {
        id.truncate(12);
    }
}

/// Adds each peer's cause in the chosen language.
pub(super) fn with_cause(mut peers: Vec<Value>, lang: Lang) -> Vec<Value> {
    for peer in &mut peers {
        let cause = peer.get(lang.of("cause_en", "cause_zh")).cloned().unwrap_or_default();
        let code = peer.get("code").cloned().unwrap_or_default();
        if let Some(fields) = peer.as_object_mut() {
            fields.insert("reason_code".to_owned(), code);
            fields.insert("cause_text".to_owned(), cause);
        }
    }
    peers
}
