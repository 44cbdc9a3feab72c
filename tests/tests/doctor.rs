//! `doctor` on the directory of a node that doesn't start.

use serde_json::Value;
use system_tests::{Cluster, Item, Node};

const DIVISION: &str = "330106";
const CODE: &str = "330A0015500013";

fn finding(node: &Node, check: &str) -> Value {
    let (_, report) = node.call(&["doctor"]);
    let checks = report["checks"].as_array().cloned().unwrap_or_default();
    checks.into_iter().find(|finding| finding["check"] == check).unwrap_or(Value::Null)
}

#[test]
fn of_a_state_that_will_not_open_it_says_what_a_copy_reaches_and_touches_nothing() {
    let mut cluster = Cluster::new();
    cluster.init("hall", DIVISION, "西湖区").start();
    cluster.publish("hall", &[Item::permit(CODE, "")]);
    let node = cluster.node("hall");
    node.staff();
    let cases = node.collect_many(CODE, DIVISION, 0..3);
    // While it runs, its databases are its own.
    assert_eq!(finding(node, "state"), Value::Null);
    node.stop();
    assert_eq!(finding(node, "state")["level"], "ok");

    let state = node.dir.join("data/state");
    let names = || -> Vec<String> {
        let files = std::fs::read_dir(&state).expect("the state is a directory");
        let mut names: Vec<String> =
            files.map(|file| file.expect("it is listed").file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| !name.starts_with("LOG"));
        names.sort();
        names
    };
    let manifest = names().into_iter().find(|name| name.starts_with("MANIFEST-")).expect("it has a manifest");
    let sound = std::fs::read(state.join(&manifest)).expect("it can be read");
    let mut hurt = sound.clone();
    hurt[20] ^= 1;
    std::fs::write(state.join(&manifest), &hurt).expect("it can be written");
    let before = names();
    let found = finding(node, "state");
    assert_eq!((found["level"].as_str(), found["code"].as_str()), (Some("fail"), Some("state-damaged")), "{found}");
    let text = found["en"].as_str().unwrap_or_default();
    assert!(text.contains(&format!("has {} cases", cases.len())), "{text}");
    assert!(text.contains("log is whole from entry"), "{text}");
    assert_eq!(names(), before);
    assert_eq!(std::fs::read(state.join(&manifest)).expect("it can be read"), hurt);
    assert!(!node.dir.join("data/doctor-copy").exists());

    std::fs::write(state.join(&manifest), sound).expect("it can be written");
    node.start();
    assert_eq!(node.get("/v1/cases")["cases"].as_array().map(Vec::len), Some(cases.len()));
}
