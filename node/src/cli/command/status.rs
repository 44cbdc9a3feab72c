//! `tongban status`: the node on one screen.

use serde_json::Value;

use super::sync::{PEER_COLUMNS, with_cause};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::text::{FINDINGS, PEERS, REMEDY};

const FIELDS: [&str; 15] = [
    "ready",
    "name",
    "division",
    "node",
    "demo",
    "release",
    "at",
    "superior",
    "listen",
    "committed",
    "applied",
    "log_syncs",
    "log_released",
    "disk_free_bytes",
    "certificate_until",
];

pub(crate) fn run(context: &Context) -> Result<Outcome, Failure> {
    let answer = context.client()?.get("/v1/status", &[])?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let status = answer.value()?;
    output.fields(&status, &FIELDS)?;
    let list = |name: &str| status.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let peers = with_cause(list("peers"), output.lang);
    if !peers.is_empty() {
        output.line(&format!("\n{}", PEERS.of(output.lang)))?;
        output.rows(&peers, &PEER_COLUMNS)?;
    }
    let findings = list("findings");
    if !findings.is_empty() {
        output.line(&format!("\n{}", FINDINGS.of(output.lang)))?;
    }
    for finding in findings {
        let text = |en: &str, zh: &str| {
            finding.get(output.lang.of(en, zh)).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        output.line(&format!("! {} [{}]", text("en", "zh"), text("code", "code")))?;
        output.line(&format!(
            "  {}{}{}",
            REMEDY.of(output.lang),
            output.lang.of(": ", "："),
            text("remedy_en", "remedy_zh")
        ))?;
    }
    Ok(Outcome::Done)
}
