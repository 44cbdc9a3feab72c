//! Search measured: how good its answers are beside `pg_trgm` of PostgreSQL in the same run, and how fast they come from the index of a
//! province.
//!
//! The province is 浙江 with its 1,489 divisions from the province to the townships; each offers the 1,135 real items of 广安区 under codes
//! and departments of its own. A second one, in which every county words its own names, is the worst that the index is made for.

mod postgres;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Parser as _;
use serde_json::{Value, json};
use system_tests::relevance::{Judged, items, means, ndcg, questions, short};
use tongban_codes::division::{DivisionCode, Level, table};
use tongban_codes::ids::Digest;
use tongban_search::{Entry, Query, Writer, extent, search};
use tongban_storage::{Backend as _, MemoryBackend, RocksBackend, RocksOptions, examine};

/// 浙江省.
const PROVINCE: u64 = 330_000_000_000;
/// 西湖区, where questions are asked.
const COUNTY: u64 = 330_106_000_000;

/// The options of a node's index while it is open.
const OPTIONS: RocksOptions =
    RocksOptions { write_buffer_bytes: 8 << 20, block_cache_bytes: 32 << 20, open_files: 64, background_jobs: 1 };

/// How often each question is asked.
const ROUNDS: usize = 5;

/// How many of the slowest questions are named.
const SLOWEST: usize = 10;

