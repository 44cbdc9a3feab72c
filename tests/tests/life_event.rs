//! Story 3 with real processes: a shop opens a branch in another county. One application, two authorities at two nodes, a dependency, a node that
//! is killed between decision and filing, a joint check, a part that is denied, one answer.

use serde_json::{Value, json};
use system_tests::{APPLICANT, Cluster, Item, Node, answered, seen, within};

/// Place, division and name of each node: the licence is of the second, the branch lies in the third.
const NODES: [(&str, &str, &str); 3] =
    [("city", "511600", "广安市"), ("home", "511602", "广安区"), ("branch", "511603", "前锋区")];
const LICENCE: &str = "511A0093000028";
const FILING: &str = "511A0093000039";
const SIGN: &str = "511A0093000038";

fn founded() -> Cluster {
    let mut cluster = Cluster::new();
    for (place, division, name) in NODES {
        cluster.init(place, division, name);
    }
    cluster.nodes().for_each(Node::spawn);
    cluster.nodes().for_each(Node::ready);
    for place in ["home", "branch"] {
        cluster.join("city", place);
        cluster.linked("city", place);
    }
    let item = |code, name| Item { name, modes: "joint", ..Item::permit(code, "511600") };
    cluster.publish("home", &[item(LICENCE, "农药经营许可证变更（其他农药）")]);
    cluster.publish(
        "branch",
        &[
            Item { kind: "20", ..item(FILING, "农药经营分支机构备案（演示）") },
            Item { kind: "20", ..item(SIGN, "户外招牌设置（演示）") },
        ],
    );
    for place in ["home", "branch"] {
        cluster.node(place).staff();
    }
    cluster
}

fn plan(cluster: &Cluster) -> String {
    let plan = json!({ "name": "开办农药分店", "parts": [
        { "part": "备案", "item": FILING, "division": "511603", "fields": ["经营者名称", "分店地址", "负责人"],
          "materials": ["营业执照", "农药经营许可证"], "results": { "农药经营许可证": "变更" } },
        { "part": "变更", "item": LICENCE, "division": "511602", "fields": ["经营者名称", "分店地址"],
          "materials": ["营业执照"], "joint": "现场踏勘" },
        { "part": "招牌", "item": SIGN, "division": "511603", "fields": ["分店地址"], "joint": "现场踏勘" },
    ]});
    cluster.file("plan.json", plan.to_string().as_bytes()).to_string_lossy().into_owned()
}

