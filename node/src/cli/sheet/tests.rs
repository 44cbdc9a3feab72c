#![expect(clippy::unwrap_used, reason = "tests")]

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};
use tongban_domain::catalogue::Finding;

use super::column::COLUMNS;
use super::mapping::Mapping;
use super::rows::{ItemFile, Record};
use super::{errors, template, workbook};

const CODE: &str = "511A0015500013-511602000000-000-115113016823646795-1-00";
const OLD_1900: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/items-1900.xls"));
const OLD_1904: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/items-1904.xls"));

fn read(bytes: &[u8]) -> ItemFile {
    ItemFile::read(bytes, Mapping::default(), None, false).unwrap()
}

fn refused(bytes: &[u8]) -> (String, String) {
    let problem = ItemFile::read(bytes, Mapping::default(), None, false).unwrap_err().problem;
    (problem.code, problem.value)
}

fn records(file: &ItemFile) -> Vec<Record> {
    file.records().collect()
}

fn value<'r>(record: &'r Record, column: &str) -> &'r str {
    record.row.values.get(column).map_or("", String::as_str)
}

fn codes(record: &Record) -> Vec<(&str, &str)> {
    record.findings.iter().map(|finding| (finding.column.as_str(), finding.code.as_str())).collect()
}

fn saved(fill: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(&mut workbook);
    workbook.save_to_buffer().unwrap()
}

fn line(sheet: &mut Worksheet, row: u32, cells: &[&str]) {
    for (column, cell) in (0..).zip(cells) {
        if !cell.is_empty() {
            sheet.write_string(row, column, *cell).unwrap();
        }
    }
}

/// A province's library: a sheet of remarks, a title, a head of two rows, merged departments.
fn library() -> Vec<u8> {
    saved(|workbook| {
        line(workbook.add_worksheet().set_name("填报说明").unwrap(), 0, &["请按要求填写", "名称"]);
        let plain = Format::new();
        let sheet = workbook.add_worksheet().set_name("事项库").unwrap();
        sheet.merge_range(0, 0, 0, 7, "政务服务事项库（2025年）", &plain).unwrap();
        for (column, title) in (0..).zip(["序号", "*事项名称", "实施编码", "事项类型", "实施主体"]) {
            sheet.merge_range(2, column, 3, column, title, &plain).unwrap();
        }
        sheet.merge_range(2, 5, 2, 6, "办理时限（工作日）", &plain).unwrap();
        line(sheet, 3, &["", "", "", "", "", "法定时限", "承诺时限"]);
        sheet.merge_range(2, 7, 3, 7, "计划生效日期", &plain).unwrap();
        sheet.merge_range(2, 8, 3, 8, "备注", &plain).unwrap();
        sheet.merge_range(4, 4, 6, 4, "区行政审批局", &plain).unwrap();
        let day = Format::new().set_num_format("yyyy/m/d");
        for (index, name) in (0..).zip(["卫生许可新办", "卫生许可延续", "卫生许可变更"]) {
            let row = 4 + index;
            sheet.write_number(row, 0, f64::from(index)).unwrap();
            line(sheet, row, &["", name, &format!("{CODE}{index}"), "行政许可"]);
            sheet.write_number(row, 5, 20.0).unwrap();
            sheet.write_formula(row, 6, Formula::new("=2+3").set_result("5")).unwrap();
            sheet.write_datetime_with_format(row, 7, ExcelDateTime::from_ymd(2026, 9, 14).unwrap(), &day).unwrap();
        }
        // A border drawn far down isn't a row.
        sheet.write_blank(2000, 3, &Format::new().set_bold()).unwrap();
        sheet.set_row_hidden(5).unwrap();
    })
}

