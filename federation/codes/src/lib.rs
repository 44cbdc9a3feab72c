//! National codes, identifiers, time and the working-day calendar of tongban; pure.
//!
//! Every code is parsed into a type that cannot hold an invalid one, and a value that fails says which
//! character is wrong and what was expected, in English and Chinese. Nothing here reads a clock, draws
//! randomness or does I/O; the division table and the working-day calendar are embedded.

pub mod calendar;
pub mod cbor;
pub mod check;
pub mod citizen_id;
pub mod credit_code;
#[cfg(feature = "deliberate-bugs")]
pub mod deliberate;
pub mod division;
pub mod fault;
pub mod ids;
pub mod iso7064;
pub mod item_code;
pub mod licence_id;
mod text;
pub mod time;

pub use calendar::{Calendar, CalendarError, Due};
pub use cbor::CborError;
pub use check::{CheckResult, Reason, check, check_on};
pub use citizen_id::CitizenId;
pub use credit_code::{CreditCode, OrganisationCode};
pub use division::{Division, DivisionCode, Level};
pub use fault::{Fault, InvalidCode, Kind};
pub use ids::{AuthorityId, CaseId, Digest, Label, NodeId, QueryCode};
pub use item_code::{BasicCode, ExerciseLevel, ImplementationCode, ItemCode, ItemType, LocalItemCode, PermitItemCode};
pub use licence_id::{LicenceId, LicenceTypeCode};
pub use time::{Date, Month, Timestamp};
