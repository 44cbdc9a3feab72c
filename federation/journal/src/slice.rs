//! A piece of a journal on its way to whoever pulls it, and the check that it extends what was there before.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use thiserror::Error;
use tongban_codes::cbor::{self, CborError};
use tongban_codes::ids::{Digest, NodeId};

use crate::checkpoint::{Checkpoint, JournalKind};
use crate::entry::{Body, BodyError, Entry, EntryError};
use crate::frontier::{Frontier, Node};
use crate::merkle::{ProofError, verify_consistency};

/// The most entries of a slice: a receiver checks one in well under a second.
pub const SLICE_ENTRIES_MAX: usize = 4096;
/// The most bytes of a slice as encoded: it is held in memory whole on a machine of 2 GB.
pub const SLICE_BYTES_MAX: usize = 8 << 20;
/// Room that a builder keeps for what isn't entries: heads, checkpoint, proof.
const SLICE_HEAD_BYTES: usize = 16 << 10;
/// Heads of an entry's array and of its two byte strings, at most.
const SLICE_ENTRY_HEAD_BYTES: usize = 16;

/// One entry with the body that policy lets travel.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SliceEntry {
    /// The entry's bytes, as hashed.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub entry: Vec<u8>,
    /// The body's bytes, with fields withheld as policy says.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub body: Vec<u8>,
}

/// Consecutive entries of a journal with the sealed checkpoint that covers them.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Slice {
    /// The node whose journal it is.
    #[n(0)]
    pub origin: NodeId,
    /// Which journal.
    #[n(1)]
    pub journal: JournalKind,
    /// The epoch of the origin's data.
    #[n(2)]
    pub epoch: u32,
    /// The position of the first entry.
    #[n(3)]
    pub from: u64,
    /// The entries from there on, none left out.
    #[n(4)]
    pub entries: Vec<SliceEntry>,
    /// The signed note with the origin's checkpoint, as received from the origin.
    #[n(5)]
    #[cbor(with = "minicbor::bytes")]
    pub checkpoint: Vec<u8>,
    /// Where the slice ends before the checkpoint: proof that the tree up to its end is a prefix of the checkpoint's.
    #[n(6)]
    pub consistency: Vec<Digest>,
    /// Sealed directory records that a receiver may need to know the origin's keys, each as signed.
    #[n(7)]
    pub records: Vec<ByteVec>,
}

impl Slice {
    /// Reads slice bytes from outside.
    ///
    /// # Errors
    /// [`SliceError::TooLarge`] beyond [`SLICE_BYTES_MAX`] or [`SLICE_ENTRIES_MAX`], [`SliceError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, SliceError> {
        if bytes.len() > SLICE_BYTES_MAX {
            return Err(SliceError::TooLarge { bytes: bytes.len(), entries: 0 });
        }
        let slice: Self = cbor::from_slice(bytes)?;
        slice.check_bounds()?;
        Ok(slice)
    }

    /// The bytes for wire and store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_vec(self)
    }

    fn check_bounds(&self) -> Result<(), SliceError> {
        let bytes = self.entries.iter().map(|entry| entry.entry.len() + entry.body.len()).sum();
        if self.entries.len() > SLICE_ENTRIES_MAX || bytes > SLICE_BYTES_MAX {
            return Err(SliceError::TooLarge { bytes, entries: self.entries.len() });
        }
        Ok(())
    }
}

/// Fills a slice up to its bounds.
#[derive(Debug)]
pub struct SliceBuilder {
    slice: Slice,
    bytes: usize,
}

impl SliceBuilder {
    /// An empty slice that begins at `from`; `note` is the signed note of `checkpoint`.
    #[must_use]
    pub fn new(checkpoint: &Checkpoint, note: Vec<u8>, from: u64, records: Vec<Vec<u8>>) -> Self {
        let bytes =
            SLICE_HEAD_BYTES + note.len() + records.iter().map(|r| r.len() + SLICE_ENTRY_HEAD_BYTES).sum::<usize>();
        let slice = Slice {
            origin: checkpoint.origin,
            journal: checkpoint.journal,
            epoch: checkpoint.epoch,
            from,
            entries: Vec::new(),
            checkpoint: note,
            consistency: Vec::new(),
            records: records.into_iter().map(ByteVec::from).collect(),
        };
        Self { slice, bytes }
    }

