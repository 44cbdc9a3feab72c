//! The real list of 广安区: every row comes in, what is wrong is said row by row, and what can't draw numbers isn't published.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod hall;

use std::collections::BTreeMap;
use std::path::Path;

use hall::{CITIZEN, Hall, PERMIT, collect, credit, row};
use tongban_domain::catalogue::{COLUMNS, COLUMNS_OPTIONAL, Finding, ImportReport, ImportRow};
use tongban_domain::{Command, Event};

fn list() -> Vec<ImportRow> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/items-511602.csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    let head = reader.headers().unwrap().clone();
    assert_eq!(head.iter().collect::<Vec<_>>(), COLUMNS);
    let rows = reader.records().zip(2..).map(|(record, number)| {
        let record = record.unwrap();
        let columns: Vec<(&str, &str)> = head.iter().zip(record.iter()).collect();
        row(number, &columns)
    });
    rows.collect()
}

fn counts(report: &ImportReport) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for finding in &report.rows {
        *counts.entry(finding.code.as_str()).or_default() += 1;
    }
    counts
}

fn of<'a>(report: &'a ImportReport, code: &str) -> Vec<&'a Finding> {
    report.rows.iter().filter(|finding| finding.code == code).collect()
}

#[test]
fn the_real_list() {
    let rows = list();
    let mut hall = Hall::new("511602", "广安区");
    let report = hall.import(&rows);
    assert_eq!((report.imported, report.rejected), (1135, 0));
    let expected = BTreeMap::from([
        // Department codes that are no credit codes.
        ("authority-unmapped", 154),
        // Codes that end in -2-…, probably delegated.
        ("delegated", 22),
        ("name-repeated", 2),
        // Cut off after the base code: no division, and no credit code.
        ("code-shape", 3),
        // The column holds a part of what the code says: 00877868 of 00877868-5.
        ("department-differs", 17),
        // A code of the province, 510000000000, among those of the district.
        ("division-differs", 1),
        // A valid code that is another department's by most of the rows.
        ("credit-code-shared", 4),
    ]);
    assert_eq!(counts(&report), expected);
    // One row may have several findings.
    assert_eq!(report.flagged, 181);
    let blocking = report.rows.iter().filter(|finding| finding.blocks);
    assert!(blocking.clone().all(|finding| finding.code == "authority-unmapped"));
    for finding in &report.rows {
        assert!((2..=1136).contains(&finding.row) && !finding.problem.is_empty());
        assert!(!finding.remedy.is_empty() && COLUMNS.contains(&finding.column.as_str()));
        let source = &rows[usize::try_from(finding.row).unwrap() - 2];
        assert_eq!(finding.value, source.values[&finding.column]);
    }
    let names: Vec<&str> = of(&report, "name-repeated").iter().map(|found| found.value.as_str()).collect();
    assert_eq!(names, ["求职创业补贴申领", "城市建筑物、设施上张挂、张贴宣传品审批"]);
    let shared: Vec<&str> = of(&report, "credit-code-shared").iter().map(|found| found.value.as_str()).collect();
    assert_eq!(shared.iter().filter(|code| **code == "11511301008778255F").count(), 3);
    assert!(of(&report, "division-differs")[0].problem.contains("510000000000"));
    assert!(of(&report, "authority-unmapped").iter().any(|found| found.value == "11511301452259996u"));
    assert_eq!(hall.state.authorities.len(), 34);
    assert_eq!(hall.state.drafts.len(), 1135);

    let report = hall.publish_all();
    assert_eq!((report.published.len(), report.refused.len()), (981, 154));
    assert!(report.refused.iter().all(|refused| refused.rejection.code == "authority-unmapped"));
    assert!(report.refused.iter().all(|refused| !refused.rejection.remedy_en.is_empty()));

    // An administrator maps the code of 区人社局; its 63 items come after.
    let map = |code: &str| Command::AddAuthority {
        name: "区人社局".into(),
        code: Some(code.to_owned()),
        maps: Some("1151130108778239R".into()),
    };
    assert_eq!(hall.code(&map("1151130108778239R")), "invalid-identity");
    hall.act(&map("11511301008778239R")).unwrap();
    let report = hall.publish_all();
    assert_eq!((report.published.len(), report.refused.len()), (63, 91));
    let code = report.published[0].clone();
    let division = hall.division();
    let id = hall.collect(&code, division);
    hall.act(&Command::Accept(id.to_string())).unwrap();
    assert!(hall.case(id).case_no.clone().unwrap().starts_with("11511301008778239R20260914"));
    assert!(hall.state.items[&code].findings.iter().all(|finding| !finding.blocks));

    // Once more: nothing new, and what was mapped is no finding.
    let change = hall.act(&Command::ImportItems(rows.clone().into())).unwrap();
    assert_eq!(change.events, []);
    let again = hall.import(&rows);
    assert_eq!((again.imported, counts(&again)["authority-unmapped"]), (1135, 91));
    // Clerks name items by their base code, also where that has dashes.
    let short = "G-000006-001";
    hall.act(&collect(short, division)).unwrap();
}

