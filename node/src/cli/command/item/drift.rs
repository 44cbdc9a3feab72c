//! `tongban item drift`: where other nodes hold other standards, field by field.

use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::text::drift::{DIFFERS, DUTIES, FIELD_ABOVE, FIELD_BELOW, FIELD_SEALED, KINDS, SAME, SINCE, UNREACHED};
use crate::cli::text::{Lang, Text};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 该区划的节点：下级或上级 / the nodes of a division, below or above
    #[arg(long, value_name = "C", group = "which")]
    division: Option<String>,
    /// 该区划及其以下全部节点 / the nodes of a division and all below it
    #[arg(long, value_name = "C", group = "which")]
    subtree: Option<String>,
    /// 同一上级的邻近区划 / a division with the same superior
    #[arg(long, value_name = "C", group = "which")]
    neighbour: Option<String>,
    /// 同时列出有法定理由的差异和一致的节点 / lawful differences and nodes that agree as well
    #[arg(long)]
    all: bool,
}

fn named(table: &[(&str, Text)], word: &str, lang: Lang) -> String {
    table.iter().find(|(known, _)| *known == word).map_or_else(|| word.to_owned(), |(_, text)| text.of(lang).to_owned())
}

/// A value of a field as people read it.
fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Outcome, Failure> {
    let output = context.output;
    let all = args.all.then_some("true");
    let query = [
        ("division", args.division.as_deref()),
        ("subtree", args.subtree.as_deref()),
        ("neighbour", args.neighbour.as_deref()),
        ("all", all),
    ];
    let answer = context.client()?.get("/v1/items/drift", &query)?;
    let report = answer.value()?;
    let is = |name: &str| report.get(name).and_then(Value::as_bool) == Some(true);
    // Who wasn't heard isn't known to agree.
    let outcome = if is("differs") || !is("complete") { Outcome::Negative } else { Outcome::Done };
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(outcome);
    }
    let lang = output.lang;
    let list = |name: &str| report.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let (nodes, differences) = (list("nodes"), list("differences"));
    let state = |node: &Value| shown(node.get("state"));
    let listed: Vec<Value> = nodes.iter().filter(|node| args.all || state(node) != "same").cloned().collect();
    if !listed.is_empty() {
        output.rows(&listed, &["division", "name", "state", "differences", "as_of", "code"])?;
    }
    let count = |which: &str| nodes.iter().filter(|node| state(node) == which).count();
    let unheard = nodes.len() - count("same") - count("differs");
    if unheard > 0 {
        output.line(&UNREACHED.with(lang, &[&unheard.to_string()]))?;
    }
    let text = if is("differs") { DIFFERS } else { SAME };
    let total: usize = nodes
        .iter()
        .filter_map(|node| node.get("differences").and_then(Value::as_u64))
        .filter_map(|count| usize::try_from(count).ok())
        .sum();
    output.line(&text.with(lang, &[&(count("same") + count("differs")).to_string(), &total.to_string()]))?;
    for difference in &differences {
        shows(context, difference)?;
    }
    Ok(outcome)
}

fn shows(context: &Context, difference: &Value) -> Result<(), Failure> {
    let (output, lang) = (context.output, context.output.lang);
    let of = |name: &str| shown(difference.get(name));
    let item = difference.get("item").filter(|item| !item.is_null()).or(difference.get("base_code"));
    let (kind, duty) = (named(KINDS, &of("kind"), lang), named(DUTIES, &of("duty"), lang));
    output.line(&format!("\n{} {}: {kind}; {duty}", of("division"), shown(item)))?;
    let versions = [of("version_above"), of("version_below"), of("effective"), of("since"), of("as_of")];
    output.line(&SINCE.with(lang, &versions.each_ref().map(String::as_str)))?;
    let fields = difference.get("fields").and_then(Value::as_array).cloned().unwrap_or_default();
    for field in fields {
        output.line(&format!("  {}", shown(field.get("field"))))?;
        let held = [(FIELD_ABOVE, "above"), (FIELD_BELOW, "below"), (FIELD_SEALED, "sealed")];
        let there = json!(null);
        for (text, name) in held {
            let value = field.get(name).unwrap_or(&there);
            // What the superior has nothing to do with isn't shown as his.
            if !value.is_null() || name == "below" {
                output.line(&format!("    {} {}", text.of(lang), shown(Some(value))))?;
            }
        }
    }
    Ok(())
}
