//! One comparison with another node, from question to question.

use std::collections::BTreeMap;
use std::sync::Arc;

use minicbor::Decode;
use tongban_codes::{cbor, ids::Digest, time::Timestamp};

use super::{Buckets, Leaf, LeavesAnswer, List, ListAnswer, RootAnswer, bucket, bucket_hash};
use crate::{
    limits,
    wire::{DriftLeaves, DriftList, DriftRoot, JournalSize, Query},
};

/// What was found when a node was last compared with: while its list and what is expected of it stay, so does what was judged.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its hashes.
    pub theirs: Arc<List>,
    /// What was expected of it.
    pub mine: Arc<List>,
}

/// What comes next.
#[derive(Clone, Debug)]
#[must_use]
pub enum Step {
    /// Ask the node this and come back with the payload of its answer.
    Ask(Query),
    /// The end.
    Done(Compared),
}

/// What a comparison came to: of a bucket that is as expected there is nothing to find, of one whose leaves are here there may be, and of
/// the others stands what was found last time.
#[derive(Clone, Debug)]
pub struct Compared {
    /// As of when.
    pub at: Timestamp,
    /// The node's hashes, when they aren't those of last time.
    pub list: Option<Arc<List>>,
    /// How far it has the journals of standards, its own too, when its hashes had to be asked for.
    pub standards: Vec<JournalSize>,
    /// The leaves of every bucket that is neither as expected nor as it was last time.
    pub leaves: BTreeMap<u8, Vec<Leaf>>,
}

/// Why an answer doesn't count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DriftError {
    /// It can't be read.
    #[error("an answer about drift can't be read")]
    Malformed,
    /// The list of hashes isn't one, or doesn't lead to the root that was answered before.
    #[error("the list of bucket hashes doesn't lead to the root that the node has named")]
    List,
    /// The leaves of a bucket don't lead to its hash, or another bucket was answered.
    #[error("the leaves of bucket {bucket} don't lead to its hash")]
    Bucket {
        /// Which.
        bucket: u8,
    },
    /// The node names more items than a comparison takes.
    #[error("the node names more items than a comparison takes")]
    TooMany,
    /// An item isn't the one that its leaf names.
    #[error("an item isn't the one whose digest the node has named")]
    Item,
}

impl DriftError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "drift-malformed",
            Self::List => "drift-list-mismatch",
            Self::Bucket { .. } => "drift-bucket-mismatch",
            Self::TooMany => "drift-too-many",
            Self::Item => "drift-item-mismatch",
        }
    }
}

enum State {
    Root,
    List { root: Digest },
    Leaves { list: Arc<List>, standards: Vec<JournalSize>, open: Buckets, leaves: BTreeMap<u8, Vec<Leaf>> },
}

/// A comparison with one node, without I/O; the diagram stands in [`crate::drift`].
///
/// The node may publish something between two questions. Then its answers don't fit each other, and the comparison begins anew, once; a
/// second time it is an error.
pub struct Comparing {
    mine: Arc<List>,
    known: Option<Known>,
    state: State,
    at: Timestamp,
    again: bool,
}

impl Comparing {
    /// A comparison of what a node holds with what is expected of it, `mine`; `known` is what was found last time.
    #[must_use]
    pub fn new(mine: Arc<List>, known: Option<Known>) -> Self {
        Self { mine, known, state: State::Root, at: Timestamp::from_millis(0), again: false }
    }

    /// The first question.
    #[must_use]
    pub fn begin(&self) -> Query {
        Query::DriftRoot(DriftRoot {})
    }

    /// Takes the payload of an answer.
    ///
    /// # Errors
    ///
    /// [`DriftError`] when it can't be what was asked for; the comparison is then over.
    pub fn answered(&mut self, payload: &[u8]) -> Result<Step, DriftError> {
        let taken = match std::mem::replace(&mut self.state, State::Root) {
            State::Root => self.root(read(payload)?),
            State::List { root } => self.list(root, read(payload)?),
            State::Leaves { list, standards, open, leaves } => {
                self.leaves(list, standards, open, leaves, read(payload)?)
            }
        };
        match taken {
            Err(DriftError::List | DriftError::Bucket { .. }) if !self.again => {
                self.again = true;
                self.state = State::Root;
                Ok(Step::Ask(self.begin()))
            }
            taken => taken,
        }
    }

