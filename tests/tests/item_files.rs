//! Item files through the command line and a node: the real items, workbooks with mistakes that come back and go in again, exports
//! that change nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use system_tests::{Cluster, Node, seen, within, write_catalogue};

const DIVISION: &str = "511602";
const REAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/items-511602.csv");
const OLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/items-1904.xls");

fn hall() -> Cluster {
    let mut cluster = Cluster::new();
    cluster.init("hall", DIVISION, "广安区").start();
    cluster
}

fn counts(report: &Value) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for finding in report["rows"].as_array().into_iter().flatten() {
        *counts.entry(finding["code"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    counts
}

/// All drafts with their guides, as an export has them, page by page.
fn drafts(node: &Node) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut after = String::new();
    loop {
        let page = node.get(&format!("/v1/items/rows?stage=draft{after}"));
        rows.extend(page["rows"].as_array().cloned().unwrap_or_default());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return rows,
        }
    }
}

fn named(report: &Value) -> Vec<(u64, String, String)> {
    let of = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let rows = report["rows"].as_array().into_iter().flatten().filter(|finding| finding["blocks"] == true);
    rows.map(|finding| (finding["row"].as_u64().unwrap_or_default(), of(finding, "column"), of(finding, "code")))
        .collect()
}

#[test]
fn the_real_items_go_in_as_they_are_and_come_out_again() {
    let cluster = hall();
    let node = cluster.node("hall");
    let at = |name: &str| cluster.root().join(name).to_string_lossy().into_owned();
    let looked = node.ok(&["item", "import", REAL, "--dry-run"]);
    assert!(drafts(node).is_empty(), "a dry run writes nothing");
    let errors = at("errors.xlsx");
    let report = node.ok(&["item", "import", REAL, "--errors", &errors]);
    assert_eq!((report["imported"].as_u64(), report["rejected"].as_u64()), (Some(1135), Some(0)));
    assert_eq!(looked["rows"], report["rows"]);
    eprintln!("{:?}", counts(&report));
    let of_row = |report: &Value, code: &str| counts(report).get(code).copied().unwrap_or_default();
    assert_eq!(of_row(&report, "authority-unmapped"), 154);

    // The rows with findings go in again as they are, from the workbook, and what each is wrong in by itself is said again.
    let again = node.ok(&["item", "import", &errors, "--dry-run"]);
    assert_eq!(again["source"]["kind"], "xlsx");
    for code in ["authority-unmapped", "delegated", "code-shape", "division-differs", "department-differs"] {
        assert_eq!(of_row(&again, code), of_row(&report, code), "{code}");
    }

    let before = drafts(node);
    for (name, kind) in [("all.xlsx", "xlsx"), ("all.csv", "csv"), ("all.json", "json")] {
        let file = at(name);
        assert_eq!(node.ok(&["item", "export", "--stage", "draft", "--output-file", &file])["items"], 1135);
        let report = node.ok(&["item", "import", &file]);
        assert_eq!((&report["imported"], &report["source"]["kind"]), (&json!(1135), &json!(kind)));
        assert!(drafts(node) == before, "{name}: importing an export changes nothing");
    }
    let skipped = node.ok(&["item", "import", REAL, "--on-collision", "skip"]);
    assert_eq!((&skipped["skipped"], &skipped["imported"]), (&json!(1135), &json!(0)));
    node.refused(&["item", "export", "--output-file", &at("all.csv")], "file-exists");
}

/// An import that was cut off is repeated with its key: parts that were done give their answers again.
#[test]
fn a_repeated_import_is_done_once() {
    let cluster = hall();
    let node = cluster.node("hall");
    let import = || node.ok(&["--idempotency-key", "import-1", "item", "import", REAL]);
    let first = import();
    assert_eq!(first, import());
    let other = node.ok(&["item", "columns"]);
    assert!(other["columns"].as_array().is_some_and(|columns| columns.len() > 100), "{other}");
}

