//! A peer that speaks the protocol by hand, so that it can break every rule of it: bare quinn, frames as bytes, keys of its own.
//!
//! It joins like any node, so its certificate and its records hold; what it sends afterwards is the test's business.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, ConnectionError, RecvStream, SendStream, TransportConfig};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tongban_codes::division::DivisionCode;
use tongban_codes::ids::{Label, NodeId};
use tongban_codes::time::Timestamp;
use tongban_federation::invite::Invitation;
use tongban_federation::wire::{
    Frame, Hello, HelloAck, Join, Joined, JournalSize, Pull, Records, Request, Response, SignedBy, Slice as WireSlice,
};
use tongban_federation::{
    CloseCode, Envelope, FederationLevel, NodeRecord, ProtocolVersion, Receipt, Release, Sealed, SignedRecord,
    VersionRange,
};
use tongban_quic::{Subject, certificate};
use tongban_seal::batch::{self, Statement};
use tongban_seal::{Ed25519Signer, Signer as _, content_type};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// The epoch in which it lives: the second, so that it can lie about the first.
pub(crate) const EPOCH: u32 = 2;

/// The seed of its seal key, and of its id.
pub(crate) const SEED: [u8; 32] = [0x66; 32];

/// What it takes of a stream that it doesn't read; the rest stays with the node.
const STREAM_WINDOW_BYTES: u32 = 16 << 10;

/// What begins the main stream.
const HELLO: &[u8; 8] = b"tongban1";

/// Takes any certificate: a rogue doesn't care whom it lies to.
#[derive(Debug)]
struct AnyServer;

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

/// A new Ed25519 key, PKCS #8.
pub(crate) fn new_key() -> Vec<u8> {
    rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("keys can be made").serialize_der()
}

/// A frame as it goes over the main stream.
pub(crate) fn framed(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("a frame is short");
    [&length.to_be_bytes(), bytes].concat()
}

/// Who it is: node, transport key, seal key, and the chain that it shows.
pub(crate) struct Rogue {
    pub(crate) node: NodeId,
    pub(crate) division: DivisionCode,
    pub(crate) key: Vec<u8>,
    pub(crate) seal: Ed25519Signer,
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) label: Label,
    certifier: NodeId,
    certification: Sealed,
    target: SocketAddr,
    endpoint: quinn::Endpoint,
}

