//! What driver, requests and questions share: directory, trust, links.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tongban_codes::division::DivisionCode;
use tongban_codes::ids::NodeId;
use tongban_codes::time::Timestamp;
use tongban_domain::{NodeFacts, Place};
use tongban_federation::{Directory, Sealed, Unseal, UnsealError};
use tongban_quic::{Anchor, Endpoint, Identity, Link};
use tongban_seal::{KeyId, PublicKey, SealError, batch};
use tongban_storage::keyspace::{Bytes, directory, meta};
use tongban_storage::{Backend, StorageError};

use super::blobs::FileBlobs;
use crate::api::v1::PeerView;
use crate::engine::{Answer, Handle, Keys, Outside, Refused, Request, Trust};

/// A clock: milliseconds of the legal day, moved on a demo node.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Keeps an index key under its version.
pub type KeepIndexKey = Box<dyn Fn(u32, &[u8]) -> std::io::Result<()> + Send + Sync>;

/// What the exchange is made of.
pub struct SharedParts {
    /// The writer.
    pub handle: Handle,
    /// The applied state.
    pub backend: Arc<dyn Backend>,
    /// Blobs.
    pub blobs: Arc<FileBlobs>,
    /// Private keys.
    pub keys: Arc<Keys>,
    /// Transport key, PKCS #8.
    pub transport_key: Vec<u8>,
    /// Public exchange key.
    pub exchange_key: Vec<u8>,
    /// Clock.
    pub clock: Clock,
    /// The QUIC endpoint.
    pub endpoint: Endpoint,
    /// Its trust.
    pub quic_trust: tongban_quic::Trust,
    /// Addresses under which peers may dial this node.
    pub addresses: Vec<String>,
    /// Whether nodes that are neither superior nor subordinate may be dialled.
    pub direct: bool,
    /// Keeps the index key of a tree that was joined.
    pub keep_index_key: KeepIndexKey,
}

/// What everything in the exchange works with.
pub struct Shared {
    /// What it is made of.
    pub parts: SharedParts,
    /// Epoch of this node.
    pub epoch: u32,
    node: RwLock<NodeFacts>,
    directory: RwLock<Arc<Directory>>,
    trust: RwLock<Trust>,
    links: RwLock<BTreeMap<NodeId, Link>>,
    standings: RwLock<Vec<PeerView>>,
    /// Held while trust is read, changed and made durable.
    pub(super) trust_changes: tokio::sync::Mutex<()>,
    /// Held while records are verified, made durable and taken in.
    pub(super) record_changes: tokio::sync::Mutex<()>,
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Loads directory and trust from the state.
    ///
    /// # Errors
    ///
    /// When the state can't be read.
    pub fn load(parts: SharedParts, node: NodeFacts, epoch: u32) -> Result<Arc<Self>, StorageError> {
        let state = &*parts.backend;
        let trust: Trust = match meta::TRUST.load(state, &())? {
            None => Trust::default(),
            Some(Bytes(bytes)) => minicbor::decode(&bytes)
                .map_err(|error| StorageError::Damaged { path: "trust".into(), detail: error.to_string() })?,
        };
        let mut known = Directory::new();
        for root in &trust.roots {
            known.add_anchor(root.node, root.key.clone());
        }
        let nodes = directory::NODE.list(state, &[], None, usize::MAX)?.into_iter().map(|(_, bytes)| bytes);
        let authorities =
            directory::AUTHORITY_RECORD.list(state, &[], None, usize::MAX)?.into_iter().map(|(_, bytes)| bytes);
        let records = nodes.chain(authorities).map(|Bytes(bytes)| Sealed::new(bytes)).collect();
        for (_, outcome) in known.merge_all(records, (parts.clock)()) {
            if let Err(error) = outcome {
                tracing::warn!(%error, "a stored record no longer verifies");
            }
        }
        let shared = Arc::new(Self {
            parts,
            epoch,
            node: RwLock::new(node),
            directory: RwLock::new(Arc::new(known)),
            trust: RwLock::new(trust),
            links: RwLock::default(),
            standings: RwLock::default(),
            trust_changes: tokio::sync::Mutex::default(),
            record_changes: tokio::sync::Mutex::default(),
        });
        shared.trust_changed();
        shared.places_changed();
        Ok(shared)
    }

    /// The node.
    #[must_use]
    pub fn node(&self) -> NodeFacts {
        read(&self.node).clone()
    }

    /// The node and its division.
    #[must_use]
    pub fn here(&self) -> Place {
        let node = read(&self.node);
        Place { node: node.node, division: node.division }
    }

