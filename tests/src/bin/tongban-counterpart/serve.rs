//! Taking orders: each once, whatever comes again; and telling outcomes of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use system_tests::webhook::{Secret, now_seconds};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tongban_codes::ids::Digest;

use crate::tell::{body, post, signed};
use crate::{Common, print, secret};

/// The longest message, in bytes.
const BODY_BYTES_MAX: usize = 64 << 10;
/// How often an outcome is told until the node answers with 200.
const TELL_TIMES: u32 = 60;
const TELL_AGAIN: Duration = Duration::from_millis(250);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// File of what it has taken, one line each; read again at its next start
    #[arg(long)]
    state: Option<PathBuf>,
    /// Outcomes that it tells of each order by itself, in this order
    #[arg(long)]
    tell: Vec<String>,
    /// Answers the first so many requests with 500, without taking anything
    #[arg(long, default_value_t = 0)]
    fail_first: u32,
    /// Takes the first so many requests and hangs up without an answer
    #[arg(long, default_value_t = 0)]
    drop_first: u32,
    /// Declines every order with this status, and says back all that it was sent
    #[arg(long)]
    decline: Option<u16>,
    /// Answers everything with this redirect
    #[arg(long)]
    redirect: Option<String>,
    /// TLS: PEM files of certificate and key
    #[arg(long, requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The key of it
    #[arg(long)]
    tls_key: Option<PathBuf>,
}

/// An order as it was taken.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Taken {
    /// What is ordered.
    data: Value,
    /// Ids of the messages that were carried out, each once.
    messages: Vec<String>,
    /// SHA-256 of the body of each, by its id: another body under an id that was used is no repeat.
    #[serde(default)]
    digests: BTreeMap<String, String>,
    /// It was asked back.
    cancelled: bool,
    /// It was asked to give the money back.
    #[serde(default)]
    refunds: u32,
    /// How often a message about it came, repeats included.
    #[serde(skip)]
    received: u32,
}

#[derive(Debug, Default, Serialize)]
struct Held {
    orders: BTreeMap<String, Taken>,
    /// All requests, refused ones included.
    requests: u32,
    /// Those whose signature or form didn't hold.
    refused: u32,
}

struct Counterpart {
    args: Args,
    secret: Secret,
    held: Mutex<Held>,
}

enum Reply {
    Answer(StatusCode, Value),
    HangUp,
}

impl Counterpart {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an order before it is answered for.
    fn keep(&self, number: &str, taken: &Taken) -> anyhow::Result<()> {
        let Some(path) = &self.args.state else { return Ok(()) };
        let mut file = File::options().create(true).append(true).open(path)?;
        writeln!(file, "{}", json!({ "order": number, "taken": taken }))?;
        Ok(file.sync_data()?)
    }

    /// Looks whether a message is genuine and of now, before anything of it is read.
    fn verified(&self, request: &hyper::http::request::Parts, body: &[u8]) -> anyhow::Result<String> {
        let header = |name: &str| {
            let value = request.headers.get(name).context("a header is missing")?;
            Ok::<_, anyhow::Error>(value.to_str()?.to_owned())
        };
        let (id, seconds) = (header("webhook-id")?, header("webhook-timestamp")?);
        self.secret.verify(&id, &seconds, &header("webhook-signature")?, body, now_seconds())?;
        Ok(id)
    }

