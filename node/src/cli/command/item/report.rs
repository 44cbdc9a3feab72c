//! `tongban item report`: the catalogue to a front database, in the national exchange tables.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};
use tongban_codes::time::Timestamp;
use tongban_domain::tables::{Batch, Lack, Operation, Outgoing, ReportedRow, Table};

use crate::api::v1::{PlanReport, RecordReport};
use crate::cli::Context;
use crate::cli::client::Client;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::file::{self, writable};
use crate::cli::output::Output;
use crate::cli::text::front::{REPORT_FILES, REPORT_NOTHING, REPORT_PLANNED, REPORT_SENT, REPORT_THERE};
use crate::cli::text::{BATCH_INVALID, FILE_UNREADABLE, SYSTEM};
use crate::front::{Database, FrontError, Mapping, Written, back, files, sql};

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("where").required(true)))]
pub(crate) struct Args {
    /// 前置库地址，不含口令 / address of the front database, without a password
    #[arg(long, value_name = "postgres://USER@HOST/DB", group = "where")]
    to: Option<String>,
    /// 写成文件（每表一个 CSV，附清单） / as files in this directory: a CSV each table, and a manifest
    #[arg(long, value_name = "DIR", group = "where")]
    to_files: Option<PathBuf>,
    /// 写成 SQL 脚本 / as an SQL script
    #[arg(long, value_name = "FILE", group = "where")]
    to_sql: Option<PathBuf>,
    /// 只看将上报什么 / only see what would be sent
    #[arg(long, group = "where")]
    dry_run: bool,
    /// 打印建表语句 / print the statements that make the tables
    #[arg(long, group = "where")]
    ddl: bool,
    /// 该批次之后发送过的全部行（0 表示全部），再写一次文件或脚本 / with --to-files or --to-sql: once more what was sent after this batch, 0 for all
    #[arg(long, value_name = "BATCH", conflicts_with_all = ["to", "dry_run", "ddl"])]
    since: Option<String>,
    /// 被退回的行未改动也再次发送 / send rejected rows again, changed or not
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    front: Front,
}

