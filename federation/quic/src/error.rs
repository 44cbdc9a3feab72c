//! What can go wrong on a link, in words and codes that an operator can act on.

use quinn::{ConnectError, ConnectionError, ReadError, TransportErrorCode, WriteError};
use rustls::{CertificateError as TlsCertificateError, Error as TlsError};
use std::net::SocketAddr;
use tongban_codes::{division::DivisionCode, ids::Digest, time::Timestamp};

use crate::certificate::CertificateError;

/// Why this node does not accept a peer's certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateRefusal {
    /// The chain ends at a key that this node does not trust.
    #[error("the certificate belongs to another tree: its root is {root} ({division})")]
    OtherTree {
        /// Key hash of the last certificate of the chain.
        root: Digest,
        /// Division that the last certificate claims.
        division: DivisionCode,
    },
    /// A certificate of the chain was issued by a node that is not above it.
    #[error("the certificate breaks the division rule: {issuer} may not certify for {subject}")]
    DivisionRule {
        /// Division of the issuer.
        issuer: DivisionCode,
        /// Division that it certified.
        subject: DivisionCode,
    },
    /// A key of the chain is revoked.
    #[error("key {key_hash} is revoked since {since}")]
    Revoked {
        /// The revoked key.
        key_hash: Digest,
        /// Since when.
        since: Timestamp,
    },
    /// A certificate of the chain expired longer ago than the grace allows.
    #[error("the certificate expired at {since} and was not renewed; renew it at the superior")]
    Expired {
        /// End of validity.
        since: Timestamp,
    },
    /// The certificate is good, but of another node than the one that was dialled.
    #[error("another peer answered: expected {expected}, found {found}")]
    WrongPeer {
        /// Node id, division or key hash that was expected.
        expected: String,
        /// The same of the peer that answered.
        found: String,
    },
    /// The chain is good, but the peer does not hold the key of its leaf: it has copied it.
    #[error("the peer does not hold the key of the certificate that it presents")]
    WithoutKey,
    /// The chain can't be read, or a signature in it is wrong.
    #[error("the certificate is unusable: {0}")]
    Malformed(String),
}

impl CertificateRefusal {
    /// The stable code of this refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherTree { .. } => "certificate-of-another-tree",
            Self::DivisionRule { .. } => "division-rule",
            Self::Revoked { .. } => "certificate-revoked",
            Self::Expired { .. } => "certificate-expired",
            Self::WrongPeer { .. } => "wrong-peer",
            Self::WithoutKey => "certificate-without-key",
            Self::Malformed(_) => "certificate-malformed",
        }
    }

    /// The TLS error whose alert tells the peer the reason; [`PeerReason::from_alert`] reads it back.
    pub(crate) fn to_tls(&self) -> TlsError {
        TlsError::InvalidCertificate(match self {
            Self::OtherTree { .. } => TlsCertificateError::UnknownIssuer,
            Self::DivisionRule { .. } => TlsCertificateError::ApplicationVerificationFailure,
            Self::Revoked { .. } => TlsCertificateError::Revoked,
            Self::Expired { .. } => TlsCertificateError::Expired,
            Self::WrongPeer { .. } => TlsCertificateError::NotValidForName,
            Self::WithoutKey => TlsCertificateError::BadSignature,
            Self::Malformed(_) => TlsCertificateError::InvalidPurpose,
        })
    }
}

impl From<CertificateError> for CertificateRefusal {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::DivisionRule { issuer, subject } => Self::DivisionRule { issuer, subject },
            CertificateError::Malformed(text) => Self::Malformed(text),
            other => Self::Malformed(other.to_string()),
        }
    }
}

/// Why the peer does not accept this node's certificate, as far as its TLS alert tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerReason {
    /// The peer does not know the root of this node's chain.
    #[error("to the peer, this node's certificate belongs to another tree")]
    OtherTree,
    /// The chain of this node breaks the division rule.
    #[error("this node's certificate breaks the division rule")]
    DivisionRule,
    /// A key of this node's chain is revoked there.
    #[error("this node's certificate is revoked")]
    Revoked,
    /// This node's certificate expired too long ago for that peer.
    #[error("this node's certificate has expired; renew it at the superior")]
    Expired,
    /// The peer expected another node here.
    #[error("the peer expected another node")]
    WrongPeer,
    /// The peer could not read the chain, or found a wrong signature.
    #[error("the peer finds this node's certificate unusable")]
    Malformed,
    /// Another TLS alert (RFC 8446 §6).
    #[error("TLS alert {0}")]
    Alert(u8),
}

impl PeerReason {
    fn from_alert(alert: u8) -> Self {
        match alert {
            42 => Self::WrongPeer,
            43 | 51 => Self::Malformed,
            44 => Self::Revoked,
            45 => Self::Expired,
            48 => Self::OtherTree,
            49 => Self::DivisionRule,
            other => Self::Alert(other),
        }
    }
}

