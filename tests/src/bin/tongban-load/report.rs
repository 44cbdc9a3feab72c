//! The figures of a run, as tables or as one JSON object.

use std::collections::BTreeMap;
use std::io::Write as _;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use serde_json::{Value, json};

use crate::accept::Round;
use crate::disk::Probe;
use crate::echo::Echo;
use crate::exchange::Flow;
use crate::latency::Latency;
use crate::sizes::Sizes;
use crate::usage::Machine;

/// Prints one JSON object on stdout.
pub(crate) fn print_json(value: &Value) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{value:#}")?)
}

/// How long starts took.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Starts {
    /// Cases in the state.
    pub(crate) cases: usize,
    /// After an orderly stop.
    pub(crate) clean_seconds: f64,
    /// After SIGKILL.
    pub(crate) killed_seconds: f64,
    /// Acts that were done since the last start, and at most so many had to be applied again.
    pub(crate) applied_again: usize,
    /// Memory of the started node.
    pub(crate) resident_kib: u64,
}

/// What a run measured.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) quick: bool,
    pub(crate) seconds: f64,
    pub(crate) binary_bytes: u64,
    pub(crate) stripped_bytes: Option<u64>,
    pub(crate) idle_kib: u64,
    pub(crate) fdatasync: Option<Probe>,
    /// Version, or why there is none.
    pub(crate) postgres: Result<String, String>,
    pub(crate) collect: Vec<Latency>,
    pub(crate) local: Vec<Round>,
    pub(crate) handed_over: Vec<Round>,
    pub(crate) beside: Vec<Round>,
    pub(crate) collect_elsewhere: Option<Latency>,
    pub(crate) offers: Option<Round>,
    pub(crate) hand_over: Option<Flow>,
    pub(crate) catch_up: Option<Flow>,
    pub(crate) pull: Option<Flow>,
    pub(crate) echo: Option<Echo>,
    pub(crate) starts: Option<Starts>,
    pub(crate) decider_sizes: Sizes,
    pub(crate) collector_sizes: Sizes,
}

/// Medians over the rounds of one number of clients.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Summary {
    per_second: f64,
    /// Half the distance between slowest and fastest round, in percent of the median.
    spread_percent: f64,
    p50_ms: f64,
    p99_ms: f64,
    syncs_per_act: f64,
    server_us: f64,
    load_us: f64,
    written_bytes: f64,
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

pub(crate) fn summaries(rounds: &[Round]) -> BTreeMap<usize, Summary> {
    let mut by_clients: BTreeMap<usize, Vec<&Round>> = BTreeMap::new();
    for round in rounds {
        by_clients.entry(round.clients).or_default().push(round);
    }
    let summary = |rounds: Vec<&Round>| {
        let of = |value: fn(&Round) -> f64| median(rounds.iter().map(|round| value(round)).collect());
        let per_second = of(|round| round.latency.per_second);
        let rates = || rounds.iter().map(|round| round.latency.per_second);
        let (slowest, fastest) = (rates().fold(f64::MAX, f64::min), rates().fold(0.0, f64::max));
        Summary {
            per_second,
            spread_percent: (fastest - slowest) / 2.0 / per_second * 100.0,
            p50_ms: of(|round| round.latency.p50_ms),
            p99_ms: of(|round| round.latency.p99_ms),
            syncs_per_act: of(|round| round.syncs_per_act),
            server_us: of(|round| round.server.user_us + round.server.system_us),
            load_us: of(|round| round.load.user_us + round.load.system_us),
            written_bytes: of(|round| round.server.written_bytes),
        }
    };
    by_clients.into_iter().map(|(clients, rounds)| (clients, summary(rounds))).collect()
}

/// How many times the rate of the other, by number of clients.
pub(crate) fn ratios(ours: &BTreeMap<usize, Summary>, theirs: &BTreeMap<usize, Summary>) -> BTreeMap<usize, f64> {
    ours.iter()
        .filter_map(|(clients, our)| Some((*clients, our.per_second / theirs.get(clients)?.per_second)))
        .collect()
}

