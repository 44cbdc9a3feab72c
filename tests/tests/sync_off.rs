//! Done means durable: an act that follows another has a sync of its own.

use serde_json::{Value, json};
use system_tests::{APPLICANT, Cluster, Item, Node};

const DIVISION: &str = "330106";
const CODE: &str = "330A0015500013";
const ACTS: u32 = 60;

fn number(node: &Node, field: &str) -> u64 {
    node.get("/v1/status")[field].as_u64().expect("it is a number")
}

#[test]
fn each_of_sequential_acts_is_synced() {
    let mut cluster = Cluster::new();
    cluster.init("hall", DIVISION, "西湖区").start();
    cluster.publish("hall", &[Item::permit(CODE, "")]);
    let node = cluster.node("hall");
    node.staff();
    let (name, id) = APPLICANT;
    let body: Value = json!({ "item": CODE, "division": DIVISION, "name": name, "id": id });
    let before = (number(node, "log_syncs"), number(node, "committed"));
    for act in 0..ACTS {
        let syncs = number(node, "log_syncs");
        let answer = node.post("/v1/cases", &format!("k-{act}"), &body).expect("it answers");
        assert!(answer.is_done(), "{answer:?}");
        assert!(number(node, "log_syncs") > syncs, "act {act} was acknowledged without a sync");
    }
    let grown = (number(node, "log_syncs") - before.0, number(node, "committed") - before.1);
    assert!(grown.0 >= u64::from(ACTS) && grown.1 >= u64::from(ACTS), "{grown:?}");
}
