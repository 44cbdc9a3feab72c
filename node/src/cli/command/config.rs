//! `tongban config`: checks a configuration before a node starts with it.

use std::path::PathBuf;

use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::text::{CONFIG_NOT_DIALLED, CONFIG_VALID};
use crate::config::Config;
use crate::paper::{PAPER_NAME, Stationery};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 检查配置文件 / check a configuration file
    Check {
        /// 配置文件 / the file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

pub(crate) fn run(context: &Context, command: &Command) -> Result<Outcome, Failure> {
    let Command::Check { file } = command;
    let config = Config::load(file)?;
    let (output, path) = (context.output, file.display().to_string());
    // The hall's templates and fonts lie beside the file.
    if let Some(directory) = file.parent() {
        Stationery::read(&directory.join(PAPER_NAME)).map_err(|error| Failure::from(error.problem()))?;
    }
    let dialled_at = config.dialled_at();
    if output.is_json() {
        output.json(&serde_json::json!({ "file": path, "valid": true, "dialled_at": dialled_at }))?;
    } else {
        output.line(&CONFIG_VALID.with(output.lang, &[&path]))?;
        if dialled_at.is_empty() {
            output.say(&CONFIG_NOT_DIALLED.with(output.lang, &[&path]));
        }
    }
    Ok(Outcome::Done)
}
