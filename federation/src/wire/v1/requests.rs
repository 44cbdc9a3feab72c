//! Requests and responses of protocol version 1; frozen like the frames.

use minicbor::{Decode, Encode};
use tongban_codes::{
    division::DivisionCode,
    ids::{AuthorityId, CaseId, Digest, Label, NodeId, QueryCode},
};

use super::{JournalSize, Refusal};
use crate::sealed::Sealed;

/// A question that wants one response, on a stream of its own.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Request {
    /// Takes a new node into the federation.
    #[n(0)]
    Join(#[n(0)] Join),
    /// Asks for a new transport certificate.
    #[n(1)]
    Renew(#[n(0)] Renew),
    /// Asks which journals can be pulled here.
    #[n(2)]
    Journals(#[n(0)] Journals),
    /// Asks for a slice of a journal.
    #[n(3)]
    Pull(#[n(0)] Pull),
    /// Asks for a piece of a material or other content-addressed file.
    #[n(4)]
    Blob(#[n(0)] Blob),
    /// Asks a question of whichever node can answer it.
    #[n(5)]
    Routed(#[n(0)] Routed),
}

/// What comes back on a request's stream.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Response {
    /// To [`Join`].
    #[n(0)]
    Joined(#[n(0)] Joined),
    /// To [`Renew`].
    #[n(1)]
    Renewed(#[n(0)] Renewed),
    /// To [`Journals`].
    #[n(2)]
    JournalList(#[n(0)] JournalList),
    /// To [`Pull`].
    #[n(3)]
    Slice(#[n(0)] Slice),
    /// To [`Blob`].
    #[n(4)]
    Chunk(#[n(0)] Chunk),
    /// To [`Routed`].
    #[n(5)]
    Answer(#[n(0)] Answer),
    /// To any of them.
    #[n(6)]
    Refused(#[n(0)] Refusal),
}

/// A new node introduces itself with the secret of its invitation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Join {
    /// The secret of the invitation: 16 bytes.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub secret: [u8; 16],
    /// The division that the node says it is for.
    #[n(1)]
    pub division: DivisionCode,
    /// The id that it has drawn.
    #[n(2)]
    pub node: NodeId,
    /// Its public transport key: SPKI, DER. The link proves that it has the private half.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub transport_request: Vec<u8>,
    /// Its public seal key, as a COSE key.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub seal_key: Vec<u8>,
    /// Its public exchange key (HPKE).
    #[cbor(n(5), with = "minicbor::bytes")]
    pub exchange_key: Vec<u8>,
    /// Its name, like 广安区.
    #[n(6)]
    pub name: String,
    /// Where it can be dialled; empty behind a NAT.
    #[n(7)]
    pub addresses: Vec<String>,
    /// The authorities that it serves already.
    #[n(8)]
    pub authorities: Vec<AuthorityId>,
}

/// The new node is in.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Joined {
    /// Its certificate and the chain up to the root's: X.509, DER.
    #[n(0)]
    pub chain: Vec<Sealed>,
    /// Its label, with which its query codes begin.
    #[n(1)]
    pub label: Label,
    /// The root's node record, the anchor of all trust.
    #[n(2)]
    pub anchor: Sealed,
    /// The records that it needs first: its ancestors, and its own as certified by the issuer.
    #[n(3)]
    pub records: Vec<Sealed>,
    /// The province's key for search by identity number.
    #[n(4)]
    pub index_key: Option<NamedKey>,
}

/// A key that is known by its version.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct NamedKey {
    /// Its version.
    #[n(0)]
    pub version: u32,
    /// The key.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub key: Vec<u8>,
}

/// A request for a certificate over a new (or the same) transport key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Renew {
    /// The public transport key: SPKI, DER.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub transport_request: Vec<u8>,
}

/// The new certificate.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Renewed {
    /// It and its chain up to the root's: X.509, DER.
    #[n(0)]
    pub chain: Vec<Sealed>,
}

/// Which journals can be pulled here?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Journals {}

/// The journals that the asker may pull.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JournalList {
    /// One for each origin, journal and epoch.
    #[n(0)]
    pub journals: Vec<JournalListed>,
}

/// One journal that can be pulled.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JournalListed {
    /// How much of it there is.
    #[n(0)]
    pub size: JournalSize,
    /// Its newest checkpoint, a signed note, when there is one.
    #[n(1)]
    pub note: Option<String>,
}

/// Entries of a journal, please.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Pull {
    /// The node that keeps the journal.
    #[n(0)]
    pub origin: NodeId,
    /// Which of its journals.
    #[n(1)]
    pub journal: u8,
    /// In which epoch.
    #[n(2)]
    pub epoch: u32,
    /// The first entry wanted, from 0.
    #[n(3)]
    pub from: u64,
    /// How many bytes at most.
    #[n(4)]
    pub bytes_max: u32,
    /// How the slice may be packed: [`PACKED_DEFLATE`]; not at all when absent.
    #[n(5)]
    pub packing: Option<u8>,
}

/// The slice may come packed by DEFLATE (RFC 1951).
pub const PACKED_DEFLATE: u8 = 1;

/// A piece of a journal, with what proves it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Slice {
    /// The slice as `tongban-journal` encodes it.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
    /// The first entry that is not in it.
    #[n(1)]
    pub next: u64,
    /// How many entries there are in all.
    #[n(2)]
    pub size: u64,
    /// How many bytes the slice has, when those here are packed as was asked for.
    #[n(3)]
    pub packed: Option<u32>,
}

/// A piece of a content-addressed file, please.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Blob {
    /// SHA-256 of the file.
    #[n(0)]
    pub digest: Digest,
    /// The first byte wanted, from 0.
    #[n(1)]
    pub from: u64,
    /// How many bytes at most.
    #[n(2)]
    pub bytes_max: u32,
}

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Chunk {
    /// The bytes from where was asked.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
    /// The length of the whole file.
    #[n(1)]
    pub size: u64,
}

/// A question that nodes hand on until it reaches one that can answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Routed {
    /// Who asked first.
    #[n(0)]
    pub asker: NodeId,
    /// Who should answer.
    #[n(1)]
    pub target: Target,
    /// How many links it may still cross.
    #[n(2)]
    pub hops: u8,
    /// The question.
    #[n(3)]
    pub query: Query,
}

