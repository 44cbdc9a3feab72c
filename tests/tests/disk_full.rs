//! A disk that fills at each place where a node writes: what it refuses, what goes on, and what is there when space has returned.

use serde_json::{Value, json};
use system_tests::{APPLICANT, CITY, Cluster, HOME, Item, Node, SmallDisk, within};

const OPEN: &str = "330A0015500013";
const CITY_CODE: &str = "330100";

/// A city on a small disk, and a county on the ordinary one that collects for it.
fn cluster(mib: u32) -> Option<(SmallDisk, Cluster)> {
    let mut cluster = Cluster::new();
    // Dropped before the cluster's directory is removed.
    let disk = SmallDisk::mount(&cluster.root().join(CITY), mib)?;
    cluster.init(CITY, CITY_CODE, "杭州市").configure(&[("low_water_mib", "16")]);
    cluster.init(HOME, "330106", "西湖区");
    cluster.nodes().for_each(Node::spawn);
    cluster.nodes().for_each(Node::ready);
    cluster.join(CITY, HOME);
    cluster.linked(CITY, HOME);
    cluster.publish(CITY, &[Item::permit(OPEN, CITY_CODE)]);
    cluster.nodes().for_each(Node::staff);
    Some((disk, cluster))
}

fn large(number: u32) -> Value {
    let materials: Vec<Value> =
        (0..200).map(|n| json!({ "name": format!("{n:03}{}", "材".repeat(97)), "sha256": "ab".repeat(32) })).collect();
    json!({
        "item": OPEN, "division": CITY_CODE, "name": APPLICANT.0, "id": system_tests::citizen(number), "materials": materials,
    })
}

#[test]
fn experiment() {
    let Some((disk, cluster)) = cluster(96) else { return };
    let (city, home) = (cluster.node(CITY), cluster.node(HOME));
    eprintln!("free at first: {} KiB", disk.free() >> 10);
    let first = home.collect(OPEN, CITY_CODE).case;
    city.owns(10, &first);
    disk.fill(0);
    eprintln!("free: {} KiB", disk.free() >> 10);
    for number in 0..600 {
        let answer = home.post("/v1/cases", &format!("k{number}"), &large(number)).expect("it answers");
        assert!(answer.is_done(), "{answer:?}");
        if number % 25 == 0 {
            let shown = system_tests::socket::get(&city.socket(), "/v1/status");
            let (ready, findings) = match &shown { Ok(a) => (a.body["ready"].clone(), a.body["findings"][0]["code"].clone()), Err(e) => (Value::from(format!("{e:?}")), Value::Null) };
            eprintln!("{number}: {ready} {findings} ended {:?} free {}", city.ended(), disk.free());
            if city.ended().is_some() { break; }
        }
    }
    std::thread::sleep(std::time::Duration::from_secs(3));
    eprintln!("ended {:?}", city.ended());
    panic!("{}", std::fs::read_to_string(city.log()).unwrap().lines().rev().take(25).collect::<Vec<_>>().join("\n"));
}
