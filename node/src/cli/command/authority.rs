//! `tongban authority`: the authorities that this node serves.

use serde_json::Value;

use super::item::refusals;
use crate::api::v1::{AddAuthority, Reorganise};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse};
use crate::cli::text::life::{REORGANISED, REORGANISED_DRY};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 增加机关、补登信用代码，或将错误代码对应到有效代码 / add an authority, a credit code, or what a bad code stands for
    Add {
        /// 机关名称 / name
        #[arg(value_name = "NAME")]
        name: String,
        /// 有效的统一社会信用代码 / valid credit code
        #[arg(long, value_name = "C")]
        code: Option<String>,
        /// 由该代码替代的错误代码 / the bad code that it stands for
        #[arg(long, value_name = "BAD")]
        maps: Option<String>,
        /// 代码变更日期：事项自该日起使用新代码 / the code changes on that day, and the authority's items with it
        #[arg(long, value_name = "D", requires = "code", conflicts_with = "maps")]
        from: Option<String>,
        /// 文号 / the order
        #[arg(long, value_name = "TEXT", requires = "from")]
        order: Option<String>,
    },
    /// 机构合并：事项、授权一并转入，在办件不变 / merge authorities: items and mandates move, running cases stay
    Merge {
        /// 被合并的机关 / authorities that end
        #[arg(value_name = "OLD", required = true)]
        old: Vec<String>,
        /// 合并后的机关 / the one that goes on
        #[arg(long, value_name = "NAME")]
        into: String,
        /// 其信用代码（新机关） / its credit code, when it is new
        #[arg(long, value_name = "C")]
        code: Option<String>,
        /// 合并日期 / first day
        #[arg(long, value_name = "D")]
        from: String,
        /// 文号 / the order
        #[arg(long, value_name = "TEXT")]
        order: Option<String>,
        /// 只判断，不写入 / decide everything, write nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// 机关名单 / all authorities
    List,
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let client = context.client()?;
    match command {
        Command::Add { name, code, maps: _, from: Some(from), order } => {
            let from = parse("from", &from)?;
            reorganise(context, &Reorganise { old: Vec::new(), into: name, code, from, order, dry_run: false })
        }
        Command::Merge { old, into, code, from, order, dry_run } => {
            let from = parse("from", &from)?;
            reorganise(context, &Reorganise { old, into, code, from, order, dry_run })
        }
        Command::Add { name, code, maps, .. } => {
            let answer = client.post("/v1/authorities", &AddAuthority { name, code, maps })?;
            context.output.object(&answer, &["name", "id", "codes", "aliases"])
        }
        Command::List => {
            let answer = client.get("/v1/authorities", &[])?;
            context.output.list(&answer, "authorities", &["name", "id", "codes", "aliases"])
        }
    }
}

fn reorganise(context: &Context, plan: &Reorganise) -> Result<Outcome, Failure> {
    let answer = context.client()?.post("/v1/authorities/reorganise", plan)?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let report = answer.value()?;
    let list = |name: &str| report.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let count = |name: &str| list(name).len().to_string();
    let text = if plan.dry_run { REORGANISED_DRY } else { REORGANISED };
    let (items, bases, drafts, refused) = (count("moved"), count("base_items"), count("drafts"), count("refused"));
    let from = plan.from.to_string();
    output.line(&text.with(output.lang, &[&items, &bases, &drafts, &plan.into, &from, &refused]))?;
    let moved = list("moved");
    if !moved.is_empty() {
        output.rows(&moved, &["item", "successor", "version"])?;
    }
    refusals(context, &list("refused"))
}
