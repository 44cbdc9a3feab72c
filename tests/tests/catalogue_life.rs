//! The life of a catalogue on real nodes: a release is claimed and declined, a changed legal basis reaches a township on its day, cases
//! stay on their version, a county that renames is refused, offices merge, and the province counts.

use serde_json::{Value, json};
use system_tests::{CITY, Cluster, NEIGHBOUR, Node, PROVINCE, TOWNSHIP, Tree, seen, within};
use tongban_codes::credit_code::CreditCode;
use tongban_codes::time::Timestamp;

const TREE: Tree = Tree::HUBEI;
const BASE: &str = "420116013001";
const CREDIT: &str = "11370800MB28559184";
const FIRST: &str = "公共场所卫生管理条例第四条";
const SECOND: &str = "公共场所卫生管理条例（2026修订）第五条";

fn release(cluster: &Cluster, basis: &str, effective: &str) {
    let csv = format!(
        "department,main_item,name,local_item_code,division,item_type,department_code,base_code,legal_basis,statutory_days,promised_days,effective\n\
         省卫生健康委,,公共场所卫生许可,,,01,,{BASE},{basis},20,10,{effective}\n"
    );
    let file = cluster.file("release.csv", csv.as_bytes());
    let report = cluster.node(PROVINCE).ok(&["item", "import", &file.to_string_lossy()]);
    assert_eq!(report["rejected"], 0, "{report}");
    cluster.node(PROVINCE).ok(&["item", "publish", BASE]);
}

/// Waits until a release stands so at a node.
fn stands(cluster: &Cluster, place: &str, state: &str, version: u32) {
    within(20, &format!("version {version} of the release is {state} at {place}"), || {
        let claims = cluster.node(place).ok(&["item", "claims"]);
        let found = &claims["claims"][0];
        seen(found["state"] == state && found["version"] == version, claims.clone()).map(drop)
    });
}

fn claim(cluster: &Cluster, place: &str) -> String {
    let args = ["item", "claim", BASE, "--department", "卫健所", "--department-code", CREDIT, "--modes", "window"];
    let claimed = cluster.node(place).ok(&args);
    let code = claimed["item"].as_str().unwrap_or_default().to_owned();
    cluster.node(place).ok(&["item", "publish", &code]);
    code
}

fn version_in_force(cluster: &Cluster, place: &str, code: &str) -> Value {
    let versions = cluster.node(place).ok(&["item", "versions", code]);
    let rows = versions["versions"].as_array().cloned().unwrap_or_default();
    rows.iter().find(|row| row["stands"] == "in-force").map_or(Value::Null, |row| row["version"].clone())
}

