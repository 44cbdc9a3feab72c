//! The catalogue: items in force, drafts, base items and their versions, guides, standards, other nodes' items as fetched.

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::Digest;
use tongban_domain::catalogue::{BaseItem, ForeignItem, Guide, ServiceItem, Standard, StandardKind, short_code};

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
/// Guides, by digest.
pub const GUIDE: Keyspace<Digest, GuideRow> = Keyspace::new(Family::Rows, 0x12);
/// Standards, by the number of their kind, code and keeping division.
pub const STANDARD: Keyspace<(u8, String, DivisionCode), Standard> = Keyspace::new(Family::Rows, 0x13);
/// Published versions of this node's items, by whole code and version.
pub const VERSION: Keyspace<(String, u32), ServiceItem> = Keyspace::new(Family::Rows, 0x14);
/// Published versions of base items, by base code and version.
pub const BASE_VERSION: Keyspace<(String, u32), BaseItem> = Keyspace::new(Family::Rows, 0x15);
/// The first and the last prefix under which items of whichever kind lie.
pub const PREFIXES: (u8, u8) = (0x04, 0x07);
/// Whole codes by short code.
pub const BY_SHORT: Keyspace<(String, String), ()> = Keyspace::new(Family::Index, 0x22);

/// A guide, and whether this node has published it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct GuideRow {
    /// The guide.
    #[n(0)]
    pub guide: Guide,
    /// It was published with an item of this node.
    #[n(1)]
    pub released: bool,
}

/// The number of a kind of standards in keys.
#[must_use]
pub fn standard_number(kind: StandardKind) -> u8 {
    match kind {
        StandardKind::Ceiling => 0,
        StandardKind::Topic => 1,
        StandardKind::LifeEvent => 2,
        StandardKind::Entry => 3,
        StandardKind::Policy => 4,
    }
}

/// Stores a standard.
pub fn store_standard(batch: &mut WriteBatch, standard: &Standard) {
    let key = (standard_number(standard.body.kind()), standard.code.clone(), standard.division);
    STANDARD.put(batch, &key, standard);
}

/// Stores a base item; a published version stays beside those that come after it.
pub fn store_base(batch: &mut WriteBatch, base: &BaseItem) {
    let code = base.core.base_code.clone().unwrap_or_default();
    if !base.state.is_draft() {
        let version = BaseItem { in_force: None, ..base.clone() };
        BASE_VERSION.put(batch, &(code.clone(), base.version), &version);
    }
    BASE.put(batch, &code, base);
}

/// Stores an item where its state says; a published version stays beside those that come after it.
pub fn store(batch: &mut WriteBatch, item: &ServiceItem) {
    if item.state.is_draft() {
        DRAFT.put(batch, &item.code, item);
    } else {
        DRAFT.delete(batch, &item.code);
        VERSION.put(batch, &(item.code.clone(), item.version), item);
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
