//! The right edge of a growing tree: what is needed to add leaves and know the root.

use minicbor::{Decode, Decoder, Encode, Encoder};
use tongban_codes::ids::Digest;

use crate::merkle::{TREE_SIZE_MAX, empty_root, node_hash};

/// The hash of a subtree that became complete: what a store keeps for proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// Height above the leaves; 0 is a leaf.
    pub level: u8,
    /// Position within the level.
    pub index: u64,
    /// The subtree's hash.
    pub hash: Digest,
}

/// A tree's compact range: its size and the roots of the complete subtrees along its right edge.
///
/// At most 62 hashes, whatever the journal's length, so that whoever follows a journal keeps little and can still
/// check that each slice extends exactly what it had before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// One peak for each one-bit of `size`, largest subtree first.
    peaks: Vec<Digest>,
}

impl Frontier {
    /// The frontier of the empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf hash and returns the subtrees that it completed, the leaf itself first.
    pub fn append(&mut self, leaf: Digest) -> Vec<Node> {
        let mut node = Node { level: 0, index: self.size, hash: leaf };
        let mut completed = vec![node];
        while node.index & 1 == 1 {
            let left = self.peaks.pop().expect("a right child has a left sibling on the frontier");
            node = Node { level: node.level + 1, index: node.index >> 1, hash: node_hash(&left, &node.hash) };
            completed.push(node);
        }
        self.peaks.push(node.hash);
        self.size += 1;
        completed
    }

    /// The root over all leaves so far.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        peaks.next().map_or_else(empty_root, |last| peaks.fold(*last, |right, left| node_hash(left, &right)))
    }
}

impl<C> Encode<C> for Frontier {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.map(2)?.u8(0)?.u64(self.size)?.u8(1)?.array(self.peaks.len() as u64)?;
        for peak in &self.peaks {
            peak.encode(e, ctx)?;
        }
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Frontier {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let mut size = None;
        let mut peaks = None;
        for _ in 0..d.map()?.unwrap_or(0) {
            // A record: fields of later releases are passed over.
            match d.u32()? {
                0 => size = Some(d.u64()?),
                1 => peaks = Some(Vec::<Digest>::decode(d, ctx)?),
                _ => d.skip()?,
            }
        }
        match (size, peaks) {
            (Some(size), Some(peaks)) if size <= TREE_SIZE_MAX && peaks.len() == size.count_ones() as usize => {
                Ok(Self { size, peaks })
            }
            _ => Err(minicbor::decode::Error::message("a frontier's peaks don't fit its size").at(at)),
        }
    }
}
