//! `tongban run`: runs the node until it is told to stop.

use tongban_codes::time::Timestamp;

use super::code::now;
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome, parse_optional};
use crate::cli::text::{CLOCK_NOT_DEMO, RUN_FAILED, SYSTEM};
use crate::config::NodeDirectory;
use crate::runtime::{self, RunError, RunOptions};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 以该时刻为当前时间启动，仅限演示节点 / starts with this as the present time; demo nodes only
    #[arg(long, value_name = "RFC3339")]
    clock: Option<String>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Outcome, Failure> {
    let clock: Option<Timestamp> = parse_optional("clock", args.clock.as_deref())?;
    let directory = NodeDirectory::open(context.directory()?)?;
    if let Some(text) = args.clock.as_deref().filter(|_| !directory.identity.demo) {
        return Err(Failure::of(&CLOCK_NOT_DEMO, text, &[]));
    }
    crate::telemetry::start(&directory.config.telemetry);
    // Huge pages make a node that does little hold a third more memory, and many nodes may share a host.
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "huge pages stay on");
    }
    let options = RunOptions { clock_offset_millis: clock.map_or(0, |clock| clock.millis_since(now())) };
    let shown = directory.path.display().to_string();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::of(&SYSTEM, "", &[&error.to_string()]))?
        .block_on(Box::pin(runtime::run(directory, options)))
        .map_err(|error| stopped(error, &shown))?;
    Ok(Outcome::Done)
}

fn stopped(error: RunError, directory: &str) -> Failure {
    let code = error.code();
    match error {
        RunError::Directory(error) => error.into(),
        other => {
            let mut failure = Failure::of(&RUN_FAILED, "", &[&other.to_string(), directory]);
            code.clone_into(&mut failure.problem.code);
            failure
        }
    }
}
