//! 异地受理、无差别办理 between two provinces: seven nodes of two trees; 渝北区 decides in the place of 广安区, which hears of it once whatever fails on
//! the way, and no superior counts a case twice. Between two halls of one city, what was refused is told again once it would be taken.

use serde_json::Value;
use system_tests::two_provinces::{ROOTS, both_known, exported, founded, import};
use system_tests::{APPLICANT, Cluster, Item, Node, paper, seen, within};
use tongban_codes::time::Timestamp;

/// The national base item that both provinces keep.
const BASE: &str = "000116013001";
/// 广安区's item of it, and 渝北区's.
const THEIRS: &str = "511A0016013001";
const OURS: &str = "500A0016013001";
const NUMBER: &str = "川渝通办〔2026〕1号";

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned()
}

/// Both provinces release the base item, and the two counties publish theirs; 广安区's for the mode, over the border.
fn catalogues(cluster: &Cluster) {
    let based = |code, modes, covered| Item { base_code: BASE, modes, covered, ..Item::permit(code, "") };
    for (root, county, item) in [
        ("sichuan", "home", based(THEIRS, "window^collect^uniform", "500000")),
        ("chongqing", "yubei", based(OURS, "", "")),
    ] {
        cluster.publish(root, &[Item { promised_days: "10", ..based("", "", "") }]);
        within(30, &format!("the base item has come to {county}"), || {
            let items = cluster.node(county).ok(&["item", "list", "--stage", "base"]);
            seen(items.to_string().contains(BASE), items)
        });
        cluster.publish(county, &[item]);
    }
}

fn asked() -> [&'static str; 12] {
    let (name, id) = APPLICANT;
    ["case", "collect", "--item", THEIRS, "--for", "511602", "--mode", "uniform", "--name", name, "--id", id]
}

/// Waits until the authority in charge shows a case as it should.
#[track_caller]
fn told(home: &Node, case: &str, holds: impl Fn(&Value) -> bool) -> Value {
    within(60, &format!("广安区 has heard of {case}"), || {
        let listed = home.ok(&["agreement", "cases", "--number", NUMBER, "--item", THEIRS]);
        let rows = listed["cases"].as_array().cloned().unwrap_or_default();
        let row = rows.into_iter().find(|row| row["case"] == case);
        row.filter(|row| holds(row)).ok_or_else(|| listed.to_string())
    })
}

/// How much a node counts under a measure, by division and mode.
fn counted(node: &Node, measure: &str, division: &str, mode: &str) -> i64 {
    let report = node.ok(&["aggregate", "report", "--by", "measure,division,mode"]);
    let rows = report["rows"].as_array().cloned().unwrap_or_default();
    let of =
        |row: &&Value| row["measure"] == measure && text(row, "division").starts_with(division) && row["mode"] == mode;
    rows.iter().filter(of).filter_map(|row| row["count"].as_i64()).sum()
}

#[test]
fn one_province_decides_in_the_place_of_the_other_and_tells_it_once() {
    let cluster = founded();
    let anchors = ROOTS.map(|root| exported(&cluster, root));
    import(&cluster, "sichuan", &anchors[1]);
    import(&cluster, "chongqing", &anchors[0]);
    both_known(&cluster);
    catalogues(&cluster);
    let (home, yubei) = (cluster.node("home"), cluster.node("yubei"));

    // The published scope lets collect and nothing more.
    within(30, "the item is reached, and no agreement names 渝北区", || {
        let (exit, said) = yubei.call(&asked());
        seen(exit == 1 && said["error"]["code"] == "agreement-missing", said)
    });
    let today = text(&home.ok(&["case", "show", &home.collect(THEIRS, "511602").case]), "received_on");
    let (charge, stands) = ("511602/11370800MB28559184/卫健局", "500112/11370800MB28559184/卫健局");
    let digest = format!("sha256:{}", "ab".repeat(32));
    home.ok(&[
        "agreement",
        "add",
        NUMBER,
        "--party",
        charge,
        "--party",
        stands,
        "--item",
        THEIRS,
        "--mode",
        "uniform",
        "--from",
        &today,
        "--published",
        &today,
        "--text",
        &digest,
    ]);

    // Its own case from the first day; its paper says by what right.
    let slip = yubei.eventually(40, &asked());
    let (first, code) = (text(&slip, "case"), text(&slip, "query_code"));
    let shown = yubei.ok(&["case", "show", &first]);
    assert_eq!((&shown["custody"], &shown["mode"]), (&Value::from("owner"), &Value::from("uniform")), "{shown}");
    assert_eq!(shown["instead_of"]["agreement"], NUMBER, "{shown}");
    yubei.refused(&["case", "offer", &first], "case-state");
    yubei.ok(&["case", "accept", &first]);
    let row = told(home, &first, |row| !row["accepted_on"].is_null());
    assert_eq!(
        (text(&row, "handled_at").get(..6), text(&row, "number_end").as_str()),
        (Some("500112"), &APPLICANT.1[12..])
    );
    assert_eq!(home.call(&["case", "show", &first]).0, 1, "it is no case of 广安区");
    yubei.ok(&["case", "decide", &first, "--grant"]);
    assert!(paper(yubei, &first, "decision").contains(NUMBER));
    let licence = text(
        &yubei.ok(&["licence", "issue", &first, "--type", "公共场所卫生许可证", "--until", "2099-12-31"]),
        "licence",
    );
    told(home, &first, |row| row["result"] == "granted" && row["licences"][0]["licence"] == licence.as_str());

    // Where it is, and by what right, anybody learns anywhere.
    let owner = yubei.get("/v1/status")["node"].clone();
    let proof = &APPLICANT.1[APPLICANT.1.len() - 6..];
    for place in ["home", "huixing", "sichuan"] {
        assert_eq!(cluster.node(place).eventually(20, &["case", "whereis", &first])["node"], owner, "{place}");
        let progress = cluster.node(place).eventually(20, &["case", "progress", &code, "--proof", proof]);
        assert_eq!(progress["instead_of"]["agreement"], NUMBER, "{place}: {progress}");
    }

    // The link is cut when it is accepted, and the node dies between the commit and the sending: it is heard, once, and so is the end.
    let dark = text(&yubei.ok(&asked()), "case");
    cluster.cut("chongqing");
    yubei.ok(&["case", "accept", &dark]);
    yubei.kill();
    yubei.start();
    yubei.ok(&["case", "withdraw", &dark, "--reason", "不再办理"]);
    cluster.heal("chongqing");
    let row = told(home, &dark, |row| row["result"] == "withdrawn");
    assert_eq!(text(&row, "accepted_on"), today);
    let count = home.ok(&["agreement", "show", NUMBER])["handled"].clone();
    assert_eq!(
        count,
        serde_json::json!({ "cases": 2, "accepted": 2, "granted": 1, "denied": 0, "ended": 1 }),
        "each once"
    );
    assert_eq!(yubei.ok(&["agreement", "refused"])["cases"], Value::Array(Vec::new()));

    // Figures: 重庆 has them as accepted, 四川 as handled elsewhere, nobody as both.
    for (root, measure, division, mode, expected) in [
        ("chongqing", "accepted", "500112", "4", 2),
        ("chongqing", "elsewhere-accepted", "5", "4", 0),
        ("sichuan", "elsewhere-accepted", "511602", "4", 2),
        ("sichuan", "elsewhere-decided", "511602", "4", 1),
        ("sichuan", "elsewhere-ended", "511602", "4", 1),
        ("sichuan", "accepted", "5", "4", 0),
    ] {
        let node = cluster.node(root);
        within(60, &format!("{root} counts {expected} {measure}"), || {
            let now = counted(node, measure, division, mode);
            seen(now == expected, now)
        });
        assert_eq!(node.ok(&["aggregate", "audit"])["equal"], true);
    }
}

