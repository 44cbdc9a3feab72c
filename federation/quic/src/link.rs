//! One authenticated connection to a peer.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use quinn::{Connection, RecvStream, SendStream};
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinSet,
    time::timeout,
};

use crate::{
    error::{CertificateRefusal, QuicError},
    frame::{FrameReader, FrameWriter},
    gate::Pass,
    limits::Limits,
    trust::{PeerIdentity, Standing},
    verifier::Verifier,
};

/// Codes with which this crate closes links and breaks off streams; those of the session begin at 16.
pub mod close_code {
    /// The link or the endpoint was dropped without a word.
    pub const DONE: u32 = 0;
    /// A frame, request or response was larger than allowed.
    pub const FRAME_TOO_LARGE: u32 = 1;
    /// The hello on the main stream was wrong, or a stream broke the protocol.
    pub const PROTOCOL: u32 = 2;
    /// A request was dropped without an answer.
    pub const NO_ANSWER: u32 = 3;
    /// A request did not arrive in time.
    pub const TOO_SLOW: u32 = 4;
}

/// Says hello on the main stream, both ways: with TLS 1.3 the dialling side finishes its handshake
/// before the listening side has judged its certificate, so only the answer means "connected".
const HELLO: &[u8; 8] = b"tongban1";

/// Figures of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkStats {
    /// Round trip time, smoothed.
    pub rtt: Duration,
    /// UDP payload bytes sent.
    pub sent_bytes: u64,
    /// UDP payload bytes received.
    pub received_bytes: u64,
    /// Packets sent and lost.
    pub lost_packets: u64,
}

/// One authenticated connection to a peer. Clones are handles of the same link; when the last one is
/// dropped it closes.
#[derive(Clone)]
pub struct Link {
    inner: Arc<Inner>,
}

struct Inner {
    connection: Connection,
    peer: PeerIdentity,
    verifier: Verifier,
    limits: Arc<Limits>,
    writer: Mutex<FrameWriter>,
    reader: Mutex<FrameReader>,
    requests: Mutex<mpsc::Receiver<(Vec<u8>, Responder)>>,
    /// A stranger holds its place among the unauthenticated for the life of the link.
    _pass: Option<Pass>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.connection.close(close_code::DONE.into(), b"");
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Link")
            .field("remote", &self.remote())
            .field("node", &self.inner.peer.node)
            .field("division", &self.inner.peer.division)
            .field("standing", &self.inner.peer.standing)
            .finish_non_exhaustive()
    }
}

impl Link {
    /// Completes a connection that this node made: opens the main stream and says hello.
    pub(crate) async fn dialled(
        connection: Connection,
        verifier: Verifier,
        limits: Arc<Limits>,
    ) -> Result<Self, QuicError> {
        let peer = authenticated(&connection, &verifier)?;
        let (mut send, mut receive) = connection.open_bi().await?;
        send.write_all(HELLO).await?;
        expect_hello(&connection, &mut receive).await?;
        Ok(Self::new(connection, peer, verifier, limits, send, receive, None))
    }

    /// Completes a connection that this node received: answers the hello.
    pub(crate) async fn received(
        connection: Connection,
        verifier: Verifier,
        limits: Arc<Limits>,
        pass: Pass,
    ) -> Result<Self, QuicError> {
        let peer = authenticated(&connection, &verifier)?;
        if peer.standing != Standing::Stranger {
            limits.widen(&connection);
        }
        let (mut send, mut receive) = connection.accept_bi().await?;
        expect_hello(&connection, &mut receive).await?;
        send.write_all(HELLO).await?;
        let pass = (peer.standing == Standing::Stranger).then_some(pass);
        Ok(Self::new(connection, peer, verifier, limits, send, receive, pass))
    }

    fn new(
        connection: Connection,
        peer: PeerIdentity,
        verifier: Verifier,
        limits: Arc<Limits>,
        send: SendStream,
        receive: RecvStream,
        pass: Option<Pass>,
    ) -> Self {
        let (arrived, requests) = mpsc::channel(usize::from(limits.requests_max).max(1));
        tokio::spawn(read_requests(connection.clone(), Arc::clone(&limits), arrived));
        Self {
            inner: Arc::new(Inner {
                writer: Mutex::new(FrameWriter::new(send, limits.frame_bytes_max)),
                reader: Mutex::new(FrameReader::new(receive, limits.frame_bytes_max)),
                requests: Mutex::new(requests),
                connection,
                peer,
                verifier,
                limits,
                _pass: pass,
            }),
        }
    }

