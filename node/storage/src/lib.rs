//! Storage: the backend trait, RocksDB, an in-memory backend with crash semantics, one file per keyspace.
//!
//! Beside the state lies the ordered [`log`], from which the state is written again after a crash.

mod backend;
pub mod examine;
mod facts;
pub mod keyspace;
pub mod log;
mod memory;
mod rocks;
mod version;

pub use backend::{Backend, Family, Read, Snapshot, StorageError, Visit, WriteBatch};
pub use facts::StateFacts;
pub use log::{Log, LogBatch, LogOptions};
pub use memory::{MemoryBackend, SharedValues};
pub use rocks::{RocksBackend, RocksOptions};
pub use version::{StorageVersion, open_version};
