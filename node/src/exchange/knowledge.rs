//! What a node knows of itself and of others: applied state, directory, trust, clock. No socket, no task, no writer.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{CaseId, Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::{NodeFacts, Place};
use tongban_federation::wire::Target;
use tongban_federation::{Directory, Sealed, Unseal, UnsealError};
use tongban_seal::{KeyId, PublicKey, SealError, batch};
use tongban_storage::keyspace::{Bytes, directory, meta};
use tongban_storage::{Backend, StorageError};

use super::blobs::BlobStore;
use crate::engine::trust::RootKey;
use crate::engine::{Keys, Trust};

/// A clock: milliseconds of the legal day, moved on a demo node.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Which node serves which division.
pub type Places = Arc<tongban_domain::Places>;

/// What knowledge is made of.
pub struct KnowledgeParts {
    /// The applied state.
    pub backend: Arc<dyn Backend>,
    /// Blobs.
    pub blobs: Arc<dyn BlobStore>,
    /// Private keys.
    pub keys: Arc<Keys>,
    /// Hash of the public transport key, for the node's own record.
    pub transport_key_hash: Digest,
    /// Public exchange key.
    pub exchange_key: Vec<u8>,
    /// Clock.
    pub clock: Clock,
    /// Addresses under which peers may dial this node.
    pub addresses: Vec<String>,
    /// Whether nodes that are neither superior nor subordinate may be dialled.
    pub direct: bool,
}

/// What a node knows. Whoever decides in the exchange reads it; only what is committed changes it.
pub struct Knowledge {
    /// What it is made of.
    pub parts: KnowledgeParts,
    /// Epoch of this node.
    pub epoch: u32,
    node: RwLock<NodeFacts>,
    directory: RwLock<Arc<Directory>>,
    /// Which node serves which division, and the layout of the directory by which that was read.
    places: Mutex<Option<(u64, Places)>>,
    trust: RwLock<Trust>,
    /// What is remembered of drift.
    pub(super) drift: super::drift::Memory,
    /// Wrong proofs of those who asked how far a case is.
    proofs: super::proof::Attempts,
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

impl Knowledge {
    /// Whether the proof is the end of the identity number of the case's applicant; wrong ones are counted.
    pub(crate) fn proves(&self, case: CaseId, identity: &str, proof: &str) -> bool {
        self.proofs.holds(case, identity, proof, self.now())
    }

    /// Loads directory and trust from the state.
    ///
    /// # Errors
    ///
    /// When the state can't be read.
    pub fn load(parts: KnowledgeParts, node: NodeFacts, epoch: u32) -> Result<Arc<Self>, StorageError> {
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
        let anchors = directory::ANCHOR.list(state, &[], None, usize::MAX)?.into_iter().map(|(_, bytes)| bytes);
        let nodes = directory::NODE.list(state, &[], None, usize::MAX)?.into_iter().map(|(_, bytes)| bytes);
        let authorities =
            directory::AUTHORITY_RECORD.list(state, &[], None, usize::MAX)?.into_iter().map(|(_, bytes)| bytes);
        let records = anchors.chain(nodes).chain(authorities).map(|Bytes(bytes)| Sealed::new(bytes)).collect();
        for (_, outcome) in known.restore(records, (parts.clock)()) {
            if let Err(error) = outcome {
                tracing::warn!(%error, "a stored record no longer verifies");
            }
        }
        Ok(Self::of(parts, node, epoch, trust, Arc::new(known)))
    }