#[test]
fn a_changed_row_makes_a_draft_beside_the_version_in_force() {
    let mut hall = Hall::new("511602", "广安区");
    hall.offer_item(&PERMIT);
    let (code, division) = (PERMIT[3].1, hall.division());
    let unchanged = hall.act(&Command::ImportItems(vec![row(9, &PERMIT)].into())).unwrap();
    assert_eq!(unchanged.events, []);

    let mut columns = PERMIT;
    columns[9].1 = "3";
    hall.import(&[row(2, &columns)]);
    assert_eq!(hall.state.items[code].promised.unwrap().days, 5);
    let id = hall.collect(code, division);
    assert_eq!(hall.case(id).item.promised.unwrap().days, 5);
    // The same draft again is none.
    assert_eq!(hall.act(&Command::ImportItems(vec![row(2, &columns)].into())).unwrap().events, []);
    // The short code finds the draft beside the version in force.
    hall.act(&Command::PublishItems(Some("511A0015500013".into()))).unwrap();
    assert_eq!((hall.state.items[code].version, hall.state.items[code].promised.unwrap().days), (2, 3));
    assert_eq!(hall.code(&Command::PublishItems(Some(code.into()))), "item-state");

    // A draft that is taken back by the file isn't published with the rest.
    columns[9].1 = "4";
    hall.import(&[row(2, &columns)]);
    columns[9].1 = "3";
    hall.import(&[row(2, &columns)]);
    assert_eq!(hall.state.drafts.len(), 0);
    assert_eq!(hall.state.items[code].version, 2);

    // Columns that the file lacks say nothing; empty cells do.
    let plain = &PERMIT[..7];
    assert_eq!(hall.act(&Command::ImportItems(vec![row(2, plain)].into())).unwrap().events, []);
    let mut emptied = columns;
    (emptied[9].1, emptied[10].1) = ("", "");
    hall.import(&[row(2, &emptied)]);
    let draft = &hall.state.drafts[code];
    assert_eq!((draft.promised, draft.modes.len(), draft.covered.len()), (None, 0, 1));

    // A later version waits for its day beside the one in force.
    let mut later = PERMIT.to_vec();
    later.push(("effective", "2026-10-01"));
    hall.import(&[row(2, &later)]);
    assert_eq!(hall.publish_all().published, [code]);
    let id = hall.collect(code, division);
    assert_eq!((hall.case(id).item.version, hall.state.items[code].version), (2, 2));
    hall.now = hall::at(2026, 10, 1, 9);
    hall.act(&Command::Tick).unwrap();
    assert_eq!((hall.state.items[code].version, hall.case(id).item.version), (3, 2));

    // What was withdrawn comes back as a new version.
    hall.act(&Command::WithdrawItem("511A0015500013".into())).unwrap();
    assert_eq!(hall.code(&Command::WithdrawItem(code.into())), "item-state");
    hall.import(&[row(2, &later)]);
    hall.act(&Command::PublishItems(Some(code.into()))).unwrap();
    assert_eq!(hall.state.items[code].version, 4);
}

