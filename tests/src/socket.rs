//! The API on a node's socket, spoken without the retries of the command line: HTTP/1.1, one request a connection.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);

/// What came back: the HTTP status and the body.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON body.
    pub body: Value,
}

impl Answer {
    /// The stable code of a refusal, empty where it is none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// Whether it was done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.status == 200
    }
}

/// Why no answer came.
#[derive(Debug)]
pub enum Silence {
    /// Nobody listened: nothing was done.
    Absent(io::Error),
    /// The connection broke after it stood: it is not known whether it was done.
    Broken(io::Error),
}

/// Posts a request; `headers` are whole lines without their ends.
///
/// # Errors
///
/// [`Silence`].
pub fn post(socket: &Path, path: &str, headers: &[String], body: &Value) -> Result<Answer, Silence> {
    speak(socket, "POST", path, headers, body.to_string().as_bytes())
}

/// Puts bytes; `headers` are whole lines without their ends.
///
/// # Errors
///
/// [`Silence`].
pub fn put(socket: &Path, path: &str, headers: &[String], bytes: &[u8]) -> Result<Answer, Silence> {
    speak(socket, "PUT", path, headers, bytes)
}

/// Gets.
///
/// # Errors
///
/// [`Silence`].
pub fn get(socket: &Path, path: &str) -> Result<Answer, Silence> {
    speak(socket, "GET", path, &[], b"")
}

fn speak(socket: &Path, method: &str, path: &str, headers: &[String], body: &[u8]) -> Result<Answer, Silence> {
    let mut stream = UnixStream::connect(socket).map_err(Silence::Absent)?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: tongban\r\nconnection: close\r\n");
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len()));
    let mut exchange = || {
        stream.set_read_timeout(Some(ANSWER))?;
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        parse(&bytes).ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "half an answer"))
    };
    exchange().map_err(Silence::Broken)
}

/// Reads a whole answer with a length; half a one is none.
fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length: usize = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    })?;
    let body = bytes.get(end + 4..end + 4 + length)?;
    Some(Answer { status, body: serde_json::from_slice(body).ok()? })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn half_an_answer_is_none() {
        let whole = b"HTTP/1.1 409 Conflict\r\nContent-Length: 26\r\n\r\n{\"error\":{\"code\":\"no-no\"}}";
        let answer = parse(whole).unwrap();
        assert_eq!((answer.status, answer.code(), answer.is_done()), (409, "no-no", false));
        for length in 0..whole.len() {
            assert_eq!(parse(&whole[..length]), None);
        }
    }
}
