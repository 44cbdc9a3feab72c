//! Pulling sealed journals: acts upward, standards downward, verified before they count (promise 5).

use std::ops::ControlFlow;

use tongban_codes::ids::NodeId;
use tongban_federation::wire::{
    JournalList, JournalListed, JournalSize, PACKED_DEFLATE, Pull, Request as WireRequest, Response, Slice as WireSlice,
};
use tongban_journal::{Entry, Frontier, JournalKind, Slice, SliceBuilder, merkle, pack, unpack, verify};
use tongban_seal::SignedNote;
use tongban_storage::keyspace::figure::SLICE;
use tongban_storage::keyspace::journal::ENTRY;
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::{Bytes, meta};

use super::blobs::BlobStore;
use super::knowledge::Knowledge;
use super::serve::refusal;
use super::withhold;
use crate::engine::{ACTS, Answer, Committed, ExchangeEvent, Outside, OwnTree, Refused, Request, STANDARDS};

/// From how many bytes on a slice is packed.
const PACKED_BYTES_MIN: usize = 1024;

/// Bytes asked for in one slice.
const SLICE_BYTES: u32 = 2 << 20;

pub(super) fn refused(code: &str, text: impl std::fmt::Display) -> Refused {
    Refused::problem(code, text.to_string(), text.to_string())
}

fn kind(journal: u8) -> JournalKind {
    if journal == ACTS { JournalKind::Acts } else { JournalKind::Standards }
}

/// On what terms a peer pulls here.
struct Terms {
    peer: NodeId,
    up: bool,
    down: bool,
}

impl Terms {
    fn of(knowledge: &Knowledge, peer: &NodeId) -> Self {
        Self { peer: *peer, up: knowledge.is_superior(peer), down: knowledge.is_subordinate(peer) }
    }

    /// Acts if it is above, standards if it is above or below.
    fn journals(&self) -> &'static [u8] {
        match (self.up, self.down) {
            (true, _) => &[ACTS, STANDARDS],
            (false, true) => &[STANDARDS],
            (false, false) => &[],
        }
    }

    /// Whether what was pulled of an origin goes on to it: what came from above goes down, what came from below goes up.
    fn passes(&self, knowledge: &Knowledge, origin: &NodeId, journal: u8) -> bool {
        *origin != self.peer && (journal == ACTS || knowledge.is_subordinate(origin) == self.up)
    }
}

/// The journals that this node has something of, with their checkpoints: its own as far as one covers them, and what it pulled.
pub(super) struct Kept(Vec<(JournalSize, Vec<u8>)>);

impl Kept {
    /// Reads them, acts first: once for all peers, for a province has thousands of them.
    pub(super) fn read(knowledge: &Knowledge) -> Self {
        let me = knowledge.here().node;
        let state = &*knowledge.parts.backend;
        let pulled = meta::PULLED.list(state, &[], None, usize::MAX).unwrap_or_default();
        let mut kept = Vec::new();
        for journal in [ACTS, STANDARDS] {
            if let Ok(Some(Bytes(note))) = meta::CHECKPOINT.load(state, &journal)
                && let Ok(parsed) = SignedNote::parse(&note)
            {
                let size = parsed.claimed().size;
                kept.push((JournalSize { origin: me, journal, epoch: knowledge.epoch, size }, note));
            }
            for ((origin, _, epoch), row) in pulled.iter().filter(|((_, of, _), _)| *of == journal) {
                let size = JournalSize { origin: *origin, journal, epoch: *epoch, size: row.size };
                kept.push((size, row.checkpoint.clone()));
            }
        }
        Self(kept)
    }

    /// Those that a peer may pull here: acts if it is above, standards if it is above or below; this node's own and what it pulled itself
    /// from beyond. Standards go down to those who hold to them, and up to those who count who has claimed them.
    pub(super) fn offered(
        &self,
        knowledge: &Knowledge,
        peer: &NodeId,
    ) -> impl Iterator<Item = &(JournalSize, Vec<u8>)> {
        let (terms, me) = (Terms::of(knowledge, peer), (knowledge.here().node, knowledge.epoch));
        self.0.iter().filter(move |(of, _)| {
            let is_own = (of.origin, of.epoch) == me;
            terms.journals().contains(&of.journal) && (is_own || terms.passes(knowledge, &of.origin, of.journal))
        })
    }
}

