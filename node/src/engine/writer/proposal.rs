//! A log entry on its way, with those who wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::OwnedSemaphorePermit;

use super::handle::Reply;
use super::request::{Answer, Refused};
use crate::engine::committed::Committed;

/// One log entry that a writer has formed. Nothing of it is spoken before [`Self::committed`].
#[must_use]
pub struct Proposal {
    pub(super) number: u64,
    pub(super) bytes: Arc<[u8]>,
    pub(super) sends: bool,
    pub(super) answers: Vec<(Result<Answer, Refused>, Reply, Option<OwnedSemaphorePermit>)>,
    pub(super) committed: Arc<AtomicU64>,
}

impl Proposal {
    /// Its number among those of this writer, for [`Writer::settled`](super::Writer::settled).
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What goes into the log.
    #[must_use]
    pub fn bytes(&self) -> Arc<[u8]> {
        Arc::clone(&self.bytes)
    }

    /// Whether it puts envelopes into the outbox.
    #[must_use]
    pub fn sends(&self) -> bool {
        self.sends
    }

    /// Answers whoever waits. Only for who has heard from the log that the entry is committed at this index (promise 3).
    pub fn committed(self, index: u64) {
        self.committed.fetch_max(index, Ordering::AcqRel);
        for (answer, reply, permit) in self.answers {
            // Whoever has gone away finds it by his idempotency key.
            let _heard = reply.send(answer.map(|answer| Committed::new(answer, index)));
            drop(permit);
        }
    }

    /// Tells whoever waits that the outcome isn't known.
    pub fn lost(self) {
        for (_, reply, _) in self.answers {
            let _heard = reply.send(Err(Refused::Unknown));
        }
    }
}
