//! The audit of figures: what is folded from entries must be what is kept (promise 6).

use std::collections::BTreeMap;

use tongban_codes::ids::NodeId;
use tongban_journal::Slice;
use tongban_storage::Read;
use tongban_storage::keyspace::figure::SLICE;
use tongban_storage::keyspace::journal::ENTRY;
use tongban_storage::keyspace::key::stem;

use super::knowledge::Knowledge;
use crate::engine::{ACTS, Refused};

fn refused(code: &str, text: impl std::fmt::Display) -> Refused {
    Refused::problem(code, text.to_string(), text.to_string())
}

/// Folds every kept slice and every own entry again and compares with the figures (promise 6).
///
/// # Errors
///
/// When the state or a blob can't be read.
pub fn audit(knowledge: &Knowledge) -> Result<(u64, Vec<String>), Refused> {
    let state = knowledge.parts.backend.snapshot()?;
    let read: &dyn Read = &*state;
    let mut folded: BTreeMap<_, i64> = BTreeMap::new();
    let mut entries = 0;
    let me = knowledge.here().node;
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
            let slice = Slice::parse(&knowledge.parts.blobs.load(&row.digest)?)
                .map_err(|error| refused(error.code(), error))?;
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
