//! `tongban front`: the front databases to which something was reported, and their end.

use crate::api::v1::NameFront;
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 前置库及最近一次上报 / the front databases, and what was reported to them last
    List,
    /// 停用前置库：不再上报，已上报的留存 / close a front database: nothing more is reported to it, and what was is remembered
    Close {
        /// 映射文件中的名称 / its name in the mapping
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// 重新启用已停用的前置库 / open a closed front database again
    Open {
        /// 映射文件中的名称 / its name in the mapping
        #[arg(value_name = "NAME")]
        name: String,
    },
}

const COLUMNS: [&str; 7] =
    ["front", "item_batch", "items_reported", "case_batch", "cases_reported", "untaken", "closed_since"];

pub(crate) fn run(context: &Context, command: Command) -> Result<Outcome, Failure> {
    let (path, name) = match command {
        Command::List => {
            let answer = context.client()?.get("/v1/front", &[])?;
            return context.output.list(&answer, "fronts", &COLUMNS);
        }
        Command::Close { name } => ("/v1/front/close", name),
        Command::Open { name } => ("/v1/front/open", name),
    };
    let answer = context.client()?.post(path, &NameFront { channel: name })?;
    context.output.object(&answer, &["front", "closed"])
}
