//! The way to the writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tongban_codes::ids::CaseId;
use tongban_domain::Places;

use super::passed_over::PassedOver;
use super::receiver::{Early, EarlyView};
use super::request::{Answer, Refused, Request};
use super::waits::{Waits, WaitsView};
use crate::engine::apply::Applied;
use crate::engine::committed::Committed;

/// What a request came to.
pub type Outcome = Result<Committed<Answer>, Refused>;

pub(super) type Reply = oneshot::Sender<Outcome>;

pub(super) enum Message {
    Request(Request, Reply, OwnedSemaphorePermit),
    Settled { number: u64, index: Option<u64> },
    Places(Arc<Places>),
    Stop,
}

/// Reaches the writer.
#[derive(Clone)]
pub struct Handle {
    pub(super) sender: mpsc::UnboundedSender<Message>,
    pub(super) room: Arc<Semaphore>,
    pub(super) committed: Arc<AtomicU64>,
    pub(super) applied: Applied,
    pub(super) early: EarlyView,
    pub(super) passed_over: PassedOver,
    pub(super) waits: WaitsView,
}

impl Handle {
    /// Submits a request; the answer comes when it is committed.
    ///
    /// # Errors
    ///
    /// [`Refused`]; after [`Refused::Unknown`] the same request with the same key tells.
    pub async fn submit(&self, request: Request) -> Result<Committed<Answer>, Refused> {
        let permit = Arc::clone(&self.room).acquire_owned().await.map_err(|_| Refused::Stopped)?;
        let (reply, answer) = oneshot::channel();
        self.sender.send(Message::Request(request, reply, permit)).map_err(|_| Refused::Stopped)?;
        answer.await.map_err(|_| Refused::Unknown)?
    }

    /// Submits at once, in the order of the calls; `None` when there is no room, and the caller tries again later.
    pub fn submit_now(&self, request: Request) -> Option<oneshot::Receiver<Outcome>> {
        let permit = Arc::clone(&self.room).try_acquire_owned().ok()?;
        let (reply, answer) = oneshot::channel();
        self.sender.send(Message::Request(request, reply, permit)).ok()?;
        Some(answer)
    }

    /// Waits until everything that is committed now is applied, so that a read sees it.
    pub async fn fresh(&self) -> bool {
        let mut applied = self.applied.clone();
        applied.reached(self.committed.load(Ordering::Acquire)).await
    }

    /// Index of the last entry that this writer saw committed.
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// Index of the last applied entry.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.applied.index()
    }

    /// The envelopes that came before their turn and wait in memory.
    #[must_use]
    pub fn early(&self) -> Vec<Early> {
        self.early.list()
    }

    /// The cases that the clock passes over: what another node would have to be told of them is larger than an envelope.
    #[must_use]
    pub fn passed_over(&self) -> Vec<CaseId> {
        self.passed_over.list()
    }

    /// What lines in quarantine wait for whose replay decided nothing.
    #[must_use]
    pub fn waits(&self) -> Waits {
        self.waits.list()
    }

    /// Tells the writer which node serves which division.
    pub fn places(&self, places: Arc<Places>) {
        // A writer that has stopped needs no places.
        let _sent = self.sender.send(Message::Places(places));
    }

    /// Asks the writer to stop after what it has in hand.
    pub fn stop(&self) {
        let _sent = self.sender.send(Message::Stop);
    }
}