    /// Who the peer is, as judged in the handshake.
    pub fn peer(&self) -> &PeerIdentity {
        &self.inner.peer
    }

    /// The peer's address at the moment; it may change while the link lives.
    pub fn remote(&self) -> SocketAddr {
        self.inner.connection.remote_address()
    }

    /// Judges the peer's chain by the trust and time of now, since a link may outlive both: to be called
    /// when revocations or anchors change, and now and then.
    pub fn judge_again(&self) -> Result<Standing, CertificateRefusal> {
        let peer = self.inner.verifier.judge(&self.inner.peer.chain)?;
        Ok(peer.standing)
    }

    /// Sends a frame on the main stream; waits while the peer does not read.
    ///
    /// A cancelled call may have queued its frame, which then goes out before the next one, or with
    /// [`Link::flush`]; a frame is never torn.
    pub async fn send(&self, frame: &[u8]) -> Result<(), QuicError> {
        let sent = self.inner.writer.lock().await.send(frame).await;
        sent.map_err(|error| self.explain(error))
    }

    /// Sends what a cancelled [`Link::send`] has left over.
    pub async fn flush(&self) -> Result<(), QuicError> {
        let flushed = self.inner.writer.lock().await.flush().await;
        flushed.map_err(|error| self.explain(error))
    }

    /// Receives the next frame of the main stream. May be cancelled without loss.
    ///
    /// An oversize frame closes the link, before memory is taken for it.
    pub async fn receive(&self) -> Result<Vec<u8>, QuicError> {
        let frame = self.inner.reader.lock().await.next().await;
        match frame {
            Ok(Some(frame)) => Ok(frame),
            Ok(None) => Err(self.explain(QuicError::Truncated)),
            Err(error @ QuicError::FrameTooLarge { .. }) => {
                self.close(close_code::FRAME_TOO_LARGE, &error.to_string());
                Err(error)
            }
            Err(error) => Err(self.explain(error)),
        }
    }

    /// Sends a request on a stream of its own and waits for the response. A cancelled call breaks the
    /// request off. How long to wait is for the caller to say.
    pub async fn open_request(&self, request: &[u8]) -> Result<Vec<u8>, QuicError> {
        let limits = &self.inner.limits;
        let (send, receive) = self.inner.connection.open_bi().await?;
        let mut writer = FrameWriter::new(send, limits.request_bytes_max);
        let mut reader = FrameReader::new(receive, limits.response_bytes_max);
        let sent = writer.send(request).await;
        match sent {
            Ok(()) => writer.finish(),
            Err(error) => {
                writer.reset(close_code::PROTOCOL);
                return Err(self.explain(error));
            }
        }
        match reader.next().await {
            Ok(Some(response)) => Ok(response),
            Ok(None) => Err(QuicError::Truncated),
            Err(error) => {
                if matches!(error, QuicError::FrameTooLarge { .. }) {
                    reader.stop(close_code::FRAME_TOO_LARGE);
                }
                Err(self.explain(error))
            }
        }
    }

    /// The next request of the peer. May be cancelled without loss; requests come in the order in which
    /// they have arrived in full.
    pub async fn accept_request(&self) -> Result<(Vec<u8>, Responder), QuicError> {
        let request = self.inner.requests.lock().await.recv().await;
        match request {
            Some(request) => Ok(request),
            None => Err(self.closed().await),
        }
    }

    /// Closes the link at once, with a code and words for the peer; what is in flight may be lost.
    pub fn close(&self, code: u32, text: &str) {
        self.inner.connection.close(code.into(), text.as_bytes());
    }

    /// Waits until the link is closed, and tells why.
    pub async fn closed(&self) -> QuicError {
        self.inner.connection.closed().await.into()
    }

    /// Whether the link is closed, by either side.
    pub fn is_closed(&self) -> bool {
        self.inner.connection.close_reason().is_some()
    }

    /// Figures of the link.
    pub fn stats(&self) -> LinkStats {
        let stats = self.inner.connection.stats();
        LinkStats {
            rtt: stats.path.rtt,
            sent_bytes: stats.udp_tx.bytes,
            received_bytes: stats.udp_rx.bytes,
            lost_packets: stats.path.lost_packets,
        }
    }

