//! Refused with a clear error and nothing changed: one table of every refusal that the product promises.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use system_tests::{APPLICANT, CITY, Cluster, HOME, Item, Node, PROVINCE, TOWNSHIP, within};
use tongban_storage::{Backend as _, Family, RocksBackend, RocksOptions, StorageVersion, WriteBatch};

const HOME_CODE: &str = "330106";
const OTHER_CODE: &str = "330110";
/// 公共场所卫生许可, in force, collected anywhere in the city.
const OPEN: &str = "330A0015500013";
const FUTURE: &str = "330A0015500014";
const WITHDRAWN: &str = "330A0015500015";
const UNPUBLISHED: &str = "330A0015500016";
const NO_SCOPE: &str = "330A0015500017";
const BASE: &str = "330190001001";

/// What may not change by a refusal: cases, items, staff, journals and figures.
fn state(node: &Node) -> Value {
    let mut report = node.get("/v1/aggregate/report?by=division,measure,outcome,origin");
    for checkpoint in report["as_of"].as_array_mut().into_iter().flatten() {
        checkpoint["at"] = Value::Null;
    }
    let invites = node.get("/v1/aggregate/audit");
    json!([
        node.get("/v1/cases?limit=1000"),
        node.get("/v1/items"),
        node.get("/v1/operators"),
        node.get("/v1/authorities"),
        report,
        invites,
    ])
}

/// A row of the table.
struct Refusal<'a> {
    what: &'a str,
    node: &'a str,
    args: Vec<&'a str>,
    exit: i32,
    code: &'a str,
}

fn row<'a>(what: &'a str, node: &'a str, args: &[&'a str], code: &'a str) -> Refusal<'a> {
    Refusal { what, node, args: args.to_vec(), exit: 1, code }
}

