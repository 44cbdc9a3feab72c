//! openraft's state machine: hands committed entries to the sink, and reports what the state database has flushed.

use std::{io, sync::Arc};

use futures::{Stream, TryStreamExt};
use openraft::{
    EntryPayload, OptionalSend, RaftSnapshotBuilder,
    alias::SnapshotOf,
    storage::{EntryResponder, RaftStateMachine},
};

use super::{
    CommittedSink, RaftError,
    binding::{Binding, LogId, SnapshotMeta, StoredMembership},
    log_store::View,
};

/// A snapshot carries no data here: its position is what the state database has flushed.
type Snapshot = SnapshotOf<Binding, ()>;

/// Hands committed entries to the sink.
pub(super) struct StateMachine {
    view: Arc<View>,
    sink: Arc<dyn CommittedSink>,
    applied: Option<LogId>,
    membership: StoredMembership,
}

impl StateMachine {
    /// Stands where the sink stood when its database was opened.
    pub(super) fn new(view: Arc<View>, sink: Arc<dyn CommittedSink>) -> Result<Self, RaftError> {
        let applied = match sink.applied() {
            0 => None,
            index => Some(view.log_id(index)?.ok_or_else(|| RaftError::Record {
                what: "applied position",
                detail: format!("entry {index} isn't in the log"),
            })?),
        };
        let membership = view.membership()?;
        Ok(Self { view, sink, applied, membership })
    }
}

impl RaftStateMachine<Binding> for StateMachine {
    type SnapshotData = ();
    type SnapshotBuilder = FlushedState;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), io::Error> {
        Ok((self.applied, self.membership.clone()))
    }

    async fn apply<S>(&mut self, mut entries: S) -> Result<(), io::Error>
    where
        S: Stream<Item = Result<EntryResponder<Binding>, io::Error>> + Unpin + OptionalSend,
    {
        while let Some((entry, responder)) = entries.try_next().await? {
            let log_id = entry.log_id;
            match entry.payload {
                EntryPayload::Blank => {}
                EntryPayload::Normal(proposal) => {
                    self.sink.committed(log_id.index, proposal.0).await.map_err(io::Error::other)?;
                }
                EntryPayload::Membership(membership) => {
                    self.membership = StoredMembership::new(Some(log_id), membership);
                    self.view.save_membership(&self.membership).map_err(io::Error::other)?;
                }
            }
            self.applied = Some(log_id);
            if let Some(responder) = responder {
                responder.send(());
            }
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> FlushedState {
        FlushedState {
            view: Arc::clone(&self.view),
            sink: Arc::clone(&self.sink),
            applied: self.applied,
            membership: self.membership.clone(),
        }
    }

    async fn install_snapshot(&mut self, _meta: &SnapshotMeta, _data: ()) -> Result<(), io::Error> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "a snapshot can't be installed: this release runs a node as a group of one",
        ))
    }

    /// None: openraft asks for one when it starts on a purged log, and a flushed state is reported then.
    async fn get_current_snapshot(&mut self) -> Result<Option<Snapshot>, io::Error> {
        Ok(None)
    }
}

/// The position of what the state database has flushed.
pub(super) struct FlushedState {
    view: Arc<View>,
    sink: Arc<dyn CommittedSink>,
    applied: Option<LogId>,
    membership: StoredMembership,
}

impl RaftSnapshotBuilder<Binding> for FlushedState {
    type SnapshotData = ();

    async fn build_snapshot(&mut self) -> Result<Snapshot, io::Error> {
        let applied = self.applied.map_or(0, |applied| applied.index);
        let last_log_id = match self.sink.flushed().min(applied) {
            0 => None,
            index => self.view.log_id(index).map_err(io::Error::other)?,
        };
        Ok(Snapshot { meta: SnapshotMeta { last_log_id, last_membership: self.membership.clone() }, snapshot: () })
    }
}
