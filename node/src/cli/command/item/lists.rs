//! `tongban item lists`: lists made from published items; `tongban item monthly`: the monthly report on online handling.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};
use tongban_domain::catalogue::{CodeList as _, GeneratedList};

use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::failed;
use crate::cli::text::{LIST_TITLE, PRESENCE_UNLISTED, REPORT_TITLE};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 清单 / list
    #[arg(value_name = "LIST", value_parser = lists())]
    list: GeneratedList,
    /// 以 CSV 输出 / as CSV
    #[arg(long)]
    csv: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    /// 月份，如 2026-09 / month, as 2026-09
    #[arg(long, value_name = "YYYY-MM")]
    month: String,
    /// 列出每个数字所依据的事项 / name the items behind each figure
    #[arg(long)]
    items: bool,
}

const COLUMNS: [&str; 9] =
    ["code", "name", "item_type", "department", "promised_days", "visits", "modes", "fees", "intermediary"];

/// The figures of the monthly report, a column each.
const DEPARTMENT_COLUMNS: [&str; 9] = [
    "department",
    "count",
    "online",
    "fully-online",
    "no-visit",
    "once-at-most",
    "mean-visits",
    "instant",
    "shortening",
];

/// Reads lists by their English or Chinese names.
fn lists() -> impl TypedValueParser<Value = GeneratedList> {
    let values = GeneratedList::ALL.iter().map(|list| PossibleValue::new(list.name()).alias(list.zh()).help(list.zh()));
    PossibleValuesParser::new(values).try_map(|text| text.parse::<GeneratedList>())
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Outcome, Failure> {
    let answer = context.client()?.get(&format!("/v1/items/lists/{}", args.list.name()), &[])?;
    let output = context.output;
    if output.is_json() && !args.csv {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let value = answer.value()?;
    let items = value.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    if args.csv {
        output.line(csv_of(&items)?.trim_end())?;
        return Ok(Outcome::Done);
    }
    let title = output.lang.of(args.list.name(), args.list.zh());
    output.say(&LIST_TITLE.with(output.lang, &[title, &items.len().to_string(), args.list.formula()]));
    output.rows(&items, &COLUMNS)?;
    Ok(Outcome::Done)
}

fn csv_of(items: &[Value]) -> Result<String, Failure> {
    let fault = |error: csv::Error| failed(&std::io::Error::other(error));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(fault)?;
    for item in items {
        let cells = COLUMNS.iter().map(|column| match item.get(column) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(values)) => {
                let parts = values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                parts.collect::<Vec<_>>().join("^")
            }
            Some(other) => other.to_string(),
        });
        writer.write_record(cells).map_err(fault)?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A rate as people write it: a mean as a number, a share in percent.
fn rate(one: &Value) -> String {
    let Some(per_mille) = one.get("per_mille").and_then(Value::as_u64) else { return "-".to_owned() };
    if one.get("name").and_then(Value::as_str) == Some("mean-visits") {
        return format!("{}.{:03}", per_mille / 1000, per_mille % 1000);
    }
    format!("{}.{} %", per_mille / 10, per_mille % 10)
}

pub(crate) fn report(context: &Context, args: &ReportArgs) -> Result<Outcome, Failure> {
    let answer = context.client()?.get("/v1/items/report", &[("month", Some(&args.month))])?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let value = answer.value()?;
    let report = value.get("report").cloned().unwrap_or_default();
    let whole = report.get("whole").cloned().unwrap_or_default();
    let number = |value: &Value, key: &str| value.get(key).and_then(Value::as_u64).unwrap_or(0).to_string();
    let day = report.get("day").and_then(Value::as_str).unwrap_or_default();
    output.say(&REPORT_TITLE.with(output.lang, &[day, &number(&whole, "items"), &number(&whole, "without_guide")]));
    let rates = |figures: &Value| figures.get("rates").and_then(Value::as_array).cloned().unwrap_or_default();
    let rows: Vec<Value> = rates(&whole)
        .iter()
        .map(|one| {
            json!({
                "figure": one.get(output.lang.of("name", "zh")), "rate": rate(one), "numerator": one.get("numerator"),
                "denominator": one.get("denominator"), "items": one.get("items"),
            })
        })
        .collect();
    let columns = ["figure", "rate", "numerator", "denominator", "items"];
    output.rows(&rows, &columns[..columns.len() - usize::from(!args.items)])?;
    let departments = report.get("departments").and_then(Value::as_array).cloned().unwrap_or_default();
    let rows: Vec<Value> = departments
        .iter()
        .map(|figures| {
            let mut row = json!({ "department": figures.get("department"), "count": figures.get("items") });
            if let Some(fields) = row.as_object_mut() {
                for one in rates(figures) {
                    let name = one.get("name").and_then(Value::as_str).unwrap_or_default();
                    fields.insert(name.to_owned(), Value::String(rate(&one)));
                }
            }
            row
        })
        .collect();
    if !rows.is_empty() {
        output.rows(&rows, &DEPARTMENT_COLUMNS)?;
    }
    let listed = whole.get("presence_unlisted").and_then(Value::as_array).cloned().unwrap_or_default();
    let unlisted: Vec<Value> = listed.iter().map(|code| json!({ "item": code })).collect();
    if !unlisted.is_empty() {
        output.say(PRESENCE_UNLISTED.of(output.lang));
        output.rows(&unlisted, &["item"])?;
    }
    Ok(Outcome::Done)
}
