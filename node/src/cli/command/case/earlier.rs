//! `tongban case import`, `take-up` and `list --imported`: what another system had.
//!
//! A file is read whole and judged whole, by the node too, before anything of it comes in: one wrong row keeps all of it out. Then its rows go in
//! parts into one batch, which knows how many are in; whatever broke off is finished by running the same file again.

mod sending;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tongban_codes::ids::Digest;

use sending::{Report, Sending};

use super::{list as listed, material};
use crate::api::v1::{TakeUpEarlier, UndoEarlier};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::file::{self, read_or_piped, unwritable, writable};
use crate::cli::output::Output;
use crate::cli::sheet::earlier::{self, EarlierFile};
use crate::cli::sheet::encoding::decode;
use crate::cli::sheet::errors;
use crate::cli::sheet::mapping::Mapping;
use crate::cli::text::earlier::{
    EARLIER_AGAIN, EARLIER_ASKED, EARLIER_CHECKED, EARLIER_DONE, EARLIER_FAULTY, EARLIER_REMARKS, EARLIER_UNDO,
};
use crate::cli::text::sheet::{
    COLUMNS_UNKNOWN, ERRORS_WRITTEN, HIDDEN_READ, HIDDEN_SKIPPED, MAPPING_WRITTEN, READ_ENCODING, TEMPLATE_WRITTEN,
};

/// The largest file, in bytes.
const FILE_BYTES_MAX: u64 = 4 << 30;
/// The largest mapping, in bytes.
const MAPPING_BYTES_MAX: u64 = 1 << 20;
const BATCH_FIELDS: [&str; 17] = [
    "batch",
    "batch_state",
    "file",
    "sheet",
    "row_count",
    "taken",
    "added",
    "known",
    "replaced",
    "taken_up",
    "importer",
    "begun_at",
    "finished_at",
    "rows_digest",
    "undone.at",
    "undone.by",
    "undone.reason",
];
const BATCH_COLUMNS: [&str; 8] =
    ["batch", "batch_state", "row_count", "taken", "added", "replaced", "taken_up", "importer"];
