//! What was reported to front databases, and what they said.
//!
//! Items are few: each report looks at all of them. Cases are many: from the first report to a front database on, whatever changes a case marks it
//! as due there ([`touch`]), and a report looks at those alone; the cases that were there before are gone through once, in the order of
//! their ids.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use minicbor::{Decode, Encode};
use tongban_codes::ids::CaseId;
use tongban_codes::time::Timestamp;
use tongban_domain::tables::{Answer, Batch, Looked, ReportedRow};

use super::case::CASE;
use super::key::stem;
use super::{Keyspace, Overlay};
use crate::{Family, Read, StorageError};

mod closing;

pub use closing::{close, open, stands};

/// Rows as they were sent last, by front database, code of the item and `row_guid`.
pub const REPORTED: Keyspace<(String, String, String), ReportedRow> = Keyspace::new(Family::Rows, 0x1a);
/// Front databases by name.
pub const FRONT: Keyspace<String, FrontRow> = Keyspace::new(Family::Rows, 0x1b);

/// How this node stands with a front database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct FrontRow {
    /// The last batch that was sent.
    #[n(0)]
    pub batch: Option<String>,
    /// When.
    #[n(1)]
    pub reported: Option<Timestamp>,
    /// When its answers were read last.
    #[n(2)]
    pub reconciled: Option<Timestamp>,
    /// Since when nothing more is reported to it; none of one that is open.
    #[n(3)]
    pub closed: Option<Timestamp>,
    /// How it stands as far as cases go while it is closed; while it is open that lies in [`CASE_FRONT`].
    #[n(4)]
    pub cases: Option<CaseFront>,
}

/// How this node stands with each open front database as far as cases go; absent while cases are reported to none.
pub const CASE_FRONT: Keyspace<(), CaseFronts> = Keyspace::new(Family::Rows, 0x5d);
/// Rows of cases as they were sent last, by front database and `row_guid`.
pub const CASE_ROW: Keyspace<(String, String), ReportedRow> = Keyspace::new(Family::Rows, 0x5e);
/// Of cases by front database: what is due ([`DUE`], with the number of the touch), which rows were sent ([`SENT`], by `row_guid`), and which of
/// them the other side hasn't taken ([`UNTAKEN`]).
pub const CASE_SENT: Keyspace<(String, u8, CaseId, String), u64> = Keyspace::new(Family::Index, 0x5f);

/// Kind of [`CASE_SENT`]: a case that a report is to look at.
pub const DUE: u8 = 0;
/// Kind of [`CASE_SENT`]: a row of a case.
pub const SENT: u8 = 1;
/// Kind of [`CASE_SENT`]: a row that wasn't taken yet, or was rejected, or never arrived.
pub const UNTAKEN: u8 = 2;

/// The most open front databases to which cases are reported: each act of a case is marked for all of them.
pub const CASE_FRONTS_MAX: usize = 8;

/// The open front databases to which cases are reported, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CaseFronts {
    /// They.
    #[n(0)]
    pub fronts: BTreeMap<String, CaseFront>,
}

/// How this node stands with a front database as far as cases go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CaseFront {
    /// The last batch that was sent.
    #[n(0)]
    pub batch: Option<String>,
    /// When.
    #[n(1)]
    pub reported: Option<Timestamp>,
    /// When its answers were read last.
    #[n(2)]
    pub reconciled: Option<Timestamp>,
    /// How often a case was touched since it is reported to; never counts back.
    #[n(3)]
    pub touches: u64,
    /// The last of the cases from before that was looked at.
    #[n(4)]
    pub surveyed: Option<CaseId>,
    /// Whether all of those were.
    #[n(5)]
    pub is_surveyed: bool,
    /// Rows that were ever sent.
    #[n(6)]
    pub rows: u64,
    /// Those of them that aren't taken.
    #[n(7)]
    pub untaken: u64,
    /// How often it was opened again after it was closed; absent before the first time.
    #[n(8)]
    pub openings: Option<u32>,
}

/// What a report of cases tells the node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CaseReport {
    /// The batch that was sent, and when it was made; none where nothing was to be sent.
    #[n(0)]
    pub sent: Option<(String, Timestamp)>,
    /// Its rows as they lie there now.
    #[n(1)]
    pub rows: Vec<ReportedRow>,
    /// The cases that were looked at, once all of their rows are told.
    #[n(2)]
    pub looked: Vec<Looked>,
    /// How far the cases from before were looked at.
    #[n(3)]
    pub surveyed: Option<CaseId>,
    /// Whether to the end.
    #[n(4)]
    pub is_surveyed: bool,
}

