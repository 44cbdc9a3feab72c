//! `tongban item report` and `tongban case report`: to a front database, in the national exchange tables. What both share, and that of items;
//! that of cases is [`super::case_report`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tongban_codes::division::DivisionCode;
use tongban_codes::time::Timestamp;
use tongban_domain::tables::{Batch, Lack, Operation, Outgoing, ReportedRow, Subject, Table};

use super::{Front, case_report, runtime};
use crate::api::v1::{PlanReport, RecordReport};
use crate::cli::Context;
use crate::cli::client::Client;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::file::{self, writable};
use crate::cli::output::Output;
use crate::cli::text::BATCH_INVALID;
use crate::cli::text::front::{
    CASES_NOTHING, CASES_PLANNED, CASES_SENT, REPORT_FILES, REPORT_MORE, REPORT_NOTHING, REPORT_PLANNED, REPORT_SENT,
    REPORT_THERE,
};
use crate::front::{Database, Mapping, RefusedRow, Written, files, sql};

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("where").required(true)))]
pub(crate) struct Args {
    /// 前置库地址，不含口令 / address of the front database, without a password
    #[arg(long, value_name = "postgres://USER@HOST/DB", group = "where")]
    pub(super) to: Option<String>,
    /// 写成文件（每表一个 CSV，附清单） / as files in this directory: a CSV each table, and a manifest
    #[arg(long, value_name = "DIR", group = "where")]
    pub(super) to_files: Option<PathBuf>,
    /// 写成 SQL 脚本 / as an SQL script
    #[arg(long, value_name = "FILE", group = "where")]
    pub(super) to_sql: Option<PathBuf>,
    /// 只看将上报什么 / only see what would be sent
    #[arg(long, group = "where")]
    pub(super) dry_run: bool,
    /// 打印建表语句 / print the statements that make the tables
    #[arg(long, group = "where")]
    ddl: bool,
    /// 该批次之后发送过的全部行（0 表示全部），再写一次文件或脚本 / with --to-files or --to-sql: once more what was sent after this batch, 0 for all
    #[arg(long, value_name = "BATCH", conflicts_with_all = ["to", "dry_run", "ddl"])]
    pub(super) since: Option<String>,
    /// 被退回的行未改动也再次发送 / send rejected rows again, changed or not
    #[arg(long)]
    pub(super) again: bool,
    #[command(flatten)]
    pub(super) front: Front,
}

/// Rows in one request that records them; with long texts they stay far below what the node takes.
pub(super) const RECORDED_ROWS: usize = 500;

/// So much of what is lacking is shown, and as much of what the database refused.
const LACKS_SHOWN: usize = 1_000;

/// What `--since` takes for everything that was ever sent.
const BEFORE_ALL: &str = "0";

/// What came of a report.
#[derive(Debug, Default, Serialize)]
pub(super) struct Sent {
    /// The batch; of several the last.
    pub(super) batch: Option<String>,
    /// How many batches there were, where there may be several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) batches: Option<usize>,
    inserted: usize,
    updated: usize,
    deleted: usize,
    /// Rows that were put in or changed there.
    pub(super) written: usize,
    pub(super) unchanged: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) items: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cases: Option<usize>,
    pub(super) lacking: usize,
    /// Of these, what the database refused.
    pub(super) refused: usize,
    pub(super) lacks: Vec<Lack>,
    /// How many of these tell of what was refused: they have room of their own.
    #[serde(skip)]
    refusals: usize,
    /// Whether a script took not all that is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) more: Option<bool>,
}

impl Sent {
    /// Counts what goes out.
    pub(super) fn count(&mut self, operations: impl Iterator<Item = Operation>) {
        for operation in operations {
            match operation {
                Operation::Insert => self.inserted += 1,
                Operation::Update => self.updated += 1,
                Operation::Delete => self.deleted += 1,
            }
        }
    }

