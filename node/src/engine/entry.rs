//! The log entry: what a batch decided, in fixed bytes.

use minicbor::{Decode, Encode};
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{AuthorityId, CaseId, Digest, NodeId};
use tongban_codes::time::Timestamp;
use tongban_domain::Event;
use tongban_domain::tables::ReportedRow;
use tongban_storage::keyspace::delivery::Aside;
use tongban_storage::keyspace::directory::Invite;
use tongban_storage::keyspace::front::{CaseReport, FrontRow};
use tongban_storage::keyspace::meta::NodeRow;

/// An entry of the journal with its body, as hashed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JournalRecord {
    /// 0 acts, 1 standards.
    #[n(0)]
    pub journal: u8,
    /// Entry bytes.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub entry: Vec<u8>,
    /// Body bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub body: Vec<u8>,
}

/// A sealed envelope on its way out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Outgoing {
    /// To whom.
    #[n(0)]
    pub destination: NodeId,
    /// Epoch of this node.
    #[n(1)]
    pub epoch: u32,
    /// Sequence.
    #[n(2)]
    pub sequence: u64,
    /// The sealed envelope.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
}

/// A sealed document of a case.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SealedDocument {
    /// Case.
    #[n(0)]
    pub case: CaseId,
    /// Act.
    #[n(1)]
    pub act: u32,
    /// Content type.
    #[n(2)]
    pub content_type: String,
    /// Bytes.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
}

