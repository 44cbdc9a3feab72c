//! The catalogue: items in force, drafts, base items, other nodes' items as fetched.

use tongban_codes::division::DivisionCode;
use tongban_domain::catalogue::{BaseItem, ForeignItem, ItemState, ServiceItem, short_code};

use super::Keyspace;
use super::key::stem;
use crate::{Family, Read, StorageError, WriteBatch};

/// Items in force or withdrawn, by whole code.
pub const ITEM: Keyspace<String, ServiceItem> = Keyspace::new(Family::Rows, 0x04);
/// Drafts, by whole code.
pub const DRAFT: Keyspace<String, ServiceItem> = Keyspace::new(Family::Rows, 0x05);
/// Base items, by base code.
pub const BASE: Keyspace<String, BaseItem> = Keyspace::new(Family::Rows, 0x06);
/// Items of other nodes, by division and whole code.
pub const FOREIGN: Keyspace<(DivisionCode, String), ForeignItem> = Keyspace::new(Family::Rows, 0x07);
/// The first and the last prefix under which items of whichever kind lie.
pub const PREFIXES: (u8, u8) = (0x04, 0x07);
/// Whole codes by short code.
pub const BY_SHORT: Keyspace<(String, String), ()> = Keyspace::new(Family::Index, 0x22);

/// Stores an item where its state says.
pub fn store(batch: &mut WriteBatch, item: &ServiceItem) {
    if item.state == ItemState::Draft {
        DRAFT.put(batch, &item.code, item);
    } else {
        DRAFT.delete(batch, &item.code);
        ITEM.put(batch, &item.code, item);
    }
    BY_SHORT.put(batch, &(item.short_code().to_owned(), item.code.clone()), &());
}

/// Items by whole or short code, at most two; where there is none in force, the draft.
pub fn named(read: &dyn Read, code: &str) -> Result<Vec<ServiceItem>, StorageError> {
    let mut found = Vec::new();
    for ((_, whole), ()) in BY_SHORT.list(read, &stem(&code.to_owned()), None, 2)? {
        let item = match ITEM.load(read, &whole)? {
            Some(item) => Some(item),
            None => DRAFT.load(read, &whole)?,
        };
        found.extend(item);
    }
    Ok(found)
}

/// Another node's item by whole or short code.
pub fn foreign(read: &dyn Read, division: DivisionCode, code: &str) -> Result<Option<ForeignItem>, StorageError> {
    if let Some(item) = FOREIGN.load(read, &(division, code.to_owned()))? {
        return Ok(Some(item));
    }
    let mut found = None;
    FOREIGN.visit(read, &stem(&division), None, false, |(_, whole), item| {
        if short_code(&whole) == code {
            found = Some(item);
            return std::ops::ControlFlow::Break(());
        }
        std::ops::ControlFlow::Continue(())
    })?;
    Ok(found)
}
