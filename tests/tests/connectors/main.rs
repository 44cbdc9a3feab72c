//! Payments, couriers and handled cases with real processes: a node and the reference counterpart, which answers, fails, hangs up, forges and repeats.

mod handling;
mod scene;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use scene::{ADDRESS, COUNTERPART, FEN, Scene, deeds, port, text, url};
use serde_json::{Value, json};
use system_tests::webhook::{Secret, now_seconds};
use system_tests::{Teller, exchange, seen, within};

/// Files below a directory that hold these bytes.
fn holding(directory: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, bytes));
        } else if std::fs::read(&path).is_ok_and(|content| content.windows(bytes.len()).any(|part| part == bytes)) {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_fee_is_paid_and_a_paper_delivered() {
    let scene = Scene::new();
    let bank = scene.counterpart("pay", "payment", &["--tell", "accepted", "--tell", "paid"]);
    let tells = ["--tell", "accepted", "--tell", "picked-up", "--tell", "delivered"];
    let courier = scene.counterpart("post", "courier", &tells);
    scene.connect("pay", "payment", &url(bank.address), "");
    scene.connect("post", "courier", &url(courier.address), "");
    let case = scene.started();
    let (order, parcel) = (scene.pay(&case), scene.send(&case));

    let paid = scene.stands(&order, "paid");
    assert_eq!(paid["reference"], format!("T-{order}"), "{paid}");
    assert_eq!((&paid["fee"], &paid["waiting"]), (&json!("工本费"), &Value::Null), "{paid}");
    let there = bank.order(&order);
    assert_eq!((&there["data"]["amount_fen"], &there["messages"]), (&json!(FEN), &json!([format!("{order}.1")])));
    assert!(there["data"].get("recipient").is_none(), "{there}");

    scene.stands(&parcel, "delivered");
    assert_eq!(courier.order(&parcel)["data"]["recipient"]["address"], ADDRESS);
    let brief = scene.node().ok(&["case", "show", &case])["orders"].clone();
    let states: Vec<&Value> = brief.as_array().into_iter().flatten().map(|order| &order["order_state"]).collect();
    assert_eq!(states, ["paid", "delivered"], "{brief}");
    assert_eq!(scene.node().ok(&["order", "list", "--open"])["orders"], json!([]));
    assert_eq!(scene.node().ok(&["order", "list", "--case", &case])["orders"].as_array().map(Vec::len), Some(2));
    // The applicant sees it, too.
    let code = text(&scene.node().ok(&["case", "show", &case]), "query_code");
    let told = scene.node().ok(&["case", "progress", &code, "--proof", "070011"]);
    assert_eq!(told["orders"][1]["reference"], format!("T-{parcel}"), "{told}");
    assert!(!told.to_string().contains(ADDRESS), "{told}");
    // The clerk's screen in Chinese names everything; whether the bank's answer or its first word came first is the bank's affair.
    let screen = scene.node().text(&["--lang", "zh", "order", "show", &order]);
    for word in ["委托单号", "已缴费", "收到结果", "接单"] {
        assert!(screen.contains(word), "{word}\n{screen}");
    }
    let doctor = scene.node().ok(&["doctor"]);
    let checks = doctor["checks"].as_array().cloned().unwrap_or_default();
    assert!(checks.iter().any(|check| check["check"] == "connectors" && check["level"] == "ok"), "{doctor}");
    // Where the parcel goes lies nowhere in the clear.
    scene.node().stop();
    assert_eq!(holding(&scene.node().dir, ADDRESS.as_bytes()), Vec::<PathBuf>::new());
    assert_eq!(holding(&scene.node().dir, b"13900001111"), Vec::<PathBuf>::new());
    assert!(!holding(&scene.node().dir, order.as_bytes()).is_empty(), "the order itself does");
}

#[test]
fn an_order_is_carried_out_once_through_failures_and_lost_answers() {
    let scene = Scene::new();
    let state = scene.cluster.root().join("taken.jsonl").to_string_lossy().into_owned();
    let listens = port().to_string();
    let failing = scene.counterpart("pay", "payment", &["--fail-first", "2"]);
    let options = ["--listen", &listens, "--state", &state];
    let dropping = scene.counterpart("post", "courier", &[&options[..], &["--drop-first", "1000"]].concat());
    scene.connect("pay", "payment", &url(failing.address), "");
    scene.connect("post", "courier", &format!("http://{listens}/"), "");
    let case = scene.started();
    let (order, parcel) = (scene.pay(&case), scene.send(&case));

    // It has the parcel's order, and never says so.
    within(20, "the courier has it", || {
        let holds = dropping.holds();
        seen(holds["orders"].get(&parcel).is_some(), holds)
    });
    assert_ne!(scene.shown(&parcel)["state"], "taken");
    drop(dropping);
    let again = scene.counterpart("post", "courier", &options);
    scene.stands(&parcel, "taken");
    assert_eq!(again.order(&parcel)["messages"], json!([format!("{parcel}.1")]), "one order, however often it came");

    let taken = scene.stands(&order, "taken");
    assert_eq!(deeds(&taken), ["placed", "taken"], "{taken}");
    let holds = failing.holds();
    assert_eq!((&holds["requests"], &holds["refused"]), (&json!(3), &json!(0)), "{holds}");
    assert_eq!(holds["orders"][&order]["messages"], json!([format!("{order}.1")]), "{holds}");
}

#[test]
fn what_was_committed_is_sent_after_a_crash() {
    let scene = Scene::new();
    let listens = port();
    scene.connect("pay", "payment", &url(listens), "");
    let case = scene.started();
    let order = scene.pay(&case);
    let waits = within(20, "it was tried", || {
        let shown = scene.shown(&order);
        seen(shown["waiting"]["tries"].as_u64() > Some(0), shown)
    });
    let problem = |field: &str| text(&waits["waiting"], field);
    assert_eq!(problem("problem"), "no connection: nobody answers there", "{waits}");
    assert_eq!(problem("problem_zh"), "无法连接：对方没有应答", "{waits}");
    scene.node().kill();
    let bank = scene.counterpart("pay", "payment", &["--listen", &listens.to_string()]);
    scene.node().start();
    let taken = scene.stands(&order, "taken");
    assert_eq!(deeds(&taken), ["placed", "taken"], "{taken}");
    let screen = scene.node().text(&["--lang", "zh", "order", "show", &order]);
    assert!(screen.contains("对方接单"), "{screen}");
    assert_eq!(bank.order(&order)["messages"], json!([format!("{order}.1")]));
    // Given up: asked back there, once it was there.
    scene.node().ok(&["order", "cancel", &order, "--reason", "申请人不办了"]);
    scene.stands(&order, "cancelled");
    let there = bank.order(&order);
    assert_eq!(
        (&there["cancelled"], &there["messages"]),
        (&json!(true), &json!([format!("{order}.1"), format!("{order}.2")]))
    );
}

#[test]
fn what_is_forged_stale_or_wrong_changes_nothing() {
    let scene = Scene::new();
    let bank = scene.counterpart("pay", "payment", &[]);
    scene.connect("pay", "payment", &url(bank.address), "");
    scene.connect("post", "courier", &url(bank.address), "");
    let case = scene.started();
    let order = scene.pay(&case);
    scene.stands(&order, "taken");
    let (pay, post) = (scene.teller("pay", "payment"), scene.teller("post", "courier"));
    let as_courier = Teller::new(COUNTERPART, "courier", &scene.secret("pay"), &scene.callback("pay"));
    let as_other = Teller::new(COUNTERPART, "payment", &scene.secret("post"), &scene.callback("pay"));
    let nowhere = scene.teller("nobody", "payment");
    scene.give_secret("nobody", &Secret::draw());
    let before = scene.shown(&order);
    let fen = FEN.to_string();
    let good = ["--fen", &fen];
    let unknown = "JF511602000000-20200101-00001";
    let pad = (70 << 10).to_string();
    for (name, teller, of, outcome, more, status, code) in [
        ("forged", &pay, order.as_str(), "paid", &["--forge"][..], 401, "connector-signature"),
        ("altered", &pay, &order, "paid", &["--alter"], 401, "connector-signature"),
        ("signed by another connector", &as_other, &order, "paid", &[], 401, "connector-signature"),
        ("old", &pay, &order, "paid", &["--age", "310"], 401, "connector-stale"),
        ("of the future", &pay, &order, "paid", &["--age", "-310"], 401, "connector-stale"),
        ("unsigned", &pay, &order, "paid", &["--unsigned"], 400, "connector-message"),
        ("of an unknown order", &pay, unknown, "paid", &[], 404, "connector-order-unknown"),
        ("of another connector", &post, &order, "delivered", &[], 403, "connector-order-other"),
        ("of another kind", &as_courier, &order, "delivered", &[], 422, "connector-message"),
        ("of no kind", &pay, &order, "eaten", &[], 422, "connector-message"),
        ("of a courier's outcome", &pay, &order, "delivered", &[], 422, "connector-outcome-unfit"),
        ("with another field", &pay, &order, "paid", &["--extra"], 400, "connector-message"),
        ("with a bad reference", &pay, &order, "paid", &["--reference", "流水"], 422, "invalid-field"),
        ("too long", &pay, &order, "paid", &["--pad", &pad], 413, "connector-message"),
        ("to a connector that there is not", &nowhere, &order, "paid", &[], 404, "connector-unknown"),
    ] {
        let told = teller.once(of, outcome, &[&good[..], more].concat());
        assert_eq!(told, (status, code.to_owned()), "{name}");
        assert_eq!(scene.shown(&order), before, "{name}");
    }
    for (request, status) in [
        ("GET /v1/connectors/pay HTTP/1.1\r\nhost: x\r\n\r\n", 405),
        ("POST /v1/status HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", 404),
        ("GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n", 404),
        ("GET / HTTP/1.1\r\nhost: x\r\n\r\n", 404),
    ] {
        let (got, answer) = exchange(scene.hears, request);
        assert_eq!(got, status, "{request}: {answer}");
        let error = &answer["error"];
        for field in ["code", "en", "zh", "remedy_en", "remedy_zh"] {
            assert_ne!(text(error, field), "", "{answer}");
        }
    }
    assert_eq!(scene.shown(&order), before);
    // Genuine ones are bounded, too: what exceeds a burst is put off, and nothing of it kept.
    within(60, "a burst is put off", || {
        let told = pay.tell(&order, "paid", &["--extra", "--times", "400"]);
        let off = told.iter().find(|answer| answer.0 == 429).map(|answer| text(&answer.1["error"], "code"));
        seen(off.as_deref() == Some("connector-rate"), told.len())
    });
    assert_eq!(scene.shown(&order), before);
    // The same message, rightly sent, is taken, once there is room again.
    within(30, "there is room", || {
        let told = pay.once(&order, "paid", &good).0;
        seen(told == 200, told)
    });
    assert_eq!(scene.shown(&order)["state"], "paid");
}

#[test]
fn what_is_told_twice_late_or_of_another_amount() {
    let scene = Scene::new();
    let (bank, van) = (scene.counterpart("pay", "payment", &[]), scene.counterpart("post", "courier", &[]));
    scene.connect("pay", "payment", &url(bank.address), "");
    scene.connect("post", "courier", &url(van.address), "");
    let case = scene.started();
    let (order, parcel) = (scene.pay(&case), scene.send(&case));
    scene.stands(&order, "taken");
    scene.stands(&parcel, "taken");
    let (pay, post) = (scene.teller("pay", "payment"), scene.teller("post", "courier"));

    let told = post.tell(&parcel, "delivered", &["--times", "3", "--reference", "SF100"]);
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|answer| answer.0 == 200 && answer == &told[0]), "{told:?}");
    let shown = scene.shown(&parcel);
    assert_eq!((deeds(&shown).len(), &shown["reference"]), (3, &json!("SF100")), "{shown}");
    assert_eq!(post.once(&parcel, "accepted", &["--reference", "SF0"]).0, 200, "late");
    let after = scene.shown(&parcel);
    assert_eq!((&after["state"], &after["reference"]), (&json!("delivered"), &json!("SF100")), "{after}");
    assert_eq!(deeds(&after).len(), 4, "it is noted all the same");

    assert_eq!(pay.once(&order, "paid", &["--fen", "1049", "--id", "m1"]).0, 200);
    assert_eq!(scene.shown(&order)["state"], "disputed");
    let reused = pay.once(&order, "paid", &["--fen", "1050", "--id", "m1"]);
    assert_eq!(reused, (409, "connector-message-reused".to_owned()));
    let open = scene.node().ok(&["order", "list", "--open"]);
    assert_eq!(open["orders"][0]["order_no"], order.as_str(), "{open}");
    let enter = ["order", "enter", &order, "--outcome", "paid", "--reference", "POS-1", "--reason", "现场补缴一分"];
    scene.node().ok(&enter);
    let paid = scene.shown(&order);
    let last = paid["log"].as_array().and_then(|log| log.last()).cloned().unwrap_or_default();
    assert_eq!((&paid["state"], &last["operator"]), (&json!("paid"), &json!("window")), "{paid}");
    // A node that was killed in between still knows the message.
    scene.node().kill();
    scene.node().start();
    within(10, "it hears again", || {
        let told = std::net::TcpStream::connect(scene.hears).map(drop);
        told.map_err(|error| error.to_string())
    });
    // Told in the same second it is the same message, else another one under its id; known in either case.
    let id = format!("{parcel}-delivered");
    let (answered, code) = post.once(&parcel, "delivered", &["--id", &id, "--reference", "SF100"]);
    assert!(answered == 200 || (answered, code.as_str()) == (409, "connector-message-reused"), "{answered} {code}");
    let after = scene.shown(&parcel);
    assert_eq!((&after["state"], deeds(&after).len()), (&json!("delivered"), 4), "{after}");
}

