//! `tongban item reconcile` and `tongban case reconcile`: what the other side took, what it sent back and why, what never arrived. What both
//! share, and that of items; that of cases is [`super::case_reconcile`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};
use tongban_domain::tables::{Answer, Operation, ReportedRow, Said, Subject, Table};

use super::report::reported;
use super::{Front, case_reconcile, runtime};
use crate::api::v1::RecordAnswers;
use crate::cli::Context;
use crate::cli::client::Client;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Output;
use crate::cli::text::Lang;
use crate::cli::text::front::{
    RECONCILED, RECONCILED_MISSING, RECONCILED_REJECTED, RECONCILED_UNKNOWN, REMEDY_ASK, REMEDY_CASE_ASK,
    REMEDY_CASE_COLUMN, REMEDY_COLUMN,
};
use crate::front::{Database, Mapping, Reading, files};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 前置库地址，或答复文件（CSV） / address of the front database, or a file of answers
    #[arg(long, value_name = "postgres://…|FILE.csv")]
    pub(super) from: String,
    #[command(flatten)]
    pub(super) front: Front,
}

/// Answers in one request.
const ANSWERS: usize = 1_000;

/// How the node and the other side stand to each other.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Reconciled {
    pub(super) accepted: usize,
    pub(super) waiting: usize,
    /// Answers that this node didn't know yet.
    pub(super) new: usize,
    pub(super) rejected: Vec<Rejected>,
    pub(super) missing: Vec<Row>,
    pub(super) unknown: Vec<String>,
}

/// A row that was sent back.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Rejected {
    #[serde(flatten)]
    row: Row,
    code: Option<String>,
    reason: Option<String>,
    remedy_en: String,
    remedy_zh: String,
}

/// A row of this node.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Row {
    /// Code of the item, or id of the case.
    item: String,
    /// Number of the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    case_no: Option<String>,
    name: String,
    table: String,
    row_guid: String,
    operation: Operation,
    batch: String,
}

/// What is kept of a row that was sent while answers are read: not its values, which are long.
#[derive(Debug)]
pub(super) struct Sent {
    row: Row,
    stands: Told,
}

impl Sent {
    pub(super) fn of(sent: ReportedRow) -> Self {
        let ReportedRow { item, guid: row_guid, table, operation, batch, mut values, answer, code, reason, .. } = sent;
        let named = ["task_name", "material_name", "fee_name", "question"];
        let name = named.into_iter().find_map(|column| values.remove(column)).unwrap_or_default();
        let case_no = values.remove("project_no");
        let row = Row { item, case_no, name, table, row_guid, operation, batch };
        Self { row, stands: (answer, code, reason) }
    }

    /// Puts a row that wasn't taken where it belongs.
    pub(super) fn told(self, mapping: &Mapping, reconciled: &mut Reconciled) {
        let Self { row, stands: (answer, code, reason) } = self;
        match answer {
            Answer::Accepted => reconciled.accepted += 1,
            Answer::Waiting => reconciled.waiting += 1,
            Answer::Missing => reconciled.missing.push(row),
            Answer::Rejected => reconciled.rejected.push(Rejected::of(mapping, row, code, reason)),
        }
    }
}

impl Rejected {
    fn of(mapping: &Mapping, row: Row, code: Option<String>, reason: Option<String>) -> Self {
        let remedy = |lang| remedy(mapping, &row, code.as_deref(), reason.as_deref(), lang);
        let (remedy_en, remedy_zh) = (remedy(Lang::En), remedy(Lang::Zh));
        Self { row, code, reason, remedy_en, remedy_zh }
    }
}

pub(in crate::cli::command) fn run(context: &Context, args: &Args, subject: Subject) -> Result<Outcome, Failure> {
    let mapping = args.front.mapping(subject)?;
    let client = context.client()?;
    let reconciled = match subject {
        Subject::Items => items(&client, &mapping, args)?,
        Subject::Cases => case_reconcile::run(&client, &mapping, args)?,
    };
    shown(context.output, &reconciled, subject)?;
    let clean = reconciled.rejected.is_empty() && reconciled.missing.is_empty() && reconciled.unknown.is_empty();
    Ok(if clean { Outcome::Done } else { Outcome::Negative })
}

/// Whether answers are read from a database rather than from a file.
pub(super) fn is_database(args: &Args) -> bool {
    args.from.contains("://")
}

fn items(client: &Client, mapping: &Mapping, args: &Args) -> Result<Reconciled, Failure> {
    let is_database = is_database(args);
    let mut known = BTreeMap::new();
    let draws = reported(client, &mapping.name, false, |row| {
        known.insert(row.guid.clone(), Sent::of(row));
    })?;
    let mut comparison = Comparison::of(&known, is_database && !mapping.answers_in_rows(), &draws);
    if is_database {
        let password = args.front.password()?;
        runtime()?.block_on(async {
            let mut database = Database::connect(&args.from, password.as_deref(), mapping).await?;
            database.readings(Subject::Items, client.division(), |reading| comparison.take(reading)).await
        })?;
    } else {
        files::readings(Path::new(&args.from), mapping, |reading| comparison.take(reading))?;
    }
    let (mut reconciled, said) = comparison.ended(mapping, is_database && mapping.answers_in_rows());
    reconciled.new = answer(client, "/v1/front/answers", mapping, &said)?;
    if said.is_empty() {
        // That it was looked is worth remembering, too.
        client.post("/v1/front/answers", &RecordAnswers { channel: mapping.name.clone(), said })?;
    }
    Ok(reconciled)
}

