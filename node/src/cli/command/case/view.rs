//! What a case looks like on a screen: its fields, its history, whose time it took.

use serde_json::{Value, json};

use super::{Case, ask, list, work};
use crate::cli::Context;
use crate::cli::client::Answer;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Output;
use crate::cli::text::order::{ORDERS, WAIVERS};
use crate::cli::text::{AMENDMENTS, ASKED, HISTORY, MATERIALS, SHARES, STOPS};

const FIELDS: [&str; 80] = [
    "case",
    "case_no",
    "collection_no",
    "query_code",
    "state",
    "custody",
    "tenure",
    "owner",
    "collecting",
    "deciding",
    "item",
    "item_name",
    "mode",
    "applicant",
    "forgotten_at",
    "agent.name",
    "agent.power_of_attorney",
    "agent.scope",
    "agent.until",
    "collected_at",
    "agreement.number",
    "agreement.receipt",
    "instead_of.place.division",
    "instead_of.department",
    "instead_of.item",
    "instead_of.agreement",
    "report_refused.code",
    "report_refused.text",
    "received_on",
    "accepted_on",
    "statutory_due",
    "promised_due",
    "provisional",
    "calendar",
    "extension.days",
    "extension.approver",
    "renewal.licence",
    "renewal.ends",
    "renewal.ask_by",
    "renewal_standing",
    "renewal_due",
    "correction.until",
    "correction.complete_on",
    "competent.authority",
    "competent.division",
    "forwarded_to.case",
    "forwarded_to.query_code",
    "forwarded_to.outcome.status",
    "forwarded_to.outcome.on",
    "forwarded_to.outcome.reason",
    "forwarded_to.outcome.licences",
    "forwarded_from.case",
    "forwarded_from.opinion",
    "turn.seen.ahead",
    "turn.seen.left",
    "turn.overtaken",
    "part_of.application",
    "part_of.part",
    "part_of.form",
    "stated.number",
    "stated.system",
    "stated.notice",
    "stated.collected_on",
    "stated.accepted_on",
    "stated.statutory_due",
    "stated.computed_due",
    "decided_on",
    "outside.system",
    "outside.number",
    "outside.decided_on",
    "outside.decider",
    "outside.document_no",
    "outside.document",
    "outside.order",
    "outside.entered_on",
    "outside.days_late",
    "result_code",
    "reason",
    "licences",
    "demo",
];
const ACT_COLUMNS: [&str; 7] = ["at", "kind", "place.division", "operator", "window", "status", "note"];
/// Where an act isn't in force.
const FORCED_COLUMNS: [&str; 8] = ["at", "kind", "place.division", "operator", "window", "status", "force", "note"];
const MATERIAL_COLUMNS: [&str; 4] = ["name", "file", "percent", "cause"];
const STOP_COLUMNS: [&str; 5] = ["procedure", "from", "until", "announced", "basis"];
const SPAN_COLUMNS: [&str; 6] = ["holder", "from", "until", "open", "working_days", "natural_days"];
const SHARE_COLUMNS: [&str; 4] = ["holder", "working_days", "natural_days", "millis"];
const ASKED_COLUMNS: [&str; 6] = ["number", "text", "on", "brought.on", "brought.place.division", "new_reason"];
const ORDER_COLUMNS: [&str; 6] = ["order_no", "order_kind", "order_state", "fen", "reference", "link"];
const WAIVER_COLUMNS: [&str; 4] = ["fee", "reason", "operator", "at"];
const AMENDMENT_COLUMNS: [&str; 6] = ["field", "was", "becomes", "at", "operator", "reason"];

pub(super) fn show(context: &Context, case: &Case) -> Result<Outcome, Failure> {
    let answer = ask(context, "/v1/cases/show", &case.case)?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let case = answer.value()?;
    if case.get("imported") == Some(&Value::Bool(true)) {
        return super::earlier::show(output, &case);
    }
    output.fields(&case, &FIELDS)?;
    let stops = list(&case, "stops");
    if !stops.is_empty() {
        output.line(&format!("\n{}", STOPS.of(output.lang)))?;
        output.rows(&stops, &STOP_COLUMNS)?;
    }
    let materials = list(&case, "materials");
    if !materials.is_empty() {
        output.line(&format!("\n{}", MATERIALS.of(output.lang)))?;
        output.rows(&materials, &MATERIAL_COLUMNS)?;
    }
    let asked = asked(&case);
    if !asked.is_empty() {
        output.line(&format!("\n{}", ASKED.of(output.lang)))?;
        output.rows(&asked, &ASKED_COLUMNS)?;
    }
    let amendments = list(&case, "amendments");
    if !amendments.is_empty() {
        output.line(&format!("\n{}", AMENDMENTS.of(output.lang)))?;
        output.rows(&amendments, &AMENDMENT_COLUMNS)?;
    }
    orders(output, &case)?;
    let waivers = list(&case, "waivers");
    if !waivers.is_empty() {
        output.line(&format!("\n{}", WAIVERS.of(output.lang)))?;
        output.rows(&waivers, &WAIVER_COLUMNS)?;
    }
    work::show(output, &case)?;
    output.line(&format!("\n{}", HISTORY.of(output.lang)))?;
    let acts = list(&case, "history");
    output.rows(&acts, act_columns(&acts))?;
    Ok(Outcome::Done)
}

/// What is to be paid or is on its way, where there is any.
pub(super) fn orders(output: Output, case: &Value) -> Result<(), Failure> {
    let orders = list(case, "orders");
    if orders.is_empty() {
        return Ok(());
    }
    output.line(&format!("\n{}", ORDERS.of(output.lang)))?;
    output.rows(&orders, &ORDER_COLUMNS)
}

pub(super) fn history(context: &Context, case: &Case) -> Result<Outcome, Failure> {
    let case = ask(context, "/v1/cases/show", &case.case)?.value()?;
    let acts = list(&case, "history");
    let history = json!({ "case": case.get("case"), "history": acts });
    context.output.list(&Answer::of(&history), "history", act_columns(&acts))
}

fn act_columns(acts: &[Value]) -> &'static [&'static str] {
    if acts.iter().any(|act| act.get("force").is_some()) { &FORCED_COLUMNS } else { &ACT_COLUMNS }
}

pub(super) fn ledger(context: &Context, case: &Case) -> Result<Outcome, Failure> {
    let answer = ask(context, "/v1/cases/ledger", &case.case)?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let ledger = answer.value()?.get("ledger").cloned().unwrap_or_default();
    output.rows(&list(&ledger, "spans"), &SPAN_COLUMNS)?;
    output.line(&format!("\n{}", SHARES.of(output.lang)))?;
    output.rows(&list(&ledger, "shares"), &SHARE_COLUMNS)?;
    Ok(Outcome::Done)
}

/// The lines of the correction notices with their numbers.
fn asked(case: &Value) -> Vec<Value> {
    let lines = case.get("correction").map(|correction| list(correction, "asked")).unwrap_or_default();
    let numbered = |(number, mut line): (usize, Value)| {
        if let Some(fields) = line.as_object_mut() {
            fields.insert("number".to_owned(), json!(number));
        }
        line
    };
    (1..).zip(lines).map(numbered).collect()
}
