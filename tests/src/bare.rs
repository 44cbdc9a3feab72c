//! Both ends of a bare quinn connection in one process: what the transport alone can do, for measurements.

use std::net::SocketAddr;
use std::sync::Arc;

use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{ClientConfig, Endpoint, ServerConfig};
use rustls::RootCertStore;
use rustls::pki_types::PrivatePkcs8KeyDer;

/// Two endpoints on loopback, the second of which trusts the first under the name `localhost`; nothing is set beside quinn's own settings.
///
/// # Errors
///
/// When no socket is to be had.
pub fn bare_ends() -> anyhow::Result<(Endpoint, Endpoint)> {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let certificate = certified.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())?;
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = QuicServerConfig::try_from(server)?;
    let listening = Endpoint::server(ServerConfig::with_crypto(Arc::new(server)), loopback)?;
    let mut dialling = Endpoint::client(loopback)?;
    dialling.set_default_client_config(ClientConfig::new(Arc::new(QuicClientConfig::try_from(client)?)));
    Ok((listening, dialling))
}
