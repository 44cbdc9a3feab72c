//! The client of the API: HTTP/1.1 over the node's socket.

mod stream;

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rand::TryRngCore as _;
use serde::Serialize;
use serde_json::Value;
use tokio::net::UnixStream;
use tongban_codes::division::DivisionCode;

use super::failure::Failure;
use super::output::Output;
use super::text::{
    ANSWER_LATE, ANSWER_UNKNOWN, ANSWER_UNREADABLE, KEY_INVALID, NODE_NOT_RUNNING, OPERATOR_INVALID, QUESTION_TOO_LONG,
    SOCKET_DENIED, SOCKET_FOREIGN, SYSTEM, TRYING_AGAIN,
};
use crate::api::v1::ErrorBody;
use crate::config::NodeDirectory;

/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// How long one attempt may take. An import of 1,000 rows takes seconds on the smallest machine.
const ATTEMPT_SECONDS_MAX: u64 = 120;
/// Pauses before the further attempts after a connection that broke, in milliseconds.
const RETRY_PAUSES_MILLIS: [u64; 4] = [200, 500, 1000, 2000];
/// The longest idempotency key that the caller may choose; the node takes 128, and chunks append to it.
const KEY_CHARS_MAX: usize = 100;
const OPERATOR_CHARS_MAX: usize = 100;
/// The longest path with its query, in bytes; HTTP libraries take 64 KiB at most.
const TARGET_BYTES_MAX: usize = 32 << 10;

/// Speaks with one node.
pub(crate) struct Client {
    directory: PathBuf,
    division: DivisionCode,
    socket: PathBuf,
    /// Whoever owns the directory runs the node.
    owner: u32,
    operator: Option<String>,
    key: String,
    output: Output,
    runtime: tokio::runtime::Runtime,
}

/// An answer of the node.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    text: String,
}

impl Answer {
    pub(crate) fn of(value: &Value) -> Self {
        Self { text: value.to_string() }
    }

    /// The answer as it came.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The answer as it came, on one line.
    pub(crate) fn line(&self) -> String {
        let text = self.text.trim();
        if text.contains(['\n', '\r'])
            && let Ok(value) = self.value()
        {
            return value.to_string();
        }
        text.to_owned()
    }

    pub(crate) fn value(&self) -> Result<Value, Failure> {
        serde_json::from_str(&self.text).map_err(|error| unreadable(&error.to_string()))
    }

    pub(crate) fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.text).map_err(|error| unreadable(&error.to_string()))
    }
}

/// Why an attempt failed.
enum Attempt {
    /// Nothing was sent: there is nobody to send it to.
    Absent,
    /// It may or may not have been done.
    Broken(String),
    /// Trying again won't help.
    Final(Failure),
}

