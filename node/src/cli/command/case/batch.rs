//! `tongban case batch`: acts from a file, one after the other.
//!
//! The file is read whole before anything is sent, and a file of which one row can't be read does nothing. Then each row is a request of
//! its own, under a key made of the file's bytes, the sheet and the row's number: what broke off is finished by running the same file again. A row
//! that the node refuses doesn't stop those of other cases.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};
use tongban_codes::ids::Digest;
use tongban_domain::catalogue::Finding;

use crate::api::v1::{CaseAct, Problem, WorkCase};
use crate::cli::Context;
use crate::cli::client::{Answer, Client};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::file::{self, read_or_piped, unwritable, writable};
use crate::cli::sheet::acts::{self, ActFile, ActRow, Request};
use crate::cli::sheet::errors;
use crate::cli::text::act::{
    BATCH_BROKEN_OFF, BATCH_CHECKED, BATCH_CONFIRM, BATCH_DONE, BATCH_ERRORS, BATCH_FAULTY, BATCH_HIDDEN,
};
use crate::cli::text::sheet::{READ_ENCODING, TEMPLATE_WRITTEN};
use crate::cli::text::{
    ANSWER_LATE, ANSWER_UNKNOWN, ANSWER_UNREADABLE, NODE_NOT_RUNNING, SENDING, SOCKET_DENIED, SOCKET_FOREIGN,
};

/// The largest file, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Codes under which nobody knows whether a row was done, or under which the next one won't be either.
const STOPPING: [&str; 13] = [
    ANSWER_LATE.code,
    ANSWER_UNKNOWN.code,
    ANSWER_UNREADABLE.code,
    NODE_NOT_RUNNING.code,
    SOCKET_DENIED.code,
    SOCKET_FOREIGN.code,
    "operator-unknown",
    "operator-disabled",
    "outcome-unknown",
    "node-stopping",
    "internal-fault",
    "disk-low",
    "ballast-gone",
];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 文件（.xlsx、.xls、CSV）；- 表示标准输入 / file (.xlsx, .xls, CSV), or - for stdin
    #[arg(value_name = "FILE", required_unless_present = "template")]
    file: Option<PathBuf>,
    /// 工作表 / the sheet
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// 试运行：逐行检查，不办理 / check every row and do nothing
    #[arg(long)]
    dry_run: bool,
    /// 将未办的行写成 .xlsx / write the rows that weren't done as .xlsx
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    /// 写出空白模板 / write an empty file with every column
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "sheet", "dry_run", "errors"])]
    template: Option<PathBuf>,
}

