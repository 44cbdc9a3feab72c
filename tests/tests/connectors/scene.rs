//! A hall with connectors, and the counterparts of these.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::{Value, json};
use system_tests::webhook::Secret;
use system_tests::{Cluster, Counterpart, Node, Teller, seen, within};

pub(crate) const COUNTERPART: &str = env!("CARGO_BIN_EXE_tongban-counterpart");
const HOME: &str = "home";
const DIVISION: &str = "511602";
pub(crate) const FEN: u64 = 1050;
pub(crate) const ADDRESS: &str = "代市镇正街九十九号";

/// A free TCP port on loopback, for who will listen there soon.
pub(crate) fn port() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    listener.local_addr().expect("it has an address")
}

/// A hall with two connectors, `pay` and `post`, which doesn't run yet.
pub(crate) struct Scene {
    pub(crate) cluster: Cluster,
    /// Where the node hears.
    pub(crate) hears: SocketAddr,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let mut cluster = Cluster::new();
        cluster.init(HOME, DIVISION, "广安区");
        let scene = Self { cluster, hears: port() };
        scene.configure(&format!("[connectors]\nlisten = \"{}\"\n", scene.hears));
        for name in ["pay", "post", "sys"] {
            scene.give_secret(name, &Secret::draw());
        }
        scene
    }

    pub(crate) fn node(&self) -> &Node {
        self.cluster.node(HOME)
    }

    /// Adds to the node's configuration.
    pub(crate) fn configure(&self, text: &str) {
        let path = self.node().dir.join("config.toml");
        let before = std::fs::read_to_string(&path).expect("init wrote it");
        std::fs::write(path, format!("{before}\n{text}")).expect("it can be written");
    }

    pub(crate) fn secret(&self, name: &str) -> PathBuf {
        self.cluster.root().join(format!("{name}.secret"))
    }

    /// Both sides read the same file here.
    pub(crate) fn give_secret(&self, name: &str, text: &str) {
        let path = self.secret(name);
        std::fs::write(&path, text).expect("it can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
    }

    pub(crate) fn connect(&self, name: &str, kind: &str, url: &str, more: &str) {
        let secret = self.secret(name);
        self.configure(&format!(
            "[[connector]]\nname = \"{name}\"\nkind = \"{kind}\"\nurl = \"{url}\"\nsecret_file = \"{}\"\n{more}\n",
            secret.display()
        ));
    }

    pub(crate) fn callback(&self, name: &str) -> String {
        format!("http://{}/v1/connectors/{name}", self.hears)
    }

    /// Starts a counterpart of a connector.
    pub(crate) fn counterpart(&self, name: &str, kind: &str, more: &[&str]) -> Counterpart {
        let (secret, callback) = (self.secret(name).to_string_lossy().into_owned(), self.callback(name));
        let common = ["--kind", kind, "--secret-file", &secret, "--callback", &callback];
        Counterpart::start(COUNTERPART, &[&common[..], more].concat())
    }

    pub(crate) fn teller(&self, name: &str, kind: &str) -> Teller {
        Teller::new(COUNTERPART, kind, &self.secret(name), &self.callback(name))
    }

    /// Starts the node, with an item that has a fee, and a case of it that is accepted.
    pub(crate) fn started(&self) -> String {
        self.opened(&json!({}));
        self.accepted()
    }

    /// Starts the node with an item that has a fee, and further columns.
    pub(crate) fn opened(&self, more: &Value) {
        self.node().start();
        let mut items: Value = serde_json::from_str(include_str!("../../data/guesthouse-permit.json")).expect("JSON");
        items[0]["charged"] = json!("是");
        items[0]["fees"] =
            json!([{ "name": "工本费", "standard": "10.50元/证", "basis": "《某条例》第五条", "fen": FEN }]);
        for (column, value) in more.as_object().into_iter().flatten() {
            items[0][column] = value.clone();
        }
        let file = self.cluster.file("items.json", items.to_string().as_bytes());
        let report = self.node().ok(&["item", "import", &file.to_string_lossy()]);
        assert_eq!(report["rejected"], 0, "{report}");
        let published = self.node().ok(&["item", "publish", "--all"]);
        assert_eq!(published["refused"], json!([]), "{published}");
        self.node().staff();
    }

    pub(crate) fn accepted(&self) -> String {
        let case = self.node().collect("511A0015500013", DIVISION).case;
        self.node().ok(&["case", "accept", &case]);
        case
    }

    pub(crate) fn pay(&self, case: &str) -> String {
        let placed = self.node().ok(&["order", "place", case, "--kind", "payment"]);
        assert_eq!((&placed["state"], &placed["fen"]), (&json!("placed"), &json!(FEN)), "{placed}");
        text(&placed, "order_no")
    }

    pub(crate) fn send(&self, case: &str) -> String {
        self.send_by(case, "post")
    }

    pub(crate) fn send_by(&self, case: &str, connector: &str) -> String {
        let words = ["order", "place", case, "--kind", "courier", "--connector", connector];
        let words = [&words[..], &["--direction", "between-halls", "--recipient", "李四"]].concat();
        let placed = self.node().ok(&[&words[..], &["--phone", "13900001111", "--address", ADDRESS]].concat());
        text(&placed, "order_no")
    }

    pub(crate) fn shown(&self, order: &str) -> Value {
        self.node().ok(&["order", "show", order])
    }

    /// Waits until an order stands so.
    #[track_caller]
    pub(crate) fn stands(&self, order: &str, state: &str) -> Value {
        within(30, &format!("{order} is {state}"), || {
            let shown = self.shown(order);
            seen(shown["state"] == state, shown)
        })
    }
}

pub(crate) fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

pub(crate) fn url(address: SocketAddr) -> String {
    format!("http://{address}/orders")
}

pub(crate) fn deeds(shown: &Value) -> Vec<String> {
    shown["log"].as_array().into_iter().flatten().map(|line| text(line, "deed")).collect()
}