impl Client {
    /// A client of the node in a directory; nothing is sent yet.
    pub(crate) fn open(
        directory: &Path,
        operator: Option<String>,
        key: Option<String>,
        output: Output,
    ) -> Result<Self, Failure> {
        let (config, identity) = NodeDirectory::inspect(directory)?;
        let owner = std::fs::metadata(directory).map_err(|error| system(&error))?.uid();
        if let Some(operator) = &operator
            && !(1..=OPERATOR_CHARS_MAX).contains(&operator.chars().count())
        {
            return Err(Failure::of(&OPERATOR_INVALID, operator.clone(), &[]));
        }
        let key = match key {
            Some(key)
                if (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                key
            }
            Some(key) => return Err(Failure::of(&KEY_INVALID, key, &[])),
            None => random_key()?,
        };
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| system(&error))?;
        let socket = config.socket_in(directory);
        Ok(Self {
            directory: directory.to_owned(),
            division: identity.division,
            socket,
            owner,
            operator,
            key,
            output,
            runtime,
        })
    }

    /// The node's division.
    pub(crate) fn division(&self) -> DivisionCode {
        self.division
    }

    /// Asks.
    pub(crate) fn get(&self, path: &str, query: &[(&str, Option<&str>)]) -> Result<Answer, Failure> {
        let mut target = path.to_owned();
        for (name, value) in query {
            if let Some(value) = value {
                target.push(if target.contains('?') { '&' } else { '?' });
                target.push_str(&format!("{name}={}", percent_encoded(value)));
            }
        }
        if target.len() > TARGET_BYTES_MAX {
            let longest = query.iter().max_by_key(|(_, value)| value.map_or(0, str::len));
            let (field, value) = longest.map_or(("", ""), |(name, value)| (*name, value.unwrap_or_default()));
            let most = (TARGET_BYTES_MAX >> 10).to_string();
            return Err(Failure::of(&QUESTION_TOO_LONG, value, &[&most]).field(field));
        }
        self.call(&Method::GET, &target, None, &self.key)
    }

    /// Has something done.
    pub(crate) fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer, Failure> {
        self.call(&Method::POST, path, Some(&json(body)?), &self.key)
    }

    /// As [`Self::post`] with the part of a whole that has one idempotency key.
    pub(crate) fn post_part(&self, path: &str, body: &impl Serialize, part: usize) -> Result<Answer, Failure> {
        self.call(&Method::POST, path, Some(&json(body)?), &format!("{}.{part}", self.key))
    }

    /// As [`Self::post`] of what has no request body.
    pub(crate) fn post_empty(&self, path: &str) -> Result<Answer, Failure> {
        self.call(&Method::POST, path, None, &self.key)
    }

    fn call(&self, method: &Method, target: &str, body: Option<&Bytes>, key: &str) -> Result<Answer, Failure> {
        let mut broken = None;
        for pause in [0].into_iter().chain(RETRY_PAUSES_MILLIS) {
            if pause > 0 {
                self.output.say(TRYING_AGAIN.of(self.output.lang));
                std::thread::sleep(Duration::from_millis(pause));
            }
            let late = Duration::from_secs(ATTEMPT_SECONDS_MAX);
            let attempt = self
                .runtime
                .block_on(async { tokio::time::timeout(late, self.attempt(method, target, body.cloned(), key)).await });
            match attempt {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(Attempt::Final(failure))) => return Err(failure),
                // Once a connection broke the node may be starting again; before that it isn't there.
                Ok(Err(Attempt::Absent)) if broken.is_none() => return Err(self.not_running()),
                Ok(Err(Attempt::Absent)) => {}
                Ok(Err(Attempt::Broken(reason))) => broken = Some(reason),
                Err(_) => {
                    return Err(Failure::of(&ANSWER_LATE, "", &[&ATTEMPT_SECONDS_MAX.to_string(), &self.key]));
                }
            }
        }
        Err(Failure::of(&ANSWER_UNKNOWN, "", &[&broken.unwrap_or_default(), &self.key]))
    }

    async fn connect(&self) -> Result<UnixStream, Attempt> {
        let stream = UnixStream::connect(&self.socket).await.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Attempt::Absent,
            io::ErrorKind::PermissionDenied => {
                Attempt::Final(Failure::of(&SOCKET_DENIED, "", &[&self.socket.display().to_string()]))
            }
            _ => Attempt::Broken(error.to_string()),
        })?;
        self.check_peer(&stream)?;
        Ok(stream)
    }

    async fn attempt(&self, method: &Method, target: &str, body: Option<Bytes>, key: &str) -> Result<Answer, Attempt> {
        let stream = self.connect().await?;
        let broken = |error: hyper::Error| Attempt::Broken(error.to_string());
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(target).header(HOST, "tongban");
        if method == Method::POST {
            request = request.header("idempotency-key", key);
        }
        if let Some(operator) = &self.operator {
            request = request.header("tongban-operator", percent_encoded(operator));
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(Full::new(body.unwrap_or_default()))
            .map_err(|error| Attempt::Final(unreadable(&error.to_string())))?;
        let response = sender.send_request(request).await.map_err(broken)?;
        let status = response.status();
        let collected = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let bytes = collected.map_err(|error| Attempt::Broken(error.to_string()))?.to_bytes();
        let text = String::from_utf8(bytes.into()).map_err(|_| Attempt::Final(unreadable("not UTF-8")))?;
        if status.is_success() {
            return Ok(Answer { text });
        }
        Err(Attempt::Final(problem_of(status, text.as_bytes())))
    }

    /// Speaks only with a process of the directory's owner, or of root: personal data goes through the socket.
    fn check_peer(&self, stream: &UnixStream) -> Result<(), Attempt> {
        let peer = stream.peer_cred().map_err(|error| Attempt::Broken(error.to_string()))?.uid();
        if peer == self.owner || peer == 0 {
            return Ok(());
        }
        let socket = self.socket.display().to_string();
        Err(Attempt::Final(Failure::of(&SOCKET_FOREIGN, "", &[&socket, &peer.to_string()])))
    }

    fn not_running(&self) -> Failure {
        let directory = self.directory.display().to_string();
        Failure::of(&NODE_NOT_RUNNING, directory.clone(), &[&directory])
    }
}

/// What the node said instead of doing it.
fn problem_of(status: hyper::StatusCode, body: &[u8]) -> Failure {
    match serde_json::from_slice::<ErrorBody>(body) {
        Ok(ErrorBody { error }) if !error.code.is_empty() => error.into(),
        _ => {
            let start: String = String::from_utf8_lossy(body).chars().take(200).collect();
            unreadable(&format!("{status} {start}"))
        }
    }
}

fn json(body: &impl Serialize) -> Result<Bytes, Failure> {
    serde_json::to_vec(body).map(Bytes::from).map_err(|error| unreadable(&error.to_string()))
}

fn unreadable(reason: &str) -> Failure {
    Failure::of(&ANSWER_UNREADABLE, "", &[reason])
}

fn system(error: &io::Error) -> Failure {
    Failure::of(&SYSTEM, "", &[&error.to_string()])
}

fn random_key() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(|error| Failure::of(&SYSTEM, "", &[&error.to_string()]))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// RFC 3986: everything but unreserved characters as `%XX` of its UTF-8 bytes.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