/// A hall whose clock is three days ahead: the authority in charge takes no report of days that are to come, until they have.
#[test]
fn what_was_refused_is_reported_again_when_its_day_has_come() {
    let mut cluster = Cluster::new();
    for (place, division) in [("city", "511600"), ("home", "511602"), ("hall", "511603")] {
        cluster.init_demo(place, division, place).start();
    }
    for place in ["home", "hall"] {
        cluster.join("city", place);
        cluster.linked("city", place);
        cluster.node(place).staff();
    }
    let based = |code, modes, covered| Item { base_code: BASE, modes, covered, ..Item::permit(code, "") };
    cluster.publish("city", &[Item { promised_days: "10", ..based("", "", "") }]);
    for (place, item) in
        [("home", based(THEIRS, "window^uniform", "511603")), ("hall", based("511A0016013002", "", ""))]
    {
        within(30, &format!("the base item has come to {place}"), || {
            let items = cluster.node(place).ok(&["item", "list", "--stage", "base"]);
            seen(items.to_string().contains(BASE), items)
        });
        cluster.publish(place, &[item]);
    }
    let (home, hall) = (cluster.node("home"), cluster.node("hall"));
    let now: Timestamp = text(&home.get("/v1/status"), "at").parse().unwrap_or_else(|error| panic!("{error}"));
    let today = now.date().to_string();
    let party = |division| format!("{division}/11370800MB28559184/卫健局");
    let (charge, stands) = (party("511602"), party("511603"));
    let digest = format!("sha256:{}", "ab".repeat(32));
    let agreement =
        ["agreement", "add", NUMBER, "--party", charge.as_str(), "--party", stands.as_str(), "--item", THEIRS];
    let terms =
        ["--mode", "uniform", "--from", today.as_str(), "--published", today.as_str(), "--text", digest.as_str()];
    home.ok(&[&agreement[..], &terms[..]].concat());
    let three_days_later = |node: &Node| {
        node.stop();
        node.set_clock(&now.add_seconds(3 * 86_400).to_string());
        node.start();
    };
    three_days_later(hall);
    cluster.linked("city", "hall");

    let case = text(&hall.eventually(40, &asked()), "case");
    hall.ok(&["case", "accept", &case]);
    hall.ok(&["case", "withdraw", &case]);
    let refused = || hall.ok(&["agreement", "refused"])["cases"].as_array().cloned().unwrap_or_default();
    let acts = |kind: &str| {
        let shown = hall.ok(&["case", "show", &case]);
        shown["history"].as_array().into_iter().flatten().filter(|act| act["kind"] == kind).count()
    };
    // Nothing follows the end of a case by itself.
    for (count, what) in [(2, "acceptance and end are refused"), (3, "it is told again too early, and refused")] {
        if count == 3 {
            hall.ok(&["case", "report-again", &case]);
        }
        within(60, what, || {
            let rows = refused();
            seen(rows.len() == 1 && acts("refuse-report") == count, Value::from(rows))
        });
        assert_eq!(refused()[0]["report_refused"]["code"], "invalid-field");
    }

    three_days_later(home);
    cluster.linked("city", "home");
    hall.ok(&["case", "report-again", &case]);
    let row = told(home, &case, |row| row["result"] == "withdrawn");
    assert!(!row["accepted_on"].is_null(), "one word says all: {row}");
    assert_eq!(home.ok(&["agreement", "show", NUMBER])["handled"]["cases"], 1);
    assert!(refused().is_empty());
    assert_eq!((acts("report-again"), acts("refuse-report")), (2, 3));
    hall.refused(&["case", "report-again", &case], "report-not-refused");
}
