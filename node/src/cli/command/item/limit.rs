//! `tongban item limit`: how many numbers of an item are taken, and who stands in line.

use crate::cli::Context;
use crate::cli::command::item::list_of;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::text::work::LINE;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 事项编码或其首段 / item code or its first part
    #[arg(value_name = "CODE")]
    code: String,
}

const FIELDS: [&str; 11] = [
    "item",
    "item_name",
    "shared_quota",
    "grants",
    "period",
    "year",
    "limit_basis",
    "grant_order",
    "order_basis",
    "used",
    "left",
];
const COLUMNS: [&str; 7] = ["place", "case_no", "item", "state", "accepted_at", "in_turn", "overtaken"];

pub(crate) fn run(context: &Context, args: &Args) -> Result<Outcome, Failure> {
    let answer = context.client()?.get("/v1/items/limit", &[("item", Some(args.code.as_str()))])?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let view = answer.value()?;
    output.fields(&view, &FIELDS)?;
    output.line(&format!("\n{}", LINE.of(output.lang)))?;
    output.rows(&list_of(&view, "line"), &COLUMNS)?;
    Ok(Outcome::Done)
}
