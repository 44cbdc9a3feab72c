//! The stage: numbered steps, each told, checked and written down.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// The pause between two looks at something that is awaited.
pub(super) const POLL: Duration = Duration::from_millis(50);

/// Why a step did not hold.
pub(super) enum Broken {
    /// Something else was found than expected.
    Differs {
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A node refused or could not be asked.
    Failed(Failure),
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// What a look found that is not yet what is awaited.
pub(super) struct Seen(pub(super) String);

impl From<Failure> for Seen {
    fn from(failure: Failure) -> Self {
        Self(format!("{}: {}", failure.problem.code, failure.problem.en))
    }
}

impl From<Value> for Seen {
    fn from(value: Value) -> Self {
        Self(value.to_string())
    }
}

/// A step did not hold, and that was said.
pub(super) struct NotHeld;

/// Where the steps are shown: text and tables for people, or one JSON object a step.
pub(super) struct Stage {
    output: Output,
    bar: ProgressBar,
    step: usize,
    steps: usize,
    logs: PathBuf,
}

impl Stage {
    pub(super) fn new(output: Output, steps: usize, logs: PathBuf) -> Self {
        let bar = ProgressBar::new(steps as u64);
        if output.is_json() || !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {pos}/{len} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { output, bar, step: 0, steps, logs }
    }

    /// The one of two texts that is in the chosen language.
    pub(super) fn of<'t>(&self, en: &'t str, zh: &'t str) -> &'t str {
        self.output.lang.of(en, zh)
    }

    pub(super) fn output(&self) -> Output {
        self.output
    }

    /// Tells something within a step; a program reads the step's object instead.
    pub(super) fn tell(&self, en: &str, zh: &str) {
        if !self.output.is_json() {
            // Whoever reads only the beginning (`| head`) still gets the exit code.
            self.bar.suspend(|| drop(self.output.line(&format!("  {}", self.of(en, zh)))));
        }
    }

    /// Shows rows within a step.
    pub(super) fn rows(&self, rows: &[Value], columns: &[&str]) {
        if !self.output.is_json() {
            self.bar.suspend(|| drop(self.output.rows(rows, columns)));
        }
    }

    /// Plays one step: `play` does and checks, and answers with what the next steps need and the detail for a program.
    pub(super) fn step<T>(
        &mut self,
        en: &str,
        zh: &str,
        play: impl FnOnce(&Self) -> Result<(T, Value), Broken>,
    ) -> Result<T, NotHeld> {
        self.step += 1;
        let title = self.of(en, zh).to_owned();
        self.bar.set_message(title.clone());
        let head = format!("{} {}/{} {title}", self.of("[demo 演示]", "【演示】"), self.step, self.steps);
        if !self.output.is_json() {
            self.bar.suspend(|| drop(self.output.line(&format!("\n{head}"))));
        }
        let started = Instant::now();
        let played = play(self);
        let seconds = (started.elapsed().as_secs_f64() * 100.0).round() / 100.0;
        self.bar.inc(1);
        match played {
            Ok((value, detail)) => {
                self.write(&title, true, &detail);
                self.tell(&format!("✓ held, {seconds} s"), &format!("✓ 成立，{seconds} 秒"));
                Ok(value)
            }
            Err(broken) => {
                self.broken(&title, broken);
                Err(NotHeld)
            }
        }
    }

    fn broken(&self, title: &str, broken: Broken) {
        let logs = self.logs.display().to_string();
        let (expected, found) = match broken {
            Broken::Differs { expected, found } => (expected, found),
            Broken::Failed(failure) => {
                let expected = self.of("the node does it", "节点照办").to_owned();
                (expected, failure.text(self.output.lang))
            }
        };
        self.write(title, false, &json!({ "expected": expected, "found": found, "logs": logs }));
        self.tell("✗ did not hold", "✗ 不成立");
        self.tell(&format!("  expected: {expected}"), &format!("  预期：{expected}"));
        self.tell(&format!("  found: {found}"), &format!("  实际：{found}"));
        self.tell(&format!("  logs: {logs}/*.log"), &format!("  日志：{logs}/*.log"));
    }

    /// Writes a step down for a program.
    fn write(&self, title: &str, held: bool, detail: &Value) {
        if self.output.is_json() {
            let step = json!({ "step": self.step, "title": title, "held": held, "demo": true, "detail": detail });
            drop(self.output.json(&step));
        }
    }

    /// Says where the nodes are that are left running, and what can be tried.
    pub(super) fn serving(&mut self, rows: &[Value]) {
        self.bar.finish_and_clear();
        self.step += 1;
        let title = self.of("The nodes run until Ctrl-C", "节点保持运行，按 Ctrl-C 结束").to_owned();
        self.write(&title, true, &json!({ "nodes": rows }));
        if !self.output.is_json() {
            drop(self.output.line(&format!("\n{} {title}", self.of("[demo 演示]", "【演示】"))));
        }
        self.rows(rows, &["division", "name", "listen", "dir", "socket"]);
        if let Some(dir) = rows.iter().find(|row| row["name"] == "广安区").map(|row| text(row, "dir")) {
            self.tell("Next:", "下一步：");
            for command in ["status", "case list", "aggregate report", "sync status"] {
                self.tell(&format!("tongban --dir {dir} {command}"), &format!("tongban --dir {dir} {command}"));
            }
        }
    }

    /// Says what comes after the last step.
    pub(super) fn finish(&self, en: &str, zh: &str) {
        self.bar.finish_and_clear();
        if !self.output.is_json() {
            drop(self.output.line(&format!("\n{} {}", self.of("[demo 演示]", "【演示】"), self.of(en, zh))));
        }
    }
}

/// Looks again and again until what is awaited is there, or the time is over.
pub(super) fn wait<T>(seconds: u64, expected: &str, mut look: impl FnMut() -> Result<T, Seen>) -> Result<T, Broken> {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        match look() {
            Ok(found) => return Ok(found),
            Err(Seen(found)) if Instant::now() >= deadline => {
                let expected = format!("{expected} (≤ {seconds} s)");
                return Err(Broken::Differs { expected, found });
            }
            Err(_) => std::thread::sleep(POLL),
        }
    }
}

/// Checks that something holds.
pub(super) fn holds(holds: bool, expected: &str, found: impl std::fmt::Display) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken::Differs { expected: expected.to_owned(), found: found.to_string() }) }
}