/// Why a link could not be made, or ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuicError {
    /// Nothing answers at the address.
    #[error("{remote} is unreachable: {text}")]
    Unreachable {
        /// The address dialled.
        remote: SocketAddr,
        /// What was tried.
        text: String,
    },
    /// The peer has refused this node's certificate.
    #[error("refused by the peer: {0}")]
    RefusedByPeer(PeerReason),
    /// This node refuses the peer's certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateRefusal),
    /// The peer takes no further connections at the moment; try again later.
    #[error("the peer takes no further connections at the moment")]
    PeerBusy,
    /// The peer was silent for longer than the idle timeout, or too slow in the handshake.
    #[error("the peer has gone silent")]
    Timeout,
    /// The peer has restarted and no longer knows this connection.
    #[error("the peer has restarted")]
    PeerRestarted,
    /// The peer closed the link.
    #[error("closed by the peer ({code}): {text}")]
    Closed {
        /// Application code, see [`crate::close_code`].
        code: u32,
        /// The peer's words.
        text: String,
    },
    /// The link or the endpoint was closed on this side.
    #[error("closed on this side")]
    ClosedHere,
    /// A frame, request or response exceeds the limit; nothing was allocated for it.
    #[error("a frame of {length} bytes exceeds the limit of {max}")]
    FrameTooLarge {
        /// Its announced length in bytes.
        length: u64,
        /// The limit in bytes.
        max: usize,
    },
    /// A stream ended in the middle of a frame.
    #[error("a stream ended in the middle of a frame")]
    Truncated,
    /// The peer reset the stream of a request, or gave no answer.
    #[error("the peer did not answer the request ({code})")]
    RequestRefused {
        /// Stream code, see [`crate::close_code`].
        code: u32,
    },
    /// The peer speaks another protocol or breaks this one.
    #[error("the peer speaks another protocol: {0}")]
    Protocol(String),
    /// The own key and chain don't fit or can't be used.
    #[error("the own transport identity is unusable: {0}")]
    Identity(String),
    /// The local socket can't be opened.
    #[error("cannot listen on {address}: {text}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// The system's words.
        text: String,
    },
}

impl QuicError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::RefusedByPeer(_) => "refused-by-peer",
            Self::Certificate(refusal) => refusal.code(),
            Self::PeerBusy => "peer-busy",
            Self::Timeout => "timeout",
            Self::PeerRestarted => "peer-restarted",
            Self::Closed { .. } => "closed",
            Self::ClosedHere => "closed-here",
            Self::FrameTooLarge { .. } => "frame-too-large",
            Self::Truncated => "stream-truncated",
            Self::RequestRefused { .. } => "request-refused",
            Self::Protocol(_) => "protocol-mismatch",
            Self::Identity(_) => "identity-unusable",
            Self::Bind { .. } => "cannot-listen",
        }
    }

    pub(crate) fn from_connect(error: &ConnectError, remote: SocketAddr) -> Self {
        match error {
            ConnectError::EndpointStopping => Self::ClosedHere,
            other => Self::Unreachable { remote, text: other.to_string() },
        }
    }
}

/// The TLS alert within a QUIC error code (RFC 9001 §4.8), if it is one.
fn alert_of(code: TransportErrorCode) -> Option<u8> {
    let code = u64::from(code);
    (0x100..0x200).contains(&code).then(|| u8::try_from(code & 0xff).ok()).flatten()
}

/// RFC 7301: the peers have no application protocol in common.
const ALERT_NO_APPLICATION_PROTOCOL: u8 = 120;

impl From<ConnectionError> for QuicError {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::TimedOut => Self::Timeout,
            ConnectionError::Reset => Self::PeerRestarted,
            ConnectionError::LocallyClosed => Self::ClosedHere,
            ConnectionError::ApplicationClosed(close) => Self::Closed {
                code: u32::try_from(close.error_code.into_inner()).unwrap_or(u32::MAX),
                text: String::from_utf8_lossy(&close.reason).into_owned(),
            },
            ConnectionError::ConnectionClosed(close) => match alert_of(close.error_code) {
                Some(ALERT_NO_APPLICATION_PROTOCOL) => Self::Protocol("no common version".to_owned()),
                Some(alert) => Self::RefusedByPeer(PeerReason::from_alert(alert)),
                None if close.error_code == TransportErrorCode::CONNECTION_REFUSED => Self::PeerBusy,
                None => Self::Protocol(close.to_string()),
            },
            ConnectionError::TransportError(error) if alert_of(error.code) == Some(ALERT_NO_APPLICATION_PROTOCOL) => {
                Self::Protocol("no common version".to_owned())
            }
            other => Self::Protocol(other.to_string()),
        }
    }
}

impl From<ReadError> for QuicError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::ConnectionLost(error) => error.into(),
            ReadError::Reset(code) => {
                Self::RequestRefused { code: u32::try_from(code.into_inner()).unwrap_or(u32::MAX) }
            }
            other => Self::Protocol(other.to_string()),
        }
    }
}

impl From<WriteError> for QuicError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::ConnectionLost(error) => error.into(),
            WriteError::Stopped(code) => {
                Self::RequestRefused { code: u32::try_from(code.into_inner()).unwrap_or(u32::MAX) }
            }
            other => Self::Protocol(other.to_string()),
        }
    }
}
