//! Stores that were edited behind their nodes' backs, and releases on their way, as `item drift` shows them.

use serde_json::Value;
use system_tests::{CITY, Cluster, HOME, Item, NEIGHBOUR, PROVINCE, Tree, seen, within};
use tongban_domain::catalogue::{BaseItem, ServiceItem};
use tongban_storage::keyspace::item::{BASE, ITEM};

const TREE: Tree = Tree::ZHEJIANG;
const BASES: [&str; 3] = ["330115033000", "330115034000", "330115035000"];

/// The nodes of a tree down to its counties, joined; the province has released three base items and the county claimed the first.
fn province() -> (Cluster, String) {
    let mut cluster = Cluster::new();
    for place in [PROVINCE, CITY, HOME, NEIGHBOUR] {
        cluster.init(place, TREE.code(place), place);
        cluster.node(place).start();
    }
    for place in [CITY, HOME, NEIGHBOUR] {
        cluster.join(Tree::superior(place), place);
    }
    for place in [CITY, HOME, NEIGHBOUR] {
        cluster.linked(Tree::superior(place), place);
    }
    release(&cluster, &BASES);
    for place in [CITY, HOME, NEIGHBOUR] {
        arrived(&cluster, place, BASES[2]);
    }
    let home = cluster.node(HOME);
    let claim = [
        "item",
        "claim",
        BASES[0],
        "--department",
        "卫健局",
        "--department-code",
        "11370800MB28559184",
        "--promised-days",
        "8",
    ];
    let item = home.ok(&claim)["item"].as_str().unwrap_or_default().to_owned();
    home.ok(&["item", "publish", &item]);
    (cluster, item)
}

fn release(cluster: &Cluster, bases: &[&str]) {
    let rows: Vec<Item<'_>> = bases
        .iter()
        .map(|base| Item { base_code: base, promised_days: "10", modes: "", covered: "", ..Item::permit("", "") })
        .collect();
    cluster.publish(PROVINCE, &rows);
}

fn arrived(cluster: &Cluster, place: &str, base: &str) {
    within(15, &format!("{base} has come to {place}"), || {
        let items = cluster.node(place).ok(&["item", "list", "--stage", "base"]);
        seen(items.to_string().contains(base), items)
    });
}

/// A field with what it is above, below and as sealed.
type Field = (String, Value, Value, Value);

/// A difference: item or base code, kind, duty, and the fields.
type Found = (String, String, String, Vec<Field>);

/// The differences of a report.
fn found(report: &Value) -> Vec<Found> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let field = |field: &Value| -> Field {
        (text(&field["field"]), field["above"].clone(), field["below"].clone(), field["sealed"].clone())
    };
    let of = |one: &Value| -> Found {
        let code = if one["item"].is_null() { &one["base_code"] } else { &one["item"] };
        let fields = one["fields"].as_array().into_iter().flatten().map(field).collect();
        (text(code), text(&one["kind"]), text(&one["duty"]), fields)
    };
    report["differences"].as_array().into_iter().flatten().map(of).collect()
}

