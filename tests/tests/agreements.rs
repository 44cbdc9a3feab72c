//! Agreements between authorities: they travel with the item, bind the window elsewhere, and are held by the authority itself.

use serde_json::Value;
use system_tests::{Cluster, Item, within};

const CODE: &str = "330A0015500013";
const HOME: &str = "330106/11370800MB28559184/区卫健局";
const OTHER: &str = "330110/11511301452259996U/余杭区卫健局";

/// A county and its neighbour, which may collect for it, under their city.
fn halls() -> Cluster {
    let mut cluster = Cluster::new();
    cluster.init("city", "330100", "杭州市").start();
    cluster.init("home", "330106", "西湖区").start();
    cluster.init("other", "330110", "余杭区").start();
    for place in ["home", "other"] {
        cluster.join("city", place);
        cluster.linked("city", place);
    }
    cluster.publish("home", &[Item::permit(CODE, "330110")]);
    for place in ["home", "other"] {
        cluster.node(place).staff();
    }
    cluster
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned()
}

#[test]
fn a_window_collects_under_an_agreement_while_it_is_in_force() {
    let cluster = halls();
    let (home, other) = (cluster.node("home"), cluster.node("other"));
    // By published scope, as long as nothing else is agreed.
    let before = other.collect(CODE, "330106");
    let shown = home.owns(20, &before.case);
    assert_eq!(shown["agreement"], Value::Null);
    let today = text(&shown, "received_on");
    let digest = format!("sha256:{}", "ab".repeat(32));
    let add = |number: &str, party: &str| {
        [
            "agreement",
            "add",
            number,
            "--party",
            HOME,
            "--party",
            party,
            "--item",
            CODE,
            "--mode",
            "collect",
            "--receipt",
            "paper",
            "--from",
            &today,
            "--published",
            &today,
            "--text",
            &digest,
        ]
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<String>>()
    };
    let run = |args: &[String]| home.call(&args.iter().map(String::as_str).collect::<Vec<_>>());

    let (exit, refused) = run(&add("跨域一号", "330110/123/余杭区卫健局"));
    assert_eq!((exit, refused["error"]["code"].as_str()), (1, Some("invalid-identity")), "{refused}");
    let (exit, added) = run(&add("跨域一号", OTHER));
    assert_eq!((exit, added["agreement_state"].as_str()), (0, Some("in-force")), "{added}");
    assert_eq!(home.ok(&["agreement", "list"])["agreements"][0]["receipt"], "paper");

    // The window has it with the item; the slip says under what it was collected, and the authority signs for the paper.
    let under = within(20, "the window collects under the agreement", || {
        let collected = other.collect(CODE, "330106");
        let shown = other.ok(&["case", "show", &collected.case]);
        if shown["agreement"]["number"] == "跨域一号" { Ok(collected) } else { Err(shown["agreement"].to_string()) }
    });
    let shown = home.owns(20, &under.case);
    assert_eq!((&shown["agreement"]["number"], &shown["received_on"]), (&Value::from("跨域一号"), &Value::Null));
    let signed = home.ok(&["case", "receive-paper", &under.case, "--as", "reviewer"]);
    assert_eq!(signed["state"], "collected");
    assert_eq!(text(&home.ok(&["case", "show", &under.case]), "received_on"), today);
    within(20, "the window hears of the receipt", || {
        let shown = other.ok(&["case", "show", &under.case]);
        if shown["received_on"] == today.as_str() { Ok(()) } else { Err(shown["received_on"].to_string()) }
    });
    home.refused(&["case", "receive-paper", &under.case], "paper-not-awaited");

    // Withdrawn while the window can't hear of it: it ends with the day, and what was collected until then is taken when it comes.
    cluster.cut("other");
    home.unconfirmed(&["agreement", "withdraw", "跨域一号", "--reason", "不再续签"]);
    home.refused(
        &["--yes", "agreement", "withdraw", "跨域一号", "--reason", "不再续签", "--from", &today],
        "invalid-field",
    );
    home.ok(&["--yes", "agreement", "withdraw", "跨域一号", "--reason", "不再续签"]);
    let shown = home.ok(&["agreement", "show", "跨域一号"]);
    assert_eq!(
        (text(&shown, "agreement_state").as_str(), &shown["withdrawn"]["reason"]),
        ("in-force", &Value::from("不再续签")),
        "{shown}"
    );
    let alone = other.collect(CODE, "330106");
    cluster.heal("other");
    let taken = home.owns(30, &alone.case);
    assert_eq!(taken["agreement"]["number"], "跨域一号", "{taken}");
}
