//! Opening a node's directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use tongban_codes::ids::AuthorityId;
use tongban_seal::{Ed25519Signer, KeystoreError, UnlockKey};

use super::error::ConfigError;
use super::identity::{FORMAT, Identity};
use super::keys::{self, Keys, UnlockFile};
use super::settings::Config;
use crate::api::v1::Problem;

/// The configuration's file name in the directory.
pub(crate) const CONFIG_NAME: &str = "config.toml";
/// Where the running node keeps log and state.
pub(crate) const DATA_NAME: &str = "data";
const LOCK_NAME: &str = "lock";

/// A node's directory, opened with its keys.
#[derive(Debug)]
pub struct NodeDirectory {
    /// Where it lies, absolute.
    pub path: PathBuf,
    /// Settings.
    pub config: Config,
    /// Who the node is.
    pub identity: Identity,
    /// Private keys.
    pub keys: Keys,
    unlock: UnlockKey,
}

/// Holds the directory for one process; freed when dropped or when the process ends.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl NodeDirectory {
    /// Opens a directory that `tongban init` wrote.
    ///
    /// # Errors
    /// [`DirectoryError`].
    pub fn open(path: &Path) -> Result<Self, DirectoryError> {
        let path = absolute(path)?;
        let (config, identity) = Self::inspect(&path)?;
        let unlock = UnlockFile::of(&path).read()?;
        let keys = Keys::open(&path, &unlock)?;
        Ok(Self { path, config, identity, keys, unlock })
    }

    /// Reads what needs no key: settings and identity.
    ///
    /// # Errors
    /// [`DirectoryError`], but none about keys.
    pub fn inspect(path: &Path) -> Result<(Config, Identity), DirectoryError> {
        let identity = Identity::load(path)?;
        let config = Config::load(&path.join(CONFIG_NAME))?;
        Ok((config, identity))
    }

    /// Opens the keys alone.
    ///
    /// # Errors
    /// [`DirectoryError`] about keys.
    pub fn open_keys(path: &Path) -> Result<Keys, DirectoryError> {
        Keys::open(path, &UnlockFile::of(path).read()?)
    }

    /// Where the running node keeps log and state; mode 0700.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.path.join(DATA_NAME)
    }

    /// Where the socket of the API lies.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.config.socket_in(&self.path)
    }

    /// Takes the directory for this process.
    ///
    /// # Errors
    /// [`DirectoryError::InUse`] while another process holds it.
    pub fn lock(&self) -> Result<DirectoryLock, DirectoryError> {
        let path = self.path.join(LOCK_NAME);
        let at = |source| DirectoryError::Io { path: path.clone(), source };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(at)?;
        match file.try_lock() {
            Ok(()) => Ok(DirectoryLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DirectoryError::InUse { path: self.path.clone() }),
            Err(TryLockError::Error(source)) => Err(at(source)),
        }
    }

    /// The index key of the tree that was joined, if one was, under its version.
    ///
    /// # Errors
    /// [`DirectoryError::Key`].
    pub fn joined_index_key(&self, version: u32) -> Result<Option<tongban_seal::IndexKey>, DirectoryError> {
        keys::joined_index(&self.path, version, &self.unlock)
    }

    /// Keeps the index key of a tree that is joined.
    ///
    /// # Errors
    /// [`DirectoryError::Key`].
    pub fn keep_index_key(&self, key: &[u8]) -> Result<(), DirectoryError> {
        keys::keep_joined_index(&self.path, key, &self.unlock)
    }

    /// The signer of an authority's seals; its key is drawn and written at the first use.
    ///
    /// # Errors
    /// [`DirectoryError::Key`].
    pub fn authority_signer(&self, authority: &AuthorityId) -> Result<Ed25519Signer, DirectoryError> {
        keys::authority_signer(&self.path, authority, &self.unlock)
    }
}

pub(crate) fn absolute(path: &Path) -> Result<PathBuf, DirectoryError> {
    std::path::absolute(path).map_err(|source| DirectoryError::Io { path: path.to_owned(), source })
}

