//! Cases that another system handles, and refunds, with real processes.

use serde_json::{Value, json};
use system_tests::webhook::Secret;
use system_tests::{CITY, HOME, Teller, TwoHalls, seen, within};

use crate::scene::{COUNTERPART, FEN, Scene, deeds, text, url};

const SYSTEM: &str = "省卫生监督系统";

/// The columns of an item that runs in another system and is sent there.
fn sent() -> Value {
    json!({ "external_system": SYSTEM, "external_connector": "sys" })
}

impl Scene {
    /// The order by which a case is with another system.
    #[track_caller]
    fn handled(&self, case: &str) -> String {
        let all = self.node().ok(&["order", "list", "--case", case, "--kind", "handling"]);
        text(&all["orders"][0], "order_no")
    }

    fn accepted_on(&self, case: &str) -> String {
        text(&self.node().ok(&["case", "show", case]), "accepted_on")
    }
}

/// What a message of a decision has.
fn decision<'a>(number: &'a str, day: &'a str) -> [&'a str; 6] {
    ["--number", number, "--decided-on", day, "--decider", "王局长"]
}

#[test]
fn a_case_is_decided_in_another_system_and_entered_by_a_person() {
    let scene = Scene::new();
    let system = scene.counterpart("sys", "handling", &["--tell", "accepted", "--tell", "granted"]);
    scene.connect("sys", "handling", &url(system.address), "");
    scene.opened(&sent());
    let case = scene.accepted();
    let order = scene.handled(&case);
    scene.node().refused(&["case", "decide", &case, "--grant"], "decided-outside");
    let told = scene.stands(&order, "granted");
    assert_eq!((&told["system"], &told["decision"]["decider"]), (&json!(SYSTEM), &json!("王局长")), "{told}");
    // It was sent who applies, what for, and what was brought: by its digest, and nothing more.
    let there = system.order(&order)["data"].clone();
    let shown = scene.node().ok(&["case", "show", &case]);
    assert_eq!((&there["collection_no"], &there["case_no"]), (&shown["collection_no"], &shown["case_no"]), "{there}");
    assert_eq!((&there["system"], &there["accepted_on"]), (&json!(SYSTEM), &shown["accepted_on"]), "{there}");
    assert!(there["applicant"]["identity"].as_str().is_some_and(|number| number.len() == 18), "{there}");
    assert!(there.get("recipient").is_none() && there.get("amount_fen").is_none(), "{there}");
    // It decides nothing by itself, and stands in a list until somebody answers for it.
    assert_eq!(shown["state"], "accepted", "{shown}");
    let waits =
        |state: &str| scene.node().ok(&["order", "list", "--kind", "handling", "--state", state])["orders"].clone();
    assert_eq!(waits("granted")[0]["order_no"], order.as_str());
    scene.node().ok(&["case", "outcome", &case, "--order", &order]);
    assert_eq!(waits("granted"), json!([]));
    assert_eq!(waits("recorded")[0]["order_no"], order.as_str());
    let shown = scene.node().ok(&["case", "show", &case]);
    let outside = &shown["outside"];
    assert_eq!((&shown["state"], &outside["system"]), (&json!("granted"), &json!(SYSTEM)), "{shown}");
    assert_eq!((&outside["order"], &outside["number"]), (&json!(order), &json!(format!("N-{order}"))), "{shown}");
    assert_eq!(outside["days_late"], 0, "{shown}");
    // Both languages name it; the paper does, too.
    let screen = scene.node().text(&["--lang", "zh", "case", "show", &case]);
    for word in ["办理系统", SYSTEM, "业务编号", "王局长", "已录入"] {
        assert!(screen.contains(word), "{word}\n{screen}");
    }
    // The identity was sent, and lies nowhere in the clear (a licence would name its holder).
    let identity = text(&there["applicant"], "identity");
    scene.node().stop();
    assert_eq!(crate::holding(&scene.node().dir, identity.as_bytes()), Vec::<std::path::PathBuf>::new());
    assert!(!crate::holding(&scene.node().dir, order.as_bytes()).is_empty(), "the order itself does");
    scene.node().start();
    scene.node().ok(&["licence", "issue", &case, "--type", "卫生许可证", "--until", "2030-09-14"]);
}

