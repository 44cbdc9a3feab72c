//! The reference counterpart of a connector: a payment platform, a courier or a system that handles cases, which holds the contract of `docs/connectors.md`, and breaks it
//! on demand.
//!
//! `serve` takes orders, each once however often it comes, and tells outcomes by itself where it is asked to. `tell` tells one outcome, right
//! or wrong in the way that its options say. Whoever builds a counterpart of his own finds here what a node expects of it, and what it must
//! withstand.

mod serve;
mod tell;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Parser as _;
use system_tests::webhook::Secret;

#[derive(Debug, clap::Parser)]
#[command(name = "tongban-counterpart", about = "The reference counterpart of a connector", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Takes orders
    Serve(serve::Args),
    /// Tells an outcome of an order
    Tell(tell::Args),
    /// Draws a secret
    Secret,
}

/// What both need of the connection.
#[derive(Clone, Debug, clap::Args)]
struct Common {
    /// What it is: payment, courier or handling
    #[arg(long, value_parser = ["payment", "courier", "handling"])]
    kind: String,
    /// The file of the secret that the node has, too
    #[arg(long)]
    secret_file: PathBuf,
    /// Where the node hears: http://HOST:PORT/v1/connectors/NAME
    #[arg(long)]
    callback: Option<String>,
}

/// The first secret of a file, which is the one in use.
fn secret(file: &Path) -> anyhow::Result<Secret> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    Secret::parse(text.lines().find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Serve(args) => serve::run(args).await,
        Command::Tell(args) => tell::run(args).await,
        Command::Secret => print(&Secret::draw()),
    }
}

/// Writes a line for whoever started it.
fn print(line: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
