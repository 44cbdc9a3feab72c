//! Which bodies of standards a subordinate needn't have: they travel as their commitments, so that the journal stays whole and verifies.
//!
//! An implementation item's body is needed where a window may collect for it: at the divisions that any of its versions covers, below them,
//! and above them, since from there it goes on. Base items, guides and standards go to everyone.

use std::collections::BTreeMap;

use tongban_codes::division::DivisionCode;
use tongban_domain::catalogue::{Crosswalk, ServiceItem};
use tongban_journal::{Body, Entry, Header, StandardKind};
use tongban_storage::Read;
use tongban_storage::keyspace::item::{VERSION, crosswalk};
use tongban_storage::keyspace::key::stem;

use super::pull::refused;
use crate::engine::Refused;

/// What is remembered while one slice is made.
#[derive(Default)]
pub(super) struct Concerned {
    /// Whether a subordinate needs the bodies of an item, by code.
    items: BTreeMap<String, bool>,
    walk: Option<Crosswalk>,
}

/// The body of an entry of the own journal of standards, as a subordinate of this division gets it.
///
/// # Errors
///
/// When the state can't be read or the body not be parsed.
pub(super) fn for_subordinate(
    read: &dyn Read,
    division: DivisionCode,
    concerned: &mut Concerned,
    entry: &[u8],
    body: Vec<u8>,
) -> Result<Vec<u8>, Refused> {
    let entry = Entry::parse(entry.to_vec()).map_err(|error| refused("journal-damaged", error))?;
    let Ok(Header::Standards(header)) = entry.header() else { return Ok(body) };
    if header.kind != StandardKind::Item {
        return Ok(body);
    }
    let needed = match concerned.items.get(&header.code) {
        Some(needed) => *needed,
        None => {
            let versions = VERSION.list(read, &stem(&header.code), None, usize::MAX)?;
            let walk = match concerned.walk.take() {
                Some(walk) => walk,
                None => crosswalk(read)?,
            };
            // A version that isn't kept is no reason to withhold.
            let needed = versions.is_empty() || versions.iter().any(|(_, item)| concerns(&walk, item, division));
            concerned.walk = Some(walk);
            concerned.items.insert(header.code, needed);
            needed
        }
    };
    if needed {
        return Ok(body);
    }
    let body = Body::parse(&body).map_err(|error| refused("journal-damaged", error))?;
    Ok(body.redacted(|_| false).to_bytes())
}

/// Whether windows of a division, or of one below it, may collect for the item.
fn concerns(walk: &Crosswalk, item: &ServiceItem, division: DivisionCode) -> bool {
    let codes = walk.codes(division);
    let below = |region: &DivisionCode| codes.iter().any(|code| region.is_within(*code));
    walk.covers(item, division) || item.covered.iter().any(below)
}
