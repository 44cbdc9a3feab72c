//! The Merkle tree of RFC 6962 §2.1 (RFC 9162 §2.1) over SHA-256.
//!
//! Proofs are made from the hashes of *complete* subtrees, which never change once they exist, so that a store keeps
//! them under `(level, index)` and writes each of them once. Verification needs no store at all.

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tongban_codes::ids::Digest;

/// The largest tree that is accepted from outside, in leaves: far more than any journal holds, far less than `u64`.
pub const TREE_SIZE_MAX: u64 = 1 << 62;

/// The hash of a leaf: SHA-256 of `0x00 ‖ data`.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update([0x00]);
    hash.update(data);
    Digest::from_bytes(hash.finalize().into())
}

/// The hash of an inner node: SHA-256 of `0x01 ‖ left ‖ right`.
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut hash = Sha256::new();
    hash.update([0x01]);
    hash.update(left.as_bytes());
    hash.update(right.as_bytes());
    Digest::from_bytes(hash.finalize().into())
}

/// The root of the tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Digest {
    Digest::of(&[])
}

/// The root over leaf hashes that are all at hand.
#[must_use]
pub fn root_of(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(1 << (usize::BITS - 1 - (leaves.len() - 1).leading_zeros()));
            node_hash(&root_of(left), &root_of(right))
        }
    }
}

/// Where the hashes of complete subtrees are looked up.
pub trait NodeSource {
    /// The hash of the complete subtree over the leaves `index << level .. (index + 1) << level`; level 0 is the leaves.
    ///
    /// `None` says that the source doesn't hold it.
    fn node(&self, level: u8, index: u64) -> Option<Digest>;
}

impl<S: NodeSource + ?Sized> NodeSource for &S {
    fn node(&self, level: u8, index: u64) -> Option<Digest> {
        (**self).node(level, index)
    }
}