/// Each row is refused with its exit code and its stable code, in both languages, and changes nothing anywhere.
fn refused(cluster: &Cluster, rows: &[Refusal<'_>]) {
    let all = || -> Vec<Value> { cluster.nodes().map(state).collect() };
    let before = all();
    let mut wrong = Vec::new();
    for Refusal { what, node, args, exit, code } in rows {
        let (ended, answer) = cluster.node(node).call(args);
        let problem = &answer["error"];
        let said = ["en", "zh"].iter().all(|text| problem[text].as_str().is_some_and(|text| !text.is_empty()));
        if (ended, problem["code"].as_str().unwrap_or_default()) != (*exit, code) || (!code.is_empty() && !said) {
            wrong.push(format!("{what}: expected exit {exit} {code}, found exit {ended} {answer}"));
        }
        let after = all();
        if after != before {
            let changed = before.iter().zip(&after).find(|(before, after)| before != after);
            panic!("{what} changed something: {changed:#?}");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn collect<'a>(item: &'a str, division: &'a str, id: &'a str) -> [&'a str; 10] {
    ["case", "collect", "--item", item, "--for", division, "--name", APPLICANT.0, "--id", id]
}

/// A city with a county and a township of another county under it, with items in every state.
fn cluster() -> Cluster {
    let mut cluster = Cluster::new();
    for (name, division, hall) in
        [(CITY, "330100", "杭州市"), (HOME, HOME_CODE, "西湖区"), (TOWNSHIP, "330110009", "良渚街道")]
    {
        cluster.init(name, division, hall);
    }
    cluster.nodes().for_each(Node::spawn);
    cluster.nodes().for_each(Node::ready);
    for below in [HOME, TOWNSHIP] {
        cluster.join(CITY, below);
        cluster.linked(CITY, below);
    }
    let base = Item { base_code: BASE, promised_days: "10", modes: "", covered: "", ..Item::permit("", "") };
    cluster.publish(CITY, &[base]);
    let permit = |code, name| Item { name, ..Item::permit(code, "330100") };
    cluster.publish(
        HOME,
        &[
            permit(OPEN, "公共场所卫生许可延续"),
            Item { effective: "2090-01-01", ..permit(FUTURE, "未来事项") },
            permit(WITHDRAWN, "已取消事项"),
            Item { modes: "", covered: "", ..permit(NO_SCOPE, "未公布范围事项") },
        ],
    );
    cluster.import(HOME, &[permit(UNPUBLISHED, "草稿事项")]);
    let home = cluster.node(HOME);
    home.unconfirmed(&["item", "withdraw", WITHDRAWN]);
    home.unconfirmed(&["licence", "cancel", "1.2.156.3005.2.no-such-licence", "--reason", "test"]);
    home.ok(&["item", "withdraw", WITHDRAWN, "--yes"]);
    home.staff();
    home.ok(&["operator", "add", "newcomer", "--role", "decider"]);
    cluster.node(TOWNSHIP).staff();
    within(15, "the base item has come down", || {
        let items = home.ok(&["item", "list", "--stage", "base"]);
        system_tests::seen(items.to_string().contains(BASE), items)
    });
    let claim = ["item", "claim", BASE, "--department", "卫健局", "--promised-days", "8"];
    let claimed = home.ok(&claim)["item"].as_str().unwrap_or_default().to_owned();
    home.ok(&["item", "publish", &claimed]);
    cluster
}

#[test]
fn acts() {
    let cluster = cluster();
    let (home, township) = (cluster.node(HOME), cluster.node(TOWNSHIP));
    let (id, wrong_id) = (APPLICANT.1, "110101199003070012");
    let there = township.collect(OPEN, HOME_CODE).case;
    home.owns(15, &there);
    let held = [&collect(OPEN, HOME_CODE, id)[..], &["--hold"]].concat();
    let held = township.ok(&held)["case"].as_str().unwrap_or_default().to_owned();
    let fresh = home.ok(&collect(OPEN, HOME_CODE, id))["case"].as_str().unwrap_or_default().to_owned();
    let accepted = home.ok(&collect(OPEN, HOME_CODE, id))["case"].as_str().unwrap_or_default().to_owned();
    home.ok(&["case", "accept", &accepted]);
    let asked = home.ok(&collect(OPEN, HOME_CODE, id))["case"].as_str().unwrap_or_default().to_owned();
    home.ok(&["case", "notify", &asked, "--item", "检测报告"]);
    // What the acts so far make known elsewhere has arrived.
    within(15, "the township is discharged", || {
        let shown = township.ok(&["case", "show", &there]);
        system_tests::seen(shown["custody"] == "elsewhere", shown)
    });
    settled(&cluster);

    let department = ["--department", "卫健局"];
    let above = [&["item", "claim", BASE][..], &department, &["--promised-days", "11"]].concat();
    let mischecked = ["item", "claim", BASE, "--department", "新局", "--department-code", "11330106002498812X"];
    let issue = ["licence", "issue", &accepted, "--type", "许可证", "--until", "2035-01-01"];
    refused(
        &cluster,
        &[
            row("wrong check digit of a citizen id", HOME, &collect(OPEN, HOME_CODE, wrong_id), "invalid-identity"),
            row("the same at another hall", TOWNSHIP, &collect(OPEN, HOME_CODE, wrong_id), "invalid-identity"),
            row("wrong check digit of a credit code", HOME, &mischecked, "invalid-identity"),
            row(
                "wrong check digit of a query code",
                HOME,
                &["case", "progress", "0000000000000", "--proof", "071237"],
                "query-code",
            ),
            row("unknown item", HOME, &collect("330A0099999999", HOME_CODE, id), "item-unknown"),
            row("future item", HOME, &collect(FUTURE, HOME_CODE, id), "item-not-yet-effective"),
            row("withdrawn item", HOME, &collect(WITHDRAWN, HOME_CODE, id), "item-withdrawn"),
            row("item not published", HOME, &collect(UNPUBLISHED, HOME_CODE, id), "item-not-published"),
            row("outside the catalogue", TOWNSHIP, &collect("330A0099999999", HOME_CODE, id), "outside-catalogue"),
            row("future item of another", TOWNSHIP, &collect(FUTURE, HOME_CODE, id), "item-not-yet-effective"),
            row("withdrawn item of another", TOWNSHIP, &collect(WITHDRAWN, HOME_CODE, id), "item-withdrawn"),
            row("draft of another", TOWNSHIP, &collect(UNPUBLISHED, HOME_CODE, id), "outside-catalogue"),
            row("unknown division", TOWNSHIP, &collect(OPEN, "330199", id), "division-unknown"),
            row(
                "decided before accepted",
                HOME,
                &["case", "decide", "--grant", &fresh, "--as", "decider"],
                "case-state",
            ),
            row("delivered before decided", HOME, &["case", "deliver", &accepted], "case-state"),
            row("closed before decided", HOME, &["case", "close", &fresh], "case-state"),
            row("accepted twice", HOME, &["case", "accept", &accepted], "case-state"),
            row("licence before a grant", HOME, &issue, "case-state"),
            row("denied without a reason", HOME, &["case", "decide", "--deny", &accepted], "invalid-field"),
            row(
                "without a mandate",
                HOME,
                &["case", "decide", "--grant", &accepted, "--as", "newcomer"],
                "mandate-missing",
            ),
            row("without the role", HOME, &["case", "decide", "--grant", &accepted, "--as", "window"], "role-missing"),
            row("by nobody", HOME, &["case", "accept", &fresh, "--as", "nobody"], "operator-unknown"),
            row("accepted where it was collected", TOWNSHIP, &["case", "accept", &held], "not-competent"),
            row("accepted where it is not any more", TOWNSHIP, &["case", "accept", &there], "not-owner"),
            row("a second notice", HOME, &["case", "notify", &asked, "--item", "又一份"], "notice-repeated"),
            row("accepted with a line open", HOME, &["case", "accept", &asked], "supplement-missing"),
            row("enough, and no reason", HOME, &["case", "accept", &asked, "--enough", " "], "invalid-field"),
            row("returned before its time", HOME, &["case", "return", &asked, "--reason", "逾期"], "return-early"),
            row("brought what nobody asked for", HOME, &["case", "supplement", &asked, "--item", "2"], "invalid-field"),
            row("brought before a notice", HOME, &["case", "supplement", &fresh, "--item", "1"], "case-state"),
            row("brought for a case elsewhere", TOWNSHIP, &["case", "supplement", &there, "--item", "1"], "case-state"),
            row(
                "a notice of no days",
                HOME,
                &["case", "notify", &fresh, "--item", "甲", "--within", "0"],
                "invalid-field",
            ),
            row(
                "a first notice with a reason of a second",
                HOME,
                &["case", "notify", &fresh, "--item", "甲", "--new-reason", "乙"],
                "invalid-field",
            ),
            row(
                "checked by one officer",
                HOME,
                &["case", "check", &accepted, "--officers", "reviewer", "--finding", "一致"],
                "check-officers",
            ),
            row(
                "checked by a window",
                HOME,
                &["case", "check", &accepted, "--officers", "reviewer,window", "--finding", "一致"],
                "check-officers",
            ),
            row(
                "not competent, and who is isn't said",
                HOME,
                &["case", "refuse", &fresh, "--kind", "not-competent", "--reason", "不属本机关"],
                "competent-missing",
            ),
            row(
                "competent in no division",
                HOME,
                &[
                    "case",
                    "refuse",
                    &fresh,
                    "--kind",
                    "not-competent",
                    "--reason",
                    "不属本机关",
                    "--competent",
                    "330199/某局",
                ],
                "competent-missing",
            ),
            row(
                "forwarded to a neighbour",
                HOME,
                &["case", "forward", &accepted, "--to", OTHER_CODE, "--item", OPEN, "--opinion", "拟准予"],
                "forward-unlawful",
            ),
            row(
                "amended to what it is",
                HOME,
                &["case", "amend", &fresh, "--field", "applicant-name", "--value", APPLICANT.0, "--reason", "错字"],
                "invalid-field",
            ),
            row(
                "amended to a wrong number",
                HOME,
                &["case", "amend", &fresh, "--field", "applicant-id", "--value", wrong_id, "--reason", "错字"],
                "invalid-identity",
            ),
            row(
                "put right on the spot after acceptance",
                HOME,
                &["case", "correct", &accepted, "--what", "甲"],
                "case-state",
            ),
            row("unknown case", CITY, &["case", "show", &fresh], "case-unknown"),
            row("promised above the ceiling", HOME, &above, "ceiling-exceeded"),
            row("claim of what nobody published", HOME, &["item", "claim", "330190009999"], "item-unknown"),
            row("published twice", HOME, &["item", "publish", OPEN], "item-state"),
            row("invited above", HOME, &["invite", "--division", "330100"], "division-rule"),
            row("invited beside", HOME, &["invite", "--division", OTHER_CODE], "division-rule"),
            row("unknown division invited", CITY, &["invite", "--division", "330199"], "division-unknown"),
            row("mistyped division", CITY, &["invite", "--division", "33010"], "invalid-field"),
            Refusal { exit: 2, ..row("no decision", HOME, &["case", "decide", &accepted], "argument-missing") },
            Refusal { exit: 2, ..row("no such command", HOME, &["case", "eat", &accepted], "command-unknown") },
            Refusal { exit: 2, ..row("no such mode", HOME, &["case", "collect", "--mode", "fly"], "argument-value") },
        ],
    );
    // The item is fetched, which keeps it, before its scope is looked at.
    township.refused(&collect(NO_SCOPE, HOME_CODE, id), "scope-missing");
    refused(&cluster, &[row("no published scope", TOWNSHIP, &collect(NO_SCOPE, HOME_CODE, id), "scope-missing")]);
    files(&cluster, &accepted);
}

/// Waits until two looks at all nodes see the same: what was begun before has settled.
fn settled(cluster: &Cluster) {
    let mut last = Value::Null;
    let mut since = std::time::Instant::now();
    within(20, "the nodes settle", || {
        let now: Value = cluster.nodes().map(state).collect();
        if now != last {
            since = std::time::Instant::now();
            last = now;
        }
        // Journals are sealed and pulled once a second.
        system_tests::seen(since.elapsed().as_secs() >= 2, "something still changes")
    });
}

/// Malformed item files, and licences that were tampered with.
fn files(cluster: &Cluster, accepted: &str) {
    let home = cluster.node(HOME);
    let head = "department,main_item,name,local_item_code,division,item_type,department_code";
    let file = |name: &str, text: &str| cluster.file(name, text.as_bytes()).to_string_lossy().into_owned();
    let quote = file("quote.csv", &format!("{head}\n\"卫健局,甲,乙,c,,01,d\n"));
    let column = file("column.csv", "department,name\n卫健局,甲\n");
    let twice = file("twice.csv", &format!("{head},事项名称\n卫健局,甲,乙,c,,01,d,红\n"));
    let other = file("other.csv", "colour,size\n红,1\n");
    let page = file("page.xls", "<html><table></table></html>");
    let empty = file("empty.csv", "");
    let encoded = cluster.file("damaged.csv", &[head.as_bytes(), b"\n\xff\xff\xff,b,c,d,,01,g\n"].concat());
    let import = |file: &str, code| {
        refused(cluster, &[row(file, HOME, &["item", "import", file], code)]);
    };
    import(&quote, "csv-malformed");
    import(&column, "column-missing");
    import(&twice, "column-repeated");
    import(&other, "head-unknown");
    import(&page, "file-kind");
    import(&empty, "sheet-empty");
    import(&encoded.to_string_lossy(), "csv-encoding");

    home.ok(&["case", "decide", "--grant", accepted]);
    let issue = ["licence", "issue", accepted, "--type", "公共场所卫生许可证", "--until", "2035-01-01"];
    let licence = home.ok(&issue)["licence"].as_str().unwrap_or_default().to_owned();
    let path = cluster.root().join("licence.cose");
    home.ok(&["licence", "show", &licence, "--file", &path.to_string_lossy()]);
    let good = fs::read(&path).expect("it was written");
    assert_eq!(home.ok(&["licence", "verify", &path.to_string_lossy()])["reason"], "valid");
    settled(cluster);
    let before = state(home);
    for at in [good.len() / 3, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        let bad = cluster.file("bad.cose", &bad).to_string_lossy().into_owned();
        let (exit, verdict) = home.call(&["licence", "verify", &bad]);
        assert_eq!(
            (exit, &verdict["valid"], &verdict["reason"]),
            (1, &false.into(), &"tampered".into()),
            "byte {at}: {verdict}"
        );
        assert!(
            ["en", "zh"].iter().all(|text| verdict[text].as_str().is_some_and(|text| !text.is_empty())),
            "{verdict}"
        );
    }
    assert_eq!(state(home), before);
}

#[test]
fn tokens() {
    let mut cluster = Cluster::new();
    // A second node of the county, and one of its neighbour, who come with the tokens of others.
    for (name, division) in
        [(PROVINCE, "330000"), (CITY, "330100"), (HOME, HOME_CODE), ("second", HOME_CODE), ("other", OTHER_CODE)]
    {
        cluster.init(name, division, "演示");
    }
    cluster.nodes().for_each(Node::spawn);
    cluster.nodes().for_each(Node::ready);
    let short = cluster.node(CITY).ok(&["invite", "--division", HOME_CODE, "--expires", "1s"]);
    let used = cluster.invite(CITY, HOME);
    let others = cluster.invite(CITY, HOME);
    let mut mistyped: Vec<char> = others.chars().collect();
    let place = mistyped.len() / 2;
    // Tokens are read in either case.
    mistyped[place] = if mistyped[place].eq_ignore_ascii_case(&'a') { 'b' } else { 'a' };
    let mistyped: String = mistyped.into_iter().collect();
    cluster.node(HOME).ok(&["join", &used]);
    cluster.linked(CITY, HOME);
    within(10, "the token expires", || {
        let at = cluster.node("second").get("/v1/status")["at"].as_str().unwrap_or_default().to_owned();
        system_tests::seen(short["expires"].as_str().is_some_and(|expires| *expires < *at), at)
    });
    let of_province = cluster.invite(PROVINCE, HOME);
    settled(&cluster);
    let expired = short["token"].as_str().unwrap_or_default();
    refused(
        &cluster,
        &[
            row("used twice", "second", &["join", &used], "invite-used"),
            row("expired", "second", &["join", expired], "invitation-expired"),
            row("for another division", "other", &["join", &others], "invitation-division"),
            row("mistyped", "second", &["join", &mistyped], "invitation-mistyped"),
            row("no token", "second", &["join", "abc"], "invitation-prefix"),
            row("joined already", HOME, &["join", &of_province], "already-joined"),
        ],
    );
    // After all that the token that wasn't used works.
    cluster.node("second").ok(&["join", &others]);
}

#[test]
fn directories() {
    let mut cluster = Cluster::new();
    let node = cluster.init("hall", HOME_CODE, "西湖区");
    node.start();
    node.stop();
    let config = node.dir.join("config.toml");
    let good = fs::read_to_string(&config).expect("init wrote it");

    fs::write(&config, format!("{good}\ncolour = \"red\"\n")).expect("it can be written");
    let path = config.to_string_lossy().into_owned();
    for args in [&["config", "check", &path][..], &["run"]] {
        let problem = node.refused(args, "config-unknown-key");
        assert!(problem["field"].as_str().is_some_and(|field| field.contains("colour")), "{problem}");
    }
    fs::write(&config, good.replace("low_water_mib = 64", "low_water_mib = 0")).expect("it can be written");
    node.refused(&["config", "check", &path], "config-range");
    fs::write(&config, &good).expect("it can be written");

    let identity = node.dir.join("node.toml");
    let good = fs::read_to_string(&identity).expect("init wrote it");
    let newer: String = good
        .lines()
        .map(|line| if line.starts_with("format") { "format = 99\n".to_owned() } else { format!("{line}\n") })
        .collect();
    assert_ne!(good, newer);
    fs::write(&identity, newer).expect("it can be written");
    node.refused(&["run"], "directory-newer");
    fs::write(&identity, good).expect("it can be written");

    let version = |version: u32| set_version(&node.dir.join("data/state"), version);
    version(StorageVersion::CURRENT.0 + 1);
    node.refused(&["run"], "storage-newer");
    version(StorageVersion::CURRENT.0);
    // Nothing was changed: the node runs.
    node.start();
}

/// Writes another storage version into a node's state, as a newer release would have.
fn set_version(state: &Path, version: u32) {
    let backend = RocksBackend::open(state, RocksOptions::default()).expect("the state can be opened");
    let mut batch = WriteBatch::new();
    batch.put(Family::Meta, b"\x00version".as_slice(), version.to_be_bytes());
    backend.write(batch).expect("the disk has room");
    backend.flush().expect("the disk has room");
}

/// A node of another tree dials, with a chain that holds in itself.
#[test]
fn another_tree() {
    use tongban_codes::ids::NodeId;
    use tongban_codes::time::Timestamp;
    use tongban_federation::invite::Invitation;
    use tongban_federation::wire::{Journals, Request};
    use tongban_quic::{Endpoint, Expect, Identity, Limits, Subject, Trust, certificate};

    let mut cluster = Cluster::new();
    let node = cluster.init(CITY, "330100", "杭州市");
    node.start();
    let before = state(node);
    let now = node.get("/v1/status")["at"].as_str().expect("it has a time").parse::<Timestamp>().expect("RFC 3339");
    let token = node.ok(&["invite", "--division", HOME_CODE])["token"].clone();
    let invitation: Invitation = token.as_str().expect("a token is text").parse().expect("it is whole");

    // The other tree has the same divisions: its province certifies a county.
    let key = || rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("keys can be made").serialize_der();
    let (root_key, own_key) = (key(), key());
    let root = certificate::self_signed(&root_key, NodeId::from_bytes([1; 16]), "33".parse().expect("a code"), now);
    let subject = Subject {
        spki: certificate::public_key(&own_key).expect("a key has a public half"),
        node: NodeId::from_bytes([2; 16]),
        division: HOME_CODE.parse().expect("a code"),
    };
    let chain =
        certificate::issue(&root_key, &[root.expect("a root signs itself")], &subject, now, 90).expect("33 is above");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let refusal = runtime.block_on(async {
        let identity = Identity::new(&own_key, chain).expect("the chain is its own");
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let trust = Trust::new(Arc::new(move || now), []);
        let endpoint = Endpoint::bind(any, identity, trust, Limits::default()).expect("a port is free");
        match endpoint.connect(node.listen, Expect::Pinned(invitation.issuer_key)).await {
            Err(error) => error.code(),
            // The handshake ends for the one who dials before the other has judged him.
            Ok(link) => link
                .open_request(&Request::Journals(Journals {}).to_bytes())
                .await
                .err()
                .map_or("answered", |error| error.code()),
        }
    });
    assert_eq!(refusal, "refused-by-peer");
    within(5, "the log says who was refused and why", || {
        let log = fs::read_to_string(node.log()).unwrap_or_default();
        let line = log.lines().find(|line| line.contains("a connection was refused")).map(str::to_owned);
        line.filter(|line| line.contains("another-tree")).ok_or(log)
    });
    assert_eq!(node.get("/v1/sync/status")["peers"], json!([]));
    assert_eq!(state(node), before);
}