#[test]
fn a_decision_is_told_whole_genuine_and_once() {
    let scene = Scene::new();
    let system = scene.counterpart("sys", "handling", &[]);
    scene.connect("sys", "handling", &url(system.address), "");
    scene.opened(&sent());
    let case = scene.accepted();
    let (order, day) = (scene.handled(&case), scene.accepted_on(&case));
    scene.stands(&order, "taken");
    let sys = scene.teller("sys", "handling");
    let before = scene.shown(&order);
    let good = decision("N1", &day);
    let old = decision("N1", "2020-01-01");
    for (name, outcome, more, status, code) in [
        ("forged", "granted", [&good[..], &["--forge"]].concat(), 401, "connector-signature"),
        ("altered", "granted", [&good[..], &["--alter"]].concat(), 401, "connector-signature"),
        ("old", "granted", [&good[..], &["--age", "310"]].concat(), 401, "connector-stale"),
        ("without a number", "granted", good[2..].to_vec(), 422, "connector-message"),
        ("without a decider", "granted", good[..4].to_vec(), 422, "connector-message"),
        ("without a reason", "refused", good.to_vec(), 422, "invalid-field"),
        ("before the acceptance", "granted", old.to_vec(), 422, "invalid-field"),
        ("a decision of what is none", "accepted", good.to_vec(), 422, "connector-message"),
        ("a payment's", "paid", vec![], 422, "connector-outcome-unfit"),
        ("a decision with money", "granted", [&good[..], &["--fen", "1"]].concat(), 422, "connector-message"),
        ("with another field", "granted", [&good[..], &["--extra"]].concat(), 400, "connector-message"),
    ] {
        let told = sys.once(&order, outcome, &more);
        assert_eq!(told, (status, code.to_owned()), "{name}");
        assert_eq!(scene.shown(&order), before, "{name}");
    }
    // Thrice under one id is once.
    let told = sys.tell(&order, "granted", &[&good[..], &["--times", "3"]].concat());
    assert!(told.len() == 3 && told.iter().all(|answer| answer.0 == 200 && answer == &told[0]), "{told:?}");
    let shown = scene.shown(&order);
    assert_eq!((&shown["state"], deeds(&shown).len()), (&json!("granted"), 3), "{shown}");
    assert_eq!(sys.once(&order, "accepted", &[]).0, 200, "late");
    assert_eq!(scene.shown(&order)["state"], "granted");
    // Another decision is a dispute, which a person ends who has looked.
    let refused = [&good[..], &["--reason", "不符合条件", "--reason-code", "unmet"]].concat();
    assert_eq!(sys.once(&order, "refused", &refused).0, 200);
    assert_eq!(scene.shown(&order)["state"], "disputed");
    scene.node().refused(&["case", "outcome", &case, "--order", &order], "connector-order-state");
    let words = ["case", "outcome", &case, "--result", "refused", "--reason", "不符合条件"];
    scene.node().ok(&[&words[..], &good].concat());
    let shown = scene.node().ok(&["case", "show", &case]);
    assert_eq!((&shown["state"], &shown["reason"]), (&json!("denied"), &json!("不符合条件")), "{shown}");
    assert_eq!(scene.shown(&order)["state"], "recorded");
    // The number is this case's, also after a crash.
    scene.node().kill();
    scene.node().start();
    let second = scene.accepted();
    let words = ["case", "outcome", &second, "--result", "granted"];
    scene.node().refused(&[&words[..], &good].concat(), "outcome-known");
    // What is told of it wrongly is overruled by what is right, in one entry.
    let (order, day) = (scene.handled(&second), scene.accepted_on(&second));
    let (wrong, right) = (decision("N2", &day), decision("N3", &day));
    let refused = [&wrong[..], &["--reason", "不符合条件"]].concat();
    assert_eq!(scene.teller("sys", "handling").once(&order, "refused", &refused).0, 200);
    scene.node().refused(&[&words[..], &right].concat(), "outcome-differs");
    scene.node().ok(&[&words[..], &right, &["--overrule", "对方误告知"]].concat());
    let shown = scene.shown(&order);
    let last = shown["log"].as_array().and_then(|log| log.last()).cloned().unwrap_or_default();
    assert_eq!((&shown["state"], &last["text"]), (&json!("cancelled"), &json!("对方误告知")), "{shown}");
    assert_eq!(scene.node().ok(&["case", "show", &second])["state"], "granted");
}