    /// Counts what the database took no row of, of which none went out; `rows` is what was to be sent.
    pub(super) fn refused(&mut self, refused: &[RefusedRow], rows: &[(String, Operation)]) {
        for row in refused {
            for (_, operation) in rows.iter().filter(|(item, _)| *item == row.item) {
                let count = match operation {
                    Operation::Insert => &mut self.inserted,
                    Operation::Update => &mut self.updated,
                    Operation::Delete => &mut self.deleted,
                };
                *count = count.saturating_sub(1);
            }
        }
        self.refused += refused.len();
        self.lacking += refused.len();
        let shown = refused.len().min(LACKS_SHOWN - self.refusals);
        self.refusals += shown;
        self.lacks.extend(refused.iter().take(shown).map(RefusedRow::lack));
    }

    /// Tells what is lacking, as far as there is room: however much the database refuses, that takes none of it.
    pub(super) fn lack(&mut self, lacks: Vec<Lack>) {
        let room = LACKS_SHOWN.saturating_sub(self.lacks.len() - self.refusals);
        self.lacks.extend(lacks.into_iter().take(room));
    }

    /// How a report ends: well where everything that could be sent was taken.
    pub(super) fn outcome(&self) -> Outcome {
        if self.refused == 0 { Outcome::Done } else { Outcome::Negative }
    }
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

/// Where a report goes.
pub(super) enum Target<'a> {
    /// To a database.
    Database(Box<Connected<'a>>),
    /// As files, each batch in a directory of its own.
    Files(&'a Path),
    /// As a script.
    Script(&'a Path),
}

/// A connection, with what runs it.
pub(super) struct Connected<'a> {
    runtime: Runtime,
    database: Database<'a>,
}

/// What is sent at once.
pub(super) struct Sending<'a> {
    pub(super) subject: Subject,
    pub(super) division: DivisionCode,
    pub(super) batch: &'a str,
    pub(super) rows: Vec<ReportedRow>,
    /// Whether everything of which a row is sent is sent whole.
    pub(super) whole: bool,
}

impl<'a> Target<'a> {
    /// The target that is asked for; none of `--dry-run`.
    pub(super) fn of(args: &'a Args, mapping: &'a Mapping) -> Result<Option<Self>, Failure> {
        if let Some(address) = &args.to {
            let (runtime, password) = (runtime()?, args.front.password()?);
            let database = runtime.block_on(Database::connect(address, password.as_deref(), mapping))?;
            return Ok(Some(Target::Database(Box::new(Connected { runtime, database }))));
        }
        let files = args.to_files.as_deref().map(Target::Files);
        Ok(files.or(args.to_sql.as_deref().map(Target::Script)))
    }