/// Why a proof could not be made or does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The source lacks a subtree hash that the proof needs.
    #[error("the subtree hash at level {level}, index {index} is not at hand")]
    Missing {
        /// Height above the leaves.
        level: u8,
        /// Position within the level.
        index: u64,
    },
    /// A leaf or an earlier size lies outside the tree.
    #[error("{index} lies outside a tree of {size} leaves")]
    OutOfRange {
        /// The leaf, or the earlier size.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The path has more or fewer hashes than the sizes demand.
    #[error("the proof has the wrong length")]
    Length,
    /// The path leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// The largest power of two below `count`; `count` is at least 2.
const fn split(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

/// The hash over `start .. start + count`, where `start` is a multiple of the power of two that holds `count`.
fn range_hash(source: &(impl NodeSource + ?Sized), start: u64, count: u64) -> Result<Digest, ProofError> {
    if count.is_power_of_two() {
        let level = u8::try_from(count.trailing_zeros()).unwrap_or(u8::MAX);
        let index = start >> level;
        return source.node(level, index).ok_or(ProofError::Missing { level, index });
    }
    let left = split(count);
    Ok(node_hash(&range_hash(source, start, left)?, &range_hash(source, start + left, count - left)?))
}

fn check_range(index: u64, size: u64, inclusive: bool) -> Result<(), ProofError> {
    let inside = if inclusive { index <= size } else { index < size };
    if inside && size <= TREE_SIZE_MAX { Ok(()) } else { Err(ProofError::OutOfRange { index, size }) }
}

/// The root of the tree's first `size` leaves.
///
/// # Errors
/// [`ProofError::Missing`] where the source lacks a subtree, [`ProofError::OutOfRange`] above [`TREE_SIZE_MAX`].
pub fn root_at(source: &(impl NodeSource + ?Sized), size: u64) -> Result<Digest, ProofError> {
    check_range(size, size, true)?;
    if size == 0 { Ok(empty_root()) } else { range_hash(source, 0, size) }
}

/// The audit path of leaf `index` in the tree of `size` leaves, nearest sibling first (RFC 9162 §2.1.3.1).
///
/// # Errors
/// [`ProofError::OutOfRange`] when there is no such leaf, [`ProofError::Missing`] where the source lacks a subtree.
pub fn inclusion_proof(source: &(impl NodeSource + ?Sized), index: u64, size: u64) -> Result<Vec<Digest>, ProofError> {
    check_range(index, size, false)?;
    let (mut start, mut count, mut path) = (0, size, Vec::new());
    while count > 1 {
        let left = split(count);
        if index < start + left {
            path.push(range_hash(source, start + left, count - left)?);
            count = left;
        } else {
            path.push(range_hash(source, start, left)?);
            start += left;
            count -= left;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `old` leaves is a prefix of the tree of `new` leaves (RFC 9162 §2.1.4.1).
///
/// It is empty where `old` is 0 or equals `new`.
///
/// # Errors
/// [`ProofError::OutOfRange`] when `old` exceeds `new`, [`ProofError::Missing`] where the source lacks a subtree.
pub fn consistency_proof(source: &(impl NodeSource + ?Sized), old: u64, new: u64) -> Result<Vec<Digest>, ProofError> {
    check_range(old, new, true)?;
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    // `known`: the subtree in hand is one that the verifier derives from the old root alone.
    let (mut start, mut count, mut within, mut known, mut path) = (0, new, old, true, Vec::new());
    while within < count {
        let left = split(count);
        if within <= left {
            path.push(range_hash(source, start + left, count - left)?);
            count = left;
        } else {
            path.push(range_hash(source, start, left)?);
            start += left;
            count -= left;
            within -= left;
            known = false;
        }
    }
    if !known {
        path.push(range_hash(source, start, count)?);
    }
    path.reverse();
    Ok(path)
}

/// The root that a leaf and its audit path lead to (RFC 9162 §2.1.3.2).
///
/// # Errors
/// [`ProofError::OutOfRange`] when the tree has no such leaf, [`ProofError::Length`] when the path doesn't fit.
pub fn root_from_inclusion(leaf: &Digest, index: u64, size: u64, path: &[Digest]) -> Result<Digest, ProofError> {
    check_range(index, size, false)?;
    let (mut node, mut last, mut root) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            root = node_hash(sibling, &root);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            root = node_hash(&root, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last == 0 { Ok(root) } else { Err(ProofError::Length) }
}

/// Checks that `leaf` is the leaf `index` of the tree with this size and root.
///
/// # Errors
/// As [`root_from_inclusion`], and [`ProofError::Root`] when the path leads elsewhere.
pub fn verify_inclusion(
    leaf: &Digest,
    index: u64,
    size: u64,
    path: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    if root_from_inclusion(leaf, index, size, path)? == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that the tree `(old, old_root)` is a prefix of `(new, new_root)` (RFC 9162 §2.1.4.2).
///
/// The empty tree is a prefix of every tree, with an empty proof.
///
/// # Errors
/// [`ProofError::OutOfRange`] when `old` exceeds `new`, [`ProofError::Length`] or [`ProofError::Root`] when the proof
/// doesn't hold.
pub fn verify_consistency(
    old: u64,
    old_root: &Digest,
    new: u64,
    new_root: &Digest,
    proof: &[Digest],
) -> Result<(), ProofError> {
    check_range(old, new, true)?;
    if old == 0 || old == new {
        let expected = if old == 0 { empty_root() } else { *new_root };
        return match (proof, *old_root == expected) {
            ([], true) => Ok(()),
            ([], false) => Err(ProofError::Root),
            _ => Err(ProofError::Length),
        };
    }
    let (first, rest) = if old.is_power_of_two() {
        (*old_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(ProofError::Length)?;
        (*first, rest)
    };
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if old_hash == *old_root && new_hash == *new_root { Ok(()) } else { Err(ProofError::Root) }
}

/// A tree that is held in memory with all its complete subtrees: for batches, tests and simulation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryTree {
    levels: Vec<Vec<Digest>>,
}

impl MemoryTree {
    /// The tree over these leaf hashes.
    #[must_use]
    pub fn from_leaves(leaves: impl IntoIterator<Item = Digest>) -> Self {
        let mut tree = Self::default();
        for leaf in leaves {
            tree.push(leaf);
        }
        tree
    }

    /// Adds a leaf hash and the subtrees that it completes.
    pub fn push(&mut self, leaf: Digest) {
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let row = &mut self.levels[level];
            row.push(hash);
            match row.as_slice() {
                [.., left, right] if row.len().is_multiple_of(2) => hash = node_hash(left, right),
                _ => break,
            }
        }
    }

    /// The number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> Digest {
        root_at(self, self.size()).expect("a memory tree holds every complete subtree")
    }
}

impl NodeSource for MemoryTree {
    fn node(&self, level: u8, index: u64) -> Option<Digest> {
        self.levels.get(usize::from(level))?.get(usize::try_from(index).ok()?).copied()
    }
}