#[test]
fn a_release_is_claimed_changed_and_counted() {
    let mut cluster = Cluster::new();
    let places = [PROVINCE, CITY, NEIGHBOUR, TOWNSHIP];
    for place in places {
        cluster.init_demo(place, TREE.code(place), place);
        cluster.node(place).start();
        cluster.node(place).staff();
    }
    for place in [CITY, NEIGHBOUR, TOWNSHIP] {
        cluster.join(Tree::superior(place), place);
        cluster.linked(Tree::superior(place), place);
    }
    let status = cluster.node(PROVINCE).get("/v1/status");
    let now: Timestamp = status["at"].as_str().and_then(|at| at.parse().ok()).unwrap_or_else(|| panic!("{status}"));
    release(&cluster, FIRST, "");
    for place in [CITY, NEIGHBOUR, TOWNSHIP] {
        stands(&cluster, place, "pending", 1);
    }

    // The city declines, the district claims with a lawful difference, the township as it is.
    let city = cluster.node(CITY);
    let (exit, told) = city.call(&["item", "decline", BASE, "--reason", "weather", "--note", "下雨"]);
    assert_eq!((exit, &told["error"]["code"]), (2, &json!("invalid-field")), "the list of reasons is closed");
    city.ok(&["item", "decline", BASE, "--reason", "no-power", "--note", "由区县行使"]);
    let code = claim(&cluster, TOWNSHIP);
    let district = cluster.node(NEIGHBOUR);
    let renamed = format!(
        "department,main_item,name,local_item_code,division,item_type,department_code,base_code,legal_basis\n\
         卫健局,公共场所,公共场所卫生许可（洪山区）,420A0015500013-420111000000-000-{CREDIT}-1-00,,01,{CREDIT},{BASE},{FIRST}\n"
    );
    let file = cluster.file("renamed.csv", renamed.as_bytes());
    let report = district.ok(&["item", "import", &file.to_string_lossy()]);
    assert_eq!((&report["rejected"], &report["rows"][0]["code"]), (&json!(1), &json!("core-locked")), "{report}");
    let differing = [
        "item",
        "claim",
        BASE,
        "--department",
        "卫健局",
        "--department-code",
        CREDIT,
        "--modes",
        "window",
        "--legal-basis",
        "湖北省公共场所条例第二条",
    ];
    let because = ["--differs", "legal_basis", "--reason", "local-regulation", "--document", "鄂人发〔2026〕3号"];
    let claimed = district.ok(&[differing.as_slice(), because.as_slice()].concat());
    let local = claimed["item"].as_str().unwrap_or_default();
    let tried = district.ok(&["item", "publish", local, "--dry-run"]);
    assert_eq!((&tried["dry_run"], &tried["done"][0]["state"]), (&json!(true), &json!("published")), "{tried}");
    district.refused(&["item", "suspend", local, "--reason", "还没有发布"], "item-state");
    district.ok(&["item", "publish", local]);

    let rates = || cluster.node(PROVINCE).ok(&["item", "claims", "--subordinates"]);
    within(30, "the province counts who has claimed", || {
        let found = rates();
        let rows = found["rates"].as_array().cloned().unwrap_or_default();
        let told: Vec<_> = rows.iter().map(|row| (row["claimed"].clone(), row["declined"].clone())).collect();
        let wanted = [(json!(0), json!(1)), (json!(1), json!(0)), (json!(1), json!(0))];
        seen(told == wanted, found).map(drop)
    });
    let differences = cluster.node(PROVINCE).ok(&["item", "differences"]);
    assert_eq!(differences["differences"][0]["difference"]["reason"], "local-regulation", "{differences}");
    assert_eq!(rates()["rates"][0]["open"][0]["reason"], "no-power");

    // A changed legal basis, from tomorrow on.
    let township = cluster.node(TOWNSHIP);
    let before = township.collect(&code, TREE.code(TOWNSHIP));
    let tomorrow = now.date().next_day().to_string();
    release(&cluster, SECOND, &tomorrow);
    stands(&cluster, TOWNSHIP, "outdated", 2);
    let updated = township.ok(&["item", "claim", "--update", "--all-pending"]);
    assert_eq!(updated["done"][0]["item"], code, "{updated}");
    let diff = township.ok(&["item", "diff", &code]);
    let change = diff["changes"]
        .as_array()
        .and_then(|changes| changes.iter().find(|change| change["field"] == "core.legal_basis").cloned());
    assert_eq!(change.map(|change| change["to"].clone()), Some(json!(SECOND)), "{diff}");
    let report = township.ok(&["item", "publish", &code]);
    assert_eq!(report["published"], json!([code]), "{report}");
    assert_eq!(version_in_force(&cluster, TOWNSHIP, &code), 1);
    township.stop();
    township.set_clock(&now.add_seconds(86_400).to_string());
    township.start();
    within(20, "the new version is in force on its day", || {
        let version = version_in_force(&cluster, TOWNSHIP, &code);
        seen(version == 2, version).map(drop)
    });
    let after = township.collect(&code, TREE.code(TOWNSHIP));
    let pinned = |case: &str| township.get(&format!("/v1/cases/show?case={case}"))["item_version"].clone();
    assert_eq!((pinned(&before.case), pinned(&after.case)), (json!(1), json!(2)));

    // Figures stand under the base code; the township's own code leads there.
    let collected = |node: &Node, code: &str| {
        let report = node.ok(&["aggregate", "report", "--item", code, "--by", "measure"]);
        assert!(report["items"].as_array().is_some_and(|items| items.contains(&json!(BASE))), "{report}");
        let rows = report["rows"].as_array().cloned().unwrap_or_default();
        rows.iter().find(|row| row["measure"] == "collected").map_or(json!(0), |row| row["count"].clone())
    };
    within(20, "both collected cases are counted", || {
        let count = collected(township, &code);
        seen(count == 2, count).map(drop)
    });
    assert_eq!(collected(township, BASE), 2);
    let unknown = township.refused(&["aggregate", "report", "--item", "420199999999"], "item-unknown");
    assert_eq!(unknown["value"], "420199999999", "{unknown}");

    district.collect(local, TREE.code(NEIGHBOUR));

    // Two offices become one: one command, and the old code leads to the new one.
    let credit = CreditCode::from_body("11420111MB0000001").map(|code| code.to_string()).unwrap_or_default();
    let today = now.date().to_string();
    let merge = ["authority", "merge", "卫健局", "--into", "卫生健康和医保局", "--code", &credit, "--from", &today];
    let merged = district.ok(&[merge.as_slice(), &["--order", "洪编〔2026〕7号"]].concat());
    let successor = merged["moved"][0]["successor"].clone();
    assert_eq!(successor, json!(format!("{credit}4{BASE}")), "{merged}");
    let old = district.ok(&["item", "show", local, "--version", "1"]);
    assert_eq!(old["version"]["successor"]["code"], successor, "{old}");
    let new = district.ok(&["item", "show", successor.as_str().unwrap_or_default(), "--version", "1"]);
    assert_eq!(new["replaces"], json!([local]), "{new}");
    // What is collected under either code is found by either; above, where the base code is asked for, with what the township collected.
    let successor = successor.as_str().unwrap_or_default();
    district.collect(successor, TREE.code(NEIGHBOUR));
    for (node, code, wanted) in [(district, local, 2), (district, successor, 2), (cluster.node(PROVINCE), BASE, 4)] {
        within(30, &format!("{wanted} cases are counted under {code}"), || {
            let count = collected(node, code);
            seen(count == wanted, count).map(drop)
        });
    }
    within(30, "the merged office still counts as one claim, under the earlier version", || {
        let found = rates();
        let row = &found["rates"][1];
        seen(row["claimed"] == 1 && row["outdated"] == 1, found.clone()).map(drop)
    });
}
