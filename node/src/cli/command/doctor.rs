//! `tongban doctor`: what is wrong, and what to do about it; the node needn't run.

use std::path::Path;

use serde::Serialize;

use super::code::now;
use crate::api::v1::Problem;
use crate::cli::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::text::doctor::CHECKS;
use crate::cli::text::{DOCTOR_FAIL, DOCTOR_OK, DOCTOR_WARN, Fault, Lang, REMEDY};
use crate::config::{DirectoryError, NodeDirectory};

mod checks;
mod databases;
mod running;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Level {
    Ok,
    Warn,
    Fail,
}

/// What one check found.
#[derive(Clone, Debug, Serialize)]
struct Finding {
    check: &'static str,
    level: Level,
    #[serde(flatten)]
    problem: Problem,
}

impl Finding {
    fn ok(check: &'static str, fault: &Fault, places: &[&str]) -> Self {
        let mut problem = *Failure::of(fault, "", places).problem;
        (problem.remedy_en, problem.remedy_zh) = Default::default();
        Self { check, level: Level::Ok, problem }
    }

    fn warn(check: &'static str, fault: &Fault, places: &[&str]) -> Self {
        Self { check, level: Level::Warn, problem: *Failure::of(fault, "", places).problem }
    }

    fn fail(check: &'static str, fault: &Fault, places: &[&str]) -> Self {
        Self { check, level: Level::Fail, problem: *Failure::of(fault, "", places).problem }
    }

    fn failed(check: &'static str, problem: Problem) -> Self {
        Self { check, level: Level::Fail, problem }
    }

    fn lines(&self, lang: Lang) -> String {
        let mark = match self.level {
            Level::Ok => "✓",
            Level::Warn => "!",
            Level::Fail => "✗",
        };
        let name = CHECKS.iter().find(|(check, _)| *check == self.check).map_or(self.check, |(_, text)| text.of(lang));
        let problem = &self.problem;
        let colon = lang.of(": ", "：");
        let mut lines = format!("{mark} {name}{colon}{}", lang.of(&problem.en, &problem.zh));
        if self.level != Level::Ok {
            lines.push_str(&format!(" [{}]", problem.code));
            let remedy = lang.of(&problem.remedy_en, &problem.remedy_zh);
            if !remedy.is_empty() {
                lines.push_str(&format!("\n  └ {}{colon}{remedy}", REMEDY.of(lang)));
            }
        }
        lines
    }
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    faults: usize,
    warnings: usize,
    checks: Vec<Finding>,
}

pub(crate) fn run(context: &Context) -> Result<Outcome, Failure> {
    let directory = context.directory()?;
    let checks = examine(context, directory);
    let count = |level: Level| checks.iter().filter(|finding| finding.level == level).count();
    let (faults, warnings) = (count(Level::Fail), count(Level::Warn));
    let output = context.output;
    if output.is_json() {
        output.json(&Report { ok: faults == 0, faults, warnings, checks })?;
    } else {
        for finding in &checks {
            output.line(&finding.lines(output.lang))?;
        }
        let (faults_text, warnings_text) = (faults.to_string(), warnings.to_string());
        let summary = match (faults, warnings) {
            (0, 0) => DOCTOR_OK.of(output.lang).to_owned(),
            (0, _) => DOCTOR_WARN.with(output.lang, &[&warnings_text]),
            _ => DOCTOR_FAIL.with(output.lang, &[&faults_text, &warnings_text]),
        };
        output.line(&summary)?;
    }
    Ok(if faults == 0 { Outcome::Done } else { Outcome::Negative })
}

fn examine(context: &Context, directory: &Path) -> Vec<Finding> {
    let now = now();
    let mut found = Vec::new();
    match NodeDirectory::inspect(directory) {
        Ok((config, identity)) => {
            found.push(checks::directory(directory, &identity));
            found.push(checks::config(directory, &config));
            found.push(checks::keys(directory));
            found.push(checks::permissions(directory));
            found.extend(checks::connectors(directory, &config));
            found.push(checks::disk(directory, config.limits.low_water_mib));
            found.push(checks::clock(now));
            found.push(checks::calendar(now.date()));
            found.extend(checks::socket(&config.socket_in(directory)));
            found.extend(running::examine(context, directory, &config, &identity, now));
        }
        Err(DirectoryError::Config(error)) => {
            found.push(Finding::failed("config", error.problem()));
            found.push(checks::keys(directory));
            found.push(checks::permissions(directory));
            found.push(checks::clock(now));
            found.push(checks::calendar(now.date()));
        }
        Err(error) => {
            found.push(Finding::failed("directory", error.problem()));
            found.push(checks::clock(now));
            found.push(checks::calendar(now.date()));
        }
    }
    found
}