/// The same of one journal of another that was pulled here.
pub(super) fn offered_of(knowledge: &Knowledge, peer: &NodeId, journal: &JournalSize) -> Option<JournalSize> {
    let terms = Terms::of(knowledge, peer);
    let JournalSize { origin, journal, epoch, .. } = *journal;
    if !terms.journals().contains(&journal) || !terms.passes(knowledge, &origin, journal) {
        return None;
    }
    let row = meta::PULLED.load(&*knowledge.parts.backend, &(origin, journal, epoch)).ok()??;
    Some(JournalSize { origin, journal, epoch, size: row.size })
}

pub(super) fn list(knowledge: &Knowledge, peer: &NodeId) -> JournalList {
    let kept = Kept::read(knowledge);
    let journals = kept.offered(knowledge, peer);
    let journals =
        journals.map(|(size, note)| JournalListed { size: *size, note: String::from_utf8(note.clone()).ok() });
    let journals = journals.collect();
    JournalList { journals }
}

/// Answers a pull.
pub(super) fn serve(knowledge: &Knowledge, peer: &NodeId, pull: &Pull) -> Response {
    match slice(knowledge, peer, pull) {
        Ok(slice) => Response::Slice(if pull.packing == Some(PACKED_DEFLATE) { packed(slice) } else { slice }),
        Err(error) => refusal(error),
    }
}

/// The slice packed, where that makes it smaller.
fn packed(slice: WireSlice) -> WireSlice {
    match u32::try_from(slice.bytes.len()) {
        Ok(length) if slice.bytes.len() >= PACKED_BYTES_MIN => {
            let bytes = pack(&slice.bytes);
            if bytes.len() < slice.bytes.len() { WireSlice { bytes, packed: Some(length), ..slice } } else { slice }
        }
        _ => slice,
    }
}

fn slice(knowledge: &Knowledge, peer: &NodeId, pull: &Pull) -> Result<WireSlice, Refused> {
    let wanted = (pull.origin, pull.journal, pull.epoch);
    let not_offered = || refused("journal-not-offered", "this journal may not be pulled here / 本节点不提供该日志");
    let terms = Terms::of(knowledge, peer);
    if !terms.journals().contains(&pull.journal) {
        return Err(not_offered());
    }
    let state = &*knowledge.parts.backend;
    if pull.origin == knowledge.here().node && pull.epoch == knowledge.epoch {
        let Bytes(note) = meta::CHECKPOINT.load(state, &pull.journal)?.ok_or_else(not_offered)?;
        return own_slice(knowledge, peer, pull, &note);
    }
    let row = meta::PULLED.load(state, &wanted)?.filter(|_| terms.passes(knowledge, &pull.origin, pull.journal));
    kept_slice(knowledge, pull, row.ok_or_else(not_offered)?.size)
}

fn own_slice(knowledge: &Knowledge, peer: &NodeId, pull: &Pull, note: &[u8]) -> Result<WireSlice, Refused> {
    let state = &*knowledge.parts.backend;
    let signed = SignedNote::parse(note).map_err(|error| refused(error.code(), error))?;
    let checkpoint = *signed.claimed();
    if pull.from > checkpoint.size {
        return Err(refused("journal-shorter", "the journal is not that long / 日志没有这么长"));
    }
    let mut builder = SliceBuilder::new(&checkpoint, note.to_vec(), pull.from, Vec::new());
    // A superior gets every body: it counts by them who has claimed what.
    let subordinate = knowledge.place_of(peer).filter(|_| pull.journal == STANDARDS && !knowledge.is_superior(peer));
    let mut concerned = withhold::Concerned::default();
    let (mut bytes, mut index) = (0, pull.from);
    while index < checkpoint.size && bytes < u64::from(pull.bytes_max.min(SLICE_BYTES)) {
        let row = ENTRY
            .load(state, &(pull.journal, index))?
            .ok_or_else(|| refused("journal-gap", format!("entry {index} is missing / 缺少条目 {index}")))?;
        let body = match subordinate {
            Some(place) => withhold::for_subordinate(state, place.division, &mut concerned, &row.entry, row.body)?,
            None => row.body,
        };
        bytes += (row.entry.len() + body.len()) as u64;
        if !builder.push(row.entry, body) {
            break;
        }
        index += 1;
    }
    let tree = OwnTree::new(state, pull.journal);
    let end = builder.end();
    let proof = if end == checkpoint.size || end == 0 {
        Vec::new()
    } else {
        merkle::consistency_proof(&tree, end, checkpoint.size).map_err(|error| refused("journal-proof", error))?
    };
    Ok(WireSlice { bytes: builder.finish(proof).to_bytes(), next: end, size: checkpoint.size, packed: None })
}

