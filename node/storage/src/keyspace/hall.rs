//! Authorities, operators, licences, serials.

use tongban_codes::ids::{AuthorityId, CaseId};
use tongban_domain::licence::Licence;
use tongban_domain::work::HandOver;
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
/// Lists of what operators handed over, by id; the sealed list lies with the documents.
pub const HAND_OVER: Keyspace<CaseId, HandOver> = Keyspace::new(Family::Rows, 0x1e);