/// An item may name a connector that there is not, or that is a bank's: no case is sent to whom it isn't for, and none is decided for want of it.
#[test]
fn nobody_is_sent_a_case_who_handles_none() {
    let scene = Scene::new();
    let bank = scene.counterpart("sys", "payment", &[]);
    scene.connect("sys", "payment", &url(bank.address), "");
    scene.opened(&sent());
    let case = scene.accepted();
    let order = scene.handled(&case);
    let waits = within(20, "it was looked at", || {
        let shown = scene.shown(&order);
        seen(text(&shown["waiting"], "problem") == "the connector of this name is of another kind", shown)
    });
    assert_eq!((&waits["state"], &bank.holds()["requests"]), (&json!("placed"), &json!(0)), "{waits}");
    // A bank that says it was granted isn't heard.
    let day = scene.accepted_on(&case);
    let as_handling = Teller::new(COUNTERPART, "handling", &scene.secret("sys"), &scene.callback("sys"));
    assert_eq!(as_handling.once(&order, "granted", &decision("N1", &day)), (422, "connector-message".to_owned()));
    // Nor does it give the order up.
    let as_bank = Teller::new(COUNTERPART, "payment", &scene.secret("sys"), &scene.callback("sys"));
    for outcome in ["accepted", "failed", "cancelled"] {
        assert_eq!(as_bank.once(&order, outcome, &[]), (422, "connector-outcome-unfit".to_owned()), "{outcome}");
    }
    assert_eq!(scene.shown(&order)["state"], "placed");
    // What was decided is entered by hand all the same, and nothing waits any more.
    let words = ["case", "outcome", &case, "--result", "granted", "--document-no", "川卫许〔2026〕7号"];
    scene.node().ok(&[&words[..], &decision("N1", &day)].concat());
    let ended = scene.shown(&order);
    assert_eq!((&ended["state"], &ended["waiting"]), (&json!("recorded"), &Value::Null), "{ended}");
}

#[test]
fn what_was_withdrawn_is_asked_back_and_what_was_paid_given_back() {
    let scene = Scene::new();
    let system = scene.counterpart("sys", "handling", &[]);
    let bank = scene.counterpart("pay", "payment", &["--tell", "paid", "--tell", "refunded"]);
    scene.connect("sys", "handling", &url(system.address), "");
    scene.connect("pay", "payment", &url(bank.address), "");
    scene.opened(&sent());
    let case = scene.accepted();
    let (order, fee) = (scene.handled(&case), scene.pay(&case));
    scene.stands(&order, "taken");
    scene.stands(&fee, "paid");
    scene.node().ok(&["case", "withdraw", &case, "--reason", "不办了"]);
    scene.stands(&order, "cancelled");
    assert_eq!(system.order(&order)["cancelled"], true);
    scene.node().ok(&["order", "refund", &fee, "--reason", "申请人撤件"]);
    let back = scene.stands(&fee, "refunded");
    let there = bank.order(&fee);
    assert_eq!((&there["refunds"], &there["messages"]), (&json!(1), &json!([format!("{fee}.1"), format!("{fee}.2")])));
    assert_eq!(back["log"].as_array().and_then(|log| log.last()).map(|line| &line["fen"]), Some(&json!(FEN)), "{back}");
    scene.node().refused(&["order", "refund", &fee, "--reason", "再退"], "connector-order-state");
}