    fn root(&mut self, answer: RootAnswer) -> Result<Step, DriftError> {
        self.at = answer.at;
        let done =
            |list| Ok(Step::Done(Compared { at: answer.at, list, standards: Vec::new(), leaves: BTreeMap::new() }));
        let stands = self.known.as_ref().is_some_and(|known| {
            known.theirs.root() == answer.root && (Arc::ptr_eq(&known.mine, &self.mine) || known.mine == self.mine)
        });
        if stands {
            return done(None);
        }
        if answer.root == self.mine.root() {
            return done(Some(Arc::clone(&self.mine)));
        }
        self.state = State::List { root: answer.root };
        Ok(Step::Ask(Query::DriftList(DriftList {})))
    }

    fn list(&mut self, root: Digest, answer: ListAnswer) -> Result<Step, DriftError> {
        let list = List::from_bytes(&answer.hashes, answer.whole).ok_or(DriftError::Malformed)?;
        if list.root() != root {
            return Err(DriftError::List);
        }
        self.at = answer.at;
        let open = self.another(&list);
        Ok(self.ask_or_end(Arc::new(list), answer.standards, open, BTreeMap::new()))
    }

    /// The buckets that are neither as expected nor as they were last time.
    fn another(&self, list: &List) -> Buckets {
        let mut open = Buckets::default();
        for bucket in 0..=u8::MAX {
            let now = (list.hash(bucket), self.mine.hash(bucket));
            let before = self.known.as_ref().map(|known| (known.theirs.hash(bucket), known.mine.hash(bucket)));
            if now.0 != now.1 && before != Some(now) {
                open.insert(bucket);
            }
        }
        open
    }

    fn leaves(
        &mut self,
        list: Arc<List>,
        standards: Vec<JournalSize>,
        open: Buckets,
        mut leaves: BTreeMap<u8, Vec<Leaf>>,
        answer: LeavesAnswer,
    ) -> Result<Step, DriftError> {
        let LeavesAnswer { leaves: answered, next } = answer;
        let mut buckets: BTreeMap<u8, Vec<Leaf>> = BTreeMap::new();
        for leaf in answered {
            buckets.entry(bucket(&leaf.name)).or_default().push(leaf);
        }
        let mut left = Buckets::default();
        for bucket in open.iter() {
            if next.is_some_and(|next| bucket >= next) {
                left.insert(bucket);
                continue;
            }
            let held = buckets.remove(&bucket).unwrap_or_default();
            if bucket_hash(&held) != list.hash(bucket) {
                return Err(DriftError::Bucket { bucket });
            }
            // An honest node answers no larger bucket.
            let taken = leaves.values().map(Vec::len).sum::<usize>() + held.len();
            if held.len() > limits::DRIFT_BUCKET_LEAVES_MAX || taken > limits::DRIFT_LEAVES_MAX {
                return Err(DriftError::TooMany);
            }
            leaves.insert(bucket, held);
        }
        if let Some(bucket) = buckets.keys().next() {
            return Err(DriftError::Bucket { bucket: *bucket });
        }
        // Whoever answers nothing at all would hold us here.
        if left == open {
            return Err(DriftError::Malformed);
        }
        Ok(self.ask_or_end(list, standards, left, leaves))
    }

    fn ask_or_end(
        &mut self,
        list: Arc<List>,
        standards: Vec<JournalSize>,
        open: Buckets,
        leaves: BTreeMap<u8, Vec<Leaf>>,
    ) -> Step {
        if open == Buckets::default() {
            return Step::Done(Compared { at: self.at, list: Some(list), standards, leaves });
        }
        self.state = State::Leaves { list, standards, open, leaves };
        Step::Ask(Query::DriftLeaves(DriftLeaves { buckets: open.bits() }))
    }
}

fn read<T: for<'b> Decode<'b, ()>>(payload: &[u8]) -> Result<T, DriftError> {
    cbor::from_slice(payload).map_err(|_| DriftError::Malformed)
}

impl LeavesAnswer {
    /// The leaves of as many of the buckets as fit, at least one.
    ///
    /// # Errors
    ///
    /// The first bucket that no answer holds, because it has more than [`limits::DRIFT_BUCKET_LEAVES_MAX`] leaves.
    pub fn of(holding: &super::Holding, buckets: Buckets) -> Result<Self, u8> {
        let (mut leaves, mut bytes) = (Vec::new(), 0);
        for bucket in buckets.iter() {
            if bytes >= limits::DRIFT_LEAVES_BYTES {
                return Ok(Self { leaves, next: Some(bucket) });
            }
            let held = holding.bucket(bucket);
            if held.len() > limits::DRIFT_BUCKET_LEAVES_MAX {
                return Err(bucket);
            }
            bytes += held.iter().map(|leaf| cbor::to_vec(leaf).len()).sum::<usize>();
            leaves.extend_from_slice(held);
        }
        Ok(Self { leaves, next: None })
    }
}
