//! `tongban item`: the catalogue.

mod claim;
mod life;
mod version;

pub(super) use life::refusals;

use std::fs::File;
use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use tongban_codes::division::DivisionCode;
use tongban_domain::catalogue::{ImportReport, Mode};

use crate::api::v1::ImportItems;
use crate::cli::Context;
use crate::cli::client::{Answer, Client};
use crate::cli::failure::{Failure, Outcome, parse_optional};
use crate::cli::item_file;
use crate::cli::text::life::WAITS;
use crate::cli::text::{FILE_UNREADABLE, IMPORTED, ITEM_UNKNOWN, PUBLISHED, SENDING};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 导入事项（CSV，UTF-8） / import items from CSV
    Import {
        /// 文件；- 表示标准输入 / file, or - for stdin
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    #[command(flatten)]
    Life(life::Command),
    #[command(flatten)]
    Claim(claim::Command),
    #[command(flatten)]
    Version(version::Command),
    /// 事项清单 / all items
    List {
        /// 阶段：base 基本目录、draft 草稿、in-force 有效 / stage
        #[arg(long, value_name = "STAGE", value_parser = ["base", "draft", "in-force"])]
        stage: Option<String>,
        /// 已取得的其他节点事项，按行政区划 / items fetched from another division
        #[arg(long, value_name = "C")]
        division: Option<String>,
        /// 从该编码之后列起 / go on after this code
        #[arg(long, value_name = "CODE")]
        after: Option<String>,
        /// 最多列出多少项，缺省为全部 / at most so many, all when absent
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// 一个事项 / one item
    Show {
        /// 事项编码或其第一段 / item code, or its first part
        #[arg(value_name = "CODE")]
        code: String,
        /// 已取得的其他节点事项，按行政区划 / among the items fetched from another division
        #[arg(long, value_name = "C")]
        division: Option<String>,
        /// 某一版本，或 draft / one version, or draft
        #[arg(long, value_name = "N", conflicts_with = "division")]
        version: Option<String>,
    },
}

const COLUMNS: [&str; 8] =
    ["code", "name", "item_type", "state", "department", "statutory_days", "promised_days", "findings"];
const FIELDS: [&str; 17] = [
    "code",
    "name",
    "stage",
    "item_type",
    "state",
    "version",
    "base_code",
    "legal_basis",
    "department",
    "division",
    "statutory_days",
    "promised_days",
    "modes",
    "covered",
    "effective",
    "findings",
    "core",
];

/// Rows in one request; the node takes 5,000.
const CHUNK_ROWS: usize = 5000;
/// Items in one page of a list.
const PAGE_ITEMS: usize = 1000;
/// The largest file that is read, in bytes: ten times the 1.7 million items of the largest province.
const FILE_BYTES_MAX: u64 = 4 << 30;

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let output = context.output;
    match command {
        Command::Import { file } => import(context, &file),
        Command::Life(command) => life::run(context, command),
        Command::Claim(command) => claim::run(context, command),
        Command::Version(command) => version::run(context, command),
        Command::List { stage, division, after, limit } => {
            let division = division_of(division.as_deref())?;
            let items = pages(&context.client()?, stage.as_deref(), division, after.as_deref(), limit)?;
            output.list(&Answer::of(&json!({ "items": items })), "items", &COLUMNS)
        }
        Command::Show { code, division: _, version: Some(version) } => version::show(context, &code, &version),
        Command::Show { code, division, version: None } => {
            let division = division_of(division.as_deref())?;
            let items = pages(&context.client()?, None, division, None, None)?;
            show(context, &code, items)
        }
    }
}

fn division_of(division: Option<&str>) -> Result<Option<DivisionCode>, Failure> {
    parse_optional("division", division)
}

fn import(context: &Context, file: &PathBuf) -> Result<Outcome, Failure> {
    let client = context.client()?;
    let rows = item_file::read(&read_file(file)?)?;
    let bar = ProgressBar::new(rows.len() as u64);
    if context.output.is_json() || !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}") {
        bar.set_style(style);
    }
    bar.set_message(SENDING.of(context.output.lang));
    let mut whole = ImportReport::default();
    for (part, chunk) in rows.chunks(CHUNK_ROWS).enumerate() {
        let answer = client.post_part("/v1/items/import", &ImportItems { rows: chunk.to_vec() }, part)?;
        let report: ImportReport = answer.read()?;
        whole.imported += report.imported;
        whole.flagged += report.flagged;
        whole.rejected += report.rejected;
        whole.rows.extend(report.rows);
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    let output = context.output;
    if output.is_json() {
        output.json(&whole)?;
        return Ok(Outcome::Done);
    }
    let counts = [whole.imported, whole.flagged, whole.rejected].map(|count| count.to_string());
    output.line(&IMPORTED.with(output.lang, &[&counts[0], &counts[1], &counts[2]]))?;
    if !whole.rows.is_empty() {
        let rows: Vec<Value> = whole.rows.iter().map(|finding| json!(finding)).collect();
        output.rows(&rows, &["row", "column", "value", "problem", "remedy"])?;
    }
    Ok(Outcome::Done)
}