    /// Knowledge with a directory whose records have been verified already, of nodes that share one.
    #[must_use]
    pub fn of(parts: KnowledgeParts, node: NodeFacts, epoch: u32, trust: Trust, known: Arc<Directory>) -> Arc<Self> {
        let (node, directory, trust) = (RwLock::new(node), RwLock::new(known), RwLock::new(trust));
        Arc::new(Self {
            parts,
            epoch,
            node,
            directory,
            places: Mutex::default(),
            trust,
            drift: Default::default(),
            proofs: Default::default(),
        })
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

    /// Keeps trust that is committed.
    pub(super) fn set_trust(&self, trust: Trust) {
        *write(&self.trust) = trust;
    }

    /// Trusts itself as the root that it is until it joins a tree.
    pub fn adopt_own_root(&self, root: RootKey, trust: Trust) {
        self.change_directory(|directory| directory.add_anchor(root.node, root.key));
        self.set_trust(trust);
    }

    /// Which node serves which division: what the writer must be told after every change of the directory.
    #[must_use]
    pub fn places(&self) -> Places {
        let (me, directory) = (self.here().node, self.directory());
        let mut known = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((layout, places)) = &*known
            && *layout == directory.layout()
        {
            return Arc::clone(places);
        }
        let mut places: BTreeMap<DivisionCode, Place> = BTreeMap::new();
        let mut superiors = BTreeMap::new();
        for entry in directory.nodes() {
            superiors.extend(entry.certification.superior.map(|above| (entry.record.node, above)));
            // A node that has been revoked serves on, alone.
            if directory.revoked(&entry.record.node).is_some() && entry.record.node != me {
                continue;
            }
            let division = entry.certification.division;
            places.entry(division).or_insert(Place { node: entry.record.node, division });
        }
        let places = Arc::new(tongban_domain::Places::new(places, superiors));
        *known = Some((directory.layout(), Arc::clone(&places)));
        places
    }

    /// The transport keys of revoked nodes, and since when they are.
    #[must_use]
    pub fn revoked_keys(&self) -> Vec<(Digest, Timestamp)> {
        let directory = self.directory();
        let nodes = directory.nodes();
        nodes.filter_map(|entry| Some((entry.record.transport_key, entry.certification.revoked?))).collect()
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

    /// Whether `other` is this node's superior, has it as its superior, is another tree's root beside this one, or isn't known yet: only then
    /// a link to it lasts by itself.
    #[must_use]
    pub fn is_neighbour(&self, other: &NodeId) -> bool {
        let me = self.here().node;
        self.trust().superior == Some(*other)
            || self.is_foreign_root(other)
            || self.directory().node(other).is_none_or(|entry| entry.certification.superior == Some(me))
    }

    /// The nodes that a target may mean, as far as this node's directory knows.
    #[must_use]
    pub fn targets(&self, target: &Target) -> Vec<NodeId> {
        let directory = self.directory();
        match target {
            Target::Node(node) => vec![*node],
            Target::Division(division) => {
                directory.by_division(*division).iter().map(|entry| entry.record.node).collect()
            }
            Target::CasePrefix(prefix) => {
                directory.by_case_prefix(*prefix).iter().map(|entry| entry.record.node).collect()
            }
            Target::Label(label) => directory.by_label(label).iter().map(|entry| entry.record.node).collect(),
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
        // What a relay passes on that hasn't heard of it counts no more than what comes over a link of that tree.
        if self.0.withdrawn(signer).is_some() {
            return Err(UnsealError::Revoked(*signer));
        }
        let revoked = Cell::new(false);
        let lookup = |id: &KeyId| -> Option<PublicKey> {
            let dated = keys.iter().find(|dated| dated.key.key_id() == *id)?;
            revoked.set(dated.revoked.is_some());
            Some(dated.key.clone())
        };
        match batch::open(sealed.as_bytes(), content_type, &lookup) {
            // What comes now may have been sealed after the day of the revocation, whatever it says itself.
            Ok(_) if revoked.get() => Err(UnsealError::Revoked(*signer)),
            Ok(opened) => Ok(opened.statement),
            Err(error @ SealError::UnknownKey(_)) => Err(UnsealError::Key(error.to_string())),
            Err(SealError::Signature) => Err(UnsealError::Broken),
            Err(error) => Err(UnsealError::Malformed(error.to_string())),
        }
    }
}
