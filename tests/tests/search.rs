//! Search: how good its answers are, and that the index follows the state and may be lost.

use anyhow::Result;
use serde_json::Value;
use system_tests::relevance::{items, means, ndcg, questions, short};
use system_tests::{CITY, Cluster, HOME, Item, TOWNSHIP, Tree, seen, within};
use tongban_search::{Bundle, Hit, Query, Writer, answering, search};
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

/// Life events over the real items: their names and what people ask, with the items in their order.
const EVENTS: [(&str, &str, &[&str]); 4] = [
    (
        "开办餐饮店一件事",
        "我要开饭店、开餐馆",
        &["511A0074300005", "511A0005200004", "511A0015500009", "511A0021300001"],
    ),
    ("新生儿出生一件事", "孩子出生", &["512023377001", "511F09014002", "512036008004"]),
    ("残疾人服务", "", &["511F82001002", "511F82001003", "511F82001007"]),
    ("企业注销登记", "公司不办了", &["511A0064100187", "511A0074300009"]),
];

/// The items of a life event are found by its name, in their order and with the event named, and questions about items are answered no worse.
#[test]
fn a_question_that_names_a_life_event_finds_its_items() -> Result<()> {
    let here = "511602".parse()?;
    let store = MemoryBackend::new();
    let mut writer = Writer::open(&store)?;
    for entry in items(here)? {
        writer.add(&entry)?;
    }
    writer.commit(1)?;
    let words: Vec<Vec<String>> = EVENTS.iter().map(|(_, words, _)| vec![(*words).to_owned()]).collect();
    let found = |question: &str| {
        let named = answering(question, EVENTS.iter().zip(&words).map(|((name, ..), words)| (*name, &words[..])));
        let items = |at: usize| EVENTS[at].2.iter().map(|code| (*code).to_owned()).collect();
        let bundles: Vec<Bundle> =
            named.iter().map(|(at, score)| Bundle { score: *score, items: items(*at), topics: Vec::new() }).collect();
        let hits = search(&store, &Query { bundles: &bundles, ..Query::new(question, here) })?;
        anyhow::Ok((hits, named))
    };
    for (question, event) in [("我要开饭店", 0), ("开办餐饮店", 0), ("新生儿出生一件事", 1), ("残疾人服务", 2)]
    {
        let (hits, named) = found(question)?;
        let of_it = |hit: &&Hit| hit.bundle.is_some_and(|which| named[which].0 == event);
        let codes: Vec<String> = hits.iter().filter(of_it).map(|hit| short(&hit.code)).collect();
        let mut wanted: Vec<String> = EVENTS[event].2.iter().map(|code| (*code).to_owned()).collect();
        assert_eq!(hits[0].bundle.map(|which| named[which].0), Some(event), "{question}: {hits:?}");
        if event == 1 {
            assert_eq!(codes, wanted, "{question}");
        }
        let mut codes = codes;
        codes.sort();
        wanted.sort();
        assert_eq!(codes, wanted, "{question}");
    }
    let (mut plain, mut bundled) = (Vec::new(), Vec::new());
    for judged in &questions()? {
        let grade = |hits: &[Hit]| {
            let codes: Vec<String> = hits.iter().map(|hit| short(&hit.code)).collect();
            (judged.kind.clone(), ndcg(judged, codes.iter().map(String::as_str)))
        };
        plain.push(grade(&search(&store, &Query::new(&judged.query, here))?));
        bundled.push(grade(&found(&judged.query)?.0));
    }
    let (plain, bundled) = (means(&plain), means(&bundled));
    assert!(bundled["all"] >= plain["all"], "{plain:?} {bundled:?}");
    Ok(())
}

