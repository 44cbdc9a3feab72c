//! `tongban item quality`: what the rules say of items.

use serde_json::{Value, json};
use tongban_domain::catalogue::quality::RULES;

use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::text::{FINDINGS, QUALITY_SUMMARY};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 事项编码或其首段；缺省为全部 / item code or its first part; all when absent
    #[arg(value_name = "CODE")]
    code: Option<String>,
    /// 只看该部门 / of one department
    #[arg(long, value_name = "N")]
    department: Option<String>,
    /// 只看得分，不列问题 / scores alone
    #[arg(long)]
    score: bool,
    /// 列出规则 / list the rules
    #[arg(long, conflicts_with_all = ["code", "department", "score"])]
    rules: bool,
}

/// A number of tenths as people write it.
fn tenths(value: Option<&Value>) -> String {
    value.and_then(Value::as_u64).map_or_else(|| "-".to_owned(), |n| format!("{}.{}", n / 10, n % 10))
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Outcome, Failure> {
    let output = context.output;
    if args.rules {
        let rows: Vec<Value> = RULES
            .iter()
            .map(|rule| {
                json!({
                    "rule": rule.id, "severity": rule.severity, "weight": rule.weight, "field": rule.looks_at,
                    "accuracy": rule.accuracy, "problem": output.lang.of(rule.fault.0, rule.fault.1),
                    "remedy": output.lang.of(rule.remedy.0, rule.remedy.1),
                })
            })
            .collect();
        if output.is_json() {
            output.json(&json!({ "rules": rows }))?;
        } else {
            output.rows(&rows, &["rule", "severity", "weight", "accuracy", "field", "problem", "remedy"])?;
        }
        return Ok(Outcome::Done);
    }
    let query = [
        ("item", args.code.as_deref()),
        ("department", args.department.as_deref()),
        ("score", args.score.then_some("true")),
    ];
    let answer = context.client()?.get("/v1/items/quality", &query)?;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let value = answer.value()?;
    let overview = |key: &str| value.get("overview").and_then(|overview| overview.get(key));
    let count = |key: &str| overview(key).and_then(Value::as_u64).unwrap_or(0).to_string();
    let (score, accuracy) = (tenths(overview("score_tenths")), tenths(overview("accuracy_per_mille")));
    output.line(&QUALITY_SUMMARY.with(output.lang, &[&count("items"), &score, &accuracy]))?;
    if args.score {
        let departments = value.get("departments").and_then(Value::as_array).cloned().unwrap_or_default();
        let rows: Vec<Value> = departments
            .iter()
            .map(|one| {
                let accuracy = format!("{} %", tenths(one.get("accuracy_per_mille")));
                json!({
                    "department": one.get("department"), "items": one.get("items"),
                    "score": tenths(one.get("score_tenths")), "accuracy": accuracy,
                })
            })
            .collect();
        output.rows(&rows, &["department", "items", "score", "accuracy"])?;
        return Ok(Outcome::Done);
    }
    let items = value.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut rows = Vec::new();
    for item in &items {
        for finding in item.get("findings").and_then(Value::as_array).map_or(&[][..], Vec::as_slice) {
            rows.push(json!({
                "item": item.get("item"), "score": item.get("score"), "rule": finding.get("rule"),
                "severity": finding.get("severity"), "field": finding.get("field"), "value": finding.get("value"),
                "problem": finding.get(output.lang.of("en", "zh")),
                "remedy": finding.get(output.lang.of("remedy_en", "remedy_zh")),
            }));
        }
    }
    output.say(FINDINGS.of(output.lang));
    output.rows(&rows, &["item", "score", "rule", "severity", "field", "value", "problem", "remedy"])?;
    Ok(Outcome::Done)
}
