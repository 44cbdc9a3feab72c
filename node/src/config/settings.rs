//! `config.toml`: what may be changed by hand.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::connectors::{self, Connector, Connectors};
use super::error::{ConfigError, nearest};

/// The settings of a node.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// UDP address on which peers are heard. Port 0 lets the system choose one, for a node that only dials.
    pub listen: SocketAddr,
    /// Addresses (`host:port`) that peers dial, where they differ from `listen`.
    #[serde(default)]
    pub advertise: Vec<String>,
    /// Socket of the API; relative to the directory, or absolute.
    #[serde(default = "default_socket")]
    pub socket: PathBuf,
    /// `[storage]`.
    #[serde(default)]
    pub storage: Storage,
    /// `[limits]`.
    #[serde(default)]
    pub limits: Limits,
    /// `[federation]`.
    #[serde(default)]
    pub federation: Federation,
    /// `[telemetry]`.
    #[serde(default)]
    pub telemetry: Telemetry,
    /// `[connectors]`.
    #[serde(default)]
    pub connectors: Connectors,
    /// Each `[[connector]]`.
    #[serde(default)]
    pub connector: Vec<Connector>,
}

/// Memory of the databases.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// MiB for what isn't on disk yet, over all column families.
    pub write_buffer_mib: u32,
    /// MiB of cache for what is.
    pub block_cache_mib: u32,
    /// MiB of log beyond which it is let go behind a flushed state.
    pub log_mib: u32,
}

/// Where the node stops admitting.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// MiB of free disk below which nothing new is admitted.
    pub low_water_mib: u32,
    /// MiB that one material may have.
    pub material_mib: u32,
}

/// How the node treats its links.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Federation {
    /// Whether nodes that are neither superior nor subordinate are dialled straight; else through superiors.
    pub direct: bool,
    /// Seconds between pulls of the subordinates' journals.
    pub pull_seconds: u32,
}

/// What the node writes to its log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// Levels by target, as `info,openraft=warn`.
    pub filter: String,
    /// Form of a line.
    pub format: LogFormat,
}

/// Form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Storage {
    fn default() -> Self {
        Self { write_buffer_mib: 64, block_cache_mib: 64, log_mib: 512 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { low_water_mib: 512, material_mib: 2048 }
    }
}

impl Default for Federation {
    fn default() -> Self {
        Self { direct: true, pull_seconds: 30 }
    }
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { filter: "info,openraft=warn".to_owned(), format: LogFormat::Text }
    }
}

fn default_socket() -> PathBuf {
    PathBuf::from(SOCKET_NAME)
}

/// The socket's file name in the directory.
pub(crate) const SOCKET_NAME: &str = "tongban.sock";

/// Every key of a new node's file, with its section where it has one.
const KEYS: [&str; 12] = [
    "listen",
    "advertise",
    "socket",
    "storage.write_buffer_mib",
    "storage.block_cache_mib",
    "storage.log_mib",
    "limits.low_water_mib",
    "limits.material_mib",
    "federation.direct",
    "federation.pull_seconds",
    "telemetry.filter",
    "telemetry.format",
];

/// Every key that a release knows.
fn keys() -> impl Iterator<Item = &'static str> {
    KEYS.into_iter().chain(connectors::KEYS)
}

/// The most addresses that a node advertises; its record carries them all.
const ADVERTISE_MAX: usize = 8;