/// A fee that comes before the result bars the licence and the delivery until the platform has said that it is paid.
#[test]
fn no_result_is_handed_out_before_its_fee_is_paid() {
    let scene = Scene::new();
    let bank = scene.counterpart("pay", "payment", &["--tell", "paid"]);
    scene.connect("pay", "payment", &url(bank.address), "");
    let fee =
        json!({ "name": "工本费", "standard": "10.50元/证", "basis": "《某条例》第五条", "fen": FEN, "due": "出证前" });
    scene.opened(&json!({ "fees": [fee] }));
    let (paid, waived) = (scene.accepted(), scene.accepted());
    let issue =
        |case: &str| ["licence", "issue", case, "--type", "卫生许可证", "--until", "2030-09-14"].map(str::to_owned);
    let words = |case: &str| issue(case).to_vec();
    for case in [&paid, &waived] {
        scene.node().ok(&["case", "decide", case, "--grant"]);
        let words = words(case);
        scene.node().refused(&words.iter().map(String::as_str).collect::<Vec<_>>(), "fee-unpaid");
        scene.node().refused(&["case", "deliver", case], "fee-unpaid");
    }
    let order = scene.pay(&paid);
    scene.stands(&order, "paid");
    scene.node().ok(&words(&paid).iter().map(String::as_str).collect::<Vec<_>>());
    scene.node().ok(&["case", "waive-fee", &waived, "--fee", "工本费", "--reason", "低保对象"]);
    scene.node().ok(&words(&waived).iter().map(String::as_str).collect::<Vec<_>>());
    let shown = scene.node().ok(&["case", "show", &waived]);
    assert_eq!(shown["waivers"][0]["reason"], "低保对象", "{shown}");
    assert!(
        shown["history"].as_array().is_some_and(|acts| acts.iter().any(|act| act["kind"] == "waive-fee")),
        "{shown}"
    );
}

/// What the authority in charge ordered is seen at the hall that collected, and at one that knows nothing of the case; where it isn't reached, that is said.
#[test]
fn the_applicant_sees_what_was_ordered_wherever_he_asks() {
    let halls = TwoHalls::new();
    let home = halls.home();
    home.stop();
    let secret = halls.cluster.file("post.secret", Secret::draw().as_bytes());
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("it is ours");
    let config = home.dir.join("config.toml");
    let before = std::fs::read_to_string(&config).expect("init wrote it");
    let connector = format!(
        "[[connector]]\nname = \"post\"\nkind = \"courier\"\nurl = \"http://127.0.0.1:9/\"\nsecret_file = \"{}\"\n",
        secret.display()
    );
    std::fs::write(&config, format!("{before}\n{connector}")).expect("it can be written");
    home.start();
    halls.cluster.linked(CITY, HOME);
    let slip = halls.neighbour().collect(halls.item(), halls.division());
    home.owns(30, &slip.case);
    let words =
        ["order", "place", &slip.case, "--kind", "courier", "--direction", "between-halls", "--recipient", "李四"];
    let placed = home.ok(&[&words[..], &["--phone", "13900001111", "--address", "代市镇"]].concat());
    let ask = |node: &system_tests::Node| node.ok(&["case", "progress", &slip.query_code, "--proof", "070011"]);
    for node in [halls.neighbour(), halls.city(), home] {
        let told = ask(node);
        assert_eq!(told["orders"][0]["order_no"], placed["order_no"], "{}: {told}", node.name);
        assert_eq!(
            (&told["orders"][0]["order_state"], told["orders"].as_array().map(Vec::len)),
            (&json!("placed"), Some(1))
        );
        assert!(told.get("orders_unknown").is_none(), "{told}");
    }
    home.kill();
    let told = within(30, "the line is known to be down", || {
        let told = ask(halls.neighbour());
        seen(told["orders_unknown"] == json!(["511602000000"]), told)
    });
    assert_eq!((&told["query_code"], told.get("orders")), (&json!(slip.query_code), None), "{told}");
}
