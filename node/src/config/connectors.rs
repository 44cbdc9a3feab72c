//! `[connectors]` and `[[connector]]`: outside systems that take orders, and where they are heard.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;

use hyper::Uri;
use serde::Deserialize;
use toml::de::{DeTable, DeValue};
use tongban_domain::connector::ConnectorKind;

use super::error::ConfigError;

/// The most connectors of a node.
const CONNECTORS_MAX: usize = 32;
/// The longest name of one.
const NAME_CHARS_MAX: usize = 32;
const URL_BYTES_MAX: usize = 400;

/// `[connectors]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Connectors {
    /// TCP address on which outside systems are heard; nothing is heard when absent. Plain HTTP: a reverse proxy of the hall ends TLS.
    pub listen: Option<SocketAddr>,
}

/// What kind of outside system it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// 缴费.
    Payment,
    /// 寄递.
    Courier,
    /// 业务办理: a system that handles cases.
    Handling,
}

impl From<Kind> for ConnectorKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Payment => Self::Payment,
            Kind::Courier => Self::Courier,
            Kind::Handling => Self::Handling,
        }
    }
}

/// A `[[connector]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connector {
    /// Name by which orders name it.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// Where it takes orders.
    pub url: String,
    /// File with its secrets, one a line (`whsec_…`); relative to the directory, or absolute. The first signs, all verify. A credential of
    /// systemd named `tongban-connector-NAME` stands over it.
    pub secret_file: PathBuf,
    /// PEM file of the authorities that its certificate may come from; those of the machine when absent.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Lets `url` be plain HTTP to another machine, where a proxy of the hall's own network ends TLS.
    #[serde(default)]
    pub plain_http: bool,
}

/// Keys that a new node's file doesn't have.
pub(super) const KEYS: [&str; 7] = [
    "connectors.listen",
    "connector.name",
    "connector.kind",
    "connector.url",
    "connector.secret_file",
    "connector.ca_file",
    "connector.plain_http",
];

/// The tables of `[[connector]]`.
pub(super) fn tables<'t, 'i>(value: &'t DeValue<'i>) -> impl Iterator<Item = &'t DeTable<'i>> {
    value.as_array().into_iter().flat_map(|array| array.iter()).filter_map(|one| one.get_ref().as_table())
}

