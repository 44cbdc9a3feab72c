//! The rows of a file of earlier cases on their way: judged whole, then brought in parts.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};
use tongban_codes::ids::Digest;
use tongban_domain::catalogue::{Finding, ImportRow};
use tongban_domain::earlier::EARLIER_ROWS_MAX;

use super::Args;
use crate::api::v1::{BeginEarlier, BringEarlier, CheckEarlier};
use crate::cli::Context;
use crate::cli::client::{Answer, Client};
use crate::cli::failure::Failure;
use crate::cli::sheet::earlier::EarlierFile;
use crate::cli::text::SENDING;
use crate::cli::text::earlier::{EARLIER_BROKEN_OFF, EARLIER_RESUMED};

/// Bytes of text in one request; the node takes 32 MiB.
const CHUNK_BYTES: usize = 4 << 20;
/// The most remarks on rows that come in that are shown.
const REMARKS_MAX: usize = 1_000;

/// What came of a file.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    pub(super) dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) batch: Option<String>,
    /// Whether the same file had come in before.
    pub(super) again: bool,
    pub(super) file: String,
    pub(super) row_count: u32,
    pub(super) added: u64,
    pub(super) replaced: u64,
    pub(super) known: u64,
    pub(super) rejected: usize,
    pub(super) hidden_rows: usize,
    pub(super) unknown_columns: Vec<String>,
    pub(super) rows: Vec<Finding>,
    /// Remarks on rows that come in beyond those shown.
    pub(super) remarks_left: usize,
}

impl Report {
    /// Takes findings in: all of those that block, and of the others as many as are shown.
    fn take(&mut self, found: Vec<Finding>) {
        for finding in found {
            if finding.blocks || self.rows.len() < REMARKS_MAX {
                self.rows.push(finding);
            } else {
                self.remarks_left += 1;
            }
        }
    }

    pub(super) fn settle(&mut self) {
        self.rows.sort_by_key(|finding| finding.row);
        let mut rows: Vec<u32> = self.rows.iter().filter(|finding| finding.blocks).map(|finding| finding.row).collect();
        rows.dedup();
        self.rejected = rows.len();
    }
}

/// The rows of a file on their way.
pub(super) struct Sending<'s> {
    context: &'s Context,
    client: &'s Client,
    file: &'s EarlierFile,
    args: &'s Args,
    bar: ProgressBar,
    pub(super) report: Report,
}

impl<'s> Sending<'s> {
    pub(super) fn new(context: &'s Context, client: &'s Client, file: &'s EarlierFile, args: &'s Args) -> Self {
        let bar = ProgressBar::new_spinner();
        if context.output.is_json() || !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template("{msg} {spinner} {pos}") {
            bar.set_style(style);
        }
        bar.set_message(SENDING.of(context.output.lang));
        let unknown_columns = file.head.unknown.clone();
        let report = Report { dry_run: args.dry_run, hidden_rows: file.hidden(), unknown_columns, ..Report::default() };
        Self { context, client, file, args, bar, report }
    }

