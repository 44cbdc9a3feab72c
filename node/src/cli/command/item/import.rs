//! `tongban item import`: a file's rows go to the node in parts, and what is wrong with them comes back.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};
use tongban_domain::catalogue::{Collision, Finding, ImportReport, ImportRow, ImportTerms};

use crate::api::v1::ImportItems;
use crate::cli::Context;
use crate::cli::client::Client;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::file::{self, read_or_piped, unwritable, writable};
use crate::cli::sheet::encoding::{Encoding, decode};
use crate::cli::sheet::mapping::Mapping;
use crate::cli::sheet::rows::ItemFile;
use crate::cli::sheet::{errors, template};
use crate::cli::text::sheet::{
    COLUMNS_UNKNOWN, DRY_RUN, ERRORS_WRITTEN, HIDDEN_READ, HIDDEN_SKIPPED, MAPPING_WRITTEN, READ_AS, READ_ENCODING,
    SKIPPED,
};
use crate::cli::text::{IMPORTED, SENDING};

/// Rows in one request; the node takes 5,000.
const CHUNK_ROWS: usize = 5000;
/// Bytes of text in one request; the node takes 32 MiB.
const CHUNK_BYTES: usize = 8 << 20;
/// The largest file that is read, in bytes: ten times the 1.7 million items of the largest province.
pub(super) const FILE_BYTES_MAX: u64 = 4 << 30;
/// The largest mapping, in bytes.
const MAPPING_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 文件（.xlsx、.xls、CSV、JSON）；- 表示标准输入 / file (.xlsx, .xls, CSV, JSON), or - for stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// 工作表 / the sheet
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// 列映射：已保存的名称，或 .toml 文件 / column mapping: a saved name, or a .toml file
    #[arg(long, value_name = "NAME|FILE")]
    map: Option<String>,
    /// 保存所用的列映射 / save the column mapping that was used
    #[arg(long, value_name = "NAME|FILE")]
    save_map: Option<String>,
    /// 试运行：逐行判断，不写入 / decide every row and write nothing
    #[arg(long)]
    dry_run: bool,
    /// 编码已存在时：skip 跳过、new-version 新版本、overwrite 覆盖草稿 / when the code stands already
    #[arg(long, value_name = "MODE", default_value = "new-version", value_parser = ["skip", "new-version", "overwrite"])]
    on_collision: String,
    /// 代码表数字的来源 / whose numbers of code lists the file uses
    #[arg(long, value_name = "SOURCE", value_parser = ["national", "gbt39046", "older", "guangdong"])]
    codes: Option<String>,
    /// 略过隐藏行 / leave hidden rows out
    #[arg(long)]
    skip_hidden: bool,
    /// 将有问题的行写成 .xlsx / write the rows with findings as .xlsx
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
}

impl Args {
    fn terms(&self) -> ImportTerms {
        let on_collision = match self.on_collision.as_str() {
            "skip" => Collision::Skip,
            "overwrite" => Collision::Overwrite,
            _ => Collision::NewVersion,
        };
        let codes = self.codes.as_deref().and_then(|codes| codes.parse().ok());
        ImportTerms { dry_run: self.dry_run, on_collision, codes }
    }
}

/// Where rows came from, for whoever reads the report.
#[derive(Debug, Serialize)]
struct Source {
    dry_run: bool,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    sheet: String,
    head: (u32, u32),
    unknown_columns: Vec<String>,
    hidden_rows: usize,
}

#[derive(Debug, Serialize)]
struct Report<'r> {
    #[serde(flatten)]
    report: &'r ImportReport,
    source: Source,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, Failure> {
    let client = context.client()?;
    let directory = context.directory()?;
    let mapping = match &args.map {
        Some(name) => read_mapping(&Mapping::path(name, Some(directory))?)?,
        None => Mapping::default(),
    };
    let bytes = read_or_piped(&args.file, FILE_BYTES_MAX)?;
    let file = ItemFile::read(&bytes, mapping, args.sheet.as_deref(), args.skip_hidden)?;
    drop(bytes);
    if let Some(errors) = &args.errors {
        writable(context, errors)?;
    }
    say(context, &file, args.skip_hidden);
    if let Some(name) = &args.save_map {
        let path = Mapping::path(name, Some(directory))?;
        let whole = file.mapping.with_head(&file.table().sheet, &file.head);
        writable(context, &path)?;
        file::write(context, &path, whole.to_toml().as_bytes())?;
        context.output.say(&MAPPING_WRITTEN.with(context.output.lang, &[&path.display().to_string()]));
    }
    let whole = send(context, &client, &file, args)?;
    if let Some(path) = &args.errors {
        let bytes = errors::write(&file, &whole.rows).map_err(|error| unwritable(path, &error.to_string()))?;
        file::write(context, path, &bytes)?;
        context.output.say(&ERRORS_WRITTEN.with(context.output.lang, &[&path.display().to_string()]));
    }
    report(context, &file, &whole, args.dry_run)
}

/// Sends the rows in parts; the same file in the same way makes the same parts, so that a repetition is none.
fn send(context: &Context, client: &Client, file: &ItemFile, args: &Args) -> Result<ImportReport, Failure> {
    let bar = ProgressBar::new_spinner();
    if context.output.is_json() || !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template("{msg} {spinner} {pos}") {
        bar.set_style(style);
    }
    bar.set_message(SENDING.of(context.output.lang));
    let terms = args.terms();
    let mut sending =
        Sending { client, bar, terms, rows: Vec::new(), bytes: 0, parts: 0, whole: ImportReport::default() };
    let mut codes = BTreeSet::new();
    for record in file.records() {
        if !file.lists.is_empty() {
            let of_row = |name: &str| record.row.values.get(name).cloned();
            codes.extend(["local_item_code", "base_code"].into_iter().filter_map(of_row));
        }
        if record.findings.is_empty() {
            sending.take(record.row)?;
        } else {
            sending.whole.rejected += 1;
            sending.whole.rows.extend(record.findings);
        }
    }
    sending.part()?;
    sending.bar.finish_and_clear();
    let mut whole = sending.whole;
    whole.rows.extend(file.orphans(&codes));
    whole.rows.iter_mut().for_each(|finding| file.place(finding));
    whole.rows.sort_by_key(|finding| finding.row);
    Ok(whole)
}