fn read_file(path: &PathBuf) -> Result<Vec<u8>, Failure> {
    let failed =
        |error: std::io::Error| Failure::of(&FILE_UNREADABLE, path.display().to_string(), &[&error.to_string()]);
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        File::open(path).map_err(failed)?.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    }
    Ok(bytes)
}

pub(super) fn published(context: &Context, answer: &Answer) -> Result<Outcome, Failure> {
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let report = answer.value()?;
    let list = |name: &str| report.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let (done, refused) = (list("published"), list("refused"));
    output.line(&PUBLISHED.with(output.lang, &[&done.len().to_string(), &refused.len().to_string()]))?;
    let waiting = list("waiting").len();
    if waiting > 0 {
        output.line(&WAITS.with(output.lang, &[&waiting.to_string()]))?;
    }
    refusals(context, &refused)
}

/// Lists that make up the catalogue; each is paged by itself.
const STAGES: [Option<&str>; 3] = [Some("base"), Some("in-force"), Some("draft")];

/// Items page by page until there are no more, or so many.
fn pages(
    client: &Client,
    stage: Option<&str>,
    division: Option<DivisionCode>,
    after: Option<&str>,
    limit: Option<usize>,
) -> Result<Vec<Value>, Failure> {
    let foreign = division.filter(|division| *division != client.division());
    let mut items = Vec::new();
    match (stage, foreign) {
        (None, None) => {
            for stage in STAGES {
                pages_of(client, stage, None, after, limit, &mut items)?;
            }
        }
        _ => pages_of(client, stage, foreign, after, limit, &mut items)?,
    }
    Ok(items)
}

fn pages_of(
    client: &Client,
    stage: Option<&str>,
    division: Option<DivisionCode>,
    after: Option<&str>,
    limit: Option<usize>,
    items: &mut Vec<Value>,
) -> Result<(), Failure> {
    let division = division.map(|division| division.to_string());
    let mut after = after.map(str::to_owned);
    loop {
        let wanted = limit.map_or(PAGE_ITEMS, |limit| limit.saturating_sub(items.len()).min(PAGE_ITEMS));
        if wanted == 0 {
            return Ok(());
        }
        let wanted_text = wanted.to_string();
        let query = [
            ("stage", stage),
            ("division", division.as_deref()),
            ("after", after.as_deref()),
            ("limit", Some(wanted_text.as_str())),
        ];
        let page = client.get("/v1/items", &query)?.value()?;
        let page = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        let full = page.len() >= wanted;
        let last = page.last().and_then(|item| item.get("code")).and_then(Value::as_str).map(str::to_owned);
        items.extend(page);
        // A node that answered with the same page again would hold us here.
        if !full || last.is_none() || last == after {
            return Ok(());
        }
        after = last;
    }
}

fn show(context: &Context, code: &str, items: Vec<Value>) -> Result<Outcome, Failure> {
    let code_of = |item: &Value| item.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
    let exact = items.iter().any(|item| code_of(item) == code);
    let named = |item: &Value| {
        let known = code_of(item);
        known == code || (!exact && known.split('-').next() == Some(code))
    };
    let found: Vec<Value> = items.into_iter().filter(named).collect();
    let output = context.output;
    match found.as_slice() {
        [] => Err(Failure::of(&ITEM_UNKNOWN, code, &[])),
        _ if output.is_json() => {
            output.json(&json!({ "items": found }))?;
            Ok(Outcome::Done)
        }
        [one] => {
            let mut shown = one.clone();
            if let Some(fields) = shown.as_object_mut() {
                fields.insert("stage".to_owned(), one.get("kind").cloned().unwrap_or_default());
            }
            output.fields(&shown, &FIELDS)?;
            Ok(Outcome::Done)
        }
        several => {
            output.rows(several, &COLUMNS)?;
            Ok(Outcome::Done)
        }
    }
}

/// Reads modes by their English or Chinese names.
pub(super) fn modes() -> impl TypedValueParser<Value = Mode> {
    let values = Mode::ALL.map(|mode| PossibleValue::new(mode.name()).alias(mode.zh()).help(mode.zh()));
    PossibleValuesParser::new(values).try_map(|text| text.parse::<Mode>())
}