    async fn answer(self: &Arc<Self>, request: Request<Incoming>) -> anyhow::Result<Reply> {
        if request.method() == Method::GET {
            let held = self.held();
            return Ok(Reply::Answer(StatusCode::OK, serde_json::to_value(&*held)?));
        }
        let (head, body) = request.into_parts();
        let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("{error}"))?.to_bytes();
        let requests = {
            let mut held = self.held();
            held.requests += 1;
            held.requests
        };
        if self.args.redirect.is_some() {
            return Ok(Reply::Answer(StatusCode::TEMPORARY_REDIRECT, Value::Null));
        }
        let id = match self.verified(&head, &body) {
            Ok(id) => id,
            Err(error) => {
                self.held().refused += 1;
                return Ok(Reply::Answer(StatusCode::UNAUTHORIZED, json!({ "error": error.to_string() })));
            }
        };
        if requests <= self.args.fail_first {
            return Ok(Reply::Answer(StatusCode::INTERNAL_SERVER_ERROR, Value::Null));
        }
        let digest = Digest::of(&body).to_string();
        let reply = self.carried_out(&id, digest, &serde_json::from_slice(&body)?)?;
        Ok(if requests <= self.args.drop_first { Reply::HangUp } else { reply })
    }

    /// Carries a message out, once: its id says whether it was.
    fn carried_out(self: &Arc<Self>, id: &str, digest: String, message: &Value) -> anyhow::Result<Reply> {
        let number = message["data"]["order"].as_str().context("a message names its order")?.to_owned();
        let kind = &self.args.common.kind;
        let what = message["type"].as_str().and_then(|name| name.strip_prefix(&format!("{kind}.order.")));
        let (is_cancelled, is_refund) = match what {
            Some("placed") => (false, false),
            Some("cancelled") => (true, false),
            Some("refund-asked") if kind == "payment" => (false, true),
            _ => bail!("no message of a {kind} connector"),
        };
        if let Some(status) = self.args.decline {
            let why = json!({ "code": "not-taken", "error": "not taken", "data": message["data"] });
            return Ok(Reply::Answer(StatusCode::from_u16(status)?, why));
        }
        let mut held = self.held();
        let taken = held.orders.entry(number.clone()).or_default();
        taken.received += 1;
        let is_new = !taken.messages.iter().any(|known| known == id);
        if taken.digests.get(id).is_some_and(|known| *known != digest) {
            let why = json!({ "code": "message-reused", "error": "this id was used for another body" });
            return Ok(Reply::Answer(StatusCode::CONFLICT, why));
        }
        if is_new {
            taken.messages.push(id.to_owned());
            taken.digests.insert(id.to_owned(), digest);
            taken.cancelled |= is_cancelled;
            taken.refunds += u32::from(is_refund);
            if !is_cancelled && !is_refund {
                taken.data = message["data"].clone();
            }
            self.keep(&number, taken)?;
        }
        // What was asked back before it came is not carried out.
        let tells = is_new && !is_cancelled && !taken.cancelled;
        let data = taken.data.clone();
        drop(held);
        // What it tells of a refund, and what of an order.
        let outcomes = self.args.tell.iter().filter(|outcome| is_refund == outcome.starts_with("refund"));
        let outcomes: Vec<String> = outcomes.cloned().collect();
        if tells && !outcomes.is_empty() {
            tokio::spawn(Arc::clone(self).tell_of(number.clone(), data, outcomes));
        }
        let link = format!("https://counterpart.example/{number}");
        Ok(Reply::Answer(StatusCode::OK, json!({ "reference": format!("T-{number}"), "link": link })))
    }

    /// Tells the outcomes of an order, each until the node has it.
    async fn tell_of(self: Arc<Self>, number: String, ordered: Value, outcomes: Vec<String>) {
        let Some(url) = &self.args.common.callback else { return };
        for outcome in &outcomes {
            let mut data = json!({ "order": number, "reference": format!("T-{number}") });
            if ["paid", "refunded"].contains(&outcome.as_str()) {
                data["amount_fen"] = ordered["amount_fen"].clone();
            }
            // A decision of the day on which the case was accepted.
            if ["granted", "refused"].contains(&outcome.as_str()) {
                data["number"] = Value::from(format!("N-{number}"));
                data["decided_on"] = ordered["accepted_on"].clone();
                data["decider"] = Value::from("王局长");
            }
            if outcome == "refused" {
                data["reason"] = Value::from("不符合法定条件");
                data["reason_code"] = Value::from("conditions-unmet");
            }
            // One body under one id: what is sent again is the same.
            let body = body(&self.args.common.kind, outcome, &data);
            let id = format!("{number}-{outcome}");
            let mut tries = tokio::time::interval(TELL_AGAIN);
            for _ in 0..TELL_TIMES {
                tries.tick().await;
                let headers = signed(&self.secret, &id, now_seconds(), &body);
                if matches!(post(url, &headers, body.clone()).await, Ok((200, _))) {
                    break;
                }
            }
        }
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self: Arc<Self>, stream: S) {
        let service = hyper::service::service_fn(|request| {
            let counterpart = Arc::clone(&self);
            async move {
                let (status, body) = match counterpart.answer(request).await {
                    Ok(Reply::Answer(status, body)) => (status, body),
                    Ok(Reply::HangUp) => bail!("it hangs up"),
                    Err(error) => (StatusCode::BAD_REQUEST, json!({ "error": error.to_string() })),
                };
                let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
                *response.status_mut() = status;
                if let Some(to) = counterpart.args.redirect.as_deref().filter(|_| status.is_redirection()) {
                    response.headers_mut().insert("location", to.parse()?);
                }
                Ok::<_, anyhow::Error>(response)
            }
        });
        // A connection that ends in the middle is what some of this is about.
        let _ended = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }
}

/// What was taken before.
fn known(path: Option<&Path>) -> anyhow::Result<BTreeMap<String, Taken>> {
    #[derive(Deserialize)]
    struct Line {
        order: String,
        taken: Taken,
    }
    let mut orders = BTreeMap::new();
    let text = path.filter(|path| path.exists()).map(std::fs::read_to_string).transpose()?.unwrap_or_default();
    for line in text.lines() {
        let Line { order, taken } = serde_json::from_str(line)?;
        orders.insert(order, taken);
    }
    Ok(orders)
}

fn acceptor(certificate: &Path, key: &Path) -> anyhow::Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<Vec<_>, _>>()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let listener = TcpListener::bind(args.listen).await?;
    let tls = match (&args.tls_certificate, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(acceptor(certificate, key)?),
        _ => None,
    };
    let held = Held { orders: known(args.state.as_deref())?, ..Held::default() };
    let counterpart = Arc::new(Counterpart { secret: secret(&args.common.secret_file)?, args, held: Mutex::new(held) });
    print(&listener.local_addr()?.to_string())?;
    loop {
        let (stream, _) = listener.accept().await?;
        let (counterpart, tls) = (Arc::clone(&counterpart), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => counterpart.serve(stream).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        counterpart.serve(stream).await;
                    }
                }
            }
        });
    }
}
