//! Pulling sealed journals: acts upward, standards downward, verified before they count (promise 5).

use std::collections::BTreeMap;
use std::sync::Arc;

use tongban_codes::ids::NodeId;
use tongban_federation::wire::{JournalList, JournalListed, JournalSize, Pull, Request, Response, Slice as WireSlice};
use tongban_journal::{Frontier, JournalKind, Slice, SliceBuilder, merkle, verify};
use tongban_quic::Link;
use tongban_seal::SignedNote;
use tongban_storage::Read;
use tongban_storage::keyspace::figure::SLICE;
use tongban_storage::keyspace::journal::ENTRY;
use tongban_storage::keyspace::key::stem;
use tongban_storage::keyspace::{Bytes, meta};

use super::serve::refusal;
use super::shared::Shared;
use crate::engine::OwnTree;
use crate::engine::{ACTS, Blobs, ExchangeEvent, Outside, Refused, STANDARDS};

/// Bytes asked for in one slice.
const SLICE_BYTES: u32 = 2 << 20;

fn refused(code: &str, text: impl std::fmt::Display) -> Refused {
    Refused::problem(code, text.to_string(), text.to_string())
}

fn kind(journal: u8) -> JournalKind {
    if journal == ACTS { JournalKind::Acts } else { JournalKind::Standards }
}

/// The journals that a peer may pull here: acts if it is above, standards if it is below, this node's own and what it pulled itself.
pub(super) fn offered(shared: &Shared, peer: &NodeId) -> Vec<(JournalSize, Vec<u8>)> {
    let mut journals = Vec::new();
    if shared.is_superior(peer) {
        journals.push(ACTS);
    }
    if shared.is_subordinate(peer) {
        journals.push(STANDARDS);
    }
    let me = shared.here().node;
    let state = &*shared.parts.backend;
    let mut offered = Vec::new();
    for journal in journals {
        if let Ok(Some(Bytes(note))) = meta::CHECKPOINT.load(state, &journal)
            && let Ok(parsed) = SignedNote::parse(&note)
        {
            let size = parsed.claimed().size;
            offered.push((JournalSize { origin: me, journal, epoch: shared.epoch, size }, note));
        }
        let pulled = meta::PULLED.list(state, &[], None, usize::MAX).unwrap_or_default();
        for ((origin, of, epoch), row) in pulled {
            if of == journal && origin != *peer {
                offered.push((JournalSize { origin, journal, epoch, size: row.size }, row.checkpoint));
            }
        }
    }
    offered
}

pub(super) fn list(shared: &Shared, peer: &NodeId) -> JournalList {
    let journals = offered(shared, peer)
        .into_iter()
        .map(|(size, note)| JournalListed { size, note: String::from_utf8(note).ok() })
        .collect();
    JournalList { journals }
}

/// Answers a pull.
pub(super) fn serve(shared: &Shared, peer: &NodeId, pull: &Pull) -> Response {
    match slice(shared, peer, pull) {
        Ok(slice) => Response::Slice(slice),
        Err(error) => refusal(error),
    }
}

fn slice(shared: &Shared, peer: &NodeId, pull: &Pull) -> Result<WireSlice, Refused> {
    let wanted = (pull.origin, pull.journal, pull.epoch);
    let (size, note) = offered(shared, peer)
        .into_iter()
        .find(|(size, _)| (size.origin, size.journal, size.epoch) == wanted)
        .ok_or_else(|| refused("journal-not-offered", "this journal may not be pulled here / 本节点不提供该日志"))?;
    if pull.origin == shared.here().node { own_slice(shared, pull, &note) } else { kept_slice(shared, pull, size.size) }
}