    /// Adds the next entry, or returns `false` when the slice is full without it.
    ///
    /// The first entry always fits beside records and note of ordinary size.
    pub fn push(&mut self, entry: Vec<u8>, body: Vec<u8>) -> bool {
        let bytes = self.bytes + entry.len() + body.len() + SLICE_ENTRY_HEAD_BYTES;
        let fits = bytes <= SLICE_BYTES_MAX && self.slice.entries.len() < SLICE_ENTRIES_MAX;
        if fits {
            self.bytes = bytes;
            self.slice.entries.push(SliceEntry { entry, body });
        }
        fits
    }

    /// The position after the last entry so far: where a consistency proof has to begin.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.slice.from + self.slice.entries.len() as u64
    }

    /// The slice, with the proof from [`SliceBuilder::end`] to the checkpoint's size (empty when they are equal).
    #[must_use]
    pub fn finish(mut self, consistency: Vec<Digest>) -> Slice {
        self.slice.consistency = consistency;
        self.slice
    }
}

/// What a verified slice adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The frontier after the slice.
    pub frontier: Frontier,
    /// The subtrees that the entries completed, for a store that serves proofs itself.
    pub nodes: Vec<Node>,
    /// Entries and bodies, read and checked against each other.
    pub entries: Vec<(Entry, Body)>,
}

/// Why a slice was not taken.
#[derive(Debug, Error)]
pub enum SliceError {
    /// More than the bounds allow.
    #[error("a slice of {entries} entries and {bytes} bytes is larger than allowed")]
    TooLarge {
        /// Bytes of the slice, or of its entries and bodies.
        bytes: usize,
        /// Entries, 0 where they weren't counted.
        entries: usize,
    },
    /// Not deterministic CBOR of a slice's shape.
    #[error("the slice can't be read")]
    Malformed(#[from] CborError),
    /// Packed bytes that don't unpack to as many as was said.
    #[error("the packed slice doesn't unpack to the length that was named")]
    Packed,
    /// Slice and checkpoint are of different journals.
    #[error("slice and checkpoint are not of the same origin, journal and epoch")]
    WrongJournal,
    /// Entries between what is held and the slice are missing.
    #[error("the slice begins at {from}, but only {held} entries are held")]
    Gap {
        /// Entries held.
        held: u64,
        /// Where the slice begins.
        from: u64,
    },
    /// The slice begins with entries that are held already: a harmless repeat, nothing was taken.
    #[error("the slice begins at {from}, but {held} entries are held already")]
    Repeated {
        /// Entries held.
        held: u64,
        /// Where the slice begins.
        from: u64,
    },
    /// The checkpoint covers fewer entries than are held: it is old, or the origin lost entries.
    #[error("the checkpoint covers {size} entries, but {held} are held")]
    Shrunk {
        /// Entries held.
        held: u64,
        /// The checkpoint's size.
        size: u64,
    },
    /// The slice goes on beyond the checkpoint.
    #[error("the slice ends at {end}, beyond the checkpoint's {size}")]
    BeyondCheckpoint {
        /// Where the slice ends.
        end: u64,
        /// The checkpoint's size.
        size: u64,
    },
    /// The origin sealed another root over just the entries that are held: a fork, whoever carried the slice.
    #[error("the origin sealed two roots over its first {size} entries: {held} and {sealed}")]
    Fork {
        /// Entries under both roots.
        size: u64,
        /// The root that is held.
        held: Digest,
        /// The root of the checkpoint.
        sealed: Digest,
    },
    /// Held entries and the slice lead to another root than the sealed one: the carrier altered entries, or the
    /// origin forked. A consistency proof from the held size tells which.
    #[error("entries up to {size} lead to {computed}, but the sealed root is {sealed}")]
    RootMismatch {
        /// Where the slice ends.
        size: u64,
        /// The root that held entries and slice lead to.
        computed: Digest,
        /// The root of the checkpoint.
        sealed: Digest,
    },
    /// The slice ends before the checkpoint and its proof doesn't hold.
    #[error("the tree up to {size} is not shown to be a prefix of the checkpoint's")]
    Inconsistent {
        /// Where the slice ends.
        size: u64,
        /// What is wrong with the proof.
        #[source]
        proof: ProofError,
    },
    /// An entry can't be read.
    #[error("entry {index} can't be read")]
    Entry {
        /// The entry's position in the journal.
        index: u64,
        /// Why.
        #[source]
        source: EntryError,
    },
    /// A body can't be read.
    #[error("the body of entry {index} can't be read")]
    Body {
        /// The entry's position in the journal.
        index: u64,
        /// Why.
        #[source]
        source: BodyError,
    },
    /// A body isn't the one that its entry commits to.
    #[error("the body of entry {index} is not the one that it commits to")]
    BodyMismatch {
        /// The entry's position in the journal.
        index: u64,
    },
}

impl SliceError {
    /// The stable code for logs, metrics and `sync why`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "slice-too-large",
            Self::Malformed(_) => "slice-malformed",
            Self::Packed => "slice-packed",
            Self::WrongJournal => "slice-wrong-journal",
            Self::Gap { .. } => "slice-gap",
            Self::Repeated { .. } => "slice-repeated",
            Self::Shrunk { .. } => "journal-shrunk",
            Self::BeyondCheckpoint { .. } => "slice-beyond-checkpoint",
            Self::Fork { .. } => "journal-fork",
            Self::RootMismatch { .. } => "slice-root-mismatch",
            Self::Inconsistent { .. } => "slice-inconsistent",
            Self::Entry { .. } => "slice-entry-malformed",
            Self::Body { .. } => "slice-body-malformed",
            Self::BodyMismatch { .. } => "slice-body-mismatch",
        }
    }
}

