//! The leaves of this node: its rows, each held against what was sealed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use tongban_codes::cbor;
use tongban_codes::ids::{Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::catalogue::{BaseItem, CodeList as _, ItemState, ServiceItem};
use tongban_federation::drift::{Holding, Leaf, SealedOtherwise, WholeItem};
use tongban_federation::wire::{ItemName, JournalSize};
use tongban_storage::Read;
use tongban_storage::keyspace::{Bytes, item, meta};

use super::sealed::{self, SealedItem, SealedItems};
use crate::engine::{Refused, STANDARDS};
use crate::exchange::knowledge::Knowledge;

/// Sizes of the journals of standards: released rows change with them alone.
pub(super) type Stamp = Vec<JournalSize>;

/// What a node holds.
pub(super) struct Held {
    /// Its leaves.
    pub(super) holding: Arc<Holding>,
    /// When each item was last sealed.
    pub(super) sealed_at: BTreeMap<ItemName, Timestamp>,
    /// How far it has the journals of standards, its own too.
    pub(super) standards: Stamp,
}

/// How far the journals of standards are here, the own first; those from below change no row that is compared.
fn stamp(knowledge: &Knowledge, read: &dyn Read) -> Result<Stamp, Refused> {
    let mut sizes = Vec::new();
    if let Some(Bytes(bytes)) = meta::FRONTIER.load(read, &STANDARDS)?
        && let Ok(frontier) = minicbor::decode::<tongban_journal::Frontier>(&bytes)
    {
        let origin = knowledge.here().node;
        sizes.push(JournalSize { origin, journal: STANDARDS, epoch: knowledge.epoch, size: frontier.size() });
    }
    for ((origin, journal, epoch), row) in meta::PULLED.list(read, &[], None, usize::MAX)? {
        if journal == STANDARDS && !knowledge.is_subordinate(&origin) {
            sizes.push(JournalSize { origin, journal, epoch, size: row.size });
        }
    }
    Ok(sizes)
}

/// What this node holds now.
///
/// # Errors
///
/// When state, journal or slices can't be read.
pub(super) fn held(knowledge: &Knowledge) -> Result<Arc<Held>, Refused> {
    let snapshot = knowledge.parts.backend.snapshot()?;
    let stamp = stamp(knowledge, &*snapshot)?;
    let remembered = knowledge.drift.change(|memory| memory.held.clone());
    if let Some((known, held)) = remembered
        && known == stamp
    {
        return Ok(held);
    }
    let _reading = knowledge.drift.reading();
    // Another may have done it meanwhile.
    let remembered = knowledge.drift.change(|memory| memory.held.clone());
    if let Some((_, held)) = remembered.filter(|(known, _)| *known == stamp) {
        return Ok(held);
    }
    let held = Arc::new(from_rows(knowledge, &*snapshot, stamp.clone())?);
    knowledge.drift.change(|memory| memory.held = Some((stamp, Arc::clone(&held))));
    Ok(held)
}

/// What the row of a base item has released, beside which a draft may stand.
fn released(row: BaseItem) -> Option<BaseItem> {
    let released = if row.state.is_draft() { row.in_force.map(|in_force| *in_force) } else { Some(row) };
    released.map(|base| BaseItem { in_force: None, ..base })
}

/// The same, where the draft stands over what is withdrawn or suspended: then it is among the versions.
fn released_before(read: &dyn Read, code: &str, sealed: &SealedItem) -> Result<Option<BaseItem>, Refused> {
    Ok(item::BASE_VERSION.load(read, &(code.to_owned(), sealed.version))?)
}

fn base_leaf(name: ItemName, base: &BaseItem) -> Leaf {
    Leaf {
        name,
        core: base.core.digest(),
        version: base.version,
        withdrawn: base.state == ItemState::Withdrawn,
        effective: base.effective,
        row: Some(Digest::of(&cbor::to_vec(base))),
        sealed: None,
        keeper: Some(base.division),
        reason: None,
    }
}

fn item_leaf(code: String, item: &ServiceItem) -> Leaf {
    Leaf {
        name: ItemName { base: item.core.base_code.clone(), code: Some(code) },
        core: item.core.digest(),
        version: item.version,
        withdrawn: item.state == ItemState::Withdrawn,
        effective: item.effective,
        row: Some(Digest::of(&cbor::to_vec(item))),
        sealed: None,
        keeper: None,
        reason: item.difference.as_ref().map(|difference| difference.reason.name().to_owned()),
    }
}

/// Says in the leaf what was sealed, where that is something else than the row.
fn hold_against(leaf: &mut Leaf, sealed: Option<&SealedItem>) {
    let same = match sealed {
        None => false,
        Some(SealedItem { bytes: Some(bytes), .. }) => leaf.row == Some(Digest::of(bytes)),
        Some(header) => {
            (leaf.core, leaf.version, leaf.withdrawn, leaf.effective)
                == (header.core, header.version, header.withdrawn, header.effective)
        }
    };
    if !same {
        let digest = sealed.map(|sealed| sealed.bytes.as_deref().map_or(sealed.core, Digest::of));
        leaf.sealed = Some(SealedOtherwise { digest });
    }
}

/// The leaf of what was sealed and isn't in the rows.
fn lost_leaf(name: ItemName, sealed: &SealedItem) -> Leaf {
    let digest = Some(sealed.bytes.as_deref().map_or(sealed.core, Digest::of));
    Leaf {
        keeper: name.code.is_none().then_some(sealed.keeper),
        name,
        core: sealed.core,
        version: sealed.version,
        withdrawn: sealed.withdrawn,
        effective: sealed.effective,
        row: None,
        sealed: Some(SealedOtherwise { digest }),
        reason: None,
    }
}

/// Leaves in the making.
#[derive(Default)]
struct Leaves {
    leaves: Vec<Leaf>,
    sealed_at: BTreeMap<ItemName, Timestamp>,
}

impl Leaves {
    fn keep(&mut self, leaf: Leaf, sealed: Option<&SealedItem>) {
        if let Some(sealed) = sealed {
            self.sealed_at.insert(leaf.name.clone(), sealed.at);
        }
        self.leaves.push(leaf);
    }
}

fn from_rows(knowledge: &Knowledge, read: &dyn Read, standards: Stamp) -> Result<Held, Refused> {
    let SealedItems { mut items, mut bases, whole } = sealed::read(knowledge, read)?;
    let mut leaves = Leaves::default();
    let mut rows = Vec::new();
    item::BASE.visit(read, &[], None, false, |code, row| {
        rows.push((code, row.node, released(row)));
        ControlFlow::Continue(())
    })?;
    let mut known = BTreeSet::new();
    for (code, node, mut row) in rows {
        let sealed = bases.remove(&(node, code.clone()));
        // The key is what it is found by, whatever the row says.
        let name = ItemName { base: Some(code.clone()), code: None };
        if let (None, Some(sealed)) = (&row, &sealed) {
            row = released_before(read, &code, sealed)?;
        }
        match (row, &sealed) {
            (Some(base), _) => {
                let mut leaf = base_leaf(name, &base);
                hold_against(&mut leaf, sealed.as_ref());
                leaves.keep(leaf, sealed.as_ref());
            }
            (None, Some(sealed)) => leaves.keep(lost_leaf(name, sealed), Some(sealed)),
            (None, None) => {}
        }
        known.insert(code);
    }
    // Another's word on a base item that a superior keeps as well isn't kept here, nor what was withheld.
    for ((_, code), sealed) in
        bases.into_iter().filter(|((_, code), sealed)| !known.contains(code) && sealed.bytes.is_some())
    {
        leaves.keep(lost_leaf(ItemName { base: Some(code), code: None }, &sealed), Some(&sealed));
    }
    item::ITEM.visit(read, &[], None, false, |code, row| {
        let sealed = items.remove(&code);
        let mut leaf = item_leaf(code, &row);
        hold_against(&mut leaf, sealed.as_ref());
        leaves.keep(leaf, sealed.as_ref());
        ControlFlow::Continue(())
    })?;
    for (code, sealed) in items {
        leaves.keep(lost_leaf(ItemName { base: sealed.base.clone(), code: Some(code) }, &sealed), Some(&sealed));
    }
    let Leaves { leaves, sealed_at } = leaves;
    Ok(Held { holding: Arc::new(Holding::new(leaves, whole)), sealed_at, standards })
}

/// The whole items of some names, at least one and no further from so many bytes on: the row, and what was sealed where the leaf says that it is something else.
///
/// # Errors
///
/// When they can't be read.
pub(super) fn whole(
    knowledge: &Knowledge,
    held: &Held,
    names: &[ItemName],
    bytes_max: usize,
) -> Result<Vec<WholeItem>, Refused> {
    let snapshot = knowledge.parts.backend.snapshot()?;
    let otherwise = |name: &ItemName| held.holding.leaf(name).is_some_and(|leaf| leaf.sealed.is_some());
    let sealed = match names.iter().any(otherwise) {
        true => {
            let _reading = knowledge.drift.reading();
            Some(sealed::read(knowledge, &*snapshot)?)
        }
        false => None,
    };
    let (mut wholes, mut bytes) = (Vec::new(), 0);
    for name in names {
        if bytes >= bytes_max {
            break;
        }
        let (row, node) = match (&name.base, &name.code) {
            (_, Some(code)) => (item::ITEM.load(&*snapshot, code)?.map(|row| cbor::to_vec(&row)), None),
            (Some(code), None) => {
                let row = item::BASE.load(&*snapshot, code)?;
                let node = row.as_ref().map(|row| row.node);
                let version = held.holding.leaf(name).map_or(0, |leaf| leaf.version);
                let row = match row.map(released) {
                    Some(None) => item::BASE_VERSION.load(&*snapshot, &(code.clone(), version))?,
                    row => row.flatten(),
                };
                (row.map(|row| cbor::to_vec(&row)), node)
            }
            (None, None) => continue,
        };
        let found = sealed.as_ref().filter(|_| otherwise(name)).and_then(|sealed| match (&name.base, &name.code) {
            (_, Some(code)) => sealed.items.get(code),
            (Some(code), None) => {
                let of = |node: &NodeId| sealed.bases.get(&(*node, code.clone()));
                node.as_ref().and_then(of).or_else(|| {
                    sealed.bases.iter().find(|((_, known), _)| node.is_none() && known == code).map(|(_, found)| found)
                })
            }
            (None, None) => None,
        });
        let sealed_at = held.sealed_at.get(name).copied();
        let sealed = found.and_then(|found| found.bytes.clone());
        bytes += [&row, &sealed].into_iter().flatten().map(Vec::len).sum::<usize>();
        wholes.push(WholeItem { name: name.clone(), row, sealed, sealed_at });
    }
    Ok(wholes)
}