#[test]
fn rows_that_do_not_come_in() {
    let mut hall = Hall::new("511602", "广安区");
    let good = [
        ("department", "区行政审批局"),
        ("main_item", "公共场所卫生许可"),
        ("name", "公共场所卫生许可延续（县级）"),
        ("local_item_code", PERMIT[3].1),
        ("division", "511602000000"),
        ("item_type", "01"),
        ("department_code", "115113016823646795"),
        ("base_code", ""),
        ("legal_basis", ""),
        ("statutory_days", ""),
        ("statutory_unit", ""),
        ("promised_days", ""),
        ("promised_unit", ""),
        ("modes", ""),
        ("covered", ""),
        ("effective", ""),
    ];
    let known: Vec<&str> = good.iter().map(|(name, _)| *name).collect();
    let named: Vec<&str> = COLUMNS.into_iter().chain(COLUMNS_OPTIONAL).collect();
    assert_eq!(known, named);
    let long = "长".repeat(1001);
    for (column, value, code) in [
        ("name", "", "empty"),
        ("name", long.as_str(), "too-long"),
        ("name", "一\n二", "control-character"),
        ("department", "", "empty"),
        ("item_type", "1", "item-type"),
        ("item_type", "", "item-type"),
        ("division", "511603000000", "division-foreign"),
        ("division", "51160", "division-unknown"),
        ("local_item_code", "511A 001", "item-code"),
        ("local_item_code", "编码", "item-code"),
        ("local_item_code", "", "code-missing"),
        ("base_code", "51011550001", "base-code"),
        ("base_code", "5101155000１", "base-code"),
        ("statutory_days", "0", "days"),
        ("statutory_days", "二十", "days"),
        ("promised_days", "-1", "days"),
        ("promised_days", "3651", "days"),
        ("promised_days", "70000", "days"),
        ("promised_days", "21", "ceiling-exceeded"),
        ("statutory_unit", "小时", "unit"),
        ("promised_unit", "1", "unit"),
        ("modes", "online^无差别", "mode"),
        ("covered", "511603^999999", "division-unknown"),
        ("effective", "2026-09-31", "date"),
        ("effective", "2026/9/1", "date"),
    ] {
        let mut columns = good;
        columns.iter_mut().filter(|(name, _)| *name == column).for_each(|cell| cell.1 = value);
        let report = hall.import(&[row(7, &columns)]);
        assert_eq!((report.imported, report.rejected), (0, 1), "{column} {value}");
        let finding = &report.rows[0];
        assert_eq!((finding.code.as_str(), finding.column.as_str(), finding.row), (code, column, 7), "{value}");
        assert!(finding.value.chars().count() <= 120);
    }
    assert!(hall.state.drafts.is_empty() && hall.state.authorities.is_empty());

    let report = hall.import(&[row(2, &good), row(3, &good)]);
    assert_eq!((report.imported, report.rejected, report.rows[0].code.as_str()), (1, 1, "code-repeated"));
    let empty = hall.import(&[row(2, &[])]);
    assert_eq!((empty.imported, empty.rejected), (0, 1));
    assert_eq!(hall.import(&[]), ImportReport::default());
}

/// Codes of the department change by mapping, and each change is a new version of its record.
#[test]
fn authorities_have_versions() {
    let mut hall = Hall::new("511602", "广安区");
    let other = credit("11511602MB0000001");
    hall.import(&[row(2, &PERMIT)]);
    let version = |hall: &Hall| hall.state.authorities.values().next().unwrap().version;
    assert_eq!(version(&hall), 1);
    let mut columns = PERMIT;
    columns[6].1 = &other;
    let change = hall.act(&Command::ImportItems(vec![row(2, &columns)].into())).unwrap();
    assert!(matches!(&change.events[0], Event::Authority(authority) if authority.codes.len() == 2));
    assert_eq!(version(&hall), 2);
    for (name, code, maps, expected) in [
        ("", None, None, "invalid-field"),
        ("区行政审批局", None, Some("1"), "invalid-field"),
        ("区行政审批局", Some(CITIZEN), None, "invalid-identity"),
        ("区行政审批局", Some(other.as_str()), Some("1"), "ok"),
    ] {
        let command =
            Command::AddAuthority { name: name.into(), code: code.map(str::to_owned), maps: maps.map(str::to_owned) };
        assert_eq!(hall.code(&command), expected);
    }
    assert_eq!(version(&hall), 3);
}
