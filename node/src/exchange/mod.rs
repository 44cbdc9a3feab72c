//! The exchange: links, sessions, deliveries, queries and pulls.
//!
//! ```text
//!   outbox, relays ──▶ Exchange ── Session ──▶ effects ──▶ driver ──▶ link ──▶ peer
//!   writer ◀── Deliver, Receipted, Relayed ───────┘            requests have streams of their own: join, pull, questions
//! ```
//!
//! [`Exchange`] owns every session and does nothing by itself: it is told what has happened and says what is to be done.
//! The [`Driver`] does it over QUIC on a running node; a simulator does it over queues. What both need beside it stands as steps without
//! I/O: [`Changing`] for records and trust, [`Pulling`] and [`answer_here`] for journals, [`Knowledge`] for what a node knows.

pub mod anchor;
pub mod ask;
mod audit;
pub mod blobs;
mod change;
pub mod core;
pub mod drift;
mod driver;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod golden_tests;
mod join;
pub mod knowledge;
pub(crate) mod licence;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod line_tests;
pub mod materials;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod naming_tests;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod outside_tests;
pub mod proof;
mod pull;
pub mod quarantine;
pub(crate) mod reclaim;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod reclaim_tests;
pub mod record;
mod renew;
mod revoke;
mod seldom;
mod serve;
pub mod shared;
mod standing;
mod succession;
pub mod translate;
mod voice;
pub(crate) mod why;
mod withhold;
mod word;

pub use self::core::{Effect, Exchange, Happened, Proven, Trouble};
pub use ask::{Asked, ItemAnswer, LicenceAnswer, MaterialAnswer, OrderWord, ProgressAnswer, StandsIn, WhereisAnswer};
pub use audit::audit;
pub use blobs::{BlobStore, FileBlobs, MemoryBlobs};
pub use change::{Change, Changed, Changing, Kept, TrustChange, Words};
pub use driver::{Driver, Nudge};
pub use join::{invite, join};
pub use knowledge::{Clock, Knowledge, KnowledgeParts};
pub use materials::{Fetcher, sweep};
pub use pull::{PullStep, Pulling};
pub use renew::own_certificate;
pub use revoke::{readmit, revoke};
pub use serve::{answer_here, proven_progress, whereis};
pub use shared::{Shared, SharedParts};