    /// Replaces what the node knows of itself.
    pub fn set_node(&self, node: NodeFacts) {
        *write(&self.node) = node;
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.parts.clock)()
    }

    /// The directory as it is now. No lock is held, so whoever reads may read again.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&read(&self.directory))
    }

    /// Changes the directory; `change` must not ask for it again.
    pub(super) fn change_directory<T>(&self, change: impl FnOnce(&mut Directory) -> T) -> T {
        change(Arc::make_mut(&mut write(&self.directory)))
    }

    /// Trust.
    #[must_use]
    pub fn trust(&self) -> Trust {
        read(&self.trust).clone()
    }

    /// Keeps trust that is committed, and lets the transport know.
    pub(super) fn set_trust(&self, trust: Trust) {
        *write(&self.trust) = trust;
        self.trust_changed();
    }

    /// Trusts itself as the root that it is until it joins a tree.
    pub fn adopt_own_root(&self, root: crate::engine::trust::RootKey, trust: Trust) {
        self.change_directory(|directory| directory.add_anchor(root.node, root.key));
        self.set_trust(trust);
    }

    fn trust_changed(&self) {
        let trust = self.trust();
        let anchors: Vec<Anchor> =
            trust.anchors.iter().map(|row| Anchor { key_hash: row.key_hash, division: row.division }).collect();
        self.parts.quic_trust.replace_anchors(anchors);
        if !trust.chain.is_empty() {
            let chain = trust.chain.iter().map(|certificate| certificate.0.clone()).collect();
            match Identity::new(&self.parts.transport_key, chain) {
                Ok(identity) => self.parts.endpoint.replace_identity(identity),
                Err(error) => tracing::error!(%error, "the certificate chain can't be used"),
            }
        }
    }

    /// Tells the writer which node serves which division.
    pub(super) fn places_changed(&self) {
        let mut places: BTreeMap<DivisionCode, Place> = BTreeMap::new();
        for entry in self.directory().nodes() {
            let division = entry.certification.division;
            places.entry(division).or_insert(Place { node: entry.record.node, division });
        }
        self.parts.handle.places(Arc::new(places));
    }

    /// The open links by peer.
    #[must_use]
    pub fn links(&self) -> BTreeMap<NodeId, Link> {
        read(&self.links).clone()
    }

    pub(super) fn link(&self, peer: &NodeId) -> Option<Link> {
        read(&self.links).get(peer).cloned()
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

    /// The place of a node, as certified.
    #[must_use]
    pub fn place_of(&self, node: &NodeId) -> Option<Place> {
        self.directory().node(node).map(|entry| Place { node: *node, division: entry.certification.division })
    }

    /// Whether `other` is above this node in the tree.
    #[must_use]
    pub fn is_superior(&self, other: &NodeId) -> bool {
        let me = self.here().node;
        let directory = self.directory();
        self.trust().superior == Some(*other) || directory.superiors(&me).contains(other)
    }

    /// Whether `other` is below this node in the tree.
    #[must_use]
    pub fn is_subordinate(&self, other: &NodeId) -> bool {
        self.directory().superiors(other).contains(&self.here().node)
    }

    /// Decides something of the exchange on the writer.
    ///
    /// # Errors
    ///
    /// As [`Handle::submit`].
    pub async fn settle(
        &self,
        decide: impl FnOnce(
            &dyn tongban_storage::Read,
            Timestamp,
            &mut crate::engine::LeaderDesk,
        ) -> Result<Outside, Refused>
        + Send
        + 'static,
    ) -> Result<Vec<u8>, Refused> {
        match self.parts.handle.submit(Request::Custom(Box::new(decide))).await?.into_inner() {
            Answer::Json(reply) => Ok(reply),
            _ => Ok(Vec::new()),
        }
    }
}

/// Opens what nodes have sealed, with the keys of the directory.
pub struct DirectoryUnseal<'a>(pub &'a Directory);

impl Unseal for DirectoryUnseal<'_> {
    fn open(&self, signer: &NodeId, content_type: &str, sealed: &Sealed) -> Result<Vec<u8>, UnsealError> {
        let keys = self.0.seal_keys(signer);
        if keys.is_empty() {
            return Err(UnsealError::UnknownSigner(*signer));
        }
        let lookup = |id: &KeyId| -> Option<PublicKey> {
            keys.iter()
                .find(|dated| dated.revoked.is_none() && dated.key.key_id() == *id)
                .map(|dated| dated.key.clone())
        };
        match batch::open(sealed.as_bytes(), content_type, &lookup) {
            Ok(opened) => Ok(opened.statement),
            Err(error @ SealError::UnknownKey(_)) => Err(UnsealError::Key(error.to_string())),
            Err(SealError::Signature) => Err(UnsealError::Broken),
            Err(error) => Err(UnsealError::Malformed(error.to_string())),
        }
    }
}
