//! The halls on which every row is tried, with items, staff and cases in every state that a row needs.

mod work;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};
use system_tests::{APPLICANT, Cluster, Item, Node, seen, within};

/// A city, above the others.
pub(crate) const CITY: &str = "city";
/// A county, with most of the items and cases.
pub(crate) const HOME: &str = "home";
/// A township of another county, which collects for the county.
pub(crate) const TOWN: &str = "town";
/// A second node of the county, which has joined nobody.
pub(crate) const LONE: &str = "lone";
/// A directory whose node doesn't run.
pub(crate) const SPARE: &str = "spare";

const HOME_DIVISION: &str = "330106";
const OPEN: &str = "330A0015500013";
const WITHDRAWN: &str = "330A0015500015";
const SUSPENDED: &str = "330A0015500018";
const UNSCOPED: &str = "330A0015500017";
/// What a case is called, and how far it is brought.
const CASES: [(&str, &[&[&str]]); 6] = [
    ("fresh", &[]),
    ("accepted", &[&["accept"]]),
    ("granted", &[&["accept"], &["decide", "--grant", "--as", "decider"]]),
    ("notified", &[&["notify", "--item", "照片"]]),
    ("still", &[&["accept"], &["suspend", "--procedure", "听证", "--days", "10"]]),
    ("extended", &[&["accept"], &["extend", "--days", "5", "--approver", "局长", "--reason", "案情复杂"]]),
];

