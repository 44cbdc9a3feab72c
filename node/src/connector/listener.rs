//! Where outside systems are heard: one path, signed messages, nothing else.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming as IncomingBody;
use hyper::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use hyper::{HeaderMap, Method, Request as HttpRequest, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tongban_codes::ids::Digest;
use tongban_domain::connector::OrderCommand;
use tongban_domain::{Actor, Command, Rejection, codes};

use super::body::{Incoming, Unfit};
use super::secret::Forged;
use super::{Connector, Connectors, unix_seconds};
use crate::api::v1::{ErrorBody, Problem};
use crate::engine::{Answer, Refused, Request};
use crate::exchange::Shared;
use crate::foreign;

/// Where messages go; the connector's name follows.
const PATH: &str = "/v1/connectors/";
/// The longest message, in bytes.
const BODY_BYTES_MAX: usize = 64 << 10;
/// How much of a longer one is read before it is refused, in bytes.
const PASSED_OVER_BYTES_MAX: usize = 1 << 20;
/// The longest id of a message, in bytes.
const ID_BYTES_MAX: usize = 128;
/// Connections at once; further ones wait.
const CONNECTIONS_MAX: usize = 64;
/// How long the head of a request may take, and all of a connection.
const HEAD_TIME: Duration = Duration::from_secs(10);
const WHOLE_TIME: Duration = Duration::from_secs(30);
/// Genuine messages that one connector may bring at once, and in a second.
const BURST: u32 = 200;
const A_SECOND: u32 = 50;
/// Refusals of one connector that the node's log has at once; then one a second.
const WARNINGS_BURST: u32 = 20;

/// How many of something are let through: a burst, and so many a second.
pub(super) struct Rate {
    burst: f64,
    a_second: f64,
    left: Mutex<(f64, Instant)>,
}

impl Rate {
    fn new(burst: u32, a_second: u32) -> Self {
        let burst = f64::from(burst);
        Self { burst, a_second: f64::from(a_second), left: Mutex::new((burst, Instant::now())) }
    }

    /// Of genuine messages; others don't count, so that who has no secret can't use it up.
    pub(super) fn of_messages() -> Self {
        Self::new(BURST, A_SECOND)
    }

    /// Of lines in the node's log about messages that were refused.
    pub(super) fn of_warnings() -> Self {
        Self::new(WARNINGS_BURST, 1)
    }

    fn admits(&self, now: Instant) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let grown = now.saturating_duration_since(left.1).as_secs_f64() * self.a_second;
        *left = ((left.0 + grown).min(self.burst), now);
        let admits = left.0 >= 1.0;
        if admits {
            left.0 -= 1.0;
        }
        admits
    }
}

/// A refusal with its status.
struct Refusal {
    status: StatusCode,
    problem: Box<Problem>,
}

fn refused(code: &str, status: StatusCode, field: &str, (en, zh): (&str, &str), remedy: (&str, &str)) -> Refusal {
    let problem = Problem {
        code: code.to_owned(),
        field: field.to_owned(),
        value: String::new(),
        en: en.to_owned(),
        zh: zh.to_owned(),
        remedy_en: remedy.0.to_owned(),
        remedy_zh: remedy.1.to_owned(),
    };
    Refusal { status, problem: Box::new(problem) }
}

/// Says what is wrong with the form of a message; the contract says what is right.
fn malformed(status: StatusCode, field: &str, en: &str, zh: &str) -> Refusal {
    let remedy = ("send it as docs/connectors.md says", "按 docs/connectors.md 的约定发送");
    refused("connector-message", status, field, (en, zh), remedy)
}

type Heard = Result<Bytes, Refusal>;

/// How long it waits before it asks again for an address that something else has.
const BIND_AGAIN: Duration = Duration::from_secs(10);

