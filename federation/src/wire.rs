//! What goes over a link.
//!
//! *Frames* go both ways on the link's one long stream, each for itself. A *request* has a stream of its own, carries one
//! request and brings back the one response that it names ([`Call`]). Each protocol version has a frozen file: to change a
//! type that has shipped, copy the file to the next version. Golden bytes under `tests/golden` pin every variant.

pub mod v1;

use tongban_codes::cbor::{self, CborError};

use crate::limits;
pub use v1::{
    Answer, Blob, Bye, Chain, Chunk, DriftItems, DriftLeaves, DriftList, DriftRoot, Echo, Frame, Held, Hello, HelloAck,
    HighWater, ItemName, Join, Joined, JournalList, JournalListed, JournalSize, Journals, MaterialPart, NamedKey,
    Nudge, PACKED_DEFLATE, Pull, Query, Records, Refusal, Renew, Renewed, Request, Response, Routed, SignedBy, Slice,
    Target,
};

/// Why bytes from a peer aren't a frame, request or response.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WireError {
    /// Longer than the protocol allows.
    #[error("{what} of {bytes} bytes; the limit is {limit}")]
    TooLong {
        /// What was measured.
        what: &'static str,
        /// How long it was.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// More elements than the protocol allows.
    #[error("{what}: {count}; the limit is {limit}")]
    TooMany {
        /// What was counted.
        what: &'static str,
        /// How many there were.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Not the types of this version, or not in the deterministic profile.
    #[error("malformed: {0}")]
    Malformed(#[from] CborError),
}

impl WireError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "frame-too-long",
            Self::TooMany { .. } => "frame-too-many",
            Self::Malformed(_) => "frame-malformed",
        }
    }
}

/// A request that names its response.
pub trait Call: Sized {
    /// What comes back when it isn't refused.
    type Reply;

    /// The request as it goes over the wire.
    fn into_request(self) -> Request;

    /// The reply in a response.
    ///
    /// # Errors
    /// [`ReplyError`] when the peer refused, or answered another question.
    fn reply(response: Response) -> Result<Self::Reply, ReplyError>;
}

/// Why a response isn't the reply that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// The peer says no, and why.
    #[error("refused ({}): {}", .0.code, .0.text)]
    Refused(Refusal),
    /// The peer answered another question.
    #[error("the peer answered another question than was asked")]
    Mismatch,
}

macro_rules! calls {
    ($($call:ident => $reply:ident),+ $(,)?) => {
        $(
            impl Call for $call {
                type Reply = $reply;

                fn into_request(self) -> Request {
                    Request::$call(self)
                }

                fn reply(response: Response) -> Result<$reply, ReplyError> {
                    match response {
                        Response::$reply(reply) => Ok(reply),
                        Response::Refused(refusal) => Err(ReplyError::Refused(refusal)),
                        _ => Err(ReplyError::Mismatch),
                    }
                }
            }
        )+
    };
}

calls! {
    Join => Joined,
    Renew => Renewed,
    Journals => JournalList,
    Pull => Slice,
    Blob => Chunk,
    Routed => Answer,
}

fn within_bytes(what: &'static str, bytes: usize, limit: usize) -> Result<(), WireError> {
    if bytes > limit { Err(WireError::TooLong { what, bytes, limit }) } else { Ok(()) }
}

fn within_count(what: &'static str, count: usize, limit: usize) -> Result<(), WireError> {
    if count > limit { Err(WireError::TooMany { what, count, limit }) } else { Ok(()) }
}

fn within_text(what: &'static str, text: &str) -> Result<(), WireError> {
    within_bytes(what, text.len(), limits::TEXT_BYTES_MAX)
}

