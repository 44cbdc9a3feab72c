//! `tongban item versions`, `diff`, and one version of an item.

use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::text::Lang;
use crate::cli::text::life::SAME;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 一个事项的各版本 / the versions of an item
    Versions {
        /// 事项编码或基本编码 / item code or base code
        #[arg(value_name = "CODE")]
        code: String,
    },
    /// 两个版本的差异 / what differs between two versions
    Diff {
        /// 事项编码或基本编码 / item code or base code
        #[arg(value_name = "CODE")]
        code: String,
        /// 版本号，缺省为前一版 / version, the one before when absent
        #[arg(long, value_name = "N")]
        from: Option<String>,
        /// 版本号或 draft，缺省为草稿，无草稿时为最新版 / version, or draft; the draft or the last one when absent
        #[arg(long, value_name = "N")]
        to: Option<String>,
    },
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let (client, output) = (context.client()?, context.output);
    match command {
        Command::Versions { code } => {
            let answer = client.get("/v1/items/versions", &[("item", Some(&code))])?;
            let columns =
                ["version", "stands", "state", "effective", "cancel", "base_version", "at", "operator", "name"];
            output.list(&answer, "versions", &columns)
        }
        Command::Diff { code, from, to } => {
            let query = [("item", Some(code.as_str())), ("from", from.as_deref()), ("to", to.as_deref())];
            let answer = client.get("/v1/items/diff", &query)?;
            if output.is_json() {
                return output.list(&answer, "changes", &[]);
            }
            let value = answer.value()?;
            let changes = value.get("changes").and_then(Value::as_array).cloned().unwrap_or_default();
            if changes.is_empty() {
                output.line(SAME.of(output.lang))?;
                return Ok(Outcome::Done);
            }
            let rows: Vec<Value> = changes.iter().map(|change| row(change, output.lang)).collect();
            output.rows(&rows, &["field", "change", "was", "becomes"])?;
            Ok(Outcome::Done)
        }
    }
}

fn row(change: &Value, lang: Lang) -> Value {
    let text = |key: &str| change.get(key).and_then(Value::as_str).unwrap_or_default();
    let name = lang.of(text("field"), text("zh")).trim_start_matches("guide.").trim_start_matches("core.").to_owned();
    let path: Vec<&str> =
        [name.as_str(), text("member"), text("part")].into_iter().filter(|part| !part.is_empty()).collect();
    let zh = match text("kind") {
        "added" => "增加",
        "removed" => "删去",
        "reordered" => "调整顺序",
        _ => "修改",
    };
    json!({
        "field": path.join(" / "), "change": lang.of(text("kind"), zh),
        "was": change.get("from"), "becomes": change.get("to"),
    })
}

/// One version, whole.
pub(super) fn show(context: &Context, code: &str, version: &str) -> Result<Outcome, Failure> {
    let answer = context.client()?.get("/v1/items/version", &[("item", Some(code)), ("version", Some(version))])?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let value = answer.value()?;
    let mut shown = value.get("version").cloned().unwrap_or_default();
    shown["stage"] = value.get("kind").cloned().unwrap_or_default();
    shown["replaces"] = value.get("replaces").cloned().unwrap_or_default();
    if let Some(core) = shown.get("core").cloned().and_then(|core| core.as_object().cloned()) {
        for (key, field) in core {
            shown[key] = field;
        }
    }
    output.fields(&shown, &VERSION)?;
    Ok(Outcome::Done)
}

const VERSION: [&str; 19] = [
    "code",
    "name",
    "stage",
    "item_type",
    "state",
    "version",
    "base_code",
    "base_version",
    "legal_basis",
    "department",
    "division",
    "statutory",
    "promised",
    "modes",
    "effective",
    "cancel",
    "difference",
    "successor",
    "replaces",
];