/// A topic holds dozens of items. Whatever it is worth, the better half of what answers a question by its own words stays.
#[test]
fn a_large_topic_replaces_nothing_that_answers_well() -> Result<()> {
    let here = "511602".parse()?;
    let store = MemoryBackend::new();
    let mut writer = Writer::open(&store)?;
    let all = items(here)?;
    for entry in &all {
        writer.add(entry)?;
    }
    writer.commit(1)?;
    let items: Vec<String> = all.iter().step_by(17).take(60).map(|entry| entry.code.clone()).collect();
    assert_eq!(items.len(), 60);
    let bundles = [Bundle { score: 1.1, items, topics: Vec::new() }];
    for judged in &questions()? {
        let query = Query::new(&judged.query, here);
        let plain: Vec<String> = search(&store, &query)?.into_iter().map(|hit| hit.code).collect();
        let hits = search(&store, &Query { bundles: &bundles, ..query })?;
        let best = &plain[..plain.len().min(5)];
        let left: Vec<&String> = hits.iter().map(|hit| &hit.code).filter(|code| best.contains(code)).collect();
        assert_eq!(left.len(), best.len(), "{}: {plain:?} {hits:?}", judged.query);
        let of_it = hits.iter().filter(|hit| hit.bundle.is_some() && !plain.contains(&hit.code)).count();
        assert!(of_it <= 10 - best.len(), "{}: {hits:?}", judged.query);
    }
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

/// Topics and life events are standards: what a superior sets is named below as well.
#[test]
fn a_package_is_named_with_its_items() {
    let cluster = Cluster::joined_with(TREE, &[]);
    let (city, home) = (cluster.node(CITY), cluster.node(HOME));
    cluster.publish(HOME, &[Item::permit(CODE, TREE.code(CITY))]);
    let (items, guidance) = (["--items", "420A0015500013"], ["--guidance", "我要开饭店"]);
    let set = ["item", "life-event", "set", "restaurant", "--name", "开办餐饮店"];
    home.ok(&[&set[..], &items, &guidance].concat());
    let hit = first(home, &["我要开饭店"]);
    assert_eq!((&hit["code"], &hit["package"]["name"]), (&CODE.into(), &"开办餐饮店".into()), "{hit}");
    assert_eq!((&hit["package"]["kind"], &hit["package"]["code"]), (&"life-event".into(), &"restaurant".into()));
    let plain = first(home, &["公共场所卫生许可"]);
    assert!(plain["package"].is_null(), "{plain}");
    // The city's topics, one below the other; the guide of an item names the lower one.
    city.ok(&["item", "topic", "set", "T0", "--name", "婚育户籍", "--persons"]);
    city.ok(&["item", "topic", "set", "T1", "--name", "落户", "--persons", "--above", "T0"]);
    let other = format!("420A0147300000-{:0<12}-000-11511301008778183N-1-00", TREE.code(HOME));
    let columns = "department,main_item,name,local_item_code,division,item_type,department_code,person_topics";
    let division = TREE.code(HOME);
    let row = format!("区公安局,,迁移审批,{other},{division},07,11511301008778183N,T1");
    let file = cluster.file("topics.csv", format!("{columns}\n{row}\n").as_bytes());
    home.ok(&["item", "import", &file.to_string_lossy()]);
    home.ok(&["item", "publish", &other]);
    for (question, topic) in [("婚育户籍", "T0"), ("落户怎么办", "T1")] {
        let hit = within(30, "the topic has come down and names the item", || {
            let hit = first(home, &[question]);
            seen(hit["package"]["code"] == topic, &hit).map(|_| hit.clone())
        });
        assert_eq!((&hit["code"], &hit["package"]["kind"]), (&other.as_str().into(), &"topic".into()), "{hit}");
        let set_by = format!("{:0<12}", TREE.code(CITY));
        assert_eq!(hit["package"]["division"], set_by, "{hit}");
    }
    // What is said of a package is what holds now, whatever was read of it before.
    let share = |node, question: &str| {
        let package = answer(node, &[question])["packages"][0].clone();
        (package["code"].clone(), package["items"].as_u64(), package["shown"].as_u64())
    };
    assert_eq!(share(home, "落户怎么办"), ("T1".into(), Some(1), Some(1)));
    assert_eq!(share(home, "我要开饭店"), ("restaurant".into(), Some(1), Some(1)));
    home.ok(&["item", "life-event", "set", "restaurant", "--name", "新生儿出生", "--items", "420A0015500013"]);
    assert_eq!(share(home, "我要开饭店"), (Value::Null, None, None));
    assert_eq!(share(home, "新生儿出生"), ("restaurant".into(), Some(1), Some(1)));
    home.ok(&["item", "withdraw", &other, "--yes"]);
    assert_eq!(share(home, "落户怎么办"), (Value::Null, None, None));
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