impl Report {
    pub(crate) fn new(machine: Machine, quick: bool) -> Self {
        Self {
            machine,
            quick,
            seconds: 0.0,
            binary_bytes: 0,
            stripped_bytes: None,
            idle_kib: 0,
            fdatasync: None,
            postgres: Err("not measured".to_owned()),
            collect: Vec::new(),
            local: Vec::new(),
            handed_over: Vec::new(),
            beside: Vec::new(),
            collect_elsewhere: None,
            offers: None,
            hand_over: None,
            catch_up: None,
            pull: None,
            echo: None,
            starts: None,
            decider_sizes: Sizes::default(),
            collector_sizes: Sizes::default(),
        }
    }

    /// Prints it to stdout.
    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        let text = if json { serde_json::to_string(&self.json())? } else { self.tables() };
        writeln!(std::io::stdout(), "{text}")?;
        Ok(())
    }

    fn json(&self) -> Value {
        let (local, handed, beside) = (summaries(&self.local), summaries(&self.handed_over), summaries(&self.beside));
        let postgres = match &self.postgres {
            Ok(version) => json!({ "version": version, "accept": beside, "rounds": self.beside }),
            Err(reason) => json!({ "skipped": reason }),
        };
        json!({
            "machine": self.machine,
            "quick": self.quick,
            "seconds": self.seconds,
            "fdatasync": self.fdatasync,
            "accept_local": { "by_clients": local, "rounds": self.local },
            "accept_handed_over": { "by_clients": handed, "rounds": self.handed_over },
            "postgres": postgres,
            "ratio_to_postgres": { "accept_local": ratios(&local, &beside), "accept_handed_over": ratios(&handed, &beside) },
            "collect": self.collect,
            "collect_elsewhere": self.collect_elsewhere,
            "offer": self.offers,
            "hand_over": self.hand_over,
            "catch_up": self.catch_up,
            "quinn_echo": self.echo,
            "ratio_to_echo": self.ratio_to_echo(),
            "pull": self.pull,
            "idle_resident_kib": self.idle_kib,
            "start": self.starts,
            "binary_bytes": self.binary_bytes,
            "binary_stripped_bytes": self.stripped_bytes,
            "row_bytes": { "decider": self.decider_sizes, "collector": self.collector_sizes },
        })
    }

    /// Envelopes in one second, with all that they do at both ends, beside messages of a bare echo.
    fn ratio_to_echo(&self) -> BTreeMap<&'static str, f64> {
        let Some(echo) = &self.echo else { return BTreeMap::new() };
        [("hand_over", &self.hand_over), ("catch_up", &self.catch_up)]
            .into_iter()
            .filter_map(|(name, flow)| Some((name, flow.as_ref()?.per_second / echo.per_second)))
            .collect()
    }

    fn tables(&self) -> String {
        let mut out = Vec::new();
        let machine = &self.machine;
        out.push(format!(
            "{} processors, {}, {} MiB, kernel {}, {}, load average {} before",
            machine.processors,
            machine.model,
            machine.memory_mib,
            machine.kernel,
            machine.file_system,
            machine.load_average
        ));
        match &self.postgres {
            Ok(version) => out.push(format!("beside PostgreSQL {version}")),
            Err(reason) => out.push(format!("PostgreSQL: {reason}")),
        }
        out.push(self.accept_table().to_string());
        out.push(self.thread_table().to_string());
        out.push(self.other_table().to_string());
        out.join("\n\n")
    }

    fn accept_table(&self) -> Table {
        let mut table = table(&[
            "case accept",
            "clients",
            "acts/s",
            "±%",
            "p50 ms",
            "p99 ms",
            "syncs/act",
            "server µs",
            "load µs",
            "written B",
            "× PostgreSQL",
        ]);
        let beside = summaries(&self.beside);
        for (name, rounds) in
            [("local", &self.local), ("handed over, with a notice", &self.handed_over), ("PostgreSQL", &self.beside)]
        {
            let known = summaries(rounds);
            let ratios = ratios(&known, &beside);
            for (clients, row) in known {
                table.add_row([
                    name.to_owned(),
                    clients.to_string(),
                    format!("{:.0}", row.per_second),
                    format!("{:.0}", row.spread_percent),
                    format!("{:.2}", row.p50_ms),
                    format!("{:.2}", row.p99_ms),
                    format!("{:.3}", row.syncs_per_act),
                    format!("{:.0}", row.server_us),
                    format!("{:.0}", row.load_us),
                    format!("{:.0}", row.written_bytes),
                    ratios.get(&clients).map_or_else(String::new, |ratio| format!("{ratio:.2}")),
                ]);
            }
        }
        table
    }

    /// Where the time of the node goes: the last round of each kind.
    fn thread_table(&self) -> Table {
        let mut table = table(&["processor time of the node", "clients", "µs/act", "by thread"]);
        for (name, rounds) in [("local", &self.local), ("handed over", &self.handed_over)] {
            let last: BTreeMap<usize, &Round> = rounds.iter().map(|round| (round.clients, round)).collect();
            for (clients, round) in last {
                let threads = round.server.threads_us.iter().map(|(name, micros)| format!("{name} {micros:.1}"));
                table.add_row([
                    name.to_owned(),
                    clients.to_string(),
                    format!("{:.0} user, {:.0} system", round.server.user_us, round.server.system_us),
                    threads.collect::<Vec<_>>().join(", "),
                ]);
            }
        }
        table
    }

    fn other_table(&self) -> Table {
        let mut table = table(&["measured", "figure"]);
        let mut row = |name: &str, figure: String| {
            table.add_row([name.to_owned(), figure]);
        };
        if let Some(probe) = &self.fdatasync {
            row("bare fdatasync", format!("{} µs p50, {} µs p99", probe.p50_us, probe.p99_us));
        }
        let collected = median(self.collect.iter().map(|latency| latency.per_second).collect());
        row("case collect, 64 clients", format!("{collected:.0}/s"));
        if let Some(latency) = &self.collect_elsewhere {
            row("case collect for another node, 16 clients", format!("{:.0}/s", latency.per_second));
        }
        for (name, flow) in [
            ("cases handed over, offer to discharge", &self.hand_over),
            ("notices to a node that was off", &self.catch_up),
            ("records pulled", &self.pull),
        ] {
            if let Some(flow) = flow {
                let micros = |side: &crate::usage::PerAct| side.user_us + side.system_us;
                row(
                    name,
                    format!(
                        "{:.0}/s ({} in {:.2} s; sender {:.0} µs, receiver {:.0} µs each)",
                        flow.per_second,
                        flow.count,
                        flow.seconds,
                        micros(&flow.sender),
                        micros(&flow.receiver)
                    ),
                );
            }
        }
        if let Some(echo) = &self.echo {
            row(
                "bare quinn echo, one stream",
                format!(
                    "{:.0}/s ({} B there, {} B back, {} in flight)",
                    echo.per_second, echo.message_bytes, echo.answer_bytes, echo.window
                ),
            );
        }
        for (name, ratio) in self.ratio_to_echo() {
            row(&format!("{name} / echo"), format!("{ratio:.3}"));
        }
        row("idle memory", format!("{} KiB", self.idle_kib));
        if let Some(starts) = &self.starts {
            row(
                &format!("start with {} cases", starts.cases),
                format!("{:.3} s after a stop, {:.3} s after SIGKILL", starts.clean_seconds, starts.killed_seconds),
            );
            row("memory then", format!("{} KiB", starts.resident_kib));
        }
        let stripped = self.stripped_bytes.map_or_else(String::new, |bytes| format!(", {bytes} stripped"));
        row("binary", format!("{} bytes{stripped}", self.binary_bytes));
        for (name, sizes) in [("decider", &self.decider_sizes), ("collector", &self.collector_sizes)] {
            row(
                &format!("average bytes at the {name}"),
                format!(
                    "case {}, act {}, journal {}, idempotency {}, envelope {}, receipt {}",
                    sizes.case, sizes.act, sizes.journal, sizes.idempotency, sizes.envelope, sizes.receipt
                ),
            );
        }
        table
    }
}

fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY).set_header(head);
    if head.len() > 4 {
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