/// What is said about a front database.
#[derive(Debug, clap::Args)]
pub(crate) struct Front {
    /// 映射文件 / mapping of tables and columns, see config-examples/front-database.toml
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// 口令文件；也可用环境变量 TONGBAN_FRONT_PASSWORD / file of the password, or TONGBAN_FRONT_PASSWORD in the environment
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Front {
    pub(super) fn mapping(&self) -> Result<Mapping, Failure> {
        Ok(match &self.mapping {
            Some(path) => Mapping::load(path)?,
            None => Mapping::default(),
        })
    }

    pub(super) fn password(&self) -> Result<Option<String>, Failure> {
        let Some(path) = &self.password_file else {
            return Ok(std::env::var("TONGBAN_FRONT_PASSWORD").ok().filter(|password| !password.is_empty()));
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::of(&FILE_UNREADABLE, path.display().to_string(), &[&error.to_string()]))?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

impl From<FrontError> for Failure {
    fn from(error: FrontError) -> Self {
        error.problem().into()
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct BackArgs {
    /// 国家数据表 CSV 所在目录 / directory of the tables as CSV
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// 映射文件 / mapping of tables and columns
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
}

/// Writes the items of national tables as `item import --codes national` reads them.
pub(super) fn back_to_items(context: &Context, args: &BackArgs) -> Result<Outcome, Failure> {
    let mapping = match &args.mapping {
        Some(path) => Mapping::load(path)?,
        None => Mapping::default(),
    };
    context.output.json(&back::items(&args.directory, &mapping)?)?;
    Ok(Outcome::Done)
}

/// Rows in one request that records them; with long texts they stay far below what the node takes.
const RECORDED_ROWS: usize = 500;

/// What `--since` takes for everything that was ever sent.
const BEFORE_ALL: &str = "0";

/// What came of a report.
#[derive(Debug, Default, Serialize)]
struct Sent {
    batch: Option<String>,
    inserted: usize,
    updated: usize,
    deleted: usize,
    /// Rows that were put in or changed there.
    written: usize,
    unchanged: usize,
    items: usize,
    lacking: usize,
    lacks: Vec<Lack>,
}

/// A whole plan, page by page.
struct Plan {
    batch: String,
    at: Timestamp,
    rows: Vec<Outgoing>,
    /// Whether each item of which a row goes out goes out whole.
    whole: bool,
    sent: Sent,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, Failure> {
    let mapping = args.front.mapping()?;
    let output = context.output;
    if args.ddl {
        output.line(sql::tables(&mapping).trim_end())?;
        return Ok(Outcome::Done);
    }
    let password = match &args.to {
        // A wrong address is told whether or not there is something to send today.
        Some(address) => {
            Database::checked(address, &mapping)?;
            args.front.password()?
        }
        None => None,
    };
    let client = context.client()?;
    if let Some(path) = &args.to_sql {
        // A script that wasn't run yet is the only copy of its rows at the other side.
        writable(context, path)?;
    }
    if let Some(since) = &args.since {
        return again(context, &client, &mapping, since, args);
    }
    let Plan { batch, at, rows, whole, mut sent } = plan(&client, &mapping, args.again)?;
    let count = |operation| rows.iter().filter(|row| row.operation == operation).count();
    (sent.inserted, sent.updated, sent.deleted) =
        (count(Operation::Insert), count(Operation::Update), count(Operation::Delete));
    if args.dry_run || rows.is_empty() {
        said(output, &sent, None)?;
        return Ok(Outcome::Done);
    }
    let rows: Vec<ReportedRow> = rows.into_iter().map(|row| row.sent(&batch, at)).collect();
    let mut place = None;
    let Written { rows, changed } = if let Some(address) = &args.to {
        runtime()?.block_on(async {
            let mut database = Database::connect(address, password.as_deref(), &mapping).await?;
            database.send(rows, args.again).await
        })?
    } else {
        if let Some(directory) = &args.to_files {
            place = Some(files::write(directory, &mapping, &client.division().to_string(), &batch, &rows, whole)?);
        } else if let Some(path) = &args.to_sql {
            file::write(context, path, sql::script(&mapping, &rows, args.again).as_bytes())?;
            place = Some(path.clone());
        }
        Written { changed: rows.len(), rows }
    };
    for part in rows.chunks(RECORDED_ROWS) {
        let body = RecordReport { channel: mapping.name.clone(), batch: batch.clone(), at, rows: part.to_vec() };
        client.post("/v1/front/record", &body)?;
    }
    sent.batch = Some(batch);
    sent.written = changed;
    said(output, &sent, place.as_deref())?;
    Ok(Outcome::Done)
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let made = tokio::runtime::Builder::new_current_thread().enable_all().build();
    made.map_err(|error| Failure::of(&SYSTEM, "", &[&error.to_string()]))
}

fn plan(client: &Client, mapping: &Mapping, again: bool) -> Result<Plan, Failure> {
    let mut whole: Option<Plan> = None;
    let mut after = None;
    loop {
        let (channel, choices) = (mapping.name.clone(), mapping.choices.clone());
        let body = PlanReport { channel, choices, after, limit: None, again };
        let page: crate::api::v1::ReportPlan = client.post("/v1/front/plan", &body)?.read()?;
        let (batch, at) = (page.batch, page.at);
        let plan =
            whole.get_or_insert_with(|| Plan { batch, at, rows: Vec::new(), whole: true, sent: Sent::default() });
        plan.rows.extend(page.rows);
        plan.whole &= page.parts == 0;
        plan.sent.unchanged += page.unchanged;
        plan.sent.items += page.items;
        plan.sent.lacking += page.lacks.iter().map(|lack| &lack.item).collect::<BTreeSet<_>>().len();
        plan.sent.lacks.extend(page.lacks);
        match (page.next, whole.take()) {
            (None, Some(plan)) => return Ok(plan),
            (next, plan) => (after, whole) = (next, plan),
        }
    }
}

/// Writes what was sent after a batch once more, as it was sent; nothing is remembered anew.
fn again(context: &Context, client: &Client, mapping: &Mapping, since: &str, args: &Args) -> Result<Outcome, Failure> {
    let output = context.output;
    let division = client.division();
    let after = match since {
        BEFORE_ALL => None,
        batch => Some(Batch::named(batch, division).ok_or_else(|| {
            let form = format!("{division}-20260914-0001");
            Failure::of(&BATCH_INVALID, batch, &[&form])
        })?),
    };
    // None is less than every batch; one that another wrote is sent again rather than left out.
    let is_after = |row: &ReportedRow| Batch::named(&row.batch, division).is_none_or(|batch| Some(batch) > after);
    let (mut rows, mut parted) = (Vec::new(), BTreeSet::new());
    reported(client, &mapping.name, |row| {
        if is_after(&row) {
            rows.push(row);
        } else if row.operation != Operation::Delete {
            parted.insert(row.item);
        }
    })?;
    let whole = !rows.iter().any(|row| parted.contains(&row.item));
    // Parents before children, as they were sent at first.
    rows.sort_by_cached_key(|row| (row.item.clone(), Table::named(&row.table)));
    let place = match (&args.to_files, &args.to_sql) {
        (Some(directory), _) => {
            files::write(directory, mapping, &division.to_string(), &format!("since-{since}"), &rows, whole)?
        }
        (None, Some(path)) => {
            file::write(context, path, sql::script(mapping, &rows, args.again).as_bytes())?;
            path.clone()
        }
        (None, None) => return Ok(Outcome::Done),
    };
    if output.is_json() {
        let kind = if args.to_files.is_some() { "directory" } else { "file" };
        output.json(&json!({ "rows": rows.len(), kind: place }))?;
    } else {
        output.line(&REPORT_FILES.with(output.lang, &[&place.display().to_string()]))?;
    }
    Ok(Outcome::Done)
}

/// Shows every row that was sent to a front database, as it was sent last, a page at a time.
pub(super) fn reported(client: &Client, channel: &str, mut each: impl FnMut(ReportedRow)) -> Result<(), Failure> {
    let (mut item, mut guid): (Option<String>, Option<String>) = (None, None);
    loop {
        let query = [("channel", Some(channel)), ("after_item", item.as_deref()), ("after_guid", guid.as_deref())];
        let page: crate::api::v1::Reported = client.get("/v1/front/reported", &query)?.read()?;
        (item, guid) = page.rows.last().map(|row| (row.item.clone(), row.guid.clone())).unzip();
        page.rows.into_iter().for_each(&mut each);
        if !page.more || item.is_none() {
            return Ok(());
        }
    }
}

fn said(output: Output, sent: &Sent, place: Option<&Path>) -> Result<(), Failure> {
    if output.is_json() {
        let mut value = json!(sent);
        if let (Some(place), Some(fields)) = (place, value.as_object_mut()) {
            fields.insert("place".to_owned(), json!(place));
        }
        return output.json(&value);
    }
    let rows = sent.inserted + sent.updated + sent.deleted;
    let counts =
        [sent.inserted, sent.updated, sent.deleted, sent.unchanged, sent.lacking].map(|count| count.to_string());
    let mut places = vec![sent.batch.as_deref().unwrap_or_default()];
    places.extend(counts.iter().map(String::as_str));
    let text = match (&sent.batch, rows) {
        (Some(_), _) => REPORT_SENT,
        (None, 0) => REPORT_NOTHING,
        (None, _) => REPORT_PLANNED,
    };
    output.line(&text.with(output.lang, &places))?;
    if sent.batch.is_some() && sent.written < rows {
        output.line(&REPORT_THERE.with(output.lang, &[&(rows - sent.written).to_string()]))?;
    }
    if let Some(place) = place {
        output.line(&REPORT_FILES.with(output.lang, &[&place.display().to_string()]))?;
    }
    if !sent.lacks.is_empty() {
        let of = |en: &str, zh: &str| output.lang.of(en, zh).to_owned();
        let rows: Vec<Value> = sent
            .lacks
            .iter()
            .map(|lack| {
                let (problem, remedy) = (of(&lack.en, &lack.zh), of(&lack.remedy_en, &lack.remedy_zh));
                json!({ "item": lack.item, "table": lack.table, "column": lack.column, "problem": problem, "remedy": remedy })
            })
            .collect();
        output.rows(&rows, &["item", "table", "column", "problem", "remedy"])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_can_be_written_again_as_files_and_as_a_script() {
        use clap::{Args as _, FromArgMatches as _};
        let read = |arguments: &[&str]| {
            let matches = Args::augment_args(clap::Command::new("report")).try_get_matches_from(arguments)?;
            Args::from_arg_matches(&matches)
        };
        for to in [["--to-files", "d"], ["--to-sql", "f.sql"]] {
            assert!(read(&["report", to[0], to[1], "--since", "0"]).is_ok(), "{to:?}");
        }
        for to in [&["--to", "postgres://a@b/c"][..], &["--dry-run"], &["--ddl"], &[]] {
            assert!(read(&[&["report", "--since", "0"], to].concat()).is_err(), "{to:?}");
        }
    }
}
