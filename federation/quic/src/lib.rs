//! QUIC with mutual TLS along the administrative tree.
//!
//! Every node has one Ed25519 transport key. Its certificate is issued by its superior, so that a
//! chain follows the tree up to the province, and the verifier of this crate enforces it: only an
//! ancestor of 511602 can certify for 511602. A [`Link`] is one authenticated connection between two
//! nodes with a main stream of frames and one short stream per request; whether the peer may do what
//! it asks for is decided above, by its [`Standing`].
//!
//! The pieces, from the inside out:
//!
//! - [`certificate`]: what a transport certificate says, and issuing one;
//! - [`Trust`]: whose certificates count, at run time replaceable; [`Verifier`]: the judgement of a chain;
//! - [`Identity`]: the own key with its chain; [`Limits`]: what a peer may make this node spend;
//! - [`Endpoint`]: the UDP socket that dials and listens; [`Link`], [`Responder`].
//!
//! Architecture invariant: no TLS session is ever resumed. There are no tickets and no 0-RTT, so each
//! connection passes the verifier anew and a revocation holds from the next connection on.

pub mod certificate;
mod endpoint;
mod error;
mod frame;
mod gate;
mod identity;
mod limits;
mod link;
mod restart;
mod trust;
mod verifier;

#[cfg(test)]
mod tests;

pub use certificate::{CertificateError, CertificateInfo, Subject};
pub use endpoint::{Endpoint, Refused};
pub use error::{CertificateRefusal, PeerReason, QuicError};
pub use identity::Identity;
pub use limits::Limits;
pub use link::{Link, LinkStats, Responder, close_code};
pub use trust::{Anchor, Clock, PeerIdentity, Revocation, Standing, Trust};
pub use verifier::{Expect, Verifier};