/// Checks a slice against the frontier of what is held and a checkpoint whose seal was verified, and extends.
///
/// The checkpoint is the one that the slice's note carries; verifying the note is the caller's part. The slice is
/// taken whole or not at all, and only where the tree that results is the checkpoint's or a proven prefix of it. A
/// slice without entries is a check alone.
///
/// # Errors
/// [`SliceError`] names what doesn't hold.
pub fn verify(slice: &Slice, frontier: &Frontier, checkpoint: &Checkpoint) -> Result<Extension, SliceError> {
    slice.check_bounds()?;
    if (slice.origin, slice.journal, slice.epoch) != (checkpoint.origin, checkpoint.journal, checkpoint.epoch) {
        return Err(SliceError::WrongJournal);
    }
    let (held, from, size, sealed) = (frontier.size(), slice.from, checkpoint.size, checkpoint.root);
    if size < held {
        return Err(SliceError::Shrunk { held, size });
    }
    if size == held && frontier.root() != sealed {
        return Err(SliceError::Fork { size, held: frontier.root(), sealed });
    }
    if from > held {
        return Err(SliceError::Gap { held, from });
    }
    if from < held {
        return Err(SliceError::Repeated { held, from });
    }
    let end = from.saturating_add(slice.entries.len() as u64);
    if end > size {
        return Err(SliceError::BeyondCheckpoint { end, size });
    }
    let mut extension = Extension { frontier: frontier.clone(), nodes: Vec::new(), entries: Vec::new() };
    for (SliceEntry { entry, body }, index) in slice.entries.iter().zip(from..) {
        let entry = Entry::parse(entry.clone()).map_err(|source| SliceError::Entry { index, source })?;
        let body = Body::parse(body).map_err(|source| SliceError::Body { index, source })?;
        body.verify(&entry).map_err(|_| SliceError::BodyMismatch { index })?;
        extension.nodes.extend(extension.frontier.append(entry.leaf()));
        extension.entries.push((entry, body));
    }
    let computed = extension.frontier.root();
    if end == size && slice.consistency.is_empty() && computed != sealed {
        return Err(SliceError::RootMismatch { size, computed, sealed });
    }
    verify_consistency(end, &computed, size, &sealed, &slice.consistency)
        .map_err(|proof| SliceError::Inconsistent { size: end, proof })?;
    Ok(extension)
}