/// What is wrong with a value: the key, the value, what is allowed, in both languages.
type Wrong = (&'static str, String, &'static str, &'static str);

impl Connector {
    /// The URL, once it has been checked.
    #[must_use]
    pub fn uri(&self) -> Option<Uri> {
        self.url.parse::<Uri>().ok()
    }

    fn wrong(&self) -> Option<Wrong> {
        let name = &self.name;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(plain) {
            return Some((
                "connector.name",
                name.clone(),
                "a name has 1 to 32 lower-case letters, digits and dashes",
                "名称为 1 至 32 个小写字母、数字或连字符",
            ));
        }
        if self.secret_file.as_os_str().is_empty() {
            return Some(("connector.secret_file", String::new(), "it is a path", "应为路径"));
        }
        let url = self.uri().filter(|_| self.url.len() <= URL_BYTES_MAX && !self.url.contains(['#', '@']));
        let host = url.as_ref().and_then(Uri::host).filter(|host| !host.is_empty());
        match (url.as_ref().and_then(Uri::scheme_str), host) {
            (Some("https"), Some(_)) => None,
            (Some("http"), Some(host)) if self.plain_http || is_loopback(host) => None,
            (Some("http"), Some(_)) => Some((
                "connector.url",
                self.url.clone(),
                "plain HTTP goes to this machine alone; use https, or plain_http = true where a proxy ends TLS",
                "明文 HTTP 仅限本机；请用 https，由本单位代理终止 TLS 的可写 plain_http = true",
            )),
            _ => Some((
                "connector.url",
                self.url.clone(),
                "it is an address as https://pay.example/orders",
                "写法如 https://pay.example/orders",
            )),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || plain.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Refuses what can't work; `line` gives the line of a span.
pub(super) fn check(
    connectors: &[Connector],
    table: &DeTable<'_>,
    line: impl Fn(Range<usize>) -> usize,
) -> Result<(), ConfigError> {
    let all = table.get("connector");
    let place = |index: usize, key: &str| {
        let field = key.rsplit('.').next().unwrap_or(key);
        let one = all.and_then(|all| tables(all.get_ref()).nth(index));
        one.and_then(|one| one.get(field)).map_or(1, |value| line(value.span()))
    };
    let refuse = |index: usize, (key, value, allowed, allowed_zh): Wrong| {
        let (allowed, allowed_zh) = (allowed.to_owned(), allowed_zh.to_owned());
        Err(ConfigError::Range { key, value, line: place(index, key), allowed, allowed_zh })
    };
    for (index, connector) in connectors.iter().enumerate() {
        if let Some(wrong) = connector.wrong() {
            return refuse(index, wrong);
        }
        if connectors[..index].iter().any(|earlier| earlier.name == connector.name) {
            let name = connector.name.clone();
            return refuse(
                index,
                ("connector.name", name, "another connector has this name", "名称与另一对接系统重复"),
            );
        }
    }
    if connectors.len() > CONNECTORS_MAX {
        let count = connectors.len().to_string();
        return refuse(CONNECTORS_MAX, ("connector.name", count, "there are at most 32", "最多 32 个"));
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use crate::config::Config;

    const GOOD: &str = "listen = \"127.0.0.1:7511\"\n[connectors]\nlisten = \"127.0.0.1:7518\"\n[[connector]]\nname = \"pay\"\n\
                        kind = \"payment\"\nurl = \"https://pay.example/orders\"\nsecret_file = \"keys/pay.secret\"\n";

    #[test]
    fn a_connector_is_read() {
        let config = Config::parse(GOOD).unwrap();
        assert_eq!(config.connectors.listen, Some("127.0.0.1:7518".parse().unwrap()));
        assert_eq!((config.connector.len(), config.connector[0].plain_http), (1, false));
        for url in ["http://127.0.0.1:9/x", "http://[::1]:9/x", "http://localhost/", "https://10.0.0.1/x?y=1"] {
            assert!(Config::parse(&GOOD.replace("https://pay.example/orders", url)).is_ok(), "{url}");
        }
        let proxied = format!("{}plain_http = true\n", GOOD.replace("https://pay", "http://pay"));
        assert!(Config::parse(&proxied).is_ok());
    }

    #[test]
    fn every_fault_names_its_code_line_and_key() {
        for (from, to, code, line, key) in [
            ("https://pay.example/orders", "http://pay.example/orders", "config-range", 7, "connector.url"),
            ("https://pay.example/orders", "ftp://pay.example/", "config-range", 7, "connector.url"),
            ("https://pay.example/orders", "https://a@pay.example/", "config-range", 7, "connector.url"),
            ("https://pay.example/orders", "/orders", "config-range", 7, "connector.url"),
            ("\"pay\"", "\"Pay it\"", "config-range", 5, "connector.name"),
            ("\"keys/pay.secret\"", "\"\"", "config-range", 8, "connector.secret_file"),
            ("\"payment\"", "\"bank\"", "config-type", 6, "connector"),
            ("secret_file", "secret", "config-unknown-key", 8, "connector.secret"),
            ("[connectors]\nlisten", "[connectors]\nlisen", "config-unknown-key", 3, "connectors.listen"),
            ("\"127.0.0.1:7518\"", "7518", "config-type", 3, "connectors.listen"),
        ] {
            let error = Config::parse(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert_eq!((error.code(), error.line()), (code, Some(line)), "{to}: {error}");
            let problem = error.problem();
            assert!(problem.en.contains(key) || problem.remedy_en.contains(key), "{to}: {problem:?}");
        }
        let (_, one) = GOOD.split_at(GOOD.find("[[connector]]").unwrap());
        let twice = Config::parse(&format!("{GOOD}{one}")).unwrap_err();
        assert_eq!((twice.code(), twice.line()), ("config-range", Some(10)), "{twice}");
    }
}
