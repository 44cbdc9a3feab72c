//! `tongban case reconcile`: by the rows that aren't taken yet, of which there are few, rather than by all that were ever sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tongban_domain::tables::{Answer, Subject};

use super::reconcile::{Args, Comparison, Reconciled, Sent, answer, is_database};
use super::runtime;
use crate::api::v1::{KnownCaseRows, KnownRows, RecordAnswers, Reported};
use crate::cli::client::Client;
use crate::cli::failure::Failure;
use crate::front::{Database, Mapping, Reading, UNTAKEN_AT_ONCE, files};

/// Where the node takes answers about cases.
const ANSWERS: &str = "/v1/front/cases/answers";

pub(super) fn run(client: &Client, mapping: &Mapping, args: &Args) -> Result<Reconciled, Failure> {
    // A front database to which nothing was reported answers about nothing: that is told before it is asked.
    let draws = page(client, mapping, None)?.draws;
    let mut ledger = Ledger { client, mapping, draws, new: 0, unknown: BTreeSet::new(), reasons: BTreeMap::new() };
    if is_database(args) {
        let (runtime, password) = (runtime()?, args.front.password()?);
        let database = runtime.block_on(Database::connect(&args.from, password.as_deref(), mapping))?;
        ledger.by_rows(|guids| Ok(runtime.block_on(database.readings_of(Subject::Cases, guids))?))?;
        let division = client.division();
        ledger.strangers(|table, after| {
            Ok(runtime.block_on(database.untaken(Subject::Cases, division, table, after))?)
        })?;
    } else {
        let mut readings = Vec::new();
        files::readings(Path::new(&args.from), mapping, |reading| readings.push(reading))?;
        ledger.by_answers(readings)?;
    }
    // That it was looked is worth remembering, even where nothing new was said.
    client.post(ANSWERS, &RecordAnswers { channel: mapping.name.clone(), said: Vec::new() })?;
    let mut reconciled =
        Reconciled { new: ledger.new, unknown: ledger.unknown.into_iter().collect(), ..Reconciled::default() };
    let mut reasons = ledger.reasons;
    let mut after = None;
    loop {
        let page = page(client, mapping, after.as_ref())?;
        if after.is_none() {
            reconciled.accepted = page.accepted.and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
        }
        after = page.rows.last().map(|row| (row.item.clone(), row.guid.clone()));
        for mut row in page.rows {
            // The node keeps the code of a rejection and not its words, which may name somebody.
            row.reason = reasons.remove(&row.guid);
            Sent::of(row).told(mapping, &mut reconciled);
        }
        if !page.more || after.is_none() {
            return Ok(reconciled);
        }
    }
}

/// A page of rows that aren't taken, from the one after a row on.
fn page(client: &Client, mapping: &Mapping, after: Option<&(String, String)>) -> Result<Reported, Failure> {
    let (case, guid) = after.map(|(case, guid)| (case.as_str(), guid.as_str())).unzip();
    let query = [("channel", Some(mapping.name.as_str())), ("after_case", case), ("after_guid", guid)];
    client.get("/v1/front/cases/untaken", &query)?.read()
}

/// What is found out while both sides are compared.
struct Ledger<'a> {
    client: &'a Client,
    mapping: &'a Mapping,
    /// How the names of the node's batches begin.
    draws: String,
    new: usize,
    unknown: BTreeSet<String>,
    /// Why a row was rejected, in the words of the other side, as they were read now.
    reasons: BTreeMap<String, String>,
}

impl Ledger<'_> {
    /// Asks the other side about each row that isn't taken. Where the answers stand in the rows, one that isn't there never arrived.
    fn by_rows(&mut self, read: impl Fn(&[&str]) -> Result<Vec<Reading>, Failure>) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let page = page(self.client, self.mapping, after.as_ref())?;
            let more = page.more;
            after = page.rows.last().map(|row| (row.item.clone(), row.guid.clone()));
            let known: BTreeMap<String, Sent> =
                page.rows.into_iter().map(|row| (row.guid.clone(), Sent::of(row))).collect();
            let guids: Vec<&str> = known.keys().map(String::as_str).collect();
            let readings = read(&guids)?;
            self.compared(&known, readings, self.mapping.answers_in_rows())?;
            if !more || after.is_none() {
                return Ok(());
            }
        }
    }

    /// Looks for rows at the other side that this node never sent, or that were taken and are so no longer.
    fn strangers(
        &mut self,
        read: impl Fn(usize, &str) -> Result<Option<Vec<Reading>>, Failure>,
    ) -> Result<(), Failure> {
        let (mut table, mut after) = (0, String::new());
        while let Some(readings) = read(table, &after)? {
            match readings.last().filter(|_| readings.len() == UNTAKEN_AT_ONCE) {
                Some(last) => after.clone_from(&last.guid),
                None => {
                    table += 1;
                    after.clear();
                }
            }
            self.by_answers(readings)?;
        }
        Ok(())
    }

    /// Takes answers as they come.
    fn by_answers(&mut self, readings: Vec<Reading>) -> Result<(), Failure> {
        let mut readings = readings.into_iter().peekable();
        while readings.peek().is_some() {
            let part: Vec<Reading> = readings.by_ref().take(UNTAKEN_AT_ONCE).collect();
            let guids = part.iter().map(|reading| reading.guid.clone()).collect();
            let body = KnownCaseRows { channel: self.mapping.name.clone(), guids };
            let known: KnownRows = self.client.post("/v1/front/cases/known", &body)?.read()?;
            let known = known.rows.into_iter().map(|row| (row.guid.clone(), Sent::of(row))).collect();
            self.compared(&known, part, false)?;
        }
        Ok(())
    }

    fn compared(
        &mut self,
        known: &BTreeMap<String, Sent>,
        readings: Vec<Reading>,
        all_read: bool,
    ) -> Result<(), Failure> {
        let mut comparison = Comparison::of(known, false, &self.draws);
        for reading in readings {
            let reason = reading.reason.clone().filter(|_| reading.answer == Answer::Rejected);
            self.reasons.extend(reason.map(|reason| (reading.guid.clone(), reason)));
            comparison.take(reading);
        }
        let (reconciled, said) = comparison.ended(self.mapping, all_read);
        self.unknown.extend(reconciled.unknown);
        self.new += answer(self.client, ANSWERS, self.mapping, &said)?;
        Ok(())
    }
}
