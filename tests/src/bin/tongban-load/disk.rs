//! A bare fdatasync on the disk of the data directory: the floor under every durable act of a single client.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use crate::latency::micros_since;

/// Bytes of one append: about what one act adds to the log.
const APPEND_BYTES: usize = 2048;

/// What an append with fdatasync took.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Probe {
    pub(crate) p50_us: u32,
    pub(crate) p99_us: u32,
}

/// Appends and syncs `count` times.
pub(crate) fn probe(directory: &Path, count: usize) -> std::io::Result<Probe> {
    let path = directory.join("fdatasync");
    let mut file = File::create(&path)?;
    let mut micros = Vec::with_capacity(count);
    for _ in 0..count.max(1) {
        let began = Instant::now();
        file.write_all(&[0x5a; APPEND_BYTES])?;
        file.sync_data()?;
        micros.push(micros_since(began));
    }
    std::fs::remove_file(&path)?;
    micros.sort_unstable();
    let at = |share: usize| micros.get((micros.len() * share / 100).min(micros.len() - 1)).copied().unwrap_or(0);
    Ok(Probe { p50_us: at(50), p99_us: at(99) })
}
