#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

fn read(text: &str) -> Result<ActFile, String> {
    ActFile::read(text.as_bytes(), None).map_err(|failure| failure.problem.code)
}

fn acts(text: &str) -> Vec<(u32, String, Request)> {
    let (acts, findings) = read(text).unwrap().acts();
    assert_eq!(findings, [], "{text}");
    acts.into_iter().map(|act| (act.row, act.case, act.request)).collect()
}

/// Row, column and code of what is wrong with a file, and how many rows of it can be sent.
fn wrong(text: &str) -> (Vec<(u32, String, String)>, usize) {
    let (acts, findings) = read(text).unwrap().acts();
    (findings.into_iter().map(|found| (found.row, found.column, found.code)).collect(), acts.len())
}

#[test]
fn a_row_of_each_act_becomes_its_request() {
    let head = "办件编号,操作,理由,说明,补正内容,补正期限,有权机关,核查人员,核查情况,程序,天数,批准人,意见\n";
    let rows = [
        ("c1,移交,,,,,,,,,,,", "Act(Offer)"),
        ("c1,领取,,,,,,,,,,,", "Work(Claim)"),
        ("c1,受理,,,,,,,,,,,", "Act(Accept { enough: None })"),
        ("c1,ACCEPT,已足,,,,,,,,,,", "Act(Accept { enough: Some(\"已足\") })"),
        ("c1,不受理,无需许可,,,,,,,,,,", "Act(Refuse { refusal: NotRequired, reason: \"无需许可\", competent: None })"),
        (
            "c1,不予受理,非本机关,,,,511602 / 广安区公安分局,,,,,,",
            "Act(Refuse { refusal: NotCompetent, reason: \"非本机关\", competent: Some(Competent { division: DivisionCode(511602000000), authority: \"广安区公安分局\" }) })",
        ),
        (
            "c1,补正告知,,,缺照片^缺签字,30.0,,,,,,,",
            "Act(Notify { items: [\"缺照片\", \"缺签字\"], new_reasons: [], within: Some(30) })",
        ),
        ("c1,补正告知,,,缺照片,,,,,,,,", "Act(Notify { items: [\"缺照片\"], new_reasons: [], within: None })"),
        ("c1,退件,逾期,,,,,,,,,,", "Act(Return { reason: \"逾期\" })"),
        ("c1,现场核查,,,,,,甲^乙,一致,,,,", "Act(Check { officers: [\"甲\", \"乙\"], finding: \"一致\" })"),
        ("c1,环节通过,,,,,,,,,,,同意", "Work(Step { pass: true, opinion: \"同意\" })"),
        ("c1,环节退回,,,,,,,,,,,重核", "Work(Step { pass: false, opinion: \"重核\" })"),
        ("c1,准予,,,,,,,,,,,", "Act(Decide { grant: true, reason: None })"),
        ("c1,不予,不符合条件,,,,,,,,,,", "Act(Decide { grant: false, reason: Some(\"不符合条件\") })"),
        ("c1,中止计时,,,,,,,,检验,10,,", "Act(Suspend { procedure: \"检验\", days: 10 })"),
        ("c1,恢复计时,,合格,,,,,,,,,", "Act(Resume { note: Some(\"合格\") })"),
        ("c1,延期,案情复杂,,,,,,,,10,局长,", "Act(Extend { days: 10, approver: \"局长\", reason: \"案情复杂\" })"),
        ("c1,送达,,窗口,,,,,,,,,", "Act(Deliver { note: Some(\"窗口\") })"),
        ("c1,办结,,,,,,,,,,,", "Act(Close)"),
    ];
    let mut named = std::collections::BTreeSet::<&str>::new();
    for (row, expected) in rows {
        let read = acts(&format!("{head}{row}\n"));
        let [(2, case, request)] = read.as_slice() else { panic!("{row}: {read:?}") };
        assert_eq!((case.as_str(), format!("{request:?}").as_str()), ("c1", expected), "{row}");
        let word = row.split(',').nth(1).unwrap();
        named.extend(
            ACTS.iter().filter(|(name, zh)| word.to_lowercase() == *name || word == *zh).map(|(name, _)| *name),
        );
    }
    assert_eq!(named.len(), ACTS.len(), "each act has a row");
}

