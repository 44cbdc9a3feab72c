//! Refused with a code and with nothing changed: one table of all that a hostile peer may send, and what a flood costs.
//!
//! The peer is validly certified, as a captured node would be ([`rogue`]), and speaks to a real node. Before and after each row the node is
//! looked at: its cases, items, staff, figures and pulled journals by the API, its inbox and directory by what it says in its greeting. The
//! table stands in `docs/protocol.md`, and the test holds the two against each other.

mod delivered;
mod flood;
mod matter;
mod reclaim;
mod rogue;
mod scene;
mod stalls;
mod table;

use serde_json::{Value, json};
use system_tests::Node;

/// What may not change by a refusal: cases, items, staff, journals and figures.
pub(crate) fn state(node: &Node) -> Value {
    let mut report = node.get("/v1/aggregate/report?by=division,measure,outcome,origin");
    for checkpoint in report["as_of"].as_array_mut().into_iter().flatten() {
        checkpoint["at"] = Value::Null;
    }
    json!([
        node.get("/v1/cases?limit=1000"),
        node.get("/v1/items"),
        node.get("/v1/operators"),
        node.get("/v1/authorities"),
        report,
        node.get("/v1/aggregate/audit"),
    ])
}

/// The node's own time.
pub(crate) fn now(node: &Node) -> tongban_codes::time::Timestamp {
    node.get("/v1/status")["at"].as_str().expect("it has a time").parse().expect("RFC 3339")
}
