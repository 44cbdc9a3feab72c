//! The sealed journal: entries, commitments, frontiers, checkpoints, proofs; pure.
//!
//! A node keeps two journals, *acts* and *standards*. Each is an append-only Merkle tree (RFC 6962, SHA-256) whose
//! leaves are entries: a header that figures are folded from, and a commitment to a body whose fields can be withheld
//! one by one. Nothing here reads a clock, draws a random number or touches a disk.
//!
//! ```
//! use tongban_codes::ids::{Digest, NodeId};
//! use tongban_journal::{Body, Checkpoint, Frontier, JournalKind};
//!
//! let body = Body::open([(1, [7; 16], b"a name".to_vec()), (2, [8; 16], b"a reason".to_vec())])?;
//! let without_name = body.redacted(|number| number != 1);
//! assert_eq!(body.commitment(), without_name.commitment());
//!
//! let mut frontier = Frontier::new();
//! frontier.append(Digest::of(b"stands for an entry's leaf"));
//! let checkpoint = Checkpoint {
//!     origin: NodeId::from_bytes([1; 16]),
//!     journal: JournalKind::Acts,
//!     epoch: 1,
//!     size: frontier.size(),
//!     root: frontier.root(),
//! };
//! assert_eq!(Checkpoint::parse(&checkpoint.to_string())?, checkpoint);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod checkpoint;
mod coded;
mod entry;
mod frontier;
mod header;
pub mod merkle;
mod packed;
mod slice;

pub use checkpoint::{Checkpoint, CheckpointError, JournalKind};
pub use entry::{
    BODY_BYTES_MAX, BODY_FIELDS_MAX, Body, BodyError, BodyMismatch, BodyView, ENTRY_BYTES_MAX, Entry, EntryError,
    Field, SALT_BYTES, View,
};
pub use frontier::{Frontier, Node};
pub use header::{
    ActHeader, ActKind, CardMark, Channel, Colour, EpochHeader, EpochReason, Header, HeaderError, Mode, NodeEvent,
    NodeHeader, Outcome, StandardHeader, StandardKind, VoiceKind, VoiceMark, VoiceOutcome,
};
pub use merkle::{NodeSource, ProofError};
pub use packed::{pack, unpack};
pub use slice::{Extension, SLICE_BYTES_MAX, SLICE_ENTRIES_MAX, Slice, SliceBuilder, SliceEntry, SliceError, verify};