/// Whom a question is for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Target {
    /// One node.
    #[n(0)]
    Node(#[n(0)] NodeId),
    /// The nodes of a division.
    #[n(1)]
    Division(#[n(0)] DivisionCode),
    /// The node that drew a case's id.
    #[n(2)]
    CasePrefix(#[cbor(n(0), with = "minicbor::bytes")] [u8; 6]),
    /// The node with this label.
    #[n(3)]
    Label(#[n(0)] Label),
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Query {
    /// Who has a case? By any of its numbers.
    #[n(0)]
    Whereis(#[n(0)] String),
    /// What may the applicant know about a case? Asked without a proof, which nobody answers any more.
    #[n(1)]
    Progress(#[n(0)] QueryCode),
    /// An item of a division, by its code.
    #[n(2)]
    Item(#[n(0)] DivisionCode, #[n(1)] String),
    /// Whether a licence stands, by its identifier.
    #[n(3)]
    Licence(#[n(0)] String),
    /// The root over the released items that a node holds.
    #[n(4)]
    DriftRoot(#[n(0)] DriftRoot),
    /// The hashes of its 256 buckets.
    #[n(5)]
    DriftList(#[n(0)] DriftList),
    /// The leaves of some buckets.
    #[n(6)]
    DriftLeaves(#[n(0)] DriftLeaves),
    /// Some items whole.
    #[n(7)]
    DriftItems(#[n(0)] DriftItems),
    /// What may the applicant know about a case? With the proof that it is he who asks: the end of his identity number.
    #[n(8)]
    ProvenProgress(#[n(0)] QueryCode, #[n(1)] String),
    /// A part of a material's file.
    #[n(9)]
    Material(#[n(0)] MaterialPart),
}

/// Which bytes has the file of this material from here on?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct MaterialPart {
    /// The case that names the material.
    #[n(0)]
    pub case: CaseId,
    /// SHA-256 of the whole file.
    #[n(1)]
    pub digest: Digest,
    /// The first byte wanted, from 0.
    #[n(2)]
    pub from: u64,
    /// How many bytes at most.
    #[n(3)]
    pub bytes_max: u32,
}

/// What is the root over the released items that you hold?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DriftRoot {}

/// What are the hashes of your 256 buckets?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DriftList {}

/// Which leaves are in these buckets?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DriftLeaves {
    /// The buckets, a bit each: bucket 0 is the highest bit of the first byte.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub buckets: [u8; 32],
}

/// What do these items say?
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DriftItems {
    /// Their names.
    #[n(0)]
    pub names: Vec<ItemName>,
}

/// What a released item is known by: the base code for a base item, the code beside it for an item that carries one out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct ItemName {
    /// The base code; absent for an item that no superior keeps.
    #[n(0)]
    pub base: Option<String>,
    /// The item's own code; absent for the base item itself.
    #[n(1)]
    pub code: Option<String>,
}

/// The answer, sealed by the node that gave it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Answer {
    /// The node that answered.
    #[n(0)]
    pub signer: NodeId,
    /// The answer under its seal.
    #[n(1)]
    pub sealed: Sealed,
}
