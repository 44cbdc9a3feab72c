//! `tongban licence`: issues, shows, verifies and cancels licences.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::api::v1::{CancelLicence, IssueLicence, Verdict, VerifyLicence};
use crate::cli::Context;
use crate::cli::client::Answer;
use crate::cli::failure::{Failure, Outcome, parse};
use crate::cli::file::{self, writable};
use crate::cli::text::{ANSWER_UNREADABLE, CONFIRM_CANCEL, FILE_WRITTEN, VERDICT_INVALID, VERDICT_VALID};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 颁发证照 / issue a licence on a granted case
    Issue {
        /// 办件 / case
        #[arg(value_name = "CASE")]
        case: String,
        /// 证照类型代码（21 位）或本机关的证照名称 / type of GB/T 36904, or the name of one of the authority's own
        #[arg(long = "type", value_name = "T")]
        kind: String,
        /// 有效期至 / last day of validity
        #[arg(long, value_name = "DATE")]
        until: String,
    },
    /// 注销证照 / cancel a licence
    Cancel {
        /// 证照标识 / identifier
        #[arg(value_name = "ID")]
        licence: String,
        /// 理由 / reason
        #[arg(long, value_name = "T")]
        reason: String,
    },
    /// 证照登记信息 / a licence in the register
    Show {
        /// 证照标识 / identifier
        #[arg(value_name = "ID")]
        licence: String,
        /// 将带签章的证照写入文件 / write the sealed file
        #[arg(long, value_name = "OUT")]
        file: Option<PathBuf>,
    },
    /// 验证证照 / verify a licence by identifier or by its sealed file; exit code 1 when it doesn't hold
    Verify {
        /// 证照标识或证照文件 / identifier, or the sealed file
        #[arg(value_name = "ID|FILE")]
        what: String,
    },
}

/// The largest sealed file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let output = context.output;
    match command {
        Command::Issue { case, kind, until } => {
            let until = parse("until", &until)?;
            let answer = context.client()?.post("/v1/licences", &IssueLicence { case, kind, until })?;
            output.object(&answer, &["licence"])
        }
        Command::Cancel { licence, reason } => {
            output.confirm(context.yes, CONFIRM_CANCEL, &[&licence])?;
            let answer = context.client()?.post("/v1/licences/cancel", &CancelLicence { licence, reason })?;
            output.object(&answer, &["licence"])
        }
        Command::Show { licence, file } => {
            if let Some(path) = &file {
                writable(context, path)?;
            }
            let answer = context.client()?.get("/v1/licences/show", &[("licence", Some(&licence))])?;
            if let Some(path) = &file {
                file::write(context, path, &sealed(&answer)?)?;
                output.say(&FILE_WRITTEN.with(output.lang, &[&path.display().to_string()]));
            }
            let fields = [
                "licence",
                "type_name",
                "status",
                "issued_on",
                "valid_from",
                "valid_until",
                "case",
                "renews",
                "renewed_by",
                "reason",
            ];
            output.object(&answer, &fields)
        }
        Command::Verify { what } => verify(context, what),
    }
}

fn verify(context: &Context, what: String) -> Result<Outcome, Failure> {
    let path = Path::new(&what);
    // No identifier of GB/T 36904 holds a slash, so that a mistyped path is not taken for one.
    let request = if path.is_file() || what.contains('/') {
        VerifyLicence { id: None, file: Some(STANDARD.encode(file::read(path, FILE_BYTES_MAX)?)) }
    } else {
        VerifyLicence { id: Some(what), file: None }
    };
    let answer = context.client()?.post("/v1/licences/verify", &request)?;
    let verdict: Verdict = answer.read()?;
    let output = context.output;
    if output.is_json() {
        output.line(&answer.line())?;
    } else {
        let why = output.lang.of(&verdict.en, &verdict.zh);
        let line = if verdict.valid {
            VERDICT_VALID.with(output.lang, &[&verdict.licence])
        } else {
            VERDICT_INVALID.with(output.lang, &[why, &verdict.reason])
        };
        output.line(&line)?;
        output.fields(
            &answer.value()?,
            &["licence", "type_name", "authority", "valid_until", "renewed_by", "as_of", "demo"],
        )?;
    }
    Ok(if verdict.valid { Outcome::Done } else { Outcome::Negative })
}

fn sealed(answer: &Answer) -> Result<Vec<u8>, Failure> {
    let unreadable = |reason: &str| Failure::of(&ANSWER_UNREADABLE, "", &[reason]);
    let value = answer.value()?;
    let text = value.get("file").and_then(Value::as_str).ok_or_else(|| unreadable("no field file"))?;
    STANDARD.decode(text).map_err(|error| unreadable(&error.to_string()))
}