/// So much of an answer is shown when it isn't as expected.
const ANSWER_CHARS_MAX: usize = 600;

/// Checks fields of an answer.
pub(super) fn fields(answer: &Value, expected: &[(&str, Value)]) -> Result<(), Broken> {
    for (field, value) in expected {
        let found = &answer[*field];
        let whole: String = answer.to_string().chars().take(ANSWER_CHARS_MAX).collect();
        holds(found == value, &format!("{field} = {value}"), format!("{field} = {found} in {whole}"))?;
    }
    Ok(())
}

/// As [`fields`] of what is awaited.
pub(super) fn seen(answer: &Value, expected: &[(&str, Value)]) -> Result<(), Seen> {
    match expected.iter().find(|(field, value)| answer[*field] != *value) {
        Some((field, _)) => Err(Seen(format!("{field} = {}", answer[*field]))),
        None => Ok(()),
    }
}

/// Checks that something was refused with a code; answers with what was said.
pub(super) fn refused(outcome: Result<Value, Failure>, code: &str) -> Result<Failure, Broken> {
    match outcome {
        Ok(answer) => Err(Broken::Differs { expected: code.to_owned(), found: answer.to_string() }),
        Err(failure) if failure.problem.code == code => Ok(failure),
        Err(failure) => {
            let found = format!("{}: {}", failure.problem.code, failure.problem.en);
            Err(Broken::Differs { expected: code.to_owned(), found })
        }
    }
}

/// A text of an answer, empty where it has none.
pub(super) fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap_or_default().to_owned()
}

/// A list of an answer, empty where it has none.
pub(super) fn list<'v>(answer: &'v Value, field: &str) -> &'v [Value] {
    answer[field].as_array().map_or(&[], Vec::as_slice)
}