/// A case that a report is to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueCase {
    /// Which.
    pub case: CaseId,
    /// Its last touch; none where there was none since the first report.
    pub mark: Option<u64>,
}

/// A page of cases that a report is to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuePage {
    /// They, in the order of their ids.
    pub cases: Vec<DueCase>,
    /// Whether there are more.
    pub more: bool,
    /// How far the cases from before are looked at with this page.
    pub surveyed: Option<CaseId>,
    /// Whether to the end.
    pub is_surveyed: bool,
}

fn due_key(channel: &str, case: CaseId) -> (String, u8, CaseId, String) {
    (channel.to_owned(), DUE, case, String::new())
}

/// The cases after one that a report to a front database is to look at: what was touched, and what was there before.
///
/// # Errors
///
/// When the state can't be read.
pub fn due(read: &dyn Read, channel: &str, after: Option<CaseId>, limit: usize) -> Result<DuePage, StorageError> {
    let fronts = CASE_FRONT.load(read, &())?.unwrap_or_default();
    let front = fronts.fronts.get(channel).cloned().unwrap_or_default();
    let key = after.map(|case| due_key(channel, case));
    let touched = CASE_SENT.list(read, &stem(&(channel.to_owned(), DUE)), key.as_ref(), limit)?;
    let mut found: BTreeMap<CaseId, Option<u64>> = BTreeMap::new();
    let mut more = touched.len() == limit;
    if !front.is_surveyed {
        let mut before = Vec::new();
        let from = after.max(front.surveyed);
        CASE_KEYS.visit(read, &[], from.as_ref(), false, |case, _| {
            before.push(case);
            if before.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        more |= before.len() == limit;
        found.extend(before.into_iter().map(|case| (case, None)));
    }
    found.extend(touched.into_iter().map(|((_, _, case, _), mark)| (case, Some(mark))));
    more |= found.len() > limit;
    let cases: Vec<DueCase> = found.into_iter().take(limit).map(|(case, mark)| DueCase { case, mark }).collect();
    let last = cases.last().map(|due| due.case);
    let surveyed = if front.is_surveyed { front.surveyed } else { last.max(front.surveyed) };
    Ok(DuePage { is_surveyed: front.is_surveyed || !more, cases, more, surveyed })
}

/// Whether how far a report has gone through the cases from before counts: it looked at every case behind the last one that counts, save
/// those that are due anyway. A report that began further on, before the survey began anew, would leave out what lies between. Behind the end of a
/// survey there is nothing to leave out.
///
/// # Errors
///
/// When the state can't be read.
pub fn goes_on(read: &dyn Read, channel: &str, report: &CaseReport) -> Result<bool, StorageError> {
    let looked: BTreeSet<CaseId> = report.looked.iter().map(|looked| looked.case).collect();
    let front = stands(read, channel)?.unwrap_or_default();
    if front.is_surveyed {
        return Ok(true);
    }
    let mut from = front.surveyed;
    loop {
        let mut missed = None;
        CASE_KEYS.visit(read, &[], from.as_ref(), false, |case, _| {
            if looked.contains(&case) {
                return ControlFlow::Continue(());
            }
            if report.is_surveyed || report.surveyed.is_some_and(|last| case <= last) {
                missed = Some(case);
            }
            ControlFlow::Break(())
        })?;
        let Some(case) = missed else { return Ok(true) };
        if !CASE_SENT.holds(read, &due_key(channel, case))? {
            return Ok(false);
        }
        from = Some(case);
    }
}

/// Cases, of which nothing but the id is read.
const CASE_KEYS: Keyspace<CaseId, Nothing> = CASE.reading();

/// A value that isn't read.
struct Nothing;

impl<'b> Decode<'b, ()> for Nothing {
    fn decode(bytes: &mut minicbor::Decoder<'b>, _: &mut ()) -> Result<Self, minicbor::decode::Error> {
        bytes.skip().map(|()| Self)
    }
}

/// The rows of a case that were sent to a front database, by `row_guid`.
///
/// # Errors
///
/// When the state can't be read.
pub fn sent(read: &dyn Read, channel: &str, case: CaseId) -> Result<BTreeMap<String, ReportedRow>, StorageError> {
    let keys = CASE_SENT.list(read, &stem(&(channel.to_owned(), SENT, case)), None, usize::MAX)?;
    let mut rows = BTreeMap::new();
    for ((channel, _, _, guid), _) in keys {
        if let Some(row) = CASE_ROW.load(read, &(channel, guid.clone()))? {
            rows.insert(guid, row);
        }
    }
    Ok(rows)
}

/// Marks a case as due at every front database to which cases are reported; of a node that reports none this is one look at an empty place.
///
/// # Errors
///
/// When the state can't be read.
pub fn touch(over: &mut Overlay<'_>, case: CaseId) -> Result<(), StorageError> {
    let Some(mut fronts) = CASE_FRONT.load(over, &())? else { return Ok(()) };
    for (channel, front) in &mut fronts.fronts {
        front.mark(over, channel, case);
    }
    CASE_FRONT.put(over.batch, &(), &fronts);
    Ok(())
}

/// Keeps what a report of cases told.
///
/// # Errors
///
/// When the state can't be read.
pub fn reported(over: &mut Overlay<'_>, channel: &str, report: &CaseReport) -> Result<(), StorageError> {
    closing::change(over, channel, |front, over| front.take_report(over, channel, report))
}

/// Keeps what a front database answered about rows of cases: what it didn't take is due again.
///
/// # Errors
///
/// When the state can't be read.
pub fn answered(
    over: &mut Overlay<'_>,
    channel: &str,
    rows: &[ReportedRow],
    at: Timestamp,
) -> Result<(), StorageError> {
    closing::change(over, channel, |front, over| front.take_answers(over, channel, rows, at))
}

impl CaseFront {
    fn take_report(&mut self, over: &mut Overlay<'_>, channel: &str, report: &CaseReport) -> Result<(), StorageError> {
        if let Some((batch, at)) = &report.sent {
            // A batch that is told once more after a later one isn't the last.
            if Batch::is_last(batch, self.batch.as_deref()) {
                (self.batch, self.reported) = (Some(batch.clone()), Some(*at));
            }
        }
        for row in &report.rows {
            self.put(over, channel, row)?;
        }
        for looked in &report.looked {
            let key = due_key(channel, looked.case);
            let mark = CASE_SENT.load(over, &key)?;
            match (looked.done, mark) {
                // What was touched since stays due.
                (true, Some(_)) if mark == looked.mark => CASE_SENT.delete(over.batch, &key),
                (false, None) => self.mark(over, channel, looked.case),
                _ => {}
            }
        }
        self.surveyed = self.surveyed.max(report.surveyed);
        self.is_surveyed |= report.is_surveyed;
        Ok(())
    }

    fn take_answers(
        &mut self,
        over: &mut Overlay<'_>,
        channel: &str,
        rows: &[ReportedRow],
        at: Timestamp,
    ) -> Result<(), StorageError> {
        self.reconciled = Some(at);
        for row in rows {
            self.put(over, channel, row)?;
            if matches!(row.answer, Answer::Rejected | Answer::Missing)
                && let Ok(case) = row.item.parse()
            {
                self.mark(over, channel, case);
            }
        }
        Ok(())
    }

    fn mark(&mut self, over: &mut Overlay<'_>, channel: &str, case: CaseId) {
        self.touches += 1;
        CASE_SENT.put(over.batch, &due_key(channel, case), &self.touches);
    }

    fn put(&mut self, over: &mut Overlay<'_>, channel: &str, row: &ReportedRow) -> Result<(), StorageError> {
        let Ok(case) = row.item.parse::<CaseId>() else { return Ok(()) };
        let key = (channel.to_owned(), row.guid.clone());
        let before = CASE_ROW.load(over, &key)?;
        let index = |kind| (channel.to_owned(), kind, case, row.guid.clone());
        if before.is_none() {
            self.rows += 1;
            CASE_SENT.put(over.batch, &index(SENT), &0);
        }
        let was_untaken = before.is_some_and(|before| before.answer != Answer::Accepted);
        let is_untaken = row.answer != Answer::Accepted;
        if is_untaken && !was_untaken {
            self.untaken += 1;
            CASE_SENT.put(over.batch, &index(UNTAKEN), &0);
        }
        if was_untaken && !is_untaken {
            self.untaken = self.untaken.saturating_sub(1);
            CASE_SENT.delete(over.batch, &index(UNTAKEN));
        }
        CASE_ROW.put(over.batch, &key, row);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
