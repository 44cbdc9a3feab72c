//! What a node trusts and is trusted by: its chain, its anchors, its superior.

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Digest, NodeId};

/// A trusted root or superior by the hash of its transport key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AnchorRow {
    /// SHA-256 of the SPKI.
    #[n(0)]
    pub key_hash: Digest,
    /// Its division.
    #[n(1)]
    pub division: DivisionCode,
}

/// A root's seal key: the anchor of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RootKey {
    /// The root.
    #[n(0)]
    pub node: NodeId,
    /// Its public seal key.
    #[n(1)]
    pub key: tongban_seal::PublicKey,
}

/// One DER certificate, or one sealed certification.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Certificate(#[cbor(n(0), with = "minicbor::bytes")] pub Vec<u8>);

/// Trust as it is kept in the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Trust {
    /// Own certificate and its chain; empty until the first was made.
    #[n(0)]
    pub chain: Vec<Certificate>,
    /// Trusted transport keys.
    #[n(1)]
    pub anchors: Vec<AnchorRow>,
    /// Trusted roots of the directory.
    #[n(2)]
    pub roots: Vec<RootKey>,
    /// The superior that was joined.
    #[n(3)]
    pub superior: Option<NodeId>,
    /// Where the superior was dialled when joining.
    #[n(4)]
    pub superior_address: Option<String>,
    /// Version of the index key in use; the key itself lies in the key store.
    #[n(5)]
    pub index_version: u32,
    /// The superior's sealed word on this node; a root certifies itself.
    #[n(6)]
    pub certification: Option<Certificate>,
}

impl Trust {
    /// Trusts a transport key, if it isn't trusted already.
    pub(crate) fn add_anchor(&mut self, anchor: AnchorRow) {
        if !self.anchors.iter().any(|known| known.key_hash == anchor.key_hash) {
            self.anchors.push(anchor);
        }
    }
}
