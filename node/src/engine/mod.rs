//! The engine: one writer decides, the ordered log holds what was decided, one thread applies it.
//!
//! ```text
//!   Handle::submit ──▶ writer: load → decide → seal ──▶ OrderedLog ──▶ applier: one WriteBatch an entry ──▶ state
//!                        ▲ reads through the overlay          │
//!                        └────────── callers are answered at commit ([`Committed`])
//! ```

mod apply;
mod arrivals;
mod catalogue_changes;
mod committed;
mod desk;
mod elsewhere;
mod entry;
mod figures;
mod fold;
#[cfg(test)]
mod fold_tests;
mod membership;
mod orders;
#[cfg(test)]
pub(crate) use orders::tests::order as sample_order;
mod records;
mod tree;
pub mod trust;
mod voices;
mod writer;

pub use apply::{Applied, AppliedState, Applier};
pub(crate) use arrivals::kept_envelope;
pub use catalogue_changes::{CatalogueChanges, Changed};
pub use committed::Committed;
pub(crate) use desk::holder_indexes;
pub use desk::{AuthorityKeys, Keys, LeaderDesk};
pub use entry::{Contradiction, Decision, ExchangeEvent, JournalRecord, LogEntry, Outgoing, Unread};
pub use figures::{dimensions, rows as figure_rows};
pub use fold::{Blobs, fold};
#[cfg(test)]
pub(crate) use records::record;
pub use records::{ACTS, FIELD_STANDARD, STANDARDS};
pub(crate) use records::{Step, act_of_journal, field as act_field};
pub use tree::OwnTree;
pub use trust::Trust;
pub(crate) use voices::VOICE_MEASURES;
pub use writer::{
    Answer, Custom, Early, Handle, Key, Outcome, Outside, Proposal, Refused, Request, Wait, Waits, Writer, WriterParts,
    start as start_writer,
};