#[test]
fn what_a_row_is_wrong_in_is_named_and_nothing_is_passed_over() {
    let of = |row: u32, column: &str, code: &str| (row, column.to_owned(), code.to_owned());
    for (text, expected, sent) in [
        ("办件,操作\n,受理\n", vec![of(2, "case", "cell-missing")], 0),
        ("办件,操作\nc1,\n", vec![of(2, "act", "cell-missing")], 0),
        ("办件,操作\nc1,通过\n", vec![of(2, "act", "act-unknown")], 0),
        ("办件,操作,理由\nc1,不予,\nc2,不予,不符\n", vec![of(2, "reason", "cell-missing")], 1),
        ("办件,操作,理由\nc1,办结,完成\n", vec![of(2, "reason", "cell-unused")], 0),
        ("办件,操作,程序,天数\nc1,中止计时,检验,十\n", vec![of(2, "days", "invalid-field")], 0),
        ("办件,操作,程序,天数\nc1,中止计时,检验,70000\n", vec![of(2, "days", "invalid-field")], 0),
        ("办件,操作,程序,天数\nc1,中止计时,检验,\n", vec![of(2, "days", "cell-missing")], 0),
        ("办件,操作,理由,有权机关\nc1,不予受理,无权,公安局\n", vec![of(2, "competent", "competent-invalid")], 0),
        (
            "办件,操作,理由,有权机关\nc1,不予受理,,\n",
            vec![of(2, "reason", "cell-missing"), of(2, "competent", "cell-missing")],
            0,
        ),
        ("办件,操作\nc1,受理\nc2,受理\nc1,受理\n", vec![of(4, "case", "act-repeated")], 2),
        ("办件,操作\n5.11602E+19,受理\n", vec![of(2, "case", "digits-lost")], 0),
    ] {
        assert_eq!(wrong(text), (expected, sent), "{text}");
    }
}

#[test]
fn what_is_no_act_file_is_refused() {
    let many = format!("办件,操作\n{}", "c,受理\n".repeat(ROWS_MAX + 1));
    for (text, code) in [
        ("", "sheet-empty"),
        ("办件,操作\n", "sheet-empty"),
        ("事项名称,事项类型\n甲,01\n", "head-unknown"),
        ("操作,理由\n准予,x\n", "column-missing"),
        ("办件,理由\nc1,x\n", "column-missing"),
        ("办件,办件编号,操作\nc1,c1,受理\n", "column-repeated"),
        ("[{\"case\":\"c1\"}]", "file-kind"),
        ("办件,操作\n\"c1,受理\n", "csv-malformed"),
        (many.as_str(), "batch-too-long"),
    ] {
        assert_eq!(read(text).unwrap_err(), code, "{}", &text.chars().take(40).collect::<String>());
    }
}

/// The template names every column, and what is written into it comes back.
#[test]
fn the_template_is_read_and_an_error_sheet_goes_in_again() {
    let bytes = template().unwrap();
    let head = Head::find(&workbook::xlsx(&bytes).unwrap()[0], &Mapping::default(), Subject::Acts).unwrap().unwrap();
    let names: Vec<&str> = head.columns.iter().flatten().map(|column| column.name).collect();
    assert_eq!(names, ACT_COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>());

    let file = read("序号,办件,操作,理由\n1,c1,准予,\n2,c2,不予,\n3,c3,不予,不符\n").unwrap();
    let (_, findings) = file.acts();
    let sheet = crate::cli::sheet::errors::acts(&file, &findings).unwrap();
    let again = ActFile::read(&sheet, None).unwrap();
    let (acts, findings) = again.acts();
    assert_eq!(acts.len(), 0);
    let found: Vec<(u32, &str, &str)> =
        findings.iter().map(|found| (found.row, found.column.as_str(), found.value.as_str())).collect();
    assert_eq!(found, [(2, "reason", "")], "the row that was wrong, and no other");
    assert_eq!(again.rows().next().unwrap().text(1), "c2");
}

/// No title means two columns.
#[test]
fn titles_are_of_one_column() {
    for column in ACT_COLUMNS {
        for title in [column.name, column.zh] {
            let named: Vec<&str> = ACT_COLUMNS
                .iter()
                .filter(|other| {
                    let parts = [title.to_owned()];
                    crate::cli::sheet::column::of_title(&parts, Subject::Acts).is_some_and(|found| found == *other)
                })
                .map(|other| other.name)
                .collect();
            assert_eq!(named, [column.name], "{title}");
        }
    }
}
