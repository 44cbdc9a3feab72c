//! One standard from the province to townships of two cities: 200 base items, the real 1,135 items of a district, a changed legal basis,
//! a county that renames, a store edited behind its node's back, an office merger, and a township that was off for a month.

mod outage;
mod scene;

use serde_json::{Value, json};
use system_tests::{Cluster, Node, Release, Released, seen, within};
use tongban_codes::credit_code::CreditCode;
use tongban_codes::division::Level;
use tongban_domain::catalogue::{BaseItem, ServiceItem, Term};
use tongban_storage::keyspace::item::{BASE, ITEM};

use crate::scene::{
    CAPITAL, CITY, DISTRICT, NEIGHBOUR, NODES, OTHER, PROVINCE, Running, TOWNS, claim, counted, credit, drift, item_of,
    joined, release, same_everywhere, stands, superior,
};

const REAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/items-511602.csv");

/// The line whose law changes, and the only one that [`OTHER`] claims.
const LINE: &str = "省残疾人联合会";
const CHANGED: &str = "《中华人民共和国残疾人保障法》（2026年修订，演示）";

/// What a node has published and drafted, with every guide.
fn rows(node: &Node) -> Vec<Value> {
    ["in-force", "draft"].map(|stage| node.get(&format!("/v1/items/rows?stage={stage}"))).to_vec()
}

#[test]
fn one_standard_from_the_province_to_the_townships_of_two_cities() {
    let places: Vec<&str> = NODES.iter().map(|(place, ..)| *place).collect();
    let cluster = joined(&places);
    let below = &places[1..];
    let standard = Release::new("51", 200);
    let towards = |level: Level| standard.items.iter().filter(|item| item.concerns(level)).count();
    let (all, few) = (towards(Level::County), towards(Level::Township));
    let of_line: Vec<&Released> = standard.items.iter().filter(|item| item.line == LINE).collect();
    let changing = *of_line.iter().find(|item| item.reaches_townships).expect("a service of the line");

    // The real items go in as they are; what has no valid credit code can't be published.
    let district = cluster.node(DISTRICT);
    let report = district.ok(&["item", "import", REAL]);
    assert_eq!((&report["imported"], &report["rejected"]), (&json!(1135), &json!(0)));
    release(&cluster, &standard);
    for place in below {
        stands(&cluster, place, &standard.items, "pending", 1);
    }
    let file = cluster.file("binding.csv", &standard.binding("511600"));
    let report = district.ok(&["item", "import", &file.to_string_lossy()]);
    assert_eq!((&report["imported"], &report["rejected"]), (&json!(200), &json!(0)), "{}", report["rows"]);
    let report = district.ok(&["item", "publish", "--all"]);
    let refused = report["refused"].as_array().cloned().unwrap_or_default();
    let unmapped = refused.iter().filter(|one| one["rejection"]["code"] == "authority-unmapped").count();
    let done = report["published"].as_array().map_or(0, Vec::len);
    assert_eq!((done, unmapped, refused.len()), (981, 154, 154));

    // Each level claims; a county declines two items with a reason, another takes one line only.
    for (item, reason) in [(&standard.items[0], "no-object"), (&standard.items[1], "exercised-above")] {
        assert_ne!(item.line, LINE);
        cluster.node(NEIGHBOUR).ok(&["item", "decline", &item.base_code, "--reason", reason, "--note", "演示"]);
    }
    for place in [CITY, CAPITAL] {
        assert_eq!(claim(&cluster, place, &["--all"]), all);
    }
    assert_eq!(claim(&cluster, NEIGHBOUR, &["--all"]), all - 2);
    assert_eq!(claim(&cluster, OTHER, &["--line", LINE]), of_line.len());
    for town in TOWNS {
        assert_eq!(claim(&cluster, town, &["--all"]), few);
    }
    let rate = |claimed: usize| claimed * 10_000 / all;
    let mut rates = vec![
        (CITY, all, all, 0, 10_000),
        (CAPITAL, all, all, 0, 10_000),
        (DISTRICT, all, all, 0, 10_000),
        (NEIGHBOUR, all, all - 2, 2, rate(all - 2)),
        (OTHER, all, of_line.len(), 0, rate(of_line.len())),
    ];
    rates.extend(TOWNS.map(|town| (town, few, few, 0, 10_000)));
    counted(&cluster, &rates);
    same_everywhere(&cluster);

    // Cases run at six nodes when the law is changed; one was collected in a township of another county.
    for place in [CITY, DISTRICT].iter().chain(&TOWNS) {
        cluster.node(place).staff();
    }
    let run = |decides: &'static str, collected: &'static str| {
        let item = item_of(cluster.node(decides), &changing.base_code);
        Running::accepted(&cluster, &item, collected, decides)
    };
    let halls = [(CITY, CITY), (DISTRICT, TOWNS[2]), (DISTRICT, DISTRICT)];
    let halls: Vec<(&str, &str)> = halls.into_iter().chain(TOWNS.map(|town| (town, town))).collect();
    let earlier: Vec<Running> = halls.iter().map(|(decides, collected)| run(decides, collected)).collect();
    earlier.iter().for_each(|case| case.is_of(&cluster, 1));

    let amended = changing.amended(CHANGED);
    release(&cluster, &Release { items: vec![amended.clone()] });
    for place in below {
        stands(&cluster, place, std::slice::from_ref(&amended), "outdated", 2);
    }
    let differences = within(30, "every node below differs in the amended item", || {
        let (others, report) = drift(&cluster);
        let differences = report["differences"].as_array().cloned().unwrap_or_default();
        let is_told = others.len() == below.len()
            && others.iter().all(|(_, state)| state == "differs")
            && differences.len() == below.len()
            && report["complete"] == true;
        seen(is_told, report).map(|_| differences)
    });
    for one in &differences {
        let field = &one["fields"][0];
        assert_eq!((&one["kind"], &one["base_code"]), (&json!("core-differs"), &json!(changing.base_code)), "{one}");
        assert_eq!((&field["field"], &field["above"]), (&json!("core.legal_basis"), &json!(CHANGED)), "{one}");
    }
    for place in below {
        let node = cluster.node(place);
        let updated = node.ok(&["item", "claim", "--update", "--all-pending"]);
        assert_eq!(updated["done"].as_array().map(Vec::len), Some(1), "{place}: {updated}");
        let item = updated["done"][0]["item"].as_str().unwrap_or_default().to_owned();
        node.ok(&["item", "publish", &item]);
        stands(&cluster, place, std::slice::from_ref(&amended), "claimed", 2);
        let shown = node.ok(&["item", "show", &item]);
        assert_eq!(shown["items"][0]["legal_basis"], CHANGED, "{place}: {shown}");
    }
    same_everywhere(&cluster);
    earlier.iter().for_each(|case| case.is_of(&cluster, 1));
    let later: Vec<Running> = halls.iter().map(|(decides, collected)| run(decides, collected)).collect();
    later.iter().for_each(|case| case.is_of(&cluster, 2));
    for (case, version) in earlier.iter().map(|case| (case, 1)).chain(later.iter().map(|case| (case, 2))) {
        let decided = cluster.node(case.decides).ok(&["case", "decide", "--grant", &case.case]);
        assert_eq!(decided["state"], "granted", "{decided}");
        within(20, "the collecting window knows the decision", || {
            let shown = cluster.node(case.collected).ok(&["case", "show", &case.case]);
            seen(shown["state"] == "granted", shown).map(drop)
        });
        case.is_of(&cluster, version);
    }

    renaming_is_refused(&cluster, &standard);
    an_edited_store_is_found(&cluster, &amended, &standard);
    offices_merge(&cluster, &standard);
    for node in cluster.nodes() {
        assert_eq!(node.ok(&["aggregate", "audit"])["equal"], true, "{}", node.name);
    }
}

