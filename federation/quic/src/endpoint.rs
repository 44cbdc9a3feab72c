//! The UDP socket that dials and listens.

use std::{
    fmt,
    net::{SocketAddr, UdpSocket},
    sync::{Arc, PoisonError, RwLock, Weak},
};

use quinn::{ClientConfig, Incoming, ServerConfig, TokioRuntime, TransportConfig};
use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};

use crate::{
    error::QuicError,
    gate::{Gate, Pass, Verdict},
    identity::Identity,
    limits::Limits,
    link::{Link, close_code},
    restart,
    trust::Trust,
    verifier::{Expect, Verifier},
};

/// The server name that TLS wants; it is neither sent nor looked at.
const SERVER_NAME: &str = "tongban.invalid";

/// A connection attempt that failed on the listening side; a finding for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("connection from {remote}: {error}")]
pub struct Refused {
    /// Where it came from.
    pub remote: SocketAddr,
    /// Why it failed.
    #[source]
    pub error: QuicError,
}

/// A UDP socket that makes and receives links. Clones are handles of the same endpoint; when the last one
/// is dropped, it closes with all its links.
#[derive(Clone)]
pub struct Endpoint {
    shared: Arc<Shared>,
}

struct Shared {
    quinn: quinn::Endpoint,
    identity: RwLock<Identity>,
    trust: Trust,
    limits: Arc<Limits>,
    /// Transport of what this node dials.
    dialling: Arc<TransportConfig>,
    /// Its TLS part is replaced for each connection.
    server: ServerConfig,
    gate: Gate,
    arrivals: Mutex<mpsc::Receiver<Result<Link, Refused>>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.quinn.close(close_code::DONE.into(), b"");
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Endpoint").field("local", &self.shared.quinn.local_addr().ok()).finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Opens the socket and listens from then on. Must be called within a tokio runtime.
    pub fn bind(address: SocketAddr, identity: Identity, trust: Trust, limits: Limits) -> Result<Self, QuicError> {
        let cannot = |error: std::io::Error| QuicError::Bind { address, text: error.to_string() };
        let verifier = Verifier::listening(trust.clone(), identity.division());
        let mut server = ServerConfig::with_crypto(Arc::new(identity.server_tls(verifier)?));
        server
            .transport_config(limits.listening())
            .max_incoming(limits.unauthenticated_max)
            .incoming_buffer_size(limits.incoming_buffer_bytes)
            .incoming_buffer_size_total(limits.incoming_buffer_bytes * limits.unauthenticated_max as u64);
        let socket = UdpSocket::bind(address).map_err(cannot)?;
        let quinn = quinn::Endpoint::new(
            restart::endpoint_config(identity.reset_seed()),
            Some(server.clone()),
            socket,
            Arc::new(TokioRuntime),
        )
        .map_err(cannot)?;

        let (sender, arrivals) = mpsc::channel(limits.accept_queue_max.max(1));
        let shared = Arc::new(Shared {
            quinn: quinn.clone(),
            identity: RwLock::new(identity),
            trust,
            gate: Gate::new(&limits),
            dialling: limits.dialling(),
            limits: Arc::new(limits),
            server,
            arrivals: Mutex::new(arrivals),
        });
        tokio::spawn(listen(quinn, Arc::downgrade(&shared), sender));
        Ok(Self { shared })
    }

    /// The address that the socket has got.
    pub fn local_address(&self) -> Result<SocketAddr, QuicError> {
        self.shared
            .quinn
            .local_addr()
            .map_err(|error| QuicError::Bind { address: SocketAddr::from(([0, 0, 0, 0], 0)), text: error.to_string() })
    }

    /// Presents another chain (or key) from the next handshake on; open links stay as they are.
    pub fn replace_identity(&self, identity: Identity) {
        *self.shared.identity.write().unwrap_or_else(PoisonError::into_inner) = identity;
    }

    /// The identity presented at the moment.
    pub fn identity(&self) -> Identity {
        self.shared.identity()
    }

    /// Dials a node. Returns only when both sides have accepted each other's certificate.
    pub async fn connect(&self, address: SocketAddr, expect: Expect) -> Result<Link, QuicError> {
        let identity = self.identity();
        self.connect_as(&identity, address, expect).await
    }

