//! Batches: begun, filled in parts, finished with one entry of the journal, undone as a whole.

use std::collections::BTreeMap;

use tongban_codes::ids::{CaseId, Digest};
use tongban_codes::time::Timestamp;

use super::check::{Checked, Judge};
use super::row::{BatchStep, EarlierBatch, EarlierCase, EarlierVersion, TakenUp, Undone, VERSIONS_MAX, holder_text};
use super::{BatchRequest, EARLIER_ROWS_MAX, EarlierReply, RowsReport};
use crate::case::{Status, reason};
use crate::catalogue::{Finding, ImportRow};
use crate::change::{Change, Event, Reply};
use crate::supervision::Numbers;
use crate::{Actor, Desk, Facts, Rejection, codes};

/// What the numbers of batches begin with (历史).
const NUMBERS: &str = "LS";
/// The most rows of one file.
const FILE_ROWS_MAX: u32 = 2_000_000;
/// The most batches that a node keeps.
const BATCHES_MAX: usize = 10_000;

/// What becomes of a row.
enum Fate {
    /// No version stands: the row is one.
    New(Option<EarlierCase>),
    /// It stands with the same content, of a version.
    Known(EarlierCase, CaseId),
    /// It stands with another content, which it replaces.
    Replaces(EarlierCase),
}

/// Whether batches are undone, each looked up once.
struct Batches<'f> {
    facts: &'f dyn Facts,
    undone: BTreeMap<String, bool>,
}

impl Batches<'_> {
    fn standing(&mut self, earlier: &EarlierCase) -> Option<EarlierVersion> {
        for name in earlier.versions.iter().flat_map(EarlierVersion::batches) {
            if !self.undone.contains_key(name) {
                let undone = self.facts.earlier_batch(name).is_some_and(|batch| batch.undone.is_some());
                self.undone.insert(name.clone(), undone);
            }
        }
        earlier.standing(|batch| self.undone.get(batch).copied().unwrap_or(false)).cloned()
    }
}

/// The version of an earlier case that stands.
pub(super) fn standing(facts: &dyn Facts, earlier: &EarlierCase) -> Option<EarlierVersion> {
    Batches { facts, undone: BTreeMap::new() }.standing(earlier)
}

fn blocked(row: u32, number: &str, code: &str, problem: &str, remedy: &str) -> Finding {
    Finding {
        row,
        column: "old_number".to_owned(),
        value: number.to_owned(),
        code: code.to_owned(),
        problem: problem.to_owned(),
        remedy: remedy.to_owned(),
        blocks: true,
    }
}

/// Rows with what becomes of each; findings of those that can't come in.
struct Judged {
    rows: Vec<(u32, Checked, Fate)>,
    found: Vec<Finding>,
}

fn judged(
    facts: &dyn Facts,
    desk: &dyn Desk,
    rows: &[ImportRow],
    (keep_invalid, replaces): (bool, bool),
    own: Option<&str>,
    at: Timestamp,
) -> Judged {
    let mut judge = Judge::new(facts, at.date(), keep_invalid);
    let mut batches = Batches { facts, undone: BTreeMap::new() };
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut judged = Judged { rows: Vec::with_capacity(rows.len()), found: Vec::new() };
    for row in rows {
        let (checked, found) = judge.row(row);
        judged.found.extend(found);
        let Some(checked) = checked else { continue };
        if let Some(first) = seen.insert(checked.number.clone(), row.row) {
            let problem = format!("第 {first} 行已有该编号 / row {first} has the same number");
            let remedy = "删去其中一行 / leave one of them out";
            judged.found.push(blocked(row.row, &checked.number, "earlier-repeated", &problem, remedy));
            continue;
        }
        match fate(facts, desk, &mut batches, &checked, (replaces, own)) {
            Ok(fate) => judged.rows.push((row.row, checked, fate)),
            Err((code, problem, remedy)) => {
                judged.found.push(blocked(row.row, &checked.number, code, &problem, remedy));
            }
        }
    }
    judged
}