#[test]
fn a_workbook_is_read_with_its_titles_merges_and_types() {
    let file = read(&library());
    assert_eq!((file.table().sheet.as_str(), file.head.rows), ("事项库", (3, 4)));
    assert_eq!(file.head.titles[6], "办理时限（工作日）/承诺时限");
    assert_eq!(file.head.unknown, ["备注"]);
    let all = records(&file);
    assert_eq!(all.iter().map(|record| record.row.row).collect::<Vec<_>>(), [5, 6, 7]);
    for record in &all {
        assert!(record.findings.is_empty(), "{record:?}");
        for (column, expected) in [
            ("department", "区行政审批局"),
            ("item_type", "01"),
            ("statutory_days", "20"),
            ("promised_days", "5"),
            ("effective", "2026-09-14"),
        ] {
            assert_eq!(value(record, column), expected, "{column}");
        }
    }
    assert_eq!(file.table().hidden.iter().copied().collect::<Vec<_>>(), [6]);
    assert_eq!(file.hidden(), 1);
    let file = ItemFile::read(&library(), Mapping::default(), None, true).unwrap();
    assert_eq!(file.records().map(|record| record.row.row).collect::<Vec<_>>(), [5, 7]);
    assert_eq!(value(&records(&file)[1], "department"), "区行政审批局");
}

#[test]
fn old_workbooks_are_read_whatever_their_year_of_reckoning() {
    for bytes in [OLD_1900, OLD_1904] {
        let file = read(bytes);
        assert_eq!((file.kind.name(), file.table().sheet.as_str(), file.head.rows), ("xls", "事项库", (2, 3)));
        let all = records(&file);
        assert_eq!(all.len(), 2);
        let expected =
            [("公共场所卫生许可延续（县级）", "01", "20", "2026-09-14"), ("残疾人证换领", "07", "", "2026-10-01")];
        for (record, (name, item_type, statutory, effective)) in all.iter().zip(expected) {
            assert_eq!(value(record, "name"), name);
            assert_eq!(value(record, "item_type"), item_type);
            assert_eq!(value(record, "statutory_days"), statutory);
            assert_eq!(value(record, "promised_days"), "5");
            assert_eq!(value(record, "department"), "区行政审批局");
            assert_eq!(value(record, "effective"), effective);
        }
        // The second credit code was entered as a number.
        assert_eq!((codes(&all[0]), codes(&all[1])), (vec![], vec![("department_code", "digits-lost")]));
    }
}

#[test]
fn cells_that_hold_no_value_are_named() {
    let bytes = saved(|workbook| {
        let sheet = workbook.add_worksheet();
        line(sheet, 0, &["name", "item_type", "local_item_code", "promised_days", "statutory_days"]);
        line(sheet, 1, &["甲", "01", "1.15113E+17"]);
        sheet.write_number(2, 2, 115_113_016_823_646_795.0).unwrap();
        sheet.write_formula(2, 3, Formula::new("=A1").set_result("#N/A")).unwrap();
        line(sheet, 3, &["乙", "01", CODE, "5", "20"]);
        sheet.write_boolean(3, 3, true).unwrap();
    });
    let all = records(&read(&bytes));
    assert_eq!(codes(&all[0]), [("local_item_code", "digits-lost")]);
    assert_eq!(codes(&all[1])[0], ("local_item_code", "digits-lost"));
    assert_eq!(value(&all[2], "promised_days"), "1");
    for finding in all.iter().flat_map(|record| &record.findings) {
        assert!(finding.blocks && finding.problem.contains(" / ") && finding.remedy.contains(" / "), "{finding:?}");
    }
}