/// What was pulled from below or above goes on as it came, with its origin's seal intact. Whoever has pulled over another way has other
/// slices: then a part of one goes on, from the entry that is wanted to its end, since the proof speaks of the end alone.
fn kept_slice(knowledge: &Knowledge, pull: &Pull, size: u64) -> Result<WireSlice, Refused> {
    let state = &*knowledge.parts.backend;
    let journal = (pull.origin, pull.journal, pull.epoch);
    let mut found = None;
    let before = (pull.origin, pull.journal, pull.epoch, pull.from.saturating_add(1));
    SLICE.visit(state, &stem(&journal), Some(&before), true, |(.., from), row| {
        found = Some((from, row));
        ControlFlow::Break(())
    })?;
    let (from, row) = found
        .filter(|(from, row)| pull.from < from + row.count)
        .ok_or_else(|| refused("slice-boundary", "no slice holds that entry / 没有包含该条目的片段"))?;
    let mut bytes = knowledge.parts.blobs.load(&row.digest)?;
    if from < pull.from {
        let mut slice = Slice::parse(&bytes).map_err(|error| refused(error.code(), error))?;
        let passed = usize::try_from(pull.from - from).unwrap_or(usize::MAX);
        slice.entries.drain(..passed.min(slice.entries.len()));
        slice.from = pull.from;
        bytes = slice.to_bytes();
    }
    Ok(WireSlice { bytes, next: from + row.count, size, packed: None })
}

/// Whether a journal flows from this peer to here: acts from below, standards from above, and from below, too.
pub(super) fn flows_here(knowledge: &Knowledge, peer: &NodeId, journal: &JournalSize) -> bool {
    let from_below = || knowledge.is_subordinate(peer) && knowledge.is_subordinate(&journal.origin);
    match journal.journal {
        ACTS => from_below(),
        STANDARDS => (knowledge.is_superior(peer) && knowledge.is_superior(&journal.origin)) || from_below(),
        _ => false,
    }
}

/// What a pull needs next.
pub enum PullStep {
    /// Ask the peer this, and come back with [`Pulling::answered`].
    Ask(Vec<u8>),
    /// Have the writer decide this, wait until it is applied, and come back with [`Pulling::applied`].
    Decide(Request),
    /// The end: how many entries have been taken.
    Done(u64),
}

/// One journal on its way from a peer, slice by slice, as far as it was said to go.
///
/// ```text
///   next ── Ask ──▶ peer ──▶ answered ── Decide ──▶ writer ──▶ applied ──┐
///    ▲                                                                   │
///    └────────────────────────── until there is no more ─────────────────┘
/// ```
///
/// After an error nothing unverified is kept, and the pull is over.
pub struct Pulling {
    wanted: JournalSize,
    frontier: Frontier,
    taken: u64,
    slice: u64,
}

impl Pulling {
    /// A pull of a journal up to a size.
    #[must_use]
    pub fn new(wanted: JournalSize) -> Self {
        Self { wanted, frontier: Frontier::new(), taken: 0, slice: 0 }
    }

    fn key(&self) -> (NodeId, u8, u32) {
        (self.wanted.origin, self.wanted.journal, self.wanted.epoch)
    }