impl Rogue {
    /// Joins under the node that listens on `target`, with its token.
    pub(crate) async fn joined(target: SocketAddr, token: &str, seed: [u8; 32], now: Timestamp) -> Self {
        let invitation: Invitation = token.parse().expect("a whole token");
        let (node, division, key) = (NodeId::from_bytes([seed[0]; 16]), invitation.division, new_key());
        let chain = vec![certificate::self_signed(&key, node, division, now).expect("a key signs itself")];
        let mut rogue = Self {
            node,
            division,
            seal: Ed25519Signer::from_seed(&seed),
            chain,
            label: Label::new(division, 0).expect("a label"),
            certifier: node,
            certification: Sealed::new(Vec::new()),
            endpoint: quinn::Endpoint::client(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a port is free"),
            key,
            target,
        };
        let answer = rogue.ask(&rogue.chain, &Request::Join(rogue.join(invitation.secret))).await;
        let Response::Joined(Joined { chain, label, records, .. }) = answer else { panic!("{answer:?}") };
        rogue.chain = chain.into_iter().map(Sealed::into_bytes).collect();
        rogue.label = label;
        for record in records {
            let signed = tongban_codes::cbor::from_slice(record.as_bytes()).expect("a signed record");
            if let SignedRecord::Node { node, certifier, certification, .. } = signed
                && node == rogue.node
            {
                (rogue.certifier, rogue.certification) = (certifier, certification);
            }
        }
        rogue
    }

    /// What it asks for when it joins.
    pub(crate) fn join(&self, secret: [u8; 16]) -> Join {
        Join {
            secret,
            division: self.division,
            node: self.node,
            transport_request: certificate::public_key(&self.key).expect("a key has a public half"),
            seal_key: tongban_codes::cbor::to_vec(&self.seal.public_key()),
            exchange_key: vec![7; 32],
            name: "匪".to_owned(),
            addresses: Vec::new(),
            authorities: Vec::new(),
        }
    }

    /// A chain that it issues itself, for a key of another.
    pub(crate) fn issue(&self, key: &[u8], node: NodeId, division: &str, now: Timestamp) -> Vec<Vec<u8>> {
        let subject = Subject {
            spki: certificate::public_key(key).expect("a key has a public half"),
            node,
            division: division.parse().expect("a division"),
        };
        certificate::issue(&self.key, &self.chain, &subject, now, 90).expect("it lies below")
    }

    /// What it says of itself, under its seal, at a version.
    pub(crate) fn record(&self, version: u64, name: &str, at: Timestamp) -> Sealed {
        let record = NodeRecord {
            node: self.node,
            name: name.to_owned(),
            addresses: Vec::new(),
            transport_key: certificate::key_hash(&certificate::public_key(&self.key).expect("a public half")),
            chain: self.chain.iter().cloned().map(Sealed::new).collect(),
            authorities: Vec::new(),
            epoch: EPOCH,
            version,
            issued_at: at,
        };
        let (node, certifier, certification) = (self.node, self.certifier, self.certification.clone());
        let record = record.seal(&self.seal).expect("the key signs");
        SignedRecord::Node { node, certifier, certification, record }.to_sealed()
    }

    /// An envelope under its seal.
    pub(crate) fn envelope(&self, envelope: &Envelope) -> Vec<u8> {
        sealed(&self.seal, content_type::ENVELOPE, &envelope.to_bytes())
    }

    /// A receipt under its seal.
    pub(crate) fn receipt(&self, receipt: &Receipt) -> Vec<u8> {
        sealed(&self.seal, content_type::RECEIPT, &receipt.to_bytes())
    }

    /// Dials with a chain, under its own key or another's.
    pub(crate) async fn dial(&self, key: &[u8], chain: &[Vec<u8>]) -> Result<Connection, ConnectionError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let signing = rustls::crypto::ring::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(key)).expect("a key");
        let chain = chain.iter().cloned().map(CertificateDer::from).collect();
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3 is there")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyServer))
            .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, signing))));
        tls.alpn_protocols = vec![b"tongban/1".to_vec()];
        let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).expect("TLS 1.3 for QUIC")));
        let mut transport = TransportConfig::default();
        transport.stream_receive_window(STREAM_WINDOW_BYTES.into());
        config.transport_config(Arc::new(transport));
        let connecting = self.endpoint.connect_with(config, self.target, "tongban").expect("an address");
        timeout(PATIENCE, connecting).await.expect("the node answers")
    }

    /// Asks on a connection of its own.
    pub(crate) async fn ask(&self, chain: &[Vec<u8>], request: &Request) -> Response {
        let connection = self.dial(&self.key, chain).await.expect("the certificate holds");
        let line = Line::begin(connection).await.expect("the hello is answered");
        let answer = line.ask(&request.to_bytes()).await.expect("it is answered");
        line.close();
        answer
    }

    /// Dials with its chain and says the eight bytes.
    pub(crate) async fn line(&self) -> Line {
        let connection = self.dial(&self.key, &self.chain).await.expect("the certificate holds");
        Line::begin(connection).await.expect("the hello is answered")
    }

    /// The greeting of an honest node.
    pub(crate) fn hello(&self, now: Timestamp) -> Hello {
        Hello {
            versions: VersionRange::SPOKEN,
            release: Release::of_this_build(),
            node: self.node,
            division: self.division,
            epoch: EPOCH,
            level: FederationLevel::FIRST,
            at: now,
            high_waters: Vec::new(),
            journals: Vec::new(),
            directory: None,
        }
    }

    /// A greeted link that is ready for frames, and what the node said of itself.
    pub(crate) async fn greeted(&self, now: Timestamp) -> (Line, Hello) {
        let mut line = self.line().await;
        line.send(&Frame::Hello(self.hello(now)).to_bytes()).await;
        line.send(&Frame::HelloAck(HelloAck { version: ProtocolVersion(1) }).to_bytes()).await;
        let hello = loop {
            match line.next().await {
                Ok(Frame::Hello(hello)) => break hello,
                Ok(_) => {}
                Err(end) => panic!("not greeted: {end}"),
            }
        };
        while !matches!(line.next().await.expect("it greets"), Frame::HelloAck(_)) {}
        (line, hello)
    }
}