struct Sending<'c> {
    client: &'c Client,
    bar: ProgressBar,
    terms: ImportTerms,
    rows: Vec<ImportRow>,
    bytes: usize,
    parts: usize,
    whole: ImportReport,
}

impl Sending<'_> {
    fn take(&mut self, row: ImportRow) -> Result<(), Failure> {
        let lists = row.lists.values().flatten().flat_map(|entry| &entry.values);
        let bytes: usize = row.values.iter().chain(lists).map(|(name, value)| name.len() + value.len() + 8).sum();
        if self.rows.len() >= CHUNK_ROWS || (!self.rows.is_empty() && self.bytes + bytes > CHUNK_BYTES) {
            self.part()?;
        }
        self.bytes += bytes;
        self.rows.push(row);
        Ok(())
    }

    fn part(&mut self) -> Result<(), Failure> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        let count = rows.len();
        let answer = self.client.post_part("/v1/items/import", &ImportItems { rows, terms: self.terms }, self.parts)?;
        let report: ImportReport = answer.read()?;
        self.parts += 1;
        self.bytes = 0;
        self.whole.imported += report.imported;
        self.whole.flagged += report.flagged;
        self.whole.rejected += report.rejected;
        self.whole.skipped += report.skipped;
        self.whole.rows.extend(report.rows);
        self.bar.inc(count as u64);
        Ok(())
    }
}

/// Says how the file was read, where a person might think otherwise.
fn say(context: &Context, file: &ItemFile, skip_hidden: bool) {
    let (output, lang) = (context.output, context.output.lang);
    let table = file.table();
    if file.others() > 0 || file.head.rows.1 > 1 {
        let (first, last) = (file.head.rows.0.to_string(), file.head.rows.1.to_string());
        output.say(&READ_AS.with(lang, &[file.kind.name(), &table.sheet, &first, &last]));
    }
    if let Some(encoding) = file.encoding.filter(|encoding| encoding.name() != "UTF-8") {
        output.say(&READ_ENCODING.with(lang, &[encoding.name()]));
    }
    if !file.head.unknown.is_empty() {
        output.say(&COLUMNS_UNKNOWN.with(lang, &[&file.head.unknown.join(lang.of(", ", "、"))]));
    }
    if file.hidden() > 0 {
        let said = if skip_hidden { HIDDEN_SKIPPED } else { HIDDEN_READ };
        output.say(&said.with(lang, &[&file.hidden().to_string()]));
    }
}

fn report(context: &Context, file: &ItemFile, whole: &ImportReport, dry_run: bool) -> Result<Outcome, Failure> {
    let output = context.output;
    if output.is_json() {
        let source = Source {
            dry_run,
            kind: file.kind.name(),
            encoding: file.encoding.map(Encoding::name),
            sheet: file.table().sheet.clone(),
            head: file.head.rows,
            unknown_columns: file.head.unknown.clone(),
            hidden_rows: file.hidden(),
        };
        output.json(&Report { report: whole, source })?;
        return Ok(Outcome::Done);
    }
    let counts = [whole.imported, whole.flagged, whole.rejected].map(|count| count.to_string());
    output.line(&IMPORTED.with(output.lang, &[&counts[0], &counts[1], &counts[2]]))?;
    if whole.skipped > 0 {
        output.line(&SKIPPED.with(output.lang, &[&whole.skipped.to_string()]))?;
    }
    if dry_run {
        output.line(DRY_RUN.of(output.lang))?;
    }
    if !whole.rows.is_empty() {
        let rows: Vec<Value> = whole.rows.iter().map(|finding: &Finding| json!(finding)).collect();
        output.rows(&rows, &["row", "column", "value", "problem", "remedy"])?;
    }
    Ok(Outcome::Done)
}

/// Writes the empty file.
pub(super) fn write_template(context: &Context, path: &Path) -> Result<(), Failure> {
    writable(context, path)?;
    let bytes = template::write().map_err(|error| unwritable(path, &error.to_string()))?;
    file::write(context, path, &bytes)
}

fn read_mapping(path: &Path) -> Result<Mapping, Failure> {
    let bytes = file::read(path, MAPPING_BYTES_MAX)?;
    Mapping::read(&decode(&bytes)?.0)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_mapping_is_read_in_its_encoding_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.toml");
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            read_mapping(&path).map_err(|failure| failure.problem.code)
        };
        let expected = Mapping::read("[columns]\n\"事项\" = \"name\"\n").unwrap();
        assert_eq!(read("\u{feff}[columns]\n\"事项\" = \"name\"\n".as_bytes()).unwrap(), expected);
        // GB18030, as editors save it.
        assert_eq!(read(b"[columns]\n\"\xca\xc2\xcf\xee\" = \"name\"\n").unwrap(), expected);
        assert_eq!(read(b"[columns]\n\"\xff\" = \"name\"\n").unwrap_err(), "csv-encoding");
        assert_eq!(read(&vec![b'#'; 1 + (1 << 20)]).unwrap_err(), "file-too-large");
    }
}
