//! The own transport identity, and the TLS configurations made from it.

use std::{fmt, sync::Arc};

use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rustls::{
    ClientConfig, ServerConfig, SignatureAlgorithm, SignatureScheme,
    client::Resumption,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
    server::NoServerSessionStorage,
    sign::{CertifiedKey, SigningKey, SingleCertAndKey},
};
use tongban_codes::{
    division::DivisionCode,
    ids::{Digest, NodeId},
};

use crate::{
    certificate::{self, CHAIN_CERTIFICATES_MAX, CertificateInfo},
    error::QuicError,
    verifier::Verifier,
};

/// The application protocol (RFC 7301) of the links.
const ALPN: &[u8] = b"tongban/1";

/// The node's transport key with its certificate chain.
#[derive(Clone)]
pub struct Identity {
    info: CertificateInfo,
    resolver: Arc<SingleCertAndKey>,
    reset_seed: [u8; 32],
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Identity").field("info", &self.info).finish_non_exhaustive()
    }
}

impl Identity {
    /// Takes an Ed25519 key in PKCS#8 (DER) and its chain (DER), leaf first.
    ///
    /// Fails with [`QuicError::Identity`] if the leaf does not name the key or the chain is unusable.
    pub fn new(key_pkcs8: &[u8], chain: Vec<Vec<u8>>) -> Result<Self, QuicError> {
        let unusable = |text: String| QuicError::Identity(text);
        let leaf = chain.first().ok_or_else(|| unusable("the chain is empty".to_owned()))?;
        if chain.len() > CHAIN_CERTIFICATES_MAX {
            return Err(unusable("the chain is too long".to_owned()));
        }
        let info = certificate::parse(leaf).map_err(|error| unusable(error.to_string()))?;
        let key = ring::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(key_pkcs8))
            .map_err(|error| unusable(error.to_string()))?;
        let same = key.algorithm() == SignatureAlgorithm::ED25519
            && key.public_key().is_some_and(|spki| spki.as_ref() == info.spki);
        if !same {
            return Err(unusable("the key does not belong to the certificate".to_owned()));
        }
        let reset_seed = reset_seed(&key).map_err(|error| unusable(error.to_string()))?;
        let chain = chain.into_iter().map(CertificateDer::from).collect();
        let resolver = Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key)));
        Ok(Self { info, resolver, reset_seed })
    }

    /// A chain presented without its key, for the tests of an impostor.
    #[cfg(test)]
    pub(crate) fn stolen(key_pkcs8: &[u8], chain: Vec<Vec<u8>>) -> Self {
        let info = certificate::parse(&chain[0]).expect("a good certificate");
        let key = ring::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(key_pkcs8)).expect("a key");
        let chain = chain.into_iter().map(CertificateDer::from).collect();
        let resolver = Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key)));
        Self { info, resolver, reset_seed: [0; 32] }
    }

    /// The own node id.
    pub fn node(&self) -> NodeId {
        self.info.node
    }

    /// The own division.
    pub fn division(&self) -> DivisionCode {
        self.info.division
    }

    /// What the own certificate says; its end of validity tells when to renew.
    pub fn certificate(&self) -> &CertificateInfo {
        &self.info
    }

    /// A secret that follows from the key, for [`crate::restart`].
    pub(crate) fn reset_seed(&self) -> [u8; 32] {
        self.reset_seed
    }

    pub(crate) fn client_tls(&self, verifier: Verifier) -> Result<QuicClientConfig, QuicError> {
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| QuicError::Identity(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::clone(&self.resolver) as _);
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.resumption = Resumption::disabled();
        config.enable_early_data = false;
        config.enable_sni = false;
        QuicClientConfig::try_from(config).map_err(|error| QuicError::Identity(error.to_string()))
    }

    pub(crate) fn server_tls(&self, verifier: Verifier) -> Result<QuicServerConfig, QuicError> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| QuicError::Identity(error.to_string()))?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_cert_resolver(Arc::clone(&self.resolver) as _);
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        QuicServerConfig::try_from(config).map_err(|error| QuicError::Identity(error.to_string()))
    }
}

/// Ed25519 signatures are deterministic, so the signature of a text that is signed nowhere else is a secret
/// that only the key can tell, and tells again after a restart.
fn reset_seed(key: &Arc<dyn SigningKey>) -> Result<[u8; 32], rustls::Error> {
    let signer = key
        .choose_scheme(&[SignatureScheme::ED25519])
        .ok_or_else(|| rustls::Error::General("no Ed25519 signer".to_owned()))?;
    let signature = signer.sign(b"tongban: seed of the stateless reset tokens")?;
    Ok(*Digest::of(&signature).as_bytes())
}

/// Ring, named: never the process default, which another crate's features could change.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