    /// Gives the rows behind the first `from` to `send`, in parts; the same file makes the same parts.
    fn parts(
        &mut self,
        from: u32,
        mut send: impl FnMut(&mut Self, u32, Vec<ImportRow>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (mut at, mut bytes, mut rows) = (from, 0, Vec::new());
        for (row, found) in self.file.records().skip(from as usize) {
            if !found.is_empty() {
                // What can't be read of the file itself the node isn't asked about.
                self.report.take(found);
                continue;
            }
            let size: usize = row.values.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
            if rows.len() >= EARLIER_ROWS_MAX || (!rows.is_empty() && bytes + size > CHUNK_BYTES) {
                let part = std::mem::take(&mut rows);
                let count = u32::try_from(part.len()).unwrap_or(u32::MAX);
                send(self, at, part)?;
                (at, bytes) = (at + count, 0);
                self.bar.inc(u64::from(count));
            }
            bytes += size;
            rows.push(row);
        }
        if !rows.is_empty() {
            send(self, at, rows)?;
        }
        self.bar.finish_and_clear();
        Ok(())
    }

    /// Has every row judged, here and by the node; nothing is written.
    pub(super) fn judge(&mut self) -> Result<(), Failure> {
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        self.report.row_count = u32::try_from(self.file.records().count()).unwrap_or(u32::MAX);
        self.parts(0, |sending, _, rows| {
            for row in &rows {
                let Some(number) = row.values.get("old_number") else { continue };
                if let Some(first) = seen.insert(number.clone(), row.row).filter(|first| *first != row.row) {
                    sending.report.take(vec![repeated(row.row, number, first)]);
                }
            }
            let (keep_invalid, replace) = (sending.args.keep_invalid, sending.args.replace.is_some());
            let request = CheckEarlier { rows, keep_invalid, replace };
            let answer = sending.client.post("/v1/cases/import/check", &request)?.value()?;
            sending.count(&answer)
        })?;
        // The node names a number that comes twice in one part as well.
        let mut told: BTreeMap<(u32, String), ()> = BTreeMap::new();
        self.report.rows.retain(|found| {
            found.code != "earlier-repeated" || told.insert((found.row, found.code.clone()), ()).is_none()
        });
        self.report.settle();
        Ok(())
    }

    fn count(&mut self, answer: &Value) -> Result<(), Failure> {
        let number = |key: &str| answer.get(key).and_then(Value::as_u64).unwrap_or_default();
        self.report.added += number("added");
        self.report.replaced += number("replaced");
        self.report.known += number("known");
        let found = answer.get("rows").cloned().unwrap_or_else(|| json!([]));
        self.report.take(Answer::of(&found).read()?);
        Ok(())
    }

    /// Brings the rows into their batch, behind those that are in.
    pub(super) fn bring(&mut self, file: Digest) -> Result<(), Failure> {
        let (content, rows) = self.file.content();
        let request = BeginEarlier {
            file,
            content,
            sheet: self.file.sheet().to_owned(),
            rows,
            keep_invalid: self.args.keep_invalid,
            replace: self.args.replace.clone(),
        };
        let begun = self.client.post_part("/v1/cases/import", &request, 0)?.value()?;
        let text = |key: &str| begun.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let taken = begun.get("taken").and_then(Value::as_u64).and_then(|taken| u32::try_from(taken).ok());
        let (batch, taken) = (text("batch"), taken.unwrap_or_default());
        self.report.batch = Some(batch.clone());
        let lang = self.context.output.lang;
        if text("batch_state") == "finished" {
            self.report.again = true;
            return Ok(());
        }
        if taken > 0 {
            self.context.output.say(&EARLIER_RESUMED.with(lang, &[&batch, &taken.to_string()]));
        }
        // What was judged is counted anew as it comes in.
        let remarks = std::mem::take(&mut self.report.rows);
        (self.report.added, self.report.replaced, self.report.known) = (0, 0, 0);
        for key in ["added", "replaced", "known"] {
            let before = begun.get(key).and_then(Value::as_u64).unwrap_or_default();
            match key {
                "added" => self.report.added = before,
                "replaced" => self.report.replaced = before,
                _ => self.report.known = before,
            }
        }
        let mut part = 1;
        self.parts(taken, |sending, from, rows| {
            let request = BringEarlier { batch: batch.clone(), from, rows };
            let answer = sending.client.post_part("/v1/cases/import/rows", &request, part);
            part += 1;
            let answer = answer.and_then(|answer| answer.value()).map_err(|failure| {
                let (done, all) = (from.to_string(), sending.report.row_count.to_string());
                let problem = &failure.problem;
                Failure::of(&EARLIER_BROKEN_OFF, done.clone(), &[&done, &all, &problem.en, &problem.zh])
            })?;
            sending.count(&answer)?;
            // Somebody has changed what stood since the rows were judged.
            let blocked = sending.report.rows.iter().find(|found| found.blocks);
            match blocked {
                None => Ok(()),
                Some(found) => {
                    let (done, all) = (from.to_string(), sending.report.row_count.to_string());
                    Err(Failure::of(&EARLIER_BROKEN_OFF, done.clone(), &[&done, &all, &found.problem, &found.problem]))
                }
            }
        })?;
        self.report.rows = remarks;
        Ok(())
    }
}

fn repeated(row: u32, number: &str, first: u32) -> Finding {
    Finding {
        row,
        column: "old_number".to_owned(),
        value: number.to_owned(),
        code: "earlier-repeated".to_owned(),
        problem: format!("第 {first} 行已有该编号 / row {first} has the same number"),
        remedy: "删去其中一行 / leave one of them out".to_owned(),
        blocks: true,
    }
}
