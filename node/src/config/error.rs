//! What can be wrong with a configuration file, with line, nearest key and remedy.

use std::path::PathBuf;

use thiserror::Error;

use crate::api::v1::Problem;
use crate::foreign;

/// Why a configuration was refused.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("the configuration {} can't be read: {}", path.display(), foreign::en(&source.to_string()))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("line {line} is not valid TOML: {}", foreign::en(message))]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// What the parser expected.
        message: String,
    },
    /// A key that no release knows, most often a typing error.
    #[error("line {line}: the key {key} is unknown{}", nearest.as_ref().map(|near| format!(", did you mean {near}?")).unwrap_or_default())]
    UnknownKey {
        /// The key with its section.
        key: String,
        /// Line, from 1.
        line: usize,
        /// The known key that it resembles.
        nearest: Option<String>,
    },
    /// A key that must be given.
    #[error("the key {key} is missing")]
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A value of another type than the key's.
    #[error("line {line}: the value of {key} doesn't fit: {message}")]
    WrongType {
        /// The key with its section.
        key: String,
        /// Line, from 1.
        line: usize,
        /// What was found and expected.
        message: String,
    },
    /// A value that is not allowed.
    #[error("line {line}: {key} = {value} is not allowed, {allowed}")]
    Range {
        /// The key with its section.
        key: &'static str,
        /// Its value.
        value: String,
        /// Line, from 1.
        line: usize,
        /// What is allowed, English.
        allowed: String,
        /// What is allowed, Chinese.
        allowed_zh: String,
    },
}

impl ConfigError {
    /// Stable code, see `docs/errors/`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "config-unreadable",
            Self::Syntax { .. } => "config-syntax",
            Self::UnknownKey { .. } => "config-unknown-key",
            Self::MissingKey { .. } => "config-key-missing",
            Self::WrongType { .. } => "config-type",
            Self::Range { .. } => "config-range",
        }
    }

    /// Line in the file, from 1, where there is one.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        match self {
            Self::Syntax { line, .. }
            | Self::UnknownKey { line, .. }
            | Self::WrongType { line, .. }
            | Self::Range { line, .. } => Some(*line),
            Self::Read { .. } | Self::MissingKey { .. } => None,
        }
    }

    fn zh(&self) -> String {
        match self {
            Self::Read { path, source } => {
                format!("无法读取配置文件 {}：{}", path.display(), foreign::zh(&source.to_string()))
            }
            Self::Syntax { line, message } => format!("第 {line} 行不是有效的 TOML：{}", foreign::zh(message)),
            Self::UnknownKey { key, line, nearest } => {
                let hint = nearest.as_ref().map(|near| format!("，是否应为 {near}？")).unwrap_or_default();
                format!("第 {line} 行：未知的配置项 {key}{hint}")
            }
            Self::MissingKey { key } => format!("缺少配置项 {key}"),
            Self::WrongType { key, line, message } => {
                format!("第 {line} 行：配置项 {key} 有误：{}", foreign::zh(message))
            }
            Self::Range { key, value, line, allowed_zh, .. } => {
                format!("第 {line} 行：{key} = {value} 不允许，{allowed_zh}")
            }
        }
    }

    fn remedy(&self) -> (String, String) {
        let pair = |en: &str, zh: &str| (en.to_owned(), zh.to_owned());
        match self {
            Self::Read { .. } => pair(
                "check the path and its permissions; `tongban init` writes a new directory",
                "检查路径和权限；新目录由 tongban init 建立",
            ),
            Self::Syntax { .. } => {
                pair("compare the line with config-examples/county.toml", "对照 config-examples/county.toml 修改该行")
            }
            Self::UnknownKey { nearest: Some(near), .. } => {
                (format!("write {near}, or delete the line"), format!("改为 {near}，或删除该行"))
            }
            Self::UnknownKey { .. } => pair(
                "delete the line; config-examples/county.toml shows every key",
                "删除该行；全部配置项见 config-examples/county.toml",
            ),
            Self::MissingKey { key } => (
                format!("add {key}, as config-examples/county.toml shows"),
                format!("补上 {key}，写法见 config-examples/county.toml"),
            ),
            Self::WrongType { .. } => {
                pair("write it as config-examples/county.toml does", "写法见 config-examples/county.toml")
            }
            Self::Range { .. } => pair("choose an allowed value", "改为允许的值"),
        }
    }

    /// The error as the interfaces show it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let (field, value) = match self {
            Self::Read { path, .. } => ("file".to_owned(), path.display().to_string()),
            Self::Syntax { line, .. } => ("file".to_owned(), format!("line {line}")),
            Self::UnknownKey { key, .. } | Self::WrongType { key, .. } => (key.clone(), key.clone()),
            Self::MissingKey { key } => ((*key).to_owned(), String::new()),
            Self::Range { key, value, .. } => ((*key).to_owned(), value.clone()),
        };
        let (remedy_en, remedy_zh) = self.remedy();
        Problem {
            code: self.code().to_owned(),
            field,
            value,
            en: self.to_string(),
            zh: self.zh(),
            remedy_en,
            remedy_zh,
        }
    }
}

/// The known word that a mistyped one resembles, if one is near enough to be meant.
#[must_use]
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let (distance, near) =
        known.into_iter().map(|candidate| (edits(word, candidate), candidate)).min_by_key(|(distance, _)| *distance)?;
    let tolerated = (word.chars().count() / 3).max(2);
    (distance <= tolerated).then_some(near)
}

/// How many insertions, deletions and replacements turn one word into the other (Levenshtein).
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_finds_its_neighbour() {
        let known = ["listen", "advertise", "socket", "low_water_mib"];
        for (word, near) in [
            ("listne", Some("listen")),
            ("advertize", Some("advertise")),
            ("low_watermib", Some("low_water_mib")),
            ("password", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), near, "{word}");
        }
    }
}
