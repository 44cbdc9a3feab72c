//! What processes have used, as the kernel counts it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use system_tests::waiting::until;

/// Use of one or several processes since they started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage {
    user_micros: u64,
    system_micros: u64,
    written_bytes: u64,
    /// Microseconds on a processor by name of the thread, digits left out.
    threads: BTreeMap<String, u64>,
}

/// Where the time of one act went.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct PerAct {
    /// Microseconds in user space.
    pub(crate) user_us: f64,
    /// Microseconds in the kernel.
    pub(crate) system_us: f64,
    /// Bytes that went to the disk.
    pub(crate) written_bytes: f64,
    /// Microseconds by thread.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) threads_us: BTreeMap<String, f64>,
}

impl Usage {
    /// Of one process, with its threads.
    pub(crate) fn of(process: u32) -> Self {
        let mut usage = Self::default();
        usage.add(process, false);
        usage.name_threads(process);
        usage
    }

    /// Of a process and all that it started, the ended ones among them included.
    pub(crate) fn of_family(process: u32) -> Self {
        let mut usage = Self::default();
        for member in family(process) {
            usage.add(member, true);
        }
        usage
    }

    fn add(&mut self, process: u32, with_ended: bool) {
        let Some(fields) = stat_fields(process) else { return };
        // proc(5): fields 14 to 17 are utime, stime, cutime, cstime; the first two are cut off.
        let ticks = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        let ended = |field| if with_ended { ticks(field) } else { 0 };
        let tick_micros = 1_000_000 / rustix::param::clock_ticks_per_second();
        self.user_micros += (ticks(14) + ended(16)) * tick_micros;
        self.system_micros += (ticks(15) + ended(17)) * tick_micros;
        let io = fs::read_to_string(format!("/proc/{process}/io")).unwrap_or_default();
        self.written_bytes += named(&io, "write_bytes:").unwrap_or(0);
    }

    fn has_rested_since(&self, before: &Self) -> bool {
        let busy = (self.user_micros + self.system_micros).saturating_sub(before.user_micros + before.system_micros);
        u128::from(busy) <= LOOK.as_micros() / 50 && self.written_bytes == before.written_bytes
    }

    fn name_threads(&mut self, process: u32) {
        let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else { return };
        for task in tasks.flatten() {
            let Ok(name) = fs::read_to_string(task.path().join("comm")) else { continue };
            let nanos = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            let nanos: u64 = nanos.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0);
            let name = name.trim().trim_end_matches(|last: char| last.is_ascii_digit() || last == '-');
            *self.threads.entry(name.to_owned()).or_default() += nanos / 1000;
        }
    }

    /// What was used from `before` until now, for each of `acts`.
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a benchmark are far below 2^52")]
    pub(crate) fn per_act(&self, before: &Self, acts: usize) -> PerAct {
        let each = |now: u64, before: u64| (now.saturating_sub(before)) as f64 / acts.max(1) as f64;
        let threads_us = self
            .threads
            .iter()
            .map(|(name, micros)| (name.clone(), each(*micros, before.threads.get(name).copied().unwrap_or(0))))
            .filter(|(_, micros)| *micros >= 0.1)
            .collect();
        PerAct {
            user_us: each(self.user_micros, before.user_micros),
            system_us: each(self.system_micros, before.system_micros),
            written_bytes: each(self.written_bytes, before.written_bytes),
            threads_us,
        }
    }
}

/// How long one look lasts that shows whether processes rest.
const LOOK: Duration = Duration::from_millis(500);
/// How long they may take to come to rest: a node that starts on another day looks at each of its open cases first.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// Waits until a process and those that it started have used less than a fiftieth of a processor for half a second and written nothing: what was
/// written before is flushed and compacted, and what is done now and then goes on.
///
/// # Errors
///
/// When they don't come to rest within half an hour.
pub(crate) async fn at_rest(process: u32) -> anyhow::Result<()> {
    let mut before: Option<Usage> = None;
    until(LOOK, PATIENCE, "the processes rest", async || {
        let now = Usage::of_family(process);
        let rests = before.as_ref().is_some_and(|before| now.has_rested_since(before));
        before = Some(now);
        Ok(rests.then_some(()))
    })
    .await
}

/// Resident memory in KiB.
pub(crate) fn resident_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    named(&status, "VmRSS:").unwrap_or(0)
}

/// The most resident memory that a process has had, in KiB; zero when it is gone.
pub(crate) fn peak_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    named(&status, "VmHWM:").unwrap_or(0)
}

/// Processors, their model, memory, kernel, load, and the file system that is measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) processors: usize,
    pub(crate) model: String,
    pub(crate) memory_mib: u64,
    pub(crate) kernel: String,
    pub(crate) load_average: String,
    pub(crate) directory: PathBuf,
    pub(crate) file_system: String,
}

impl Machine {
    /// This one.
    pub(crate) fn here(directory: PathBuf) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpu = read("/proc/cpuinfo");
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
        let mounts = read("/proc/mounts");
        // The longest mount point that contains the directory.
        let file_system = mounts
            .lines()
            .filter_map(|line| {
                let mut parts = line.split(' ');
                let (device, point, kind) = (parts.next()?, parts.next()?, parts.next()?);
                directory.starts_with(point).then(|| (point.len(), format!("{kind} on {device}")))
            })
            .max()
            .map_or_else(String::new, |(_, kind)| kind);
        Self {
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            model: model.trim_start_matches(['\t', ' ', ':']).to_owned(),
            memory_mib: named(&read("/proc/meminfo"), "MemTotal:").unwrap_or(0) / 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load_average: read("/proc/loadavg").trim().to_owned(),
            directory,
            file_system,
        }
    }
}

fn named(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The fields of `/proc/PID/stat` from the third on: the second, a name, may hold anything.
fn stat_fields(process: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

fn family(process: u32) -> BTreeSet<u32> {
    let all: Vec<u32> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    let parent_of = |member: u32| stat_fields(member)?.get(1)?.parse::<u32>().ok();
    let parents: BTreeMap<u32, u32> = all.into_iter().filter_map(|member| Some((member, parent_of(member)?))).collect();
    let mut members = BTreeSet::from([process]);
    loop {
        let more: Vec<u32> = parents
            .iter()
            .filter(|(member, parent)| members.contains(*parent) && !members.contains(*member))
            .map(|(member, _)| *member)
            .collect();
        if more.is_empty() {
            return members;
        }
        members.extend(more);
    }
}