    /// Sends rows, and says where they lie when that is a place on this machine.
    pub(super) fn send(
        &mut self,
        context: &Context,
        mapping: &Mapping,
        again: bool,
        sending: Sending<'_>,
    ) -> Result<(Written, Option<PathBuf>), Failure> {
        let Sending { subject, division, batch, rows, whole } = sending;
        let place = match self {
            Target::Database(connected) => {
                let Connected { runtime, database } = connected.as_mut();
                return Ok((runtime.block_on(database.send(rows, again))?, None));
            }
            Target::Files(directory) => {
                files::write(directory, mapping, subject, &division.to_string(), batch, &rows, whole)?
            }
            Target::Script(path) => {
                let script = sql::script(mapping, &rows, again);
                match subject {
                    Subject::Items => file::write(context, path, script.as_bytes())?,
                    // It holds applicants' names and numbers.
                    Subject::Cases => file::write_private(context, path, script.as_bytes())?,
                }
                path.to_path_buf()
            }
        };
        Ok((Written { changed: rows.len(), rows, refused: Vec::new() }, Some(place)))
    }
}

pub(in crate::cli::command) fn run(context: &Context, args: &Args, subject: Subject) -> Result<Outcome, Failure> {
    let mapping = args.front.mapping(subject)?;
    if args.ddl {
        context.output.line(sql::tables(&mapping, subject).trim_end())?;
        return Ok(Outcome::Done);
    }
    if let Some(address) = &args.to {
        // A wrong address is told whether or not there is something to send today.
        Database::checked(address, &mapping)?;
        args.front.password()?;
    }
    let client = context.client()?;
    if let Some(path) = &args.to_sql {
        // A script that wasn't run yet is the only copy of its rows at the other side.
        writable(context, path)?;
    }
    match (subject, &args.since) {
        (_, Some(since)) => again(context, &client, &mapping, (subject, since), args),
        (Subject::Items, None) => items(context, &client, &mapping, args),
        (Subject::Cases, None) => case_report::run(context, &client, &mapping, args),
    }
}

fn items(context: &Context, client: &Client, mapping: &Mapping, args: &Args) -> Result<Outcome, Failure> {
    let Plan { batch, at, rows, whole, mut sent } = plan(client, mapping, args.again)?;
    sent.count(rows.iter().map(|row| row.operation));
    if args.dry_run || rows.is_empty() {
        said(context.output, &sent, None)?;
        return Ok(Outcome::Done);
    }
    let Some(mut target) = Target::of(args, mapping)? else { return Ok(Outcome::Done) };
    let rows: Vec<ReportedRow> = rows.into_iter().map(|row| row.sent(&batch, at)).collect();
    let planned = planned(&rows);
    let sending = Sending { subject: Subject::Items, division: client.division(), batch: &batch, rows, whole };
    let (Written { rows, changed, refused }, place) = target.send(context, mapping, args.again, sending)?;
    sent.refused(&refused, &planned);
    for part in rows.chunks(RECORDED_ROWS) {
        let body = RecordReport { channel: mapping.name.clone(), batch: batch.clone(), at, rows: part.to_vec() };
        client.post("/v1/front/record", &body)?;
    }
    sent.batch = Some(batch);
    sent.written = changed;
    said(context.output, &sent, place.as_deref())?;
    Ok(sent.outcome())
}

/// What is done to which item or case, row by row.
pub(super) fn planned(rows: &[ReportedRow]) -> Vec<(String, Operation)> {
    rows.iter().map(|row| (row.item.clone(), row.operation)).collect()
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
        plan.sent.items = Some(plan.sent.items.unwrap_or_default() + page.items);
        plan.sent.lacking += page.lacks.iter().map(|lack| &lack.item).collect::<BTreeSet<_>>().len();
        plan.sent.lacks.extend(page.lacks);
        match (page.next, whole.take()) {
            (None, Some(plan)) => return Ok(plan),
            (next, plan) => (after, whole) = (next, plan),
        }
    }
}

/// Writes what was sent after a batch once more; nothing is remembered anew.
fn again(
    context: &Context,
    client: &Client,
    mapping: &Mapping,
    (subject, since): (Subject, &str),
    args: &Args,
) -> Result<Outcome, Failure> {
    let output = context.output;
    let division = client.division();
    let after = match since {
        BEFORE_ALL => None,
        batch => Some(Batch::named(batch, subject, division).ok_or_else(|| {
            let end = if subject == Subject::Cases { "-P" } else { "" };
            let form = format!("{division}-20260914-0001{end}");
            Failure::of(&BATCH_INVALID, batch, &[&form])
        })?),
    };
    let (mut rows, whole) = match subject {
        Subject::Items => items_after(client, &mapping.name, after)?,
        Subject::Cases => case_report::after(client, mapping, after)?,
    };
    // Parents before children, as they were sent at first.
    rows.sort_by_cached_key(|row| (row.item.clone(), Table::named(&row.table)));
    let count = rows.len();
    let batch = format!("since-{since}");
    let Some(mut target) = Target::of(args, mapping)? else { return Ok(Outcome::Done) };
    let sending = Sending { subject, division, batch: &batch, rows, whole };
    let (_, place) = target.send(context, mapping, args.again, sending)?;
    let place = place.unwrap_or_default();
    if output.is_json() {
        let kind = if args.to_files.is_some() { "directory" } else { "file" };
        output.json(&json!({ "rows": count, kind: place }))?;
    } else {
        output.line(&REPORT_FILES.with(output.lang, &[&place.display().to_string()]))?;
    }
    Ok(Outcome::Done)
}

/// What was sent of items after a batch, and whether that is all of them of which something was.
fn items_after(client: &Client, channel: &str, after: Option<Batch>) -> Result<(Vec<ReportedRow>, bool), Failure> {
    let division = client.division();
    // None is less than every batch; one that another wrote is sent again rather than left out.
    let is_after =
        |row: &ReportedRow| Batch::named(&row.batch, Subject::Items, division).is_none_or(|batch| Some(batch) > after);
    let (mut rows, mut parted) = (Vec::new(), BTreeSet::new());
    reported(client, channel, true, |row| {
        if is_after(&row) {
            rows.push(row);
        } else if row.operation != Operation::Delete {
            parted.insert(row.item);
        }
    })?;
    let whole = !rows.iter().any(|row| parted.contains(&row.item));
    Ok((rows, whole))
}

