//! `tongban anchor`: other trees that this one trusts.

use std::path::PathBuf;

use serde_json::Value;

use crate::api::v1::{ImportAnchor, WithdrawAnchor};
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse};
use crate::cli::file;
use crate::cli::text::CONFIRM_WITHDRAW_ANCHOR;

/// The longest file that is read.
const FILE_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 导出本根节点的信任锚文件，交对方根节点 / write this root's anchor into a file, for another root
    Export {
        /// 写入的文件 / where to
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// 导入另一省根节点的信任锚，须核对指纹 / trust another tree's root; its fingerprint has to be given
    Import {
        /// 对方导出的文件，- 为标准输入 / the file that it has exported; - reads what is piped in
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// 对方管理员经其他途径告知的指纹 / the fingerprint, as its administrator has said it by another way
        #[arg(long, value_name = "HEX")]
        fingerprint: Option<String>,
    },
    /// 不再信任另一省：切断链路，其签章不再有效 / trust another tree no more: its links are closed, its seals count no more
    Withdraw {
        /// 对方区划代码 / its division
        #[arg(value_name = "DIVISION")]
        division: String,
        /// 理由 / why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// 已信任和曾信任的根节点 / the roots that are or were trusted
    List,
}

const FIELDS: [&str; 8] = ["root", "division", "name", "fingerprint", "from", "withdrawn", "reason", "nodes"];
const OWN_FIELDS: [&str; 5] = ["root", "division", "name", "fingerprint", "nodes"];

pub(crate) fn run(context: &Context, command: &Command) -> Result<Outcome, Failure> {
    match command {
        Command::Export { to } => {
            file::writable(context, to)?;
            let answer = context.client()?.get("/v1/anchors/own", &[])?;
            let text = answer.value()?.get("anchor").and_then(Value::as_str).unwrap_or_default().to_owned();
            file::write(context, to, text.as_bytes())?;
            context.output.object(&answer, &OWN_FIELDS)
        }
        Command::Import { file, fingerprint } => {
            let bytes = file::read_or_piped(file, FILE_BYTES_MAX)?;
            let anchor = String::from_utf8_lossy(&bytes).into_owned();
            let request = ImportAnchor { anchor, fingerprint: fingerprint.clone() };
            let answer = context.client()?.post("/v1/anchors", &request)?;
            context.output.object(&answer, &FIELDS)
        }
        Command::Withdraw { division, reason } => {
            let division = parse("division", division)?;
            context.output.confirm(context.yes, CONFIRM_WITHDRAW_ANCHOR, &[&format!("{division}")])?;
            let answer =
                context.client()?.post("/v1/anchors/withdraw", &WithdrawAnchor { division, reason: reason.clone() })?;
            context.output.object(&answer, &FIELDS)
        }
        Command::List => {
            let answer = context.client()?.get("/v1/anchors", &[])?;
            context.output.list(&answer, "anchors", &FIELDS)
        }
    }
}