    /// Puts the end of the connection, if there is one, in place of its symptom on a stream.
    fn explain(&self, error: QuicError) -> QuicError {
        match (&error, self.inner.connection.close_reason()) {
            (QuicError::FrameTooLarge { .. }, _) | (_, None) => error,
            (_, Some(reason)) => reason.into(),
        }
    }

    #[cfg(test)]
    pub(crate) fn connection(&self) -> &Connection {
        &self.inner.connection
    }

    #[cfg(test)]
    pub(crate) async fn write_raw(&self, bytes: &[u8]) -> Result<(), QuicError> {
        self.inner.writer.lock().await.write_raw(bytes).await
    }
}

/// The identity that the verifier has found in this connection's handshake.
fn authenticated(connection: &Connection, verifier: &Verifier) -> Result<PeerIdentity, QuicError> {
    match verifier.take_outcome() {
        Some(Ok(peer)) => Ok(peer),
        Some(Err(refusal)) => Err(refusal.into()),
        None => {
            connection.close(close_code::PROTOCOL.into(), b"no certificate was judged");
            Err(QuicError::Protocol("no certificate was judged".to_owned()))
        }
    }
}

async fn expect_hello(connection: &Connection, receive: &mut RecvStream) -> Result<(), QuicError> {
    let mut hello = [0; HELLO.len()];
    let text = match receive.read_exact(&mut hello).await {
        Ok(()) if hello == *HELLO => return Ok(()),
        Ok(()) => "another hello",
        Err(quinn::ReadExactError::FinishedEarly(_)) => "the hello is cut short",
        Err(quinn::ReadExactError::ReadError(error)) => return Err(error.into()),
    };
    connection.close(close_code::PROTOCOL.into(), text.as_bytes());
    Err(QuicError::Protocol(text.to_owned()))
}

/// Reads the peer's requests, each on its own, until the connection ends. Their number is bounded by the
/// stream limit of the connection.
async fn read_requests(connection: Connection, limits: Arc<Limits>, arrived: mpsc::Sender<(Vec<u8>, Responder)>) {
    let mut readers = JoinSet::new();
    while let Ok((send, receive)) = connection.accept_bi().await {
        while readers.try_join_next().is_some() {}
        readers.spawn(read_request(send, receive, Arc::clone(&limits), arrived.clone()));
    }
}

async fn read_request(
    send: SendStream,
    receive: RecvStream,
    limits: Arc<Limits>,
    arrived: mpsc::Sender<(Vec<u8>, Responder)>,
) {
    let mut reader = FrameReader::new(receive, limits.request_bytes_max);
    let responder = Responder { writer: FrameWriter::new(send, limits.response_bytes_max), answered: false };
    let read = async {
        let request = reader.next().await?.ok_or(QuicError::Truncated)?;
        match reader.next().await? {
            None => Ok(request),
            Some(_) => Err(QuicError::Protocol("two requests on a stream".to_owned())),
        }
    };
    let code = match timeout(limits.request_timeout, read).await {
        Ok(Ok(request)) => {
            // Fails only when the link is gone, and then nobody waits for an answer.
            let _ = arrived.send((request, responder)).await;
            return;
        }
        Ok(Err(QuicError::FrameTooLarge { .. })) => close_code::FRAME_TOO_LARGE,
        Ok(Err(_)) => close_code::PROTOCOL,
        Err(_) => close_code::TOO_SLOW,
    };
    reader.stop(code);
    responder.refuse(code);
}

/// Answers one request. Dropped without an answer, it tells the peer [`close_code::NO_ANSWER`].
pub struct Responder {
    writer: FrameWriter,
    answered: bool,
}

impl fmt::Debug for Responder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Responder").finish_non_exhaustive()
    }
}

impl Responder {
    /// Sends the response, and waits while the peer does not read; it is delivered as long as the link lives.
    pub async fn respond(mut self, response: Vec<u8>) -> Result<(), QuicError> {
        self.writer.send_only(response).await?;
        self.writer.finish();
        self.answered = true;
        Ok(())
    }

    /// Lets everything else that goes over the link go before the response, as long as both wait.
    pub fn yields(&self) {
        self.writer.yields();
    }

    /// Breaks the request off with a code of 16 or above.
    pub fn refuse(mut self, code: u32) {
        self.writer.reset(code);
        self.answered = true;
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        if !self.answered {
            self.writer.reset(close_code::NO_ANSWER);
        }
    }
}
