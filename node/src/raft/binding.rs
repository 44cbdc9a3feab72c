//! What openraft needs to know of our types.

use std::{fmt, sync::Arc};

use openraft::{
    alias::{CommittedLeaderIdOf, EntryOf, LogIdOf, SnapshotMetaOf, StoredMembershipOf, VoteOf},
    impls::{EmptyNode, leader_id_std},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

openraft::declare_raft_types!(
    /// One leader per term; replicas are numbers; entries are bytes.
    pub(super) Binding:
        D = Proposal,
        R = (),
        NodeId = u64,
        Node = EmptyNode,
        LeaderId = leader_id_std::LeaderId<Self::Term, Self::NodeId>,
);

pub(super) type Entry = EntryOf<Binding>;
pub(super) type LogId = LogIdOf<Binding>;
pub(super) type Term = CommittedLeaderIdOf<Binding>;
pub(super) type Vote = VoteOf<Binding>;
pub(super) type Membership = openraft::Membership<u64, EmptyNode>;
pub(super) type StoredMembership = StoredMembershipOf<Binding>;
pub(super) type SnapshotMeta = SnapshotMetaOf<Binding>;

/// An entry of the engine, shared.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Proposal(pub(super) Arc<[u8]>);

impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

// openraft's serde feature asks for these; nothing is stored or sent through them.
impl Serialize for Proposal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Proposal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<u8>::deserialize(deserializer).map(|bytes| Self(bytes.into()))
    }
}
