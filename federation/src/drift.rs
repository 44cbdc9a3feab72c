//! Drift: whether another node holds the same standards, and where it doesn't.
//!
//! A node's *holding* is every released item in its rows, base items and those that carry them out, as [`Leaf`]s in 256 buckets. A bucket
//! has a hash over its leaves, the holding a root over the bucket hashes. Whoever compares asks for the root, and only where that is another
//! than he expects for the 256 hashes (8 KB), then for the leaves of the buckets that are others, then for the items that differ:
//!
//! ```text
//!   next ── root ──▶ as expected: done
//!             └────▶ list ──▶ no bucket is another: done
//!                      └────▶ leaves of those that are, until all are there: done
//! ```
//!
//! Every answer is held against the one before: the list leads to the root, a bucket to its hash, an item to its leaf. So an answer may
//! be old or refused, but not made up piece by piece. What a node says of itself stays its own word: it is sealed by it.

mod comparing;
mod judge;

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use tongban_codes::{
    cbor,
    division::DivisionCode,
    ids::Digest,
    time::{Date, Timestamp},
};

use crate::wire::{ItemName, JournalSize};
pub use comparing::{Compared, Comparing, DriftError, Known, Step};
pub use judge::{Duty, Finding, Kind, Terms, judge};

/// Number of buckets.
pub const BUCKETS: usize = 256;

/// A released item as a node's rows have it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Leaf {
    /// Which item.
    #[n(0)]
    pub name: ItemName,
    /// Digest of name, base code, type and legal basis.
    #[n(1)]
    pub core: Digest,
    /// Published version, from 1.
    #[n(2)]
    pub version: u32,
    /// Whether it has been withdrawn.
    #[n(3)]
    pub withdrawn: bool,
    /// First day in force.
    #[n(4)]
    pub effective: Option<Date>,
    /// Digest of the whole item as the rows have it; absent when they lack what the node's journal has.
    #[n(5)]
    pub row: Option<Digest>,
    /// What the node's own sealed journal has instead, where that is something else.
    #[n(6)]
    pub sealed: Option<SealedOtherwise>,
    /// Division of the node that keeps it, of a base item.
    #[n(7)]
    pub keeper: Option<DivisionCode>,
    /// Code of the lawful reason for which the core may differ, where one was given.
    #[n(8)]
    pub reason: Option<String>,
}

/// A row isn't what the node's own sealed journal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SealedOtherwise {
    /// Digest of the item as last sealed; absent when it was never.
    #[n(0)]
    pub digest: Option<Digest>,
}

/// The bucket of an item: the first byte of the SHA-256 of its base code, or of its own code when it has none. So a base item and all that
/// carry it out are in one.
#[must_use]
pub fn bucket(name: &ItemName) -> u8 {
    let key = name.base.as_deref().or(name.code.as_deref()).unwrap_or_default();
    Digest::of(key.as_bytes()).as_bytes()[0]
}

/// The hash of a bucket: SHA-256 over `["tongban/drift-bucket/1", leaves]`, the leaves in the order of their names.
#[must_use]
pub fn bucket_hash(leaves: &[Leaf]) -> Digest {
    Digest::of(&cbor::to_vec(&("tongban/drift-bucket/1", leaves)))
}

/// The hashes of all buckets, and whether the node's journal of standards still leads to its sealed checkpoint.
#[derive(Clone, PartialEq, Eq)]
pub struct List {
    hashes: Vec<Digest>,
    /// Whether the journal of standards leads to its sealed checkpoint.
    pub whole: bool,
}

impl std::fmt::Debug for List {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "List({}, whole: {})", self.root(), self.whole)
    }
}

impl List {
    /// The list of hashes in 8,192 bytes; `None` when there are more or fewer.
    #[must_use]
    pub fn from_bytes(bytes: &[u8], whole: bool) -> Option<Self> {
        let hashes: Option<Vec<Digest>> =
            bytes.chunks(32).map(|hash| Some(Digest::from_bytes(*hash.first_chunk::<32>()?))).collect();
        hashes
            .filter(|hashes| hashes.len() == BUCKETS && bytes.len() == BUCKETS * 32)
            .map(|hashes| Self { hashes, whole })
    }

    /// The 8,192 bytes of the hashes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
    }

    /// The hash of a bucket.
    #[must_use]
    pub fn hash(&self, bucket: u8) -> Digest {
        self.hashes[usize::from(bucket)]
    }

    /// SHA-256 over `tongban/drift-root/1`, a byte that is 1 when the journal is whole, and the hashes.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut bytes = b"tongban/drift-root/1".to_vec();
        bytes.push(u8::from(self.whole));
        bytes.extend(self.to_bytes());
        Digest::of(&bytes)
    }
}

/// Leaves in their buckets, with the hashes.
#[derive(Clone, Debug)]
pub struct Holding {
    buckets: BTreeMap<u8, Vec<Leaf>>,
    /// The hashes.
    pub list: List,
}

