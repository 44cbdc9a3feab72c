//! What the rows of a stopped node weigh.

use std::ops::ControlFlow;
use std::path::Path;

use serde::Serialize;
use tongban_codes::cbor;
use tongban_storage::keyspace::{case, delivery, journal};
use tongban_storage::{RocksBackend, RocksOptions};

/// Rows that are weighed of each kind.
const ROWS_MAX: usize = 5_000;

/// Average bytes of a value on disk, its key left out.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Sizes {
    pub(crate) case: usize,
    pub(crate) act: usize,
    /// Entry and body.
    pub(crate) journal: usize,
    pub(crate) idempotency: usize,
    /// A sealed envelope with its proof, as it waits, or was sent.
    pub(crate) envelope: usize,
    /// A sealed receipt.
    pub(crate) receipt: usize,
}

#[derive(Default)]
struct Mean {
    rows: usize,
    bytes: usize,
}

impl Mean {
    fn add(&mut self, bytes: usize) -> ControlFlow<()> {
        self.rows += 1;
        self.bytes += bytes;
        if self.rows < ROWS_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn value(&self) -> usize {
        self.bytes / self.rows.max(1)
    }
}

/// Weighs the newest rows in the directory of a stopped node.
pub(crate) fn weigh(directory: &Path) -> anyhow::Result<Sizes> {
    let state = RocksBackend::open(&directory.join("data").join("state"), RocksOptions::default())?;
    let mut means: [Mean; 6] = Default::default();
    let [case, act, entry, key, envelope, receipt] = &mut means;
    case::CASE.visit(&state, &[], None, true, |_, row| case.add(cbor::to_vec(&row).len()))?;
    case::ACT.visit(&state, &[], None, true, |_, row| act.add(cbor::to_vec(&row).len()))?;
    journal::ENTRY.visit(&state, &[], None, true, |_, row| entry.add(cbor::to_vec(&row).len()))?;
    delivery::IDEMPOTENCY.visit(&state, &[], None, true, |_, row| key.add(cbor::to_vec(&row).len()))?;
    delivery::OUTBOX.visit(&state, &[], None, true, |_, row| envelope.add(row.0.len()))?;
    delivery::SENT.visit(&state, &[], None, true, |_, row| {
        let _enough = receipt.add(row.receipt.len());
        envelope.add(row.envelope.len())
    })?;
    let [case, act, journal, idempotency, envelope, receipt] = means.map(|mean| mean.value());
    Ok(Sizes { case, act, journal, idempotency, envelope, receipt })
}