impl Frame {
    /// The bytes of one frame, without the length that the transport puts before it.
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_vec(self)
    }

    /// Whether these bytes, as [`Self::to_bytes`] gives them, are a frame of records.
    pub fn are_records(bytes: &[u8]) -> bool {
        // An array of two, and the kind.
        bytes.starts_with(&[0x82, 0x06])
    }

    /// Reads one frame and holds it against the limits.
    ///
    /// # Errors
    /// [`WireError`]; the link is then closed, for a correct peer never sends such a frame.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        within_bytes("frame", bytes.len(), limits::FRAME_BYTES_MAX)?;
        let frame: Self = cbor::from_slice(bytes)?;
        match &frame {
            Self::Hello(hello) => {
                within_count("high-water marks", hello.high_waters.len(), limits::HIGH_WATERS_MAX)?;
                within_count("journals", hello.journals.len(), limits::JOURNALS_PER_FRAME_MAX)?;
            }
            Self::Refuse(refusal) => {
                within_text("code", &refusal.code)?;
                within_text("text", &refusal.text)?;
            }
            Self::Bye(bye) => within_text("text", &bye.text)?,
            Self::Envelope(signed) => within_bytes("envelope", signed.sealed.len(), limits::ENVELOPE_BYTES_MAX)?,
            Self::Receipt(signed) => within_bytes("receipt", signed.sealed.len(), limits::RECEIPT_BYTES_MAX)?,
            Self::Records(records) => within_count("records", records.records.len(), limits::RECORDS_PER_FRAME_MAX)?,
            Self::Nudge(nudge) => within_count("journals", nudge.journals.len(), limits::JOURNALS_PER_FRAME_MAX)?,
            Self::Chain(chain) => {
                within_count("certificates", chain.certificates.len(), limits::CHAIN_CERTIFICATES_MAX)?;
            }
            Self::HelloAck(_) | Self::Held(_) | Self::Ping(_) | Self::Pong(_) => {}
        }
        Ok(frame)
    }
}

impl Request {
    /// The bytes of the request.
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_vec(self)
    }

    /// Reads a request and holds it against the limits.
    ///
    /// # Errors
    /// [`WireError`]; the stream is then answered with a refusal.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        within_bytes("request", bytes.len(), limits::REQUEST_BYTES_MAX)?;
        let request: Self = cbor::from_slice(bytes)?;
        match &request {
            Self::Join(join) => {
                within_text("name", &join.name)?;
                within_count("addresses", join.addresses.len(), limits::ADDRESSES_MAX)?;
                join.addresses.iter().try_for_each(|address| within_text("address", address))?;
                within_count("authorities", join.authorities.len(), limits::AUTHORITIES_PER_NODE_MAX)?;
            }
            Self::Routed(routed) => {
                within_count("hops", usize::from(routed.hops), usize::from(limits::HOPS_MAX))?;
                if let Query::DriftItems(items) = &routed.query {
                    within_count("items", items.names.len(), limits::DRIFT_ITEMS_MAX)?;
                }
            }
            Self::Renew(_) | Self::Journals(_) | Self::Pull(_) | Self::Blob(_) => {}
        }
        Ok(request)
    }
}

impl Query {
    /// Whether it is one of the questions of a comparison.
    pub const fn is_drift(&self) -> bool {
        matches!(self, Self::DriftRoot(_) | Self::DriftList(_) | Self::DriftLeaves(_) | Self::DriftItems(_))
    }

    /// Whether it asks for a part of a material's file.
    pub const fn is_material(&self) -> bool {
        matches!(self, Self::Material(_))
    }
}

impl Response {
    /// The bytes of the response.
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_vec(self)
    }

    /// Reads a response and holds it against the limits.
    ///
    /// # Errors
    /// [`WireError`]; the response is then as good as none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        within_bytes("response", bytes.len(), limits::RESPONSE_BYTES_MAX)?;
        let response: Self = cbor::from_slice(bytes)?;
        match &response {
            Self::Joined(joined) => within_count("certificates", joined.chain.len(), limits::CHAIN_CERTIFICATES_MAX)?,
            Self::Renewed(renewed) => {
                within_count("certificates", renewed.chain.len(), limits::CHAIN_CERTIFICATES_MAX)?;
            }
            Self::Slice(slice) => within_bytes("slice", slice.bytes.len(), limits::PULL_BYTES_MAX)?,
            Self::Chunk(chunk) => within_bytes("chunk", chunk.bytes.len(), limits::PULL_BYTES_MAX)?,
            Self::Refused(refusal) => {
                within_text("code", &refusal.code)?;
                within_text("text", &refusal.text)?;
            }
            Self::JournalList(_) | Self::Answer(_) => {}
        }
        Ok(response)
    }
}