    /// The first step.
    ///
    /// # Errors
    ///
    /// When the state can't be read.
    pub fn next(&mut self, knowledge: &Knowledge) -> Result<PullStep, Refused> {
        let size = match meta::PULLED.load(&*knowledge.parts.backend, &self.key())? {
            None => {
                self.frontier = Frontier::new();
                0
            }
            Some(row) => {
                self.frontier = minicbor::decode(&row.frontier).map_err(|error| refused("frontier-damaged", error))?;
                row.size
            }
        };
        if size >= self.wanted.size {
            return Ok(PullStep::Done(self.taken));
        }
        let (origin, journal, epoch) = self.key();
        let packing = Some(PACKED_DEFLATE);
        let request = WireRequest::Pull(Pull { origin, journal, epoch, from: size, bytes_max: SLICE_BYTES, packing });
        Ok(PullStep::Ask(request.to_bytes()))
    }

    /// Verifies an answer and stores it as a file.
    ///
    /// # Errors
    ///
    /// When the peer refuses, the slice doesn't verify, or the disk refuses.
    pub fn answered(
        &mut self,
        knowledge: &Knowledge,
        blobs: &dyn BlobStore,
        answer: &[u8],
    ) -> Result<PullStep, Refused> {
        let mut wire = match Response::from_bytes(answer).map_err(|error| refused(error.code(), error))? {
            Response::Slice(wire) => wire,
            Response::Refused(refusal) => {
                return Err(Refused::problem(&refusal.code, refusal.text.clone(), refusal.text));
            }
            _ => return Err(refused("answer-malformed", "another answer than was asked for")),
        };
        if let Some(length) = wire.packed.take() {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            wire.bytes = unpack(&wire.bytes, length).map_err(|error| refused(error.code(), error))?;
        }
        let (origin, journal, epoch) = self.key();
        let slice = Slice::parse(&wire.bytes).map_err(|error| refused(error.code(), error))?;
        let note = SignedNote::parse(&slice.checkpoint).map_err(|error| refused(error.code(), error))?;
        let keys: Vec<_> = knowledge.directory().seal_keys(&origin).iter().map(|dated| dated.key.clone()).collect();
        let checkpoint = note.verify(&keys).map_err(|error| refused(error.code(), error))?;
        if (slice.origin, slice.journal, slice.epoch) != (origin, kind(journal), epoch) {
            return Err(refused("slice-other", "the slice is of another journal"));
        }
        // Entries of the time before its revocation stand; what says that it is older is bound by what was pulled before.
        if let Some(since) = knowledge.revoked(&origin) {
            let entries = slice.entries.iter().map(|row| Entry::parse(row.entry.clone()).ok()?.header().ok());
            if entries.into_iter().any(|header| header.is_none_or(|header| header.at() >= since)) {
                return Err(refused("seal-key-revoked", "its origin had been revoked / 其来源节点已被撤销"));
            }
        }
        let extension = verify(&slice, &self.frontier, &checkpoint).map_err(|error| refused(error.code(), error))?;
        let (from, count) = (self.frontier.size(), extension.frontier.size() - self.frontier.size());
        // It is asked only while more was named: whoever answers nothing would hold the journal where it is, and nobody else be asked.
        if count == 0 {
            return Err(refused("slice-empty", "the slice holds nothing new / 片段没有新条目"));
        }
        self.slice = count;
        let digest = blobs.store(&wire.bytes).map_err(|error| refused("blob-store", error))?;
        let event = ExchangeEvent::Slice {
            origin,
            journal,
            epoch,
            from,
            count,
            digest,
            frontier: tongban_codes::cbor::to_vec(&extension.frontier),
            checkpoint: note.to_bytes(),
            division: knowledge.directory().node(&origin).map(|known| known.certification.division),
        };
        let key = self.key();
        Ok(PullStep::Decide(Request::Custom(Box::new(move |read, _, _| {
            // Another link may have brought the same slice meanwhile: each record counts once.
            let size = meta::PULLED.load(read, &key)?.map_or(0, |row| row.size);
            let exchange = if size == from { vec![event] } else { Vec::new() };
            Ok(Outside { exchange, ..Outside::default() })
        }))))
    }

    /// Goes on after a slice that is committed and applied.
    ///
    /// # Errors
    ///
    /// When the state can't be read.
    pub fn applied(&mut self, knowledge: &Knowledge, committed: Committed<Answer>) -> Result<PullStep, Refused> {
        let _spoken = committed.into_inner();
        self.taken += std::mem::take(&mut self.slice);
        self.next(knowledge)
    }
}
