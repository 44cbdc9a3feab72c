//! `tongban item`: the catalogue.

pub(crate) mod ceiling;
mod claim;
mod columns;
mod drift;
mod export;
mod from_tables;
pub(crate) mod guide;
mod import;
mod life;
pub(crate) mod life_event;
mod limit;
pub(crate) mod list_entry;
mod list_file;
pub(crate) mod lists;
pub(crate) mod policy;
pub(crate) mod quality;
mod standard;
pub(crate) mod topic;
mod version;

pub(super) use life::refusals;

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};
use tongban_codes::division::DivisionCode;
use tongban_domain::catalogue::Mode;
use tongban_domain::tables::Subject;

use super::front;
use crate::cli::Context;
use crate::cli::client::{Answer, Client};
use crate::cli::failure::{Failure, Outcome, parse_optional};
use crate::cli::text::life::WAITS;
use crate::cli::text::{ITEM_UNKNOWN, Lang, PUBLISHED};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 导入事项（.xlsx、.xls、CSV、JSON） / import items from a file
    Import(import::Args),
    /// 导出事项，可再次导入 / export items to a file that can be imported again
    Export(export::Args),
    /// 导入文件的列 / the columns of an import file
    Columns {
        /// 写出空白模板 / write an empty file
        #[arg(long, value_name = "FILE.xlsx")]
        template: Option<PathBuf>,
    },
    #[command(flatten)]
    Life(life::Command),
    #[command(flatten)]
    Claim(claim::Command),
    #[command(flatten)]
    Version(version::Command),
    /// 按国家数据表上报前置库 / report to a front database in the national exchange tables
    Report(front::report::Args),
    /// 将国家数据表（CSV）转为 item import --codes national 可读的 JSON / national tables as JSON for item import
    FromTables(from_tables::Args),
    /// 与前置库对账：接收、退回及原因、未到达 / reconcile with a front database: what it took, sent back and why, what never arrived
    Reconcile(front::reconcile::Args),
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
    /// 限高和法定下限 / ceilings with their floors
    #[command(subcommand)]
    Ceiling(ceiling::Command),
    /// 主题 / topics
    #[command(subcommand)]
    Topic(topic::Command),
    /// 一件事 / life events: items that are done together
    #[command(subcommand)]
    LifeEvent(life_event::Command),
    /// 发布要求 / what publication requires
    #[command(subcommand)]
    Policy(policy::Command),
    /// 九类清单条目，及事项与其的冲突 / entries of the nine lists, and items that they speak against
    #[command(subcommand)]
    ListEntry(list_entry::Command),
    /// 质量：规则、得分和问题 / quality: rules, scores and findings
    Quality(quality::Args),
    /// 由已发布事项生成的清单 / lists made from published items
    Lists(lists::Args),
    /// 网上办理月度通报 / monthly report on online handling
    Monthly(lists::ReportArgs),
    /// 办事指南 / the guide of an item
    Guide(guide::Args),
    /// 数量限制：名额、先后顺序 / a limit of number: what is taken, and who stands in line
    Limit(limit::Args),
    /// 检索事项 / search
    Search(super::item_search::Search),
    /// 一个事项 / one item
    #[command(disable_version_flag = true)]
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
    /// 与其他节点逐项比对标准，列出差异；有差异时退出码为 1 / where other nodes hold other standards; exit code 1 when some do
    Drift(drift::Args),
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

/// Items in one page of a list.
const PAGE_ITEMS: usize = 1000;
pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let output = context.output;
    match command {
        Command::Import(args) => import::run(context, &args),
        Command::Export(args) => export::run(context, &args),
        Command::Columns { template } => columns::run(context, template.as_deref()),
        Command::Drift(args) => drift::run(context, &args),
        Command::Life(command) => life::run(context, command),
        Command::Claim(command) => claim::run(context, command),
        Command::Version(command) => version::run(context, command),
        Command::Report(args) => front::report::run(context, &args, Subject::Items),
        Command::FromTables(args) => from_tables::run(context, &args),
        Command::Reconcile(args) => front::reconcile::run(context, &args, Subject::Items),
        Command::List { stage, division, after, limit } => {
            let division = division_of(division.as_deref())?;
            let items = pages(&context.client()?, stage.as_deref(), division, after.as_deref(), limit)?;
            output.list(&Answer::of(&json!({ "items": items })), "items", &COLUMNS)
        }
        Command::Ceiling(command) => ceiling::run(context, command),
        Command::Topic(command) => topic::run(context, command),
        Command::LifeEvent(command) => life_event::run(context, command),
        Command::Policy(command) => policy::run(context, command),
        Command::ListEntry(command) => list_entry::run(context, command),
        Command::Quality(args) => quality::run(context, &args),
        Command::Lists(args) => lists::run(context, &args),
        Command::Monthly(args) => lists::report(context, &args),
        Command::Guide(args) => guide::run(context, &args),
        Command::Limit(args) => limit::run(context, &args),
        Command::Search(search) => super::item_search::run(context, &search),
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

fn published(context: &Context, answer: &Answer) -> Result<Outcome, Failure> {
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let report = answer.value()?;
    let list = |name: &str| list_of(&report, name);
    let (done, refused) = (list("published"), list("refused"));
    output.line(&PUBLISHED.with(output.lang, &[&done.len().to_string(), &refused.len().to_string()]))?;
    let waiting = list("waiting").len();
    if waiting > 0 {
        output.line(&WAITS.with(output.lang, &[&waiting.to_string()]))?;
    }
    refusals(context, &refused)
}

/// A refused part of a whole, as a row.
fn refusal(one: &Value, lang: Lang) -> Value {
    let of = |en: &str, zh: &str| one.pointer(&format!("/rejection/{}", lang.of(en, zh)));
    json!({ "item": one.get("item"), "problem": of("en", "zh"), "remedy": of("remedy_en", "remedy_zh") })
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

/// A list of an answer under its name.
fn list_of(value: &Value, name: &str) -> Vec<Value> {
    value.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Reads modes by their English or Chinese names.
pub(in crate::cli::command) fn modes() -> impl TypedValueParser<Value = Mode> {
    let values = Mode::ALL.map(|mode| PossibleValue::new(mode.name()).alias(mode.zh()).help(mode.zh()));
    PossibleValuesParser::new(values).try_map(|text| text.parse::<Mode>())
}
