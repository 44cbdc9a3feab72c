//! The ordered log of a node: entries are proposed, and come back committed, in one order, to one sink.
//!
//! The engine knows [`OrderedLog`] and [`CommittedSink`] and nothing of how the order is found. [`RaftNode`] finds it with
//! openraft over the append-only log of `tongban-storage`; [`MemoryLog`] is the same contract in memory.
//!
//! **Invariant.** No other module names openraft. What is stored (vote, entries, membership, positions) is stored in types
//! of `record.rs`, so a new release of openraft changes nothing on disk.

mod binding;
mod log_store;
pub mod memory;
mod network;
mod node;
mod record;
mod state_machine;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures::future::BoxFuture;
use tongban_storage::StorageError;

pub use self::{
    memory::MemoryLog,
    node::{RaftNode, RaftOptions},
};

/// Proposes entries and delivers the committed ones in order.
pub trait OrderedLog: Send + Sync + 'static {
    /// Proposes an entry; the future gives its index when it is committed and has been handed to the sink.
    ///
    /// Entries take the order of the calls, not of the polling. Whoever proposes bounds how many are in flight.
    fn propose(&self, entry: Arc<[u8]>) -> BoxFuture<'static, Result<u64, ProposeError>>;
}

/// Why a proposal isn't known to be committed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// This replica isn't the leader; the entry was not proposed.
    #[error("this replica is not the leader")]
    NotLeader,
    /// The entry was proposed and may be committed now, later or never.
    #[error("it is not known whether the entry is committed: {0}")]
    Unknown(String),
    /// The log is shut down or has failed; the entry was not proposed.
    #[error("the log is closed")]
    Closed,
}

impl ProposeError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotLeader => "not-leader",
            Self::Unknown(_) => "outcome-unknown",
            Self::Closed => "log-closed",
        }
    }
}

/// The sink takes no more entries; the replica stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state takes no more entries")]
pub struct SinkClosed;

/// What receives the committed entries: a bounded queue, with the state database behind it.
///
/// Entries come once per start, by rising index; the indexes have gaps, because the log's own entries take some. Index 0 is
/// never one of the sink's.
pub trait CommittedSink: Send + Sync + 'static {
    /// Takes an entry; waits for room in the queue, not for the entry to be applied.
    fn committed(&self, index: u64, entry: Arc<[u8]>) -> BoxFuture<'_, Result<(), SinkClosed>>;

    /// The index of the last entry in the state database when it was opened, 0 if there is none; entries behind it follow.
    fn applied(&self) -> u64;

    /// The index up to which the state database is durable, 0 if nothing is. The log is never purged past it.
    fn flushed(&self) -> u64;

    /// Makes the state database durable and gives the index up to which it is; may block.
    fn flush(&self) -> Result<u64, String>;
}

/// Why a replica can't start, or can't go on.
#[derive(Debug, thiserror::Error)]
pub enum RaftError {
    /// The log can't be opened, read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The state holds entries that the log never had.
    #[error("the log ends at entry {last}, but the state has applied entry {applied}: the log was lost or replaced")]
    LogLost {
        /// What the state has applied.
        applied: u64,
        /// The last entry of the log, 0 if it is empty.
        last: u64,
    },
    /// The log has let go of entries that the state doesn't hold.
    #[error(
        "the log begins after entry {purged}, but the state ends at entry {applied}: the state was lost or replaced"
    )]
    StateLost {
        /// What the log has let go of.
        purged: u64,
        /// What the state has applied.
        applied: u64,
    },
    /// The log belongs to another replica.
    #[error("the log belongs to replica {found}, this is replica {expected}")]
    OtherReplica {
        /// The replica in the log.
        found: u64,
        /// The replica that was started.
        expected: u64,
    },
    /// A stored record isn't what this release writes.
    #[error("the log's {what} can't be read: {detail}")]
    Record {
        /// Which record.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// The state database can't be flushed.
    #[error("the state can't be flushed: {0}")]
    Flush(String),
    /// The replica stopped.
    #[error("the replica stopped: {0}")]
    Stopped(String),
}

impl RaftError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Storage(error) => error.code(),
            Self::LogLost { .. } => "log-lost",
            Self::StateLost { .. } => "state-lost",
            Self::OtherReplica { .. } => "other-replica",
            Self::Record { .. } => "log-record",
            Self::Flush(_) => "state-flush",
            Self::Stopped(_) => "replica-stopped",
        }
    }

    /// What to do about it, in English.
    #[must_use]
    pub const fn hint_en(&self) -> &'static str {
        match self {
            Self::Storage(error) => error.hint_en(),
            Self::LogLost { .. } | Self::StateLost { .. } => {
                "Nothing was changed. Put the missing directory back if it was moved; otherwise restore the newest backup into a new directory."
            }
            Self::OtherReplica { .. } => "Name the directory of this replica. A replica number is never used twice.",
            Self::Record { .. } => "Start the release that wrote this log, or a newer one. Nothing was changed.",
            Self::Flush(_) | Self::Stopped(_) => {
                "Find the first error in the log, remove its cause, and start the node again."
            }
        }
    }

    /// What to do about it, in Chinese.
    #[must_use]
    pub const fn hint_zh(&self) -> &'static str {
        match self {
            Self::Storage(error) => error.hint_zh(),
            Self::LogLost { .. } | Self::StateLost { .. } => {
                "未作任何改动。如目录被移走请放回原处；否则请将最新备份恢复到新目录。"
            }
            Self::OtherReplica { .. } => "请指定本副本自己的目录；副本编号不得重复使用。",
            Self::Record { .. } => "请使用写入该日志的版本或更新的版本启动；未作任何改动。",
            Self::Flush(_) | Self::Stopped(_) => "请在日志中找到第一个错误，排除原因后重新启动节点。",
        }
    }
}
