//! A client of the API: one keep-alive connection over a node's socket, as a window's program holds it.

use std::path::Path;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

/// A connection, used for one request at a time.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    operator: &'static str,
}

impl Connection {
    /// Connects; what is asked for is asked by `operator`.
    pub(crate) async fn open(socket: &Path, operator: &'static str) -> anyhow::Result<Self> {
        let stream = UnixStream::connect(socket).await.with_context(|| socket.display().to_string())?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, operator })
    }

    /// So many of them.
    pub(crate) async fn several(socket: &Path, operator: &'static str, count: usize) -> anyhow::Result<Vec<Self>> {
        let mut connections = Vec::new();
        for _ in 0..count {
            connections.push(Self::open(socket, operator).await?);
        }
        Ok(connections)
    }

    /// Has something done, under an idempotency key.
    pub(crate) async fn post(&mut self, path: &str, key: &str, body: Vec<u8>) -> anyhow::Result<Bytes> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(HOST, "tongban")
            .header("tongban-operator", self.operator)
            .header("idempotency-key", key)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body))?;
        self.send(request).await
    }

    /// Asks.
    pub(crate) async fn get(&mut self, target: &str) -> anyhow::Result<Value> {
        let request = Request::builder().uri(target).header(HOST, "tongban").body(Full::default())?;
        Ok(serde_json::from_slice(&self.send(request).await?)?)
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Bytes> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            bail!("{status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(body)
    }
}