fn fate(
    facts: &dyn Facts,
    desk: &dyn Desk,
    batches: &mut Batches<'_>,
    checked: &Checked,
    (replaces, own): (bool, Option<&str>),
) -> Result<Fate, (&'static str, String, &'static str)> {
    let Some(earlier) = facts.earlier(&checked.number) else { return Ok(Fate::New(None)) };
    let Some(version) = batches.standing(&earlier) else {
        return has_room(&earlier).map(|()| Fate::New(Some(earlier)));
    };
    if checked.is(desk, &earlier.number, &version) {
        return Ok(Fate::Known(earlier, version.id));
    }
    if own.is_some_and(|own| version.batches().any(|batch| batch == own)) {
        let problem =
            "本文件前面的行已有该编号，内容不同 / an earlier row of this file has the number, with another content";
        return Err(("earlier-repeated", problem.to_owned(), "删去其中一行 / leave one of them out"));
    }
    if version.system != checked.system {
        return Err((
            "earlier-other-system",
            format!("该编号属于另一系统“{}” / the number is of another system, {}", version.system, version.system),
            "确属另一系统的，在编号前加系统名；原批次系统名有误的，撤销该批次后重新导入 / put the system's name before the number if it is another; undo that batch and import it anew if its name was wrong",
        ));
    }
    let goes_on = |taken: &&TakenUp| facts.case(&taken.case).is_none_or(|case| case.status != Status::Withdrawn);
    if let Some(taken) = earlier.taken_up.as_ref().filter(goes_on) {
        return Err((
            "earlier-taken-up",
            format!("已承接为 {} / it was taken up as {}", taken.collection_no, taken.collection_no),
            "在该办件中更正 / put it right in that case",
        ));
    }
    if !replaces {
        return Err((
            "earlier-differs",
            format!(
                "批次 {} 已导入该编号，内容不同 / it stands with another content, of batch {}",
                version.batch, version.batch
            ),
            "核对；确需更正的用 --replace 说明理由，前后版本均留存 / compare them; --replace REASON keeps both versions",
        ));
    }
    has_room(&earlier).map(|()| Fate::Replaces(earlier))
}

fn has_room(earlier: &EarlierCase) -> Result<(), (&'static str, String, &'static str)> {
    if earlier.versions.len() < VERSIONS_MAX {
        return Ok(());
    }
    let problem = format!("已更正 {VERSIONS_MAX} 次 / it has {VERSIONS_MAX} versions");
    Err(("earlier-versions", problem, "不能再更正 / it takes no further one"))
}

fn counted(judged: &Judged) -> RowsReport {
    let count = |is: fn(&Fate) -> bool| {
        u32::try_from(judged.rows.iter().filter(|(.., fate)| is(fate)).count()).unwrap_or(u32::MAX)
    };
    RowsReport {
        added: count(|fate| matches!(fate, Fate::New(_))),
        known: count(|fate| matches!(fate, Fate::Known(..))),
        replaced: count(|fate| matches!(fate, Fate::Replaces(_))),
        rows: judged.found.clone(),
        ..RowsReport::default()
    }
}

fn told(report: RowsReport) -> Reply {
    Reply::Earlier(Box::new(EarlierReply::Rows(report)))
}

/// Judges rows and writes nothing.
pub(super) fn judge(
    facts: &dyn Facts,
    desk: &dyn Desk,
    rows: &[ImportRow],
    terms: (bool, bool),
    at: Timestamp,
) -> Change {
    let judged = judged(facts, desk, rows, terms, None, at);
    Change::of(Vec::new(), told(counted(&judged)))
}

