//! Whose certificates count: anchors, revocations, the clock, and whether strangers may knock.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use tongban_codes::{
    division::DivisionCode,
    ids::{Digest, NodeId},
    time::Timestamp,
};

/// Tells the present time; validity is judged by it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A key trusted by itself, for one division and what lies below it.
///
/// The own root is one; so is the root of another province that this one has exchanged anchors with; so
/// is the own superior, which its subordinates go on trusting by its key when it joins a tree later and
/// its chain gets a new root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Anchor {
    /// Hash of the key, see [`crate::certificate::key_hash`].
    pub key_hash: Digest,
    /// The division that the key may speak for; a certificate of the key for another one is not anchored.
    pub division: DivisionCode,
}

/// A key that is no longer to be trusted, wherever in a chain it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revocation {
    /// Hash of the key, see [`crate::certificate::key_hash`].
    pub key_hash: Digest,
    /// Since when it is revoked; before that time by the local clock it still counts.
    pub since: Timestamp,
}

/// How well a peer's certificate stands, and so what may be done on its link.
///
/// Expiry alone never cuts a node off, and a wrong clock is a finding, not a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// In order.
    Valid,
    /// Valid only from a later time by the local clock: everything may be done; one of the clocks is wrong.
    NotYetValid {
        /// Start of validity.
        from: Timestamp,
    },
    /// Expired for at most [`crate::Verifier::GRACE_DAYS`], or a key trusted by itself: everything may
    /// be done, with a warning.
    ExpiredGrace {
        /// End of validity.
        since: Timestamp,
    },
    /// Expired for longer, but of a node below this one: renewal, directory and catch-up only.
    ExpiredKin {
        /// End of validity.
        since: Timestamp,
    },
    /// The dialled node has the key that was asked for by hash; nothing more is known. For a join.
    Pinned,
    /// A self-signed certificate that nobody vouches for: only a join request may be served.
    Stranger,
}

/// Who is at the other end of a link, as authenticated by the handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerIdentity {
    /// The peer's node id; of a [`Standing::Stranger`] or [`Standing::Pinned`] peer only its own claim.
    pub node: NodeId,
    /// The peer's division; of a [`Standing::Stranger`] or [`Standing::Pinned`] peer only its own claim.
    pub division: DivisionCode,
    /// Hash of the peer's key, which it has proven to hold.
    pub key_hash: Digest,
    /// How its certificate stands.
    pub standing: Standing,
    /// Its chain as presented (DER), leaf first.
    pub chain: Vec<Vec<u8>>,
}

/// What is trusted at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustState {
    pub(crate) anchors: BTreeMap<Digest, DivisionCode>,
    pub(crate) revocations: BTreeMap<Digest, Timestamp>,
    pub(crate) strangers: bool,
}

/// Whose certificates count. A handle: clones share one state, and a change holds for every handshake
/// from then on. Links that are open already are judged again by [`crate::Link::judge_again`].
#[derive(Clone)]
pub struct Trust {
    clock: Clock,
    state: Arc<RwLock<Arc<TrustState>>>,
}

impl fmt::Debug for Trust {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Trust").field("state", &self.now()).finish_non_exhaustive()
    }
}

impl Trust {
    /// Trusts these anchors; nothing is revoked, strangers are refused.
    pub fn new(clock: Clock, anchors: impl IntoIterator<Item = Anchor>) -> Self {
        let trust = Self { clock, state: Arc::default() };
        trust.replace_anchors(anchors);
        trust
    }

    /// Replaces the anchors. Of two for the same key the last counts.
    pub fn replace_anchors(&self, anchors: impl IntoIterator<Item = Anchor>) {
        let anchors = anchors.into_iter().map(|anchor| (anchor.key_hash, anchor.division)).collect();
        self.change(|state| state.anchors = anchors);
    }

    /// Replaces the list of revoked keys. Of two entries for a key the earlier counts.
    pub fn replace_revocations(&self, revocations: impl IntoIterator<Item = Revocation>) {
        let mut table = BTreeMap::new();
        for Revocation { key_hash, since } in revocations {
            let entry = table.entry(key_hash).or_insert(since);
            *entry = since.min(*entry);
        }
        self.change(|state| state.revocations = table);
    }

    /// Whether nodes with an unknown self-signed certificate may connect, as [`Standing::Stranger`].
    /// To be switched on while an invitation is open.
    pub fn admit_strangers(&self, admit: bool) {
        self.change(|state| state.strangers = admit);
    }

    pub(crate) fn clock(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn now(&self) -> Arc<TrustState> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut TrustState)) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut state));
    }
}