/// Measures search.
#[derive(Debug, clap::Parser)]
#[command(name = "tongban-search-load")]
struct Arguments {
    /// Directory in which a new one is made for all data
    #[arg(long, value_name = "DIR", default_value_os_t = std::env::temp_dir())]
    directory: PathBuf,
    /// A tenth of the divisions
    #[arg(long)]
    quick: bool,
    /// One JSON object on stdout instead of lines
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match measure(&arguments) {
        Ok(report) => {
            print(&report, arguments.json);
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("tongban-search-load: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the report goes to standard output")]
fn print(report: &Value, as_json: bool) {
    if as_json {
        println!("{report}");
        return;
    }
    for (name, part) in report.as_object().into_iter().flatten() {
        println!("{name}");
        for (key, value) in part.as_object().into_iter().flatten() {
            println!("  {key:<28} {value}");
        }
    }
}

fn say(text: &str) {
    use std::io::Write as _;
    // A closed standard error is no reason to stop.
    let _written = writeln!(std::io::stderr(), "{text}");
}

fn measure(arguments: &Arguments) -> Result<Value> {
    let directory = tempfile::tempdir_in(&arguments.directory)?;
    let questions = questions()?;
    let mut report = json!({ "quality": quality(&questions, directory.path())? });
    let all = divisions()?;
    let some: Vec<DivisionCode> = if arguments.quick {
        let county = DivisionCode::from_number(COUNTY).context("a division")?;
        all.into_iter().enumerate().filter(|(at, one)| at % 10 == 0 || *one == county).map(|(_, one)| one).collect()
    } else {
        all
    };
    for (name, is_worded) in [("same-names", false), ("own-names-in-every-county", true)] {
        say(&format!("indexing {name}"));
        report[name] = province(&questions, &some, is_worded, &directory.path().join(name))?;
    }
    let here = DivisionCode::from_number(COUNTY).context("a division")?;
    say("asking pg_trgm for the same");
    if let Some(took) = postgres::speed(&questions, &items(here)?, &some, directory.path())? {
        let at = |percent: usize| took[(took.len() - 1) * percent / 100];
        let ours = report["same-names"]["everywhere"]["p50_us"].as_f64().filter(|ours| *ours > 0.0);
        let over = ours.map(|ours| (at(50).as_secs_f64() * 1e8 / ours).round() / 100.0);
        report["pg_trgm, same-names everywhere"] = json!({
            "questions": took.len(),
            "p50_us": micros(at(50)),
            "max_us": micros(at(100)),
            "p50 over that of tongban": over,
        });
    }
    Ok(report)
}

/// nDCG@10 of both over the real items.
fn quality(questions: &[Judged], directory: &Path) -> Result<Value> {
    let here = DivisionCode::from_number(511_602_000_000).context("a division")?;
    let store = MemoryBackend::new();
    let mut writer = Writer::open(&store)?;
    let entries = items(here)?;
    for entry in &entries {
        writer.add(entry)?;
    }
    writer.commit(1)?;
    let mut ours = Vec::new();
    for judged in questions {
        let hits = search(&store, &Query::new(&judged.query, here))?;
        let codes: Vec<String> = hits.iter().map(|hit| short(&hit.code)).collect();
        ours.push((judged.kind.clone(), ndcg(judged, codes.iter().map(String::as_str))));
    }
    let mut quality = json!({ "tongban": means(&ours) });
    match postgres::quality(questions, &entries, directory) {
        Ok(Some((version, by_ranking))) => {
            let best = by_ranking.iter().max_by(|left, right| left.1["all"].total_cmp(&right.1["all"]));
            quality["postgresql"] = json!(version);
            quality["pg_trgm, best ranking"] = json!(best.map(|(ranking, _)| ranking));
            quality["pg_trgm"] = json!(best.map(|(_, means)| means));
            let all: BTreeMap<_, _> = by_ranking.iter().map(|(ranking, means)| (ranking, means["all"])).collect();
            quality["pg_trgm, all rankings"] = json!(all);
        }
        Ok(None) => say("PostgreSQL isn't installed; its part is left out"),
        Err(error) => return Err(error),
    }
    Ok(quality)
}

/// 浙江 and everything in it down to the townships.
fn divisions() -> Result<Vec<DivisionCode>> {
    let province = DivisionCode::from_number(PROVINCE).context("a division")?;
    let mut found = vec![province];
    let mut at = 0;
    while at < found.len() {
        let below = table().children(found[at]);
        found.extend(below.into_iter().filter(|one| one.level <= Level::Township).map(|one| one.code));
        at += 1;
    }
    Ok(found)
}

/// The items of a division, its names worded by its county if asked.
fn offered(division: DivisionCode, is_worded: bool) -> Result<Vec<Entry>> {
    let mut entries = items(division)?;
    let county = DivisionCode::from_number(division.number() / 1_000_000 * 1_000_000).context("a county")?;
    if is_worded && let Some(name) = table().find(county).map(|row| row.name) {
        for entry in &mut entries {
            entry.name = format!("{}（{name}）", entry.name);
            entry.core = Digest::of(entry.name.as_bytes());
        }
    }
    Ok(entries)
}

fn province(questions: &[Judged], divisions: &[DivisionCode], is_worded: bool, path: &Path) -> Result<Value> {
    let here = DivisionCode::from_number(COUNTY).context("a division")?;
    let resident_before = resident_kib();
    let backend = RocksBackend::open(path, OPTIONS)?;
    let began = Instant::now();
    let mut spent = Duration::ZERO;
    let mut writer = Writer::open(&backend)?;
    for division in divisions {
        // Making the rows isn't what is measured.
        let made = Instant::now();
        let entries = offered(*division, is_worded)?;
        spent += made.elapsed();
        for entry in &entries {
            writer.add(entry)?;
        }
    }
    writer.commit(1)?;
    backend.flush()?;
    let built = began.elapsed().saturating_sub(spent);
    let held = extent(&backend)?;
    drop(backend);
    let closed = resident_kib();
    let opening = Instant::now();
    let backend = RocksBackend::open(path, OPTIONS)?;
    let opened = opening.elapsed();
    let first = Instant::now();
    search(&backend, &Query::new("开饭店", here))?;
    let first = first.elapsed();
    let mut report = json!({
        "items": held.entries,
        "cards": held.cards,
        "index_bytes": examine::bytes_of(path)?,
        "build_seconds": built.as_secs_f64(),
        "items_per_second": (f64::from(u32::try_from(held.entries)?) / built.as_secs_f64()).round(),
        "resident_kib_before": resident_before,
        "resident_kib_closed": closed,
        "open_us": micros(opened),
        "first_question_us": micros(first),
    });
    for (name, within) in [("everywhere", None), ("in_a_county", Some(here))] {
        let (mut took, mut worked) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            for judged in questions {
                let (asked, before) = (Instant::now(), processor_time());
                search(&backend, &Query { within, ..Query::new(&judged.query, here) })?;
                took.push((asked.elapsed(), judged.query.as_str()));
                worked.push(processor_time().saturating_sub(before));
            }
        }
        took.sort_unstable();
        worked.sort_unstable();
        let place = |percent: usize| (took.len() - 1) * percent / 100;
        let at = |percent: usize| micros(took[place(percent)].0);
        let mut slowest: Vec<&str> = Vec::new();
        for (_, query) in took.iter().rev() {
            if !slowest.contains(query) && slowest.len() < SLOWEST {
                slowest.push(query);
            }
        }
        report[name] = json!({
            "questions": took.len(), "p50_us": at(50), "p99_us": at(99), "max_us": at(100),
            // What the machine did beside doesn't count here.
            "processor_p50_us": micros(worked[place(50)]), "processor_p99_us": micros(worked[place(99)]),
            "slowest": slowest,
        });
    }
    report["resident_kib_open"] = json!(resident_kib());
    drop(backend);
    report["resident_kib_closed_again"] = json!(resident_kib());
    Ok(report)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Time that this thread has had a processor.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(stat.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

/// Resident memory of this process.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
