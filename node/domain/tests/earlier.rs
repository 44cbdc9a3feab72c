//! Earlier cases of another system: imported, never witnessed, corrected with both versions, undone, taken up.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use hall::{CITIZEN, Hall, PERMIT, at, collect, date, guangan, row};
use tongban_codes::calendar::Calendar;
use tongban_codes::ids::Digest;
use tongban_domain::catalogue::{CodeList as _, Finding, ImportRow};
use tongban_domain::earlier::{
    BatchRequest, BatchStep, BatchView, EARLIER_ROWS_MAX, EarlierCommand, EarlierReply, EarlierVersion, RowsReport,
    TakeUpRequest,
};
use tongban_domain::{Command, Event, Rejection, Reply};

const ITEM: &str = "511A0015500013";

fn command(command: EarlierCommand) -> Command {
    Command::Earlier(Box::new(command))
}

/// A row that holds, open in the other system, with changes.
fn old(number: u32, old_number: &str, changes: &[(&str, &str)]) -> ImportRow {
    let mut made = row(
        number,
        &[
            ("old_number", old_number),
            ("item", ITEM),
            ("applicant", "张三"),
            ("id_number", CITIZEN),
            ("collected_on", "2026-08-31"),
            ("accepted_on", "2026-09-01"),
            ("source_system", "旧系统"),
        ],
    );
    for (name, value) in changes {
        made.values.insert((*name).to_owned(), (*value).to_owned());
    }
    made
}

fn request(content: &str, rows: u32) -> BatchRequest {
    let (file, content) = (Digest::of(content.as_bytes()), Digest::of(format!("rows of {content}").as_bytes()));
    BatchRequest { file, content, sheet: String::new(), rows, keep_invalid: false, replace: None }
}