/// A node that is killed in the middle of an import has whole parts of 5,000 rows; the same command, once it runs again, brings the rest.
#[test]
fn an_import_goes_on_after_a_kill() {
    const PART: usize = 5000;
    let cluster = hall();
    let node = cluster.node("hall");
    let rows = 10 * PART + 135;
    let mut text = Vec::new();
    write_catalogue(&mut text, rows).expect("a buffer takes everything");
    let file = cluster.file("many.csv", &text);
    let file = file.to_string_lossy();
    let import = ["--idempotency-key", "import-2", "item", "import", &*file];
    std::thread::scope(|threads| {
        let importing = threads.spawn(|| node.call(&import));
        within(120, "the first part is in", || {
            let page = node.get("/v1/items/rows?stage=draft");
            seen(page["rows"].as_array().is_some_and(|rows| !rows.is_empty()), 0).map(drop)
        });
        node.kill();
        let (exit, report) = importing.join().expect("the command has ended");
        assert_ne!(exit, 0, "the import was cut off: {report}");
    });
    node.start();
    let there = drafts(node).len();
    assert!(there > 0 && there < rows && there.is_multiple_of(PART), "{there} of {rows} rows are in");
    let report = node.ok(&import);
    assert_eq!((&report["imported"], &report["rejected"]), (&json!(rows), &json!(0)));
    assert_eq!(drafts(node).len(), rows);
}

const CODE: &str = "511A0015500013-511602000000-000-115113016823646795-1-0";

/// Items with lists as an object, of which one value can be spoilt.
fn item(index: usize) -> Value {
    json!({
        "department": "区行政审批局", "name": format!("卫生许可之{index}"), "local_item_code": format!("{CODE}{index}"),
        "item_type": "01", "department_code": "115113016823646795", "promised_days": "5", "case_kind": "承诺件",
        "charged": "是", "effective": "2026-09-14",
        "materials": [{"name": "身份证", "copies": "1", "kind": "原件"}, {"name": "申请表", "necessity": "必要"}],
        "fees": [{"name": "工本费", "standard": "10元", "reducible": "否"}],
        "steps": [{"name": "受理", "term": "1"}, {"name": "审核", "term": "2自然日"}],
    })
}

/// Some dozens of files with mistakes: each is named in JSON and, from the error sheet, in a workbook; corrected, they all go in.
#[test]
fn mistakes_in_files_are_named_and_come_back_as_a_workbook() {
    let cluster = hall();
    let node = cluster.node("hall");
    let spoils: [(&str, &str, &str); 12] = [
        ("/name", "", "empty"),
        ("/item_type", "许可", "item-type"),
        ("/promised_days", "21", "ceiling-exceeded"),
        ("/case_kind", "1", "code-list"),
        ("/charged", "也许", "yes-no"),
        ("/effective", "2026-02-30", "date"),
        ("/materials/1/name", "", "empty"),
        ("/materials/0/copies", "两份", "number"),
        ("/materials/0/kind", "影印", "code-list"),
        ("/fees/0/reducible", "可", "yes-no"),
        ("/steps/1/term", "0", "days"),
        ("/local_item_code", "1.15113E+17", "digits-lost"),
    ];
    for (index, (pointer, value, code)) in spoils.iter().enumerate() {
        let mut items = [item(0), item(1), item(2)];
        *items[1].pointer_mut(pointer).expect("it is there") = json!(value);
        let file = cluster.file(&format!("{index}.json"), json!(items).to_string().as_bytes());
        let column = match pointer.trim_start_matches('/').split('/').collect::<Vec<_>>().as_slice() {
            [list, entry, name] => format!("{list}[{entry}].{name}"),
            parts => parts[0].to_owned(),
        };
        let errors = cluster.root().join(format!("{index}.xlsx"));
        let errors = errors.to_string_lossy();
        let report = node.ok(&["item", "import", &file.to_string_lossy(), "--dry-run", "--errors", &errors]);
        assert_eq!(named(&report), [(2, column, (*code).to_owned())], "{pointer}");
        assert_eq!((&report["imported"], &report["rejected"]), (&json!(2), &json!(1)), "{pointer}");

        // The same mistake is found in the workbook that came back, by its column.
        let again = node.ok(&["item", "import", &errors, "--dry-run"]);
        let plain = |text: &str| text.split(['[', ']']).step_by(2).collect::<String>();
        let found: Vec<(String, String)> =
            named(&again).into_iter().map(|(_, column, code)| (plain(&column), code)).collect();
        let wanted: Vec<(String, String)> =
            named(&report).into_iter().map(|(_, column, code)| (plain(&column), code)).collect();
        assert_eq!(found, wanted, "{pointer}");
    }
    assert!(drafts(node).is_empty());

    let file = cluster.file("good.json", json!([item(0), item(1), item(2)]).to_string().as_bytes());
    assert_eq!(node.ok(&["item", "import", &file.to_string_lossy()])["imported"], 3);
    let before = drafts(node);
    assert_eq!(before[0]["row"]["lists"]["materials"].as_array().map(Vec::len), Some(2));
    for name in ["lists.xlsx", "lists.csv", "lists.json"] {
        let file = cluster.root().join(name).to_string_lossy().into_owned();
        node.ok(&["item", "export", "--stage", "draft", "--output-file", &file]);
        assert_eq!(node.ok(&["item", "import", &file])["imported"], 3, "{name}");
        assert!(drafts(node) == before, "{name}: importing an export changes nothing");
    }
}

