//! Authorities, operators, licences, serials.

use tongban_codes::ids::AuthorityId;
use tongban_domain::licence::Licence;
use tongban_domain::{Authority, Operator};

use super::Keyspace;
use crate::Family;

/// Authorities by id.
pub const AUTHORITY: Keyspace<AuthorityId, Authority> = Keyspace::new(Family::Rows, 0x08);
/// Operators by name.
pub const OPERATOR: Keyspace<String, Operator> = Keyspace::new(Family::Rows, 0x09);
/// Licences by identifier.
pub const LICENCE: Keyspace<String, Licence> = Keyspace::new(Family::Rows, 0x0a);
/// The last serial drawn, by scope.
pub const SERIAL: Keyspace<String, u32> = Keyspace::new(Family::Rows, 0x0b);