/// Listens for outside systems until told to stop; what is being answered then is cut, and comes again.
pub(super) async fn run(
    address: SocketAddr,
    connectors: Connectors,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    tokio::select! {
        () = listen(address, &connectors, &shared) => {}
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

async fn listen(address: SocketAddr, connectors: &Connectors, shared: &Arc<Shared>) {
    let socket = loop {
        match TcpListener::bind(address).await {
            Ok(socket) => break socket,
            Err(error) => tracing::error!(%address, %error, "outside systems can't be heard; trying again"),
        }
        tokio::time::sleep(BIND_AGAIN).await;
    };
    tracing::info!(%address, "outside systems are heard");
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut serving = tokio::task::JoinSet::new();
    loop {
        let permit = Arc::clone(&room).acquire_owned().await;
        let accepted = socket.accept().await;
        while serving.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                let (connectors, shared) = (connectors.clone(), Arc::clone(shared));
                serving.spawn(async move {
                    let _held = permit;
                    serve(stream, connectors, shared).await;
                });
            }
            Err(error) => {
                // No file handles left, or a peer that hung up: a breath, and on.
                tracing::warn!(%error, "a connection of an outside system was not taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, connectors: Connectors, shared: Arc<Shared>) {
    let service = hyper::service::service_fn(|request| {
        let (connectors, shared) = (connectors.clone(), Arc::clone(&shared));
        async move { Ok::<_, Infallible>(answer(request, &connectors, &shared).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(WHOLE_TIME, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection of an outside system broke"),
        Err(_) => tracing::debug!("a connection of an outside system was too slow"),
    }
}

async fn answer(request: HttpRequest<IncomingBody>, connectors: &Connectors, shared: &Shared) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let (status, body) = match hear(request, connectors, shared).await {
        Ok(body) => (StatusCode::OK, body),
        Err(Refusal { status, problem }) => {
            let connector = path.strip_prefix(PATH).and_then(|name| connectors.named(name));
            let (status_code, code) = (status.as_u16(), &problem.code);
            match connector.filter(|connector| connector.warned.admits(Instant::now())) {
                Some(connector) => {
                    tracing::warn!(connector = connector.name, status_code, code, "a message was refused");
                }
                None => tracing::debug!(path, status_code, code, "a message was refused"),
            }
            let body = serde_json::to_vec(&ErrorBody { error: *problem }).unwrap_or_default();
            (status, Bytes::from(body))
        }
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, hyper::header::HeaderValue::from_static("POST"));
    }
    if [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status) {
        headers.insert(RETRY_AFTER, hyper::header::HeaderValue::from_static("10"));
    }
    response
}

/// A header that is there once.
fn header<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(value), None) if !value.is_empty() => Ok(value),
        _ => Err(malformed(StatusCode::BAD_REQUEST, name, "the header is needed, once", "请求头必须有且只有一个")),
    }
}

/// Reads a body: of one that is too long a little more is passed over, so that its sender hears why.
async fn read(mut body: IncomingBody) -> Heard {
    let (mut kept, mut length) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| malformed(StatusCode::BAD_REQUEST, "body", "the message is cut off", "消息不完整"))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length <= BODY_BYTES_MAX {
            kept.extend_from_slice(&data);
        } else if length > PASSED_OVER_BYTES_MAX {
            break;
        }
    }
    if length > BODY_BYTES_MAX {
        let (en, zh) = ("a message has at most 64 KiB", "消息不超过 64 KiB");
        return Err(malformed(StatusCode::PAYLOAD_TOO_LARGE, "body", en, zh));
    }
    Ok(Bytes::from(kept))
}

/// Hears a message: whose it is, whether it is genuine and of now; only then what it says.
async fn hear(request: HttpRequest<IncomingBody>, connectors: &Connectors, shared: &Shared) -> Heard {
    // Who is refused before he has finished might not hear it.
    let (head, body) = request.into_parts();
    let body = read(body).await?;
    let name = head.uri.path().strip_prefix(PATH).unwrap_or_default().to_owned();
    let connector = connectors.named(&name).ok_or_else(|| {
        let text = ("there is no such connector here", "本节点没有该对接系统");
        refused(
            "connector-unknown",
            StatusCode::NOT_FOUND,
            "path",
            text,
            ("ask the hall for the address", "向大厅核对地址"),
        )
    })?;
    if head.method != Method::POST {
        let (en, zh) = ("messages are posted", "消息须以 POST 提交");
        return Err(malformed(StatusCode::METHOD_NOT_ALLOWED, "method", en, zh));
    }
    let id = header(&head.headers, "webhook-id")?;
    if id.len() > ID_BYTES_MAX || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        let (en, zh) = ("an id has 1 to 128 visible ASCII characters", "消息编号为 1 至 128 个可见 ASCII 字符");
        return Err(malformed(StatusCode::BAD_REQUEST, "webhook-id", en, zh));
    }
    let seconds = header(&head.headers, "webhook-timestamp")?.parse::<i64>().map_err(|_| {
        let (en, zh) = ("the time is seconds since 1970", "时间为 1970 年以来的秒数");
        malformed(StatusCode::BAD_REQUEST, "webhook-timestamp", en, zh)
    })?;
    let signatures = header(&head.headers, "webhook-signature")?;
    genuine(connector, (id, seconds), signatures, &body)?;
    if !connector.admitted.admits(Instant::now()) {
        let text = ("too many messages at once", "消息过于频繁");
        let remedy = ("send it again later", "请稍后重发");
        return Err(refused("connector-rate", StatusCode::TOO_MANY_REQUESTS, "webhook-id", text, remedy));
    }
    // What can't be kept isn't acknowledged.
    if !shared.room.is_enough() {
        let text = ("the disk of the node is nearly full", "节点磁盘空间不足");
        return Err(refused(
            "disk-low",
            StatusCode::SERVICE_UNAVAILABLE,
            "disk",
            text,
            ("send it again later", "请稍后重发"),
        ));
    }
    let message: Incoming = serde_json::from_slice(&body).map_err(|error| {
        let said = error.to_string();
        let en = format!("the message is not as agreed: {}", foreign::en(&said));
        let zh = format!("消息不符合约定：{}", foreign::zh(&said));
        malformed(StatusCode::BAD_REQUEST, "body", &en, &zh)
    })?;
    let (order, report) = message.report(connector.kind).map_err(|unfit| {
        let (field, en, zh) = match unfit {
            Unfit::Type => ("type", "a connector of this kind tells no such thing", "该类系统没有这一消息类型"),
            Unfit::Field(field) => (field, "what is told has no such field", "该类消息没有此字段"),
            Unfit::Missing(field) => (field, "what is told needs this field", "该类消息须有此字段"),
        };
        malformed(StatusCode::UNPROCESSABLE_ENTITY, field, en, zh)
    })?;
    let (id, kind, connector) = (id.to_owned(), connector.kind, connector.name.clone());
    let told = OrderCommand::Told { kind, connector, order, id, digest: Digest::of(&body), report: Box::new(report) };
    let request = Request::Act { actor: Actor::system(), command: Box::new(Command::Order(told)), key: None };
    match shared.handle.submit(request).await.map(crate::engine::Committed::into_inner) {
        Ok(Answer::Json(reply)) => Ok(Bytes::from(reply)),
        Ok(_) => Ok(Bytes::from_static(b"{}")),
        Err(why) => Err(refused_by(why)),
    }
}

