//! How an envelope takes effect once: the sender's and the receiver's halves.
//!
//! The sender ([`Outbox`], one per flow and link) sends again until a receipt is recorded; the receiver ([`Inbox`], one per
//! node) takes each sequence of an (origin, epoch) in its turn, once. Both are volatile. What they forget at a restart is
//! found again in the driver's storage: unreceipted envelopes there, high-water marks and receipts here.

mod inbox;
mod outbox;

pub use inbox::{Inbox, InboxFacts, Seen, Verdict};
pub use outbox::{Load, Outbox, Outgoing, Standing};