impl Holding {
    /// Puts leaves into buckets; of two of the same name the later one stands.
    #[must_use]
    pub fn new(leaves: impl IntoIterator<Item = Leaf>, whole: bool) -> Self {
        let mut named: BTreeMap<u8, BTreeMap<ItemName, Leaf>> = BTreeMap::new();
        for leaf in leaves {
            named.entry(bucket(&leaf.name)).or_default().insert(leaf.name.clone(), leaf);
        }
        let buckets: BTreeMap<u8, Vec<Leaf>> =
            named.into_iter().map(|(bucket, leaves)| (bucket, leaves.into_values().collect())).collect();
        let empty = bucket_hash(&[]);
        let hashes = (0..=u8::MAX).map(|bucket| buckets.get(&bucket).map_or(empty, |leaves| bucket_hash(leaves)));
        let list = List { hashes: hashes.collect(), whole };
        Self { buckets, list }
    }

    /// The leaves of a bucket in the order of their names.
    #[must_use]
    pub fn bucket(&self, bucket: u8) -> &[Leaf] {
        self.buckets.get(&bucket).map_or(&[], Vec::as_slice)
    }

    /// All leaves, bucket after bucket.
    pub fn leaves(&self) -> impl Iterator<Item = &Leaf> {
        self.buckets.values().flatten()
    }

    /// The leaf of a name.
    #[must_use]
    pub fn leaf(&self, name: &ItemName) -> Option<&Leaf> {
        self.bucket(bucket(name)).iter().find(|leaf| leaf.name == *name)
    }
}

/// Some of the 256 buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Buckets([u8; 32]);

impl Buckets {
    /// Of their bits, as they go over the wire.
    #[must_use]
    pub const fn from_bits(bits: [u8; 32]) -> Self {
        Self(bits)
    }

    /// Their bits.
    #[must_use]
    pub const fn bits(self) -> [u8; 32] {
        self.0
    }

    /// Adds one.
    pub fn insert(&mut self, bucket: u8) {
        self.0[usize::from(bucket >> 3)] |= 0x80 >> (bucket & 7);
    }

    /// Whether one is among them.
    #[must_use]
    pub fn holds(self, bucket: u8) -> bool {
        self.0[usize::from(bucket >> 3)] & (0x80 >> (bucket & 7)) != 0
    }

    /// All of them, from the first.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(move |bucket| self.holds(*bucket))
    }
}

/// The answer to [`DriftRoot`](crate::wire::DriftRoot).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RootAnswer {
    /// The root.
    #[n(0)]
    pub root: Digest,
    /// As of when.
    #[n(1)]
    pub at: Timestamp,
}

/// The answer to [`DriftList`](crate::wire::DriftList).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ListAnswer {
    /// The hashes of the 256 buckets, 32 bytes each.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub hashes: Vec<u8>,
    /// Whether the node's journal of standards leads to its sealed checkpoint.
    #[n(1)]
    pub whole: bool,
    /// As of when.
    #[n(2)]
    pub at: Timestamp,
    /// How far the node has the journals of standards: its own, and those that it has pulled.
    #[n(3)]
    pub standards: Vec<JournalSize>,
}

/// The answer to [`DriftLeaves`](crate::wire::DriftLeaves).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LeavesAnswer {
    /// The leaves of the first of the buckets that were asked for, bucket after bucket, each whole.
    #[n(0)]
    pub leaves: Vec<Leaf>,
    /// The first bucket of those asked for that isn't in here.
    #[n(1)]
    pub next: Option<u8>,
}

/// The answer to [`DriftItems`](crate::wire::DriftItems).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ItemsAnswer {
    /// The first of the items that were asked for; at least one.
    #[n(0)]
    pub items: Vec<WholeItem>,
}

/// An item whole.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct WholeItem {
    /// Which.
    #[n(0)]
    pub name: ItemName,
    /// As the rows have it, in the encoding that [`Leaf::row`] is the digest of.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub row: Option<Vec<u8>>,
    /// As last sealed, where that is something else.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub sealed: Option<Vec<u8>>,
    /// When it was sealed.
    #[n(3)]
    pub sealed_at: Option<Timestamp>,
}

impl WholeItem {
    /// Holds the item against the leaf that was answered before.
    ///
    /// # Errors
    ///
    /// [`DriftError::Item`] when it isn't the item that the leaf names.
    pub fn check(&self, leaf: &Leaf) -> Result<(), DriftError> {
        let digest = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(Digest::of);
        let sealed = leaf.sealed.and_then(|sealed| sealed.digest);
        if self.name == leaf.name && digest(&self.row) == leaf.row && digest(&self.sealed) == sealed {
            Ok(())
        } else {
            Err(DriftError::Item)
        }
    }
}

#[cfg(test)]
#[path = "drift/tests.rs"]
mod tests;
