//! Rows of the catalogue as entries of the index.

use tongban_codes::division::DivisionCode;
use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;
use tongban_domain::catalogue::{BaseItem, ItemState, ServiceItem};
use tongban_search::{Entry, Kind};
use tongban_storage::keyspace::item;
use tongban_storage::{Read, StorageError};

/// A base item as it is in force, if it is.
pub(super) fn base(row: &BaseItem) -> Option<Entry> {
    let published = row.published()?;
    let code = published.core.base_code.clone()?;
    Some(Entry {
        kind: Kind::Base,
        short_code: code.clone(),
        base_code: None,
        code,
        division: published.division,
        name: published.core.name.clone(),
        main_item: String::new(),
        item_type: published.core.item_type.clone(),
        department: published.department.clone(),
        keywords: Vec::new(),
        core: published.core.digest(),
        origin: published.node,
        as_of: None,
    })
}

/// An item that is published, as a node states it.
pub(super) fn implementation(row: &ServiceItem, origin: NodeId, as_of: Option<Timestamp>) -> Option<Entry> {
    (row.state == ItemState::Published).then(|| Entry {
        kind: Kind::Item,
        code: row.code.clone(),
        short_code: row.short_code().to_owned(),
        base_code: row.core.base_code.clone(),
        division: row.division,
        name: row.core.name.clone(),
        main_item: row.main_item.clone(),
        item_type: row.core.item_type.clone(),
        department: row.department.clone(),
        keywords: Vec::new(),
        core: row.core.digest(),
        origin,
        as_of,
    })
}

/// What the state says about an entry now: the node's own item goes before what it has fetched.
pub(super) fn entry(
    read: &dyn Read,
    me: NodeId,
    kind: Kind,
    code: &str,
    division: DivisionCode,
) -> Result<Option<Entry>, StorageError> {
    let code = code.to_owned();
    if kind == Kind::Base {
        let found = item::BASE.load(read, &code)?.as_ref().and_then(base);
        return Ok(found.filter(|entry| entry.division == division));
    }
    if let Some(own) = item::ITEM.load(read, &code)?.filter(|own| own.division == division) {
        return Ok(implementation(&own, me, None));
    }
    let foreign = item::FOREIGN.load(read, &(division, code))?;
    Ok(foreign.and_then(|row| implementation(&row.item, row.node, Some(row.as_of))))
}
