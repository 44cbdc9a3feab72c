//! A process of the reference counterpart, as tests start, ask and drive it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A counterpart that runs; it is killed when it is dropped.
pub struct Counterpart {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Counterpart {
    /// Starts it with these options, and waits until it listens.
    ///
    /// # Panics
    ///
    /// When it can't be started.
    #[must_use]
    pub fn start(binary: &str, options: &[&str]) -> Self {
        let mut process = Command::new(binary)
            .arg("serve")
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the counterpart can be started");
        let mut line = String::new();
        let out = process.stdout.take().expect("it is piped");
        BufReader::new(out).read_line(&mut line).expect("it says where it listens");
        let address = line.trim().parse().unwrap_or_else(|_| panic!("{options:?}: it listens nowhere: {line:?}"));
        Self { process, address }
    }

    /// What it holds: requests and orders.
    ///
    /// # Panics
    ///
    /// When it doesn't answer.
    #[must_use]
    pub fn holds(&self) -> Value {
        let (status, answer) = exchange(self.address, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// What it holds of an order; null where it has none.
    #[must_use]
    pub fn order(&self, number: &str) -> Value {
        self.holds()["orders"][number].clone()
    }
}

impl Drop for Counterpart {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// Sends bytes and reads until the other side hangs up; gives status and JSON body.
///
/// # Panics
///
/// When nobody listens or the answer is no HTTP.
#[must_use]
pub fn exchange(address: SocketAddr, request: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    // Who is refused in the middle may find the connection closed.
    let _sent = stream.write_all(request.as_bytes());
    let mut bytes = Vec::new();
    let _read = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status.unwrap_or_else(|| panic!("no HTTP: {text:?}")), serde_json::from_str(body).unwrap_or(Value::Null))
}

/// How a counterpart tells outcomes: by its own command.
pub struct Teller {
    binary: String,
    kind: String,
    secret: PathBuf,
    callback: String,
}

impl Teller {
    /// Of a kind, with its secret, to a node that hears there.
    #[must_use]
    pub fn new(binary: &str, kind: &str, secret: &Path, callback: &str) -> Self {
        let (binary, kind, callback) = (binary.to_owned(), kind.to_owned(), callback.to_owned());
        Self { binary, kind, secret: secret.to_owned(), callback }
    }

    /// Tells an outcome of an order, with further options; gives each status and answer.
    ///
    /// # Panics
    ///
    /// When the command fails.
    #[track_caller]
    #[must_use]
    pub fn tell(&self, order: &str, outcome: &str, more: &[&str]) -> Vec<(u64, Value)> {
        let output = Command::new(&self.binary)
            .args(["tell", "--kind", &self.kind, "--callback", &self.callback, "--order", order, "--outcome", outcome])
            .arg("--secret-file")
            .arg(&self.secret)
            .args(more)
            .output()
            .expect("the counterpart can be started");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let line = |line: &str| {
            let line: Value = serde_json::from_str(line).expect("a line is JSON");
            (line["status"].as_u64().unwrap_or(0), line["answer"].clone())
        };
        said.lines().map(line).collect()
    }

    /// Tells it once; gives status and code, the code empty where it was taken.
    #[track_caller]
    #[must_use]
    pub fn once(&self, order: &str, outcome: &str, more: &[&str]) -> (u64, String) {
        let (status, answer) = self.tell(order, outcome, more).remove(0);
        (status, answer["error"]["code"].as_str().unwrap_or_default().to_owned())
    }
}
