//! The databases of a node that doesn't run: whether they open, and what a copy still holds when they don't.

use std::path::Path;

use tongban_storage::StorageError;
use tongban_storage::examine::{self, LogReach, Opening, StateReach};

use super::Finding;
use crate::cli::text::doctor::{
    COPY_IMPOSSIBLE, COPY_ROOM, LOG_DAMAGED, STATE_COPY_CLOSED, STATE_COPY_OPENS, STATE_COPY_OPENS_LOG, STATE_OK,
};
use crate::config::NodeDirectory;

/// Where copies are made and removed again, beneath the data directory.
const COPY_NAME: &str = "doctor-copy";

/// Looks at state and log of a directory that no node has open. Nothing in them is changed.
pub(super) fn examine(directory: &Path) -> Vec<Finding> {
    let Ok(opened) = NodeDirectory::open(directory) else { return Vec::new() };
    // Whoever holds it runs, or is about to.
    let Ok(_lock) = opened.lock() else { return Vec::new() };
    let data = opened.data();
    let (state, log) = (data.join("state"), data.join("log"));
    if !state.exists() {
        return Vec::new();
    }
    match examine::probe_state(&state) {
        Ok(reach) => vec![Finding::ok("state", &STATE_OK, &[&number(reach.applied)])],
        Err(error) => broken(&data, &state, &log, &error),
    }
}

fn broken(data: &Path, state: &Path, log: &Path, why: &StorageError) -> Vec<Finding> {
    let (shown, why) = (state.display().to_string(), why.to_string());
    let copies = data.join(COPY_NAME);
    // What an examination that was killed has left.
    let _left = std::fs::remove_dir_all(&copies);
    let needed = examine::bytes_of(state).unwrap_or(0) + examine::bytes_of(log).unwrap_or(0);
    let free = crate::runtime::disk_free(data);
    if free < needed.saturating_mul(2) {
        let (needed, free) = ((needed >> 20).to_string(), (free >> 20).to_string());
        return vec![Finding::fail("state", &COPY_ROOM, &[&shown, &why, &needed, &free])];
    }
    let of_log = examine::examine_log(log, &copies.join("log"));
    let of_state = examine::examine_state(state, &copies.join("state"));
    if let Err(error) = std::fs::remove_dir_all(&copies) {
        tracing::warn!(%error, "the copy can't be removed");
    }
    let mut found = vec![match &of_state {
        Ok(reach) => told(&shown, &why, reach, of_log.as_ref().ok()),
        Err(error) => Finding::fail("state", &COPY_IMPOSSIBLE, &[&shown, &why, &error.to_string()]),
    }];
    if let Err(error) = of_log {
        found.push(Finding::fail("log", &LOG_DAMAGED, &[&log.display().to_string(), &error.to_string()]));
    }
    found
}

fn told(shown: &str, why: &str, reach: &StateReach, log: Option<&LogReach>) -> Finding {
    if let Opening::Not(detail) = &reach.opening {
        return Finding::fail("state", &STATE_COPY_CLOSED, &[shown, why, detail]);
    }
    let unreadable: Vec<&str> = reach.unreadable.iter().map(|(family, _)| family.name()).collect();
    let unreadable = if unreadable.is_empty() { "—".to_owned() } else { unreadable.join(", ") };
    let (cases, applied) = (reach.cases.to_string(), number(reach.applied));
    match log.and_then(|log| Some((log.first?, log.last?))) {
        Some((first, last)) => {
            let (before, first, last) = (first.saturating_sub(1).to_string(), first.to_string(), last.to_string());
            let places = [shown, why, &cases, &applied, &unreadable, &first, &last, &before];
            Finding::fail("state", &STATE_COPY_OPENS_LOG, &places)
        }
        None => Finding::fail("state", &STATE_COPY_OPENS, &[shown, why, &cases, &applied, &unreadable]),
    }
}

fn number(index: Option<u64>) -> String {
    index.map_or_else(|| "0".to_owned(), |index| index.to_string())
}
