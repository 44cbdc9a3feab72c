//! The records, and the forms in which they are sealed.

use minicbor::{Decode, Encode};
use tongban_codes::{
    cbor,
    credit_code::CreditCode,
    division::DivisionCode,
    ids::{AuthorityId, Digest, Label, NodeId},
    time::{Date, Timestamp},
};
use tongban_seal::{PublicKey, SignError, Signer, content_type, cose};

use crate::sealed::Sealed;

/// The content type of a superior's word on a node.
pub const NODE_CERTIFICATION: &str = "application/tongban-node-certification+cbor";

/// A key with the time in which it was used.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DatedKey {
    /// The key.
    #[n(0)]
    pub key: PublicKey,
    /// Since when it is used.
    #[n(1)]
    pub from: Timestamp,
    /// From when on its seals don't count.
    #[n(2)]
    pub revoked: Option<Timestamp>,
}

/// A credit code with the days on which it was the authority's.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DatedCode {
    /// 统一社会信用代码.
    #[n(0)]
    pub code: CreditCode,
    /// The first day.
    #[n(1)]
    pub from: Date,
    /// The first day on which it no longer was.
    #[n(2)]
    pub until: Option<Date>,
}

/// What a superior says of a node: who it is, where it stands, and by which keys it is known.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Certification {
    /// The node.
    #[n(0)]
    pub node: NodeId,
    /// Its division.
    #[n(1)]
    pub division: DivisionCode,
    /// Its label.
    #[n(2)]
    pub label: Label,
    /// The node above it, which certifies it or lies below the ancestor that does; `None` for a root, which certifies itself.
    #[n(3)]
    pub superior: Option<NodeId>,
    /// Its seal keys, newest last; old ones stay.
    #[n(4)]
    pub seal_keys: Vec<DatedKey>,
    /// Its public exchange key (HPKE).
    #[cbor(n(5), with = "minicbor::bytes")]
    pub exchange_key: Vec<u8>,
    /// Grows with each certification of the node, whoever makes it.
    #[n(6)]
    pub serial: u64,
    /// When it was certified.
    #[n(7)]
    pub at: Timestamp,
    /// Since when the node is no longer part of the federation.
    #[n(8)]
    pub revoked: Option<Timestamp>,
    /// Why it was revoked, in the administrator's words.
    #[n(9)]
    pub reason: Option<String>,
}

/// What a node says of itself, under a seal key that its superior has certified.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct NodeRecord {
    /// The node.
    #[n(0)]
    pub node: NodeId,
    /// Its name, like 广安区.
    #[n(1)]
    pub name: String,
    /// Where it can be dialled; empty behind a NAT.
    #[n(2)]
    pub addresses: Vec<String>,
    /// SHA-256 of its transport key's SPKI.
    #[n(3)]
    pub transport_key: Digest,
    /// Its certificate and the chain up to the root's: X.509, DER.
    #[n(4)]
    pub chain: Vec<Sealed>,
    /// The authorities that it serves.
    #[n(5)]
    pub authorities: Vec<AuthorityId>,
    /// The unbroken life of its data.
    #[n(6)]
    pub epoch: u32,
    /// Grows with each record.
    #[n(7)]
    pub version: u64,
    /// When it was made.
    #[n(8)]
    pub issued_at: Timestamp,
}

/// An authority (机关), as a node of its division (or of an ancestor) describes it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AuthorityRecord {
    /// Its id.
    #[n(0)]
    pub authority: AuthorityId,
    /// Its name, like 广安市广安区行政审批局.
    #[n(1)]
    pub name: String,
    /// Its division.
    #[n(2)]
    pub division: DivisionCode,
    /// Its credit codes, by date.
    #[n(3)]
    pub credit_codes: Vec<DatedCode>,
    /// Its departments.
    #[n(4)]
    pub departments: Vec<String>,
    /// The nodes that serve it.
    #[n(5)]
    pub nodes: Vec<NodeId>,
    /// The keys of its seals; old ones stay.
    #[n(6)]
    pub seal_keys: Vec<DatedKey>,
    /// The authority that has taken over its functions.
    #[n(7)]
    pub successor: Option<AuthorityId>,
    /// Grows with each record.
    #[n(8)]
    pub version: u64,
    /// When it was made.
    #[n(9)]
    pub issued_at: Timestamp,
}

/// A record as it travels and is kept. Who has signed is said beside the seals, so that the key can be looked up; the seals
/// prove it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum SignedRecord {
    /// A node.
    #[n(0)]
    Node {
        /// The node.
        #[n(0)]
        node: NodeId,
        /// Who certifies it: its superior, or for a root itself.
        #[n(1)]
        certifier: NodeId,
        /// A [`Certification`] under the certifier's seal.
        #[n(2)]
        certification: Sealed,
        /// A [`NodeRecord`] under the node's own seal.
        #[n(3)]
        record: Sealed,
    },
    /// An authority.
    #[n(1)]
    Authority {
        /// The node that has sealed it.
        #[n(0)]
        signer: NodeId,
        /// An [`AuthorityRecord`] under that node's seal.
        #[n(1)]
        record: Sealed,
    },
    /// Another tree's root.
    #[n(2)]
    Anchor {
        /// The root that has sealed it.
        #[n(0)]
        signer: NodeId,
        /// An [`AnchorRecord`](super::AnchorRecord) under that root's seal.
        #[n(1)]
        record: Sealed,
    },
}

impl Certification {
    /// The certification under the seal of the one who certifies.
    ///
    /// # Errors
    /// [`SignError`] when the key can't be used.
    pub fn seal(&self, certifier: &dyn Signer) -> Result<Sealed, SignError> {
        cose::seal(certifier, NODE_CERTIFICATION, cbor::to_vec(self), &[]).map(Sealed::new)
    }
}

impl NodeRecord {
    /// The record under the node's own seal.
    ///
    /// # Errors
    /// [`SignError`] when the key can't be used.
    pub fn seal(&self, node: &dyn Signer) -> Result<Sealed, SignError> {
        cose::seal(node, content_type::NODE_RECORD, cbor::to_vec(self), &[]).map(Sealed::new)
    }
}

impl AuthorityRecord {
    /// The record under the seal of its division's node.
    ///
    /// # Errors
    /// [`SignError`] when the key can't be used.
    pub fn seal(&self, node: &dyn Signer) -> Result<Sealed, SignError> {
        cose::seal(node, content_type::AUTHORITY_RECORD, cbor::to_vec(self), &[]).map(Sealed::new)
    }
}

impl SignedRecord {
    /// The bytes that travel.
    pub fn to_sealed(&self) -> Sealed {
        Sealed::new(cbor::to_vec(self))
    }
}