/// Begins a batch; the one of the same file that is there, where it wasn't undone.
pub(super) fn begin(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    actor: &Actor,
    request: &BatchRequest,
    at: Timestamp,
) -> Result<Change, Rejection> {
    if !(1..=FILE_ROWS_MAX).contains(&request.rows) {
        let (en, zh) = (format!("a file has 1 to {FILE_ROWS_MAX} rows"), format!("文件为 1 至 {FILE_ROWS_MAX} 行"));
        return Err(Rejection::new(codes::INVALID_FIELD, en, zh)
            .field("rows", request.rows)
            .remedy("split the file", "请拆分文件"));
    }
    let replace = request.replace.as_deref().map(reason).transpose()?;
    let sheet = request.sheet.chars().take(100).collect();
    let request = BatchRequest { replace, sheet, ..request.clone() };
    let mark = desk.index(&format!("earlier:{}", request.content));
    let known = facts.earlier_batches();
    if let Some(batch) = known.iter().find(|batch| batch.is_of(&request, &mark)) {
        return Ok(Change::of(Vec::new(), Reply::Earlier(Box::new(EarlierReply::Batch(Box::new(batch.view()))))));
    }
    if known.len() >= BATCHES_MAX {
        let en = format!("this node keeps {BATCHES_MAX} batches already");
        let zh = format!("本节点已有 {BATCHES_MAX} 个批次");
        return Err(Rejection::new(codes::EARLIER_BATCH_STATE, en, zh)
            .field("batch", "")
            .remedy("put more rows into one file", "请合并文件后导入"));
    }
    let mut random = [0; 10];
    desk.fill(&mut random);
    let mut numbers = Numbers::new(facts, NUMBERS, at, &[]);
    let batch = EarlierBatch {
        number: numbers.draw(),
        id: CaseId::draw(&facts.node().node, random),
        file: request.file,
        mark,
        sheet: request.sheet,
        rows: request.rows,
        keep_invalid: request.keep_invalid,
        replace: request.replace,
        taken: 0,
        added: 0,
        known: 0,
        replaced: 0,
        taken_up: 0,
        digest: Digest::of(&[]),
        begun_at: at,
        by: actor.operator.clone(),
        finished_at: None,
        undone: None,
    };
    let mut events: Vec<Event> = numbers.drawn().into_iter().collect();
    let reply = Reply::Earlier(Box::new(EarlierReply::Batch(Box::new(batch.view()))));
    events.push(Event::EarlierBatch(Box::new(batch), BatchStep::Taken));
    Ok(Change::of(events, reply))
}

/// A batch by its number.
fn named(facts: &dyn Facts, number: &str) -> Result<EarlierBatch, Rejection> {
    facts.earlier_batch(number.trim()).ok_or_else(|| {
        Rejection::new(codes::EARLIER_BATCH_UNKNOWN, "no batch of earlier cases has this number", "没有该导入批次")
            .field("batch", number)
            .remedy("list them: tongban case import --list", "查看：tongban case import --list")
    })
}

fn undone(batch: &EarlierBatch) -> Result<(), Rejection> {
    let Some(undone) = &batch.undone else { return Ok(()) };
    let en = format!("the batch was undone at {}", undone.at);
    let zh = format!("该批次已于 {} 撤销", undone.at);
    Err(Rejection::new(codes::EARLIER_BATCH_STATE, en, zh)
        .field("batch", &batch.number)
        .remedy("import the file again: it makes a batch of its own", "重新导入该文件，将成为新的批次"))
}

/// Brings rows of a batch: all of them, or with a finding that blocks none. What came before comes twice as nothing.
pub(super) fn bring(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    actor: &Actor,
    number: &str,
    (from, rows): (u32, &[ImportRow]),
    at: Timestamp,
) -> Result<Change, Rejection> {
    let mut batch = named(facts, number)?;
    undone(&batch)?;
    let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let end = from.saturating_add(count);
    if end <= batch.taken {
        let report = RowsReport { batch: Some(batch.number), taken: batch.taken, ..RowsReport::default() };
        return Ok(Change::of(Vec::new(), told(report)));
    }
    if from != batch.taken || end > batch.rows || rows.len() > EARLIER_ROWS_MAX {
        let en = format!(
            "{} of {} rows are in; those that follow are brought next, at most {EARLIER_ROWS_MAX}",
            batch.taken, batch.rows
        );
        let zh = format!("已导入 {} / {} 行，须接续提交，每次最多 {EARLIER_ROWS_MAX} 行", batch.taken, batch.rows);
        return Err(Rejection::new(codes::EARLIER_BATCH_STATE, en, zh)
            .field("from", from)
            .remedy("run the import of the same file again", "请重新运行同一文件的导入"));
    }
    let terms = (batch.keep_invalid, batch.replace.is_some());
    let judged = judged(facts, desk, rows, terms, Some(&batch.number), at);
    let mut report = counted(&judged);
    report.batch = Some(batch.number.clone());
    if judged.found.iter().any(|finding| finding.blocks) {
        report.taken = batch.taken;
        return Ok(Change::of(Vec::new(), told(RowsReport { added: 0, known: 0, replaced: 0, ..report })));
    }
    // What is said of rows that come in was said when they were judged.
    report.rows.clear();
    let mut events = Vec::with_capacity(rows.len() + 1);
    let mut chain = batch.digest;
    for (row, checked, fate) in judged.rows {
        let (known, replaces) = match fate {
            Fate::Known(known, version) => {
                events.extend(
                    stated_too(known, &version, &batch.number).map(|earlier| Event::Earlier(Box::new(earlier))),
                );
                continue;
            }
            Fate::New(known) => (known, None),
            Fate::Replaces(known) => (Some(known), batch.replace.clone()),
        };
        let version = version(facts, desk, (&batch.number, row), &checked, replaces, (actor, at));
        let kept = tongban_codes::cbor::to_vec(&version);
        chain = Digest::of(&[chain.as_bytes(), kept.as_slice()].concat());
        let fresh = EarlierCase { number: checked.number, versions: Vec::new(), taken_up: None };
        let mut earlier = known.unwrap_or(fresh);
        earlier.versions.push(version);
        events.push(Event::Earlier(Box::new(earlier)));
    }
    batch.digest = chain;
    batch.taken = end;
    batch.added += report.added;
    batch.known += report.known;
    batch.replaced += report.replaced;
    report.taken = batch.taken;
    let step = if batch.taken == batch.rows {
        batch.finished_at = Some(at);
        BatchStep::Finished
    } else {
        BatchStep::Taken
    };
    events.push(Event::EarlierBatch(Box::new(batch), step));
    Ok(Change::of(events, told(report)))
}

