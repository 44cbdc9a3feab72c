//! `tongban item from-tables`: national tables as items to import.

use std::path::PathBuf;

use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::front::{Mapping, back};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 国家数据表 CSV 所在目录 / directory of the tables as CSV
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// 映射文件 / mapping of tables and columns
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
}

/// Writes the items of national tables as `item import --codes national` reads them.
pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, Failure> {
    let mapping = match &args.mapping {
        Some(path) => Mapping::load(path)?,
        None => Mapping::default(),
    };
    context.output.json(&back::items(&args.directory, &mapping)?)?;
    Ok(Outcome::Done)
}