/// Whether a message comes from who has the secret, and was sent now.
fn genuine(connector: &Connector, of: (&str, i64), signatures: &str, body: &[u8]) -> Result<(), Refusal> {
    let secrets = connector.secrets().map_err(|error| {
        let error = error.said();
        tracing::error!(connector = connector.name, %error, "the secret of a connector can't be read");
        let text = ("the node can't verify messages now", "节点暂时无法核验消息");
        let remedy = ("send it again later", "请稍后重发");
        refused("connector-secret", StatusCode::SERVICE_UNAVAILABLE, "webhook-signature", text, remedy)
    })?;
    secrets.verify(of, signatures, body, unix_seconds()).map_err(|forged| match forged {
        Forged::Signature => {
            let text = ("no signature of the message holds", "消息签名无效");
            let remedy =
                ("sign id.timestamp.body with the secret that was agreed", "用约定的密钥对 id.timestamp.body 签名");
            refused("connector-signature", StatusCode::UNAUTHORIZED, "webhook-signature", text, remedy)
        }
        Forged::Stale => {
            let text = ("the message is not of now: more than 5 minutes off", "消息时间与当前相差超过 5 分钟");
            let remedy = ("set the clock, and sign it anew", "校准时钟后重新签名");
            refused("connector-stale", StatusCode::UNAUTHORIZED, "webhook-timestamp", text, remedy)
        }
    })
}

/// The status of what the domain refuses.
fn status_of(rejection: &Rejection) -> StatusCode {
    match rejection.code {
        codes::CONNECTOR_ORDER_UNKNOWN => StatusCode::NOT_FOUND,
        codes::CONNECTOR_ORDER_OTHER => StatusCode::FORBIDDEN,
        codes::CONNECTOR_MESSAGE_REUSED | codes::CONNECTOR_ORDER_FULL => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn refused_by(why: Refused) -> Refusal {
    match why {
        Refused::Rejection(rejection) => {
            let status = status_of(&rejection);
            let texts = (&*rejection.en, &*rejection.zh);
            refused(rejection.code, status, rejection.field, texts, (&rejection.remedy_en, &rejection.remedy_zh))
        }
        Refused::Problem(problem) => Refusal { status: StatusCode::INTERNAL_SERVER_ERROR, problem },
        Refused::Unknown | Refused::Stopped => {
            let text = ("it is not known whether this was kept", "尚不知是否已记录");
            let remedy = ("send it again under the same id", "请以同一编号重发");
            refused("outcome-unknown", StatusCode::SERVICE_UNAVAILABLE, "webhook-id", text, remedy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_and_then_so_many_a_second() {
        let (rate, start) = (Rate::of_messages(), Instant::now());
        let admitted = |at: Instant| (0..1000).filter(|_| rate.admits(at)).count();
        assert_eq!(admitted(start + Duration::from_secs(10)), BURST as usize);
        assert_eq!(admitted(start + Duration::from_secs(10)), 0);
        assert_eq!(admitted(start + Duration::from_secs(12)), 2 * A_SECOND as usize);
        assert_eq!(admitted(start + Duration::from_secs(1000)), BURST as usize);
    }
}
