//! `tongban item search`: what people look for, in their words.

use serde_json::Value;

use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse_optional};
use crate::cli::text::{INDEX_INCOMPLETE, PACKAGE_CUT};

#[derive(Debug, clap::Args)]
pub(crate) struct Search {
    /// 名称、口语、编码、拼音或首字母 / words, a code, pinyin or initials
    #[arg(value_name = "QUERY")]
    query: String,
    /// 只查该行政区划及其下级，缺省为本节点 / only in this division and below; the node's own when absent
    #[arg(long, value_name = "C")]
    division: Option<String>,
    /// 本节点所知的全部事项 / everything that the node knows
    #[arg(long, conflicts_with = "division")]
    all: bool,
    /// 部门 / department, by name
    #[arg(long, value_name = "N")]
    department: Option<String>,
    /// 事项类型，两位数字 / item type, two digits
    #[arg(long = "type", value_name = "TT")]
    item_type: Option<String>,
    /// 实施清单或基本目录 / only items, or only base items
    #[arg(long, value_name = "KIND", value_parser = ["item", "base"])]
    kind: Option<String>,
    /// 最多列出多少项 / at most so many
    #[arg(long, value_name = "N", default_value = "10")]
    limit: usize,
}

const COLUMNS: [&str; 6] = ["code", "name", "department", "division_name", "places", "as_of"];

pub(crate) fn run(context: &Context, search: &Search) -> Result<Outcome, Failure> {
    let division = parse_optional::<tongban_codes::division::DivisionCode>("division", search.division.as_deref())?
        .map(|division| division.to_string());
    let limit = search.limit.to_string();
    let query = [
        ("q", Some(search.query.as_str())),
        ("division", division.as_deref()),
        ("all", search.all.then_some("true")),
        ("department", search.department.as_deref()),
        ("item_type", search.item_type.as_deref()),
        ("kind", search.kind.as_deref()),
        ("limit", Some(limit.as_str())),
    ];
    let answer = context.client()?.get("/v1/items/search", &query)?;
    let output = context.output;
    if !output.is_json() && answer.value()?.get("complete").and_then(Value::as_bool) == Some(false) {
        output.say(INDEX_INCOMPLETE.of(output.lang));
    }
    if output.is_json() {
        return output.list(&answer, "hits", &COLUMNS);
    }
    for package in answer.value()?.get("packages").and_then(Value::as_array).into_iter().flatten() {
        let count = |field: &str| package.get(field).and_then(Value::as_u64).unwrap_or_default();
        if count("shown") < count("items") {
            let name = package.get("name").and_then(Value::as_str).unwrap_or_default();
            let (items, shown) = (count("items").to_string(), count("shown").to_string());
            output.say(&PACKAGE_CUT.with(output.lang, &[&items, name, &shown]));
        }
    }
    let mut hits = answer.value()?.get("hits").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut columns = COLUMNS.to_vec();
    for hit in &mut hits {
        hit["package"] = hit["package"]["name"].clone();
        if !hit["package"].is_null() && columns.len() == COLUMNS.len() {
            columns.insert(2, "package");
        }
    }
    output.rows(&hits, &columns)?;
    Ok(Outcome::Done)
}
