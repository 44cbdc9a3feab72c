//! Import of a province's items from one CSV file, beside `COPY` of the same file into a table of PostgreSQL with the same unique and check
//! constraints.
//!
//! The rows are the 1,135 real ones of 广安区 under other codes and names, again and again; what is wrong with the real ones is wrong with
//! these. tongban also maps departments, judges codes against each other, keeps every finding, and syncs; PostgreSQL keeps the text.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use system_tests::postgres::{Cluster, Options, programs};
use system_tests::waiting::until;
use system_tests::write_catalogue;
use tokio::process::Command;

use crate::node::Node;
use crate::usage::{Machine, peak_kib};
use crate::{Arguments, say};

/// The implementation items of the largest province, about.
const ROWS: usize = 1_700_000;
const ROWS_QUICK: usize = 50_000;

/// How often the memory of a process is read; it counts its highest itself.
const LOOK: Duration = Duration::from_millis(20);
/// How long an import may take.
const PATIENCE: Duration = Duration::from_secs(3600);

/// What a row must be, as the import has it; the check digit of a credit code is no reason for either to refuse a row.
const SCHEMA: &str = "
CREATE TABLE item (
    department text NOT NULL CHECK (length(department) BETWEEN 1 AND 100),
    main_item text NOT NULL CHECK (length(main_item) <= 500),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 500),
    local_item_code text PRIMARY KEY CHECK (local_item_code ~ '^[!-~]{1,128}$'),
    division text NOT NULL CHECK (division = '511602000000'),
    item_type text NOT NULL CHECK (item_type IN ('01','02','03','04','05','06','07','08','09','10','20','99')),
    department_code text NOT NULL CHECK (length(department_code) BETWEEN 1 AND 64))";

/// Measures both.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Value> {
    let rows = if arguments.quick { ROWS_QUICK } else { ROWS };
    let directory = tempfile::Builder::new().prefix("tongban-bench-").tempdir_in(&arguments.directory)?;
    // PostgreSQL's user must get through.
    std::fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let file = directory.path().join("items.csv");
    write_catalogue(File::create(&file)?, rows)?;
    let bytes = std::fs::metadata(&file)?.len();
    say(&format!("{rows} rows, {} MiB", bytes >> 20));

    let mut node = Node::create(&arguments.tongban, directory.path().join("county"), "511602", "127.0.0.1:0")?;
    node.start().await?;
    let mut ours = imported(&arguments.tongban, &node, &file, rows).await?;
    node.stop().await?;
    ours["disk_mib"] = json!(size(node.directory())? >> 20);
    let beside = match programs() {
        None => Value::Null,
        Some(programs) => copied(&programs, directory.path(), &file, rows).await?,
    };
    let ratio = ours["rows_per_second"].as_f64().zip(beside["rows_per_second"].as_f64());
    Ok(json!({
        "machine": Machine::here(directory.path().to_owned()),
        "rows": rows,
        "file_mib": bytes >> 20,
        "tongban": ours,
        "postgresql_copy": beside,
        "ratio": ratio.map(|(ours, theirs)| ours / theirs),
    }))
}

#[expect(clippy::cast_precision_loss, reason = "rows of a benchmark are far below 2^52")]
fn per_second(rows: usize, took: Duration) -> f64 {
    (rows as f64 / took.as_secs_f64()).round()
}

/// `tongban item import`, as its user runs it.
async fn imported(binary: &Path, node: &Node, file: &Path, rows: usize) -> anyhow::Result<Value> {
    let answer = file.with_extension("json");
    let began = Instant::now();
    let mut command = Command::new(binary)
        .arg("--dir")
        .arg(node.directory())
        .args(["--output", "json", "--lang", "en", "item", "import"])
        .arg(file)
        .stdin(Stdio::null())
        .stdout(File::create(&answer)?)
        .kill_on_drop(true)
        .spawn()?;
    let process = command.id().context("the import has ended")?;
    let mut peak = 0;
    let status = until(LOOK, PATIENCE, "the import ends", async || {
        peak = peak_kib(process).max(peak);
        Ok(command.try_wait()?)
    })
    .await?;
    let took = began.elapsed();
    ensure!(status.success(), "the import ended with {status}; see {}", answer.display());
    let report: Value = serde_json::from_reader(std::io::BufReader::new(File::open(&answer)?))?;
    ensure!(report["imported"] == rows, "{} of {rows} rows came in", report["imported"]);
    Ok(json!({
        "seconds": took.as_secs_f64(),
        "rows_per_second": per_second(rows, took),
        "flagged": report["flagged"],
        "findings": report["rows"].as_array().map(Vec::len),
        "command_peak_mib": peak >> 10,
        "node_peak_mib": peak_kib(node.process()?) >> 10,
    }))
}

/// The server reads the file itself, which spares it a client.
async fn copied(programs: &Path, directory: &Path, file: &Path, rows: usize) -> anyhow::Result<Value> {
    let cluster = Cluster::start(programs, &directory.join("postgres"), &Options::default()).await?;
    let client = cluster.connect().await?;
    client.batch_execute(SCHEMA).await?;
    let version: String = client.query_one("SHOW server_version", &[]).await?.get(0);
    let file = file.to_str().context("the directory's name is not UTF-8")?;
    let began = Instant::now();
    let copied = client.execute(&format!("COPY item FROM '{file}' WITH (FORMAT csv, HEADER)"), &[]).await?;
    let took = began.elapsed();
    ensure!(copied == u64::try_from(rows)?, "{copied} of {rows} rows came in");
    Ok(json!({ "version": version, "seconds": took.as_secs_f64(), "rows_per_second": per_second(rows, took) }))
}

fn size(directory: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    let mut waiting: Vec<PathBuf> = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            let kind = entry.metadata()?;
            if kind.is_dir() {
                waiting.push(entry.path());
            } else if kind.is_file() {
                bytes += kind.len();
            }
        }
    }
    Ok(bytes)
}