fn begin(hall: &mut Hall, request: &BatchRequest) -> BatchView {
    match hall.act(&command(EarlierCommand::Begin(request.clone()))).unwrap().reply {
        Reply::Earlier(reply) => match *reply {
            EarlierReply::Batch(view) => *view,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn reported(reply: Reply) -> RowsReport {
    match reply {
        Reply::Earlier(reply) => match *reply {
            EarlierReply::Rows(report) => report,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn bring(hall: &mut Hall, batch: &str, from: u32, rows: &[ImportRow]) -> Result<RowsReport, Rejection> {
    let rows = EarlierCommand::Rows { batch: batch.to_owned(), from, rows: rows.to_vec() };
    hall.act(&command(rows)).map(|change| reported(change.reply))
}

/// Imports rows as one file; gives the batch.
fn import(hall: &mut Hall, request: &BatchRequest, rows: &[ImportRow]) -> (String, RowsReport) {
    let batch = begin(hall, request).batch;
    let report = bring(hall, &batch, 0, rows).unwrap();
    (batch, report)
}

fn check(hall: &mut Hall, row: &ImportRow, keep_invalid: bool) -> Vec<(String, String, bool)> {
    let before = (hall.state.earlier.clone(), hall.state.batches.clone());
    let check = EarlierCommand::Check { rows: vec![row.clone()], keep_invalid, replace: false };
    let change = hall.act(&command(check)).unwrap();
    assert!(change.events.is_empty() && change.notices.is_empty());
    assert_eq!((hall.state.earlier.clone(), hall.state.batches.clone()), before);
    let told = |found: Finding| (found.column, found.code, found.blocks);
    reported(change.reply).rows.into_iter().map(told).collect()
}

fn standing(hall: &Hall, number: &str) -> Option<EarlierVersion> {
    let undone = |batch: &str| hall.state.batches[batch].undone.is_some();
    hall.state.earlier[number].standing(undone).cloned()
}

fn take_up(hall: &mut Hall, request: TakeUpRequest) -> Result<tongban_domain::Change, Rejection> {
    hall.act(&command(EarlierCommand::TakeUp(request)))
}

fn of(number: &str) -> TakeUpRequest {
    TakeUpRequest { number: number.to_owned(), ..TakeUpRequest::default() }
}

#[test]
fn every_wrong_cell_is_named_and_nothing_personal_is_repeated() {
    let mut hall = guangan();
    for (changes, expected) in [
        (&[("old_number", "")][..], &[("old_number", "cell-missing")][..]),
        (&[("old_number", "A\u{202e}1")], &[("old_number", "invalid-field")]),
        (&[("item", "")], &[("item", "cell-missing")]),
        (&[("source_system", "")], &[("source_system", "cell-missing")]),
        (&[("applicant", "")], &[("applicant", "cell-missing")]),
        (&[("id_number", "110101199003070012")], &[("id_number", "invalid-identity")]),
        (&[("id_number", "11010520991231002X")], &[("id_number", "invalid-identity")]),
        (&[("id_number", "")], &[("id_number", "invalid-identity")]),
        (&[("id_kind", "统一社会信用代码")], &[("id_number", "invalid-identity")]),
        (&[("id_kind", "学生证")], &[("id_kind", "invalid-field")]),
        (&[("applicant_kind", "外星人")], &[("applicant_kind", "invalid-field")]),
        (&[("collected_on", "去年")], &[("collected_on", "invalid-field")]),
        (&[("collected_on", "2026-09-15")], &[("collected_on", "date-order"), ("accepted_on", "date-order")]),
        (&[("decided_on", "2026-08-01"), ("result", "0")], &[("decided_on", "date-order")]),
        (&[("decided_on", "2026-09-10")], &[("result", "cell-missing")]),
        (&[("result", "通过")], &[("result", "invalid-field")]),
        (&[("delivered_on", "2026-09-10")], &[("delivered_on", "earlier-open")]),
        (&[("licence_no", "卫证字〔2026〕1号")], &[("licence_no", "earlier-open")]),
        (&[("licence_from", "2026-09-02"), ("licence_until", "2026-09-01")], &[("licence_until", "date-order")]),
    ] {
        let found = check(&mut hall, &old(2, "A1", changes), false);
        let told: Vec<(&str, &str)> = found.iter().map(|(column, code, _)| (column.as_str(), code.as_str())).collect();
        assert_eq!(told, expected, "{changes:?}");
        assert!(found.iter().all(|(.., blocks)| *blocks));
    }
    // A day in the time to come ends a licence lawfully.
    assert_eq!(check(&mut hall, &old(2, "A1", &[("licence_until", "2040-01-01")]), false), []);
    // What isn't in the catalogue is kept as a text, and said to be.
    let unknown = check(&mut hall, &old(2, "A1", &[("item", "暂住证办理")]), false);
    assert_eq!(unknown, [("item".to_owned(), "item-unknown".to_owned(), false)]);
    // A name says the same as a code.
    assert_eq!(check(&mut hall, &old(2, "A1", &[("item", PERMIT[2].1)]), false), []);
    let rows = vec![old(2, "A1", &[("id_number", "110101199003070012"), ("applicant", "王\u{7}五")])];
    let wrong = EarlierCommand::Check { rows, keep_invalid: false, replace: false };
    let shown = format!("{wrong:?}");
    let report = reported(hall.act(&command(wrong)).unwrap().reply);
    assert_eq!(report.rows.len(), 2);
    for text in [shown, format!("{report:?}")] {
        assert!(!text.contains("11010119") && !text.contains("五"), "{text}");
    }
}

#[test]
fn numbers_that_do_not_hold_are_kept_as_texts_when_asked_for() {
    let mut hall = guangan();
    let rows = [
        old(2, "A1", &[("id_number", "110101199003070012")]),
        old(3, "A2", &[("id_number", "")]),
        old(4, "A3", &[("id_kind", "护照"), ("id_number", "e1234567")]),
        old(5, "A4", &[]),
    ];
    let terms = BatchRequest { keep_invalid: true, ..request("a", 4) };
    let (_, report) = import(&mut hall, &terms, &rows);
    assert_eq!((report.added, report.rows.len()), (4, 0));
    let kept = |number: &str| {
        let version = standing(&hall, number).unwrap();
        (version.id_kind.name(), version.id_checked, version.holder.is_some())
    };
    assert_eq!(kept("A1"), ("other", false, true));
    assert_eq!(kept("A2"), ("other", false, false));
    assert_eq!(kept("A3"), ("passport", false, true));
    assert_eq!(kept("A4"), ("citizen-id", true, true));
}

#[test]
fn a_batch_comes_in_part_by_part_and_nothing_twice() {
    let mut hall = guangan();
    let rows: Vec<ImportRow> = (2..12).map(|number| old(number, &format!("A{number}"), &[])).collect();
    let file = request("a", 10);
    let begun = begin(&mut hall, &file);
    assert_eq!((begun.batch.as_str(), begun.batch_state), ("LS511602000000-20260914-00001", "open"));
    assert_eq!(bring(&mut hall, &begun.batch, 0, &rows[..4]).unwrap().taken, 4);
    // A part that comes again is none, one that leaves a gap is refused, and so is one beyond the file.
    assert_eq!(bring(&mut hall, &begun.batch, 0, &rows[..4]).unwrap().added, 0);
    for (from, part) in [(6, &rows[6..]), (2, &rows[2..6])] {
        assert_eq!(bring(&mut hall, &begun.batch, from, part).unwrap_err().code, "earlier-batch-state");
    }
    let more: Vec<ImportRow> = (20..30).map(|number| old(number, &format!("A{number}"), &[])).collect();
    assert_eq!(bring(&mut hall, &begun.batch, 4, &more).unwrap_err().code, "earlier-batch-state");
    assert_eq!(bring(&mut hall, "LS1", 0, &rows).unwrap_err().code, "earlier-batch-unknown");
    // Begun again, the same file goes on where it broke off.
    let again = begin(&mut hall, &file);
    assert_eq!((again.batch.as_str(), again.taken), (begun.batch.as_str(), 4));
    let rest = EarlierCommand::Rows { batch: begun.batch.clone(), from: 4, rows: rows[4..].to_vec() };
    let last = hall.act(&command(rest)).unwrap();
    let finished = |event: &Event| matches!(event, Event::EarlierBatch(_, BatchStep::Finished));
    assert_eq!(last.events.iter().filter(|event| finished(event)).count(), 1);
    assert!(last.notices.is_empty() && last.documents.is_empty(), "nobody else hears of it");
    assert_eq!(hall.state.earlier.len(), 10);
    assert_eq!(begin(&mut hall, &file).batch_state, "finished");
    // Another file with the same rows brings nothing new.
    let (other, report) = import(&mut hall, &request("b", 10), &rows);
    assert_ne!(other, begun.batch);
    assert_eq!((report.added, report.known), (0, 10));
    assert!(hall.state.earlier.values().all(|earlier| earlier.versions.len() == 1));
    // No case, no clock, no figure: none of it is a case.
    assert!(hall.state.cases.is_empty() && hall.state.acts.is_empty() && hall.state.watched.is_empty());
    let many = vec![rows[0].clone(); EARLIER_ROWS_MAX + 1];
    let batch = begin(&mut hall, &request("c", 5_000)).batch;
    assert_eq!(bring(&mut hall, &batch, 0, &many).unwrap_err().code, "earlier-batch-state");
}

#[test]
fn one_wrong_row_keeps_its_part_out() {
    let mut hall = guangan();
    let batch = begin(&mut hall, &request("a", 3)).batch;
    let rows = [old(2, "A1", &[]), old(3, "A2", &[("id_number", "1")]), old(4, "A1", &[("note", "x")])];
    let report = bring(&mut hall, &batch, 0, &rows).unwrap();
    let codes: Vec<(u32, &str)> = report.rows.iter().map(|found| (found.row, found.code.as_str())).collect();
    assert_eq!(codes, [(3, "invalid-identity"), (4, "earlier-repeated")]);
    assert_eq!((report.taken, report.added), (0, 0));
    assert!(hall.state.earlier.is_empty());
}

#[test]
fn a_correction_keeps_both_versions_and_an_undo_keeps_all() {
    let mut hall = guangan();
    let (first, _) = import(&mut hall, &request("a", 2), &[old(2, "A1", &[]), old(3, "A2", &[])]);
    let changed = [old(2, "A1", &[("note", "补录")]), old(3, "A2", &[])];
    let plain = begin(&mut hall, &request("b", 2)).batch;
    let refused = bring(&mut hall, &plain, 0, &changed).unwrap();
    assert_eq!(refused.rows[0].code, "earlier-differs");
    assert!(refused.rows[0].problem.contains(&first), "{:?}", refused.rows[0]);
    let replacing = BatchRequest { replace: Some("录入有误".into()), ..request("b", 2) };
    let (second, report) = import(&mut hall, &replacing, &changed);
    assert_eq!((report.replaced, report.known), (1, 1));
    let versions = &hall.state.earlier["A1"].versions;
    assert_eq!(versions.len(), 2);
    assert_eq!((versions[0].note.is_none(), versions[1].replaces.as_deref()), (true, Some("录入有误")));
    assert_eq!(standing(&hall, "A1").unwrap().batch, second);
    // Undone, the one before stands again; with that undone as well, none; and both stay.
    let undo = |hall: &mut Hall, batch: &str, reason: &str| {
        let undo = EarlierCommand::Undo { batch: batch.to_owned(), reason: reason.to_owned() };
        hall.act(&command(undo)).map(drop).map_err(|refused| refused.code)
    };
    assert_eq!(undo(&mut hall, &second, " "), Err("invalid-field"));
    assert_eq!(undo(&mut hall, &second, "误导入"), Ok(()));
    assert_eq!(undo(&mut hall, &second, "误导入"), Err("earlier-batch-state"));
    assert_eq!(bring(&mut hall, &second, 2, &[old(5, "A9", &[])]).unwrap_err().code, "earlier-batch-state");
    assert_eq!(standing(&hall, "A1").unwrap().batch, first);
    undo(&mut hall, &first, "误导入").unwrap();
    assert_eq!((standing(&hall, "A1"), hall.state.earlier["A1"].versions.len()), (None, 2));
    // The same file comes in anew as a batch of its own.
    let (third, report) = import(&mut hall, &request("a", 2), &[old(2, "A1", &[]), old(3, "A2", &[])]);
    assert_eq!(report.added, 2);
    assert_ne!(third, first);
    assert_eq!(standing(&hall, "A1").unwrap().batch, third);
}

#[test]
fn what_was_open_is_taken_up_with_a_clock_that_this_node_witnesses() {
    let mut hall = guangan();
    let rows = [
        old(2, "A1", &[("statutory_due", "2026-09-20")]),
        old(3, "A2", &[("decided_on", "2026-09-10"), ("result", "出证办结")]),
        old(4, "A3", &[("item", "暂住证办理")]),
        old(5, "A4", &[("id_number", "110101199003070012")]),
    ];
    let (batch, _) = import(&mut hall, &BatchRequest { keep_invalid: true, ..request("a", 4) }, &rows);
    for (asked, code) in [
        (of("A0"), "earlier-unknown"),
        (of("A2"), "earlier-decided"),
        (of("A3"), "earlier-item"),
        (of("A4"), "earlier-applicant"),
        (TakeUpRequest { identity: Some("110101199003070011".into()), ..of("A1") }, "earlier-applicant"),
        (TakeUpRequest { identity: Some("110101199003070012".into()), ..of("A4") }, "invalid-identity"),
    ] {
        assert_eq!(take_up(&mut hall, asked).unwrap_err().code, code);
    }
    assert!(hall.state.cases.is_empty());
    let change = take_up(&mut hall, of("A1")).unwrap();
    let Reply::Collected(collected) = change.reply else { panic!("{:?}", change.reply) };
    let stated = hall.case(collected.case).stated.clone().unwrap();
    let due = Calendar::embedded().add_working_days(date(2026, 9, 1), 20);
    assert_eq!((stated.number.as_str(), stated.batch.as_str()), ("A1", batch.as_str()));
    assert_eq!((stated.statutory_due, stated.computed_due), (Some(date(2026, 9, 20)), Some(due.date)));
    assert_eq!(hall.case(collected.case).received_on, Some(date(2026, 9, 14)));
    assert_eq!(hall.case(collected.case).accepted_on, None);
    // Accepted here, its own clock begins here; what was stated stays beside it.
    hall.act(&Command::Accept(collected.case.to_string())).unwrap();
    let case = hall.case(collected.case);
    let own = Calendar::embedded().add_working_days(date(2026, 9, 14), 20);
    assert_eq!(case.deadlines.as_ref().unwrap().statutory.unwrap().date, own.date);
    assert_eq!(case.stated.as_ref(), Some(&stated));
    assert_eq!(take_up(&mut hall, of("A1")).unwrap_err().code, "earlier-taken-up");
    // With the number entered anew, and with the item named, the others go, too.
    take_up(&mut hall, TakeUpRequest { identity: Some("110101199003070011".into()), ..of("A4") }).unwrap();
    take_up(&mut hall, TakeUpRequest { item: Some(ITEM.into()), ..of("A3") }).unwrap();
    assert_eq!(hall.state.batches[&batch].taken_up, 3);
    // A withdrawn case gives it free again.
    hall.act(&Command::Withdraw { case: collected.case.to_string(), reason: None }).unwrap();
    take_up(&mut hall, of("A1")).unwrap();
    assert_eq!(hall.state.batches[&batch].taken_up, 3, "three rows, whatever became of their cases");
    // An undo takes nothing from under the cases that go on, and what was taken up isn't replaced.
    let undo = EarlierCommand::Undo { batch, reason: "误导入".into() };
    hall.act(&command(undo)).unwrap();
    assert!(standing(&hall, "A1").is_some() && standing(&hall, "A2").is_none());
    let replacing = BatchRequest { replace: Some("更正".into()), ..request("b", 1) };
    let (_, report) = import(&mut hall, &replacing, &[old(2, "A1", &[("note", "x")])]);
    assert_eq!(report.rows[0].code, "earlier-taken-up");
}

/// Nobody collects from himself by way of an old row.
#[test]
fn an_operator_takes_up_no_case_of_his_own() {
    let mut hall = guangan();
    import(&mut hall, &request("a", 1), &[old(2, "A1", &[])]);
    let identity = Some(tongban_domain::Identity(CITIZEN.into()));
    hall.act(&Command::RegisterIdentity { operator: "窗口员".into(), identity }).unwrap();
    assert_eq!(hall.code(&collect(ITEM, hall.division())), "own-case");
    assert_eq!(take_up(&mut hall, of("A1")).unwrap_err().code, "own-case");
}

/// Times are those of the decisions, for whoever replays the log.
#[test]
fn the_moment_of_import_is_the_decisions() {
    let mut hall = guangan();
    hall.now = at(2026, 9, 20, 10);
    let (batch, _) = import(&mut hall, &request("a", 1), &[old(2, "A1", &[])]);
    assert_eq!(hall.state.batches[&batch].finished_at, Some(hall.now));
    assert_eq!(standing(&hall, "A1").unwrap().at, hall.now);
}

/// What two files say is brought by both: it stands while one of them does.
#[test]
fn an_undo_takes_nothing_that_another_batch_says_too() {
    let mut hall = guangan();
    let (first, _) = import(&mut hall, &request("a", 1), &[old(2, "A1", &[])]);
    let (second, report) = import(&mut hall, &request("b", 2), &[old(2, "A1", &[]), old(3, "A2", &[])]);
    assert_eq!((report.known, report.added), (1, 1));
    let undo = |hall: &mut Hall, batch: String| {
        hall.act(&command(EarlierCommand::Undo { batch, reason: "误导入".into() })).unwrap();
    };
    undo(&mut hall, first);
    assert!(standing(&hall, "A1").is_some(), "the second file says it, too");
    undo(&mut hall, second);
    assert_eq!((standing(&hall, "A1"), standing(&hall, "A2")), (None, None));
}

/// Another system's case under the same number is none of this one's versions.
#[test]
fn the_number_of_another_system_replaces_nothing() {
    let mut hall = guangan();
    import(&mut hall, &request("a", 1), &[old(2, "A1", &[])]);
    let replacing = BatchRequest { replace: Some("更正".into()), ..request("b", 1) };
    let batch = begin(&mut hall, &replacing).batch;
    let refused = bring(&mut hall, &batch, 0, &[old(2, "A1", &[("source_system", "另一系统")])]).unwrap();
    assert_eq!(refused.rows[0].code, "earlier-other-system");
    assert_eq!(hall.state.earlier["A1"].versions.len(), 1);
}
