//! The measurement of `scripts/bench --materials`: the hand-over of a file between two halls beside a bare quinn stream of as many bytes, and the
//! memory that a larger file takes at each node.
//!
//! The nodes are real processes of the binary that `TONGBAN_BIN` names, or of the `tongban` beside this one. Between them are relays that pass
//! every datagram on, and the bare stream goes through one of the same kind; another goes straight.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser as _;
use serde_json::{Value, json};
use system_tests::{APPLICANT, CITY, HOME, NEIGHBOUR, Relays, TwoHalls, bare_ends, seen, socket, within};

/// Measures the hand-over of a file beside a bare quinn stream, and the memory that a larger one takes.
#[derive(Debug, clap::Parser)]
#[command(name = "tongban-materials")]
struct Arguments {
    /// MiB of the file that is handed over beside the bare stream
    #[arg(long, default_value_t = 100)]
    mib: usize,
    /// MiB of the file by which memory is measured
    #[arg(long, default_value_t = 1024)]
    memory_mib: usize,
    /// How often each is measured; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Files of a tenth, three rounds
    #[arg(long)]
    quick: bool,
}

/// Seconds that one hand-over may take.
const PATIENCE_SECONDS: u64 = 600;

/// Bytes written and read at once.
const PIECE_BYTES: usize = 64 << 10;

