//! `tongban case print`: a document of a case, counted and drawn.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tongban_domain::case::{Print, PrintForm};

use super::{Case, ask, list};
use crate::api::v1::{PrintDocument, PrintView};
use crate::cli::Context;
use crate::cli::client::Answer;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::file::{self, writable};
use crate::cli::text::{ANSWER_UNREADABLE, DOCUMENT_WRITTEN, GLYPHS_MISSING, OFFSET_INVALID};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    case: Case,
    /// 文书种类，如 acceptance，默认最近一份 / kind, as acceptance; the latest when absent
    #[arg(long, value_name = "KIND")]
    document: Option<String>,
    /// 出具文书的环节序号 / number of the act that made it
    #[arg(long = "act", value_name = "N")]
    number: Option<u32>,
    /// 写入的 PDF 文件 / the PDF file to write
    #[arg(long, value_name = "OUT")]
    file: PathBuf,
    /// 纸张：收件凭证默认 slip，其余 a4 / paper; slip for a collection slip, a4 else
    #[arg(long, value_enum)]
    form: Option<Paper>,
    /// 补打事由 / why it is printed again
    #[arg(long, value_name = "T")]
    reason: Option<String>,
    /// 打印机右移毫米数，负数左移 / millimetres to the right, negative to the left
    #[arg(long, value_name = "MM", allow_negative_numbers = true)]
    offset_x: Option<f32>,
    /// 打印机下移毫米数，负数上移 / millimetres down, negative up
    #[arg(long, value_name = "MM", allow_negative_numbers = true)]
    offset_y: Option<f32>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Paper {
    /// GB/T 9704 版面
    A4,
    /// 80 毫米小票
    Slip,
    /// 预印表单，只打印填写内容
    PrePrinted,
}

const PRINT_FIELDS: [&str; 6] = ["case", "document_kind", "act_number", "print_number", "paper_form", "pages"];

/// Counts the print, then fetches it: a print that was counted and not written is fetched again with the same key.
pub(super) fn print(context: &Context, args: Args) -> Result<Outcome, Failure> {
    let output = context.output;
    writable(context, &args.file)?;
    let form = args.form.map(|form| match form {
        Paper::A4 => PrintForm::A4,
        Paper::Slip => PrintForm::Slip,
        Paper::PrePrinted => PrintForm::PrePrinted,
    });
    for (field, offset) in [("offset-x", args.offset_x), ("offset-y", args.offset_y)] {
        if offset.is_some_and(|offset| !offset.is_finite() || offset.abs() > tongban_document::OFFSET_MM_MAX) {
            let value = offset.map_or_else(String::new, |offset| offset.to_string());
            return Err(Failure::of(&OFFSET_INVALID, value, &[]).field(field));
        }
    }
    let request =
        PrintDocument { case: args.case.case, document: args.document, act: args.number, form, reason: args.reason };
    let client = context.client()?;
    let counted: Print = client.post("/v1/cases/print", &request)?.read()?;
    let (case, act, number) = (counted.case.to_string(), counted.act.to_string(), counted.number.to_string());
    let (x, y) = (args.offset_x.map(|offset| offset.to_string()), args.offset_y.map(|offset| offset.to_string()));
    let query = [
        ("case", Some(case.as_str())),
        ("document", Some(counted.kind())),
        ("act", Some(act.as_str())),
        ("number", Some(number.as_str())),
        ("offset_x", x.as_deref()),
        ("offset_y", y.as_deref()),
    ];
    let drawn: PrintView = client.get("/v1/cases/print", &query)?.read()?;
    let unreadable = |error: base64::DecodeError| Failure::of(&ANSWER_UNREADABLE, "", &[&error.to_string()]);
    file::write(context, &args.file, &STANDARD.decode(&drawn.pdf).map_err(unreadable)?)?;
    output.say(&DOCUMENT_WRITTEN.with(output.lang, &[&args.file.display().to_string()]));
    if !drawn.missing.is_empty() {
        output.say(&GLYPHS_MISSING.with(output.lang, &[&drawn.missing.join(", ")]));
    }
    let told = json!({
        "case": drawn.print.case, "document_kind": drawn.document, "act_number": drawn.print.act,
        "print_number": drawn.print.number, "paper_form": drawn.print.form, "at": drawn.print.at,
        "operator": drawn.print.operator, "pages": drawn.pages, "missing_signs": drawn.missing,
    });
    output.object(&Answer::of(&told), &PRINT_FIELDS)
}

pub(super) fn prints(context: &Context, case: &Case) -> Result<Outcome, Failure> {
    let answer = ask(context, "/v1/cases/prints", &case.case)?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
        return Ok(Outcome::Done);
    }
    let value = answer.value()?;
    output.rows(&list(&value, "documents"), &["document_kind", "act_number", "print_number"])?;
    output.line("")?;
    output.rows(
        &list(&value, "prints"),
        &["at", "operator", "document_kind", "act_number", "print_number", "paper_form", "reason"],
    )?;
    Ok(Outcome::Done)
}