/// The longest host name with port (RFC 1035: 253 characters of name).
const ADDRESS_CHARS_MAX: usize = 260;

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`], with line and remedy.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(&text)
    }

    /// Reads the text of a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`], with line and remedy.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let spans = Spans { text };
        let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
            line: spans.line(error.span().unwrap_or_default()),
            message: one_line(error.message()),
        })?;
        let table = table.get_ref();
        spans.known(table, "")?;
        if !table.contains_key("listen") {
            return Err(ConfigError::MissingKey { key: "listen" });
        }
        let config: Self = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            ConfigError::WrongType {
                key: spans.key_at(table, &span),
                line: spans.line(span),
                message: one_line(error.message()),
            }
        })?;
        config.check(&spans, table)?;
        Ok(config)
    }

    /// The addresses that peers can dial; none where the node can only dial them.
    #[must_use]
    pub fn dialled_at(&self) -> Vec<String> {
        if !self.advertise.is_empty() {
            return self.advertise.clone();
        }
        if self.listen.ip().is_unspecified() || self.listen.port() == 0 {
            return Vec::new();
        }
        vec![self.listen.to_string()]
    }

    /// Where the socket of the API lies, for the node in `directory`.
    #[must_use]
    pub fn socket_in(&self, directory: &Path) -> PathBuf {
        directory.join(&self.socket)
    }

    fn check(&self, spans: &Spans<'_>, table: &DeTable<'_>) -> Result<(), ConfigError> {
        let numbers = [
            ("storage.write_buffer_mib", self.storage.write_buffer_mib, 8..=65_536),
            ("storage.block_cache_mib", self.storage.block_cache_mib, 8..=1_048_576),
            ("storage.log_mib", self.storage.log_mib, 1..=65_536),
            ("limits.low_water_mib", self.limits.low_water_mib, 16..=1_048_576),
            ("limits.material_mib", self.limits.material_mib, 1..=1_048_576),
            ("federation.pull_seconds", self.federation.pull_seconds, 1..=86_400),
        ];
        for (key, value, allowed) in numbers {
            if !allowed.contains(&value) {
                let (low, high) = (allowed.start(), allowed.end());
                return Err(spans.range(
                    table,
                    key,
                    value.to_string(),
                    format!("it is {low} to {high}"),
                    format!("应为 {low} 至 {high}"),
                ));
            }
        }
        if self.advertise.len() > ADVERTISE_MAX {
            return Err(spans.range(
                table,
                "advertise",
                format!("{} addresses", self.advertise.len()),
                format!("there are at most {ADVERTISE_MAX}"),
                format!("最多 {ADVERTISE_MAX} 个地址"),
            ));
        }
        if let Some(wrong) = self.advertise.iter().find(|address| !is_address(address)) {
            return Err(spans.range(
                table,
                "advertise",
                wrong.clone(),
                "an address is host:port, as 10.1.2.3:7511 or hall.example:7511".to_owned(),
                "地址的写法为 主机:端口，如 10.1.2.3:7511 或 hall.example:7511".to_owned(),
            ));
        }
        if self.socket.as_os_str().is_empty() {
            return Err(spans.range(table, "socket", String::new(), "it is a path".to_owned(), "应为路径".to_owned()));
        }
        if self.telemetry.filter.parse::<tracing_subscriber::filter::Targets>().is_err() {
            return Err(spans.range(
                table,
                "telemetry.filter",
                self.telemetry.filter.clone(),
                "it is a list as info or info,tongban_quic=debug".to_owned(),
                "写法如 info 或 info,tongban_quic=debug".to_owned(),
            ));
        }
        connectors::check(&self.connector, table, |span| spans.line(span))
    }

    /// The text of a new node's configuration file.
    #[must_use]
    pub(crate) fn template(listen: SocketAddr, advertise: &[String], socket: &Path) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let Storage { write_buffer_mib, block_cache_mib, log_mib } = Storage::default();
        let Limits { low_water_mib, material_mib } = Limits::default();
        let Federation { direct, pull_seconds } = Federation::default();
        let filter = Telemetry::default().filter;
        let advertise: Vec<String> = advertise.iter().map(|address| quoted(address)).collect();
        let mut text = String::new();
        let _ = write!(
            text,
            "# 修改后须重启节点；先用 tongban config check 检查。\n\
             # Changes take effect at the next start; try them with `tongban config check`.\n\n\
             # 接收其他节点连接的 UDP 地址 / UDP address on which peers are heard\n\
             listen = {}\n\
             # 其他节点拨入的地址，与 listen 不同时填写 / addresses that peers dial, where they differ from listen\n\
             advertise = [{}]\n\
             # 接口套接字，相对本目录 / socket of the API, relative to this directory\n\
             socket = {}\n\n\
             [storage]\n\
             write_buffer_mib = {write_buffer_mib}\n\
             block_cache_mib = {block_cache_mib}\n\
             # 日志超过此值（MiB）时，状态落盘后删去旧日志 / MiB of log beyond which it is let go once the state is on disk\n\
             log_mib = {log_mib}\n\n\
             [limits]\n\
             # 磁盘余量低于此值（MiB）停止收件 / free disk in MiB below which nothing new is admitted\n\
             low_water_mib = {low_water_mib}\n\
             # 单份材料文件的上限（MiB） / MiB that the file of one material may have\n\
             material_mib = {material_mib}\n\n\
             [federation]\n\
             # 是否直连非上下级节点 / whether nodes that are neither superior nor subordinate are dialled straight\n\
             direct = {direct}\n\
             # 即使对方没有告知，也每隔多少秒取一次下级台账 / seconds between pulls of journals, whether or not peers said that they grew\n\
             pull_seconds = {pull_seconds}\n\n\
             [telemetry]\n\
             filter = {}\n\
             # text 或 json / text or json\n\
             format = \"text\"\n",
            quoted(&listen.to_string()),
            advertise.join(", "),
            quoted(&socket.to_string_lossy()),
            quoted(&filter),
        );
        text
    }
}