/// A county that gives a sub-item a name of its own is refused by every way, and nothing has changed.
fn renaming_is_refused(cluster: &Cluster, standard: &Release) {
    let county = cluster.node(NEIGHBOUR);
    let sub = standard.items[2..].iter().find(|item| !item.main_item.is_empty()).expect("there are sub-items");
    let code = item_of(county, &sub.base_code);
    let (before, own) = (rows(county), format!("{}（前锋区）", sub.name));
    let credit = credit(NEIGHBOUR);
    for base in [sub.base_code.as_str(), ""] {
        let csv = format!(
            "department,main_item,name,local_item_code,division,item_type,department_code,base_code,legal_basis\n\
             政务服务局,{},{own},{code},,{},{credit},{base},{}\n",
            sub.main_item, sub.item_type, sub.legal_basis
        );
        let file = cluster.file("renamed.csv", csv.as_bytes());
        let report = county.ok(&["item", "import", &file.to_string_lossy()]);
        let found = (&report["imported"], &report["rejected"], &report["rows"][0]["code"]);
        assert_eq!(found, (&json!(0), &json!(1), &json!("core-locked")), "{report}");
    }
    let problem = county.refused(&["item", "claim", &sub.base_code, "--name", &own], "invalid-field");
    assert_eq!(problem["field"], "name", "{problem}");
    assert_eq!(rows(county), before);
    same_everywhere(cluster);
}

