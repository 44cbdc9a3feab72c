//! `tongban aggregate`: figures, each naming the checkpoints that it is folded from.

use serde_json::Value;
use tongban_codes::division::DivisionCode;

use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse_optional};
use crate::cli::text::{AS_OF, AUDIT_DIFFERS, AUDIT_EQUAL, WITH_CODES, WITH_LINEAGE};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 统计 / figures
    Report {
        /// 维度，逗号分隔：division、item、month、outcome、measure、type、mode、origin / dimensions, with commas between
        #[arg(long, value_name = "DIMENSIONS")]
        by: Option<String>,
        /// 只看一个事项及其前身、后继（编码、短编码或基本编码） / one item alone, with those before and after it
        #[arg(long, value_name = "CODE")]
        item: Option<String>,
        /// 只看一个区划，新旧代码均可 / one division alone, by any of its codes
        #[arg(long, value_name = "C")]
        division: Option<String>,
        /// 监察牌：发牌数和未关闭数，按颜色 / cards of supervision: raised and open ones, by colour
        #[arg(long)]
        cards: bool,
        /// 评价、差评整改和工单 / ratings, follow-ups and tickets
        #[arg(long)]
        voice: bool,
    },
    /// 立即拉取下级台账 / pull the journals of the subordinates now
    Pull,
    /// 已拉取到哪里 / what has been pulled
    Status,
    /// 重新汇总并核对 / fold every figure again and compare; exit code 1 when one differs
    Audit,
}

const CHECKPOINT_COLUMNS: [&str; 6] = ["division", "journal", "epoch", "size", "root", "at"];

pub(crate) fn run(context: &Context, command: &Command) -> Result<Outcome, Failure> {
    let client = context.client()?;
    let output = context.output;
    match command {
        Command::Report { by, item, division, cards, voice } => {
            let division: Option<DivisionCode> = parse_optional("division", division.as_deref())?;
            let division = division.map(|code| code.to_string());
            let of_cards = (*cards || *voice).then(|| "division,month,measure,outcome".to_owned());
            let by = by.clone().or(of_cards);
            let asked = [
                ("by", by.as_deref()),
                ("item", item.as_deref()),
                ("division", division.as_deref()),
                ("cards", cards.then_some("true")),
                ("voice", voice.then_some("true")),
            ];
            let answer = client.get("/v1/aggregate/report", &asked)?;
            if output.is_json() {
                output.line(&answer.line())?;
                return Ok(Outcome::Done);
            }
            report(context, &answer.value()?, by.as_deref())
        }
        Command::Pull => output.list(&client.post_empty("/v1/aggregate/pull")?, "origins", &CHECKPOINT_COLUMNS),
        Command::Status => output.list(&client.get("/v1/aggregate/status", &[])?, "origins", &CHECKPOINT_COLUMNS),
        Command::Audit => {
            let answer = client.get("/v1/aggregate/audit", &[])?;
            let audit = answer.value()?;
            let equal = audit.get("equal").and_then(Value::as_bool) == Some(true);
            if output.is_json() {
                output.line(&answer.line())?;
            } else {
                let entries = audit.get("entries").map(Value::to_string).unwrap_or_default();
                let differences = audit.get("differences").and_then(Value::as_array).cloned().unwrap_or_default();
                let text = if equal { AUDIT_EQUAL } else { AUDIT_DIFFERS };
                output.line(&text.with(output.lang, &[&entries, &differences.len().to_string()]))?;
                for difference in differences {
                    output.line(&format!("  {}", difference.as_str().unwrap_or_default()))?;
                }
            }
            Ok(if equal { Outcome::Done } else { Outcome::Negative })
        }
    }
}

fn report(context: &Context, report: &Value, by: Option<&str>) -> Result<Outcome, Failure> {
    let output = context.output;
    let list = |name: &str| report.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let rows = list("rows");
    let mut columns: Vec<String> = match (by, rows.first().and_then(Value::as_object)) {
        (Some(by), _) => by.split(',').map(|dimension| dimension.trim().to_owned()).collect(),
        (None, Some(first)) => first.keys().filter(|key| *key != "count").cloned().collect(),
        (None, None) => Vec::new(),
    };
    columns.push("count".to_owned());
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    output.rows(&rows, &columns)?;
    let items: Vec<String> = list("items").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if items.len() > 1 {
        output.line(&WITH_LINEAGE.with(output.lang, &[&items.join(output.lang.of(", ", "、"))]))?;
    }
    for division in list("divisions") {
        let codes = division.get("codes").and_then(Value::as_array).cloned().unwrap_or_default();
        let codes: Vec<&str> = codes.iter().filter_map(Value::as_str).collect();
        if codes.len() > 1 {
            let now = division.get("division").and_then(Value::as_str).unwrap_or_default();
            output.line(&WITH_CODES.with(output.lang, &[now, &codes.join(output.lang.of(", ", "、"))]))?;
        }
    }
    let as_of = list("as_of");
    if !as_of.is_empty() {
        output.line(&format!("\n{}", AS_OF.of(output.lang)))?;
        output.rows(&as_of, &CHECKPOINT_COLUMNS)?;
    }
    Ok(Outcome::Done)
}