#[test]
fn what_stands_is_kept_versioned_or_overwritten() {
    let cluster = hall();
    let node = cluster.node("hall");
    let import = |promised: &str, mode: &str| {
        let mut one = item(0);
        one["promised_days"] = json!(promised);
        let file = cluster.file("one.json", json!([one]).to_string().as_bytes());
        node.ok(&["item", "import", &file.to_string_lossy(), "--on-collision", mode])
    };
    let promised = |node: &Node| drafts(node).first().map(|draft| draft["row"]["values"]["promised_days"].clone());
    assert_eq!(import("5", "overwrite")["imported"], 1);
    assert_eq!(import("4", "skip")["skipped"], 1);
    assert_eq!(promised(node), Some(json!("5")));
    assert_eq!(import("4", "overwrite")["imported"], 1);
    assert_eq!(promised(node), Some(json!("4")));
    node.ok(&["item", "publish", "--all"]);
    let refused = import("3", "overwrite");
    assert_eq!((&refused["rejected"], &refused["rows"][0]["code"]), (&json!(1), &json!("item-in-force")));
    assert_eq!(promised(node), None);
    assert_eq!(import("3", "new-version")["imported"], 1);
    assert_eq!(promised(node), Some(json!("3")));
}

#[test]
fn old_workbooks_mappings_and_templates() {
    let cluster = hall();
    let node = cluster.node("hall");
    let report = node.ok(&["item", "import", OLD, "--save-map", "省库"]);
    assert_eq!((&report["imported"], &report["rejected"]), (&json!(1), &json!(1)));
    assert_eq!(counts(&report).get("digits-lost"), Some(&1));
    let again = node.ok(&["item", "import", OLD, "--map", "省库"]);
    assert_eq!((&again["imported"], &again["source"]["sheet"]), (&json!(1), &json!("事项库")));
    node.refused(&["item", "import", OLD, "--map", "../省库"], "file-unreadable");
    node.refused(&["item", "import", OLD, "--sheet", "目录"], "sheet-unknown");
    let template = cluster.root().join("模板.xlsx").to_string_lossy().into_owned();
    node.call(&["item", "columns", "--template", &template]);
    assert!(fs::metadata(Path::new(&template)).is_ok_and(|file| file.len() > 1000));
    node.refused(&["item", "import", &template], "sheet-empty");
}
