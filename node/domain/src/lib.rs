//! The law of the hall as pure functions.
//!
//! [`decide`](decide()) takes the [`Facts`] that storage has gathered, a [`Command`] and the effective time, and answers with a
//! [`Change`] or a lawful [`Rejection`]. Nothing here reads a clock, a disk, a network or a random source: time is an argument, and
//! what needs chance or a key comes through the [`Desk`]. So the same facts, command, desk and time give the same change.
//!
//! Events carry the row that they result in. Whoever replays the log only stores rows and never decides again.

mod actor;
pub mod application;
mod authority;
pub mod case;
pub mod catalogue;
mod change;
mod command;
pub mod connector;
mod decide;
pub mod earlier;
mod facts;
pub mod licence;
pub mod limit;
mod naming;
pub mod pledge;
mod rejection;
mod rights;
mod staff;
pub mod supervision;
pub mod tables;
mod tick;
pub mod uniform;
pub mod voice;
pub mod work;

pub use actor::{Actor, MANDATE_ALL, Mandate, Operator, Role};
pub use authority::{Authority, AuthoritySuccessor, CodeAlias, DatedCode, LicenceType, SharedQuota};
pub use change::{Change, Document, Event, Notice, NoticeBody, Reply, Sealer};
pub use command::{Agent, Applicant, Command, Identity, Origin, Witness};
pub use decide::decide;
pub use facts::{Desk, Due, DueKind, Facts, NodeFacts, Place, Places};
pub use rejection::{Rejection, codes};
