//! The judgement of a peer's certificate chain, in place of the web's rules.
//!
//! ```text
//! leaf ──signed by──▶ superior ──▶ … ──▶ anchor      each division strictly below the next,
//!   │                                      │          each key Ed25519 and not revoked
//!   └ holds its key (TLS 1.3)              └ trusted by key hash for its division
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use rustls::{
    DigitallySignedStruct, DistinguishedName, Error as TlsError, PeerIncompatible, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key},
    pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use tongban_codes::{
    division::DivisionCode,
    ids::{Digest, NodeId},
    time::Timestamp,
};

use crate::{
    certificate::{self, CHAIN_CERTIFICATES_MAX, CertificateInfo, Opened},
    error::CertificateRefusal,
    trust::{PeerIdentity, Standing, Trust, TrustState},
};

/// Whom the dialling side expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// This node, with a chain up to an anchor.
    Node(NodeId),
    /// Any node of this division, with a chain up to an anchor.
    Division(DivisionCode),
    /// Exactly the node with this key, whatever its chain is: the hash comes from an invitation.
    Pinned(Digest),
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Dialling(Expect),
    Listening,
}

/// Judges the chain of a peer; rustls asks it in every handshake.
///
/// One serves one connection, because it keeps the outcome of its handshake.
#[derive(Debug, Clone)]
pub struct Verifier {
    trust: Trust,
    own_division: DivisionCode,
    side: Side,
    outcome: Arc<Mutex<Option<Result<PeerIdentity, CertificateRefusal>>>>,
}

/// What [`walk`] found.
enum Walk {
    Anchored {
        not_yet_from: Option<Timestamp>,
        expired_since: Option<Timestamp>,
        by_leaf: bool,
    },
    /// The chain is sound, but no key of it is trusted; this is its last certificate.
    Unanchored(CertificateInfo),
}

impl Verifier {
    /// Days after expiry in which a certificate is still accepted from everybody, with a warning.
    pub const GRACE_DAYS: i64 = 90;

    /// For a connection that this node, of `own_division`, makes.
    pub fn dialling(trust: Trust, own_division: DivisionCode, expect: Expect) -> Self {
        Self::new(trust, own_division, Side::Dialling(expect))
    }

    /// For a connection that this node, of `own_division`, receives.
    pub fn listening(trust: Trust, own_division: DivisionCode) -> Self {
        Self::new(trust, own_division, Side::Listening)
    }

    fn new(trust: Trust, own_division: DivisionCode, side: Side) -> Self {
        Self { trust, own_division, side, outcome: Arc::default() }
    }

    /// Judges a chain (DER, leaf first) by the present trust and time. That the peer holds the key of
    /// the leaf is for the handshake to show.
    pub fn judge(&self, chain: &[impl AsRef<[u8]>]) -> Result<PeerIdentity, CertificateRefusal> {
        let leaf = chain.first().ok_or_else(|| malformed("no certificate"))?;
        if chain.len() > CHAIN_CERTIFICATES_MAX {
            return Err(malformed("the chain is too long"));
        }
        let state = self.trust.now();
        let now = self.trust.clock();
        let leaf = Opened::read(leaf.as_ref())?;
        let identity = |standing| PeerIdentity {
            node: leaf.info.node,
            division: leaf.info.division,
            key_hash: leaf.info.spki_sha256,
            standing,
            chain: chain.iter().map(|der| der.as_ref().to_vec()).collect(),
        };

        if let Side::Dialling(Expect::Pinned(key_hash)) = self.side {
            if leaf.info.spki_sha256 != key_hash {
                return Err(wrong_peer(&key_hash, &leaf.info.spki_sha256));
            }
            check_not_revoked(&leaf.info, &state, now)?;
            return Ok(identity(Standing::Pinned));
        }

        let standing = match walk(chain, &state, now)? {
            Walk::Anchored { not_yet_from, expired_since, by_leaf } => match expired_since {
                Some(since) => self.standing_after_expiry(since, now, by_leaf, &leaf.info)?,
                None => not_yet_from.map_or(Standing::Valid, |from| Standing::NotYetValid { from }),
            },
            Walk::Unanchored(last) => {
                let may_knock = state.strangers
                    && matches!(self.side, Side::Listening)
                    && chain.len() == 1
                    && leaf.check_signed_by(&leaf).is_ok();
                if !may_knock {
                    return Err(CertificateRefusal::OtherTree { root: last.spki_sha256, division: last.division });
                }
                Standing::Stranger
            }
        };
        match self.side {
            Side::Dialling(Expect::Node(node)) if leaf.info.node != node => Err(wrong_peer(&node, &leaf.info.node)),
            Side::Dialling(Expect::Division(division)) if leaf.info.division != division => {
                Err(wrong_peer(&division, &leaf.info.division))
            }
            _ => Ok(identity(standing)),
        }
    }