/// Collects with the file of a material, as soon as the items can be had; gives the number.
fn collect(cluster: &Cluster) -> String {
    let (name, id) = APPLICANT;
    let file = cluster.file("licence.jpg", &[7; 70_000]);
    let material = format!("营业执照={}", file.display());
    let plan = plan(cluster);
    let words =
        ["application", "collect", &plan, "--name", name, "--id", id, "--field", "经营者名称=广安农资店（演示）"];
    let more = ["--field", "分店地址=代市镇正街 1 号", "--field", "负责人=李四", "--material", &material];
    let answer = cluster.node("branch").eventually(30, &[&words[..], &more[..]].concat());
    text(&answer, "application")
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

fn shown(node: &Node, application: &str) -> Value {
    node.ok(&["application", "show", application])
}

fn part(shown: &Value, name: &str) -> Value {
    let parts = shown["parts"].as_array().cloned().unwrap_or_default();
    parts.into_iter().find(|part| part["part"] == name).unwrap_or_default()
}

/// Waits until a part stands so; gives its case.
#[track_caller]
fn stands(node: &Node, application: &str, name: &str, state: &str) -> String {
    within(40, &format!("{name} is {state}"), || {
        let shown = shown(node, application);
        let part = part(&shown, name);
        seen(part["state"] == state, shown).map(|_| text(&part, "case"))
    })
}

/// Accepts as soon as the files that were given with the case are there.
#[track_caller]
fn accept(node: &Node, case: &str) {
    node.owns(40, case);
    node.eventually(40, &["case", "accept", case]);
}

#[test]
fn a_branch_is_opened_by_one_application() {
    let cluster = founded();
    let (home, branch) = (cluster.node("home"), cluster.node("branch"));
    let number = collect(&cluster);
    let first = shown(branch, &number);
    assert_eq!(first["state"], "running", "{first}");
    assert_eq!(part(&first, "备案")["state"], "waiting", "{first}");
    assert_eq!(first["path"], json!(["变更", "备案"]), "{first}");
    assert_eq!(first["due"], first["promised"], "{first}");
    // Three items ask for nine things: four were given, four used again, and one the change comes to.
    assert_eq!(first["total"], json!({ "required": 9, "given": 4, "asked_again": 0 }), "{first}");

    // The home county has the fields of its own item, and the file.
    let licence = text(&part(&first, "变更"), "case");
    let there = home.owns(40, &licence);
    let form = json!({ "经营者名称": "广安农资店（演示）", "分店地址": "代市镇正街 1 号" });
    assert_eq!(there["part_of"]["form"], form, "{there}");
    assert_eq!(there["part_of"]["application"], number.as_str(), "{there}");
    accept(home, &licence);
    let sign = text(&part(&first, "招牌"), "case");
    accept(branch, &sign);

    // One check, led at home, stands in the case that the branch's county decides.
    let led = ["--officers", "reviewer,decider", "--finding", "场所符合要求"];
    home.ok(&[&["application", "inspect", &number, "--joint", "现场踏勘"][..], &led].concat());
    within(40, "the check stands in both cases", || {
        let shown = shown(branch, &number);
        let both = ["变更", "招牌"].iter().all(|name| part(&shown, name)["joint_acts"] == 1);
        seen(both, shown).map(drop)
    });

    // Home decides and is killed before the branch's county has heard: nothing is begun twice, nothing is lost.
    cluster.cut("home");
    home.ok(&["case", "decide", &licence, "--grant"]);
    home.kill();
    assert_eq!(part(&shown(branch, &number), "备案")["state"], "waiting");
    branch.kill();
    branch.start();
    home.start();
    cluster.heal("home");
    let filing = stands(branch, &number, "备案", "running");
    let row = branch.ok(&["case", "show", &filing]);
    let results: Vec<Value> = row["part_of"]["entries"].as_array().cloned().unwrap_or_default();
    let result = results.iter().find(|entry| entry["name"] == "农药经营许可证").cloned().unwrap_or_default();
    assert_eq!(result["source"]["case"], licence.as_str(), "{row}");
    // The file that was given once is here for the case that began later.
    let materials = row["materials"].as_array().cloned().unwrap_or_default();
    assert!(materials.iter().any(|material| material["file"] == "here"), "{row}");
    accept(branch, &filing);
    branch.ok(&["case", "decide", &filing, "--grant"]);
    let open = branch.refused(&["application", "answer", &number], "application-state");
    assert!(text(&open, "zh").contains("招牌"), "{open}");
    branch.ok(&["case", "decide", &sign, "--grant"]);

    let answer = branch.ok(&["application", "answer", &number]);
    let results: Vec<&Value> =
        answer["answer"].as_array().into_iter().flatten().map(|line| &line["part_result"]).collect();
    assert_eq!(results, ["granted"; 3], "{answer}");
    let paper = cluster.root().join("answer.pdf");
    let printed = branch.ok(&["application", "print", &number, "--file", &paper.to_string_lossy()]);
    assert_eq!(printed["missing_signs"], json!([]), "{printed}");
    assert!(std::fs::read(&paper).is_ok_and(|bytes| bytes.starts_with(b"%PDF")));
    let whole = shown(branch, &number);
    assert_eq!((&whole["state"], &whole["joint_answer"]["in_time"]), (&json!("answered"), &json!(true)), "{whole}");
    // The applicant asks by one code.
    let code = text(&whole, "query_code");
    let told = branch.ok(&["application", "progress", &code, "--proof", "070011"]);
    assert_eq!(told["state"], "answered", "{told}");
    branch.refused(&["application", "progress", &code, "--proof", "123456"], "progress-unproven");
    assert_eq!(branch.ok(&["case", "list"])["cases"].as_array().map(Vec::len), Some(3), "each part has one case");
}

#[test]
fn a_denied_part_is_answered_plainly_and_the_others_go_on() {
    let cluster = founded();
    let (home, branch) = (cluster.node("home"), cluster.node("branch"));
    let number = collect(&cluster);
    let first = shown(branch, &number);
    let (licence, sign) = (text(&part(&first, "变更"), "case"), text(&part(&first, "招牌"), "case"));
    accept(home, &licence);
    home.ok(&["case", "decide", &licence, "--deny", "--reason", "仓储条件不符合要求"]);
    stands(branch, &number, "备案", "not-begun");
    accept(branch, &sign);
    branch.ok(&["case", "decide", &sign, "--grant"]);
    let answer = branch.ok(&["application", "answer", &number]);
    let line = |name: &str| {
        let lines = answer["answer"].as_array().cloned().unwrap_or_default();
        lines.into_iter().find(|line| line["part"] == name).unwrap_or_default()
    };
    let (denied, hung, granted) = (line("变更"), line("备案"), line("招牌"));
    assert_eq!(
        (&denied["part_result"], &denied["reason"]),
        (&json!("failed"), &json!("仓储条件不符合要求")),
        "{answer}"
    );
    assert!(text(&denied, "remedies_zh").contains("行政复议"), "{answer}");
    assert_eq!((&hung["part_result"], &hung["because"]), (&json!("not-begun"), &json!("变更")), "{answer}");
    assert_eq!(granted["part_result"], "granted", "{answer}");
    assert!(text(&denied, "remedies").contains("administrative review"), "{answer}");
    branch.refused(&["application", "advance", &number], "application-state");

    // It is applied for anew with what was given, the file included; what hung on it begins with the grant.
    let anew = branch.ok(&["application", "again", &number, "--part", "变更"]);
    let next = text(&part(&anew, "变更"), "case");
    assert_ne!(next, licence, "{anew}");
    accept(home, &next);
    home.ok(&["case", "decide", &next, "--grant"]);
    let filing = stands(branch, &number, "备案", "running");
    let whole = shown(branch, &number);
    let earlier = part(&whole, "变更")["earlier"][0].clone();
    assert_eq!((&whole["state"], &earlier["status"]), (&json!("running"), &json!("denied")));
    assert_eq!(earlier["status_zh"], "不予");
    let kept = whole["joint_answer"]["lines"].as_array().cloned().unwrap_or_default();
    assert!(kept.iter().any(|line| line["part_result"] == "failed"), "the former answer stands: {whole}");
    // The licence is issued after the filing has begun, and is told to the one who has that.
    let issue = ["licence", "issue", &next, "--type", "农药经营许可证", "--until", "2031-09-13"];
    let issued = text(&home.ok(&issue), "licence");
    within(40, "the filing refers to the licence", || {
        let row = branch.ok(&["case", "show", &filing]);
        let entries = row["part_of"]["entries"].as_array().cloned().unwrap_or_default();
        let told = entries.iter().any(|entry| entry["source"]["licences"] == json!([issued]));
        seen(told, row).map(drop)
    });
    accept(branch, &filing);
    branch.ok(&["case", "decide", &filing, "--grant"]);
    let further = branch.ok(&["application", "answer", &number]);
    let all = further["answer"].as_array().cloned().unwrap_or_default();
    assert!(all.len() == 3 && all.iter().all(|line| line["part_result"] == "granted"), "{further}");
    assert_eq!(shown(branch, &number)["former_answers"].as_array().map(Vec::len), Some(1));
    // Each answer is had on paper, and as a table nothing of what was before is left out.
    for (place, hung) in [(None, false), (Some(2), false), (Some(1), true)] {
        assert_eq!(answered(branch, &number, place).contains("未启动"), hung, "{place:?}");
    }
    let third = cluster.root().join("third.pdf").to_string_lossy().into_owned();
    for place in ["0", "3"] {
        branch.refused(&["application", "print", &number, "--answer", place, "--file", &third], "document-unknown");
    }
    let table = branch.text(&["--lang", "zh", "application", "show", &number]);
    for said in ["此前的申请", "不予", "仓储条件不符合要求", "第 1 份综合答复", "未启动"] {
        assert!(table.contains(said), "{said}: {table}");
    }

    // Another one is withdrawn where it was collected, while the line to the home county is cut: home hears of it afterwards.
    let number = collect(&cluster);
    let licence = text(&part(&shown(branch, &number), "变更"), "case");
    home.owns(40, &licence);
    within(40, "the hall is discharged", || {
        let row = branch.ok(&["case", "show", &licence]);
        seen(row["custody"] == "elsewhere", row).map(drop)
    });
    cluster.cut("home");
    let asked = branch.ok(&["application", "withdraw", &number, "--reason", "不开分店了"]);
    assert_eq!(part(&asked, "备案")["state"], "dropped", "{asked}");
    assert_eq!(part(&asked, "招牌")["state"], "failed", "{asked}");
    assert_eq!(part(&asked, "变更")["state"], "running", "its owner hasn't heard yet: {asked}");
    cluster.heal("home");
    stands(branch, &number, "变更", "failed");
    assert_eq!(home.ok(&["case", "show", &licence])["state"], "withdrawn");
    let answer = branch.ok(&["application", "answer", &number]);
    assert_eq!(answer["answer"].as_array().map(Vec::len), Some(3), "{answer}");
}