fn main() -> anyhow::Result<()> {
    let mut arguments = Arguments::parse();
    if arguments.quick {
        arguments =
            Arguments { mib: arguments.mib / 10, memory_mib: arguments.memory_mib / 10, rounds: 3, ..arguments };
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let halls = TwoHalls::new();
    let bytes = arguments.mib << 20;
    let (mut handed, mut straight, mut relayed) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..arguments.rounds {
        handed.push(handed_over(&halls, round, bytes)?);
        straight.push(runtime.block_on(bare(bytes, None))?);
        let relays = Relays::default();
        relayed.push(runtime.block_on(bare(bytes, Some(&relays)))?);
    }
    let (handed, straight, relayed) = (median(handed), median(straight), median(relayed));
    let per_second = |seconds: f64| (arguments.mib as f64 / seconds * 10.0).round() / 10.0;
    let ratio = |seconds: f64| (seconds / handed * 1000.0).round() / 1000.0;
    let report = json!({
        "mib": arguments.mib,
        "rounds": arguments.rounds,
        "hand_over_mib_per_second": per_second(handed),
        "bare_quinn_mib_per_second": per_second(straight),
        "bare_quinn_same_relay_mib_per_second": per_second(relayed),
        "ratio_to_bare_quinn": ratio(straight),
        "ratio_to_bare_quinn_same_relay": ratio(relayed),
        "memory": memory(&halls, arguments.memory_mib)?,
    });
    writeln!(io::stdout(), "{report}")?;
    Ok(())
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A file of bytes that nothing packs.
fn file(folder: &Path, bytes: usize) -> anyhow::Result<PathBuf> {
    let path = folder.join("given");
    let mut out = BufWriter::new(File::create(&path)?);
    let mut piece = vec![0; PIECE_BYTES];
    let mut left = bytes;
    while left > 0 {
        rand::fill(&mut piece[..]);
        let length = left.min(PIECE_BYTES);
        out.write_all(&piece[..length])?;
        left -= length;
    }
    out.flush()?;
    Ok(path)
}

/// Collects a case with a file and holds it.
fn held(halls: &TwoHalls, bytes: usize) -> anyhow::Result<(String, PathBuf)> {
    let path = file(halls.cluster.root(), bytes)?;
    let material = format!("申请书={}", path.display());
    let collected = halls.neighbour().ok(&[
        "case",
        "collect",
        "--item",
        halls.item(),
        "--for",
        halls.division(),
        "--name",
        APPLICANT.0,
        "--id",
        APPLICANT.1,
        "--hold",
        "--material",
        &material,
    ]);
    Ok((collected["case"].as_str().context("a case")?.to_owned(), path))
}

/// Waits until the file of a case is at the hall that decides.
fn here(halls: &TwoHalls, case: &str) {
    within(PATIENCE_SECONDS, "the file is here", || {
        let answer = socket::get(&halls.home().socket(), &format!("/v1/cases/show?case={case}"));
        let answer = answer.map_err(|silence| format!("{silence:?}"))?;
        seen(answer.body["materials"][0]["file"] == "here", answer.body).map(drop)
    });
}

/// Seconds from the offer of a case until its file is durable at the other hall.
fn handed_over(halls: &TwoHalls, round: usize, bytes: usize) -> anyhow::Result<f64> {
    let (case, path) = held(halls, bytes)?;
    let body = json!({ "case": case, "act": { "kind": "offer" } });
    let began = Instant::now();
    let answer = halls.neighbour().post("/v1/cases/act", &format!("materials-{round}"), &body);
    let answer = answer.ok().context("the node answers")?;
    anyhow::ensure!(answer.is_done(), "{answer:?}");
    here(halls, &case);
    let seconds = began.elapsed().as_secs_f64();
    fs::remove_file(path)?;
    Ok(seconds)
}

/// KiB by which each node's memory grows at most while a large file is given, handed over and read again.
fn memory(halls: &TwoHalls, mib: usize) -> anyhow::Result<Value> {
    let nodes = [(NEIGHBOUR, halls.neighbour()), (CITY, halls.city()), (HOME, halls.home())];
    let before = nodes.map(|(_, node)| node.begin_peak());
    let (case, path) = held(halls, mib << 20)?;
    let _offered = halls.neighbour().ok(&["case", "offer", &case]);
    here(halls, &case);
    let out = halls.cluster.root().join("out");
    fs::remove_file(path)?;
    let _read = halls.home().ok(&["case", "material", &case, "申请书", "--file", &out.display().to_string()]);
    fs::remove_file(out)?;
    let grown = nodes
        .iter()
        .zip(before)
        .map(|((name, node), before)| ((*name).to_owned(), Value::from(node.peak_kib().saturating_sub(before))));
    Ok(json!({ "mib": mib, "grown_kib": grown.collect::<serde_json::Map<_, _>>() }))
}

/// Seconds that a bare quinn stream takes for so many bytes into a file that is synced, straight or through a relay.
async fn bare(bytes: usize, relays: Option<&Relays>) -> anyhow::Result<f64> {
    let (listening, dialling) = bare_ends()?;
    let mut address = listening.local_addr()?;
    if let Some(relays) = relays {
        address = relays.front(address)?;
    }
    let taking = tokio::spawn(async move {
        let connection = listening.accept().await.context("nobody dialled")?.await?;
        let (mut sending, mut receiving) = connection.accept_bi().await?;
        let mut taken = tempfile::tempfile()?;
        while let Some(chunk) = receiving.read_chunk(PIECE_BYTES, true).await? {
            taken.write_all(&chunk.bytes)?;
        }
        taken.sync_all()?;
        sending.write_all(b"done").await?;
        sending.finish()?;
        let _closed = connection.closed().await;
        anyhow::Ok(())
    });
    let connection = dialling.connect(address, "localhost")?.await?;
    let (mut sending, mut receiving) = connection.open_bi().await?;
    let mut source = File::open("/dev/zero")?;
    let mut piece = vec![0; PIECE_BYTES];
    let began = Instant::now();
    for _ in 0..bytes / PIECE_BYTES {
        source.read_exact(&mut piece)?;
        sending.write_all(&piece).await?;
    }
    sending.finish()?;
    let done = receiving.read_to_end(4).await?;
    anyhow::ensure!(done == b"done", "the bytes did not arrive");
    let seconds = began.elapsed().as_secs_f64();
    connection.close(0_u32.into(), b"");
    taking.await??;
    Ok(seconds)
}
