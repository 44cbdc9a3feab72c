//! `tongban item list-entry`: the lists against which items are checked (九类清单).

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};
use tongban_domain::catalogue::{CodeList as _, ListKind, StandardKind};

use super::import::FILE_BYTES_MAX;
use super::list_file;
use super::standard::{self, Withdrawal};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse_optional};
use crate::cli::file::read_or_piped;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 导入清单条目（CSV 或 JSON） / import entries from CSV or JSON
    Import {
        /// 文件；- 表示标准输入 / file, or - for stdin
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// 清单，文件没有 list 列时 / the list, where the file has no column for it
        #[arg(long, value_name = "LIST", value_parser = lists())]
        list: Option<ListKind>,
        /// 生效日期 / first day in force
        #[arg(long, value_name = "D")]
        effective: Option<String>,
    },
    /// 撤销条目 / withdraw an entry
    Withdraw(Withdrawal),
    /// 全部条目 / all entries
    List {
        /// 只列该清单 / of one list
        #[arg(long, value_name = "LIST", value_parser = lists())]
        list: Option<ListKind>,
    },
    /// 事项与清单的冲突 / items that the lists speak against
    Conflicts {
        /// 含已知的下级事项 / items of subordinates that are known here, too
        #[arg(long)]
        below: bool,
    },
}

const COLUMNS: [&str; 8] =
    ["code", "entry.list", "entry.name", "entry.base_code", "entry.department", "entry.demo", "set_by", "state"];

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    const KIND: StandardKind = StandardKind::Entry;
    match command {
        Command::Import { file, list, effective } => {
            let effective = parse_optional("effective", effective.as_deref())?;
            standard::set(context, &list_file::read(&read_or_piped(&file, FILE_BYTES_MAX)?, list, effective)?)
        }
        Command::Withdraw(args) => standard::withdraw(context, KIND, &args),
        Command::List { list } => standard::list(context, KIND, list.map(ListKind::name), &COLUMNS),
        Command::Conflicts { below } => conflicts(context, below),
    }
}

fn conflicts(context: &Context, below: bool) -> Result<Outcome, Failure> {
    let answer = context.client()?.get("/v1/standards/conflicts", &[("below", below.then_some("true"))])?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let value = answer.value()?;
    let rows = value.get("conflicts").and_then(Value::as_array).cloned().unwrap_or_default();
    let rows: Vec<Value> = rows
        .iter()
        .map(|one| {
            json!({
                "item": one.get("item"), "list": one.get("list"), "value": one.get("value"),
                "problem": one.get(output.lang.of("en", "zh")),
            })
        })
        .collect();
    output.rows(&rows, &["item", "list", "value", "problem"])?;
    Ok(Outcome::Done)
}

/// Reads lists by their English or Chinese names.
fn lists() -> impl TypedValueParser<Value = ListKind> {
    let values = ListKind::ALL.iter().map(|list| PossibleValue::new(list.name()).alias(list.zh()).help(list.zh()));
    PossibleValuesParser::new(values).try_map(|text| text.parse::<ListKind>())
}
