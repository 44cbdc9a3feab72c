//! `tongban division`: codes of divisions that change.

use serde_json::Value;

use super::item::refusals;
use crate::api::v1::ChangeDivision;
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse};
use crate::cli::text::life::{REDIVIDED, REDIVIDED_DRY, REDIVIDED_KEPT};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 区划代码变更：本区划的事项、授权随之换码，在办件不变；上级可为下级登记对照
    /// / another code as of a day: items and mandates follow, running cases stay; of a division below the cross-walk alone is kept
    Change {
        /// 原代码 / the code that ends
        #[arg(value_name = "OLD")]
        old: String,
        /// 新代码 / the code that goes on
        #[arg(long, value_name = "NEW")]
        to: String,
        /// 变更日期 / first day
        #[arg(long, value_name = "D")]
        from: String,
        /// 文号 / the order
        #[arg(long, value_name = "TEXT")]
        order: String,
        /// 新名称 / its name from then on
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// 只判断，不写入 / decide everything, write nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// 新旧代码对照 / the cross-walk
    List,
}

const COLUMNS: [&str; 8] = ["old", "old_name", "new", "name", "from", "document", "set_by", "counts"];

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let client = context.client()?;
    match command {
        Command::Change { old, to, from, order, name, dry_run } => {
            let (old, new, from) = (parse("old", &old)?, parse("to", &to)?, parse("from", &from)?);
            change(context, &ChangeDivision { old, new, name, from, order, dry_run })
        }
        Command::List => {
            let answer = client.get("/v1/divisions", &[])?;
            if context.output.is_json() {
                return context.output.list(&answer, "divisions", &COLUMNS);
            }
            let mut rows = answer.value()?.get("divisions").and_then(Value::as_array).cloned().unwrap_or_default();
            rows.iter_mut().for_each(|row| row["document"] = row["order"].take());
            context.output.rows(&rows, &COLUMNS)?;
            Ok(Outcome::Done)
        }
    }
}

fn change(context: &Context, plan: &ChangeDivision) -> Result<Outcome, Failure> {
    let answer = context.client()?.post("/v1/divisions/change", plan)?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let report = answer.value()?;
    let list = |name: &str| report.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let count = |name: &str| list(name).len().to_string();
    let (old, new, from) = (plan.old.to_string(), plan.new.to_string(), plan.from.to_string());
    if report.get("own").and_then(Value::as_bool) == Some(false) && !plan.dry_run {
        output.line(&REDIVIDED_KEPT.with(output.lang, &[&old, &new, &from]))?;
        return Ok(Outcome::Done);
    }
    let text = if plan.dry_run { REDIVIDED_DRY } else { REDIVIDED };
    let (items, drafts, refused) = (count("moved"), count("drafts"), count("refused"));
    output.line(&text.with(output.lang, &[&old, &new, &from, &items, &drafts, &refused]))?;
    let moved = list("moved");
    if !moved.is_empty() {
        output.rows(&moved, &["item", "successor", "version"])?;
    }
    refusals(context, &list("refused"))
}