#[test]
fn a_declined_order_is_shown_and_sent_again() {
    let scene = Scene::new();
    let listens = port().to_string();
    let elsewhere = scene.counterpart("post", "courier", &[]);
    let refusing = scene.counterpart("pay", "payment", &["--listen", &listens, "--decline", "410"]);
    let moved = scene.counterpart("post", "courier", &["--redirect", &url(elsewhere.address)]);
    let parrot = scene.counterpart("post", "courier", &["--decline", "422"]);
    scene.connect("pay", "payment", &format!("http://{listens}/"), "");
    scene.connect("post", "courier", &url(moved.address), "");
    scene.give_secret("van", &std::fs::read_to_string(scene.secret("post")).expect("it is there"));
    scene.connect("van", "courier", &url(parrot.address), "");
    let case = scene.started();
    let (order, parcel) = (scene.pay(&case), scene.send_by(&case, "post"));
    let shown = scene.stands(&order, "declined");
    assert_eq!(shown["log"][1]["text"], "HTTP 410: not-taken", "{shown}");
    drop(refusing);
    let taking = scene.counterpart("pay", "payment", &["--listen", &listens]);
    scene.node().ok(&["order", "retry", &order]);
    scene.stands(&order, "taken");
    assert_eq!(taking.order(&order)["messages"], json!([format!("{order}.1")]));
    // A redirect isn't followed: the address of the configuration is the one that was agreed.
    let waits = within(20, "the redirect was met", || {
        let shown = scene.shown(&parcel);
        seen(shown["waiting"]["problem"] == "HTTP 307" && shown["waiting"]["problem_zh"] == "HTTP 307", shown)
    });
    assert_eq!((&waits["state"], &elsewhere.holds()["requests"]), (&json!("placed"), &json!(0)), "{waits}");
    // Who declines a parcel and says back where it was to go has nothing of that stored in the clear.
    let declined = scene.stands(&scene.send_by(&case, "van"), "declined");
    assert_eq!(declined["log"][1]["text"], "HTTP 422", "{declined}");
    scene.node().stop();
    for hidden in [ADDRESS, "13900001111"] {
        assert_eq!(holding(&scene.node().dir, hidden.as_bytes()), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_counterpart_takes_one_body_under_an_id() {
    let scene = Scene::new();
    let bank = scene.counterpart("pay", "payment", &[]);
    let secret = std::fs::read_to_string(scene.secret("pay")).expect("it is there");
    let secret = Secret::parse(&secret).expect("it is one");
    let post = |fen: u64| {
        let body = json!({ "type": "payment.order.placed", "data": { "order": "JF1", "amount_fen": fen } }).to_string();
        let seconds = now_seconds().to_string();
        let signature = secret.sign("JF1.1", &seconds, body.as_bytes());
        let signed = format!("webhook-id: JF1.1\r\nwebhook-timestamp: {seconds}\r\nwebhook-signature: {signature}");
        let head = format!("POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}", body.len());
        exchange(bank.address, &format!("{head}\r\n{signed}\r\n\r\n{body}")).0
    };
    assert_eq!([post(1), post(1), post(2)], [200, 200, 409]);
    assert_eq!(bank.order("JF1")["data"]["amount_fen"], 1);
}

#[test]
fn secrets_change_while_the_node_runs() {
    let scene = Scene::new();
    let bank = scene.counterpart("pay", "payment", &[]);
    scene.connect("pay", "payment", &url(bank.address), "");
    let case = scene.started();
    let old = std::fs::read_to_string(scene.secret("pay")).expect("it is there");
    let order = scene.pay(&case);
    scene.stands(&order, "taken");
    // The node has the new one first and still the old one; the counterpart has the old one until it is started again.
    let new = Secret::draw();
    scene.give_secret("pay", &format!("{new}\n{old}\n"));
    let second = scene.accepted();
    let order = scene.pay(&second);
    scene.stands(&order, "taken");
    assert_eq!(bank.holds()["refused"], 0, "it is signed by both");
    scene.give_secret("old", &old);
    let before = Teller::new(COUNTERPART, "payment", &scene.secret("old"), &scene.callback("pay"));
    let fen = FEN.to_string();
    assert_eq!(before.once(&order, "accepted", &[]).0, 200);
    scene.give_secret("pay", &new);
    assert_eq!(before.once(&order, "paid", &["--fen", &fen]), (401, "connector-signature".to_owned()));
    assert_eq!(scene.teller("pay", "payment").once(&order, "paid", &["--fen", &fen]).0, 200);
    // Without a secret nothing is believed, and the node says so.
    std::fs::remove_file(scene.secret("pay")).expect("it is there");
    scene.give_secret("old", &new);
    assert_eq!(before.once(&order, "refunded", &[]), (503, "connector-secret".to_owned()));
    let doctor = scene.node().text(&["doctor"]);
    assert!(doctor.contains("connector-unusable"), "{doctor}");
}

#[test]
fn tls_is_believed_by_the_authorities_of_the_configuration_alone() {
    let scene = Scene::new();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate can be made");
    let certificate = scene.cluster.file("bank.pem", made.cert.pem().as_bytes()).to_string_lossy().into_owned();
    let key =
        scene.cluster.file("bank.key", made.signing_key.serialize_pem().as_bytes()).to_string_lossy().into_owned();
    let options = ["--tls-certificate", &certificate, "--tls-key", &key];
    let bank = scene.counterpart("pay", "payment", &options);
    let stranger = scene.counterpart("post", "courier", &options);
    let secure = |address: SocketAddr| format!("https://localhost:{}/orders", address.port());
    scene.connect("pay", "payment", &secure(bank.address), &format!("ca_file = \"{certificate}\""));
    scene.connect("post", "courier", &secure(stranger.address), "");
    let case = scene.started();
    let (order, parcel) = (scene.pay(&case), scene.send(&case));
    scene.stands(&order, "taken");
    let waits = within(20, "the certificate was met", || {
        let shown = scene.shown(&parcel);
        seen(text(&shown["waiting"], "problem").starts_with("TLS"), shown)
    });
    assert_eq!(waits["state"], "placed", "{waits}");
}