/// A statement under a seal of its own.
pub(crate) fn sealed(signer: &Ed25519Signer, content_type: &str, bytes: &[u8]) -> Vec<u8> {
    let mut sealed = batch::seal(signer, &[Statement { content_type, bytes }]).expect("the key signs");
    sealed.pop().expect("one statement")
}

/// What sealed bytes say.
pub(crate) fn statement(signed: &SignedBy) -> Vec<u8> {
    let mut decoder = minicbor::Decoder::new(signed.sealed.as_bytes());
    assert!(decoder.array().is_ok() && decoder.str().is_ok(), "a sealed statement begins with its content type");
    decoder.bytes().expect("a statement").to_vec()
}

/// A frame that carries sealed bytes of a node.
pub(crate) fn carried(signer: NodeId, sealed: Vec<u8>) -> SignedBy {
    SignedBy { signer, sealed: Sealed::new(sealed) }
}

/// The frame that offers a journal.
pub(crate) fn nudge(origin: NodeId, size: u64) -> Vec<u8> {
    let size = JournalSize { origin, journal: 0, epoch: EPOCH, size };
    Frame::Nudge(tongban_federation::wire::Nudge { journals: vec![size] }).to_bytes()
}

/// The frame that brings a record.
pub(crate) fn brought(record: Sealed) -> Vec<u8> {
    Frame::Records(Records { records: vec![record] }).to_bytes()
}

/// What pulls are answered with.
type Served = Arc<Mutex<Option<Vec<u8>>>>;

/// A connection with its main stream.
pub(crate) struct Line {
    pub(crate) connection: Connection,
    pub(crate) main: SendStream,
    frames: mpsc::UnboundedReceiver<Frame>,
    served: Served,
}

impl Line {
    /// Opens the main stream and says the eight bytes.
    pub(crate) async fn begin(connection: Connection) -> Result<Self, ConnectionError> {
        let (mut main, mut receive) = connection.open_bi().await?;
        main.write_all(HELLO).await.map_err(|_| closed(&connection))?;
        let mut hello = [0; HELLO.len()];
        let read = timeout(PATIENCE, receive.read_exact(&mut hello)).await.expect("the node answers");
        read.map_err(|_| closed(&connection))?;
        let (sender, frames) = mpsc::unbounded_channel();
        let served = Served::default();
        tokio::spawn(async move {
            while let Some(bytes) = read_frame(&mut receive).await {
                let Ok(frame) = Frame::from_bytes(&bytes) else { return };
                if sender.send(frame).is_err() {
                    return;
                }
            }
        });
        tokio::spawn(answer_pulls(connection.clone(), Arc::clone(&served)));
        Ok(Self { connection, main, frames, served })
    }

