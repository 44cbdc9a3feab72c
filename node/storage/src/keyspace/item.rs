//! The catalogue: items in force, drafts, base items and their versions, guides, standards, other nodes' items as fetched.

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::Digest;
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::catalogue::{
    BaseItem, Bound, Crosswalk, Decline, ForeignItem, Guide, ItemState, ServiceItem, Standard, StandardKind, Successor,
    going_on, short_code,
};
use tongban_domain::{Due, DueKind};

use super::key::stem;
use super::{Keyspace, Overlay};
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
/// Published versions that wait for their day beside the one in force, by whole code and version.
pub const WAITING: Keyspace<(String, u32), ServiceItem> = Keyspace::new(Family::Rows, 0x18);
/// What divisions that decline a base item said last, by base code and division: this node's and its subordinates'.
pub const DECLINED: Keyspace<(String, DivisionCode), Decline> = Keyspace::new(Family::Rows, 0x19);
/// What is bound to a base item, here and at other nodes, by base code, division and whole code.
pub const BOUND: Keyspace<(String, DivisionCode, String), Bound> = Keyspace::new(Family::Index, 0x26);
/// Items that have a successor, by its code and their own.
pub const SUCCEEDS: Keyspace<(String, String), ()> = Keyspace::new(Family::Index, 0x27);
/// What the calendar does to items, by moment, number of `ItemDue`, code and version.
pub const DUE: Keyspace<(Timestamp, u8, String, u32), ()> = Keyspace::new(Family::Queue, 0x36);
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
        StandardKind::Division => 5,
    }
}

/// Stores a standard.
pub fn store_standard(batch: &mut WriteBatch, standard: &Standard) {
    let key = (standard_number(standard.body.kind()), standard.code.clone(), standard.division);
    STANDARD.put(batch, &key, standard);
}

/// What falls due of an item; at one moment in this order, so that a version begins before the last day of the one before is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum ItemDue {
    Begins = 0,
    Ends = 1,
    BaseEnds = 2,
}

/// The moment after a last day.
fn end(last: Option<Date>) -> Option<Timestamp> {
    last.map(|last| last.next_day().start())
}

fn ends(item: &ServiceItem) -> Option<Timestamp> {
    end(item.cancel.filter(|_| item.state != ItemState::Withdrawn))
}

/// Moves an index key of something due.
fn redate(batch: &mut WriteBatch, kind: ItemDue, code: &str, before: Option<Timestamp>, after: Option<Timestamp>) {
    if before == after {
        return;
    }
    if let Some(at) = before {
        DUE.delete(batch, &(at, kind as u8, code.to_owned(), 0));
    }
    if let Some(at) = after {
        DUE.put(batch, &(at, kind as u8, code.to_owned(), 0), &());
    }
}

/// Stores a base item of another node. Where it comes over one that this node kept, that one's last day is no day of this node any more.
pub fn store_base(over: &mut Overlay<'_>, base: &BaseItem) -> Result<(), StorageError> {
    let code = base.core.base_code.clone().unwrap_or_default();
    let known = BASE.load(over, &code)?;
    redate(over.batch, ItemDue::BaseEnds, &code, known.as_ref().and_then(base_end), None);
    keep_base(over.batch, known.as_ref(), base);
    Ok(())
}

/// When a base item that this node keeps ends.
fn base_end(base: &BaseItem) -> Option<Timestamp> {
    end(base.published().and_then(|published| published.cancel))
}

/// What takes the place of a base item, whether or not a draft of its next version lies over it.
#[must_use]
pub fn base_successor(base: &BaseItem) -> Option<&Successor> {
    base.standing().unwrap_or(base).successor.as_ref()
}

/// Moves the index key of what takes an item's place.
fn succeed(batch: &mut WriteBatch, code: &str, before: Option<&Successor>, after: Option<&Successor>) {
    let key = |successor: &Successor| (successor.code.clone(), code.to_owned());
    if let Some(before) = before.filter(|before| after.is_none_or(|after| after.code != before.code)) {
        SUCCEEDS.delete(batch, &key(before));
    }
    if let Some(after) = after {
        SUCCEEDS.put(batch, &key(after), &());
    }
}

/// A published version stays beside those that come after it.
fn keep_base(batch: &mut WriteBatch, known: Option<&BaseItem>, base: &BaseItem) {
    let code = base.core.base_code.clone().unwrap_or_default();
    succeed(batch, &code, known.and_then(base_successor), base_successor(base));
    if !base.state.is_draft() {
        let version = BaseItem { in_force: None, ..base.clone() };
        BASE_VERSION.put(batch, &(code.clone(), base.version), &version);
    }
    BASE.put(batch, &code, base);
}