/// What came of a file.
#[derive(Debug, Default, Serialize)]
struct Report {
    dry_run: bool,
    acts: usize,
    cases: usize,
    done: usize,
    refused: usize,
    /// Later rows of cases of which a row was refused, or all of a file with a row that can't be read.
    untried: usize,
    hidden_rows: usize,
    rows: Vec<Finding>,
    /// Whether rows were sent.
    #[serde(skip)]
    sent: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, Failure> {
    let Some(path) = &args.file else {
        return args.template.as_ref().map_or(Ok(Outcome::Done), |path| write_template(context, path));
    };
    let output = context.output;
    let bytes = read_or_piped(path, FILE_BYTES_MAX)?;
    let file = ActFile::read(&bytes, args.sheet.as_deref())?;
    if let Some(errors) = &args.errors {
        writable(context, errors)?;
    }
    if let Some(encoding) = file.encoding.filter(|encoding| encoding.name() != "UTF-8") {
        output.say(&READ_ENCODING.with(output.lang, &[encoding.name()]));
    }
    let (acts, findings) = file.acts();
    let cases: BTreeSet<&str> = acts.iter().map(|act| act.case.as_str()).collect();
    let faulty: BTreeSet<u32> = findings.iter().map(|finding| finding.row).collect();
    let mut report = Report {
        dry_run: args.dry_run,
        acts: acts.len() + faulty.len(),
        cases: cases.len(),
        refused: faulty.len(),
        hidden_rows: file.hidden(),
        rows: findings,
        ..Report::default()
    };
    if !report.rows.is_empty() {
        report.untried = acts.len();
        return told(context, args, &file, &report);
    }
    let key = context.key.clone().unwrap_or_else(|| key(bytes, file.sheet()));
    let client = Client::open(context.directory()?, context.operator.clone(), Some(key), output)?;
    if args.dry_run {
        look(&client, &acts, &mut report)?;
        return told(context, args, &file, &report);
    }
    output.confirm(context.yes, BATCH_CONFIRM, &[&report.acts.to_string(), &report.cases.to_string()])?;
    report.sent = true;
    send(context, &client, &acts, &mut report)?;
    told(context, args, &file, &report)
}

/// The key of a run: of the file's bytes and the sheet, for row 2 of one sheet isn't row 2 of another.
fn key(mut bytes: Vec<u8>, sheet: &str) -> String {
    bytes.push(0);
    bytes.extend_from_slice(sheet.as_bytes());
    format!("batch-{}", &Digest::of(&bytes).to_string()[..32])
}

/// Asks for each case, so that a wrong number is found before anything is done.
fn look(client: &Client, acts: &[ActRow], report: &mut Report) -> Result<(), Failure> {
    let mut looked = BTreeSet::new();
    for act in acts {
        if !looked.insert(act.case.as_str()) {
            continue;
        }
        match client.get("/v1/cases/show", &[("case", Some(&act.case))]) {
            Ok(_) => {}
            Err(failure) if stops(&failure) => return Err(failure),
            Err(failure) => {
                report.refused += 1;
                report.rows.push(refused(act.row, &failure.problem));
            }
        }
    }
    Ok(())
}

/// Sends every act; a failure says from which row on nobody answered.
fn send(context: &Context, client: &Client, acts: &[ActRow], report: &mut Report) -> Result<(), Failure> {
    let bar = ProgressBar::new(acts.len() as u64);
    if context.output.is_json() || !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template("{msg} {pos}/{len} {wide_bar}") {
        bar.set_style(style);
    }
    bar.set_message(SENDING.of(context.output.lang));
    let mut stopped: BTreeSet<&str> = BTreeSet::new();
    for act in acts {
        if stopped.contains(act.case.as_str()) {
            report.untried += 1;
            report.rows.push(after_refusal(act));
            continue;
        }
        match post(client, act) {
            Ok(_) => report.done += 1,
            Err(failure) if stops(&failure) => {
                let Problem { en, zh, .. } = &*failure.problem;
                bar.finish_and_clear();
                return Err(Failure::of(&BATCH_BROKEN_OFF, act.case.clone(), &[&act.row.to_string(), en, zh]));
            }
            Err(failure) => {
                report.refused += 1;
                report.rows.push(refused(act.row, &failure.problem));
                stopped.insert(&act.case);
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

fn post(client: &Client, act: &ActRow) -> Result<Answer, Failure> {
    let (case, part) = (act.case.clone(), act.row as usize);
    match act.request.clone() {
        Request::Act(act) => client.post_part("/v1/cases/act", &CaseAct { case, act }, part),
        Request::Work(act) => client.post_part("/v1/cases/work", &WorkCase { case, act }, part),
    }
}

fn stops(failure: &Failure) -> bool {
    STOPPING.contains(&failure.problem.code.as_str())
}

/// A refusal of the node as a finding of the row.
fn refused(row: u32, problem: &Problem) -> Finding {
    let both = |zh: &str, en: &str| if zh == en { zh.to_owned() } else { format!("{zh} / {en}") };
    Finding {
        row,
        column: problem.field.clone(),
        value: problem.value.clone(),
        code: problem.code.clone(),
        problem: both(&problem.zh, &problem.en),
        remedy: both(&problem.remedy_zh, &problem.remedy_en),
        blocks: true,
    }
}

fn after_refusal(act: &ActRow) -> Finding {
    Finding {
        row: act.row,
        column: "case".to_owned(),
        value: act.case.clone(),
        code: "act-not-tried".to_owned(),
        problem: "同一办件前面的操作被拒绝，本行未办 / an earlier act on the case was refused, this one wasn't tried"
            .to_owned(),
        remedy: "先处理前面的行 / see to the earlier row first".to_owned(),
        blocks: true,
    }
}

fn told(context: &Context, args: &Args, file: &ActFile, report: &Report) -> Result<Outcome, Failure> {
    let (output, lang) = (context.output, context.output.lang);
    if let Some(path) = args.errors.as_ref().filter(|_| !report.rows.is_empty()) {
        let bytes = errors::acts(file, &report.rows).map_err(|error| unwritable(path, &error.to_string()))?;
        file::write(context, path, &bytes)?;
        output.say(&BATCH_ERRORS.with(lang, &[&path.display().to_string()]));
    }
    let outcome = if report.rows.is_empty() { Outcome::Done } else { Outcome::Negative };
    if output.is_json() {
        output.json(report)?;
        return Ok(outcome);
    }
    if report.hidden_rows > 0 {
        output.say(&BATCH_HIDDEN.with(lang, &[&report.hidden_rows.to_string()]));
    }
    let count = |number: usize| number.to_string();
    output.line(&if report.sent {
        BATCH_DONE.with(lang, &[&count(report.done), &count(report.refused), &count(report.untried)])
    } else if report.rows.is_empty() {
        BATCH_CHECKED.with(lang, &[&count(report.acts), &count(report.cases)])
    } else {
        BATCH_FAULTY.with(lang, &[&count(report.refused)])
    })?;
    if !report.rows.is_empty() {
        let rows: Vec<Value> = report.rows.iter().map(|finding| json!(finding)).collect();
        output.rows(&rows, &["row", "column", "value", "problem", "remedy"])?;
    }
    Ok(outcome)
}

fn write_template(context: &Context, path: &std::path::Path) -> Result<Outcome, Failure> {
    writable(context, path)?;
    let bytes = acts::template().map_err(|error| unwritable(path, &error.to_string()))?;
    file::write(context, path, &bytes)?;
    context.output.say(&TEMPLATE_WRITTEN.with(context.output.lang, &[&path.display().to_string()]));
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_has_a_key_of_its_own_and_always_the_same() {
        let of = |bytes: &[u8], sheet: &str| key(bytes.to_vec(), sheet);
        assert_eq!(of(b"book", "一月"), of(b"book", "一月"));
        assert_ne!(of(b"book", "一月"), of(b"book", "二月"));
        assert_ne!(of(b"book", "一月"), of(b"look", "一月"));
        // With the row's number behind it, it stays within what the node takes.
        assert!(of(b"book", &"长".repeat(1000)).len() <= 100);
    }
}
