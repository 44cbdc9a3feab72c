//! A node's directory: its configuration, its identity and its keys.
//!
//! ```text
//! D/config.toml   what may be changed by hand, read at start       (Config)
//! D/node.toml     who the node is, written once by `tongban init`  (Identity)
//! D/keys/         private keys, each encrypted under the unlock key (Keys)
//! D/data/         log and state of the running node, mode 0700
//! D/tongban.sock  the socket of the API, unless the path is too long for one
//! ```
//!
//! `node.toml` is put in place last: a directory without it is not a node's.

mod connectors;
mod create;
mod directory;
mod error;
mod identity;
mod keys;
mod settings;

pub use connectors::{Connector, Connectors, Kind as ConnectorKind};
pub use create::{NewNode, create};
pub use directory::{DirectoryError, DirectoryLock, NodeDirectory};
pub use error::{ConfigError, nearest};
pub use identity::{FORMAT, Identity};
pub use keys::{Keys, UnlockFile, UnlockSource};
pub use settings::{Config, Federation, Limits, LogFormat, Storage, Telemetry};