/// Somebody with the machine's key alters a township's store: the province names item and field, and nobody else is suspected.
fn an_edited_store_is_found(cluster: &Cluster, amended: &Released, standard: &Release) {
    let town = TOWNS[0];
    let (node, division) = (cluster.node(town), format!("{:0<12}", cluster.node(town).division));
    let code = item_of(node, &amended.base_code);
    let untouched = standard.items.iter().find(|item| item.reaches_townships && item.base_code != amended.base_code);
    let base_code = untouched.expect("more than one reaches the townships").base_code.clone();
    let (catalogue, cases) = (rows(node), node.get("/v1/cases")["cases"].clone());
    cluster.edit_store(town, |state, batch| {
        let mut item: ServiceItem = ITEM.load(state, &code).expect("it can be read").expect("it is published");
        item.core.name = "残疾人卡".to_owned();
        item.promised = item.promised.map(|term| Term { days: 19, ..term });
        ITEM.put(batch, &code, &item);
        let mut base: BaseItem = BASE.load(state, &base_code).expect("it can be read").expect("it is here");
        base.promised_days = Some(60);
        BASE.put(batch, &base_code, &base);
    });
    cluster.linked(superior(town), town);
    let report = within(20, "the township answers", || {
        let (others, report) = drift(cluster);
        seen(others == [(division.clone(), "differs".to_owned())] && report["complete"] == true, report)
    });
    let mut found: Vec<Value> = Vec::new();
    for one in report["differences"].as_array().into_iter().flatten() {
        assert_eq!(one["division"], json!(division), "{one}");
        let fields = one["fields"].as_array().into_iter().flatten();
        found.extend(fields.map(|field| {
            json!([
                one["item"].as_str().or(one["base_code"].as_str()),
                one["kind"],
                field["field"],
                field["above"],
                field["below"],
                field["sealed"]
            ])
        }));
    }
    let name = &amended.name;
    let wanted = [
        json!([code, "store-edited", "core.name", name, "残疾人卡", name]),
        json!([code, "store-edited", "promised.days", null, 19, 10]),
        json!([code, "core-differs", "core.name", name, "残疾人卡", name]),
        // Longer than the ceiling.
        json!([code, "core-differs", "promised.days", null, 19, 10]),
        json!([base_code, "store-edited", "promised_days", 10, 60, 10]),
    ];
    for one in &wanted {
        assert!(found.contains(one), "{one} is not in {found:?}");
    }
    assert_eq!(found.len(), wanted.len(), "{found:?}");

    // Its log is whole: the state that is made from it again is what was sealed.
    node.stop();
    let state = node.dir.join("data/state");
    std::fs::rename(&state, node.dir.join("edited-state")).expect("the directory is ours");
    node.start();
    cluster.linked(superior(town), town);
    same_everywhere(cluster);
    assert_eq!((rows(node), &node.get("/v1/cases")["cases"]), (catalogue, &cases));
}

/// Two offices of the district become one by one command; running cases and the claim rate stay.
fn offices_merge(cluster: &Cluster, standard: &Release) {
    let district = cluster.node(DISTRICT);
    let bound = standard.items.iter().find(|item| item.line == "省卫生健康委").expect("an item of the line");
    let running = Running::accepted(cluster, &bound.local_code, DISTRICT, DISTRICT);
    let credit = CreditCode::from_body("11511602MB1234567").expect("the body is right").to_string();
    let status = cluster.node(DISTRICT).get("/v1/status");
    let today = status["at"].as_str().and_then(|at| at.get(..10)).unwrap_or_else(|| panic!("{status}"));
    let (old, new) = (["区卫健局", "区医疗保障局"], "区卫生健康和医疗保障局");
    let merge = ["authority", "merge", old[0], old[1], "--into", new, "--code", &credit, "--from", today];
    let merged = district.ok(&[&merge[..], &["--order", "广区编〔2026〕7号"]].concat());
    let moved = merged["moved"].as_array().cloned().unwrap_or_default();
    assert!(moved.len() > 40, "{} items moved: {merged}", moved.len());
    let of = |item: &&Value| item["item"] == json!(bound.local_code);
    let one = moved.iter().find(of).unwrap_or_else(|| panic!("{merged}"));
    // A local code is the province's to give: it stays, the department changes.
    assert_eq!(
        (&one["version"], &one["successor"], &merged["refused"]),
        (&json!(2), &Value::Null, &json!([])),
        "{merged}"
    );
    let shown = &district.ok(&["item", "show", &bound.local_code])["items"][0];
    assert_eq!((&shown["department"], &shown["base_code"]), (&json!(new), &json!(bound.base_code)), "{shown}");
    running.is_of(cluster, 1);
    assert_eq!(district.ok(&["case", "decide", "--grant", &running.case])["state"], "granted");
    Running::accepted(cluster, &bound.local_code, DISTRICT, DISTRICT).is_of(cluster, 2);
    within(30, "the merged offices still count as claimed", || {
        let report = cluster.node(PROVINCE).ok(&["item", "claims", "--subordinates"]);
        let rows = report["rates"].as_array().cloned().unwrap_or_default();
        let row = rows.into_iter().find(|row| row["division"] == "511602000000").unwrap_or_default();
        seen(row["rate"] == 10_000 && row["outdated"] == 0, row).map(drop)
    });
    same_everywhere(cluster);
}
