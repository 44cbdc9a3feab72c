//! What was sealed last of each item: in the own journal of standards, and in the slices of others' that were pulled.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Digest, NodeId};
use tongban_codes::time::{Date, Timestamp};
use tongban_domain::catalogue::{BaseItem, ServiceItem};
use tongban_journal::{Body, Entry, Frontier, Header, Slice, StandardHeader, StandardKind, View};
use tongban_seal::SignedNote;
use tongban_storage::Read;
use tongban_storage::keyspace::figure::SLICE;
use tongban_storage::keyspace::journal::ENTRY;
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::{Bytes, meta};

use crate::engine::{FIELD_STANDARD, Refused, STANDARDS};
use crate::exchange::knowledge::Knowledge;

/// An item as it was last sealed.
pub(super) struct SealedItem {
    /// Base code, where it has one.
    pub(super) base: Option<String>,
    pub(super) core: Digest,
    pub(super) version: u32,
    pub(super) withdrawn: bool,
    pub(super) effective: Option<Date>,
    pub(super) keeper: DivisionCode,
    pub(super) at: Timestamp,
    /// The item in the encoding of this release; absent where its body was withheld.
    pub(super) bytes: Option<Vec<u8>>,
}

/// What was sealed.
pub(super) struct SealedItems {
    /// This node's items, by code.
    pub(super) items: BTreeMap<String, SealedItem>,
    /// Base items, by the node that keeps them and base code.
    pub(super) bases: BTreeMap<(NodeId, String), SealedItem>,
    /// Whether the own journal of standards leads to its sealed checkpoint.
    pub(super) whole: bool,
}

fn damaged(text: impl std::fmt::Display) -> Refused {
    Refused::problem("journal-damaged", text.to_string(), text.to_string())
}

/// The value in the encoding of this release, so that what an older one wrote is the same.
fn encoded<T: Encode<()> + for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Option<Vec<u8>> {
    minicbor::decode::<T>(bytes).map(|value| tongban_codes::cbor::to_vec(&value)).ok()
}

/// A base item without the version that holds until it begins: that one was sealed by itself.
fn released(bytes: &[u8]) -> Option<Vec<u8>> {
    let base: BaseItem = minicbor::decode(bytes).ok()?;
    Some(tongban_codes::cbor::to_vec(&BaseItem { in_force: None, ..base }))
}

impl SealedItem {
    fn of(header: &StandardHeader, entry: &Entry, body: &[u8]) -> Result<Self, Refused> {
        let body = Body::parse(body).map_err(damaged)?;
        let view = body.verify(entry).map_err(damaged)?;
        let bytes = match (view.field(FIELD_STANDARD), header.kind) {
            // What a later release wrote may not be readable here: then the header alone is compared.
            (View::Open(bytes), StandardKind::BaseItem) => released(bytes),
            (View::Open(bytes), StandardKind::Item) => encoded::<ServiceItem>(bytes),
            _ => None,
        };
        Ok(Self {
            base: header.base_code.clone(),
            core: header.core,
            version: header.version,
            withdrawn: header.withdrawn,
            effective: header.effective_from,
            keeper: header.division,
            at: header.at,
            bytes,
        })
    }
}

/// Reads the last word on every item; what a journal says of a kind that this release doesn't know is passed over.
pub(super) fn read(knowledge: &Knowledge, read: &dyn Read) -> Result<SealedItems, Refused> {
    let me = knowledge.here().node;
    let mut sealed = SealedItems { items: BTreeMap::new(), bases: BTreeMap::new(), whole: true };
    own(knowledge, read, me, &mut sealed)?;
    // What comes from below is counted there, and no row here holds to it.
    let pulled = meta::PULLED.list(read, &[], None, usize::MAX)?.into_iter();
    let above = pulled.filter(|((origin, journal, _), _)| *journal == STANDARDS && !knowledge.is_subordinate(origin));
    let mut slices = Vec::new();
    for ((origin, journal, epoch), _) in above {
        slices.extend(SLICE.list(read, &stem(&(origin, journal, epoch)), None, usize::MAX)?);
    }
    for ((origin, ..), row) in slices {
        let slice = Slice::parse(&knowledge.parts.blobs.load(&row.digest)?).map_err(damaged)?;
        for record in slice.entries {
            let entry = Entry::parse(record.entry).map_err(damaged)?;
            if let Ok(Header::Standards(header)) = entry.header()
                && header.kind == StandardKind::BaseItem
            {
                let item = SealedItem::of(&header, &entry, &record.body)?;
                sealed.bases.insert((origin, header.code), item);
            }
        }
    }
    Ok(sealed)
}

/// The own journal: the last word on each item, and whether its entries are those under the checkpoint.
fn own(knowledge: &Knowledge, read: &dyn Read, me: NodeId, sealed: &mut SealedItems) -> Result<(), Refused> {
    let checkpoint = match meta::CHECKPOINT.load(read, &STANDARDS)? {
        None => None,
        Some(Bytes(note)) => {
            let verified =
                SignedNote::parse(&note).and_then(|note| note.verify(&[knowledge.parts.keys.seal.public_key()]));
            sealed.whole = verified.is_ok();
            verified.ok()
        }
    };
    let (mut frontier, mut last) = (Frontier::new(), BTreeMap::new());
    let mut root = (checkpoint.is_some_and(|checkpoint| checkpoint.size == 0)).then(|| frontier.root());
    ENTRY.visit(read, &stem(&STANDARDS), None, false, |(_, index), row| {
        sealed.whole &= index == frontier.size();
        if let Ok(entry) = Entry::parse(row.entry) {
            frontier.append(entry.leaf());
            if let Ok(Header::Standards(header)) = entry.header() {
                last.insert((header.kind, header.code.clone()), (header, entry, row.body));
            }
        } else {
            sealed.whole = false;
        }
        if checkpoint.is_some_and(|checkpoint| checkpoint.size == frontier.size()) {
            root = Some(frontier.root());
        }
        ControlFlow::Continue(())
    })?;
    if let Some(checkpoint) = checkpoint {
        sealed.whole &= root == Some(checkpoint.root);
    }
    for ((kind, code), (header, entry, body)) in last {
        match SealedItem::of(&header, &entry, &body) {
            Ok(item) if kind == StandardKind::BaseItem => drop(sealed.bases.insert((me, code), item)),
            Ok(item) if kind == StandardKind::Item => drop(sealed.items.insert(code, item)),
            Ok(_) => {}
            // The body isn't the one that was sealed.
            Err(_) => sealed.whole = false,
        }
    }
    Ok(())
}