/// Stores a base item that this node keeps: it ends here after its last day.
pub fn store_own_base(over: &mut Overlay<'_>, base: &BaseItem) -> Result<(), StorageError> {
    let code = base.core.base_code.clone().unwrap_or_default();
    let known = BASE.load(over, &code)?;
    redate(over.batch, ItemDue::BaseEnds, &code, known.as_ref().and_then(base_end), base_end(base));
    keep_base(over.batch, known.as_ref(), base);
    Ok(())
}

/// Stores an item where its state says; a published version stays beside those that come after it.
///
/// A draft goes when it is what was published, when it is taken back (the version in force is stored as it is) and when the item is
/// withdrawn; it stays when a version that had waited begins, and when the version in force is suspended or resumed, or is given a last day
/// or a successor. Versions that wait go when one of a higher number is published, and when the item is withdrawn.
pub fn store(over: &mut Overlay<'_>, item: &ServiceItem) -> Result<(), StorageError> {
    let code = &item.code;
    BY_SHORT.put(over.batch, &(item.short_code().to_owned(), code.clone()), &());
    if item.state.is_draft() {
        DRAFT.put(over.batch, code, item);
        return Ok(());
    }
    let known = ITEM.load(over, code)?;
    let waiting = waiting(over, code)?;
    let draft = DRAFT.load(over, code)?;
    let begins = waiting.iter().any(|waiting| waiting.version == item.version);
    let withdrawn = item.state == ItemState::Withdrawn;
    // The version in force is stored again when it is suspended or resumed, gets a last day or a successor.
    let again = known.as_ref().is_some_and(|known| known.version == item.version);
    let published = !begins && !again && draft.is_some_and(|draft| draft.version < item.version);
    if withdrawn || published || known.as_ref() == Some(item) {
        DRAFT.delete(over.batch, code);
    }
    for waiting in waiting.iter().filter(|waiting| withdrawn || waiting.version <= item.version) {
        unwait(over.batch, waiting);
    }
    redate(over.batch, ItemDue::Ends, code, known.as_ref().and_then(ends), ends(item));
    bind(over.batch, known.as_ref(), item);
    let before = known.as_ref().and_then(|known| known.successor.as_ref());
    succeed(over.batch, code, before, item.successor.as_ref());
    VERSION.put(over.batch, &(code.clone(), item.version), item);
    ITEM.put(over.batch, code, item);
    Ok(())
}

/// Stores a version that waits; it takes the place of those that would begin no earlier.
pub fn store_waiting(over: &mut Overlay<'_>, item: &ServiceItem) -> Result<(), StorageError> {
    for waiting in waiting(over, &item.code)? {
        if waiting.version <= item.version && waiting.effective >= item.effective {
            unwait(over.batch, &waiting);
        }
    }
    BY_SHORT.put(over.batch, &(item.short_code().to_owned(), item.code.clone()), &());
    DRAFT.delete(over.batch, &item.code);
    VERSION.put(over.batch, &(item.code.clone(), item.version), item);
    WAITING.put(over.batch, &(item.code.clone(), item.version), item);
    if let Some(begins) = item.effective {
        let key = (begins.start(), ItemDue::Begins as u8, item.code.clone(), item.version);
        DUE.put(over.batch, &key, &());
    }
    Ok(())
}

/// Takes a version that waits back, or the draft where the number is 0.
pub fn take_back(over: &mut Overlay<'_>, code: &str, version: u32) -> Result<(), StorageError> {
    if version == 0 {
        DRAFT.delete(over.batch, &code.to_owned());
    } else if let Some(waiting) = WAITING.load(over, &(code.to_owned(), version))? {
        unwait(over.batch, &waiting);
    }
    Ok(())
}

fn unwait(batch: &mut WriteBatch, waiting: &ServiceItem) {
    WAITING.delete(batch, &(waiting.code.clone(), waiting.version));
    if let Some(begins) = waiting.effective {
        DUE.delete(batch, &(begins.start(), ItemDue::Begins as u8, waiting.code.clone(), waiting.version));
    }
}

/// Versions of an item that wait, by number.
pub fn waiting(read: &dyn Read, code: &str) -> Result<Vec<ServiceItem>, StorageError> {
    let all = WAITING.list(read, &stem(&code.to_owned()), None, usize::MAX)?;
    Ok(all.into_iter().map(|(_, item)| item).collect())
}

