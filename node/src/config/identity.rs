//! `node.toml`: who the node is, written once.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Label, NodeId};

use super::directory::DirectoryError;

/// The format of the directory that this release writes and reads.
pub const FORMAT: u32 = 1;

/// The file's name in the directory.
pub(crate) const IDENTITY_NAME: &str = "node.toml";

/// Who the node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Format of the directory.
    pub format: u32,
    /// Id, drawn once.
    pub node: NodeId,
    /// Division that the node serves.
    pub division: DivisionCode,
    /// Name of the hall.
    pub name: String,
    /// Label of its query codes until a superior gives another at join.
    pub label: Label,
    /// 演示: everything that it puts out says so, and only such a node takes another clock.
    pub demo: bool,
    /// User id on this machine of whoever ran `init`: the first administrator.
    pub admin_uid: u32,
}

#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

impl Identity {
    /// Reads the identity in a directory.
    ///
    /// # Errors
    /// [`DirectoryError::NotANode`], [`DirectoryError::Newer`], [`DirectoryError::Identity`].
    pub(crate) fn load(directory: &Path) -> Result<Self, DirectoryError> {
        let path = directory.join(IDENTITY_NAME);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(DirectoryError::NotANode { path: directory.to_owned() });
            }
            Err(source) => return Err(DirectoryError::Io { path, source }),
        };
        let damaged = |error: toml::de::Error| DirectoryError::Identity {
            path: path.clone(),
            reason: error.message().split_whitespace().collect::<Vec<_>>().join(" "),
        };
        // A newer release may add keys, so the format is read before the rest.
        let FormatOnly { format } = toml::from_str(&text).map_err(damaged)?;
        if format > FORMAT {
            return Err(DirectoryError::Newer { path: directory.to_owned(), format });
        }
        toml::from_str(&text).map_err(damaged)
    }

    /// The text of the file.
    pub(crate) fn to_text(&self) -> Result<String, toml::ser::Error> {
        let head = "# 由 tongban init 写入，请勿修改。\n# Written by `tongban init`; don't edit.\n\n";
        Ok(format!("{head}{}", toml::to_string(self)?))
    }
}