const EARLIER_FIELDS: [&str; 33] = [
    "notice",
    "old_number",
    "earlier_standing",
    "source_system",
    "item",
    "item_name",
    "applicant",
    "applicant_kind",
    "id_kind",
    "id_checked",
    "collected_on",
    "accepted_on",
    "statutory_due",
    "decided_on",
    "delivered_on",
    "result_code",
    "result",
    "document_no",
    "licence_no",
    "licence_from",
    "licence_until",
    "clerk",
    "note",
    "taken_up.collection_no",
    "taken_up.case",
    "batch",
    "batch_state",
    "row_in_file",
    "file_digest",
    "imported_at",
    "importer",
    "replace_reason",
    "open",
];
const LIST_COLUMNS: [&str; 8] = [
    "old_number",
    "notice",
    "item_name",
    "applicant",
    "collected_on",
    "decided_on",
    "result",
    "taken_up.collection_no",
];
const VERSION_COLUMNS: [&str; 7] =
    ["batch", "batch_state", "item_name", "collected_on", "decided_on", "imported_at", "replace_reason"];

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["file", "template", "undo", "list"])))]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Args {
    /// 文件（.xlsx、.xls、CSV、JSON）；- 表示标准输入 / file (.xlsx, .xls, CSV, JSON), or - for stdin
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// 工作表 / the sheet
    #[arg(long, value_name = "NAME", requires = "file")]
    sheet: Option<String>,
    /// 列映射：已保存的名称，或 .toml 文件 / column mapping: a saved name, or a .toml file
    #[arg(long, value_name = "NAME|FILE", requires = "file")]
    map: Option<String>,
    /// 保存所用的列映射 / save the column mapping that was used
    #[arg(long, value_name = "NAME|FILE", requires = "file")]
    save_map: Option<String>,
    /// 来源系统，用于未填写的行 / the other system, for rows that name none
    #[arg(long, value_name = "NAME", requires = "file")]
    system: Option<String>,
    /// 试运行：逐行判断，不写入 / judge every row and write nothing
    #[arg(long, requires = "file")]
    dry_run: bool,
    /// 证件号码有误的按原文保留 / keep numbers of identities that don't hold as texts
    #[arg(long, requires = "file")]
    keep_invalid: bool,
    /// 已有编号而内容不同的，更正的理由；前后版本均留存 / why rows that stand with another content are replaced; both versions are kept
    #[arg(long, value_name = "REASON", requires = "file")]
    replace: Option<String>,
    /// 略过隐藏行 / leave hidden rows out
    #[arg(long, requires = "file")]
    skip_hidden: bool,
    /// 将有问题的行写成 .xlsx / write the rows with findings as .xlsx
    #[arg(long, value_name = "FILE", requires = "file")]
    errors: Option<PathBuf>,
    /// 写出空白模板 / write an empty file with every column
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// 撤销一个批次；记录留存，不再有效 / undo a batch; its rows stay and no longer stand
    #[arg(long, value_name = "BATCH", requires = "reason")]
    undo: Option<String>,
    /// 撤销的理由 / why it is undone
    #[arg(long, value_name = "T", requires = "undo")]
    reason: Option<String>,
    /// 导入批次 / the batches
    #[arg(long)]
    list: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TakeUpArgs {
    /// 原办件编号 / number that the other system had drawn
    #[arg(value_name = "OLDNUMBER")]
    number: String,
    /// 现行事项，原记录未对应的必填 / the item that it is today, where the row names none
    #[arg(long, value_name = "CODE")]
    item: Option<String>,
    /// 申请人名称，证件号码未经校验时可更正 / applicant's name, where the number was never checked
    #[arg(long, value_name = "N")]
    name: Option<String>,
    /// 公民身份号码或统一社会信用代码，未经校验的须重新录入 / citizen id or credit code, where it was never checked
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// 材料，可重复 / material, may be repeated
    #[arg(long = "material", value_name = "NAME=FILE|NAME=sha256:HEX")]
    materials: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// 历史办件（导入，未经本系统见证），按原编号排列 / earlier cases (imported, not witnessed), by their numbers
    #[arg(long)]
    pub(super) imported: bool,
    /// 某批次的 / of a batch
    #[arg(long, value_name = "BATCH")]
    batch: Option<String>,
    /// 某申请人的，按证件号码 / of an applicant, by his number
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// 未办结且未承接的 / open ones that weren't taken up
    #[arg(long)]
    open: bool,
    /// 此编号之后的 / those after this number
    #[arg(long, value_name = "OLDNUMBER")]
    after: Option<String>,
}

impl ListArgs {
    /// Refuses options that only earlier cases have.
    pub(super) fn needs_imported(&self) -> Result<(), Failure> {
        if self.batch.is_none() && self.id.is_none() && self.after.is_none() && !self.open {
            return Ok(());
        }
        Err(Failure::of(&EARLIER_ASKED, "", &[]).usage())
    }
}

pub(super) fn import(context: &Context, args: &Args) -> Result<Outcome, Failure> {
    if let Some(path) = &args.template {
        return write_template(context, path);
    }
    if args.list {
        let answer = context.client()?.get("/v1/cases/import", &[])?;
        return context.output.list(&answer, "batches", &BATCH_COLUMNS);
    }
    if let (Some(batch), Some(reason)) = (&args.undo, &args.reason) {
        let client = context.client()?;
        context.output.confirm(context.yes, EARLIER_UNDO, &[batch])?;
        let request = UndoEarlier { batch: batch.clone(), reason: reason.clone() };
        let answer = client.post("/v1/cases/import/undo", &request)?;
        return context.output.object(&answer, &BATCH_FIELDS);
    }
    let Some(path) = &args.file else { return Ok(Outcome::Done) };
    let directory = context.directory()?;
    let client = context.client()?;
    let mapping = match &args.map {
        Some(name) => {
            let bytes = file::read(&Mapping::path(name, Some(directory))?, MAPPING_BYTES_MAX)?;
            Mapping::read(&decode(&bytes)?.0)?
        }
        None => Mapping::default(),
    };
    let bytes = read_or_piped(path, FILE_BYTES_MAX)?;
    let digest = Digest::of(&bytes);
    let file = EarlierFile::read(&bytes, mapping, args.sheet.as_deref(), args.skip_hidden, args.system.clone())?;
    drop(bytes);
    if let Some(errors) = &args.errors {
        writable(context, errors)?;
    }
    say(context, &file, args.skip_hidden);
    if let Some(name) = &args.save_map {
        let path = Mapping::path(name, Some(directory))?;
        writable(context, &path)?;
        let whole = file.mapping.with_head(file.sheet(), &file.head);
        file::write(context, &path, whole.to_toml().as_bytes())?;
        context.output.say(&MAPPING_WRITTEN.with(context.output.lang, &[&path.display().to_string()]));
    }
    let mut sending = Sending::new(context, &client, &file, args);
    sending.report.file = digest.to_string();
    sending.judge()?;
    if sending.report.rejected == 0 && !args.dry_run {
        sending.bring(digest)?;
    }
    let report = sending.report;
    if let Some(path) = args.errors.as_ref().filter(|_| !report.rows.is_empty()) {
        let bytes = errors::earlier(&file, &report.rows).map_err(|error| unwritable(path, &error.to_string()))?;
        file::write(context, path, &bytes)?;
        context.output.say(&ERRORS_WRITTEN.with(context.output.lang, &[&path.display().to_string()]));
    }
    told(context.output, &report)
}

/// Says how the file was read, where a person might think otherwise.
fn say(context: &Context, file: &EarlierFile, skip_hidden: bool) {
    let (output, lang) = (context.output, context.output.lang);
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

fn told(output: Output, report: &Report) -> Result<Outcome, Failure> {
    let outcome = if report.rejected == 0 { Outcome::Done } else { Outcome::Negative };
    if output.is_json() {
        output.json(report)?;
        return Ok(outcome);
    }
    let lang = output.lang;
    let [added, replaced, known] = [report.added, report.replaced, report.known].map(|count| count.to_string());
    output.line(&match &report.batch {
        Some(batch) if report.again => EARLIER_AGAIN.with(lang, &[batch]),
        Some(batch) => EARLIER_DONE.with(lang, &[batch, &added, &replaced, &known]),
        None if report.rejected > 0 => EARLIER_FAULTY.with(lang, &[&report.rejected.to_string()]),
        None => EARLIER_CHECKED.with(lang, &[&report.row_count.to_string(), &added, &replaced, &known]),
    })?;
    if !report.rows.is_empty() {
        let rows: Vec<Value> = report.rows.iter().map(|finding| json!(finding)).collect();
        output.rows(&rows, &["row", "column", "value", "problem", "remedy"])?;
    }
    if report.remarks_left > 0 {
        output.line(&EARLIER_REMARKS.with(lang, &[&report.remarks_left.to_string()]))?;
    }
    Ok(outcome)
}

fn write_template(context: &Context, path: &Path) -> Result<Outcome, Failure> {
    writable(context, path)?;
    let bytes = earlier::template().map_err(|error| unwritable(path, &error.to_string()))?;
    file::write(context, path, &bytes)?;
    context.output.say(&TEMPLATE_WRITTEN.with(context.output.lang, &[&path.display().to_string()]));
    Ok(Outcome::Done)
}

pub(super) fn take_up(context: &Context, args: TakeUpArgs) -> Result<Outcome, Failure> {
    let given = args.materials.iter().map(|text| material::read(text)).collect::<Result<Vec<_>, Failure>>()?;
    let client = context.client()?;
    let TakeUpArgs { number, item, name, id, .. } = args;
    let request = TakeUpEarlier { number, item, name, id, materials: material::send(&client, given)? };
    let answer = client.post("/v1/cases/take-up", &request)?;
    context.output.object(&answer, &["case", "collection_no", "query_code"])
}

pub(super) fn list(context: &Context, limit: Option<usize>, args: &ListArgs) -> Result<Outcome, Failure> {
    let limit = limit.map(|limit| limit.to_string());
    let query = [
        ("limit", limit.as_deref()),
        ("batch", args.batch.as_deref()),
        ("id", args.id.as_deref()),
        ("open", args.open.then_some("true")),
        ("after", args.after.as_deref()),
    ];
    let answer = context.client()?.get("/v1/cases/earlier", &query)?;
    context.output.list(&answer, "cases", &LIST_COLUMNS)
}

/// An earlier case on a screen.
pub(super) fn show(output: Output, case: &Value) -> Result<Outcome, Failure> {
    output.fields(case, &EARLIER_FIELDS)?;
    let versions = listed(case, "versions");
    if !versions.is_empty() {
        output.line("")?;
        output.rows(&versions, &VERSION_COLUMNS)?;
    }
    Ok(Outcome::Done)
}