/// The halls, and what the rows call by name.
pub(crate) struct Scene {
    cluster: Cluster,
    /// What differs from run to run, by name.
    drawn: BTreeMap<&'static str, String>,
    /// What is the same in every run.
    fixed: BTreeMap<&'static str, String>,
    /// Days that are counted from today; of two that fall together neither has a name of its own.
    days: Vec<String>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let mut cluster = Cluster::new();
        for (name, division, hall) in [
            (CITY, "330100", "杭州市"),
            (HOME, HOME_DIVISION, "西湖区"),
            (TOWN, "330110009", "良渚街道"),
            (LONE, HOME_DIVISION, "西湖区分厅"),
            (SPARE, HOME_DIVISION, "备用"),
        ] {
            cluster.init(name, division, hall);
        }
        let mut scene = Self { cluster, drawn: BTreeMap::new(), fixed: BTreeMap::new(), days: Vec::new() };
        scene.nodes().for_each(Node::spawn);
        scene.nodes().for_each(Node::ready);
        scene.tokens();
        scene.catalogue();
        scene.staff();
        scene.cases();
        scene.in_steps();
        scene.filed();
        scene.asked();
        scene.licences();
        scene.keys();
        scene.directories();
        scene
    }

    /// The nodes that run.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        [CITY, HOME, TOWN, LONE].into_iter().map(|name| self.cluster.node(name))
    }

    pub(crate) fn root(&self) -> &Path {
        self.cluster.root()
    }

    /// Where a row lays what it brings.
    pub(crate) fn place(&self) -> PathBuf {
        self.root().join("in")
    }

    pub(crate) fn directory(&self, name: &str) -> &Path {
        &self.cluster.node(name).dir
    }

    pub(crate) fn socket(&self, name: &str) -> PathBuf {
        self.cluster.node(name).socket()
    }

    /// What the scene calls so.
    pub(crate) fn value(&self, name: &str) -> &str {
        let value = self.drawn.get(name).or_else(|| self.fixed.get(name));
        value.unwrap_or_else(|| panic!("nothing is called {name}"))
    }

    /// A text with its `{name}` filled in; other braces stay.
    pub(crate) fn filled(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in self.drawn.iter().chain(&self.fixed) {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        filled
    }

    /// A text in which what differs from run to run is called by its name.
    pub(crate) fn named(&self, text: &str) -> String {
        let text = self.days.iter().fold(text.to_owned(), |text, day| text.replace(day.as_str(), "{day}"));
        let mut drawn: Vec<(&&str, &String)> = self.drawn.iter().collect();
        drawn.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        drawn.into_iter().fold(text, |text, (name, value)| text.replace(value.as_str(), &format!("{{{name}}}")))
    }

    /// The sealed file of the licence.
    pub(crate) fn sealed(&self) -> Vec<u8> {
        fs::read(self.root().join("licence.cose")).expect("it was written")
    }

    /// Waits until all that was begun has arrived everywhere.
    pub(crate) fn settled(&self) {
        let look = || -> Vec<Value> { self.nodes().map(|node| node.get("/v1/status")["applied"].clone()).collect() };
        let (mut last, mut since) = (look(), Instant::now());
        within(30, "the nodes settle", || {
            let now = look();
            if now != last {
                (last, since) = (now, Instant::now());
            }
            // Journals are sealed and pulled once a second.
            seen(since.elapsed().as_secs() >= 2, format!("{last:?}")).map(drop)
        });
    }

    fn node(&self, name: &str) -> &Node {
        self.cluster.node(name)
    }

    fn draw(&mut self, name: &'static str, value: impl Into<String>) {
        self.drawn.insert(name, value.into());
    }

    fn tokens(&mut self) {
        let used = self.cluster.invite(CITY, HOME);
        self.node(HOME).ok(&["join", &used]);
        self.cluster.join(CITY, TOWN);
        self.cluster.linked(CITY, HOME);
        self.cluster.linked(CITY, TOWN);
        let short = self.node(CITY).ok(&["invite", "--division", HOME_DIVISION, "--expires", "1s"]);
        let others = self.cluster.invite(CITY, TOWN);
        let good = self.cluster.invite(CITY, LONE);
        let altered = |place: usize, other: &str| format!("{}{other}{}", &good[..place], &good[place + 1..]);
        let middle = good.len() / 2;
        let letter = if good[middle..].starts_with(['a', 'A']) { "b" } else { "a" };
        let (mistyped, wide, cut) = (altered(middle, letter), altered(10, "Ａ"), good[..good.len() - 8].to_owned());
        let later = good.replacen("tb1-", "tb9-", 1);
        let expired = short["token"].as_str().unwrap_or_default().to_owned();
        within(10, "the token expires", || {
            let at = self.node(CITY).get("/v1/status")["at"].as_str().unwrap_or_default().to_owned();
            seen(short["expires"].as_str().is_some_and(|expires| *expires < *at), at)
        });
        let tokens = [
            ("used", used),
            ("expired", expired),
            ("others", others),
            ("mistyped", mistyped),
            ("wide", wide),
            ("cut", cut),
            ("later", later),
        ];
        self.drawn.extend(tokens);
    }

    fn catalogue(&mut self) {
        let base = Item { base_code: "330190001001", promised_days: "10", modes: "", ..Item::permit("", "") };
        self.cluster.publish(CITY, &[base]);
        let permit = |code, name| Item { name, ..Item::permit(code, "330100") };
        self.cluster.publish(
            HOME,
            &[
                permit(OPEN, "公共场所卫生许可延续"),
                Item { effective: "2090-01-01", ..permit("330A0015500014", "未来事项") },
                permit(WITHDRAWN, "已取消事项"),
                Item { modes: "", covered: "", ..permit(UNSCOPED, "未公布范围事项") },
                permit(SUSPENDED, "已暂停事项"),
            ],
        );
        self.cluster.import(HOME, &[permit("330A0015500016", "草稿事项")]);
        let unmapped = "department,main_item,name,local_item_code,division,item_type,department_code\n\
                        卫健局,代码有误事项,代码有误事项,330A0015500019,,01,123\n";
        let file = self.cluster.file("unmapped.csv", unmapped.as_bytes());
        let home = self.node(HOME);
        home.ok(&["item", "import", &file.to_string_lossy()]);
        home.ok(&["item", "withdraw", WITHDRAWN, "--yes"]);
        home.ok(&["item", "suspend", SUSPENDED, "--reason", "设备检修"]);
        for (name, value) in [
            ("open", OPEN),
            ("future", "330A0015500014"),
            ("withdrawn", WITHDRAWN),
            ("unscoped", UNSCOPED),
            ("suspended", SUSPENDED),
            ("draft", "330A0015500016"),
            ("unmapped", "330A0015500019"),
            ("base", "330190001001"),
            ("sha", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            self.fixed.insert(name, value.to_owned());
        }
        self.fixed.insert("long", "长".repeat(1000));
        self.fixed.insert("longer", "字".repeat(40_000));
    }

    fn staff(&self) {
        for name in [CITY, HOME, TOWN] {
            self.node(name).staff();
        }
        for name in [CITY, TOWN] {
            self.node(name).ok(&["operator", "add", "supervisor", "--role", "supervisor"]);
        }
        let home = self.node(HOME);
        home.ok(&["operator", "add", "newcomer", "--role", "decider"]);
        home.ok(&["operator", "add", "checker", "--role", "catalogue-review"]);
        home.ok(&["authority", "add", "教育局", "--code", "11450000007565194H"]);
    }

    fn collect(&self, at: &str, item: &str, more: &[&str]) -> (i32, Value) {
        let (name, id) = APPLICANT;
        let collect = ["case", "collect", "--item", item, "--for", HOME_DIVISION, "--name", name, "--id", id];
        self.node(at).call(&[&collect[..], more].concat())
    }

    fn cases(&mut self) {
        let there = self.node(TOWN).collect(OPEN, HOME_DIVISION);
        self.node(HOME).owns(15, &there.case);
        self.draw("query", there.query_code);
        self.draw("there", there.case);
        // The item is fetched, which keeps it, before its scope is looked at.
        assert_eq!(self.collect(TOWN, UNSCOPED, &[]).0, 1);
        let collected = |(ended, answer): (i32, Value)| {
            assert_eq!(ended, 0, "{answer}");
            answer["case"].as_str().unwrap_or_default().to_owned()
        };
        let held = collected(self.collect(TOWN, OPEN, &["--hold"]));
        self.draw("held", held);
        for (name, acts) in CASES {
            let case = collected(self.collect(HOME, OPEN, &[]));
            for act in acts {
                self.node(HOME).ok(&[&["case", act[0], &case][..], &act[1..]].concat());
            }
            self.draw(name, case);
        }
    }

    fn licences(&mut self) {
        let home = self.node(HOME);
        let issue =
            ["licence", "issue", self.value("granted"), "--type", "公共场所卫生许可证", "--until", "2035-01-01"];
        let drawn = || home.ok(&issue)["licence"].as_str().unwrap_or_default().to_owned();
        let (licence, cancelled, renewing) = (drawn(), drawn(), drawn());
        let (ended, answer) = self.collect(HOME, OPEN, &["--renews", &renewing]);
        assert_eq!(ended, 0, "{answer}");
        home.ok(&["--yes", "licence", "cancel", &cancelled, "--reason", "遗失"]);
        let path = self.root().join("licence.cose");
        home.ok(&["licence", "show", &licence, "--file", &path.to_string_lossy()]);
        self.draw("licence", licence);
        self.draw("cancelled", cancelled);
        self.draw("renewing", renewing);
        self.draw("renewal", answer["case"].as_str().unwrap_or_default());
        // Not one of those: the check character that is named would be another every day.
        self.draw("unchecked", "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.0");
    }

    /// Idempotency keys that stand for something.
    fn keys(&self) {
        let (name, id) = APPLICANT;
        let collect = ["--idempotency-key", "used-key", "case", "collect", "--item", OPEN, "--for", HOME_DIVISION];
        self.node(HOME).ok(&[&collect[..], &["--name", name, "--id", id]].concat());
        let body = json!({ "item": OPEN, "division": HOME_DIVISION, "name": name, "id": id });
        let answer = self.node(HOME).post("/v1/cases", "api-key", &body).expect("the node answers");
        assert!(answer.is_done(), "{answer:?}");
    }

    /// Directories with faults, each a copy of the one whose node doesn't run.
    fn directories(&mut self) {
        let root = self.root().to_owned();
        let spare = self.directory(SPARE).to_owned();
        let copy = |name: &str| {
            let to = root.join(name);
            copied(&spare, &to);
            to
        };
        let (newer, keyless, scrambled) = (copy("newer"), copy("keyless"), copy("scrambled"));
        let identity = fs::read_to_string(newer.join("node.toml")).expect("init wrote it");
        let format = identity.lines().find(|line| line.starts_with("format")).expect("it has a format").to_owned();
        fs::write(newer.join("node.toml"), identity.replace(&format, "format = 99")).expect("it can be written");
        fs::write(keyless.join("keys/exchange.key"), "x").expect("it can be written");
        fs::write(scrambled.join("node.toml"), "= = =").expect("it can be written");
        fs::create_dir(root.join("bare")).expect("it can be made");
        let config = fs::read_to_string(spare.join("config.toml")).expect("init wrote it");
        let today = self.node(HOME).get("/v1/status")["at"].as_str().unwrap_or_default()[..10].to_owned();
        self.draw("config", config);
        self.draw("today", today);
        self.draw("root", root.to_string_lossy());
    }
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir(to).expect("it can be made");
    for entry in fs::read_dir(from).expect("it is a directory").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copied(&from, &to);
        } else {
            fs::copy(&from, &to).expect("the disk has room");
        }
    }
}
