//! The federation protocol of tongban, without I/O.
//!
//! Everything here is synchronous and deterministic: time comes in as an argument, chance as a seed, frames as bytes, and
//! what is to be done comes out as values. A driver (in the node: `exchange`, over `tongban-quic`) owns sockets, storage
//! and clocks, and feeds one [`session::Session`] per link and one [`delivery::Inbox`] per node.

pub mod backoff;
pub mod close;
pub mod custody;
pub mod delivery;
pub mod directory;
pub mod drift;
pub mod envelope;
pub mod invite;
pub mod limits;
pub mod receipt;
pub mod route;
pub mod sealed;
pub mod session;
pub mod version;
pub mod why;
pub mod wire;

pub use close::CloseCode;
pub use custody::{Custody, CustodyError};
pub use delivery::{Inbox, InboxFacts, Outbox, Outgoing, Seen, Standing, Verdict};
pub use directory::{AnchorRecord, AuthorityRecord, Certification, Directory, NodeRecord, ShownRoot, SignedRecord};
pub use envelope::{Body, Envelope, EnvelopeId, Flow, StatementError, Subject};
pub use invite::{Invitation, InvitationError};
pub use receipt::{CheckpointRef, Outcome, Receipt};
pub use route::{Hop, Journey, leads_through, next_hop};
pub use sealed::{Sealed, Unseal, UnsealError};
pub use session::{Config, Input, Output, Progress, Role, Session};
pub use version::{FederationLevel, ProtocolVersion, Release, VersionRange, VersionSkew};
pub use why::{Cause, Reason, Way};