/// Keeps the summary of an item under its base item, and not under the one of before.
fn bind(batch: &mut WriteBatch, known: Option<&ServiceItem>, item: &ServiceItem) {
    let key = |base_code: String| (base_code, item.division, item.code.clone());
    let before = known.and_then(|known| known.core.base_code.clone());
    match Bound::of(item) {
        Some((base_code, bound)) => {
            if let Some(before) = before.filter(|before| *before != base_code) {
                BOUND.delete(batch, &key(before));
            }
            BOUND.put(batch, &key(base_code), &bound);
        }
        None => {
            if let Some(before) = before {
                BOUND.delete(batch, &key(before));
            }
        }
    }
}

/// Stores another node's item, unless a later version of it is known.
pub fn store_foreign(over: &mut Overlay<'_>, foreign: &ForeignItem) -> Result<(), StorageError> {
    let key = (foreign.item.division, foreign.item.code.clone());
    let known = FOREIGN.load(over, &key)?;
    if known.as_ref().is_some_and(|known| known.node == foreign.node && known.item.version > foreign.item.version) {
        return Ok(());
    }
    bind(over.batch, known.as_ref().map(|known| &known.item), &foreign.item);
    let before = known.as_ref().and_then(|known| known.item.successor.as_ref());
    succeed(over.batch, &foreign.item.code, before, foreign.item.successor.as_ref());
    FOREIGN.put(over.batch, &key, foreign);
    Ok(())
}

/// Stores what a division said about claiming a base item, unless it said something later.
pub fn store_declined(over: &mut Overlay<'_>, decline: &Decline) -> Result<(), StorageError> {
    let key = (decline.base_code.clone(), decline.division);
    let later =
        DECLINED.load(over, &key)?.is_some_and(|known| known.node == decline.node && known.version > decline.version);
    if !later {
        DECLINED.put(over.batch, &key, decline);
    }
    Ok(())
}

/// What a key of [`DUE`] says.
pub(super) fn due_of(at: Timestamp, kind: u8, code: String, version: u32) -> Due {
    let kind = match kind {
        0 => DueKind::ItemBegins(code, version),
        1 => DueKind::ItemEnds(code),
        _ => DueKind::BaseItemEnds(code),
    };
    Due { at, kind }
}

/// Items by whole or short code, those that go on ([`going_on`]); where there is none in force, the draft.
pub fn named(read: &dyn Read, code: &str) -> Result<Vec<ServiceItem>, StorageError> {
    let mut found = Vec::new();
    for ((_, whole), ()) in BY_SHORT.list(read, &stem(&code.to_owned()), None, usize::MAX)? {
        let item = match ITEM.load(read, &whole)? {
            Some(item) => Some(item),
            None => DRAFT.load(read, &whole)?,
        };
        found.extend(item);
    }
    // Under a short code that several share, a draft stands for nothing beside what is in force.
    if found.iter().any(|item| !item.state.is_draft() && item.state != ItemState::Withdrawn) {
        found.retain(|item| !item.state.is_draft());
    }
    Ok(going_on(found))
}

/// Another node's item by whole or short code; of several that one short code names the one that goes on.
pub fn foreign(read: &dyn Read, division: DivisionCode, code: &str) -> Result<Option<ForeignItem>, StorageError> {
    if let Some(item) = FOREIGN.load(read, &(division, code.to_owned()))? {
        return Ok(Some(item));
    }
    let mut found: Vec<ForeignItem> = Vec::new();
    FOREIGN.visit(read, &stem(&division), None, false, |(_, whole), item| {
        if short_code(&whole) == code {
            found.push(item);
        }
        std::ops::ControlFlow::Continue(())
    })?;
    let goes_on = going_on(found.iter().map(|foreign| foreign.item.clone()).collect()).into_iter().next();
    Ok(goes_on.and_then(|item| found.into_iter().find(|foreign| foreign.item.code == item.code)))
}

/// The cross-walk of codes of divisions, as far as it is known here.
///
/// # Errors
///
/// When the state can't be read.
pub fn crosswalk(read: &dyn Read) -> Result<Crosswalk, StorageError> {
    let lines = STANDARD.list(read, &stem(&standard_number(StandardKind::Division)), None, usize::MAX)?;
    Ok(Crosswalk::of(lines.into_iter().map(|(_, standard)| standard)))
}
