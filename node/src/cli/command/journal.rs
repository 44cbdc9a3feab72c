//! `tongban journal`: the sealed spine of the node.

use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// 最近的检查点 / the latest checkpoints of this node's journals
    Checkpoint,
}

pub(crate) fn run(context: &Context, command: &Command) -> Result<Outcome, Failure> {
    let Command::Checkpoint = command;
    let answer = context.client()?.get("/v1/journal/checkpoint", &[])?;
    context.output.list(&answer, "checkpoints", &["division", "journal", "epoch", "size", "root", "at"])
}