fn own_slice(shared: &Shared, pull: &Pull, note: &[u8]) -> Result<WireSlice, Refused> {
    let state = &*shared.parts.backend;
    let signed = SignedNote::parse(note).map_err(|error| refused(error.code(), error))?;
    let checkpoint = *signed.claimed();
    if pull.from > checkpoint.size {
        return Err(refused("journal-shorter", "the journal is not that long / 日志没有这么长"));
    }
    let mut builder = SliceBuilder::new(&checkpoint, note.to_vec(), pull.from, Vec::new());
    let (mut bytes, mut index) = (0, pull.from);
    while index < checkpoint.size && bytes < u64::from(pull.bytes_max.min(SLICE_BYTES)) {
        let row = ENTRY
            .load(state, &(pull.journal, index))?
            .ok_or_else(|| refused("journal-gap", format!("entry {index} is missing / 缺少条目 {index}")))?;
        bytes += (row.entry.len() + row.body.len()) as u64;
        if !builder.push(row.entry, row.body) {
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
    Ok(WireSlice { bytes: builder.finish(proof).to_bytes(), next: end, size: checkpoint.size })
}

/// What was pulled from below or above goes on as it came, with its origin's seal intact.
fn kept_slice(shared: &Shared, pull: &Pull, size: u64) -> Result<WireSlice, Refused> {
    let state = &*shared.parts.backend;
    let row = SLICE
        .load(state, &(pull.origin, pull.journal, pull.epoch, pull.from))?
        .ok_or_else(|| refused("slice-boundary", "no slice begins there / 没有从该处开始的片段"))?;
    let bytes = shared.parts.blobs.load(&row.digest)?;
    Ok(WireSlice { bytes, next: pull.from + row.count, size })
}

/// Pulls a journal from a peer as far as it goes; returns the number of new entries.
///
/// # Errors
///
/// When the peer refuses, the slice doesn't verify, or the disk or the writer refuse. Nothing unverified is kept.
pub(super) async fn pull(shared: &Arc<Shared>, link: &Link, wanted: JournalSize) -> Result<u64, Refused> {
    let mut taken = 0;
    let key = (wanted.origin, wanted.journal, wanted.epoch);
    loop {
        let (frontier, size) = match meta::PULLED.load(&*shared.parts.backend, &key)? {
            None => (Frontier::new(), 0),
            Some(row) => {
                let frontier = minicbor::decode(&row.frontier).map_err(|error| refused("frontier-damaged", error))?;
                (frontier, row.size)
            }
        };
        if size >= wanted.size {
            return Ok(taken);
        }
        let request = Request::Pull(Pull {
            origin: wanted.origin,
            journal: wanted.journal,
            epoch: wanted.epoch,
            from: size,
            bytes_max: SLICE_BYTES,
        });
        let answer = link.open_request(&request.to_bytes()).await.map_err(|error| refused(error.code(), error))?;
        let wire = match Response::from_bytes(&answer).map_err(|error| refused(error.code(), error))? {
            Response::Slice(wire) => wire,
            Response::Refused(refusal) => {
                return Err(Refused::problem(&refusal.code, refusal.text.clone(), refusal.text));
            }
            _ => return Err(refused("answer-malformed", "another answer than was asked for")),
        };
        let count = keep(shared, wanted, &frontier, wire.bytes).await?;
        if count == 0 {
            return Ok(taken);
        }
        taken += count;
    }
}

async fn keep(shared: &Arc<Shared>, wanted: JournalSize, frontier: &Frontier, bytes: Vec<u8>) -> Result<u64, Refused> {
    let slice = Slice::parse(&bytes).map_err(|error| refused(error.code(), error))?;
    let note = SignedNote::parse(&slice.checkpoint).map_err(|error| refused(error.code(), error))?;
    let keys: Vec<_> = shared.directory().seal_keys(&wanted.origin).iter().map(|dated| dated.key.clone()).collect();
    let checkpoint = note.verify(&keys).map_err(|error| refused(error.code(), error))?;
    if (slice.origin, slice.journal, slice.epoch) != (wanted.origin, kind(wanted.journal), wanted.epoch) {
        return Err(refused("slice-other", "the slice is of another journal"));
    }
    let extension = verify(&slice, frontier, &checkpoint).map_err(|error| refused(error.code(), error))?;
    let (from, count) = (frontier.size(), extension.frontier.size() - frontier.size());
    if count == 0 {
        return Ok(0);
    }
    let blobs = Arc::clone(&shared.parts.blobs);
    let digest = tokio::task::spawn_blocking(move || blobs.store(&bytes))
        .await
        .map_err(|error| refused("blob-store", error))?
        .map_err(|error| refused("blob-store", error))?;
    let event = ExchangeEvent::Slice {
        origin: wanted.origin,
        journal: wanted.journal,
        epoch: wanted.epoch,
        from,
        count,
        digest,
        frontier: tongban_codes::cbor::to_vec(&extension.frontier),
        checkpoint: note.to_bytes(),
    };
    let key = (wanted.origin, wanted.journal, wanted.epoch);
    let _reply = shared
        .settle(move |read, _, _| {
            // Another link may have brought the same slice meanwhile: each record counts once.
            let size = meta::PULLED.load(read, &key)?.map_or(0, |row| row.size);
            if size != from {
                return Ok(Outside::default());
            }
            Ok(Outside { exchange: vec![event], ..Outside::default() })
        })
        .await?;
    if shared.parts.handle.fresh().await { Ok(count) } else { Err(Refused::Stopped) }
}

/// Folds every kept slice and every own entry again and compares with the figures (promise 6).
///
/// # Errors
///
/// When the state or a blob can't be read.
pub fn audit(shared: &Shared) -> Result<(u64, Vec<String>), Refused> {
    let state = shared.parts.backend.snapshot()?;
    let read: &dyn Read = &*state;
    let mut folded: BTreeMap<_, i64> = BTreeMap::new();
    let mut entries = 0;
    let me = shared.here().node;
    let mut add = |origin: NodeId, bytes: Vec<u8>| -> Result<(), Refused> {
        let entry = tongban_journal::Entry::parse(bytes).map_err(|error| refused("journal-damaged", error))?;
        if let Ok(tongban_journal::Header::Acts(header)) = entry.header() {
            entries += 1;
            for (key, by) in crate::engine::figure_rows(origin, &header) {
                *folded.entry(key).or_default() += by;
            }
        }
        Ok(())
    };
    for (_, row) in ENTRY.list(read, &stem(&ACTS), None, usize::MAX)? {
        add(me, row.entry)?;
    }
    for ((origin, journal, _, _), row) in SLICE.list(read, &[], None, usize::MAX)? {
        if journal == ACTS {
            let slice =
                Slice::parse(&shared.parts.blobs.load(&row.digest)?).map_err(|error| refused(error.code(), error))?;
            for record in slice.entries {
                add(origin, record.entry.to_vec())?;
            }
        }
    }
    folded.retain(|_, count| *count != 0);
    let kept: BTreeMap<_, i64> =
        tongban_storage::keyspace::figure::FIGURE.list(read, &[], None, usize::MAX)?.into_iter().collect();
    let mut differences = Vec::new();
    for key in folded.keys().chain(kept.keys().filter(|key| !folded.contains_key(*key))) {
        let (entries, figure) = (folded.get(key).copied().unwrap_or(0), kept.get(key).copied().unwrap_or(0));
        if entries != figure {
            differences.push(format!("{} {} {}: figure {figure}, entries {entries}", key.0, key.1, key.2));
        }
    }
    Ok((entries, differences))
}
