//! The network of a group of one: there is nobody to reach.

use std::future::Future;

use openraft::{
    OptionalSend, RaftNetworkFactory, RaftNetworkV2,
    alias::SnapshotOf,
    errors::{RPCError, ReplicationClosed, StreamingError, Unreachable},
    impls::EmptyNode,
    network::RPCOption,
    raft::{AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, VoteRequest, VoteResponse},
};

use super::binding::{Binding, Vote};

/// Refuses every call: this release runs a node as a group of one.
pub(super) struct NoPeers;

impl RaftNetworkFactory<Binding> for NoPeers {
    type Network = NoPeer;

    async fn new_client(&mut self, target: u64, _node: &EmptyNode) -> NoPeer {
        NoPeer { target }
    }
}

/// A replica that can't be reached.
pub(super) struct NoPeer {
    target: u64,
}

impl NoPeer {
    fn unreachable(&self) -> Unreachable<Binding> {
        Unreachable::from_string(format!(
            "replica {} can't be reached: this release runs a node as a group of one",
            self.target
        ))
    }
}

impl RaftNetworkV2<Binding> for NoPeer {
    type SnapshotData = ();

    async fn append_entries(
        &mut self,
        _request: AppendEntriesRequest<Binding>,
        _option: RPCOption,
    ) -> Result<AppendEntriesResponse<Binding>, RPCError<Binding>> {
        Err(self.unreachable().into())
    }

    async fn vote(
        &mut self,
        _request: VoteRequest<Binding>,
        _option: RPCOption,
    ) -> Result<VoteResponse<Binding>, RPCError<Binding>> {
        Err(self.unreachable().into())
    }

    /// Refuses as well; openraft's own would grant.
    async fn pre_vote(
        &mut self,
        _request: VoteRequest<Binding>,
        _option: RPCOption,
    ) -> Result<VoteResponse<Binding>, RPCError<Binding>> {
        Err(self.unreachable().into())
    }

    async fn full_snapshot(
        &mut self,
        _vote: Vote,
        _snapshot: SnapshotOf<Binding, ()>,
        _cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<Binding>, StreamingError<Binding>> {
        Err(self.unreachable().into())
    }
}
