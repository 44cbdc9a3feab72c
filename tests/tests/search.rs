//! Search: how good its answers are, and that the index follows the state and may be lost.

use anyhow::Result;
use serde_json::Value;
use system_tests::relevance::{items, means, ndcg, questions, short};
use system_tests::{CITY, Cluster, HOME, Item, TOWNSHIP, Tree, seen, within};
use tongban_search::{Query, Writer, search};
use tongban_storage::MemoryBackend;

const TREE: Tree = Tree::HUBEI;
const CODE: &str = "420A0015500013-420106000000-000-1-1-00";

/// What the answers must be worth at least, over all questions.
const NDCG_MIN: f64 = 0.8;

#[test]
fn answers_to_two_hundred_questions_are_good() -> Result<()> {
    let here = "511602".parse()?;
    let store = MemoryBackend::new();
    let mut writer = Writer::open(&store)?;
    for entry in items(here)? {
        writer.add(&entry)?;
    }
    writer.commit(1)?;
    let known: Vec<String> = items(here)?.into_iter().map(|entry| entry.short_code).collect();
    let questions = questions()?;
    assert_eq!(questions.len(), 200);
    let mut scores = Vec::new();
    for judged in &questions {
        assert!(judged.grades.keys().all(|code| known.contains(code)), "{judged:?}");
        let hits = search(&store, &Query::new(&judged.query, here))?;
        let codes: Vec<String> = hits.iter().map(|hit| short(&hit.code)).collect();
        scores.push((judged.kind.clone(), ndcg(judged, codes.iter().map(String::as_str))));
    }
    let means = means(&scores);
    assert!(means["all"] >= NDCG_MIN, "{means:?}");
    Ok(())
}

/// An answer of the whole index.
fn answer(node: &system_tests::Node, args: &[&str]) -> Value {
    within(60, "the index is complete", || {
        let answer = node.ok(&[&["item", "search"][..], args].concat());
        seen(answer["complete"] == true, &answer).map(|_| answer.clone())
    })
}

fn first(node: &system_tests::Node, args: &[&str]) -> Value {
    answer(node, args)["hits"][0].clone()
}

#[test]
fn an_index_follows_the_catalogue_and_comes_back_when_it_is_lost() {
    let mut cluster = Cluster::new();
    cluster.init("district", "511602", "广安区");
    let file = cluster.file("items.csv", include_bytes!("../data/items-511602.csv"));
    let node = cluster.node("district");
    node.start();
    let report = node.ok(&["item", "import", &file.to_string_lossy()]);
    assert!(report["imported"].as_u64() > Some(1_100), "{report}");
    assert_eq!(answer(node, &["残疾证到期"])["hits"], Value::Array(Vec::new()), "drafts aren't found");
    node.ok(&["item", "publish", "--all"]);
    let card = first(node, &["残疾证到期"]);
    assert_eq!((&card["name"], &card["own"]), (&"残疾人证换领".into(), &true.into()), "{card}");
    assert!(card["as_of"].is_string() && card["division_name"] == "四川省广安市广安区", "{card}");
    for (question, name) in [
        ("cjrzhl", "残疾人证换领"),
        ("511F82001003", "残疾人证换领"),
        ("残急人证换领", "残疾人证换领"),
        ("农药经营许可证变更", "农药经营许可证变更（其他农药）"),
    ] {
        assert_eq!(first(node, &[question])["name"], name, "{question}");
    }
    assert_eq!(first(node, &["新办", "--department", "残联"])["name"], "残疾人证新办");
    let indexed = answer(node, &["许可"])["indexed"].clone();

    // What is withdrawn isn't found any more, whatever happens to the node between.
    node.ok(&["item", "withdraw", "511F82001003", "--yes"]);
    node.kill();
    node.start();
    assert_ne!(first(node, &["残疾证到期"])["name"], "残疾人证换领");
    let left = answer(node, &["许可"])["indexed"].clone();
    assert_eq!(left.as_u64(), indexed.as_u64().map(|before| before - 1));

    // Lost, and damaged.
    let index = node.dir.join("data").join("search");
    for harm in ["lost", "damaged"] {
        node.stop();
        assert!(index.is_dir(), "{}", index.display());
        if harm == "lost" {
            std::fs::remove_dir_all(&index).expect("the node is down");
        } else {
            std::fs::write(index.join("CURRENT"), "nothing\n").expect("the node is down");
        }
        node.start();
        let answer = answer(node, &["公共场所卫生许可延续"]);
        assert_eq!(answer["indexed"], left, "{harm}");
        assert_eq!(answer["hits"][0]["name"], "公共场所卫生许可延续（县级）", "{harm}: {answer}");
    }
    node.refused(&["item", "search", " "], "invalid-request");
}

#[test]
fn what_others_offer_is_found_with_origin_and_age() {
    let cluster = Cluster::joined_with(TREE, &[]);
    cluster.publish(HOME, &[Item::permit(CODE, TREE.code(CITY))]);
    cluster.node(HOME).staff();
    let township = cluster.node(TOWNSHIP);
    township.ok(&["operator", "add", "window", "--role", "window"]);
    assert_eq!(answer(township, &["公共场所卫生许可", "--all"])["hits"], Value::Array(Vec::new()));
    township.collect("420A0015500013", TREE.code(HOME));
    let found = first(township, &["ggcswsxk", "--all"]);
    let home = format!("{:0<12}", TREE.code(HOME));
    assert_eq!((&found["division"], &found["own"]), (&home.as_str().into(), &false.into()), "{found}");
    assert!(found["as_of"].is_string() && found["origin"].is_string(), "{found}");
    assert_eq!(answer(township, &["公共场所卫生许可"])["hits"], Value::Array(Vec::new()), "not its own");
    let there = first(township, &["公共场所卫生许可", "--division", TREE.code(HOME)]);
    assert_eq!(there["code"], CODE, "{there}");
}