/// Tells whether a text is `host:port` with a port that can be dialled.
pub(crate) fn is_address(text: &str) -> bool {
    if text.len() > ADDRESS_CHARS_MAX {
        return false;
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return address.port() != 0 && !address.ip().is_unspecified();
    }
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let labels = host.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    });
    // A host of digits and dots alone is a mistyped IPv4 address.
    let named = host.bytes().any(|byte| byte.is_ascii_alphabetic());
    labels && named && port.parse::<u16>().is_ok_and(|port| port != 0)
}

/// Finds lines and keys in the text.
struct Spans<'t> {
    text: &'t str,
}

impl Spans<'_> {
    fn line(&self, span: Range<usize>) -> usize {
        let end = span.start.min(self.text.len());
        self.text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// Refuses the first key that no release knows.
    fn known(&self, table: &DeTable<'_>, section: &str) -> Result<(), ConfigError> {
        for (key, value) in table {
            let path = join(section, key.get_ref());
            let is_section = keys().any(|known| known.starts_with(&format!("{path}.")));
            match value.get_ref() {
                DeValue::Table(inner) if is_section => self.known(inner, &path)?,
                DeValue::Array(_) if is_section => {
                    connectors::tables(value.get_ref()).try_for_each(|inner| self.known(inner, &path))?;
                }
                _ if is_section || keys().any(|known| known == path) => {}
                _ => return Err(self.unknown(&path, section, key.get_ref(), key.span())),
            }
        }
        Ok(())
    }

    fn unknown(&self, path: &str, section: &str, key: &str, span: Range<usize>) -> ConfigError {
        let last = |known: &'static str| known.rsplit('.').next().unwrap_or(known);
        // The same name in another section is the likeliest slip, then a similar one.
        let moved = keys().find(|known| last(known) == key);
        let similar = || nearest(path, keys()).or_else(|| nearest(key, keys()));
        let sections = || nearest(key, ["storage", "limits", "federation", "telemetry", "connectors", "connector"]);
        let near = moved.or_else(similar).or_else(|| if section.is_empty() { sections() } else { None });
        ConfigError::UnknownKey { key: path.to_owned(), line: self.line(span), nearest: near.map(str::to_owned) }
    }

    /// The key whose value holds the span.
    fn key_at(&self, table: &DeTable<'_>, span: &Range<usize>) -> String {
        let inside = |key: &str, value: &DeValue<'_>| {
            let found = connectors::tables(value).chain(value.as_table()).map(|inner| self.key_at(inner, span));
            found.filter(|found| !found.is_empty()).map(|found| join(key, &found)).next()
        };
        for (key, value) in table {
            let held = value.span();
            if held.start <= span.start && span.start < held.end.max(held.start + 1) {
                return inside(key.get_ref(), value.get_ref()).unwrap_or_else(|| key.get_ref().to_string());
            }
        }
        // Sections span their head alone; look into them.
        table.iter().find_map(|(key, value)| inside(key.get_ref(), value.get_ref())).unwrap_or_default()
    }

    fn range(
        &self,
        table: &DeTable<'_>,
        key: &'static str,
        value: String,
        allowed: String,
        allowed_zh: String,
    ) -> ConfigError {
        let mut spanned = None;
        let mut within = Some(table);
        for part in key.split('.') {
            spanned = within.and_then(|table| table.get(part));
            within = spanned.and_then(|value| value.get_ref().as_table());
        }
        let line = spanned.map_or(1, |value| self.line(value.span()));
        ConfigError::Range { key, value, line, allowed, allowed_zh }
    }
}

fn join(section: &str, key: &str) -> String {
    match (section, key) {
        ("", key) => key.to_owned(),
        (section, "") => section.to_owned(),
        (section, key) => format!("{section}.{key}"),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
