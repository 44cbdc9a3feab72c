//! The thread of the writer in a running node, and the way of its proposals through the log.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, watch};
use tongban_storage::StorageError;

use super::handle::{Handle, Message};
use super::{Proposal, Writer, WriterParts};
use crate::engine::apply::Applied;
use crate::raft::OrderedLog;

/// Requests that may wait for the writer; whoever comes later waits for room.
const WAITING_MAX: usize = 4096;

struct Running {
    writer: Writer,
    log: Arc<dyn OrderedLog>,
    runtime: tokio::runtime::Handle,
    receiver: mpsc::UnboundedReceiver<Message>,
    sender: mpsc::UnboundedSender<Message>,
    applied: Applied,
    outbox: watch::Sender<u64>,
    stopping: bool,
}

/// Starts a writer's thread on a log whose recovery has been applied. `runtime` carries the proposals. Gives the way to it, the index of the
/// last applied entry that put something into the outbox, and the thread.
///
/// # Errors
///
/// When the state can't be read or the thread can't be started.
pub fn start(
    parts: WriterParts,
    log: Arc<dyn OrderedLog>,
    runtime: tokio::runtime::Handle,
) -> Result<(Handle, watch::Receiver<u64>, std::thread::JoinHandle<()>), StorageError> {
    let writer = Writer::new(parts)?;
    let (sender, receiver) = mpsc::unbounded_channel();
    let (outbox, outbox_changed) = watch::channel(0);
    let applied = writer.applied.clone();
    let room = Arc::new(Semaphore::new(WAITING_MAX));
    let handle = Handle {
        sender: sender.clone(),
        room,
        committed: Arc::clone(&writer.committed),
        applied: applied.clone(),
        early: writer.inbox.view(),
        passed_over: writer.passed_over.clone(),
        waits: writer.inbox.waits.clone(),
    };
    let mut running = Running { writer, log, runtime, receiver, sender, applied, outbox, stopping: false };
    let thread = std::thread::Builder::new()
        .name("writer".to_owned())
        .spawn(move || running.run())
        .map_err(|error| StorageError::Damaged { path: "writer".into(), detail: error.to_string() })?;
    Ok((handle, outbox_changed, thread))
}

impl Running {
    fn run(&mut self) {
        loop {
            while !self.writer.may_form() {
                if (self.stopping || self.writer.is_stopped()) && self.writer.is_settled() {
                    return;
                }
                match self.receiver.blocking_recv() {
                    Some(message) => self.take(message),
                    None => return,
                }
            }
            while let Ok(message) = self.receiver.try_recv() {
                self.take(message);
            }
            if self.stopping {
                self.writer.stop();
            } else if let Some(proposal) = self.writer.form() {
                self.propose(proposal);
            }
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Request(request, reply, permit) if !self.writer.is_stopped() => {
                self.writer.waiting.push_back((request, reply, Some(permit)));
            }
            // The callers hear from the dropped channel that nothing is known.
            Message::Request(..) => {}
            Message::Places(places) => self.writer.set_places(places),
            Message::Stop => self.stopping = true,
            Message::Settled { number, index } => self.writer.settled(number, index),
        }
    }

    fn propose(&self, proposal: Proposal) {
        let outcome = self.log.propose(proposal.bytes());
        let sender = self.sender.clone();
        let (outbox, mut applied) = (self.outbox.clone(), self.applied.clone());
        self.runtime.spawn(async move {
            let (number, sends) = (proposal.number(), proposal.sends());
            match outcome.await {
                Ok(index) => {
                    proposal.committed(index);
                    // A writer that has ended needs no news.
                    let _sent = sender.send(Message::Settled { number, index: Some(index) });
                    if sends && applied.reached(index).await {
                        outbox.send_modify(|seen| *seen = (*seen).max(index));
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the log did not take an entry");
                    proposal.lost();
                    let _sent = sender.send(Message::Settled { number, index: None });
                }
            }
        });
    }
}
