#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::cli::sheet::errors;

const HEAD: &str = "办件编号,事项名称,申请人姓名,证件号码,申请时间,办结时间,办理结果,备注";

fn read(bytes: &[u8], mapping: &str) -> Result<EarlierFile, String> {
    let mapping = Mapping::read(mapping).unwrap();
    EarlierFile::read(bytes, mapping, None, false, Some("旧系统".to_owned())).map_err(|failure| failure.problem.code)
}

fn rows(text: &str) -> Vec<(ImportRow, Vec<Finding>)> {
    read(text.as_bytes(), "").unwrap().records().collect()
}

#[test]
fn titles_of_other_systems_are_known_and_days_brought_into_one_form() {
    let found =
        rows(&format!("{HEAD}\nA1,公共场所卫生许可,张三,110101199003070011,2019/3/1,2019年3月20日,出证办结,\n"));
    let (row, findings) = &found[0];
    assert_eq!(findings, &[]);
    let value = |name: &str| row.values.get(name).map_or("", String::as_str);
    assert_eq!(value("old_number"), "A1");
    assert_eq!((value("collected_on"), value("decided_on")), ("2019-03-01", "2019-03-20"));
    assert_eq!((value("result"), value("source_system")), ("出证办结", "旧系统"));
    assert!(!row.values.contains_key("note"), "an empty cell says nothing");
}

#[test]
fn the_same_reading_of_the_same_rows_is_known_again() {
    let content = |text: &str, mapping: &str| read(text.as_bytes(), mapping).unwrap().content();
    let text = format!("{HEAD}\nA1,许可,张三,x,,,,\nA2,许可,李四,y,,,,\n");
    assert_eq!(content(&text, ""), content(&text.replace('\n', "\r\n"), ""));
    assert_eq!(content(&text, "").1, 2);
    assert_ne!(content(&text, ""), content(&text.replace("李四", "李五"), ""));
    assert_ne!(content(&text, ""), content(&text, "[constants]\nhandler = \"王五\"\n"));
}

#[test]
fn files_that_say_nothing_are_refused() {
    for (text, mapping, code) in [
        ("甲,乙\n1,2\n", "", "head-unknown"),
        ("事项,申请人\n许可,张三\n", "", "column-missing"),
        ("办件编号,原办件编号,事项,申请人\n1,2,许可,张三\n", "", "column-repeated"),
        ("办件编号,事项,申请人\n", "", "sheet-empty"),
        ("办件编号,事项,申请人\n1,许可,张三\n", "[constants]\nlegal_basis = \"x\"\n", "mapping-invalid"),
        ("[{}]", "", "column-missing"),
        ("{\"items\": []}", "", "json-malformed"),
        ("[1]", "", "json-malformed"),
    ] {
        assert_eq!(read(text.as_bytes(), mapping).unwrap_err(), code, "{text}");
    }
    assert_eq!(read(b"\xff\xfe\xfd\n\x81", "").unwrap_err(), "csv-encoding");
}

#[test]
fn a_file_in_gb18030_and_one_in_json_say_the_same() {
    let (bytes, ..) = encoding_rs::GB18030.encode("办件编号,事项,申请人\nA1,公共场所卫生许可,张三\n");
    let csv = read(&bytes, "").unwrap();
    assert_eq!(csv.encoding.map(Encoding::name), Some("GB18030"));
    let json = read(
        "{\"cases\":[{\"old_number\":\"A1\",\"事项\":\"公共场所卫生许可\",\"applicant\":\"张三\"}]}".as_bytes(),
        "",
    );
    let json = json.unwrap();
    assert_eq!(csv.content(), json.content());
}

#[test]
fn flaws_of_cells_are_findings_that_repeat_nothing_personal() {
    let found = rows(&format!("{HEAD}\nA1,许可,张三,1.10101E+17,,,,\nA2,许可,李四\n"));
    let told: Vec<(u32, &str, &str, &str)> = found
        .iter()
        .flat_map(|(_, found)| found)
        .map(|found| (found.row, found.column.as_str(), found.code.as_str(), found.value.as_str()))
        .collect();
    assert_eq!(told, [(2, "id_number", "digits-lost", "***"), (3, "", "fields-differ", "3 / 8")]);
}

#[test]
fn the_template_and_the_error_sheet_are_read_again() {
    let empty = EarlierFile::read(&template().unwrap(), Mapping::default(), None, false, None).unwrap_err();
    assert_eq!(empty.problem.code, "sheet-empty");
    for (bytes, name) in [
        (format!("{HEAD}\nA1,许可,张三,x,,,,\nA2,许可,李四,y,,,,\n").into_bytes(), "csv"),
        (
            br#"[{"old_number":"A1","item":"x","applicant":"a"},{"old_number":"A2","item":"y","applicant":"b"}]"#
                .to_vec(),
            "json",
        ),
    ] {
        let file = read(&bytes, "").unwrap();
        let second = file.records().nth(1).unwrap().0;
        let wrong = finding(second.row, "old_number", "A2", Flaw::ErrorValue);
        let sheet = errors::earlier(&file, &[wrong]).unwrap();
        let again = read(&sheet, "").unwrap();
        let numbers: Vec<String> = again.records().map(|(row, _)| row.values["old_number"].clone()).collect();
        assert_eq!(numbers, ["A2"], "{name}");
    }
}