/// Shows every row that was sent to a front database, as it was sent last, a page at a time; gives how the names of the node's batches begin. Where they
/// are to go out `again`, the front database must be open.
pub(super) fn reported(
    client: &Client,
    channel: &str,
    again: bool,
    mut each: impl FnMut(ReportedRow),
) -> Result<String, Failure> {
    let again = again.then_some("true");
    let (mut item, mut guid): (Option<String>, Option<String>) = (None, None);
    loop {
        let (after_item, after_guid) = (item.as_deref(), guid.as_deref());
        let query =
            [("channel", Some(channel)), ("after_item", after_item), ("after_guid", after_guid), ("again", again)];
        let page: crate::api::v1::Reported = client.get("/v1/front/reported", &query)?.read()?;
        (item, guid) = page.rows.last().map(|row| (row.item.clone(), row.guid.clone())).unzip();
        page.rows.into_iter().for_each(&mut each);
        if !page.more || item.is_none() {
            return Ok(page.draws);
        }
    }
}

/// Tells what came of a report.
pub(super) fn said(output: Output, sent: &Sent, place: Option<&Path>) -> Result<(), Failure> {
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
    let text = match (&sent.batch, rows, sent.cases) {
        (Some(_), _, None) => REPORT_SENT,
        (None, 0, None) => REPORT_NOTHING,
        (None, _, None) => REPORT_PLANNED,
        (Some(_), _, Some(_)) => CASES_SENT,
        (None, 0, Some(_)) => CASES_NOTHING,
        (None, _, Some(_)) => CASES_PLANNED,
    };
    output.line(&text.with(output.lang, &places))?;
    if sent.batch.is_some() && sent.written < rows {
        output.line(&REPORT_THERE.with(output.lang, &[&(rows - sent.written).to_string()]))?;
    }
    if let Some(place) = place {
        output.line(&REPORT_FILES.with(output.lang, &[&place.display().to_string()]))?;
    }
    if sent.more == Some(true) {
        output.line(REPORT_MORE.of(output.lang))?;
    }
    if !sent.lacks.is_empty() {
        let of = |en: &str, zh: &str| output.lang.of(en, zh).to_owned();
        let whose = if sent.cases.is_some() { "case_no" } else { "item" };
        let rows: Vec<Value> = sent
            .lacks
            .iter()
            .map(|lack| {
                let (problem, remedy) = (of(&lack.en, &lack.zh), of(&lack.remedy_en, &lack.remedy_zh));
                json!({ whose: lack.item, "table": lack.table, "column": lack.column, "problem": problem, "remedy": remedy })
            })
            .collect();
        output.rows(&rows, &[whose, "table", "column", "problem", "remedy"])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_and_what_is_lacking_take_no_room_of_each_other() {
        let refused = RefusedRow {
            item: "I".to_owned(),
            case_no: None,
            table: "up_pro_result".to_owned(),
            column: "result_type".to_owned(),
            message: "value too long".to_owned(),
            state: "22001".to_owned(),
        };
        let lack = Lack { code: "front-missing".to_owned(), ..refused.lack() };
        let (refused, lacks) = (vec![refused; LACKS_SHOWN], vec![lack; LACKS_SHOWN]);
        for refused_first in [true, false] {
            let mut sent = Sent::default();
            for _ in 0..2 {
                if refused_first {
                    sent.refused(&refused, &[]);
                    sent.lack(lacks.clone());
                } else {
                    sent.lack(lacks.clone());
                    sent.refused(&refused, &[]);
                }
            }
            let of = |code: &str| sent.lacks.iter().filter(|lack| lack.code == code).count();
            assert_eq!((of("front-missing"), of("front-row-refused")), (LACKS_SHOWN, LACKS_SHOWN));
            assert_eq!((sent.refused, sent.lacking), (2 * LACKS_SHOWN, 2 * LACKS_SHOWN));
        }
    }

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