/// Why a directory could not be made or opened.
#[derive(Debug, Error)]
pub enum DirectoryError {
    /// `init` found something in the directory.
    #[error("{} is not empty", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// There is no node in it.
    #[error("{} is no node's directory", path.display())]
    NotANode {
        /// The directory.
        path: PathBuf,
    },
    /// A newer release wrote it.
    #[error("{} has format {format}, this release reads up to {FORMAT}", path.display())]
    Newer {
        /// The directory.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
    /// `node.toml` is damaged.
    #[error("{} is damaged: {reason}", path.display())]
    Identity {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No division of that code has halls.
    #[error("the division {division} is unknown")]
    DivisionUnknown {
        /// The code.
        division: String,
    },
    /// The name is empty, too long or has control characters.
    #[error("the name is not 1 to 100 printable characters")]
    Name {
        /// The name.
        name: String,
    },
    /// An address that can't be dialled.
    #[error("{address} is not host:port")]
    Address {
        /// The address.
        address: String,
    },
    /// Another process runs on it.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The unlock key isn't where it should be.
    #[error("the unlock key {} doesn't exist", path.display())]
    UnlockMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The unlock key isn't 64 hexadecimal digits.
    #[error("the unlock key {} is not 64 hexadecimal digits", path.display())]
    UnlockMalformed {
        /// The file.
        path: PathBuf,
    },
    /// A key file can't be opened or written.
    #[error("{}: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeystoreError,
    },
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {reason}")]
    Chance {
        /// Why.
        reason: String,
    },
}

impl DirectoryError {
    /// Stable code, see `docs/errors/`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotEmpty { .. } => "directory-not-empty",
            Self::NotANode { .. } => "directory-not-a-node",
            Self::Newer { .. } => "directory-newer",
            Self::Identity { .. } => "directory-damaged",
            Self::Config(error) => error.code(),
            Self::DivisionUnknown { .. } => "division-unknown",
            Self::Name { .. } | Self::Address { .. } => "invalid-field",
            Self::InUse { .. } => "directory-in-use",
            Self::UnlockMissing { .. } => "unlock-key-missing",
            Self::UnlockMalformed { .. } => "unlock-key-malformed",
            Self::Key { source, .. } => source.code(),
            Self::Io { .. } => "directory-io",
            Self::Chance { .. } => "chance-missing",
        }
    }

    /// The error as the interfaces show it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let path_of = |path: &Path| path.display().to_string();
        let (field, value, zh, remedy_en, remedy_zh): (&str, String, String, &str, &str) = match self {
            Self::Config(error) => return error.problem(),
            Self::NotEmpty { path } => (
                "dir",
                path_of(path),
                format!("目录 {} 不是空目录", path.display()),
                "choose a new or empty directory",
                "请使用新目录或空目录",
            ),
            Self::NotANode { path } => (
                "dir",
                path_of(path),
                format!("{} 不是节点目录", path.display()),
                "tongban init --dir D --division C --name N --listen ADDR",
                "tongban init --dir D --division C --name N --listen ADDR",
            ),
            Self::Newer { path, format } => (
                "dir",
                path_of(path),
                format!("目录 {} 的格式为 {format}，本版本最高支持 {FORMAT}", path.display()),
                "run the release that wrote it, or a later one; nothing was changed",
                "请使用写入该目录的版本或更新的版本；目录未作任何改动",
            ),
            Self::Identity { path, reason } => (
                "dir",
                path_of(path),
                format!("{} 已损坏：{reason}", path.display()),
                "restore the file; no other file replaces it",
                "请恢复该文件；它不可由其他文件替代",
            ),
            Self::DivisionUnknown { division } => (
                "division",
                division.clone(),
                format!("没有行政区划 {division}"),
                "look it up: tongban code check C (province to township)",
                "请核对区划代码（省级至乡级）：tongban code check C",
            ),
            Self::Name { name } => (
                "name",
                name.chars().take(120).collect(),
                "名称应为 1 至 100 个可见字符".to_owned(),
                "give a shorter, plain name",
                "请填写较短的普通名称",
            ),
            Self::Address { address } => (
                "advertise",
                address.chars().take(120).collect(),
                format!("{address} 不是 主机:端口"),
                "write it as 10.1.2.3:7511 or hall.example:7511",
                "写法如 10.1.2.3:7511 或 hall.example:7511",
            ),
            Self::InUse { path } => (
                "dir",
                path_of(path),
                format!("目录 {} 正被另一进程使用", path.display()),
                "stop the other process first; tongban status --dir D shows it",
                "请先停止另一进程；用 tongban status --dir D 查看",
            ),
            Self::UnlockMissing { path } => (
                "",
                path_of(path),
                format!("解锁密钥 {} 不存在", path.display()),
                "put it back, or name it with TONGBAN_UNLOCK_FILE or the systemd credential tongban-unlock",
                "请放回该文件，或用 TONGBAN_UNLOCK_FILE、systemd 凭据 tongban-unlock 指定",
            ),
            Self::UnlockMalformed { path } => (
                "",
                path_of(path),
                format!("解锁密钥 {} 不是 64 位十六进制数", path.display()),
                "restore the file from its safe copy",
                "请从安全副本恢复该文件",
            ),
            Self::Key { path, source } => (
                "keys",
                path_of(path),
                format!("密钥文件 {} 无法使用：{source}", path.display()),
                "check permissions and the unlock key: tongban doctor --dir D",
                "检查权限和解锁密钥：tongban doctor --dir D",
            ),
            Self::Io { path, source } => (
                "",
                path_of(path),
                format!("{}：{source}", path.display()),
                "check that the path exists, its permissions and the free disk",
                "检查路径是否存在、权限和磁盘余量",
            ),
            Self::Chance { reason } => {
                ("", String::new(), format!("系统未提供随机数：{reason}"), "check /dev/urandom", "检查 /dev/urandom")
            }
        };
        Problem {
            code: self.code().to_owned(),
            field: field.to_owned(),
            value,
            en: self.to_string(),
            zh,
            remedy_en: remedy_en.to_owned(),
            remedy_zh: remedy_zh.to_owned(),
        }
    }
}