/// Tells the node what was said; gives how much of it was new.
pub(super) fn answer(client: &Client, path: &str, mapping: &Mapping, said: &[Said]) -> Result<usize, Failure> {
    let mut new = 0;
    for part in said.chunks(ANSWERS) {
        let body = RecordAnswers { channel: mapping.name.clone(), said: part.to_vec() };
        let answer = client.post(path, &body)?.value()?;
        let count = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or(0);
        new += usize::try_from(count("accepted") + count("rejected")).unwrap_or(usize::MAX);
    }
    Ok(new)
}

/// What a row's answer is: what was done, code and reason.
type Told = (Answer, Option<String>, Option<String>);

/// The division in what names of batches begin with.
fn division_of(stem: &str) -> &str {
    stem.split_once('.').map_or(stem, |(division, _)| division)
}

/// What is read held against what was sent, an answer at a time.
pub(super) struct Comparison<'k> {
    known: &'k BTreeMap<String, Sent>,
    /// Whether an answer that doesn't say its batch may be about a row of another node.
    is_shared: bool,
    /// How the names of this node's batches begin.
    draws: &'k str,
    read: BTreeMap<&'k str, Told>,
    said: BTreeMap<&'k str, Said>,
    unknown: BTreeSet<String>,
}

impl<'k> Comparison<'k> {
    pub(super) fn of(known: &'k BTreeMap<String, Sent>, is_shared: bool, draws: &'k str) -> Self {
        Self { known, is_shared, draws, read: BTreeMap::new(), said: BTreeMap::new(), unknown: BTreeSet::new() }
    }

    /// Whether another node of the division drew a batch: it reports to the same tables.
    fn is_neighbours(&self, batch: &str) -> bool {
        let drawn = batch.split_once('-').map(|(stem, _)| stem);
        drawn.is_some_and(|stem| stem != self.draws && division_of(stem) == division_of(self.draws))
    }

    pub(super) fn take(&mut self, reading: Reading) {
        let Some(Sent { row, stands }) = self.known.get(&reading.guid) else {
            let is_anybodys = match &reading.batch {
                Some(batch) => self.is_neighbours(batch),
                None => self.is_shared,
            };
            if !is_anybodys {
                self.unknown.insert(reading.guid);
            }
            return;
        };
        let batch = reading.batch.unwrap_or_else(|| row.batch.clone());
        // An answer to what has been sent again since says nothing of what is there now.
        let current = batch == row.batch;
        let entry = self.read.entry(&row.row_guid).or_insert_with(|| {
            let (answer, code, reason) = stands.clone();
            (if answer == Answer::Missing { Answer::Waiting } else { answer }, code, reason)
        });
        if !current || reading.answer == Answer::Waiting {
            return;
        }
        *entry = (reading.answer, reading.code.clone(), reading.reason.clone());
        let (guid, item) = (row.row_guid.clone(), row.item.clone());
        let Reading { answer, code, reason, .. } = reading;
        self.said.insert(&row.row_guid, Said { guid, item, batch, answer, code, reason });
    }

    /// How both sides stand when all is read. Where all rows of the other side were read, one that wasn't there never arrived.
    pub(super) fn ended(self, mapping: &Mapping, all_read: bool) -> (Reconciled, Vec<Said>) {
        let Self { known, mut read, said, unknown, .. } = self;
        let mut said: Vec<Said> = said.into_values().collect();
        let mut reconciled = Reconciled { unknown: unknown.into_iter().collect(), ..Reconciled::default() };
        for Sent { row, stands } in known.values() {
            let told = read.remove(row.row_guid.as_str());
            let there = told.is_some();
            let (answer, code, reason) = told.unwrap_or_else(|| stands.clone());
            match answer {
                Answer::Accepted => reconciled.accepted += 1,
                Answer::Waiting | Answer::Missing if all_read && !there => {
                    reconciled.missing.push(row.clone());
                    let (guid, item, batch) = (row.row_guid.clone(), row.item.clone(), row.batch.clone());
                    said.push(Said { guid, item, batch, answer: Answer::Missing, code: None, reason: None });
                }
                Answer::Waiting | Answer::Missing => reconciled.waiting += 1,
                Answer::Rejected => reconciled.rejected.push(Rejected::of(mapping, row.clone(), code, reason)),
            }
        }
        (reconciled, said)
    }
}