#[test]
fn files_that_are_not_read_say_why() {
    let header = |start: &[u8], rest: &str| [start, rest.as_bytes()].concat();
    let encrypted: Vec<u8> = [
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(),
        "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ]
    .concat();
    let empty = saved(|workbook| {
        workbook.add_worksheet();
    });
    let wide = saved(|workbook| {
        workbook.add_worksheet().write_string(0, 600, "x").unwrap();
    });
    for (name, bytes, code) in [
        ("nothing", vec![], "sheet-empty"),
        ("a mark alone", b"\xef\xbb\xbf".to_vec(), "sheet-empty"),
        ("blank lines", b"\n\r\n".to_vec(), "sheet-empty"),
        ("a head alone", b"name,item_type,local_item_code\n".to_vec(), "sheet-empty"),
        ("separators alone", b"name,item_type,base_code\n,,\n".to_vec(), "sheet-empty"),
        ("no head", "你好,世界\n1,2\n".as_bytes().to_vec(), "head-unknown"),
        ("no name", b"department,item_type,local_item_code\na,b,c\n".to_vec(), "column-missing"),
        ("no code", b"name,item_type\na,b\n".to_vec(), "column-missing"),
        ("two names", "name,事项名称,item_type,base_code\na,b,c,d\n".as_bytes().to_vec(), "column-repeated"),
        ("PDF", header(b"%PDF-1.4", "x"), "file-kind"),
        ("a page called .xls", b"<html><table></table></html>".to_vec(), "file-kind"),
        ("an archive", header(b"PK\x03\x04", "word/document.xml"), "file-kind"),
        ("OpenDocument", header(b"PK\x03\x04", "mimetypeapplication/vnd.oasis.opendocument.spreadsheet"), "file-kind"),
        ("a broken archive", header(b"PK\x03\x04", "xl/workbook.xml"), "workbook-damaged"),
        ("a broken old workbook", header(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xx"), "workbook-damaged"),
        ("encrypted", encrypted, "workbook-encrypted"),
        ("an empty workbook", empty, "sheet-empty"),
        ("too wide", wide, "workbook-too-large"),
        ("JSON cut off", b"[{\"name\": ".to_vec(), "json-malformed"),
        ("JSON of numbers", b"[1, 2]".to_vec(), "json-malformed"),
        ("an empty list", b"[]".to_vec(), "sheet-empty"),
        ("an object", b"{\"name\": 1}".to_vec(), "json-malformed"),
    ] {
        assert_eq!(refused(&bytes).0, code, "{name}");
    }
    assert_eq!(refused(b"[{\"name\": \"a\"}, 2]"), ("json-malformed".to_owned(), "$[1]".to_owned()));
    let problem = ItemFile::read(&library(), Mapping::default(), Some("目录"), false).unwrap_err().problem;
    assert!(problem.code == "sheet-unknown" && problem.en.contains("事项库"), "{problem:?}");
    let problem =
        ItemFile::read(b"name,item_typ,base_code\na,b,c\n", Mapping::default(), None, false).unwrap_err().problem;
    assert!(problem.value == "item_type" && problem.en.contains("item_typ"), "{problem:?}");
}

#[test]
fn a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_read() {
    let bytes = library();
    workbook::unpacked(&bytes, 1 << 20).unwrap();
    assert_eq!(workbook::unpacked(&bytes, 1000).unwrap_err().problem.code, "workbook-too-large");
}

/// Whatever the bytes, an answer comes: rows or a reason.
#[test]
fn damaged_workbooks_are_refused_or_read() {
    for whole in [library(), OLD_1900.to_vec()] {
        for cut in (0..whole.len()).step_by(whole.len() / 40) {
            let _ = ItemFile::read(&whole[..cut], Mapping::default(), None, false);
        }
        for at in (0..whole.len()).step_by(whole.len() / 150) {
            let mut bent = whole.clone();
            bent[at] ^= 0x55;
            let _ = ItemFile::read(&bent, Mapping::default(), None, false);
        }
    }
}

#[test]
fn a_mapping_gives_titles_constants_and_values_a_meaning() {
    let text = r#"
        [columns]
        "事项" = "name"
        "编码" = "local_item_code"
        "类别" = "item_type"
        "经办人" = ""
        [constants]
        division = "511602000000"
        department = "区残联"
        [values.item_type]
        "A" = "01"
    "#;
    let mapping = Mapping::read(text).unwrap();
    let csv = format!("事项,编码,类别,经办人,备注\n甲,{CODE},A,张三,x\n乙,{CODE},行政确认,李四,y\n");
    let file = ItemFile::read(csv.as_bytes(), mapping, None, false).unwrap();
    let all = records(&file);
    assert_eq!((value(&all[0], "item_type"), value(&all[1], "item_type")), ("01", "07"));
    assert_eq!((value(&all[0], "division"), value(&all[0], "department")), ("511602000000", "区残联"));
    assert_eq!(file.head.unknown, ["备注"]);

    // Saved with its head it says the same again, and nothing is unknown any more.
    let saved = file.mapping.with_head("", &file.head).to_toml();
    let again = ItemFile::read(csv.as_bytes(), Mapping::read(&saved).unwrap(), None, false).unwrap();
    assert_eq!(again.head.unknown, [""; 0]);
    for (one, other) in records(&again).iter().zip(&all) {
        assert_eq!(one.row, other.row);
    }
    for (text, value) in [
        ("[columns]\n\"a\" = \"nam\"\n", "nam"),
        ("[constants]\nx = \"1\"\n", "x"),
        ("[values.type]\na = \"1\"\n", "type"),
        ("[columns]\na = 1\n", "2"),
        ("colums = 1\n", "1"),
        ("head = [3, 2]\n", "head"),
    ] {
        let problem = Mapping::read(text).unwrap_err().problem;
        assert_eq!((problem.code.as_str(), problem.value.as_str()), ("mapping-invalid", value), "{text}");
    }
    let directory = std::path::Path::new("/node");
    assert_eq!(Mapping::path("省库", Some(directory)).unwrap(), directory.join("mappings/省库.toml"));
    assert_eq!(Mapping::path("x.toml", Some(directory)).unwrap(), std::path::Path::new("x.toml"));
    for name in ["", "..", "a b", "a."] {
        assert_eq!(Mapping::path(name, Some(directory)).unwrap_err().problem.code, "mapping-name", "{name}");
    }
}

#[test]
fn objects_are_rows() {
    let json = format!(
        r#"[{{"name": "甲", "item_type": "01", "local_item_code": "{CODE}", "promised_days": 5, "modes": ["online", "collect"], "x": null}},
            {{"事项名称": "乙", "item_type": "行政确认", "task_code": "{CODE}", "promised_days": {{"days": 5}}}}]"#
    );
    // Two titles of one column in one file are refused, whichever object has them.
    assert_eq!(refused(json.as_bytes()).0, "column-repeated");
    let json = json.replace("事项名称", "name").replace("task_code", "local_item_code");
    let file = read(json.as_bytes());
    assert_eq!(file.head.unknown, ["x"]);
    let all = records(&file);
    assert_eq!((all[0].row.row, value(&all[0], "promised_days"), value(&all[0], "modes")), (1, "5", "online^collect"));
    assert_eq!((all[1].row.row, value(&all[1], "item_type")), (2, "07"));
    assert_eq!(codes(&all[1]), [("promised_days", "value-shape")]);
}

#[test]
fn lines_with_other_fields_than_the_head_are_named() {
    let csv = format!("name,item_type,local_item_code\n甲,01,{CODE}\n乙,01\n丙,01,{CODE},x\n丁,01,{CODE},\n");
    let all = records(&read(csv.as_bytes()));
    let found: Vec<_> = all.iter().map(codes).collect();
    assert_eq!(found, [vec![], vec![("", "fields-differ")], vec![("", "fields-differ")], vec![]]);
}

fn found(row: u32, column: &str, blocks: bool) -> Finding {
    let (problem, remedy) = ("问题 / problem".to_owned(), "办法 / remedy".to_owned());
    Finding { row, column: column.to_owned(), value: String::new(), code: "days".to_owned(), problem, remedy, blocks }
}

/// What comes back can be sent again as it is: the same values of the rows with findings, and of no others.
#[test]
fn an_error_sheet_is_an_item_file() {
    let csv = format!("name,备注,item_type,local_item_code\n甲,x,01,{CODE}\n乙,,01,{CODE}1\n");
    let json = format!(
        r#"[{{"name": "甲", "item_type": "01", "local_item_code": "{CODE}", "modes": ["online"]}},
            {{"name": "乙", "item_type": "01", "local_item_code": "{CODE}1"}}]"#
    );
    for (bytes, row) in [(library(), 6), (OLD_1904.to_vec(), 5), (csv.into_bytes(), 3), (json.into_bytes(), 2)] {
        let file = read(&bytes);
        let findings = [found(row, "name", true), found(row, "item_type", false), found(row, "legal_basis", true)];
        let again = read(&errors::write(&file, &findings).unwrap());
        if file.kind.name() != "json" {
            assert_eq!(again.head.titles[..file.head.titles.len()], file.head.titles);
        }
        assert_eq!(again.head.unknown, file.head.unknown);
        let expected = records(&file).into_iter().find(|record| record.row.row == row).unwrap();
        let back = records(&again);
        assert_eq!(back.len(), 1);
        assert_eq!(back[0].row.values, expected.row.values);
        let added: Vec<&str> = again.head.titles.iter().rev().take(2).map(String::as_str).collect();
        assert_eq!(added, ["处理办法", "问题"]);
    }
}

/// What no cell holds stands in an error sheet as far as it goes, and isn't taken for the whole when it comes back.
#[test]
fn an_error_sheet_holds_texts_that_no_cell_holds() {
    for (sign, times) in [("长", 33_000), ("𠮷", 20_000)] {
        let long = sign.repeat(times);
        let json =
            format!(r#"[{{"name": "甲", "item_type": "01", "local_item_code": "{CODE}", "conditions": "{long}"}}]"#);
        let csv = format!("{long},x,x,x\nname,item_type,local_item_code,conditions\n甲,01,{CODE},{long}\n");
        for (bytes, row) in [(json, 1), (csv, 3)] {
            let file = read(bytes.as_bytes());
            assert!(records(&file)[0].findings.is_empty());
            let wordy = Finding { problem: long.clone(), remedy: long.clone(), ..found(row, "name", true) };
            let back = records(&read(&errors::write(&file, &[wordy]).unwrap()));
            assert_eq!((value(&back[0], "name"), codes(&back[0])), ("甲", vec![("conditions", "cell-too-long")]));
            let kept = value(&back[0], "conditions");
            assert!(long.starts_with(kept) && kept.encode_utf16().count() >= 32_766, "{}", kept.len());
        }
    }
}

/// Hidden rows are skipped on every sheet, and come back in no error sheet.
#[test]
fn hidden_entries_of_lists_are_skipped_too() {
    let bytes = saved(|workbook| {
        let sheet = workbook.add_worksheet().set_name("事项").unwrap();
        line(sheet, 0, &["name", "item_type", "local_item_code"]);
        line(sheet, 1, &["甲", "01", CODE]);
        let sheet = workbook.add_worksheet().set_name("申请材料").unwrap();
        line(sheet, 0, &["local_item_code", "材料名称"]);
        line(sheet, 1, &[CODE, "身份证"]);
        line(sheet, 2, &[CODE, "旧表"]);
        line(sheet, 3, &["511F", "旧表"]);
        sheet.set_row_hidden(2).unwrap();
        sheet.set_row_hidden(3).unwrap();
    });
    for (skips, rows, orphans) in [(false, &[2, 3][..], 1), (true, &[2], 0)] {
        let file = ItemFile::read(&bytes, Mapping::default(), None, skips).unwrap();
        assert_eq!(file.hidden(), 2);
        let of = |file: &ItemFile| -> Vec<u32> {
            records(file)[0].row.lists["materials"].iter().map(|entry| entry.row).collect()
        };
        assert_eq!(of(&file), rows);
        assert_eq!(file.orphans(&[CODE.to_owned()].into()).len(), orphans);
        let again = read(&errors::write(&file, &[found(2, "name", true)]).unwrap());
        assert_eq!(of(&again), rows);
    }
}

#[test]
fn titles_that_differ_in_brackets_alone_mean_what_is_said_of_each() {
    let mapping = |text: &str| Mapping::read(&format!("[columns]\n{text}")).unwrap();
    let csv = format!("name,item_type,local_item_code,时限（甲）,时限（乙）,时限（丙）\n甲,01,{CODE},5,20,9\n");
    let both = mapping("\"时限（甲）\" = \"promised_days\"\n\"时限（乙）\" = \"statutory_days\"\n");
    let file = ItemFile::read(csv.as_bytes(), both, None, false).unwrap();
    let record = &records(&file)[0];
    assert_eq!((value(record, "promised_days"), value(record, "statutory_days")), ("5", "20"));
    assert_eq!(file.head.unknown, ["时限（丙）"], "which of the two it is isn't guessed");
    let csv = format!("name,item_type,local_item_code,时限\n甲,01,{CODE},5\n");
    let one = mapping("\"时限（甲）\" = \"promised_days\"\n\"时限（乙）\" = \"promised_days\"\n");
    let file = ItemFile::read(csv.as_bytes(), one, None, false).unwrap();
    assert_eq!(value(&records(&file)[0], "promised_days"), "5");
}

#[test]
fn the_template_has_every_column() {
    let bytes = template::write().unwrap();
    assert_eq!(refused(&bytes).0, "sheet-empty");
    let tables = workbook::xlsx(&bytes).unwrap();
    let head =
        super::head::Head::find(&tables[0], &Mapping::default(), super::column::Subject::Items).unwrap().unwrap();
    let names: Vec<&str> = head.columns.iter().flatten().map(|column| column.name).collect();
    assert_eq!(names, COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>());
}