    /// Dials with another identity than the endpoint's, as a join does, which presents a self-signed
    /// certificate to a node of another tree.
    pub async fn connect_as(
        &self,
        identity: &Identity,
        address: SocketAddr,
        expect: Expect,
    ) -> Result<Link, QuicError> {
        let shared = &self.shared;
        let verifier = Verifier::dialling(shared.trust.clone(), identity.division(), expect);
        let mut config = ClientConfig::new(Arc::new(identity.client_tls(verifier.clone())?));
        config.transport_config(Arc::clone(&shared.dialling));
        let connecting = shared
            .quinn
            .connect_with(config, address, SERVER_NAME)
            .map_err(|error| QuicError::from_connect(&error, address))?;
        let unreachable = |text: &str| QuicError::Unreachable { remote: address, text: text.to_owned() };
        let mut answered = false;
        let dial = async {
            let connection = match connecting.await {
                Ok(connection) => connection,
                Err(error) => {
                    return Err(match (verifier.take_outcome(), QuicError::from(error)) {
                        (Some(Err(refusal)), _) => refusal.into(),
                        (None, QuicError::Timeout) => unreachable("no answer"),
                        (_, error) => error,
                    });
                }
            };
            answered = true;
            Link::dialled(connection, verifier.clone(), Arc::clone(&shared.limits)).await
        };
        match timeout(shared.limits.handshake_timeout, dial).await {
            Ok(result) => result,
            Err(_) if answered => Err(QuicError::Timeout),
            Err(_) => Err(unreachable("no answer")),
        }
    }

    /// The next link that a peer has made, or an attempt that failed; `None` when the endpoint is closed.
    /// May be cancelled without loss. Failures that nobody fetches are forgotten, links are not.
    pub async fn accept(&self) -> Option<Result<Link, Refused>> {
        self.shared.arrivals.lock().await.recv().await
    }

    /// Closes the endpoint with all its links.
    pub fn close(&self, code: u32, text: &str) {
        self.shared.quinn.close(code.into(), text.as_bytes());
    }

    /// Waits until the peers have been told of all that was closed.
    pub async fn wait_idle(&self) {
        self.shared.quinn.wait_idle().await;
    }
}

impl Shared {
    fn identity(&self) -> Identity {
        self.identity.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Receives connection attempts until the endpoint is closed.
async fn listen(quinn: quinn::Endpoint, shared: Weak<Shared>, arrivals: mpsc::Sender<Result<Link, Refused>>) {
    while let Some(incoming) = quinn.accept().await {
        let Some(shared) = shared.upgrade() else {
            break;
        };
        let address = incoming.remote_address().ip();
        match shared.gate.enter(address, incoming.remote_address_validated()) {
            Verdict::Enter(pass) => {
                let arrivals = arrivals.clone();
                tokio::spawn(async move {
                    let remote = incoming.remote_address();
                    let arrival = receive(&shared, incoming, pass).await.map_err(|error| Refused { remote, error });
                    drop(shared);
                    deliver(arrival, &arrivals).await;
                });
            }
            Verdict::Retry => {
                if let Err(error) = incoming.retry() {
                    error.into_incoming().refuse();
                }
            }
            Verdict::Refuse => {
                tracing::debug!(%address, "too many unauthenticated connections from this address or in all");
                incoming.refuse();
            }
        }
    }
}

async fn deliver(arrival: Result<Link, Refused>, arrivals: &mpsc::Sender<Result<Link, Refused>>) {
    match arrival {
        // Fails only when the endpoint is gone, and then the link has to go too.
        Ok(link) => drop(arrivals.send(Ok(link)).await),
        Err(refused) => {
            tracing::debug!(remote = %refused.remote, code = refused.error.code(), "{}", refused.error);
            // Dropped when the queue is full: a flood of failures must not wait here.
            let _ = arrivals.try_send(Err(refused));
        }
    }
}

async fn receive(shared: &Shared, incoming: Incoming, pass: Pass) -> Result<Link, QuicError> {
    let identity = shared.identity();
    let verifier = Verifier::listening(shared.trust.clone(), identity.division());
    let mut config = shared.server.clone();
    config.crypto = Arc::new(identity.server_tls(verifier.clone())?);
    let handshake = async {
        let connecting = incoming.accept_with(Arc::new(config))?;
        let connection = match connecting.await {
            Ok(connection) => connection,
            Err(error) => {
                return Err(match verifier.take_outcome() {
                    Some(Err(refusal)) => refusal.into(),
                    _ => QuicError::from(error),
                });
            }
        };
        Link::received(connection, verifier.clone(), Arc::clone(&shared.limits), pass).await
    };
    timeout(shared.limits.handshake_timeout, handshake).await.unwrap_or(Err(QuicError::Timeout))
}