/// What happened in the exchange with other nodes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ExchangeEvent {
    /// An envelope took effect, was refused or quarantined; `receipt` says which.
    #[n(0)]
    Arrived {
        /// Origin.
        #[n(0)]
        origin: NodeId,
        /// Its epoch.
        #[n(1)]
        epoch: u32,
        /// Sequence.
        #[n(2)]
        sequence: u64,
        /// Envelope id.
        #[n(3)]
        id: Digest,
        /// Its digest.
        #[n(4)]
        digest: Digest,
        /// Sealed receipt.
        #[cbor(n(5), with = "minicbor::bytes")]
        receipt: Vec<u8>,
        /// The sealed envelope, when it was quarantined.
        #[cbor(n(6), with = "minicbor::bytes")]
        quarantined: Option<Vec<u8>>,
        /// Why it was quarantined.
        #[n(7)]
        why: Option<Unread>,
    },
    /// A receipt ended the wait of an own envelope.
    #[n(1)]
    Receipted {
        /// Destination.
        #[n(0)]
        destination: NodeId,
        /// Own epoch.
        #[n(1)]
        epoch: u32,
        /// Sequence.
        #[n(2)]
        sequence: u64,
        /// Sealed receipt.
        #[cbor(n(3), with = "minicbor::bytes")]
        receipt: Vec<u8>,
        /// What waits on, when the receipt says that nobody has decided.
        #[n(4)]
        aside: Option<Aside>,
    },
    /// Another's envelope waits here to be passed on.
    #[n(2)]
    Relayed {
        /// Destination.
        #[n(0)]
        destination: NodeId,
        /// Origin.
        #[n(1)]
        origin: NodeId,
        /// Its epoch.
        #[n(2)]
        epoch: u32,
        /// Sequence.
        #[n(3)]
        sequence: u64,
        /// Sealed envelope.
        #[cbor(n(4), with = "minicbor::bytes")]
        sealed: Vec<u8>,
    },
    /// Its receipt passed by.
    #[n(3)]
    RelayDone {
        /// Destination.
        #[n(0)]
        destination: NodeId,
        /// Origin.
        #[n(1)]
        origin: NodeId,
        /// Its epoch.
        #[n(2)]
        epoch: u32,
        /// Sequence.
        #[n(3)]
        sequence: u64,
    },
    /// A node's record.
    #[n(4)]
    NodeRecord(#[n(0)] NodeId, #[cbor(n(1), with = "minicbor::bytes")] Vec<u8>),
    /// An authority's record.
    #[n(5)]
    AuthorityRecord(#[n(0)] AuthorityId, #[cbor(n(1), with = "minicbor::bytes")] Vec<u8>),
    /// A record on another tree's root.
    #[n(11)]
    AnchorRecord(#[n(0)] NodeId, #[cbor(n(1), with = "minicbor::bytes")] Vec<u8>),
    /// An invitation was given or used.
    #[n(6)]
    Invited(#[n(0)] Digest, #[n(1)] Invite),
    /// Trust changed: chain, anchors, superior, index key.
    #[n(7)]
    Trust(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// The node itself changed: made, named, labelled.
    #[n(8)]
    Node(#[n(0)] NodeRow),
    /// A verified slice of another's journal was kept as a blob.
    #[n(9)]
    Slice {
        /// Origin.
        #[n(0)]
        origin: NodeId,
        /// 0 acts, 1 standards.
        #[n(1)]
        journal: u8,
        /// Epoch.
        #[n(2)]
        epoch: u32,
        /// First index.
        #[n(3)]
        from: u64,
        /// Number of entries.
        #[n(4)]
        count: u64,
        /// SHA-256 of the blob.
        #[n(5)]
        digest: Digest,
        /// Frontier after it.
        #[cbor(n(6), with = "minicbor::bytes")]
        frontier: Vec<u8>,
        /// The checkpoint it was compared with.
        #[cbor(n(7), with = "minicbor::bytes")]
        checkpoint: Vec<u8>,
        /// The division for which the origin is certified: its word holds for no other. Entries of earlier releases don't have it.
        #[n(8)]
        division: Option<DivisionCode>,
    },
    /// Idempotency keys whose time is over.
    #[n(10)]
    Forgotten(#[n(0)] Vec<(Timestamp, Digest)>),
    /// An envelope that had been put aside was decided.
    #[n(20)]
    Replayed {
        /// Origin.
        #[n(0)]
        origin: NodeId,
        /// What it is about.
        #[n(1)]
        subject: CaseId,
        /// Which act of the origin on that.
        #[n(2)]
        act: u32,
        /// Epoch of the place that is answered.
        #[n(3)]
        epoch: u32,
        /// Sequence of that place.
        #[n(4)]
        sequence: u64,
        /// Envelope id.
        #[n(5)]
        id: Digest,
        /// Its digest.
        #[n(6)]
        digest: Digest,
        /// Sealed receipt, which stands over the first.
        #[cbor(n(7), with = "minicbor::bytes")]
        receipt: Vec<u8>,
    },
    /// The destination has decided about an own envelope that it had put aside.
    #[n(21)]
    Concluded {
        /// Destination.
        #[n(0)]
        destination: NodeId,
        /// Own epoch.
        #[n(1)]
        epoch: u32,
        /// Sequence.
        #[n(2)]
        sequence: u64,
        /// Its sealed receipt, when it said so by one.
        #[cbor(n(3), with = "minicbor::bytes")]
        receipt: Option<Vec<u8>>,
        /// Its sealed envelope, when it said so by one.
        #[cbor(n(4), with = "minicbor::bytes")]
        outcome: Option<Vec<u8>>,
    },
    /// An envelope was refused because its origin contradicts itself, or because its place is long past.
    #[n(22)]
    Denied {
        /// Origin.
        #[n(0)]
        origin: NodeId,
        /// Its epoch.
        #[n(1)]
        epoch: u32,
        /// Sequence.
        #[n(2)]
        sequence: u64,
        /// Envelope id.
        #[n(3)]
        id: Digest,
        /// Its digest.
        #[n(4)]
        digest: Digest,
        /// Sealed receipt.
        #[cbor(n(5), with = "minicbor::bytes")]
        receipt: Vec<u8>,
        /// Whether the place is its own, so that a repeat is answered alike.
        #[n(6)]
        placed: bool,
        /// The act that was there first and this one, sealed, when they contradict each other.
        #[n(7)]
        fork: Option<Contradiction>,
    },
    /// Rows were sent to a front database, or it answered about them.
    #[n(30)]
    Reported {
        /// The front database's name.
        #[n(0)]
        channel: String,
        /// How the node stands with it now.
        #[n(1)]
        front: FrontRow,
        /// The rows as they stand now.
        #[n(2)]
        rows: Vec<ReportedRow>,
    },
    /// Rows of cases were sent to a front database, or cases were looked at for it.
    #[n(43)]
    CasesReported {
        /// The front database's name.
        #[n(0)]
        channel: String,
        /// What was sent and looked at.
        #[n(1)]
        report: CaseReport,
    },
    /// A front database answered about rows of cases.
    #[n(44)]
    CasesAnswered {
        /// The front database's name.
        #[n(0)]
        channel: String,
        /// The rows about which it said something new.
        #[n(1)]
        rows: Vec<ReportedRow>,
    },
    /// A front database was closed: nothing more is reported to it.
    #[n(45)]
    FrontClosed {
        /// Its name.
        #[n(0)]
        channel: String,
    },
    /// One that was closed was opened again.
    #[n(46)]
    FrontOpened {
        /// Its name.
        #[n(0)]
        channel: String,
    },
}

/// Why an envelope was put aside.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Unread {
    /// A stable code.
    #[n(0)]
    pub code: String,
    /// What exactly; may be empty.
    #[n(1)]
    pub text: String,
    /// The division of its origin.
    #[n(2)]
    pub division: Option<DivisionCode>,
}

/// Two histories of one origin.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Contradiction {
    /// The id of the act that was there first.
    #[n(0)]
    pub first: Digest,
    /// The sealed envelope that contradicts it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
}

/// What one request was decided to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Decision {
    /// Idempotency key and request digest.
    #[n(0)]
    pub key: Option<(Digest, Digest)>,
    /// JSON reply, kept under the key.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub reply: Vec<u8>,
    /// Domain events.
    #[n(2)]
    pub events: Vec<Event>,
    /// Journal records of them.
    #[n(3)]
    pub journal: Vec<JournalRecord>,
    /// Sealed documents.
    #[n(4)]
    pub documents: Vec<SealedDocument>,
    /// Sealed envelopes.
    #[n(5)]
    pub outbox: Vec<Outgoing>,
    /// Exchange events.
    #[n(6)]
    pub exchange: Vec<ExchangeEvent>,
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LogEntry {
    /// Effective time of everything in it.
    #[n(0)]
    pub at: Timestamp,
    /// Decisions in order.
    #[n(1)]
    pub decisions: Vec<Decision>,
    /// Sealed checkpoints by journal.
    #[n(2)]
    pub checkpoints: Vec<Checkpointed>,
}

impl LogEntry {
    /// The entry that bytes of the log hold.
    ///
    /// # Errors
    ///
    /// When they hold none.
    pub fn of_log(bytes: &[u8]) -> Result<Self, minicbor::decode::Error> {
        decode(bytes)
    }
}

/// A sealed checkpoint of an own journal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Checkpointed {
    /// 0 acts, 1 standards.
    #[n(0)]
    pub journal: u8,
    /// Signed note.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub note: Vec<u8>,
}

/// Bytes before the CBOR: which writer formed the entry, and its number there.
pub(super) const HEAD_BYTES: usize = 16;

/// The bytes that are proposed: 8 of the writer's session, 8 of the entry's number, then CBOR.
pub(super) fn encode(session: u64, number: u64, entry: &LogEntry) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4096);
    bytes.extend_from_slice(&session.to_be_bytes());
    bytes.extend_from_slice(&number.to_be_bytes());
    // Not sorted again: the derived encoders write integer keys in order, and nobody else reads the log.
    minicbor::encode(entry, &mut bytes).expect("a vector takes every write");
    bytes
}

/// Session and number of an entry.
pub(super) fn head(bytes: &[u8]) -> Option<(u64, u64)> {
    let (session, rest) = bytes.split_first_chunk::<8>()?;
    let (number, _) = rest.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*session), u64::from_be_bytes(*number)))
}

/// Decodes an entry.
///
/// # Errors
///
/// When the bytes are none, which after a commit means damage.
pub(super) fn decode(bytes: &[u8]) -> Result<LogEntry, minicbor::decode::Error> {
    minicbor::decode(bytes.get(HEAD_BYTES..).unwrap_or_default())
}