    fn standing_after_expiry(
        &self,
        since: Timestamp,
        now: Timestamp,
        by_leaf: bool,
        leaf: &CertificateInfo,
    ) -> Result<Standing, CertificateRefusal> {
        let grace_millis = Self::GRACE_DAYS * 86_400_000;
        if by_leaf || now.as_millis().saturating_sub(since.as_millis()) <= grace_millis {
            Ok(Standing::ExpiredGrace { since })
        } else if certificate::may_certify(self.own_division, leaf.division) {
            Ok(Standing::ExpiredKin { since })
        } else {
            Err(CertificateRefusal::Expired { since })
        }
    }

    /// The outcome of the handshake; `None` if it did not come to the certificate.
    pub(crate) fn take_outcome(&self) -> Option<Result<PeerIdentity, CertificateRefusal>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn judge_for_tls(&self, leaf: &CertificateDer<'_>, rest: &[CertificateDer<'_>]) -> Result<(), TlsError> {
        let chain: Vec<&[u8]> = std::iter::once(leaf).chain(rest).map(AsRef::as_ref).collect();
        let outcome = self.judge(&chain);
        let answer = match &outcome {
            Ok(_) => Ok(()),
            Err(refusal) => Err(refusal.to_tls()),
        };
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        answer
    }

    /// Checks that the peer holds the key of its leaf; whom the chain named counts for nothing if not.
    fn check_key(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        check_handshake_signature(message, leaf, signature).inspect_err(|_| {
            *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(Err(CertificateRefusal::WithoutKey));
        })
    }
}

/// Follows the signatures from the leaf to the first key that is trusted for the division it claims.
///
/// The validity of the anchor's own certificate does not matter, since its key is trusted by itself, unless
/// it is the peer's.
fn walk(chain: &[impl AsRef<[u8]>], state: &TrustState, now: Timestamp) -> Result<Walk, CertificateRefusal> {
    let mut not_yet_from: Option<Timestamp> = None;
    let mut expired_since: Option<Timestamp> = None;
    let mut subject: Option<Opened<'_>> = None;
    for der in chain {
        let current = Opened::read(der.as_ref())?;
        let is_leaf = subject.is_none();
        if let Some(subject) = subject.take() {
            subject.check_signed_by(&current)?;
            if !certificate::may_certify(current.info.division, subject.info.division) {
                return Err(CertificateRefusal::DivisionRule {
                    issuer: current.info.division,
                    subject: subject.info.division,
                });
            }
        }
        let info = &current.info;
        check_not_revoked(info, state, now)?;
        let anchored = state.anchors.get(&info.spki_sha256) == Some(&info.division);
        if is_leaf || !anchored {
            if now < info.not_before {
                not_yet_from = not_yet_from.max(Some(info.not_before));
            }
            if now > info.not_after {
                expired_since = Some(expired_since.map_or(info.not_after, |since| since.min(info.not_after)));
            }
        }
        if anchored {
            return Ok(Walk::Anchored { not_yet_from, expired_since, by_leaf: is_leaf });
        }
        subject = Some(current);
    }
    subject.map(|last| Walk::Unanchored(last.info)).ok_or_else(|| malformed("no certificate"))
}

fn check_not_revoked(info: &CertificateInfo, state: &TrustState, now: Timestamp) -> Result<(), CertificateRefusal> {
    match state.revocations.get(&info.spki_sha256) {
        Some(&since) if since <= now => Err(CertificateRefusal::Revoked { key_hash: info.spki_sha256, since }),
        _ => Ok(()),
    }
}

fn malformed(text: &str) -> CertificateRefusal {
    CertificateRefusal::Malformed(text.to_owned())
}

fn wrong_peer(expected: &impl ToString, found: &impl ToString) -> CertificateRefusal {
    CertificateRefusal::WrongPeer { expected: expected.to_string(), found: found.to_string() }
}

/// Checks with Ed25519 alone that the peer holds the key of its leaf.
fn check_handshake_signature(
    message: &[u8],
    leaf: &CertificateDer<'_>,
    signature: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, TlsError> {
    if signature.scheme != SignatureScheme::ED25519 {
        return Err(PeerIncompatible::NoSignatureSchemesInCommon.into());
    }
    let leaf = certificate::parse(leaf).map_err(|error| CertificateRefusal::from(error).to_tls())?;
    let algorithms: WebPkiSupportedAlgorithms =
        rustls::crypto::ring::default_provider().signature_verification_algorithms;
    verify_tls13_signature_with_raw_key(message, &SubjectPublicKeyInfoDer::from(leaf.spki), signature, &algorithms)
}

fn no_tls12() -> Result<HandshakeSignatureValid, TlsError> {
    Err(PeerIncompatible::Tls12NotOfferedOrEnabled.into())
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        self.judge_for_tls(end_entity, intermediates)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.check_key(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, TlsError> {
        self.judge_for_tls(end_entity, intermediates)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.check_key(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}