    /// From now on pulls are answered with this slice.
    pub(crate) fn serve(&self, slice: Vec<u8>) {
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) = Some(slice);
    }

    /// Sends a frame; a node that has closed doesn't take it.
    pub(crate) async fn send(&mut self, frame: &[u8]) {
        self.send_raw(&framed(frame)).await;
    }

    /// Sends bytes as they are.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        let _sent = self.main.write_all(bytes).await;
    }

    /// The next frame, or how the connection ended.
    pub(crate) async fn next(&mut self) -> Result<Frame, String> {
        match timeout(PATIENCE, self.frames.recv()).await {
            Err(_) => Err("nothing was said".to_owned()),
            Ok(Some(frame)) => Ok(frame),
            Ok(None) => Err(ended(&timeout(PATIENCE, self.connection.closed()).await.expect("it closes"))),
        }
    }

    /// Waits for the word with which the node ends the link: the session's, else the transport's.
    pub(crate) async fn last_word(&mut self) -> String {
        loop {
            match self.next().await {
                Ok(Frame::Bye(bye)) => return format!("bye {}", CloseCode::from_number(bye.code)),
                Ok(Frame::Refuse(refusal)) => return format!("refuse {}", refusal.code),
                Ok(_) => {}
                Err(end) => return end,
            }
        }
    }

    /// Waits for records of the directory.
    pub(crate) async fn records(&mut self) -> Vec<Sealed> {
        loop {
            match self.next().await {
                Ok(Frame::Records(told)) => return told.records,
                Ok(_) => {}
                Err(end) => panic!("no records: {end}"),
            }
        }
    }

    /// Waits for a receipt.
    pub(crate) async fn receipt(&mut self) -> Result<Receipt, String> {
        loop {
            if let Frame::Receipt(signed) = self.next().await? {
                return Receipt::from_bytes(&statement(&signed)).map_err(|error| error.to_string());
            }
        }
    }

    /// Waits until the node has read everything that was sent before.
    pub(crate) async fn read_through(&mut self, number: u64) {
        use tongban_federation::wire::Echo;
        self.send(&Frame::Ping(Echo { number }).to_bytes()).await;
        while self.next().await.expect("the link stands") != Frame::Pong(Echo { number }) {}
    }

    /// Asks on a stream of its own.
    pub(crate) async fn ask(&self, request: &[u8]) -> Result<Response, String> {
        let end = |error: ConnectionError| ended(&error);
        let (mut send, mut receive) = self.connection.open_bi().await.map_err(end)?;
        let _sent = send.write_all(&framed(request)).await;
        let _finished = send.finish();
        let mut length = [0; 4];
        match timeout(PATIENCE, receive.read_exact(&mut length)).await.expect("it is answered") {
            Ok(()) => {}
            Err(quinn::ReadExactError::ReadError(quinn::ReadError::Reset(code))) => {
                return Err(format!("reset {code}"));
            }
            Err(error) => return Err(error.to_string()),
        }
        let mut bytes = vec![0; usize::try_from(u32::from_be_bytes(length)).expect("a length")];
        receive.read_exact(&mut bytes).await.map_err(|error| error.to_string())?;
        Response::from_bytes(&bytes).map_err(|error| error.to_string())
    }

    /// Closes at once.
    pub(crate) fn close(&self) {
        self.connection.close(0_u32.into(), b"");
    }
}

fn closed(connection: &Connection) -> ConnectionError {
    connection.close_reason().unwrap_or(ConnectionError::LocallyClosed)
}

/// How a connection ended, in a word.
pub(crate) fn ended(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ApplicationClosed(close) => format!("close {}", close.error_code),
        ConnectionError::ConnectionClosed(close) => format!("alert {}", close.error_code),
        other => other.to_string(),
    }
}

async fn read_frame(stream: &mut RecvStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).await.ok()?;
    let mut bytes = vec![0; usize::try_from(u32::from_be_bytes(length)).ok()?];
    stream.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}

async fn answer_pulls(connection: Connection, served: Served) {
    while let Ok((mut send, mut receive)) = connection.accept_bi().await {
        let Some(request) = read_frame(&mut receive).await else { continue };
        let Ok(Request::Pull(Pull { .. })) = Request::from_bytes(&request) else { continue };
        let slice = served.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(bytes) = slice {
            let slice = Response::Slice(WireSlice { bytes, next: 0, size: 0, packed: None });
            let _sent = send.write_all(&framed(&slice.to_bytes())).await;
            let _finished = send.finish();
        }
    }
}
