//! The HTTP API: JSON over the node's Unix socket, versioned by its path.

pub mod v1;