#[test]
fn a_store_edited_behind_its_nodes_back_is_found_field_by_field() {
    let (cluster, claimed) = province();
    let (home, county) = (cluster.node(HOME), TREE.code(HOME));
    // Nothing differs: everywhere, of everybody, above, below and beside.
    for (place, args) in [
        (PROVINCE, vec!["--subtree", TREE.code(PROVINCE)]),
        (CITY, vec!["--division", county]),
        (HOME, vec!["--division", TREE.code(PROVINCE)]),
        (NEIGHBOUR, vec!["--neighbour", county]),
        (HOME, vec![]),
    ] {
        let report = cluster.node(place).ok(&[&["item", "drift"][..], &args].concat());
        assert_eq!(report["differs"], false, "{place} {args:?}: {report}");
        assert_eq!(report["complete"], true, "{place} {args:?}: {report}");
    }

    cluster.edit_store(HOME, |state, batch| {
        let mut item: ServiceItem = ITEM.load(state, &claimed).expect("it can be read").expect("it is published");
        item.core.name = "公共场所卫生证".to_owned();
        item.promised = item.promised.map(|term| tongban_domain::catalogue::Term { days: 19, ..term });
        ITEM.put(batch, &claimed, &item);
        let mut base: BaseItem = BASE.load(state, &BASES[1].to_owned()).expect("it can be read").expect("it is here");
        base.promised_days = Some(60);
        BASE.put(batch, &BASES[1].to_owned(), &base);
        BASE.delete(batch, &BASES[2].to_owned());
    });
    cluster.linked(CITY, HOME);

    let name = ("core.name", Value::from("公共场所卫生许可"), Value::from("公共场所卫生证"));
    let days = |above: Option<u16>, below: u16, sealed: u16| {
        (above.map_or(Value::Null, Value::from), Value::from(below), Value::from(sealed))
    };
    for place in [PROVINCE, CITY] {
        let report = within(15, "the county answers", || {
            let (exit, report) = cluster.node(place).call(&["item", "drift", "--division", county]);
            if exit == 1 && report["complete"] == true { Ok(report) } else { Err(report.to_string()) }
        });
        assert_eq!(report["nodes"][0]["state"], "differs", "{report}");
        let found = found(&report);
        let of = |code: &str, kind: &str| {
            let fitting = |one: &&Found| one.0 == code && one.1 == kind;
            found.iter().find(fitting).unwrap_or_else(|| panic!("no {kind} of {code} in {report}"))
        };
        let edited = of(&claimed, "store-edited");
        assert_eq!(edited.2, "inferior-mend");
        let (above, below, sealed) = days(None, 19, 8);
        assert_eq!(
            edited.3,
            [
                (name.0.to_owned(), name.1.clone(), name.2.clone(), name.1.clone()),
                ("promised.days".to_owned(), above, below, sealed),
            ],
            "{report}"
        );
        let renamed = of(&claimed, "core-differs");
        assert_eq!(renamed.2, "inferior-claim");
        let (above, below, sealed) = days(Some(10), 60, 10);
        let base = of(BASES[1], "store-edited");
        assert_eq!(base.3, [("promised_days".to_owned(), above, below, sealed)], "{report}");
        assert_eq!(of(BASES[2], "missing").2, "inferior-mend");
        assert_eq!(found.len(), 4, "{report}");
        let differences = report["differences"].as_array().cloned().unwrap_or_default();
        for one in differences {
            assert!(one["as_of"].is_string() && one["since"].is_string(), "{one}");
            assert_eq!(one["version_above"], 1, "{one}");
        }
    }
    // The node says it of itself, too, and asked again the answer is the same.
    let (exit, own) = home.call(&["item", "drift"]);
    assert_eq!((exit, found(&own).len()), (1, 4), "{own}");
    let (exit, again) = cluster.node(PROVINCE).call(&["item", "drift", "--subtree", TREE.code(PROVINCE)]);
    assert_eq!((exit, found(&again).len()), (1, 4), "{again}");
    let states: Vec<&Value> = again["nodes"].as_array().into_iter().flatten().map(|node| &node["state"]).collect();
    assert_eq!(states, ["same", "same", "differs", "same"], "{again}");
    // A table in either language says the same to people.
    for (lang, word) in [("zh", "存储被改动"), ("en", "the store was edited")] {
        let text = cluster.node(PROVINCE).text(&["--lang", lang, "item", "drift", "--division", county]);
        assert!(text.contains(word) && text.contains("公共场所卫生证") && text.contains(BASES[2]), "{text}");
    }

    // Mended from what was sealed, nothing differs any more.
    cluster.edit_store(HOME, |state, batch| {
        let mut item: ServiceItem = ITEM.load(state, &claimed).expect("it can be read").expect("it is there");
        item.core.name = "公共场所卫生许可".to_owned();
        item.promised = item.promised.map(|term| tongban_domain::catalogue::Term { days: 8, ..term });
        ITEM.put(batch, &claimed, &item);
        let mut base: BaseItem = BASE.load(state, &BASES[1].to_owned()).expect("it can be read").expect("it is here");
        base.promised_days = Some(10);
        BASE.put(batch, &BASES[1].to_owned(), &base);
        base.core.base_code = Some(BASES[2].to_owned());
        BASE.put(batch, &BASES[2].to_owned(), &base);
    });
    cluster.linked(CITY, HOME);
    cluster.node(PROVINCE).eventually(15, &["item", "drift", "--division", county]);
    home.ok(&["item", "drift"]);
}

#[test]
fn a_release_on_its_way_is_behind_and_a_renamed_one_must_be_claimed() {
    let (cluster, claimed) = province();
    let province = cluster.node(PROVINCE);
    let county = TREE.code(HOME);
    // The city is off: what the province releases doesn't go down.
    cluster.node(CITY).stop();
    let renamed = Item {
        base_code: BASES[0],
        name: "公共场所卫生许可证核发",
        promised_days: "10",
        modes: "",
        covered: "",
        ..Item::permit("", "")
    };
    cluster.publish(PROVINCE, &[renamed]);
    let (exit, report) = province.call(&["item", "drift", "--subtree", TREE.code(CITY)]);
    assert_eq!((exit, &report["complete"]), (1, &Value::Bool(false)), "{report}");
    assert_eq!(report["nodes"][0]["state"], "unreached", "{report}");
    cluster.node(CITY).start();
    cluster.linked(PROVINCE, CITY);
    cluster.linked(CITY, HOME);
    let report = within(20, "the county has the release and not claimed it", || {
        let (_, report) = province.call(&["item", "drift", "--division", county]);
        let kinds: Vec<String> = found(&report).into_iter().map(|one| one.1).collect();
        if kinds == ["core-differs"] { Ok(report) } else { Err(report.to_string()) }
    });
    let one = &found(&report)[0];
    assert_eq!((one.0.as_str(), one.2.as_str()), (claimed.as_str(), "inferior-claim"));
    assert_eq!(one.3[0].0, "core.name");
    // Claimed, it is the same again.
    let home = cluster.node(HOME);
    home.ok(&["item", "claim", BASES[0], "--department", "卫健局", "--department-code", "11370800MB28559184"]);
    home.ok(&["item", "publish", &claimed]);
    province.ok(&["item", "drift", "--division", county]);
    // Who is no kin isn't compared with.
    province.refused(&["item", "drift", "--neighbour", county], "drift-not-kin");
    province.refused(&["item", "drift", "--division", "440000"], "division-unserved");
}