/// The earlier case with a further batch that said the same as one of its versions; none where that is noted, or where too many did.
fn stated_too(mut earlier: EarlierCase, version: &CaseId, batch: &str) -> Option<EarlierCase> {
    let known = earlier.versions.iter_mut().find(|known| known.id == *version)?;
    let is_noted = known.batch == batch || known.also.iter().any(|other| other == batch);
    if is_noted || known.also.len() >= VERSIONS_MAX {
        return None;
    }
    known.also.push(batch.to_owned());
    Some(earlier)
}

fn version(
    facts: &dyn Facts,
    desk: &mut dyn Desk,
    (batch, row): (&str, u32),
    checked: &Checked,
    replaces: Option<String>,
    (actor, at): (&Actor, Timestamp),
) -> EarlierVersion {
    let mut random = [0; 10];
    desk.fill(&mut random);
    let id = CaseId::draw(&facts.node().node, random);
    let personal = desk.encrypt(&id, &checked.name, &checked.identity);
    let note = (!checked.note.is_empty()).then(|| desk.encrypt_under(&id, &personal, &checked.note, "")).flatten();
    let holder = (!checked.identity.is_empty()).then(|| desk.index(&holder_text(&checked.identity)));
    let checked = checked.clone();
    EarlierVersion {
        id,
        batch: batch.to_owned(),
        row,
        item_code: checked.item_code,
        item_name: checked.item_name,
        applicant_kind: checked.applicant_kind,
        id_kind: checked.id_kind,
        id_checked: checked.id_checked,
        personal,
        note,
        holder,
        collected_on: checked.collected_on,
        accepted_on: checked.accepted_on,
        decided_on: checked.decided_on,
        delivered_on: checked.delivered_on,
        statutory_due: checked.statutory_due,
        result: checked.result,
        document_no: checked.document_no,
        licence_no: checked.licence_no,
        licence_from: checked.licence_from,
        licence_until: checked.licence_until,
        handler: checked.handler,
        system: checked.system,
        at,
        by: actor.operator.clone(),
        replaces,
        also: Vec::new(),
    }
}

/// Undoes a batch: what was taken up of it goes on, all else of it no longer stands.
pub(super) fn undo(
    facts: &dyn Facts,
    actor: &Actor,
    number: &str,
    text: &str,
    at: Timestamp,
) -> Result<Change, Rejection> {
    let mut batch = named(facts, number)?;
    undone(&batch)?;
    let reason = reason(text)?;
    batch.undone = Some(Undone { at, by: actor.operator.clone(), reason });
    let reply = Reply::Earlier(Box::new(EarlierReply::Batch(Box::new(batch.view()))));
    Ok(Change::of(vec![Event::EarlierBatch(Box::new(batch), BatchStep::Undone)], reply))
}
