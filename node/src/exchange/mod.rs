//! The exchange: links, sessions, deliveries, queries and pulls, driven over QUIC.
//!
//! ```text
//!   outbox, relays ──▶ driver ── Session ──▶ link ──▶ peer
//!   writer ◀── Deliver, RecordReceipt, Relay ──┘          requests have streams of their own: join, pull, questions
//! ```
//!
//! One task, the [`driver`], owns every session and decides nothing by itself: what came in goes to the writer, and what the writer
//! has committed goes out. A lost nudge costs time only; the outbox in the state is the truth.

pub mod ask;
pub mod blobs;
mod driver;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod golden_tests;
mod join;
mod pull;
pub mod quarantine;
pub mod record;
mod serve;
pub mod shared;
mod standing;
pub mod translate;

pub use ask::{Asked, ItemAnswer, LicenceAnswer, ProgressAnswer, WhereisAnswer};
pub use blobs::FileBlobs;
pub use driver::{Driver, Nudge};
pub use join::{invite, join};
pub use pull::audit;
pub use serve::{progress, whereis};
pub use shared::{Shared, SharedParts};
