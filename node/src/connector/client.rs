//! One HTTP request to an outside system: no redirects, no proxies, bounded in time and size.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_pki_types::pem::PemObject as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::said::Said;

/// How long a connection may take to be made, TLS included.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long all of it may take.
const WHOLE_TIME: Duration = Duration::from_secs(30);
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Where a Debian keeps the authorities that the machine trusts.
const MACHINE_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Speaks to the other side of one connector.
pub(super) struct Client {
    uri: Uri,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// What was answered.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl Client {
    /// A client for an address that the configuration has checked.
    pub(super) fn new(uri: Uri, roots: Option<&Path>) -> Result<Self, Said> {
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_tls = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let tls = if is_tls { Some(tls(&host, roots.unwrap_or(Path::new(MACHINE_ROOTS)))?) } else { None };
        Ok(Self { uri, host, port, tls })
    }

    /// Posts a signed body; says why where there is no answer.
    pub(super) async fn post(&self, headers: &[(&str, String)], body: Vec<u8>) -> Result<Answered, Said> {
        let whole = async {
            let connected = tokio::time::timeout(CONNECT_TIME, TcpStream::connect((self.host.as_str(), self.port)));
            let stream = connected.await.map_err(|_| Said::new("no connection in 10 s", "10 秒内未能连接"))?;
            let stream = stream.map_err(|error| Said::of("no connection", "无法连接", &error))?;
            // A word is one small packet.
            let _is_slower = stream.set_nodelay(true);
            match &self.tls {
                None => self.exchange(stream, headers, body).await,
                Some((connector, name)) => {
                    let shaken = tokio::time::timeout(CONNECT_TIME, connector.connect(name.clone(), stream));
                    let stream = shaken.await.map_err(|_| Said::new("no TLS in 10 s", "10 秒内未建立 TLS"))?;
                    let stream = stream.map_err(|error| Said::of("TLS", "TLS", &error))?;
                    self.exchange(stream, headers, body).await
                }
            }
        };
        let answer = tokio::time::timeout(WHOLE_TIME, whole).await;
        answer.unwrap_or_else(|_| Err(Said::new("no answer in 30 s", "30 秒内没有答复")))
    }

    async fn exchange<S>(&self, stream: S, headers: &[(&str, String)], body: Vec<u8>) -> Result<Answered, Said>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let broken = |error: hyper::Error| Said::of("the connection broke", "连接中断", &error);
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let driving = tokio::spawn(connection);
        let target = self.uri.path_and_query().map_or("/", |target| target.as_str());
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let mut request = Request::post(target)
            .header(HOST, authority)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("tongban/", env!("CARGO_PKG_VERSION")));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(Bytes::from(body)));
        let request = request.map_err(|error| Said::of("the request can't be made", "无法构造请求", &error))?;
        let response = sender.send_request(request).await.map_err(broken)?;
        let status = response.status();
        let read = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = read.map_err(|error| Said::of("the answer can't be read", "无法读取答复", &error))?.to_bytes();
        driving.abort();
        Ok(Answered { status, body })
    }
}

/// TLS that trusts the authorities of a PEM file, and no client certificate.
fn tls(host: &str, roots: &Path) -> Result<(TlsConnector, ServerName<'static>), Said> {
    let named = roots.display().to_string();
    let mut store = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(roots).map_err(|error| Said::of(&named, &named, &error))? {
        let certificate = certificate.map_err(|error| Said::of(&named, &named, &error))?;
        store.add_parsable_certificates([certificate]);
    }
    if store.is_empty() {
        return Err(Said::new(format!("{named} holds no certificate"), format!("{named} 中没有证书")));
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|error| Said::of(host, host, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Said::of("TLS", "TLS", &error))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok((TlsConnector::from(Arc::new(config)), name))
}
