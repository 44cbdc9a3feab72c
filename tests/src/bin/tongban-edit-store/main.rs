//! Renames an item in the store of a node that is stopped, past the node: what nobody should do, done for the transcript in which a drift
//! is found.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser as _;
use tongban_storage::keyspace::item::ITEM;
use tongban_storage::{Backend as _, RocksBackend, RocksOptions, WriteBatch};

/// Renames an item in the store of a stopped node, behind its back.
#[derive(Debug, clap::Parser)]
#[command(name = "tongban-edit-store")]
struct Arguments {
    /// Directory of the node
    #[arg(value_name = "D")]
    directory: PathBuf,
    /// Code of a published item
    #[arg(value_name = "CODE")]
    code: String,
    /// The name that it gets
    #[arg(value_name = "NAME")]
    name: String,
}

fn main() -> anyhow::Result<()> {
    let Arguments { directory, code, name } = Arguments::parse();
    let state = RocksBackend::open(&directory.join("data/state"), RocksOptions::default())?;
    let mut item = ITEM.load(&state, &code)?.with_context(|| format!("no item {code}"))?;
    item.core.name = name;
    let mut batch = WriteBatch::new();
    ITEM.put(&mut batch, &code, &item);
    state.write(batch)?;
    state.flush()?;
    Ok(())
}