/// What to do about a rejection: what the mapping says of its code, else the column that the reason names.
fn remedy(mapping: &Mapping, row: &Row, code: Option<&str>, reason: Option<&str>, lang: Lang) -> String {
    if let Some(remedy) = code.and_then(|code| mapping.remedies.get(code)) {
        return remedy.clone();
    }
    let said = reason.unwrap_or_default().to_lowercase();
    let table = Table::named(&row.table);
    let columns = table.into_iter().flat_map(Table::columns);
    let named = |name: &str| said.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name);
    // The longest name is meant: 法定办结时限单位 rather than 法定办结时限.
    let found = columns
        .filter(|column| {
            named(column.name) || named(&mapping.column(column.name).to_lowercase()) || said.contains(column.zh)
        })
        .max_by_key(|column| column.zh.chars().count());
    let (correct, ask) = match table {
        Some(Table::Case(_)) => (REMEDY_CASE_COLUMN, REMEDY_CASE_ASK),
        _ => (REMEDY_COLUMN, REMEDY_ASK),
    };
    match found {
        Some(column) => correct.with(lang, &[column.zh, column.name]),
        None => ask.of(lang).to_owned(),
    }
}

fn shown(output: Output, reconciled: &Reconciled, subject: Subject) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(reconciled);
    }
    let Reconciled { accepted, waiting, rejected, missing, unknown, .. } = reconciled;
    let counts = [*accepted, rejected.len(), *waiting, missing.len(), unknown.len()].map(|count| count.to_string());
    let places: Vec<&str> = counts.iter().map(String::as_str).collect();
    output.line(&RECONCILED.with(output.lang, &places))?;
    let of = |en: &str, zh: &str| output.lang.of(en, zh).to_owned();
    let whose = match subject {
        Subject::Items => "item",
        Subject::Cases => "case_no",
    };
    if !rejected.is_empty() {
        let rows: Vec<Value> = rejected
            .iter()
            .map(|one| {
                json!({
                    "item": one.row.item, "case_no": one.row.case_no, "table": one.row.table, "name": one.row.name,
                    "reason_code": one.code, "reason": one.reason, "remedy": of(&one.remedy_en, &one.remedy_zh),
                })
            })
            .collect();
        output.line(&format!("{}:", RECONCILED_REJECTED.of(output.lang)))?;
        output.rows(&rows, &[whose, "table", "name", "reason_code", "reason", "remedy"])?;
    }
    if !missing.is_empty() {
        let rows: Vec<Value> = missing.iter().map(|row| json!(row)).collect();
        output.line(&format!("{}:", RECONCILED_MISSING.of(output.lang)))?;
        output.rows(&rows, &[whose, "table", "name", "batch"])?;
    }
    if !unknown.is_empty() {
        output.line(&format!("{}:", RECONCILED_UNKNOWN.of(output.lang)))?;
        for guid in unknown {
            output.line(guid)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tongban_codes::time::Timestamp;
    use tongban_domain::tables::Outgoing;

    use super::*;

    fn reading(guid: &str, batch: Option<&str>, answer: Answer) -> Reading {
        Reading { guid: guid.to_owned(), batch: batch.map(str::to_owned), answer, code: None, reason: None }
    }

    #[test]
    fn answers_are_taken_one_by_one_and_others_rows_are_left_alone() {
        let row = |guid: &str| {
            let (item, table, guid) = ("I".to_owned(), "up_task_general_questions".to_owned(), guid.to_owned());
            let out = Outgoing { item, table, guid, operation: Operation::Insert, values: BTreeMap::new() };
            out.sent("b-2", Timestamp::from_millis(0))
        };
        let known: BTreeMap<String, Sent> =
            ["a", "b", "c"].map(|guid| (guid.to_owned(), Sent::of(row(guid)))).into_iter().collect();
        for (is_shared, unknown) in [(false, &["v", "x", "y"][..]), (true, &["v", "y"])] {
            let mut comparison = Comparison::of(&known, is_shared, "511602000000.1");
            // Of several answers the last one stands; one to an earlier batch says nothing.
            comparison.take(reading("a", Some("b-2"), Answer::Rejected));
            comparison.take(reading("a", Some("b-2"), Answer::Accepted));
            comparison.take(reading("b", Some("b-1"), Answer::Rejected));
            comparison.take(reading("x", None, Answer::Rejected));
            comparison.take(reading("y", Some("b-9"), Answer::Accepted));
            // What another node of the division sent is that one's; what this one should have sent isn't.
            comparison.take(reading("u", Some("511602000000-20261122-0001"), Answer::Accepted));
            comparison.take(reading("v", Some("511602000000.1-20261122-0001"), Answer::Accepted));
            comparison.take(reading("w", Some("511602000000.12-20261122-0001-P"), Answer::Rejected));
            let (reconciled, said) = comparison.ended(&Mapping::default(), true);
            assert_eq!((reconciled.accepted, reconciled.waiting), (1, 1));
            assert_eq!(reconciled.missing.iter().map(|row| row.row_guid.as_str()).collect::<Vec<_>>(), ["c"]);
            assert_eq!(reconciled.unknown, unknown);
            let said: Vec<_> = said.iter().map(|one| (one.guid.as_str(), one.answer)).collect();
            assert_eq!(said, [("a", Answer::Accepted), ("c", Answer::Missing)]);
        }
        assert!(known.values().all(|row| row.stands.0 == Answer::Waiting));
    }
}
