//! `tongban completions`: the completion script of a shell.

use std::io::{self, Write as _};

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::failed;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 命令行外壳 / shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tongban", &mut script);
    io::stdout().lock().write_all(&script).map_err(|error| failed(&error))?;
    Ok(Outcome::Done)
}
