//! What the driver, requests and questions share on a running node: its knowledge, its writer, its endpoint, its links.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;
use tongban_quic::{Endpoint, Identity, Link, Revocation};

use super::change::{Change, Changed, Changing, Kept};
use super::knowledge::Knowledge;
use super::materials::Fetching;
use crate::api::v1::PeerView;
use crate::engine::trust::RootKey;
use crate::engine::{Answer, Handle, LeaderDesk, Outside, Refused, Request, Trust};
use crate::room::Room;

/// Keeps an index key under its version.
pub type KeepIndexKey = Box<dyn Fn(u32, &[u8]) -> std::io::Result<()> + Send + Sync>;

/// What a running node has beside its knowledge.
pub struct SharedParts {
    /// The writer.
    pub handle: Handle,
    /// Transport key, PKCS #8.
    pub transport_key: Vec<u8>,
    /// The QUIC endpoint.
    pub endpoint: Endpoint,
    /// Its trust.
    pub quic_trust: tongban_quic::Trust,
    /// Keeps the index key of a tree that was joined.
    pub keep_index_key: KeepIndexKey,
    /// Room on the disk.
    pub room: Arc<Room>,
}

/// What everything in the exchange of a running node works with; reads as its [`Knowledge`].
pub struct Shared {
    /// What the node knows.
    pub knowledge: Arc<Knowledge>,
    /// The writer.
    pub handle: Handle,
    /// The QUIC endpoint.
    pub endpoint: Endpoint,
    /// Room on the disk.
    pub room: Arc<Room>,
    pub(super) transport_key: Vec<u8>,
    pub(super) keep_index_key: KeepIndexKey,
    quic_trust: tongban_quic::Trust,
    links: RwLock<BTreeMap<NodeId, Link>>,
    standings: RwLock<Vec<PeerView>>,
    /// What keeps files of materials from being fetched.
    pub(crate) fetching: Fetching,
    /// Held while records or trust are judged, made durable and taken in.
    changes: tokio::sync::Mutex<()>,
}

impl Deref for Shared {
    type Target = Knowledge;

    fn deref(&self) -> &Knowledge {
        &self.knowledge
    }
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Joins knowledge with a writer and an endpoint, which learn what it says.
    #[must_use]
    pub fn new(knowledge: Arc<Knowledge>, parts: SharedParts) -> Arc<Self> {
        let SharedParts { handle, transport_key, endpoint, quic_trust, keep_index_key, room } = parts;
        let shared = Arc::new(Self {
            knowledge,
            handle,
            endpoint,
            room,
            transport_key,
            keep_index_key,
            quic_trust,
            links: RwLock::default(),
            standings: RwLock::default(),
            fetching: Fetching::default(),
            changes: tokio::sync::Mutex::default(),
        });
        shared.trust_changed();
        shared.places_changed();
        shared
    }

    /// The public transport key: SPKI, DER.
    ///
    /// # Errors
    ///
    /// When the key can't be used.
    pub fn transport_spki(&self) -> Result<Vec<u8>, Refused> {
        tongban_quic::certificate::public_key(&self.transport_key)
            .map_err(|error| Refused::problem("transport-key", error.to_string(), error.to_string()))
    }

    /// Trusts itself as the root that it is until it joins a tree.
    pub fn begin_as_root(&self, root: RootKey, trust: Trust) {
        self.adopt_own_root(root, trust);
        self.trust_changed();
    }

    /// Makes a change of records or trust: judged, durable, then taken in. Changes follow each other.
    ///
    /// # Errors
    ///
    /// When the writer refuses; what was committed before stays.
    pub async fn change(&self, change: Change) -> Result<Changed, Refused> {
        let _one_at_a_time = self.changes.lock().await;
        let mut changing = Changing::new(change);
        while let Some(request) = changing.next(&self.knowledge)? {
            let committed = self.handle.submit(request).await?;
            match changing.committed(&self.knowledge, committed) {
                Kept::Trust => self.trust_changed(),
                Kept::Records => self.places_changed(),
            }
        }
        Ok(changing.finish())
    }

    /// Lets the transport know whom this node trusts and by what it is trusted.
    fn trust_changed(&self) {
        let trust = self.trust();
        self.quic_trust.replace_anchors(self.anchors());
        if !trust.chain.is_empty() {
            let chain = trust.chain.iter().map(|certificate| certificate.0.clone()).collect();
            match Identity::new(&self.transport_key, chain) {
                Ok(identity) => self.endpoint.replace_identity(identity),
                Err(error) => tracing::error!(%error, "the certificate chain can't be used"),
            }
        }
    }

    /// Tells the writer which node serves which division, and the transport which trees are trusted and whose keys are revoked.
    fn places_changed(&self) {
        self.quic_trust.replace_anchors(self.anchors());
        self.handle.places(self.places());
        let revoked = self.revoked_keys().into_iter();
        self.quic_trust.replace_revocations(revoked.map(|(key_hash, since)| Revocation { key_hash, since }));
    }

    /// The open links by peer.
    #[must_use]
    pub fn links(&self) -> BTreeMap<NodeId, Link> {
        read(&self.links).clone()
    }

    pub(super) fn set_link(&self, peer: NodeId, link: Option<Link>) {
        match link {
            Some(link) => write(&self.links).insert(peer, link),
            None => write(&self.links).remove(&peer),
        };
    }

    /// How the peers stand.
    #[must_use]
    pub fn standings(&self) -> Vec<PeerView> {
        read(&self.standings).clone()
    }

    pub(super) fn set_standings(&self, standings: Vec<PeerView>) {
        *write(&self.standings) = standings;
    }

    /// Decides something of the exchange on the writer.
    ///
    /// # Errors
    ///
    /// As [`Handle::submit`].
    pub async fn settle(
        &self,
        decide: impl FnOnce(&dyn tongban_storage::Read, Timestamp, &mut LeaderDesk) -> Result<Outside, Refused>
        + Send
        + 'static,
    ) -> Result<Vec<u8>, Refused> {
        match self.handle.submit(Request::Custom(Box::new(decide))).await?.into_inner() {
            Answer::Json(reply) => Ok(reply),
            _ => Ok(Vec::new()),
        }
    }
}
